# SPDX-License-Identifier: MIT
"""The area `models` of bench.py: learners other than trees beside their peers.

Ours is called in this process (bench_models.c) over the arrays that the peers
read. A row is a function that gives {name: call} and a check of what the calls
gave; ROWS lists them with the ratio that each has to reach.
"""
import ctypes
import math
import subprocess
import tempfile
import warnings

import numpy as np

import mlpipe
from mlpipe import _raw

import bench
import models_metrics
import models_near
import models_steps

lib = mlpipe._lib
REGRESSION, BINARY, MULTICLASS = 1, 2, 4
pointer = ctypes.POINTER(ctypes.c_double)


def at(array):
    return None if array is None else array.ctypes.data_as(pointer)


class Table:
    """Columns one behind the other, and rows; both are copies."""

    def __init__(self, x, y, w=None):
        self.x, self.y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        self.f = np.asfortranarray(x)
        self.n, self.p = x.shape
        self.w = w
        self.columns = (pointer * self.p)(
            *[at(self.f[:, i]) for i in range(self.p)])

    def learn(self, name, params="", task=REGRESSION, classes=0):
        """The coefficients, the constant first, and the report."""
        model = np.zeros(self.p + 1)
        notes = ctypes.POINTER(_raw.mlpipe_report)()
        mlpipe._ctx().call(
            "bench_learn", name.encode(), params.encode(), task, classes,
            self.columns, at(self.y), at(self.w), ctypes.c_int64(self.n),
            self.p, at(model), ctypes.byref(notes))
        return model, mlpipe.Report._of(notes)

    def path(self, lambdas, tol):
        out = np.zeros((len(lambdas), self.p))
        mlpipe._ctx().call(
            "bench_lasso_path", self.columns, at(self.y),
            ctypes.c_int64(self.n), self.p, at(lambdas), len(lambdas),
            ctypes.c_double(tol), at(out))
        return out


def objective(t, model, lam, share=1):
    r = t.y - model[0] - t.x @ model[1:]
    return (r @ r / (2 * t.n) + lam * share * abs(model[1:]).sum() +
            lam * (1 - share) / 2 * model[1:] @ model[1:])


def highest(t):
    return float(abs((t.x - t.x.mean(0)).T @ (t.y - t.y.mean())).max() / t.n)


def tall():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100_000, 50)) + rng.normal(size=(100_000, 1)) * .5
    w = rng.normal(size=50) * (rng.random(50) < .5)
    return Table(x, x @ w + rng.normal(size=100_000) * 3 + 1)


def wide():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 10_000))
    for j in range(1, x.shape[1]):
        x[:, j] = .6 * x[:, j - 1] + .8 * x[:, j]
    w = np.zeros(10_000)
    w[rng.choice(10_000, 100, replace=False)] = rng.normal(size=100)
    y = x @ w
    return Table(x, y + rng.normal(size=1000) * y.std() / 3)


