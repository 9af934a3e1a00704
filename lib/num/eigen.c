/* SPDX-License-Identifier: MIT */
/*
 * Eigenvalues and vectors of a symmetric matrix: reflections to a tridiagonal
 * one, then implicit QL steps (Golub and Van Loan, 8.3). The rotations of the
 * steps are kept; a vector is what they and the reflections make of the unit
 * vector in its place, last to first, so that no other vector is made where
 * few are wanted. Sums are in one order for any width of vectors, so that bits
 * depend on nothing but the matrix.
 */
#include "gram_kernel.h"
#include "spectrum.h"

enum {
    EIGEN_STEPS_MAX = 60,
    EIGEN_LANES = 16, /* vectors side by side */
    EIGEN_POLL = 8    /* steps, or reflections */
};

/* A matrix on its way. All parts of the work may take the cube of its size, so
 * that each is polled. */
typedef struct eigen_work {
    mlpipe_ctx *ctx;
    const char *owner;
    mlpipe__spectrum *s;
    const mlpipe__gram_kernel *kernel;
    double *e, *w;      /* p + 1: off the diagonal; spare */
} eigen_work;

/* Step k of p of a part, 0 to 2. */
static mlpipe_status eigen_poll(mlpipe_ctx *ctx, const char *owner,
                                uint32_t p, uint32_t part, uint32_t k)
{
    return mlpipe__poll(ctx, owner, (uint64_t)part * p + k, 3 * (uint64_t)p);
}

/* ---- to a tridiagonal matrix -------------------------------------------- */

/*
 * Reflection k takes row k of the matrix, left of the diagonal, to its last
 * place. u: its vector, of k places; the matrix A becomes
 * A - u w' - w u' with w = A u / h - (u'A u / 2 h^2) u, where h = u'u / 2.
 * Gives h, 0 where there is nothing to do; *off: what is left of the row.
 */
static double eigen_reflect(const eigen_work *m, uint32_t k, double *off)
{
    const mlpipe__gram_kernel *by = m->kernel;
    const size_t p = m->s->p;
    double *u = m->s->a + k * p, *w = m->w;
    const double square = by->dot(u, u, k);
    const double rest = by->dot(u, u, k - 1);
    double root, h, inner;

    *off = u[k - 1];
    if (!(rest > 0))
        return 0;
    root = u[k - 1] > 0 ? -mlpipe__sqrt(square) : mlpipe__sqrt(square);
    h = square - u[k - 1] * root;
    *off = root;
    u[k - 1] -= root;
    for (uint32_t i = 0; i < k; i++) {
        const double *row = m->s->a + i * p;

        w[i] = by->dot(row, u, i + 1);
        by->axpy(w, row, -u[i], i);
    }
    for (uint32_t i = 0; i < k; i++)
        w[i] /= h;
    inner = by->dot(w, u, k) / (2 * h);
    by->axpy(w, u, inner, k);
    for (uint32_t i = 0; i < k; i++) {
        double *row = m->s->a + i * p;

        by->axpy(row, w, u[i], i + 1);
        by->axpy(row, u, w[i], i + 1);
    }
    return h;
}

/* ---- to a diagonal one -------------------------------------------------- */

/* Room for the rotations of one more step. */
static bool eigen_reserve(mlpipe__spectrum *s, uint32_t turns)
{
    if (s->steps == s->step_room) {
        const size_t room = 2 * s->step_room + 2 * (size_t)s->p;
        void *step = mlpipe__grow(s->env, s->step, room, sizeof *s->step);

        if (!step)
            return false;
        s->step = step;
        s->step_room = room;
    }
    if (turns > s->turn_room - s->turns) {
        const size_t room =
            s->turn_room + s->turn_room / 2 + turns + (size_t)s->p * s->p / 2;
        void *turn = mlpipe__grow(s->env, s->turn, room, sizeof *s->turn);

        if (!turn)
            return false;
        s->turn = turn;
        s->turn_room = room;
    }
    return true;
}

/* The root of a a + b b, which the scale brings near one but for what is all
 * but gone. */
