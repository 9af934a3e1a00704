# SPDX-License-Identifier: MIT
"""tests/golden/gbt_regression.h: LightGBM with other losses than squared.

    make_gbt_regression.py       from the top of the tree, with
                                 MLPIPE_TEST_DATA; needs LightGBM and pandas

Of each file and loss the mean over three splits of what LightGBM loses on the
rows for testing, then the shares of these rows that lie below its answers: row i of split s is one where mix(1000 i + s) mod 10 < 3.
Then its answers on whole numbers, of which the sums have next to no rounding:
the same data are made by the same integers in test_gbt_lightgbm.c.
"""
import os

import lightgbm
import numpy as np
import pandas as pd
from sklearn.metrics import mean_pinball_loss, mean_tweedie_deviance

from make_gbt import mix

PATH = "tests/golden/gbt_regression.h"
SPLITS, TREES = 3, 100
FILES = (("diamonds.csv", "carat,depth,table,x,y,z", "price"),
         ("california_housing.csv",
          "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,"
          "population,households,median_income", "median_house_value"))


def pinball(level):
    return lambda y, p: mean_pinball_loss(y, p, alpha=level)


def deviance(power):
    return lambda y, p: mean_tweedie_deviance(y, p, power=power)


def huber(delta):
    def loss(y, p):
        e = abs(y - p)
        return np.where(e <= delta, e * e / 2, delta * (e - delta / 2)).mean()
    return loss


LOSSES = (
    ({"objective": "l1"}, lambda y, p: abs(y - p).mean()),
    ({"objective": "huber", "alpha": 5000}, huber(5000)),
    ({"objective": "quantile", "alpha": 0.1}, pinball(0.1)),
    ({"objective": "quantile", "alpha": 0.9}, pinball(0.9)),
    ({"objective": "poisson"}, deviance(1)),
    ({"objective": "gamma"}, deviance(2)),
    ({"objective": "tweedie", "tweedie_variance_power": 1.3},
     deviance(1.3)),
)
COMMON = {"num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 20,
          "lambda_l2": 0, "verbose": -1, "num_threads": 1,
          "deterministic": True}


def of_file(name, columns, target):
    d = pd.read_csv(os.path.join(os.environ["MLPIPE_TEST_DATA"], name))
    x = d[columns.split(",")].to_numpy(float)
    y = d[target].to_numpy(float)
    sums = np.zeros(2 * len(LOSSES))
    for s in range(SPLITS):
        test = np.array([mix(1000 * i + s) % 10 < 3 for i in range(len(y))])
        for k, (params, loss) in enumerate(LOSSES):
            m = lightgbm.train({**COMMON, **params},
                               lightgbm.Dataset(x[~test], y[~test]), TREES)
            p = m.predict(x[test])
            sums[k] += loss(y[test], p) / SPLITS
            sums[len(LOSSES) + k] += (y[test] < p).mean() / SPLITS
    return sums


def whole():
    """400 rows of three whole numbers, and counts that follow from them."""
    x = np.array([[mix(3 * i + f) % 8 for f in range(3)] for i in range(400)],
                 float)
    y = np.array([4 + x[i, 0] + (x[i, 1] > 3) * 5 + mix(10**6 + i) % 3
                  for i in range(400)])
    for params in ({"objective": "poisson"},
                   {"objective": "tweedie", "tweedie_variance_power": 1.5},
                   {"objective": "huber", "alpha": 1e6}):
        m = lightgbm.train({**COMMON, **params, "num_leaves": 6,
                            "min_data_in_bin": 1},
                           lightgbm.Dataset(x, y), 10)
        yield m.predict(x[:40])


def numbers(name, values):
    text = f"static const double {name} = {{\n"
    for row in values:
        text += "    {" + ",\n     ".join(
            ", ".join(f"{float(v):.17g}" for v in row[i:i + 3])
            for i in range(0, len(row), 3)) + "},\n"
    return text + "};\n"


def main():
    made = [of_file(*f) for f in FILES]
    with open(PATH, "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n"
                "/* Written by make_gbt_regression.py with LightGBM "
                f"{lightgbm.__version__}. */\n\n")
        f.write(numbers(f"golden_number_real[{len(FILES)}][{2 * len(LOSSES)}]",
                        made))
        f.write(numbers("golden_number_whole[3][40]", list(whole())))


if __name__ == "__main__":
    main()
