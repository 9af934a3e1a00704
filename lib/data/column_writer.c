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

void mlpipe__writer_floats(mlpipe__column_writer *w)
{
    w->column->f32 = true;
}

const mlpipe__column *mlpipe__writer_column(const mlpipe__column_writer *w)
{
    return w->column;
}

/* Bytes of a data buffer for so many rows: padded, and never so small that
 * the allocator would align it to less than 64. */
static size_t writer_data_bytes(int32_t type, bool f32, size_t rows)
{
    size_t bytes = rows * sizeof(int64_t);

    if (type == MLPIPE_TYPE_BOOL)
        bytes = (rows + 7) / 8;
    else if (type == MLPIPE_TYPE_CATEGORY || f32)
        bytes = rows * sizeof(int32_t);
    else if (type == MLPIPE_TYPE_TEXT)
        bytes = (rows + 1) * sizeof(int32_t);
    bytes = (bytes + WRITER_PAD - 1) / WRITER_PAD * WRITER_PAD;
    return bytes < WRITER_LEAST_BYTES ? WRITER_LEAST_BYTES : bytes;
}

/* Slots for so many chunks in all. */
static bool writer_chunks(mlpipe__column_writer *w, uint32_t count)
{
    const uint32_t twice = w->chunk_room * 2;
    const uint32_t room = count > twice ? count : twice;

    if (count <= w->chunk_room)
        return true;
    mlpipe__chunk *grown = mlpipe__grow(w->env, w->column->chunks, room,
                                        sizeof grown[0]);
    if (!grown)
        return false;
    w->column->chunks = grown;
    w->chunk_room = room;
    return true;
}

/* Makes the chunk at index k exist. */
static bool writer_open_chunk(mlpipe__column_writer *w, uint32_t k)
{
    mlpipe__column *c = w->column;

    if (!writer_chunks(w, k + 1))
        return false;
    if (k >= c->chunk_count) {
        c->chunk_count = k + 1;
        w->bytes_room = 0;
    }
    return true;
}

/* Gives the chunk at index k room for so many rows. */
static bool writer_grow_chunk(mlpipe__column_writer *w, uint32_t k,
                              uint32_t room)
{
    mlpipe__column *c = w->column;

    if (!writer_open_chunk(w, k))
        return false;
    mlpipe__chunk *chunk = &c->chunks[k];
    void *data = mlpipe__grow(w->env, chunk->data,
                              writer_data_bytes(c->type, c->f32, room), 1);
    if (!data)
        return false;
    chunk->data = data;
    uint8_t *validity = mlpipe__grow(
        w->env, chunk->validity,
        writer_data_bytes(MLPIPE_TYPE_BOOL, false, room), 1);
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

mlpipe__chunk *mlpipe__writer_room(mlpipe__column_writer *w, uint32_t n)
{
    return writer_chunks(w, w->column->chunk_count + n)
        ? w->column->chunks + w->column->chunk_count : NULL;
}

void mlpipe__writer_borrow(mlpipe__column_writer *w, uint32_t n)
{
    mlpipe__column *c = w->column;

    for (uint32_t i = 0; i < n; i++) {
        const mlpipe__chunk *chunk = &c->chunks[c->chunk_count++];
        c->rows += chunk->rows;
        c->nulls += chunk->nulls;
    }
    w->capacity = c->rows;
    w->bytes_room = 0;
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
    chunk->validity[at / 8] |= (uint8_t)(1u << (at % 8));
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
    if (w->column->f32)
        ((float *)chunk->data)[at] = (float)v;
    else
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
    ((uint8_t *)chunk->data)[at / 8] |= (uint8_t)((unsigned)v << (at % 8));
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

/* Are the texts in the order of their bytes already? */
static bool writer_in_order(const mlpipe__dict *d)
{
    uint32_t i = 1;

    while (i < d->count && mlpipe__dict_before(d, i - 1, i))
        i++;
    return i >= d->count;
}

/* Copies borrowed codes, which are about to be written to; nulls are 0. */
static bool writer_own_codes(mlpipe__column_writer *w, mlpipe__chunk *chunk)
{
    int32_t *codes = mlpipe__alloc(
        w->env, writer_data_bytes(MLPIPE_TYPE_CATEGORY, false, chunk->rows));
    uint8_t *validity = !chunk->validity ? NULL : mlpipe__alloc(
        w->env, writer_data_bytes(MLPIPE_TYPE_BOOL, false, chunk->rows));

    if (!codes || (chunk->validity && !validity)) {
        mlpipe__free(w->env, codes);
        mlpipe__free(w->env, validity);
        return false;
    }
    for (uint32_t i = 0; i < chunk->rows; i++) {
        if (!mlpipe__chunk_valid(chunk, i))
            continue;
        codes[i] = ((const int32_t *)chunk->data)[i];
        if (validity)
            validity[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    mlpipe__owner_drop(chunk->owner);
    chunk->owner = NULL;
    chunk->data = codes;
    chunk->validity = validity;
    chunk->shift = 0;
    chunk->loose = false;
    return true;
}

/* Puts the writer's own dictionary in order and the codes with it. */
static bool writer_sort_codes(mlpipe__column_writer *w)
{
    mlpipe__column *c = w->column;

    if (writer_in_order(&c->dictionary->dict))
        return true;
    for (uint32_t k = 0; k < c->chunk_count; k++)
        if (c->chunks[k].owner && !writer_own_codes(w, &c->chunks[k]))
            return false;
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
        /* Borrowed bitmaps stay side by side, as they were. */
        if (chunk->owner ? c->nulls : chunk->nulls)
            continue;
        if (!chunk->owner)
            mlpipe__free(w->env, chunk->validity);
        chunk->validity = NULL;
    }
    w->column = NULL;
    mlpipe__writer_free(w);
    return c;
}
