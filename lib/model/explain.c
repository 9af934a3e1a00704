/* SPDX-License-Identifier: MIT */
/*
 * Explaining a fit: which pass gathered what, where every feature comes from,
 * and the operations that a row goes through.
 */
#include "fit_types.h"

/* ---- while it is planned ------------------------------------------------ */

static mlpipe_status explain_mark(mlpipe__fitting *f, uint32_t var,
                                  uint32_t step)
{
    if (f->mark_count == f->mark_room) {
        const uint32_t room = f->mark_room ? 2 * f->mark_room : 64;
        mlpipe__fit_mark *grown =
            mlpipe__grow(f->ctx->env, f->marks, room, sizeof *grown);
        if (!grown)
            return mlpipe__nomem(f->ctx);
        f->marks = grown;
        f->mark_room = room;
    }
    f->marks[f->mark_count++] = (mlpipe__fit_mark){var, step};
    return MLPIPE_OK;
}

mlpipe_status mlpipe__fit_mark_step(mlpipe__fitting *f, uint32_t step,
                                    uint32_t first)
{
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < f->plan.var_count; i++)
        if (f->plan.vars[i].reg >= first && f->plan.vars[i].name[0])
            st = explain_mark(f, i, step);
    return st;
}

/* The variable that lies in a register now; NULL where none does. */
static const mlpipe__var *explain_var(const mlpipe__plan *plan, uint32_t reg)
{
    for (uint32_t i = plan->var_count; i-- > 0;)
        if (plan->vars[i].reg == reg && plan->vars[i].name[0])
            return &plan->vars[i];
    return NULL;
}

void mlpipe__fit_mark_pass(mlpipe__fitting *f, const mlpipe__fit_want *wants,
                           uint32_t count)
{
    static const char *const what[] = {"moments", "quantiles", "counts"};
    mlpipe__text *t = &f->passes_text;
    mlpipe__text_add(t, "  %u  for %s:", f->passes + 1,
                     f->steps[f->step_now].job.name);
    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__var *v = explain_var(&f->plan, wants[i].reg);
        const char *before = " (";
        mlpipe__text_add(t, "%s %s", i ? "," : "", v ? v->name : "?");
        for (uint32_t k = 0; k < 3; k++) {
            if (!(wants[i].needs & 1u << k))
                continue;
            mlpipe__text_add(t, "%s%s", before, what[k]);
            before = ", ";
        }
        mlpipe__text_add(t, ")");
    }
    mlpipe__text_add(t, "\n");
}

/* Inputs that a register is made of, marked in `made`. */
static void explain_inputs(const mlpipe__program *p, uint32_t reg,
                           uint8_t *made)
{
    memset(made, 0, p->register_count);
    made[reg] = 1;
    for (uint32_t i = p->op_count; i-- > 0;) {
        const mlpipe__op *op = &p->ops[i];
        const uint32_t reads = mlpipe__op_reads(p, op);
        const bool any =
            memchr(made + op->dst, 1, mlpipe__op_width(p, op)) != NULL;
        for (uint32_t k = 0; any && k < reads; k++)
            made[mlpipe__op_read(p, op, k)] = 1;
        if (any && op->code == MLPIPE__OP_FEED &&
            p->feeds[op->arg].source == MLPIPE__FEED_TEXT)
            made[p->feeds[op->arg].input] = 1;
    }
}

static bool explain_reads_time(const mlpipe__program *p, const uint8_t *made)
{
    for (uint32_t i = 0; i < p->feed_count; i++)
        if (p->feeds[i].source == MLPIPE__FEED_TIME &&
            made[p->feeds[i].reg])
            return true;
    return false;
}

static void explain_feature(const mlpipe__fitting *f, uint32_t var,
                            uint8_t *made, mlpipe__text *t)
{
    const mlpipe__program *p = f->plan.program;
    const mlpipe__var *v = &f->plan.vars[var];
    const char *before = " from ";
    explain_inputs(p, v->reg, made);
    mlpipe__text_add(t, "  %s:", v->name);
    for (uint32_t i = 0; i < p->input_count; i++) {
        if (!made[i])
            continue;
        mlpipe__text_add(t, "%s%s", before, p->inputs[i].name);
        before = ", ";
    }
    if (explain_reads_time(p, made))
        mlpipe__text_add(t, "%sas_of", before);
    before = " by ";
    for (uint32_t i = 0; i < f->mark_count; i++) {
        if (f->marks[i].var != var)
            continue;
        mlpipe__text_add(t, "%s%s", before,
                         f->steps[f->marks[i].step].job.name);
        before = ", ";
    }
    mlpipe__text_add(t, "\n");
}

