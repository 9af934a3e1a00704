/* SPDX-License-Identifier: MIT */
/* Recipes: the roles, the target, and the named steps. */
#include "model_internal.h"

enum { PIPELINE_NAMES_MAX = 64 };

#define PIPELINE_ROLE(name, doc)                                           \
    {name, MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100, doc}

const mlpipe__param mlpipe__pipeline_params[] = {
    {"target", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "column to predict, or log(), log1p(), sqrt() of it; a transform needs "
     "none"},
    {"task", MLPIPE_PARAM_CHOICE, "auto", 0, 0,
     "auto,regression,binary,multiclass", 0x000100,
     "what is predicted; auto asks the target's type and its classes"},
    {"features", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns the steps read; default: every column without a role"},
    PIPELINE_ROLE("id", "column that names a row"),
    PIPELINE_ROLE("time", "column with the time of a row"),
    PIPELINE_ROLE("group", "column whose rows stay together in holdouts"),
    PIPELINE_ROLE("weight", "column with the weight of a row"),
    PIPELINE_ROLE("label_time",
                  "column with the time of the label; no feature"),
    PIPELINE_ROLE("known_time",
                  "reserved: column with the time a row was known"),
    PIPELINE_ROLE("offset",
                  "number that is added to the learner's raw score as it is; "
                  "a column, or what derive makes"),
    PIPELINE_ROLE("split",
                  "reserved: column that says which part a row is in"),
    PIPELINE_ROLE("segment", "columns by which figures are split"),
    PIPELINE_ROLE("key", "reserved: columns that key state and lookups"),
    PIPELINE_ROLE("private", "columns never captured nor listed"),
    {"as_of", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "as_of of every row, in place of its time= column, such as 2026-01-31"},
    {"seed", MLPIPE_PARAM_INT, "", 0, 9.2e18, NULL, 0x000100,
     "of everything random; default: the seed of the context"},
    {"holdout", MLPIPE_PARAM_REAL, "0.1", 0, 0.5, NULL, 0x000100,
     "share kept from the learner where no validation rows are given"},
};
const uint32_t mlpipe__pipeline_param_count =
    sizeof mlpipe__pipeline_params / sizeof *mlpipe__pipeline_params;

/* Roles that hold one column at most. */
static const char *const pipeline_single[] = {
    "id",         "time",       "group",  "weight",
    "label_time", "known_time", "offset", "split",
};

/* ---- the target --------------------------------------------------------- */

static const struct {
    const char *name;
    uint16_t transform, inverse;
} pipeline_transforms[] = {
    {"log", MLPIPE__OP_LOG, MLPIPE__OP_EXP},
    {"log1p", MLPIPE__OP_LOG1P, MLPIPE__OP_EXPM1},
    {"sqrt", MLPIPE__OP_SQRT, MLPIPE__OP_SQUARE},
};
enum {
    PIPELINE_TRANSFORMS = sizeof pipeline_transforms /
                          sizeof *pipeline_transforms
};

static void pipeline_trim(const char **s, size_t *n)
{
    while (*n && **s == ' ') {
        ++*s;
        --*n;
    }
    while (*n && (*s)[*n - 1] == ' ')
        --*n;
}

/* A column name, bare or in backticks (`` stands for one inside). */
static bool pipeline_column(const char *s, size_t n, char *out)
{
    size_t i, m = 0;
    pipeline_trim(&s, &n);
    if (!n)
        return false;
    if (*s != '`') {
        for (i = 0; i < n; i++)
            if (s[i] == '`' || s[i] == '(' || s[i] == ')')
                return false;
        memcpy(out, s, n);
        out[n] = 0;
        return true;
    }
    for (i = 1; i < n; i++) {
        if (s[i] == '`') {
            if (i + 1 == n) {
                out[m] = 0;
                return m > 0;
            }
            if (s[++i] != '`')
                return false;
        }
        out[m++] = s[i];
    }
    return false;
}

/* The function before the bracket, or none. */
static bool pipeline_function(mlpipe_pipeline *p, const char **s, size_t *n)
{
    const char *open = *n && **s != '`' ? memchr(*s, '(', *n) : NULL;
    size_t word;
    uint32_t i;
    if (!open || (*s)[*n - 1] != ')')
        return true;
    word = (size_t)(open - *s);
    for (i = 0; i < PIPELINE_TRANSFORMS; i++) {
        const char *name = pipeline_transforms[i].name;
        if (strlen(name) != word || memcmp(name, *s, word))
            continue;
        p->transform = pipeline_transforms[i].transform;
        p->inverse = pipeline_transforms[i].inverse;
        *n -= word + 2;
        *s = open + 1;
        return true;
    }
    return false;
}

static mlpipe_status pipeline_target(mlpipe_ctx *ctx, mlpipe_pipeline *p)
{
    const char *text = mlpipe__params_get(&p->params, "target")->text;
    const char *s = text;
    size_t n = strlen(text);
    pipeline_trim(&s, &n);
    p->target = mlpipe__alloc(ctx->env, n + 1);
    if (!p->target)
        return mlpipe__nomem(ctx);
    if (!n)
        return MLPIPE_OK;
    if (pipeline_function(p, &s, &n) && pipeline_column(s, n, p->target))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "mlpipe_pipeline_new: the target %q is neither a "
                        "column nor log(), log1p() or sqrt() of one; an odd "
                        "column name is written `in backticks`",
                        text);
}

