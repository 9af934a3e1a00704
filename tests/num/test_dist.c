/* SPDX-License-Identifier: MIT */
/* Distribution functions against SciPy, to 1e-12 of the value. */
#include "support.h"

#include "golden/num_dist.h"
#include "num/num_internal.h"
#include "num/num_support.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

/* Which row of a table failed is part of the message. */
static void dist_same(const char *what, size_t row, double got, double want)
{
    const double limit = 1e-12 * fabs(want);
    const int same = isnan(want) ? isnan(got) : got == want;
    if (!same && !(fabs(got - want) <= limit))
        fail_msg("%s, row %zu: %.17g, expected %.17g (%.2g)", what, row, got,
                 want, fabs(got - want) / fabs(want));
}

static void test_lgamma(void **state)
{
    for (size_t i = 0; i < ROWS(golden_lgamma); ++i)
        dist_same("lgamma", i, mlpipe__lgamma(golden_lgamma[i][0]),
                  golden_lgamma[i][1]);
    assert_true(isnan(mlpipe__lgamma(-1.5)));
    assert_same(mlpipe__lgamma(0.0), mlpipe__inf());
}

static void test_gamma(void **state)
{
    for (size_t i = 0; i < ROWS(golden_gamma); ++i) {
        const double *const g = golden_gamma[i];
        dist_same("gamma_p", i, mlpipe__gamma_p(g[0], g[1]), g[2]);
        if (g[3] > 0.0)
            dist_same("gamma_q", i, mlpipe__chi2_tail(2 * g[1], 2 * g[0]),
                      g[3]);
    }
    for (size_t i = 0; i < ROWS(golden_chi2); ++i)
        dist_same("chi2", i,
                  mlpipe__chi2_tail(golden_chi2[i][0], golden_chi2[i][1]),
                  golden_chi2[i][2]);
    assert_same(mlpipe__chi2_tail(0.0, 3.0), 1.0);
    assert_same(mlpipe__chi2_tail(mlpipe__inf(), 3.0), 0.0);
    assert_true(isnan(mlpipe__chi2_tail(1.0, -1.0)));
    assert_true(isnan(mlpipe__chi2_tail(mlpipe__nan(), 1.0)));
}

static void test_normal(void **state)
{
    for (size_t i = 0; i < ROWS(golden_normal); ++i)
        dist_same("normal_tail", i, mlpipe__normal_tail(golden_normal[i][0]),
                  golden_normal[i][1]);
    for (size_t i = 0; i < ROWS(golden_normal_quantile); ++i)
        dist_same("normal_quantile", i,
                  mlpipe__normal_quantile(golden_normal_quantile[i][0]),
                  golden_normal_quantile[i][1]);
    assert_same(mlpipe__normal_tail(mlpipe__inf()), 0.0);
    assert_same(mlpipe__normal_tail(-mlpipe__inf()), 1.0);
    assert_same(mlpipe__normal_quantile(0.0), -mlpipe__inf());
    assert_same(mlpipe__normal_quantile(1.0), mlpipe__inf());
    assert_true(isnan(mlpipe__normal_quantile(1.5)));
}

static void test_student(void **state)
{
    for (size_t i = 0; i < ROWS(golden_student); ++i)
        dist_same("student_tail", i,
                  mlpipe__student_tail(golden_student[i][0],
                                       golden_student[i][1]),
                  golden_student[i][2]);
    for (size_t i = 0; i < ROWS(golden_student_quantile); ++i)
        dist_same("student_quantile", i,
                  mlpipe__student_quantile(golden_student_quantile[i][0],
                                           golden_student_quantile[i][1]),
                  golden_student_quantile[i][2]);
    assert_same(mlpipe__student_tail(mlpipe__inf(), 3.0), 0.0);
    assert_same(mlpipe__student_tail(-mlpipe__inf(), 3.0), 1.0);
    assert_true(isnan(mlpipe__student_tail(1.0, 0.0)));
    assert_same(mlpipe__student_quantile(0.5, 3.0), 0.0);
    assert_relative(mlpipe__student_quantile(0.975, mlpipe__inf()),
                    1.959963984540054, 1e-14);
}

static void test_binomial_and_beta(void **state)
{
    for (size_t i = 0; i < ROWS(golden_binomial); ++i) {
        const double *const g = golden_binomial[i];
        dist_same("binomial", i,
                  mlpipe__binomial_tail((int64_t)g[0], (int64_t)g[1], g[2]),
                  g[3]);
    }
    for (size_t i = 0; i < ROWS(golden_beta); ++i) {
        const double *const g = golden_beta[i];
        dist_same("beta_inc", i, mlpipe__beta_inc(g[0], g[1], g[2]), g[3]);
    }
    assert_same(mlpipe__beta_inc(2.0, 3.0, 0.0), 0.0);
    assert_same(mlpipe__beta_inc(2.0, 3.0, 1.0), 1.0);
    assert_true(isnan(mlpipe__beta_inc(2.0, 3.0, 1.5)));
    assert_true(isnan(mlpipe__beta_inc(-2.0, 3.0, 0.5)));
    assert_same(mlpipe__binomial_tail(5, 4, 0.5), 0.0);
    assert_same(mlpipe__binomial_tail(0, 4, 0.5), 1.0);
    assert_same(mlpipe__binomial_tail(1, 4, 0.0), 0.0);
    assert_same(mlpipe__binomial_tail(4, 4, 1.0), 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lgamma),
        cmocka_unit_test(test_gamma),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_binomial_and_beta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
