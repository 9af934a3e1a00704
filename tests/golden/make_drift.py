# SPDX-License-Identifier: MIT
"""Makes tests/golden/drift.h: two-sample statistics of binned data by SciPy.

Run from the top of the tree with NumPy and SciPy:
    python3 tests/golden/make_drift.py
"""
import platform
import warnings

import numpy as np
import scipy
import scipy.stats as st

CELLS = 8


def num(x):
    return float(x).hex()


def anderson(a, b):
    """A2 of equation 7 of Scholz and Stephens with mid-ranks, which SciPy
    gives only after its mean and deviation."""
    from scipy.stats import _morestats as m
    z = np.sort(np.concatenate([a, b]))
    return m._anderson_ksamp_midrank([a, b], z, np.unique(z), 2,
                                     np.array([len(a), len(b)]), len(z))


def main():
    rng = np.random.default_rng(7)
    out = ["/* SPDX-License-Identifier: MIT */",
           "/*",
           " * Two-sample statistics of binned data. Made by"
           " tests/golden/make_drift.py",
           " * with Python %s, NumPy %s, SciPy %s."
           % (platform.python_version(), np.__version__, scipy.__version__),
           " */", "#ifndef MLPIPE_GOLDEN_DRIFT_H",
           "#define MLPIPE_GOLDEN_DRIFT_H", "",
           "/* %d counts, %d counts, ks, ad, chi2, its p, g */"
           % (CELLS, CELLS),
           "static const double golden_grid[][%d] = {" % (2 * CELLS + 5)]
    for n, m, shape in [(50, 30, 1), (200, 1000, 1), (1000, 200, 2),
                        (5000, 5000, 3), (20000, 300, 4), (97, 10007, 0)]:
        p = np.array([1, 2, 3, 4, 3, 2, 1, 1.0]) if shape else np.array(
            [900, 0, 50, 0, 0, 20, 30, 0.0])
        q = p * (1 + 0.1 * shape * rng.random(CELLS))
        a = rng.choice(CELLS, n, p=p / p.sum())
        b = rng.choice(CELLS, m, p=q / q.sum())
        x = np.bincount(a, minlength=CELLS)
        y = np.bincount(b, minlength=CELLS)
        table = np.array([x, y])[:, x + y > 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ks = st.ks_2samp(a, b).statistic
        chi = st.chi2_contingency(table, correction=False)
        g = st.chi2_contingency(table, correction=False,
                                lambda_="log-likelihood")
        cells = list(x) + list(y) + [ks, anderson(a, b), chi[0], chi[1], g[0]]
        out.append("    {" + ",\n     ".join(
            ", ".join(num(v) for v in cells[i:i + 3])
            for i in range(0, len(cells), 3)) + "},")
    out += ["};", "", "/* a, n, b, m, P above, P below */",
            "static const double golden_fisher[][6] = {"]
    for a, n, b, m in [(200, 20000, 40, 2000), (0, 20000, 3, 200),
                       (0, 100, 0, 50), (5, 10, 5, 10), (10, 10, 0, 7),
                       (300, 1000, 250, 1000), (1, 50000, 0, 50000),
                       (40000, 50000, 41000, 50000), (9, 9, 9, 9)]:
        t = [[b, m - b], [a, n - a]]
        cells = [a, n, b, m, st.fisher_exact(t, alternative="greater")[1],
                 st.fisher_exact(t, alternative="less")[1]]
        out.append("    {" + ",\n     ".join(
            ", ".join(num(v) for v in cells[i:i + 3])
            for i in range(0, 6, 3)) + "},")
    out += ["};", "", "#endif", ""]
    with open("tests/golden/drift.h", "w") as f:
        f.write("\n".join(out))


main()
