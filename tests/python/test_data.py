# SPDX-License-Identifier: MIT
"""Whatever holds a table is taken where rows are, and given back."""
import copy
import logging
import math
import os
import pickle
import subprocess
import sys

import pytest

import mlpipe

np = pytest.importorskip("numpy", exc_type=ImportError)
pa = pytest.importorskip("pyarrow", exc_type=ImportError)
pl = pytest.importorskip("polars", exc_type=ImportError)
pd = pytest.importorskip("pandas", exc_type=ImportError)

from frames import COLUMNS, DAY, ROWS, frame

NULLS = {name: values.count(None) for name, values in COLUMNS.items()}
SECONDS = [None if t is None else int(t.timestamp() * 1e6)
           for t in COLUMNS["at"]]


SOURCES = {
    "dict": lambda: COLUMNS,
    "pandas": frame,
    "polars": lambda: pl.DataFrame(COLUMNS),
    "pyarrow": lambda: pa.table(COLUMNS),
    "batch": lambda: pa.RecordBatch.from_pydict(COLUMNS),
    "dict of series": lambda: dict(frame().items()),
    "dict of arrow": lambda: {name: pa.array(values)
                              for name, values in COLUMNS.items()},
    "dict of polars": lambda: dict(pl.DataFrame(COLUMNS).to_dict()),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_the_same_table(source):
    wanted = mlpipe.dataset(pa.table(COLUMNS))
    made = mlpipe.dataset(SOURCES[source]())
    assert made.types == wanted.types
    for name, values in COLUMNS.items():
        assert made.values(name) == (SECONDS if name == "at" else values)
    assert made.fingerprint() == wanted.fingerprint()
    reading = made.reading()
    assert reading["nulls"] == sum(NULLS.values())
    table = reading.table("types")
    assert dict(zip(table.values("column"), table.values("nulls"))) == NULLS


def test_a_frame_without_pyarrow():
    code = ("import sys; sys.modules['pyarrow'] = None\n"
            "sys.path.append(sys.argv[1])\n"
            "import frames, mlpipe\n"
            "made = mlpipe.dataset(frames.frame())\n"
            "back = made.to_pandas()\n"
            "print(made.fingerprint(), back['n'].isna().sum(), "
            "back['at'].dtype, len(back))\n")
    said = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(__file__)],
        capture_output=True, text=True)
    assert not said.returncode, said.stderr
    assert said.stdout.split() == [
        mlpipe.dataset(COLUMNS).fingerprint(), str(NULLS["n"]),
        "datetime64[us]", str(ROWS)]


def test_nan_of_all_kinds_is_null():
    nan = float("nan")
    made = mlpipe.dataset({
        "float": [1.0, nan, 3], "mixed": [1, nan, 2.5],
        "half": np.array([1, nan, 2], dtype="f2"),
        "single": np.array([1, nan, 2], dtype="f4"),
        "time": np.array(["2024-01-01", "NaT", "2024-01-03"], dtype="M8[D]"),
        "span": np.array([1, 2, "NaT"], dtype="m8[ms]"),
        "object": np.array([True, None, False], dtype=object),
        "na": pd.array([1, pd.NA, 3]), "nothing": [None, None, nan]})
    assert {name: made.values(name).count(None) for name in made.columns} == {
        **dict.fromkeys(made.columns, 1), "nothing": 3}
    assert made.types["time"] == "timestamp[s]"
    assert made.types["span"] == "duration[ms]"
    assert made.values("mixed") == [1, None, 2.5]
    assert made.reading()["nulls"] == 11


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4",
                                  "u8", "f2", "f4", "f8", "?", ">i4", ">f8"])
def test_every_kind_of_number(kind):
    values = np.array([0, 1, 0, 7, 100], dtype=kind)
    for given in (values, values[::-1][::-1], values.reshape(5, 1)[:, 0]):
        made = mlpipe.dataset({"v": given})
        assert made.values("v") == values.tolist()
        assert made.reading()["nulls"] == 0


