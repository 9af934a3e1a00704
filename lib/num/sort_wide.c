/* SPDX-License-Identifier: MIT */
/*
 * The radix sort of many numbers of which the width is known: digits as wide
 * as 11 bits, all counted in one pass, so that a million keys of 56 bits are
 * moved six times. Digits of 12 bits outgrow the first level of the cache.
 */
#include "num_internal.h"

enum { WIDE_DIGIT = 11 };

/* Values stand `step` words apart. */
static void wide_count(mlpipe__wide_cells *c, const uint64_t *values,
                       uint32_t n, uint32_t step, uint32_t digit,
                       uint32_t passes)
{
    const uint64_t mask = (UINT64_C(1) << digit) - 1;
    memset(c, 0, sizeof *c);
    for (uint32_t i = 0; i < n; ++i) {
        uint64_t v = values[(size_t)i * step];
        for (uint32_t pass = 0; pass < passes; ++pass) {
            ++c->cell[pass][v & mask];
            v >>= digit;
        }
    }
}

/* Counts to first places; false where all values share this digit. */
static bool sort_wide_places(uint32_t *cell, uint32_t cells, uint32_t n)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < cells; ++i) {
        const uint32_t count = cell[i];
        if (count == n)
            return false;
        cell[i] = at;
        at += count;
    }
    return true;
}

uint64_t *mlpipe__sort_wide(uint64_t *values, uint64_t *scratch, uint32_t n,
                            uint32_t bits, mlpipe__wide_cells *c)
{
    const uint32_t passes = (bits + WIDE_DIGIT - 1) / WIDE_DIGIT;
    const uint32_t digit = passes ? (bits + passes - 1) / passes : 0;
    const uint64_t mask = (UINT64_C(1) << digit) - 1;
    uint64_t *from = values;
    uint64_t *to = scratch;
    wide_count(c, values, n, 1, digit, passes);
    for (uint32_t pass = 0; pass < passes; ++pass) {
        uint32_t *const cell = c->cell[pass];
        const uint32_t shift = pass * digit;
        if (!sort_wide_places(cell, (uint32_t)mask + 1, n))
            continue;
        for (uint32_t i = 0; i < n; ++i) {
            const uint64_t v = from[i];
            to[cell[v >> shift & mask]++] = v;
        }
        uint64_t *const swap = from;
        from = to;
        to = swap;
    }
    return from;
}

mlpipe__keyed *mlpipe__sort_keyed(mlpipe__keyed *values,
                                  mlpipe__keyed *scratch, uint32_t n,
                                  uint32_t bits, mlpipe__wide_cells *c)
{
    const uint32_t passes = (bits + WIDE_DIGIT - 1) / WIDE_DIGIT;
    const uint32_t digit = passes ? (bits + passes - 1) / passes : 0;
    const uint64_t mask = (UINT64_C(1) << digit) - 1;
    mlpipe__keyed *from = values;
    mlpipe__keyed *to = scratch;
    wide_count(c, &values->key, n, 2, digit, passes);
    for (uint32_t pass = 0; pass < passes; ++pass) {
        uint32_t *const cell = c->cell[pass];
        const uint32_t shift = pass * digit;
        if (!sort_wide_places(cell, (uint32_t)mask + 1, n))
            continue;
        for (uint32_t i = 0; i < n; ++i)
            to[cell[from[i].key >> shift & mask]++] = from[i];
        mlpipe__keyed *const swap = from;
        from = to;
        to = swap;
    }
    return from;
}
