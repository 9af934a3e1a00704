# SPDX-License-Identifier: MIT
"""Makes tests/golden/offset.h: fits with an offset, by statsmodels, glmnet and
LightGBM.

Run from the top of the tree with NumPy, statsmodels, LightGBM and R's glmnet:
    python3 tests/golden/make_offset.py

Ours is penalised by l2 = n lambda of glmnet, whose weights add up to n.
"""
import platform
import subprocess
import tempfile

import lightgbm
import numpy as np
import statsmodels
import statsmodels.api as sm

PATH = "tests/golden/offset.h"
N, P = 240, 3
L2, L1_RATIO, TREES = 3.0, 0.4, 60
R = """
suppressMessages(library(glmnet))
a <- commandArgs(TRUE)
d <- as.matrix(read.csv(a[1], header=FALSE))
p <- ncol(d) - 3
l <- as.numeric(a[3]) / nrow(d)
f <- glmnet(d[, 1:p], d[, p + 1], weights=d[, p + 2], offset=d[, p + 3],
            family=a[2], alpha=as.numeric(a[4]),
            lambda=l * c(100, 30, 10, 3, 1), standardize=FALSE,
            thresh=1e-22, maxit=1e7)
cat(sprintf("%.17g", as.vector(coef(f, s=l))), "\\n")
cat(as.character(packageVersion("glmnet")), "\\n")
"""


def glmnet(family, x, y, w, offset, l2, l1_ratio):
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(f"{folder}/d.csv", np.column_stack([x, y, w, offset]),
                   delimiter=",", fmt="%.17g")
        with open(f"{folder}/f.R", "w") as f:
            f.write(R)
        lines = subprocess.run(
            ["Rscript", f"{folder}/f.R", f"{folder}/d.csv", family,
             repr(float(l2 * len(x) / w.sum())), str(l1_ratio)],
            check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return np.array(lines[0].split(), dtype=float), lines[1].strip()


def array(name, values, sizes=""):
    values = np.asarray(values, dtype=float)
    rows = values.reshape(len(values), -1)
    body = ",\n    ".join(
        ("{" if rows.shape[1] > 1 else "") + ", ".join("%.17g" % v for v in r)
        + ("}" if rows.shape[1] > 1 else "") for r in rows)
    return f"static const double golden_offset_{name}[{len(rows)}]{sizes} = " \
        f"{{\n    {body}}};\n"


def main():
    rng = np.random.default_rng(20)
    x = np.round(rng.normal(size=(N, P)) * [1, 2, 0.5] + [0, 3, -1], 3)
    offset = np.round(rng.normal(size=N) * 1.5 - 2, 3)
    w = rng.integers(1, 4, N).astype(float)
    raw = offset + x @ [0.8, -0.4, 1.1] + 4.5
    y = (rng.uniform(size=N) < 1 / (1 + np.exp(-raw))).astype(float)
    z = np.round(raw + rng.normal(size=N), 3)
    one = np.ones(N)
    design = sm.add_constant(x)

    def glm(weights):
        return sm.GLM(y, design, family=sm.families.Binomial(), offset=offset,
                      freq_weights=weights).fit(tol=1e-14, maxiter=200).params

    penalised, version = glmnet("binomial", x, y, w, offset, L2, 0)
    corners, _ = glmnet("binomial", x, y, w, offset, L2, L1_RATIO)
    line, _ = glmnet("gaussian", x, z, one, offset, 0.1 * N, 1)
    # LightGBM fits no constant where it is given scores; ours does.
    start = offset + sm.GLM(y, one, family=sm.families.Binomial(),
                            offset=offset).fit(tol=1e-14).params[0]
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "learning_rate": 0.1,
         "min_data_in_leaf": 10, "lambda_l2": 1.0, "verbose": -1,
         "min_sum_hessian_in_leaf": 0, "min_data_in_bin": 1,
         "deterministic": True,
         "num_threads": 1}, lightgbm.Dataset(x, y, init_score=start), TREES)
    score = start + booster.predict(x, raw_score=True)

    def loss(s):
        return (np.logaddexp(0, s) - y * s).mean()

    text = f"""/* SPDX-License-Identifier: MIT */
/*
 * By tests/golden/make_offset.py from statsmodels {statsmodels.__version__},
 * glmnet {version}, LightGBM {lightgbm.__version__} and NumPy {np.__version__}
 * (Python {platform.python_version()}). Do not edit.
 */
#ifndef MLPIPE_GOLDEN_OFFSET_H
#define MLPIPE_GOLDEN_OFFSET_H

enum {{ OFFSET_N = {N}, OFFSET_P = {P}, OFFSET_TREES = {TREES} }};
"""
    text += array("x", x, f"[{P}]") + array("off", offset) + array("w", w)
    text += array("y", y) + array("z", z)
    text += "/* The constant, then the coefficients: without a penalty, and " \
            "with weights. */\n"
    text += array("glm", glm(one)) + array("glm_weighted", glm(w))
    text += f"/* l2={L2:g}, weights; the same with l1_ratio={L1_RATIO:g}. */\n"
    text += array("ridge", penalised) + array("corners", corners)
    text += "/* Of z: the lasso with lambda=0.1. */\n"
    text += array("line", line)
    text += "/* Mean log loss: of the offset alone, then with LightGBM's " \
            "trees. */\n"
    text += array("loss", [loss(offset), loss(score)])
    open(PATH, "w").write(text + "\n#endif\n")


main()
