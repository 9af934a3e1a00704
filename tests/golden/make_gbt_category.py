# SPDX-License-Identifier: MIT
"""tests/golden/gbt_category.h: trees of LightGBM that split categories.

    make_gbt_category.py > gbt_category.h       needs lightgbm

The rows are made here and in tests/train/test_gbt_category.c by the same
integers. Targets are whole numbers with a mean of 0, so that the gradients of
the one tree are exact in both and no rounding decides which set is taken.
LightGBM leaves out the rarest category where the others are 99 % of the rows;
here it has too few rows to be sorted, or more than 1 %. And it never looks
again at a feature that had no gain in the node above; trees are small enough
that this plays no part.
"""
import sys

import lightgbm
import numpy as np

MASK = (1 << 64) - 1
ROWS, SEEDS = 1500, 3
# levels of f0 and f1; leaves, min_rows, l2; category_smooth (and _min_rows),
# _l2, _rows, _most, _single
CASES = (
    (40, 20, 8, 20, 1, 10, 10, 100, 32, 0),
    (40, 30, 10, 5, 0, 9, 10, 20, 32, 0),
    (90, 30, 12, 10, 1, 10, 3, 30, 8, 0),
    (90, 30, 12, 1, 2, 30, 0, 1, 100, 0),
    (4, 3, 5, 20, 1, 10, 10, 100, 32, 6),
)


def mix(x):
    """The finaliser of splitmix64."""
    x = (x + 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ x >> 27) * 0x94d049bb133111eb) & MASK
    return x ^ x >> 31


def rows(case, seed, levels):
    """Codes, the rarer the greater, and whole targets whose sum is 0."""
    base = (100 * case + seed) << 32
    x, y = [], []
    for i in range(ROWS):
        codes = []
        for f, n in enumerate(levels):
            a, b = (mix(base + 8 * i + 2 * f + k) % n for k in (0, 1))
            codes.append(min(a, b))
        x.append(codes)
        y.append(sum(mix(base + (1 << 24) + 1000 * f + c) % 2001 - 1000
                     for f, c in enumerate(codes))
                 + mix(base + (1 << 25) + i) % 3001 - 1500)
    total, i = sum(y), 0
    while total:
        step = 1 if total > 0 else -1
        y[i % ROWS] -= step
        total -= step
        i += 1
    return np.array(x, float), np.array(y, float)


def tree(x, y, case):
    (_, _, leaves, min_rows, l2, smooth, category_l2, group, most,
     single) = case
    return lightgbm.train(
        {"objective": "regression", "num_leaves": leaves, "max_bin": 255,
         "learning_rate": 1, "min_data_in_leaf": min_rows, "lambda_l2": l2,
         "cat_smooth": smooth, "cat_l2": category_l2,
         "min_data_per_group": group, "max_cat_threshold": most,
         "max_cat_to_onehot": single or 1, "min_data_in_bin": 1,
         "min_sum_hessian_in_leaf": 0, "feature_pre_filter": False,
         "num_threads": 1, "deterministic": True, "verbose": -1},
        lightgbm.Dataset(x, y, categorical_feature=[0, 1]), 1)


def main():
    print("/* SPDX-License-Identifier: MIT */\n"
          "/* Written by make_gbt_category.py: of each case and seed what the "
          "tree of\n"
          f" * LightGBM {lightgbm.__version__} says of each pair of codes. "
          "*/\n\n"
          f"enum {{ GOLDEN_ROWS = {ROWS}, GOLDEN_SEEDS = {SEEDS},\n"
          f"       GOLDEN_CASES = {len(CASES)} }};\n\n"
          "static const uint32_t golden_case[GOLDEN_CASES][10] = {")
    for case in CASES:
        print(f"    {{{', '.join(str(v) for v in case)}}},")
    print("};\n\n/* Values of leaves, then for each pair the leaf. */")
    for k, case in enumerate(CASES):
        for seed in range(SEEDS):
            x, y = rows(k, seed, case[:2])
            for column in x.T:
                rarest = min(np.unique(column, return_counts=True)[1])
                assert rarest < case[5] or rarest > 0.01 * ROWS
            grid = np.array([[a, b] for a in range(case[0])
                             for b in range(case[1])], float)
            p = tree(x, y, case).predict(grid)
            values = sorted(set(p))
            assert 2 < len(values) <= 36
            name = f"golden_{k}_{seed}"
            print(f"static const double {name}_leaf[] = {{")
            for v in values:
                print(f"    {float(v)!r},")
            print(f"}};\nstatic const char {name}_at[] =")
            text = "".join("0123456789abcdefghijklmnopqrstuvwxyz"[
                values.index(v)] for v in p)
            lines = [f'    "{text[i:i + 70]}"'
                     for i in range(0, len(text), 70)]
            print("\n".join(lines) + ";\n")
    print("static const struct {\n    const double *leaf;\n"
          "    const char *at;\n} golden_tree[GOLDEN_CASES][GOLDEN_SEEDS] = {")
    for k in range(len(CASES)):
        cells = ",\n     ".join(f"{{golden_{k}_{s}_leaf, golden_{k}_{s}_at}}"
                               for s in range(SEEDS))
        print(f"    {{{cells}}},")
    print("};")


sys.exit(main())
