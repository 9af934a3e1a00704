# SPDX-License-Identifier: MIT
"""The area python: one row asked for from Python, beside the same call of the
peers, and what Python costs of ours: the whole call less the loop over rows
in C of libbench_features.so.
"""
import ctypes
import time

import lightgbm
import numpy as np
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

import mlpipe

import bench

lib = mlpipe._lib
lib.bench_rows.restype = None
FEATURES = 20
CALLS = 50  # of a turn; the best of the turns counts


def fastest(call, turns=2000):
    """Best nanoseconds of a call, without the loop."""
    def turn(call):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        return time.perf_counter() - start
    nothing = min(turn(lambda: None) for _ in range(turns))
    return (min(turn(call) for _ in range(turns)) - nothing) / CALLS * 1e9


def in_c(row, x):
    """Nanoseconds a row of mlpipe_predict_row, called from C."""
    rows = np.ascontiguousarray(np.repeat(x[:1], 6400, axis=0))
    out, ns = np.zeros((len(rows), 1)), np.zeros(len(rows) // 64)

    def at(array):
        return ctypes.c_void_p(array.ctypes.data)
    lib.bench_rows(row._p, row._calling[1], at(rows),
                   ctypes.c_size_t(rows.shape[1]), ctypes.c_size_t(len(rows)),
                   at(out), ctypes.c_size_t(1), at(ns))
    return ns.min()


def ours(what, model, values, x, peers, near):
    row = model.row()
    bench.same(what, row(values), near, 1e-9 + abs(near) * 1e-9)
    took = fastest(lambda: row(values))
    for name, theirs in peers.items() or [("", 0)]:
        bench.line(f"{what}, one row", took, {name: theirs} if name else {},
                   "ns", None, None)
    if x is not None:
        bench.line(f"{what}, what Python costs of it", took - in_c(row, x),
                   {}, "ns", None, 1000)
        array = x[0].copy()
        bench.line(f"{what}, one row of an array", fastest(
            lambda: row(array)), {}, "ns", None, None)


def area():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(4000, FEATURES))
    y = x[:, 0] + x[:, 1] ** 2 + rng.normal(size=4000) / 4
    table = {f"x{i}": x[:, i] for i in range(FEATURES)}
    table["y"] = y
    values, one = x[0].tolist(), x[:1]

    model = mlpipe.Pipeline("target=y").add("gbt", trees=100, leaves=31,
                                            stop=0).fit(table)
    booster = lightgbm.train({"num_leaves": 31, "verbose": -1,
                              "num_threads": 1}, lightgbm.Dataset(x, y), 100)
    trees = xgboost.train({"max_leaves": 31, "grow_policy": "lossguide",
                           "max_depth": 0, "nthread": 1},
                          xgboost.DMatrix(x, y), 100)
    hist = HistGradientBoostingRegressor(max_iter=100).fit(x, y)
    ours(f"100 x 31 x {FEATURES}", model, values, x, {
        "LightGBM": fastest(lambda: booster.predict(one), 100),
        "XGBoost inplace": fastest(lambda: trees.inplace_predict(one), 100),
        "scikit-learn": fastest(lambda: hist.predict(one), 10),
    }, model.predict(table)[0])

    model = mlpipe.Pipeline("target=y").add("ridge").fit(table)
    ridge = Ridge().fit(x, y)
    ours(f"ridge x {FEATURES}", model, values, x, {
        "scikit-learn": fastest(lambda: ridge.predict(one), 100),
    }, model.predict(table)[0])

    table["city"] = rng.choice(["Bath", "York", "Wells"], 4000)
    model = mlpipe.Pipeline("target=y").add("onehot").add("ridge").fit(table)
    ours(f"onehot + ridge x {FEATURES} and a text", model,
         [*values, table["city"][0].item()], None, {},
         model.predict(table)[0])
