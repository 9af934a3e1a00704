/* SPDX-License-Identifier: MIT */
/*
 * What follows the learner: steps that are fitted on answers for rows that the
 * learner did not see, and then stand behind its answer in the program. Such
 * answers come from fits on the other rows of folds, of the whole recipe up to
 * that step, or from rows that were withheld at the beginning.
 */
#include "fit_types.h"

/* ---- rows that are withheld --------------------------------------------- */

static int32_t tail_group(const mlpipe__fitting *f, const mlpipe_dataset *d)
{
    const char *name = mlpipe__pipeline_role(f->recipe, "group");
    return name[0] ? mlpipe_dataset_find(d, name) : -1;
}

/* The share that a tail of the recipe withholds; 0: none does. */
static double tail_share(const mlpipe__fitting *f)
{
    for (uint32_t i = 0; i < f->recipe->step_count; i++) {
        const mlpipe__recipe_step *s = &f->recipe->steps[i];
        if (s->tail && !s->tail->folds(&s->params))
            return s->tail->share(&s->params);
    }
    return 0.0;
}

/* Rows of d with keep[i] == want, as a view. */
static mlpipe_status tail_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               uint8_t *keep, mlpipe_dataset **out,
                               mlpipe_dataset **rest)
{
    mlpipe_status st = mlpipe__fit_view(ctx, d, keep, out);
    for (int64_t i = 0; i < d->rows; i++)
        keep[i] = !keep[i];
    return st ? st : mlpipe__fit_view(ctx, d, keep, rest);
}

mlpipe_status mlpipe__fit_withhold(mlpipe__fitting *f)
{
    const mlpipe_dataset *d = f->given;
    const double share = f->inner || f->transform ? 0.0 : tail_share(f);
    const int32_t group = tail_group(f, d);
    uint8_t *keep;
    mlpipe_status st;
    f->given_all = d;
    if (!(share > 0.0) || !d->rows)
        return MLPIPE_OK;
    keep = mlpipe__alloc(f->ctx->env, (size_t)d->rows);
    if (!keep)
        return mlpipe__nomem(f->ctx);
    for (int64_t i = 0; i < d->rows; i++)
        keep[i] = mlpipe__share_of(f->model->seed, MLPIPE__FOR_SCORES,
                                   mlpipe__row_key(d, group, i)) >= share;
    st = tail_view(f->ctx, d, keep, &f->proper, &f->withheld);
    mlpipe__free(f->ctx->env, keep);
    if (!st)
        f->given = f->proper;
    return st;
}

/* ---- answers ------------------------------------------------------------ */

/* Rows with a target, and what was answered for them. */
typedef struct tail_rows {
    mlpipe_dataset *data;
    double *y, *p, *w; /* w: NULL where there are no weights */
    uint8_t *keep;
} tail_rows;

static void tail_rows_free(mlpipe__env *env, tail_rows *r)
{
    mlpipe_dataset_free(r->data);
    mlpipe__free(env, r->y);
    mlpipe__free(env, r->p);
    mlpipe__free(env, r->w);
    mlpipe__free(env, r->keep);
}

static mlpipe_status tail_rows_init(mlpipe__fitting *f,
                                    const mlpipe_dataset *d, tail_rows *r)
{
    mlpipe__env *env = f->ctx->env;
    const size_t n = (size_t)d->rows;
    const uint32_t width = mlpipe__model_width(f->model);
    mlpipe_status st;
    r->data = mlpipe__dataset_keep(d);
    r->y = mlpipe__alloc_array(env, n, sizeof *r->y);
    r->p = mlpipe__alloc_array(env, n, width * sizeof *r->p);
    r->keep = mlpipe__alloc(env, n);
    if (!r->y || !r->p || !r->keep)
        return mlpipe__nomem(f->ctx);
    st = mlpipe__model_target(f->ctx, f->model, d, r->y);
    if (st || !f->model->weight_column[0])
        return st;
    r->w = mlpipe__alloc_array(env, n, sizeof *r->w);
    return r->w ? mlpipe__fit_weights(f, d, r->w) : mlpipe__nomem(f->ctx);
}

/* A fit on part of the rows may miss a class, and then its answers mean
 * something else. */
