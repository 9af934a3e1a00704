/* SPDX-License-Identifier: MIT */
/* Rows on which two models are compared: nothing that either was fitted on
 * may speak for it, and both have answered. */
#include "validate_internal.h"

/* ---- do they answer the same question? ---------------------------------- */

static bool pair_same_classes(const mlpipe__dict *a, const mlpipe__dict *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = mlpipe__dict_bytes(a, i) == mlpipe__dict_bytes(b, i) &&
               !memcmp(mlpipe__dict_text(a, i), mlpipe__dict_text(b, i),
                       mlpipe__dict_bytes(a, i));
    return same;
}

static mlpipe_status pair_check(mlpipe_ctx *ctx, const mlpipe_model *a,
                                const mlpipe_model *b)
{
    if (a->task != b->task || strcmp(a->target, b->target))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "one model predicts %q (%s), the other %q (%s); "
                            "they cannot be compared",
                            a->target, mlpipe__task_name(a->task), b->target,
                            mlpipe__task_name(b->task));
    if (a->classes.count != b->classes.count)
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "one model knows %u classes, the other %u; they "
                            "cannot be compared",
                            a->classes.count, b->classes.count);
    if (!pair_same_classes(&a->classes, &b->classes))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the models know other classes of %q; they "
                            "cannot be compared",
                            a->target);
    return MLPIPE_OK;
}

/* ---- what is gathered --------------------------------------------------- */

typedef struct pair_hashes {
    uint64_t *a, *b;
} pair_hashes;

/* drop: a weight that is none becomes NaN, and its row is left out. */
static mlpipe_status pair_weights(mlpipe_ctx *ctx, const mlpipe_model *a,
                                  const mlpipe_model *b,
                                  const mlpipe_dataset *d, bool drop,
                                  mlpipe__pair_rows *r)
{
    const char *name = a->weight_column;
    const int32_t column =
        name[0] && !strcmp(name, b->weight_column)
            ? mlpipe_dataset_find(d, name)
            : -1;
    mlpipe_status st;
    if (column < 0)
        return MLPIPE_OK;
    r->w = mlpipe__alloc_array(ctx->env, (size_t)d->rows, sizeof *r->w);
    if (!r->w)
        return mlpipe__nomem(ctx);
    st = mlpipe_dataset_doubles(ctx, d, (uint32_t)column, 0, r->w,
                                (size_t)d->rows);
    for (int64_t i = 0; !st && i < d->rows; i++) {
        if (r->w[i] >= 0 && mlpipe__finite(r->w[i]))
            continue;
        if (drop) {
            r->w[i] = mlpipe__nan();
            continue;
        }
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     r->w[i] != r->w[i]
                         ? "the weight %q of row %lld is missing; fill it, or "
                           "leave such rows out"
                         : "the weight %q of row %lld is %g; weights are "
                           "finite and not negative",
                     name, (long long)i, r->w[i]);
        st = mlpipe__fail_at(ctx, i, name);
    }
    return st;
}

static mlpipe_status pair_answers(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  const mlpipe_dataset *d, double *out,
                                  uint64_t *hash)
{
    const mlpipe_status st = mlpipe__model_answers(ctx, m, d, out);
    return st ? st
              : mlpipe__model_row_hashes(ctx, m, d, MLPIPE__ROW_BY_TARGET,
                                         hash);
}

static mlpipe_status pair_gather(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *d, bool drop,
                                 mlpipe__pair_rows *r, pair_hashes *h)
{
    mlpipe__env *env = ctx->env;
    const size_t n = (size_t)d->rows;
    mlpipe_status st;
    r->y = mlpipe__alloc_array(env, n, sizeof *r->y);
    r->a = mlpipe__alloc_array(env, n, r->width * sizeof *r->a);
    r->b = mlpipe__alloc_array(env, n, r->width * sizeof *r->b);
    h->a = mlpipe__alloc_array(env, n, sizeof *h->a);
    h->b = mlpipe__alloc_array(env, n, sizeof *h->b);
    if (!r->y || !r->a || !r->b || !h->a || !h->b)
        return mlpipe__nomem(ctx);
    st = mlpipe__model_target(ctx, a, d, r->y);
    if (!st)
        st = pair_weights(ctx, a, b, d, drop, r);
    if (!st)
        st = pair_answers(ctx, a, d, r->a, h->a);
    if (!st)
        st = pair_answers(ctx, b, d, r->b, h->b);
    return st;
}

