/* SPDX-License-Identifier: MIT */
/*
 * Correlations: Pearson's r, Spearman's rho, Kendall's tau-b. A row of weight
 * w is w rows: its rank is the weight below plus half of the tied weight, and
 * a pair of rows has the product of their weights. Kendall's pairs are counted
 * by merging (W. R. Knight, JASA 61, 1966).
 */
#include "metric_types.h"

void mlpipe__metric_fisher(mlpipe_figure *out, double variance)
{
    const double r = out->value;
    if (!(r > -1.0 && r < 1.0) || !(variance > 0.0))
        return;
    const double z = mlpipe__log((1.0 + r) / (1.0 - r));
    const double step = 2.0 * MLPIPE__METRIC_Z * mlpipe__sqrt(variance);
    out->low = 1.0 - 2.0 / (mlpipe__exp(z - step) + 1.0);
    out->high = 1.0 - 2.0 / (mlpipe__exp(z + step) + 1.0);
}

static double rank_weight(const mlpipe__scored *s, uint64_t row)
{
    return s->w ? s->w[row] : 1.0;
}

/* ---- r and rho ---------------------------------------------------------- */

/* Less its weighted mean and at a scale whose squares are doubles, into x;
 * false where all are the same. */
static bool rank_centre(const mlpipe__scoring *g, double *x, double *room)
{
    const uint64_t n = g->s.n;
    bool same = true;
    for (uint64_t i = 0; i < n; ++i) {
        same &= x[i] == x[0];
        room[i] = rank_weight(&g->s, i) * x[i];
    }
    const double mean = mlpipe__sum(room, n) / g->weight;
    double most = 0.0;
    for (uint64_t i = 0; i < n; ++i) {
        x[i] -= mean;
        most = x[i] > most ? x[i] : -x[i] > most ? -x[i] : most;
    }
    const double unit = mlpipe__metric_unit(most);
    for (uint64_t i = 0; unit != 1.0 && i < n; ++i)
        x[i] /= unit;
    return !same;
}

static double rank_product(const mlpipe__scoring *g, const double *a,
                           const double *b, double *room)
{
    for (uint64_t i = 0; i < g->s.n; ++i)
        room[i] = rank_weight(&g->s, i) * (a[i] * b[i]);
    return mlpipe__sum(room, g->s.n);
}

static double rank_pearson(const mlpipe__scoring *g, double *a, double *b,
                           double *room)
{
    const bool a_varies = rank_centre(g, a, room);
    const bool b_varies = rank_centre(g, b, room);
    double r;
    if (!a_varies || !b_varies)
        return mlpipe__nan();
    const double aa = rank_product(g, a, a, room);
    const double bb = rank_product(g, b, b, room);
    r = rank_product(g, a, b, room);
    /* The root of the product is exact where the two are the same. */
    r = aa * bb > 0x1p-900 && aa * bb < 0x1p900
            ? r / mlpipe__sqrt(aa * bb)
            : r / mlpipe__sqrt(aa) / mlpipe__sqrt(bb);
    r = r > 1.0 ? 1.0 : r;
    return r < -1.0 ? -1.0 : r;
}

/* Middle ranks of x, into ranks. */
static void rank_middle(const mlpipe__scored *s, const double *x,
                        const uint32_t *order, double *ranks)
{
    double below = 0.0;
    for (uint64_t i = 0, end; i < s->n; i = end) {
        double tied = 0.0;
        for (end = i; end < s->n && x[order[end]] == x[order[i]]; ++end)
            tied += rank_weight(s, order[end]);
        for (uint64_t k = i; k < end; ++k)
            ranks[order[k]] = below + 0.5 * tied;
        below += tied;
    }
}

/* ---- tau-b -------------------------------------------------------------- */

/* Sum over groups of equal keys of their weights, squared; keys in order. */
static double rank_tied(const double *a, const double *b, const double *w,
                        uint64_t n)
{
    double sum = 0.0;
    for (uint64_t i = 0, end; i < n; i = end) {
        double tied = 0.0;
        for (end = i; end < n && a[end] == a[i] && (!b || b[end] == b[i]);
             ++end)
            tied += w[end];
        sum += tied * tied;
    }
    return sum;
}

/* Merges two rising runs of p; the weight of pairs that stood the wrong way
 * round. */
static double rank_merge(const double *p, const double *w, uint64_t start,
                         uint64_t middle, uint64_t end, double *to_p,
                         double *to_w)
{
    uint64_t i = start, k = middle, at = start;
    double left = 0.0, wrong = 0.0;
    for (uint64_t m = start; m < middle; ++m)
        left += w[m];
    for (; i < middle || k < end; ++at) {
        const bool right = i == middle || (k < end && p[k] < p[i]);
        const uint64_t from = right ? k++ : i++;
        if (right)
            wrong += w[from] * left;
        else
            left -= w[from];
        to_p[at] = p[from];
        to_w[at] = w[from];
        if (i == middle)
            left = 0.0; /* without what rounding left of it */
    }
    return wrong;
}

