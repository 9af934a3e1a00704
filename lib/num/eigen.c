/* SPDX-License-Identifier: MIT */
/*
 * Eigenvalues and vectors of a symmetric matrix: reflections to a tridiagonal
 * one, then implicit QL steps (Golub and Van Loan, 8.3). Vectors lie row by
 * row all the way, so that every loop runs along memory; sums are in the order
 * of mlpipe__block_dot, so that bits depend on nothing but the matrix.
 */
#include "num_internal.h"

enum { EIGEN_STEPS_MAX = 60 };

/*
 * Reflection k takes row k of the matrix, left of the diagonal, to its last
 * place. u: its vector, of k places; the matrix A becomes
 * A - u w' - w u' with w = A u / h - (u'A u / 2 h^2) u, where h = u'u / 2.
 * Gives h, 0 where there is nothing to do; *off: what is left of the row.
 */
static double eigen_reflect(uint32_t p, double *a, uint32_t k, double *w,
                            double *off)
{
    double *u = a + (size_t)k * p;
    const double square = mlpipe__block_dot(u, u, k);
    const double rest = mlpipe__block_dot(u, u, k - 1);
    double root, h, inner;

    *off = u[k - 1];
    if (!(rest > 0))
        return 0;
    root = u[k - 1] > 0 ? -mlpipe__sqrt(square) : mlpipe__sqrt(square);
    h = square - u[k - 1] * root;
    *off = root;
    u[k - 1] -= root;
    for (uint32_t i = 0; i < k; i++) {
        const double *row = a + (size_t)i * p;

        w[i] = mlpipe__block_dot(row, u, i + 1);
        for (uint32_t j = 0; j < i; j++)
            w[j] += row[j] * u[i];
    }
    for (uint32_t i = 0; i < k; i++)
        w[i] /= h;
    inner = mlpipe__block_dot(w, u, k) / (2 * h);
    for (uint32_t i = 0; i < k; i++)
        w[i] -= inner * u[i];
    for (uint32_t i = 0; i < k; i++) {
        double *row = a + (size_t)i * p;

        for (uint32_t j = 0; j <= i; j++)
            row[j] -= u[i] * w[j] + w[i] * u[j];
    }
    return h;
}

/* The product of the reflections, row by row: row i is column i of Q. */
static void eigen_vectors(uint32_t p, const double *a, const double *h,
                          double *v)
{
    memset(v, 0, (size_t)p * p * sizeof *v);
    for (uint32_t i = 0; i < p; i++)
        v[(size_t)i * p + i] = 1;
    for (uint32_t k = 2; k < p; k++) {
        const double *u = a + (size_t)k * p;

        if (!(h[k] > 0))
            continue;
        for (uint32_t i = 0; i < k; i++) {
            double *row = v + (size_t)i * p;
            const double s = mlpipe__block_dot(row, u, k) / h[k];

            for (uint32_t j = 0; j < k; j++)
                row[j] -= s * u[j];
        }
    }
}

/* One rotation of the vectors i and i + 1. */
static void eigen_rotate(uint32_t p, double *restrict a, double *restrict b,
                         double c, double s)
{
    for (uint32_t k = 0; k < p; k++) {
        const double x = a[k], y = b[k];

        b[k] = s * x + c * y;
        a[k] = c * x - s * y;
    }
}

