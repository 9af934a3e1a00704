/* SPDX-License-Identifier: MIT */
/*
 * Growing one tree, the most useful leaf first. The list of rows is kept
 * sorted by leaf; only the smaller child's histogram is built from rows.
 */
#include "gbt_types.h"

enum { GROW_POLL = 16 };

/* The rows that this tree may use, in ascending order. */
static void grow_bag(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    const uint64_t below =
        (uint64_t)(fit->opt.rows * 18446744073709549568.0);
    uint32_t n = 0;

    for (uint32_t i = 0; i < fit->rows; i++) {
        if (!gbt_counts(frame, i))
            continue;
        if (fit->opt.rows < 1 &&
            mlpipe__random64(fit->job->seed, MLPIPE__FOR_BAGGING, fit->round,
                             frame->ids[i], 0) >= below)
            continue;
        fit->list[n++] = i;
    }
    fit->list_count = n;
}

/* The features that this tree may use: those with the least random keys. */
static void grow_columns(gbt_fit *fit)
{
    const uint32_t features = fit->layout.features;
    const double share = fit->opt.columns * features;
    const uint32_t stream = fit->round * fit->outputs + fit->output;
    uint32_t wanted = (uint32_t)share;

    wanted += wanted < share;
    for (uint32_t f = 0; f < features; f++)
        fit->keys[f] = mlpipe__random64(fit->job->seed, MLPIPE__FOR_COLUMNS,
                                        stream, f, 0);
    mlpipe__sort_u64(fit->keys, features, fit->keys + features);
    const uint64_t most = fit->keys[wanted - 1];
    for (uint32_t f = 0; f < features; f++)
        fit->active[f] =
            mlpipe__random64(fit->job->seed, MLPIPE__FOR_COLUMNS, stream, f,
                             0) <= most;
}

static gbt_cell grow_sum(const gbt_fit *fit)
{
    const gbt_grad *const grad = fit->grad;
    const uint32_t *const list = fit->list;
    const uint32_t n = fit->list_count, shift = fit->shift;
    gbt_cell sum = {0, 0};

    for (uint32_t i = 0; i < n; i++) {
        const gbt_grad q = grad[list[i]];
        sum.g += q.g;
        sum.w += ((uint64_t)q.h << shift) + 1;
    }
    return sum;
}

/* Room for one more tree of the greatest size. */
static bool grow_room(gbt_fit *fit)
{
    gbt_trees *t = &fit->trees;
    const uint32_t leaves = fit->opt.leaves;

    if (t->count == t->room) {
        const uint32_t room = t->room ? 2 * t->room : 64;
        gbt_tree *tree = mlpipe__grow(t->env, t->tree, room, sizeof *tree);
        if (!tree)
            return false;
        t->tree = tree;
        t->room = room;
    }
    if (t->node_room - t->node_count < leaves) {
        const uint32_t room = 2 * t->node_room + 16 * leaves;
        gbt_node *node = mlpipe__grow(t->env, t->node, room, sizeof *node);
        if (!node)
            return false;
        t->node = node;
        t->node_room = room;
    }
    if (t->leaf_room - t->leaf_count < leaves) {
        const uint32_t room = 2 * t->leaf_room + 16 * leaves;
        int32_t *leaf = mlpipe__grow(t->env, t->leaf, room, sizeof *leaf);
        if (!leaf)
            return false;
        t->leaf = leaf;
        t->leaf_room = room;
    }
    return true;
}

/* Could a leaf be split at all? */
static bool grow_may_split(const gbt_fit *fit, const gbt_open *leaf)
{
    return leaf->count / 2 >= fit->opt.min_rows &&
           (!fit->opt.depth || leaf->depth < fit->opt.depth);
}

/* Write the node and link it to its parent. */
static mlpipe_status grow_node(gbt_fit *fit, gbt_tree *tree,
                               const gbt_open *leaf, uint32_t left_leaf,
                               uint32_t right_leaf)
{
    gbt_node *nodes = fit->trees.node + tree->first_node;
    gbt_node *n = &nodes[tree->nodes];
    const gbt_split *s = &leaf->best;

    n->feature = s->feature;
    n->bin = s->bin;
    n->flags = s->flags;
    n->set = 0;
    n->gain = s->gain * (fit->g_scale * fit->g_scale);
    n->left = ~(int32_t)left_leaf;
    n->right = ~(int32_t)right_leaf;
    if (leaf->parent >= 0) {
        gbt_node *p = &nodes[leaf->parent];
        *(leaf->is_right ? &p->right : &p->left) = (int32_t)tree->nodes;
    }
    tree->nodes++;
    const int32_t wide = fit->layout.feature[s->feature].wide;
    if (wide != GBT_NARROW) {
        n->flags |= GBT_WIDE;
        n->bin = (uint32_t)wide;
    }
    return s->flags & GBT_SET ? mlpipe__gbt_set(fit, leaf, &n->set)
                              : MLPIPE_OK;
}

/* Histograms and best splits of two new leaves. */
static mlpipe_status grow_children(gbt_fit *fit, gbt_open *a, gbt_open *b)
{
    gbt_open *small = b->count < a->count ? b : a;
    gbt_open *large = small == a ? b : a;
    const uint32_t parent_slot = a->slot, new_slot = b->slot;
    mlpipe_status st = MLPIPE_OK;

    if (!grow_may_split(fit, large))
        return MLPIPE_OK;
    large->slot = parent_slot;
    small->slot = new_slot;
    st = mlpipe__gbt_histogram(fit, small);
    if (st)
        return st;
    mlpipe__gbt_subtract(fit, parent_slot, new_slot);
    st = mlpipe__gbt_find(fit, large);
    if (!st && grow_may_split(fit, small))
        st = mlpipe__gbt_find(fit, small);
    return st;
}

