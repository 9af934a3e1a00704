# SPDX-License-Identifier: MIT
"""Readers of CSV and JSON."""
from __future__ import annotations

import ctypes
from typing import Any, BinaryIO, Union

from . import _raw
from ._base import Path, _bytes, _ctx, _params
from ._dataset import Dataset
from ._errors import Error
from ._report import Report


class _Stream:
    """A mlpipe_stream over the read(n) of a Python file."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: Any = None
        fields: Any = _raw.mlpipe_stream._fields_
        self._read = dict(fields)["read"](self._call)
        name = getattr(file, "name", None)
        self.raw = _raw.mlpipe_stream(
            size=ctypes.sizeof(_raw.mlpipe_stream),
            name=name.encode() if isinstance(name, str) else None,
            read=self._read)

    def _call(self, user: Any, buffer: Any, room: int, got: Any) -> int:
        try:
            piece = self._file.read(room)
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise TypeError("a file opened in binary mode is needed: its "
                                f"read gave {type(piece).__name__}")
            piece = bytes(piece)
            if len(piece) > room:
                raise ValueError(f"read({room}) gave {len(piece)} bytes")
            ctypes.memmove(buffer, piece, len(piece))
            got[0] = len(piece)
            return _raw.MLPIPE_IO_OK
        except BaseException as error:  # none may pass through C
            self.error = error
            return _raw.MLPIPE_IO_FAILED


def _read(call: str, path: Any, text: Any) -> Dataset:
    if not hasattr(path, "read"):
        return Dataset._of(_ctx().give(call, _raw.mlpipe_dataset, _bytes(path),
                                       text))
    stream = _Stream(path)
    try:
        return Dataset._of(_ctx().give(call + "_stream", _raw.mlpipe_dataset,
                                       ctypes.byref(stream.raw), text))
    except Error as error:
        if stream.error is not None:
            raise stream.error from error
        raise


def read_csv(path: Union[Path, BinaryIO], params: str = "",
             **named: Any) -> Dataset:
    """A CSV as a Dataset. path names a file, or is an object with read(n) that
    gives bytes. as_={"zipcode": "category"} gives columns a type; as is a
    keyword of Python's, so that the parameter is written as_=."""
    return _read("mlpipe_read_csv", path, _params(params, named))


def read_json(path: Union[Path, BinaryIO], params: str = "",
              **named: Any) -> Dataset:
    """A file of NDJSON, or of an array of objects, as a Dataset. path and
    as_= as read_csv's."""
    return _read("mlpipe_read_json", path, _params(params, named))


def csv_dialect(path: Path, params: str = "", **named: Any) -> Report:
    """How a CSV is written, without reading its rows: a Report."""
    return Report._of(_ctx().give("mlpipe_csv_dialect", _raw.mlpipe_report,
                                  _bytes(path), _params(params, named)))
