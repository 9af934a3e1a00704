# SPDX-License-Identifier: MIT
"""Models that are swapped while they serve."""
from __future__ import annotations

import ctypes
import struct
import time
from typing import Any, Optional, Sequence, Union

from . import _raw, _times
from ._base import (_ctx, _Handle, _is, _lib, _params, _real, _text,
                    _whole)
from ._errors import error_of
from ._model import Model
from ._row import _TEXTS, extra_of, in_order, is_null, number_of

# Microseconds since 1970-01-01 UTC, or a time of Python's, pandas' or NumPy's;
# one without a zone is UTC.
Moment = Any


def _now() -> int:
    return time.time_ns() // 1000


def _microseconds(moment: Optional[Moment], what: str = "now_us") -> int:
    if moment is None:
        return _now()
    if not isinstance(moment, int):
        found = _times.microseconds(moment)
        if found is not None:
            return found
        if not hasattr(moment, "__index__"):
            raise TypeError(f"{what} is a datetime or a whole number of "
                            "microseconds since 1970 UTC, not "
                            f"{type(moment).__name__}")
    return _whole(moment, what, -2**63, 2**63 - 1)


class Slot(_Handle):
    """The place where models are deployed, one after the other.

        slot = mlpipe.Slot(model)
        worker = slot.worker()
        answer = worker.predict({"sqft": 1200, "city": "Bath"}, id=17)
        slot.swap(better)

    Rows are those of the first model's inputs, by name.
    """

    _free = "mlpipe_slot_free"

    def __init__(self, model: Model, params: str = "", **named: Any) -> None:
        _is(model, Model)
        names = model.inputs
        self.inputs = names
        self._width = len(model.outputs)
        self._texts = [_lib.mlpipe_model_input_type(model._p, i) in _TEXTS
                       for i in range(len(names))]
        self._form = struct.Struct(
            "=" + "".join("Id"[not text] for text in self._texts))
        layout = Layout(max(self._form.size, 1))
        at = 0
        for name, text in zip(names, self._texts):
            layout.field(name, text, at)
            at += 4 if text else 8
        self._layout = layout
        self._p = _ctx().give("mlpipe_slot_new", _raw.mlpipe_slot, model._p,
                              layout._p, _params(params, named))

    def worker(self) -> Worker:
        """A seat for one thread."""
        return Worker(self)

    def swap(self, model: Model) -> None:
        """Deploy another model: the next prediction uses it."""
        _is(model, Model)
        _ctx().call("mlpipe_slot_swap", self._p, model._p)

    def rollback(self) -> None:
        """Go back to the previous deployment."""
        _ctx().call("mlpipe_slot_rollback", self._p)

    def canary(self, model: Optional[Model], share: float) -> None:
        """Let another model answer a share of the ids; None gives the canary
        that runs another share."""
        if model is not None:
            _is(model, Model)
        _ctx().call("mlpipe_slot_canary", self._p,
                    None if model is None else model._p, _real(share, "share"))

    def promote(self) -> None:
        """Let the canary answer all requests."""
        _ctx().call("mlpipe_slot_promote", self._p)

    def drop(self) -> None:
        """End the canary."""
        _ctx().call("mlpipe_slot_drop", self._p)

    def reclaim(self) -> int:
        """Free what no worker uses any more; how many still wait."""
        waiting = ctypes.c_uint32()
        _ctx().call("mlpipe_slot_reclaim", self._p, ctypes.byref(waiting))
        return waiting.value

    @property
    def version(self) -> int:
        """The number of the deployment that serves."""
        number: int = _lib.mlpipe_slot_version(self._p)
        return number

    @property
    def canary_version(self) -> int:
        """The number of the canary; 0 where none runs."""
        number: int = _lib.mlpipe_slot_canary_version(self._p)
        return number

    @property
    def model(self) -> Model:
        """The model that serves."""
        return Model._of(_ctx().give("mlpipe_slot_model", _raw.mlpipe_model,
                                     self._p))


