/* SPDX-License-Identifier: MIT */
/*
 * What models.py needs of the library's inside: a shared library that holds
 * all of libmlpipe. A step is planned over the arrays of the peers, whose
 * values it gets as the planner would give them, and no dataset is built.
 */
#include "feature/kmeans_types.h"
#include "model/model_internal.h"
#include "report/report_internal.h"

static const mlpipe__step *bench_step_find(const char *name)
{
    const mlpipe__step *s;

    for (uint32_t i = 0; (s = mlpipe__step_at(i)); i++)
        if (!strcmp(s->name, name))
            break;
    return s;
}

static mlpipe_status bench_step_run(mlpipe__job *job,
                                    const mlpipe__values *values)
{
    mlpipe_status st = job->step->select(job);

    job->values = values;
    if (!st)
        st = job->step->emit(job);
    mlpipe__free(job->ctx->env, job->chosen);
    mlpipe__free(job->ctx->env, job->needs);
    return st;
}

static mlpipe_status bench_step_plan(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                     uint32_t d)
{
    const mlpipe__var like = {.kind = MLPIPE__NUMBER, .feature = true};
    mlpipe_status st = MLPIPE_OK;

    plan->env = ctx->env;
    plan->program = mlpipe__program_new(ctx->env);
    if (!plan->program)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < d && !st; i++) {
        mlpipe__var *v;
        char name[16];

        mlpipe__format(name, sizeof name, "x%u", i);
        st = mlpipe__plan_add(
            ctx, plan, &like, name,
            mlpipe__program_add_input(plan->program, name, MLPIPE_TYPE_F64, 0,
                                      MLPIPE__NUMBER, NULL),
            &v);
    }
    return st;
}

/* Fits a step to n rows of d values; w may be NULL. gives: notes */
MLPIPE_API int32_t bench_step(mlpipe_ctx *ctx, const char *name,
                              const char *text, const double *x,
                              const double *w, uint32_t n, uint32_t d,
                              uint64_t seed, mlpipe_report **notes)
{
    const mlpipe__step *step = bench_step_find(name);
    uint64_t *none = mlpipe__alloc_array(ctx->env, d, sizeof *none);
    const mlpipe__values values = {.env = ctx->env,
                                   .rows = n,
                                   .columns = d,
                                   .x = (double *)(uintptr_t)x,
                                   .weight = (double *)(uintptr_t)w,
                                   .nulls = none,
                                   .infinite = none,
                                   .largest = (double *)none};
    mlpipe__plan plan = {0};
    mlpipe__params params;
    mlpipe_report *told = mlpipe__report_new(ctx->env, "notes");
    mlpipe_status st = mlpipe__begin(ctx, "bench_step");

    if (!st && (!none || !told))
        st = mlpipe__nomem(ctx);
    if (!st)
        st = bench_step_plan(ctx, &plan, d);
    if (!st)
        st = mlpipe__params_parse(ctx, name, step->params, step->param_count,
                                  text, &params);
    if (!st) {
        mlpipe__job job = {.ctx = ctx, .step = step, .name = name,
                           .params = &params, .plan = &plan, .seed = seed,
                           .notes = told};
        st = bench_step_run(&job, &values);
        mlpipe__params_free(&params);
    }
    mlpipe__plan_free(&plan);
    if (plan.program)
        mlpipe__program_free(plan.program);
    mlpipe__free(ctx->env, none);
    if (!st)
        return mlpipe__end(ctx, mlpipe__report_seal(ctx, told, notes));
    mlpipe_report_free(told);
    return mlpipe__end(ctx, st);
}

/* k-means from given starts (NULL: drawn); centre: k x d, gets the centres.
 * figures: inertia, iterations. */
MLPIPE_API int32_t bench_kmeans(mlpipe_ctx *ctx, const double *x,
                                const double *w, uint32_t n, uint32_t d,
                                uint32_t k, const double *start,
                                uint32_t iterations, double tol,
                                uint64_t seed, double *centre,
                                double *figures)
{
    const mlpipe__kmeans_options o = {.k = k,
                                      .repeats = 1,
                                      .iterations = iterations,
                                      .tol = tol,
                                      .seed = seed,
                                      .start = start};
    mlpipe__kmeans fit = {0};
    mlpipe_status st = mlpipe__begin(ctx, "bench_kmeans");

    if (!st)
        st = mlpipe__kmeans_fit(ctx, "bench", x, w, n, d, &o, &fit);
    if (!st) {
        memcpy(centre, fit.centre, (size_t)fit.k * d * sizeof *centre);
        figures[0] = fit.inertia;
        figures[1] = fit.iterations;
    }
    mlpipe__kmeans_free(&fit);
    return mlpipe__end(ctx, st);
}
