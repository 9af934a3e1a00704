/* SPDX-License-Identifier: MIT */
/*
 * Logistic regression, a few hundred rows at a time: linear forms,
 * probabilities, losses, and what each row adds to the gradient and to the
 * second derivatives. Rows are lanes of vectors; no sum depends on how wide
 * the vectors are.
 */
#include "logistic_types.h"

#if defined(__GNUC__)
#define LINK_INLINE static inline __attribute__((always_inline))
#else
#define LINK_INLINE static inline
#endif

/* ---- loops that are the same for every width of vectors ----------------- */

/* eta += the columns times w, each row in the order of its columns. */
LINK_INLINE void link_forms(const logistic_unit *u, uint32_t p,
                            const double *w, double *restrict eta)
{
    const uint32_t n = u->n;
    uint32_t j = 0;

    for (; j + 4 <= p; j += 4) {
        const double *const a = u->x + (size_t)j * u->stride;
        const double *const b = a + u->stride, *const c = b + u->stride;
        const double *const d = c + u->stride;
        const double wa = w[j], wb = w[j + 1], wc = w[j + 2], wd = w[j + 3];

        for (uint32_t i = 0; i < n; i++)
            eta[i] = (((eta[i] + wa * a[i]) + wb * b[i]) + wc * c[i]) +
                     wd * d[i];
    }
    for (; j < p; j++) {
        const double *const a = u->x + (size_t)j * u->stride;

        for (uint32_t i = 0; i < n; i++)
            eta[i] += w[j] * a[i];
    }
}

/* Eight lanes by the row mod 8, of up to four columns at once. */
LINK_INLINE void link_dots(const double *x, size_t stride, uint32_t columns,
                           const double *r, uint32_t n, double *lanes)
{
    double sum[4][MLPIPE__SUM_LANES];
    uint32_t i = 0;

    memcpy(sum, lanes, columns * sizeof sum[0]);
    for (; i + MLPIPE__SUM_LANES <= n; i += MLPIPE__SUM_LANES)
        for (uint32_t c = 0; c < columns; c++)
            for (uint32_t k = 0; k < MLPIPE__SUM_LANES; k++)
                sum[c][k] += r[i + k] * x[c * stride + i + k];
    for (uint32_t k = 0; i + k < n; k++)
        for (uint32_t c = 0; c < columns; c++)
            sum[c][k] += r[i + k] * x[c * stride + i + k];
    memcpy(lanes, sum, columns * sizeof sum[0]);
}

LINK_INLINE void link_gradient(const logistic_unit *u, uint32_t p,
                               const double *r, double *lanes)
{
    uint32_t j = 0;

    for (; j + 4 <= p; j += 4)
        link_dots(u->x + (size_t)j * u->stride, u->stride, 4, r, u->n,
                  lanes + (size_t)j * MLPIPE__SUM_LANES);
    for (; j < p; j++)
        link_dots(u->x + (size_t)j * u->stride, u->stride, 1, r, u->n,
                  lanes + (size_t)j * MLPIPE__SUM_LANES);
}

LINK_INLINE void link_scale(const logistic_unit *u, uint32_t p,
                            const double *restrict root,
                            double *restrict out)
{
    const uint32_t n = u->n;

    for (uint32_t j = 0; j < p; j++) {
        const double *const x = u->x + (size_t)j * u->stride;
        double *const to = out + (size_t)j * LOGISTIC_STRIDE;

        for (uint32_t i = 0; i < n; i++)
            to[i] = x[i] * root[i];
    }
}

LINK_INLINE void link_product(const double *restrict p,
                              const double *restrict q, uint32_t n,
                              double *restrict product)
{
    for (uint32_t i = 0; i < n; i++)
        product[i] = p[i] * (p == q ? 1 - p[i] : q[i]);
}

/* |eta| at most 700, so that nothing on the way is infinite. */
LINK_INLINE double link_within(double eta)
{
    const double low = mlpipe__pick(eta > -700, eta, -700);

    return mlpipe__pick(low < 700, low, 700);
}

LINK_INLINE void link_minus_size(const double *eta, double *restrict out,
                                 uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const double x = link_within(eta[i]);
        out[i] = mlpipe__pick(x > 0, -x, x);
    }
}

