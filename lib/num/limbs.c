/* SPDX-License-Identifier: MIT */
/*
 * Exact sums of doubles and of their squares by floating-point adds alone.
 * Below a power of two that no value reaches a value is cut into digits of 24
 * bits by adding and taking away a large number, which rounds to a unit. Sums
 * of digits, and of products of two, stay below 2^53 units for 128 values a
 * lane, so that no add rounds and the order of adds is of no matter. Values
 * that have more bits than three digits say so, and are summed elsewhere.
 */
#include "num_internal.h"

enum {
    LIMBS_LANE = 128,  /* values of a lane: 2^46 each in products */
    LIMBS_BITS = 24,   /* of a digit, its sign included */
    LIMBS_HIGH = 480,  /* tops above which a product may overflow, */
    LIMBS_LOW = -430,  /* and below which it may be a subnormal */
    LIMBS_WIDTH = 8    /* lanes of the widest vector */
};

#if defined(__GNUC__)
#define LIMBS_INLINE static inline __attribute__((always_inline))
#else
#define LIMBS_INLINE static inline
#endif

typedef double limbs_two
    __attribute__((vector_size(16), aligned(8), may_alias));
typedef double limbs_four
    __attribute__((vector_size(32), aligned(8), may_alias));
typedef double limbs_eight
    __attribute__((vector_size(64), aligned(8), may_alias));
typedef uint64_t limbs_bits_two
    __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint64_t limbs_bits_four
    __attribute__((vector_size(32), aligned(8), may_alias));
typedef uint64_t limbs_bits_eight
    __attribute__((vector_size(64), aligned(8), may_alias));

/* By lanes: sums of digits, sums of products, and the bits of all that is
 * below the third digit, to tell that there is something. */
enum { LIMBS_SUMS = MLPIPE__LIMBS + MLPIPE__LIMB_PRODUCTS + 1 };
typedef double limbs_lanes[LIMBS_SUMS][LIMBS_WIDTH];

