# SPDX-License-Identifier: MIT
"""The monitored loop over rows that lie there."""
import json
import random

import pytest

import mlpipe


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "stream.csv"
    dice = random.Random(5)
    with open(path, "w") as f:
        f.write("t,x,y\n")
        for i in range(6000):
            x = dice.random()
            slope = 2 if i < 3000 else -2
            f.write(f"{i},{x:.6f},{slope * x + dice.gauss(0, 0.2):.6f}\n")
    return mlpipe.read_csv(path)


@pytest.fixture(scope="module")
def recipe():
    p = mlpipe.Pipeline("target=y features=x holdout=0.2")
    p.add("ridge")
    return p


CYCLE = dict(monitor="capture=1000 pane=200",
             cycle="when=concept probation=300 cooldown=200")


def test_replay(stream, recipe):
    report, log = recipe.replay(stream, start=0.25, **CYCLE)
    assert report["swaps"] >= 1
    assert report["rmse"] < report["rmse.frozen"]
    lines = [json.loads(line) for line in log.splitlines()]
    assert "swapped" in [line["action"] for line in lines]
    assert mlpipe.audit(log) >= 3
    with pytest.raises(mlpipe.Error, match="does not follow"):
        mlpipe.audit(log.replace('"swapped"', '"rejected"'))
    again, same = recipe.replay(stream, start=0.25, **CYCLE)
    assert same == log
    dicts = dict(monitor={"capture": 1000, "pane": 200},
                 cycle={"when": "concept", "probation": 300, "cooldown": 200})
    assert recipe.replay(stream, start=0.25, **dicts)[1] == log
    with pytest.raises(mlpipe.Error, match="did you mean .*when"):
        recipe.replay(stream, cycle={"wen": "concept"})
    rule = "performance or age > 30 d"
    recipe.replay(stream[:900], cycle={"when": rule}, monitor={})


def test_first_model(stream, recipe):
    first, rest = stream.split("parts=0.25,0.75 order=t")
    model = recipe.fit(first)
    report, _ = recipe.replay(rest, first=model, **CYCLE)
    assert report["rows"] == 4500
    with pytest.raises(TypeError):
        recipe.replay(rest, first="model")
    with pytest.raises(mlpipe.Error, match="capture"):
        recipe.replay(rest, first=model, monitor="pane=100 capture=0")
    recipe.replay(rest, first=model, monitor="pane=100")  # keeps 50,000
