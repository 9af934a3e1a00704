/* SPDX-License-Identifier: MIT */
/*
 * Every invariant of a program: after this, running follows indices without
 * looking. It allocates nothing and its work is bounded by the program's size,
 * since the program may come from anybody's bytes.
 */
#include "vm_ops.h"

enum {
    CHECK_REGISTERS = 1 << 24,
    CHECK_CHAIN = 64 /* imputes of imputes of a code */
};

static const char *const check_range =
    "an op asks for constants or words that are not there";

static uint32_t check_width(const mlpipe__program *p, const mlpipe__op *op)
{
    if (op->code == MLPIPE__OP_ONEHOT)
        return op->count;
    if (op->code == MLPIPE__OP_FOREST)
        return op->a < p->forest_count ? p->forests[op->a]->outputs : 0;
    return 1;
}

/* The op that writes a register that is no input; ops are in their order. */
static const mlpipe__op *check_writer(const mlpipe__program *p, uint32_t reg)
{
    uint32_t low = 0, high = p->op_count;

    while (high - low > 1) {
        const uint32_t mid = low + (high - low) / 2;

        if (p->ops[mid].dst <= reg)
            low = mid;
        else
            high = mid;
    }
    return &p->ops[low];
}

/* MLPIPE__NUMBER or MLPIPE__CODE of a register that is written before; 0
 * where a code was imputed too often to follow. */
static uint32_t check_kind(const mlpipe__program *p, uint32_t reg)
{
    int hops;

    for (hops = 0; hops < CHECK_CHAIN; hops++) {
        const mlpipe__op *op;

        if (reg < p->input_count)
            return p->inputs[reg].kind;
        op = check_writer(p, reg);
        if (op->code != MLPIPE__OP_IMPUTE)
            return MLPIPE__NUMBER;
        reg = op->a;
    }
    return 0;
}

static const char *check_consts(const mlpipe__program *p, uint32_t from,
                                uint64_t count, bool may_be_nan)
{
    uint64_t i;

    if (from + count > p->const_count)
        return check_range;
    for (i = 0; i < count; i++) {
        const double c = p->consts[from + i];

        if (!mlpipe__finite(c) && !(may_be_nan && c != c))
            return "a constant of an op is not finite";
    }
    return NULL;
}

static const char *check_words(const mlpipe__program *p, uint32_t from,
                               uint64_t count, uint32_t below)
{
    uint64_t i;

    if (from + count > p->word_count)
        return check_range;
    for (i = 0; i < count; i++)
        if (p->words[from + i] >= below)
            return "an op reads a register before it is written, or sets "
                   "an output that it lacks";
    return NULL;
}

static const char *check_linear(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const char *why =
        check_consts(p, op->b, (uint64_t)op->count + 1, false);
    uint32_t i;

    if (!why)
        why = check_words(p, op->arg, op->count, op->dst);
    for (i = 0; i < op->count && !why; i++)
        if (check_kind(p, p->words[op->arg + i]) != MLPIPE__NUMBER)
            why = "a linear op reads a code as a number";
    return why;
}

static const char *check_forest(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const mlpipe__forest *f;
    const char *why;
    uint32_t i;

    if (op->a >= p->forest_count)
        return "an op asks for a forest that is not there";
    f = p->forests[op->a];
    if (op->count != f->features)
        return "a forest gets another number of features than it has";
    why = check_words(p, op->arg, op->count, op->dst);
    for (i = 0; i < op->count && !why; i++) {
        const uint32_t kind = check_kind(p, p->words[op->arg + i]);

        if (kind != (f->feature_codes[i] ? MLPIPE__CODE : MLPIPE__NUMBER))
            why = "a forest reads a code as a number, or a number as a code";
    }
    return why;
}

