/* SPDX-License-Identifier: MIT */
/*
 * Metrics of rankings: the rows of one query by their scores. Of equal scores
 * each gives its expectation over all orders of them, in closed form (F.
 * McSherry and M. Najork, "Computing information retrieval performance
 * measures efficiently in the presence of tied scores", ECIR 2008), which for
 * ndcg and dcg is what scikit-learn does. A row is relevant where y > 0.
 */
#include "metric_types.h"

#define QUERY_TASKS (MLPIPE__TASK_REGRESSION | MLPIPE__TASK_BINARY)
#define QUERY_ROW(name, which, doc)                                          \
    {name, QUERY_TASKS, 0, true, NULL, NULL, mlpipe__value_queries, which,   \
     doc "; normal interval of a mean over queries", true, 0}

static const mlpipe__metric query_list[] = {
    QUERY_ROW("ndcg", MLPIPE__QUERY_NDCG,
              "dcg / that of the best order; the gain of a row is y"),
    QUERY_ROW("ndcg_exp", MLPIPE__QUERY_NDCG_EXP,
              "the same with gains of 2^y - 1"),
    QUERY_ROW("dcg", MLPIPE__QUERY_DCG,
              "sum of y / log2(rank + 1), ranks from 1"),
    QUERY_ROW("dcg_exp", MLPIPE__QUERY_DCG_EXP,
              "sum of (2^y - 1) / log2(rank + 1)"),
    QUERY_ROW("mrr", MLPIPE__QUERY_MRR, "1 / rank of the first relevant row"),
    QUERY_ROW("map", MLPIPE__QUERY_MAP,
              "sum of precision at the ranks of relevant rows / how many "
              "there are, with @k k at most"),
    QUERY_ROW("precision@k", MLPIPE__QUERY_PRECISION,
              "relevant rows among the first k / k"),
    QUERY_ROW("recall@k", MLPIPE__QUERY_RECALL,
              "relevant rows among the first k / all of them"),
    QUERY_ROW("hit_rate@k", MLPIPE__QUERY_HIT,
              "1 where a relevant row is among the first k, else 0"),
};
enum { QUERY_COUNT = sizeof query_list / sizeof query_list[0] };

const mlpipe__metric *mlpipe__query_metric_at(uint32_t i)
{
    return i < QUERY_COUNT ? &query_list[i] : NULL;
}

/* ---- names -------------------------------------------------------------- */

/* The row of a name without its @; `cut` where it has to have one. */
static const mlpipe__metric *query_find(const char *name, size_t n, bool *cut)
{
    for (uint32_t i = 0; i < QUERY_COUNT; ++i) {
        const char *const row = query_list[i].name;
        const char *const end = strchr(row, '@');
        *cut = end != NULL;
        if (!strncmp(row, name, n) && (end ? row + n == end : !row[n]))
            return &query_list[i];
    }
    return NULL;
}

static mlpipe_status query_no_cut(mlpipe_ctx *ctx, const char *name,
                                  size_t n)
{
    char list[128];
    size_t size = 0;
    for (uint32_t i = 0; i < QUERY_COUNT; ++i)
        size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                               i ? ", " : "", query_list[i].name);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "metric %q: \"%.*s\" scores all rows and takes no @; "
                        "pinball, huber and mean_tweedie_deviance do, and "
                        "those by query: %s",
                        name, (int)n, name, list);
}

size_t mlpipe__metric_stem(const char *name)
{
    const char *const at = strchr(name, '@');
    return at ? (size_t)(at - name) : strlen(name);
}

mlpipe_status mlpipe__metric_read(mlpipe_ctx *ctx, const char *name,
                                  mlpipe__metric *out, bool *found)
{
    const char *const at = strchr(name, '@');
    const size_t n = mlpipe__metric_stem(name);
    const mlpipe__metric *m = at ? NULL : mlpipe__metric_find(name);
    bool cut = false;
    int64_t k = 0;
    if (!m)
        m = query_find(name, n, &cut);
    *found = m && (at || !cut);
    if (!m && at && n < sizeof out->name) {
        memcpy(out->name, name, n);
        out->name[n] = 0;
        m = mlpipe__metric_find(out->name);
        if (m && !m->loss_at)
            return query_no_cut(ctx, name, n);
        if (m) {
            const mlpipe_status st =
                mlpipe__metric_at_number(ctx, name, m, out);
            *found = !st;
            return st;
        }
    }
    if (!*found)
        return MLPIPE_OK;
    *out = *m;
    if (!at)
        return MLPIPE_OK;
    if (!mlpipe__parse_i64(at + 1, strlen(at + 1), &k) || k < 1
        || k > MLPIPE__QUERY_K_MAX) {
        *found = false;
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "metric %q: behind @ stands how many ranks "
                            "count, an integer from 1 to %d, such as "
                            "%.*s@10",
                            name, MLPIPE__QUERY_K_MAX, (int)n, name);
    }
    out->k = (uint32_t)k;
    mlpipe__format(out->name, sizeof out->name, "%.*s@%u", (int)n, name,
                   out->k);
    return MLPIPE_OK;
}

