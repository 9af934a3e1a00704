# SPDX-License-Identifier: MIT
"""Makes tests/golden/features.h: what scikit-learn's feature steps give.

Run from the top of the tree with NumPy and scikit-learn:
    python3 tests/golden/make_features.py
"""
import platform
import warnings

import numpy as np
import sklearn
from sklearn.preprocessing import (KBinsDiscretizer, MinMaxScaler,
                                   OneHotEncoder, PolynomialFeatures,
                                   RobustScaler, StandardScaler,
                                   TargetEncoder)

N = 90
FOLDS = 5
WORDS = ["ash", "birch", "cedar", "elm", "fir", "oak"]
EDGES = [0.5, 1.0, 2.0, 4.0]
HEAD = """/* SPDX-License-Identifier: MIT */
/*
 * Feature steps by scikit-learn. Made by tests/golden/make_features.py
 * with Python %s, NumPy %s, scikit-learn %s.
 */
#ifndef MLPIPE_GOLDEN_FEATURES_H
#define MLPIPE_GOLDEN_FEATURES_H

#include <math.h>

enum { FEATURES_ROWS = %d, FEATURES_FOLDS = %d };
"""
text = [HEAD % (platform.python_version(), np.__version__,
                sklearn.__version__, N, FOLDS)]


def num(x):
    if np.isnan(x):
        return "NAN"
    return "%d" % x if x == int(x) and abs(x) < 1e6 else float(x).hex()


def row(values, lead):
    lines, line = [], lead
    for w in (num(x) + "," for x in values):
        if len(line) + 1 + len(w) > 78:
            lines.append(line)
            line = "    " + (" " if "{" in lead else "") + w
        else:
            line += w if line in (lead,) else " " + w
    return "\n".join(lines + [line])


def array(name, values):
    values = np.asarray(values, dtype=float)
    if values.ndim == 1:
        text.append("\nstatic const double features_%s[] = {\n%s\n};\n"
                    % (name, row(values, "    ")))
        return
    rows = ",\n".join(row(v, "    {").rstrip(",") + "}" for v in values)
    text.append("\nstatic const double features_%s[][%d] = {\n%s,\n};\n"
                % (name, values.shape[1], rows))


def words(name, values):
    text.append("\nstatic const char *const features_%s[] = {\n    %s};\n"
                % (name, ", ".join('"%s"' % v for v in values)))


def encode(x, y, fold, smooth, kind):
    """Out of fold for rows of a fold, and by all rows, as two rows."""
    out = np.empty(N)
    for f in range(FOLDS):
        rows = fold == f
        if rows.any():
            e = TargetEncoder(smooth=smooth, target_type=kind)
            e.fit(x[~rows], y[~rows])
            out[rows] = e.transform(x[rows])[:, 0]
    e = TargetEncoder(smooth=smooth, target_type=kind).fit(x, y)
    return [out, e.transform(x)[:, 0]]


def target(rng, code):
    x = np.array([WORDS[int(c)] if c == c else "(missing)"
                  for c in code]).reshape(-1, 1)
    fold = rng.integers(0, FOLDS, N)
    y = np.round(rng.normal(10, 3, N) + np.nan_to_num(code, nan=4.0), 3)
    yes = (y > np.median(y)).astype(float)
    y[code == 5] = 12.25 # no spread within a category
    array("fold", fold)
    array("y", y)
    array("yes", yes)
    for name, smooth in [("auto", "auto"), ("ten", 10.0), ("none", 0.0)]:
        array("encode_" + name, encode(x, y, fold, smooth, "continuous"))
        array("encode_yes_" + name, encode(x, yes, fold, smooth, "binary"))


def onehot(code):
    x = np.array(WORDS)[np.nan_to_num(code, nan=0).astype(int)]
    array("full_code", np.nan_to_num(code, nan=0))
    for name, least in [("count", 12), ("share", 0.15)]:
        e = OneHotEncoder(min_frequency=least, sparse_output=False,
                          handle_unknown="infrequent_if_exist")
        e.fit(x.reshape(-1, 1))
        kept = [w for w in e.categories_[0]
                if w not in e.infrequent_categories_[0]]
        words("pool_%s_names" % name, kept + ["other"])
        array("pool_" + name, e.transform(x.reshape(-1, 1)).T)


def by_group(x, group):
    for name, scaler in [("zscore", StandardScaler), ("minmax", MinMaxScaler),
                         ("robust", RobustScaler)]:
        out = np.full(N, np.nan)
        all_rows = scaler().fit(x.reshape(-1, 1))
        for g in set(group):
            rows = group == g if g == g else np.isnan(group)
            own = scaler().fit(x[rows].reshape(-1, 1))
            small = g != g or np.sum(rows & ~np.isnan(x)) < 2
            out[rows] = (all_rows if small else own).transform(
                x[rows].reshape(-1, 1))[:, 0]
        array("by_" + name, out)


def bins(rng):
    plain = np.round(rng.gamma(2, 2, N), 3)
    ties = np.floor(rng.gamma(1.2, 1.5, N))
    small = plain * 1e-9
    array("plain", plain)
    array("ties", ties)
    for name, x in [("plain", plain), ("ties", ties)]:
        for way, strategy in [("width", "uniform"), ("quantile", "quantile")]:
            k = KBinsDiscretizer(n_bins=5, encode="ordinal", subsample=None,
                                 strategy=strategy,
                                 quantile_method="linear")
            array("bin_%s_%s" % (name, way),
                  k.fit_transform(x.reshape(-1, 1))[:, 0])
    array("edges", EDGES)
    array("digitize", [np.digitize(ties, EDGES),
                       np.digitize(ties, EDGES, right=True)])
    p = PolynomialFeatures(2, include_bias=False)
    array("products", p.fit_transform(np.column_stack([plain, ties, small]))
          [:, 3:].T)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(23)
    code = rng.choice(len(WORDS), N, p=[.3, .25, .2, .1, .1, .05]).astype(
        float)
    code[rng.permutation(N)[:8]] = np.nan
    words("words", WORDS)
    array("code", code)
    target(rng, code)
    onehot(code)
    x = np.round(rng.normal(0, 1, N) * 3 + 20 * np.nan_to_num(code), 3)
    x[rng.permutation(N)[:10]] = np.nan
    array("x", x)
    by_group(x, code)
    bins(rng)
    with open("tests/golden/features.h", "w", encoding="utf-8") as f:
        f.write("".join(text) + "\n#endif\n")


main()
