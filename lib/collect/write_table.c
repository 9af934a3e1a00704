/* SPDX-License-Identifier: MIT */
/*
 * Datasets as text: what the formats share. A cell is written so that it
 * reads back as what it is: numbers by their shortest digits, with a point
 * where the column is F64, times in ISO 8601 with the digits of their unit.
 */
#include "collect_internal.h"

enum { TABLE_FLUSH = 1 << 18, TABLE_POLL_ROWS = 1024,
       TABLE_POLL_CELLS = 1 << 16 };

static mlpipe_status table_fail_at(mlpipe__table_writer *w, uint32_t column,
                                   int64_t row)
{
    return mlpipe__fail_at(w->ctx, row,
                           mlpipe_dataset_name(w->dataset, column));
}

/* ---- cells -------------------------------------------------------------- */

static mlpipe_status table_nan(mlpipe__table_writer *w, uint32_t column,
                               int64_t row, mlpipe__cell *out)
{
    out->kind = w->nan == MLPIPE__NAN_NULL ? MLPIPE__CELL_NULL
                                           : MLPIPE__CELL_NAN;
    if (w->nan != MLPIPE__NAN_FAIL)
        return MLPIPE_OK;
    (void)mlpipe__fail(w->ctx, MLPIPE_E_NUMERIC,
                       "row %lld, column '%s' is %s, which is neither null "
                       "nor a number of this format; say nan=null or "
                       "nan=string", (long long)row,
                       mlpipe_dataset_name(w->dataset, column), out->s);
    return table_fail_at(w, column, row);
}

static mlpipe_status table_f64(mlpipe__table_writer *w, uint32_t column,
                               int64_t row, mlpipe__cell *out)
{
    uint8_t valid;
    double x;

    mlpipe__dataset_block(w->dataset, column, row, 1, &x, &valid);
    if (!valid)
        return MLPIPE_OK;
    out->kind = MLPIPE__CELL_PLAIN;
    out->n = mlpipe__print_f64(x, out->room);
    if (x - x != 0)
        return table_nan(w, column, row, out);
    /* Without a point it would read back as an integer. */
    if (!memchr(out->s, '.', out->n) && !memchr(out->s, 'e', out->n)) {
        memcpy(out->room + out->n, ".0", 3);
        out->n += 2;
    }
    return MLPIPE_OK;
}

/* Appends a sign and a number of so many digits. */
static void table_digits(mlpipe__cell *out, char sign, int64_t value,
                         int32_t digits)
{
    if (sign)
        out->room[out->n++] = sign;
    for (int32_t i = digits; i-- > 0; value /= 10)
        out->room[out->n + (size_t)i] = (char)('0' + value % 10);
    out->n += (size_t)digits;
}

static mlpipe_status table_time(mlpipe__table_writer *w, uint32_t column,
                                int64_t row, int64_t v, mlpipe__cell *out)
{
    static const struct {
        int64_t per_second;
        int32_t digits;
    } units[] = {
        [MLPIPE_UNIT_S] = {1, 0},
        [MLPIPE_UNIT_MS] = {1000, 3},
        [MLPIPE_UNIT_US] = {1000000, 6},
        [MLPIPE_UNIT_NS] = {1000000000, 9},
    };
    const int32_t unit = mlpipe_dataset_unit(w->dataset, column);
    const int64_t per = units[unit].per_second;
    const int64_t rest = v % per, left = rest + (rest < 0 ? per : 0);
    const int64_t seconds = v / per - (rest < 0);
    const int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    const int32_t of_day = (int32_t)(seconds - days * 86400);
    int32_t y = 0, m = 0, d = 0;

    /* 0001-01-01 and 9999-12-31 */
    if (days < -719162 || days > 2932896) {
        (void)mlpipe__fail(w->ctx, MLPIPE_E_UNSUPPORTED,
                           "row %lld, column '%s': the time %lld %s since "
                           "1970 lies beyond the years 1 to 9999, which are "
                           "all that can be written", (long long)row,
                           mlpipe_dataset_name(w->dataset, column),
                           (long long)v, mlpipe__unit_name(unit));
        return table_fail_at(w, column, row);
    }
    mlpipe__civil_from_days(days, &y, &m, &d);
    out->kind = MLPIPE__CELL_TIME;
    table_digits(out, '\0', y, 4);
    table_digits(out, '-', m, 2);
    table_digits(out, '-', d, 2);
    table_digits(out, 'T', of_day / 3600, 2);
    table_digits(out, ':', of_day / 60 % 60, 2);
    table_digits(out, ':', of_day % 60, 2);
    if (per > 1)
        table_digits(out, '.', left, units[unit].digits);
    return MLPIPE_OK;
}

