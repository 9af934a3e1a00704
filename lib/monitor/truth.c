/* SPDX-License-Identifier: MIT */
/*
 * The join of predictions with the truths that come later, earlier, twice or
 * never, by request id and in bounded memory.
 */
#include "monitor_internal.h"

enum { TRUTH_LEAST_ROOM = 1024, TRUTH_LEAST_EPOCHS = 16 };
#define TRUTH_NONE UINT32_MAX

void mlpipe__truths_init(mlpipe__truths *t, mlpipe__env *env, uint64_t room,
                         int64_t delay_us, uint32_t more)
{
    memset(t, 0, sizeof *t);
    t->env = env;
    t->room = room;
    t->delay_us = delay_us;
    t->more = more;
    t->due = INT64_MAX;
    t->scan = UINT64_MAX;
}

void mlpipe__truths_free(mlpipe__truths *t)
{
    mlpipe__free(t->env, t->pool);
    mlpipe__free(t->env, t->marks);
    mlpipe__free(t->env, t->outputs);
    mlpipe__free(t->env, t->blocks);
    mlpipe__free(t->env, t->epochs);
    mlpipe__free(t->env, t->index.slots);
    mlpipe__truths_init(t, t->env, t->room, t->delay_us, t->more);
}

/* ---- marks: the state of an entry and who predicted -------------------- */

static uint32_t truth_state(const mlpipe__truths *t, uint64_t at)
{
    return t->marks[at] >> 14;
}

static uint32_t truth_epoch(const mlpipe__truths *t, uint64_t at)
{
    return t->marks[at] & (MLPIPE__TRUTH_EPOCHS - 1);
}

static void truth_mark(mlpipe__truths *t, uint64_t at, uint32_t state,
                       uint32_t epoch)
{
    mlpipe__truth_epoch *old = &t->epochs[truth_epoch(t, at)];

    t->count[truth_state(t, at)]--;
    t->epochs_used -= --old->live == 0;
    t->marks[at] = (uint16_t)(state << 14 | epoch);
    t->epochs_used += t->epochs[epoch].live++ == 0;
    t->count[state]++;
}

/* ---- times ------------------------------------------------------------- */

static int64_t truth_us(const mlpipe__truths *t, uint64_t at)
{
    const mlpipe__truth_block *b = &t->blocks[at / MLPIPE__TRUTH_BLOCK];

    /* unsigned: the sum is a time that was given, or one before it */
    return (int64_t)((uint64_t)b->base +
                     ((uint64_t)t->pool[at].time << b->shift));
}

/* Write the times of a block down anew, from the oldest that lives on. With
 * `also` this time will be added to them. */
static void truth_rebase(mlpipe__truths *t, uint64_t block, bool also,
                         int64_t us)
{
    const uint64_t first = block * MLPIPE__TRUTH_BLOCK;
    uint64_t last = first + MLPIPE__TRUTH_BLOCK, span;
    mlpipe__truth_block *b = &t->blocks[block];
    int64_t time[MLPIPE__TRUTH_BLOCK];
    int64_t low = also ? us : INT64_MAX, high = also ? us : INT64_MIN;

    last = last < t->places ? last : t->places;
    for (uint64_t i = first; i < last; i++) {
        if (truth_state(t, i) == MLPIPE__TRUTH_HOLE)
            continue;
        time[i - first] = truth_us(t, i);
        low = time[i - first] < low ? time[i - first] : low;
        high = time[i - first] > high ? time[i - first] : high;
    }
    b->base = low;
    b->shift = 0;
    if (low > high)
        return; /* none lives */
    span = (uint64_t)high - (uint64_t)low;
    while (span >> b->shift > UINT32_MAX)
        b->shift++;
    for (uint64_t i = first; i < last; i++)
        if (truth_state(t, i) != MLPIPE__TRUTH_HOLE)
            t->pool[i].time = (uint32_t)(
                ((uint64_t)time[i - first] - (uint64_t)low) >> b->shift);
}

