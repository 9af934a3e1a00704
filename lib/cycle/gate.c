/* SPDX-License-Identifier: MIT */
/*
 * The gate: rows that a challenger never saw, and both models scored on the
 * same of them. Nothing that either was fitted on may speak for it.
 */
#include "cycle_internal.h"

/* A model may be silent on this share of rows more than the other. */
static const double gate_silence = 0.01;

/* ---- scoring ----------------------------------------------------------- */

/* What is gathered of the n rows; a and b: width doubles each. */
typedef struct gate_rows {
    double *y, *a, *b;
    uint64_t *hash_a, *hash_b;
    int64_t n;
    uint32_t width; /* numbers of an answer */
} gate_rows;

static mlpipe_status gate_predict(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  const mlpipe_dataset *d, double *out,
                                  uint64_t *hash)
{
    const mlpipe_status st = mlpipe__model_answers(ctx, m, d, out);

    return st ? st
              : mlpipe__model_row_hashes(ctx, m, d, MLPIPE__ROW_BY_TARGET,
                                         hash);
}

static mlpipe_status gate_gather(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *d, gate_rows *r)
{
    mlpipe__env *env = ctx->env;
    const size_t n = (size_t)r->n;
    mlpipe_status st;

    r->y = mlpipe__alloc_array(env, n, sizeof *r->y);
    r->a = mlpipe__alloc_array(env, n, r->width * sizeof *r->a);
    r->b = mlpipe__alloc_array(env, n, r->width * sizeof *r->b);
    r->hash_a = mlpipe__alloc_array(env, n, sizeof *r->hash_a);
    r->hash_b = mlpipe__alloc_array(env, n, sizeof *r->hash_b);
    if (!r->y || !r->a || !r->b || !r->hash_a || !r->hash_b)
        return mlpipe__nomem(ctx);
    st = mlpipe__model_target(ctx, a, d, r->y);
    if (!st)
        st = gate_predict(ctx, a, d, r->a, r->hash_a);
    if (!st)
        st = gate_predict(ctx, b, d, r->b, r->hash_b);
    return st;
}

/* Keep what can be compared, in place and in order. */
static void gate_keep(const mlpipe_model *a, const mlpipe_model *b,
                      gate_rows *r, mlpipe__gate *out)
{
    const size_t width = r->width;
    uint64_t n = 0;

    for (int64_t i = 0; i < r->n; i++) {
        if (mlpipe__model_trained_on(a, r->hash_a[i]) ||
            mlpipe__model_trained_on(b, r->hash_b[i])) {
            out->removed++;
            continue;
        }
        if (!mlpipe__finite(r->y[i])) {
            out->unlabelled++;
            continue;
        }
        const bool silent_a = !mlpipe__finite(r->a[i * width]);
        const bool silent_b = !mlpipe__finite(r->b[i * width]);
        out->silent_a += silent_a;
        out->silent_b += silent_b;
        if (silent_a || silent_b)
            continue;
        r->y[n] = r->y[i];
        memmove(r->a + n * width, r->a + i * width, width * sizeof *r->a);
        memmove(r->b + n * width, r->b + i * width, width * sizeof *r->b);
        n++;
    }
    out->rows = n;
}

mlpipe_status mlpipe__gate_score(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *rows,
                                 const mlpipe__metric *metric, uint64_t least,
                                 mlpipe__gate *out)
{
    gate_rows r = {0};
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    r.n = mlpipe_dataset_rows(rows);
    r.width = mlpipe__model_width(a);
    if (r.width != mlpipe__model_width(b))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "one model knows %u classes, the other %u; they "
                            "cannot be compared",
                            r.width, mlpipe__model_width(b));
    st = gate_gather(ctx, a, b, rows, &r);
    if (!st) {
        gate_keep(a, b, &r, out);
        out->enough = out->rows >= least && out->rows >= 2;
        if (out->enough) {
            const mlpipe__scored sa = {r.y, r.a, NULL, out->rows, r.width};
            const mlpipe__scored sb = {r.y, r.b, NULL, out->rows, r.width};
            st = mlpipe__compare(ctx, metric, &sa, &sb, &out->compared);
        }
    }
    mlpipe__free(ctx->env, r.y);
    mlpipe__free(ctx->env, r.a);
    mlpipe__free(ctx->env, r.b);
    mlpipe__free(ctx->env, r.hash_a);
    mlpipe__free(ctx->env, r.hash_b);
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
