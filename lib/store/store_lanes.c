/* SPDX-License-Identifier: MIT */
/*
 * Loops over the numbers of a chunk, which a compiler turns into vectors: for
 * any machine, and for those that have wider ones. All give the same.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define LANES_WIDE __attribute__((target("avx512f,avx512dq,avx2,popcnt")))
#endif

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

LANES_INLINE bool lanes_no_nan(const double *values, uint32_t n)
{
    uint64_t others = 0;
    uint32_t i;

    for (i = 0; i < n; i++)
        others += values[i] != values[i];
    return !others;
}

LANES_INLINE uint32_t lanes_pick(const int64_t *whole, const double *values,
                                 uint32_t n, uint64_t below, uint64_t *few)
{
    uint64_t hashes[MLPIPE__STORE_PIECE];

    lanes_hash(whole, values, n, hashes);
    return lanes_sift(hashes, n, below, few);
}

#if defined(__x86_64__) && defined(__GNUC__)
/* lanes_mix */
LANES_WIDE LANES_INLINE __m512i lanes_wide_mix(__m512i x)
{
    const __m512i factor =
        _mm512_set1_epi64((long long)UINT64_C(0xd6e8feb86659fd93));

    x = _mm512_mullo_epi64(_mm512_xor_epi64(x, _mm512_srli_epi64(x, 32)),
                           factor);
    x = _mm512_mullo_epi64(_mm512_xor_epi64(x, _mm512_srli_epi64(x, 32)),
                           factor);
    return _mm512_xor_epi64(x, _mm512_srli_epi64(x, 32));
}

/* Without a branch: those that are picked are pressed together and written
 * with what lies behind them, over which the next ones are written. */
LANES_WIDE static uint32_t lanes_wide_pick(const int64_t *whole,
                                           const double *values, uint32_t n,
                                           uint64_t below, uint64_t *few)
{
    const __m512i most = _mm512_set1_epi64((long long)below);
    const __m512i last = _mm512_set1_epi64(0x800);
    uint32_t i, count = 0;

    for (i = 0; i + 8 <= n; i += 8) {
        const __m512i x =
            whole ? _mm512_loadu_si512(whole + i)
                  : _mm512_castpd_si512(
                        _mm512_add_pd(_mm512_loadu_pd(values + i),
                                      _mm512_setzero_pd())); /* -0 is 0 */
        const __m512i hash = lanes_wide_mix(x);
        const __m512i rest =
            _mm512_or_epi64(_mm512_slli_epi64(hash, 12), last);
        const __mmask8 mask = _mm512_cmple_epu64_mask(rest, most);

        _mm512_storeu_si512(few + count,
                            _mm512_maskz_compress_epi64(mask, hash));
        count += (uint32_t)__builtin_popcount(mask);
    }
    return count + lanes_pick(whole ? whole + i : NULL,
                              values ? values + i : NULL, n - i, below,
                              few + count);
}
#endif

#define LANES_SET(name, target, best)                                         \
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
    target static uint32_t name##_pick(const int64_t *whole,                  \
                                       const double *values, uint32_t n,      \
                                       uint64_t below, uint64_t *few)         \
    {                                                                         \
        return best(whole, values, n, below, few);                            \
    }                                                                         \
    target static bool name##_no_nan(const double *values, uint32_t n)        \
    {                                                                         \
        return lanes_no_nan(values, n);                                       \
    }                                                                         \
    static const mlpipe__store_lanes name##_set = {                           \
        name##_range, name##_narrow, name##_hash,                             \
        name##_sift,  name##_pick,   name##_no_nan};

LANES_SET(lanes_plain, , lanes_pick)
#if defined(__x86_64__) && defined(__GNUC__)
LANES_SET(lanes_avx2, __attribute__((target("avx2"))), lanes_pick)
LANES_SET(lanes_avx512, LANES_WIDE, lanes_wide_pick)
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
