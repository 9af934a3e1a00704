/* SPDX-License-Identifier: MIT */
/*
 * A fit, from the recipe and rows to a model: which rows, the plan, the
 * learner, the way back to the target's own units, the reference.
 */
#include "fit_types.h"

/* ---- the jobs of the recipe --------------------------------------------- */

static mlpipe_status fit_jobs(mlpipe__fitting *f)
{
    const mlpipe_pipeline *p = f->recipe;
    uint32_t i;
    if (!p->step_count || !p->steps[p->step_count - 1].learner)
        return mlpipe__fail(f->ctx, MLPIPE_E_STATE,
                            "the recipe has no learner; add one, such as "
                            "gbt or ridge, as its last step");
    f->learner = &p->steps[p->step_count - 1];
    f->steps = mlpipe__alloc_array(f->ctx->env, p->step_count - 1,
                                   sizeof *f->steps);
    if (!f->steps)
        return mlpipe__nomem(f->ctx);
    f->step_count = p->step_count - 1;
    for (i = 0; i < f->step_count; i++) {
        const mlpipe__recipe_step *s = &p->steps[i];
        f->steps[i].job = (mlpipe__job){
            .ctx = f->ctx,
            .step = s->step,
            .name = s->name,
            .params = &s->params,
            .plan = &f->plan,
            .seed = mlpipe__hash64(s->name, strlen(s->name), f->model->seed),
        };
    }
    return MLPIPE_OK;
}

static mlpipe_status fit_start(mlpipe__fitting *f)
{
    const mlpipe__setting *seed =
        mlpipe__params_get(&f->recipe->params, "seed");
    mlpipe__env *env = f->ctx->env;
    mlpipe__text recipe;
    mlpipe_model *m = mlpipe__model_new(env);
    if (!m)
        return mlpipe__nomem(f->ctx);
    f->model = m;
    m->seed = seed->text[0] ? (uint64_t)seed->integer : f->ctx->seed;
    m->program = mlpipe__program_new(env);
    if (!m->program)
        return mlpipe__nomem(f->ctx);
    f->inputs.env = f->plan.env = env;
    f->inputs.program = f->plan.program = m->program;
    mlpipe__text_init(&recipe, env);
    mlpipe__pipeline_write(f->recipe, &recipe);
    if (!recipe.failed) {
        m->recipe = mlpipe__strdup(env, recipe.data, recipe.size);
        m->recipe_bytes = recipe.size;
    }
    mlpipe__text_free(&recipe);
    f->notes = mlpipe__report_new(env, "fit");
    if (!m->recipe || !f->notes)
        return mlpipe__nomem(f->ctx);
    return fit_jobs(f);
}

static void fit_free(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    uint32_t i;
    for (i = 0; i < f->step_count; i++) {
        mlpipe__free(env, f->steps[i].job.chosen);
        mlpipe__free(env, f->steps[i].job.needs);
        mlpipe__free(env, f->steps[i].stats);
    }
    mlpipe__free(env, f->steps);
    for (i = 0; i < f->cache_count; i++) {
        mlpipe__stats_free(&f->cache[i]->stats);
        mlpipe__free(env, f->cache[i]);
    }
    mlpipe__free(env, f->cache);
    mlpipe__plan_free(&f->inputs);
    mlpipe__plan_free(&f->plan);
    mlpipe__fit_rows_free(env, &f->train);
    mlpipe__fit_rows_free(env, &f->held);
    mlpipe_dataset_free(f->whole);
    mlpipe__free(env, f->features);
    mlpipe__free(env, f->regs);
    mlpipe_report_free(f->notes);
    mlpipe_model_free(f->model);
}

/* ---- the learner and what follows it ------------------------------------ */

static mlpipe_status fit_fingerprint(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     char out[33])
{
    mlpipe__hash128 hash;
    const mlpipe_status st = mlpipe__dataset_hash(ctx, d, &hash);
    if (!st)
        mlpipe__hash_hex(hash, out);
    return st;
}

/* Sorted hashes of the rows that the learner sees. */
static mlpipe_status fit_train_ids(mlpipe__fitting *f)
{
    mlpipe_model *m = f->model;
    mlpipe__env *env = f->ctx->env;
    const size_t rows = (size_t)f->train.data->rows;
    uint64_t *scratch = mlpipe__alloc_array(env, rows, sizeof *scratch);
    mlpipe_status st;
    m->train_ids = mlpipe__alloc_array(env, rows, sizeof *m->train_ids);
    if (!scratch || !m->train_ids) {
        mlpipe__free(env, scratch);
        return mlpipe__nomem(f->ctx);
    }
    m->train_id_count = rows;
    st = mlpipe__model_row_hashes(f->ctx, m, f->train.data, m->train_ids);
    if (!st)
        mlpipe__sort_u64(m->train_ids, rows, scratch);
    mlpipe__free(env, scratch);
    return st;
}

/* The mean of the target in its own units: what a baseline would say. */
static mlpipe_status fit_baseline(mlpipe__fitting *f)
{
    const size_t rows = (size_t)f->train.data->rows;
    double *y = mlpipe__alloc_array(f->ctx->env, rows, sizeof *y);
    mlpipe__exact sum;
    mlpipe_status st;
    size_t i;
    if (!y)
        return mlpipe__nomem(f->ctx);
    st = mlpipe__model_target(f->ctx, f->model, f->train.data, y);
    mlpipe__exact_init(&sum);
    for (i = 0; !st && i < rows; i++)
        mlpipe__exact_add(&sum, y[i]);
    if (!st)
        f->model->baseline = mlpipe__exact_mean(&sum, rows);
    mlpipe__free(f->ctx->env, y);
    return st;
}

