/* SPDX-License-Identifier: MIT */
/* Predicting datasets: blocks of 512 rows over the executor. */
#include "fit_types.h"

/* Blocks between two polls, and rows of one: fewer where each row is compared
 * with many points, of which a task takes so many coordinates at once, which
 * is some hundredths of a second. Answers are of rows alone, so that nothing
 * else depends on it. */
enum {
    PREDICT_BLOCKS_A_ROUND = 64,
    PREDICT_LEAST_ROWS = 32,
    PREDICT_WORK = 400 * 1000 * 1000
};

typedef struct predict_job {
    const mlpipe__program *program;
    const mlpipe__binding *binding;
    const mlpipe_dataset *data;
    unsigned char *scratch; /* tasks x scratch_bytes */
    size_t scratch_bytes;
    uint32_t tasks;
    uint32_t block;         /* rows, a power of two */
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
                          left < j->block ? (uint32_t)left : j->block);
}

static void predict_task(void *arg, uint32_t index)
{
    const predict_job *j = arg;
    void *scratch = j->scratch + index * j->scratch_bytes;
    const uint32_t outputs = j->program->output_count;
    int64_t b;
    for (b = j->first + index; b < j->end; b += j->tasks) {
        const int64_t start = b * j->block;
        const int64_t left = j->data->rows - start;
        const uint32_t n = left < j->block ? (uint32_t)left : j->block;
        mlpipe__binding_load(j->binding, j->program, j->data, start, n,
                             scratch, MLPIPE__BLOCK_ROWS);
        if (j->swap)
            mlpipe__binding_load_swap(j->binding, j->program, j->swap, start,
                                      n, scratch, MLPIPE__BLOCK_ROWS);
        if (b + j->tasks < j->end)
            predict_ahead(j, (b + j->tasks) * j->block);
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

/* Rows of a block; gives the blocks that a task takes in a round. */
static uint32_t predict_block(const mlpipe__program *p, uint32_t *block)
{
    uint32_t a_round = PREDICT_BLOCKS_A_ROUND;
    double a_row = 0;
    for (uint32_t i = 0; i < p->point_count; i++)
        a_row += (double)p->points[i]->rows * p->points[i]->features;
    *block = MLPIPE__BLOCK_ROWS;
    while (*block > PREDICT_LEAST_ROWS && a_row * *block > PREDICT_WORK)
        *block /= 2;
    while (a_round > 1 && a_row * *block * a_round > PREDICT_WORK)
        a_round /= 2;
    return a_round;
}

static mlpipe_status predict_run(mlpipe_ctx *ctx, const char *stage,
                                 const predict_job *job)
{
    predict_job j = *job;
    const mlpipe__program *p = j.program;
    const uint32_t a_round = predict_block(p, &j.block);
    const int64_t blocks = (j.data->rows + j.block - 1) / j.block;
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
    round = (int64_t)a_round * j.tasks;
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
