/* SPDX-License-Identifier: MIT */
/*
 * Null distributions of two-sample statistics on the cells of a reference.
 *
 * Where both samples have one law, sqrt(N_e) (q - p) tends to a normal vector
 * with covariance diag(p) - p p', N_e = N n / (N + n), whether the cells were
 * given or cut at the reference's own quantiles. Anderson and Darling's
 * statistic is a quadratic form of it, Kolmogorov and Smirnov's the greatest
 * size of a Brownian bridge at the cells' ends. A curve holds ln P(S >= s) at
 * 16 equal steps of s; S is sqrt(A2) or sqrt(N_e) D, in which the logarithm of
 * a tail is nearly a parabola.
 */
#include "num_internal.h"

enum {
    NULL_STEPS = MLPIPE__CURVE - 1,
    NULL_EXACT = 11, /* steps that a bridge is followed for */
    NULL_HALF = 48,  /* places at each side of zero */
    NULL_POINTS = 128
};
static const double null_reach = 6.0;  /* the last step, in deviations */
static const double null_gap = 0.0025; /* between points of a bridge */

/* ---- Anderson and Darling ----------------------------------------------- */

/* The form's matrix: its diagonal is p, since the weights are p over the
 * variance of a mid-rank distribution function. */
static void null_matrix(const double *share, uint32_t cells, double *m,
                        double *scratch)
{
    double *const middle = scratch, *const weight = scratch + cells;
    double before = 0.0;

    for (uint32_t i = 0; i < cells; i++) {
        middle[i] = before + share[i] / 2.0;
        weight[i] = mlpipe__sqrt(
            share[i] / (middle[i] * (1.0 - middle[i]) - share[i] / 4.0));
        before += share[i];
    }
    for (uint32_t i = 0; i < cells; i++) {
        m[i * (size_t)cells + i] = share[i];
        for (uint32_t k = 0; k < i; k++)
            m[i * (size_t)cells + k] = m[k * (size_t)cells + i] =
                weight[i] * weight[k] * middle[k] * (1.0 - middle[i]);
    }
}

static mlpipe_status null_anderson(mlpipe_ctx *ctx, const double *share,
                                   uint32_t cells, double *curve)
{
    const size_t square = (size_t)cells * cells;
    double *room =
        mlpipe__alloc_array(ctx->env, 2 * square + 3 * cells, sizeof *room);
    double x[NULL_STEPS], p[NULL_STEPS];
    mlpipe_status st;
    bool blas;

    if (!room)
        return mlpipe__nomem(ctx);
    double *const values = room + 2 * square;
    null_matrix(share, cells, room, values + cells);
    st = mlpipe__eigen(ctx, "reference", cells, room, values, room + square,
                       &blas);
    if (!st) {
        curve[0] = null_reach * mlpipe__sqrt(values[0]) / NULL_STEPS;
        for (uint32_t i = 0; i < NULL_STEPS; i++)
            x[i] = curve[0] * curve[0] * (i + 1.0) * (i + 1.0);
        mlpipe__quadratic_tails(values, cells - 1, x, NULL_STEPS, p);
        for (uint32_t i = 0; i < NULL_STEPS; i++)
            curve[1 + i] = mlpipe__log(p[i]);
    }
    mlpipe__free(ctx->env, room);
    return st;
}

/* ---- Kolmogorov and Smirnov --------------------------------------------- */

/* The ends of cells at which a bridge is looked at: those that are apart, or
 * the one that varies most. */
static uint32_t null_points(const double *share, uint32_t cells, double *at)
{
    double sum = 0.0, last = 0.0, best = 0.0;
    uint32_t n = 0;

    for (uint32_t i = 0; i + 1 < cells; i++) {
        sum += share[i];
        if (sum * (1.0 - sum) > best * (1.0 - best))
            best = sum;
        if (sum - last < null_gap || 1.0 - sum < null_gap ||
            n == NULL_POINTS)
            continue;
        at[n++] = last = sum;
    }
    if (!n)
        at[n++] = best;
    return n;
}

static double null_normal(double x, double variance)
{
    return mlpipe__exp(-x * x / (2.0 * variance)) /
           mlpipe__sqrt(6.283185307179586 * variance);
}

/* P(|B| < x at all points): the density of a Brownian motion that has not left
 * (-x, x), from point to point by the midpoint rule, the symmetry halving it;
 * then the bridge's end. */
static double null_inside(const double *at, uint32_t n, double x)
{
    double density[NULL_HALF], next[NULL_HALF], kernel[2 * NULL_HALF];
    const double h = x / NULL_HALF;
    double sum = 0.0;

    for (uint32_t i = 0; i < NULL_HALF; i++)
        density[i] = null_normal((i + 0.5) * h, at[0]);
    for (uint32_t k = 1; k < n; k++) {
        for (uint32_t i = 0; i < 2 * NULL_HALF; i++)
            kernel[i] = h * null_normal(i * h, at[k] - at[k - 1]);
        for (uint32_t i = 0; i < NULL_HALF; i++) {
            next[i] = 0.0;
            for (uint32_t j = 0; j < NULL_HALF; j++)
                next[i] += density[j] * (kernel[i < j ? j - i : i - j] +
                                         kernel[i + j + 1]);
        }
        memcpy(density, next, sizeof density);
    }
    for (uint32_t i = 0; i < NULL_HALF; i++)
        sum += density[i] * null_normal((i + 0.5) * h, 1.0 - at[n - 1]);
    return 2.0 * h * sum / null_normal(0.0, 1.0);
}

