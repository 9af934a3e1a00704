/* SPDX-License-Identifier: MIT */
/*
 * Areas under ROC curves of three classes or more: each class against the
 * rest (macro or by the weights of the classes), or each pair of classes both
 * ways (D. J. Hand and R. J. Till, Machine Learning 45, 2001). What a row
 * adds to an area is its placement among the other class (DeLong); the rows'
 * parts are summed over all areas, so that their spread is that of the mean.
 */
#include "metric_types.h"

enum { AREA_POLL = 1 << 17 };

typedef struct area {
    mlpipe__scoring *g;
    double *part;      /* n: what each row adds, about 0 */
    double *y, *p, *w; /* n: the rows of one curve */
    uint32_t *row, *order;
    uint64_t *scratch;
    double *value, *weight; /* classes */
    uint32_t *by_class;     /* n: rows, class by class */
    uint64_t *start;        /* classes + 1: of each in there */
} area;

/* Row n of a curve. */
static void area_put(area *a, uint32_t n, uint64_t i, uint32_t positive,
                     double weight[2], uint32_t rows[2])
{
    const mlpipe__scored *const s = &a->g->s;
    const uint32_t k = (uint32_t)s->y[i] == positive;
    a->y[n] = k ? 1.0 : 0.0;
    a->p[n] = s->p[i * s->width + positive];
    a->w[n] = s->w ? s->w[i] : 1.0;
    a->row[n] = (uint32_t)i;
    weight[k] += a->w[n];
    ++rows[k];
}

/* Takes the rows of `positive` and, where it is a class, of `negative`; the
 * score is the chance of `positive`. Gives how many. */
static uint32_t area_take(area *a, uint32_t positive, uint32_t negative,
                          double weight[2], uint32_t rows[2])
{
    const mlpipe__scored *const s = &a->g->s;
    uint32_t n = 0;
    weight[0] = weight[1] = 0.0;
    rows[0] = rows[1] = 0;
    if (negative >= s->width) {
        for (uint64_t i = 0; i < s->n; ++i)
            area_put(a, n++, i, positive, weight, rows);
        return n;
    }
    uint64_t i = a->start[positive], k = a->start[negative];
    const uint64_t i_end = a->start[positive + 1];
    const uint64_t k_end = a->start[negative + 1];
    while (i < i_end || k < k_end) { /* as they stand in the data */
        const bool first = k == k_end
                        || (i < i_end && a->by_class[i] < a->by_class[k]);
        area_put(a, n++, a->by_class[first ? i++ : k++], positive, weight,
                 rows);
    }
    return n;
}

/* Rises through the groups of equal scores; `each` row of a group is told the
 * share of the other class below it. The first time that is summed up, the
 * second time it goes to the rows. The rows come in no order of the memory, so
 * that a million takes long: polled. */
static mlpipe_status area_pass(area *a, uint32_t n, const double weight[2],
                               const double step[2], double *mean)
{
    double below[2] = {0.0, 0.0}, sum = 0.0;
    mlpipe_status st = MLPIPE_OK;
    uint64_t next = 0;
    for (uint32_t i = 0, end; !st && i < n; i = end) {
        double tied[2] = {0.0, 0.0};
        if (i >= next) {
            st = mlpipe__poll(a->g->ctx, "metrics", i, n);
            next = (uint64_t)i + AREA_POLL;
        }
        for (end = i; end < n && a->p[a->order[end]] == a->p[a->order[i]];
             ++end)
            tied[a->y[a->order[end]] > 0.0] += a->w[a->order[end]];
        const double v1 = (below[0] + 0.5 * tied[0]) / weight[0];
        const double v0 = 1.0 - (below[1] + 0.5 * tied[1]) / weight[1];
        sum += tied[1] * v1;
        for (uint32_t k = i; step && k < end; ++k) {
            const uint32_t at = a->order[k];
            const uint32_t c = a->y[at] > 0.0;
            a->part[a->row[at]] += step[c] * a->w[at] * ((c ? v1 : v0) - *mean);
        }
        below[0] += tied[0];
        below[1] += tied[1];
    }
    if (!step)
        *mean = sum / weight[1];
    return st;
}

/* The area of one curve, of which `share` counts; NaN where a class is
 * missing. */
static mlpipe_status area_one(area *a, uint32_t positive, uint32_t negative,
                              double share, double *out)
{
    double weight[2], step[2];
    uint32_t rows[2];
    const uint32_t n = area_take(a, positive, negative, weight, rows);
    mlpipe_status st = MLPIPE_OK;
    *out = mlpipe__nan();
    if (!rows[0] || !rows[1])
        return MLPIPE_OK;
    st = mlpipe__argsort_polled(a->g->ctx, a->p, a->order, n, a->scratch);
    if (st)
        return st;
    for (uint32_t c = 0; c < 2; ++c)
        step[c] = rows[c] < 2 ? mlpipe__nan()
                              : share / weight[c]
                                    * mlpipe__sqrt((double)rows[c]
                                                   / (rows[c] - 1.0));
    st = area_pass(a, n, weight, NULL, out);
    if (!st)
        st = area_pass(a, n, weight, step, out);
    return st;
}

