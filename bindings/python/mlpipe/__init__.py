# SPDX-License-Identifier: MIT
"""libmlpipe from Python: read, fit, predict, evaluate, save and load.

    import mlpipe
    houses = mlpipe.read_csv("houses.csv")
    train, test = houses.split("parts=0.8,0.2")
    model = (mlpipe.Pipeline("target=price id=id time=date")
             .add("impute", numeric="median")
             .add("gbt", trees=200)
             .fit(train))
    print(model.evaluate(test)["r2"])

Keyword arguments are the parameters of the catalog (mlpipe.steps()). Errors
are mlpipe.Error with the fields of the library's message. What the library
says beside results, such as warnings, goes to logging.getLogger("mlpipe").
"""
import ctypes
import difflib
import html
import json

from . import _arrow, _raw, _replay
from ._base import (Error, _bytes, _ctx, _Handle, _is, _lib, _names, _params,
                    _text, configure, version)
from ._detector import Detector
from ._replay import audit

Error.__module__ = Detector.__module__ = __name__  # where users find them

# what expressions are made of
_WORDS = (_raw.MLPIPE_KIND_FUNCTION, _raw.MLPIPE_KIND_SYNTAX)


def steps():
    """The catalog: {step or call: {parameter: documentation}}."""
    found = {}
    entry = _raw.mlpipe_catalog_entry()
    param = _raw.mlpipe_catalog_parameter()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            continue
        found[_text(entry.name)] = params = {}
        for j in range(entry.params):
            _lib.mlpipe_catalog_param(i, j, ctypes.byref(param))
            params[_text(param.name)] = _text(param.doc)
    return found


def functions():
    """What expressions are made of: {name: signature and what it does}."""
    found = {}
    entry = _raw.mlpipe_catalog_entry()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            found[_text(entry.name)] = _text(entry.doc)
    return found


class Report(_Handle):
    """Named numbers: report["rmse"], dict(report), print(report); texts by
    text("verdict"), tables by table("findings")."""

    _free = "mlpipe_report_free"

    def __getitem__(self, name):
        value = _lib.mlpipe_report_get(self._p, _bytes(name))
        if value != value and name not in self.keys():
            raise KeyError(self._no_number(name))
        return value

    def _no_number(self, name):
        if self.text(name) is not None:
            return f"{name!r} is a text: use .text({name!r})"
        if name in self.tables:
            return f"{name!r} is a table: use .table({name!r})"
        near = difflib.get_close_matches(name, self.keys(), 1)
        return name + (f": did you mean {near[0]!r}?" if near else "")

    def keys(self):
        name = ctypes.c_char_p()
        names = []
        for i in range(_lib.mlpipe_report_count(self._p)):
            if not _lib.mlpipe_report_figure(self._p, i, ctypes.byref(name),
                                             None):
                names.append(_text(name.value))
        return names

    def text(self, name):
        """A text of the report, such as "task"; None where it has none."""
        found = _lib.mlpipe_report_text(self._p, _bytes(name))
        return None if found is None else _text(found)

    @property
    def tables(self):
        """The names of the tables, series among them."""
        return [_text(_lib.mlpipe_report_table_name(self._p, i))
                for i in range(_lib.mlpipe_report_tables(self._p))]

    def table(self, name):
        """A table as a Dataset; a series as one of a column, "value"."""
        return Dataset(_ctx().give("mlpipe_report_table",
                                   _raw.mlpipe_dataset, self._p,
                                   _bytes(name)))

    def to_dict(self):
        return json.loads(_ctx().text("mlpipe_report_render", self._p,
                                      b"json"))

    def to_markdown(self):
        return _ctx().text("mlpipe_report_render", self._p,
                           b"markdown").decode()

    def _repr_html_(self):
        """What a notebook shows: a page in a frame of its own."""
        page = html.escape(self.to_html())
        return f'<iframe srcdoc="{page}" width="100%" height="600"></iframe>'

    def to_html(self):
        return _ctx().text("mlpipe_report_render", self._p, b"html").decode()

    def to_prometheus(self):
        """For a scrape, as text/plain; version=0.0.4."""
        return _ctx().text("mlpipe_report_render", self._p,
                           b"prometheus").decode()

    def __str__(self):
        return _ctx().text("mlpipe_report_render", self._p,
                           b"text").decode()


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


