/* SPDX-License-Identifier: MIT */
/*
 * Coordinate descent on the residual. Down the path only features that the
 * sequential strong rule names take part (Tibshirani et al. 2012); those that
 * the gap proves to be zero are out for this lambda (Ndiaye et al. 2017); all
 * others are looked at in the end, unless the way that the residual went since
 * the last look bounds what would be seen.
 */
#include "linear_wide_types.h"

enum {
    WIDE_INNER = 10,   /* sweeps over the active between looks at more */
    WIDE_PATIENCE = 3  /* rounds before the active ones are solved for */
};

#define WIDE_STILL 1e-2    /* of tol; see linear_cd.c */
#define WIDE_ROUNDING 1e-12
#define WIDE_PIVOT 1e-12

/* Of any length, in blocks as all sums. */
double mlpipe__wide_dot(const wide_fit *f, const double *a, const double *b)
{
    mlpipe__tree tree;

    if (f->n <= MLPIPE__SUM_BLOCK)
        return f->l->kernel->dot(a, b, f->n);
    memset(&tree, 0, sizeof tree);
    for (uint32_t i = 0; i < f->n; i += MLPIPE__SUM_BLOCK)
        mlpipe__tree_add(&tree,
                         f->l->kernel->dot(a + i, b + i,
                                           f->n - i < MLPIPE__SUM_BLOCK
                                               ? f->n - i
                                               : MLPIPE__SUM_BLOCK));
    return mlpipe__tree_value(&tree);
}

/* ---- descent ------------------------------------------------------------ */

static double wide_one(wide_fit *f, uint32_t j, double l1, double l2)
{
    const double *x = f->x + (size_t)j * f->all;
    const double square = f->square[j], old = f->w[j];
    const double now =
        mlpipe__soft(mlpipe__wide_dot(f, x, f->r) + square * old, l1,
                     f->l->positive) /
        (square + l2);

    if (now == old)
        return 0;
    f->w[j] = now;
    f->l->kernel->axpy(f->r, x, now - old, f->n);
    return square * (now - old) * (now - old);
}

/* Those that take part once, then the active ones until they stand still. */
static void wide_round(wide_fit *f, double l1, double l2, double still)
{
    double gain = still + 1;
    uint32_t s = 0;

    f->actives = 0;
    for (uint32_t i = 0; i < f->parts; i++) {
        wide_one(f, f->part[i], l1, l2);
        if (f->w[f->part[i]] != 0)
            f->active[f->actives++] = f->part[i];
    }
    for (; s < WIDE_INNER && gain > still; s++) {
        gain = 0;
        for (uint32_t i = 0; i < f->actives; i++)
            gain += wide_one(f, f->active[i], l1, l2);
    }
    f->sweeps += 1 + s;
}

static void wide_take(wide_fit *f, uint32_t j)
{
    if (f->in[j] || !(f->square[j] > 0))
        return;
    f->in[j] = 1;
    f->part[f->parts++] = j;
}

/* How far the residual is from where it was at the last look. */
static void wide_walk(wide_fit *f)
{
    double s = 0;

    for (uint32_t i = 0; i < f->n; i++)
        f->seen[i] -= f->r[i];
    s = mlpipe__wide_dot(f, f->seen, f->seen);
    f->way += mlpipe__sqrt(s) * (1 + WIDE_ROUNDING);
    memcpy(f->seen, f->r, f->n * sizeof(double));
}

static void wide_look(wide_fit *f, uint32_t j)
{
    f->g[j] = mlpipe__wide_dot(f, f->x + (size_t)j * f->all, f->r);
    f->moved[j] = f->way;
}

/* The most that x'r of feature j can be. */
static double wide_bound(const wide_fit *f, uint32_t j)
{
    return mlpipe__dual_size(f->g[j], f->l->positive) +
           mlpipe__sqrt(f->square[j]) * (f->way - f->moved[j]);
}

/*
 * Looks at every feature that may be active: is the gap small enough? Those
 * that should take part do from now on; *more: whether there were any.
 */
static void wide_certify(wide_fit *f, double l1, double l2, bool *more)
{
    const double *y = f->x + (size_t)f->p * f->all;
    double size = l1, ww = 0, w1 = 0;
    const uint32_t before = f->parts;

    wide_walk(f);
    for (uint32_t i = 0; i < f->parts; i++) {
        const uint32_t j = f->part[i];
        const double w = f->w[j];
        wide_look(f, j);
        const double s = mlpipe__dual_size(f->g[j] - l2 * w, f->l->positive);
        size = s > size ? s : size;
        ww += w * w;
        w1 += w < 0 ? -w : w;
    }
    for (uint32_t j = 0; j < f->p; j++) {
        if (f->in[j] || f->out[j] || wide_bound(f, j) <= l1)
            continue;
        wide_look(f, j);
        const double s = mlpipe__dual_size(f->g[j], f->l->positive);
        size = s > size ? s : size;
        if (s > l1)
            wide_take(f, j);
    }
    const double gap =
        mlpipe__dual_gap(mlpipe__wide_dot(f, f->r, f->r), ww, w1,
                         mlpipe__wide_dot(f, f->r, y), size, l1, l2);
    f->gap = gap > 0 ? gap / (f->yy / 2) : gap == gap ? 0 : gap;
    *more = f->parts > before;
    /* the sphere about the dual point, which holds the best one */
    const double radius = mlpipe__sqrt(f->gap * f->yy) * (1 + WIDE_ROUNDING);
    for (uint32_t j = 0; j < f->p; j++)
        if (!f->in[j] && !f->out[j])
            f->out[j] = l1 / size * wide_bound(f, j) +
                            radius * mlpipe__sqrt(f->square[j] + l2) <
                        l1 * (1 - WIDE_ROUNDING);
}

