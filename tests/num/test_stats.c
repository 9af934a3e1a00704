/* SPDX-License-Identifier: MIT */
/* Statistics states: exact values, any partition, saving, bad bytes. */
#include "support.h"

#include <float.h>

#include "golden/num_stats.h"
#include "num/num_internal.h"
#include "num/num_support.h"

enum {
    STATS_ALL = MLPIPE__NEED_MOMENTS | MLPIPE__NEED_QUANTILES
              | MLPIPE__NEED_COUNTS,
    STATS_N = 5000
};

/* Bytes alive before the tests; as many must be so after them. */
static uint64_t stats_live;

static int stats_setup(void **state)
{
    mlpipe_ctx *ctx = NULL;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    *state = ctx;
    stats_live = atomic_load(&ctx->env->live);
    return 0;
}

static int stats_teardown(void **state)
{
    mlpipe_ctx *const ctx = *state;
    const uint64_t live = atomic_load(&ctx->env->live);
    mlpipe_ctx_free(ctx);
    return live == stats_live ? 0 : -1;
}

static mlpipe__env *stats_env(void **state)
{
    mlpipe_ctx *const ctx = *state;
    return ctx->env;
}

typedef struct stats_golden {
    uint32_t n;
    const double *values, *quantiles;
    size_t quantile_count;
} stats_golden;

#define STATS_GOLDEN(n)                                                    \
    {n, golden_stats_##n[0], golden_quantile_##n[0],                       \
     sizeof golden_quantile_##n / sizeof golden_quantile_##n[0]}

static void test_goldens(void **state)
{
    static const stats_golden all[] = {
        STATS_GOLDEN(1),  STATS_GOLDEN(2),   STATS_GOLDEN(3),
        STATS_GOLDEN(10), STATS_GOLDEN(999), STATS_GOLDEN(5000)};
    static double x[STATS_N];
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) {
        const double *const g = all[i].values;
        mlpipe__stats s;
        num_column(all[i].n, all[i].n, x);
        mlpipe__stats_init(&s, stats_env(state),
                           MLPIPE__NEED_MOMENTS | MLPIPE__NEED_QUANTILES, 0);
        assert_true(mlpipe__stats_update(&s, x, NULL, all[i].n));
        assert_true(mlpipe__stats_finish(&s));
        assert_same(mlpipe__stats_mean(&s), g[0]);
        assert_relative(mlpipe__stats_variance(&s, 0), g[1], 3e-16);
        assert_relative(mlpipe__stats_variance(&s, 1), g[2], 3e-16);
        assert_same(s.low, g[3]);
        assert_same(s.high, g[4]);
        assert_same(mlpipe__stats_mode(&s), g[5]);
        for (size_t k = 0; k < all[i].quantile_count; ++k)
            assert_relative(
                mlpipe__stats_quantile(&s, all[i].quantiles[2 * k]),
                all[i].quantiles[2 * k + 1], 1e-15);
        mlpipe__stats_free(&s);
    }
}

/* Codes, some unseen, among nulls, NaN, infinities and signed zeros. */
static void stats_fill(double *x, uint8_t *valid, uint32_t n, bool infinite)
{
    uint64_t seed = 11;
    for (uint32_t i = 0; i < n; ++i) {
        const uint64_t bits = num_bits(&seed);
        x[i] = num_unit(&seed) < 0.5 ? (double)(bits % 12)
                                     : (num_unit(&seed) - 0.5) * 1e7;
        if (bits % 37 == 0)
            x[i] = bits & 64 ? 0.0 : -0.0;
        if (bits % 41 == 0)
            x[i] = NAN;
        if (infinite && bits % 997 == 0)
            x[i] = INFINITY;
        valid[i] = bits % 29 != 0;
    }
}

static void stats_bytes(const mlpipe__stats *s, mlpipe__text *out)
{
    mlpipe__text_init(out, s->env);
    mlpipe__stats_save(s, out);
    assert_false(out->failed);
}

static void stats_same(const mlpipe__stats *a, const mlpipe__text *want)
{
    mlpipe__text got;
    stats_bytes(a, &got);
    assert_int_equal(got.size, want->size);
    assert_memory_equal(got.data, want->data, got.size);
    mlpipe__text_free(&got);
}

/* Any width of vectors finishes in the same bytes: of columns that are plain,
 * that hold all there is, and whose last values alone are odd. */
