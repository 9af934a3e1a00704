/* SPDX-License-Identifier: MIT */
/*
 * One content, one fingerprint: however a table came, by CSV, JSON, Arrow or a
 * store, in pieces, in another encoding, by any number of threads. And any
 * change has another one: of a cell, a row, a name, a type, an order.
 */
#include "support.h"

#include "base/base_internal.h"

enum { PRINT_ROWS = 70000, PRINT_COLUMNS = 6, PRINT_HEX = 33 };

typedef struct world {
    mlpipe_ctx *c, *host;
    mlpipe__memory_io *files;
    mlpipe_io io;
} world;

static int open_world(void **state)
{
    world *w = calloc(1, sizeof *w);
    mlpipe_ctx_options options = {.size = sizeof options};
    if (!w || mlpipe_ctx_new(NULL, &w->host))
        return 1;
    w->files = mlpipe__memory_io_new(w->host->env, &w->io);
    options.io = &w->io;
    *state = w;
    return !w->files || mlpipe_ctx_new(&options, &w->c);
}

static int close_world(void **state)
{
    world *w = *state;
    mlpipe_ctx_free(w->c);
    mlpipe__memory_io_free(w->files);
    mlpipe_ctx_free(w->host);
    free(w);
    return 0;
}

/* ---- a table, cell by cell ---------------------------------------------- */

/* What is done to the table before it is written. */
typedef struct change {
    int64_t row;          /* of the changed cell; -1 = none */
    uint32_t column;
    int64_t drop;         /* a row that is left out; -1 = none */
    int64_t swap;         /* a row that changes place with the next one */
    const char *name;     /* of the third column */
} change;
static const change unchanged = {-1, 0, -1, -1, "amount"};

/* The text of a cell, "" = null; true where JSON writes it in quotes. */
static bool cell(const change *k, int64_t row, uint32_t column, char out[64])
{
    static const char *const towns[] = {"York", "Bath", "Ely", "Zürich"};
    const int64_t other = k->row == row && k->column == column;
    const long long i = (long long)row;
    out[0] = 0;
    switch (column) {
    case 0:
        sprintf(out, "%lld", i * 977 - 5000000 + other);
        return false;
    case 1:
        if ((row % 11 != 4) != other) /* a null for a value, and back */
            sprintf(out, "%lld", i % 13);
        return false;
    case 2:
        sprintf(out, "%lld.%03d5", i % 901, (int)(i % 10) + (int)other);
        return false;
    case 3:
        strcpy(out, (row % 3 == 0) != other ? "true" : "false");
        return false;
    case 4:
        if (row % 7 != 2)
            strcpy(out, towns[(row + other) % 4]);
        else if (other)
            strcpy(out, "Bath");
        return true;
    default:
        sprintf(out, "2026-%02d-%02dT%02d:00:%02d", (int)(i % 12) + 1,
                (int)(i % 28) + 1, (int)(i % 24), (int)(i % 59) + (int)other);
        return true;
    }
}

static const char *column_name(const change *k, uint32_t column)
{
    static const char *const names[] = {"id", "grade", "", "open", "town",
                                        "day"};
    return column == 2 ? k->name : names[column];
}

/* The row of the table at a place, or -1 for one that is left out. */
static int64_t row_at(const change *k, int64_t i)
{
    if (k->drop == i)
        return -1;
    return k->swap == i ? i + 1 : k->swap >= 0 && k->swap + 1 == i ? i - 1 : i;
}

static void write_csv(mlpipe__text *t, const change *k)
{
    char text[64];
    for (uint32_t j = 0; j < PRINT_COLUMNS; j++)
        mlpipe__text_add(t, "%s%s", j ? "," : "", column_name(k, j));
    for (int64_t i = 0; i < PRINT_ROWS; i++) {
        const int64_t row = row_at(k, i);
        for (uint32_t j = 0; row >= 0 && j < PRINT_COLUMNS; j++) {
            cell(k, row, j, text);
            mlpipe__text_add(t, "%s%s", j ? "," : "\n", text);
        }
    }
    mlpipe__text_add(t, "\n");
}

static void write_json(mlpipe__text *t, bool array)
{
    char text[64];
    mlpipe__text_add(t, "%s", array ? "[" : "");
    for (int64_t i = 0; i < PRINT_ROWS; i++) {
        mlpipe__text_add(t, "%s{", !i ? "" : array ? ",\n" : "\n");
        for (uint32_t j = 0; j < PRINT_COLUMNS; j++) {
            const bool quoted = cell(&unchanged, i, j, text);
            const char *const mark = quoted && text[0] ? "\"" : "";
            mlpipe__text_add(t, "%s\"%s\":%s%s%s", j ? "," : "",
                             column_name(&unchanged, j), mark,
                             text[0] ? text : "null", mark);
        }
        mlpipe__text_add(t, "}");
    }
    mlpipe__text_add(t, "%s", array ? "]" : "\n");
}

