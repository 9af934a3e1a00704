# SPDX-License-Identifier: MIT
"""Metrics by scikit-learn, and by formulas of their own where it has none.

Writes tests/golden/num_metrics.h. Data as in tests/num/metric_cases.h. Rows
of weight 0 are left out first. The spread of a metric comes from its
derivative by the weight of each row, taken by a complex step or from the
placements of all pairs, so that no formula of the library is repeated here.
"""
import math
import platform
import warnings

import numpy as np
import scipy
import scipy.stats as st
import sklearn
import sklearn.metrics as sm
from sklearn._loss.loss import HuberLoss

from make_num import Random, num

warnings.simplefilter("ignore")
Z = 1.959963984540054
NAN = math.nan


def data(kind, classes, n):
    r = Random(1000 * kind + 10 * classes + n)
    y, p, w = [], [], []
    for i in range(n):
        a, b, c = r.unit(), r.unit(), r.unit()
        w.append(0.25 + 2 * c if i % 5 else 0.0)
        if kind == 0:       # positive numbers
            y.append(100 * a + 10 * b)
            p.append(100 * a + 5)
        elif kind == 1:     # counts and ties
            y.append(math.floor(6 * a))
            p.append(0.5 + math.floor(8 * (a + b)) / 4)
        elif kind == 2:     # of both signs
            y.append(10 * (a - 0.5))
            p.append(5 * (a - 0.5) + 3 * (b - 0.5))
        elif kind == 3:     # a constant target
            y.append(0.1)
            p.append(a)
        elif kind == 4:     # and perfect answers to it
            y.append(0.1)
            p.append(0.1)
        elif kind == 5:     # two classes, some ties
            y.append(1.0 if b < 0.1 + 0.8 * a else 0.0)
            p.append(math.floor(a * 20) / 20 if i % 3 else a)
        elif kind == 6:     # many ties
            y.append(1.0 if b < 0.2 + 0.5 * a else 0.0)
            p.append(math.floor(a * 5) / 5)
        elif kind == 7:     # positives alone
            y.append(1.0)
            p.append(a)
        elif kind == 8:     # negatives alone
            y.append(0.0)
            p.append(a)
        elif kind == 9:     # never called positive
            y.append(1.0 if b < 0.3 * a else 0.0)
            p.append(0.4 * a)
        else:
            row, k = [], min(math.floor(a * classes), classes - 1)
            if kind == 11 and k == 2:
                k = 1       # a class that is absent
            if kind == 12:
                k = 0       # all of one class
            for j in range(classes):
                u = r.unit()
                if kind == 13:
                    u = math.floor(4 * u) + 1.0  # ties
                row.append(u + (0.75 if j == k and b < 0.7 else 0.0))
            total = 0.0
            for v in row:
                total += v
            y.append(float(k))
            p.append([v / total for v in row])
    return np.array(y), np.array(p), np.array(w)


# ---- intervals --------------------------------------------------------------

def spread(f, w):
    """Of f by the weights, complex step."""
    n = len(w)
    if n < 2:
        return NAN
    total = 0.0
    for i in range(n):
        x = w.astype(complex)
        x[i] += 1e-30j
        total += (w[i] * f(x).imag / 1e-30) ** 2
    return math.sqrt(total * n / (n - 1))


def normal(v, se, floor=0.0, ceiling=math.inf):
    return v, max(v - Z * se, floor), min(v + Z * se, ceiling)


def by_weights(f, w, floor=0.0, ceiling=1.0):
    return normal(f(w.astype(complex)).real, spread(f, w), floor, ceiling)


def wilson(v, w):
    n = w.sum() ** 2 / (w ** 2).sum()
    centre = (v + Z * Z / 2 / n) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(v * (1 - v) / n
                                           + Z * Z / 4 / n / n)
    low = 0.0 if v <= 0 else max(0.0, centre - half)
    high = 1.0 if v >= 1 else min(1.0, centre + half)
    return v, low, high


def fisher(r, variance):
    if not -1 < r < 1 or not variance > 0:
        return r, NAN, NAN
    z, s = math.atanh(r), Z * math.sqrt(variance)
    return r, math.tanh(z - s), math.tanh(z + s)


