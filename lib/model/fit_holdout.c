/* SPDX-License-Identifier: MIT */
/*
 * Rows that the learner does not see: the recipe's share of the training
 * rows, last in time with ties together, else by hash of row id or group; and
 * the check that given validation rows are none of the training rows.
 */
#include "fit_types.h"

/* The time of each row, missing = before all others. */
static mlpipe_status holdout_times(mlpipe__fitting *f, double *out)
{
    const mlpipe_dataset *d = f->train.data;
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t column, n, i;
    int64_t start;
    const mlpipe_status st = mlpipe__dataset_column(
        f->ctx, d, f->model->time_column, &column);
    if (st)
        return st;
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, out + start, valid);
        for (i = 0; i < n; i++)
            if (!valid[i] || out[start + i] != out[start + i])
                out[start + i] = -mlpipe__inf();
    }
    return MLPIPE_OK;
}

/* Give every row of a group the newest time of the group. */
static void holdout_group_times(const mlpipe_dataset *d, const uint64_t *group,
                                const uint32_t *order, double *time)
{
    int64_t a = 0, b, i;
    while (a < d->rows) {
        double newest = time[order[a]];
        for (b = a + 1; b < d->rows && group[order[b]] == group[order[a]];
             b++)
            if (time[order[b]] > newest)
                newest = time[order[b]];
        for (i = a; i < b; i++)
            time[order[i]] = newest;
        a = b;
    }
}

/* A key of each row's group. */
static mlpipe_status holdout_groups(mlpipe__fitting *f, uint64_t *out)
{
    const mlpipe_dataset *d = f->train.data;
    uint32_t column;
    int64_t i;
    const mlpipe_status st = mlpipe__dataset_column(
        f->ctx, d, f->model->group_column, &column);
    for (i = 0; !st && i < d->rows; i++)
        out[i] = mlpipe__dataset_group_key(d, column, i);
    return st;
}

typedef struct holdout_work {
    double *time;
    uint64_t *group, *scratch;
    uint32_t *order;
    uint8_t *held;
} holdout_work;

static void holdout_last(const mlpipe_dataset *d, const holdout_work *w,
                         double share)
{
    const double n = (double)d->rows;
    int64_t a = 0, b, i;
    while (a < d->rows) {
        for (b = a + 1;
             b < d->rows && w->time[w->order[b]] == w->time[w->order[a]];)
            b++;
        for (i = a; i < b; i++)
            w->held[w->order[i]] =
                ((double)a + (double)b) * 0.5 >= n * (1.0 - share);
        a = b;
    }
}

static mlpipe_status holdout_mark(mlpipe__fitting *f, holdout_work *w,
                                  double share)
{
    const mlpipe_dataset *d = f->train.data;
    const bool grouped = f->model->group_column[0];
    const bool timed = f->model->time_column[0];
    const uint32_t rows = (uint32_t)d->rows;
    mlpipe_status st = grouped ? holdout_groups(f, w->group) : MLPIPE_OK;
    uint32_t i;
    if (!st && timed)
        st = holdout_times(f, w->time);
    if (st)
        return st;
    if (timed && grouped) {
        mlpipe__argsort_i64((const int64_t *)w->group, w->order, rows,
                            w->scratch);
        holdout_group_times(d, w->group, w->order, w->time);
    }
    if (timed) {
        mlpipe__argsort_f64(w->time, w->order, rows, w->scratch);
        holdout_last(d, w, share);
        return MLPIPE_OK;
    }
    for (i = 0; i < rows; i++) {
        const uint64_t key =
            grouped ? w->group[i] : mlpipe_dataset_row_id(d, i);
        w->held[i] = mlpipe__share_of(f->model->seed, MLPIPE__FOR_HOLDOUT,
                                      key) < share;
    }
    return MLPIPE_OK;
}

/* Both views, unless one of them would be empty. */
static mlpipe_status holdout_cut(mlpipe__fitting *f, uint8_t *held)
{
    const int64_t rows = f->train.data->rows;
    mlpipe_dataset *rest = NULL;
    int64_t i, count = 0;
    mlpipe_status st;
    for (i = 0; i < rows; i++)
        count += held[i];
    if (!count || count == rows) {
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "no row is held out of %lld: the reference has "
                         "neither scores nor losses",
                         (long long)rows);
        return MLPIPE_OK;
    }
    st = mlpipe__fit_view(f->ctx, f->train.data, held, &f->held.data);
    for (i = 0; i < rows; i++)
        held[i] = !held[i];
    if (!st)
        st = mlpipe__fit_view(f->ctx, f->train.data, held, &rest);
    if (st)
        return st;
    mlpipe_dataset_free(f->train.data);
    f->train.data = rest;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__fit_holdout(mlpipe__fitting *f)
{
    const double share =
        mlpipe__params_get(&f->recipe->params, "holdout")->number;
    mlpipe__env *env = f->ctx->env;
    const int64_t rows = f->train.data->rows;
    const size_t n = (size_t)rows;
    holdout_work w = {0};
    mlpipe_status st = MLPIPE_OK;
    if (!(share > 0) || !rows)
        return MLPIPE_OK;
    st = mlpipe__most_rows(f->ctx, "holdout=", n, UINT32_MAX - 1);
    if (st)
        return st;
    w.time = mlpipe__alloc_array(env, n, sizeof *w.time);
    w.group = mlpipe__alloc_array(env, n, sizeof *w.group);
    w.scratch = mlpipe__alloc_array(env, n, 4 * sizeof *w.scratch);
    w.order = mlpipe__alloc_array(env, n, sizeof *w.order);
    w.held = mlpipe__alloc(env, n);
    if (!w.time || !w.group || !w.scratch || !w.order || !w.held)
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = holdout_mark(f, &w, share);
    if (!st)
        st = holdout_cut(f, w.held);
    mlpipe__free(env, w.held);
    mlpipe__free(env, w.order);
    mlpipe__free(env, w.scratch);
    mlpipe__free(env, w.group);
    mlpipe__free(env, w.time);
    return st;
}

