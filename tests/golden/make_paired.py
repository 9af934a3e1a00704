# SPDX-License-Identifier: MIT
"""Makes tests/golden/num_paired.h: tests of pairs, by SciPy, statsmodels, pROC.

Run from the top of the tree with NumPy, SciPy, scikit-learn and statsmodels,
and R with the package pROC:
    python3 tests/golden/make_paired.py
"""
import math
import subprocess

import numpy as np
import scipy.stats as st
from statsmodels.stats.contingency_tables import mcnemar

from make_num import File, Random, predictions

R = """
suppressMessages(library(pROC)); options(digits = 17); data(aSAH)
y <- as.integer(aSAH$outcome == 'Poor')
cat(y, '\n', aSAH$wfns, '\n', aSAH$s100b, '\n', aSAH$ndka, '\n')
for (k in list(c('wfns', 's100b'), c('s100b', 'ndka'), c('ndka', 'wfns'))) {
  a <- roc(aSAH$outcome, as.numeric(aSAH[[k[1]]]), quiet = TRUE,
           direction = '<')
  b <- roc(aSAH$outcome, as.numeric(aSAH[[k[2]]]), quiet = TRUE,
           direction = '<')
  t <- roc.test(a, b, method = 'delong')
  cat(auc(a), auc(b), var(a), var(b), cov(a, b), t$statistic, t$p.value,
      '\n')
}
d <- read.csv('/dev/stdin')
a <- roc(d$y, d$a, quiet = TRUE, direction = '<')
b <- roc(d$y, d$b, quiet = TRUE, direction = '<')
t <- roc.test(a, b, method = 'delong')
cat(auc(a), auc(b), var(a), var(b), cov(a, b), t$statistic, t$p.value, '\n')
"""


def scores(n):
    """Truths and two scores, as in tests/num/test_paired.c."""
    y, a, _ = predictions(n, n, True)
    _, b, _ = predictions(n + 1, n, True)
    return y, a, [0.5 * (u + v) for u, v in zip(a, b)]


def delong(f):
    y, a, b = scores(1500)
    text = "y,a,b\n" + "".join("%d,%r,%r\n" % r for r in zip(y, a, b))
    out = subprocess.run(["Rscript", "-e", R], input=text, text=True,
                         capture_output=True, check=True).stdout
    lines = [[float(v) for v in line.split()]
             for line in out.strip().split("\n")]
    f.lines.append("/* aSAH of pROC: poor outcome, wfns, s100b, ndka */")
    f.table("golden_asah", list(zip(*lines[:4])))
    f.lines.append("/* auc a, auc b, var a, var b, cov, z of a - b, p: wfns "
                   "and s100b, s100b\n * and ndka, ndka and wfns; 1,500 rows "
                   "with ties */")
    f.table("golden_delong", lines[4:])


def counts(f):
    f.lines.append("/* a, b, statistic, p */")
    rows = []
    for a, b in ((0, 0), (1, 0), (0, 5), (3, 9), (12, 12), (24, 0), (5, 19),
                 (12, 13), (25, 0), (30, 45), (100, 140), (7, 5000),
                 (40000, 40500)):
        if a == b:
            rows.append((a, b, a, 1.0))
            continue
        t = mcnemar([[0, a], [b, 0]], exact=a + b < 25, correction=True)
        rows.append((a, b, t.statistic, t.pvalue))
    f.table("golden_mcnemar", rows)


def ranks(f):
    f.lines.append("/* n, kind (0 different, 1 tied, 2 tied and zero), "
                   "statistic, p, p less */")
    rows = []
    for n, kind in ((1, 0), (3, 0), (10, 0), (50, 0), (51, 0), (400, 0),
                    (12, 1), (60, 1), (900, 1), (40, 2), (900, 2)):
        r = Random(n + 7 * kind)
        d = []
        for i in range(n):
            u = r.unit() - 0.45
            if kind:
                u = math.floor(u * 16) / 8 + (0.0625 if kind == 1 else 0)
            d.append(u)
        method = "exact" if kind == 0 and n <= 50 else "asymptotic"
        t = st.wilcoxon(d, method=method)
        less = st.wilcoxon(d, method=method, alternative="less")
        rows.append((n, kind, t.statistic, t.pvalue, less.pvalue))
    f.table("golden_wilcoxon", rows)


def student(f):
    f.lines.append("/* n, ratio (0: independent), mean, se, statistic, p, "
                   "p less */")
    rows = []
    for n, ratio in ((2, 0), (5, 0), (100, 0), (9000, 0), (10, 1 / 9),
                     (30, 0.25), (15, 0.5)):
        r = Random(n)
        d = np.array([r.unit() - 0.4 for _ in range(n)])
        mean = math.fsum(d) / n
        s2 = math.fsum((d - mean) ** 2) / (n - 1)
        se = math.sqrt((1 / n + ratio) * s2)
        t = mean / se
        rows.append((n, ratio, mean, se, t, 2 * st.t.sf(abs(t), n - 1),
                     st.t.cdf(t, n - 1)))
        if not ratio:
            want = st.ttest_1samp(d, 0.0)
            assert abs(want.statistic - t) < 1e-9 * abs(t)
    f.table("golden_student_mean", rows)


if __name__ == "__main__":
    f = File("num_paired", "Tests of pairs by SciPy, statsmodels and pROC.")
    f.lines[0] = f.lines[0].replace("make_num.py", "make_paired.py")
    delong(f)
    counts(f)
    ranks(f)
    student(f)
    f.write()
