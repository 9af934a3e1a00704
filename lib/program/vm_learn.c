/* SPDX-License-Identifier: MIT */
/*
 * What learners and their tails are made of, beside linear forms and forests.
 * One copy serves rows and blocks; a sum has eight lanes by the index of its
 * term, put together as a tree, so that it is the same for every width.
 */
#include "vm_ops.h"

VM_INLINE double learn_tree(const double sum[8])
{
    const double even = (sum[0] + sum[4]) + (sum[2] + sum[6]);
    const double odd = (sum[1] + sum[5]) + (sum[3] + sum[7]);

    return even + odd;
}

/* Are all registers of an op there in row r? */
VM_INLINE uint8_t learn_all(const mlpipe__vm_run *run, const mlpipe__op *op,
                            uint32_t r)
{
    const uint32_t *regs = run->p->words + op->arg;
    uint8_t all = 1;
    uint32_t i;

    for (i = 0; i < op->count; i++)
        all &= run->flags[regs[i] * run->stride + r];
    return all;
}

/* Less the greatest, so that no exponential overflows. */
void mlpipe__vm_run_softmax(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const uint32_t *regs = run->p->words + op->arg;
    const size_t stride = run->stride;
    uint32_t i, r;

    for (r = 0; r < run->n; r++) {
        const uint8_t all = learn_all(run, op, r);
        double *v = run->values + op->dst * stride + r;
        uint8_t *flags = run->flags + op->dst * stride + r;
        double high = run->values[regs[0] * stride + r], sum[8] = {0};

        for (i = 1; i < op->count; i++) {
            const double x = run->values[regs[i] * stride + r];
            high = x > high ? x : high;
        }
        for (i = 0; i < op->count; i++) {
            v[i * stride] =
                mlpipe__exp(run->values[regs[i] * stride + r] - high);
            sum[i & 7] += v[i * stride];
        }
        const double total = learn_tree(sum);
        for (i = 0; i < op->count; i++)
            vm_put(&v[i * stride], &flags[i * stride],
                   vm_give(v[i * stride] / total, all));
    }
}

static double learn_interpolate(double a, const double *x, uint32_t count)
{
    const double *y = x + count;
    uint32_t low = 0, high = count; /* x[low - 1] <= a < x[high] */

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;

        if (x[mid] <= a)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0 || low == count)
        return y[low ? count - 1 : 0];
    return mlpipe__between(y[low - 1], y[low],
                           (a - x[low - 1]) / (x[low] - x[low - 1]),
                           MLPIPE__BETWEEN_ANY);
}

void mlpipe__vm_run_interpolate(const mlpipe__vm_run *run,
                                const mlpipe__op *op)
{
    const double *points = run->p->consts + op->arg;
    const double *a = run->values + op->a * run->stride;
    const uint8_t *ok = run->flags + op->a * run->stride;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t r;

    for (r = 0; r < run->n; r++)
        vm_put(&v[r], &flags[r],
               vm_give(learn_interpolate(a[r], points, op->count), ok[r]));
}

/* A few rows at once, so that a block is read lane by lane. */
enum { LEARN_ROWS = 16 };

VM_INLINE void learn_distance_rows(const mlpipe__vm_run *run,
                                   const mlpipe__op *op, uint32_t from,
                                   uint32_t n)
{
    const double *c = run->p->consts + op->b;
    const uint32_t *regs = run->p->words + op->arg;
    const size_t dst = op->dst * run->stride + from;
    double sum[8][LEARN_ROWS];
    uint8_t all[LEARN_ROWS];
    uint32_t i, r;

    memset(sum, 0, sizeof sum);
    memset(all, 1, sizeof all);
    for (i = 0; i < op->count; i++) {
        const size_t at = regs[i] * run->stride + from;
        const double mean = c[1 + 2 * i], weight = c[2 + 2 * i];

        for (r = 0; r < n; r++) {
            const double d = run->values[at + r] - mean;
            const uint8_t there = run->flags[at + r];

            sum[i & 7][r] += there ? weight * (d * d) : 0.0;
            all[r] &= there | (uint8_t)op->a;
        }
    }
    for (r = 0; r < n; r++) {
        const double lanes[8] = {sum[0][r], sum[1][r], sum[2][r], sum[3][r],
                                 sum[4][r], sum[5][r], sum[6][r], sum[7][r]};

        vm_put(&run->values[dst + r], &run->flags[dst + r],
               vm_give(c[0] + learn_tree(lanes), all[r]));
    }
}

static void learn_distance_few(const mlpipe__vm_run *run,
                               const mlpipe__op *op, uint32_t from)
{
    learn_distance_rows(run, op, from, LEARN_ROWS);
}

#if defined(__x86_64__) && defined(__GNUC__)
/* The same where no value of these rows is missing, as in most; false, and
 * nothing is done, where one is. */
__attribute__((target("avx2"))) static bool
learn_distance_whole(const mlpipe__vm_run *run, const mlpipe__op *op,
                     uint32_t from)
{
    const double *c = run->p->consts + op->b, *values = run->values + from;
    const uint32_t *regs = run->p->words + op->arg, count = op->count;
    const uint8_t *flags = run->flags + from;
    const size_t stride = run->stride;
    double *to = run->values + op->dst * stride + from;
    double sum[8][LEARN_ROWS] = {{0}};
    uint32_t i, r;

    for (i = 0; i < count; i++) {
        const size_t at = regs[i] * stride;
        const double mean = c[1 + 2 * i], weight = c[2 + 2 * i];
        uint64_t there[2];

        memcpy(there, flags + at, sizeof there);
        if ((there[0] & there[1]) != UINT64_C(0x0101010101010101))
            return false;
        for (r = 0; r < LEARN_ROWS; r++) {
            const double d = values[at + r] - mean;

            sum[i & 7][r] += weight * (d * d);
        }
    }
    for (r = 0; r < LEARN_ROWS; r++) {
        const double even = (sum[0][r] + sum[4][r]) + (sum[2][r] + sum[6][r]);
        const double odd = (sum[1][r] + sum[5][r]) + (sum[3][r] + sum[7][r]);

        vm_put(&to[r], &run->flags[op->dst * stride + from + r],
               vm_give(c[0] + (even + odd), 1));
    }
    return true;
}
#else
static bool learn_distance_whole(const mlpipe__vm_run *run,
                                 const mlpipe__op *op, uint32_t from)
{
    (void)run;
    (void)op;
    (void)from;
    return false;
}
#endif

void mlpipe__vm_run_distance(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    uint32_t r;

    for (r = 0; r + LEARN_ROWS <= run->n; r += LEARN_ROWS)
        if (!run->p->avx2 || !learn_distance_whole(run, op, r))
            learn_distance_few(run, op, r);
    for (; r < run->n; r++)
        learn_distance_rows(run, op, r, 1);
}

void mlpipe__vm_run_argmin(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const uint32_t *regs = run->p->words + op->arg;
    double *v = run->values + op->dst * run->stride;
    uint8_t *flags = run->flags + op->dst * run->stride;
    uint32_t i, r;

    for (r = 0; r < run->n; r++) {
        uint32_t best = 0;

        for (i = 1; i < op->count; i++)
            if (run->values[regs[i] * run->stride + r] <
                run->values[regs[best] * run->stride + r])
                best = i;
        vm_copy(&v[r], &flags[r],
                vm_give((double)best, learn_all(run, op, r)));
    }
}
