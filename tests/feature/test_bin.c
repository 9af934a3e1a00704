/* SPDX-License-Identifier: MIT */
/* bin against KBinsDiscretizer and numpy.digitize. */
#include "group_rig.h"

#include "feature/feature_internal.h"
#include "golden/features.h"

static void bin_values(const double *x, uint32_t rows, const char *text,
                       double *out)
{
    step_rig r;

    rig_open(&r, rows);
    rig_column(&r, "x", x, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_bin, text));
    rig_read(&r, "x", out);
    group_widths(&r, NULL);
    rig_close(&r);
}

static void bin_golden(void **state)
{
    static const struct {
        const double *x, *golden;
        const char *text;
    } cases[] = {
        {features_plain, features_bin_plain_quantile, NULL},
        {features_plain, features_bin_plain_width, "method=width"},
        {features_ties, features_bin_ties_quantile, "bins=5"},
        {features_ties, features_bin_ties_width, "method=width bins=5"},
        {features_ties, features_digitize[0],
         "method=explicit edges=0.5,1,2,4"},
        {features_ties, features_digitize[1],
         "method=explicit edges=0.5,1,2,4 closed=right"},
    };
    double got[FEATURES_ROWS], other[FEATURES_ROWS];
    char text[100];
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bin_values(cases[i].x, FEATURES_ROWS, cases[i].text, got);
        rig_compare(cases[i].text ? cases[i].text : "defaults", got,
                    cases[i].golden, FEATURES_ROWS);
        snprintf(text, sizeof text, "%s encode=number",
                 cases[i].text ? cases[i].text : "bins=5");
        bin_values(cases[i].x, FEATURES_ROWS, text, other);
        assert_memory_equal(got, other, sizeof got);
    }
}

/* Edges fall together by their relative distance: KBinsDiscretizer drops all
 * that lie within 1e-8, and leaves one cell of data of this scale. */
static void defect_6_bins_of_data_of_any_scale(void **state)
{
    static const double scale[] = {1e-9, 1e-300, 1, 1e12, 1e300};
    double x[FEATURES_ROWS], got[FEATURES_ROWS], first[FEATURES_ROWS];
    (void)state;

    for (int width = 0; width < 2; width++) {
        const char *text = width ? "method=width" : NULL;
        bin_values(features_plain, FEATURES_ROWS, text, first);
        for (uint32_t s = 0; s < sizeof scale / sizeof *scale; s++) {
            double high = 0;
            for (uint32_t i = 0; i < FEATURES_ROWS; i++)
                x[i] = features_plain[i] * scale[s];
            bin_values(x, FEATURES_ROWS, text, got);
            for (uint32_t i = 0; i < FEATURES_ROWS; i++)
                high = got[i] > high ? got[i] : high;
            assert_same(4, high);
            rig_compare("scaled", got, first, FEATURES_ROWS);
        }
    }
}

static void bin_labels(void **state)
{
    static const char *const left[] = {"(-inf, 0)", "[0, 10)"};
    static const char *const right[] = {"(-inf, 0]", "(0, 10]"};
    static const double x[] = {-1, 0, 5, 10, 100, NAN, 1e300};
    step_rig r;
    (void)state;

    for (int closed = 0; closed < 2; closed++) {
        rig_open(&r, 7);
        rig_column(&r, "x", x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_bin,
                                  closed ? "method=explicit edges=0,10,100 "
                                           "closed=right"
                                         : "method=explicit "
                                           "edges=0,10,100"));
        const mlpipe__var *v = &r.plan.vars[0];
        assert_int_equal(MLPIPE__CODE, v->kind);
        assert_int_equal(MLPIPE_TYPE_CATEGORY, v->type);
        assert_int_equal(4, v->codes);
        assert_int_equal(4, v->dict->count);
        for (uint32_t k = 0; k < 2; k++)
            assert_string_equal(closed ? right[k] : left[k],
                                mlpipe__dict_text(v->dict, k));
        assert_string_equal(closed ? "(10, 100]" : "[10, 100)",
                            mlpipe__dict_text(v->dict, 2));
        assert_string_equal(closed ? "(100, inf)" : "[100, inf)",
                            mlpipe__dict_text(v->dict, 3));
        double got[7];
        rig_read(&r, "x", got);
        assert_same(closed ? 0 : 1, got[1]);
        assert_same(closed ? 1 : 2, got[3]);
        assert_true(isnan(got[5]));
        assert_same(3, got[6]);
        rig_close(&r);
    }
}