static inline double eigen_root(double a, double b)
{
    const double square = a * a + b * b;

    return square > 0x1p-900 && square < 0x1p900 ? mlpipe__sqrt(square)
                                                 : mlpipe__hypot(a, b);
}

/* An implicit QL step on the block low .. high of the tridiagonal matrix; its
 * rotations, of i and i + 1, begin at high - 1 and go down. */
static void eigen_step(mlpipe__spectrum *m, double *e, uint32_t low,
                       uint32_t high)
{
    mlpipe__spectrum_step *step = &m->step[m->steps++];
    mlpipe__spectrum_turn *turn = m->turn + m->turns;
    double *d = m->values;
    double g = (d[low + 1] - d[low]) / (2 * e[low]);
    double r = eigen_root(g, 1), s = 1, c = 1, shift = 0;
    uint32_t i = high;

    *step = (mlpipe__spectrum_step){high, high};
    g = d[high] - d[low] + e[low] / (g + (g < 0 ? -r : r));
    while (i-- > low) {
        const double f = s * e[i], b = c * e[i];

        r = eigen_root(f, g);
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
        *turn++ = (mlpipe__spectrum_turn){c, s};
        m->turns++;
        step->low = i;
    }
    d[low] -= shift;
    e[low] = g;
    e[high] = 0;
}

/* The largest |d| + |e|. */
static double eigen_most(const eigen_work *m)
{
    double most = 0;

    for (uint32_t k = 0; k < m->s->p; k++) {
        const double x = m->s->values[k];
        const double d = x < 0 ? -x : x;
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
    const uint32_t p = m->s->p;
    const double rounding = 0x1p-53 * eigen_most(m);
    double *const d = m->s->values, *const e = m->e;
    mlpipe_status st = MLPIPE_OK;

    *found = true;
    for (uint32_t low = 0; low < p && *found && !st; low++) {
        st = eigen_poll(m->ctx, m->owner, p, 1, low);
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
            if (!eigen_reserve(m->s, high - low))
                return mlpipe__nomem(m->ctx);
            eigen_step(m->s, e, low, high);
        }
    }
    return st;
}

