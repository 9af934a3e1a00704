/* SPDX-License-Identifier: MIT */
/*
 * One record of RFC 4180: cells with or without quotes up to LF, CRLF or CR.
 * A quote opens only at the start of a cell; elsewhere it is a character like
 * any other. Nothing is copied: cells point into the window.
 */
#include "collect_internal.h"

void mlpipe__csv_dialect_init(mlpipe__csv_dialect *d, char delimiter,
                              int32_t quote, bool trim)
{
    memset(d, 0, sizeof *d);
    d->delimiter = delimiter;
    d->quote = quote;
    d->trim = trim;
    if (trim)
        d->class[' '] = d->class['\t'] = MLPIPE__CSV_BLANK;
    d->class['\n'] = d->class['\r'] = MLPIPE__CSV_STOP;
    d->class[(unsigned char)delimiter] = MLPIPE__CSV_STOP;
}

static inline bool csv_is(const mlpipe__csv_dialect *d, char c, uint8_t class)
{
    return d->class[(unsigned char)c] & class;
}

/* Room for one more cell. */
static enum mlpipe__csv_found csv_scan_room(mlpipe__csv_record *r)
{
    const uint64_t most = r->env->limits.csv_columns;
    uint32_t room = r->room ? r->room * 2 : 32;

    if (r->count >= most)
        return MLPIPE__CSV_TOO_MANY;
    if (room > most)
        room = (uint32_t)most;
    mlpipe__csv_field *grown = mlpipe__grow(r->env, r->fields, room,
                                            sizeof grown[0]);
    if (!grown)
        return MLPIPE__CSV_NOMEM;
    r->fields = grown;
    r->room = room;
    return MLPIPE__CSV_ROW;
}

/* Line ends inside quotes: LF, CRLF and CR are one each. */
static uint64_t csv_count_lines(const char *p, const char *end)
{
    uint64_t lines = 0;

    for (; p < end; p++)
        lines += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
    return lines;
}

static const char *csv_skip_blank(const mlpipe__csv_dialect *d,
                                  const char *p, const char *end)
{
    while (p < end && csv_is(d, *p, MLPIPE__CSV_BLANK))
        p++;
    return p;
}

static const char *csv_find_stop(const mlpipe__csv_dialect *d, const char *p,
                                 const char *end)
{
    while (p < end && !csv_is(d, *p, MLPIPE__CSV_STOP))
        p++;
    return p;
}

static void csv_spoil(mlpipe__csv_record *r, const char *why)
{
    if (r->bad)
        return;
    r->bad = why;
    r->bad_field = r->count;
}

/* A cell in quotes from behind the opening one; gives the place behind it,
 * NULL where the window ends first. */
static const char *csv_scan_quoted(mlpipe__csv_record *r,
                                   const mlpipe__csv_dialect *d,
                                   const char *p, const char *end, bool eof)
{
    mlpipe__csv_field *f = &r->fields[r->count];

    f->data = p;
    f->flags = MLPIPE__CSV_QUOTED;
    for (;;) {
        const char *q = p < end ? memchr(p, d->quote, (size_t)(end - p))
                                : NULL;
        if ((!q || q + 1 == end) && !eof)
            return NULL;
        if (q && q + 1 < end && q[1] == (char)d->quote) {
            f->flags |= MLPIPE__CSV_DOUBLED;
            p = q + 2;
            continue;
        }
        f->size = (size_t)((q ? q : end) - f->data);
        r->lines += csv_count_lines(f->data, f->data + f->size);
        if (!q) {
            csv_spoil(r, "a quote is opened and never closed");
            return end;
        }
        p = q + 1;
        break;
    }
    p = csv_skip_blank(d, p, end);
    if (p < end && !csv_is(d, *p, MLPIPE__CSV_STOP)) {
        csv_spoil(r, "text follows a closing quote");
        p = csv_find_stop(d, p, end);
    }
    return p == end && !eof ? NULL : p;
}

/* A cell without quotes; `begin` is before the spaces that were skipped. */
static const char *csv_scan_plain(mlpipe__csv_record *r,
                                  const mlpipe__csv_dialect *d,
                                  const char *begin, const char *p,
                                  const char *end, bool eof)
{
    mlpipe__csv_field *f = &r->fields[r->count];
    const char *stop = csv_find_stop(d, p, end), *last = stop;

    if (stop == end && !eof)
        return NULL;
    while (last > p && csv_is(d, last[-1], MLPIPE__CSV_BLANK))
        last--;
    f->data = p;
    f->size = (size_t)(last - p);
    f->flags = p != begin || last != stop ? MLPIPE__CSV_TRIMMED : 0;
    return stop;
}

enum mlpipe__csv_found mlpipe__csv_scan(mlpipe__csv_record *r,
                                        const mlpipe__csv_dialect *d,
                                        const char *p, const char *end,
                                        bool eof)
{
    const char *const start = p;

    r->count = 0;
    r->lines = 1;
    r->bad = NULL;
    for (;;) {
        if (r->count == r->room) {
            const enum mlpipe__csv_found grown = csv_scan_room(r);
            if (grown != MLPIPE__CSV_ROW)
                return grown;
        }
        const char *begin = p;
        p = csv_skip_blank(d, p, end);
        p = p < end && (unsigned char)*p == d->quote
            ? csv_scan_quoted(r, d, p + 1, end, eof)
            : csv_scan_plain(r, d, begin, p, end, eof);
        if (!p)
            return MLPIPE__CSV_MORE;
        r->count++;
        if (p == end || *p != d->delimiter)
            break;
        p++;
    }
    if (p < end && *p++ == '\r') {
        if (p == end && !eof)
            return MLPIPE__CSV_MORE;
        p += p < end && *p == '\n';
    }
    r->size = (size_t)(p - start);
    if (r->bad)
        return MLPIPE__CSV_BAD;
    return r->count == 1 && !r->fields[0].size
            && !(r->fields[0].flags & MLPIPE__CSV_QUOTED)
        ? MLPIPE__CSV_EMPTY : MLPIPE__CSV_ROW;
}