def none(v):
    return v, NAN, NAN


NONE = (NAN, NAN, NAN)


def skill(loss, null, w):
    if len(w) < 2:
        return NONE
    if not null.any():
        return none(1.0 if not loss.any() else 0.0)
    return by_weights(lambda x: 1 - (x @ loss) / (x @ null), w, -math.inf)


def middle(x, w):
    order = np.argsort(x, kind="stable")
    s = np.cumsum(w[order])
    low = np.searchsorted(s, s[-1] / 2, "left")
    high = np.searchsorted(s, s[-1] / 2, "right")
    return (x[order[low]] + x[order[min(high, len(x) - 1)]]) / 2


def median(x, w):
    order = np.argsort(x, kind="stable")
    s, v = np.cumsum(w[order]), middle(x, w)
    step = Z / 2 * math.sqrt((w ** 2).sum())
    if s[-1] / 2 - step <= 0:
        return none(v)
    low, high = (np.searchsorted(s, s[-1] / 2 + d) for d in (-step, step))
    return v, x[order[low]], x[order[min(high, len(x) - 1)]]


# ---- regression -------------------------------------------------------------

def ranks(x, w):
    return np.array([w[x < v].sum() + w[x == v].sum() / 2 for v in x])


def pearson(x, y, w):
    if len(set(x)) < 2 or len(set(y)) < 2:
        return NAN
    c = np.cov(x, y, aweights=w)
    return c[0, 1] / math.sqrt(c[0, 0] * c[1, 1])


def kendall(x, y, w):
    a = np.sign(x[:, None] - x[None, :])
    b = np.sign(y[:, None] - y[None, :])
    ww = w[:, None] * w[None, :]
    size = (ww * abs(a)).sum() * (ww * abs(b)).sum()
    return (ww * a * b).sum() / math.sqrt(size) if size else NAN


