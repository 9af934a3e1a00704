/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_CLEAN_INTERNAL_H
#define MLPIPE_CLEAN_INTERNAL_H

#include "../data/data_internal.h"
#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_impute;
extern const mlpipe__step mlpipe__step_dedupe;
extern const mlpipe__step mlpipe__step_outlier;

#endif
