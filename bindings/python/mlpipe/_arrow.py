# SPDX-License-Identifier: MIT
"""Arrow streams as PyCapsules, by ctypes alone."""
import ctypes

_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.restype = ctypes.c_void_p
_capsule_get.argtypes = [ctypes.py_object, ctypes.c_char_p]
_capsule_peek = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p,
                                  ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
# The structs that capsules point at, by address, until the capsule dies.
_streams = {}


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _capsule_end(capsule):
    """A capsule dies: its stream is released unless a reader moved it."""
    stream = _streams.pop(_capsule_peek(capsule, b"arrow_array_stream"), None)
    if stream is not None and stream.release:
        stream.release(ctypes.byref(stream))


def capsule(stream):
    address = ctypes.addressof(stream)
    _streams[address] = stream
    return _capsule_new(address, b"arrow_array_stream",
                        ctypes.cast(_capsule_end, ctypes.c_void_p))


def uncapsule(capsule, name, kind):
    """A pointer to the struct of a capsule, which stays alive with it."""
    pointer = ctypes.cast(_capsule_get(capsule, name), ctypes.POINTER(kind))
    pointer.capsule = capsule
    return pointer
