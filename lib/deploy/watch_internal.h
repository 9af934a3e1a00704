/* SPDX-License-Identifier: MIT */
/* The monitor's own struct, for watch.c, watch_tick.c, watch_report.c and the
 * cycle. Not in libmlpipe-serve. */
#ifndef MLPIPE_WATCH_INTERNAL_H
#define MLPIPE_WATCH_INTERNAL_H

#include "deploy_internal.h"

/* What is kept of a pane that was closed. */
typedef struct mlpipe__pane {
    uint64_t number; /* of the deployment */
    uint64_t window; /* as m->window was */
    uint64_t rows;
    uint64_t predictions, matched; /* with an id; whose truth is known */
    int64_t closed_us;
    /* as the report was when it was closed; NaN: not known */
    double drifted, score_psi, errors, latency;
    double performance, low, high, reference, estimated;
    uint32_t verdict;
} mlpipe__pane;

/* What is known of a canary (watch_canary.c). */
typedef struct mlpipe__watch_canary {
    uint64_t number; /* of its deployment; 0 = none */
    mlpipe__realised realised;
} mlpipe__watch_canary;

/* What a tick found odd, for the log (watch_warn.c). */
typedef struct mlpipe__watch_odd {
    uint64_t lost;   /* ids since the tick before, */
    uint64_t room;   /* where so many fit */
    const char *time; /* whose time it is, or NULL */
    int64_t time_us, now_us;
} mlpipe__watch_odd;

struct mlpipe_monitor {
    mlpipe__env *env;
    mlpipe_slot *slot;
    atomic_uint_fast64_t refs;
    _Atomic(mlpipe__told *) told; /* newest first, any thread pushes */
    /* Nodes of `told` and `sorted`, of 32 bytes: at most as many as cost what
     * the table of pending ones may cost. More are refused and counted. */
    atomic_uint_fast64_t told_count, told_refused;
    uint64_t told_room;
    uint32_t classes; /* that a truth may be; 0: any number. Watched models
                       * keep them, so that any thread may look */
    bool attached;
    /* all that follows belongs to whoever holds the slot's writer flag */
    mlpipe__told *sorted; /* truths that a tick could not finish */
    mlpipe__drift_limits limits;
    mlpipe__realised_limits performance;
    uint64_t pane_rows;
    uint32_t moments; /* see mlpipe__moments_take */
    mlpipe__truths truths;
    mlpipe__capture capture;
    mlpipe__realised realised;
    mlpipe__concept concept;
    mlpipe__pane *panes; /* ring of pane_room */
    mlpipe__pane open;   /* predictions and matches of the one to come */
    uint32_t pane_room;
    uint64_t pane_count;
    /* What entries of `truths` name as their pane. One more with each pane
     * and each swap, which ends a pane that is never closed: else the rows
     * before a rollback would be matches of the pane after it. */
    uint64_t window;
    /* of the deployment that serves */
    mlpipe_model *model;
    uint64_t number;
    uint32_t counters;
    uint64_t *base; /* counters at the start of the open pane */
    uint64_t *pane; /* counts of the newest closed pane */
    uint64_t *now;  /* scratch */
    bool remember; /* the newest pane has no summary yet */
    bool pane_closed;
    mlpipe__drift_known drift; /* of the newest closed pane */
    uint32_t moments_first; /* counters of second moments, to the end */
    bool moments_closed;    /* pane[moments_first ...] holds enough rows */
    int64_t now_us; /* of the newest tick, and of the one before it */
    int64_t before_us;
    bool ticked;
    /* Times that cannot be, or that are late; see monitor.h. */
    uint64_t ticks_back, rows_ahead, rows_late, truths_ahead, truths_before;
    mlpipe__watch_odd odd; /* of the newest tick */
    uint64_t lost;         /* ids that were lost by then */
    bool heard;            /* somebody takes warnings of this tick */
    bool times_told;       /* one odd time is enough, and none of a replay */
    int64_t since_us;  /* first tick that saw it */
    bool since_known;
    uint64_t since_rows; /* what it had predicted by then, */
    uint64_t tick_rows;  /* and by the last tick */
    int64_t opened_us;   /* the tick from which the open pane is timed, */
    uint64_t opened_rows;
    double pane_speed; /* rows per second of the newest closed pane */
    mlpipe__watch_canary canary;
};

