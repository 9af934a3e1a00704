/* SPDX-License-Identifier: MIT */
/* What steps use while they are planned: choosing and making variables. */
#include "program_internal.h"

/* Arrays grow by doubling; the room follows from the count. */
static bool step_room(mlpipe__env *env, uint32_t **array, uint32_t count)
{
    uint32_t *grown;

    if (count && (count < 8 || count & (count - 1)))
        return true;
    grown = mlpipe__grow(env, *array, count ? (size_t)count * 2 : 8,
                         sizeof **array);
    if (grown)
        *array = grown;
    return grown != NULL;
}

mlpipe_status mlpipe__job_add_choice(mlpipe__job *job, uint32_t var,
                                     uint32_t needs)
{
    mlpipe__env *env = job->ctx->env;

    if (!step_room(env, &job->chosen, job->chosen_count) ||
        !step_room(env, &job->needs, job->chosen_count))
        return mlpipe__nomem(job->ctx);
    job->chosen[job->chosen_count] = var;
    job->needs[job->chosen_count] = needs;
    job->chosen_count++;
    return MLPIPE_OK;
}

/* The closest name among the variables that are not hidden, or NULL. */
static const char *step_nearest(mlpipe__job *job, const char *name)
{
    const mlpipe__plan *plan = job->plan;
    mlpipe__env *env = job->ctx->env;
    const char **names =
        mlpipe__alloc_array(env, plan->var_count, sizeof *names);
    const char *best = NULL;
    uint32_t i, count = 0;

    for (i = 0; names && i < plan->var_count; i++)
        if (plan->vars[i].name[0])
            names[count++] = plan->vars[i].name;
    if (names)
        best = mlpipe__nearest(name, strlen(name), names, count);
    mlpipe__free(env, (void *)names);
    return best;
}

static mlpipe_status step_unknown(mlpipe__job *job, const char *param,
                                  const char *name)
{
    const char *near = step_nearest(job, name);

    mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                 near ? "step %q: %s names %q, which is no column at this "
                        "point of the pipeline; did you mean %q?"
                      : "step %q: %s names %q, which is no column at this "
                        "point of the pipeline",
                 job->name, param, name, near);
    return mlpipe__fail_at(job->ctx, -1, name);
}

static mlpipe_status step_wrong_kind(mlpipe__job *job, const char *param,
                                     const mlpipe__var *v)
{
    const bool number = v->kind == MLPIPE__NUMBER;

    if (v->type == MLPIPE_TYPE_TEXT)
        mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                     "step %q: %s names %q, which is free text; make a "
                     "number or category of it before, by format or derive",
                     job->name, param, v->name);
    else
        mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                     "step %q: %s names %q, which is a %s; the step takes %s",
                     job->name, param, v->name,
                     number ? "number" : "category",
                     number ? "categories" : "numbers");
    return mlpipe__fail_at(job->ctx, -1, v->name);
}

static uint32_t step_kind(const mlpipe__var *v)
{
    return v->type == MLPIPE_TYPE_TEXT ? MLPIPE__FREE_TEXT : v->kind;
}

static mlpipe_status step_choose_name(mlpipe__job *job, const char *param,
                                      const char *name, uint32_t kinds,
                                      uint32_t needs)
{
    const int32_t at = mlpipe__plan_find(job->plan, name);
    uint32_t i;

    if (at < 0)
        return step_unknown(job, param, name);
    if (!(step_kind(&job->plan->vars[at]) & kinds))
        return step_wrong_kind(job, param, &job->plan->vars[at]);
    for (i = 0; i < job->chosen_count; i++)
        if (job->chosen[i] == (uint32_t)at)
            return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                                "step %q: %s names %q twice", job->name,
                                param, name);
    return mlpipe__job_add_choice(job, (uint32_t)at, needs);
}

