/* SPDX-License-Identifier: MIT */
/* The queries of rows, which metrics by query are taken over: a column. */
#include "evaluate_types.h"

mlpipe_status mlpipe__query_column(mlpipe_ctx *ctx,
                                   const mlpipe__setting *given,
                                   const char *group,
                                   const mlpipe__metric *metric,
                                   const mlpipe_dataset *d, int32_t *column)
{
    const char *name = given->count ? given->names[0] : group;
    uint32_t at;
    mlpipe_status st;
    *column = -1;
    if (given->count > 1)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "query names %u columns, and the rows of a query "
                            "have one in common; give one",
                            given->count);
    if (given->count && !metric)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "query=%s is read by metrics by query alone, such "
                            "as ndcg, and none of them is asked for; leave it "
                            "out, or name one",
                            name);
    if (!metric)
        return MLPIPE_OK;
    if (!name[0])
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "%s is of the rows of a query, and nothing says "
                            "which these are; give query=<column>, or a "
                            "recipe with group=<column>",
                            metric->name);
    st = mlpipe__dataset_column(ctx, d, name, &at);
    if (!st)
        *column = (int32_t)at;
    return st;
}

/* Is the query of a row known: neither null nor NaN? */
static bool query_known(const mlpipe_dataset *d, uint32_t column, int64_t row)
{
    const int32_t type = d->columns[column]->type;
    int64_t integer;
    double number;
    size_t bytes;
    uint8_t valid;
    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY)
        return mlpipe__dataset_cell_text(d, column, row, &bytes) != NULL;
    if (type == MLPIPE_TYPE_F64) {
        mlpipe__dataset_block(d, column, row, 1, &number, &valid);
        return valid && number == number;
    }
    mlpipe__dataset_block_i64(d, column, row, 1, &integer, &valid);
    return valid;
}

/* Numbers rise as the keys do, and not as the rows come. */
static uint32_t query_number(const int64_t *key, const uint32_t *order,
                             uint64_t n, uint32_t *out)
{
    uint32_t next = 0;
    bool any = false;
    int64_t last = 0;
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t row = order[i];
        if (out[row] == MLPIPE__NO_QUERY)
            continue;
        next += any && key[row] != last;
        any = true;
        last = key[row];
        out[row] = next;
    }
    return next + any;
}

mlpipe_status mlpipe__query_codes(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t column, const int64_t *rows,
                                  uint64_t n, uint32_t **out,
                                  uint32_t *queries)
{
    mlpipe__env *env = ctx->env;
    int64_t *key = mlpipe__alloc_array(env, (size_t)n, 5 * sizeof *key);
    uint32_t *order = mlpipe__alloc_array(env, (size_t)n, sizeof *order);
    mlpipe_status st = MLPIPE_OK;
    *out = mlpipe__alloc_array(env, (size_t)n, sizeof **out);
    if (!key || !order || !*out)
        st = mlpipe__nomem(ctx);
    else
        st = mlpipe__most_rows(ctx, "sorting by query", n, UINT32_MAX - 1);
    for (uint64_t i = 0; !st && i < n; i++) {
        const int64_t row = rows ? rows[i] : (int64_t)i;
        (*out)[i] = query_known(d, column, row) ? 0 : MLPIPE__NO_QUERY;
        key[i] = (int64_t)mlpipe__dataset_cell_hash(d, column, row, 0);
        if (i % MLPIPE__BLOCK_ROWS == 0)
            st = mlpipe__poll(ctx, "metrics", i, n);
    }
    if (!st) {
        mlpipe__argsort_i64(key, order, (uint32_t)n, (uint64_t *)(key + n));
        *queries = query_number(key, order, n, *out);
    }
    mlpipe__free(env, order);
    mlpipe__free(env, key);
    return st;
}
