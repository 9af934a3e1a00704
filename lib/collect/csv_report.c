/* SPDX-License-Identifier: MIT */
/* What happened when a CSV was read, for people and programs. */
#include "collect_internal.h"

static void csv_report_string(mlpipe_report *r, const char *name,
                              const char *text)
{
    mlpipe__report_text(r, name, text, strlen(text));
}

static void csv_cell_string(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

static uint64_t csv_column_nulls(const mlpipe__csv *csv, uint32_t column)
{
    const uint32_t tokens = csv->options.na.count;
    uint64_t nulls = 0;

    for (uint32_t k = 0; k < tokens; k++)
        nulls += csv->nulls[(size_t)column * tokens + k];
    return nulls;
}

/* What a reader should know about how the type came about. */
static const char *csv_type_note(const mlpipe__csv_column *c)
{
    if (c->forced)
        return "as asked";
    if (!c->values && c->type == MLPIPE_TYPE_F64)
        return "no values";
    if (c->comma)
        return c->huge ? "a comma is the decimal point; holds integers "
                         "beyond i64"
            : c->rounded ? "a comma is the decimal point; integers above "
                           "2^53 were rounded"
            : "a comma is the decimal point";
    if (c->type == MLPIPE_TYPE_F64 && c->huge)
        return "holds integers beyond i64";
    if (c->type == MLPIPE_TYPE_F64 && c->rounded)
        return "integers above 2^53 were rounded";
    if (c->type == MLPIPE_TYPE_TIMESTAMP)
        return c->order == MLPIPE__CSV_MDY ? "month/day/year"
            : c->order == MLPIPE__CSV_DMY && c->dots
            ? "day.month.year: dots are day first"
            : c->order == MLPIPE__CSV_DMY ? "day/month/year"
            : c->zone ? "with a zone, kept as UTC" : "";
    if (c->kinds & (c->kinds - 1))
        return "values of several kinds, as they stand";
    if (c->kinds & MLPIPE__CSV_NESTED)
        return "arrays or objects, as they stand";
    if (c->grouped && !c->ungrouped && !c->lost)
        return "1,234 and the like: say decimal= or thousands=";
    if (c->type == MLPIPE_TYPE_TEXT && c->many)
        return "too many texts for a category";
    if (c->zone && c->naive)
        return "times with and without a zone";
    return c->huge ? "holds integers beyond i64" : "";
}

/* What the column was up to the value that made a text of it. */
static void csv_lost_note(const mlpipe__csv_column *c, char *out, size_t room)
{
    const char *was = c->lost & MLPIPE__CSV_I64 ? "i64"
        : c->lost & (MLPIPE__CSV_F64 | MLPIPE__CSV_COMMA) ? "f64"
        : c->lost & MLPIPE__CSV_BOOLS ? "bool" : "timestamp";

    if (c->mixed_line)
        (void)mlpipe__format(out, room, "ambiguous date: line %llu has "
                             "another order of day and month than those "
                             "before", (unsigned long long)c->mixed_line);
    else
        (void)mlpipe__format(out, room, "%s up to line %llu", was,
                             (unsigned long long)c->lost_line);
}

static void csv_report_types(mlpipe_report *r, const mlpipe__csv *csv)
{
    mlpipe__report_table(r, "types", "column,type,unit,nulls,texts,note");
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const mlpipe__csv_column *c = &csv->columns[i];
        csv_cell_string(r, c->name);
        csv_cell_string(r, mlpipe__type_name(c->type));
        csv_cell_string(r, mlpipe__unit_name(c->unit));
        mlpipe__report_cell_number(r, (double)csv_column_nulls(csv, i));
        mlpipe__report_cell_number(
            r, c->dictionary ? (double)c->dictionary->dict.count
                             : mlpipe__nan());
        const char *note = csv_type_note(c);
        const char *way = c->forced ? NULL : mlpipe__csv_groups_name(c);
        char lost[120];
        if (!*note && way) {
            (void)mlpipe__format(lost, sizeof lost, "looks like numbers "
                                 "written with %s", way);
            note = lost;
        } else if (!*note && c->lost) {
            csv_lost_note(c, lost, sizeof lost);
            note = lost;
        }
        csv_cell_string(r, note);
    }
}

