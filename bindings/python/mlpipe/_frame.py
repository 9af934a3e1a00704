# SPDX-License-Identifier: MIT
"""Datasets of what people hold: frames, dicts of columns, matrices."""
from __future__ import annotations

import array
import datetime
import logging
import math
import sys
from typing import Any, Optional, Sequence

from . import _raw
from ._arrow_make import Column, bytes_of, dataset_pointer

_logger = logging.getLogger("mlpipe")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_NULLS = ("NAType", "NaTType")  # pandas.NA and pandas.NaT
_WHOLE = {1: "c", 2: "s", 4: "i", 8: "l"}
_UNITS = ("s", "ms", "us", "ns")
_MICROSECOND = datetime.timedelta(microseconds=1)


def _numpy() -> Any:
    """NumPy, where it is installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _is_of(x: Any, module: str, *names: str) -> bool:
    """Is it of a package, which need not be imported to tell?"""
    return any(kind.__module__.split(".")[0] == module
               and kind.__name__ in names for kind in type(x).__mro__)


def _bitmap(flags: Sequence[bool]) -> bytes:
    bits = "".join("1" if flag else "0" for flag in reversed(flags))
    return int(bits or "0", 2).to_bytes((len(flags) + 7) // 8, "little")


# ---- values of Python -------------------------------------------------------

def _kind(value: Any) -> str:
    """What a value makes of its column; "" where it makes nothing."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "str"
    if isinstance(value, datetime.datetime):
        return "datetime"
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, datetime.timedelta):
        return "timedelta"
    return ""


def _plain(value: Any) -> Any:
    """A value without the wrappers of NumPy and pandas; None for a null."""
    if value is None or type(value).__name__ in _NULLS:
        return None
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _whole_kind(name: str, values: list[Any]) -> str:
    """The one kind of a column's values."""
    seen: dict[str, int] = {}
    for row, value in enumerate(values):
        if value is not None:
            kind = _kind(value)
            if not kind:
                raise TypeError(
                    f"column {name!r}, row {row}: its argument must be a "
                    "string, a number, a bool, a time or None, not "
                    f"{type(value).__name__}")
            seen.setdefault(kind, row)
    if set(seen) == {"int", "float"}:
        return "float"
    if len(seen) > 1:
        (one, at), (other, there) = list(seen.items())[:2]
        raise TypeError(
            f"column {name!r} mixes {one} (row {at}) and {other} (row "
            f"{there}): make it of one type")
    return next(iter(seen), "float")


def _texts(values: list[Any]) -> list[Any]:
    ends, pieces, total = array.array("q", [0]), [], 0
    for value in values:
        piece = b"" if value is None else value.encode()
        pieces.append(piece)
        total += len(piece)
        ends.append(total)
    return [(ends, ends.buffer_info()[0]), bytes_of(b"".join(pieces) or b"\0")]


