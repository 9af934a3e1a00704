/* SPDX-License-Identifier: MIT */
/* What the printing and the reading of numbers share. */
#ifndef MLPIPE_BASE_NUMBER_INTERNAL_H
#define MLPIPE_BASE_NUMBER_INTERNAL_H

#include <stdint.h>

/*
 * The upper 128 bits of 10^q, rounded down, as {high, low}; exact for q from
 * 0 to 55. q is from -342 to 324.
 */
const uint64_t *mlpipe__power_of_ten(int32_t q);

/* a * b as 128 bits: the low word is returned, the high one stored. */
static inline uint64_t mlpipe__mul_wide(uint64_t a, uint64_t b,
                                        uint64_t *high)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32;
    const uint64_t b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0;
    const uint64_t middle = a1 * b0 + (low >> 32);
    const uint64_t cross = a0 * b1 + (uint32_t)middle;
    *high = a1 * b1 + (middle >> 32) + (cross >> 32);
    return cross << 32 | (uint32_t)low;
#endif
}

#endif
