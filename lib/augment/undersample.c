/* SPDX-License-Identifier: MIT */
/* Leaves out rows of the larger class; chance says which ones. */
#include "augment_internal.h"

static const mlpipe__param undersample_params[] = {
    {"ratio", MLPIPE_PARAM_REAL, "1", 1e-6, 1, NULL, 0x000100,
     "Rows of the smaller class to rows of the larger, afterwards."},
    {"correct", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Take probabilities back to the shares that the data have."},
};

static mlpipe_status undersample_resample(mlpipe__job *job,
                                          mlpipe__resample *r)
{
    const double ratio = mlpipe__params_get(job->params, "ratio")->number;
    augment_classes c;
    augment_rows rows;
    double dropped = 0;
    mlpipe_status st = mlpipe__augment_classes(job, r, &c);
    if (st)
        return st;
    const uint64_t want = mlpipe__augment_round((double)c.few / ratio);
    if (want < c.many) {
        st = mlpipe__augment_rows(job, r, !c.minority, c.many, &rows);
        if (st)
            return st;
        for (uint32_t i = 0; i < rows.count; i++)
            r->keep[rows.row[i]] = rows.rank[i] < want;
        mlpipe__augment_rows_free(job->ctx->env, &rows);
        dropped = (double)(c.many - want);
    } else {
        mlpipe__augment_reached(job, &c);
    }
    mlpipe__report_note(job->notes, job->name, NULL, "dropped", dropped);
    return MLPIPE_OK;
}

const mlpipe__step mlpipe__step_undersample = {
    .name = "undersample",
    .kind = MLPIPE_KIND_ROWS,
    .params = undersample_params,
    .param_count = sizeof undersample_params / sizeof *undersample_params,
    .doc = "Leave rows of the larger class out for the learner.",
    .resample = undersample_resample,
};