/*
 * From t = e^-|eta| and log1p(t), which makes room for the loss: the residual
 * p - y, of which the smaller of p and 1 - p keeps all its digits, and
 * p (1 - p).
 */
LINK_INLINE void link_two(const double *restrict eta,
                          const double *restrict t, const double *restrict y,
                          uint32_t n, double *restrict loss,
                          double *restrict residual,
                          double *restrict product)
{
    for (uint32_t i = 0; i < n; i++) {
        const double x = link_within(eta[i]);
        const double big = 1 / (1 + t[i]), small = t[i] * big;
        const double p = mlpipe__pick(x > 0, big, small);
        const double q = mlpipe__pick(x > 0, small, big);
        const double against = mlpipe__pick(y[i] > 0, -x, x);

        loss[i] += mlpipe__pick(against > 0, against, 0);
        residual[i] = mlpipe__pick(y[i] > 0, -q, p);
        product[i] = big * small;
    }
}

LINK_INLINE void link_weigh(double *restrict v, const double *restrict s,
                            uint32_t n)
{
    for (uint32_t i = 0; s && i < n; i++)
        v[i] *= s[i];
}

LINK_INLINE void link_roots(const double *restrict product,
                            const double *restrict s, double least,
                            uint32_t n, double *restrict root)
{
    for (uint32_t i = 0; i < n; i++)
        root[i] = mlpipe__pick(product[i] > least, product[i], least);
    link_weigh(root, s, n);
    for (uint32_t i = 0; i < n; i++)
        root[i] = __builtin_sqrt(root[i]);
}

typedef struct link_loops {
    void (*forms)(const logistic_unit *u, uint32_t p, const double *w,
                  double *eta);
    void (*gradient)(const logistic_unit *u, uint32_t p, const double *r,
                     double *lanes);
    void (*scale)(const logistic_unit *u, uint32_t p, const double *root,
                  double *out);
    void (*product)(const double *p, const double *q, uint32_t n,
                    double *product);
    void (*minus_size)(const double *eta, double *out, uint32_t n);
    void (*two)(const double *eta, const double *t, const double *y,
                uint32_t n, double *loss, double *residual, double *product);
    void (*roots)(const double *product, const double *s, double least,
                  uint32_t n, double *root);
} link_loops;

#define LINK_SET(suffix, attribute)                                         \
    attribute static void link_forms_##suffix(                              \
        const logistic_unit *u, uint32_t p, const double *w, double *eta)   \
    {                                                                       \
        link_forms(u, p, w, eta);                                           \
    }                                                                       \
    attribute static void link_gradient_##suffix(                           \
        const logistic_unit *u, uint32_t p, const double *r, double *lanes) \
    {                                                                       \
        link_gradient(u, p, r, lanes);                                      \
    }                                                                       \
    attribute static void link_scale_##suffix(                              \
        const logistic_unit *u, uint32_t p, const double *root,             \
        double *out)                                                        \
    {                                                                       \
        link_scale(u, p, root, out);                                        \
    }                                                                       \
    attribute static void link_product_##suffix(                            \
        const double *p, const double *q, uint32_t n, double *product)      \
    {                                                                       \
        if (p == q)                                                         \
            link_product(p, p, n, product);                                 \
        else                                                                \
            link_product(p, q, n, product);                                 \
    }                                                                       \
    attribute static void link_minus_size_##suffix(                         \
        const double *eta, double *out, uint32_t n)                         \
    {                                                                       \
        link_minus_size(eta, out, n);                                       \
    }                                                                       \
    attribute static void link_two_##suffix(                                \
        const double *eta, const double *t, const double *y, uint32_t n,    \
        double *loss, double *residual, double *product)                    \
    {                                                                       \
        link_two(eta, t, y, n, loss, residual, product);                    \
    }                                                                       \
    attribute static void link_roots_##suffix(                              \
        const double *product, const double *s, double least, uint32_t n,   \
        double *root)                                                       \
    {                                                                       \
        link_roots(product, s, least, n, root);                             \
    }                                                                       \
    static const link_loops link_##suffix = {                               \
        link_forms_##suffix,      link_gradient_##suffix,                   \
        link_scale_##suffix,      link_product_##suffix,                    \
        link_minus_size_##suffix, link_two_##suffix,                        \
        link_roots_##suffix};

