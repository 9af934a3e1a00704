/* SPDX-License-Identifier: MIT */
/* Expressions over a dataset: filter and with_column. */
#include "support.h"

#include "data/data_internal.h"

static mlpipe_ctx *ctx;
static char logged[8192];

static void on_log(void *user, uint32_t level, const char *component,
                   const char *text)
{
    (void)user;
    (void)level;
    (void)component;
    strncat(logged, text, sizeof logged - strlen(logged) - 1);
    strncat(logged, "\n", sizeof logged - strlen(logged) - 1);
}

static mlpipe_dataset *d;
enum { ROWS = 2000 };

/* age f64 with nulls and NaN, city, lot size, date (days), n i64, big i64,
 * flag, free (text) */
static mlpipe_dataset *made(void)
{
    static const char *const cities[] = {"Paris", "Rome", NULL, "Bath"};
    static double age[ROWS];
    static int64_t date[ROWS], n[ROWS], big[ROWS];
    static uint8_t some[ROWS], flag[ROWS];
    static const char *city[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *out;
    for (int i = 0; i < ROWS; i++) {
        age[i] = i % 13 == 6 ? mlpipe__nan() : i % 90;
        some[i] = i % 7 != 3;
        city[i] = cities[i % 4];
        date[i] = (int64_t)i * 86400;
        n[i] = i - 5;
        big[i] = (INT64_C(1) << 53) + i;
        flag[i] = i % 3 == 0;
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, "first_row_id=100", &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "age", MLPIPE_F64, age,
                                         some, ROWS));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "city", city, ROWS));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "lot size", MLPIPE_I64, n,
                                         some, ROWS));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "date", MLPIPE_UNIT_S, date,
                                        some, ROWS));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "n", MLPIPE_I64, n, NULL,
                                         ROWS));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "big", MLPIPE_I64, big,
                                         NULL, ROWS));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "flag", MLPIPE_BOOL, flag,
                                         NULL, ROWS));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &out));
    mlpipe_builder_free(b);
    return out;
}

static int set_up(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o,
                            .log_level = MLPIPE_LOG_INFO,
                            .log = on_log};
    (void)state;
    if (mlpipe_ctx_new(&o, &ctx))
        return 1;
    d = made();
    logged[0] = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_value cell(const mlpipe_dataset *from, int64_t row,
                         const char *name)
{
    mlpipe_value v;
    const int32_t at = mlpipe_dataset_find(from, name);
    assert_true(at >= 0);
    assert_int_equal(0, mlpipe_dataset_cell(from, row, (uint32_t)at, &v));
    return v;
}

static int32_t type(const mlpipe_dataset *from, const char *name)
{
    return mlpipe_dataset_type(from,
                               (uint32_t)mlpipe_dataset_find(from, name));
}

/* ---- filter ------------------------------------------------------------- */

static void true_rows_stay(void **state)
{
    mlpipe_dataset *out;
    int64_t at = 0, unknown = 0;
    char line[120];
    (void)state;
    assert_ok(ctx, mlpipe_dataset_filter(
        ctx, d, "age > 30 and city == 'Paris'", &out));
    for (int64_t i = 0; i < ROWS; i++) {
        const bool null = i % 7 == 3 || i % 13 == 6;
        const int age = (int)(i % 90);
        const int city = i % 4 == 2 ? -1 : i % 4 == 0;
        const bool keep = !null && age > 30 && city == 1;
        /* of two that are not true, one false one is enough for false */
        unknown += !keep && !((!null && age <= 30) || city == 0);
        if (keep)
            assert_int_equal(100 + i, mlpipe_dataset_row_id(out, at++));
    }
    assert_int_equal(at, mlpipe_dataset_rows(out));
    snprintf(line, sizeof line, "%d of 2000 rows were kept; for %d the "
             "condition was null", (int)at, (int)unknown);
    assert_non_null(strstr(logged, line));
    assert_ptr_equal(d->columns[0], out->columns[0]);
    mlpipe_dataset_free(out);
}

