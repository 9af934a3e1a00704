/* SPDX-License-Identifier: MIT */
/* Trees over binned rows: what a grown tree adds to the scores. */
#include "gbt_types.h"

typedef struct walk_job {
    const gbt_bins *bins;
    const gbt_node *node;
    const uint64_t *set;
    const int32_t *leaf;
    int32_t sign;
    int32_t *score;
} walk_job;

static void walk_task(void *arg, uint32_t chunk)
{
    const walk_job *j = arg;
    const int64_t first = (int64_t)chunk * GBT_CHUNK_ROWS;
    const int64_t rest = j->bins->rows - first;
    const int64_t last = first + (rest < GBT_CHUNK_ROWS ? rest
                                                        : GBT_CHUNK_ROWS);

    for (int64_t r = first; r < last; r++) {
        int32_t at = 0;
        while (at >= 0) {
            const gbt_node *n = &j->node[at];
            const uint32_t bin = gbt_bin_at(j->bins, n, r);
            at = gbt_goes_right(n, j->set, bin) ? n->right : n->left;
        }
        j->score[r] += j->sign * j->leaf[~at];
    }
}

mlpipe_status mlpipe__gbt_apply(gbt_fit *fit, const gbt_bins *bins,
                                const gbt_tree *tree, int32_t sign,
                                int32_t *score)
{
    walk_job j = {.bins = bins, .node = fit->trees.node + tree->first_node,
                  .set = fit->trees.set,
                  .leaf = fit->trees.leaf + tree->first_leaf, .sign = sign,
                  .score = score + tree->output * (size_t)bins->rows};
    const int64_t chunks = (bins->rows + GBT_CHUNK_ROWS - 1) / GBT_CHUNK_ROWS;

    return mlpipe__parallel(fit->ctx, walk_task, &j, (uint32_t)chunks);
}
