# SPDX-License-Identifier: MIT
"""Backtests of the monitored loop, and the audit of its log."""
import ctypes

from . import _raw
from ._base import _bytes, _ctx, _params


def run(recipe, first, rows, params, named):
    """(the report as a pointer, the log as text)."""
    log = ctypes.POINTER(_raw.mlpipe_buffer)()
    report = ctypes.POINTER(_raw.mlpipe_report)()
    _ctx().call("mlpipe_cycle_replay", recipe, first, rows,
                _params(params, named), ctypes.byref(log),
                ctypes.byref(report))
    return report, _ctx().taken(log).decode()


def audit(log):
    """Decide again from an audit log: how many decisions follow from it."""
    decisions = ctypes.c_uint64()
    data = _bytes(log)
    _ctx().call("mlpipe_cycle_audit", data, len(data),
                ctypes.byref(decisions))
    return decisions.value
