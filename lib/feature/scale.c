/* SPDX-License-Identifier: MIT */
/*
 * Shifts and scales numbers by what the training rows say: all of them, or
 * those of the row's own group. Deviations come from exact sums, so that a
 * column near the end of the doubles' range is scaled like any other. All of
 * it is of finite values; an infinite one has no place on the scale and is
 * missing behind it, or, with clip, at the bound on its side.
 */
#include <float.h>

#include "feature_internal.h"

enum scale_method { SCALE_ZSCORE, SCALE_MINMAX, SCALE_ROBUST };

/* Values beyond this are quartered first: their differences would not all be
 * doubles. A quarter is exact. */
#define SCALE_LARGE 0x1p1021

static const mlpipe__param scale_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "zscore", 0, 0, "zscore,minmax,robust",
     0x000100,
     "Mean and deviation, range to 0 .. 1, or median and quartile range, all "
     "of finite values; infinite ones become missing."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set."},
    {"by", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "A category: each group by its own rows; unseen ones by all rows."},
    {"min_group", MLPIPE_PARAM_INT, "2", 2, 1e9, NULL, 0x000100,
     "A group with fewer values, or without spread, is as all rows are."},
    {"clip", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Of minmax: bring values beyond the training range, infinite ones too, "
     "to 0 or 1."},
};

/* What is subtracted, and by what the difference is divided. */
typedef struct scale_pair {
    double shift, scale;
} scale_pair;

static enum scale_method scale_method(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "method")->choice;
}

static bool scale_clips(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "clip")->number != 0;
}

static mlpipe_status scale_check(const mlpipe__job *job)
{
    const uint32_t by = mlpipe__params_get(job->params, "by")->count;

    if (scale_clips(job) && scale_method(job) != SCALE_MINMAX)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: clip=true is of method=minmax alone; "
                            "use the step outlier to cap other values",
                            job->name);
    if (by > 1)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: by= names %u columns, and groups are "
                            "of one; cross them before by the step interact",
                            job->name, by);
    return MLPIPE_OK;
}

static mlpipe_status scale_select(mlpipe__job *job)
{
    const mlpipe__setting *by = mlpipe__params_get(job->params, "by");
    mlpipe_status st = scale_check(job);
    uint32_t group = 0;

    job->group_by = MLPIPE__GROUP_NONE;
    if (!st && by->count)
        st = mlpipe__feature_category(job, "by", by->names[0], &group);
    if (!st && by->count)
        job->group_by = group + 1;
    if (!st)
        st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                                scale_method(job) == SCALE_ROBUST
                                    ? MLPIPE__NEED_QUANTILES
                                    : MLPIPE__NEED_MOMENTS);
    return st;
}

/* A column by which rows are grouped need be no feature. */
static mlpipe_status scale_names(mlpipe_ctx *ctx,
                                 const mlpipe__params *params,
                                 mlpipe_status (*each)(void *user,
                                                       const char *name,
                                                       size_t bytes),
                                 void *user)
{
    const mlpipe__setting *by = mlpipe__params_get(params, "by");
    mlpipe_status st = MLPIPE_OK;
    (void)ctx;

    for (uint32_t i = 0; i < by->count && !st; i++)
        st = each(user, by->names[i], strlen(by->names[i]));
    return st;
}

/* Of all rows, times `part`; a column without spread is only shifted. */
static scale_pair scale_of_all(const mlpipe__stats *s,
                               enum scale_method method, double part)
{
    scale_pair p;

    switch (method) {
    case SCALE_ZSCORE:
        p.shift = mlpipe__stats_mean(s) * part;
        p.scale = mlpipe__stats_deviation(s, 0) * part;
        break;
    case SCALE_MINMAX:
        p.shift = s->low * part;
        p.scale = s->high * part - s->low * part;
        break;
    default:
        p.shift = mlpipe__stats_quantile(s, 0.5) * part;
        p.scale = mlpipe__stats_quantile(s, 0.75) * part -
                  mlpipe__stats_quantile(s, 0.25) * part;
    }
    if (!mlpipe__finite(p.shift))
        p.shift = 0;
    if (!(p.scale > 0) || !mlpipe__finite(p.scale))
        p.scale = 1;
    return p;
}