static void views_are_filtered(void **state)
{
    mlpipe_dataset *view, *out, *all;
    (void)state;
    assert_ok(ctx, mlpipe_dataset_sort(ctx, d, "by=-n", &view));
    assert_ok(ctx, mlpipe_dataset_filter(ctx, view, "`lot size` % 2 == 0",
                                         &out));
    for (int64_t i = 0; i < mlpipe_dataset_rows(out); i++) {
        assert_int_equal(0, (int)cell(out, i, "n").num % 2);
        if (i)
            assert_true(cell(out, i - 1, "n").num > cell(out, i, "n").num);
    }
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_filter(ctx, view, "flag", &out));
    assert_int_equal(667, mlpipe_dataset_rows(out));
    assert_ok(ctx, mlpipe_dataset_filter(ctx, out, "true", &all));
    assert_int_equal(667, mlpipe_dataset_rows(all));
    mlpipe_dataset_free(all);
    assert_ok(ctx, mlpipe_dataset_filter(ctx, out, "n > 1e9", &all));
    assert_int_equal(0, mlpipe_dataset_rows(all));
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_filter(ctx, all, "n > 1", &out));
    assert_int_equal(0, mlpipe_dataset_rows(out));
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(all);
    mlpipe_dataset_free(view);
}

static void told(mlpipe_status expected, mlpipe_status st, const char *part)
{
    if (st != expected || !strstr(mlpipe_ctx_error(ctx)->text, part))
        fail_msg("%s: %s", mlpipe_status_name(st),
                 mlpipe_ctx_error(ctx)->text);
}

/* Errors are those of a recipe, with a caret. */
static void mistakes_show_their_place(void **state)
{
    mlpipe_dataset *out;
    static char deep[4096];
    (void)state;
    told(MLPIPE_E_PARAM, mlpipe_dataset_filter(ctx, d, "agee > 3", &out),
         "did you mean");
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "^"));
    told(MLPIPE_E_PARAM, mlpipe_dataset_filter(ctx, d, "age >", &out), "^");
    told(MLPIPE_E_PARAM, mlpipe_dataset_filter(ctx, d, "", &out), "");
    told(MLPIPE_E_PARAM, mlpipe_dataset_filter(ctx, d, "age", &out), "");
    told(MLPIPE_E_PARAM, mlpipe_dataset_filter(ctx, d, "x = 3", &out), "");
    told(MLPIPE_E_PARAM, mlpipe_dataset_with_column(ctx, d, "3", &out), "");
    told(MLPIPE_E_PARAM, mlpipe_dataset_with_column(ctx, d, "a = city + 1",
                                                    &out), "^");
    told(MLPIPE_E_SCHEMA, mlpipe_dataset_filter(ctx, d, "year(as_of) > 3",
                                                &out), "as_of");
    /* whether it is there needs no number */
    assert_ok(ctx, mlpipe_dataset_filter(ctx, d, "big is not null", &out));
    mlpipe_dataset_free(out);
    told(MLPIPE_E_NUMERIC, mlpipe_dataset_filter(ctx, d, "big > 3", &out),
         "in 1000 of 2000 rows, the first of them row 1");
    memset(deep, '(', sizeof deep - 1);
    told(MLPIPE_E_LIMIT, mlpipe_dataset_filter(ctx, d, deep, &out)
                             ? MLPIPE_E_LIMIT : MLPIPE_OK, "");
    logged[0] = 0;
    assert_ok(ctx, mlpipe_dataset_filter(ctx, d, "city == 'Pariss'", &out));
    assert_non_null(strstr(logged, "no row has \"Pariss\""));
    mlpipe_dataset_free(out);
}

/* ---- with_column -------------------------------------------------------- */

