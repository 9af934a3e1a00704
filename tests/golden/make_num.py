# SPDX-License-Identifier: MIT
"""Makes tests/golden/num_*.h: expected values of the numeric core.

Run from the top of the tree with NumPy, SciPy and scikit-learn:
    python3 tests/golden/make_num.py
"""
import math
import platform
from decimal import Decimal as D
from fractions import Fraction

import numpy as np
import scipy
import scipy.special as sp
import scipy.stats as st
import sklearn

from make_math import zeta_less_one

HEAD = """/* SPDX-License-Identifier: MIT */
/*
 * %s Made by tests/golden/make_num.py
 * with Python %s, NumPy %s, SciPy %s, scikit-learn %s.
 */
""" % ("%s", platform.python_version(), np.__version__, scipy.__version__,
       sklearn.__version__)


def num(x):
    x = float(x)
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return x.hex()


class File:
    def __init__(self, name, about):
        self.name, self.lines = name, [HEAD % about]

    def table(self, name, rows):
        """Rows of equal length as double name[][width]."""
        self.lines.append("static const double %s[][%d] = {"
                          % (name, len(rows[0])))
        for r in rows:
            cells = [num(v) for v in r]
            text = "    {"
            line = text
            for i, cell in enumerate(cells):
                part = cell + (", " if i + 1 < len(cells) else "},")
                if len(line) + len(part.rstrip()) > 79:
                    self.lines.append(line.rstrip())
                    line = "     "
                line += part
            self.lines.append(line)
        self.lines.append("};\n")

    def array(self, name, values):
        self.lines.append("static const double %s[] = {" % name)
        line = "   "
        for v in values:
            part = " " + num(v) + ","
            if len(line) + len(part) > 79:
                self.lines.append(line)
                line = "   "
            line += part
        self.lines.append(line)
        self.lines.append("};\n")

    def value(self, name, v):
        self.lines.append("static const double %s = %s;" % (name, num(v)))

    def write(self):
        guard = "MLPIPE_GOLDEN_" + self.name.upper() + "_H"
        head, rest = self.lines[0], self.lines[1:]
        with open("tests/golden/%s.h" % self.name, "w") as f:
            f.write(head + "#ifndef %s\n#define %s\n\n" % (guard, guard)
                    + "#include <math.h>\n\n")
            f.write("\n".join(rest).rstrip() + "\n\n#endif\n")


class Random:
    """splitmix64, as in tests/num/num_support.h."""

    def __init__(self, seed):
        self.s = seed

    def bits(self):
        m = (1 << 64) - 1
        self.s = (self.s + 0x9e3779b97f4a7c15) & m
        z = self.s
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & m
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & m
        return z ^ (z >> 31)

    def unit(self):
        return (self.bits() >> 11) * 2.0 ** -53


def lgamma(x):
    """SciPy loses digits near its zeros at 1 and 2: there by the series."""
    if not 1.5 < x < 2.5:
        shifted = D(x) + 1
        if abs(x - 1) < 0.01:
            return float(lgamma_two(shifted - 2) - D(x).ln())
        return sp.gammaln(x)
    return float(lgamma_two(D(x) - 2))


def lgamma_two(z):
    gamma = D("0.57721566490153286060651209008240243104215933593992")
    return (1 - gamma) * z + sum(
        (-1) ** k * zeta_less_one(k) / k * z ** k for k in range(2, 90))


