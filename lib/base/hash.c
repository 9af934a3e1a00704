/* SPDX-License-Identifier: MIT */
/*
 * XXH3 behind our own names; the only file that includes xxhash.h. Nothing
 * of it that allocates is called.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base_internal.h"

_Static_assert(sizeof(XXH3_state_t) <= sizeof(mlpipe__hasher),
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

void mlpipe__hasher_add(mlpipe__hasher *h, const void *data, size_t bytes)
{
    if (bytes)
        (void)XXH3_128bits_update((XXH3_state_t *)(void *)h->state, data,
                                  bytes);
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