/* What follows takes a binned number for the category that it is. */
static void bin_then_onehot(void **state)
{
    double got[FEATURES_ROWS];
    step_rig r;
    (void)state;

    rig_open(&r, FEATURES_ROWS);
    rig_column(&r, "x", features_ties, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_bin,
                              "method=explicit edges=1,2"));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_onehot, NULL));
    rig_read(&r, "x=[1, 2)", got);
    for (uint32_t i = 0; i < FEATURES_ROWS; i++)
        assert_same(features_ties[i] >= 1 && features_ties[i] < 2, got[i]);
    group_widths(&r, NULL);
    rig_close(&r);
}

/* Few values, one, or none: fewer cells, told. */
static void bin_few_values(void **state)
{
    static const double two[] = {3, 3, 3, 3, 8}, one[] = {7, 7, 7, 7, 7},
                        none[] = {NAN, NAN, NAN, NAN, NAN},
                        far[] = {-1.5e308, 0, 1.5e308, 1e308, -1e308};
    static const struct {
        const double *x;
        const char *text;
        uint32_t codes, lines;
    } cases[] = {
        {two, "bins=4", 1, 1},    {one, "bins=4", 1, 1},
        {none, "bins=4", 1, 1},   {one, "bins=4 method=width", 1, 1},
        {two, "bins=2 method=width", 2, 0},
        {far, "bins=3 method=width", 3, 0},
        {far, "bins=5", 5, 0},
    };
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got[5];
        step_rig r;
        rig_open(&r, 5);
        rig_listen(&r);
        rig_column(&r, "x", cases[i].x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_bin, cases[i].text));
        assert_heard(cases[i].lines, cases[i].lines ? "x is cut into" : "");
        if (r.plan.vars[0].codes != cases[i].codes)
            fail_msg("%s: %u cells", cases[i].text, r.plan.vars[0].codes);
        rig_read(&r, "x", got);
        group_widths(&r, NULL);
        rig_close(&r);
    }
}

static void bin_errors(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"method=explicit", "edges=0,10,100"},
        {"edges=1,2", "method=explicit"},
        {"method=explicit edges=1,3,2", "3 is followed by 2"},
        {"method=explicit edges=1,1", "1 is followed by 1"},
        {"method=explicit edges=1,2 bins=3", "leave bins out"},
        {"bins=1", "at least 2"},
        {"columns=y", "free text"},
        {"columns=c", "is a category"},
    };
    static const char *const words[] = {"u", "v"};
    static const double c[] = {0, 1, 0}, x[] = {1, 2, 3};
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 3);
        rig_column(&r, "x", x, NULL, 0);
        rig_column(&r, "c", c, words, 2);
        rig_column(&r, "y", c, words, 0);
        r.plan.vars[2].type = MLPIPE_TYPE_TEXT;
        assert_status(MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_bin, cases[i].text));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

/* Infinite values make no edge, and lie in the outer cells. */
static void bin_infinite(void **state)
{
    static const double x[] = {INFINITY, 0, 1, 2, -INFINITY, 3, 4, 8};
    static const double without[] = {NAN, 0, 1, 2, NAN, 3, 4, 8};
    static const char *const params[] = {"bins=4", "bins=4 method=width"};
    double want[8], got[8];
    (void)state;

    for (uint32_t m = 0; m < 2; m++) {
        step_rig r;
        rig_open(&r, 8);
        rig_listen(&r);
        rig_column(&r, "x", x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_bin, params[m]));
        assert_heard(1, "x is infinite in 2 of 8 training rows");
        rig_read(&r, "x", got);
        rig_close(&r);
        bin_values(without, 8, params[m], want);
        for (uint32_t i = 0; i < 8; i++)
            assert_same(isinf(x[i]) ? (x[i] > 0 ? 3 : 0) : want[i], got[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bin_golden),
        cmocka_unit_test(defect_6_bins_of_data_of_any_scale),
        cmocka_unit_test(bin_labels),
        cmocka_unit_test(bin_then_onehot),
        cmocka_unit_test(bin_few_values),
        cmocka_unit_test(bin_errors),
        cmocka_unit_test(bin_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
