/* SPDX-License-Identifier: MIT */
/*
 * Expressions over a dataset, outside of any recipe: rows where one is true,
 * and columns that are made of others. They are compiled and run as a fit
 * does with those of derive and filter, by a plan that reads no other column.
 */
#include "fit_types.h"

enum { COMPUTE_PIECE = 512, COMPUTE_UNKNOWN = 2 };

/* ---- a plan of its own -------------------------------------------------- */

static mlpipe_status compute_open(mlpipe__fitting *f, const char *text,
                                  bool derive)
{
    mlpipe__env *env = f->ctx->env;
    f->train.data = mlpipe__dataset_keep(f->given);
    f->model = mlpipe__model_new(env);
    if (!f->model)
        return mlpipe__nomem(f->ctx);
    f->model->program = mlpipe__program_new(env);
    if (!f->model->program)
        return mlpipe__nomem(f->ctx);
    f->inputs.env = f->plan.env = env;
    f->inputs.program = f->plan.program = f->model->program;
    f->plan.rows = "row";
    return mlpipe__fit_reads(f, f->stage, text, derive);
}

static void compute_close(mlpipe__fitting *f)
{
    mlpipe__plan_free(&f->inputs);
    mlpipe__plan_free(&f->plan);
    mlpipe__fit_rows_free(f->ctx->env, &f->train);
    mlpipe_model_free(f->model);
}

/* The time of a call is none of a dataset's. */
static mlpipe_status compute_no_time(const mlpipe__fitting *f)
{
    const mlpipe__program *p = f->plan.program;
    for (uint32_t i = 0; i < p->feed_count; i++)
        if (p->feeds[i].source == MLPIPE__FEED_TIME)
            return mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                                "%s: as_of is the time of a row in a recipe, "
                                "and a dataset by itself has none; write the "
                                "column that it is, or a date such as "
                                "@2026-01-31",
                                f->stage);
    return MLPIPE_OK;
}

/* ---- what a double does not hold ---------------------------------------- */

/* Rows of a whole-number column that a double rounds, and the first of them. */
static int64_t compute_rounded(const mlpipe_dataset *d, uint32_t column,
                               int64_t *first)
{
    int64_t values[COMPUTE_PIECE], rounded = 0;
    uint8_t valid[COMPUTE_PIECE];
    uint32_t n, i;
    for (int64_t at = 0; at < d->rows; at += n) {
        n = d->rows - at < COMPUTE_PIECE ? (uint32_t)(d->rows - at)
                                         : COMPUTE_PIECE;
        mlpipe__dataset_block_i64(d, column, at, n, values, valid);
        for (i = 0; i < n; i++) {
            const double x = (double)values[i];
            if (x < 0x1p63 && (int64_t)x == values[i])
                continue;
            if (!rounded++)
                *first = at + i;
        }
    }
    return rounded;
}

static mlpipe_status compute_exact_input(const mlpipe__fitting *f,
                                         const mlpipe__program_input *in)
{
    const mlpipe_dataset *d = f->given;
    const int32_t column = mlpipe_dataset_find(d, in->name);
    int64_t first = 0;
    const int64_t rounded = compute_rounded(d, (uint32_t)column, &first);
    if (!rounded)
        return MLPIPE_OK;
    if (in->type == MLPIPE_TYPE_I64) {
        mlpipe__fail(f->ctx, MLPIPE_E_NUMERIC,
                     "%s: %q has whole numbers that a double does not hold "
                     "exactly, in %lld of %lld rows, the first of them row "
                     "%lld, and expressions compute with doubles; read it as "
                     "text to compare it",
                     f->stage, in->name, (long long)rounded,
                     (long long)d->rows, (long long)first);
        return mlpipe__fail_at(f->ctx, first, in->name);
    }
    mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, f->stage,
                     "%s: %lld of %lld times were rounded to what a double "
                     "holds; in a coarser unit than %s they pass exactly",
                     in->name, (long long)rounded, (long long)d->rows,
                     mlpipe__unit_name(in->unit));
    return MLPIPE_OK;
}

