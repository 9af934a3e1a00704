/* SPDX-License-Identifier: MIT */
/* Rules and the loop. */
#include "serve_world.h"

#define CYCLE_PARAMS                                                        \
    "when='rows >= 1' gate_share=0.5 gate_min=10 "           \
    "probation=40 cooldown=0"

static mlpipe_status torture_trigger(torture *t)
{
    mlpipe_trigger *rule = (mlpipe_trigger *)t;
    mlpipe_report *r = NULL;
    int32_t fired = 7;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = mlpipe_trigger_new(
            t->c, serve_get_kept()->a,
            "not `x.psi` > 10 % * 2 and rmse > 1.1 * reference or age > 1 s",
            &rule);
    torture_check(t, !st == (rule != NULL && rule != (void *)t));
    torture_calm(t);
    if (!st)
        st = mlpipe_monitor_tick(t->c, w.monitor, INT64_C(1) << 60, NULL);
    if (!st)
        st = mlpipe_monitor_report(t->c, w.monitor, &r);
    torture_storm(t);
    if (!st)
        st = mlpipe_trigger_test(t->c, rule, r, &fired);
    if (!st)
        torture_check(t, fired == 1);
    if (rule != (void *)t)
        mlpipe_trigger_free(rule);
    mlpipe_report_free(r);
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_cycle_new(torture *t)
{
    mlpipe_cycle *cycle = (mlpipe_cycle *)t;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st) {
        st = mlpipe_cycle_new(t->c, w.monitor, serve_get_kept()->recipe,
                              CYCLE_PARAMS, &cycle);
        torture_check(t, !st == (cycle != NULL));
        mlpipe_cycle_free(cycle);
    }
    serve_free_world(&w);
    return st;
}

static void record_log(torture *t, mlpipe_cycle *cycle)
{
    mlpipe_buffer *b = NULL;

    torture_calm(t);
    torture_check(t, !mlpipe_cycle_log(t->plain, cycle, &b));
    torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    torture_storm(t);
}

/* Live with one law until the world wants another model. */
static mlpipe_status cycle_live(torture *t, serve_world *w)
{
    mlpipe_status st = serve_make_world(t, w, CYCLE_PARAMS);

    if (!st)
        st = serve_requests(t, w, 1, 120, -6);
    return st;
}

static mlpipe_status torture_cycle_tick(torture *t)
{
    int32_t action = 7;
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    if (!st) {
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, &action);
        torture_check(t, action == (st ? MLPIPE_ACTION_NONE
                                       : MLPIPE_ACTION_RETRAIN));
        if (!st)
            record_log(t, w.cycle);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_cycle_retrain(torture *t)
{
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, NULL);
    torture_storm(t);
    if (!st)
        st = mlpipe_cycle_retrain(t->c, w.cycle);
    if (!st)
        record_log(t, w.cycle);
    serve_free_world(&w);
    return st;
}

/* The tick that swaps: it happens as a whole or not at all, and a tick
 * later it happens. */
static mlpipe_status torture_cycle_swap(torture *t)
{
    int32_t action = 7;
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, NULL);
    if (!st)
        st = mlpipe_cycle_retrain(t->c, w.cycle);
    torture_storm(t);
    if (!st) {
        st = mlpipe_cycle_tick(t->c, w.cycle, 201000000, &action);
        torture_check(t, mlpipe_slot_version(w.slot) == (st ? 1 : 2));
        torture_check(t, action == (st ? MLPIPE_ACTION_NONE
                                       : MLPIPE_ACTION_SWAPPED));
        if (st) {
            torture_calm(t);
            torture_check(t, !mlpipe_cycle_tick(t->plain, w.cycle, 202000000,
                                                &action));
            torture_check(t, action == MLPIPE_ACTION_SWAPPED);
            torture_storm(t);
        } else {
            record_log(t, w.cycle);
        }
    }
    serve_free_world(&w);
    return st;
}

/* Back to the old law: the tick that rolls back. */
static mlpipe_status torture_cycle_back(torture *t)
{
    int32_t action = 7;
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, NULL);
    if (!st)
        st = mlpipe_cycle_retrain(t->c, w.cycle);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 201000000, NULL);
    if (!st)
        st = serve_requests(t, &w, 300, 60, 3);
    torture_storm(t);
    if (!st) {
        st = mlpipe_cycle_tick(t->c, w.cycle, 400000000, &action);
        torture_check(t, mlpipe_slot_version(w.slot) == (st ? 2 : 1));
        torture_check(t, action == (st ? MLPIPE_ACTION_NONE
                                       : MLPIPE_ACTION_ROLLED_BACK));
        if (!st)
            record_log(t, w.cycle);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_cycle_log(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, NULL);
    torture_storm(t);
    if (!st) {
        st = mlpipe_cycle_log(t->c, w.cycle, &b);
        torture_check(t, !st == (b != NULL));
        torture_text(t, st ? "" : mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_cycle_report(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    serve_world w;
    mlpipe_status st = cycle_live(t, &w);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 200000000, NULL);
    torture_storm(t);
    if (!st) {
        st = mlpipe_cycle_report(t->c, w.cycle, &r);
        torture_check(t, !st == (r != NULL));
        torture_tell(t, r);
        mlpipe_report_free(r);
    }
    serve_free_world(&w);
    return st;
}

const torture_scenario torture_cycle[] = {
    {"mlpipe_trigger_new", torture_trigger, 0},
    {"mlpipe_trigger_test", torture_trigger, 0},
    {"mlpipe_trigger_free", torture_trigger, 0},
    {"mlpipe_cycle_new", torture_cycle_new, 0},
    {"mlpipe_cycle_free", torture_cycle_new, 0},
    {"mlpipe_cycle_tick", torture_cycle_tick, 0},
    {"mlpipe_cycle_tick", torture_cycle_swap, 0},
    {"mlpipe_cycle_tick", torture_cycle_back, 0},
    {"mlpipe_cycle_retrain", torture_cycle_retrain, 0},
    {"mlpipe_cycle_log", torture_cycle_log, 0},
    {"mlpipe_cycle_report", torture_cycle_report, 0},
    {NULL, NULL, 0},
};
