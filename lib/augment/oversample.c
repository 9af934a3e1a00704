/* SPDX-License-Identifier: MIT */
/*
 * Repeats rows of the smaller class. Each of them is repeated equally often,
 * or once more where the number does not divide: chance says which ones.
 */
#include "augment_internal.h"

static const mlpipe__param oversample_params[] = {
    {"ratio", MLPIPE_PARAM_REAL, "1", 1e-6, 1, NULL, 0x000100,
     "Rows of the smaller class to rows of the larger, afterwards."},
    {"correct", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Take probabilities back to the shares that the data have."},
};

static mlpipe_status oversample_add(const mlpipe__job *job,
                                    mlpipe__resample *r,
                                    const augment_rows *rows, uint32_t count)
{
    uint32_t at = 0;
    r->added = mlpipe__alloc_array(job->ctx->env, count, sizeof *r->added);
    if (!r->added)
        return mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; i < rows->count; i++) {
        const uint32_t uses = mlpipe__augment_uses(rows, i, count);
        for (uint32_t t = 0; t < uses; t++)
            r->added[at++] =
                (mlpipe__added_row){rows->row[i], rows->row[i], 0.0};
    }
    r->added_count = at;
    return MLPIPE_OK;
}

static mlpipe_status oversample_resample(mlpipe__job *job,
                                         mlpipe__resample *r)
{
    const double ratio = mlpipe__params_get(job->params, "ratio")->number;
    augment_classes c;
    augment_rows rows;
    mlpipe_status st = mlpipe__augment_classes(job, r, &c);
    if (st)
        return st;
    const uint64_t want = mlpipe__augment_round(ratio * (double)c.many);
    if (want > c.few) {
        st = mlpipe__augment_rows(job, r, c.minority, c.few, &rows);
        if (!st)
            st = oversample_add(job, r, &rows, (uint32_t)want - c.few);
        mlpipe__augment_rows_free(job->ctx->env, &rows);
    } else {
        mlpipe__augment_reached(job, &c);
    }
    if (!st)
        mlpipe__report_note(job->notes, job->name, NULL, "added",
                            r->added_count);
    return st;
}

const mlpipe__step mlpipe__step_oversample = {
    .name = "oversample",
    .kind = MLPIPE_KIND_ROWS,
    .params = oversample_params,
    .param_count = sizeof oversample_params / sizeof *oversample_params,
    .doc = "Repeat rows of the smaller class for the learner.",
    .resample = oversample_resample,
};
