/* SPDX-License-Identifier: MIT */
/*
 * The matches of an as-of join. Right rows stand in the order of key, time,
 * second clock and row id, so that the wanted one is the last (going forward:
 * the last of the first time) among those that the second clock allows. A tree
 * of the least clock finds it in logarithmic time, however many rows were
 * known late.
 */
#include "asof_types.h"

/* ---- right rows in order ------------------------------------------------ */

typedef struct asof_room {
    int64_t *moved;
    uint32_t *place, *next;
    uint64_t *scratch; /* 4 m */
} asof_room;

static bool asof_room_make(mlpipe__env *env, asof_room *room, uint32_t n)
{
    room->moved = mlpipe__alloc_array(env, n, sizeof room->moved[0]);
    room->place = mlpipe__alloc_array(env, n, sizeof room->place[0]);
    room->next = mlpipe__alloc_array(env, n, sizeof room->next[0]);
    room->scratch = mlpipe__alloc_array(env, n, 4 * sizeof room->scratch[0]);
    return room->moved && room->place && room->next && room->scratch;
}

static void asof_room_free(mlpipe__env *env, asof_room *room)
{
    mlpipe__free(env, room->scratch);
    mlpipe__free(env, room->next);
    mlpipe__free(env, room->place);
    mlpipe__free(env, room->moved);
}

/* One stable pass over m rows in their order so far, by room->moved; rows that
 * stand right already cost no more than looking. */
static void asof_sort_moved(const asof_room *room, uint32_t *rows, uint32_t m)
{
    uint32_t i = 1;

    while (i < m && room->moved[i - 1] <= room->moved[i])
        i++;
    if (i >= m)
        return;
    mlpipe__argsort_i64(room->moved, room->place, m, room->scratch);
    for (i = 0; i < m; i++)
        room->next[i] = rows[room->place[i]];
    memcpy(rows, room->next, m * sizeof rows[0]);
}

static void asof_sort(const asof_room *room, uint32_t *rows, uint32_t m,
                      const int64_t *values)
{
    for (uint32_t i = 0; i < m; i++)
        room->moved[i] = values[rows[i]];
    asof_sort_moved(room, rows, m);
}

static void asof_sort_keys(const asof_room *room, uint32_t *rows, uint32_t m,
                           const uint32_t *keys)
{
    for (uint32_t i = 0; i < m; i++)
        room->moved[i] = keys[rows[i]];
    asof_sort_moved(room, rows, m);
}

/* Ids as signed numbers in their order. */
static void asof_sort_ids(const asof_room *room, uint32_t *rows, uint32_t m,
                          const mlpipe_dataset *d)
{
    const uint64_t sign = UINT64_C(1) << 63;

    for (uint32_t i = 0; i < m; i++)
        room->moved[i] = (int64_t)(mlpipe_dataset_row_id(d, rows[i]) ^ sign);
    asof_sort_moved(room, rows, m);
}

/* Which right rows can match at all; the others are counted. */
static void asof_usable(asof_job *j)
{
    const asof_side *r = &j->right;

    for (uint32_t i = 0; i < r->n; i++) {
        if (!r->time_ok[i])
            j->right_null_time++;
        else if (r->keys[i] == ASOF_KEY_MISSING)
            j->right_null_key++;
        else if (r->known >= 0 && !r->clock_ok[i])
            j->right_null_known++;
        else
            j->row[j->m++] = i;
    }
}

static mlpipe_status asof_order(asof_job *j)
{
    const asof_side *r = &j->right;
    asof_room room = {0};
    mlpipe_status st = asof_room_make(j->ctx->env, &room, r->n)
                           ? mlpipe__poll(j->ctx, "asof", 0, 2)
                           : mlpipe__nomem(j->ctx);

    if (!st) {
        asof_usable(j);
        asof_sort_ids(&room, j->row, j->m, r->data);
        if (r->known >= 0)
            asof_sort(&room, j->row, j->m, r->clock);
        st = mlpipe__poll(j->ctx, "asof", 1, 2);
    }
    if (!st) {
        asof_sort(&room, j->row, j->m, r->time);
        asof_sort_keys(&room, j->row, j->m, r->keys);
    }
    asof_room_free(j->ctx->env, &room);
    return st;
}

/*
 * The left rows in the order in which they are answered: as they are where
 * that is the order of time, else by key and time, so that what is searched
 * next lies near what was searched last.
 */
