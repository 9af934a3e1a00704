/* SPDX-License-Identifier: MIT */
/* Record after record, and the values of their cells. */
#include "collect_internal.h"

enum { CSV_POLL_BYTES = 1 << 20 };

/* Are all bytes below 0x80? Eight at a time. */
static bool csv_is_ascii(const char *s, size_t n)
{
    uint64_t all = 0, word;

    for (; n >= sizeof word; s += sizeof word, n -= sizeof word) {
        memcpy(&word, s, sizeof word);
        all |= word;
    }
    for (; n; s++, n--)
        all |= (unsigned char)*s;
    return !(all & UINT64_C(0x8080808080808080));
}

mlpipe_status mlpipe__csv_too_long(mlpipe_ctx *ctx,
                                   const mlpipe__csv_reader *r)
{
    (void)mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                       "%s: the record that starts in line %llu has more "
                       "than %llu bytes, the limit csv_line_bytes; a quote "
                       "that is never closed does that",
                       mlpipe__input_name(r->input),
                       (unsigned long long)r->next_line,
                       (unsigned long long)
                       ctx->env->limits.csv_line_bytes);
    return mlpipe__fail_where(ctx, mlpipe__input_name(r->input));
}

mlpipe_status mlpipe__csv_poll(mlpipe_ctx *ctx, mlpipe__csv_reader *r)
{
    const uint64_t total = r->input->total;

    r->polled = r->input->offset;
    return mlpipe__poll(ctx, "read", r->pass * total
                        + mlpipe__input_passed(r->input), r->passes * total);
}

/* Scans the next record, fetching as many blocks as it needs. */
static mlpipe_status csv_next_record(mlpipe_ctx *ctx, mlpipe__csv_reader *r,
                                     enum mlpipe__csv_found *found)
{
    mlpipe__input *in = r->input;

    r->record.unclosed = r->unclosed && in->offset > r->unclosed;
    for (;;) {
        *found = MLPIPE__CSV_MORE;
        if (in->at < in->end)
            *found = mlpipe__csv_scan(&r->record, &r->dialect, in->at,
                                      in->end, in->eof);
        else if (in->eof)
            *found = MLPIPE__CSV_END;
        if (*found != MLPIPE__CSV_MORE)
            return MLPIPE_OK;
        if ((size_t)(in->end - in->at) > ctx->env->limits.csv_line_bytes)
            return mlpipe__csv_too_long(ctx, r);
        const mlpipe_status st = mlpipe__input_more(ctx, in);
        if (st)
            return st;
    }
}

mlpipe_status mlpipe__csv_next(mlpipe_ctx *ctx, mlpipe__csv_reader *r,
                               enum mlpipe__csv_found *found)
{
    mlpipe__input *in = r->input;
    mlpipe_status st = MLPIPE_OK;

    if (in->offset - r->polled >= CSV_POLL_BYTES)
        st = mlpipe__csv_poll(ctx, r);
    if (!st)
        st = csv_next_record(ctx, r, found);
    if (st || *found == MLPIPE__CSV_END)
        return st;
    if (*found == MLPIPE__CSV_NOMEM)
        return mlpipe__nomem(ctx);
    if (*found == MLPIPE__CSV_TOO_MANY)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s: line %llu has more cells than the limit "
                            "csv_columns, %llu; raise it, or say another "
                            "delimiter=", mlpipe__input_name(in),
                            (unsigned long long)r->next_line,
                            (unsigned long long)ctx->env->limits.csv_columns);
    if (r->record.size > ctx->env->limits.csv_line_bytes)
        return mlpipe__csv_too_long(ctx, r);
    r->raw = in->at;
    r->line = r->next_line;
    r->next_line += r->record.lines;
    r->begin = in->offset;
    if (r->record.unclosed && (!r->unclosed || r->begin < r->unclosed))
        r->unclosed = r->begin ? r->begin : 1;
    mlpipe__input_skip(in, r->record.size);
    r->end = in->offset;
    if (csv_is_ascii(r->raw, r->record.size))
        return MLPIPE_OK;
    r->wide = true;
    if (*found == MLPIPE__CSV_ROW
        && !mlpipe__utf8_valid(r->raw, r->record.size)) {
        *found = MLPIPE__CSV_BAD;
        mlpipe__input_no_utf8(r->raw, r->record.size, r->begin, r->no_utf8);
        r->record.bad = r->no_utf8;
        r->record.bad_field = UINT32_MAX;
    }
    return MLPIPE_OK;
}

/* Undoes doubled quotes; a quote alone stays. */
static void csv_undouble(mlpipe__text *t, const char *s, size_t n, char quote)
{
    for (size_t from = 0; from < n;) {
        const char *q = memchr(s + from, quote, n - from);
        /* Up to and with the first of two quotes. */
        const size_t run = q ? (size_t)(q - s) + 1 - from : n - from;
        mlpipe__text_put(t, s + from, run);
        from += run;
        from += q && from < n && s[from] == quote;
    }
}

/* Undoes backslashes, and doubled quotes where the cell is in quotes. */
static void csv_unescape(mlpipe__text *t, const mlpipe__csv_field *f,
                         int32_t quote)
{
    const char *s = f->data;
    const bool doubled = f->flags & MLPIPE__CSV_DOUBLED;

    for (size_t i = 0; i < f->size; i++) {
        const bool more = i + 1 < f->size;
        const bool second = doubled && more && (unsigned char)s[i] == quote
            && s[i + 1] == s[i];
        const bool line = more && (s[i + 1] == '\n' || s[i + 1] == '\r')
            && !(f->flags & MLPIPE__CSV_QUOTED);
        i += second || (more && s[i] == '\\' && !line);
        mlpipe__text_put(t, s + i, 1);
    }
}

bool mlpipe__csv_cell(mlpipe__csv_reader *r, uint32_t field, const char **s,
                      size_t *n)
{
    static const mlpipe__csv_field none = {"", 0, 0};
    const mlpipe__csv_field *f = field < r->record.count
        ? &r->record.fields[field] : &none; /* a short row that is padded */
    mlpipe__text *t = &r->scratch;

    *s = f->data;
    *n = f->size;
    if (!(f->flags & (MLPIPE__CSV_DOUBLED | MLPIPE__CSV_ESCAPED)))
        return true;
    t->size = 0;
    if (f->flags & MLPIPE__CSV_STRING)
        mlpipe__json_decode(t, f->data, f->size);
    else if (f->flags & MLPIPE__CSV_ESCAPED)
        csv_unescape(t, f, r->dialect.quote);
    else
        csv_undouble(t, f->data, f->size, (char)r->dialect.quote);
    *s = t->data;
    *n = t->size;
    return !t->failed;
}
