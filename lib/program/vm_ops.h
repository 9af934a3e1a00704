/* SPDX-License-Identifier: MIT */
/*
 * The ops: the one list of them, and the one element function of each, which
 * every width runs; VM_HOT_OPS say some of them once more, for whole lanes. An
 * element function is pure, takes a value with its validity and the op's
 * constants, and tells whether it has an answer; the frame around it (put)
 * turns NaN and inf into null, or hands them on (copy, loose).
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
 * X(code, name, version, what a is, constants, put or copy): elementwise ops
 * of one register, whose element function is vm_<name>; the result is a number
 * (IMPUTE: what a is). copy hands on an infinite input.
 */
#define VM_ELEMENT_OPS(X)                                                   \
    X(MLPIPE__OP_IMPUTE, impute, 1, VM_ANY, 1, copy)                        \
    X(MLPIPE__OP_IS_NULL, is_null, 1, VM_ANY, 0, put)                       \
    X(MLPIPE__OP_SHIFT_SCALE, shift_scale, 1, VM_NUMBER, 2, put)            \
    X(MLPIPE__OP_CLAMP, clamp, 1, VM_NUMBER, 2, put)                        \
    X(MLPIPE__OP_NULL_OUTSIDE, null_outside, 1, VM_NUMBER, 2, copy)         \
    X(MLPIPE__OP_OUTSIDE, outside, 1, VM_NUMBER, 2, put)                    \
    X(MLPIPE__OP_EXP, exp, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_LOG, log, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_EXPM1, expm1, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_LOG1P, log1p, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_SQUARE, square, 1, VM_NUMBER, 0, put)                      \
    X(MLPIPE__OP_SQRT, sqrt, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_SIGMOID, sigmoid, 1, VM_NUMBER, 0, put)                    \
    X(MLPIPE__OP_AFFINE, affine, 1, VM_NUMBER, 2, put)

/* The same, for what only expressions use: see vm_expr.c. */
#define VM_EXPR_OPS(X)                                                      \
    X(MLPIPE__OP_NEG, neg, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_NOT, not, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_ABS, abs, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_SIGN, sign, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_FLOOR, floor, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_CEIL, ceil, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_TRUNC, trunc, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_ROUND, round, 1, VM_NUMBER, 1, put)                        \
    X(MLPIPE__OP_LOG2, log2, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_LOG10, log10, 1, VM_NUMBER, 0, put)                        \
    X(MLPIPE__OP_CBRT, cbrt, 1, VM_NUMBER, 0, put)                          \
    X(MLPIPE__OP_SIN, sin, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_COS, cos, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_TAN, tan, 1, VM_NUMBER, 0, put)                            \
    X(MLPIPE__OP_SIN_TURN, sin_turn, 1, VM_NUMBER, 0, put)                  \
    X(MLPIPE__OP_COS_TURN, cos_turn, 1, VM_NUMBER, 0, put)                  \
    X(MLPIPE__OP_DATE_PART, date_part, 1, VM_NUMBER, 2, put)                \
    X(MLPIPE__OP_DATE_TRUNC, date_trunc, 1, VM_NUMBER, 2, put)              \
    X(MLPIPE__OP_PRIOR, prior, 1, VM_NUMBER, 1, put)                        \
    X(MLPIPE__OP_LOGIT, logit, 1, VM_NUMBER, 0, put)

/*
 * The same of two registers a and b. strict: null where one of them is null,
 * and a row that then has no answer is a fault; loose: the function sees
 * both, and hands on what it was given.
 */
#define VM_PAIR_OPS(X)                                                      \
    X(MLPIPE__OP_ADD, add, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_SUB, sub, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_MUL, mul, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_DIV, div, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_FLOOR_DIV, floor_div, 1, VM_NUMBER, 0, strict)             \
    X(MLPIPE__OP_MOD, mod, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_POW, pow, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_MIN, min, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_MAX, max, 1, VM_NUMBER, 0, strict)                         \
    X(MLPIPE__OP_LEAST, least, 1, VM_NUMBER, 0, loose)                      \
    X(MLPIPE__OP_GREATEST, greatest, 1, VM_NUMBER, 0, loose)                \
    X(MLPIPE__OP_HYPOT, hypot, 1, VM_NUMBER, 0, strict)                     \
    X(MLPIPE__OP_LT, lt, 1, VM_NUMBER, 0, strict)                           \
    X(MLPIPE__OP_LE, le, 1, VM_NUMBER, 0, strict)                           \
    X(MLPIPE__OP_EQ, eq, 1, VM_NUMBER, 0, strict)                           \
    X(MLPIPE__OP_NE, ne, 1, VM_NUMBER, 0, strict)                           \
    X(MLPIPE__OP_AND, and, 1, VM_NUMBER, 0, loose)                          \
    X(MLPIPE__OP_OR, or, 1, VM_NUMBER, 0, loose)                            \
    X(MLPIPE__OP_COALESCE, coalesce, 1, VM_NUMBER, 0, loose)                \
    X(MLPIPE__OP_NULL_IF, null_if, 1, VM_NUMBER, 0, loose)                  \
    X(MLPIPE__OP_ADD_MONTHS, add_months, 1, VM_NUMBER, 1, strict)           \
    X(MLPIPE__OP_EQ_CODE, eq_code, 1, VM_CODES, 0, loose)                   \
    X(MLPIPE__OP_COALESCE_CODE, coalesce, 1, VM_CODES, 0, loose)

