/* SPDX-License-Identifier: MIT */
/* Metrics by query: against scikit-learn, by hand, and against the mean over
 * all orders of equal scores. */
#include "support.h"

#include <math.h>

#include "golden/num_ranking.h"
#include "num/metric_types.h"
#include "num/num_support.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])
enum { RANKING_N = 2000, RANKING_QUERIES = 60, RANKING_ORDERS = 8 };

typedef struct ranking {
    double y[RANKING_N], p[RANKING_N], w[RANKING_N];
    uint32_t query[RANKING_N];
    uint64_t n;
} ranking;

static ranking one, other;

static int ranking_setup(void **state)
{
    mlpipe_ctx *ctx = NULL;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int ranking_teardown(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

/* As data of tests/golden/make_ranking.py. */
static void ranking_case(int kind, ranking *r)
{
    uint64_t seed = 77 + (uint64_t)kind;
    r->n = 0;
    for (uint32_t q = 0; q < RANKING_QUERIES; ++q) {
        const uint32_t rows = 2 + (uint32_t)floor(12 * num_unit(&seed));
        for (uint32_t i = 0; i < rows; ++i, ++r->n) {
            const double a = num_unit(&seed), b = num_unit(&seed);
            r->w[r->n] = 0.25 + 2 * num_unit(&seed);
            r->query[r->n] = q;
            r->y[r->n] = kind < 2    ? floor(5 * a)
                         : kind == 3 ? 10 * a
                                     : a < 0.25;
            r->p[r->n] = kind == 0 || kind == 4 ? b
                         : kind == 3 ? floor(3 * (a + b)) / 8
                                     : floor(4 * b) / 4;
        }
    }
}

static mlpipe__metric ranking_metric(mlpipe_ctx *ctx, const char *name)
{
    mlpipe__metric m;
    bool found;
    assert_ok(ctx, mlpipe__metric_read(ctx, name, &m, &found));
    assert_true(found);
    return m;
}

static mlpipe_figure ranking_of(mlpipe_ctx *ctx, const char *name,
                                const ranking *r, bool weighted)
{
    const mlpipe__metric m = ranking_metric(ctx, name);
    const mlpipe__scored s = {r->y, r->p, weighted ? r->w : NULL,
                              r->n, 1,    r->query};
    mlpipe_figure f;
    assert_true(m.by_query);
    assert_string_equal(m.name, name);
    assert_ok(ctx, mlpipe__metric_value(ctx, &m, &s, &f));
    return f;
}

static void test_golden(void **state)
{
    for (size_t i = 0; i < ROWS(golden_ranking); ++i) {
        const struct golden_ranking *const g = &golden_ranking[i];
        const mlpipe__rankings *rankings;
        mlpipe__scoring scoring;
        ranking_case(g->kind, &one);
        const mlpipe_figure f =
            ranking_of(*state, g->name, &one, g->weighted);
        assert_relative(f.value, g->value, 1e-12);
        assert_relative(f.low, g->low, 1e-12);
        assert_relative(f.high, g->high, 1e-12);
        assert_int_equal((int)f.n, g->queries);
        const mlpipe__scored s = {one.y, one.p, NULL, one.n, 1, one.query};
        assert_ok(*state, mlpipe__scoring_init(&scoring, *state, &s));
        assert_ok(*state, mlpipe__scoring_rankings(&scoring, &rankings));
        assert_int_equal(rankings->without, g->without);
        mlpipe__scoring_free(&scoring);
    }
}

/* ---- by hand ------------------------------------------------------------ */

static void ranking_put(ranking *r, uint32_t query, double y, double p)
{
    r->y[r->n] = y;
    r->p[r->n] = p;
    r->w[r->n] = 1.0;
    r->query[r->n++] = query;
}

/* Grades 3 2 3 0 1 2 in this order: the example of Wikipedia's "Discounted
 * cumulative gain". */
static void test_by_hand(void **state)
{
    static const double grades[] = {3, 2, 3, 0, 1, 2};
    const struct {
        const char *name;
        double value;
    } want[] = {
        {"dcg", 3 + 2 / log2(3) + 1.5 + 1 / log2(6) + 2 / log2(7)},
        {"dcg@3", 3 + 2 / log2(3) + 1.5},
        {"dcg_exp", 7 + 3 / log2(3) + 3.5 + 1 / log2(6) + 3 / log2(7)},
        {"ndcg", (3 + 2 / log2(3) + 1.5 + 1 / log2(6) + 2 / log2(7))
                     / (3 + 3 / log2(3) + 1 + 2 / log2(5) + 1 / log2(6))},
        {"ndcg@2", (3 + 2 / log2(3)) / (3 + 3 / log2(3))},
        {"mrr", 1.0},
        {"map", (1 + 1 + 1 + 4. / 5 + 5. / 6) / 5},
        {"map@4", 3. / 4},
        {"precision@4", 3. / 4},
        {"precision@10", 5. / 10},
        {"recall@4", 3. / 5},
        {"recall@10", 1.0},
        {"hit_rate@1", 1.0},
    };
    one.n = 0;
    for (uint32_t i = 0; i < 6; ++i)
        ranking_put(&one, 0, grades[i], 10.0 - i);
    for (size_t i = 0; i < ROWS(want); ++i) {
        const mlpipe_figure f = ranking_of(*state, want[i].name, &one, false);
        assert_relative(f.value, want[i].value, 1e-15);
        assert_true(f.n == 1 && isnan(f.low) && isnan(f.high));
    }
    /* two equal scores, one of them relevant: first or second by halves */
    one.n = 0;
    ranking_put(&one, 0, 1, 0.5);
    ranking_put(&one, 0, 0, 0.5);
    assert_relative(ranking_of(*state, "mrr", &one, false).value, 0.75, 0);
    assert_relative(ranking_of(*state, "map", &one, false).value, 0.75, 0);
    assert_relative(ranking_of(*state, "hit_rate@1", &one, false).value, 0.5,
                    0);
    assert_relative(ranking_of(*state, "ndcg", &one, false).value,
                    (1 + 1 / log2(3)) / 2, 1e-15);
}

/* ---- all orders of equal scores ------------------------------------------ */

/* What a metric is where no scores are equal, straight from its definition. */
static double plain(uint32_t which, const double *y, uint32_t n, uint32_t k)
{
    double hits = 0, sum = 0, all = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < n; ++i)
        all += y[i] > 0;
    for (uint32_t i = 0; i < n && i < k; ++i) {
        if (!(y[i] > 0))
            continue;
        hits += 1;
        sum += hits / (i + 1);
        first = first ? first : i + 1;
    }
    switch (which) {
    case MLPIPE__QUERY_MRR: return first ? 1.0 / first : 0.0;
    case MLPIPE__QUERY_MAP: return sum / (all < k ? all : k);
    case MLPIPE__QUERY_PRECISION: return hits / k;
    case MLPIPE__QUERY_RECALL: return hits / all;
    default: return first ? 1.0 : 0.0;
    }
}

/* Sums a metric over all orders that the scores leave open. */
static void orders(uint32_t which, double *y, const double *p, uint32_t at,
                   uint32_t n, uint32_t k, long double *sum, double *count)
{
    if (at == n) {
        *sum += plain(which, y, n, k);
        *count += 1;
        return;
    }
    for (uint32_t i = at; i < n && p[i] == p[at]; ++i) {
        const double swap = y[i];
        y[i] = y[at];
        y[at] = swap;
        orders(which, y, p, at + 1, n, k, sum, count);
        y[at] = y[i];
        y[i] = swap;
    }
}

static void test_expected(void **state)
{
    static const char *const names[] = {"mrr", "map", "precision", "recall",
                                        "hit_rate"};
    uint64_t seed = 5;
    for (uint32_t round = 0; round < 150; ++round) {
        const uint32_t n = 1 + (uint32_t)(num_unit(&seed) * 7);
        double y[RANKING_ORDERS], p[RANKING_ORDERS];
        p[0] = 4;
        for (uint32_t i = 0; i < n; ++i) {
            y[i] = i == round % n || num_unit(&seed) < 0.4;
            if (i)
                p[i] = p[i - 1] - (num_unit(&seed) < 0.4);
        }
        one.n = 0;
        for (uint32_t i = n; i--;)
            ranking_put(&one, 0, y[i], p[i]);
        for (uint32_t m = 0; m < ROWS(names); ++m) {
            for (uint32_t k = 1; k < n + 3; ++k) {
                char name[32];
                long double sum = 0;
                double count = 0;
                snprintf(name, sizeof name, "%s@%u", names[m], k);
                orders(MLPIPE__QUERY_MRR + m, y, p, 0, n, k, &sum, &count);
                assert_near(ranking_of(*state, name, &one, false).value,
                            (double)(sum / count), 1e-14);
            }
        }
    }
}

/* ---- properties --------------------------------------------------------- */

static const char *const every[] = {
    "ndcg",   "ndcg@3", "ndcg_exp", "ndcg_exp@3",  "dcg",      "dcg@3",
    "dcg_exp", "mrr",   "mrr@3",    "map",         "map@3",    "recall@3",
    "precision@3",      "hit_rate@3"};

static void same(mlpipe_figure a, mlpipe_figure b)
{
    assert_true(a.value == b.value && a.low == b.low && a.high == b.high);
    assert_true(a.n == b.n && a.value == a.value);
}

/* The order of the rows changes no bit, and neither does any rising function
 * of the scores; rows of weight 0 are absent. */
static void test_same_bits(void **state)
{
    for (int kind = 0; kind < 5; ++kind) {
        for (uint32_t m = 0; m < 2 * ROWS(every); ++m) {
            const char *const name = every[m / 2];
            const bool weighted = m % 2;
            uint64_t seed = m;
            ranking_case(kind, &one);
            const mlpipe_figure want =
                ranking_of(*state, name, &one, weighted);
            ranking_case(kind, &other);
            for (uint64_t i = 0; i < other.n; ++i)
                other.p[i] = exp(3 * other.p[i]) - 7;
            same(want, ranking_of(*state, name, &other, weighted));
            ranking_case(kind, &other);
            for (uint64_t i = other.n; i-- > 1;) {
                const uint64_t k = num_bits(&seed) % (i + 1);
                const double y = other.y[i], p = other.p[i], w = other.w[i];
                const uint32_t query = other.query[i];
                other.y[i] = other.y[k], other.y[k] = y;
                other.p[i] = other.p[k], other.p[k] = p;
                other.w[i] = other.w[k], other.w[k] = w;
                other.query[i] = other.query[k], other.query[k] = query;
            }
            same(want, ranking_of(*state, name, &other, weighted));
            if (!weighted)
                continue;
            for (uint32_t i = 0; i < 50; ++i) {
                ranking_put(&other, i, 3.0 * (i % 2), i / 7.0);
                other.w[other.n - 1] = 0;
            }
            same(want, ranking_of(*state, name, &other, true));
        }
    }
}

/* Weight 2 is a query twice; what weighs 2^600 times as much weighs no more. */
static void test_weights(void **state)
{
    for (uint32_t m = 0; m < ROWS(every); ++m) {
        ranking_case(1, &one);
        other.n = 0;
        for (uint64_t i = 0; i < one.n; ++i) {
            const uint32_t q = one.query[i], copies = 1 + q % 3;
            one.w[i] = copies;
            for (uint32_t k = 0; k < copies; ++k)
                ranking_put(&other, 3 * q + k, one.y[i], one.p[i]);
        }
        const mlpipe_figure a = ranking_of(*state, every[m], &one, true);
        assert_relative(ranking_of(*state, every[m], &other, false).value,
                        a.value, 1e-14);
        for (uint64_t i = 0; i < one.n; ++i)
            one.w[i] *= 0x1p600;
        same(a, ranking_of(*state, every[m], &one, true));
    }
}

/* A perfect order has 1 to the bit, a reversed one less; all the same score
 * has what a draw has on average. */
static void test_ends(void **state)
{
    static const char *const names[] = {"ndcg", "ndcg@2", "ndcg_exp", "map",
                                        "map@4", "mrr", "hit_rate@1"};
    for (uint32_t m = 0; m < ROWS(names); ++m) {
        for (int kind = 0; kind < 5; ++kind) {
            ranking_case(kind, &one);
            memcpy(one.p, one.y, sizeof one.p);
            mlpipe_figure f = ranking_of(*state, names[m], &one, false);
            assert_true(f.value == 1.0 && f.low == 1.0 && f.high == 1.0);
            for (uint64_t i = 0; i < one.n; ++i)
                one.p[i] = -one.y[i];
            f = ranking_of(*state, names[m], &one, false);
            assert_true(f.value >= 0.0);
            /* each row of kind 3 is relevant, and no order of them is worse */
            assert_true(kind == 3 && names[m][0] != 'n' ? f.value == 1.0
                                                        : f.value < 0.95);
        }
    }
    one.n = 0;
    for (uint32_t i = 0; i < 10; ++i)
        ranking_put(&one, 0, i < 3, 0.25);
    assert_relative(ranking_of(*state, "precision@4", &one, false).value, 0.3,
                    1e-15);
    assert_relative(ranking_of(*state, "hit_rate@4", &one, false).value,
                    1.0 - 7 / 10. * 6 / 9. * 5 / 8. * 4 / 7., 1e-15);
}

/* Gains as large and as small as doubles are. */
static void test_extreme(void **state)
{
    static const double sizes[] = {0x1p-1060, 0x1p-300, 0x1p300, 0x1p1018};
    ranking_case(0, &one);
    const mlpipe_figure want = ranking_of(*state, "ndcg", &one, false);
    for (uint32_t s = 0; s < ROWS(sizes); ++s) {
        ranking_case(0, &other);
        for (uint64_t i = 0; i < other.n; ++i)
            other.y[i] *= sizes[s];
        same(want, ranking_of(*state, "ndcg", &other, false));
    }
}

static void test_edges(void **state)
{
    mlpipe_ctx *const ctx = *state;
    const mlpipe__metric ndcg = ranking_metric(ctx, "ndcg@3");
    mlpipe__scored s = {one.y, one.p, NULL, 3, 1, one.query};
    mlpipe_figure f;
    one.n = 0;
    for (uint32_t i = 0; i < 3; ++i)
        ranking_put(&one, i, 0, i);
    /* no query has a relevant row */
    assert_ok(ctx, mlpipe__metric_value(ctx, &ndcg, &s, &f));
    assert_true(isnan(f.value) && f.n == 0);
    /* rows of no query are in none */
    one.y[0] = one.y[1] = 1;
    one.query[1] = MLPIPE__NO_QUERY;
    assert_ok(ctx, mlpipe__metric_value(ctx, &ndcg, &s, &f));
    assert_true(f.value == 1 && f.n == 1);
    /* no queries, no rows */
    s.query = NULL;
    assert_ok(ctx, mlpipe__metric_value(ctx, &ndcg, &s, &f));
    assert_true(isnan(f.value));
    s.query = one.query;
    s.n = 0;
    assert_ok(ctx, mlpipe__metric_value(ctx, &ndcg, &s, &f));
    assert_true(isnan(f.value) && f.n == 0);
    s.n = 3;
    one.p[2] = NAN;
    assert_ok(ctx, mlpipe__metric_value(ctx, &ndcg, &s, &f));
    assert_true(isnan(f.value));
    one.p[2] = 0;
}

static void refuses(mlpipe_ctx *ctx, const char *name, mlpipe_status code,
                    const char *says)
{
    const mlpipe__metric m = ranking_metric(ctx, name);
    const mlpipe__scored s = {one.y, one.p, NULL, one.n, 1, one.query};
    mlpipe_figure f;
    assert_int_equal(code, mlpipe__metric_value(ctx, &m, &s, &f));
    if (!strstr(mlpipe_ctx_error(ctx)->text, says))
        fail_msg("%s", mlpipe_ctx_error(ctx)->text);
    assert_true(isnan(f.value));
}

static void test_gains(void **state)
{
    mlpipe_ctx *const ctx = *state;
    one.n = 0;
    ranking_put(&one, 0, 2, 1);
    ranking_put(&one, 0, -1.5, 0);
    refuses(ctx, "ndcg@3", MLPIPE_E_SCHEMA, "below 0 in 1 of 2 rows, down to "
                                            "-1.5");
    refuses(ctx, "dcg_exp", MLPIPE_E_SCHEMA, "below 0");
    assert_relative(ranking_of(ctx, "mrr", &one, false).value, 1.0, 0);
    one.y[1] = 901;
    refuses(ctx, "ndcg_exp", MLPIPE_E_NUMERIC, "gain of 2^901");
    one.y[1] = 900;
    assert_true(ranking_of(ctx, "dcg_exp", &one, false).value > 1e270);
    one.y[0] = one.y[1] = 0x1.fp1023;
    refuses(ctx, "dcg", MLPIPE_E_NUMERIC, "beyond every double");
    /* fractions of a grade are powers, too */
    one.y[0] = 0.5;
    one.y[1] = 1e-9;
    assert_relative(ranking_of(ctx, "dcg_exp", &one, false).value,
                    exp2(0.5) - 1 + expm1(1e-9 * log(2)) / log2(3), 1e-14);
}

/* ---- names -------------------------------------------------------------- */

static void test_names(void **state)
{
    mlpipe_ctx *const ctx = *state;
    static const struct {
        const char *name, *says; /* NULL: found; "": unknown */
    } cases[] = {
        {"ndcg", NULL},        {"ndcg@1", NULL},     {"map@1000000", NULL},
        {"hit_rate@5", NULL},  {"auc", NULL},        {"precision", NULL},
        {"mrr@10", NULL},      {"hit_rate", ""},     {"ndgc@10", ""},
        {"@", ""},             {"", ""},             {"nd", ""},
        {"precision@k", "from 1 to 1000000, such as precision@10"},
        {"ndcg@0", "from 1 to 1000000, such as ndcg@10"},
        {"ndcg@-1", "from 1 to"},          {"ndcg@", "from 1 to"},
        {"ndcg@1000001", "from 1 to"},     {"ndcg@2.5", "from 1 to"},
        {"ndcg@99999999999999999999", "from 1 to"},
        {"ndcg@3@4", "from 1 to"},
        {"rmse@10", "\"rmse\" scores all rows and takes no @"},
    };
    for (size_t i = 0; i < ROWS(cases); ++i) {
        mlpipe__metric m;
        bool found;
        const mlpipe_status st =
            mlpipe__metric_read(ctx, cases[i].name, &m, &found);
        assert_int_equal(found, !cases[i].says);
        assert_int_equal(st, cases[i].says && cases[i].says[0]
                                 ? MLPIPE_E_PARAM
                                 : MLPIPE_OK);
        if (st && !strstr(mlpipe_ctx_error(ctx)->text, cases[i].says))
            fail_msg("%s", mlpipe_ctx_error(ctx)->text);
        if (found)
            assert_string_equal(m.name, cases[i].name);
    }
    /* one name for one metric */
    assert_string_equal(ranking_metric(ctx, "ndcg@007").name, "ndcg@7");
    assert_int_equal(ranking_metric(ctx, "ndcg@7").k, 7);
    assert_false(ranking_metric(ctx, "precision").by_query);
    for (uint32_t i = 0; mlpipe__query_metric_at(i); ++i) {
        const mlpipe__metric *const m = mlpipe__query_metric_at(i);
        assert_true(m->by_query && m->tasks && m->value && !m->standard);
        assert_null(mlpipe__metric_find(m->name));
        assert_non_null(strstr(m->doc, "interval"));
    }
}

static void test_out_of_memory(void **state)
{
    mlpipe_ctx *const ctx = *state;
    const uint64_t live = atomic_load(&ctx->env->live);
    const uint64_t cap = ctx->env->cap;
    ranking_case(3, &one);
    for (uint32_t m = 0; m < ROWS(every); ++m) {
        const mlpipe__metric metric = ranking_metric(ctx, every[m]);
        one.w[0] = 0;
        const mlpipe__scored s = {one.y, one.p, one.w, one.n, 1, one.query};
        mlpipe_status st = MLPIPE_E_NOMEM;
        mlpipe_figure f;
        uint32_t failed = 0;
        for (uint64_t room = 100; st && room < 1000000; room += room / 8) {
            ctx->env->cap = live + room;
            st = mlpipe__metric_value(ctx, &metric, &s, &f);
            failed += st != MLPIPE_OK;
            assert_true(!st || (st == MLPIPE_E_NOMEM && isnan(f.value)));
            assert_true(atomic_load(&ctx->env->live) == live);
        }
        ctx->env->cap = cap;
        assert_int_equal(st, MLPIPE_OK);
        assert_true(failed > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_expected),  cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_weights),   cmocka_unit_test(test_ends),
        cmocka_unit_test(test_extreme),   cmocka_unit_test(test_edges),
        cmocka_unit_test(test_gains),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, ranking_setup, ranking_teardown);
}
