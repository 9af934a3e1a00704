/* SPDX-License-Identifier: MIT */
/*
 * Workers: predict with what is deployed at this moment, and write down what
 * was seen in counters and a ring that belong to nobody else.
 */
#include "deploy_internal.h"

/*
 * Take a seat at what is published. The exchange is both the announcement and
 * the fence that orders it before the second look; a swap in between makes the
 * look differ, and then the newer one is announced.
 */
static const mlpipe__deployed *worker_enter(mlpipe_slot *slot,
                                           mlpipe__seat *seat)
{
    mlpipe__deployed *s =
        atomic_load_explicit(&slot->current, memory_order_acquire);

    for (;;) {
        mlpipe__deployed *again;
        (void)atomic_exchange_explicit(&seat->active, s,
                                       memory_order_seq_cst);
        again = atomic_load_explicit(&slot->current, memory_order_seq_cst);
        if (again == s)
            return s;
        s = again;
    }
}

static inline void worker_leave(mlpipe__seat *seat)
{
    atomic_store_explicit(&seat->active, NULL, memory_order_release);
}

mlpipe_status mlpipe_worker_new(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                mlpipe_live *live, mlpipe_worker **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_worker_new");
    mlpipe_worker *w = NULL;

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st && live)
        st = mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                          "live state comes with the window steps; pass NULL");
    if (!st) {
        w = mlpipe__alloc(slot->env, 256); /* a cache line of its own */
        st = w ? mlpipe__slot_lock(ctx, slot) : mlpipe__nomem(ctx);
    }
    if (!st) {
        st = mlpipe__slot_sit(ctx, slot, &w->index);
        mlpipe__slot_unlock(slot);
    }
    if (!st) {
        w->until = slot->latency_every;
        w->slot = mlpipe__slot_keep(slot);
        w->seat = slot->seats[w->index];
        w->error = "";
        *out = w;
    } else if (w) {
        mlpipe__free(slot->env, w);
    }
    return mlpipe__end(ctx, st);
}

/* What the host tells counts with the deployment that serves. */
static void worker_told(mlpipe_worker *w, mlpipe_status status, uint64_t ns)
{
    const mlpipe__deployment *d = worker_enter(w->slot, w->seat)->main;

    if (status)
        mlpipe__recorder_failed(d->lanes[w->index].counters, status);
    else
        mlpipe__recorder_latency(&d->recorder, d->lanes[w->index].counters,
                                 ns);
    worker_leave(w->seat);
}

void mlpipe_worker_latency(mlpipe_worker *worker, uint64_t ns)
{
    if (worker)
        worker_told(worker, MLPIPE_OK, ns);
}

void mlpipe_worker_failed(mlpipe_worker *worker, mlpipe_status status)
{
    if (worker && status)
        worker_told(worker, status, 0);
}

/* A call that was refused counts with the deployment that serves. */
static mlpipe_status worker_refuse(mlpipe_worker *w, const char *why)
{
    mlpipe_worker_failed(w, MLPIPE_E_ARG);
    w->error = why;
    w->flags = 0;
    return MLPIPE_E_ARG;
}

/* One row; operations that had no answer for it are counted. */
static void worker_run(const mlpipe_predictor *p, const mlpipe__lane *lane,
                       double *out)
{
    uint64_t made = 0;
    const mlpipe__faults faults = {p->counts_faults ? &made : NULL, 0};

    mlpipe__program_run_counted(p->model->program, lane->scratch, 1, 1, out,
                                &faults);
    if (made)
        mlpipe__count_add(lane->counters + MLPIPE__COUNT_FAULTS, made);
}

/* Second moments, where a monitor asks for them and it is this row's turn. */
static inline void worker_moments(const mlpipe_worker *w,
                                  const mlpipe__deployment *d,
                                  const mlpipe__lane *lane, uint64_t id)
{
#ifndef MLPIPE_SERVE
    const uint32_t most =
        atomic_load_explicit(&w->slot->moments, memory_order_relaxed);

    if (!most || d->recorder.moments_first == d->recorder.total)
        return;
    if (!id)
        id = mlpipe__count_get(lane->counters + MLPIPE__COUNT_ROWS);
    if (mlpipe__moments_take(most, id))
        mlpipe__recorder_moments(&d->recorder, lane->counters, lane->scratch,
                                 d->predictor->binding.lanes);
#else
    (void)w;
    (void)d;
    (void)lane;
    (void)id;
#endif
}

