/* SPDX-License-Identifier: MIT */
/* Tables of reports as datasets. */
#include "support.h"

#include "data/data_internal.h"
#include "golden_text.h"

static void text(mlpipe_report *r, const char *s)
{
    mlpipe__report_cell_text(r, s, strlen(s));
}

static mlpipe_report *sample(mlpipe_ctx *c)
{
    static const double series[3] = {1, 2.5, -3};
    mlpipe_report *r = mlpipe__report_new(c->env, "sample"), *out;

    mlpipe__report_number(r, "rows", 3);
    mlpipe__report_text(r, "verdict", "fine", 4);
    mlpipe__report_series(r, "curve", series, 3);
    mlpipe__report_table(r, "rejects", "line,reason,mixed");
    mlpipe__report_cell_number(r, 7);
    text(r, "too few");
    mlpipe__report_cell_number(r, 0.1);
    mlpipe__report_cell_number(r, mlpipe__nan());
    text(r, "a\xff" "b\xc3\xa9");
    mlpipe__report_cell_number(r, mlpipe__nan());
    mlpipe__report_cell_number(r, 9);
    text(r, "");
    text(r, "word");
    mlpipe__report_table(r, "empty", "a");
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    return out;
}

static void assert_cell(const mlpipe_dataset *d, int64_t row, uint32_t column,
                        const char *expected)
{
    mlpipe_value v;

    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (!expected) {
        assert_int_equal(v.kind, MLPIPE_VALUE_NULL);
        return;
    }
    assert_int_equal(v.kind, MLPIPE_VALUE_TEXT);
    assert_int_equal(v.len, strlen(expected));
    assert_memory_equal(v.str, expected, v.len);
}

static void tables_are_listed(void **state)
{
    mlpipe_report *r = sample(*state);

    assert_int_equal(mlpipe_report_tables(r), 3);
    assert_string_equal(mlpipe_report_table_name(r, 0), "curve");
    assert_string_equal(mlpipe_report_table_name(r, 1), "rejects");
    assert_string_equal(mlpipe_report_table_name(r, 2), "empty");
    assert_null(mlpipe_report_table_name(r, 3));
    assert_null(mlpipe_report_table_name(NULL, 0));
    assert_int_equal(mlpipe_report_tables(NULL), 0);
    mlpipe_report_free(r);
}

static void a_table_is_a_dataset(void **state)
{
    mlpipe_ctx *const c = *state;
    mlpipe_report *r = sample(c);
    mlpipe_dataset *d;
    double x[3];

    assert_ok(c, mlpipe_report_table(c, r, "rejects", &d));
    mlpipe_report_free(r); /* it needs the report no longer */
    assert_int_equal(mlpipe_dataset_rows(d), 3);
    assert_int_equal(mlpipe_dataset_columns(d), 3);
    assert_string_equal(mlpipe_dataset_name(d, 1), "reason");
    assert_int_equal(mlpipe_dataset_type(d, 0), MLPIPE_TYPE_F64);
    assert_int_equal(mlpipe_dataset_type(d, 1), MLPIPE_TYPE_CATEGORY);
    assert_int_equal(mlpipe_dataset_nulls(d, 0), 1);
    assert_ok(c, mlpipe_dataset_doubles(c, d, 0, 0, x, 3));
    assert_same(x[0], 7.0);
    assert_same(x[2], 9.0);
    assert_cell(d, 0, 1, "too few");
    assert_cell(d, 1, 1, "a\xef\xbf\xbd" "b\xc3\xa9");
    assert_cell(d, 2, 1, "");
    assert_cell(d, 0, 2, "0.1");
    assert_cell(d, 1, 2, NULL);
    assert_cell(d, 2, 2, "word");
    mlpipe_dataset_free(d);
}

static void series_and_empty_tables(void **state)
{
    mlpipe_ctx *const c = *state;
    mlpipe_report *r = sample(c);
    mlpipe_dataset *d;
    double x[3];

    assert_ok(c, mlpipe_report_table(c, r, "curve", &d));
    assert_string_equal(mlpipe_dataset_name(d, 0), "value");
    assert_ok(c, mlpipe_dataset_doubles(c, d, 0, 0, x, 3));
    assert_same(x[1], 2.5);
    assert_same(x[2], -3.0);
    mlpipe_dataset_free(d);
    assert_ok(c, mlpipe_report_table(c, r, "empty", &d));
    assert_int_equal(mlpipe_dataset_rows(d), 0);
    assert_int_equal(mlpipe_dataset_columns(d), 1);
    mlpipe_dataset_free(d);
    mlpipe_report_free(r);
}

static void messages_say_what_to_take(void **state)
{
    mlpipe_ctx *const c = *state;
    static const char *const told[][2] = {
        {"reject", "did you mean \"rejects\"?"},
        {"verdict", "mlpipe_report_text"},
        {"rows", "mlpipe_report_get"},
        {"zzzzzzzzz", "the first is curve"},
    };
    mlpipe_report *r = sample(c);
    mlpipe_dataset *d;

    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        assert_told(c, MLPIPE_E_NOT_FOUND,
                    mlpipe_report_table(c, r, told[i][0], &d));
        assert_null(d);
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, told[i][1]));
    }
    mlpipe_report_free(r);
}

/* 70,000 rows: texts, over two chunks. */
static void long_tables(void **state)
{
    mlpipe_ctx *const c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "long"), *sealed;
    mlpipe_dataset *d;
    double x;
    const int32_t rows = 70000;

    mlpipe__report_table(r, "t", "n,s");
    for (int32_t i = 0; i < rows; i++) {
        mlpipe__report_cell_number(r, i);
        text(r, i % 2 ? "odd" : "even");
    }
    assert_ok(c, mlpipe__report_seal(c, r, &sealed));
    assert_ok(c, mlpipe_report_table(c, sealed, "t", &d));
    assert_int_equal(mlpipe_dataset_rows(d), rows);
    assert_int_equal(mlpipe_dataset_type(d, 1), MLPIPE_TYPE_TEXT);
    assert_ok(c, mlpipe_dataset_doubles(c, d, 0, rows - 1, &x, 1));
    assert_same(x, 69999.0);
    assert_cell(d, rows - 1, 1, "odd");
    mlpipe_dataset_free(d);
    mlpipe_report_free(sealed);
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_listed),
        cmocka_unit_test(a_table_is_a_dataset),
        cmocka_unit_test(series_and_empty_tables),
        cmocka_unit_test(messages_say_what_to_take),
        cmocka_unit_test(long_tables),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
