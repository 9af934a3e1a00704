/* SPDX-License-Identifier: MIT */
/* Small datasets of whole numbers, and rows of views by their ids. */
#ifndef MLPIPE_TESTS_SPLIT_RIG_H
#define MLPIPE_TESTS_SPLIT_RIG_H

#include "support.h"

#include "validate/validate_internal.h"

enum { RIG_MAX = 4096, RIG_NULL = INT32_MIN };

/* Columns of a dataset: RIG_NULL is null; row i of them has the id of[i], or
 * i. */
typedef struct rig_column {
    const char *name;
    const int64_t *values;
    int32_t unit; /* 0: I64 */
} rig_column;

static inline mlpipe_dataset *rig_dataset(mlpipe_ctx *c,
                                          const rig_column *columns,
                                          uint32_t count, int64_t rows)
{
    static uint8_t valid[RIG_MAX];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t k = 0; k < count; k++) {
        const rig_column *col = &columns[k];
        for (int64_t i = 0; i < rows; i++)
            valid[i] = col->values[i] != RIG_NULL;
        if (col->unit)
            assert_ok(c, mlpipe_builder_times(c, b, col->name, col->unit,
                                              col->values, valid, rows));
        else
            assert_ok(c, mlpipe_builder_column(c, b, col->name, MLPIPE_I64,
                                               col->values, valid, rows));
    }
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* A view of the same rows, which keep their ids, in another sequence. */
static inline mlpipe_dataset *rig_shuffled(mlpipe_ctx *c,
                                           const mlpipe_dataset *d,
                                           uint64_t seed)
{
    const int64_t n = mlpipe_dataset_rows(d);
    mlpipe__rowset *rows = mlpipe__rowset_new(d->env, n);
    mlpipe_dataset *out;
    assert_non_null(rows);
    for (int64_t i = 0; i < n; i++)
        rows->rows[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const uint64_t r = mlpipe__random64(seed, MLPIPE__FOR_TEST, 9,
                                            (uint64_t)i, 0);
        const int64_t k = (int64_t)(r % (uint64_t)(i + 1));
        const int64_t swap = rows->rows[i];
        rows->rows[i] = rows->rows[k];
        rows->rows[k] = swap;
    }
    assert_ok(c, mlpipe__dataset_view(c, d, rows, &out));
    return out;
}

/* mark[id] = value for each row of a view, which must not be marked yet. */
static inline void rig_mark(const mlpipe_dataset *view, uint8_t value,
                            uint8_t *mark)
{
    for (int64_t i = 0; i < mlpipe_dataset_rows(view); i++) {
        const uint64_t id = mlpipe_dataset_row_id(view, i);
        assert_true(id < RIG_MAX);
        assert_int_equal(0, mark[id]);
        mark[id] = value;
    }
}

/* 2 for rows of the fold, 1 for the rest, 0 for what was dropped; clears mark
 * first. False where the call says E_EMPTY. */
static inline bool rig_fold(mlpipe_ctx *c, const mlpipe_dataset *d,
                            const char *params, uint32_t index, uint8_t *mark)
{
    mlpipe_dataset *fold, *rest;
    const mlpipe_status st =
        mlpipe_dataset_fold(c, d, params, index, &fold, &rest);
    memset(mark, 0, RIG_MAX);
    if (st == MLPIPE_E_EMPTY) {
        assert_true(!fold && !rest);
        return false;
    }
    assert_ok(c, st);
    rig_mark(fold, 2, mark);
    rig_mark(rest, 1, mark);
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    return true;
}

static inline int64_t rig_whole(uint64_t seed, uint32_t stream, int64_t row,
                                int64_t below)
{
    const uint64_t r = mlpipe__random64(seed, MLPIPE__FOR_TEST, stream,
                                        (uint64_t)row, 0);
    return (int64_t)(r % (uint64_t)below);
}

#endif