def regression(y, p, w):
    e, n = y - p, w.sum() ** 2 / (w ** 2).sum()
    keys = {"sample_weight": w}
    mean = np.average(y, weights=w) if len(set(y)) > 1 else y[0]
    out = {}

    def average(name, loss, check=None):
        v = by_weights(lambda x: (x @ loss) / x.sum(), w, 0, math.inf)
        out[name] = v if not np.isnan(loss).any() else NONE
        if check is not None and not np.isnan(loss).any():
            assert abs(v[0] - check) <= 1e-12 * abs(check), name
            out[name] = (check,) + v[1:]

    def root(name, loss, check):
        if not loss.any():
            out[name] = (0.0, 0.0, 0.0) if len(w) > 1 else none(0.0)
            return
        v = by_weights(lambda x: np.sqrt((x @ loss) / x.sum()), w, 0,
                       math.inf)
        out[name] = v if not np.isnan(loss).any() else NONE
        assert np.isnan(loss).any() or abs(v[0] - check) <= 1e-12 * check

    root("rmse", e ** 2, sm.root_mean_squared_error(y, p, **keys))
    average("mse", e ** 2, sm.mean_squared_error(y, p, **keys))
    average("mae", abs(e), sm.mean_absolute_error(y, p, **keys))
    out["medae"] = median(abs(e), w)
    check = sm.median_absolute_error(
        y, p, sample_weight=None if set(w) == {1.0} else w)
    assert abs(out["medae"][0] - check) <= 1e-12 * check
    out["max_error"] = none(sm.max_error(y, p))
    average("mape", abs(e) / np.maximum(abs(y), np.finfo(float).eps),
            sm.mean_absolute_percentage_error(y, p, **keys))
    average("smape", 2 * abs(e) / (abs(y) + abs(p)))
    out["wape"] = by_weights(lambda x: (x @ abs(e)) / (x @ abs(y)), w, 0,
                             math.inf)
    average("pinball", abs(e) / 2, sm.mean_pinball_loss(y, p, **keys))
    for level in (0.05, 0.9):
        average(f"pinball@{level}", np.where(e > 0, level, level - 1) * e,
                sm.mean_pinball_loss(y, p, alpha=level, **keys))
    for name, delta in (("huber", 1), ("huber@0.5", 0.5), ("huber@5", 5)):
        average(name, np.where(abs(e) <= delta, e ** 2 / 2,
                               delta * (abs(e) - delta / 2)),
                HuberLoss(delta=delta)(y_true=y * 1.0,
                                       raw_prediction=p * 1.0,
                                       sample_weight=w * 1.0))
    out["r2"] = skill(e ** 2, (y - mean) ** 2, w)
    bias = np.average(e, weights=w) if len(set(e)) > 1 else e[0]
    out["explained_variance"] = skill((e - bias) ** 2, (y - mean) ** 2, w)
    out["d2_absolute_error"] = skill(abs(e), abs(y - middle(y, w)), w)
    if len(w) > 1:
        for name, f in (("r2", sm.r2_score),
                        ("explained_variance", sm.explained_variance_score),
                        ("d2_absolute_error", sm.d2_absolute_error_score)):
            v = f(y, p, **keys)
            if len(set(y)) > 1:
                assert abs(out[name][0] - v) <= 1e-12 * max(1, abs(v)), name
    positive = bool((p > 0).all())
    for name, power, least in (("poisson", 1, 0), ("gamma", 2, 1e-300),
                               ("tweedie", 1.5, 0), ("tweedie@1.2", 1.2, 0),
                               ("tweedie@1.9", 1.9, 0)):
        mean_name = "_deviance@".join(f"mean_{name}".split("@"))
        mean_name += "" if "@" in name else "_deviance"
        d2 = f"d2_{name}"
        if not positive or not (y >= least).all():
            out[mean_name] = NONE
            if "tweedie" not in name:
                out[d2] = NONE
            continue
        loss = np.array([sm.mean_tweedie_deviance([a], [b], power=power)
                         for a, b in zip(y, p)])
        average(mean_name, loss,
                sm.mean_tweedie_deviance(y, p, power=power, **keys))
        if "tweedie" in name:
            continue
        null = np.array([sm.mean_tweedie_deviance([a], [mean], power=power)
                         for a in y])
        if len(set(y)) == 1:
            null[:] = 0
        out[d2] = skill(loss, null, w)
    if (y > -1).all() and (p > -1).all():
        loss = (np.log1p(y) - np.log1p(p)) ** 2
        check = math.sqrt(np.average(loss, weights=w))
        if (y >= 0).all() and (p >= 0).all():
            check = sm.root_mean_squared_log_error(y, p, **keys)
        root("rmsle", loss, check)
    else:
        out["rmsle"] = NONE
    r = pearson(y, p, w)
    out["pearson"] = fisher(r, 1 / (n - 3) if n > 3 else NAN)
    r = pearson(ranks(y, w), ranks(p, w), w)
    if set(w) == {1.0} and r == r:
        assert abs(r - st.spearmanr(y, p)[0]) < 1e-12
    out["spearman"] = fisher(r, (1 + r * r / 2) / (n - 3) if n > 3 else NAN)
    r = kendall(y, p, w)
    if set(w) == {1.0} and r == r:
        assert abs(r - st.kendalltau(y, p)[0]) < 1e-12
    out["kendall"] = fisher(r, 0.437 / (n - 4) if n > 4 else NAN)
    return out


# ---- classes ----------------------------------------------------------------

def placements(y, p, w):
    """AUC and what each row adds to it, scaled as DeLong's variance is."""
    pos, neg = y > 0, y <= 0
    part = np.zeros(len(y))
    if not pos.any() or not neg.any():
        return NAN, part
    above = (p[pos][:, None] > p[neg][None, :]) \
        + 0.5 * (p[pos][:, None] == p[neg][None, :])
    v1 = above @ w[neg] / w[neg].sum()
    v0 = w[pos] @ above / w[pos].sum()
    auc = w[pos] @ v1 / w[pos].sum()
    check = sm.roc_auc_score(pos, p, sample_weight=w)
    assert abs(check - auc) < 1e-12
    m, k = pos.sum(), neg.sum()
    part[pos] = w[pos] / w[pos].sum() * (v1 - auc) \
        * (math.sqrt(m / (m - 1)) if m > 1 else NAN)
    part[neg] = w[neg] / w[neg].sum() * (v0 - auc) \
        * (math.sqrt(k / (k - 1)) if k > 1 else NAN)
    return auc, part


