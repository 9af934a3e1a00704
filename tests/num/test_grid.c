/* SPDX-License-Identifier: MIT */
/* Two samples in cells, rates, and null distributions, against SciPy and what
 * is known of them. */
#include "support.h"

#include "golden/drift.h"
#include "num/num_internal.h"
#include "num/num_support.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])
enum { CELLS = 8 };

static void test_statistics(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(golden_grid); ++i) {
        const double *const g = golden_grid[i];
        uint64_t ref[CELLS], now[CELLS];
        mlpipe__grid grid;
        double df, p;
        for (uint32_t k = 0; k < CELLS; ++k) {
            ref[k] = (uint64_t)g[k];
            now[k] = (uint64_t)g[CELLS + k];
        }
        mlpipe__grid_compare(ref, now, CELLS, &grid);
        assert_relative(grid.ks, g[16], 1e-12);
        assert_relative(grid.ad, g[17], 1e-12);
        assert_relative(mlpipe__chi2_table(ref, now, CELLS, &df, &p), g[18],
                        1e-12);
        assert_relative(p, g[19], 1e-12);
        assert_relative(mlpipe__g_table(ref, now, CELLS, &df, &p), g[20],
                        1e-12);
    }
}

static void test_fisher(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(golden_fisher); ++i) {
        const double *const g = golden_fisher[i];
        mlpipe__rates r;
        mlpipe__fisher((uint64_t)g[0], (uint64_t)g[1], (uint64_t)g[2],
                       (uint64_t)g[3], &r);
        assert_relative(r.above, g[4], 1e-12);
        assert_relative(r.below, g[5], 1e-12);
        assert_relative(r.above + r.below, 1.0 + r.own, 1e-12);
    }
    mlpipe__rates none;
    mlpipe__fisher(0, 0, 1, 2, &none);
    assert_true(none.above != none.above);
}

/* Rows beyond an order statistic: the level is met where it can be, and never
 * passed by more than a tenth. */
static void test_rate_beyond(void **state)
{
    static const uint64_t panes[] = {1000, 10000, 1000000};
    static const double levels[] = {0.05, 0.01};
    const double nan = mlpipe__nan();

    for (uint32_t i = 0; i < 6; i++) {
        const uint64_t m = panes[i / 2];
        const double level = levels[i % 2];
        uint64_t low = 0, high = m; /* above low, from high on */
        mlpipe__rates size;
        while (high - low > 1) {
            const uint64_t b = low + (high - low) / 2;
            if (mlpipe__rate_beyond(100, 20000, b, m, nan) <= level)
                high = b;
            else
                low = b;
        }
        mlpipe__fisher(100, 20000, high, m, &size);
        assert_true(size.above <= 1.1 * level);
        if (m == 1000000) /* where b has hardly any probability */
            assert_relative(size.above, level, 0.005);
    }
    assert_relative(mlpipe__rate_beyond(0, 3, 2, 2, nan), 0.1, 1e-12);
    (void)state;
}

/* With a uniform tie the level is met exactly, however few rows there are. */
static void test_rate_tie(void **state)
{
    static const uint64_t marked[] = {1, 3, 120};
    enum { N = 20000, M = 1000, TIES = 10000 };

    for (uint32_t i = 0; i < 3; i++) {
        double size = 0;
        for (uint64_t b = 0; b <= marked[i]; b++) {
            uint32_t called = 0;
            mlpipe__rates r;
            mlpipe__fisher(marked[i] - b, N, b, M, &r);
            for (uint32_t u = 0; u < TIES; u++)
                called += mlpipe__rate_tie(r.above, r.own,
                                           (u + 0.5) / TIES) <= 0.01;
            size += r.own * called / TIES;
        }
        assert_relative(size, 0.01, 0.01);
    }
    /* What is certain says nothing, whatever else is there. */
    assert_true(mlpipe__rate_tie(1, 0.9, 0.01) == 1);
    (void)state;
}

/* Sums with known distributions: chi-squared, and pairs of equal values, which
 * are mixtures of exponentials. */