static mlpipe_status asof_visits(asof_job *j)
{
    const asof_side *l = &j->left;
    asof_room room = {0};
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    j->visit = mlpipe__alloc_array(j->ctx->env, l->n, sizeof j->visit[0]);
    if (!j->visit)
        return mlpipe__nomem(j->ctx);
    for (i = 0; i < l->n; i++)
        j->visit[i] = i;
    for (i = 1; i < l->n && l->time[i - 1] <= l->time[i];)
        i++;
    if (i >= l->n)
        return MLPIPE_OK;
    if (asof_room_make(j->ctx->env, &room, l->n)) {
        asof_sort(&room, j->visit, l->n, l->time);
        asof_sort_keys(&room, j->visit, l->n, l->keys);
    } else {
        st = mlpipe__nomem(j->ctx);
    }
    asof_room_free(j->ctx->env, &room);
    return st;
}

/* ---- the tree ----------------------------------------------------------- */

static mlpipe_status asof_plant(asof_job *j)
{
    for (j->leaves = 1; j->leaves < j->m;)
        j->leaves *= 2;
    j->least = mlpipe__alloc_array(j->ctx->env, j->leaves,
                                   2 * sizeof j->least[0]);
    if (!j->least)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->leaves; i++)
        j->least[j->leaves + i] = i < j->m ? j->clock[i] : INT64_MAX;
    for (uint32_t i = j->leaves; i-- > 1;)
        j->least[i] = j->least[2 * i] < j->least[2 * i + 1]
                          ? j->least[2 * i] : j->least[2 * i + 1];
    return MLPIPE_OK;
}

/*
 * The last row in [low, high) that was known by `clock`, or -1. Nodes are left
 * behind from the right, each as large as ends there; the one with a row that
 * was known is gone down. A leaf past the rows holds INT64_MAX, which a clock
 * may be, and is never reached from high <= m.
 */
static int64_t asof_last(const asof_job *j, uint32_t low, uint32_t high,
                         int64_t clock)
{
    if (high <= low)
        return -1;
    if (!j->least || j->clock[high - 1] <= clock)
        return (int64_t)high - 1;
    uint32_t node = high + j->leaves;
    do {
        node--;
        while (node > 1 && node % 2)
            node /= 2;
        if (j->least[node] <= clock) {
            while (node < j->leaves) {
                node = 2 * node + 1;
                if (j->least[node] > clock)
                    node--;
            }
            node -= j->leaves;
            return node >= low ? (int64_t)node : -1;
        }
    } while ((node & (~node + 1)) != node);
    return -1;
}

/* The first row in [low, high) that was known by `clock`, or -1. */
static int64_t asof_first(const asof_job *j, uint32_t low, uint32_t high,
                          int64_t clock)
{
    if (high <= low)
        return -1;
    if (!j->least || j->clock[low] <= clock)
        return low;
    uint32_t node = low + j->leaves;
    do {
        while (node % 2 == 0)
            node /= 2;
        if (j->least[node] <= clock) {
            while (node < j->leaves) {
                node = 2 * node;
                if (j->least[node] > clock)
                    node++;
            }
            node -= j->leaves;
            return node < high ? (int64_t)node : -1;
        }
        node++;
    } while ((node & (~node + 1)) != node);
    return -1;
}

/* ---- one left row ------------------------------------------------------- */

/* The first row in [low, high) later than `time`, or also at it. Searches of
 * a key mostly follow each other in time: they start where the last ended. */
static uint32_t asof_search(const asof_job *j, uint32_t low, uint32_t high,
                            uint32_t hint, int64_t time, bool at_it)
{
    uint32_t step = 1;

#define ASOF_LATER(i) (j->time[i] > time || (at_it && j->time[i] == time))
    if (hint > low && ASOF_LATER(hint - 1)) {
        high = hint - 1;
        while (high - low > step && ASOF_LATER(high - step)) {
            high -= step;
            step *= 2;
        }
        if (high - low > step)
            low = high - step;
    } else {
        low = hint;
        while (high - low > step && !ASOF_LATER(low + step - 1)) {
            low += step;
            step *= 2;
        }
        if (high - low > step)
            high = low + step;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ASOF_LATER(middle))
            high = middle;
        else
            low = middle + 1;
    }
#undef ASOF_LATER
    return low;
}

static uint64_t asof_apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static int64_t asof_back(const asof_job *j, uint32_t low, uint32_t high,
                         uint32_t *hint, int64_t time, int64_t clock)
{
    *hint = asof_search(j, low, high, *hint, time, j->strict);
    return asof_last(j, low, *hint, clock);
}

