/* SPDX-License-Identifier: MIT */
/*
 * The plan, step after step. A step first chooses its variables; the
 * statistics that it wants are gathered in a pass, together with those of
 * later steps whose variables no step in between touches; then it appends its
 * operations. Steps that change which rows the learner sees come last.
 */
#include "fit_types.h"

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

/* Does the step take part in the plan? One with copies is behind it. */
static bool planner_emits(const mlpipe__fit_step *s)
{
    return !s->job.step->copies &&
           (s->job.step->emit || s->job.step->filter);
}

/*
 * What steps behind `at` will want of variables that nothing in between
 * touches. A step that filters rows ends the pass: after it the rows differ.
 * A choice that is not possible yet is no error yet, unless memory was short:
 * how many passes there are must not depend on that.
 */
static mlpipe_status planner_look_ahead(mlpipe__fitting *f, uint32_t at,
                                        mlpipe__fit_want *wants,
                                        uint32_t *count)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, c, k;
    for (i = at; i < f->step_count; i++) {
        mlpipe__fit_step *s = &f->steps[i];
        if (!planner_emits(s))
            continue;
        if (i > at && s->job.step->opaque)
            break;
        if (i > at && s->job.step->select)
            st = s->job.step->select(&s->job);
        if (st)
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
    return st == MLPIPE_E_NOMEM ? st : MLPIPE_OK;
}

static mlpipe_status planner_gather(mlpipe__fitting *f, uint32_t at,
                                    bool ahead)
{
    mlpipe__job *job = &f->steps[at].job;
    mlpipe__fit_want *wants;
    uint32_t count = 0, i;
    mlpipe_status st = MLPIPE_OK;
    if (!job->chosen_count)
        return MLPIPE_OK;
    /* a register is wanted once, and who is looked at ahead makes none */
    wants = mlpipe__alloc_array(f->ctx->env, job->plan->var_count,
                                sizeof *wants);
    if (!wants)
        return mlpipe__nomem(f->ctx);
    for (i = 0; i < job->chosen_count; i++)
        planner_want(f, job, i, wants, &count);
    if (count && ahead)
        st = planner_look_ahead(f, at, wants, &count);
    if (!st && count)
        mlpipe__fit_mark_pass(f, wants, count);
    if (!st && count)
        st = mlpipe__fit_gather(f, wants, count);
    mlpipe__free(f->ctx->env, wants);
    return st;
}

/* Values by group, where the step asked for them. */
static mlpipe_status planner_groups(mlpipe__fitting *f, mlpipe__fit_step *s)
{
    mlpipe__job *job = &s->job;
    s->groups = mlpipe__alloc_array(f->ctx->env, job->chosen_count,
                                    sizeof *s->groups);
    if (!s->groups)
        return mlpipe__nomem(f->ctx);
    s->group_count = job->chosen_count;
    job->groups = s->groups;
    mlpipe__text_add(&f->passes_text, "  %u  for %s: values by group\n",
                     f->passes + 1, job->name);
    return mlpipe__fit_gather_groups(f, job, s->groups);
}

/* The values themselves, where the step asked for them. */
static mlpipe_status planner_values(mlpipe__fitting *f, mlpipe__fit_step *s)
{
    mlpipe__text_add(&f->passes_text, "  %u  for %s: values\n",
                     f->passes + 1, s->job.name);
    s->job.values = &s->values;
    return mlpipe__fit_gather_values(f, &s->job, &s->values);
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
    st = job->step->select ? job->step->select(job) : MLPIPE_OK;
    if (!st && f->plan.program->failed)
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = planner_gather(f, at, ahead);
    if (!st && job->group_by != MLPIPE__GROUP_NONE)
        st = planner_groups(f, s);
    if (!st && job->wants_values)
        st = planner_values(f, s);
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

typedef struct planner_sieve {
    const mlpipe__job *job;
    const double **values; /* tasks x chosen */
    const uint8_t **valid;
    uint8_t *keep;         /* rows */
} planner_sieve;

static void planner_filter_block(const mlpipe__pass *pass, uint32_t task,
                                 const void *scratch, int64_t start,
                                 uint32_t n)
{
    const planner_sieve *s = pass->user;
    const mlpipe__job *job = s->job;
    const mlpipe__program *p = job->plan->program;
    const double **values = s->values + (size_t)task * job->chosen_count;
    const uint8_t **valid = s->valid + (size_t)task * job->chosen_count;
    for (uint32_t i = 0; i < job->chosen_count; i++) {
        const uint32_t reg = job->plan->vars[job->chosen[i]].reg;
        values[i] =
            mlpipe__program_values(p, scratch, MLPIPE__BLOCK_ROWS, reg);
        valid[i] =
            mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS, reg);
    }
    memset(s->keep + start, 1, n);
    job->step->filter(job, n, values, valid, s->keep + start);
}

