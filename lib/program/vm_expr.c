/* SPDX-License-Identifier: MIT */
/*
 * The ops that expressions are made of. One copy serves rows and blocks, but
 * for VM_HOT_OPS: an expression is a few of them, and the code of both widths
 * would be larger than all that predicts.
 */
#include "vm_ops.h"

void mlpipe__vm_count(uint64_t *fault, const uint8_t *flags, const uint8_t *a,
                      const uint8_t *b, uint32_t n)
{
    uint32_t r, count = 0;

    for (r = 0; r < n; r++)
        count += a[r] & b[r] & (flags[r] ^ 1);
    *fault += count;
}

static void vm_run_const(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double c = run->p->consts[op->arg];
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_copy(&v[r], &flags[r], vm_give(c, c == c));
}

static void vm_run_select(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    const size_t then = op->b * run->stride, other = op->arg * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++) {
        const size_t from = (ok[r] && a[r] != 0.0 ? then : other) + r;

        v[r] = run->values[from];
        flags[r] = run->flags[from];
    }
}

static void vm_run_bucket(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *edges = run->p->consts + op->arg;
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_copy(&v[r], &flags[r],
                vm_give(vm_bucket(a[r], edges, op->count, op->b), ok[r]));
}

static void vm_run_map_code(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const uint32_t *table = run->p->words + op->arg;
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_copy(&v[r], &flags[r],
                vm_map_code(a[r], ok[r], table, op->count));
}

static void vm_run_cross(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const size_t a = op->a * run->stride, b = op->b * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_copy(&v[r], &flags[r],
                vm_give(vm_cross(run->values[a + r], op->arg,
                                 run->values[b + r], op->count),
                        run->flags[a + r] & run->flags[b + r]));
}

/* What a caller wrote to a lane; infinity: the text could not be read. */
static void vm_run_feed(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const mlpipe__feed *f = &run->p->feeds[op->arg];
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    if (f->dict)
        for (r = 0; r < run->n; r++)
            if (v[r] - v[r] == 0.0)
                v[r] = v[r] >= 0 && v[r] < f->dict->count
                           ? (double)(uint32_t)v[r] : -1.0;
    if (run->faults)
        for (r = 0; r < run->n; r++)
            *mlpipe__vm_fault(run, op) += v[r] == v[r] &&
                                          v[r] - v[r] != 0.0;
    for (r = 0; r < run->n; r++)
        vm_put(&v[r], &flags[r], vm_give(v[r], 1));
}

static void vm_run_lookup_fold(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *table = run->p->consts + op->arg + 1;
    const uint32_t folds = (uint32_t)table[-1];
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    const double *fold = run->values + op->b * run->stride;
    const uint8_t *has = run->flags + op->b * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++) {
        const uint32_t k = has[r] ? vm_code(fold[r], folds) : folds;

        vm_put(&v[r], &flags[r],
               vm_lookup(a[r], ok[r],
                         table + (size_t)k * (op->count + 2), op->count));
    }
}

static void vm_strict(double *v, uint8_t *ok, vm_value r)
{
    vm_put(v, ok, r);
}

static void vm_loose(double *v, uint8_t *ok, vm_value r)
{
    vm_copy(v, ok, r);
}

void mlpipe__vm_run_expr(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    const uint32_t n = run->n;
    uint32_t r;

    if (n > 1 && mlpipe__vm_run_dense(run, op))
        return;
    switch (op->code) {
#define X(code, name, version, kind, own, put)                              \
    case code:                                                              \
        VM_EACH(name, own, put);                                            \
        break;
        VM_EXPR_OPS(X)
#undef X
#define X(code, name, version, kind, own, put)                              \
    case code: {                                                            \
        const double *c = own ? run->p->consts + op->arg : NULL;            \
        const double *b = run->values + op->b * run->stride;                \
        const uint8_t *ko = run->flags + op->b * run->stride;               \
        for (r = 0; r < n; r++)                                             \
            vm_##put(&v[r], &flags[r],                                      \
                     vm_##name(a[r], ok[r], b[r], ko[r], c));               \
        if (VM_COUNT_##put && run->faults)                                  \
            mlpipe__vm_count(mlpipe__vm_fault(run, op), flags, ok, ko,      \
                             n);                                            \
        break;                                                              \
    }
        VM_PAIR_OPS(X)
#undef X
#define X(code, name, version, kind, own, put)                              \
    case code:                                                              \
        vm_run_##name(run, op);                                             \
        break;
        VM_EXPR_OTHER_OPS(X)
#undef X
#define X(code, name, version, kind, own, put)                              \
    case code:                                                              \
        mlpipe__vm_run_##name(run, op);                                     \
        break;
        VM_LEARN_OPS(X)
#undef X
    default:
        break;
    }
}
