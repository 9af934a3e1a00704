/* SPDX-License-Identifier: MIT */
/* onehot against scikit-learn, and the orders of ordinal. */
#include "group_rig.h"

#include "feature/feature_internal.h"
#include "golden/features.h"
#include "golden/steps.h"

enum {
    ENCODE_WORDS = sizeof golden_words / sizeof *golden_words,
    ENCODE_TREES = sizeof features_words / sizeof *features_words
};

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

static void encode_pooled(const char *text, const char *const *names,
                          const double golden[][FEATURES_ROWS], uint32_t n)
{
    double got[FEATURES_ROWS];
    char name[64];
    step_rig r;

    rig_open(&r, FEATURES_ROWS);
    rig_column(&r, "x", features_full_code, features_words, ENCODE_TREES);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, text));
    assert_int_equal(1 + n, r.plan.var_count);
    for (uint32_t k = 0; k < n; k++) {
        snprintf(name, sizeof name, "x=%s", names[k]);
        assert_string_equal(name, r.plan.vars[1 + k].name);
        assert_int_equal(MLPIPE_TYPE_BOOL, r.plan.vars[1 + k].type);
        rig_read(&r, name, got);
        rig_compare(name, got, golden[k], FEATURES_ROWS);
    }
    group_widths(&r, NULL);
    rig_close(&r);
}

static void encode_onehot_pool(void **state)
{
    (void)state;
    encode_pooled("infrequent=pool min_count=12", features_pool_count_names,
                  features_pool_count,
                  sizeof features_pool_count / sizeof *features_pool_count);
    encode_pooled("infrequent=pool min_share=0.15 unknown=other",
                  features_pool_share_names, features_pool_share,
                  sizeof features_pool_share / sizeof *features_pool_share);
}

/* unseen, never and the seldom ones in training rows and in later ones. */
static void encode_onehot_unknown(void **state)
{
    const char *const words[] = {"d", "b", "a", "never"};
    const double code[] = {0, 0, 0, 1, 1, 2, NAN, 0};
    const double later[] = {0, 1, 2, 3, -1, NAN, 7, 0};
    const double zeros[] = {0, 1, 1, 0, 0, 0, 0, 0};
    const double other[] = {0, 1, 1, 1, 1, 0, 1, 0};
    const double refused[] = {0, 0, 0, 1, 1, 0, 1, 0};
    static const char *const params[] = {
        "max=1 infrequent=pool", "max=1 infrequent=pool unknown=other",
        "max=1 infrequent=pool unknown=error"};
    double got[8];
    (void)state;

    for (uint32_t m = 0; m < 3; m++) {
        step_rig r;
        rig_open(&r, 8);
        rig_column(&r, "x", code, words, 4);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, params[m]));
        assert_int_equal(4, r.plan.var_count);
        assert_int_equal(m == 2, r.plan.refusal_count);
        group_refusals(&r, NULL, got); /* no training row is refused */
        for (uint32_t i = 0; i < 8; i++)
            assert_same(0, got[i]);
        r.column[0] = later;
        rig_read(&r, "x=other", got);
        rig_compare(params[m], got, m == 1 ? other : zeros, 8);
        if (m == 2) {
            group_refusals(&r, NULL, got);
            rig_compare("refused", got, refused, 8);
        }
        rig_read(&r, "x=d", got);
        for (uint32_t i = 0; i < 8; i++)
            assert_same(later[i] == 0, got[i]);
        group_widths(&r, NULL);
        rig_close(&r);
    }
}

/* Nothing to pool: no feature for it, whatever comes later. */
static void encode_onehot_nothing_to_pool(void **state)
{
    const char *const words[] = {"a", "b"};
    const double code[] = {0, 1, 0, 1}, later[] = {-1, -1, 0, 1};
    double got[4];
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "x", code, words, 2);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot,
                              "infrequent=pool unknown=other"));
    assert_int_equal(3, r.plan.var_count);
    r.column[0] = later;
    rig_read(&r, "x=a", got);
    assert_same(0, got[0]);
    rig_close(&r);
}

/* A category named "other" joins the pool, and that is told. */
static void encode_onehot_other_is_a_category(void **state)
{
    const char *const words[] = {"a", "other", "c"};
    const double code[] = {0, 1, 1, 1, 2, 0}, pool[] = {0, 1, 1, 1, 1, 0};
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_listen(&r);
    rig_column(&r, "x", code, words, 3);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot,
                              "infrequent=pool min_count=2"));
    assert_heard(1, "in 3 training rows");
    assert_int_equal(3, r.plan.var_count);
    rig_read(&r, "x=other", got);
    rig_compare("pool", got, pool, 6);
    rig_close(&r);
    rig_open(&r, 6);
    rig_column(&r, "x", code, words, 3);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, NULL));
    assert_int_equal(4, r.plan.var_count);
    rig_close(&r);
}

