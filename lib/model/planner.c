/* SPDX-License-Identifier: MIT */
/*
 * The plan: which columns are inputs, then step after step. A step first
 * chooses its variables; the statistics that it wants are gathered in a pass,
 * together with those of later steps whose variables no step in between
 * touches; then it appends its operations. Steps that add rows come last.
 */
#include "fit_types.h"

/* ---- inputs ------------------------------------------------------------- */

/* Roles whose columns may be features too where the recipe lists them. */
static const char *const planner_soft_roles[] = {"segment", "key", "private"};
static const char *const planner_hard_roles[] = {
    "id",         "time",       "group",  "weight",
    "label_time", "known_time", "offset", "split",
};

static bool planner_in_role(const mlpipe_pipeline *p, const char *role,
                            const char *column)
{
    const mlpipe__setting *s = mlpipe__params_get(&p->params, role);
    uint32_t i;
    for (i = 0; i < s->count; i++)
        if (!strcmp(s->names[i], column))
            return true;
    return false;
}

/* The role that keeps a column from being a feature, or NULL. */
static const char *planner_role(const mlpipe_pipeline *p, const char *column,
                                bool soft)
{
    uint32_t i;
    for (i = 0; i < sizeof planner_hard_roles / sizeof(char *); i++)
        if (planner_in_role(p, planner_hard_roles[i], column))
            return planner_hard_roles[i];
    for (i = 0; soft && i < sizeof planner_soft_roles / sizeof(char *); i++)
        if (planner_in_role(p, planner_soft_roles[i], column))
            return planner_soft_roles[i];
    return NULL;
}

static mlpipe_status planner_check_feature(mlpipe__fitting *f,
                                           const char *name)
{
    const char *role = planner_role(f->recipe, name, false);
    if (!strcmp(name, f->model->target)) {
        mlpipe__fail(f->ctx, MLPIPE_E_LEAK,
                     "the target %q is listed in features=: the model would "
                     "read its own answer; take it out",
                     name);
        return mlpipe__fail_at(f->ctx, -1, name);
    }
    if (role) {
        mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                     "the column %q has the role %s= and is listed in "
                     "features= as well; take it out of one of them",
                     name, role);
        return mlpipe__fail_at(f->ctx, -1, name);
    }
    return MLPIPE_OK;
}

/* What the training rows hold of a column: nulls, and which codes. */
static bool planner_scan(const mlpipe_dataset *d, uint32_t column,
                         uint8_t *used)
{
    double values[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    bool nulls = false;
    int64_t start;
    uint32_t n, i;
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, values, valid);
        for (i = 0; i < n; i++) {
            const bool null = !valid[i] || values[i] != values[i];
            nulls = nulls || null;
            if (used && !null)
                used[(uint32_t)values[i]] = 1;
        }
    }
    return nulls;
}

/* A variable of both plans; the dictionary holds the training rows' texts. */
static mlpipe_status planner_add_input(mlpipe__fitting *f, uint32_t column,
                                       const mlpipe__dict *dict,
                                       bool nullable)
{
    const mlpipe__column *c = f->given->columns[column];
    mlpipe__program *p = f->plan.program;
    mlpipe__var var = {0}, *made;
    mlpipe_status st;
    var.kind = dict ? MLPIPE__CODE : MLPIPE__NUMBER;
    var.codes = dict ? dict->count : 0;
    var.nullable = nullable;
    var.feature = true;
    var.reg = mlpipe__program_add_input(p, c->name, c->type, c->unit,
                                        var.kind, dict);
    if (p->failed)
        return mlpipe__nomem(f->ctx);
    var.origin = var.reg;
    var.dict = p->inputs[var.reg].dict;
    st = mlpipe__plan_add(f->ctx, &f->inputs, &var, c->name, var.reg, &made);
    if (!st)
        st = mlpipe__plan_add(f->ctx, &f->plan, &var, c->name, var.reg,
                              &made);
    return st;
}