/* Is the variable an input as it is, and no other view of its numbers? */
static bool compute_is_input(const mlpipe__program *p, const mlpipe__var *v)
{
    return v->reg < p->input_count && v->type == p->inputs[v->reg].type
        && v->unit == p->inputs[v->reg].unit;
}

/* Does an op read the numbers of an input, or a variable take them for others?
 * Whether they are null is known without them. */
static bool compute_is_read(const mlpipe__plan *plan, uint32_t reg)
{
    const mlpipe__program *p = plan->program;
    for (uint32_t i = 0; i < plan->var_count; i++)
        if (plan->vars[i].reg == reg && !compute_is_input(p, &plan->vars[i]))
            return true;
    for (uint32_t i = 0; i < p->op_count; i++)
        for (uint32_t k = 0; k < mlpipe__op_reads(p, &p->ops[i]); k++)
            if (mlpipe__op_read(p, &p->ops[i], k) == reg
                && p->ops[i].code != MLPIPE__OP_IS_NULL)
                return true;
    return false;
}

static mlpipe_status compute_exact(const mlpipe__fitting *f)
{
    const mlpipe__program *p = f->plan.program;
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < p->input_count; i++)
        if ((p->inputs[i].type == MLPIPE_TYPE_I64
             || p->inputs[i].type == MLPIPE_TYPE_TIMESTAMP
             || p->inputs[i].type == MLPIPE_TYPE_DURATION)
            && compute_is_read(&f->plan, i))
            st = compute_exact_input(f, &p->inputs[i]);
    return st;
}

/* ---- running ------------------------------------------------------------ */

/* One pass over the rows, whose blocks go to `block`; faults are told. */
static mlpipe_status compute_run(mlpipe__fitting *f,
                                 void (*block)(const mlpipe__pass *pass,
                                               uint32_t task,
                                               const void *scratch,
                                               int64_t start, uint32_t n),
                                 void *user)
{
    const mlpipe__program *p = f->plan.program;
    const mlpipe__pass pass = {mlpipe__fit_tasks(f), block, user};
    uint64_t *faults = NULL;
    mlpipe_status st = p->failed ? mlpipe__nomem(f->ctx) : compute_no_time(f);
    if (!st)
        st = compute_exact(f);
    if (!st)
        st = mlpipe__bind_dataset(f->ctx, p, f->given, "",
                                  &f->train.binding);
    if (!st) {
        faults = mlpipe__alloc_array(f->ctx->env, p->op_count,
                                     sizeof *faults);
        st = faults ? mlpipe__fit_pass(f, &pass, faults)
                    : mlpipe__nomem(f->ctx);
    }
    if (!st)
        st = mlpipe__fit_tell_faults(f, faults);
    mlpipe__free(f->ctx->env, faults);
    return st;
}

/* ---- filter ------------------------------------------------------------- */

typedef struct compute_sieve {
    const mlpipe__program *program;
    uint32_t reg;
    uint8_t *keep; /* rows: 1, 0 or COMPUTE_UNKNOWN */
} compute_sieve;

static void compute_sieve_block(const mlpipe__pass *pass, uint32_t task,
                                const void *scratch, int64_t start,
                                uint32_t n)
{
    const compute_sieve *s = pass->user;
    const double *x = mlpipe__program_values(s->program, scratch,
                                             MLPIPE__BLOCK_ROWS, s->reg);
    const uint8_t *valid = mlpipe__program_valid(
        s->program, scratch, MLPIPE__BLOCK_ROWS, s->reg);
    (void)task;
    for (uint32_t i = 0; i < n; i++)
        s->keep[start + i] = valid[i] ? x[i] != 0 : COMPUTE_UNKNOWN;
}

