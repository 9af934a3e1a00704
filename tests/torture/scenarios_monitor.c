/* SPDX-License-Identifier: MIT */
/* Monitors. */
#include "serve_world.h"

static mlpipe_status record_report(torture *t, mlpipe_ctx *c,
                                   mlpipe_monitor *m)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_buffer *b = NULL;
    mlpipe_status st = mlpipe_monitor_report(c, m, &r);

    torture_check(t, !st == (r != NULL));
    if (!st)
        st = mlpipe_report_render(c, r, "json", &b);
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_monitor_new(torture *t)
{
    mlpipe_monitor *m = (mlpipe_monitor *)t;
    mlpipe_slot *slot = NULL;
    mlpipe_status st = serve_make_kept();

    torture_calm(t);
    if (!st)
        st = mlpipe_slot_new(t->c, serve_get_kept()->a, NULL, "workers=2",
                             &slot);
    torture_storm(t);
    if (!st)
        st = mlpipe_monitor_new(t->c, slot, "pane=20 capture=30", &m);
    torture_check(t, !st == (m != NULL));
    mlpipe_monitor_free(m);
    if (st && slot) { /* the slot is free for another */
        torture_calm(t);
        torture_check(t, !mlpipe_monitor_new(t->plain, slot, NULL, &m));
        mlpipe_monitor_free(m);
        torture_storm(t);
    }
    mlpipe_slot_free(slot);
    return st;
}

/* A tick that fails loses nothing: the next one gives the same. */
static mlpipe_status torture_monitor_tick(torture *t)
{
    int32_t closed = 7, again;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = serve_requests(t, &w, 1, SERVE_ROWS, 3);
    if (!st) {
        st = mlpipe_monitor_tick(t->c, w.monitor, 100000000, &closed);
        torture_check(t, closed == !st);
        torture_calm(t);
        torture_check(t, !mlpipe_monitor_tick(t->plain, w.monitor,
                                              100000000, &again));
        torture_check(t, again == !!st);
        if (!st)
            st = record_report(t, t->c, w.monitor);
        torture_storm(t);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_monitor_report(torture *t)
{
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = serve_requests(t, &w, 1, SERVE_ROWS, 3);
    torture_calm(t);
    if (!st)
        st = mlpipe_monitor_tick(t->c, w.monitor, 100000000, NULL);
    torture_storm(t);
    if (!st)
        st = record_report(t, t->c, w.monitor);
    serve_free_world(&w);
    return st;
}

/* A truth that was refused for want of memory can be told again. */
static mlpipe_status torture_monitor_truth(torture *t)
{
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st) {
        st = mlpipe_monitor_truth(t->c, w.monitor, 3, 4, 5.0);
        torture_calm(t);
        if (st)
            torture_check(t, !mlpipe_monitor_truth(t->plain, w.monitor, 3,
                                                   4, 5.0));
        torture_check(t, !mlpipe_monitor_tick(t->plain, w.monitor, 9, NULL));
        if (!st)
            st = record_report(t, t->c, w.monitor);
        torture_storm(t);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_monitor_captured(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_buffer *b = NULL;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = serve_requests(t, &w, 1, SERVE_ROWS, 3);
    torture_calm(t);
    if (!st)
        st = mlpipe_monitor_tick(t->c, w.monitor, 100000000, NULL);
    torture_storm(t);
    if (!st) {
        st = mlpipe_monitor_captured(t->c, w.monitor, &d);
        torture_check(t, !st == (d != NULL));
        if (!st)
            st = mlpipe_dataset_fingerprint(t->plain, d, &b);
        if (!st)
            torture_text(t, mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
        mlpipe_dataset_free(d);
    }
    serve_free_world(&w);
    return st;
}

const torture_scenario torture_monitor[] = {
    {"mlpipe_monitor_new", torture_monitor_new, 0},
    {"mlpipe_monitor_free", torture_monitor_new, 0},
    {"mlpipe_monitor_tick", torture_monitor_tick, 0},
    {"mlpipe_monitor_report", torture_monitor_report, 0},
    {"mlpipe_monitor_truth", torture_monitor_truth, 0},
    {"mlpipe_monitor_captured", torture_monitor_captured, 0},
    {NULL, NULL, 0},
};
