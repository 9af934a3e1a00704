/* SPDX-License-Identifier: MIT */
/* Reading CSV: whole into a dataset, or block by block as a source. */
#include "collect_internal.h"

void mlpipe__csv_free(void *state)
{
    mlpipe__csv *csv = state;

    if (!csv)
        return;
    mlpipe__env *env = csv->env;
    csv->kind->free(csv);
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

/* Reads may be short: there must be enough to find the dialect in. */
static mlpipe_status csv_first_bytes(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    mlpipe_status st = MLPIPE_OK;

    while (!st && !in->eof && in->end - in->at < MLPIPE__CSV_SNIFFED)
        st = mlpipe__input_more(ctx, in);
    return st;
}

/* ---- the kind ----------------------------------------------------------- */

static mlpipe_status csv_options(mlpipe_ctx *ctx, const char *params,
                                 mlpipe__csv *csv)
{
    return mlpipe__csv_options_parse(ctx, params, &csv->options);
}

/* {" and [{ and their like, which begin no line of names. */
static bool csv_is_json(const mlpipe__input *in)
{
    const char *at = in->at;
    char open = 0;

    for (; at < in->end; at++) {
        if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
            continue;
        if (open)
            return *at == '"' || (open == '{' ? *at == '}' : *at == '{');
        if (*at != '{' && *at != '[')
            return false;
        open = *at;
    }
    return false;
}

static mlpipe_status csv_refuse_json(mlpipe_ctx *ctx, const mlpipe__csv *csv)
{
    if (csv->options.header != MLPIPE__CSV_AUTO || csv->options.header_rows
        || !csv_is_json(&csv->input))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                        "%s looks like JSON; use mlpipe_read_json, or give "
                        "header= where it is CSV",
                        mlpipe__input_name(&csv->input));
}

static mlpipe_status csv_to_rows(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__csv_guess *g = &csv->guess;
    mlpipe_status st = csv_first_bytes(ctx, csv);

    const mlpipe__csv_sample start = {csv->input.at, csv->input.end,
                                      csv->input.eof};
    if (!st)
        st = csv_refuse_json(ctx, csv);
    if (!st)
        st = mlpipe__csv_sniff(ctx, &start, &csv->options,
                               &csv->reader.record, g);
    if (!st)
        st = mlpipe__csv_windows(ctx, csv);
    if (!st && g->ambiguous && !csv->tolerant)
        st = mlpipe__csv_ambiguous(ctx, &csv->input, g);
    if (st)
        return st;
    csv->reader.dialect = g->best[0].dialect;
    csv->cells = g->best[0].cells;
    st = mlpipe__csv_frame(ctx, csv);
    return st ? st : mlpipe__csv_header(ctx, csv);
}

static mlpipe_status csv_next(mlpipe_ctx *ctx, mlpipe__csv *csv,
                              enum mlpipe__csv_found *found)
{
    return mlpipe__csv_next(ctx, &csv->reader, found);
}

/* The header told the columns: nothing is new behind the last row. */
static mlpipe_status csv_seen(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    (void)ctx;
    (void)csv;
    return MLPIPE_OK;
}

static void csv_free_nothing(mlpipe__csv *csv)
{
    (void)csv;
}

const mlpipe__csv_kind mlpipe__csv_rows = {
    .name = "csv",
    .options = csv_options,
    .begin = csv_to_rows,
    .next = csv_next,
    .seen = csv_seen,
    .report = mlpipe__csv_report_rows,
    .free = csv_free_nothing,
};

/* ---- reading, whatever the kind ----------------------------------------- */

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

mlpipe_status mlpipe__csv_open(mlpipe_ctx *ctx, const mlpipe__csv_kind *kind,
                               mlpipe__input_from from, const char *params,
                               bool tolerant, mlpipe__csv **out)
{
    mlpipe__csv *csv = mlpipe__alloc(ctx->env, sizeof *csv);

    *out = NULL;
    if (!csv)
        return mlpipe__nomem(ctx);
    csv->env = mlpipe__env_keep(ctx->env);
    csv->kind = kind;
    csv->tolerant = tolerant;
    csv->footer_offset = UINT64_MAX;
    csv->reader.input = &csv->input;
    csv->reader.next_line = 1;
    csv->reader.passes = 2;
    csv->reader.record.env = csv->env;
    mlpipe__text_init(&csv->reader.scratch, csv->env);
    mlpipe__text_init(&csv->reject_text, csv->env);
    mlpipe__text_init(&csv->line_text, csv->env);
    mlpipe_status st = kind->options(ctx, params, csv);
    from.encoding = csv->options.encoding;
    if (!st)
        st = mlpipe__input_open(ctx, &from, &csv->input);
    if (!st)
        st = kind->begin(ctx, csv);
    if (!st) {
        *out = csv;
        return st;
    }
    st = mlpipe__input_doubt(ctx, &csv->input, st);
    mlpipe__csv_free(csv);
    return st;
}

