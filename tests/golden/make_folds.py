# SPDX-License-Identifier: MIT
"""Folds as scikit-learn makes them: tests/golden/folds.h.

    make_folds.py > folds.h     (scikit-learn 1.9)

Sizes and places of KFold and TimeSeriesSplit, and how many rows of each class
StratifiedKFold gives to each fold.
"""
import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit


def main():
    print("/* Made by make_folds.py; do not edit. */")
    print("static const struct { int n, folds, start[12]; } golden_kfold[] = {")
    for n, k in ((10, 2), (10, 3), (11, 4), (23, 5), (100, 7), (12, 12)):
        starts = [int(test[0]) for _, test in KFold(k).split(np.zeros(n))]
        print(f"    {{{n}, {k}, {{{', '.join(map(str, starts))}}}}},")
    print("};")
    print("/* of each fold: first and last training row, first and last test "
          "row */")
    print("static const struct {")
    print("    int n, folds, test, gap, max_train, rows[8][4];")
    print("} golden_time[] = {")
    for n, k, test, gap, most in ((10, 3, 0, 0, 0), (23, 5, 0, 0, 0),
                                  (23, 5, 3, 2, 0), (40, 4, 6, 1, 9),
                                  (101, 8, 0, 3, 20), (12, 2, 4, 3, 1)):
        split = TimeSeriesSplit(k, test_size=test or None, gap=gap,
                                max_train_size=most or None)
        rows = [(int(a[0]), int(a[-1]), int(b[0]), int(b[-1]))
                for a, b in split.split(np.zeros(n))]
        print(f"    {{{n}, {k}, {test}, {gap}, {most}, {{" +
              ", ".join("{%d, %d, %d, %d}" % r for r in rows) + "}},")
    print("};")
    print("/* count[fold][class] */")
    print("static const struct {")
    print("    int folds, classes, size[4], count[8][4];")
    print("} golden_stratified[] = {")
    for k, sizes in ((3, (10, 7, 5)), (5, (23, 6, 5, 11)), (2, (3, 3)),
                     (7, (50, 9, 8, 7)), (4, (4, 5, 6, 7))):
        y = np.repeat(np.arange(len(sizes)), sizes)
        counts = [np.bincount(y[test], minlength=len(sizes)).tolist()
                  for _, test in StratifiedKFold(k).split(y, y)]
        print(f"    {{{k}, {len(sizes)}, {{{', '.join(map(str, sizes))}}}, "
              "{" + ", ".join("{" + ", ".join(map(str, c)) + "}"
                              for c in counts) + "}},")
    print("};")


main()