def confusion(y, said, classes, x):
    c = np.zeros((classes, classes), x.dtype)
    np.add.at(c, (y.astype(int), said), x)
    return c


def calibration(said, seen, w, mass):
    if mass:
        at = np.array([(w[said < v].sum() + w[said == v].sum() / 2)
                       / w.sum() * 10 for v in said]).astype(int)
    else:
        at = np.searchsorted(np.linspace(0, 1, 11)[1:-1], said)
    return none(sum(abs((w * (said - seen))[at == k].sum())
                    for k in range(10)) / w.sum())


def matthews(c):
    s, t, p = c.sum(), c.sum(1), c.sum(0)
    return (np.trace(c) * s - t @ p) / np.sqrt((s * s - p @ p)
                                               * (s * s - t @ t))


def cohen(c):
    s = c.sum()
    chance = c.sum(1) @ c.sum(0) / (s * s)
    return (np.trace(c) / s - chance) / (1 - chance)


def agreement(out, y, said, classes, w):
    def of(f, floor=0.0):
        return by_weights(lambda x: f(confusion(y, said, classes, x)), w,
                          floor)

    one = len(set(y)) < 2 or len(set(said)) < 2
    out["mcc"] = none(0.0) if one else of(matthews, -1.0)
    check = sm.matthews_corrcoef(y, said, sample_weight=w)
    assert abs(check - out["mcc"][0]) < 1e-12
    same = len(set(y) | set(said)) < 2
    out["kappa"] = NONE if same else of(cohen, -1.0)
    if not same:
        check = sm.cohen_kappa_score(y, said, sample_weight=w)
        assert abs(check - out["kappa"][0]) < 1e-12
    there = sorted(set(y.astype(int)))
    out["balanced_accuracy"] = of(
        lambda c: sum(c[k, k] / c[k].sum() for k in there) / len(there))
    check = sm.balanced_accuracy_score(y, said, sample_weight=w)
    assert abs(check - out["balanced_accuracy"][0]) < 1e-12
    acc = sm.accuracy_score(y, said, sample_weight=w)
    out["accuracy"] = wilson(acc, w)
    return of


def divided(a, b):
    return a / b if b else 0.0


def skills(out, y, p, w, losses, nulls):
    for name in ("logloss", "brier"):
        out[name] = by_weights(
            lambda x: (x @ losses[name]) / x.sum(), w, 0, math.inf)
        out["d2_" + name] = NONE if len(set(y)) < 2 \
            else skill(losses[name], nulls[name], w)


