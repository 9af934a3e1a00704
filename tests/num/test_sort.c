/* SPDX-License-Identifier: MIT */
/* Radix sorts: the order of all doubles, stability, and plain sorting. */
#include "support.h"

#include <float.h>

#include "num/num_internal.h"
#include "num/num_support.h"

enum { SORT_N = 3000 };

/* A slow and obviously stable sort of indices. */
static void sort_plain(const double *x, uint32_t *order, uint32_t n)
{
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t at = i;
        for (; at > 0; --at) {
            const double before = x[order[at - 1]];
            const int swap = isnan(before) ? !isnan(x[i]) : before > x[i];
            if (!swap)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static void sort_fill(double *x, uint32_t n, uint32_t kind, uint64_t *seed)
{
    static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 5e-324,
                                 -5e-324, DBL_MAX, -DBL_MAX, 1.0, -1.0};
    for (uint32_t i = 0; i < n; ++i) {
        const uint64_t bits = num_bits(seed);
        if (kind == 0)
            memcpy(&x[i], &bits, sizeof bits);
        else if (kind == 1)
            x[i] = odd[bits % (sizeof odd / sizeof odd[0])];
        else if (kind == 2)
            x[i] = (double)(bits % 40) - 20;
        else
            x[i] = 7.25;
    }
}

static void test_f64(void **state)
{
    static double x[SORT_N], sorted[SORT_N], room[SORT_N];
    static uint32_t want[SORT_N], order[SORT_N];
    static uint64_t scratch[4 * SORT_N];
    static const uint32_t sizes[] = {0, 1, 2, 3, 17, 255, SORT_N};
    uint64_t seed = 1;
    for (uint32_t kind = 0; kind < 4; ++kind) {
        for (uint32_t k = 0; k < sizeof sizes / sizeof sizes[0]; ++k) {
            const uint32_t n = sizes[k];
            sort_fill(x, n, kind, &seed);
            sort_plain(x, want, n);
            mlpipe__argsort_f64(x, order, n, scratch);
            assert_memory_equal(order, want, n * sizeof *order);
            memcpy(sorted, x, n * sizeof *x);
            mlpipe__sort_f64(sorted, n, room);
            /* The very bits move: -0 and NaN payloads stay as they are. */
            for (uint32_t i = 0; i < n; ++i)
                assert_memory_equal(&sorted[i], &x[want[i]], sizeof *x);
        }
    }
}

static void test_i64(void **state)
{
    static int64_t x[SORT_N];
    static uint32_t order[SORT_N];
    static uint64_t scratch[4 * SORT_N];
    uint64_t seed = 2;
    for (uint32_t round = 0; round < 4; ++round) {
        for (uint32_t i = 0; i < SORT_N; ++i) {
            const uint64_t bits = num_bits(&seed);
            x[i] = round % 2 ? (int64_t)bits : (int64_t)(bits % 9) - 4;
        }
        x[0] = INT64_MIN;
        x[1] = INT64_MAX;
        mlpipe__argsort_i64(x, order, SORT_N, scratch);
        for (uint32_t i = 1; i < SORT_N; ++i) {
            assert_true(x[order[i - 1]] <= x[order[i]]);
            if (x[order[i - 1]] == x[order[i]])
                assert_true(order[i - 1] < order[i]);
        }
        assert_int_equal(order[0], 0);
    }
}

static void test_u64(void **state)
{
    static uint64_t x[SORT_N], room[SORT_N];
    uint64_t seed = 3;
    uint64_t sum = 0;
    uint64_t sorted_sum = 0;
    for (uint32_t i = 0; i < SORT_N; ++i) {
        x[i] = num_bits(&seed) >> (i % 64);
        sum += x[i];
    }
    mlpipe__sort_u64(x, SORT_N, room);
    for (uint32_t i = 0; i < SORT_N; ++i) {
        assert_true(!i || x[i - 1] <= x[i]);
        sorted_sum += x[i];
    }
    assert_true(sum == sorted_sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f64),
        cmocka_unit_test(test_i64),
        cmocka_unit_test(test_u64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
