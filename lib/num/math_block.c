/* SPDX-License-Identifier: MIT */
/*
 * exp and log1p of many values at once, without a branch, so that a compiler
 * makes vectors of the loops: each value has the bits that mlpipe__exp and
 * mlpipe__log1p give, for every width of the vectors.
 */
#include "num_internal.h"

#include "math_table.h"

#if defined(__GNUC__)
#define BLOCK_INLINE static inline __attribute__((always_inline))
#else
#define BLOCK_INLINE static inline
#endif

BLOCK_INLINE double block_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

BLOCK_INLINE uint64_t block_to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Adding it to a small integer leaves the integer in the lowest bits. */
static const double block_shift = 0x1.8p52;

/* 2^e for an integer e from -1022 to 1023. */
BLOCK_INLINE double block_power(double e)
{
    return block_from_bits(block_to_bits(e + (block_shift + 1023.0)) << 52);
}

/*
 * The steps of mlpipe__exp. The power of two is applied in two factors, of
 * which the first loses nothing, however it is cut in two.
 */
BLOCK_INLINE double block_exp(double x)
{
    const double low = mlpipe__pick(x > -745.14, x, -745.14);
    const double c = mlpipe__pick(low < 709.79, low, 709.79);
    const double steps = c * math_steps + block_shift;
    const double k = steps - block_shift;
    const double r = (c - k * math_step_hi) - k * math_step_lo;
    const double r2 = r * r;
    const double tail = r2 * (0.5 + r * (1.0 / 6))
                      + r2 * r2 * (1.0 / 24 + r * (1.0 / 120)
                                   + r2 * (1.0 / 720));
    const uint64_t bits = block_to_bits(steps);
    const uint64_t j = bits & 63;
    const double whole =
        (block_from_bits(bits & ~UINT64_C(63)) - block_shift) * (1.0 / 64);
    const double half = (whole * 0.5 + block_shift) - block_shift;
    const double high = math_power_hi[j];
    const double rest = math_power_lo[j] + high * (r + tail);
    return (high + rest) * block_power(half) * block_power(whole - half);
}

/* The steps of mlpipe__log1p for x from 0 to 1. */
BLOCK_INLINE double block_log1p(double x)
{
    const double root = 0x1.6a09e667f3bcdp0; /* sqrt(2), as it cuts there */
    const double u = 1.0 + x;
    const double up = mlpipe__pick(u >= root, 1.0, 0.0);
    const double m = mlpipe__pick(u >= root, 0.5 * u, u);
    const double lost = (x - (u - 1.0)) / u;
    const double f = mlpipe__pick(x < 0.4142, x, m - 1.0);
    const double k = mlpipe__pick(x < 0.4142, 0.0, up);
    const double c = mlpipe__pick(x < 0.4142, 0.0, lost);
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double z2 = z * z;
    const double z4 = z2 * z2;
    const double a = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9));
    const double b = (2.0 / 11 + z * (2.0 / 13))
                   + z2 * (2.0 / 15 + z * (2.0 / 17));
    const double d = (2.0 / 19 + z * (2.0 / 21)) + z2 * (2.0 / 23);
    const double r = z * (a + z4 * (b + z4 * d));
    const double square = 0.5 * f * f;
    const double low = s * (square + r) + (k * math_ln2_lo + c);
    const double y = k * math_ln2_hi - ((square - low) - f);
    return mlpipe__pick(x < 0x1p-54, x, y);
}

BLOCK_INLINE void block_exp_loop(const double *x, double *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; ++i)
        out[i] = block_exp(x[i]);
}

BLOCK_INLINE void block_log1p_loop(const double *x, double *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; ++i)
        out[i] = block_log1p(x[i]);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
block_exp_avx2(const double *x, double *out, uint32_t n)
{
    block_exp_loop(x, out, n);
}

__attribute__((target("avx2"))) static void
block_log1p_avx2(const double *x, double *out, uint32_t n)
{
    block_log1p_loop(x, out, n);
}
#else
#define block_exp_avx2 block_exp_loop
#define block_log1p_avx2 block_log1p_loop
#endif

void mlpipe__exp_block(const double *x, double *out, uint32_t n, bool avx2)
{
    if (avx2)
        block_exp_avx2(x, out, n);
    else
        block_exp_loop(x, out, n);
}

void mlpipe__log1p_block(const double *x, double *out, uint32_t n, bool avx2)
{
    if (avx2)
        block_log1p_avx2(x, out, n);
    else
        block_log1p_loop(x, out, n);
}
