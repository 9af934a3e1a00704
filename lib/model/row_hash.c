/* SPDX-License-Identifier: MIT */
/*
 * What makes a row the same row: the inputs of a model, and its target, id and
 * time or its place, in a form that does not depend on how the dataset stores
 * them.
 */
#include "model_internal.h"

/* A NaN that no value becomes: null. */
#define ROW_HASH_NULL UINT64_C(0x7ff8000000000001)

typedef struct row_hash_job {
    const mlpipe_model *model;
    const mlpipe_dataset *data;
    mlpipe__row_by by;
    uint32_t words;         /* a row */
    int32_t *column;        /* of each word, -1 = absent */
    uint64_t *block;        /* 512 x words */
    const double *target;   /* of every row, or NULL */
} row_hash_job;

static uint64_t row_hash_number(double x)
{
    uint64_t bits;
    x += 0.0; /* -0 becomes +0 */
    if (x != x)
        return ROW_HASH_NULL;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Microseconds of a timestamp, of which a part is cut as mlpipe__time_us cuts
 * it, so that a row has one hash before 1970 too; other whole numbers as they
 * are. */
static uint64_t row_hash_integer(const mlpipe__column *c, int64_t x)
{
    if (c->type == MLPIPE_TYPE_TIMESTAMP) {
        if (c->unit == MLPIPE_UNIT_NS)
            x = x / 1000 - (x % 1000 < 0);
        else if (c->unit != MLPIPE_UNIT_US)
            x = (int64_t)((uint64_t)x *
                          (c->unit == MLPIPE_UNIT_MS ? 1000u : 1000000u));
    }
    return (uint64_t)x;
}

static void row_hash_texts(row_hash_job *j, uint32_t word, int64_t start,
                           uint32_t n)
{
    uint32_t i;
    for (i = 0; i < n; i++) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(
            j->data, (uint32_t)j->column[word], start + i, &bytes);
        j->block[(size_t)i * j->words + word] =
            text ? mlpipe__hash64(text, bytes, 1) : ROW_HASH_NULL;
    }
}

