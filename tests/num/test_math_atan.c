/* SPDX-License-Identifier: MIT */
/* The angle of a slope: below 1 ulp of the long double's, and its ends. */
#include <math.h>

#include "num/num_internal.h"
#include "support.h"

static void is_below_one_ulp(void **state)
{
    double worst = 0;
    (void)state;
    for (uint32_t i = 0; i < 400000; i++) {
        const double u = mlpipe__random_unit(1, MLPIPE__FOR_TEST, 0, i, 0);
        const double x = i % 2 ? 4 * u - 2 : ldexp(1 + u, (int)(i % 120) - 60);
        const long double exact = atanl((long double)x);
        const double near = (double)exact;
        const double ulp = nextafter(fabs(near), INFINITY) - fabs(near);
        const double off = (double)fabsl((long double)mlpipe__atan(x) - exact)
            / ulp;
        if (off > worst)
            worst = off;
    }
    assert_true(worst < 1.0);
}

static void ends_are_right(void **state)
{
    (void)state;
    assert_same(mlpipe__atan(INFINITY), 0x1.921fb54442d18p+0);
    assert_same(mlpipe__atan(-INFINITY), -0x1.921fb54442d18p+0);
    assert_same(mlpipe__atan(1.0), 0x1.921fb54442d18p-1);
    assert_same(mlpipe__atan(0.0), 0.0);
    assert_same(mlpipe__atan(-0.0), -0.0);
    assert_same(mlpipe__atan(1e-300), 1e-300);
    assert_true(isnan(mlpipe__atan(NAN)));
    for (double x = 0.0; x < 3.0; x += 0x1p-10)
        assert_true(mlpipe__atan(x + 0x1p-10) > mlpipe__atan(x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_below_one_ulp),
        cmocka_unit_test(ends_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
