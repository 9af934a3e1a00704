/* SPDX-License-Identifier: MIT */
/*
 * The cells of a row's inputs. Numbers are looked up without a branch that
 * depends on them, since a branch that is guessed wrong costs more than all
 * the rest. A cell is how many entries of a table are <= x: minus infinity, the
 * cuts, then NaN, which is below nothing; so a missing value is in cell 0. All
 * ways to count them agree, so that counts do not depend on the machine.
 */
#include "monitor_internal.h"

/* Codes, numbers with very many cuts, and inputs that are not counted. */
static uint32_t cells_others(const mlpipe__recorder *r,
                             mlpipe__count *counters,
                             const unsigned char *scratch,
                             const uint32_t *lanes)
{
    uint32_t flags = 0;

    for (uint32_t k = 0; k < r->other_count; k++) {
        const uint32_t i = r->others[k];
        double x;
        memcpy(&x, scratch + lanes[i], sizeof x);
        const bool valid = x == x;
        if (!valid)
            flags |= MLPIPE_FLAG_IMPUTED;
        else if (r->coded[i] && x < 0)
            flags |= MLPIPE_FLAG_UNSEEN;
        if (!r->first[i])
            continue;
        const mlpipe__ref_input *in = &r->reference->inputs[i];
        const uint32_t cell = mlpipe__ref_cell(in, x, valid);
        mlpipe__count_add(counters + r->first[i] + cell, 1);
        if (in->kind == MLPIPE__NUMBER && in->cut_count &&
            (cell == 1 || cell == in->cells - 1))
            flags |= MLPIPE_FLAG_RANGE;
    }
    return flags;
}

static inline uint32_t cells_eight(const double *cuts, double x)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < MLPIPE__CELLS_EIGHT; i++)
        n += cuts[i] <= x;
    return n;
}

/* Whether there are few cuts is the same for every row. */
static inline uint32_t cells_plain(const mlpipe__recorder_number *q, double x)
{
    const double *cuts = q->table + MLPIPE__CELLS_EIGHT;
    uint32_t n = 0;

    if (q->many) {
        n = MLPIPE__CELLS_EIGHT * cells_eight(q->table, x);
        return n + cells_eight(cuts + n, x);
    }
    n += (uint32_t)(cuts[15] <= x) << 4;
    n += (uint32_t)(cuts[n + 7] <= x) << 3;
    n += (uint32_t)(cuts[n + 3] <= x) << 2;
    n += (uint32_t)(cuts[n + 1] <= x) << 1;
    return n + (cuts[n] <= x);
}

/* One row, by a way to find a cell. */
#define CELLS_ROW(cell_of)                                                  \
    const mlpipe__recorder_number *q = r->numbers;                          \
    const mlpipe__recorder_number *const end = q + r->number_count;         \
    uint32_t flags = 0;                                                     \
    for (; q < end; q++) {                                                  \
        double x;                                                           \
        memcpy(&x, scratch + lanes[q->input], sizeof x);                    \
        const uint32_t cell = cell_of(q, x);                                \
        mlpipe__count_add(counters + q->first + cell, 1);                   \
        flags |= q->flags[cell];                                            \
    }                                                                       \
    return flags

static uint32_t cells_row_plain(const mlpipe__recorder *r,
                                mlpipe__count *counters,
                                const unsigned char *scratch,
                                const uint32_t *lanes)
{
    CELLS_ROW(cells_plain);
}

/* libmlpipe-serve is small before all. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(MLPIPE_SERVE)
#include <immintrin.h>

#define CELLS_TARGET(isa) __attribute__((target(isa)))

CELLS_TARGET("avx2,popcnt")
static inline uint32_t cells_mask_avx2(const double *cuts, __m256d x)
{
    const __m256d low = _mm256_cmp_pd(_mm256_loadu_pd(cuts), x, _CMP_LE_OQ);
    const __m256d high =
        _mm256_cmp_pd(_mm256_loadu_pd(cuts + 4), x, _CMP_LE_OQ);

    return (uint32_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_pd(low) |
                                    (uint32_t)_mm256_movemask_pd(high) << 4);
}

CELLS_TARGET("avx2,popcnt")
static inline uint32_t cells_avx2(const mlpipe__recorder_number *q, double x)
{
    const __m256d all = _mm256_set1_pd(x);
    const uint32_t n = MLPIPE__CELLS_EIGHT * cells_mask_avx2(q->table, all);

    return n + cells_mask_avx2(q->table + MLPIPE__CELLS_EIGHT + n, all);
}

CELLS_TARGET("avx2,popcnt")
static uint32_t cells_row_avx2(const mlpipe__recorder *r,
                               mlpipe__count *counters,
                               const unsigned char *scratch,
                               const uint32_t *lanes)
{
    CELLS_ROW(cells_avx2);
}

CELLS_TARGET("avx512f,avx2,popcnt")
static inline uint32_t cells_avx512(const mlpipe__recorder_number *q,
                                    double x)
{
    const __m512d all = _mm512_set1_pd(x);
    const uint32_t n =
        MLPIPE__CELLS_EIGHT *
        (uint32_t)_mm_popcnt_u32(_mm512_cmp_pd_mask(
            _mm512_loadu_pd(q->table), all, _CMP_LE_OQ));

    return n + (uint32_t)_mm_popcnt_u32(_mm512_cmp_pd_mask(
                   _mm512_loadu_pd(q->table + MLPIPE__CELLS_EIGHT + n), all,
                   _CMP_LE_OQ));
}

CELLS_TARGET("avx512f,avx2,popcnt")
static uint32_t cells_row_avx512(const mlpipe__recorder *r,
                                 mlpipe__count *counters,
                                 const unsigned char *scratch,
                                 const uint32_t *lanes)
{
    CELLS_ROW(cells_avx512);
}

void mlpipe__recorder_way(mlpipe__recorder *r, uint32_t isa)
{
    r->run = cells_row_plain;
    r->find = cells_plain;
    if (isa && mlpipe__has_avx2()) {
        r->run = cells_row_avx2;
        r->find = cells_avx2;
    }
    if (isa > 1 && mlpipe__has_avx512()) {
        r->run = cells_row_avx512;
        r->find = cells_avx512;
    }
}
#else
void mlpipe__recorder_way(mlpipe__recorder *r, uint32_t isa)
{
    (void)isa;
    r->run = cells_row_plain;
    r->find = cells_plain;
}
#endif

uint32_t mlpipe__recorder_inputs(const mlpipe__recorder *r,
                                 mlpipe__count *counters,
                                 const unsigned char *scratch,
                                 const uint32_t *lanes)
{
    uint32_t flags = r->run(r, counters, scratch, lanes);

    if (r->other_count)
        flags |= cells_others(r, counters, scratch, lanes);
    return flags;
}
