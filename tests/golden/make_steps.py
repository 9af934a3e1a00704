# SPDX-License-Identifier: MIT
"""Makes tests/golden/steps.h: what scikit-learn's steps and ridge give.

Run from the top of the tree with NumPy and scikit-learn:
    python3 tests/golden/make_steps.py
"""
import platform

import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder,
                                   RobustScaler, StandardScaler)

N = 60
WORDS = ["low", "mid", "high", "7 Average", "none"]


def num(x):
    return "NAN" if np.isnan(x) else float(x).hex()


class File:
    def __init__(self, path):
        self.f = open(path, "w")
        self.f.write(
            "/* SPDX-License-Identifier: MIT */\n/*\n * Steps and ridge by "
            "scikit-learn. Made by tests/golden/make_steps.py\n * with "
            "Python %s, NumPy %s, scikit-learn %s.\n */\n"
            "#ifndef MLPIPE_GOLDEN_STEPS_H\n#define MLPIPE_GOLDEN_STEPS_H\n\n"
            "#include <math.h>\n\nenum { GOLDEN_ROWS = %d };\n"
            % (platform.python_version(), np.__version__,
               sklearn.__version__, N))

    def array(self, name, values, width=None):
        values = np.asarray(values, dtype=float)
        dim = "[%d]" % values.shape[-1] if values.ndim > 1 else ""
        self.f.write("\nstatic const double golden_%s[]%s = {\n"
                     % (name, dim))
        for row in values if values.ndim > 1 else [values]:
            words, line = [num(x) for x in row], "    "
            if values.ndim > 1:
                line += "{"
            for i, w in enumerate(words):
                last = i + 1 == len(words)
                w += ("}," if values.ndim > 1 else ",") if last else ","
                if len(line) + len(w) > 78:
                    self.f.write(line.rstrip() + "\n")
                    line = "     "
                line += w + " "
            self.f.write(line.rstrip() + "\n")
        self.f.write("};\n")

    def words(self, name, values):
        self.f.write("\nstatic const char *const golden_%s[] = {\n    %s};\n"
                     % (name, ", ".join('"%s"' % v for v in values)))

    def close(self):
        self.f.write("\n#endif\n")
        self.f.close()


def columns(rng):
    a = np.round(rng.lognormal(3, 1, N), 3)
    b = np.round(rng.normal(1e6, 5, N), 1)
    c = np.floor(rng.uniform(0, 5, N))
    d = np.full(N, 42.5)
    a[rng.permutation(N)[:9]] = np.nan
    c[rng.permutation(N)[:4]] = np.nan
    return np.column_stack([a, b, c, d])


def outliers(x, out):
    q = np.nanpercentile(x, [25, 75, 1, 99], axis=0)
    iqr = q[1] - q[0]
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    out.array("iqr", [q[0] - 1.5 * iqr, q[1] + 1.5 * iqr])
    out.array("sigma", [mean - 3 * sd, mean + 3 * sd])
    out.array("tails", q[2:])


def ridge(rng, out):
    n = 120
    x = rng.normal(size=(n, 5)) * [1, 10, 0.1, 1000, 1] + [0, 50, 3, 1e5, -2]
    x[:, 4] += 0.9 * x[:, 0]
    y = x @ [1.5, -0.2, 30, 0.001, 2] + 1e4 + rng.normal(size=n)
    w = np.round(rng.uniform(0, 3, n))
    out.array("ridge_x", x)
    out.array("ridge_y", y)
    out.array("ridge_w", w)
    rows = []
    for alpha in [1e-3, 1.0, 1e3]:
        for intercept in [True, False]:
            for weight in [None, w]:
                m = Ridge(alpha=alpha, fit_intercept=intercept,
                          solver="cholesky").fit(x, y, weight)
                rows.append([alpha, intercept, weight is not None,
                             m.intercept_, *m.coef_])
    out.array("ridge", rows)


def main():
    rng = np.random.default_rng(7)
    out = File("tests/golden/steps.h")
    x = columns(rng)
    out.array("x", x.T)
    for name in ["mean", "median", "most_frequent"]:
        out.array("impute_" + name,
                  SimpleImputer(strategy=name).fit(x).statistics_)
    out.array("zscore", StandardScaler().fit_transform(x).T)
    out.array("minmax", MinMaxScaler().fit_transform(x).T)
    out.array("robust", RobustScaler().fit_transform(x).T)
    outliers(x, out)
    code = rng.choice(len(WORDS), N, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    text = np.array(WORDS)[code].reshape(-1, 1)
    encoder = OneHotEncoder(sparse_output=False).fit(text)
    out.words("words", WORDS)
    out.array("code", code)
    out.words("onehot_names", encoder.categories_[0])
    out.array("onehot", encoder.transform(text).T)
    ridge(rng, out)
    out.close()


main()
