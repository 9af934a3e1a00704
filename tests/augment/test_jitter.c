/* SPDX-License-Identifier: MIT */
/* jitter: the size of its noise, and what it depends on. */
#include "feature/group_rig.h"

#include "augment/augment_internal.h"
#include "golden/steps.h"

static double jitter_once(const step_rig *r, uint64_t id, uint32_t copy,
                          double x)
{
    r->job.step->vary(&r->job, &id, 1, copy, 0, &x);
    assert_true(x == x);
    return x;
}

static void jitter_noise(void **state)
{
    enum { DRAWS = 20000 };
    step_rig r;
    double sum = 0, squares = 0;
    (void)state;

    rig_open(&r, GOLDEN_ROWS);
    rig_column(&r, "b", golden_x[1], NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "sd=0.5 copies=3"));
    assert_int_equal(3, mlpipe__step_jitter.copies(&r.job));
    const double sd = 0.5 * sqrt(mlpipe__stats_variance(&r.stats[0], 0));
    for (uint32_t i = 0; i < DRAWS; i++) {
        const double z = (jitter_once(&r, i, i % 3, 1e6) - 1e6) / sd;
        sum += z;
        squares += z * z;
    }
    /* five standard errors of a mean and of a variance */
    assert_true(fabs(sum / DRAWS) < 5 / sqrt(DRAWS));
    assert_true(fabs(squares / DRAWS - 1) < 5 * sqrt(2.0 / DRAWS));
    /* the same row and copy vary alike, others do not */
    assert_same(jitter_once(&r, 7, 1, 2), jitter_once(&r, 7, 1, 2));
    assert_true(jitter_once(&r, 7, 1, 2) != jitter_once(&r, 7, 2, 2));
    assert_true(jitter_once(&r, 7, 1, 2) != jitter_once(&r, 8, 1, 2));
    rig_close(&r);
}

static void jitter_leaves_alone(void **state)
{
    const double constant[] = {3, 3, 3, 3};
    const uint64_t id = 1;
    double x = NAN;
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "x", constant, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, NULL));
    assert_same(jitter_once(&r, 1, 0, 3), 3.0);
    mlpipe__step_jitter.vary(&r.job, &id, 1, 0, 0, &x);
    assert_true(x != x);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_jitter,
                                           "sd=-1"));
    rig_close(&r);
}

/* A bool with noise would be true wherever it is read. */
static void jitter_bools(void **state)
{
    const double flag[] = {0, 1, 1, 0}, x[] = {1, 2.5, 3, 5};
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "flag", flag, NULL, 0);
    rig_column(&r, "x", x, NULL, 0);
    r.plan.vars[0].type = MLPIPE_TYPE_BOOL;
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, NULL));
    assert_int_equal(1, r.job.chosen_count);
    assert_int_equal(1, r.job.chosen[0]);
    assert_true(jitter_once(&r, 1, 0, 3) != 3);
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_jitter,
                                           "columns=x,flag"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "flag"));
    rig_close(&r);
}

/* A copy has what the data may have: yes or no, and whole numbers. */
static void jitter_keeps_kinds(void **state)
{
    const double flag[] = {0, 1, 1, NAN, 0, 1}, x[] = {1, 2.5, 3, 5, 2, 4};
    const double whole[] = {1, 20, 30, NAN, 50, 7};
    step_rig r;
    uint32_t moved = 0;
    (void)state;

    rig_open(&r, 6);
    rig_listen(&r);
    rig_column(&r, "flag", flag, NULL, 0);
    rig_column(&r, "x", x, NULL, 0);
    rig_column(&r, "whole", whole, NULL, 0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "sd=0.1"));
    assert_int_equal(0, heard_lines);
    for (uint64_t id = 0; id < 100; id++) {
        double a = 1, b = 2.5, c = 20;
        r.job.step->vary(&r.job, &id, 1, 0, 0, &a);
        r.job.step->vary(&r.job, &id, 1, 0, 1, &b);
        r.job.step->vary(&r.job, &id, 1, 0, 2, &c);
        assert_same(a, 1.0);
        assert_true(b != 2.5);
        assert_same(c, floor(c));
        moved += c != 20;
    }
    assert_true(moved > 50);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter,
                              "columns=flag,x sd=0.1"));
    assert_heard(1, "flag is 0 or 1 in all training rows");
    rig_listen(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter,
                              "columns=x,whole sd=0.005"));
    assert_heard(1, "1 of 2 columns hold whole numbers");
    assert_non_null(strstr(heard_last, "(whole: a deviation of "));
    rig_close(&r);
}

/* Copies that equal their rows are told, and why. */
static void jitter_tells_no_noise(void **state)
{
    const double same[] = {3, 3, 3, 3}, flag[] = {0, 1, 1, 0};
    const double never[] = {INFINITY, NAN, INFINITY, INFINITY};
    const double wide[] = {-1.7e308, 1.7e308, 1e308, 0.5};
    const double x[] = {1.5, INFINITY, 2, 3};
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "same", same, NULL, 0);
    rig_column(&r, "flag", flag, NULL, 0);
    rig_column(&r, "never", never, NULL, 0);
    rig_column(&r, "wide", wide, NULL, 0);
    rig_column(&r, "x", x, NULL, 0);
    rig_listen(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=same"));
    assert_heard(1, "no column is left to vary: 1 are chosen");
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=never"));
    assert_heard(3, "no column is left to vary");
    rig_listen(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=x sd=0"));
    assert_heard(2, "sd=0 is no noise");
    rig_listen(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=wide,x "
                                                        "sd=5"));
    assert_heard(2, "x is infinite in 1 of 4 training rows; the noise");
    assert_same(jitter_once(&r, 1, 0, 7), 7.0);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=x,wide "
                                                        "sd=5"));
    assert_heard(4, "noise of sd=5 deviations of wide, which are 1.27");
    assert_true(jitter_once(&r, 1, 0, 2) != 2);
    assert_same(jitter_once(&r, 1, 0, INFINITY), INFINITY);
    /* a variance beyond the doubles, and a deviation that is none */
    rig_listen(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_jitter, "columns=wide"));
    assert_int_equal(0, heard_lines);
    assert_true(jitter_once(&r, 1, 0, 1e308) != 1e308);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_noise),
        cmocka_unit_test(jitter_leaves_alone),
        cmocka_unit_test(jitter_bools),
        cmocka_unit_test(jitter_keeps_kinds),
        cmocka_unit_test(jitter_tells_no_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
