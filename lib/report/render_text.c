/* SPDX-License-Identifier: MIT */
/* Reports for people: aligned names, six digits, intervals in brackets. */
#include "report_types.h"

enum { RENDER_COLUMN_MAX = 40, RENDER_COLUMNS_MAX = 64 };

/* All digits, or 15 of them where the others are the noise of rounding. */
static size_t text_long_number(double x, char out[MLPIPE__NUMBER_BYTES])
{
    char room[MLPIPE__NUMBER_BYTES];
    double size = x < 0 ? -x : x;
    int32_t places = 15;

    for (; size >= 1; size /= 10)
        places--;
    const size_t n = mlpipe__print_f64(x, out);
    if (places < 0)
        return n;
    const size_t less = mlpipe__print_f64(mlpipe__round_digits(x, places),
                                          room);
    if (less >= n)
        return n;
    memcpy(out, room, less);
    return less;
}

/* Six significant digits; whole numbers as they are. Display only. */
size_t mlpipe__render_number(double x, char out[MLPIPE__NUMBER_BYTES])
{
    double size = x < 0 ? -x : x;
    double unit = 1.0; /* power of ten: size * unit has six digits */
    int64_t steps;

    if (mlpipe__finite(x) && size >= 1e6 && size < 1e15
        && size != (double)(int64_t)size)
        return text_long_number(x, out);
    if (!mlpipe__finite(x) || size >= 1e6 || size < 1e-6 ||
        size == (double)(int64_t)size)
        return mlpipe__print_f64(x, out);
    while (size * unit < 1e5)
        unit *= 10.0;
    steps = (int64_t)(size * unit + 0.5);
    size = (double)steps / unit;
    return mlpipe__print_f64(x < 0 ? -size : size, out);
}

static void text_pad(mlpipe__text *t, size_t used, size_t width)
{
    for (; used < width; used++)
        mlpipe__text_put(t, " ", 1);
}

