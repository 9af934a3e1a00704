/* SPDX-License-Identifier: MIT */
/* onehot against scikit-learn, and the orders of ordinal. */
#include "step_rig.h"

#include "feature/feature_internal.h"
#include "golden/steps.h"

enum { ENCODE_WORDS = sizeof golden_words / sizeof *golden_words };

static void encode_onehot(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS];
    char name[64];
    (void)state;

    rig_open(&r, GOLDEN_ROWS);
    rig_column(&r, "grade", golden_code, golden_words, ENCODE_WORDS);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, NULL));
    assert_int_equal(1 + ENCODE_WORDS, r.plan.var_count);
    for (uint32_t k = 0; k < ENCODE_WORDS; k++) {
        snprintf(name, sizeof name, "grade=%s", golden_onehot_names[k]);
        assert_string_equal(name, r.plan.vars[1 + k].name);
        rig_read(&r, name, got);
        rig_compare(name, got, golden_onehot[k], GOLDEN_ROWS);
    }
    assert_false(r.plan.vars[0].feature);
    rig_close(&r);
}

/* Ties go to the smaller name; what training never saw has no feature. */
static void encode_onehot_max(void **state)
{
    const char *const words[] = {"d", "b", "a", "never", "c"};
    const double code[] = {0, 0, 1, 2, 4, NAN, -1, 0};
    const double a[] = {0, 0, 0, 1, 0, 0, 0, 0};
    const double d[] = {1, 1, 0, 0, 0, 0, 0, 1};
    const double missing[] = {0, 0, 0, 0, 0, 1, 0, 0};
    double got[8];
    step_rig r;
    (void)state;

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 5);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, "max=2"));
    assert_int_equal(4, r.plan.var_count);
    rig_read(&r, "x=a", got);
    rig_compare("a", got, a, 8);
    rig_read(&r, "x=d", got);
    rig_compare("d", got, d, 8);
    rig_read(&r, "x missing", got);
    rig_compare("missing", got, missing, 8);
    rig_close(&r);

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 5);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, "missing=zeros"));
    assert_int_equal(5, r.plan.var_count);
    assert_int_equal(-1, mlpipe__plan_find(&r.plan, "x=never"));
    rig_close(&r);
}

static void encode_ordinal(void **state)
{
    const char *const words[] = {"d", "b", "a", "c"};
    const double code[] = {0, 0, 1, 2, 3, NAN, -1, 3};
    const double frequent[] = {1, 1, 3, 2, 0, NAN, -1, 0};
    const double named[] = {3, 3, 1, 0, 2, NAN, -1, 2};
    double got[8];
    step_rig r;
    (void)state;

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 4);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal, NULL));
    rig_read(&r, "x", got);
    /* c and d occur twice each, a and b once: ties by name */
    rig_compare("frequency", got, frequent, 8);
    assert_int_equal(MLPIPE__NUMBER, r.plan.vars[0].kind);
    rig_close(&r);

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 4);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal, "order=name"));
    rig_read(&r, "x", got);
    rig_compare("name", got, named, 8);
    rig_close(&r);
}

static void encode_refuses_numbers(void **state)
{
    step_rig r;
    (void)state;

    rig_open(&r, GOLDEN_ROWS);
    rig_column(&r, "a", golden_x[0], NULL, 0);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_onehot,
                                           "columns=a"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_ordinal,
                                           "columns=a"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encode_onehot),
        cmocka_unit_test(encode_onehot_max),
        cmocka_unit_test(encode_ordinal),
        cmocka_unit_test(encode_refuses_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
