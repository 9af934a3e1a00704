# SPDX-License-Identifier: MIT
"""Rows and columns by brackets."""
import itertools

import pytest

import mlpipe

ENDS = [None, 0, 1, 7, 12, 13, 99, -1, -5, -12, -99]


@pytest.fixture(scope="module")
def rows():
    return mlpipe.dataset({"a": list(range(12)), "b,": list("xyz") * 4,
                           "c": [i / 2 for i in range(12)]})


def test_rows_are_those_of_a_list(rows):
    for start, stop in itertools.product(ENDS, ENDS):
        part = rows[start:stop]
        assert part.values("a") == list(range(12))[start:stop]
        assert len(part) == len(part.values("a"))
        assert part.columns == rows.columns
    assert rows[3:7].fingerprint() == rows.filter(
        "a >= 3 and a < 7").fingerprint()
    assert rows[2:9][1:3].values("a") == [3, 4]
    assert rows[:].fingerprint() == rows.fingerprint()
    assert len(rows[5:5]) == 0 and rows[5:5].types == rows.types


def test_columns_are_those_of_select(rows):
    assert rows[["c", "b,"]].columns == ["c", "b,"]
    assert rows[["c", "b,"]].fingerprint() == rows.select(
        ["c", "b,"]).fingerprint()
    assert rows[("a",)][1:3].to_dict() == {"a": [1, 2]}
    with pytest.raises(mlpipe.Error, match="no column"):
        rows[["a", "d"]]


def test_what_is_neither_is_refused(rows):
    for wrong in (3, "a", None, 1.5, [1], [None], {"a"}, slice("a", None),
                  slice(None, 1.5)):
        with pytest.raises(TypeError):
            rows[wrong]
    for step in (2, -1):
        with pytest.raises(ValueError, match="step"):
            rows[::step]
    with pytest.raises(TypeError):
        list(rows)
    with pytest.raises((ValueError, mlpipe.Error)):
        rows[[]]
