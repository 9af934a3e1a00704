/* SPDX-License-Identifier: MIT */
/*
 * XXH3 behind our own names; the only file that includes xxhash.h. Nothing
 * of it that allocates is called. Its loops for wider vectors stand beside
 * those for any machine, and give the same bits; the serving library, which
 * hashes little, has none of them.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(MLPIPE_SERVE)
#include <immintrin.h>
#define HASH_WIDE
#define XXH_X86DISPATCH 1
#define XXH_DISPATCH_AVX2 1
#define XXH_DISPATCH_AVX512 1
#define XXH_TARGET_AVX2 __attribute__((target("avx2")))
#define XXH_TARGET_AVX512 __attribute__((target("avx512f,avx2")))
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base_internal.h"

_Static_assert(sizeof(XXH3_state_t) <=
                   sizeof(((mlpipe__hasher *)NULL)->state),
               "mlpipe__hasher is too small for the state of XXH3");
_Static_assert(_Alignof(mlpipe__hasher) >= _Alignof(XXH3_state_t),
               "mlpipe__hasher is not aligned for the state of XXH3");

uint64_t mlpipe__hash64(const void *data, size_t bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, bytes, seed);
}

mlpipe__hash128 mlpipe__hash(const void *data, size_t bytes)
{
    const XXH128_hash_t h = XXH3_128bits(data, bytes);
    return (mlpipe__hash128){h.low64, h.high64};
}

void mlpipe__hasher_init(mlpipe__hasher *h)
{
    memset(h, 0, sizeof *h);
    (void)XXH3_128bits_reset((XXH3_state_t *)(void *)h->state);
}

void mlpipe__hasher_wide(mlpipe__hasher *h, uint32_t vector)
{
    h->vector = vector;
}

#if defined(HASH_WIDE)
/* From 0.8.2 on a loop takes many stripes, not one. */
#if XXH_VERSION_NUMBER >= 802
#define HASH_LOOP(isa) XXH3_accumulate_##isa
#else
#define HASH_LOOP(isa) XXH3_accumulate_512_##isa
#endif

XXH_TARGET_AVX2 static void hash_add_avx2(XXH3_state_t *state,
                                          const void *data, size_t bytes)
{
    (void)XXH3_update(state, data, bytes, HASH_LOOP(avx2),
                      XXH3_scrambleAcc_avx2);
}

XXH_TARGET_AVX512 static void hash_add_avx512(XXH3_state_t *state,
                                              const void *data, size_t bytes)
{
    (void)XXH3_update(state, data, bytes, HASH_LOOP(avx512),
                      XXH3_scrambleAcc_avx512);
}
#endif

void mlpipe__hasher_add(mlpipe__hasher *h, const void *data, size_t bytes)
{
    XXH3_state_t *state = (XXH3_state_t *)(void *)h->state;

    if (!bytes)
        return;
#if defined(HASH_WIDE)
    if (h->vector >= 32) {
        (h->vector >= 64 ? hash_add_avx512 : hash_add_avx2)(state, data,
                                                            bytes);
        return;
    }
#endif
    (void)XXH3_128bits_update(state, data, bytes);
}

mlpipe__hash128 mlpipe__hasher_end(const mlpipe__hasher *h)
{
    const XXH128_hash_t r =
        XXH3_128bits_digest((const XXH3_state_t *)(const void *)h->state);
    return (mlpipe__hash128){r.low64, r.high64};
}

void mlpipe__hash_hex(mlpipe__hash128 hash, char out[33])
{
    for (int i = 0; i < 32; i++) {
        const uint64_t word = i < 16 ? hash.hi : hash.lo;
        out[i] = "0123456789abcdef"[word >> (60 - 4 * (i % 16)) & 15];
    }
    out[32] = '\0';
}

static int hash_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mlpipe__hash_from_hex(const char *hex, size_t n, mlpipe__hash128 *out)
{
    uint64_t words[2] = {0, 0};
    if (n != 32)
        return false;
    for (size_t i = 0; i < 32; i++) {
        const int digit = hash_hex_digit(hex[i]);
        if (digit < 0)
            return false;
        words[i / 16] = words[i / 16] << 4 | (uint64_t)digit;
    }
    *out = (mlpipe__hash128){words[1], words[0]};
    return true;
}
