/* SPDX-License-Identifier: MIT */
/* From trees over bins to the forest that programs store and run. */
#include "gbt_types.h"

/* 0 would say "a number": a category of which no row had a value has one code
 * that never comes. */
static uint32_t grown_codes(const gbt_fit *fit, uint32_t feature)
{
    const gbt_feature *f = &fit->layout.feature[feature];

    return f->kind == MLPIPE__CODE && !f->codes ? 1 : f->codes;
}

static uint32_t grown_words(const gbt_fit *fit, uint32_t feature)
{
    return (fit->layout.feature[feature].codes + 31) / 32;
}

/* The codes whose bin is in the set; the bin of unseen ones gives a flag. */
static void grown_set(const gbt_fit *fit, const gbt_node *n,
                      uint32_t *words, uint32_t *flags)
{
    const gbt_feature *f = &fit->layout.feature[n->feature];
    const uint64_t *const set = fit->trees.set;

    for (uint32_t c = 0; c < f->codes; c++)
        if (gbt_goes_right(n, set, f->bin_of[c]))
            words[c / 32] |= (uint32_t)1 << c % 32;
    *flags = MLPIPE__NODE_CATEGORY;
    if (gbt_goes_right(n, set, f->slots - 1))
        *flags |= MLPIPE__NODE_OTHER_RIGHT;
    if (gbt_goes_right(n, set, 0))
        *flags |= MLPIPE__NODE_MISSING_RIGHT;
}

static void grown_node(const gbt_fit *fit, mlpipe__forest *out, uint32_t at,
                        const gbt_node *n, uint64_t *word)
{
    const gbt_feature *f = &fit->layout.feature[n->feature];

    out->node_feature[at] = n->feature;
    out->node_left[at] = n->left;
    out->node_right[at] = n->right;
    if (f->kind == MLPIPE__CODE) {
        out->node_set[at] = (uint32_t)*word;
        grown_set(fit, n, out->set_bits + *word, &out->node_flags[at]);
        *word += grown_words(fit, n->feature);
        return;
    }
    /* Missing from all that is there, -infinity too. */
    out->node_cut[at] = n->bin ? f->cuts[n->bin - 1] : -mlpipe__inf();
    out->node_flags[at] = n->flags & GBT_MISSING_RIGHT
                              ? MLPIPE__NODE_MISSING_RIGHT
                              : 0;
}

mlpipe__forest *mlpipe__gbt_forest(const gbt_fit *fit, uint32_t count)
{
    const gbt_trees *t = &fit->trees;
    const gbt_tree *last = count ? &t->tree[count - 1] : NULL;
    const uint32_t nodes = last ? last->first_node + last->nodes : 0;
    const uint32_t leaves = last ? last->first_leaf + last->leaves : 0;
    uint64_t words = 0, word = 0;
    mlpipe__forest *out;

    for (uint32_t i = 0; i < nodes; i++)
        words += grown_words(fit, t->node[i].feature);
    if (words > UINT32_MAX)
        return NULL;
    out = mlpipe__forest_new(fit->env, fit->layout.features, fit->outputs,
                             count, nodes, leaves, words);
    if (!out)
        return NULL;
    for (uint32_t f = 0; f < fit->layout.features; f++)
        out->feature_codes[f] = grown_codes(fit, f);
    for (uint32_t i = 0; i < count; i++) {
        out->tree_node[i] = t->tree[i].first_node;
        out->tree_leaf[i] = t->tree[i].first_leaf;
        out->tree_output[i] = t->tree[i].output;
    }
    out->tree_node[count] = nodes;
    out->tree_leaf[count] = leaves;
    for (uint32_t i = 0; i < nodes; i++)
        grown_node(fit, out, i, &t->node[i], &word);
    for (uint32_t i = 0; i < leaves; i++)
        out->leaf[i] = t->leaf[i];
    memcpy(out->base, fit->base, fit->outputs * sizeof *out->base);
    out->scale = fit->score_scale;
    return out;
}
