/* SPDX-License-Identifier: MIT */
/* What several steps of this folder do in the same way. */
#include "clean_internal.h"

mlpipe_status mlpipe__clean_names(mlpipe_ctx *ctx,
                                  const mlpipe__params *params,
                                  mlpipe_status (*each)(void *user,
                                                        const char *name,
                                                        size_t bytes),
                                  void *user)
{
    const mlpipe__setting *s = mlpipe__params_get(params, "columns");
    mlpipe_status st = MLPIPE_OK;
    (void)ctx;

    for (uint32_t i = 0; i < s->count && !st; i++)
        st = each(user, s->names[i], strlen(s->names[i]));
    return st;
}

enum mlpipe__serving mlpipe__clean_serving(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "serving")->choice;
}

mlpipe_status mlpipe__clean_beside(mlpipe__job *job, uint32_t var,
                                   const char *suffix, uint32_t reg)
{
    mlpipe__var like = job->plan->vars[var];
    mlpipe__text name;
    mlpipe__var *added;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&name, job->plan->env);
    mlpipe__text_add(&name, "%s %s", like.name, suffix);
    like.kind = MLPIPE__NUMBER;
    like.codes = 0;
    like.dict = NULL;
    like.nullable = false;
    st = name.failed ? mlpipe__nomem(job->ctx)
                     : mlpipe__plan_add(job->ctx, job->plan, &like, name.data,
                                        reg, &added);
    mlpipe__text_free(&name);
    return st;
}

const mlpipe__var *mlpipe__clean_tainted(const mlpipe__job *job)
{
    for (uint32_t i = 0; i < job->chosen_count; i++)
        if (job->plan->vars[job->chosen[i]].tainted)
            return &job->plan->vars[job->chosen[i]];
    return NULL;
}

/* What is asked of a served row must be known then; the target is not. */
static mlpipe_status clean_leak(const mlpipe__job *job)
{
    const mlpipe__var *v = mlpipe__clean_tainted(job);

    if (!v)
        return MLPIPE_OK;
    mlpipe__fail(job->ctx, MLPIPE_E_LEAK,
                 "%s: %q is made of the target, which a served row does "
                 "not have; take it out of columns=, or serving=%s with "
                 "it",
                 job->name, v->name,
                 mlpipe__params_get(job->params, "serving")->text);
    return mlpipe__fail_at(job->ctx, -1, v->name);
}

mlpipe_status mlpipe__clean_serve(mlpipe__job *job, uint32_t reg)
{
    const enum mlpipe__serving serving = mlpipe__clean_serving(job);
    const mlpipe_status st = serving == MLPIPE__SERVING_PASS
                                 ? MLPIPE_OK
                                 : clean_leak(job);

    if (st || serving == MLPIPE__SERVING_PASS)
        return st;
    return serving == MLPIPE__SERVING_FLAG
               ? mlpipe__plan_flag(job->ctx, job->plan, job->name, reg)
               : mlpipe__plan_refuse(job->ctx, job->plan, reg);
}
