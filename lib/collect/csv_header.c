/* SPDX-License-Identifier: MIT */
/* The first records of the table: whether they name the columns, and how. */
#include "collect_internal.h"

/* What a cell looks like. */
enum { CSV_HOLDS_NULL = 0, CSV_HOLDS_TEXT = 1, CSV_HOLDS_NUMBER = 2,
       CSV_HOLDS_YEAR = 3, CSV_HOLDS_TIME = 4 };
/* Records of names there may be, and rows that are looked at behind them. */
enum { CSV_HEADER_MORE = 3, CSV_HEADER_ROWS = 8,
       CSV_HEADER_PEEK = CSV_HEADER_MORE + CSV_HEADER_ROWS };

/* Is it a number, as the file writes them? */
static bool csv_holds_number(const mlpipe__csv *csv, const char *s, size_t n)
{
    const mlpipe__csv_options *o = &csv->options;
    char room[MLPIPE__CSV_DIGITS];
    size_t used = n;
    const char *plain = mlpipe__csv_plain(s, &used, o->decimal, o->thousands,
                                          room);

    if (plain && mlpipe__csv_number_kind(plain, used))
        return true;
    if (!o->find_comma || csv->reader.dialect.delimiter == ',')
        return false;
    used = n;
    plain = mlpipe__csv_plain(s, &used, ',', 0, room);
    return plain && mlpipe__csv_number_kind(plain, used);
}

static uint8_t csv_holds(const mlpipe__csv *csv, const char *s, size_t n)
{
    if (!n || mlpipe__csv_na(&csv->options, s, n) >= 0)
        return CSV_HOLDS_NULL;
    if (csv_holds_number(csv, s, n))
        return n == 4 && (*s == '1' || *s == '2') ? CSV_HOLDS_YEAR
                                                  : CSV_HOLDS_NUMBER;
    return mlpipe__csv_hard(s, n) ? CSV_HOLDS_TIME : CSV_HOLDS_TEXT;
}

/* The next record that is no blank line and no comment. */
static mlpipe_status csv_header_next(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     enum mlpipe__csv_found *found)
{
    mlpipe_status st;

    do
        st = mlpipe__csv_next(ctx, &csv->reader, found);
    while (!st && (*found == MLPIPE__CSV_EMPTY
                   || *found == MLPIPE__CSV_COMMENT));
    if (!st && csv->reader.begin >= csv->footer_offset)
        *found = MLPIPE__CSV_END;
    return st;
}

/* The same, where E_FORMAT tells of a bad one. */
static mlpipe_status csv_header_record(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                       bool *there)
{
    enum mlpipe__csv_found found;
    mlpipe__csv_reader *r = &csv->reader;
    const mlpipe_status st = csv_header_next(ctx, csv, &found);

    if (st)
        return st;
    *there = found != MLPIPE__CSV_END;
    if (found != MLPIPE__CSV_BAD)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_FORMAT, "%s: line %llu: %s",
                        mlpipe__input_name(&csv->input),
                        (unsigned long long)r->line, r->record.bad);
}

/* Looks at every cell of the current record. */
static mlpipe_status csv_look(mlpipe_ctx *ctx, mlpipe__csv *csv,
                              uint8_t *holds, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < csv->reader.record.count; i++) {
        const char *s;
        size_t n;
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            return mlpipe__nomem(ctx);
        holds[i] = csv_holds(csv, s, n);
    }
    return MLPIPE_OK;
}

/*
 * header=auto. Texts alone are names, numbers or dates alone are data. With
 * both, the second record decides: a text above a number or a date is a name;
 * a number above a text is none, nor is a date above a date or a number above
 * a number, but for what may be a year; three years or more above numbers that
 * are none are names. Where neither occurs nobody can know.
 */
static mlpipe_status csv_guess_header(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      const uint8_t *first, uint32_t count)
{
    uint32_t texts = 0, numbers = 0, names = 0, values = 0, years = 0;
    bool there = false;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < count; i++) {
        texts += first[i] == CSV_HOLDS_TEXT;
        numbers += first[i] > CSV_HOLDS_TEXT;
    }
    csv->header = texts && !numbers;
    if (!texts || !numbers)
        return MLPIPE_OK;
    uint8_t *second = mlpipe__alloc(csv->env, count);
    if (!second)
        return mlpipe__nomem(ctx);
    st = csv_header_record(ctx, csv, &there);
    if (!st && there)
        st = csv_look(ctx, csv, second, count);
    for (uint32_t i = 0; i < count; i++) {
        const bool hard = second[i] > CSV_HOLDS_TEXT;
        names += first[i] == CSV_HOLDS_TEXT && hard;
        years += first[i] == CSV_HOLDS_YEAR && second[i] == CSV_HOLDS_NUMBER;
        values += (first[i] > CSV_HOLDS_TEXT && second[i] == CSV_HOLDS_TEXT)
            || (hard && (first[i] == CSV_HOLDS_NUMBER
                         || first[i] == CSV_HOLDS_TIME));
    }
    mlpipe__free(csv->env, second);
    if (st)
        return st;
    names += years > 2 && !values;
    csv->header = names > 0;
    if ((names > 0) != (values > 0))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                        "%s: the first record holds %u texts and %u numbers "
                        "and may be data or names of columns; say header=true "
                        "or header=false", mlpipe__input_name(&csv->input),
                        texts, numbers);
}

