/* SPDX-License-Identifier: MIT */
/*
 * How the start of a file looks when it is cut by one dialect: how many of its
 * records have the same number of cells, and how many of those cells look
 * like values (G. van den Burg, A. Nazabal, C. Sutton, "Wrangling messy CSV
 * files by detecting row and type patterns", 2019).
 */
#include "collect_internal.h"

enum { CSV_SHAPES = 32 };

/* Records with one number of cells. */
typedef struct csv_shape {
    uint32_t cells;
    uint64_t records, bytes, inner, padded;
    double credit, hard;
} csv_shape;

/* What a cell is worth, and what a cell that may be cut wrongly is. */
static const double csv_whole = 1, csv_comma = 0.9, csv_doubtful = 0.5,
                    csv_uncut = 0.3;

static bool csv_has_other(const char *s, size_t n, char delimiter)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != delimiter
            && (s[i] == ',' || s[i] == ';' || s[i] == '\t' || s[i] == '|'))
            return true;
    return false;
}

/* Digits, a comma, digits. */
static bool csv_has_comma(const char *s, size_t n)
{
    size_t i = n && (*s == '-' || *s == '+'), from = i;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    if (i == from || i == n || s[i] != ',')
        return false;
    for (from = ++i; i < n && s[i] >= '0' && s[i] <= '9';)
        i++;
    return i == n && i > from;
}

/* Does the cell look like a value of its own? */
static double csv_credit(const mlpipe__csv_look *look,
                         const mlpipe__csv_field *f, bool *hard, bool *stray)
{
    const char *s = f->data;
    const size_t n = f->size;

    *hard = n && mlpipe__csv_hard(s, n);
    if (*hard || !n || f->flags & MLPIPE__CSV_QUOTED)
        return csv_whole;
    const char first = *s, last = s[n - 1];
    if (first == '"' || last == '"' || (first == '\'' && last == '\'')) {
        *stray |= first == '"' || first == '\'';
        return 0;
    }
    if (csv_has_comma(s, n))
        return csv_comma;
    if (csv_has_other(s, n, look->dialect.delimiter))
        return csv_uncut;
    return memchr(s, '"', n) ? csv_doubtful : csv_whole;
}

/* The shape of records with so many cells; the last one is for all whose
 * number is too rare to have one. */
static csv_shape *csv_shape_of(csv_shape *shapes, uint32_t *count,
                               uint32_t cells)
{
    for (uint32_t i = 0; i < *count; i++)
        if (shapes[i].cells == cells)
            return &shapes[i];
    if (*count == CSV_SHAPES)
        return &shapes[CSV_SHAPES - 1];
    csv_shape *x = &shapes[(*count)++];
    memset(x, 0, sizeof *x);
    x->cells = cells;
    return x;
}

static void csv_measure_row(mlpipe__csv_look *look, csv_shape *x,
                            const mlpipe__csv_record *r)
{
    bool stray = false;

    x->records++;
    x->bytes += r->size;
    for (uint32_t i = 0; i < r->count; i++) {
        const mlpipe__csv_field *f = &r->fields[i];
        bool hard;
        x->credit += csv_credit(look, f, &hard, &stray);
        x->hard += hard;
        x->inner += i > 0;
        x->padded += i > 0 && f->size
            && (*f->data == ' ' || f->data[-1] == ' '
                || (f->flags & MLPIPE__CSV_QUOTED && f->data[-2] == ' '));
        look->doubled += (f->flags & MLPIPE__CSV_DOUBLED) != 0;
    }
    look->stray += stray;
    if (stray)
        look->misfit += r->size;
}

/* How much less the delimiter is trusted where the first record, which may
 * name the columns, has one cell: a name above texts with spaces is the name
 * of one column, and names that another delimiter parts are names. */
static double csv_first_trust(const mlpipe__csv_look *look, bool parted)
{
    if (look->dialect.delimiter == ' ' && look->hard < 0.6)
        return 0.1;
    return parted ? 0.8 : 1;
}

/* Everything that follows from the shapes. */
static void csv_measure_end(mlpipe__csv_look *look, const csv_shape *shapes,
                            uint32_t count)
{
    const csv_shape *most = NULL;

    for (uint32_t i = 0; i < count; i++) {
        const csv_shape *x = &shapes[i];
        if ((x->cells > 1 || look->told)
            && (!most || x->records > most->records
                || (x->records == most->records && x->cells > most->cells)))
            most = x;
    }
    if (look->dialect.delimiter == MLPIPE__CSV_UNCUT && count)
        most = shapes;
    for (uint32_t i = 0; i < count; i++)
        look->misfit += &shapes[i] == most ? 0 : shapes[i].bytes;
    if (!most)
        return;
    const double cells = (double)most->cells * (double)most->records;
    const double share = (double)most->records / (double)look->records;
    look->cells = most->cells;
    look->regular = most->records;
    look->inner = most->inner;
    look->padded = most->padded;
    look->credit = cells > 0 ? most->credit / cells : 0;
    look->hard = cells > 0 ? most->hard / cells : 0;
    look->score = share * share * look->credit
        * (most->cells - 1) / most->cells;
    /* Words of a text are no cells, but numbers in a row are. */
    if (look->dialect.delimiter == ' ' && look->hard < 0.5)
        look->score *= look->hard > 0 ? 0.4 : 0.1;
    if (look->dialect.delimiter == MLPIPE__CSV_UNCUT)
        look->score = 0.12 * share * share * look->credit;
}

mlpipe_status mlpipe__csv_measure(mlpipe_ctx *ctx,
                                  const mlpipe__csv_sample *sample,
                                  mlpipe__csv_record *record,
                                  mlpipe__csv_look *look)
{
    csv_shape shapes[CSV_SHAPES];
    uint32_t count = 0;
    bool first = false, uncut = false, parted = false;
    const mlpipe__csv_dialect dialect = look->dialect;
    const bool told = look->told;
    const char *p = sample->p;

    memset(look, 0, sizeof *look);
    look->dialect = dialect;
    look->told = told;
    record->unclosed = false;
    while (p < sample->end) {
        const enum mlpipe__csv_found found = mlpipe__csv_scan(
            record, &dialect, p, sample->end, sample->eof);
        if (found == MLPIPE__CSV_NOMEM)
            return mlpipe__nomem(ctx);
        if (found == MLPIPE__CSV_MORE)
            break;
        look->records += found != MLPIPE__CSV_EMPTY
            && found != MLPIPE__CSV_COMMENT;
        if (found == MLPIPE__CSV_TOO_MANY) {
            /* Whoever reads it is told of the limit. */
            csv_shape *x = csv_shape_of(shapes, &count, record->count + 1);
            x->records++;
            x->credit += x->cells;
            break;
        }
        p += record->size;
        if (found == MLPIPE__CSV_ROW && !first) {
            const mlpipe__csv_field *f = record->fields;
            first = true;
            uncut = record->count == 1;
            parted = !(f->flags & MLPIPE__CSV_QUOTED)
                && csv_has_other(f->data, f->size, dialect.delimiter);
        }
        if (found == MLPIPE__CSV_ROW)
            csv_measure_row(look, csv_shape_of(shapes, &count,
                                               record->count), record);
        if (found == MLPIPE__CSV_BAD) {
            look->bad++;
            look->misfit += record->size;
        }
    }
    csv_measure_end(look, shapes, count);
    if (uncut && dialect.delimiter != MLPIPE__CSV_UNCUT)
        look->score *= csv_first_trust(look, parted);
    return MLPIPE_OK;
}
