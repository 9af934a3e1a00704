/* SPDX-License-Identifier: MIT */
/*
 * lasso and elastic_net where features outnumber rows, or are too many for
 * their products: columns about the means times the root of the weight's
 * share, and a descent on the residual (linear_wide_cd.c).
 */
#include "linear_wide_types.h"

enum { WIDE_STEPS = 8 }; /* on the way to a single lambda */

#define WIDE_LOOSE 1e-2 /* gap of those steps */

/* ---- the columns -------------------------------------------------------- */

/* Rows that train come first; place[row] is where. */
static uint32_t wide_places(const wide_fit *f, uint32_t left_out,
                            uint32_t *place)
{
    const uint32_t rows = (uint32_t)f->all;
    uint32_t train = 0, held = 0;

    for (uint32_t i = 0; i < rows; i++)
        train += left_out == UINT32_MAX ||
                 mlpipe__linear_fold(f->l->job, i, f->l->folds) != left_out;
    held = train;
    train = 0;
    for (uint32_t i = 0; i < rows; i++)
        place[i] = left_out == UINT32_MAX ||
                           mlpipe__linear_fold(f->l->job, i, f->l->folds) !=
                               left_out
                       ? train++
                       : held++;
    return train;
}

typedef struct wide_reader {
    void *scratch;
    double *values;
    uint8_t *valid;
    uint32_t *place;
    double *weight, *root; /* of each place; of its share */
} wide_reader;

static mlpipe_status wide_read(wide_fit *f, const wide_reader *r)
{
    const mlpipe__frame *t = f->l->job->train;
    const uint32_t rows = (uint32_t)f->all;
    double *y = f->x + (size_t)f->p * rows;

    for (uint32_t at = 0; at < rows; at += MLPIPE__BLOCK_ROWS) {
        const uint32_t n = rows - at < MLPIPE__BLOCK_ROWS ? rows - at
                                                          : MLPIPE__BLOCK_ROWS;
        const mlpipe_status st = mlpipe__poll(f->l->ctx, f->l->job->name, at,
                                              rows);
        if (st)
            return st;
        t->read(t, r->scratch, at, n, r->values, r->valid);
        for (uint32_t c = 0; c < f->p; c++)
            for (uint32_t i = 0; i < n; i++) {
                if (!r->valid[(size_t)c * n + i])
                    return mlpipe__linear_null(f->l->job, c, at + i);
                f->x[(size_t)c * rows + r->place[at + i]] =
                    r->values[(size_t)c * n + i];
            }
    }
    f->weight = f->held = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        y[r->place[i]] = t->target[i];
        r->weight[r->place[i]] = w;
    }
    for (uint32_t i = 0; i < rows; i++)
        *(i < f->n ? &f->weight : &f->held) += r->weight[i];
    return MLPIPE_OK;
}

/* About the mean of the rows that train; both they and those held out by the
 * root of their share of the weight. */
static mlpipe_status wide_centre(wide_fit *f, const wide_reader *r)
{
    const uint32_t rows = (uint32_t)f->all;
    const double *weight = r->weight;

    for (uint32_t i = 0; i < rows; i++)
        r->root[i] =
            mlpipe__sqrt(weight[i] / (i < f->n ? f->weight : f->held));

    for (uint32_t c = 0; c <= f->p; c++) {
        double *x = f->x + (size_t)c * rows;
        const double mean =
            f->l->intercept ? mlpipe__wide_dot(f, x, weight) / f->weight : 0;
        double more, size;
        for (uint32_t i = 0; i < rows; i++)
            x[i] -= mean;
        more = f->l->intercept ? mlpipe__wide_dot(f, x, weight) / f->weight : 0;
        f->mean[c] = mean + more;
        for (uint32_t i = 0; i < rows; i++)
            x[i] = (x[i] - more) * r->root[i];
        size = mlpipe__wide_dot(f, x, x);
        if (!mlpipe__finite(size))
            return mlpipe__linear_too_large(f->l, c);
        if (size <= 0x1p-96 * mean * mean) /* it does not vary */
            size = 0;
        if (c < f->p)
            f->square[c] = size;
        else
            f->yy = size;
    }
    return MLPIPE_OK;
}

