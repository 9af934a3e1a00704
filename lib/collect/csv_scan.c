/* SPDX-License-Identifier: MIT */
/*
 * One record of RFC 4180: cells with or without quotes up to LF, CRLF or CR.
 * A quote opens only at the start of a cell; elsewhere it is a character like
 * any other. Nothing is copied: cells point into the window. Dialects that
 * escape by a backslash or not at all, and readings that mend stray quotes,
 * take a slower way through quoted cells.
 */
#include "collect_internal.h"

void mlpipe__csv_dialect_init(mlpipe__csv_dialect *d, char delimiter,
                              int32_t quote, bool trim)
{
    memset(d, 0, sizeof *d);
    d->delimiter = delimiter;
    d->quote = quote;
    d->comment = MLPIPE__CSV_NONE;
    d->trim = trim;
    if (trim)
        d->class[' '] = d->class['\t'] = MLPIPE__CSV_BLANK;
    d->class['\n'] = d->class['\r'] = MLPIPE__CSV_STOP;
    d->class[(unsigned char)delimiter] = MLPIPE__CSV_STOP;
}

void mlpipe__csv_dialect_escape(mlpipe__csv_dialect *d, uint32_t escape)
{
    d->escape = escape;
    d->class['\\'] = escape == MLPIPE__CSV_BACKSLASH ? MLPIPE__CSV_ESCAPE : 0;
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
    while (p < end && !csv_is(d, *p, MLPIPE__CSV_STOP | MLPIPE__CSV_ESCAPE))
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

/* Does a cell end behind this quote? 1 yes, 0 no, -1 the window ends. */
static int32_t csv_closes(const mlpipe__csv_dialect *d, const char *q,
                          const char *end, bool eof)
{
    const char *p = csv_skip_blank(d, q + 1, end);

    if (p == end)
        return eof ? 1 : -1;
    return csv_is(d, *p, MLPIPE__CSV_STOP);
}

/*
 * Where the closing quote of a cell lies, which begins at p: `end` where
 * there is none, NULL where the window must grow first. A quote that closes
 * nothing is a character of the cell: the dialect has no escape, or the
 * reading mends (loose).
 */
static const char *csv_find_quote(mlpipe__csv_record *r,
                                  const mlpipe__csv_dialect *d,
                                  const char *p, const char *end, bool eof)
{
    mlpipe__csv_field *f = &r->fields[r->count];

    for (; p < end; p++) {
        const bool more = p + 1 < end;
        if (*p == '\\' && d->escape == MLPIPE__CSV_BACKSLASH) {
            if (!more)
                return eof ? end : NULL;
            f->flags |= MLPIPE__CSV_ESCAPED;
            p++;
            continue;
        }
        if (*p != (char)d->quote)
            continue;
        if (!more && !eof)
            return NULL;
        if (d->escape != MLPIPE__CSV_BARE && more
            && p[1] == (char)d->quote) {
            f->flags |= MLPIPE__CSV_DOUBLED;
            p++;
            continue;
        }
        if (d->escape != MLPIPE__CSV_BARE && !d->loose)
            return p;
        const int32_t closes = csv_closes(d, p, end, eof);
        if (closes)
            return closes > 0 ? p : NULL;
        r->stray |= d->loose;
        f->flags |= d->escape == MLPIPE__CSV_BARE ? 0 : MLPIPE__CSV_DOUBLED;
    }
    return eof ? end : NULL;
}

/* The same where quotes are doubled and those that are not close. */
static const char *csv_find_doubled(mlpipe__csv_record *r,
                                    const mlpipe__csv_dialect *d,
                                    const char *p, const char *end, bool eof)
{
    for (;;) {
        const char *q = p < end ? memchr(p, d->quote, (size_t)(end - p))
                                : NULL;
        if ((!q || q + 1 == end) && !eof)
            return NULL;
        if (!q)
            return end;
        if (q + 1 == end || q[1] != (char)d->quote)
            return q;
        r->fields[r->count].flags |= MLPIPE__CSV_DOUBLED;
        p = q + 2;
    }
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
    const bool loose = d->loose && !d->escape;
    const char *q = d->escape || (loose && !r->unclosed)
        ? csv_find_quote(r, d, p, end, eof)
        : csv_find_doubled(r, d, p, end, eof);
    if (loose && !r->unclosed && q == end) {
        /* What cannot be mended costs its line, not the rest of the file. */
        r->unclosed = true;
        f->flags = MLPIPE__CSV_QUOTED;
        q = csv_find_doubled(r, d, p, end, eof);
    }
    if (!q)
        return NULL;
    f->size = (size_t)(q - f->data);
    r->lines += csv_count_lines(f->data, q);
    if (q == end) {
        csv_spoil(r, "a quote is opened and never closed");
        return end;
    }
    p = q + 1;
    p = csv_skip_blank(d, p, end);
    if (p < end && !csv_is(d, *p, MLPIPE__CSV_STOP)) {
        csv_spoil(r, "text follows a closing quote");
        while (p < end && !csv_is(d, *p, MLPIPE__CSV_STOP))
            p++;
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
    const char *stop = csv_find_stop(d, p, end), *keep = p;

    f->flags = 0;
    while (stop < end && csv_is(d, *stop, MLPIPE__CSV_ESCAPE)) {
        if (stop + 1 == end && !eof)
            return NULL;
        /* A line's end cannot be escaped outside quotes. */
        stop++;
        if (stop < end && *stop != '\n' && *stop != '\r') {
            f->flags = MLPIPE__CSV_ESCAPED;
            stop++;
        }
        keep = stop;
        stop = csv_find_stop(d, stop, end);
    }
    if (stop == end && !eof)
        return NULL;
    const char *last = stop;
    while (last > keep && csv_is(d, last[-1], MLPIPE__CSV_BLANK))
        last--;
    f->data = p;
    f->size = (size_t)(last - p);
    if (p != begin || last != stop)
        f->flags |= MLPIPE__CSV_TRIMMED;
    return stop;
}

/* A line that is a comment, without its end; NULL for more. */
static const char *csv_scan_comment(mlpipe__csv_record *r, const char *p,
                                    const char *end, bool eof)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    r->count = 0;
    return p == end && !eof ? NULL : p;
}

/* Behind the line's end; NULL for more. */
static const char *csv_scan_end(const char *p, const char *end, bool eof)
{
    if (p < end && *p++ == '\r') {
        if (p == end && !eof)
            return NULL;
        p += p < end && *p == '\n';
    }
    return p;
}

enum mlpipe__csv_found mlpipe__csv_scan(mlpipe__csv_record *r,
                                        const mlpipe__csv_dialect *d,
                                        const char *p, const char *end,
                                        bool eof)
{
    const char *const start = p;
    const bool comment = p < end && (unsigned char)*p == d->comment;

    r->count = 0;
    r->lines = 1;
    r->bad = NULL;
    r->stray = false;
    if (comment && !(p = csv_scan_comment(r, p, end, eof)))
        return MLPIPE__CSV_MORE;
    while (!comment) {
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
        p += d->pad && p < end && *p == ' ';
    }
    p = csv_scan_end(p, end, eof);
    if (!p)
        return MLPIPE__CSV_MORE;
    r->size = (size_t)(p - start);
    if (comment)
        return MLPIPE__CSV_COMMENT;
    if (r->bad)
        return MLPIPE__CSV_BAD;
    return r->count == 1 && !r->fields[0].size
            && !(r->fields[0].flags & MLPIPE__CSV_QUOTED)
        ? MLPIPE__CSV_EMPTY : MLPIPE__CSV_ROW;
}
