# SPDX-License-Identifier: MIT
"""Profiles and drift reports."""
import random

import pytest

import mlpipe


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "people.csv"
    dice = random.Random(3)
    with open(path, "w") as f:
        f.write("age,city,<b>\n")
        for i in range(1000):
            age = -999 if i % 100 == 0 else dice.randrange(18, 80)
            f.write(f"{age},{dice.choice(['Rome', 'Oslo'])},{i % 7}\n")
    return mlpipe.read_csv(path)


def test_profile(people):
    report = people.profile(top=3)
    assert report["rows"] == 1000
    rows = report.to_dict()["findings"]["rows"]
    assert ["age", "sentinel", "warn", 10] in [row[:4] for row in rows]
    page = report.to_html()
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert report._repr_html_().startswith("<iframe")
    with pytest.raises(mlpipe.Error, match="no_such"):
        people.profile(target="no_such")


def test_drift(people):
    first, second = people.split("parts=0.5,0.5")
    assert first.drift(first).text("verdict") == "ok"
    assert first.drift(second).text("verdict") == "ok"
    assert first.drift(second)["compared"] == 3
    few = first.drift(second, min_rows=600)
    assert few.text("verdict") == "insufficient_data"
    with pytest.raises(TypeError):
        first.drift("second")
