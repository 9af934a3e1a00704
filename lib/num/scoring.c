/* SPDX-License-Identifier: MIT */
/*
 * Rows that several metrics are taken of. A row of weight 0 is left out here,
 * once and for all, so that no metric has to think of it: neither its NaN nor
 * its class is there. Weights whose squares or products would leave the
 * doubles are brought near 1, which changes no metric.
 */
#include "metric_types.h"

double mlpipe__metric_unit(double most)
{
    uint64_t bits;
    double unit;
    if (!(most > 0.0) || !mlpipe__finite(most)
        || (most > 0x1p-200 && most < 0x1p200))
        return 1.0;
    memcpy(&bits, &most, sizeof bits);
    bits &= UINT64_C(0x7ff) << 52;
    bits = bits ? bits : UINT64_C(1) << 52;
    memcpy(&unit, &bits, sizeof unit);
    return unit;
}

/* Copies of the rows that count, their weights in units of g->unit. */
static mlpipe_status scoring_keep(mlpipe__scoring *g, uint64_t rows)
{
    const mlpipe__scored s = g->s;
    double *y, *p, *w;
    uint32_t *query;
    size_t cells;
    if (mlpipe__mul((size_t)rows, (size_t)s.width + 3, &cells))
        return mlpipe__nomem(g->ctx);
    g->room = mlpipe__alloc_array(g->ctx->env, cells, sizeof *g->room);
    if (!g->room)
        return mlpipe__nomem(g->ctx);
    y = g->room;
    w = y + rows;
    p = w + rows;
    query = (uint32_t *)(p + rows * s.width);
    g->s = (mlpipe__scored){y, p, w, 0, s.width, s.query ? query : NULL};
    for (uint64_t i = 0; i < s.n; ++i) {
        if (!(s.w[i] / g->unit > 0.0))
            continue;
        *y++ = s.y[i];
        *w++ = s.w[i] / g->unit;
        memcpy(p, s.p + i * s.width, s.width * sizeof *p);
        p += s.width;
        if (s.query)
            *query++ = s.query[i];
        ++g->s.n;
    }
    return MLPIPE_OK;
}

/* Is there a NaN, or a class that the answers do not have? */
static bool scoring_undefined(const mlpipe__scored *s)
{
    bool odd = false;
    for (uint64_t i = 0; i < s->n; ++i)
        odd |= s->y[i] != s->y[i]
            || (s->width > 1 && !(s->y[i] >= 0.0 && s->y[i] < s->width));
    for (uint64_t i = 0; i < s->n * s->width; ++i)
        odd |= s->p[i] != s->p[i];
    return odd;
}

mlpipe_status mlpipe__scoring_init(mlpipe__scoring *g, mlpipe_ctx *ctx,
                                   const mlpipe__scored *s)
{
    uint64_t rows = mlpipe__weighted_rows(s->w, s->n);
    double most = 0.0;
    mlpipe_status st = MLPIPE_OK;
    memset(g, 0, sizeof *g);
    g->ctx = ctx;
    g->s = *s;
    g->curve.threshold = mlpipe__nan();
    for (uint64_t i = 0; s->w && i < s->n; ++i)
        most = s->w[i] > most ? s->w[i] : most;
    g->unit = mlpipe__metric_unit(most);
    if (rows < s->n || g->unit != 1.0)
        st = scoring_keep(g, rows);
    if (st)
        return st;
    rows = g->s.n;
    g->weight = g->s.w ? mlpipe__sum(g->s.w, rows) : (double)rows;
    g->rows = (double)rows;
    if (g->s.w && rows) {
        double squares = 0.0;
        for (uint64_t i = 0; i < rows; ++i)
            squares += g->s.w[i] * g->s.w[i];
        g->rows = g->weight * g->weight / squares;
    }
    g->undefined = scoring_undefined(&g->s);
    return MLPIPE_OK;
}

void mlpipe__scoring_free(mlpipe__scoring *g)
{
    mlpipe__env *const env = g->ctx->env;
    mlpipe__free(env, g->room);
    mlpipe__free(env, g->curve_room);
    mlpipe__free(env, g->confusion.w); /* all of it */
    mlpipe__free(env, g->rankings_room);
    g->room = NULL;
    g->rankings_room = NULL;
    g->curve_room = NULL;
    g->confusion.w = NULL;
}

mlpipe_status mlpipe__scoring_sortable(const mlpipe__scoring *g)
{
    return mlpipe__most_rows(g->ctx, "sorting scores", g->s.n,
                             UINT32_MAX - 1);
}

