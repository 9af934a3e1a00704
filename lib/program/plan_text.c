/* SPDX-License-Identifier: MIT */
/*
 * Chains of steps on a text, at plan time: which feed a variable becomes, and
 * which texts the chain makes of those in the training rows.
 */
#include "program_internal.h"

typedef struct plan_texts {
    mlpipe_ctx *ctx;
    const mlpipe__text_step *steps;
    uint32_t count;
    mlpipe__dict found;
} plan_texts;

static mlpipe_status plan_text_each(void *user, const char *text,
                                    size_t bytes)
{
    plan_texts *t = user;
    char out[MLPIPE__FEED_BYTES];
    size_t n;

    if (!mlpipe__feed_text(t->steps, t->count, text, bytes, out, &n) ||
        mlpipe__dict_add(&t->found, out, n) != UINT32_MAX)
        return MLPIPE_OK;
    return mlpipe__nomem(t->ctx);
}

/* The texts of an input: of the training rows, or of its dictionary. */
static mlpipe_status plan_text_all(mlpipe__plan *plan, plan_texts *t,
                                   uint32_t input)
{
    const mlpipe__dict *d = plan->program->inputs[input].dict;
    mlpipe_status st = MLPIPE_OK;

    if (plan->each_text)
        return plan->each_text(plan, t->ctx, input, plan_text_each, t);
    for (uint32_t i = 0; d && i < d->count && !st; i++)
        st = plan_text_each(t, mlpipe__dict_text(d, i),
                            mlpipe__dict_bytes(d, i));
    return st;
}

static mlpipe_status plan_text_limit(plan_texts *t, const char *name)
{
    const uint64_t most = t->ctx->env->limits.categories;

    if (t->found.count <= most)
        return MLPIPE_OK;
    mlpipe__fail(t->ctx, MLPIPE_E_LIMIT,
                 "%s has %u different texts after its steps; the most is "
                 "%llu categories, a limit of mlpipe_limits: join rare texts "
                 "before, or raise it",
                 name, t->found.count, (unsigned long long)most);
    return mlpipe__fail_at(t->ctx, -1, name);
}

/* The dictionary of what the chain makes, in the order of its texts. */
static mlpipe_status plan_text_dict(mlpipe__plan *plan, plan_texts *t,
                                    uint32_t input, const char *name,
                                    mlpipe__dict **out)
{
    mlpipe__env *env = plan->env;
    mlpipe_status st = plan_text_all(plan, t, input);
    int32_t *map = NULL;

    if (!st)
        st = plan_text_limit(t, name);
    if (st)
        return st;
    map = mlpipe__alloc_array(env, t->found.count, sizeof *map);
    *out = mlpipe__alloc(env, sizeof **out);
    if (*out)
        mlpipe__dict_init(*out, env);
    if (!map || !*out || !mlpipe__dict_sorted(&t->found, NULL, map, *out))
        st = mlpipe__nomem(t->ctx);
    mlpipe__free(env, map);
    if (st && *out) {
        mlpipe__dict_free(*out);
        mlpipe__free(env, *out);
        *out = NULL;
    }
    return st;
}

bool mlpipe__plan_text_source(const mlpipe__plan *plan,
                              const mlpipe__var *like, uint32_t *input,
                              const mlpipe__feed **feed)
{
    const mlpipe__program *p = plan->program;

    *feed = NULL;
    *input = like->reg;
    if (like->kind != MLPIPE__CODE)
        return false;
    if (like->reg < p->input_count)
        return p->inputs[like->reg].kind == MLPIPE__CODE;
    for (uint32_t i = 0; i < p->feed_count; i++) {
        const mlpipe__feed *f = &p->feeds[i];
        if (f->reg != like->reg || f->source != MLPIPE__FEED_TEXT)
            continue;
        *feed = f;
        *input = f->input;
        return f->dict != NULL;
    }
    return false;
}

/* The steps of the feed before, then those given; takes those. */
static mlpipe__text_step *plan_text_join(mlpipe__env *env,
                                         const mlpipe__feed *before,
                                         mlpipe__text_step *steps,
                                         uint32_t count)
{
    mlpipe__text_step *all;

    if (!before)
        return steps;
    all = mlpipe__text_steps_copy(env, before->steps, before->step_count,
                                  count);
    if (!all) {
        mlpipe__text_steps_free(env, steps, count);
        return NULL;
    }
    memcpy(all + before->step_count, steps, count * sizeof *all);
    mlpipe__free(env, steps);
    return all;
}

mlpipe_status mlpipe__plan_text(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                const mlpipe__var *like,
                                mlpipe__text_step *steps, uint32_t count,
                                int32_t type, mlpipe__var *out)
{
    mlpipe__env *env = plan->env;
    const mlpipe__feed *before;
    mlpipe__dict *dict = NULL;
    mlpipe_status st = MLPIPE_OK;
    uint32_t input, total;

    *out = *like;
    if (!mlpipe__plan_text_source(plan, like, &input, &before)) {
        mlpipe__text_steps_free(env, steps, count);
        mlpipe__fail(ctx, MLPIPE_E_PARAM,
                     "%s is read as a text, which it is no more: a step "
                     "before has made something else of it; put this one "
                     "before that",
                     like->name);
        return mlpipe__fail_at(ctx, -1, like->name);
    }
    total = count + (before ? before->step_count : 0);
    steps = plan_text_join(env, before, steps, count);
    if (!steps)
        return mlpipe__nomem(ctx);
    const bool number =
        total && mlpipe__text_step_ends(steps[total - 1].code);
    if (!number) {
        plan_texts t = {.ctx = ctx, .steps = steps, .count = total};
        mlpipe__dict_init(&t.found, env);
        st = plan_text_dict(plan, &t, input, like->name, &dict);
        mlpipe__dict_free(&t.found);
    }
    if (st) {
        mlpipe__text_steps_free(env, steps, total);
        return st;
    }
    out->reg = mlpipe__program_feed(plan->program, MLPIPE__FEED_TEXT, input,
                                    steps, total, dict);
    if (plan->program->failed)
        return mlpipe__nomem(ctx);
    out->kind = number ? MLPIPE__NUMBER : MLPIPE__CODE;
    out->type = number ? type : MLPIPE_TYPE_CATEGORY;
    out->unit = number && type == MLPIPE_TYPE_TIMESTAMP ? MLPIPE_UNIT_US : 0;
    out->nullable = true;
    out->dict = NULL;
    out->codes = 0;
    for (uint32_t i = 0; !number && i < plan->program->feed_count; i++)
        if (plan->program->feeds[i].reg == out->reg)
            out->dict = plan->program->feeds[i].dict;
    if (out->dict)
        out->codes = out->dict->count;
    return MLPIPE_OK;
}
