#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/golden/profile.h: what pandas and SciPy say of a few columns, and of
two samples. Run with pandas and scipy installed."""
import math
import os
from fractions import Fraction

import numpy as np
import pandas as pd
import scipy
from scipy import stats

HERE = os.path.dirname(os.path.abspath(__file__))


def array(name, values):
    lines = [f"static const double {name}[] = {{"]
    line = "   "
    for v in values:
        item = " " + repr(float(v)) + ","
        if len(line) + len(item) > 78:
            lines.append(line)
            line = "   "
        line += item
    return "\n".join(lines + [line, "};", ""])


def column(rng, n, kind):
    if kind == "skewed":
        return np.exp(rng.normal(0, 1, n))
    if kind == "whole":
        return rng.integers(-5, 12, n).astype(float)
    return 1e6 + rng.normal(0, 1e-3, n)  # large and narrow


def describe(x):
    s = pd.Series(x)
    q = s.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).tolist()
    # exact moments: pandas' own lose digits where values are large and narrow
    n = len(x)
    exact = [Fraction(float(v)) for v in x]
    mean = sum(exact) / n
    m2 = sum((v - mean) ** 2 for v in exact) / n
    m3 = sum((v - mean) ** 3 for v in exact) / n
    sd = math.sqrt(m2 * n / (n - 1))
    skew = float(m3) / float(m2) ** 1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    assert abs(sd - s.std()) < 1e-6 * sd
    assert abs(skew - s.skew()) < 1e-4
    return [s.min(), *q, s.max(), mean, sd, skew, s.nunique(),
            s.value_counts().iloc[0]]


def main():
    rng = np.random.default_rng(7)
    out = ["/* SPDX-License-Identifier: MIT */",
           f"/* Made by make_profile.py: pandas {pd.__version__}, "
           f"SciPy {scipy.__version__}. */", ""]
    for kind in ("skewed", "whole", "narrow"):
        x = column(rng, 301, kind)
        out += [array(f"profile_{kind}", x),
                array(f"profile_{kind}_says", describe(x))]
    low, high = np.quantile(column(rng, 301, "skewed"), [0, 1])
    counts, _ = np.histogram(pd.Series(x), bins=20)
    out.append(array("profile_narrow_bins", counts))
    # two samples
    for name, a, b in (
            ("same", rng.normal(0, 1, 400), rng.normal(0, 1, 300)),
            ("moved", rng.normal(0, 1, 400), rng.normal(0.4, 1.2, 250)),
            ("ties", rng.integers(0, 9, 350).astype(float),
             rng.integers(1, 10, 280).astype(float))):
        ks = stats.ks_2samp(a, b, method="asymp")
        welch = stats.ttest_ind(b, a, equal_var=False)
        sd = a.std(ddof=1)
        interval = welch.confidence_interval(0.95)
        out += [array(f"drift_{name}_a", a), array(f"drift_{name}_b", b),
                array(f"drift_{name}_says", [
                    ks.statistic, (b.mean() - a.mean()) / sd,
                    interval.low / sd, interval.high / sd])]
    table = np.array([[120, 80, 40, 10], [90, 95, 20, 25]])
    chi2 = stats.chi2_contingency(table, correction=False)
    tv = abs(table[0] / table[0].sum() - table[1] / table[1].sum()).sum() / 2
    out.append(array("drift_counts", table.ravel()))
    out.append(array("drift_counts_says", [chi2.statistic, chi2.pvalue, tv]))
    p = rng.uniform(0, 0.2, 8)
    out.append(array("drift_p", p))
    out.append(array("drift_q", stats.false_discovery_control(p)))
    with open(os.path.join(HERE, "profile.h"), "w") as f:
        f.write("\n".join(out).rstrip() + "\n")


main()