/* ---- one query ---------------------------------------------------------- */

/* The rows of a query by score, and those ranks that count. */
typedef struct query_rows {
    const double *y, *p, *best, *discount;
    uint64_t n, top; /* top <= n */
    uint64_t k;      /* as asked for; n where all count */
    double relevant; /* rows */
    bool powers;     /* gains of 2^y - 1 */
    double unit;     /* of gains */
} query_rows;

/* Rows of equal score from `first` on: their end, and how many of them are
 * relevant, which stand in front. */
static uint64_t query_tied(const query_rows *r, uint64_t first,
                           uint64_t *relevant)
{
    uint64_t end = first;
    *relevant = 0;
    for (; end < r->n && r->p[end] == r->p[first]; ++end)
        *relevant += r->y[end] > 0.0;
    return end;
}

static double query_gain(const query_rows *r, double y)
{
    const double ln2 = 0.6931471805599453;
    double x = y / r->unit;
    if (!r->powers)
        return x;
    if (y != (double)(int64_t)y)
        return mlpipe__expm1(y * ln2);
    for (x = 1.0; y >= 1.0; y -= 1.0)
        x *= 2.0;
    return x - 1.0;
}

/* sum of gain x discount of the ranks that count, equal scores by their mean
 * gain */
static double query_dcg(const query_rows *r)
{
    double sum = 0.0;
    uint64_t relevant;
    for (uint64_t i = 0, end; i < r->top; i = end) {
        end = query_tied(r, i, &relevant);
        double gain = query_gain(r, r->y[i]);
        if (r->y[end - 1] != r->y[i]) {
            for (uint64_t j = i + 1; j < end; ++j)
                gain += query_gain(r, r->y[j]);
            gain /= (double)(end - i);
        }
        for (uint64_t j = i; j < end && j < r->top; ++j)
            sum += gain * r->discount[j];
    }
    return sum;
}

static double query_ndcg(const query_rows *r)
{
    const double dcg = query_dcg(r);
    double best = 0.0;
    for (uint64_t i = 0; i < r->top; ++i)
        best += query_gain(r, r->best[i]) * r->discount[i];
    return dcg < best ? dcg / best : 1.0;
}

/*
 * The first relevant row is among the first equal scores that have one: n of
 * them, r relevant. That it is their j-th has the chance C(n - j, r - 1) /
 * C(n, r), each from the one before.
 */
static double query_first(const query_rows *r, bool hit)
{
    uint64_t first = 0, end, relevant = 0;
    double sum = 0.0;
    for (end = 0; end < r->n && !relevant;) {
        first = end;
        end = query_tied(r, first, &relevant);
    }
    const double n = (double)(end - first), rel = (double)relevant;
    double chance = rel / n;
    if (hit && end <= r->top)
        return 1.0;
    for (uint64_t j = first; j < end && j < r->top; ++j) {
        const double left = (double)(end - j) - 1.0;
        sum += hit ? chance : chance / ((double)j + 1.0);
        if (left < rel) /* no more places for it */
            break;
        chance *= (left - rel + 1.0) / left;
    }
    return sum > 1.0 ? 1.0 : sum;
}

/* Relevant rows among the ranks that count. */
static double query_hits(const query_rows *r)
{
    double sum = 0.0;
    uint64_t relevant;
    for (uint64_t i = 0, end; i < r->top; i = end) {
        end = query_tied(r, i, &relevant);
        if (end <= r->top)
            sum += (double)relevant;
        else
            sum += (double)relevant * (double)(r->top - i)
                 / (double)(end - i);
    }
    return sum;
}

/* The j-th of n equal scores, of which r are relevant, is so in r / n of the
 * orders, with (j - 1) (r - 1) / (n - 1) relevant ones between. */
static double query_average(const query_rows *r)
{
    const double all = r->relevant < (double)r->k ? r->relevant
                                                  : (double)r->k;
    double sum = 0.0, before = 0.0;
    uint64_t relevant;
    for (uint64_t i = 0, end; i < r->top; i = end) {
        end = query_tied(r, i, &relevant);
        const double n = (double)(end - i), rel = (double)relevant;
        const double between = n > 1.0 ? (rel - 1.0) / (n - 1.0) : 0.0;
        for (uint64_t j = i; relevant && j < end && j < r->top; ++j)
            sum += rel / n * (before + 1.0 + (double)(j - i) * between)
                 / ((double)j + 1.0);
        before += rel;
    }
    return sum < all ? sum / all : 1.0;
}

