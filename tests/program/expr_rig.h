/* SPDX-License-Identifier: MIT */
/*
 * A plan with columns of every type, and one row or many of them through the
 * program that expressions make, as a dataset or a worker would feed it.
 */
#ifndef MLPIPE_TESTS_EXPR_RIG_H
#define MLPIPE_TESTS_EXPR_RIG_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "program/program_internal.h"

enum expr_column {
    COL_X, COL_Y, COL_BIG, COL_FLAG, COL_SOLD, COL_BUILT, COL_SPAN, COL_CITY,
    COL_KIND, COL_NOTE, COL_LOT, COL_ODD, COL_PRICE, COL_COUNT
};

static const struct {
    const char *name;
    int32_t type, unit;
    const char *words[4];
} expr_columns[COL_COUNT] = {
    {"x", MLPIPE_TYPE_F64, 0, {0}},
    {"y", MLPIPE_TYPE_I64, 0, {0}},
    {"big", MLPIPE_TYPE_F64, 0, {0}},
    {"flag", MLPIPE_TYPE_BOOL, 0, {0}},
    {"sold", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_US, {0}},
    {"built", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_S, {0}},
    {"span", MLPIPE_TYPE_DURATION, MLPIPE_UNIT_MS, {0}},
    {"city", MLPIPE_TYPE_CATEGORY, 0, {"Lyon", "Paris", " Nice"}},
    {"kind", MLPIPE_TYPE_CATEGORY, 0, {"green", "red", "Paris"}},
    {"note", MLPIPE_TYPE_TEXT, 0, {"good house", "12,5 km", "2026-01-31"}},
    {"lot-size", MLPIPE_TYPE_F64, 0, {0}},
    {"odd `name", MLPIPE_TYPE_F64, 0, {0}},
    {"price", MLPIPE_TYPE_F64, 0, {0}},
};

/* NaN and NULL are null; a text may be one that no dictionary has. */
typedef struct expr_row {
    double number[COL_COUNT];
    const char *text[COL_COUNT];
    double as_of;
} expr_row;

typedef struct expr_rig {
    mlpipe_ctx *ctx;
    mlpipe__plan plan;
    void *scratch;
    uint32_t width;
    uint64_t *faults;
} expr_rig;

static inline bool expr_is_text_column(uint32_t i)
{
    return expr_columns[i].type == MLPIPE_TYPE_CATEGORY ||
           expr_columns[i].type == MLPIPE_TYPE_TEXT;
}

/* What the texts of an input were in training. */
static inline mlpipe_status
expr_each_text(mlpipe__plan *plan, mlpipe_ctx *ctx, uint32_t input,
               mlpipe_status (*each)(void *user, const char *text,
                                     size_t bytes),
               void *user)
{
    mlpipe_status st = MLPIPE_OK;

    (void)plan;
    (void)ctx;
    for (uint32_t i = 0; i < 4 && expr_columns[input].words[i] && !st; i++)
        st = each(user, expr_columns[input].words[i],
                  strlen(expr_columns[input].words[i]));
    return st;
}

static inline void expr_rig_column(expr_rig *r, uint32_t i)
{
    const bool text = expr_columns[i].type == MLPIPE_TYPE_TEXT;
    mlpipe__program *p = r->plan.program;
    mlpipe__var like = {.kind = expr_is_text_column(i) ? MLPIPE__CODE
                                                       : MLPIPE__NUMBER,
                        .origin = i,
                        .type = expr_columns[i].type,
                        .unit = expr_columns[i].unit,
                        .nullable = i != COL_BIG,
                        .feature = i != COL_PRICE,
                        .tainted = i == COL_PRICE};
    mlpipe__dict dict;
    mlpipe__var *made;

    mlpipe__dict_init(&dict, r->ctx->env);
    for (uint32_t w = 0; w < 4 && !text && expr_columns[i].words[w]; w++)
        (void)mlpipe__dict_add(&dict, expr_columns[i].words[w],
                               strlen(expr_columns[i].words[w]));
    like.reg = mlpipe__program_add_input(
        p, expr_columns[i].name, like.type, like.unit, like.kind,
        like.kind == MLPIPE__CODE ? &dict : NULL);
    like.codes = dict.count;
    mlpipe__dict_free(&dict);
    if (!p->failed && !text)
        like.dict = p->inputs[like.reg].dict;
    if (!p->failed)
        (void)!mlpipe__plan_add(r->ctx, &r->plan, &like,
                                expr_columns[i].name, like.reg, &made);
}

