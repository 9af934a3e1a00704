/* SPDX-License-Identifier: MIT */
/*
 * The run over mask tables, included once for each width of vectors: MASK_NAME
 * names the functions, MASK_TARGET is their instruction set, MASK_BYTES the
 * width. All give the same bits, since they AND and add integers.
 */
typedef uint64_t MASK_NAME(mask_part)
    __attribute__((vector_size(MASK_BYTES), aligned(16), may_alias));

enum { MASK_NAME(MASK_PARTS) = FOREST_LINE_BYTES / MASK_BYTES };

/* What is left of the leaves of a block's trees for one row. */
typedef union MASK_NAME(mask_line) {
    MASK_NAME(mask_part) part[FOREST_LINE_BYTES / MASK_BYTES];
    uint32_t narrow[FOREST_LINE_BYTES / 4];
    uint64_t wide[FOREST_LINE_BYTES / 8];
} MASK_NAME(mask_line);

/* The AND of the lines that a row's bins choose in a block. */
MASK_TARGET
static inline void MASK_NAME(mask_and)(const forest_engine *e,
                                       const forest_block *block,
                                       const uint32_t *bins, size_t stride,
                                       MASK_NAME(mask_line) *out)
{
    const forest_pair *p = e->pairs + block->pair;
    const forest_pair *const end = e->pairs + block->end;
    const char *const lines = (const char *)e->lines;
    const uint32_t *const map = e->map;
    MASK_NAME(mask_part) all[MASK_NAME(MASK_PARTS)];
    int i;

    memset(all, 0xff, sizeof all);
    for (; p < end; p++) {
        const uint32_t at = map[p->map + bins[p->used * stride]];
        const MASK_NAME(mask_part) *part =
            (const MASK_NAME(mask_part) *)(lines + at);

        for (i = 0; i < MASK_NAME(MASK_PARTS); i++)
            all[i] &= part[i];
    }
    memcpy(out->part, all, sizeof all);
}

/* Lane i's leaves are [i * 32, i * 32 + 32), or 64 of them. */
MASK_TARGET
static inline int64_t MASK_NAME(mask_narrow)(const int32_t *leaf,
                                             const MASK_NAME(mask_line) *v,
                                             uint32_t lanes)
{
    int64_t a = 0, b = 0;
    uint32_t i;

    for (i = 0; i < lanes; i += 4, leaf += 4 * 32) {
        const uint32_t *m = v->narrow + i;

        a += (leaf)[(size_t)__builtin_ctz(m[0])];
        b += (leaf + 32)[(size_t)__builtin_ctz(m[1])];
        a += (leaf + 64)[(size_t)__builtin_ctz(m[2])];
        b += (leaf + 96)[(size_t)__builtin_ctz(m[3])];
    }
    return a + b;
}

MASK_TARGET
static inline int64_t MASK_NAME(mask_wide)(const int32_t *leaf,
                                           const MASK_NAME(mask_line) *v,
                                           uint32_t lanes)
{
    int64_t sum = 0;
    uint32_t i;

    for (i = 0; i < lanes; i++, leaf += 64)
        sum += leaf[(size_t)__builtin_ctzll(v->wide[i])];
    return sum;
}

/* Blocks outside, rows inside: a block's lines stay in the cache. */
MASK_TARGET
static inline void MASK_NAME(mask_blocks)(const forest_engine *e,
                                          const uint32_t *bins, uint32_t n,
                                          size_t stride, double *out,
                                          size_t out_stride)
{
    const int32_t *leaf = e->leaf;
    MASK_NAME(mask_line) v;
    uint32_t b, i;

    for (b = 0; b < e->block_count; b++, leaf += FOREST_BLOCK_LEAVES) {
        const forest_block *block = &e->blocks[b];
        double *sum = out + block->output * out_stride;

        for (i = 0; i < n; i++) {
            MASK_NAME(mask_and)(e, block, bins + i, stride, &v);
            /* Whole numbers below 2^53: the additions are exact. */
            sum[i] += (double)(
                e->wide ? MASK_NAME(mask_wide)(leaf, &v, block->lanes)
                        : MASK_NAME(mask_narrow)(leaf, &v, block->lanes));
        }
    }
}

MASK_TARGET
static void MASK_NAME(mask_run)(const forest_engine *e, const uint32_t *bins,
                                uint32_t n, double *out, size_t out_stride)
{
    if (n == 1) /* with strides that the compiler knows */
        MASK_NAME(mask_blocks)(e, bins, 1, 1, out, out_stride);
    else
        MASK_NAME(mask_blocks)(e, bins, n, n, out, out_stride);
}

#undef MASK_NAME
#undef MASK_TARGET
#undef MASK_BYTES
