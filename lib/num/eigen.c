/* SPDX-License-Identifier: MIT */
/*
 * Eigenvalues and vectors of a symmetric matrix: reflections to a tridiagonal
 * one, then implicit QL steps (Golub and Van Loan, 8.3). Vectors lie row by
 * row all the way, so that every loop runs along memory; sums are in the order
 * of mlpipe__block_dot, so that bits depend on nothing but the matrix.
 */
#include "num_internal.h"

enum { EIGEN_STEPS_MAX = 60 };

/* A matrix on its way, and who asked for it: all three parts of the work take
 * the cube of its size, so that each is polled column by column. */
typedef struct eigen_work {
    mlpipe_ctx *ctx;
    const char *owner;
    uint32_t p;
    double *a, *d, *v;   /* p x p; p, the values; p x p */
    double *e, *w, *h;   /* p + 1: off the diagonal; spare; reflections */
    uint32_t *order;     /* p */
} eigen_work;

/* Column k of a part, 0 to 2. */
static mlpipe_status eigen_poll(const eigen_work *m, uint32_t part,
                                uint32_t k)
{
    return mlpipe__poll(m->ctx, m->owner, (uint64_t)part * m->p + k,
                        3 * (uint64_t)m->p);
}

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
static mlpipe_status eigen_vectors(const eigen_work *m)
{
    const uint32_t p = m->p;
    const double *a = m->a, *h = m->h;
    double *v = m->v;
    mlpipe_status st = MLPIPE_OK;

    memset(v, 0, (size_t)p * p * sizeof *v);
    for (uint32_t i = 0; i < p; i++)
        v[(size_t)i * p + i] = 1;
    for (uint32_t k = 2; k < p && !st; k++) {
        const double *u = a + (size_t)k * p;

        st = eigen_poll(m, 1, k);
        if (st || !(h[k] > 0))
            continue;
        for (uint32_t i = 0; i < k; i++) {
            double *row = v + (size_t)i * p;
            const double s = mlpipe__block_dot(row, u, k) / h[k];

            for (uint32_t j = 0; j < k; j++)
                row[j] -= s * u[j];
        }
    }
    return st;
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

/* The largest |d| + |e|. */
static double eigen_most(const eigen_work *m)
{
    double most = 0;

    for (uint32_t k = 0; k < m->p; k++) {
        const double d = m->d[k] < 0 ? -m->d[k] : m->d[k];
        const double e = m->e[k] < 0 ? -m->e[k] : m->e[k];
        most = d + e > most ? d + e : most;
    }
    return most;
}

/*
 * What is off the diagonal is gone where it is rounding beside its two values;
 * where these are rounding themselves, as those of columns that depend on
 * others, that may never come, and what is rounding beside the largest will
 * do. *found is false where a value takes too many steps all the same.
 */
static mlpipe_status eigen_ql(const eigen_work *m, bool *found)
{
    const uint32_t p = m->p;
    const double rounding = 0x1p-53 * eigen_most(m);
    double *const d = m->d, *const e = m->e;
    mlpipe_status st = MLPIPE_OK;

    *found = true;
    for (uint32_t low = 0; low < p && *found && !st; low++) {
        st = eigen_poll(m, 2, low);
        for (uint32_t step = 0; !st; step++) {
            uint32_t high = low;

            for (; high + 1 < p; high++) {
                const double a = d[high] < 0 ? -d[high] : d[high];
                const double b = d[high + 1] < 0 ? -d[high + 1] : d[high + 1];
                const double off = e[high] < 0 ? -e[high] : e[high];

                if (off <= 0x1p-53 * (a + b) || off < 0x1p-1000 ||
                    (step >= EIGEN_STEPS_MAX / 2 && off <= rounding))
                    break;
            }
            *found = high == low || step < EIGEN_STEPS_MAX;
            if (high == low || !*found)
                break;
            eigen_step(p, d, e, m->v, low, high);
        }
    }
    return st;
}

/* The largest first; of equal ones in the order that they were found. Each
 * vector moves once: QL tends to find the least first. */
static void eigen_sort(const eigen_work *m)
{
    const size_t p = m->p;
    uint32_t *order = m->order;

    for (uint32_t i = 0; i < p; i++) {
        const double value = m->d[i];
        uint32_t k = i;

        for (; k && m->d[k - 1] < value; k--) {
            m->d[k] = m->d[k - 1];
            order[k] = order[k - 1];
        }
        m->d[k] = value;
        order[k] = i;
    }
    for (uint32_t i = 0; i < p; i++)
        memcpy(m->a + i * p, m->v + order[i] * p, p * sizeof *m->v);
    memcpy(m->v, m->a, p * p * sizeof *m->v);
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

static mlpipe_status eigen_run(const eigen_work *m, bool *found)
{
    const size_t p = m->p, cells = p * p;
    const double scale = eigen_scale(m->a, cells);
    mlpipe_status st = MLPIPE_OK;

    for (size_t i = 0; i < cells; i++)
        m->a[i] *= scale;
    for (uint32_t k = m->p; k-- > 2 && !st;) {
        st = eigen_poll(m, 0, m->p - k);
        if (!st)
            m->h[k] = eigen_reflect(m->p, m->a, k, m->w, &m->e[k - 1]);
    }
    if (p > 1)
        m->e[0] = m->a[p];
    for (uint32_t k = 0; k < p; k++)
        m->d[k] = m->a[k * p + k];
    if (!st)
        st = eigen_vectors(m);
    if (!st)
        st = eigen_ql(m, found);
    if (st || !*found)
        return st;
    eigen_sort(m);
    for (uint32_t k = 0; k < p; k++)
        m->d[k] /= scale;
    return MLPIPE_OK;
}

static mlpipe_status eigen_own(eigen_work *m, bool *found)
{
    mlpipe__env *env = m->ctx->env;
    const size_t room = (size_t)m->p + 1;
    mlpipe_status st;

    m->e = mlpipe__alloc_array(env, room, sizeof *m->e);
    m->w = mlpipe__alloc_array(env, room, sizeof *m->w);
    m->h = mlpipe__alloc_array(env, room, sizeof *m->h);
    m->order = mlpipe__alloc_array(env, room, sizeof *m->order);
    st = m->e && m->w && m->h && m->order ? eigen_run(m, found)
                                          : mlpipe__nomem(m->ctx);
    mlpipe__free(env, m->order);
    mlpipe__free(env, m->h);
    mlpipe__free(env, m->w);
    mlpipe__free(env, m->e);
    return st;
}

mlpipe_status mlpipe__eigen(mlpipe_ctx *ctx, const char *owner, uint32_t p,
                            double *a, double *values, double *vectors,
                            bool *used_blas)
{
    eigen_work own = {.ctx = ctx, .owner = owner, .p = p,
                      .a = a, .d = values, .v = vectors};
    mlpipe_status st = MLPIPE_OK;
    bool found = false;

    *used_blas = mlpipe__blas_takes(p);
    if (!*used_blas)
        st = eigen_own(&own, &found);
    else if (!mlpipe__blas_eigen(ctx->env, p, a, values, vectors, &found))
        st = mlpipe__nomem(ctx);
    if (!st && !found)
        st = mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                          "%s: the eigenvalues of a matrix of %u columns "
                          "were not found; look for columns near 1e150 or "
                          "1e-150, and add scale before it",
                          owner, p);
    return st;
}
