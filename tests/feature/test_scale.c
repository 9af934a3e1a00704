/* SPDX-License-Identifier: MIT */
/* scale against scikit-learn's three scalers, of all rows and by group. */
#include "group_rig.h"

#include "feature/feature_internal.h"
#include "golden/features.h"
#include "golden/steps.h"

enum { SCALE_WORDS = sizeof features_words / sizeof *features_words };

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
    assert_int_equal(MLPIPE_TYPE_F64, r.plan.vars[1].type);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_scale,
                                           "method=z"));
    rig_close(&r);
}

/* The training rows' own values become -1 and 1, not inf or what they were:
 * scikit-learn's mean of such columns is infinite. */
static void defect_7_scaling_near_the_end_of_the_range(void **state)
{
    static const double column[][2] = {
        {1e308, 1.5e308}, {-1.7e308, 1.7e308}, {-1e308, -1.1e308},
        {1e-310, 3e-310}, {1e-200, 2e-200},    {1e200, -3e200}};
    static const char *const methods[] = {NULL, "method=minmax",
                                          "method=robust"};
    static const double expected[][2] = {{-1, 1}, {0, 1}, {-1, 1}};
    (void)state;

    for (uint32_t c = 0; c < sizeof column / sizeof *column; c++)
        for (uint32_t m = 0; m < 3; m++) {
            const bool falls = column[c][0] > column[c][1];
            step_rig r;
            double got[2];

            rig_open(&r, 2);
            rig_column(&r, "x", column[c], NULL, 0);
            assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, methods[m]));
            rig_read(&r, "x", got);
            assert_near(got[falls], expected[m][0], 1e-13);
            assert_near(got[!falls], expected[m][1], 1e-13);
            rig_close(&r);
        }
}

/* Sums of squares less squares of sums lose all digits beside an offset; ours
 * are exact, of all rows and of groups. */
static void defect_5_an_offset_costs_no_digit(void **state)
{
    static const char *const words[] = {"u", "v"};
    double near[64], far[64], group[64], a[64], b[64];
    (void)state;

    for (uint32_t i = 0; i < 64; i++) {
        near[i] = i * 29 % 64 / 16.0;
        far[i] = near[i] + 0x1p40; /* exact */
        group[i] = i % 3 == 0;
    }
    for (int by = 0; by < 2; by++) {
        step_rig r;
        rig_open(&r, 64);
        rig_column(&r, "near", near, NULL, 0);
        rig_column(&r, "far", far, NULL, 0);
        rig_column(&r, "g", group, words, 2);
        assert_ok(r.ctx, group_step(&r, NULL, &mlpipe__step_scale,
                                    by ? "by=g" : NULL));
        group_read(&r, NULL, "near", a);
        group_read(&r, NULL, "far", b);
        /* the mean of the far one is rounded to 2^-12, its spread is not */
        for (uint32_t i = 0; i < 64; i++) {
            assert_near(b[i], a[i], 1e-3);
            if (!by || group[i] == group[0])
                assert_near(b[i] - b[0], a[i] - a[0], 1e-14);
        }
        rig_close(&r);
    }
}

/* Infinite values change nothing for the others, in no method and group, and
 * are missing behind it. */
static void scale_infinite(void **state)
{
    static const char *const words[] = {"u", "v"};
    static const char *const params[] = {
        NULL, "method=minmax", "method=robust", "columns=x by=g",
        "by=g method=minmax", "by=g method=robust"};
    static const double x[] = {1, 2, INFINITY, 4, -INFINITY, 9, 5, INFINITY};
    static const double g[] = {0, 0, 0, 0, 1, 1, 1, 1};
    double without[8], want[8], got[8];
    (void)state;

    for (uint32_t i = 0; i < 8; i++)
        without[i] = isinf(x[i]) ? NAN : x[i];
    for (uint32_t m = 0; m < sizeof params / sizeof *params; m++)
        for (int infinite = 0; infinite < 2; infinite++) {
            step_rig r;
            rig_open(&r, 8);
            rig_listen(&r);
            rig_column(&r, "x", infinite ? x : without, NULL, 0);
            rig_column(&r, "g", g, words, 2);
            assert_ok(r.ctx, group_step(&r, NULL, &mlpipe__step_scale,
                                        params[m]));
            if (infinite)
                assert_heard(1, "x is infinite in 3 of 8 training rows; it "
                                "is scaled by the finite ones, and infinite "
                                "ones become missing");
            else
                assert_int_equal(0, heard_lines);
            group_read(&r, NULL, "x", infinite ? got : want);
            rig_close(&r);
            for (uint32_t i = 0; i < 8 && infinite; i++)
                assert_same(want[i], got[i]);
        }
}

