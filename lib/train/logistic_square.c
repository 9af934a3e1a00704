/* SPDX-License-Identifier: MIT */
/*
 * The second derivatives of the logistic loss as one matrix, its factor, and
 * what is told where it has none: columns that say the same, or columns that
 * tell the classes apart.
 */
#include "logistic_types.h"

/* ---- the matrix --------------------------------------------------------- */

/* Of forms a <= b < paired, entry (i, j) of their matrix of sums. */
static double square_sum(const logistic_fit *fit, uint32_t a, uint32_t b,
                         uint32_t i, uint32_t j)
{
    const size_t pair = (size_t)b * (b + 1) / 2 + a;
    const double *gram =
        fit->sums + fit->terms + pair * fit->q * fit->q;
    const double x = i < j ? gram[(size_t)j * fit->q + i]
                           : gram[(size_t)i * fit->q + j];

    return (a == b ? x : -x) / fit->sums[0];
}

/*
 * All forms add up to nothing, since probabilities add up to one: the last of
 * K is less the sum of the others.
 */
static double square_at(const logistic_fit *fit, uint32_t a, uint32_t b,
                        uint32_t i, uint32_t j)
{
    double sum = 0;

    if (a > b) {
        const uint32_t swap = a;
        a = b;
        b = swap;
    }
    if (b < fit->paired)
        return square_sum(fit, a, b, i, j);
    if (a < fit->paired) {
        for (uint32_t k = 0; k < fit->paired; k++)
            sum -= square_sum(fit, a < k ? a : k, a < k ? k : a, i, j);
        return sum;
    }
    for (uint32_t k = 0; k < fit->paired; k++)
        for (uint32_t l = 0; l < fit->paired; l++)
            sum += square_sum(fit, k < l ? k : l, k < l ? l : k, i, j);
    return sum;
}

/* What the penalty adds: forms that are less the last one share theirs. */
static double square_penalty(const logistic_fit *fit, uint32_t a, uint32_t b)
{
    const double shared = fit->classes > 2 && fit->forms < fit->classes
                              ? fit->smooth / fit->classes
                              : 0;

    return (a == b ? fit->smooth : 0) - shared;
}

void mlpipe__logistic_square(logistic_fit *fit)
{
    const size_t q = fit->q, size = fit->size;

    for (uint32_t b = 0; b < fit->forms; b++)
        for (uint32_t a = 0; a <= b; a++) {
            const double penalty = square_penalty(fit, a, b);

            for (uint32_t j = 0; j < q; j++)
                for (uint32_t i = 0; i < q; i++) {
                    const size_t row = a * q + i, column = b * q + j;
                    double x = square_at(fit, a, b, i, j);

                    if (i == j && i < fit->p)
                        x += penalty;
                    fit->hessian[column * size + row] = x;
                    fit->hessian[row * size + column] = x;
                }
        }
}

/* ---- its factor --------------------------------------------------------- */

/* ease raises the diagonal by that part of it. */
uint32_t mlpipe__logistic_factor(logistic_fit *fit, double ease)
{
    const size_t n = fit->size;
    const double *h = fit->hessian;

    for (size_t i = 0; i < n; i++) {
        const double d = h[i * n + i];
        fit->size_of[i] = d > 0 ? mlpipe__linear_power(d) : 1;
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i <= j; i++)
            fit->factor[j * n + i] =
                h[j * n + i] / fit->size_of[i] / fit->size_of[j];
        fit->factor[j * n + j] *= 1 + ease;
    }
    const uint32_t minor = mlpipe__cholesky((uint32_t)n, fit->factor);
    const uint32_t end = minor ? minor - 1 : (uint32_t)n;
    fit->has_factor = false;
    for (uint32_t k = 0; k < end; k++) {
        const double u = fit->factor[(size_t)k * n + k];
        const double d = h[(size_t)k * n + k] / fit->size_of[k] /
                         fit->size_of[k];
        if (!(u * u > 1e-14 * d))
            return k;
    }
    fit->has_factor = end == n;
    return end;
}

void mlpipe__logistic_divide(const logistic_fit *fit, double *b)
{
    for (size_t i = 0; i < fit->size; i++)
        b[i] /= fit->size_of[i];
    mlpipe__cholesky_solve((uint32_t)fit->size, fit->factor, b);
    for (size_t i = 0; i < fit->size; i++)
        b[i] /= fit->size_of[i];
}

/* ---- why there is none -------------------------------------------------- */

enum { SQUARE_NAMES = 6, SQUARE_TEXT = 512 };

/* The names of at most six features whose figure is above a limit. */
static uint32_t square_names(const logistic_fit *fit, const double *figure,
                             double limit, char names[SQUARE_TEXT])
{
    uint32_t told = 0;
    size_t at = 0;

    names[0] = 0;
    for (uint32_t f = 0; f < fit->p && told < SQUARE_NAMES; f++) {
        if (!(figure[f] > limit))
            continue;
        at += mlpipe__format(names + at, SQUARE_TEXT - at, "%s%q",
                             told ? ", " : "", fit->rows->feature[f].name);
        told++;
    }
    return told;
}

/*
 * The column of the pivot in terms of those before it, of the same form, as
 * the factor so far has it.
 */
mlpipe_status mlpipe__logistic_collinear(const logistic_fit *fit,
                                         uint32_t pivot)
{
    const uint32_t k = pivot % fit->q;
    double *b = fit->slope;
    char names[SQUARE_TEXT];

    mlpipe__linear_combination(fit->size, fit->factor, pivot, b);
    for (uint32_t f = 0; f < fit->p; f++) {
        const size_t at = pivot - k + f;
        b[f] = f < k ? (b[at] < 0 ? -b[at] : b[at]) : 0;
    }
    const char *name = fit->rows->feature[k < fit->p ? k : 0].name;
    if (k == fit->p)
        mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                     "%s: a combination of the features is the same in all "
                     "training rows, as the intercept is; leave one out, or "
                     "set l2 above 0 (it is %g)",
                     fit->job->name, fit->l2);
    else if (square_names(fit, b, 1e-6, names))
        mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is a linear combination of %s; leave one "
                     "out, or set l2 above 0 (it is %g)",
                     fit->job->name, name, names, fit->l2);
    else
        mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is constant in the training rows; leave "
                     "it out, or set l2 above 0 (it is %g)",
                     fit->job->name, name, fit->l2);
    return mlpipe__fail_at(fit->ctx, -1, k < fit->p ? name : "");
}

mlpipe_status mlpipe__logistic_separated(const logistic_fit *fit,
                                         const double *step)
{
    double *figure = fit->slope, most = 0;
    char names[SQUARE_TEXT];

    for (uint32_t f = 0; f < fit->p; f++) {
        double reach = 0;
        for (uint32_t k = 0; k < fit->forms; k++) {
            const double x = step[(size_t)k * fit->q + f] * fit->scale[f];
            reach = x > reach ? x : -x > reach ? -x : reach;
        }
        figure[f] = reach;
        most = reach > most ? reach : most;
    }
    square_names(fit, figure, 0.01 * most, names);
    return mlpipe__fail(
        fit->ctx, MLPIPE_E_NUMERIC,
        "%s: the classes are separated by %s: the coefficients grow without "
        "end while the loss falls, and have no best value; set l2 above 0 "
        "(it is %g), or leave such features out",
        fit->job->name, names[0] ? names : "the intercept", fit->l2);
}
