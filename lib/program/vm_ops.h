/* SPDX-License-Identifier: MIT */
/*
 * The ops: the one list of them, and the one element function of each, which
 * every width runs. An element function is pure, takes a value with its
 * validity and the op's constants, and tells whether it has an answer; the
 * frame around it turns NaN and inf into null.
 */
#ifndef MLPIPE_VM_OPS_H
#define MLPIPE_VM_OPS_H

#include "program_internal.h"

/* What an op reads and writes beside registers. */
enum {
    VM_NUMBER = 1,     /* a is a number */
    VM_ANY = 2,        /* a is a number or a code */
    VM_CODES = 3,      /* a is a code */
    VM_NO_A = 4        /* a is no register */
};

/*
 * X(code, name, version, what a is, constants, put or copy): elementwise ops,
 * whose element function is vm_<name>. copy hands on an infinite input.
 */
#define VM_ELEMENT_OPS(X)                                                   \
    X(MLPIPE__OP_IMPUTE, impute, 1, VM_ANY, 1, copy)                        \
    X(MLPIPE__OP_IS_NULL, is_null, 1, VM_ANY, 0, put)                       \
    X(MLPIPE__OP_SHIFT_SCALE, shift_scale, 1, VM_NUMBER, 2, put)            \
    X(MLPIPE__OP_CLAMP, clamp, 1, VM_NUMBER, 2, put)                        \
    X(MLPIPE__OP_NULL_OUTSIDE, null_outside, 1, VM_NUMBER, 2, put)          \
    X(MLPIPE__OP_OUTSIDE, outside, 1, VM_NUMBER, 2, put)                    \
    X(MLPIPE__OP_EXP, exp, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_LOG, log, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_EXPM1, expm1, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_LOG1P, log1p, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_SQUARE, square, 1, VM_NUMBER, 0, put)                      \
    X(MLPIPE__OP_SQRT, sqrt, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_SIGMOID, sigmoid, 1, VM_NUMBER, 0, put)                    \
    X(MLPIPE__OP_AFFINE, affine, 1, VM_NUMBER, 2, put)

/* The ops of another shape. */
#define VM_OTHER_OPS(X)                                                     \
    X(MLPIPE__OP_ONEHOT, onehot, 1, VM_CODES, 0, put)                       \
    X(MLPIPE__OP_LOOKUP, lookup, 1, VM_CODES, 0, put)                       \
    X(MLPIPE__OP_LINEAR, linear, 1, VM_NO_A, 0, put)                        \
    X(MLPIPE__OP_FOREST, forest, 1, VM_NO_A, 0, put)

typedef struct vm_value {
    double v;
    uint8_t ok;
} vm_value;

static inline vm_value vm_give(double v, uint32_t ok)
{
    const vm_value r = {v, (uint8_t)ok};

    return r;
}

static inline vm_value vm_impute(double a, uint8_t ok, const double *c)
{
    return vm_give(ok ? a : c[0], 1);
}

static inline vm_value vm_is_null(double a, uint8_t ok, const double *c)
{
    return vm_give(ok ? 0.0 : 1.0, 1);
}

static inline vm_value vm_shift_scale(double a, uint8_t ok, const double *c)
{
    return vm_give((a - c[0]) / c[1], ok);
}

static inline vm_value vm_clamp(double a, uint8_t ok, const double *c)
{
    const double low = a < c[0] ? c[0] : a;

    return vm_give(low > c[1] ? c[1] : low, ok);
}

static inline vm_value vm_null_outside(double a, uint8_t ok, const double *c)
{
    return vm_give(a, ok & (a >= c[0]) & (a <= c[1]));
}

static inline vm_value vm_outside(double a, uint8_t ok, const double *c)
{
    return vm_give(ok && !(a >= c[0] && a <= c[1]) ? 1.0 : 0.0, 1);
}

static inline vm_value vm_exp(double a, uint8_t ok, const double *c)
{
    return vm_give(mlpipe__exp(a), ok);
}

static inline vm_value vm_log(double a, uint8_t ok, const double *c)
{
    return vm_give(a > 0 ? mlpipe__log(a) : 0.0, ok & (a > 0));
}

static inline vm_value vm_expm1(double a, uint8_t ok, const double *c)
{
    return vm_give(mlpipe__expm1(a), ok);
}

static inline vm_value vm_log1p(double a, uint8_t ok, const double *c)
{
    return vm_give(a > -1 ? mlpipe__log1p(a) : 0.0, ok & (a > -1));
}

static inline vm_value vm_square(double a, uint8_t ok, const double *c)
{
    return vm_give(a * a, ok);
}

static inline vm_value vm_sqrt(double a, uint8_t ok, const double *c)
{
    return vm_give(a >= 0 ? mlpipe__sqrt(a) : 0.0, ok & (a >= 0));
}

static inline vm_value vm_sigmoid(double a, uint8_t ok, const double *c)
{
    return vm_give(mlpipe__sigmoid(a), ok);
}

static inline vm_value vm_affine(double a, uint8_t ok, const double *c)
{
    return vm_give(a * c[0] + c[1], ok);
}

/* A code as an index: its own below count, else count. */
static inline uint32_t vm_code(double a, uint32_t count)
{
    return a >= 0 && a < count ? (uint32_t)a : count;
}

static inline vm_value vm_lookup(double a, uint8_t ok, const double *table,
                                 uint32_t count)
{
    const double v = table[ok ? vm_code(a, count) : count + 1];

    return vm_give(v, v == v);
}

#endif