/* The time of a live entry. */
static void truth_put_us(mlpipe__truths *t, uint64_t at, int64_t us)
{
    mlpipe__truth_block *b = &t->blocks[at / MLPIPE__TRUTH_BLOCK];
    uint64_t from = (uint64_t)us - (uint64_t)b->base;

    t->pool[at].time = 0; /* it counts as its block's oldest meanwhile */
    if (us < b->base || from >> b->shift > UINT32_MAX) {
        const uint16_t mark = t->marks[at];
        t->marks[at] = MLPIPE__TRUTH_HOLE;
        truth_rebase(t, at / MLPIPE__TRUTH_BLOCK, true, us);
        t->marks[at] = mark;
        from = (uint64_t)us - (uint64_t)b->base;
    }
    t->pool[at].time = (uint32_t)(from >> b->shift);
    t->due = us < t->due ? us : t->due;
}

/* ---- room -------------------------------------------------------------- */

static bool truth_droppable(const mlpipe__truths *t, uint64_t at, bool done)
{
    const uint32_t state = truth_state(t, at);

    return state == MLPIPE__TRUTH_HOLE ||
           (done && state == MLPIPE__TRUTH_DONE);
}

static void truth_move(mlpipe__truths *t, uint64_t from, uint64_t to)
{
    const uint32_t state = truth_state(t, from), epoch = truth_epoch(t, from);
    const int64_t us = truth_us(t, from);

    if (to % MLPIPE__TRUTH_BLOCK == 0)
        truth_rebase(t, to / MLPIPE__TRUTH_BLOCK, true, us);
    t->pool[to] = t->pool[from];
    if (t->more)
        memcpy(t->outputs + to * t->more, t->outputs + from * t->more,
               t->more * sizeof *t->outputs);
    truth_mark(t, from, MLPIPE__TRUTH_HOLE, 0);
    truth_mark(t, to, state, epoch);
    truth_put_us(t, to, us);
}

/* Close the gaps; with `done` what is kept to know repeats goes too. A ring
 * that may still grow begins at its first place again and never wraps. */
static void truth_compact(mlpipe__truths *t, bool done)
{
    uint64_t to = t->places < t->room ? 0 : t->tail, from;
    const uint64_t tail = to;

    for (from = t->tail; from < t->head; from++) {
        const uint64_t at = from % t->places;
        if (truth_droppable(t, at, done)) {
            truth_mark(t, at, MLPIPE__TRUTH_HOLE, 0);
            continue;
        }
        if (to != from)
            truth_move(t, at, to % t->places);
        to++;
    }
    t->tail = tail;
    t->head = to;
    t->scan = UINT64_MAX;
    mlpipe__truth_index_clear(&t->index);
    for (from = tail; from < to; from++)
        mlpipe__truth_index_add(&t->index, t->pool[from % t->places].id,
                                (uint32_t)(from % t->places));
}

static bool truth_grow(mlpipe__truths *t)
{
    uint64_t room = t->places ? t->places * 2 : TRUTH_LEAST_ROOM;
    uint64_t blocks, had = (t->places + MLPIPE__TRUTH_BLOCK - 1) /
                           MLPIPE__TRUTH_BLOCK;
    mlpipe__truth_index index = {0};
    void *p;

    room = room < t->room ? room : t->room;
    blocks = (room + MLPIPE__TRUTH_BLOCK - 1) / MLPIPE__TRUTH_BLOCK;
    if (!(p = mlpipe__grow(t->env, t->pool, room, sizeof *t->pool)))
        return false;
    t->pool = p;
    if (!(p = mlpipe__grow(t->env, t->marks, room, sizeof *t->marks)))
        return false;
    t->marks = p;
    if (t->more) {
        if (!(p = mlpipe__grow(t->env, t->outputs, room,
                               t->more * sizeof *t->outputs)))
            return false;
        t->outputs = p;
    }
    if (!(p = mlpipe__grow(t->env, t->blocks, blocks, sizeof *t->blocks)))
        return false;
    t->blocks = p;
    if (!mlpipe__truth_index_init(&index, t->env, room))
        return false;
    mlpipe__free(t->env, t->index.slots);
    t->index = index;
    memset(t->marks + t->places, 0, (room - t->places) * sizeof *t->marks);
    for (; had < blocks; had++)
        t->blocks[had] = (mlpipe__truth_block){INT64_MAX, 0, 0};
    t->count[MLPIPE__TRUTH_HOLE] += room - t->places;
    t->epochs_used += t->epochs[0].live == 0;
    t->epochs[0].live += (uint32_t)(room - t->places);
    t->places = room;
    for (uint64_t i = t->tail; i < t->head; i++)
        if (truth_state(t, i) != MLPIPE__TRUTH_HOLE)
            mlpipe__truth_index_add(&t->index, t->pool[i].id, (uint32_t)i);
    return true;
}

