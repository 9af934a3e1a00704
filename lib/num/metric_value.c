/* SPDX-License-Identifier: MIT */
/*
 * Metrics that are means of losses, or ratios of them. The interval of a
 * ratio A / B of two weighted means is that of the mean of a - (A / B) b,
 * over B (delta method). Where B is the loss of the best single answer, that
 * the answer was taken from the same rows changes the ratio in second order
 * only, since it minimises B.
 */
#include "metric_types.h"

double mlpipe__figure_se(const mlpipe_figure *f)
{
    const double se = (f->high - f->low) / (2.0 * MLPIPE__METRIC_Z);

    return mlpipe__finite(se) ? se : mlpipe__nan();
}

void mlpipe__metric_interval(mlpipe_figure *out, double se, double floor,
                             double ceiling)
{
    const double low = out->value - MLPIPE__METRIC_Z * se;
    const double high = out->value + MLPIPE__METRIC_Z * se;
    if (!mlpipe__finite(high - low)) /* squares of losses overflow first */
        return;
    out->low = low < floor ? floor : low;
    out->high = high > ceiling ? ceiling : high;
}

void mlpipe__metric_wilson(mlpipe_figure *out, double rows)
{
    const double z2 = MLPIPE__METRIC_Z * MLPIPE__METRIC_Z / rows;
    const double p = out->value;
    const double half = MLPIPE__METRIC_Z
                      * mlpipe__sqrt(p * (1.0 - p) / rows + z2 / rows / 4.0);
    const double low = (p + z2 / 2.0 - half) / (1.0 + z2);
    const double high = (p + z2 / 2.0 + half) / (1.0 + z2);
    if (!(rows > 0.0))
        return;
    out->low = low < 0.0 || p <= 0.0 ? 0.0 : low;
    out->high = high > 1.0 || p >= 1.0 ? 1.0 : high;
}

double mlpipe__metric_reach(const double *x, const double *w,
                            const uint32_t *order, uint64_t n, double at)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; ++i) {
        sum += w ? w[order[i]] : 1.0;
        if (sum >= at)
            return x[order[i]];
    }
    return x[order[n - 1]];
}

