/* SPDX-License-Identifier: MIT */
/* impute against scikit-learn's SimpleImputer. */
#include "step_rig.h"

#include "clean/clean_internal.h"
#include "clean/clean_support.h"
#include "golden/clean.h"
#include "golden/steps.h"

static const char *const impute_name[] = {"a", "b", "c", "d"};

static void impute_columns(step_rig *r)
{
    rig_open(r, GOLDEN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(r, impute_name[i], golden_x[i], NULL, 0);
}

static void impute_check(const char *params, const double *fill)
{
    step_rig r;
    double got[GOLDEN_ROWS], want[GOLDEN_ROWS];

    impute_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute, params));
    for (uint32_t c = 0; c < 4; c++) {
        for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
            want[i] = isnan(golden_x[c][i]) ? fill[c] : golden_x[c][i];
        rig_read(&r, impute_name[c], got);
        rig_compare(params ? params : "defaults", got, want, GOLDEN_ROWS);
        assert_false(r.plan.vars[c].nullable);
    }
    rig_close(&r);
}

static void impute_numbers(void **state)
{
    const double five[] = {-5.5, -5.5, -5.5, -5.5};
    (void)state;

    impute_check("numeric=mean", golden_impute_mean);
    impute_check(NULL, golden_impute_median);
    impute_check("numeric=mode", golden_impute_most_frequent);
    impute_check("numeric=constant value=-5.5", five);
}

static void impute_tells_missing(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS];
    (void)state;

    impute_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute, "indicator=true"));
    /* b and d have no missing value, and so no feature of their own */
    assert_int_equal(6, r.plan.var_count);
    rig_read(&r, "a missing", got);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
        assert_same(got[i], isnan(golden_x[0][i]) ? 1 : 0);
    rig_read(&r, "c missing", got);
    rig_close(&r);
}

static void impute_categories(void **state)
{
    const char *const words[] = {"red", "green", "blue"};
    const double code[] = {0, NAN, 1, 1, 2, -1};
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "colour", code, words, 3);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute, NULL));
    rig_read(&r, "colour", got);
    assert_same(got[1], 1.0);
    assert_same(got[5], -1.0); /* unseen is not missing */
    rig_close(&r);

    rig_open(&r, 6);
    rig_column(&r, "colour", code, words, 3);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute,
                              "text=constant value=blue"));
    rig_read(&r, "colour", got);
    assert_same(got[1], 2.0);
    rig_close(&r);
}

static void impute_all_missing(void **state)
{
    const double x[] = {NAN, NAN, NAN};
    double got[3];
    step_rig r;
    (void)state;

    rig_open(&r, 3);
    rig_column(&r, "x", x, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute, "numeric=mean"));
    rig_read(&r, "x", got);
    assert_same(got[0], 0.0);
    rig_close(&r);
}

static void impute_refuses(void **state)
{
    const char *const words[] = {"red", "green"};
    const double code[] = {0, 1};
    step_rig r;
    (void)state;

    rig_open(&r, 2);
    rig_column(&r, "colour", code, words, 2);
    rig_column(&r, "x", code, NULL, 0);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "numeric=none text=none"));
    assert_status(MLPIPE_E_PARAM,
                  rig_step(&r, &mlpipe__step_impute,
                           "columns=x numeric=constant value=red"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "columns=colours"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "colour"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "numeric=avg"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "value=7"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text,
                           "value=\"7\" is of numeric=constant and text="));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute,
                              "columns=x numeric=constant value=7"));
    rig_close(&r);
}

