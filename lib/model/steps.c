/* SPDX-License-Identifier: MIT */
/* The one list of steps and learners; everything else looks them up here. */
#include "../augment/augment_internal.h"
#include "../clean/clean_internal.h"
#include "../feature/feature_internal.h"
#include "model_internal.h"

static const mlpipe__step *const steps_list[] = {
    &mlpipe__step_dedupe,     &mlpipe__step_drop_missing,
    &mlpipe__step_filter,     &mlpipe__step_format,
    &mlpipe__step_impute,     &mlpipe__step_outlier,
    &mlpipe__step_jitter,     &mlpipe__step_derive,
    &mlpipe__step_scale,      &mlpipe__step_onehot,
    &mlpipe__step_ordinal,    &mlpipe__step_target_encode,
    &mlpipe__step_bin,        &mlpipe__step_interact,
    &mlpipe__step_oversample, &mlpipe__step_undersample,
    &mlpipe__step_smote,      &mlpipe__step_kmeans,
    &mlpipe__step_pca,
};

static const mlpipe__learner *const steps_learners[] = {
    &mlpipe__learner_gbt,
    &mlpipe__learner_logistic,
    &mlpipe__learner_ridge,
    &mlpipe__learner_lasso,
    &mlpipe__learner_elastic_net,
    &mlpipe__learner_knn,
    &mlpipe__learner_naive_bayes,
};

static const mlpipe__tail *const steps_tails[] = {
    &mlpipe__tail_calibrate,
    &mlpipe__tail_conformal,
};

const mlpipe__param mlpipe__param_as = {
    "as", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
    "name of the step in the recipe; needed for a second one of its kind"};

const mlpipe__step *mlpipe__step_at(uint32_t i)
{
    return i < sizeof steps_list / sizeof *steps_list ? steps_list[i] : NULL;
}

const mlpipe__learner *mlpipe__learner_at(uint32_t i)
{
    return i < sizeof steps_learners / sizeof *steps_learners
               ? steps_learners[i]
               : NULL;
}

const mlpipe__tail *mlpipe__tail_at(uint32_t i)
{
    return i < sizeof steps_tails / sizeof *steps_tails ? steps_tails[i]
                                                        : NULL;
}
