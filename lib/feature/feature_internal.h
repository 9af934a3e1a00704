/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_FEATURE_INTERNAL_H
#define MLPIPE_FEATURE_INTERNAL_H

#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_derive;
extern const mlpipe__step mlpipe__step_scale;
extern const mlpipe__step mlpipe__step_onehot;
extern const mlpipe__step mlpipe__step_ordinal;
extern const mlpipe__step mlpipe__step_target_encode;
extern const mlpipe__step mlpipe__step_bin;
extern const mlpipe__step mlpipe__step_interact;
extern const mlpipe__step mlpipe__step_kmeans;
extern const mlpipe__step mlpipe__step_pca;

/* ---- codes.c: what the steps on categories share ------------------------- */

/* The codes of a category, the most frequent first, then by their texts; by
 * texts alone where counts is NULL. gives: mlpipe__free */
mlpipe_status mlpipe__codes_order(mlpipe__job *job, const mlpipe__var *v,
                                  const uint64_t *counts, uint32_t **out);
/* The place of the one category that a parameter names; E_PARAM. */
mlpipe_status mlpipe__feature_category(mlpipe__job *job, const char *param,
                                       const char *name, uint32_t *out);
/*
 * Rows whose category no training row had get no answer; counts are those of
 * the codes, and one that does not occur is as good as unseen.
 */
mlpipe_status mlpipe__codes_refuse_unseen(mlpipe__job *job,
                                          const mlpipe__var *v,
                                          const uint64_t *counts);
/* Makes a variable the number in reg, of this type. */
void mlpipe__var_number(mlpipe__var *v, uint32_t reg, int32_t type);

#endif