/* ---- exact solutions ---------------------------------------------------- */

/* By our own sums: LAPACK's would be other bits on other machines. */
static bool wide_cholesky(const wide_fit *f, uint32_t k, double *a)
{
    for (uint32_t j = 0; j < k; j++) {
        double *column = a + (size_t)j * k;
        const double all = column[j];
        for (uint32_t i = 0; i < j; i++) {
            const double *u = a + (size_t)i * k;
            column[i] = (column[i] - f->l->kernel->dot(u, column, i)) / u[i];
        }
        const double pivot = all - f->l->kernel->dot(column, column, j);
        if (!(pivot > WIDE_PIVOT * all))
            return false;
        column[j] = mlpipe__sqrt(pivot);
    }
    return true;
}

/* The factor of the active ones' products, and the step of their signs. */
static bool wide_newton(wide_fit *f, double l1, double l2)
{
    const uint32_t k = f->actives, tile = f->l->kernel->tile;
    const size_t ld = ((size_t)f->n + 7) / 8 * 8;
    const uint32_t side = (k + tile - 1) / tile * tile;

    memset(f->columns, 0, side * ld * sizeof(double));
    memset(f->factor, 0, (size_t)k * k * sizeof(double));
    for (uint32_t i = 0; i < k; i++)
        memcpy(f->columns + i * ld, f->x + (size_t)f->active[i] * f->all,
               f->n * sizeof(double));
    mlpipe__gram_add(f->l->kernel, f->columns, ld, k, f->n, f->lanes,
                     f->factor);
    for (uint32_t i = 0; i < k; i++) {
        const double w = f->w[f->active[i]];
        f->factor[(size_t)i * k + i] += l2;
        f->step[i] = mlpipe__wide_dot(f, f->columns + i * ld, f->r) - l2 * w -
                     (w > 0 ? l1 : -l1);
    }
    if (!wide_cholesky(f, k, f->factor))
        return false;
    mlpipe__cholesky_solve(k, f->factor, f->step);
    return true;
}

static double wide_objective(const wide_fit *f, double l1, double l2)
{
    double ww = 0, w1 = 0;

    for (uint32_t i = 0; i < f->actives; i++) {
        const double w = f->w[f->active[i]];
        ww += w * w;
        w1 += w < 0 ? -w : w;
    }
    return (mlpipe__wide_dot(f, f->r, f->r) + l2 * ww) / 2 + l1 * w1;
}

/* t of the step; what would change its sign becomes zero. The old ones stay
 * in f->step. */
static void wide_move(wide_fit *f, double t)
{
    for (uint32_t i = 0; i < f->actives; i++) {
        const uint32_t j = f->active[i];
        const double w = f->w[j], to = w + t * f->step[i];
        const double now = (w > 0) == (to > 0) ? to : 0;
        f->l->kernel->axpy(f->r, f->x + (size_t)j * f->all, now - w, f->n);
        f->w[j] = now;
        f->step[i] = w;
    }
}

static void wide_back(wide_fit *f)
{
    for (uint32_t i = 0; i < f->actives; i++) {
        const uint32_t j = f->active[i];
        f->l->kernel->axpy(f->r, f->x + (size_t)j * f->all,
                           f->step[i] - f->w[j], f->n);
        f->w[j] = f->step[i];
    }
}

/* To the minimum for the signs that are there, unless that is no better. */
static void wide_exact(wide_fit *f, double l1, double l2)
{
    const double before = wide_objective(f, l1, l2);

    if (!f->actives || f->actives > f->exact || !wide_newton(f, l1, l2))
        return;
    wide_move(f, 1);
    if (!(wide_objective(f, l1, l2) <= before))
        wide_back(f);
}

mlpipe_status mlpipe__wide_solve(wide_fit *f, double lambda, double before)
{
    const mlpipe__linear *l = f->l;
    const uint64_t end = f->sweeps + l->sweeps_max;
    const double l1 = lambda * l->l1_ratio, l2 = lambda - l1;
    const double strong = 2 * l1 - before * l->l1_ratio;
    double still = WIDE_STILL * f->tol * f->yy;

    f->gap = 0;
    if (!(f->yy > 0) || !(f->weight > 0))
        return mlpipe__poll(l->ctx, l->job->name, f->step_at, f->steps);
    f->parts = 0;
    memset(f->out, 0, f->p);
    memset(f->in, 0, f->p);
    for (uint32_t j = 0; j < f->p; j++)
        if (f->w[j] != 0 ||
            mlpipe__dual_size(f->g[j], f->l->positive) >= strong)
            wide_take(f, j);
    for (uint32_t round = 1;; round++) {
        const mlpipe_status st =
            mlpipe__poll(l->ctx, l->job->name, f->step_at, f->steps);
        bool more;
        if (st)
            return st;
        if (round > WIDE_PATIENCE)
            wide_exact(f, l1, l2);
        wide_round(f, l1, l2, still);
        wide_certify(f, l1, l2, &more);
        if (f->gap <= f->tol)
            return MLPIPE_OK;
        if (f->sweeps >= end || f->gap != f->gap)
            return mlpipe__linear_not_reached(l, lambda, f->gap);
        if (!more)
            still /= 4;
    }
}
