# SPDX-License-Identifier: MIT
"""Reports: named numbers, texts and tables."""
import ctypes
import difflib
import html
import json

from . import _raw
from ._base import _bytes, _ctx, _Handle, _lib, _text


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
        from ._dataset import Dataset  # which has Reports itself
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