mlpipe_monitor *mlpipe__monitor_keep(mlpipe_monitor *m);
/* As mlpipe_monitor_new; capture: where the parameters do not say it. */
mlpipe_status mlpipe__monitor_make(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                   const char *params, uint64_t capture,
                                   mlpipe_monitor **out);

/* With the slot's writer flag held. seen, or NULL: the report that a pane was
 * closed with, where this call did; it gives it, with numbers alone. */
mlpipe_status mlpipe__monitor_tick_locked(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                          int64_t now_us, int32_t *closed,
                                          mlpipe_report **seen);
mlpipe_status mlpipe__monitor_captured_locked(mlpipe_ctx *ctx,
                                              mlpipe_monitor *m,
                                              const mlpipe_model *other,
                                              uint64_t number, uint64_t from,
                                              mlpipe_dataset **out);
/* The verdict of all, and in a report for people which of them made it;
 * detects: concept is one of them. tell: MLPIPE__TELL_ */
void mlpipe__watch_put_worst(mlpipe_report *r, uint32_t worst, bool detects,
                             uint32_t tell);
/* tell: MLPIPE__TELL_ */
mlpipe_status mlpipe__watch_report(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                   uint32_t tell, mlpipe_report **out);
/* The panes that are kept, and what to keep of one just closed, which is told
 * when it is done (watch_panes.c). */
void mlpipe__watch_put_panes(const mlpipe_monitor *m, mlpipe_report *r);
mlpipe_status mlpipe__watch_remember(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                     int32_t *closed, mlpipe_report **seen);

/* Rows per second, latencies and errors by code (watch_service.c). */
double mlpipe__watch_speed(uint64_t rows, int64_t from_us, int64_t to_us);
void mlpipe__watch_put_service(const mlpipe_monitor *m, mlpipe_report *r);

/* The parts of a tick (watch_tick.c, watch_canary.c). */
mlpipe_status mlpipe__watch_follow(mlpipe_ctx *ctx, mlpipe_monitor *m);
mlpipe_status mlpipe__watch_follow_canary(mlpipe_ctx *ctx, mlpipe_monitor *m);
/* The canary serves by this number now: its losses go on; false = it was
 * none. */
bool mlpipe__watch_promoted(mlpipe_monitor *m, uint64_t number);
mlpipe_status mlpipe__watch_look_canary(mlpipe_ctx *ctx, mlpipe_monitor *m);
mlpipe_status mlpipe__watch_drain(mlpipe_ctx *ctx, mlpipe_monitor *m);
mlpipe_status mlpipe__watch_truths(mlpipe_ctx *ctx, mlpipe_monitor *m);
void mlpipe__watch_close(mlpipe_monitor *m);

/* Ten years: what is further from a tick is another unit, or a mistake. */
static inline bool mlpipe__watch_apart(int64_t us, int64_t now_us)
{
    const int64_t most = INT64_C(315576000000000);

    return us && (us < now_us ? (uint64_t)now_us - (uint64_t)us
                              : (uint64_t)us - (uint64_t)now_us) >
                     (uint64_t)most;
}

/* Of a tick, in this order; the last with nothing held (watch_warn.c). */
void mlpipe__watch_listen(const mlpipe_ctx *ctx, mlpipe_monitor *m,
                          int64_t now_us);
void mlpipe__watch_count_lost(mlpipe_monitor *m);
void mlpipe__watch_warn(mlpipe_ctx *ctx, const mlpipe__watch_odd *odd);

/* Parameters of mlpipe_monitor_new, for the catalog. */
extern const mlpipe__param mlpipe__monitor_params[];
extern const uint32_t mlpipe__monitor_param_count;

#endif
