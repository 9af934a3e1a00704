/* SPDX-License-Identifier: MIT */
/*
 * Columns of rows that are functions of their number: blocks are made by
 * whoever runs tasks, and written in order here, so that threads change no
 * bit and no allocation is made off the calling thread.
 */
#include "synth_internal.h"

enum { MADE_BATCH = 1 << 20, MADE_BLOCKS_MAX = 256 };

typedef struct made_job {
    const mlpipe__synth_maker *maker;
    uint64_t first;   /* row of the batch */
    uint32_t rows;    /* of it */
    double *cells;    /* rows x columns */
    double *scratch;  /* blocks x maker->scratch */
    uint64_t (*counts)[MLPIPE__SYNTH_COUNTS]; /* of each block */
} made_job;

static void made_block(void *arg, uint32_t index)
{
    const made_job *j = arg;
    const uint32_t at = index * MLPIPE__SYNTH_BLOCK;
    const uint32_t left = j->rows - at;
    const uint32_t n = left < MLPIPE__SYNTH_BLOCK ? left
                                                  : MLPIPE__SYNTH_BLOCK;
    j->maker->block(j->maker->model, j->first + at, n,
                    j->cells + (size_t)at * j->maker->columns,
                    j->scratch + (size_t)index * j->maker->scratch,
                    j->counts[index]);
}

static bool made_write(const mlpipe__synth_maker *m, uint32_t column,
                       mlpipe__column_writer *w, double x)
{
    const mlpipe__synth_column *c = &m->column[column];
    char text[MLPIPE__SYNTH_TEXT];

    if (x != x)
        return mlpipe__writer_null(w);
    switch (c->type) {
    case MLPIPE_TYPE_F64:
        return mlpipe__writer_f64(w, x);
    case MLPIPE_TYPE_BOOL:
        return mlpipe__writer_bool(w, x != 0.0);
    case MLPIPE_TYPE_CATEGORY:
        return mlpipe__writer_code(w, (int32_t)x);
    case MLPIPE_TYPE_TEXT: {
        const size_t n = m->text(m->model, column, x, text);
        return mlpipe__writer_text(w, text, n);
    }
    default:
        /* Without overflow: what is made lies between ends that exist. */
        return mlpipe__writer_i64(w, (int64_t)((uint64_t)c->base
                                               + (uint64_t)(int64_t)x
                                               * (uint64_t)c->step));
    }
}

static mlpipe_status made_append(mlpipe_ctx *ctx, const made_job *j,
                                 mlpipe__column_writer **writers)
{
    const uint32_t columns = j->maker->columns;

    for (uint32_t c = 0; c < columns; c++)
        for (uint32_t i = 0; i < j->rows; i++)
            if (!made_write(j->maker, c, writers[c],
                            j->cells[(size_t)i * columns + c]))
                return mlpipe__writer_failed(ctx, writers[c]);
    return MLPIPE_OK;
}

/* One batch: at most so many blocks. */
static mlpipe_status made_batch(mlpipe_ctx *ctx, made_job *j,
                                mlpipe__column_writer **writers,
                                uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const uint32_t blocks = (j->rows + MLPIPE__SYNTH_BLOCK - 1)
        / MLPIPE__SYNTH_BLOCK;
    mlpipe_status st = MLPIPE_OK;

    memset(j->counts, 0, blocks * sizeof j->counts[0]);
    if (j->maker->prepare)
        st = j->maker->prepare(ctx, j->maker->model, j->first, j->rows);
    if (!st)
        st = mlpipe__parallel(ctx, made_block, j, blocks);
    if (!st)
        st = made_append(ctx, j, writers);
    for (uint32_t b = 0; !st && b < blocks; b++)
        for (uint32_t k = 0; k < MLPIPE__SYNTH_COUNTS; k++)
            counts[k] += j->counts[b][k];
    return st;
}

