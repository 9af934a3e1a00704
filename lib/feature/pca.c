/* SPDX-License-Identifier: MIT */
/*
 * The step pca: the directions in which numeric features vary most, from the
 * eigenvectors of their covariance. Of each vector the largest loading is
 * positive (of equally large ones the first), so that signs mean something.
 */
#include "../num/gram_kernel.h"
#include "../num/spectrum.h"
#include "../report/report_internal.h"

#include "feature_internal.h"

/* Squares and their sums stay finite; as many columns as a fit takes. */
#define PCA_LARGEST 1e140
enum { PCA_COLUMNS_MAX = 8192 };

static const mlpipe__param pca_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set."},
    {"components", MLPIPE_PARAM_REAL, "", 0, PCA_COLUMNS_MAX, NULL, 0x000100,
     "How many components, from 1; or, below 1, as many as have that share "
     "of the variance; all where it is not set."},
    {"scale", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Divide each column by its deviation before."},
    {"whiten", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Divide each component by its deviation, so that its variance is 1."},
    {"keep", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Whether the columns stay features."},
};

typedef struct pca_fit {
    mlpipe__job *job;
    uint32_t p, kept, rank;
    double *mean, *scale;   /* p */
    double *covariance;     /* p x p */
    double *value;          /* p: variance of each component */
    double *vector;         /* kept x p, a component a row */
    double total;           /* variance of all */
    double weight;
} pca_fit;

static bool pca_flag(const mlpipe__job *job, const char *name)
{
    return mlpipe__params_get(job->params, name)->number != 0;
}

static mlpipe_status pca_select(mlpipe__job *job)
{
    const mlpipe__setting *asked =
        mlpipe__params_get(job->params, "components");
    mlpipe_status st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER, 0);

    job->wants_values = true;
    if (st)
        return st;
    if (!job->chosen_count || job->chosen_count > PCA_COLUMNS_MAX)
        return mlpipe__fail(job->ctx,
                            job->chosen_count ? MLPIPE_E_LIMIT
                                              : MLPIPE_E_EMPTY,
                            "step %q: %u numeric features; pca takes 1 to %d",
                            job->name, job->chosen_count, PCA_COLUMNS_MAX);
    if (!asked->text[0])
        return MLPIPE_OK;
    if (!(asked->number > 0) ||
        (asked->number > 1 && asked->number != mlpipe__floor(asked->number)))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: components=%g; give a whole number, or "
                            "a share of the variance between 0 and 1",
                            job->name, asked->number);
    if (asked->number > job->chosen_count)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: components=%g of %u columns; there are "
                            "at most as many as columns",
                            job->name, asked->number, job->chosen_count);
    return MLPIPE_OK;
}

/* ---- fit ---------------------------------------------------------------- */

static mlpipe_status pca_finite(const pca_fit *f)
{
    for (uint32_t i = 0; i < f->p; i++) {
        const mlpipe__job *job = f->job;
        const char *name = job->plan->vars[job->chosen[i]].name;

        if (mlpipe__finite(f->covariance[(size_t)i * f->p + i]))
            continue;
        mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                     "step %q: %q reaches %g and the training rows weigh %g "
                     "together; the sum of squares by weight must be below "
                     "1.8e308: add scale before it, or divide the weights",
                     job->name, name, job->values->largest[i], f->weight);
        return mlpipe__fail_at(job->ctx, -1, name);
    }
    return MLPIPE_OK;
}

/* About the means, of values that count as often as they weigh. */
static mlpipe_status pca_scatter(pca_fit *f)
{
    const mlpipe__values *v = f->job->values;
    mlpipe_ctx *ctx = f->job->ctx;
    mlpipe__scatter s;
    mlpipe_status st;

    mlpipe__scatter_init(&s, ctx->env, f->p);
    st = mlpipe__scatter_update(ctx, f->job->name, &s, v->x, v->weight,
                                v->rows,
                                mlpipe__has_avx512() ? 64
                                : mlpipe__has_avx2() ? 32
                                                     : 16);
    if (!st && v->rows)
        st = mlpipe__scatter_finish(ctx, &s, f->mean, f->covariance,
                                    &f->weight);
    mlpipe__scatter_free(&s);
    if (!st && !(f->weight > 1))
        st = mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                          "step %q: the %u training rows weigh %g together; "
                          "a variance takes more than 1",
                          f->job->name, v->rows, f->weight);
    return st ? st : pca_finite(f);
}

/* Deviations of the columns, and their covariance or correlation. */
static void pca_scales(pca_fit *f)
{
    const uint32_t p = f->p;

    for (uint32_t i = 0; i < p; i++) {
        const double variance = f->covariance[(size_t)i * p + i] / f->weight;

        f->scale[i] = 1;
        if (pca_flag(f->job, "scale") && variance > 0)
            f->scale[i] = mlpipe__sqrt(variance);
    }
    f->total = 0;
    for (uint32_t i = 0; i < p; i++) {
        double *row = f->covariance + (size_t)i * p;

        for (uint32_t j = 0; j < p; j++)
            row[j] = row[j] / f->scale[i] / f->scale[j] / (f->weight - 1);
        f->total += row[i];
    }
}

