/* SPDX-License-Identifier: MIT */
/*
 * Drops training rows that miss values, and features that miss too many. What
 * becomes of such a row when it is served is a choice of its own.
 */
#include "clean_internal.h"

enum drop_missing_rule {
    DROP_MISSING_ANY,
    DROP_MISSING_ALL,
    DROP_MISSING_NO_ROWS
};

static const mlpipe__param drop_missing_params[] = {
    {"rule", MLPIPE_PARAM_CHOICE, "any", 0, 0, "any,all,none", 0x000100,
     "Rows go where any, or all, of the columns are missing; none: no row."},
    {"min_present", MLPIPE_PARAM_INT, "", 1, 1e6, NULL, 0x000100,
     "In place of rule=: rows go where fewer columns than this are there; no "
     "more than column_share= leaves to count."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which columns count; all features where it is not set."},
    {"column_share", MLPIPE_PARAM_REAL, "", 0, 1, NULL, 0x000100,
     "Columns of which a larger share of the training values is missing are "
     "no features any more, and do not count for rows."},
    MLPIPE__SERVING_PARAM,
};

static enum drop_missing_rule drop_missing_rule(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "rule")->choice;
}

static const mlpipe__setting *drop_missing_least(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "min_present");
}

/* ---- columns ------------------------------------------------------------ */

/* Does this chosen column go? Its share of missing values then. */
static bool drop_missing_column(const mlpipe__job *job, uint32_t i)
{
    const mlpipe__setting *most =
        mlpipe__params_get(job->params, "column_share");
    const mlpipe__stats *s;

    if (!most->text[0])
        return false;
    s = &job->stats[i];
    return (double)s->nulls > most->number * (double)s->rows;
}

static void drop_missing_columns(mlpipe__job *job)
{
    uint32_t dropped = 0;

    for (uint32_t i = 0; i < job->chosen_count; i++) {
        mlpipe__var *v = &job->plan->vars[job->chosen[i]];
        const mlpipe__stats *s = &job->stats[i];
        if (!drop_missing_column(job, i))
            continue;
        v->feature = false;
        dropped++;
        mlpipe__report_note(job->notes, job->name, v->name, "missing",
                            (double)s->nulls);
        mlpipe__log_line(
            job->ctx, MLPIPE_LOG_WARN, job->name,
            "%s is missing in %llu of %llu training rows, a share of %g "
            "above column_share=%g; it is no feature any more",
            v->name, (unsigned long long)s->nulls,
            (unsigned long long)s->rows, (double)s->nulls / (double)s->rows,
            mlpipe__params_get(job->params, "column_share")->number);
    }
    if (mlpipe__params_get(job->params, "column_share")->text[0])
        mlpipe__report_note(job->notes, job->name, NULL, "columns_dropped",
                            dropped);
}

/* ---- rows --------------------------------------------------------------- */

/* How many columns count. */
static uint32_t drop_missing_count(const mlpipe__job *job)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < job->chosen_count; i++)
        count += !drop_missing_column(job, i);
    return count;
}

/* A row goes where it misses this many columns, or more; 0: where none could
 * stay, which emit refuses. */
static uint32_t drop_missing_limit(const mlpipe__job *job, uint32_t count)
{
    const mlpipe__setting *least = drop_missing_least(job);

    if (least->text[0])
        return least->integer > count
                   ? 0
                   : count - (uint32_t)least->integer + 1;
    return drop_missing_rule(job) == DROP_MISSING_ANY ? 1 : count;
}

static bool drop_missing_filters(const mlpipe__job *job)
{
    return drop_missing_least(job)->text[0] ||
           drop_missing_rule(job) != DROP_MISSING_NO_ROWS;
}

static void drop_missing_filter(const mlpipe__job *job, uint32_t n,
                                const double *const *values,
                                const uint8_t *const *valid, uint8_t *keep)
{
    const uint32_t count = drop_missing_count(job);
    const uint32_t limit = drop_missing_limit(job, count);
    uint32_t missing[MLPIPE__BLOCK_ROWS];
    (void)values;

    if (!count || !limit)
        return;
    memset(missing, 0, n * sizeof *missing);
    for (uint32_t c = 0; c < job->chosen_count; c++) {
        if (drop_missing_column(job, c))
            continue;
        for (uint32_t i = 0; i < n; i++)
            missing[i] += !valid[c][i];
    }
    for (uint32_t i = 0; i < n; i++)
        keep[i] = missing[i] < limit;
}

