# SPDX-License-Identifier: MIT
"""Long calls: Ctrl-C ends them, and they tell how far they are."""
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import pytest

import mlpipe

ROWS = 20000


@pytest.fixture(scope="module")
def rows():
    return mlpipe.synth("friedman1", rows=ROWS)


@pytest.fixture(scope="module")
def recipe(rows):
    return mlpipe.Pipeline(f"target={rows.columns[-1]}").add("gbt",
                                                             trees=100000)


def interrupt_after(seconds):
    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    sent = []
    timer = threading.Timer(seconds, send)
    timer.start()
    return timer, sent


LONG = {
    "fit": lambda rows, recipe: recipe.fit(rows),
    "cross_validate": lambda rows, recipe: recipe.cross_validate(rows),
    "search": lambda rows, recipe: recipe.search(
        rows, None, "gbt.leaves=3..60", trials=100),
    "synth": lambda rows, recipe: mlpipe.synth("friedman1", rows=10**8),
}


@pytest.mark.parametrize("call", LONG)
def test_ctrl_c_ends_a_long_call(rows, recipe, call):
    before = signal.getsignal(signal.SIGINT)
    best = 1.0
    for _ in range(3):  # the machine may have been busy with something else
        timer, sent = interrupt_after(0.3)
        with pytest.raises(KeyboardInterrupt):
            LONG[call](rows, recipe)
        best = min(best, time.monotonic() - sent[0])
        timer.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert best < 0.05
    small = mlpipe.Pipeline(f"target={rows.columns[-1]}").add("ridge")
    assert small.fit(rows).id  # the context works on


def test_a_handler_of_the_user_is_called(rows, recipe):
    class Stop(Exception):
        pass

    def handler(number, frame):
        raise Stop
    before = signal.signal(signal.SIGINT, handler)
    try:
        timer, _ = interrupt_after(0.2)
        with pytest.raises(Stop):
            recipe.fit(rows)
        timer.join()
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_not_interrupted(rows):
    small = mlpipe.Pipeline(f"target={rows.columns[-1]}").add("gbt", trees=50)
    found = []
    thread = threading.Thread(target=lambda: found.append(small.fit(rows)))
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    thread.join()
    assert found[0].id == small.fit(rows).id


def test_progress_is_told_to_a_function(rows, recipe):
    told = []

    def tell(stage, fraction):
        told.append((stage, fraction))
        return len(told) < 50
    mlpipe.configure(progress=tell)
    try:
        with pytest.raises(mlpipe.CancelledError):
            recipe.fit(rows)
        assert len(told) == 50
        assert all(isinstance(stage, str) and 0 <= fraction <= 1
                   for stage, fraction in told)

        def fail(stage, fraction):
            raise LookupError("mine")
        mlpipe.configure(progress=fail)
        with pytest.raises(LookupError, match="mine"):
            recipe.fit(rows)
    finally:
        mlpipe.configure()
    for wrong in (3, "on"):
        with pytest.raises(TypeError):
            mlpipe.configure(progress=wrong)


def test_what_is_not_configured_stays():
    mlpipe.configure(threads=2)
    mlpipe.configure(seed=7)
    mlpipe.configure(progress=False)
    assert mlpipe._base._settings == (2, 7)
    assert mlpipe._calls._progress is False
    mlpipe.configure()
    assert mlpipe._base._settings == (1, 0)
    assert mlpipe._calls._progress == "auto"


# A bar waits for half a second in earnest; here it must not depend on how fast
# the machine is.
CODE = ("import sys, mlpipe\n"
        "mlpipe._calls._SHOWN_AFTER = mlpipe._calls._SHOWN_EVERY = 0\n"
        "if len(sys.argv) > 1: mlpipe.configure(progress=eval(sys.argv[1]))\n"
        "rows = mlpipe.synth('friedman1', rows=20000)\n"
        "recipe = mlpipe.Pipeline('target=' + rows.columns[-1])\n"
        "recipe.add('gbt', trees=400).fit(rows)\n")


def shown_on_a_terminal(*args):
    """What a terminal as standard error was sent."""
    master, slave = pty.openpty()
    child = subprocess.Popen([sys.executable, "-c", CODE, *args],
                             stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux says so at the end
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert child.wait() == 0, shown
    return shown.decode()


def test_a_bar_on_a_terminal():
    shown = shown_on_a_terminal()
    assert "%" in shown and "[#" in shown and "\x1b" not in shown
    assert shown.endswith(" \r")  # and then it is gone
    assert shown_on_a_terminal("False") == ""


def test_no_bar_elsewhere():
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True,
                          text=True)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    said = subprocess.run([sys.executable, "-c", CODE, "True"],
                          capture_output=True, text=True)
    assert "%" in said.stderr


def test_a_bar_in_a_notebook(monkeypatch, rows):
    """As a notebook is seen: a module IPython with a shell of a kernel."""
    import types
    shown = []

    class Handle:
        def update(self, page, raw):
            shown.append(page["text/plain"])

    class ZMQInteractiveShell:
        pass

    def display(page, raw, display_id):
        shown.append(page["text/plain"])
        return Handle()
    module = types.ModuleType("IPython")
    module.get_ipython = ZMQInteractiveShell
    module.display = types.ModuleType("IPython.display")
    module.display.display = display
    monkeypatch.setattr(mlpipe._calls, "_SHOWN_AFTER", 0)
    monkeypatch.setattr(mlpipe._calls, "_SHOWN_EVERY", 0)
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", module.display)
    mlpipe.Pipeline(f"target={rows.columns[-1]}").add("gbt",
                                                      trees=400).fit(rows)
    assert len(shown) > 2 and "%" in shown[0] and shown[-1] == ""