/* ---- fingerprints ------------------------------------------------------- */

static void print_of(mlpipe_ctx *c, const mlpipe_dataset *d,
                     char out[PRINT_HEX])
{
    mlpipe_buffer *b;
    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &b));
    assert_int_equal(PRINT_HEX - 1, mlpipe_buffer_size(b));
    memcpy(out, mlpipe_buffer_data(b), PRINT_HEX - 1);
    out[PRINT_HEX - 1] = 0;
    mlpipe_buffer_free(b);
}

/* It has that fingerprint; takes the dataset. */
static void is(mlpipe_ctx *c, mlpipe_dataset *d, const char *print,
               const char *how)
{
    char own[PRINT_HEX];
    print_of(c, d, own);
    if (strcmp(own, print))
        fail_msg("%s: %s, expected %s", how, own, print);
    mlpipe_dataset_free(d);
}

static mlpipe_dataset *table(mlpipe_ctx *c, const change *k,
                             const char *params)
{
    mlpipe__text t;
    mlpipe_dataset *d;
    mlpipe__text_init(&t, c->env);
    write_csv(&t, k);
    assert_ok(c, mlpipe_read_csv_memory(c, t.data, t.size, params, &d));
    mlpipe__text_free(&t);
    return d;
}

/* ---- the same content --------------------------------------------------- */

static void by_text(void **state)
{
    const world *const w = *state;
    char print[PRINT_HEX];
    mlpipe__text t;
    mlpipe_dataset *d = table(w->c, &unchanged, NULL), *same;
    print_of(w->c, d, print);
    for (int array = 0; array < 2; array++) {
        mlpipe__text_init(&t, w->c->env);
        write_json(&t, array);
        assert_ok(w->c, mlpipe_read_json_memory(w->c, t.data, t.size, NULL,
                                                &same));
        is(w->c, same, print, array ? "an array" : "objects by line");
        mlpipe__text_free(&t);
    }
    assert_ok(w->c, mlpipe_write_csv(w->c, d, "t.csv", "delimiter=;"));
    assert_ok(w->c, mlpipe_read_csv(w->c, "t.csv", NULL, &same));
    is(w->c, same, print, "written as CSV");
    assert_ok(w->c, mlpipe_write_json(w->c, d, "t.json", NULL));
    assert_ok(w->c, mlpipe_read_json(w->c, "t.json", NULL, &same));
    is(w->c, same, print, "written as JSON");
    is(w->c, table(w->c, &unchanged, "text=text"), print, "texts as texts");
    mlpipe_dataset_free(d);
}

static void by_arrow(void **state)
{
    const world *const w = *state;
    static const char *const ways[] = {NULL, "text=text"};
    char print[PRINT_HEX];
    mlpipe_dataset *d = table(w->c, &unchanged, NULL), *same;
    print_of(w->c, d, print);
    for (uint32_t k = 0; k < 2; k++) {
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray array;
        assert_ok(w->c,
                  mlpipe_dataset_to_arrow_stream(w->c, d, NULL, &stream));
        assert_ok(w->c, mlpipe_dataset_from_arrow_stream(w->c, &stream,
                                                         ways[k], &same));
        is(w->c, same, print, "batches of Arrow");
        assert_ok(w->c,
                  mlpipe_dataset_to_arrow(w->c, d, NULL, &schema, &array));
        assert_ok(w->c, mlpipe_dataset_from_arrow(w->c, &schema, &array,
                                                  ways[k], &same));
        schema.release(&schema);
        is(w->c, same, print, "an array of Arrow");
    }
    mlpipe_dataset_free(d);
}

static void by_store(void **state)
{
    const world *const w = *state;
    char print[PRINT_HEX];
    mlpipe_dataset *d = table(w->c, &unchanged, NULL), *same;
    mlpipe_store *s;
    print_of(w->c, d, print);
    assert_ok(w->c, mlpipe_store_open(w->c, "store", NULL, &s));
    assert_ok(w->c, mlpipe_store_put_dataset(w->c, s, "table", d));
    assert_ok(w->c, mlpipe_store_get_dataset(w->c, s, "table", &same));
    is(w->c, same, print, "the store");
    mlpipe_store_free(s);
    mlpipe_dataset_free(d);
}

