/* SPDX-License-Identifier: MIT */
/*
 * Parts of texts in UTF-8, counted in code points; a byte that is part of
 * none counts as one. Results are never longer than what they are taken from
 * and are written from the front, so that they may replace it.
 */
#include "base_internal.h"

static size_t cut_give(const char *s, size_t n, char *out, size_t room)
{
    if (n > room)
        return SIZE_MAX;
    if (n)
        memmove(out, s, n);
    return n;
}

static size_t cut_step(const char *s, size_t n)
{
    const size_t bytes = mlpipe__utf8_char(s, n);
    return bytes ? bytes : 1;
}

/* Bytes of the space at s: ASCII's six and U+00A0; 0 where there is none. */
static size_t cut_space(const char *s, size_t n)
{
    if (n && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
        return 1;
    return n > 1 && s[0] == '\xc2' && s[1] == '\xa0' ? 2 : 0;
}

size_t mlpipe__text_trim(const char *s, size_t n, char *out, size_t room)
{
    size_t end = 0;
    for (size_t step; (step = cut_space(s, n)) != 0; n -= step)
        s += step;
    for (size_t i = 0; i < n;) {
        const size_t space = cut_space(s + i, n - i);
        i += space ? space : cut_step(s + i, n - i);
        if (!space)
            end = i;
    }
    return cut_give(s, end, out, room);
}

size_t mlpipe__text_squeeze(const char *s, size_t n, char *out, size_t room)
{
    size_t used = 0;
    bool after = false; /* a space was written last */
    for (size_t i = 0; i < n;) {
        const size_t space = cut_space(s + i, n - i);
        const size_t step = space ? space : cut_step(s + i, n - i);
        const size_t bytes = space ? !after : step;
        if (bytes > room - used)
            return SIZE_MAX;
        if (space && !after)
            out[used] = ' ';
        else if (!space)
            memmove(out + used, s + i, step);
        after = space != 0;
        used += bytes;
        i += step;
    }
    return used;
}

uint64_t mlpipe__text_length(const char *s, size_t n)
{
    uint64_t count = 0;
    for (size_t i = 0; i < n; count++)
        i += cut_step(s + i, n - i);
    return count;
}

size_t mlpipe__text_substr(const char *s, size_t n, int64_t from,
                           int64_t count, char *out, size_t room)
{
    size_t start = 0, end;
    if (!n)
        return 0; /* s may be NULL */
    if (from < 0) {
        const uint64_t length = mlpipe__text_length(s, n);
        from = length > (uint64_t)INT64_MAX ? 0 : from + (int64_t)length;
    }
    for (; from > 0 && start < n; from--)
        start += cut_step(s + start, n - start);
    for (end = start; count > 0 && end < n; count--)
        end += cut_step(s + end, n - end);
    return cut_give(s + start, end - start, out, room);
}

/* Part `part` from 1 of a text between separators, as a place in it. */
static bool cut_part(const char *s, size_t n, const char *by, size_t by_n,
                     uint64_t part, size_t *start, size_t *bytes)
{
    *start = 0;
    for (;;) {
        const size_t at = by_n ? mlpipe__text_find(s + *start, n - *start,
                                                   by, by_n)
                               : SIZE_MAX;
        *bytes = at == SIZE_MAX ? n - *start : at;
        if (!--part)
            return true;
        if (at == SIZE_MAX)
            return false;
        *start += at + by_n;
    }
}

static uint64_t cut_parts(const char *s, size_t n, const char *by,
                          size_t by_n)
{
    uint64_t count = 1;
    for (size_t at; by_n && (at = mlpipe__text_find(s, n, by, by_n))
             != SIZE_MAX; count++) {
        s += at + by_n;
        n -= at + by_n;
    }
    return count;
}

size_t mlpipe__text_split_part(const char *s, size_t n, const char *by,
                               size_t by_n, int64_t part, char *out,
                               size_t room)
{
    size_t start, bytes;
    if (!n)
        return 0; /* s may be NULL */
    if (part < 0) {
        const uint64_t back = 0 - (uint64_t)part;
        const uint64_t parts = cut_parts(s, n, by, by_n);
        part = back > parts ? 0 : (int64_t)(parts - back) + 1;
    }
    if (!part
        || !cut_part(s, n, by, by_n, (uint64_t)part, &start, &bytes))
        return 0;
    return cut_give(s + start, bytes, out, room);
}
