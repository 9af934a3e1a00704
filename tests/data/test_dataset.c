/* SPDX-License-Identifier: MIT */
/* Builders, datasets, views, cells and roles. */
#include "support.h"

#include "data/data_internal.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_value cell(const mlpipe_dataset *d, int64_t row, uint32_t col)
{
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, row, col, &v));
    return v;
}

static void assert_text(const char *expected, mlpipe_value v)
{
    assert_int_equal(MLPIPE_VALUE_TEXT, v.kind);
    assert_int_equal(strlen(expected), v.len);
    assert_memory_equal(expected, v.str, strlen(expected));
}

static const char *const cities[] = {"York", NULL, "Bath", "York", ""};

/* A dataset of every type with five rows. */
static mlpipe_dataset *small(const char *params)
{
    static const double price[] = {1.5, 2.5, -0.0, 0.0, 1e300};
    static const int32_t rooms[] = {3, -1, 7, 3, 0};
    static const uint8_t some[] = {1, 0, 1, 1, 1};
    static const uint8_t yes[] = {1, 0, 2, 0, 0};
    static const int64_t days[] = {0, 86400, -86400, 5, 6};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, params, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "price", MLPIPE_F64, price,
                                         NULL, 5));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "rooms", MLPIPE_I32, rooms,
                                         some, 5));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "new", MLPIPE_BOOL, yes,
                                         NULL, 5));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "sold", MLPIPE_UNIT_S, days,
                                        some, 5));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "city", cities, 5));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void test_columns(void **state)
{
    mlpipe_dataset *d = small("first_row_id=100");

    assert_int_equal(5, mlpipe_dataset_rows(d));
    assert_int_equal(5, mlpipe_dataset_columns(d));
    assert_int_equal(1, mlpipe_dataset_find(d, "rooms"));
    assert_int_equal(-1, mlpipe_dataset_find(d, "Rooms"));
    assert_string_equal("sold", mlpipe_dataset_name(d, 3));
    assert_null(mlpipe_dataset_name(d, 5));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_dataset_type(d, 0));
    assert_int_equal(MLPIPE_TYPE_I64, mlpipe_dataset_type(d, 1));
    assert_int_equal(MLPIPE_TYPE_BOOL, mlpipe_dataset_type(d, 2));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 3));
    assert_int_equal(MLPIPE_UNIT_S, mlpipe_dataset_unit(d, 3));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 4));
    assert_int_equal(0, mlpipe_dataset_type(d, 5));
    assert_int_equal(0, mlpipe_dataset_nulls(d, 0));
    assert_int_equal(1, mlpipe_dataset_nulls(d, 1));
    assert_int_equal(-1, mlpipe_dataset_nulls(d, 9));
    assert_int_equal(100, mlpipe_dataset_row_id(d, 0));
    assert_int_equal(104, mlpipe_dataset_row_id(d, 4));
    assert_int_equal(0, mlpipe_dataset_row_id(d, 5));
    assert_int_equal(MLPIPE_ROLE_TIME, mlpipe_dataset_role(d, 3));
    assert_int_equal(MLPIPE_ROLE_NONE, mlpipe_dataset_role(d, 0));
    mlpipe_dataset_free(d);
}

static void test_cells(void **state)
{
    mlpipe_dataset *d = small(NULL);
    mlpipe_value v;
    double x[5];

    assert_same(1.5, cell(d, 0, 0).num);
    assert_int_equal(MLPIPE_VALUE_NULL, cell(d, 1, 1).kind);
    assert_same(7, cell(d, 2, 1).num);
    assert_same(1, cell(d, 2, 2).num);
    assert_same(-86400, cell(d, 2, 3).num);
    assert_text("York", cell(d, 0, 4));
    assert_int_equal(MLPIPE_VALUE_NULL, cell(d, 1, 4).kind);
    assert_text("", cell(d, 4, 4));
    assert_int_equal(MLPIPE_E_ARG, mlpipe_dataset_cell(d, 5, 0, &v));
    assert_int_equal(MLPIPE_E_ARG, mlpipe_dataset_cell(d, -1, 0, &v));
    assert_int_equal(MLPIPE_E_ARG, mlpipe_dataset_cell(d, 0, 5, &v));
    assert_ok(ctx, mlpipe_dataset_doubles(ctx, d, 1, 1, x, 3));
    assert_true(x[0] != x[0]);
    assert_same(7, x[1]);
    /* Codes follow the order of the texts: "" 0, "Bath" 1, "York" 2. */
    assert_ok(ctx, mlpipe_dataset_doubles(ctx, d, 4, 0, x, 5));
    assert_same(2, x[0]);
    assert_same(1, x[2]);
    assert_same(0, x[4]);
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_dataset_doubles(ctx, d, 1, 3, x, 3));
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_dataset_doubles(ctx, d, 8, 0, x, 3));
    mlpipe_dataset_free(d);
}