LINK_SET(plain, )
#if defined(__x86_64__) && defined(__GNUC__)
LINK_SET(avx2, __attribute__((target("avx2"))))
#else
#define link_avx2 link_plain
#endif

/* ---- probabilities ------------------------------------------------------ */

static double link_min(const double *v, const double *s, uint32_t n,
                       double least)
{
    for (uint32_t i = 0; i < n; i++)
        if (v[i] < least && (!s || s[i] > 0))
            least = v[i];
    return least;
}

/* Of class k, for the rows of a unit. */
static double *link_chance(const logistic_lane *lane, const logistic_unit *u,
                           uint32_t k)
{
    return lane->chance + (size_t)k * LOGISTIC_BLOCK + u->at;
}

static void link_binary(const logistic_fit *fit, const link_loops *loops,
                        logistic_lane *lane, const logistic_unit *u)
{
    double *const t = lane->work;

    loops->minus_size(lane->eta, t, u->n);
    mlpipe__exp_block(t, t, u->n, fit->avx2);
    mlpipe__log1p_block(t, lane->loss, u->n, fit->avx2);
    loops->two(lane->eta, t, u->target, u->n, lane->loss, lane->residual,
               link_chance(lane, u, 0));
    link_weigh(lane->loss, u->weight, u->n);
    link_weigh(lane->residual, u->weight, u->n);
}

/* The greatest form of each row. */
static void link_greatest(const logistic_fit *fit, const logistic_lane *lane,
                          uint32_t n, double *most)
{
    memcpy(most, lane->eta, n * sizeof *most);
    for (uint32_t k = 1; k < fit->classes; k++)
        for (uint32_t i = 0; i < n; i++) {
            const double x = lane->eta[(size_t)k * LOGISTIC_UNIT + i];
            most[i] = mlpipe__pick(x > most[i], x, most[i]);
        }
}

