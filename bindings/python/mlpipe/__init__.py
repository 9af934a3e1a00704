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
from . import _arrow, _base, _raw
from ._base import Error, _ctx, _lib, configure, version
from ._catalog import functions, steps
from ._dataset import Copula, Dataset, concat, split_check, synth
from ._detector import Detector
from ._model import Model, Transform, from_bytes, load
from ._pipeline import Pipeline
from ._read import csv_dialect, read_csv, read_json
from ._replay import audit
from ._report import Report
from ._store import Store

__all__ = [
    "Copula", "Dataset", "Detector", "Error", "Model", "Pipeline", "Report",
    "Store", "Transform", "audit", "concat", "configure", "csv_dialect",
    "from_bytes", "functions", "load", "read_csv", "read_json", "split_check",
    "steps", "synth", "version",
]

for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__