/* Of a group; false where it says nothing. */
static bool scale_of_group(const mlpipe__groups *g, uint32_t group,
                           enum scale_method method, double part,
                           scale_pair *p)
{
    switch (method) {
    case SCALE_ZSCORE:
        p->shift = mlpipe__groups_mean(g, group) * part;
        p->scale = mlpipe__groups_deviation(g, group, 0) * part;
        break;
    case SCALE_MINMAX:
        p->shift = mlpipe__groups_low(g, group) * part;
        p->scale = mlpipe__groups_high(g, group) * part - p->shift;
        break;
    default:
        p->shift = mlpipe__groups_quantile(g, group, 0.5) * part;
        p->scale = mlpipe__groups_quantile(g, group, 0.75) * part -
                   mlpipe__groups_quantile(g, group, 0.25) * part;
    }
    return mlpipe__finite(p->shift) && p->scale > 0 &&
           mlpipe__finite(p->scale);
}

/* Largest magnitude among the training values; 0 where there are none. */
static double scale_largest(const mlpipe__stats *s, enum scale_method method)
{
    const bool sorted = method == SCALE_ROBUST;
    const double low = sorted ? mlpipe__stats_quantile(s, 0) : s->low;
    const double high = sorted ? mlpipe__stats_quantile(s, 1) : s->high;

    return -low > high ? -low : high == high ? high : 0;
}

/*
 * The tables of a grouped column: shift by code, then those of unseen and
 * null, and the same of scale. No scale is 0 or null, so that the division
 * always has an answer. Gives how many groups are scaled as all rows are.
 */
static uint32_t scale_tables(const mlpipe__job *job, uint32_t i,
                             uint32_t codes, double part, scale_pair all,
                             double *shift, double *scale)
{
    const uint64_t least =
        (uint64_t)mlpipe__params_get(job->params, "min_group")->integer;
    const mlpipe__groups *g = &job->groups[i];
    uint32_t small = 0;

    for (uint32_t k = 0; k < codes + 2; k++) {
        scale_pair own = all;

        if (k < codes && (mlpipe__groups_count(g, k) < least ||
                          !scale_of_group(g, k, scale_method(job), part,
                                          &own))) {
            own = all;
            small++;
        }
        shift[k] = own.shift;
        scale[k] = own.scale;
    }
    return small;
}

static mlpipe_status scale_grouped(mlpipe__job *job, uint32_t i, double part,
                                   scale_pair all, uint32_t reg,
                                   uint32_t *out, uint32_t *small)
{
    const mlpipe__var *by = &job->plan->vars[job->group_by - 1];
    mlpipe__program *p = job->plan->program;
    const uint32_t room = by->codes + 2;
    double *shift = mlpipe__alloc_array(job->ctx->env, room, sizeof *shift);
    double *scale = mlpipe__alloc_array(job->ctx->env, room, sizeof *scale);
    mlpipe_status st =
        shift && scale ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    if (!st) {
        uint32_t from, over, found;

        found = scale_tables(job, i, by->codes, part, all, shift, scale);
        *small = found > *small ? found : *small;
        from = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, by->reg, 0,
                                  mlpipe__program_const(p, shift, room),
                                  by->codes, 1);
        over = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, by->reg, 0,
                                  mlpipe__program_const(p, scale, room),
                                  by->codes, 1);
        reg = mlpipe__program_op(p, MLPIPE__OP_SUB, reg, from, 0, 0, 1);
        *out = mlpipe__program_op(p, MLPIPE__OP_DIV, reg, over, 0, 0, 1);
    }
    mlpipe__free(job->ctx->env, scale);
    mlpipe__free(job->ctx->env, shift);
    return st;
}