static void test_quadratic(void **state)
{
    const double x[] = {0.1, 0.5, 1, 3, 6, 12, 24, 40};
    const double one[] = {1}, equal[] = {1, 1}, twice[] = {2, 2, 1, 1};
    double p[8];

    (void)state;
    mlpipe__quadratic_tails(one, 1, x, 8, p);
    for (uint32_t i = 0; i < 8; ++i)
        assert_relative(p[i], mlpipe__chi2_tail(x[i], 1), 1e-4);
    mlpipe__quadratic_tails(equal, 2, x, 8, p);
    for (uint32_t i = 0; i < 8; ++i)
        assert_relative(p[i], mlpipe__exp(-x[i] / 2), 1e-9);
    mlpipe__quadratic_tails(twice, 4, x, 8, p);
    for (uint32_t i = 0; i < 8; ++i)
        assert_relative(p[i], 2 * mlpipe__exp(-x[i] / 4) -
                                  mlpipe__exp(-x[i] / 2), 1e-9);
}

/* Anderson and Darling's points (JASA 49, 1954: 1.933, 2.492 and 3.857 at 10,
 * 5 and 1 %) are the limit of fine grids, and Kolmogorov's 1.3581 and 1.6276
 * that of coarse ones by a shift of 0.5826 steps (D. Siegmund, 1985). */
static void test_nulls(void **state)
{
    mlpipe_ctx *c;
    bool found;

    (void)state;
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (uint32_t cells = 16; cells <= 64; cells *= 2) {
        uint64_t counts[64];
        double curves[2 * MLPIPE__CURVE];
        const double *const ks = curves + MLPIPE__CURVE;
        const double shift = 0.5826 / mlpipe__sqrt(cells);
        for (uint32_t i = 0; i < cells; ++i)
            counts[i] = 1000;
        assert_ok(c, mlpipe__grid_nulls(c, counts, cells, curves, &found));
        assert_true(found);
        assert_near(mlpipe__curve_quantile(ks, 0.05), 1.3581 - shift, 0.01);
        assert_near(mlpipe__curve_quantile(ks, 0.01), 1.6276 - shift, 0.01);
        const double a = mlpipe__curve_quantile(curves, 0.05);
        assert_near(a * a, 2.492 + 2.8 / cells, 0.02);
        for (double s = 0.1; s < 6; s += 0.1)
            assert_true(mlpipe__curve_tail(curves, s) <=
                        mlpipe__curve_tail(curves, s - 0.1));
    }
    /* two cells: the normal distribution, whatever their shares */
    const uint64_t two[] = {900, 0, 100};
    double curves[2 * MLPIPE__CURVE];
    assert_ok(c, mlpipe__grid_nulls(c, two, 3, curves, &found));
    for (double z = 0.5; z < 5; z += 0.5) {
        const double p = 2 * mlpipe__normal_tail(z);
        assert_relative(mlpipe__curve_tail(curves, z), p, 0.002);
        assert_relative(mlpipe__curve_tail(curves + MLPIPE__CURVE, z * 0.3),
                        p, 0.002);
    }
    const uint64_t single[] = {0, 7, 0};
    assert_ok(c, mlpipe__grid_nulls(c, single, 3, curves, &found));
    assert_false(found);
    mlpipe_ctx_free(c);
}

/* Newcombe's table II: 56/70 less 48/80 has 0.0524 to 0.3339. */
static void test_difference(void **state)
{
    mlpipe_figure f;

    (void)state;
    mlpipe__rate_difference(48, 80, 56, 70, &f);
    assert_near(f.value, 0.2, 1e-12);
    assert_near(f.low, 0.0524, 5e-5);
    assert_near(f.high, 0.3339, 5e-5);
    mlpipe__rate_difference(0, 10, 0, 20, &f);
    assert_near(f.low, -0.2775, 5e-5);
    assert_near(f.high, 0.1611, 5e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_fisher),
        cmocka_unit_test(test_rate_beyond),
        cmocka_unit_test(test_rate_tie),
        cmocka_unit_test(test_quadratic),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
