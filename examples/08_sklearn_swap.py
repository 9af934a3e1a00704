# SPDX-License-Identifier: MIT
"""A pipeline of scikit-learn, replaced line by line.

    python3 08_sklearn_swap.py [folder for the model]

Each stage has the same rows, the same folds and the same meaning as the one
before it; the scores stand side by side. At the end there is one file, which
C serves a row of in microseconds. The data comes with scikit-learn.
"""
import os
import sys
import tempfile
import time
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import (HistGradientBoostingClassifier,
                              HistGradientBoostingRegressor)
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import mlpipe
from mlpipe.sklearn import Classifier, Regressor, Step, Transformer


def patients() -> tuple[Any, Any]:
    """Numbers with holes, a category, a number to foretell."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    dice = np.random.default_rng(3)
    for name in ("bmi", "bp", "s5"):
        X.loc[dice.random(len(X)) < 0.05, name] = np.nan
    X["sex"] = X["sex"].map({1: "one", 2: "two"})
    return X, y


def stages(numbers: list[str],
           texts: list[str]) -> list[tuple[str, Any]]:
    """The same pipeline, with more and more of it ours."""
    theirs = make_pipeline(
        ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(strategy="median"),
                                      StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts)]),
        HistGradientBoostingRegressor(max_iter=50, learning_rate=0.1,
                                      max_leaf_nodes=31, min_samples_leaf=20,
                                      early_stopping=False))

    steps = [Step("impute", numeric="median"), Step("scale"), Step("onehot")]
    half = make_pipeline(
        Transformer(steps),
        HistGradientBoostingRegressor(max_iter=50, learning_rate=0.1,
                                      max_leaf_nodes=31, min_samples_leaf=20,
                                      early_stopping=False))

    gbt = Step("gbt", trees=50, rate=0.1, leaves=31, min_rows=20)
    both = make_pipeline(Transformer(steps), Regressor(gbt))

    ours = Regressor(gbt, steps=steps)
    return [("scikit-learn", theirs), ("our steps", half),
            ("our steps, our learner", both), ("one recipe", ours)]


def table(title: str, rows: list[tuple[str, Any]], X: Any, y: Any,
          folds: Any, score: str) -> None:
    print(title)
    for name, estimator in rows:
        start = time.perf_counter()
        with threadpool_limits(1):  # one thread each
            found = cross_val_score(estimator, X, y, cv=folds, scoring=score)
        print(f"  {name:24} {score} {found.mean():.4f} "
              f"(sd of folds {found.std():.3f})  "
              f"{time.perf_counter() - start:.2f} s")


def main() -> None:
    X, y = patients()
    rows = stages([c for c in X.columns if c != "sex"], ["sex"])
    table("diabetes, a number", rows, X, y,
          KFold(5, shuffle=True, random_state=0), "r2")
    cells, benign = load_breast_cancer(return_X_y=True, as_frame=True)
    table("breast cancer, two classes", [
        ("scikit-learn", HistGradientBoostingClassifier(max_iter=50)),
        ("ours", Classifier(Step("gbt", trees=50, rate=0.1, leaves=31,
                                 min_rows=20)))],
        cells, benign, StratifiedKFold(5, shuffle=True, random_state=0),
        "roc_auc")

    # What was fitted here is a model like any other.
    ours = rows[-1][1].fit(X, y)
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    path = os.path.join(folder, "diabetes.mlpipe")
    ours.model_.save(path)
    same = mlpipe.load(path).id == ours.model_.id
    print(f"{path}: {os.path.getsize(path):,} bytes, "
          + ("the same model when it is loaded" if same else "ANOTHER MODEL"))


if __name__ == "__main__":
    main()