class _Stream:
    """A mlpipe_stream over the read(n) of a Python file."""

    def __init__(self, file):
        self._file = file
        self.error = None
        kind = dict(_raw.mlpipe_stream._fields_)["read"]
        self._read = kind(self._call)
        name = getattr(file, "name", None)
        self.raw = _raw.mlpipe_stream(
            size=ctypes.sizeof(_raw.mlpipe_stream),
            name=name.encode() if isinstance(name, str) else None,
            read=self._read)

    def _call(self, user, buffer, room, got):
        try:
            piece = self._file.read(room)
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise TypeError("a file opened in binary mode is needed: its "
                                f"read gave {type(piece).__name__}")
            piece = bytes(piece)
            if len(piece) > room:
                raise ValueError(f"read({room}) gave {len(piece)} bytes")
            ctypes.memmove(buffer, piece, len(piece))
            got[0] = len(piece)
            return _raw.MLPIPE_IO_OK
        except BaseException as error:  # none may pass through C
            self.error = error
            return _raw.MLPIPE_IO_FAILED


def _read(call, path, text):
    if not hasattr(path, "read"):
        return Dataset(_ctx().give(call, _raw.mlpipe_dataset, _bytes(path),
                                   text))
    stream = _Stream(path)
    try:
        return Dataset(_ctx().give(call + "_stream", _raw.mlpipe_dataset,
                                   ctypes.byref(stream.raw), text))
    except Error as error:
        if stream.error is not None:
            raise stream.error from error
        raise


def read_csv(path, params="", **named):
    """A CSV as a Dataset; parameters as mlpipe_read_csv's. path names a file,
    or is an object with read(n) that gives bytes."""
    return _read("mlpipe_read_csv", path, _params(params, named))


def read_json(path, params="", **named):
    """A file of NDJSON, or of an array of objects, as a Dataset; parameters
    as mlpipe_read_json's. path as read_csv's."""
    return _read("mlpipe_read_json", path, _params(params, named))


def csv_dialect(path, params="", **named):
    """How a CSV is written, without reading its rows: a Report."""
    return Report(_ctx().give("mlpipe_csv_dialect", _raw.mlpipe_report,
                              _bytes(path), _params(params, named)))


class Model(_Handle):
    """A fitted pipeline; immutable; pickles."""

    _free = "mlpipe_model_free"

    @property
    def id(self):
        return _text(_lib.mlpipe_model_id(self._p))

    @property
    def inputs(self):
        return [_text(_lib.mlpipe_model_input(self._p, i))
                for i in range(_lib.mlpipe_model_inputs(self._p))]

    @property
    def outputs(self):
        return [_text(_lib.mlpipe_model_output(self._p, i))
                for i in range(_lib.mlpipe_model_outputs(self._p))]

    def predict(self, dataset):
        """One float a row, or a tuple a row where there are more outputs."""
        _is(dataset, Dataset)
        width = len(self.outputs)
        out = (ctypes.c_double * (len(dataset) * width))()
        _ctx().call("mlpipe_predict", self._p, dataset._p, out, len(out))
        flat = list(out)
        if width == 1:
            return flat
        return [tuple(flat[i:i + width])
                for i in range(0, len(flat), width)]

    def evaluate(self, dataset, params="", **named):
        _is(dataset, Dataset)
        return Report(_ctx().give("mlpipe_evaluate", _raw.mlpipe_report,
                                  self._p, dataset._p,
                                  _params(params, named)))

    def importance(self, dataset, params="", **named):
        """What each column is worth: drop.<column> of the report."""
        _is(dataset, Dataset)
        return Report(_ctx().give("mlpipe_importance", _raw.mlpipe_report,
                                  self._p, dataset._p,
                                  _params(params, named)))

    def compare(self, other, dataset, params="", **named):
        """This model (a) and another (b) on the same rows: a Report."""
        _is(other, Model)
        _is(dataset, Dataset)
        return Report(_ctx().give("mlpipe_compare", _raw.mlpipe_report,
                                  self._p, other._p, dataset._p,
                                  _params(params, named)))

    def note(self, name, text):
        """The same model with a note in its card, such as "owner"."""
        return Model(_ctx().give("mlpipe_model_note", _raw.mlpipe_model,
                                 self._p, _bytes(name), _bytes(text)))

    def card(self):
        return Report(_ctx().give("mlpipe_model_card", _raw.mlpipe_report,
                                  self._p))

    def save(self, path):
        _ctx().call("mlpipe_model_save", self._p, _bytes(path))

    def to_bytes(self):
        return _ctx().text("mlpipe_model_bytes", self._p)

    def __reduce__(self):
        return from_bytes, (self.to_bytes(),)


