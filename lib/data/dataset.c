/* SPDX-License-Identifier: MIT */
/* Datasets: columns under names, with ids for their rows. */
#include "data_internal.h"

/* ---- rowsets ------------------------------------------------------------ */

mlpipe__rowset *mlpipe__rowset_new(mlpipe__env *env, int64_t count)
{
    mlpipe__rowset *s = mlpipe__alloc(env, sizeof *s);
    int64_t *rows = mlpipe__alloc_array(env, (size_t)count, sizeof rows[0]);

    if (!s || !rows) {
        mlpipe__free(env, s);
        mlpipe__free(env, rows);
        return NULL;
    }
    atomic_init(&s->refs, 1);
    s->env = mlpipe__env_keep(env);
    s->count = count;
    s->rows = rows;
    return s;
}

mlpipe__rowset *mlpipe__rowset_keep(const mlpipe__rowset *s)
{
    mlpipe__rowset *kept = (mlpipe__rowset *)s;

    atomic_fetch_add_explicit(&kept->refs, 1, memory_order_relaxed);
    return kept;
}

void mlpipe__rowset_drop(mlpipe__rowset *s)
{
    if (!s
        || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = s->env;
    mlpipe__free(env, s->rows);
    mlpipe__free(env, s);
    mlpipe__env_drop(env);
}

/* ---- life --------------------------------------------------------------- */

void mlpipe_dataset_free(mlpipe_dataset *d)
{
    if (!d
        || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = d->env;
    for (uint32_t i = 0; d->columns && i < d->column_count; i++)
        mlpipe__column_drop(d->columns[i]);
    mlpipe__free(env, d->columns);
    mlpipe__dict_free(&d->names);
    mlpipe__rowset_drop(d->rowset);
    mlpipe__rowset_drop(d->id_owner);
    mlpipe_report_free(d->reading);
    mlpipe__free(env, d);
    mlpipe__env_drop(env);
}

/* An empty dataset with room for columns, whose slots are NULL. */
static mlpipe_dataset *dataset_blank(mlpipe__env *env, uint32_t count)
{
    mlpipe_dataset *d = mlpipe__alloc(env, sizeof *d);

    if (!d)
        return NULL;
    atomic_init(&d->refs, 1);
    d->env = mlpipe__env_keep(env);
    mlpipe__dict_init(&d->names, env);
    d->columns = mlpipe__alloc_array(env, count, sizeof d->columns[0]);
    if (!d->columns) {
        mlpipe_dataset_free(d);
        return NULL;
    }
    d->column_count = count;
    return d;
}

/* Enters the names; E_CONFLICT where one occurs twice. */
static mlpipe_status dataset_name_columns(mlpipe_ctx *ctx, mlpipe_dataset *d)
{
    for (uint32_t i = 0; i < d->column_count; i++) {
        const char *name = d->columns[i]->name;
        const uint32_t at = mlpipe__dict_add(&d->names, name, strlen(name));
        if (at == UINT32_MAX)
            return mlpipe__nomem(ctx);
        if (at != i)
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "columns %u and %u are both named %q; give "
                                "one of them another name", at, i, name);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__dataset_new_ids(mlpipe_ctx *ctx,
                                      mlpipe__column **columns,
                                      uint32_t count, mlpipe__rowset *ids,
                                      mlpipe_report *reading,
                                      mlpipe_dataset **out)
{
    mlpipe_dataset *d = dataset_blank(ctx->env, count);
    mlpipe_status st = MLPIPE_OK;

    *out = NULL;
    if (!d) {
        for (uint32_t i = 0; i < count; i++)
            mlpipe__column_drop(columns[i]);
        mlpipe__rowset_drop(ids);
        mlpipe_report_free(reading);
        return mlpipe__nomem(ctx);
    }
    for (uint32_t i = 0; i < count; i++)
        d->columns[i] = columns[i];
    d->rows = count ? columns[0]->rows : 0;
    d->reading = reading;
    d->id_owner = ids;
    d->ids = ids ? (uint64_t *)ids->rows : NULL;
    for (uint32_t i = 0; !st && i < count; i++)
        if (columns[i]->rows != d->rows)
            st = mlpipe__fail(ctx, MLPIPE_E_INTERNAL,
                              "column %q has %lld rows, the first has %lld; "
                              "all have as many",
                              columns[i]->name, (long long)columns[i]->rows,
                              (long long)d->rows);
    if (!st)
        st = dataset_name_columns(ctx, d);
    if (!st)
        *out = d;
    else
        mlpipe_dataset_free(d);
    return st;
}

mlpipe_status mlpipe__dataset_new(mlpipe_ctx *ctx, mlpipe__column **columns,
                                  uint32_t count, uint64_t first_id,
                                  mlpipe_report *reading,
                                  mlpipe_dataset **out)
{
    const mlpipe_status st = mlpipe__dataset_new_ids(ctx, columns, count,
                                                     NULL, reading, out);

    if (!st)
        (*out)->first_id = first_id;
    return st;
}

mlpipe_dataset *mlpipe__dataset_keep(const mlpipe_dataset *d)
{
    mlpipe_dataset *kept = (mlpipe_dataset *)d;

    atomic_fetch_add_explicit(&kept->refs, 1, memory_order_relaxed);
    return kept;
}

/* ---- views -------------------------------------------------------------- */

mlpipe_status mlpipe__dataset_over(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__column **columns, uint32_t count,
                                   mlpipe_dataset **out)
{
    mlpipe_dataset *view = dataset_blank(ctx->env, count);

    *out = NULL;
    if (!view) {
        for (uint32_t i = 0; i < count; i++)
            mlpipe__column_drop(columns[i]);
        return mlpipe__nomem(ctx);
    }
    for (uint32_t i = 0; i < count; i++)
        view->columns[i] = columns[i];
    view->rows = d->rows;
    view->start = d->start;
    view->rowset = d->rowset ? mlpipe__rowset_keep(d->rowset) : NULL;
    view->first_id = d->first_id;
    view->ids = d->ids;
    view->id_owner = d->id_owner ? mlpipe__rowset_keep(d->id_owner) : NULL;
    view->reading = d->reading ? mlpipe__report_keep(d->reading) : NULL;
    const mlpipe_status st = dataset_name_columns(ctx, view);
    if (!st)
        *out = view;
    else
        mlpipe_dataset_free(view);
    return st;
}

/* A copy of the handle: the same columns, rows and ids. */
static mlpipe_status dataset_alias(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe_dataset **out)
{
    mlpipe__column **columns = mlpipe__alloc_array(
        ctx->env, d->column_count, sizeof columns[0]);

    *out = NULL;
    if (!columns)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < d->column_count; i++)
        columns[i] = mlpipe__column_keep(d->columns[i]);
    const mlpipe_status st = mlpipe__dataset_over(ctx, d, columns,
                                                  d->column_count, out);
    mlpipe__free(ctx->env, columns);
    return st;
}

int64_t mlpipe__dataset_stored(const mlpipe_dataset *d)
{
    return d->column_count ? d->columns[0]->rows : 0;
}

int64_t *mlpipe__dataset_places(mlpipe__env *env, const mlpipe_dataset *d)
{
    const int64_t stored = mlpipe__dataset_stored(d);
    int64_t *places = mlpipe__alloc_array(env, (size_t)stored,
                                          sizeof places[0]);

    for (int64_t p = 0; places && p < stored; p++)
        places[p] = -1;
    for (int64_t i = 0; places && i < d->rows; i++)
        places[mlpipe__dataset_physical(d, i)] = i;
    return places;
}

mlpipe_status mlpipe__dataset_countable(mlpipe_ctx *ctx, const char *owner,
                                        const mlpipe_dataset *d)
{
    return mlpipe__most_rows(ctx, owner, (uint64_t)d->rows, INT32_MAX - 1);
}

mlpipe_status mlpipe__dataset_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__rowset *rows,
                                   mlpipe_dataset **out)
{
    const mlpipe_status st = dataset_alias(ctx, d, out);

    if (st) {
        mlpipe__rowset_drop(rows);
        return st;
    }
    for (int64_t i = 0; i < rows->count; i++)
        rows->rows[i] = mlpipe__dataset_physical(d, rows->rows[i]);
    mlpipe__rowset_drop((*out)->rowset);
    (*out)->rowset = rows;
    (*out)->start = 0;
    (*out)->rows = rows->count;
    return MLPIPE_OK;
}

static mlpipe_status dataset_slice(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   int64_t start, int64_t rows,
                                   mlpipe_dataset **out)
{
    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    if (start < 0 || rows < 0 || start > d->rows || rows > d->rows - start)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "a slice of %lld rows from row %lld does not lie "
                            "within the dataset's %lld rows",
                            (long long)rows, (long long)start,
                            (long long)d->rows);
    const mlpipe_status st = dataset_alias(ctx, d, out);
    if (!st) {
        (*out)->start += start;
        (*out)->rows = rows;
    }
    return st;
}

