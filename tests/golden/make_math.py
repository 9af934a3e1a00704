# SPDX-License-Identifier: MIT
"""Makes lib/num/math_table.h and lib/num/dist_table.h.

Run from the top of the tree: python3 tests/golden/make_math.py
Only the standard library is used; every constant is computed with 60 digits
and rounded once to the nearest double.
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 80
LN2 = D(2).ln()
HEAD = """/* SPDX-License-Identifier: MIT */
/* %s Made by tests/golden/make_math.py; do not edit. */
"""


def top(x, bits):
    """x cut to its first `bits` bits, so that products with it are exact."""
    f = float(x)
    scale = D(2) ** (bits - 1)
    e = 0
    while D(2) ** e > x:
        e -= 1
    unit = D(2) ** e / scale
    return float((x / unit).to_integral_value() * unit)


def row(values, per):
    out = []
    for i in range(0, len(values), per):
        out.append("    " + ", ".join(v.hex() for v in values[i:i + per]))
    return ",\n".join(out)


def math_table():
    hi, lo = [], []
    for j in range(64):
        exact = (LN2 * j / 64).exp()
        h = float(exact)
        hi.append(h)
        lo.append(float(exact - D(h)))
    step = LN2 / 64
    step_hi = top(step, 34)
    ln2_hi = top(LN2, 32)
    lines = [HEAD % "Constants of exp and log."]
    lines.append("#ifndef MLPIPE_NUM_MATH_TABLE_H")
    lines.append("#define MLPIPE_NUM_MATH_TABLE_H\n")
    lines.append("/* 64 / ln 2, and ln 2 / 64 and ln 2 as short + rest. */")
    for name, value in (
            ("math_steps", float(1 / step)),
            ("math_step_hi", step_hi),
            ("math_step_lo", float(step - D(step_hi))),
            ("math_ln2_hi", ln2_hi),
            ("math_ln2_lo", float(LN2 - D(ln2_hi)))):
        lines.append("static const double %s = %s;" % (name, value.hex()))
    lines.append("\n/* 2^(j/64), and what rounding it left out. */")
    lines.append("static const double math_power_hi[64] = {")
    lines.append(row(hi, 3) + "\n};\n")
    lines.append("static const double math_power_lo[64] = {")
    lines.append(row(lo, 3) + "\n};\n")
    lines.append("#endif")
    return "\n".join(lines) + "\n"


BERNOULLI = [(1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730),
             (7, 6), (-3617, 510), (43867, 798), (-174611, 330)]


def zeta_less_one(k):
    """zeta(k) - 1 by Euler-Maclaurin at n = 40."""
    n = 40
    s = sum(D(1) / D(i) ** k for i in range(2, n))
    s += D(n) ** (1 - k) / (k - 1) + D(n) ** -k / 2
    term = D(k)
    fact = D(2)
    power = D(n) ** (-k - 1)
    for j, (p, q) in enumerate(BERNOULLI, 1):
        s += D(p) / D(q) / fact * term * power
        term *= (k + 2 * j - 1) * (k + 2 * j)
        fact *= (2 * j + 1) * (2 * j + 2)
        power /= D(n) ** 2
    return s


def dist_table():
    gamma = D("0.57721566490153286060651209008240243104215933593992")
    coeff = [float(1 - gamma)]
    for k in range(2, 32):
        sign = 1 if k % 2 == 0 else -1
        coeff.append(float(sign * zeta_less_one(k) / k))
    stirling = [float(D(p) / D(q) / (2 * j * (2 * j - 1)))
                for j, (p, q) in enumerate(BERNOULLI, 1)]
    lines = [HEAD % "Constants of lgamma."]
    lines.append("#ifndef MLPIPE_NUM_DIST_TABLE_H")
    lines.append("#define MLPIPE_NUM_DIST_TABLE_H\n")
    lines.append("/* lgamma(2 + z) = sum of c[k] z^(k + 1): 1 - gamma, then")
    lines.append(" * (-1)^k (zeta(k) - 1) / k. */")
    lines.append("enum { DIST_TAYLOR = %d };" % len(coeff))
    lines.append("static const double dist_taylor[DIST_TAYLOR] = {")
    lines.append(row(coeff, 3) + "\n};\n")
    lines.append("/* B(2j) / (2j (2j - 1)): Stirling's series in 1/x. */")
    lines.append("enum { DIST_STIRLING = %d };" % len(stirling))
    lines.append("static const double dist_stirling[DIST_STIRLING] = {")
    lines.append(row(stirling, 3) + "\n};\n")
    lines.append("#endif")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with open("lib/num/math_table.h", "w") as f:
        f.write(math_table())
    with open("lib/num/dist_table.h", "w") as f:
        f.write(dist_table())
