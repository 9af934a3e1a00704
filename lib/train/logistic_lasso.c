/* SPDX-License-Identifier: MIT */
/*
 * The quadratic form of a Newton step together with the corners of the
 * penalty: cyclic coordinate descent, over the coefficients that are not zero
 * until they settle, then over all.
 */
#include "logistic_types.h"

enum {
    LASSO_ROUNDS = 1000,
    LASSO_SWEEPS = 1000,
    LASSO_POLL = 16 /* sweeps; one takes up to 10 ms */
};

static double lasso_shrink(double x, double by)
{
    return x > by ? x - by : x < -by ? x + by : 0;
}

/* Is it a coefficient that the penalty is on? */
static bool lasso_penalised(const logistic_fit *fit, size_t i)
{
    return i % fit->q < fit->p;
}

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
    return (d < 0 ? -d : d) * h[i] / fit->scale[i % fit->q];
}

static double lasso_sweep(logistic_fit *fit, bool all)
{
    double most = 0;

    for (size_t i = 0; i < fit->size; i++) {
        const bool active = fit->next[i] > 0 || fit->next[i] < 0 ||
                            !lasso_penalised(fit, i);
        const double gap = all || active ? lasso_move(fit, i) : 0;

        most = gap > most ? gap : most;
    }
    return most;
}

mlpipe_status mlpipe__logistic_lasso(logistic_fit *fit, double within)
{
    const size_t n = fit->size;
    mlpipe_status st = MLPIPE_OK;

    memcpy(fit->next, fit->theta, n * sizeof *fit->next);
    memcpy(fit->slope, fit->gradient, n * sizeof *fit->slope);
    for (uint32_t k = 0; k < LASSO_ROUNDS && !st; k++) {
        if (lasso_sweep(fit, true) <= within)
            break;
        for (uint32_t i = 0; i < LASSO_SWEEPS && !st; i++) {
            if (lasso_sweep(fit, false) <= within)
                break;
            if (i % LASSO_POLL == LASSO_POLL - 1)
                st = mlpipe__poll(fit->ctx, fit->job->name, fit->passes,
                                  fit->most);
        }
    }
    for (size_t i = 0; i < n; i++)
        fit->step[i] = fit->next[i] - fit->theta[i];
    return st;
}
