/* SPDX-License-Identifier: MIT */
/* Shifts and scales numbers by what the training rows say. */
#include "feature_internal.h"

enum scale_method { SCALE_ZSCORE, SCALE_MINMAX, SCALE_ROBUST };

static const mlpipe__param scale_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "zscore", 0, 0, "zscore,minmax,robust",
     0x000100,
     "Mean and deviation, range to 0 .. 1, or median and quartile range."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set."},
};

static enum scale_method scale_method(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "method")->choice;
}

static mlpipe_status scale_select(mlpipe__job *job)
{
    return mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                              scale_method(job) == SCALE_ROBUST
                                  ? MLPIPE__NEED_QUANTILES
                                  : MLPIPE__NEED_MOMENTS);
}

/* Shift and scale; a column without spread is only shifted. */
static void scale_of(const mlpipe__stats *s, enum scale_method method,
                     double out[2])
{
    switch (method) {
    case SCALE_ZSCORE:
        out[0] = mlpipe__stats_mean(s);
        out[1] = mlpipe__sqrt(mlpipe__stats_variance(s, 0));
        break;
    case SCALE_MINMAX:
        out[0] = s->low;
        out[1] = s->high - s->low;
        break;
    default:
        out[0] = mlpipe__stats_quantile(s, 0.5);
        out[1] = mlpipe__stats_quantile(s, 0.75) -
                 mlpipe__stats_quantile(s, 0.25);
    }
    if (!mlpipe__finite(out[0]))
        out[0] = 0;
    if (!(out[1] > 0) || !mlpipe__finite(out[1]))
        out[1] = 1;
}

static mlpipe_status scale_emit(mlpipe__job *job)
{
    mlpipe__program *p = job->plan->program;

    for (uint32_t i = 0; i < job->chosen_count; i++) {
        mlpipe__var *v = &job->plan->vars[job->chosen[i]];
        double pair[2];
        scale_of(&job->stats[i], scale_method(job), pair);
        const uint32_t at = mlpipe__program_const(p, pair, 2);
        v->reg = mlpipe__program_op(p, MLPIPE__OP_SHIFT_SCALE, v->reg, 0, at,
                                    0, 1);
    }
    return MLPIPE_OK;
}

const mlpipe__step mlpipe__step_scale = {
    .name = "scale",
    .kind = MLPIPE_KIND_FIT,
    .params = scale_params,
    .param_count = sizeof scale_params / sizeof *scale_params,
    .doc = "Bring numeric features to one scale.",
    .select = scale_select,
    .emit = scale_emit,
};