static void csv_report_nulls(mlpipe_report *r, const mlpipe__csv *csv)
{
    const mlpipe__dict *na = &csv->options.na;

    mlpipe__report_table(r, "null_tokens", "column,token,count");
    for (uint32_t i = 0; i < csv->column_count; i++)
        for (uint32_t k = 0; k < na->count; k++) {
            const uint64_t count = csv->nulls[(size_t)i * na->count + k];
            if (!count)
                continue;
            csv_cell_string(r, csv->columns[i].name);
            if (csv->json && k < 2)
                csv_cell_string(r, k ? "null" : "absent");
            else
                mlpipe__report_cell_text(r, mlpipe__dict_text(na, k),
                                         mlpipe__dict_bytes(na, k));
            mlpipe__report_cell_number(r, (double)count);
        }
}

static void csv_report_rejects(mlpipe_report *r, const mlpipe__csv *csv)
{
    const char *text = csv->reject_text.data;

    mlpipe__report_table(r, "rejects",
                         "line,byte_begin,byte_end,column,reason,raw");
    for (uint32_t i = 0; i < csv->tally.reject_count; i++) {
        const mlpipe__csv_reject *x = &csv->rejects[i];
        if (x->kind)
            continue;
        mlpipe__report_cell_number(r, (double)x->line);
        mlpipe__report_cell_number(r, (double)x->begin);
        mlpipe__report_cell_number(r, (double)x->end);
        csv_cell_string(r, x->column < 0 ? ""
                                         : csv->columns[x->column].name);
        mlpipe__report_cell_text(r, text + x->reason, x->reason_bytes);
        mlpipe__report_cell_text(r, text + x->raw, x->raw_bytes);
    }
}

/* Rows that are loaded although they were not like the others. */
static void csv_report_mended(mlpipe_report *r, const mlpipe__csv *csv)
{
    static const char *const kinds[] = {"", "padded", "cut", "quote"};
    const char *text = csv->reject_text.data;

    mlpipe__report_table(r, "mended",
                         "line,byte_begin,byte_end,kind,reason,raw");
    for (uint32_t i = 0; i < csv->tally.reject_count; i++) {
        const mlpipe__csv_reject *x = &csv->rejects[i];
        if (!x->kind)
            continue;
        mlpipe__report_cell_number(r, (double)x->line);
        mlpipe__report_cell_number(r, (double)x->begin);
        mlpipe__report_cell_number(r, (double)x->end);
        csv_cell_string(r, kinds[x->kind]);
        mlpipe__report_cell_text(r, text + x->reason, x->reason_bytes);
        mlpipe__report_cell_text(r, text + x->raw, x->raw_bytes);
    }
}

/* ---- the dialect and what was skipped ----------------------------------- */

static const char *csv_line_end(const mlpipe__csv_guess *g)
{
    const int32_t kinds = (g->lf > 0) + (g->crlf > 0) + (g->cr > 0);

    return kinds > 1 ? "mixed" : g->crlf ? "crlf" : g->cr ? "cr"
        : g->lf ? "lf" : "none";
}

static const char *csv_escape_name(const mlpipe__csv_dialect *d)
{
    return d->escape == MLPIPE__CSV_BACKSLASH ? "backslash"
        : d->escape == MLPIPE__CSV_BARE ? "none" : "doubled";
}

static void csv_report_byte(mlpipe_report *r, const char *name, int32_t byte)
{
    const char c = (char)byte;

    mlpipe__report_text(r, name, &c, byte >= 0);
}

/* The dialects that competed, the one that was taken first. */
static void csv_report_candidates(mlpipe_report *r,
                                  const mlpipe__csv_guess *g)
{
    mlpipe__report_table(r, "candidates",
                         "delimiter,quote,escape,comment,columns,regular,"
                         "score,example");
    for (uint32_t i = 0; i < g->count; i++) {
        const mlpipe__csv_look *look = &g->best[i];
        const mlpipe__csv_dialect *d = &look->dialect;
        const char quote = (char)d->quote, comment = (char)d->comment;
        char room[4];
        csv_cell_string(r, mlpipe__csv_delimiter_name(d, room));
        mlpipe__report_cell_text(r, &quote, d->quote >= 0);
        csv_cell_string(r, csv_escape_name(d));
        mlpipe__report_cell_text(r, &comment, d->comment >= 0);
        mlpipe__report_cell_number(r, look->cells);
        mlpipe__report_cell_number(r, look->records
                                   ? (double)look->regular
                                   / (double)look->records : 0);
        mlpipe__report_cell_number(r, look->score);
        csv_cell_string(r, i < 2 ? g->shown[i] : "");
    }
}

