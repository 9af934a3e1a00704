/* SPDX-License-Identifier: MIT */
/* Two models on the same rows, by a paired test of a metric's losses. */
#include "validate_internal.h"

/* Student's t on the differences of the losses, row by row. */
static mlpipe_status compare_paired_t(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const mlpipe__scored *sa,
                                      const mlpipe__scored *sb,
                                      mlpipe__comparison *out)
{
    const uint64_t n = sa->n;
    double *a = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *a);
    double *b = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *b);
    mlpipe_status st = MLPIPE_OK;
    if (a && b) {
        mlpipe__metric_losses(metric, sa, a);
        mlpipe__metric_losses(metric, sb, b);
        mlpipe__paired(b, a, n, &out->mean, &out->se, &out->p);
    } else {
        st = mlpipe__nomem(ctx);
    }
    mlpipe__free(ctx->env, a);
    mlpipe__free(ctx->env, b);
    return st;
}

bool mlpipe__comparable(const mlpipe__metric *metric, uint32_t width)
{
    return mlpipe__metric_has_loss(metric, width);
}

mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const mlpipe__scored *sa,
                              const mlpipe__scored *sb,
                              mlpipe__comparison *out)
{
    mlpipe_figure a, b;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    if (!mlpipe__comparable(metric, sa->width))
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "no paired test is known for %s; compare by "
                            "%s instead",
                            metric->name,
                            mlpipe__task_metric(metric->tasks));
    if (sa->n < 2)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "two models cannot be compared on %llu rows",
                            (unsigned long long)sa->n);
    st = mlpipe__metric_value(ctx, metric, sa, &a);
    if (!st)
        st = mlpipe__metric_value(ctx, metric, sb, &b);
    if (!st)
        st = compare_paired_t(ctx, metric, sa, sb, out);
    if (st)
        return st;
    out->a = a.value;
    out->b = b.value;
    out->n = sa->n;
    out->test = "paired t of losses";
    return MLPIPE_OK;
}
