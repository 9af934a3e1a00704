/* SPDX-License-Identifier: MIT */
/*
 * Differences of versions against an oracle in memory: random tables of a
 * unique key, edited at random (rows taken out, put in, cells changed, order
 * shuffled, columns added, taken out and of another type), some of more than
 * one chunk.
 */
#include "support.h"

#include <math.h>

#include "base/base_internal.h"
#include "report_table.h"
#include "store/store_internal.h"
#include "golden_text.h"

enum { DIFF_ROWS = 70000, DIFF_CASES = 300 };

typedef struct table {
    int64_t n;
    int64_t *id;
    double *x;
    uint8_t *x_valid;
    int32_t *word;
} table;

static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
    uint32_t out[4];

    mlpipe__philox(17, MLPIPE__FOR_TEST, 0, dice_state++, 0, out);
    return out[0] % sides;
}

static void table_new(table *t, int64_t room)
{
    t->n = 0;
    t->id = malloc((size_t)room * sizeof *t->id);
    t->x = malloc((size_t)room * sizeof *t->x);
    t->x_valid = malloc((size_t)room);
    t->word = malloc((size_t)room * sizeof *t->word);
}

static void table_free(table *t)
{
    free(t->id), free(t->x), free(t->x_valid), free(t->word);
}

static void table_add(table *t, int64_t id)
{
    t->id[t->n] = id;
    t->x_valid[t->n] = dice(5) > 0;
    t->x[t->n] = t->x_valid[t->n] ? dice(100) / 4.0 : 0;
    t->word[t->n++] = (int32_t)dice(5);
}

static void table_copy(table *to, const table *from, int64_t i)
{
    to->id[to->n] = from->id[i];
    to->x[to->n] = from->x[i];
    to->x_valid[to->n] = from->x_valid[i];
    to->word[to->n++] = from->word[i];
}

static void table_swap(table *t, int64_t i, int64_t k)
{
    const int64_t id = t->id[i];
    const double x = t->x[i];
    const uint8_t valid = t->x_valid[i];
    const int32_t word = t->word[i];

    t->id[i] = t->id[k], t->id[k] = id;
    t->x[i] = t->x[k], t->x[k] = x;
    t->x_valid[i] = t->x_valid[k], t->x_valid[k] = valid;
    t->word[i] = t->word[k], t->word[k] = word;
}

static mlpipe_dataset *table_data(mlpipe_ctx *c, const table *t,
                                  const char *more)
{
    static const char *const words[5] = {"red", "green", NULL, "blue", ""};
    const char **text = malloc((size_t)(t->n + 1) * sizeof *text);
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < t->n; i++)
        text[i] = words[t->word[i]];
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, t->id, NULL,
                                       t->n));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, t->x,
                                       t->x_valid, t->n));
    assert_ok(c, mlpipe_builder_texts(c, b, "word", text, t->n));
    if (more)
        assert_ok(c, mlpipe_builder_column(c, b, more, MLPIPE_I64, t->id,
                                           NULL, t->n));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(text);
    return d;
}

/* What the edits did. */
typedef struct edits {
    int64_t added, removed, changed, cells;
} edits;

static void edit(const table *a, table *b, uint32_t rate, edits *e)
{
    int64_t next = 1000000;

    memset(e, 0, sizeof *e);
    for (int64_t i = 0; i < a->n; i++) {
        const uint32_t what = dice(rate);
        uint32_t cells = 0;

        if (what == 0) {
            e->removed++;
            continue;
        }
        if (what == 1) {
            table_add(b, next++);
            e->added++;
        }
        table_copy(b, a, i);
        if (what == 2 || what == 3) {
            b->x[b->n - 1] = b->x_valid[b->n - 1] ? b->x[b->n - 1] + 0.5
                                                  : 7;
            b->x_valid[b->n - 1] = 1;
            cells++;
        }
        if (what == 3 || what == 4) {
            b->word[b->n - 1] = (b->word[b->n - 1] + 1) % 5;
            cells++;
        }
        e->cells += cells;
        e->changed += cells > 0;
    }
}

static void assert_figure(const mlpipe_report *r, const char *name,
                          int64_t expected)
{
    const double x = mlpipe_report_get(r, name);

    if (x != (double)expected)
        fail_msg("%s is %g, not %lld", name, x, (long long)expected);
}

/* The examples are cells that differ. */
static void assert_examples(const mlpipe_report *r, const edits *e)
{
    uint32_t rows;
    const mlpipe__report_cell *cells = table_cells(
        r, "cells", "key,column,old,new", &rows);

    assert_int_equal(rows, e->cells < 20 ? e->cells : 20);
    for (uint32_t i = 0; i < rows; i++)
        assert_true(strcmp(table_text(r, &cells[4 * i + 2]),
                           table_text(r, &cells[4 * i + 3])));
}

