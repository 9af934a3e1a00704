# SPDX-License-Identifier: MIT
"""The area `features` of bench.py: cleaning and features beside their peers.

Ours is called in this process (bench_features.c), so that all read the same
arrays. What is not measured: building ours' dataset, the peers' frames.
"""
import ctypes
import time

import numpy as np
import pandas as pd

import mlpipe
from mlpipe import _raw

import bench

lib = mlpipe._lib
lib.bench_rows.restype = None


# ---- ours ------------------------------------------------------------------

def at(array):
    return ctypes.c_void_p(array.ctypes.data)


def dataset(frame):
    """Numbers as f64, all else as texts."""
    ctx = mlpipe._ctx()
    builder = ctx.give("mlpipe_builder_new", _raw.mlpipe_builder, None, None)
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            x = np.ascontiguousarray(column, dtype=float)
            valid = np.ascontiguousarray(x == x, dtype=np.uint8)
            ctx.call("mlpipe_builder_column", builder, name.encode(),
                     _raw.MLPIPE_F64, at(x),
                     valid.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)),
                     len(x))
        else:
            texts = (ctypes.c_char_p * len(column))(
                *[s.encode() for s in column])
            ctx.call("mlpipe_builder_texts", builder, name.encode(), texts,
                     len(column))
    made = ctx.give("mlpipe_builder_finish", _raw.mlpipe_dataset, builder)
    lib.mlpipe_builder_free(builder)
    return mlpipe.Dataset._of(made)


class Transform:
    def __init__(self, recipe, data, rows=False):
        ctx = mlpipe._ctx()
        made = ctypes.POINTER(_raw.mlpipe_dataset)()
        self._p = ctypes.POINTER(_raw.mlpipe_transform)()
        ctx.call("mlpipe_transform_fit", recipe._p, data._p,
                 ctypes.byref(made) if rows else None, ctypes.byref(self._p))
        self.rows = mlpipe.Dataset._of(made) if rows else None
        self.outputs = lib.mlpipe_transform_outputs(self._p)

    def __del__(self):
        lib.mlpipe_transform_free(self._p)

    def apply(self, data, out):
        mlpipe._ctx().call("bench_apply", self._p, data._p, at(out))
        return out


