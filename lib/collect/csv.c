/* SPDX-License-Identifier: MIT */
/* Reading CSV: whole into a dataset, or block by block as a source. */
#include "collect_internal.h"

enum { CSV_FIRST_BYTES = 1 << 20 };

void mlpipe__csv_free(void *state)
{
    mlpipe__csv *csv = state;

    if (!csv)
        return;
    mlpipe__env *env = csv->env;
    for (uint32_t i = 0; i < csv->column_count; i++) {
        mlpipe__free(env, csv->columns[i].name);
        mlpipe__dictionary_drop(csv->columns[i].dictionary);
    }
    mlpipe__free(env, csv->columns);
    mlpipe__free(env, csv->nulls);
    mlpipe__free(env, csv->nulls_before);
    mlpipe__free(env, csv->rejects);
    mlpipe__text_free(&csv->reject_text);
    mlpipe__free(env, csv->lines);
    mlpipe__text_free(&csv->line_text);
    mlpipe__text_free(&csv->reader.scratch);
    mlpipe__free(env, csv->reader.record.fields);
    mlpipe__input_close(&csv->input);
    mlpipe__csv_options_free(&csv->options);
    mlpipe__free(env, csv);
    mlpipe__env_drop(env);
}

/* The first bytes: skips a UTF-8 mark, refuses UTF-16. */
static mlpipe_status csv_first_bytes(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    mlpipe_status st = MLPIPE_OK;

    /* Reads may be short: there must be enough to find the dialect in. */
    while (!st && !in->eof && in->end - in->at < CSV_FIRST_BYTES)
        st = mlpipe__input_more(ctx, in);
    if (st)
        return st;
    const size_t n = (size_t)(in->end - in->at);
    const unsigned char *b = (const unsigned char *)in->at;
    if (n >= 2 && ((b[0] == 0xff && b[1] == 0xfe)
                   || (b[0] == 0xfe && b[1] == 0xff)))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "%s is UTF-16; convert it to UTF-8, as with "
                            "iconv -f utf-16 -t utf-8",
                            mlpipe__input_name(in));
    csv->bom = n >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf;
    if (csv->bom)
        mlpipe__input_skip(in, 3);
    return MLPIPE_OK;
}

/* Everything up to the names of the columns. */
static mlpipe_status csv_begin(mlpipe_ctx *ctx, mlpipe__csv *csv,
                               bool tolerant)
{
    mlpipe__csv_guess *g = &csv->guess;
    mlpipe_status st = csv_first_bytes(ctx, csv);

    if (!st)
        st = mlpipe__csv_sniff(ctx, &csv->input, &csv->options,
                               &csv->reader.record, g);
    if (!st && g->ambiguous && !tolerant)
        st = mlpipe__csv_ambiguous(ctx, &csv->input, g);
    if (st)
        return st;
    csv->reader.dialect = g->best[0].dialect;
    csv->cells = g->best[0].cells;
    st = mlpipe__csv_frame(ctx, csv);
    return st ? st : mlpipe__csv_header(ctx, csv);
}

