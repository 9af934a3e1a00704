# SPDX-License-Identifier: MIT
"""Rows of the area `models`: logistic regression of two classes and of five."""
import ctypes

import numpy as np

import mlpipe
from mlpipe import _raw

import bench
import models

R = ("glmnet(x, y, family='%s', lambda=1 / length(y), alpha=0, "
     "standardize=FALSE, thresh=1e-10)")


def made(classes):
    """Columns that hang together, classes that overlap."""
    rng = np.random.default_rng(9)
    mix = np.eye(50) + 0.15 * rng.normal(size=(50, 50))
    x = rng.normal(size=(100_000, 50)) @ mix
    b = 0.4 * rng.normal(size=(50, classes))
    y = (x @ b + rng.gumbel(size=(100_000, classes))).argmax(1)
    return models.Table(x, y.astype(float))


def two():
    return made(2)


def five():
    return made(5)


def learn(t, params, classes):
    forms = np.zeros((classes if classes > 2 else 1, t.p + 1))
    notes = ctypes.POINTER(_raw.mlpipe_report)()
    mlpipe._ctx().call(
        "bench_learn", b"logistic", params.encode(),
        models.BINARY if classes == 2 else models.MULTICLASS, classes,
        t.columns, models.at(t.y), models.at(t.w), ctypes.c_int64(t.n), t.p,
        models.at(forms), ctypes.byref(notes))
    return forms


def objective(t, forms, l2, l1_ratio):
    eta = t.x @ forms[:, 1:].T + forms[:, 0]
    if len(forms) == 1:
        loss = np.logaddexp(0, np.where(t.y > 0, -eta[:, 0], eta[:, 0]))
    else:
        high = eta.max(1)
        loss = (np.log(np.exp(eta - high[:, None]).sum(1)) + high -
                eta[np.arange(t.n), t.y.astype(int)])
    b = forms[:, 1:]
    return (loss.sum() + l2 * ((1 - l1_ratio) / 2 * (b * b).sum() +
                               l1_ratio * abs(b).sum())) / t.n


def check_of(l2, l1_ratio):
    """Ours is the least, and no peer stopped far from it."""
    def check(name, got, t):
        ours = objective(t, got["ours"], l2, l1_ratio)
        for peer, m in got.items():
            if peer == "ours":
                continue
            b = np.atleast_2d(m.coef_)
            forms = np.column_stack(
                [np.broadcast_to(m.intercept_, len(b)), b])
            theirs = objective(t, forms, l2, l1_ratio)
            bench.same(f"{name}, objective of {peer}", ours, theirs, 1e-4)
            if ours > theirs * (1 + 1e-12):
                bench.same(f"{name}, objective above {peer}", ours, theirs, 0)
    return check


def scikit(t, solver, tol, l2=1, l1_ratio=0):
    from sklearn.linear_model import LogisticRegression
    return lambda: LogisticRegression(
        C=1 / l2, l1_ratio=l1_ratio, solver=solver, tol=tol,
        max_iter=1000).fit(t.x, t.y)


def glum(t):
    from glum import GeneralizedLinearRegressor
    return lambda: GeneralizedLinearRegressor(
        family="binomial", alpha=1 / t.n, l1_ratio=0,
        gradient_tol=1e-9).fit(t.f, t.y)


def logistic(t):
    return ({"ours": lambda: learn(t, "l2=1", 2),
             "sklearn lbfgs": scikit(t, "lbfgs", 1e-4),
             "sklearn newton-cholesky": scikit(t, "newton-cholesky", 1e-8),
             "glum": glum(t)}, check_of(1, 0), {"glmnet": R % "binomial"})


def logistic_l1(t):
    return ({"ours": lambda: learn(t, "l2=100 l1_ratio=1", 2),
             "sklearn saga": scikit(t, "saga", 1e-4, 100, 1)},
            check_of(100, 1), {})


def multinomial(t):
    return ({"ours": lambda: learn(t, "l2=1", 5),
             "sklearn lbfgs": scikit(t, "lbfgs", 1e-4),
             "sklearn newton-cholesky": scikit(t, "newton-cholesky", 1e-8)},
            check_of(1, 0), {"glmnet": R % "multinomial"})


ROWS = [  # as models.ROWS
    ("logistic, 100k x 50", two, logistic, 2.7, 5),
    ("logistic l1_ratio=1 l2=100, 100k x 50", two, logistic_l1, 7, 3),
    ("multinomial of 5, 100k x 50", five, multinomial, 3.4, 3),
]