/* ---- several lines of names --------------------------------------------- */

/* The records behind the first: what their cells hold. */
typedef struct csv_peek {
    uint8_t *holds;   /* records x count */
    uint32_t records, count;
    bool same[CSV_HEADER_MORE]; /* equal to the first, byte for byte */
} csv_peek;

static mlpipe_status csv_peek_records(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      const mlpipe__text *first, csv_peek *k)
{
    mlpipe_status st = MLPIPE_OK;

    for (k->records = 0; k->records < CSV_HEADER_PEEK; k->records++) {
        enum mlpipe__csv_found found;
        const mlpipe__csv_reader *r = &csv->reader;
        st = csv_header_next(ctx, csv, &found);
        if (st || found != MLPIPE__CSV_ROW || r->record.count != k->count)
            break;
        st = csv_look(ctx, csv, k->holds + (size_t)k->records * k->count,
                      k->count);
        if (st)
            break;
        if (k->records < CSV_HEADER_MORE)
            k->same[k->records] = r->record.size == first->size
                && !memcmp(r->raw, first->data, first->size);
    }
    return st;
}

/* Is the column made of numbers or dates from this record on? */
static bool csv_peek_hard(const csv_peek *k, uint32_t column, uint32_t from)
{
    uint32_t hard = 0;

    for (uint32_t i = from; i < k->records; i++) {
        const uint8_t x = k->holds[(size_t)i * k->count + column];
        if (x == CSV_HOLDS_TEXT)
            return false;
        hard += x != CSV_HOLDS_NULL;
    }
    return hard > 1;
}

/*
 * How many of the records name the columns, too. One more does if all its
 * cells are texts although two columns, whose names are in it, are made of
 * numbers or dates behind it; one, if it repeats the first record.
 */
static uint32_t csv_peek_names(const csv_peek *k)
{
    uint32_t more = 0;

    for (; more < CSV_HEADER_MORE && more + 3 <= k->records; more++) {
        uint32_t named = 0, values = 0, blank = 0;
        for (uint32_t i = 0; i < k->count; i++) {
            const uint8_t x = k->holds[(size_t)more * k->count + i];
            /* Up to three lines of names: what follows them decides. */
            bool hard = false;
            for (uint32_t from = more + 1; !hard && from <= CSV_HEADER_MORE
                 && from + 2 <= k->records; from++)
                hard = csv_peek_hard(k, i, from);
            values += x > CSV_HOLDS_TEXT;
            named += hard && x == CSV_HOLDS_TEXT;
            blank += hard && x == CSV_HOLDS_NULL;
        }
        if (values || named < (k->same[more] ? 1 : 2) || named < blank)
            break;
    }
    return more;
}

/* How many records from the first on, which is current, name the columns. */
static mlpipe_status csv_count_headers(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__csv_reader *r = &csv->reader;
    mlpipe__text first;
    csv_peek k = {.count = r->record.count};
    mlpipe_status st = MLPIPE_OK;

    csv->header_rows = csv->options.header_rows;
    if (csv->header_rows)
        return MLPIPE_OK;
    csv->header_rows = 1;
    if (csv->options.header != MLPIPE__CSV_AUTO)
        return MLPIPE_OK;
    mlpipe__text_init(&first, csv->env);
    mlpipe__text_put(&first, r->raw, r->record.size);
    k.holds = mlpipe__alloc_array(csv->env, k.count, CSV_HEADER_PEEK);
    if (first.failed || !k.holds)
        st = mlpipe__nomem(ctx);
    else
        st = csv_peek_records(ctx, csv, &first, &k);
    if (!st)
        csv->header_rows += csv_peek_names(&k);
    mlpipe__free(csv->env, k.holds);
    mlpipe__text_free(&first);
    return st;
}