static void columns_are_computed(void **state)
{
    mlpipe_dataset *out;
    (void)state;
    assert_ok(ctx, mlpipe_dataset_with_column(
        ctx, d, "ratio = age / n; y = year(date); old = age > 50; "
        "n = n * 2 + 1; same = big; place = lower(city); "
        "start = date_trunc('month', date); gap = date - @1970-01-01; "
        "half = n / 2; twin = city", &out));
    assert_int_equal(7 + 9, mlpipe_dataset_columns(out));
    assert_int_equal(4, mlpipe_dataset_find(out, "n")); /* in its place */
    assert_int_equal(MLPIPE_TYPE_F64, type(out, "ratio"));
    assert_int_equal(MLPIPE_TYPE_I64, type(out, "y"));
    assert_int_equal(MLPIPE_TYPE_BOOL, type(out, "old"));
    assert_int_equal(MLPIPE_TYPE_I64, type(out, "n"));
    assert_int_equal(MLPIPE_TYPE_I64, type(out, "same"));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, type(out, "place"));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, type(out, "start"));
    assert_int_equal(MLPIPE_TYPE_DURATION, type(out, "gap"));
    assert_int_equal(MLPIPE_TYPE_F64, type(out, "half"));
    assert_ptr_equal(d->columns[0], out->columns[0]);
    assert_ptr_equal(d->columns[5]->chunks,
                     out->columns[mlpipe_dataset_find(out, "same")]->chunks);
    for (int64_t i = 0; i < ROWS; i++) {
        const bool null = i % 7 == 3 || i % 13 == 6;
        const mlpipe_value ratio = cell(out, i, "ratio");
        assert_int_equal(100 + i, mlpipe_dataset_row_id(out, i));
        if (null || i == 5)
            assert_int_equal(MLPIPE_VALUE_NULL, ratio.kind);
        else
            assert_same((double)(i % 90) / (double)(i - 5), ratio.num);
        assert_same(2 * (double)(i - 5) + 1, cell(out, i, "n").num);
        assert_same(cell(out, i, "n").num / 2, cell(out, i, "half").num);
        if (i % 4 == 3)
            assert_memory_equal("bath", cell(out, i, "place").str, 4);
        if (i % 7 != 3) /* 1972 and 1976 are leap years */
            assert_same(i < 365    ? 1970
                        : i < 730  ? 1971
                        : i < 1096 ? 1972
                        : i < 1461 ? 1973
                        : i < 1826 ? 1974
                                   : 1975,
                        cell(out, i, "y").num);
    }
    assert_non_null(strstr(logged, "it is part of ratio"));
    mlpipe_dataset_free(out);
}

/* What is computed for a view is right in the view. */
static void views_are_computed(void **state)
{
    mlpipe_dataset *view, *slice, *out, *again;
    mlpipe_buffer *a, *b;
    (void)state;
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 100, 700, &slice));
    assert_ok(ctx, mlpipe_dataset_sample(
        ctx, slice, "rows=900 replace=true", &view));
    assert_ok(ctx, mlpipe_dataset_with_column(
        ctx, view, "c = upper(city); s = n + 0.5", &out));
    for (int64_t i = 0; i < 900; i++) {
        assert_same(cell(view, i, "n").num + 0.5, cell(out, i, "s").num);
        assert_int_equal(cell(view, i, "city").kind, cell(out, i, "c").kind);
        assert_true(mlpipe_dataset_row_id(view, i)
                    == mlpipe_dataset_row_id(out, i));
    }
    /* Computed and then chosen is chosen and then computed. */
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_with_column(
        ctx, d, "c = upper(city); s = n + 0.5", &out));
    mlpipe_dataset_free(view);
    assert_ok(ctx, mlpipe_dataset_filter(ctx, out, "flag", &view));
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_filter(ctx, d, "flag", &out));
    assert_ok(ctx, mlpipe_dataset_with_column(
        ctx, out, "c = upper(city); s = n + 0.5", &again));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, view, &a));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, again, &b));
    assert_memory_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b), 32);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(again);
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(view);
    mlpipe_dataset_free(slice);
}

/* The same bits for any number of threads. */
static void threads_change_nothing(void **state)
{
    char prints[3][33] = {{0}};
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
        mlpipe_ctx *c;
        mlpipe_dataset *some, *out;
        mlpipe_buffer *print;
        assert_int_equal(0, mlpipe_ctx_new(&o, &c));
        assert_ok(c, mlpipe_dataset_filter(c, d, "n % 3 == 1", &some));
        assert_ok(c, mlpipe_dataset_with_column(
            c, some, "a = exp(age / 30); b = lower(city)", &out));
        assert_ok(c, mlpipe_dataset_fingerprint(c, out, &print));
        memcpy(prints[threads - 1], mlpipe_buffer_data(print), 32);
        mlpipe_buffer_free(print);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(some);
        mlpipe_ctx_free(c);
    }
    assert_string_equal(prints[0], prints[1]);
    assert_string_equal(prints[0], prints[2]);
}