class Predictor:
    def __init__(self, transform):
        self.transform = transform
        self._p = mlpipe._ctx().give("mlpipe_transform_predictor",
                                     _raw.mlpipe_predictor, transform._p, None)
        room = lib.mlpipe_predictor_scratch(self._p) + 64
        self.room = np.zeros(room, np.uint8)
        self.scratch = ctypes.c_void_p(
            (self.room.ctypes.data + 63) // 64 * 64)

    def __del__(self):
        lib.mlpipe_predictor_free(self._p)

    def one_by_one(self, rows, out):
        """Nanoseconds a row of each 64 rows."""
        ns = np.zeros(len(rows) // 64)
        lib.bench_rows(self._p, self.scratch, at(rows),
                       ctypes.c_size_t(rows.shape[1]),
                       ctypes.c_size_t(len(rows)), at(out),
                       ctypes.c_size_t(out.shape[1]), at(ns))
        return ns

    def block(self, rows, out):
        lib.mlpipe_predict_rows(self._p, self.scratch, at(rows),
                                rows.strides[0], len(rows),
                                out.ctypes.data_as(
                                    ctypes.POINTER(ctypes.c_double)))
        return out


def derive(data, expressions, features):
    """Of an expression that replaces the one feature, it alone is left."""
    recipe = mlpipe.Pipeline(features=features)
    mlpipe._ctx().call("mlpipe_pipeline_derive", recipe._p,
                       expressions.encode())
    return Transform(recipe, data)


def close(what, ours, peer, within=1e-9):
    ours, peer = np.asarray(ours, float), np.asarray(peer, float)
    if ours.shape != peer.shape:
        bench.differs.append(f"{what}: {ours.shape}, peer {peer.shape}")
    elif not np.allclose(ours, peer, rtol=within, atol=within,
                         equal_nan=True):
        worst = np.nanmax(np.abs(ours - peer))
        bench.differs.append(f"{what}: up to {worst} apart")


def per_row(best, rows):
    """Seconds of each call as nanoseconds a row: (ours, {peer: ..})."""
    ns = {name: x * 1e9 / rows for name, x in best.items()}
    return ns.pop("ours"), ns


def milliseconds(best):
    ms = {name: x * 1e3 for name, x in best.items()}
    return ms.pop("ours"), ms


def wall(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e9


# ---- a row to 233 features -------------------------------------------------

def mixed(rows):
    """8 numbers with gaps, 3 categories of 5, 20 and 200 values."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(5, 3, (rows, 8)),
                         columns=[f"x{i}" for i in range(8)])
    frame = frame.mask(rng.random(frame.shape) < 0.05)
    for levels in (5, 20, 200):
        names = np.array([f"v{i:03}" for i in range(levels)])
        frame[f"c{levels}"] = names[rng.integers(0, levels, rows)]
    return frame


def column_transformer(frame):
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
         list(frame)[:8]),
        (OneHotEncoder(handle_unknown="ignore"),
         list(frame)[8:])).fit(frame)


def as_doubles(predictor, frame):
    """Rows as the predictor takes them: texts as its codes."""
    rows = np.empty((len(frame), frame.shape[1]))
    for i, name in enumerate(frame):
        column = frame[name]
        if i >= 8:
            codes = {s: lib.mlpipe_predictor_code(predictor._p, i, s.encode(),
                                                  len(s))
                     for s in column.unique()}
            column = column.map(codes)
        rows[:, i] = column
    return rows


def one_hot():
    frame = mixed(100_000)
    recipe = (mlpipe.Pipeline().add("impute", numeric="median",
                                    indicator=False)
              .add("scale").add("onehot"))
    predictor = Predictor(Transform(recipe, dataset(frame)))
    peer = column_transformer(frame)
    some = frame.iloc[:4096]
    ones = [some.iloc[i:i + 1] for i in range(40)]
    thousand = some.iloc[:1000]
    rows = as_doubles(predictor, some)
    out = np.zeros((len(rows), predictor.transform.outputs))
    chunks, peer_ns, block, peer_block = [], [], [], []
    for _ in range(5):
        for _ in range(4):
            chunks.append(predictor.one_by_one(rows, out))
        peer_ns += [wall(lambda: peer.transform(x)) for x in ones]
        for _ in range(20):
            block.append(wall(lambda: predictor.block(rows[:1000], out)))
        peer_block += [wall(lambda: peer.transform(thousand))
                       for _ in range(5)]
    predictor.one_by_one(rows, out)
    made = peer.transform(some)
    close("row to 233 features", out, made.toarray())
    close("rows to 233 features", predictor.block(rows[:1000], out[:1000]),
          made[:1000].toarray())
    chunks = np.concatenate(chunks)
    own, peers = np.median(chunks), {"scikit-learn": np.median(peer_ns)}
    bench.line("8 numbers impute + scale, 3 onehot to 233, one row", own,
               peers, "ns", None, 120,
               f"medians; p99.9 {np.quantile(chunks, 0.999):.0f} ns of "
               "chunks of 64")
    bench.ratio_line("the same", own, peers, "ns", 1000, 10000, "by ratio")
    bench.ratio_line("the same, a row of 1,000", min(block) / 1000,
                     {"scikit-learn": min(peer_block) / 1000}, "ns", 1, 8,
                     "ours dense, the peer's sparse")


# ---- an expression ---------------------------------------------------------

EXPRESSION = ("(a - 3) / 2 * ((b - 10) / 4) + price / {max} + "
              "(2026 - year)")


def expression():
    import numexpr
    import polars
    numexpr.set_num_threads(1)
    rows = 4_000_000
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({
        "a": rng.normal(3, 2, rows), "b": rng.normal(10, 4, rows),
        "price": rng.uniform(1e5, 1e6, rows),
        "sqft": rng.integers(0, 4000, rows).astype(float),
        "year": rng.integers(1900, 2026, rows).astype(float)})
    data = dataset(frame)
    ours = derive(data,
                  "year = " + EXPRESSION.format(max="max(sqft, 1)"), "year")
    v = {name: frame[name].to_numpy() for name in frame}
    own_out, peer_out = np.zeros(rows), np.zeros(rows)
    text = EXPRESSION.format(max="where(sqft < 1, 1, sqft)")
    lazy = polars.DataFrame(v)
    c = {name: polars.col(name) for name in v}

    def numpy_way():
        return ((v["a"] - 3) / 2 * ((v["b"] - 10) / 4) +
                v["price"] / np.maximum(v["sqft"], 1) + (2026 - v["year"]))

    def polars_way():
        return lazy.select(
            e=(c["a"] - 3) / 2 * ((c["b"] - 10) / 4) +
            c["price"] / polars.max_horizontal(c["sqft"], 1.0) +
            (2026 - c["year"]))["e"]

    best, gave = bench.turns({
        "ours": lambda: ours.apply(data, own_out),
        "numexpr": lambda: numexpr.evaluate(text, v, out=peer_out),
        "numpy": numpy_way, "polars": polars_way}, 7)
    for name in ("numexpr", "numpy", "polars"):
        close(f"expression beside {name}", own_out, gave[name])
    own, peers = per_row(best, rows)
    for name, ns in peers.items():
        bench.ratio_line(f"10 operations, 4 M rows, beside {name}", own,
                         {name: ns}, "ns", 1, 3 if name == "numexpr" else 2,
                         "columns to a column")
    expression_row(ours, frame, numexpr, text)


def expression_row(transform, frame, numexpr, text):
    predictor = Predictor(transform)
    names = [lib.mlpipe_transform_input(transform._p, i).decode()
             for i in range(frame.shape[1])]
    rows = np.ascontiguousarray(frame.iloc[:4096][names].to_numpy())
    out = np.zeros((len(rows), transform.outputs))
    one = {name: frame[name].to_numpy()[:1] for name in frame}
    chunks, peer_ns = [], []
    for _ in range(5):
        for _ in range(20):
            chunks.append(predictor.one_by_one(rows, out))
        numexpr.evaluate(text, one)
        for _ in range(2000):
            peer_ns.append(wall(lambda: numexpr.re_evaluate(one)))
    close("expression, one row", out[0], numexpr.re_evaluate(one))
    bench.line("the same, one row", np.median(np.concatenate(chunks)),
               {"numexpr re_evaluate": np.median(peer_ns)}, "ns", None, 15,
               "medians")


# ---- fits ------------------------------------------------------------------

def fit_scale():
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    frame = mixed(1_000_000).iloc[:, :8]
    data = dataset(frame)
    recipe = mlpipe.Pipeline().add("impute", numeric="median",
                                   indicator=False).add("scale")
    peer = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    x = {order: np.array(frame, order=order) for order in "CF"}
    best, gave = bench.turns({
        "ours": lambda: Transform(recipe, data),
        "scikit-learn": lambda: peer.fit(x["C"]),
        "scikit-learn, by columns": lambda: peer.fit(x["F"])}, 3)
    out = gave["ours"].apply(data, np.zeros(x["C"].shape))
    close("impute + scale", out, peer.transform(x["C"]))
    own, peers = milliseconds(best)
    bench.ratio_line("fit of median impute + scale, 1 M x 8", own, peers,
                     "ms", 1, 5, f"{own / 8:.2f} ns a cell")


def target_encode():
    from sklearn.preprocessing import TargetEncoder
    rows, levels = 1_000_000, 1000
    rng = np.random.default_rng(3)
    code = rng.integers(0, levels, rows)
    names = np.array([f"v{i:04}" for i in range(levels)])
    y = rng.normal(size=levels)[code] + rng.normal(size=rows)
    data = dataset(pd.DataFrame({"c": names[code], "y": y}))
    recipe = mlpipe.Pipeline("target=y").add("target_encode", folds=5)
    texts, codes = names[code].astype(object)[:, None], code[:, None]

    def encoder():
        return TargetEncoder(target_type="continuous")

    best, gave = bench.turns({
        "ours": lambda: Transform(recipe, data, rows=True),
        "scikit-learn": lambda: encoder().fit_transform(texts, y),
        "scikit-learn, codes": lambda: encoder().fit_transform(codes, y)}, 3)
    ours = gave["ours"].apply(data, np.zeros((rows, 1)))
    close("target_encode", ours, encoder().fit(codes, y).transform(codes))
    crossed = np.array(gave["ours"].rows.values("c"))
    bench.same("target_encode, correlation of the folds' encodings",
               np.corrcoef(crossed, gave["scikit-learn"][:, 0])[0, 1], 1)
    own, peers = milliseconds(best)
    bench.ratio_line("target_encode, 5 folds, 1 M rows of 1,000 values", own,
                     peers, "ms", 1, 10, "fit and the training rows")


def smote():
    from imblearn.over_sampling import SMOTE
    rows, features, few = 50_000, 20, 5_000
    rng = np.random.default_rng(4)
    x = rng.normal(size=(rows, features))
    y = np.zeros(rows)
    y[rng.choice(rows, few, replace=False)] = 1
    x[y == 1] += 0.5
    out = np.zeros((rows, features))
    added = ctypes.c_uint32()

    def ours():
        mlpipe._ctx().call("bench_smote", at(x), at(y), rows, features,
                           at(out), ctypes.byref(added))
        return out[:added.value]

    best, gave = bench.turns({
        "ours": ours,
        "imbalanced-learn":
            lambda: SMOTE(random_state=0).fit_resample(x, y)[0][rows:]}, 5)
    close("smote, rows", gave["ours"].shape, gave["imbalanced-learn"].shape)
    close("smote, means", gave["ours"].mean(0),
          gave["imbalanced-learn"].mean(0), bench.SAME)
    own, peers = milliseconds(best)
    bench.ratio_line("smote, 50,000 x 20, 10 % to 50 %", own, peers, "ms", 1,
                     5, "new rows written out")


def duplicates():
    import polars
    rows = 1_000_000
    rng = np.random.default_rng(5)
    of = {"of 31 values": rng.integers(0, 31, (rows, 4)) * 0.5,
          "of 700,000 rows": rng.normal(size=(700_000, 4))[
              rng.integers(0, 700_000, rows)]}
    for kind, x in of.items():
        frame = pd.DataFrame(np.asfortranarray(x),
                             columns=[f"x{i}" for i in range(4)])
        data, lazy = dataset(frame), polars.from_pandas(frame)
        best, gave = bench.turns({
            "ours": lambda: mlpipe.Report._of(mlpipe._ctx().give(
                "mlpipe_dataset_duplicates", _raw.mlpipe_report, data._p,
                None)),
            "pandas": lambda: len(frame.drop_duplicates()),
            "polars": lazy.n_unique}, 3)
        for name in ("pandas", "polars"):
            bench.same(f"duplicates, {name}", gave["ours"]["distinct_rows"],
                       gave[name], 0)
        own, peers = per_row(best, rows)
        bench.ratio_line("duplicates of 4 numeric columns, 1 M rows", own,
                         peers, "ns", 1, 10, f"a row; {kind}")


# ---- texts -----------------------------------------------------------------

def text_line(row, expression, texts, peers, goal, read=None):
    """peers: {name: (call, its answer as numbers)}."""
    frame = pd.DataFrame({"t": texts})
    data = dataset(frame)
    ours = derive(data, f"t = {expression}", "t")
    out = np.zeros(len(texts))
    best, gave = bench.turns(
        {"ours": lambda: ours.apply(data, out),
         **{name: call for name, (call, _) in peers.items()}}, 3)
    for name, (_, numbers) in peers.items():
        close(f"{row} beside {name}", out, numbers(gave[name]))
    own, best = per_row(best, len(texts))
    for name, ns in best.items():
        bench.ratio_line(row, own, {name: ns}, "ns", 1,
                         goal if name.startswith("pandas") else 2, "a value")


def microseconds(times):
    return np.asarray(times, "datetime64[us]").astype(np.int64)


def dates():
    import polars
    rng = np.random.default_rng(6)
    formats = ["%Y-%m-%d %H:%M:%S", "%d %b %Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
               "%b %d, %Y %H:%M:%S"]

    def texts(rows, formats):
        when = pd.to_datetime(rng.integers(0, 1_700_000_000, rows), unit="s")
        made = [when.strftime(f).to_numpy(object) for f in formats]
        return np.choose(np.arange(rows) % len(formats), made)

    iso, some = texts(1_000_000, formats[:1]), texts(100_000, formats)
    of_iso, of_some = pd.Series(iso), pd.Series(some)
    lazy_iso, lazy_some = polars.Series(iso), polars.Series(some)

    def one_after_the_other():
        parts = [lazy_some.str.to_datetime(f, strict=False) for f in formats]
        return polars.select(polars.coalesce(parts)).to_series()

    text_line("dates, ISO with time, 1 M texts",
              f'parse_date(t, "{formats[0]}")', iso, {
                  "pandas": (lambda: pd.to_datetime(of_iso), microseconds),
                  "pandas, format told": (
                      lambda: pd.to_datetime(of_iso, format=formats[0]),
                      microseconds),
                  "polars, format told": (
                      lambda: lazy_iso.str.to_datetime(formats[0]),
                      microseconds)}, 10)
    told = ", ".join(f'"{f}"' for f in formats)
    text_line("dates, 4 formats mixed, 100,000 texts",
              f"parse_date(t, {told})", some, {
                  "pandas": (lambda: pd.to_datetime(of_some, format="mixed"),
                             microseconds),
                  "polars, 4 passes": (one_after_the_other, microseconds)},
              150)


def format_step():
    """The format is found by the step, and the rows are given as features."""
    rng = np.random.default_rng(7)
    when = pd.to_datetime(rng.integers(0, 1_700_000_000, 200_000), unit="s")
    texts = pd.Series(when.strftime("%d %b %Y %H:%M:%S").to_numpy(object))
    data = dataset(pd.DataFrame({"t": texts}))
    recipe = mlpipe.Pipeline().add("format", columns="t", to="date")
    best, gave = bench.turns({
        "ours": lambda: Transform(recipe, data, rows=True),
        "pandas": lambda: pd.to_datetime(texts)}, 3)
    close("format to=date", gave["ours"].apply(data, np.zeros(len(texts))),
          microseconds(gave["pandas"]))
    own, peers = per_row(best, len(texts))
    bench.ratio_line("format to=date finds the format, 200,000 texts", own,
                     peers, "ns", 1, 2, "a value, fit and features")


def numbers():
    import polars
    rng = np.random.default_rng(8)
    texts = np.array([f"{x:.2f}" for x in rng.normal(0, 1e4, 1_000_000)],
                     dtype=object)
    series, lazy = pd.Series(texts), polars.Series(texts)
    text_line("parse_num, 1 M texts", "parse_num(t)", texts, {
        "pandas": (lambda: pd.to_numeric(series), np.asarray),
        "polars": (lambda: lazy.cast(polars.Float64), np.asarray)}, 2)


def area():
    one_hot()
    expression()
    fit_scale()
    target_encode()
    smote()
    duplicates()
    dates()
    format_step()
    numbers()
