# SPDX-License-Identifier: MIT
"""The estimators of mlpipe.sklearn: scikit-learn's own checks, then what
those do not look at; and the examples that use them."""
import copy
import os
import pickle
import subprocess
import sys
import warnings

import pytest

import mlpipe

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import (GridSearchCV,  # noqa: E402
                                     RandomizedSearchCV, cross_val_score)
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402

from mlpipe.sklearn import (Classifier, Regressor, Step,  # noqa: E402
                            Transformer, expected_failed_checks)

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../../examples")
ESTIMATORS = [
    Classifier(), Classifier(Step("gbt", trees=20, min_rows=2)),
    Classifier("logistic"), Classifier("naive_bayes"), Classifier("knn"),
    Classifier("logistic", steps=["impute", Step("scale")]),
    Classifier(Step("gbt", trees=10), behind="calibrate"),
    Regressor(), Regressor(holdout=0.2, random_state=3),
    Regressor("ridge l2=1"), Regressor("lasso lambda=0.1"),
    Regressor("elastic_net"), Regressor("knn"),
    Transformer(), Transformer("pca"), Transformer("onehot"),
    Transformer("bin encode=number"),
    Transformer(["impute", "target_encode"], leak="allow")]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_check_estimator(estimator):
    expected = expected_failed_checks(estimator)
    assert len(expected) <= 1
    results = estimator_checks.check_estimator(
        estimator, expected_failed_checks=expected, on_skip=None,
        on_fail=None)
    failed = [(r["check_name"], r["exception"]) for r in results
              if r["status"] == "failed"]
    assert not failed
    assert sum(r["status"] == "passed" for r in results) >= 40


@pytest.mark.parametrize("check, estimator", [
    ("check_dataframe_column_names_consistency", Classifier("logistic")),
    ("check_dataframe_column_names_consistency", Regressor()),
    ("check_dataframe_column_names_consistency", Transformer()),
    ("check_transformer_get_feature_names_out", Transformer()),
    ("check_transformer_get_feature_names_out_pandas", Transformer()),
    ("check_get_feature_names_out_error", Transformer()),
    ("check_set_output_transform", Transformer()),
    ("check_set_output_transform_pandas", Transformer()),
    ("check_set_output_transform_polars", Transformer()),
    ("check_inplace_ensure_writeable", Regressor())], ids=str)
def test_checks_that_check_estimator_leaves_out(check, estimator):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    with warnings.catch_warnings():
        # The check gives arrays to what was fitted on frames.
        warnings.filterwarnings("ignore", "X does not have valid feature")
        getattr(estimator_checks, check)(type(estimator).__name__, estimator)


@pytest.fixture(scope="module")
def mixed():
    """A frame of every kind of column, and classes that it tells."""
    pandas = pytest.importorskip("pandas")
    dice, n = np.random.default_rng(0), 400
    frame = pandas.DataFrame({
        "a": dice.normal(size=n), "b": dice.integers(0, 9, n),
        "c": dice.choice(["x", "y", None], n),
        "d": pandas.Categorical(dice.choice(["u", "v", "w"], n)),
        "e": dice.random(n) < 0.5,
        "t": (pandas.Timestamp("2024-01-01")
              + pandas.to_timedelta(dice.integers(0, 500, n), unit="D")),
        "i": pandas.array(dice.integers(0, 5, n), dtype="Int64")})
    frame.loc[3, "a"] = np.nan
    frame.loc[5, "i"] = pandas.NA
    tells = frame.b + frame.a.fillna(0) + (frame.c == "x") * 3
    return frame, np.where(tells > 5, "yes", "no")