static const char *check_element(const mlpipe__program *p,
                                 const mlpipe__op *op, uint32_t reads,
                                 uint32_t consts)
{
    const char *why = check_consts(p, op->arg, consts, false);
    const double *c;

    if (why)
        return why;
    c = p->consts + op->arg;
    if (op->code == MLPIPE__OP_SHIFT_SCALE && c[1] == 0)
        return "an op divides by a scale of 0";
    if (consts == 2 && op->code != MLPIPE__OP_SHIFT_SCALE &&
        op->code != MLPIPE__OP_AFFINE && c[0] > c[1])
        return "an op's lower bound is above its upper one";
    if (op->code == MLPIPE__OP_IMPUTE &&
        check_kind(p, op->a) == MLPIPE__CODE &&
        !(c[0] >= -1 && c[0] < INT32_MAX && c[0] == (double)(int32_t)c[0]))
        return "a code is imputed by what is no code";
    return NULL;
}

static const char *check_op(const mlpipe__program *p, const mlpipe__op *op)
{
    uint32_t reads = 0, consts = 0, kind;

    switch (op->code) {
#define X(code, name, version, a, n, put)                                   \
    case code:                                                              \
        reads = a;                                                          \
        consts = n;                                                         \
        break;
        VM_ELEMENT_OPS(X)
        VM_OTHER_OPS(X)
#undef X
    default:
        return "an op is not known to this version";
    }
    if (op->version != mlpipe__op_version(op->code))
        return "an op has a version that is not known here";
    if (reads != VM_NO_A) {
        if (op->a >= op->dst)
            return "an op reads a register before it is written";
        kind = check_kind(p, op->a);
        if (kind == 0 || (reads == VM_NUMBER && kind != MLPIPE__NUMBER) ||
            (reads == VM_CODES && kind != MLPIPE__CODE))
            return "an op reads a code as a number, or a number as a code";
    }
    switch (op->code) {
    case MLPIPE__OP_ONEHOT:
        if (op->count == 0 || op->count > op->b)
            return "a one-hot op has more outputs than codes, or none";
        return check_words(p, op->arg, op->b, op->count + 1);
    case MLPIPE__OP_LOOKUP:
        return check_consts(p, op->arg, (uint64_t)op->count + 2, true);
    case MLPIPE__OP_LINEAR:
        return check_linear(p, op);
    case MLPIPE__OP_FOREST:
        return check_forest(p, op);
    default:
        return check_element(p, op, reads, consts);
    }
}

/* Registers are written once, in order: dst tells what came before. */
static const char *check_order(const mlpipe__program *p)
{
    uint64_t next = p->input_count;
    uint32_t i;

    for (i = 0; i < p->op_count; i++) {
        if (p->ops[i].dst != next)
            return "an op does not write the next register";
        next += check_width(p, &p->ops[i]);
        if (next > CHECK_REGISTERS || next > SIZE_MAX / 8192)
            return "a program has too many registers";
    }
    return next == p->register_count
               ? NULL : "the registers of a program do not add up";
}

static const char *check_ends(const mlpipe__program *p,
                              const mlpipe_limits *limits)
{
    uint32_t i;

    if (p->input_count > limits->features ||
        p->input_count > CHECK_REGISTERS)
        return "a program has more inputs than the limit allows";
    if (p->output_count > limits->classes)
        return "a program has more outputs than the limit allows";
    for (i = 0; i < p->input_count; i++) {
        const mlpipe__program_input *in = &p->inputs[i];

        if ((in->kind != MLPIPE__NUMBER && in->kind != MLPIPE__CODE) ||
            (in->kind == MLPIPE__CODE) != (in->dict != NULL))
            return "an input is neither a number nor a code";
        if (in->dict && in->dict->count > limits->categories)
            return "an input has more categories than the limit allows";
    }
    for (i = 0; i < p->output_count; i++)
        if (p->outputs[i].reg >= p->register_count)
            return "an output is a register that the program lacks";
    return p->front_ops <= p->op_count
               ? NULL : "a program has fewer ops than its front";
}

const char *mlpipe__program_check(const mlpipe__program *p,
                                  const mlpipe_limits *limits)
{
    const char *why = check_ends(p, limits);
    uint32_t i;

    for (i = 0; i < p->forest_count && !why; i++)
        why = mlpipe__forest_check(p->forests[i], limits);
    if (!why)
        why = check_order(p);
    for (i = 0; i < p->op_count && !why; i++)
        why = check_op(p, &p->ops[i]);
    return why;
}
