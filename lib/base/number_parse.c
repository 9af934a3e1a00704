/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers, correctly rounded whatever the length: the method of
 * Eisel and Lemire ("Number parsing at a gigabyte per second", 2021) on the
 * first 19 digits, and an exact comparison of big integers where these do
 * not decide. Only integer arithmetic, so that the rounding mode of the host
 * does not matter.
 */
#include "base_internal.h"

#include "number_internal.h"
#include "powers.h"

enum {
    NUMBER_MAX_DIGITS = 768,  /* more than any halfway point between doubles */
    NUMBER_LIMBS = 96,        /* 6,144 bits; the largest product has 3,700 */
    NUMBER_INF = 0x7ff
};

/* The parts of a decimal number: sign, digits and place of the point. */
typedef struct number_scan {
    const char *digits, *end; /* all that count, with one '.' perhaps */
    uint64_t head;            /* the first 19 of them */
    uint32_t count;           /* how many, capped */
    int64_t exponent;         /* the value is about head 10^exponent */
    bool negative;
} number_scan;

/* A finite double or infinity in parts; the exponent is biased. */
typedef struct number_parts {
    uint64_t fraction; /* with the hidden bit */
    int32_t exponent;  /* biased, at least 1; below 2^52 it is denormal */
    bool certain;
} number_parts;

typedef struct number_big {
    uint64_t limb[NUMBER_LIMBS];
    uint32_t count;
} number_big;

const uint64_t *mlpipe__power_of_ten(int32_t q)
{
    return powers_of_ten[q - MLPIPE__POWER_FIRST];
}

static bool number_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- big integers ------------------------------------------------------- */

static void number_big_mul_add(number_big *b, uint64_t factor, uint64_t more)
{
    uint64_t carry = more, high;
    for (uint32_t i = 0; i < b->count; i++) {
        b->limb[i] = mlpipe__mul_wide(b->limb[i], factor, &high) + carry;
        carry = high + (b->limb[i] < carry);
    }
    if (carry && b->count < NUMBER_LIMBS)
        b->limb[b->count++] = carry;
}

static void number_big_mul_pow5(number_big *b, uint32_t power)
{
    static const uint64_t five_27 = UINT64_C(7450580596923828125);
    for (; power >= 27; power -= 27)
        number_big_mul_add(b, five_27, 0);
    uint64_t rest = 1;
    for (; power; power--)
        rest *= 5;
    number_big_mul_add(b, rest, 0);
}

static void number_big_shift(number_big *b, uint32_t bits)
{
    const uint32_t whole = bits / 64;
    if (!b->count || whole + b->count + 1 > NUMBER_LIMBS)
        return;
    number_big_mul_add(b, UINT64_C(1) << bits % 64, 0);
    memmove(b->limb + whole, b->limb, b->count * sizeof b->limb[0]);
    memset(b->limb, 0, whole * sizeof b->limb[0]);
    b->count += whole;
}

