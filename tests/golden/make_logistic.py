# SPDX-License-Identifier: MIT
"""Makes tests/golden/logistic.h: scikit-learn's and glmnet's coefficients.

Run from the top of the tree with NumPy, scikit-learn and R's glmnet:
    python3 tests/golden/make_logistic.py

Ours is penalised by l2 = 1 / C of scikit-learn, and n lambda of glmnet (whose
weights add up to n).
"""
import os
import platform
import subprocess
import tempfile
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

PATH = "tests/golden/logistic.h"
TWO, MANY, P = 80, 90, 4
R = """
suppressMessages(library(glmnet))
a <- commandArgs(TRUE)
d <- as.matrix(read.csv(a[1], header=FALSE))
p <- ncol(d) - 2
lambda <- as.numeric(a[3]) / nrow(d)
f <- glmnet(d[, 1:p], d[, p + 1], weights=d[, p + 2], family=a[2],
            alpha=as.numeric(a[4]), lambda=lambda * c(100, 30, 10, 3, 1),
            standardize=FALSE, intercept=a[5] == "true", thresh=1e-22,
            maxit=1e7)
b <- coef(f, s=lambda)
if (a[2] == "binomial") b <- list(b)
for (k in b) cat(sprintf("%.17g", as.vector(k)), "\\n")
"""


def glmnet(x, y, w, classes, l2, l1_ratio, intercept):
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(f"{folder}/d.csv", np.column_stack([x, y, w]),
                   delimiter=",", fmt="%.17g")
        with open(f"{folder}/f.R", "w") as f:
            f.write(R)
        text = subprocess.run(
            ["Rscript", f"{folder}/f.R", f"{folder}/d.csv",
             "binomial" if classes == 2 else "multinomial",
             repr(float(l2 * len(x) / w.sum())), str(l1_ratio),
             "true" if intercept else "false"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    return np.array([s.split() for s in text.splitlines()], dtype=float)


def scikit(x, y, w, classes, l2, l1_ratio, intercept):
    smooth = l1_ratio == 0
    m = LogisticRegression(
        C=1 / l2 if l2 else np.inf, l1_ratio=l1_ratio,
        fit_intercept=intercept, tol=1e-13, max_iter=1000 if smooth
        else 1000000, solver="newton-cholesky" if smooth else "saga",
        random_state=0).fit(x, y, w)
    b = np.broadcast_to(m.intercept_, len(m.coef_))
    return np.column_stack([b, m.coef_])


def table(f, name, values):
    values = np.asarray(values, dtype=float)
    two = values.ndim > 1
    f.write("\nstatic const double golden_%s[]%s = {\n"
            % (name, "[%d]" % values.shape[1] if two else ""))
    rows = values if two else [[v] for v in values]
    for row in rows:
        words = [float(v).hex() if two else f"{v:g}" for v in row]
        lines, line = [], "    {" if two else "    "
        for k, word in enumerate(words):
            word += "," if k + 1 < len(words) else "}," if two else ","
            if len(line) + len(word) > 78:
                lines.append(line.rstrip())
                line = "     "
            line += word + " "
        f.write("\n".join(lines + [line.rstrip()]) + "\n")
    f.write("};\n")


def data(rng, rows, classes):
    x = rng.normal(size=(rows, P)) * [1, 3, 0.5, 1] + [0, 2, -1, 0]
    x[:, 3] = 0.6 * x[:, 0] + 0.8 * x[:, 3]
    b = rng.normal(size=(P, classes)) * 0.8
    y = (x @ b + rng.gumbel(size=(rows, classes))).argmax(1)
    return x, y, rng.integers(0, 4, rows).astype(float)


PEERS = {"scikit-learn": scikit, "glmnet": glmnet}
CASES = [ # peer, classes, l2, l1_ratio, intercept, weights
    ("scikit-learn", 2, 1, 0, True, False),
    ("scikit-learn", 2, 0.01, 0, True, False),
    ("scikit-learn", 2, 100, 0, True, False),
    ("scikit-learn", 2, 0, 0, True, False),
    ("scikit-learn", 2, 0, 0, True, True),
    ("scikit-learn", 2, 1, 0, False, False),
    ("scikit-learn", 2, 1, 0, True, True),
    ("scikit-learn", 2, 0.1, 0, False, True),
    ("scikit-learn", 2, 1, 1, True, False),
    ("scikit-learn", 2, 4, 1, True, True),
    ("scikit-learn", 2, 2, 0.5, True, False),
    ("scikit-learn", 2, 3, 0.3, False, True),
    ("scikit-learn", 3, 1, 0, True, False),
    ("scikit-learn", 3, 0.01, 0, True, False),
    ("scikit-learn", 3, 50, 0, True, True),
    ("scikit-learn", 3, 1, 0, False, False),
    ("scikit-learn", 3, 0, 0, True, False),
    ("scikit-learn", 3, 1, 1, True, False),
    ("scikit-learn", 3, 3, 1, True, True),
    ("scikit-learn", 3, 2, 0.5, True, False),
    ("scikit-learn", 3, 2, 0.7, False, False),
    ("glmnet", 2, 1, 0, True, False),
    ("glmnet", 2, 2, 1, True, False),
    ("glmnet", 2, 2, 0.5, True, True),
    ("glmnet", 2, 1, 0.5, False, False),
    ("glmnet", 3, 1, 0, True, False),
    ("glmnet", 3, 2, 1, True, False),
    ("glmnet", 3, 2, 0.5, True, True),
]


def main():
    warnings.simplefilter("error")
    rng = np.random.default_rng(7)
    tables = {2: data(rng, TWO, 2), 3: data(rng, MANY, 3)}
    version = subprocess.run(
        ["Rscript", "-e", "cat(as.character(packageVersion('glmnet')))"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    with open(PATH, "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n/*\n * Logistic "
                "regression of peers. Made by tests/golden/make_logistic.py\n"
                " * with Python %s, NumPy %s, scikit-learn %s, glmnet %s.\n"
                " */\n#ifndef MLPIPE_GOLDEN_LOGISTIC_H\n#define "
                "MLPIPE_GOLDEN_LOGISTIC_H\n\n#include <stdbool.h>\n"
                "#include <stdint.h>\n\nenum { GOLDEN_LOGISTIC_P = %d };\n"
                % (platform.python_version(), np.__version__,
                   sklearn.__version__, version, P))
        for k, (x, y, w) in tables.items():
            name = "two" if k == 2 else "three"
            table(f, f"logistic_{name}_x", x)
            table(f, f"logistic_{name}_y", y)
            table(f, f"logistic_{name}_w", w)
        f.write("\n/* Constant and coefficients of the second class of two, "
                "or of each. */\ntypedef struct golden_logistic_case {\n"
                "    const char *peer;\n    uint32_t classes;\n    double l2, "
                "l1_ratio;\n    bool intercept, weighted;\n    double model"
                "[3][%d];\n} golden_logistic_case;\n\nstatic const "
                "golden_logistic_case golden_logistic[] = {\n" % (P + 1))
        for peer, classes, l2, ratio, intercept, weighted in CASES:
            x, y, w = tables[classes]
            w = w if weighted else np.ones(len(x))
            model = PEERS[peer](x, y, w, classes, l2, ratio, intercept)
            f.write('    {"%s", %d, %g, %g, %s, %s,\n     {'
                    % (peer, classes, l2, ratio, str(intercept).lower(),
                       str(weighted).lower()))
            f.write(",\n      ".join(
                "{" + ",\n       ".join(float(v).hex() for v in row) + "}"
                for row in model) + "}},\n")
        f.write("};\n\n#endif\n")


os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
main()