static void planner_tell_dropped(const mlpipe__job *job, uint64_t before,
                                 uint64_t after)
{
    mlpipe__report_note(job->notes, job->name, NULL, "rows_dropped",
                        (double)(before - after));
    if (before != after)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_INFO, job->name,
                         "%llu of %llu training rows were dropped",
                         (unsigned long long)(before - after),
                         (unsigned long long)before);
}

/* Leave out the rows that a step wants dropped; statistics start anew. */
static mlpipe_status planner_filter(mlpipe__fitting *f, mlpipe__job *job)
{
    mlpipe__env *env = f->ctx->env;
    const int64_t before = f->train.data->rows;
    planner_sieve s = {.job = job};
    const mlpipe__pass pass = {mlpipe__fit_tasks(f), planner_filter_block,
                               &s};
    const size_t pointers = (size_t)pass.tasks * job->chosen_count;
    mlpipe_dataset *fewer = NULL;
    mlpipe_status st;
    s.values = mlpipe__alloc_array(env, pointers, sizeof *s.values);
    s.valid = mlpipe__alloc_array(env, pointers, sizeof *s.valid);
    s.keep = mlpipe__alloc(env, (size_t)before);
    st = s.values && s.valid && s.keep ? mlpipe__fit_pass(f, &pass, NULL)
                                       : mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__fit_view(f->ctx, f->train.data, s.keep, &fewer);
    if (!st && !fewer->rows)
        st = mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                          "%s drops all %lld training rows", job->name,
                          (long long)before);
    if (!st) {
        planner_tell_dropped(job, (uint64_t)before, (uint64_t)fewer->rows);
        f->dropped_steps += (uint64_t)(before - fewer->rows);
        mlpipe_dataset_free(f->train.data);
        f->train.data = fewer;
        fewer = NULL;
        f->generation++;
    }
    mlpipe_dataset_free(fewer);
    mlpipe__free(env, s.keep);
    mlpipe__free(env, (void *)s.valid);
    mlpipe__free(env, (void *)s.values);
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

/* Does a feed read the text of this input? */
static bool planner_text_read(const mlpipe__program *p, uint32_t input)
{
    for (uint32_t i = 0; i < p->feed_count; i++)
        if (p->feeds[i].source == MLPIPE__FEED_TEXT &&
            p->feeds[i].input == input)
            return true;
    return false;
}

/* Free text that a step has read is spent; any other one is a mistake. */
static mlpipe_status planner_free_texts(mlpipe__fitting *f)
{
    for (uint32_t i = 0; i < f->plan.var_count; i++) {
        mlpipe__var *v = &f->plan.vars[i];
        if (!v->feature || v->type != MLPIPE_TYPE_TEXT)
            continue;
        if (planner_text_read(f->plan.program, v->reg)) {
            v->feature = false;
            continue;
        }
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the column %q is free text, which no step of the "
                     "recipe reads; leave it out by features=, give it a "
                     "role such as id=, or make something of it by derive "
                     "or format",
                     v->name);
        return mlpipe__fail_at(f->ctx, -1, v->name);
    }
    return MLPIPE_OK;
}

/* What is made of the target must not reach the learner. */
static mlpipe_status planner_taint(mlpipe__fitting *f)
{
    if (!f->model->target)
        return MLPIPE_OK;
    for (uint32_t i = 0; i < f->plan.var_count; i++) {
        const mlpipe__var *v = &f->plan.vars[i];
        const bool target = !strcmp(v->name, f->model->target);
        if (!v->tainted || !v->name[0] || (target && !v->feature))
            continue;
        mlpipe__fail(f->ctx, MLPIPE_E_LEAK,
                     "%q is made of the target %q: the model would read its "
                     "own answer, which it does not have when it serves; "
                     "take it out of the steps; only a transform without "
                     "target= may have it",
                     v->name, f->model->target);
        return mlpipe__fail_at(f->ctx, -1, v->name);
    }
    return MLPIPE_OK;
}