mlpipe_status mlpipe__scoring_curve(mlpipe__scoring *g,
                                    const mlpipe__curve **out)
{
    const mlpipe__scored *const s = &g->s;
    *out = &g->curve;
    if (g->curve_made)
        return MLPIPE_OK;
    const mlpipe_status st = mlpipe__scoring_sortable(g);
    if (st)
        return st;
    g->curve_room = mlpipe__alloc_array(
        g->ctx->env, mlpipe__curve_room(s->p, s->w, (uint32_t)s->n),
        sizeof *g->curve_room);
    if (!g->curve_room)
        return mlpipe__nomem(g->ctx);
    mlpipe__curve_make(&g->curve, s->y, s->p, s->w, (uint32_t)s->n,
                       g->curve_room);
    g->curve_made = true;
    return mlpipe__poll(g->ctx, "metrics", s->n, s->n);
}

/* The class that is said of a row. */
static uint32_t scoring_said(const mlpipe__scored *s, uint64_t row)
{
    const double *const p = s->p + row * s->width;
    uint32_t best = 0;
    if (s->width == 1)
        return *p >= 0.5;
    for (uint32_t k = 1; k < s->width; ++k)
        if (p[k] > p[best])
            best = k;
    return best;
}

static void scoring_count(mlpipe__confusion *c, const mlpipe__scored *s)
{
    const uint32_t k = c->classes;
    for (uint64_t i = 0; i < s->n; ++i) {
        const double w = s->w ? s->w[i] : 1.0;
        const uint32_t truth = s->width > 1 ? (uint32_t)s->y[i]
                                            : s->y[i] >= 0.5;
        const size_t at = (size_t)truth * k + scoring_said(s, i);
        c->w[at] += w;
        c->w2[at] += w * w;
    }
    for (uint32_t i = 0; i < k; ++i) {
        for (uint32_t j = 0; j < k; ++j) {
            c->truth[i] += c->w[(size_t)i * k + j];
            c->said[j] += c->w[(size_t)i * k + j];
        }
    }
    for (uint32_t i = 0; i < k; ++i)
        c->weight += c->truth[i];
}

mlpipe_status mlpipe__scoring_confusion(mlpipe__scoring *g,
                                        const mlpipe__confusion **out)
{
    mlpipe__confusion *const c = &g->confusion;
    const size_t k = g->s.width > 1 ? g->s.width : 2;
    size_t cells;
    *out = c;
    if (g->confusion_made)
        return MLPIPE_OK;
    if (mlpipe__mul(k, 2 * k + 2, &cells))
        return mlpipe__nomem(g->ctx);
    c->w = mlpipe__alloc_array(g->ctx->env, cells, sizeof *c->w);
    if (!c->w)
        return mlpipe__nomem(g->ctx);
    c->classes = (uint32_t)k;
    c->w2 = c->w + k * k;
    c->truth = c->w2 + k * k;
    c->said = c->truth + k;
    if (!g->undefined)
        scoring_count(c, &g->s);
    g->confusion_made = true;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__scoring_value(mlpipe__scoring *g,
                                    const mlpipe__metric *m,
                                    mlpipe_figure *out)
{
    const double nan = mlpipe__nan();
    mlpipe_status st = MLPIPE_OK;
    *out = (mlpipe_figure){nan, nan, nan, (double)g->s.n};
    if (g->s.n && !g->undefined)
        st = m->value(g, m, out);
    if (!st && out->value == out->value && !mlpipe__finite(out->value))
        st = mlpipe__fail(g->ctx, MLPIPE_E_NUMERIC,
                          "the %s of %llu rows is beyond every double; scale "
                          "the target down",
                          m->name, (unsigned long long)g->s.n);
    if (st || out->value != out->value) /* and one NaN for all */
        out->value = out->low = out->high = nan;
    return st;
}

mlpipe_status mlpipe__metric_beyond(mlpipe_status st)
{
    return st == MLPIPE_E_NUMERIC ? MLPIPE_OK : st;
}

mlpipe_status mlpipe__metric_value(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                   const mlpipe__scored *s,
                                   mlpipe_figure *out)
{
    const double nan = mlpipe__nan();
    mlpipe__scoring g;
    mlpipe_status st = mlpipe__scoring_init(&g, ctx, s);
    *out = (mlpipe_figure){nan, nan, nan, nan};
    if (!st)
        st = mlpipe__scoring_value(&g, m, out);
    mlpipe__scoring_free(&g);
    return st;
}
