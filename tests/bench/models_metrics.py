# SPDX-License-Identifier: MIT
"""The metrics of the area `models` of bench.py, beside scikit-learn's."""
import ctypes

import numpy as np

import mlpipe

import bench


def at(array):
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


def metrics(names, y, p, w=None):
    width = 1 if p.ndim == 1 else p.shape[1]
    texts = (ctypes.c_char_p * len(names))(*[s.encode() for s in names])
    out = np.zeros(len(names))
    mlpipe._ctx().call("bench_metrics", texts, ctypes.c_uint32(len(names)),
                       at(y), at(p), at(w), ctypes.c_uint64(len(y)),
                       ctypes.c_uint32(width), at(out))
    return out


def auc():
    import sklearn.metrics as sm
    rng = np.random.default_rng(1)
    p = rng.random(1_000_000)
    y = (rng.random(len(p)) < p).astype(float)
    w = 0.5 + rng.random(len(p))
    names = ["auc", "ap", "ks", "best_f1"]
    lines = (("auc, 1 M rows", "with DeLong's interval", 8,
              lambda: metrics(names[:1], y, p),
              lambda: sm.roc_auc_score(y, p)),
             ("auc, 1 M rows, weighted", "with DeLong's interval", 3,
              lambda: metrics(names[:1], y, p, w),
              lambda: sm.roc_auc_score(y, p, sample_weight=w)),
             ("auc, ap, ks, best f1, 1 M rows", "peer: auc and ap", 16,
              lambda: metrics(names, y, p),
              lambda: (sm.roc_auc_score(y, p),
                       sm.average_precision_score(y, p))))
    for row, note, goal, ours, peer in lines:
        best, gave = bench.turns({"ours": ours, "scikit-learn": peer}, 9)
        for a, b in zip(gave["ours"], np.atleast_1d(gave["scikit-learn"])):
            bench.same(row, a, b, 1e-12)
        bench.ratio_line(row, best.pop("ours") * 1e3,
                         {k: v * 1e3 for k, v in best.items()}, "ms", 1, goal,
                         note)
    delong(y, p, .7 * p + .3 * rng.random(len(p)))


def delong(y, a, b):
    import sklearn.metrics as sm
    out = np.zeros(4)
    best, _ = bench.turns({"ours": lambda: mlpipe._ctx().call(
        "bench_delong", at(y), at(a), at(b), ctypes.c_uint64(len(y)),
        at(out))}, 9)
    bench.same("DeLong, auc", out[1], sm.roc_auc_score(y, b), 1e-12)
    bench.same("DeLong, difference", out[2], out[1] - out[0], 1e-12)
    bench.line("DeLong of two models, 1 M rows", best["ours"] * 1e3, {}, "ms",
               None, 50)
