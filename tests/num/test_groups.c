/* SPDX-License-Identifier: MIT */
/* Statistics by group: one state whatever the order and the parts. */
#include "support.h"

#include "num/num_internal.h"
#include "num_support.h"

enum { GROUPS_N = 600, GROUPS_K = 9, GROUPS_TRIALS = 200, GROUPS_PARTS = 7 };

typedef struct groups_world {
    mlpipe_ctx *ctx;
    uint32_t key[GROUPS_N];
    double value[GROUPS_N];
} groups_world;

/* Ties, both zeros, what is left out, one group with one value, one empty. */
static void groups_open(groups_world *w)
{
    uint64_t seed = 17;

    assert_int_equal(0, mlpipe_ctx_new(NULL, &w->ctx));
    num_column(5, GROUPS_N, w->value);
    for (uint32_t i = 0; i < GROUPS_N; i++)
        w->key[i] = (uint32_t)(num_unit(&seed) * (GROUPS_K - 2));
    w->value[3] = -0.0;
    w->value[4] = 0.0;
    w->key[3] = w->key[4] = 1;
    w->value[10] = NAN;
    w->value[11] = INFINITY;
    w->value[12] = -INFINITY;
    w->key[13] = GROUPS_K;
    w->key[14] = UINT32_MAX;
    w->key[15] = GROUPS_K - 2;
}

static void groups_fill(const groups_world *w, const uint32_t *order,
                        uint32_t from, uint32_t end, mlpipe__groups *g)
{
    mlpipe__groups_init(g, w->ctx->env, GROUPS_K);
    for (uint32_t i = from; i < end; i++)
        assert_true(mlpipe__groups_add(g, w->key[order[i]],
                                       w->value[order[i]]));
}

static void groups_whole(const groups_world *w, mlpipe__groups *g)
{
    uint32_t order[GROUPS_N];

    for (uint32_t i = 0; i < GROUPS_N; i++)
        order[i] = i;
    groups_fill(w, order, 0, GROUPS_N, g);
    assert_true(mlpipe__groups_finish(g));
}

static void groups_shuffle(uint64_t *seed, uint32_t *order, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        const uint32_t k = (uint32_t)(num_unit(seed) * i);
        const uint32_t t = order[i - 1];
        order[i - 1] = order[k];
        order[k] = t;
    }
}

/* Random parts of random rows, merged in random order. */
static void groups_trial(const groups_world *w, uint64_t *seed,
                         mlpipe__groups *out)
{
    mlpipe__groups part[GROUPS_PARTS];
    uint32_t order[GROUPS_N], cut[GROUPS_PARTS + 1], turn[GROUPS_PARTS];

    for (uint32_t i = 0; i < GROUPS_N; i++)
        order[i] = i;
    groups_shuffle(seed, order, GROUPS_N);
    cut[0] = 0;
    cut[GROUPS_PARTS] = GROUPS_N;
    for (uint32_t i = 1; i < GROUPS_PARTS; i++) /* some are empty */
        cut[i] = cut[i - 1] + (uint32_t)(num_unit(seed) *
                                         (GROUPS_N - cut[i - 1]) * 0.6);
    for (uint32_t i = 0; i < GROUPS_PARTS; i++) {
        turn[i] = i;
        groups_fill(w, order, cut[i], cut[i + 1], &part[i]);
        if (num_unit(seed) < 0.3) /* a finished one may grow again */
            assert_true(mlpipe__groups_finish(&part[i]));
    }
    groups_shuffle(seed, turn, GROUPS_PARTS);
    mlpipe__groups_init(out, w->ctx->env, GROUPS_K);
    for (uint32_t i = 0; i < GROUPS_PARTS; i++) {
        assert_true(mlpipe__groups_merge(out, &part[turn[i]]));
        mlpipe__groups_free(&part[turn[i]]);
    }
    assert_true(mlpipe__groups_finish(out));
}

static void groups_partitions_give_the_same_bytes(void **state)
{
    groups_world w;
    mlpipe__groups whole;
    mlpipe__text first, other;
    uint64_t seed = 3;
    (void)state;

    groups_open(&w);
    groups_whole(&w, &whole);
    assert_int_equal(GROUPS_N - 5, whole.count);
    mlpipe__text_init(&first, w.ctx->env);
    mlpipe__groups_save(&whole, &first);
    for (uint32_t t = 0; t < GROUPS_TRIALS; t++) {
        mlpipe__groups g;
        groups_trial(&w, &seed, &g);
        mlpipe__text_init(&other, w.ctx->env);
        mlpipe__groups_save(&g, &other);
        assert_int_equal(first.size, other.size);
        assert_memory_equal(first.data, other.data, first.size);
        for (uint32_t k = 0; k < GROUPS_K; k++) {
            assert_same(mlpipe__groups_mean(&g, k),
                        mlpipe__groups_mean(&whole, k));
            assert_same(mlpipe__groups_variance(&g, k, 1),
                        mlpipe__groups_variance(&whole, k, 1));
        }
        mlpipe__text_free(&other);
        mlpipe__groups_free(&g);
    }
    mlpipe__text_free(&first);
    mlpipe__groups_free(&whole);
    mlpipe_ctx_free(w.ctx);
}