def test_frames_of_all_kinds_give_the_same_bits(mixed):
    frame, y = mixed
    polars, arrow = map(pytest.importorskip, ("polars", "pyarrow"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Classifier("gbt trees=30").fit(frame, y)
        model.fit(frame, y)  # again, with names that are known
        chances = model.predict_proba(frame)
    assert list(model.classes_) == ["no", "yes"]
    assert list(model.feature_names_in_) == list(frame.columns)
    assert model.score(frame, y) > 0.97
    assert set(model.predict(frame)) == {"no", "yes"}
    table = arrow.Table.from_pandas(frame)
    for other in (polars.from_arrow(table), table, frame.iloc[::-1][::-1]):
        assert np.array_equal(model.predict_proba(other), chances)
    shuffled = frame.iloc[::-1]  # an index of its own is no column
    assert np.array_equal(model.predict_proba(shuffled)[::-1], chances)
    empty = frame.assign(c=None, a=np.nan)
    assert np.isfinite(model.predict_proba(empty)).all()


def test_times_of_any_unit_and_zone():
    pandas = pytest.importorskip("pandas")
    n = 300
    frame = pandas.DataFrame({
        "zone": pandas.date_range("2024-01-01", periods=n,
                                  tz="Europe/Paris"),
        "took": pandas.to_timedelta(np.arange(n) % 99, unit="h")})
    y = np.arange(n) / 9.0
    model = Regressor("gbt trees=9").fit(frame, y)
    other = pandas.DataFrame({
        "zone": frame.zone.dt.tz_convert(None).astype("datetime64[s]"),
        "took": frame.took.astype("timedelta64[s]")})
    assert np.array_equal(model.predict(frame), model.predict(other))
    other.loc[0, "zone"] = pandas.NaT
    assert np.isfinite(model.predict(other)).all()
    with pytest.raises(ValueError, match="took.*duration us"):
        model.predict(other.assign(took=1.5))


def test_categories_that_are_numbers_are_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"c": pandas.Categorical([10, 2, 30] * 50)})
    y = np.array([5.0, 1.0, 3.0] * 50)
    made = Transformer("onehot").fit(frame)
    assert list(made.get_feature_names_out()) == ["c=10", "c=2", "c=30"]
    assert mlpipe.dataset(frame).types == {"c": "category"}
    assert np.allclose(Regressor("ridge l2=1e-6", steps="onehot").fit(
        frame, y).predict(frame[:3]), y[:3])


def failures(frame, y):
    """Fits that fail, early and late."""
    numbers = frame[["b"]]
    return [
        (Classifier("gbt trees=2"), (numbers, y), [
            (numbers, None), (numbers, y == "none"), (frame, y[:-1]),
            (numbers, y, [np.nan] * len(y)), (numbers.assign(b=object()), y),
            (numbers, np.arange(len(y)) * 1.5)]),
        (Classifier("logistic"), (numbers, y), [(frame, y)]),
        (Classifier("gbt trees=2", behind="calibrate folds=0"), None,
         [(numbers, y)]),
        (Regressor("ridge"), (numbers, frame.b), [
            (frame, frame.b), (numbers, y), (numbers * np.inf, frame.b)]),
        (Regressor("ridge", steps="pca components=9"), None,
         [(numbers, frame.b)]),
        (Transformer("drop_missing"), (numbers, None), [(frame, None)]),
        (Transformer("target_encode"), (frame, y), [(frame, None)])]


def test_a_failed_fit_leaves_nothing(mixed):
    for estimator, fine, fits in failures(*mixed):
        empty = dict(vars(estimator))
        for wrong in fits:
            for first in [None, fine] if fine else [None]:
                if first:
                    estimator.fit(*first)
                    assert set(vars(estimator)) > set(empty)
                with pytest.raises((ValueError, TypeError)):
                    estimator.fit(*wrong)
                assert vars(estimator) == empty, (estimator, wrong)
                with pytest.raises(NotFittedError):
                    check_is_fitted(estimator)


def test_an_ended_fit_leaves_nothing(mixed):
    frame, y = mixed
    model = Classifier("gbt trees=3").fit(frame, y)
    mlpipe.configure(progress=lambda stage, share: False)
    try:
        with pytest.raises(mlpipe.CancelledError):
            model.fit(frame, y)
    finally:
        mlpipe.configure()
    assert not [name for name in vars(model) if name.endswith("_")]


def test_it_is_the_library_s_model(mixed):
    frame, y = mixed
    model = Classifier("gbt trees=30").fit(frame.drop(columns="t"), y)
    data = mlpipe.Dataset.from_arrow(frame.drop(columns="t"))
    loaded = mlpipe.from_bytes(model.model_.to_bytes())
    assert np.array_equal(
        loaded.predict(data),
        model.predict_proba(frame.drop(columns="t"))[:, 1])


def test_pickles_and_copies(mixed):
    frame, y = mixed
    for fitted, call in (
            (Classifier("gbt trees=5").fit(frame, y), "predict_proba"),
            (Transformer(["impute", "onehot"]).fit(frame), "transform")):
        for same in (pickle.loads(pickle.dumps(fitted)),
                     copy.deepcopy(fitted)):
            assert np.array_equal(getattr(same, call)(frame),
                                  getattr(fitted, call)(frame))


