/* SPDX-License-Identifier: MIT */
/*
 * Cyclic coordinate descent over moments. The gradient of every coordinate is
 * kept up to date, so that looking at one costs nothing, the optimality of all
 * is known without a scan, and the duality gap costs p additions: rules that
 * screen features would save nothing here (linear_wide.c has them).
 */
#include "linear_types.h"

enum {
    DESCENT_INNER = 10, /* sweeps over the active ones between looks at all */
    DESCENT_EXACT_EACH = 4 /* rounds between exact solutions */
};

#define DESCENT_PIVOT 1e-13 /* below is rounding of its square */
#define DESCENT_STILL 1e-2  /* of tol: a sweep that gains less ends them */

bool mlpipe__descent_init(mlpipe__env *env, const mlpipe__moments *m,
                          const mlpipe__linear *l, mlpipe__descent *d)
{
    const size_t p = m->p;
    const size_t exact = p < MLPIPE__DESCENT_EXACT ? p : MLPIPE__DESCENT_EXACT;

    *d = (mlpipe__descent){.m = m, .kernel = l->kernel,
                           .positive = l->positive, .tol = l->tol,
                           .sweeps_max = l->sweeps_max};
    d->w = mlpipe__alloc_array(env, p, sizeof(double));
    d->g = mlpipe__alloc_array(env, p, sizeof(double));
    d->active = mlpipe__alloc_array(env, p, sizeof *d->active);
    d->factor = mlpipe__alloc_array(env, exact * exact, sizeof(double));
    d->step = mlpipe__alloc_array(env, exact, sizeof(double));
    if (!d->w || !d->g || !d->active || !d->factor || !d->step)
        return false;
    memset(d->w, 0, p * sizeof(double));
    memcpy(d->g, m->b, p * sizeof(double));
    return true;
}

void mlpipe__descent_free(mlpipe__env *env, mlpipe__descent *d)
{
    mlpipe__free(env, d->w);
    mlpipe__free(env, d->g);
    mlpipe__free(env, d->active);
    mlpipe__free(env, d->factor);
    mlpipe__free(env, d->step);
}

double mlpipe__dual_gap(double rr, double ww, double w1, double ry,
                        double size, double l1, double l2)
{
    const double c = size > l1 ? l1 / size : 1;

    return (1 + c * c) / 2 * (rr + l2 * ww) + l1 * w1 - c * ry;
}

/* The gradient anew, without what updates added to it. */
static void descent_refresh(mlpipe__descent *d)
{
    const uint32_t p = d->m->p;

    memcpy(d->g, d->m->b, p * sizeof(double));
    for (uint32_t j = 0; j < p; j++)
        if (d->w[j] != 0)
            d->kernel->axpy(d->g, d->m->a + (size_t)j * p, d->w[j], p);
}

static double descent_gap(const mlpipe__descent *d, double l1, double l2)
{
    double wb = 0, wg = 0, ww = 0, w1 = 0, size = 0;

    for (uint32_t j = 0; j < d->m->p; j++) {
        const double w = d->w[j];
        const double s = mlpipe__dual_size(d->g[j] - l2 * w, d->positive);
        wb += w * d->m->b[j];
        wg += w * d->g[j];
        ww += w * w;
        w1 += w < 0 ? -w : w;
        if (s > size)
            size = s;
    }
    const double gap = mlpipe__dual_gap(d->m->yy - wb - wg, ww, w1,
                                        d->m->yy - wb, size, l1, l2);
    return gap > 0 ? gap / (d->m->yy / 2) : gap == gap ? 0 : gap;
}

/* Half of what it gains, at least, is returned. */
static double descent_one(mlpipe__descent *d, uint32_t j, double l1, double l2)
{
    const uint32_t p = d->m->p;
    const double *a = d->m->a + (size_t)j * p;
    const double square = a[j], old = d->w[j];
    const double now =
        square > 0
            ? mlpipe__soft(d->g[j] + square * old, l1, d->positive) /
                  (square + l2)
            : 0;

    if (now == old)
        return 0;
    d->w[j] = now;
    d->kernel->axpy(d->g, a, now - old, p);
    return square * (now - old) * (now - old);
}

