# SPDX-License-Identifier: MIT
"""tests/golden/gbt.h: boosted trees of two peers on data of several classes.

    make_gbt.py > gbt.h       needs scikit-learn and lightgbm

Iris and wine are as scikit-learn ships them; `digits` is generated here and in
tests/train/test_gbt_classes.c by the same integers. Row i of split s is for
testing where mix(1000 i + s) mod 10 < 3.
"""
import sys

import lightgbm
import numpy as np
import sklearn
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

SPLITS, TREES, MASK = 10, 60, (1 << 64) - 1


def mix(x):
    """The finaliser of splitmix64."""
    x = (x + 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ x >> 27) * 0x94d049bb133111eb) & MASK
    return x ^ x >> 31


def digits():
    """Ten blurred patterns of 16 pixels, 0 .. 16, each shifted at random."""
    rows, y = [], []
    for i in range(1200):
        k = mix(i) % 10
        shift = mix(10**6 + i) % 3
        pixels = []
        for f in range(16):
            ink = mix(10**7 + 16 * k + (f + shift) % 16) % 17
            noise = sum(mix(10**8 + 64 * i + 4 * f + d) % 5 for d in range(4))
            pixels.append(min(max(ink + noise - 8, 0), 16))
        rows.append(pixels)
        y.append(k)
    return np.array(rows, float), np.array(y)


def scores(x, y):
    for s in range(SPLITS):
        test = np.array([mix(1000 * i + s) % 10 < 3 for i in range(len(y))])
        a = HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=31, l2_regularization=1,
            early_stopping=False).fit(x[~test], y[~test])
        b = lightgbm.train(
            {"objective": "multiclass", "num_class": len(set(y)),
             "num_leaves": 31, "lambda_l2": 1, "min_data_in_leaf": 20,
             "verbose": -1, "num_threads": 1, "deterministic": True},
            lightgbm.Dataset(x[~test], y[~test]), TREES)
        for p in a.predict_proba(x[test]), b.predict(x[test]):
            yield (p.argmax(1) == y[test]).mean()
            yield log_loss(y[test], np.clip(p, 1e-15, 1),
                           labels=range(p.shape[1]))


def numbers(name, values):
    print(f"static const double {name}[] = {{")
    line = "   "
    for v in values:
        text = f" {float(v):.17g},"
        if len(line) + len(text) > 79:
            print(line)
            line = "   "
        line += text
    print(line + "\n};\n")


def main():
    print("/* SPDX-License-Identifier: MIT */\n"
          "/* Written by make_gbt.py: of each split the accuracy and the log "
          "loss of\n"
          f" * scikit-learn {sklearn.__version__}, then those of LightGBM "
          f"{lightgbm.__version__}. */\n")
    for name, load in ("iris", load_iris), ("wine", load_wine):
        d = load()
        numbers(f"golden_{name}_x", d.data.ravel())
        numbers(f"golden_{name}_y", d.target)
        numbers(f"golden_{name}", scores(d.data, d.target))
    numbers("golden_digits", scores(*digits()))


if __name__ == "__main__":
    sys.exit(main())
