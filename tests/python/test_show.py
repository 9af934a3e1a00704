# SPDX-License-Identifier: MIT
"""What a prompt and a notebook show, and what is said of names that are none.
"""
import json
import pickle
import xml.etree.ElementTree as xml

import pytest

import mlpipe


@pytest.fixture(scope="module")
def rows():
    return mlpipe.dataset({
        "a<b": [float(i % 5) for i in range(1200)],
        "city": ["Bath & Wells", None] * 600,
        "y": [float(i % 7) for i in range(1200)]})


@pytest.fixture(scope="module")
def recipe():
    return mlpipe.Pipeline("target=y").add("impute").add("gbt", trees=3)


@pytest.fixture(scope="module")
def model(rows, recipe):
    return recipe.fit(rows)


def texts(thing):
    """The cells of what a notebook shows, line by line."""
    page = xml.fromstring(f"<div>{thing._repr_html_()}</div>")
    return [["".join(cell.itertext()) for cell in line]
            for line in page.iter("tr")], page.findtext("p")


def test_datasets_show_themselves(rows):
    lines, below = texts(rows)
    assert lines[0] == ["a<b", "city", "y"]
    assert lines[1] == ["f64", "category", "f64"]
    assert lines[2][1] == "Bath & Wells" and lines[3][1] == "null"
    assert len(lines) == 7 and below == "1,200 rows, 3 columns"
    assert rows.shape == (1200, 3)
    assert repr(rows.head(2)) == str(rows.head(2))
    assert len(repr(rows.head(2)).split("\n")) == 3
    wide = mlpipe.dataset({f"x{i}": [1] for i in range(50)})
    lines, below = texts(wide)
    assert len(lines) == 3 and {len(line) for line in lines} == {30}
    assert below == "1 rows, 50 columns, 20 of them not shown"
    assert len(texts(rows[:0])[0]) == 2


def test_models_and_recipes_show_themselves(model, recipe):
    lines, below = texts(model)
    assert dict(lines) == {"model": model.id[:8], "inputs": "a<b, city",
                           "outputs": "y", "steps": "impute, gbt"}
    assert "explain()" in below
    lines, below = texts(recipe)
    assert [line[0] for line in lines] == ["step", "", "impute", "gbt"]
    assert lines[1][1].startswith("target=y") and "trees=3" in lines[3][1]


def test_reports_show_themselves(rows, model):
    report = model.card()
    assert repr(report).startswith("<mlpipe.Report 'card': ")
    assert repr(report).endswith("print() shows it>")
    assert json.loads(report.to_json()) == report.to_dict()
    with pytest.raises(TypeError, match="to_dict.. or to_json.."):
        pickle.dumps(report)
    with pytest.raises(TypeError, match="mlpipe.Slot does not pickle"):
        pickle.dumps(mlpipe.Slot(model))


def test_names_that_are_none(rows, model, recipe):
    report = model.evaluate(rows)
    with pytest.raises(KeyError, match="R2: did you mean 'r2'"):
        report["R2"]
    with pytest.raises(KeyError, match="the numbers are rows, n, "):
        report["%"]
    with pytest.raises(KeyError, match="did you mean 'city'"):
        rows.values("City")
    with pytest.raises(KeyError, match="the columns are a<b, city, y"):
        rows.values("nope")
    for space in ({}, ""):
        with pytest.raises(mlpipe.ParameterError, match="gbt.leaves"):
            recipe.search(rows, None, space)


def test_a_search_takes_tuples(rows, recipe):
    found = recipe.search(rows[:500], rows[500:], {"gbt.leaves": (3, 7)},
                          trials=2)[0]
    assert '"leaves":3' in found.to_json() or '"leaves":7' in found.to_json()


def test_a_frame_without_columns():
    pandas = pytest.importorskip("pandas", exc_type=ImportError)
    with pytest.raises(TypeError, match="no columns"):
        mlpipe.dataset(pandas.DataFrame())
