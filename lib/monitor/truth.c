/* SPDX-License-Identifier: MIT */
/*
 * The join of predictions with the truths that come later, earlier, twice or
 * never, by request id and in bounded memory.
 */
#include "monitor_internal.h"

enum { TRUTH_LEAST_ROOM = 1024 };
#define TRUTH_NONE UINT32_MAX

void mlpipe__truths_init(mlpipe__truths *t, mlpipe__env *env, uint64_t room,
                         int64_t delay_us)
{
    memset(t, 0, sizeof *t);
    t->env = env;
    t->room = room;
    t->delay_us = delay_us;
    t->free_list = TRUTH_NONE;
    for (uint32_t q = 0; q < MLPIPE__TRUTH_QUEUES; q++)
        t->oldest[q] = t->newest[q] = TRUTH_NONE;
}

void mlpipe__truths_free(mlpipe__truths *t)
{
    mlpipe__free(t->env, t->pool);
    mlpipe__free(t->env, t->slots);
    t->pool = NULL;
    t->slots = NULL;
}

/* ---- the table --------------------------------------------------------- */

/* Ids are often consecutive; a multiplicative mix spreads them. */
static uint32_t truth_home(const mlpipe__truths *t, uint64_t id)
{
    id ^= id >> 31;
    id *= UINT64_C(0x9e3779b97f4a7c15);
    id ^= id >> 29;
    id *= UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(id >> 32) & (t->slot_count - 1);
}

static uint32_t truth_find(const mlpipe__truths *t, uint64_t id)
{
    if (!t->slot_count)
        return TRUTH_NONE;
    for (uint32_t s = truth_home(t, id);; s = (s + 1) & (t->slot_count - 1)) {
        if (!t->slots[s])
            return TRUTH_NONE;
        if (t->pool[t->slots[s] - 1].id == id)
            return t->slots[s] - 1;
    }
}

static void truth_insert(mlpipe__truths *t, uint32_t entry)
{
    uint32_t s = truth_home(t, t->pool[entry].id);

    while (t->slots[s])
        s = (s + 1) & (t->slot_count - 1);
    t->slots[s] = entry + 1;
}

/* Take an id out; what was pushed past it moves back, so that no tombstones
 * pile up in a table that lives for months. */
static void truth_erase(mlpipe__truths *t, uint64_t id)
{
    const uint32_t mask = t->slot_count - 1;
    uint32_t hole = truth_home(t, id);

    while (t->pool[t->slots[hole] - 1].id != id)
        hole = (hole + 1) & mask;
    for (uint32_t s = (hole + 1) & mask; t->slots[s]; s = (s + 1) & mask) {
        const uint32_t home = truth_home(t, t->pool[t->slots[s] - 1].id);
        if (((s - home) & mask) >= ((s - hole) & mask)) {
            t->slots[hole] = t->slots[s];
            hole = s;
        }
    }
    t->slots[hole] = 0;
}

/* ---- the queues -------------------------------------------------------- */

static void truth_link(mlpipe__truths *t, uint32_t entry, uint32_t queue)
{
    mlpipe__truth_entry *e = &t->pool[entry];

    e->queue = queue;
    e->next = TRUTH_NONE;
    e->prev = t->newest[queue];
    if (e->prev == TRUTH_NONE)
        t->oldest[queue] = entry;
    else
        t->pool[e->prev].next = entry;
    t->newest[queue] = entry;
    t->count[queue]++;
}

static void truth_unlink(mlpipe__truths *t, uint32_t entry)
{
    const mlpipe__truth_entry *e = &t->pool[entry];

    if (e->prev == TRUTH_NONE)
        t->oldest[e->queue] = e->next;
    else
        t->pool[e->prev].next = e->next;
    if (e->next == TRUTH_NONE)
        t->newest[e->queue] = e->prev;
    else
        t->pool[e->next].prev = e->prev;
    t->count[e->queue]--;
}