/* On a context that stays the caller's. */
static inline void expr_rig_open(expr_rig *r, mlpipe_ctx *ctx)
{
    memset(r, 0, sizeof *r);
    r->ctx = ctx;
    r->plan.env = ctx->env;
    r->plan.each_text = expr_each_text;
    r->plan.fit_year = 2026;
    r->plan.program = mlpipe__program_new(ctx->env);
    for (uint32_t i = 0; i < COL_COUNT && r->plan.program; i++)
        expr_rig_column(r, i);
}

static inline void expr_rig_close(expr_rig *r)
{
    mlpipe__plan_free(&r->plan);
    mlpipe__program_free(r->plan.program);
    free(r->scratch);
    free(r->faults);
}

/* Ready to run rows of this width. */
static inline mlpipe_status expr_rig_seal(expr_rig *r, uint32_t width)
{
    mlpipe__program *p = r->plan.program;
    const mlpipe_status st = mlpipe__program_seal(r->ctx, p);

    if (st)
        return st;
    free(r->scratch);
    free(r->faults);
    if (posix_memalign(&r->scratch, 64, mlpipe__program_scratch(p, width)))
        abort();
    r->faults = calloc(p->op_count + 1, sizeof *r->faults);
    r->width = width;
    return MLPIPE_OK;
}

static inline double expr_rig_code(const mlpipe__program *p, uint32_t input,
                                   const char *text)
{
    uint32_t code;

    if (!text)
        return NAN;
    code = mlpipe__dict_find(p->inputs[input].dict, text, strlen(text));
    return code == UINT32_MAX ? -1.0 : code;
}

/* Write a row into place `at` of the lanes. */
static inline void expr_rig_load(expr_rig *r, const expr_row *row,
                                 uint32_t at)
{
    const mlpipe__program *p = r->plan.program;

    for (uint32_t i = 0; i < COL_COUNT; i++)
        mlpipe__program_lane(p, r->scratch, r->width, i)[at] =
            expr_is_text_column(i) ? expr_rig_code(p, i, row->text[i])
                                   : row->number[i];
    for (uint32_t i = 0; i < p->feed_count; i++) {
        const mlpipe__feed *f = &p->feeds[i];
        const char *text =
            f->source == MLPIPE__FEED_TEXT ? row->text[f->input] : NULL;
        mlpipe__program_lane(p, r->scratch, r->width, f->reg)[at] =
            f->source == MLPIPE__FEED_TIME
                ? row->as_of
                : mlpipe__feed_value(f, text, text ? strlen(text) : 0);
    }
}

static inline void expr_rig_run(expr_rig *r, uint32_t n)
{
    mlpipe__program_run_ops(r->plan.program, r->scratch, r->width, n,
                            r->plan.program->op_count, r->faults);
}

/* A value of a variable behind a run; NaN where it is null. */
static inline double expr_rig_value(const expr_rig *r, uint32_t var,
                                    uint32_t at)
{
    const uint32_t reg = r->plan.vars[var].reg;

    return mlpipe__program_valid(r->plan.program, r->scratch, r->width,
                                 reg)[at]
               ? mlpipe__program_values(r->plan.program, r->scratch, r->width,
                                        reg)[at]
               : NAN;
}

/* The text of a category's code: "<null>", "<unseen>". */
static inline const char *expr_rig_text(const expr_rig *r, uint32_t var,
                                        uint32_t at)
{
    const double code = expr_rig_value(r, var, at);

    if (isnan(code))
        return "<null>";
    return code < 0 ? "<unseen>"
                    : mlpipe__dict_text(r->plan.vars[var].dict,
                                        (uint32_t)code);
}

static inline uint64_t expr_rig_faults(const expr_rig *r)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < r->plan.program->op_count; i++)
        sum += r->faults[i];
    return sum;
}

/* x 2.5, y 7, a sale on Saturday 2026-01-31 10:20:30 ... */
static inline expr_row expr_row_plain(void)
{
    expr_row r = {0};

    r.number[COL_X] = 2.5;
    r.number[COL_Y] = 7;
    r.number[COL_BIG] = 1e300;
    r.number[COL_FLAG] = 1;
    r.number[COL_SOLD] = 1769854830e6;
    r.number[COL_BUILT] = 946684800; /* 2000-01-01 */
    r.number[COL_SPAN] = 90e3;
    r.number[COL_LOT] = 3;
    r.number[COL_ODD] = 4;
    r.number[COL_PRICE] = 5;
    r.text[COL_CITY] = "Paris";
    r.text[COL_KIND] = "red";
    r.text[COL_NOTE] = "good house";
    r.as_of = 1785542400e6; /* 2026-08-01 */
    return r;
}

static inline expr_row expr_row_null(void)
{
    expr_row r = {0};

    for (uint32_t i = 0; i < COL_COUNT; i++)
        r.number[i] = NAN;
    r.as_of = NAN;
    return r;
}

#endif
