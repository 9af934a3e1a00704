/* SPDX-License-Identifier: MIT */
/* Forests as they are stored: memory, invariants, and the plain walk that
 * every engine must equal. */
#include "program_internal.h"

static bool forest_alloc_trees(mlpipe__forest *f)
{
    mlpipe__env *env = f->env;

    f->feature_codes = mlpipe__alloc_array(env, f->features, 4);
    f->tree_node = mlpipe__alloc_array(env, (size_t)f->trees + 1, 4);
    f->tree_leaf = mlpipe__alloc_array(env, (size_t)f->trees + 1, 4);
    f->tree_output = mlpipe__alloc_array(env, f->trees, 4);
    f->leaf = mlpipe__alloc_array(env, f->leaves, 4);
    f->base = mlpipe__alloc_array(env, f->outputs, 8);
    f->set_bits = mlpipe__alloc_array(env, (size_t)f->set_words, 4);
    return f->feature_codes && f->tree_node && f->tree_leaf &&
           f->tree_output && f->leaf && f->base && f->set_bits;
}

static bool forest_alloc_nodes(mlpipe__forest *f)
{
    mlpipe__env *env = f->env;

    f->node_feature = mlpipe__alloc_array(env, f->nodes, 4);
    f->node_flags = mlpipe__alloc_array(env, f->nodes, 4);
    f->node_set = mlpipe__alloc_array(env, f->nodes, 4);
    f->node_cut = mlpipe__alloc_array(env, f->nodes, 8);
    f->node_left = mlpipe__alloc_array(env, f->nodes, 4);
    f->node_right = mlpipe__alloc_array(env, f->nodes, 4);
    return f->node_feature && f->node_flags && f->node_set && f->node_cut &&
           f->node_left && f->node_right;
}

mlpipe__forest *mlpipe__forest_new(mlpipe__env *env, uint32_t features,
                                   uint32_t outputs, uint32_t trees,
                                   uint32_t nodes, uint32_t leaves,
                                   uint64_t set_words)
{
    mlpipe__forest *f;

    if (set_words > SIZE_MAX / 4)
        return NULL;
    f = mlpipe__alloc(env, sizeof *f);
    if (!f)
        return NULL;
    f->env = mlpipe__env_keep(env);
    f->features = features;
    f->outputs = outputs;
    f->trees = trees;
    f->nodes = nodes;
    f->leaves = leaves;
    f->set_words = set_words;
    f->scale = 1;
    if (!forest_alloc_trees(f) || !forest_alloc_nodes(f)) {
        mlpipe__forest_free(f);
        return NULL;
    }
    return f;
}

void mlpipe__forest_free(mlpipe__forest *f)
{
    mlpipe__env *env;

    if (!f)
        return;
    env = f->env;
    mlpipe__forest_release(f);
    mlpipe__free(env, f->feature_codes);
    mlpipe__free(env, f->tree_node);
    mlpipe__free(env, f->tree_leaf);
    mlpipe__free(env, f->tree_output);
    mlpipe__free(env, f->leaf);
    mlpipe__free(env, f->base);
    mlpipe__free(env, f->set_bits);
    mlpipe__free(env, f->node_feature);
    mlpipe__free(env, f->node_flags);
    mlpipe__free(env, f->node_set);
    mlpipe__free(env, f->node_cut);
    mlpipe__free(env, f->node_left);
    mlpipe__free(env, f->node_right);
    mlpipe__free(env, f);
    mlpipe__env_drop(env);
}

/* ---- invariants --------------------------------------------------------- */

static const char *forest_check_node(const mlpipe__forest *f, uint32_t n)
{
    const uint32_t feature = f->node_feature[n], flags = f->node_flags[n];
    uint32_t codes;

    if (feature >= f->features)
        return "a node asks for a feature that the forest lacks";
    codes = f->feature_codes[feature];
    if (flags & ~7u || !(flags & MLPIPE__NODE_CATEGORY) != !codes)
        return "a node's flags do not fit its feature";
    if (!codes)
        return f->node_cut[n] == f->node_cut[n] ? NULL
                                                : "the cut of a node is NaN";
    if (f->node_set[n] > f->set_words ||
        f->set_words - f->node_set[n] < ((uint64_t)codes + 31) / 32)
        return "a node's set of codes is not within the sets";
    return NULL;
}

/* The slot of a child: nodes first, then leaves; UINT32_MAX = impossible. */
static uint32_t forest_child_slot(int32_t child, uint32_t parent,
                                  uint32_t nodes)
{
    const uint32_t leaf = ~(uint32_t)child;

    if (child >= 0)
        return (uint32_t)child > parent && (uint32_t)child < nodes
                   ? (uint32_t)child : UINT32_MAX;
    return leaf <= nodes ? nodes + leaf : UINT32_MAX;
}

/*
 * 2n children point to n - 1 nodes and n + 1 leaves: where none is named
 * twice each is named once. A window of the slots at a time needs no memory
 * but the stack's.
 */