/*
 * Those that most expressions are made of, X(code, name, how it is written):
 * one row does them without a call, a block without looking at each flag. What
 * vm_<name> refuses, such as x / 0, must come out as NaN or inf, which sends
 * the block to the element functions.
 */
#define VM_HOT_OPS(X)                                                       \
    X(MLPIPE__OP_ADD, add, a[r] + b[r])                                     \
    X(MLPIPE__OP_SUB, sub, a[r] - b[r])                                     \
    X(MLPIPE__OP_MUL, mul, a[r] * b[r])                                     \
    X(MLPIPE__OP_DIV, div, a[r] / b[r])                                     \
    X(MLPIPE__OP_MIN, min, a[r] < b[r] ? a[r] : b[r])                       \
    X(MLPIPE__OP_MAX, max, a[r] > b[r] ? a[r] : b[r])

/* The ops of another shape; again those of expressions apart. */
#define VM_OTHER_OPS(X)                                                     \
    X(MLPIPE__OP_ONEHOT, onehot, 1, VM_CODES, 0, put)                       \
    X(MLPIPE__OP_LOOKUP, lookup, 1, VM_CODES, 0, put)                       \
    X(MLPIPE__OP_LINEAR, linear, 1, VM_NO_A, 0, put)                        \
    X(MLPIPE__OP_FOREST, forest, 1, VM_NO_A, 0, put)

#define VM_EXPR_OTHER_OPS(X)                                                \
    X(MLPIPE__OP_CONST, const, 1, VM_NO_A, 0, put)                          \
    X(MLPIPE__OP_CONST_CODE, const, 1, VM_NO_A, 0, put)                     \
    X(MLPIPE__OP_SELECT, select, 1, VM_NUMBER, 0, put)                      \
    X(MLPIPE__OP_SELECT_CODE, select, 1, VM_NUMBER, 0, put)                 \
    X(MLPIPE__OP_BUCKET, bucket, 1, VM_NUMBER, 0, put)                      \
    X(MLPIPE__OP_MAP_CODE, map_code, 1, VM_CODES, 0, put)                   \
    X(MLPIPE__OP_CROSS, cross, 1, VM_CODES, 0, put)                         \
    X(MLPIPE__OP_FEED, feed, 1, VM_NO_A, 0, put)                            \
    X(MLPIPE__OP_LOOKUP_FOLD, lookup_fold, 1, VM_CODES, 0, put)

/* And those of learners. */
#define VM_LEARN_OPS(X)                                                     \
    X(MLPIPE__OP_SOFTMAX, softmax, 1, VM_NO_A, 0, put)                      \
    X(MLPIPE__OP_INTERPOLATE, interpolate, 1, VM_NUMBER, 0, put)            \
    X(MLPIPE__OP_DISTANCE, distance, 1, VM_NO_A, 0, put)                    \
    X(MLPIPE__OP_ARGMIN, argmin, 1, VM_NO_A, 0, put)                        \
    X(MLPIPE__OP_KNN, knn, 1, VM_NO_A, 0, put)

/* All ops of one register or none, and of another shape. */
#define VM_SINGLE_OPS(X)                                                    \
    VM_ELEMENT_OPS(X) VM_EXPR_OPS(X) VM_OTHER_OPS(X) VM_EXPR_OTHER_OPS(X)   \
    VM_LEARN_OPS(X)

#if defined(__GNUC__)
#define VM_INLINE static inline __attribute__((always_inline))
#else
#define VM_INLINE static inline
#endif

/* A run: where registers lie, and how many rows. */
typedef struct mlpipe__vm_run {
    const mlpipe__program *p;
    double *values;
    uint8_t *flags;
    void *extra;
    uint64_t *faults; /* NULL: not counted */
    size_t by_op;     /* 1: a counter for each op; 0: one for all */
    size_t stride;
    uint32_t n;
} mlpipe__vm_run;

