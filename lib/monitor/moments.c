/* SPDX-License-Identifier: MIT */
/*
 * How the numbers of served rows go together: one row's part in the second
 * moments. A row writes a few hundred counters, so that only every so many is
 * looked at; one that is not costs one multiplication.
 */
#include "monitor_internal.h"

bool mlpipe__recorder_moments_init(mlpipe__recorder *r)
{
    const mlpipe__ref_moments *m = r->reference ? r->reference->moments : NULL;

    if (!m)
        return true;
    r->moments_table =
        mlpipe__alloc_array(r->env, m->count, sizeof *r->moments_table);
    if (!r->moments_table)
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        r->moments_table[i] = UINT32_MAX;
        for (uint32_t k = 0; k < r->number_count; k++)
            if (r->numbers[k].input == m->input[i])
                r->moments_table[i] = k;
    }
    r->total += mlpipe__moments_counters(m);
    return true;
}

/* Missing values have the score of the middle. */
static int32_t moments_score_of(const mlpipe__recorder *r,
                                const mlpipe__ref_moments *m, uint32_t i,
                                double x)
{
    const uint32_t table = r->moments_table[i];
    const int16_t *score = m->score + m->start[i];

    if (table != UINT32_MAX)
        return score[r->find(&r->numbers[table], x)];
    return score[mlpipe__ref_cell(&r->reference->inputs[m->input[i]], x,
                                  x == x)];
}

void mlpipe__recorder_moments(const mlpipe__recorder *r,
                              mlpipe__count *counters,
                              const unsigned char *scratch,
                              const uint32_t *lanes)
{
    const mlpipe__ref_moments *m = r->reference->moments;
    mlpipe__count *sum = counters + r->moments_first + 1;
    mlpipe__count *cross = sum + m->count;
    int32_t score[MLPIPE__MOMENTS_INPUTS];

    for (uint32_t i = 0; i < m->count; i++) {
        double x;
        memcpy(&x, scratch + lanes[m->input[i]], sizeof x);
        score[i] = moments_score_of(r, m, i, x);
        mlpipe__count_add(sum + i, (uint64_t)(int64_t)score[i]);
    }
    for (uint32_t i = 0; i < m->count; i++)
        for (uint32_t k = 0; k <= i; k++)
            mlpipe__count_add(cross++,
                              (uint64_t)(int64_t)(score[i] * score[k]));
    mlpipe__count_add(counters + r->moments_first, 1);
}
