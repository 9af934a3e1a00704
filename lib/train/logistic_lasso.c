/* SPDX-License-Identifier: MIT */
/*
 * The quadratic form of a Newton step together with the corners of the
 * penalty: cyclic coordinate descent, over the coefficients that are not zero
 * until they settle, then over all. Where they are slow to settle, since
 * columns or classes say nearly the same, the form of those that are not zero
 * is solved as it is, with the signs that they have.
 */
#include "logistic_types.h"

enum {
    LASSO_SWEEPS = 32, /* over some coefficients, before they are solved */
    LASSO_IDLE = 4,    /* rounds that bring nothing */
    LASSO_WORK = 64    /* sweeps, or what takes as long, an iteration */
};

static double lasso_size(double x)
{
    return x < 0 ? -x : x;
}

static double lasso_shrink(double x, double by)
{
    return x > by ? x - by : x < -by ? x + by : 0;
}

/* Is it a coefficient that the penalty is on? */
static bool lasso_penalised(const logistic_fit *fit, size_t i)
{
    return i % fit->q < fit->p;
}

static bool lasso_active(const logistic_fit *fit, size_t i)
{
    return fit->next[i] > 0 || fit->next[i] < 0 || !lasso_penalised(fit, i);
}

/* ---- by coordinates ----------------------------------------------------- */

/* fit->slope is the gradient of the form at fit->next; the gap before the
 * coordinate moved, for a column of spread one. */
static double lasso_move(logistic_fit *fit, size_t i)
{
    const double *h = fit->hessian + i * fit->size;
    const double old = fit->next[i], corner =
        lasso_penalised(fit, i) ? fit->corner : 0;

    if (!(h[i] > 0))
        return 0;
    const double x =
        lasso_shrink(old * h[i] - fit->slope[i], corner) / h[i];
    const double d = x - old;
    if (!(d > 0) && !(d < 0))
        return 0;
    fit->next[i] = x;
    for (size_t k = 0; k < fit->size; k++)
        fit->slope[k] += d * h[k];
    return lasso_size(d) * h[i] / fit->scale[i % fit->q];
}

static double lasso_sweep(logistic_fit *fit, bool all)
{
    double most = 0;

    for (size_t i = 0; i < fit->size; i++) {
        const double gap =
            all || lasso_active(fit, i) ? lasso_move(fit, i) : 0;

        most = gap > most ? gap : most;
    }
    fit->work++;
    return most;
}

/* ---- at once ------------------------------------------------------------ */

/* The factor of the form of m coefficients, each of curvature one: raised a
 * little, since those of all classes together may have none. */
static bool lasso_factor(logistic_fit *fit, uint32_t m)
{
    const size_t n = fit->size;

    for (uint32_t i = 0; i < m; i++)
        fit->size_of[i] =
            mlpipe__sqrt(fit->hessian[fit->active[i] * (n + 1)]);
    for (double ease = 1e-12; ease < 1; ease *= 100) {
        for (uint32_t j = 0; j < m; j++) {
            const double *h = fit->hessian + fit->active[j] * n;
            double *u = fit->factor + (size_t)j * m;

            for (uint32_t i = 0; i < j; i++)
                u[i] = h[fit->active[i]] / fit->size_of[i] / fit->size_of[j];
            u[j] = 1 + ease;
        }
        if (!mlpipe__cholesky(m, fit->factor))
            return true;
    }
    return false;
}

/* Until which length of the way the signs stay; a little beyond it, so that
 * the first of them that does not is zero there. */
static double lasso_reach(const logistic_fit *fit, uint32_t m,
                          const double *way)
{
    double least = 1;

    for (uint32_t i = 0; i < m; i++) {
        const size_t at = fit->active[i];
        const double reach = -fit->next[at] / way[i] * (1 + 0x1p-40);

        if (lasso_penalised(fit, at) && reach > 0 && reach < least)
            least = reach;
    }
    return least;
}

/* Coefficients go `length` of the way, but none beyond zero, if the form is
 * less there. */
