/* SPDX-License-Identifier: MIT */
/* How often an interval, or a set of classes, holds the truth, and how wide
 * it is: what a recipe with conformal promises. */
#include "evaluate_types.h"
#include "fit_types.h"

/* The normal distribution's 97.5 % point. */
static const double intervals_z = 1.959963984540054;

typedef struct intervals_row {
    double held; /* 1 where the truth is inside */
    double size; /* width, or how many classes */
} intervals_row;

static intervals_row intervals_of(const mlpipe_model *m, const double *ends,
                                  double y)
{
    intervals_row row = {0.0, 0.0};
    if (m->task == MLPIPE__TASK_REGRESSION) {
        row.held = ends[0] <= y && y <= ends[1] ? 1.0 : 0.0;
        row.size = ends[1] - ends[0];
        return row;
    }
    row.held = ends[(uint32_t)y];
    for (uint32_t k = 0; k < m->classes.count; k++)
        row.size += ends[k];
    return row;
}

static void intervals_tell(const mlpipe_model *m, const mlpipe__evaluated *e,
                           const double *held, const double *size,
                           mlpipe_report *r)
{
    const double n = (double)mlpipe__weighted_rows(e->weight, e->n);
    const mlpipe__mean share =
        mlpipe__mean_of(held, e->weight, e->n, false);
    const mlpipe__mean mean = mlpipe__mean_of(size, e->weight, e->n, true);
    mlpipe_figure f = {share.value, mlpipe__nan(), mlpipe__nan(), n};
    mlpipe__metric_wilson(&f, n);
    mlpipe__report_number(r, "level", m->level);
    mlpipe__report_figure(r, "coverage", &f);
    f = (mlpipe_figure){mean.value, mean.value - intervals_z * mean.se,
                        mean.value + intervals_z * mean.se, n};
    mlpipe__report_figure(
        r,
        m->task == MLPIPE__TASK_REGRESSION ? "interval_width" : "set_size",
        &f);
}

mlpipe_status mlpipe__evaluate_intervals(mlpipe_ctx *ctx,
                                         const mlpipe_model *m,
                                         const mlpipe_dataset *d,
                                         const mlpipe__evaluated *e,
                                         mlpipe_report *r)
{
    const uint32_t width = mlpipe__model_width(m);
    const uint32_t ends = mlpipe__model_ends(m);
    mlpipe__env *env = ctx->env;
    double *out = NULL, *held = NULL;
    mlpipe__binding binding;
    mlpipe_status st;
    if (!(m->level > 0))
        return MLPIPE_OK;
    st = mlpipe__bind_dataset(ctx, m->program, d, m->time_column, &binding);
    if (st)
        return st;
    out = mlpipe__alloc_array(env, (size_t)d->rows, ends * sizeof *out);
    held = mlpipe__alloc_array(env, (size_t)e->n, 2 * sizeof *held);
    st = out && held ? mlpipe__predict_rows(ctx, "evaluate", m->program,
                                            &binding, d, ends, out)
                     : mlpipe__nomem(ctx);
    for (uint64_t i = 0; !st && i < e->n; i++) {
        const intervals_row row =
            intervals_of(m, out + (size_t)e->row[i] * ends + width,
                         e->target[i]);
        held[i] = row.held;
        held[e->n + i] = row.size;
    }
    if (!st)
        intervals_tell(m, e, held, held + e->n, r);
    mlpipe__free(env, held);
    mlpipe__free(env, out);
    mlpipe__binding_free(&binding);
    return st;
}
