/* SPDX-License-Identifier: MIT */
/* scale against scikit-learn's three scalers. */
#include "step_rig.h"

#include "feature/feature_internal.h"
#include "golden/steps.h"

static const char *const scale_name[] = {"a", "b", "c", "d"};

static void scale_check(const char *params,
                        const double golden[][GOLDEN_ROWS])
{
    step_rig r;
    double got[GOLDEN_ROWS];

    rig_open(&r, GOLDEN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(&r, scale_name[i], golden_x[i], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, params));
    for (uint32_t c = 0; c < 4; c++) {
        rig_read(&r, scale_name[c], got);
        rig_compare(params ? params : "defaults", got, golden[c], GOLDEN_ROWS);
    }
    rig_close(&r);
}

static void scale_methods(void **state)
{
    (void)state;
    scale_check(NULL, golden_zscore);
    scale_check("method=robust", golden_robust);
}

/* Beside an offset of 1e6 scikit-learn itself loses digits: it multiplies,
 * then adds, where the exact form subtracts first. */
static void scale_minmax(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS];
    (void)state;

    rig_open(&r, GOLDEN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(&r, scale_name[i], golden_x[i], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, "method=minmax"));
    for (uint32_t c = 0; c < 4; c++) {
        rig_read(&r, scale_name[c], got);
        for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
            if (!isnan(golden_x[c][i]))
                assert_near(got[i], golden_minmax[c][i],
                            c == 1 ? 1e-9 : 1e-12);
            else
                assert_true(isnan(got[i]));
    }
    rig_close(&r);
}

static void scale_one_column(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS];
    (void)state;

    rig_open(&r, GOLDEN_ROWS);
    rig_column(&r, "a", golden_x[0], NULL, 0);
    rig_column(&r, "b", golden_x[1], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, "columns=b"));
    rig_read(&r, "a", got);
    rig_compare("untouched", got, golden_x[0], GOLDEN_ROWS);
    rig_read(&r, "b", got);
    rig_compare("scaled", got, golden_zscore[1], GOLDEN_ROWS);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_scale,
                                           "method=z"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_methods),
        cmocka_unit_test(scale_minmax),
        cmocka_unit_test(scale_one_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
