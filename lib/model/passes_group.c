/* SPDX-License-Identifier: MIT */
/*
 * A pass that gathers values by group: of a column's codes, and of the folds
 * that rows belong to.
 */
#include "fit_types.h"

typedef struct group_pass {
    const mlpipe__fitting *f;
    const mlpipe__job *job;
    const double *target; /* of every training row, or NULL */
    mlpipe__groups *groups; /* tasks x chosen */
} group_pass;

/* The variable whose codes are the groups of the i-th chosen. */
static const mlpipe__var *group_key(const mlpipe__job *job, uint32_t i)
{
    return &job->plan->vars[job->group_by == MLPIPE__GROUP_SELF
                                ? job->chosen[i]
                                : job->group_by - 1];
}

static uint32_t group_folds(const mlpipe__job *job)
{
    return job->folds > 1 ? job->folds : 1;
}

static void group_block(const mlpipe__pass *pass, uint32_t task,
                        const void *scratch, int64_t start, uint32_t n)
{
    const group_pass *g = pass->user;
    const mlpipe__job *job = g->job;
    const mlpipe__program *p = job->plan->program;
    const uint32_t folds = group_folds(job);
    for (uint32_t c = 0; c < job->chosen_count; c++) {
        const mlpipe__var *v = &job->plan->vars[job->chosen[c]];
        const mlpipe__var *key = group_key(job, c);
        const double *x = mlpipe__program_values(p, scratch,
                                                 MLPIPE__BLOCK_ROWS, v->reg);
        const uint8_t *ok = mlpipe__program_valid(p, scratch,
                                                  MLPIPE__BLOCK_ROWS, v->reg);
        const double *k = mlpipe__program_values(
            p, scratch, MLPIPE__BLOCK_ROWS, key->reg);
        const uint8_t *has = mlpipe__program_valid(
            p, scratch, MLPIPE__BLOCK_ROWS, key->reg);
        for (uint32_t i = 0; i < n; i++) {
            const bool known = has[i] && k[i] >= 0 && k[i] < key->codes;
            const uint32_t code =
                known ? (uint32_t)k[i] : key->codes + !has[i];
            const uint32_t fold =
                folds > 1 ? mlpipe__binding_fold(&g->f->train.binding,
                                                 g->f->train.data, start + i,
                                                 folds)
                          : 0;
            if (!g->target && !ok[i])
                continue;
            /* cannot fail: there is room for every row of the task */
            (void)mlpipe__groups_add(
                &g->groups[task * job->chosen_count + c],
                code * folds + fold, g->target ? g->target[start + i] : x[i]);
        }
    }
}

static mlpipe_status group_prepare(mlpipe__fitting *f, group_pass *g,
                                   uint32_t tasks)
{
    const mlpipe__job *job = g->job;
    const uint64_t all = (uint64_t)f->train.data->rows;
    const uint64_t part = mlpipe__fit_task_rows(f, tasks);
    const uint64_t rows = part < all ? part : all;
    const mlpipe_status st = mlpipe__groups_check(f->ctx, job->name, all);
    if (st)
        return st;
    for (size_t i = 0; i < (size_t)tasks * job->chosen_count; i++) {
        const uint32_t c = (uint32_t)(i % job->chosen_count);
        const uint64_t groups =
            ((uint64_t)group_key(job, c)->codes + 2) * group_folds(job);
        if (groups > UINT32_MAX / 2)
            return mlpipe__fail(f->ctx, MLPIPE_E_LIMIT,
                                "%s: %llu groups; the most is %u; take a "
                                "coarser column", job->name,
                                (unsigned long long)groups, UINT32_MAX / 2);
        mlpipe__groups_init(&g->groups[i], f->ctx->env, (uint32_t)groups);
        if (!mlpipe__groups_reserve(&g->groups[i], rows))
            return mlpipe__nomem(f->ctx);
    }
    return MLPIPE_OK;
}

static mlpipe_status group_finish(mlpipe__fitting *f, group_pass *g,
                                  uint32_t tasks, mlpipe__groups *out)
{
    const uint32_t chosen = g->job->chosen_count;
    for (uint32_t c = 0; c < chosen; c++) {
        for (uint32_t t = 1; t < tasks; t++) {
            mlpipe__groups *other = &g->groups[t * chosen + c];
            if (!mlpipe__groups_merge(&g->groups[c], other))
                return mlpipe__nomem(f->ctx);
            mlpipe__groups_free(other);
        }
        if (!mlpipe__groups_finish(&g->groups[c]))
            return mlpipe__nomem(f->ctx);
        out[c] = g->groups[c];
        memset(&g->groups[c], 0, sizeof g->groups[c]);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__fit_gather_groups(mlpipe__fitting *f,
                                        const mlpipe__job *job,
                                        mlpipe__groups *out)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t tasks = mlpipe__fit_tasks(f);
    const size_t total = (size_t)tasks * job->chosen_count;
    group_pass g = {.f = f, .job = job};
    const mlpipe__pass pass = {tasks, group_block, &g};
    double *target = NULL;
    mlpipe_status st = MLPIPE_OK;
    g.groups = mlpipe__alloc_array(env, total, sizeof *g.groups);
    if (job->grouped_target)
        target = mlpipe__alloc_array(env, (size_t)f->train.data->rows,
                                     sizeof *target);
    if (!g.groups || (job->grouped_target && !target))
        st = mlpipe__nomem(f->ctx);
    if (!st && target)
        st = mlpipe__fit_targets(f, f->train.data, target);
    g.target = target;
    if (!st)
        st = group_prepare(f, &g, tasks);
    if (!st)
        st = mlpipe__fit_pass(f, &pass, NULL);
    f->passes++;
    if (!st)
        st = group_finish(f, &g, tasks, out);
    for (size_t i = 0; g.groups && i < total; i++)
        if (g.groups[i].env)
            mlpipe__groups_free(&g.groups[i]);
    mlpipe__free(env, g.groups);
    mlpipe__free(env, target);
    return st;
}
