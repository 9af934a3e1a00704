/* SPDX-License-Identifier: MIT */
/* One fold of k-fold cross-validation; fold_plan.c knows who is in it. */
#include "validate_internal.h"

const mlpipe__param mlpipe__fold_params[] = {MLPIPE__FOLD_PARAMS};
const uint32_t mlpipe__fold_param_count =
    sizeof mlpipe__fold_params / sizeof *mlpipe__fold_params;

static mlpipe_status fold_run(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                              const char *params, uint32_t index,
                              mlpipe_dataset **fold, mlpipe_dataset **rest)
{
    static const char *const owner = "mlpipe_dataset_fold";
    mlpipe__fold_plan *plan = NULL;
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(ctx, owner, mlpipe__fold_params,
                                            mlpipe__fold_param_count, params,
                                            &p);
    if (st)
        return st;
    st = mlpipe__fold_plan_new(ctx, owner, dataset, &p, NULL, &plan);
    if (!st && index >= mlpipe__fold_plan_count(plan))
        st = mlpipe__fail(ctx, MLPIPE_E_ARG,
                          "%s: there is no fold %u of %u; they count from 0",
                          owner, index, mlpipe__fold_plan_count(plan));
    if (!st)
        st = mlpipe__fold_plan_views(ctx, plan, index, fold, rest, NULL);
    mlpipe__fold_plan_free(plan);
    mlpipe__params_free(&p);
    return st;
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
