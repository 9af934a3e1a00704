/* SPDX-License-Identifier: MIT */
/* Reading a reference: the cell of a value, a metric by name. */
#include "model_internal.h"

uint32_t mlpipe__ref_cell(const mlpipe__ref_input *in, double value,
                          bool valid)
{
    uint32_t low = 0, high = in->cut_count;
    if (!valid || value != value)
        return 0;
    if (in->kind == MLPIPE__CODE)
        return value >= 0 && value < (double)in->codes
                   ? in->cell_of[(uint32_t)value]
                   : 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (in->cuts[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return 1 + low;
}

const mlpipe__ref_metric *mlpipe__ref_metric_find(const mlpipe__reference *r,
                                                  const char *name)
{
    uint32_t i;
    for (i = 0; r && i < r->metric_count; i++)
        if (!strcmp(r->metrics[i].name, name))
            return &r->metrics[i];
    return NULL;
}

void mlpipe__ref_input_free(mlpipe__env *env, mlpipe__ref_input *in)
{
    mlpipe__free(env, in->cuts);
    mlpipe__free(env, in->cell_of);
    mlpipe__free(env, in->counts);
    mlpipe__free(env, in->nulls);
}

void mlpipe__reference_free(mlpipe__reference *r)
{
    mlpipe__env *env;
    uint32_t i;
    if (!r)
        return;
    env = r->env;
    for (i = 0; r->inputs && i < r->input_count; i++)
        mlpipe__ref_input_free(env, &r->inputs[i]);
    mlpipe__ref_input_free(env, &r->score);
    for (i = 0; i < r->metric_count; i++)
        mlpipe__free(env, r->metrics[i].name);
    mlpipe__free(env, r->moments);
    mlpipe__free(env, r->metrics);
    mlpipe__free(env, r->scores);
    mlpipe__free(env, r->inputs);
    mlpipe__free(env, r);
    mlpipe__env_drop(env);
}