mlpipe_status mlpipe__fit_tell_plan(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    uint8_t *made = mlpipe__alloc(env, f->plan.program->register_count);
    mlpipe__text t;
    mlpipe__text_init(&t, env);
    if (f->passes_text.size) {
        mlpipe__text_add(&t, "passes over the training rows\n");
        mlpipe__text_put(&t, f->passes_text.data, f->passes_text.size);
    }
    mlpipe__text_add(&t, "features\n");
    for (uint32_t i = 0; made && i < f->plan.var_count; i++)
        if (f->plan.vars[i].feature)
            explain_feature(f, i, made, &t);
    for (uint32_t i = 0; made && i < f->plan.var_count; i++) {
        if (f->plan.vars[i].reg != f->offset || !f->plan.vars[i].name[0] ||
            strcmp(f->plan.vars[i].name, mlpipe__fit_offset_name(f)))
            continue;
        mlpipe__text_add(&t, "offset\n");
        explain_feature(f, i, made, &t);
    }
    const bool failed = !made || t.failed || f->passes_text.failed;
    if (!failed)
        mlpipe__report_text(f->notes, "plan", t.data, t.size);
    mlpipe__text_free(&t);
    mlpipe__free(env, made);
    return failed ? mlpipe__nomem(f->ctx) : MLPIPE_OK;
}

/* ---- a fitted one ------------------------------------------------------- */

enum {
    EXPLAIN_SHOWN = 8, /* edges and texts of a list; then ... */
    EXPLAIN_BYTES = 40 /* bytes of a text; then ... */
};

/* Function of the language that a step on texts is, by its code. */
static const char *explain_step_name(uint32_t code)
{
    static const char *const texts[] = {
        "lower", "upper", "trim", "squeeze", "strip_accents", "substr",
        "replace", "split_part", "map", "concat", "null_if"};
    static const char *const numbers[] = {
        "len", "contains", "starts", "ends", "equals", "parse_num",
        "parse_unit", "parse_date", "parse_bool"};
    return mlpipe__text_step_ends(code) ? numbers[code - MLPIPE__TEXT_LENGTH]
                                        : texts[code - MLPIPE__TEXT_LOWER];
}

/* lower, or replace("what", "by"), or substr(1, 3) */
static void explain_step(const mlpipe__text_step *s, mlpipe__text *t)
{
    const uint32_t numbers = s->code == MLPIPE__TEXT_SUBSTR       ? 2
                             : s->code == MLPIPE__TEXT_SPLIT_PART ? 1
                                                                  : 0;
    const char *before = "(";
    mlpipe__text_add(t, "%s", explain_step_name(s->code));
    for (uint32_t i = 0; i < s->text_count && i < EXPLAIN_SHOWN; i++) {
        const bool cut = s->bytes[i] > EXPLAIN_BYTES;
        mlpipe__text_add(t, "%s%.*q%s", before,
                         cut ? EXPLAIN_BYTES : (int)s->bytes[i],
                         s->texts[i], cut ? "..." : "");
        before = ", ";
    }
    if (s->text_count > EXPLAIN_SHOWN)
        mlpipe__text_add(t, ", ...");
    for (uint32_t i = 0; i < numbers; i++) {
        mlpipe__text_add(t, "%s%g", before, s->number[i]);
        before = ", ";
    }
    if (before[0] == ',')
        mlpipe__text_add(t, ")");
}

/* What becomes of a text before it is a number or a code. */
static void explain_feed(const mlpipe__program *p, const mlpipe__feed *f,
                         mlpipe__text *t)
{
    if (f->source != MLPIPE__FEED_TEXT) {
        mlpipe__text_add(t, " as_of");
        return;
    }
    mlpipe__text_add(t, " %s", p->inputs[f->input].name);
    for (uint32_t i = 0; i < f->step_count; i++) {
        mlpipe__text_add(t, i ? ", " : ": ");
        explain_step(&f->steps[i], t);
    }
    if (f->dict)
        mlpipe__text_add(t, "%s code of %u text%s",
                         f->step_count ? "," : ":", f->dict->count,
                         f->dict->count == 1 ? "" : "s");
}

