/* SPDX-License-Identifier: MIT */
/* The first record: whether it names the columns, and how. */
#include "collect_internal.h"

/* What the cells of the first two records look like, column by column. */
enum { CSV_HOLDS_NULL = 0, CSV_HOLDS_TEXT = 1, CSV_HOLDS_NUMBER = 2 };

static uint8_t csv_holds(const mlpipe__csv *csv, const char *s, size_t n)
{
    if (!n || mlpipe__csv_na(&csv->options, s, n) >= 0)
        return CSV_HOLDS_NULL;
    return mlpipe__csv_number_kind(s, n) ? CSV_HOLDS_NUMBER : CSV_HOLDS_TEXT;
}

/* The next record that is no blank line; E_FORMAT where it is a bad one. */
static mlpipe_status csv_header_record(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                       bool *there)
{
    enum mlpipe__csv_found found = MLPIPE__CSV_EMPTY;
    mlpipe__csv_reader *r = &csv->reader;

    while (found == MLPIPE__CSV_EMPTY) {
        const mlpipe_status st = mlpipe__csv_next(ctx, r, &found);
        if (st)
            return st;
    }
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
 * header=auto. Texts alone are names, numbers alone are data. With both, the
 * second record decides: a text above a number is a name, a number above a
 * text is none; where neither occurs nobody can know.
 */
static mlpipe_status csv_guess_header(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      const uint8_t *first, uint32_t count)
{
    uint32_t texts = 0, numbers = 0, names = 0, values = 0;
    bool there = false;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < count; i++) {
        texts += first[i] == CSV_HOLDS_TEXT;
        numbers += first[i] == CSV_HOLDS_NUMBER;
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
        names += first[i] == CSV_HOLDS_TEXT && second[i] == CSV_HOLDS_NUMBER;
        values += first[i] == CSV_HOLDS_NUMBER && second[i] == CSV_HOLDS_TEXT;
    }
    mlpipe__free(csv->env, second);
    if (st)
        return st;
    csv->header = names > 0;
    if ((names > 0) != (values > 0))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                        "%s: the first record holds %u texts and %u numbers "
                        "and may be data or names of columns; say header=true "
                        "or header=false", mlpipe__input_name(&csv->input),
                        texts, numbers);
}

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
                                     mlpipe__dict *names, uint32_t i,
                                     const char *s, size_t n)
{
    mlpipe__text t;
    mlpipe_status st = MLPIPE_OK;

    if (memchr(s, 0, n))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "%s: the name of column %u holds a NUL byte; "
                            "remove it",
                            mlpipe__input_name(&csv->input), i + 1);
    mlpipe__text_init(&t, csv->env);
    mlpipe__text_put(&t, s, n);
    if (!n)
        mlpipe__text_add(&t, "column_%u", i + 1);
    if (!t.failed)
        csv_number_name(csv, names, &t);
    if (!t.failed) {
        csv->renamed += csv->header && t.size != n;
        csv->columns[i].name = mlpipe__strdup(csv->env, t.data, t.size);
    }
    if (t.failed || !csv->columns[i].name
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
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "as=%q: %s has no such column", item,
                            mlpipe__input_name(&csv->input));
    csv->forced_count += !csv->columns[at].forced;
    csv->columns[at].forced = type;
    return MLPIPE_OK;
}

/* ---- all of it ---------------------------------------------------------- */

/* Names from the current record, which is the first. */
static mlpipe_status csv_take_names(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__setting *as = mlpipe__params_get(&csv->options.params,
                                                   "as");
    mlpipe__dict names;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&names, csv->env);
    for (uint32_t i = 0; !st && i < csv->column_count; i++) {
        const char *s = "";
        size_t n = 0;
        if (csv->header && !mlpipe__csv_cell(&csv->reader, i, &s, &n))
            st = mlpipe__nomem(ctx);
        else
            st = csv_name_column(ctx, csv, &names, i, s, n);
    }
    for (uint32_t i = 0; !st && i < as->count; i++)
        st = csv_force(ctx, csv, &names, as->names[i]);
    mlpipe__dict_free(&names);
    return st;
}

static mlpipe_status csv_decide_header(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    uint32_t count = csv->reader.record.count;
    mlpipe_status st = MLPIPE_OK;

    csv->header = csv->options.header == MLPIPE__CSV_HEADER;
    if (csv->options.header != MLPIPE__CSV_AUTO)
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

mlpipe_status mlpipe__csv_header(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__csv_reader *r = &csv->reader;
    bool there;
    mlpipe_status st = csv_header_record(ctx, csv, &there);

    if (st)
        return st;
    if (!there)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY, "%s: there is nothing in it",
                            mlpipe__input_name(&csv->input));
    const uint64_t begin = r->begin, line = r->line;
    st = csv_decide_header(ctx, csv);
    if (st)
        return st;
    /* The second record may have been looked at: back to the first. */
    mlpipe__input_seek(&csv->input, begin);
    r->next_line = line;
    st = csv_header_record(ctx, csv, &there);
    if (st)
        return st;
    if (!there)
        return mlpipe__input_changed(ctx, &csv->input);
    csv->data_offset = csv->header ? r->end : r->begin;
    csv->data_line = csv->header ? r->next_line : r->line;
    csv->column_count = r->record.count;
    csv->columns = mlpipe__alloc_array(csv->env, csv->column_count,
                                       sizeof csv->columns[0]);
    if (!csv->columns) {
        csv->column_count = 0;
        return mlpipe__nomem(ctx);
    }
    return csv_take_names(ctx, csv);
}