static mlpipe_status planner_category(mlpipe__fitting *f, uint32_t column)
{
    const mlpipe__column *c = f->given->columns[column];
    const mlpipe__dict *all = &c->dictionary->dict;
    mlpipe__env *env = f->ctx->env;
    uint8_t *used = mlpipe__alloc(env, all->count);
    int32_t *map = mlpipe__alloc_array(env, all->count, sizeof *map);
    mlpipe__dictionary *sorted = NULL;
    mlpipe_status st;
    if (used && map) {
        const bool nulls = planner_scan(f->train.data, column, used);
        sorted = mlpipe__dictionary_sorted(all, used, map);
        st = sorted ? planner_add_input(f, column, &sorted->dict, nulls)
                    : mlpipe__nomem(f->ctx);
    } else {
        st = mlpipe__nomem(f->ctx);
    }
    mlpipe__dictionary_drop(sorted);
    mlpipe__free(env, used);
    mlpipe__free(env, map);
    return st;
}

static mlpipe_status planner_column(mlpipe__fitting *f, uint32_t column)
{
    const mlpipe__column *c = f->given->columns[column];
    if (c->type == MLPIPE_TYPE_TEXT) {
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the column %q is free text, which no step of the "
                     "recipe can read; leave it out by features=, or give "
                     "it a role such as id=",
                     c->name);
        return mlpipe__fail_at(f->ctx, -1, c->name);
    }
    if (c->type == MLPIPE_TYPE_CATEGORY)
        return planner_category(f, column);
    return planner_add_input(f, column, NULL,
                             planner_scan(f->train.data, column, NULL));
}

static mlpipe_status planner_listed(mlpipe__fitting *f,
                                    const mlpipe__setting *list)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, column = 0;
    for (i = 0; !st && i < list->count; i++) {
        const char *name = list->names[i];
        st = planner_check_feature(f, name);
        if (!st && mlpipe__plan_find(&f->plan, name) >= 0)
            st = mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                              "features= lists %q twice", name);
        if (!st)
            st = mlpipe__dataset_column(f->ctx, f->given, name, &column);
        if (!st)
            st = planner_column(f, column);
    }
    return st;
}

mlpipe_status mlpipe__fit_inputs(mlpipe__fitting *f)
{
    const mlpipe__setting *list =
        mlpipe__params_get(&f->recipe->params, "features");
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    if (f->given->column_count > f->ctx->env->limits.features)
        return mlpipe__fail(f->ctx, MLPIPE_E_LIMIT,
                            "%u columns; the limit is %llu",
                            f->given->column_count,
                            (unsigned long long)f->ctx->env->limits.features);
    if (list->count)
        return planner_listed(f, list);
    for (i = 0; !st && i < f->given->column_count; i++) {
        const char *name = f->given->columns[i]->name;
        if (!strcmp(name, f->model->target) ||
            planner_role(f->recipe, name, true))
            continue;
        st = planner_column(f, i);
    }
    if (!st && !f->plan.var_count)
        return mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                            "no column is left to learn from: the target and "
                            "the roles take all %u",
                            f->given->column_count);
    return st;
}

/* ---- steps -------------------------------------------------------------- */

static void planner_forget(mlpipe__job *job)
{
    mlpipe__free(job->ctx->env, job->chosen);
    mlpipe__free(job->ctx->env, job->needs);
    job->chosen = NULL;
    job->needs = NULL;
    job->chosen_count = 0;
}

static bool planner_chose(const mlpipe__job *job, uint32_t var)
{
    uint32_t i;
    for (i = 0; i < job->chosen_count; i++)
        if (job->chosen[i] == var)
            return true;
    return false;
}

static void planner_want(mlpipe__fitting *f, const mlpipe__job *job,
                         uint32_t i, mlpipe__fit_want *wants,
                         uint32_t *count)
{
    const mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    uint32_t k;
    if (!job->needs[i] || mlpipe__fit_stats(f, v->reg, job->needs[i]))
        return;
    for (k = 0; k < *count && wants[k].reg != v->reg;)
        k++;
    if (k == *count)
        wants[(*count)++] = (mlpipe__fit_want){v->reg, 0, v->codes};
    wants[k].needs |= job->needs[i];
}

/* Does the step take part in the plan, and does it leave the rows alone? */
static bool planner_emits(const mlpipe__fit_step *s)
{
    return s->job.step->emit && s->job.step->select;
}

/*
 * What steps behind `at` will want of variables that nothing in between
 * touches. A step that filters rows ends the pass: after it the rows differ.
 * A choice that is not possible yet is no error yet.
 */
