/* SPDX-License-Identifier: MIT */
/* What the files of mlpipe_evaluate share. */
#ifndef MLPIPE_EVALUATE_TYPES_H
#define MLPIPE_EVALUATE_TYPES_H

#include "model_internal.h"

/* Classifiers: confusion, classes, calibration (evaluate_tables.c). */
mlpipe_status mlpipe__evaluate_tables(const mlpipe_model *m,
                                      mlpipe__scoring *g, mlpipe_report *r);
/* Of a model with conformal: coverage and width (evaluate_intervals.c). */
mlpipe_status mlpipe__evaluate_intervals(mlpipe_ctx *ctx,
                                         const mlpipe_model *m,
                                         const mlpipe_dataset *d,
                                         const mlpipe__evaluated *e,
                                         mlpipe_report *r);
/* One metric for each value of each segment= column of the recipe
 * (evaluate_segments.c). */
mlpipe_status mlpipe__evaluate_segments(mlpipe_ctx *ctx,
                                        const mlpipe_model *m,
                                        const mlpipe_dataset *d,
                                        const mlpipe__evaluated *e,
                                        const mlpipe__metric *metric,
                                        mlpipe_report *r);

#endif
