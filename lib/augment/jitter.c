/* SPDX-License-Identifier: MIT */
/*
 * Copies of the training rows with a little noise on chosen numbers. The noise
 * of a copy depends on seed, row id, copy and feature alone; where the learner
 * sees a row several times, its repeats have ids of their own here.
 *
 * A copy must not have what the data never have: whole numbers stay whole, and
 * a column of 0 and 1 takes no noise, since it says yes or no.
 */
#include <float.h>

#include "augment_internal.h"

static const mlpipe__param jitter_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features vary; all where it is not set. Whole numbers stay "
     "whole, and columns of 0 and 1 alone do not vary."},
    {"sd", MLPIPE_PARAM_REAL, "0.01", 0, 10, NULL, 0x000100,
     "Deviation of the noise, in deviations of the feature's finite values."},
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

/* Deviation of a column's noise; 0: it takes none. */
static double jitter_size(const mlpipe__job *job, uint32_t which)
{
    const mlpipe__stats *s = &job->stats[which];
    const double size = mlpipe__params_get(job->params, "sd")->number *
                        mlpipe__stats_deviation(s, 0);

    return size > 0 && mlpipe__finite(size) && !mlpipe__stats_flag(s) ? size
                                                                      : 0;
}

static void jitter_vary(const mlpipe__job *job, const uint64_t *row_ids,
                        uint32_t n, uint32_t copy, uint32_t which,
                        double *values)
{
    const double size = jitter_size(job, which);
    const bool whole = job->stats[which].whole;

    for (uint32_t i = 0; size > 0 && i < n; i++) {
        const double u = mlpipe__random_unit(job->seed, MLPIPE__FOR_JITTER,
                                             copy, row_ids[i], which);
        const double moved = values[i] + size * mlpipe__normal_quantile(u);
        if (mlpipe__finite(moved)) /* nor where it is missing */
            values[i] = whole ? mlpipe__round_even(moved) : moved;
    }
}

/* ---- what is said of it ------------------------------------------------- */

/* Noise of whole numbers whose three deviations are not half of one. */
static bool jitter_rounds_away(const mlpipe__job *job, uint32_t which)
{
    return job->stats[which].whole && jitter_size(job, which) > 0 &&
           jitter_size(job, which) < 1.0 / 6;
}

static void jitter_tell_column(const mlpipe__job *job, uint32_t which)
{
    const mlpipe__stats *s = &job->stats[which];
    const char *name = job->plan->vars[job->chosen[which]].name;

    mlpipe__job_tell_infinite(job, which,
                              "the noise is sized by the finite ones, and "
                              "infinite ones stay");
    if (mlpipe__params_get(job->params, "columns")->count &&
        mlpipe__stats_flag(s))
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s is 0 or 1 in all training rows and takes no "
                         "noise",
                         name);
    if (mlpipe__params_get(job->params, "sd")->number *
            mlpipe__stats_deviation(s, 0) > DBL_MAX)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "noise of sd=%g deviations of %s, which are %g, is "
                         "beyond the doubles; it takes none",
                         mlpipe__params_get(job->params, "sd")->number, name,
                         mlpipe__stats_deviation(s, 0));
}

/* Appends no op: it says where copies are what their rows are. */
static mlpipe_status jitter_emit(mlpipe__job *job)
{
    const double sd = mlpipe__params_get(job->params, "sd")->number;
    uint32_t vary = 0, rounded = 0, first = 0;

    for (uint32_t i = 0; i < job->chosen_count; i++) {
        jitter_tell_column(job, i);
        vary += jitter_size(job, i) > 0;
        if (jitter_rounds_away(job, i) && !rounded++)
            first = i;
    }
    if (!vary)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         sd > 0 ? "no column is left to vary: %u are chosen, "
                                  "and each is constant, missing, or of 0 "
                                  "and 1; copies equal their rows"
                                : "%u columns are chosen, and sd=0 is no "
                                  "noise; copies equal their rows",
                         job->chosen_count);
    if (rounded)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%u of %u columns hold whole numbers and stay whole, "
                         "and noise as small as theirs is nearly always "
                         "rounded to none (%s: a deviation of %g); raise sd= "
                         "or leave them out",
                         rounded, job->chosen_count,
                         job->plan->vars[job->chosen[first]].name,
                         jitter_size(job, first));
    return MLPIPE_OK;
}

const mlpipe__step mlpipe__step_jitter = {
    .name = "jitter",
    .kind = MLPIPE_KIND_ROWS,
    .params = jitter_params,
    .param_count = sizeof jitter_params / sizeof *jitter_params,
    .doc = "Add copies of training rows with noise on chosen numbers.",
    .select = jitter_select,
    .emit = jitter_emit,
    .copies = jitter_copies,
    .vary = jitter_vary,
};
