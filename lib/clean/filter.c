/* SPDX-License-Identifier: MIT */
/*
 * Rows where a condition is not true are dropped from training. The condition
 * is a hidden variable of the plan, which nothing that serves reads.
 */
#include "clean_internal.h"

static const mlpipe__param filter_params[] = {
    {"condition", MLPIPE_PARAM_TEXT, NULL, 0, 0, NULL, 0x000100,
     "Which training rows stay: an expression; null is not true; "
     "mlpipe_pipeline_filter takes it without quotes around."},
};

static const char *filter_text(const mlpipe__params *params)
{
    return mlpipe__params_get(params, "condition")->text;
}

static mlpipe_status filter_check(mlpipe_ctx *ctx, const char *owner,
                                  const char *text,
                                  const mlpipe__expr_sink *sink)
{
    return mlpipe__expr_check(ctx, owner, text, false, sink);
}

static mlpipe_status filter_leaks(const mlpipe__job *job)
{
    mlpipe__fail(job->ctx, MLPIPE_E_LEAK,
                 "%s: the condition reads the target, and rows must not be "
                 "chosen by their answer within a fit\nhelp: filter the "
                 "dataset before the fit",
                 job->name);
    return mlpipe__fail_detail(job->ctx, MLPIPE_DETAIL_LEAK);
}

static mlpipe_status filter_select(mlpipe__job *job)
{
    mlpipe__var condition, *hidden;
    mlpipe_status st = mlpipe__expr_condition(
        job->ctx, job->plan, job->name, filter_text(job->params),
        job->plan->sink, &condition);

    if (!st && condition.tainted)
        st = filter_leaks(job);
    condition.feature = false;
    if (!st)
        st = mlpipe__plan_add(job->ctx, job->plan, &condition, "",
                              condition.reg, &hidden);
    if (!st)
        st = mlpipe__job_add_choice(
            job, (uint32_t)(hidden - job->plan->vars), 0);
    return st;
}

static bool filter_filters(const mlpipe__job *job)
{
    (void)job;
    return true;
}

static void filter_filter(const mlpipe__job *job, uint32_t n,
                          const double *const *values,
                          const uint8_t *const *valid, uint8_t *keep)
{
    (void)job;
    for (uint32_t i = 0; i < n; i++)
        if (!valid[0][i] || values[0][i] == 0)
            keep[i] = 0;
}

static mlpipe_status filter_names(mlpipe_ctx *ctx,
                                  const mlpipe__params *params,
                                  mlpipe_status (*each)(void *user,
                                                        const char *name,
                                                        size_t bytes),
                                  void *user)
{
    return mlpipe__expr_names(ctx, "filter", filter_text(params), false, each,
                              user);
}

const mlpipe__step mlpipe__step_filter = {
    .name = "filter",
    .kind = MLPIPE_KIND_ROWS,
    .params = filter_params,
    .param_count = sizeof filter_params / sizeof *filter_params,
    .doc = "Train only on rows where a condition is true.",
    .select = filter_select,
    .filters = filter_filters,
    .filter = filter_filter,
    .opaque = true,
    .check = filter_check,
    .names = filter_names,
};
