/* SPDX-License-Identifier: MIT */
/*
 * What models.py needs of the library's inside: a shared library that holds
 * all of libmlpipe, so that ours and the peers take turns in one process and
 * read the same arrays.
 */
#include "model/model_internal.h"

/* Metrics by their names, of the same rows; the values into out. */
MLPIPE_API int32_t bench_metrics(mlpipe_ctx *ctx, const char *const *names,
                                 uint32_t count, const double *y,
                                 const double *p, const double *w, uint64_t n,
                                 uint32_t width, double *out)
{
    const mlpipe__scored s = {y, p, w, n, width};
    mlpipe__scoring g;
    mlpipe_status st = mlpipe__begin(ctx, "bench_metrics");
    if (st)
        return st;
    st = mlpipe__scoring_init(&g, ctx, &s);
    for (uint32_t i = 0; !st && i < count; i++) {
        mlpipe_figure f;
        st = mlpipe__scoring_value(&g, mlpipe__metric_find(names[i]), &f);
        out[i] = f.value;
    }
    mlpipe__scoring_free(&g);
    return mlpipe__end(ctx, st);
}