static void pca_signs(pca_fit *f)
{
    for (uint32_t k = 0; k < f->kept; k++) {
        double *v = f->vector + (size_t)k * f->p;
        double most = 0;

        for (uint32_t i = 0; i < f->p; i++) {
            const double old = most < 0 ? -most : most;
            const double now = v[i] < 0 ? -v[i] : v[i];

            /* equal ones differ by their rounding */
            if (now > old * (1 + 0x1p-40))
                most = v[i];
        }
        for (uint32_t i = 0; i < f->p && most < 0; i++)
            v[i] = -v[i];
    }
}

/* How many components the covariance has beyond its rounding. */
static void pca_rank(pca_fit *f)
{
    const double least = f->value[0] * f->p * 0x1p-50;

    while (f->rank < f->p && f->value[f->rank] > least)
        f->rank++;
}

static mlpipe_status pca_keep(pca_fit *f)
{
    const mlpipe__setting *asked =
        mlpipe__params_get(f->job->params, "components");
    const double want = asked->text[0] ? asked->number : f->p;
    double sum = 0;

    if (!(f->value[0] > 0))
        return mlpipe__fail(f->job->ctx, MLPIPE_E_NUMERIC,
                            "step %q: all %u columns are constant in the %u "
                            "training rows; leave the step out",
                            f->job->name, f->p, f->job->values->rows);
    pca_rank(f);
    if (want < 1)
        while (f->kept < f->rank && sum < want * f->total)
            sum += f->value[f->kept++];
    else
        f->kept = want < f->rank ? (uint32_t)want : f->rank;
    if (want >= 1 && f->kept < want)
        mlpipe__log_line(f->job->ctx, MLPIPE_LOG_WARN, f->job->name,
                         "%g components are asked for, and the %u columns "
                         "have rank %u; there are %u components",
                         want, f->p, f->rank, f->kept);
    return MLPIPE_OK;
}

/* The vectors of no more components than are kept. */
static mlpipe_status pca_components(pca_fit *f)
{
    mlpipe_ctx *ctx = f->job->ctx;
    mlpipe__spectrum all;
    mlpipe_status st = mlpipe__spectrum_of(ctx, f->job->name, f->p,
                                           f->covariance, f->value,
                                           mlpipe__gram_width(), &all);

    f->job->used_blas = all.used_blas;
    if (!st)
        st = pca_keep(f);
    if (!st) {
        f->vector = mlpipe__alloc_array(ctx->env, f->kept,
                                        f->p * sizeof *f->vector);
        st = f->vector ? mlpipe__spectrum_vectors(ctx, f->job->name, &all,
                                                  f->kept, f->vector)
                       : mlpipe__nomem(ctx);
    }
    mlpipe__spectrum_free(&all);
    if (!st)
        pca_signs(f);
    return st;
}

static mlpipe_status pca_learn(pca_fit *f)
{
    mlpipe__env *env = f->job->ctx->env;
    const size_t p = f->p;
    mlpipe_status st = mlpipe__job_values_check(f->job, PCA_LARGEST);

    if (st)
        return st;
    f->mean = mlpipe__alloc_array(env, p, sizeof *f->mean);
    f->scale = mlpipe__alloc_array(env, p, sizeof *f->scale);
    f->value = mlpipe__alloc_array(env, p, sizeof *f->value);
    f->covariance = mlpipe__alloc_array(env, p, p * sizeof(double));
    if (!f->mean || !f->scale || !f->value || !f->covariance)
        return mlpipe__nomem(f->job->ctx);
    st = pca_scatter(f);
    if (st)
        return st;
    pca_scales(f);
    return pca_components(f);
}

/* ---- what it makes ------------------------------------------------------ */

/* Columns less their means come first, so that an offset costs no digits. */
static void pca_shift(const pca_fit *f, uint32_t *regs)
{
    for (uint32_t i = 0; i < f->p; i++) {
        const double pair[] = {f->mean[i], f->scale[i]};
        mlpipe__program *p = f->job->plan->program;

        regs[i] = mlpipe__program_op(
            p, MLPIPE__OP_SHIFT_SCALE,
            f->job->plan->vars[f->job->chosen[i]].reg, 0,
            mlpipe__program_const(p, pair, 2), 0, 1);
    }
}

