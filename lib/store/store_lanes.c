/* SPDX-License-Identifier: MIT */
/*
 * Loops over the numbers of a chunk, which a compiler turns into vectors: for
 * any machine, and for those that have wider ones. All give the same.
 */
#include "store_internal.h"

/* Hashes below it are few of many. */
#define LANES_FEW (UINT64_MAX >> 8)

#if defined(__GNUC__)
#define LANES_INLINE static inline __attribute__((always_inline))
#else
#define LANES_INLINE static inline
#endif

LANES_INLINE void lanes_range(const int64_t *values, uint32_t n, int64_t *low,
                              int64_t *high)
{
    int64_t least = values[0], most = values[0];
    uint32_t i;

    for (i = 1; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    *low = least;
    *high = most;
}

LANES_INLINE void lanes_narrow(const int64_t *values, uint32_t n,
                               uint64_t low, uint32_t width, void *to)
{
    uint32_t i;

    if (width == 1)
        for (i = 0; i < n; i++)
            ((uint8_t *)to)[i] = (uint8_t)((uint64_t)values[i] - low);
    else if (width == 2)
        for (i = 0; i < n; i++)
            ((uint16_t *)to)[i] = (uint16_t)((uint64_t)values[i] - low);
    else if (width == 4)
        for (i = 0; i < n; i++)
            ((uint32_t *)to)[i] = (uint32_t)((uint64_t)values[i] - low);
    else if (width == 8)
        for (i = 0; i < n; i++)
            ((uint64_t *)to)[i] = (uint64_t)values[i] - low;
}

LANES_INLINE uint64_t lanes_mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 32);
}

LANES_INLINE void lanes_hash(const int64_t *whole, const double *values,
                             uint32_t n, uint64_t *hashes)
{
    uint32_t i;

    if (whole) {
        for (i = 0; i < n; i++)
            hashes[i] = lanes_mix((uint64_t)whole[i]);
        return;
    }
    for (i = 0; i < n; i++) {
        const double x = values[i] + 0.0; /* -0 is 0 */
        uint64_t bits;

        memcpy(&bits, &x, sizeof bits);
        hashes[i] = lanes_mix(bits);
    }
}

/* Few of many are foretold better than waited for, many are not. */
LANES_INLINE uint32_t lanes_sift(const uint64_t *hashes, uint32_t n,
                                 uint64_t below, uint64_t *few)
{
    uint32_t i, count = 0;

    if (below > LANES_FEW) {
        for (i = 0; i < n; i++) {
            few[count] = hashes[i];
            count += mlpipe__store_rest(hashes[i]) <= below;
        }
        return count;
    }
    for (i = 0; i < n; i++)
        if (mlpipe__store_rest(hashes[i]) <= below)
            few[count++] = hashes[i];
    return count;
}

#define LANES_SET(name, target)                                               \
    target static void name##_range(const int64_t *values, uint32_t n,        \
                                    int64_t *low, int64_t *high)              \
    {                                                                         \
        lanes_range(values, n, low, high);                                    \
    }                                                                         \
    target static void name##_narrow(const int64_t *values, uint32_t n,       \
                                     uint64_t low, uint32_t width, void *to)  \
    {                                                                         \
        lanes_narrow(values, n, low, width, to);                              \
    }                                                                         \
    target static void name##_hash(const int64_t *whole,                      \
                                   const double *values, uint32_t n,          \
                                   uint64_t *hashes)                          \
    {                                                                         \
        lanes_hash(whole, values, n, hashes);                                 \
    }                                                                         \
    target static uint32_t name##_sift(const uint64_t *hashes, uint32_t n,    \
                                       uint64_t below, uint64_t *few)         \
    {                                                                         \
        return lanes_sift(hashes, n, below, few);                             \
    }                                                                         \
    static const mlpipe__store_lanes name##_set = {                           \
        name##_range, name##_narrow, name##_hash, name##_sift};

LANES_SET(lanes_plain, )
#if defined(__x86_64__) && defined(__GNUC__)
LANES_SET(lanes_avx2, __attribute__((target("avx2"))))
LANES_SET(lanes_avx512, __attribute__((target("avx512f,avx2"))))
#else
#define lanes_avx2_set lanes_plain_set
#define lanes_avx512_set lanes_plain_set
#endif

const mlpipe__store_lanes *mlpipe__store_lanes_of(uint32_t vector)
{
    return vector == 64   ? &lanes_avx512_set
           : vector == 32 ? &lanes_avx2_set
                          : &lanes_plain_set;
}
