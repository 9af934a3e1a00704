/* SPDX-License-Identifier: MIT */
/* What a single cell looks like: kinds of numbers, truth words. */
#include "collect_internal.h"

static inline bool csv_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Does s equal the word, which is in lower case, in any case? */
static bool csv_same_word(const char *s, size_t n, const char *word)
{
    size_t i = 0;

    for (; i < n && word[i]; i++) {
        const char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
        if (c != word[i])
            return false;
    }
    return i == n && !word[i];
}

/* The rest of a number behind its leading digits: point and exponent. */
static bool csv_is_real(const char *p, const char *end, bool digits)
{
    if (p < end && *p == '.')
        for (p++; p < end && csv_digit(*p); p++)
            digits = true;
    if (!digits)
        return false;
    if (p == end)
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    if (p == end)
        return false;
    while (p < end && csv_digit(*p))
        p++;
    return p == end;
}

enum mlpipe__csv_number mlpipe__csv_number_kind(const char *s, size_t n)
{
    const char *p = s, *end = s + n;
    int64_t value;

    if (p < end && (*p == '+' || *p == '-'))
        p++;
    const char *first = p;
    while (p < end && csv_digit(*p))
        p++;
    if (p < end) {
        if (*p == '.' || *p == 'e' || *p == 'E')
            return csv_is_real(p, end, p > first) ? MLPIPE__CSV_REAL
                                                  : MLPIPE__CSV_NO_NUMBER;
        if (p == first
            && (csv_same_word(p, (size_t)(end - p), "inf")
                || csv_same_word(p, (size_t)(end - p), "infinity")
                || csv_same_word(p, (size_t)(end - p), "nan")))
            return MLPIPE__CSV_REAL;
        return MLPIPE__CSV_NO_NUMBER;
    }
    if (p == first)
        return MLPIPE__CSV_NO_NUMBER;
    if (*first == '0' && p - first > 1)
        return MLPIPE__CSV_CODE;
    if (p - first < 19 || mlpipe__parse_i64(s, n, &value))
        return MLPIPE__CSV_INTEGER;
    return MLPIPE__CSV_HUGE;
}

/* Bytes of what parts groups of digits at the start of s, 0 where nothing
 * does: a space may be one that breaks no line, U+00A0 or U+202F. */
static size_t csv_parts(const char *s, size_t n, char thousands)
{
    if (*s == thousands)
        return 1;
    if (thousands != ' ')
        return 0;
    if (n > 1 && !memcmp(s, "\xc2\xa0", 2))
        return 2;
    return n > 2 && !memcmp(s, "\xe2\x80\xaf", 3) ? 3 : 0;
}

/* Digits with a sign before each group of three; gives how many bytes. */
static size_t csv_groups(const char *s, size_t n, char thousands, bool *fine)
{
    size_t i = 0, run = 0;
    bool parted = false;

    for (*fine = true; i < n; i++) {
        const size_t part = csv_digit(s[i])
            ? 0 : csv_parts(s + i, n - i, thousands);
        if (csv_digit(s[i])) {
            run++;
            continue;
        }
        if (!part)
            break;
        *fine &= parted ? run == 3 : run >= 1 && run <= 3;
        parted = true;
        run = 0;
        i += part - 1;
    }
    *fine &= !parted || run == 3;
    return i;
}

const char *mlpipe__csv_plain(const char *s, size_t *n, char decimal,
                              char thousands, char *room)
{
    size_t used = 0, i = *n && (*s == '-' || *s == '+');
    bool fine;

    if (decimal == '.' && !thousands)
        return s;
    if (*n > MLPIPE__CSV_DIGITS)
        return NULL;
    const size_t whole = i + csv_groups(s + i, *n - i,
                                        thousands ? thousands : '0', &fine);
    if (thousands && !fine)
        return NULL;
    for (i = 0; i < *n; i++) {
        const char c = s[i];
        const size_t part = thousands && i < whole
            ? csv_parts(s + i, *n - i, thousands) : 0;
        if (part) {
            i += part - 1;
            continue;
        }
        if (c == '.' && decimal != '.')
            return NULL; /* neither a digit nor the point */
        room[used++] = c == decimal ? '.' : c;
    }
    *n = used;
    return room;
}

bool mlpipe__csv_hard(const char *s, size_t n)
{
    mlpipe__csv_time time;

    if (mlpipe__csv_number_kind(s, n))
        return true;
    for (uint32_t o = MLPIPE__CSV_YMD; o <= MLPIPE__CSV_DMY; o *= 2)
        if (mlpipe__csv_parse_time(s, n, o, &time))
            return true;
    return false;
}

uint32_t mlpipe__csv_bool(const char *s, size_t n, bool *value)
{
    static const struct {
        const char *yes, *no;
        uint32_t set;
    } words[] = {
        {"yes", "no", MLPIPE__CSV_YES_NO},
        {"true", "false", MLPIPE__CSV_TRUE_FALSE},
        {"y", "n", MLPIPE__CSV_Y_N},
        {"t", "f", MLPIPE__CSV_T_F},
    };

    *value = false;
    if (n < 1 || n > 5)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *value = csv_same_word(s, n, words[i].yes);
        if (*value || csv_same_word(s, n, words[i].no))
            return words[i].set;
    }
    return 0;
}
