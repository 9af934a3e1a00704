/* SPDX-License-Identifier: MIT */
/*
 * Rows as bytes: each value becomes the number of its bin, sixteen features
 * side by side, so that a row of a block is a quarter of a cache line. Wide
 * categories are columns beside them.
 */
#include "gbt_types.h"

typedef struct binned_job {
    const gbt_layout *layout;
    const mlpipe__frame *frame;
    gbt_bins *out;
    uint32_t tasks;
    int64_t first, last; /* rows */
    size_t room;         /* values of one task */
    double *values;
    uint8_t *valid;
    unsigned char *scratch;
    size_t scratch_bytes;
} binned_job;

/* How many cuts are <= x; the steps do not depend on x. */
static uint32_t binned_search(const double *cuts, uint32_t count, double x)
{
    const double *at = cuts;
    uint32_t n = count;

    while (n > 1) {
        const uint32_t half = n / 2;
        at += at[half - 1] <= x ? half : 0;
        n -= half;
    }
    return (uint32_t)(at - cuts) + (n && *at <= x);
}

static uint32_t binned_code(const gbt_feature *f, double value, bool valid)
{
    if (!valid)
        return 0;
    return value >= 0 && value < f->codes ? f->bin_of[(uint32_t)value]
                                          : f->slots - 1;
}

static void binned_column(const gbt_feature *f, const double *values,
                          const uint8_t *valid, uint32_t n, uint8_t *out)
{
    if (f->kind == MLPIPE__CODE) {
        for (uint32_t i = 0; i < n; i++)
            out[(size_t)i * GBT_WIDTH] =
                (uint8_t)binned_code(f, values[i], valid[i]);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bin = 1 + binned_search(f->cuts, f->cut_count,
                                             values[i]);
        out[(size_t)i * GBT_WIDTH] = valid[i] && f->slots > 1 ? (uint8_t)bin
                                                              : 0;
    }
}

/* n rows of feature f from row `start` on. */
static void binned_feature(const binned_job *j, uint32_t f, int64_t start,
                           const double *values, const uint8_t *valid,
                           uint32_t n)
{
    const gbt_feature *feature = &j->layout->feature[f];
    const size_t rows = (size_t)j->out->rows, at = (size_t)start;

    if (feature->wide == GBT_NARROW) {
        binned_column(feature, values, valid, n,
                      j->out->data +
                          (f / GBT_WIDTH * rows + at) * GBT_WIDTH +
                          f % GBT_WIDTH);
        return;
    }
    uint16_t *const out = j->out->wide + (size_t)feature->wide * rows + at;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (uint16_t)binned_code(feature, values[i], valid[i]);
}

/* Task t takes every tasks-th block of rows. */
static void binned_task(void *arg, uint32_t t)
{
    const binned_job *j = arg;
    const int64_t step = MLPIPE__BLOCK_ROWS;
    double *values = j->values + t * j->room;
    uint8_t *valid = j->valid + t * j->room;

    for (int64_t start = j->first + t * step; start < j->last;
         start += j->tasks * step) {
        const int64_t rest = j->last - start;
        const uint32_t n = (uint32_t)(rest < step ? rest : step);
        j->frame->read(j->frame, j->scratch + t * j->scratch_bytes, start, n,
                       values, valid);
        for (uint32_t f = 0; f < j->layout->features; f++)
            binned_feature(j, f, start, values + (size_t)f * n,
                           valid + (size_t)f * n, n);
    }
}

static mlpipe_status binned_run(gbt_fit *fit, binned_job *j)
{
    const int64_t batch = (int64_t)GBT_CHUNK_ROWS * j->tasks;

    for (int64_t at = 0; at < j->frame->rows; at += batch) {
        mlpipe_status st = mlpipe__poll(fit->ctx, fit->job->name, 0,
                                        fit->opt.trees);
        if (st)
            return st;
        j->first = at;
        j->last = j->frame->rows - at < batch ? j->frame->rows : at + batch;
        st = mlpipe__parallel(fit->ctx, binned_task, j, j->tasks);
        if (st)
            return st;
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__gbt_bin_frame(gbt_fit *fit, const mlpipe__frame *frame,
                                    gbt_bins *out)
{
    binned_job j = {.layout = &fit->layout, .frame = frame, .out = out,
                  .tasks = fit->tasks};
    mlpipe_status st = MLPIPE_OK;
    size_t bytes;

    j.room = (size_t)frame->features * MLPIPE__BLOCK_ROWS;
    j.scratch_bytes = (frame->scratch_bytes + 63) / 64 * 64;
    j.values = mlpipe__alloc_array(fit->env, j.room * j.tasks,
                                   sizeof *j.values);
    j.valid = mlpipe__alloc_array(fit->env, j.room, j.tasks);
    j.scratch = mlpipe__alloc_array(fit->env, j.scratch_bytes, j.tasks);
    out->rows = frame->rows;
    if (!mlpipe__mul((size_t)frame->rows, GBT_WIDTH, &bytes))
        out->data = mlpipe__alloc_array(fit->env, fit->layout.blocks, bytes);
    if (fit->layout.units > fit->layout.blocks)
        out->wide = mlpipe__alloc_array(
            fit->env, fit->layout.units - fit->layout.blocks,
            (size_t)frame->rows * sizeof *out->wide);
    if (!j.values || !j.valid || !j.scratch || !out->data ||
        (fit->layout.units > fit->layout.blocks && !out->wide))
        st = mlpipe__nomem(fit->ctx);
    else
        st = binned_run(fit, &j);
    mlpipe__free(fit->env, j.scratch);
    mlpipe__free(fit->env, j.valid);
    mlpipe__free(fit->env, j.values);
    return st;
}
