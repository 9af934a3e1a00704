/* SPDX-License-Identifier: MIT */
/*
 * Small models made by hand, for tests of serving, monitoring and the cycle
 * that must not depend on what a fit makes of its data.
 */
#ifndef MLPIPE_TESTS_SERVE_SUPPORT_H
#define MLPIPE_TESTS_SERVE_SUPPORT_H

#include "support.h"

#include "model/model_internal.h"

/* The inputs of every model here: x uniform in [0, 1), n an integer 0 .. 9,
 * color one of three. */
static inline mlpipe__env *serve_env(mlpipe_ctx *c)
{
    return c->env;
}

static inline char *serve_text(mlpipe_ctx *c, const char *s)
{
    char *out = mlpipe__strdup(serve_env(c), s, strlen(s));
    assert_non_null(out);
    return out;
}

/* slope x + n + weight[color] + base; missing x and n are 0. */
static inline mlpipe__program *serve_program(mlpipe_ctx *c, double slope,
                                             double base,
                                             const double weight[3])
{
    static const char *const colors[] = {"red", "green", "blue"};
    mlpipe__program *p = mlpipe__program_new(serve_env(c));
    mlpipe__dict dict;
    uint32_t x, n, color, regs[3], words, consts;

    assert_non_null(p);
    mlpipe__dict_init(&dict, serve_env(c));
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(
            mlpipe__dict_add(&dict, colors[i], strlen(colors[i])), i);
    x = mlpipe__program_add_input(p, "x", MLPIPE_TYPE_F64, 0, MLPIPE__NUMBER,
                                  NULL);
    n = mlpipe__program_add_input(p, "n", MLPIPE_TYPE_I64, 0, MLPIPE__NUMBER,
                                  NULL);
    color = mlpipe__program_add_input(p, "color", MLPIPE_TYPE_CATEGORY, 0,
                                      MLPIPE__CODE, &dict);
    mlpipe__dict_free(&dict);
    const double zero[1] = {0.0};
    consts = mlpipe__program_const(p, zero, 1);
    regs[0] = mlpipe__program_op(p, MLPIPE__OP_IMPUTE, x, 0, consts, 0, 1);
    regs[1] = mlpipe__program_op(p, MLPIPE__OP_IMPUTE, n, 0, consts, 0, 1);
    const double look[5] = {weight[0], weight[1], weight[2], 0.0, 0.0};
    consts = mlpipe__program_const(p, look, 5);
    regs[2] = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, color, 0, consts, 3, 1);
    words = mlpipe__program_words(p, regs, 3);
    const double line[4] = {base, slope, 1.0, 1.0};
    consts = mlpipe__program_const(p, line, 4);
    p->front_ops = p->op_count;
    const uint32_t out = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0, consts,
                                            words, 3, 1);
    mlpipe__program_add_output(p, "y", out);
    assert_ok(c, mlpipe__program_seal(c, p));
    return p;
}

/* Equal shares of `rows` in cells between `cuts` even steps from low to high,
 * `missing` of them missing. */
static inline void serve_ref_number(mlpipe_ctx *c, mlpipe__ref_input *in,
                                    double low, double high, uint32_t steps,
                                    uint64_t rows, uint64_t missing)
{
    in->kind = MLPIPE__NUMBER;
    in->cut_count = steps + 1;
    in->cells = in->cut_count + 2;
    in->low = low;
    in->high = high;
    in->cuts = mlpipe__alloc_array(serve_env(c), in->cut_count, 8);
    in->counts = mlpipe__alloc_array(serve_env(c), in->cells, 8);
    assert_true(in->cuts && in->counts);
    in->counts[0] = missing;
    for (uint32_t i = 0; i <= steps; i++) {
        in->cuts[i] = low + (high - low) * i / steps;
        if (i)
            in->counts[i + 1] = (rows - missing) / steps;
    }
}

