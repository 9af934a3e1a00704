/* SPDX-License-Identifier: MIT */
/*
 * What models.py needs of the library's inside: a learner by name over the
 * arrays of the peers, so that ours and theirs fit the same numbers and no
 * dataset is built, and the path that cross-validation goes.
 */
#include "feature/kmeans_types.h"
#include "model/model_internal.h"
#include "report/report_internal.h"
#include "train/linear_types.h"

typedef struct bench_table {
    const double *const *x; /* columns */
} bench_table;

static void bench_read(const mlpipe__frame *frame, void *scratch,
                       int64_t start, uint32_t n, double *values,
                       uint8_t *valid)
{
    const bench_table *t = frame->user;

    (void)scratch;
    for (uint32_t f = 0; f < frame->features; f++)
        memcpy(values + (size_t)f * n, t->x[f] + start, n * sizeof *values);
    memset(valid, 1, (size_t)frame->features * n);
}

static mlpipe_status bench_learner(mlpipe__fit_job *job, const char *name,
                                   const char *text, double *model,
                                   mlpipe_report **notes)
{
    const mlpipe__learner *l = NULL;
    mlpipe__params params;
    mlpipe_status st;

    for (uint32_t i = 0; (l = mlpipe__learner_at(i)); i++)
        if (!strcmp(l->name, name))
            break;
    if (!l)
        return mlpipe__fail(job->ctx, MLPIPE_E_NOT_FOUND, "no learner %q",
                            name);
    st = mlpipe__params_parse(job->ctx, name, l->params, l->param_count, text,
                              &params);
    if (st)
        return st;
    job->name = name;
    job->params = &params;
    job->notes = mlpipe__report_new(job->ctx->env, "notes");
    st = job->notes ? l->fit(job) : mlpipe__nomem(job->ctx);
    mlpipe__params_free(&params);
    if (!st) {
        const size_t width = (size_t)job->train->features + 1;
        for (uint32_t i = 0; i < job->program->op_count; i++) {
            const mlpipe__op *op = &job->program->ops[i];
            if (op->code != MLPIPE__OP_LINEAR)
                continue;
            memcpy(model, job->program->consts + op->b,
                   width * sizeof *model);
            model += width;
        }
        return mlpipe__report_seal(job->ctx, job->notes, notes);
    }
    mlpipe_report_free(job->notes);
    return st;
}

/*
 * Fit of n rows of p columns. task: MLPIPE__TASK_; w may be NULL. model: p + 1
 * numbers of each linear form of the fit: one, or one a class where there are
 * three or more. The report is the caller's.
 */
MLPIPE_API int32_t bench_learn(mlpipe_ctx *ctx, const char *name,
                               const char *text, uint32_t task,
                               uint32_t classes, const double *const *x,
                               const double *y, const double *w, int64_t n,
                               uint32_t p, double *model,
                               mlpipe_report **notes)
{
    bench_table t = {x};
    mlpipe__frame frame = {.rows = n, .features = p, .target = y, .weight = w,
                           .scratch_bytes = 8, .read = bench_read,
                           .user = &t};
    mlpipe__feature *feature;
    mlpipe__fit_job job = {.ctx = ctx, .task = task, .classes = classes,
                           .seed = 1, .train = &frame,
                           .raw = MLPIPE__NO_REG};
    mlpipe_status st = mlpipe__begin(ctx, "bench_learn");
    uint64_t *ids;
    uint32_t *regs;

    if (st)
        return mlpipe__end(ctx, st);
    feature = mlpipe__alloc_array(ctx->env, p, sizeof *feature);
    ids = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *ids);
    regs = mlpipe__alloc_array(ctx->env, p, sizeof *regs);
    job.program = mlpipe__program_new(ctx->env);
    if (!feature || !ids || !regs || !job.program)
        st = mlpipe__nomem(ctx);
    for (int64_t i = 0; i < n && !st; i++)
        ids[i] = (uint64_t)i;
    for (uint32_t f = 0; f < p && !st; f++) {
        char column[16];
        mlpipe__format(column, sizeof column, "x%u", f);
        feature[f] = (mlpipe__feature){.name = "x", .kind = MLPIPE__NUMBER};
        regs[f] = mlpipe__program_add_input(job.program, column,
                                            MLPIPE_TYPE_F64, 0,
                                            MLPIPE__NUMBER, NULL);
    }
    frame.feature = feature;
    frame.ids = ids;
    job.regs = regs;
    if (!st)
        st = bench_learner(&job, name, text, model, notes);
    if (job.program)
        mlpipe__program_free(job.program);
    mlpipe__free(ctx->env, feature);
    mlpipe__free(ctx->env, ids);
    mlpipe__free(ctx->env, regs);
    return mlpipe__end(ctx, st);
}

