/* SPDX-License-Identifier: MIT */
/*
 * Datasets as CSV (RFC 4180, with \n). A text is put in quotes where it could
 * be read as anything but itself: a null of any spelling that the reader
 * knows, a comment, a blank line, two cells.
 */
#include "collect_internal.h"

const mlpipe__param mlpipe__write_csv_params[] = {
    {"delimiter", MLPIPE_PARAM_TEXT, ",", 0, 0, NULL, 0x000100,
     "What separates cells: one byte, tab or space."},
    {"quote", MLPIPE_PARAM_TEXT, "\"", 0, 0, NULL, 0x000100,
     "What surrounds texts that need it; doubled inside."},
    {"header", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Write the names of the columns as the first line."},
    {"null", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "What is written for null, never in quotes; a text that equals it, or is "
     "empty, is in quotes."},
    {"nan", MLPIPE_PARAM_CHOICE, "string", 0, 0, "fail,null,string", 0x000100,
     "NaN and the infinities: refused, as null, or as nan, inf and -inf."},
    {"decimal", MLPIPE_PARAM_TEXT, ".", 0, 0, NULL, 0x000100,
     "The point of numbers: . or , where delimiter= is another."},
    {"protect", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Put a ' before texts that start with = + - @ tab or carriage return, "
     "which spreadsheets would run as formulas; they read back with it."},
};
const uint32_t mlpipe__write_csv_param_count =
    sizeof mlpipe__write_csv_params / sizeof mlpipe__write_csv_params[0];

typedef struct csv_format {
    char delimiter, quote, decimal;
    bool header, protect;
    const char *null;
    size_t null_bytes;
    mlpipe__csv_options reader; /* the reader's defaults: what is null there */
} csv_format;

/* ---- texts -------------------------------------------------------------- */

static bool csv_starts_formula(const char *s, size_t n)
{
    return n && memchr("=+-@\t\r", *s, 6);
}

static bool csv_is_edge(char c)
{
    return c == ' ' || c == '\t' || c == '#' || c == '\xef' || c == '\'';
}

static bool csv_needs_quotes(const csv_format *f, const char *s, size_t n)
{
    if (!n || csv_is_edge(s[0]) || csv_is_edge(s[n - 1])
        || mlpipe__csv_na(&f->reader, s, n) >= 0
        || (n == f->null_bytes && !memcmp(s, f->null, n)))
        return true;
    for (size_t i = 0; i < n; i++)
        if (s[i] == f->delimiter || s[i] == f->quote || s[i] == '"'
            || s[i] == '\n' || s[i] == '\r' || s[i] == '\0')
            return true;
    return false;
}

/* In quotes, those inside doubled; with a ' before it where mark is set. */
static void csv_put_quoted(mlpipe__table_writer *w, bool mark,
                           const char *s, size_t n)
{
    const csv_format *f = w->format;
    mlpipe__text *t = &w->text;

    mlpipe__text_put(t, &f->quote, 1);
    if (mark)
        mlpipe__text_put(t, "''", f->quote == '\'' ? 2 : 1);
    while (n) {
        const char *q = memchr(s, f->quote, n);
        const size_t run = q ? (size_t)(q - s) + 1 : n;
        mlpipe__text_put(t, s, run);
        if (q)
            mlpipe__text_put(t, &f->quote, 1);
        s += run;
        n -= run;
    }
    mlpipe__text_put(t, &f->quote, 1);
}

static void csv_put_text(mlpipe__table_writer *w, const char *s, size_t n)
{
    const csv_format *f = w->format;
    const bool mark = f->protect && csv_starts_formula(s, n);

    if (mark || csv_needs_quotes(f, s, n))
        csv_put_quoted(w, mark, s, n);
    else
        mlpipe__text_put(&w->text, s, n);
}

/* ---- rows --------------------------------------------------------------- */

static mlpipe_status csv_begin_rows(mlpipe__table_writer *w)
{
    const csv_format *f = w->format;
    const uint32_t columns = mlpipe_dataset_columns(w->dataset);

    for (uint32_t i = 0; f->header && i < columns; i++) {
        const char *name = mlpipe_dataset_name(w->dataset, i);
        if (i)
            mlpipe__text_put(&w->text, &f->delimiter, 1);
        csv_put_text(w, name, strlen(name));
    }
    if (f->header)
        mlpipe__text_put(&w->text, "\n", 1);
    return MLPIPE_OK;
}

/* A value that no reader could tell from a null. */
static mlpipe_status csv_like_null(mlpipe__table_writer *w, uint32_t column,
                                   int64_t row, const char *why)
{
    const csv_format *f = w->format;
    const char *name = mlpipe_dataset_name(w->dataset, column);

    (void)mlpipe__fail(w->ctx, MLPIPE_E_PARAM,
                       "row %lld, column '%s': %s; null=%q cannot be told "
                       "from it, say another null=", (long long)row, name,
                       why, f->null);
    return mlpipe__fail_at(w->ctx, row, name);
}

static mlpipe_status csv_put_cell(mlpipe__table_writer *w, uint32_t column,
                                  int64_t row)
{
    const csv_format *f = w->format;
    mlpipe__cell cell;
    const mlpipe_status st = mlpipe__table_cell(w, column, row, &cell);

    if (st)
        return st;
    if (cell.kind == MLPIPE__CELL_TEXT) {
        csv_put_text(w, cell.s, cell.n);
        return MLPIPE_OK;
    }
    if (cell.kind == MLPIPE__CELL_NULL) {
        if (!f->null_bytes && mlpipe_dataset_columns(w->dataset) == 1)
            return csv_like_null(w, column, row,
                                 "a null alone in its row would be a blank "
                                 "line, which readers skip");
        mlpipe__text_put(&w->text, f->null, f->null_bytes);
        return MLPIPE_OK;
    }
    /* A time keeps its point: readers take no other. */
    char *point = f->decimal == ',' && cell.kind == MLPIPE__CELL_PLAIN
        && cell.s == cell.room ? memchr(cell.room, '.', cell.n) : NULL;
    if (point)
        *point = ',';
    if (cell.n == f->null_bytes && !memcmp(cell.s, f->null, cell.n))
        return csv_like_null(w, column, row, "the value is what null is "
                                             "written as");
    /* A number has quotes where its sign or point is the delimiter. */
    if (memchr(cell.s, f->delimiter, cell.n)
        || memchr(cell.s, f->quote, cell.n))
        csv_put_quoted(w, false, cell.s, cell.n);
    else
        mlpipe__text_put(&w->text, cell.s, cell.n);
    return MLPIPE_OK;
}

static mlpipe_status csv_put_row(mlpipe__table_writer *w, int64_t row)
{
    const csv_format *f = w->format;
    const uint32_t columns = mlpipe_dataset_columns(w->dataset);
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < columns; i++) {
        if (i)
            mlpipe__text_put(&w->text, &f->delimiter, 1);
        st = csv_put_cell(w, i, row);
    }
    mlpipe__text_put(&w->text, "\n", 1);
    return st;
}