mlpipe_status mlpipe_dataset_slice(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   int64_t start, int64_t rows,
                                   mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_slice");

    if (out)
        *out = NULL;
    if (!st)
        st = dataset_slice(ctx, d, start, rows, out);
    return mlpipe__end(ctx, st);
}

/* ---- getters ------------------------------------------------------------ */

int64_t mlpipe_dataset_rows(const mlpipe_dataset *d)
{
    return d ? d->rows : 0;
}

uint32_t mlpipe_dataset_columns(const mlpipe_dataset *d)
{
    return d ? d->column_count : 0;
}

/* The column, or NULL. */
static const mlpipe__column *dataset_at(const mlpipe_dataset *d, uint32_t i)
{
    return d && i < d->column_count ? d->columns[i] : NULL;
}

int32_t mlpipe_dataset_find(const mlpipe_dataset *d, const char *name)
{
    if (!d || !name)
        return -1;
    const uint32_t at = mlpipe__dict_find(&d->names, name, strlen(name));
    return at == UINT32_MAX ? -1 : (int32_t)at;
}

const char *mlpipe_dataset_name(const mlpipe_dataset *d, uint32_t column)
{
    const mlpipe__column *c = dataset_at(d, column);

    return c ? c->name : NULL;
}

int32_t mlpipe_dataset_type(const mlpipe_dataset *d, uint32_t column)
{
    const mlpipe__column *c = dataset_at(d, column);

    return c ? c->type : 0;
}

