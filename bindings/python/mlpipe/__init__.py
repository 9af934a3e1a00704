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
are mlpipe.Error with the fields of the library's message.
"""
import ctypes
import json
import os
import threading

from . import _raw


def _load():
    """The library: MLPIPE_LIBRARY, beside this file, or the system's."""
    here = os.path.dirname(os.path.abspath(__file__))
    beside = os.path.join(here, "libmlpipe.so.0")
    name = os.environ.get("MLPIPE_LIBRARY") or (
        beside if os.path.exists(beside) else "libmlpipe.so.0")
    try:
        library = _raw.declare(ctypes.CDLL(name))
    except OSError as error:
        raise OSError(f"{error}; MLPIPE_LIBRARY may name the library, such "
                      "as build/quickstart/lib/libmlpipe.so.0") from None
    # A buffer may hold any bytes, which a C string cannot.
    library.mlpipe_buffer_data.restype = ctypes.c_void_p
    return library


_lib = _load()


class Error(Exception):
    """What the library said: status, detail, row, column, where, text."""

    def __init__(self, error):
        self.status = error.status
        self.name = _lib.mlpipe_status_name(error.status).decode()
        self.detail = error.detail
        self.row = error.row if error.row >= 0 else None
        self.column = _text(error.column) or None
        self.where = _text(error.where) or None
        self.text = _text(error.text)
        super().__init__(f"{self.name}: {self.text}")


def _text(raw):
    return raw.decode("utf-8", "replace") if raw else ""


def _bytes(text):
    if text is None:
        return None
    if isinstance(text, os.PathLike):
        text = os.fspath(text)
    if not isinstance(text, str):
        raise TypeError(f"a text is needed, not {type(text).__name__}")
    return text.encode()


def _params(text, named):
    """"a=1 b=2" and keywords as one parameter text."""
    parts = [text] if text else []
    for key, value in named.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (list, tuple)):
            value = ",".join(str(v) for v in value)
        elif isinstance(value, float):
            value = repr(value)
        value = str(value).replace("'", "''")
        parts.append(f"{key.rstrip('_')}='{value}'")
    return " ".join(parts).encode() or None


def _is(thing, kind):
    if not isinstance(thing, kind):
        raise TypeError(f"a mlpipe.{kind.__name__} is needed, not "
                        f"{type(thing).__name__}")


class _Handle:
    """An object of the library: freed with this one."""

    _free = None

    def __init__(self, pointer):
        self._p = pointer

    def __del__(self):
        pointer, self._p = getattr(self, "_p", None), None
        if pointer and _lib is not None:
            getattr(_lib, self._free)(pointer)


class _Context(_Handle):
    _free = "mlpipe_ctx_free"

    def __init__(self, threads=1, seed=0):
        options = _raw.mlpipe_ctx_options()
        options.size = ctypes.sizeof(options)
        options.threads = threads
        options.seed = seed
        pointer = ctypes.POINTER(_raw.mlpipe_ctx)()
        status = _lib.mlpipe_ctx_new(ctypes.byref(options),
                                     ctypes.byref(pointer))
        if status == _raw.MLPIPE_E_NOMEM:
            raise MemoryError("no context")
        if status:
            raise ValueError(f"threads={threads} or seed={seed} is out of "
                             "range")
        super().__init__(pointer)

    def call(self, name, *arguments):
        status = getattr(_lib, name)(self._p, *arguments)
        if status:
            raise Error(_lib.mlpipe_ctx_error(self._p).contents)

    def give(self, name, kind, *arguments):
        """Call a function whose last argument gives an object."""
        pointer = ctypes.POINTER(kind)()
        self.call(name, *arguments, ctypes.byref(pointer))
        return pointer

    def text(self, name, *arguments):
        """Call a function that gives a buffer; its bytes."""
        buffer = self.give(name, _raw.mlpipe_buffer, *arguments)
        try:
            return ctypes.string_at(_lib.mlpipe_buffer_data(buffer),
                                    _lib.mlpipe_buffer_size(buffer))
        finally:
            _lib.mlpipe_buffer_free(buffer)


_settings = (1, 0)
_local = threading.local()


def _ctx():
    """The context of this thread, process and configuration: the library's
    belong to one thread at a time, and to the process that made them."""
    made_for = (os.getpid(), _settings)
    if getattr(_local, "made_for", None) != made_for:
        _local.context = _Context(*_settings)
        _local.made_for = made_for
    return _local.context


def configure(threads=1, seed=0):
    """Threads and seed of every later call, on every thread of Python."""
    global _settings
    _Context(threads, seed)  # refuses what no later call could use
    _settings = (threads, seed)