static void one_case(mlpipe_ctx *c, mlpipe_store *s, int64_t rows,
                     uint32_t rate, bool shuffle)
{
    mlpipe_dataset *da, *db;
    mlpipe_report *r;
    table a, b;
    edits e;
    const char *verdict;

    table_new(&a, rows + 1);
    table_new(&b, 2 * rows + 1);
    for (int64_t i = 0; i < rows; i++)
        table_add(&a, i * 3);
    edit(&a, &b, rate, &e);
    for (int64_t i = b.n; shuffle && i > 1; i--)
        table_swap(&b, i - 1, dice((uint32_t)i));
    da = table_data(c, &a, NULL);
    db = table_data(c, &b, NULL);
    assert_ok(c, mlpipe_store_commit(c, s, "a", da, NULL, NULL));
    assert_ok(c, mlpipe_store_commit(c, s, "b", db, "key=id", NULL));
    assert_ok(c, mlpipe_store_diff(c, s, "a", "b", NULL, &r));
    assert_figure(r, "rows_added", e.added);
    assert_figure(r, "rows_removed", e.removed);
    assert_figure(r, "rows_changed", e.changed);
    assert_figure(r, "cells_changed", e.cells);
    assert_string_equal("id", mlpipe_report_text(r, "compared_by"));
    if (e.cells)
        assert_examples(r, &e);
    mlpipe_report_free(r);
    /* Whole rows, whatever the commits say. */
    assert_ok(c, mlpipe_store_diff(c, s, "a", "b", "key=none", &r));
    assert_figure(r, "rows_added", e.added + e.changed);
    assert_figure(r, "rows_removed", e.removed + e.changed);
    assert_string_equal("whole rows", mlpipe_report_text(r, "compared_by"));
    assert_true(isnan(mlpipe_report_get(r, "rows_changed")));
    mlpipe_report_free(r);
    /* Without the key a changed row is one that went and one that came. */
    assert_ok(c, mlpipe_store_diff(c, s, "b", "a", NULL, &r));
    assert_figure(r, "rows_added", e.removed);
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_store_changed(c, s, "a", db, &r));
    verdict = mlpipe_report_text(r, "verdict");
    if (strcmp(verdict, "unrelated")) {
        assert_figure(r, "rows_added", e.added + e.changed);
        assert_figure(r, "rows_removed", e.removed + e.changed);
    } else {
        assert_true(isnan(mlpipe_report_get(r, "rows_added")));
        assert_true(isnan(mlpipe_report_get(r, "rows_removed")));
    }
    if (!e.added && !e.removed && !e.changed && rows > 3)
        assert_true(!strcmp(verdict, "same") ||
                    (shuffle && !strcmp(verdict, "same rows reordered")));
    else if (e.added != e.removed)
        assert_true(!strcmp(verdict, "rows differ") ||
                    !strcmp(verdict, "unrelated"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(da);
    mlpipe_dataset_free(db);
    table_free(&a);
    table_free(&b);
}

static mlpipe_ctx *begin(mlpipe_ctx *host, mlpipe__memory_io **files,
                         mlpipe_store **s)
{
    static mlpipe_io io;
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;

    *files = mlpipe__memory_io_new(host->env, &io);
    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_ok(c, mlpipe_store_open(c, "s", "sync=false", s));
    return c;
}

static void agrees_with_memory(void **state)
{
    static const uint32_t rates[] = {5, 20, 200, 100000};
    mlpipe__memory_io *files;
    mlpipe_store *s;
    mlpipe_ctx *host, *c;

    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &host));
    c = begin(host, &files, &s);
    for (uint32_t i = 0; i < DIFF_CASES; i++)
        one_case(c, s, dice(120), rates[i % 4], dice(2));
    one_case(c, s, DIFF_ROWS, 1000, false);
    one_case(c, s, DIFF_ROWS, 1000, true);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

/* The verdict of the data of now against what was put. */
static void assert_verdict(mlpipe_ctx *c, mlpipe_store *s,
                           const mlpipe_dataset *d, const char *expected)
{
    mlpipe_report *r;

    assert_ok(c, mlpipe_store_changed(c, s, "t", d, &r));
    assert_string_equal(expected, mlpipe_report_text(r, "verdict"));
    mlpipe_report_free(r);
}

