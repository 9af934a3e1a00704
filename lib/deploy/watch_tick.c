/* SPDX-License-Identifier: MIT */
/* The parts of a tick: follow swaps, drain rings, join truths, close panes. */
#include "watch_internal.h"

/* A pane begins. */
static void watch_open(mlpipe_monitor *m)
{
    m->open = (mlpipe__pane){.number = m->number, .window = ++m->window};
}

/*
 * Look at the deployment that serves now. A pane belongs to one deployment:
 * after a swap a new one begins, with the counters as they are.
 */
mlpipe_status mlpipe__watch_follow(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    const mlpipe__deployment *d = mlpipe__slot_current(m->slot);
    const uint32_t n = d->recorder.total;
    const bool back = d->number < m->number;
    uint64_t *all[3] = {NULL, NULL, NULL};
    mlpipe_status st;

    if (m->number == d->number)
        return mlpipe__watch_follow_canary(ctx, m);
    for (uint32_t i = 0; i < 3; i++) {
        all[i] = mlpipe__alloc_array(m->env, n, sizeof *all[i]);
        if (all[i])
            continue;
        while (i)
            mlpipe__free(m->env, all[--i]);
        return mlpipe__nomem(ctx);
    }
    st = mlpipe__concept_follow(ctx, &m->concept, d->predictor->model,
                                d->number);
    if (st) {
        for (uint32_t i = 0; i < 3; i++)
            mlpipe__free(m->env, all[i]);
        return st;
    }
    mlpipe__free(m->env, m->base);
    mlpipe__free(m->env, m->pane);
    mlpipe__free(m->env, m->now);
    m->base = all[0];
    m->pane = all[1];
    m->now = all[2];
    mlpipe_model_free(m->model);
    m->model = mlpipe__model_keep(d->predictor->model);
    m->number = d->number;
    m->counters = n;
    m->moments_first = d->recorder.moments_first;
    m->pane_closed = m->moments_closed = false;
    mlpipe__drift_forget(&m->drift);
    m->since_known = false;
    /* A deployment that comes back after a rollback has counts already. The
     * first one, one just swapped in, and a canary that was promoted are
     * watched from their first row. */
    if (m->attached && back)
        mlpipe__deployment_counts(m->slot, d, m->base);
    watch_open(m);
    if (!mlpipe__watch_promoted(m, d->number))
        mlpipe__realised_reset(&m->realised, m->model, m->performance.alpha,
                               d->number, m->window);
    return mlpipe__watch_follow_canary(ctx, m);
}

/* The pane of a window, or NULL: it is kept no longer, or was never closed. */
static mlpipe__pane *watch_pane(mlpipe_monitor *m, uint64_t window)
{
    uint64_t low = m->pane_count < m->pane_room ? 0
                                                : m->pane_count - m->pane_room;
    uint64_t high = m->pane_count;
    mlpipe__pane *pane;

    if (window == m->window)
        return &m->open;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (m->panes[middle % m->pane_room].window < window)
            low = middle + 1;
        else
            high = middle;
    }
    pane = &m->panes[low % m->pane_room];
    return low < m->pane_count && pane->window == window ? pane : NULL;
}

/* Clocks of hosts and threads differ by so much without anything wrong. */
static const uint64_t watch_skew_us = 60000000;

static bool watch_beyond(int64_t later_us, int64_t us)
{
    return later_us > us && (uint64_t)later_us - (uint64_t)us > watch_skew_us;
}

/* A time that cannot be one of now, once. */
static void watch_odd_time(mlpipe_monitor *m, const char *whose, int64_t us)
{
    if (m->times_told || !m->heard || !mlpipe__watch_apart(us, m->now_us))
        return;
    m->odd.time = whose;
    m->odd.time_us = us;
    m->times_told = true;
}

