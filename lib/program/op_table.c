/* SPDX-License-Identifier: MIT */
/* What is known of an op by its code: version, name, registers it reads. */
#include "vm_ops.h"

uint16_t mlpipe__op_version(uint16_t code)
{
    switch (code) {
#define X(op, name, version, a, consts, put)                                \
    case op:                                                                \
        return version;
        VM_SINGLE_OPS(X)
        VM_PAIR_OPS(X)
#undef X
    default:
        return 0;
    }
}

const char *mlpipe__op_name(uint16_t code)
{
    switch (code) {
#define X(op, name, version, a, consts, put)                                \
    case op:                                                                \
        return #name;
        VM_SINGLE_OPS(X)
        VM_PAIR_OPS(X)
#undef X
    default:
        return "";
    }
}

uint32_t mlpipe__op_consts(uint16_t code)
{
    switch (code) {
#define X(op, name, version, a, consts, put)                                \
    case op:                                                                \
        return consts;
        VM_ELEMENT_OPS(X)
        VM_EXPR_OPS(X)
        VM_PAIR_OPS(X)
#undef X
    case MLPIPE__OP_CONST:
    case MLPIPE__OP_CONST_CODE:
        return 1;
    default:
        return 0;
    }
}

uint32_t mlpipe__op_width(const mlpipe__program *p, const mlpipe__op *op)
{
    if (op->code == MLPIPE__OP_ONEHOT || op->code == MLPIPE__OP_SOFTMAX)
        return op->count;
    if (op->code == MLPIPE__OP_FOREST)
        return op->a < p->forest_count ? p->forests[op->a]->outputs : 0;
    if (op->code == MLPIPE__OP_KNN)
        return op->a < p->point_count ? p->points[op->a]->outputs : 0;
    return 1;
}

bool mlpipe__op_reads_words(uint16_t code)
{
    switch (code) {
    case MLPIPE__OP_LINEAR:
    case MLPIPE__OP_FOREST:
    case MLPIPE__OP_SOFTMAX:
    case MLPIPE__OP_DISTANCE:
    case MLPIPE__OP_ARGMIN:
    case MLPIPE__OP_KNN:
        return true;
    default:
        return false;
    }
}

uint32_t mlpipe__op_reads(const mlpipe__program *p, const mlpipe__op *op)
{
    if (mlpipe__op_reads_words(op->code))
        return op->count;
    switch (op->code) {
    case MLPIPE__OP_CONST:
    case MLPIPE__OP_CONST_CODE:
    case MLPIPE__OP_FEED:
        return 0;
    case MLPIPE__OP_SELECT:
    case MLPIPE__OP_SELECT_CODE:
        return 3;
    case MLPIPE__OP_CROSS:
    case MLPIPE__OP_LOOKUP_FOLD:
#define X(op, name, version, a, consts, put) case op:
        VM_PAIR_OPS(X)
#undef X
        return 2;
    default:
        return 1;
    }
}

uint32_t mlpipe__op_read(const mlpipe__program *p, const mlpipe__op *op,
                         uint32_t i)
{
    if (mlpipe__op_reads_words(op->code))
        return p->words[op->arg + i];
    return i == 0 ? op->a : i == 1 ? op->b : op->arg;
}

bool mlpipe__program_may_fault(const mlpipe__program *p)
{
    for (uint32_t i = 0; i < p->op_count; i++)
        if (p->ops[i].code >= MLPIPE__OP_ADD &&
            p->ops[i].code < MLPIPE__OP_SOFTMAX)
            return true;
    return false;
}
