/* SPDX-License-Identifier: MIT */
/*
 * lasso and elastic_net by the Gram matrix: one solve at a given lambda, or a
 * path for each fold left out and one for all rows. All folds come from the
 * one pass; the error of the rows that were left out is a form of their own
 * matrix.
 */
#include "linear_types.h"

/* Folds, and the last of all rows. */
typedef struct cv_run {
    mlpipe__linear *l;
    mlpipe__gram gram;
    mlpipe__moments *moments;  /* folds + 1 */
    mlpipe__descent *descent;
    double *sum;               /* scratch: q x q */
    double *errors, *weights;  /* folds x lambdas; folds */
    uint32_t at;               /* place of the lambda */
    bool *reached;             /* folds */
} cv_run;

/* The least lambda at which all coefficients are zero. */
static double cv_highest(const mlpipe__linear *l, const mlpipe__moments *m)
{
    double size = 0;

    for (uint32_t j = 0; j < m->p; j++) {
        const double s = mlpipe__dual_size(m->b[j], l->positive);
        if (s > size)
            size = s;
    }
    return size / l->l1_ratio;
}

static void cv_task(void *arg, uint32_t k)
{
    cv_run *r = arg;
    const mlpipe__linear *l = r->l;
    const double lambda = l->path[r->at];
    mlpipe__descent *d = &r->descent[k];

    r->reached[k] =
        r->weights[k] == 0 || r->moments[k].weight == 0 ||
        mlpipe__descent_solve(d, lambda * l->l1_ratio,
                              lambda * (1 - l->l1_ratio));
    r->errors[(size_t)k * l->lambdas + r->at] = mlpipe__gram_error(
        &r->gram, k, &r->moments[k], d->w, &r->weights[k]);
}

static mlpipe_status cv_prepare(cv_run *r)
{
    mlpipe__linear *l = r->l;
    const uint32_t last = r->gram.folds > 1 ? r->gram.folds : 0;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t k = 0; k <= last && !st; k++) {
        if (!mlpipe__moments_init(l->env, l->p, &r->moments[k]))
            return mlpipe__nomem(l->ctx);
        mlpipe__moments_fill(&r->gram, k == last ? UINT32_MAX : k,
                             l->intercept, r->sum, &r->moments[k]);
        st = mlpipe__linear_finite(l, &r->moments[k]);
        if (!st && !mlpipe__descent_init(l->env, &r->moments[k], l,
                                         &r->descent[k]))
            return mlpipe__nomem(l->ctx);
    }
    for (uint32_t k = 0; k < last && !st; k++)
        r->weights[k] = r->gram.sum[((size_t)k + 1) * r->gram.q * r->gram.q -
                                    1];
    return st;
}

/* Errors of every lambda and fold; the place of the best. */
static mlpipe_status cv_path(cv_run *r, uint32_t *best)
{
    mlpipe__linear *l = r->l;
    mlpipe_status st = MLPIPE_OK;

    for (r->at = 0; r->at < l->lambdas && !st; r->at++) {
        st = mlpipe__poll(l->ctx, l->job->name, r->at, l->lambdas);
        if (!st)
            st = mlpipe__parallel(l->ctx, cv_task, r, l->folds);
        for (uint32_t k = 0; k < l->folds && !st; k++)
            if (!r->reached[k])
                st = mlpipe__linear_not_reached(l, l->path[r->at],
                                                r->descent[k].gap);
        for (uint32_t k = 0; k < l->folds && !st; k++)
            if (r->weights[k] > 0)
                l->nonzero[r->at] +=
                    mlpipe__linear_nonzero(l, r->descent[k].w);
    }
    return st ? st : mlpipe__linear_choose(l, r->errors, r->weights, best);
}