static void planner_look_ahead(mlpipe__fitting *f, uint32_t at,
                               mlpipe__fit_want *wants, uint32_t *count)
{
    uint32_t i, c, k;
    for (i = at; i < f->step_count; i++) {
        mlpipe__fit_step *s = &f->steps[i];
        if (!planner_emits(s))
            continue;
        if (i > at && s->job.step->select(&s->job))
            break;
        for (c = 0; i > at && c < s->job.chosen_count; c++) {
            bool touched = false;
            for (k = at; !touched && k < i; k++)
                touched = planner_emits(&f->steps[k]) &&
                          planner_chose(&f->steps[k].job, s->job.chosen[c]);
            if (!touched)
                planner_want(f, &s->job, c, wants, count);
        }
        if (s->job.step->filters && s->job.step->filters(&s->job))
            break;
    }
    for (i = at + 1; i < f->step_count; i++)
        planner_forget(&f->steps[i].job);
}

static mlpipe_status planner_gather(mlpipe__fitting *f, uint32_t at,
                                    bool ahead)
{
    mlpipe__job *job = &f->steps[at].job;
    mlpipe__fit_want *wants;
    uint32_t count = 0, i;
    size_t room;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__mul(f->plan.var_count, f->step_count + 1, &room);
    wants = mlpipe__alloc_array(f->ctx->env, room, sizeof *wants);
    if (!wants)
        return mlpipe__nomem(f->ctx);
    for (i = 0; i < job->chosen_count; i++)
        planner_want(f, job, i, wants, &count);
    if (count && ahead)
        planner_look_ahead(f, at, wants, &count);
    if (count)
        st = mlpipe__fit_gather(f, wants, count);
    mlpipe__free(f->ctx->env, wants);
    return st;
}

/* Choose, gather, and lay the statistics out as the step expects them. */
static mlpipe_status planner_prepare(mlpipe__fitting *f, uint32_t at,
                                     bool ahead)
{
    mlpipe__fit_step *s = &f->steps[at];
    mlpipe__job *job = &s->job;
    uint32_t i;
    mlpipe_status st;
    planner_forget(job);
    st = job->step->select(job);
    if (!st)
        st = planner_gather(f, at, ahead);
    if (st)
        return st;
    s->stats = mlpipe__alloc_array(f->ctx->env, job->chosen_count,
                                   sizeof *s->stats);
    if (!s->stats)
        return mlpipe__nomem(f->ctx);
    for (i = 0; i < job->chosen_count; i++) {
        const mlpipe__stats *from = NULL;
        if (job->needs[i])
            from = mlpipe__fit_stats(f, job->plan->vars[job->chosen[i]].reg,
                                     job->needs[i]);
        if (from)
            s->stats[i] = *from;
    }
    job->stats = s->stats;
    return MLPIPE_OK;
}

/* ---- filters ------------------------------------------------------------ */

static mlpipe_status planner_filter_rows(mlpipe__fitting *f,
                                         mlpipe__job *job, void *scratch,
                                         const double **values,
                                         const uint8_t **valid,
                                         uint8_t *keep)
{
    const mlpipe__program *p = f->plan.program;
    const int64_t rows = f->train.data->rows;
    int64_t start;
    uint32_t n, i;
    for (start = 0; start < rows; start += n) {
        const mlpipe_status st =
            start % MLPIPE__CHUNK_ROWS
                ? MLPIPE_OK
                : mlpipe__poll(f->ctx, "fit", (uint64_t)start,
                               (uint64_t)rows);
        if (st)
            return st;
        n = rows - start < MLPIPE__BLOCK_ROWS ? (uint32_t)(rows - start)
                                              : MLPIPE__BLOCK_ROWS;
        mlpipe__binding_load(&f->train.binding, p, f->train.data, start, n,
                             scratch, MLPIPE__BLOCK_ROWS);
        mlpipe__program_run_ops(p, scratch, MLPIPE__BLOCK_ROWS, n,
                                p->op_count);
        for (i = 0; i < job->chosen_count; i++) {
            const uint32_t reg = job->plan->vars[job->chosen[i]].reg;
            values[i] = mlpipe__program_values(p, scratch,
                                               MLPIPE__BLOCK_ROWS, reg);
            valid[i] = mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS,
                                             reg);
        }
        memset(keep + start, 1, n);
        job->step->filter(job, n, values, valid, keep + start);
    }
    return MLPIPE_OK;
}