/* Of the first time that has a row, the last of its rows. */
static int64_t asof_ahead(const asof_job *j, uint32_t low, uint32_t high,
                          uint32_t *hint, int64_t time, int64_t clock)
{
    *hint = asof_search(j, low, high, *hint, time, !j->strict);
    const int64_t at = asof_first(j, *hint, high, clock);
    if (at < 0)
        return -1;
    const uint32_t end = asof_search(j, low, high, (uint32_t)at,
                                     j->time[at], false);
    return asof_last(j, (uint32_t)at, end, clock);
}

/* The place of the match among the ordered rows, or -1. */
static int64_t asof_find(const asof_job *j, uint32_t key, uint32_t *hint,
                         int64_t time, int64_t clock)
{
    const uint32_t low = j->first[key], high = j->first[key + 1];
    int64_t back = -1, ahead = -1;

    if (j->direction != ASOF_FORWARD)
        back = asof_back(j, low, high, hint, time, clock);
    if (j->direction != ASOF_BACKWARD)
        ahead = asof_ahead(j, low, high, hint, time, clock);
    if (back < 0
        || (ahead >= 0 && asof_apart(j->time[ahead], time)
                              < asof_apart(j->time[back], time)))
        back = ahead;
    return back >= 0 && asof_apart(j->time[back], time) <= j->tolerance
               ? back : -1;
}

static uint32_t asof_row(asof_job *j, uint32_t i)
{
    const asof_side *l = &j->left;
    const uint32_t key = l->keys[i];
    const bool clocked = j->right.known >= 0;

    if (!l->time_ok[i] || (clocked && !l->clock_ok[i]))
        return ASOF_NULL_TIME;
    if (key == ASOF_KEY_MISSING)
        return ASOF_NULL_KEY;
    if (key >= j->key_count)
        return ASOF_NO_KEY;
    const int64_t at = asof_find(j, key, &j->hint[key], l->time[i],
                                 clocked ? l->clock[i] : INT64_MAX);
    const int64_t any = clocked ? asof_find(j, key, &j->hint[key],
                                            l->time[i], INT64_MAX) : at;
    if (at < 0)
        return any < 0 ? ASOF_NO_ROW : ASOF_NOT_KNOWN;
    j->held_back += any != at;
    j->match[i] = j->row[at];
    return ASOF_MATCHED;
}

/* ---- all of them -------------------------------------------------------- */

/* Values in the order of the rows, and where each key begins. */
static mlpipe_status asof_lay_out(asof_job *j)
{
    mlpipe__env *env = j->ctx->env;

    j->time = mlpipe__alloc_array(env, j->m, sizeof j->time[0]);
    j->clock = mlpipe__alloc_array(env, j->m, sizeof j->clock[0]);
    j->first = mlpipe__alloc_array(env, (size_t)j->key_count + 1,
                                   sizeof j->first[0]);
    j->hint = mlpipe__alloc_array(env, j->key_count, sizeof j->hint[0]);
    if (!j->time || !j->clock || !j->first || !j->hint)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->m; i++) {
        const uint32_t row = j->row[i];
        j->time[i] = j->right.time[row];
        j->clock[i] = j->right.known >= 0 ? j->right.clock[row] : 0;
        j->first[j->right.keys[row] + 1]++;
    }
    for (uint32_t k = 0; k < j->key_count; k++) {
        j->first[k + 1] += j->first[k];
        j->hint[k] = j->first[k];
    }
    return j->right.known >= 0 ? asof_plant(j) : MLPIPE_OK;
}

mlpipe_status mlpipe__asof_match(asof_job *j)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe_status st;

    j->row = mlpipe__alloc_array(env, j->right.n, sizeof j->row[0]);
    j->match = mlpipe__alloc_array(env, j->left.n, sizeof j->match[0]);
    st = j->row && j->match ? asof_order(j) : mlpipe__nomem(j->ctx);
    if (!st)
        st = asof_lay_out(j);
    if (!st)
        st = asof_visits(j);
    for (uint32_t i = 0; !st && i < j->left.n; i++) {
        const uint32_t row = j->visit[i];
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(j->ctx, "asof", i, j->left.n);
        j->match[row] = -1;
        if (!st)
            j->ends[asof_row(j, row)]++;
    }
    return st;
}
