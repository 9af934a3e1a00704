/* SPDX-License-Identifier: MIT */
/* A category as a number: its place by frequency or by name; unseen is -1. */
#include "feature_internal.h"

static const mlpipe__param ordinal_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"order", MLPIPE_PARAM_CHOICE, "frequency", 0, 0, "frequency,name",
     0x000100, "0 is the most frequent value, or the first by name."},
};

static mlpipe_status ordinal_select(mlpipe__job *job)
{
    return mlpipe__job_choose(job, "columns", MLPIPE__CODE,
                              MLPIPE__NEED_COUNTS);
}

static mlpipe_status ordinal_one(mlpipe__job *job, uint32_t i)
{
    const bool named = mlpipe__params_get(job->params, "order")->choice == 1;
    mlpipe__env *env = job->ctx->env;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    mlpipe__program *p = job->plan->program;
    uint32_t *order = NULL;
    double *place = mlpipe__alloc_array(env, (size_t)v->codes + 2,
                                        sizeof *place);
    mlpipe_status st = place ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    if (!st)
        st = mlpipe__codes_order(job, v, named ? NULL : job->stats[i].counts,
                                 &order);
    if (!st) {
        for (uint32_t k = 0; k < v->codes; k++)
            place[order[k]] = k;
        place[v->codes] = -1;
        place[v->codes + 1] = mlpipe__nan();
        const uint32_t at = mlpipe__program_const(p, place, v->codes + 2);
        v->reg = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, v->reg, 0, at,
                                    v->codes, 1);
        v->kind = MLPIPE__NUMBER;
        v->codes = 0;
        v->dict = NULL;
    }
    mlpipe__free(env, order);
    mlpipe__free(env, place);
    return st;
}

static mlpipe_status ordinal_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = ordinal_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_ordinal = {
    .name = "ordinal",
    .kind = MLPIPE_KIND_FIT,
    .params = ordinal_params,
    .param_count = sizeof ordinal_params / sizeof *ordinal_params,
    .doc = "Turn categories into their place in an order.",
    .select = ordinal_select,
    .emit = ordinal_emit,
};