def glmnet(t, code):
    """CPU seconds of the best of three runs of `fit` in R, or nothing."""
    with tempfile.TemporaryDirectory() as d:
        t.f.T.tofile(f"{d}/x")
        t.y.tofile(f"{d}/y")
        script = f"""
            suppressMessages(library(glmnet))
            x <- matrix(readBin("{d}/x", "double", {t.n * t.p}), {t.n})
            y <- readBin("{d}/y", "double", {t.n})
            t <- sapply(1:3, function(i) sum(system.time({code})[1:2]))
            cat(min(t))"""
        try:
            return float(subprocess.run(
                ["Rscript", "-e", script], check=True, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout)
        except (OSError, subprocess.CalledProcessError):
            return None


# ---- rows ------------------------------------------------------------------

def same_model(name, got, t):
    ours = got.pop("ours")[0]
    for peer, m in got.items():
        bench.same(f"{name}, coefficients of {peer}", 0,
                   abs(np.r_[m.intercept_, m.coef_] - ours).max(), 1e-6)


def ridge(t):
    from sklearn.linear_model import Ridge
    return ({"ours": lambda: t.learn("ridge", "l2=1"),
             "sklearn Ridge": lambda: Ridge(solver="cholesky").fit(t.x, t.y),
             "sklearn Ridge, columns": lambda: Ridge(
                 solver="cholesky").fit(t.f, t.y)}, same_model, {})


def least_squares(t):
    from sklearn.linear_model import LinearRegression
    return ({"ours": lambda: t.learn("ridge", "l2=0"),
             "sklearn LinearRegression": lambda: LinearRegression().fit(
                 t.x, t.y)}, same_model, {})


def ridge_cv(t):
    from sklearn.linear_model import RidgeCV
    alphas = np.geomspace(1e-3, 1e4, 20)
    return ({"ours": lambda: t.learn("ridge", "lambda=auto lambdas=20"),
             "sklearn RidgeCV (GCV)": lambda: RidgeCV(alphas).fit(t.x, t.y)},
            lambda name, got, t: None, {})


def lasso(t):
    from sklearn.linear_model import Lasso
    lam = highest(t) / 100
    def check(name, got, t):
        ours, notes = got["ours"]
        m = got["sklearn Lasso"]
        j = objective(t, ours, lam)
        peer = objective(t, np.r_[m.intercept_, m.coef_], lam)
        if j > peer * (1 + 1e-9):
            bench.same(f"{name}, objective", j, peer, 0)
    peers = {"sklearn Lasso": lambda: Lasso(lam).fit(t.f, t.y)}
    try:
        from glum import GeneralizedLinearRegressor as Glm
        if t.n > t.p:
            peers["glum"] = lambda: Glm(
                family="normal", l1_ratio=1, alpha=lam).fit(t.x, t.y)
    except ImportError:
        pass
    return {"ours": lambda: t.learn("lasso", f"lambda={lam!r}"),
            **peers}, check, {}


def lasso_wide(t):
    """Both to the same gap: the peer's is by the variance, not half of it."""
    from sklearn.linear_model import Lasso
    lam = highest(t) / 100
    def check(name, got, t):
        ours, m = got["ours"][0], got["sklearn Lasso"]
        bench.same(f"{name}, objective", objective(t, ours, lam),
                   objective(t, np.r_[m.intercept_, m.coef_], lam), 1e-4)
    return ({"ours": lambda: t.learn("lasso", f"lambda={lam!r} tol=1e-6"),
             "sklearn Lasso": lambda: Lasso(
                 lam, tol=5e-7, max_iter=100_000).fit(t.f, t.y)}, check,
            {"glmnet": "glmnet(x, y, nlambda = 100, lambda.min.ratio = .01,"
                       " standardize = FALSE, thresh = 1e-12)"})


def lasso_path(t):
    from sklearn.linear_model import lasso_path as path
    lambdas = highest(t) * np.geomspace(1, 1e-3, 100)
    x, y = np.asfortranarray(t.x - t.x.mean(0)), t.y - t.y.mean()
    def check(name, got, t):
        bench.same(f"{name}, coefficients", 0,
                   abs(got["ours"] - got["sklearn lasso_path"][1].T).max(),
                   .01)
    return ({"ours": lambda: t.path(lambdas, 1e-7),
             "sklearn lasso_path": lambda: path(x, y, alphas=lambdas)}, check,
            {"glmnet": "glmnet(x, y, nlambda = 100, lambda.min.ratio = 1e-3,"
                       " standardize = FALSE)"})


def lasso_cv(t):
    from sklearn.linear_model import LassoCV
    def check(name, got, t):
        lam = got["ours"][1]["lambda"]
        bench.same(f"{name}, log lambda", math.log(lam),
                   math.log(got["sklearn LassoCV"].alpha_), 1.5)
        m = got["sklearn LassoCV"]
        bench.same(f"{name}, coefficients", 0,
                   abs(m.coef_ - got["ours"][0][1:]).max(), .02)
    return ({"ours": lambda: t.learn("lasso"),
             "sklearn LassoCV": lambda: LassoCV(cv=5).fit(t.f, t.y)}, check,
            {"cv.glmnet": "cv.glmnet(x, y, nfolds = 5, nlambda = 100, "
                          "lambda.min.ratio = 1e-3)"})


def gram(p):
    def row(t):
        x = np.ascontiguousarray(t.x[:4096, :p].T)
        out = np.zeros((2, p, p))
        turns = max(1, 20_000_000 // (4096 * p))
        def call(blas):
            mlpipe._ctx().call("bench_gram", at(x), 4096, p, turns, blas,
                               at(out[int(blas)]))
        def check(name, got, t):
            want = x @ x.T
            for one in out:
                bench.same(name, 0, abs(np.triu(one.T - want)).max(), 1e-7)
        return ({"ours": lambda: call(False),
                 "OpenBLAS dsyrk": lambda: call(True)}, check, {})
    return row


def columns():
    return Table(np.random.default_rng(0).normal(size=(4096, 400)),
                 np.zeros(4096))


ROWS = [  # row, table, function, ratio to reach, rounds
    ("ridge, 100k x 50", tall, ridge, 1.5, 9),
    ("least squares, 100k x 50", tall, least_squares, 4, 9),
    ("ridge_cv, 20 lambdas, 100k x 50", tall, ridge_cv, 20, 3),
    ("lasso, 100k x 50", tall, lasso, 1.5, 7),
    ("lasso_path, 100 lambdas, 100k x 50", tall, lasso_path, 2, 7),
    ("lasso_cv, 5 x 100, 100k x 50", tall, lasso_cv, 20, 5),
    ("lasso to a gap of 1e-6, 1000 x 10000", wide, lasso_wide, 2, 3),
    *[(f"gram, 4096 x {p}", columns, gram(p), 1.3, 5)
      for p in (8, 16, 32, 50, 100, 200, 400)],
]


def area(only=None):
    for row in [models_metrics.auc] + models_near.ROWS:
        if not only or only in row.__name__:
            row()
    for name in "learn", "lasso_path", "gram":
        getattr(lib, f"bench_{name}").restype = ctypes.c_int32
    tables = {}
    import models_logistic
    for name, make, row, goal, rounds in ROWS + models_logistic.ROWS:
        if only and only not in name:
            continue
        t = tables.setdefault(make, None) or make()
        tables[make] = t
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calls, check, other = row(t)
            best, gave = bench.turns(calls, rounds)
        check(name, gave, t)
        ours = best.pop("ours")
        for peer, code in other.items():
            took = glmnet(t, code)
            if took:
                best[peer] = took
        bench.ratio_line(name, ours * 1e3,
                         {k: v * 1e3 for k, v in best.items()}, "ms", 1, goal,
                         ", ".join(f"{k} {v * 1e3:.4g}"
                                   for k, v in best.items()))
    models_steps.area(only)
