/* SPDX-License-Identifier: MIT */
/*
 * Groups and strata: rows with equal cells get equal numbers. The numbers
 * follow the cells (texts by their hash), never the place of a row.
 */
#include "validate_internal.h"

mlpipe_status mlpipe__split_number(mlpipe_ctx *ctx, const int64_t *keys,
                                  uint32_t n, uint32_t *place,
                                  uint32_t *count, int64_t **distinct)
{
    mlpipe__env *env = ctx->env;
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st = order && scratch ? MLPIPE_OK : mlpipe__nomem(ctx);
    uint32_t i, k = 0;
    if (!st)
        mlpipe__argsort_i64(keys, order, n, scratch);
    for (i = 0; !st && i < n; i++) {
        k += i && keys[order[i]] != keys[order[i - 1]];
        place[order[i]] = k;
    }
    *count = n ? k + 1 : 0;
    if (!st && distinct) {
        *distinct = mlpipe__alloc_array(env, *count, sizeof **distinct);
        st = *distinct ? MLPIPE_OK : mlpipe__nomem(ctx);
        for (i = 0; !st && i < n; i++)
            (*distinct)[place[i]] = keys[i];
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    return st;
}

static bool labels_null(const mlpipe_dataset *d, uint32_t column, int64_t row)
{
    uint32_t at;
    const int64_t physical = mlpipe__dataset_physical(d, row);
    const mlpipe__chunk *chunk =
        &d->columns[column]->chunks[physical / MLPIPE__CHUNK_ROWS];
    at = (uint32_t)(physical % MLPIPE__CHUNK_ROWS);
    return !mlpipe__chunk_valid(chunk, at);
}

/* ---- group= ------------------------------------------------------------- */

/* A hash of the row's group; a row without one is a group of its own. */
static int64_t labels_group_key(const mlpipe__split_rows *r,
                                const uint32_t *columns, uint32_t count,
                                uint32_t row)
{
    uint64_t h = 0;
    bool null = false;
    uint32_t c;
    for (c = 0; c < count; c++) {
        null = null || labels_null(r->data, columns[c], row);
        h = mlpipe__dataset_cell_hash(r->data, columns[c], row, h);
    }
    if (null) {
        h = mlpipe_dataset_row_id(r->data, row);
        h = mlpipe__hash64(&h, sizeof h, ~r->salt);
    }
    return (int64_t)h;
}

static mlpipe_status labels_group(mlpipe__split_rows *r,
                                  const uint32_t *columns, uint32_t count)
{
    mlpipe__env *env = r->env;
    int64_t *keys = mlpipe__alloc_array(env, r->rows, sizeof *keys);
    int64_t *distinct = NULL;
    mlpipe_status st;
    uint32_t i;
    r->group = mlpipe__alloc_array(env, r->rows, sizeof *r->group);
    st = keys && r->group ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    for (i = 0; !st && i < r->rows; i++)
        keys[i] = labels_group_key(r, columns, count, i);
    if (!st)
        st = mlpipe__split_number(r->ctx, keys, r->rows, r->group, &r->groups,
                                 &distinct);
    r->group_key = (uint64_t *)distinct;
    mlpipe__free(env, keys);
    return st;
}

mlpipe_status mlpipe__split_rows_group(mlpipe__split_rows *r,
                                      const mlpipe__setting *group)
{
    uint32_t *columns, i;
    mlpipe_status st = MLPIPE_OK;
    if (!group->count)
        return MLPIPE_OK;
    columns = mlpipe__alloc_array(r->env, group->count,
                                  sizeof *columns);
    if (!columns)
        return mlpipe__nomem(r->ctx);
    for (i = 0; !st && i < group->count; i++)
        st = mlpipe__dataset_column(r->ctx, r->data, group->names[i],
                                    &columns[i]);
    if (!st)
        st = labels_group(r, columns, group->count);
    mlpipe__free(r->env, columns);
    return st;
}

/* ---- stratify= ---------------------------------------------------------- */

/*
 * Quantile bins of the rows with a value: equal values stay together and go
 * to the bin in which their middle lies.
 */
static mlpipe_status labels_bin(mlpipe__split_rows *r, const uint8_t *null,
                                uint32_t bins, uint32_t *distinct)
{
    mlpipe__env *env = r->env;
    const uint32_t values = *distinct;
    uint64_t *count = mlpipe__alloc_array(env, values, sizeof *count);
    uint64_t below = 0, all = 0;
    uint32_t i, v, last = UINT32_MAX, used = 0;
    if (!count)
        return mlpipe__nomem(r->ctx);
    for (i = 0; i < r->rows; i++) {
        count[r->stratum[i]] += !null[i];
        all += !null[i];
    }
    for (v = 0; v < values; v++) {
        const uint64_t n = count[v];
        const uint32_t bin =
            all ? (uint32_t)((2 * below + n) * bins / (2 * all)) : 0;
        below += n;
        if (n && bin != last) {
            last = bin;
            used++;
        }
        count[v] = used ? used - 1 : 0;
    }
    for (i = 0; i < r->rows; i++)
        r->stratum[i] = (uint32_t)count[r->stratum[i]];
    mlpipe__free(env, count);
    *distinct = used;
    return MLPIPE_OK;
}

/* Rows without a value are a stratum of their own, the last; the only one
 * where no row has a value, since the number they were given is then of none.
 */
static void labels_nulls(mlpipe__split_rows *r, const uint8_t *null)
{
    uint32_t i, found = 0;
    for (i = 0; i < r->rows; i++)
        found += null[i];
    if (found == r->rows)
        r->strata = 0;
    for (i = 0; i < r->rows; i++)
        if (null[i])
            r->stratum[i] = r->strata;
    if (found)
        r->null_stratum = r->strata++;
}

/* The number of a cell: whole, or a double's key, or a hash of a text. Rows
 * without a value take that of the first row that has one, so that they add
 * none. */
static void labels_keys(const mlpipe__split_rows *r, int64_t *keys,
                        uint8_t *null)
{
    const int32_t type = mlpipe_dataset_type(r->data, r->stratify);
    const uint32_t column = r->stratify;
    int64_t some = 0;
    uint32_t i;
    for (i = 0; i < r->rows; i++) {
        null[i] = labels_null(r->data, column, i);
        if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY) {
            keys[i] = (int64_t)mlpipe__dataset_cell_hash(r->data, column, i,
                                                         0);
        } else if (type == MLPIPE_TYPE_F64) {
            double x;
            uint8_t valid;
            mlpipe__dataset_block(r->data, column, i, 1, &x, &valid);
            null[i] = null[i] || x != x;
            keys[i] = mlpipe__split_key(x);
        } else {
            uint8_t valid;
            mlpipe__dataset_block_i64(r->data, column, i, 1, &keys[i],
                                      &valid);
        }
        if (!null[i])
            some = keys[i];
    }
    for (i = 0; i < r->rows; i++)
        if (null[i])
            keys[i] = some;
}