/* Blocks of a batch: about 8 MiB of cells. */
static uint32_t made_blocks(const mlpipe__synth_maker *m, int64_t rows)
{
    const uint32_t cells = (m->columns + m->scratch) * MLPIPE__SYNTH_BLOCK;
    const int64_t all = (rows + MLPIPE__SYNTH_BLOCK - 1)
        / MLPIPE__SYNTH_BLOCK;
    uint32_t blocks = cells > MADE_BATCH ? 1 : MADE_BATCH / cells;

    if (blocks > MADE_BLOCKS_MAX)
        blocks = MADE_BLOCKS_MAX;
    return all < blocks ? (uint32_t)all : blocks;
}

static mlpipe_status made_run(mlpipe_ctx *ctx, const mlpipe__synth_maker *m,
                              uint64_t start, int64_t rows, uint32_t blocks,
                              made_job *j, mlpipe__column_writer **writers,
                              uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const int64_t batch = (int64_t)blocks * MLPIPE__SYNTH_BLOCK;
    mlpipe_status st = mlpipe__poll(ctx, m->stage, 0, (uint64_t)rows);

    for (uint32_t c = 0; !st && c < m->columns; c++) {
        writers[c] = mlpipe__writer_new(ctx->env, m->column[c].name,
                                        strlen(m->column[c].name),
                                        m->column[c].type, m->column[c].unit,
                                        m->column[c].dictionary);
        if (!writers[c])
            st = mlpipe__nomem(ctx);
    }
    for (int64_t at = 0; !st && at < rows; at += batch) {
        j->first = start + (uint64_t)at;
        j->rows = (uint32_t)(rows - at < batch ? rows - at : batch);
        st = made_batch(ctx, j, writers, counts);
        if (!st)
            st = mlpipe__poll(ctx, m->stage, (uint64_t)(at + j->rows),
                              (uint64_t)rows);
    }
    return st;
}

mlpipe_status mlpipe__synth_make(mlpipe_ctx *ctx,
                                 const mlpipe__synth_maker *m,
                                 uint64_t start, int64_t rows,
                                 mlpipe__column **columns,
                                 uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const uint32_t blocks = made_blocks(m, rows);
    mlpipe_status st = MLPIPE_OK;
    uint32_t done = 0;
    made_job j = {.maker = m};
    mlpipe__column_writer **writers = mlpipe__alloc_array(
        ctx->env, m->columns, sizeof writers[0]);

    memset(counts, 0, MLPIPE__SYNTH_COUNTS * sizeof counts[0]);
    j.cells = mlpipe__alloc_array(ctx->env,
                                  (size_t)blocks * MLPIPE__SYNTH_BLOCK,
                                  m->columns * sizeof j.cells[0]);
    j.scratch = mlpipe__alloc_array(ctx->env, blocks,
                                    m->scratch * sizeof j.scratch[0]);
    j.counts = mlpipe__alloc_array(ctx->env, blocks, sizeof j.counts[0]);
    if (!writers || !j.cells || !j.scratch || !j.counts)
        st = mlpipe__nomem(ctx);
    else
        st = made_run(ctx, m, start, rows, blocks, &j, writers, counts);
    for (; !st && done < m->columns; done++) {
        columns[done] = mlpipe__writer_finish(writers[done]);
        writers[done] = NULL;
        if (!columns[done]) {
            st = mlpipe__nomem(ctx);
            break;
        }
    }
    for (uint32_t c = 0; writers && c < m->columns; c++)
        mlpipe__writer_free(writers[c]);
    for (uint32_t c = 0; st && c < done; c++)
        mlpipe__column_drop(columns[c]);
    mlpipe__free(ctx->env, writers);
    mlpipe__free(ctx->env, j.cells);
    mlpipe__free(ctx->env, j.scratch);
    mlpipe__free(ctx->env, j.counts);
    return st;
}

uint64_t mlpipe__synth_seed(const mlpipe_ctx *ctx, const mlpipe__params *p)
{
    const mlpipe__setting *s = mlpipe__params_get(p, "seed");

    return s->given ? (uint64_t)s->integer : ctx->seed;
}
