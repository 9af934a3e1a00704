/* SPDX-License-Identifier: MIT */
/* exp, log and their kin against the long double functions of the C library. */
#include "support.h"

#include <float.h>

#include "program/program_internal.h"
#include "num/num_support.h"

enum { MATH_INPUTS = 1000000 };

static double math_uniform(uint64_t *state, double low, double high)
{
    return low + num_unit(state) * (high - low);
}

/* How far `got` is from `want`, in units in the last place of the latter. */
static double math_ulps(double got, long double want)
{
    const double near = (double)want;
    if (isinf(near) || near == 0.0)
        return got == near ? 0.0 : HUGE_VAL;
    int e;
    frexp(near, &e);
    const int unit = e - 53 < -1074 ? -1074 : e - 53;
    return (double)(fabsl((long double)got - want) / ldexpl(1.0L, unit));
}

typedef struct math_case {
    const char *name;
    double (*ours)(double);
    long double (*truth)(long double);
    double low, high, limit;
} math_case;

static long double math_sigmoidl(long double x)
{
    return 1.0L / (1.0L + expl(-x));
}

static const math_case math_cases[] = {
    {"exp", mlpipe__exp, expl, -1.0, 1.0, 1.0},
    {"exp", mlpipe__exp, expl, -40.0, 40.0, 1.0},
    {"exp", mlpipe__exp, expl, -745.2, 709.8, 1.0},
    {"exp", mlpipe__exp, expl, -745.2, -708.0, 1.0},
    {"log", mlpipe__log, logl, 0.5, 2.0, 1.0},
    {"log", mlpipe__log, logl, 0.999, 1.001, 1.0},
    {"log", mlpipe__log, logl, 0.0, 1e6, 1.0},
    {"log", mlpipe__log, logl, 0.0, 1e-307, 1.0},
    {"log1p", mlpipe__log1p, log1pl, -1.0, 1.0, 1.0},
    {"log1p", mlpipe__log1p, log1pl, -1e-3, 1e-3, 1.0},
    {"log1p", mlpipe__log1p, log1pl, 0.0, 1e17, 1.0},
    {"expm1", mlpipe__expm1, expm1l, -1.0, 1.0, 1.0},
    {"expm1", mlpipe__expm1, expm1l, -1e-3, 1e-3, 1.0},
    {"expm1", mlpipe__expm1, expm1l, -45.0, 45.0, 1.0},
    {"sigmoid", mlpipe__sigmoid, math_sigmoidl, -5.0, 5.0, 1.0},
    {"sigmoid", mlpipe__sigmoid, math_sigmoidl, -745.0, 45.0, 1.0},
};

static void test_ulps(void **state)
{
    uint64_t seed = 1;
    for (size_t c = 0; c < sizeof math_cases / sizeof math_cases[0]; ++c) {
        const math_case *const m = &math_cases[c];
        double worst = 0.0;
        double where = 0.0;
        for (uint32_t i = 0; i < MATH_INPUTS; ++i) {
            const double x = math_uniform(&seed, m->low, m->high);
            const double u = math_ulps(m->ours(x), m->truth(x));
            if (u > worst) {
                worst = u;
                where = x;
            }
        }
        print_message("# %s on [%g, %g]: %.3f ulp at %.17g\n", m->name,
                      m->low, m->high, worst, where);
        if (worst > m->limit)
            fail_msg("%s(%.17g) is off by %g ulp", m->name, where, worst);
    }
}

/* Any positive double by its bits, so that all exponents occur. */
static void test_log_all_exponents(void **state)
{
    uint64_t seed = 2;
    for (uint32_t i = 0; i < MATH_INPUTS; ++i) {
        const uint64_t bits = num_bits(&seed) % UINT64_C(0x7ff0000000000000);
        double x;
        memcpy(&x, &bits, sizeof x);
        const double u = math_ulps(mlpipe__log(x), logl((long double)x));
        if (u > 1.0)
            fail_msg("log(%.17g) is off by %g ulp", x, u);
    }
}