/* From the learner's raw output to the target's own units. */
static mlpipe_status fit_tail(mlpipe__fitting *f, uint32_t reg)
{
    static const double not_negative[] = {0.0, 0x1.fffffffffffffp1023};
    mlpipe_model *m = f->model;
    mlpipe__program *p = m->program;
    mlpipe__text name;
    mlpipe__text_init(&name, f->ctx->env);
    if (m->inverse == MLPIPE__OP_SQUARE) /* a root is never negative */
        reg = mlpipe__program_op(p, MLPIPE__OP_CLAMP, reg, 0,
                                 mlpipe__program_const(p, not_negative, 2),
                                 0, 1);
    if (m->inverse)
        reg = mlpipe__program_op(p, m->inverse, reg, 0, 0, 0, 1);
    if (m->task == MLPIPE__TASK_BINARY)
        mlpipe__text_add(&name, "P(%s)", mlpipe__dict_text(&m->classes, 1));
    else
        mlpipe__text_add(&name, "%s", m->target);
    if (!name.failed)
        mlpipe__program_add_output(p, name.data, reg);
    p->failed = p->failed || name.failed;
    mlpipe__text_free(&name);
    return mlpipe__program_seal(f->ctx, p);
}

static mlpipe_status fit_learn(mlpipe__fitting *f)
{
    const mlpipe__learner *learner = f->learner->learner;
    mlpipe__fit_job job = {
        .ctx = f->ctx,
        .params = &f->learner->params,
        .name = f->learner->name,
        .task = f->model->task,
        .seed = f->model->seed,
        .train = &f->train.frame,
        .valid = f->held.data ? &f->held.frame : NULL,
        .notes = f->notes,
        .program = f->model->program,
        .regs = f->regs,
    };
    mlpipe_status st = mlpipe__fit_frame(f, &f->train, true);
    if (!st && f->held.data)
        st = mlpipe__fit_frame(f, &f->held, false);
    if (st)
        return st;
    f->model->program->front_ops = f->front_ops;
    st = learner->fit(&job);
    if (!st && f->model->program->failed)
        st = mlpipe__nomem(f->ctx);
    f->model->any_machine = learner != &mlpipe__learner_ridge ||
                            !strcmp(mlpipe__blas_name(), "none");
    return st ? st : fit_tail(f, job.out);
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status fit_bind(mlpipe__fitting *f)
{
    mlpipe_status st = mlpipe__bind_dataset(f->ctx, f->model->program,
                                            f->given, &f->train.binding);
    if (!st && f->held.data)
        st = mlpipe__bind_dataset(f->ctx, f->model->program,
                                  f->given_valid ? f->given_valid : f->given,
                                  &f->held.binding);
    return st;
}

static mlpipe_status fit_describe(mlpipe__fitting *f)
{
    mlpipe_model *m = f->model;
    mlpipe_status st;
    m->train_rows = (uint64_t)f->train.data->rows;
    m->valid_rows = f->held.data ? (uint64_t)f->held.data->rows : 0;
    st = fit_fingerprint(f->ctx, f->given, m->train_print);
    if (!st && f->given_valid)
        st = fit_fingerprint(f->ctx, f->given_valid, m->valid_print);
    if (!st)
        st = fit_train_ids(f);
    if (!st)
        st = fit_baseline(f);
    if (!st)
        st = mlpipe__fit_reference(f);
    if (st)
        return st;
    mlpipe__fit_notes(f);
    st = mlpipe__report_seal(f->ctx, f->notes, &m->notes);
    f->notes = NULL;
    return st;
}

static mlpipe_status fit_info(mlpipe__fitting *f, uint64_t started)
{
    mlpipe__env *env = f->ctx->env;
    const uint64_t now = env->clock_ns ? env->clock_ns(env->user) : 0;
    mlpipe__text info;
    mlpipe__text_init(&info, env);
    mlpipe__model_info(f->ctx, now - started, &info);
    if (!info.failed)
        f->model->info = mlpipe__strdup(env, info.data, info.size);
    mlpipe__text_free(&info);
    return f->model->info ? MLPIPE_OK : mlpipe__nomem(f->ctx);
}

static mlpipe_status fit_run(mlpipe__fitting *f, mlpipe_model **out)
{
    mlpipe__env *env = f->ctx->env;
    const uint64_t started = env->clock_ns ? env->clock_ns(env->user) : 0;
    mlpipe_status st = fit_start(f);
    if (!st)
        st = mlpipe__poll(f->ctx, "fit", 0, 1);
    if (!st)
        st = mlpipe__fit_schema(f);
    if (!st)
        st = mlpipe__fit_choose_rows(f);
    if (!st)
        st = mlpipe__fit_inputs(f);
    if (!st && f->given_valid)
        st = mlpipe__fit_check_leak(f);
    if (!st)
        st = fit_bind(f);
    if (!st)
        st = mlpipe__fit_plan(f);
    if (!st)
        st = fit_learn(f);
    if (!st)
        st = fit_describe(f);
    if (!st)
        st = fit_info(f, started);
    if (!st)
        st = mlpipe__model_identify(f->ctx, f->model);
    if (!st) {
        *out = f->model;
        f->model = NULL;
    }
    return st;
}

mlpipe_status mlpipe_fit(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                         const mlpipe_dataset *train,
                         const mlpipe_dataset *valid, mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_fit");
    if (out)
        *out = NULL;
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !train)
        st = mlpipe__null_arg(ctx, "train");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st) {
        mlpipe__fitting f = {.ctx = ctx,
                             .recipe = pipeline,
                             .given = train,
                             .given_valid = valid};
        st = fit_run(&f, out);
        fit_free(&f);
    }
    return mlpipe__end(ctx, st);
}
