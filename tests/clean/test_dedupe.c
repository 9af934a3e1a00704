/* SPDX-License-Identifier: MIT */
/* dedupe: which of equal rows stays, and what counts as equal. */
#include "support.h"

#include <math.h>

#include "clean/clean_internal.h"

enum { DEDUPE_ROWS = 8 };

static mlpipe_ctx *dedupe_ctx;

static int dedupe_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &dedupe_ctx);
}

static int dedupe_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(dedupe_ctx);
    return 0;
}

/* Rows 0, 3 and 6 are equal (zero has a sign in one of them), so are 1, 5. */
static mlpipe_dataset *dedupe_rows_of(void)
{
    static const double x[] = {0.0, 2, 2, -0.0, 5, 2, 0.0, 5};
    static const int64_t id[] = {1, 2, 3, 1, 5, 2, 1, 6};
    static const uint8_t valid[] = {1, 0, 1, 1, 1, 0, 1, 1};
    static const char *const city[] = {"a", NULL, "b", "a",
                                       "c", NULL, "a", "c"};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(dedupe_ctx, mlpipe_builder_new(dedupe_ctx, NULL, NULL, &b));
    assert_ok(dedupe_ctx, mlpipe_builder_column(dedupe_ctx, b, "x",
                                                MLPIPE_F64, x, valid,
                                                DEDUPE_ROWS));
    assert_ok(dedupe_ctx, mlpipe_builder_column(dedupe_ctx, b, "id",
                                                MLPIPE_I64, id, NULL,
                                                DEDUPE_ROWS));
    assert_ok(dedupe_ctx, mlpipe_builder_texts(dedupe_ctx, b, "city", city,
                                               DEDUPE_ROWS));
    assert_ok(dedupe_ctx, mlpipe_builder_finish(dedupe_ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_status dedupe_apply(const char *text, uint8_t *keep)
{
    const mlpipe__step *step = &mlpipe__step_dedupe;
    mlpipe_dataset *d = dedupe_rows_of();
    mlpipe__params params;
    mlpipe_status st = mlpipe__params_parse(dedupe_ctx, step->name,
                                            step->params, step->param_count,
                                            text, &params);
    if (!st) {
        mlpipe__job job = {.ctx = dedupe_ctx, .step = step,
                           .name = step->name, .params = &params};
        st = step->keep(&job, d, keep);
        mlpipe__params_free(&params);
    }
    mlpipe_dataset_free(d);
    return st;
}

static void dedupe_expect(const char *text, const char *stay)
{
    uint8_t keep[DEDUPE_ROWS];

    memset(keep, 1, sizeof keep);
    assert_ok(dedupe_ctx, dedupe_apply(text, keep));
    for (uint32_t i = 0; i < DEDUPE_ROWS; i++)
        if (keep[i] != stay[i] - '0')
            fail_msg("%s: row %u is %u", text ? text : "", i, keep[i]);
}

static void dedupe_all_columns(void **state)
{
    (void)state;
    dedupe_expect(NULL, "11101001");
    dedupe_expect("keep=last", "00101111");
    dedupe_expect("keep=none", "00101001");
}

static void dedupe_some_columns(void **state)
{
    (void)state;
    dedupe_expect("on=x,city", "11101000");
    dedupe_expect("on=x,city keep=last", "00100111");
    dedupe_expect("on=id keep=none", "00101001");
}

/* A row that another step took neither stays nor hides others. */
static void dedupe_after_others(void **state)
{
    uint8_t keep[] = {0, 1, 1, 1, 1, 1, 1, 1};
    const uint8_t stay[] = {0, 1, 1, 1, 1, 0, 0, 1};
    (void)state;

    assert_ok(dedupe_ctx, dedupe_apply(NULL, keep));
    assert_memory_equal(keep, stay, sizeof keep);
}

static void dedupe_refuses(void **state)
{
    uint8_t keep[DEDUPE_ROWS];
    (void)state;

    memset(keep, 1, sizeof keep);
    assert_status(MLPIPE_E_SCHEMA, dedupe_apply("on=citi", keep));
    assert_non_null(strstr(mlpipe_ctx_error(dedupe_ctx)->text, "city"));
    assert_status(MLPIPE_E_PARAM, dedupe_apply("keep=newest", keep));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dedupe_all_columns),
        cmocka_unit_test(dedupe_some_columns),
        cmocka_unit_test(dedupe_after_others),
        cmocka_unit_test(dedupe_refuses),
    };
    return cmocka_run_group_tests(tests, dedupe_open, dedupe_close);
}
