# SPDX-License-Identifier: MIT
"""Fitted pipelines."""
from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING, Any, Optional

from . import _raw
from ._base import (Path, _bytes, _ctx, _data, _Immutable, _is, _lib,
                    _params, _text)
from ._dataset import Dataset, Table, dataset
from ._frame import _numpy
from ._report import Report
from ._row import Row
from ._show import table

if TYPE_CHECKING:
    from ._pipeline import Pipeline


def _named(count: Any, name: Any, thing: Any) -> list[str]:
    return [_text(name(thing, i)) for i in range(count(thing))]


class Model(_Immutable):
    """A fitted pipeline; immutable; pickles."""

    _free = "mlpipe_model_free"

    @property
    def id(self) -> str:
        """32 digits: equal data, recipe and seed give equal ones."""
        return _text(_lib.mlpipe_model_id(self._p))

    @property
    def inputs(self) -> list[str]:
        """The columns that it reads, in the order of row(). The time column
        is none of them where the recipe reads it as as_of alone: see time."""
        return _named(_lib.mlpipe_model_inputs, _lib.mlpipe_model_input,
                      self._p)

    @property
    def time(self) -> Optional[str]:
        """The time column of the recipe, which as_of reads; None without."""
        names = json.loads(self.recipe().to_json())["pipeline"]["time"]
        return names[0] if names else None

    @property
    def outputs(self) -> list[str]:
        """What predict() gives: the target or P(class), then what steps
        behind the learner add."""
        return _named(_lib.mlpipe_model_outputs, _lib.mlpipe_model_output,
                      self._p)

    @property
    def feature_names_in_(self) -> list[str]:
        """inputs, by the name that scikit-learn gives them."""
        return self.inputs

    def get_feature_names_out(self) -> list[str]:
        """outputs, by the name that scikit-learn gives them."""
        return self.outputs

    @property
    def classes(self) -> list[str]:
        """The classes, in the order of predict_proba; [] for numbers."""
        found: list[str] = []
        while True:
            name = _lib.mlpipe_model_class(self._p, len(found))
            if name is None:
                return found
            found.append(_text(name))

    def predict(self, rows: Table) -> Any:
        """One float a row, or as many as there are outputs; of two classes
        P of the last one. An array where NumPy is installed, else a list."""
        rows = dataset(rows)
        width = len(self.outputs)
        np = _numpy()
        out: Any
        if np is not None:
            found = np.empty((len(rows), width))
            out = ctypes.cast(found.ctypes.data,
                              ctypes.POINTER(ctypes.c_double))
        else:
            out = (ctypes.c_double * (len(rows) * width))()
        _ctx().call("mlpipe_predict", self._p, rows._p, out,
                    len(rows) * width)
        if np is not None:
            return found[:, 0] if width == 1 else found
        flat = list(out)
        if width == 1:
            return flat
        return [tuple(flat[i:i + width])
                for i in range(0, len(flat), width)]

    def predict_proba(self, rows: Table) -> Any:
        """The probability of each class of classes, a row each."""
        count = len(self.classes)
        if not count:
            raise TypeError("a model of numbers has no classes: predict() "
                            "gives its answers")
        found = self.predict(rows)
        np = _numpy()
        if np is not None:
            found = found.reshape(len(found), -1)
            if count > 2:
                return found[:, :count]
            return np.column_stack([1 - found[:, 0], found[:, 0]])
        wide = [row if isinstance(row, tuple) else (row,) for row in found]
        if count > 2:
            return [row[:count] for row in wide]
        return [(1 - row[0], row[0]) for row in wide]

    def row(self, extra: str = "error") -> Row:
        """What answers single rows: a Row. A list of numbers takes about a
        microsecond, a dict or texts more. Where the recipe reads as_of, the
        time comes along: row(values, now=...). extra="ignore" leaves out what
        a dict has beside the inputs."""
        return Row(self, extra)

    def evaluate(self, rows: Table, params: str = "", **named: Any) -> Report:
        """Scores on rows that it has not seen: metrics="rmse,r2", query=."""
        rows = dataset(rows)
        return Report._of(_ctx().give("mlpipe_evaluate", _raw.mlpipe_report,
                                      self._p, rows._p,
                                      _params(params, named)))

    def importance(self, rows: Table, params: str = "",
                   **named: Any) -> Report:
        """What each column is worth: drop.<column> of the report."""
        rows = dataset(rows)
        return Report._of(_ctx().give("mlpipe_importance", _raw.mlpipe_report,
                                      self._p, rows._p,
                                      _params(params, named)))

    def compare(self, other: Model, rows: Table, params: str = "",
                **named: Any) -> Report:
        """This model (a) and another (b) on the same rows: a Report."""
        _is(other, Model)
        rows = dataset(rows)
        return Report._of(_ctx().give("mlpipe_compare", _raw.mlpipe_report,
                                      self._p, other._p, rows._p,
                                      _params(params, named)))

    def note(self, name: str, text: str) -> Model:
        """The same model with a note in its card, such as "owner"."""
        return Model._of(_ctx().give("mlpipe_model_note", _raw.mlpipe_model,
                                     self._p, _bytes(name), _bytes(text)))

    def attach(self, report: Report) -> Model:
        """The same model with a report of evaluate() in its card."""
        _is(report, Report)
        return Model._of(_ctx().give("mlpipe_model_attach", _raw.mlpipe_model,
                                     self._p, report._p))

    def card(self) -> Report:
        """Where it came from and what is known of it."""
        return Report._of(_ctx().give("mlpipe_model_card", _raw.mlpipe_report,
                                      self._p))

    def explain(self) -> str:
        """What a row goes through, step by step."""
        return _ctx().text("mlpipe_model_explain", self._p).decode()

    def recipe(self) -> Pipeline:
        """The recipe that made it."""
        from ._pipeline import Pipeline  # which makes Models itself
        return Pipeline._of(_ctx().give("mlpipe_model_recipe",
                                        _raw.mlpipe_pipeline, self._p))

    def save(self, path: Path) -> None:
        """To a file: after a crash it is the old one or the new one."""
        _ctx().call("mlpipe_model_save", self._p, _bytes(path))

    def to_bytes(self) -> bytes:
        """What save() writes."""
        return _ctx().text("mlpipe_model_bytes", self._p)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        steps = json.loads(self.recipe().to_json())["steps"]
        lines = [("model", self.id[:8]), ("inputs", ", ".join(self.inputs)),
                 ("outputs", ", ".join(self.outputs)),
                 ("classes", ", ".join(self.classes)),
                 ("steps", ", ".join(step["step"] for step in steps))]
        return table([], [line for line in lines if line[1]],
                     "card() and explain() tell more")

    def __repr__(self) -> str:
        return (f"<mlpipe.Model {self.id[:8]}: {len(self.inputs)} inputs to "
                f"{', '.join(self.outputs)}>")

    def __reduce__(self) -> Any:
        return from_bytes, (self.to_bytes(),)


