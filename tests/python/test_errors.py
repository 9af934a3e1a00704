# SPDX-License-Identifier: MIT
"""Exceptions: the library's fields, Python's kinds."""
import errno
import os
import pickle

import pytest

import mlpipe
from mlpipe import _errors, _raw


def caught(kind, call, *args, **named):
    with pytest.raises(kind) as info:
        call(*args, **named)
    assert isinstance(info.value, mlpipe.Error)
    return info.value


def test_every_status_has_an_exception():
    statuses = {value for name, value in vars(_raw).items()
                if name.startswith("MLPIPE_E_")}
    assert statuses == set(_errors._BY_STATUS)
    assert len(set(_errors._BY_STATUS.values())) == len(statuses)
    for kind in _errors.KINDS:
        assert getattr(mlpipe, kind.__name__) is kind
        assert kind.__name__ in mlpipe.__all__


def test_files(tmp_path):
    path = tmp_path / "none.csv"
    for call in (mlpipe.read_csv, mlpipe.read_json, mlpipe.load,
                 mlpipe.csv_dialect):
        error = caught(FileNotFoundError, call, path)
        assert error.filename == error.where == str(path)
        assert error.errno == errno.ENOENT
        assert "none.csv" in str(error) and error.name in str(error)
    model = (mlpipe.Pipeline("target=y").add("ridge")
             .fit({"x": list(range(30)), "y": list(range(30))}))
    caught(FileNotFoundError, model.save, tmp_path / "no" / "m")
    error = caught(mlpipe.NotFoundError, mlpipe.Store(tmp_path / "s").model,
                   "m")
    assert isinstance(error, LookupError) and not isinstance(error, OSError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a\n1\n")
    path.chmod(0)
    caught(PermissionError, mlpipe.read_csv, path)


def test_kinds(tmp_path):
    rows = {"x": list(range(30)), "y": list(range(30))}
    error = caught(ValueError, mlpipe.Pipeline, "targett=y")
    assert type(error) is mlpipe.ParameterError
    assert error.status == _raw.MLPIPE_E_PARAM
    assert "target" in error.text
    caught(mlpipe.StateError, mlpipe.Pipeline("target=y").fit, rows)
    model = mlpipe.Pipeline("target=y").add("ridge").fit(rows)
    assert isinstance(caught(mlpipe.SchemaError, model.predict, {"z": [1]}),
                      ValueError)
    caught(mlpipe.LeakError, mlpipe.Pipeline("target=y").add("ridge").fit,
           mlpipe.dataset(rows), mlpipe.dataset(rows))
    bad = bytearray(model.to_bytes())
    bad[len(bad) // 2] ^= 1
    caught(mlpipe.CorruptError, mlpipe.from_bytes, bad)
    caught(mlpipe.FormatError, mlpipe.from_bytes, b"no model")
    (tmp_path / "wide.csv").write_text("a,b\n1,2\n1,2,3\n")
    error = caught(mlpipe.FormatError, mlpipe.read_csv, tmp_path / "wide.csv")
    assert error.row == 1 and error.where


def test_errors_pickle(tmp_path):
    for call in (lambda: mlpipe.read_csv(tmp_path / "none.csv"),
                 lambda: mlpipe.Pipeline("targett=y")):
        error = caught(mlpipe.Error, call)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error)
        assert vars(again) == vars(error)


def test_every_kind_can_be_made():
    for kind in _errors.KINDS:
        error = kind("what", -1, "MLPIPE_E", 2, 3, "column", "where")
        assert str(error) == "MLPIPE_E: what"
        assert (error.row, error.column, error.where) == (3, "column",
                                                          "where")