static void csv_report_lines(mlpipe_report *r, const mlpipe__csv *csv)
{
    static const char *const parts[] = {"preamble", "footer", "comment"};

    mlpipe__report_table(r, "lines", "part,line,byte_begin,byte_end,raw");
    for (uint32_t i = 0; i < csv->tally.line_count; i++) {
        const mlpipe__csv_line *x = &csv->lines[i];
        csv_cell_string(r, parts[x->part]);
        mlpipe__report_cell_number(r, (double)x->line);
        mlpipe__report_cell_number(r, (double)x->begin);
        mlpipe__report_cell_number(r, (double)x->end);
        mlpipe__report_cell_text(r, csv->line_text.data + x->raw,
                                 x->raw_bytes);
    }
}

void mlpipe__csv_report_encoding(mlpipe_report *r, const mlpipe__csv *csv)
{
    csv_report_string(r, "encoding",
                      mlpipe__input_encoding(&csv->input,
                                             csv->reader.wide));
    csv_report_string(r, "compression",
                      mlpipe__input_compression(&csv->input));
}

void mlpipe__csv_report_dialect(mlpipe_report *r, const mlpipe__csv *csv)
{
    const mlpipe__csv_dialect *d = &csv->reader.dialect;
    const mlpipe__csv_guess *g = &csv->guess;
    char room[4];

    csv_report_string(r, "delimiter", mlpipe__csv_delimiter_name(d, room));
    csv_report_byte(r, "quote", d->quote);
    csv_report_string(r, "escape", csv_escape_name(d));
    csv_report_byte(r, "comment", d->comment);
    csv_report_string(r, "line_end", csv_line_end(g));
    csv_report_string(r, "header", csv->header ? "true" : "false");
    mlpipe__csv_report_encoding(r, csv);
    mlpipe__report_number(r, "header_rows", csv->header ? csv->header_rows
                                                        : 0);
    mlpipe__report_number(r, "margin", g->margin);
    mlpipe__report_number(r, "ambiguous", g->ambiguous);
    mlpipe__report_number(r, "windows", g->windows);
    mlpipe__report_number(r, "windows_confirming", g->confirmed);
    mlpipe__report_number(r, "windows_against", g->against);
    csv_report_string(r, "runner_up", g->count > 1
                      ? mlpipe__csv_delimiter_name(&g->best[1].dialect, room)
                      : "");
    mlpipe__report_number(r, "before_header", (double)csv->before.rows_in);
    csv_report_candidates(r, g);
    csv_report_lines(r, csv);
}

void mlpipe__csv_report_rows(mlpipe_report *r, const mlpipe__csv *csv)
{
    const mlpipe__csv_tally *t = &csv->tally;
    const mlpipe__csv_options *o = &csv->options;

    mlpipe__report_number(r, "padded",
                          (double)t->mended[MLPIPE__CSV_PADDED]);
    mlpipe__report_number(r, "cut", (double)t->mended[MLPIPE__CSV_CUT]);
    mlpipe__report_number(r, "stray_quotes",
                          (double)t->mended[MLPIPE__CSV_MENDED]);
    mlpipe__report_number(r, "quoted_empty", (double)t->quoted_empty);
    csv_report_string(r, "empty_cells",
                      mlpipe__csv_na(o, "", 0) < 0 ? "texts, quoted or not"
                      : o->quoted_text ? "null, texts where quoted"
                      : "null, quoted or not");
    mlpipe__csv_report_dialect(r, csv);
    csv_report_mended(r, csv);
}

mlpipe_status mlpipe__csv_report(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                 mlpipe_report **out)
{
    const mlpipe__csv_tally *t = &csv->tally;
    double nulls = 0;

    *out = NULL;
    mlpipe_report *r = mlpipe__report_new(ctx->env, "reading");
    if (!r)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < csv->column_count; i++)
        nulls += (double)csv_column_nulls(csv, i);
    mlpipe__report_number(r, "rows_in", (double)t->rows_in);
    mlpipe__report_number(r, "loaded", (double)t->loaded);
    mlpipe__report_number(r, "rejected", (double)t->rejected);
    mlpipe__report_number(r, "skipped", (double)t->skipped);
    mlpipe__report_number(r, "bytes", (double)csv->input.total);
    mlpipe__report_number(r, "text_bytes", (double)csv->input.text_bytes);
    mlpipe__report_number(r, "columns", csv->column_count);
    mlpipe__report_number(r, "nulls", nulls);
    mlpipe__report_number(r, "trimmed", (double)t->trimmed);
    mlpipe__report_number(r, "renamed", csv->renamed);
    csv->kind->report(r, csv);
    csv_report_types(r, csv);
    csv_report_nulls(r, csv);
    csv_report_rejects(r, csv);
    return mlpipe__report_seal(ctx, r, out);
}
