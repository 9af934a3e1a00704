/* SPDX-License-Identifier: MIT */
/*
 * The columns of a dataset on their way into the store: their chunks are made,
 * hashed and gathered a batch at a time by the threads of the context, and
 * written in order by the thread that called, where there is a pool while the
 * others make the next batch.
 */
#include "store_internal.h"

enum {
    COLUMNS_BATCH = 32, /* chunks at a time, two for a thread, and */
    COLUMNS_BYTES = 32 * 1024 * 1024 /* of texts, unless one has more */
};

/* A chunk of a batch; its memory is kept for the next batch. */
typedef struct columns_slot {
    const mlpipe_dataset *dataset;
    uint32_t column, chunk, vector;
    mlpipe__store_scratch *scratch;
    mlpipe__store_gather *gather;
    mlpipe__text record;
    mlpipe__store_tail tail; /* of the record */
    mlpipe__hash128 id, *segment; /* segment: NULL, or where its print goes */
} columns_slot;

typedef struct columns_job {
    mlpipe_ctx *ctx;
    mlpipe__store_put *put;
    columns_slot slots[2][COLUMNS_BATCH]; /* of a batch, and of the one that
                                             is being written */
    uint32_t slot_count[2]; /* that have memory */
    uint32_t half;          /* of this batch */
    uint32_t batch;         /* chunks at a time */
    uint32_t count;         /* of this batch */
    uint32_t made;          /* of the other half, to be written */
    mlpipe__store_gather *gather; /* of the column that is being joined */
    double *sorted;      /* scratch of its end */
    uint32_t vector;     /* bytes */
} columns_job;

static void columns_task(void *arg, uint32_t index)
{
    static const char room[MLPIPE__CONTAINER_WRAP];
    columns_slot *slot = (columns_slot *)arg + index;
    const mlpipe_dataset *d = slot->dataset;
    const bool codes = mlpipe_dataset_type(d, slot->column) ==
                       MLPIPE_TYPE_CATEGORY;
    mlpipe__text payload = slot->record;

    /* Offsets within a payload are those within its record: WRAP is a
     * multiple of every alignment. */
    payload.size = 0;
    mlpipe__text_put(&payload, room, sizeof room);
    mlpipe__store_chunk_save(
        d, slot->column, (int64_t)slot->chunk * MLPIPE__CHUNK_ROWS,
        mlpipe__store_chunk_rows(d->rows, slot->chunk), slot->scratch,
        codes ? NULL : slot->gather, &payload, &slot->tail);
    slot->record = payload;
    if (!payload.failed)
        slot->id = mlpipe__container_wrap("CHNK", "CHNK", payload.data,
                                          payload.size, slot->tail.data,
                                          slot->tail.bytes, slot->vector);
    if (slot->segment) /* now, while the values are near */
        *slot->segment = mlpipe__dataset_hash_segment(
            d, slot->column, slot->chunk, slot->tail.bytes != 0,
            slot->vector);
}

/* ---- batches -------------------------------------------------------- */

/* Bytes of texts in a chunk. */
static uint64_t columns_texts(const mlpipe_dataset *d, uint32_t column,
                              uint32_t chunk)
{
    const int64_t start = (int64_t)chunk * MLPIPE__CHUNK_ROWS;
    const uint32_t n = mlpipe__store_chunk_rows(d->rows, chunk);
    uint64_t sum = 0;
    size_t bytes;
    uint32_t i;

    if (mlpipe_dataset_type(d, column) != MLPIPE_TYPE_TEXT)
        return 0;
    for (i = 0; i < n; i++) {
        (void)mlpipe__dataset_cell_text(d, column, start + i, &bytes);
        sum += bytes;
    }
    return sum;
}

/* Room for all of a chunk with so many bytes of texts, since tasks never
 * allocate: a bitmap and values of 8 bytes, or texts, each with its length
 * and a NUL, between padding. */
static bool columns_room(mlpipe__text *record, uint64_t texts)
{
    const uint64_t need = 2 * MLPIPE__CONTAINER_WRAP +
                          MLPIPE__CHUNK_ROWS / 8 +
                          8 * (uint64_t)MLPIPE__CHUNK_ROWS + texts + 256;
    char *data;

    if (record->room >= need)
        return true;
    data = need < SIZE_MAX ? mlpipe__grow(record->env, record->data,
                                          (size_t)need, 1)
                           : NULL;
    if (!data)
        return false;
    record->data = data;
    record->room = (size_t)need;
    return true;
}

/* A slot for one more chunk of the batch. */
static mlpipe_status columns_add(columns_job *j, uint32_t column,
                                 uint32_t chunk, uint64_t texts)
{
    mlpipe__env *env = j->put->store->env;
    columns_slot *slot = &j->slots[j->half][j->count];

    if (j->count == j->slot_count[j->half]) {
        mlpipe__text_init(&slot->record, env);
        j->slot_count[j->half]++;
        slot->scratch = mlpipe__alloc(env, sizeof *slot->scratch);
        slot->gather = mlpipe__store_gather_new(env, j->vector);
        if (slot->scratch)
            slot->scratch->lanes = mlpipe__store_lanes_of(j->vector);
    }
    if (!slot->scratch || !slot->gather ||
        !columns_room(&slot->record, texts))
        return mlpipe__nomem(j->ctx);
    slot->dataset = j->put->dataset;
    slot->column = column;
    slot->chunk = chunk;
    slot->vector = j->vector;
    slot->segment = NULL;
    if (j->put->segments)
        slot->segment =
            j->put->segments +
            (size_t)column * mlpipe__store_chunks(slot->dataset->rows) +
            chunk;
    /* Codes are counted when they are joined: a dictionary may be large. */
    if (mlpipe_dataset_type(slot->dataset, column) != MLPIPE_TYPE_CATEGORY &&
        !mlpipe__store_gather_begin(slot->gather, slot->dataset, column,
                                    j->gather))
        return mlpipe__nomem(j->ctx);
    j->count++;
    return MLPIPE_OK;
}

