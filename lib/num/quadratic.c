/* SPDX-License-Identifier: MIT */
/*
 * P(sum lambda_i Z_i^2 >= x) for independent standard normal Z_i: the
 * alternating integrals of N. V. Smirnov (1937), as V. V. Slepian and others
 * give them, between neighbouring 1 / (2 lambda). All terms of an integral
 * are positive, so that far tails keep their relative accuracy, which an
 * inversion of the characteristic function (J. P. Imhof, Biometrika 48, 1961)
 * loses. Where that would take too many nodes, four cumulants must do (H. Liu,
 * Y. Tang and H. H. Zhang, Computational Statistics & Data Analysis 53, 2009).
 */
#include "num_internal.h"

enum { QUAD_VALUES = 64, QUAD_NODES = 2048, QUAD_SPAN_NODES = 192 };
static const double quad_pi = 3.141592653589793;
/* The end of an integral and the start of the next are moved apart where they
 * are closer than this: both would be singular there. */
static const double quad_apart = 0.98;
/* exp(-45) is nothing beside one. */
static const double quad_far = 45.0;

/* Nodes of all integrals: where, and the weight with its sign. */
typedef struct quad_nodes {
    double lambda[QUAD_VALUES];
    uint32_t values, count;
    double shift;     /* of values too small to matter but for their mean */
    double at[QUAD_NODES], weight[QUAD_NODES];
} quad_nodes;

static double quad_min(double a, double b)
{
    return a < b ? a : b;
}

/* 1 / (u sqrt prod |1 - 2 lambda_j u|) over all j but two. */
static double quad_density(const quad_nodes *q, double u, uint32_t skip,
                           uint32_t skip_too)
{
    double product = 1.0, root = u;

    for (uint32_t j = 0; j < q->values; j++) {
        const double factor = 1.0 - 2.0 * q->lambda[j] * u;
        if (j == skip || j == skip_too)
            continue;
        product *= factor < 0.0 ? -factor : factor;
        if (product > 1e100 || product < 1e-100) {
            root *= mlpipe__sqrt(product);
            product = 1.0;
        }
    }
    return 1.0 / (root * mlpipe__sqrt(product));
}

static bool quad_put(quad_nodes *q, double at, double weight)
{
    if (q->count == QUAD_NODES)
        return false;
    q->at[q->count] = at;
    q->weight[q->count++] = weight;
    return true;
}

/* Gauss and Chebyshev's nodes between the ends of integral k, as many as
 * exp(-u x) needs there for the largest x. */
static bool quad_span(quad_nodes *q, uint32_t k, double most)
{
    const double a = 0.5 / q->lambda[k], b = 0.5 / q->lambda[k + 1];
    const double reach = (b - a) * quad_min(most, quad_far / a) / 2.0;
    const double want = 10.0 + 3.0 * mlpipe__sqrt(reach);
    const uint32_t n =
        want < QUAD_SPAN_NODES ? (uint32_t)want : QUAD_SPAN_NODES;
    const double factor =
        1.0 / (n * 2.0 * mlpipe__sqrt(q->lambda[k] * q->lambda[k + 1]));
    bool ok = true;

    for (uint32_t i = 0; ok && i < n; i++) {
        const double c = mlpipe__cos(quad_pi * (i + 0.5) / n);
        const double u = a + (b - a) * 0.5 * (1.0 + c);
        const double w = factor * quad_density(q, u, k, k + 1);
        ok = quad_put(q, u, k / 2 % 2 ? -w : w);
    }
    return ok;
}

/* The last integral of an odd number, from a on: u = a + v^2 by equal steps. */
static bool quad_end(quad_nodes *q, uint32_t k, double least)
{
    const double a = 0.5 / q->lambda[k];
    const double before = k ? 0.5 / q->lambda[k - 1] : 0.0;
    const double step = mlpipe__sqrt(quad_min(a, a - before)) / 5.0;
    const double factor =
        2.0 / (quad_pi * mlpipe__sqrt(2.0 * q->lambda[k])) * step;
    bool ok = true;

    for (uint32_t i = 0; ok; i++) {
        const double v = i * step, u = a + v * v;
        const double w = (i ? factor : factor / 2.0) * quad_density(q, u, k, k);
        if (u * least > quad_far)
            break;
        ok = quad_put(q, u, k / 2 % 2 ? -w : w);
    }
    return ok;
}

/* The values that matter, apart from each other. */
static void quad_values(quad_nodes *q, const double *lambda, uint32_t n)
{
    q->values = q->count = 0;
    q->shift = 0.0;
    for (uint32_t i = 0; i < n && lambda[i] > 0.0; i++) {
        double value = lambda[i];
        if (q->values == QUAD_VALUES || value < 1e-5 * lambda[0]) {
            q->shift += value;
            continue;
        }
        if (q->values) {
            const double last = q->lambda[q->values - 1];
            value = quad_min(value, q->values % 2 ? last : quad_apart * last);
        }
        q->lambda[q->values++] = value;
    }
}

/* Cumulants instead: chi-squared of as many degrees as the skewness has. */
static double quad_cumulants(const double *lambda, uint32_t n, double x)
{
    double c[4] = {0};

    for (uint32_t i = 0; i < n; i++) {
        double power = 1.0;
        for (uint32_t k = 0; k < 4; k++)
            c[k] += power *= lambda[i];
    }
    const double skew = c[2] / (c[1] * mlpipe__sqrt(c[1]));
    const double df = 1.0 / (skew * skew);
    const double z = (x - c[0]) / mlpipe__sqrt(2.0 * c[1]);

    return mlpipe__chi2_tail(df + z * mlpipe__sqrt(2.0 * df), df);
}

void mlpipe__quadratic_tails(const double *lambda, uint32_t n,
                             const double *x, uint32_t count, double *p)
{
    quad_nodes q;
    bool ok;

    quad_values(&q, lambda, n);
    ok = q.values > 0 && count > 0;
    for (uint32_t k = 0; ok && k + 1 < q.values; k += 2)
        ok = quad_span(&q, k, x[count - 1]);
    if (ok && q.values % 2)
        ok = quad_end(&q, q.values - 1, x[0] - quad_min(q.shift, x[0] / 2));
    for (uint32_t i = 0; i < count; i++) {
        const double at = x[i] - quad_min(q.shift, x[i] / 2);
        double sum = 0.0;
        for (uint32_t k = 0; ok && k < q.count; k++)
            if (q.at[k] * at < quad_far * 2.0)
                sum += q.weight[k] * mlpipe__exp(-q.at[k] * at);
        if (!ok || !(sum > 0.0) || sum > 1.0 + 1e-6)
            sum = quad_cumulants(lambda, n, x[i]);
        p[i] = quad_min(sum, 1.0);
    }
}
