# SPDX-License-Identifier: MIT
"""Watch what serves, and retrain when it has to be."""
from __future__ import annotations

import ctypes
from typing import Any, Optional

from . import _raw
from ._base import _bytes, _ctx, _Handle, _is, _params, _real, _whole
from ._dataset import Dataset
from ._deploy import Moment, Slot, _microseconds
from ._model import Model
from ._pipeline import Pipeline
from ._report import Report


class Monitor(_Handle):
    """Watches a slot across swaps: Monitor(slot, capture=20000)."""

    _free = "mlpipe_monitor_free"

    def __init__(self, slot: Slot, params: str = "", **named: Any) -> None:
        _is(slot, Slot)
        self._p = _ctx().give("mlpipe_monitor_new", _raw.mlpipe_monitor,
                              slot._p, _params(params, named))

    def truth(self, id: int, truth: float,
              label_us: Optional[Moment] = None) -> None:
        """What became of a request; of classes the place in
        Model.classes. label_us is when it became known, by default now: a
        datetime (UTC where it has no zone) or microseconds since 1970-01-01
        UTC."""
        _ctx().call("mlpipe_monitor_truth", self._p, _whole(id, "id"),
                    _microseconds(label_us, "label_us"),
                    _real(truth, "truth"))

    def tick(self, now_us: Optional[Moment] = None) -> bool:
        """Read the workers' counters; was a pane closed? now_us is a datetime
        or microseconds since 1970-01-01 UTC, by default the clock's."""
        closed = ctypes.c_int32()
        _ctx().call("mlpipe_monitor_tick", self._p, _microseconds(now_us),
                    ctypes.byref(closed))
        return bool(closed.value)

    def report(self) -> Report:
        """Drift, concept and performance, with their verdicts."""
        return Report._of(_ctx().give("mlpipe_monitor_report",
                                      _raw.mlpipe_report, self._p))

    def canary(self) -> Report:
        """The state of the canary, by itself."""
        return Report._of(_ctx().give("mlpipe_monitor_canary",
                                      _raw.mlpipe_report, self._p))

    def captured(self) -> Dataset:
        """The rows that were captured and whose truth is known."""
        return Dataset._of(_ctx().give("mlpipe_monitor_captured",
                                       _raw.mlpipe_dataset, self._p))


class Trigger(_Handle):
    """A rule over a monitor's report: Trigger(model, "age > 30 d")."""

    _free = "mlpipe_trigger_free"

    def __init__(self, model: Model, rule: str) -> None:
        _is(model, Model)
        self._p = _ctx().give("mlpipe_trigger_new", _raw.mlpipe_trigger,
                              model._p, _bytes(rule))

    def test(self, report: Report) -> bool:
        """Does it hold for a report of Monitor.report()?"""
        _is(report, Report)
        fired = ctypes.c_int32()
        _ctx().call("mlpipe_trigger_test", self._p, report._p,
                    ctypes.byref(fired))
        return bool(fired.value)


class Cycle(_Handle):
    """Closes the loop around a monitored slot.

        cycle = mlpipe.Cycle(monitor, recipe, when="performance")
        if cycle.tick() == "retrain":
            cycle.retrain()
    """

    _free = "mlpipe_cycle_free"
    ACTIONS = {_raw.MLPIPE_ACTION_NONE: "none",
               _raw.MLPIPE_ACTION_RETRAIN: "retrain",
               _raw.MLPIPE_ACTION_SWAPPED: "swapped",
               _raw.MLPIPE_ACTION_REJECTED: "rejected",
               _raw.MLPIPE_ACTION_CONFIRMED: "confirmed",
               _raw.MLPIPE_ACTION_ROLLED_BACK: "rolled_back",
               _raw.MLPIPE_ACTION_SHADOW: "shadow",
               _raw.MLPIPE_ACTION_CANARY: "canary",
               _raw.MLPIPE_ACTION_DROPPED: "dropped"}

    def __init__(self, monitor: Monitor, recipe: Pipeline, params: str = "",
                 **named: Any) -> None:
        _is(monitor, Monitor)
        _is(recipe, Pipeline)
        self._p = _ctx().give("mlpipe_cycle_new", _raw.mlpipe_cycle,
                              monitor._p, recipe._p, _params(params, named))

    def tick(self, now_us: Optional[Moment] = None) -> str:
        """Let time pass: what it did or asks for, one of ACTIONS. now_us is a
        datetime or microseconds since 1970-01-01 UTC, by default the
        clock's."""
        action = ctypes.c_int32()
        _ctx().call("mlpipe_cycle_tick", self._p, _microseconds(now_us),
                    ctypes.byref(action))
        return self.ACTIONS.get(action.value, str(action.value))

    def retrain(self) -> None:
        """Fit a challenger on the captured rows; a later tick judges it."""
        _ctx().call("mlpipe_cycle_retrain", self._p)

    def log(self) -> str:
        """Every decision with its figures, a JSON object a line."""
        return _ctx().text("mlpipe_cycle_log", self._p).decode()

    def report(self) -> Report:
        """The monitor's report with the table "decisions"; to_html() is a
        page of panes, alarms, swaps and decisions."""
        return Report._of(_ctx().give("mlpipe_cycle_report",
                                      _raw.mlpipe_report, self._p))
