/* SPDX-License-Identifier: MIT */
/* Canaries, by hand and by the loop. */
#include "serve_world.h"

#define CANARY_PARAMS                                                       \
    "when='rows >= 1' gate_share=0.5 gate_min=10 probation=40 cooldown=0 "  \
    "canary=0.5 canary_rows=20 canary_margin=1"
#define SWAP_PARAMS                                                         \
    "when='rows >= 1' gate_share=0.5 gate_min=10 probation=40 cooldown=0"
#define SHADOW_PARAMS                                                       \
    "when='rows >= 1' gate_share=0.5 gate_min=10 probation=40 cooldown=0 "  \
    "shadow=30 refit=true"

static void record_row(torture *t, mlpipe_worker *w, uint32_t red)
{
    const torture_row row = {2.5, red};
    double out = 0;
    uint64_t version;

    for (uint64_t id = 1; id <= 8; id++) {
        torture_check(t, !mlpipe_worker_predict(w, id, 9, &row, &out, 1));
        version = mlpipe_worker_version(w);
        torture_record(t, &out, sizeof out);
        torture_record(t, &version, sizeof version);
    }
}

/* One that fails to start leaves the slot as it was; its end takes nothing. */
static mlpipe_status torture_canary_slot(torture *t)
{
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = mlpipe_slot_canary(t->c, w.slot, serve_get_kept()->b, 0.5);
    if (w.slot)
        torture_check(t, mlpipe_slot_canary_version(w.slot) == (st ? 0 : 2));
    if (!st)
        record_row(t, w.worker, w.red);
    if (!st)
        st = mlpipe_slot_canary(t->c, w.slot, NULL, 0.25);
    if (!st) {
        record_row(t, w.worker, w.red);
        st = mlpipe_slot_promote(t->c, w.slot);
        torture_check(t, !st && mlpipe_slot_version(w.slot) == 2);
    }
    if (!st)
        st = mlpipe_slot_canary(t->c, w.slot, serve_get_kept()->a, 0.5);
    if (!st) {
        torture_check(t, mlpipe_slot_canary_version(w.slot) == 3);
        st = mlpipe_slot_drop(t->c, w.slot);
        torture_check(t, !st && !mlpipe_slot_canary_version(w.slot));
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_canary_report(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_buffer *b = NULL;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    torture_calm(t);
    if (!st)
        st = mlpipe_slot_canary(t->c, w.slot, serve_get_kept()->b, 0.5);
    if (!st)
        st = serve_requests(t, &w, 1, 120, 3);
    if (!st)
        st = mlpipe_monitor_tick(t->c, w.monitor, 200000000, NULL);
    torture_storm(t);
    if (!st) {
        st = mlpipe_monitor_canary(t->c, w.monitor, &r);
        torture_check(t, !st == (r != NULL));
        torture_calm(t);
        if (!st)
            torture_check(t, !mlpipe_report_render(t->plain, r, "json", &b));
        torture_text(t, b ? mlpipe_buffer_data(b) : "");
        torture_storm(t);
        mlpipe_buffer_free(b);
        mlpipe_report_free(r);
    }
    serve_free_world(&w);
    return st;
}

/* A challenger that is ready for the gate. */
static mlpipe_status canary_ready(torture *t, serve_world *w,
                                  const char *params)
{
    mlpipe_status st = serve_make_world(t, w, params);

    if (!st)
        st = serve_requests(t, w, 1, 120, -6);
    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w->cycle, 200000000, NULL);
    if (!st)
        st = mlpipe_cycle_retrain(t->c, w->cycle);
    torture_storm(t);
    return st;
}

/* A tick with this action, or none at all; then the next one has it. */
static mlpipe_status canary_tick(torture *t, serve_world *w, int64_t us,
                                 int32_t wanted)
{
    int32_t action = 7;
    mlpipe_buffer *log = NULL;
    mlpipe_status st = mlpipe_cycle_tick(t->c, w->cycle, us, &action);

    torture_check(t, action == (st ? MLPIPE_ACTION_NONE : wanted));
    torture_calm(t);
    if (st) {
        torture_check(t, !mlpipe_cycle_tick(t->plain, w->cycle, us, &action));
        torture_check(t, action == wanted);
    } else {
        torture_check(t, !mlpipe_cycle_log(t->plain, w->cycle, &log));
        torture_text(t, mlpipe_buffer_data(log));
        mlpipe_buffer_free(log);
    }
    torture_storm(t);
    return st;
}

static mlpipe_status torture_canary_begin(torture *t)
{
    serve_world w;
    mlpipe_status st = canary_ready(t, &w, CANARY_PARAMS);

    if (!st)
        st = canary_tick(t, &w, 201000000, MLPIPE_ACTION_CANARY);
    serve_free_world(&w);
    return st;
}

/* A tick after so many requests of a law, behind the one that began a stage
 * or swapped; ends with deployment `serves`, where that is asked. */
static mlpipe_status canary_after(torture *t, const char *params, uint32_t n,
                                  double slope, int32_t action,
                                  uint64_t serves)
{
    serve_world w;
    mlpipe_status st = canary_ready(t, &w, params);

    torture_calm(t);
    if (!st)
        st = mlpipe_cycle_tick(t->c, w.cycle, 201000000, NULL);
    if (!st)
        st = serve_requests(t, &w, 300, n, slope);
    torture_storm(t);
    if (!st)
        st = canary_tick(t, &w, 400000000, action);
    if (w.slot && serves)
        torture_check(t, mlpipe_slot_version(w.slot) == serves);
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_canary_end(torture *t)
{
    return canary_after(t, CANARY_PARAMS, 70, -6, MLPIPE_ACTION_SWAPPED, 0);
}

/* The law goes back while it answers its share. */
static mlpipe_status torture_canary_drop(torture *t)
{
    return canary_after(t, CANARY_PARAMS, 70, 3, MLPIPE_ACTION_DROPPED, 1);
}

/* The end of a probation. */
static mlpipe_status torture_canary_confirm(torture *t)
{
    return canary_after(t, SWAP_PARAMS, 70, -6, MLPIPE_ACTION_CONFIRMED, 0);
}

static mlpipe_status torture_canary_shadow(torture *t)
{
    return canary_after(t, SHADOW_PARAMS, 40, -6, MLPIPE_ACTION_SWAPPED, 0);
}

const torture_scenario torture_canary[] = {
    {"mlpipe_slot_canary", torture_canary_slot, 0},
    {"mlpipe_slot_canary_version", torture_canary_slot, 0},
    {"mlpipe_slot_promote", torture_canary_slot, 0},
    {"mlpipe_slot_drop", torture_canary_slot, 0},
    {"mlpipe_monitor_canary", torture_canary_report, 0},
    {"mlpipe_cycle_tick", torture_canary_begin, 0},
    {"mlpipe_cycle_tick", torture_canary_end, 0},
    {"mlpipe_cycle_tick", torture_canary_drop, 0},
    {"mlpipe_cycle_tick", torture_canary_confirm, 0},
    {"mlpipe_cycle_tick", torture_canary_shadow, 0},
    {NULL, NULL, 0},
};