static double query_one(const query_rows *r, uint32_t which)
{
    switch (which) {
    case MLPIPE__QUERY_NDCG:
    case MLPIPE__QUERY_NDCG_EXP:
        return query_ndcg(r);
    case MLPIPE__QUERY_DCG:
    case MLPIPE__QUERY_DCG_EXP:
        return query_dcg(r) * r->unit;
    case MLPIPE__QUERY_MRR:
        return query_first(r, false);
    case MLPIPE__QUERY_MAP:
        return query_average(r);
    case MLPIPE__QUERY_PRECISION:
        return query_hits(r) / (double)r->k;
    case MLPIPE__QUERY_RECALL:
        return query_hits(r) / r->relevant;
    default:
        return query_first(r, true);
    }
}

/* ---- all queries -------------------------------------------------------- */

enum { QUERY_POWER_MAX = 900 }; /* 2^900 times 2^32 rows is a double */

static bool query_powers(const mlpipe__metric *m)
{
    return m->which == MLPIPE__QUERY_NDCG_EXP
        || m->which == MLPIPE__QUERY_DCG_EXP;
}

/* A gain is not below 0, and a power of two has to be a double. */
static mlpipe_status query_check(mlpipe__scoring *g, const mlpipe__metric *m)
{
    const mlpipe__scored *const s = &g->s;
    uint64_t below = 0;
    double least = 0.0, most = 0.0;
    if (m->which > MLPIPE__QUERY_DCG_EXP)
        return MLPIPE_OK;
    for (uint64_t i = 0; i < s->n; ++i) {
        below += s->y[i] < 0.0;
        least = s->y[i] < least ? s->y[i] : least;
        most = s->y[i] > most ? s->y[i] : most;
    }
    if (below)
        return mlpipe__fail(g->ctx, MLPIPE_E_SCHEMA,
                            "%s: the target is below 0 in %llu of %llu rows, "
                            "down to %g, and no gain can be; take a target "
                            "from 0 on, or mrr or map, which ask whether it "
                            "is above 0",
                            m->name, (unsigned long long)below,
                            (unsigned long long)s->n, least);
    if (query_powers(m) && most > QUERY_POWER_MAX)
        return mlpipe__fail(g->ctx, MLPIPE_E_NUMERIC,
                            "%s: a target of %g has a gain of 2^%g, and the "
                            "limit is 2^%d; take grades, or %s, whose gain "
                            "is the target itself",
                            m->name, most, most, (int)QUERY_POWER_MAX,
                            m->which == MLPIPE__QUERY_DCG_EXP ? "dcg"
                                                              : "ndcg");
    return MLPIPE_OK;
}

mlpipe_status mlpipe__scoring_queries(mlpipe__scoring *g,
                                      const mlpipe__metric *m, double *out)
{
    const mlpipe__rankings *r;
    mlpipe_status st = mlpipe__scoring_rankings(g, &r);
    if (!st)
        st = query_check(g, m);
    for (uint32_t q = 0; !st && q < r->queries; ++q) {
        const uint64_t first = r->start[q], n = r->start[q + 1] - first;
        query_rows rows = {.y = r->y + first,
                           .p = r->p + first,
                           .best = r->best + first,
                           .discount = r->discount,
                           .n = n,
                           .top = m->k && m->k < n ? m->k : n,
                           .k = m->k ? m->k : n,
                           .powers = query_powers(m)};
        for (uint64_t i = 0; i < n; ++i)
            rows.relevant += rows.y[i] > 0.0;
        rows.unit = rows.powers ? 1.0 : mlpipe__metric_unit(rows.best[0]);
        out[q] = query_one(&rows, m->which);
        if (q % 4096 == 0)
            st = mlpipe__poll(g->ctx, "metrics", q, r->queries);
    }
    return st;
}

mlpipe_status mlpipe__value_queries(mlpipe__scoring *g,
                                    const mlpipe__metric *m,
                                    mlpipe_figure *out)
{
    const bool sum = m->which == MLPIPE__QUERY_DCG
                  || m->which == MLPIPE__QUERY_DCG_EXP;
    const mlpipe__rankings *r;
    mlpipe__mean mean;
    double *values;
    mlpipe_status st = mlpipe__scoring_rankings(g, &r);
    out->n = r->queries;
    if (st || !r->queries)
        return st;
    values = mlpipe__alloc_array(g->ctx->env, r->queries, sizeof *values);
    if (!values)
        return mlpipe__nomem(g->ctx);
    st = mlpipe__scoring_queries(g, m, values);
    if (!st) {
        mean = mlpipe__mean_of(values, g->s.w ? r->w : NULL, r->queries,
                               true);
        out->value = mean.value;
        mlpipe__metric_interval(out, mean.se, 0.0,
                                sum ? mlpipe__inf() : 1.0);
    }
    mlpipe__free(g->ctx->env, values);
    return st;
}
