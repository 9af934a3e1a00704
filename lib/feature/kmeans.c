/* SPDX-License-Identifier: MIT */
/*
 * The step kmeans: which of k centres a row is nearest to, as a category, and
 * how far it is from each, as numbers. What a row gets is a function of its
 * values and the centres alone, training rows included.
 */
#include "../report/report_internal.h"

#include "kmeans_types.h"

enum kmeans_output { KMEANS_CLUSTER, KMEANS_DISTANCE, KMEANS_BOTH };

static const mlpipe__param kmeans_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set. Bring them to one "
     "scale before."},
    {"k", MLPIPE_PARAM_INT, "8", 1, KMEANS_CENTRES_MAX, NULL, 0x000100,
     "How many clusters."},
    {"init", MLPIPE_PARAM_CHOICE, "kmeans++", 0, 0, "kmeans++,random",
     0x000100,
     "Starts: rows drawn by their squared distance to those before, the best "
     "of 2 + floor(ln k) draws; or any rows that differ."},
    {"repeats", MLPIPE_PARAM_INT, "1", 1, 1000, NULL, 0x000100,
     "Fits from other starts, of which the one of least inertia is kept."},
    {"iterations", MLPIPE_PARAM_INT, "300", 1, 1e6, NULL, 0x000100,
     "The most steps of one fit."},
    {"tol", MLPIPE_PARAM_REAL, "1e-4", 0, 1, NULL, 0x000100,
     "A fit ends where the squared way of all centres is at most this times "
     "the mean variance of the columns."},
    {"output", MLPIPE_PARAM_CHOICE, "cluster", 0, 0, "cluster,distance,both",
     0x000100,
     "The nearest cluster as a category 0 to k-1, the distance to each as a "
     "number, or both."},
    {"keep", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Whether the columns stay features."},
};

static enum kmeans_output kmeans_output(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "output")->choice;
}

static mlpipe_status kmeans_select(mlpipe__job *job)
{
    mlpipe_status st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER, 0);

    if (!st && !job->chosen_count)
        st = mlpipe__fail(job->ctx, MLPIPE_E_EMPTY,
                          "step %q: there is no numeric feature at this "
                          "point of the pipeline; add onehot or ordinal "
                          "before it, or leave it out",
                          job->name);
    job->wants_values = true;
    return st;
}

/* ---- what it tells ------------------------------------------------------ */

static mlpipe_status kmeans_tell_scales(const mlpipe__job *job)
{
    const mlpipe__values *v = job->values;
    mlpipe__scales s;
    const mlpipe_status st = mlpipe__scales_of(job->ctx, job->name, v->x,
                                               v->rows, v->columns, &s);

    if (st)
        return st;
    mlpipe__report_note(job->notes, job->name, NULL, "scales_apart",
                        s.apart);
    mlpipe__scales_tell(job->ctx, job->name, &s,
                        job->plan->vars[job->chosen[s.most]].name,
                        job->plan->vars[job->chosen[s.least]].name);
    return MLPIPE_OK;
}

static void kmeans_tell(const mlpipe__job *job, const mlpipe__kmeans *fit)
{
    const uint32_t asked =
        (uint32_t)mlpipe__params_get(job->params, "k")->integer;
    mlpipe_report *r = job->notes;

    mlpipe__report_note(r, job->name, NULL, "clusters", fit->k);
    mlpipe__report_note(r, job->name, NULL, "inertia", fit->inertia);
    mlpipe__report_note(r, job->name, NULL, "iterations", fit->iterations);
    mlpipe__report_note_table(r, job->name, "sizes", "cluster,rows");
    for (uint32_t k = 0; r && k < fit->k; k++) {
        mlpipe__report_cell_number(r, k);
        mlpipe__report_cell_number(r, (double)fit->size[k]);
    }
    if (fit->k < asked)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "k=%u, and the training rows are %u different "
                         "points; there are %u clusters",
                         asked, fit->k, fit->k);
    if (!fit->converged)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "after %u iterations the centres still move by %g, "
                         "squared, and tol allows %g; raise iterations or "
                         "tol",
                         fit->iterations, fit->moved, fit->least);
}

/* ---- what it makes ------------------------------------------------------ */

/* Of all columns that a feature is made of. */
static mlpipe__var kmeans_like(const mlpipe__job *job)
{
    mlpipe__var like = job->plan->vars[job->chosen[0]];

    for (uint32_t i = 1; i < job->chosen_count; i++) {
        const mlpipe__var *v = &job->plan->vars[job->chosen[i]];

        like.nullable |= v->nullable;
        like.tainted |= v->tainted;
    }
    like.feature = true;
    return like;
}

/* Squared distances to the centres: k registers, one behind the other. */
static mlpipe_status kmeans_distances(const mlpipe__job *job,
                                      const mlpipe__kmeans *fit,
                                      uint32_t *regs)
{
    mlpipe__program *p = job->plan->program;
    const uint32_t d = job->chosen_count;
    mlpipe__env *env = job->ctx->env;
    uint32_t *from = mlpipe__alloc_array(env, d, sizeof *from);
    double *c = mlpipe__alloc_array(env, 2 * (size_t)d + 1, sizeof *c);
    mlpipe_status st = from && c ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    for (uint32_t i = 0; !st && i < d; i++)
        from[i] = job->plan->vars[job->chosen[i]].reg;
    for (uint32_t k = 0, words = 0; !st && k < fit->k; k++) {
        if (!k)
            words = mlpipe__program_words(p, from, d);
        for (uint32_t i = 0; i < d; i++) {
            c[1 + 2 * i] = fit->centre[(size_t)k * d + i];
            c[2 + 2 * i] = 1;
        }
        regs[k] = mlpipe__program_op(
            p, MLPIPE__OP_DISTANCE, 0,
            mlpipe__program_const(p, c, 2 * d + 1), words, d, 1);
    }
    mlpipe__free(env, c);
    mlpipe__free(env, from);
    return st;
}

