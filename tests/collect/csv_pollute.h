/* SPDX-License-Identifier: MIT */
/*
 * A table of 84 rows and 9 columns, written with one fault at a time, after
 * the taxonomy of G. Vitagliano, M. Hameed, L. Jiang, L. Reisener, E. Wu,
 * F. Naumann, "Pollock: a data loading benchmark" (VLDB 2023); and what the
 * file says, by a reader of its own: a quote at the start of a cell opens, a
 * doubled one is one, one before a delimiter or a line's end closes, all
 * others are characters.
 */
#ifndef MLPIPE_TESTS_CSV_POLLUTE_H
#define MLPIPE_TESTS_CSV_POLLUTE_H

#include <stdbool.h>

#include "support.h"

enum { PL_ROWS = 84, PL_COLUMNS = 9, PL_BYTES = 1 << 17, PL_CELLS = 3000 };

typedef struct pl_cell {
    char text[700];
} pl_cell;

/* How a file is written, and the one fault that is in it. */
typedef struct pl_file {
    const char *kind;
    const char *delimiter;
    char quote;
    char escape;         /* '"' doubled, '\\', or 0: none */
    const char *end;     /* of lines */
    int rows;            /* of data */
    int headers;         /* lines of names */
    int before, behind;  /* lines of preamble and footer */
    bool delimited;      /* those have as many cells as rows have */
    bool blank;          /* a blank line between them and the table */
    int second;          /* columns of a second table behind the first */
    int tail;            /* line ends behind the last row */
    int row, column;     /* of the fault; row 0 is the header */
    char fault;          /* '-' '+' '"' or 'd': another delimiter in the row */
    const char *other;   /* that delimiter */
    char text[PL_BYTES];
    size_t size;
} pl_file;

static pl_cell pl_source[PL_ROWS + 1][PL_COLUMNS];

static void pl_make_source(void)
{
    static const char *const names[] = {
        "DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType",
        "ProductDescription", "URL", "Comments"};
    static const char *const types[] = {
        "Walking Boots", "Wool Hat", "Camp Stove, Small", "Child's Jacket",
        "Shelf 10\"", "Lantern", "Rain Coat, Long", "Fly Rod 8 Wt."};
    static const char *const says[] = {
        "Light enough for a day, strong enough for a week.",
        "Keeps warm when it is wet, and dries over night.",
        "A pot of 9\" fits on it, a pan of 12\" does not.",
        "Made of cotton; washed before it is sewn, so it will not shrink.",
        "Runs for 40 hours | two cells are in the box, no more.",
        "We know no better one, and neither will you."};

    for (int c = 0; c < PL_COLUMNS; c++)
        strcpy(pl_source[0][c].text, names[c]);
    for (int r = 1; r <= PL_ROWS; r++) {
        pl_cell *x = pl_source[r];
        sprintf(x[0].text, "%02d/%02d/2018", 13 + r % 15, 1 + r / 15);
        sprintf(x[1].text, "%02d:%02d", r / 4, r % 4 * 15);
        sprintf(x[2].text, "%d", r * 7 % 31);
        sprintf(x[3].text, "%c%c-%04d", 'A' + r % 7, 'K' + r % 5,
                1000 + r * 97);
        sprintf(x[4].text, "$%d.%02d", 3 + r * 13 % 90, r * 37 % 100);
        strcpy(x[5].text, types[r % 8]);
        sprintf(x[6].text, "%s Number %d, of course.", says[r % 6], r);
        sprintf(x[7].text, "https://www.example.com/product/%d.html", r);
        strcpy(x[8].text, r % 9 ? "" : "sold out");
    }
}

/* ---- writing ------------------------------------------------------------ */

static void pl_put(pl_file *f, const char *s)
{
    const size_t n = strlen(s);
    assert_true(f->size + n < PL_BYTES);
    memcpy(f->text + f->size, s, n + 1);
    f->size += n;
}

static void pl_put_cell(pl_file *f, const char *s, bool extra)
{
    char out[1500], *p = out;
    const bool quoted = strstr(s, f->delimiter) || strchr(s, f->quote)
        || strpbrk(s, ",\r\n");

    if (extra)
        *p++ = f->quote;
    if (quoted)
        *p++ = f->quote;
    for (; *s; s++) {
        if (*s == f->quote && f->escape)
            *p++ = f->escape == '"' ? f->quote : f->escape;
        *p++ = *s;
    }
    if (quoted)
        *p++ = f->quote;
    *p = '\0';
    pl_put(f, out);
}