static void truth_remove(mlpipe__truths *t, uint32_t entry)
{
    truth_unlink(t, entry);
    truth_erase(t, t->pool[entry].id);
    t->pool[entry].next = t->free_list;
    t->free_list = entry;
}

/* The table is full: the oldest of the least valuable queue gives way. */
static void truth_evict(mlpipe__truths *t)
{
    if (t->count[MLPIPE__TRUTH_DONE]) {
        truth_remove(t, t->oldest[MLPIPE__TRUTH_DONE]);
    } else if (t->count[MLPIPE__TRUTH_EARLY]) {
        t->unmatched++;
        truth_remove(t, t->oldest[MLPIPE__TRUTH_EARLY]);
    } else {
        t->expired++;
        truth_remove(t, t->oldest[MLPIPE__TRUTH_WAITING]);
    }
}

bool mlpipe__truths_reserve(mlpipe__truths *t)
{
    uint64_t room = t->pool_room;
    uint32_t slots = t->slot_count ? t->slot_count : 2;
    mlpipe__truth_entry *pool;
    uint32_t *table;

    if (t->free_list != TRUTH_NONE || t->pool_used < t->pool_room ||
        room >= t->room)
        return true;
    room = room ? room * 2 : TRUTH_LEAST_ROOM;
    if (room > t->room)
        room = t->room;
    while (slots < room * 2)
        slots *= 2;
    pool = mlpipe__grow(t->env, t->pool, room, sizeof *pool);
    if (!pool)
        return false;
    t->pool = pool;
    table = mlpipe__alloc_array(t->env, slots, sizeof *table);
    if (!table)
        return false;
    mlpipe__free(t->env, t->slots);
    t->slots = table;
    t->slot_count = slots;
    t->pool_room = (uint32_t)room;
    for (uint32_t q = 0; q < MLPIPE__TRUTH_QUEUES; q++)
        for (uint32_t e = t->oldest[q]; e != TRUTH_NONE; e = t->pool[e].next)
            truth_insert(t, e);
    return true;
}

static mlpipe__truth_entry *truth_add(mlpipe__truths *t, uint64_t id,
                                      uint32_t queue)
{
    uint32_t entry;

    if (t->free_list == TRUTH_NONE && t->pool_used == t->pool_room)
        truth_evict(t);
    entry = t->free_list;
    if (entry != TRUTH_NONE)
        t->free_list = t->pool[entry].next;
    else
        entry = t->pool_used++;
    t->pool[entry].id = id;
    truth_insert(t, entry);
    truth_link(t, entry, queue);
    return &t->pool[entry];
}

static void truth_requeue(mlpipe__truths *t, uint32_t entry, uint32_t queue)
{
    truth_unlink(t, entry);
    truth_link(t, entry, queue);
}

/* ---- the join ---------------------------------------------------------- */

static void truth_set_prediction(mlpipe__truth_entry *e,
                                 const mlpipe__served *s, uint64_t row)
{
    e->number = s->number;
    e->row = row;
    e->us = s->now_us;
    e->value = s->score;
}

bool mlpipe__truths_predicted(mlpipe__truths *t, const mlpipe__served *s,
                              uint64_t row, mlpipe__match *out)
{
    const uint32_t at = truth_find(t, s->id);

    t->predictions++;
    if (at == TRUTH_NONE) {
        truth_set_prediction(truth_add(t, s->id, MLPIPE__TRUTH_WAITING), s,
                             row);
        return false;
    }
    mlpipe__truth_entry *e = &t->pool[at];
    if (e->queue == MLPIPE__TRUTH_WAITING) {
        t->repeated++;
        return false;
    }
    if (e->queue == MLPIPE__TRUTH_DONE) {
        /* The host uses an id again, after its truth: a new request. */
        truth_set_prediction(e, s, row);
        truth_requeue(t, at, MLPIPE__TRUTH_WAITING);
        return false;
    }
    *out = (mlpipe__match){s->id, s->number, row,     s->now_us,
                           e->us, s->score,  e->value};
    truth_set_prediction(e, s, row);
    truth_requeue(t, at, MLPIPE__TRUTH_DONE);
    t->matched++;
    return true;
}

