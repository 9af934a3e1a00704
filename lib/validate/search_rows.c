/* SPDX-License-Identifier: MIT */
/*
 * The rows of a search: folds by group or row id, and the prefixes of one
 * permutation by which successive halving gives trials more rows. All of them
 * are views that every trial shares.
 */
#include "search_types.h"

/* What keeps rows together: the recipe's group, or the row itself. */
static mlpipe_status rows_keys(mlpipe__search *s, uint64_t *out)
{
    const char *group = mlpipe__pipeline_role(s->recipe, "group");
    const mlpipe_dataset *d = s->train;
    uint32_t column = 0;
    mlpipe_status st = MLPIPE_OK;
    if (group[0])
        st = mlpipe__dataset_column(s->ctx, d, group, &column);
    for (int64_t i = 0; !st && i < d->rows; i++)
        out[i] = group[0] ? mlpipe__dataset_group_key(d, column, i)
                          : mlpipe_dataset_row_id(d, i);
    return st;
}

/* The greatest share that the first n rows of the permutation have. */
static mlpipe_status rows_prefix(mlpipe__search *s, const uint64_t *key,
                                 uint64_t *share, uint64_t *limit)
{
    const size_t rows = (size_t)s->train->rows;
    mlpipe__env *env = s->ctx->env;
    uint64_t *sorted = mlpipe__alloc_array(env, rows, sizeof *sorted);
    uint64_t *scratch = mlpipe__alloc_array(env, rows, sizeof *scratch);
    const bool ok = sorted && scratch;
    size_t i;
    for (i = 0; ok && i < rows; i++)
        sorted[i] = share[i] =
            mlpipe__random64(s->seed, MLPIPE__FOR_PREFIX, 0, key[i], 0);
    if (ok)
        mlpipe__sort_u64(sorted, rows, scratch);
    for (i = 0; ok && i < s->rungs; i++)
        limit[i] = s->rung_rows[i] ? sorted[s->rung_rows[i] - 1] : 0;
    mlpipe__free(env, scratch);
    mlpipe__free(env, sorted);
    return ok ? MLPIPE_OK : mlpipe__nomem(s->ctx);
}

/* A view of the marked rows. */
static mlpipe_status rows_view(mlpipe__search *s, const uint8_t *in,
                               uint32_t fold, mlpipe_dataset **out)
{
    const mlpipe_dataset *d = s->train;
    mlpipe__rowset *set;
    int64_t i, n = 0;
    for (i = 0; i < d->rows; i++)
        n += in[i];
    if (!n)
        return mlpipe__fail(s->ctx, MLPIPE_E_EMPTY,
                            "mlpipe_search: fold %u of %u leaves no rows of "
                            "%lld to fit or to score; take fewer folds, "
                            "with halving a larger min_rows, or give "
                            "validation rows",
                            fold, s->folds, (long long)d->rows);
    set = mlpipe__rowset_new(s->ctx->env, n);
    if (!set)
        return mlpipe__nomem(s->ctx);
    for (n = i = 0; i < d->rows; i++)
        if (in[i])
            set->rows[n++] = i;
    return mlpipe__dataset_view(s->ctx, d, set, out);
}

/* Rows of the least rung come first, so that each holds those before it. */
static void rows_rungs(mlpipe__search *s)
{
    const uint64_t rows = (uint64_t)s->train->rows;
    uint64_t n = rows;
    uint32_t i;
    s->rungs = 1;
    while (s->halving && s->rungs < MLPIPE__SEARCH_RUNGS &&
           n / s->halving >= s->min_rows && n / s->halving > 0) {
        n /= s->halving;
        s->rungs++;
    }
    for (n = rows, i = s->rungs; i-- > 0; n /= s->halving ? s->halving : 1)
        s->rung_rows[i] = n;
}

/* The views of one fold; folds = 0: of all rows. */
static mlpipe_status rows_fold(mlpipe__search *s, uint32_t fold,
                               const uint32_t *of, const uint64_t *share,
                               const uint64_t *limit, uint8_t *in)
{
    const uint32_t width = s->folds ? s->folds : 1;
    const int64_t rows = s->train->rows;
    mlpipe_status st = mlpipe__poll(s->ctx, "search", 0, s->limit);
    int64_t i;
    for (i = 0; s->folds && i < rows; i++)
        in[i] = of[i] == fold;
    if (!st && s->folds)
        st = rows_view(s, in, fold, &s->score_rows[fold]);
    for (uint32_t r = 0; !st && r < s->rungs; r++) {
        for (i = 0; i < rows; i++)
            in[i] = (r + 1 == s->rungs || share[i] <= limit[r]) &&
                    !(s->folds && of[i] == fold);
        st = rows_view(s, in, fold, &s->fit_rows[r * width + fold]);
    }
    return st;
}

mlpipe_status mlpipe__search_rows(mlpipe__search *s)
{
    const uint32_t width = s->folds ? s->folds : 1;
    const size_t rows = (size_t)s->train->rows;
    mlpipe__env *env = s->ctx->env;
    uint64_t limit[MLPIPE__SEARCH_RUNGS] = {0};
    uint64_t *key = mlpipe__alloc_array(env, rows, sizeof *key);
    uint64_t *share = mlpipe__alloc_array(env, rows, sizeof *share);
    uint32_t *of = mlpipe__alloc_array(env, rows, sizeof *of); /* folds */
    uint8_t *in = mlpipe__alloc(env, rows);
    mlpipe_status st = MLPIPE_OK;
    rows_rungs(s);
    s->fit_rows = mlpipe__alloc_array(env, (size_t)s->rungs * width,
                                      sizeof *s->fit_rows);
    s->score_rows = mlpipe__alloc_array(env, width, sizeof *s->score_rows);
    if (!key || !share || !of || !in || !s->fit_rows || !s->score_rows)
        st = mlpipe__nomem(s->ctx);
    if (!st)
        st = rows_keys(s, key);
    if (!st && s->rungs > 1)
        st = rows_prefix(s, key, share, limit);
    for (size_t i = 0; !st && s->folds && i < rows; i++)
        of[i] = mlpipe__fold_of(s->seed, key[i], s->folds);
    for (uint32_t k = 0; !st && k < width; k++)
        st = rows_fold(s, k, of, share, limit, in);
    mlpipe__free(env, in);
    mlpipe__free(env, of);
    mlpipe__free(env, share);
    mlpipe__free(env, key);
    return st;
}

void mlpipe__search_rows_free(mlpipe__search *s)
{
    const uint32_t width = s->folds ? s->folds : 1;
    for (uint32_t i = 0; s->fit_rows && i < s->rungs * width; i++)
        mlpipe_dataset_free(s->fit_rows[i]);
    for (uint32_t i = 0; s->score_rows && i < width; i++)
        mlpipe_dataset_free(s->score_rows[i]);
    mlpipe__free(s->ctx->env, s->fit_rows);
    mlpipe__free(s->ctx->env, s->score_rows);
}
