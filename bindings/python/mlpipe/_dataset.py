# SPDX-License-Identifier: MIT
"""Datasets, and what is made of them."""
from __future__ import annotations

import ctypes
import json
from typing import Any, Iterable, Optional, Sequence, Union

from . import _arrow, _arrow_make, _frame, _raw
from ._base import (Path, _bytes, _ctx, _Immutable, _lib, _names,
                    _params, _text, _whole)
from ._report import Report
from ._show import Page, missing, table

# What is taken wherever rows are: a Dataset, a frame of pandas or polars, a
# table of Arrow, a dict of columns, a list of dicts, a matrix of NumPy.
Table = Any

_TYPES = {_raw.MLPIPE_TYPE_BOOL: "bool", _raw.MLPIPE_TYPE_I64: "i64",
          _raw.MLPIPE_TYPE_F64: "f64", _raw.MLPIPE_TYPE_TEXT: "text",
          _raw.MLPIPE_TYPE_CATEGORY: "category",
          _raw.MLPIPE_TYPE_TIMESTAMP: "timestamp",
          _raw.MLPIPE_TYPE_DURATION: "duration"}
_SHOWN = 30  # columns in a notebook
_TEXTS = (_raw.MLPIPE_TYPE_TEXT, _raw.MLPIPE_TYPE_CATEGORY)
_UNITS = {_raw.MLPIPE_UNIT_S: "s", _raw.MLPIPE_UNIT_MS: "ms",
          _raw.MLPIPE_UNIT_US: "us", _raw.MLPIPE_UNIT_NS: "ns"}


def _cell(value: Any) -> str:
    """A value of JSON for people."""
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value)


