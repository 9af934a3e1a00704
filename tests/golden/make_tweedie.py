# SPDX-License-Identifier: MIT
"""tests/golden/num_tweedie.h: Tweedie deviances of one row, by mpmath.

    make_tweedie.py       from the top of the tree; needs mpmath
"""
import mpmath

mpmath.mp.dps = 60
PATH = "tests/golden/num_tweedie.h"


def deviance(power, y, p):
    r, y, p = mpmath.mpf(power), mpmath.mpf(y), mpmath.mpf(p)
    a, b = 1 - r, 2 - r
    return 2 * ((y ** b / (a * b) if y else 0) - y * p ** a / a + p ** b / b)


def cases():
    for power in 1.0000001, 1.001, 1.2, 1.5, 1.7, 1.999, 1.9999999:
        for p in 1e-3, 1.0, 7.0, 1e9:
            for ratio in (0.0, 1e-9, 0.5, 0.79, 0.81, 1 - 1e-3, 1 - 1e-9,
                          1.0, 1 + 1e-12, 1.001, 1.19, 1.21, 3.0, 1e6):
                yield power, ratio * p, p
        for y, p in (1e200, 1e-90), (1e-200, 1e90):
            yield power, y, p


def main():
    with open(PATH, "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n"
                "/* Written by make_tweedie.py with mpmath "
                f"{mpmath.__version__}. */\n")
        for power, y, p in cases():
            v = float(deviance(power, y, p)) if y != p else 0.0
            f.write(f"{{{power!r}, {float(y)!r}, {float(p)!r},\n {v!r}}},\n")


if __name__ == "__main__":
    main()
