/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write them. What is not surely a number is none: a group
 * of other than three digits may be a decimal comma, "3.5k" a size or a
 * version, three letters a code. The digits alone then go through the exact
 * reading of numbers.
 */
#include "base_internal.h"

enum { HUMAN_BYTES = 256 }; /* of the digits; longer ones are no number */

typedef struct human_text {
    const char *at, *end;
    bool minus, sign, money, percent;
} human_text;

static const char *const human_signs[] = {
    "$", "US$", "\xc2\xa3", "\xc2\xa5", "\xe2\x82\xac", /* pound yen euro */
    "\xe2\x82\xb9", "\xe2\x82\xbd", "\xe2\x82\xa9",     /* rupee ruble won */
    "\xe2\x82\xba", "\xe2\x82\xb4", "\xe2\x82\xaa", /* lira hryvnia sheqel */
    "\xe2\x82\xab", "\xe2\x82\xa6", "\xe2\x82\xb1",     /* dong naira peso */
    "\xe0\xb8\xbf"                                      /* baht */
};

static const char human_codes[] =
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR "
    "ILS INR ISK JPY KRW MXN MYR NGN NOK NZD PEN PHP PKR PLN RON RSD RUB SAR "
    "SEK SGD THB TRY TWD UAH USD VND ZAR ";

static bool human_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the space at p: a blank, tab, or one of the fixed ones. */
static size_t human_space(const char *p, const char *end)
{
    const size_t n = (size_t)(end - p);
    if (n && (*p == ' ' || *p == '\t'))
        return 1;
    if (n >= 2 && !memcmp(p, "\xc2\xa0", 2))
        return 2;
    if (n >= 3 && (!memcmp(p, "\xe2\x80\xaf", 3)
                   || !memcmp(p, "\xe2\x80\x89", 3)))
        return 3;
    return 0;
}

static void human_trim(human_text *t)
{
    for (size_t n; (n = human_space(t->at, t->end)) != 0;)
        t->at += n;
    for (bool more = true; more;) {
        more = false;
        for (size_t n = 1; n <= 3 && !more; n++)
            if (t->end - t->at >= (ptrdiff_t)n
                && human_space(t->end - n, t->end) == n) {
                t->end -= n;
                more = true;
            }
    }
}

/* Bytes of a currency at p; 0 where there is none. */
static size_t human_money(const char *p, size_t n)
{
    size_t best = 0;
    if (n && (unsigned char)*p < 0x80 && *p != '$' && (*p < 'A' || *p > 'Z'))
        return 0; /* no currency starts so */
    for (size_t i = 0; i < sizeof human_signs / sizeof human_signs[0]; i++) {
        const size_t m = strlen(human_signs[i]);
        if (m <= n && m > best && !memcmp(p, human_signs[i], m))
            best = m;
    }
    if (best || n < 3)
        return best;
    for (const char *code = human_codes; *code; code += 4)
        if (!memcmp(p, code, 3))
            return 3;
    return 0;
}

static bool human_take(human_text *t, const char *what)
{
    const size_t n = strlen(what);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, what, n))
        return false;
    t->at += n;
    return true;
}

/* Signs and currency in front, in any order, each once. */
static void human_front(human_text *t)
{
    for (bool more = true; more;) {
        more = false;
        human_trim(t);
        const size_t n = t->money ? 0
            : human_money(t->at, (size_t)(t->end - t->at));
        if (n) {
            t->at += n;
            t->money = more = true;
        } else if (!t->sign) {
            t->minus = human_take(t, "-") || human_take(t, "\xe2\x88\x92");
            t->sign = more = t->minus || human_take(t, "+");
        }
    }
}

/* A percent sign or a currency behind the number. */
static void human_back(human_text *t)
{
    human_trim(t);
    const size_t n = (size_t)(t->end - t->at);
    if (n && !t->money && !t->percent && t->end[-1] == '%') {
        t->percent = true;
        t->end--;
    }
    for (size_t m = 1; m <= 3 && m < n && !t->money && !t->percent; m++)
        if (human_money(t->end - m, m) == m) {
            t->end -= m;
            t->money = true;
        }
    human_trim(t);
}

/* Parentheses around it: the bookkeeper's minus. False: one alone. */
static bool human_brackets(human_text *t)
{
    human_trim(t);
    if (t->at == t->end || *t->at != '(')
        return true;
    if (t->end - t->at < 2 || t->end[-1] != ')' || t->sign)
        return false;
    t->at++;
    t->end--;
    t->sign = t->minus = true;
    return true;
}

/* Bytes of the separator of thousands at p, 0 where there is none. */
static size_t human_group(const char *p, const char *end, char decimal)
{
    if (p == end)
        return 0;
    if (*p == (decimal == ',' ? '.' : ',') || *p == '\'' || *p == '_')
        return 1;
    if (end - p >= 3 && !memcmp(p, "\xe2\x80\x99", 3))
        return 3;
    return *p == '\t' ? 0 : human_space(p, end);
}

