# SPDX-License-Identifier: MIT
"""Single rows: what a call costs is mostly Python's, so that everything is
looked up and allocated once."""
from __future__ import annotations

import ctypes
import struct
from typing import TYPE_CHECKING, Any

from . import _raw
from ._base import _ctx, _Handle, _is, _lib
from ._errors import StateError
from ._frame import _NULLS, _numpy
from ._show import missing
from ._times import is_time, of_numpy

if TYPE_CHECKING:
    from ._model import Model

_ALIGNED = 64
_TEXTS = (_raw.MLPIPE_TYPE_TEXT, _raw.MLPIPE_TYPE_CATEGORY)
_NAN = float("nan")
# Keeps the interpreter's lock: to let go of it takes as long as the answer.
_predict_row = ctypes.PYFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
    ctypes.c_void_p)(
        ctypes.cast(_lib.mlpipe_predict_row, ctypes.c_void_p).value or 0)


def named(values: Any) -> Any:
    """A named tuple or a Series with names as a dict; others as they are."""
    if isinstance(values, tuple) and hasattr(values, "_asdict"):
        return values._asdict()
    index = getattr(values, "index", None)
    if hasattr(values, "to_dict") and index is not None and not callable(
            index) and all(isinstance(name, str) for name in index):
        return values.to_dict()
    return values


def extra_of(extra: str) -> bool:
    """Are names that are no inputs left out?"""
    if extra not in ("error", "ignore"):
        raise ValueError(f'extra is "error" or "ignore", not {extra!r}')
    return extra == "ignore"


def in_order(values: Any, inputs: "list[str]", owner: str,
             ignore: bool = False) -> list[Any]:
    """A row's values in the order of the inputs; what has names, such as a
    dict or a row of a data frame, goes by them."""
    values = named(values)
    if isinstance(values, dict):
        for name in values:
            if name not in inputs and not ignore:
                told = missing(str(name), inputs, "inputs").rstrip("?")
                raise KeyError(f"the {owner} has no input {told}; "
                               'extra="ignore" leaves such names out')
        values = [values.get(name) for name in inputs]
    elif isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError("a list of values or a dict is needed, not "
                        f"{type(values).__name__}")
    found = list(values)
    if len(found) != len(inputs):
        raise ValueError(f"{len(found)} values for the {len(inputs)} inputs "
                         f"of the {owner}")
    return found


class Codes(dict[str, float]):
    """The codes of one input's categories, asked for once each. Unseen ones
    are not kept, so that a stream of new texts takes no memory."""

    def __init__(self, predictor: Any, place: int) -> None:
        super().__init__()
        self._predictor = predictor
        self._place = place

    def forget(self) -> None:
        """The predictor is freed; NULL has no codes."""
        self._predictor = None

    def __missing__(self, text: str) -> float:
        raw = text.encode()
        code: float = _lib.mlpipe_predictor_code(self._predictor, self._place,
                                                 raw, len(raw))
        if code >= 0:
            self[text] = code
        return code


def is_null(value: Any) -> bool:
    """None, NaN, pandas.NA and NaT, the last of which is not itself."""
    if value is None or type(value).__name__ in _NULLS:
        return True
    return not isinstance(value, str) and bool(value != value)


def number_of(name: str, value: Any) -> float:
    """A value of an input that is a number."""
    if value is None:
        return _NAN
    if isinstance(value, (str, bytes)):
        raise TypeError(f"input {name!r} is a number, not the text {value!r}")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"input {name!r}: {error}") from None
    except (TypeError, ValueError):
        if type(value).__name__ in _NULLS:
            return _NAN
        if is_time(of_numpy(value)):
            raise TypeError(
                f"input {name!r} is a time: in a row a whole number, in the "
                "unit that the column had in training; predict() takes "
                f"{type(value).__name__}") from None
        raise TypeError(f"input {name!r} is a number, not "
                        f"{type(value).__name__}") from None


