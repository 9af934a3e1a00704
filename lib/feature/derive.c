/* SPDX-License-Identifier: MIT */
/* Features by expressions: "ratio = a / b; age = year(as_of) - built". */
#include "feature_internal.h"

static const mlpipe__param derive_params[] = {
    {"expressions", MLPIPE_PARAM_TEXT, NULL, 0, 0, NULL, 0x000100,
     "Definitions name = expression, separated by semicolons or lines; "
     "mlpipe_pipeline_derive takes them without quotes around."},
};

static const char *derive_text(const mlpipe__params *params)
{
    return mlpipe__params_get(params, "expressions")->text;
}

static mlpipe_status derive_check(mlpipe_ctx *ctx, const char *owner,
                                  const char *text,
                                  const mlpipe__expr_sink *sink)
{
    return mlpipe__expr_check(ctx, owner, text, true, sink);
}

static mlpipe_status derive_emit(mlpipe__job *job)
{
    return mlpipe__expr_derive(job->ctx, job->plan, job->name,
                               derive_text(job->params), job->plan->sink);
}

static mlpipe_status derive_names(mlpipe_ctx *ctx,
                                  const mlpipe__params *params,
                                  mlpipe_status (*each)(void *user,
                                                        const char *name,
                                                        size_t bytes),
                                  void *user)
{
    return mlpipe__expr_names(ctx, "derive", derive_text(params), true, each,
                              user);
}

const mlpipe__step mlpipe__step_derive = {
    .name = "derive",
    .kind = MLPIPE_KIND_ROW,
    .params = derive_params,
    .param_count = sizeof derive_params / sizeof *derive_params,
    .doc = "Make features by expressions over columns.",
    .emit = derive_emit,
    .typed = true,
    .opaque = true,
    .check = derive_check,
    .names = derive_names,
};
