/* SPDX-License-Identifier: MIT */
/* What fuzz targets share. */
#ifndef MLPIPE_TESTS_FUZZ_H
#define MLPIPE_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold for every input; ends the process with the place otherwise. */
#define fuzz_require(condition)                                            \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,             \
                    #condition);                                           \
            abort();                                                       \
        }                                                                  \
    } while (0)

/*
 * A context for one input, and its end, which checks that everything made
 * since was freed. 256 MiB are all that an input may ask for.
 */
static inline mlpipe_ctx *fuzz_begin(uint64_t *live)
{
    const mlpipe_ctx_options o = {.size = sizeof o,
                                  .memory_cap = UINT64_C(256) << 20};
    mlpipe_ctx *c = NULL;
    fuzz_require(!mlpipe_ctx_new(&o, &c));
    mlpipe_ctx_memory(c, live, NULL);
    return c;
}

static inline void fuzz_end(mlpipe_ctx *c, uint64_t live)
{
    uint64_t now = 0;
    mlpipe_ctx_memory(c, &now, NULL);
    fuzz_require(now == live);
    mlpipe_ctx_free(c);
}

/*
 * Make the hashes of a container right, as far as its table leads to bytes
 * that are there: the checks behind the hashes are then the ones at work.
 */
static inline void fuzz_repair_container(uint8_t *bytes, size_t size)
{
    uint32_t sections = 0;
    const uint64_t file_bytes = size;
    if (size < 64)
        return;
    memcpy(bytes, "\x89MLP\r\n\x1a\n", 8);
    memcpy(bytes + 16, &file_bytes, 8);
    memcpy(&sections, bytes + 32, 4);
    if (sections > (size - 64) / 64)
        return;
    for (uint32_t i = 0; i < sections; i++) {
        uint8_t *entry = bytes + 64 + 64 * (size_t)i;
        uint64_t at, n;
        memcpy(&at, entry + 8, 8);
        memcpy(&n, entry + 16, 8);
        if (at > size || n > size - at)
            continue;
        const mlpipe__hash128 h = mlpipe__hash(bytes + at, (size_t)n);
        memcpy(entry + 40, &h.lo, 8);
        memcpy(entry + 48, &h.hi, 8);
    }
    mlpipe__hasher hasher;
    mlpipe__hasher_init(&hasher);
    mlpipe__hasher_add(&hasher, bytes, 48);
    mlpipe__hasher_add(&hasher, bytes + 64, 64 * (size_t)sections);
    const mlpipe__hash128 h = mlpipe__hasher_end(&hasher);
    memcpy(bytes + 48, &h.lo, 8);
    memcpy(bytes + 56, &h.hi, 8);
}

#endif