static void verdicts_and_schemas(void **state)
{
    mlpipe__memory_io *files;
    mlpipe_store *s;
    mlpipe_ctx *host, *c;
    mlpipe_dataset *d, *other;
    mlpipe_report *r;
    table t, u;

    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &host));
    c = begin(host, &files, &s);
    table_new(&t, 200);
    table_new(&u, 200);
    for (int64_t i = 0; i < 200; i++)
        table_add(&t, i);
    for (int64_t i = 0; i < 200; i++)
        table_copy(&u, &t, i);
    d = table_data(c, &t, NULL);
    assert_ok(c, mlpipe_store_put_dataset(c, s, "t", d));
    assert_verdict(c, s, d, "same");
    for (int64_t i = 0; i < 200; i++)
        table_swap(&u, i, dice(200));
    other = table_data(c, &u, NULL);
    assert_verdict(c, s, other, "same rows reordered");
    mlpipe_dataset_free(other);
    other = table_data(c, &t, "more");
    assert_verdict(c, s, other, "columns changed");
    assert_ok(c, mlpipe_store_put_dataset(c, s, "u", other));
    assert_ok(c, mlpipe_store_diff(c, s, "t", "u", "rows=false", &r));
    assert_figure(r, "columns_added", 1);
    assert_figure(r, "columns_changed", 0);
    mlpipe_report_free(r);
    /* A key of one of them only, and one that is none. */
    assert_told(c, MLPIPE_E_SCHEMA,
                mlpipe_store_diff(c, s, "t", "u", "key=more", &r));
    assert_null(r);
    assert_told(c, MLPIPE_E_CONFLICT,
                mlpipe_store_diff(c, s, "t", "u", "key=word", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "the same key, word="));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "key=none"));
    /* The key of a commit, of one of them only, is left out. */
    assert_ok(c, mlpipe_store_commit(c, s, "u", other, "key=more", NULL));
    assert_ok(c, mlpipe_store_diff(c, s, "t", "u", NULL, &r));
    assert_figure(r, "rows_added", 0);
    assert_true(isnan(mlpipe_report_get(r, "rows_changed")));
    mlpipe_report_free(r);
    mlpipe_dataset_free(other);
    t.x[5] += 1;
    t.x_valid[5] = 1;
    other = table_data(c, &t, NULL);
    assert_verdict(c, s, other, "columns changed");
    mlpipe_dataset_free(other);
    t.n = 199;
    other = table_data(c, &t, NULL);
    assert_verdict(c, s, other, "rows differ");
    mlpipe_dataset_free(other);
    for (int64_t i = 0; i < t.n; i++)
        t.id[i] += 777;
    other = table_data(c, &t, NULL);
    assert_verdict(c, s, other, "unrelated");
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(d);
    table_free(&t);
    table_free(&u);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

/* What a manifest says of columns, against what is counted here. */
static void manifests_know_distributions(void **state)
{
    enum { N = 200000 };
    mlpipe__memory_io *files;
    mlpipe__store_manifest m;
    mlpipe__store_ref ref;
    mlpipe_store *s;
    mlpipe_ctx *host, *c;
    mlpipe_dataset *d;
    mlpipe_report *r;
    table t;
    double sum = 0, sd = 0, mean;
    int64_t valid = 0;
    uint32_t rows;
    const mlpipe__report_cell *cells;

    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &host));
    c = begin(host, &files, &s);
    table_new(&t, N);
    for (int64_t i = 0; i < N; i++)
        table_add(&t, i);
    for (int64_t i = 0; i < N; i++)
        if (t.x_valid[i]) {
            sum += t.x[i];
            valid++;
        }
    mean = sum / (double)valid;
    for (int64_t i = 0; i < N; i++)
        if (t.x_valid[i])
            sd += (t.x[i] - mean) * (t.x[i] - mean);
    d = table_data(c, &t, NULL);
    assert_ok(c, mlpipe_store_put_dataset(c, s, "a", d));
    mlpipe_dataset_free(d);
    assert_ok(c, mlpipe__store_resolve(c, s, "a", "dataset", &ref));
    assert_ok(c, mlpipe__store_manifest_get(c, s, ref.id, &m));
    assert_int_equal(N, m.stats[1].rows);
    assert_int_equal(N - valid, m.stats[1].nulls);
    assert_near(m.stats[1].mean, mean, 1e-12 * mean);
    assert_near(m.stats[1].sd * m.stats[1].sd, sd / (double)(valid - 1),
                1e-9);
    assert_near(m.stats[1].low, 0, 0);
    assert_near(m.stats[1].high, 24.75, 0);
    assert_true(m.stats[1].exact && m.stats[1].distinct == 100);
    assert_near(m.stats[1].curve[32], 12.375, 0.75);
    /* Five standard errors of the sketch. */
    assert_true(!m.stats[0].exact);
    assert_near((double)m.stats[0].distinct, N, 5 * 0.0163 * N);
    assert_true(m.stats[2].exact && m.stats[2].distinct == 4);
    mlpipe__store_manifest_free(&m);
    /* The same but shifted by a standard deviation. */
    for (int64_t i = 0; i < N; i++)
        t.x[i] += t.x_valid[i] ? 7.2 : 0;
    d = table_data(c, &t, NULL);
    assert_ok(c, mlpipe_store_put_dataset(c, s, "b", d));
    mlpipe_dataset_free(d);
    assert_ok(c, mlpipe_store_diff(c, s, "a", "b", "rows=false", &r));
    cells = table_cells(r, "columns",
                        "name,change,type_a,type_b,chunks_changed,nulls_a,"
                        "nulls_b,mean_a,mean_b,mean_shift,distinct_a,"
                        "distinct_b,psi", &rows);
    assert_int_equal(3, rows);
    assert_string_equal("same", table_text(r, &cells[1]));
    assert_near(cells[12].number, 0, 1e-9);
    assert_string_equal("changed", table_text(r, &cells[13 + 1]));
    assert_near(cells[13 + 4].number, 4, 0);
    assert_near(cells[13 + 9].number, 1, 0.01);
    assert_true(cells[13 + 12].number > 0.25);
    assert_near(cells[26 + 12].number, 0, 1e-9);
    mlpipe_report_free(r);
    table_free(&t);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

