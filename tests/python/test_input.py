# SPDX-License-Identifier: MIT
"""What a CSV may come as: encodings, packing, files of Python."""
import gzip
import io

import pytest

import mlpipe

TEXT = "name,x\ncaf\u00e9,1.5\nna\u00efve,2\n"


class Broken:
    name = "broken"

    def __init__(self, answers):
        self.answers = list(answers)

    def read(self, room):
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def test_encodings_are_one_dataset(tmp_path):
    plain = mlpipe.read_csv(io.BytesIO(TEXT.encode())).fingerprint()
    for name, encoding in (("utf-8-sig", None), ("utf-16", None),
                           ("utf-16-le", None), ("utf-16-be", None),
                           ("latin-1", "latin1"), ("cp1252", "cp1252")):
        path = tmp_path / name
        path.write_bytes(TEXT.encode(name))
        named = {"encoding": encoding} if encoding else {}
        assert mlpipe.read_csv(path, **named).fingerprint() == plain
        with open(path, "rb") as f:
            assert mlpipe.read_csv(f, **named).fingerprint() == plain


def test_gzip_is_told_by_its_bytes(tmp_path):
    plain = mlpipe.read_csv(io.BytesIO(TEXT.encode())).fingerprint()
    path = tmp_path / "no_ending"
    path.write_bytes(gzip.compress(TEXT.encode()))
    try:
        assert mlpipe.read_csv(path).fingerprint() == plain
    except mlpipe.Error as error:  # a library without zlib says so
        assert error.name == "MLPIPE_E_UNSUPPORTED"
    with gzip.open(path) as f:
        assert mlpipe.read_csv(f).fingerprint() == plain


def test_what_a_file_raises_comes_through():
    with pytest.raises(OSError, match="unplugged"):
        mlpipe.read_csv(Broken([b"a,b\n", OSError("unplugged")]))
    with pytest.raises(KeyboardInterrupt):
        mlpipe.read_csv(Broken([KeyboardInterrupt()]))
    with pytest.raises(TypeError, match="binary mode"):
        mlpipe.read_csv(io.StringIO(TEXT))
    with pytest.raises(ValueError, match="gave"):
        mlpipe.read_csv(Broken([b"x" * 10_000_000]))
    with pytest.raises(mlpipe.Error, match="broken"):
        mlpipe.read_csv(Broken([b""]))


def test_bad_bytes_are_told_with_their_place():
    with pytest.raises(mlpipe.Error, match="byte 9 .*encoding=cp1252"):
        mlpipe.read_csv(io.BytesIO(b"a,b\n1,caf\xe9\n"))
