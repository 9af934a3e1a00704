# SPDX-License-Identifier: MIT
"""Ours beside its peers: the table of one area, as Markdown.

    bench.py AREA BUILD DATA     (tests/bench/run.sh calls it)

Ours and the peers take turns in one run on one thread; each figure is the
best of its turns. Where both did not do the same work, the exit status is 1.
"""
import os
import platform
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import pandas as pd

SAME = 0.02  # as much may r2 or auc of two trainers differ
differs = []


def same(what, ours, peer, within=SAME):
    if not abs(ours - peer) <= within:
        differs.append(f"{what}: ours {ours}, peer {peer}")


def turns(calls, rounds):
    """Best CPU seconds of each call, and what its last turn gave."""
    best, gave = {}, {}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            gave[name] = call()
            took = time.process_time() - start
            best[name] = min(best.get(name, took), took)
    return best, gave


def line(row, ours, peers, unit, limit, goal, note=""):
    """peers: {name: value}, the best is the smallest. limit and goal are in
    ours' unit, or None where nobody has set one."""
    peer = min(peers, key=peers.get) if peers else None
    print("| " + " | ".join([
        row + (f" ({note})" if note else ""), f"{ours:.4g} {unit}",
        f"{peers[peer]:.4g} {unit} ({peer})" if peer else "-",
        f"{peers[peer] / ours:.2f}x" if peer else "-",
        f"{limit:g} {unit}" if limit else "-",
        f"{goal:g} {unit}" if goal else "-",
        "-" if not goal else "ok" if ours <= goal else "short"]) + " |",
        flush=True)


def ratio_line(row, ours, peers, unit, limit, goal, note=""):
    """limit and goal are ratios, the best peer by ours."""
    peer = min(peers, key=peers.get)
    ratio = peers[peer] / ours
    print(f"| {row} ({note}) | {ours:.4g} {unit} | {peers[peer]:.4g} {unit} "
          f"({peer}) | {ratio:.2f}x | {limit:g}x | {goal:g}x | "
          f"{'ok' if ratio >= goal else 'short'} |", flush=True)


def cpu_name():
    with open("/proc/cpuinfo") as f:
        info = dict(x.split(":", 1) for x in f.read().split("\n\n")[0]
                    .replace("\t", "").splitlines() if ":" in x)
    return (f"{info.get('model name', platform.processor()).strip()}, family "
            f"{info.get('cpu family', '?').strip()} model "
            f"{info.get('model', '?').strip()}, {os.cpu_count()} cores")


def head(area):
    from importlib.metadata import PackageNotFoundError, version
    peers = []
    names = ["lightgbm", "scikit-learn", "numpy", "pandas", "polars"]
    if area == "features":
        names = names[1:] + ["imbalanced-learn", "numexpr"]
    if area == "data":
        names = ["dvc", "pyarrow"]
    if area == "models":
        names = ["scikit-learn", "glum", "numpy"]
    if area == "detectors":
        names = ["river"]
    if area == "monitor":
        names = ["river", "numpy", "pyarrow"]
    if area == "python":
        names = ["lightgbm", "xgboost", "scikit-learn", "numpy"]
    for name in names:
        try:
            peers.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            peers.append(f"no {name}")
    a, b, c = (np.ones(1 << 24) for _ in range(3))
    copy = min(turns({"": lambda: np.copyto(a, b)}, 7)[0].values())
    add = min(turns({"": lambda: np.add(a, b, out=c)}, 7)[0].values())
    core = os.environ.get("OPENBLAS_CORETYPE", "unset")
    print(f"### {area}, OPENBLAS_CORETYPE {core}\n\n"
          f"{cpu_name()}; memory in this run: copy "
          f"{2 * a.nbytes / copy / 1e9:.1f} GB/s, add "
          f"{3 * a.nbytes / add / 1e9:.1f} GB/s; load "
          f"{os.getloadavg()[0]:.1f}; {', '.join(peers)}.\n\n"
          f"| {area}/row | ours | best peer (which) | ratio | limit | goal | "
          "ok or short |\n|---|---|---|---|---|---|---|", flush=True)


# ---- row -------------------------------------------------------------------

