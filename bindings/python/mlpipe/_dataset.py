# SPDX-License-Identifier: MIT
"""Datasets, and what is made of them."""
import ctypes
import difflib
import json

from . import _arrow, _raw
from ._base import (_bytes, _ctx, _Handle, _is, _lib, _names, _params,
                    _text)
from ._report import Report

_TYPES = {_raw.MLPIPE_TYPE_BOOL: "bool", _raw.MLPIPE_TYPE_I64: "i64",
          _raw.MLPIPE_TYPE_F64: "f64", _raw.MLPIPE_TYPE_TEXT: "text",
          _raw.MLPIPE_TYPE_CATEGORY: "category",
          _raw.MLPIPE_TYPE_TIMESTAMP: "timestamp",
          _raw.MLPIPE_TYPE_DURATION: "duration"}
_TEXTS = (_raw.MLPIPE_TYPE_TEXT, _raw.MLPIPE_TYPE_CATEGORY)
_UNITS = {_raw.MLPIPE_UNIT_S: "s", _raw.MLPIPE_UNIT_MS: "ms",
          _raw.MLPIPE_UNIT_US: "us", _raw.MLPIPE_UNIT_NS: "ns"}


def _cell(value):
    """A value of JSON for people."""
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value)


def _line(text, room=40):
    """A text that fits a cell: one line, and not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= room else text[:room - 3] + "..."


class Dataset(_Handle):
    """Immutable typed columns."""

    _free = "mlpipe_dataset_free"

    def __len__(self):
        return _lib.mlpipe_dataset_rows(self._p)

    @property
    def columns(self):
        return [_text(_lib.mlpipe_dataset_name(self._p, i))
                for i in range(_lib.mlpipe_dataset_columns(self._p))]

    def split(self, params):
        """Parts as a list: "parts=0.8,0.2", "order=date at=2015-02-01"."""
        count = 2
        for item in params.split():
            key, _, value = item.partition("=")
            if key in ("parts", "at"):
                count = value.count(",") + (2 if key == "at" else 1)
        parts = (ctypes.POINTER(_raw.mlpipe_dataset) * count)()
        _ctx().call("mlpipe_dataset_split", self._p, _bytes(params), parts,
                    count)
        return [Dataset(p) for p in parts]

    def fold(self, index, **params):
        """(the rows of one fold, the rows that may train for it)."""
        fold = ctypes.POINTER(_raw.mlpipe_dataset)()
        rest = ctypes.POINTER(_raw.mlpipe_dataset)()
        _ctx().call("mlpipe_dataset_fold", self._p, _params("", params),
                    index, ctypes.byref(fold), ctypes.byref(rest))
        return Dataset(fold), Dataset(rest)

    def filter(self, condition):
        """Rows where an expression is true: "age > 30 and city == 'Paris'"."""
        return self._made("filter", _bytes(condition))

    def with_column(self, expressions):
        """New or replaced columns: "ratio = a / b; y = year(date)"."""
        return self._made("with_column", _bytes(expressions))

    def select(self, params="", *more, **named):
        """Columns: ["a", "b"] or "a,b"; columns=, drop=["c"],
        rename={"old": "new"}."""
        text = ""
        if not isinstance(params, str):
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
        for key in ("columns", "drop", "rename"):
            if key in named:
                named[key] = _names(named[key])
        return self._made("select", _params(text, named))

    def sample(self, params="", **named):
        """Rows at random: 1000 or rows=1000, a tenth 0.1 or share=0.1;
        seed=, replace=, by=."""
        if isinstance(params, int) and not isinstance(params, bool):
            params, named = "", {"rows": params, **named}
        elif isinstance(params, float):
            params, named = "", {"share": params, **named}
        return self._made("sample", _params(params, named))

    def sort(self, by, *more, **named):
        """Rows in the order of columns: "-price,date" or ["-price", "date"],
        a minus from the highest down; nulls="first"."""
        if isinstance(by, str) and (more or by in self.columns):
            by = [by, *more]
        elif isinstance(by, str) and "=" in by:
            return self._made("sort", _params(by, named))
        elif not isinstance(by, str):
            by = [*by, *more]
        return self._made("sort", _params("", {"by": _names(by), **named}))

    def asof(self, right, params="", **named):
        """Joined with what had happened and was known: on="time",
        by="symbol", known="received"; reading() tells the matches."""
        _is(right, Dataset)
        return self._made("asof", right._p, _params(params, named))

    def _made(self, call, *args):
        return Dataset(_ctx().give("mlpipe_dataset_" + call,
                                   _raw.mlpipe_dataset, self._p, *args))

    def values(self, column):
        """A column as a list, None for null: int, float, bool, str. Times are
        whole counts of their unit, which types tells: timestamps since
        1970-01-01 UTC."""
        position = _lib.mlpipe_dataset_find(self._p, _bytes(column))
        if position < 0:
            near = difflib.get_close_matches(column, self.columns, 1)
            raise KeyError(column + (f": did you mean {near[0]!r}?"
                                     if near else ""))
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

    def _texts(self, position):
        value = _raw.mlpipe_value()
        # No NUL need stand behind a text, so that it is no C string.
        start = ctypes.c_void_p.from_buffer(value,
                                            _raw.mlpipe_value.str.offset)
        found = []
        for row in range(len(self)):
            _lib.mlpipe_dataset_cell(self._p, row, position,
                                     ctypes.byref(value))
            found.append(
                _text(ctypes.string_at(start.value, value.len))
                if value.kind == _raw.MLPIPE_VALUE_TEXT else None)
        return found

    @property
    def types(self):
        """{column: "bool", "i64", "f64", "text", "category",
        "timestamp[us]", "duration[s]"}."""
        found = {}
        for i, name in enumerate(self.columns):
            unit = _UNITS.get(_lib.mlpipe_dataset_unit(self._p, i))
            found[name] = _TYPES[_lib.mlpipe_dataset_type(self._p, i)] + (
                f"[{unit}]" if unit else "")
        return found

    def __repr__(self):
        types = [f"{_line(name)} {kind}" for name, kind in
                 self.types.items()]
        more = len(types) - 8
        shown = ", ".join(types[:8]) + (f" and {more} more" if more > 0
                                        else "")
        return (f"<mlpipe.Dataset: {len(self)} rows, {len(types)} columns: "
                f"{shown}>")

    def head(self, n=5):
        """The first rows as a text: print(data.head())."""
        part = self._made("slice", 0, max(0, min(n, len(self))))
        lines = _ctx().text("mlpipe_write_json_memory", part._p,
                            b"nan=string").decode().splitlines()
        texts = {name for name, kind in self.types.items()
                 if kind in ("text", "category")}
        rows = [self.columns] + [
            [_cell(row.get(name)) for name in self.columns]
            for row in map(json.loads, lines)]
        rows = [[_line(cell) for cell in row] for row in rows]
        wide = [max(map(len, cells)) for cells in zip(*rows)]
        return "\n".join(
            "  ".join(cell.ljust(w) if name in texts else cell.rjust(w)
                      for cell, w, name in zip(row, wide, self.columns)
                      ).rstrip() for row in rows)

    def fingerprint(self):
        return _ctx().text("mlpipe_dataset_fingerprint", self._p).decode()

    def write_csv(self, path, params="", **named):
        """To a file of CSV; parameters as mlpipe_write_csv's."""
        _ctx().call("mlpipe_write_csv", self._p, _bytes(path),
                    _params(params, named))

    def write_json(self, path, params="", **named):
        """To a file of NDJSON, or of an array with format="array"."""
        _ctx().call("mlpipe_write_json", self._p, _bytes(path),
                    _params(params, named))

    def profile(self, params="", **named):
        """What is in it, and what looks wrong: a Report."""
        return Report(_ctx().give("mlpipe_dataset_profile",
                                  _raw.mlpipe_report, self._p,
                                  _params(params, named)))

    def drift(self, current, params="", **named):
        """How far other rows are from these, the reference: a Report."""
        _is(current, Dataset)
        return Report(_ctx().give("mlpipe_dataset_drift",
                                  _raw.mlpipe_report, self._p, current._p,
                                  _params(params, named)))

    def reading(self):
        """What happened when it was read."""
        return Report(_ctx().give("mlpipe_dataset_reading",
                                  _raw.mlpipe_report, self._p))

    def dirty(self, params="", **named):
        """(the dataset with defects, the key to them: a Report)."""
        made = ctypes.POINTER(_raw.mlpipe_dataset)()
        key = ctypes.POINTER(_raw.mlpipe_report)()
        _ctx().call("mlpipe_synth_dirty", self._p, _params(params, named),
                    ctypes.byref(made), ctypes.byref(key))
        return Dataset(made), Report(key)

    def copula(self, params="", **named):
        """How the columns go together: a Copula, which rows are drawn of."""
        return Copula(_ctx().give("mlpipe_copula_fit", _raw.mlpipe_copula,
                                  self._p, _params(params, named)))

    def arrow_stream(self, params="", **named):
        """The rows as a PyCapsule that any reader of Arrow streams takes;
        parameters as mlpipe_dataset_to_arrow_stream's."""
        stream = _raw.ArrowArrayStream()
        _ctx().call("mlpipe_dataset_to_arrow_stream", self._p,
                    _params(params, named), ctypes.byref(stream))
        return _arrow.capsule(stream)

    def __arrow_c_stream__(self, requested_schema=None):
        """What pyarrow, polars, pandas and DuckDB read a Dataset by, without
        a copy. They cast what they asked for in another type."""
        return self.arrow_stream()

    @classmethod
    def from_arrow(cls, data, params="", **named):
        """A Dataset of anything that has __arrow_c_stream__ or
        __arrow_c_array__: tables, frames and batches of pyarrow, polars,
        pandas, DuckDB; parameters as mlpipe_dataset_from_arrow's."""
        given = _params(params, named)
        if hasattr(data, "__arrow_c_stream__"):
            capsule = data.__arrow_c_stream__()
            stream = _arrow.uncapsule(capsule, b"arrow_array_stream",
                                      _raw.ArrowArrayStream)
            return cls(_ctx().give("mlpipe_dataset_from_arrow_stream",
                                   _raw.mlpipe_dataset, stream, given))
        if hasattr(data, "__arrow_c_array__"):
            schema, array = data.__arrow_c_array__()
            return cls(_ctx().give(
                "mlpipe_dataset_from_arrow", _raw.mlpipe_dataset,
                _arrow.uncapsule(schema, b"arrow_schema", _raw.ArrowSchema),
                _arrow.uncapsule(array, b"arrow_array", _raw.ArrowArray),
                given))
        raise TypeError(f"{type(data).__name__} has neither "
                        "__arrow_c_stream__ nor __arrow_c_array__")


