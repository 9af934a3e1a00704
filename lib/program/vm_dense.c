/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic over a block of which every value is there and every result is
 * finite: then a loop is the numbers alone, the flags are set at once, and the
 * bits are those that going row by row gives. Registers are written once, so
 * that nothing is lost where it turns out otherwise. Wider vectors change no
 * bit: each lane does what the narrow ones do, nothing is summed or fused.
 */
#include "vm_ops.h"

/* An exponent of ones, which NaN and infinity have, becomes the highest bit:
 * the loops have no order that a compiler must keep. */
static inline uint64_t dense_odd(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return (bits & UINT64_C(0x7ff0000000000000)) +
           UINT64_C(0x0010000000000000);
}

VM_INLINE bool dense_finite(const double *v, uint32_t n)
{
    uint64_t any = 0;

    for (uint32_t r = 0; r < n; r++)
        any |= dense_odd(v[r]);
    return !(any >> 63);
}

VM_INLINE bool dense_const(double c, double *v, uint32_t n)
{
    for (uint32_t r = 0; r < n; r++)
        v[r] = c;
    return mlpipe__finite(c);
}

/* The lanes never overlap: an op writes to a register of its own. */
VM_INLINE bool dense_op(const mlpipe__op *op, const double *consts,
                        const double *restrict a, const double *restrict b,
                        double *restrict v, uint32_t n)
{
    uint64_t any = 0;
    uint32_t r;

    switch (op->code) {
#define X(code, name, value)                                                \
    case code:                                                              \
        for (r = 0; r < n; r++) {                                           \
            const double x = value;                                         \
            v[r] = x;                                                       \
            any |= dense_odd(x);                                            \
        }                                                                   \
        return !(any >> 63);
        VM_HOT_OPS(X)
#undef X
    default:
        return dense_const(consts[op->arg], v, n);
    }
}

static bool dense_op_plain(const mlpipe__op *op, const double *consts,
                           const double *a, const double *b, double *v,
                           uint32_t n)
{
    return dense_op(op, consts, a, b, v, n);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static bool
dense_op_avx2(const mlpipe__op *op, const double *consts, const double *a,
              const double *b, double *v, uint32_t n)
{
    return dense_op(op, consts, a, b, v, n);
}

__attribute__((target("avx2"))) static bool
dense_finite_avx2(const double *v, uint32_t n)
{
    return dense_finite(v, n);
}
#else
#define dense_op_avx2 dense_op_plain
#define dense_finite_avx2 dense_finite
#endif

bool mlpipe__vm_finite(const mlpipe__program *p, const double *v, uint32_t n)
{
    return p->avx2 ? dense_finite_avx2(v, n) : dense_finite(v, n);
}

/* Are all values there that the op reads? False too for every other op. */
static bool dense_takes(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    switch (op->code) {
    case MLPIPE__OP_CONST:
        return true;
#define X(code, name, value) case code:
        VM_HOT_OPS(X)
#undef X
        return mlpipe__vm_all(run->flags + op->a * run->stride, run->n) &&
               mlpipe__vm_all(run->flags + op->b * run->stride, run->n);
    default:
        return false;
    }
}

bool mlpipe__vm_run_dense(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const size_t dst = op->dst * run->stride;

    if (!dense_takes(run, op) ||
        !(run->p->avx2 ? dense_op_avx2 : dense_op_plain)(
            op, run->p->consts, run->values + op->a * run->stride,
            run->values + op->b * run->stride, run->values + dst, run->n))
        return false;
    memset(run->flags + dst, 1, run->n);
    return true;
}