static void test_any_vectors(void **state)
{
    static double x[STATS_N];
    static uint8_t valid[STATS_N];
    mlpipe__text want;
    mlpipe__stats s;
    for (uint32_t t = 0; t < 60; ++t) {
        const uint32_t n = t < 40 ? t * 13 + 1 : STATS_N - t;
        stats_fill(x, valid, n, t % 3 == 2);
        for (uint32_t i = 0; i < n && t % 2; ++i) {
            x[i] = isfinite(x[i]) ? x[i] + 0.25 : -1;
            valid[i] = 1;
        }
        x[n - 1] = t % 5 == 1 ? NAN : t % 5 == 2 ? -INFINITY : -0.0;
        for (uint32_t vector = 16; vector <= mlpipe__cpu_vector();
             vector *= 2) {
            mlpipe__stats_init(&s, stats_env(state), MLPIPE__NEED_MOMENTS, 0);
            s.vector = vector;
            assert_true(mlpipe__stats_update(&s, x, valid, n));
            assert_true(mlpipe__stats_finish(&s));
            if (vector == 16)
                stats_bytes(&s, &want);
            else
                stats_same(&s, &want);
            mlpipe__stats_free(&s);
        }
        mlpipe__text_free(&want);
    }
}

/*
 * Rows dealt to parts in runs of random length, the parts merged in a random
 * order: the finished bytes are those of one pass.
 */
static void stats_deal(void **state, const double *x, const uint8_t *valid,
                       uint64_t *seed, mlpipe__stats *out)
{
    enum { PARTS = 7 };
    mlpipe__stats part[PARTS];
    const uint32_t parts = 1 + (uint32_t)(num_bits(seed) % PARTS);
    for (uint32_t k = 0; k < parts; ++k)
        mlpipe__stats_init(&part[k], stats_env(state), STATS_ALL, 10);
    for (uint32_t i = 0; i < STATS_N;) {
        uint32_t n = (uint32_t)(num_bits(seed) % 700);
        if (n > STATS_N - i)
            n = STATS_N - i;
        assert_true(mlpipe__stats_update(&part[num_bits(seed) % parts], x + i,
                                         valid + i, n));
        i += n;
    }
    for (uint32_t left = parts; left > 1; --left) {
        const uint32_t from = (uint32_t)(num_bits(seed) % (left - 1)) + 1;
        if (num_bits(seed) & 1) /* finishing in between changes nothing */
            assert_true(mlpipe__stats_finish(&part[from]));
        assert_true(mlpipe__stats_merge(&part[0], &part[from]));
        mlpipe__stats_free(&part[from]);
        part[from] = part[left - 1];
    }
    assert_true(mlpipe__stats_finish(&part[0]));
    *out = part[0];
}

static void test_any_partition(void **state)
{
    static double x[STATS_N];
    static uint8_t valid[STATS_N];
    uint64_t seed = 12;
    for (uint32_t infinite = 0; infinite < 2; ++infinite) {
        mlpipe__stats whole;
        mlpipe__text want;
        stats_fill(x, valid, STATS_N, infinite);
        mlpipe__stats_init(&whole, stats_env(state), STATS_ALL, 10);
        assert_true(mlpipe__stats_update(&whole, x, valid, STATS_N));
        assert_true(mlpipe__stats_finish(&whole));
        stats_bytes(&whole, &want);
        for (uint32_t round = 0; round < 200; ++round) {
            mlpipe__stats dealt;
            stats_deal(state, x, valid, &seed, &dealt);
            stats_same(&dealt, &want);
            assert_same(mlpipe__stats_mean(&dealt),
                        mlpipe__stats_mean(&whole));
            assert_same(mlpipe__stats_variance(&dealt, 1),
                        mlpipe__stats_variance(&whole, 1));
            mlpipe__stats_free(&dealt);
        }
        mlpipe__text_free(&want);
        mlpipe__stats_free(&whole);
    }
}