/* p and w end up in order of p, in one of the two pairs of arrays. */
static mlpipe_status rank_sort(mlpipe__scoring *g, double *p[2], double *w[2],
                               double *wrong)
{
    const uint64_t n = g->s.n;
    mlpipe_status st = MLPIPE_OK;
    *wrong = 0.0;
    for (uint64_t run = 1; !st && run < n; run *= 2) {
        double *swap;
        for (uint64_t at = 0; at < n; at += 2 * run) {
            const uint64_t middle = at + run < n ? at + run : n;
            const uint64_t end = middle + run < n ? middle + run : n;
            *wrong += rank_merge(p[0], w[0], at, middle, end, p[1], w[1]);
        }
        swap = p[0];
        p[0] = p[1];
        p[1] = swap;
        swap = w[0];
        w[0] = w[1];
        w[1] = swap;
        st = mlpipe__poll(g->ctx, "metrics", run, n);
    }
    return st;
}

/* By y, then by p: two stable sorts, the later one first. cells: 4 n. */
static mlpipe_status rank_order(const mlpipe__scoring *g, uint64_t *scratch,
                                uint32_t *by_p, uint32_t *by_y, double *cells)
{
    const mlpipe__scored *const s = &g->s;
    double *const y = cells, *const p = cells + s->n, *const w = p + s->n;
    mlpipe_status st = mlpipe__argsort_polled(g->ctx, s->p, by_p,
                                              (uint32_t)s->n, scratch);
    if (st)
        return st;
    for (uint64_t i = 0; i < s->n; ++i)
        y[i] = s->y[by_p[i]];
    st = mlpipe__argsort_polled(g->ctx, y, by_y, (uint32_t)s->n, scratch);
    if (st)
        return st;
    for (uint64_t i = 0; i < s->n; ++i) {
        const uint32_t row = by_p[by_y[i]];
        p[i] = s->p[row];
        w[i] = rank_weight(s, row);
    }
    for (uint64_t i = 0; i < s->n; ++i)
        y[i] = s->y[by_p[by_y[i]]];
    return mlpipe__poll(g->ctx, "metrics", 0, s->n);
}

/* room: 10 n */
static mlpipe_status rank_kendall(mlpipe__scoring *g, double *room,
                                  double *out)
{
    const uint64_t n = g->s.n;
    uint64_t *const scratch = (uint64_t *)room;
    uint32_t *const by_p = (uint32_t *)(room + 4 * n);
    double *const cells = room + 5 * n;
    double *p[2] = {cells + n, cells + 3 * n};
    double *w[2] = {cells + 2 * n, cells + 4 * n};
    double wrong;
    mlpipe_status st = rank_order(g, scratch, by_p, by_p + n, cells);
    if (st)
        return st;
    const double all = g->weight * g->weight;
    const double tied_y = rank_tied(cells, NULL, w[0], n);
    const double tied = rank_tied(cells, p[0], w[0], n);
    st = rank_sort(g, p, w, &wrong);
    if (st)
        return st;
    const double tied_p = rank_tied(p[0], NULL, w[0], n);
    const double pairs = (all - tied_y) - (tied_p - tied);
    *out = mlpipe__nan();
    if (cells[0] == cells[n - 1] || p[0][0] == p[0][n - 1])
        return MLPIPE_OK;
    *out = (pairs - 4.0 * wrong) / mlpipe__sqrt(all - tied_y)
         / mlpipe__sqrt(all - tied_p);
    *out = *out > 1.0 ? 1.0 : *out < -1.0 ? -1.0 : *out;
    return MLPIPE_OK;
}

/* ---- the three ---------------------------------------------------------- */

/* D. G. Bonett and T. A. Wright, Psychometrika 65 (2000). */
static double rank_variance(uint32_t which, double r, double rows)
{
    if (which == MLPIPE__CORRELATION_PAIRS)
        return 0.437 / (rows - 4.0);
    return (which == MLPIPE__CORRELATION_RANKS ? 1.0 + 0.5 * r * r : 1.0)
         / (rows - 3.0);
}

mlpipe_status mlpipe__value_correlation(mlpipe__scoring *g,
                                        const mlpipe__metric *m,
                                        mlpipe_figure *out)
{
    const mlpipe__scored *const s = &g->s;
    const size_t n = (size_t)s->n;
    mlpipe_status st =
        mlpipe__most_rows(g->ctx, m->name, s->n, UINT32_MAX - 1);
    double *room;
    if (st)
        return st;
    room = mlpipe__alloc_array(g->ctx->env, n, 10 * sizeof *room);
    if (!room)
        return mlpipe__nomem(g->ctx);
    if (m->which == MLPIPE__CORRELATION_PAIRS) {
        st = rank_kendall(g, room, &out->value);
    } else {
        double *const a = room + 5 * n, *const b = a + n;
        uint32_t *const order = (uint32_t *)(room + 4 * n);
        memcpy(a, s->y, n * sizeof *a);
        memcpy(b, s->p, n * sizeof *b);
        if (m->which == MLPIPE__CORRELATION_RANKS) {
            st = mlpipe__argsort_polled(g->ctx, s->y, order, (uint32_t)n,
                                        (uint64_t *)room);
            if (!st) {
                rank_middle(s, s->y, order, a);
                st = mlpipe__argsort_polled(g->ctx, s->p, order, (uint32_t)n,
                                            (uint64_t *)room);
            }
            if (st)
                goto done;
            rank_middle(s, s->p, order, b);
        }
        out->value = rank_pearson(g, a, b, room);
    }
    mlpipe__metric_fisher(out, rank_variance(m->which, out->value, g->rows));
done:
    mlpipe__free(g->ctx->env, room);
    return st;
}
