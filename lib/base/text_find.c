/* SPDX-License-Identifier: MIT */
/*
 * Text in text. Byte strings, which for UTF-8 is right: no character's bytes
 * occur inside of another's. Texts may come from anybody, so the time must
 * not grow with the product of the lengths.
 */
#include "base_internal.h"

enum { FIND_SHORT = 32 }; /* up to here, trying each place is cheap */

static size_t find_short(const char *s, size_t n, const char *what, size_t m)
{
    for (size_t i = 0; n - i >= m;) {
        const char *p = memchr(s + i, *what, n - i - m + 1);
        if (!p)
            break;
        if (!memcmp(p, what, m))
            return (size_t)(p - s);
        i = (size_t)(p - s) + 1;
    }
    return SIZE_MAX;
}

/* Where the greatest suffix starts, less 1, and its period. */
static int64_t find_suffix(const unsigned char *x, int64_t m, bool reverse,
                           int64_t *period)
{
    int64_t start = -1, j = 0, k = 1, p = 1;
    while (j + k < m) {
        const unsigned char a = x[j + k], b = x[start + k];
        if (a == b) {
            j += k == p ? p : 0;
            k = k == p ? 1 : k + 1;
        } else if ((a < b) != reverse) {
            j += k;
            k = 1;
            p = j - start;
        } else {
            start = j++;
            k = p = 1;
        }
    }
    *period = p;
    return start;
}

/* Compares what with the text at y, right of the cut and then left of it up
 * to `known`: -1 where all is equal, or how far to go on. */
static int64_t find_compare(const unsigned char *x, int64_t m,
                            const unsigned char *y, int64_t cut,
                            int64_t known, int64_t period)
{
    int64_t i = (cut > known ? cut : known) + 1;
    while (i < m && x[i] == y[i])
        i++;
    if (i < m)
        return i - cut;
    for (i = cut; i > known && x[i] == y[i];)
        i--;
    return i <= known ? -1 : -period - 1;
}

/*
 * M. Crochemore and D. Perrin, Two-way string-matching, Journal of the ACM 38
 * (1991): linear time, and no memory.
 */
static size_t find_long(const char *s, size_t n, const char *what, size_t m)
{
    const unsigned char *x = (const unsigned char *)what;
    const unsigned char *y = (const unsigned char *)s;
    const int64_t length = (int64_t)m;
    int64_t period, other, known = -1;
    const int64_t first = find_suffix(x, length, false, &period);
    const int64_t second = find_suffix(x, length, true, &other);
    const int64_t cut = first > second ? first : second;
    if (second >= first)
        period = other;
    const bool periodic = cut + 1 + period <= length
        && !memcmp(x, x + period, (size_t)(cut + 1));
    if (!periodic) {
        const int64_t left = cut + 1, right = length - cut - 1;
        period = (left > right ? left : right) + 1;
    }
    for (size_t j = 0; n - j >= m;) {
        const int64_t go = find_compare(x, length, y + j, cut, known, period);
        if (go == -1)
            return j;
        known = go < 0 && periodic ? length - period - 1 : -1;
        j += (size_t)(go < 0 ? period : go);
    }
    return SIZE_MAX;
}

size_t mlpipe__text_find(const char *s, size_t n, const char *what, size_t m)
{
    if (!m)
        return 0;
    if (m > n)
        return SIZE_MAX;
    return m <= FIND_SHORT ? find_short(s, n, what, m)
                           : find_long(s, n, what, m);
}

size_t mlpipe__text_replace(const char *s, size_t n, const char *from,
                            size_t from_n, const char *to, size_t to_n,
                            char *out, size_t room)
{
    size_t used = 0;
    for (;;) {
        const size_t at = from_n ? mlpipe__text_find(s, n, from, from_n)
                                 : SIZE_MAX;
        const size_t bytes = at == SIZE_MAX ? n : at;
        if (bytes > room - used)
            return SIZE_MAX;
        if (bytes)
            memcpy(out + used, s, bytes);
        used += bytes;
        if (at == SIZE_MAX)
            return used;
        if (to_n > room - used)
            return SIZE_MAX;
        if (to_n)
            memcpy(out + used, to, to_n);
        used += to_n;
        s += at + from_n;
        n -= at + from_n;
    }
}