/* ---- leaks -------------------------------------------------------------- */

/*
 * Two datasets are of one origin where they share the target column. Else a
 * row id says nothing by itself (two files both count from 0): then rows are
 * the same where all that share an id share their content too.
 */
static bool holdout_same_origin(const mlpipe__fitting *f)
{
    const int32_t column =
        mlpipe_dataset_find(f->given_valid, f->model->target);
    return column >= 0 && f->given_valid->columns[column] ==
                              f->given->columns[f->target_column];
}

typedef struct holdout_keys {
    int64_t *ids;    /* of the training rows, those for a tail among them */
    uint64_t *hash, *valid_hash, *scratch;
    uint32_t *order; /* of ids, rising */
} holdout_keys;

static int64_t holdout_find(const holdout_keys *k, uint32_t n, int64_t id)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (k->ids[k->order[middle]] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && k->ids[k->order[low]] == id ? (int64_t)k->order[low]
                                                   : -1;
}

static mlpipe_status holdout_compare(mlpipe__fitting *f, holdout_keys *k,
                                     bool same)
{
    const uint32_t n = (uint32_t)f->given_all->rows;
    int64_t i, shared = 0, equal = 0, first = -1;
    mlpipe_status st = MLPIPE_OK;
    if (!same)
        st = mlpipe__model_row_hashes(f->ctx, f->model, f->given_all,
                                      MLPIPE__ROW_BY_TARGET, k->hash);
    if (!st && !same)
        st = mlpipe__model_row_hashes(f->ctx, f->model, f->given_valid,
                                      MLPIPE__ROW_BY_TARGET, k->valid_hash);
    if (st)
        return st;
    for (i = 0; i < n; i++)
        k->ids[i] = (int64_t)mlpipe_dataset_row_id(f->given_all, i);
    mlpipe__argsort_i64(k->ids, k->order, n, k->scratch);
    for (i = 0; i < f->given_valid->rows; i++) {
        const int64_t at = holdout_find(
            k, n, (int64_t)mlpipe_dataset_row_id(f->given_valid, i));
        if (at < 0)
            continue;
        shared++;
        if (!same && k->hash[at] != k->valid_hash[i])
            continue;
        first = equal++ ? first : i;
    }
    if (!shared || equal < shared)
        return MLPIPE_OK;
    mlpipe__fail(f->ctx, MLPIPE_E_LEAK,
                 "%lld of the %lld validation rows are training rows, the "
                 "first of them row %lld; split the data before the fit",
                 (long long)equal, (long long)f->given_valid->rows,
                 (long long)first);
    return mlpipe__fail_at(f->ctx, first, NULL);
}

mlpipe_status mlpipe__fit_check_leak(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    const bool same = holdout_same_origin(f);
    const size_t n = (size_t)f->given_all->rows;
    const size_t m = (size_t)f->given_valid->rows;
    holdout_keys k = {0};
    mlpipe_status st =
        mlpipe__most_rows(f->ctx, "training", n, UINT32_MAX - 1);
    if (st)
        return st;
    k.ids = mlpipe__alloc_array(env, n, sizeof *k.ids);
    k.hash = mlpipe__alloc_array(env, same ? 0 : n, sizeof *k.hash);
    k.valid_hash =
        mlpipe__alloc_array(env, same ? 0 : m, sizeof *k.valid_hash);
    k.scratch = mlpipe__alloc_array(env, n, 4 * sizeof *k.scratch);
    k.order = mlpipe__alloc_array(env, n, sizeof *k.order);
    st = k.ids && k.hash && k.valid_hash && k.scratch && k.order
             ? holdout_compare(f, &k, same)
             : mlpipe__nomem(f->ctx);
    mlpipe__free(env, k.order);
    mlpipe__free(env, k.scratch);
    mlpipe__free(env, k.valid_hash);
    mlpipe__free(env, k.hash);
    mlpipe__free(env, k.ids);
    return st;
}
