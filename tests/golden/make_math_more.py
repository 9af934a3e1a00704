# SPDX-License-Identifier: MIT
"""Makes lib/num/math_more_table.h and tests/golden/num_math_more.h.

Run from the top of the tree with mpmath:
    python3 tests/golden/make_math_more.py
Every number is computed with 400 bits and rounded once.
"""
import random
import struct

import mpmath
from mpmath import mp, mpf

from make_math import row

mp.prec = 400
# As in make_math.py, for mpmath's numbers. Large angles need many bits: 400
# leave 300 behind the point of 2^100.
HEAD = """/* SPDX-License-Identifier: MIT */
/* %s Made by tests/golden/make_math_more.py; do not edit. */
"""


def top(x, bits):
    """x cut to its first `bits` bits, so that products with it are exact."""
    e = mpmath.floor(mpmath.log(abs(x), 2))
    unit = mpf(2) ** (e - bits + 1)
    return float(mpmath.floor(abs(x) / unit) * unit * mpmath.sign(x))


def of_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def pair(name, exact):
    high = float(exact)
    return [(name + "_high", high), (name + "_low", float(exact - mpf(high)))]


def log_table():
    """For range i of 128: 1/m of its middle, and -log of that in two."""
    start = 0x3FE69 << 44
    scale, high, low = [], [], []
    for i in range(128):
        first = of_bits(start + (i << 45))
        last = of_bits(start + ((i + 1) << 45))
        c = 1.0 if first < 1.0 < last else float(2 / (mpf(first) + last))
        assert abs(c * mpf(first) - 1) < mpf(2) ** -7.9
        assert abs(c * mpf(last) - 1) < mpf(2) ** -7.9
        exact = -mpmath.log(mpf(c))
        scale.append(c)
        high.append(float(exact))
        low.append(float(exact - mpf(float(exact))))
    return scale, high, low


def table():
    ln2 = mpmath.log(2)
    half_pi = mp.pi / 2
    names = [("more_ln2_high", top(ln2, 42)),
             ("more_ln2_low", float(ln2 - mpf(top(ln2, 42))))]
    names += pair("more_log2e", 1 / ln2)
    names += pair("more_log10e", 1 / mpmath.log(10))
    names += [("more_two_over_pi", float(1 / half_pi))]
    names += pair("more_half_pi", half_pi)
    parts, rest = [], half_pi
    for bits in (33, 33, 33, 53):
        parts.append(top(rest, bits) if bits < 53 else float(rest))
        rest -= mpf(parts[-1])
    lines = [HEAD % "Constants of powers and angles."]
    lines.append("#ifndef MLPIPE_NUM_MATH_MORE_TABLE_H")
    lines.append("#define MLPIPE_NUM_MATH_MORE_TABLE_H\n")
    for name, value in names:
        lines.append("static const double %s = %s;" % (name, value.hex()))
    lines.append("\n/* pi/2 in parts of 33, 33, 33 and 53 bits. */")
    lines.append("static const double more_half_pi[4] = {")
    lines.append(row(parts, 2) + "\n};\n")
    lines.append("/* 1/m for 128 ranges of m, and -log of that in two. */")
    for name, values in zip(("scale", "high", "low"), log_table()):
        lines.append("static const double more_log_%s[128] = {" % name)
        lines.append(row(values, 3) + "\n};\n")
    lines.append("#endif")
    return "\n".join(lines) + "\n"


def round_digits(x, digits):
    """The decimal rounding of the exact value, ties to even, as a double."""
    from fractions import Fraction as F
    scaled = F(x) * F(10) ** digits
    n = round(scaled)  # Python's rounding of fractions: halves to even
    return float(F(n) / F(10) ** digits)


def angles(rng):
    """Random ones, and those next to multiples of pi/2."""
    out = [rng.uniform(-1, 1) * 2.0 ** rng.randint(-30, 20)
           for _ in range(100)]
    for _ in range(50):
        k = rng.randint(1, 667543)
        out.append(float(k * mp.pi / 2))
    # The nearest of them, of all multiples up to 2^20.
    near = []
    mp.prec = 200
    half_pi = mp.pi / 2
    scaled = int(mpmath.nint(half_pi * mpf(2) ** 180))
    for k in range(1, 667544):
        exact = scaled * k
        shift = exact.bit_length() - 53
        m = (exact + (1 << (shift - 1))) >> shift
        near.append((abs(exact - (m << shift)), k))
    near.sort()
    out += [float(k * half_pi) for _, k in near[:60]]
    mp.prec = 400
    return [x for x in out if abs(x) <= 2.0 ** 20]


