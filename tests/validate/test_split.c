/* SPDX-License-Identifier: MIT */
/* Splits and folds: every row once, ties together, by row id. */
#include "support.h"

#include "validate/validate_internal.h"
#include "golden_text.h"

static mlpipe_dataset *days(mlpipe_ctx *c, const int64_t *day, int64_t rows)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;
    double x[512];
    for (int64_t i = 0; i < rows; i++)
        x[i] = (double)(day[i] % 86400) + 0.5;
    assert_ok(c, mlpipe_builder_new(c, NULL, "first_row_id=100", &b));
    assert_ok(c, mlpipe_builder_times(c, b, "day", MLPIPE_UNIT_S, day, NULL,
                                      rows));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, day, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void sizes(mlpipe_ctx *c, const mlpipe_dataset *d, const char *params,
                  uint32_t parts, const int64_t *expected)
{
    mlpipe_dataset *part[8];
    assert_ok(c, mlpipe_dataset_split(c, d, params, part, parts));
    for (uint32_t i = 0; i < parts; i++) {
        if (mlpipe_dataset_rows(part[i]) != expected[i])
            fail_msg("%s: part %u has %lld rows, expected %lld", params, i,
                     (long long)mlpipe_dataset_rows(part[i]),
                     (long long)expected[i]);
        mlpipe_dataset_free(part[i]);
    }
}

