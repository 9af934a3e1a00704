# SPDX-License-Identifier: MIT
"""A program as users write it, which a type checker reads and a test runs."""
from __future__ import annotations

import pathlib
import pickle

import mlpipe


def rows(n: int) -> dict[str, list[float]]:
    return {"a": [float(i % 7) for i in range(n)],
            "y": [float(i % 7) * 2 + i / n for i in range(n)]}


def main(folder: pathlib.Path) -> float:
    data: mlpipe.Dataset = mlpipe.dataset(rows(500))
    train, test = data.split("parts=0.8,0.2")
    recipe: mlpipe.Pipeline = (mlpipe.Pipeline(target="y")
                               .add("impute", numeric="median").add("ridge"))
    model: mlpipe.Model = recipe.fit(train)
    score: mlpipe.Report = model.evaluate(test, metrics=["rmse", "r2"])
    error: float = score["rmse"]
    names: list[str] = model.feature_names_in_ + score.keys()
    assert names
    row: mlpipe.Row = model.row()
    answer: float = row([3.0])
    model.save(folder / "model")
    again: mlpipe.Model = mlpipe.load(folder / "model")
    copied: mlpipe.Dataset = pickle.loads(pickle.dumps(data))
    assert again.id == model.id and len(copied) == len(data)
    try:
        mlpipe.read_csv(folder / "none.csv")
    except mlpipe.MissingFileError as missing:
        where: str | None = missing.where
        assert where is not None
    store = mlpipe.Store(folder / "store", author="ada")
    version: str = store.commit("rows", data)
    assert store.dataset(version).fingerprint() == data.fingerprint()
    slot = mlpipe.Slot(model)
    worker: mlpipe.Worker = slot.worker()
    assert worker.predict({"a": 3.0}) == answer
    tables: dict[str, str] = data.types
    page: str = mlpipe.help("gbt")
    assert tables and page and mlpipe.help(mlpipe.Slot)
    part: mlpipe.Dataset = data[10:20][["a", "y"]]
    assert len(part) == 10 and part.values("a") == data.values("a")[10:20]
    fold, rest = data.fold(0, folds=3)
    features: tuple[mlpipe.Transform, mlpipe.Dataset] = (
        mlpipe.Pipeline(features="a").add("scale").fit_transform(fold))
    assert len(features[1]) + len(rest) == len(data)
    return error