static void test_extremes(void **state)
{
    const double inf = mlpipe__inf();
    assert_true(isinf(inf) && inf > 0);
    assert_true(isnan(mlpipe__nan()));
    assert_same(mlpipe__exp(0.0), 1.0);
    assert_same(mlpipe__exp(-0.0), 1.0);
    assert_same(mlpipe__exp(inf), inf);
    assert_same(mlpipe__exp(-inf), 0.0);
    assert_same(mlpipe__exp(1e308), inf);
    assert_same(mlpipe__exp(-1e308), 0.0);
    assert_same(mlpipe__exp(0x1p-1074), 1.0);
    assert_true(mlpipe__exp(709.78) < inf);
    assert_same(mlpipe__exp(709.782712893384), 0x1.fffffffffff2ap1023);
    assert_same(mlpipe__exp(709.7827128933841), inf);
    assert_same(mlpipe__exp(-745.13), 0x1p-1074);
    assert_same(mlpipe__log(0.0), -inf);
    assert_same(mlpipe__log(-0.0), -inf);
    assert_same(mlpipe__log(1.0), 0.0);
    assert_same(mlpipe__log(inf), inf);
    assert_same(mlpipe__log(-1.0), mlpipe__nan());
    assert_same(mlpipe__log(0x1p-1074), -0x1.74385446d71c3p9);
    assert_same(mlpipe__log(DBL_MAX), 0x1.62e42fefa39efp9);
    assert_same(mlpipe__log1p(-1.0), -inf);
    assert_same(mlpipe__log1p(-1.5), mlpipe__nan());
    assert_same(mlpipe__log1p(-0.0), -0.0);
    assert_same(mlpipe__log1p(0x1p-1074), 0x1p-1074);
    assert_same(mlpipe__log1p(inf), inf);
    assert_same(mlpipe__expm1(-0.0), -0.0);
    assert_same(mlpipe__expm1(0x1p-1074), 0x1p-1074);
    assert_same(mlpipe__expm1(-inf), -1.0);
    assert_same(mlpipe__expm1(inf), inf);
    assert_same(mlpipe__sigmoid(0.0), 0.5);
    assert_same(mlpipe__sigmoid(inf), 1.0);
    assert_same(mlpipe__sigmoid(-inf), 0.0);
    assert_same(mlpipe__sqrt(-1.0), mlpipe__nan());
    assert_same(mlpipe__sqrt(-0.0), -0.0);
    assert_same(mlpipe__sqrt(2.0), sqrt(2.0));
}

/* One NaN, whatever sign and payload come in. */
static void test_nan_is_canonical(void **state)
{
    double odd;
    const uint64_t bits = UINT64_C(0xfff80000deadbeef);
    memcpy(&odd, &bits, sizeof odd);
    double (*const all[])(double) = {
        mlpipe__exp, mlpipe__log, mlpipe__log1p, mlpipe__expm1,
        mlpipe__sigmoid, mlpipe__sqrt, mlpipe__normal_quantile};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i)
        assert_same(all[i](odd), mlpipe__nan());
    assert_false(mlpipe__finite(odd));
    assert_false(mlpipe__finite(mlpipe__inf()));
    assert_true(mlpipe__finite(DBL_MAX));
}

/* Monotone where it matters: scores keep their order. */
static void test_sigmoid_monotone(void **state)
{
    double last = 0.0;
    for (uint32_t i = 0; i <= 1000000; ++i) {
        const double x = -50.0 + 1e-4 * i;
        const double s = mlpipe__sigmoid(x);
        assert_true(s >= last && s <= 1.0);
        last = s;
    }
}

/* Several values at a time have the bits of one. */
static void test_blocks(void **state)
{
    enum { N = 1003 };
    double x[N], out[N];
    uint64_t seed = 11;
    (void)state;

    for (uint32_t round = 0; round < 400; ++round) {
        const double reach = round % 4 ? 40.0 : 760.0;
        for (uint32_t wide = 0; wide < 2; ++wide) {
            for (uint32_t i = 0; i < N; ++i)
                x[i] = math_uniform(&seed, -reach, reach);
            x[0] = -0.0;
            x[1] = -DBL_MAX;
            x[2] = DBL_MAX;
            x[3] = -745.13;
            mlpipe__exp_block(x, out, N, wide && mlpipe__has_avx2());
            for (uint32_t i = 0; i < N; ++i)
                assert_same(out[i], mlpipe__exp(x[i]));
            for (uint32_t i = 0; i < N; ++i)
                x[i] = mlpipe__exp(-fabs(x[i]) * (round % 3 ? 0.02 : 1.0));
            x[0] = 0.0;
            x[1] = 1.0;
            x[2] = 0.4142;
            x[3] = 0x1.a827999fcef32p-2; /* sqrt(2) - 1 and beside it */
            x[4] = 0x1.a827999fcef34p-2;
            x[5] = 5e-324;
            memcpy(out, x, sizeof out);
            mlpipe__log1p_block(out, out, N, wide && mlpipe__has_avx2());
            for (uint32_t i = 0; i < N; ++i)
                assert_same(out[i], mlpipe__log1p(x[i]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_ulps),
        cmocka_unit_test(test_log_all_exponents),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_nan_is_canonical),
        cmocka_unit_test(test_sigmoid_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
