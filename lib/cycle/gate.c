/* SPDX-License-Identifier: MIT */
/*
 * The gate: rows that a challenger never saw, and both models scored on the
 * same of them. Nothing that either was fitted on may speak for it.
 */
#include "cycle_internal.h"

/* A model may be silent on this share of rows more than the other. */
static const double gate_silence = 0.01;

/* ---- scoring ----------------------------------------------------------- */

mlpipe_status mlpipe__gate_score(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *rows,
                                 const mlpipe__metric *metric, uint64_t least,
                                 mlpipe__gate *out)
{
    mlpipe__pair_rows r;
    mlpipe_status st = mlpipe__pair_rows_load(ctx, a, b, rows, false, &r);

    memset(out, 0, sizeof *out);
    if (!st) {
        out->rows = r.n;
        out->removed = r.seen;
        out->unlabelled = r.unlabelled;
        out->silent_a = r.silent_a;
        out->silent_b = r.silent_b;
        out->enough = out->rows >= least && out->rows >= 2;
    }
    if (out->enough) {
        const mlpipe__scored sa = {r.y, r.a, r.w, r.n, r.width};
        const mlpipe__scored sb = {r.y, r.b, r.w, r.n, r.width};
        st = mlpipe__compare(ctx, metric, &sa, &sb, &out->compared);
    }
    mlpipe__pair_rows_free(ctx->env, &r);
    return st;
}

bool mlpipe__gate_passes(const mlpipe__gate *g, double alpha)
{
    const double all =
        (double)(g->rows + g->silent_a + g->silent_b);

    if (!g->enough ||
        (double)g->silent_b > (double)g->silent_a + gate_silence * all)
        return false;
    return g->compared.mean < 0 && g->compared.p <= alpha;
}

/* ---- the split --------------------------------------------------------- */

/* Mark the newest rows until there are enough; a group goes as a whole. */
static void gate_mark(const int64_t *group, const uint32_t *order,
                      uint32_t *rank, uint32_t n, double share, uint8_t *held)
{
    const double want = share * n;
    uint32_t taken = 0;

    for (uint32_t i = 0; group && i < n; i++)
        rank[order[i]] = i;
    for (uint32_t i = n; i-- && taken < want;) {
        if (held[i])
            continue;
        held[i] = 1;
        taken++;
        if (!group)
            continue;
        for (uint32_t k = rank[i] + 1; k < n && group[order[k]] == group[i];
             k++)
            taken += !held[order[k]], held[order[k]] = 1;
        for (uint32_t k = rank[i]; k && group[order[k - 1]] == group[i]; k--)
            taken += !held[order[k - 1]], held[order[k - 1]] = 1;
    }
}

static mlpipe_status gate_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               const uint8_t *held, uint8_t which,
                               mlpipe_dataset **out)
{
    const int64_t n = mlpipe_dataset_rows(d);
    mlpipe__rowset *rows;
    int64_t count = 0;

    for (int64_t i = 0; i < n; i++)
        count += held[i] == which;
    rows = mlpipe__rowset_new(ctx->env, count);
    if (!rows)
        return mlpipe__nomem(ctx);
    count = 0;
    for (int64_t i = 0; i < n; i++)
        if (held[i] == which)
            rows->rows[count++] = i;
    return mlpipe__dataset_view(ctx, d, rows, out);
}

mlpipe_status mlpipe__gate_split(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                 const char *group, double share,
                                 mlpipe_dataset **fit,
                                 mlpipe_dataset **withheld)
{
    mlpipe__env *env = ctx->env;
    const uint32_t n = (uint32_t)mlpipe_dataset_rows(d);
    const int32_t column = group && *group ? mlpipe_dataset_find(d, group)
                                           : -1;
    uint8_t *held = mlpipe__alloc_array(env, n, 1);
    int64_t *key = mlpipe__alloc_array(env, n, sizeof *key);
    uint32_t *order = mlpipe__alloc_array(env, n, 2 * sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st = MLPIPE_OK;

    *fit = *withheld = NULL;
    if (!held || !key || !order || !scratch) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    for (uint32_t i = 0; column >= 0 && i < n; i++)
        key[i] = (int64_t)mlpipe__dataset_group_key(d, (uint32_t)column, i);
    if (column >= 0)
        mlpipe__argsort_i64(key, order, n, scratch);
    gate_mark(column >= 0 ? key : NULL, order, order + n, n, share, held);
    st = gate_view(ctx, d, held, 0, fit);
    if (!st)
        st = gate_view(ctx, d, held, 1, withheld);
    if (st) {
        mlpipe_dataset_free(*fit);
        *fit = NULL;
    }
done:
    mlpipe__free(env, held);
    mlpipe__free(env, key);
    mlpipe__free(env, order);
    mlpipe__free(env, scratch);
    return st;
}
