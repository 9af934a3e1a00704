# SPDX-License-Identifier: MIT
"""What the library has: steps and their parameters, and functions."""
from __future__ import annotations

import ctypes
import difflib
import inspect
import keyword
from typing import Any, Iterable

from . import _raw
from ._base import _lib, _text
from ._show import Page
from ._topics import TOPICS, topic

# what expressions are made of
_WORDS = (_raw.MLPIPE_KIND_FUNCTION, _raw.MLPIPE_KIND_SYNTAX)


def steps() -> dict[str, dict[str, str]]:
    """The catalog: {step or call: {parameter: documentation}}."""
    found: dict[str, dict[str, str]] = {}
    entry = _raw.mlpipe_catalog_entry()
    param = _raw.mlpipe_catalog_parameter()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            continue
        params: dict[str, str] = {}
        found[_text(entry.name)] = params
        for j in range(entry.params):
            _lib.mlpipe_catalog_param(i, j, ctypes.byref(param))
            params[_text(param.name)] = _text(param.doc)
    return found


def functions() -> dict[str, str]:
    """What expressions are made of: {name: signature and what it does}."""
    found = {}
    entry = _raw.mlpipe_catalog_entry()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            found[_text(entry.name)] = _text(entry.doc)
    return found


_TYPES = {_raw.MLPIPE_PARAM_INT: "int", _raw.MLPIPE_PARAM_REAL: "float",
          _raw.MLPIPE_PARAM_BOOL: "bool", _raw.MLPIPE_PARAM_CHOICE: "choice",
          _raw.MLPIPE_PARAM_TEXT: "text", _raw.MLPIPE_PARAM_NAMES: "columns",
          _raw.MLPIPE_PARAM_REALS: "numbers", _raw.MLPIPE_PARAM_SPAN: "span"}
_KINDS = {_raw.MLPIPE_KIND_CALL: "call", _raw.MLPIPE_KIND_ROW: "step",
          _raw.MLPIPE_KIND_FIT: "step that learns",
          _raw.MLPIPE_KIND_ROWS: "step of training rows",
          _raw.MLPIPE_KIND_LEARNER: "learner",
          _raw.MLPIPE_KIND_FUNCTION: "function",
          _raw.MLPIPE_KIND_SYNTAX: "syntax",
          _raw.MLPIPE_KIND_TAIL: "step behind the learner",
          _raw.MLPIPE_KIND_DETECTOR: "detector"}
_ALL = 1e300  # bounds beyond are none


def _bound(low: float, high: float) -> str:
    if low > -_ALL and high < _ALL:
        return f", {low:g} to {high:g}"
    if low > -_ALL:
        return f", from {low:g}"
    return f", up to {high:g}" if high < _ALL else ""


def _parameter(param: _raw.mlpipe_catalog_parameter) -> str:
    kind = _TYPES.get(param.type, "text")
    if param.choices:
        kind = " | ".join(_text(param.choices).split(","))
    elif param.type in (_raw.MLPIPE_PARAM_INT, _raw.MLPIPE_PARAM_REAL):
        kind += _bound(param.low, param.high)
    if param.initial is None:
        initial = " (required)"
    else:
        initial = f"={_text(param.initial)}" if param.initial else ""
    name = _text(param.name)
    if keyword.iskeyword(name):  # as is one: written as_=
        name += "_"
    return f"  {name}{initial}: {kind}\n      {_text(param.doc)}"


_Entries = list[tuple[str, int, str, int, int]]  # name, kind, doc, index, n


def _entries() -> _Entries:
    entry = _raw.mlpipe_catalog_entry()
    found = []
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        found.append((_text(entry.name), entry.kind, _text(entry.doc), i,
                      entry.params))
    return found


# Calls that Python has by a name of its own.
_CALLS = {"Pipeline.compare": "compare_recipes", "Dataset.copula": "copula_fit",
          "Dataset.arrow_stream": "dataset_to_arrow", "csv_dialect": "read_csv",
          "dataset": "dataset_from_arrow"}


def _found(name: str, entries: _Entries) -> _Entries:
    """The entries of a name: "gbt", "slot", "Slot", "Dataset.split"."""
    low = _CALLS.get(name, name).lower()
    low, last = low.replace(".", "_"), low.rpartition(".")[2]
    for wanted in ((name,), (low,), (f"mlpipe_{low}",),
                   (f"mlpipe_{low}_new", f"mlpipe_{low}_open"),
                   (f"mlpipe_{last}",)):
        found = [entry for entry in entries if entry[0] in wanted]
        if found:
            return found
    if low == "detector":
        return [e for e in entries if e[1] == _raw.MLPIPE_KIND_DETECTOR]
    return [e for e in entries if e[1] == _raw.MLPIPE_KIND_CALL
            and e[0].endswith("_" + last)]


def _of_python(entries: _Entries) -> _Entries:
    """Those that are classes, methods and functions here."""
    return [e for e in entries if e[1] in (_raw.MLPIPE_KIND_CALL,
                                           _raw.MLPIPE_KIND_DETECTOR)]


def _parameters(index: int, count: int) -> list[str]:
    param = _raw.mlpipe_catalog_parameter()
    lines = []
    for i in range(count):
        _lib.mlpipe_catalog_param(index, i, ctypes.byref(param))
        lines.append(_parameter(param))
    return lines


def help(name: Any = None) -> str:
    """What a step, call, detector, class or function takes, from the catalog:
    print(mlpipe.help("gbt")), help("slot"), help("Dataset.split") or
    help(mlpipe.Monitor). Calls may leave out "mlpipe_" and "_new". Also
    help("span"), "time", "rule" and "metrics": what such parameters take.
    Without a name: which there are."""
    if name is None:
        named = [(title, [e[0] for e in _entries() if e[1] == kind])
                 for kind, title in _KINDS.items()]
        named.append(("what parameters take", list(TOPICS)))
        return Page("\n".join(f"{title}: {', '.join(names)}"
                               for title, names in named))
    entries = _entries()
    if callable(name) and hasattr(name, "__qualname__"):
        name, entries = name.__qualname__, _of_python(entries)
    if not isinstance(name, str):
        raise TypeError(f"a name is needed, not {type(name).__name__}")
    pages = ["\n".join([f"{title} ({_KINDS.get(kind, 'entry')}): {doc}",
                        *_parameters(index, count)])
             for title, kind, doc, index, count in _found(name, entries)]
    if not pages and topic(name):
        return Page(topic(name))
    if pages:
        return Page("\n\n".join(pages))
    near = difflib.get_close_matches(name, [e[0] for e in entries]
                                     + list(TOPICS), 1)
    raise KeyError(name + (f": did you mean {near[0]!r}?" if near else ""))


def document(things: Iterable[Any]) -> None:
    """Put the parameters of the catalog into the docstrings of what takes
    some: classes, their methods, functions."""
    entries = _of_python(_entries())
    for thing in things:
        taking = vars(thing).get("__init__") if isinstance(
            thing, type) else thing
        code = getattr(getattr(taking, "__func__", taking), "__code__", None)
        if not code or "params" not in code.co_varnames[:code.co_argcount]:
            continue
        lines = [line for e in _found(thing.__qualname__, entries)
                 for line in ([f"{e[0]}: {e[2]}"] if e[1] else [])
                 + _parameters(e[3], e[4])]
        if lines:
            thing = getattr(thing, "__func__", thing)
            thing.__doc__ = "\n".join([inspect.cleandoc(thing.__doc__), "",
                                       "Parameters, by keyword or as a text:",
                                       *lines])