int32_t mlpipe_dataset_unit(const mlpipe_dataset *d, uint32_t column)
{
    const mlpipe__column *c = dataset_at(d, column);

    return c ? c->unit : MLPIPE_UNIT_NONE;
}

uint64_t mlpipe_dataset_row_id(const mlpipe_dataset *d, int64_t row)
{
    if (!d || row < 0 || row >= d->rows)
        return 0;
    const int64_t p = mlpipe__dataset_physical(d, row);
    return d->ids ? d->ids[p] : d->first_id + (uint64_t)p;
}

static mlpipe_status dataset_reading(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     mlpipe_report **out)
{
    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    if (!d->reading)
        return mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                            "the dataset was not read from a source, so "
                            "nothing was noted about its reading");
    *out = mlpipe__report_keep(d->reading);
    return MLPIPE_OK;
}

mlpipe_status mlpipe_dataset_reading(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_reading");

    if (out)
        *out = NULL;
    if (!st)
        st = dataset_reading(ctx, d, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__dataset_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     const char *name, uint32_t *out)
{
    const int32_t at = mlpipe_dataset_find(d, name);

    *out = at < 0 ? 0 : (uint32_t)at;
    if (at >= 0)
        return MLPIPE_OK;
    const char **names = mlpipe__alloc_array(ctx->env, d->column_count,
                                             sizeof names[0]);
    if (!names)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < d->column_count; i++)
        names[i] = d->columns[i]->name;
    const char *near = mlpipe__nearest(name, strlen(name), names,
                                       d->column_count);
    const mlpipe_status st = near
        ? mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                       "there is no column %q; did you mean %q?", name, near)
        : mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                       "there is no column %q among the dataset's %u", name,
                       d->column_count);
    mlpipe__free(ctx->env, names);
    (void)mlpipe__fail_at(ctx, -1, name);
    return st;
}