static void watch_matched(mlpipe_monitor *m, const mlpipe__match *match)
{
    mlpipe__pane *pane = watch_pane(m, match->pane);

    m->truths_before += match->label_us < match->now_us;
    mlpipe__capture_truth(&m->capture, match->row, match->id, match->truth);
    if (pane && pane->number == match->number)
        pane->matched++;
    mlpipe__realised_add(&m->realised, match);
    mlpipe__concept_add(&m->concept, match);
    if (m->canary.number)
        mlpipe__realised_add(&m->canary.realised, match);
}

/* Tell of an id that is drained some entries from now. */
static void watch_ahead(const mlpipe_monitor *m, const mlpipe__ring *ring)
{
    const uint64_t head =
        atomic_load_explicit((atomic_uint_least64_t *)(uintptr_t)&ring->head,
                             memory_order_acquire);
    const uint64_t at =
        atomic_load_explicit((atomic_uint_least64_t *)(uintptr_t)&ring->tail,
                             memory_order_relaxed) +
        MLPIPE__TRUTH_AHEAD;
    const mlpipe__served *s;

    if (at >= head)
        return;
    s = (const void *)(ring->entries +
                       (at & (ring->room - 1)) * ring->entry_bytes);
    mlpipe__truths_far(&m->truths, s->id);
}

/* One seat's ring; memory is taken before an entry is, so that nothing is
 * lost where there is none. */
static bool watch_drain_ring(mlpipe_monitor *m, mlpipe__ring *ring)
{
    const mlpipe__served *s;

    while ((s = mlpipe__ring_peek(ring))) {
        mlpipe__match match;
        uint64_t row = UINT64_MAX;
        watch_ahead(m, ring);
        if (!mlpipe__truths_reserve(&m->truths) ||
            !mlpipe__capture_reserve(&m->capture) ||
            !mlpipe__concept_reserve(&m->concept))
            return false;
        const double *more = (const double *)(const void *)(s + 1);
        const uint64_t repeated = m->truths.repeated;
        m->rows_ahead += watch_beyond(s->now_us, m->now_us);
        m->rows_late += watch_beyond(m->before_us, s->now_us);
        watch_odd_time(m, "a row that was served", s->now_us);
        if (ring->record_bytes)
            row = mlpipe__capture_add(&m->capture, s,
                                      (const char *)more + ring->more_bytes);
        if (mlpipe__truths_predicted(&m->truths, s, more, row, &match))
            watch_matched(m, &match);
        if (s->number == m->number && repeated == m->truths.repeated) {
            m->open.predictions++;
            m->realised.predictions++;
        }
        if (s->number == m->canary.number && repeated == m->truths.repeated)
            m->canary.realised.predictions++;
        mlpipe__ring_pop(ring);
    }
    return true;
}

mlpipe_status mlpipe__watch_drain(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    m->truths.pane = m->window;
    for (uint32_t i = 0; i < m->slot->seat_room; i++) {
        mlpipe__seat *seat = m->slot->seats[i];
        mlpipe__ring *ring =
            seat ? atomic_load_explicit(&seat->ring, memory_order_acquire)
                 : NULL;
        if (ring && !watch_drain_ring(m, ring))
            return mlpipe__nomem(ctx);
    }
    return MLPIPE_OK;
}