static bool groups_read(const groups_world *w, const void *bytes, size_t n,
                        mlpipe__groups *g)
{
    mlpipe__cursor in;

    mlpipe__cursor_init(&in, bytes, n);
    return mlpipe__groups_load(g, w->ctx->env, &in) && !in.failed;
}

/* Whole, it comes back as it was; each shorter one is refused. */
static void groups_round_trip(const groups_world *w, const mlpipe__groups *g)
{
    mlpipe__text saved, again;
    mlpipe__groups back;

    mlpipe__text_init(&saved, w->ctx->env);
    mlpipe__groups_save(g, &saved);
    assert_false(saved.failed);
    assert_true(groups_read(w, saved.data, saved.size, &back));
    assert_int_equal(g->finished, back.finished);
    mlpipe__text_init(&again, w->ctx->env);
    mlpipe__groups_save(&back, &again);
    assert_int_equal(saved.size, again.size);
    assert_memory_equal(saved.data, again.data, saved.size);
    mlpipe__text_free(&again);
    mlpipe__groups_free(&back);
    for (size_t n = 0; n < saved.size; n++) {
        char *part = malloc(n + !n); /* its end is the end of memory */
        memcpy(part, saved.data, n);
        assert_false(groups_read(w, part, n, &back));
        mlpipe__groups_free(&back);
        free(part);
    }
    mlpipe__text_free(&saved);
}

static void groups_save_and_load(void **state)
{
    uint32_t order[40];
    groups_world w;
    mlpipe__groups g;
    (void)state;

    groups_open(&w);
    for (uint32_t i = 0; i < 40; i++)
        order[i] = i;
    groups_fill(&w, order, 0, 40, &g);
    groups_round_trip(&w, &g);
    assert_true(mlpipe__groups_finish(&g));
    groups_round_trip(&w, &g);
    mlpipe__groups_free(&g);
    mlpipe__groups_init(&g, w.ctx->env, GROUPS_K); /* nothing in it */
    assert_true(mlpipe__groups_finish(&g));
    groups_round_trip(&w, &g);
    mlpipe__groups_free(&g);
    mlpipe_ctx_free(w.ctx);
}

/* A key past the last and a value that is none are refused. */
static void groups_load_refuses_nonsense(void **state)
{
    const uint32_t odd_key = GROUPS_K;
    const double odd_value = INFINITY;
    groups_world w;
    mlpipe__groups g, back;
    mlpipe__text saved;
    (void)state;

    groups_open(&w);
    mlpipe__groups_init(&g, w.ctx->env, GROUPS_K);
    assert_true(mlpipe__groups_add(&g, 7, 1.5));
    mlpipe__text_init(&saved, w.ctx->env);
    mlpipe__groups_save(&g, &saved);
    for (size_t at = 0; at + 4 <= saved.size; at += 4) {
        uint32_t was;
        memcpy(&was, saved.data + at, 4);
        if (was != 7 && was != UINT32_C(0x3ff80000))
            continue;
        if (was == 7)
            memcpy(saved.data + at, &odd_key, 4);
        else
            memcpy(saved.data + at - 4, &odd_value, 8);
        assert_false(groups_read(&w, saved.data, saved.size, &back));
        mlpipe__groups_free(&back);
        memcpy(saved.data + at, &was, 4);
        if (was != 7)
            memset(saved.data + at - 4, 0, 4);
        assert_true(groups_read(&w, saved.data, saved.size, &back));
        mlpipe__groups_free(&back);
    }
    mlpipe__text_free(&saved);
    mlpipe__groups_free(&g);
    mlpipe_ctx_free(w.ctx);
}

