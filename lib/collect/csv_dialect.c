/* SPDX-License-Identifier: MIT */
/* What a CSV is like, without reading its rows. */
#include "collect_internal.h"

static mlpipe_status csv_dialect(mlpipe_ctx *ctx, mlpipe__input_from from,
                                 const char *params, mlpipe_report **out)
{
    mlpipe__csv *csv;
    mlpipe_status st = mlpipe__csv_open(ctx, &mlpipe__csv_rows, from, params,
                                        true, &csv);

    if (st)
        return st;
    mlpipe_report *r = mlpipe__report_new(ctx->env, "dialect");
    if (!r) {
        mlpipe__csv_free(csv);
        return mlpipe__nomem(ctx);
    }
    csv->tally = csv->before;
    mlpipe__report_number(r, "columns", csv->column_count);
    mlpipe__csv_report_dialect(r, csv);
    mlpipe__report_table(r, "names", "column");
    for (uint32_t i = 0; i < csv->column_count; i++)
        mlpipe__report_cell_text(r, csv->columns[i].name,
                                 strlen(csv->columns[i].name));
    st = mlpipe__report_seal(ctx, r, out);
    mlpipe__csv_free(csv);
    return st;
}

mlpipe_status mlpipe_csv_dialect(mlpipe_ctx *ctx, const char *path,
                                 const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_csv_dialect");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_dialect(ctx, (mlpipe__input_from){.path = path}, params,
                         out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_csv_dialect_memory(mlpipe_ctx *ctx, const void *bytes,
                                        size_t size, const char *params,
                                        mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_csv_dialect_memory");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !bytes && size)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st)
        st = csv_dialect(
            ctx, (mlpipe__input_from){.bytes = bytes, .size = size}, params,
            out);
    return mlpipe__end(ctx, st);
}
