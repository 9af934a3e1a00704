#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Expected densities and suggestions of the tree-structured Parzen estimator.

    python3 make_search.py > search_tpe.h

The formulas are written down here a second time, the plain way, with SciPy's
normal distribution; the densities are also compared with those of Optuna's own
estimator (any 5.x), so that "as Optuna has it" is checked and not claimed. Its
sort leaves open which of equal values comes first; here the earlier trial does.
"""
import math
import warnings

import numpy as np
import optuna
from scipy.stats import norm

from optuna.distributions import (CategoricalDistribution, FloatDistribution,
                                  IntDistribution)
from optuna.samplers._tpe.parzen_estimator import (
    _ParzenEstimator, _ParzenEstimatorParameters)
from optuna.samplers._tpe.sampler import default_gamma, default_weights

warnings.simplefilter("ignore")
SEED = 7
FOR_SEARCH = 40
DIMS = [("real", False, 0.0, 10.0, 0), ("real", True, 1e-3, 1.0, 0),
        ("int", False, 1.0, 20.0, 0), ("int", True, 1.0, 1000.0, 0),
        ("list", False, 0.0, 0.0, 4)]


def philox(seed, purpose, stream, row, draw):
    """Philox4x32-10 as Salmon et al. have it."""
    m = 0xFFFFFFFF
    key = [seed & m, seed >> 32]
    c = [row & m, row >> 32, draw, (purpose << 24) ^ stream]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b & m, (a >> 32) ^ c[3] ^ key[1],
             a & m]
        key = [(key[0] + 0x9E3779B9) & m, (key[1] + 0xBB67AE85) & m]
    return c


def unit(stream, row, draw):
    c = philox(SEED, FOR_SEARCH, stream, row, draw)
    return ((((c[1] << 32) | c[0]) >> 12) + 0.5) * 2.0 ** -52


def weights(n):
    w = [1.0] * n
    if n >= 25:
        w = list(np.linspace(1.0 / n, 1.0, n - 25)) + [1.0] * 25
    w = np.array(w + [1.0])
    return w / w.sum()


class Density:
    def __init__(self, dim, values):
        self.kind, self.log, self.low, self.high, self.count = dim
        self.half = 0.5 if self.kind == "int" else 0.0
        n = len(values)
        self.w = weights(n)
        if self.kind == "list":
            rows = np.full((n + 1, self.count), 1.0 / (n + 1))
            for i, v in enumerate(values):
                rows[i, int(v)] += 1.0
            if n == 0:
                rows[:] = 1.0
            self.p = self.w @ (rows / rows.sum(axis=1, keepdims=True))
            return
        t = self.scale
        self.a, self.b = t(self.low - self.half), t(self.high + self.half)
        mu = np.array([t(v) for v in values])
        sigma = np.empty(n)
        order = np.argsort(mu, kind="stable")
        for at, i in enumerate(order):
            left = mu[i] - (mu[order[at - 1]] if at else self.a)
            right = (mu[order[at + 1]] if at + 1 < n else self.b) - mu[i]
            if n > 1 and at == 0:
                left = right
            if n > 1 and at + 1 == n:
                right = left
            sigma[i] = max(left, right)
        width = self.b - self.a
        sigma = np.clip(sigma, width / min(100.0, n + 2.0), width)
        self.mu = np.append(mu, 0.5 * (self.a + self.b))
        self.sigma = np.append(sigma, width)

    def scale(self, x):
        return math.log(x) if self.log else x

    def inside(self):
        return (norm.cdf((self.b - self.mu) / self.sigma)
                - norm.cdf((self.a - self.mu) / self.sigma))

    def logpdf(self, x):
        if self.kind == "list":
            return math.log(self.p[int(x)])
        if self.half:
            a = (self.scale(x - self.half) - self.mu) / self.sigma
            b = (self.scale(x + self.half) - self.mu) / self.sigma
            each = np.where(a > 0, norm.sf(a) - norm.sf(b),
                            norm.cdf(b) - norm.cdf(a))
        else:
            each = norm.pdf((self.scale(x) - self.mu) / self.sigma)
            each = each / self.sigma
        return math.log((self.w * each / self.inside()).sum())

    def draw(self, pick, u):
        if self.kind == "list":
            return float(min(np.searchsorted(np.cumsum(self.p), pick,
                                             side="right"), self.count - 1))
        k = min(np.searchsorted(np.cumsum(self.w), pick, side="right"),
                len(self.w) - 1)
        below = norm.cdf((self.a - self.mu[k]) / self.sigma[k])
        t = self.mu[k] + self.sigma[k] * norm.ppf(
            below + u * self.inside()[k])
        x = math.exp(t) if self.log else t
        if self.half:
            x = self.low + round(x - self.low)
        return min(max(x, self.low), self.high)


def suggest(good, others, dim, trial):
    best = None
    for j in range(24):
        x = good.draw(unit(dim, trial, 2 * j), unit(dim, trial, 2 * j + 1))
        gain = good.logpdf(x) - others.logpdf(x)
        if best is None or gain > best[0]:
            best = (gain, x)
    return best[1]


def stable(values, *rest, sort=np.argsort, **options):
    return sort(values, *rest, **{**options, "kind": "stable"})


np.argsort = stable


def optuna_logpdf(dim, values, xs):
    kind, log, low, high, count = dim
    if kind == "real":
        d = FloatDistribution(low, high, log=log)
    elif kind == "int":
        d = IntDistribution(int(low), int(high), log=log)
    else:
        d = CategoricalDistribution(list(range(count)))
    p = _ParzenEstimatorParameters(
        prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False,
        weights=default_weights, multivariate=False)
    e = _ParzenEstimator({"x": np.array(values, dtype=float)}, {"x": d}, p)
    return e.log_pdf({"x": np.array(xs, dtype=float)})


def value(dim, rng):
    kind, log, low, high, count = dim
    if kind == "list":
        return float(rng.integers(count))
    t = (math.exp(rng.uniform(math.log(low), math.log(high))) if log
         else rng.uniform(low, high))
    return float(round(t)) if kind == "int" else t


def text(x):
    return "NAN" if x != x else repr(float(x))


def rows(name, width, table):
    print("static const double %s[][%d] = {" % (name, width))
    for row in table:
        print("    {" + ",\n     ".join(text(x) for x in row) + "},")
    print("};")


def case(n, running):
    rng = np.random.default_rng(n)
    xs = [[value(d, rng) for d in DIMS] for _ in range(n)]
    xs[0][1] = float("nan")
    loss = rng.permutation(n - running)
    good = default_gamma(n - running)
    below = [i < n - running and loss[i] < good for i in range(n)]
    rows("tpe_history_%d" % n, len(DIMS), xs)
    print("static const unsigned char tpe_below_%d[] = {" % n)
    for i in range(0, n, 24):
        print("    " + ", ".join(str(int(b)) for b in below[i:i + 24]) + ",")
    print("};")
    wanted, logs = [], []
    suggestions = [[] for _ in range(3)]
    for k, dim in enumerate(DIMS):
        group = [[x[k] for x, b in zip(xs, below)
                  if b == (which == 0) and x[k] == x[k]] for which in (0, 1)]
        density = [Density(dim, g) for g in group]
        at = [value(dim, rng) for _ in range(5)]
        if dim[0] != "list":
            at[:2] = [dim[2], dim[3]]
        for which in (0, 1):
            theirs = optuna_logpdf(dim, group[which], at)
            for x, t in zip(at, theirs):
                mine = density[which].logpdf(x)
                assert abs(mine - t) < 1e-8 * max(1.0, abs(t)), (dim, x, t)
        wanted += [[k, x, density[0].logpdf(x), density[1].logpdf(x)]
                   for x in at]
        for i in range(3):
            suggestions[i].append(suggest(density[0], density[1], k, n + i))
    rows("tpe_densities_%d" % n, 4, wanted)
    rows("tpe_suggestions_%d" % n, len(DIMS), suggestions)


print("/* SPDX-License-Identifier: MIT */")
print("/* Made by make_search.py with Optuna %s; do not edit. */"
      % optuna.__version__)
print("enum { TPE_SEED = %d, TPE_DIMS = %d };" % (SEED, len(DIMS)))
for n, running in ((2, 0), (13, 2), (40, 3), (300, 1)):
    case(n, running)
