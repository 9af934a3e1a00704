# SPDX-License-Identifier: MIT
"""Versions of data, models and reports in a folder."""
from . import _raw
from ._base import _bytes, _ctx, _Handle, _is, _params
from ._dataset import Dataset
from ._model import Model
from ._report import Report


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
