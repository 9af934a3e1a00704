/* SPDX-License-Identifier: MIT */
/*
 * The run over mask tables, included once for each width of vectors: MASK_NAME
 * names the functions, MASK_TARGET is their instruction set, MASK_BYTES the
 * width. All give the same bits, since they AND and add integers.
 */
typedef uint64_t MASK_NAME(mask_part)
    __attribute__((vector_size(MASK_BYTES), aligned(16), may_alias));

/* What is left of the leaves of a block's trees for one row. */
typedef union MASK_NAME(mask_line) {
    MASK_NAME(mask_part) part[64 / MASK_BYTES];
    uint32_t narrow[16];
    uint64_t wide[8];
} MASK_NAME(mask_line);

/* The AND of the lines that a row's bins choose in a block. */
MASK_TARGET
static inline void MASK_NAME(mask_and)(const forest_engine *e,
                                       const forest_pair *p,
                                       const forest_pair *end,
                                       const uint32_t *bins, uint32_t stride,
                                       MASK_NAME(mask_line) *out)
{
    const char *lines = (const char *)e->lines;
    const uint16_t *map = e->map;
    MASK_NAME(mask_part) all[64 / MASK_BYTES];
    int i;

    memset(all, 0xff, sizeof all);
    for (; p < end; p++) {
        const uint32_t at = p->map + bins[(size_t)p->used * stride];
        const size_t line = (size_t)p->line + map[at];
        const MASK_NAME(mask_part) *part =
            (const MASK_NAME(mask_part) *)(lines + line * 64);

        for (i = 0; i < 64 / MASK_BYTES; i++)
            all[i] &= part[i];
    }
    memcpy(out->part, all, sizeof all);
}

MASK_TARGET
static inline int64_t MASK_NAME(mask_narrow)(const int32_t *leaf,
                                             const MASK_NAME(mask_line) *v)
{
    int64_t sum = 0;
    int i;

    for (i = 0; i < 16; i++)
        sum += leaf[i * 32 + __builtin_ctz(v->narrow[i])];
    return sum;
}

MASK_TARGET
static inline int64_t MASK_NAME(mask_wide)(const int32_t *leaf,
                                           const MASK_NAME(mask_line) *v)
{
    int64_t sum = 0;
    int i;

    for (i = 0; i < 8; i++)
        sum += leaf[i * 64 + __builtin_ctzll(v->wide[i])];
    return sum;
}

/* Blocks outside, rows inside: a block's lines stay in the cache. */
MASK_TARGET
static inline void MASK_NAME(mask_blocks)(const forest_engine *e,
                                          const uint32_t *bins, uint32_t n,
                                          uint32_t stride, double *out,
                                          size_t out_stride)
{
    const int32_t *leaf = e->leaf;
    MASK_NAME(mask_line) v;
    uint32_t b, i;

    for (b = 0; b < e->blocks; b++, leaf += 16 * 32) {
        const forest_pair *from = e->pairs + e->block_pair[b];
        const forest_pair *end = e->pairs + e->block_pair[b + 1];
        double *sum = out + e->block_output[b] * out_stride;

        for (i = 0; i < n; i++) {
            MASK_NAME(mask_and)(e, from, end, bins + i, stride, &v);
            /* Whole numbers below 2^53: the additions are exact. */
            sum[i] += (double)(e->wide ? MASK_NAME(mask_wide)(leaf, &v)
                                       : MASK_NAME(mask_narrow)(leaf, &v));
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
