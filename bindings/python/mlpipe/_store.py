# SPDX-License-Identifier: MIT
"""Versions of data, models and reports in a folder."""
from __future__ import annotations

from typing import Any, Optional, Union

from . import _raw
from ._base import Path, _bytes, _ctx, _Handle, _is, _params
from ._dataset import Dataset, Table, dataset
from ._model import Model
from ._report import Report


class Store(_Handle):
    """Versions of datasets, models and reports in a folder.

        store = mlpipe.Store("versions", author="ada")
        version = store.commit("sales", data, note="January", key="id")
        print(store.diff(version, "sales")["rows_changed"])
    """

    _free = "mlpipe_store_free"

    def __init__(self, path: Path, params: str = "", **named: Any) -> None:
        self._p = _ctx().give("mlpipe_store_open", _raw.mlpipe_store,
                              _bytes(path), _params(params, named))

    def commit(self, name: str, thing: Union[Model, Table], params: str = "",
               **named: Any) -> str:
        """Keep a Model, or a Dataset of anything; its version."""
        if isinstance(thing, Model):
            call = "mlpipe_store_commit_model"
        else:
            thing = dataset(thing)
            call = "mlpipe_store_commit"
        return _ctx().text(call, self._p, _bytes(name), thing._p,
                           _params(params, named)).decode()

    def dataset(self, name: str) -> Dataset:
        """The rows of a name, a tag or a version."""
        return Dataset._of(_ctx().give("mlpipe_store_get_dataset",
                                       _raw.mlpipe_dataset, self._p,
                                       _bytes(name)))

    def model(self, name: str) -> Model:
        """The model of a name, a tag or a version."""
        return Model._of(_ctx().give("mlpipe_store_get_model",
                                     _raw.mlpipe_model, self._p,
                                     _bytes(name)))

    def put_report(self, name: str, about: str, report: Report) -> None:
        """Keep a Report about a name, a tag or a version."""
        _is(report, Report)
        _ctx().call("mlpipe_store_put_report", self._p, _bytes(name),
                    _bytes(about), report._p)

    def report(self, name: str) -> Report:
        """A report that put_report kept."""
        return self._report("get_report", _bytes(name))

    def tag(self, name: str, tag: str) -> None:
        """Give the newest version of a name, or a version, a tag."""
        _ctx().call("mlpipe_store_tag", self._p, _bytes(name), _bytes(tag))

    def log(self) -> Report:
        """What was done to the store."""
        return self._report("log")

    def history(self, name: str) -> Report:
        """What the versions of a name were, newest first: a Report."""
        return self._report("history", _bytes(name))

    def lineage(self, name: str) -> Report:
        """Which data and which code made a model: a Report."""
        return self._report("lineage", _bytes(name))

    def changed(self, name: str, rows: Table) -> Report:
        """Did the data change since? A Report with a verdict."""
        rows = dataset(rows)
        return self._report("changed", _bytes(name), rows._p)

    def diff(self, a: str, b: str, params: str = "",
             **named: Any) -> Report:
        """What changed from one version to another."""
        return self._report("diff", _bytes(a), _bytes(b),
                            _params(params, named))

    def pin(self, name: str, path: Path, tag: Optional[str] = None) -> None:
        """Write a file, to be committed beside the code, of a version. A tag
        protects the version from gc; a pin alone does not."""
        if tag is not None:
            self.tag(name, tag)
            name = tag
        _ctx().call("mlpipe_store_pin", self._p, _bytes(name), _bytes(path))

    def pinned(self, path: Path) -> Dataset:
        """The Dataset of a pin, proved to be it."""
        return Dataset._of(_ctx().give("mlpipe_store_get_pinned",
                                       _raw.mlpipe_dataset, self._p,
                                       _bytes(path)))

    def gc(self, params: str = "", **named: Any) -> Report:
        """Drop what nothing needs any more."""
        return self._report("gc", _params(params, named))

    def verify(self) -> Report:
        """Read everything again: is it whole?"""
        return self._report("verify")

    def _report(self, call: str, *arguments: Any) -> Report:
        return Report._of(_ctx().give("mlpipe_store_" + call,
                                      _raw.mlpipe_report, self._p,
                                      *arguments))