/* Whole numbers are as their doubles: codes, beyond them, beyond 2^53. */
static void test_whole_numbers(void **state)
{
    static const int64_t spans[] = {2, 9, 10, 40, INT64_C(1) << 30,
                                    INT64_C(1) << 54, INT64_MAX};
    static int64_t whole[STATS_N];
    static double x[STATS_N];
    static uint8_t valid[STATS_N];
    uint64_t seed = 14;
    for (uint32_t t = 0; t < 84; ++t) {
        const uint32_t needs = t % 2 ? MLPIPE__NEED_COUNTS : STATS_ALL;
        const uint32_t codes = t % 3 ? 10 : 50;
        int64_t low = 0, high = 0;
        mlpipe__stats want, got;
        mlpipe__text bytes;
        for (uint32_t i = 0; i < STATS_N; ++i) {
            whole[i] = (int64_t)(num_bits(&seed)
                                 % (uint64_t)spans[t % 7])
                     - (t % 5 == 4);
            low = i && low < whole[i] ? low : whole[i];
            high = i && high > whole[i] ? high : whole[i];
            x[i] = (double)whole[i];
            valid[i] = num_bits(&seed) % 4 != 0;
        }
        mlpipe__stats_init(&want, stats_env(state),
                           needs & ~(uint32_t)(t & 4 ? MLPIPE__NEED_QUANTILES
                                                     : 0), codes);
        mlpipe__stats_init(&got, stats_env(state), want.needs, codes);
        const uint8_t *const there = t & 8 ? valid : NULL;
        assert_true(mlpipe__stats_update(&want, x, there, STATS_N));
        assert_true(mlpipe__stats_update_whole(&got, whole, there, STATS_N,
                                               low, high));
        assert_true(mlpipe__stats_finish(&want));
        assert_true(mlpipe__stats_finish(&got));
        stats_bytes(&want, &bytes);
        stats_same(&got, &bytes);
        mlpipe__text_free(&bytes);
        mlpipe__stats_free(&want);
        mlpipe__stats_free(&got);
    }
}

static void test_counts_and_nulls(void **state)
{
    const double x[] = {0.0, 2.0, 2.0, NAN, 5.0, 1.0, -1.0, 1.0, 7.5};
    const uint8_t valid[] = {1, 1, 1, 1, 1, 1, 1, 1, 0};
    mlpipe__stats s;
    mlpipe__stats_init(&s, stats_env(state), MLPIPE__NEED_COUNTS, 3);
    assert_true(mlpipe__stats_update(&s, x, valid, 9));
    assert_true(mlpipe__stats_finish(&s));
    assert_int_equal(s.rows, 9);
    assert_int_equal(s.nulls, 2);
    assert_int_equal(s.unseen, 2);
    assert_int_equal(s.counts[0], 1);
    assert_int_equal(s.counts[1], 2);
    assert_int_equal(s.counts[2], 2);
    assert_same(mlpipe__stats_mode(&s), 1.0); /* the lowest on ties */
    assert_true(isnan(mlpipe__stats_mean(&s)));
    assert_true(isnan(mlpipe__stats_quantile(&s, 0.5)));
    mlpipe__stats_free(&s);
}

static void stats_of(void **state, mlpipe__stats *s, const double *x,
                     uint32_t n)
{
    mlpipe__stats_init(s, stats_env(state),
                       MLPIPE__NEED_MOMENTS | MLPIPE__NEED_QUANTILES, 0);
    assert_true(mlpipe__stats_update(s, x, NULL, n));
    assert_true(mlpipe__stats_finish(s));
}