static inline void serve_reference(mlpipe_ctx *c, mlpipe_model *m,
                                   uint64_t rows)
{
    mlpipe__env *env = serve_env(c);
    mlpipe__reference *r = mlpipe__alloc(env, sizeof *r);

    assert_non_null(r);
    r->env = mlpipe__env_keep(env);
    r->rows = rows;
    r->input_count = 3;
    r->inputs = mlpipe__alloc_array(env, 3, sizeof *r->inputs);
    assert_non_null(r->inputs);
    serve_ref_number(c, &r->inputs[0], 0.0, 1.0, 20, rows, rows / 50);
    serve_ref_number(c, &r->inputs[1], 0.0, 10.0, 10, rows, 0);
    mlpipe__ref_input *color = &r->inputs[2];
    color->kind = MLPIPE__CODE;
    color->codes = 3;
    color->cells = 5;
    color->cell_of = mlpipe__alloc_array(env, 3, 4);
    color->counts = mlpipe__alloc_array(env, 5, 8);
    assert_true(color->cell_of && color->counts);
    for (uint32_t i = 0; i < 3; i++) {
        color->cell_of[i] = 2 + i;
        color->counts[2 + i] = rows / 3;
    }
    serve_ref_number(c, &r->score, 0.0, 11.0, 11, rows, 0);
    r->held_out = rows;
    r->metric_count = 1;
    r->metrics = mlpipe__alloc_array(env, 1, sizeof *r->metrics);
    assert_non_null(r->metrics);
    r->metrics[0].name = serve_text(c, "rmse");
    r->metrics[0].value = 1.0;
    r->metrics[0].se = 0.02;
    r->metrics[0].n = rows;
    m->reference = r;
}

static inline mlpipe_model *serve_model(mlpipe_ctx *c, double slope,
                                        double base, bool reference)
{
    const double weight[3] = {0.25, 0.5, 0.75};
    mlpipe_model *m = mlpipe__model_new(serve_env(c));

    assert_non_null(m);
    m->program = serve_program(c, slope, base, weight);
    m->task = MLPIPE__TASK_REGRESSION;
    m->target = serve_text(c, "y");
    m->id_column = serve_text(c, "id");
    m->id_type = MLPIPE_TYPE_I64;
    m->time_column = serve_text(c, "at");
    m->time_type = MLPIPE_TYPE_TIMESTAMP;
    m->time_unit = MLPIPE_UNIT_S;
    m->group_column = serve_text(c, "");
    m->weight_column = serve_text(c, "");
    if (reference)
        serve_reference(c, m, 6000);
    return m;
}

/* The host's record for them. */
typedef struct serve_record {
    double x;
    uint32_t color;
    int16_t n;
} serve_record;

static inline mlpipe_layout *serve_layout(mlpipe_ctx *c)
{
    mlpipe_layout *l;

    assert_ok(c, mlpipe_layout_new(c, sizeof(serve_record), &l));
    assert_ok(c, mlpipe_layout_field(c, l, "n", MLPIPE_I16,
                                     offsetof(serve_record, n)));
    assert_ok(c, mlpipe_layout_field(c, l, "x", MLPIPE_F64,
                                     offsetof(serve_record, x)));
    assert_ok(c, mlpipe_layout_field(c, l, "color", MLPIPE_TOKEN,
                                     offsetof(serve_record, color)));
    assert_ok(c, mlpipe_layout_missing(c, l, "n", -1));
    return l;
}

static inline uint32_t serve_token(mlpipe_ctx *c, mlpipe_layout *l,
                                   const char *text)
{
    uint32_t t = 0;

    assert_ok(c, mlpipe_layout_token(c, l, text, strlen(text), &t));
    return t;
}

/* Uniform in (0, 1), the same on every run. */
static inline double serve_random(uint64_t row, uint32_t draw)
{
    return mlpipe__random_unit(7, MLPIPE__FOR_TEST, 0, row, draw);
}

#endif
