/* SPDX-License-Identifier: MIT */
/* Folds and shares by row id: a row keeps its place in any subset. */
#include "num_internal.h"

uint32_t mlpipe__fold_of(uint64_t seed, uint64_t row_id, uint32_t folds)
{
    const uint64_t r = mlpipe__random64(seed, MLPIPE__FOR_FOLD, 0, row_id, 0);
    /* The high half of r * folds, in parts of 32 bits. */
    const uint64_t low = ((r & UINT32_MAX) * folds) >> 32;
    return (uint32_t)(((r >> 32) * folds + low) >> 32);
}

double mlpipe__share_of(uint64_t seed, uint32_t purpose, uint64_t row_id)
{
    return mlpipe__random_unit(seed, purpose, 0, row_id, 0);
}
