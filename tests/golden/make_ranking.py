# SPDX-License-Identifier: MIT
"""Metrics by query by scikit-learn, and by counting where it has none.

Writes tests/golden/num_ranking.h. Data as in ranking_case of
tests/num/test_ranking.c. Run from the top of the tree, in tests/golden's
path: PYTHONPATH=tests/golden python3 tests/golden/make_ranking.py
"""
import math
import platform

import numpy as np
import sklearn
import sklearn.metrics as sm

from make_num import Random, num

Z = 1.959963984540054
CUTS = (0, 1, 3, 5, 100)


def data(kind):
    r = Random(77 + kind)
    queries = []
    for _ in range(60):
        rows = []
        for _ in range(2 + math.floor(12 * r.unit())):
            a, b, c = r.unit(), r.unit(), r.unit()
            y = {0: math.floor(5 * a), 1: math.floor(5 * a),
                 2: 1.0 if a < 0.25 else 0.0, 3: 10 * a,
                 4: 1.0 if a < 0.25 else 0.0}[kind]
            p = {0: b, 1: math.floor(4 * b) / 4, 2: math.floor(4 * b) / 4,
                 3: math.floor(3 * (a + b)) / 8, 4: b}[kind]
            rows.append((float(y), float(p), 0.25 + 2 * c))
        queries.append(np.array(rows))
    return queries


def first(y, p, k):
    """Of scores without ties."""
    hit = (y > 0)[np.argsort(-p, kind="stable")]
    k = k or len(y)
    at = np.flatnonzero(hit[:k])
    ranks = np.arange(1, len(y) + 1)
    shares = np.cumsum(hit) / ranks
    return {
        "mrr": 1 / (at[0] + 1) if len(at) else 0.0,
        "map": (shares * hit)[:k].sum() / min(hit.sum(), k),
        "precision": hit[:k].sum() / k,
        "recall": hit[:k].sum() / hit.sum(),
        "hit_rate": float(len(at) > 0),
    }


def values(kind, q, k):
    y, p = q[:, 0], q[:, 1]
    cut = k or None
    out = {
        "ndcg": sm.ndcg_score([y], [p], k=cut),
        "dcg": sm.dcg_score([y], [p], k=cut),
        "ndcg_exp": sm.ndcg_score([2 ** y - 1], [p], k=cut),
        "dcg_exp": sm.dcg_score([2 ** y - 1], [p], k=cut),
    }
    if kind in (0, 4):
        assert len(set(p)) == len(p)
        out.update(first(y, p, k))
    if kind in (0, 4) and not k:
        check = sm.label_ranking_average_precision_score([y > 0], [p])
        assert abs(check - out["map"]) < 1e-14
        out["map"] = check
    return out


def main():
    lines = [f"""/* SPDX-License-Identifier: MIT */
/*
 * Metrics by query with their intervals. Made by tests/golden/make_ranking.py
 * with Python {platform.python_version()}, NumPy {np.__version__}, \
scikit-learn {sklearn.__version__}.
 */
#ifndef MLPIPE_GOLDEN_NUM_RANKING_H
#define MLPIPE_GOLDEN_NUM_RANKING_H

/* kind is that of ranking_case in num/test_ranking.c */
static const struct golden_ranking {{
    int kind, weighted, queries, without;
    const char *name;
    double value, low, high;
}} golden_ranking[] = {{"""]
    for kind in range(5):
        every = data(kind)
        kept = [q for q in every if (q[:, 0] > 0).any()]
        for weighted in (0, 1):
            w = np.array([q[:, 2].mean() if weighted else 1.0 for q in kept])
            for k in CUTS:
                made = [values(kind, q, k) for q in kept]
                for name in made[0]:
                    if not k and name in ("precision", "recall", "hit_rate"):
                        continue
                    x = np.array([m[name] for m in made])
                    mean = (w * x).sum() / w.sum()
                    d = w * (x - mean)
                    se = math.sqrt((d * d).sum() * len(x) / (len(x) - 1)) \
                        / w.sum()
                    low, high = max(mean - Z * se, 0), mean + Z * se
                    if "dcg" != name[:3]:
                        high = min(high, 1)
                    full = f"{name}@{k}" if k else name
                    lines.append(f"    {{{kind}, {weighted}, {len(kept)}, "
                                 f'{len(every) - len(kept)}, "{full}",')
                    lines.append("     " + ", ".join(
                        num(v) for v in (mean, low, high)) + "},")
    lines.append("};\n\n#endif\n")
    with open("tests/golden/num_ranking.h", "w") as f:
        f.write("\n".join(lines))


if __name__ == "__main__":
    main()
