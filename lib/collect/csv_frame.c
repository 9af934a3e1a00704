/* SPDX-License-Identifier: MIT */
/*
 * Where the table begins: behind titles, notes and blank lines. A line before
 * it is known by having one cell, or few, where the rows have many; where it
 * may as well be a short line of names the file is ambiguous.
 */
#include "collect_internal.h"

enum { CSV_FRAME_RECORDS = 200 };

/* One of the first records. */
typedef struct csv_start {
    uint64_t begin, line;
    enum mlpipe__csv_found found;
    uint32_t cells, filled; /* filled: that are not empty */
    bool hard;              /* a number or date among them */
} csv_start;

mlpipe_status mlpipe__csv_list_line(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    enum mlpipe__csv_part part)
{
    mlpipe__csv_tally *t = &csv->tally;

    if (t->line_count == MLPIPE__CSV_LINES)
        return MLPIPE_OK;
    if (!csv->lines)
        csv->lines = mlpipe__alloc_array(csv->env, MLPIPE__CSV_LINES,
                                         sizeof csv->lines[0]);
    if (!csv->lines)
        return mlpipe__nomem(ctx);
    mlpipe__csv_line *x = &csv->lines[t->line_count];
    x->part = part;
    x->line = csv->reader.line;
    x->begin = csv->reader.begin;
    x->end = csv->reader.end;
    x->raw = csv->line_text.size;
    mlpipe__csv_put_raw(&csv->line_text, csv->reader.raw,
                        (size_t)(x->end - x->begin));
    x->raw_bytes = csv->line_text.size - x->raw;
    if (csv->line_text.failed)
        return mlpipe__nomem(ctx);
    t->line_count++;
    t->line_bytes = csv->line_text.size;
    return MLPIPE_OK;
}

/* Goes to a place before the rows. */
static void csv_frame_seek(mlpipe__csv *csv, uint64_t offset, uint64_t line)
{
    mlpipe__input_seek(&csv->input, offset);
    csv->reader.next_line = line;
    csv->reader.polled = offset;
}

/* ---- skip=n ------------------------------------------------------------- */

/* The next line as the reader's record, whatever is in it. */
static mlpipe_status csv_frame_line(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    bool *there)
{
    mlpipe__input *in = &csv->input;
    mlpipe__csv_reader *r = &csv->reader;
    size_t n = 0;

    for (;;) {
        const size_t held = (size_t)(in->end - in->at);
        while (n < held && in->at[n] != '\n' && in->at[n] != '\r')
            n++;
        /* A CR at the window's end may be half of a line's end. */
        if (in->eof || n + 1 < held)
            break;
        if (held > ctx->env->limits.csv_line_bytes)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "%s: line %llu has more than %llu bytes, the "
                                "limit csv_line_bytes, which a quote that is "
                                "never closed does; raise it, or say quote=",
                                mlpipe__input_name(in),
                                (unsigned long long)r->next_line,
                                (unsigned long long)
                                ctx->env->limits.csv_line_bytes);
        const mlpipe_status st = mlpipe__input_more(ctx, in);
        if (st)
            return st;
    }
    const size_t held = (size_t)(in->end - in->at);
    *there = held > 0;
    if (n < held)
        n += in->at[n] == '\r' && n + 1 < held && in->at[n + 1] == '\n' ? 2
                                                                        : 1;
    r->raw = in->at;
    r->line = r->next_line++;
    r->begin = in->offset;
    mlpipe__input_skip(in, n);
    r->end = in->offset;
    return MLPIPE_OK;
}

static mlpipe_status csv_frame_skip(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe_status st = MLPIPE_OK;
    bool there = true;

    for (int64_t i = 0; !st && i < csv->options.skip; i++) {
        st = csv_frame_line(ctx, csv, &there);
        if (st || !there)
            break;
        csv->tally.rows_in++;
        csv->tally.skipped++;
        st = mlpipe__csv_list_line(ctx, csv, MLPIPE__CSV_PREAMBLE);
    }
    return st;
}

/* ---- skip=auto ---------------------------------------------------------- */

/* "sep=;" in the first line tells a spreadsheet the delimiter. */
static bool csv_frame_tells(const mlpipe__csv_reader *r)
{
    const mlpipe__csv_record *x = &r->record;

    return r->line == 1 && x->count == 2 && !x->fields[1].size
        && x->fields[0].size == 4 && !memcmp(x->fields[0].data, "sep=", 4);
}

static mlpipe_status csv_frame_look(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    csv_start *x)
{
    mlpipe__csv_reader *r = &csv->reader;
    const mlpipe_status st = mlpipe__csv_next(ctx, r, &x->found);

    if (st)
        return st;
    x->begin = r->begin;
    x->line = r->line;
    x->cells = r->record.count;
    x->filled = 0;
    x->hard = false;
    for (uint32_t i = 0; x->found == MLPIPE__CSV_ROW && i < x->cells; i++) {
        const mlpipe__csv_field *f = &r->record.fields[i];
        x->filled += f->size > 0;
        x->hard |= f->size && mlpipe__csv_hard(f->data, f->size);
    }
    if (x->found == MLPIPE__CSV_ROW && csv_frame_tells(r))
        x->found = MLPIPE__CSV_COMMENT;
    return MLPIPE_OK;
}