/* Texts "0" to "k-1". */
static mlpipe_status kmeans_words(mlpipe__job *job, uint32_t k,
                                  const mlpipe__dict **out)
{
    mlpipe__env *env = job->plan->env;
    mlpipe__dict *dict = mlpipe__alloc(env, sizeof *dict);
    bool ok = true;

    if (!dict)
        return mlpipe__nomem(job->ctx);
    mlpipe__dict_init(dict, env);
    for (uint32_t i = 0; i < k && ok; i++) {
        char text[MLPIPE__NUMBER_BYTES];
        const size_t n = mlpipe__print_i64(i, text);
        ok = mlpipe__dict_add(dict, text, n) != UINT32_MAX;
    }
    *out = dict;
    if (ok)
        return mlpipe__plan_own_dict(job->ctx, job->plan, dict);
    mlpipe__dict_free(dict);
    mlpipe__free(env, dict);
    return mlpipe__nomem(job->ctx);
}

static mlpipe_status kmeans_add_cluster(mlpipe__job *job, mlpipe__var like,
                                        uint32_t k, const uint32_t *regs)
{
    mlpipe__program *p = job->plan->program;
    mlpipe__var *made;
    mlpipe_status st = kmeans_words(job, k, &like.dict);

    if (st)
        return st;
    like.kind = MLPIPE__CODE;
    like.codes = k;
    like.type = MLPIPE_TYPE_CATEGORY;
    like.unit = 0;
    const uint32_t reg =
        mlpipe__program_op(p, MLPIPE__OP_ARGMIN, 0, 0,
                           mlpipe__program_words(p, regs, k), k, 1);
    return mlpipe__plan_add(job->ctx, job->plan, &like, job->name, reg,
                            &made);
}

static mlpipe_status kmeans_add_distances(mlpipe__job *job, mlpipe__var like,
                                          uint32_t k, const uint32_t *regs)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < k && !st; i++) {
        const uint32_t reg = mlpipe__program_op(
            job->plan->program, MLPIPE__OP_SQRT, regs[i], 0, 0, 0, 1);
        mlpipe__text name;
        mlpipe__var *made;

        mlpipe__var_number(&like, reg, MLPIPE_TYPE_F64);
        mlpipe__text_init(&name, job->ctx->env);
        mlpipe__text_add(&name, "%s_%u", job->name, i);
        st = name.failed ? mlpipe__nomem(job->ctx)
                         : mlpipe__plan_add(job->ctx, job->plan, &like,
                                            name.data, reg, &made);
        mlpipe__text_free(&name);
    }
    return st;
}

static mlpipe_status kmeans_make(mlpipe__job *job, const mlpipe__kmeans *fit)
{
    const mlpipe__var like = kmeans_like(job);
    uint32_t *regs = mlpipe__alloc_array(job->ctx->env, fit->k, sizeof *regs);
    mlpipe_status st = regs ? kmeans_distances(job, fit, regs)
                            : mlpipe__nomem(job->ctx);

    if (!st && kmeans_output(job) != KMEANS_DISTANCE)
        st = kmeans_add_cluster(job, like, fit->k, regs);
    if (!st && kmeans_output(job) != KMEANS_CLUSTER)
        st = kmeans_add_distances(job, like, fit->k, regs);
    mlpipe__free(job->ctx->env, regs);
    if (!st && mlpipe__params_get(job->params, "keep")->number == 0)
        for (uint32_t i = 0; i < job->chosen_count; i++)
            mlpipe__plan_drop(job->plan, job->chosen[i]);
    return st;
}

static mlpipe_status kmeans_emit(mlpipe__job *job)
{
    const mlpipe__params *p = job->params;
    const mlpipe__values *v = job->values;
    const mlpipe__kmeans_options options = {
        .k = (uint32_t)mlpipe__params_get(p, "k")->integer,
        .repeats = (uint32_t)mlpipe__params_get(p, "repeats")->integer,
        .iterations = (uint32_t)mlpipe__params_get(p, "iterations")->integer,
        .tol = mlpipe__params_get(p, "tol")->number,
        .seed = job->seed,
        .plain = mlpipe__params_get(p, "init")->choice == 1};
    mlpipe__kmeans fit;
    mlpipe_status st = mlpipe__job_values_check(job, KMEANS_LARGEST);

    if (st)
        return st;
    st = mlpipe__kmeans_fit(job->ctx, job->name, v->x, v->weight, v->rows,
                            v->columns, &options, &fit);
    if (!st) {
        kmeans_tell(job, &fit);
        st = kmeans_tell_scales(job);
    }
    if (!st)
        st = kmeans_make(job, &fit);
    mlpipe__kmeans_free(&fit);
    return st;
}

const mlpipe__step mlpipe__step_kmeans = {
    .name = "kmeans",
    .kind = MLPIPE_KIND_FIT,
    .params = kmeans_params,
    .param_count = sizeof kmeans_params / sizeof *kmeans_params,
    .doc = "Tell which cluster a row is in, or how far it is from each.",
    .select = kmeans_select,
    .emit = kmeans_emit,
    .typed = true,
};
