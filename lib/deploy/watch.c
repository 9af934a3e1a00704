/* SPDX-License-Identifier: MIT */
/*
 * mlpipe_monitor: reads what the workers of a slot wrote, joins it with
 * truths and reports. It lives here and not in monitor/ because it watches a
 * slot, and monitor/ is below deploy/.
 *
 * Threads: everything but the told truths is guarded by the slot's writer
 * flag, which is tried and never waited for (E_BUSY). Truths may be told by
 * any thread at any time: they are pushed on a list without a lock and looked
 * at by the next tick, in the order of (label time, id).
 */
#include "watch_internal.h"

const mlpipe__param mlpipe__monitor_params[] = {
    {"pane", MLPIPE_PARAM_INT, "1000", 10, 100000000, NULL, 1,
     "rows that a pane holds at least"},
    {"panes", MLPIPE_PARAM_INT, "24", 1, 10000, NULL, 1,
     "panes whose summary is kept"},
    {"capture", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 1,
     "newest served rows that are kept for retraining"},
    {"alpha", MLPIPE_PARAM_REAL, "0.01", 1e-12, 0.5, NULL, 1,
     "false alarms allowed for each report"},
    {"psi", MLPIPE_PARAM_REAL, "0.1", 0, 100, NULL, 1,
     "effect below which drift is no drift"},
    {"label_delay", MLPIPE_PARAM_SPAN, "30 d", 0, 3153600000, NULL, 1,
     "how long a prediction waits for its truth"},
    {"expire", MLPIPE_PARAM_TEXT, "drop", 0, 0, NULL, 1,
     "drop, or the truth of a prediction that has waited for so long"},
    {"maturity", MLPIPE_PARAM_REAL, "0", 0, 1, NULL, 1,
     "share of known truths below which performance is not judged"},
    {"pending", MLPIPE_PARAM_INT, "1000000", 16, 1000000000, NULL, 1,
     "predictions and truths that wait for each other"},
    {"detector", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 1,
     "of a change of the loss: auto, none, or a detector with its parameters, "
     "such as 'page_hinkley threshold=20 mode=up'"},
    {"moments", MLPIPE_PARAM_INT, "32", 0, 1000000, NULL, 1,
     "one row in so many is looked at for correlations; 0 = none"},
};
const uint32_t mlpipe__monitor_param_count =
    sizeof mlpipe__monitor_params / sizeof *mlpipe__monitor_params;

enum { TOLD_LEAST = 4096 };

/* ---- making and freeing ------------------------------------------------ */

static mlpipe_status watch_expire(mlpipe_ctx *ctx, const char *text,
                                  mlpipe__truths *t)
{
    if (!strcmp(text, "drop"))
        return MLPIPE_OK;
    t->expire_as = true;
    if (mlpipe__parse_f64(text, strlen(text), false, &t->expire_value) &&
        mlpipe__finite(t->expire_value))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "expire = %q is neither drop nor a number", text);
}

