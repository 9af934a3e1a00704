/* SPDX-License-Identifier: MIT */
/* Exact sums: rounded as fractions are, and the same bytes in any order. */
#include "support.h"

#include <float.h>

#include "golden/num_exact.h"
#include "num/num_internal.h"
#include "num/num_support.h"

enum { EXACT_SETS = sizeof golden_exact / sizeof golden_exact[0] };

static void test_goldens(void **state)
{
    for (uint32_t s = 0; s < EXACT_SETS; ++s) {
        const double *const g = golden_exact[s];
        const double *const x = golden_exact_values + (size_t)g[0];
        const uint32_t n = (uint32_t)g[1];
        mlpipe__exact sum;
        mlpipe__exact squares;
        mlpipe__exact_init(&sum);
        mlpipe__exact_init(&squares);
        for (uint32_t i = 0; i < n; ++i) {
            mlpipe__exact_add(&sum, x[i]);
            mlpipe__exact_add_product(&squares, x[i], x[i]);
        }
        assert_same(mlpipe__exact_value(&sum), g[2]);
        assert_same(mlpipe__exact_mean(&sum, n), g[3]);
        assert_same(mlpipe__exact_value(&squares), g[4]);
        assert_same(mlpipe__exact_centred(&sum, &squares, n), g[5]);
    }
}

