# SPDX-License-Identifier: MIT
"""Recipes, and what is fitted and found by them."""
from __future__ import annotations

import json
from typing import Any, Optional

from . import _raw, _replay
from ._base import _bytes, _ctx, _Handle, _is, _params
from ._dataset import Dataset, Table, dataset
from ._errors import ParameterError
from ._model import Model, Transform
from ._report import Report
from ._show import table


def _set(params: "dict[str, Any]") -> str:
    """The parameters that are set, for people."""
    texts = {key: ",".join(map(str, value)) if isinstance(value, list)
             else str(value) for key, value in params.items()
             if value not in (None, "")}
    return " ".join(f"{key}={text}" for key, text in texts.items())


def _pointer(rows: Optional[Dataset]) -> Any:
    return None if rows is None else rows._p


class Pipeline(_Handle):
    """A recipe: Pipeline("target=price").add("impute").add("gbt")."""

    _free = "mlpipe_pipeline_free"

    def __init__(self, params: str = "", **named: Any) -> None:
        self._p = _ctx().give("mlpipe_pipeline_new", _raw.mlpipe_pipeline,
                              _params(params, named))

    def add(self, step: str, params: str = "", **named: Any) -> Pipeline:
        """One more step, with the parameters that mlpipe.help(step) tells. A
        second one of its kind needs a name: add("scale", as_="later")."""
        _ctx().call("mlpipe_pipeline_add", self._p, _bytes(step),
                    _params(params, named))
        return self

    def derive(self, expressions: str) -> Pipeline:
        """Features: "ratio = a / max(b, 1); age = year(as_of) - built"."""
        _ctx().call("mlpipe_pipeline_derive", self._p, _bytes(expressions))
        return self

    def filter(self, condition: str) -> Pipeline:
        """Train on rows where it is true: "age > 30 and city != 'Rome'";
        it may not read the target."""
        _ctx().call("mlpipe_pipeline_filter", self._p, _bytes(condition))
        return self

    def fit(self, train: Table, valid: Optional[Table] = None) -> Model:
        """A Model of the training rows; the others stop the boosting."""
        train = dataset(train)
        valid = None if valid is None else dataset(valid)
        return Model._of(_ctx().give("mlpipe_fit", _raw.mlpipe_model, self._p,
                                     train._p, _pointer(valid)))

    def fit_transform(self, train: Table) -> tuple[Transform, Dataset]:
        """The steps alone: a Transform, and the training rows as features."""
        train = dataset(train)
        features, fitted = _ctx().gives(
            "mlpipe_transform_fit", (_raw.mlpipe_dataset,
                                     _raw.mlpipe_transform),
            self._p, train._p)
        return Transform._of(fitted), Dataset._of(features)

    def cross_validate(self, rows: Table, params: str = "",
                       **named: Any) -> Report:
        """Fitted and scored on folds: a Report."""
        rows = dataset(rows)
        return Report._of(_ctx().give("mlpipe_cross_validate",
                                      _raw.mlpipe_report, self._p, rows._p,
                                      _params(params, named)))

    def search(self, train: Table, valid: Optional[Table], space: Any,
               params: str = "", **named: Any) -> tuple[Pipeline, Report]:
        """(a recipe with better values, the report of all trials).

        The space is a text, "gbt.leaves=15..63 gbt.rate=0.03..0.2:log", or
        a dict of such values and lists; valid may be None: then by folds.
        """
        train = dataset(train)
        valid = None if valid is None else dataset(valid)
        if isinstance(space, (dict, str)) and not space:
            raise ParameterError(
                "the space is empty: name what to search, as in "
                '{"gbt.leaves": [15, 31], "gbt.rate": "0.03..0.2:log"}',
                _raw.MLPIPE_E_PARAM, "MLPIPE_E_PARAM")
        if isinstance(space, dict):
            space = json.dumps({key: list(of) if isinstance(of, tuple) else of
                                for key, of in space.items()})
        tuned, trials = _ctx().gives(
            "mlpipe_search", (_raw.mlpipe_pipeline, _raw.mlpipe_report),
            self._p, train._p, _pointer(valid), _bytes(space),
            _params(params, named))
        return Pipeline._of(tuned), Report._of(trials)

    def compare(self, other: Pipeline, rows: Table, params: str = "",
                **named: Any) -> Report:
        """This recipe (a) and another (b) over the same folds: a Report."""
        _is(other, Pipeline)
        rows = dataset(rows)
        return Report._of(_ctx().give("mlpipe_compare_recipes",
                                      _raw.mlpipe_report, self._p, other._p,
                                      rows._p, _params(params, named)))

    def replay(self, rows: Table, params: str = "",
               first: Optional[Model] = None,
               **named: Any) -> tuple[Report, str]:
        """Run the monitored loop over rows in the order of time.

        Gives (a Report, the audit log: a JSON object a line). The first model
        is fitted on start= of the rows unless first is one.

            report, log = recipe.replay(
                data, start=0.25, label_rows=1, monitor={"capture": 1000},
                cycle={"when": "concept", "probation": 500})
        """
        rows = dataset(rows)
        for key in ("monitor", "cycle"):
            if isinstance(named.get(key), dict):
                named[key] = (_params(None, named[key]) or b"").decode()
        if first is not None:
            _is(first, Model)
        report, log = _replay.run(
            self._p, None if first is None else first._p, rows._p, params,
            named)
        return Report._of(report), log

    def to_json(self) -> str:
        """The recipe as JSON, as from_json reads it."""
        return _ctx().text("mlpipe_pipeline_json", self._p).decode()

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """A recipe of JSON; what is left out has its default."""
        given = _bytes(text)
        if given is None:
            raise TypeError("a recipe is a text of JSON")
        return cls._of(_ctx().give("mlpipe_pipeline_parse",
                                   _raw.mlpipe_pipeline, given, len(given)))

    def fingerprint(self) -> str:
        """32 digits that depend on what the recipe does alone."""
        return _ctx().text("mlpipe_pipeline_fingerprint", self._p).decode()

    def __copy__(self) -> Pipeline:
        return Pipeline.from_json(self.to_json())

    def __deepcopy__(self, memo: Any) -> Pipeline:
        return self.__copy__()

    def _repr_html_(self) -> str:
        """What a notebook shows: the roles, then a step a line."""
        recipe = json.loads(self.to_json())
        lines = [("", _set(recipe["pipeline"]))]
        lines += [(step["as"], _set(step["params"]))
                  for step in recipe["steps"]]
        return table(["step", "parameters"], lines)

    def __repr__(self) -> str:
        return f"<mlpipe.Pipeline {self.to_json()}>"

    def __reduce__(self) -> Any:
        return Pipeline.from_json, (self.to_json(),)
