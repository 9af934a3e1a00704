# SPDX-License-Identifier: MIT
"""Makes tests/golden/linear.h: linear models by scikit-learn and glmnet.

Run from the top of the tree with NumPy, scikit-learn, and R with glmnet:
    python3 tests/golden/make_linear.py

Numbers of a case: data set, learner (0 ridge, 1 lasso, 2 elastic_net),
lambda, l1_ratio, and whether there is a constant, weights, a bound of zero.
lambda is that of
    sum s (y - b - x w)^2 / (2 S) + lambda ((1 - a) / 2 |w|^2 + a |w|_1),
so alpha / S of Ridge and alpha of Lasso and ElasticNet. glmnet divides y by
its standard deviation first and its result by that again, which leaves its
lambda in the part on sizes, and lambda / sd(y) in the part on squares.
"""
import platform
import subprocess
import tempfile

import numpy as np
import sklearn
from sklearn.datasets import load_diabetes, make_regression
from sklearn.linear_model import ElasticNet, Lasso, Ridge

R = r"""
suppressMessages(library(glmnet))
a <- commandArgs(TRUE)
x <- as.matrix(read.csv(a[1], header = FALSE))
y <- read.csv(a[2], header = FALSE)[, 1]
w <- read.csv(a[3], header = FALSE)[, 1]
l <- as.numeric(a[4])
m <- glmnet(x, y, weights = w, alpha = as.numeric(a[5]),
            lambda = c(l * 8, l * 4, l * 2, l), standardize = FALSE,
            intercept = a[6] == "1", thresh = 1e-22, maxit = 1e7,
            lower.limits = if (a[7] == "1") 0 else -Inf)
cat(sprintf("%.17g\n", as.matrix(coef(m))[, 4]))
cat(as.character(packageVersion("glmnet")), "\n")
"""


def ar(n, p, rho, rng):
    x = rng.normal(size=(n, p))
    for j in range(1, p):
        x[:, j] = rho * x[:, j - 1] + np.sqrt(1 - rho * rho) * x[:, j]
    return x


def data():
    rng = np.random.default_rng(4)
    x, y = load_diabetes(return_X_y=True, scaled=False)
    yield x[:90], y[:90]
    x, y = make_regression(70, 8, noise=5, bias=3, random_state=1)
    yield np.round(x, 3), np.round(y, 2)
    x = np.round(ar(60, 12, 0.6, rng), 3)
    yield x, np.round(x @ np.linspace(-1, 1, 12) + rng.normal(size=60), 3)
    x = np.round(ar(30, 60, 0.6, rng), 2)
    yield x, np.round(x[:, :6] @ [3, -2, 1, 1, -1, .5] +
                      .3 * rng.normal(size=30), 3)
    x = np.round(rng.normal(size=(50, 5)), 3) + 10000
    yield x, np.round((x - 10000) @ [1, 2, 0, -1, 0] +
                      rng.normal(size=50), 3) + 500


SETS = list(data())
WEIGHTS = [np.round(np.random.default_rng(9).uniform(0, 3, len(y)), 2)
           for _, y in SETS]
for w in WEIGHTS:
    w[::11] = 0
CASES = [  # data, learner, share of the highest lambda, l1_ratio, constant,
    # weights, bound, by glmnet
    *[(d, 0, f, 0, c, w, 0, 0) for d, f, c, w in [
        (0, .1, 1, 0), (1, .01, 0, 0), (2, 1, 1, 1), (3, .1, 1, 0),
        (4, .1, 1, 1), (0, .001, 0, 1)]],
    *[(d, 1, f, 1, c, w, b, 0) for d, f, c, w, b in [
        (0, .1, 1, 0, 0), (0, .01, 1, 1, 0), (1, .2, 1, 0, 0),
        (1, .02, 0, 1, 0), (2, .1, 1, 1, 0), (2, .05, 1, 0, 1),
        (3, .2, 1, 0, 0), (3, .1, 0, 0, 0), (3, .1, 1, 1, 0),
        (3, .1, 1, 0, 1), (4, .3, 1, 0, 0), (4, .05, 1, 1, 1)]],
    *[(d, 2, f, a, c, w, b, 0) for d, f, a, c, w, b in [
        (0, .1, .5, 1, 0, 0), (1, .1, .9, 1, 1, 0), (2, .05, .2, 0, 0, 0),
        (2, .1, .7, 1, 1, 1), (3, .1, .5, 1, 0, 0), (3, .05, .8, 0, 1, 0),
        (4, .1, .3, 1, 0, 0)]],
    *[(d, k, f, a, c, w, b, 1) for d, k, f, a, c, w, b in [
        (0, 1, .05, 1, 1, 0, 0), (1, 2, .1, .5, 1, 0, 0),
        (2, 2, .1, .3, 1, 1, 0), (2, 1, .02, 1, 1, 1, 1),
        (3, 1, .1, 1, 1, 0, 0), (3, 2, .1, .6, 1, 0, 0),
        (4, 2, .2, .5, 1, 1, 0)]],
]


