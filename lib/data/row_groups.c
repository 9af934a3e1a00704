/* SPDX-License-Identifier: MIT */
/*
 * Which rows are equal: a hash of the cells first, then the cells themselves.
 * Every row learns the first row that equals it, from which all else follows.
 */
#include "data_internal.h"

enum {
    ROW_GROUPS_POLL = 65536,
    ROW_GROUPS_AHEAD = 256 /* rows whose memory is asked for at once; divides
                              the other */
};

#if defined(__GNUC__)
#define ROW_GROUPS_FETCH(at) __builtin_prefetch(at)
#else
#define ROW_GROUPS_FETCH(at) ((void)(at))
#endif

__extension__ typedef unsigned __int128 row_groups_u128;

/* Both halves of a product: what is in the high bits of a double reaches the
 * low ones, which choose the slot. */
static uint64_t row_groups_mix(uint64_t h, uint64_t bits)
{
    const row_groups_u128 product =
        (row_groups_u128)(h ^ bits ^ UINT64_C(0x9e3779b97f4a7c15)) *
        UINT64_C(0xd6e8feb86659fd93);

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t row_groups_hash(const mlpipe__row_groups *g, int64_t row)
{
    uint64_t h = 0;

    for (uint32_t c = 0; c < g->column_count; c++)
        h = row_groups_mix(
            h, mlpipe__dataset_cell_bits(g->rows, g->columns[c], row));
    return h;
}

static bool row_groups_equal(const mlpipe__row_groups *g, int64_t a,
                             int64_t b)
{
    if (g->hash[a] != g->hash[b])
        return false;
    for (uint32_t c = 0; c < g->column_count; c++)
        if (!mlpipe__dataset_cell_equal(g->rows, g->columns[c], a, b))
            return false;
    return true;
}

/* Hashes of rows first .. end - 1, and what of the table they will look at. */
static void row_groups_ahead(mlpipe__row_groups *g, uint32_t first,
                             uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        g->hash[i] = row_groups_hash(g, i);
        ROW_GROUPS_FETCH(&g->slots[(size_t)g->hash[i] & g->mask]);
    }
    for (uint32_t i = first; i < end; i++) {
        const uint32_t slot = g->slots[(size_t)g->hash[i] & g->mask];
        if (!slot)
            continue;
        ROW_GROUPS_FETCH(&g->hash[slot - 1]);
        ROW_GROUPS_FETCH(&g->count[slot - 1]);
        for (uint32_t c = 0; c < g->column_count; c++)
            ROW_GROUPS_FETCH(mlpipe__dataset_cell_at(g->rows, g->columns[c],
                                                     slot - 1));
    }
}

static void row_groups_row(mlpipe__row_groups *g, uint32_t row)
{
    size_t at = (size_t)g->hash[row] & g->mask;

    while (g->slots[at] && !row_groups_equal(g, g->slots[at] - 1, row))
        at = (at + 1) & g->mask;
    if (!g->slots[at])
        g->slots[at] = row + 1;
    g->first[row] = g->slots[at] - 1;
    g->count[g->first[row]]++;
}

static mlpipe_status row_groups_columns(mlpipe_ctx *ctx,
                                        const mlpipe__setting *on,
                                        mlpipe__row_groups *g)
{
    mlpipe_status st = MLPIPE_OK;

    g->column_count = on->count ? on->count : g->rows->column_count;
    g->columns = mlpipe__alloc_array(ctx->env, g->column_count,
                                     sizeof *g->columns);
    if (!g->columns)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < g->column_count && !st; i++) {
        g->columns[i] = i;
        if (on->count)
            st = mlpipe__dataset_column(ctx, g->rows, on->names[i],
                                        &g->columns[i]);
    }
    return st;
}

static mlpipe_status row_groups_memory(mlpipe_ctx *ctx,
                                       mlpipe__row_groups *g)
{
    const size_t n = (size_t)g->rows->rows;
    size_t slots = 16;

    while (slots < 2 * n)
        slots *= 2;
    g->mask = slots - 1;
    g->hash = mlpipe__alloc_array(ctx->env, n, sizeof *g->hash);
    g->first = mlpipe__alloc_array(ctx->env, n, sizeof *g->first);
    g->count = mlpipe__alloc_array(ctx->env, n, sizeof *g->count);
    g->slots = mlpipe__alloc_array(ctx->env, slots, sizeof *g->slots);
    return g->hash && g->first && g->count && g->slots ? MLPIPE_OK
                                                       : mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__row_groups_find(mlpipe_ctx *ctx, const char *owner,
                                      const mlpipe_dataset *rows,
                                      const mlpipe__setting *on,
                                      const uint8_t *use,
                                      mlpipe__row_groups *out)
{
    const int64_t n = rows->rows;
    mlpipe_status st = mlpipe__dataset_countable(ctx, owner, rows);

    memset(out, 0, sizeof *out);
    out->env = ctx->env;
    out->rows = rows;
    if (!st)
        st = row_groups_columns(ctx, on, out);
    if (!st)
        st = row_groups_memory(ctx, out);
    for (int64_t i = 0; i < n && !st; i++) {
        if (i % ROW_GROUPS_POLL == 0)
            st = mlpipe__poll(ctx, owner, (uint64_t)i, (uint64_t)n);
        if (i % ROW_GROUPS_AHEAD == 0)
            row_groups_ahead(out, (uint32_t)i,
                             (uint32_t)(n - i < ROW_GROUPS_AHEAD
                                            ? n : i + ROW_GROUPS_AHEAD));
        if (use && !use[i])
            out->first[i] = MLPIPE__NO_ROW;
        else if (!st)
            row_groups_row(out, (uint32_t)i);
    }
    return st;
}

void mlpipe__row_groups_free(mlpipe__row_groups *g)
{
    mlpipe__free(g->env, g->columns);
    mlpipe__free(g->env, g->first);
    mlpipe__free(g->env, g->count);
    mlpipe__free(g->env, g->hash);
    mlpipe__free(g->env, g->slots);
    memset(g, 0, sizeof *g);
}

/* Groups in which a row has another label than the first one. */
static mlpipe_status row_groups_conflicts(mlpipe_ctx *ctx,
                                          const mlpipe__row_groups *g,
                                          uint32_t label,
                                          mlpipe__row_figures *out)
{
    const uint32_t n = (uint32_t)g->rows->rows;
    uint8_t *differs = mlpipe__alloc(ctx->env, n);

    if (!differs)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t first = g->first[i];
        if (first == i || first == MLPIPE__NO_ROW || differs[first] ||
            mlpipe__dataset_cell_equal(g->rows, label, first, i))
            continue;
        differs[first] = 1;
        out->conflicts++;
    }
    mlpipe__free(ctx->env, differs);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__row_groups_figures(mlpipe_ctx *ctx,
                                         const mlpipe__row_groups *g,
                                         int32_t label,
                                         mlpipe__row_figures *out)
{
    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < g->rows->rows; i++) {
        out->rows += g->count[i];
        out->distinct += g->count[i] > 0;
        out->groups += g->count[i] > 1;
        if (g->count[i] > out->largest)
            out->largest = g->count[i];
    }
    if (label < 0 || out->rows == out->distinct)
        return MLPIPE_OK;
    return row_groups_conflicts(ctx, g, (uint32_t)label, out);
}