/* An implicit QL step on the block low .. high of the tridiagonal matrix. */
static void eigen_step(uint32_t p, double *d, double *e, double *v,
                       uint32_t low, uint32_t high)
{
    double g = (d[low + 1] - d[low]) / (2 * e[low]);
    double r = mlpipe__hypot(g, 1), s = 1, c = 1, shift = 0;
    uint32_t i = high;

    g = d[high] - d[low] + e[low] / (g + (g < 0 ? -r : r));
    while (i-- > low) {
        const double f = s * e[i], b = c * e[i];

        r = mlpipe__hypot(f, g);
        e[i + 1] = r;
        if (!(r > 0)) {
            d[i + 1] -= shift;
            e[high] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        r = (d[i] - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        eigen_rotate(p, v + (size_t)i * p, v + (size_t)(i + 1) * p, c, s);
    }
    d[low] -= shift;
    e[low] = g;
    e[high] = 0;
}

static bool eigen_ql(uint32_t p, double *d, double *e, double *v)
{
    for (uint32_t low = 0; low < p; low++)
        for (uint32_t step = 0;; step++) {
            uint32_t high = low;

            for (; high + 1 < p; high++) {
                const double a = d[high] < 0 ? -d[high] : d[high];
                const double b = d[high + 1] < 0 ? -d[high + 1] : d[high + 1];
                const double off = e[high] < 0 ? -e[high] : e[high];

                if (off <= 0x1p-53 * (a + b) || off < 0x1p-1000)
                    break;
            }
            if (high == low)
                break;
            if (step == EIGEN_STEPS_MAX)
                return false;
            eigen_step(p, d, e, v, low, high);
        }
    return true;
}

/* The largest first; of equal ones in the order that they were found. */
static void eigen_sort(uint32_t p, double *d, double *v, double *row)
{
    for (uint32_t i = 1; i < p; i++) {
        const double value = d[i];
        uint32_t k = i;

        while (k && d[k - 1] < value)
            k--;
        if (k == i)
            continue;
        memcpy(row, v + (size_t)i * p, p * sizeof *row);
        memmove(v + (size_t)(k + 1) * p, v + (size_t)k * p,
                (size_t)(i - k) * p * sizeof *v);
        memmove(d + k + 1, d + k, (i - k) * sizeof *d);
        memcpy(v + (size_t)k * p, row, p * sizeof *row);
        d[k] = value;
    }
}

/* The power of two that brings the largest entry near one. */
static double eigen_scale(const double *a, size_t cells)
{
    double most = 0, scale = 1;

    for (size_t i = 0; i < cells; i++)
        most = a[i] > most ? a[i] : -a[i] > most ? -a[i] : most;
    while (most * scale > 1 && scale > 0x1p-1000)
        scale *= 0.5;
    while (most * scale < 0.5 && scale < 0x1p1000 && most > 0)
        scale *= 2;
    return scale;
}

static bool eigen_own(mlpipe__env *env, uint32_t p, double *a,
                      double *values, double *vectors, bool *found)
{
    const size_t cells = (size_t)p * p;
    const double scale = eigen_scale(a, cells);
    double *e = mlpipe__alloc_array(env, (size_t)p + 1, sizeof *e);
    double *w = mlpipe__alloc_array(env, (size_t)p + 1, sizeof *w);
    double *h = mlpipe__alloc_array(env, (size_t)p + 1, sizeof *h);
    const bool room = e && w && h;

    *found = false;
    if (room) {
        for (size_t i = 0; i < cells; i++)
            a[i] *= scale;
        for (uint32_t k = p; k-- > 2;)
            h[k] = eigen_reflect(p, a, k, w, &e[k - 1]);
        if (p > 1)
            e[0] = a[p];
        for (uint32_t k = 0; k < p; k++)
            values[k] = a[(size_t)k * p + k];
        eigen_vectors(p, a, h, vectors);
        *found = eigen_ql(p, values, e, vectors);
        eigen_sort(p, values, vectors, w);
        for (uint32_t k = 0; k < p; k++)
            values[k] /= scale;
    }
    mlpipe__free(env, h);
    mlpipe__free(env, w);
    mlpipe__free(env, e);
    return room;
}

mlpipe_status mlpipe__eigen(mlpipe_ctx *ctx, const char *owner, uint32_t p,
                            double *a, double *values, double *vectors,
                            bool *used_blas)
{
    bool found = false, room;

    *used_blas = mlpipe__blas_takes(p);
    room = *used_blas ? mlpipe__blas_eigen(ctx->env, p, a, values, vectors,
                                           &found)
                      : eigen_own(ctx->env, p, a, values, vectors, &found);
    if (!room)
        return mlpipe__nomem(ctx);
    if (!found)
        return mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                            "%s: the eigenvalues of a matrix of %u columns "
                            "were not found; look for columns near 1e150 or "
                            "1e-150, and add scale before it",
                            owner, p);
    return MLPIPE_OK;
}