mlpipe_status mlpipe__job_choose(mlpipe__job *job, const char *param,
                                 uint32_t kinds, uint32_t needs)
{
    const mlpipe__setting *names = mlpipe__params_get(job->params, param);
    const mlpipe__plan *plan = job->plan;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    for (i = 0; i < names->count && !st; i++)
        st = step_choose_name(job, param, names->names[i], kinds, needs);
    if (names->count)
        return st;
    for (i = 0; i < plan->var_count && !st; i++)
        if (plan->vars[i].feature && step_kind(&plan->vars[i]) & kinds)
            st = mlpipe__job_add_choice(job, i, needs);
    return st;
}

void mlpipe__job_tell_infinite(const mlpipe__job *job, uint32_t i,
                               const char *what)
{
    const mlpipe__stats *s = &job->stats[i];
    const uint64_t infinite = mlpipe__stats_infinite(s);
    const char *name = job->plan->vars[job->chosen[i]].name;

    if (!infinite)
        return;
    if (mlpipe__stats_finite(s))
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s is infinite in %llu of %llu training rows; %s",
                         name, (unsigned long long)infinite,
                         (unsigned long long)s->rows, what);
    else
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s has no finite value in %llu training rows and "
                         "is infinite in %llu of them; %s",
                         name, (unsigned long long)s->rows,
                         (unsigned long long)infinite, what);
}

mlpipe_status mlpipe__job_values_check(const mlpipe__job *job, double most)
{
    const mlpipe__values *v = job->values;

    for (uint32_t i = 0; i < v->columns; i++) {
        const char *name = job->plan->vars[job->chosen[i]].name;

        if (!v->nulls[i] && !v->infinite[i] && v->largest[i] <= most)
            continue;
        if (v->nulls[i])
            mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                         "step %q: %q is missing in %llu of %u training "
                         "rows; add impute before it",
                         job->name, name, (unsigned long long)v->nulls[i],
                         v->rows);
        else if (v->infinite[i])
            mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                         "step %q: %q is infinite in %llu of %u training "
                         "rows; add outlier before it",
                         job->name, name, (unsigned long long)v->infinite[i],
                         v->rows);
        else
            mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                         "step %q: %q reaches %g, and squares are taken up "
                         "to %g; add scale before it",
                         job->name, name, v->largest[i], most);
        return mlpipe__fail_at(job->ctx, -1, name);
    }
    return MLPIPE_OK;
}

/* Is the name new, and if so remembered? One that a step makes is compared to
 * all others only where one of them had it, since there may be thousands. */
static mlpipe_status plan_new_name(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                   const char *name)
{
    const size_t n = strlen(name);

    if (!plan->names.env)
        mlpipe__dict_init(&plan->names, plan->env);
    if (mlpipe__dict_find(&plan->names, name, n) == UINT32_MAX)
        return mlpipe__dict_add(&plan->names, name, n) != UINT32_MAX
                   ? MLPIPE_OK
                   : mlpipe__nomem(ctx);
    if (mlpipe__plan_find(plan, name) < 0)
        return MLPIPE_OK;
    mlpipe__fail(ctx, MLPIPE_E_PARAM,
                 "two columns of the pipeline would be named %q; rename one "
                 "of them, or drop it before",
                 name);
    return mlpipe__fail_at(ctx, -1, name);
}

mlpipe_status mlpipe__plan_add(mlpipe_ctx *ctx, mlpipe__plan *plan,
                               const mlpipe__var *like, const char *name,
                               uint32_t reg, mlpipe__var **out)
{
    mlpipe__var made = *like, *grown;
    const mlpipe_status st = plan_new_name(ctx, plan, name);

    *out = NULL;
    if (st)
        return st;
    if (plan->var_count == plan->var_room) {
        const uint32_t room = plan->var_room ? plan->var_room * 2 : 16;

        grown = mlpipe__grow(plan->env, plan->vars, room, sizeof *grown);
        if (!grown)
            return mlpipe__nomem(ctx);
        plan->vars = grown;
        plan->var_room = room;
    }
    made.name = mlpipe__strdup(plan->env, name, strlen(name));
    if (!made.name)
        return mlpipe__nomem(ctx);
    made.reg = reg;
    plan->vars[plan->var_count] = made;
    *out = &plan->vars[plan->var_count++];
    return MLPIPE_OK;
}

