# SPDX-License-Identifier: MIT
"""Labels and targets of published functions for given features: synth.h.

river's classification functions and drifting targets and scikit-learn's
generators are asked for rows of their own; the library's functions must say
the same of them. Run: python make_synth.py > synth.h
"""
import itertools
import random

import river
import sklearn
from river.datasets import synth
from sklearn import datasets


def number(x):
    return str(int(x)) if x == int(x) else float(x).hex()


def rows(name, width, table):
    print(f"static const double {name}[][{width}] = {{")
    for row in table:
        print("    {" + ", ".join(number(v) for v in row) + "},")
    print("};")


def agrawal():
    """Nine features and the labels of functions 0 to 9."""
    made = []
    for x, _ in synth.Agrawal(seed=5).take(70):
        f = synth.Agrawal(seed=1)
        values = list(x.values())
        made.append(values + [g(*values) for g in f._classification_functions])
    # and ends of ranges, where a < for a <= shows
    dice = random.Random(3)
    for salary, age in itertools.product(
            (25000, 50000, 75000, 100000, 125000), (20, 39, 40, 59, 60, 80)):
        values = [salary, 0 if salary >= 75000 else 25000, age,
                  dice.randrange(5), 3, 4, 400000, dice.choice((19, 20, 30)),
                  dice.choice((75000, 100000, 300000, 500000))]
        made.append(values + [g(*values) for g in f._classification_functions])
    rows("golden_agrawal", 19, made)


def sea():
    """Three features, the concept and its label."""
    made = []
    for concept in range(4):
        for x, y in synth.SEA(variant=concept, seed=concept).take(25):
            made.append([x[0], x[1], x[2], concept, y])
    rows("golden_sea", 5, made)


def moved():
    """Drift (0 lea, 1 gra), the row, ten features and y without noise."""
    made = []
    for which, (kind, at) in enumerate(
            (("lea", (100, 200, 300)), ("gra", (100, 200)))):
        maker = synth.FriedmanDrift(drift_type=kind, position=at, seed=2)
        dice = random.Random(9)
        for row in range(0, 400, 6):
            x = {j: dice.random() for j in range(10)}
            if row % 4:  # into the regions of the local drift
                low = row % 8 < 4
                for j, v in ((1, .1), (2, .2), (3, .9), (4, .1)):
                    x[j] = v if low else 1 - v
            made.append([which, row] + list(x.values())
                        + [maker._y_maker(x, row)])
    rows("golden_moved", 13, made)
    made = []
    maker = synth.FriedmanDrift(drift_type="gsg", position=(100, 200),
                                transition_window=50, seed=2)

    class Coin:
        def __init__(self, side):
            self.side = side

        def getrandbits(self, n):
            return self.side

    for row in range(0, 400, 12):
        x = {j: dice.random() for j in range(10)}
        for old in (0, 1):
            y = maker._global_and_slow_gradual_gen(x, row, Coin(old))
            made.append([old, row] + list(x.values()) + [y])
    rows("golden_gradual", 13, made)


def friedman():
    """Which, four or five features (the fifth is 0 where there is none), y."""
    made = []
    for which, make in ((1, datasets.make_friedman1),
                        (2, datasets.make_friedman2),
                        (3, datasets.make_friedman3)):
        x, y = make(n_samples=25, noise=0, random_state=which)
        for a, b in zip(x, y):
            made.append([which] + (list(a) + [0])[:5] + [b])
    rows("golden_friedman", 7, made)


print("/* SPDX-License-Identifier: MIT */")
print(f"/* Made by make_synth.py with river {river.__version__} and "
      f"scikit-learn {sklearn.__version__}. */")
agrawal()
sea()
moved()
friedman()
