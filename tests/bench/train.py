# SPDX-License-Identifier: MIT
"""Fits beside their peers, interleaved on one thread: median CPU seconds of
the whole call from a table in memory to a model, with the quality reached on
the same held-out rows. The peers get numbers alone, as ours does here."""
import os
import statistics
import tempfile
import time

import lightgbm
import numpy
import sklearn
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

import mlpipe

ROWS, COLUMNS, ROUNDS = 20000, 20, 5


def table():
    dice = numpy.random.default_rng(7)
    x = dice.normal(size=(ROWS, COLUMNS))
    y = (x[:, 0] * x[:, 1] + numpy.sin(3 * x[:, 2]) + x[:, 3]
         + 0.3 * dice.normal(size=ROWS))
    return x, y


def ours(x, y):
    """The same numbers through a CSV file, read before the clock starts."""
    names = [f"x{i}" for i in range(COLUMNS)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.csv")
        with open(path, "w") as f:
            f.write(",".join(names + ["y"]) + "\n")
            for row, target in zip(x, y):
                cells = [repr(float(v)) for v in row] + [repr(float(target))]
                f.write(",".join(cells) + "\n")
        return mlpipe.read_csv(path)


def timed(call):
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def compare(name, mine, peer, peer_name, score_mine, score_peer):
    times = [[], []]
    for _ in range(ROUNDS):
        for k, call in enumerate((mine, peer)):
            seconds, model = timed(call)
            times[k].append(seconds)
            if k == 0:
                a = score_mine(model)
            else:
                b = score_peer(model)
    t, u = statistics.median(times[0]), statistics.median(times[1])
    print(f"| train/{name} | {t * 1e3:.1f} ms, R2 {a:.4f} | "
          f"{u * 1e3:.1f} ms, R2 {b:.4f} ({peer_name}) | {u / t:.2f} |")


def main():
    x, y = table()
    half = ROWS * 3 // 4
    train, test = ours(x[:half], y[:half]), ours(x[half:], y[half:])
    boost = mlpipe.Pipeline("target=y holdout=0").add("gbt", trees=100,
                                                      stop=0)
    line = mlpipe.Pipeline("target=y holdout=0").add("ridge", l2=1)
    params = {"num_leaves": 31, "learning_rate": 0.1, "verbose": -1,
              "max_bin": 255, "num_threads": 1, "min_data_in_leaf": 20,
              "lambda_l2": 1}

    def peer_boost():
        return lightgbm.train(params, lightgbm.Dataset(x[:half], y[:half]),
                              100)

    print("| area/row | ours | peer | ratio |\n|---|---|---|---|")
    compare("gbt 100 trees, 15000 x 20", lambda: boost.fit(train), peer_boost,
            f"LightGBM {lightgbm.__version__}",
            lambda m: m.evaluate(test)["r2"],
            lambda m: r2_score(y[half:], m.predict(x[half:])))
    compare("ridge, 15000 x 20", lambda: line.fit(train),
            lambda: Ridge(1.0).fit(x[:half], y[:half]),
            f"scikit-learn {sklearn.__version__}",
            lambda m: m.evaluate(test)["r2"],
            lambda m: r2_score(y[half:], m.predict(x[half:])))


main()
