/* SPDX-License-Identifier: MIT */
/*
 * What features.py needs of the library's inside: a shared library that holds
 * all of libmlpipe, so that ours and the peers take turns in one process and
 * read the same arrays.
 */
#include <time.h>

#include "augment/augment_internal.h"
#include "model/model_internal.h"
#include "report/report_internal.h"

enum { BENCH_CHUNK = 64 }; /* rows between two looks at the clock */

static double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The outputs of all rows: binding, blocks, program; no dataset is built. */
MLPIPE_API int32_t bench_apply(mlpipe_ctx *ctx, const mlpipe_transform *t,
                               const mlpipe_dataset *d, double *out)
{
    mlpipe__binding b;
    mlpipe_status st = mlpipe__begin(ctx, "bench_apply");

    if (!st)
        st = mlpipe__bind_dataset(ctx, t->model->program, d,
                                  t->model->time_column, &b);
    if (!st) {
        st = mlpipe__program_apply(ctx, "bench", t->model->program, &b, d,
                                   out);
        mlpipe__binding_free(&b);
    }
    return mlpipe__end(ctx, st);
}

/* Row by row; ns gets nanoseconds a row of each chunk. */
MLPIPE_API void bench_rows(const mlpipe_predictor *p, void *scratch,
                           const double *rows, size_t inputs, size_t n,
                           double *out, size_t outputs, double *ns)
{
    for (size_t i = 0; i + BENCH_CHUNK <= n; i += BENCH_CHUNK) {
        const double from = bench_now();

        for (size_t k = i; k < i + BENCH_CHUNK; k++)
            mlpipe_predict_row(p, scratch, rows + k * inputs,
                               out + k * outputs);
        *ns++ = (bench_now() - from) / BENCH_CHUNK;
    }
}

static void bench_write(const mlpipe__resample *r, double *out)
{
    for (uint32_t i = 0; i < r->added_count; i++) {
        const mlpipe__added_row *row = &r->added[i];
        const double *a = r->x + (size_t)row->a * r->features;
        const double *b = r->x + (size_t)row->b * r->features;

        for (uint32_t c = 0; c < r->features; c++)
            *out++ = mlpipe__between(a[c], b[c], row->u, r->between[c]);
    }
}

static mlpipe_status bench_resample(mlpipe_ctx *ctx, mlpipe__resample *r,
                                    double *out)
{
    const mlpipe__step *step = &mlpipe__step_smote;
    mlpipe__params params;
    mlpipe_report *notes;
    mlpipe_status st = mlpipe__params_parse(
        ctx, step->name, step->params, step->param_count, NULL, &params);

    if (st)
        return st;
    notes = mlpipe__report_new(ctx->env, "notes");
    mlpipe__job job = {.ctx = ctx, .step = step, .name = step->name,
                       .params = &params, .seed = 1, .notes = notes,
                       .task = MLPIPE__TASK_BINARY};
    st = notes ? step->resample(&job, r) : mlpipe__nomem(ctx);
    if (!st)
        bench_write(r, out);
    mlpipe__free(ctx->env, r->added);
    mlpipe_report_free(notes);
    mlpipe__params_free(&params);
    return st;
}

/* The step smote over rows x features: out gets the new rows. */
MLPIPE_API int32_t bench_smote(mlpipe_ctx *ctx, const double *x,
                               const double *y, uint32_t rows,
                               uint32_t features, double *out,
                               uint32_t *added)
{
    const mlpipe__var var = {.name = (char *)"x", .feature = true,
                             .kind = MLPIPE__NUMBER};
    mlpipe__env *env = ctx->env;
    const mlpipe__var **vars =
        mlpipe__alloc_array(env, features, sizeof *vars);
    uint8_t *flags = mlpipe__alloc(env, (size_t)rows * (features + 1));
    uint8_t *between = mlpipe__alloc(env, features);
    uint64_t *ids = mlpipe__alloc_array(env, rows, sizeof *ids);
    mlpipe__resample r = {.rows = rows, .features = features, .vars = vars,
                          .target = y, .ids = ids, .x = x, .valid = flags,
                          .between = between};
    mlpipe_status st = mlpipe__begin(ctx, "bench_smote");

    if (!st && vars && flags && between && ids) {
        memset(flags, 1, (size_t)rows * (features + 1));
        r.keep = flags + (size_t)rows * features;
        for (uint32_t c = 0; c < features; c++)
            vars[c] = &var;
        for (uint32_t i = 0; i < rows; i++)
            ids[i] = i;
        st = bench_resample(ctx, &r, out);
    }
    *added = r.added_count;
    mlpipe__free(env, ids);
    mlpipe__free(env, between);
    mlpipe__free(env, flags);
    mlpipe__free(env, (void *)vars);
    return mlpipe__end(ctx, st);
}
