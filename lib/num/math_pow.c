/* SPDX-License-Identifier: MIT */
/*
 * Powers, roots and logarithms to other bases. The logarithm is kept in two
 * doubles with an error of about 2^-67 of its value: a power multiplies that
 * error by up to 745, and it still hides behind the last rounding.
 */
#include "num_internal.h"

#include "../base/dd_internal.h"
#include "math_more_table.h"
#include "math_table.h"

/*
 * x = m 2^k with m within a factor of sqrt(2) of 1, and the place of m in the
 * table: 128 ranges of which the one around 1 has 1 in its middle.
 */
static double pow_split(double x, int64_t *k, uint32_t *place)
{
    const uint64_t start = UINT64_C(0x3fe69) << 44;
    int64_t scaled = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        scaled = 54;
    }
    const uint64_t bits = mlpipe__f64_bits(x);
    const uint64_t beyond = bits - start;
    *k = ((int64_t)beyond >> 52);
    *place = (uint32_t)(beyond >> 45) & 127;
    const double m = mlpipe__f64_of(bits - ((uint64_t)*k << 52));
    *k -= scaled;
    return m;
}

/*
 * log(m) + k ln 2. r = m c - 1 is exact in two doubles, c being about 1/m, and
 * log(m) = -log(c) + log(1 + r), |r| < 2^-7.9. Around 1, c is 1 and -log(c)
 * nothing, so that the error stays small beside the result.
 */
static mlpipe__dd pow_log(double m, int64_t k, uint32_t place)
{
    const mlpipe__dd p = mlpipe__dd_product(m, more_log_scale[place]);
    const double rh = p.high - 1.0, rl = p.low, r = rh + rl;
    /* r^3 (1/3 - r/4 + ... + r^6/9) */
    const double r2 = r * r;
    const double cubic = r * r2
        * ((1.0 / 3 - r * (1.0 / 4)) + r2 * ((1.0 / 5 - r * (1.0 / 6))
        + r2 * ((1.0 / 7 - r * (1.0 / 8)) + r2 * (1.0 / 9))));
    const mlpipe__dd square = mlpipe__dd_product(rh, 0.5 * rh);
    const mlpipe__dd a = mlpipe__dd_sum((double)k * more_ln2_high,
                                        more_log_high[place]);
    const mlpipe__dd b = mlpipe__dd_sum(a.high, rh);
    const mlpipe__dd c = mlpipe__dd_sum(b.high, -square.high);
    const mlpipe__dd d = mlpipe__dd_sum(c.high, cubic);
    const double low = (a.low + b.low) + (c.low + d.low)
        + ((double)k * more_ln2_low + more_log_low[place])
        + (rl - (square.low + rh * rl));
    return mlpipe__dd_fast(d.high, low);
}

/* exp(high + low) rounded; |low| is far below |high|. See math.c for exp. */
static double pow_exp(double high, double low)
{
    const double shift = 0x1.8p52;
    if (high > 709.79)
        return mlpipe__inf();
    if (high < -745.14)
        return 0.0;
    const double steps = high * math_steps + shift;
    const double k = steps - shift;
    const int64_t ki = (int64_t)k, j = ki & 63;
    const double r = ((high - k * math_step_hi) - k * math_step_lo) + low;
    const double r2 = r * r;
    const double tail = r2 * (0.5 + r * (1.0 / 6))
                      + r2 * r2 * (1.0 / 24 + r * (1.0 / 120)
                                   + r2 * (1.0 / 720));
    const double rest = math_power_lo[j] + math_power_hi[j] * (r + tail);
    const int64_t power = (ki - j) / 64, half = power / 2;
    return (math_power_hi[j] + rest) * mlpipe__f64_power(half)
        * mlpipe__f64_power(power - half);
}

/* 0: no integer, 1: odd, 2: even. */
static int32_t pow_integer(double y)
{
    const double a = mlpipe__f64_abs(y);
    if (a >= 0x1p53)
        return 2;
    const int64_t i = (int64_t)a;
    if ((double)i != a)
        return 0;
    return i & 1 ? 1 : 2;
}

/* |x|^y where x or y is 0 or infinite, and y is not 0. */
static double pow_extreme(double a, double y)
{
    const bool up = y > 0.0;
    if (mlpipe__finite(y))
        return (a == 0.0) == up ? 0.0 : mlpipe__inf();
    if (a == 1.0)
        return 1.0;
    return (a > 1.0) == up ? mlpipe__inf() : 0.0;
}

static double pow_positive(double x, double y)
{
    /* |log x| is 0, or from 2^-53 to 745: the ends decide themselves. */
    if (x == 1.0 || mlpipe__f64_abs(y) < 0x1p-66)
        return 1.0;
    if (mlpipe__f64_abs(y) > 0x1p64)
        return (x > 1.0) == (y > 0.0) ? mlpipe__inf() : 0.0;
    int64_t k;
    uint32_t place;
    const double m = pow_split(x, &k, &place);
    const mlpipe__dd l = pow_log(m, k, place);
    const mlpipe__dd p = mlpipe__dd_product(y, l.high);
    const mlpipe__dd e = mlpipe__dd_fast(p.high, p.low + y * l.low);
    return pow_exp(e.high, e.low);
}