/* May this record stand before a table whose rows have so many cells? */
static bool csv_frame_before(const csv_start *x, uint32_t cells)
{
    if (x->found == MLPIPE__CSV_EMPTY || x->found == MLPIPE__CSV_COMMENT)
        return true;
    if (x->found != MLPIPE__CSV_ROW || cells < 2 || x->cells > cells)
        return false;
    if (!x->filled)
        return x->cells > 1;
    if (x->cells == cells)
        return cells > 2 && x->filled == 1 && !x->hard;
    return x->filled <= cells / 2 && (x->filled == 1 ? !x->hard : true);
}

static mlpipe_status csv_frame_ambiguous(mlpipe_ctx *ctx,
                                         const mlpipe__csv *csv,
                                         const csv_start *x)
{
    return mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                        "%s: line %llu has %u cell%s and the rows behind it "
                        "have %u: it may be a title (say skip=%llu) or names "
                        "of columns of which one is missing (mend the line, "
                        "or say rows=pad skip=0)%s",
                        mlpipe__input_name(&csv->input),
                        (unsigned long long)x->line, x->cells,
                        x->cells == 1 ? "" : "s", csv->cells,
                        (unsigned long long)x->line,
                        x->cells == 1 && !csv->guess.asked
                        ? ", or this is one column (say delimiter=none)"
                        : "");
}

/*
 * Where among the records the table begins. A record that is followed by
 * names is a title; before rows without names it must differ from names
 * itself.
 */
static mlpipe_status csv_frame_find(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                    const csv_start *x, uint32_t count,
                                    uint32_t *begin)
{
    const csv_start *last = NULL;
    uint32_t titles = 0, blanks = 0;
    /* Who says that there are no names has said that this is a row. */
    const bool rows = csv->options.header == MLPIPE__CSV_NO_HEADER;

    for (*begin = 0; *begin < count && csv_frame_before(&x[*begin],
                                                        csv->cells);
         ++*begin) {
        if (rows && x[*begin].found == MLPIPE__CSV_ROW
            && x[*begin].cells == csv->cells)
            break;
        const csv_start *now = &x[*begin];
        const bool title = now->found == MLPIPE__CSV_ROW && now->filled;
        last = title ? now : last;
        titles += title;
        blanks += last && !title;
    }
    if (*begin == count) {
        /* No table was met: only what is blank is passed over. */
        for (*begin = 0; *begin < count
             && x[*begin].found != MLPIPE__CSV_ROW; ++*begin)
            ;
        return MLPIPE_OK;
    }
    const csv_start *table = &x[*begin];
    if (!titles || table->found != MLPIPE__CSV_ROW || !table->hard
        || titles > 1 || blanks)
        return MLPIPE_OK;
    if (last->cells + 1 == csv->cells)
        return csv_frame_ambiguous(ctx, csv, last);
    if (last->cells == csv->cells)
        *begin = (uint32_t)(last - x);
    return MLPIPE_OK;
}

static mlpipe_status csv_frame_auto(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const uint64_t offset = csv->input.offset, line = csv->reader.next_line;
    csv_start *x = mlpipe__alloc_array(csv->env, CSV_FRAME_RECORDS,
                                       sizeof x[0]);
    mlpipe_status st = MLPIPE_OK;
    uint32_t count = 0, begin = 0;

    if (!x)
        return mlpipe__nomem(ctx);
    while (!st && count < CSV_FRAME_RECORDS) {
        st = csv_frame_look(ctx, csv, &x[count]);
        if (st || x[count].found == MLPIPE__CSV_END)
            break;
        if (!csv_frame_before(&x[count++], csv->cells))
            break;
    }
    if (!st)
        st = csv_frame_find(ctx, csv, x, count, &begin);
    mlpipe__free(csv->env, x);
    if (st)
        return st;
    /* The lines are read again, so that they can be listed. */
    csv_frame_seek(csv, offset, line);
    for (uint32_t i = 0; !st && i < begin; i++) {
        enum mlpipe__csv_found found;
        st = mlpipe__csv_next(ctx, &csv->reader, &found);
        if (st || found == MLPIPE__CSV_END)
            break;
        csv->tally.rows_in++;
        csv->tally.skipped++;
        if (found != MLPIPE__CSV_EMPTY)
            st = mlpipe__csv_list_line(ctx, csv,
                                       found == MLPIPE__CSV_COMMENT
                                       ? MLPIPE__CSV_NOTE
                                       : MLPIPE__CSV_PREAMBLE);
    }
    return st;
}

mlpipe_status mlpipe__csv_frame(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe_status st = csv->options.skip == MLPIPE__CSV_AUTO_LINES
        ? csv_frame_auto(ctx, csv) : csv_frame_skip(ctx, csv);

    if (st)
        return st;
    const uint64_t offset = csv->input.offset, line = csv->reader.next_line;
    st = mlpipe__csv_footer(ctx, csv);
    csv_frame_seek(csv, offset, line);
    csv->before = csv->tally;
    return st;
}