/* All rows, from the highest lambda down to the chosen one. */
static mlpipe_status cv_all_rows(cv_run *r, uint32_t best)
{
    mlpipe__linear *l = r->l;
    mlpipe__descent *d = &r->descent[l->automatic ? l->folds : 0];
    mlpipe_status st = MLPIPE_OK;

    if (l->automatic)
        l->lambda = l->path[best];
    for (uint32_t i = 0; i <= best && !st; i++) {
        const double lambda = l->automatic ? l->path[i] : l->lambda;
        if (!mlpipe__descent_solve(d, lambda * l->l1_ratio,
                                   lambda * (1 - l->l1_ratio)))
            st = mlpipe__linear_not_reached(l, lambda, d->gap);
    }
    if (st || !(d->m->yy > 0))
        return st;
    mlpipe__descent_polish(d, l->lambda * l->l1_ratio,
                           l->lambda * (1 - l->l1_ratio));
    return mlpipe__descent_solve(d, l->lambda * l->l1_ratio,
                                 l->lambda * (1 - l->l1_ratio))
               ? MLPIPE_OK
               : mlpipe__linear_not_reached(l, l->lambda, d->gap);
}

static mlpipe_status cv_allocate(cv_run *r)
{
    const mlpipe__linear *l = r->l;
    const size_t fits = (size_t)r->gram.folds + 1;
    const size_t q = r->gram.q;

    r->moments = mlpipe__alloc_array(l->env, fits, sizeof *r->moments);
    r->descent = mlpipe__alloc_array(l->env, fits, sizeof *r->descent);
    r->sum = mlpipe__alloc_array(l->env, q * q, sizeof(double));
    r->errors = mlpipe__alloc_array(l->env, fits,
                                    l->lambdas * sizeof(double));
    r->weights = mlpipe__alloc_array(l->env, fits, sizeof(double));
    r->reached = mlpipe__alloc_array(l->env, fits, sizeof(bool));
    if (r->moments)
        memset(r->moments, 0, fits * sizeof *r->moments);
    if (r->descent)
        memset(r->descent, 0, fits * sizeof *r->descent);
    if (!r->moments || !r->descent || !r->sum || !r->errors || !r->weights ||
        !r->reached)
        return mlpipe__nomem(l->ctx);
    return MLPIPE_OK;
}

static void cv_free(cv_run *r)
{
    mlpipe__env *env = r->l->env;

    for (uint32_t k = 0; r->moments && k <= r->gram.folds; k++)
        mlpipe__moments_free(env, &r->moments[k]);
    for (uint32_t k = 0; r->descent && k <= r->gram.folds; k++)
        mlpipe__descent_free(env, &r->descent[k]);
    mlpipe__free(env, r->moments);
    mlpipe__free(env, r->descent);
    mlpipe__free(env, r->sum);
    mlpipe__free(env, r->errors);
    mlpipe__free(env, r->weights);
    mlpipe__free(env, r->reached);
    mlpipe__gram_free(&r->gram);
}

static void cv_keep(cv_run *r)
{
    mlpipe__linear *l = r->l;
    const mlpipe__descent *d = &r->descent[l->automatic ? l->folds : 0];
    double e = d->m->yy;

    for (uint32_t j = 0; j < l->p; j++)
        e -= d->w[j] * (d->m->b[j] + d->g[j]);
    l->loss = e > 0 ? e : 0;
    l->gap = d->gap;
    for (uint32_t k = 0; k <= (l->automatic ? l->folds : 0); k++)
        l->sweeps += r->descent[k].sweeps;
    mlpipe__linear_keep(l, d->w, d->m->mean);
}

mlpipe_status mlpipe__linear_by_gram(mlpipe__linear *l)
{
    cv_run r = {.l = l};
    const uint32_t folds = l->automatic ? l->folds : 1;
    uint32_t best = 0;
    mlpipe_status st = mlpipe__gram_fit(l->job, l->intercept, folds, &r.gram);

    if (!st)
        st = cv_allocate(&r);
    if (!st)
        st = cv_prepare(&r);
    if (!st)
        l->highest =
            cv_highest(l, r.descent[l->automatic ? folds : 0].m);
    if (!st && l->automatic) {
        mlpipe__linear_grid(l, l->highest);
        st = cv_path(&r, &best);
    }
    if (!st)
        st = cv_all_rows(&r, best);
    if (!st)
        cv_keep(&r);
    cv_free(&r);
    return st;
}
