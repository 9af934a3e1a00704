/* SPDX-License-Identifier: MIT */
/*
 * Powers, roots, angles and roundings against the long double functions of
 * the C library and against mpmath.
 */
#include "support.h"

#include <float.h>

#include "golden/num_math_more.h"
#include "num/num_internal.h"
#include "num/num_support.h"

enum { MORE_INPUTS = 400000 };

/* How far `got` is from `want`, in units in the last place of the latter. */
static double more_ulps(double got, long double want)
{
    const double near = (double)want;
    if (isnan(near))
        return isnan(got) ? 0.0 : HUGE_VAL;
    if (isinf(near) || near == 0.0)
        return got == near ? 0.0 : HUGE_VAL;
    int e;
    frexp(near, &e);
    const int unit = e - 53 < -1074 ? -1074 : e - 53;
    return (double)(fabsl((long double)got - want) / ldexpl(1.0L, unit));
}

static double more_uniform(uint64_t *seed, double low, double high)
{
    return low + num_unit(seed) * (high - low);
}

/* Any finite double by its bits. */
static double more_any(uint64_t *seed)
{
    for (;;) {
        const uint64_t bits = num_bits(seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

typedef struct more_case {
    const char *name;
    double (*ours)(double);
    long double (*truth)(long double);
    double low, high, limit; /* low = high: any bits, without sign */
} more_case;

static long double more_sin_turnl(long double t)
{
    return sinl(8.0L * atanl(1.0L) * (t - rintl(t)));
}

static long double more_cos_turnl(long double t)
{
    return cosl(8.0L * atanl(1.0L) * (t - rintl(t)));
}

static const more_case more_cases[] = {
    {"log2", mlpipe__log2, log2l, 0.5, 2.0, 0.55},
    {"log2", mlpipe__log2, log2l, 0.999, 1.001, 0.55},
    {"log2", mlpipe__log2, log2l, 0.0, 0.0, 0.55},
    {"log10", mlpipe__log10, log10l, 0.5, 2.0, 0.55},
    {"log10", mlpipe__log10, log10l, 0.999, 1.001, 0.55},
    {"log10", mlpipe__log10, log10l, 0.0, 0.0, 0.55},
    {"cbrt", mlpipe__cbrt, cbrtl, -8.0, 8.0, 0.55},
    {"cbrt", mlpipe__cbrt, cbrtl, 0.0, 0.0, 0.55},
    {"sin", mlpipe__sin, sinl, -0.8, 0.8, 0.6},
    {"sin", mlpipe__sin, sinl, -100.0, 100.0, 0.6},
    {"sin", mlpipe__sin, sinl, -0x1p20, 0x1p20, 0.6},
    {"cos", mlpipe__cos, cosl, -0.8, 0.8, 0.6},
    {"cos", mlpipe__cos, cosl, -100.0, 100.0, 0.6},
    {"cos", mlpipe__cos, cosl, -0x1p20, 0x1p20, 0.6},
    {"tan", mlpipe__tan, tanl, -0.8, 0.8, 0.75},
    {"tan", mlpipe__tan, tanl, -100.0, 100.0, 0.75},
    {"tan", mlpipe__tan, tanl, -0x1p20, 0x1p20, 0.75},
    {"sin_turn", mlpipe__sin_turn, more_sin_turnl, -0.1, 0.1, 0.6},
    {"cos_turn", mlpipe__cos_turn, more_cos_turnl, -0.1, 0.1, 0.6},
};

static void test_ulps(void **state)
{
    uint64_t seed = 1;
    (void)state;
    for (size_t c = 0; c < sizeof more_cases / sizeof more_cases[0]; ++c) {
        const more_case *const m = &more_cases[c];
        double worst = 0.0, where = 0.0;
        for (uint32_t i = 0; i < MORE_INPUTS; ++i) {
            const double x = m->low < m->high
                ? more_uniform(&seed, m->low, m->high)
                : fabs(more_any(&seed));
            const double u = more_ulps(m->ours(x), m->truth(x));
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

/* ---- powers ------------------------------------------------------------- */

static double more_pow_draw(uint64_t *seed, uint32_t kind, double *x,
                            double *y)
{
    switch (kind) {
    case 0: /* of everyday size */
        *x = more_uniform(seed, 0.0, 100.0);
        *y = more_uniform(seed, -10.0, 10.0);
        return 0.55;
    case 1: /* any result, also too large and too small ones */
        *x = fabs(more_any(seed));
        *y = more_uniform(seed, -1080.0, 1080.0) / log2(*x);
        return 1.0;
    case 2: /* close to 1, with large exponents */
        *x = 1.0 + ldexp(more_uniform(seed, -1.0, 1.0),
                         -(int)(num_bits(seed) % 50) - 1);
        *y = more_uniform(seed, -1080.0, 1080.0) / log2(*x);
        return 1.0;
    default: /* the ends */
        *x = fabs(more_any(seed));
        *y = (num_bits(seed) & 1 ? 1023.0 : -1060.0)
            * more_uniform(seed, 0.99, 1.0) / log2(*x);
        return 1.0;
    }
}

static void test_pow_ulps(void **state)
{
    uint64_t seed = 3;
    (void)state;
    for (uint32_t kind = 0; kind < 4; ++kind) {
        double worst = 0.0, wx = 0.0, wy = 0.0, limit = 0.0;
        for (uint32_t i = 0; i < MORE_INPUTS; ++i) {
            double x, y;
            limit = more_pow_draw(&seed, kind, &x, &y);
            const double u = more_ulps(mlpipe__pow(x, y), powl(x, y));
            if (u > worst) {
                worst = u;
                wx = x;
                wy = y;
            }
        }
        print_message("# pow, kind %u: %.3f ulp at %.17g, %.17g\n", kind,
                      worst, wx, wy);
        if (worst > limit)
            fail_msg("%.17g ^ %.17g is off by %g ulp", wx, wy, worst);
    }
}

/* All integers to all powers that a double holds exactly. */
static void test_pow_exact(void **state)
{
    (void)state;
    for (int x = -100; x <= 100; ++x) {
        double want = 1.0;
        for (int y = 0; fabs(want) <= 0x1p53; ++y) {
            assert_same(mlpipe__pow(x, y), want);
            if (x == 0 || x == 1 || x == -1) {
                if (y == 20)
                    break;
            }
            want *= x;
        }
    }
    for (int e = -1074; e <= 1023; ++e)
        assert_same(mlpipe__pow(2.0, e), ldexp(1.0, e));
    double ten = 1.0;
    for (int e = 0; e <= 22; ++e, ten *= 10.0) {
        assert_same(mlpipe__pow(10.0, e), ten);
        assert_same(mlpipe__log10(ten), e);
    }
    assert_same(mlpipe__pow(2.0, -3.0), 0.125);
    assert_same(mlpipe__pow(0.25, -1.5), 8.0);
    assert_same(mlpipe__pow(1.5, 30.0), 205891132094649.0 * 0x1p-30);
    for (int i = 1; i < 1000; ++i) {
        assert_same(mlpipe__pow((double)i * i, 0.5), i);
        assert_same(mlpipe__cbrt((double)i * i * i), i);
        assert_same(mlpipe__cbrt(-(double)i * i * i / 4096.0), -i / 16.0);
    }
    for (int e = -1074; e <= 1023; ++e)
        assert_same(mlpipe__log2(ldexp(1.0, e)), e);
}

/* What C and IEEE 754 ask of pow, in all pairs of special values. */
static void test_pow_special(void **state)
{
    static const double some[] = {
        0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 1.5, -1.5,
        HUGE_VAL, -HUGE_VAL, NAN, DBL_MAX, -DBL_MAX, DBL_MIN, -DBL_MIN,
        0x1p-1074, -0x1p-1074, 0x1p53, 0x1p53 - 1.0, -0x1p53 + 1.0, 0x1p60,
        -0x1p60, 1.0 + DBL_EPSILON, 1.0 - DBL_EPSILON, 1e300, -1e300, 1e-300};
    const size_t n = sizeof some / sizeof some[0];
    (void)state;
    for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < n; ++k) {
            const double got = mlpipe__pow(some[i], some[k]);
            const double want = pow(some[i], some[k]);
            if (isnan(want))
                assert_same(got, mlpipe__nan());
            else if (want == 0.0 || isinf(want))
                assert_same(got, want);
            else if (more_ulps(got, want) > 1.0)
                fail_msg("%g ^ %g = %.17g", some[i], some[k], got);
        }
}

/* ---- mpmath's values ---------------------------------------------------- */

static void more_check(const char *name, double x, double got, double want)
{
    if (!(more_ulps(got, want) <= 1.0))
        fail_msg("%s(%.17g) = %.17g, expected %.17g", name, x, got, want);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_pow / sizeof golden_pow[0]; ++i) {
        const double *const g = golden_pow[i];
        more_check("pow", g[0], mlpipe__pow(g[0], g[1]), g[2]);
    }
    for (size_t i = 0; i < sizeof golden_log / sizeof golden_log[0]; ++i) {
        const double *const g = golden_log[i];
        more_check("log2", g[0], mlpipe__log2(g[0]), g[1]);
        more_check("log10", g[0], mlpipe__log10(g[0]), g[2]);
        more_check("cbrt", g[0], mlpipe__cbrt(g[0]), g[3]);
    }
    for (size_t i = 0; i < sizeof golden_angle / sizeof golden_angle[0];
         ++i) {
        const double *const g = golden_angle[i];
        more_check("sin", g[0], mlpipe__sin(g[0]), g[1]);
        more_check("cos", g[0], mlpipe__cos(g[0]), g[2]);
        more_check("tan", g[0], mlpipe__tan(g[0]), g[3]);
    }
    for (size_t i = 0; i < sizeof golden_turn / sizeof golden_turn[0]; ++i) {
        const double *const g = golden_turn[i];
        more_check("sin_turn", g[0], mlpipe__sin_turn(g[0]), g[1]);
        more_check("cos_turn", g[0], mlpipe__cos_turn(g[0]), g[2]);
    }
}

/* ---- angles ------------------------------------------------------------- */

static void test_angles(void **state)
{
    (void)state;
    for (int k = -40; k <= 40; ++k) {
        static const double sines[] = {0.0, 1.0, 0.0, -1.0};
        assert_same(mlpipe__sin_turn(k * 0.25), sines[k & 3]);
        assert_same(mlpipe__cos_turn(k * 0.25), sines[(k + 1) & 3]);
    }
    assert_same(mlpipe__sin_turn(1e300), 0.0);
    assert_same(mlpipe__cos_turn(1e300), 1.0);
    assert_same(mlpipe__cos_turn(-0x1p53), 1.0);
    assert_same(mlpipe__sin_turn(0x1p50 + 0.25), 1.0);
    assert_same(mlpipe__sin_turn(0x1p-1074), 6 * 0x1p-1074);
    assert_same(mlpipe__sin_turn(HUGE_VAL), mlpipe__nan());
    assert_same(mlpipe__cos_turn(NAN), mlpipe__nan());
    assert_same(mlpipe__sin(-0.0), -0.0);
    assert_same(mlpipe__tan(-0.0), -0.0);
    assert_same(mlpipe__sin(0x1p-1074), 0x1p-1074);
    assert_same(mlpipe__cos(0.0), 1.0);
    assert_true(mlpipe__finite(mlpipe__sin(0x1p20)));
    assert_true(mlpipe__finite(mlpipe__tan(-0x1p20)));
    double (*const all[])(double) = {mlpipe__sin, mlpipe__cos, mlpipe__tan};
    for (size_t i = 0; i < 3; ++i) {
        assert_same(all[i](0x1.0000000000001p20), mlpipe__nan());
        assert_same(all[i](-HUGE_VAL), mlpipe__nan());
        assert_same(all[i](-NAN), mlpipe__nan());
    }
}

static void test_hypot(void **state)
{
    uint64_t seed = 5;
    double worst = 0.0;
    (void)state;
    for (uint32_t i = 0; i < MORE_INPUTS; ++i) {
        const double x = more_any(&seed);
        const double y = i & 1 ? x * more_uniform(&seed, -3.0, 3.0)
                               : more_any(&seed);
        const double u = more_ulps(mlpipe__hypot(x, y), hypotl(x, y));
        if (u > worst)
            worst = u;
        if (u > 1.0)
            fail_msg("hypot(%.17g, %.17g) is off by %g ulp", x, y, u);
    }
    print_message("# hypot: %.3f ulp\n", worst);
    assert_same(mlpipe__hypot(3.0, -4.0), 5.0);
    assert_same(mlpipe__hypot(0x3p900, 0x4p900), 0x5p900);
    assert_same(mlpipe__hypot(0x3p-1070, 0x4p-1070), 0x5p-1070);
    assert_same(mlpipe__hypot(-0.0, -0.0), 0.0);
    assert_same(mlpipe__hypot(NAN, -HUGE_VAL), HUGE_VAL);
    assert_same(mlpipe__hypot(1.0, NAN), mlpipe__nan());
    assert_same(mlpipe__hypot(DBL_MAX, DBL_MAX), HUGE_VAL);
}

/* ---- roundings ---------------------------------------------------------- */

static void more_check_whole(double x)
{
    assert_same(mlpipe__floor(x), floor(x));
    assert_same(mlpipe__ceil(x), ceil(x));
    assert_same(mlpipe__trunc(x), trunc(x));
    assert_same(mlpipe__round_even(x), rint(x));
}

static void test_whole(void **state)
{
    uint64_t seed = 6;
    (void)state;
    for (int i = -40; i <= 40; ++i)
        more_check_whole(i / 4.0);
    static const double some[] = {
        0.0, -0.0, 0x1p-1074, -0x1p-1074, 0x1p51 + 0.5, 0x1p51 - 0.5,
        0x1p52 - 0.5, -0x1p52 + 0.5, 0x1p52 + 1.0, 0x1p53, 0x1p63, -0x1p63,
        DBL_MAX, HUGE_VAL, -HUGE_VAL, 0.49999999999999994,
        -0.49999999999999994, 4503599627370495.5};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; ++i)
        more_check_whole(some[i]);
    for (uint32_t i = 0; i < 100000; ++i) {
        more_check_whole(more_any(&seed));
        more_check_whole(more_uniform(&seed, -1e6, 1e6));
        more_check_whole(ldexp(more_uniform(&seed, -1.0, 1.0), 54));
    }
    assert_same(mlpipe__floor(-NAN), mlpipe__nan());
    assert_same(mlpipe__ceil(-NAN), mlpipe__nan());
    assert_same(mlpipe__round_even(-NAN), mlpipe__nan());
}

static void test_round_digits(void **state)
{
    uint64_t seed = 8;
    (void)state;
    for (size_t i = 0; i < sizeof golden_round / sizeof golden_round[0];
         ++i) {
        const double *const g = golden_round[i];
        const double got = mlpipe__round_digits(g[0], (int32_t)g[1]);
        if (got != g[2])
            fail_msg("%.17g to %g places is %.17g, not %.17g", g[0], g[1],
                     got, g[2]);
    }
    assert_same(mlpipe__round_digits(2.675, 2), 2.67);
    assert_same(mlpipe__round_digits(0.125, 2), 0.12);
    assert_same(mlpipe__round_digits(0.375, 2), 0.38);
    assert_same(mlpipe__round_digits(-0.04, 1), -0.0);
    assert_same(mlpipe__round_digits(150.0, -2), 200.0);
    assert_same(mlpipe__round_digits(250.0, -2), 200.0);
    assert_same(mlpipe__round_digits(250.0 + 0x1p-45, -2), 300.0);
    assert_same(mlpipe__round_digits(-1e300, -15), -1e300);
    assert_same(mlpipe__round_digits(5e14, -15), 0.0);
    assert_same(mlpipe__round_digits(0x1p-1074, 15), 0.0);
    assert_same(mlpipe__round_digits(1.5, 99), 1.5);
    assert_same(mlpipe__round_digits(-0.0, 3), -0.0);
    assert_same(mlpipe__round_digits(-NAN, 3), mlpipe__nan());
    assert_same(mlpipe__round_digits(-HUGE_VAL, 3), -HUGE_VAL);
    /* The C library prints exactly, and reads back to the nearest. */
    for (uint32_t i = 0; i < 200000; ++i) {
        char text[800];
        const double x = i & 1 ? more_any(&seed)
            : ldexp(more_uniform(&seed, -1.0, 1.0), (int)(i % 80) - 20);
        const int digits = (int)(num_bits(&seed) % 16);
        snprintf(text, sizeof text, "%.*f", digits, x);
        assert_same(mlpipe__round_digits(x, digits), strtod(text, NULL));
    }
}

static void test_mod(void **state)
{
    uint64_t seed = 9;
    (void)state;
    for (uint32_t i = 0; i < 200000; ++i) {
        const double a = i & 1 ? more_any(&seed)
                               : more_uniform(&seed, -1000.0, 1000.0);
        const double b = i & 2 ? more_any(&seed)
                               : more_uniform(&seed, -10.0, 10.0);
        double want = fmod(a, b);
        want = want == 0.0 ? copysign(0.0, b)
            : (want < 0.0) != (b < 0.0) ? want + b : want;
        assert_same(mlpipe__mod_floor(a, b), want);
    }
    assert_same(mlpipe__mod_floor(7.0, 3.0), 1.0);
    assert_same(mlpipe__mod_floor(-7.0, 3.0), 2.0);
    assert_same(mlpipe__mod_floor(7.0, -3.0), -2.0);
    assert_same(mlpipe__mod_floor(-7.0, -3.0), -1.0);
    assert_same(mlpipe__mod_floor(6.0, -3.0), -0.0);
    assert_same(mlpipe__mod_floor(-6.0, 3.0), 0.0);
    assert_same(mlpipe__mod_floor(DBL_MAX, 0x1p-1074), 0.0);
    assert_same(mlpipe__mod_floor(5.0, HUGE_VAL), 5.0);
    assert_same(mlpipe__mod_floor(-5.0, HUGE_VAL), HUGE_VAL);
    assert_same(mlpipe__mod_floor(0.0, -HUGE_VAL), -0.0);
    assert_same(mlpipe__mod_floor(5.0, 0.0), mlpipe__nan());
    assert_same(mlpipe__mod_floor(HUGE_VAL, 2.0), mlpipe__nan());
    assert_same(mlpipe__mod_floor(-NAN, 2.0), mlpipe__nan());
    assert_same(mlpipe__mod_floor(2.0, -NAN), mlpipe__nan());
}

static void test_ends(void **state)
{
    (void)state;
    assert_same(mlpipe__log2(0.0), -HUGE_VAL);
    assert_same(mlpipe__log2(-1.0), mlpipe__nan());
    assert_same(mlpipe__log2(HUGE_VAL), HUGE_VAL);
    assert_same(mlpipe__log10(-0.0), -HUGE_VAL);
    assert_same(mlpipe__log10(-NAN), mlpipe__nan());
    assert_same(mlpipe__log10(1.0), 0.0);
    assert_same(mlpipe__log2(1.0), 0.0);
    assert_same(mlpipe__cbrt(-0.0), -0.0);
    assert_same(mlpipe__cbrt(-HUGE_VAL), -HUGE_VAL);
    assert_same(mlpipe__cbrt(-NAN), mlpipe__nan());
    assert_same(mlpipe__cbrt(0x1p-1074), 0x1p-358);
    assert_same(mlpipe__cbrt(-27.0), -3.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ulps),
        cmocka_unit_test(test_pow_ulps),
        cmocka_unit_test(test_pow_exact),
        cmocka_unit_test(test_pow_special),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_angles),
        cmocka_unit_test(test_hypot),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_round_digits),
        cmocka_unit_test(test_mod),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