static bool truth_epochs_grow(mlpipe__truths *t)
{
    const uint32_t room =
        t->epoch_room ? t->epoch_room * 2 : TRUTH_LEAST_EPOCHS;
    mlpipe__truth_epoch *p =
        mlpipe__grow(t->env, t->epochs, room, sizeof *p);

    if (!p)
        return false;
    t->epochs = p;
    memset(p + t->epoch_room, 0, (room - t->epoch_room) * sizeof *p);
    t->epoch_room = room;
    return true;
}

/* Is there an epoch that nobody speaks of? 0 is that of holes and of truths
 * without a prediction. */
static uint32_t truth_epoch_free(const mlpipe__truths *t)
{
    for (uint32_t i = 1; i < t->epoch_room; i++)
        if (!t->epochs[i].live)
            return i;
    return 0;
}

bool mlpipe__truths_reserve(mlpipe__truths *t)
{
    const uint64_t live = t->places - t->count[MLPIPE__TRUTH_HOLE];

    if (t->epochs_used + 2 > t->epoch_room &&
        t->epoch_room < MLPIPE__TRUTH_EPOCHS && !truth_epochs_grow(t))
        return false;
    if (t->head - t->tail < t->places - (t->places < t->room ? t->tail : 0) ||
        t->places >= t->room)
        return true;
    if (live <= t->places / 2 && t->places) {
        truth_compact(t, false);
        return true;
    }
    return truth_grow(t);
}

/* An entry goes; so do the holes at the old end. */
static void truth_remove(mlpipe__truths *t, uint64_t at)
{
    mlpipe__truth_index_drop(&t->index, t->pool, (uint32_t)at);
    truth_mark(t, at, MLPIPE__TRUTH_HOLE, 0);
    while (t->tail < t->head && truth_state(t, t->tail % t->places) ==
                                    MLPIPE__TRUTH_HOLE)
        t->tail++;
}

/* The id that is removed some removals from now, oldest first. */
static void truth_ahead(const mlpipe__truths *t, uint64_t seq)
{
    seq += MLPIPE__TRUTH_AHEAD;
    if (seq < t->head)
        mlpipe__truth_index_near(&t->index, t->pool[seq % t->places].id);
}

/* The oldest entry gives way. */
static void truth_evict(mlpipe__truths *t)
{
    const uint64_t at = t->tail % t->places;

    truth_ahead(t, t->tail);
    t->unmatched += truth_state(t, at) == MLPIPE__TRUTH_EARLY;
    t->expired += truth_state(t, at) == MLPIPE__TRUTH_WAITING;
    truth_remove(t, at);
}

/*
 * A place at the young end. Where all are taken, what has met its truth gives
 * way first, as soon as this frees an eighth of them; a prediction or truth
 * that waits is given up only where it does not, the oldest first.
 */