static mlpipe_status pca_add(const pca_fit *f, uint32_t component,
                             uint32_t words, double *form)
{
    mlpipe__job *job = f->job;
    mlpipe__program *p = job->plan->program;
    const double *v = f->vector + (size_t)component * f->p;
    const double over = pca_flag(job, "whiten")
                            ? mlpipe__sqrt(f->value[component])
                            : 1.0;
    mlpipe__var like = job->plan->vars[job->chosen[0]];
    mlpipe__var *made;
    mlpipe__text name;
    mlpipe_status st;

    form[0] = 0;
    for (uint32_t i = 0; i < f->p; i++) {
        const mlpipe__var *of = &job->plan->vars[job->chosen[i]];

        form[1 + i] = v[i] / over;
        like.nullable |= of->nullable;
        like.tainted |= of->tainted;
    }
    like.feature = true;
    mlpipe__var_number(&like,
                       mlpipe__program_op(
                           p, MLPIPE__OP_LINEAR, 0,
                           mlpipe__program_const(p, form, f->p + 1), words,
                           f->p, 1),
                       MLPIPE_TYPE_F64);
    mlpipe__text_init(&name, job->ctx->env);
    mlpipe__text_add(&name, "%s_%u", job->name, component + 1);
    st = name.failed ? mlpipe__nomem(job->ctx)
                     : mlpipe__plan_add(job->ctx, job->plan, &like, name.data,
                                        like.reg, &made);
    mlpipe__text_free(&name);
    return st;
}

static mlpipe_status pca_make(const pca_fit *f)
{
    mlpipe__job *job = f->job;
    mlpipe__env *env = job->ctx->env;
    uint32_t *regs = mlpipe__alloc_array(env, f->p, sizeof *regs);
    double *form = mlpipe__alloc_array(env, (size_t)f->p + 1, sizeof *form);
    mlpipe_status st = regs && form ? MLPIPE_OK : mlpipe__nomem(job->ctx);
    uint32_t words = 0;

    if (!st) {
        pca_shift(f, regs);
        words = mlpipe__program_words(job->plan->program, regs, f->p);
    }
    for (uint32_t k = 0; k < f->kept && !st; k++)
        st = pca_add(f, k, words, form);
    mlpipe__free(env, form);
    mlpipe__free(env, regs);
    if (!st && !pca_flag(job, "keep"))
        for (uint32_t i = 0; i < job->chosen_count; i++)
            mlpipe__plan_drop(job->plan, job->chosen[i]);
    return st;
}

/* ---- what it tells ------------------------------------------------------ */

/* Loadings: a row a column, a column a component. */
static void pca_tell_loadings(const pca_fit *f)
{
    const mlpipe__job *job = f->job;
    mlpipe__text heads;

    mlpipe__text_init(&heads, job->ctx->env);
    mlpipe__text_add(&heads, "feature");
    for (uint32_t k = 0; k < f->kept; k++)
        mlpipe__text_add(&heads, ",component_%u", k + 1);
    job->plan->program->failed |= heads.failed;
    if (!heads.failed) {
        mlpipe__report_note_table(job->notes, job->name, "loadings",
                                  heads.data);
        for (uint32_t i = 0; i < f->p; i++) {
            const char *name = job->plan->vars[job->chosen[i]].name;

            mlpipe__report_cell_text(job->notes, name, strlen(name));
            for (uint32_t k = 0; k < f->kept; k++)
                mlpipe__report_cell_number(job->notes,
                                           f->vector[(size_t)k * f->p + i]);
        }
    }
    mlpipe__text_free(&heads);
}

/* Variances, shares of the whole, and loadings. */
static void pca_tell(const pca_fit *f)
{
    mlpipe_report *r = f->job->notes;
    double sum = 0;

    if (!r)
        return;
    mlpipe__report_note(r, f->job->name, NULL, "components", f->kept);
    mlpipe__report_note(r, f->job->name, NULL, "rank", f->rank);
    mlpipe__report_note_table(r, f->job->name, "variance",
                              "component,variance,share,share_so_far");
    for (uint32_t k = 0; k < f->kept; k++) {
        sum += f->value[k];
        mlpipe__report_cell_number(r, k + 1);
        mlpipe__report_cell_number(r, f->value[k]);
        mlpipe__report_cell_number(r, f->value[k] / f->total);
        mlpipe__report_cell_number(r, sum / f->total);
    }
    pca_tell_loadings(f);
}

static mlpipe_status pca_emit(mlpipe__job *job)
{
    pca_fit f = {.job = job, .p = job->chosen_count};
    mlpipe__env *env = job->ctx->env;
    mlpipe_status st = pca_learn(&f);

    if (!st) {
        pca_tell(&f); /* before the columns lose their names */
        st = pca_make(&f);
    }
    mlpipe__free(env, f.mean);
    mlpipe__free(env, f.scale);
    mlpipe__free(env, f.value);
    mlpipe__free(env, f.covariance);
    mlpipe__free(env, f.vector);
    return st;
}

const mlpipe__step mlpipe__step_pca = {
    .name = "pca",
    .kind = MLPIPE_KIND_FIT,
    .params = pca_params,
    .param_count = sizeof pca_params / sizeof *pca_params,
    .doc = "Replace numbers by the directions in which they vary most.",
    .select = pca_select,
    .emit = pca_emit,
    .typed = true,
};