/* By blocks, in uneven parts, and by three threads. */
static void by_pieces(void **state)
{
    const world *const w = *state;
    static const int64_t cuts[] = {0, 1, 513, 65535, 65537, PRINT_ROWS};
    const mlpipe_ctx_options three = {.size = sizeof three, .threads = 3};
    char print[PRINT_HEX];
    mlpipe_dataset *d = table(w->c, &unchanged, NULL), *same, *part[5];
    mlpipe_source *source;
    mlpipe_ctx *c;
    uint32_t n = 0;
    print_of(w->c, d, print);
    for (uint32_t i = 0; i < 5; i++)
        assert_ok(w->c, mlpipe_dataset_slice(w->c, d, cuts[i],
                                             cuts[i + 1] - cuts[i],
                                             &part[i]));
    assert_ok(w->c, mlpipe_dataset_concat(w->c,
                                          (const mlpipe_dataset *const *)part,
                                          5, NULL, &same));
    is(w->c, same, print, "slices");
    for (uint32_t i = 0; i < 5; i++)
        mlpipe_dataset_free(part[i]);
    assert_ok(w->c, mlpipe_write_csv(w->c, d, "pieces.csv", NULL));
    assert_ok(w->c, mlpipe_source_csv(w->c, "pieces.csv", NULL, &source));
    do
        assert_ok(w->c, mlpipe_source_next(w->c, source, &part[n]));
    while (part[n] && ++n < 5);
    assert_int_equal(2, n);
    assert_ok(w->c, mlpipe_dataset_concat(w->c,
                                          (const mlpipe_dataset *const *)part,
                                          n, NULL, &same));
    is(w->c, same, print, "blocks of a source");
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_source_free(source);
    assert_ok(w->c, mlpipe_ctx_new(&three, &c));
    is(c, table(c, &unchanged, NULL), print, "three threads");
    mlpipe_ctx_free(c);
    mlpipe_dataset_free(d);
}

/* ---- other contents ----------------------------------------------------- */

enum { PRINTS = 128 };
typedef struct prints {
    uint32_t count;
    char hex[PRINTS][PRINT_HEX];
} prints;

/* Nothing that was met before has it; takes the dataset. */
static void is_new(mlpipe_ctx *c, mlpipe_dataset *d, prints *p,
                   const char *how)
{
    print_of(c, d, p->hex[p->count]);
    for (uint32_t i = 0; i < p->count; i++)
        if (!strcmp(p->hex[i], p->hex[p->count]))
            fail_msg("%s has the fingerprint of number %u", how, i);
    assert_true(++p->count < PRINTS);
    mlpipe_dataset_free(d);
}

static void any_change(void **state)
{
    const world *const w = *state;
    static const int64_t rows[] = {0, 4, 65535, 65536, PRINT_ROWS - 1};
    prints *p = calloc(1, sizeof *p);
    mlpipe_dataset *d = table(w->c, &unchanged, NULL), *e;
    change k;
    char how[64];
    assert_non_null(p);
    is_new(w->c, table(w->c, &unchanged, NULL), p, "the table");
    for (uint32_t j = 0; j < PRINT_COLUMNS; j++)
        for (uint32_t i = 0; i < 5; i++) {
            k = unchanged;
            k.row = rows[i];
            k.column = j;
            sprintf(how, "row %d, column %u", (int)rows[i], j);
            is_new(w->c, table(w->c, &k, NULL), p, how);
        }
    for (uint32_t i = 0; i < 5; i++) {
        k = unchanged;
        k.drop = rows[i];
        is_new(w->c, table(w->c, &k, NULL), p, "without a row");
        k = unchanged;
        k.swap = rows[i] - (i == 4);
        is_new(w->c, table(w->c, &k, NULL), p, "two rows exchanged");
    }
    k = unchanged;
    k.name = "Amount";
    is_new(w->c, table(w->c, &k, NULL), p, "another name");
    is_new(w->c, table(w->c, &unchanged, "as=grade:f64"), p, "f64 of i64");
    is_new(w->c, table(w->c, &unchanged, "as=id:text"), p, "text of i64");
    is_new(w->c, table(w->c, &unchanged, "as=day:text"), p, "text of a time");
    assert_ok(w->c, mlpipe_dataset_select(
                        w->c, d, "columns=grade,id,amount,open,town,day",
                        &e));
    is_new(w->c, e, p, "another order of columns");
    assert_ok(w->c, mlpipe_dataset_select(w->c, d, "drop=open", &e));
    is_new(w->c, e, p, "a column less");
    mlpipe_dataset_free(d);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_text),   cmocka_unit_test(by_arrow),
        cmocka_unit_test(by_store),  cmocka_unit_test(by_pieces),
        cmocka_unit_test(any_change),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
