/* SPDX-License-Identifier: MIT */
/* Rows that can be loaded, and an account of all others. */
#include "collect_internal.h"

enum { CSV_RAW_BYTES = 200, CSV_NAMED_REJECTS = 5 };

void mlpipe__csv_rewind(mlpipe__csv *csv, uint32_t pass)
{
    mlpipe__input_seek(&csv->input, csv->data_offset);
    csv->reader.next_line = csv->data_line;
    csv->reader.between = false;
    csv->reader.polled = csv->data_offset;
    csv->reader.pass = pass;
    csv->tally = csv->before;
    csv->reject_text.size = 0;
    csv->line_text.size = csv->before.line_bytes;
    csv->done = false;
}

/* ---- rejects ------------------------------------------------------------ */

/* Bytes that are no UTF-8 become \xHH. */
void mlpipe__csv_put_raw(mlpipe__text *t, const char *s, size_t n)
{
    while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
        n--;
    if (n > CSV_RAW_BYTES) {
        n = CSV_RAW_BYTES;
        while (n > CSV_RAW_BYTES - 4 && (s[n] & 0xc0) == 0x80)
            n--;
    }
    if (mlpipe__utf8_valid(s, n)) {
        mlpipe__text_put(t, s, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        static const char hex[] = "0123456789abcdef";
        const unsigned char c = (unsigned char)s[i];
        const char escaped[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
        mlpipe__text_put(t, c < 0x80 ? &s[i] : escaped, c < 0x80 ? 1 : 4);
    }
}

/* The reject to be filled; NULL on out of memory. */
static mlpipe__csv_reject *csv_new_reject(mlpipe__csv *csv, int32_t column)
{
    mlpipe__csv_tally *tally = &csv->tally;

    if (tally->reject_count == csv->reject_room) {
        const uint32_t room = csv->reject_room ? csv->reject_room * 2 : 16;
        mlpipe__csv_reject *grown = mlpipe__grow(csv->env, csv->rejects,
                                                 room, sizeof grown[0]);
        if (!grown)
            return NULL;
        csv->rejects = grown;
        csv->reject_room = room;
    }
    mlpipe__csv_reject *x = &csv->rejects[tally->reject_count];
    x->line = csv->reader.line;
    x->kind = MLPIPE__CSV_REJECTED;
    x->row = tally->rows_in - 1 - csv->before.rows_in;
    x->begin = csv->reader.begin;
    x->end = csv->reader.end;
    x->column = column >= 0 && (uint32_t)column < csv->column_count ? column
                                                                    : -1;
    x->cell = false;
    x->reason = csv->reject_text.size;
    return x;
}

/* Enters the reject whose reason was just written. */
static mlpipe_status csv_end_reject(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    mlpipe__csv_reject *x)
{
    mlpipe__text *t = &csv->reject_text;

    x->reason_bytes = t->size - x->reason;
    x->raw = t->size;
    mlpipe__csv_put_raw(t, csv->reader.raw, csv->reader.record.size);
    x->raw_bytes = t->size - x->raw;
    if (t->failed)
        return mlpipe__nomem(ctx);
    csv->tally.reject_count++;
    csv->tally.reject_bytes = t->size;
    if (x->kind)
        csv->tally.mended[x->kind]++;
    else
        csv->tally.rejected++;
    return csv->tally.reject_count > csv->options.max_rejects
        ? mlpipe__csv_rejected(ctx, csv) : MLPIPE_OK;
}

static mlpipe_status csv_reject_count(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const uint32_t cells = csv->reader.record.count;
    mlpipe__csv_reject *x = csv_new_reject(csv, -1);

    if (!x)
        return mlpipe__nomem(ctx);
    mlpipe__text_add(&csv->reject_text, "%u cell%s where %u belong", cells,
                     cells == 1 ? "" : "s", csv->column_count);
    return csv_end_reject(ctx, csv, x);
}

/* Lists a row that is loaded although it is not like the others. */
static mlpipe_status csv_note_mended(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const uint32_t cells = csv->reader.record.count;
    const bool stray = csv->reader.record.stray;

    if (cells == csv->column_count && !stray)
        return MLPIPE_OK;
    mlpipe__csv_reject *x = csv_new_reject(csv, -1);
    if (!x)
        return mlpipe__nomem(ctx);
    x->kind = cells < csv->column_count ? MLPIPE__CSV_PADDED
        : cells > csv->column_count ? MLPIPE__CSV_CUT : MLPIPE__CSV_MENDED;
    if (x->kind != MLPIPE__CSV_MENDED)
        mlpipe__text_add(&csv->reject_text, "%u cell%s where %u belong%s",
                         cells, cells == 1 ? "" : "s", csv->column_count,
                         stray ? "; " : "");
    if (stray)
        mlpipe__text_add(&csv->reject_text,
                         "a quote that closes nothing was kept");
    return csv_end_reject(ctx, csv, x);
}

static mlpipe_status csv_reject_bad(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__csv_record *r = &csv->reader.record;
    mlpipe__csv_reject *x = csv_new_reject(csv, (int32_t)r->bad_field);

    if (!x)
        return mlpipe__nomem(ctx);
    mlpipe__text_add(&csv->reject_text, "%s", r->bad);
    return csv_end_reject(ctx, csv, x);
}

static mlpipe_status csv_reject_cell(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     uint32_t column, const char *s, size_t n)
{
    mlpipe__csv_reject *x = csv_new_reject(csv, (int32_t)column);

    if (!x)
        return mlpipe__nomem(ctx);
    x->cell = true;
    mlpipe__text_add(&csv->reject_text, "no %s: ",
                     mlpipe__type_name(csv->columns[column].forced));
    mlpipe__csv_put_raw(&csv->reject_text, s, n);
    if (csv->columns[column].forced == MLPIPE_TYPE_F64
        && csv->options.find_comma && memchr(s, ',', n))
        mlpipe__text_add(&csv->reject_text, " (decimal=',' reads a comma)");
    return csv_end_reject(ctx, csv, x);
}

/* Are the bad rows the last ones, and of a single text each? Such may be notes
 * that no word tells apart from rows that lack cells. */
static void csv_maybe_notes(const mlpipe__csv *csv, char *out, size_t room)
{
    const mlpipe__csv_tally *t = &csv->tally;
    const mlpipe__csv_reject *x = csv->rejects;
    const uint64_t rows = t->rows_in - csv->before.rows_in;
    const uint64_t lines = x[t->reject_count - 1].line - x[0].line + 1;

    *out = '\0';
    if (csv->json || !csv->done || csv->column_count < 2
        || x[0].row + t->reject_count != rows || t->reject_count == rows)
        return;
    for (uint32_t i = 0; i < t->reject_count; i++)
        if (x[i].kind || x[i].column >= 0
            || mlpipe__csv_hard(csv->reject_text.data + x[i].raw,
                                x[i].raw_bytes)
            || memchr(csv->reject_text.data + x[i].raw,
                      csv->reader.dialect.delimiter, x[i].raw_bytes))
            return;
    (void)mlpipe__format(out, room, lines > 1
                         ? "; if the last %llu lines are notes say footer=%llu"
                         : "; if it is a note say footer=%llu",
                         (unsigned long long)lines, (unsigned long long)lines);
}

mlpipe_status mlpipe__csv_rejected(mlpipe_ctx *ctx, const mlpipe__csv *csv)
{
    const mlpipe__csv_tally *tally = &csv->tally;
    const mlpipe__csv_reject *first = &csv->rejects[0];
    const char *name = first->column < 0
        ? "" : csv->columns[first->column].name;
    char more[120] = "", notes[100];
    size_t used = 0;

    csv_maybe_notes(csv, notes, sizeof notes);
    for (uint32_t i = 1; i < tally->reject_count && i < CSV_NAMED_REJECTS;
         i++)
        used += mlpipe__format(more + used, sizeof more - used,
                               i > 1 ? ", %llu" : "; then lines %llu",
                               (unsigned long long)csv->rejects[i].line);
    (void)mlpipe__fail(
        ctx, MLPIPE_E_FORMAT,
        "%s: line %llu%s%s%s: %.*s%s%.*s%s (%llu bad rows among %llu%s); "
        "%s%s",
        mlpipe__input_name(&csv->input),
        (unsigned long long)first->line, *name ? ", column '" : "", name,
        *name ? "'" : "", (int)first->reason_bytes,
        csv->reject_text.data + first->reason, first->cell ? "" : ": ",
        first->cell ? 0 : (int)first->raw_bytes,
        csv->reject_text.data + first->raw, more,
        (unsigned long long)tally->reject_count,
        (unsigned long long)(tally->rows_in - csv->before.rows_in),
        csv->done ? "" : " so far",
        csv->options.policy
            ? "that is more than max_rejects"
            : first->cell
            ? "mend the file, load the others with rows=quarantine, or give "
              "the column another type in as="
            : csv->json
            ? "mend the file, or load the others with rows=quarantine"
            : "mend the file, load the others with rows=quarantine, or have "
              "short and long rows mended with rows=pad", notes);
    return mlpipe__fail_at(ctx, (int64_t)first->row, name);
}

/* ---- rows --------------------------------------------------------------- */

bool mlpipe__csv_suits(const mlpipe__csv_column *c,
                       const mlpipe__csv_options *o, const char *s, size_t n)
{
    char room[MLPIPE__CSV_DIGITS];
    mlpipe__csv_time time;
    bool value;
    int64_t integer;

    switch (c->forced) {
    case MLPIPE_TYPE_BOOL:
        return (n == 1 && (*s == '0' || *s == '1'))
            || mlpipe__csv_bool(s, n, &value);
    case MLPIPE_TYPE_I64:
        s = mlpipe__csv_plain(s, &n, o->decimal, o->thousands, room);
        return s && mlpipe__parse_i64(s, n, &integer);
    case MLPIPE_TYPE_F64:
        s = mlpipe__csv_plain(s, &n, o->decimal, o->thousands, room);
        return s && mlpipe__csv_number_kind(s, n) != MLPIPE__CSV_NO_NUMBER;
    case MLPIPE_TYPE_TIMESTAMP:
        for (uint32_t k = MLPIPE__CSV_YMD; k <= MLPIPE__CSV_DMY; k *= 2)
            if (o->orders & k && mlpipe__csv_parse_time(s, n, k, &time))
                return true;
        return false;
    default:
        return true;
    }
}

/* Looks at the cells of columns with a forced type; *fine where all suit. */
static mlpipe_status csv_check_forced(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      bool *fine)
{
    *fine = true;
    for (uint32_t i = 0; csv->forced_count && i < csv->column_count; i++) {
        const char *s;
        size_t n;
        if (!csv->columns[i].forced)
            continue;
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            return mlpipe__nomem(ctx);
        if (mlpipe__csv_null(csv, i, s, n) >= 0
            || mlpipe__csv_suits(&csv->columns[i], &csv->options, s, n))
            continue;
        *fine = false;
        return csv_reject_cell(ctx, csv, i, s, n);
    }
    return MLPIPE_OK;
}

/* The end: every row must have been accounted for. */
static mlpipe_status csv_settle_rows(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__csv_tally *t = &csv->tally;

    csv->done = true;
    if (t->rows_in == t->loaded + t->rejected + t->skipped)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_INTERNAL,
                        "%llu rows were read but %llu accounted for; please "
                        "report this",
                        (unsigned long long)t->rows_in,
                        (unsigned long long)(t->loaded + t->rejected
                                             + t->skipped));
}

/* One record into the tally; *row where it is loaded. */
static mlpipe_status csv_sort_record(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     enum mlpipe__csv_found found, bool *row)
{
    const bool footer = csv->reader.begin >= csv->footer_offset;

    if (footer || found == MLPIPE__CSV_EMPTY
        || found == MLPIPE__CSV_COMMENT) {
        csv->tally.skipped++;
        return found == MLPIPE__CSV_EMPTY ? MLPIPE_OK
            : mlpipe__csv_list_line(ctx, csv, footer ? MLPIPE__CSV_FOOTER
                                                     : MLPIPE__CSV_NOTE);
    }
    if (found == MLPIPE__CSV_BAD)
        return csv_reject_bad(ctx, csv);
    if (csv->reader.record.count != csv->column_count
        && csv->options.policy != MLPIPE__CSV_PAD)
        return csv_reject_count(ctx, csv);
    const mlpipe_status st = csv_check_forced(ctx, csv, row);
    return st || !*row ? st : csv_note_mended(ctx, csv);
}

mlpipe_status mlpipe__csv_row(mlpipe_ctx *ctx, mlpipe__csv *csv, bool *row)
{
    mlpipe__csv_tally *tally = &csv->tally;
    mlpipe_status st = MLPIPE_OK;

    for (*row = false; !st && !*row;) {
        enum mlpipe__csv_found found;
        st = csv->kind->next(ctx, csv, &found);
        if (st)
            break;
        if (found == MLPIPE__CSV_END)
            return csv_settle_rows(ctx, csv);
        if (++tally->rows_in > ctx->env->limits.csv_rows)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "%s has more rows than the limit csv_rows, "
                                "%llu; raise it, or read fewer rows at a time",
                                mlpipe__input_name(&csv->input),
                                (unsigned long long)
                                ctx->env->limits.csv_rows);
        st = csv_sort_record(ctx, csv, found, row);
        tally->loaded += !st && *row;
    }
    if (st)
        *row = false;
    return st;
}
