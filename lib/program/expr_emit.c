/* SPDX-License-Identifier: MIT */
/*
 * Values to ops: those that the results reach, in the order in which they
 * were made, so that what an op reads is there before it. Nothing recurses.
 */
#include "expr_internal.h"

/* ---- results ------------------------------------------------------------ */

uint32_t mlpipe__expr_result(mlpipe__expr *e, uint32_t node)
{
    const mlpipe__expr_node *n = &e->nodes[node];
    uint32_t a = e->of_node[node];

    switch (e->values[a].type) {
    case EXPR_T_NULL:
        mlpipe__expr_error(e, MLPIPE_DETAIL_TYPE, n->at, n->length,
                           "if(false, 0, null) is a number that is null",
                           "null alone has no type");
        return 0;
    case EXPR_T_LIST:
        mlpipe__expr_error(e, MLPIPE_DETAIL_TYPE, n->at, n->length, "",
                           "a list is no value of a column");
        return 0;
    case EXPR_T_TEXT:
        return mlpipe__expr_union(e, &a, 1, n->at, n->length) ? a : 0;
    default:
        return a;
    }
}

void mlpipe__expr_variable(const mlpipe__expr *e, uint32_t value,
                           mlpipe__var *out)
{
    const mlpipe__expr_value *v = &e->values[value];

    if (v->kind == EXPR_V_COLUMN) {
        *out = e->plan->vars[v->a];
        out->name = NULL;
        out->feature = !out->tainted;
        return;
    }
    *out = (mlpipe__var){.reg = v->reg,
                         .kind = MLPIPE__NUMBER,
                         .type = MLPIPE_TYPE_F64,
                         .origin = v->origin == EXPR_NONE ? 0 : v->origin,
                         .nullable = v->nullable,
                         .feature = !v->tainted,
                         .tainted = v->tainted};
    if (v->type == EXPR_T_BOOL)
        out->type = MLPIPE_TYPE_BOOL;
    if (v->type == EXPR_T_TIME || v->type == EXPR_T_SPAN) {
        out->type = v->type == EXPR_T_TIME ? MLPIPE_TYPE_TIMESTAMP
                                           : MLPIPE_TYPE_DURATION;
        out->unit = v->unit;
    }
    if (v->type == EXPR_T_CATEGORY) {
        out->kind = MLPIPE__CODE;
        out->type = MLPIPE_TYPE_CATEGORY;
        out->codes = v->codes;
        out->dict = v->dict;
    }
}

/* ---- reach -------------------------------------------------------------- */

/* How many of a, b, c are values. */
static uint32_t expr_reads(const mlpipe__expr *e,
                           const mlpipe__expr_value *v)
{
    const mlpipe__op op = {.code = v->code};

    if (v->kind == EXPR_V_SAME)
        return 1;
    return v->kind == EXPR_V_OP ? mlpipe__op_reads(e->plan->program, &op)
                                : 0;
}

static void expr_mark(const mlpipe__expr *e, uint8_t *needed)
{
    for (uint32_t i = e->value_count; i-- > 0;) {
        const mlpipe__expr_value *v = &e->values[i];
        const uint32_t reads = needed[i] ? expr_reads(e, v) : 0;
        if (reads > 0)
            needed[v->a] = 1;
        if (reads > 1)
            needed[v->b] = 1;
        if (reads > 2)
            needed[v->c] = 1;
    }
}

/* ---- ops ---------------------------------------------------------------- */

/* An op whose words are by value; MAP_CODE alone has any here. */
static uint32_t expr_emit_map(mlpipe__program *p,
                              const mlpipe__expr_value *v, uint32_t a,
                              const uint32_t *words)
{
    for (uint32_t i = 0; i < p->op_count; i++) {
        const mlpipe__op *op = &p->ops[i];
        if (op->code == v->code && op->a == a && op->b == v->b &&
            op->count == v->count &&
            (uint64_t)op->arg + v->word_count <= p->word_count &&
            !memcmp(p->words + op->arg, words,
                    v->word_count * sizeof *words))
            return op->dst;
    }
    return mlpipe__program_op(p, v->code, a, v->b,
                              mlpipe__program_words(p, words, v->word_count),
                              v->count, 1);
}

static uint32_t expr_emit_op(mlpipe__expr *e, const mlpipe__expr_value *v)
{
    mlpipe__program *p = e->plan->program;
    const uint32_t reads = expr_reads(e, v);
    const uint32_t a = e->values[v->a].reg;
    const uint32_t b = reads > 1 ? e->values[v->b].reg : v->b;

    if (v->code == MLPIPE__OP_MAP_CODE)
        return expr_emit_map(p, v, a, e->words + v->words);
    if (reads == 3)
        return mlpipe__program_shared(p, v->code, a, b, e->values[v->c].reg,
                                      0);
    if (v->const_count || v->code == MLPIPE__OP_BUCKET)
        return mlpipe__program_shared_consts(p, v->code, a, b,
                                             e->consts + v->consts,
                                             v->const_count, v->count);
    return mlpipe__program_shared(p, v->code, a, b, 0, 0);
}

/* Where the text has a value: nodes are in its order. */
static const mlpipe__expr_node *expr_node_of(const mlpipe__expr *e,
                                             uint32_t value)
{
    for (uint32_t i = 0; i < e->node_count; i++)
        if (e->of_node[i] == value)
            return &e->nodes[i];
    return &e->nodes[0];
}

static void expr_emit_one(mlpipe__expr *e, uint32_t i)
{
    const mlpipe__expr_node *n;
    mlpipe__expr_value *v = &e->values[i];
    mlpipe__program *p = e->plan->program;

    if (v->reg != MLPIPE__NO_REG)
        return;
    switch (v->kind) {
    case EXPR_V_CONST:
        v->reg = mlpipe__program_shared_consts(
            p, v->type == EXPR_T_CATEGORY ? MLPIPE__OP_CONST_CODE
                                          : MLPIPE__OP_CONST,
            0, 0, &v->number, 1, 0);
        break;
    case EXPR_V_COLUMN:
        v->reg = e->plan->vars[v->a].reg;
        break;
    case EXPR_V_AS_OF:
        v->reg = mlpipe__program_feed(p, MLPIPE__FEED_TIME, 0, NULL, 0, NULL);
        break;
    case EXPR_V_SAME:
        v->reg = e->values[v->a].reg;
        break;
    case EXPR_V_CHAIN:
        n = expr_node_of(e, i);
        (void)mlpipe__expr_chain_emit(e, i, n->at, n->length);
        break;
    case EXPR_V_OP:
        v->reg = expr_emit_op(e, v);
        break;
    default: /* texts and lists are read while they are checked */
        break;
    }
}

bool mlpipe__expr_emit(mlpipe__expr *e, const uint32_t *roots,
                       uint32_t count)
{
    uint8_t *needed;

    if (e->status || e->stop)
        return false;
    needed = mlpipe__alloc(e->env, e->value_count);
    if (!needed) {
        mlpipe__expr_nomem(e);
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        needed[roots[i]] = 1;
    expr_mark(e, needed);
    for (uint32_t i = 0; i < e->value_count && !e->stop; i++)
        if (needed[i])
            expr_emit_one(e, i);
    mlpipe__free(e->env, needed);
    if (!e->stop && e->plan->program->failed)
        mlpipe__expr_nomem(e);
    return !e->stop;
}