/* Leave out the rows that a step wants dropped; statistics start anew. */
static mlpipe_status planner_filter(mlpipe__fitting *f, mlpipe__job *job)
{
    mlpipe__env *env = f->ctx->env;
    const mlpipe__program *p = f->plan.program;
    const int64_t before = f->train.data->rows;
    void *scratch =
        mlpipe__alloc(env, mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS));
    const double **values =
        mlpipe__alloc_array(env, job->chosen_count, sizeof *values);
    const uint8_t **valid =
        mlpipe__alloc_array(env, job->chosen_count, sizeof *valid);
    uint8_t *keep = mlpipe__alloc(env, (size_t)before);
    mlpipe_dataset *fewer = NULL;
    mlpipe_status st;
    if (!scratch || !values || !valid || !keep)
        st = mlpipe__nomem(f->ctx);
    else
        st = planner_filter_rows(f, job, scratch, values, valid, keep);
    if (!st)
        st = mlpipe__fit_view(f->ctx, f->train.data, keep, &fewer);
    if (!st) {
        f->dropped_steps += (uint64_t)(before - fewer->rows);
        mlpipe_dataset_free(f->train.data);
        f->train.data = fewer;
        f->generation++;
    }
    mlpipe__free(env, keep);
    mlpipe__free(env, (void *)valid);
    mlpipe__free(env, (void *)values);
    mlpipe__free(env, scratch);
    return st;
}

/* ---- what the learner gets ---------------------------------------------- */

/* Names of the features that a learner cannot take, at most a few. */
static mlpipe_status planner_refuse(mlpipe__fitting *f, bool codes,
                                    uint32_t first)
{
    char list[400];
    size_t size = 0;
    uint32_t i, shown = 0, more = 0;
    const char *learner = f->learner->learner->name;
    list[0] = 0;
    for (i = 0; i < f->plan.var_count; i++) {
        const mlpipe__var *v = &f->plan.vars[i];
        if (!v->feature ||
            !(codes ? v->kind == MLPIPE__CODE : v->nullable))
            continue;
        if (size > 300) {
            more++;
            continue;
        }
        size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                               shown++ ? ", " : "", v->name);
    }
    if (more)
        mlpipe__format(list + size, sizeof list - size, " and %u more", more);
    mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                 codes ? "the learner %q takes numbers only, and these are "
                         "categories: %s; add the step onehot or ordinal "
                         "before it"
                       : "the learner %q takes no missing values, and these "
                         "have some: %s; add the step impute before it",
                 learner, list);
    return mlpipe__fail_at(f->ctx, -1, f->plan.vars[first].name);
}

static mlpipe_status planner_features(mlpipe__fitting *f)
{
    const mlpipe__learner *learner = f->learner->learner;
    mlpipe__env *env = f->ctx->env;
    uint32_t i;
    f->features = mlpipe__alloc_array(env, f->plan.var_count,
                                      sizeof *f->features);
    f->regs = mlpipe__alloc_array(env, f->plan.var_count, sizeof *f->regs);
    if (!f->features || !f->regs)
        return mlpipe__nomem(f->ctx);
    for (i = 0; i < f->plan.var_count; i++) {
        const mlpipe__var *v = &f->plan.vars[i];
        if (!v->feature)
            continue;
        if (v->kind == MLPIPE__CODE && !learner->takes_codes)
            return planner_refuse(f, true, i);
        if (v->nullable && !learner->takes_nulls)
            return planner_refuse(f, false, i);
        f->regs[f->feature_count] = v->reg;
        f->features[f->feature_count++] =
            (mlpipe__feature){v->name, v->kind, v->codes, v->nullable};
    }
    if (!f->feature_count)
        return mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                            "the steps leave no feature for the learner %q",
                            learner->name);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__fit_plan(mlpipe__fitting *f)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    for (i = 0; !st && i < f->step_count; i++) {
        mlpipe__job *job = &f->steps[i].job;
        if (!planner_emits(&f->steps[i]))
            continue;
        st = planner_prepare(f, i, true);
        if (!st && job->step->filters && job->step->filters(job))
            st = planner_filter(f, job);
        if (!st)
            st = job->step->emit(job);
        if (!st && f->plan.program->failed)
            st = mlpipe__nomem(f->ctx);
    }
    for (i = 0; !st && i < f->step_count; i++) {
        mlpipe__job *job = &f->steps[i].job;
        if (!job->step->copies)
            continue;
        job->plan = &f->inputs;
        st = planner_prepare(f, i, false);
    }
    if (!st)
        st = planner_features(f);
    f->front_ops = f->plan.program->op_count;
    return st;
}