static void test_edges(void **state)
{
    mlpipe__stats s;
    stats_of(state, &s, NULL, 0);
    assert_true(isnan(mlpipe__stats_mean(&s)) && isnan(s.low));
    assert_true(isnan(mlpipe__stats_variance(&s, 0)));
    assert_true(isnan(mlpipe__stats_quantile(&s, 0.5)));
    assert_true(isnan(mlpipe__stats_mode(&s)));
    mlpipe__stats_free(&s);
    const double huge[] = {DBL_MAX, DBL_MAX, -DBL_MAX, DBL_MAX};
    stats_of(state, &s, huge, 4);
    assert_same(mlpipe__stats_mean(&s), DBL_MAX / 2);
    assert_same(mlpipe__stats_variance(&s, 0), mlpipe__inf());
    assert_relative(mlpipe__stats_quantile(&s, 0.25), DBL_MAX / 2, 1e-15);
    mlpipe__stats_free(&s);
    /* A constant has no variance, whatever its bits. */
    const double same[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    stats_of(state, &s, same, 7);
    assert_same(mlpipe__stats_mean(&s), 0.1);
    assert_same(mlpipe__stats_variance(&s, 1), 0.0);
    assert_true(isnan(mlpipe__stats_variance(&s, 7)));
    assert_true(isnan(mlpipe__stats_quantile(&s, 1.5)));
    assert_true(isnan(mlpipe__stats_quantile(&s, NAN)));
    mlpipe__stats_free(&s);
    const double next[] = {1.0, 1.0 + DBL_EPSILON};
    stats_of(state, &s, next, 2);
    assert_same(mlpipe__stats_variance(&s, 1), 0x1p-105);
    mlpipe__stats_free(&s);
    const double inf[] = {1.0, INFINITY, 3.0};
    stats_of(state, &s, inf, 3);
    assert_same(mlpipe__stats_mean(&s), 2.0);
    assert_same(mlpipe__stats_variance(&s, 0), 1.0);
    assert_same(mlpipe__stats_deviation(&s, 0), 1.0);
    assert_same(mlpipe__stats_quantile(&s, 0.25), 1.5);
    assert_same(s.high, 3.0);
    assert_int_equal(1, mlpipe__stats_infinite(&s));
    assert_int_equal(2, mlpipe__stats_finite(&s));
    mlpipe__stats_free(&s);
    const double never[] = {-INFINITY, INFINITY, NAN};
    stats_of(state, &s, never, 3);
    assert_true(isnan(mlpipe__stats_mean(&s)));
    assert_true(isnan(mlpipe__stats_deviation(&s, 0)));
    assert_true(isnan(mlpipe__stats_quantile(&s, 0.5)));
    assert_true(isnan(mlpipe__stats_mode(&s)));
    assert_true(isnan(s.low) && isnan(s.high));
    assert_int_equal(2, mlpipe__stats_infinite(&s));
    mlpipe__stats_free(&s);
}

/* Whether no value has a fraction, and whether 0 and 1 are all there is. */
static void test_whole_and_flags(void **state)
{
    static const struct {
        double x[4];
        bool whole, flag;
    } cases[] = {
        {{0, 1, 1, 0}, true, true},
        {{0, 1, NAN, INFINITY}, true, true},
        {{0, 1, 0.5, 0}, false, false},
        {{0, 1, 2, 0}, true, false},
        {{0, 0, 0, 0}, true, false},
        {{1, 1, 1, NAN}, true, false},
        {{-1, 1, 0, 0}, true, false},
        {{0, 1, 5e-324, 1}, false, false},
        {{1e300, -7, 0x1p53, 0}, true, false}};
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        mlpipe__stats s, half;
        stats_of(state, &s, cases[i].x, 4);
        assert_int_equal(cases[i].whole, s.whole);
        assert_int_equal(cases[i].flag, mlpipe__stats_flag(&s));
        mlpipe__stats_free(&s);
        mlpipe__stats_init(&s, stats_env(state), MLPIPE__NEED_MOMENTS, 0);
        mlpipe__stats_init(&half, stats_env(state), MLPIPE__NEED_MOMENTS, 0);
        assert_true(mlpipe__stats_update(&s, cases[i].x, NULL, 1));
        assert_true(mlpipe__stats_update(&half, cases[i].x + 1, NULL, 3));
        assert_true(mlpipe__stats_merge(&s, &half));
        assert_true(mlpipe__stats_finish(&s));
        assert_int_equal(cases[i].whole, s.whole);
        assert_int_equal(cases[i].flag, mlpipe__stats_flag(&s));
        mlpipe__stats_free(&s);
        mlpipe__stats_free(&half);
    }
}

static void test_save_and_load(void **state)
{
    static double x[STATS_N];
    static uint8_t valid[STATS_N];
    mlpipe__stats s, loaded;
    mlpipe__text saved;
    mlpipe__cursor in;
    stats_fill(x, valid, STATS_N, true);
    for (uint32_t rows = 0; rows <= STATS_N; rows += STATS_N / 2) {
        for (uint32_t finish = 0; finish < 2; ++finish) {
            mlpipe__stats_init(&s, stats_env(state), STATS_ALL, 10);
            assert_true(!rows || mlpipe__stats_update(&s, x, valid, rows));
            assert_true(!finish || mlpipe__stats_finish(&s));
            stats_bytes(&s, &saved);
            mlpipe__cursor_init(&in, saved.data, saved.size);
            assert_true(mlpipe__stats_load(&loaded, stats_env(state), &in));
            assert_true(mlpipe__cursor_done(&in));
            stats_same(&loaded, &saved);
            /* What was loaded goes on like the original. */
            assert_true(mlpipe__stats_update(&s, x, valid, 77));
            assert_true(mlpipe__stats_update(&loaded, x, valid, 77));
            assert_true(mlpipe__stats_finish(&s));
            assert_true(mlpipe__stats_finish(&loaded));
            mlpipe__text_free(&saved);
            stats_bytes(&s, &saved);
            stats_same(&loaded, &saved);
            mlpipe__text_free(&saved);
            mlpipe__stats_free(&s);
            mlpipe__stats_free(&loaded);
        }
    }
}

