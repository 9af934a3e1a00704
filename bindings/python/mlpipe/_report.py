# SPDX-License-Identifier: MIT
"""Reports: named numbers, texts and tables."""
from __future__ import annotations

import ctypes
import html
import json
from typing import TYPE_CHECKING, Any, Iterator, Optional

from . import _raw
from ._base import _bytes, _ctx, _Immutable, _lib, _text
from ._show import missing

if TYPE_CHECKING:
    from ._dataset import Dataset


class Report(_Immutable):
    """Named numbers: report["rmse"], dict(report), print(report); texts by
    text("verdict"), tables by table("findings")."""

    _free = "mlpipe_report_free"

    def __getitem__(self, name: str) -> float:
        if not isinstance(name, str):
            raise KeyError(name)
        value: float = _lib.mlpipe_report_get(self._p, _bytes(name))
        if value != value and name not in self.keys():
            raise KeyError(self._no_number(name))
        return value

    def _no_number(self, name: str) -> str:
        if self.text(name) is not None:
            return f"{name!r} is a text: use .text({name!r})"
        if name in self.tables:
            return f"{name!r} is a table: use .table({name!r})"
        return missing(name, self.keys(), "numbers")

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def figure(self, name: str) -> dict[str, float]:
        """A number with its interval and the rows behind it: value, low,
        high, n; NaN for what is not known."""
        self[name]
        found, figure = ctypes.c_char_p(), _raw.mlpipe_figure()
        for i in range(_lib.mlpipe_report_count(self._p)):
            if not _lib.mlpipe_report_figure(self._p, i, ctypes.byref(found),
                                             ctypes.byref(figure)):
                if _text(found.value) == name:
                    break
        return {"value": figure.value, "low": figure.low,
                "high": figure.high, "n": figure.n}

    def keys(self) -> list[str]:
        """The names of the numbers."""
        name = ctypes.c_char_p()
        names = []
        for i in range(_lib.mlpipe_report_count(self._p)):
            if not _lib.mlpipe_report_figure(self._p, i, ctypes.byref(name),
                                             None):
                names.append(_text(name.value))
        return names

    def text(self, name: str) -> Optional[str]:
        """A text of the report, such as "task"; None where it has none."""
        found = _lib.mlpipe_report_text(self._p, _bytes(name))
        return None if found is None else _text(found)

    @property
    def tables(self) -> list[str]:
        """The names of the tables, series among them."""
        return [_text(_lib.mlpipe_report_table_name(self._p, i))
                for i in range(_lib.mlpipe_report_tables(self._p))]

    def table(self, name: str) -> Dataset:
        """A table as a Dataset; a series as one of a column, "value"."""
        from ._dataset import Dataset  # which has Reports itself
        return Dataset._of(_ctx().give("mlpipe_report_table",
                                   _raw.mlpipe_dataset, self._p,
                                   _bytes(name)))

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        found: dict[str, Any] = json.loads(self.to_json())
        return found

    def to_json(self) -> str:
        """All of it as a text of JSON."""
        return _ctx().text("mlpipe_report_render", self._p, b"json").decode()

    def to_markdown(self) -> str:
        """Tables of Markdown."""
        return _ctx().text("mlpipe_report_render", self._p,
                           b"markdown").decode()

    def _repr_html_(self) -> str:
        """What a notebook shows: a page in a frame of its own."""
        page = html.escape(self.to_html())
        return f'<iframe srcdoc="{page}" width="100%" height="600"></iframe>'

    def to_html(self) -> str:
        """A page that needs nothing beside it."""
        return _ctx().text("mlpipe_report_render", self._p, b"html").decode()

    def to_prometheus(self) -> str:
        """For a scrape, as text/plain; version=0.0.4."""
        return _ctx().text("mlpipe_report_render", self._p,
                           b"prometheus").decode()

    def __str__(self) -> str:
        return _ctx().text("mlpipe_report_render", self._p,
                           b"text").decode()

    def __repr__(self) -> str:
        title = str(self).partition("\n")[0]
        tables = self.tables
        kept = f", tables {', '.join(tables)}" if tables else ""
        return (f"<mlpipe.Report {title!r}: {len(self.keys())} numbers{kept}; "
                "print() shows it>")

    def __reduce__(self) -> Any:
        raise TypeError("a mlpipe.Report does not pickle: keep its to_dict() "
                        "or to_json(), or put it into a Store")