/* SimpleImputer(strategy="constant", add_indicator=True). */
static void impute_constant_as_peer(void **state)
{
    step_rig r;
    double got[CLEAN_ROWS];
    char name[32];
    (void)state;

    rig_open(&r, CLEAN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(&r, impute_name[i], clean_x[i], NULL, 0);
    assert_ok(r.ctx,
              rig_step(&r, &mlpipe__step_impute,
                       "numeric=constant value=-5.5 indicator=true"));
    for (uint32_t i = 0; i < 4; i++) {
        rig_read(&r, impute_name[i], got);
        rig_compare(impute_name[i], got, clean_constant[i], CLEAN_ROWS);
        snprintf(name, sizeof name, "%s missing", impute_name[i]);
        rig_read(&r, name, got);
        rig_compare(name, got, clean_constant[4 + i], CLEAN_ROWS);
    }
    rig_close(&r);
}

/* A category that no training row has becomes one behind the others. */
static void impute_category_of_its_own(void **state)
{
    static const char *const words[] = {"blue", "green", "red"};
    static const char *const params[] = {
        "text=constant value=missing indicator=true",
        "text=constant indicator=true"};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        step_rig r;
        double got[CLEAN_ROWS];
        const mlpipe__var *v;
        rig_open(&r, CLEAN_ROWS);
        rig_column(&r, "colour", clean_code, words, 3);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_impute, params[k]));
        rig_read(&r, "colour", got);
        rig_compare("colour", got, clean_code_full, CLEAN_ROWS);
        rig_read(&r, "colour missing", got);
        rig_compare("missing", got, clean_code_missing, CLEAN_ROWS);
        v = &r.plan.vars[0];
        assert_int_equal(4, v->codes);
        assert_string_equal("missing", mlpipe__dict_text(v->dict, 3));
        assert_string_equal("red", mlpipe__dict_text(v->dict, 2));
        rig_close(&r);
    }
}

/* The whole way: features, the learner, one row as the dataset. */
static void impute_own_category_in_a_model(void **state)
{
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe__text csv;
    mlpipe_dataset *d, *features;
    mlpipe_transform *t;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    double y[120], null_y = 0, one;
    (void)state;

    mlpipe__text_init(&csv, c->env);
    mlpipe__text_add(&csv, "colour,y\n");
    for (int i = 0; i < 120; i++)
        mlpipe__text_add(&csv, i % 3 == 0   ? "red,1\n"
                               : i % 3 == 1 ? "blue,2\n"
                                            : ",7\n");
    d = clean_csv(c, csv.data, NULL);
    mlpipe__text_free(&csv);
    assert_ok(c, clean_fit(c, d, "features=colour",
                           "impute text=constant value=none;onehot",
                           &features, &t));
    assert_int_equal(3, mlpipe_transform_outputs(t));
    clean_column(c, features, "colour=none", y);
    for (int i = 0; i < 120; i++)
        assert_same(y[i], i % 3 == 2);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);

    p = clean_recipe(c, "target=y holdout=0",
                     "impute text=constant;gbt trees=40 min_rows=5");
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_predict(c, m, d, y, 120));
    assert_true(y[2] > 6 && y[0] < 2 && y[1] < 3);
    for (int64_t i = 0; i < 6; i++) {
        mlpipe_dataset *row;
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
        assert_ok(c, mlpipe_predict(c, m, row, &one, 1));
        assert_same(one, y[i]);
        null_y = i == 2 ? one : null_y;
        mlpipe_dataset_free(row);
    }
    assert_same(null_y, y[5]);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* scikit-learn's KNNImputer gave another number of columns for a batch
 * without missing values: here training alone decides. */
