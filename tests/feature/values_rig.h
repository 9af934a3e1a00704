/* SPDX-License-Identifier: MIT */
/* The rig of steps for those that want the values themselves. */
#ifndef MLPIPE_TESTS_VALUES_RIG_H
#define MLPIPE_TESTS_VALUES_RIG_H

#include "group_rig.h"

#include "report/report_internal.h"

/* As passes_values.c has them; rows are in the order of their ids here. */
static inline void values_gather(step_rig *r, double *weight,
                                 mlpipe__values *v)
{
    mlpipe__env *env = r->ctx->env;
    const uint32_t d = r->job.chosen_count;

    *v = (mlpipe__values){.env = env, .rows = r->rows, .columns = d,
                          .weight = weight};
    v->x = mlpipe__alloc_array(env, (size_t)r->rows * d, sizeof *v->x);
    v->nulls = mlpipe__alloc_array(env, d, sizeof *v->nulls);
    v->infinite = mlpipe__alloc_array(env, d, sizeof *v->infinite);
    v->largest = mlpipe__alloc_array(env, d, sizeof *v->largest);
    rig_run(r);
    for (uint32_t c = 0; c < d; c++) {
        const uint32_t reg = r->plan.vars[r->job.chosen[c]].reg;

        for (uint32_t i = 0; i < r->rows; i++) {
            const double x = rig_values(r, reg)[i];

            v->nulls[c] += !rig_valid(r, reg)[i];
            v->infinite[c] += rig_valid(r, reg)[i] && isinf(x);
            if (!rig_valid(r, reg)[i] || isinf(x))
                continue;
            v->x[(size_t)i * d + c] = x;
            if (fabs(x) > v->largest[c])
                v->largest[c] = fabs(x);
        }
    }
}

/* Plan and fit a step that wants values; its status. notes may be NULL. */
static inline mlpipe_status values_step(step_rig *r, const mlpipe__step *step,
                                        const char *text, double *weight,
                                        mlpipe_report *notes)
{
    mlpipe__values v;
    mlpipe_status st = rig_plan(r, step, text, 0);

    if (st)
        return st;
    assert_true(r->job.wants_values);
    values_gather(r, weight, &v);
    r->job.values = &v;
    r->job.notes = notes;
    st = step->emit(&r->job);
    r->job.values = NULL;
    mlpipe__free(v.env, v.x);
    mlpipe__free(v.env, v.nulls);
    mlpipe__free(v.env, v.infinite);
    mlpipe__free(v.env, v.largest);
    return st;
}

#endif
