/* SPDX-License-Identifier: MIT */
/*
 * The end of planning: which operations had no answer for training rows, and
 * the program without what only fitting needed.
 */
#include "fit_types.h"

/* ---- faults ------------------------------------------------------------- */

/* The first feature that is made of an op's result, or the offset; NULL:
 * none. */
static const mlpipe__var *prune_reaches(const mlpipe__fitting *f, uint32_t op,
                                        uint8_t *made)
{
    const mlpipe__program *p = f->plan.program;
    memset(made, 0, p->register_count);
    made[p->ops[op].dst] = 1;
    for (uint32_t i = op + 1; i < p->op_count; i++) {
        const uint32_t reads = mlpipe__op_reads(p, &p->ops[i]);
        uint8_t any = 0;
        for (uint32_t k = 0; k < reads; k++)
            any |= made[mlpipe__op_read(p, &p->ops[i], k)];
        if (any)
            memset(made + p->ops[i].dst, 1, mlpipe__op_width(p, &p->ops[i]));
    }
    for (uint32_t i = 0; i < f->plan.var_count; i++)
        if ((f->plan.vars[i].feature || f->plan.vars[i].reg == f->offset) &&
            made[f->plan.vars[i].reg])
            return &f->plan.vars[i];
    return NULL;
}

static void prune_tell(const mlpipe__fitting *f, const uint64_t *faults,
                       uint8_t *made)
{
    const mlpipe__program *p = f->plan.program;
    uint64_t total = 0;
    for (uint32_t i = 0; i < p->op_count; i++) {
        const mlpipe__var *v;
        if (!faults[i])
            continue;
        total += faults[i];
        v = prune_reaches(f, i, made);
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the operation %s had no answer, and gave null, for "
                         "%llu of %lld training rows; it is part of %s",
                         mlpipe__op_name(p->ops[i].code),
                         (unsigned long long)faults[i],
                         (long long)f->train.data->rows,
                         v ? v->name : "no feature");
    }
    mlpipe__report_number(f->notes, "nulls_made", (double)total);
}

mlpipe_status mlpipe__fit_faults(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    const mlpipe__program *p = f->plan.program;
    const mlpipe__pass pass = {mlpipe__fit_tasks(f), NULL, NULL};
    uint64_t *faults;
    uint8_t *made;
    mlpipe_status st;
    if (!mlpipe__program_may_fault(p))
        return MLPIPE_OK;
    faults = mlpipe__alloc_array(env, p->op_count, sizeof *faults);
    made = mlpipe__alloc(env, p->register_count);
    st = faults && made ? mlpipe__fit_pass(f, &pass, faults)
                        : mlpipe__nomem(f->ctx);
    if (!st)
        prune_tell(f, faults, made);
    mlpipe__free(env, made);
    mlpipe__free(env, faults);
    return st;
}

/* ---- the smaller program ------------------------------------------------ */

static void prune_map(mlpipe__fitting *f, const uint32_t *map)
{
    for (uint32_t i = 0; i < f->feature_count; i++)
        f->regs[i] = map[f->regs[i]];
    if (f->offset != MLPIPE__NO_REG)
        f->offset = map[f->offset];
    for (uint32_t i = 0; i < f->inputs.var_count; i++)
        f->inputs.vars[i].reg = map[f->inputs.vars[i].reg];
    for (uint32_t i = 0; i < f->plan.var_count; i++)
        f->plan.vars[i].reg = map[f->plan.vars[i].reg];
    for (uint32_t i = 0; i < f->plan.refusal_count; i++)
        f->plan.refusals[i] = map[f->plan.refusals[i]];
    for (uint32_t i = 0; i < f->plan.flag_count; i++)
        f->plan.flags[i].reg = map[f->plan.flags[i].reg];
}

/* Registers that must stay: features, offset, refusals, flags. */
static uint32_t *prune_roots(const mlpipe__fitting *f, uint32_t *count)
{
    const mlpipe__plan *plan = &f->plan;
    uint32_t *roots = mlpipe__alloc_array(
        f->ctx->env,
        (size_t)f->feature_count + plan->refusal_count + plan->flag_count + 1,
        sizeof *roots);
    *count = 0;
    for (uint32_t i = 0; roots && i < f->feature_count; i++)
        roots[(*count)++] = f->regs[i];
    if (roots && f->offset != MLPIPE__NO_REG)
        roots[(*count)++] = f->offset;
    for (uint32_t i = 0; roots && i < plan->refusal_count; i++)
        roots[(*count)++] = plan->refusals[i];
    for (uint32_t i = 0; roots && i < plan->flag_count; i++)
        roots[(*count)++] = plan->flags[i].reg;
    return roots;
}

/* What is left reads the target: a step that refuses or flags rows by it, since
 * features are told by name before. */
static mlpipe_status prune_leak(const mlpipe__fitting *f)
{
    const mlpipe__program *p = f->model->program;
    for (uint32_t i = 0; f->model->target && i < p->input_count; i++) {
        if (strcmp(p->inputs[i].name, f->model->target))
            continue;
        mlpipe__fail(f->ctx, MLPIPE_E_LEAK,
                     "a step asks the target %q of a served row, which does "
                     "not have it; take what is made of it out of columns=",
                     f->model->target);
        return mlpipe__fail_at(f->ctx, -1, f->model->target);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__fit_prune(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    mlpipe__program *p = f->model->program;
    uint32_t count;
    uint32_t *roots = prune_roots(f, &count);
    uint32_t *map = mlpipe__alloc_array(env, p->register_count, sizeof *map);
    uint8_t *keep = mlpipe__alloc(env, p->input_count);
    mlpipe__program *less = NULL;
    if (roots && map && keep)
        less = mlpipe__program_prune(p, roots, count, keep, map);
    if (less) {
        f->model->program = f->plan.program = f->inputs.program = less;
        f->generation++; /* statistics were of other registers */
        prune_map(f, map);
    }
    mlpipe__free(env, keep);
    mlpipe__free(env, map);
    mlpipe__free(env, roots);
    if (!less || less->failed)
        return mlpipe__nomem(f->ctx);
    const mlpipe_status st = prune_leak(f);
    return st ? st : mlpipe__fit_bind(f);
}
