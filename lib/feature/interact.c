/* SPDX-License-Identifier: MIT */
/*
 * Products of every pair of the named numbers, or the crossed categories of
 * every pair of the named categories.
 */
#include "feature_internal.h"

static const mlpipe__param interact_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Numbers or categories, to be named; each pair makes one, a:b."},
    {"squares", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Add the square of each number too, named a^2."},
};

static bool interact_squares(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "squares")->number != 0;
}

static mlpipe_status interact_mixed(const mlpipe__job *job, uint32_t i)
{
    const mlpipe__var *a = &job->plan->vars[job->chosen[0]];
    const mlpipe__var *b = &job->plan->vars[job->chosen[i]];
    const bool first = a->kind == MLPIPE__NUMBER;

    mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                 "step %q: %q is a number and %q a category, which have no "
                 "product; one-hot the category before and name its "
                 "features, such as `%s=value`, or bin the number",
                 job->name, first ? a->name : b->name,
                 first ? b->name : a->name, first ? b->name : a->name);
    return mlpipe__fail_at(job->ctx, -1, b->name);
}

static mlpipe_status interact_select(mlpipe__job *job)
{
    const mlpipe__var *vars = job->plan->vars;
    mlpipe_status st;

    if (!mlpipe__params_get(job->params, "columns")->count)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: columns= is not set, and all pairs of "
                            "all features would be too many; name them, "
                            "such as columns=a,b",
                            job->name);
    st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER | MLPIPE__CODE, 0);
    if (st)
        return st;
    for (uint32_t i = 1; i < job->chosen_count; i++)
        if (vars[job->chosen[i]].kind != vars[job->chosen[0]].kind)
            return interact_mixed(job, i);
    if (interact_squares(job) &&
        vars[job->chosen[0]].kind == MLPIPE__CODE)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: squares=true is of numbers, and %q is "
                            "a category; leave squares out",
                            job->name, vars[job->chosen[0]].name);
    if (job->chosen_count < 2 && !interact_squares(job))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: columns= names %u column, and a pair "
                            "takes 2; name another, or give squares=true",
                            job->name, job->chosen_count);
    for (uint32_t i = 0; i < job->chosen_count; i++)
        if (vars[job->chosen[i]].kind == MLPIPE__NUMBER)
            job->needs[i] = MLPIPE__NEED_MOMENTS;
    return MLPIPE_OK;
}

/* Adds a variable whose name is a, `between`, b. */
static mlpipe_status interact_add(mlpipe__job *job, mlpipe__var *like,
                                  const char *a, const char *between,
                                  const char *b, uint32_t reg)
{
    mlpipe__text name;
    mlpipe__var *made;
    mlpipe_status st;

    like->feature = true;
    mlpipe__text_init(&name, job->plan->env);
    mlpipe__text_add(&name, "%s%s%s", a, between, b);
    st = name.failed ? mlpipe__nomem(job->ctx)
                     : mlpipe__plan_add(job->ctx, job->plan, like, name.data,
                                        reg, &made);
    mlpipe__text_free(&name);
    return st;
}

/* ---- categories --------------------------------------------------------- */

/* "x:y"; a `:` within x becomes `\:`, so that no two pairs are one text. */
static void interact_word(mlpipe__text *t, const mlpipe__dict *a, uint32_t i,
                          const mlpipe__dict *b, uint32_t k)
{
    const char *x = mlpipe__dict_text(a, i);
    const size_t n = mlpipe__dict_bytes(a, i);

    t->size = 0;
    for (size_t at = 0; at < n; at++) {
        if (x[at] == ':' || x[at] == '\\')
            mlpipe__text_put(t, "\\", 1);
        mlpipe__text_put(t, x + at, 1);
    }
    mlpipe__text_put(t, ":", 1);
    mlpipe__text_put(t, mlpipe__dict_text(b, k), mlpipe__dict_bytes(b, k));
}

static mlpipe_status interact_words(mlpipe__job *job, const mlpipe__var *a,
                                    const mlpipe__var *b, mlpipe__dict *out)
{
    mlpipe__text word;
    bool ok = true;

    mlpipe__text_init(&word, job->plan->env);
    for (uint32_t i = 0; i < a->codes && ok; i++)
        for (uint32_t k = 0; k < b->codes && ok; k++) {
            interact_word(&word, a->dict, i, b->dict, k);
            ok = !word.failed && mlpipe__dict_add(out, word.data,
                                                  word.size) != UINT32_MAX;
        }
    mlpipe__text_free(&word);
    return ok ? MLPIPE_OK : mlpipe__nomem(job->ctx);
}

