/* SPDX-License-Identifier: MIT */
/* Profiles: figures against pandas, order and chunks, odd datasets. */
#include "data/profile_rig.h"

#include "golden/profile.h"
#include "golden_text.h"

#define NUMBERS                                                            \
    "column,count,nan,infinite,zeros,negative,integral,min,q05,q25,median," \
    "q75,q95,max,mean,sd,skew"
#define COLUMNS "column,type,rows,nulls,null_share,distinct,top,top_count"

static mlpipe_report *profile_of(const mlpipe_dataset *d, const char *params)
{
    mlpipe_report *r;

    assert_ok(rig_ctx, mlpipe_dataset_profile(rig_ctx, d, params, &r));
    return r;
}

static char *profile_render(const mlpipe_report *r, const char *format)
{
    mlpipe_buffer *b;
    char *text;

    assert_ok(rig_ctx, mlpipe_report_render(rig_ctx, r, format, &b));
    text = strdup(mlpipe_buffer_data(b));
    assert_int_equal(strlen(text), mlpipe_buffer_size(b));
    mlpipe_buffer_free(b);
    return text;
}

/* ---- figures ------------------------------------------------------------ */

static void profile_golden_one(const mlpipe_report *r, uint32_t row,
                               const double *says)
{
    uint32_t rows;
    const mlpipe__report_cell *cell =
        table_cells(r, "numbers", NUMBERS, &rows);

    assert_true(row < rows);
    cell += row * 17;
    for (uint32_t i = 0; i < 10; i++)
        assert_near(cell[7 + i].number, says[i], 1e-12);
    cell = table_cells(r, "columns", COLUMNS, &rows) + row * 8;
    assert_near(cell[5].number, says[10], 0);
    assert_near(cell[7].number, says[11], 0);
}

static void profile_golden(void **state)
{
    const int64_t n = sizeof profile_skewed / sizeof *profile_skewed;
    mlpipe_builder *b;
    mlpipe_dataset *d;
    (void)state;

    assert_ok(rig_ctx, mlpipe_builder_new(rig_ctx, NULL, NULL, &b));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "skewed", MLPIPE_F64,
                                             profile_skewed, NULL, n));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "whole", MLPIPE_F64,
                                             profile_whole, NULL, n));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "narrow", MLPIPE_F64,
                                             profile_narrow, NULL, n));
    assert_ok(rig_ctx, mlpipe_builder_finish(rig_ctx, b, &d));
    mlpipe_builder_free(b);
    mlpipe_report *r = profile_of(d, NULL);
    profile_golden_one(r, 0, profile_skewed_says);
    profile_golden_one(r, 1, profile_whole_says);
    profile_golden_one(r, 2, profile_narrow_says);

    /* no value of "narrow" lies three quartile ranges off: plain bins */
    uint32_t rows, bin = 0;
    const mlpipe__report_cell *cell =
        table_cells(r, "histograms", "column,low,high,count", &rows);
    for (uint32_t i = 0; i < rows; i++, cell += 4)
        if (!strcmp("narrow", table_text(r, cell)))
            assert_near(cell[3].number, profile_narrow_bins[bin++], 0);
    assert_int_equal(bin, 20);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* Every value is in one bin, however far it lies. */
