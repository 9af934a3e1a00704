/* SPDX-License-Identifier: MIT */
/*
 * Filling a column, value by value. Buffers are zeroed when they are made, so
 * a null writes nothing: its slot is zero and its validity bit is clear.
 */
#include "data_internal.h"

enum { WRITER_FIRST_ROOM = 64, WRITER_NEXT_ROOM = 16384, WRITER_PAD = 64,
       WRITER_LEAST_BYTES = 256 };

struct mlpipe__column_writer {
    mlpipe__env *env;
    mlpipe__column *column;
    int64_t capacity;   /* rows that have room; all chunks but the last of
                           them have room for MLPIPE__CHUNK_ROWS */
    size_t bytes_room;  /* TEXT: of the last chunk */
    uint32_t chunk_room;
    bool own_dictionary;
    bool full;
};

mlpipe__column_writer *mlpipe__writer_new(mlpipe__env *env, const char *name,
                                          size_t name_bytes, int32_t type,
                                          int32_t unit,
                                          mlpipe__dictionary *dictionary)
{
    mlpipe__column_writer *w = mlpipe__alloc(env, sizeof *w);

    if (!w)
        return NULL;
    w->env = mlpipe__env_keep(env);
    w->column = mlpipe__column_new(env, name, name_bytes, type, unit);
    if (!w->column)
        goto failed;
    if (type == MLPIPE_TYPE_CATEGORY) {
        w->own_dictionary = !dictionary;
        w->column->dictionary = dictionary
            ? mlpipe__dictionary_keep(dictionary)
            : mlpipe__dictionary_new(env);
        if (!w->column->dictionary)
            goto failed;
    }
    return w;
failed:
    mlpipe__writer_free(w);
    return NULL;
}

void mlpipe__writer_free(mlpipe__column_writer *w)
{
    if (!w)
        return;
    mlpipe__env *env = w->env;
    mlpipe__column_drop(w->column);
    mlpipe__free(env, w);
    mlpipe__env_drop(env);
}

bool mlpipe__writer_full(const mlpipe__column_writer *w)
{
    return w->full;
}

/* Bytes of a data buffer for so many rows: padded, and never so small that
 * the allocator would align it to less than 64. */
static size_t writer_data_bytes(int32_t type, size_t rows)
{
    size_t bytes = rows * sizeof(int64_t);

    if (type == MLPIPE_TYPE_BOOL)
        bytes = (rows + 7) / 8;
    else if (type == MLPIPE_TYPE_CATEGORY)
        bytes = rows * sizeof(int32_t);
    else if (type == MLPIPE_TYPE_TEXT)
        bytes = (rows + 1) * sizeof(int32_t);
    bytes = (bytes + WRITER_PAD - 1) / WRITER_PAD * WRITER_PAD;
    return bytes < WRITER_LEAST_BYTES ? WRITER_LEAST_BYTES : bytes;
}

/* Gives the chunk at index k room for so many rows. */
static bool writer_grow_chunk(mlpipe__column_writer *w, uint32_t k,
                              uint32_t room)
{
    mlpipe__column *c = w->column;

    if (k >= w->chunk_room) {
        const uint32_t more = w->chunk_room ? w->chunk_room * 2 : 1;
        mlpipe__chunk *grown = mlpipe__grow(w->env, c->chunks, more,
                                            sizeof grown[0]);
        if (!grown)
            return false;
        c->chunks = grown;
        w->chunk_room = more;
    }
    if (k >= c->chunk_count) {
        c->chunk_count = k + 1;
        w->bytes_room = 0;
    }
    mlpipe__chunk *chunk = &c->chunks[k];
    void *data = mlpipe__grow(w->env, chunk->data,
                              writer_data_bytes(c->type, room), 1);
    if (!data)
        return false;
    chunk->data = data;
    uint64_t *validity = mlpipe__grow(
        w->env, chunk->validity, writer_data_bytes(MLPIPE_TYPE_BOOL, room),
        1);
    if (!validity)
        return false;
    chunk->validity = validity;
    w->capacity = (int64_t)k * MLPIPE__CHUNK_ROWS + room;
    return true;
}

/* The next room of the chunk at index k when it has room for `now` rows. */
static uint32_t writer_next_room(uint32_t k, uint32_t now)
{
    if (!now)
        return k ? WRITER_NEXT_ROOM : WRITER_FIRST_ROOM;
    return now * 2 < MLPIPE__CHUNK_ROWS ? now * 2 : MLPIPE__CHUNK_ROWS;
}

bool mlpipe__writer_reserve(mlpipe__column_writer *w, int64_t n)
{
    while (w->capacity - w->column->rows < n) {
        const uint32_t k = (uint32_t)(w->capacity / MLPIPE__CHUNK_ROWS);
        const uint32_t now = (uint32_t)(w->capacity % MLPIPE__CHUNK_ROWS);
        if (!writer_grow_chunk(w, k, writer_next_room(k, now)))
            return false;
    }
    return true;
}

/* The chunk and the place in it of the next value; NULL: out of memory. */
static inline mlpipe__chunk *writer_next(mlpipe__column_writer *w,
                                         uint32_t *at)
{
    mlpipe__column *c = w->column;

    if (c->rows >= w->capacity && !mlpipe__writer_reserve(w, 1))
        return NULL;
    *at = (uint32_t)(c->rows % MLPIPE__CHUNK_ROWS);
    return &c->chunks[c->rows / MLPIPE__CHUNK_ROWS];
}