class Row(_Handle):
    """answer = model.row(); answer([1200, 3, "Bath"]): the values in the order
    of model.inputs, or a dict of them; None or NaN where one is missing.

    It gives a float, or a tuple of as many as there are outputs, the same bits
    as Model.predict. For one thread at a time: its buffers are its own.

    Where the recipe reads as_of, the time of a row, it is told by now=, or in
    a dict under the name of the time column: a datetime (UTC where it has no
    zone) or microseconds since 1970-01-01 UTC.

        answer({"sqft": 1200}, now=datetime.datetime(2015, 2, 1))

    A name in a dict that is no input is a KeyError; model.row(extra="ignore")
    makes one that leaves such names out.
    """

    _free = "mlpipe_predictor_free"

    def __init__(self, model: Model, extra: str = "error") -> None:
        from ._model import Model  # which makes Rows itself
        _is(model, Model)
        self._ignore = extra_of(extra)
        self.inputs = model.inputs
        self.outputs = model.outputs
        self._worker: Any = None
        try:
            self._p = _ctx().give("mlpipe_predictor_new",
                                  _raw.mlpipe_predictor, model._p, None)
        except StateError:  # as_of is told by a worker's time
            from ._deploy import Slot  # which has rows itself
            self._worker = Slot(model, workers=1).worker()
            self._time = model.time
            return
        wide = len(self.inputs)
        self._texts = {i: Codes(self._p, i) for i in range(wide)
                       if _lib.mlpipe_model_input_type(model._p, i) in _TEXTS}
        scratch = _lib.mlpipe_predictor_scratch(self._p)
        self._memory = ctypes.create_string_buffer(scratch + _ALIGNED)
        self._values = (ctypes.c_double * max(wide, 1))()
        self._out = (ctypes.c_double * len(self.outputs))()
        self._pack = struct.Struct(f"={wide}d").pack_into
        start = ctypes.addressof(self._memory)
        self._calling: Any = tuple(ctypes.c_void_p(address) for address in (
            ctypes.cast(self._p, ctypes.c_void_p).value,
            start + -start % _ALIGNED, ctypes.addressof(self._values),
            ctypes.addressof(self._out)))
        self._one = len(self.outputs) == 1
        np = _numpy()
        self._ndarray, self._shape = None, (wide,)
        if np is not None:
            self._ndarray = np.ndarray
            self._array = np.frombuffer(self._values)[:wide]

    def __del__(self) -> None:
        self._calling = ()  # which _predict_row refuses
        for codes in vars(self).get("_texts", {}).values():
            codes.forget()
        super().__del__()

    def __call__(self, values: Any, now: Any = None) -> Any:
        if self._worker is not None:
            return self._timed(values, now)
        try:
            if self._texts:
                self._pack(self._values, 0, *self._coded(values))
            elif (type(values) is self._ndarray and values.dtype.char == "d"
                  and values.shape == self._shape):
                self._array[:] = values
            elif type(values) is list or type(values) is tuple:
                self._pack(self._values, 0, *values)
            else:
                raise TypeError
        except (struct.error, TypeError, IndexError, OverflowError):
            self._pack(self._values, 0, *self._numbers(values))
        _predict_row(*self._calling)
        return self._out[0] if self._one else tuple(self._out)

    def _timed(self, values: Any, now: Any) -> Any:
        """The answer of a recipe that reads as_of."""
        values = named(values)
        if (isinstance(values, dict) and self._time in values
                and self._time not in self.inputs):
            values = dict(values)
            told = values.pop(self._time)
            now = told if now is None else now
        if now is None:
            raise TypeError(
                "the recipe reads as_of, the time of a row: tell it by now=, "
                f"or in a dict as {self._time!r}; now=datetime.datetime.now("
                "datetime.timezone.utc) is this moment")
        return self._worker.predict(
            values, now_us=now, extra="ignore" if self._ignore else "error")

    def _coded(self, values: Any) -> Any:
        """A list of values with codes for texts; a TypeError sends what is
        neither a text where one belongs nor a list to _numbers."""
        if type(values) is not list and type(values) is not tuple:
            raise TypeError
        coded = list(values)
        for place, codes in self._texts.items():
            text = coded[place]
            if type(text) is not str:
                raise TypeError
            coded[place] = codes[text]
        return coded

    def _numbers(self, values: Any) -> list[float]:
        """The values as the predictor takes them."""
        values = in_order(values, self.inputs, "model", self._ignore)
        return [self._number(i, value) for i, value in enumerate(values)]

    def _number(self, place: int, value: Any) -> float:
        if place not in self._texts:
            return number_of(self.inputs[place], value)
        if is_null(value):
            return _NAN
        if not isinstance(value, str):
            raise TypeError(f"input {self.inputs[place]!r} is a text, not "
                            f"{value!r}")
        return self._texts[place][value]