static void profile_counts_all(void **state)
{
    mlpipe_dataset *d = rig_clean(3, 5000, 0);
    mlpipe_report *r = profile_of(d, "bins=7");
    double sum = 0;
    uint32_t rows, columns = 0;
    (void)state;

    const mlpipe__report_cell *cell =
        table_cells(r, "histograms", "column,low,high,count", &rows);
    for (uint32_t i = 0; i < rows; i++, cell += 4) {
        sum += cell[3].number;
        columns += !i || strcmp(table_text(r, cell), table_text(r, cell - 4));
    }
    assert_near(sum, 5000.0 * columns, 0);
    assert_near(mlpipe_report_get(r, "rows"), 5000, 0);
    assert_near(mlpipe_report_get(r, "cells"), 60000, 0);
    assert_near(mlpipe_report_get(r, "null_cells"), 0, 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* Whole numbers beyond 2^53, the limits, and years before 1970. */
static void profile_edges(void **state)
{
    static const int64_t big[] = {INT64_MIN, INT64_MAX, 9007199254740992,
                                  9007199254740993, -1};
    static const int64_t time[] = {-62135596800000000, 0, 1500, -1,
                                   INT64_MAX};
    static const double odd[] = {INFINITY, -INFINITY, NAN, 1e308, -1e308};
    mlpipe_builder *b;
    mlpipe_dataset *d, *none;
    uint32_t rows;
    (void)state;

    assert_ok(rig_ctx, mlpipe_builder_new(rig_ctx, NULL, NULL, &b));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "big", MLPIPE_I64,
                                             big, NULL, 5));
    assert_ok(rig_ctx, mlpipe_builder_times(rig_ctx, b, "time",
                                            MLPIPE_UNIT_US, time, NULL, 5));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "odd", MLPIPE_F64,
                                             odd, NULL, 5));
    assert_ok(rig_ctx, mlpipe_builder_finish(rig_ctx, b, &d));
    mlpipe_builder_free(b);
    mlpipe_report *r = profile_of(d, NULL);
    const mlpipe__report_cell *cell =
        table_cells(r, "columns", COLUMNS, &rows);
    assert_near(cell[5].number, 5, 0);
    cell = table_cells(r, "times", "column,count,min,q25,median,q75,max",
                       &rows);
    assert_string_equal(table_text(r, cell + 2), "0001-01-01");
    assert_string_equal(table_text(r, cell + 3),
                        "1969-12-31T23:59:59.999999");
    assert_string_equal(table_text(r, cell + 5),
                        "1970-01-01T00:00:00.0015");
    rig_found(r, "odd", "infinite", "warn", 2);
    rig_found(r, "odd", "missing", "warn", 1);
    mlpipe_report_free(r);
    r = profile_of(d, "now=2000-01-01");
    rig_found(r, "time", "future_dates", "warn", 1);
    mlpipe_report_free(r);
    assert_ok(rig_ctx, mlpipe_dataset_slice(rig_ctx, d, 2, 0, &none));
    r = profile_of(none, "target=big");
    assert_near(mlpipe_report_get(r, "rows"), 0, 0);
    assert_near(mlpipe_report_get(r, "finding_count"), 0, 0);
    free(profile_render(r, "text"));
    free(profile_render(r, "html")); /* undefined figures */
    mlpipe_report_free(r);
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(d);
}

/* ---- order -------------------------------------------------------------- */

/* Rows backwards, and over the edge of a chunk: the same report but for the
 * positions of rows. */
static void profile_order(void **state)
{
    const int64_t n = 70000;
    mlpipe_dataset *d = rig_clean(11, n, 0), *back;
    mlpipe__rowset *rows = mlpipe__rowset_new(rig_ctx->env, n);
    (void)state;

    for (int64_t i = 0; i < n; i++)
        rows->rows[i] = n - 1 - i;
    assert_ok(rig_ctx, mlpipe__dataset_view(rig_ctx, d, rows, &back));
    mlpipe_report *one = profile_of(d, "target=flag");
    mlpipe_report *two = profile_of(back, "target=flag");
    char *a = profile_render(one, "json"), *b = profile_render(two, "json");
    assert_string_equal(a, b);
    free(a);
    free(b);
    mlpipe_report_free(one);
    mlpipe_report_free(two);
    one = profile_of(d, "sample=10000");
    two = profile_of(back, "sample=10000");
    a = profile_render(one, "json");
    b = profile_render(two, "json");
    assert_string_equal(a, b);
    assert_near(mlpipe_report_get(one, "rows_all"), 70000, 0);
    assert_near(mlpipe_report_get(one, "rows"), 10000, 0.05);
    free(a);
    free(b);
    mlpipe_report_free(one);
    mlpipe_report_free(two);
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(d);
}

/* ---- names and parameters ----------------------------------------------- */

