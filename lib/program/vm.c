/* SPDX-License-Identifier: MIT */
/*
 * Running a program: one row or a block of rows through the same element
 * functions. Nothing is checked here; mlpipe__program_check did.
 */
#include "vm_ops.h"

/* ---- the scratch -------------------------------------------------------- */

/* Lanes of a block are a cache line longer than a power of two, so that many
 * registers of one row do not fall into the same set of the cache. */
static inline size_t vm_stride(uint32_t width)
{
    return width == 1 ? 1 : ((size_t)width + 7) / 8 * 8 + 8;
}

static inline size_t vm_flags_at(const mlpipe__program *p, size_t stride)
{
    return p->register_count * stride * sizeof(double);
}

static inline size_t vm_extra_at(const mlpipe__program *p, size_t stride)
{
    const size_t end =
        vm_flags_at(p, stride) + p->register_count * stride;

    return (end + 63) / 64 * 64;
}

size_t mlpipe__program_scratch(const mlpipe__program *p, uint32_t width)
{
    size_t extra = 0, bytes;
    uint32_t i;

    for (i = 0; i < p->forest_count; i++) {
        bytes = mlpipe__forest_scratch(p->forests[i]);
        extra = bytes > extra ? bytes : extra;
    }
    for (i = 0; i < p->point_count; i++) {
        bytes = mlpipe__points_scratch(p->points[i], width);
        extra = bytes > extra ? bytes : extra;
    }
    return vm_extra_at(p, vm_stride(width)) + extra;
}

double *mlpipe__program_lane(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t reg)
{
    return (double *)scratch + reg * vm_stride(width);
}

const double *mlpipe__program_values(const mlpipe__program *p,
                                     const void *scratch, uint32_t width,
                                     uint32_t reg)
{
    return (const double *)scratch + reg * vm_stride(width);
}

const uint8_t *mlpipe__program_valid(const mlpipe__program *p,
                                     const void *scratch, uint32_t width,
                                     uint32_t reg)
{
    const size_t stride = vm_stride(width);

    return (const uint8_t *)scratch + vm_flags_at(p, stride) + reg * stride;
}

/* ---- ops ---------------------------------------------------------------- */

/* A code is kept where its input knows it; every other number is unseen. */
VM_INLINE void vm_inputs(const mlpipe__vm_run *run)
{
    uint32_t i, r;

    for (i = 0; i < run->p->input_count; i++) {
        const mlpipe__program_input *in = &run->p->inputs[i];
        double *v = run->values + i * run->stride;
        uint8_t *ok = run->flags + i * run->stride;

        if (in->kind != MLPIPE__CODE && run->n > 1 &&
            mlpipe__vm_finite(run->p, v, run->n)) {
            memset(ok, 1, run->n);
            continue;
        }
        for (r = 0; r < run->n; r++) {
            ok[r] = v[r] == v[r];
            v[r] = ok[r] ? v[r] : 0.0;
        }
        if (in->kind != MLPIPE__CODE)
            continue;
        for (r = 0; r < run->n; r++)
            v[r] = v[r] >= 0 && v[r] < in->dict->count
                       ? (double)(uint32_t)v[r] : -1.0;
        for (r = 0; r < run->n; r++)
            v[r] = ok[r] ? v[r] : 0.0;
    }
}

VM_INLINE void vm_run_onehot(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const uint32_t *set = run->p->words + op->arg;
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t i, r;

    if (run->stride == 1) {
        memset(v, 0, op->count * sizeof *v);
        memset(flags, 1, op->count);
    } else {
        for (i = 0; i < op->count; i++) {
            memset(v + i * run->stride, 0, run->n * sizeof *v);
            memset(flags + i * run->stride, 1, run->n);
        }
    }
    for (r = 0; r < run->n; r++) {
        const uint32_t code = ok[r] ? vm_code(a[r], op->b) : op->b;

        if (code < op->b && set[code] < op->count)
            v[set[code] * run->stride + r] = 1.0;
    }
}

VM_INLINE void vm_run_lookup(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *table = run->p->consts + op->arg;
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_put(&v[r], &flags[r], vm_lookup(a[r], ok[r], table, op->count));
}

/*
 * Eight sums by index mod 8, put together as a tree: the same additions for
 * every width. A few rows at once, so that a block is read lane by lane.
 */
enum { VM_LINEAR_ROWS = 16 };