static void table_word(mlpipe__cell *out, const char *word)
{
    out->s = word;
    out->n = strlen(word);
}

mlpipe_status mlpipe__table_cell(mlpipe__table_writer *w, uint32_t column,
                                 int64_t row, mlpipe__cell *out)
{
    const int32_t type = mlpipe_dataset_type(w->dataset, column);
    int64_t v;
    uint8_t valid;

    out->kind = MLPIPE__CELL_NULL;
    out->s = out->room;
    out->n = 0;
    if (type == MLPIPE_TYPE_F64)
        return table_f64(w, column, row, out);
    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY) {
        out->s = mlpipe__dataset_cell_text(w->dataset, column, row, &out->n);
        out->kind = out->s ? MLPIPE__CELL_TEXT : MLPIPE__CELL_NULL;
        return MLPIPE_OK;
    }
    mlpipe__dataset_block_i64(w->dataset, column, row, 1, &v, &valid);
    if (!valid)
        return MLPIPE_OK;
    if (type == MLPIPE_TYPE_TIMESTAMP)
        return table_time(w, column, row, v, out);
    out->kind = MLPIPE__CELL_PLAIN;
    if (type == MLPIPE_TYPE_BOOL)
        table_word(out, v ? "true" : "false");
    else
        out->n = mlpipe__print_i64(v, out->room);
    return MLPIPE_OK;
}

/* ---- the table ---------------------------------------------------------- */

static mlpipe_status table_poll(mlpipe__table_writer *w, int64_t row)
{
    /* Of wide rows a few are as much work as many others. */
    const int64_t rows = TABLE_POLL_CELLS
        / ((int64_t)mlpipe_dataset_columns(w->dataset) + 1) + 1;

    return row % (rows < TABLE_POLL_ROWS ? rows : TABLE_POLL_ROWS) ? MLPIPE_OK
        : mlpipe__poll(w->ctx, "write", (uint64_t)row,
                       (uint64_t)mlpipe_dataset_rows(w->dataset));
}

/* Hands the text on to the file, if there is one. */
static mlpipe_status table_flush(mlpipe__table_writer *w,
                                 mlpipe__new_file *file, size_t least)
{
    if (w->text.failed)
        return mlpipe__nomem(w->ctx);
    if (!file || w->text.size < least || !w->text.size)
        return MLPIPE_OK;
    const mlpipe_status st = mlpipe__file_put(w->ctx, file, w->text.data,
                                              w->text.size);
    w->text.size = 0;
    return st;
}

static mlpipe_status table_rows(mlpipe__table_writer *w,
                                mlpipe__new_file *file)
{
    const int64_t rows = mlpipe_dataset_rows(w->dataset);
    mlpipe_status st = w->begin(w);

    for (int64_t row = 0; !st && row < rows; row++) {
        st = table_poll(w, row);
        if (!st)
            st = w->row(w, row);
        if (!st)
            st = table_flush(w, file, TABLE_FLUSH);
    }
    if (st)
        return st;
    w->end(w);
    return table_flush(w, file, 0);
}

/* What a name promises that is written as plain text would not be true. */
static mlpipe_status table_check_name(mlpipe_ctx *ctx, const char *path)
{
    static const char *const packed[] = {".gz", ".zst", ".bz2", ".xz",
                                         ".zip"};
    const size_t n = strlen(path);

    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        const size_t m = strlen(packed[i]);
        if (n > m && !strcmp(path + n - m, packed[i]))
            return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                                "%s: tables are written as plain text, not "
                                "compressed; write without %s and compress "
                                "the file afterwards", path, packed[i]);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__table_write(mlpipe__table_writer *w, const char *path,
                                  mlpipe_buffer **out)
{
    mlpipe__new_file file;
    mlpipe_status st;

    mlpipe__text_init(&w->text, w->ctx->env);
    if (out) {
        st = table_rows(w, NULL);
        if (!st)
            st = mlpipe__text_give(w->ctx, &w->text, out);
    } else {
        st = table_check_name(w->ctx, path);
        if (st)
            return st;
        st = mlpipe__file_begin(w->ctx, path, &file);
        if (!st)
            st = table_rows(w, &file);
        st = mlpipe__file_end(w->ctx, &file, st, true);
    }
    mlpipe__text_free(&w->text);
    return st;
}