/* Keep what can be compared, in place and in order. */
static void pair_keep(const mlpipe_model *a, const mlpipe_model *b,
                      int64_t rows, bool keep_seen, const pair_hashes *h,
                      mlpipe__pair_rows *r)
{
    const size_t width = r->width;
    uint64_t n = 0;
    for (int64_t i = 0; i < rows; i++) {
        const bool seen = mlpipe__model_trained_on(a, h->a[i]) ||
                          mlpipe__model_trained_on(b, h->b[i]);
        r->seen += seen;
        if (seen && !keep_seen)
            continue;
        if (r->w && r->w[i] != r->w[i]) {
            r->unweighted++;
            continue;
        }
        if (!mlpipe__finite(r->y[i]) || (r->w && !(r->w[i] > 0))) {
            r->unlabelled++;
            continue;
        }
        const bool silent_a = !mlpipe__finite(r->a[i * (int64_t)width]);
        const bool silent_b = !mlpipe__finite(r->b[i * (int64_t)width]);
        r->silent_a += silent_a;
        r->silent_b += silent_b;
        if (silent_a || silent_b)
            continue;
        r->y[n] = r->y[i];
        if (r->w)
            r->w[n] = r->w[i];
        if (r->query)
            r->query[n] = r->query[i];
        memmove(r->a + n * width, r->a + (size_t)i * width,
                width * sizeof *r->a);
        memmove(r->b + n * width, r->b + (size_t)i * width,
                width * sizeof *r->b);
        n++;
    }
    r->n = n;
}

static mlpipe_status pair_load(mlpipe_ctx *ctx, const mlpipe_model *a,
                               const mlpipe_model *b,
                               const mlpipe_dataset *d, bool keep_seen,
                               bool drop, int32_t query,
                               mlpipe__pair_rows *out)
{
    pair_hashes h = {NULL, NULL};
    uint32_t queries;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    out->width = mlpipe__model_width(a);
    st = pair_check(ctx, a, b);
    if (!st)
        st = pair_gather(ctx, a, b, d, drop, out, &h);
    if (!st && query >= 0)
        st = mlpipe__query_codes(ctx, d, (uint32_t)query, NULL,
                                 (uint64_t)d->rows, &out->query, &queries);
    if (!st)
        pair_keep(a, b, d->rows, keep_seen, &h, out);
    mlpipe__free(ctx->env, h.a);
    mlpipe__free(ctx->env, h.b);
    return st;
}

mlpipe_status mlpipe__pair_queries_load(mlpipe_ctx *ctx,
                                        const mlpipe_model *a,
                                        const mlpipe_model *b,
                                        const mlpipe_dataset *d,
                                        bool keep_seen, int32_t query,
                                        mlpipe__pair_rows *out)
{
    return pair_load(ctx, a, b, d, keep_seen, false, query, out);
}

mlpipe_status mlpipe__pair_rows_load(mlpipe_ctx *ctx, const mlpipe_model *a,
                                     const mlpipe_model *b,
                                     const mlpipe_dataset *d,
                                     mlpipe__pair_rows *out)
{
    return pair_load(ctx, a, b, d, false, true, -1, out);
}

void mlpipe__pair_rows_free(mlpipe__env *env, mlpipe__pair_rows *r)
{
    mlpipe__free(env, r->y);
    mlpipe__free(env, r->a);
    mlpipe__free(env, r->b);
    mlpipe__free(env, r->w);
    mlpipe__free(env, r->query);
}