static inline uint64_t *mlpipe__vm_fault(const mlpipe__vm_run *run,
                                         const mlpipe__op *op)
{
    return run->faults + (size_t)(op - run->p->ops) * run->by_op;
}

/* An op of VM_EXPR_OPS, VM_PAIR_OPS or VM_EXPR_OTHER_OPS (vm_expr.c). */
void mlpipe__vm_run_expr(const mlpipe__vm_run *run, const mlpipe__op *op);
/* What learners and their tails are made of beside linear forms and forests
 * (vm_learn.c). */
void mlpipe__vm_run_softmax(const mlpipe__vm_run *run, const mlpipe__op *op);
void mlpipe__vm_run_interpolate(const mlpipe__vm_run *run,
                                const mlpipe__op *op);
void mlpipe__vm_run_distance(const mlpipe__vm_run *run, const mlpipe__op *op);
void mlpipe__vm_run_argmin(const mlpipe__vm_run *run, const mlpipe__op *op);
void mlpipe__vm_run_knn(const mlpipe__vm_run *run, const mlpipe__op *op);
/* An op of VM_HOT_OPS or CONST over a block, where all values are there and
 * finite (vm_dense.c); false: the values do not count, do it row by row. */
bool mlpipe__vm_run_dense(const mlpipe__vm_run *run, const mlpipe__op *op);
/* Counts the rows whose values a and b were there and that got no answer. */
void mlpipe__vm_count(uint64_t *fault, const uint8_t *flags, const uint8_t *a,
                      const uint8_t *b, uint32_t n);

/* n flags: are all of them set? */
static inline bool mlpipe__vm_all(const uint8_t *flags, uint32_t n)
{
    return !memchr(flags, 0, n);
}

/* n values: is none NaN or infinite? */
bool mlpipe__vm_finite(const mlpipe__program *p, const double *v, uint32_t n);

typedef struct vm_value {
    double v;
    uint8_t ok;
} vm_value;

static inline vm_value vm_give(double v, uint32_t ok)
{
    const vm_value r = {v, (uint8_t)ok};

    return r;
}

VM_INLINE void vm_put(double *v, uint8_t *ok, vm_value r)
{
    const uint8_t keep = r.ok & (r.v - r.v == 0.0);

    *v = keep ? r.v : 0.0;
    *ok = keep;
}

/* For an op that hands on what it was given, an infinite input included. */
VM_INLINE void vm_copy(double *v, uint8_t *ok, vm_value r)
{
    *v = r.ok ? r.v : 0.0;
    *ok = r.ok;
}

/* Only what computes can fail: what hands on or sees nulls does not. */
#define VM_COUNT_put true
#define VM_COUNT_copy false
#define VM_COUNT_strict true
#define VM_COUNT_loose false

/* The element function `name` over the rows of a run; a and ok, v and flags
 * are the lanes, `own` tells whether the op has constants. */
#define VM_EACH(name, own, put)                                             \
    do {                                                                    \
        const double *c = own ? run->p->consts + op->arg : NULL;            \
        for (r = 0; r < n; r++)                                             \
            vm_##put(&v[r], &flags[r], vm_##name(a[r], ok[r], c));          \
        if (VM_COUNT_##put && run->faults)                                  \
            mlpipe__vm_count(mlpipe__vm_fault(run, op), flags, ok, ok,      \
                             n);                                            \
    } while (0)

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

/* Of times as ticks since 1970 (op_time.c); NaN beyond years 1 to 9999. */
double mlpipe__date_part(double time, double ticks, uint32_t part);
double mlpipe__date_trunc(double time, double ticks, uint32_t part);
double mlpipe__time_add_months(double time, double months, double ticks);

/* ---- of one number ------------------------------------------------------ */

/* Ops that are one function of num's, wherever it gives a number. */
#define VM_PLAIN(name, call)                                                \
    static inline vm_value vm_##name(double a, uint8_t ok, const double *c) \
    {                                                                       \
        return vm_give(call, ok);                                           \
    }
VM_PLAIN(neg, -a)
VM_PLAIN(not, a == 0.0 ? 1.0 : 0.0)
VM_PLAIN(abs, a < 0.0 ? -a : a + 0.0)
VM_PLAIN(sign, a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0)
VM_PLAIN(floor, mlpipe__floor(a))
VM_PLAIN(ceil, mlpipe__ceil(a))
VM_PLAIN(trunc, mlpipe__trunc(a))
VM_PLAIN(round, mlpipe__round_digits(a, (int)c[0]))
VM_PLAIN(cbrt, mlpipe__cbrt(a))
VM_PLAIN(sin, mlpipe__sin(a))
VM_PLAIN(cos, mlpipe__cos(a))
VM_PLAIN(tan, mlpipe__tan(a))
VM_PLAIN(sin_turn, mlpipe__sin_turn(a))
VM_PLAIN(cos_turn, mlpipe__cos_turn(a))
VM_PLAIN(log2, a > 0.0 ? mlpipe__log2(a) : mlpipe__nan())
VM_PLAIN(log10, a > 0.0 ? mlpipe__log10(a) : mlpipe__nan())
VM_PLAIN(prior, a * c[0] / (a * c[0] + (1.0 - a)))
VM_PLAIN(logit, mlpipe__logit(a))
VM_PLAIN(date_part, mlpipe__date_part(a, c[0], (uint32_t)c[1]))
VM_PLAIN(date_trunc, mlpipe__date_trunc(a, c[0], (uint32_t)c[1]))
#undef VM_PLAIN

/* ---- of two ------------------------------------------------------------- */

/* strict: both are there */
#define VM_STRICT(name, call)                                               \
    static inline vm_value vm_##name(double a, uint8_t ka, double b,        \
                                     uint8_t kb, const double *c)           \
    {                                                                       \
        return vm_give(call, ka & kb);                                      \
    }