/* The same with types, ready for its first row. */
static mlpipe_status csv_open(mlpipe_ctx *ctx, const mlpipe__csv_kind *kind,
                              mlpipe__input_from from, const char *params,
                              mlpipe__csv **out)
{
    mlpipe_status st = mlpipe__csv_open(ctx, kind, from, params, false, out);

    if (!st)
        st = mlpipe__input_doubt(ctx, &(*out)->input,
                                 csv_types(ctx, *out));
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

static mlpipe_status csv_read(mlpipe_ctx *ctx, const mlpipe__csv_kind *kind,
                              mlpipe__input_from from, const char *params,
                              mlpipe_dataset **out)
{
    mlpipe__csv *csv;
    mlpipe_status st = csv_open(ctx, kind, from, params, &csv);

    if (st)
        return st;
    st = csv_block(ctx, csv, INT64_MAX, true, out);
    if (!st && !*out) /* the first pass met rows */
        st = mlpipe__input_changed(ctx, &csv->input);
    mlpipe__csv_free(csv);
    return st;
}

mlpipe_status mlpipe__csv_read_file(mlpipe_ctx *ctx, const char *call,
                                    const mlpipe__csv_kind *kind,
                                    const char *path, const char *params,
                                    mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, call);

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_read(ctx, kind, (mlpipe__input_from){.path = path}, params,
                      out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__csv_read_memory(mlpipe_ctx *ctx, const char *call,
                                      const mlpipe__csv_kind *kind,
                                      const void *bytes, size_t size,
                                      const char *params,
                                      mlpipe_dataset **out)
{
    const mlpipe__input_from from = {.bytes = bytes, .size = size};
    mlpipe_status st = mlpipe__begin(ctx, call);

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !bytes && size)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st)
        st = csv_read(ctx, kind, from, params, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__csv_read_stream(mlpipe_ctx *ctx, const char *call,
                                      const mlpipe__csv_kind *kind,
                                      const mlpipe_stream *stream,
                                      const char *params,
                                      mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, call);

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !stream)
        st = mlpipe__null_arg(ctx, "stream");
    if (!st)
        st = csv_read(ctx, kind, (mlpipe__input_from){.stream = stream},
                      params, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_read_csv(mlpipe_ctx *ctx, const char *path,
                              const char *params, mlpipe_dataset **out)
{
    return mlpipe__csv_read_file(ctx, "mlpipe_read_csv", &mlpipe__csv_rows,
                                 path, params, out);
}

mlpipe_status mlpipe_read_csv_memory(mlpipe_ctx *ctx, const void *bytes,
                                     size_t size, const char *params,
                                     mlpipe_dataset **out)
{
    return mlpipe__csv_read_memory(ctx, "mlpipe_read_csv_memory",
                                   &mlpipe__csv_rows, bytes, size, params,
                                   out);
}

mlpipe_status mlpipe_read_csv_stream(mlpipe_ctx *ctx,
                                     const mlpipe_stream *stream,
                                     const char *params, mlpipe_dataset **out)
{
    return mlpipe__csv_read_stream(ctx, "mlpipe_read_csv_stream",
                                   &mlpipe__csv_rows, stream, params, out);
}

/* ---- block by block ----------------------------------------------------- */

/* A block that fails leaves the source where it was. */
static mlpipe_status csv_source_next(mlpipe_ctx *ctx, void *state,
                                     mlpipe_dataset **out)
{
    mlpipe__csv *csv = state;
    const mlpipe__csv_tally tally = csv->tally;
    const uint64_t offset = csv->input.offset, line = csv->reader.next_line;
    const bool between = csv->reader.between, done = csv->done;
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
    csv->reader.between = between;
    csv->reader.polled = offset;
    csv->tally = tally;
    csv->reject_text.size = tally.reject_bytes;
    csv->reject_text.failed = false;
    csv->line_text.size = tally.line_bytes;
    csv->line_text.failed = false;
    csv->reader.scratch.failed = false;
    csv->done = done;
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

mlpipe_status mlpipe__csv_source(mlpipe_ctx *ctx, const char *call,
                                 const mlpipe__csv_kind *kind,
                                 const char *path, const char *params,
                                 mlpipe_source **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, call);
    mlpipe__csv *csv = NULL;

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_open(ctx, kind, (mlpipe__input_from){.path = path}, params,
                      &csv);
    if (!st)
        st = mlpipe__source_new(ctx, &csv_source, csv, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_source_csv(mlpipe_ctx *ctx, const char *path,
                                const char *params, mlpipe_source **out)
{
    return mlpipe__csv_source(ctx, "mlpipe_source_csv", &mlpipe__csv_rows,
                              path, params, out);
}
