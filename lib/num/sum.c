/* SPDX-License-Identifier: MIT */
/*
 * Sums of doubles in the one order that the library knows: blocks of 4,096
 * rows, eight lanes by index mod 8, a binary tree over the block index. The
 * result does not depend on threads, batches or vector width.
 */
#include "num_internal.h"

void mlpipe__lanes_add(double lanes[MLPIPE__SUM_LANES], const double *values,
                       uint32_t n)
{
    uint32_t i = 0;
    for (; i + MLPIPE__SUM_LANES <= n; i += MLPIPE__SUM_LANES)
        for (uint32_t k = 0; k < MLPIPE__SUM_LANES; ++k)
            lanes[k] += values[i + k];
    for (uint32_t k = 0; i + k < n; ++k)
        lanes[k] += values[i + k];
}

double mlpipe__lanes_value(const double lanes[MLPIPE__SUM_LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
         + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

double mlpipe__block_sum(const double *values, uint32_t n)
{
    double lanes[MLPIPE__SUM_LANES] = {0};
    mlpipe__lanes_add(lanes, values, n);
    return mlpipe__lanes_value(lanes);
}

double mlpipe__block_dot(const double *a, const double *b, uint32_t n)
{
    double lanes[MLPIPE__SUM_LANES] = {0};
    uint32_t i = 0;
    for (; i + MLPIPE__SUM_LANES <= n; i += MLPIPE__SUM_LANES)
        for (uint32_t k = 0; k < MLPIPE__SUM_LANES; ++k)
            lanes[k] += a[i + k] * b[i + k];
    for (uint32_t k = 0; i + k < n; ++k)
        lanes[k] += a[i + k] * b[i + k];
    return mlpipe__lanes_value(lanes);
}

/* A binary counter: level[i] holds a finished tree of 2^i blocks. */
void mlpipe__tree_add(mlpipe__tree *t, double block)
{
    uint32_t level = 0;
    for (uint64_t bits = t->blocks; bits & 1; bits >>= 1)
        block = t->level[level++] + block;
    t->level[level] = block;
    ++t->blocks;
}

double mlpipe__tree_value(const mlpipe__tree *t)
{
    double sum = 0.0;
    bool any = false;
    for (uint32_t level = 0; t->blocks >> level; ++level) {
        if (!(t->blocks >> level & 1))
            continue;
        sum = any ? t->level[level] + sum : t->level[level];
        any = true;
    }
    return sum;
}

void mlpipe__sums_start(mlpipe__sums *s, size_t n)
{
    s->n = n;
    s->blocks = 0;
}

static void sums_join(double *restrict to, const double *restrict earlier,
                      size_t n)
{
    for (size_t i = 0; i < n; ++i)
        to[i] = earlier[i] + to[i];
}

bool mlpipe__sums_add(mlpipe__sums *s, double *block)
{
    uint32_t level = 0;
    for (; s->blocks >> level & 1; ++level)
        sums_join(block, s->level[level], s->n);
    if (!s->level[level])
        s->level[level] =
            mlpipe__alloc_array(s->env, s->room, sizeof *block);
    if (!s->level[level])
        return false;
    memcpy(s->level[level], block, s->n * sizeof *block);
    ++s->blocks;
    return true;
}

void mlpipe__sums_value(const mlpipe__sums *s, double *sums)
{
    memset(sums, 0, s->n * sizeof *sums);
    for (uint32_t level = 0; s->blocks >> level; ++level)
        if (s->blocks >> level & 1)
            sums_join(sums, s->level[level], s->n);
}

void mlpipe__sums_free(mlpipe__sums *s)
{
    for (uint32_t level = 0; level < 64; ++level)
        mlpipe__free(s->env, s->level[level]);
    memset(s->level, 0, sizeof s->level);
}

double mlpipe__sum(const double *values, uint64_t n)
{
    mlpipe__tree tree = {0};
    for (uint64_t i = 0; i < n; i += MLPIPE__SUM_BLOCK) {
        const uint64_t left = n - i;
        const uint32_t m = left < MLPIPE__SUM_BLOCK ? (uint32_t)left
                                                    : MLPIPE__SUM_BLOCK;
        mlpipe__tree_add(&tree, mlpipe__block_sum(values + i, m));
    }
    return mlpipe__tree_value(&tree);
}
