/* SPDX-License-Identifier: MIT */
/* Learners of classes without a planner: the golden tables, all answers. */
#ifndef MLPIPE_TESTS_NEAR_RIG_H
#define MLPIPE_TESTS_NEAR_RIG_H

#include "train_rig.h"

#include "golden/neighbours.h"

/* The golden numbers, or the golden categories; the target of a task. */
static inline void near_table(rig_table *t, bool codes, uint32_t task)
{
    const uint32_t features =
        codes ? GOLDEN_NEAR_CATEGORIES : GOLDEN_NEAR_NUMBERS;
    static const uint32_t known[] = {2, 5, 9};

    rig_table_new(t, GOLDEN_NEAR_ROWS, features);
    for (uint32_t i = 0; i < GOLDEN_NEAR_ROWS; i++) {
        for (uint32_t f = 0; f < features; f++)
            t->x[f][i] =
                codes ? golden_near_codes[i][f] : golden_near_x[i][f];
        t->y[i] = golden_near_y[i][task == MLPIPE__TASK_REGRESSION ? 0
                                   : task == MLPIPE__TASK_MULTICLASS ? 1
                                                                     : 2];
    }
    for (uint32_t f = 0; codes && f < features; f++)
        t->codes[f] = known[f];
}

typedef struct near_fit {
    mlpipe__program *program;
    mlpipe_report *notes;
    uint32_t outputs;
    bool raw;
} near_fit;

static inline void near_fit_free(near_fit *f)
{
    mlpipe__program_free(f->program);
    mlpipe_report_free(f->notes);
    memset(f, 0, sizeof *f);
}

/* Three classes for MLPIPE__TASK_MULTICLASS. */
static inline mlpipe_status near_fit_new(mlpipe_ctx *ctx,
                                         const mlpipe__learner *l,
                                         const char *text, uint32_t task,
                                         rig_table *t, near_fit *out)
{
    static const char *const names[] = {"a", "b", "c"};
    uint32_t regs[RIG_FEATURES_MAX];
    mlpipe__params params;
    mlpipe_status st;
    char name[16];

    memset(out, 0, sizeof *out);
    assert_ok(ctx, mlpipe__params_parse(ctx, l->name, l->params,
                                        l->param_count, text, &params));
    mlpipe_report *notes = mlpipe__report_new(ctx->env, "notes");
    out->program = rig_program(ctx, t, regs);
    out->outputs = task == MLPIPE__TASK_MULTICLASS ? 3 : 1;
    mlpipe__fit_job job = {
        .ctx = ctx, .params = &params, .name = l->name, .task = task,
        .classes = task == MLPIPE__TASK_REGRESSION ? 0
                   : task == MLPIPE__TASK_BINARY   ? 2
                                                   : 3,
        .class_names = names, .train = rig_frame(t), .notes = notes,
        .program = out->program, .regs = regs, .raw = MLPIPE__NO_REG};
    st = l->fit(&job);
    mlpipe__params_free(&params);
    if (st) {
        mlpipe_report_free(notes);
        near_fit_free(out);
        return st;
    }
    for (uint32_t c = 0; c < out->outputs; c++) {
        snprintf(name, sizeof name, "y%u", c);
        mlpipe__program_add_output(out->program, name, job.out + c);
    }
    out->raw = job.raw != MLPIPE__NO_REG;
    for (uint32_t c = 0; c < out->outputs && out->raw; c++) {
        snprintf(name, sizeof name, "raw%u", c);
        mlpipe__program_add_output(out->program, name, job.raw + c);
    }
    assert_ok(ctx, mlpipe__program_seal(ctx, out->program));
    return mlpipe__report_seal(ctx, notes, &out->notes);
}

/* Answers for n rows, x row by row; row by row or as a block. */
static inline void near_predict(const near_fit *f, const double *x,
                                uint32_t n, bool rows, double *out)
{
    const mlpipe__program *p = f->program;
    const uint32_t width = rows ? 1 : MLPIPE__BLOCK_ROWS;
    const uint32_t step = rows ? 1 : n;
    void *scratch;

    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe__program_scratch(p, width)));
    for (uint32_t at = 0; at < n; at += step) {
        for (uint32_t i = 0; i < step; i++)
            for (uint32_t k = 0; k < p->input_count; k++)
                mlpipe__program_lane(p, scratch, width, k)[i] =
                    x[(size_t)(at + i) * p->input_count + k];
        mlpipe__program_run(p, scratch, width, step,
                            out + (size_t)at * p->output_count, NULL);
    }
    free(scratch);
}

/* Answers of a block, after checking that rows give the same bits. */
static inline void near_answers(const near_fit *f, const double *x,
                                uint32_t n, double *out)
{
    const size_t bytes = (size_t)n * f->program->output_count * 8;
    double *rows = malloc(bytes);

    near_predict(f, x, n, false, out);
    near_predict(f, x, n, true, rows);
    assert_memory_equal(out, rows, bytes);
    free(rows);
}

/* Answers to the golden queries beside a golden row: P of three and P of two
 * start at these places of it. */
static inline void near_compare(const near_fit *f, const double *x,
                                const double *want, double within)
{
    double got[GOLDEN_NEAR_QUERIES * 6];

    near_answers(f, x, GOLDEN_NEAR_QUERIES, got);
    for (uint32_t i = 0; i < GOLDEN_NEAR_QUERIES; i++)
        for (uint32_t c = 0; c < f->outputs; c++) {
            const double a = got[i * f->program->output_count + c];
            const double b = want[i * f->outputs + c];

            if (!(fabs(a - b) <= within * (fabs(b) > 1 ? fabs(b) : 1)))
                fail_msg("query %u, output %u: %.17g, not %.17g", i, c, a,
                         b);
        }
}

#endif
