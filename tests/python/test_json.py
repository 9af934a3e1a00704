# SPDX-License-Identifier: MIT
"""JSON in and out, beside Python's own."""
import csv
import json

import pytest

import mlpipe

ROWS = [{"a": 1, "b": "x\u00e9\U0001f600", "c": True, "d": 0.1},
        {"a": None, "b": "", "c": False, "d": -0.0},
        {"a": 2, "b": "NA", "c": None, "d": 1e300}]


def test_ndjson_and_array(tmp_path):
    lines, array = tmp_path / "a.ndjson", tmp_path / "a.json"
    lines.write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    array.write_text(json.dumps({"data": {"rows": ROWS}}, indent=1))
    one = mlpipe.read_json(lines)
    two = mlpipe.read_json(array, at="/data/rows")
    assert one.fingerprint() == two.fingerprint()
    assert one.columns == ["a", "b", "c", "d"]
    assert one.values("b") == [r["b"] for r in ROWS]
    assert one.values("d") == [r["d"] for r in ROWS]


def test_written_files_read_elsewhere(tmp_path):
    path = tmp_path / "in.ndjson"
    path.write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    read = mlpipe.read_json(path)
    out = tmp_path / "out.json"
    read.write_json(out, format="array")
    assert json.loads(out.read_text()) == ROWS
    read.write_json(out)
    assert [json.loads(line) for line in out.read_text().splitlines()] == ROWS
    read.write_csv(out)
    with out.open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert [c["b"] for c in cells] == [r["b"] for r in ROWS]
    assert [c["a"] for c in cells] == ["1", "", "2"]
    back = mlpipe.read_csv(out, quoted="text", header="true")
    assert back.fingerprint() == read.fingerprint()


def test_errors(tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text('{"a":1}\n{"a":01}\n')
    with pytest.raises(mlpipe.Error, match="line 2.*leading zeros"):
        mlpipe.read_json(path)
    read = mlpipe.read_json(path, rows="quarantine")
    assert len(read) == 1