def test_parameters_are_reached_and_cloned(mixed):
    frame, y = mixed
    model = Classifier(Step("gbt", trees=300), steps=[Step("scale")])
    assert model.get_params()["learner__trees"] == 300
    twin = clone(model).set_params(learner__trees=7, learner__rate=None)
    assert model.get_params()["learner__trees"] == 300
    assert "trees=7" in repr(twin)
    twin.fit(frame, y)
    grid = GridSearchCV(
        Classifier(Step("logistic"), steps=["impute", "onehot"]),
        {"learner__l2": np.logspace(-2, 2, 3),
         "steps": [["impute", "onehot"], ["impute", "onehot", "scale"]]},
        cv=3, error_score="raise").fit(frame.drop(columns="t"), y)
    assert grid.best_score_ > 0.85
    drawn = RandomizedSearchCV(
        Regressor(Step("gbt")), {"learner__trees": [5, 50],
                                 "learner__rate": [0.1, 0.3]}, n_iter=3,
        cv=3, n_jobs=2, random_state=1, error_score="raise")
    drawn.fit(frame[["a", "i"]], frame.b)
    assert drawn.best_params_["learner__trees"] in (5, 50)


def test_in_pipelines(mixed):
    frame, y = mixed
    frame = frame.drop(columns="t")
    for steps in (["impute", "onehot", "scale"], ["impute", "target_encode"]):
        for output in ("default", "pandas"):
            model = make_pipeline(
                Transformer(steps).set_output(transform=output),
                Classifier("gbt trees=20"))
            assert cross_val_score(model, frame, y, cv=3).mean() > 0.8
    made = Transformer(["impute", "onehot"]).set_output(transform="pandas")
    assert list(made.fit_transform(frame).columns) == list(
        made.get_feature_names_out())
    texts = Transformer("impute").fit_transform(frame)
    assert texts.dtype == object and texts[0, 2] in ("x", "y")


def test_classes_of_all_types():
    X, y = load_iris(return_X_y=True)
    for classes in (["b", "c", "a"], [7, -3, 0], [1.0, 2.0, 10.0],
                    ["", "a\0", "a"]):
        labels = np.array(classes, dtype=object if "" in classes else None)
        model = Classifier("logistic l2=1").fit(X, labels[y])
        assert model.score(X, labels[y]) > 0.95
        assert np.array_equal(model.classes_, np.unique(labels))
        assert np.allclose(model.predict_proba(X).sum(axis=1), 1)
        two = y < 2
        model.fit(X[two], labels[y[two]])
        assert model.score(X[two], labels[y[two]]) == 1
    # A class without weight keeps its column, and is never said.
    model.fit(X, y, sample_weight=(y != 1) * 1.0)
    assert np.array_equal(model.classes_, [0, 1, 2])
    assert not model.predict_proba(X)[:, 1].any()


def test_intervals(mixed):
    frame, _ = mixed
    y = frame.a.fillna(0) + frame.b
    y.name = "pri,ce `x"
    model = Regressor("ridge l2=1", steps=["impute", "onehot"],
                      behind="conformal level=0.8")
    model.fit(frame.drop(columns="t"), y)
    ends = model.predict_interval(frame.drop(columns="t"))
    held = (ends[:, 0] <= y) & (y <= ends[:, 1])
    assert 0.7 < held.mean() <= 1
    assert model.model_.outputs[0] == "pri,ce `x"
    with pytest.raises(AttributeError, match="conformal"):
        Regressor("ridge").fit([[1], [2], [3]], [1, 2, 3]).predict_interval(
            [[1]])


@pytest.mark.parametrize("kind, match, call", [
    (ValueError, "did you mean .gbt.", lambda f, y: Classifier("gbd").fit(
        f, y)),
    (ValueError, "did you mean .trees.", lambda f, y: Classifier(
        Step("gbt", tres=3)).fit(f, y)),
    (TypeError, "a step is", lambda f, y: Classifier(7).fit(f, y)),
    (ValueError, "NaN: column 'a'.*impute", lambda f, y: Classifier(
        "logistic").fit(f, y)),
    (ValueError, "infinity: column 'a'", lambda f, y: Regressor().fit(
        f.assign(a=np.inf), f.b)),
    (TypeError, "'c' mixes str .row 0. and float .row 1.", lambda f, y:
        Regressor().fit(f.assign(c=["x"] + [2.5] * (len(f) - 1)), f.b)),
    (ValueError, '"c" is f64 here and was category', lambda f, y:
        Regressor("gbt trees=1").fit(f, f.b).predict(f.assign(c=1.5))),
    (ValueError, "yet now missing", lambda f, y: Regressor(
        "gbt trees=1").fit(f, f.b).predict(f[["a"]])),
    (ValueError, "one class", lambda f, y: Classifier().fit(f, y == "z")),
    (ValueError, "target y is None", lambda f, y: Classifier().fit(f, None)),
    (ValueError, "kept 253 of 400 rows", lambda f, y: Transformer(
        "drop_missing").fit(f)),
    (ValueError, "LEAK", lambda f, y: Transformer("target_encode").fit(
        f, y).transform(f)),
    (ValueError, "names a target", lambda f, y: Regressor(
        recipe="target=b").fit(f, f.b)),
    (NotFittedError, "not fitted", lambda f, y: Classifier().predict(f)),
])
def test_what_is_refused(mixed, kind, match, call):
    with pytest.raises(kind, match=match):
        call(*mixed)


