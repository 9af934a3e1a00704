/* SPDX-License-Identifier: MIT */
/* One fold of k-fold cross-validation: rows are dealt by row id. */
#include "validate_internal.h"

const mlpipe__param mlpipe__fold_params[] = {
    {"folds", MLPIPE_PARAM_INT, "5", 2, 1000, NULL, 0x000100,
     "how many folds"},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,
     "of the deal by row id"},
};
const uint32_t mlpipe__fold_param_count =
    sizeof mlpipe__fold_params / sizeof *mlpipe__fold_params;

static bool fold_has(const mlpipe_dataset *d, int64_t row, uint64_t seed,
                     uint32_t folds, uint32_t index)
{
    return mlpipe__fold_of(seed, mlpipe_dataset_row_id(d, row), folds) ==
           index;
}

static mlpipe_status fold_views(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                uint64_t seed, uint32_t folds, uint32_t index,
                                mlpipe_dataset **fold, mlpipe_dataset **rest)
{
    mlpipe__rowset *in, *others;
    int64_t i, count = 0, a = 0, b = 0;
    mlpipe_status st;
    for (i = 0; i < d->rows; i++)
        count += fold_has(d, i, seed, folds, index);
    if (!count || count == d->rows)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "fold %u of %u gets %lld of %lld rows; take "
                            "fewer folds or another seed",
                            index, folds, (long long)count,
                            (long long)d->rows);
    in = mlpipe__rowset_new(d->env, count);
    others = mlpipe__rowset_new(d->env, d->rows - count);
    if (!in || !others) {
        mlpipe__rowset_drop(in);
        mlpipe__rowset_drop(others);
        return mlpipe__nomem(ctx);
    }
    for (i = 0; i < d->rows; i++) {
        if (fold_has(d, i, seed, folds, index))
            in->rows[a++] = i;
        else
            others->rows[b++] = i;
    }
    st = mlpipe__dataset_view(ctx, d, in, fold);
    if (st) {
        mlpipe__rowset_drop(others);
        return st;
    }
    st = mlpipe__dataset_view(ctx, d, others, rest);
    if (st) {
        mlpipe_dataset_free(*fold);
        *fold = NULL;
    }
    return st;
}

static mlpipe_status fold_run(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                              const char *params, uint32_t index,
                              mlpipe_dataset **fold, mlpipe_dataset **rest)
{
    mlpipe__params p;
    int64_t folds, seed;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_dataset_fold", mlpipe__fold_params,
        mlpipe__fold_param_count, params, &p);
    if (st)
        return st;
    folds = mlpipe__params_get(&p, "folds")->integer;
    seed = mlpipe__params_get(&p, "seed")->integer;
    mlpipe__params_free(&p);
    if (index >= folds)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "mlpipe_dataset_fold: there is no fold %u of "
                            "%lld; they count from 0",
                            index, (long long)folds);
    if (dataset->rows < folds)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "%lld rows cannot make %lld folds",
                            (long long)dataset->rows, (long long)folds);
    return fold_views(ctx, dataset, (uint64_t)seed, (uint32_t)folds, index,
                      fold, rest);
}

mlpipe_status mlpipe_dataset_fold(mlpipe_ctx *ctx,
                                  const mlpipe_dataset *dataset,
                                  const char *params, uint32_t index,
                                  mlpipe_dataset **fold,
                                  mlpipe_dataset **rest)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_fold");
    if (fold)
        *fold = NULL;
    if (rest)
        *rest = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !fold)
        st = mlpipe__null_arg(ctx, "fold");
    if (!st && !rest)
        st = mlpipe__null_arg(ctx, "rest");
    if (!st)
        st = fold_run(ctx, dataset, params, index, fold, rest);
    return mlpipe__end(ctx, st);
}