def _line(text: str, room: int = 40) -> str:
    """A text that fits a cell: one line, and not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= room else text[:room - 3] + "..."


class Dataset(_Immutable):
    """Immutable typed columns; pickles (row ids count from 0 again)."""

    _free = "mlpipe_dataset_free"

    def __len__(self) -> int:
        rows: int = _lib.mlpipe_dataset_rows(self._p)
        return rows

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self), _lib.mlpipe_dataset_columns(self._p)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [_text(_lib.mlpipe_dataset_name(self._p, i))
                for i in range(_lib.mlpipe_dataset_columns(self._p))]

    def split(self, params: str = "", **named: Any) -> list[Dataset]:
        """Parts as a list: "parts=0.8,0.2", "order=date at=2015-02-01"."""
        given = _params(params, named)
        count = 2
        for item in (given or b"").decode().split():
            key, _, value = item.partition("=")
            if key in ("parts", "at"):
                count = value.count(",") + (2 if key == "at" else 1)
        parts = (ctypes.POINTER(_raw.mlpipe_dataset) * count)()
        _ctx().call("mlpipe_dataset_split", self._p, given, parts, count)
        return [Dataset._of(p) for p in parts]

    def fold(self, index: int, params: str = "",
             **named: Any) -> tuple[Dataset, Dataset]:
        """(the rows of one fold, the rows that may train for it)."""
        index = _whole(index, "index", 0, 2**32 - 1)
        kind = _raw.mlpipe_dataset
        fold, rest = _ctx().gives("mlpipe_dataset_fold", (kind, kind),
                                  self._p, _params(params, named), index)
        return Dataset._of(fold), Dataset._of(rest)

    def filter(self, condition: str) -> Dataset:
        """Rows where an expression is true: "age > 30 and city == 'Paris'"."""
        return self._made("filter", _bytes(condition))

    def __getitem__(self, key: Union[slice, Iterable[str]]) -> Dataset:
        """Rows d[10:20], as a list has them, or columns d[["a", "b"]]; both
        are views, as filter and select give them."""
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                raise ValueError(f"rows go by a step of 1, not {step}: sort "
                                 "turns them around, sample thins them out")
            return self._made("slice", start, max(stop - start, 0))
        if isinstance(key, (list, tuple)):
            return self.select(list(key))
        raise TypeError("a slice of rows, d[10:20], or a list of columns, "
                        f"d[['a', 'b']], is needed, not {type(key).__name__}: "
                        "values('a') gives what is in a column")

    def with_column(self, expressions: str) -> Dataset:
        """New or replaced columns: "ratio = a / b; y = year(date)"."""
        return self._made("with_column", _bytes(expressions))

    def select(self, params: Union[str, Iterable[str]] = "", *more: str,
               **named: Any) -> Dataset:
        """Columns: ["a", "b"] or "a,b"; columns=, drop=["c"],
        rename={"old": "new"}."""
        text = ""
        if not isinstance(params, str):
            if not hasattr(params, "__iter__") or isinstance(params, bytes):
                raise TypeError("names of columns are texts, not "
                                f"{type(params).__name__}")
            named["columns"] = [*params, *more]
        elif more or params in self.columns:
            named["columns"] = [params, *more]
        elif "=" in params or params.startswith("{"):
            text = params
        elif params:
            named["columns"] = params
        if isinstance(named.get("rename"), dict):
            named["rename"] = [f"{old}:{new}"
                               for old, new in named["rename"].items()]
        if isinstance(named.get("columns"), list) and not named["columns"]:
            raise ValueError("no columns: a dataset has one at least")
        for key in ("columns", "drop", "rename"):
            if named.get(key) is not None:
                named[key] = _names(named[key])
        return self._made("select", _params(text, named))

    def sample(self, params: Union[str, int, float] = "",
               **named: Any) -> Dataset:
        """Rows at random: 1000 or rows=1000, a tenth 0.1 or share=0.1;
        seed=, replace=, by=."""
        if isinstance(params, int) and not isinstance(params, bool):
            params, named = "", {"rows": params, **named}
        elif isinstance(params, float):
            params, named = "", {"share": params, **named}
        return self._made("sample", _params(params, named))

    def sort(self, by: Union[str, Iterable[str]], *more: str,
             **named: Any) -> Dataset:
        """Rows in the order of columns: "-price,date" or ["-price", "date"],
        a minus from the highest down; nulls="first"."""
        if isinstance(by, str) and (more or by in self.columns):
            by = [by, *more]
        elif isinstance(by, str) and "=" in by:
            return self._made("sort", _params(by, named))
        elif not isinstance(by, str):
            if not hasattr(by, "__iter__") or isinstance(by, bytes):
                raise TypeError("names of columns are texts, not "
                                f"{type(by).__name__}")
            by = [*by, *more]
        return self._made("sort", _params("", {"by": _names(by), **named}))

    def asof(self, right: Table, params: str = "",
             **named: Any) -> Dataset:
        """Joined with what had happened and was known: on="time",
        by="symbol", known="received"; reading() tells the matches."""
        right = dataset(right)
        return self._made("asof", right._p, _params(params, named))

    def _made(self, call: str, *args: Any) -> Dataset:
        return Dataset._of(_ctx().give("mlpipe_dataset_" + call,
                                       _raw.mlpipe_dataset, self._p, *args))

    def values(self, column: str) -> list[Any]:
        """A column as a list, None for null: int, float, bool, str. Times are
        whole counts of their unit, which types tells: timestamps since
        1970-01-01 UTC."""
        position = self._position(column)
        if _lib.mlpipe_dataset_type(self._p, position) in _TEXTS:
            return self._texts(position)
        schema, array = _raw.ArrowSchema(), _raw.ArrowArray()
        alone = self.select([column])
        _ctx().call("mlpipe_dataset_to_arrow", alone._p, None,
                    ctypes.byref(schema), ctypes.byref(array))
        try:
            return _arrow.numbers(schema, array)
        finally:
            schema.release(ctypes.byref(schema))
            array.release(ctypes.byref(array))

    def _position(self, column: str) -> int:
        if not isinstance(column, str):
            raise TypeError("names of columns are texts, not "
                            f"{type(column).__name__}")
        position: int = _lib.mlpipe_dataset_find(self._p, _bytes(column))
        if position < 0:
            raise KeyError(missing(column, self.columns, "columns"))
        return position

    def _texts(self, position: int) -> list[Optional[str]]:
        value = _raw.mlpipe_value()
        # No NUL need stand behind a text, so that it is no C string.
        start = ctypes.c_void_p.from_buffer(value,
                                            _raw.mlpipe_value.str.offset)
        found = []
        for row in range(len(self)):
            _lib.mlpipe_dataset_cell(self._p, row, position,
                                     ctypes.byref(value))
            found.append(
                _text(ctypes.string_at(start.value or 0, value.len))
                if value.kind == _raw.MLPIPE_VALUE_TEXT else None)
        return found

    @property
    def types(self) -> dict[str, str]:
        """{column: "bool", "i64", "f64", "text", "category",
        "timestamp[us]", "duration[s]"}."""
        found = {}
        for i, name in enumerate(self.columns):
            unit = _UNITS.get(_lib.mlpipe_dataset_unit(self._p, i))
            found[name] = _TYPES[_lib.mlpipe_dataset_type(self._p, i)] + (
                f"[{unit}]" if unit else "")
        return found

    def __repr__(self) -> str:
        types = [f"{_line(name)} {kind}" for name, kind in
                 self.types.items()]
        more = len(types) - 8
        shown = ", ".join(types[:8]) + (f" and {more} more" if more > 0
                                        else "")
        return (f"<mlpipe.Dataset: {len(self)} rows, {len(types)} columns: "
                f"{shown}>")

    def _cells(self, n: int) -> list[list[str]]:
        """The first rows as texts for people."""
        part = self._made("slice", 0, max(0, min(n, len(self))))
        lines = _ctx().text("mlpipe_write_json_memory", part._p,
                            b"nan=string").decode().splitlines()
        return [[_line(_cell(row.get(name))) for name in self.columns]
                for row in map(json.loads, lines)]

    def head(self, n: int = 5) -> str:
        """The first rows as a text, which a prompt shows as it is."""
        cells = [[_line(name) for name in self.columns],
                 *self._cells(_whole(n, "n", -2**63))]
        texts = [kind in ("text", "category") for kind in self.types.values()]
        wide = [max(map(len, column)) for column in zip(*cells)]
        return Page("\n".join(
            "  ".join(cell.ljust(w) if text else cell.rjust(w)
                      for cell, w, text in zip(row, wide, texts)
                      ).rstrip() for row in cells))

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows of the first columns."""
        rows, columns = self.shape
        part = self.select(self.columns[:_SHOWN]) if columns > _SHOWN else self
        more = f", {columns - _SHOWN} of them not shown" if (
            columns > _SHOWN) else ""
        return table([_line(name) for name in part.columns],
                     [list(part.types.values()), *part._cells(5)],
                     f"{rows:,} rows, {columns:,} columns{more}")

    def fingerprint(self) -> str:
        """32 digits that depend on names, types and values alone."""
        return _ctx().text("mlpipe_dataset_fingerprint", self._p).decode()

    def write_csv(self, path: Path, params: str = "",
                  **named: Any) -> None:
        """To a file of CSV."""
        _ctx().call("mlpipe_write_csv", self._p, _bytes(path),
                    _params(params, named))

    def write_json(self, path: Path, params: str = "",
                   **named: Any) -> None:
        """To a file of NDJSON, or of an array with format="array"."""
        _ctx().call("mlpipe_write_json", self._p, _bytes(path),
                    _params(params, named))

    def profile(self, params: str = "", **named: Any) -> Report:
        """What is in it, and what looks wrong: a Report."""
        return Report._of(_ctx().give("mlpipe_dataset_profile",
                                      _raw.mlpipe_report, self._p,
                                      _params(params, named)))

    def duplicates(self, params: str = "", **named: Any) -> Report:
        """Which rows are equal, on=["a", "b"] or all columns: rows,
        distinct_rows, extra_rows, groups, and the table "groups"."""
        return Report._of(_ctx().give("mlpipe_dataset_duplicates",
                                      _raw.mlpipe_report, self._p,
                                      _params(params, named)))

    def drift(self, current: Table, params: str = "",
              **named: Any) -> Report:
        """How far other rows are from these, the reference: a Report."""
        current = dataset(current)
        return Report._of(_ctx().give("mlpipe_dataset_drift",
                                      _raw.mlpipe_report, self._p, current._p,
                                      _params(params, named)))

    def reading(self) -> Report:
        """What happened when it was read."""
        return Report._of(_ctx().give("mlpipe_dataset_reading",
                                      _raw.mlpipe_report, self._p))

    def dirty(self, params: str = "",
              **named: Any) -> tuple[Dataset, Report]:
        """(the dataset with defects, the key to them: a Report)."""
        made, key = _ctx().gives(
            "mlpipe_synth_dirty", (_raw.mlpipe_dataset, _raw.mlpipe_report),
            self._p, _params(params, named))
        return Dataset._of(made), Report._of(key)

    def copula(self, params: str = "", **named: Any) -> Copula:
        """How the columns go together: a Copula, which rows are drawn of."""
        return Copula._of(_ctx().give("mlpipe_copula_fit", _raw.mlpipe_copula,
                                      self._p, _params(params, named)))

    def arrow_stream(self, params: str = "", **named: Any) -> Any:
        """The rows as a PyCapsule that any reader of Arrow streams takes."""
        stream = _raw.ArrowArrayStream()
        _ctx().call("mlpipe_dataset_to_arrow_stream", self._p,
                    _params(params, named), ctypes.byref(stream))
        return _arrow.capsule(stream)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """What pyarrow, polars, pandas and DuckDB read a Dataset by, without
        a copy. They cast what they asked for in another type."""
        return self.arrow_stream()

    @classmethod
    def from_arrow(cls, data: Any, params: str = "", **named: Any) -> Dataset:
        """A Dataset of anything that has __arrow_c_stream__ or
        __arrow_c_array__: tables, frames and batches of pyarrow, polars,
        pandas, DuckDB; parameters as mlpipe.dataset's."""
        if not (hasattr(data, "__arrow_c_stream__")
                or hasattr(data, "__arrow_c_array__")):
            raise TypeError(f"{type(data).__name__} has neither "
                            "__arrow_c_stream__ nor __arrow_c_array__")
        return cls._of(_frame._capsule(data, _params(params, named)))

    def to_dict(self) -> dict[str, list[Any]]:
        """{column: its values}, as values() has them."""
        return {name: self.values(name) for name in self.columns}

    def to_numpy(self, columns: Union[None, str, Sequence[str]] = None) -> Any:
        """Numbers as float64, nulls as NaN: of a column's name an array, of
        several or none (all) a matrix, one behind the other. Whole numbers
        beyond 2**53 are rounded, and texts are a TypeError."""
        import numpy
        one = isinstance(columns, str)
        names = ([columns] if isinstance(columns, str) else
                 self.columns if columns is None else list(columns))
        rows = len(self)
        out = numpy.empty((rows, len(names)), dtype=numpy.float64, order="F")
        for i, name in enumerate(names):
            position = self._position(name)
            if _lib.mlpipe_dataset_type(self._p, position) in _TEXTS:
                raise TypeError(f"column {name!r} is of texts: leave it out "
                                "or encode it")
            where = ctypes.cast(out[:, i].ctypes.data,
                                ctypes.POINTER(ctypes.c_double))
            _ctx().call("mlpipe_dataset_doubles", self._p, position, 0, where,
                        rows)
        return out[:, 0] if one else out

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> Any:
        found = self.to_numpy()
        return found if dtype is None else found.astype(dtype)

    def to_arrow(self) -> Any:
        """A pyarrow.Table, without a copy."""
        import pyarrow
        return pyarrow.table(self)

    def to_polars(self) -> Any:
        """A polars.DataFrame."""
        import polars
        return polars.DataFrame(self)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame; by way of pyarrow where it is installed."""
        import pandas
        try:
            return self.to_arrow().to_pandas()
        except ImportError:
            return pandas.DataFrame({
                name: self._pandas_values(name, kind)
                for name, kind in self.types.items()})

    def _pandas_values(self, name: str, kind: str) -> Any:
        import numpy
        import pandas
        values = self.values(name)
        if kind.startswith(("timestamp", "duration")):
            form = "M8" if kind.startswith("timestamp") else "m8"
            unit = kind[kind.index("["):]
            return numpy.array(["NaT" if v is None else v for v in values],
                               dtype=form + unit)
        if kind == "category":
            return pandas.Categorical(values)
        return values

    def __reduce__(self) -> Any:
        schema, array = _raw.ArrowSchema(), _raw.ArrowArray()
        _ctx().call("mlpipe_dataset_to_arrow", self._p, None,
                    ctypes.byref(schema), ctypes.byref(array))
        try:
            return _again, _arrow_make.plain(schema, array)
        finally:
            schema.release(ctypes.byref(schema))
            array.release(ctypes.byref(array))


def _again(rows: int, columns: Any) -> Dataset:
    """What a pickle is read by."""
    return Dataset._of(_arrow_make.from_plain(rows, columns))


def dataset(x: Table, names: Optional[Sequence[str]] = None,
            params: str = "", **named: Any) -> Dataset:
    """A Dataset of what holds a table; every function that takes one does it.

    A Dataset as it is; what speaks Arrow (pyarrow, polars, DuckDB) without a
    copy; frames of pandas, dicts of columns, lists of dicts (a row each; what
    one lacks is null) and matrices of NumPy (names=, or x0, x1, ...) copied
    once. None, NaN, NaT and pandas.NA of the latter three
    become null, and reading() counts them; Arrow has a NaN of its own. The
    parameters are below, such as text="text".
    """
    given = _params(params, named)
    if isinstance(x, Dataset):
        if names is not None or given is not None:
            raise TypeError("a Dataset is taken as it is")
        return x
    return Dataset._of(_frame.pointer_of(x, names, given))


def _pointers(parts: Iterable[Table]) -> tuple[Any, Any]:
    """(pointers to datasets, what keeps them)."""
    if isinstance(parts, (str, bytes)) or not hasattr(parts, "__iter__"):
        raise TypeError(f"a list of datasets is needed, not "
                        f"{type(parts).__name__}")
    kept = [dataset(part) for part in parts]
    return (ctypes.POINTER(_raw.mlpipe_dataset) * len(kept))(
        *[part._p for part in kept]), kept


def concat(parts: Iterable[Table], params: str = "",
           **named: Any) -> Dataset:
    """The rows of all parts: columns="same", "union" or "intersection"."""
    pointers, kept = _pointers(parts)
    return Dataset._of(_ctx().give(
        "mlpipe_dataset_concat", _raw.mlpipe_dataset, pointers, len(kept),
        _params(params, named)))


class Copula(_Immutable):
    """A fitted Gaussian copula; immutable."""

    _free = "mlpipe_copula_free"

    def sample(self, rows: int = 1000, params: str = "", given: Any = None,
               **named: Any) -> Dataset:
        """Rows like those of the data: a Dataset.

        given is a text, "region=north age=30..40", or a dict of such values.
        """
        if isinstance(given, dict):
            given = json.dumps({
                k: v if isinstance(v, str) else json.dumps(v)
                for k, v in given.items()})
        if given:
            named["given"] = given
        return Dataset._of(_ctx().give(
            "mlpipe_copula_sample", _raw.mlpipe_dataset, self._p,
            _params(params, dict(named, rows=rows))))

    def notes(self) -> Report:
        """What the fit found out: a Report."""
        return Report._of(_ctx().give("mlpipe_copula_notes",
                                      _raw.mlpipe_report, self._p))


def synth(kind: str, params: str = "", **named: Any) -> Dataset:
    """Made data whose truth reading() tells: synth("sea", rows=5000)."""
    return Dataset._of(_ctx().give("mlpipe_synth", _raw.mlpipe_dataset,
                                   _bytes(kind), _params(params, named)))


def split_check(parts: Iterable[Table], params: str = "",
                **named: Any) -> Report:
    """What parts of data have in common, training rows first: a Report."""
    pointers, kept = _pointers(parts)
    return Report._of(_ctx().give(
        "mlpipe_split_check", _raw.mlpipe_report, pointers, len(kept),
        _params(params, named)))
