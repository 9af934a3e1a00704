/* SPDX-License-Identifier: MIT */
/*
 * Stable radix sorts, least significant byte first, in the total order of
 * the numbers: -0 equals +0 and NaN comes last. A byte that is the same in
 * all keys costs no pass.
 */
#include "num_internal.h"

enum { SORT_BYTES = 8, SORT_CELLS = 256 };

typedef struct sort_counts {
    uint64_t cell[SORT_BYTES][SORT_CELLS];
} sort_counts;

static inline uint32_t sort_byte(uint64_t key, uint32_t pass)
{
    return (uint32_t)(key >> (8 * pass)) & 255;
}

static inline void sort_count(sort_counts *c, uint64_t key)
{
    for (uint32_t pass = 0; pass < SORT_BYTES; ++pass)
        ++c->cell[pass][sort_byte(key, pass)];
}

/* Counts to first places; false where all keys share this byte. */
static bool sort_places(uint64_t cell[SORT_CELLS], uint64_t n)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < SORT_CELLS; ++i) {
        const uint64_t count = cell[i];
        if (count == n)
            return false;
        cell[i] = at;
        at += count;
    }
    return true;
}

void mlpipe__sort_f64(double *values, uint64_t n, double *scratch)
{
    sort_counts c = {0};
    double *from = values;
    double *to = scratch;
    for (uint64_t i = 0; i < n; ++i)
        sort_count(&c, mlpipe__order_key(values[i]));
    for (uint32_t pass = 0; pass < SORT_BYTES; ++pass) {
        if (!sort_places(c.cell[pass], n))
            continue;
        for (uint64_t i = 0; i < n; ++i) {
            const uint32_t b = sort_byte(mlpipe__order_key(from[i]), pass);
            to[c.cell[pass][b]++] = from[i];
        }
        double *const swap = from;
        from = to;
        to = swap;
    }
    if (from != values && n)
        memcpy(values, from, (size_t)n * sizeof *values);
}

void mlpipe__sort_u64(uint64_t *values, uint64_t n, uint64_t *scratch)
{
    sort_counts c = {0};
    uint64_t *from = values;
    uint64_t *to = scratch;
    for (uint64_t i = 0; i < n; ++i)
        sort_count(&c, values[i]);
    for (uint32_t pass = 0; pass < SORT_BYTES; ++pass) {
        if (!sort_places(c.cell[pass], n))
            continue;
        for (uint64_t i = 0; i < n; ++i) {
            const uint32_t b = sort_byte(from[i], pass);
            to[c.cell[pass][b]++] = from[i];
        }
        uint64_t *const swap = from;
        from = to;
        to = swap;
    }
    if (from != values && n)
        memcpy(values, from, (size_t)n * sizeof *values);
}

typedef struct sort_pair {
    uint64_t key, index;
} sort_pair;

/* The first half of scratch holds n pairs; the second is room. ctx is polled
 * where there is one; the order is not whole where it is stopped. */
static mlpipe_status sort_pairs(mlpipe_ctx *ctx, sort_pair *pairs, uint32_t n,
                                uint32_t *order)
{
    sort_counts c = {0};
    sort_pair *from = pairs;
    sort_pair *to = pairs + n;
    for (uint32_t i = 0; i < n; ++i)
        sort_count(&c, pairs[i].key);
    for (uint32_t pass = 0; pass < SORT_BYTES; ++pass) {
        if (!sort_places(c.cell[pass], n))
            continue;
        const mlpipe_status st =
            ctx ? mlpipe__poll(ctx, "sort", pass, SORT_BYTES) : MLPIPE_OK;
        if (st)
            return st;
        for (uint32_t i = 0; i < n; ++i) {
            const uint32_t b = sort_byte(from[i].key, pass);
            to[c.cell[pass][b]++] = from[i];
        }
        sort_pair *const swap = from;
        from = to;
        to = swap;
    }
    for (uint32_t i = 0; i < n; ++i)
        order[i] = (uint32_t)from[i].index;
    return MLPIPE_OK;
}

void mlpipe__argsort_f64(const double *values, uint32_t *order, uint32_t n,
                         uint64_t *scratch)
{
    sort_pair *const pairs = (sort_pair *)scratch;
    for (uint32_t i = 0; i < n; ++i)
        pairs[i] = (sort_pair){mlpipe__order_key(values[i]), i};
    (void)sort_pairs(NULL, pairs, n, order);
}

mlpipe_status mlpipe__argsort_polled(mlpipe_ctx *ctx, const double *values,
                                     uint32_t *order, uint32_t n,
                                     uint64_t *scratch)
{
    sort_pair *const pairs = (sort_pair *)scratch;
    for (uint32_t i = 0; i < n; ++i)
        pairs[i] = (sort_pair){mlpipe__order_key(values[i]), i};
    return sort_pairs(ctx, pairs, n, order);
}

void mlpipe__argsort_i64(const int64_t *values, uint32_t *order, uint32_t n,
                         uint64_t *scratch)
{
    sort_pair *const pairs = (sort_pair *)scratch;
    const uint64_t sign = UINT64_C(1) << 63;
    for (uint32_t i = 0; i < n; ++i)
        pairs[i] = (sort_pair){(uint64_t)values[i] ^ sign, i};
    (void)sort_pairs(NULL, pairs, n, order);
}
