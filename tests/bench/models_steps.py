# SPDX-License-Identifier: MIT
"""The steps of the area `models` of bench.py: k-means, principal components.

Ours is called in this process (bench_models.c) over the arrays that the peers
read. A row is a function that gives {name: call} and a check of what the calls
gave; ROWS lists them with the ratio that each has to reach.
"""
import ctypes
import warnings

import numpy as np

import mlpipe
from mlpipe import _raw

import bench

pointer = ctypes.POINTER(ctypes.c_double)


def at(array):
    return None if array is None else array.ctypes.data_as(pointer)


def step(name, params, x):
    """The report of a step's fit."""
    notes = ctypes.POINTER(_raw.mlpipe_report)()
    mlpipe._ctx().call("bench_step", name.encode(), params.encode(), at(x),
                       None, *x.shape, ctypes.c_uint64(1),
                       ctypes.byref(notes))
    return mlpipe.Report._of(notes)


def lloyd(x, k, start, iterations):
    """Centres, inertia and iterations from given starts, without tol."""
    centres, figures = np.zeros((k, x.shape[1])), np.zeros(2)
    mlpipe._ctx().call("bench_kmeans", at(x), None, *x.shape, k, at(start),
                       iterations, ctypes.c_double(0), ctypes.c_uint64(1),
                       at(centres), at(figures))
    return centres, *figures


def noise():
    return np.random.default_rng(0).normal(size=(100_000, 50))


def blobs():
    rng = np.random.default_rng(0)
    middle = rng.normal(size=(100, 50)) * 2
    return middle[rng.integers(0, 100, 100_000)] + rng.normal(
        size=(100_000, 50))


def wide():
    return np.random.default_rng(0).normal(size=(10_000, 400))


# ---- rows ------------------------------------------------------------------

def kmeans_steps(x):
    from sklearn.cluster import KMeans
    start = x[:100].copy()

    def check(name, got):
        centres, inertia, iterations = got["ours"]
        peer = got["scikit-learn"]
        bench.same(f"{name}, iterations", iterations, peer.n_iter_, 0)
        bench.same(f"{name}, inertia", inertia / peer.inertia_, 1, 1e-12)
        bench.same(f"{name}, centres", 0,
                   abs(centres - peer.cluster_centers_).max(), 1e-9)
    return {"ours": lambda: lloyd(x, 100, start, 20),
            "scikit-learn": lambda: KMeans(
                100, init=start, n_init=1, max_iter=20, tol=0,
                algorithm="lloyd").fit(x)}, check


def kmeans_whole(x):
    from sklearn.cluster import KMeans

    def check(name, got):
        peer = got["scikit-learn"]
        # both draw their starts; ours may be better
        bench.same(f"{name}, inertia", 0, max(
            0, got["ours"]["kmeans.inertia"] / peer.inertia_ - 1), 0.01)
        print(f"{name}: iterations {got['ours']['kmeans.iterations']:.0f}, "
              f"scikit-learn {peer.n_iter_}", file=bench.sys.stderr)
    return {"ours": lambda: step("kmeans", "k=100 iterations=20 tol=0", x),
            "scikit-learn": lambda: KMeans(
                100, n_init=1, max_iter=20, tol=0, random_state=1,
                algorithm="lloyd").fit(x)}, check


def pca(x):
    from sklearn.decomposition import PCA

    def check(name, got):
        table = got["ours"].to_dict()["pca.variance"]
        at = table["columns"].index("variance")
        ours = [row[at] for row in table["rows"]]
        bench.same(f"{name}, variances", 0, abs(
            np.array(ours) - got["scikit-learn"].explained_variance_).max(),
            1e-10)
    return {"ours": lambda: step("pca", "components=10", x),
            "scikit-learn": lambda: PCA(10).fit(x),
            "scikit-learn, covariance": lambda: PCA(
                10, svd_solver="covariance_eigh").fit(x)}, check


ROWS = [  # row, data, function, ratio to reach, rounds
    ("kmeans, 20 steps, k = 100, noise 100k x 50", noise, kmeans_steps, 1.5,
     5),
    ("kmeans with starts, k = 100, noise 100k x 50", noise, kmeans_whole, 1.5,
     5),
    ("kmeans with starts, k = 100, blobs 100k x 50", blobs, kmeans_whole, 1.5,
     5),
    ("pca, 10 of 50, 100k", noise, pca, 1, 15),
    ("pca, 10 of 400, 10k", wide, pca, 1, 5),
]


def area(only=None):
    data = {}
    for name, make, row, goal, rounds in ROWS:
        if only and only not in name:
            continue
        if make not in data:
            data[make] = np.ascontiguousarray(make())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calls, check = row(data[make])
            best, gave = bench.turns(calls, rounds)
        check(name, gave)
        ours = best.pop("ours")
        bench.ratio_line(name, ours * 1e3,
                         {k: v * 1e3 for k, v in best.items()}, "ms", 1, goal,
                         ", ".join(f"{k} {v * 1e3:.4g}"
                                   for k, v in best.items()))
