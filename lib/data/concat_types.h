/* SPDX-License-Identifier: MIT */
/* Datasets being put below each other; for two files of this folder. */
#ifndef MLPIPE_CONCAT_TYPES_H
#define MLPIPE_CONCAT_TYPES_H

#include "data_internal.h"

#define concat_owner "mlpipe_dataset_concat"

/* Choices of columns=, in their order. */
enum { CONCAT_SAME, CONCAT_UNION, CONCAT_INTERSECTION };

typedef struct concat_column {
    const char *name;
    int32_t type, unit;
    uint32_t typed_by; /* the first part that had a say */
    int32_t *from;     /* the column of each part; -1: it has none */
} concat_column;

typedef struct concat_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *const *parts;
    uint32_t part_count, column_count, which, left_out;
    int64_t rows, nulls_added;
    concat_column *columns;
    mlpipe__rowset *ids;
    bool new_ids;
} concat_job;

/* The columns that there will be; E_SCHEMA, E_EMPTY. */
mlpipe_status mlpipe__concat_plan(concat_job *j);

#endif
