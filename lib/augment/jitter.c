/* SPDX-License-Identifier: MIT */
/*
 * Copies of the training rows with a little noise on chosen numbers. The noise
 * of a copy depends on seed, row id, copy and feature alone.
 */
#include "augment_internal.h"

static const mlpipe__param jitter_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features vary; all where it is not set."},
    {"sd", MLPIPE_PARAM_REAL, "0.01", 0, 10, NULL, 0x000100,
     "Deviation of the noise, in deviations of the feature itself."},
    {"copies", MLPIPE_PARAM_INT, "1", 1, 100, NULL, 0x000100,
     "How many varied copies of each training row are added."},
};

/* A bool with noise would be true for every expression that reads it. */
static mlpipe_status jitter_select(mlpipe__job *job)
{
    const bool named = mlpipe__params_get(job->params, "columns")->count > 0;
    mlpipe_status st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                                          MLPIPE__NEED_MOMENTS);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++) {
        const mlpipe__var *v = &job->plan->vars[job->chosen[i]];
        if (v->type != MLPIPE_TYPE_BOOL) {
            job->needs[kept] = job->needs[i];
            job->chosen[kept++] = job->chosen[i];
            continue;
        }
        if (named)
            st = mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                              "step %q: columns names %q, which is true or "
                              "false and takes no noise; leave it out",
                              job->name, v->name);
    }
    job->chosen_count = st ? job->chosen_count : kept;
    return st;
}

static uint32_t jitter_copies(const mlpipe__job *job)
{
    return (uint32_t)mlpipe__params_get(job->params, "copies")->integer;
}

static void jitter_vary(const mlpipe__job *job, const uint64_t *row_ids,
                        uint32_t n, uint32_t copy, uint32_t which,
                        double *values)
{
    const double sd = mlpipe__params_get(job->params, "sd")->number;
    const double own =
        mlpipe__sqrt(mlpipe__stats_variance(&job->stats[which], 0));

    for (uint32_t i = 0; own > 0 && i < n; i++) {
        const double u = mlpipe__random_unit(job->seed, MLPIPE__FOR_JITTER,
                                             copy, row_ids[i], which);
        const double moved = values[i] + sd * own * mlpipe__normal_quantile(u);
        if (mlpipe__finite(moved)) /* nor where it is missing */
            values[i] = moved;
    }
}

const mlpipe__step mlpipe__step_jitter = {
    .name = "jitter",
    .kind = MLPIPE_KIND_ROWS,
    .params = jitter_params,
    .param_count = sizeof jitter_params / sizeof *jitter_params,
    .doc = "Add copies of training rows with noise on chosen numbers.",
    .select = jitter_select,
    .copies = jitter_copies,
    .vary = jitter_vary,
};
