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

Wherever rows are taken, so are frames of pandas and polars, tables of Arrow,
dicts of columns and matrices of NumPy: see dataset(). Keyword arguments are
the parameters of the catalog: print(help("gbt")), steps(). Errors are
mlpipe.Error with the fields of the library's message, and also the exceptions
of Python's that one would catch, such as FileNotFoundError. What the library
says beside results, such as warnings, goes to logging.getLogger("mlpipe").
"""
import types as _types

from . import _arrow, _base, _catalog, _errors, _raw
from ._base import _ctx, _lib, configure, version
from ._catalog import functions, help, steps
from ._cycle import Cycle, Monitor, Trigger
from ._dataset import Copula, Dataset, concat, dataset, split_check, synth
from ._deploy import Slot, Worker
from ._detector import Detector
from ._errors import (AmbiguousError, ArgumentError, BusyError, CancelledError,
                      ConflictError, CorruptError, DeniedFileError, EmptyError,
                      Error, FileError, FileExistsAlreadyError, FormatError,
                      FullDiskError, HostError, InternalError, LeakError,
                      LimitError, LockedFileError, MissingFileError,
                      NotFoundError, NumericError, OutOfMemoryError,
                      ParameterError, SchemaError, StateError,
                      UnsupportedError, VersionError)
from ._model import Model, Transform, from_bytes, load
from ._pipeline import Pipeline
from ._read import csv_dialect, read_csv, read_json
from ._replay import audit
from ._report import Report
from ._row import Row
from ._store import Store

__all__ = [
    "Copula", "Cycle", "Dataset", "Detector", "Model", "Monitor", "Pipeline",
    "Report", "Row", "Slot", "Store", "Transform", "Trigger", "Worker",
    "audit", "concat", "configure", "csv_dialect", "dataset", "from_bytes",
    "functions", "help", "load", "read_csv", "read_json", "split_check",
    "steps", "synth", "version",
    # What is raised.
    "AmbiguousError", "ArgumentError", "BusyError", "CancelledError",
    "ConflictError", "CorruptError", "DeniedFileError", "EmptyError", "Error",
    "FileError", "FileExistsAlreadyError", "FormatError", "FullDiskError",
    "HostError", "InternalError", "LeakError", "LimitError", "LockedFileError",
    "MissingFileError", "NotFoundError", "NumericError", "OutOfMemoryError",
    "ParameterError", "SchemaError", "StateError", "UnsupportedError",
    "VersionError",
]

__version__ = version()

_public = [globals()[_name] for _name in __all__]
for _thing in _public:  # where users find them, and pickles too
    _thing.__module__ = __name__
_catalog.document(_public + [
    getattr(_thing, _name) for _thing in _public if isinstance(_thing, type)
    for _name, _value in vars(_thing).items()
    if _name[0] != "_" and isinstance(_value, (_types.FunctionType,
                                               classmethod))])