def load(path: Path) -> Model:
    """A model from a file."""
    return Model._of(_ctx().give("mlpipe_model_load", _raw.mlpipe_model,
                                 _bytes(path)))


def from_bytes(data: Any) -> Model:
    """A model from the bytes of Model.to_bytes."""
    data = _data(data)
    return Model._of(_ctx().give("mlpipe_model_load_bytes", _raw.mlpipe_model,
                                 data, len(data)))


class Transform(_Immutable):
    """Fitted steps without a learner; immutable; pickles."""

    _free = "mlpipe_transform_free"

    @property
    def id(self) -> str:
        """32 digits over everything that decides its answers."""
        return _text(_lib.mlpipe_transform_id(self._p))

    @property
    def inputs(self) -> list[str]:
        """The columns that it reads."""
        return _named(_lib.mlpipe_transform_inputs,
                      _lib.mlpipe_transform_input, self._p)

    @property
    def outputs(self) -> list[str]:
        """The features that it gives."""
        return _named(_lib.mlpipe_transform_outputs,
                      _lib.mlpipe_transform_output, self._p)

    @property
    def feature_names_in_(self) -> list[str]:
        """inputs, by the name that scikit-learn gives them."""
        return self.inputs

    def get_feature_names_out(self) -> list[str]:
        """outputs, by the name that scikit-learn gives them."""
        return self.outputs

    def apply(self, rows: Table, params: str = "", **named: Any) -> Dataset:
        """The features of other rows: a Dataset."""
        rows = dataset(rows)
        return Dataset._of(_ctx().give("mlpipe_transform_apply",
                                       _raw.mlpipe_dataset, self._p, rows._p,
                                       _params(params, named)))

    def notes(self) -> Report:
        """What the fit found out: a Report, such as kmeans.inertia."""
        return Report._of(_ctx().give("mlpipe_transform_notes",
                                      _raw.mlpipe_report, self._p))

    def explain(self) -> str:
        """What a row goes through, step by step."""
        return _ctx().text("mlpipe_transform_explain", self._p).decode()

    def recipe(self) -> Pipeline:
        """The recipe that made it."""
        from ._pipeline import Pipeline  # which makes Transforms itself
        return Pipeline._of(_ctx().give("mlpipe_transform_recipe",
                                        _raw.mlpipe_pipeline, self._p))

    def save(self, path: Path) -> None:
        """To a file: after a crash it is the old one or the new one."""
        _ctx().call("mlpipe_transform_save", self._p, _bytes(path))

    @classmethod
    def load(cls, path: Path) -> Transform:
        """One from a file of save()."""
        return cls._of(_ctx().give("mlpipe_transform_load",
                                   _raw.mlpipe_transform, _bytes(path)))

    def to_bytes(self) -> bytes:
        """What save() writes."""
        return _ctx().text("mlpipe_transform_bytes", self._p)

    @classmethod
    def from_bytes(cls, data: Any) -> Transform:
        """One from the bytes of to_bytes()."""
        data = _data(data)
        return cls._of(_ctx().give("mlpipe_transform_load_bytes",
                                   _raw.mlpipe_transform, data, len(data)))

    def __reduce__(self) -> Any:
        return Transform.from_bytes, (self.to_bytes(),)
