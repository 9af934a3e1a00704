/* SPDX-License-Identifier: MIT */
/*
 * A category as one feature of 0 and 1 for each value that training saw, in
 * the order of their names. A value that has none gives zeros.
 */
#include "feature_internal.h"

static const mlpipe__param onehot_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"max", MLPIPE_PARAM_INT, "256", 1, 65536, NULL, 0x000100,
     "How many of the most frequent values get a feature."},
    {"missing", MLPIPE_PARAM_CHOICE, "own", 0, 0, "own,zeros", 0x000100,
     "Whether missing gets a feature too, where training has any."},
};

static mlpipe_status onehot_select(mlpipe__job *job)
{
    return mlpipe__job_choose(job, "columns", MLPIPE__CODE,
                              MLPIPE__NEED_COUNTS);
}

/* value is NULL for the feature that tells of missing. */
static mlpipe_status onehot_add(mlpipe__job *job, const mlpipe__var *of,
                                const char *value, size_t bytes, uint32_t reg)
{
    mlpipe__var like = *of;
    mlpipe__text name;
    mlpipe__var *added;
    mlpipe_status st;

    mlpipe__text_init(&name, job->plan->env);
    if (value)
        mlpipe__text_add(&name, "%s=%.*s", of->name, (int)bytes, value);
    else
        mlpipe__text_add(&name, "%s missing", of->name);
    if (name.failed) {
        mlpipe__text_free(&name);
        return mlpipe__nomem(job->ctx);
    }
    like.kind = MLPIPE__NUMBER;
    like.codes = 0;
    like.dict = NULL;
    like.nullable = false;
    st = mlpipe__plan_add(job->ctx, job->plan, &like, name.data, reg, &added);
    mlpipe__text_free(&name);
    return st;
}

/*
 * Which output each code sets: the most frequent `max` of those that occur,
 * numbered by name. slot[code] = outputs where it has none.
 */
static mlpipe_status onehot_slots(mlpipe__job *job, uint32_t i,
                                  const mlpipe__var *v, uint32_t *slot,
                                  uint32_t *outputs)
{
    const uint64_t *counts = job->stats[i].counts;
    const uint64_t max =
        (uint64_t)mlpipe__params_get(job->params, "max")->integer;
    mlpipe__env *env = job->ctx->env;
    uint32_t *frequent = NULL, *named = NULL, kept = 0, next = 0;
    mlpipe_status st = mlpipe__codes_order(job, v, counts, &frequent);

    if (!st)
        st = mlpipe__codes_order(job, v, NULL, &named);
    if (!st) {
        while (kept < v->codes && kept < max && counts[frequent[kept]])
            kept++;
        for (uint32_t c = 0; c < v->codes; c++)
            slot[c] = kept;
        for (uint32_t k = 0; k < kept; k++)
            slot[frequent[k]] = 0;
        for (uint32_t k = 0; k < v->codes; k++)
            if (!slot[named[k]])
                slot[named[k]] = kept ? next++ : 0;
    }
    *outputs = kept;
    mlpipe__free(env, named);
    mlpipe__free(env, frequent);
    return st;
}

/* The features of the outputs, in their order. */
static mlpipe_status onehot_names(mlpipe__job *job, const mlpipe__var *v,
                                  const uint32_t *slot, uint32_t outputs,
                                  uint32_t reg)
{
    uint32_t *code = mlpipe__alloc_array(job->ctx->env, outputs,
                                         sizeof *code);
    mlpipe_status st = code ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    for (uint32_t c = 0; c < v->codes && !st; c++)
        if (slot[c] < outputs)
            code[slot[c]] = c;
    for (uint32_t k = 0; k < outputs && !st; k++)
        st = onehot_add(job, v, mlpipe__dict_text(v->dict, code[k]),
                        mlpipe__dict_bytes(v->dict, code[k]), reg + k);
    mlpipe__free(job->ctx->env, code);
    return st;
}

static mlpipe_status onehot_one(mlpipe__job *job, uint32_t i)
{
    const bool own = mlpipe__params_get(job->params, "missing")->choice == 0;
    const uint32_t var = job->chosen[i];
    const mlpipe__var v = job->plan->vars[var];
    mlpipe__program *p = job->plan->program;
    uint32_t *slot = mlpipe__alloc_array(job->ctx->env, v.codes,
                                         sizeof *slot);
    uint32_t outputs = 0;
    mlpipe_status st = slot ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    if (!st)
        st = onehot_slots(job, i, &v, slot, &outputs);
    if (!st && outputs) {
        const uint32_t words = mlpipe__program_words(p, slot, v.codes);
        const uint32_t reg = mlpipe__program_op(
            p, MLPIPE__OP_ONEHOT, v.reg, v.codes, words, outputs, outputs);
        st = onehot_names(job, &v, slot, outputs, reg);
    }
    if (!st && own && job->stats[i].nulls)
        st = onehot_add(job, &v, NULL, 0,
                        mlpipe__program_op(p, MLPIPE__OP_IS_NULL, v.reg, 0, 0,
                                           0, 1));
    if (!st)
        mlpipe__plan_drop(job->plan, var);
    mlpipe__free(job->ctx->env, slot);
    return st;
}

static mlpipe_status onehot_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = onehot_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_onehot = {
    .name = "onehot",
    .kind = MLPIPE_KIND_FIT,
    .params = onehot_params,
    .param_count = sizeof onehot_params / sizeof *onehot_params,
    .doc = "Turn categories into features of 0 and 1.",
    .select = onehot_select,
    .emit = onehot_emit,
};