static void test_hash_and_equality(void **state)
{
    mlpipe_dataset *d = small(NULL);

    assert_true(mlpipe__dataset_cell_equal(d, 0, 2, 3)); /* -0 and 0 */
    assert_true(mlpipe__dataset_cell_hash(d, 0, 2, 7)
                == mlpipe__dataset_cell_hash(d, 0, 3, 7));
    assert_true(mlpipe__dataset_cell_equal(d, 4, 0, 3));
    assert_false(mlpipe__dataset_cell_equal(d, 4, 1, 4)); /* null, "" */
    assert_true(mlpipe__dataset_cell_hash(d, 4, 1, 7)
                != mlpipe__dataset_cell_hash(d, 4, 4, 7));
    assert_true(mlpipe__dataset_cell_hash(d, 4, 0, 7)
                == mlpipe__dataset_cell_hash(d, 4, 3, 7));
    assert_true(mlpipe__dataset_cell_hash(d, 4, 0, 7)
                != mlpipe__dataset_cell_hash(d, 4, 0, 8));
    mlpipe_dataset_free(d);
}

static void test_views(void **state)
{
    mlpipe_dataset *d = small(NULL), *slice, *part, *none;
    mlpipe_report *report;

    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 1, 4, &slice));
    assert_int_equal(1, mlpipe_dataset_row_id(slice, 0));
    assert_int_equal(1, mlpipe_dataset_nulls(slice, 1));
    mlpipe__rowset *rows = mlpipe__rowset_new(ctx->env, 3);
    rows->rows[0] = 3;
    rows->rows[1] = 0;
    rows->rows[2] = 1;
    assert_ok(ctx, mlpipe__dataset_view(ctx, slice, rows, &part));
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(slice);
    assert_int_equal(4, mlpipe_dataset_row_id(part, 0));
    assert_int_equal(1, mlpipe_dataset_row_id(part, 1));
    assert_same(1e300, cell(part, 0, 0).num);
    assert_text("Bath", cell(part, 2, 4));
    assert_int_equal(1, mlpipe_dataset_nulls(part, 4));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, part, 2, 1, &slice));
    assert_int_equal(2, mlpipe_dataset_row_id(slice, 0));
    assert_int_equal(0, mlpipe_dataset_nulls(slice, 4));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, slice, 1, 0, &none));
    assert_int_equal(0, mlpipe_dataset_rows(none));
    mlpipe_dataset_free(none);
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_dataset_slice(ctx, slice, 0, 2,
                                     &none));
    assert_null(none);
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_dataset_slice(ctx, slice, -1, 1,
                                     &none));
    assert_told(ctx, MLPIPE_E_NOT_FOUND,
                mlpipe_dataset_reading(ctx, slice, &report));
    mlpipe_dataset_free(slice);
    mlpipe_dataset_free(part);
}