/* Of whole numbers, whose statistics are known to the last bit. */
static void groups_exact_values(void **state)
{
    static const double value[] = {4, 1, 2, 16, 8, 1e308, 1.5e308, -7};
    static const uint32_t key[] = {0, 0, 0, 0, 0, 1, 1, 2};
    groups_world w;
    mlpipe__groups g;
    (void)state;

    groups_open(&w);
    mlpipe__groups_init(&g, w.ctx->env, 4);
    for (uint32_t i = 0; i < 8; i++)
        assert_true(mlpipe__groups_add(&g, key[i], value[i]));
    assert_true(mlpipe__groups_finish(&g));
    assert_int_equal(5, mlpipe__groups_count(&g, 0));
    assert_int_equal(0, mlpipe__groups_count(&g, 3));
    assert_int_equal(0, mlpipe__groups_count(&g, 4));
    assert_same(6.2, mlpipe__groups_mean(&g, 0));
    assert_same(148.8 / 5, mlpipe__groups_variance(&g, 0, 0));
    assert_same(148.8 / 4, mlpipe__groups_variance(&g, 0, 1));
    assert_same(sqrt(148.8 / 4), mlpipe__groups_deviation(&g, 0, 1));
    assert_same(1, mlpipe__groups_low(&g, 0));
    assert_same(16, mlpipe__groups_high(&g, 0));
    /* Hyndman and Fan's definition 7: 2, 4 and 8; a tenth lies between */
    assert_same(2, mlpipe__groups_quantile(&g, 0, 0.25));
    assert_same(4, mlpipe__groups_quantile(&g, 0, 0.5));
    assert_same(8, mlpipe__groups_quantile(&g, 0, 0.75));
    assert_near(mlpipe__groups_quantile(&g, 0, 0.1), 1.4, 1e-15);
    assert_same(1.25e308, mlpipe__groups_mean(&g, 1));
    assert_near(mlpipe__groups_deviation(&g, 1, 0) / 0.25e308, 1, 1e-15);
    assert_same(-7, mlpipe__groups_mean(&g, 2));
    assert_same(0, mlpipe__groups_variance(&g, 2, 0));
    assert_true(isnan(mlpipe__groups_variance(&g, 2, 1)));
    assert_true(isnan(mlpipe__groups_deviation(&g, 2, 1)));
    assert_true(isnan(mlpipe__groups_mean(&g, 3)));
    assert_true(isnan(mlpipe__groups_low(&g, 3)));
    assert_true(isnan(mlpipe__groups_high(&g, 3)));
    assert_true(isnan(mlpipe__groups_quantile(&g, 3, 0.5)));
    mlpipe__groups_free(&g);
    mlpipe_ctx_free(w.ctx);
}

/* Each group is what a column of its own says. */
static void groups_as_columns(void **state)
{
    groups_world w;
    mlpipe__groups g;
    (void)state;

    groups_open(&w);
    groups_whole(&w, &g);
    for (uint32_t k = 0; k < GROUPS_K; k++) {
        mlpipe__stats s;
        mlpipe__stats_init(&s, w.ctx->env,
                           MLPIPE__NEED_MOMENTS | MLPIPE__NEED_QUANTILES, 0);
        for (uint32_t i = 0; i < GROUPS_N; i++)
            if (w.key[i] == k && isfinite(w.value[i]))
                assert_true(mlpipe__stats_update(&s, &w.value[i], NULL, 1));
        assert_true(mlpipe__stats_finish(&s));
        assert_int_equal(s.rows, mlpipe__groups_count(&g, k));
        for (uint32_t q = 0; q <= 20 && s.rows; q++)
            assert_same(mlpipe__stats_quantile(&s, q / 20.0),
                        mlpipe__groups_quantile(&g, k, q / 20.0));
        if (s.rows > 1) {
            assert_same(mlpipe__stats_mean(&s), mlpipe__groups_mean(&g, k));
            assert_same(mlpipe__stats_variance(&s, 1),
                        mlpipe__groups_variance(&g, k, 1));
            assert_same(mlpipe__stats_deviation(&s, 1),
                        mlpipe__groups_deviation(&g, k, 1));
            assert_same(sqrt(mlpipe__stats_variance(&s, 1)),
                        mlpipe__groups_deviation(&g, k, 1));
        }
        mlpipe__stats_free(&s);
    }
    mlpipe__groups_free(&g);
    mlpipe_ctx_free(w.ctx);
}

static void groups_of_other_sizes_do_not_merge(void **state)
{
    groups_world w;
    mlpipe__groups a, b;
    (void)state;

    groups_open(&w);
    mlpipe__groups_init(&a, w.ctx->env, 3);
    mlpipe__groups_init(&b, w.ctx->env, 4);
    assert_true(mlpipe__groups_add(&b, 3, 1));
    assert_false(mlpipe__groups_merge(&a, &b));
    assert_int_equal(0, a.count);
    mlpipe__groups_free(&a);
    mlpipe__groups_free(&b);
    mlpipe_ctx_free(w.ctx);
}

/* Too many is a limit that is told, and not a want of memory. */
static void groups_have_a_limit(void **state)
{
    groups_world w;
    mlpipe__groups g;
    (void)state;

    groups_open(&w);
    assert_int_equal(MLPIPE_OK, mlpipe__groups_check(w.ctx, "scale",
                                                     UINT32_MAX - 1));
    assert_int_equal(MLPIPE_E_LIMIT,
                     mlpipe__groups_check(w.ctx, "scale", UINT32_MAX));
    assert_non_null(strstr(mlpipe_ctx_error(w.ctx)->text,
                           "scale: 4294967295 rows; the "
                           "most is 4294967294"));
    mlpipe__groups_init(&g, w.ctx->env, 3);
    assert_false(mlpipe__groups_reserve(&g, UINT32_MAX));
    mlpipe__groups_free(&g);
    mlpipe_ctx_free(w.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_partitions_give_the_same_bytes),
        cmocka_unit_test(groups_save_and_load),
        cmocka_unit_test(groups_load_refuses_nonsense),
        cmocka_unit_test(groups_exact_values),
        cmocka_unit_test(groups_as_columns),
        cmocka_unit_test(groups_of_other_sizes_do_not_merge),
        cmocka_unit_test(groups_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
