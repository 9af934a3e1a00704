/* SPDX-License-Identifier: MIT */
/*
 * Leaving out what nobody needs: a step that filtered rows, a column that only
 * fitting read, a table of training folds.
 */
#include "program_internal.h"

/* Mark everything that the marked registers are made of; ops are in order of
 * their results, so that one way back is enough. */
static void prune_mark(const mlpipe__program *p, uint8_t *live)
{
    for (uint32_t i = p->op_count; i-- > 0;) {
        const mlpipe__op *op = &p->ops[i];
        const uint32_t width = mlpipe__op_width(p, op);
        const uint32_t reads = mlpipe__op_reads(p, op);
        uint8_t wanted = 0;

        for (uint32_t k = 0; k < width; k++)
            wanted |= live[op->dst + k];
        if (!wanted)
            continue;
        memset(live + op->dst, 1, width);
        for (uint32_t k = 0; k < reads; k++)
            live[mlpipe__op_read(p, op, k)] = 1;
    }
    for (uint32_t i = 0; i < p->feed_count; i++)
        if (live[p->feeds[i].reg] &&
            p->feeds[i].source == MLPIPE__FEED_TEXT)
            live[p->feeds[i].input] = 1;
}

/* How many constants stand behind an op's arg, and how many words. */
static uint32_t prune_consts(const mlpipe__program *p, const mlpipe__op *op)
{
    switch (op->code) {
    case MLPIPE__OP_LOOKUP:
        return op->count + 2;
    case MLPIPE__OP_BUCKET:
        return op->count;
    case MLPIPE__OP_INTERPOLATE:
        return 2 * op->count;
    case MLPIPE__OP_LOOKUP_FOLD:
        return 1 + ((uint32_t)p->consts[op->arg] + 1) * (op->count + 2);
    default:
        return mlpipe__op_consts(op->code);
    }
}

static uint32_t prune_words(const mlpipe__op *op)
{
    switch (op->code) {
    case MLPIPE__OP_ONEHOT:
        return op->b;
    case MLPIPE__OP_MAP_CODE:
        return op->count + 2;
    default:
        return 0;
    }
}

/* A copy of n constants, and where it stands. */
static uint32_t prune_const(mlpipe__program *to, const mlpipe__program *p,
                            uint32_t from, uint32_t n)
{
    return n ? mlpipe__program_const(to, p->consts + from, n) : 0;
}

static uint32_t prune_regs(mlpipe__program *to, const mlpipe__program *p,
                           const mlpipe__op *op, const uint32_t *map)
{
    const uint32_t first = to->word_count;

    for (uint32_t i = 0; i < op->count; i++)
        (void)mlpipe__program_words(to, &map[p->words[op->arg + i]], 1);
    return first;
}

static void prune_feed(mlpipe__program *to, mlpipe__program *p,
                       const mlpipe__op *op, uint32_t *map)
{
    mlpipe__feed *f = &p->feeds[op->arg];
    const double fixed = f->fixed;
    const uint32_t input =
        f->source == MLPIPE__FEED_TEXT ? map[f->input] : f->input;

    map[op->dst] = mlpipe__program_feed(to, f->source, input, f->steps,
                                        f->step_count, f->dict);
    f->steps = NULL;
    f->step_count = 0;
    f->dict = NULL;
    /* It is the last one: p has no two equal feeds, and its inputs are mapped
     * one to one, so that `to` has none to share either. */
    if (!to->failed)
        to->feeds[to->feed_count - 1].fixed = fixed;
}