/* The list that was pushed newest first, oldest first. */
static mlpipe__told *watch_reverse(mlpipe__told *list)
{
    mlpipe__told *out = NULL;

    while (list) {
        mlpipe__told *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

/* Tell of truths that are looked at some steps from now: `far` is ahead of
 * `near`, which is ahead of the list. */
static void watch_ahead_told(const mlpipe_monitor *m,
                             const mlpipe__told **far,
                             const mlpipe__told **near, uint32_t step)
{
    if (*far) {
        mlpipe__truths_far(&m->truths, (*far)->id);
        *far = (*far)->next;
    }
    if (step >= MLPIPE__TRUTH_AHEAD && *near) {
        mlpipe__truths_near(&m->truths, (*near)->id);
        *near = (*near)->next;
    }
}

static mlpipe_status watch_join(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    const mlpipe__told *far = m->sorted, *near = m->sorted;
    mlpipe__match match;

    for (uint32_t i = 0; i < 2 * MLPIPE__TRUTH_AHEAD; i++)
        watch_ahead_told(m, &far, &near, i);
    while (m->sorted) {
        mlpipe__told *t = m->sorted;
        if (!mlpipe__truths_reserve(&m->truths) ||
            !mlpipe__concept_reserve(&m->concept))
            return mlpipe__nomem(ctx);
        watch_ahead_told(m, &far, &near, MLPIPE__TRUTH_AHEAD);
        m->sorted = t->next;
        m->truths_ahead += watch_beyond(t->label_us, m->now_us);
        watch_odd_time(m, "a truth", t->label_us);
        if (mlpipe__truths_told(&m->truths, t, &match))
            watch_matched(m, &match);
        mlpipe__free(m->env, t);
        atomic_fetch_sub_explicit(&m->told_count, 1, memory_order_relaxed);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__watch_truths(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    mlpipe__told *fresh = watch_reverse(
        atomic_exchange_explicit(&m->told, NULL, memory_order_acquire));
    mlpipe__told **end = &m->sorted;
    mlpipe__match match;
    mlpipe_status st;
    bool matched;

    while (*end)
        end = &(*end)->next;
    *end = fresh;
    m->sorted = mlpipe__told_sort(m->sorted);
    st = watch_join(ctx, m);
    while (!st) {
        if (!mlpipe__concept_reserve(&m->concept))
            return mlpipe__nomem(ctx);
        if (!mlpipe__truths_expire(&m->truths, m->now_us, &matched, &match))
            break;
        if (matched)
            watch_matched(m, &match);
    }
    if (!st)
        st = mlpipe__concept_feed(ctx, &m->concept);
    if (!st)
        st = mlpipe__realised_look(ctx, m->model, &m->performance,
                                   &m->realised);
    if (!st && m->canary.number)
        st = mlpipe__watch_look_canary(ctx, m);
    return st;
}

static void watch_take(mlpipe_monitor *m, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        m->pane[i] = m->now[i] - m->base[i];
        m->base[i] = m->now[i];
    }
}

/* Second moments are of one row in many, so that their window may last for
 * several panes. */
static void watch_close_moments(mlpipe_monitor *m)
{
    const uint32_t first = m->moments_first;

    if (first == m->counters ||
        m->now[first] - m->base[first] < MLPIPE__MOMENTS_LEAST)
        return;
    watch_take(m, first, m->counters);
    m->moments_closed = true;
}

void mlpipe__watch_close(mlpipe_monitor *m)
{
    const mlpipe__deployment *d = mlpipe__slot_current(m->slot);
    uint64_t rows;

    /* Most ticks close no pane: they read the counters of the head alone. */
    memset(m->now, 0, MLPIPE__COUNT_HEAD * sizeof *m->now);
    mlpipe__deployment_head(m->slot, d, m->now);
    if (!m->since_known) {
        m->since_us = m->opened_us = m->now_us;
        m->since_rows = m->opened_rows = m->now[MLPIPE__COUNT_ROWS];
        m->since_known = true;
    }
    m->tick_rows = m->now[MLPIPE__COUNT_ROWS];
    if (m->now[MLPIPE__COUNT_ROWS] - m->base[MLPIPE__COUNT_ROWS] <
        m->pane_rows)
        return;
    mlpipe__deployment_counts(m->slot, d, m->now);
    rows = m->now[MLPIPE__COUNT_ROWS] - m->base[MLPIPE__COUNT_ROWS];
    watch_take(m, 0, m->moments_first);
    mlpipe__drift_forget(&m->drift);
    watch_close_moments(m);
    m->pane_speed = mlpipe__watch_speed(
        m->now[MLPIPE__COUNT_ROWS] - m->opened_rows, m->opened_us, m->now_us);
    m->opened_us = m->now_us;
    m->opened_rows = m->now[MLPIPE__COUNT_ROWS];
    m->pane_closed = true;
    m->open.rows = rows;
    m->open.closed_us = m->now_us;
    m->panes[m->pane_count++ % m->pane_room] = m->open;
    m->remember = true;
    watch_open(m);
}
