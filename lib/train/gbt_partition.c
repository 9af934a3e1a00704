/* SPDX-License-Identifier: MIT */
/*
 * The rows of a leaf, split in two and kept in their order: each chunk is
 * split in the spare list, then copied to its place.
 */
#include "gbt_types.h"

enum { PART_ROWS = 32768, PART_MOST = 8192 };

typedef struct part_job {
    gbt_fit *fit;
    const gbt_open *leaf;
    const gbt_node *node;
    const uint8_t *column; /* bin of row r at [r * GBT_WIDTH] */
    const uint16_t *wide;  /* or at [r], where there is no column */
    uint32_t chunk;        /* rows of one task */
    uint32_t lefts[PART_MOST];
    uint32_t left_at[PART_MOST];
    uint32_t left_total;
} part_job;

static uint32_t part_chunk_rows(const part_job *j, uint32_t c)
{
    return gbt_min_u32(j->chunk, j->leaf->count - c * j->chunk);
}

/* Left rows from the start of the chunk up, right ones from its end down. */
static uint32_t part_bytes(const part_job *j, const uint32_t *rows,
                           uint32_t n, uint32_t *out)
{
    const uint8_t *const column = j->column;
    const uint32_t slots = j->fit->layout.feature[j->node->feature].slots;
    uint32_t left = 0, right = n;
    bool goes[GBT_SLOTS];

    for (uint32_t b = 0; b < slots; b++)
        goes[b] = gbt_goes_right(j->node, j->fit->trees.set, b);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t r = rows[i];
        const bool is_right = goes[column[(size_t)r * GBT_WIDTH]];
        right -= is_right;
        out[is_right ? right : left] = r;
        left += !is_right;
    }
    return left;
}

/* The same of a wide feature. */
static uint32_t part_wide(const part_job *j, const uint32_t *rows,
                          uint32_t n, uint32_t *out)
{
    const uint16_t *const wide = j->wide;
    uint32_t left = 0, right = n;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t r = rows[i];
        const bool is_right =
            gbt_goes_right(j->node, j->fit->trees.set, wide[r]);
        right -= is_right;
        out[is_right ? right : left] = r;
        left += !is_right;
    }
    return left;
}

static void part_split_task(void *arg, uint32_t c)
{
    part_job *j = arg;
    const uint32_t n = part_chunk_rows(j, c);
    const uint32_t *rows = j->fit->list + j->leaf->start + c * j->chunk;
    uint32_t *out = j->fit->spare + j->leaf->start + c * j->chunk;

    j->lefts[c] = j->column ? part_bytes(j, rows, n, out)
                            : part_wide(j, rows, n, out);
}

static void part_copy_task(void *arg, uint32_t c)
{
    const part_job *j = arg;
    const uint32_t n = part_chunk_rows(j, c), left = j->lefts[c];
    const uint32_t *from = j->fit->spare + j->leaf->start + c * j->chunk;
    uint32_t *to = j->fit->list + j->leaf->start;
    uint32_t *right = to + j->left_total + c * j->chunk - j->left_at[c];

    memcpy(to + j->left_at[c], from, left * sizeof *to);
    for (uint32_t i = 0; i < n - left; i++)
        right[i] = from[n - 1 - i];
}

mlpipe_status mlpipe__gbt_partition(gbt_fit *fit, const gbt_open *leaf,
                                    const gbt_node *node, uint32_t *left)
{
    const uint32_t f = node->feature;
    part_job j;
    uint32_t chunks;
    mlpipe_status st;

    j.fit = fit;
    j.leaf = leaf;
    j.node = node;
    j.column = NULL;
    j.wide = NULL;
    if (node->flags & GBT_WIDE)
        j.wide = fit->bins.wide + (size_t)node->bin * fit->rows;
    else
        j.column = fit->bins.data +
                   (size_t)(f / GBT_WIDTH) * fit->rows * GBT_WIDTH +
                   f % GBT_WIDTH;
    j.chunk = PART_ROWS;
    if (leaf->count / PART_ROWS >= PART_MOST - 1)
        j.chunk = leaf->count / (PART_MOST - 1) + 1;
    chunks = (leaf->count + j.chunk - 1) / j.chunk;
    st = mlpipe__parallel(fit->ctx, part_split_task, &j, chunks);
    if (st)
        return st;
    j.left_total = 0;
    for (uint32_t c = 0; c < chunks; c++) {
        j.left_at[c] = j.left_total;
        j.left_total += j.lefts[c];
    }
    *left = j.left_total;
    return mlpipe__parallel(fit->ctx, part_copy_task, &j, chunks);
}
