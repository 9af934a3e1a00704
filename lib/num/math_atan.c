/* SPDX-License-Identifier: MIT */
/*
 * The angle of a slope. x is brought next to a multiple of 1/8, whose angle is
 * known to twice the precision: what is left is below 1/16, where the series
 * of x^17 ends below the last bit.
 */
#include "num_internal.h"

#include "../base/dd_internal.h"

/* The angles of 0/8 .. 8/8, and what these doubles leave over. */
static const double atan_eighth[9][2] = {
    {0x0.0p+0, 0x0.0p+0},
    {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
    {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
    {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
    {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
    {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
    {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
    {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
    {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
};
static const double atan_half_pi[2] = {0x1.921fb54442d18p+0,
                                       0x1.1a62633145c07p-54};

/* Of x and a trifle, 0 .. 1: the sum of what is returned and *rest. */
static double atan_low(double x, double trifle, double *rest)
{
    const uint32_t k = (uint32_t)(x * 8.0 + 0.5);
    const double near = (double)k / 8.0, top = x - near;
    const mlpipe__dd p = mlpipe__dd_product(x, near);
    const mlpipe__dd below = mlpipe__dd_sum(1.0, p.high);
    const double t = top / below.high;
    const mlpipe__dd back = mlpipe__dd_product(t, below.high);
    const double t_low = ((top - back.high) - back.low
                          - t * (below.low + p.low)) / below.high
        + trifle / (1.0 + x * x);
    const double s = t * t;
    double sum = 1.0 / 17;

    for (uint32_t i = 15; i >= 3; i -= 2)
        sum = 1.0 / i - s * sum;
    const mlpipe__dd whole = mlpipe__dd_sum(atan_eighth[k][0], t);
    *rest = whole.low + (atan_eighth[k][1] + (t_low - t * s * sum));
    return whole.high;
}

double mlpipe__atan(double x)
{
    const double size = x < 0.0 ? -x : x;
    double rest, angle;

    if (x != x)
        return mlpipe__nan();
    if (size < 0x1p-28)
        return x; /* the cube is below half of the last bit */
    if (size <= 1.0) {
        angle = atan_low(size, 0.0, &rest);
        angle += rest;
    } else if (size < 0x1p60) {
        const double y = 1.0 / size;
        const mlpipe__dd back = mlpipe__dd_product(y, size);
        angle = atan_low(y, ((1.0 - back.high) - back.low) / size, &rest);
        const mlpipe__dd left = mlpipe__dd_sum(atan_half_pi[0], -angle);
        angle = left.high + (left.low + (atan_half_pi[1] - rest));
    } else {
        angle = atan_half_pi[0];
    }
    return x < 0.0 ? -angle : angle;
}