def _microseconds(value: Any) -> int:
    """A datetime without a zone is UTC, as in the library."""
    if isinstance(value, datetime.timedelta):
        return value // _MICROSECOND
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return int((value - _EPOCH) // _MICROSECOND)


_NUMBERS: dict[str, tuple[str, str, Any]] = {
    "float": ("g", "d", float), "int": ("l", "q", int),
    "datetime": ("tsu:", "q", _microseconds),
    "date": ("tss:", "q", lambda day: 86400 * (
        day - datetime.date(1970, 1, 1)).days),
    "timedelta": ("tDu", "q", _microseconds)}


def _fits(code: str, of: Any, value: Any) -> bool:
    try:
        return bool(array.array(code, [of(value)]))
    except OverflowError:
        return False


def _list_column(name: str, values: Any) -> Column:
    values = [_plain(value) for value in values]
    kind = _whole_kind(name, values)
    valid = [value is not None for value in values]
    nulls = len(values) - sum(valid)
    known: Any = bytes_of(_bitmap(valid)) if nulls else (None, 0)
    if kind == "str":
        return Column(name, "U", len(values), nulls,
                      [known, *_texts(values)])
    if kind == "bool":
        bits = bytes_of(_bitmap([bool(value) for value in values]) or b"\0")
        return Column(name, "b", len(values), nulls, [known, bits])
    form, code, of = _NUMBERS[kind]
    try:
        data = array.array(code, [0 if v is None else of(v) for v in values])
    except OverflowError:
        row = next(i for i, v in enumerate(values)
                   if v is not None and not _fits(code, of, v))
        raise ValueError(f"column {name!r}, row {row}: "
                         f"{str(values[row])[:40]} does not fit into 64 bits"
                         ) from None
    return Column(name, form, len(values), nulls,
                  [known, (data, data.buffer_info()[0])])


# ---- arrays of NumPy --------------------------------------------------------

def _array_column(np: Any, name: str, values: Any, private: bool) -> Column:
    """A column of an array of one dimension; of a copy, unless nobody else
    has the array."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind in "US" or kind == "O" or kind == "T":
        if kind == "S":
            raise TypeError(f"column {name!r} is of bytes: decode them")
        return _list_column(name, values.tolist())
    if kind not in "biufmM":
        raise TypeError(f"column {name!r} is of {values.dtype}, which no "
                        "column can be")
    missing: Any = None
    if kind == "f":
        form = "f" if size == 4 else "g"
        made = values.astype("=f4" if size == 4 else "=f8", copy=not private)
        missing = np.isnan(made)
    elif kind in "mM":
        unit = np.datetime_data(values.dtype)[0]
        if unit not in _UNITS:  # days, hours, weeks; finer ones overflow
            unit = "ns" if unit in ("ps", "fs", "as") else "s"
        missing = np.isnat(values)
        made = values.astype(f"{kind}8[{unit}]").astype("=i8")
        made[missing] = 0
        form = ("ts" if kind == "M" else "tD") + unit[0] + (
            ":" if kind == "M" else "")
    elif kind == "b":
        form, made = "b", np.packbits(values, bitorder="little")
    else:
        form = _WHOLE[size] if kind == "i" else _WHOLE[size].upper()
        made = values.astype(values.dtype.newbyteorder("="), copy=not private)
    made = np.ascontiguousarray(made)
    known: Any = (None, 0)
    nulls = 0 if missing is None else int(missing.sum())
    if nulls:
        bits = np.packbits(~missing, bitorder="little")
        known = (bits, bits.ctypes.data)
    return Column(name, form, len(values), nulls,
                  [known, (made, made.ctypes.data)])


def _matrix(np: Any, x: Any, names: Optional[Sequence[str]]) -> list[Column]:
    if x.ndim != 2:
        raise TypeError(f"a matrix of two dimensions is needed, not {x.ndim}: "
                        "mlpipe.dataset({'name': array}) takes columns")
    if names is None:
        names = [f"x{i}" for i in range(x.shape[1])]
    names = [_name(name) for name in names]
    if len(names) != x.shape[1]:
        raise ValueError(f"{len(names)} names for {x.shape[1]} columns")
    private = x.dtype.kind in "iuf"
    if private:
        if x.shape[1] > 1 and not x.flags.f_contiguous:
            _logger.info("dataset: a matrix of %d x %d by rows is copied "
                         "once, by columns", *x.shape)
        x = np.array(x, order="F")  # the copy that nobody else has
    return [_array_column(np, name, x[:, i], private)
            for i, name in enumerate(names)]


def _name(name: Any) -> str:
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)  # the columns of a frame without names
    if not isinstance(name, str):
        raise TypeError("names of columns are texts, not "
                        f"{type(name).__name__}")
    if not name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a column")
    return name


# ---- what people hold -------------------------------------------------------

def _any_column(name: str, values: Any) -> Column:
    """A column of whatever holds its values one behind the other."""
    np = _numpy()
    if isinstance(values, (str, bytes, dict, set)) or (
            getattr(values, "ndim", 1) != 1):
        raise TypeError(f"column {name!r} is no list of values but "
                        f"{type(values).__name__}")
    if _is_of(values, "pandas", "Series", "Index"):
        values = _pandas_values(np, values)
    if np is not None and isinstance(values, np.ndarray):
        return _array_column(np, name, values, False)
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    try:
        values = list(values)
    except TypeError:
        raise TypeError(f"column {name!r} is no list of values but "
                        f"{type(values).__name__}") from None
    return _list_column(name, values)


def _pandas_values(np: Any, series: Any) -> Any:
    if isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    if getattr(series.dtype, "tz", None) is not None:
        return series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return series.to_numpy(dtype=object, na_value=None)


def _named_categories(frame: Any) -> Any:
    """Categories are names, also where they are numbers."""
    found = {}
    for i, kind in enumerate(frame.dtypes):
        if hasattr(kind, "categories") and hasattr(kind, "ordered"):
            names = kind.categories
            if not all(isinstance(name, str) for name in names):
                found[frame.columns[i]] = frame.iloc[
                    :, i].cat.rename_categories([str(name) for name in names])
    return frame.assign(**found) if found else frame


def _pandas(frame: Any, params: Any) -> Any:
    """By way of Arrow where pyarrow is there and knows the columns. The index
    is no column; reset_index() makes it one."""
    names = [_name(name) for name in frame.columns]
    if not names:
        raise TypeError("no columns: a dataset has one at least")
    if frame.index.names != [None]:
        _logger.info("dataset: the index %s is left out; reset_index() makes "
                     "it a column", list(frame.index.names))
    frame = frame.set_axis(names, axis=1)
    frame = _named_categories(frame)
    try:
        import pyarrow
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    except ImportError:
        table = None
    except (pyarrow.ArrowException, TypeError, ValueError):
        table = None  # what follows names the column
    if table is not None:
        # The values are the frame's, which may change: they are copied.
        return _capsule(table, params, b"copy=always")
    return _built([_any_column(name, frame.iloc[:, i])
                   for i, name in enumerate(names)], params)


def _is_records(x: Any) -> bool:
    """A list of dicts, which are rows?"""
    return (isinstance(x, (list, tuple)) and bool(x)
            and all(isinstance(row, dict) for row in x))


def _records(rows: Sequence["dict[Any, Any]"]) -> list[Column]:
    """Columns in the order in which rows name them; null where one does not.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return [_list_column(_name(name), [row.get(name) for row in rows])
            for name in names]


def _capsule(data: Any, params: Any, more: Optional[bytes] = None) -> Any:
    from . import _arrow
    from ._base import _ctx
    if more and b"copy" not in (params or b""):
        params = (params + b" " if params else b"") + more
    if hasattr(data, "__arrow_c_stream__"):
        stream = _arrow.uncapsule(data.__arrow_c_stream__(),
                                  b"arrow_array_stream",
                                  _raw.ArrowArrayStream)
        return _ctx().give("mlpipe_dataset_from_arrow_stream",
                           _raw.mlpipe_dataset, stream, params)
    schema, values = data.__arrow_c_array__()
    return _ctx().give(
        "mlpipe_dataset_from_arrow", _raw.mlpipe_dataset,
        _arrow.uncapsule(schema, b"arrow_schema", _raw.ArrowSchema),
        _arrow.uncapsule(values, b"arrow_array", _raw.ArrowArray), params)


def _built(columns: list[Column], params: Any) -> Any:
    if not columns:
        raise TypeError("no columns: a dataset has one at least")
    rows = columns[0].length
    for column in columns:
        if column.length != rows:
            raise ValueError(
                f"column {column.name!r} has {column.length} values, column "
                f"{columns[0].name!r} has {rows}")
    return dataset_pointer(columns, rows, params)


def pointer_of(x: Any, names: Optional[Sequence[str]], params: Any) -> Any:
    """A mlpipe_dataset of anything that holds a table."""
    np = sys.modules.get("numpy")
    matrix = np is not None and isinstance(x, np.ndarray)
    if names is not None:
        if isinstance(names, str) or not hasattr(names, "__iter__"):
            raise TypeError("names is a list of texts")
        if not matrix:
            raise TypeError("names= goes with a matrix; "
                            f"{type(x).__name__} has names of its own")
    if matrix:
        if x.dtype.names:
            return _built([_any_column(name, x[name])
                           for name in x.dtype.names], params)
        return _built(_matrix(np, x, names), params)
    if _is_of(x, "pandas", "DataFrame"):
        return _pandas(x, params)
    if _is_of(x, "pandas", "Series"):
        return _pandas(x.to_frame(), params)
    if hasattr(x, "__arrow_c_stream__") or hasattr(x, "__arrow_c_array__"):
        return _capsule(x, params)
    if isinstance(x, dict):
        return _built([_any_column(_name(name), values)
                       for name, values in x.items()], params)
    if _is_records(x):
        return _built(_records(x), params)
    raise TypeError(
        f"{type(x).__name__} is no table: a mlpipe.Dataset, a frame of "
        "pandas or polars, a table of Arrow, a dict of columns, a list of "
        "dicts or a matrix of NumPy is needed")