def version():
    """The version of the loaded library, such as "0.1.0"."""
    v = _lib.mlpipe_version()
    return f"{v >> 16}.{v >> 8 & 255}.{v & 255}"


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
    """Named numbers: report["rmse"], dict(report), print(report)."""

    _free = "mlpipe_report_free"

    def __getitem__(self, name):
        value = _lib.mlpipe_report_get(self._p, _bytes(name))
        if value != value and name not in self.keys():
            raise KeyError(name)
        return value

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

    def to_dict(self):
        return json.loads(_ctx().text("mlpipe_report_render", self._p,
                                      b"json"))

    def to_markdown(self):
        return _ctx().text("mlpipe_report_render", self._p,
                           b"markdown").decode()

    def __str__(self):
        return _ctx().text("mlpipe_report_render", self._p,
                           b"text").decode()


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

    def values(self, column):
        """A column as a list: numbers or texts, None for null."""
        position = _lib.mlpipe_dataset_find(self._p, _bytes(column))
        if position < 0:
            raise KeyError(column)
        value = _raw.mlpipe_value()
        # No NUL need stand behind a text, so that it is no C string.
        start = ctypes.c_void_p.from_buffer(value,
                                            _raw.mlpipe_value.str.offset)
        found = []
        for row in range(len(self)):
            _lib.mlpipe_dataset_cell(self._p, row, position,
                                     ctypes.byref(value))
            if value.kind == _raw.MLPIPE_VALUE_TEXT:
                found.append(_text(ctypes.string_at(start.value, value.len)))
            else:
                null = value.kind == _raw.MLPIPE_VALUE_NULL
                found.append(None if null else value.num)
        return found

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

    def reading(self):
        """What happened when it was read."""
        return Report(_ctx().give("mlpipe_dataset_reading",
                                  _raw.mlpipe_report, self._p))


    def arrow_stream(self, params="", **named):
        """The rows as a PyCapsule that any reader of Arrow streams takes;
        parameters as mlpipe_dataset_to_arrow_stream's."""
        stream = _raw.ArrowArrayStream()
        _ctx().call("mlpipe_dataset_to_arrow_stream", self._p,
                    _params(params, named), ctypes.byref(stream))
        return _capsule(stream)

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
            stream = _uncapsule(capsule, b"arrow_array_stream",
                                _raw.ArrowArrayStream)
            return cls(_ctx().give("mlpipe_dataset_from_arrow_stream",
                                   _raw.mlpipe_dataset, stream, given))
        if hasattr(data, "__arrow_c_array__"):
            schema, array = data.__arrow_c_array__()
            return cls(_ctx().give(
                "mlpipe_dataset_from_arrow", _raw.mlpipe_dataset,
                _uncapsule(schema, b"arrow_schema", _raw.ArrowSchema),
                _uncapsule(array, b"arrow_array", _raw.ArrowArray), given))
        raise TypeError(f"{type(data).__name__} has neither "
                        "__arrow_c_stream__ nor __arrow_c_array__")


# ---- Arrow streams as PyCapsules --------------------------------------------

_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.restype = ctypes.c_void_p
_capsule_get.argtypes = [ctypes.py_object, ctypes.c_char_p]
# The structs that capsules point at, by address, until the capsule dies.
_streams = {}


def _capsule_destructor(streams, byref, prototype):
    """What a dying capsule calls. Capsules may outlive this module when the
    interpreter ends, so that it uses no global and is itself never freed."""
    peek = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p,
                             ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))

    @prototype
    def end(capsule):
        """Its stream is released unless a reader moved it."""
        stream = streams.pop(peek(capsule, b"arrow_array_stream"), None)
        if stream is not None and stream.release:
            stream.release(byref(stream))

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(end))
    return end


_capsule_end = _capsule_destructor(
    _streams, ctypes.byref, ctypes.PYFUNCTYPE(None, ctypes.c_void_p))


def _capsule(stream):
    address = ctypes.addressof(stream)
    _streams[address] = stream
    return _capsule_new(address, b"arrow_array_stream",
                        ctypes.cast(_capsule_end, ctypes.c_void_p))


def _uncapsule(capsule, name, kind):
    """A pointer to the struct of a capsule, which stays alive with it."""
    pointer = ctypes.cast(_capsule_get(capsule, name), ctypes.POINTER(kind))
    pointer.capsule = capsule
    return pointer


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

    def pin(self, name, path):
        """Write a file, to be committed beside the code, of a version."""
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