/* Types of the columns; the first row is next. */
static mlpipe_status csv_types(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe_status st = mlpipe__csv_infer(ctx, csv);

    if (st)
        return st;
    const size_t tokens = csv->options.na.count;
    csv->nulls = mlpipe__alloc_array(csv->env, csv->column_count,
                                     tokens * sizeof csv->nulls[0]);
    csv->nulls_before = mlpipe__alloc_array(csv->env, csv->column_count,
                                            tokens * sizeof csv->nulls[0]);
    if (!csv->nulls || !csv->nulls_before)
        return mlpipe__nomem(ctx);
    mlpipe__csv_rewind(csv, 1);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__csv_open(mlpipe_ctx *ctx, const char *path,
                               const void *bytes, size_t size,
                               const char *params, bool tolerant,
                               mlpipe__csv **out)
{
    mlpipe__csv *csv = mlpipe__alloc(ctx->env, sizeof *csv);

    *out = NULL;
    if (!csv)
        return mlpipe__nomem(ctx);
    csv->env = mlpipe__env_keep(ctx->env);
    csv->reader.input = &csv->input;
    csv->reader.next_line = 1;
    csv->reader.passes = 2;
    csv->reader.record.env = csv->env;
    mlpipe__text_init(&csv->reader.scratch, csv->env);
    mlpipe__text_init(&csv->reject_text, csv->env);
    mlpipe__text_init(&csv->line_text, csv->env);
    mlpipe_status st = mlpipe__csv_options_parse(ctx, params, &csv->options);
    if (!st)
        st = path ? mlpipe__input_file(ctx, path, &csv->input)
                  : mlpipe__input_memory(ctx, bytes, size, &csv->input);
    if (!st)
        st = csv_begin(ctx, csv, tolerant);
    if (!st)
        *out = csv;
    else
        mlpipe__csv_free(csv);
    return st;
}

/* The same with types, ready for its first row; path NULL: memory. */
static mlpipe_status csv_open(mlpipe_ctx *ctx, const char *path,
                              const void *bytes, size_t size,
                              const char *params, mlpipe__csv **out)
{
    mlpipe_status st = mlpipe__csv_open(ctx, path, bytes, size, params,
                                        false, out);

    if (!st)
        st = csv_types(ctx, *out);
    if (st) {
        mlpipe__csv_free(*out);
        *out = NULL;
    }
    return st;
}

/* The next rows as a dataset; NULL at the end. */
static mlpipe_status csv_block(mlpipe_ctx *ctx, mlpipe__csv *csv, int64_t max,
                               bool whole, mlpipe_dataset **out)
{
    mlpipe__column **columns;
    mlpipe_report *report = NULL;
    const uint64_t first_id = csv->tally.loaded;
    int64_t rows;
    mlpipe_status st = mlpipe__csv_fill(ctx, csv, max, &columns, &rows);

    *out = NULL;
    if (st || !rows)
        return st;
    if (whole)
        st = mlpipe__csv_report(ctx, csv, &report);
    if (!st)
        st = mlpipe__dataset_new(ctx, columns, csv->column_count, first_id,
                                 report, out);
    else
        for (uint32_t i = 0; i < csv->column_count; i++)
            mlpipe__column_drop(columns[i]);
    mlpipe__free(csv->env, columns);
    return st;
}

/* ---- whole -------------------------------------------------------------- */

static mlpipe_status csv_read(mlpipe_ctx *ctx, const char *path,
                              const void *bytes, size_t size,
                              const char *params, mlpipe_dataset **out)
{
    mlpipe__csv *csv;
    mlpipe_status st = csv_open(ctx, path, bytes, size, params, &csv);

    if (st)
        return st;
    st = csv_block(ctx, csv, INT64_MAX, true, out);
    if (!st && !*out) /* the first pass met rows */
        st = mlpipe__input_changed(ctx, &csv->input);
    mlpipe__csv_free(csv);
    return st;
}

mlpipe_status mlpipe_read_csv(mlpipe_ctx *ctx, const char *path,
                              const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_read_csv");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_read(ctx, path, NULL, 0, params, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_read_csv_memory(mlpipe_ctx *ctx, const void *bytes,
                                     size_t size, const char *params,
                                     mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_read_csv_memory");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !bytes && size)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st)
        st = csv_read(ctx, NULL, bytes, size, params, out);
    return mlpipe__end(ctx, st);
}

/* ---- block by block ----------------------------------------------------- */

/* A block that fails leaves the source where it was. */
static mlpipe_status csv_source_next(mlpipe_ctx *ctx, void *state,
                                     mlpipe_dataset **out)
{
    mlpipe__csv *csv = state;
    const mlpipe__csv_tally tally = csv->tally;
    const uint64_t offset = csv->input.offset, line = csv->reader.next_line;
    const size_t bytes = (size_t)csv->column_count * csv->options.na.count
        * sizeof csv->nulls[0];

    memcpy(csv->nulls_before, csv->nulls, bytes);
    const mlpipe_status st = csv_block(ctx, csv, MLPIPE__CHUNK_ROWS, false,
                                       out);
    if (!st)
        return MLPIPE_OK;
    memcpy(csv->nulls, csv->nulls_before, bytes);
    mlpipe__input_seek(&csv->input, offset);
    csv->reader.next_line = line;
    csv->reader.polled = offset;
    csv->tally = tally;
    csv->reject_text.size = tally.reject_bytes;
    csv->reject_text.failed = false;
    csv->line_text.size = tally.line_bytes;
    csv->line_text.failed = false;
    csv->reader.scratch.failed = false;
    csv->done = false;
    return st;
}

static mlpipe_status csv_source_reading(mlpipe_ctx *ctx, const void *state,
                                        mlpipe_report **out)
{
    return mlpipe__csv_report(ctx, state, out);
}

static const mlpipe__source_class csv_source = {
    .name = "csv",
    .next = csv_source_next,
    .reading = csv_source_reading,
    .free = mlpipe__csv_free,
};

mlpipe_status mlpipe_source_csv(mlpipe_ctx *ctx, const char *path,
                                const char *params, mlpipe_source **out)
{
    mlpipe__csv *csv = NULL;
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_source_csv");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_open(ctx, path, NULL, 0, params, &csv);
    if (!st)
        st = mlpipe__source_new(ctx, &csv_source, csv, out);
    return mlpipe__end(ctx, st);
}