static void profile_hostile(void **state)
{
    static const char *const texts[] = {
        "<script>alert(1)</script>", "a\"b,c\nd", "'; drop table",
        "\xf0\x9f\x98\x80", "", "</svg><b>", "%s%n", "|pipe|`tick`"};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_report *r;
    (void)state;

    assert_ok(rig_ctx, mlpipe_builder_new(rig_ctx, NULL, NULL, &b));
    assert_ok(rig_ctx, mlpipe_builder_texts(
                           rig_ctx, b, "<script>alert(2)</script>", texts,
                           8));
    assert_ok(rig_ctx, mlpipe_builder_texts(rig_ctx, b, "%s\n<b>\"&", texts,
                                            8));
    assert_ok(rig_ctx, mlpipe_builder_finish(rig_ctx, b, &d));
    mlpipe_builder_free(b);
    r = profile_of(d, "top=3");
    char *text = profile_render(r, "markdown");
    assert_null(strstr(text, "<script>"));
    free(text);
    text = profile_render(r, "html");
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "</svg><b>"));
    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "&lt;script&gt;alert(2)&lt;/script&gt;"));
    free(text);
    free(profile_render(r, "text"));
    text = profile_render(r, "json");
    mlpipe__json *json;
    assert_ok(rig_ctx, mlpipe__json_parse(rig_ctx, text, strlen(text),
                                          &json));
    mlpipe__json_free(json);
    free(text);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* A page writes small numbers with one digit before the point. */
static void profile_small_numbers(void **state)
{
    mlpipe_report *r = mlpipe__report_new(rig_ctx->env, "small"), *sealed;
    (void)state;

    assert_non_null(r);
    mlpipe__report_number(r, "a", 9.9996e-7);
    mlpipe__report_number(r, "b", -9.994e-8);
    mlpipe__report_number(r, "c", 2.5e-9);
    assert_ok(rig_ctx, mlpipe__report_seal(rig_ctx, r, &sealed));
    char *text = profile_render(sealed, "html");
    assert_non_null(strstr(text, ">1e-6<"));
    assert_non_null(strstr(text, ">-9.994e-8<"));
    assert_non_null(strstr(text, ">2.5e-9<"));
    free(text);
    mlpipe_report_free(sealed);
}

/* A page of 100 columns stays below 400 KB and asks nobody for anything. */
static void profile_page(void **state)
{
    rig_table t;
    char name[32];
    (void)state;

    rig_start(&t, 2000);
    for (uint32_t c = 0; c < 100; c++) {
        snprintf(name, sizeof name, "column_%u", c);
        for (int64_t i = 0; i < t.rows; i++)
            t.x[i] = floor(exp(8 + rig_normal(c, 1, i)));
        for (int64_t i = 0; i < t.rows; i++)
            rig_word(c, (uint64_t)(rig_unit(c, 2, i) * 50), rig_text(&t, i));
        if (c % 3)
            rig_reals(&t, name);
        else
            rig_texts(&t, name);
    }
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = profile_of(d, NULL), *moved;
    char *text = profile_render(r, "html");
    assert_true(strlen(text) <= 400 * 1000);
    assert_null(strstr(text, "://"));
    assert_null(strstr(text, "<script"));
    assert_non_null(strstr(text, "prefers-color-scheme:dark"));
    free(text);
    assert_ok(rig_ctx, mlpipe_dataset_drift(rig_ctx, d, d, NULL, &moved));
    text = profile_render(moved, "html");
    assert_true(strlen(text) <= 400 * 1000);
    free(text);
    mlpipe_report_free(moved);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void profile_refuses(void **state)
{
    mlpipe_dataset *d = rig_clean(1, 30, 0);
    mlpipe_report *r;
    (void)state;

    assert_told(rig_ctx, MLPIPE_E_SCHEMA,
                mlpipe_dataset_profile(
                    rig_ctx, d, "columns=normale", &r));
    assert_told(rig_ctx, MLPIPE_E_SCHEMA,
                mlpipe_dataset_profile(
                    rig_ctx, d, "target=normale", &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_profile(rig_ctx, d, "columns=city,city",
                                       &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_profile(rig_ctx, d, "bins=0", &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_profile(rig_ctx, d, "colums=city", &r));
    assert_null(r);
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_golden),
        cmocka_unit_test(profile_counts_all),
        cmocka_unit_test(profile_edges),
        cmocka_unit_test(profile_order),
        cmocka_unit_test(profile_hostile),
        cmocka_unit_test(profile_small_numbers),
        cmocka_unit_test(profile_page),
        cmocka_unit_test(profile_refuses),
    };

    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
