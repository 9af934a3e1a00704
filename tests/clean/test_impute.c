/* SPDX-License-Identifier: MIT */
/* impute against scikit-learn's SimpleImputer. */
#include "step_rig.h"

#include "clean/clean_internal.h"
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
                           "columns=colour text=constant value=blue"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "blue"));
    assert_status(MLPIPE_E_PARAM,
                  rig_step(&r, &mlpipe__step_impute,
                           "columns=x numeric=constant value=red"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "columns=colours"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "colour"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_impute,
                                           "numeric=avg"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impute_numbers),
        cmocka_unit_test(impute_tells_missing),
        cmocka_unit_test(impute_categories),
        cmocka_unit_test(impute_all_missing),
        cmocka_unit_test(impute_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