/* A double of any exponent and sign. */
static double exact_any(uint64_t *seed)
{
    for (;;) {
        const uint64_t bits = num_bits(seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

static void exact_shuffle(double *x, uint32_t n, uint64_t *seed)
{
    for (uint32_t i = n; i > 1; --i) {
        const uint32_t j = (uint32_t)(num_bits(seed) % i);
        const double swap = x[i - 1];
        x[i - 1] = x[j];
        x[j] = swap;
    }
}

/* Parts of random sizes, each summed alone, merged or joined left to right. */
static void exact_in_parts(const double *x, uint32_t n, uint64_t *seed,
                           mlpipe__exact *sum, mlpipe__exact *squares)
{
    mlpipe__exact_init(sum);
    mlpipe__exact_init(squares);
    for (uint32_t i = 0; i < n;) {
        uint32_t m = (uint32_t)(num_bits(seed) % 100);
        if (m > n - i)
            m = n - i;
        mlpipe__exact part;
        mlpipe__exact part_squares;
        mlpipe__exact_init(&part);
        mlpipe__exact_init(&part_squares);
        for (uint32_t k = 0; k < m; ++k) {
            mlpipe__exact_add(&part, x[i + k]);
            mlpipe__exact_add_product(&part_squares, x[i + k], x[i + k]);
        }
        (i % 2 ? mlpipe__exact_merge : mlpipe__exact_join)(sum, &part);
        (i % 3 ? mlpipe__exact_merge : mlpipe__exact_join)(squares,
                                                           &part_squares);
        i += m;
    }
}

static void test_any_order_and_partition(void **state)
{
    enum { N = 500 };
    double x[N];
    uint64_t seed = 3;
    for (uint32_t i = 0; i < N; ++i)
        x[i] = i % 2 ? exact_any(&seed) : num_unit(&seed) - 0.5;
    mlpipe__exact sum;
    mlpipe__exact squares;
    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    for (uint32_t i = 0; i < N; ++i) {
        mlpipe__exact_add(&sum, x[i]);
        mlpipe__exact_add_product(&squares, x[i], x[i]);
    }
    mlpipe__exact_normal(&sum);
    mlpipe__exact_normal(&squares);
    for (uint32_t round = 0; round < 200; ++round) {
        mlpipe__exact a;
        mlpipe__exact b;
        exact_shuffle(x, N, &seed);
        exact_in_parts(x, N, &seed, &a, &b);
        mlpipe__exact_normal(&a);
        mlpipe__exact_normal(&b);
        assert_memory_equal(&a, &sum, sizeof a);
        assert_memory_equal(&b, &squares, sizeof b);
    }
}

/* Adding a number and its negative leaves nothing behind. */
static void test_cancels_to_zero(void **state)
{
    uint64_t seed = 4;
    mlpipe__exact e;
    mlpipe__exact zero;
    mlpipe__exact_init(&e);
    mlpipe__exact_init(&zero);
    for (uint32_t i = 0; i < 1000; ++i) {
        const double x = exact_any(&seed);
        const double y = exact_any(&seed);
        mlpipe__exact_add(&e, x);
        mlpipe__exact_add_product(&e, x, y);
        mlpipe__exact_add(&e, -x);
        mlpipe__exact_add_product(&e, -x, y);
    }
    assert_same(mlpipe__exact_value(&e), 0.0);
    mlpipe__exact_normal(&e);
    assert_memory_equal(&e, &zero, sizeof e);
}

/* One number, and one product that double can hold, come back as they are. */
static void test_single_values(void **state)
{
    uint64_t seed = 5;
    for (uint32_t i = 0; i < 20000; ++i) {
        const double x = exact_any(&seed);
        mlpipe__exact e;
        mlpipe__exact_init(&e);
        mlpipe__exact_add(&e, x);
        assert_same(mlpipe__exact_value(&e), x + 0.0);
        assert_same(mlpipe__exact_mean(&e, 1), x + 0.0);
        /* A single product is rounded as the processor rounds it. */
        const double y = exact_any(&seed);
        mlpipe__exact_init(&e);
        mlpipe__exact_add_product(&e, x, y);
        assert_same(mlpipe__exact_value(&e), x * y + 0.0);
        /* So is the sum of two. */
        mlpipe__exact_init(&e);
        mlpipe__exact_add(&e, x);
        mlpipe__exact_add(&e, y);
        assert_same(mlpipe__exact_value(&e), x + y);
        const uint64_t n = num_bits(&seed) >> 12;
        mlpipe__exact_init(&e);
        mlpipe__exact_add(&e, x);
        if (n)
            assert_same(mlpipe__exact_mean(&e, n), x / (double)n + 0.0);
    }
}

/* As many of the largest as a long stream may hold: carries stay in range. */
static void test_large_counts(void **state)
{
    mlpipe__exact e;
    mlpipe__exact squares;
    mlpipe__exact_init(&e);
    mlpipe__exact_init(&squares);
    mlpipe__exact_add(&e, -DBL_MAX);
    mlpipe__exact_add_product(&squares, DBL_MAX, DBL_MAX);
    mlpipe__exact joined = e;
    for (uint32_t i = 0; i < 40; ++i) { /* 2^40 of them */
        mlpipe__exact_merge(&e, &e);
        mlpipe__exact_merge(&squares, &squares);
        mlpipe__exact_join(&joined, &joined);
    }
    mlpipe__exact_normal(&joined);
    assert_memory_equal(&joined, &e, sizeof e);
    const uint64_t n = UINT64_C(1) << 40;
    assert_same(mlpipe__exact_value(&e), -mlpipe__inf());
    assert_same(mlpipe__exact_mean(&e, n), -DBL_MAX);
    assert_same(mlpipe__exact_value(&squares), mlpipe__inf());
    assert_same(mlpipe__exact_centred(&e, &squares, n), 0.0);
    /* A change of one value shows through 2^40 others. */
    mlpipe__exact_add(&e, DBL_MAX);
    mlpipe__exact_merge(&e, &e);
    assert_true(mlpipe__exact_mean(&e, n) < -DBL_MAX / 2);
    assert_true(isnan(mlpipe__exact_mean(&e, 0)));
    assert_true(isnan(mlpipe__exact_centred(&e, &squares, 0)));
}

/* Many at a time, whatever their exponents, are as one by one. */
static void test_moments_of_many(void **state)
{
    static const uint32_t counts[] = {1, 63, 64, 65, 511, 512, 513, 3000};
    uint64_t seed = 11;
    double x[3000];
    for (uint32_t t = 0; t < 200; ++t) {
        const uint32_t n = counts[t % 8];
        mlpipe__exact one[2], many[2];
        for (uint32_t k = 0; k < 2; ++k) {
            mlpipe__exact_init(&one[k]);
            mlpipe__exact_init(&many[k]);
        }
        for (uint32_t i = 0; i < n; ++i) {
            const uint64_t bits = num_bits(&seed);
            const uint32_t how = t / 8 % 5;
            x[i] = how == 0   ? exact_any(&seed)
                   : how == 1 ? (double)(bits % 3)
                   : how == 2 ? (bits & 1 ? -1 : 1) * DBL_MAX
                   : how == 3 ? (bits & 1 ? -1 : 1) * (double)(bits >> 12)
                              : (double)(int64_t)(bits % 4096 - 2048)
                                    * DBL_TRUE_MIN;
            mlpipe__exact_add(&one[0], x[i]);
            mlpipe__exact_add_product(&one[1], x[i], x[i]);
        }
        mlpipe__exact_add_moments(&many[0], &many[1], x, n);
        for (uint32_t k = 0; k < 2; ++k) {
            mlpipe__exact_normal(&one[k]);
            mlpipe__exact_normal(&many[k]);
            assert_memory_equal(&one[k], &many[k], sizeof one[k]);
        }
    }
}

/* Vectors of this machine: wider ones are not asked for. */
static uint32_t exact_widest(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return 64;
    if (__builtin_cpu_supports("avx2"))
        return 32;
#endif
    return 16;
}

/* One of several kinds of values: prices, far apart, with few bits, zeros of
 * both signs, at the ends of what three digits hold. */
static double exact_kind(uint64_t *seed, uint32_t kind)
{
    const uint64_t bits = num_bits(seed);
    const double sign = bits & 1 ? -1 : 1;
    const double x = (double)(bits >> 11) * 0x1p-53;
    switch (kind) {
    case 0:
        return sign * (double)(bits >> 44) / 1e4;
    case 1:
        return sign * ldexp(x, (int)(bits >> 5 & 31));
    case 2:
        return (double)(int64_t)(bits % 64) - 32;
    case 3:
        return bits & 6 ? sign * 0.0 : sign;
    case 4:
        return sign * ldexp(1 + x, 478 + (int)(bits >> 5 & 3));
    case 5:
        return sign * ldexp(1 + x, -433 + (int)(bits >> 5 & 3));
    case 6:
        return bits >> 5 & 63 ? sign * (1 + x) : sign * ldexp(x, -300);
    default:
        return sign * (1 - 0x1p-53);
    }
}

/* Any width of vectors gives the sums of one by one. */
static void test_moments_by_vectors(void **state)
{
    static const uint32_t counts[] = {64, 65, 127, 255, 256, 512, 1023, 1024,
                                      1025, 3000};
    uint64_t seed = 12;
    double x[3000];
    for (uint32_t t = 0; t < 480; ++t) {
        const uint32_t n = counts[t % 10], kind = t / 10 % 8;
        mlpipe__exact one[2];
        double most = 0;
        mlpipe__exact_init(&one[0]);
        mlpipe__exact_init(&one[1]);
        for (uint32_t i = 0; i < n; ++i) {
            x[i] = exact_kind(&seed, kind);
            most = fmax(most, fabs(x[i]));
            mlpipe__exact_add(&one[0], x[i]);
            mlpipe__exact_add_product(&one[1], x[i], x[i]);
        }
        assert_same(mlpipe__limbs_most(x, n), most);
        mlpipe__exact_normal(&one[0]);
        mlpipe__exact_normal(&one[1]);
        for (uint32_t vector = 16; vector <= exact_widest(); vector *= 2) {
            mlpipe__exact many[2];
            mlpipe__exact_init(&many[0]);
            mlpipe__exact_init(&many[1]);
            mlpipe__exact_add_bounded(&many[0], &many[1], x, n, most, vector);
            for (uint32_t k = 0; k < 2; ++k) {
                mlpipe__exact_normal(&many[k]);
                assert_memory_equal(&one[k], &many[k], sizeof one[k]);
            }
        }
    }
}

/* Three digits hold what they should, or say that they do not. */
static void test_limbs(void **state)
{
    mlpipe__limbs limbs;
    double x[128];
    for (uint32_t i = 0; i < 128; ++i)
        x[i] = i % 2 ? -1.0 - 0x1p-52 : 1.0 + 0x1p-52;
    assert_true(mlpipe__limbs_sum(x, 128, 1.0 + 0x1p-52, 16, &limbs));
    x[127] = 0x1p-71;
    assert_false(mlpipe__limbs_sum(x, 128, 1.0 + 0x1p-52, 16, &limbs));
    x[127] = -0.0;
    assert_true(mlpipe__limbs_sum(x, 128, 1.0 + 0x1p-52, 16, &limbs));
    x[127] = DBL_TRUE_MIN; /* whose square is no double */
    assert_false(mlpipe__limbs_sum(x, 128, 1.0 + 0x1p-52, 16, &limbs));
    x[127] = DBL_MAX;
    assert_false(mlpipe__limbs_sum(x, 128, DBL_MAX, 16, &limbs));
}

/* Whole numbers are as their doubles. */
static void test_moments_of_whole(void **state)
{
    static const int64_t limits[] = {
        1, 100, 1 << 23, (1 << 23) + 1, 1 << 27, (1 << 27) + 1,
        INT64_C(1) << 31, INT64_C(1) << 53};
    static int64_t x[70000]; /* as long as the longest part, and longer */
    uint64_t seed = 13;
    for (uint32_t t = 0; t < 112; ++t) {
        const int64_t most = limits[t % 8];
        const uint32_t n = t / 16 % 7 == 6 ? 70000 : t / 16 % 7 * 214;
        mlpipe__exact one[2];
        mlpipe__exact_init(&one[0]);
        mlpipe__exact_init(&one[1]);
        for (uint32_t i = 0; i < n; ++i) {
            x[i] = (int64_t)(num_bits(&seed) % (2 * (uint64_t)most + 1)) -
                   most;
            if (t / 8 % 2) /* 512 squares of 2^27 are 2^63 */
                x[i] = i % 2 ? most : -most;
            x[i] = i == 1 ? most : i == 2 ? -most : x[i];
            mlpipe__exact_add(&one[0], (double)x[i]);
            mlpipe__exact_add_product(&one[1], (double)x[i], (double)x[i]);
        }
        mlpipe__exact_normal(&one[0]);
        mlpipe__exact_normal(&one[1]);
        for (uint32_t vector = 16; vector <= exact_widest(); vector *= 2) {
            mlpipe__exact many[2];
            mlpipe__exact_init(&many[0]);
            mlpipe__exact_init(&many[1]);
            mlpipe__exact_add_whole(&many[0], &many[1], x, n, most, vector);
            for (uint32_t k = 0; k < 2; ++k) {
                mlpipe__exact_normal(&many[k]);
                assert_memory_equal(&one[k], &many[k], sizeof one[k]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_any_order_and_partition),
        cmocka_unit_test(test_cancels_to_zero),
        cmocka_unit_test(test_single_values),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_moments_of_many),
        cmocka_unit_test(test_moments_by_vectors),
        cmocka_unit_test(test_limbs),
        cmocka_unit_test(test_moments_of_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