double mlpipe__pow(double x, double y)
{
    if (y == 0.0 || x == 1.0)
        return 1.0;
    if (x != x || y != y)
        return mlpipe__nan();
    const bool negative = mlpipe__f64_bits(x) >> 63;
    const double a = mlpipe__f64_abs(x);
    const int32_t kind = negative ? pow_integer(y) : 2;
    double r;
    if (a == 0.0 || !mlpipe__finite(a) || !mlpipe__finite(y))
        r = pow_extreme(a, y);
    else if (!kind)
        return mlpipe__nan();
    else
        r = pow_positive(a, y);
    return kind == 1 ? -r : r;
}

/* The values of a logarithm where it has no digits to compute. */
static bool pow_log_special(double x, double *out)
{
    if (!(x >= 0.0))
        *out = mlpipe__nan();
    else if (x == 0.0)
        *out = -mlpipe__inf();
    else if (!mlpipe__finite(x))
        *out = x;
    else
        return false;
    return true;
}

static mlpipe__dd pow_scale(mlpipe__dd l, double high, double low)
{
    const mlpipe__dd p = mlpipe__dd_product(l.high, high);
    return mlpipe__dd_fast(p.high, p.low + (l.high * low + l.low * high));
}

double mlpipe__log2(double x)
{
    double out;
    int64_t k;
    uint32_t place;
    if (pow_log_special(x, &out))
        return out;
    const double m = pow_split(x, &k, &place);
    const mlpipe__dd l = pow_scale(pow_log(m, 0, place), more_log2e_high,
                                   more_log2e_low);
    const mlpipe__dd s = mlpipe__dd_sum((double)k, l.high);
    return s.high + (s.low + l.low);
}

double mlpipe__log10(double x)
{
    double out;
    int64_t k;
    uint32_t place;
    if (pow_log_special(x, &out))
        return out;
    const double m = pow_split(x, &k, &place);
    return pow_scale(pow_log(m, k, place), more_log10e_high,
                     more_log10e_low).high;
}

double mlpipe__cbrt(double x)
{
    if (x != x)
        return mlpipe__nan();
    if (x == 0.0 || !mlpipe__finite(x))
        return x;
    double a = mlpipe__f64_abs(x);
    int64_t e = 0;
    if (a < 0x1p-1022) {
        a *= 0x1p54;
        e = -54;
    }
    /* a = m 8^third with m in [1, 8). */
    e += (int64_t)(mlpipe__f64_bits(a) >> 52) - 1023;
    const int64_t third = (e + 3000) / 3 - 1000;
    const double m = mlpipe__f64_of(
        (mlpipe__f64_bits(a) & (UINT64_MAX >> 12))
        | (uint64_t)(e - 3 * third + 1023) << 52);
    /* A third of the exponent and mantissa, then Halley's iteration. */
    double t = mlpipe__f64_of(mlpipe__f64_bits(m) / 3
                              + (UINT64_C(0x2a9f7893) << 32));
    for (int32_t i = 0; i < 3; i++) {
        const double cube = t * t * t;
        t = t * (cube + 2.0 * m) / (2.0 * cube + m);
    }
    /* One step of Newton's with the exact rest. */
    const mlpipe__dd square = mlpipe__dd_product(t, t);
    const mlpipe__dd cube = mlpipe__dd_product(square.high, t);
    const double rest = (m - cube.high) - (cube.low + square.low * t);
    t = t + rest / (3.0 * square.high);
    return mlpipe__f64_sign(t * mlpipe__f64_power(third), x);
}

double mlpipe__hypot(double x, double y)
{
    double a = mlpipe__f64_abs(x), b = mlpipe__f64_abs(y);
    const double inf = mlpipe__inf();
    if (a == inf || b == inf)
        return inf;
    if (a != a || b != b)
        return mlpipe__nan();
    if (a < b) {
        const double swap = a;
        a = b;
        b = swap;
    }
    if (b == 0.0 || b < a * 0x1p-60)
        return a;
    /* Into the middle of the range, where squares are exact in two. */
    double back = 1.0;
    if (a > 0x1p400) {
        a *= 0x1p-700;
        b *= 0x1p-700;
        back = 0x1p700;
    } else if (b < 0x1p-400) {
        a *= 0x1p700;
        b *= 0x1p700;
        back = 0x1p-700;
    }
    const mlpipe__dd aa = mlpipe__dd_product(a, a);
    const mlpipe__dd bb = mlpipe__dd_product(b, b);
    const mlpipe__dd sum = mlpipe__dd_fast(aa.high, bb.high);
    const double low = sum.low + (aa.low + bb.low);
    const double h = mlpipe__sqrt(sum.high);
    const mlpipe__dd hh = mlpipe__dd_product(h, h);
    const double rest = ((sum.high - hh.high) - hh.low) + low;
    return (h + rest / (2.0 * h)) * back;
}
