/* SPDX-License-Identifier: MIT */
/*
 * The rows of each query in the order of their scores, which all metrics by
 * query read. Equal scores stand in the order of their truths and queries in
 * that of their numbers, so that the order of the rows changes no bit.
 */
#include "num_internal.h"

typedef struct rankings_work {
    double *key;        /* n */
    uint64_t *scratch;  /* 4 n */
    uint32_t *by_truth; /* n: the largest first */
    uint32_t *by_score; /* n: places in by_truth, the highest first */
    uint64_t *at;       /* queries + 1 */
    uint8_t *relevant;  /* queries */
    uint32_t queries;   /* as they are numbered */
} rankings_work;

/* Less, so that the largest comes first; -0 and 0 are the same. */
static double rankings_key(double x)
{
    return 0.0 - x;
}

static void rankings_sort(const mlpipe__scored *s, rankings_work *w)
{
    const uint32_t n = (uint32_t)s->n;
    for (uint32_t i = 0; i < n; ++i)
        w->key[i] = rankings_key(s->y[i]);
    mlpipe__argsort_f64(w->key, w->by_truth, n, w->scratch);
    for (uint32_t i = 0; i < n; ++i)
        w->key[i] = rankings_key(s->p[w->by_truth[i]]);
    mlpipe__argsort_f64(w->key, w->by_score, n, w->scratch);
}

/* The place of each query's rows, of those alone that have a relevant one. */
static void rankings_places(const mlpipe__scored *s, rankings_work *w,
                            mlpipe__rankings *r)
{
    uint64_t rows = 0;
    for (uint64_t i = 0; i < s->n; ++i) {
        if (s->query[i] == MLPIPE__NO_QUERY) {
            ++r->strays;
            continue;
        }
        ++w->at[s->query[i]];
        if (s->y[i] > 0.0)
            w->relevant[s->query[i]] = 1;
    }
    for (uint32_t q = 0; q < w->queries; ++q) {
        const uint64_t count = w->at[q];
        w->at[q] = rows;
        if (!count)
            continue;
        if (!w->relevant[q]) {
            ++r->without;
            continue;
        }
        r->start[r->queries++] = rows;
        rows += count;
    }
    r->start[r->queries] = rows;
}

static bool rankings_has(const mlpipe__scored *s, const rankings_work *w,
                         uint32_t row)
{
    return s->query[row] != MLPIPE__NO_QUERY && w->relevant[s->query[row]];
}

/* Deals rows to their queries, in the order that they come; at[q] moves from
 * the first row of a query to behind its last. */
static void rankings_deal(const mlpipe__scored *s, rankings_work *w,
                          mlpipe__rankings *r)
{
    for (uint64_t i = 0; i < s->n; ++i) {
        const uint32_t row = w->by_truth[i];
        if (rankings_has(s, w, row))
            r->best[w->at[s->query[row]]++] = s->y[row];
    }
    for (uint64_t i = s->n; i--;) {
        const uint32_t row = w->by_truth[w->by_score[i]];
        if (!rankings_has(s, w, row))
            continue;
        const uint64_t to = --w->at[s->query[row]];
        r->y[to] = s->y[row];
        r->p[to] = s->p[row];
        w->key[to] = s->w ? s->w[row] : 1.0;
    }
}

static void rankings_weigh(const rankings_work *w, mlpipe__rankings *r)
{
    uint64_t most = 0;
    for (uint32_t q = 0; q < r->queries; ++q) {
        const uint64_t rows = r->start[q + 1] - r->start[q];
        mlpipe__exact sum;
        mlpipe__exact_init(&sum);
        for (uint64_t i = r->start[q]; i < r->start[q + 1]; ++i)
            mlpipe__exact_add(&sum, w->key[i]);
        r->w[q] = mlpipe__exact_mean(&sum, rows);
        most = rows > most ? rows : most;
    }
    for (uint64_t i = 0; i < most; ++i)
        r->discount[i] = 1.0 / mlpipe__log2((double)i + 2.0);
}

/* What stays: start, y, p, best, w, discount; what goes: the rest. */
static mlpipe_status rankings_room(mlpipe__scoring *g, rankings_work *w,
                                   double **spent)
{
    mlpipe__rankings *const r = &g->rankings;
    mlpipe__env *const env = g->ctx->env;
    const size_t n = (size_t)g->s.n, queries = w->queries;
    size_t kept, cells;
    if (mlpipe__mul(n, 4, &kept)
        || __builtin_add_overflow(kept, 2 * queries + 1, &kept)
        || mlpipe__mul(n, 6, &cells)
        || __builtin_add_overflow(cells, 2 * queries + 1, &cells))
        return mlpipe__nomem(g->ctx);
    g->rankings_room = mlpipe__alloc_array(env, kept, sizeof(double));
    *spent = mlpipe__alloc_array(env, cells, sizeof(double));
    if (!g->rankings_room || !*spent)
        return mlpipe__nomem(g->ctx);
    r->y = g->rankings_room;
    r->p = r->y + n;
    r->best = r->p + n;
    r->discount = r->best + n;
    r->w = r->discount + n;
    r->start = (uint64_t *)(r->w + queries);
    w->key = *spent;
    w->scratch = (uint64_t *)(w->key + n);
    w->by_truth = (uint32_t *)(w->scratch + 4 * n);
    w->by_score = w->by_truth + n;
    w->at = (uint64_t *)(w->by_score + n);
    w->relevant = (uint8_t *)(w->at + queries);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__scoring_rankings(mlpipe__scoring *g,
                                       const mlpipe__rankings **out)
{
    const mlpipe__scored *const s = &g->s;
    rankings_work w = {0};
    double *spent = NULL;
    mlpipe_status st;
    *out = &g->rankings;
    if (g->rankings_made || !s->query || s->width > 1 || g->undefined)
        return MLPIPE_OK;
    st = mlpipe__scoring_sortable(g);
    if (st)
        return st;
    for (uint64_t i = 0; i < s->n; ++i)
        if (s->query[i] != MLPIPE__NO_QUERY && s->query[i] >= w.queries)
            w.queries = s->query[i] + 1;
    st = rankings_room(g, &w, &spent);
    if (!st) {
        rankings_places(s, &w, &g->rankings);
        rankings_sort(s, &w);
        rankings_deal(s, &w, &g->rankings);
        rankings_weigh(&w, &g->rankings);
        g->rankings_made = true;
        st = mlpipe__poll(g->ctx, "metrics", s->n, s->n);
    } else {
        mlpipe__free(g->ctx->env, g->rankings_room);
        g->rankings_room = NULL;
    }
    mlpipe__free(g->ctx->env, spent);
    return st;
}