def load(path):
    """A model from a file."""
    return Model(_ctx().give("mlpipe_model_load", _raw.mlpipe_model,
                             _bytes(path)))


def from_bytes(data):
    """A model from the bytes of Model.to_bytes."""
    data = bytes(data)
    return Model(_ctx().give("mlpipe_model_load_bytes", _raw.mlpipe_model,
                             data, len(data)))


class Transform(_Handle):
    """Fitted steps without a learner; immutable."""

    _free = "mlpipe_transform_free"

    def apply(self, dataset, params="", **named):
        """The features of other rows: a Dataset."""
        _is(dataset, Dataset)
        return Dataset(_ctx().give("mlpipe_transform_apply",
                                   _raw.mlpipe_dataset, self._p, dataset._p,
                                   _params(params, named)))

    def notes(self):
        """What the fit found out: a Report, such as kmeans.inertia."""
        return Report(_ctx().give("mlpipe_transform_notes",
                                  _raw.mlpipe_report, self._p))


class Pipeline(_Handle):
    """A recipe: Pipeline("target=price").add("impute").add("gbt")."""

    _free = "mlpipe_pipeline_free"

    def __init__(self, params="", **named):
        super().__init__(_ctx().give("mlpipe_pipeline_new",
                                     _raw.mlpipe_pipeline,
                                     _params(params, named)))

    def add(self, step, params="", **named):
        _ctx().call("mlpipe_pipeline_add", self._p, _bytes(step),
                    _params(params, named))
        return self

    def derive(self, expressions):
        """Features: "ratio = a / max(b, 1); age = year(as_of) - built"."""
        _ctx().call("mlpipe_pipeline_derive", self._p, _bytes(expressions))
        return self

    def filter(self, condition):
        """Train on rows where it is true: "age > 30 and city != 'Rome'";
        it may not read the target."""
        _ctx().call("mlpipe_pipeline_filter", self._p, _bytes(condition))
        return self

    def fit(self, train, valid=None):
        _is(train, Dataset)
        if valid is not None:
            _is(valid, Dataset)
        return Model(_ctx().give("mlpipe_fit", _raw.mlpipe_model, self._p,
                                 train._p, None if valid is None else valid._p))

    def fit_transform(self, train):
        """The steps alone: a Transform, and the training rows as features."""
        _is(train, Dataset)
        features = ctypes.POINTER(_raw.mlpipe_dataset)()
        fitted = Transform(_ctx().give(
            "mlpipe_transform_fit", _raw.mlpipe_transform, self._p,
            train._p, ctypes.byref(features)))
        return fitted, Dataset(features)

    def cross_validate(self, dataset, params="", **named):
        """Fitted and scored on folds: a Report."""
        _is(dataset, Dataset)
        return Report(_ctx().give("mlpipe_cross_validate", _raw.mlpipe_report,
                                  self._p, dataset._p,
                                  _params(params, named)))

    def search(self, train, valid, space, params="", **named):
        """(a recipe with better values, the report of all trials).

        The space is a text, "gbt.leaves=15..63 gbt.rate=0.03..0.2:log", or
        a dict of such values and lists; valid may be None: then by folds.
        """
        _is(train, Dataset)
        if valid is not None:
            _is(valid, Dataset)
        if isinstance(space, dict):
            space = json.dumps(space)
        tuned = ctypes.POINTER(_raw.mlpipe_pipeline)()
        trials = ctypes.POINTER(_raw.mlpipe_report)()
        _ctx().call("mlpipe_search", self._p, train._p,
                    None if valid is None else valid._p, _bytes(space),
                    _params(params, named), ctypes.byref(tuned),
                    ctypes.byref(trials))
        better = Pipeline.__new__(Pipeline)
        _Handle.__init__(better, tuned)
        return better, Report(trials)

    def compare(self, other, dataset, params="", **named):
        """This recipe (a) and another (b) over the same folds: a Report."""
        _is(other, Pipeline)
        _is(dataset, Dataset)
        return Report(_ctx().give("mlpipe_compare_recipes",
                                  _raw.mlpipe_report, self._p, other._p,
                                  dataset._p, _params(params, named)))

    def replay(self, dataset, params="", first=None, **named):
        """Run the monitored loop over rows in the order of time.

        Gives (a Report, the audit log: a JSON object a line). The first model
        is fitted on start= of the rows unless first is one.

            report, log = recipe.replay(
                data, start=0.25, label_rows=1,
                monitor="capture=1000", cycle="when=concept probation=500")
        """
        _is(dataset, Dataset)
        if first is not None:
            _is(first, Model)
        report, log = _replay.run(
            self._p, None if first is None else first._p, dataset._p, params,
            named)
        return Report(report), log

    def to_json(self):
        return _ctx().text("mlpipe_pipeline_json", self._p).decode()


