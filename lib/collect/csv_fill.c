/* SPDX-License-Identifier: MIT */
/* The second pass: cells into columns of the types that are known by now. */
#include "collect_internal.h"

enum { CSV_RESERVE = 64 };

/* Converts a cell; false where it does not suit the column any more, or
 * memory or room is out. */
static bool csv_convert(mlpipe__column_writer *w, const mlpipe__csv_column *c,
                        const mlpipe__csv_options *o, const char *s, size_t n)
{
    char room[MLPIPE__CSV_DIGITS];
    mlpipe__csv_time time;
    int64_t integer;
    double real;
    bool truth;
    uint32_t code;

    switch (c->type) {
    case MLPIPE_TYPE_I64:
        s = mlpipe__csv_plain(s, &n, o->decimal, o->thousands, room);
        return s && mlpipe__parse_i64(s, n, &integer)
            && mlpipe__writer_i64(w, integer);
    case MLPIPE_TYPE_F64:
        s = mlpipe__csv_plain(s, &n, c->comma ? ',' : o->decimal,
                              o->thousands, room);
        return s && mlpipe__parse_f64(s, n, true, &real)
            && mlpipe__writer_f64(w, real);
    case MLPIPE_TYPE_BOOL:
        if (n == 1 && (*s == '0' || *s == '1'))
            return mlpipe__writer_bool(w, *s == '1');
        return mlpipe__csv_bool(s, n, &truth)
            && mlpipe__writer_bool(w, truth);
    case MLPIPE_TYPE_TIMESTAMP:
        return mlpipe__csv_parse_time(s, n, c->order, &time)
            && mlpipe__csv_time_value(&time, c->unit, &integer)
            && mlpipe__writer_i64(w, integer);
    case MLPIPE_TYPE_CATEGORY:
        code = mlpipe__dict_find(&c->dictionary->dict, s, n);
        return code != UINT32_MAX
            && mlpipe__writer_code(w, (int32_t)code);
    default:
        return mlpipe__writer_text(w, s, n);
    }
}

/* Why a cell could not be written. Room was reserved, so that all but text
 * fails only where the file is not what the first pass saw. */
static mlpipe_status csv_fill_failed(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                     uint32_t i,
                                     const mlpipe__column_writer *w)
{
    if (mlpipe__writer_full(w))
        return mlpipe__writer_failed(ctx, w);
    if (csv->columns[i].type == MLPIPE_TYPE_TEXT)
        return mlpipe__nomem(ctx);
    const mlpipe_status st = mlpipe__input_check(ctx, &csv->input);
    return st ? st : mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                  "%s: line %llu, column '%s' changed while "
                                  "it was read; read it again when nobody "
                                  "writes to it",
                                  mlpipe__input_name(&csv->input),
                                  (unsigned long long)csv->reader.line,
                                  csv->columns[i].name);
}

static mlpipe_status csv_fill_row(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                  mlpipe__column_writer **writers)
{
    const mlpipe__csv_options *o = &csv->options;

    for (uint32_t i = 0; i < csv->column_count; i++) {
        const char *s;
        size_t n;
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            return mlpipe__nomem(ctx);
        const uint32_t flags = mlpipe__csv_flags(&csv->reader, i);
        csv->tally.trimmed += (flags & MLPIPE__CSV_TRIMMED) != 0;
        csv->tally.quoted_empty += !n && flags & MLPIPE__CSV_QUOTED;
        const int32_t token = mlpipe__csv_null(csv, i, s, n);
        if (token >= 0) {
            csv->nulls[(size_t)i * o->na.count + (uint32_t)token]++;
            (void)mlpipe__writer_null(writers[i]);
        } else if (!csv_convert(writers[i], &csv->columns[i], o, s, n)) {
            return csv_fill_failed(ctx, csv, i, writers[i]);
        }
    }
    return MLPIPE_OK;
}

/* Room for the next rows, so that only text can run out of memory. */
static mlpipe_status csv_reserve(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                 mlpipe__column_writer **writers)
{
    for (uint32_t i = 0; i < csv->column_count; i++)
        if (!mlpipe__writer_reserve(writers[i], CSV_RESERVE))
            return mlpipe__nomem(ctx);
    return MLPIPE_OK;
}

/* A writer for each column. */
static mlpipe_status csv_open_writers(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                      mlpipe__column_writer **writers)
{
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const mlpipe__csv_column *c = &csv->columns[i];
        writers[i] = mlpipe__writer_new(csv->env, c->name, strlen(c->name),
                                        c->type, c->unit, c->dictionary);
        if (!writers[i])
            return mlpipe__nomem(ctx);
    }
    return MLPIPE_OK;
}

/* Finishes the writers; all of them are gone afterwards. */
static mlpipe_status csv_close_writers(mlpipe_ctx *ctx,
                                       const mlpipe__csv *csv,
                                       mlpipe__column_writer **writers,
                                       mlpipe__column ***out)
{
    mlpipe__column **columns = mlpipe__alloc_array(
        csv->env, csv->column_count, sizeof columns[0]);
    bool fine = columns != NULL;

    for (uint32_t i = 0; fine && i < csv->column_count; i++) {
        columns[i] = mlpipe__writer_finish(writers[i]);
        writers[i] = NULL;
        fine = columns[i] != NULL;
    }
    if (fine) {
        *out = columns;
        return MLPIPE_OK;
    }
    for (uint32_t i = 0; columns && i < csv->column_count; i++)
        mlpipe__column_drop(columns[i]);
    mlpipe__free(csv->env, columns);
    return mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__csv_fill(mlpipe_ctx *ctx, mlpipe__csv *csv,
                               int64_t max, mlpipe__column ***columns,
                               int64_t *rows)
{
    bool row = true;

    *columns = NULL;
    *rows = 0;
    mlpipe_status st = mlpipe__csv_poll(ctx, &csv->reader);
    if (st)
        return st;
    mlpipe__column_writer **writers = mlpipe__alloc_array(
        csv->env, csv->column_count, sizeof writers[0]);
    if (!writers)
        return mlpipe__nomem(ctx);
    st = csv_open_writers(ctx, csv, writers);
    while (!st && row && *rows < max) {
        st = mlpipe__csv_row(ctx, csv, &row);
        if (!st && row && *rows % CSV_RESERVE == 0)
            st = csv_reserve(ctx, csv, writers);
        if (!st && row)
            st = csv_fill_row(ctx, csv, writers);
        *rows += !st && row;
    }
    if (!st)
        st = mlpipe__input_check(ctx, &csv->input);
    if (!st && *rows)
        st = csv_close_writers(ctx, csv, writers, columns);
    for (uint32_t i = 0; i < csv->column_count; i++)
        mlpipe__writer_free(writers[i]);
    mlpipe__free(csv->env, writers);
    return st;
}
