/* SPDX-License-Identifier: MIT */
/* drop_missing against pandas' dropna, and what becomes of served rows. */
#include "step_rig.h"

#include "clean/clean_internal.h"
#include "clean/clean_support.h"
#include "golden/clean.h"
#include "golden_text.h"

static const char *const names[] = {"a", "b", "c", "d"};

/* Which rows stay, by blocks of `width`. */
static void missing_keeps(const char *params, const char *stay,
                          uint32_t width)
{
    step_rig r;
    uint8_t keep[CLEAN_ROWS], valid[4][CLEAN_ROWS];

    rig_open(&r, CLEAN_ROWS);
    for (uint32_t c = 0; c < 4; c++)
        rig_column(&r, names[c], clean_x[c], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_drop_missing, params));
    assert_int_equal(0, r.plan.program->op_count);
    assert_true(mlpipe__step_drop_missing.filters(&r.job));
    for (uint32_t i = 0; i < CLEAN_ROWS; i++)
        for (uint32_t c = 0; c < 4; c++)
            valid[c][i] = clean_x[c][i] == clean_x[c][i];
    memset(keep, 1, sizeof keep);
    for (uint32_t i = 0; i < CLEAN_ROWS; i += width) {
        const double *values[4];
        const uint8_t *flags[4];
        const uint32_t n =
            CLEAN_ROWS - i < width ? CLEAN_ROWS - i : width;
        for (uint32_t c = 0; c < r.job.chosen_count; c++) {
            values[c] = clean_x[r.job.chosen[c]] + i;
            flags[c] = valid[r.job.chosen[c]] + i;
        }
        mlpipe__step_drop_missing.filter(&r.job, n, values, flags, keep + i);
    }
    for (uint32_t i = 0; i < CLEAN_ROWS; i++)
        if (keep[i] != stay[i] - '0')
            fail_msg("%s: row %u is %u", params ? params : "", i, keep[i]);
    rig_close(&r);
}

static void missing_as_pandas(void **state)
{
    static const uint32_t widths[] = {CLEAN_ROWS, 1, 7};
    (void)state;

    for (uint32_t w = 0; w < 3; w++) {
        missing_keeps(NULL, clean_drop_any, widths[w]);
        missing_keeps("rule=all", clean_drop_all, widths[w]);
        missing_keeps("min_present=2", clean_drop_least_2, widths[w]);
        missing_keeps("min_present=3", clean_drop_least_3, widths[w]);
        missing_keeps("columns=b,a", clean_drop_two, widths[w]);
        missing_keeps("column_share=0.6", clean_drop_share, widths[w]);
    }
}

static void missing_columns(void **state)
{
    step_rig r;
    (void)state;

    rig_open(&r, CLEAN_ROWS);
    for (uint32_t c = 0; c < 4; c++)
        rig_column(&r, names[c], clean_x[c], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_drop_missing,
                              "rule=none column_share=0.6"));
    assert_false(mlpipe__step_drop_missing.filters(&r.job));
    for (uint32_t c = 0; c < 4; c++)
        assert_int_equal(c < 3, r.plan.vars[c].feature);
    /* it is still there for a step that asks for it by name */
    assert_int_equal(3, mlpipe__plan_find(&r.plan, "d"));
    rig_close(&r);
}

/* What a served row gets is what its training row would have met. */
static void missing_flags(const char *params, const char *stay)
{
    step_rig r;
    char text[128];

    rig_open(&r, CLEAN_ROWS);
    for (uint32_t c = 0; c < 4; c++)
        rig_column(&r, names[c], clean_x[c], NULL, 0);
    snprintf(text, sizeof text, "%s serving=flag", params);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_drop_missing, text));
    assert_int_equal(1, r.plan.flag_count);
    assert_string_equal("drop_missing", r.plan.flags[0].name);
    rig_run(&r);
    for (uint32_t i = 0; i < CLEAN_ROWS; i++) {
        assert_true(rig_valid(&r, r.plan.flags[0].reg)[i]);
        assert_same(rig_values(&r, r.plan.flags[0].reg)[i], stay[i] == '0');
    }
    rig_close(&r);
}

static void missing_served(void **state)
{
    (void)state;
    missing_flags("rule=any", clean_drop_any);
    missing_flags("rule=all", clean_drop_all);
    missing_flags("min_present=2", clean_drop_least_2);
    missing_flags("min_present=3", clean_drop_least_3);
    missing_flags("columns=b,a", clean_drop_two);
    missing_flags("column_share=0.6", clean_drop_share);
}

