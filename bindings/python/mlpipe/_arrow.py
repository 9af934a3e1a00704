# SPDX-License-Identifier: MIT
"""Arrow by ctypes alone: capsules, and what arrays hold."""
from __future__ import annotations

import ctypes
from typing import Any

_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.restype = ctypes.c_void_p
_capsule_get.argtypes = [ctypes.py_object, ctypes.c_char_p]
# The structs that capsules point at, by address, until the capsule dies.
_streams: dict[int, Any] = {}


def _capsule_destructor(streams: Any, byref: Any, prototype: Any) -> Any:
    """What a dying capsule calls. Capsules may outlive this module when the
    interpreter ends, so that it uses no global and is itself never freed."""
    peek = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p,
                             ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))

    def end(capsule: Any) -> None:
        """Its stream is released unless a reader moved it."""
        stream = streams.pop(peek(capsule, b"arrow_array_stream"), None)
        if stream is not None and stream.release:
            stream.release(byref(stream))

    made = prototype(end)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    return made


_capsule_end = _capsule_destructor(
    _streams, ctypes.byref, ctypes.PYFUNCTYPE(None, ctypes.c_void_p))


def capsule(stream: Any) -> Any:
    address = ctypes.addressof(stream)
    _streams[address] = stream
    return _capsule_new(address, b"arrow_array_stream",
                        ctypes.cast(_capsule_end, ctypes.c_void_p))


def uncapsule(capsule: Any, name: bytes, kind: Any) -> Any:
    """A pointer to the struct of a capsule, which stays alive with it."""
    pointer = ctypes.cast(_capsule_get(capsule, name), ctypes.POINTER(kind))
    pointer.capsule = capsule
    return pointer


_NUMBERS: Any = {b"l": ctypes.c_int64, b"t": ctypes.c_int64,
                 b"g": ctypes.c_double, b"f": ctypes.c_float}


def _bits(address: int, start: int, length: int) -> list[bool]:
    raw = ctypes.string_at(address, (start + length + 7) // 8)
    return [bool(raw[i // 8] >> i % 8 & 1)
            for i in range(start, start + length)]


def numbers(schema: Any, array: Any) -> list[Any]:
    """The only column of a struct array as a list: whole numbers and times as
    int, exactly, others as float and bool; None for null."""
    child = array.children[0].contents
    length, start = array.length, array.offset + child.offset
    kind = schema.children[0].contents.format[:1]
    if not length:
        return []
    found: list[Any]
    if kind == b"b":
        found = _bits(child.buffers[1], start, length)
    else:
        number = _NUMBERS[kind]
        found = list((number * length).from_address(
            child.buffers[1] + start * ctypes.sizeof(number)))
    if child.buffers[0]:
        valid = _bits(child.buffers[0], start, length)
        found = [x if v else None for x, v in zip(found, valid)]
    return found
