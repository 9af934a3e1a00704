/* SPDX-License-Identifier: MIT */
/*
 * Sine and its kin. The angle is brought to [-pi/4, pi/4] as the sum of two
 * doubles, so that it is good to the last bit also next to a multiple of
 * pi/2, where nearly all of the first double cancels.
 */
#include "num_internal.h"

#include "../base/dd_internal.h"
#include "math_more_table.h"

/* An angle of `quarters` quarter turns, modulo 4, and `rest` radians. */
typedef struct trig_angle {
    mlpipe__dd rest;
    uint32_t quarters;
} trig_angle;

/*
 * |x| <= 2^20: the number of quarter turns has 20 bits and the parts of pi/2
 * but the last have 33, so that the products are exact.
 */
static trig_angle trig_reduce(double x)
{
    const double shift = 0x1.8p52;
    const double k = (x * more_two_over_pi + shift) - shift;
    const double a = x - k * more_half_pi[0];
    const mlpipe__dd b = mlpipe__dd_sum(a, -k * more_half_pi[1]);
    const mlpipe__dd c = mlpipe__dd_sum(b.high, -k * more_half_pi[2]);
    const mlpipe__dd d = mlpipe__dd_sum(c.high, b.low);
    const double low = (c.low + d.low) - k * more_half_pi[3];
    trig_angle out;
    out.rest = mlpipe__dd_sum(d.high, low);
    out.quarters = (uint32_t)(int64_t)k & 3;
    return out;
}

/* t turns, of which whole ones do not matter; exact but for the factor. */
static trig_angle trig_reduce_turns(double t)
{
    trig_angle out = {{0.0, 0.0}, 0};
    if (mlpipe__f64_abs(t) >= 0x1p53)
        return out; /* whole turns */
    const double quarters = t * 4.0, k = mlpipe__round_even(quarters);
    const double rest = quarters - k;
    const mlpipe__dd p = mlpipe__dd_product(rest, more_half_pi_high);
    if (mlpipe__f64_abs(t) < 0x1p-600) /* where a rest cannot be had */
        out.rest.high = p.high;
    else
        out.rest = mlpipe__dd_fast(p.high,
                                   p.low + rest * more_half_pi_low);
    out.quarters = (uint32_t)((uint64_t)(int64_t)k & 3);
    return out;
}

/* Taylor's series to r^17; r^3 is kept in two, as its error would show. */
static mlpipe__dd trig_sin(mlpipe__dd r)
{
    const double x = r.high;
    const mlpipe__dd square = mlpipe__dd_product(x, x);
    const mlpipe__dd cube = mlpipe__dd_product(square.high, x);
    const double z = square.high;
    const double p = 1.0 / 120 + z * (-1.0 / 5040
        + z * (1.0 / 362880 + z * (-1.0 / 39916800
        + z * (1.0 / 6227020800.0 + z * (-1.0 / 1307674368000.0
        + z * (1.0 / 355687428096000.0))))));
    const double tail = (cube.low + square.low * x) * (-1.0 / 6)
        + cube.high * z * p + r.low * (1.0 - 0.5 * z);
    const mlpipe__dd head = mlpipe__dd_sum(x, cube.high * (-1.0 / 6));
    return mlpipe__dd_fast(head.high, head.low + tail);
}

/* To r^18; 1 - r^2/2 is exact in two doubles. */
static mlpipe__dd trig_cos(mlpipe__dd r)
{
    const double x = r.high;
    const mlpipe__dd square = mlpipe__dd_product(x, x);
    const double z = square.high;
    const double p = 1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320
        + z * (-1.0 / 3628800 + z * (1.0 / 479001600
        + z * (-1.0 / 87178291200.0 + z * (1.0 / 20922789888000.0
        + z * (-1.0 / 6402373705728000.0)))))));
    const mlpipe__dd head = mlpipe__dd_fast(1.0, -0.5 * z);
    const double tail = z * z * p - (0.5 * square.low + x * r.low);
    return mlpipe__dd_fast(head.high, head.low + tail);
}

/* The sine of an angle; a zero has no sign unless the angle is one. */
static double trig_sin_of(trig_angle a)
{
    const double v = a.quarters & 1 ? trig_cos(a.rest).high
                                    : trig_sin(a.rest).high;
    return a.quarters & 2 ? 0.0 - v : v;
}

static double trig_cos_of(trig_angle a)
{
    a.quarters = (a.quarters + 1) & 3;
    return trig_sin_of(a);
}

/* Within what the reduction covers; also not NaN. */
static bool trig_in_range(double x)
{
    return x >= -0x1p20 && x <= 0x1p20;
}

static bool trig_is_tiny(double x)
{
    return x > -0x1p-27 && x < 0x1p-27;
}

double mlpipe__sin(double x)
{
    if (!trig_in_range(x))
        return mlpipe__nan();
    if (trig_is_tiny(x))
        return x; /* also keeps -0 and subnormals */
    return trig_sin_of(trig_reduce(x));
}

double mlpipe__cos(double x)
{
    if (!trig_in_range(x))
        return mlpipe__nan();
    if (trig_is_tiny(x))
        return 1.0;
    return trig_cos_of(trig_reduce(x));
}

double mlpipe__tan(double x)
{
    if (!trig_in_range(x))
        return mlpipe__nan();
    if (trig_is_tiny(x))
        return x;
    const trig_angle a = trig_reduce(x);
    const mlpipe__dd s = trig_sin(a.rest), c = trig_cos(a.rest);
    if (a.quarters & 1)
        return -mlpipe__dd_quotient(c, s);
    return mlpipe__dd_quotient(s, c);
}

double mlpipe__sin_turn(double t)
{
    if (!mlpipe__finite(t))
        return mlpipe__nan();
    return trig_sin_of(trig_reduce_turns(t)) + 0.0;
}

double mlpipe__cos_turn(double t)
{
    if (!mlpipe__finite(t))
        return mlpipe__nan();
    return trig_cos_of(trig_reduce_turns(t)) + 0.0;
}