static int number_big_compare(const number_big *a, const number_big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/*
 * All significant digits as an integer; returns its decimal exponent. Behind
 * the 768th digit only "is there anything but zeros" can matter, and one more
 * digit 1 says so.
 */
static int64_t number_big_digits(const number_scan *s, number_big *b)
{
    uint32_t taken = 0, pending = 0;
    uint64_t chunk = 0, scale = 1;
    bool sticky = false;
    b->count = 0;
    for (const char *p = s->digits; p < s->end; p++) {
        if (*p == '.')
            continue;
        if (taken == NUMBER_MAX_DIGITS) {
            sticky = sticky || *p != '0';
            continue;
        }
        chunk = chunk * 10 + (uint64_t)(*p - '0');
        scale *= 10;
        taken++;
        if (++pending == 19) {
            number_big_mul_add(b, scale, chunk);
            chunk = 0;
            scale = 1;
            pending = 0;
        }
    }
    number_big_mul_add(b, scale, chunk);
    const int64_t head = s->count < 19 ? s->count : 19;
    int64_t exponent = s->exponent - ((int64_t)taken - head);
    if (sticky) {
        number_big_mul_add(b, 10, 1);
        exponent--;
    }
    return exponent;
}

/* Compares the number in s with (2 m + 1) 2^e, e the exponent of m less 1. */
static int number_compare_half(const number_scan *s, uint64_t m, int32_t e)
{
    number_big a, b = {{2 * m + 1}, 1};
    const int32_t ten = (int32_t)number_big_digits(s, &a);
    const int32_t two = ten - e; /* a 5^ten 2^two against b */
    if (ten >= 0)
        number_big_mul_pow5(&a, (uint32_t)ten);
    else
        number_big_mul_pow5(&b, (uint32_t)-ten);
    if (two >= 0)
        number_big_shift(&a, (uint32_t)two);
    else
        number_big_shift(&b, (uint32_t)-two);
    return number_big_compare(&a, &b);
}

/* ---- rounding ----------------------------------------------------------- */

static number_parts number_next(number_parts p)
{
    if (++p.fraction == UINT64_C(1) << 53) {
        p.fraction >>= 1;
        p.exponent++;
    }
    return p;
}

static number_parts number_previous(number_parts p)
{
    if (p.fraction == UINT64_C(1) << 52 && p.exponent > 1) {
        p.fraction <<= 1;
        p.exponent--;
    }
    p.fraction--;
    return p;
}

/*
 * The nearest double to s from a guess at most a few units off: step while s
 * lies beyond the point halfway to a neighbour.
 */
static number_parts number_settle(const number_scan *s, number_parts p)
{
    for (;;) {
        const int up = number_compare_half(s, p.fraction, p.exponent - 1076);
        if (up < 0 || (up == 0 && !(p.fraction & 1)))
            break;
        p = number_next(p);
        if (up == 0 || p.exponent >= NUMBER_INF)
            return p;
    }
    while (p.fraction) {
        const number_parts below = number_previous(p);
        const int down = number_compare_half(s, below.fraction,
                                             below.exponent - 1076);
        if (down > 0 || (down == 0 && !(p.fraction & 1)))
            break;
        p = below;
    }
    return p;
}

/* Eisel and Lemire: w * 10^q rounded to nearest; w is not 0. */
static number_parts number_approximate(uint64_t w, int64_t q)
{
    if (q < MLPIPE__POWER_FIRST)
        return (number_parts){0, 1, true};
    if (q > 308)
        return (number_parts){UINT64_C(1) << 52, NUMBER_INF, true};
    const int32_t zeros = __builtin_clzll(w);
    const uint64_t *power = mlpipe__power_of_ten((int32_t)q);
    const uint64_t power_low = power[1] + (q < 0 && q >= -27);
    w <<= zeros;
    uint64_t high, more = 0;
    uint64_t low = mlpipe__mul_wide(w, power[0], &high);
    if ((high & 0x1ff) == 0x1ff)
        (void)mlpipe__mul_wide(w, power_low, &more);
    low += more;
    high += low < more;
    const bool certain = low != UINT64_MAX || (q >= -27 && q <= 55);
    const int32_t top = (int32_t)(high >> 63);
    uint64_t m = high >> (top + 9); /* 53 bits and one for rounding */
    int32_t e = (int32_t)((217706 * q) >> 16) + 63 + top - zeros + 1023;
    if (e <= 0) {
        if (-e + 1 >= 64)
            return (number_parts){0, 1, certain};
        m >>= -e + 1;
        m = (m + (m & 1)) >> 1;
        return (number_parts){m, 1, certain};
    }
    if (low <= 1 && q >= -4 && q <= 23 && (m & 3) == 1
        && m << (top + 9) == high)
        m &= ~UINT64_C(1); /* exactly halfway: to even */
    m = (m + (m & 1)) >> 1;
    if (m == UINT64_C(1) << 53) {
        m >>= 1;
        e++;
    }
    return (number_parts){m, e < NUMBER_INF ? e : NUMBER_INF, certain};
}

static number_parts number_round(const number_scan *s)
{
    number_parts p = number_approximate(s->head, s->exponent);
    if (s->count > 19) {
        const number_parts q = number_approximate(s->head + 1, s->exponent);
        p.certain = p.certain && q.certain && p.fraction == q.fraction
                    && p.exponent == q.exponent;
    }
    if (p.certain)
        return p;
    if (p.exponent >= NUMBER_INF) {
        p.exponent = NUMBER_INF - 1; /* settle from the largest finite one */
        p.fraction = (UINT64_C(1) << 53) - 1;
    }
    return number_settle(s, p);
}

static double number_assemble(number_parts p, bool negative)
{
    uint64_t bits = p.fraction;
    if (p.exponent >= NUMBER_INF)
        bits = (uint64_t)NUMBER_INF << 52;
    else if (bits >> 52)
        bits += (uint64_t)(p.exponent - 1) << 52;
    bits |= (uint64_t)negative << 63;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- scanning ----------------------------------------------------------- */

/* The exponent behind 'e'; false where it is none. Capped, never overflows. */
static bool number_scan_exponent(const char *p, const char *end,
                                 int64_t *exponent)
{
    bool negative = false;
    int64_t value = 0;
    if (p < end && (*p == '+' || *p == '-'))
        negative = *p++ == '-';
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!number_is_digit(*p))
            return false;
        if (value < INT64_C(1) << 40)
            value = value * 10 + (*p - '0');
    }
    *exponent += negative ? -value : value;
    return true;
}

/*
 * The same digits again where there are more than 19: leading zeros are not
 * significant, and head takes the first 19 that are.
 */