/* Infinite values alone are as none at all. */
static void scale_no_finite_value(void **state)
{
    static const double x[] = {INFINITY, NAN, -INFINITY, INFINITY};
    static const double later[] = {7, NAN, INFINITY, 0};
    static const char *const params[] = {
        NULL, "method=robust", "method=minmax clip=true"};
    double got[4];
    (void)state;

    for (uint32_t m = 0; m < 3; m++) {
        step_rig r;
        rig_open(&r, 4);
        rig_listen(&r);
        rig_column(&r, "x", x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale, params[m]));
        assert_heard(1, "x has no finite value in 4 training rows and is "
                        "infinite in 3 of them; it becomes like a column "
                        "that is missing in all rows");
        rig_read(&r, "x", got);
        for (uint32_t i = 0; i < 4; i++)
            assert_true(isnan(got[i]));
        r.column[0] = later;
        rig_read(&r, "x", got);
        assert_same(m == 2 ? 1 : 7, got[0]);
        assert_true(isnan(got[2]));
        rig_close(&r);
    }
}

/* With clip, an infinite value lies at the bound on its side, in training and
 * later, beside any other values. */
static void scale_clip_infinite(void **state)
{
    static const char *const words[] = {"u", "v"};
    static const double columns[][6] = {
        {0, 10, INFINITY, -INFINITY, 5, 2},
        {0, 10, 3, 4, 5, 2},
        {7, 7, 7, 7, INFINITY, 7}, /* no spread */
        {-1e300, -1e300, -1e300, -1e300, -1e300, -1e300},
        {-1.7e308, 1.7e308, 0, 1e308, INFINITY, 1},
        {1e308, 1e308, 1e308, 1e308, 1e308, 1e308},
        {1e-310, 3e-310, INFINITY, 2e-310, 2e-310, 1e-310}};
    static const double g[] = {0, 0, 1, 1, 1, 0};
    static const double later[] = {INFINITY, -INFINITY, NAN,
                                   INFINITY, -INFINITY, 0};
    static const double want[] = {1, 0, NAN, 1, 0};
    double got[6];
    (void)state;

    for (uint32_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (int by = 0; by < 2; by++) {
            bool infinite = false;
            step_rig r;
            rig_open(&r, 6);
            rig_listen(&r);
            rig_column(&r, "x", columns[c], NULL, 0);
            rig_column(&r, "g", g, words, 2);
            assert_ok(r.ctx, group_step(&r, NULL, &mlpipe__step_scale,
                                        by ? "method=minmax clip=true by=g"
                                           : "method=minmax clip=true"));
            for (uint32_t i = 0; i < 6; i++)
                infinite = infinite || isinf(columns[c][i]);
            if (infinite && !by)
                assert_heard(1, "infinite ones become 0 or 1");
            group_read(&r, NULL, "x", got);
            for (uint32_t i = 0; i < 6; i++)
                assert_true(isinf(columns[c][i])
                                ? got[i] == (columns[c][i] > 0)
                                : got[i] >= 0 && got[i] <= 1);
            r.column[0] = later;
            group_read(&r, NULL, "x", got);
            rig_compare("infinite ones later", got, want, 5);
            rig_close(&r);
        }
}

static void scale_clip(void **state)
{
    static const double x[] = {0, 10, 5, NAN}, later[] = {-5, 20, 5, NAN};
    static const double clipped[] = {0, 1, 0.5, NAN};
    static const double open[] = {-0.5, 2, 0.5, NAN};
    step_rig r;
    double got[4];
    (void)state;

    for (int clip = 0; clip < 2; clip++) {
        rig_open(&r, 4);
        rig_column(&r, "x", x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_scale,
                                  clip ? "method=minmax clip=true"
                                       : "method=minmax"));
        r.column[0] = later;
        rig_read(&r, "x", got);
        rig_compare("clip", got, clip ? clipped : open, 4);
        assert_status(MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_scale,
                               "method=zscore clip=true"));
        assert_says(r.ctx, "minmax");
        rig_close(&r);
    }
}

/* ---- by group ----------------------------------------------------------- */

static void scale_open_groups(step_rig *r)
{
    rig_open(r, FEATURES_ROWS);
    rig_column(r, "x", features_x, NULL, 0);
    rig_column(r, "g", features_code, features_words, SCALE_WORDS);
}

static void scale_by(void **state)
{
    static const char *const params[] = {
        "columns=x by=g", "by=g method=minmax", "by=g method=robust"};
    static const double *const golden[] = {
        features_by_zscore, features_by_minmax, features_by_robust};
    double got[FEATURES_ROWS];
    step_rig r;
    (void)state;

    for (uint32_t m = 0; m < 3; m++) {
        scale_open_groups(&r);
        assert_ok(r.ctx, group_step(&r, NULL, &mlpipe__step_scale,
                                    params[m]));
        group_read(&r, NULL, "x", got);
        rig_compare(params[m], got, golden[m], FEATURES_ROWS);
        assert_int_equal(MLPIPE__CODE, r.plan.vars[1].kind);
        group_widths(&r, NULL);
        rig_close(&r);
    }
}