def dist():
    f = File("num_dist", "Distribution functions by SciPy.")
    xs = [1e-300, 1e-8, 1e-3, 0.1, 0.3, 0.5, 0.75, 0.9, 0.999, 1.0, 1.001,
          1.2, 1.5, 1.9, 1.9999, 2.0, 2.0001, 2.3, 2.5, 3.0, 4.7, 8.25, 11.9,
          12.0, 20.5, 100.0, 170.6, 1e4, 1e8, 1e100]
    f.table("golden_lgamma", [(x, lgamma(x)) for x in xs])
    rows = []
    for a in (1e-3, 0.1, 0.5, 1.0, 1.5, 3.0, 10.0, 37.5, 200.0, 5000.0):
        for r in (1e-3, 0.1, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5, 3.0, 10.0):
            x = a * r
            rows.append((a, x, sp.gammainc(a, x), sp.gammaincc(a, x)))
    f.table("golden_gamma", rows)
    rows = []
    for df in (1, 2, 3, 5, 9, 19, 63, 255, 1000):
        for z in (-4.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0):
            x = df + z * math.sqrt(2.0 * df)
            if x > 0:
                rows.append((x, df, st.chi2.sf(x, df)))
    f.table("golden_chi2", rows)
    zs = [-38.0, -8.0, -3.0, -1.0, -0.1, -1e-9, 0.0, 1e-9, 0.1, 0.5, 1.0, 1.5,
          1.73, 1.74, 1.959963984540054, 3.0, 5.0, 8.0, 12.0, 20.0, 37.0]
    f.table("golden_normal", [(z, st.norm.sf(z)) for z in zs])
    ps = [1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.01, 0.025, 0.07, 0.1,
          0.25, 0.4, 0.49, 0.5, 0.51, 0.6, 0.75, 0.9, 0.93, 0.95, 0.975, 0.99,
          0.999, 0.99999, 1 - 1e-10]
    f.table("golden_normal_quantile", [(p, sp.ndtri(p)) for p in ps])
    rows = []
    for df in (0.5, 1, 2, 3, 5, 10, 30, 99, 1000, 123456):
        for t in (-50.0, -3.0, -0.5, 0.0, 1e-6, 0.1, 1.0, 2.0, 5.0, 30.0, 1e4):
            want = st.t.sf(t, df)
            if want > 0.2:  # where sf loses digits for small t
                inner = sp.betainc(0.5, df / 2, t * t / (df + t * t)) / 2
                want = 0.5 - math.copysign(inner, t)
            rows.append((t, df, want))
    f.table("golden_student", rows)
    rows = []
    for df in (1, 2, 3, 5, 10, 30, 99, 1000, 123456):
        for p in (1e-12, 1e-4, 0.025, 0.2, 0.3, 0.5, 0.501, 0.8, 0.975,
                  0.99999):
            rows.append((p, df, st.t.ppf(p, df)))
    f.table("golden_student_quantile", rows)
    rows = []
    for n in (1, 2, 10, 37, 100, 1000, 20000):
        for p in (0.001, 0.05, 0.3, 0.5, 0.97):
            for u in (-4.0, -1.0, 0.0, 1.0, 3.0, 8.0):
                k = round(n * p + u * math.sqrt(n * p * (1 - p)))
                if 0 <= k <= n + 1:
                    rows.append((k, n, p, st.binom.sf(k - 1, n, p)))
    f.table("golden_binomial", rows)
    rows = []
    for a in (0.01, 0.5, 1.0, 2.5, 10.0, 300.0, 4000.0):
        for b in (0.02, 0.5, 1.0, 3.0, 40.0, 2500.0):
            for x in (1e-6, 0.03, 0.25, 0.5, 0.77, 0.99, 0.9999):
                v = sp.betainc(a, b, x)
                if v > 1e-280:
                    rows.append((a, b, x, v))
    f.table("golden_beta", rows)
    f.write()


def exact_sets():
    r = Random(7)
    sets = [[1e308, 1e308, -1e308, -1e308, 1.0],
            [1e308, 1e308, 1e308],
            [5e-324, 5e-324, -1e-310, 3.0],
            [1.0, 2.0 ** -53, 2.0 ** -106],
            [1.0, 2.0 ** -53],
            [1.0 + 2.0 ** -52, 2.0 ** -53],
            [-1.0, 1.0, -0.0],
            [0.1] * 10,
            [1e16, 1.0, -1e16, 1e-16],
            [1.7976931348623157e308, 2.0 ** 970],
            [1.7976931348623157e308, 2.0 ** 969],
            [2.0 ** 53, 1.0, 2.0 ** -1074],
            [1e9 + 0.1 * k for k in range(12)],
            [1.7976931348623157e308 / 2, -1.7976931348623157e308 / 2]]
    wide = []
    for _ in range(40):
        m = r.unit() * 2 - 1
        wide.append(math.ldexp(m, int(r.unit() * 2000) - 1000))
    sets.append(wide)
    sets.append([(r.unit() - 0.5) * 1e-3 + 12345.0 for _ in range(60)])
    return sets