static void number_scan_long(const char *p, number_scan *s)
{
    bool point = false;
    s->head = 0;
    s->count = 0;
    s->exponent = 0; /* of the value of head against its digits */
    for (; p < s->end; p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (s->count < 19) {
            s->head = s->head * 10 + (uint64_t)(*p - '0');
            s->exponent -= point;
            if (!s->head)
                continue;
            if (!s->count)
                s->digits = p;
        } else {
            s->exponent += !point;
        }
        if (s->count < UINT32_MAX)
            s->count++;
    }
}

/* Eight bytes that are digits, as a number; false where one is none. */
static bool number_eight(const char *p, uint64_t *value)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    if (((v & UINT64_C(0xf0f0f0f0f0f0f0f0))
         | ((v + UINT64_C(0x0606060606060606))
            & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)
        != UINT64_C(0x3333333333333333))
        return false;
    v -= UINT64_C(0x3030303030303030);
    v = v * 10 + (v >> 8); /* pairs, then fours, then all */
    *value = ((v & UINT64_C(0x000000ff000000ff))
                  * UINT64_C(0x000f424000000064)
              + (v >> 16 & UINT64_C(0x000000ff000000ff))
                    * UINT64_C(0x0000271000000001)) >> 32;
    return true;
}

/* Digits from p on, appended to *value, which may wrap; where they end. */
static const char *number_run(const char *p, const char *end,
                              uint64_t *value)
{
    uint64_t w = *value, eight;
    while (end - p >= 8 && number_eight(p, &eight)) {
        w = w * 100000000 + eight;
        p += 8;
    }
    for (; p < end && number_is_digit(*p); p++)
        w = w * 10 + (uint64_t)(*p - '0');
    *value = w;
    return p;
}

/* [+-]digits[.digits][e[+-]digits], at least one digit. */
static bool number_scan_text(const char *p, const char *end, number_scan *s)
{
    int64_t digits, fraction = 0;
    s->negative = false;
    s->head = 0;
    if (p < end && (*p == '+' || *p == '-'))
        s->negative = *p++ == '-';
    const char *start = p;
    p = number_run(p, end, &s->head);
    digits = p - start;
    if (p < end && *p == '.') {
        const char *point = p++;
        p = number_run(p, end, &s->head);
        fraction = p - point - 1;
        digits += fraction;
    }
    if (!digits)
        return false;
    s->digits = start;
    s->end = p;
    s->count = (uint32_t)digits;
    s->exponent = -fraction;
    if (digits > 19)
        number_scan_long(start, s);
    if (p < end && (*p == 'e' || *p == 'E'))
        return number_scan_exponent(p + 1, end, &s->exponent);
    return p == end;
}

static bool number_is_word(const char *s, size_t n, const char *word)
{
    if (n != strlen(word))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((s[i] | 0x20) != word[i])
            return false;
    return true;
}

static bool number_parse_word(const char *s, size_t n, double *out)
{
    uint64_t bits = UINT64_C(0x7ff) << 52;
    if (n && (*s == '+' || *s == '-')) {
        bits |= (uint64_t)(*s == '-') << 63;
        s++;
        n--;
    }
    if (number_is_word(s, n, "nan"))
        bits = UINT64_C(0x7ff8) << 48; /* the canonical one */
    else if (!number_is_word(s, n, "inf") && !number_is_word(s, n, "infinity"))
        return false;
    memcpy(out, &bits, sizeof bits);
    return true;
}

bool mlpipe__parse_f64(const char *s, size_t n, bool words, double *out)
{
    number_scan scan;
    if (!n)
        return false; /* s may be NULL */
    if (!number_scan_text(s, s + n, &scan))
        return words && number_parse_word(s, n, out);
    if (!scan.exponent && scan.count <= 19 && !(scan.head >> 53)) {
        const double x = (double)scan.head; /* an exact integer */
        *out = scan.negative ? -x : x;
        return true;
    }
    number_parts p = {0, 1, true};
    if (scan.head)
        p = number_round(&scan);
    *out = number_assemble(p, scan.negative);
    return true;
}

bool mlpipe__parse_i64(const char *s, size_t n, int64_t *out)
{
    size_t i = 0;
    bool negative = false;
    uint64_t value = 0;
    if (n && (s[0] == '+' || s[0] == '-'))
        negative = s[i++] == '-';
    if (i == n)
        return false;
    for (; i < n && i < 18; i++) { /* so many always fit */
        if (!number_is_digit(s[i]))
            return false;
        value = value * 10 + (uint64_t)(s[i] - '0');
    }
    for (; i < n; i++) {
        if (!number_is_digit(s[i])
            || __builtin_mul_overflow(value, (uint64_t)10, &value)
            || __builtin_add_overflow(value, (uint64_t)(s[i] - '0'), &value))
            return false;
    }
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}