static void prune_op(mlpipe__program *to, mlpipe__program *p,
                     const mlpipe__op *op, uint32_t *map)
{
    const uint32_t width = mlpipe__op_width(p, op);
    mlpipe__op made = *op;

    if (op->code == MLPIPE__OP_FEED) {
        prune_feed(to, p, op, map);
        return;
    }
    if (mlpipe__op_reads_words(op->code)) {
        made.arg = prune_regs(to, p, op, map);
        if (op->code == MLPIPE__OP_LINEAR)
            made.b = prune_const(to, p, op->b, op->count + 1);
        if (op->code == MLPIPE__OP_DISTANCE)
            made.b = prune_const(to, p, op->b, 2 * op->count + 1);
        if (op->code == MLPIPE__OP_FOREST) { /* taken: it is this op's alone */
            made.a = mlpipe__program_forest(to, p->forests[op->a]);
            p->forests[op->a] = NULL;
        }
    } else {
        const uint32_t consts = prune_consts(p, op);
        const uint32_t words = prune_words(op);
        const uint32_t reads = mlpipe__op_reads(p, op);

        /* no edge, no constant: any place of none will do. Other ops without
         * them keep arg, which is a register (below) or, of CROSS, a count. */
        if (op->code == MLPIPE__OP_BUCKET && !consts)
            made.arg = 0;
        if (consts)
            made.arg = prune_const(to, p, op->arg, consts);
        if (words)
            made.arg = mlpipe__program_words(to, p->words + op->arg, words);
        if (reads > 0)
            made.a = map[op->a];
        if (reads > 1)
            made.b = map[op->b];
        if (reads > 2)
            made.arg = map[op->arg];
    }
    made.dst = mlpipe__program_op(to, made.code, made.a, made.b, made.arg,
                                  made.count, width);
    for (uint32_t k = 0; k < width; k++)
        map[op->dst + k] = made.dst + k;
}

/* The input with the very dictionary: variables of a plan point to it. */
static uint32_t prune_input(mlpipe__program *to, mlpipe__program_input *in)
{
    const uint32_t reg = mlpipe__program_add_input(to, in->name, in->type,
                                                   in->unit, in->kind, NULL);
    mlpipe__dict *empty;

    if (to->failed || !in->dict)
        return reg;
    empty = to->inputs[reg].dict;
    to->inputs[reg].dict = in->dict;
    in->dict = NULL;
    mlpipe__dict_free(empty);
    mlpipe__free(to->env, empty);
    return reg;
}

static void prune_copy(mlpipe__program *to, mlpipe__program *p,
                       const uint8_t *live, uint32_t *map)
{
    for (uint32_t i = 0; i < p->input_count; i++)
        if (live[i])
            map[i] = prune_input(to, &p->inputs[i]);
    for (uint32_t i = 0; i < p->op_count && !to->failed; i++) {
        if (i == p->front_ops)
            to->front_ops = to->op_count;
        if (live[p->ops[i].dst])
            prune_op(to, p, &p->ops[i], map);
    }
    if (p->front_ops == p->op_count)
        to->front_ops = to->op_count;
    for (uint32_t i = 0; i < p->output_count; i++) {
        const mlpipe__program_output *o = &p->outputs[i];
        mlpipe__program_add_typed_output(to, o->name, map[o->reg], o->type,
                                         o->unit, o->dict);
    }
}

mlpipe__program *mlpipe__program_prune(mlpipe__program *p,
                                       const uint32_t *roots, uint32_t count,
                                       const uint8_t *keep_input,
                                       uint32_t *map)
{
    mlpipe__program *to = mlpipe__program_new(p->env);
    uint8_t *live = mlpipe__alloc(p->env, p->register_count);

    if (!to || !live) {
        mlpipe__program_free(to);
        mlpipe__free(p->env, live);
        return NULL;
    }
    for (uint32_t i = 0; i < p->register_count; i++)
        map[i] = MLPIPE__NO_REG;
    for (uint32_t i = 0; i < p->input_count; i++)
        live[i] = !keep_input || keep_input[i];
    for (uint32_t i = 0; i < count; i++)
        live[roots[i]] = 1;
    for (uint32_t i = 0; i < p->output_count; i++)
        live[p->outputs[i].reg] = 1;
    prune_mark(p, live);
    prune_copy(to, p, live, map);
    mlpipe__free(p->env, live);
    mlpipe__program_free(p);
    return to;
}
