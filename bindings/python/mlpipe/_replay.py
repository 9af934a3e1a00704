# SPDX-License-Identifier: MIT
"""Backtests of the monitored loop, and the audit of its log."""
from __future__ import annotations

import ctypes
from typing import Any

from . import _raw
from ._base import _bytes, _ctx, _params


def run(recipe: Any, first: Any, rows: Any, params: str,
        named: dict[str, Any]) -> tuple[Any, str]:
    """(the report as a pointer, the log as text)."""
    log, report = _ctx().gives(
        "mlpipe_cycle_replay", (_raw.mlpipe_buffer, _raw.mlpipe_report),
        recipe, first, rows, _params(params, named))
    return report, _ctx().taken(log).decode()


def audit(log: str) -> int:
    """Decide again from an audit log: how many decisions follow from it."""
    decisions = ctypes.c_uint64()
    data = _bytes(log)
    if data is None:
        raise TypeError("a log is a text")
    _ctx().call("mlpipe_cycle_audit", data, len(data),
                ctypes.byref(decisions))
    return decisions.value