static mlpipe_status tail_same_classes(const mlpipe__fitting *f,
                                       const mlpipe_model *part,
                                       const char *name, uint32_t fold,
                                       uint32_t folds)
{
    if (part->classes.count == f->model->classes.count)
        return MLPIPE_OK;
    return mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                        "step %q: without fold %u of %u the training rows "
                        "have %u of the %u classes of %q; lower folds, or "
                        "leave rare classes out",
                        name, fold + 1, folds, part->classes.count,
                        f->model->classes.count, f->model->target);
}

/* The answers of one fold, from a fit on all other rows. */
static mlpipe_status tail_fold(mlpipe__fitting *f, uint32_t step,
                               uint32_t fold, uint32_t folds, tail_rows *r)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t width = mlpipe__model_width(f->model);
    /* Its own draw: folds that a learner or a step of the inner fit makes by
     * the model's seed would else miss the very rows that are left out. */
    const char *name = f->recipe->steps[step].name;
    const uint64_t seed =
        mlpipe__hash64(name, strlen(name), f->model->seed);
    const mlpipe_dataset *all = f->given;
    uint8_t *keep = mlpipe__alloc(env, (size_t)all->rows);
    mlpipe_dataset *rest = NULL, *mine = NULL;
    mlpipe_model *part = NULL;
    double *p = NULL;
    mlpipe_status st = keep ? MLPIPE_OK : mlpipe__nomem(f->ctx);
    int64_t i, at = 0;
    int32_t group = tail_group(f, all);

    for (i = 0; !st && i < all->rows; i++)
        keep[i] = mlpipe__fold_of(seed, mlpipe__row_key(all, group, i),
                                  folds) != fold;
    if (!st)
        st = mlpipe__fit_view(f->ctx, all, keep, &rest);
    group = tail_group(f, r->data);
    for (i = 0; !st && i < r->data->rows; i++)
        r->keep[i] =
            mlpipe__fold_of(seed, mlpipe__row_key(r->data, group, i),
                            folds) == fold;
    if (!st)
        st = mlpipe__fit_view(f->ctx, r->data, r->keep, &mine);
    if (!st && !mine->rows)
        goto done;
    if (!st)
        st = mlpipe__fit_inner(f->ctx, f->recipe, step, rest, &part);
    if (!st)
        st = tail_same_classes(f, part, name, fold, folds);
    if (!st) {
        p = mlpipe__alloc_array(env, (size_t)mine->rows, width * sizeof *p);
        st = p ? mlpipe__model_answers(f->ctx, part, mine, p)
               : mlpipe__nomem(f->ctx);
    }
    for (i = 0; !st && i < r->data->rows; i++)
        if (r->keep[i])
            memcpy(r->p + i * width, p + at++ * width, width * sizeof *p);
done:
    mlpipe__free(env, p);
    mlpipe_model_free(part);
    mlpipe_dataset_free(mine);
    mlpipe_dataset_free(rest);
    mlpipe__free(env, keep);
    return st;
}

/* What is refused of rows that train is refused of these; that a class is
 * among them alone is told by the step's name. */
static mlpipe_status tail_withheld_targets(mlpipe__fitting *f,
                                           const char *name, mlpipe_status st,
                                           const tail_rows *r)
{
    if (st == MLPIPE_E_FORMAT)
        return mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                            "step %q: a class of %q is met in rows alone "
                            "that are withheld for its scores; leave rare "
                            "classes out, or take method=cross",
                            name, f->model->target);
    for (int64_t i = 0; !st && i < r->data->rows; i++)
        if (r->y[i] == r->y[i])
            st = mlpipe__fit_check_target(f, r->data, i, r->y[i]);
    return st;
}

/* Answers for the withheld rows, by the program. */
static mlpipe_status tail_withheld(mlpipe__fitting *f, tail_rows *r)
{
    mlpipe__binding binding;
    mlpipe_status st =
        mlpipe__bind_dataset(f->ctx, f->model->program, r->data,
                             f->model->time_column, &binding);
    if (st)
        return st;
    st = mlpipe__predict_rows(f->ctx, "fit", f->model->program, &binding,
                              r->data, mlpipe__model_width(f->model), r->p);
    mlpipe__binding_free(&binding);
    return st;
}

