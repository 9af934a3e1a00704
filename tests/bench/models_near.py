# SPDX-License-Identifier: MIT
"""Rows of models.py: nearest neighbours and naive Bayes.

Ours is the library's public interface: a recipe that is fitted to a dataset,
rows of doubles through a predictor.
"""
import ctypes
import time

import numpy as np

import mlpipe
from mlpipe import _raw

import bench

lib = mlpipe._lib


def at(array):
    return ctypes.c_void_p(array.ctypes.data)


def dataset(x, y):
    """Columns x0, x1 .. of doubles and y, a text where it is one of some
    classes."""
    ctx = mlpipe._ctx()
    builder = ctx.give("mlpipe_builder_new", _raw.mlpipe_builder, None, None)
    for i in range(x.shape[1]):
        column = np.ascontiguousarray(x[:, i])
        ctx.call("mlpipe_builder_column", builder, f"x{i}".encode(),
                 _raw.MLPIPE_F64, at(column), None, len(column))
    if y.dtype.kind == "f":
        ctx.call("mlpipe_builder_column", builder, b"y", _raw.MLPIPE_F64,
                 at(y), None, len(y))
    else:
        texts = (ctypes.c_char_p * len(y))(*[f"c{v}".encode() for v in y])
        ctx.call("mlpipe_builder_texts", builder, b"y", texts, len(y))
    made = ctx.give("mlpipe_builder_finish", _raw.mlpipe_dataset, builder)
    lib.mlpipe_builder_free(builder)
    return mlpipe.Dataset._of(made)


class Predictor:
    def __init__(self, model):
        self.model = model
        self._p = mlpipe._ctx().give("mlpipe_predictor_new",
                                     _raw.mlpipe_predictor, model._p, None)
        room = lib.mlpipe_predictor_scratch(self._p) + 64
        self.room = np.zeros(room, np.uint8)
        self.scratch = ctypes.c_void_p(
            (self.room.ctypes.data + 63) // 64 * 64)
        self.outputs = lib.mlpipe_model_outputs(model._p)

    def __del__(self):
        lib.mlpipe_predictor_free(self._p)

    def block(self, rows):
        out = np.zeros((len(rows), self.outputs))
        lib.mlpipe_predict_rows(self._p, self.scratch, at(rows),
                                rows.strides[0], len(rows),
                                out.ctypes.data_as(
                                    ctypes.POINTER(ctypes.c_double)))
        return out

    def one_by_one(self, rows):
        """Answers, and nanoseconds of each row."""
        out = np.zeros((len(rows), self.outputs))
        ns = []
        for i in range(len(rows)):
            row, to = at(rows[i]), out[i].ctypes.data_as(
                ctypes.POINTER(ctypes.c_double))
            start = time.perf_counter()
            lib.mlpipe_predict_row(self._p, self.scratch, row, to)
            ns.append((time.perf_counter() - start) * 1e9)
        return out, ns


def close(what, ours, peer, within=1e-12):
    if not np.allclose(ours, peer, rtol=within, atol=within):
        bench.differs.append(f"{what}: up to {np.max(abs(ours - peer))} "
                             "apart")


def fitted(learner, x, y, **params):
    recipe = mlpipe.Pipeline(target="y", holdout=0).add(learner, **params)
    return recipe.fit(dataset(x, y))


def peers_of(make, x, y, rows):
    """Brute force by doubles and by floats; the first gives the answers."""
    doubles = make().fit(x, y)
    floats = make().fit(x.astype(np.float32), y)
    narrow = rows.astype(np.float32)
    return {"scikit-learn f64": lambda: doubles.predict(rows),
            "scikit-learn f32": lambda: floats.predict(narrow)}


def knn():
    from sklearn.neighbors import KNeighborsRegressor
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100_000, 50))
    y = rng.normal(size=100_000)
    rows = rng.normal(size=(2000, 50))
    predictor = Predictor(fitted("knn", x, y, k=10))
    calls = {"ours": lambda: predictor.block(rows)}
    calls |= peers_of(lambda: KNeighborsRegressor(10, algorithm="brute",
                                                  n_jobs=1), x, y, rows)
    best, gave = bench.turns(calls, 5)
    close("knn", gave["ours"][:, 0], gave["scikit-learn f64"])
    ms = {name: seconds * 1e3 for name, seconds in best.items()}
    ours = ms.pop("ours")
    bench.ratio_line("knn, 2,000 queries of 100,000 x 50, k=10", ours, ms,
                     "ms", 1, 4.7, "identical to brute force by doubles")
    bench.line("the same", ours, ms, "ms", None, 110)
    # The numbers that are nearest, by doubles without a detour, of some rows.
    for i in range(0, 2000, 97):
        d = ((x - rows[i]) ** 2).sum(1)
        near = np.argsort(d, kind="stable")[:10]
        close("knn beside NumPy", gave["ours"][i, 0], y[near].mean())
    one_row(x[:10_000], y[:10_000], rows[:500])


def one_row(x, y, rows):
    from sklearn.neighbors import KNeighborsRegressor
    predictor = Predictor(fitted("knn", x, y, k=10))
    peer = KNeighborsRegressor(10, algorithm="brute", n_jobs=1).fit(x, y)
    ours, theirs = [], []
    for _ in range(3):
        out, ns = predictor.one_by_one(rows)
        ours += ns
        for i in range(40):
            start = time.perf_counter()
            peer.predict(rows[i:i + 1])
            theirs.append((time.perf_counter() - start) * 1e9)
    if not np.array_equal(out, predictor.block(rows)):
        bench.differs.append("knn: a row and a block differ")
    bench.line("knn, one row of 10,000 x 50, k=10", np.median(ours) / 1e3,
               {"scikit-learn": np.median(theirs) / 1e3}, "us", None, 60,
               "medians")


def naive_bayes():
    from sklearn.naive_bayes import GaussianNB
    rng = np.random.default_rng(4)
    y = rng.integers(0, 5, 100_000)
    x = rng.normal(size=(100_000, 50)) + 0.1 * y[:, None]
    data = dataset(x, y)
    recipe = mlpipe.Pipeline(target="y", holdout=0).add("naive_bayes")
    best, gave = bench.turns({
        "ours": lambda: recipe.fit(data),
        "scikit-learn": lambda: GaussianNB().fit(x, y)}, 3)
    rows = rng.normal(size=(20_000, 50))
    predictor = Predictor(gave["ours"])
    answers, given = bench.turns({
        "ours": lambda: predictor.block(rows),
        "scikit-learn": lambda: gave["scikit-learn"].predict_proba(rows)}, 5)
    close("naive_bayes", given["ours"], given["scikit-learn"])
    bench.line(
        "naive_bayes, fit of 100,000 x 50, 5 classes", best["ours"] * 1e3,
        {"scikit-learn": best["scikit-learn"] * 1e3}, "ms", None, None,
        "ours with the whole recipe: fingerprint, reference, row hashes; "
        "sums exact")
    bench.ratio_line(
        "naive_bayes", answers["ours"] * 1e3,
        {"scikit-learn": answers["scikit-learn"] * 1e3}, "ms", 1, 2,
        "P of 20,000 rows")


ROWS = [knn, naive_bayes]
