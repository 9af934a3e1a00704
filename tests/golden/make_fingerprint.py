#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The fingerprint of the small dataset of tests/data/test_fingerprint.c,
computed from the description of the canonical bytes alone. Needs libxxhash."""
import ctypes
import ctypes.util
import struct


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
library.XXH3_128bits.restype = Hash128
library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def bits(flags):
    out = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        out[i // 8] |= bool(flag) << (i % 8)
    return bytes(out)


def digest(data):
    h = library.XXH3_128bits(data, len(data))
    return h.high << 64 | h.low


def pair(number):
    return struct.pack("<QQ", number >> 64, number & (1 << 64) - 1)


def column(tag, unit, valid, values):
    leaf = struct.pack("<IIQ", tag, unit, len(valid)) + bits(valid) + values
    return digest(pair(digest(leaf)))


def text(value):
    return struct.pack("<I", len(value or b"")) + (value or b"")


columns = [
    (b"x", 3, column(3, 0, [0, 1, 1], struct.pack("<3d", 0, 0.25, 0.5))),
    (b"ok", 1, column(1, 0, [1, 1, 1], bits([0, 1, 1]))),
    (b"t", 4, column(4, 0, [1, 1, 0], b"".join(map(text, [b"a", b"bb",
                                                          None])))),
]
whole = b"mlpipe dataset 1" + struct.pack("<IQ", len(columns), 3)
for name, tag, number in columns:
    whole += struct.pack("<I", len(name)) + name
    whole += struct.pack("<II", tag, 0) + pair(number)
print("%032x" % digest(whole))
