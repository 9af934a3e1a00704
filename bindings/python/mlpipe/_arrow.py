# SPDX-License-Identifier: MIT
"""Arrow streams as PyCapsules, by ctypes alone."""
import ctypes

_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.restype = ctypes.c_void_p
_capsule_get.argtypes = [ctypes.py_object, ctypes.c_char_p]
# The structs that capsules point at, by address, until the capsule dies.
_streams = {}


def _capsule_destructor(streams, byref, prototype):
    """What a dying capsule calls. Capsules may outlive this module when the
    interpreter ends, so that it uses no global and is itself never freed."""
    peek = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p,
                             ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))

    @prototype
    def end(capsule):
        """Its stream is released unless a reader moved it."""
        stream = streams.pop(peek(capsule, b"arrow_array_stream"), None)
        if stream is not None and stream.release:
            stream.release(byref(stream))

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(end))
    return end


_capsule_end = _capsule_destructor(
    _streams, ctypes.byref, ctypes.PYFUNCTYPE(None, ctypes.c_void_p))


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
