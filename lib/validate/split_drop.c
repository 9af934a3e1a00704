/* SPDX-License-Identifier: MIT */
/*
 * Training rows that would know of tested ones. Times are asked of the tested
 * rows sorted by where they begin, with the latest end so far beside each:
 * one of them meets a stretch of time where the last that begins before the
 * stretch ends has such an end that is not before it begins.
 */
#include "validate_internal.h"

typedef struct drop_job {
    const mlpipe__split_rows *rows;
    uint8_t *role;
    mlpipe__split_dropped *told;
    uint32_t tests;
    int64_t *begin, *latest; /* of tested rows, in order */
    int32_t *cover;          /* rows + 1: where row stretches begin, end */
} drop_job;

static void drop_row(drop_job *j, uint32_t row, uint64_t *told)
{
    j->role[row] = MLPIPE__ROLE_NONE;
    ++*told;
}

static mlpipe_status drop_groups(drop_job *j)
{
    const mlpipe__split_rows *r = j->rows;
    uint8_t *tested = mlpipe__alloc(r->env, r->groups);
    uint32_t i;
    if (!tested)
        return mlpipe__nomem(r->ctx);
    for (i = 0; i < r->rows; i++)
        if (j->role[i] == MLPIPE__ROLE_TEST)
            tested[r->group[i]] = 1;
    for (i = 0; i < r->rows; i++)
        if (j->role[i] == MLPIPE__ROLE_TRAIN && tested[r->group[i]])
            drop_row(j, i, &j->told->group);
    mlpipe__free(r->env, tested);
    return MLPIPE_OK;
}

/* ---- times -------------------------------------------------------------- */

static int64_t drop_end(const mlpipe__split_rows *r, uint32_t row)
{
    return r->end ? r->end[row] : r->key[row];
}

static mlpipe_status drop_spans(drop_job *j)
{
    const mlpipe__split_rows *r = j->rows;
    mlpipe__env *env = r->env;
    uint32_t p, n = 0;
    j->begin = mlpipe__alloc_array(env, r->rows, sizeof *j->begin);
    j->latest = mlpipe__alloc_array(env, r->rows, sizeof *j->latest);
    if (!j->begin || !j->latest)
        return mlpipe__nomem(r->ctx);
    for (p = 0; p < r->rows; p++) {
        const uint32_t row = mlpipe__split_at(r, p);
        if (j->role[row] != MLPIPE__ROLE_TEST)
            continue;
        j->begin[n] = r->key[row];
        j->latest[n] = drop_end(r, row);
        if (n && j->latest[n - 1] > j->latest[n])
            j->latest[n] = j->latest[n - 1];
        n++;
    }
    j->tests = n;
    return MLPIPE_OK;
}

static int64_t drop_plus(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

bool mlpipe__split_meets(const int64_t *begin, const int64_t *latest,
                         uint32_t n, int64_t from, int64_t by)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (begin[middle] <= by)
            low = middle + 1;
        else
            high = middle;
    }
    return low && latest[low - 1] >= from;
}

static bool drop_meets(const drop_job *j, int64_t from, int64_t by)
{
    return mlpipe__split_meets(j->begin, j->latest, j->tests, from, by);
}

/* Less than the gap lies between, on either side; both reaches are > 0. */
static bool drop_near(const drop_job *j, int64_t begin, int64_t end,
                      int64_t gap)
{
    return drop_meets(j, drop_plus(begin, 1 - gap), drop_plus(end, gap - 1));
}

static void drop_times(drop_job *j, const mlpipe__split_reach *gap,
                       const mlpipe__split_reach *embargo)
{
    const mlpipe__split_rows *r = j->rows;
    const bool gaps = gap->given && gap->time;
    const bool embargoes = embargo->given && embargo->time;
    uint32_t i;
    for (i = 0; i < r->rows; i++) {
        int64_t begin, end;
        if (j->role[i] != MLPIPE__ROLE_TRAIN)
            continue;
        begin = r->key[i];
        end = drop_end(r, i);
        if (r->end && drop_meets(j, begin, end))
            drop_row(j, i, &j->told->purge);
        else if (gaps && drop_near(j, begin, end, gap->value))
            drop_row(j, i, &j->told->gap);
        else if (embargoes &&
                 drop_meets(j, drop_plus(begin, -embargo->value), begin))
            drop_row(j, i, &j->told->embargo);
    }
}

/* ---- rows --------------------------------------------------------------- */

static void drop_cover(drop_job *j, int64_t from, int64_t to)
{
    const int64_t rows = j->rows->rows;
    if (from < 0)
        from = 0;
    if (to > rows)
        to = rows;
    if (from >= to)
        return;
    j->cover[from]++;
    j->cover[to]--;
}

/* The first position that begins after this row's end; the next where it has
 * none of its own. */
static uint32_t drop_after(const mlpipe__split_rows *r, uint32_t p)
{
    uint32_t low = p + 1, high = r->rows;
    int64_t end;
    if (!r->end)
        return low;
    end = r->end[mlpipe__split_at(r, p)];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (r->key[mlpipe__split_at(r, middle)] <= end)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Rows within so many positions behind a tested row's end and, where `both`,
 * before it. */
static mlpipe_status drop_rows(drop_job *j, int64_t reach, bool both,
                               uint64_t *told)
{
    const mlpipe__split_rows *r = j->rows;
    int32_t depth = 0;
    uint32_t p;
    j->cover = mlpipe__alloc_array(r->env, (size_t)r->rows + 1,
                                   sizeof *j->cover);
    if (!j->cover)
        return mlpipe__nomem(r->ctx);
    for (p = 0; p < r->rows; p++) {
        int64_t after;
        if (j->role[mlpipe__split_at(r, p)] != MLPIPE__ROLE_TEST)
            continue;
        after = drop_after(r, p);
        drop_cover(j, after, after + reach);
        if (both)
            drop_cover(j, p - reach, p);
    }
    for (p = 0; p < r->rows; p++) {
        const uint32_t row = mlpipe__split_at(r, p);
        depth += j->cover[p];
        if (depth && j->role[row] == MLPIPE__ROLE_TRAIN)
            drop_row(j, row, told);
    }
    mlpipe__free(r->env, j->cover);
    j->cover = NULL;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__split_drop(const mlpipe__split_rows *r, bool groups,
                                const mlpipe__split_reach *gap,
                                const mlpipe__split_reach *embargo,
                                uint8_t *role, mlpipe__split_dropped *out)
{
    drop_job j = {.rows = r, .role = role, .told = out};
    const bool times = r->end || (gap->given && gap->time) ||
                       (embargo->given && embargo->time);
    mlpipe_status st = MLPIPE_OK;
    memset(out, 0, sizeof *out);
    if (groups && r->group)
        st = drop_groups(&j);
    if (!st && times) {
        st = drop_spans(&j);
        if (!st)
            drop_times(&j, gap, embargo);
    }
    if (!st && gap->given && !gap->time)
        st = drop_rows(&j, gap->value, true, &out->gap);
    if (!st && embargo->given && !embargo->time)
        st = drop_rows(&j, embargo->value, false, &out->embargo);
    mlpipe__free(r->env, j.begin);
    mlpipe__free(r->env, j.latest);
    return st;
}
