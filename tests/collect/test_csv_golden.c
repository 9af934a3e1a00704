/* SPDX-License-Identifier: MIT */
/* 300 dirty texts, cell by cell as Python's csv module reads them. */
#include "support.h"

#include "collect/collect_internal.h"

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

/* Everything as raw text: no trimming, no nulls, no types. */
static void raw_params(const mlpipe__json *test, uint32_t width, char *out)
{
    const char *delimiter = mlpipe__json_text(mlpipe__json_get(test,
                                                               "delimiter"));
    const char *quote = mlpipe__json_text(mlpipe__json_get(test, "quote"));

    out += sprintf(out, "header=false trim=false na='' rows=quarantine "
                        "delimiter='%s' quote='%s' as=",
                   *delimiter == '\t' ? "tab" : delimiter,
                   *quote == '\'' ? "''" : quote);
    for (uint32_t i = 0; i < width; i++)
        out += sprintf(out, "%scolumn_%u:text", i ? "," : "", i + 1);
}

static void check_case(uint32_t number, const mlpipe__json *test)
{
    const char *text = mlpipe__json_text(mlpipe__json_get(test, "text"));
    const mlpipe__json *rows = mlpipe__json_get(test, "rows");
    const uint32_t width = mlpipe__json_count(mlpipe__json_at(rows, 0));
    mlpipe_dataset *d;
    mlpipe_report *r;
    char params[2000];

    raw_params(test, width, params);
    assert_ok(ctx, mlpipe_read_csv_memory(ctx, text, strlen(text), params,
                                          &d));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    if (mlpipe_dataset_rows(d) != mlpipe__json_count(rows))
        fail_msg("case %u: %d rows, expected %u", number,
                 (int)mlpipe_dataset_rows(d), mlpipe__json_count(rows));
    assert_int_equal(width, mlpipe_dataset_columns(d));
    assert_same(mlpipe__json_number(mlpipe__json_get(test, "rejected"), -1),
                mlpipe_report_get(r, "rejected"));
    assert_same(mlpipe__json_number(mlpipe__json_get(test, "skipped"), -1),
                mlpipe_report_get(r, "skipped"));
    for (uint32_t i = 0; i < mlpipe__json_count(rows); i++)
        for (uint32_t k = 0; k < width; k++) {
            const char *cell = mlpipe__json_text(
                mlpipe__json_at(mlpipe__json_at(rows, i), k));
            mlpipe_value v;
            assert_int_equal(0, mlpipe_dataset_cell(d, i, k, &v));
            if (v.kind != MLPIPE_VALUE_TEXT
                || (size_t)v.len != strlen(cell)
                || memcmp(v.str, cell, strlen(cell)))
                fail_msg("case %u, row %u, column %u: '%.*s', expected '%s'",
                         number, i, k, (int)v.len, v.str ? v.str : "", cell);
        }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void test_cases(void **state)
{
    char path[1000], *bytes;
    size_t size;
    mlpipe__json *cases;

    snprintf(path, sizeof path, "%s/csv_cases.json",
             getenv("MLPIPE_GOLDEN"));
    assert_ok(ctx, mlpipe__file_read(ctx, path, 1 << 24, &bytes, &size));
    assert_ok(ctx, mlpipe__json_parse(ctx, bytes, size, &cases));
    assert_int_equal(300, mlpipe__json_count(cases));
    for (uint32_t i = 0; i < 300; i++)
        check_case(i, mlpipe__json_at(cases, i));
    mlpipe__json_free(cases);
    mlpipe__free(ctx->env, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