static void pl_put_row(pl_file *f, int row, const pl_cell *cells, int count)
{
    const bool here = f->fault && f->row == row;
    const char *delimiter = here && f->fault == 'd' ? f->other
                                                    : f->delimiter;

    for (int c = 0; c < count; c++) {
        if (c && !(here && f->fault == '-' && f->column == c - 1))
            pl_put(f, delimiter);
        if (here && f->fault == '+' && f->column == c)
            pl_put(f, delimiter);
        pl_put_cell(f, cells[c].text,
                    here && f->fault == '"' && f->column == c);
    }
}

static void pl_put_notes(pl_file *f, const char *word, int count)
{
    for (int i = 0; i < count; i++) {
        char text[40];
        sprintf(text, "%s %d of the list", word, i + 1);
        pl_put(f, text);
        for (int c = 1; f->delimited && c < PL_COLUMNS; c++)
            pl_put(f, f->delimiter);
        pl_put(f, f->end);
    }
}

static void pl_write(pl_file *f)
{
    f->size = 0;
    f->text[0] = '\0';
    pl_put_notes(f, "PREAMBLE", f->before);
    if (f->before && f->blank)
        pl_put(f, f->end);
    for (int i = 0; i < f->headers; i++) {
        pl_put_row(f, 0, pl_source[0], PL_COLUMNS);
        pl_put(f, f->end);
    }
    for (int r = 1; r <= f->rows; r++) {
        pl_put_row(f, r, pl_source[r], PL_COLUMNS);
        for (int i = r < f->rows ? 1 : f->tail; i; i--)
            pl_put(f, f->end);
    }
    for (int r = 1; f->second && r <= 10; r++) {
        for (int c = 0; c < f->second; c++) {
            if (c)
                pl_put(f, f->delimiter);
            pl_put_cell(f, pl_source[r + 5][c % PL_COLUMNS].text, false);
        }
        pl_put(f, f->end);
    }
    if (f->behind && f->blank)
        pl_put(f, f->end);
    pl_put_notes(f, "FOOTNOTE", f->behind);
}

/* ---- what it says ------------------------------------------------------- */

typedef struct pl_table {
    int headers, rows;        /* records of each */
    int width;                /* that short records are padded to */
    int count[400];           /* cells of each record, padded */
    int first[400];
    pl_cell *cells;           /* PL_CELLS */
    int used;
} pl_table;

static bool pl_is(const pl_file *f, const char *p)
{
    return !strncmp(p, f->delimiter, strlen(f->delimiter));
}

static bool pl_ends(const pl_file *f, const char *p)
{
    return !*p || *p == '\n' || *p == '\r' || pl_is(f, p);
}

/* One cell; gives the place behind it. */
static const char *pl_read_cell(const pl_file *f, const char *p, char *out)
{
    const bool quoted = *p == f->quote;

    for (p += quoted; quoted && *p; p++) {
        if (f->escape == '\\' && *p == '\\' && p[1]) {
            *out++ = *++p;
            continue;
        }
        if (*p == f->quote && f->escape == '"' && p[1] == f->quote)
            p++;
        else if (*p == f->quote && pl_ends(f, p + 1)) {
            p++;
            break;
        }
        *out++ = *p;
    }
    while (!quoted && !pl_ends(f, p))
        *out++ = *p++;
    *out = '\0';
    return p;
}

static void pl_read(const pl_file *f, pl_table *t)
{
    const char *p = f->text;
    int lines = 0, records = 0;
    const int notes = f->before + (f->before && f->blank);

    t->used = 0;
    for (; *p && lines < notes; p++)
        lines += *p == '\n';
    while (*p) {
        const int first = t->used;
        if (f->behind && (!strncmp(p, "FOOTNOTE", 8)))
            break;
        while (true) {
            p = pl_read_cell(f, p, t->cells[t->used++].text);
            assert_true(t->used < PL_CELLS - 20);
            if (!pl_is(f, p) || !*p)
                break;
            p += strlen(f->delimiter);
        }
        p += *p == '\r' && p[1] == '\n' ? 2 : *p != '\0';
        if (t->used == first + 1 && !t->cells[first].text[0]) {
            t->used = first; /* a blank line */
            continue;
        }
        t->first[records] = first;
        t->count[records++] = t->used - first;
    }
    t->headers = f->headers;
    t->rows = records - f->headers;
    t->width = f->headers && records && t->count[0] > PL_COLUMNS
        ? t->count[0] : PL_COLUMNS;
}

#endif