/* Every truncation fails; every changed byte fails or gives a sound state. */
static void test_bad_bytes(void **state)
{
    double x[40];
    uint8_t valid[40];
    mlpipe__stats s;
    mlpipe__text saved;
    mlpipe__cursor in;
    stats_fill(x, valid, 40, false);
    mlpipe__stats_init(&s, stats_env(state), STATS_ALL, 10);
    assert_true(mlpipe__stats_update(&s, x, valid, 40));
    assert_true(mlpipe__stats_finish(&s));
    stats_bytes(&s, &saved);
    mlpipe__stats_free(&s);
    for (size_t n = 0; n < saved.size; ++n) {
        mlpipe__cursor_init(&in, saved.data, n);
        assert_false(mlpipe__stats_load(&s, stats_env(state), &in));
        assert_true(in.failed);
    }
    uint32_t accepted = 0;
    for (size_t i = 0; i < saved.size; ++i) {
        for (int wrong = 1; wrong < 256; ++wrong) {
            saved.data[i] = (char)(saved.data[i] ^ wrong);
            mlpipe__cursor_init(&in, saved.data, saved.size);
            if (mlpipe__stats_load(&s, stats_env(state), &in)) {
                ++accepted;
                assert_true(mlpipe__stats_finish(&s));
                mlpipe__stats_mode(&s);
                mlpipe__stats_quantile(&s, 0.5);
                mlpipe__stats_variance(&s, 1);
                mlpipe__stats_free(&s);
            }
            saved.data[i] = (char)(saved.data[i] ^ wrong);
        }
    }
    assert_true(accepted > 0 && accepted < saved.size * 255);
    print_message("# %u of %zu changed states are taken\n", accepted,
                  saved.size * 255);
    mlpipe__text_free(&saved);
}

/* The greatest sums that there are come back; a greater one has no room. */
static void test_extreme_sums(void **state)
{
    static const double most[3] = {-DBL_MAX, -DBL_MAX, -DBL_MAX};
    mlpipe__stats s, back;
    mlpipe__text saved;
    mlpipe__cursor in;
    mlpipe__stats_init(&s, stats_env(state), MLPIPE__NEED_MOMENTS, 0);
    assert_true(mlpipe__stats_update(&s, most, NULL, 3));
    for (int i = 0; i < 70; ++i) {
        stats_bytes(&s, &saved);
        mlpipe__cursor_init(&in, saved.data, saved.size);
        const bool good = mlpipe__stats_load(&back, stats_env(state), &in);
        mlpipe__text_free(&saved);
        /* 3 * 2^i values; from 2^64 values on there can be none */
        assert_int_equal(i < 63, good);
        if (good) {
            assert_same(mlpipe__stats_mean(&back), -DBL_MAX);
            assert_same(mlpipe__stats_variance(&back, 0), 0.0);
            mlpipe__stats_free(&back);
        }
        s.rows = i < 62 ? s.rows * 2 : s.rows;
        mlpipe__exact_merge(&s.sum, &s.sum);
        mlpipe__exact_merge(&s.squares, &s.squares);
    }
    mlpipe__stats_free(&s);
}

static void test_merge_refuses(void **state)
{
    mlpipe__stats a, b;
    mlpipe__stats_init(&a, stats_env(state), MLPIPE__NEED_COUNTS, 3);
    mlpipe__stats_init(&b, stats_env(state), MLPIPE__NEED_COUNTS, 4);
    assert_false(mlpipe__stats_merge(&a, &b));
    mlpipe__stats_init(&b, stats_env(state), MLPIPE__NEED_MOMENTS, 3);
    assert_false(mlpipe__stats_merge(&a, &b));
    mlpipe__stats_free(&a);
    mlpipe__stats_free(&b);
}

/* Out of memory says so and changes nothing that was counted. */
static void test_out_of_memory(void **state)
{
    static double x[STATS_N];
    static uint8_t valid[STATS_N];
    mlpipe__env *const env = stats_env(state);
    mlpipe__stats s;
    mlpipe__text want;
    stats_fill(x, valid, STATS_N, true);
    mlpipe__stats_init(&s, env, STATS_ALL, 10);
    assert_true(mlpipe__stats_update(&s, x, valid, 100));
    stats_bytes(&s, &want);
    const uint64_t cap = env->cap;
    env->cap = 1;
    assert_false(mlpipe__stats_update(&s, x + 100, valid + 100, 4000));
    assert_false(mlpipe__stats_finish(&s));
    env->cap = cap;
    stats_same(&s, &want);
    assert_true(mlpipe__stats_update(&s, x + 100, valid + 100, 4000));
    assert_true(mlpipe__stats_finish(&s));
    mlpipe__text_free(&want);
    mlpipe__stats_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_any_vectors),
        cmocka_unit_test(test_any_partition),
        cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_counts_and_nulls),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_whole_and_flags),
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_extreme_sums),
        cmocka_unit_test(test_merge_refuses),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
