/* SPDX-License-Identifier: MIT */
/* Two-sample statistics against NumPy and SciPy. */
#include "support.h"

#include "golden/num_twosample.h"
#include "num/num_internal.h"
#include "num/num_support.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static void test_psi(void **state)
{
    for (size_t i = 0; i < ROWS(golden_psi); ++i) {
        const double *const g = golden_psi[i];
        uint64_t ref[10], now[10];
        double p;
        for (uint32_t k = 0; k < 10; ++k) {
            ref[k] = (uint64_t)g[3 + k];
            now[k] = (uint64_t)g[13 + k];
        }
        const uint32_t bins = (uint32_t)g[0];
        assert_relative(mlpipe__psi(ref, now, bins, &p), g[1], 1e-12);
        assert_relative(p, g[2], 1e-12);
        assert_relative(mlpipe__psi(ref, now, bins, NULL), g[1], 1e-12);
        if (g[1] == g[1]) {
            /* Symmetric, and nothing against itself. */
            assert_relative(mlpipe__psi(now, ref, bins, NULL), g[1], 1e-12);
            assert_same(mlpipe__psi(ref, ref, bins, &p), 0.0);
            assert_same(p, 1.0);
        }
    }
}

static void test_paired(void **state)
{
    static double y[9000], p[9000], w[9000];
    for (size_t i = 0; i < ROWS(golden_paired); ++i) {
        const double *const g = golden_paired[i];
        const uint32_t n = (uint32_t)g[0];
        double mean, se, tail;
        num_predictions(n + 2, n, 0, y, p, w);
        mlpipe__paired(y, p, n, &mean, &se, &tail);
        assert_relative(mean, g[1], 1e-11);
        assert_relative(se, g[2], 1e-11);
        assert_relative(tail, g[3], 1e-10);
    }
}

static void test_paired_edges(void **state)
{
    const double a[] = {1.0, 2.0, 3.0};
    const double b[] = {2.0, 3.0, 4.0};
    double mean, se, p;
    mlpipe__paired(a, b, 3, &mean, &se, &p);
    assert_same(mean, -1.0);
    assert_same(se, 0.0);
    assert_same(p, 0.0);
    mlpipe__paired(b, a, 3, &mean, &se, &p);
    assert_same(p, 1.0);
    mlpipe__paired(a, a, 3, &mean, &se, &p);
    assert_same(p, 1.0);
    mlpipe__paired(a, b, 1, &mean, &se, &p);
    assert_same(mean, -1.0);
    assert_true(isnan(se) && isnan(p));
    mlpipe__paired(a, b, 0, &mean, &se, &p);
    assert_true(isnan(mean) && isnan(se) && isnan(p));
}

static void test_rate(void **state)
{
    assert_relative(mlpipe__rate_tail(3, 10, 0.5), 0.9453125, 1e-13);
    assert_same(mlpipe__rate_tail(0, 10, 0.1), 1.0);
    assert_same(mlpipe__rate_tail(11, 10, 0.1), 0.0);
    assert_same(mlpipe__rate_tail(0, 0, 0.1), 1.0);
    assert_true(isnan(mlpipe__rate_tail(1, 10, 1.5)));
    /* The normal tail takes over smoothly. */
    const double exact = mlpipe__rate_tail(101000, 1000000, 0.1);
    const double about = mlpipe__rate_tail(101000, 1000001, 0.1);
    assert_relative(about, exact, 0.02);
    assert_same(mlpipe__rate_tail(5, 2000000, 0.0), 0.0);
    assert_same(mlpipe__rate_tail(0, 2000000, 0.0), 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psi),
        cmocka_unit_test(test_paired),
        cmocka_unit_test(test_paired_edges),
        cmocka_unit_test(test_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
