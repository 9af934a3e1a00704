/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_AUGMENT_INTERNAL_H
#define MLPIPE_AUGMENT_INTERNAL_H

#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_jitter;

#endif
