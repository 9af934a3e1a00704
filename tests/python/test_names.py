# SPDX-License-Identifier: MIT
"""Messages tell what Python has by Python's names."""
import pathlib
import re

import pytest

import mlpipe
from mlpipe import _names, _raw

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What no user of Python's meets, or what is C's alone.
OF_C = re.compile("mlpipe_(builder|ctx|layout|predictor|source|catalog|"
                  "buffer|predict|status|version|build)(_|$)|"
                  ".*(_memory|_free|_stream|_id|_type|_category)$")


def known(name):
    thing = mlpipe
    for part in name.removeprefix("mlpipe.").split("."):
        thing = getattr(thing, part, None)
    return thing is not None


def names_in_messages():
    for path in sorted((ROOT / "lib").rglob("*.c")):
        source = re.sub(r'"\s*\n\s*"', "", path.read_text())
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', source):
            yield from re.findall(r"\bmlpipe_[a-z][a-z0-9_]*", text)


def test_what_messages_name_is_there():
    found = set(names_in_messages())
    assert len(found) > 60
    for name in found:
        told = _names.told(name)
        if told != name:
            assert known(told), (name, told)
        else:
            assert OF_C.match(name) or name == "mlpipe_limits" or (
                name.removeprefix("mlpipe_").split("_", 1)[1]
                in _names._ABSENT), name
    for told in _names._OTHERS.values():
        assert known(told), told
    assert set(_names._OTHERS) <= set(dir(mlpipe._lib)) | {
        name for name in dir(_raw) if name.startswith("mlpipe_")} | found


def test_messages_are_python_s(tmp_path, caplog):
    rows = {"a": [1.0, 1.0, 2.0, 3.0] * 20, "y": [1.0, 2.0, 3.0, 4.0] * 20}
    with pytest.raises(mlpipe.Error, match="mlpipe.Pipeline: as_of="):
        mlpipe.Pipeline(as_of="soon")
    with pytest.raises(mlpipe.Error, match="a name of its own: as_=scale_2"):
        mlpipe.Pipeline().add("scale").add("scale")
    mlpipe.Pipeline("features=a").add("scale").fit_transform(rows)[0].save(
        tmp_path / "scale")
    with pytest.raises(mlpipe.Error, match="Transform.load"):
        mlpipe.load(tmp_path / "scale")
    with pytest.raises(mlpipe.Error, match="Store.log lists"):
        mlpipe.Store(tmp_path / "store").dataset("none")
    store = mlpipe.Store(tmp_path / "store")
    store.commit("rows", rows)
    store.pin("rows", tmp_path / "pin")
    assert "Store.gc may" in caplog.text
    assert "mlpipe_" not in caplog.text


def test_duplicates():
    rows = mlpipe.dataset({"a": [1, 1, 2, 1], "b": ["x", "x", "y", "z"]})
    found = rows.duplicates()
    assert found["rows"] == 4 and found["extra_rows"] == 1
    assert rows.duplicates(on=["a"])["largest_group"] == 3
    assert rows.duplicates("on=a").table("groups").values("first_row") == [0]
