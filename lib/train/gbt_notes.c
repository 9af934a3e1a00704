/* SPDX-License-Identifier: MIT */
/* What boosting tells of itself: how far it went, and which features the trees
 * that stay were made of. */
#include "gbt_types.h"

#include "../report/report_internal.h"

/* Of each feature, over the first so many trees. */
static void notes_count(const gbt_fit *fit, uint32_t trees, double *gain,
                        uint32_t *splits)
{
    for (uint32_t t = 0; t < trees; t++) {
        const gbt_tree *tree = &fit->trees.tree[t];
        for (uint32_t i = 0; i < tree->nodes; i++) {
            const gbt_node *n = &fit->trees.node[tree->first_node + i];
            gain[n->feature] += n->gain;
            splits[n->feature]++;
        }
    }
}

/* The greatest gain first; equal ones, such as none, in order of features. */
static void notes_table(const gbt_fit *fit, const double *gain,
                        const uint32_t *splits, const uint32_t *order)
{
    mlpipe_report *r = fit->job->notes;
    const uint32_t features = fit->layout.features;
    double total = 0;

    for (uint32_t i = 0; i < features; i++)
        total += gain[order[i]];
    mlpipe__report_table(r, "importance", "feature,gain,share,splits");
    for (uint32_t i = 0; i < features; i++) {
        const uint32_t f = order[i];
        const char *name = fit->job->train->feature[f].name;
        mlpipe__report_cell_text(r, name, strlen(name));
        mlpipe__report_cell_number(r, gain[f]);
        mlpipe__report_cell_number(r, total > 0 ? gain[f] / total : 0);
        mlpipe__report_cell_number(r, splits[f]);
    }
}

static mlpipe_status notes_importance(const gbt_fit *fit, uint32_t trees)
{
    const uint32_t features = fit->layout.features;
    mlpipe__env *env = fit->env;
    mlpipe_status st = MLPIPE_OK;
    double *gain = mlpipe__alloc_array(env, features, sizeof *gain);
    double *key = mlpipe__alloc_array(env, features, sizeof *key);
    uint32_t *splits = mlpipe__alloc_array(env, features, sizeof *splits);
    uint32_t *order = mlpipe__alloc_array(env, features, sizeof *order);
    uint64_t *scratch =
        mlpipe__alloc_array(env, features, 4 * sizeof *scratch);

    if (gain && key && splits && order && scratch) {
        notes_count(fit, trees, gain, splits);
        for (uint32_t f = 0; f < features; f++)
            key[f] = -gain[f];
        mlpipe__argsort_f64(key, order, features, scratch);
        notes_table(fit, gain, splits, order);
    } else {
        st = mlpipe__nomem(fit->ctx);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, splits);
    mlpipe__free(env, key);
    mlpipe__free(env, gain);
    return st;
}

mlpipe_status mlpipe__gbt_notes(const gbt_fit *fit, uint32_t rounds,
                                uint32_t trees)
{
    mlpipe_report *r = fit->job->notes;

    if (!r)
        return MLPIPE_OK;
    mlpipe__report_number(r, "trees", rounds);
    mlpipe__report_number(r, "best_tree", rounds);
    mlpipe__report_number(r, "trees_grown", fit->grown);
    mlpipe__report_text(r, "loss", fit->number.name,
                        strlen(fit->number.name));
    if (fit->number.kind == GBT_NUMBER_QUANTILE)
        mlpipe__report_number(r, "level", fit->number.level);
    if (fit->number.kind == GBT_NUMBER_HUBER)
        mlpipe__report_number(r, "delta", fit->number.delta);
    if (fit->number.kind == GBT_NUMBER_TWEEDIE)
        mlpipe__report_number(r, "power", fit->number.power);
    mlpipe__report_number(r, "train_loss", fit->train_loss);
    if (fit->job->valid && rounds)
        mlpipe__report_number(r, "valid_loss", fit->valid_loss);
    return notes_importance(fit, trees);
}
