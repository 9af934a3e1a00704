/* SPDX-License-Identifier: MIT */
/* Sums in the canonical order, spelt out a second time. */
#include "support.h"

#include "num/num_internal.h"
#include "num/num_support.h"

enum { SUM_N = 9 * 4096 + 77 };

static double sum_block(const double *x, uint32_t n)
{
    double l[8] = {0};
    for (uint32_t i = 0; i < n; ++i)
        l[i % 8] += x[i];
    return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

/* Pair neighbours level by level; an odd last one moves up. */
static double sum_plain(const double *x, uint32_t n)
{
    double level[SUM_N / 4096 + 2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 4096)
        level[count++] = sum_block(x + i, n - i < 4096 ? n - i : 4096);
    if (!count)
        return 0.0;
    while (count > 1) {
        uint32_t next = 0;
        for (uint32_t i = 0; i + 1 < count; i += 2)
            level[next++] = level[i] + level[i + 1];
        if (count % 2)
            level[next++] = level[count - 1];
        count = next;
    }
    return level[0];
}

static void test_order(void **state)
{
    static double x[SUM_N];
    static const uint32_t sizes[] = {0, 1, 7, 8, 9, 4095, 4096, 4097,
                                     2 * 4096, 3 * 4096, 5 * 4096 + 1,
                                     7 * 4096 - 3, SUM_N};
    uint64_t seed = 1;
    for (uint32_t i = 0; i < SUM_N; ++i)
        x[i] = (num_unit(&seed) - 0.3) * (i % 11 ? 1.0 : 1e9);
    for (uint32_t k = 0; k < sizeof sizes / sizeof sizes[0]; ++k)
        assert_same(mlpipe__sum(x, sizes[k]), sum_plain(x, sizes[k]));
}

/* Lanes go on where they stopped, as long as the parts are eights. */
static void test_lanes_in_parts(void **state)
{
    double x[1000];
    double lanes[MLPIPE__SUM_LANES] = {0};
    uint64_t seed = 2;
    for (uint32_t i = 0; i < 1000; ++i)
        x[i] = num_unit(&seed);
    mlpipe__lanes_add(lanes, x, 512);
    mlpipe__lanes_add(lanes, x + 512, 488);
    assert_same(mlpipe__lanes_value(lanes), mlpipe__block_sum(x, 1000));
}

static void test_dot(void **state)
{
    double x[1003], y[1003], products[1003];
    uint64_t seed = 3;
    for (uint32_t i = 0; i < 1003; ++i) {
        x[i] = num_unit(&seed);
        y[i] = num_unit(&seed);
        products[i] = x[i] * y[i];
    }
    for (uint32_t n = 0; n <= 1003; n += 17)
        assert_same(mlpipe__block_dot(x, y, n),
                    mlpipe__block_sum(products, n));
}

/* Folds: every row has one, all are about as large, none depends on others. */
static void test_folds(void **state)
{
    uint32_t count[5] = {0};
    for (uint64_t row = 0; row < 50000; ++row) {
        const uint32_t f = mlpipe__fold_of(7, row, 5);
        assert_true(f < 5);
        ++count[f];
        assert_int_equal(f, mlpipe__fold_of(7, row, 5));
    }
    for (uint32_t f = 0; f < 5; ++f)
        assert_true(count[f] > 9700 && count[f] < 10300);
    assert_int_equal(mlpipe__fold_of(7, 12345, 1), 0);
    assert_int_equal(mlpipe__fold_of(7, 12345, 0), 0);
    uint32_t below = 0;
    for (uint64_t row = 0; row < 50000; ++row) {
        const double u = mlpipe__share_of(7, MLPIPE__FOR_SPLIT, row);
        assert_true(u > 0.0 && u < 1.0);
        below += u < 0.2;
    }
    assert_true(below > 9700 && below < 10300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_lanes_in_parts),
        cmocka_unit_test(test_dot),
        cmocka_unit_test(test_folds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
