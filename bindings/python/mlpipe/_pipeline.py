# SPDX-License-Identifier: MIT
"""Recipes, and what is fitted and found by them."""
import ctypes
import json

from . import _raw, _replay
from ._base import _bytes, _ctx, _Handle, _is, _params
from ._dataset import Dataset
from ._model import Model, Transform
from ._report import Report


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
