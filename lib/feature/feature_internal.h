/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_FEATURE_INTERNAL_H
#define MLPIPE_FEATURE_INTERNAL_H

#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_scale;
extern const mlpipe__step mlpipe__step_onehot;
extern const mlpipe__step mlpipe__step_ordinal;

/* The codes of a category, the most frequent first, then by their texts; by
 * texts alone where counts is NULL (codes.c). gives: mlpipe__free */
mlpipe_status mlpipe__codes_order(mlpipe__job *job, const mlpipe__var *v,
                                  const uint64_t *counts, uint32_t **out);

#endif