VM_INLINE void vm_linear_rows(const mlpipe__vm_run *run, const mlpipe__op *op,
                                  uint32_t from, uint32_t n)
{
    const double *c = run->p->consts + op->b;
    const uint32_t *regs = run->p->words + op->arg;
    const size_t dst = op->dst * run->stride + from;
    double sum[8][VM_LINEAR_ROWS];
    uint8_t all[VM_LINEAR_ROWS];
    uint32_t i, r;

    for (i = 0; i < 8; i++)
        for (r = 0; r < n; r++)
            sum[i][r] = 0;
    for (r = 0; r < n; r++)
        all[r] = 1;
    for (i = 0; i < op->count; i++) {
        const size_t at = regs[i] * run->stride + from;

        for (r = 0; r < n; r++) {
            sum[i & 7][r] += c[1 + i] * run->values[at + r];
            all[r] &= run->flags[at + r];
        }
    }
    for (r = 0; r < n; r++) {
        const double even = (sum[0][r] + sum[4][r]) + (sum[2][r] + sum[6][r]);
        const double odd = (sum[1][r] + sum[5][r]) + (sum[3][r] + sum[7][r]);

        vm_put(&run->values[dst + r], &run->flags[dst + r],
               vm_give(c[0] + (even + odd), all[r]));
    }
}

VM_INLINE void vm_run_linear(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    uint32_t r;

    for (r = 0; r + VM_LINEAR_ROWS <= run->n; r += VM_LINEAR_ROWS)
        vm_linear_rows(run, op, r, VM_LINEAR_ROWS);
    for (; r < run->n; r++)
        vm_linear_rows(run, op, r, 1);
}

VM_INLINE void vm_run_forest(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const mlpipe__forest *f = run->p->forests[op->a];
    uint32_t k;

    mlpipe__forest_run_regs(f, run->extra, run->values, run->flags,
                            run->stride, run->p->words + op->arg, run->n,
                            run->values + op->dst * run->stride);
    for (k = 0; k < f->outputs; k++)
        memset(run->flags + (op->dst + k) * run->stride, 1, run->n);
}

/* A copy goes, so that the compiler still knows what is in the run of one row
 * behind the call. */
static void vm_call_expr(mlpipe__vm_run run, const mlpipe__op *op)
{
    mlpipe__vm_run_expr(&run, op);
}

