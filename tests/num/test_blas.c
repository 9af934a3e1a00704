/* SPDX-License-Identifier: MIT */
/* The door to BLAS against plain loops. */
#include "support.h"

#include "num/num_internal.h"
#include "num/num_support.h"

static void blas_fill(double *x, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; ++i)
        x[i] = num_unit(&seed) - 0.5;
}

static void test_syrk(void **state)
{
    enum { N = 301, P = 23, LD = 310 };
    static double x[LD * P], c[P * P], want[P * P];
    blas_fill(x, LD * P, 1);
    for (uint32_t i = 0; i < P * P; ++i)
        c[i] = want[i] = i;
    for (uint32_t j = 0; j < P; ++j)
        for (uint32_t i = 0; i <= j; ++i)
            for (uint32_t r = 0; r < N; ++r)
                want[i + j * P] += x[r + i * LD] * x[r + j * LD];
    mlpipe__syrk(N, P, x, LD, c);
    for (uint32_t i = 0; i < P * P; ++i) /* the lower half stays */
        assert_near(c[i], want[i], 1e-12);
    mlpipe__syrk(0, P, x, LD, c);
    mlpipe__syrk(N, 0, x, LD, c);
    for (uint32_t i = 0; i < P * P; ++i)
        assert_near(c[i], want[i], 1e-12);
}

/* u'u gives back a, and solving gives back x, on both sides of the limit. */
static void blas_round_trip(uint32_t p)
{
    const size_t cells = (size_t)p * p;
    double *const x = test_calloc(2 * cells, sizeof *x);
    double *const a = test_calloc(cells, sizeof *a);
    double *const u = test_calloc(cells, sizeof *u);
    double *const b = test_calloc(p, sizeof *b);
    blas_fill(x, 2 * cells, p);
    for (uint32_t i = 0; i < p; ++i)
        a[i + (size_t)i * p] = 0.125;
    mlpipe__syrk(2 * p, p, x, 2 * p, a);
    memcpy(u, a, cells * sizeof *u);
    assert_int_equal(mlpipe__cholesky(p, u), 0);
    for (uint32_t j = 0; j < p; j += 1 + p / 40) {
        for (uint32_t i = 0; i <= j; ++i) {
            double s = 0.0;
            for (uint32_t k = 0; k <= i; ++k)
                s += u[k + (size_t)i * p] * u[k + (size_t)j * p];
            assert_near(s, a[i + (size_t)j * p], 1e-11);
        }
    }
    for (uint32_t i = 0; i < p; ++i) {
        for (uint32_t j = 0; j < p; ++j) {
            const double v = i <= j ? a[i + (size_t)j * p]
                                    : a[j + (size_t)i * p];
            b[i] += v * (1.0 + j % 3);
        }
    }
    mlpipe__cholesky_solve(p, u, b);
    for (uint32_t i = 0; i < p; ++i)
        assert_near(b[i], 1.0 + i % 3, 1e-8);
    test_free(x);
    test_free(a);
    test_free(u);
    test_free(b);
}

static void test_cholesky(void **state)
{
    static const uint32_t sizes[] = {1, 2, 9, 40, 499, 500};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i)
        blas_round_trip(sizes[i]);
    mlpipe__cholesky_solve(0, NULL, NULL);
    assert_int_equal(mlpipe__cholesky(0, NULL), 0);
}

/* The first minor that is not positive is named, small and large. */
static void test_not_positive(void **state)
{
    double a[9] = {4, 0, 0, 2, 1, 0, 0, 0, 1};
    assert_int_equal(mlpipe__cholesky(3, a), 2);
    double b[4] = {1, 0, 0, NAN};
    assert_int_equal(mlpipe__cholesky(2, b), 2);
    enum { P = 510 };
    double *const c = test_calloc(P * P, sizeof *c);
    for (uint32_t i = 0; i < P; ++i)
        c[i + i * P] = i == 321 ? -1.0 : 1.0;
    assert_int_equal(mlpipe__cholesky(P, c), 322);
    test_free(c);
}

static void test_names(void **state)
{
    const char *const name = mlpipe__blas_name();
    assert_true(!strcmp(name, "openblas") || !strcmp(name, "none"));
    assert_true(!strcmp(name, "none") == !mlpipe__blas_core()[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syrk),
        cmocka_unit_test(test_cholesky),
        cmocka_unit_test(test_not_positive),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