/* Missing is one thing here, whatever a host calls it; and what unknown= says
 * is what happens: there is no level between zeros and no answer. */
static void defect_12_one_missing_and_no_quiet_unknown(void **state)
{
    const char *const words[] = {"a", "b"};
    const double code[] = {0, NAN, -NAN, 1, NAN, 0};
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "x", code, words, 2);
    assert_status(MLPIPE_E_PARAM,
                  rig_step(&r, &mlpipe__step_onehot, "unknown=warn"));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, "unknown=error"));
    assert_int_equal(4, r.plan.var_count); /* x, a, b, missing */
    rig_read(&r, "x missing", got);
    for (uint32_t i = 0; i < 6; i++)
        assert_same(isnan(code[i]), got[i]);
    rig_close(&r);
}

/* What a later batch holds changes no feature: an all-missing column keeps
 * its own, and a batch without missing values has the same ones. */
static void defect_13_the_schema_is_fixed_by_the_plan(void **state)
{
    const char *const words[] = {"a", "b"};
    const double missing[] = {NAN, NAN, NAN}, full[] = {0, 1, -1};
    const double number[] = {NAN, NAN, NAN};
    double got[3];
    step_rig r;
    (void)state;

    rig_open(&r, 3);
    rig_column(&r, "x", missing, words, 2);
    rig_column(&r, "n", number, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, NULL));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, NULL));
    assert_true(mlpipe__plan_find(&r.plan, "n") >= 0);
    assert_true(r.plan.vars[1].feature);
    assert_int_equal(3, r.plan.var_count);
    r.column[0] = full;
    rig_read(&r, "x missing", got);
    for (uint32_t i = 0; i < 3; i++)
        assert_same(0, got[i]);
    assert_int_equal(3, r.plan.var_count);
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
    assert_int_equal(MLPIPE_TYPE_I64, r.plan.vars[0].type);
    rig_close(&r);

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 4);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal, "order=name"));
    rig_read(&r, "x", got);
    rig_compare("name", got, named, 8);
    rig_close(&r);
}

static void encode_ordinal_given(void **state)
{
    const char *const words[] = {"high", "low", "mid", "odd"};
    const double code[] = {0, 1, 2, 3, NAN, -1, 1, 0};
    const double place[] = {3, 0, 2, -1, NAN, -1, 0, 3};
    const double both[] = {3, 0, 2, NAN, -1, NAN, 0, 3};
    double got[8];
    step_rig r;
    (void)state;

    rig_open(&r, 8);
    rig_listen(&r);
    rig_column(&r, "x", code, words, 4);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal,
                              "order=given values=low,never,mid,high"));
    assert_heard(2, "1 of 8 training rows of x have a value, such as odd");
    rig_read(&r, "x", got);
    rig_compare("given", got, place, 8);
    rig_close(&r);

    rig_open(&r, 8);
    rig_column(&r, "x", code, words, 4);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal,
                              "order=given values=low,never,mid,high "
                              "unknown=null missing=-1"));
    rig_read(&r, "x", got);
    rig_compare("null", got, both, 8);
    assert_true(r.plan.vars[0].nullable);
    group_widths(&r, NULL);
    rig_close(&r);
}

static void encode_ordinal_missing(void **state)
{
    const char *const words[] = {"a", "b"};
    const double code[] = {0, 1, NAN, -1}, place[] = {0, 1, -1, -1};
    const double refused[] = {0, 0, 0, 1};
    double got[4];
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "x", code, words, 2);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal,
                              "missing=-1 unknown=error"));
    assert_false(r.plan.vars[0].nullable);
    rig_read(&r, "x", got);
    rig_compare("-1", got, place, 4);
    group_refusals(&r, NULL, got);
    rig_compare("refused", got, refused, 4);
    rig_close(&r);
}

