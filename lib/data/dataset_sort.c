/* SPDX-License-Identifier: MIT */
/*
 * Rows in the order of columns: the last column first, each by a stable radix
 * sort of whole numbers that stand in the order of its values.
 */
#include "data_internal.h"

const mlpipe__param mlpipe__sort_params[] = {
    {"by", MLPIPE_PARAM_NAMES, NULL, 0, 0, NULL, 0x000100,
     "Columns, the first decides first; -name from the highest down; odd ones "
     "are written `-odd name`."},
    {"nulls", MLPIPE_PARAM_CHOICE, "last", 0, 0, "last,first", 0x000100,
     "Where rows without a value come, whatever the direction."},
};
const uint32_t mlpipe__sort_param_count =
    sizeof mlpipe__sort_params / sizeof *mlpipe__sort_params;

static const char *const sort_owner = "mlpipe_dataset_sort";
enum { SORT_PIECE = 512 };

typedef struct sort_by {
    uint32_t column;
    bool down;
} sort_by;

typedef struct sort_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    uint32_t n, count;
    sort_by *by;
    bool nulls_first;
    int64_t *keys, *moved;  /* of each row; of each row in the order so far */
    uint8_t *valid;         /* of each row */
    uint32_t *order, *next, *place;
    uint64_t *scratch;      /* 4 n */
} sort_job;

/* ---- which columns ------------------------------------------------------ */

/* "-a" is a from the highest down, or a column of that very name. */
static mlpipe_status sort_column(const sort_job *j, const char *name,
                                 sort_by *by)
{
    const int32_t whole = mlpipe_dataset_find(j->data, name);

    by->down = name[0] == '-' && whole < 0;
    if (whole >= 0 && name[0] == '-'
        && mlpipe_dataset_find(j->data, name + 1) >= 0)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: by=%s is a column, and %s from the highest "
                            "down; rename one of the two columns", sort_owner,
                            name, name + 1);
    return mlpipe__dataset_column(j->ctx, j->data, name + by->down,
                                  &by->column);
}

static mlpipe_status sort_columns(sort_job *j, const mlpipe__setting *list)
{
    mlpipe_status st = MLPIPE_OK;

    j->by = mlpipe__alloc_array(j->ctx->env, list->count, sizeof j->by[0]);
    if (!j->by)
        return mlpipe__nomem(j->ctx);
    j->count = list->count;
    for (uint32_t i = 0; !st && i < list->count; i++) {
        st = sort_column(j, list->names[i], &j->by[i]);
        for (uint32_t k = 0; !st && k < i; k++)
            if (j->by[k].column == j->by[i].column)
                st = mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                  "%s: by= lists %q twice", sort_owner,
                                  j->data->columns[j->by[i].column]->name);
    }
    return st;
}

/* ---- numbers in the order of values ------------------------------------- */

static void sort_numbers(sort_job *j, uint32_t column)
{
    const uint64_t sign = UINT64_C(1) << 63;
    const bool real = j->data->columns[column]->type == MLPIPE_TYPE_F64;
    double x[SORT_PIECE];

    for (uint32_t at = 0, n; at < j->n; at += n) {
        n = j->n - at < SORT_PIECE ? j->n - at : SORT_PIECE;
        if (!real) {
            mlpipe__dataset_block_i64(j->data, column, at, n, j->keys + at,
                                      j->valid + at);
            continue;
        }
        mlpipe__dataset_block(j->data, column, at, n, x, j->valid + at);
        for (uint32_t i = 0; i < n; i++)
            j->keys[at + i] = (int64_t)(mlpipe__order_key(x[i]) ^ sign);
    }
}

/* Codes become ranks: a dictionary need not be in order. */
static bool sort_ranks(sort_job *j, const mlpipe__dict *dict)
{
    mlpipe__env *env = j->ctx->env;
    int32_t *rank = mlpipe__alloc_array(env, dict->count, sizeof rank[0]);
    mlpipe__dictionary *sorted =
        rank ? mlpipe__dictionary_sorted(dict, NULL, rank) : NULL;

    for (uint32_t i = 0; sorted && i < j->n; i++)
        if (j->valid[i])
            j->keys[i] = rank[j->keys[i]];
    mlpipe__free(env, rank);
    mlpipe__dictionary_drop(sorted);
    return sorted != NULL;
}

static mlpipe_status sort_texts(sort_job *j, uint32_t column)
{
    mlpipe__dict dict;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&dict, j->ctx->env);
    for (uint32_t i = 0; !st && i < j->n; i++) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(j->data, column, i,
                                                     &bytes);
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(j->ctx, "sort", i, j->n);
        j->valid[i] = text != NULL;
        j->keys[i] = text ? mlpipe__dict_add(&dict, text, bytes) : 0;
        if (!st && j->keys[i] == UINT32_MAX)
            st = mlpipe__nomem(j->ctx);
    }
    if (!st && !sort_ranks(j, &dict))
        st = mlpipe__nomem(j->ctx);
    mlpipe__dict_free(&dict);
    return st;
}