def binary(y, p, w):
    out, eps = {}, np.finfo(float).eps
    said = (p >= 0.5).astype(int)
    share = np.average(y, weights=w)
    clip = np.clip(np.where(y > 0, p, 1 - p), eps, 1 - eps)
    null = np.where(y > 0, share, 1 - share)
    skills(out, y, p, w,
           {"logloss": -np.log(clip), "brier": (y - p) ** 2},
           {"logloss": -np.log(np.clip(null, eps, 1)),
            "brier": (y - share) ** 2})
    two = np.column_stack([1 - p, p])
    check = sm.log_loss(y, two, labels=[0, 1], sample_weight=w)
    assert abs(check - out["logloss"][0]) <= 1e-12 * check
    check = sm.brier_score_loss(y, p, sample_weight=w, pos_label=1,
                                labels=[0, 1])
    assert abs(check - out["brier"][0]) <= 1e-12 * check
    auc, part = placements(y, p, w)
    se = math.sqrt((part ** 2).sum())
    out["auc"] = normal(auc, se, 0, 1) if auc == auc else NONE
    out["gini"] = normal(2 * auc - 1, 2 * se, -1, 1) if auc == auc else NONE
    pos = y > 0
    out["ap"] = out["best_f1"] = out["ks"] = NONE
    if pos.any():
        ap = sm.average_precision_score(y, p, sample_weight=w)
        rows = w[pos].sum() ** 2 / (w[pos] ** 2).sum()
        out["ap"] = none(ap)
        if 0 < ap < 1:
            z = math.log(ap / (1 - ap))
            s = Z / math.sqrt(rows * ap * (1 - ap))
            out["ap"] = ap, 1 / (1 + math.exp(s - z)), 1 / (1
                                                            + math.exp(-z - s))
        out["best_f1"] = none(max(
            sm.f1_score(y, p >= t, sample_weight=w) for t in set(p)))
    if auc == auc:
        fpr, tpr, _ = sm.roc_curve(y, p, sample_weight=w)
        out["ks"] = none(max(abs(tpr - fpr)))
    of = agreement(out, y, said, 2, w)
    for name, rows, hit in (("precision", said == 1, pos),
                            ("npv", said == 0, ~pos),
                            ("recall", pos, said == 1),
                            ("specificity", ~pos, said == 0)):
        out[name] = wilson(w[rows & hit].sum() / w[rows].sum(), w[rows]) \
            if rows.any() else NONE
    if out["precision"] is not NONE:
        check = sm.precision_score(y, said, sample_weight=w)
        assert abs(check - out["precision"][0]) < 1e-12
    out["f1"] = out["jaccard"] = NONE
    if (pos | (said == 1)).any():
        out["f1"] = of(lambda c: 2 * c[1, 1] / (2 * c[1, 1] + c[0, 1]
                                                + c[1, 0]))
        out["jaccard"] = of(lambda c: c[1, 1] / (c[1, 1] + c[0, 1]
                                                 + c[1, 0]))
        for name, f in (("f1", sm.f1_score), ("jaccard", sm.jaccard_score)):
            check = f(y, said, sample_weight=w)
            assert abs(check - out[name][0]) < 1e-12
    out["ece"] = calibration(p, y, w, False)
    out["ece_mass"] = calibration(p, y, w, True)
    return out


def multiclass(y, p, w):
    out, eps, classes = {}, np.finfo(float).eps, p.shape[1]
    at = y.astype(int)
    said = p.argmax(1)
    hot = np.eye(classes)[at]
    share = np.average(hot, axis=0, weights=w)
    row = np.arange(len(y))
    skills(out, y, p, w,
           {"logloss": -np.log(np.clip(p[row, at], eps, 1 - eps)),
            "brier": ((hot - p) ** 2).sum(1)},
           {"logloss": -np.log(np.clip(share[at], eps, 1)),
            "brier": ((hot - share) ** 2).sum(1)})
    names = list(range(classes))
    check = sm.log_loss(y, p, labels=names, sample_weight=w)
    assert abs(check - out["logloss"][0]) <= 1e-12 * check
    check = sm.brier_score_loss(y, p, labels=names, sample_weight=w)
    assert abs(check - out["brier"][0]) <= 1e-12 * check
    of = agreement(out, y, said, classes, w)
    for name in ("precision", "recall", "f1"):
        out[name + "_micro"] = out["accuracy"]
    both = sorted(set(at) | set(said))
    one = {
        "precision": lambda c, k: divided(c[k, k], c[:, k].sum()),
        "recall": lambda c, k: divided(c[k, k], c[k].sum()),
        "f1": lambda c, k: divided(2 * c[k, k], c[k].sum() + c[:, k].sum())}
    for name, f in one.items():
        out[name + "_macro"] = of(
            lambda c: sum(f(c, k) for k in both) / len(both))
        out[name + "_weighted"] = of(
            lambda c: sum(c[k].sum() * f(c, k) for k in both) / c.sum())
        for kind in ("macro", "weighted"):
            check = getattr(sm, name + "_score")(
                y, said, average=kind, sample_weight=w, zero_division=0)
            assert abs(check - out[f"{name}_{kind}"][0]) < 1e-12
    for k in (2, 3):
        order = np.argsort(-p, axis=1, kind="stable")[:, :k]
        hit = (order == at[:, None]).any(1)
        out[f"top{k}_accuracy"] = wilson(np.average(hit, weights=w), w)
        if k < classes and all(len(set(r)) == classes for r in p):
            check = sm.top_k_accuracy_score(y, p, k=k, labels=names,
                                            sample_weight=w)
            assert abs(check - out[f"top{k}_accuracy"][0]) < 1e-12
    there = sorted(set(at))
    out["auc_ovr"] = out["auc_ovr_weighted"] = out["auc_ovo"] = NONE
    if len(there) > 1:
        areas = [placements((at == k) * 1.0, p[:, k], w) for k in there]
        v = sum(a for a, _ in areas) / len(there)
        part = sum(x for _, x in areas) / len(there)
        out["auc_ovr"] = normal(v, math.sqrt((part ** 2).sum()), 0, 1)
        v = sum(share[k] * a for k, (a, _) in zip(there, areas))
        part = sum(share[k] * x for k, (_, x) in zip(there, areas))
        part = part + w / w.sum() * np.array(
            [areas[there.index(k)][0] - v for k in at])
        out["auc_ovr_weighted"] = normal(v, math.sqrt((part ** 2).sum()), 0,
                                         1)
        part, v, pairs = np.zeros(len(y)), 0.0, 0
        for i in there:
            for k in there:
                if i != k:
                    use = (at == i) | (at == k)
                    a, x = placements((at[use] == i) * 1.0, p[use, i],
                                      w[use])
                    v, pairs = v + a, pairs + 1
                    part[use] += x
        out["auc_ovo"] = normal(v / pairs, math.sqrt((part ** 2).sum())
                                / pairs, 0, 1)
        if len(there) == classes:
            for kind in ("macro", "weighted"):
                check = sm.roc_auc_score(y, p, multi_class="ovr",
                                         average=kind, sample_weight=w)
                name = "auc_ovr" + ("_weighted" if kind == "weighted" else "")
                assert abs(check - out[name][0]) < 1e-12
            if set(w) == {1.0}:
                check = sm.roc_auc_score(y, p, multi_class="ovo",
                                         average="macro")
                assert abs(check - out["auc_ovo"][0]) < 1e-12
    seen = (said == at) * 1.0
    out["ece"] = calibration(p.max(1), seen, w, False)
    out["ece_mass"] = calibration(p.max(1), seen, w, True)
    return out