class Layout(_Handle):
    """How the records of a slot look; doubles, and tokens for texts."""

    _free = "mlpipe_layout_free"

    def __init__(self, size: int) -> None:
        self._p = _ctx().give("mlpipe_layout_new", _raw.mlpipe_layout, size)

    def field(self, name: str, text: bool, offset: int) -> None:
        _ctx().call("mlpipe_layout_field", self._p, name.encode(),
                    _raw.MLPIPE_TOKEN if text else _raw.MLPIPE_F64, offset)

    def token(self, text: str) -> int:
        raw, token = text.encode(), ctypes.c_uint32()
        _ctx().call("mlpipe_layout_token", self._p, raw, len(raw),
                    ctypes.byref(token))
        return token.value


class Worker(_Handle):
    """One thread's seat at a slot."""

    _free = "mlpipe_worker_free"

    def __init__(self, slot: Slot) -> None:
        _is(slot, Slot)
        self._p = _ctx().give("mlpipe_worker_new", _raw.mlpipe_worker,
                              slot._p, None)
        self._slot = slot
        self._tokens: dict[str, int] = {}
        self._record = ctypes.create_string_buffer(max(slot._form.size, 1))
        self._out = (ctypes.c_double * slot._width)()

    def predict(self, values: Union[Sequence[Any], "dict[str, Any]"],
                id: int = 0, now_us: Optional[Moment] = None,
                extra: str = "error") -> Any:
        """Answer a row with the model that is deployed now: a float, or a
        tuple of as many as there are outputs. id is what truths come by; 0:
        none will. now_us is the time that as_of reads, a datetime (UTC
        where it has no zone) or microseconds since 1970-01-01 UTC, by default
        that of the clock. extra="ignore" leaves out what a dict has beside the
        inputs."""
        slot = self._slot
        values = in_order(values, slot.inputs, "slot", extra_of(extra))
        slot._form.pack_into(self._record, 0, *[
            self._token(slot.inputs[i], value) if text
            else number_of(slot.inputs[i], value)
            for i, (text, value) in enumerate(zip(slot._texts, values))])
        status = _lib.mlpipe_worker_predict(
            self._p, _whole(id, "id"), _microseconds(now_us), self._record,
            self._out, 1)
        if status:
            said = _raw.mlpipe_error(status=status, row=-1,
                                     text=_lib.mlpipe_worker_error(self._p))
            raise error_of(said, _text(_lib.mlpipe_status_name(status)))
        return self._out[0] if slot._width == 1 else tuple(self._out)

    def _token(self, name: str, value: Any) -> int:
        if is_null(value):
            return 0
        if not isinstance(value, str):
            raise TypeError(f"input {name!r} is a text, not {value!r}")
        token = self._tokens.get(value)
        if token is None:
            token = self._tokens[value] = self._slot._layout.token(value)
        return token

    @property
    def flags(self) -> int:
        """What was odd about the last row: bits of FLAGS."""
        bits: int = _lib.mlpipe_worker_flags(self._p)
        return bits

    FLAGS = {"imputed": _raw.MLPIPE_FLAG_IMPUTED,
             "unseen": _raw.MLPIPE_FLAG_UNSEEN,
             "range": _raw.MLPIPE_FLAG_RANGE, "null": _raw.MLPIPE_FLAG_NULL}

    @property
    def version(self) -> int:
        """The deployment that answered last; 0 before the first row."""
        number: int = _lib.mlpipe_worker_version(self._p)
        return number

    def latency(self, ns: int) -> None:
        """Tell how long a request took, in nanoseconds."""
        _lib.mlpipe_worker_latency(self._p, _whole(ns, "ns"))

    def failed(self, status: int) -> None:
        """Tell of a request that failed outside, by a status of Error."""
        _lib.mlpipe_worker_failed(self._p, _whole(status, "status", -2**31,
                                                  2**31 - 1))