static void scale_tell_infinite(const mlpipe__job *job, uint32_t i)
{
    mlpipe__job_tell_infinite(
        job, i,
        !mlpipe__stats_finite(&job->stats[i])
            ? "it becomes like a column that is missing in all rows"
        : scale_clips(job) ? "it is scaled by the finite ones, and infinite "
                             "ones become 0 or 1"
                           : "it is scaled by the finite ones, and infinite "
                             "ones become missing");
}

/* Brings infinite values, which no difference is made of, to where clip has
 * them at 0 or 1: the bounds, or a little beyond where these are one. */
static uint32_t scale_reach(const mlpipe__job *job, uint32_t i, uint32_t reg)
{
    const mlpipe__stats *s = &job->stats[i];
    const double size = s->low < 0 ? -s->low : s->low;
    const double room = s->low < s->high ? 0 : 1 + size * DBL_EPSILON;
    const double most = DBL_MAX;
    double bounds[2];

    if (!mlpipe__stats_finite(s))
        return reg;
    bounds[0] = s->low - room < -most ? -most : s->low - room;
    bounds[1] = s->high + room > most ? most : s->high + room;
    return mlpipe__program_op(job->plan->program, MLPIPE__OP_CLAMP, reg, 0,
                              mlpipe__program_const(job->plan->program,
                                                    bounds, 2),
                              0, 1);
}

static mlpipe_status scale_one(mlpipe__job *job, uint32_t i, uint32_t *small)
{
    static const double quarter[] = {0.25, 0}, unit[] = {0, 1};
    const enum scale_method method = scale_method(job);
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    mlpipe__program *p = job->plan->program;
    const double largest = scale_largest(&job->stats[i], method);
    const double part = largest > SCALE_LARGE ? quarter[0] : 1;
    const scale_pair all = scale_of_all(&job->stats[i], method, part);
    uint32_t reg = v->reg;
    mlpipe_status st = MLPIPE_OK;

    scale_tell_infinite(job, i);
    if (scale_clips(job))
        reg = scale_reach(job, i, reg);
    if (part != 1)
        reg = mlpipe__program_op(p, MLPIPE__OP_AFFINE, reg, 0,
                                 mlpipe__program_const(p, quarter, 2), 0, 1);
    if (job->group_by != MLPIPE__GROUP_NONE) {
        st = scale_grouped(job, i, part, all, reg, &reg, small);
        v->tainted |= job->plan->vars[job->group_by - 1].tainted;
    } else {
        const double pair[] = {all.shift, all.scale};
        reg = mlpipe__program_op(p, MLPIPE__OP_SHIFT_SCALE, reg, 0,
                                 mlpipe__program_const(p, pair, 2), 0, 1);
    }
    if (scale_clips(job))
        reg = mlpipe__program_op(p, MLPIPE__OP_CLAMP, reg, 0,
                                 mlpipe__program_const(p, unit, 2), 0, 1);
    v->reg = reg;
    v->type = MLPIPE_TYPE_F64;
    v->unit = 0;
    return st;
}

static mlpipe_status scale_emit(mlpipe__job *job)
{
    uint32_t small = 0;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = scale_one(job, i, &small);
    if (!st && small) {
        const mlpipe__var *by = &job->plan->vars[job->group_by - 1];
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%u of the %u groups of %s have fewer than %lld "
                         "values or no spread; they are scaled as all rows "
                         "are",
                         small, by->codes, by->name,
                         (long long)mlpipe__params_get(job->params,
                                                       "min_group")->integer);
    }
    return st;
}

const mlpipe__step mlpipe__step_scale = {
    .name = "scale",
    .kind = MLPIPE_KIND_FIT,
    .params = scale_params,
    .param_count = sizeof scale_params / sizeof *scale_params,
    .doc = "Bring numeric features to one scale.",
    .select = scale_select,
    .emit = scale_emit,
    .typed = true,
    .names = scale_names,
};