def write_rows(folder):
    """28 numbers; and 20 with gaps beside 8 categories; y of both."""
    rng = np.random.default_rng(1)
    n, test = 24096, 4096
    x = rng.normal(size=(n, 28))
    y = (x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + np.abs(x[:, 3]) +
         x[:, 4:] @ np.linspace(0.02, 0.3, 24) + 0.3 * rng.normal(size=n))
    numbers = pd.DataFrame(x, columns=[f"x{i}" for i in range(28)])
    mixed = numbers.iloc[:, :20].mask(rng.random((n, 20)) < 0.02)
    for k in range(8):
        code = rng.integers(0, 6, n)
        mixed[f"c{k}"] = np.array(list("abcdef"))[code]
        y = y + 0.1 * k * (code % 3)
    for name, frame in ("numbers", numbers), ("mixed", mixed):
        frame = frame.assign(y=y)
        frame.iloc[test:].to_csv(f"{folder}/{name}_train.csv", index=False)
        frame.iloc[:test].to_csv(f"{folder}/{name}_test.csv", index=False)


def run_lines(*command):
    """The program's `name value ...` lines: {name: value}."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout.splitlines()


def numbers_of(lines):
    return {name: float(x) for name, x in (s.split() for s in lines)}


def row_forest(programs, folder, trees, leaves, goal_ns, block_goal_ns):
    import lightgbm
    libs = os.path.join(os.path.dirname(lightgbm.__file__), "lib")
    d = pd.read_csv(f"{folder}/numbers_train.csv")
    peer = lightgbm.train(
        {"objective": "regression", "num_leaves": leaves, "max_bin": 255,
         "learning_rate": 0.1, "min_data_in_leaf": 20, "lambda_l2": 1,
         "num_threads": 1, "verbose": -1},
        lightgbm.Dataset(d.drop(columns="y"), d["y"]), trees)
    peer.save_model(f"{folder}/peer.txt")
    got = numbers_of(run_lines(
        f"{programs}/bench_predict", "model", f"{libs}/lib_lightgbm.so",
        str(trees), str(leaves), f"{folder}/numbers_train.csv",
        f"{folder}/numbers_test.csv", f"{folder}/peer.txt"))
    same(f"forest {trees} x {leaves}, r2", got["r2"], got["peer_r2"])
    shape = f"forest {trees} x {leaves} x 28"
    one, many = ({"LightGBM": got[x]} for x in ("peer_row", "peer_block"))
    line(f"{shape}, one row", got["row"], one, "ns", None, goal_ns,
         f"r2 {got['r2']:.3f} / {got['peer_r2']:.3f}")
    line(f"{shape}, worker, recording", got["worker"], one, "ns", None, None)
    line(f"{shape}, a row of a batch", got["block"], many, "ns", None,
         block_goal_ns)


def sklearn_pipeline(train):
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median",
                                         add_indicator=True),
                           StandardScaler()),
             make_column_selector(dtype_include="number")),
            (OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
             make_column_selector(dtype_exclude="number"))),
        HistGradientBoostingRegressor(
            max_iter=100, max_leaf_nodes=31, learning_rate=0.1,
            l2_regularization=1, early_stopping=False)).fit(
                train.drop(columns="y"), train["y"])


def row_pipeline(programs, folder):
    from sklearn.metrics import r2_score
    test = pd.read_csv(f"{folder}/mixed_test.csv")
    peer = sklearn_pipeline(pd.read_csv(f"{folder}/mixed_train.csv"))
    x = test.drop(columns="y")
    ones = [x.iloc[i:i + 1] for i in range(50)]
    best, peer_ns = {}, []
    for _ in range(3):
        got = numbers_of(run_lines(
            f"{programs}/bench_predict", "pipeline",
            f"{folder}/mixed_train.csv", f"{folder}/mixed_test.csv"))
        best = {k: min(v, best.get(k, v)) for k, v in got.items()}
        for one in ones:
            start = time.perf_counter()
            peer.predict(one)
            peer_ns.append((time.perf_counter() - start) * 1e9)
    r2 = r2_score(test["y"], peer.predict(x))
    same("pipeline, r2", best["r2"], r2)
    peers = {"scikit-learn": min(peer_ns)}
    line("impute + scale + onehot + 100 x 31, one row", best["row"], peers,
         "ns", None, 2000, f"r2 {best['r2']:.3f} / {r2:.3f}")
    line("the same, worker, recording", best["worker"], peers, "ns", None,
         None)


def row_slot(programs):
    """`name N ns goal G ...` lines; then what the program costs alone."""
    best, goals = {}, {}
    for _ in range(5):
        for text in run_lines(f"{programs}/bench_slot"):
            if " goal " in text:
                *name, ns, _, _, goal, _ = text.split()
                name = " ".join(name)
                best[name] = min(best.get(name, 1e9), float(ns))
                goals[name] = float(goal)
    for name, ns in best.items():
        line(name, ns, {}, "ns", None, goals[name])
    for text in run_lines(f"{programs}/bench_row"):
        name, ns = text.split(" row ")
        line(f"program alone: {name.strip()}", float(ns.split()[0]), {}, "ns",
             None, None)


def area_row(build, data):
    programs, folder = f"{build}/tests/bench", f"{build}/bench-data"
    os.makedirs(folder, exist_ok=True)
    row_slot(programs)
    write_rows(folder)
    row_forest(programs, folder, 100, 31, 250, 140)
    row_forest(programs, folder, 500, 31, 1000, None)
    row_forest(programs, folder, 100, 255, 2000, None)
    row_pipeline(programs, folder)


# ---- train -----------------------------------------------------------------

def halves(folder, path):
    """Every fifth row is for testing, byte for byte as the file has it."""
    with open(path, encoding="utf-8") as f:
        first, *rest = [s for s in f if s.strip()]
    out = []
    for part in ("train", "test"):
        out.append(f"{folder}/{part}_{os.path.basename(path)}")
        with open(out[-1], "w", encoding="utf-8") as f:
            f.write(first)
            f.writelines(s for i, s in enumerate(rest)
                         if (i % 5 == 0) == (part == "test"))
    return out


def peer_frames(train, test, drop):
    parts = [pd.read_csv(p, na_values="?", skipinitialspace=True,
                         keep_default_na=True).drop(columns=drop)
             for p in (train, test)]
    for name in parts[0]:
        if not pd.api.types.is_numeric_dtype(parts[0][name]):
            kind = pd.CategoricalDtype(
                sorted(parts[0][name].dropna().unique()))
            parts = [p.assign(**{name: p[name].where(
                p[name].isin(kind.categories)).astype(kind)}) for p in parts]
    return parts


def train_one(folder, path, target, roles, drop, metric):
    import lightgbm
    import mlpipe
    import sklearn.ensemble as ensemble
    from sklearn.metrics import r2_score, roc_auc_score
    binary = metric == "auc"
    files = halves(folder, path)
    ours = [mlpipe.read_csv(p) for p in files]
    train, test = peer_frames(*files, drop)
    y, y_test = (d.pop(target) for d in (train, test))
    if binary:
        y, y_test = (v.cat.codes.to_numpy() for v in (y, y_test))
    same("rows", len(ours[0]), len(train), 0)
    recipe = mlpipe.Pipeline(f"target={target} {roles} holdout=0").add(
        "gbt", trees=300, leaves=31, rate=0.1, stop=0)
    hist = (ensemble.HistGradientBoostingClassifier if binary
            else ensemble.HistGradientBoostingRegressor)
    calls = {
        "ours": lambda: recipe.fit(ours[0]),
        "LightGBM": lambda: lightgbm.train(
            {"objective": "binary" if binary else "regression",
             "num_leaves": 31, "max_bin": 255, "learning_rate": 0.1,
             "min_data_in_leaf": 20, "lambda_l2": 1, "num_threads": 1,
             "verbose": -1}, lightgbm.Dataset(train, y), 300),
        "scikit-learn": lambda: hist(
            max_iter=300, max_leaf_nodes=31, learning_rate=0.1,
            l2_regularization=1, early_stopping=False,
            categorical_features="from_dtype").fit(train, y)}
    best, gave = turns(calls, 3)
    score = roc_auc_score if binary else r2_score
    quality = {
        "ours": gave["ours"].evaluate(ours[1], f"metrics={metric}")[metric],
        "LightGBM": score(y_test, gave["LightGBM"].predict(test)),
        "scikit-learn": score(
            y_test, gave["scikit-learn"].predict_proba(test)[:, 1]
            if binary else gave["scikit-learn"].predict(test))}
    name = os.path.basename(path)
    for peer in ("LightGBM", "scikit-learn"):
        same(f"{name}, {metric} beside {peer}", quality["ours"],
             quality[peer])
    own = best.pop("ours")
    ratio_line(f"gbt 300 x 31, {name}", own, best, "s", 1, 2,
               f"{metric} {quality['ours']:.4f} / LightGBM "
               f"{quality['LightGBM']:.4f}, scikit-learn "
               f"{quality['scikit-learn']:.4f}")


def train_numbers(folder):
    """Numbers alone, 20,000 x 28: trees, and a line through BLAS."""
    import lightgbm
    import mlpipe
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score
    write_rows(folder)
    files = [f"{folder}/numbers_{part}.csv" for part in ("train", "test")]
    ours = [mlpipe.read_csv(p) for p in files]
    train, test = (pd.read_csv(p) for p in files)
    x, y, x_test, y_test = (v for d in (train, test) for v in (
        d.drop(columns="y").to_numpy(), d["y"].to_numpy()))
    start = mlpipe.Pipeline
    boost = start("target=y holdout=0").add("gbt", trees=100, stop=0)
    ridge = start("target=y holdout=0").add("ridge", l2=1)
    params = {"num_leaves": 31, "max_bin": 255, "lambda_l2": 1,
              "min_data_in_leaf": 20, "num_threads": 1, "verbose": -1}
    for row, goal, peer, call, fit in (
            ("gbt 100 x 31", 2, "LightGBM", boost.fit,
             lambda: lightgbm.train(params, lightgbm.Dataset(x, y), 100)),
            ("ridge", 3, "scikit-learn", ridge.fit,
             lambda: Ridge(1).fit(x, y))):
        best, gave = turns({"ours": lambda: call(ours[0]), peer: fit}, 7)
        r2 = gave["ours"].evaluate(ours[1], "metrics=r2")["r2"]
        r2_peer = r2_score(y_test, gave[peer].predict(x_test))
        same(f"{row}, r2", r2, r2_peer)
        ratio_line(f"{row}, 20,000 x 28", best["ours"] * 1e3,
                   {peer: best[peer] * 1e3}, "ms", 1, goal,
                   f"r2 {r2:.4f} / {r2_peer:.4f}")


def write_levels(folder, levels, rows, test=20000):
    """Two categories of so many levels with effects of their own, and four
    numbers; y is yes or no."""
    rng = np.random.default_rng(2)
    n = rows + test
    code = rng.integers(0, levels, (n, 2))
    x = rng.normal(size=(n, 4))
    effect = rng.normal(size=(2, levels)) * [[0.7], [0.4]]
    score = (effect[0, code[:, 0]] + effect[1, code[:, 1]] + 0.5 * x[:, 0] +
             0.4 * x[:, 1] * x[:, 2])
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(4)])
    for k in range(2):
        frame[f"c{k}"] = np.char.add("c", code[:, k].astype(str))
    frame["y"] = np.where(rng.random(n) < 1 / (1 + np.exp(-score)), "yes",
                          "no")
    files = [f"{folder}/levels_{part}.csv" for part in ("train", "test")]
    frame[:rows].to_csv(files[0], index=False)
    frame[rows:].to_csv(files[1], index=False)
    return files


def train_levels(folder, levels, rows):
    """Categories as they are, of more levels than a byte tells."""
    import lightgbm
    import mlpipe
    from sklearn.metrics import roc_auc_score
    files = write_levels(folder, levels, rows)
    ours = [mlpipe.read_csv(p) for p in files]
    train, test = peer_frames(*files, [])
    y, y_test = (d.pop("y").cat.codes.to_numpy() for d in (train, test))
    recipe = mlpipe.Pipeline("target=y holdout=0").add(
        "gbt", trees=100, leaves=31, rate=0.1, stop=0)
    best, gave = turns({
        "ours": lambda: recipe.fit(ours[0]),
        "LightGBM": lambda: lightgbm.train(
            {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1,
             "min_data_in_leaf": 20, "lambda_l2": 1, "num_threads": 1,
             "verbose": -1}, lightgbm.Dataset(train, y), 100)}, 3)
    auc = gave["ours"].evaluate(ours[1], "metrics=auc")["auc"]
    auc_peer = roc_auc_score(y_test, gave["LightGBM"].predict(test))
    same(f"{levels} levels, auc", auc, auc_peer)
    own = best.pop("ours")
    ratio_line(f"gbt 100 x 31, {rows:,} rows, 2 categories of {levels:,}",
               own, best, "s", 1, 2,
               f"auc {auc:.4f} / LightGBM {auc_peer:.4f}")


def area_train(build, data):
    folder = f"{build}/bench-data"
    os.makedirs(folder, exist_ok=True)
    train_one(folder, f"{data}/king_county_houses.csv", "price",
              "id=id time=date", ["id", "date"], "r2")
    train_one(folder, f"{data}/adult.csv", "Salary", "", [], "auc")
    train_numbers(folder)
    train_levels(folder, 2000, 100000)


# ---- csv -------------------------------------------------------------------

def polars_reader(path):
    import polars
    return polars.read_csv(path, infer_schema_length=None,
                           null_values=["?", "NA"])


def same_table(name, ours, peer):
    same(f"{name}, rows", len(ours), len(peer), 0)
    for column in peer:
        mine = ours.values(column)
        same(f"{name}, nulls of {column}", mine.count(None),
             peer[column].isna().sum(), 0)
        if pd.api.types.is_numeric_dtype(peer[column]):
            mine = np.array(mine, dtype=float)
            same(f"{name}, sum of {column}", np.nansum(mine),
                 peer[column].sum(), 1e-9 * np.nansum(abs(mine)))


def area_csv(build, data):
    import mlpipe
    for name in ("king_county_houses", "california_housing", "adult",
                 "diamonds", "electricity"):
        path = f"{data}/{name}.csv"
        calls = {"ours": lambda: mlpipe.read_csv(path),
                 "pandas": lambda: pd.read_csv(
                     path, na_values="?", skipinitialspace=name == "adult"),
                 "polars": lambda: polars_reader(path)}
        try:
            polars_reader(path)
        except Exception as why:
            print(f"polars does not read {name}: {why}", file=sys.stderr)
            del calls["polars"]
        best, gave = turns(calls, 15)
        own = best.pop("ours")
        same_table(name, gave["ours"], gave["pandas"])
        ratio_line(f"{name}, {os.path.getsize(path) / 1e6:.1f} MB",
                   own * 1e3, {k: v * 1e3 for k, v in best.items()}, "ms",
                   1, 3, f"{os.path.getsize(path) / own / 1e6:.0f} MB/s")


# ---- features --------------------------------------------------------------

def area_features(build, data):
    os.environ["MLPIPE_LIBRARY"] = f"{build}/tests/bench/libbench_features.so"
    sys.modules["bench"] = sys.modules["__main__"] # what features.py imports
    import features
    features.area()


# ---- data ------------------------------------------------------------------

def area_data(build, data):
    import tempfile
    sys.modules["bench"] = sys.modules["__main__"] # what data.py imports
    import data as versions
    with tempfile.TemporaryDirectory(dir=os.path.dirname(build)) as folder:
        versions.area(folder)
    import data_arrow
    data_arrow.area()


# ---- models ----------------------------------------------------------------

def area_models(build, data):
    os.environ["MLPIPE_LIBRARY"] = f"{build}/tests/bench/libbench_models.so"
    sys.modules["bench"] = sys.modules["__main__"] # what models.py imports
    import models
    models.area()


# ---- detectors -------------------------------------------------------------

def area_detectors(build, data):
    sys.modules["bench"] = sys.modules["__main__"] # what detectors.py imports
    import detectors
    detectors.area()
# ---- monitor ---------------------------------------------------------------

def area_monitor(build, data):
    sys.modules["bench"] = sys.modules["__main__"] # what monitor.py imports
    import monitor
    monitor.area(build)


# ---- python ----------------------------------------------------------------

def area_python(build, data):
    os.environ["MLPIPE_LIBRARY"] = f"{build}/tests/bench/libbench_features.so"
    sys.modules["bench"] = sys.modules["__main__"] # what python.py imports
    import python
    python.area()


if __name__ == "__main__":
    area, build, data = sys.argv[1:]
    head(area)
    {"row": area_row, "features": area_features, "train": area_train,
     "csv": area_csv, "data": area_data,
     "models": area_models, "detectors": area_detectors,
     "monitor": area_monitor, "python": area_python}[area](build, data)
    print()
    for text in differs:
        print(f"not the same work: {text}", file=sys.stderr)
    sys.exit(1 if differs else 0)