@pytest.mark.parametrize("make", [Classifier, Regressor, Transformer])
def test_wrong_types_are_told(make):
    fine, y = [[1.0], [2.0], [3.0], [4.0]] * 5, [0, 1, 0, 1] * 5
    fitted = make().fit(fine, y)
    wrong = [None, 1, 2.5, "x", b"x", object(), [], {}, [[[1]]], [["\udc80"]],
             [[10**400]], [[None, object()]], {"a": [1]}, 1j, slice(2), int,
             fitted, mlpipe.synth("sea", rows=9)]
    for X in wrong:
        for call in (lambda: make().fit(X, y), lambda: fitted.transform(X)
                     if make is Transformer else fitted.predict(X)):
            with pytest.raises((TypeError, ValueError)):
                call()
    for params in ({"random_state": "x"}, {"recipe": 7}, {"steps": [None]},
                   {"steps": 3.5}, {"learner": None}, {"holdout": "x"},
                   {"recipe": object()}, {"holdout": []}):
        if set(params) <= set(make().get_params()):
            with pytest.raises((TypeError, ValueError)):
                make(**params).fit(fine, y)


def test_lists_keep_their_numbers():
    rows = [["a", 1.5], ["b", 2.5], ["a", 3.5], ["b", 0.5]] * 10
    made = Transformer(["onehot"]).fit(rows)
    assert list(made.get_feature_names_out())[:1] == ["x1"]
    assert made.transform(rows)[:, 0].tolist() == [1.5, 2.5, 3.5, 0.5] * 10


def _run(name, *args, folder):
    done = subprocess.run(
        [sys.executable, os.path.join(EXAMPLES, name), *args], cwd=folder,
        capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_example_of_the_swap(tmp_path):
    pytest.importorskip("pandas")
    said = _run("08_sklearn_swap.py", str(tmp_path), folder=tmp_path)
    scores = [float(line.split("r2")[1].split()[0])
              for line in said.splitlines() if " r2 " in line]
    assert len(scores) == 4
    assert abs(scores[1] - scores[0]) < 1e-9  # the same features
    assert abs(scores[3] - scores[0]) < 0.02
    assert scores[2] == scores[3]  # a recipe is its steps
    assert "the same model" in said


def test_example_of_drift(tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    said = _run("07_drift.py", folder=tmp_path)
    found = {line.split()[0]: line.split()[1] for line in said.splitlines()}
    assert found["age"] == "drift" and found["visits"] == "ok"
    assert (tmp_path / "drift.html").read_text().startswith("<!")


def test_example_of_houses(tmp_path):
    said = _run("09_houses.py", folder=tmp_path)
    assert "the challenger serves" in said
    assert (tmp_path / "houses.html").stat().st_size > 1000
    model = mlpipe.load(tmp_path / "houses.mlpipe")
    assert model.id[:12] in said


@pytest.mark.parametrize("name", ["log(a)", " a", "b ", "sqrt( a )"])
def test_odd_names_of_the_target(name):
    import pandas
    rng = np.random.default_rng(3)
    X = pandas.DataFrame({"a": rng.uniform(1, 9, 500),
                          "b": rng.normal(size=500)})
    y = (5 * X.b).rename(name)
    model = Regressor("gbt trees=50").fit(X, y)
    assert model.model_.inputs == ["a", "b"]
    assert model.score(X, y) > 0.9


def test_what_newcomers_write():
    X = np.random.RandomState(0).rand(300, 3)
    y = 2 * X[:, 1] + X[:, 2]
    with pytest.raises(TypeError, match=r'Regressor\(Step\("gbt", trees=100'):
        Regressor(trees=100)
    with pytest.raises(ValueError, match="TransformedTargetRegressor"):
        Regressor(recipe="target=log(y)").fit(X, y)
    worth = Regressor("gbt trees=20").fit(X, y).feature_importances_
    assert worth.shape == (3,) and worth.argmax() == 1
    assert abs(worth.sum() - 1) < 1e-12
    ridge = Regressor("ridge").fit(X, y)
    assert not hasattr(ridge, "feature_importances_")
    many = np.arange(300) % 150
    with pytest.warns(UserWarning, match="150 classes.*Regressor"):
        Classifier("gbt trees=1").fit(X, many)
