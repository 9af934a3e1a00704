/* SPDX-License-Identifier: MIT */
/*
 * Numbers as the sum of two doubles, from + - * alone. Dekker (1971) and
 * Knuth: each of these gives the rounded result and exactly what it lost, in
 * round-to-nearest, whether or not the machine has a fused multiply-add.
 */
#ifndef MLPIPE_BASE_DD_INTERNAL_H
#define MLPIPE_BASE_DD_INTERNAL_H

#include "base_internal.h"

typedef struct mlpipe__dd {
    double high, low;
} mlpipe__dd;

/* a + b where |a| >= |b| or a is 0. */
static inline mlpipe__dd mlpipe__dd_fast(double a, double b)
{
    const double s = a + b;
    return (mlpipe__dd){s, b - (s - a)};
}

static inline mlpipe__dd mlpipe__dd_sum(double a, double b)
{
    const double s = a + b;
    const double back = s - a;
    return (mlpipe__dd){s, (a - (s - back)) + (b - back)};
}

/* |a|, |b| < 2^996, and the product is not near the subnormals. */
static inline mlpipe__dd mlpipe__dd_product(double a, double b)
{
    const double split = 0x1p27 + 1.0; /* into halves of 26 bits */
    const double as = a * split, bs = b * split;
    const double ah = as - (as - a), bh = bs - (bs - b);
    const double al = a - ah, bl = b - bh;
    const double p = a * b;
    return (mlpipe__dd){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

/* (a.high + a.low) / (b.high + b.low), rounded once but for a trifle. */
static inline double mlpipe__dd_quotient(mlpipe__dd a, mlpipe__dd b)
{
    const double q = a.high / b.high;
    const mlpipe__dd p = mlpipe__dd_product(q, b.high);
    const double rest = ((a.high - p.high) - p.low) + (a.low - q * b.low);
    return q + rest / b.high;
}

static inline uint64_t mlpipe__f64_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double mlpipe__f64_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^e for -1022 <= e <= 1023. */
static inline double mlpipe__f64_power(int64_t e)
{
    return mlpipe__f64_of((uint64_t)(e + 1023) << 52);
}

static inline double mlpipe__f64_abs(double x)
{
    return mlpipe__f64_of(mlpipe__f64_bits(x) & (UINT64_MAX >> 1));
}

/* |x| with the sign of s, which may be of a zero. */
static inline double mlpipe__f64_sign(double x, double s)
{
    const uint64_t sign = mlpipe__f64_bits(s) >> 63 << 63;
    return mlpipe__f64_of((mlpipe__f64_bits(x) & (UINT64_MAX >> 1)) | sign);
}

#endif
