/* SPDX-License-Identifier: MIT */
/* A drift report under way; for the files dataset_drift*.c. */
#ifndef MLPIPE_DATASET_DRIFT_TYPES_H
#define MLPIPE_DATASET_DRIFT_TYPES_H

#include "profile_types.h"

enum { MLPIPE__DRIFT_CELLS = 64 }; /* bins, or categories and all others */

enum mlpipe__drift_verdict {
    MLPIPE__DRIFT_OK,
    MLPIPE__DRIFT_INSUFFICIENT,
    MLPIPE__DRIFT_WARN,
    MLPIPE__DRIFT_DRIFT
};

/* What is found of one column. Undefined figures are NaN. */
typedef struct mlpipe__drift_column {
    const char *name;
    int32_t type;
    bool numeric;
    uint64_t n[2];      /* values of the reference, and now */
    double nulls[2];    /* shares */
    double null_p;
    uint32_t cells;
    uint64_t count[2][MLPIPE__DRIFT_CELLS];
    double edge[MLPIPE__DRIFT_CELLS]; /* upper ends of bins */
    char label[MLPIPE__DRIFT_CELLS][48]; /* of categories */
    double psi, p, q;
    double ks, ks_p;
    mlpipe_figure shift;
    double sd_ratio, below, above;
    double variation, chi2, df, chi2_p;
    double unseen, unseen_by_chance;
    char example[48];
    bool others;        /* the last cell is of all other categories */
    bool untested;      /* categories of which next to none was counted */
    uint64_t values;    /* different texts of both */
    enum mlpipe__drift_verdict verdict;
    char reason[96];
} mlpipe__drift_column;

/* Compares a column of two datasets; bins of the reference. */
mlpipe_status mlpipe__drift_compare(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *const data[2],
                                    const uint32_t column[2], uint32_t bins,
                                    mlpipe__drift_column *out);

#endif