class Store(_Handle):
    """Versions of datasets, models and reports in a folder.

        store = mlpipe.Store("versions", author="ada")
        version = store.commit("sales", data, note="January", key="id")
        print(store.diff(version, "sales")["rows_changed"])
    """

    _free = "mlpipe_store_free"

    def __init__(self, path, params="", **named):
        super().__init__(_ctx().give("mlpipe_store_open", _raw.mlpipe_store,
                                     _bytes(path), _params(params, named)))

    def commit(self, name, thing, params="", **named):
        """Keep a Dataset or a Model; its version."""
        if isinstance(thing, Model):
            call = "mlpipe_store_commit_model"
        else:
            _is(thing, Dataset)
            call = "mlpipe_store_commit"
        return _ctx().text(call, self._p, _bytes(name), thing._p,
                           _params(params, named)).decode()

    def dataset(self, name):
        return Dataset(_ctx().give("mlpipe_store_get_dataset",
                                   _raw.mlpipe_dataset, self._p,
                                   _bytes(name)))

    def model(self, name):
        return Model(_ctx().give("mlpipe_store_get_model", _raw.mlpipe_model,
                                 self._p, _bytes(name)))

    def put_report(self, name, about, report):
        """Keep a Report about a name, a tag or a version."""
        _is(report, Report)
        _ctx().call("mlpipe_store_put_report", self._p, _bytes(name),
                    _bytes(about), report._p)

    def report(self, name):
        return self._report("get_report", _bytes(name))

    def tag(self, name, tag):
        _ctx().call("mlpipe_store_tag", self._p, _bytes(name), _bytes(tag))

    def log(self):
        return self._report("log")

    def history(self, name):
        """What the versions of a name were, newest first: a Report."""
        return self._report("history", _bytes(name))

    def lineage(self, name):
        """Which data and which code made a model: a Report."""
        return self._report("lineage", _bytes(name))

    def changed(self, name, dataset):
        """Did the data change since? A Report with a verdict."""
        _is(dataset, Dataset)
        return self._report("changed", _bytes(name), dataset._p)

    def diff(self, a, b, params="", **named):
        return self._report("diff", _bytes(a), _bytes(b),
                            _params(params, named))

    def pin(self, name, path, tag=None):
        """Write a file, to be committed beside the code, of a version. A tag
        protects the version from gc; a pin alone does not."""
        if tag is not None:
            self.tag(name, tag)
            name = tag
        _ctx().call("mlpipe_store_pin", self._p, _bytes(name), _bytes(path))

    def pinned(self, path):
        """The Dataset of a pin, proved to be it."""
        return Dataset(_ctx().give("mlpipe_store_get_pinned",
                                   _raw.mlpipe_dataset, self._p,
                                   _bytes(path)))

    def gc(self, params="", **named):
        return self._report("gc", _params(params, named))

    def verify(self):
        return self._report("verify")

    def _report(self, call, *arguments):
        return Report(_ctx().give("mlpipe_store_" + call, _raw.mlpipe_report,
                                  self._p, *arguments))
