/* SPDX-License-Identifier: MIT */
/*
 * A category as a number: its place by frequency, by name, or in a list that
 * is given.
 */
#include "feature_internal.h"

enum ordinal_order { ORDINAL_FREQUENCY, ORDINAL_NAME, ORDINAL_GIVEN };
enum ordinal_unknown { ORDINAL_MINUS_ONE, ORDINAL_NULL, ORDINAL_ERROR };

static const mlpipe__param ordinal_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"order", MLPIPE_PARAM_CHOICE, "frequency", 0, 0, "frequency,name,given",
     0x000100,
     "0 is the most frequent value, the first by name, or that of values."},
    {"values", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "The values in their order, for order=given; all others are unknown."},
    {"unknown", MLPIPE_PARAM_CHOICE, "-1", 0, 0, "-1,null,error", 0x000100,
     "Values that training never saw; error: such rows get no answer."},
    {"missing", MLPIPE_PARAM_CHOICE, "null", 0, 0, "null,-1", 0x000100,
     "What missing becomes."},
};

static enum ordinal_order ordinal_order(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "order")->choice;
}

static enum ordinal_unknown ordinal_unknown(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "unknown")->choice;
}

static mlpipe_status ordinal_check(const mlpipe__job *job)
{
    const mlpipe__setting *values =
        mlpipe__params_get(job->params, "values");
    const bool given = ordinal_order(job) == ORDINAL_GIVEN;

    if (given != (values->count > 0))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            given ? "step %q: order=given takes the order "
                                    "from values=, which is not set; list "
                                    "them, such as values=low,mid,high"
                                  : "step %q: values= are listed, and only "
                                    "order=given reads them; give that as "
                                    "well",
                            job->name);
    for (uint32_t i = 0; i < values->count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (!strcmp(values->names[i], values->names[k]))
                return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                                    "step %q: values= lists %q twice, at "
                                    "places %u and %u",
                                    job->name, values->names[i], k, i);
    return MLPIPE_OK;
}

static mlpipe_status ordinal_select(mlpipe__job *job)
{
    const mlpipe_status st = ordinal_check(job);

    return st ? st
              : mlpipe__job_choose(job, "columns", MLPIPE__CODE,
                                   MLPIPE__NEED_COUNTS);
}

/* ---- places ------------------------------------------------------------- */

/* Listed values that no training row has: only those rows tell codes. */
static void ordinal_tell_absent(const mlpipe__job *job, const mlpipe__var *v,
                                uint32_t absent, const char *first)
{
    if (absent)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%u of the %u values=, such as %s, occur in no "
                         "training row of %s; a row that has one of them "
                         "later counts as unknown",
                         absent,
                         mlpipe__params_get(job->params, "values")->count,
                         first, v->name);
}

/* Training rows whose value is not listed are unknown: told, or refused. */
static mlpipe_status ordinal_unlisted(const mlpipe__job *job, uint32_t i,
                                      const mlpipe__var *v,
                                      const double *place)
{
    const uint64_t *counts = job->stats[i].counts;
    uint64_t rows = 0;
    uint32_t first = UINT32_MAX;

    for (uint32_t c = 0; c < v->codes; c++) {
        if (place[c] == place[c] && place[c] >= 0)
            continue;
        rows += counts[c];
        first = counts[c] && first == UINT32_MAX ? c : first;
    }
    if (first == UINT32_MAX)
        return MLPIPE_OK;
    if (ordinal_unknown(job) != ORDINAL_ERROR) {
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%llu of %llu training rows of %s have a value, "
                         "such as %s, that values= does not list; it counts "
                         "as unknown",
                         (unsigned long long)rows,
                         (unsigned long long)job->stats[i].rows, v->name,
                         mlpipe__dict_text(v->dict, first));
        return MLPIPE_OK;
    }
    mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                 "step %q: %llu of %llu training rows of %q have a value, "
                 "such as %q, that is not among the %u of values=; list it, "
                 "or give unknown=-1 or null",
                 job->name, (unsigned long long)rows,
                 (unsigned long long)job->stats[i].rows, v->name,
                 mlpipe__dict_text(v->dict, first),
                 mlpipe__params_get(job->params, "values")->count);
    return mlpipe__fail_at(job->ctx, -1, v->name);
}

static mlpipe_status ordinal_given(mlpipe__job *job, uint32_t i,
                                   const mlpipe__var *v, double *place)
{
    const mlpipe__setting *values =
        mlpipe__params_get(job->params, "values");
    const char *first = "";
    uint32_t absent = 0;

    for (uint32_t c = 0; c < v->codes; c++)
        place[c] = place[v->codes];
    for (uint32_t k = 0; k < values->count; k++) {
        const char *name = values->names[k];
        const uint32_t c = mlpipe__dict_find(v->dict, name, strlen(name));

        if (c < v->codes && job->stats[i].counts[c])
            place[c] = k;
        else
            first = absent++ ? first : name;
    }
    ordinal_tell_absent(job, v, absent, first);
    return ordinal_unlisted(job, i, v, place);
}

/* Of every code, then of unseen and null. A code that no training row has, as
 * steps that make categories may give, is as good as unseen. */
static mlpipe_status ordinal_places(mlpipe__job *job, uint32_t i,
                                    const mlpipe__var *v, double *place)
{
    const bool keeps_null =
        mlpipe__params_get(job->params, "missing")->choice == 0;
    const enum ordinal_order by = ordinal_order(job);
    const uint64_t *counts = job->stats[i].counts;
    uint32_t *order = NULL, next = 0;
    mlpipe_status st;

    place[v->codes] =
        ordinal_unknown(job) == ORDINAL_NULL ? mlpipe__nan() : -1;
    place[v->codes + 1] = keeps_null ? mlpipe__nan() : -1;
    if (by == ORDINAL_GIVEN)
        return ordinal_given(job, i, v, place);
    st = mlpipe__codes_order(job, v, by == ORDINAL_NAME ? NULL : counts,
                             &order);
    for (uint32_t k = 0; k < v->codes && !st; k++)
        place[order[k]] = counts[order[k]] ? next++ : place[v->codes];
    mlpipe__free(job->ctx->env, order);
    return st;
}

/* ---- the step ----------------------------------------------------------- */

static mlpipe_status ordinal_one(mlpipe__job *job, uint32_t i)
{
    mlpipe__env *env = job->ctx->env;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    mlpipe__program *p = job->plan->program;
    double *place = mlpipe__alloc_array(env, (size_t)v->codes + 2,
                                        sizeof *place);
    mlpipe_status st = place ? ordinal_places(job, i, v, place)
                             : mlpipe__nomem(job->ctx);

    if (!st && ordinal_unknown(job) == ORDINAL_ERROR)
        st = mlpipe__codes_refuse_unseen(job, v, job->stats[i].counts);
    if (!st) {
        const uint32_t at = mlpipe__program_const(p, place, v->codes + 2);
        const uint32_t reg = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, v->reg,
                                                0, at, v->codes, 1);
        const bool never_null =
            mlpipe__params_get(job->params, "missing")->choice == 1;

        mlpipe__var_number(v, reg, MLPIPE_TYPE_I64);
        v->nullable = (v->nullable && !never_null) ||
                      ordinal_unknown(job) == ORDINAL_NULL;
    }
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
    .typed = true,
};