static mlpipe_status tail_answers(mlpipe__fitting *f, uint32_t step,
                                  tail_rows *r)
{
    const mlpipe__recipe_step *s = &f->recipe->steps[step];
    const uint32_t folds = s->tail->folds(&s->params);
    mlpipe_status st =
        tail_rows_init(f, folds ? f->train.data : f->withheld, r);
    if (!folds)
        st = tail_withheld_targets(f, s->name, st, r);
    if (!st && !folds)
        return tail_withheld(f, r);
    for (uint32_t k = 0; !st && k < folds; k++) {
        st = mlpipe__poll(f->ctx, "fit", k, folds);
        if (!st)
            st = tail_fold(f, step, k, folds, r);
    }
    return st;
}

/* Rows without a target, an answer or a weight say nothing. */
static uint64_t tail_tidy(tail_rows *r, uint32_t width)
{
    uint64_t n = 0;
    for (int64_t i = 0; i < r->data->rows; i++) {
        if (r->y[i] != r->y[i] || r->p[i * width] != r->p[i * width] ||
            (r->w && !(r->w[i] > 0.0)))
            continue;
        r->y[n] = r->y[i];
        if (r->w)
            r->w[n] = r->w[i];
        memmove(r->p + n++ * width, r->p + i * width, width * sizeof *r->p);
    }
    return n;
}

/* ---- one after the other ------------------------------------------------ */

static mlpipe_status tail_step(mlpipe__fitting *f, uint32_t step,
                               const char *const *class_names)
{
    const mlpipe__recipe_step *s = &f->recipe->steps[step];
    mlpipe_model *m = f->model;
    mlpipe__program *p = m->program;
    const uint32_t width = mlpipe__model_width(m);
    tail_rows r = {0};
    mlpipe__tail_job job = {
        .ctx = f->ctx, .params = &s->params, .name = s->name,
        .task = m->task, .classes = m->classes.count,
        .class_names = class_names, .target = m->target,
        .transform = m->transform, .inverse = m->inverse, .width = width,
        .notes = f->notes, .program = p, .level = m->level};
    mlpipe_status st;

    if (!(s->tail->tasks & m->task))
        return mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                            "step %q is for classes and the target %q is a "
                            "number; leave it out",
                            s->name, m->target);
    job.answer =
        mlpipe__alloc_array(f->ctx->env, width, sizeof *job.answer);
    st = job.answer ? tail_answers(f, step, &r) : mlpipe__nomem(f->ctx);
    if (!st) {
        job.n = tail_tidy(&r, width);
        job.y = r.y;
        job.p = r.p;
        job.w = r.w;
        if (!job.n)
            st = mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                              "step %q: none of %lld rows has a target, an "
                              "answer and a weight above 0; give it more "
                              "rows",
                              s->name, (long long)r.data->rows);
    }
    for (uint32_t k = 0; !st && k < width; k++)
        job.answer[k] = p->outputs[k].reg;
    if (!st)
        st = s->tail->fit(&job);
    for (uint32_t k = 0; !st && k < width; k++)
        p->outputs[k].reg = job.answer[k];
    m->level = job.level;
    mlpipe__free(f->ctx->env, job.answer);
    tail_rows_free(f->ctx->env, &r);
    return st ? st : mlpipe__program_seal(f->ctx, p);
}

static void tail_turn(mlpipe__program_output *o, uint32_t from, uint32_t to)
{
    while (from + 1 < to) {
        const mlpipe__program_output first = o[from];
        o[from++] = o[--to];
        o[to] = first;
    }
}

/* Outputs that tails added come before the flags of steps, which were there
 * already: three turns are a rotation. */
static void tail_order(mlpipe__program *p, uint32_t flags, uint32_t added)
{
    tail_turn(p->outputs, flags, added);
    tail_turn(p->outputs, added, p->output_count);
    tail_turn(p->outputs, flags, p->output_count);
}

mlpipe_status mlpipe__fit_tails(mlpipe__fitting *f,
                                const char *const *class_names)
{
    const uint32_t first = (uint32_t)(f->learner - f->recipe->steps) + 1;
    mlpipe__program *p = f->model->program;
    const uint32_t flags = mlpipe__model_width(f->model);
    const uint32_t added = p->output_count;
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = first; !st && i < f->recipe->step_count; i++)
        st = tail_step(f, i, class_names);
    if (st || p->output_count == added)
        return st;
    tail_order(p, flags, added);
    return mlpipe__program_seal(f->ctx, p);
}