static uint64_t truth_place(mlpipe__truths *t)
{
    const uint64_t limit = t->places < t->room ? t->places - t->tail
                                               : t->places;

    if (t->head - t->tail == limit) {
        const uint64_t spare =
            t->count[MLPIPE__TRUTH_HOLE] + t->count[MLPIPE__TRUTH_DONE];
        if (spare && spare >= t->places / 8)
            truth_compact(t, true);
        else
            truth_evict(t);
    }
    return t->head++ % t->places;
}

static uint64_t truth_add(mlpipe__truths *t, uint64_t id, int64_t us,
                          uint32_t state, uint32_t epoch)
{
    const uint64_t at = truth_place(t);

    if (at % MLPIPE__TRUTH_BLOCK == 0)
        truth_rebase(t, at / MLPIPE__TRUTH_BLOCK, true, us);
    t->pool[at].id = id;
    mlpipe__truth_index_add(&t->index, id, (uint32_t)at);
    truth_mark(t, at, state, epoch);
    truth_put_us(t, at, us);
    return at;
}

/* The epoch of a deployment's predictions of this moment. Where there is none
 * left the oldest entries give way until there is. */
static uint32_t truth_epoch_of(mlpipe__truths *t, uint64_t number)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < 4; i++) {
        const mlpipe__truth_epoch *e = &t->epochs[t->epoch_recent[i]];
        if (t->epoch_recent[i] && e->number == number && e->pane == t->pane)
            return t->epoch_recent[i];
    }
    for (uint32_t i = 1; i < t->epoch_room && !found; i++)
        if (t->epochs[i].live && t->epochs[i].number == number &&
            t->epochs[i].pane == t->pane)
            found = i;
    while (!found && !(found = truth_epoch_free(t)))
        truth_evict(t);
    t->epochs[found].number = number;
    t->epochs[found].pane = t->pane;
    for (uint32_t i = 3; i; i--)
        t->epoch_recent[i] = t->epoch_recent[i - 1];
    t->epoch_recent[0] = found;
    return found;
}

/* ---- the join ---------------------------------------------------------- */

void mlpipe__truths_far(const mlpipe__truths *t, uint64_t id)
{
    mlpipe__truth_index_near(&t->index, id);
}

void mlpipe__truths_near(const mlpipe__truths *t, uint64_t id)
{
    const uint32_t at = mlpipe__truth_index_guess(&t->index, id);

    if (at == TRUTH_NONE)
        return;
    __builtin_prefetch(&t->pool[at], 1);
    __builtin_prefetch(&t->marks[at], 1);
}

static void truth_wait(mlpipe__truths *t, const mlpipe__served *s,
                       const double *more, uint64_t row)
{
    const uint32_t epoch = truth_epoch_of(t, s->number);
    const uint64_t at = truth_add(t, s->id, s->now_us, MLPIPE__TRUTH_WAITING,
                                  epoch);

    t->pool[at].value = s->score;
    t->pool[at].row = (uint32_t)row;
    if (t->more)
        memcpy(t->outputs + at * t->more, more,
               t->more * sizeof *t->outputs);
}

/* What is known of a prediction that waits. */
static mlpipe__match truth_match(const mlpipe__truths *t, uint64_t at)
{
    const mlpipe__truth_entry *e = &t->pool[at];
    const mlpipe__truth_epoch *epoch = &t->epochs[truth_epoch(t, at)];

    return (mlpipe__match){
        .id = e->id,
        .number = epoch->number,
        .row = e->row,
        .now_us = truth_us(t, at),
        .score = e->value,
        .pane = epoch->pane,
        .more = t->more ? t->outputs + at * t->more : NULL,
    };
}

