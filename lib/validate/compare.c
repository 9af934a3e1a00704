/* SPDX-License-Identifier: MIT */
/* Two models on the same rows: which test speaks for which metric. */
#include "validate_internal.h"

typedef mlpipe_status (*compare_test)(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const double *y, const double *pa,
                                      const double *pb, uint64_t n,
                                      mlpipe__comparison *out);

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

/* The first row that fits a metric decides. */
static const struct {
    bool needs_loss; /* the metric ranks as the mean of a loss does */
    compare_test run;
    const char *name;
} compare_table[] = {
    {true, compare_paired_t, "paired t of losses"},
};
enum { COMPARE_COUNT = sizeof compare_table / sizeof *compare_table };

static uint32_t compare_find(const mlpipe__metric *metric)
{
    uint32_t i = 0;
    while (i < COMPARE_COUNT && compare_table[i].needs_loss && !metric->loss)
        i++;
    return i;
}

bool mlpipe__comparable(const mlpipe__metric *metric)
{
    return compare_find(metric) < COMPARE_COUNT;
}

mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const double *y, const double *pa,
                              const double *pb, uint64_t n,
                              mlpipe__comparison *out)
{
    const uint32_t row = compare_find(metric);
    mlpipe_figure a, b;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    if (row == COMPARE_COUNT)
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
        st = compare_table[row].run(ctx, metric, y, pa, pb, n, out);
    if (st)
        return st;
    out->a = a.value;
    out->b = b.value;
    out->n = n;
    out->test = compare_table[row].name;
    return MLPIPE_OK;
}
