/* SPDX-License-Identifier: MIT */
/*
 * Monotone constraints. A split on a constrained number is taken only where
 * its sides are in order, and each side is held beyond the middle of the two
 * from then on: no leaf below can come between. The finished forest is checked
 * on its own, from the integers that predict.
 */
#include "gbt_types.h"

static mlpipe_status monotone_unknown(const gbt_fit *fit, const char *param,
                                      const char *name)
{
    const mlpipe__frame *frame = fit->job->train;
    const char **names = mlpipe__alloc_array(fit->env, frame->features,
                                             sizeof *names);
    const char *near;
    mlpipe_status st;

    if (!names)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t f = 0; f < frame->features; f++)
        names[f] = frame->feature[f].name;
    near = mlpipe__nearest(name, strlen(name), names, frame->features);
    st = mlpipe__fail(fit->ctx, MLPIPE_E_PARAM,
                      near ? "%s: %s names %q, which is none of the %u "
                             "features; did you mean %q?"
                           : "%s: %s names %q, which is none of the %u "
                             "features",
                      fit->job->name, param, name, frame->features, near);
    mlpipe__free(fit->env, names);
    return st;
}

static mlpipe_status monotone_one(gbt_fit *fit, const char *param,
                                  const char *name, int8_t direction)
{
    const mlpipe__frame *frame = fit->job->train;
    uint32_t f = 0;

    while (f < frame->features && strcmp(frame->feature[f].name, name))
        f++;
    if (f == frame->features)
        return monotone_unknown(fit, param, name);
    if (frame->feature[f].kind == MLPIPE__CODE)
        return mlpipe__fail(fit->ctx, MLPIPE_E_PARAM,
                            "%s: %s names %q, a category, which has no order; "
                            "make a number of it by the step ordinal",
                            fit->job->name, param, name);
    if (fit->direction[f] == -direction)
        return mlpipe__fail(fit->ctx, MLPIPE_E_PARAM,
                            "%s: %q is named by increasing and by "
                            "decreasing; leave it in one of them",
                            fit->job->name, name);
    fit->direction[f] = direction;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__gbt_monotone(gbt_fit *fit)
{
    static const char *const params[] = {"increasing", "decreasing"};
    mlpipe_status st = MLPIPE_OK;

    fit->direction = mlpipe__alloc(fit->env, fit->job->train->features);
    if (!fit->direction)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t k = 0; k < 2 && !st; k++) {
        const mlpipe__setting *s =
            mlpipe__params_get(fit->job->params, params[k]);
        for (uint32_t i = 0; i < s->count && !st; i++)
            st = monotone_one(fit, params[k], s->names[i], k ? -1 : 1);
        fit->monotone = fit->monotone || s->count;
    }
    if (!st && fit->monotone && fit->outputs > 1)
        st = mlpipe__fail(fit->ctx, MLPIPE_E_PARAM,
                          "%s: increasing and decreasing are for a number or "
                          "two classes; the target has %u classes, whose "
                          "probabilities cannot all rise",
                          fit->job->name, fit->outputs);
    return st;
}

/* Of a split that tells missing from all that is there, no value is told from
 * another; then its sides are not in order. */
int32_t mlpipe__gbt_direction(const gbt_fit *fit, const gbt_split *split)
{
    return split->flags & GBT_SET || !split->bin
               ? 0
               : fit->direction[split->feature];
}

/* Quantiles are held by bounds of their own, since gradients, by which splits
 * are found, have other units; what gradients put in order may lie the other
 * way round, and then meets in the middle. */
static void monotone_bound_renewed(const gbt_fit *fit, int32_t direction,
                                   gbt_open *left, gbt_open *right)
{
    const double a = mlpipe__gbt_renewed(fit, left);
    const double b = mlpipe__gbt_renewed(fit, right);
    const double middle = a / 2 + b / 2;

    if (direction > 0)
        left->renewed_high = right->renewed_low = middle;
    else
        left->renewed_low = right->renewed_high = middle;
}

void mlpipe__gbt_bound(const gbt_fit *fit, int32_t direction, gbt_open *left,
                       gbt_open *right)
{
    if (direction && fit->number.renews) {
        monotone_bound_renewed(fit, direction, left, right);
        return;
    }
    const double a = gbt_leaf_value(fit, left), b = gbt_leaf_value(fit, right);
    const double middle = a / 2 + b / 2;

    if (direction > 0)
        left->high = right->low = middle;
    else if (direction < 0)
        left->low = right->high = middle;
}

/* ---- the proof ----------------------------------------------------------- */

typedef struct monotone_range {
    int32_t low, high;
} monotone_range;

static monotone_range monotone_child(const monotone_range *node,
                                     const int32_t *leaf, int32_t child)
{
    return child >= 0 ? node[child]
                      : (monotone_range){leaf[~child], leaf[~child]};
}

/*
 * Two rows that differ in one constrained value part at a node that splits on
 * it, the lesser going left. Where no leaf to the left is above one to the
 * right, at each such node, the tree rises with the feature; and so does the
 * sum of trees. Children come behind their parents.
 */
static uint32_t monotone_tree(const mlpipe__forest *f, uint32_t t,
                              const int8_t *direction, monotone_range *node)
{
    const uint32_t first = f->tree_node[t];
    const int32_t *leaf = f->leaf + f->tree_leaf[t];

    for (uint32_t n = f->tree_node[t + 1]; n-- > first;) {
        const uint32_t feature = f->node_feature[n];
        const int8_t way =
            f->node_cut[n] > -mlpipe__inf() ? direction[feature] : 0;
        const monotone_range a =
            monotone_child(node, leaf, f->node_left[n]);
        const monotone_range b =
            monotone_child(node, leaf, f->node_right[n]);
        if (f->node_flags[n] & MLPIPE__NODE_CATEGORY
                ? direction[feature] != 0
                : (way > 0 && a.high > b.low) || (way < 0 && a.low < b.high))
            return feature;
        node[n - first].low = a.low < b.low ? a.low : b.low;
        node[n - first].high = a.high > b.high ? a.high : b.high;
    }
    return UINT32_MAX;
}

mlpipe_status mlpipe__gbt_prove(mlpipe_ctx *ctx, const mlpipe__forest *f,
                                const int8_t *direction, uint32_t *broken)
{
    monotone_range *node =
        mlpipe__alloc_array(ctx->env, f->nodes, sizeof *node);

    *broken = UINT32_MAX;
    if (!node)
        return mlpipe__nomem(ctx);
    for (uint32_t t = 0; t < f->trees && *broken == UINT32_MAX; t++)
        *broken = monotone_tree(f, t, direction, node);
    mlpipe__free(ctx->env, node);
    return MLPIPE_OK;
}
