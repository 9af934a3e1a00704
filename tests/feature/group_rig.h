/* SPDX-License-Identifier: MIT */
/*
 * The rig of steps for those that see groups, folds or a target, and the
 * properties that every fitted step has.
 */
#ifndef MLPIPE_TESTS_GROUP_RIG_H
#define MLPIPE_TESTS_GROUP_RIG_H

#include "step_rig.h"

/* What the planner would know of the rows; NULL: nothing. */
typedef struct group_rows {
    const double *target, *fold;
    uint32_t task;
} group_rows;

static mlpipe__groups group_states[RIG_CHOSEN_MAX];

/* Warnings of the context that listens: how many, and the last. */
static uint32_t heard_lines;
static char heard_last[500];

static inline void heard_line(void *user, uint32_t level,
                              const char *component, const char *message)
{
    (void)user;
    (void)level;
    (void)component;
    heard_lines++;
    snprintf(heard_last, sizeof heard_last, "%s", message);
}

static inline void rig_listen(step_rig *r)
{
    heard_lines = 0;
    heard_last[0] = 0;
    r->ctx->log = heard_line;
    r->ctx->log_level = MLPIPE_LOG_WARN;
}

static inline void assert_heard(uint32_t lines, const char *what)
{
    if (heard_lines != lines || !strstr(heard_last, what))
        fail_msg("%u lines in place of %u, without \"%s\": %s", heard_lines,
                 lines, what, heard_last);
}

/* Like rig_run, with the folds of rows in their feed. */
static inline void group_run(step_rig *r, const group_rows *rows)
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
    for (uint32_t k = 0; k < p->feed_count; k++) {
        double *lane = mlpipe__program_lane(p, r->scratch, RIG_ROWS_MAX,
                                            p->feeds[k].reg);
        for (uint32_t i = 0; i < r->rows; i++)
            lane[i] = rows && rows->fold ? rows->fold[i] : NAN;
    }
    mlpipe__program_run_ops(p, r->scratch, RIG_ROWS_MAX, r->rows,
                            p->op_count, NULL);
}

static inline void group_read(step_rig *r, const group_rows *rows,
                              const char *name, double *out)
{
    const int32_t at = mlpipe__plan_find(&r->plan, name);

    if (at < 0)
        fail_msg("there is no feature \"%s\"", name);
    group_run(r, rows);
    const uint32_t reg = r->plan.vars[at].reg;
    for (uint32_t i = 0; i < r->rows; i++)
        out[i] = rig_valid(r, reg)[i] ? rig_values(r, reg)[i] : NAN;
}

/* The values of one chosen variable by group, as passes_group.c has them. */
static inline void group_gather(step_rig *r, const group_rows *rows,
                                uint32_t c)
{
    const mlpipe__var *v = &r->plan.vars[r->job.chosen[c]];
    const mlpipe__var *key = r->job.group_by == MLPIPE__GROUP_SELF
                                 ? v
                                 : &r->plan.vars[r->job.group_by - 1];
    const uint32_t folds = r->job.folds > 1 ? r->job.folds : 1;

    mlpipe__groups_init(&group_states[c], r->ctx->env,
                        (key->codes + 2) * folds);
    for (uint32_t i = 0; i < r->rows; i++) {
        const double k = rig_values(r, key->reg)[i];
        const bool known =
            rig_valid(r, key->reg)[i] && k >= 0 && k < key->codes;
        const uint32_t code =
            known ? (uint32_t)k : key->codes + !rig_valid(r, key->reg)[i];
        const uint32_t fold = folds > 1 ? (uint32_t)rows->fold[i] : 0;

        if (r->job.grouped_target || rig_valid(r, v->reg)[i])
            assert_true(mlpipe__groups_add(
                &group_states[c], code * folds + fold,
                r->job.grouped_target ? rows->target[i]
                                      : rig_values(r, v->reg)[i]));
    }
    assert_true(mlpipe__groups_finish(&group_states[c]));
}

/* Plan and fit a step that may want groups; its status. */
static inline mlpipe_status group_step(step_rig *r, const group_rows *rows,
                                       const mlpipe__step *step,
                                       const char *text)
{
    mlpipe_status st = rig_plan(r, step, text, rows ? rows->task : 0);

    if (st)
        return st;
    const bool grouped = r->job.group_by != MLPIPE__GROUP_NONE;
    for (uint32_t c = 0; grouped && c < r->job.chosen_count; c++)
        group_gather(r, rows, c);
    r->job.groups = grouped ? group_states : NULL;
    st = step->emit(&r->job);
    for (uint32_t c = 0; grouped && c < r->job.chosen_count; c++)
        mlpipe__groups_free(&group_states[c]);
    return st;
}

/*
 * The finished program gives a row alone, a row among others and a block the
 * same bits, in every feature and refusal.
 */
static inline void group_widths(step_rig *r, const group_rows *rows)
{
    mlpipe__program *p = r->plan.program;
    void *one;

    group_run(r, rows);
    assert_int_equal(0, posix_memalign(&one, 64,
                                       mlpipe__program_scratch(p, 1)));
    for (uint32_t i = 0; i < r->rows; i++) {
        for (uint32_t k = 0; k < r->inputs; k++)
            *mlpipe__program_lane(p, one, 1, k) = r->column[k][i];
        for (uint32_t k = 0; k < p->feed_count; k++)
            *mlpipe__program_lane(p, one, 1, p->feeds[k].reg) =
                rows && rows->fold ? rows->fold[i] : NAN;
        mlpipe__program_run_ops(p, one, 1, 1, p->op_count, NULL);
        for (uint32_t v = p->input_count; v < p->register_count; v++) {
            assert_int_equal(rig_valid(r, v)[i],
                             *mlpipe__program_valid(p, one, 1, v));
            assert_same(rig_values(r, v)[i],
                        *mlpipe__program_values(p, one, 1, v));
        }
    }
    free(one);
    assert_null(mlpipe__program_check(p, &r->ctx->env->limits));
}

/* What became of rows that a step refuses: 1 where they get no answer. */
static inline void group_refusals(step_rig *r, const group_rows *rows,
                                  double *out)
{
    group_run(r, rows);
    memset(out, 0, r->rows * sizeof *out);
    for (uint32_t k = 0; k < r->plan.refusal_count; k++)
        for (uint32_t i = 0; i < r->rows; i++)
            if (rig_values(r, r->plan.refusals[k])[i] != 0)
                out[i] = 1;
}

/* The context's message has this in it. */
static inline void assert_says(mlpipe_ctx *ctx, const char *what)
{
    if (!strstr(mlpipe_ctx_error(ctx)->text, what))
        fail_msg("\"%s\" is not in: %s", what, mlpipe_ctx_error(ctx)->text);
}

#endif