bool mlpipe__truths_predicted(mlpipe__truths *t, const mlpipe__served *s,
                              const double *more, uint64_t row,
                              mlpipe__match *out)
{
    const uint32_t at =
        mlpipe__truth_index_find(&t->index, t->pool, s->id);
    const uint32_t state =
        at == TRUTH_NONE ? MLPIPE__TRUTH_HOLE : truth_state(t, at);

    t->predictions++;
    if (state == MLPIPE__TRUTH_WAITING) {
        t->repeated++;
        return false;
    }
    if (state == MLPIPE__TRUTH_EARLY) {
        *out = (mlpipe__match){s->id,           s->number,
                               (uint32_t)row,   s->now_us,
                               truth_us(t, at), s->score,
                               t->pool[at].value, t->pane, more};
        truth_mark(t, at, MLPIPE__TRUTH_DONE, 0);
        truth_put_us(t, at, s->now_us);
        t->matched++;
        return true;
    }
    /* The host uses an id again, after its truth: a new request. */
    if (state == MLPIPE__TRUTH_DONE)
        truth_remove(t, at);
    truth_wait(t, s, more, row);
    return false;
}

bool mlpipe__truths_told(mlpipe__truths *t, const mlpipe__told *told,
                         mlpipe__match *out)
{
    const uint32_t found =
        mlpipe__truth_index_find(&t->index, t->pool, told->id);
    uint64_t at = found;

    t->told++;
    if (found == TRUTH_NONE) {
        at = truth_add(t, told->id, told->label_us, MLPIPE__TRUTH_EARLY, 0);
        t->pool[at].value = told->truth;
        return false;
    }
    if (truth_state(t, at) != MLPIPE__TRUTH_WAITING) {
        t->duplicate++;
        return false;
    }
    *out = truth_match(t, at);
    out->label_us = told->label_us;
    out->truth = told->truth;
    truth_mark(t, at, MLPIPE__TRUTH_DONE, 0);
    t->matched++;
    return true;
}

/* ---- expiry ------------------------------------------------------------ */

static bool truth_expire_one(mlpipe__truths *t, uint64_t at, bool *matched,
                             mlpipe__match *out)
{
    const uint32_t state = truth_state(t, at);

    t->unmatched += state == MLPIPE__TRUTH_EARLY;
    t->expired += state == MLPIPE__TRUTH_WAITING;
    if (state == MLPIPE__TRUTH_WAITING && t->expire_as) {
        *matched = true;
        *out = truth_match(t, at);
        if (__builtin_add_overflow(out->now_us, t->delay_us, &out->label_us))
            out->label_us = INT64_MAX;
        out->truth = t->expire_value;
    }
    truth_remove(t, at);
    return true;
}

/*
 * Blocks whose oldest entry is due are looked through, from the old end on;
 * the others cost a comparison, and none where nothing at all is due.
 */
bool mlpipe__truths_expire(mlpipe__truths *t, int64_t now_us, bool *matched,
                           mlpipe__match *out)
{
    int64_t limit;

    *matched = false;
    if (__builtin_sub_overflow(now_us, t->delay_us, &limit))
        limit = INT64_MIN;
    if (t->scan == UINT64_MAX) {
        if (t->due > limit)
            return false;
        t->scan = t->tail;
        t->due = INT64_MAX;
    }
    t->scan = t->scan < t->tail ? t->tail : t->scan;
    while (t->scan < t->head) {
        const uint64_t at = t->scan % t->places;
        const uint64_t block = at / MLPIPE__TRUTH_BLOCK;
        uint64_t left = MLPIPE__TRUTH_BLOCK - at % MLPIPE__TRUTH_BLOCK;
        if (left > t->places - at)
            left = t->places - at; /* the last block may be a short one */
        if (t->blocks[block].base <= limit) {
            truth_ahead(t, t->scan++);
            if (truth_state(t, at) != MLPIPE__TRUTH_HOLE &&
                truth_us(t, at) <= limit)
                return truth_expire_one(t, at, matched, out);
            if (left > 1 && t->scan < t->head)
                continue;
            truth_rebase(t, block, false, 0);
        } else {
            t->scan += left;
        }
        if (t->blocks[block].base < t->due)
            t->due = t->blocks[block].base;
    }
    t->scan = UINT64_MAX;
    return false;
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