/* Rows and weight of each class; gives how many are there. */
static uint32_t area_classes(area *a)
{
    const mlpipe__scored *const s = &a->g->s;
    uint32_t there = 0;
    for (uint64_t i = 0; i < s->n; ++i) {
        a->weight[(uint32_t)s->y[i]] += s->w ? s->w[i] : 1.0;
        ++a->start[(uint32_t)s->y[i] + 1];
    }
    for (uint32_t k = 0; k < s->width; ++k)
        a->start[k + 1] += a->start[k];
    for (uint64_t i = 0; i < s->n; ++i)
        a->by_class[a->start[(uint32_t)s->y[i]]++] = (uint32_t)i;
    memmove(a->start + 1, a->start, s->width * sizeof *a->start);
    a->start[0] = 0;
    for (uint32_t k = 0; k < s->width; ++k)
        there += a->weight[k] > 0.0;
    return there;
}

static mlpipe_status area_rest(area *a, uint32_t there, bool weighted,
                               double *out)
{
    const mlpipe__scored *const s = &a->g->s;
    double value = 0.0;
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t k = 0; !st && k < s->width; ++k) {
        const double share = weighted ? a->weight[k] / a->g->weight
                                      : 1.0 / there;
        if (!(a->weight[k] > 0.0))
            continue;
        st = area_one(a, k, s->width, share, &a->value[k]);
        value += share * a->value[k];
        if (!st)
            st = mlpipe__poll(a->g->ctx, "metrics", k, s->width);
    }
    for (uint64_t i = 0; weighted && i < s->n; ++i)
        a->part[i] += (s->w ? s->w[i] : 1.0) / a->g->weight
                    * (a->value[(uint32_t)s->y[i]] - value);
    *out = value;
    return st;
}

static mlpipe_status area_pairs(area *a, uint32_t there, double *out)
{
    const uint32_t width = a->g->s.width;
    const double share = 1.0 / ((double)there * (there - 1.0));
    double value = 0.0, one;
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < width; ++i) {
        for (uint32_t k = 0; !st && k < width; ++k) {
            if (i == k || !(a->weight[i] > 0.0) || !(a->weight[k] > 0.0))
                continue;
            st = area_one(a, i, k, share, &one);
            value += share * one;
            if (st)
                break;
            st = mlpipe__poll(a->g->ctx, "metrics",
                              (uint64_t)i * width + k,
                              (uint64_t)width * width);
        }
    }
    *out = value;
    return st;
}

static mlpipe_status area_room(area *a, double **room)
{
    const mlpipe__scored *const s = &a->g->s;
    const size_t n = (size_t)s->n;
    size_t cells;
    if (mlpipe__mul(n, 10, &cells)
        || __builtin_add_overflow(cells, 3 * (size_t)s->width + 1, &cells))
        return mlpipe__nomem(a->g->ctx);
    *room = mlpipe__alloc_array(a->g->ctx->env, cells, sizeof **room);
    if (!*room)
        return mlpipe__nomem(a->g->ctx);
    a->part = *room;
    a->y = a->part + n;
    a->p = a->y + n;
    a->w = a->p + n;
    a->scratch = (uint64_t *)(a->w + n);
    a->row = (uint32_t *)(a->scratch + 4 * n);
    a->order = a->row + n;
    a->by_class = a->order + n;
    a->value = *room + 10 * n;
    a->weight = a->value + s->width;
    a->start = (uint64_t *)(a->weight + s->width);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__value_area(mlpipe__scoring *g, const mlpipe__metric *m,
                                 mlpipe_figure *out)
{
    area a = {.g = g};
    double *room = NULL;
    mlpipe_status st =
        mlpipe__most_rows(g->ctx, m->name, g->s.n, UINT32_MAX - 1);
    if (!st)
        st = area_room(&a, &room);
    if (st)
        return st;
    const uint32_t there = area_classes(&a);
    if (there > 1 && g->s.width > 1) {
        st = m->which == MLPIPE__AREA_PAIRS
                 ? area_pairs(&a, there, &out->value)
                 : area_rest(&a, there,
                             m->which == MLPIPE__AREA_REST_WEIGHTED,
                             &out->value);
        for (uint64_t i = 0; i < g->s.n; ++i)
            a.part[i] *= a.part[i];
        mlpipe__metric_interval(
            out, mlpipe__sqrt(mlpipe__sum(a.part, g->s.n)), 0.0, 1.0);
    }
    mlpipe__free(g->ctx->env, room);
    return st;
}
