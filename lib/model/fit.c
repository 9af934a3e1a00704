/* SPDX-License-Identifier: MIT */
/*
 * A fit, from the recipe and rows to a model: which rows, the plan, the
 * learner, the way back to the target's own units, the reference.
 */
#include "fit_types.h"

/* ---- the jobs of the recipe --------------------------------------------- */

/* A model needs a target and a learner, a transform neither. */
static mlpipe_status fit_check_recipe(mlpipe__fitting *f)
{
    const mlpipe_pipeline *p = f->recipe;
    uint32_t i;
    f->learner = mlpipe__pipeline_learner(p);
    if (f->transform && f->learner)
        return mlpipe__fail(f->ctx, MLPIPE_E_STATE,
                            "the recipe has the learner %q; a "
                            "transform is fitted from steps alone, a recipe "
                            "with a learner by mlpipe_fit",
                            f->learner->name);
    for (i = 0; f->transform && i < p->step_count; i++) {
        const mlpipe__step *step = p->steps[i].step;
        if (step->resample || step->copies)
            return mlpipe__fail(f->ctx, MLPIPE_E_CONFLICT,
                                "the step %q changes which rows a learner "
                                "sees, and a transform has none; leave it "
                                "out",
                                p->steps[i].name);
    }
    if (f->transform)
        return MLPIPE_OK;
    if (!p->target[0])
        return mlpipe__fail(f->ctx, MLPIPE_E_STATE,
                            "the recipe has no target; give target=<column> "
                            "to mlpipe_pipeline_new");
    if (!f->learner)
        return mlpipe__fail(f->ctx, MLPIPE_E_STATE,
                            "the recipe has no learner; add one, such as "
                            "gbt or ridge, as its last step");
    return MLPIPE_OK;
}

/* Roles that recipes have a word for and that no fit heeds as yet: what would
 * be left out in silence is refused. */
static mlpipe_status fit_check_roles(const mlpipe__fitting *f)
{
    static const struct {
        const char *role, *instead;
    } reserved[] = {
        {"known_time", "take rows that were not known in time out of the "
                       "dataset"},
        {"split", "give the fit its training and validation rows as two "
                  "datasets"},
        {"key", "leave the column out of features="},
    };
    for (uint32_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        const char *column =
            mlpipe__pipeline_role(f->recipe, reserved[i].role);
        if (!column[0])
            continue;
        mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                     "the recipe has %s=%s, and that role is reserved: no "
                     "fit heeds it yet; take it out, and %s",
                     reserved[i].role, column, reserved[i].instead);
        return mlpipe__fail_at(f->ctx, -1, column);
    }
    return MLPIPE_OK;
}

