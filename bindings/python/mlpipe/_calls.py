# SPDX-License-Identifier: MIT
"""What happens while the library works: Ctrl-C, the log, how far it is."""
from __future__ import annotations

import logging
import signal
import sys
import threading
import time
import traceback
from typing import Any, Callable, Optional, Union

from . import _names, _raw

# "auto" shows a bar where somebody looks.
Progress = Union[str, bool, Callable[[str, float], Any]]

_logger = logging.getLogger("mlpipe")
_LEVELS = {_raw.MLPIPE_LOG_ERROR: logging.ERROR,
           _raw.MLPIPE_LOG_WARN: logging.WARNING,
           _raw.MLPIPE_LOG_INFO: logging.INFO}
_SHOWN_AFTER = 0.5  # seconds; what is done sooner shows no bar
_SHOWN_EVERY = 0.1
_BAR = 24


class State(threading.local):
    """What a thread's call is about."""

    interrupted = False  # Ctrl-C came while it ran
    raised: Optional[BaseException] = None  # by a function of the user's
    bar: Optional[Bar] = None
    depth = 0


class Bar:
    """How far a call is, on a terminal or in a notebook."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()
        self._handle: Any = None
        self._wide = 0

    def tell(self, stage: str, fraction: float) -> None:
        now = time.monotonic()
        if now - self._start < _SHOWN_AFTER or now - self._last < _SHOWN_EVERY:
            return
        self._last = now
        full = int(_BAR * min(max(fraction, 0.0), 1.0))
        self._show(f"{stage} [{'#' * full}{'.' * (_BAR - full)}] "
                   f"{100 * fraction:3.0f} % {now - self._start:.1f} s")

    def _show(self, line: str) -> None:
        if _notebook():
            from IPython.display import display
            page = {"text/plain": line}
            if self._handle is None:
                self._handle = display(page, raw=True, display_id=True)
            else:
                self._handle.update(page, raw=True)
            return
        self._wide = max(self._wide, len(line))
        sys.stderr.write("\r" + line.ljust(self._wide))
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
        elif self._wide:
            sys.stderr.write("\r" + " " * self._wide + "\r")
            sys.stderr.flush()


def _notebook() -> bool:
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    return type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def _watched() -> bool:
    """Does somebody look at what would be shown?"""
    try:
        return _notebook() or sys.stderr.isatty()
    except (AttributeError, ValueError):  # no stderr, or a closed one
        return False


def _main() -> bool:
    return threading.current_thread() is threading.main_thread()


state = State()


def _log(user: Any, level: int, component: bytes, text: bytes) -> None:
    """A line of the library's log to Python's. What a handler raises is
    printed, since nothing may pass through C. Why a call failed is told by
    the exception that it raises, and not twice."""
    if level == _raw.MLPIPE_LOG_ERROR:
        return
    try:
        if state.bar is not None:
            state.bar.end()
        _logger.log(_LEVELS.get(level, logging.DEBUG), "%s: %s",
                    component.decode("utf-8", "replace"),
                    _names.told(text.decode("utf-8", "replace")))
    except KeyboardInterrupt:
        state.interrupted = True
    except BaseException:
        traceback.print_exc()


_progress: Progress = "auto"


def set_progress(how: Progress) -> None:
    global _progress
    if how != "auto" and not isinstance(how, bool) and not callable(how):
        raise TypeError('progress is "auto", True, False or a function of a '
                        f"stage and a fraction, not {how!r}")
    _progress = how


def told() -> bool:
    """Does this thread want to be told how far it is? Ctrl-C is for the main
    thread, and so are bars unless they are asked for."""
    return _main() or _progress not in ("auto", False)


def _tell(user: Any, stage: bytes, fraction: float) -> int:
    """How far the call is; not 0 to stop it. Here Python gets to see that a
    signal came, whose handler is on_interrupt while the call runs."""
    if state.interrupted:
        return 1
    try:
        if state.bar is not None:
            state.bar.tell(stage.decode(), fraction)
        elif callable(_progress):
            if _progress(stage.decode(), fraction) is False:
                return 1
    except KeyboardInterrupt:
        state.interrupted = True
    except BaseException as error:  # none may pass through C
        state.raised = error
        return 1
    return 1 if state.interrupted else 0


_fields: Any = _raw.mlpipe_ctx_options._fields_
_OPTIONS = dict(_fields)
# One of each for all contexts, which no object can outlive.
log_callback = _OPTIONS["log"](_log)
progress_callback = _OPTIONS["progress"](_tell)


class Call:
    """with Call(): one call of the library, which Ctrl-C ends."""

    __slots__ = ("_handler", "_signal")
    _handler: Any
    _signal: Any

    def _on_interrupt(self, number: int, frame: Any) -> None:
        """Raises nothing: it may run where nothing may be raised."""
        state.interrupted = True
        self._signal = (number, frame)

    def __enter__(self) -> Call:
        self._handler = self._signal = None
        state.depth += 1
        if state.depth > 1:
            return self  # of a callback, within another call
        state.interrupted, state.raised = False, None
        if _main():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._handler = handler
                signal.signal(signal.SIGINT, self._on_interrupt)
        if not callable(_progress) and _progress is not False and (
                _progress is True or _watched()):
            state.bar = Bar()
        return self

    def __exit__(self, *caught: Any) -> None:
        state.depth -= 1
        if state.depth:
            return
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        if state.bar is not None:
            bar, state.bar = state.bar, None
            bar.end()

    def check(self) -> None:
        """After the with: what came up while the library worked."""
        if state.depth:
            return
        raised, state.raised = state.raised, None
        interrupted, state.interrupted = state.interrupted, False
        if self._signal is not None and self._handler is not None:
            self._handler(*self._signal)  # Python's raises KeyboardInterrupt
        elif interrupted:
            raise KeyboardInterrupt
        if raised is not None:
            raise raised
