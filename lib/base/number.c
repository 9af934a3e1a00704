/* SPDX-License-Identifier: MIT */
/*
 * Numbers to text: integers, and the shortest decimal that reads back as the
 * same double (Schubfach, R. Giulietti, "The Schubfach way to render
 * doubles", 2021). The look follows Python's repr without its ".0": a plain
 * number from 1e-4 up to below 1e16, else one with an exponent.
 */
#include "base_internal.h"

#include "number_internal.h"

typedef struct number_decimal {
    uint64_t digits;
    int32_t exponent; /* the value is digits * 10^exponent */
} number_decimal;

static size_t number_print_u64(uint64_t x, char *out)
{
    char reversed[20];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + x % 10);
        x /= 10;
    } while (x);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

size_t mlpipe__print_i64(int64_t x, char out[MLPIPE__NUMBER_BYTES])
{
    size_t n = 0;
    uint64_t magnitude = (uint64_t)x;
    if (x < 0) {
        out[n++] = '-';
        magnitude = 0 - magnitude;
    }
    n += number_print_u64(magnitude, out + n);
    out[n] = '\0';
    return n;
}

/* floor(g * x / 2^128), with the last bit set where it was not exact. */
static uint64_t number_round_to_odd(uint64_t high, uint64_t low, uint64_t x)
{
    uint64_t carry, top;
    (void)mlpipe__mul_wide(low, x, &carry);
    const uint64_t bottom = mlpipe__mul_wide(high, x, &top) + carry;
    top += bottom < carry;
    return top | (bottom > 1);
}

/*
 * Among the decimals of k and k + 1 that lie inside the rounding interval of
 * c * 2^q, the one with fewest digits, and of those the closest.
 */
static number_decimal number_shortest(uint64_t c, int32_t q, bool closer)
{
    const uint64_t odd = c & 1; /* an even c owns its interval's ends */
    const int32_t k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    const int32_t h = q + ((-k * 1741647) >> 19) + 1;
    const uint64_t *g = mlpipe__power_of_ten(-k);
    const uint64_t low = g[1] + (-k < 0 || -k > 55); /* rounded up */
    const uint64_t high = g[0] + (low < g[1]);
    const uint64_t vb = number_round_to_odd(high, low, (4 * c) << h);
    const uint64_t lower =
        number_round_to_odd(high, low, (4 * c - 2 + closer) << h) + odd;
    const uint64_t upper =
        number_round_to_odd(high, low, (4 * c + 2) << h) - odd;
    const uint64_t s = vb / 4;
    if (s >= 10) {
        const uint64_t t = s / 10;
        const bool down = lower <= 40 * t, up = 40 * t + 40 <= upper;
        if (down != up)
            return (number_decimal){t + up, k + 1};
    }
    const bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up)
        return (number_decimal){s + up, k};
    const uint64_t middle = 4 * s + 2;
    return (number_decimal){
        s + (vb > middle || (vb == middle && (s & 1))), k};
}

static number_decimal number_decimal_of(uint64_t fraction, int32_t biased)
{
    number_decimal d;
    const uint64_t c = biased ? fraction | (UINT64_C(1) << 52) : fraction;
    const int32_t q = (biased ? biased : 1) - 1075;
    if (q <= 0 && q > -53 && !(c & ((UINT64_C(1) << -q) - 1)))
        d = (number_decimal){c >> -q, 0}; /* an integer below 2^53 */
    else
        d = number_shortest(c, q, fraction == 0 && biased > 1);
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

static size_t number_exponent(int32_t exponent, char *out)
{
    size_t n = 0;
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    const uint64_t e = (uint64_t)(exponent < 0 ? -exponent : exponent);
    if (e < 10)
        out[n++] = '0';
    return n + number_print_u64(e, out + n);
}

static size_t number_layout(number_decimal d, char *out)
{
    char digits[20];
    const int32_t count = (int32_t)number_print_u64(d.digits, digits);
    const int32_t point = count + d.exponent; /* digits before the point */
    size_t n = 0;
    if (point < -3 || point > 16) {
        out[n++] = digits[0];
        if (count > 1) {
            out[n++] = '.';
            memcpy(out + n, digits + 1, (size_t)count - 1);
            n += (size_t)count - 1;
        }
        return n + number_exponent(point - 1, out + n);
    }
    if (point <= 0) {
        out[n++] = '0';
        out[n++] = '.';
        for (int32_t i = point; i < 0; i++)
            out[n++] = '0';
    }
    for (int32_t i = 0; i < count || i < point; i++) {
        if (i == point && i > 0)
            out[n++] = '.';
        out[n++] = i < count ? digits[i] : '0';
    }
    return n;
}

size_t mlpipe__print_f64(double x, char out[MLPIPE__NUMBER_BYTES])
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int32_t biased = (int32_t)(bits >> 52 & 0x7ff);
    size_t n = 0;
    if (bits >> 63 && !(biased == 0x7ff && fraction))
        out[n++] = '-';
    if (biased == 0x7ff) {
        memcpy(out + n, fraction ? "nan" : "inf", 3);
        n += 3;
    } else if (!biased && !fraction) {
        out[n++] = '0';
    } else {
        n += number_layout(number_decimal_of(fraction, biased), out + n);
    }
    out[n] = '\0';
    return n;
}
