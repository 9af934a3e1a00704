/* SPDX-License-Identifier: MIT */
/* Two models on the same rows, by a paired test of a metric's losses. */
#include "validate_internal.h"

/* Student's t on the differences of the losses, row by row. */
static mlpipe_status compare_paired_t(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const double *y, const double *pa,
                                      const double *pb, uint64_t n,
                                      mlpipe__comparison *out)
{
    double *a = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *a);
    double *b = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *b);
    mlpipe_status st = MLPIPE_OK;
    uint64_t i;
    if (a && b) {
        for (i = 0; i < n; i++) {
            a[i] = metric->loss(y[i], pa[i]);
            b[i] = metric->loss(y[i], pb[i]);
        }
        mlpipe__paired(b, a, n, &out->mean, &out->se, &out->p);
    } else {
        st = mlpipe__nomem(ctx);
    }
    mlpipe__free(ctx->env, a);
    mlpipe__free(ctx->env, b);
    return st;
}

bool mlpipe__comparable(const mlpipe__metric *metric)
{
    return metric->loss != NULL;
}

mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const double *y, const double *pa,
                              const double *pb, uint64_t n,
                              mlpipe__comparison *out)
{
    mlpipe_figure a, b;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    if (!mlpipe__comparable(metric))
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "no paired test is known for %s; compare by "
                            "%s instead",
                            metric->name,
                            mlpipe__task_metric(metric->tasks));
    if (n < 2)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "two models cannot be compared on %llu rows",
                            (unsigned long long)n);
    st = mlpipe__metric_value(ctx, metric, y, pa, NULL, n, &a);
    if (!st)
        st = mlpipe__metric_value(ctx, metric, y, pb, NULL, n, &b);
    if (!st)
        st = compare_paired_t(ctx, metric, y, pa, pb, n, out);
    if (st)
        return st;
    out->a = a.value;
    out->b = b.value;
    out->n = n;
    out->test = "paired t of losses";
    return MLPIPE_OK;
}
