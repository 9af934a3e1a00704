/* SPDX-License-Identifier: MIT */
/*
 * Whole numbers, decimal places and remainders. All of it on integers, so
 * that nothing depends on the rounding mode.
 */
#include "num_internal.h"

#include "../base/dd_internal.h"
#include "../base/number_internal.h"

double mlpipe__trunc(double x)
{
    if (x != x)
        return mlpipe__nan();
    if (mlpipe__f64_abs(x) >= 0x1p52)
        return x;
    return mlpipe__f64_sign((double)(int64_t)x, x);
}

double mlpipe__floor(double x)
{
    const double t = mlpipe__trunc(x);
    return t > x ? t - 1.0 : t;
}

double mlpipe__ceil(double x)
{
    const double t = mlpipe__trunc(x);
    return t < x ? mlpipe__f64_sign(t + 1.0, x) : t;
}

double mlpipe__round_even(double x)
{
    const double t = mlpipe__trunc(x);
    if (mlpipe__f64_abs(x) >= 0x1p52 || t != t)
        return t;
    const double rest = mlpipe__f64_abs(x - t); /* exact */
    const bool odd = (int64_t)t & 1;
    if (rest > 0.5 || (rest == 0.5 && odd))
        return mlpipe__f64_sign(mlpipe__f64_abs(t) + 1.0, x);
    return t;
}

/* |x| = mantissa 2^exponent with a mantissa below 2^53; x is finite. */
static uint64_t round_parts(double x, int32_t *exponent)
{
    const uint64_t bits = mlpipe__f64_bits(x);
    const int32_t biased = (int32_t)(bits >> 52 & 0x7ff);
    const uint64_t fraction = bits & (UINT64_MAX >> 12);
    *exponent = (biased ? biased : 1) - 1075;
    return biased ? fraction | UINT64_C(1) << 52 : fraction;
}

static uint64_t round_ten(int32_t power)
{
    uint64_t p = 1;
    for (; power; power--)
        p *= 10;
    return p;
}

/* high:low / 2^shift to an integer, halves to even; it fits into 64 bits. */
static uint64_t round_shifted(uint64_t high, uint64_t low, int32_t shift)
{
    uint64_t whole, rest_high, rest_low, half_high, half_low;
    if (shift > 127)
        return 0; /* the value has 103 bits at most */
    if (shift >= 64) {
        const int32_t s = shift - 64;
        whole = high >> s;
        rest_high = s ? high << (64 - s) >> (64 - s) : 0;
        rest_low = low;
        half_high = s ? UINT64_C(1) << (s - 1) : 0;
        half_low = s ? 0 : UINT64_C(1) << 63;
    } else {
        whole = high << (64 - shift) | low >> shift;
        rest_high = half_high = 0;
        rest_low = low << (64 - shift) >> (64 - shift);
        half_low = UINT64_C(1) << (shift - 1);
    }
    const bool above = rest_high != half_high ? rest_high > half_high
                                              : rest_low > half_low;
    const bool tie = rest_high == half_high && rest_low == half_low;
    return whole + (above || (tie && (whole & 1)));
}

/* |x| 10^digits to an integer. */
static uint64_t round_places(uint64_t m, int32_t exponent, int32_t digits)
{
    uint64_t high;
    const uint64_t low = mlpipe__mul_wide(m, round_ten(digits), &high);
    return round_shifted(high, low, -exponent);
}

/* |x| / ten to an integer, ten being a power of 10 from 10 on. */
static uint64_t round_tens(uint64_t m, int32_t exponent, uint64_t ten)
{
    uint64_t q, rest;
    bool more = false; /* a fraction behind the rest */
    if (exponent < 0) {
        const uint64_t whole = exponent > -64 ? m >> -exponent : 0;
        more = exponent <= -64 ? m != 0 : whole << -exponent != m;
        m = whole;
        exponent = 0;
    }
    q = m / ten;
    rest = m % ten;
    for (; exponent; exponent--) {
        q *= 2;
        rest *= 2;
        if (rest >= ten) {
            rest -= ten;
            q++;
        }
    }
    const uint64_t half = ten / 2;
    return q + (rest > half || (rest == half && (more || (q & 1))));
}

/* Whether the step 10^-digits is at most half the distance of neighbours of
 * m 2^exponent: no rounding to such steps changes the number. */
static bool round_is_fine(int32_t exponent, int32_t digits)
{
    if (digits >= 0)
        return exponent >= 0
            || (exponent > -60
                && round_ten(digits) >= UINT64_C(1) << (1 - exponent));
    return exponent > 60
        || (exponent > 0
            && round_ten(-digits) <= UINT64_C(1) << (exponent - 1));
}

double mlpipe__round_digits(double x, int32_t digits)
{
    int32_t exponent;
    double out = 0.0;
    char text[64];
    if (x != x)
        return mlpipe__nan();
    if (!mlpipe__finite(x))
        return x;
    digits = digits > 15 ? 15 : digits < -15 ? -15 : digits;
    const uint64_t m = round_parts(x, &exponent);
    if (!m || round_is_fine(exponent, digits))
        return x;
    const uint64_t n = digits >= 0
        ? round_places(m, exponent, digits)
        : round_tens(m, exponent, round_ten(-digits));
    /* n / 10^digits to the nearest double: what reading a number does. */
    const size_t bytes = mlpipe__format(text, sizeof text, "%llue%d",
                                        (unsigned long long)n, -digits);
    (void)mlpipe__parse_f64(text, bytes, false, &out);
    return mlpipe__f64_sign(out, x);
}

/* |a| modulo |b|, exact; both finite, b not 0. */
static double round_remainder(double a, double b)
{
    int32_t ea, eb;
    a = mlpipe__f64_abs(a);
    b = mlpipe__f64_abs(b);
    if (a < b)
        return a;
    const uint64_t ma = round_parts(a, &ea), mb = round_parts(b, &eb);
    uint64_t rest = ma % mb;
    for (int32_t left = ea - eb; left > 0 && rest; left -= 11)
        rest = (rest << (left < 11 ? left : 11)) % mb;
    const int32_t half = eb / 2;
    return (double)rest * mlpipe__f64_power(half)
        * mlpipe__f64_power(eb - half);
}

double mlpipe__mod_floor(double a, double b)
{
    if (!mlpipe__finite(a) || b != b || b == 0.0)
        return mlpipe__nan();
    const bool apart = (mlpipe__f64_bits(a) ^ mlpipe__f64_bits(b)) >> 63;
    if (!mlpipe__finite(b))
        return !apart || a == 0.0 ? mlpipe__f64_sign(a, b) : b;
    const double rest = round_remainder(a, b);
    if (rest != 0.0 && apart)
        return mlpipe__f64_sign(mlpipe__f64_abs(b) - rest, b);
    return mlpipe__f64_sign(rest, b);
}
