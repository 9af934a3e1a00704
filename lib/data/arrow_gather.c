/* SPDX-License-Identifier: MIT */
/* Rows of a view that do not lie one behind the other, put so for export. */
#include "arrow_types.h"

size_t mlpipe__arrow_width(const mlpipe__column *c)
{
    if (c->type == MLPIPE_TYPE_BOOL)
        return 0;
    return c->type == MLPIPE_TYPE_CATEGORY || c->type == MLPIPE_TYPE_TEXT
        || c->f32 ? 4 : 8;
}

enum { GATHER_PIECE = 512 };

uint64_t mlpipe__arrow_text_bytes(const mlpipe_dataset *d, uint32_t column,
                                  int64_t start, int64_t rows)
{
    uint64_t sum = 0;

    for (int64_t i = 0; i < rows; i++) {
        size_t n;
        (void)mlpipe__dataset_cell_text(d, column, start + i, &n);
        sum += n;
    }
    return sum;
}

/* A piece of texts into the chunk at row `to`. */
static void gather_texts(const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, int64_t to,
                                mlpipe__chunk *chunk)
{
    int32_t *offsets = chunk->data;

    for (uint32_t i = 0; i < n; i++) {
        const int64_t at = to + i;
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(d, column, start + i,
                                                     &bytes);
        if (text)
            memcpy(chunk->bytes + offsets[at], text, bytes);
        offsets[at + 1] = offsets[at] + (int32_t)bytes;
        chunk->validity[at / 8] |= (uint8_t)((unsigned)!!text << (at % 8));
    }
}

/* A piece of numbers into the chunk at row `to`. */
static void gather_numbers(const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, int64_t to,
                                mlpipe__chunk *chunk)
{
    const mlpipe__column *c = d->columns[column];
    union {
        double f64[GATHER_PIECE];
        int64_t i64[GATHER_PIECE];
    } v;
    uint8_t valid[GATHER_PIECE];

    if (c->type == MLPIPE_TYPE_F64)
        mlpipe__dataset_block(d, column, start, n, v.f64, valid);
    else
        mlpipe__dataset_block_i64(d, column, start, n, v.i64, valid);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t at = to + i;
        chunk->validity[at / 8] |= (uint8_t)(valid[i] << (at % 8));
        if (c->type == MLPIPE_TYPE_BOOL)
            ((uint8_t *)chunk->data)[at / 8] |=
                (uint8_t)(v.i64[i] << (at % 8));
        else if (c->f32)
            ((float *)chunk->data)[at] = (float)v.f64[i];
        else if (c->type == MLPIPE_TYPE_CATEGORY)
            ((int32_t *)chunk->data)[at] = (int32_t)v.i64[i];
        else
            ((int64_t *)chunk->data)[at] = v.i64[i];
    }
}

/* The values of a chunk that has room for them. ctx: who may cancel; a stream
 * has none. */
static mlpipe_status gather_values(mlpipe_ctx *ctx,
                                          const mlpipe_dataset *d,
                                          uint32_t column, int64_t start,
                                          int64_t rows, mlpipe__chunk *chunk)
{
    const bool is_text = d->columns[column]->type == MLPIPE_TYPE_TEXT;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t i = 0; !st && i < rows; i += GATHER_PIECE) {
        const int64_t left = rows - i;
        const uint32_t n = left < GATHER_PIECE ? (uint32_t)left
                                               : GATHER_PIECE;
        if (ctx && i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "arrow", (uint64_t)i, (uint64_t)rows);
        if (st)
            break;
        if (is_text)
            gather_texts(d, column, start + i, n, i, chunk);
        else
            gather_numbers(d, column, start + i, n, i, chunk);
    }
    return st;
}

mlpipe_status mlpipe__arrow_gather(mlpipe__env *env, mlpipe_ctx *ctx,
                                   const mlpipe_dataset *d, uint32_t column,
                                   int64_t start, int64_t rows,
                                   mlpipe__column **out)
{
    mlpipe_status st = MLPIPE_E_NOMEM;

    const mlpipe__column *from = d->columns[column];
    const bool is_text = from->type == MLPIPE_TYPE_TEXT;
    const size_t width = mlpipe__arrow_width(from);
    mlpipe__column *c = mlpipe__column_new(env, "", 0, from->type,
                                           from->unit);
    size_t bytes;

    *out = NULL;
    if (!c)
        return st;
    c->f32 = from->f32;
    c->chunks = mlpipe__alloc(env, sizeof c->chunks[0]);
    if (!c->chunks || mlpipe__mul((size_t)rows + 1, width ? width : 1, &bytes))
        goto failed;
    c->chunk_count = 1;
    mlpipe__chunk *chunk = c->chunks;
    chunk->data = mlpipe__alloc(env, width ? bytes : (size_t)rows / 8 + 1);
    chunk->validity = mlpipe__alloc(env, (size_t)rows / 8 + 1);
    if (is_text)
        chunk->bytes = mlpipe__alloc(
            env, (size_t)mlpipe__arrow_text_bytes(d, column, start, rows) + 1);
    if (!chunk->data || !chunk->validity || (is_text && !chunk->bytes))
        goto failed;
    st = gather_values(ctx, d, column, start, rows, chunk);
    if (st)
        goto failed;
    c->nulls = mlpipe__arrow_count_nulls(chunk->validity, 0, rows);
    *out = c;
    return MLPIPE_OK;
failed:
    mlpipe__column_drop(c);
    return st;
}