static mlpipe_status watch_setup(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                 const mlpipe__params *p, uint64_t capture)
{
    const mlpipe__setting *delay = mlpipe__params_get(p, "label_delay");
    mlpipe_status st;

    if (mlpipe__params_get(p, "capture")->given)
        capture = (uint64_t)mlpipe__params_get(p, "capture")->integer;
    m->pane_rows = (uint64_t)mlpipe__params_get(p, "pane")->integer;
    m->pane_room = (uint32_t)mlpipe__params_get(p, "panes")->integer;
    m->limits.alpha = mlpipe__params_get(p, "alpha")->number;
    m->limits.psi = mlpipe__params_get(p, "psi")->number;
    if (mlpipe__params_get(p, "moments")->integer)
        m->moments =
            UINT32_MAX / (uint32_t)mlpipe__params_get(p, "moments")->integer;
    /* 64 bytes each with what an allocator adds, against 32 of the table */
    m->told_room =
        (uint64_t)mlpipe__params_get(p, "pending")->integer / 2;
    m->told_room = m->told_room < TOLD_LEAST ? TOLD_LEAST : m->told_room;
    m->performance.alpha = m->limits.alpha;
    m->performance.least = m->pane_rows < 200 ? m->pane_rows : 200;
    m->performance.maturity = mlpipe__params_get(p, "maturity")->number;
    mlpipe__truths_init(&m->truths, m->env,
                        (uint64_t)mlpipe__params_get(p, "pending")->integer,
                        (int64_t)(delay->number * 1e6), 0);
    mlpipe__capture_init(&m->capture, m->env, capture,
                         mlpipe__slot_record_bytes(m->slot));
    mlpipe__concept_init(&m->concept, m->env);
    m->panes = mlpipe__alloc_array(m->env, m->pane_room, sizeof *m->panes);
    if (!m->panes)
        return mlpipe__nomem(ctx);
    st = mlpipe__concept_setup(ctx, &m->concept,
                               mlpipe__params_get(p, "detector")->text);
    if (st)
        return st;
    return watch_expire(ctx, mlpipe__params_get(p, "expire")->text,
                        &m->truths);
}

static void watch_drop_told(mlpipe_monitor *m, mlpipe__told *list)
{
    while (list) {
        mlpipe__told *next = list->next;
        mlpipe__free(m->env, list);
        list = next;
    }
}

static void watch_destroy(mlpipe_monitor *m)
{
    mlpipe__env *env = m->env;
    mlpipe_slot *slot = m->slot;

    watch_drop_told(m, atomic_load_explicit(&m->told, memory_order_acquire));
    watch_drop_told(m, m->sorted);
    mlpipe__truths_free(&m->truths);
    mlpipe__capture_free(&m->capture);
    mlpipe__realised_free(&m->realised);
    mlpipe__realised_free(&m->canary.realised);
    if (m->concept.env)
        mlpipe__concept_free(&m->concept);
    mlpipe__free(env, m->panes);
    mlpipe__free(env, m->base);
    mlpipe__free(env, m->pane);
    mlpipe__free(env, m->now);
    mlpipe__drift_forget(&m->drift);
    mlpipe_model_free(m->model);
    mlpipe__free(env, m);
    mlpipe__env_drop(env);
    mlpipe__slot_drop(slot);
}

/* Is it one that the model could have given: of classes, the number of one? */
static bool watch_is_truth(const mlpipe_monitor *m, double truth)
{
    if (!m->classes)
        return mlpipe__finite(truth);
    return truth >= 0 && truth < m->classes &&
           (double)(uint32_t)truth == truth;
}

/* Attach: one monitor for each slot. With the writer's flag held. */
static mlpipe_status watch_attach(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    mlpipe_slot *slot = m->slot;
    const mlpipe_model *model = mlpipe__slot_current(slot)->predictor->model;
    uint32_t width = mlpipe__model_width(model);
    mlpipe_status st;

    if (atomic_load_explicit(&slot->watched, memory_order_acquire))
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "the slot has a monitor; free it first");
    m->classes = model->task & MLPIPE__TASK_CLASSES ? model->classes.count : 0;
    if (m->truths.expire_as && !watch_is_truth(m, m->truths.expire_value))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "expire = %g is no class: it is told by its number "
                            "in mlpipe_model_class, 0 to %u",
                            m->truths.expire_value, m->classes - 1);
    /* What is watched keeps its classes, and so its width. More than are
     * carried: truths are counted and captured, and performance is unknown. */
    width = width > MLPIPE__SCORES_MOST ? 1 : width;
    m->truths.more = width - 1;
    if (!mlpipe__realised_init(&m->realised, m->env, m->pane_rows, width))
        return mlpipe__nomem(ctx);
    st = mlpipe__slot_watch(ctx, slot, (width - 1) * sizeof(double),
                            m->capture.room ? m->capture.record_bytes : 0);
    if (!st)
        st = mlpipe__watch_follow(ctx, m);
    if (st) {
        mlpipe__slot_unwatch(slot);
        return st;
    }
    atomic_store_explicit(&slot->moments, m->moments, memory_order_relaxed);
    atomic_store_explicit(&slot->watched, true, memory_order_release);
    m->lost = mlpipe__slot_total(slot, MLPIPE__COUNT_LOST);
    m->attached = true;
    return MLPIPE_OK;
}