static mlpipe_status interact_limit(mlpipe__job *job, const mlpipe__var *a,
                                    const mlpipe__var *b)
{
    const uint64_t most = job->ctx->env->limits.categories;
    const uint64_t pairs = (uint64_t)a->codes * b->codes;

    if (pairs <= most && pairs <= INT32_MAX)
        return MLPIPE_OK;
    mlpipe__fail(job->ctx, MLPIPE_E_LIMIT,
                 "step %q: %q has %u categories and %q %u, which make %llu "
                 "crossed ones; the most is %llu",
                 job->name, a->name, a->codes, b->name, b->codes,
                 (unsigned long long)pairs,
                 (unsigned long long)(most < INT32_MAX ? most : INT32_MAX));
    return mlpipe__fail_at(job->ctx, -1, a->name);
}

static mlpipe_status interact_cross(mlpipe__job *job, const mlpipe__var *a,
                                    const mlpipe__var *b, mlpipe__var *like,
                                    uint32_t *reg)
{
    mlpipe__env *env = job->plan->env;
    mlpipe__dict *dict;
    mlpipe_status st = interact_limit(job, a, b);

    if (st)
        return st;
    dict = mlpipe__alloc(env, sizeof *dict);
    if (!dict)
        return mlpipe__nomem(job->ctx);
    mlpipe__dict_init(dict, env);
    st = interact_words(job, a, b, dict);
    if (st) {
        mlpipe__dict_free(dict);
        mlpipe__free(env, dict);
        return st;
    }
    st = mlpipe__plan_own_dict(job->ctx, job->plan, dict);
    if (st)
        return st;
    *reg = mlpipe__program_op(job->plan->program, MLPIPE__OP_CROSS, a->reg,
                              b->reg, a->codes, b->codes, 1);
    like->codes = dict->count;
    like->dict = dict;
    like->type = MLPIPE_TYPE_CATEGORY;
    return MLPIPE_OK;
}

/* ---- numbers ------------------------------------------------------------ */

/* Of the training values; NaN where there are none. */
static double interact_largest(const mlpipe__stats *s)
{
    if (mlpipe__stats_infinite(s)) /* low and high are of the finite ones */
        return mlpipe__inf();
    return -s->low > s->high ? -s->low : s->high;
}

/* Do training rows have an infinite value, or two large ones, whose product is
 * no double and so null? */
static bool interact_overflows(const mlpipe__job *job, uint32_t i, uint32_t k)
{
    return !mlpipe__finite(interact_largest(&job->stats[i]) *
                           interact_largest(&job->stats[k]));
}

/* ---- the step ----------------------------------------------------------- */

/* The places are of the plan, whose variables move when one is added. */
static mlpipe_status interact_pair(mlpipe__job *job, uint32_t i, uint32_t k)
{
    const mlpipe__var a = job->plan->vars[job->chosen[i]];
    const mlpipe__var b = job->plan->vars[job->chosen[k]];
    mlpipe__var like = a;
    uint32_t reg = 0;
    mlpipe_status st = MLPIPE_OK;

    like.nullable = a.nullable || b.nullable;
    like.tainted = a.tainted || b.tainted;
    if (a.kind == MLPIPE__CODE) {
        st = interact_cross(job, &a, &b, &like, &reg);
    } else {
        reg = mlpipe__program_op(job->plan->program, MLPIPE__OP_MUL, a.reg,
                                 b.reg, 0, 0, 1);
        mlpipe__var_number(&like, reg, MLPIPE_TYPE_F64);
        like.nullable |= interact_overflows(job, i, k);
    }
    return st ? st : interact_add(job, &like, a.name, ":", b.name, reg);
}

static mlpipe_status interact_square(mlpipe__job *job, uint32_t i)
{
    const mlpipe__var a = job->plan->vars[job->chosen[i]];
    mlpipe__var like = a;
    const uint32_t reg = mlpipe__program_op(
        job->plan->program, MLPIPE__OP_SQUARE, a.reg, 0, 0, 0, 1);

    mlpipe__var_number(&like, reg, MLPIPE_TYPE_F64);
    like.nullable |= interact_overflows(job, i, i);
    return interact_add(job, &like, a.name, "^2", "", reg);
}

static mlpipe_status interact_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++) {
        if (interact_squares(job))
            st = interact_square(job, i);
        for (uint32_t k = i + 1; k < job->chosen_count && !st; k++)
            st = interact_pair(job, i, k);
    }
    return st;
}

const mlpipe__step mlpipe__step_interact = {
    .name = "interact",
    .kind = MLPIPE_KIND_FIT,
    .params = interact_params,
    .param_count = sizeof interact_params / sizeof *interact_params,
    .doc = "Multiply pairs of numbers, or cross pairs of categories.",
    .select = interact_select,
    .emit = interact_emit,
    .typed = true,
};
