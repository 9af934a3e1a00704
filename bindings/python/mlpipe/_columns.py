# SPDX-License-Identifier: MIT
"""Columns of NumPy, pandas, polars and pyarrow into a Dataset, one at a time.
"""
import ctypes

import numpy as np

from . import Dataset, _raw
from ._base import _bytes, _ctx, _lib


def made(kind, of):
    """A handle of an object that the library gave."""
    handle = kind.__new__(kind)
    handle._p = of
    return handle


def pointer(array, kind):
    return array.ctypes.data_as(ctypes.POINTER(kind))


def free_name(wanted, names):
    """A name that no column has."""
    while wanted in names:
        wanted += "_"
    return wanted


def is_frame(data):
    return hasattr(data, "columns") and hasattr(data, "__len__")


def frame_columns(frame):
    """Its columns in order, of pandas, polars or pyarrow."""
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, i] for i in range(frame.shape[1])]
    if hasattr(frame, "get_columns"):
        return frame.get_columns()
    return list(frame.columns)


def _array(values):
    """A column as a NumPy array; an object array of texts for categories,
    whose values are names even where they are numbers."""
    dtype = getattr(values, "dtype", None)
    if isinstance(values, np.ndarray):
        return values
    if hasattr(dtype, "categories") and hasattr(values, "cat") and hasattr(
            values.cat, "codes"):
        names = np.array([str(c) for c in values.cat.categories] + [None],
                         dtype=object)
        return names[values.cat.codes.to_numpy()]
    if isinstance(dtype, np.dtype):
        return np.asarray(values)
    if getattr(dtype, "kind", "O") == "M":  # with a zone: as UTC
        return values.to_numpy("datetime64[us]")
    if getattr(dtype, "kind", "O") in "biuf":  # pandas' that may be missing
        return values.to_numpy("float64", na_value=np.nan)
    return np.asarray(values.to_numpy())


def _missing(value):
    return (value is None or isinstance(value, (float, np.floating))
            and value != value
            or type(value).__name__ in ("NAType", "NaTType"))


def _objects(name, values, texts):
    """An object array as ("text", list) or ("number", array); texts: what a
    column without a value is."""
    missing = [_missing(v) for v in values]
    there = [v for v, gone in zip(values, missing) if not gone]
    strings = sum(isinstance(v, str) for v in there)
    if strings == len(there) and (strings or texts):
        return "text", [None if gone else str(v)
                        for v, gone in zip(values, missing)]
    odd = {type(v).__name__ for v in there if not hasattr(v, "__float__")}
    if odd:
        others = {type(v).__name__ for v in there} - odd
        raise TypeError(
            f"column {name!r} has values of {', '.join(sorted(odd))}"
            + (f" beside {', '.join(sorted(others))}" if others else "")
            + ": its argument must be a string in every row or a number in "
            "every row")
    return "number", np.array([np.nan if gone else float(v)
                               for v, gone in zip(values, missing)])


class Builder:
    """A Dataset being made of columns."""

    def __init__(self):
        self._p = _ctx().give("mlpipe_builder_new", _raw.mlpipe_builder,
                              None, None)

    def __del__(self):
        if getattr(self, "_p", None):
            _lib.mlpipe_builder_free(self._p)

    def finish(self):
        return made(Dataset, _ctx().give("mlpipe_builder_finish",
                                         _raw.mlpipe_dataset, self._p))

    def add(self, name, values, texts=False, nan=True):
        """Whether it is a column of texts; nan: numbers may be missing."""
        values = _array(values)
        kind = values.dtype.kind
        if kind in "OSU":
            kind, values = _objects(name, values.astype(object), texts)
            if kind == "text":
                self._texts(name, values)
                return True
        if kind == "M":
            self._times(name, values)
        elif kind == "m":
            self._numbers(name, values / np.timedelta64(1, "s"), nan)
        elif kind == "b":
            self._column(name, values, "u1", _raw.MLPIPE_BOOL)
        elif kind in "iu":
            wide = "u8" if kind == "u" else "i8"
            self._column(name, values, wide, _raw.MLPIPE_U64
                         if kind == "u" else _raw.MLPIPE_I64)
        else:
            self._numbers(name, values, nan)
        return False

    def _column(self, name, values, dtype, kind, valid=None):
        values = np.ascontiguousarray(values, dtype)
        _ctx().call("mlpipe_builder_column", self._p, _bytes(name), kind,
                    values.ctypes.data, valid if valid is None else
                    pointer(valid, ctypes.c_uint8), len(values))

    def _numbers(self, name, values, nan):
        values = np.asarray(values, "f8")
        valid = ~np.isnan(values)
        if np.isinf(values).any():
            raise ValueError(f"Input X contains infinity: column {name!r}")
        if not nan and not valid.all():
            raise ValueError(
                f"Input X contains NaN: column {name!r}. This learner takes "
                'no missing values: "impute" among the steps fills them')
        self._column(name, values, "f8", _raw.MLPIPE_F64,
                     None if valid.all() else valid.astype("u1"))

    def _times(self, name, values):
        """Microseconds, whatever unit a frame has them in: of today exact."""
        values = np.ascontiguousarray(values, "datetime64[us]")
        valid = (~np.isnat(values)).astype("u1")
        _ctx().call("mlpipe_builder_times", self._p, _bytes(name),
                    _raw.MLPIPE_UNIT_US,
                    pointer(values.view("i8"), ctypes.c_int64),
                    pointer(valid, ctypes.c_uint8), len(values))

    def _texts(self, name, values):
        found = {v: None if v is None else v.encode() for v in set(values)}
        if any(v and b"\0" in v for v in found.values()):
            raise ValueError(f"column {name!r} has a text with a NUL")
        texts = (ctypes.c_char_p * len(values))(*[found[v] for v in values])
        _ctx().call("mlpipe_builder_texts", self._p, _bytes(name), texts,
                    len(values))


def matrix(features):
    """A Dataset as rows x columns of float64, of objects where texts are
    among them; null is NaN, of a text None."""
    types = list(features.types.values())
    texts = [kind in ("text", "category") for kind in types]
    out = np.empty((len(features), len(types)), order="F",
                   dtype=object if any(texts) else np.float64)
    column = np.empty(len(features))
    for i, text in enumerate(texts):
        if text:
            out[:, i] = features.values(features.columns[i])
            continue
        _ctx().call("mlpipe_dataset_doubles", features._p, i, 0,
                    pointer(column, ctypes.c_double), len(column))
        out[:, i] = column
    return out
