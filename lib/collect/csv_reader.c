/* SPDX-License-Identifier: MIT */
/* Record after record, and which delimiter separates their cells. */
#include "collect_internal.h"

enum { CSV_POLL_BYTES = 1 << 20, CSV_SNIFF_RECORDS = 100,
       CSV_SNIFF_BYTES = 1 << 18 };

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
                            "csv_columns, %llu", mlpipe__input_name(in),
                            (unsigned long long)r->next_line,
                            (unsigned long long)ctx->env->limits.csv_columns);
    if (r->record.size > ctx->env->limits.csv_line_bytes)
        return mlpipe__csv_too_long(ctx, r);
    r->raw = in->at;
    r->line = r->next_line;
    r->next_line += r->record.lines;
    r->begin = in->offset;
    mlpipe__input_skip(in, r->record.size);
    r->end = in->offset;
    if (csv_is_ascii(r->raw, r->record.size))
        return MLPIPE_OK;
    r->wide = true;
    if (!mlpipe__utf8_valid(r->raw, r->record.size)
        && *found != MLPIPE__CSV_BAD) {
        *found = MLPIPE__CSV_BAD;
        mlpipe__input_no_utf8(r->raw, r->record.size, r->begin, r->no_utf8);
        r->record.bad = r->no_utf8;
        r->record.bad_field = UINT32_MAX;
    }
    return MLPIPE_OK;
}

bool mlpipe__csv_cell(mlpipe__csv_reader *r, uint32_t field, const char **s,
                      size_t *n)
{
    const mlpipe__csv_field *f = &r->record.fields[field];

    *s = f->data;
    *n = f->size;
    if (!(f->flags & (MLPIPE__CSV_DOUBLED | MLPIPE__CSV_ESCAPED)))
        return true;
    mlpipe__text *t = &r->scratch;
    t->size = 0;
    if (f->flags & MLPIPE__CSV_ESCAPED) {
        mlpipe__json_decode(t, f->data, f->size);
        *s = t->data;
        *n = t->size;
        return !t->failed;
    }
    for (size_t from = 0; from < f->size;) {
        const char *q = memchr(f->data + from, r->dialect.quote,
                               f->size - from);
        /* Up to and with the first of two quotes. */
        const size_t run = q ? (size_t)(q - f->data) + 1 - from
                             : f->size - from;
        mlpipe__text_put(t, f->data + from, run);
        from += run + (q != NULL);
    }
    *s = t->data;
    *n = t->size;
    return !t->failed;
}

/* ---- the delimiter ------------------------------------------------------ */

/* How the first records look when cut at one candidate. */
typedef struct csv_guess {
    char delimiter;
    uint32_t cells;   /* the most frequent number of cells of 2 or more */
    double share;     /* of the records that have it */
} csv_guess;

static mlpipe_status csv_guess_one(mlpipe_ctx *ctx, mlpipe__input *in,
                                   const mlpipe__csv_options *o,
                                   mlpipe__csv_record *record, csv_guess *g)
{
    uint32_t counts[CSV_SNIFF_RECORDS], n = 0;
    mlpipe__csv_dialect dialect;
    const char *p = in->at;

    mlpipe__csv_dialect_init(&dialect, g->delimiter, o->quote, o->trim);
    while (n < CSV_SNIFF_RECORDS && p < in->end
           && p - in->at < CSV_SNIFF_BYTES) {
        const enum mlpipe__csv_found found =
            mlpipe__csv_scan(record, &dialect, p, in->end, in->eof);
        if (found == MLPIPE__CSV_NOMEM)
            return mlpipe__nomem(ctx);
        if (found == MLPIPE__CSV_MORE || found == MLPIPE__CSV_TOO_MANY)
            break;
        p += record->size;
        if (found != MLPIPE__CSV_EMPTY)
            counts[n++] = found == MLPIPE__CSV_ROW ? record->count : 0;
    }
    uint32_t best = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t same = 0;
        for (uint32_t k = 0; k < n; k++)
            same += counts[k] == counts[i];
        if (counts[i] > 1 && same > best) {
            best = same;
            g->cells = counts[i];
        }
    }
    g->share = n ? (double)best / n : 0;
    return MLPIPE_OK;
}

static const char *csv_delimiter_name(char c)
{
    return c == ',' ? "," : c == ';' ? ";" : c == '|' ? "|" : "tab";
}

/*
 * Candidates that cut 4 of 5 records into the same number of cells compete
 * (where there is none, those that cut half of them). The one with the most
 * cells wins if it has at least twice as many as the next.
 */
mlpipe_status mlpipe__csv_sniff(mlpipe_ctx *ctx, mlpipe__input *in,
                                const mlpipe__csv_options *o,
                                mlpipe__csv_record *record, char *out)
{
    csv_guess guesses[4] = {{',', 0, 0}, {';', 0, 0}, {'\t', 0, 0},
                            {'|', 0, 0}};
    const csv_guess *first = NULL, *second = NULL;

    *out = ',';
    for (uint32_t i = 0; i < 4; i++) {
        const mlpipe_status st = csv_guess_one(ctx, in, o, record,
                                               &guesses[i]);
        if (st)
            return st;
    }
    for (double share = 0.8; !first && share > 0.4; share -= 0.3)
        for (uint32_t i = 0; i < 4; i++) {
            const csv_guess *g = &guesses[i];
            if (g->share < share)
                continue;
            if (!first || g->cells > first->cells) {
                second = first;
                first = g;
            } else if (!second || g->cells > second->cells) {
                second = g;
            }
        }
    if (!first)
        return MLPIPE_OK; /* one column */
    *out = first->delimiter;
    if (!second || first->cells >= 2 * second->cells)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                        "%s: cells may be separated by %q (%u cells a line) "
                        "or by %q (%u cells a line); say which with "
                        "delimiter=", mlpipe__input_name(in),
                        csv_delimiter_name(first->delimiter), first->cells,
                        csv_delimiter_name(second->delimiter),
                        second->cells);
}
