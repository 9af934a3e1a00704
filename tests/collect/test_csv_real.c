/* SPDX-License-Identifier: MIT */
/* The real files, dirt included: every row and every null accounted for. */
#include "support.h"

#include "data/data_internal.h"

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

/* The file, or NULL, said aloud, where there is no real data. */
static mlpipe_dataset *read_real(const char *name)
{
    const char *folder = getenv("MLPIPE_TEST_DATA");
    char path[1000];
    mlpipe_dataset *d;

    if (!folder || !*folder) {
        printf("# %s skipped: MLPIPE_TEST_DATA is not set\n", name);
        return NULL;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(ctx, mlpipe_read_csv(ctx, path, NULL, &d));
    return d;
}

static void assert_told(const mlpipe_dataset *d, const char *name,
                        double value)
{
    mlpipe_report *r;

    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_same(value, mlpipe_report_get(r, name));
    mlpipe_report_free(r);
}

static void assert_column(const mlpipe_dataset *d, const char *name,
                          int32_t type, int64_t nulls)
{
    const int32_t at = mlpipe_dataset_find(d, name);

    if (at < 0 || mlpipe_dataset_type(d, (uint32_t)at) != type)
        fail_msg("column %s", name);
    assert_int_equal(nulls, mlpipe_dataset_nulls(d, (uint32_t)at));
}

static double sum_of(const mlpipe_dataset *d, const char *name)
{
    const uint32_t at = (uint32_t)mlpipe_dataset_find(d, name);
    const int64_t rows = mlpipe_dataset_rows(d);
    double sum = 0, x;

    for (int64_t i = 0; i < rows; i++) {
        assert_ok(ctx, mlpipe_dataset_doubles(ctx, d, at, i, &x, 1));
        sum += x == x ? x : 0;
    }
    return sum;
}

static uint32_t texts_of(const mlpipe_dataset *d, const char *name)
{
    return d->columns[mlpipe_dataset_find(d, name)]->dictionary->dict.count;
}

static void test_king_county(void **state)
{
    mlpipe_dataset *d = read_real("king_county_houses.csv");
    mlpipe_report *r;
    mlpipe_buffer *text;

    if (!d)
        skip();
    assert_int_equal(21597, mlpipe_dataset_rows(d));
    assert_int_equal(21, mlpipe_dataset_columns(d));
    assert_told(d, "rows_in", 21597);
    assert_told(d, "rejected", 0);
    assert_told(d, "skipped", 0);
    assert_column(d, "id", MLPIPE_TYPE_I64, 0);
    assert_column(d, "date", MLPIPE_TYPE_TIMESTAMP, 0);
    assert_column(d, "price", MLPIPE_TYPE_F64, 0);
    assert_column(d, "waterfront", MLPIPE_TYPE_BOOL, 2376);
    assert_column(d, "view", MLPIPE_TYPE_CATEGORY, 63);
    assert_column(d, "grade", MLPIPE_TYPE_CATEGORY, 0);
    assert_column(d, "sqft_basement", MLPIPE_TYPE_F64, 454);
    assert_column(d, "yr_renovated", MLPIPE_TYPE_F64, 3842);
    assert_column(d, "zipcode", MLPIPE_TYPE_I64, 0);
    assert_int_equal(MLPIPE_ROLE_TIME, mlpipe_dataset_role(d, 1));
    assert_int_equal(MLPIPE_ROLE_ID, mlpipe_dataset_role(d, 0));
    assert_int_equal(MLPIPE_UNIT_S, mlpipe_dataset_unit(d, 1));
    assert_same(11668785098.0, sum_of(d, "price"));
    assert_same(146.0, sum_of(d, "waterfront"));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "text", &text));
    assert_non_null(strstr(mlpipe_buffer_data(text), "sqft_basement"));
    mlpipe_buffer_free(text);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void test_adult(void **state)
{
    mlpipe_dataset *d = read_real("adult.csv");

    if (!d)
        skip();
    assert_int_equal(32561, mlpipe_dataset_rows(d));
    assert_told(d, "rows_in", 32562);
    assert_told(d, "skipped", 1);
    assert_told(d, "nulls", 4262);
    assert_told(d, "trimmed", 14.0 * 32561);
    assert_column(d, "workclass", MLPIPE_TYPE_CATEGORY, 1836);
    assert_column(d, "education-num", MLPIPE_TYPE_I64, 0);
    assert_column(d, "Salary", MLPIPE_TYPE_CATEGORY, 0);
    assert_int_equal(2, texts_of(d, "Salary"));
    assert_same(7841, sum_of(d, "Salary")); /* code 1 = ">50K" */
    mlpipe_dataset_free(d);
}

static void test_california(void **state)
{
    mlpipe_dataset *d = read_real("california_housing.csv");

    if (!d)
        skip();
    assert_int_equal(20640, mlpipe_dataset_rows(d));
    assert_column(d, "housing_median_age", MLPIPE_TYPE_F64, 0);
    assert_column(d, "total_bedrooms", MLPIPE_TYPE_F64, 207);
    assert_column(d, "ocean_proximity", MLPIPE_TYPE_CATEGORY, 0);
    assert_int_equal(5, texts_of(d, "ocean_proximity"));
    assert_told(d, "nulls", 207);
    mlpipe_dataset_free(d);
}

static void test_diamonds(void **state)
{
    mlpipe_dataset *d = read_real("diamonds.csv");

    if (!d)
        skip();
    assert_int_equal(53940, mlpipe_dataset_rows(d));
    assert_column(d, "carat", MLPIPE_TYPE_F64, 0);
    assert_column(d, "cut", MLPIPE_TYPE_CATEGORY, 0);
    assert_column(d, "price", MLPIPE_TYPE_I64, 0);
    assert_column(d, "x", MLPIPE_TYPE_F64, 0);
    assert_int_equal(5, texts_of(d, "cut"));
    mlpipe_dataset_free(d);
}

static void test_electricity(void **state)
{
    mlpipe_dataset *d = read_real("electricity.csv");

    if (!d)
        skip();
    assert_int_equal(45312, mlpipe_dataset_rows(d));
    assert_int_equal(7, mlpipe_dataset_columns(d));
    assert_column(d, "class", MLPIPE_TYPE_I64, 0);
    assert_int_equal(MLPIPE_ROLE_TARGET, mlpipe_dataset_role(d, 6));
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_king_county),
        cmocka_unit_test(test_adult),
        cmocka_unit_test(test_california),
        cmocka_unit_test(test_diamonds),
        cmocka_unit_test(test_electricity),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
