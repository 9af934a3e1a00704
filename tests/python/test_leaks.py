# SPDX-License-Identifier: MIT
"""Nothing is kept of what was made and dropped: 2,000 rounds, 100,000 in the
long run. What lives in the library is counted, what in the process is
measured."""
import ctypes
import gc
import itertools
import logging
import os
import pickle
import signal
import time

import pytest

import mlpipe

ROUNDS = 100000 if os.environ.get("MLPIPE_SWEEP_ALL") else 2000
PAGE = os.sysconf("SC_PAGE_SIZE")
ROOM = 1 << 20  # bytes by which arenas of the allocators may differ


def live():
    """Bytes that objects of this thread's context hold."""
    gc.collect()
    count = ctypes.c_uint64()
    mlpipe._lib.mlpipe_ctx_memory(mlpipe._ctx()._p, ctypes.byref(count), None)
    return count.value


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def given():
    """What Python holds for as long as somebody reads it as Arrow."""
    return set(mlpipe._arrow._streams), set(mlpipe._arrow_make._kept)


@pytest.fixture(autouse=True)
def no_log():
    """pytest keeps every line of the log, which would be what grows."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def rows():
    return {"a": [float(i % 11) for i in range(60)], "c": list("xyz") * 20,
            "y": [i * 2.5 for i in range(60)]}


def everything(rows, path):
    """A round: most of what gives objects, errors among them."""
    data = mlpipe.dataset(rows)
    recipe = mlpipe.Pipeline("target=y").add("onehot").add("ridge")
    model = recipe.fit(data)
    model.row()([1.0, "x"])
    mlpipe.Slot(model).worker().predict([1.0, "x"])
    model.predict(rows)
    model.evaluate(data)["rmse"]
    data.split("parts=0.5,0.5")
    data.to_dict()
    pickle.loads(pickle.dumps(data))
    data.__arrow_c_stream__()
    try:
        recipe.add("rigde")
    except mlpipe.Error:
        pass
    try:
        mlpipe.read_csv(path)
    except FileNotFoundError:
        pass


def repeat(rounds, once, room=ROOM):
    """Many times what leaves nothing, after some that may warm up."""
    for _ in range(max(rounds // 5, 100)):
        once()
    kept, before = given(), live()
    held, start = resident(), time.monotonic()
    for _ in range(rounds):
        once()
    took = time.monotonic() - start
    print(f"{rounds} rounds, {took:.1f} s, {before} bytes live before and "
          f"{live()} after, RSS {held >> 10} KiB {resident() - held >> 10:+} "
          "KiB")  # pytest -s shows it
    assert live() == before
    assert resident() - held <= room
    assert given() == kept


def test_fits_and_frees_leave_nothing(rows, tmp_path):
    path = tmp_path / "none.csv"
    repeat(ROUNDS, lambda: everything(rows, path))


def fit(data, *steps):
    recipe = mlpipe.Pipeline("target=y")
    for step in steps:
        recipe.add(*step.split(" ", 1))
    return recipe.fit(data)


def cheap(rows):
    data = mlpipe.dataset(rows)
    return lambda: fit(data, "onehot", "ridge").id


def trees(rows):
    data = mlpipe.dataset(rows)
    return lambda: fit(data, "gbt trees=2 leaves=4").id


def frames(rows):
    frame = pytest.importorskip("pandas", exc_type=ImportError).DataFrame(rows)
    return lambda: fit(frame, "ordinal", "ridge").predict(frame)


def failing(rows):
    """Fits that are refused before, amid and behind the steps."""
    holes = mlpipe.dataset(dict(rows, a=[None, *rows["a"][1:]]))
    still = mlpipe.dataset(dict(rows, y=["one"] * 60))
    none = mlpipe.dataset({"a": rows["a"]})
    tries = itertools.cycle([
        (holes, "onehot", "ridge"), (holes, "scale", "ridge"),
        (still, "onehot", "logistic"), (none, "gbt"), (holes, "scale"),
        (holes, "onehot", "gbt trees=2 increasing=none")])

    def once():
        data, *steps = next(tries)
        with pytest.raises(mlpipe.Error):
            fit(data, *steps)
    return once


def ended(rows, how, error):
    """Fits that end at their first, second, ... look at the caller."""
    data = mlpipe.dataset(rows)
    tries = itertools.cycle(itertools.product(
        range(1, 40), [("gbt trees=20",), ("onehot", "ridge")]))

    def once():
        at, steps = next(tries)
        looks = itertools.count(1)
        mlpipe.configure(progress=lambda stage, share: (
            how() if next(looks) == at else None))
        with pytest.raises(error):
            fit(data, *steps)
    return once


def cancelled(rows):
    return ended(rows, lambda: False, mlpipe.CancelledError)


def interrupted(rows):
    return ended(rows, lambda: signal.raise_signal(signal.SIGINT),
                 KeyboardInterrupt)


@pytest.mark.parametrize("kind", [cheap, trees, frames, failing, cancelled,
                                  interrupted], ids=lambda kind: kind.__name__)
def test_fits_leave_nothing(rows, kind):
    try:
        repeat(ROUNDS if ROUNDS > 2000 else 500, kind(rows))
    finally:
        mlpipe.configure()


def test_frames_leave_nothing(rows):
    pd = pytest.importorskip("pandas", exc_type=ImportError)
    np = pytest.importorskip("numpy", exc_type=ImportError)
    frame = pd.DataFrame(rows)
    matrix = np.random.default_rng(1).normal(size=(1000, 50))

    def once():
        mlpipe.dataset(frame).to_pandas()
        mlpipe.dataset(matrix).to_numpy()
        with pytest.raises(TypeError):
            mlpipe.dataset({"a": [1, "x"]})
    repeat(ROUNDS // 10, once, ROOM + matrix.nbytes)
