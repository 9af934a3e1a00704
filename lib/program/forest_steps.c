/* SPDX-License-Identifier: MIT */
/*
 * The walk over bins, for trees that no mask holds: a node compares two
 * integers, whatever the feature is.
 */
#include "forest_types.h"

/* Slots 2u and 2u + 1: feature u with missing lowest, and highest. */
static uint32_t steps_slot(uint32_t used, bool missing_right)
{
    return 2 * used + missing_right;
}

static bool steps_bit(const mlpipe__forest *f, uint32_t n, uint32_t bin)
{
    const uint32_t codes = f->feature_codes[f->node_feature[n]];
    const uint32_t flags = f->node_flags[n];

    if (bin < codes)
        return f->set_bits[f->node_set[n] + bin / 32] >> (bin % 32) & 1;
    return flags & (bin == codes ? MLPIPE__NODE_OTHER_RIGHT
                                 : MLPIPE__NODE_MISSING_RIGHT);
}

static void steps_fill_set(const mlpipe__forest *f, forest_engine *e,
                           uint32_t n, uint32_t used, uint32_t *word)
{
    const uint32_t bins = e->features[used].bins;
    uint32_t b;

    e->steps[n].slot = steps_slot(used, true) | FOREST_SET;
    e->steps[n].at = *word;
    for (b = 0; b < bins; b++)
        e->bits[*word + b / 32] |= (uint32_t)steps_bit(f, n, b) << (b % 32);
    *word += (bins + 31) / 32;
}

static void steps_fill_cut(const mlpipe__forest *f, forest_engine *e,
                           uint32_t n, uint32_t used)
{
    const forest_feature *v = &e->features[used];

    e->steps[n].slot =
        steps_slot(used, f->node_flags[n] & MLPIPE__NODE_MISSING_RIGHT);
    e->steps[n].at =
        forest_count_cuts(e->cuts + v->cut, v->steps, f->node_cut[n]);
}

bool mlpipe__steps_build(const mlpipe__forest *f, forest_engine *e,
                         const uint32_t *used_of)
{
    uint64_t words = 0;
    uint32_t n, word = 0;

    for (n = 0; n < f->nodes; n++) {
        const forest_feature *v = &e->features[used_of[f->node_feature[n]]];

        words += v->codes ? ((uint64_t)v->bins + 31) / 32 : 0;
    }
    if (words > UINT32_MAX)
        return false;
    e->bits = mlpipe__alloc_array(f->env, (size_t)words, 4);
    e->steps = mlpipe__alloc_array(f->env, f->nodes, sizeof *e->steps);
    if (!e->bits || !e->steps)
        return false;
    for (n = 0; n < f->nodes; n++) {
        const uint32_t used = used_of[f->node_feature[n]];

        e->steps[n].next[0] = f->node_left[n];
        e->steps[n].next[1] = f->node_right[n];
        if (e->features[used].codes)
            steps_fill_set(f, e, n, used, &word);
        else
            steps_fill_cut(f, e, n, used);
    }
    return true;
}

static inline int32_t steps_next(const forest_step *s, const uint32_t *bits,
                          const uint32_t *bin, size_t stride)
{
    const uint32_t b = bin[(s->slot & ~FOREST_SET) * stride];

    if (s->slot & FOREST_SET)
        return s->next[bits[s->at + b / 32] >> (b % 32) & 1];
    return s->next[b >= s->at];
}

/*
 * From bins[u * n + i] to slots at [(2u) * n + i] and [(2u + 1) * n + i], in
 * place, from the last feature down. For codes the odd slot keeps the bin.
 */
static void steps_spread(const forest_engine *e, uint32_t *bins, uint32_t n)
{
    uint32_t u, i;

    for (u = e->used; u-- > 0;) {
        const forest_feature *v = &e->features[u];

        for (i = n; i-- > 0;) {
            const uint32_t b = bins[(size_t)u * n + i];
            const bool missing = !v->codes && b == v->bins - 1;

            bins[(2 * (size_t)u + 1) * n + i] = b;
            bins[2 * (size_t)u * n + i] = missing ? 0 : b;
        }
    }
}

void mlpipe__steps_run(const mlpipe__forest *f, uint32_t *bins, uint32_t n,
                       double *out, size_t out_stride)
{
    const forest_engine *e = f->engine;
    uint32_t t, i;

    steps_spread(e, bins, n);
    for (t = 0; t < f->trees; t++) {
        const forest_step *steps = e->steps + f->tree_node[t];
        const int32_t *leaf = f->leaf + f->tree_leaf[t];
        const int32_t root = f->tree_node[t + 1] > f->tree_node[t] ? 0 : ~0;
        double *sum = out + f->tree_output[t] * out_stride;

        for (i = 0; i < n; i++) {
            int32_t at = root;

            while (at >= 0)
                at = steps_next(&steps[at], e->bits, bins + i, n);
            sum[i] += leaf[~(uint32_t)at];
        }
    }
}
