/* SPDX-License-Identifier: MIT */
/* Fingerprints: equal for equal content, different for any other. */
#include "support.h"

#include "data/data_internal.h"

enum { ROWS = 70000 };

static mlpipe_ctx *ctx;
static double *xs;
static uint8_t *oks;
static const char **texts;

static int set_up(void **state)
{
    static const char *const words[] = {"a", "bb", "", NULL, "\xc3\xa9"};

    xs = malloc(ROWS * sizeof *xs);
    oks = malloc(ROWS);
    texts = malloc(ROWS * sizeof *texts);
    for (int i = 0; i < ROWS; i++) {
        xs[i] = i * 0.25;
        oks[i] = i % 7 != 0;
        texts[i] = words[i % 5];
    }
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    free(xs);
    free(oks);
    free(texts);
    return 0;
}

static void print_of(mlpipe_ctx *c, const mlpipe_dataset *d, char out[33])
{
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &b));
    assert_int_equal(32, mlpipe_buffer_size(b));
    memcpy(out, mlpipe_buffer_data(b), 33);
    mlpipe_buffer_free(b);
}

/* n rows from row `from` of the arrays. */
static mlpipe_dataset *build(const char *name, int64_t from, int64_t n)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, xs + from,
                                         oks + from, n));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "ok", MLPIPE_BOOL,
                                         oks + from, NULL, n));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "t", texts + from, n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void assert_prints(bool equal, const mlpipe_dataset *a,
                          const mlpipe_dataset *b)
{
    char one[33], two[33];

    print_of(ctx, a, one);
    print_of(ctx, b, two);
    if (!strcmp(one, two) != equal)
        fail_msg("%s and %s", one, two);
}

/* However rows are cut, shifted or listed, the content counts. */
static void test_cuts(void **state)
{
    mlpipe_dataset *whole = build("x", 0, ROWS), *slice, *copy, *view;
    mlpipe__rowset *rows = mlpipe__rowset_new(ctx->env, ROWS - 5);

    assert_ok(ctx, mlpipe_dataset_slice(ctx, whole, 5, ROWS - 5, &slice));
    copy = build("x", 5, ROWS - 5);
    assert_prints(true, slice, copy);
    assert_prints(false, slice, whole);
    for (int64_t i = 0; i < ROWS - 5; i++)
        rows->rows[i] = i + 5;
    assert_ok(ctx, mlpipe__dataset_view(ctx, whole, rows, &view));
    assert_prints(true, view, copy);
    rows->rows[0] = 6;
    rows->rows[1] = 5; /* the order of rows counts */
    assert_prints(false, view, copy);
    mlpipe_dataset_free(view);
    mlpipe_dataset_free(copy);
    mlpipe_dataset_free(slice);
    mlpipe_dataset_free(whole);
}

/* Row ids are no content. */
static void test_ids(void **state)
{
    static const double x[] = {1, 2};
    mlpipe_dataset *d[2];

    for (int i = 0; i < 2; i++) {
        mlpipe_builder *b;
        assert_ok(ctx, mlpipe_builder_new(
            ctx, NULL, i ? "first_row_id=9" : NULL, &b));
        assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x,
                                             NULL, 2));
        assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d[i]));
        mlpipe_builder_free(b);
    }
    assert_prints(true, d[0], d[1]);
    mlpipe_dataset_free(d[0]);
    mlpipe_dataset_free(d[1]);
}

static void test_changes(void **state)
{
    mlpipe_dataset *whole = build("x", 0, ROWS), *other;
    const char *text = texts[69999];
    const double x = xs[69999];

    other = build("X", 0, ROWS);
    assert_prints(false, whole, other);
    mlpipe_dataset_free(other);
    other = build("x", 0, ROWS - 1);
    assert_prints(false, whole, other);
    mlpipe_dataset_free(other);
    xs[69999] += 1e-9;
    other = build("x", 0, ROWS);
    assert_prints(false, whole, other);
    mlpipe_dataset_free(other);
    xs[69999] = x;
    texts[69999] = "other";
    other = build("x", 0, ROWS);
    assert_prints(false, whole, other);
    mlpipe_dataset_free(other);
    texts[69999] = text;
    oks[70] ^= 1; /* a null becomes the value that was below it */
    other = build("x", 0, ROWS);
    assert_prints(false, whole, other);
    mlpipe_dataset_free(other);
    oks[70] ^= 1;
    xs[70] = 12345; /* what lies under a null does not count */
    other = build("x", 0, ROWS);
    assert_prints(true, whole, other);
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(whole);
}