def powers(rng):
    out = []
    while len(out) < 300:
        x = abs(of_bits(rng.getrandbits(62)))
        kind = len(out) % 4
        if kind == 0:
            x = rng.uniform(0, 10)
        if kind == 1:
            x = 1.0 + rng.uniform(-1, 1) * 2.0 ** -rng.randint(1, 52)
        if x in (0.0, 1.0):
            continue
        limit = 700 / abs(mpmath.log(mpf(x)))
        y = float(rng.uniform(-1, 1) * limit)
        if kind == 3:  # the ends of the range
            y = float(rng.choice([-1.06, -1.04, -1.02, 1.01]) * limit)
        out.append((x, y))
    return out


def num(x):
    return "HUGE_VAL" if x == float("inf") else float(x).hex()


def block(name, columns, rows):
    lines = ["static const double golden_%s[][%d] = {" % (name, columns)]
    lines += ["    {%s}," % ",\n     ".join(
        ", ".join(map(num, r[i:i + 2])) for i in range(0, len(r), 2))
        for r in rows]
    return "\n".join(lines + ["};\n"])


def golden():
    rng = random.Random(7)
    lines = [HEAD % "Powers, roots, angles and roundings by mpmath %s."
             % mpmath.__version__]
    lines.append("#ifndef MLPIPE_GOLDEN_NUM_MATH_MORE_H")
    lines.append("#define MLPIPE_GOLDEN_NUM_MATH_MORE_H\n")
    lines.append("#include <math.h>\n")
    lines.append("/* x, y, x^y */")
    lines.append(block("pow", 3, [(x, y, float(mpf(x) ** mpf(y)))
                                  for x, y in powers(rng)]))
    lines.append("/* x, log2, log10, cbrt */")
    rows = []
    for i in range(150):
        x = of_bits(rng.getrandbits(62)) if i % 2 else \
            1.0 + rng.uniform(-0.5, 0.5) * 2.0 ** -rng.randint(0, 50)
        x = abs(x)
        if x == 0.0 or x == 1.0:
            continue
        m = mpf(x)
        rows.append((x, float(mpmath.log(m) / mpmath.log(2)),
                     float(mpmath.log10(m)), float(mpmath.cbrt(m))))
    lines.append(block("log", 4, rows))
    lines.append("/* x, sin, cos, tan */")
    lines.append(block("angle", 4, [
        (x, float(mpmath.sin(mpf(x))), float(mpmath.cos(mpf(x))),
         float(mpmath.tan(mpf(x)))) for x in angles(rng)]))
    lines.append("/* t, sin and cos of t turns */")
    turns = [rng.uniform(-1, 1) * 2.0 ** rng.randint(-60, 52)
             for _ in range(100)]
    lines.append(block("turn", 3, [
        (t, float(mpmath.sinpi(2 * mpf(t))),
         float(mpmath.cospi(2 * mpf(t)))) for t in turns]))
    lines.append("/* x, digits, rounded */")
    rows = []
    for i in range(600):
        digits = rng.randint(-15, 15)
        if i % 3 == 0:  # looks like a tie in decimal
            x = rng.randint(-10 ** 6, 10 ** 6) * 10.0 ** -digits \
                + 0.5 * 10.0 ** -digits
        elif i % 3 == 1:
            x = rng.uniform(-1, 1) * 2.0 ** rng.randint(-60, 120)
        else:  # is a tie
            x = rng.randint(-10 ** 5, 10 ** 5) / 8
            digits = rng.randint(-5, 3)
        if x:
            rows.append((x, float(digits), round_digits(x, digits)))
    lines.append(block("round", 3, rows))
    lines.append("#endif")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with open("lib/num/math_more_table.h", "w") as f:
        f.write(table())
    with open("tests/golden/num_math_more.h", "w") as f:
        f.write(golden())
