/* SPDX-License-Identifier: MIT */
/*
 * Steps without a planner: columns from arrays become the inputs of a program,
 * a step is planned and fitted on them, and its features can be read.
 */
#ifndef MLPIPE_TESTS_STEP_RIG_H
#define MLPIPE_TESTS_STEP_RIG_H

#include "support.h"

#include <math.h>

#include "program/program_internal.h"

enum { RIG_ROWS_MAX = MLPIPE__BLOCK_ROWS, RIG_CHOSEN_MAX = 16 };

typedef struct step_rig {
    mlpipe_ctx *ctx;
    mlpipe__plan plan;
    uint32_t rows, inputs;
    const double *column[RIG_CHOSEN_MAX];
    void *scratch;
    /* the last step: kept until the next one or the end */
    mlpipe__params params;
    mlpipe__job job;
    mlpipe__stats stats[RIG_CHOSEN_MAX];
} step_rig;

static void rig_open(step_rig *r, uint32_t rows)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &r->ctx));
    r->rows = rows;
    r->plan.env = r->ctx->env;
    r->plan.program = mlpipe__program_new(r->ctx->env);
    assert_non_null(r->plan.program);
}

/* A column: a category where words are given. The values are borrowed. */
static void rig_column(step_rig *r, const char *name, const double *values,
                       const char *const *words, uint32_t word_count)
{
    mlpipe__var like = {.origin = r->inputs, .nullable = true,
                        .feature = true, .kind = MLPIPE__NUMBER};
    mlpipe__program *p = r->plan.program;
    mlpipe__dict dict;
    mlpipe__var *v;

    mlpipe__dict_init(&dict, r->ctx->env);
    for (uint32_t i = 0; i < word_count; i++)
        assert_int_equal(i, mlpipe__dict_add(&dict, words[i],
                                             strlen(words[i])));
    like.kind = words ? MLPIPE__CODE : MLPIPE__NUMBER;
    like.reg = mlpipe__program_add_input(
        p, name, words ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_F64, 0,
        like.kind, words ? &dict : NULL);
    mlpipe__dict_free(&dict);
    like.codes = word_count;
    like.dict = words ? p->inputs[r->inputs].dict : NULL;
    assert_ok(r->ctx, mlpipe__plan_add(r->ctx, &r->plan, &like, name,
                                       like.reg, &v));
    r->column[r->inputs++] = values;
}

/* Run the ops that are there on all rows. */
static void rig_run(step_rig *r)
{
    mlpipe__program *p = r->plan.program;

    assert_false(p->failed);
    free(r->scratch);
    assert_int_equal(0, posix_memalign(
                            &r->scratch, 64,
                            mlpipe__program_scratch(p, RIG_ROWS_MAX)));
    for (uint32_t i = 0; i < r->inputs; i++)
        memcpy(mlpipe__program_lane(p, r->scratch, RIG_ROWS_MAX, i),
               r->column[i], r->rows * sizeof(double));
    mlpipe__program_run_ops(p, r->scratch, RIG_ROWS_MAX, r->rows,
                            p->op_count, NULL);
}

static const double *rig_values(const step_rig *r, uint32_t reg)
{
    return mlpipe__program_values(r->plan.program, r->scratch, RIG_ROWS_MAX,
                                  reg);
}

static const uint8_t *rig_valid(const step_rig *r, uint32_t reg)
{
    return mlpipe__program_valid(r->plan.program, r->scratch, RIG_ROWS_MAX,
                                 reg);
}

static void rig_forget(step_rig *r)
{
    for (uint32_t i = 0; i < r->job.chosen_count; i++)
        mlpipe__stats_free(&r->stats[i]);
    mlpipe__free(r->ctx->env, r->job.chosen);
    mlpipe__free(r->ctx->env, r->job.needs);
    mlpipe__params_free(&r->params);
    memset(&r->job, 0, sizeof r->job);
    memset(&r->params, 0, sizeof r->params);
}

static void rig_gather(step_rig *r)
{
    rig_run(r);
    assert_true(r->job.chosen_count <= RIG_CHOSEN_MAX);
    for (uint32_t i = 0; i < r->job.chosen_count; i++) {
        const mlpipe__var *v = &r->plan.vars[r->job.chosen[i]];
        mlpipe__stats_init(&r->stats[i], r->ctx->env, r->job.needs[i],
                           v->codes);
        assert_true(mlpipe__stats_update(&r->stats[i],
                                         rig_values(r, v->reg),
                                         rig_valid(r, v->reg), r->rows));
        assert_true(mlpipe__stats_finish(&r->stats[i]));
    }
    r->job.stats = r->stats;
}

/* Plan a step for a task, and gather what it wants to know; its status. */
static inline mlpipe_status rig_plan(step_rig *r, const mlpipe__step *step,
                                     const char *text, uint32_t task)
{
    mlpipe_status st;

    rig_forget(r);
    st = mlpipe__params_parse(r->ctx, step->name, step->params,
                              step->param_count, text, &r->params);
    if (st)
        return st;
    r->job = (mlpipe__job){.ctx = r->ctx, .step = step, .name = step->name,
                           .params = &r->params, .plan = &r->plan,
                           .seed = 11, .task = task};
    if (step->select)
        st = step->select(&r->job);
    if (!st)
        rig_gather(r);
    return st;
}

/* Plan and fit a step; its status. */
static inline mlpipe_status rig_step(step_rig *r, const mlpipe__step *step,
                                     const char *text)
{
    const mlpipe_status st = rig_plan(r, step, text, 0);

    return st || !step->emit ? st : step->emit(&r->job);
}

/* The values of a feature by name, NaN where it is missing. */
static inline void rig_read(step_rig *r, const char *name, double *out)
{
    const int32_t at = mlpipe__plan_find(&r->plan, name);

    if (at < 0)
        fail_msg("there is no feature \"%s\"", name);
    rig_run(r);
    const uint32_t reg = r->plan.vars[at].reg;
    for (uint32_t i = 0; i < r->rows; i++)
        out[i] = rig_valid(r, reg)[i] ? rig_values(r, reg)[i] : NAN;
}

/* All outputs of the finished program for one row, through seal and run. */
static void rig_close(step_rig *r)
{
    mlpipe__program *p = r->plan.program;

    for (uint32_t i = 0; i < r->plan.var_count; i++)
        if (r->plan.vars[i].feature)
            mlpipe__program_add_output(p, r->plan.vars[i].name,
                                       r->plan.vars[i].reg);
    if (p->output_count)
        assert_ok(r->ctx, mlpipe__program_seal(r->ctx, p));
    rig_forget(r);
    mlpipe__plan_free(&r->plan);
    mlpipe__program_free(p);
    free(r->scratch);
    mlpipe_ctx_free(r->ctx);
}

/* Equal within 1e-12, NaN where the golden value is NaN. */
static inline void rig_compare(const char *what, const double *got,
                        const double *golden, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const double m = fabs(golden[i]) > 1 ? fabs(golden[i]) : 1;
        if (isnan(golden[i]) ? !isnan(got[i])
                             : !(fabs(got[i] - golden[i]) <= 1e-12 * m))
            fail_msg("%s, row %u: %.17g, expected %.17g", what, i, got[i],
                     golden[i]);
    }
}

#endif