CASES = [(kind, 1, n) for kind in (0, 1, 2) for n in (2, 9, 200)] \
    + [(0, 1, 1), (3, 1, 30), (4, 1, 30)] \
    + [(kind, 1, n) for kind in (5, 6) for n in (9, 200)] \
    + [(5, 1, 1), (7, 1, 20), (8, 1, 20), (9, 1, 50)] \
    + [(10, 3, 12), (10, 3, 200), (10, 5, 300), (11, 4, 150), (12, 3, 20),
       (13, 4, 200)]


def main():
    lines = [f"""/* SPDX-License-Identifier: MIT */
/*
 * Metrics with their intervals. Made by tests/golden/make_metrics.py with
 * Python {platform.python_version()}, NumPy {np.__version__}, SciPy \
{scipy.__version__}, scikit-learn {sklearn.__version__}.
 */
#ifndef MLPIPE_GOLDEN_NUM_METRICS_H
#define MLPIPE_GOLDEN_NUM_METRICS_H

#include <math.h>

/* kind, classes and n are those of metric_case in num/metric_cases.h */
static const struct golden_metric {{
    int kind, classes, n, weighted;
    const char *name;
    double value, low, high;
}} golden_metrics[] = {{"""]
    for kind, classes, n in CASES:
        for weighted in (0, 1):
            y, p, w = data(kind, classes, n)
            w = w if weighted else np.ones(n)
            y, p, w = y[w > 0], p[w > 0], w[w > 0]
            if not len(w):
                continue
            made = (regression if kind < 5 else binary if kind < 10
                    else multiclass)(y, p, w)
            for name, v in made.items():
                v = [NAN] * 3 if v[0] != v[0] else v
                lines.append(f"    {{{kind}, {classes}, {n}, {weighted}, "
                             f'"{name}",')
                lines.append("     " + ", ".join(num(x) for x in v) + "},")
    lines.append("};\n\n#endif\n")
    with open("tests/golden/num_metrics.h", "w") as f:
        f.write("\n".join(lines))


if __name__ == "__main__":
    main()