/* Appends the cells of the current record to the names so far. */
static mlpipe_status csv_join_names(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__text t;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&t, csv->env);
    for (uint32_t i = 0; !st && i < csv->column_count; i++) {
        char **name = &csv->columns[i].name;
        const char *s;
        size_t n;
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            st = mlpipe__nomem(ctx);
        else if (memchr(s, 0, n))
            st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                              "%s: the name of column %u holds a NUL byte; "
                              "remove it",
                              mlpipe__input_name(&csv->input), i + 1);
        if (st || (!n && *name))
            continue;
        t.size = 0;
        if (*name && **name)
            mlpipe__text_add(&t, "%s ", *name);
        mlpipe__text_put(&t, s, n);
        char *joined = t.failed ? NULL
                                : mlpipe__strdup(csv->env, t.data, t.size);
        mlpipe__free(csv->env, *name);
        *name = joined;
        if (!joined)
            st = mlpipe__nomem(ctx);
    }
    mlpipe__text_free(&t);
    return st;
}

/* ---- names that differ --------------------------------------------------- */

/*
 * Appends a number to a name that a column before has. That column remembers
 * the last one, so that a header of equal names is no quadratic work.
 */
static void csv_number_name(mlpipe__csv *csv, const mlpipe__dict *names,
                            mlpipe__text *t)
{
    const size_t n = t->size;
    const uint32_t first = mlpipe__dict_find(names, t->data, n);

    if (first == UINT32_MAX)
        return;
    uint32_t *number = &csv->columns[first].numbered;
    if (!*number)
        *number = 1; /* the column itself */
    do {
        t->size = n;
        mlpipe__text_add(t, "_%u", ++*number);
    } while (!t->failed
             && mlpipe__dict_find(names, t->data, t->size) != UINT32_MAX);
}

/* A name that no column before has; its index in names is the column's. */
static mlpipe_status csv_name_column(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     mlpipe__dict *names, uint32_t i)
{
    char **name = &csv->columns[i].name;
    const size_t n = *name ? strlen(*name) : 0;
    mlpipe__text t;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&t, csv->env);
    mlpipe__text_put(&t, *name, n);
    if (!n)
        mlpipe__text_add(&t, "column_%u", i + 1);
    if (!t.failed)
        csv_number_name(csv, names, &t);
    if (!t.failed) {
        csv->renamed += csv->header && t.size != n;
        mlpipe__free(csv->env, *name);
        *name = mlpipe__strdup(csv->env, t.data, t.size);
    }
    if (t.failed || !*name
        || mlpipe__dict_add(names, t.data, t.size) == UINT32_MAX)
        st = mlpipe__nomem(ctx);
    mlpipe__text_free(&t);
    return st;
}

/* ---- as=name:type ------------------------------------------------------- */

static int32_t csv_forced_type(const char *name)
{
    static const int32_t types[] = {
        MLPIPE_TYPE_BOOL, MLPIPE_TYPE_I64, MLPIPE_TYPE_F64, MLPIPE_TYPE_TEXT,
        MLPIPE_TYPE_CATEGORY, MLPIPE_TYPE_TIMESTAMP};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(name, mlpipe__type_name(types[i])))
            return types[i];
    return 0;
}

mlpipe_status mlpipe__csv_forced(mlpipe_ctx *ctx, const char *item,
                                 size_t *name_bytes, int32_t *type)
{
    const char *colon = strrchr(item, ':');

    *type = colon ? csv_forced_type(colon + 1) : 0;
    *name_bytes = colon ? (size_t)(colon - item) : 0;
    if (*type)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "as=%q: each item is name:type with one of the "
                        "types bool, i64, f64, text, category, timestamp",
                        item);
}

mlpipe_status mlpipe__csv_unknown(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                  const mlpipe__dict *names, const char *item,
                                  size_t n, const char *what)
{
    const char **known =
        mlpipe__alloc_array(ctx->env, names->count, sizeof *known);
    if (!known)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < names->count; i++)
        known[i] = mlpipe__dict_text(names, i);
    const char *near = mlpipe__nearest(item, n, known, names->count);
    mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                 near ? "as=%q: %s has no such %s; did you mean %q?"
                      : "as=%q: %s has no such %s; leave it out",
                 item, mlpipe__input_name(&csv->input), what, near);
    mlpipe__free(ctx->env, known);
    return MLPIPE_E_SCHEMA;
}

