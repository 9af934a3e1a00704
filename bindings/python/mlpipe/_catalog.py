# SPDX-License-Identifier: MIT
"""What the library has: steps and their parameters, and functions."""
import ctypes

from . import _raw
from ._base import _lib, _text

# what expressions are made of
_WORDS = (_raw.MLPIPE_KIND_FUNCTION, _raw.MLPIPE_KIND_SYNTAX)


def steps():
    """The catalog: {step or call: {parameter: documentation}}."""
    found = {}
    entry = _raw.mlpipe_catalog_entry()
    param = _raw.mlpipe_catalog_parameter()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            continue
        found[_text(entry.name)] = params = {}
        for j in range(entry.params):
            _lib.mlpipe_catalog_param(i, j, ctypes.byref(param))
            params[_text(param.name)] = _text(param.doc)
    return found


def functions():
    """What expressions are made of: {name: signature and what it does}."""
    found = {}
    entry = _raw.mlpipe_catalog_entry()
    for i in range(_lib.mlpipe_catalog_count()):
        _lib.mlpipe_catalog_get(i, ctypes.byref(entry))
        if entry.kind in _WORDS:
            found[_text(entry.name)] = _text(entry.doc)
    return found
