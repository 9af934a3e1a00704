/* SPDX-License-Identifier: MIT */
/* The monitor's own struct, for watch.c, watch_tick.c, watch_report.c and the
 * cycle. Not in libmlpipe-serve. */
#ifndef MLPIPE_WATCH_INTERNAL_H
#define MLPIPE_WATCH_INTERNAL_H

#include "deploy_internal.h"

/* What is kept of a pane that was closed. */
typedef struct mlpipe__pane {
    uint64_t number; /* of the deployment */
    uint64_t rows;
    uint64_t predictions, matched; /* with an id; whose truth is known */
    int64_t closed_us;
} mlpipe__pane;

struct mlpipe_monitor {
    mlpipe__env *env;
    mlpipe_slot *slot;
    atomic_uint_fast64_t refs;
    _Atomic(mlpipe__told *) told; /* newest first, any thread pushes */
    /* Nodes of `told` and `sorted`, of 32 bytes: at most as many as cost what
     * the table of pending ones may cost. More are refused and counted. */
    atomic_uint_fast64_t told_count, told_refused;
    uint64_t told_room;
    bool attached;
    /* all that follows belongs to whoever holds the slot's writer flag */
    mlpipe__told *sorted; /* truths that a tick could not finish */
    mlpipe__drift_limits limits;
    mlpipe__realised_limits performance;
    uint64_t pane_rows;
    mlpipe__truths truths;
    mlpipe__capture capture;
    mlpipe__realised realised;
    mlpipe__pane *panes; /* ring of pane_room */
    mlpipe__pane open;   /* predictions and matches of the one to come */
    uint32_t pane_room;
    uint64_t pane_count;
    /* of the deployment that serves */
    mlpipe_model *model;
    uint64_t number;
    uint32_t counters;
    uint64_t *base; /* counters at the start of the open pane */
    uint64_t *pane; /* counts of the newest closed pane */
    uint64_t *now;  /* scratch */
    bool pane_closed;
    int64_t now_us;
    int64_t since_us;  /* first tick that saw it */
    bool since_known;
};

mlpipe_monitor *mlpipe__monitor_keep(mlpipe_monitor *m);

/* With the slot's writer flag held: */
mlpipe_status mlpipe__monitor_tick_locked(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                          int64_t now_us, int32_t *closed);
mlpipe_status mlpipe__monitor_captured_locked(mlpipe_ctx *ctx,
                                              mlpipe_monitor *m,
                                              const mlpipe_model *other,
                                              uint64_t number,
                                              mlpipe_dataset **out);
mlpipe_status mlpipe__watch_report(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                   mlpipe_report **out);

/* The parts of a tick (watch_tick.c). */
mlpipe_status mlpipe__watch_follow(mlpipe_ctx *ctx, mlpipe_monitor *m);
mlpipe_status mlpipe__watch_drain(mlpipe_ctx *ctx, mlpipe_monitor *m);
mlpipe_status mlpipe__watch_truths(mlpipe_ctx *ctx, mlpipe_monitor *m);
void mlpipe__watch_close(mlpipe_monitor *m, int32_t *closed);

/* Parameters of mlpipe_monitor_new, for the catalog. */
extern const mlpipe__param mlpipe__monitor_params[];
extern const uint32_t mlpipe__monitor_param_count;

#endif