static mlpipe_status csv_force(mlpipe_ctx *ctx, mlpipe__csv *csv,
                               const mlpipe__dict *names, const char *item)
{
    size_t n;
    int32_t type;
    const mlpipe_status st = mlpipe__csv_forced(ctx, item, &n, &type);

    if (st)
        return st;
    const uint32_t at = mlpipe__dict_find(names, item, n);
    if (at == UINT32_MAX)
        return mlpipe__csv_unknown(ctx, csv, names, item, n, "column");
    csv->forced_count += !csv->columns[at].forced;
    csv->columns[at].forced = type;
    return MLPIPE_OK;
}

/* ---- all of it ---------------------------------------------------------- */

/* Makes the names that were read the columns' own; resolves `as`. */
static mlpipe_status csv_take_names(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__setting *as = mlpipe__params_get(&csv->options.params,
                                                   "as");
    mlpipe__dict names;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&names, csv->env);
    for (uint32_t i = 0; !st && i < csv->column_count; i++)
        st = csv_name_column(ctx, csv, &names, i);
    for (uint32_t i = 0; !st && i < as->count; i++)
        st = csv_force(ctx, csv, &names, as->names[i]);
    mlpipe__dict_free(&names);
    return st;
}

static mlpipe_status csv_decide_header(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    uint32_t count = csv->reader.record.count;
    mlpipe_status st = MLPIPE_OK;

    csv->header = csv->options.header == MLPIPE__CSV_HEADER
        || (csv->options.header == MLPIPE__CSV_AUTO
            && csv->options.header_rows);
    if (csv->options.header != MLPIPE__CSV_AUTO || csv->header)
        return MLPIPE_OK;
    uint8_t *first = mlpipe__alloc(csv->env, count);
    if (!first)
        return mlpipe__nomem(ctx);
    st = csv_look(ctx, csv, first, count);
    if (!st)
        st = csv_guess_header(ctx, csv, first, count);
    mlpipe__free(csv->env, first);
    return st;
}

/* Back to the first record, which must be there. */
static mlpipe_status csv_header_again(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      uint64_t begin, uint64_t line)
{
    bool there;

    mlpipe__input_seek(&csv->input, begin);
    csv->reader.next_line = line;
    const mlpipe_status st = csv_header_record(ctx, csv, &there);
    return st || there ? st : mlpipe__input_changed(ctx, &csv->input);
}

/* How many columns there are: as many as there are names; without names, or
 * where rows are padded, as most rows have cells. Who says where the table
 * begins makes its first record the measure. */
static uint32_t csv_count_columns(const mlpipe__csv *csv)
{
    const uint32_t count = csv->reader.record.count;

    if (!csv->header)
        return csv->cells && csv->options.skip == MLPIPE__CSV_AUTO_LINES
            ? csv->cells : count;
    return csv->options.policy == MLPIPE__CSV_PAD && csv->cells > count
        ? csv->cells : count;
}

/* The records of names, of which the first is current. */
static mlpipe_status csv_read_names(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__csv_reader *r = &csv->reader;
    mlpipe_status st = MLPIPE_OK;
    bool there = true;

    csv->data_offset = r->begin;
    csv->data_line = r->line;
    for (uint32_t i = 0; csv->header && !st && i < csv->header_rows; i++) {
        if (i)
            st = csv_header_record(ctx, csv, &there);
        if (!st && there)
            st = csv_join_names(ctx, csv);
        if (st || !there)
            break;
        csv->data_offset = r->end;
        csv->data_line = r->next_line;
    }
    return st;
}

mlpipe_status mlpipe__csv_header(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__csv_reader *r = &csv->reader;
    bool there;
    mlpipe_status st = csv_header_record(ctx, csv, &there);

    if (st)
        return st;
    if (!there)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY, "%s: there is nothing %s",
                            mlpipe__input_name(&csv->input),
                            csv->options.skip > 0 || csv->options.footer > 0
                            ? "between the lines of skip= and those of "
                              "footer=; lower them" : "in it");
    const uint64_t begin = r->begin, line = r->line;
    st = csv_decide_header(ctx, csv);
    if (!st && csv->header)
        st = csv_header_again(ctx, csv, begin, line);
    if (!st && csv->header)
        st = csv_count_headers(ctx, csv);
    if (!st)
        st = csv_header_again(ctx, csv, begin, line);
    if (st)
        return st;
    csv->column_count = csv_count_columns(csv);
    csv->columns = mlpipe__alloc_array(csv->env, csv->column_count,
                                       sizeof csv->columns[0]);
    if (!csv->columns) {
        csv->column_count = 0;
        return mlpipe__nomem(ctx);
    }
    st = csv_read_names(ctx, csv);
    return st ? st : csv_take_names(ctx, csv);
}