/* Blocks equal cells on both kinds of view, across chunks, for each type. */
static void test_blocks(void **state)
{
    enum { N = 70000 };
    int64_t *whole = test_malloc(N * sizeof *whole);
    uint8_t *valid = test_malloc(N), ok[600];
    mlpipe_builder *b;
    mlpipe_dataset *d, *view[2];
    double x[600];
    int64_t y[600];

    for (int i = 0; i < N; i++) {
        whole[i] = (int64_t)i * 77777 - 3;
        valid[i] = i % 5 != 0;
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "i", MLPIPE_I64, whole,
                                         valid, N));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "b", MLPIPE_BOOL, valid,
                                         NULL, N));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    mlpipe__rowset *rows = mlpipe__rowset_new(ctx->env, N);
    for (int64_t i = 0; i < N; i++)
        rows->rows[i] = (i * 7919 + 11) % N;
    assert_ok(ctx, mlpipe__dataset_view(ctx, d, rows, &view[0]));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 3, N - 3, &view[1]));
    for (int v = 0; v < 2; v++)
        for (uint32_t column = 0; column < 2; column++) {
            const int64_t start = 65200;
            mlpipe__dataset_block(view[v], column, start, 600, x, ok);
            mlpipe__dataset_block_i64(view[v], column, start, 600, y, ok);
            for (int i = 0; i < 600; i++) {
                const mlpipe_value c = cell(view[v], start + i, column);
                assert_int_equal(c.kind == MLPIPE_VALUE_NUMBER, ok[i]);
                assert_same(x[i], (double)y[i]);
                if (ok[i])
                    assert_same(c.num, x[i]);
                else
                    assert_true(c.num != c.num && x[i] == 0);
            }
        }
    mlpipe_dataset_free(view[0]);
    mlpipe_dataset_free(view[1]);
    mlpipe_dataset_free(d);
    test_free(whole);
    test_free(valid);
}

static void test_builder_refuses(void **state)
{
    static const double x[] = {1, 2};
    static const uint64_t big[] = {1, UINT64_C(1) << 63};
    static const char *const bad[] = {"fine", "\xff\xfe"};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_builder_new(ctx, NULL,
                                   "first_row=3", &b));
    assert_null(b);
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x, NULL,
                                         2));
    assert_told(ctx, MLPIPE_E_CONFLICT,
                mlpipe_builder_column(
ctx, b, "x", MLPIPE_F64, x, NULL, 2));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_builder_column(
ctx, b, "y", MLPIPE_F64, x, NULL, 1));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_builder_column(
ctx, b, "y", MLPIPE_TOKEN, x, NULL, 2));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_builder_column(
ctx, b, "", MLPIPE_F64, x, NULL, 2));
    assert_told(ctx, MLPIPE_E_NUMERIC,
                mlpipe_builder_column(
ctx, b, "y", MLPIPE_U64, big, NULL, 2));
    assert_int_equal(1, mlpipe_ctx_error(ctx)->row);
    assert_string_equal("y", mlpipe_ctx_error(ctx)->column);
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_builder_texts(ctx, b, "t", bad,
                                     2));
    assert_told(ctx, MLPIPE_E_STATE, mlpipe_builder_append(ctx, b, x, 1));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    assert_int_equal(1, mlpipe_dataset_columns(d));
    mlpipe_dataset_free(d);
    assert_told(ctx, MLPIPE_E_STATE, mlpipe_builder_finish(ctx, b, &d));
    assert_null(d);
    assert_told(ctx, MLPIPE_E_STATE,
                mlpipe_builder_column(
ctx, b, "z", MLPIPE_F64, x, NULL, 2));
    mlpipe_builder_free(b);
    mlpipe_builder_free(NULL);
    mlpipe_dataset_free(NULL);
}

/* More than 65,536 different texts stay plain. */
static void test_many_texts(void **state)
{
    enum { N = 65537 };
    char (*space)[8] = test_malloc(N * sizeof *space);
    const char **texts = test_malloc(N * sizeof *texts);
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int i = 0; i < N; i++) {
        sprintf(space[i], "%d", i);
        texts[i] = space[i];
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "t", texts, N));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "c", texts, N));
    texts[N - 1] = texts[0];
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "k", texts, N));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, 0));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 2));
    for (int i = 0; i < N; i += 977) {
        assert_text(space[i], cell(d, i, 0));
        assert_text(texts[i], cell(d, i, 2));
    }
    assert_text("65536", cell(d, 65536, 1));
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    test_free(space);
    test_free(texts);
}

static void test_missing_column(void **state)
{
    mlpipe_dataset *d = small(NULL);
    uint32_t at;

    assert_ok(ctx, mlpipe__dataset_column(ctx, d, "city", &at));
    assert_int_equal(4, at);
    assert_told(ctx, MLPIPE_E_SCHEMA,
                mlpipe__dataset_column(ctx, d, "prise",
                                       &at));
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "price"));
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_hash_and_equality),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_builder_refuses),
        cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_missing_column),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