static bool lasso_go(logistic_fit *fit, uint32_t m, const double *way,
                     double length, double *slope)
{
    const size_t n = fit->size;
    double fall = 0;

    memcpy(slope, fit->slope, n * sizeof *slope);
    for (uint32_t i = 0; i < m; i++) {
        const size_t at = fit->active[i];
        const double *h = fit->hessian + at * n, old = fit->next[at];
        double x = old + length * way[i];

        if (lasso_penalised(fit, at) && (x > 0) != (old > 0))
            x = 0;
        for (size_t k = 0; k < n; k++)
            slope[k] += (x - old) * h[k];
        fit->size_of[i] = x;
    }
    for (uint32_t i = 0; i < m; i++) {
        const size_t at = fit->active[i];
        const double x = fit->size_of[i], old = fit->next[at];

        fall -= (fit->slope[at] + slope[at]) / 2 * (x - old);
        if (lasso_penalised(fit, at))
            fall -= fit->corner * (lasso_size(x) - lasso_size(old));
    }
    if (!(fall > 0))
        return false;
    for (uint32_t i = 0; i < m; i++)
        fit->next[fit->active[i]] = fit->size_of[i];
    memcpy(fit->slope, slope, n * sizeof *slope);
    return true;
}

/* The quasi-Newton memory, which corners have no use for, is the room. */
static void lasso_solve(logistic_fit *fit)
{
    double *way = fit->moves, *slope = fit->turns;
    uint32_t m = 0;

    for (size_t i = 0; i < fit->size; i++)
        if (lasso_active(fit, i) && fit->hessian[i * (fit->size + 1)] > 0)
            fit->active[m++] = (uint32_t)i;
    fit->work += 1 + m / 8;
    if (!m || !lasso_factor(fit, m))
        return;
    for (uint32_t i = 0; i < m; i++) {
        const size_t at = fit->active[i];
        const double corner = !lasso_penalised(fit, at) ? 0
                              : fit->next[at] > 0       ? fit->corner
                                                        : -fit->corner;

        way[i] = -(fit->slope[at] + corner) / fit->size_of[i];
    }
    mlpipe__cholesky_solve(m, fit->factor, way);
    for (uint32_t i = 0; i < m; i++)
        way[i] /= fit->size_of[i];
    const double least = lasso_reach(fit, m, way);
    for (double length = 1; length > least; length /= 16) {
        fit->work++;
        if (lasso_go(fit, m, way, length, slope))
            return;
    }
    lasso_go(fit, m, way, least, slope);
}

/* ---- both --------------------------------------------------------------- */

/* How much less the form is than where it began. */
static double lasso_fall(const logistic_fit *fit)
{
    double sum = 0;

    for (size_t i = 0; i < fit->size; i++) {
        const double x = fit->next[i], old = fit->theta[i];

        sum -= (fit->gradient[i] + fit->slope[i]) / 2 * (x - old);
        if (lasso_penalised(fit, i))
            sum -= fit->corner * (lasso_size(x) - lasso_size(old));
    }
    return sum;
}

bool mlpipe__logistic_lasso_spent(const logistic_fit *fit)
{
    return fit->work > (uint64_t)fit->most * LASSO_WORK;
}

mlpipe_status mlpipe__logistic_lasso(logistic_fit *fit, double within)
{
    const size_t n = fit->size;
    double fall = 0, best = mlpipe__inf();
    mlpipe_status st = MLPIPE_OK;

    memcpy(fit->next, fit->theta, n * sizeof *fit->next);
    memcpy(fit->slope, fit->gradient, n * sizeof *fit->slope);
    for (uint32_t idle = 0; idle < LASSO_IDLE && !st;) {
        const double gap = lasso_sweep(fit, true), before = fall;
        uint32_t i = 0;

        if (gap <= within || mlpipe__logistic_lasso_spent(fit))
            break;
        while (i < LASSO_SWEEPS && lasso_sweep(fit, false) > within)
            i++;
        if (i == LASSO_SWEEPS)
            lasso_solve(fit);
        fall = lasso_fall(fit);
        /* Of a value that is as good as it gets the gap may still shrink. */
        idle = fall - before > 0x1p-52 * fit->value || gap < 0.9 * best
                   ? 0
                   : idle + 1;
        best = gap < best ? gap : best;
        st = mlpipe__poll(fit->ctx, fit->job->name, fit->passes, fit->most);
    }
    for (size_t i = 0; i < n; i++)
        fit->step[i] = fit->next[i] - fit->theta[i];
    return st;
}
