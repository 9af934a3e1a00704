/* SPDX-License-Identifier: MIT */
/*
 * Random numbers from counters: Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC11). No state, so that
 * neither threads nor an added column can shift what another row draws.
 */
#include "base_internal.h"

void mlpipe__philox(uint64_t seed, uint32_t purpose, uint32_t stream,
                    uint64_t row, uint32_t draw, uint32_t out[4])
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)row, c1 = (uint32_t)(row >> 32);
    uint32_t c2 = draw, c3 = purpose << 24 ^ stream;
    for (int round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * c0;
        const uint64_t b = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)a;
        key0 += UINT32_C(0x9E3779B9);
        key1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t mlpipe__random64(uint64_t seed, uint32_t purpose, uint32_t stream,
                          uint64_t row, uint32_t draw)
{
    uint32_t bits[4];
    mlpipe__philox(seed, purpose, stream, row, draw, bits);
    return (uint64_t)bits[1] << 32 | bits[0];
}

double mlpipe__random_unit(uint64_t seed, uint32_t purpose, uint32_t stream,
                           uint64_t row, uint32_t draw)
{
    const uint64_t bits =
        mlpipe__random64(seed, purpose, stream, row, draw) >> 12;
    return ((double)bits + 0.5) * 0x1p-52; /* exact: 53 bits at most */
}