static void csv_end_rows(mlpipe__table_writer *w)
{
    (void)w;
}

/* ---- the calls ---------------------------------------------------------- */

/* A byte that no number or word of ours is made of. */
static mlpipe_status csv_format_byte(mlpipe_ctx *ctx, const mlpipe__params *p,
                                     const char *name, char *out)
{
    const char *text = mlpipe__params_get(p, name)->text;

    *out = !strcmp(text, "tab") || !strcmp(text, "\\t") ? '\t'
        : !strcmp(text, "space") ? ' '
        : text[0] && !text[1] ? text[0] : '\0';
    if (*out && (unsigned char)*out < 0x80 && *out != '\n' && *out != '\r'
        && !(*out >= '0' && *out <= '9') && !(*out >= 'a' && *out <= 'z')
        && !(*out >= 'A' && *out <= 'Z'))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "%s=%q: it must be tab, space or one ASCII character "
                        "that ends no line and is no letter or digit", name,
                        text);
}

static mlpipe_status csv_format_parse(mlpipe_ctx *ctx,
                                      const mlpipe__params *p, csv_format *f)
{
    f->header = mlpipe__params_get(p, "header")->number != 0;
    f->protect = mlpipe__params_get(p, "protect")->number != 0;
    f->null = mlpipe__params_get(p, "null")->text;
    f->null_bytes = strlen(f->null);
    const char *point = mlpipe__params_get(p, "decimal")->text;
    f->decimal = *point;
    if (strcmp(point, ".") && strcmp(point, ","))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "decimal=%q: it must be . or ,", point);
    mlpipe_status st = csv_format_byte(ctx, p, "delimiter", &f->delimiter);
    if (!st)
        st = csv_format_byte(ctx, p, "quote", &f->quote);
    if (!st && (f->quote == ' ' || f->quote == '\t'))
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                          "quote is a space or tab, which readers drop at the "
                          "edges of cells; take a sign");
    if (!st && f->decimal == ',' && f->delimiter == ',')
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                          "decimal and delimiter are both ','; say "
                          "delimiter=';', too");
    if (!st && f->quote == f->delimiter)
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                          "delimiter and quote are both '%c'; take another for "
                          "one of them", f->quote);
    if (st)
        return st;
    for (const char *s = f->null; *s; s++)
        if (*s == f->delimiter || *s == f->quote || *s == '\n' || *s == '\r'
            || (csv_is_edge(*s) && (s == f->null || !s[1])))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "null=%q: it must not hold the delimiter, the "
                                "quote or a line's end, nor start or end in "
                                "a space, tab, # or '", f->null);
    return MLPIPE_OK;
}

static mlpipe_status csv_write(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                               const char *path, const char *params,
                               mlpipe_buffer **out)
{
    csv_format f = {.quote = 0};
    mlpipe__table_writer w = {
        .ctx = ctx, .dataset = dataset, .format = &f, .begin = csv_begin_rows,
        .row = csv_put_row, .end = csv_end_rows};
    mlpipe_status st = mlpipe__csv_options_parse(ctx, NULL, &f.reader);

    if (!st)
        st = mlpipe__params_parse(ctx, path ? "mlpipe_write_csv"
                                            : "mlpipe_write_csv_memory",
                                  mlpipe__write_csv_params,
                                  mlpipe__write_csv_param_count, params,
                                  &w.params);
    if (!st)
        st = csv_format_parse(ctx, &w.params, &f);
    if (!st) {
        w.nan = mlpipe__params_get(&w.params, "nan")->choice;
        st = mlpipe__table_write(&w, path, out);
    }
    mlpipe__params_free(&w.params);
    mlpipe__csv_options_free(&f.reader);
    return st;
}

mlpipe_status mlpipe_write_csv(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                               const char *path, const char *params)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_write_csv");

    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = csv_write(ctx, dataset, path, params, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_write_csv_memory(mlpipe_ctx *ctx,
                                      const mlpipe_dataset *dataset,
                                      const char *params,
                                      mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_write_csv_memory");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = csv_write(ctx, dataset, NULL, params, out);
    return mlpipe__end(ctx, st);
}