static const char *forest_check_tree(const mlpipe__forest *f, uint32_t t)
{
    enum { WINDOW = 32768 };
    const uint32_t first = f->tree_node[t];
    const uint32_t n = f->tree_node[t + 1] - first;
    uint64_t seen[WINDOW / 64];
    uint64_t from;
    uint32_t i, side;

    for (from = 0; from < 2 * (uint64_t)n + 1; from += WINDOW) {
        memset(seen, 0, sizeof seen);
        for (i = 0; i < 2 * n; i++) {
            const uint32_t node = i / 2;
            uint32_t slot, at;

            side = i & 1;
            slot = forest_child_slot(side ? f->node_right[first + node]
                                          : f->node_left[first + node],
                                     node, n);
            if (slot == UINT32_MAX)
                return "the child of a node is out of range or not behind "
                       "its parent";
            if (slot < from || slot - from >= WINDOW)
                continue;
            at = (uint32_t)(slot - from);
            if (seen[at / 64] >> (at % 64) & 1)
                return "a node or leaf has two parents";
            seen[at / 64] |= 1ull << (at % 64);
        }
    }
    return NULL;
}

static bool forest_scale_fits(double scale)
{
    uint64_t bits;

    memcpy(&bits, &scale, 8);
    return scale >= 0x1p-1000 && scale <= 0x1p900 &&
           !(bits & 0xfffffffffffffull);
}

/* Sums stay below 2^53, so that they are exact in an int64 and in a double,
 * and outputs stay finite. */
static const char *forest_check_leaves(const mlpipe__forest *f)
{
    uint64_t total = 0;
    uint32_t t, i;

    if (!forest_scale_fits(f->scale))
        return "the scale of a forest is not a power of two";
    for (t = 0; t < f->trees; t++) {
        uint64_t most = 0;

        for (i = f->tree_leaf[t]; i < f->tree_leaf[t + 1]; i++) {
            const int64_t v = f->leaf[i];
            const uint64_t size = (uint64_t)(v < 0 ? -v : v);

            most = size > most ? size : most;
        }
        total += most;
        if (total >= 1ull << 53)
            return "the sum of a forest's leaves may overflow";
    }
    for (i = 0; i < f->outputs; i++) {
        const double span = f->scale * (double)total, b = f->base[i];

        if (!mlpipe__finite(b) || !mlpipe__finite((b < 0 ? -b : b) + span))
            return "the base of a forest is not finite";
    }
    return NULL;
}

static const char *forest_check_shape(const mlpipe__forest *f,
                                      const mlpipe_limits *limits)
{
    uint32_t t;

    if (f->features > limits->features || f->outputs > limits->classes ||
        f->trees > limits->trees || f->outputs == 0)
        return "a forest has more trees, features or outputs than allowed";
    if (f->set_words > UINT32_MAX)
        return "a forest has too many sets of codes";
    if (f->tree_node[0] || f->tree_leaf[0] ||
        f->tree_node[f->trees] != f->nodes ||
        f->tree_leaf[f->trees] != f->leaves)
        return "the trees of a forest do not add up to its nodes";
    for (t = 0; t < f->trees; t++) {
        const uint32_t n = f->tree_node[t + 1] - f->tree_node[t];

        if (f->tree_node[t + 1] < f->tree_node[t] ||
            f->tree_leaf[t + 1] < f->tree_leaf[t] || n >= 1u << 30 ||
            f->tree_leaf[t + 1] - f->tree_leaf[t] != n + 1)
            return "a tree does not have one leaf more than nodes";
        if (n > limits->tree_nodes)
            return "a tree has more nodes than the limit allows";
        if (f->tree_output[t] >= f->outputs)
            return "a tree adds to an output that the forest lacks";
    }
    return NULL;
}

const char *mlpipe__forest_check(const mlpipe__forest *f,
                                 const mlpipe_limits *limits)
{
    const char *why = forest_check_shape(f, limits);
    uint32_t i;

    for (i = 0; i < f->features && !why; i++)
        if (f->feature_codes[i] > INT32_MAX - 64)
            why = "a feature of a forest has too many codes";
    for (i = 0; i < f->nodes && !why; i++)
        why = forest_check_node(f, i);
    for (i = 0; i < f->trees && !why; i++)
        why = forest_check_tree(f, i);
    return why ? why : forest_check_leaves(f);
}

/* ---- the plain walk ----------------------------------------------------- */

static bool forest_goes_right(const mlpipe__forest *f, uint32_t n, double x,
                              bool valid)
{
    const uint32_t flags = f->node_flags[n];
    uint32_t code;

    if (!valid)
        return flags & MLPIPE__NODE_MISSING_RIGHT;
    if (!(flags & MLPIPE__NODE_CATEGORY))
        return x >= f->node_cut[n];
    if (!(x >= 0 && x < f->feature_codes[f->node_feature[n]]))
        return flags & MLPIPE__NODE_OTHER_RIGHT;
    code = (uint32_t)x;
    return f->set_bits[f->node_set[n] + code / 32] >> (code % 32) & 1;
}

void mlpipe__forest_walk(const mlpipe__forest *f, const double *x,
                         const uint8_t *valid, double *out)
{
    uint32_t t, k;

    for (k = 0; k < f->outputs; k++)
        out[k] = 0;
    for (t = 0; t < f->trees; t++) {
        const uint32_t first = f->tree_node[t];
        int32_t at = f->tree_node[t + 1] > first ? 0 : ~0;

        while (at >= 0) {
            const uint32_t n = first + (uint32_t)at;
            const uint32_t v = f->node_feature[n];

            at = forest_goes_right(f, n, x[v], valid[v]) ? f->node_right[n]
                                                         : f->node_left[n];
        }
        /* Whole numbers below 2^53: the additions are exact. */
        out[f->tree_output[t]] += f->leaf[f->tree_leaf[t] + ~(uint32_t)at];
    }
    for (k = 0; k < f->outputs; k++)
        out[k] = f->base[k] + f->scale * out[k];
}