/* Counts the value just written as valid. */
static inline void writer_commit(mlpipe__column_writer *w,
                                 mlpipe__chunk *chunk, uint32_t at)
{
    chunk->validity[at / 64] |= UINT64_C(1) << (at % 64);
    chunk->rows = at + 1;
    w->column->rows++;
}

bool mlpipe__writer_null(mlpipe__column_writer *w)
{
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);

    if (!chunk)
        return false;
    if (w->column->type == MLPIPE_TYPE_TEXT) {
        int32_t *offsets = chunk->data;
        offsets[at + 1] = offsets[at];
    }
    chunk->rows = at + 1;
    chunk->nulls++;
    w->column->rows++;
    w->column->nulls++;
    return true;
}

bool mlpipe__writer_i64(mlpipe__column_writer *w, int64_t v)
{
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);

    if (!chunk)
        return false;
    ((int64_t *)chunk->data)[at] = v;
    writer_commit(w, chunk, at);
    return true;
}

bool mlpipe__writer_f64(mlpipe__column_writer *w, double v)
{
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);

    if (!chunk)
        return false;
    ((double *)chunk->data)[at] = v;
    writer_commit(w, chunk, at);
    return true;
}

bool mlpipe__writer_bool(mlpipe__column_writer *w, bool v)
{
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);

    if (!chunk)
        return false;
    ((uint64_t *)chunk->data)[at / 64] |= (uint64_t)v << (at % 64);
    writer_commit(w, chunk, at);
    return true;
}

bool mlpipe__writer_code(mlpipe__column_writer *w, int32_t code)
{
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);

    if (!chunk)
        return false;
    ((int32_t *)chunk->data)[at] = code;
    writer_commit(w, chunk, at);
    return true;
}

/* Room for n more bytes of text in the last chunk. */
static bool writer_text_room(mlpipe__column_writer *w, mlpipe__chunk *chunk,
                             size_t used, size_t n)
{
    if (n > (size_t)INT32_MAX - used) {
        w->full = true;
        return false;
    }
    if (used + n <= w->bytes_room)
        return true;
    size_t room = w->bytes_room * 2 < used + n ? used + n
                                               : w->bytes_room * 2;
    if (room < WRITER_LEAST_BYTES)
        room = WRITER_LEAST_BYTES;
    char *bytes = mlpipe__grow(w->env, chunk->bytes, room, 1);
    if (!bytes)
        return false;
    chunk->bytes = bytes;
    w->bytes_room = room;
    return true;
}

bool mlpipe__writer_text(mlpipe__column_writer *w, const char *s, size_t n)
{
    if (w->column->type == MLPIPE_TYPE_CATEGORY) {
        if (!mlpipe__writer_reserve(w, 1))
            return false;
        const uint32_t code = mlpipe__dict_add(&w->column->dictionary->dict,
                                               s, n);
        return code != UINT32_MAX && mlpipe__writer_code(w, (int32_t)code);
    }
    uint32_t at;
    mlpipe__chunk *chunk = writer_next(w, &at);
    if (!chunk)
        return false;
    int32_t *offsets = chunk->data;
    const size_t used = (size_t)offsets[at];
    if (!writer_text_room(w, chunk, used, n))
        return false;
    if (n)
        memcpy(chunk->bytes + used, s, n);
    offsets[at + 1] = (int32_t)(used + n);
    writer_commit(w, chunk, at);
    return true;
}

/* Puts the writer's own dictionary in order and the codes with it. */
static bool writer_sort_codes(mlpipe__column_writer *w)
{
    mlpipe__column *c = w->column;
    int32_t *map = mlpipe__alloc_array(w->env, c->dictionary->dict.count,
                                       sizeof map[0]);
    mlpipe__dictionary *sorted = !map ? NULL
        : mlpipe__dictionary_sorted(&c->dictionary->dict, NULL, map);

    for (uint32_t k = 0; sorted && k < c->chunk_count; k++) {
        mlpipe__chunk *chunk = &c->chunks[k];
        int32_t *codes = chunk->data;
        for (uint32_t i = 0; i < chunk->rows; i++)
            if (mlpipe__chunk_valid(chunk, i))
                codes[i] = map[codes[i]];
    }
    mlpipe__free(w->env, map);
    if (!sorted)
        return false;
    mlpipe__dictionary_drop(c->dictionary);
    c->dictionary = sorted;
    return true;
}

mlpipe__column *mlpipe__writer_finish(mlpipe__column_writer *w)
{
    mlpipe__column *c = w->column;

    if (w->own_dictionary && !writer_sort_codes(w)) {
        mlpipe__writer_free(w);
        return NULL;
    }
    for (uint32_t k = 0; k < c->chunk_count; k++) {
        mlpipe__chunk *chunk = &c->chunks[k];
        if (chunk->nulls)
            continue;
        mlpipe__free(w->env, chunk->validity);
        chunk->validity = NULL;
    }
    w->column = NULL;
    mlpipe__writer_free(w);
    return c;
}