/* One column of n numbers or times. */
static mlpipe_dataset *one_column(int32_t kind, const void *data, int64_t n,
                                  int32_t unit)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    if (unit)
        assert_ok(ctx, mlpipe_builder_times(ctx, b, "c", unit, data, NULL,
                                            n));
    else
        assert_ok(ctx, mlpipe_builder_column(ctx, b, "c", kind, data, NULL,
                                             n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* Types and units are content; the width of an integer is not. */
static void test_types(void **state)
{
    static const int64_t wide[] = {1, 0, 1};
    static const int8_t narrow[] = {1, 0, 1};
    static const double real[] = {1, 0, 1}, minus[] = {1, -0.0, 1};
    mlpipe_dataset *d[] = {
        one_column(MLPIPE_I64, wide, 3, 0),
        one_column(MLPIPE_I8, narrow, 3, 0),
        one_column(MLPIPE_BOOL, narrow, 3, 0),
        one_column(MLPIPE_F64, real, 3, 0),
        one_column(MLPIPE_F64, minus, 3, 0),
        one_column(0, wide, 3, MLPIPE_UNIT_S),
        one_column(0, wide, 3, MLPIPE_UNIT_MS),
    };

    assert_prints(true, d[0], d[1]);
    for (int i = 1; i < 7; i++)
        for (int k = i + 1; k < 7; k++)
            assert_prints(false, d[i], d[k]);
    for (int i = 0; i < 7; i++)
        mlpipe_dataset_free(d[i]);
}

/* A category and a plain text of equal content are equal. */
static void test_texts(void **state)
{
    static const char csv[] = "t,x\na,1\nbb,\n\"\",3\n";
    mlpipe_dataset *d[2];

    for (int i = 0; i < 2; i++)
        assert_ok(ctx, mlpipe_read_csv_memory(
            ctx, csv, sizeof csv - 1, i ? "as=t:text" : "as=t:category",
            &d[i]));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d[0], 0));
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d[1], 0));
    assert_prints(true, d[0], d[1]);
    mlpipe_dataset_free(d[0]);
    mlpipe_dataset_free(d[1]);
}

static void test_csv_and_builder(void **state)
{
    static const char csv[] = "x,ok,t\n,no,a\n0.25,yes,bb\n0.5,yes,?\n";
    mlpipe_builder *b;
    mlpipe_dataset *read, *built;
    static const char *const words[] = {"a", "bb", NULL};
    static const double x[] = {9, 0.25, 0.5};
    static const uint8_t yes[] = {0, 1, 1};
    char print[33];

    assert_ok(ctx, mlpipe_read_csv_memory(ctx, csv, sizeof csv - 1, NULL,
                                          &read));
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x, yes,
                                         3));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "ok", MLPIPE_BOOL, yes,
                                         NULL, 3));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "t", words, 3));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &built));
    mlpipe_builder_free(b);
    assert_prints(true, read, built);
    /* The value itself is part of saved models and must never change. */
    print_of(ctx, read, print);
    assert_string_equal("eceb1189ad4215cac431e9772c309415", print);
    mlpipe_dataset_free(read);
    mlpipe_dataset_free(built);
}

static void test_threads(void **state)
{
    mlpipe_dataset *d = build("x", 0, ROWS);
    char one[33], many[33];

    print_of(ctx, d, one);
    for (uint32_t threads = 2; threads <= 8; threads += 3) {
        const mlpipe_ctx_options options = {.size = sizeof options,
                                            .threads = threads};
        mlpipe_ctx *c;
        assert_int_equal(0, mlpipe_ctx_new(&options, &c));
        print_of(c, d, many);
        assert_string_equal(one, many);
        mlpipe_ctx_free(c);
    }
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_csv_and_builder),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