/* n rows with deployment d. */
static void worker_rows(mlpipe_worker *w, const mlpipe__deployment *d,
                        uint64_t id, int64_t now_us,
                        const unsigned char *record, double *out, size_t n)
{
    const mlpipe_predictor *p = d->predictor;
    const mlpipe__record_binding *b = &p->binding;
    const mlpipe__lane *lane = &d->lanes[w->index];
    mlpipe__ring *ring =
        atomic_load_explicit(&w->seat->ring, memory_order_acquire);

    for (size_t i = 0; i < n; i++) {
        uint32_t flags;
        mlpipe__record_load(b, record, lane->scratch, 0, 0);
        mlpipe__record_time(b, lane->scratch, 0, 0, (double)now_us);
        flags = mlpipe__recorder_inputs(&d->recorder, lane->counters,
                                        lane->scratch, b->lanes);
        worker_moments(w, d, lane, id ? id + i : 0);
        worker_run(p, lane, out);
        w->flags = mlpipe__recorder_score(&d->recorder, lane->counters, flags,
                                          out);
        if (ring && id) {
            const mlpipe__served served = {id + i, now_us, d->number, out[0]};
            /* A ring of a monitor that came meanwhile may want more outputs
             * than the deployment has that this call still ends with. */
            if (ring->more_bytes > (p->outputs - 1) * sizeof *out ||
                !mlpipe__ring_push(ring, &served, out + 1, record))
                mlpipe__count_add(lane->counters + MLPIPE__COUNT_LOST, 1);
        }
        record += b->record_bytes;
        out += p->outputs;
    }
}

/* n rows, each with the model that its id is given to. Both read the same
 * records and have as many outputs. */
static void worker_split(mlpipe_worker *w, const mlpipe__deployed *s,
                         uint64_t id, int64_t now_us,
                         const unsigned char *record, double *out, size_t n)
{
    const mlpipe_predictor *p = s->main->predictor;

    for (size_t i = 0; i < n; i++) {
        const mlpipe__deployment *d = mlpipe__deployed_pick(s, id + i);
        w->version = d->number;
        worker_rows(w, d, id + i, now_us, record, out, 1);
        record += p->binding.record_bytes;
        out += p->outputs;
    }
}

/* A call of several rows counts with the deployment of its first. */
static void worker_timed(const mlpipe_worker *w, const mlpipe__deployed *s,
                         uint64_t id, uint64_t ns)
{
    const mlpipe__deployment *d =
        s->canary && id ? mlpipe__deployed_pick(s, id) : s->main;

    mlpipe__recorder_latency(&d->recorder, d->lanes[w->index].counters, ns);
}

mlpipe_status mlpipe_worker_predict(mlpipe_worker *worker, uint64_t id,
                                    int64_t now_us, const void *records,
                                    double *out, size_t n)
{
    const mlpipe__env *clock = NULL; /* where this call is timed */
    uint64_t begun = 0;
    const mlpipe__deployed *s;
    uint32_t fp;

    if (!worker)
        return MLPIPE_E_ARG;
    if (n && !records)
        return worker_refuse(worker, "records is NULL");
    if (n && !out)
        return worker_refuse(worker, "out is NULL");
    worker->error = "";
    worker->flags = 0;
    if (worker->until && !--worker->until) {
        worker->until = worker->slot->latency_every;
        clock = worker->slot->env;
        begun = clock->clock_ns(clock->user);
    }
    fp = mlpipe__fp_enter();
    s = worker_enter(worker->slot, worker->seat);
    worker->version = s->main->number;
    if (s->canary && id)
        worker_split(worker, s, id, now_us, records, out, n);
    else
        worker_rows(worker, s->main, id, now_us, records, out, n);
    if (clock)
        worker_timed(worker, s, id, clock->clock_ns(clock->user) - begun);
    worker_leave(worker->seat);
    mlpipe__fp_leave(fp);
    return MLPIPE_OK;
}

uint32_t mlpipe_worker_flags(const mlpipe_worker *worker)
{
    return worker ? worker->flags : 0;
}

uint64_t mlpipe_worker_version(const mlpipe_worker *worker)
{
    return worker ? worker->version : 0;
}

const char *mlpipe_worker_error(const mlpipe_worker *worker)
{
    return worker ? worker->error : "the worker is NULL";
}

void mlpipe_worker_free(mlpipe_worker *worker)
{
    mlpipe_slot *slot;

    if (!worker)
        return;
    slot = worker->slot;
    atomic_store_explicit(&worker->seat->taken, false, memory_order_release);
    mlpipe__free(slot->env, worker);
    mlpipe__slot_drop(slot);
}
