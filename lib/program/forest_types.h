/* SPDX-License-Identifier: MIT */
/*
 * What a forest is compiled to. Every engine first turns the features into
 * bins, then works on integers alone; all give the bits of the plain walk.
 */
#ifndef MLPIPE_FOREST_TYPES_H
#define MLPIPE_FOREST_TYPES_H

#include "program_internal.h"

enum {
    FOREST_TILE = 64,       /* rows whose bins are held at once */
    FOREST_LINE_BYTES = 128, /* 32 masks of 32 bits, or 16 of 64 */
    FOREST_LINE_WORDS = FOREST_LINE_BYTES / 8,
    FOREST_BLOCK_LEAVES = 1024, /* lanes of a block times leaves of a lane */
    FOREST_TABLE_BYTES = 32 << 20
};

/* Instruction sets of the mask run; kept in the engine, all of equal bits. */
enum { MASK_PLAIN = 0, MASK_AVX2 = 1, MASK_AVX512 = 2 };

/*
 * How a used feature becomes a bin. A number: how many of its cuts are <= x,
 * then one bin for missing. A code: the code, one bin for all other codes,
 * one for missing.
 */
typedef struct forest_feature {
    uint32_t feature; /* its number in the forest */
    uint32_t codes;   /* 0 = a number */
    uint32_t cut;     /* first of 2^steps - 1 cuts, NaN behind the real ones */
    uint32_t steps;
    uint32_t bins;    /* missing is bin bins - 1 */
} forest_feature;

/* A used feature within a block: map[map + bin] is the offset of a line. */
typedef struct forest_pair {
    uint32_t used, map;
} forest_pair;

/* Trees whose masks share lines: pairs [pair, end). */
typedef struct forest_block {
    uint32_t pair, end;
    uint32_t output;
    uint32_t lanes; /* trees, rounded up to a multiple of four */
} forest_block;

/* A node of the walk: right where the bin in slot is >= at. */
typedef struct forest_step {
    uint32_t slot; /* FOREST_SET: at is a word of bits, one bit per bin */
    uint32_t at;
    int32_t next[2]; /* ~leaf ends */
} forest_step;

#define FOREST_SET 0x80000000u

struct mlpipe__forest_engine {
    uint32_t used, max_bins;
    uint32_t quads; /* that many features search in groups of four */
    forest_feature *features; /* used */
    double *cuts;
    /* masks: blocks of 32 trees with up to 32 leaves, or 16 with up to 64 */
    bool masks, wide;
    uint32_t isa; /* MASK_ */
    uint32_t block_count, pair_count;
    forest_block *blocks;
    forest_pair *pairs;
    uint32_t *map;
    uint64_t *lines;
    int32_t *leaf; /* FOREST_BLOCK_LEAVES of each block */
    /* walk */
    forest_step *steps;     /* nodes; children count from their tree's first */
    uint32_t *bits;
};

typedef struct mlpipe__forest_engine forest_engine;

/* Where the features of a run lie: lanes by pointer, or by register. */
typedef struct forest_lanes {
    const double *const *x;
    const uint8_t *const *valid;
    const double *values; /* of registers */
    const uint8_t *flags;
    size_t stride;
    const uint32_t *regs; /* NULL: x and valid */
} forest_lanes;

bool mlpipe__mask_build(const mlpipe__forest *f, forest_engine *e,
                        const uint32_t *used_of, bool *nomem);
/* The best that this machine has. */
uint32_t mlpipe__mask_isa(const mlpipe__env *env);
void mlpipe__mask_run(const mlpipe__forest *f, const uint32_t *bins,
                      uint32_t n, double *out, size_t out_stride);
bool mlpipe__steps_build(const mlpipe__forest *f, forest_engine *e,
                         const uint32_t *used_of);
void mlpipe__steps_run(const mlpipe__forest *f, uint32_t *bins, uint32_t n,
                       double *out, size_t out_stride);

/* How many leaves a tree has, and the most of any. */
static inline uint32_t forest_tree_leaves(const mlpipe__forest *f, uint32_t t)
{
    return f->tree_leaf[t + 1] - f->tree_leaf[t];
}

/* Where a rank of a cut among the feature's cuts is searched. */
static inline uint32_t forest_count_cuts(const double *cuts, uint32_t steps,
                                         double x)
{
    uint32_t half = steps ? 1u << (steps - 1) : 0, at = 0;

    for (; half; half >>= 1)
        at += half & -(uint32_t)(cuts[at + half - 1] <= x);
    return at;
}

#endif