static mlpipe_status watch_make(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                const mlpipe__params *params,
                                uint64_t capture, mlpipe_monitor **out)
{
    mlpipe_monitor *m = mlpipe__alloc(ctx->env, sizeof *m);
    mlpipe_status st;

    if (!m)
        return mlpipe__nomem(ctx);
    m->env = mlpipe__env_keep(ctx->env);
    m->drift.env = m->env;
    m->slot = mlpipe__slot_keep(slot);
    atomic_init(&m->refs, 1);
    atomic_init(&m->told, NULL);
    atomic_init(&m->told_count, 0);
    atomic_init(&m->told_refused, 0);
    st = watch_setup(ctx, m, params, capture);
    if (!st)
        st = mlpipe__slot_lock(ctx, slot);
    if (!st) {
        st = watch_attach(ctx, m);
        mlpipe__slot_unlock(slot);
    }
    if (st) {
        watch_destroy(m);
        return st;
    }
    *out = m;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__monitor_make(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                   const char *params, uint64_t capture,
                                   mlpipe_monitor **out)
{
    mlpipe__params parsed;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_monitor_new", mlpipe__monitor_params,
        mlpipe__monitor_param_count, params, &parsed);

    if (st)
        return st;
    st = watch_make(ctx, slot, &parsed, capture, out);
    mlpipe__params_free(&parsed);
    return st;
}

mlpipe_status mlpipe_monitor_new(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                 const char *params, mlpipe_monitor **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_new");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st)
        st = mlpipe__monitor_make(ctx, slot, params, 0, out);
    return mlpipe__end(ctx, st);
}

mlpipe_monitor *mlpipe__monitor_keep(mlpipe_monitor *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void mlpipe_monitor_free(mlpipe_monitor *monitor)
{
    if (!monitor || atomic_fetch_sub_explicit(&monitor->refs, 1,
                                              memory_order_acq_rel) != 1)
        return;
    /* A free cannot fail, so it is the one place that waits: the writer's
     * flag is held for the length of a swap or a tick at most. After fork
     * nobody is left who would clear it, and nobody to wait for. */
    while (monitor->env->pid == mlpipe__os_pid() &&
           atomic_flag_test_and_set_explicit(&monitor->slot->writer,
                                             memory_order_acquire))
        continue;
    mlpipe__slot_unwatch(monitor->slot);
    atomic_store_explicit(&monitor->slot->moments, 0, memory_order_relaxed);
    atomic_store_explicit(&monitor->slot->watched, false,
                          memory_order_release);
    mlpipe__slot_unlock(monitor->slot);
    watch_destroy(monitor);
}

/* ---- truths ------------------------------------------------------------ */

static mlpipe_status watch_tell(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                uint64_t id, int64_t label_us, double truth)
{
    mlpipe__told *told, *head;

    if (m->classes && !watch_is_truth(m, truth))
        return mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                            "the truth of request %llu is %g, which is no "
                            "class: it is told by its number in "
                            "mlpipe_model_class, 0 to %u",
                            (unsigned long long)id, truth, m->classes - 1);
    if (!watch_is_truth(m, truth))
        return mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                            "the truth of request %llu is %g, which is no "
                            "finite number",
                            (unsigned long long)id, truth);
    if (atomic_fetch_add_explicit(&m->told_count, 1, memory_order_relaxed) >=
        m->told_room) {
        atomic_fetch_sub_explicit(&m->told_count, 1, memory_order_relaxed);
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%llu truths wait for a tick, and no more may; "
                            "call mlpipe_monitor_tick and tell it again",
                            (unsigned long long)m->told_room);
    }
    told = mlpipe__alloc(m->env, sizeof *told);
    if (!told) {
        atomic_fetch_sub_explicit(&m->told_count, 1, memory_order_relaxed);
        return mlpipe__nomem(ctx);
    }
    told->id = id;
    told->label_us = label_us;
    told->truth = truth;
    head = atomic_load_explicit(&m->told, memory_order_relaxed);
    do {
        told->next = head;
    } while (!atomic_compare_exchange_weak_explicit(
        &m->told, &head, told, memory_order_release, memory_order_relaxed));
    return MLPIPE_OK;
}