/* The largest first; of equal ones in the order that they were found. */
static void eigen_sort(mlpipe__spectrum *s)
{
    for (uint32_t i = 0; i < s->p; i++) {
        const double value = s->values[i];
        uint32_t k = i;

        for (; k && s->values[k - 1] < value; k--) {
            s->values[k] = s->values[k - 1];
            s->order[k] = s->order[k - 1];
        }
        s->values[k] = value;
        s->order[k] = i;
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

static mlpipe_status eigen_run(const eigen_work *m, bool *found)
{
    mlpipe__spectrum *s = m->s;
    const size_t p = s->p, cells = p * p;
    const double scale = eigen_scale(s->a, cells);
    mlpipe_status st = MLPIPE_OK;

    for (size_t i = 0; i < cells; i++)
        s->a[i] *= scale;
    for (uint32_t k = s->p; k-- > 2 && !st;) {
        st = eigen_poll(m->ctx, m->owner, s->p, 0, s->p - k);
        if (!st)
            s->h[k] = eigen_reflect(m, k, &m->e[k - 1]);
    }
    if (p > 1)
        m->e[0] = s->a[p];
    for (uint32_t k = 0; k < p; k++)
        s->values[k] = s->a[k * p + k];
    if (!st)
        st = eigen_ql(m, found);
    if (st || !*found)
        return st;
    eigen_sort(s);
    for (uint32_t k = 0; k < p; k++)
        s->values[k] /= scale;
    return MLPIPE_OK;
}

static mlpipe_status eigen_own(mlpipe_ctx *ctx, const char *owner,
                               mlpipe__spectrum *s, bool *found)
{
    const size_t room = (size_t)s->p + 1;
    eigen_work m = {.ctx = ctx, .owner = owner, .s = s,
                    .kernel = mlpipe__gram_kernel_of(s->wide)};
    mlpipe_status st;

    m.e = mlpipe__alloc_array(s->env, room, sizeof *m.e);
    m.w = mlpipe__alloc_array(s->env, room, sizeof *m.w);
    s->h = mlpipe__alloc_array(s->env, room, sizeof *s->h);
    s->order = mlpipe__alloc_array(s->env, room, sizeof *s->order);
    st = m.e && m.w && s->h && s->order ? eigen_run(&m, found)
                                        : mlpipe__nomem(ctx);
    mlpipe__free(s->env, m.w);
    mlpipe__free(s->env, m.e);
    return st;
}

static mlpipe_status eigen_blas(mlpipe_ctx *ctx, mlpipe__spectrum *s,
                                bool *found)
{
    s->vectors = mlpipe__alloc_array(s->env, s->p, s->p * sizeof(double));
    return s->vectors && mlpipe__blas_eigen(s->env, s->p, s->a, s->values,
                                            s->vectors, found)
               ? MLPIPE_OK
               : mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__spectrum_of(mlpipe_ctx *ctx, const char *owner,
                                  uint32_t p, double *a, double *values,
                                  uint32_t wide, mlpipe__spectrum *out)
{
    mlpipe_status st;
    bool found = false;

    *out = (mlpipe__spectrum){.env = ctx->env, .p = p, .a = a,
                              .values = values, .wide = wide,
                              .used_blas = mlpipe__blas_takes(p)};
    st = out->used_blas ? eigen_blas(ctx, out, &found)
                        : eigen_own(ctx, owner, out, &found);
    if (!st && !found)
        st = mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                          "%s: the eigenvalues of a matrix of %u columns "
                          "were not found; look for columns near 1e150 or "
                          "1e-150, and add scale before it",
                          owner, p);
    return st;
}

void mlpipe__spectrum_free(mlpipe__spectrum *s)
{
    mlpipe__free(s->env, s->h);
    mlpipe__free(s->env, s->order);
    mlpipe__free(s->env, s->step);
    mlpipe__free(s->env, s->turn);
    mlpipe__free(s->env, s->vectors);
}

/* ---- vectors ------------------------------------------------------------ */

/*
 * Vectors side by side, a row a place: z. Rotations, last to first, of rows 0
 * and 1, then 1 and 2 and so on. And a reflection: z -= u (u'z) / h, of k
 * rows.
 */
#define EIGEN_VECTORS(suffix, target, vec, W)                                \
    target static void eigen_turn_##suffix(                                  \
        double *z, const mlpipe__spectrum_turn *last, uint32_t turns)        \
    {                                                                        \
        enum { PARTS = EIGEN_LANES / W };                                    \
        vec x[PARTS];                                                        \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            x[v] = *(const vec *)(z + v * W);                                \
        for (; turns--; z += EIGEN_LANES, last--)                            \
            for (uint32_t v = 0; v < PARTS; v++) {                           \
                const vec y = *(const vec *)(z + EIGEN_LANES + v * W);       \
                *(vec *)(z + v * W) = last->c * x[v] + last->s * y;          \
                x[v] = last->c * y - last->s * x[v];                         \
            }                                                                \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            *(vec *)(z + v * W) = x[v];                                      \
    }                                                                        \
    target static void eigen_mirror_##suffix(double *z, const double *u,     \
                                             double h, uint32_t k)           \
    {                                                                        \
        enum { PARTS = EIGEN_LANES / W };                                    \
        const vec zero = {0};                                                \
        vec s[PARTS];                                                        \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            s[v] = zero;                                                     \
        for (size_t i = 0; i < k; i++)                                       \
            for (uint32_t v = 0; v < PARTS; v++)                             \
                s[v] += u[i] * *(const vec *)(z + i * EIGEN_LANES + v * W);  \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            s[v] /= h;                                                       \
        for (size_t i = 0; i < k; i++)                                       \
            for (uint32_t v = 0; v < PARTS; v++)                             \
                *(vec *)(z + i * EIGEN_LANES + v * W) -= u[i] * s[v];        \
    }

typedef struct eigen_by {
    void (*turn)(double *z, const mlpipe__spectrum_turn *last,
                 uint32_t turns);
    void (*mirror)(double *z, const double *u, double h, uint32_t k);
} eigen_by;

#if defined(__GNUC__)
typedef double eigen_two __attribute__((vector_size(16), aligned(8)));
EIGEN_VECTORS(plain, , eigen_two, 2)
#else
typedef double eigen_one;
EIGEN_VECTORS(plain, , eigen_one, 1)
#endif

