# SPDX-License-Identifier: MIT
"""What a prompt and a notebook show of things."""
from __future__ import annotations

import difflib
import html
from typing import Iterable, Sequence


class Page(str):
    """A text that a prompt shows as it is."""

    def __repr__(self) -> str:
        return str(self)


def table(names: Sequence[str], rows: Iterable[Sequence[str]],
          below: str = "") -> str:
    """A table of HTML with a line below it."""
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(
            f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
    return ("<table>" + (f"<thead>{line(names, 'th')}</thead>" if names
                         else "")
            + f"<tbody>{''.join(line(row, 'td') for row in rows)}</tbody>"
            + "</table>" + (f"<p>{html.escape(below)}</p>" if below else ""))


def missing(name: str, names: Sequence[str], what: str) -> str:
    """A name that is none: which are near, else which there are."""
    lower = {known.lower(): known for known in reversed(names)}
    near = [lower[low] for low in
            difflib.get_close_matches(name.lower(), list(lower), 3)]
    if near:
        return (f"{name}: did you mean "
                f"{' or '.join(repr(known) for known in near)}?")
    shown = ", ".join(names[:8]) + (
        f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{name}: the {what} are {shown}" if names else name