def test_matrices(caplog):
    x = np.arange(12.0).reshape(4, 3)
    x[1, 2] = np.nan
    with caplog.at_level(logging.INFO, logger="mlpipe"):
        made = mlpipe.dataset(x)
    assert "4 x 3 by rows is copied once" in caplog.text
    assert made.columns == ["x0", "x1", "x2"]
    assert made.values("x2") == [2, None, 8, 11]
    x[0, 0] = 99  # what is made of it is not changed
    assert made.values("x0")[0] == 0
    caplog.clear()
    named = mlpipe.dataset(np.asfortranarray(x), names=["a", "b", "c"])
    assert named.columns == ["a", "b", "c"] and not caplog.text
    whole = mlpipe.dataset(np.arange(6).reshape(2, 3))
    assert whole.types == dict.fromkeys(["x0", "x1", "x2"], "i64")
    assert mlpipe.dataset(np.zeros((0, 2))).columns == ["x0", "x1"]
    records = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")])
    assert mlpipe.dataset(records).to_dict() == {"a": [1, 3], "b": [2.5, 4.5]}
    with pytest.raises(ValueError):
        mlpipe.dataset(x, names=["a"])
    for wrong in (np.zeros(3), np.zeros((2, 2, 2)), np.zeros((2, 2), "c16")):
        with pytest.raises(TypeError):
            mlpipe.dataset(wrong)


def test_what_changes_later_changes_nothing():
    values = np.arange(5.0)
    table = pd.DataFrame({"v": values})
    made, framed = mlpipe.dataset({"v": values}), mlpipe.dataset(table)
    values[:] = -1
    table.loc[:, "v"] = -1
    assert made.values("v") == framed.values("v") == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("bad, words", [
    ([1, "a", 2], "mixes int (row 0) and str (row 1)"),
    ([True, 2], "mixes bool"), ([1.5, b"x"], "row 1"), ([object()], "row 0"),
    ([[1], [2]], "row 0"), ("text", "no list"), (17, "no list"),
    ([DAY, 3], "mixes datetime")])
def test_mixed_columns_are_named(bad, words):
    with pytest.raises(TypeError) as caught:
        mlpipe.dataset({"fine": [1, 2, 3][:len(bad) if hasattr(
            bad, "__len__") else 1], "odd": bad})
    assert "'odd'" in str(caught.value) and words in str(caught.value)


def test_mixed_columns_of_frames_are_named():
    for values in ([1, "a"], [b"x", 2.5], [True, 1.5]):
        with pytest.raises(TypeError, match="'odd'"):
            mlpipe.dataset(pd.DataFrame({
                "fine": [1, 2], "odd": pd.Series(values, dtype=object)}))


def test_what_is_no_table():
    for wrong in (None, 1.5, object(), b"", "a.csv", [1, 2], {}, {1.5: [1]}):
        with pytest.raises(TypeError):
            mlpipe.dataset(wrong)
    with pytest.raises(ValueError, match="'b' has 1 values"):
        mlpipe.dataset({"a": [1, 2], "b": [3]})
    with pytest.raises(ValueError, match="row 1.*64 bits"):
        mlpipe.dataset({"a": [1, 2**70]})
    with pytest.raises(ValueError):
        mlpipe.dataset({"": [1]})
    with pytest.raises(TypeError):
        mlpipe.dataset({"a": [1]}, names=["b"])


def test_an_index_is_no_column(caplog):
    table = pd.DataFrame({"v": [1, 2, 3]}, index=[5, 7, 9])
    assert mlpipe.dataset(table).columns == ["v"]
    table.index.name = "key"
    with caplog.at_level(logging.INFO, logger="mlpipe"):
        assert mlpipe.dataset(table).columns == ["v"]
    assert "key" in caplog.text
    assert mlpipe.dataset(table[table.v > 1].reset_index()).to_dict() == {
        "key": [7, 9], "v": [2, 3]}
    assert mlpipe.dataset(pd.DataFrame([[1, 2]])).columns == ["0", "1"]


def test_comes_out_as_it_went_in():
    made = mlpipe.dataset(COLUMNS)
    assert made.to_dict() == {**COLUMNS, "at": SECONDS}
    assert made.to_arrow()["at"].to_pylist()[0] == DAY
    assert made.to_polars()["n"].to_list() == COLUMNS["n"]
    back = made.to_pandas()
    assert list(back.columns) == list(COLUMNS)
    assert mlpipe.dataset(back).values("at") == SECONDS
    numbers = made.to_numpy(["n", "x"])
    assert numbers.shape == (ROWS, 2) and numbers.dtype == np.float64
    for i, name in enumerate(("n", "x")):
        for ours, wanted in zip(numbers[:, i], COLUMNS[name]):
            assert math.isnan(ours) if wanted is None else ours == wanted
    assert np.array_equal(made.to_numpy("x"), numbers[:, 1], equal_nan=True)
    assert np.asarray(made.select("n,x")).shape == (ROWS, 2)
    with pytest.raises(TypeError, match="'city'"):
        made.to_numpy()
    with pytest.raises(KeyError):
        made.to_numpy("nn")


