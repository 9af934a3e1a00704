/* SPDX-License-Identifier: MIT */
/* Random forests and rows that sit exactly on their cuts, for tests. */
#ifndef MLPIPE_TESTS_FOREST_RANDOM_H
#define MLPIPE_TESTS_FOREST_RANDOM_H

#include "program/program_internal.h"

typedef struct forest_shape {
    uint32_t features, outputs, trees, leaves; /* leaves: most of a tree */
    uint32_t codes;   /* every third feature is a code of so many; 0: none */
    uint32_t cuts;    /* distinct cuts of a number */
    bool exact;       /* every tree has `leaves` */
} forest_shape;

static uint64_t forest_state = 1;

static inline uint32_t random_below(uint32_t n)
{
    forest_state = forest_state * 6364136223846793005ull
                 + 1442695040888963407ull;
    return (uint32_t)(((forest_state >> 32) * n) >> 32);
}

/* One of a few values that numbers and cuts share, the odd ones included. */
static inline double random_value(uint32_t cuts)
{
    static const double odd[8] = {0.0, -0.0, 1e308, -1e308, 5e-324,
                                  1.0 / 0.0, -1.0 / 0.0, 1.5};
    const uint32_t k = random_below(cuts + 8);

    return k < 8 ? odd[k] : ((double)k - cuts * 0.5) * 0.25;
}

/* A random tree: leaves are split until there are enough. */
static inline void random_tree(mlpipe__forest *f, uint32_t t,
                               uint32_t leaves, const forest_shape *s)
{
    const uint32_t first = f->tree_node[t], leaf0 = f->tree_leaf[t];
    int32_t *slots[4096]; /* where a leaf hangs */
    uint32_t open = 0, n = 0, i;

    if (leaves > 1)
        for (n = 0; n < leaves - 1; n++) {
            const uint32_t at = first + n;
            uint32_t codes;

            if (n) {
                const uint32_t pick = random_below(open);

                *slots[pick] = (int32_t)n;
                slots[pick] = slots[--open];
            }
            f->node_feature[at] = random_below(f->features);
            codes = f->feature_codes[f->node_feature[at]];
            f->node_flags[at] = random_below(2) * MLPIPE__NODE_MISSING_RIGHT;
            if (codes) {
                f->node_flags[at] |= MLPIPE__NODE_CATEGORY;
                f->node_flags[at] |= random_below(2)
                                   * MLPIPE__NODE_OTHER_RIGHT;
                f->node_set[at] =
                    random_below((uint32_t)f->set_words - (codes + 31) / 32);
            } else {
                do
                    f->node_cut[at] = random_value(s->cuts);
                while (f->node_cut[at] != f->node_cut[at]);
            }
            slots[open++] = &f->node_left[at];
            slots[open++] = &f->node_right[at];
        }
    for (i = 0; i < open; i++)
        *slots[i] = ~(int32_t)i;
    for (i = 0; i < leaves; i++)
        f->leaf[leaf0 + i] = (int32_t)(random_below(0xffffffffu) | 1);
}

static inline mlpipe__forest *random_forest(mlpipe__env *env,
                                            const forest_shape *s,
                                            uint64_t seed)
{
    const uint32_t set_words = 8 + s->codes / 8;
    uint32_t *leaves = calloc(s->trees + 1, 4);
    uint32_t t, k, all = 0;
    mlpipe__forest *f;

    forest_state = seed * 2 + 1;
    for (t = 0; t < s->trees; t++) {
        leaves[t] = s->exact ? s->leaves : 1 + random_below(s->leaves);
        all += leaves[t];
    }
    f = mlpipe__forest_new(env, s->features, s->outputs, s->trees,
                           all - s->trees, all, set_words);
    for (k = 0; k < s->features; k++)
        f->feature_codes[k] = s->codes && k % 3 == 1 ? s->codes : 0;
    for (k = 0; k < set_words; k++)
        f->set_bits[k] = random_below(0xffffffffu);
    for (t = 0; t < s->trees; t++) {
        f->tree_output[t] = random_below(s->outputs);
        f->tree_node[t + 1] = f->tree_node[t] + leaves[t] - 1;
        f->tree_leaf[t + 1] = f->tree_leaf[t] + leaves[t];
        random_tree(f, t, leaves[t], s);
    }
    for (k = 0; k < s->outputs; k++)
        f->base[k] = 0.1 * k - 0.35;
    f->scale = 0x1p-36;
    free(leaves);
    return f;
}

/* A row: values on cuts, beside cuts, missing, unseen and absurd codes. */
static inline void random_row(const mlpipe__forest *f, const forest_shape *s,
                              double *x, uint8_t *valid)
{
    uint32_t k;

    for (k = 0; k < f->features; k++) {
        const uint32_t codes = f->feature_codes[k];
        const uint32_t kind = random_below(20);

        valid[k] = kind != 0;
        x[k] = codes ? (double)random_below(codes) : random_value(s->cuts);
        if (kind == 1)
            x[k] = codes ? -1.0 : x[k] + 0.125;
        if (kind == 2 && codes)
            x[k] = (double)codes + random_below(3);
        if (kind == 3 && codes)
            x[k] = 1e300;
        if (!valid[k])
            x[k] = 0;
    }
}

#endif