mlpipe_status mlpipe_monitor_truth(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                                   uint64_t id, int64_t label_us,
                                   double truth)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_truth");

    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st)
        st = mlpipe__slot_here(ctx, monitor->env, "monitor");
    if (!st)
        st = watch_tell(ctx, monitor, id, label_us, truth);
    if (st && monitor)
        atomic_fetch_add_explicit(&monitor->told_refused, 1,
                                  memory_order_relaxed);
    return mlpipe__end(ctx, st);
}

/* ---- ticks ------------------------------------------------------------- */

mlpipe_status mlpipe__monitor_tick_locked(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                          int64_t now_us, int32_t *closed,
                                          mlpipe_report **seen)
{
    mlpipe_status st = mlpipe__watch_remember(ctx, m, closed, NULL);

    mlpipe__watch_listen(ctx, m, now_us);
    if (!st)
        st = mlpipe__watch_follow(ctx, m);
    m->ticks_back += m->ticked && now_us < m->now_us;
    m->before_us = m->ticked ? m->now_us : INT64_MIN;
    m->now_us = now_us;
    m->ticked = true;
    if (!st)
        st = mlpipe__watch_drain(ctx, m);
    if (!st)
        st = mlpipe__watch_truths(ctx, m);
    if (!st)
        mlpipe__watch_close(m);
    mlpipe__watch_count_lost(m);
    if (!st)
        st = mlpipe__watch_remember(ctx, m, closed, seen);
    mlpipe__slot_sweep(m->slot);
    return st;
}

mlpipe_status mlpipe_monitor_tick(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                                  int64_t now_us, int32_t *closed)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_tick");

    if (closed)
        *closed = 0;
    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st)
        st = mlpipe__slot_lock(ctx, monitor->slot);
    if (!st) {
        mlpipe__watch_odd odd;
        st = mlpipe__monitor_tick_locked(ctx, monitor, now_us, closed,
                                         NULL);
        odd = monitor->odd;
        mlpipe__slot_unlock(monitor->slot);
        mlpipe__watch_warn(ctx, &odd);
    }
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_monitor_report(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                                    mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_report");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st)
        st = mlpipe__slot_lock(ctx, monitor->slot);
    if (!st) {
        st = mlpipe__watch_report(ctx, monitor, MLPIPE__TELL_PICTURES, out);
        mlpipe__slot_unlock(monitor->slot);
    }
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__monitor_captured_locked(mlpipe_ctx *ctx,
                                              mlpipe_monitor *m,
                                              const mlpipe_model *other,
                                              uint64_t number, uint64_t from,
                                              mlpipe_dataset **out)
{
    if (!m->capture.room)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the monitor keeps no rows; make it with "
                            "capture=50000");
    return mlpipe__capture_dataset(ctx, &m->capture, m->model, other,
                                   m->slot->layout, m->slot->first, number,
                                   from, out);
}

mlpipe_status mlpipe_monitor_captured(mlpipe_ctx *ctx,
                                      mlpipe_monitor *monitor,
                                      mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_captured");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st)
        st = mlpipe__slot_lock(ctx, monitor->slot);
    if (!st) {
        st = mlpipe__monitor_captured_locked(ctx, monitor, NULL, 0, 0, out);
        mlpipe__slot_unlock(monitor->slot);
    }
    return mlpipe__end(ctx, st);
}