static mlpipe_status wide_load(wide_fit *f, uint32_t left_out)
{
    mlpipe__env *env = f->l->env;
    const mlpipe__frame *t = f->l->job->train;
    const size_t rows = (size_t)f->all, block = MLPIPE__BLOCK_ROWS;
    wide_reader r = {0};
    mlpipe_status st = MLPIPE_OK;

    r.scratch = mlpipe__alloc(env, t->scratch_bytes);
    r.values = mlpipe__alloc_array(env, f->p, block * sizeof(double));
    r.valid = mlpipe__alloc_array(env, f->p, block);
    r.place = mlpipe__alloc_array(env, rows, sizeof *r.place);
    r.root = mlpipe__alloc_array(env, rows, sizeof(double));
    r.weight = mlpipe__alloc_array(env, rows, sizeof(double));
    if (!r.scratch || !r.values || !r.valid || !r.place || !r.root ||
        !r.weight)
        st = mlpipe__nomem(f->l->ctx);
    if (!st) {
        f->n = wide_places(f, left_out, r.place);
        st = wide_read(f, &r);
    }
    if (!st && f->weight > 0)
        st = wide_centre(f, &r);
    if (!st) {
        const double *y = f->x + f->p * rows;
        memset(f->w, 0, f->p * sizeof(double));
        memcpy(f->r, y, f->n * sizeof(double));
        memcpy(f->seen, y, f->n * sizeof(double));
        f->way = 0;
        for (uint32_t j = 0; j < f->p; j++) {
            f->g[j] =
                f->weight > 0 ? mlpipe__wide_dot(f, f->x + j * rows, y) : 0;
            f->moved[j] = 0;
            f->in[j] = 0;
        }
    }
    mlpipe__free(env, r.scratch);
    mlpipe__free(env, r.values);
    mlpipe__free(env, r.valid);
    mlpipe__free(env, r.place);
    mlpipe__free(env, r.root);
    mlpipe__free(env, r.weight);
    return st;
}

/* Mean squared error of the rows that are held out. */
static double wide_error(const wide_fit *f)
{
    const size_t rows = (size_t)f->all;
    double *e = f->seen + f->n; /* behind the rows that train */
    double sum = 0;

    memcpy(e, f->x + f->p * rows + f->n, (rows - f->n) * sizeof(double));
    for (uint32_t j = 0; j < f->p; j++)
        if (f->w[j] != 0)
            f->l->kernel->axpy(e, f->x + j * rows + f->n, f->w[j],
                               (uint32_t)(rows - f->n));
    for (size_t i = 0; i < rows - f->n; i++)
        sum += e[i] * e[i];
    return sum;
}

/* ---- the fit ------------------------------------------------------------ */

static double wide_highest(const wide_fit *f)
{
    double size = 0;

    for (uint32_t j = 0; j < f->p; j++) {
        const double s = f->square[j] > 0
                             ? mlpipe__dual_size(f->g[j], f->l->positive)
                             : 0;
        if (s > size)
            size = s;
    }
    return size / f->l->l1_ratio;
}

static mlpipe_status wide_fold(wide_fit *f, uint32_t k, double *errors,
                               double *weights)
{
    mlpipe__linear *l = f->l;
    double before;
    mlpipe_status st = wide_load(f, k);

    if (st)
        return st;
    weights[k] = f->held;
    before = l->path[0];
    f->steps = l->lambdas;
    for (uint32_t i = 0; i < l->lambdas && !st; i++) {
        f->step_at = i;
        st = mlpipe__wide_solve(f, l->path[i], before);
        errors[(size_t)k * l->lambdas + i] = f->held > 0 ? wide_error(f) : 0;
        if (f->held > 0)
            l->nonzero[i] += mlpipe__linear_nonzero(l, f->w);
        before = l->path[i];
    }
    return st;
}

static mlpipe_status wide_choose(wide_fit *f, uint32_t *best)
{
    mlpipe__linear *l = f->l;
    double *errors = mlpipe__alloc_array(l->env, l->folds,
                                         l->lambdas * sizeof(double));
    double *weights = mlpipe__alloc_array(l->env, l->folds, sizeof(double));
    mlpipe_status st = errors && weights ? wide_load(f, UINT32_MAX)
                                         : mlpipe__nomem(l->ctx);

    if (!st)
        mlpipe__linear_grid(l, wide_highest(f));
    for (uint32_t k = 0; k < l->folds && !st; k++)
        st = wide_fold(f, k, errors, weights);
    if (!st)
        st = mlpipe__linear_choose(l, errors, weights, best);
    mlpipe__free(l->env, errors);
    mlpipe__free(l->env, weights);
    return st;
}

/* All rows: down the path to the chosen lambda, or in a few steps to the one
 * that was given. */