static void encode_errors(void **state)
{
    static const struct {
        const mlpipe__step *step;
        const char *text, *says;
        mlpipe_status status;
    } cases[] = {
        {&mlpipe__step_onehot, "columns=a", "is a number", MLPIPE_E_PARAM},
        {&mlpipe__step_ordinal, "columns=a", "is a number", MLPIPE_E_PARAM},
        {&mlpipe__step_onehot, "unknown=other", "infrequent=pool",
         MLPIPE_E_PARAM},
        {&mlpipe__step_onehot, "min_share=2", "0 to 1", MLPIPE_E_PARAM},
        {&mlpipe__step_ordinal, "order=given", "values=", MLPIPE_E_PARAM},
        {&mlpipe__step_ordinal, "values=u,v", "order=given", MLPIPE_E_PARAM},
        {&mlpipe__step_ordinal, "order=given values=u,v,u", "twice",
         MLPIPE_E_PARAM},
        {&mlpipe__step_ordinal, "order=given values=u unknown=error",
         "1 of 3 training rows of \"c\"", MLPIPE_E_SCHEMA},
    };
    static const char *const words[] = {"u", "v"};
    static const double code[] = {0, 1, 0}, a[] = {1, 2, 3};
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 3);
        rig_column(&r, "a", a, NULL, 0);
        rig_column(&r, "c", code, words, 2);
        assert_status(cases[i].status,
                      rig_step(&r, cases[i].step, cases[i].text));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

/* Steps that make categories give codes that no training row has: unknown,
 * as one that was never heard of. */
static void encode_ordinal_codes_without_rows(void **state)
{
    const char *const words[] = {"a", "b", "never", "z"};
    const double code[] = {3, 0, 3, 1}, later[] = {2, -1, 3, 1};
    static const struct {
        const char *text;
        double later[4];
    } cases[] = {
        {NULL, {-1, -1, 0, 2}},
        {"order=name", {-1, -1, 2, 1}},
        {"order=name unknown=null", {NAN, NAN, 2, 1}},
        {"order=given values=a,b,never,z", {-1, -1, 3, 1}},
        {"order=given values=a,b,never,z unknown=null", {NAN, NAN, 3, 1}},
    };
    double got[4];
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 4);
        rig_column(&r, "x", code, words, 4);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_ordinal, cases[i].text));
        r.column[0] = later;
        rig_read(&r, "x", got);
        rig_compare(cases[i].text ? cases[i].text : "", got, cases[i].later,
                    4);
        rig_close(&r);
    }
}

/* A NUL in a text does not end the name of its feature, nor does it make one
 * name of two texts. */
static void encode_onehot_nul(void **state)
{
    static const struct {
        const char *text;
        size_t bytes;
        const char *name;
    } odd[] = {{"a\0b", 3, "x=a\\x00b"}, {"a\0c", 3, "x=a\\x00c"},
               {"\0", 1, "x=\\x00"},     {"\\\0", 2, "x=\\\\\\x00"},
               {"d\\", 2, "x=d\\"}};
    const char *const words[] = {"a"};
    const double code[] = {0, 1, 2, 3, 4, 5};
    double got[6];
    mlpipe__dict *dict;
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "x", code, words, 1);
    dict = r.plan.program->inputs[0].dict;
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(1 + i, mlpipe__dict_add(dict, odd[i].text,
                                                 odd[i].bytes));
    r.plan.vars[0].codes = 6;
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, NULL));
    assert_int_equal(7, r.plan.var_count);
    for (uint32_t i = 0; i < 5; i++) {
        rig_read(&r, odd[i].name, got);
        for (uint32_t k = 0; k < 6; k++)
            assert_same(k == 1 + i, got[k]);
    }
    rig_close(&r);
}

/* Two features of one name are refused; that of one that was dropped is
 * free. */
static void encode_onehot_names(void **state)
{
    const char *const words[] = {"a", "b"};
    const double code[] = {0, 1};
    step_rig r;
    (void)state;

    for (uint32_t turn = 0; turn < 2; turn++) {
        rig_open(&r, 2);
        rig_column(&r, "x=b", code, NULL, 0);
        rig_column(&r, "x", code, words, 2);
        if (turn)
            mlpipe__plan_drop(&r.plan, 0);
        assert_status(turn ? MLPIPE_OK : MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_onehot, NULL));
        if (!turn)
            assert_says(r.ctx, "would be named \"x=b\"");
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encode_onehot),
        cmocka_unit_test(encode_onehot_max),
        cmocka_unit_test(encode_onehot_pool),
        cmocka_unit_test(encode_onehot_unknown),
        cmocka_unit_test(encode_onehot_nothing_to_pool),
        cmocka_unit_test(encode_onehot_other_is_a_category),
        cmocka_unit_test(encode_onehot_nul),
        cmocka_unit_test(encode_onehot_names),
        cmocka_unit_test(defect_12_one_missing_and_no_quiet_unknown),
        cmocka_unit_test(defect_13_the_schema_is_fixed_by_the_plan),
        cmocka_unit_test(encode_ordinal),
        cmocka_unit_test(encode_ordinal_given),
        cmocka_unit_test(encode_ordinal_missing),
        cmocka_unit_test(encode_ordinal_codes_without_rows),
        cmocka_unit_test(encode_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