/* Coefficients of `count` lambdas, falling, one behind the other. */
static mlpipe_status bench_path(mlpipe__fit_job *job, const double *lambdas,
                                uint32_t count, double tol, double *out)
{
    mlpipe__env *env = job->ctx->env;
    const uint32_t p = job->train->features;
    const mlpipe__linear l = {
        .kernel = mlpipe__gram_kernel_of(mlpipe__gram_width()),
        .tol = tol, .sweeps_max = 100000};
    mlpipe__moments m = {0};
    mlpipe__descent d = {0};
    mlpipe__gram g = {0};
    mlpipe_status st = mlpipe__gram_fit(job, true, 1, &g);
    double *sum = mlpipe__alloc_array(env, (size_t)g.q * g.q, sizeof *sum);

    if (!st && (!sum || !mlpipe__moments_init(env, p, &m)))
        st = mlpipe__nomem(job->ctx);
    if (!st)
        mlpipe__moments_fill(&g, UINT32_MAX, true, sum, &m);
    if (!st && !mlpipe__descent_init(env, &m, &l, &d))
        st = mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; i < count && !st; i++) {
        if (!mlpipe__descent_solve(&d, lambdas[i], 0))
            st = mlpipe__linear_not_reached(&l, lambdas[i], d.gap);
        memcpy(out + (size_t)i * p, d.w, p * sizeof *out);
    }
    mlpipe__free(env, sum);
    mlpipe__moments_free(env, &m);
    mlpipe__descent_free(env, &d);
    mlpipe__gram_free(&g);
    return st;
}

MLPIPE_API int32_t bench_lasso_path(mlpipe_ctx *ctx, const double *const *x,
                                    const double *y, int64_t n, uint32_t p,
                                    const double *lambdas, uint32_t count,
                                    double tol, double *out)
{
    bench_table t = {x};
    mlpipe__frame frame = {.rows = n, .features = p, .target = y,
                           .scratch_bytes = 8, .read = bench_read,
                           .user = &t};
    mlpipe__fit_job job = {.ctx = ctx, .name = "lasso", .train = &frame};
    mlpipe_status st = mlpipe__begin(ctx, "bench_lasso_path");

    if (!st)
        st = bench_path(&job, lambdas, count, tol, out);
    return mlpipe__end(ctx, st);
}

/* The upper triangle of x'x, q columns of n <= 4,096 rows, `turns` times: by
 * our kernel, or by BLAS. */
MLPIPE_API int32_t bench_gram(mlpipe_ctx *ctx, const double *x, uint32_t n,
                              uint32_t q, uint32_t turns, int32_t blas,
                              double *out)
{
    enum { STRIDE = 4616 };
    const mlpipe__gram_kernel *kernel =
        mlpipe__gram_kernel_of(mlpipe__gram_width());
    mlpipe_status st = mlpipe__begin(ctx, "bench_gram");
    double *copy, *lanes;

    if (st)
        return mlpipe__end(ctx, st);
    copy = mlpipe__alloc_array(ctx->env, (size_t)q + MLPIPE__GRAM_TILE,
                               STRIDE * sizeof *copy);
    lanes = mlpipe__alloc_array(ctx->env, mlpipe__gram_lanes(q),
                                sizeof *lanes);
    if (!copy || !lanes)
        st = mlpipe__nomem(ctx);
    for (uint32_t c = 0; c < q && !st; c++)
        memcpy(copy + (size_t)c * STRIDE, x + (size_t)c * n,
               n * sizeof *copy);
    for (uint32_t i = 0; i < turns && !st; i++) {
        memset(out, 0, (size_t)q * q * sizeof *out);
        if (blas)
            mlpipe__syrk(n, q, copy, STRIDE, out);
        else
            mlpipe__gram_add(kernel, copy, STRIDE, q, n, lanes, out);
    }
    mlpipe__free(ctx->env, copy);
    mlpipe__free(ctx->env, lanes);
    return mlpipe__end(ctx, st);
}

/* Two areas under the ROC curve and their difference, with its error. */
MLPIPE_API int32_t bench_delong(mlpipe_ctx *ctx, const double *y,
                                const double *a, const double *b, uint64_t n,
                                double *out)
{
    mlpipe__delong d;
    mlpipe_status st = mlpipe__begin(ctx, "bench_delong");

    if (!st)
        st = mlpipe__delong_test(ctx, y, a, b, NULL, n, &d);
    if (!st)
        memcpy(out, (double[]){d.auc_a, d.auc_b, d.difference, d.se},
               4 * sizeof *out);
    return mlpipe__end(ctx, st);
}

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
