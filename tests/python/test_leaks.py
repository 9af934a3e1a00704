# SPDX-License-Identifier: MIT
"""Nothing is kept of what was made and dropped: 2,000 rounds, 100,000 in the
long run. What lives in the library is counted, what in the process is
measured."""
import ctypes
import gc
import logging
import os
import pickle

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


def test_fits_and_frees_leave_nothing(rows, tmp_path):
    path = tmp_path / "none.csv"
    for _ in range(ROUNDS // 5):
        everything(rows, path)
    before, held = live(), resident()
    for _ in range(ROUNDS):
        everything(rows, path)
    assert live() == before
    assert resident() - held <= ROOM
    assert not mlpipe._arrow._streams and not mlpipe._arrow_make._kept


def test_frames_leave_nothing(rows):
    pd = pytest.importorskip("pandas", exc_type=ImportError)
    np = pytest.importorskip("numpy", exc_type=ImportError)
    frame = pd.DataFrame(rows)
    matrix = np.random.default_rng(1).normal(size=(1000, 50))
    for _ in range(50):
        mlpipe.dataset(frame).to_pandas()
        mlpipe.dataset(matrix).to_numpy()
    before, held = live(), resident()
    for _ in range(ROUNDS // 10):
        mlpipe.dataset(frame).to_pandas()
        mlpipe.dataset(matrix).to_numpy()
        with pytest.raises(TypeError):
            mlpipe.dataset({"a": [1, "x"]})
    assert live() == before
    assert resident() - held <= ROOM + matrix.nbytes
    assert not mlpipe._arrow_make._kept
