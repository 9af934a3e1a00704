# SPDX-License-Identifier: MIT
"""Detectors of change on a stream of losses."""
from __future__ import annotations

import array
import ctypes
from typing import Any

from . import _raw
from ._base import _bytes, _ctx, _data, _Handle, _lib, _params, _real


def _doubles(values: Any) -> Any:
    """Values as doubles in a row; those that are so already lend theirs."""
    try:
        view = memoryview(values)
    except TypeError:
        view = None
    if (view is None or view.format != "d" or view.ndim != 1
            or not view.c_contiguous):
        try:
            view = memoryview(array.array("d", values))
        except OverflowError as error:
            raise ValueError(f"values: {error}") from None
    kind = ctypes.c_double * len(view)
    if not len(view):
        return kind()
    return kind.from_buffer_copy(view) if view.readonly else (
        kind.from_buffer(view))


class Detector(_Handle):
    """Has a stream of losses changed? Detector("e_detector", mean=0.12).

    Kinds: adwin, ddm, e_detector, hddm_a, page_hinkley; steps() has their
    parameters. Numbers by name: detector["mean"], ["n"], ["alarms"].
    """

    _free = "mlpipe_detector_free"
    NONE = _raw.MLPIPE_DETECTOR_NONE
    WARN = _raw.MLPIPE_DETECTOR_WARN
    DRIFT = _raw.MLPIPE_DETECTOR_DRIFT

    def __init__(self, kind: str, params: str = "", **named: Any) -> None:
        self._p = _ctx().give("mlpipe_detector_new", _raw.mlpipe_detector,
                              _bytes(kind), _params(params, named))

    def update(self, x: float) -> int:
        """Look at the next value: NONE, WARN or DRIFT."""
        said: int = _lib.mlpipe_detector_update(self._p, _real(x, "x"))
        return said

    def update_batch(self, values: Any) -> "array.array[int]":
        """Look at values in their order: what is said of each, in an array.

        NumPy arrays of float64 and array("d") are read where they lie.
        """
        x = _doubles(values)
        said = array.array("i", bytes(4 * len(x)))
        if len(x):
            states = (ctypes.c_int32 * len(x)).from_buffer(said)
            _lib.mlpipe_detector_update_batch(self._p, x, len(x), states,
                                              None)
        return said

    def reset(self) -> None:
        """Forget all values and counts."""
        _lib.mlpipe_detector_reset(self._p)

    def __getitem__(self, name: str) -> float:
        """A number of the detector; NaN where it has none of that name."""
        if not isinstance(name, str):
            raise TypeError("names of numbers are texts, not "
                            f"{type(name).__name__}")
        found: float = _lib.mlpipe_detector_get(self._p, _bytes(name))
        return found

    def to_bytes(self) -> bytes:
        """The detector as it stands."""
        return _ctx().text("mlpipe_detector_bytes", self._p)

    @classmethod
    def from_bytes(cls, data: Any) -> Detector:
        """A detector from the bytes of to_bytes."""
        data = _data(data)
        return cls._of(_ctx().give("mlpipe_detector_load_bytes",
                                   _raw.mlpipe_detector, data, len(data)))

    def __reduce__(self) -> Any:
        return Detector.from_bytes, (self.to_bytes(),)
