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
    if (c->type == MLPIPE_TYPE_F64 && c->huge)
        return "holds integers beyond i64";
    if (c->type == MLPIPE_TYPE_F64 && c->rounded)
        return "integers above 2^53 were rounded";
    if (c->type == MLPIPE_TYPE_TIMESTAMP)
        return c->order == MLPIPE__CSV_MDY ? "month/day/year"
            : c->order == MLPIPE__CSV_DMY ? "day/month/year"
            : c->zone ? "with a zone, kept as UTC" : "";
    if (c->kinds & (c->kinds - 1))
        return "values of several kinds, as they stand";
    if (c->kinds & MLPIPE__CSV_NESTED)
        return "arrays or objects, as they stand";
    if (c->type == MLPIPE_TYPE_TEXT && c->many)
        return "too many texts for a category";
    if (c->zone && c->naive)
        return "times with and without a zone";
    return c->huge ? "holds integers beyond i64" : "";
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
        csv_cell_string(r, csv_type_note(c));
    }
}

static void csv_report_nulls(mlpipe_report *r, const mlpipe__csv *csv)
{
    const mlpipe__dict *na = &csv->options.na;

    mlpipe__report_table(r, "nulls", "column,token,count");
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
        mlpipe__report_cell_number(r, (double)x->line);
        mlpipe__report_cell_number(r, (double)x->begin);
        mlpipe__report_cell_number(r, (double)x->end);
        csv_cell_string(r, x->column < 0 ? ""
                                         : csv->columns[x->column].name);
        mlpipe__report_cell_text(r, text + x->reason, x->reason_bytes);
        mlpipe__report_cell_text(r, text + x->raw, x->raw_bytes);
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
    const char quote = (char)d->quote;

    if (d->delimiter == '\t')
        csv_report_string(r, "delimiter", "tab");
    else if (d->delimiter == ' ')
        csv_report_string(r, "delimiter", "space");
    else
        mlpipe__report_text(r, "delimiter", &d->delimiter, 1);
    mlpipe__report_text(r, "quote", &quote, d->quote >= 0);
    csv_report_string(r, "header", csv->header ? "true" : "false");
    mlpipe__csv_report_encoding(r, csv);
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
