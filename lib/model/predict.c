/* SPDX-License-Identifier: MIT */
/* Predicting datasets: blocks of 512 rows over the executor. */
#include "fit_types.h"

enum { PREDICT_BLOCKS_A_ROUND = 64 };

typedef struct predict_job {
    const mlpipe__program *program;
    const mlpipe__binding *binding;
    const mlpipe_dataset *data;
    unsigned char *scratch; /* tasks x scratch_bytes */
    size_t scratch_bytes;
    uint32_t tasks;
    int64_t first, end;     /* blocks of this round */
    double *out;
    uint32_t answers;       /* the first so many outputs; 0: all */
    const mlpipe__swap *swap; /* NULL: the rows are as they are */
} predict_job;

static void predict_answers(const predict_job *j, void *scratch,
                            int64_t start, uint32_t n)
{
    const mlpipe__program *p = j->program;
    uint32_t i, k;
    for (k = 0; k < j->answers; k++) {
        const uint32_t reg = p->outputs[k].reg;
        const double *v =
            mlpipe__program_values(p, scratch, MLPIPE__BLOCK_ROWS, reg);
        const uint8_t *ok =
            mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS, reg);
        double *out = j->out + (size_t)start * j->answers + k;
        for (i = 0; i < n; i++)
            out[(size_t)i * j->answers] =
                ok[i] && mlpipe__finite(v[i]) ? v[i] : mlpipe__nan();
    }
}

static void predict_ahead(const predict_job *j, int64_t start)
{
    const int64_t left = j->data->rows - start;
    mlpipe__binding_ahead(j->binding, j->data, start,
                          left < MLPIPE__BLOCK_ROWS ? (uint32_t)left
                                                    : MLPIPE__BLOCK_ROWS);
}

static void predict_task(void *arg, uint32_t index)
{
    const predict_job *j = arg;
    void *scratch = j->scratch + index * j->scratch_bytes;
    const uint32_t outputs = j->program->output_count;
    int64_t b;
    for (b = j->first + index; b < j->end; b += j->tasks) {
        const int64_t start = b * MLPIPE__BLOCK_ROWS;
        const int64_t left = j->data->rows - start;
        const uint32_t n =
            left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS;
        mlpipe__binding_load(j->binding, j->program, j->data, start, n,
                             scratch, MLPIPE__BLOCK_ROWS);
        if (j->swap)
            mlpipe__binding_load_swap(j->binding, j->program, j->swap, start,
                                      n, scratch, MLPIPE__BLOCK_ROWS);
        if (b + j->tasks < j->end)
            predict_ahead(j, (b + j->tasks) * MLPIPE__BLOCK_ROWS);
        if (j->answers) {
            mlpipe__program_run_ops(j->program, scratch, MLPIPE__BLOCK_ROWS,
                                    n, j->program->op_count, NULL);
            predict_answers(j, scratch, start, n);
            continue;
        }
        mlpipe__program_run(j->program, scratch, MLPIPE__BLOCK_ROWS, n,
                            j->out + start * outputs, NULL);
    }
}

static mlpipe_status predict_run(mlpipe_ctx *ctx, const char *stage,
                                 const predict_job *job)
{
    predict_job j = *job;
    const mlpipe__program *p = j.program;
    const int64_t blocks =
        (j.data->rows + MLPIPE__BLOCK_ROWS - 1) / MLPIPE__BLOCK_ROWS;
    const uint64_t before = j.swap ? j.swap->turn * (uint64_t)blocks : 0;
    const uint64_t whole =
        (j.swap ? j.swap->turns : 1) * (uint64_t)blocks;
    int64_t round;
    mlpipe_status st = MLPIPE_OK;
    j.tasks = blocks < ctx->threads ? (uint32_t)blocks : ctx->threads;
    j.tasks = j.tasks ? j.tasks : 1;
    j.scratch_bytes = mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS) + 63;
    j.scratch_bytes &= ~(size_t)63;
    j.scratch = mlpipe__alloc_array(ctx->env, j.tasks, j.scratch_bytes);
    if (!j.scratch)
        return mlpipe__nomem(ctx);
    round = (int64_t)PREDICT_BLOCKS_A_ROUND * j.tasks;
    for (; !st && j.first < blocks; j.first = j.end) {
        j.end = blocks - j.first < round ? blocks : j.first + round;
        st = mlpipe__poll(ctx, stage, before + (uint64_t)j.first, whole);
        if (!st)
            st = mlpipe__parallel(ctx, predict_task, &j, j.tasks);
    }
    mlpipe__free(ctx->env, j.scratch);
    return st;
}

mlpipe_status mlpipe__predict_rows(mlpipe_ctx *ctx, const char *stage,
                                   const mlpipe__program *p,
                                   const mlpipe__binding *binding,
                                   const mlpipe_dataset *d, uint32_t width,
                                   double *out)
{
    const predict_job j = {.program = p,
                           .binding = binding,
                           .data = d,
                           .out = out,
                           .answers = width};
    return predict_run(ctx, stage, &j);
}

mlpipe_status mlpipe__predict_swapped(mlpipe_ctx *ctx, const char *stage,
                                      const mlpipe__program *p,
                                      const mlpipe__binding *binding,
                                      const mlpipe_dataset *d,
                                      const mlpipe__swap *swap,
                                      uint32_t width, double *out)
{
    const predict_job j = {.program = p,
                           .binding = binding,
                           .data = d,
                           .out = out,
                           .answers = width,
                           .swap = swap};
    return predict_run(ctx, stage, &j);
}

mlpipe_status mlpipe__program_apply(mlpipe_ctx *ctx, const char *stage,
                                    const mlpipe__program *p,
                                    const mlpipe__binding *binding,
                                    const mlpipe_dataset *d, double *out)
{
    const predict_job j = {
        .program = p, .binding = binding, .data = d, .out = out};
    return predict_run(ctx, stage, &j);
}

mlpipe_status mlpipe__model_answers(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d, double *out)
{
    mlpipe__binding binding;
    mlpipe_status st = mlpipe__bind_dataset(ctx, m->program, d,
                                            m->time_column, &binding);
    if (st)
        return st;
    st = mlpipe__predict_rows(ctx, "predict", m->program, &binding, d,
                              mlpipe__model_width(m), out);
    mlpipe__binding_free(&binding);
    return st;
}

static mlpipe_status predict_dataset(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const mlpipe_dataset *dataset,
                                     double *out, size_t n)
{
    mlpipe__binding binding;
    size_t needed;
    mlpipe_status st;
    if (mlpipe__mul((size_t)dataset->rows, mlpipe_model_outputs(model),
                    &needed) ||
        needed > n)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "out holds %zu numbers and %lld rows with %u "
                            "outputs need %zu",
                            n, (long long)dataset->rows,
                            mlpipe_model_outputs(model), needed);
    st = mlpipe__bind_dataset(ctx, model->program, dataset,
                              model->time_column, &binding);
    if (st)
        return st;
    st = mlpipe__program_apply(ctx, "predict", model->program, &binding,
                               dataset, out);
    mlpipe__binding_free(&binding);
    return st;
}

mlpipe_status mlpipe_predict(mlpipe_ctx *ctx, const mlpipe_model *model,
                             const mlpipe_dataset *dataset, double *out,
                             size_t n)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_predict");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = predict_dataset(ctx, model, dataset, out, n);
    return mlpipe__end(ctx, st);
}