/* Split open leaf `at`; the right child becomes the newest leaf. */
static mlpipe_status grow_split(gbt_fit *fit, gbt_tree *tree, uint32_t at)
{
    gbt_open *a = &fit->open[at], *b = &fit->open[tree->leaves];
    const gbt_open parent = *a;
    const int32_t node = (int32_t)tree->nodes;
    uint32_t left;
    mlpipe_status st = grow_node(fit, tree, &parent, at, tree->leaves);

    if (!st)
        st = mlpipe__gbt_partition(
            fit, a, &fit->trees.node[tree->first_node + (uint32_t)node],
            &left);
    if (st)
        return st;
    a->count = left;
    a->depth = parent.depth + 1;
    a->parent = node;
    a->is_right = false;
    a->sum = parent.best.left;
    a->l2 = parent.best.l2;
    a->best.gain = 0;
    *b = *a;
    b->start = parent.start + left;
    b->count = parent.count - left;
    b->is_right = true;
    b->sum.g = parent.sum.g - a->sum.g;
    b->sum.w = parent.sum.w - a->sum.w;
    b->slot = tree->leaves;
    if (fit->monotone)
        mlpipe__gbt_bound(fit, mlpipe__gbt_direction(fit, &parent.best), a,
                          b);
    tree->leaves++;
    if (tree->leaves == fit->opt.leaves)
        return MLPIPE_OK;
    return grow_children(fit, a, b);
}

static uint32_t grow_best(const gbt_fit *fit, const gbt_tree *tree)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < tree->leaves; i++)
        if (fit->open[i].best.gain > fit->open[best].best.gain)
            best = i;
    return best;
}

/* Leaves from their exact sums, or renewed, in units of the score. */
static void grow_leaves(gbt_fit *fit, gbt_tree *tree)
{
    const double limit = fit->leaf_limit;

    for (uint32_t i = 0; i < tree->leaves; i++) {
        const gbt_open *o = &fit->open[i];
        double v = fit->number.renews ? o->renewed
                                      : gbt_leaf_value(fit, o) * fit->g_scale;
        v = fit->opt.rate * v / fit->score_scale;
        v = v > limit ? limit : v < -limit ? -limit : v;
        fit->trees.leaf[tree->first_leaf + i] =
            (int32_t)(v + (v < 0 ? -0.5 : 0.5));
    }
}

/* Rows in the bag lie in the list by leaf; without a bag these are all. */
static void grow_scores(gbt_fit *fit, const gbt_tree *tree)
{
    for (uint32_t i = 0; i < tree->leaves; i++) {
        const gbt_open *o = &fit->open[i];
        const int32_t v = fit->trees.leaf[tree->first_leaf + i];
        const uint32_t *const rows = fit->list + o->start;
        const uint32_t n = o->count;
        int32_t *const score =
            fit->score + (size_t)fit->output * fit->rows;
        for (uint32_t k = 0; k < n; k++)
            score[rows[k]] += v;
    }
}

static mlpipe_status grow_root(gbt_fit *fit, gbt_tree *tree)
{
    gbt_open *root = &fit->open[0];
    mlpipe_status st;

    grow_bag(fit);
    grow_columns(fit);
    memset(root, 0, sizeof *root);
    root->count = fit->list_count;
    root->parent = -1;
    root->l2 = fit->opt.l2;
    root->low = root->renewed_low = -mlpipe__inf();
    root->high = root->renewed_high = mlpipe__inf();
    root->sum = grow_sum(fit);
    tree->first_node = fit->trees.node_count;
    tree->first_leaf = fit->trees.leaf_count;
    tree->nodes = 0;
    tree->leaves = 1;
    tree->output = fit->output;
    tree->round = fit->grown;
    if (!grow_may_split(fit, root))
        return MLPIPE_OK;
    st = mlpipe__gbt_histogram(fit, root);
    return st ? st : mlpipe__gbt_find(fit, root);
}

mlpipe_status mlpipe__gbt_grow(gbt_fit *fit, bool *grown)
{
    gbt_tree tree;
    mlpipe_status st = MLPIPE_OK;

    *grown = false;
    if (!grow_room(fit))
        return mlpipe__nomem(fit->ctx);
    st = grow_root(fit, &tree);
    while (!st && tree.leaves < fit->opt.leaves) {
        const uint32_t best = grow_best(fit, &tree);
        if (!(fit->open[best].best.gain > 0))
            break;
        if (tree.leaves % GROW_POLL == 0)
            st = mlpipe__poll(fit->ctx, fit->job->name, fit->round,
                              fit->opt.trees);
        if (!st)
            st = grow_split(fit, &tree, best);
    }
    if (!st && tree.leaves > 1 && fit->number.renews)
        st = mlpipe__gbt_renew(fit, tree.leaves);
    if (st || tree.leaves == 1)
        return st;
    grow_leaves(fit, &tree);
    fit->trees.tree[fit->trees.count++] = tree;
    fit->trees.node_count += tree.nodes;
    fit->trees.leaf_count += tree.leaves;
    *grown = true;
    if (fit->list_count < fit->rows)
        return mlpipe__gbt_apply(fit, &fit->bins,
                                 &fit->trees.tree[fit->trees.count - 1], 1,
                                 fit->score);
    grow_scores(fit, &tree);
    return MLPIPE_OK;
}
