# SPDX-License-Identifier: MIT
"""What the library has: steps and their parameters, and functions."""
from __future__ import annotations

import ctypes
import difflib

from . import _raw
from ._base import _lib, _text

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


class _Page(str):
    """A text that a prompt shows as it is."""

    def __repr__(self) -> str:
        return str(self)


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
    return f"  {_text(param.name)}{initial}: {kind}\n      {_text(param.doc)}"


def help(name: str) -> str:
    """What a step, call, detector or function does and takes, from the
    catalog: print(mlpipe.help("gbt")). Calls may leave out "mlpipe_"."""
    if not isinstance(name, str):
        raise TypeError(f"a name is needed, not {type(name).__name__}")
    entry = _raw.mlpipe_catalog_entry()
    param = _raw.mlpipe_catalog_parameter()
    names = []
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        names.append(_text(entry.name))
        if names[-1] not in (name, "mlpipe_" + name):
            continue
        lines = [f"{names[-1]} ({_KINDS.get(entry.kind, 'entry')}): "
                 f"{_text(entry.doc)}"]
        for j in range(entry.params):
            _lib.mlpipe_catalog_param(i, j, ctypes.byref(param))
            lines.append(_parameter(param))
        return _Page("\n".join(lines))
    near = difflib.get_close_matches(name, names, 1)
    raise KeyError(name + (f": did you mean {near[0]!r}?" if near else ""))