/* Probabilities of all classes, of forms less the greatest of a row. */
static void link_softmax(const logistic_fit *fit, logistic_lane *lane,
                         const logistic_unit *u)
{
    const uint32_t n = u->n, classes = fit->classes;
    double *const most = lane->work, *const sum = most + LOGISTIC_UNIT;

    if (fit->forms < classes)
        memset(lane->eta + (size_t)fit->forms * LOGISTIC_UNIT, 0,
               n * sizeof *lane->eta);
    link_greatest(fit, lane, n, most);
    memset(sum, 0, n * sizeof *sum);
    for (uint32_t k = 0; k < classes; k++) {
        const double *const eta = lane->eta + (size_t)k * LOGISTIC_UNIT;
        double *const p = link_chance(lane, u, k);

        for (uint32_t i = 0; i < n; i++)
            p[i] = link_within(eta[i] - most[i]);
        mlpipe__exp_block(p, p, n, fit->avx2);
        for (uint32_t i = 0; i < n; i++)
            sum[i] += p[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t y = (uint32_t)u->target[i];
        const double x = lane->eta[(size_t)y * LOGISTIC_UNIT + i];

        lane->loss[i] = mlpipe__log(sum[i]) + (most[i] - x);
        sum[i] = 1 / sum[i];
    }
    link_weigh(lane->loss, u->weight, n);
    for (uint32_t k = 0; k < classes; k++)
        link_weigh(link_chance(lane, u, k), sum, n);
}

static void link_residuals(const logistic_fit *fit, logistic_lane *lane,
                           const logistic_unit *u)
{
    for (uint32_t k = 0; k < fit->forms; k++) {
        const double *const p = link_chance(lane, u, k);
        double *const r = lane->residual + (size_t)k * LOGISTIC_UNIT;

        for (uint32_t i = 0; i < u->n; i++)
            r[i] = p[i] - (u->target[i] == (double)k ? 1.0 : 0.0);
        link_weigh(r, u->weight, u->n);
    }
}

/* ---- a unit ------------------------------------------------------------- */

void mlpipe__logistic_unit(const logistic_fit *fit, logistic_lane *lane,
                           const double *theta, const logistic_unit *u)
{
    const link_loops *const loops = fit->avx2 ? &link_avx2 : &link_plain;
    double *gradient = lane->lanes + LOGISTIC_SUMS * MLPIPE__SUM_LANES;

    for (uint32_t k = 0; k < fit->forms; k++) {
        const double *const w = theta + (size_t)k * fit->q;
        double *const eta = lane->eta + (size_t)k * LOGISTIC_UNIT;

        for (uint32_t i = 0; i < u->n; i++)
            eta[i] = fit->intercept ? w[fit->p] : 0;
        for (uint32_t i = 0; u->offset && i < u->n; i++)
            eta[i] += u->offset[i];
        loops->forms(u, fit->p, w, eta);
    }
    if (fit->classes == 2) {
        link_binary(fit, loops, lane, u);
    } else {
        link_softmax(fit, lane, u);
        link_residuals(fit, lane, u);
    }
    for (uint32_t i = 0; i < u->n; i++)
        lane->work[i] = u->weight ? u->weight[i] : 1;
    mlpipe__lanes_add(lane->lanes, lane->work, u->n);
    mlpipe__lanes_add(lane->lanes + MLPIPE__SUM_LANES, lane->loss, u->n);
    for (uint32_t k = 0; k < fit->forms; k++) {
        const double *const r = lane->residual + (size_t)k * LOGISTIC_UNIT;

        loops->gradient(u, fit->p, r, gradient);
        gradient += (size_t)fit->p * MLPIPE__SUM_LANES;
        if (!fit->intercept)
            continue;
        mlpipe__lanes_add(gradient, r, u->n);
        gradient += MLPIPE__SUM_LANES;
    }
}

/* ---- second derivatives ------------------------------------------------- */

/* The columns of a block times the roots of their weights, padded by rows of
 * zeros to a multiple of eight; then the sums of their products. */
static void link_gram(const logistic_fit *fit, const link_loops *loops,
                      logistic_lane *lane, const logistic_unit *units,
                      uint32_t count, double *gram)
{
    const logistic_unit *last = &units[count - 1];
    const uint32_t rows = last->at + last->n;

    for (uint32_t i = 0; i < count; i++)
        loops->scale(&units[i], fit->p, lane->root + units[i].at,
                     lane->scaled + units[i].at);
    if (fit->intercept)
        memcpy(lane->scaled + (size_t)fit->p * LOGISTIC_STRIDE, lane->root,
               rows * sizeof *lane->root);
    for (uint32_t c = 0; c < fit->q; c++)
        for (uint32_t i = rows; i % MLPIPE__SUM_LANES; i++)
            lane->scaled[(size_t)c * LOGISTIC_STRIDE + i] = 0;
    mlpipe__gram_add(fit->kernel, lane->scaled, LOGISTIC_STRIDE, fit->q, rows,
                     lane->tiles, gram);
}

/*
 * Of a pair of forms: p (1 - p) on the diagonal, else p p', whose sign is
 * turned where the matrix is put together.
 */
static void link_pair(const logistic_fit *fit, const link_loops *loops,
                      logistic_lane *lane, const logistic_unit *u, uint32_t a,
                      uint32_t b)
{
    double *const product = lane->work;
    const double *p = link_chance(lane, u, a);

    if (fit->classes > 2) {
        loops->product(p, link_chance(lane, u, b), u->n, product);
        p = product;
    }
    if (a == b)
        lane->least = link_min(p, u->weight, u->n, lane->least);
    loops->roots(p, u->weight, a == b ? 1e-12 : 0, u->n, lane->root + u->at);
}

void mlpipe__logistic_matrices(const logistic_fit *fit, logistic_lane *lane,
                               const logistic_unit *units, uint32_t count)
{
    const link_loops *const loops = fit->avx2 ? &link_avx2 : &link_plain;
    double *gram = lane->sums + fit->terms;

    for (uint32_t b = 0; b < fit->paired; b++)
        for (uint32_t a = 0; a <= b; a++) {
            for (uint32_t i = 0; i < count; i++)
                link_pair(fit, loops, lane, &units[i], a, b);
            link_gram(fit, loops, lane, units, count, gram);
            gram += (size_t)fit->q * fit->q;
        }
}