/* All once, then the active ones some times. */
static void descent_round(mlpipe__descent *d, double l1, double l2)
{
    const double still = DESCENT_STILL * d->tol * d->m->yy;
    uint32_t active = 0, s = 0;
    double gain = still + 1;

    for (uint32_t j = 0; j < d->m->p; j++) {
        descent_one(d, j, l1, l2);
        if (d->w[j] != 0)
            d->active[active++] = j;
    }
    for (; s < DESCENT_INNER && gain > still; s++) {
        gain = 0;
        for (uint32_t i = 0; i < active; i++)
            gain += descent_one(d, d->active[i], l1, l2);
    }
    d->sweeps += 1 + s;
}

/* The factor of the active ones' moments, and their right side; 0, or how
 * many they are. */
static uint32_t descent_factor(mlpipe__descent *d, double l1, double l2)
{
    const uint32_t p = d->m->p;
    uint32_t k = 0;

    for (uint32_t j = 0; j < p; j++)
        if (d->w[j] != 0) {
            if (k == MLPIPE__DESCENT_EXACT)
                return 0;
            d->active[k++] = j;
        }
    for (uint32_t j = 0; j < k; j++) {
        const double *a = d->m->a + (size_t)d->active[j] * p;
        const double w = d->w[d->active[j]];
        for (uint32_t i = 0; i <= j; i++)
            d->factor[(size_t)j * k + i] =
                a[d->active[i]] + (i == j ? l2 : 0);
        d->step[j] = d->g[d->active[j]] - l2 * w - (w > 0 ? l1 : -l1);
    }
    if (mlpipe__cholesky(k, d->factor))
        return 0;
    for (uint32_t j = 0; j < k; j++) {
        const uint32_t at = d->active[j];
        const double u = d->factor[(size_t)j * k + j];
        if (!(u * u > DESCENT_PIVOT * (d->m->a[(size_t)at * p + at] + l2)))
            return 0;
    }
    return k;
}

/*
 * For given signs the objective is a square: go to its minimum, or as far as
 * the first sign allows, which then is zero. It never goes up.
 */
void mlpipe__descent_polish(mlpipe__descent *d, double l1, double l2)
{
    const uint32_t k = descent_factor(d, l1, l2);
    double t = 1;

    if (!k)
        return;
    mlpipe__cholesky_solve(k, d->factor, d->step);
    for (uint32_t i = 0; i < k; i++) {
        const double w = d->w[d->active[i]], to = w + d->step[i];
        if ((w > 0) != (to > 0) && w / (w - to) < t)
            t = w / (w - to);
    }
    for (uint32_t i = 0; i < k; i++) {
        const double w = d->w[d->active[i]], to = w + t * d->step[i];
        d->w[d->active[i]] = (w > 0) == (to > 0) ? to : 0;
    }
    descent_refresh(d);
}

bool mlpipe__descent_solve(mlpipe__descent *d, double l1, double l2)
{
    const uint64_t end = d->sweeps + d->sweeps_max;

    d->gap = 0;
    if (!(d->m->yy > 0)) /* a target that does not vary: all stay 0 */
        return true;
    for (uint32_t round = 1;; round++) {
        d->gap = descent_gap(d, l1, l2);
        if (d->gap <= d->tol) { /* also without rounding of updates? */
            descent_refresh(d);
            d->gap = descent_gap(d, l1, l2);
            if (d->gap <= d->tol)
                return true;
        }
        if (d->sweeps >= end || d->gap != d->gap)
            return false;
        descent_round(d, l1, l2);
        if (round % DESCENT_EXACT_EACH == 0)
            mlpipe__descent_polish(d, l1, l2);
    }
}
