/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_FEATURE_INTERNAL_H
#define MLPIPE_FEATURE_INTERNAL_H

#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_scale;
extern const mlpipe__step mlpipe__step_onehot;
extern const mlpipe__step mlpipe__step_ordinal;

#endif