/* Digits in front of the point without their separators; false where the
 * groups are not of three. */
static bool human_whole(human_text *t, char decimal, char *out, size_t *size)
{
    const char *start = t->at, *sign = NULL;
    size_t sign_n = 0, in_group = 0;
    for (;;) {
        while (t->at < t->end && human_is_digit(*t->at)) {
            if (*size == HUMAN_BYTES)
                return false;
            out[(*size)++] = *t->at++;
            in_group++;
        }
        if (sign && in_group != 3)
            return false;
        const size_t n = human_group(t->at, t->end, decimal);
        if (!n)
            return true;
        if (sign && (n != sign_n || memcmp(sign, t->at, n)))
            return false; /* another sign than before */
        if (!sign && (!in_group || in_group > 3 || *start == '0'))
            return false;
        sign = t->at;
        sign_n = n;
        t->at += n;
        in_group = 0;
    }
}

/* The point and what follows, with a '.' for it. */
static bool human_rest(human_text *t, char decimal, char *out, size_t *size)
{
    bool point = false, exponent = false;
    for (; t->at < t->end; t->at++) {
        char c = *t->at;
        if (*size == HUMAN_BYTES)
            return false;
        if (c == decimal && !point && !exponent) {
            point = true;
            c = '.';
        } else if ((c == 'e' || c == 'E') && !exponent && !t->percent) {
            exponent = true;
        } else if (!human_is_digit(c)
                   && ((c != '+' && c != '-')
                       || (out[*size - 1] | 32) != 'e')) {
            return false;
        }
        out[(*size)++] = c;
    }
    return true;
}

static bool human_number(human_text *t, char decimal, double *value)
{
    char digits[HUMAN_BYTES + 3];
    size_t n = 0;
    double x;
    digits[n++] = t->minus ? '-' : '+';
    if (t->at == t->end || !human_whole(t, decimal, digits, &n)
        || !human_rest(t, decimal, digits, &n))
        return false;
    if (t->percent) { /* a hundredth, rounded once */
        memcpy(digits + n, "e-2", 3);
        n += 3;
    }
    if (!mlpipe__parse_f64(digits, n, false, &x) || x - x != 0.0)
        return false;
    *value = x;
    return true;
}

/* As machines write them: digits with at most one point, a minus in front. */
static bool human_is_plain(const char *s, size_t n, char decimal)
{
    const size_t first = *s == '-';
    bool point = decimal != '.';
    for (size_t i = first; i < n; i++) {
        if (human_is_digit(s[i]))
            continue;
        if (s[i] != '.' || point)
            return false;
        point = true;
    }
    return n > first && n <= HUMAN_BYTES;
}

bool mlpipe__parse_number_text(const char *s, size_t n, char decimal,
                               double *value)
{
    human_text t = {.at = s, .end = s + n};
    double x;
    if (!n || (decimal != '.' && decimal != ','))
        return false; /* s may be NULL */
    if (human_is_plain(s, n, decimal)) {
        if (!mlpipe__parse_f64(s, n, false, &x) || x - x != 0.0)
            return false;
        *value = x;
        return true;
    }
    human_front(&t);
    human_back(&t);
    if (!human_brackets(&t))
        return false;
    human_front(&t); /* ($5) */
    human_back(&t);
    return human_number(&t, decimal, value);
}

/* Where the unit starts: behind the first digit, at a byte that no number
 * has there. */
static size_t human_unit_at(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && !human_is_digit(s[i]))
        i++;
    for (; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        const bool digit_next = i + 1 < n
            && (human_is_digit(s[i + 1])
                || ((s[i + 1] == '+' || s[i + 1] == '-') && i + 2 < n
                    && human_is_digit(s[i + 2])));
        if ((c | 32) == 'e' && digit_next)
            continue;
        if (((c | 32) >= 'a' && (c | 32) <= 'z') || c == '"' || c == 0xce)
            return i;
        /* Micro and degree start as the fixed space does. */
        if (c == 0xc2 && i + 1 < n && s[i + 1] != '\xa0')
            return i;
    }
    return n;
}

bool mlpipe__parse_quantity(const char *s, size_t n, char decimal, double *x,
                            uint32_t *unit)
{
    uint32_t found;
    double value;
    if (!n || (decimal != '.' && decimal != ','))
        return false;
    const size_t at = human_unit_at(s, n);
    human_text name = {.at = s + at, .end = s + n};
    human_text t = {.at = s, .end = s + at, .money = true}; /* none */
    human_trim(&name);
    if (!mlpipe__unit_find(name.at, (size_t)(name.end - name.at), &found))
        return false;
    human_front(&t);
    human_trim(&t);
    if (!human_number(&t, decimal, &value))
        return false;
    *x = value;
    *unit = found;
    return true;
}
