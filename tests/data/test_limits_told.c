/* SPDX-License-Identifier: MIT */
/*
 * What people read where there are more rows or bytes than are worked on. No
 * memory holds as many: counts are made large by hand, and the calls look at
 * them before they look at a value.
 */
#include "golden_text.h"

#include <math.h>

#include "data/data_internal.h"
#include "num/num_internal.h"

static mlpipe_ctx *c;

static mlpipe_dataset *rows_of(const char *csv, const char *params)
{
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_read_csv_memory(c, csv, strlen(csv), params, &d));
    return d;
}

static void rows_of_datasets(void **state)
{
    mlpipe_dataset *const d = rows_of("x,t\n1,2020-01-01\n2,2020-01-02\n",
                                      NULL);
    const mlpipe_dataset *const twice[2] = {d, d};
    mlpipe_dataset *out, *part[2];
    mlpipe_report *r;
    mlpipe_copula *k;
    (void)state;
    d->rows = INT64_C(1) << 39;
    TOLD(c, mlpipe_dataset_sort(c, d, "by=x", &out));
    TOLD(c, mlpipe_dataset_sample(c, d, "rows=10", &out));
    TOLD(c, mlpipe_dataset_asof(c, d, d, "on=t", &out));
    TOLD(c, mlpipe_dataset_duplicates(c, d, NULL, &r));
    TOLD(c, mlpipe_dataset_drift(c, d, d, NULL, &r));
    TOLD(c, mlpipe_dataset_profile(c, d, "sample=0", &r));
    TOLD(c, mlpipe_dataset_concat(c, twice, 2, NULL, &out));
    TOLD(c, mlpipe_dataset_split(c, d, "parts=0.5,0.5", part, 2));
    TOLD(c, mlpipe_copula_fit(c, d, NULL, &k));
    TOLD(c, mlpipe_synth_dirty(c, d, NULL, &out, &r));
    d->rows = 2;
    TOLD(c, mlpipe_dataset_sample(c, d, "rows=4e9 replace=true", &out));
    mlpipe_dataset_free(d);
}

static void columns_of_other_rows(void **state)
{
    mlpipe__column *columns[2];
    mlpipe_dataset *out;
    (void)state;
    for (int i = 0; i < 2; i++) {
        mlpipe__column_writer *const w = mlpipe__writer_new(
            c->env, i ? "b" : "a", 1, MLPIPE_TYPE_F64, MLPIPE_UNIT_NONE,
            NULL);
        assert_non_null(w);
        for (int k = 0; k <= i; k++)
            assert_true(mlpipe__writer_f64(w, k));
        columns[i] = mlpipe__writer_finish(w);
    }
    TOLD(c, mlpipe__dataset_new_ids(c, columns, 2, NULL, NULL, &out));
}

/* ---- bytes of text ------------------------------------------------------ */

static void texts(void **state)
{
    mlpipe_dataset *const d = rows_of("s,k\nfree,a\ntext,b\n",
                                      "as=s:text,k:category");
    mlpipe__column_writer *const w = mlpipe__writer_new(
        c->env, "note", 4, MLPIPE_TYPE_TEXT, MLPIPE_UNIT_NONE, NULL);
    mlpipe__dict *const dict = &d->columns[1]->dictionary->dict;
    struct ArrowSchema schema;
    struct ArrowArray array;
    (void)state;
    assert_non_null(w);
    assert_false(mlpipe__writer_text(w, "x", (size_t)INT32_MAX + 1));
    TOLD(c, mlpipe__writer_failed(c, w));
    mlpipe__writer_free(w);
    const uint64_t end = dict->offsets[dict->count];
    dict->offsets[dict->count] = UINT32_MAX - 1;
    TOLD(c, mlpipe_dataset_to_arrow(c, d, NULL, &schema, &array));
    dict->offsets[dict->count] = end;
    mlpipe_dataset_free(d);
}

/* Two chunks of text, of which the first says that it is as long as may be. */
static void two_chunks(void **state)
{
    enum { ROWS = MLPIPE__CHUNK_ROWS + 1 };
    const char **const words = malloc(ROWS * sizeof *words);
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d;
    mlpipe_builder *b;
    char (*const text)[12] = malloc(ROWS * sizeof *text);
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        snprintf(text[i], sizeof text[i], "t%d", i);
        words[i] = text[i];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "s", words, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, 0));
    int32_t *const offsets = d->columns[0]->chunks[0].data;
    const int32_t end = offsets[MLPIPE__CHUNK_ROWS];
    offsets[MLPIPE__CHUNK_ROWS] = INT32_MAX;
    TOLD(c, mlpipe_dataset_to_arrow(c, d, NULL, &schema, &array));
    offsets[MLPIPE__CHUNK_ROWS] = end;
    mlpipe_dataset_free(d);
    free(words);
    free(text);
}

/* ---- more than are worked on -------------------------------------------- */

static void many_groups(void **state)
{
    enum { ROWS = 65540, COLUMNS = 510 };
    int64_t *const group = malloc(ROWS * sizeof *group);
    const double x[3] = {1, 2, 4};
    mlpipe_dataset *d, *fold, *rest;
    mlpipe_copula *k;
    mlpipe_builder *b;
    (void)state;
    for (int i = 0; i < ROWS; i++)
        group[i] = i;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "g", MLPIPE_I64, group, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    TOLD(c, mlpipe_dataset_fold(c, d, "kind=groups group=g", 0, &fold,
                                &rest));
    mlpipe_dataset_free(d);
    free(group);
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (int i = 0; i < COLUMNS; i++) {
        char name[12];
        snprintf(name, sizeof name, "x%d", i);
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64, x, NULL,
                                           3));
    }
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    TOLD(c, mlpipe_copula_fit(c, d, NULL, &k));
    mlpipe_dataset_free(d);
}

/* ---- statistics --------------------------------------------------------- */

static void statistics(void **state)
{
    static const double none[2] = {0, 0};
    const uint64_t most = UINT64_C(1) << 33;
    mlpipe__delong out;
    double x[2], y[2], a[4] = {0, NAN, NAN, 0}, vectors[4];
    uint32_t count;
    bool blas;
    (void)state;
    x[0] = x[1] = y[0] = y[1] = 0;
    TOLD(c, mlpipe__delong_test(c, x, x, x, NULL, most, &out));
    TOLD(c, mlpipe__isotonic(c, x, y, NULL, most, x, y, &count));
    TOLD(c, mlpipe__isotonic(c, x, y, none, 2, x, y, &count));
    TOLD(c, mlpipe__groups_check(c, "target_encode", most));
    TOLD(c, mlpipe__eigen(c, "pca", 2, a, x, vectors, &blas));
}

static int open_ctx(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_datasets),
        cmocka_unit_test(columns_of_other_rows),
        cmocka_unit_test(texts),
        cmocka_unit_test(two_chunks),
        cmocka_unit_test(many_groups),
        cmocka_unit_test(statistics),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