static mlpipe_status pipeline_as_of(mlpipe_ctx *ctx, mlpipe_pipeline *p)
{
    const char *text = mlpipe__params_get(&p->params, "as_of")->text;
    int64_t us;
    p->as_of = mlpipe__nan();
    if (!text[0])
        return MLPIPE_OK;
    if (!mlpipe__date_parse("%Y-%m-%d[T%H:%M[:%S[.%f]]][%z]", text,
                            strlen(text), &us))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_pipeline_new: as_of=%q is no time; write "
                            "2026-01-31 or 2026-01-31T12:00:00",
                            text);
    p->as_of = (double)us;
    return MLPIPE_OK;
}

/* ---- recipes ------------------------------------------------------------ */

static mlpipe_status pipeline_check_roles(mlpipe_ctx *ctx,
                                          const mlpipe_pipeline *p)
{
    uint32_t i;
    for (i = 0; i < sizeof pipeline_single / sizeof *pipeline_single; i++) {
        const mlpipe__setting *s =
            mlpipe__params_get(&p->params, pipeline_single[i]);
        if (s->count > 1)
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "mlpipe_pipeline_new: %s= names %u columns "
                                "and takes 1",
                                pipeline_single[i], s->count);
        if (s->count && !strcmp(s->names[0], p->target))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "mlpipe_pipeline_new: %q is the target and "
                                "cannot be %s= as well",
                                p->target, pipeline_single[i]);
    }
    return MLPIPE_OK;
}

static mlpipe_status pipeline_make(mlpipe_ctx *ctx, const char *params,
                                   mlpipe_pipeline **out)
{
    static const uint32_t tasks[] = {0, MLPIPE__TASK_REGRESSION,
                                     MLPIPE__TASK_BINARY,
                                     MLPIPE__TASK_MULTICLASS};
    mlpipe_pipeline *p = mlpipe__alloc(ctx->env, sizeof *p);
    mlpipe_status st;
    if (!p)
        return mlpipe__nomem(ctx);
    p->env = mlpipe__env_keep(ctx->env);
    st = mlpipe__params_parse(ctx, "mlpipe_pipeline_new",
                              mlpipe__pipeline_params,
                              mlpipe__pipeline_param_count, params,
                              &p->params);
    if (!st)
        st = pipeline_target(ctx, p);
    if (!st)
        st = pipeline_as_of(ctx, p);
    if (!st)
        st = pipeline_check_roles(ctx, p);
    if (st) {
        mlpipe_pipeline_free(p);
        return st;
    }
    p->task = tasks[mlpipe__params_get(&p->params, "task")->choice];
    *out = p;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_pipeline_new(mlpipe_ctx *ctx, const char *params,
                                  mlpipe_pipeline **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_new");
    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = pipeline_make(ctx, params, out);
    return mlpipe__end(ctx, st);
}

static void pipeline_free_step(mlpipe__env *env, mlpipe__recipe_step *s)
{
    mlpipe__params_free(&s->params);
    mlpipe__free(env, s->table);
    mlpipe__free(env, s->name);
}

void mlpipe_pipeline_free(mlpipe_pipeline *pipeline)
{
    mlpipe__env *env;
    uint32_t i;
    if (!pipeline)
        return;
    env = pipeline->env;
    for (i = 0; i < pipeline->step_count; i++)
        pipeline_free_step(env, &pipeline->steps[i]);
    mlpipe__free(env, pipeline->steps);
    mlpipe__free(env, pipeline->target);
    mlpipe__params_free(&pipeline->params);
    mlpipe__free(env, pipeline);
    mlpipe__env_drop(env);
}

const char *mlpipe__pipeline_role(const mlpipe_pipeline *p, const char *role)
{
    const mlpipe__setting *s = mlpipe__params_get(&p->params, role);
    return s && s->count ? s->names[0] : "";
}

/* ---- steps -------------------------------------------------------------- */

static mlpipe_status pipeline_unknown_step(mlpipe_ctx *ctx, const char *name)
{
    const char *names[PIPELINE_NAMES_MAX];
    const char *near;
    char list[512];
    size_t size = 0;
    uint32_t n = 0, i;
    for (i = 0; mlpipe__step_at(i) && n < PIPELINE_NAMES_MAX; i++)
        names[n++] = mlpipe__step_at(i)->name;
    for (i = 0; mlpipe__learner_at(i) && n < PIPELINE_NAMES_MAX; i++)
        names[n++] = mlpipe__learner_at(i)->name;
    for (i = 0; mlpipe__tail_at(i) && n < PIPELINE_NAMES_MAX; i++)
        names[n++] = mlpipe__tail_at(i)->name;
    list[0] = 0;
    for (i = 0; i < n; i++)
        size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                               i ? ", " : "", names[i]);
    near = mlpipe__nearest(name, strlen(name), names, n);
    if (near)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "no step %q; did you mean \"%s\"? There are: %s",
                            name, near, list);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM, "no step %q; there are: %s",
                        name, list);
}