static void missing_refuses(void **state)
{
    static const char *const bad[][2] = {
        {"rule=none", "nothing to drop"},
        {"rule=all min_present=2", "not both"},
        {"min_present=5", "4 columns"},
        {"columns=e", "\"e\""},
        {"rule=some", "any, all, none"},
        {"column_share=1.5", "from 0 to 1"}};
    step_rig r;
    (void)state;

    rig_open(&r, CLEAN_ROWS);
    for (uint32_t c = 0; c < 4; c++)
        rig_column(&r, names[c], clean_x[c], NULL, 0);
    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_drop_missing, bad[i][0]));
        if (!strstr(mlpipe_ctx_error(r.ctx)->text, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], mlpipe_ctx_error(r.ctx)->text);
    }
    rig_close(&r);
}

/* ---- the whole way ------------------------------------------------------ */

enum { ROWS = 700 };

static mlpipe_dataset *missing_data(mlpipe_ctx *c, bool backwards)
{
    mlpipe__text csv;
    mlpipe_dataset *d;

    mlpipe__text_init(&csv, c->env);
    mlpipe__text_add(&csv, "x,rare,town,y\n");
    for (uint32_t k = 0; k < ROWS; k++) {
        const uint32_t i = backwards ? ROWS - 1 - k : k;
        if (i % 11)
            mlpipe__text_add(&csv, "%u,", i % 13);
        else
            mlpipe__text_add(&csv, ",");
        mlpipe__text_add(&csv, "%s,%s,%u\n", i % 9 ? "" : "5",
                         i % 7 == 3 ? "" : i % 2 ? "Oslo" : "Voss",
                         i % 13 + 20 * (i % 2));
    }
    assert_false(csv.failed);
    d = clean_csv(c, csv.data, NULL);
    mlpipe__text_free(&csv);
    return d;
}

static bool missing_row(uint32_t i)
{
    return i % 11 == 0 || i % 7 == 3;
}