/* What was gathered joins its column, whose statistics are ready behind its
 * last chunk. */
static mlpipe_status columns_join(columns_job *j, const columns_slot *slot)
{
    const mlpipe_dataset *d = slot->dataset;
    const uint32_t column = slot->column;
    bool good = true;

    if (slot->chunk == 0)
        good = mlpipe__store_gather_begin(j->gather, d, column, NULL);
    if (good && mlpipe_dataset_type(d, column) == MLPIPE_TYPE_CATEGORY)
        mlpipe__store_gather_whole(
            j->gather, (int64_t)slot->chunk * MLPIPE__CHUNK_ROWS,
            mlpipe__store_chunk_rows(d->rows, slot->chunk),
            slot->scratch);
    else if (good)
        good = mlpipe__store_gather_join(j->gather, slot->gather);
    if (good && slot->chunk + 1 == mlpipe__store_chunks(d->rows))
        good = mlpipe__store_gather_end(j->gather, j->sorted,
                                        &j->put->stats[column]);
    return good ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

static mlpipe_status columns_write(columns_job *j, const columns_slot *slot)
{
    const mlpipe__store_put *p = j->put;
    const uint32_t chunks = mlpipe__store_chunks(p->dataset->rows);
    uint64_t *id = p->chunks +
                   ((size_t)slot->column * chunks + slot->chunk) * 2;
    char hex[MLPIPE__STORE_ID];

    if (slot->record.failed)
        return mlpipe__nomem(j->ctx);
    id[0] = slot->id.lo;
    id[1] = slot->id.hi;
    mlpipe__hash_hex(slot->id, hex);
    return mlpipe__store_put_parts(j->ctx, p->store, p->writer,
                                   slot->record.data, slot->record.size,
                                   slot->tail.data, slot->tail.bytes, hex);
}

/* The batch that was made. */
static mlpipe_status columns_write_made(void *arg)
{
    columns_job *j = arg;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    for (i = 0; i < j->made && !st; i++)
        st = columns_write(j, &j->slots[!j->half][i]);
    j->made = 0;
    return st;
}

/* Joined at once, so that the next batch profits; written beside it, or while
 * it is near where nobody is there to make one. */
static mlpipe_status columns_run(columns_job *j)
{
    mlpipe_status st =
        mlpipe__parallel_beside(j->ctx, columns_task, j->slots[j->half],
                                j->count, columns_write_made, j);
    uint32_t i;

    for (i = 0; i < j->count && !st; i++)
        st = columns_join(j, &j->slots[j->half][i]);
    j->made = j->count;
    j->count = 0;
    j->half = !j->half;
    if (!st && !j->ctx->pool) {
        st = columns_write_made(j);
        j->half = !j->half; /* one half is enough */
    }
    return st;
}

/* The chunks of a column, in batches that go on with the next one. */
static mlpipe_status columns_column(columns_job *j, uint32_t column,
                                    uint64_t *texts)
{
    const mlpipe_dataset *d = j->put->dataset;
    const uint32_t chunks = mlpipe__store_chunks(d->rows);
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    for (i = 0; i < chunks && !st; i++) {
        const uint64_t bytes = columns_texts(d, column, i);

        /* Of what the first two chunks have shown the others profit. */
        if (j->count == j->batch || i == 2 ||
            (j->count && *texts + bytes > COLUMNS_BYTES)) {
            st = mlpipe__poll(j->ctx, "store", column * (uint64_t)chunks + i,
                              d->column_count * (uint64_t)chunks);
            if (!st)
                st = columns_run(j);
            *texts = 0;
        }
        *texts += bytes;
        if (!st)
            st = columns_add(j, column, i, bytes);
    }
    return st;
}

mlpipe_status mlpipe__store_columns_put(mlpipe_ctx *ctx, mlpipe__store_put *p)
{
    mlpipe__env *env = p->store->env;
    const mlpipe_dataset *d = p->dataset;
    columns_job j = {.ctx = ctx, .put = p};
    mlpipe_status st = MLPIPE_OK;
    uint64_t texts = 0;
    uint32_t i;

    j.batch = ctx->threads < COLUMNS_BATCH / 2 ? 2 * ctx->threads
                                               : COLUMNS_BATCH;
    j.vector = mlpipe__cpu_vector();
    j.gather = mlpipe__store_gather_new(env, j.vector);
    j.sorted = mlpipe__alloc_array(env, MLPIPE__STORE_SAMPLE,
                                   sizeof *j.sorted);
    if (!j.gather || !j.sorted)
        st = mlpipe__nomem(ctx);
    for (i = 0; i < d->column_count && !st; i++) {
        if (!p->wanted[i])
            continue;
        if (d->rows)
            st = columns_column(&j, i, &texts);
        else if (!mlpipe__store_gather_begin(j.gather, d, i, NULL) ||
                 !mlpipe__store_gather_end(j.gather, j.sorted, &p->stats[i]))
            st = mlpipe__nomem(ctx);
    }
    if (!st)
        st = columns_run(&j);
    if (!st)
        st = columns_write_made(&j);
    for (i = 0; i < 2 * COLUMNS_BATCH; i++) {
        columns_slot *slot = &j.slots[i % 2][i / 2];

        if (i / 2 >= j.slot_count[i % 2])
            continue;
        mlpipe__free(env, slot->scratch);
        mlpipe__store_gather_free(slot->gather);
        mlpipe__text_free(&slot->record);
    }
    mlpipe__store_gather_free(j.gather);
    mlpipe__free(env, j.sorted);
    return st;
}