static mlpipe_status drop_missing_select(mlpipe__job *job)
{
    const mlpipe__setting *least = drop_missing_least(job);
    const bool share =
        mlpipe__params_get(job->params, "column_share")->text[0] != 0;
    mlpipe_status st;

    if (least->text[0] && drop_missing_rule(job) != DROP_MISSING_ANY)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: give rule= or min_present=, not both",
                            job->name);
    if (!drop_missing_filters(job) && !share)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: with rule=none and no column_share= there "
                            "is nothing to drop; leave the step out",
                            job->name);
    st = mlpipe__job_choose(
        job, "columns",
        MLPIPE__NUMBER | MLPIPE__CODE | MLPIPE__FREE_TEXT, 0);
    for (uint32_t i = 0; i < job->chosen_count && share && !st; i++)
        job->needs[i] = job->plan->vars[job->chosen[i]].kind == MLPIPE__CODE
                            ? MLPIPE__NEED_COUNTS
                            : MLPIPE__NEED_MOMENTS;
    if (!st && least->text[0] && least->integer > job->chosen_count)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: min_present=%lld, and there are %u columns "
                            "to count; no row could stay",
                            job->name, (long long)least->integer,
                            job->chosen_count);
    return st;
}

/* ---- the same for served rows ------------------------------------------- */

/* A register that is 1 where a row would be dropped: each column that is
 * missing counts 1, and the sum is held against the limit. */
static uint32_t drop_missing_served(const mlpipe__job *job, uint32_t limit)
{
    mlpipe__program *p = job->plan->program;
    uint32_t sum = MLPIPE__NO_REG;
    const double most = limit - 1.0;

    for (uint32_t i = 0; i < job->chosen_count; i++) {
        uint32_t reg = job->plan->vars[job->chosen[i]].reg;
        if (drop_missing_column(job, i))
            continue;
        reg = mlpipe__program_op(p, MLPIPE__OP_IS_NULL, reg, 0, 0, 0, 1);
        if (sum != MLPIPE__NO_REG)
            reg = mlpipe__program_op(p, limit == 1 ? MLPIPE__OP_OR
                                                   : MLPIPE__OP_ADD,
                                     sum, reg, 0, 0, 1);
        sum = reg;
    }
    if (limit == 1)
        return sum;
    return mlpipe__program_op(
        p, MLPIPE__OP_LT,
        mlpipe__program_shared_consts(p, MLPIPE__OP_CONST, 0, 0, &most, 1,
                                      0),
        sum, 0, 0, 1);
}

/* Who asks for no answer where a value is missing need not fill it. */
static void drop_missing_complete(mlpipe__job *job)
{
    for (uint32_t i = 0; i < job->chosen_count; i++)
        if (!drop_missing_column(job, i))
            job->plan->vars[job->chosen[i]].nullable = false;
}

static mlpipe_status drop_missing_emit(mlpipe__job *job)
{
    const enum mlpipe__serving serving = mlpipe__clean_serving(job);
    const uint32_t count = drop_missing_count(job);
    const uint32_t limit = drop_missing_limit(job, count);
    mlpipe_status st;

    drop_missing_columns(job);
    if (drop_missing_least(job)->text[0] && !limit)
        return mlpipe__fail(
            job->ctx, MLPIPE_E_PARAM,
            "%s: min_present=%lld, and column_share=%g leaves %u of %u "
            "columns to count; no row could stay",
            job->name, (long long)drop_missing_least(job)->integer,
            mlpipe__params_get(job->params, "column_share")->number, count,
            job->chosen_count);
    if (!count || serving == MLPIPE__SERVING_PASS ||
        !drop_missing_filters(job))
        return MLPIPE_OK;
    st = mlpipe__clean_serve(job, drop_missing_served(job, limit));
    if (!st && serving == MLPIPE__SERVING_REFUSE && limit == 1)
        drop_missing_complete(job);
    return st;
}

const mlpipe__step mlpipe__step_drop_missing = {
    .name = "drop_missing",
    .kind = MLPIPE_KIND_FIT,
    .params = drop_missing_params,
    .param_count = sizeof drop_missing_params / sizeof *drop_missing_params,
    .doc = "Drop training rows and features that miss values.",
    .select = drop_missing_select,
    .emit = drop_missing_emit,
    .filters = drop_missing_filters,
    .filter = drop_missing_filter,
    .names = mlpipe__clean_names,
};