/* `exact`: an id or a time, whose integers do not all fit into a double. */
static void row_hash_column(row_hash_job *j, uint32_t word, bool exact,
                            int64_t start, uint32_t n)
{
    const uint32_t column = (uint32_t)j->column[word];
    const mlpipe__column *c = j->data->columns[column];
    double x[MLPIPE__BLOCK_ROWS];
    int64_t k[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint64_t *out = j->block + word;
    uint32_t i;
    if (c->type == MLPIPE_TYPE_TEXT || c->type == MLPIPE_TYPE_CATEGORY) {
        row_hash_texts(j, word, start, n);
        return;
    }
    if (exact && c->type != MLPIPE_TYPE_F64) {
        mlpipe__dataset_block_i64(j->data, column, start, n, k, valid);
        for (i = 0; i < n; i++)
            out[(size_t)i * j->words] =
                valid[i] ? row_hash_integer(c, k[i]) : ROW_HASH_NULL;
        return;
    }
    mlpipe__dataset_block(j->data, column, start, n, x, valid);
    for (i = 0; i < n; i++) {
        uint64_t bits = valid[i] ? row_hash_number(x[i]) : ROW_HASH_NULL;
        if (exact && valid[i] && x[i] >= -0x1p63 && x[i] < 0x1p63 &&
            (double)(int64_t)x[i] == x[i])
            bits = (uint64_t)(int64_t)x[i];
        out[(size_t)i * j->words] = bits;
    }
}

/* The word behind the inputs. */
static uint64_t row_hash_mark(const row_hash_job *j, int64_t row)
{
    if (j->by == MLPIPE__ROW_BY_PLACE)
        return mlpipe_dataset_row_id(j->data, row);
    return j->target ? row_hash_number(j->target[row]) : ROW_HASH_NULL;
}

static void row_hash_block(row_hash_job *j, int64_t start, uint32_t n,
                           uint64_t *out)
{
    const uint32_t inputs = j->model->program->input_count;
    uint32_t w, i;
    for (w = 0; w < j->words; w++) {
        if (w == inputs) {
            for (i = 0; i < n; i++)
                j->block[(size_t)i * j->words + w] =
                    row_hash_mark(j, start + i);
        } else if (j->column[w] < 0) {
            for (i = 0; i < n; i++)
                j->block[(size_t)i * j->words + w] = ROW_HASH_NULL;
        } else {
            row_hash_column(j, w, w > inputs, start, n);
        }
    }
    for (i = 0; i < n; i++)
        out[i] = mlpipe__hash64(j->block + (size_t)i * j->words,
                                j->words * sizeof *j->block, 0);
}

/* Where a column of the recipe is, -1: not asked for, or not there. */
static int32_t row_hash_find(const row_hash_job *j, mlpipe__row_by by,
                             const char *name)
{
    const bool asked = j->by <= by && name && name[0];
    return asked ? mlpipe_dataset_find(j->data, name) : -1;
}

static mlpipe_status row_hash_run(mlpipe_ctx *ctx, row_hash_job *j,
                                  double *target, uint64_t *out)
{
    const mlpipe_model *m = j->model;
    const uint32_t inputs = m->program->input_count;
    int64_t start;
    uint32_t w, n;
    mlpipe_status st = MLPIPE_OK;
    for (w = 0; w < inputs; w++)
        j->column[w] =
            mlpipe_dataset_find(j->data, m->program->inputs[w].name);
    j->column[inputs] = row_hash_find(j, MLPIPE__ROW_BY_TARGET, m->target);
    j->column[inputs + 1] =
        row_hash_find(j, MLPIPE__ROW_BY_NAME, m->id_column);
    j->column[inputs + 2] =
        row_hash_find(j, MLPIPE__ROW_BY_NAME, m->time_column);
    if (j->column[inputs] >= 0) {
        st = mlpipe__model_target(ctx, m, j->data, target);
        j->target = target;
    }
    for (start = 0; !st && start < j->data->rows; start += n) {
        n = j->data->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(j->data->rows - start)
                : MLPIPE__BLOCK_ROWS;
        if (start % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "look for rows of the fit",
                              (uint64_t)start, (uint64_t)j->data->rows);
        if (!st)
            row_hash_block(j, start, n, out + start);
    }
    return st;
}

mlpipe_status mlpipe__model_row_hashes(mlpipe_ctx *ctx, const mlpipe_model *m,
                                       const mlpipe_dataset *d,
                                       mlpipe__row_by by, uint64_t *out)
{
    row_hash_job j = {.model = m, .data = d, .by = by};
    mlpipe__env *env = ctx->env;
    double *target =
        mlpipe__alloc_array(env, (size_t)d->rows, sizeof *target);
    mlpipe_status st;
    j.words = m->program->input_count + 3;
    j.column = mlpipe__alloc_array(env, j.words, sizeof *j.column);
    j.block = mlpipe__alloc_array(env, j.words,
                                  MLPIPE__BLOCK_ROWS * sizeof *j.block);
    st = target && j.column && j.block ? row_hash_run(ctx, &j, target, out)
                                       : mlpipe__nomem(ctx);
    mlpipe__free(env, j.block);
    mlpipe__free(env, j.column);
    mlpipe__free(env, target);
    return st;
}

bool mlpipe__model_trained_on(const mlpipe_model *m, uint64_t row_hash)
{
    uint64_t low = 0, high = m->train_id_count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (m->train_ids[middle] < row_hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->train_id_count && m->train_ids[low] == row_hash;
}

mlpipe_status mlpipe__model_seen(mlpipe_ctx *ctx, const mlpipe_model *m,
                                 const mlpipe_dataset *d, mlpipe__row_by by,
                                 int64_t *seen, int64_t *first)
{
    uint64_t *hash =
        mlpipe__alloc_array(ctx->env, (size_t)d->rows, sizeof *hash);
    mlpipe_status st = hash ? mlpipe__model_row_hashes(ctx, m, d, by, hash)
                            : mlpipe__nomem(ctx);
    *seen = 0;
    *first = -1;
    for (int64_t i = 0; !st && i < d->rows; i++) {
        if (mlpipe__model_trained_on(m, hash[i]) && !(*seen)++)
            *first = i;
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "look for rows of the fit", (uint64_t)i,
                              (uint64_t)d->rows);
    }
    mlpipe__free(ctx->env, hash);
    return st;
}
