# SPDX-License-Identifier: MIT
"""Arrow arrays made here: of columns of Python's, and of kept bytes."""
from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional

from . import _raw
from ._base import _ctx


class Column(NamedTuple):
    """A column as Arrow has it. Each buffer is an object and its address,
    (None, 0) for one that is not there; the first tells which rows hold a
    value."""

    name: str
    format: str
    length: int
    nulls: int
    buffers: Any
    dictionary: "Optional[Column]" = None
    ordered: bool = False


# What arrays that were given away read, until they are released.
_kept: dict[int, Any] = {}


def _release_of(kept: Any, kind: Any, offset: int) -> Any:
    """What the library calls, on any thread and perhaps when the interpreter
    ends: it uses no global and is itself never freed."""
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    pointer = ctypes.c_void_p

    def release(address: int) -> None:
        slot = pointer.from_address(address + offset)
        key = pointer.from_address(address + offset + 8).value
        slot.value = None
        kept.pop(key, None)

    made = prototype(release)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    return ctypes.cast(made, dict(kind._fields_)["release"])


_release_array = _release_of(_kept, _raw.ArrowArray,
                             _raw.ArrowArray.release.offset)
_release_schema = _release_of({}, _raw.ArrowSchema,
                              _raw.ArrowSchema.release.offset)
_FLAG_NULLABLE, _FLAG_ORDERED = 2, 1


def _children(kind: Any, parent: Any, children: list[Any],
              keep: list[Any]) -> None:
    pointers = (ctypes.POINTER(kind) * max(len(children), 1))(
        *[ctypes.pointer(child) for child in children])
    keep.append((pointers, children))
    parent.n_children = len(children)
    parent.children = ctypes.cast(pointers,
                                  ctypes.POINTER(ctypes.POINTER(kind)))


def _schema(column: Column, keep: list[Any]) -> Any:
    made = _raw.ArrowSchema(
        format=column.format.encode(), name=column.name.encode(),
        flags=_FLAG_NULLABLE | (_FLAG_ORDERED if column.ordered else 0),
        release=_release_schema)
    if column.dictionary is not None:
        inner = _schema(column.dictionary, keep)
        made.dictionary = ctypes.pointer(inner)
        keep.append(inner)
    keep.append(made)
    return made


def _array(column: Column, keep: list[Any]) -> Any:
    addresses = (ctypes.c_void_p * len(column.buffers))(
        *[address or None for _, address in column.buffers])
    made = _raw.ArrowArray(
        length=column.length, null_count=column.nulls,
        n_buffers=len(column.buffers),
        buffers=ctypes.cast(addresses, ctypes.POINTER(ctypes.c_void_p)),
        release=_release_array)
    keep += [addresses, column.buffers, made]
    if column.dictionary is not None:
        inner = _array(column.dictionary, keep)
        made.dictionary = ctypes.pointer(inner)
    return made


def dataset_pointer(columns: list[Column], rows: int, params: Any) -> Any:
    """A mlpipe_dataset of columns. Unless copy='always' is among the
    parameters it reads their buffers for as long as it lives."""
    keep: list[Any] = []
    schema = _raw.ArrowSchema(format=b"+s", name=b"", release=_release_schema)
    _children(_raw.ArrowSchema, schema,
              [_schema(column, keep) for column in columns], keep)
    nothing = (ctypes.c_void_p * 1)()
    array = _raw.ArrowArray(
        length=rows, n_buffers=1, release=_release_array,
        buffers=ctypes.cast(nothing, ctypes.POINTER(ctypes.c_void_p)))
    keep.append(nothing)
    _children(_raw.ArrowArray, array,
              [_array(column, keep) for column in columns], keep)
    key = id(keep)
    array.private_data = key
    _kept[key] = keep
    try:
        return _ctx().give("mlpipe_dataset_from_arrow", _raw.mlpipe_dataset,
                           ctypes.byref(schema), ctypes.byref(array), params)
    except BaseException:
        _kept.pop(key, None)
        raise


_WIDTHS = {"l": 8, "g": 8, "f": 4, "i": 4, "t": 8}


def bytes_of(raw: bytes) -> Any:
    """A buffer of bytes, which lie still for as long as it lives."""
    return raw, ctypes.cast(ctypes.c_char_p(raw), ctypes.c_void_p).value or 0


def _kept_column(schema: Any, array: Any, start: int, length: int) -> Any:
    """A child as plain values: name, format, nulls, buffers as bytes, and
    the same of its dictionary."""
    start += array.offset
    form = schema.format.decode()
    parts: list[bytes] = [b""]
    nulls = 0
    if array.buffers[0]:
        bits = _moved_bits(array.buffers[0], start, length)
        parts[0] = bits
        nulls = length - sum(bin(byte).count("1") for byte in bits)
    if form == "b":
        parts.append(_moved_bits(array.buffers[1], start, length))
    elif form in ("u", "U"):
        kind = ctypes.c_int32 if form == "u" else ctypes.c_int64
        width = ctypes.sizeof(kind)
        ends = (kind * (length + 1)).from_address(
            array.buffers[1] + start * width) if length else (kind * 1)()
        first = ends[0]
        parts.append(bytes((kind * (length + 1))(*[e - first for e in ends])
                           if first else ends))
        parts.append(ctypes.string_at(array.buffers[2] + first,
                                      ends[length] - first)
                     if ends[length] > first else b"")
    else:
        width = _WIDTHS[form[0]]
        parts.append(ctypes.string_at(array.buffers[1] + start * width,
                                      length * width) if length else b"")
    inner = None
    if schema.dictionary:
        words = array.dictionary.contents
        inner = _kept_column(schema.dictionary.contents, words, 0,
                             words.length)
    return (schema.name.decode() if schema.name else "", form, length, nulls,
            parts, inner)


def _moved_bits(address: int, start: int, length: int) -> bytes:
    """Bits from start on, as bits from 0 on, those behind the end 0."""
    if not length:
        return b""
    raw = ctypes.string_at(address + start // 8,
                           (start % 8 + length + 7) // 8)
    moved = int.from_bytes(raw, "little") >> start % 8
    moved &= (1 << length) - 1
    return moved.to_bytes((length + 7) // 8, "little")


def plain(schema: Any, array: Any) -> Any:
    """All of a struct array as what pickles."""
    return array.length, [
        _kept_column(schema.children[i].contents, array.children[i].contents,
                     array.offset, array.length)
        for i in range(array.n_children)]


def _column_of(kept: Any) -> Column:
    name, form, length, nulls, parts, inner = kept
    return Column(name, form, length, nulls,
                  [bytes_of(part) if part else (None, 0) for part in parts],
                  None if inner is None else _column_of(inner))


def from_plain(rows: int, columns: Any) -> Any:
    """A mlpipe_dataset of what plain() gave."""
    return dataset_pointer([_column_of(kept) for kept in columns], rows,
                           b"text=as_is")