mlpipe_status mlpipe__pipeline_find(mlpipe_ctx *ctx, const char *name,
                                    mlpipe__recipe_step *s)
{
    uint32_t i;
    for (i = 0; mlpipe__step_at(i); i++)
        if (!strcmp(mlpipe__step_at(i)->name, name))
            s->step = mlpipe__step_at(i);
    for (i = 0; mlpipe__learner_at(i); i++)
        if (!strcmp(mlpipe__learner_at(i)->name, name))
            s->learner = mlpipe__learner_at(i);
    for (i = 0; mlpipe__tail_at(i); i++)
        if (!strcmp(mlpipe__tail_at(i)->name, name))
            s->tail = mlpipe__tail_at(i);
    return s->step || s->learner || s->tail
               ? MLPIPE_OK
               : pipeline_unknown_step(ctx, name);
}

const mlpipe__param *mlpipe__recipe_own(const mlpipe__recipe_step *s,
                                        uint32_t *count)
{
    *count = s->step      ? s->step->param_count
             : s->learner ? s->learner->param_count
                          : s->tail->param_count;
    return s->step ? s->step->params : s->learner ? s->learner->params
                                                  : s->tail->params;
}

const char *mlpipe__recipe_kind(const mlpipe__recipe_step *s)
{
    return s->step ? s->step->name : s->learner ? s->learner->name
                                                : s->tail->name;
}

const mlpipe__recipe_step *mlpipe__pipeline_learner(const mlpipe_pipeline *p)
{
    for (uint32_t i = p->step_count; i-- > 0;)
        if (p->steps[i].learner)
            return &p->steps[i];
    return NULL;
}

/* The step's own parameters, and as= behind them. */
static mlpipe_status pipeline_step_params(mlpipe_ctx *ctx,
                                          mlpipe__env *env,
                                          mlpipe__recipe_step *s,
                                          const char *step,
                                          const char *params)
{
    uint32_t n;
    const mlpipe__param *own = mlpipe__recipe_own(s, &n);
    s->table = mlpipe__alloc_array(env, (size_t)n + 1, sizeof *s->table);
    if (!s->table)
        return mlpipe__nomem(ctx);
    if (n)
        memcpy(s->table, own, n * sizeof *own);
    s->table[n] = mlpipe__param_as;
    return mlpipe__params_parse(ctx, step, s->table, n + 1, params,
                                &s->params);
}

/* Its place among what follows a learner: the order in which it must stand. */
static uint32_t pipeline_tail_place(const mlpipe__tail *tail)
{
    uint32_t i = 0;
    while (mlpipe__tail_at(i) != tail)
        i++;
    return i;
}

static mlpipe_status pipeline_check_place(mlpipe_ctx *ctx,
                                          const mlpipe_pipeline *p,
                                          const mlpipe__recipe_step *s)
{
    uint32_t i;
    for (i = 0; i < p->step_count; i++) {
        const mlpipe__recipe_step *old = &p->steps[i];
        if (old->learner && s->learner)
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "the recipe has the learner %q already; one "
                                "recipe holds one learner, and %q would be "
                                "the second",
                                old->name, s->name);
        if ((old->learner || old->tail) && !s->tail)
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "%s %q is in the recipe already, and a step "
                                "comes before the learner; add %q before it",
                                old->learner ? "the learner" : "the step",
                                old->name, s->name);
        if (old->tail && old->tail == s->tail)
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "the recipe has %q already; one is enough",
                                old->name);
        if (old->tail &&
            pipeline_tail_place(old->tail) > pipeline_tail_place(s->tail))
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "%q changes the answer that %q is fitted "
                                "on; add it before %q",
                                s->name, old->name, old->name);
        if (!strcmp(old->name, s->name))
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                "the recipe has a step %q already; give this "
                                "one a name of its own: as=%s_2",
                                s->name, s->name);
    }
    if (s->tail && !mlpipe__pipeline_learner(p))
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "%q follows a learner and the recipe has none "
                            "yet; add one, such as gbt, before it",
                            s->name);
    return MLPIPE_OK;
}

