/* SPDX-License-Identifier: MIT */
/* The stream of losses: its order, its alarm, and what ends that. */
#include "../cycle/cycle_world.h"

#include <mlpipe/detector.h>

#define QUIET                                                                \
    "when='rows < 0' gate_min=100 probation=1000 cooldown=0 alpha=1e-9"

static mlpipe_report *report(world *d)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    return r;
}

static void expect(world *d, const char *verdict, double n)
{
    mlpipe_report *r = report(d);

    assert_string_equal(mlpipe_report_text(r, "concept"), verdict);
    if (n >= 0)
        assert_true(mlpipe_report_get(r, "concept.n") == n);
    mlpipe_report_free(r);
}

/* The default: nothing while the law stays, an alarm soon after it changes,
 * until another deployment serves. */
static void test_alarm_and_swap(void **state)
{
    mlpipe_report *r;
    double reference;
    world d;

    world_make(&d, QUIET);
    expect(&d, "INSUFFICIENT_DATA", 0);
    assert_int_equal(world_live(&d, 29, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "INSUFFICIENT_DATA", 29);
    for (int i = 0; i < 20; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "OK", 10029);
    r = report(&d);
    reference = mlpipe_report_get(r, "concept.reference");
    /* |error| of a normal law by 4 of its sd: 0.7979 / 4 */
    assert_float_equal(reference, 0.1995, 0.01);
    assert_float_equal(mlpipe_report_get(r, "concept.loss"), reference, 0.02);
    assert_true(mlpipe_report_get(r, "concept.threshold") == 1e6);
    mlpipe_report_free(r);
    assert_int_equal(world_live(&d, 100, -2.0), MLPIPE_ACTION_NONE);
    expect(&d, "DRIFT", 10129);
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    r = report(&d);
    assert_string_equal(mlpipe_report_text(r, "concept"), "DRIFT");
    assert_true(mlpipe_report_get(r, "concept.alarms") >= 1);
    assert_true(mlpipe_report_get(r, "concept.statistic") >= 1e6);
    mlpipe_report_free(r);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    /* few losses would not show a doubled one, and many would */
    assert_int_equal(world_live(&d, 40, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "INSUFFICIENT_DATA", 40);
    assert_int_equal(world_live(&d, 260, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "OK", 300);
    world_drop(&d);
    (void)state;
}

/* A retrain that was rejected has heeded the alarm. */
static void test_rejected(void **state)
{
    int32_t action;
    world d;

    world_make(&d, QUIET);
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 60, -2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "DRIFT", -1);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_ok(d.c, mlpipe_cycle_tick(d.c, d.cycle,
                                     (int64_t)d.next * 1000000, &action));
    assert_int_equal(action, MLPIPE_ACTION_REJECTED);
    assert_int_equal(world_live(&d, 300, 2.0), MLPIPE_ACTION_NONE);
    expect(&d, "OK", 300);
    world_drop(&d);
    (void)state;
}

/* A rule can name it. */
static void test_rule(void **state)
{
    world d;

    world_make(&d, "when='concept and concept.loss > 1.2 * concept.reference' "
                   "gate_min=100 probation=1000");
    for (int i = 0; i < 4; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_RETRAIN);
    world_drop(&d);
    (void)state;
}

/* ---- order ------------------------------------------------------------- */

static void monitor_make(world *d, const char *params)
{
    world_make(d, QUIET);
    mlpipe_cycle_free(d->cycle);
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    d->cycle = NULL;
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, params, &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
}

/* Truths told in any order, by one tick or before the prediction, are heard in
 * the order of (label time, id). */
static double alarm_statistic(int how)
{
    enum { N = 400 };
    mlpipe_report *r;
    double value;
    world d;

    monitor_make(&d, "detector='page_hinkley threshold=3 mode=up min=10'");
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < N; k++) {
            const uint32_t i = how == 1 ? N - 1 - k
                               : how   ? (k * 149 + 7) % N
                                       : k;
            const uint64_t id = 5000 + i;
            const world_row row = world_draw(id);
            double out;
            if (pass == (how == 2))
                assert_ok(d.c, mlpipe_worker_predict(d.w, id, 1, &row, &out,
                                                     1));
            else
                assert_ok(d.c, mlpipe_monitor_truth(
                                   d.c, d.monitor, id, 1000 + i / 3,
                                   world_y(id, i < 200 ? 2.0 : 12.0)));
        }
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, 5000, NULL));
    expect(&d, "DRIFT", N);
    r = report(&d);
    value = mlpipe_report_get(r, "concept.statistic");
    mlpipe_report_free(r);
    world_drop(&d);
    return value;
}

static void test_order(void **state)
{
    const double want = alarm_statistic(0);

    assert_true(want > 3);
    assert_true(alarm_statistic(1) == want);
    assert_true(alarm_statistic(2) == want);
    assert_true(alarm_statistic(3) == want);
    (void)state;
}

/* ---- kinds ------------------------------------------------------------- */

static void test_kinds(void **state)
{
    static const char *const kinds[] = {
        "detector=adwin",
        "detector='hddm_a'",
        "detector='e_detector arl=1e4'",
        "detector='e_detector mean=0.2 margin=0.05'",
        "detector='page_hinkley threshold=20'",
    };
    mlpipe_monitor *m;
    world d;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        monitor_make(&d, kinds[i]);
        world_serve(&d, 600, 2.0);
        assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, 1, NULL));
        expect(&d, "OK", 600);
        world_serve(&d, 600, -20.0);
        assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, 2, NULL));
        expect(&d, "DRIFT", 1200);
        world_drop(&d);
    }
    monitor_make(&d, "detector=none");
    world_serve(&d, 600, -2.0);
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, 1, NULL));
    expect(&d, "INSUFFICIENT_DATA", 0);
    mlpipe_worker_free(d.w);
    mlpipe_monitor_free(d.monitor);
    d.w = NULL;
    d.monitor = NULL;
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_monitor_new(d.c, d.slot, "detector=page_hinckley",
                                     &m));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "page_hinkley"));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_monitor_new(d.c, d.slot,
                                     "detector='e_detector alr=3'", &m));
    world_drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_and_swap),
        cmocka_unit_test(test_rejected),
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
