# SPDX-License-Identifier: MIT
"""What the library says when it cannot do what it was asked: an exception for
each status, which is also the one of Python's that a handler would name."""
from __future__ import annotations

import errno
from typing import Any, Optional

from . import _names, _raw


class Error(Exception):
    """What the library said: name and status, text, and where they are known
    row, column and where; detail is a finer cause within the status."""

    status: int = _raw.MLPIPE_E_INTERNAL

    def __init__(self, text: str, status: int = _raw.MLPIPE_E_INTERNAL,
                 name: str = "MLPIPE_E_INTERNAL", detail: int = 0,
                 row: Optional[int] = None, column: Optional[str] = None,
                 where: Optional[str] = None) -> None:
        super().__init__(f"{name}: {text}")
        self.status = status
        self.name = name
        self.detail = detail
        self.row = row
        self.column = column
        self.where = where
        self.text = text

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"

    def __reduce__(self) -> Any:
        return type(self), (self.text, self.status, self.name, self.detail,
                            self.row, self.column, self.where)


class OutOfMemoryError(Error, MemoryError):
    """The allocator or the memory cap said no."""


class ArgumentError(Error, ValueError):
    """An argument of no use, such as a row past the end."""


class ParameterError(Error, ValueError):
    """An unknown, misspelt or out-of-range parameter, with what is near."""


class FormatError(Error, ValueError):
    """Bytes do not follow their format."""


class CorruptError(Error, ValueError):
    """A hash or an invariant of a file does not hold."""


class VersionError(Error, ValueError):
    """Written by another version of the format."""


class LimitError(Error, ValueError):
    """A limit is exceeded."""


class SchemaError(Error, ValueError):
    """Columns are missing or of another type."""


class StateError(Error, RuntimeError):
    """Not in this order, or after fork."""


class BusyError(Error, RuntimeError):
    """Somebody else is doing it; try again."""


class CancelledError(Error):
    """A progress= function asked to stop. Ctrl-C is a KeyboardInterrupt."""


class HostError(Error, RuntimeError):
    """A callback failed, such as that of an Arrow stream."""


class NotFoundError(Error, LookupError):
    """No such name, version, tag or table."""


class ConflictError(Error, ValueError):
    """It exists, or has changed meanwhile."""


class EmptyError(Error, ValueError):
    """No rows, or none that can be used."""


class NumericError(Error, ArithmeticError):
    """The numbers have no finite answer."""


class LeakError(Error, ValueError):
    """The target would reach the features."""


class UnsupportedError(Error, NotImplementedError):
    """Not built in, or not for such data."""


class InternalError(Error, RuntimeError):
    """A defect of the library; please report."""


class AmbiguousError(Error, ValueError):
    """Two readings fit; say which is meant."""


class FileError(Error, OSError):
    """A file operation failed; filename is its path."""

    _errno = errno.EIO

    def __init__(self, text: str, status: int = _raw.MLPIPE_E_IO,
                 name: str = "MLPIPE_E_IO", detail: int = 0,
                 row: Optional[int] = None, column: Optional[str] = None,
                 where: Optional[str] = None) -> None:
        super().__init__(text, status, name, detail, row, column, where)
        self.errno = self._errno
        self.strerror = text
        self.filename = where


class MissingFileError(FileError, NotFoundError, FileNotFoundError):
    """No such file or folder."""

    _errno = errno.ENOENT


class FileExistsAlreadyError(FileError, ConflictError, FileExistsError):
    """A file is there already."""

    _errno = errno.EEXIST


class DeniedFileError(FileError, PermissionError):
    """No permission for a file."""

    _errno = errno.EACCES


class FullDiskError(FileError):
    """No space left for a file."""

    _errno = errno.ENOSPC


class LockedFileError(FileError, BusyError):
    """Somebody else holds the lock of a file."""

    _errno = errno.EAGAIN


_BY_STATUS = {
    _raw.MLPIPE_E_NOMEM: OutOfMemoryError,
    _raw.MLPIPE_E_ARG: ArgumentError,
    _raw.MLPIPE_E_PARAM: ParameterError,
    _raw.MLPIPE_E_IO: FileError,
    _raw.MLPIPE_E_FORMAT: FormatError,
    _raw.MLPIPE_E_CORRUPT: CorruptError,
    _raw.MLPIPE_E_VERSION: VersionError,
    _raw.MLPIPE_E_LIMIT: LimitError,
    _raw.MLPIPE_E_SCHEMA: SchemaError,
    _raw.MLPIPE_E_STATE: StateError,
    _raw.MLPIPE_E_BUSY: BusyError,
    _raw.MLPIPE_E_CANCELLED: CancelledError,
    _raw.MLPIPE_E_HOST: HostError,
    _raw.MLPIPE_E_NOT_FOUND: NotFoundError,
    _raw.MLPIPE_E_CONFLICT: ConflictError,
    _raw.MLPIPE_E_EMPTY: EmptyError,
    _raw.MLPIPE_E_NUMERIC: NumericError,
    _raw.MLPIPE_E_LEAK: LeakError,
    _raw.MLPIPE_E_UNSUPPORTED: UnsupportedError,
    _raw.MLPIPE_E_INTERNAL: InternalError,
    _raw.MLPIPE_E_AMBIGUOUS: AmbiguousError,
}

# Of a failure of a file the detail is what the system said.
_BY_FILE = {
    (_raw.MLPIPE_E_NOT_FOUND, _raw.MLPIPE_IO_NOT_FOUND): MissingFileError,
    (_raw.MLPIPE_E_CONFLICT, _raw.MLPIPE_IO_EXISTS): FileExistsAlreadyError,
    (_raw.MLPIPE_E_IO, _raw.MLPIPE_IO_DENIED): DeniedFileError,
    (_raw.MLPIPE_E_IO, _raw.MLPIPE_IO_NO_SPACE): FullDiskError,
    (_raw.MLPIPE_E_BUSY, _raw.MLPIPE_IO_BUSY): LockedFileError,
}


def _decoded(raw: Optional[bytes]) -> str:
    return raw.decode("utf-8", "replace") if raw else ""


def error_of(said: Any, name: str) -> Error:
    """The exception of a mlpipe_error whose status has that name."""
    kind = _BY_STATUS.get(said.status, Error)
    if said.where:
        kind = _BY_FILE.get((said.status, said.detail), kind)
    return kind(_names.told(_decoded(said.text)), said.status, name,
                said.detail, said.row if said.row >= 0 else None,
                _decoded(said.column) or None, _decoded(said.where) or None)


KINDS = (Error, FileError, *dict.fromkeys(_BY_STATUS.values()),
         *_BY_FILE.values())