static const eigen_by eigen_plain = {eigen_turn_plain, eigen_mirror_plain};

#if defined(__x86_64__) && defined(__GNUC__)
typedef double eigen_four __attribute__((vector_size(32), aligned(8)));
typedef double eigen_eight __attribute__((vector_size(64), aligned(8)));
EIGEN_VECTORS(avx2, __attribute__((target("avx2"))), eigen_four, 4)
EIGEN_VECTORS(avx512, __attribute__((target("avx512f"))), eigen_eight, 8)

static const eigen_by eigen_avx2 = {eigen_turn_avx2, eigen_mirror_avx2};
static const eigen_by eigen_avx512 = {eigen_turn_avx512,
                                      eigen_mirror_avx512};
#else
#define eigen_avx2 eigen_plain
#define eigen_avx512 eigen_plain
#endif

/* Vectors first .. first + n - 1 in z. */
static mlpipe_status eigen_slab(mlpipe_ctx *ctx, const char *owner,
                                const mlpipe__spectrum *s, const eigen_by *by,
                                uint32_t first, uint32_t n, double *z)
{
    const mlpipe__spectrum_turn *last = s->turn + s->turns;
    mlpipe_status st = MLPIPE_OK;

    memset(z, 0, s->p * sizeof *z * EIGEN_LANES);
    for (uint32_t i = 0; i < n; i++)
        z[(size_t)s->order[first + i] * EIGEN_LANES + i] = 1;
    for (size_t k = s->steps; k-- > 0 && !st;) {
        const mlpipe__spectrum_step *step = &s->step[k];
        const uint32_t turns = step->high - step->low;

        if (k % EIGEN_POLL == 0)
            st = eigen_poll(ctx, owner, s->p, 2, first);
        if (turns)
            by->turn(z + (size_t)step->low * EIGEN_LANES, last - 1, turns);
        last -= turns;
    }
    for (uint32_t k = 2; k < s->p && !st; k++) {
        if (k % EIGEN_POLL == 0)
            st = eigen_poll(ctx, owner, s->p, 2, first);
        if (s->h[k] > 0)
            by->mirror(z, s->a + (size_t)k * s->p, s->h[k], k);
    }
    return st;
}

mlpipe_status mlpipe__spectrum_vectors(mlpipe_ctx *ctx, const char *owner,
                                       const mlpipe__spectrum *s,
                                       uint32_t count, double *vectors)
{
    const size_t p = s->p;
    const eigen_by *by = s->wide > 1 ? &eigen_avx512
                         : s->wide   ? &eigen_avx2
                                     : &eigen_plain;
    mlpipe_status st = MLPIPE_OK;
    double *z;

    if (s->used_blas) {
        memcpy(vectors, s->vectors, count * p * sizeof *vectors);
        return MLPIPE_OK;
    }
    z = mlpipe__alloc_array(s->env, p, EIGEN_LANES * sizeof *z);
    if (!z)
        return mlpipe__nomem(ctx);
    for (uint32_t first = 0; first < count && !st; first += EIGEN_LANES) {
        const uint32_t n =
            count - first < EIGEN_LANES ? count - first : EIGEN_LANES;

        st = eigen_slab(ctx, owner, s, by, first, n, z);
        for (uint32_t k = 0; k < n; k++)
            for (size_t i = 0; i < p; i++)
                vectors[(first + k) * p + i] = z[i * EIGEN_LANES + k];
    }
    mlpipe__free(s->env, z);
    return st;
}

mlpipe_status mlpipe__eigen(mlpipe_ctx *ctx, const char *owner, uint32_t p,
                            double *a, double *values, double *vectors,
                            bool *used_blas)
{
    mlpipe__spectrum s;
    mlpipe_status st = mlpipe__spectrum_of(ctx, owner, p, a, values,
                                           mlpipe__gram_width(), &s);

    *used_blas = s.used_blas;
    if (!st)
        st = mlpipe__spectrum_vectors(ctx, owner, &s, p, vectors);
    mlpipe__spectrum_free(&s);
    return st;
}
