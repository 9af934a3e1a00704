/* SPDX-License-Identifier: MIT */
/* Detectors: made, fed, saved, loaded. */
#include "torture.h"

static const char *const torture_kinds[][2] = {
    {"adwin", "clock=1"}, {"ddm", NULL}, {"e_detector", "mean=0.3"},
    {"hddm_a", NULL},     {"page_hinkley", "threshold=5"},
};
enum { TORTURE_KINDS = 5 };

static mlpipe_status torture_detector_new(torture *t)
{
    mlpipe_status st = MLPIPE_OK;

    for (int k = 0; !st && k < TORTURE_KINDS; k++) {
        mlpipe_detector *d = (mlpipe_detector *)t;

        st = mlpipe_detector_new(t->c, torture_kinds[k][0],
                                 torture_kinds[k][1], &d);
        torture_check(t, !st == (d != NULL));
        mlpipe_detector_free(d);
    }
    return st;
}

/* 200 values, half of them before the change. */
static void torture_feed(torture *t, mlpipe_detector *d)
{
    double x[100];
    int32_t said[100];
    uint64_t first;

    for (int i = 0; i < 100; i++) {
        said[0] = mlpipe_detector_update(d, i % 5 == 0);
        torture_record(t, said, sizeof said[0]);
        x[i] = i % 5 != 0;
    }
    mlpipe_detector_update_batch(d, x, 100, said, &first);
    torture_record(t, said, sizeof said);
    torture_record(t, &first, sizeof first);
}

static mlpipe_status torture_detector_feed(torture *t)
{
    mlpipe_status st = MLPIPE_OK;

    for (int k = 0; !st && k < TORTURE_KINDS; k++) {
        mlpipe_detector *d;
        double mean;

        st = mlpipe_detector_new(t->plain, torture_kinds[k][0],
                                 torture_kinds[k][1], &d);
        if (st)
            break;
        torture_feed(t, d);
        mean = mlpipe_detector_get(d, "mean");
        torture_record(t, &mean, sizeof mean);
        mlpipe_detector_reset(d);
        torture_feed(t, d);
        mlpipe_detector_free(d);
    }
    return st;
}

static mlpipe_status torture_detector_bytes(torture *t)
{
    mlpipe_status st = MLPIPE_OK;

    for (int k = 0; !st && k < TORTURE_KINDS; k++) {
        mlpipe_detector *d;
        mlpipe_buffer *b = (mlpipe_buffer *)t;

        st = mlpipe_detector_new(t->plain, torture_kinds[k][0],
                                 torture_kinds[k][1], &d);
        if (st)
            break;
        mlpipe_detector_update(d, 1);
        st = mlpipe_detector_bytes(t->c, d, &b);
        torture_check(t, !st == (b != NULL));
        torture_record(t, mlpipe_buffer_data(b), mlpipe_buffer_size(b));
        mlpipe_buffer_free(b);
        mlpipe_detector_free(d);
    }
    return st;
}

static mlpipe_status torture_detector_load_bytes(torture *t)
{
    mlpipe_status st = MLPIPE_OK;

    for (int k = 0; !st && k < TORTURE_KINDS; k++) {
        mlpipe_detector *d = NULL, *loaded = (mlpipe_detector *)t;
        mlpipe_buffer *b = NULL;

        st = mlpipe_detector_new(t->plain, torture_kinds[k][0],
                                 torture_kinds[k][1], &d);
        if (!st)
            st = mlpipe_detector_bytes(t->plain, d, &b);
        if (!st) {
            st = mlpipe_detector_load_bytes(t->c, mlpipe_buffer_data(b),
                                            mlpipe_buffer_size(b), &loaded);
            torture_check(t, !st == (loaded != NULL));
        }
        if (!st)
            torture_feed(t, loaded);
        mlpipe_detector_free(st ? NULL : loaded);
        mlpipe_buffer_free(b);
        mlpipe_detector_free(d);
    }
    return st;
}

const torture_scenario torture_detector[] = {
    {"mlpipe_detector_new", torture_detector_new, 0},
    {"mlpipe_detector_free", torture_detector_new, 0},
    {"mlpipe_detector_update", torture_detector_feed, TORTURE_NO_ALLOC},
    {"mlpipe_detector_update_batch", torture_detector_feed,
     TORTURE_NO_ALLOC},
    {"mlpipe_detector_reset", torture_detector_feed, TORTURE_NO_ALLOC},
    {"mlpipe_detector_get", torture_detector_feed, TORTURE_NO_ALLOC},
    {"mlpipe_detector_bytes", torture_detector_bytes, 0},
    {"mlpipe_detector_load_bytes", torture_detector_load_bytes, 0},
    {NULL, NULL, 0},
};