/* Commits, and tells the version. */
static void keep(mlpipe_ctx *c, mlpipe_store *s, const char *name,
                 const mlpipe_dataset *d, const char *params, char id[33])
{
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_store_commit(c, s, name, d, params, &b));
    assert_int_equal(32, strlen(mlpipe_buffer_data(b)));
    memcpy(id, mlpipe_buffer_data(b), 33);
    mlpipe_buffer_free(b);
}

/* A version is content alone; what identifies its rows is in its commits. */
static void versions_have_the_key_of_their_commits(void **state)
{
    mlpipe__memory_io *files;
    mlpipe_dataset *old, *now;
    mlpipe_store *s;
    mlpipe_report *r;
    char a[33], b[33];
    mlpipe_ctx *host, *c;
    table t;

    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &host));
    c = begin(host, &files, &s);
    table_new(&t, 50);
    for (int64_t i = 0; i < 50; i++)
        table_add(&t, i);
    old = table_data(c, &t, NULL);
    t.x[7] += 1;
    t.x_valid[7] = 1;
    now = table_data(c, &t, NULL);
    keep(c, s, "d", old, "key=id", a);
    keep(c, s, "d", now, NULL, b);
    assert_ok(c, mlpipe_store_diff(c, s, a, b, NULL, &r));
    assert_string_equal("id", mlpipe_report_text(r, "compared_by"));
    assert_figure(r, "rows_changed", 1);
    mlpipe_report_free(r);
    /* The newest that has one: x is no key, and the call says so. */
    keep(c, s, "e", now, "key=id,x", b);
    assert_ok(c, mlpipe_store_diff(c, s, a, b, NULL, &r));
    assert_string_equal("id,x", mlpipe_report_text(r, "compared_by"));
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_store_diff(c, s, a, b, "key=none", &r));
    assert_string_equal("whole rows", mlpipe_report_text(r, "compared_by"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(old);
    mlpipe_dataset_free(now);
    table_free(&t);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

/* What a version is, where a call takes another kind of thing. */
static void a_version_of_another_kind_is_told(void **state)
{
    mlpipe__memory_io *files;
    mlpipe_dataset *d;
    mlpipe_store *s;
    mlpipe_report *r, *kept;
    mlpipe_model *m;
    const mlpipe__report_cell *cells;
    uint32_t rows;
    char a[33], b[33];
    mlpipe_ctx *host, *c;
    table t;

    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &host));
    c = begin(host, &files, &s);
    table_new(&t, 9);
    for (int64_t i = 0; i < 9; i++)
        table_add(&t, i);
    d = table_data(c, &t, NULL);
    keep(c, s, "d", d, NULL, a);
    assert_ok(c, mlpipe_store_diff(c, s, a, a, NULL, &kept));
    assert_ok(c, mlpipe_store_put_report(c, s, "r", a, kept));
    mlpipe_report_free(kept);
    assert_ok(c, mlpipe_store_history(c, s, "r", &kept));
    cells = table_cells(kept, "history",
                        "version,time,rows,changed,note,author,uri,licence,"
                        "source,retrieved,key,code,content,kept,commit",
                        &rows);
    assert_int_equal(1, rows);
    memcpy(b, table_text(kept, &cells[0]), sizeof b);
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_store_diff(c, s, a, b, NULL, &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "is a report, and this call takes a dataset"));
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_store_get_model(c, s, a, &m));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "is a dataset, and this call takes a model"));
    mlpipe_report_free(kept);
    mlpipe_dataset_free(d);
    table_free(&t);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_memory),
        cmocka_unit_test(verdicts_and_schemas),
        cmocka_unit_test(manifests_know_distributions),
        cmocka_unit_test(versions_have_the_key_of_their_commits),
        cmocka_unit_test(a_version_of_another_kind_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
