/* SPDX-License-Identifier: MIT */
/*
 * Drops rows that repeat another one exactly: a hash first, then the cells
 * themselves. Missing equals missing, -0 equals 0.
 */
#include "clean_internal.h"

enum dedupe_keep { DEDUPE_FIRST, DEDUPE_LAST, DEDUPE_NONE };
enum { DEDUPE_POLL = 65536 };

static const mlpipe__param dedupe_params[] = {
    {"on", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns that must be equal; all where it is not set."},
    {"keep", MLPIPE_PARAM_CHOICE, "first", 0, 0, "first,last,none", 0x000100,
     "Which of equal rows stays, in row order."},
};

typedef struct dedupe_table {
    const mlpipe_dataset *rows;
    uint32_t *columns;
    uint32_t column_count;
    uint64_t *hash;  /* of each row */
    uint32_t *slots; /* row + 1, or 0 */
    size_t mask;
} dedupe_table;

static uint64_t dedupe_hash(const dedupe_table *t, int64_t row)
{
    uint64_t h = 0;

    for (uint32_t c = 0; c < t->column_count; c++)
        h = mlpipe__dataset_cell_hash(t->rows, t->columns[c], row, h);
    return h;
}

static bool dedupe_equal(const dedupe_table *t, int64_t a, int64_t b)
{
    if (t->hash[a] != t->hash[b])
        return false;
    for (uint32_t c = 0; c < t->column_count; c++)
        if (!mlpipe__dataset_cell_equal(t->rows, t->columns[c], a, b))
            return false;
    return true;
}

static void dedupe_row(dedupe_table *t, int64_t row, enum dedupe_keep which,
                       uint8_t *keep)
{
    size_t at = (size_t)t->hash[row] & t->mask;

    while (t->slots[at] && !dedupe_equal(t, t->slots[at] - 1, row))
        at = (at + 1) & t->mask;
    if (!t->slots[at]) {
        t->slots[at] = (uint32_t)row + 1;
        return;
    }
    if (which != DEDUPE_FIRST)
        keep[t->slots[at] - 1] = 0;
    if (which != DEDUPE_LAST)
        keep[row] = 0;
    else
        t->slots[at] = (uint32_t)row + 1;
}

static mlpipe_status dedupe_columns(mlpipe__job *job, dedupe_table *t)
{
    const mlpipe__setting *on = mlpipe__params_get(job->params, "on");
    mlpipe_status st = MLPIPE_OK;

    t->column_count = on->count ? on->count : t->rows->column_count;
    t->columns = mlpipe__alloc_array(job->ctx->env, t->column_count,
                                     sizeof *t->columns);
    if (!t->columns)
        return mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; i < t->column_count && !st; i++) {
        t->columns[i] = i;
        if (on->count)
            st = mlpipe__dataset_column(job->ctx, t->rows, on->names[i],
                                        &t->columns[i]);
    }
    return st;
}

static mlpipe_status dedupe_run(mlpipe__job *job, dedupe_table *t,
                                uint8_t *keep)
{
    const enum dedupe_keep which =
        mlpipe__params_get(job->params, "keep")->choice;
    const int64_t n = t->rows->rows;

    for (int64_t i = 0; i < n; i++) {
        if (i % DEDUPE_POLL == 0) {
            const mlpipe_status st = mlpipe__poll(job->ctx, job->name,
                                                  (uint64_t)i, (uint64_t)n);
            if (st)
                return st;
        }
        if (!keep[i]) /* another step took it */
            continue;
        t->hash[i] = dedupe_hash(t, i);
        dedupe_row(t, i, which, keep);
    }
    return MLPIPE_OK;
}

static mlpipe_status dedupe_rows(mlpipe__job *job, const mlpipe_dataset *rows,
                                 uint8_t *keep)
{
    dedupe_table t = {.rows = rows};
    mlpipe__env *env = job->ctx->env;
    size_t slots = 16;
    mlpipe_status st;

    if (rows->rows >= INT32_MAX)
        return mlpipe__fail(job->ctx, MLPIPE_E_LIMIT,
                            "%s: %lld rows, at most %d", job->name,
                            (long long)rows->rows, INT32_MAX - 1);
    while (slots < 2 * (size_t)rows->rows)
        slots *= 2;
    t.mask = slots - 1;
    t.hash = mlpipe__alloc_array(env, (size_t)rows->rows, sizeof *t.hash);
    t.slots = mlpipe__alloc_array(env, slots, sizeof *t.slots);
    if (!t.hash || !t.slots)
        st = mlpipe__nomem(job->ctx);
    else
        st = dedupe_columns(job, &t);
    if (!st)
        st = dedupe_run(job, &t, keep);
    mlpipe__free(env, t.columns);
    mlpipe__free(env, t.slots);
    mlpipe__free(env, t.hash);
    return st;
}

const mlpipe__step mlpipe__step_dedupe = {
    .name = "dedupe",
    .kind = MLPIPE_KIND_ROWS,
    .params = dedupe_params,
    .param_count = sizeof dedupe_params / sizeof *dedupe_params,
    .doc = "Drop training rows that repeat another one.",
    .keep = dedupe_rows,
};
