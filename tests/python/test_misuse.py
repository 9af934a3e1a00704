# SPDX-License-Identifier: MIT
"""Every method and function with what it cannot use: an exception that says
so, and never a crash. A child does it, so that a crash would be seen."""
import inspect
import itertools
import subprocess
import sys

import mlpipe

WRONG = "None, 1.5, object(), b'', -1, 2**70, 'no such', [], {}, [None]"
# What one may not guess from outside
FINE = (TypeError, ValueError, KeyError, LookupError, OverflowError,
        mlpipe.Error, OSError)


def wrong_values(handles):
    return [*eval(WRONG), *handles]


def things(folder):
    """One of each class."""
    rows = mlpipe.dataset({"a": list(range(60)), "c": list("xyz") * 20,
                           "y": [i * 2.5 for i in range(60)]})
    recipe = mlpipe.Pipeline("target=y").add("onehot").add("ridge")
    model = recipe.fit(rows)
    slot = mlpipe.Slot(model)
    monitor = mlpipe.Monitor(slot, capture=1000)
    steps, _ = mlpipe.Pipeline("features=a").add("scale").fit_transform(rows)
    return [rows, recipe, model, slot, monitor, slot.worker(), steps,
            mlpipe.Cycle(monitor, recipe, when="age > 1 d",
                         probation=100), model.row(),
            mlpipe.Trigger(model, "age > 1 d"), model.evaluate(rows),
            mlpipe.Detector("ddm"), rows.copula(),
            mlpipe.Store(f"{folder}/store")]


def callables(handles):
    """(a name, a function) of everything that is public."""
    for thing in handles:
        for name, _ in inspect.getmembers(type(thing), callable):
            if name.startswith("_") and name not in (
                    "__call__", "__getitem__", "__init__"):
                continue
            if name == "__init__":
                yield type(thing).__name__, type(thing)
            elif name not in ("to_html", "_repr_html_"):
                yield (f"{type(thing).__name__}.{name}",
                       getattr(thing, name))
    for name in mlpipe.__all__:
        if not isinstance(getattr(mlpipe, name), type):
            yield name, getattr(mlpipe, name)


def attempts(call, handles):
    """Arguments by place: alone, and each place among fitting ones."""
    wrong = wrong_values(handles)
    yield from ((value,) for value in wrong)
    try:
        places = len([p for p in inspect.signature(call).parameters.values()
                      if p.kind in (p.POSITIONAL_ONLY,
                                    p.POSITIONAL_OR_KEYWORD)])
    except (TypeError, ValueError):
        places = 1
    for count in range(2, min(places, 4) + 1):
        step = 7 if count == 2 else 29 if count == 3 else 101
        every = itertools.product(wrong, repeat=count)
        yield from itertools.islice(every, 0, None, step)
    yield ()


def run(folder):
    import logging
    import os
    logging.disable(logging.CRITICAL)
    os.chdir(folder)
    handles, tried, refused = things(folder), 0, 0
    for name, call in callables(handles):
        for args in attempts(call, handles):
            tried += 1
            try:
                call(*args)
            except FINE:
                refused += 1
            except BaseException as error:
                raise AssertionError(f"{name}{args!r}: {error!r}") from error
        for value in wrong_values(handles):
            try:
                call(no_such_keyword=value)
            except FINE:
                refused += 1
    mlpipe.configure()
    wanted = handles[2].predict(handles[0])
    assert len(wanted) == 60  # and all works on
    print(tried, refused)


def test_nothing_crashes(tmp_path):
    said = subprocess.run([sys.executable, __file__, str(tmp_path)],
                          capture_output=True, text=True, timeout=500)
    assert said.returncode == 0, said.stderr[-4000:]
    tried, refused = map(int, said.stdout.split())
    assert tried > 5000 and refused > tried / 2


def test_classes_are_not_made_of_pointers():
    for name in ("Model", "Report", "Copula", "Transform"):
        for args in ((), (17,), (None,)):
            try:
                getattr(mlpipe, name)(*args)
            except TypeError:
                continue
            raise AssertionError(name)


def test_half_made_objects_say_so():
    """What __new__ alone made has no object of the library."""
    for name in ("Pipeline", "Model", "Store", "Slot", "Monitor"):
        kind = getattr(mlpipe, name)
        made = kind.__new__(kind)
        for method in ("to_json", "save", "log", "rollback", "tick"):
            if hasattr(kind, method):
                try:
                    getattr(made, method)(*["x"] * (method == "save"))
                except (mlpipe.Error, TypeError):
                    continue
                raise AssertionError(f"{name}.{method}")


if __name__ == "__main__":
    run(sys.argv[1])