static mlpipe_status planner_features(mlpipe__fitting *f)
{
    const mlpipe__learner *learner = f->learner ? f->learner->learner : NULL;
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
        if (learner && v->kind == MLPIPE__CODE && !learner->takes_codes)
            return planner_refuse(f, true, i);
        if (learner && v->nullable && !learner->takes_nulls)
            return planner_refuse(f, false, i);
        f->regs[f->feature_count] = v->reg;
        f->features[f->feature_count++] =
            (mlpipe__feature){v->name, v->kind, v->codes, v->nullable};
    }
    if (!f->feature_count)
        return mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                            "the steps leave no feature for %q",
                            learner ? learner->name : "the transform");
    return MLPIPE_OK;
}

/* ---- the whole ---------------------------------------------------------- */

/* Steps that change which rows the learner sees end the recipe: a statistic
 * after them would be of rows that never were. */
static mlpipe_status planner_order(const mlpipe__fitting *f)
{
    const mlpipe__job *last = NULL;
    for (uint32_t i = 0; i < f->step_count; i++) {
        const mlpipe__job *job = &f->steps[i].job;
        if (job->step->resample)
            last = job;
        else if (last)
            return mlpipe__fail(f->ctx, MLPIPE_E_CONFLICT,
                                "the step %q changes which rows the learner "
                                "sees and must come after all others; move "
                                "it behind %q",
                                last->name, job->name);
    }
    return MLPIPE_OK;
}

/* What a step makes of a whole number or a time is neither, unless it says
 * so: registers from `first` on were written by it. */
static void planner_types(mlpipe__plan *plan, uint32_t first)
{
    for (uint32_t i = 0; i < plan->var_count; i++) {
        mlpipe__var *v = &plan->vars[i];
        if (v->reg < first)
            continue;
        v->type = v->kind == MLPIPE__CODE ? MLPIPE_TYPE_CATEGORY
                                          : MLPIPE_TYPE_F64;
        v->unit = 0;
    }
}

/* Which step is under way, for messages and for who watches. */
static void planner_at(mlpipe__fitting *f, uint32_t step)
{
    f->step_now = step;
    if (f->step_told)
        *f->step_told = step;
}

static mlpipe_status planner_step(mlpipe__fitting *f, uint32_t i)
{
    mlpipe__job *job = &f->steps[i].job;
    const uint32_t first = f->plan.program->register_count;
    mlpipe_status st;
    planner_at(f, i);
    st = planner_prepare(f, i, true);
    if (!st && job->grouped_target && !f->taught)
        f->taught = mlpipe__dataset_keep(f->train.data);
    if (!st && job->step->filters && job->step->filters(job))
        st = planner_filter(f, job);
    if (!st && job->step->emit)
        st = job->step->emit(job);
    mlpipe__fit_offset_hide(f);
    f->used_blas = f->used_blas || job->used_blas;
    mlpipe__fit_values_free(&f->steps[i].values);
    job->values = NULL;
    if (!st && !job->step->typed)
        planner_types(&f->plan, first);
    if (job->grouped_target)
        f->model->learns_target = 1;
    if (!st && f->plan.program->failed)
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__fit_mark_step(f, i, first);
    if (!st)
        planner_at(f, UINT32_MAX);
    return st;
}

mlpipe_status mlpipe__fit_plan(mlpipe__fitting *f)
{
    mlpipe_status st = planner_order(f);
    uint32_t i;
    for (i = 0; i < f->step_count; i++)
        f->steps[i].job.task = f->model->task;
    for (i = 0; !st && i < f->step_count; i++)
        if (planner_emits(&f->steps[i]))
            st = planner_step(f, i);
    for (i = 0; !st && i < f->step_count; i++) {
        mlpipe__job *job = &f->steps[i].job;
        if (!job->step->copies)
            continue;
        job->plan = &f->inputs;
        planner_at(f, i);
        st = planner_prepare(f, i, false);
        if (!st && job->step->emit)
            st = job->step->emit(job);
        if (!st)
            planner_at(f, UINT32_MAX);
    }
    if (!st)
        st = planner_free_texts(f);
    if (!st)
        st = planner_taint(f);
    if (!st)
        st = mlpipe__fit_offset_find(f);
    if (!st)
        st = planner_features(f);
    if (!st)
        st = mlpipe__fit_faults(f);
    if (!st)
        st = mlpipe__fit_tell_plan(f);
    if (!st)
        st = mlpipe__fit_prune(f);
    f->front_ops = f->plan.program->op_count;
    return st;
}