/* `as` from JSON, or NULL: then the one among the parameters, or the kind. */
mlpipe_status mlpipe__pipeline_append(mlpipe_ctx *ctx, mlpipe_pipeline *p,
                                      const char *step, const char *as,
                                      const char *params)
{
    mlpipe__recipe_step s = {0};
    mlpipe_status st = mlpipe__pipeline_find(ctx, step, &s);
    if (!st)
        st = pipeline_step_params(ctx, p->env, &s, step, params);
    if (!st) {
        const char *own = mlpipe__params_get(&s.params, "as")->text;
        const char *name = own[0] ? own : as && as[0] ? as : step;
        s.name = mlpipe__strdup(p->env, name, strlen(name));
        if (!s.name)
            st = mlpipe__nomem(ctx);
    }
    if (!st && s.step && s.step->check)
        st = s.step->check(ctx, s.name, s.params.items[0].text, NULL);
    if (!st && s.learner && s.learner->check)
        st = s.learner->check(ctx, s.name, &s.params);
    if (!st)
        st = pipeline_check_place(ctx, p, &s);
    if (!st && p->step_count == p->step_room) {
        const uint32_t room = p->step_room ? 2 * p->step_room : 8;
        mlpipe__recipe_step *steps =
            mlpipe__grow(p->env, p->steps, room, sizeof *steps);
        if (steps) {
            p->steps = steps;
            p->step_room = room;
        } else {
            st = mlpipe__nomem(ctx);
        }
    }
    if (st) {
        pipeline_free_step(p->env, &s);
        return st;
    }
    p->steps[p->step_count++] = s;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_pipeline_add(mlpipe_ctx *ctx, mlpipe_pipeline *pipeline,
                                  const char *step, const char *params)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_add");
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !step)
        st = mlpipe__null_arg(ctx, "step");
    if (!st)
        st = mlpipe__pipeline_append(ctx, pipeline, step, NULL, params);
    return mlpipe__end(ctx, st);
}

/* ---- steps of one expression -------------------------------------------- */

static bool pipeline_taken(const mlpipe_pipeline *p, const char *name)
{
    for (uint32_t i = 0; i < p->step_count; i++)
        if (!strcmp(p->steps[i].name, name))
            return true;
    return false;
}

/* derive, derive_2, derive_3 ...: the first that no step has. Steps are never
 * taken out, so that the search goes on behind the `taken` names before. */
static void pipeline_free_name(const mlpipe_pipeline *p, const char *step,
                               uint32_t *taken, char *out, size_t room)
{
    for (;; ++*taken) {
        if (*taken)
            mlpipe__format(out, room, "%s_%u", step, *taken + 1);
        else
            mlpipe__format(out, room, "%s", step);
        if (!pipeline_taken(p, out))
            return;
    }
}

static mlpipe_status pipeline_expression(mlpipe_ctx *ctx, mlpipe_pipeline *p,
                                         const char *step, uint32_t *taken,
                                         const char *param, const char *text)
{
    char name[32];
    mlpipe__text params;
    mlpipe_status st;
    pipeline_free_name(p, step, taken, name, sizeof name);
    mlpipe__text_init(&params, ctx->env);
    mlpipe__text_add(&params, "{\"%s\":", param);
    mlpipe__text_json(&params, text, strlen(text));
    mlpipe__text_add(&params, "}");
    st = params.failed
             ? mlpipe__nomem(ctx)
             : mlpipe__pipeline_append(ctx, p, step, name, params.data);
    mlpipe__text_free(&params);
    return st;
}

mlpipe_status mlpipe_pipeline_derive(mlpipe_ctx *ctx,
                                     mlpipe_pipeline *pipeline,
                                     const char *expressions)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_derive");
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !expressions)
        st = mlpipe__null_arg(ctx, "expressions");
    if (!st)
        st = pipeline_expression(ctx, pipeline, "derive",
                                 &pipeline->derives, "expressions",
                                 expressions);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_pipeline_filter(mlpipe_ctx *ctx,
                                     mlpipe_pipeline *pipeline,
                                     const char *condition)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_filter");
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !condition)
        st = mlpipe__null_arg(ctx, "condition");
    if (!st)
        st = pipeline_expression(ctx, pipeline, "filter",
                                 &pipeline->filters, "condition", condition);
    return mlpipe__end(ctx, st);
}