/* The edges of cells, and on which side a cell is closed. */
static void explain_edges(const mlpipe__program *p, const mlpipe__op *op,
                          mlpipe__text *t)
{
    for (uint32_t i = 0; i < op->count && i < EXPLAIN_SHOWN; i++)
        mlpipe__text_add(t, "%s%g", i ? ", " : " at ",
                         p->consts[op->arg + i]);
    if (op->count > EXPLAIN_SHOWN)
        mlpipe__text_add(t, ", ...");
    mlpipe__text_add(t, " closed %s", op->b ? "right" : "left");
}

static void explain_consts(const mlpipe__program *p, const mlpipe__op *op,
                           mlpipe__text *t)
{
    const uint32_t n = mlpipe__op_consts(op->code);
    for (uint32_t i = 0; i < n; i++)
        mlpipe__text_add(t, ", %g", p->consts[op->arg + i]);
}

/* 0.5 + 2 r1 - 3 r2 */
static void explain_linear(const mlpipe__program *p, const mlpipe__op *op,
                           mlpipe__text *t)
{
    const double *form = p->consts + op->b;
    mlpipe__text_add(t, " %g", form[0]);
    for (uint32_t i = 0; i < op->count && i < EXPLAIN_SHOWN; i++)
        mlpipe__text_add(t, " %s %g r%u", form[1 + i] < 0 ? "-" : "+",
                         form[1 + i] < 0 ? -form[1 + i] : form[1 + i],
                         mlpipe__op_read(p, op, i));
    if (op->count > EXPLAIN_SHOWN)
        mlpipe__text_add(t, " + ... of %u", op->count);
}

static void explain_op(const mlpipe__program *p, const mlpipe__op *op,
                       mlpipe__text *t)
{
    const bool linear = op->code == MLPIPE__OP_LINEAR;
    const uint32_t reads = linear ? 0 : mlpipe__op_reads(p, op);
    const uint32_t width = mlpipe__op_width(p, op);
    mlpipe__text_add(t, "  r%u", op->dst);
    if (width > 1)
        mlpipe__text_add(t, "..r%u", op->dst + width - 1);
    mlpipe__text_add(t, " = %s", mlpipe__op_name(op->code));
    if (op->code == MLPIPE__OP_FOREST)
        mlpipe__text_add(t, " of %u trees", p->forests[op->a]->trees);
    if (op->code == MLPIPE__OP_KNN)
        mlpipe__text_add(t, " of %u points", p->points[op->a]->rows);
    if (op->code == MLPIPE__OP_FEED)
        explain_feed(p, &p->feeds[op->arg], t);
    if (linear)
        explain_linear(p, op, t);
    for (uint32_t i = 0; i < reads && i < 6; i++)
        mlpipe__text_add(t, "%s r%u", i ? "," : "",
                         mlpipe__op_read(p, op, i));
    if (reads > 6)
        mlpipe__text_add(t, " and %u more", reads - 6);
    explain_consts(p, op, t);
    if (op->code == MLPIPE__OP_BUCKET)
        explain_edges(p, op, t);
    mlpipe__text_add(t, "\n");
}

static void explain_program(const mlpipe__program *p, mlpipe__text *t)
{
    mlpipe__text_add(t, "inputs\n");
    for (uint32_t i = 0; i < p->input_count; i++)
        mlpipe__text_add(t, "  r%u = %s, %s\n", i, p->inputs[i].name,
                         mlpipe__type_name(p->inputs[i].type));
    mlpipe__text_add(t, "operations of a row\n");
    for (uint32_t i = 0; i < p->op_count; i++)
        explain_op(p, &p->ops[i], t);
    mlpipe__text_add(t, "outputs\n");
    for (uint32_t i = 0; i < p->output_count; i++)
        mlpipe__text_add(t, "  %s = r%u\n", p->outputs[i].name,
                         p->outputs[i].reg);
}

static mlpipe_status explain_model(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   mlpipe_buffer **out)
{
    const char *plan = mlpipe_report_text(m->notes, "plan");
    mlpipe__text t;
    mlpipe_status st;
    mlpipe__text_init(&t, ctx->env);
    mlpipe__text_add(&t, "%s", plan ? plan : "");
    explain_program(m->program, &t);
    st = t.failed ? mlpipe__nomem(ctx) : mlpipe__text_give(ctx, &t, out);
    mlpipe__text_free(&t);
    return st;
}

mlpipe_status mlpipe_model_explain(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_explain");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = explain_model(ctx, model, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_explain(mlpipe_ctx *ctx,
                                       const mlpipe_transform *transform,
                                       mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_explain");
    if (out)
        *out = NULL;
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = explain_model(ctx, transform->model, out);
    return mlpipe__end(ctx, st);
}
