#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the table of tests/base/test_hash.c from the system's libxxhash."""
import ctypes

lib = ctypes.CDLL("libxxhash.so.0")


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


lib.XXH3_128bits.restype = Hash128
lib.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]

buffer, generator = bytearray(), 2654435761
for _ in range(2367):
    buffer.append(generator >> 56)
    generator = generator * 11400714785074694797 % 2**64
for n in [0, 1, 3, 4, 6, 8, 9, 12, 16, 17, 64, 81, 128, 129, 222, 240, 241,
          403, 512, 1024, 2048, 2240, 2367]:
    h = lib.XXH3_128bits(bytes(buffer), n)
    print('    {%d, "%016x%016x"},' % (n, h.high, h.low))