static mlpipe_status sort_keys(sort_job *j, uint32_t column)
{
    const mlpipe__column *c = j->data->columns[column];

    if (c->type == MLPIPE_TYPE_TEXT)
        return sort_texts(j, column);
    sort_numbers(j, column);
    if (c->type == MLPIPE_TYPE_CATEGORY
        && !sort_ranks(j, &c->dictionary->dict))
        return mlpipe__nomem(j->ctx);
    return MLPIPE_OK;
}

/* ---- sorting ------------------------------------------------------------ */

/* Rows without a value to one end, all else as it is. */
static void sort_nulls(sort_job *j)
{
    uint32_t at = 0;

    for (int side = 0; side < 2; side++) {
        const bool wants = j->nulls_first ? side == 1 : side == 0;
        for (uint32_t i = 0; i < j->n; i++)
            if ((j->valid[j->next[i]] != 0) == wants)
                j->order[at++] = j->next[i];
    }
}

static mlpipe_status sort_one(sort_job *j, const sort_by *by)
{
    const mlpipe_status st = sort_keys(j, by->column);

    if (st)
        return st;
    for (uint32_t i = 0; i < j->n; i++) {
        const int64_t key = j->keys[j->order[i]];
        j->moved[i] = by->down ? ~key : key;
    }
    mlpipe__argsort_i64(j->moved, j->place, j->n, j->scratch);
    for (uint32_t i = 0; i < j->n; i++)
        j->next[i] = j->order[j->place[i]];
    sort_nulls(j);
    return MLPIPE_OK;
}

static mlpipe_status sort_rows(sort_job *j)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe_status st = MLPIPE_OK;

    j->keys = mlpipe__alloc_array(env, j->n, sizeof j->keys[0]);
    j->moved = mlpipe__alloc_array(env, j->n, sizeof j->moved[0]);
    j->valid = mlpipe__alloc(env, j->n);
    j->order = mlpipe__alloc_array(env, j->n, sizeof j->order[0]);
    j->next = mlpipe__alloc_array(env, j->n, sizeof j->next[0]);
    j->place = mlpipe__alloc_array(env, j->n, sizeof j->place[0]);
    j->scratch = mlpipe__alloc_array(env, j->n, 4 * sizeof j->scratch[0]);
    if (!j->keys || !j->moved || !j->valid || !j->order || !j->next
        || !j->place || !j->scratch)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->n; i++)
        j->order[i] = i;
    for (uint32_t k = j->count; !st && k-- > 0;) {
        st = mlpipe__poll(j->ctx, "sort", j->count - 1 - k, j->count);
        if (!st)
            st = sort_one(j, &j->by[k]);
    }
    return st;
}

static mlpipe_status sort_view(const sort_job *j, mlpipe_dataset **out)
{
    mlpipe__rowset *rows = mlpipe__rowset_new(j->ctx->env, j->n);

    if (!rows)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->n; i++)
        rows->rows[i] = j->order[i];
    return mlpipe__dataset_view(j->ctx, j->data, rows, out);
}

static void sort_free(sort_job *j)
{
    mlpipe__env *env = j->ctx->env;

    mlpipe__free(env, j->by);
    mlpipe__free(env, j->keys);
    mlpipe__free(env, j->moved);
    mlpipe__free(env, j->valid);
    mlpipe__free(env, j->order);
    mlpipe__free(env, j->next);
    mlpipe__free(env, j->place);
    mlpipe__free(env, j->scratch);
}

static mlpipe_status sort_run(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                              const char *params, mlpipe_dataset **out)
{
    sort_job j = {.ctx = ctx, .data = d};
    mlpipe__params p;
    mlpipe_status st = mlpipe__dataset_countable(ctx, sort_owner, d);

    if (!st)
        st = mlpipe__params_parse(ctx, sort_owner, mlpipe__sort_params,
                                  mlpipe__sort_param_count, params, &p);
    if (st)
        return st;
    j.n = (uint32_t)d->rows;
    j.nulls_first = mlpipe__params_get(&p, "nulls")->choice == 1;
    st = sort_columns(&j, mlpipe__params_get(&p, "by"));
    if (!st)
        st = sort_rows(&j);
    if (!st)
        st = sort_view(&j, out);
    sort_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_dataset_sort(mlpipe_ctx *ctx,
                                  const mlpipe_dataset *dataset,
                                  const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, sort_owner);

    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = sort_run(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}