/* The mean of a row's losses, without an array where there need be none. */
static mlpipe_status value_losses(mlpipe__scoring *g, const mlpipe__metric *m,
                                  mlpipe__mean *out)
{
    const mlpipe__scored *const s = &g->s;
    double *losses;
    if (s->width == 1 && !(m->at > 0.0)) {
        *out = mlpipe__mean_loss(m->loss, s->y, s->p, s->w, s->n, true);
        return MLPIPE_OK;
    }
    losses = mlpipe__alloc_array(g->ctx->env, (size_t)s->n, sizeof *losses);
    if (!losses)
        return mlpipe__nomem(g->ctx);
    mlpipe__metric_losses(m, s, losses);
    *out = mlpipe__mean_of(losses, s->w, s->n, true);
    mlpipe__free(g->ctx->env, losses);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__value_mean(mlpipe__scoring *g, const mlpipe__metric *m,
                                 mlpipe_figure *out)
{
    mlpipe__mean mean = {0.0, 0.0};
    const mlpipe_status st = value_losses(g, m, &mean);
    if (st)
        return st;
    out->value = mean.value;
    mlpipe__metric_interval(out, mean.se, 0.0, mlpipe__inf());
    return MLPIPE_OK;
}

mlpipe_status mlpipe__value_root(mlpipe__scoring *g, const mlpipe__metric *m,
                                 mlpipe_figure *out)
{
    mlpipe__mean mean = {0.0, 0.0};
    const mlpipe_status st = value_losses(g, m, &mean);
    if (st)
        return st;
    out->value = mlpipe__sqrt(mean.value);
    if (mean.value > 0.0)
        mean.se *= 0.5 / out->value;
    mlpipe__metric_interval(out, mean.se, 0.0, mlpipe__inf());
    return MLPIPE_OK;
}

/* 1 - the mean of losses that are 0 or 1. */
mlpipe_status mlpipe__value_share_right(mlpipe__scoring *g,
                                        const mlpipe__metric *m,
                                        mlpipe_figure *out)
{
    mlpipe__mean mean = {0.0, 0.0};
    const mlpipe_status st = value_losses(g, m, &mean);
    if (st)
        return st;
    out->value = 1.0 - mean.value;
    mlpipe__metric_wilson(out, g->rows);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__value_max(mlpipe__scoring *g, const mlpipe__metric *m,
                                mlpipe_figure *out)
{
    double most = 0.0;
    for (uint64_t i = 0; i < g->s.n; ++i) {
        const double loss = mlpipe__loss_absolute(g->s.y[i], g->s.p[i]);
        most = loss > most ? loss : most;
    }
    (void)m;
    out->value = most;
    return MLPIPE_OK;
}

/* ---- medians ------------------------------------------------------------ */

/*
 * The mean of the least value that half of the weight reaches and the least
 * that more than half does. low, high: where half less or more z/2
 * sqrt(sum w^2) is reached (R. S. Woodruff, JASA 47, 1952); NaN beyond the
 * rows. low may be NULL. E_NOMEM, E_LIMIT
 */
static mlpipe_status value_middle(mlpipe__scoring *g, const double *x,
                                  double *value, double *low, double *high)
{
    mlpipe__env *const env = g->ctx->env;
    const uint64_t n = g->s.n;
    const double *const w = g->s.w;
    const double half = 0.5 * g->weight;
    const double step = 0.5 * MLPIPE__METRIC_Z * g->weight
                      / mlpipe__sqrt(g->rows);
    double sum = 0.0;
    uint64_t i = 0;
    uint64_t *scratch;
    mlpipe_status st =
        mlpipe__most_rows(g->ctx, "median", n, UINT32_MAX - 1);
    if (st)
        return st;
    scratch = mlpipe__alloc_array(env, (size_t)n, 5 * sizeof *scratch);
    if (!scratch)
        return mlpipe__nomem(g->ctx);
    uint32_t *const order = (uint32_t *)(scratch + 4 * n);
    st = mlpipe__argsort_polled(g->ctx, x, order, (uint32_t)n, scratch);
    if (st)
        goto done;
    while (i + 1 < n && (sum += w ? w[order[i]] : 1.0) < half)
        ++i;
    *value = x[order[i]];
    if (i + 1 < n && sum == half)
        *value = 0.5 * (*value + x[order[i + 1]]);
    if (low && half - step > 0.0) {
        *low = mlpipe__metric_reach(x, w, order, n, half - step);
        *high = mlpipe__metric_reach(x, w, order, n, half + step);
    }
done:
    mlpipe__free(env, scratch);
    return st;
}

mlpipe_status mlpipe__value_median(mlpipe__scoring *g,
                                   const mlpipe__metric *m,
                                   mlpipe_figure *out)
{
    const mlpipe__scored *const s = &g->s;
    double *const x = mlpipe__alloc_array(g->ctx->env, (size_t)s->n,
                                          sizeof *x);
    mlpipe_status st;
    if (!x)
        return mlpipe__nomem(g->ctx);
    for (uint64_t i = 0; i < s->n; ++i)
        x[i] = mlpipe__loss_absolute(s->y[i], s->p[i]);
    (void)m;
    st = value_middle(g, x, &out->value, &out->low, &out->high);
    mlpipe__free(g->ctx->env, x);
    return st;
}

/* ---- ratios ------------------------------------------------------------- */

/* A over B of n pairs, its standard error, and whether B is 0. */
typedef struct value_parts {
    double above, below, ratio, se;
} value_parts;

/* Leaves w (a - ratio b) in a. */
static value_parts value_divide(const mlpipe__scoring *g, double *a,
                                double *b)
{
    const uint64_t n = g->s.n;
    const double *const w = g->s.w;
    value_parts v;
    for (uint64_t i = 0; w && i < n; ++i) {
        a[i] *= w[i];
        b[i] *= w[i];
    }
    v.above = mlpipe__sum(a, n);
    v.below = mlpipe__sum(b, n);
    v.ratio = v.above / v.below;
    for (uint64_t i = 0; i < n; ++i) {
        const double d = a[i] - v.ratio * b[i];
        a[i] = d * d;
    }
    v.se = n < 2 ? mlpipe__nan()
                 : mlpipe__sqrt(mlpipe__sum(a, n)
                                * ((double)n / (double)(n - 1)))
                       / v.below;
    return v;
}

/* Absolute errors by absolute targets. */
mlpipe_status mlpipe__value_ratio(mlpipe__scoring *g, const mlpipe__metric *m,
                                  mlpipe_figure *out)
{
    const mlpipe__scored *const s = &g->s;
    double *const a = mlpipe__alloc_array(g->ctx->env, (size_t)s->n,
                                          2 * sizeof *a);
    if (!a)
        return mlpipe__nomem(g->ctx);
    double *const b = a + s->n;
    for (uint64_t i = 0; i < s->n; ++i) {
        a[i] = m->loss(s->y[i], s->p[i]);
        b[i] = s->y[i] < 0.0 ? -s->y[i] : s->y[i];
    }
    const value_parts v = value_divide(g, a, b);
    if (v.below > 0.0) {
        out->value = v.ratio;
        mlpipe__metric_interval(out, v.se, 0.0, mlpipe__inf());
    }
    mlpipe__free(g->ctx->env, a);
    return MLPIPE_OK;
}

/* ---- skill: 1 - loss / loss of the best single answer ------------------- */

/* sum w x / sum w, into room of n; x itself where all are the same. */
static double value_mean_of(const mlpipe__scoring *g, const double *x,
                            double *room)
{
    const uint64_t n = g->s.n;
    bool same = true;
    for (uint64_t i = 0; i < n; ++i) {
        same &= x[i] == x[0];
        room[i] = g->s.w ? g->s.w[i] * x[i] : x[i];
    }
    return same ? x[0] : mlpipe__sum(room, n) / g->weight;
}

/* Do targets differ, but none from their mean by more than its rounding? */
static bool value_rounding(const mlpipe__scored *s, double mean)
{
    bool same = true, near = true;
    for (uint64_t i = 0; i < s->n; ++i) {
        same &= s->y[i] == s->y[0];
        near &= mlpipe__loss_absolute(s->y[i], mean) <= 0x1p-51 * mean;
    }
    return near && !same;
}

/* The single answer, as wide as an answer is; `known` where it is one. */
static mlpipe_status value_null(mlpipe__scoring *g, uint32_t which,
                                double *null, double *room, bool *known)
{
    const mlpipe__scored *const s = &g->s;
    uint32_t classes = 0;
    *known = true;
    if (which == MLPIPE__NULL_MEDIAN)
        return value_middle(g, s->y, null, NULL, NULL);
    *null = s->width == 1 ? value_mean_of(g, s->y, room) : 0.0;
    if (which == MLPIPE__NULL_RATIOS)
        *known = !value_rounding(s, *null);
    if (which != MLPIPE__NULL_SHARES)
        return MLPIPE_OK;
    for (uint64_t i = 0; s->width > 1 && i < s->n; ++i)
        null[(uint32_t)s->y[i]] += s->w ? s->w[i] : 1.0;
    for (uint32_t k = 0; s->width > 1 && k < s->width; ++k) {
        classes += null[k] > 0.0;
        null[k] /= g->weight;
    }
    *known = s->width > 1 ? classes > 1 : *null > 0.0 && *null < 1.0;
    return MLPIPE_OK;
}

/* The losses of the answers in a, those of the single answer in b. */
static void value_beside(const mlpipe__scoring *g, const mlpipe__metric *m,
                         const double *null, double *a, double *b)
{
    const mlpipe__scored *const s = &g->s;
    double bias = 0.0;
    if (m->which == MLPIPE__NULL_BIAS) {
        for (uint64_t i = 0; i < s->n; ++i)
            a[i] = s->y[i] - s->p[i];
        bias = value_mean_of(g, a, b);
    }
    for (uint64_t i = 0; i < s->n; ++i) {
        if (s->width > 1) {
            a[i] = m->class_loss(s->y[i], s->p + i * s->width, s->width);
            b[i] = m->class_loss(s->y[i], null, s->width);
            continue;
        }
        a[i] = m->which == MLPIPE__NULL_BIAS
                   ? (a[i] - bias) * (a[i] - bias)
                   : m->loss(s->y[i], s->p[i]);
        b[i] = m->which == MLPIPE__NULL_BIAS
                   ? mlpipe__loss_squared(s->y[i], *null)
                   : m->loss(s->y[i], *null);
    }
}

static bool value_constant(const mlpipe__scored *s)
{
    bool same = true;
    for (uint64_t i = 1; i < s->n; ++i)
        same &= s->y[i] == s->y[0];
    return same;
}

mlpipe_status mlpipe__value_skill(mlpipe__scoring *g, const mlpipe__metric *m,
                                  mlpipe_figure *out)
{
    const uint64_t n = g->s.n;
    double *null, *a, *b;
    bool known = true;
    size_t cells;
    mlpipe_status st;
    if (n < 2)
        return MLPIPE_OK;
    cells = 2 * (size_t)n + g->s.width;
    null = mlpipe__alloc_array(g->ctx->env, cells, sizeof *null);
    if (!null)
        return mlpipe__nomem(g->ctx);
    a = null + g->s.width;
    b = a + n;
    st = value_null(g, m->which, null, a, &known);
    if (!st && known)
        st = mlpipe__poll(g->ctx, "metrics", 1, 3);
    if (!st && known) {
        value_beside(g, m, null, a, b);
        st = mlpipe__poll(g->ctx, "metrics", 2, 3);
    }
    if (!st && known) {
        const value_parts v = value_divide(g, a, b);
        if (v.below != 0.0)
            out->value = 1.0 - v.ratio;
        else if (value_constant(&g->s)) /* and no square that is too small */
            out->value = v.above <= 0.0 ? 1.0 : 0.0;
        if (v.below > 0.0)
            mlpipe__metric_interval(out, v.se, -mlpipe__inf(), 1.0);
        if (v.above != v.above)
            out->value = v.above;
    }
    mlpipe__free(g->ctx->env, null);
    return st;
}