/* One of VM_HOT_OPS on one row. */
#define VM_HOT(name)                                                        \
    do {                                                                    \
        const double *b = run->values + op->b;                              \
        const uint8_t *ko = run->flags + op->b;                             \
        vm_put(v, flags, vm_##name(*a, *ok, *b, *ko, NULL));                \
        if (run->faults)                                                    \
            *mlpipe__vm_fault(run, op) += *ok & *ko & (*flags ^ 1);         \
    } while (0)

VM_INLINE void vm_run_op(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    const uint32_t n = run->n;
    uint32_t r;

    switch (op->code) {
#define X(code, name, version, kind, own, put)                              \
    case code:                                                              \
        VM_EACH(name, own, put);                                            \
        break;
        VM_ELEMENT_OPS(X)
#undef X
#define X(code, name, version, kind, own, put)                              \
    case code:                                                              \
        vm_run_##name(run, op);                                             \
        break;
        VM_OTHER_OPS(X)
#undef X
#define X(code, name, value)                                                \
    case code:                                                              \
        if (run->stride != 1) {                                             \
            vm_call_expr(*run, op);                                         \
            break;                                                          \
        }                                                                   \
        VM_HOT(name);                                                       \
        break;
        VM_HOT_OPS(X)
#undef X
    case MLPIPE__OP_CONST:
        if (run->stride != 1) {
            vm_call_expr(*run, op);
            break;
        }
        *v = run->p->consts[op->arg];
        vm_copy(v, flags, vm_give(*v, *v == *v));
        break;
    default:
        vm_call_expr(*run, op);
        break;
    }
}

VM_INLINE void vm_run_all(const mlpipe__vm_run *run, uint32_t op_end)
{
    uint32_t i;

    vm_inputs(run);
    for (i = 0; i < op_end; i++)
        vm_run_op(run, &run->p->ops[i]);
}

/* One row, all of whose strides and counts the compiler knows. */
static void vm_run_row(const mlpipe__program *p, void *scratch,
                       uint32_t op_end, const mlpipe__faults *faults)
{
    const mlpipe__vm_run run = {
        p, scratch, (uint8_t *)scratch + vm_flags_at(p, 1),
        (char *)scratch + vm_extra_at(p, 1), faults->count, faults->by_op, 1,
        1};

    vm_run_all(&run, op_end);
}

static void vm_run_any(const mlpipe__program *p, void *scratch,
                       uint32_t width, uint32_t n, uint32_t op_end,
                       const mlpipe__faults *faults)
{
    const size_t stride = vm_stride(width);
    const mlpipe__vm_run run = {
        p, scratch, (uint8_t *)scratch + vm_flags_at(p, stride),
        (char *)scratch + vm_extra_at(p, stride), faults->count,
        faults->by_op, stride, n};

    if (width == 1 && n == 1)
        vm_run_row(p, scratch, op_end, faults);
    else
        vm_run_all(&run, op_end);
}

void mlpipe__program_run_ops(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t n, uint32_t op_end,
                             uint64_t *faults)
{
    const mlpipe__faults each = {faults, 1};

    vm_run_any(p, scratch, width, n, op_end, &each);
}

/* ---- outputs ------------------------------------------------------------ */

enum { VM_OUTPUT_ROWS = 8 }; /* whose lines stay in the nearest cache */

VM_INLINE double vm_answer(double v, uint8_t ok)
{
    return ok && v - v == 0.0 ? v : mlpipe__nan();
}

/* Output k and those whose registers follow it. */
static mlpipe__output_run vm_output_run(const mlpipe__program *p,
                                        uint32_t *next, uint32_t k)
{
    const mlpipe__output_run one = {p->outputs[k].reg, 1, false};

    return p->runs ? p->runs[(*next)++] : one;
}

static void vm_outputs_row(const mlpipe__program *p, const double *values,
                           const uint8_t *flags, double *out)
{
    uint32_t k = 0, next = 0, i;

    while (k < p->output_count) {
        const mlpipe__output_run run = vm_output_run(p, &next, k);

        if (run.sure)
            memcpy(out + k, values + run.reg, run.count * sizeof *out);
        else
            for (i = 0; i < run.count; i++)
                out[k + i] = vm_answer(values[run.reg + i],
                                       flags[run.reg + i]);
        k += run.count;
    }
}

/* Lanes to rows, n at most VM_OUTPUT_ROWS; values and flags are those of
 * register 0 in the first row. */
VM_INLINE void vm_outputs_rows(const mlpipe__program *p, const double *values,
                            const uint8_t *flags, size_t stride, uint32_t n,
                            double *out)
{
    const size_t width = p->output_count;
    uint32_t k = 0, next = 0, end, r;

    while (k < p->output_count) {
        const mlpipe__output_run run = vm_output_run(p, &next, k);
        size_t at = run.reg * stride;

        for (end = k + run.count; k < end; k++, at += stride)
            if (run.sure)
                for (r = 0; r < n; r++)
                    out[r * width + k] = values[at + r];
            else
                for (r = 0; r < n; r++)
                    out[r * width + k] =
                        vm_answer(values[at + r], flags[at + r]);
    }
}

static void vm_outputs(const mlpipe__program *p, const double *values,
                       const uint8_t *flags, size_t stride, uint32_t n,
                       double *out)
{
    const size_t first = p->output_count ? p->outputs[0].reg * stride : 0;
    uint32_t r, rows;

    if (stride == 1) {
        vm_outputs_row(p, values, flags, out);
        return;
    }
    if (p->output_count == 1 && mlpipe__vm_all(flags + first, n) &&
        mlpipe__vm_finite(p, values + first, n)) {
        memcpy(out, values + first, n * sizeof *out);
        return;
    }
    for (r = 0; r < n; r += rows) {
        rows = n - r < VM_OUTPUT_ROWS ? n - r : VM_OUTPUT_ROWS;
        if (rows == VM_OUTPUT_ROWS) /* a count that the compiler knows */
            vm_outputs_rows(p, values + r, flags + r, stride, VM_OUTPUT_ROWS,
                            out + (size_t)r * p->output_count);
        else
            vm_outputs_rows(p, values + r, flags + r, stride, rows,
                            out + (size_t)r * p->output_count);
    }
}

void mlpipe__program_run_counted(const mlpipe__program *p, void *scratch,
                                 uint32_t width, uint32_t n, double *out,
                                 const mlpipe__faults *faults)
{
    const size_t stride = vm_stride(width);
    const double *values = scratch;
    const uint8_t *flags = (uint8_t *)scratch + vm_flags_at(p, stride);

    vm_run_any(p, scratch, width, n, p->op_count, faults);
    vm_outputs(p, values, flags, stride, n, out);
}

void mlpipe__program_run(const mlpipe__program *p, void *scratch,
                         uint32_t width, uint32_t n, double *out,
                         uint64_t *faults)
{
    const mlpipe__faults each = {faults, 1};

    mlpipe__program_run_counted(p, scratch, width, n, out, &each);
}
