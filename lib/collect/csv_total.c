/* SPDX-License-Identifier: MIT */
/*
 * A last row of sums, in whatever language: it alone breaks what a column of
 * dates or numbers is, and holds the sum of another. Both together are no row;
 * one of them may be chance and is told.
 */
#include "collect_internal.h"

enum { CSV_TOTAL_ROWS = 3 /* at least, before the last */ };

/* The number in a cell, and half of the place of its last digit. */
static bool csv_total_number(const mlpipe__csv *csv,
                             const mlpipe__csv_column *c, const char *s,
                             size_t n, double *x, double *half)
{
    const mlpipe__csv_options *o = &csv->options;
    const bool comma = c->may & MLPIPE__CSV_COMMA
        && !(c->may & MLPIPE__CSV_F64);
    const bool number = c->forced
        ? c->forced == MLPIPE_TYPE_I64 || c->forced == MLPIPE_TYPE_F64
        : (c->may & (MLPIPE__CSV_NUMBERS | MLPIPE__CSV_COMMA)) != 0;
    char room[MLPIPE__CSV_DIGITS];

    if (!number)
        return false;
    s = mlpipe__csv_plain(s, &n, comma ? ',' : o->decimal, o->thousands,
                          room);
    if (!s || !mlpipe__parse_f64(s, n, false, x))
        return false;
    const char *point = memchr(s, '.', n);
    *half = 0.5;
    for (const char *p = point ? point + 1 : s + n; p < s + n; p++)
        *half /= 10;
    return true;
}

/* One row into the sums; the last one is held against them instead. *match
 * is the column whose sum it has, or -1. */
static mlpipe_status csv_total_row(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                   double *sums, double *sizes,
                                   int32_t *match)
{
    const bool last = csv->reader.begin == csv->last_begin;

    for (uint32_t i = 0; i < csv->column_count; i++) {
        const char *s;
        size_t n;
        double x, half;
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            return mlpipe__nomem(ctx);
        if (mlpipe__csv_null(csv, i, s, n) >= 0
            || !csv_total_number(csv, &csv->columns[i], s, n, &x, &half))
            continue;
        if (!last) {
            sums[i] += x;
            sizes[i] += x < 0 ? -x : x;
            continue;
        }
        const double off = x < sums[i] ? sums[i] - x : x - sums[i];
        if (x != 0 && off <= half * (1 + 1e-9) + 1e-12 * sizes[i]
            && *match < 0)
            *match = (int32_t)i;
    }
    return MLPIPE_OK;
}

static mlpipe_status csv_total_pass(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    int32_t *match)
{
    double *sums = mlpipe__alloc_array(csv->env, csv->column_count,
                                       2 * sizeof sums[0]);
    bool row = true;

    *match = -1;
    if (!sums)
        return mlpipe__nomem(ctx);
    mlpipe__csv_rewind(csv, 0);
    mlpipe_status st = mlpipe__csv_poll(ctx, &csv->reader);
    while (!st && row) {
        st = mlpipe__csv_row(ctx, csv, &row);
        if (!st && row)
            st = csv_total_row(ctx, csv, sums, sums + csv->column_count,
                               match);
    }
    mlpipe__free(csv->env, sums);
    return st;
}

mlpipe_status mlpipe__csv_total(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                bool *footer)
{
    const mlpipe__csv_column *broken = NULL;
    bool empty = false, only = false;
    int32_t match;

    *footer = false;
    if (csv->json || csv->options.footer != MLPIPE__CSV_AUTO_LINES
        || csv->tally.loaded <= CSV_TOTAL_ROWS || csv->column_count < 2)
        return MLPIPE_OK;
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const mlpipe__csv_column *c = &csv->columns[i];
        const bool here = c->empty && c->empty_line == csv->last_line;
        empty |= here;
        only |= here && c->empty == 1;
        if (!broken && !c->forced && mlpipe__csv_broken_last(csv, c))
            broken = c;
    }
    if (!empty || (!broken && !only))
        return MLPIPE_OK;
    const mlpipe_status st = csv_total_pass(ctx, csv, &match);
    if (st || match < 0)
        return st;
    if (broken) {
        csv->footer_offset = csv->last_begin;
        *footer = true;
    }
    mlpipe__log_line(ctx, broken ? MLPIPE_LOG_INFO : MLPIPE_LOG_WARN,
                     "read_csv", broken
                     ? "%s: line %llu is no row: it holds the sum of column "
                       "%s and %q in column %s; if it is one say footer=0"
                     : "%s: line %llu may be no row: it holds the sum of "
                       "column %s and an empty cell; say footer=1 or "
                       "footer=0", mlpipe__input_name(&csv->input),
                     (unsigned long long)csv->last_line,
                     csv->columns[match].name,
                     broken ? broken->doubt.text : "",
                     broken ? broken->name : "");
    return MLPIPE_OK;
}
