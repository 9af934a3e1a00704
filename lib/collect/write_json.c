/* SPDX-License-Identifier: MIT */
/* Datasets as JSON: one object a line, or an array of objects. */
#include "collect_internal.h"

const mlpipe__param mlpipe__write_json_params[] = {
    {"format", MLPIPE_PARAM_CHOICE, "ndjson", 0, 0, "ndjson,array", 0x000100,
     "One object a line, or one array of objects."},
    {"nan", MLPIPE_PARAM_CHOICE, "fail", 0, 0, "fail,null,string", 0x000100,
     "NaN and the infinities, for which JSON has no number: refused, as null, "
     "or as the strings nan, inf and -inf."},
};
const uint32_t mlpipe__write_json_param_count =
    sizeof mlpipe__write_json_params / sizeof mlpipe__write_json_params[0];

enum { JSONL_WRITE_LINES, JSONL_WRITE_ARRAY };

static bool jsonl_is_array(const mlpipe__table_writer *w)
{
    return mlpipe__params_get(&w->params, "format")->choice
        == JSONL_WRITE_ARRAY;
}

static mlpipe_status jsonl_begin_rows(mlpipe__table_writer *w)
{
    if (jsonl_is_array(w))
        mlpipe__text_put(&w->text, "[", 1);
    return MLPIPE_OK;
}

static mlpipe_status jsonl_put_row(mlpipe__table_writer *w, int64_t row)
{
    const uint32_t columns = mlpipe_dataset_columns(w->dataset);
    mlpipe__text *t = &w->text;
    mlpipe_status st = MLPIPE_OK;

    if (jsonl_is_array(w))
        mlpipe__text_put(t, row ? ",\n" : "\n", row ? 2 : 1);
    for (uint32_t i = 0; !st && i < columns; i++) {
        const char *name = mlpipe_dataset_name(w->dataset, i);
        mlpipe__cell cell;
        mlpipe__text_put(t, i ? "," : "{", 1);
        mlpipe__text_json(t, name, strlen(name));
        mlpipe__text_put(t, ":", 1);
        st = mlpipe__table_cell(w, i, row, &cell);
        if (cell.kind == MLPIPE__CELL_NULL)
            mlpipe__text_put(t, "null", 4);
        else if (cell.kind == MLPIPE__CELL_PLAIN)
            mlpipe__text_put(t, cell.s, cell.n);
        else
            mlpipe__text_json(t, cell.s, cell.n);
    }
    mlpipe__text_put(t, "}\n", jsonl_is_array(w) ? 1 : 2);
    return st;
}

static void jsonl_end_rows(mlpipe__table_writer *w)
{
    if (jsonl_is_array(w))
        mlpipe__text_put(&w->text, "\n]\n", 3);
}

static mlpipe_status jsonl_write(mlpipe_ctx *ctx,
                                 const mlpipe_dataset *dataset,
                                 const char *path, const char *params,
                                 mlpipe_buffer **out)
{
    mlpipe__table_writer w = {
        .ctx = ctx, .dataset = dataset, .begin = jsonl_begin_rows,
        .row = jsonl_put_row, .end = jsonl_end_rows};
    mlpipe_status st = mlpipe__params_parse(
        ctx, path ? "mlpipe_write_json" : "mlpipe_write_json_memory",
        mlpipe__write_json_params, mlpipe__write_json_param_count, params,
        &w.params);

    if (!st) {
        w.nan = mlpipe__params_get(&w.params, "nan")->choice;
        st = mlpipe__table_write(&w, path, out);
    }
    mlpipe__params_free(&w.params);
    return st;
}

mlpipe_status mlpipe_write_json(mlpipe_ctx *ctx,
                                const mlpipe_dataset *dataset,
                                const char *path, const char *params)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_write_json");

    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = jsonl_write(ctx, dataset, path, params, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_write_json_memory(mlpipe_ctx *ctx,
                                       const mlpipe_dataset *dataset,
                                       const char *params,
                                       mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_write_json_memory");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = jsonl_write(ctx, dataset, NULL, params, out);
    return mlpipe__end(ctx, st);
}
