/* SPDX-License-Identifier: MIT */
/* Splits, folds and comparisons as the cycle and the catalog see them. */
#ifndef MLPIPE_VALIDATE_INTERNAL_H
#define MLPIPE_VALIDATE_INTERNAL_H

#include "../model/model_internal.h"

/* ---- two models on the same rows (compare.c) ---------------------------- */

typedef struct mlpipe__comparison {
    double a, b;     /* the metric of either */
    double mean, se; /* of the paired differences, in the metric's sense of
                        better: negative = b is better than a */
    double p;        /* one-sided: that b is no better than a */
    uint64_t n;
    const char *test; /* its name, static */
} mlpipe__comparison;

/* Can this metric be compared? One that ranks as the mean of a loss does. */
bool mlpipe__comparable(const mlpipe__metric *metric, uint32_t width);
/*
 * Compare predictions sa (champion) and sb (challenger) of the same rows, of
 * the same width and with the same targets. E_EMPTY below two rows;
 * E_UNSUPPORTED where no test is known for the metric.
 */
mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const mlpipe__scored *sa,
                              const mlpipe__scored *sb,
                              mlpipe__comparison *out);

/* Tables of calls, for the catalog. */
extern const mlpipe__param mlpipe__split_params[];
extern const uint32_t mlpipe__split_param_count;
extern const mlpipe__param mlpipe__fold_params[];
extern const uint32_t mlpipe__fold_param_count;
extern const mlpipe__param mlpipe__search_params[];
extern const uint32_t mlpipe__search_param_count;

#endif
