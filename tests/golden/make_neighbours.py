# SPDX-License-Identifier: MIT
"""Makes tests/golden/neighbours.h: nearest neighbours and naive Bayes by
scikit-learn.

Run from the top of the tree with NumPy and scikit-learn:
    python3 tests/golden/make_neighbours.py

No query has two rows at one distance: scikit-learn leaves open which of them
counts, ours takes the earlier one. Trees, since its brute force loses digits of
distances far from 0 (x x - 2 x y + y y).
"""
import platform

import numpy as np
import sklearn
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

ROWS, QUERIES, NUMBERS, CATEGORIES = 90, 24, 4, 3
CODES = [2, 5, 9]

out = open("tests/golden/neighbours.h", "w")


def array(name, values):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    out.write("\nstatic const double golden_%s[][%d] = {\n"
              % (name, values.shape[1]))
    for row in values:
        line = "    {"
        for i, x in enumerate(row):
            word = float(x).hex() + ("}," if i + 1 == len(row) else ", ")
            if len(line) + len(word.rstrip()) > 79:
                out.write(line.rstrip() + "\n")
                line = "     "
            line += word
        out.write(line.rstrip() + "\n")
    out.write("};\n")


out.write("/* SPDX-License-Identifier: MIT */\n/*\n * Nearest neighbours and "
          "naive Bayes by scikit-learn. Made by\n * "
          "tests/golden/make_neighbours.py with Python %s, NumPy %s,\n * "
          "scikit-learn %s.\n */\n#ifndef MLPIPE_GOLDEN_NEIGHBOURS_H\n"
          "#define MLPIPE_GOLDEN_NEIGHBOURS_H\n\nenum {\n"
          "    GOLDEN_NEAR_ROWS = %d,\n    GOLDEN_NEAR_QUERIES = %d,\n"
          "    GOLDEN_NEAR_NUMBERS = %d,\n    GOLDEN_NEAR_CATEGORIES = %d\n"
          "};\n" % (platform.python_version(), np.__version__,
                    sklearn.__version__, ROWS, QUERIES, NUMBERS, CATEGORIES))

rng = np.random.default_rng(7)
group = rng.integers(0, 3, ROWS)
x = rng.normal(size=(ROWS, NUMBERS)) * [1, 2, 0.5, 3] + group[:, None]
x[:, 3] += 1000
q = rng.normal(size=(QUERIES, NUMBERS)) * [1, 2, 0.5, 3] + 1
q[:, 3] += 1000
q[:3] = x[:3]
y = x[:, 0] * 2 - x[:, 1] + rng.normal(size=ROWS)
codes = np.stack([rng.integers(0, c, ROWS) for c in CODES], axis=1)
codes[:, 1] = np.minimum(codes[:, 1], group + 2)
codes[:len(CODES) * 9, :] = np.stack(
    [np.arange(len(CODES) * 9) % c for c in CODES], axis=1)
asked = np.stack([rng.integers(0, c, QUERIES) for c in CODES], axis=1)
array("near_x", x)
array("near_q", q)
array("near_y", np.stack([y, group, group > 0], axis=1))
array("near_codes", codes)
array("near_asked", asked)

# k, weights distance, metric manhattan; then the number, P(of three), P(of
# two) of each query
rows = []
for k in (1, 5, 17):
    for weights in ("uniform", "distance"):
        for metric in ("euclidean", "manhattan"):
            how = dict(n_neighbors=k, weights=weights, metric=metric,
                       algorithm="kd_tree")
            number = KNeighborsRegressor(**how).fit(x, y).predict(q)
            three = KNeighborsClassifier(**how).fit(x, group)
            two = KNeighborsClassifier(**how).fit(x, group > 0)
            rows.append(np.concatenate([
                [k, weights == "distance", metric == "manhattan"],
                number, three.predict_proba(q).ravel(),
                two.predict_proba(q)[:, 1]]))
array("near_knn", rows)

# var_smoothing; then P(of three), P(of two) of each query
rows = []
for smoothing in (1e-9, 0.01):
    three = GaussianNB(var_smoothing=smoothing).fit(x, group)
    two = GaussianNB(var_smoothing=smoothing).fit(x, group > 0)
    rows.append(np.concatenate([[smoothing], three.predict_proba(q).ravel(),
                                two.predict_proba(q)[:, 1]]))
array("near_gaussian", rows)

# alpha; then the same
rows = []
for alpha in (1.0, 0.25):
    three = CategoricalNB(alpha=alpha).fit(codes, group)
    two = CategoricalNB(alpha=alpha).fit(codes, group > 0)
    rows.append(np.concatenate([[alpha], three.predict_proba(asked).ravel(),
                                two.predict_proba(asked)[:, 1]]))
array("near_categorical", rows)
out.write("\n#endif\n")
out.close()
