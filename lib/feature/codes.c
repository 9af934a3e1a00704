/* SPDX-License-Identifier: MIT */
/* What the encoders share: orders of codes, unseen ones, kinds. */
#include "feature_internal.h"

static bool codes_before(const mlpipe__var *v, uint32_t a, uint32_t b)
{
    return v->dict ? mlpipe__dict_before(v->dict, a, b) : a < b;
}

static bool codes_first(const mlpipe__var *v, const uint64_t *counts,
                        uint32_t a, uint32_t b)
{
    if (counts && counts[a] != counts[b])
        return counts[a] > counts[b];
    return codes_before(v, a, b);
}

mlpipe_status mlpipe__codes_order(mlpipe__job *job, const mlpipe__var *v,
                                  const uint64_t *counts, uint32_t **out)
{
    mlpipe__env *env = job->ctx->env;
    uint32_t *order = mlpipe__alloc_array(env, v->codes, sizeof *order);
    uint32_t *other = mlpipe__alloc_array(env, v->codes, sizeof *other);
    const uint32_t n = v->codes;

    *out = NULL;
    if (!order || !other) {
        mlpipe__free(env, order);
        mlpipe__free(env, other);
        return mlpipe__nomem(job->ctx);
    }
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint64_t width = 1; width < n; width *= 2) {
        for (uint64_t at = 0; at < n; at += 2 * width) {
            const uint64_t middle = at + width < n ? at + width : n;
            const uint64_t end = at + 2 * width < n ? at + 2 * width : n;
            uint64_t a = at, b = middle;
            for (uint64_t i = at; i < end; i++) {
                const bool take_b =
                    b < end && (a == middle ||
                                codes_first(v, counts, order[b], order[a]));
                other[i] = take_b ? order[b++] : order[a++];
            }
        }
        memcpy(order, other, n * sizeof *order);
    }
    mlpipe__free(env, other);
    *out = order;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__feature_category(mlpipe__job *job, const char *param,
                                       const char *name, uint32_t *out)
{
    const uint32_t before = job->chosen_count;
    const int32_t at = mlpipe__plan_find(job->plan, name);
    const mlpipe__var *v;

    if (at < 0 || job->plan->vars[at].type == MLPIPE_TYPE_TEXT) {
        /* the message for a name that is none, or a free text */
        const mlpipe_status st = mlpipe__job_choose(job, param, MLPIPE__CODE,
                                                    0);
        job->chosen_count = before;
        return st;
    }
    v = &job->plan->vars[at];
    *out = (uint32_t)at;
    if (v->kind == MLPIPE__CODE)
        return MLPIPE_OK;
    mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                 "step %q: %s names %q, which is a number here; make a "
                 "category of it before, by the step bin, or put this step "
                 "before the one that encodes it",
                 job->name, param, name);
    return mlpipe__fail_at(job->ctx, -1, name);
}

mlpipe_status mlpipe__codes_refuse_unseen(mlpipe__job *job,
                                          const mlpipe__var *v,
                                          const uint64_t *counts)
{
    mlpipe__program *p = job->plan->program;
    double *table = mlpipe__alloc_array(job->ctx->env, (size_t)v->codes + 2,
                                        sizeof *table);
    mlpipe_status st = table ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    if (!st) {
        for (uint32_t c = 0; c < v->codes; c++)
            table[c] = counts[c] ? 0 : 1;
        table[v->codes] = 1;
        table[v->codes + 1] = 0; /* null is no unseen category */
        const uint32_t at = mlpipe__program_const(p, table, v->codes + 2);
        st = mlpipe__plan_refuse(job->ctx, job->plan,
                                 mlpipe__program_op(p, MLPIPE__OP_LOOKUP,
                                                    v->reg, 0, at, v->codes,
                                                    1));
    }
    mlpipe__free(job->ctx->env, table);
    return st;
}

void mlpipe__var_number(mlpipe__var *v, uint32_t reg, int32_t type)
{
    v->reg = reg;
    v->kind = MLPIPE__NUMBER;
    v->codes = 0;
    v->dict = NULL;
    v->type = type;
    v->unit = 0;
}
