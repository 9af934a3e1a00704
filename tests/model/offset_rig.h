/* SPDX-License-Identifier: MIT */
/* What the tests of offset= share: a table, recipes, fits, answers. */
#ifndef MLPIPE_TESTS_OFFSET_RIG_H
#define MLPIPE_TESTS_OFFSET_RIG_H

#include "model_support.h"

#include <math.h>

#include "golden/offset.h"
#include "report/report_types.h"

enum { ROWS = OFFSET_N };

static mlpipe_ctx *ctx;
static mlpipe_dataset *all;

/* Columns x0 x1 x2, off (null in every `gap`-th row where gap > 0), five (5),
 * exposure (e^off), w, y (0/1), z (a number above 0), left (z - off), day,
 * three (a text of 3 classes), id; `more` is added to off. */
static inline mlpipe_dataset *table_of(mlpipe_ctx *c, int gap, double more)
{
    static const char *const words[] = {"a", "b", "c"};
    static double x[OFFSET_P][ROWS], five[ROWS], exposure[ROWS], left[ROWS];
    static double off[ROWS];
    static uint8_t valid[ROWS];
    static int64_t y[ROWS], day[ROWS], id[ROWS];
    static const char *word[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int i = 0; i < ROWS; i++) {
        for (int f = 0; f < OFFSET_P; f++)
            x[f][i] = golden_offset_x[i][f];
        five[i] = 5;
        off[i] = golden_offset_off[i] + more;
        exposure[i] = exp(off[i]);
        left[i] = golden_offset_z[i] - off[i];
        valid[i] = !gap || i % gap;
        y[i] = (int64_t)golden_offset_y[i];
        day[i] = i;
        id[i] = 500 + i;
        word[i] = words[i % 3];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (int f = 0; f < OFFSET_P; f++) {
        const char name[] = {'x', (char)('0' + f), 0};
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64, x[f],
                                           NULL, ROWS));
    }
    assert_ok(c, mlpipe_builder_column(c, b, "off", MLPIPE_F64, off, valid,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "five", MLPIPE_F64, five, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "exposure", MLPIPE_F64, exposure,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, golden_offset_w,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_I64, y, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "z", MLPIPE_F64, golden_offset_z,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "left", MLPIPE_F64, left, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "day", MLPIPE_UNIT_S, day, NULL,
                                      ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "three", word, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static inline mlpipe_dataset *table(mlpipe_ctx *c, int gap)
{
    return table_of(c, gap, 0);
}

static inline int set_up(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    all = table(ctx, 0);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(all);
    mlpipe_ctx_free(ctx);
    return 0;
}

#define HEAD "features=x0,x1,x2 holdout=0 seed=4 "

/* steps: "kind", params, ..., NULL */
static inline mlpipe_pipeline *recipe(const char *roles,
                                      const char *const *steps)
{
    char text[200];
    mlpipe_pipeline *p;

    snprintf(text, sizeof text, HEAD "%s", roles);
    assert_ok(ctx, mlpipe_pipeline_new(ctx, text, &p));
    for (; *steps; steps += 2) {
        if (!strcmp(steps[0], "derive"))
            assert_ok(ctx, mlpipe_pipeline_derive(ctx, p, steps[1]));
        else
            assert_ok(ctx, mlpipe_pipeline_add(ctx, p, steps[0], steps[1]));
    }
    return p;
}

#define STEPS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline mlpipe_model *fit_on(const mlpipe_dataset *d, const char *roles,
                            const char *const *steps)
{
    mlpipe_pipeline *p = recipe(roles, steps);
    mlpipe_model *m;

    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static inline mlpipe_model *fit(const char *roles, const char *const *steps)
{
    return fit_on(all, roles, steps);
}

static inline double *answers(const mlpipe_model *m, const mlpipe_dataset *d)
{
    const uint32_t outputs = mlpipe_model_outputs(m);
    const size_t n = (size_t)mlpipe_dataset_rows(d) * outputs;
    double *out = calloc(n, sizeof *out);

    assert_ok(ctx, mlpipe_predict(ctx, m, d, out, n));
    return out;
}

/* The constant and the coefficients. */
static inline const double *line_of(const mlpipe_model *m)
{
    const mlpipe__program *p = m->program;
    const mlpipe__op *op = &p->ops[p->front_ops];

    assert_int_equal(MLPIPE__OP_LINEAR, op->code);
    return p->consts + op->b;
}

/* Numbers of all answers, or of the first `n`, within tol of each other. */
static inline void near_answers(const mlpipe_model *a, const mlpipe_model *b,
                         double tol)
{
    double *p = answers(a, all), *q = answers(b, all);

    assert_int_equal(mlpipe_model_outputs(a), mlpipe_model_outputs(b));
    for (uint32_t i = 0; i < ROWS * mlpipe_model_outputs(a); i++)
        assert_near(p[i], q[i], tol);
    free(p);
    free(q);
}

#endif