def highest(x, y, s, constant, share):
    if constant:
        x = x - np.average(x, axis=0, weights=s)
        y = y - np.average(y, weights=s)
    return np.abs(x.T @ (s * y)).max() / s.sum() / max(share, .01)


def by_sklearn(x, y, s, learner, lam, share, constant, bound):
    if learner == 0:
        m = Ridge(alpha=lam * s.sum(), fit_intercept=bool(constant),
                  solver="svd")
        if not constant or len(y) < x.shape[1]:
            m.set_params(solver="cholesky")
    elif learner == 1:
        m = Lasso(alpha=lam, fit_intercept=bool(constant), tol=1e-15,
                  max_iter=10**6, positive=bool(bound))
    else:
        m = ElasticNet(alpha=lam, l1_ratio=share, tol=1e-15, max_iter=10**6,
                       fit_intercept=bool(constant), positive=bool(bound))
    m.fit(x, y, sample_weight=s)
    return [m.intercept_, *m.coef_]


def by_glmnet(x, y, s, lam, share, constant, bound):
    with tempfile.TemporaryDirectory() as d:
        for name, table in ("x", x), ("y", y), ("w", s):
            np.savetxt(f"{d}/{name}", table, delimiter=",", fmt="%.17g")
        with open(f"{d}/r", "w") as f:
            f.write(R)
        out = subprocess.run(
            ["Rscript", f"{d}/r", f"{d}/x", f"{d}/y", f"{d}/w",
             repr(float(lam)), str(share), str(constant), str(bound)],
            check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return [float(v) for v in out[:-1]], out[-1]


def words(f, values, ends="},"):
    line = "    {"
    for i, v in enumerate(values):
        word = repr(float(v)) + (ends if i + 1 == len(values) else ",")
        if len(line) + len(word) > 78:
            f.write(line.rstrip() + "\n")
            line = "     "
        line += word + " "
    f.write(line.rstrip() + "\n")


def main():
    rows, version = [], ""
    for d, learner, f, share, constant, weights, bound, peer in CASES:
        x, y = SETS[d]
        s = WEIGHTS[d] if weights else np.ones(len(y))
        lam = f * highest(x, y, s, constant, share)
        if peer:
            want, version = by_glmnet(x, y, s, lam, share, constant, bound)
            mean = np.average(y, weights=s) if constant else 0
            sd = np.sqrt(np.average((y - mean) ** 2, weights=s))
            l1, l2 = lam * share, lam * (1 - share) / sd
            lam, share = l1 + l2, l1 / (l1 + l2)
        else:
            want = by_sklearn(x, y, s, learner, lam, share, constant, bound)
        rows.append(([d, learner, lam, share, constant, weights, bound],
                     want, "glmnet" if peer else "scikit-learn"))
    with open("tests/golden/linear.h", "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n/*\n * Linear models by "
                "scikit-learn and glmnet. Made by\n * "
                "tests/golden/make_linear.py with Python %s, NumPy %s,\n * "
                "scikit-learn %s, glmnet %s.\n */\n#ifndef "
                "MLPIPE_GOLDEN_LINEAR_H\n#define MLPIPE_GOLDEN_LINEAR_H\n\n"
                "enum { GOLDEN_LINEAR_SETS = %d, GOLDEN_LINEAR_CASES = %d };\n"
                % (platform.python_version(), np.__version__,
                   sklearn.__version__, version, len(SETS), len(rows)))
        for i, ((x, y), w) in enumerate(zip(SETS, WEIGHTS)):
            f.write("\n/* features, target, weight */\nstatic const double "
                    "golden_linear_%d[][%d] = {\n" % (i, x.shape[1] + 2))
            for row in np.column_stack([x, y, w]):
                words(f, row)
            f.write("};\n")
        f.write("\nstatic const double golden_linear_case[][7] = {\n")
        for case, _, _ in rows:
            words(f, case)
        f.write("};\n\n/* the constant, then the coefficients */\n")
        for i, (_, want, peer) in enumerate(rows):
            f.write("static const double golden_linear_want_%d[] = /* %s */\n"
                    % (i, peer))
            words(f, want, "};")
        f.write("\n#endif\n")


main()