/* Which rows stay; the others are told by their kind. */
static mlpipe_status compute_keep(mlpipe__fitting *f, uint8_t *keep,
                                  mlpipe_dataset **out)
{
    const int64_t rows = f->given->rows;
    int64_t kept = 0, unknown = 0;
    for (int64_t i = 0; i < rows; i++) {
        unknown += keep[i] == COMPUTE_UNKNOWN;
        keep[i] = keep[i] == 1;
        kept += keep[i];
    }
    const mlpipe_status st = mlpipe__fit_view(f->ctx, f->given, keep, out);
    if (!st)
        mlpipe__log_line(f->ctx,
                         unknown ? MLPIPE_LOG_WARN : MLPIPE_LOG_INFO,
                         f->stage,
                         "%lld of %lld rows were kept; for %lld the "
                         "condition was null",
                         (long long)kept, (long long)rows,
                         (long long)unknown);
    return st;
}

static mlpipe_status compute_filter(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                    const char *condition,
                                    mlpipe_dataset **out)
{
    mlpipe__fitting f = {.ctx = ctx, .given = d, .stage = "filter"};
    compute_sieve s = {0};
    mlpipe__var found, *var = NULL;
    mlpipe_status st = compute_open(&f, condition, false);
    if (!st)
        st = mlpipe__expr_condition(ctx, &f.plan, f.stage, condition, NULL,
                                    &found);
    if (!st) /* a feature without a name, so that a fault can tell it */
        st = mlpipe__plan_add(ctx, &f.plan, &found, "", found.reg, &var);
    if (!st) {
        s.program = f.plan.program;
        s.reg = var->reg;
        s.keep = mlpipe__alloc(ctx->env, (size_t)d->rows);
        st = s.keep ? compute_run(&f, compute_sieve_block, &s)
                    : mlpipe__nomem(ctx);
    }
    if (!st)
        st = compute_keep(&f, s.keep, out);
    mlpipe__free(ctx->env, s.keep);
    compute_close(&f);
    return st;
}

mlpipe_status mlpipe_dataset_filter(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *dataset,
                                    const char *condition,
                                    mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_filter");
    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !condition)
        st = mlpipe__null_arg(ctx, "condition");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = compute_filter(ctx, dataset, condition, out);
    return mlpipe__end(ctx, st);
}

/* ---- columns ------------------------------------------------------------ */

typedef struct compute_columns {
    mlpipe__fitting *f;
    uint32_t count;     /* of variables that the text defines */
    uint32_t *vars;     /* their places in the plan */
    double *values;     /* count x rows; NaN = null */
    int64_t *places;
    uint8_t *whole;     /* of each register */
    mlpipe__column **columns;
    uint32_t column_count;
} compute_columns;

static void compute_columns_block(const mlpipe__pass *pass, uint32_t task,
                                  const void *scratch, int64_t start,
                                  uint32_t n)
{
    const compute_columns *c = pass->user;
    const mlpipe__plan *plan = &c->f->plan;
    (void)task;
    for (uint32_t k = 0; k < c->count; k++) {
        const uint32_t reg = plan->vars[c->vars[k]].reg;
        const double *x = mlpipe__program_values(plan->program, scratch,
                                                 MLPIPE__BLOCK_ROWS, reg);
        const uint8_t *valid = mlpipe__program_valid(
            plan->program, scratch, MLPIPE__BLOCK_ROWS, reg);
        double *out = c->values + (size_t)k * (size_t)c->f->given->rows;
        for (uint32_t i = 0; i < n; i++)
            out[start + i] = valid[i] ? x[i] : mlpipe__nan();
    }
}

static mlpipe_status compute_columns_room(compute_columns *c)
{
    const mlpipe_dataset *d = c->f->given;
    const mlpipe__plan *plan = &c->f->plan;
    mlpipe__env *env = c->f->ctx->env;
    size_t cells;
    c->vars = mlpipe__alloc_array(env, plan->var_count, sizeof *c->vars);
    for (uint32_t i = 0; c->vars && i < plan->var_count; i++)
        if (plan->vars[i].feature)
            c->vars[c->count++] = i;
    c->columns = mlpipe__alloc_array(env, (size_t)d->column_count + c->count,
                                     sizeof *c->columns);
    c->whole = mlpipe__alloc(env, plan->program->register_count);
    c->places = mlpipe__dataset_places(env, d);
    if (!mlpipe__mul((size_t)d->rows, c->count, &cells))
        c->values = mlpipe__alloc_array(env, cells, sizeof *c->values);
    return c->vars && c->columns && c->whole && c->places && c->values
               ? MLPIPE_OK : mlpipe__nomem(c->f->ctx);
}