def to_float(fr):
    try:
        return float(fr)
    except OverflowError:
        return math.inf if fr > 0 else -math.inf


def exact():
    f = File("num_exact", "Sums by exact fractions.")
    sets = exact_sets()
    flat, rows = [], []
    for s in sets:
        fr = [Fraction(v) for v in s]
        total = sum(fr)
        squares = sum(v * v for v in fr)
        mean = total / len(fr)
        rows.append((len(flat), len(s), to_float(total), to_float(mean),
                     to_float(squares),
                     to_float(squares - total * total / len(fr))))
        flat += s
    f.array("golden_exact_values", flat)
    f.lines.append("/* first, count, sum, mean, squares, centred */")
    f.table("golden_exact", rows)
    f.write()


def column(seed, n):
    """As num_column() in tests/num/num_support.h."""
    r = Random(seed)
    out = []
    for _ in range(n):
        u, v = r.unit(), r.unit()
        out.append(math.floor(u * 16) / 4 if v < 0.3 else (u - 0.4) * 1000)
    return out


def stats():
    f = File("num_stats", "Statistics by NumPy and exact fractions.")
    for n in (1, 2, 3, 10, 999, 5000):
        x = column(n, n)
        fr = [Fraction(v) for v in x]
        mean = sum(fr) / n
        centred = sum((v - mean) ** 2 for v in fr)
        f.lines.append("enum { GOLDEN_STATS_%d = %d };" % (n, n))
        f.table("golden_stats_%d" % n, [(
            float(mean), float(centred / n),
            float(centred / (n - 1)) if n > 1 else math.nan, min(x), max(x),
            float(st.mode(x).mode))])
        qs = [0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.999, 1.0]
        f.table("golden_quantile_%d" % n,
                [(q, np.quantile(x, q, method="linear")) for q in qs])
    f.write()


def predictions(seed, n, binary):
    """As num_predictions() in tests/num/num_support.h."""
    r = Random(seed)
    y, p, w = [], [], []
    for i in range(n):
        a, b, c = r.unit(), r.unit(), r.unit()
        score = math.floor(a * 20) / 20 if i % 3 else a
        if binary:
            y.append(1.0 if b < 0.1 + 0.8 * a else 0.0)
            p.append(score)
        else:
            y.append(100 * a + 10 * b)
            p.append(100 * a + 5)
        w.append(0.25 + 2 * c if i % 5 else 0.0)
    return y, p, w


def twosample():
    f = File("num_twosample", "Two-sample statistics by NumPy and SciPy.")
    counts = [([10, 20, 30], [12, 18, 33]), ([100, 0, 50, 7], [80, 3, 0, 9]),
              ([500] * 10, [48, 52, 61, 39, 50, 50, 44, 57, 49, 50]),
              ([1, 1], [0, 0]), ([5, 5], [0, 9])]
    rows = []
    for ref, now in counts:
        k = len(ref)
        a, b = np.array(ref, float), np.array(now, float)
        q = (a + 0.5) / (a.sum() + 0.5 * k)
        p = (b + 0.5) / (b.sum() + 0.5 * k)
        psi = ((p - q) * np.log(p / q)).sum()
        na, nb = a.sum(), b.sum()
        tail = math.nan
        if nb:
            tail = st.chi2.sf(psi * na * nb / (na + nb), k - 1)
        else:
            psi = math.nan
        pad = [0] * (10 - k)
        rows.append([k, psi, tail] + ref + pad + now + pad)
    f.lines.append("/* bins, psi, p, ten counts, ten counts */")
    f.table("golden_psi", rows)
    f.lines.append("/* n, mean, se, p that the mean of a - b is >= 0 */")
    rows = []
    for n in (2, 5, 100, 9000):
        y, p, _ = predictions(n + 2, n, False)
        t = st.ttest_rel(y, p, alternative="less")
        d = np.array(y) - np.array(p)
        rows.append((n, math.fsum(d) / n, d.std(ddof=1) / math.sqrt(n),
                     t.pvalue))
    f.table("golden_paired", rows)
    f.write()


if __name__ == "__main__":
    dist()
    exact()
    stats()
    twosample()
