/* SPDX-License-Identifier: MIT */
/*
 * Gram matrices of parts of the rows. A row's fold is told by its id, so that
 * folds of parts are parts of folds, and what cross-validates needs no second
 * pass here, either.
 */
#include "linear_types.h"

enum { GRAM_FORMAT = 1 };

bool mlpipe__gram_merge(mlpipe__gram *g, const mlpipe__gram *other)
{
    const size_t size = (size_t)g->q * g->q;
    double *sum;

    if (g->p != other->p || g->folds != other->folds)
        return false;
    sum = mlpipe__alloc_array(g->env, size, sizeof *sum);
    if (!sum)
        return false;
    for (uint32_t k = 0; k < g->folds; k++) {
        double *to = g->sum + k * size;

        memcpy(sum, other->sum + k * size, size * sizeof *sum);
        mlpipe__products_about(g->q - 1, other->shift, g->shift, sum);
        for (size_t i = 0; i < size; i++)
            to[i] += sum[i];
    }
    mlpipe__free(g->env, sum);
    return true;
}

void mlpipe__gram_save(const mlpipe__gram *g, mlpipe__text *out)
{
    mlpipe__put_u32(out, GRAM_FORMAT);
    mlpipe__put_u32(out, g->p);
    mlpipe__put_u32(out, g->folds);
    mlpipe__put_array(out, g->shift, g->q, sizeof *g->shift);
    for (uint32_t k = 0; k < g->folds; k++)
        mlpipe__products_save(g->sum + (size_t)k * g->q * g->q, g->q - 1,
                              out);
}

/* The column of ones is not shifted; memory is taken for what is there. */
static bool gram_get(mlpipe__gram *g, mlpipe__cursor *in)
{
    const size_t q = g->q, size = q * q;
    const void *shift;

    if (mlpipe__get_u32(in) != GRAM_FORMAT || mlpipe__get_u32(in) != g->p ||
        mlpipe__get_u32(in) != g->folds)
        return false;
    shift = mlpipe__get_array(in, q, sizeof *g->shift);
    if (in->failed || (size_t)(in->end - in->at) / sizeof *g->sum <
                          q * (q + 1) / 2 * g->folds)
        return false;
    g->shift = mlpipe__alloc_array(g->env, q, sizeof *g->shift);
    g->sum = mlpipe__alloc_array(g->env, g->folds, size * sizeof *g->sum);
    if (!g->shift || !g->sum)
        return false;
    memcpy(g->shift, shift, q * sizeof *g->shift);
    for (size_t c = 0; c < q; c++)
        if (!mlpipe__finite(g->shift[c]))
            return false;
    for (uint32_t k = 0; k < g->folds; k++)
        if (!mlpipe__products_load(g->sum + k * size, g->q - 1, in))
            return false;
    return !(g->shift[q - 1] < 0 || g->shift[q - 1] > 0);
}

bool mlpipe__gram_load(mlpipe__gram *g, mlpipe__env *env, uint32_t features,
                       uint32_t folds, mlpipe__cursor *in)
{
    *g = (mlpipe__gram){.env = env, .p = features, .q = features + 2,
                        .folds = folds};
    if (gram_get(g, in))
        return true;
    in->failed = true;
    mlpipe__gram_free(g);
    return false;
}