static mlpipe_status wide_all_rows(wide_fit *f, uint32_t best)
{
    mlpipe__linear *l = f->l;
    mlpipe_status st = wide_load(f, UINT32_MAX);
    double before, highest, down = 0;

    if (st)
        return st;
    highest = l->highest = wide_highest(f);
    before = highest;
    if (l->automatic)
        l->lambda = l->path[best];
    else if (l->lambda < highest)
        down = mlpipe__log(l->lambda / highest) / WIDE_STEPS;
    const uint32_t steps = l->automatic ? best : down < 0 ? WIDE_STEPS : 0;
    f->steps = steps + 1;
    for (uint32_t i = 0; i <= steps && !st; i++) {
        const double lambda = i == steps     ? l->lambda
                              : l->automatic ? l->path[i]
                                             : highest * mlpipe__exp(down * i);
        f->step_at = i;
        f->tol = i == steps || l->automatic || l->tol > WIDE_LOOSE
                     ? l->tol
                     : WIDE_LOOSE;
        st = mlpipe__wide_solve(f, lambda, before);
        before = lambda;
    }
    return st;
}

static mlpipe_status wide_allocate(wide_fit *f)
{
    mlpipe__env *env = f->l->env;
    const size_t p = f->p, rows = (size_t)f->all;
    size_t column;

    if (mlpipe__mul(rows, sizeof(double), &column))
        return mlpipe__nomem(f->l->ctx);
    f->x = mlpipe__alloc_array(env, p + 1, column);
    f->mean = mlpipe__alloc_array(env, p + 1, sizeof(double));
    f->square = mlpipe__alloc_array(env, p, sizeof(double));
    f->w = mlpipe__alloc_array(env, p, sizeof(double));
    f->g = mlpipe__alloc_array(env, p, sizeof(double));
    f->moved = mlpipe__alloc_array(env, p, sizeof(double));
    f->r = mlpipe__alloc_array(env, rows, sizeof(double));
    f->seen = mlpipe__alloc_array(env, rows, sizeof(double));
    f->out = mlpipe__alloc_array(env, p, 1);
    f->in = mlpipe__alloc_array(env, p, 1);
    f->part = mlpipe__alloc_array(env, p, sizeof *f->part);
    f->active = mlpipe__alloc_array(env, p, sizeof *f->active);
    f->exact = f->all > WIDE_EXACT_ROWS ? 0
               : f->p < WIDE_EXACT      ? f->p
                                        : WIDE_EXACT;
    const size_t exact = f->exact;
    f->factor = mlpipe__alloc_array(env, exact * exact, sizeof(double));
    f->step = mlpipe__alloc_array(env, exact, sizeof(double));
    f->columns = mlpipe__alloc_array(env, exact + MLPIPE__GRAM_TILE,
                                     column + 8 * sizeof(double));
    f->lanes = mlpipe__alloc_array(env, mlpipe__gram_lanes(f->exact),
                                   sizeof(double));
    if (!f->x || !f->mean || !f->square || !f->w || !f->g || !f->moved ||
        !f->r || !f->seen || !f->out || !f->in || !f->part || !f->active ||
        !f->factor || !f->step || !f->columns || !f->lanes)
        return mlpipe__nomem(f->l->ctx);
    return MLPIPE_OK;
}

static void wide_free(wide_fit *f)
{
    mlpipe__env *env = f->l->env;

    mlpipe__free(env, f->x);
    mlpipe__free(env, f->mean);
    mlpipe__free(env, f->square);
    mlpipe__free(env, f->w);
    mlpipe__free(env, f->g);
    mlpipe__free(env, f->moved);
    mlpipe__free(env, f->r);
    mlpipe__free(env, f->seen);
    mlpipe__free(env, f->out);
    mlpipe__free(env, f->in);
    mlpipe__free(env, f->part);
    mlpipe__free(env, f->active);
    mlpipe__free(env, f->factor);
    mlpipe__free(env, f->step);
    mlpipe__free(env, f->columns);
    mlpipe__free(env, f->lanes);
}

mlpipe_status mlpipe__linear_by_rows(mlpipe__linear *l)
{
    wide_fit f = {.l = l, .p = l->p, .all = l->job->train->rows,
                  .tol = l->tol};
    uint32_t best = 0;
    mlpipe_status st = mlpipe__most_rows(l->ctx, l->job->name,
                                         (uint64_t)f.all, INT32_MAX);

    if (!st)
        st = wide_allocate(&f);
    if (!st && l->automatic)
        st = wide_choose(&f, &best);
    if (!st)
        st = wide_all_rows(&f, best);
    if (!st) {
        l->gap = f.gap;
        l->sweeps = f.sweeps;
        l->loss = mlpipe__wide_dot(&f, f.r, f.r);
        mlpipe__linear_keep(l, f.w, f.mean);
    }
    wide_free(&f);
    return st;
}