static mlpipe_status fit_jobs(mlpipe__fitting *f)
{
    const mlpipe_pipeline *p = f->recipe;
    mlpipe_status st = fit_check_recipe(f);
    uint32_t i;
    if (!st)
        st = fit_check_roles(f);
    if (!st)
        st = mlpipe__fit_offset_learner(f);
    if (st)
        return st;
    const uint32_t count =
        f->learner ? (uint32_t)(f->learner - p->steps) : p->step_count;
    f->steps = mlpipe__alloc_array(f->ctx->env, count, sizeof *f->steps);
    if (!f->steps)
        return mlpipe__nomem(f->ctx);
    f->step_count = count;
    for (i = 0; i < count; i++) {
        const mlpipe__recipe_step *s = &p->steps[i];
        f->steps[i].job = (mlpipe__job){
            .ctx = f->ctx,
            .step = s->step,
            .name = s->name,
            .params = &s->params,
            .plan = &f->plan,
            .notes = f->notes,
            .target = p->target,
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
    mlpipe__text_init(&f->passes_text, env);
    f->step_now = UINT32_MAX;
    f->offset = MLPIPE__NO_REG;
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

static void fit_free_groups(mlpipe__env *env, mlpipe__fit_step *s)
{
    uint32_t i;
    for (i = 0; s->groups && i < s->group_count; i++)
        if (s->groups[i].env)
            mlpipe__groups_free(&s->groups[i]);
    mlpipe__free(env, s->groups);
}

static void fit_free(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    uint32_t i;
    for (i = 0; i < f->step_count; i++) {
        mlpipe__free(env, f->steps[i].job.chosen);
        mlpipe__free(env, f->steps[i].job.needs);
        mlpipe__free(env, f->steps[i].stats);
        fit_free_groups(env, &f->steps[i]);
        mlpipe__fit_values_free(&f->steps[i].values);
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
    mlpipe__text_free(&f->passes_text);
    mlpipe__free(env, f->marks);
    mlpipe__fit_rows_free(env, &f->learn);
    mlpipe__fit_rows_free(env, &f->held);
    mlpipe_dataset_free(f->whole);
    mlpipe_dataset_free(f->proper);
    mlpipe_dataset_free(f->withheld);
    mlpipe_dataset_free(f->taught);
    mlpipe__free(env, f->features);
    mlpipe__free(env, f->regs);
    mlpipe__free(env, f->between);
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

/* The hashes of some rows, behind those that are there. */
static mlpipe_status fit_hash_rows(mlpipe__fitting *f, const mlpipe_dataset *d,
                                   mlpipe__row_by by)
{
    mlpipe_model *m = f->model;
    const uint64_t at = m->train_id_count;
    m->train_id_count += (uint64_t)d->rows;
    return mlpipe__model_row_hashes(f->ctx, m, d, by, m->train_ids + at);
}

/* Sorted hashes of the rows that the learner sees, of those that were dropped
 * after their targets had taught a step, and of those that a tail was fitted
 * on. */
static mlpipe_status fit_train_ids(mlpipe__fitting *f)
{
    mlpipe_model *m = f->model;
    mlpipe__env *env = f->ctx->env;
    const mlpipe_dataset *known = f->taught ? f->taught : f->train.data;
    const uint32_t marks = mlpipe__model_row_marks(m);
    const size_t more = f->withheld ? (size_t)f->withheld->rows : 0;
    const size_t hashes = (size_t)known->rows * marks + more;
    uint64_t *scratch = mlpipe__alloc_array(env, hashes, sizeof *scratch);
    mlpipe_status st;
    m->train_ids = mlpipe__alloc_array(env, hashes, sizeof *m->train_ids);
    st = scratch && m->train_ids ? MLPIPE_OK : mlpipe__nomem(f->ctx);
    if (!st)
        st = fit_hash_rows(f, known, m->steps_only ? MLPIPE__ROW_BY_PLACE
                                                   : MLPIPE__ROW_BY_TARGET);
    if (!st && marks > 1)
        st = fit_hash_rows(f, known, MLPIPE__ROW_BY_NAME);
    if (!st && more)
        st = fit_hash_rows(f, f->withheld, MLPIPE__ROW_BY_TARGET);
    if (!st)
        mlpipe__sort_u64(m->train_ids, hashes, scratch);
    mlpipe__free(env, scratch);
    return st;
}

/* sum(w y) / sum(w). */
static double fit_weighted_mean(const double *y, const double *w, size_t rows)
{
    mlpipe__exact sum, all;
    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&all);
    for (size_t i = 0; i < rows; i++) {
        mlpipe__exact_add_product(&sum, w[i], y[i]);
        mlpipe__exact_add(&all, w[i]);
    }
    return mlpipe__exact_value(&sum) / mlpipe__exact_value(&all);
}

static double fit_mean(const double *y, size_t rows)
{
    mlpipe__exact sum;
    mlpipe__exact_init(&sum);
    for (size_t i = 0; i < rows; i++)
        mlpipe__exact_add(&sum, y[i]);
    return mlpipe__exact_mean(&sum, rows);
}

/* The mean of the target in its own units, weighted as the scores beside it
 * are: what a baseline would say. */
static mlpipe_status fit_baseline(mlpipe__fitting *f)
{
    const bool weighted = f->model->weight_column[0];
    const mlpipe_dataset *d = f->train.data;
    const size_t rows = (size_t)d->rows;
    mlpipe__env *env = f->ctx->env;
    double *y = mlpipe__alloc_array(env, rows, sizeof *y);
    double *w = weighted ? mlpipe__alloc_array(env, rows, sizeof *w) : NULL;
    mlpipe_status st = y && (w || !weighted) ? MLPIPE_OK
                                             : mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__model_target(f->ctx, f->model, d, y);
    if (!st && weighted)
        st = mlpipe__fit_weights(f, d, w);
    if (!st)
        f->model->baseline = weighted ? fit_weighted_mean(y, w, rows)
                                      : fit_mean(y, rows);
    if (!st && !mlpipe__finite(f->model->baseline))
        st = mlpipe__fail(f->ctx, MLPIPE_E_NUMERIC,
                          "the mean of the target %q is %g by the weights %q; "
                          "some weight must be above zero, and the sum of "
                          "weight times target below 1.8e308",
                          f->model->target, f->model->baseline,
                          f->model->weight_column);
    mlpipe__free(env, w);
    mlpipe__free(env, y);
    return st;
}

/* How often each of three or more classes is met: their baseline. */
static mlpipe_status fit_shares(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t classes = f->model->classes.count;
    const size_t rows = (size_t)f->train.data->rows;
    double *y = mlpipe__alloc_array(env, rows, sizeof *y);
    double *weight = mlpipe__alloc_array(env, rows, sizeof *weight);
    mlpipe__exact *sum =
        mlpipe__alloc_array(env, (size_t)classes + 1, sizeof *sum);
    mlpipe_status st = MLPIPE_OK;
    f->model->shares =
        mlpipe__alloc_array(env, classes, sizeof *f->model->shares);
    if (!y || !weight || !sum || !f->model->shares)
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__model_target(f->ctx, f->model, f->train.data, y);
    for (size_t i = 0; !st && i < rows; i++)
        weight[i] = 1.0;
    if (!st && f->model->weight_column[0])
        st = mlpipe__fit_weights(f, f->train.data, weight);
    for (uint32_t k = 0; !st && k <= classes; k++)
        mlpipe__exact_init(&sum[k]);
    for (size_t i = 0; !st && i < rows; i++) {
        mlpipe__exact_add(&sum[(uint32_t)y[i]], weight[i]);
        mlpipe__exact_add(&sum[classes], weight[i]);
    }
    for (uint32_t k = 0; !st && k < classes; k++)
        f->model->shares[k] = mlpipe__exact_value(&sum[k]) /
                              mlpipe__exact_value(&sum[classes]);
    mlpipe__free(env, sum);
    mlpipe__free(env, weight);
    mlpipe__free(env, y);
    return st;
}

/* Rows that a step refuses have no answer. */
uint32_t mlpipe__fit_refuse(mlpipe__fitting *f, uint32_t reg, bool code)
{
    mlpipe__program *p = f->model->program;
    const double none = mlpipe__nan();
    for (uint32_t i = 0; i < f->plan.refusal_count; i++) {
        const uint32_t null = mlpipe__program_shared_consts(
            p, code ? MLPIPE__OP_CONST_CODE : MLPIPE__OP_CONST, 0, 0, &none,
            1, 0);
        reg = mlpipe__program_op(
            p, code ? MLPIPE__OP_SELECT_CODE : MLPIPE__OP_SELECT,
            f->plan.refusals[i], null, reg, 0, 1);
    }
    return reg;
}

/* Outputs behind the answer. */
void mlpipe__fit_flags(mlpipe__fitting *f)
{
    for (uint32_t i = 0; i < f->plan.flag_count; i++)
        mlpipe__program_add_typed_output(
            f->model->program, f->plan.flags[i].name, f->plan.flags[i].reg,
            MLPIPE_TYPE_BOOL, 0, NULL);
}

/* Folds exist while training alone: their tables become those of all rows. */
static mlpipe_status fit_unfold(mlpipe__fitting *f)
{
    mlpipe__program *p = f->model->program;
    mlpipe__program *less;
    uint32_t *map;
    uint32_t i, folds = 0;
    for (i = 0; i < p->op_count; i++) {
        mlpipe__op *op = &p->ops[i];
        if (op->code != MLPIPE__OP_LOOKUP_FOLD)
            continue;
        op->arg += 1 + (uint32_t)p->consts[op->arg] * (op->count + 2);
        op->code = MLPIPE__OP_LOOKUP;
        op->version = mlpipe__op_version(MLPIPE__OP_LOOKUP);
        op->b = 0;
        folds++;
    }
    if (!folds)
        return MLPIPE_OK;
    map = mlpipe__alloc_array(f->ctx->env, p->register_count, sizeof *map);
    less = map ? mlpipe__program_prune(p, NULL, 0, NULL, map) : NULL;
    mlpipe__free(f->ctx->env, map);
    if (!less)
        return mlpipe__nomem(f->ctx);
    f->model->program = f->plan.program = f->inputs.program = less;
    return less->failed ? mlpipe__nomem(f->ctx) : mlpipe__fit_bind(f);
}

mlpipe_status mlpipe__fit_seal(mlpipe__fitting *f)
{
    const mlpipe_status st = f->model->program->failed
                                 ? mlpipe__nomem(f->ctx)
                                 : fit_unfold(f);
    return st ? st : mlpipe__program_seal(f->ctx, f->model->program);
}

/* From the learner's prediction of a number, or of two classes, to the
 * target's own units. */
static uint32_t fit_units(mlpipe__fitting *f, uint32_t reg)
{
    static const double not_negative[] = {0.0, 0x1.fffffffffffffp1023};
    mlpipe_model *m = f->model;
    mlpipe__program *p = m->program;
    if (f->prior != 1.0)
        reg = mlpipe__program_op(p, MLPIPE__OP_PRIOR, reg, 0,
                                 mlpipe__program_const(p, &f->prior, 1), 0,
                                 1);
    if (m->inverse == MLPIPE__OP_SQUARE) /* a root is never negative */
        reg = mlpipe__program_op(p, MLPIPE__OP_CLAMP, reg, 0,
                                 mlpipe__program_const(p, not_negative, 2),
                                 0, 1);
    if (m->inverse)
        reg = mlpipe__program_op(p, m->inverse, reg, 0, 0, 0, 1);
    return reg;
}

/* The target, P(positive), or P of each class. */
static void fit_output(mlpipe__fitting *f, uint32_t reg, uint32_t index)
{
    const mlpipe_model *m = f->model;
    mlpipe__program *p = m->program;
    mlpipe__text name;
    mlpipe__text_init(&name, f->ctx->env);
    if (m->task & MLPIPE__TASK_CLASSES)
        mlpipe__text_add(&name, "P(%s)",
                         mlpipe__dict_text(
                             &m->classes,
                             m->task == MLPIPE__TASK_BINARY ? 1 : index));
    else
        mlpipe__text_add(&name, "%s", m->target);
    reg = mlpipe__fit_refuse(f, reg, false);
    if (!name.failed)
        mlpipe__program_add_output(p, name.data, reg);
    p->failed = p->failed || name.failed;
    mlpipe__text_free(&name);
}

static mlpipe_status fit_outputs(mlpipe__fitting *f,
                                 const mlpipe__fit_job *job)
{
    const uint32_t width = mlpipe__model_width(f->model);
    for (uint32_t k = 0; k < width; k++)
        fit_output(f, width > 1 ? job->out + k : fit_units(f, job->out), k);
    mlpipe__fit_flags(f);
    return mlpipe__fit_seal(f);
}

/* Texts of the classes, for the learner's messages. */
static const char **fit_class_names(const mlpipe__fitting *f)
{
    const mlpipe__dict *classes = &f->model->classes;
    const char **names =
        mlpipe__alloc_array(f->ctx->env, classes->count, sizeof *names);
    for (uint32_t i = 0; names && i < classes->count; i++)
        names[i] = mlpipe__dict_text(classes, i);
    return names;
}

static mlpipe_status fit_learn(mlpipe__fitting *f)
{
    const mlpipe__learner *learner = f->learner->learner;
    mlpipe__fit_job job = {
        .ctx = f->ctx,
        .params = &f->learner->params,
        .name = f->learner->name,
        .task = f->model->task,
        .classes = f->model->classes.count,
        .seed = f->model->seed,
        .train = &f->learn.frame,
        .valid = f->held.data ? &f->held.frame : NULL,
        .notes = f->notes,
        .program = f->model->program,
        .regs = f->regs,
        .offset = f->offset == MLPIPE__NO_REG ? NULL : &f->offset,
        .raw = MLPIPE__NO_REG,
    };
    const char **names = fit_class_names(f);
    mlpipe_status st =
        names ? mlpipe__fit_offset_rows(f) : mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__fit_resample(f);
    if (!st)
        st = mlpipe__poll(f->ctx, "fit", 0, 1);
    if (!st && f->held.data)
        st = mlpipe__fit_frame(f, &f->held, false);
    job.class_names = names;
    if (!st) {
        f->model->program->front_ops = f->front_ops;
        if (f->prior != 1.0)
            job.valid_shift = mlpipe__log(f->prior);
        st = learner->fit(&job);
    }
    if (!st && f->model->program->failed)
        st = mlpipe__nomem(f->ctx);
    f->model->any_machine =
        !(learner->blas || f->used_blas) ||
        !strcmp(mlpipe__blas_name(), "none");
    if (!st)
        st = fit_outputs(f, &job);
    if (!st)
        st = mlpipe__fit_tails(f, names);
    mlpipe__free(f->ctx->env, names);
    return st;
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status fit_bind_rows(mlpipe__fitting *f,
                                   const mlpipe_dataset *d,
                                   mlpipe__fit_rows *rows)
{
    mlpipe__binding_free(&rows->binding);
    return mlpipe__bind_dataset(f->ctx, f->model->program, d,
                                f->model->time_column, &rows->binding);
}

mlpipe_status mlpipe__fit_bind(mlpipe__fitting *f)
{
    static const char purpose[] = "fold";
    const char *group = f->model->group_column;
    mlpipe_status st = fit_bind_rows(f, f->given, &f->train);
    f->train.binding.folds = true;
    /* A draw of its own: what validates this fit may leave a fold out by the
     * same seed, and no row would then be in it. */
    f->train.binding.fold_seed =
        mlpipe__hash64(purpose, sizeof purpose - 1, f->model->seed);
    if (!st && group[0])
        f->train.binding.fold_column = mlpipe_dataset_find(f->given, group);
    if (!st && f->held.data)
        st = fit_bind_rows(f, f->given_valid ? f->given_valid : f->given,
                           &f->held);
    return st;
}

mlpipe_status mlpipe__fit_learn_rows(mlpipe__fitting *f)
{
    mlpipe_status st = fit_bind_rows(f, f->given, &f->learn);
    f->learn.binding.folds = f->train.binding.folds;
    f->learn.binding.fold_seed = f->train.binding.fold_seed;
    f->learn.binding.fold_column = f->train.binding.fold_column;
    return st ? st : mlpipe__fit_frame(f, &f->learn, true);
}

/* The time of a row where no column has it: as_of= of the recipe. */
void mlpipe__fit_fix_time(mlpipe__fitting *f)
{
    mlpipe__program *p = f->plan.program;
    for (uint32_t i = 0; i < p->feed_count; i++)
        if (p->feeds[i].source == MLPIPE__FEED_TIME)
            p->feeds[i].fixed = f->recipe->as_of;
}

static mlpipe_status fit_describe(mlpipe__fitting *f)
{
    mlpipe_model *m = f->model;
    mlpipe_status st;
    m->train_rows = (uint64_t)f->train.data->rows;
    m->valid_rows = f->held.data ? (uint64_t)f->held.data->rows : 0;
    st = fit_fingerprint(f->ctx, f->given_all, m->train_print);
    if (!st && f->given_valid)
        st = fit_fingerprint(f->ctx, f->given_valid, m->valid_print);
    if (!st)
        st = fit_train_ids(f);
    if (!st && f->model->task == MLPIPE__TASK_MULTICLASS)
        st = fit_shares(f);
    else if (!st && f->model->task)
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

/* Everything before the learner. A poll behind each look at all rows. */
static mlpipe_status fit_prepare(mlpipe__fitting *f)
{
    static mlpipe_status (*const parts[])(mlpipe__fitting * f) = {
        fit_start,          mlpipe__fit_withhold, mlpipe__fit_schema,
        mlpipe__fit_choose_rows, mlpipe__fit_inputs};
    enum { PARTS = sizeof parts / sizeof *parts };
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < PARTS; i++) {
        st = parts[i](f);
        if (!st)
            st = mlpipe__poll(f->ctx, "fit", 0, 1);
    }
    if (!st && f->given_valid)
        st = mlpipe__fit_check_leak(f);
    if (!st)
        st = mlpipe__fit_bind(f);
    if (!st)
        st = mlpipe__fit_plan(f);
    return st;
}

static mlpipe_status fit_run(mlpipe__fitting *f, mlpipe_model **out)
{
    mlpipe__env *env = f->ctx->env;
    const uint64_t started = env->clock_ns ? env->clock_ns(env->user) : 0;
    mlpipe_status st = fit_prepare(f);
    if (!st && !f->inner)
        st = mlpipe__fit_doubts(f);
    if (!st)
        st = f->transform ? mlpipe__fit_transform(f) : fit_learn(f);
    if (!st && !f->inner)
        st = fit_describe(f);
    if (!st && !f->inner)
        st = mlpipe__poll(f->ctx, "fit", 1, 1);
    if (!st && !f->inner)
        st = fit_info(f, started);
    if (!st && !f->inner)
        st = mlpipe__model_identify(f->ctx, f->model);
    if (!st) {
        *out = f->model;
        f->model = NULL;
    }
    return st;
}

mlpipe_status mlpipe__fit_dry(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                              const mlpipe_dataset *rows,
                              const mlpipe__expr_sink *sink, uint32_t *step)
{
    mlpipe__fitting f = {.ctx = ctx,
                         .recipe = recipe,
                         .given = rows,
                         .transform = !mlpipe__pipeline_learner(recipe),
                         .plan = {.sink = sink},
                         .step_told = step};
    const mlpipe_status st = fit_prepare(&f);
    fit_free(&f);
    return st;
}

mlpipe_status mlpipe__recipe_task(mlpipe_ctx *ctx,
                                  const mlpipe_pipeline *recipe,
                                  const mlpipe_dataset *rows, uint32_t *task)
{
    mlpipe__fitting f = {
        .ctx = ctx, .recipe = recipe, .given = rows, .inner = true};
    mlpipe_status st = fit_start(&f);
    if (!st)
        st = mlpipe__fit_schema(&f);
    if (!st)
        st = mlpipe__fit_target_rows(&f);
    *task = st ? 0 : f.model->task;
    fit_free(&f);
    return st;
}

mlpipe_status mlpipe__fit_steps(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                                const mlpipe_dataset *train,
                                mlpipe_dataset **transformed,
                                mlpipe_model **out)
{
    mlpipe__fitting f = {.ctx = ctx,
                         .recipe = recipe,
                         .given = train,
                         .transform = true,
                         .transformed = transformed};
    const mlpipe_status st = fit_run(&f, out);
    fit_free(&f);
    if (st && transformed) {
        mlpipe_dataset_free(*transformed);
        *transformed = NULL;
    }
    return st;
}

mlpipe_status mlpipe__fit_inner(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                                uint32_t steps, const mlpipe_dataset *train,
                                mlpipe_model **out)
{
    mlpipe_pipeline less = *recipe;
    mlpipe__fitting f = {.ctx = ctx,
                         .recipe = &less,
                         .given = train,
                         .inner = true};
    mlpipe_status st;
    *out = NULL;
    less.step_count = steps;
    st = fit_run(&f, out);
    fit_free(&f);
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
