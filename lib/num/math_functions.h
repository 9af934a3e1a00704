/* SPDX-License-Identifier: MIT */
/* Functions of numbers; a part of num_internal.h, which is what others
 * include. */
#ifndef MLPIPE_MATH_FUNCTIONS_H
#define MLPIPE_MATH_FUNCTIONS_H

#include "../base/base_internal.h"

/* ---- functions (math.c): below 1 ulp, same bits on every build ---------- */

double mlpipe__exp(double x);
double mlpipe__log(double x);
double mlpipe__log1p(double x);
double mlpipe__expm1(double x);
double mlpipe__sigmoid(double x);
/* log(p / (1 - p)); p within 2^-53 .. 1 - 2^-53, so within +-36.74. */
double mlpipe__logit(double p);
double mlpipe__sqrt(double x);
/* exp of n finite values, and log1p of n values from 0 to 1 (math_block.c):
 * the bits of the above, several at a time; out may be x. */
void mlpipe__exp_block(const double *x, double *out, uint32_t n, bool avx2);
void mlpipe__log1p_block(const double *x, double *out, uint32_t n, bool avx2);
double mlpipe__normal_quantile(double p);     /* inverse CDF, p in (0, 1) */
static inline bool mlpipe__finite(double x)
{
    return x - x == 0.0;
}
/* Bits in place of ?:, for loops that are to become vectors: compilers jump
 * where a comparison, or what it chooses between, might trap. */
static inline double mlpipe__pick(bool is, double yes, double no)
{
    const uint64_t mask = UINT64_C(0) - (uint64_t)is;
    uint64_t a, b;
    double x;
    memcpy(&a, &yes, sizeof a);
    memcpy(&b, &no, sizeof b);
    a = (a & mask) | (b & ~mask);
    memcpy(&x, &a, sizeof x);
    return x;
}
double mlpipe__nan(void);      /* the one canonical quiet NaN */
double mlpipe__inf(void);

/* ---- more functions (math_pow.c, math_trig.c, math_round.c) ------------- */

/*
 * Below 1 ulp, as above. x^y as C has it: 1 where y is 0 or x is 1, NaN where
 * x < 0 and y is no integer, 0^y is infinite for y < 0; also exact where the
 * result is a double, such as 3^4, 10^22, 2^-3.
 */
double mlpipe__pow(double x, double y);
double mlpipe__log2(double x);  /* exact at powers of 2 */
double mlpipe__log10(double x); /* exact at powers of 10 */
double mlpipe__cbrt(double x);  /* exact at cubes */
double mlpipe__hypot(double x, double y); /* never too large on the way */
/* |x| <= 2^20 radians; beyond, and there alone, it is NaN. */
double mlpipe__sin(double x);
double mlpipe__cos(double x);
double mlpipe__tan(double x);
double mlpipe__atan(double x); /* -pi/2 .. pi/2 (math_atan.c) */
/* Of t whole turns, any finite t; exact at quarters, and a zero is +0. */
double mlpipe__sin_turn(double t);
double mlpipe__cos_turn(double t);
/* To whole numbers, exact; zeros keep the sign of x. */
double mlpipe__floor(double x);
double mlpipe__ceil(double x);
double mlpipe__trunc(double x);
double mlpipe__round_even(double x); /* nearest, halves to even */
/*
 * The double nearest to the decimal that has `digits` places (-15 to 15, the
 * nearer of them otherwise; -2: hundreds) and is nearest to the exact binary
 * value of x, halves to even: 2.675 is a little less, and gives 2.67.
 */
double mlpipe__round_digits(double x, int32_t digits);
/*
 * a - b floor(a / b) from the exact remainder: the sign is that of b, and the
 * result is b itself only where b less a trifle rounds to it. NaN for b = 0
 * and infinite a; a (or b where signs differ) for infinite b.
 */
double mlpipe__mod_floor(double a, double b);

#endif