/* Characters of UTF-8, near enough to columns of a terminal. */
static size_t text_columns(const char *s, size_t bytes)
{
    size_t i, n = 0;

    for (i = 0; i < bytes; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

static void text_figure(mlpipe__text *t, const mlpipe_figure *f)
{
    char number[MLPIPE__NUMBER_BYTES];

    mlpipe__text_put(t, number, mlpipe__render_number(f->value, number));
    if (f->low == f->low) {
        mlpipe__text_put(t, "  [", 3);
        mlpipe__text_put(t, number, mlpipe__render_number(f->low, number));
        mlpipe__text_put(t, ", ", 2);
        mlpipe__text_put(t, number, mlpipe__render_number(f->high, number));
        mlpipe__text_put(t, "]", 1);
    }
    if (f->n == f->n) {
        mlpipe__text_put(t, "  n=", 4);
        mlpipe__text_put(t, number, mlpipe__render_number(f->n, number));
    }
}

/* The text of a cell, cut to the widest column. */
static const char *text_cell(const mlpipe_report *r,
                             const mlpipe__report_cell *cell,
                             char number[MLPIPE__NUMBER_BYTES], size_t *n)
{
    const char *s = number;

    if (cell->text == UINT32_MAX) {
        *n = mlpipe__render_number(cell->number, number);
        return s;
    }
    s = mlpipe__dict_text(&r->texts, cell->text);
    *n = mlpipe__dict_bytes(&r->texts, cell->text);
    if (*n > RENDER_COLUMN_MAX) {
        *n = RENDER_COLUMN_MAX;
        while (*n && ((unsigned char)s[*n] & 0xc0) == 0x80)
            --*n;
    }
    return s;
}

const char *mlpipe__render_column(const char *names, uint32_t i, size_t *n)
{
    const char *end;

    while (i--)
        names = strchr(names, ',') + 1;
    end = strchr(names, ',');
    *n = end ? (size_t)(end - names) : strlen(names);
    return names;
}

static void text_table(const mlpipe_report *r, mlpipe__text *t,
                       const mlpipe__report_item *item)
{
    const char *names = mlpipe__dict_text(&r->texts, item->text);
    const uint32_t columns = item->columns;
    size_t width[RENDER_COLUMNS_MAX] = {0};
    char number[MLPIPE__NUMBER_BYTES];
    uint32_t i;
    size_t n;

    for (i = 0; i < columns + item->cells; i++) {
        const uint32_t c = i % columns;
        const char *s = i < columns
            ? mlpipe__render_column(names, i, &n)
            : text_cell(r, &r->cells[item->first_cell + i - columns],
                        number, &n);

        n = text_columns(s, n);
        if (c < RENDER_COLUMNS_MAX && n > width[c])
            width[c] = n;
    }
    for (i = 0; i < columns + item->cells; i++) {
        const uint32_t c = i % columns;
        const char *s = i < columns
            ? mlpipe__render_column(names, i, &n)
            : text_cell(r, &r->cells[item->first_cell + i - columns],
                        number, &n);

        mlpipe__text_put(t, "  ", 2);
        mlpipe__text_put(t, s, n);
        if (c + 1 < columns && c < RENDER_COLUMNS_MAX)
            text_pad(t, text_columns(s, n), width[c]);
        if (c + 1 == columns)
            mlpipe__text_put(t, "\n", 1);
    }
}

/* A cell that a column cannot show: too long, or of several lines. */
static bool text_is_wide(const mlpipe_report *r,
                         const mlpipe__report_item *item)
{
    uint32_t i;

    for (i = 0; i < item->cells; i++) {
        const mlpipe__report_cell *cell = &r->cells[item->first_cell + i];
        size_t n;

        if (cell->text == UINT32_MAX)
            continue;
        n = mlpipe__dict_bytes(&r->texts, cell->text);
        if (n > RENDER_COLUMN_MAX ||
            memchr(mlpipe__dict_text(&r->texts, cell->text), '\n', n))
            return true;
    }
    return false;
}

/* Lines of a text below each other, indented as far as the first one is. */
static void text_lines(mlpipe__text *t, const char *s, size_t n,
                       size_t indent)
{
    size_t i;

    for (i = 0; i < n; i++) {
        mlpipe__text_put(t, s + i, 1);
        if (s[i] == '\n')
            text_pad(t, 0, indent);
    }
}

/* A table whose cells are too wide for columns: a line for each cell that is
 * not empty, an empty one between rows. */
static void text_records(const mlpipe_report *r, mlpipe__text *t,
                         const mlpipe__report_item *item)
{
    const char *names = mlpipe__dict_text(&r->texts, item->text);
    const uint32_t columns = item->columns;
    char number[MLPIPE__NUMBER_BYTES];
    size_t width = 0, n;
    uint32_t i;

    for (i = 0; i < columns; i++) {
        (void)mlpipe__render_column(names, i, &n);
        width = n > width ? n : width;
    }
    for (i = 0; i < item->cells; i++) {
        const mlpipe__report_cell *cell = &r->cells[item->first_cell + i];
        const bool text = cell->text != UINT32_MAX;
        const char *name = mlpipe__render_column(names, i % columns, &n);
        const size_t bytes =
            text ? mlpipe__dict_bytes(&r->texts, cell->text) : 1;

        if (bytes) {
            mlpipe__text_put(t, "    ", 4);
            mlpipe__text_put(t, name, n);
            text_pad(t, n, width + 2);
            if (text)
                text_lines(t, mlpipe__dict_text(&r->texts, cell->text),
                           bytes, 4 + width + 2);
            else
                mlpipe__text_put(t, number,
                                 mlpipe__render_number(cell->number, number));
            mlpipe__text_put(t, "\n", 1);
        }
        if (i % columns == columns - 1)
            mlpipe__text_put(t, "\n", 1);
    }
}

static void text_series(const mlpipe_report *r, mlpipe__text *t,
                        const mlpipe__report_item *item)
{
    char number[MLPIPE__NUMBER_BYTES];
    uint32_t i;

    for (i = 0; i < item->cells && i < 12; i++) {
        mlpipe__text_put(t, i ? " " : "", i ? 1 : 0);
        mlpipe__text_put(
            t, number,
            mlpipe__render_number(r->cells[item->first_cell + i].number,
                                  number));
    }
    if (i < item->cells)
        mlpipe__text_add(t, " ... (%u)", item->cells);
}

void mlpipe__render_text(const mlpipe_report *r, mlpipe__text *t)
{
    size_t width = 0;
    uint32_t i;

    for (i = 0; i < r->count; i++) {
        const uint32_t name = r->items[i].name;
        const size_t n = text_columns(mlpipe__dict_text(&r->texts, name),
                                      mlpipe__dict_bytes(&r->texts, name));

        if (n > width && n <= RENDER_COLUMN_MAX)
            width = n;
    }
    mlpipe__text_add(t, "%s\n", mlpipe__dict_text(&r->texts, r->kind));
    for (i = 0; i < r->count; i++) {
        const mlpipe__report_item *item = &r->items[i];
        const char *name = mlpipe__dict_text(&r->texts, item->name);
        const size_t n = mlpipe__dict_bytes(&r->texts, item->name);

        mlpipe__text_put(t, "  ", 2);
        mlpipe__text_put(t, name, n);
        if (item->kind == MLPIPE__ITEM_TABLE) {
            mlpipe__text_put(t, "\n", 1);
            if (text_is_wide(r, item))
                text_records(r, t, item);
            else
                text_table(r, t, item);
            continue;
        }
        text_pad(t, text_columns(name, n), width + 2);
        if (item->kind == MLPIPE__ITEM_NUMBER)
            text_figure(t, &item->figure);
        else if (item->kind == MLPIPE__ITEM_TEXT)
            mlpipe__text_put(t, mlpipe__dict_text(&r->texts, item->text),
                             mlpipe__dict_bytes(&r->texts, item->text));
        else
            text_series(r, t, item);
        mlpipe__text_put(t, "\n", 1);
    }
}
