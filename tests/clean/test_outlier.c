/* SPDX-License-Identifier: MIT */
/* outlier against NumPy's percentiles and moments. */
#include "step_rig.h"

#include "clean/clean_internal.h"
#include "golden/steps.h"

static const char *const outlier_name[] = {"a", "b", "c", "d"};

static void outlier_columns(step_rig *r)
{
    rig_open(r, GOLDEN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(r, outlier_name[i], golden_x[i], NULL, 0);
}

static void outlier_capped(const char *params, const double bounds[][4])
{
    step_rig r;
    double got[GOLDEN_ROWS], want[GOLDEN_ROWS];

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier, params));
    for (uint32_t c = 0; c < 4; c++) {
        for (uint32_t i = 0; i < GOLDEN_ROWS; i++) {
            const double x = golden_x[c][i];
            want[i] = x < bounds[0][c] ? bounds[0][c]
                      : x > bounds[1][c] ? bounds[1][c]
                                         : x;
        }
        rig_read(&r, outlier_name[c], got);
        rig_compare(params ? params : "defaults", got, want, GOLDEN_ROWS);
    }
    rig_close(&r);
}

static void outlier_caps(void **state)
{
    (void)state;
    outlier_capped(NULL, golden_iqr);
    outlier_capped("method=zscore", golden_sigma);
    outlier_capped("method=quantile", golden_tails);
}

static void outlier_other_actions(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS], flag[GOLDEN_ROWS];
    uint32_t far_off = 0;
    (void)state;

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=flag"));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=null"));
    rig_read(&r, "a", got);
    rig_read(&r, "a outlier", flag);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++) {
        const double x = golden_x[0][i];
        const bool off = x < golden_iqr[0][0] || x > golden_iqr[1][0];
        far_off += off;
        assert_same(flag[i], off);
        if (off || isnan(x))
            assert_true(isnan(got[i]));
        else
            assert_same(got[i], x);
    }
    assert_true(far_off > 0);
    rig_close(&r);
}

static void outlier_drops(void **state)
{
    step_rig r;
    uint8_t keep[GOLDEN_ROWS], valid[GOLDEN_ROWS];
    const double *values[] = {golden_x[0]};
    const uint8_t *valids[] = {valid};
    (void)state;

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=drop"));
    assert_true(mlpipe__step_outlier.filters(&r.job));
    assert_int_equal(0, r.plan.program->op_count);
    memset(keep, 1, sizeof keep);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
        valid[i] = (uint8_t)!isnan(golden_x[0][i]);
    mlpipe__step_outlier.filter(&r.job, GOLDEN_ROWS, values, valids, keep);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
        assert_int_equal(keep[i], !(golden_x[0][i] < golden_iqr[0][0] ||
                                    golden_x[0][i] > golden_iqr[1][0]));
    rig_close(&r);
}

static void outlier_refuses(void **state)
{
    step_rig r;
    (void)state;

    outlier_columns(&r);
    assert_status(MLPIPE_E_PARAM,
                  rig_step(&r, &mlpipe__step_outlier,
                           "method=quantile low=0.9 high=0.1"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_outlier,
                                           "factor=-1"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlier_caps),
        cmocka_unit_test(outlier_other_actions),
        cmocka_unit_test(outlier_drops),
        cmocka_unit_test(outlier_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