/* A variable that is an input is that column, by its name. */
static mlpipe_status compute_column_of(compute_columns *c, uint32_t k,
                                       mlpipe__column **out)
{
    const mlpipe_dataset *d = c->f->given;
    const mlpipe__program *p = c->f->plan.program;
    mlpipe__var v = c->f->plan.vars[c->vars[k]];
    if (compute_is_input(p, &v)) {
        const int32_t at = mlpipe_dataset_find(d, p->inputs[v.reg].name);
        *out = mlpipe__column_renamed(d->columns[at], v.name,
                                      strlen(v.name));
        return *out ? MLPIPE_OK : mlpipe__nomem(c->f->ctx);
    }
    if (v.kind == MLPIPE__NUMBER && v.type == MLPIPE_TYPE_F64
        && c->whole[v.reg])
        v.type = MLPIPE_TYPE_I64;
    return mlpipe__compute_column(
        c->f->ctx, &v, d, c->values + (size_t)k * (size_t)d->rows, c->places,
        out);
}

/* In the place of the column of that name, or behind the others. */
static mlpipe_status compute_place(compute_columns *c, uint32_t k)
{
    const char *name = c->f->plan.vars[c->vars[k]].name;
    const int32_t at = mlpipe_dataset_find(c->f->given, name);
    mlpipe__column *made = NULL;
    const mlpipe_status st = compute_column_of(c, k, &made);
    if (st)
        return st;
    if (at >= 0) {
        mlpipe__column_drop(c->columns[at]);
        c->columns[at] = made;
    } else {
        c->columns[c->column_count++] = made;
    }
    return MLPIPE_OK;
}

static mlpipe_status compute_give(compute_columns *c, mlpipe_dataset **out)
{
    const mlpipe_dataset *d = c->f->given;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__compute_whole(c->f->plan.program, c->whole);
    for (uint32_t i = 0; i < d->column_count; i++)
        c->columns[i] = mlpipe__column_keep(d->columns[i]);
    c->column_count = d->column_count;
    for (uint32_t k = 0; !st && k < c->count; k++)
        st = compute_place(c, k);
    if (!st)
        return mlpipe__dataset_over(c->f->ctx, d, c->columns,
                                    c->column_count, out);
    while (c->column_count--)
        mlpipe__column_drop(c->columns[c->column_count]);
    return st;
}

static mlpipe_status compute_with(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  const char *expressions,
                                  mlpipe_dataset **out)
{
    mlpipe__fitting f = {.ctx = ctx, .given = d, .stage = "with_column"};
    compute_columns c = {.f = &f};
    mlpipe_status st = compute_open(&f, expressions, true);
    if (!st)
        st = mlpipe__expr_derive(ctx, &f.plan, f.stage, expressions, NULL);
    if (!st)
        st = compute_columns_room(&c);
    if (!st)
        st = compute_run(&f, compute_columns_block, &c);
    if (!st)
        st = compute_give(&c, out);
    mlpipe__free(ctx->env, c.columns);
    mlpipe__free(ctx->env, c.whole);
    mlpipe__free(ctx->env, c.places);
    mlpipe__free(ctx->env, c.values);
    mlpipe__free(ctx->env, c.vars);
    compute_close(&f);
    return st;
}

mlpipe_status mlpipe_dataset_with_column(mlpipe_ctx *ctx,
                                         const mlpipe_dataset *dataset,
                                         const char *expressions,
                                         mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_with_column");
    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !expressions)
        st = mlpipe__null_arg(ctx, "expressions");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = compute_with(ctx, dataset, expressions, out);
    return mlpipe__end(ctx, st);
}