/* The type is that of the expression, whatever the values. */
static void types_are_static(void **state)
{
    static const struct {
        const char *text;
        int32_t type;
    } cases[] = {
        {"v = n % 7", MLPIPE_TYPE_I64},
        {"v = n // 3", MLPIPE_TYPE_I64},
        {"v = n / 1", MLPIPE_TYPE_F64},
        {"v = -n", MLPIPE_TYPE_I64},
        {"v = n + flag", MLPIPE_TYPE_I64},
        {"v = n + age", MLPIPE_TYPE_F64},
        {"v = n + 0.5", MLPIPE_TYPE_F64},
        {"v = round(age)", MLPIPE_TYPE_I64},
        {"v = floor(age / 7)", MLPIPE_TYPE_I64},
        {"v = round(age / 7, 1)", MLPIPE_TYPE_F64},
        {"v = abs(n)", MLPIPE_TYPE_I64},
        {"v = min(n, 3)", MLPIPE_TYPE_I64},
        {"v = min(n, 0.5)", MLPIPE_TYPE_F64},
        {"v = coalesce(`lot size`, 0)", MLPIPE_TYPE_I64},
        {"v = if(flag, n, 2)", MLPIPE_TYPE_I64},
        {"v = if(flag, n, 2.5)", MLPIPE_TYPE_F64},
        {"v = sqrt(abs(n))", MLPIPE_TYPE_F64},
        {"v = len(city)", MLPIPE_TYPE_I64},
        {"v = second(date)", MLPIPE_TYPE_I64},
        {"v = age is null", MLPIPE_TYPE_BOOL},
        {"v = flag", MLPIPE_TYPE_BOOL},
        {"v = date + 1 d", MLPIPE_TYPE_TIMESTAMP},
        {"v = city", MLPIPE_TYPE_CATEGORY},
        {"v = if(flag, city, 'none')", MLPIPE_TYPE_CATEGORY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_dataset *out;
        assert_ok(ctx, mlpipe_dataset_with_column(ctx, d, cases[i].text,
                                                  &out));
        if (type(out, "v") != cases[i].type)
            fail_msg("%s: type %d", cases[i].text, type(out, "v"));
        mlpipe_dataset_free(out);
    }
}

static void edges(void **state)
{
    mlpipe_dataset *out, *none;
    (void)state;
    told(MLPIPE_E_NUMERIC, mlpipe_dataset_with_column(
        ctx, d, "m = (n + 3000) * 9007199254740", &out), "divide by 1");
    assert_ok(ctx, mlpipe_dataset_with_column(
        ctx, d, "m = (n + 3000) * 9007199254740 / 1", &out));
    mlpipe_dataset_free(out);
    /* constants, and null */
    assert_ok(ctx, mlpipe_dataset_with_column(ctx, d, "k = 1; t = 'a'; "
                                              "b = true; z = null + n",
                                              &out));
    assert_same(1, cell(out, 1999, "k").num);
    assert_int_equal(MLPIPE_TYPE_I64, type(out, "k"));
    assert_memory_equal("a", cell(out, 3, "t").str, 1);
    assert_int_equal(ROWS, mlpipe_dataset_nulls(
        out, (uint32_t)mlpipe_dataset_find(out, "z")));
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 0, 0, &none));
    assert_ok(ctx, mlpipe_dataset_with_column(ctx, none, "k = n + 1; "
                                              "c = lower(city)", &out));
    assert_int_equal(0, mlpipe_dataset_rows(out));
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(none);
}

#define COMPUTE(name)                                                      \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMPUTE(true_rows_stay), COMPUTE(views_are_filtered),
        COMPUTE(mistakes_show_their_place), COMPUTE(columns_are_computed),
        COMPUTE(views_are_computed), COMPUTE(threads_change_nothing),
        COMPUTE(types_are_static), COMPUTE(edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
