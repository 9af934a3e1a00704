/* SPDX-License-Identifier: MIT */
/* interact against PolynomialFeatures, and crossed categories. */
#include "group_rig.h"

#include "feature/feature_internal.h"
#include "golden/features.h"

static void interact_numbers(void **state)
{
    /* in the order of PolynomialFeatures */
    static const char *const names[] = {"a^2", "a:b", "a:c",
                                        "b^2", "b:c", "c^2"};
    double small[FEATURES_ROWS], got[FEATURES_ROWS];
    step_rig r;
    (void)state;

    for (uint32_t i = 0; i < FEATURES_ROWS; i++)
        small[i] = features_plain[i] * 1e-9;
    rig_open(&r, FEATURES_ROWS);
    rig_column(&r, "a", features_plain, NULL, 0);
    rig_column(&r, "b", features_ties, NULL, 0);
    rig_column(&r, "c", small, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact,
                              "columns=a,b,c squares=true"));
    assert_int_equal(9, r.plan.var_count);
    for (uint32_t k = 0; k < 6; k++) {
        assert_string_equal(names[k], r.plan.vars[3 + k].name);
        assert_int_equal(MLPIPE_TYPE_F64, r.plan.vars[3 + k].type);
        rig_read(&r, names[k], got);
        for (uint32_t i = 0; i < FEATURES_ROWS; i++)
            assert_same(features_products[k][i], got[i]);
    }
    assert_true(r.plan.vars[0].feature); /* what they are made of stays */
    group_widths(&r, NULL);
    rig_close(&r);
}

static void interact_missing(void **state)
{
    static const double a[] = {1, NAN, 3, 1e200}, b[] = {2, 2, NAN, 1e200};
    static const double product[] = {2, NAN, NAN, NAN};
    double got[4];
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "a", a, NULL, 0);
    rig_column(&r, "b", b, NULL, 0);
    r.plan.vars[1].tainted = true;
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact, "columns=a,b"));
    assert_int_equal(3, r.plan.var_count);
    assert_true(r.plan.vars[2].nullable);
    assert_true(r.plan.vars[2].tainted);
    rig_read(&r, "a:b", got);
    rig_compare("product", got, product, 4);
    rig_close(&r);
}

static void interact_categories(void **state)
{
    static const char *const a[] = {"x", "x:y", "x\\"};
    static const char *const b[] = {"y:z", "z"};
    static const char *const names[] = {
        "x:y:z", "x:z", "x\\:y:y:z", "x\\:y:z", "x\\\\:y:z", "x\\\\:z"};
    static const double i[] = {0, 1, 2, NAN, -1, 0}, k[] = {0, 1, 1, 0, 1, -1};
    static const double code[] = {0, 3, 5, NAN, -1, -1};
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "a", i, a, 3);
    rig_column(&r, "b", k, b, 2);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact, "columns=a,b"));
    const mlpipe__var *v = &r.plan.vars[2];
    assert_string_equal("a:b", v->name);
    assert_int_equal(MLPIPE__CODE, v->kind);
    assert_int_equal(6, v->codes);
    assert_int_equal(6, v->dict->count); /* no two pairs are one text */
    for (uint32_t c = 0; c < 6; c++)
        assert_string_equal(names[c], mlpipe__dict_text(v->dict, c));
    rig_read(&r, "a:b", got);
    rig_compare("cross", got, code, 6);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, "columns=`a:b`"));
    rig_read(&r, "a:b=x\\:y:z", got);
    assert_same(1, got[1]);
    assert_same(0, got[0]);
    group_widths(&r, NULL);
    rig_close(&r);
}

static void interact_three_categories(void **state)
{
    static const char *const words[] = {"u", "v"};
    static const double code[] = {0, 1};
    step_rig r;
    (void)state;

    rig_open(&r, 2);
    rig_column(&r, "a", code, words, 2);
    rig_column(&r, "b", code, words, 2);
    rig_column(&r, "c", code, words, 2);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact, "columns=a,b,c"));
    assert_int_equal(6, r.plan.var_count);
    assert_string_equal("b:c", r.plan.vars[5].name);
    /* a crossed one is a category like any other */
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact,
                              "columns=`a:b`,c"));
    assert_int_equal(8, r.plan.vars[6].codes);
    rig_close(&r);
}

static void interact_limit(void **state)
{
    static const char *const words[] = {"a", "b", "c", "d"};
    static const double code[] = {0, 1, 2, 3};
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    r.ctx->env->limits.categories = 15;
    rig_column(&r, "a", code, words, 4);
    rig_column(&r, "b", code, words, 4);
    assert_status(MLPIPE_E_LIMIT, rig_step(&r, &mlpipe__step_interact,
                                           "columns=a,b"));
    assert_says(r.ctx, "make 16 crossed ones; the most is 15");
    rig_close(&r);
}

static void interact_errors(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {NULL, "columns= is not set"},
        {"columns=a", "a pair takes 2"},
        {"columns=a,c", "one-hot the category before"},
        {"columns=c,a", "\"a\" is a number and \"c\" a category"},
        {"columns=c,d squares=true", "squares=true is of numbers"},
        {"columns=a,zz", "no column"},
        {"columns=a,a", "twice"},
    };
    static const char *const words[] = {"u", "v"};
    static const double code[] = {0, 1}, a[] = {1, 2};
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 2);
        rig_column(&r, "a", a, NULL, 0);
        rig_column(&r, "c", code, words, 2);
        rig_column(&r, "d", code, words, 2);
        assert_status(MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_interact, cases[i].text));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

/* A product that is no double is null, and the plan knows; one that is small
 * enough in all rows is there. */
static void interact_overflow(void **state)
{
    static const double large[] = {1, -1e200, 3}, small[] = {1, 2, -3};
    static const double odd[] = {1, 2, INFINITY};
    static const struct {
        const char *name;
        bool nullable;
    } made[] = {{"l^2", true},  {"l:s", false}, {"l:o", true},
                {"s^2", false}, {"s:o", true},  {"o^2", true}};
    double got[3];
    step_rig r;
    (void)state;

    rig_open(&r, 3);
    rig_column(&r, "l", large, NULL, 0);
    rig_column(&r, "s", small, NULL, 0);
    rig_column(&r, "o", odd, NULL, 0);
    for (uint32_t i = 0; i < 3; i++)
        r.plan.vars[i].nullable = false;
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_interact,
                              "columns=l,s,o squares=true"));
    for (uint32_t i = 0; i < 6; i++) {
        bool null = false;
        assert_string_equal(made[i].name, r.plan.vars[3 + i].name);
        rig_read(&r, made[i].name, got);
        for (uint32_t k = 0; k < 3; k++)
            null = null || isnan(got[k]);
        assert_int_equal(made[i].nullable, r.plan.vars[3 + i].nullable);
        if (null)
            assert_true(r.plan.vars[3 + i].nullable);
    }
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interact_numbers),
        cmocka_unit_test(interact_missing),
        cmocka_unit_test(interact_overflow),
        cmocka_unit_test(interact_categories),
        cmocka_unit_test(interact_three_categories),
        cmocka_unit_test(interact_limit),
        cmocka_unit_test(interact_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
