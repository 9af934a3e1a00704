/* SPDX-License-Identifier: MIT */
/* A table of a report as a dataset. */
#include "data_internal.h"

/* Bytes that are no UTF-8, which a rejected line may hold, cannot stand in a
 * dataset: U+FFFD for each. */
static bool table_text(mlpipe__column_writer *w, mlpipe__text *buffer,
                       const char *s, size_t n)
{
    if (mlpipe__utf8_valid(s, n))
        return mlpipe__writer_text(w, s, n);
    buffer->size = 0;
    for (size_t i = 0, bytes; i < n; i += bytes ? bytes : 1) {
        bytes = mlpipe__utf8_char(s + i, n - i);
        if (bytes)
            mlpipe__text_put(buffer, s + i, bytes);
        else
            mlpipe__text_put(buffer, "\xef\xbf\xbd", 3);
    }
    return !buffer->failed && mlpipe__writer_text(w, buffer->data,
                                                  buffer->size);
}

/* NaN is a cell that has no value. In a column of texts a number is told as
 * one. */
static bool table_cell(mlpipe__column_writer *w, mlpipe__text *buffer,
                       const char *s, size_t n, double x)
{
    if (s)
        return table_text(w, buffer, s, n);
    if (x != x)
        return mlpipe__writer_null(w);
    if (mlpipe__writer_column(w)->type == MLPIPE_TYPE_F64)
        return mlpipe__writer_f64(w, x);
    buffer->size = 0;
    mlpipe__text_add(buffer, "%g", x);
    return !buffer->failed && mlpipe__writer_text(w, buffer->data,
                                                  buffer->size);
}

static int32_t table_type(const mlpipe__table *t, uint32_t column)
{
    const int32_t texts = t->rows <= MLPIPE__AUTO_CATEGORIES
        ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_TEXT;
    size_t n;
    double x;

    for (uint32_t i = 0; i < t->rows; i++)
        if (mlpipe__report_table_cell(t, i, column, &n, &x))
            return texts;
    return MLPIPE_TYPE_F64;
}

static mlpipe_status table_column(mlpipe_ctx *ctx, const mlpipe__table *t,
                                  uint32_t column, mlpipe__column **out)
{
    size_t n = 0, name_bytes;
    double x;
    const char *name = mlpipe__report_table_column(t, column, &name_bytes);
    mlpipe__column_writer *w = mlpipe__writer_new(
        ctx->env, name, name_bytes, table_type(t, column), MLPIPE_UNIT_NONE,
        NULL);
    mlpipe_status st = w ? MLPIPE_OK : mlpipe__nomem(ctx);
    mlpipe__text buffer;

    mlpipe__text_init(&buffer, ctx->env);
    for (uint32_t i = 0; !st && i < t->rows; i++) {
        const char *s = mlpipe__report_table_cell(t, i, column, &n, &x);
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "report table", i, t->rows);
        if (!st && !table_cell(w, &buffer, s, n, x))
            st = mlpipe__writer_failed(ctx, w);
    }
    mlpipe__text_free(&buffer);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}

static mlpipe_status table_none(mlpipe_ctx *ctx, const mlpipe_report *r,
                                const char *name)
{
    const uint32_t count = mlpipe_report_tables(r);
    const char **names = mlpipe__alloc_array(ctx->env, count, sizeof *names);
    const double x = mlpipe_report_get(r, name);
    const char *near;

    if (!names)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < count; i++)
        names[i] = mlpipe_report_table_name(r, i);
    near = mlpipe__nearest(name, strlen(name), names, count);
    if (mlpipe_report_text(r, name) || x == x)
        (void)mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                           "mlpipe_report_table: %q is a %s, no table; take "
                           "%s", name, x == x ? "number" : "text",
                           x == x ? "mlpipe_report_get"
                                  : "mlpipe_report_text");
    else if (near)
        (void)mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                           "mlpipe_report_table: there is no table %q; did "
                           "you mean %q?", name, near);
    else
        (void)mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                           "mlpipe_report_table: there is no table %q among "
                           "the report's %u%s%s; mlpipe_report_table_name "
                           "lists them", name, count,
                           count ? ", the first is " : "",
                           count ? names[0] : "");
    mlpipe__free(ctx->env, names);
    return MLPIPE_E_NOT_FOUND;
}

static mlpipe_status table_make(mlpipe_ctx *ctx, const mlpipe_report *r,
                                const char *name, mlpipe_dataset **out)
{
    mlpipe__column **columns;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__table t;
    uint32_t made = 0;

    if (!mlpipe__report_table_find(r, name, &t))
        return table_none(ctx, r, name);
    columns = mlpipe__alloc_array(ctx->env, t.columns, sizeof *columns);
    if (!columns)
        return mlpipe__nomem(ctx);
    for (; !st && made < t.columns; made += !st)
        st = table_column(ctx, &t, made, &columns[made]);
    if (!st)
        st = mlpipe__dataset_new(ctx, columns, made, 0, NULL, out);
    else
        while (made)
            mlpipe__column_drop(columns[--made]);
    mlpipe__free(ctx->env, columns);
    return st;
}

mlpipe_status mlpipe_report_table(mlpipe_ctx *ctx,
                                  const mlpipe_report *report,
                                  const char *name, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_report_table");

    if (out)
        *out = NULL;
    if (!st && !report)
        st = mlpipe__null_arg(ctx, "report");
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = table_make(ctx, report, name, out);
    return mlpipe__end(ctx, st);
}
