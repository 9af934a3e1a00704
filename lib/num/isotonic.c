/* SPDX-License-Identifier: MIT */
/*
 * Isotonic regression: the rising step function nearest to weighted points,
 * by pooling adjacent violators; points of one x are one point. What is given
 * are the ends of its steps, between which a reader interpolates (as
 * scikit-learn's IsotonicRegression does).
 */
#include "num_internal.h"

typedef struct isotonic_block {
    double mean, weight;
    double first, last; /* x */
} isotonic_block;

/* Merge the last block into the one before it, as long as they fall. */
static uint64_t isotonic_pool(isotonic_block *b, uint64_t n)
{
    while (n > 1 && !(b[n - 2].mean < b[n - 1].mean)) {
        const double weight = b[n - 2].weight + b[n - 1].weight;
        b[n - 2].mean = (b[n - 2].mean * b[n - 2].weight +
                         b[n - 1].mean * b[n - 1].weight) /
                        weight;
        b[n - 2].weight = weight;
        b[n - 2].last = b[n - 1].last;
        n--;
    }
    return n;
}

/* The blocks of rows in order. */
static uint64_t isotonic_blocks(const double *x, const double *y,
                                const double *w, const uint32_t *order,
                                uint64_t n, isotonic_block *block)
{
    uint64_t blocks = 0;
    for (uint64_t i = 0; i < n;) {
        const double at = x[order[i]] + 0.0;
        double sum = 0, weight = 0;
        for (; i < n && x[order[i]] == at; i++) {
            sum += w[order[i]] * y[order[i]];
            weight += w[order[i]];
        }
        if (!(weight > 0))
            continue;
        block[blocks++] = (isotonic_block){sum / weight, weight, at, at};
        blocks = isotonic_pool(block, blocks);
    }
    return blocks;
}

mlpipe_status mlpipe__isotonic(mlpipe_ctx *ctx, const double *x,
                               const double *y, const double *w, uint64_t n,
                               double *out_x, double *out_y, uint32_t *count)
{
    mlpipe__env *env = ctx->env;
    uint32_t *order = NULL;
    uint64_t *scratch = NULL;
    isotonic_block *block = NULL;
    mlpipe_status st = mlpipe__most_rows(ctx, "isotonic regression", n,
                                         UINT32_MAX / 2 - 1);
    uint64_t blocks = 0;

    *count = 0;
    if (st)
        return st;
    order = mlpipe__alloc_array(env, (size_t)n, sizeof *order);
    scratch = mlpipe__alloc_array(env, (size_t)n, 4 * sizeof *scratch);
    block = mlpipe__alloc_array(env, (size_t)n, sizeof *block);
    if (!order || !scratch || !block) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    mlpipe__argsort_f64(x, order, (uint32_t)n, scratch);
    blocks = isotonic_blocks(x, y, w, order, n, block);
    for (uint64_t i = 0; i < blocks; i++) {
        out_x[*count] = block[i].first;
        out_y[(*count)++] = block[i].mean;
        if (!(block[i].first < block[i].last))
            continue;
        out_x[*count] = block[i].last;
        out_y[(*count)++] = block[i].mean;
    }
    if (!*count)
        st = mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                          "isotonic regression of no row with a weight; give "
                          "weights above 0");
done:
    mlpipe__free(env, block);
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    return st;
}