VM_STRICT(add, a + b)
VM_STRICT(sub, a - b)
VM_STRICT(mul, a * b)
VM_STRICT(div, b != 0.0 ? a / b : mlpipe__nan())
VM_STRICT(floor_div, b != 0.0 ? mlpipe__floor(a / b) : mlpipe__nan())
VM_STRICT(mod, mlpipe__mod_floor(a, b))
VM_STRICT(pow, mlpipe__pow(a, b))
VM_STRICT(min, a < b ? a : b)
VM_STRICT(max, a > b ? a : b)
VM_STRICT(hypot, mlpipe__hypot(a, b))
VM_STRICT(lt, a < b ? 1.0 : 0.0)
VM_STRICT(le, a <= b ? 1.0 : 0.0)
VM_STRICT(eq, a == b ? 1.0 : 0.0)
VM_STRICT(ne, a != b ? 1.0 : 0.0)
VM_STRICT(add_months, mlpipe__time_add_months(a, b, c[0]))
#undef VM_STRICT

#define VM_LOOSE(name, value, there)                                        \
    static inline vm_value vm_##name(double a, uint8_t ka, double b,        \
                                     uint8_t kb, const double *c)           \
    {                                                                       \
        return vm_give(value, there);                                       \
    }
VM_LOOSE(least, !ka || (kb && b < a) ? b : a, ka | kb)
VM_LOOSE(greatest, !ka || (kb && b > a) ? b : a, ka | kb)
VM_LOOSE(and, a != 0.0 && b != 0.0 ? 1.0 : 0.0,
         (ka & kb) | (ka & (a == 0.0)) | (kb & (b == 0.0)))
VM_LOOSE(or, a != 0.0 || b != 0.0 ? 1.0 : 0.0,
         (ka & kb) | (ka & (a != 0.0)) | (kb & (b != 0.0)))
VM_LOOSE(coalesce, ka ? a : b, ka | kb)
VM_LOOSE(null_if, a, ka & !(kb & (a == b)))
VM_LOOSE(eq_code, a == b ? 1.0 : 0.0, ka & kb & ((a >= 0.0) | (b >= 0.0)))
#undef VM_LOOSE

/* ---- of codes ----------------------------------------------------------- */

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

static inline vm_value vm_map_code(double a, uint8_t ok,
                                   const uint32_t *table, uint32_t count)
{
    const uint32_t w = table[ok ? vm_code(a, count) : count + 1];

    return vm_give(w == MLPIPE__MAP_UNSEEN ? -1.0 : (double)w,
                   w != MLPIPE__MAP_NULL);
}

static inline double vm_cross(double a, uint32_t as, double b, uint32_t bs)
{
    const uint32_t i = vm_code(a, as), k = vm_code(b, bs);

    return i < as && k < bs ? (double)i * bs + k : -1.0;
}

/* How many edges lie at or below a; closed: strictly below. */
static inline double vm_bucket(double a, const double *edges, uint32_t count,
                               uint32_t closed)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;

        if (closed ? edges[mid] < a : edges[mid] <= a)
            low = mid + 1;
        else
            high = mid;
    }
    return (double)low;
}

#endif
