# SPDX-License-Identifier: MIT
"""Makes tests/golden/smote.h: neighbours and new rows by imbalanced-learn.

Run from the top of the tree with NumPy, scikit-learn and imbalanced-learn:
    python3 tests/golden/make_smote.py
imbalanced-learn measures distances on the columns as they are: it is given
columns scaled by quartiles of all rows, and its rows are scaled back.
"""
import platform

import imblearn
import numpy as np
import sklearn
from imblearn.over_sampling import SMOTE
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import RobustScaler

N, FEW, K = 90, 24, 5


def array(f, kind, name, values, form):
    values = np.asarray(values)
    dim = "[%d]" % values.shape[-1] if values.ndim > 1 else ""
    f.write("\nstatic const %s golden_smote_%s[]%s = {\n" % (kind, name, dim))
    for row in values if values.ndim > 1 else [values]:
        words, line = [form(x) for x in row], "    "
        if values.ndim > 1:
            words[0] = "{" + words[0]
            words[-1] += "}"
        for w in words:
            if len(line) + len(w) + 1 > 78:
                f.write(line.rstrip() + "\n")
                line = "     "
            line += w + ", "
        f.write(line.rstrip() + "\n")
    f.write("};\n")


def main():
    rng = np.random.default_rng(11)
    x = np.column_stack([rng.normal(size=N), 1e6 + 5 * rng.normal(size=N),
                         1e-3 * rng.lognormal(size=N), np.full(N, 7.0),
                         1e4 * rng.uniform(size=N)])
    x = np.array([[float("%.9g" % v) for v in row] for row in x])
    y = np.zeros(N, dtype=int)
    y[rng.permutation(N)[:FEW]] = 1
    scaler = RobustScaler().fit(x)
    few = scaler.transform(x)[y == 1]
    near = NearestNeighbors(n_neighbors=K + 1).fit(few).kneighbors(
        few, return_distance=False)[:, 1:]
    made, _ = SMOTE(k_neighbors=K, random_state=3).fit_resample(
        scaler.transform(x), y)
    made = scaler.inverse_transform(made[N:])
    with open("tests/golden/smote.h", "w") as f:
        f.write(
            "/* SPDX-License-Identifier: MIT */\n/*\n * Neighbours and new "
            "rows by imbalanced-learn. Made by\n * tests/golden/make_smote.py"
            " with Python %s, NumPy %s,\n * scikit-learn %s, imbalanced-learn"
            " %s.\n */\n#ifndef MLPIPE_GOLDEN_SMOTE_H\n"
            "#define MLPIPE_GOLDEN_SMOTE_H\n\n"
            "#include <stdint.h>\n\n"
            "enum {\n    GOLDEN_SMOTE_ROWS = %d,\n    GOLDEN_SMOTE_FEW = %d,"
            "\n    GOLDEN_SMOTE_COLUMNS = %d,\n    GOLDEN_SMOTE_K = %d,\n"
            "    GOLDEN_SMOTE_MADE = %d\n};\n"
            % (platform.python_version(), np.__version__,
               sklearn.__version__, imblearn.__version__, N, FEW,
               x.shape[1], K, len(made)))
        array(f, "double", "x", x, lambda v: repr(float(v)))
        array(f, "double", "y", y, str)
        f.write("\n/* of each row of the class, counted in the class */")
        array(f, "uint32_t", "near", near, str)
        array(f, "double", "made", made, lambda v: repr(float(v)))
        f.write("\n#endif\n")


main()