def concat(parts, params="", **named):
    """The rows of all parts: columns="same", "union" or "intersection"."""
    parts = list(parts)
    for part in parts:
        _is(part, Dataset)
    pointers = (ctypes.POINTER(_raw.mlpipe_dataset) * len(parts))(
        *[part._p for part in parts])
    return Dataset(_ctx().give("mlpipe_dataset_concat", _raw.mlpipe_dataset,
                               pointers, len(parts), _params(params, named)))


class Copula(_Handle):
    """A fitted Gaussian copula; immutable."""

    _free = "mlpipe_copula_free"

    def sample(self, rows=1000, params="", given=None, **named):
        """Rows like those of the data: a Dataset.

        given is a text, "region=north age=30..40", or a dict of such values.
        """
        if isinstance(given, dict):
            given = json.dumps({
                k: v if isinstance(v, str) else json.dumps(v)
                for k, v in given.items()})
        if given:
            named["given"] = given
        return Dataset(_ctx().give("mlpipe_copula_sample",
                                   _raw.mlpipe_dataset, self._p,
                                   _params(params, dict(named, rows=rows))))

    def notes(self):
        """What the fit found out: a Report."""
        return Report(_ctx().give("mlpipe_copula_notes", _raw.mlpipe_report,
                                  self._p))


def synth(kind, params="", **named):
    """Made data whose truth reading() tells: synth("sea", rows=5000)."""
    return Dataset(_ctx().give("mlpipe_synth", _raw.mlpipe_dataset,
                               _bytes(kind), _params(params, named)))


def split_check(parts, params="", **named):
    """What parts of data have in common, training rows first: a Report."""
    parts = list(parts)
    for part in parts:
        _is(part, Dataset)
    pointers = (ctypes.POINTER(_raw.mlpipe_dataset) * len(parts))(
        *[part._p for part in parts])
    return Report(_ctx().give("mlpipe_split_check", _raw.mlpipe_report,
                              pointers, len(parts), _params(params, named)))
