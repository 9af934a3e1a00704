/* SPDX-License-Identifier: MIT */
/* dedupe: which of equal rows stays, and what counts as equal. */
#include "clean/clean_support.h"

#include "clean/clean_internal.h"
#include "golden/clean.h"

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

/* ---- pandas ------------------------------------------------------------- */

static mlpipe_dataset *dedupe_golden(mlpipe_ctx *c)
{
    static const char *const names[] = {"a", "b", "label"};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t i = 0; i < 3; i++)
        assert_ok(c, mlpipe_builder_column(c, b, names[i], MLPIPE_F64,
                                           clean_same[i], NULL, CLEAN_ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* drop_duplicates: NaN equals NaN, -0 equals 0. */
static void dedupe_as_pandas(void **state)
{
    static const char *const keep[] = {"on=a,b", "on=a,b keep=last",
                                       "on=a,b keep=none"};
    static const char *const stay[] = {clean_same_first, clean_same_last,
                                       clean_same_none};
    mlpipe_dataset *d = dedupe_golden(dedupe_ctx);
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        const mlpipe__step *step = &mlpipe__step_dedupe;
        uint8_t left[CLEAN_ROWS];
        mlpipe__params params;
        mlpipe__job job = {.ctx = dedupe_ctx, .step = step,
                           .name = step->name, .params = &params};
        memset(left, 1, sizeof left);
        assert_ok(dedupe_ctx,
                  mlpipe__params_parse(dedupe_ctx, step->name, step->params,
                                       step->param_count, keep[k], &params));
        assert_ok(dedupe_ctx, step->keep(&job, d, left));
        for (uint32_t i = 0; i < CLEAN_ROWS; i++)
            assert_int_equal(left[i], stay[k][i] - '0');
        mlpipe__params_free(&params);
    }
    mlpipe_dataset_free(d);
}

static void dedupe_report(void **state)
{
    static const char *const named[] = {"rows", "distinct_rows", "groups",
                                        "largest_group", "label_conflicts"};
    mlpipe_dataset *d = dedupe_golden(dedupe_ctx);
    mlpipe_report *r;
    mlpipe_buffer *text;
    (void)state;

    assert_ok(dedupe_ctx, mlpipe_dataset_duplicates(
                              dedupe_ctx, d, "on=a,b label=label", &r));
    for (uint32_t i = 0; i < 5; i++)
        assert_near(mlpipe_report_get(r, named[i]), clean_same_figures[i], 0);
    assert_near(mlpipe_report_get(r, "extra_rows"),
                clean_same_figures[0] - clean_same_figures[1], 0);
    assert_ok(dedupe_ctx, mlpipe_report_render(dedupe_ctx, r, "json", &text));
    /* row 1 is the first that has an equal one */
    assert_non_null(strstr(mlpipe_buffer_data(text), "first_row"));
    mlpipe_buffer_free(text);
    mlpipe_report_free(r);

    /* all columns: a label among them cannot differ */
    assert_ok(dedupe_ctx,
              mlpipe_dataset_duplicates(dedupe_ctx, d, NULL, &r));
    assert_true(mlpipe_report_get(r, "label_conflicts") !=
                mlpipe_report_get(r, "label_conflicts"));
    assert_true(mlpipe_report_get(r, "distinct_rows") >
                clean_same_figures[1]);
    mlpipe_report_free(r);

    assert_status(MLPIPE_E_SCHEMA, mlpipe_dataset_duplicates(
                                       dedupe_ctx, d, "on=labels", &r));
    assert_null(r);
    assert_status(MLPIPE_E_SCHEMA, mlpipe_dataset_duplicates(
                                       dedupe_ctx, d, "label=labels", &r));
    assert_status(MLPIPE_E_PARAM, mlpipe_dataset_duplicates(
                                      dedupe_ctx, d, "keep=first", &r));
    mlpipe_dataset_free(d);
}

static void dedupe_report_of_nothing(void **state)
{
    mlpipe_dataset *d = dedupe_golden(dedupe_ctx), *none;
    mlpipe_report *r;
    (void)state;

    assert_ok(dedupe_ctx, mlpipe_dataset_slice(dedupe_ctx, d, 3, 0, &none));
    assert_ok(dedupe_ctx, mlpipe_dataset_duplicates(dedupe_ctx, none,
                                                    "label=label", &r));
    assert_near(mlpipe_report_get(r, "rows"), 0, 0);
    assert_near(mlpipe_report_get(r, "largest_group"), 0, 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(d);
}

/* What a fit says of it, and what it warns of. */
static void dedupe_in_a_fit(void **state)
{
    clean_log log;
    mlpipe_ctx *c = clean_ctx(&log);
    mlpipe_dataset *d = dedupe_golden(c);
    mlpipe_pipeline *p = clean_recipe(c, "target=label features=a holdout=0",
                                      "dedupe on=a,b as=once;gbt trees=1");
    mlpipe_model *m;
    (void)state;

    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_near(mlpipe_report_get(m->notes, "once.rows_dropped"),
                clean_same_figures[0] - clean_same_figures[1], 0);
    assert_near(mlpipe_report_get(m->notes, "once.groups"),
                clean_same_figures[2], 0);
    assert_near(mlpipe_report_get(m->notes, "once.label_conflicts"),
                clean_same_figures[4], 0);
    assert_true(clean_logged(&log, "6 of 12 groups"));
    assert_true(clean_logged(&log, "21 of 40 rows"));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The target among other columns is what all columns mean; alone it would
 * choose the rows. */
static void dedupe_by_the_target(void **state)
{
    static const struct {
        const char *step;
        mlpipe_status status;
    } cases[] = {
        {"dedupe on=label;gbt trees=1", MLPIPE_E_LEAK},
        {"dedupe on=a,label;gbt trees=1", MLPIPE_OK},
        {"dedupe;gbt trees=1", MLPIPE_OK},
    };
    mlpipe_dataset *d = dedupe_golden(dedupe_ctx);
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p = clean_recipe(
            dedupe_ctx, "target=label features=a holdout=0", cases[i].step);
        mlpipe_model *m;
        assert_status(cases[i].status,
                      mlpipe_fit(dedupe_ctx, p, d, NULL, &m));
        if (cases[i].status)
            assert_non_null(strstr(mlpipe_ctx_error(dedupe_ctx)->text,
                                   "the target \"label\" alone"));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dedupe_all_columns),
        cmocka_unit_test(dedupe_some_columns),
        cmocka_unit_test(dedupe_after_others),
        cmocka_unit_test(dedupe_refuses),
        cmocka_unit_test(dedupe_as_pandas),
        cmocka_unit_test(dedupe_report),
        cmocka_unit_test(dedupe_report_of_nothing),
        cmocka_unit_test(dedupe_in_a_fit),
        cmocka_unit_test(dedupe_by_the_target),
    };
    return cmocka_run_group_tests(tests, dedupe_open, dedupe_close);
}