static void ordered(void **state)
{
    mlpipe_ctx *c;
    int64_t day[10] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    const int64_t even[] = {6, 2, 2}, half[] = {5, 5}, tied[] = {3, 7},
                  cut[] = {4, 6}, three[] = {2, 3, 5};
    mlpipe_dataset *d, *part[2];
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    d = days(c, day, 10);
    sizes(c, d, "order=n parts=0.6,0.2,0.2", 3, even);
    sizes(c, d, "order=x parts=0.5,0.5", 2, half);
    sizes(c, d, "order=n at=4", 2, cut);
    sizes(c, d, "order=x at=4", 2, cut);
    sizes(c, d, "order=n at=3.5", 2, cut);
    sizes(c, d, "order=n at=2,5", 3, three);
    assert_ok(c, mlpipe_dataset_split(c, d, "order=n parts=0.5,0.5", part,
                                      2));
    for (int64_t i = 0; i < 5; i++) /* sorted, and with their row ids */
        assert_int_equal(109 - i, mlpipe_dataset_row_id(part[0], i));
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(d);
    /* 5 of 10 rows share a value whose middle lies behind the cut at 5 */
    for (int i = 0; i < 10; i++)
        day[i] = i < 3 ? i : i < 8 ? 5 : 9;
    d = days(c, day, 10);
    sizes(c, d, "order=n parts=0.5,0.5", 2, tied);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void dates(void **state)
{
    mlpipe_ctx *c;
    /* 2015-01-31 23:59:59, 2015-02-01, 2016-02-29, 1969-12-31 */
    const int64_t day[4] = {1422748799, 1422748800, 1456704000, -86400};
    const int64_t cut[] = {2, 2}, late[] = {3, 1}, early[] = {1, 3};
    mlpipe_dataset *d, *part[2];
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    d = days(c, day, 4);
    sizes(c, d, "order=day at=2015-02-01", 2, cut);
    sizes(c, d, "order=day at=2015-02-01T00:00:00Z", 2, cut);
    /* a zone, and a moment between two whole seconds */
    sizes(c, d, "order=day at=2015-02-01T01:00+01:00", 2, cut);
    sizes(c, d, "order=day at=2015-01-31T23:59:59.001", 2, cut);
    sizes(c, d, "order=day at=2016-02-29", 2, late);
    sizes(c, d, "order=day at=2016-02-29T00:00", 2, late);
    sizes(c, d, "order=day at=1970-01-01", 2, early);
    static const char *const bad[] = {
        "order=day at=2015-02-29", "order=day at=2015-2-1",
        "order=day at=soon", "order=day at=2015-02-01x",
        "order=day at=2015-13-01", "order=day at=0000-01-31",
        "order=n at=ten"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_told(c, MLPIPE_E_PARAM,
                    mlpipe_dataset_split(c, d, bad[i], part, 2));
        assert_null(part[0]);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Each row in one part, and in the same one whatever else is there. */
static void random_by_id(void **state)
{
    mlpipe_ctx *c;
    int64_t day[500];
    uint8_t where[700] = {0};
    mlpipe_dataset *d, *half, *part[3];
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (int i = 0; i < 500; i++)
        day[i] = i;
    d = days(c, day, 500);
    for (int pass = 0; pass < 2; pass++) {
        assert_ok(c, mlpipe_dataset_slice(c, d, pass ? 250 : 0,
                                          pass ? 250 : 500, &half));
        assert_ok(c, mlpipe_dataset_split(c, half, "parts=0.5,0.3,0.2", part,
                                          3));
        for (uint8_t k = 0; k < 3; k++) {
            const int64_t n = mlpipe_dataset_rows(part[k]);
            for (int64_t i = 0; i < n; i++) {
                const uint64_t id = mlpipe_dataset_row_id(part[k], i);
                if (pass)
                    assert_int_equal(k + 1, where[id]);
                else
                    assert_int_equal(0, where[id]);
                where[id] = (uint8_t)(k + 1);
            }
            mlpipe_dataset_free(part[k]);
        }
        mlpipe_dataset_free(half);
    }
    for (int i = 100; i < 600; i++)
        assert_true(where[i]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void refusals(void **state)
{
    static const struct {
        const char *params;
        size_t parts;
        mlpipe_status status;
    } cases[] = {
        {NULL, 2, MLPIPE_E_PARAM},
        {"parts=0.5,0.4", 2, MLPIPE_E_PARAM},
        {"parts=80,20", 2, MLPIPE_E_PARAM},
        {"parts=1.2,-0.2", 2, MLPIPE_E_PARAM},
        {"parts=0.5,0.5", 3, MLPIPE_E_ARG},
        {"parts=0.5,0.5 order=n at=3", 2, MLPIPE_E_PARAM},
        {"at=3", 2, MLPIPE_E_PARAM},
        {"order=m parts=0.5,0.5", 2, MLPIPE_E_SCHEMA},
        {"order=n,x parts=0.5,0.5", 2, MLPIPE_E_PARAM},
        {"order=n at=99", 2, MLPIPE_E_EMPTY},
        {"order=n at=5,5", 3, MLPIPE_E_PARAM},
        {"order=n at=5,4", 3, MLPIPE_E_PARAM},
    };
    const int64_t day[6] = {1, 2, 3, 4, 5, 6};
    mlpipe_ctx *c;
    mlpipe_dataset *d, *part[3], *rest;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    d = days(c, day, 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        part[0] = d;
        const mlpipe_status st = mlpipe_dataset_split(
            c, d, cases[i].params, part, cases[i].parts);
        assert_status(cases[i].status, st);
        golden_error(__BASE_FILE__,
                     cases[i].params ? cases[i].params : "NULL", c, st);
        assert_null(part[0]);
        if (cases[i].params && strstr(cases[i].params, "20"))
            assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                                   "shares above 0 that add up to 1, such "
                                   "as 0.8,0.2"));
    }
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_dataset_fold(c, d, "purge=1", 0, part, &rest));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "\"label_end\" may be meant"));
    assert_told(c, MLPIPE_E_ARG,
                mlpipe_dataset_fold(c, d, NULL, 5, part, &rest));
    assert_told(c, MLPIPE_E_EMPTY,
                mlpipe_dataset_fold(c, d, "folds=7", 0, part, &rest));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_dataset_fold(c, d, "folds=1", 0, part, &rest));
    assert_null(rest);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void folds(void **state)
{
    mlpipe_ctx *c;
    int64_t day[300];
    uint8_t seen[400] = {0};
    mlpipe_dataset *d, *fold, *rest;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (int i = 0; i < 300; i++)
        day[i] = i;
    d = days(c, day, 300);
    for (uint32_t k = 0; k < 4; k++) {
        assert_ok(c, mlpipe_dataset_fold(c, d, "folds=4 seed=9", k, &fold,
                                         &rest));
        assert_int_equal(300, mlpipe_dataset_rows(fold) +
                                  mlpipe_dataset_rows(rest));
        for (int64_t i = 0; i < mlpipe_dataset_rows(fold); i++)
            seen[mlpipe_dataset_row_id(fold, i)]++;
        mlpipe_dataset_free(fold);
        mlpipe_dataset_free(rest);
    }
    for (int i = 100; i < 400; i++)
        assert_int_equal(1, seen[i]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordered),  cmocka_unit_test(dates),
        cmocka_unit_test(random_by_id), cmocka_unit_test(refusals),
        cmocka_unit_test(folds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