static mlpipe_status labels_stratify(mlpipe__split_rows *r, uint32_t bins,
                                     int64_t *keys, uint8_t *null)
{
    const int32_t type = mlpipe_dataset_type(r->data, r->stratify);
    mlpipe_status st;
    labels_keys(r, keys, null);
    st = mlpipe__split_number(r->ctx, keys, r->rows, r->stratum, &r->strata,
                             NULL);
    if (!st && r->strata > bins && type != MLPIPE_TYPE_TEXT &&
        type != MLPIPE_TYPE_CATEGORY)
        st = labels_bin(r, null, bins, &r->strata);
    if (!st)
        labels_nulls(r, null);
    return st;
}

mlpipe_status mlpipe__split_rows_stratify(mlpipe__split_rows *r,
                                         const mlpipe__setting *stratify,
                                         uint32_t bins)
{
    mlpipe__env *env = r->env;
    int64_t *keys;
    uint8_t *null;
    mlpipe_status st;
    if (!stratify->count)
        return MLPIPE_OK;
    if (stratify->count > 1)
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "%s: stratify= names %u columns and takes 1",
                            r->owner, stratify->count);
    st = mlpipe__dataset_column(r->ctx, r->data, stratify->names[0],
                                &r->stratify);
    if (st)
        return st;
    keys = mlpipe__alloc_array(env, r->rows, sizeof *keys);
    null = mlpipe__alloc(env, r->rows);
    r->stratum = mlpipe__alloc_array(env, r->rows, sizeof *r->stratum);
    st = keys && null && r->stratum ? labels_stratify(r, bins, keys, null)
                                    : mlpipe__nomem(r->ctx);
    mlpipe__free(env, null);
    mlpipe__free(env, keys);
    return st;
}
