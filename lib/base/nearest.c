/* SPDX-License-Identifier: MIT */
/* What messages need: the nearest name, and a caret below a text. */
#include "base_internal.h"

enum { NEAREST_BYTES = 64, CARET_BEFORE = 40, CARET_AFTER = 30 };

/* Case and the choice of separator are not what makes two names differ. */
static char nearest_fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' || c == ' ' ? '_' : c;
}

/*
 * Optimal string alignment distance: insert, delete, replace, and swap of
 * neighbours cost 1. Both texts are at most NEAREST_BYTES long.
 */
static uint32_t nearest_distance(const char *a, size_t n, const char *b,
                                 size_t m)
{
    uint8_t rows[3][NEAREST_BYTES + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint8_t *now = rows[i % 3];
        const uint8_t *last = rows[(i + 2) % 3];
        const uint8_t *before = rows[(i + 1) % 3];
        const char x = nearest_fold(a[i - 1]);
        now[0] = (uint8_t)i;
        for (size_t j = 1; j <= m; j++) {
            const char y = nearest_fold(b[j - 1]);
            uint32_t best = last[j - 1] + (x != y);
            if (last[j] + 1u < best)
                best = last[j] + 1u;
            if (now[j - 1] + 1u < best)
                best = now[j - 1] + 1u;
            if (i > 1 && j > 1 && x == nearest_fold(b[j - 2])
                && y == nearest_fold(a[i - 2]) && before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            now[j] = (uint8_t)best;
        }
    }
    return rows[n % 3][m];
}

/* Do a and b agree as far as the shorter goes, three letters at least? */
static bool nearest_prefix(const char *a, size_t n, const char *b, size_t m)
{
    const size_t least = n < m ? n : m;
    size_t i = 0;
    while (i < least && nearest_fold(a[i]) == nearest_fold(b[i]))
        i++;
    return least >= 3 && i == least;
}

/* The name that is longest within the word, or adds the least to it. */
static const char *nearest_begin(const char *word, size_t n,
                                 const char *const *names, uint32_t count)
{
    const char *found = NULL;
    size_t best = SIZE_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const size_t m = strlen(names[i]);
        const size_t apart = m < n ? n - m : m - n;
        if (apart < best && nearest_prefix(word, n, names[i], m)) {
            best = apart;
            found = names[i];
        }
    }
    return found;
}

const char *mlpipe__nearest(const char *word, size_t n,
                            const char *const *names, uint32_t count)
{
    const char *found = NULL;
    uint32_t best = n < 2 ? 0 : n < 4 ? 1 : (uint32_t)(n + 2) / 3;
    if (n == 0 || n > NEAREST_BYTES)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const size_t m = strlen(names[i]);
        if (m == 0 || m > NEAREST_BYTES || m > n + best || n > m + best)
            continue;
        const uint32_t d = nearest_distance(word, n, names[i], m);
        if (d < best || (d == best && !found)) {
            best = d;
            found = names[i];
        }
    }
    return found ? found : nearest_begin(word, n, names, count);
}

static bool caret_continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void mlpipe__caret(const char *text, size_t bytes, size_t at,
                   char out[MLPIPE__CARET_BYTES])
{
    size_t first, last, n = 0, columns = 0;
    if (!bytes)
        text = ""; /* it may be NULL */
    at = at < bytes ? at : bytes;
    first = last = at;
    while (first > 0 && at - first < CARET_BEFORE && text[first - 1] != '\n')
        first--;
    while (first < at && caret_continues(text[first]))
        first++;
    while (last < bytes && last - at < CARET_AFTER && text[last] != '\n')
        last++;
    while (last < bytes && last > at && caret_continues(text[last]))
        last--;
    const bool valid = mlpipe__utf8_valid(text + first, last - first);
    out[n++] = '\n';
    for (int line = 0; line < 2; line++) {
        out[n++] = ' ';
        out[n++] = ' ';
        const bool cut = first > 0 && text[first - 1] != '\n';
        for (int dot = 0; cut && dot < 3; dot++)
            out[n++] = line ? ' ' : '.';
        if (line)
            break;
        for (size_t i = first; i < last; i++) {
            const unsigned char c = (unsigned char)text[i];
            out[n++] = c < 0x20 || c == 0x7f   ? ' '
                       : c >= 0x80 && !valid ? '?' : text[i];
            columns += i < at && !(valid && caret_continues(text[i]));
        }
        out[n++] = '\n';
    }
    for (size_t i = 0; i < columns; i++)
        out[n++] = ' ';
    out[n++] = '^';
    out[n] = '\0';
}
