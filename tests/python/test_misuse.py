# SPDX-License-Identifier: MIT
"""Every method and function with what it cannot use: an exception that says
so, and never a crash. A child does it, so that a crash would be seen."""
import inspect
import itertools
import os
import subprocess
import sys

import mlpipe

WRONG = ("None, 1.5, object(), b'', -1, 2**70, 'no such', [], {}, [None], "
         "10**400, '\\udc80', 'a\\0b', [[[1]], 'a'], {'a': [{}]}, 1j, "
         "bytearray(b'\\xff'), {1, 2}, float('nan'), slice('a'), int, "
         "{'\\udc80': ['\\udc80']}, range(3), Ellipsis, "
         "{'a': [1.5, 10**400]}, lambda *a: a[9]")
# A KeyError is of a name that is not there, an IndexError of the lambda.
FINE = (TypeError, ValueError, KeyError, IndexError, mlpipe.Error)


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
                    "__call__", "__getitem__", "__init__", "__contains__",
                    "__array__", "__arrow_c_stream__", "__deepcopy__"):
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


def keywords(call):
    """A keyword that none has, and those that the catalog has."""
    names = ["no_such_keyword", "surr\udc80", "a b"]
    try:
        names += [line.split("=")[0].split(" (")[0].split(":")[0].strip()
                  for line in mlpipe.help(call).splitlines()
                  if line.startswith("  ") and line[2] != " "][:4]
    except (KeyError, TypeError):
        pass
    return names


def freed(folder):
    """Every method and property of what is freed says so."""
    os.mkdir(folder)
    handles, told = things(folder), 0
    for thing in handles:
        thing.__del__()
        thing.__del__()  # which frees nothing twice
    for thing in handles:
        for name, what in inspect.getmembers(type(thing)):
            args = {"__getitem__": ["x"], "__call__": [[1.0, "x"]]}.get(
                name, [])
            if (name[0] == "_" and not args) or isinstance(
                    inspect.getattr_static(type(thing), name),
                    (classmethod, staticmethod)):
                continue
            places = [] if args or not callable(what) else [
                p for p in inspect.signature(what).parameters.values()
                if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD]
            args = args or [handles[0]] * (len(places) - 1)
            try:
                found = getattr(thing, name)
                if not callable(found):
                    assert name in OWN, (name, found)
                    continue
                found(*args)
            except FINE:
                told += 1
                continue
            raise AssertionError(f"{type(thing).__name__}.{name}{args}")
    return told


# Properties that need nothing of the library.
OWN = ("ACTIONS", "FLAGS", "NONE", "WARN", "DRIFT", "inputs", "outputs")


def run(folder):
    import logging
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
                raise AssertionError(f"{name}{args!r}"[:500]) from error
        for key, value in itertools.product(keywords(call),
                                            wrong_values(handles)):
            tried += 1
            try:
                call(**{key: value})
            except FINE:
                refused += 1
            except BaseException as error:
                raise AssertionError(
                    f"{name}({key}={value!r})"[:500]) from error
    mlpipe.configure()
    wanted = handles[2].predict(handles[0])
    assert len(wanted) == 60  # and all works on
    print(tried, refused, freed(folder + "/freed"))


def test_nothing_crashes(tmp_path):
    said = subprocess.run([sys.executable, __file__, str(tmp_path)],
                          capture_output=True, text=True, timeout=500)
    assert said.returncode == 0, said.stderr[-4000:]
    tried, refused, told = map(int, said.stdout.split())
    assert tried > 10000 and refused > tried / 2 and told > 80


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
                except ValueError:
                    continue
                raise AssertionError(f"{name}.{method}")


if __name__ == "__main__":
    run(sys.argv[1])