/* A small group, one without spread, an empty one, unseen and missing: all by
 * all rows, told once, and no division by 0. */
static void scale_by_small_groups(void **state)
{
    static const char *const words[] = {"big", "flat", "one", "empty"};
    static const double x[] = {1, 3, 7, 7, 12, 5, 0, 4};
    static const double g[] = {0, 0, 1, 1, 2, NAN, -1, 9};
    double got[8], all[8];
    mlpipe__stats s;
    step_rig r;
    (void)state;

    for (int three = 0; three < 2; three++) {
        rig_open(&r, 8);
        rig_listen(&r);
        mlpipe__stats_init(&s, r.ctx->env, MLPIPE__NEED_MOMENTS, 0);
        assert_true(mlpipe__stats_update(&s, x, NULL, 8));
        for (uint32_t i = 0; i < 8; i++)
            all[i] = (x[i] - mlpipe__stats_mean(&s)) /
                     sqrt(mlpipe__stats_variance(&s, 0));
        mlpipe__stats_free(&s);
        rig_column(&r, "x", x, NULL, 0);
        rig_column(&r, "g", g, words, 4);
        assert_ok(r.ctx, group_step(&r, NULL, &mlpipe__step_scale,
                                    three ? "by=g min_group=3" : "by=g"));
        group_read(&r, NULL, "x", got);
        assert_same(three ? all[0] : -1, got[0]);
        assert_same(three ? all[1] : 1, got[1]);
        for (uint32_t i = 2; i < 8; i++)
            assert_same(all[i], got[i]);
        assert_heard(1, three ? "4 of the 4 groups of g" : "3 of the 4 groups");
        rig_close(&r);
    }
}

static void scale_by_errors(void **state)
{
    static const double x[] = {1, 2, 3};
    step_rig r;
    (void)state;

    rig_open(&r, 3);
    rig_column(&r, "x", x, NULL, 0);
    rig_column(&r, "y", x, NULL, 0);
    assert_status(MLPIPE_E_PARAM,
                  group_step(&r, NULL, &mlpipe__step_scale, "by=y"));
    assert_says(r.ctx, "is a number here");
    assert_status(MLPIPE_E_PARAM,
                  group_step(&r, NULL, &mlpipe__step_scale, "by=xx"));
    assert_says(r.ctx, "did you mean");
    assert_status(MLPIPE_E_PARAM,
                  group_step(&r, NULL, &mlpipe__step_scale, "by=x,y"));
    assert_says(r.ctx, "2 columns");
    assert_status(MLPIPE_E_PARAM,
                  group_step(&r, NULL, &mlpipe__step_scale, "min_group=1"));
    rig_close(&r);
}

/* The rows in any order: the same constants, bit by bit. */
static void scale_by_any_order(void **state)
{
    double x[FEATURES_ROWS], g[FEATURES_ROWS];
    step_rig a, b;
    (void)state;

    for (uint32_t i = 0; i < FEATURES_ROWS; i++) {
        x[i] = features_x[(i * 37 + 5) % FEATURES_ROWS];
        g[i] = features_code[(i * 37 + 5) % FEATURES_ROWS];
    }
    for (uint32_t m = 0; m < 2; m++) {
        const char *text = m ? "by=g method=robust" : "by=g";
        scale_open_groups(&a);
        assert_ok(a.ctx, group_step(&a, NULL, &mlpipe__step_scale, text));
        rig_open(&b, FEATURES_ROWS);
        rig_column(&b, "x", x, NULL, 0);
        rig_column(&b, "g", g, features_words, SCALE_WORDS);
        assert_ok(b.ctx, group_step(&b, NULL, &mlpipe__step_scale, text));
        assert_int_equal(a.plan.program->const_count,
                         b.plan.program->const_count);
        assert_memory_equal(a.plan.program->consts, b.plan.program->consts,
                            a.plan.program->const_count * sizeof(double));
        rig_close(&a);
        rig_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_methods),
        cmocka_unit_test(scale_minmax),
        cmocka_unit_test(scale_one_column),
        cmocka_unit_test(defect_7_scaling_near_the_end_of_the_range),
        cmocka_unit_test(defect_5_an_offset_costs_no_digit),
        cmocka_unit_test(scale_infinite),
        cmocka_unit_test(scale_no_finite_value),
        cmocka_unit_test(scale_clip_infinite),
        cmocka_unit_test(scale_clip),
        cmocka_unit_test(scale_by),
        cmocka_unit_test(scale_by_small_groups),
        cmocka_unit_test(scale_by_errors),
        cmocka_unit_test(scale_by_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