/* 2^k for normal doubles. */
static double limbs_power(int32_t k)
{
    const uint64_t bits = (uint64_t)(1023 + k) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* One body for all widths, since the types of vectors cannot be a parameter of
 * a function. n is a multiple of the lanes. */
#define LIMBS_BODY(name, vector, bits, lanes)                                 \
    LIMBS_INLINE void name(const double *values, uint32_t n,                  \
                           const double cut[MLPIPE__LIMBS], limbs_lanes out)  \
    {                                                                         \
        vector s0 = {0}, s1 = {0}, s2 = {0}, p00 = {0}, p01 = {0};            \
        vector p02 = {0}, p11 = {0}, p12 = {0}, p22 = {0};                    \
        bits lost = {0};                                                      \
        const vector none = {0};                                              \
        const vector c0 = none + cut[0], c1 = none + cut[1];                  \
        const vector c2 = none + cut[2];                                      \
                                                                              \
        for (uint32_t i = 0; i < n; i += lanes) {                             \
            const vector x = *(const vector *)(values + i);                   \
            const vector d0 = (x + c0) - c0;                                  \
            const vector r0 = x - d0;                                         \
            const vector d1 = (r0 + c1) - c1;                                 \
            const vector r1 = r0 - d1;                                        \
            const vector d2 = (r1 + c2) - c2;                                 \
            const vector r2 = r1 - d2;                                        \
                                                                              \
            lost |= (bits)r2;                                                 \
            s0 += d0;                                                         \
            s1 += d1;                                                         \
            s2 += d2;                                                         \
            p00 += d0 * d0;                                                   \
            p01 += d0 * d1;                                                   \
            p02 += d0 * d2;                                                   \
            p11 += d1 * d1;                                                   \
            p12 += d1 * d2;                                                   \
            p22 += d2 * d2;                                                   \
        }                                                                     \
        *(vector *)out[0] = s0;                                               \
        *(vector *)out[1] = s1;                                               \
        *(vector *)out[2] = s2;                                               \
        *(vector *)out[3] = p00;                                              \
        *(vector *)out[4] = p01;                                              \
        *(vector *)out[5] = p02;                                              \
        *(vector *)out[6] = p11;                                              \
        *(vector *)out[7] = p12;                                              \
        *(vector *)out[8] = p22;                                              \
        *(bits *)(void *)out[9] = lost;                                       \
    }
LIMBS_BODY(limbs_body_two, limbs_two, limbs_bits_two, 2)
LIMBS_BODY(limbs_body_four, limbs_four, limbs_bits_four, 4)
LIMBS_BODY(limbs_body_eight, limbs_eight, limbs_bits_eight, 8)

static void limbs_plain(const double *values, uint32_t n, const double *cut,
                        limbs_lanes out)
{
    limbs_body_two(values, n, cut, out);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
limbs_avx2(const double *values, uint32_t n, const double *cut,
           limbs_lanes out)
{
    limbs_body_four(values, n, cut, out);
}

__attribute__((target("avx512f,avx2"))) static void
limbs_avx512(const double *values, uint32_t n, const double *cut,
             limbs_lanes out)
{
    limbs_body_eight(values, n, cut, out);
}
#else
#define limbs_avx2 limbs_plain
#define limbs_avx512 limbs_plain
#endif

uint32_t mlpipe__limbs_part(uint32_t vector)
{
    return LIMBS_LANE * (vector == 64 ? 8 : vector == 32 ? 4 : 2);
}

double mlpipe__limbs_most(const double *values, uint32_t n)
{
    double low[LIMBS_WIDTH] = {0}, high[LIMBS_WIDTH] = {0}, most = 0;
    uint32_t i = 0;
    for (; i + LIMBS_WIDTH <= n; i += LIMBS_WIDTH)
        for (uint32_t k = 0; k < LIMBS_WIDTH; ++k) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    for (; i < n; ++i) {
        low[0] = values[i] < low[0] ? values[i] : low[0];
        high[0] = values[i] > high[0] ? values[i] : high[0];
    }
    for (uint32_t k = 0; k < LIMBS_WIDTH; ++k) {
        most = most > high[k] ? most : high[k];
        most = most > -low[k] ? most : -low[k];
    }
    return most;
}

/* The power of two that no value reaches. */
static int32_t limbs_top(double most)
{
    uint64_t bits;
    memcpy(&bits, &most, sizeof bits);
    return (int32_t)(bits >> 52 & 2047) - 1022;
}

/* Lanes of whole numbers of 2^unit, together. */
static int64_t limbs_units(const double lanes[LIMBS_WIDTH], int32_t unit)
{
    const double scale = limbs_power(-unit);
    int64_t sum = 0;
    for (uint32_t k = 0; k < LIMBS_WIDTH; ++k)
        sum += (int64_t)(lanes[k] * scale);
    return sum;
}

static void limbs_lanes_of(const double *values, uint32_t n, uint32_t vector,
                           const double *cut, limbs_lanes out)
{
    memset(out, 0, sizeof(limbs_lanes));
    (vector == 64   ? limbs_avx512
     : vector == 32 ? limbs_avx2
                    : limbs_plain)(values, n, cut, out);
}

static bool limbs_take(const double *values, uint32_t n, uint32_t vector,
                       const double *cut, mlpipe__limbs *out)
{
    limbs_lanes lanes;
    uint64_t lost = 0;
    limbs_lanes_of(values, n, vector, cut, lanes);
    for (uint32_t k = 0; k < LIMBS_WIDTH; ++k) {
        uint64_t bits;
        memcpy(&bits, &lanes[LIMBS_SUMS - 1][k], sizeof bits);
        lost |= bits << 1; /* -0 is nothing, too */
    }
    for (uint32_t i = 0; i < MLPIPE__LIMBS; ++i)
        out->sum[i] += limbs_units(lanes[i], out->unit[i]);
    for (uint32_t i = 0; i < MLPIPE__LIMB_PRODUCTS; ++i)
        out->product[i] += limbs_units(lanes[MLPIPE__LIMBS + i],
                                       out->product_unit[i]);
    return !lost;
}

bool mlpipe__limbs_sum(const double *values, uint32_t n, double most,
                       uint32_t vector, mlpipe__limbs *out)
{
    /* A product's digits; those of two different ones count twice. */
    static const uint8_t pair[MLPIPE__LIMB_PRODUCTS][2] = {
        {0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}};
    const int32_t top = limbs_top(most);
    const uint32_t whole = n / LIMBS_WIDTH * LIMBS_WIDTH;
    double cut[MLPIPE__LIMBS];
    double rest[LIMBS_WIDTH] = {0}; /* zeros change no sum */
    if (top > LIMBS_HIGH || top < LIMBS_LOW)
        return false;
    memset(out, 0, sizeof *out);
    for (int32_t i = 0; i < MLPIPE__LIMBS; ++i) {
        out->unit[i] = top + 1 - LIMBS_BITS * (i + 1);
        cut[i] = 1.5 * limbs_power(out->unit[i] + 52);
    }
    for (uint32_t i = 0; i < MLPIPE__LIMB_PRODUCTS; ++i)
        out->product_unit[i] = out->unit[pair[i][0]] + out->unit[pair[i][1]];
    memcpy(rest, values + whole, (n - whole) * sizeof *rest);
    if (!limbs_take(values, whole, vector, cut, out)
        || (n > whole && !limbs_take(rest, LIMBS_WIDTH, vector, cut, out)))
        return false;
    for (uint32_t i = 0; i < MLPIPE__LIMB_PRODUCTS; ++i)
        if (pair[i][0] != pair[i][1])
            out->product_unit[i] += 1;
    return true;
}
