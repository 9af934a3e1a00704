/* SPDX-License-Identifier: MIT */
/*
 * Constants through the element functions of the program itself, so that a
 * folded value has the bits that a row would have had.
 */
#include "expr_internal.h"
#include "vm_ops.h"

static double expr_put(vm_value r)
{
    return r.ok && r.v - r.v == 0.0 ? r.v : mlpipe__nan();
}

static double expr_copy(vm_value r)
{
    return r.ok ? r.v : mlpipe__nan();
}

#define expr_strict expr_put
#define expr_loose expr_copy

double mlpipe__expr_fold(uint16_t op, double a, double b, const double *c)
{
    const uint8_t ka = a == a, kb = b == b;
    const double va = ka ? a : 0.0, vb = kb ? b : 0.0;

    switch (op) {
#define X(code, name, version, kind, consts, put)                           \
    case code:                                                              \
        return expr_##put(vm_##name(va, ka, c));
        VM_ELEMENT_OPS(X)
        VM_EXPR_OPS(X)
#undef X
#define X(code, name, version, kind, consts, put)                           \
    case code:                                                              \
        return expr_##put(vm_##name(va, ka, vb, kb, c));
        VM_PAIR_OPS(X)
#undef X
    case MLPIPE__OP_BUCKET: /* b: how many edges, below 0: closed right */
        return ka ? vm_bucket(va, c, (uint32_t)(b < 0 ? -b : b), b < 0)
                  : mlpipe__nan();
    default:
        return mlpipe__nan();
    }
}