def test_everything_pickles(tmp_path):
    made = mlpipe.dataset(COLUMNS)
    views = [made, made.sample(50, seed=1), made.filter("n > 250"),
             made.filter("n > 1000"), mlpipe.concat([made] * 300),
             made.split("parts=0.37,0.63")[1],
             mlpipe.dataset(COLUMNS, text="text"),
             mlpipe.concat([mlpipe.dataset({"a": ["x", "y"]}, text="text"),
                            mlpipe.dataset({"b": ["z"]})], columns="union"),
             mlpipe.dataset({"f": np.array([1.5, 2.5], dtype="f4")})]
    for view in views:
        again = pickle.loads(pickle.dumps(view))
        assert again.fingerprint() == view.fingerprint()
        assert again.types == view.types
        assert again.to_dict() == view.to_dict()
        assert copy.copy(view) is view is copy.deepcopy(view)
    steps = mlpipe.Pipeline(features="n,x").add("impute").add("scale")
    fitted, features = steps.fit_transform(made)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.id == fitted.id
    assert again.apply(made).fingerprint() == \
        fitted.apply(made).fingerprint()
    fitted.save(tmp_path / "steps")
    assert mlpipe.Transform.load(tmp_path / "steps").id == fitted.id
    assert fitted.outputs == fitted.get_feature_names_out() == ["n", "x"]
    assert fitted.recipe().fingerprint() == steps.fingerprint()
    for again in (pickle.loads(pickle.dumps(steps)), copy.copy(steps),
                  copy.deepcopy(steps)):
        assert again.to_json() == steps.to_json()
        again.add("pca", components=1)
        assert again.to_json() != steps.to_json()


def test_frames_train_and_are_asked():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 3))
    table = pd.DataFrame(x, columns=["a", "b", "c"])
    table["city"] = rng.choice(["Bath", "York"], 400)
    table["y"] = 2 * table.a - table.b + 3 * (table.city == "Bath")
    recipe = mlpipe.Pipeline("target=y").add("onehot").add("ridge")
    model = recipe.fit(table[:300], table[300:])
    wanted = model.predict(mlpipe.dataset(table))
    assert isinstance(wanted, np.ndarray) and wanted.shape == (400,)
    assert np.array_equal(wanted, model.predict(table))
    assert np.array_equal(wanted, model.predict(pl.from_pandas(table)))
    assert np.array_equal(wanted, model.predict(
        {name: table[name].to_numpy() for name in table}))
    assert model.evaluate(table)["r2"] > 0.99
    assert recipe.cross_validate(table, folds=3)["folds"] == 3
    assert model.importance(table)["drop.a"] > 0
    assert model.compare(model, table)["difference"] == 0
    assert mlpipe.dataset(table).drift(table.sample(200)).text("verdict")
    assert mlpipe.split_check([table[:300], table[300:]]).text("verdict")
    assert len(mlpipe.concat([table, table])) == 800
    assert model.feature_names_in_ == model.inputs == [
        "a", "b", "c", "city"]
    assert model.get_feature_names_out() == ["y"] and model.classes == []
    with pytest.raises(TypeError):
        model.predict_proba(table)
    with pytest.raises(mlpipe.SchemaError):
        model.predict(x)


@pytest.mark.parametrize("count", [2, 3])
def test_probabilities(count):
    rng = np.random.default_rng(count)
    x = rng.normal(size=(600, 2))
    which = np.clip((x[:, 0] + 1).astype(int), 0, count - 1)
    table = {"a": x[:, 0], "b": x[:, 1],
             "kind": np.array(["low", "mid", "top"])[which]}
    model = mlpipe.Pipeline("target=kind").add("gbt", trees=10).fit(table)
    assert model.classes == ["low", "mid", "top"][:count]
    shares = model.predict_proba(table)
    assert shares.shape == (600, count)
    assert np.allclose(shares.sum(axis=1), 1)
    said = np.array(model.classes)[shares.argmax(axis=1)]
    assert (said == table["kind"]).mean() > 0.9


def test_lists_where_numpy_is_not():
    code = ("import sys; sys.modules['numpy'] = None\nimport mlpipe\n"
            "rows = {'a': [1, 2, 3] * 9, 'y': ['no', 'yes', 'yes'] * 9}\n"
            "m = mlpipe.Pipeline('target=y').add('logistic').fit(rows)\n"
            "p = m.predict(rows)\n"
            "assert type(p) is list and len(p) == 27, p\n"
            "assert m.predict_proba(rows)[3] == (1 - p[3], p[3])\n"
            "assert m.row()([2]) == p[1]\n")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True,
                          text=True)
    assert not said.returncode, said.stderr
