/* SPDX-License-Identifier: MIT */
/*
 * lasso and elastic_net: a penalty on sizes, which leaves features out, alone
 * or with one on squares. lambda is the alpha of scikit-learn.
 */
#include "linear_types.h"

#define LASSO_PARAMS                                                          \
    {"intercept", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,            \
     "Whether a constant is fitted too; it is never penalised."},             \
    {"positive", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,            \
     "Whether no coefficient may be below zero."},                            \
    {"tol", MLPIPE_PARAM_REAL, "1e-7", 1e-15, 1, NULL, 0x000100,              \
     "Largest duality gap, by half of the target's variance; a fit that "     \
     "does not get there fails."},                                            \
    {"max_iter", MLPIPE_PARAM_INT, "100000", 1, 1e9, NULL, 0x000100,          \
     "Sweeps over the coefficients at most, for each lambda."},               \
    {"lambdas", MLPIPE_PARAM_INT, "100", 2, MLPIPE__LINEAR_LAMBDAS_MAX,       \
     NULL, 0x000100, "How many lambdas lambda=auto tries."},                  \
    {"lambda_ratio", MLPIPE_PARAM_REAL, "1e-3", 1e-12, 0.999, NULL,           \
     0x000100,                                                                \
     "The least lambda that is tried, by the one that leaves no feature."},   \
    {"folds", MLPIPE_PARAM_INT, "5", 2, MLPIPE__LINEAR_FOLDS_MAX, NULL,       \
     0x000100, "Folds of rows, or of groups, that lambda=auto leaves out."},  \
    {"rule", MLPIPE_PARAM_CHOICE, "min", 0, 0, "min,1se", 0x000100,           \
     "The lambda of least error, or the strongest within one standard "       \
     "error of it."}

static const char lasso_lambda[] =
    "Strength of the penalty: auto, by cross-validation; or a number, such as "
    "0.1.";

static const mlpipe__param lasso_params[] = {
    {"lambda", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100, lasso_lambda},
    LASSO_PARAMS,
};

static const mlpipe__param elastic_params[] = {
    {"lambda", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100, lasso_lambda},
    {"l1_ratio", MLPIPE_PARAM_REAL, "0.5", 0.001, 1, NULL, 0x000100,
     "Share of the penalty on sizes; the rest is on squares. ridge is 0."},
    LASSO_PARAMS,
};

static mlpipe_status lasso_fit(mlpipe__fit_job *job, double l1_ratio)
{
    mlpipe__linear l = {.lasso = true, .l1_ratio = l1_ratio};
    mlpipe_status st = mlpipe__linear_start(job, &l);

    if (!st)
        st = l.p > MLPIPE__LINEAR_GRAM_MAX || l.p > job->train->rows
                 ? mlpipe__linear_by_rows(&l)
                 : mlpipe__linear_by_gram(&l);
    if (!st)
        mlpipe__linear_emit(&l);
    mlpipe__linear_free(&l);
    return st;
}

static mlpipe_status lasso_learn(mlpipe__fit_job *job)
{
    return lasso_fit(job, 1);
}

static mlpipe_status elastic_learn(mlpipe__fit_job *job)
{
    return lasso_fit(job,
                     mlpipe__params_get(job->params, "l1_ratio")->number);
}

static mlpipe_status lasso_check(mlpipe_ctx *ctx, const char *name,
                                 const mlpipe__params *params)
{
    double lambda;

    return mlpipe__linear_lambda(ctx, name, params, true, &lambda);
}

const mlpipe__learner mlpipe__learner_lasso = {
    .name = "lasso",
    .tasks = MLPIPE__TASK_REGRESSION,
    .takes_nulls = false,
    .takes_codes = false,
    .takes_offset = true,
    .blas = false,
    .params = lasso_params,
    .param_count = sizeof lasso_params / sizeof *lasso_params,
    .doc = "Linear regression with a penalty on sizes of coefficients, which "
           "leaves features out.",
    .fit = lasso_learn,
    .check = lasso_check,
};

const mlpipe__learner mlpipe__learner_elastic_net = {
    .name = "elastic_net",
    .tasks = MLPIPE__TASK_REGRESSION,
    .takes_nulls = false,
    .takes_codes = false,
    .takes_offset = true,
    .blas = false,
    .params = elastic_params,
    .param_count = sizeof elastic_params / sizeof *elastic_params,
    .doc = "Linear regression with penalties on sizes and on squares of "
           "coefficients.",
    .fit = elastic_learn,
    .check = lasso_check,
};
