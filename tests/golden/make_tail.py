# SPDX-License-Identifier: MIT
"""Calibration maps as scikit-learn and SciPy have them: writes tail.h.

Run from the top of the tree with NumPy, SciPy and scikit-learn:
    python3 tests/golden/make_tail.py
"""
import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, log_softmax, logit
from sklearn.isotonic import IsotonicRegression

N, K, AT = 200, 4, 61


def array(name, values):
    flat = np.asarray(values, dtype=float).ravel()
    body = ",\n    ".join(
        ", ".join(float(v).hex() for v in flat[i:i + 3])
        for i in range(0, len(flat), 3))
    return f"static const double {name}[{len(flat)}] = {{\n    {body}}};\n"


def line(p, y, w):
    """Platt's smoothed targets, on log odds, to the optimum."""
    x = logit(p)
    positive, negative = w[y == 1].sum(), w[y == 0].sum()
    t = np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(c):
        z = c[0] * x + c[1]
        g = w * (expit(z) - t)
        return ((w * (np.logaddexp(0, z) - t * z)).sum(),
                np.array([(g * x).sum(), g.sum()]))

    start = minimize(loss, [1.0, 0.0], jac=True, method="BFGS",
                     options={"gtol": 1e-10}).x
    for _ in range(20):  # Newton, so that the optimum is the last bit's
        z = start[0] * x + start[1]
        h = w * expit(z) * expit(-z)
        hessian = np.array([[(h * x * x).sum(), (h * x).sum()],
                            [(h * x).sum(), h.sum()]])
        start = start - np.linalg.solve(hessian, loss(start)[1])
    return start


def main():
    rng = np.random.default_rng(11)
    truth = rng.uniform(0.02, 0.98, N)
    y = (rng.uniform(size=N) < truth).astype(float)
    # overconfident, with ties
    p = np.round(expit(2.5 * logit(truth) + 0.4), 3).clip(1e-3, 1 - 1e-3)
    w = rng.integers(0, 4, N).astype(float)
    grid = np.linspace(-0.05, 1.05, AT)
    text = ["/* SPDX-License-Identifier: MIT */\n"
            "/* By make_tail.py: do not edit. */\n"
            f"enum {{ TAIL_N = {N}, TAIL_K = {K}, TAIL_AT = {AT} }};\n"]
    text += [array("tail_p", p), array("tail_y", y), array("tail_w", w),
             array("tail_grid", grid)]
    for name, weight in (("plain", np.ones(N)), ("weighted", w)):
        iso = IsotonicRegression(out_of_bounds="clip")
        used = weight > 0
        iso.fit(p[used], y[used], sample_weight=weight[used])
        text += [array(f"tail_isotonic_{name}", iso.predict(grid)),
                 array(f"tail_line_{name}", line(p, y, weight))]
    logits = rng.normal(size=(N, K))
    label = np.array([rng.choice(K, p=q)
                      for q in np.exp(log_softmax(logits, axis=1))])
    sharp = np.exp(log_softmax(1.8 * logits, axis=1))

    def slope(beta):
        z = np.log(sharp)
        q = np.exp(log_softmax(beta * z, axis=1))
        return ((q * z).sum(axis=1) - z[np.arange(N), label]).mean()

    best = brentq(slope, 0.05, 20, xtol=1e-15, rtol=1e-15)
    text += [array("tail_sharp", sharp), array("tail_label", label),
             array("tail_temperature", [1 / best])]
    open("tests/golden/tail.h", "w").write("\n".join(text))


if __name__ == "__main__":
    main()