static void impute_indicators_do_not_depend_on_the_batch(void **state)
{
    static const char *const batches[] = {"x,z\n1,2\n", "x,z\n,2\n",
                                          "x,z\n1,\n4,\n", "x,z\n,\n"};
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = clean_csv(c, "x,z\n1,5\n,6\n3,7\n", NULL);
    mlpipe_transform *t;
    (void)state;

    assert_ok(c, clean_fit(c, d, "features=x,z", "impute indicator=true",
                           NULL, &t));
    assert_int_equal(3, mlpipe_transform_outputs(t));
    for (uint32_t i = 0; i < 4; i++) {
        mlpipe_dataset *batch = clean_csv(c, batches[i], NULL), *out;
        double got[2];
        assert_ok(c, mlpipe_transform_apply(c, t, batch, NULL, &out));
        assert_int_equal(3, mlpipe_dataset_columns(out));
        assert_string_equal("x missing", mlpipe_dataset_name(out, 2));
        clean_column(c, out, "x missing", got);
        assert_same(got[0], i % 2);
        clean_column(c, out, "z", got);
        assert_same(got[0], i < 2 ? 2.0 : 6.0);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(batch);
    }
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The smallest of equally frequent values or texts, in any order of rows. */
static void impute_mode_takes_the_smallest(void **state)
{
    static const char *const rows[] = {
        "x,w\n3,b\n1,a\n3,b\n1,a\n7,c\n,\n",
        "x,w\n,\n7,c\n1,a\n1,a\n3,b\n3,b\n"};
    static const int64_t missing[] = {5, 0};
    mlpipe_ctx *c = clean_ctx(NULL);
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        mlpipe_dataset *d = clean_csv(c, rows[i], NULL), *out;
        mlpipe_transform *t;
        double x[6];
        assert_ok(c, clean_fit(c, d, NULL, "impute numeric=mode", &out, &t));
        clean_column(c, out, "x", x);
        assert_same(x[missing[i]], 1.0);
        assert_string_equal("a", clean_text(out, "w", missing[i]));
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* A feature without any value stays, and the log tells. */
static void impute_keeps_empty_features(void **state)
{
    static const char *const none[4];
    const double x[4] = {1, 2, 3, 4}, nan[4] = {NAN, NAN, NAN, NAN};
    clean_log log;
    mlpipe_ctx *c = clean_ctx(&log);
    mlpipe_builder *b;
    mlpipe_dataset *d, *out;
    mlpipe_transform *t;
    double got[4];
    (void)state;

    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 4));
    assert_ok(c, mlpipe_builder_column(c, b, "never", MLPIPE_F64, nan, NULL,
                                       4));
    assert_ok(c, mlpipe_builder_texts(c, b, "word", none, 4));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_ok(c, clean_fit(c, d, NULL, "impute numeric=mean", &out, &t));
    assert_int_equal(3, mlpipe_transform_outputs(t));
    clean_column(c, out, "never", got);
    assert_same(got[3], 0.0);
    assert_string_equal("", clean_text(out, "word", 0));
    assert_true(clean_logged(&log, "never is missing in all"));
    assert_true(clean_logged(&log, "word is missing in all"));
    mlpipe_transform_free(t);
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Infinite values teach nothing and stay; what is said of a column that has
 * no other is true. */
static void impute_infinite(void **state)
{
    static const char *const params[] = {
        "numeric=mean", "numeric=median", "numeric=mode"};
    static const double x[4] = {1, INFINITY, NAN, 1};
    static const double never[4] = {INFINITY, NAN, -INFINITY, INFINITY};
    (void)state;

    for (uint32_t m = 0; m < 3; m++) {
        clean_log log;
        mlpipe_ctx *c = clean_ctx(&log);
        mlpipe_builder *b;
        mlpipe_dataset *d, *out;
        mlpipe_transform *t;
        double got[4];
        assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
        assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                           4));
        assert_ok(c, mlpipe_builder_column(c, b, "never", MLPIPE_F64, never,
                                           NULL, 4));
        assert_ok(c, mlpipe_builder_finish(c, b, &d));
        mlpipe_builder_free(b);
        char step[32];
        snprintf(step, sizeof step, "impute %s", params[m]);
        assert_ok(c, clean_fit(c, d, NULL, step, &out, &t));
        clean_column(c, out, "x", got);
        assert_same(got[2], 1.0);
        clean_column(c, out, "never", got);
        assert_same(got[1], 0.0);
        assert_true(clean_logged(&log, "x is infinite in 1 of 4 training "
                                       "rows; missing ones are filled by"));
        assert_true(clean_logged(&log, "never has no finite value in 4 "
                                       "training rows and is infinite in 3 "
                                       "of them; missing ones are filled "
                                       "with 0"));
        assert_false(clean_logged(&log, "missing in all"));
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impute_numbers),
        cmocka_unit_test(impute_tells_missing),
        cmocka_unit_test(impute_categories),
        cmocka_unit_test(impute_all_missing),
        cmocka_unit_test(impute_refuses),
        cmocka_unit_test(impute_infinite),
        cmocka_unit_test(impute_constant_as_peer),
        cmocka_unit_test(impute_category_of_its_own),
        cmocka_unit_test(impute_own_category_in_a_model),
        cmocka_unit_test(impute_indicators_do_not_depend_on_the_batch),
        cmocka_unit_test(impute_mode_takes_the_smallest),
        cmocka_unit_test(impute_keeps_empty_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