bool mlpipe__truths_told(mlpipe__truths *t, const mlpipe__told *told,
                         mlpipe__match *out)
{
    const uint32_t at = truth_find(t, told->id);

    t->told++;
    if (at == TRUTH_NONE) {
        mlpipe__truth_entry *e =
            truth_add(t, told->id, MLPIPE__TRUTH_EARLY);
        e->us = told->label_us;
        e->value = told->truth;
        return false;
    }
    mlpipe__truth_entry *e = &t->pool[at];
    if (e->queue != MLPIPE__TRUTH_WAITING) {
        t->duplicate++;
        return false;
    }
    *out = (mlpipe__match){e->id,          e->number, e->row,     e->us,
                           told->label_us, e->value,  told->truth};
    truth_requeue(t, at, MLPIPE__TRUTH_DONE);
    t->matched++;
    return true;
}

/* The oldest of a queue where it has waited for the whole delay. */
static uint32_t truth_due(const mlpipe__truths *t, uint32_t queue,
                          int64_t now_us)
{
    const uint32_t at = t->oldest[queue];
    int64_t limit;

    if (at == TRUTH_NONE)
        return TRUTH_NONE;
    if (__builtin_sub_overflow(now_us, t->delay_us, &limit))
        limit = INT64_MIN;
    return t->pool[at].us <= limit ? at : TRUTH_NONE;
}

bool mlpipe__truths_expire(mlpipe__truths *t, int64_t now_us, bool *matched,
                           mlpipe__match *out)
{
    uint32_t at = truth_due(t, MLPIPE__TRUTH_DONE, now_us);

    *matched = false;
    if (at != TRUTH_NONE) {
        truth_remove(t, at);
        return true;
    }
    at = truth_due(t, MLPIPE__TRUTH_EARLY, now_us);
    if (at != TRUTH_NONE) {
        t->unmatched++;
        truth_remove(t, at);
        return true;
    }
    at = truth_due(t, MLPIPE__TRUTH_WAITING, now_us);
    if (at == TRUTH_NONE)
        return false;
    t->expired++;
    if (t->expire_as) {
        const mlpipe__truth_entry *e = &t->pool[at];
        *matched = true;
        *out = (mlpipe__match){e->id,    e->number,
                               e->row,   e->us,
                               e->us + t->delay_us, e->value,
                               t->expire_value};
    }
    truth_remove(t, at);
    return true;
}

/* ---- order ------------------------------------------------------------- */

static bool truth_after(const mlpipe__told *a, const mlpipe__told *b)
{
    return a->label_us != b->label_us ? a->label_us > b->label_us
                                      : a->id > b->id;
}

static mlpipe__told *truth_merge(mlpipe__told *a, mlpipe__told *b)
{
    mlpipe__told head = {0}, *end = &head;

    while (a && b) {
        mlpipe__told **least = truth_after(a, b) ? &b : &a;
        end->next = *least;
        end = *least;
        *least = end->next;
    }
    end->next = a ? a : b;
    return head.next;
}

mlpipe__told *mlpipe__told_sort(mlpipe__told *list)
{
    /* Bottom-up: run[k] is empty or holds 2^k sorted nodes, older ones in
     * higher runs, so that merging run[k] first keeps ties in order. */
    mlpipe__told *run[64] = {0};
    mlpipe__told *sorted = NULL;

    while (list) {
        mlpipe__told *one = list;
        uint32_t k = 0;
        list = list->next;
        one->next = NULL;
        for (; run[k]; k++) {
            one = truth_merge(run[k], one);
            run[k] = NULL;
        }
        run[k] = one;
    }
    for (uint32_t k = 0; k < 64; k++)
        if (run[k])
            sorted = sorted ? truth_merge(run[k], sorted) : run[k];
    return sorted;
}