static void null_kolmogorov(const double *share, uint32_t cells,
                            double *curve)
{
    double at[NULL_POINTS], most = 0.0;
    const uint32_t n = null_points(share, cells, at);

    for (uint32_t i = 0; i < n; i++)
        if (at[i] * (1.0 - at[i]) > most)
            most = at[i] * (1.0 - at[i]);
    const double step = null_reach * mlpipe__sqrt(most) / NULL_STEPS;
    curve[0] = step;
    for (uint32_t i = 1; i <= NULL_STEPS; i++) {
        const double x = i * step;
        double p = n > 1 && i <= NULL_EXACT
                       ? 1.0 - null_inside(at, n, x)
                       : 2.0 * mlpipe__normal_tail(x / mlpipe__sqrt(most));
        if (n > 1 && i > NULL_EXACT) {
            /* The parabola of a normal tail, from the last exact step on. */
            const double from = NULL_EXACT * step;
            curve[i] = curve[NULL_EXACT] -
                       (x * x - from * from) / (2.0 * most);
            continue;
        }
        p = p < 1.0 ? p : 1.0;
        curve[i] = p > 1e-300 ? mlpipe__log(p) : -690.0;
    }
}

/* ---- curves ------------------------------------------------------------- */

mlpipe_status mlpipe__grid_nulls(mlpipe_ctx *ctx, const uint64_t *counts,
                                 uint32_t cells,
                                 double curves[2 * MLPIPE__CURVE],
                                 bool *found)
{
    double *share = mlpipe__alloc_array(ctx->env, cells, sizeof *share);
    mlpipe_status st = MLPIPE_OK;
    double rows = 0.0;
    uint32_t used = 0;

    *found = false;
    if (!share)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < cells; i++)
        rows += (double)counts[i];
    for (uint32_t i = 0; i < cells; i++)
        if (counts[i])
            share[used++] = (double)counts[i] / rows;
    if (used > 1) {
        st = null_anderson(ctx, share, used, curves);
        null_kolmogorov(share, used, curves + MLPIPE__CURVE);
        *found = !st;
    }
    /* What rounding lifted is put right: a tail falls. */
    for (uint32_t c = 0; *found && c < 2; c++)
        for (uint32_t i = 1; i < MLPIPE__CURVE; i++) {
            double *const at = curves + c * MLPIPE__CURVE + i;
            const double before = i > 1 ? at[-1] : 0.0;
            if (!(*at <= before))
                *at = before;
        }
    mlpipe__free(ctx->env, share);
    return st;
}

/* The slope at step i, at most thrice either secant, so that what lies between
 * falls (F. N. Fritsch and R. E. Carlson, SIAM J. Numer. Anal. 17, 1980). */
static double null_slope(const double *curve, uint32_t i)
{
    const double here = i ? curve[i] : 0.0;
    const double before = i > 1 ? curve[i - 1] : 0.0;
    const double left = i ? here - before : 0.0;
    const double right = i < NULL_STEPS ? curve[i + 1] - here : 0.0;
    double slope, least;

    if (!i) {
        slope = 2.0 * right - curve[2] / 2.0;
        least = right;
    } else if (i == NULL_STEPS) {
        slope = 2.0 * left - (here - curve[i - 2]) / 2.0;
        least = left;
    } else {
        slope = (left + right) / 2.0;
        least = left > right ? left : right;
    }
    slope = slope < 3.0 * least ? 3.0 * least : slope;
    return slope < 0.0 ? slope : 0.0;
}

/* ln P at place t: Hermite's cubic between two steps. */
static double null_cubic(const double *curve, double t)
{
    uint32_t i = (uint32_t)t;

    i = i < NULL_STEPS ? i : NULL_STEPS - 1;
    const double low = i ? curve[i] : 0.0, high = curve[i + 1];
    const double a = null_slope(curve, i), b = null_slope(curve, i + 1);
    const double u = t - i, v = 1.0 - u;

    return low * v * v * (1.0 + 2.0 * u) + high * u * u * (3.0 - 2.0 * u) +
           a * u * v * v - b * u * u * v;
}

double mlpipe__curve_tail(const double curve[MLPIPE__CURVE], double s)
{
    const double t = s / curve[0];
    double log_p;

    if (!(t > 0.0))
        return 1.0;
    if (t <= NULL_STEPS) {
        log_p = null_cubic(curve, t);
    } else {
        /* The parabola through the last three. */
        const double *const y = curve + NULL_STEPS - 2;
        const double bend = (y[2] - 2.0 * y[1] + y[0]) / 2.0;
        const double u = t - NULL_STEPS;
        log_p = y[2] + u * (y[2] - y[1] + bend) +
                u * u * (bend < 0.0 ? bend : 0.0);
    }
    return log_p < 0.0 ? mlpipe__exp(log_p) : 1.0;
}

double mlpipe__curve_quantile(const double curve[MLPIPE__CURVE], double p)
{
    double low = 0.0, high = curve[0] * NULL_STEPS;

    for (uint32_t i = 0; i < 30; i++) {
        const double middle = (low + high) / 2.0;
        if (mlpipe__curve_tail(curve, middle) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}