void mlpipe__plan_drop(mlpipe__plan *plan, uint32_t var)
{
    plan->vars[var].name[0] = 0;
    plan->vars[var].feature = false;
}

static void plan_free_dict(mlpipe__env *env, mlpipe__dict *d)
{
    if (d)
        mlpipe__dict_free(d);
    mlpipe__free(env, d);
}

void mlpipe__plan_free(mlpipe__plan *plan)
{
    mlpipe__env *env = plan->env;
    uint32_t i;

    for (i = 0; i < plan->var_count; i++)
        mlpipe__free(env, plan->vars[i].name);
    for (i = 0; i < plan->dict_count; i++)
        plan_free_dict(env, plan->dicts[i]);
    for (i = 0; i < plan->flag_count; i++)
        mlpipe__free(env, plan->flags[i].name);
    if (plan->names.env)
        mlpipe__dict_free(&plan->names);
    mlpipe__free(env, plan->vars);
    mlpipe__free(env, plan->dicts);
    mlpipe__free(env, plan->flags);
    mlpipe__free(env, plan->refusals);
    plan->vars = plan->flags = NULL;
    plan->dicts = NULL;
    plan->refusals = NULL;
    plan->var_count = plan->var_room = 0;
    plan->dict_count = plan->flag_count = plan->refusal_count = 0;
}

/* One more element; NULL: no memory. These lists are short. */
static void *plan_more(mlpipe__env *env, void *array, uint32_t count,
                       size_t bytes)
{
    return mlpipe__grow(env, array, (size_t)count + 1, bytes);
}

mlpipe_status mlpipe__plan_own_dict(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                    mlpipe__dict *dict)
{
    mlpipe__dict **grown = plan_more(plan->env, plan->dicts,
                                     plan->dict_count, sizeof *grown);

    if (!grown) {
        plan_free_dict(plan->env, dict);
        return mlpipe__nomem(ctx);
    }
    plan->dicts = grown;
    plan->dicts[plan->dict_count++] = dict;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__plan_refuse(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                  uint32_t reg)
{
    uint32_t *grown = plan_more(plan->env, plan->refusals,
                                plan->refusal_count, sizeof *grown);

    if (!grown)
        return mlpipe__nomem(ctx);
    plan->refusals = grown;
    plan->refusals[plan->refusal_count++] = reg;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__plan_flag(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                const char *name, uint32_t reg)
{
    mlpipe__var *grown = plan_more(plan->env, plan->flags, plan->flag_count,
                                   sizeof *grown);
    mlpipe__var *made;

    if (!grown)
        return mlpipe__nomem(ctx);
    plan->flags = grown;
    made = &plan->flags[plan->flag_count];
    *made = (mlpipe__var){.reg = reg,
                          .kind = MLPIPE__NUMBER,
                          .type = MLPIPE_TYPE_BOOL};
    made->name = mlpipe__strdup(plan->env, name, strlen(name));
    if (!made->name)
        return mlpipe__nomem(ctx);
    plan->flag_count++;
    return MLPIPE_OK;
}

int32_t mlpipe__plan_find(const mlpipe__plan *plan, const char *name)
{
    uint32_t i;

    for (i = 0; i < plan->var_count && name[0]; i++)
        if (!strcmp(plan->vars[i].name, name))
            return (int32_t)i;
    return -1;
}

double mlpipe__target_forward(uint16_t op, double y)
{
    switch (op) {
    case MLPIPE__OP_LOG:
        return y > 0.0 ? mlpipe__log(y) : mlpipe__nan();
    case MLPIPE__OP_LOG1P:
        return y > -1.0 ? mlpipe__log1p(y) : mlpipe__nan();
    case MLPIPE__OP_SQRT:
        return y >= 0.0 ? mlpipe__sqrt(y) : mlpipe__nan();
    default:
        return y;
    }
}