static void missing_in_a_model(void **state)
{
    static const char *const steps[] = {
        "drop_missing column_share=0.5 as=whole serving=pass;gbt trees=30",
        "drop_missing column_share=0.5 as=whole serving=flag;gbt trees=30",
        "drop_missing column_share=0.5 as=whole serving=refuse;gbt trees=30"};
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        clean_log log;
        mlpipe_ctx *c = clean_ctx(&log);
        mlpipe_dataset *d = missing_data(c, false);
        mlpipe_pipeline *p = clean_recipe(c, "target=y holdout=0", steps[k]);
        mlpipe_model *m;
        static double out[2 * ROWS];
        double one[2];
        uint32_t dropped = 0;
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        const uint32_t width = mlpipe_model_outputs(m);
        assert_int_equal(k == 1 ? 2 : 1, width);
        if (k == 1)
            assert_string_equal("whole", mlpipe_model_output(m, 1));
        assert_ok(c, mlpipe_predict(c, m, d, out, width * ROWS));
        for (uint32_t i = 0; i < ROWS; i++) {
            const bool gone = missing_row(i);
            dropped += gone;
            assert_int_equal(k == 2 && gone, isnan(out[width * i]));
            if (k == 1)
                assert_same(out[2 * i + 1], gone);
        }
        for (uint32_t i = 0; i < ROWS; i += 5) {
            mlpipe_dataset *row;
            assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
            assert_ok(c, mlpipe_predict(c, m, row, one, width));
            assert_memory_equal(one, out + width * i, width * sizeof *one);
            mlpipe_dataset_free(row);
        }
        assert_near(mlpipe_report_get(m->notes, "whole.rows_dropped"),
                    dropped, 0);
        assert_near(mlpipe_report_get(m->notes, "rows_trained"),
                    ROWS - dropped, 0);
        assert_near(mlpipe_report_get(m->notes, "whole.columns_dropped"), 1,
                    0);
        assert_near(mlpipe_report_get(m->notes, "whole.rare.missing"), 622,
                    0);
        assert_true(clean_logged(&log, "rare is missing in 622 of 700"));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* A learner that takes no missing values is content with refuse alone. */
static void missing_and_ridge(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = missing_data(c, false);
    mlpipe_pipeline *p = clean_recipe(c, "target=y features=x",
                                      "drop_missing;ridge");
    mlpipe_model *m;
    static double out[ROWS];
    (void)state;

    assert_told(c, MLPIPE_E_SCHEMA, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    p = clean_recipe(c, "target=y features=x",
                     "drop_missing serving=refuse;ridge");
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_predict(c, m, d, out, ROWS));
    for (uint32_t i = 0; i < ROWS; i++)
        assert_int_equal(i % 11 == 0, isnan(out[i]));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Steps behind it learn from what it leaves, in any order of rows. */
static void missing_before_others(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    double mean[2];
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_dataset *d = missing_data(c, k), *out, *empty;
        mlpipe_transform *t;
        assert_ok(c, clean_fit(c, d, "features=x,town",
                               "drop_missing;impute numeric=mean", &out, &t));
        empty = clean_csv(c, "x,town\n,Oslo\n", NULL);
        mlpipe_dataset_free(out);
        assert_ok(c, mlpipe_transform_apply(c, t, empty, NULL, &out));
        clean_column(c, out, "x", &mean[k]);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(empty);
        mlpipe_transform_free(t);
        mlpipe_dataset_free(d);
    }
    assert_same(mean[0], mean[1]);
    {
        double sum = 0, n = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            if (!missing_row(i)) {
                sum += i % 13;
                n++;
            }
        assert_near(mean[0], sum / n, 1e-12);
    }
    mlpipe_ctx_free(c);
}

/* In a transform a refused row has no feature at all. */
static void missing_in_a_transform(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = missing_data(c, false), *train, *out;
    mlpipe_transform *t;
    static double x[ROWS], flag[ROWS];
    (void)state;

    assert_ok(c, clean_fit(c, d, "features=x,town",
                           "drop_missing columns=x serving=flag as=f;"
                           "drop_missing columns=town serving=refuse",
                           &train, &t));
    assert_int_equal(3, mlpipe_transform_outputs(t));
    assert_string_equal("f", mlpipe_transform_output(t, 2));
    assert_ok(c, mlpipe_transform_apply(c, t, d, NULL, &out));
    clean_column(c, out, "x", x);
    clean_column(c, out, "f", flag);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_same(flag[i], i % 11 == 0);
        assert_int_equal(i % 7 == 3 || i % 11 == 0, isnan(x[i]));
    }
    for (int64_t i = 0; i < mlpipe_dataset_rows(train); i++)
        assert_false(missing_row((uint32_t)mlpipe_dataset_row_id(train, i)));
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(train);
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Rows are dealt to threads in blocks: nothing that is fitted shows it. */
static void missing_threads(void **state)
{
    static const uint32_t threads[] = {1, 2, 5};
    char id[33];
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_ctx *c = clean_ctx_of(NULL, threads[k]);
        mlpipe_dataset *d = missing_data(c, false);
        mlpipe_pipeline *p = clean_recipe(
            c, "target=y", "drop_missing min_present=2 column_share=0.8;"
                           "outlier method=mad action=drop serving=flag;"
                           "impute text=constant;gbt trees=5");
        mlpipe_model *m;
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        if (!k)
            memcpy(id, mlpipe_model_id(m), sizeof id);
        assert_string_equal(id, mlpipe_model_id(m));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

static void missing_all_rows(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = clean_csv(c, "x,z\n1,\n,2\n3,\n", NULL);
    mlpipe_transform *t;
    (void)state;

    assert_status(MLPIPE_E_EMPTY,
                  clean_fit(c, d, NULL, "drop_missing", NULL, &t));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "all 3"));
    assert_ok(c, clean_fit(c, d, NULL, "drop_missing rule=all", NULL, &t));
    mlpipe_transform_free(t);
    /* every column goes: then no row misses one of the others */
    assert_told(c, MLPIPE_E_SCHEMA,
                clean_fit(c, d, NULL, "drop_missing column_share=0.1", NULL,
                            &t));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The target is not known at serving. */
static void missing_of_the_target(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = missing_data(c, false);
    mlpipe_pipeline *p =
        clean_recipe(c, "target=y features=x",
                     "drop_missing columns=x,y serving=flag;gbt trees=1");
    mlpipe_model *m;
    (void)state;

    assert_told(c, MLPIPE_E_LEAK, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    p = clean_recipe(c, "target=y features=x",
                     "drop_missing columns=x,y;gbt trees=1");
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_int_equal(1, mlpipe_model_inputs(m));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Columns that go count no more, so that a row can have too few of them. */
static void missing_too_few_left(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = clean_csv(c, "x,z,w\n1,2,\n2,2,\n3,,5\n4,1,\n",
                                  NULL);
    mlpipe_transform *t;
    (void)state;

    assert_status(MLPIPE_E_PARAM,
                  clean_fit(c, d, NULL,
                            "drop_missing min_present=3 column_share=0.5",
                            NULL, &t));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "min_present=3, and column_share=0.5 leaves 2 of "
                           "3 columns"));
    assert_ok(c, clean_fit(c, d, NULL,
                           "drop_missing min_present=2 column_share=0.5",
                           NULL, &t));
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_as_pandas),
        cmocka_unit_test(missing_columns),
        cmocka_unit_test(missing_served),
        cmocka_unit_test(missing_refuses),
        cmocka_unit_test(missing_in_a_model),
        cmocka_unit_test(missing_and_ridge),
        cmocka_unit_test(missing_before_others),
        cmocka_unit_test(missing_in_a_transform),
        cmocka_unit_test(missing_threads),
        cmocka_unit_test(missing_all_rows),
        cmocka_unit_test(missing_too_few_left),
        cmocka_unit_test(missing_of_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
