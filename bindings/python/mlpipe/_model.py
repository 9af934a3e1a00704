# SPDX-License-Identifier: MIT
"""Fitted pipelines."""
import ctypes

from . import _raw
from ._base import _bytes, _ctx, _Handle, _is, _lib, _params, _text
from ._dataset import Dataset
from ._report import Report


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
