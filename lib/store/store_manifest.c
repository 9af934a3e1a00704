/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a dataset's version: COLS the columns and where their chunks
 * are, STAT what each column is like, FING the fingerprint; in INFO, which is
 * outside of its id, how the rows were read when they were first put.
 */
#include "store_internal.h"

uint32_t mlpipe__store_chunks(int64_t rows)
{
    return (uint32_t)((rows + MLPIPE__CHUNK_ROWS - 1) / MLPIPE__CHUNK_ROWS);
}

uint32_t mlpipe__store_chunk_rows(int64_t rows, uint32_t chunk)
{
    const int64_t left = rows - (int64_t)chunk * MLPIPE__CHUNK_ROWS;

    return left < MLPIPE__CHUNK_ROWS ? (uint32_t)left : MLPIPE__CHUNK_ROWS;
}

void mlpipe__store_chunk_id(const uint64_t *chunks, uint32_t i,
                            char id[MLPIPE__STORE_ID])
{
    const mlpipe__hash128 hash = {chunks[2 * i], chunks[2 * i + 1]};

    mlpipe__hash_hex(hash, id);
}

bool mlpipe__store_column_same(const mlpipe__store_column *a,
                               const mlpipe__store_column *b)
{
    return a->type == b->type && a->unit == b->unit &&
           a->print.lo == b->print.lo && a->print.hi == b->print.hi &&
           a->dictionary_bytes == b->dictionary_bytes &&
           !memcmp(a->dictionary, b->dictionary, a->dictionary_bytes);
}

uint32_t mlpipe__store_column_find(const mlpipe__store_manifest *m,
                                   const char *name)
{
    uint32_t i;

    for (i = 0; i < m->column_count; i++)
        if (!strcmp(m->columns[i].name, name))
            return i;
    return UINT32_MAX;
}

/* ---- writing -------------------------------------------------------- */

static mlpipe_status put_chunk(mlpipe_ctx *ctx, mlpipe__store_put *p,
                               const mlpipe__text *part, uint64_t id[2])
{
    char hex[MLPIPE__STORE_ID];
    mlpipe__container object;
    mlpipe__hash128 hash;
    mlpipe_status st;

    mlpipe__container_init(&object, p->store->env);
    st = mlpipe__container_add(ctx, &object, "CHNK",
                               MLPIPE__SECTION_REQUIRED, part->data,
                               part->size);
    if (!st)
        st = mlpipe__store_put_object(ctx, p->store, p->writer, &object,
                                      "CHNK", hex);
    hash = mlpipe__container_id(&object);
    id[0] = hash.lo;
    id[1] = hash.hi;
    mlpipe__container_free(&object);
    return st;
}

static void put_dictionary(const mlpipe_dataset *d, uint32_t column,
                           mlpipe__text *out)
{
    const mlpipe__dictionary *dictionary = d->columns[column]->dictionary;
    const uint32_t count = dictionary ? dictionary->dict.count : 0;
    uint32_t i;

    for (i = 0; i < count; i++)
        mlpipe__put_text(out, mlpipe__dict_text(&dictionary->dict, i),
                         mlpipe__dict_bytes(&dictionary->dict, i));
}

/* Takes the chunks of the old version where the column is the same and they
 * are all there; *same tells. */
static void put_same(mlpipe__store_put *p, uint32_t column, uint64_t *chunks,
                     bool *same)
{
    const mlpipe_dataset *d = p->dataset;
    const mlpipe__text *dictionary = &p->dictionaries[column];
    const mlpipe__store_column mine = {
        .type = mlpipe_dataset_type(d, column),
        .unit = mlpipe_dataset_unit(d, column),
        .print = p->prints[column],
        .dictionary = (const unsigned char *)(dictionary->size
                                                  ? dictionary->data
                                                  : ""),
        .dictionary_bytes = dictionary->size};
    char id[MLPIPE__STORE_ID];
    uint32_t at, i;

    *same = false;
    at = p->old && p->old->rows == d->rows
             ? mlpipe__store_column_find(p->old,
                                         mlpipe_dataset_name(d, column))
             : UINT32_MAX;
    if (at == UINT32_MAX ||
        !mlpipe__store_column_same(&mine, &p->old->columns[at]))
        return;
    *same = true;
    for (i = 0; i < p->old->chunk_count && *same; i++) {
        mlpipe__store_chunk_id(p->old->columns[at].chunks, i, id);
        *same = mlpipe__store_has(p->store, p->writer, id);
    }
    if (!*same)
        return;
    memcpy(chunks, p->old->columns[at].chunks,
           (size_t)p->old->chunk_count * 2 * sizeof *chunks);
    p->stats[column] = p->old->stats[at];
    p->wanted[column] = 0;
}

/* Is the column to be made, or taken as it is? */
static mlpipe_status put_look(mlpipe_ctx *ctx, mlpipe__store_put *p,
                              uint32_t column)
{
    const mlpipe_dataset *d = p->dataset;
    const size_t count = mlpipe__store_chunks(d->rows);
    bool same;

    mlpipe__text_init(&p->dictionaries[column], p->store->env);
    put_dictionary(d, column, &p->dictionaries[column]);
    if (p->dictionaries[column].failed)
        return mlpipe__nomem(ctx);
    p->wanted[column] = 1;
    put_same(p, column, p->chunks + column * count * 2, &same);
    return MLPIPE_OK;
}

/* Row ids as chunks of their own, unless they count up from the first. */
static mlpipe_status put_ids(mlpipe_ctx *ctx, mlpipe__store_put *p)
{
    const mlpipe_dataset *d = p->dataset;
    const uint32_t count = mlpipe__store_chunks(d->rows);
    const uint64_t first = mlpipe_dataset_row_id(d, 0);
    uint64_t *chunks = p->chunks + (size_t)d->column_count * count * 2;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text part;
    uint32_t i, k;
    int64_t row;

    p->plain = true;
    /* Where nothing tells them, they count up. */
    for (row = 0; (d->ids || d->rowset) && row < d->rows && p->plain; row++)
        p->plain = mlpipe_dataset_row_id(d, row) == first + (uint64_t)row;
    for (i = 0; i < count && !p->plain && !st; i++) {
        mlpipe__text_init(&part, p->store->env);
        row = (int64_t)i * MLPIPE__CHUNK_ROWS;
        for (k = 0; k < mlpipe__store_chunk_rows(d->rows, i); k++)
            mlpipe__put_u64(&part, mlpipe_dataset_row_id(d, row + k));
        st = part.failed ? mlpipe__nomem(ctx)
                         : put_chunk(ctx, p, &part, chunks + 2 * (size_t)i);
        mlpipe__text_free(&part);
    }
    return st;
}

static void put_list(const mlpipe__store_put *p, mlpipe__text *cols,
                     mlpipe__text *stats)
{
    const mlpipe_dataset *d = p->dataset;
    const uint32_t count = mlpipe__store_chunks(d->rows);
    uint32_t i;

    mlpipe__put_u64(cols, (uint64_t)d->rows);
    mlpipe__put_u32(cols, d->column_count);
    for (i = 0; i < d->column_count; i++) {
        const char *name = mlpipe_dataset_name(d, i);
        const mlpipe__dictionary *dictionary = d->columns[i]->dictionary;

        mlpipe__put_text(cols, name, strlen(name));
        mlpipe__put_u32(cols, (uint32_t)mlpipe_dataset_type(d, i));
        mlpipe__put_u32(cols, (uint32_t)mlpipe_dataset_unit(d, i));
        mlpipe__put_u64(cols, p->prints[i].lo);
        mlpipe__put_u64(cols, p->prints[i].hi);
        mlpipe__put_u32(cols, dictionary ? dictionary->dict.count : 0);
        if (p->dictionaries[i].size)
            mlpipe__text_put(cols, p->dictionaries[i].data,
                             p->dictionaries[i].size);
        mlpipe__put_array(cols, p->chunks + (size_t)i * count * 2,
                          (uint64_t)count * 2, sizeof *p->chunks);
        mlpipe__store_stat_save(&p->stats[i], stats);
    }
    mlpipe__put_u64(cols, p->plain ? mlpipe_dataset_row_id(d, 0) : 0);
    mlpipe__put_u32(cols, p->plain);
    if (!p->plain)
        mlpipe__put_array(cols, p->chunks + (size_t)i * count * 2,
                          (uint64_t)count * 2, sizeof *p->chunks);
}

/* The manifest as an object. */
static mlpipe_status put_manifest(mlpipe_ctx *ctx, const mlpipe__store_put *p,
                                  char id[MLPIPE__STORE_ID],
                                  char print[MLPIPE__STORE_ID])
{
    mlpipe__container object;
    mlpipe__text cols, stats, reading;
    mlpipe_status st;

    mlpipe__container_init(&object, p->store->env);
    mlpipe__text_init(&cols, p->store->env);
    mlpipe__text_init(&stats, p->store->env);
    mlpipe__text_init(&reading, p->store->env);
    mlpipe__hash_hex(p->print, print);
    put_list(p, &cols, &stats);
    if (p->dataset->reading)
        mlpipe__report_save(p->dataset->reading, &reading);
    st = cols.failed || stats.failed || reading.failed ? mlpipe__nomem(ctx)
                                                       : MLPIPE_OK;
    if (!st)
        st = mlpipe__container_add(ctx, &object, "COLS",
                                   MLPIPE__SECTION_REQUIRED, cols.data,
                                   cols.size);
    if (!st)
        st = mlpipe__container_add(ctx, &object, "STAT",
                                   MLPIPE__SECTION_REQUIRED, stats.data,
                                   stats.size);
    if (!st)
        st = mlpipe__container_add(ctx, &object, "FING",
                                   MLPIPE__SECTION_REQUIRED, print, 32);
    if (!st && reading.size)
        st = mlpipe__container_add(ctx, &object, "INFO", 0, reading.data,
                                   reading.size);
    if (!st)
        st = mlpipe__store_put_object(ctx, p->store, p->writer, &object,
                                      "MANI", id);
    mlpipe__container_free(&object);
    mlpipe__text_free(&cols);
    mlpipe__text_free(&stats);
    mlpipe__text_free(&reading);
    return st;
}

static mlpipe_status put_all(mlpipe_ctx *ctx, mlpipe__store_put *p)
{
    const mlpipe_dataset *d = p->dataset;
    const bool look = p->old && p->old->rows == d->rows;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    /* Columns that may be there already are told by their prints; else the
     * prints are made on the way. */
    if (look)
        st = mlpipe__dataset_hashes(ctx, d, &p->print, p->prints);
    else
        p->segments = mlpipe__alloc_array(
            p->store->env, (size_t)d->column_count,
            mlpipe__store_chunks(d->rows) * sizeof *p->segments);
    if (!look && !p->segments)
        st = mlpipe__nomem(ctx);
    for (i = 0; i < d->column_count && !st; i++)
        st = put_look(ctx, p, i);
    if (!st)
        st = mlpipe__store_columns_put(ctx, p);
    if (!st && !look)
        p->print = mlpipe__dataset_hash_join(d, p->segments, p->prints);
    mlpipe__free(p->store->env, p->segments);
    return st ? st : put_ids(ctx, p);
}

mlpipe_status mlpipe__store_manifest_put(mlpipe_ctx *ctx,
                                         const mlpipe_store *s,
                                         mlpipe__store_writer *w,
                                         const mlpipe_dataset *d,
                                         const mlpipe__store_manifest *old,
                                         char id[MLPIPE__STORE_ID],
                                         char print[MLPIPE__STORE_ID])
{
    const size_t columns = d->column_count;
    const size_t chunks = mlpipe__store_chunks(d->rows);
    mlpipe__store_put p = {.store = s, .writer = w, .dataset = d, .old = old};
    mlpipe_status st;
    size_t i, count = 0;

    p.prints = mlpipe__alloc_array(s->env, columns, sizeof *p.prints);
    p.wanted = mlpipe__alloc(s->env, columns);
    p.stats = mlpipe__alloc_array(s->env, columns, sizeof *p.stats);
    p.dictionaries = mlpipe__alloc_array(s->env, columns,
                                         sizeof *p.dictionaries);
    if (!mlpipe__mul(columns + 1, chunks, &count))
        p.chunks = mlpipe__alloc_array(s->env, count, 2 * sizeof *p.chunks);
    st = p.prints && p.wanted && p.stats && p.dictionaries && p.chunks
             ? put_all(ctx, &p)
             : mlpipe__nomem(ctx);
    if (!st)
        st = put_manifest(ctx, &p, id, print);
    for (i = 0; p.dictionaries && i < columns; i++)
        if (p.dictionaries[i].env)
            mlpipe__text_free(&p.dictionaries[i]);
    mlpipe__free(s->env, p.prints);
    mlpipe__free(s->env, p.wanted);
    mlpipe__free(s->env, p.stats);
    mlpipe__free(s->env, p.dictionaries);
    mlpipe__free(s->env, p.chunks);
    return st;
}

/* ---- reading -------------------------------------------------------- */

static bool manifest_column(mlpipe__cursor *in, uint32_t chunks,
                            mlpipe__store_column *c)
{
    uint32_t bytes, i;

    c->name = mlpipe__get_text(in, &bytes);
    c->type = (int32_t)mlpipe__get_u32(in);
    c->unit = (int32_t)mlpipe__get_u32(in);
    c->print.lo = mlpipe__get_u64(in);
    c->print.hi = mlpipe__get_u64(in);
    c->categories = mlpipe__get_u32(in);
    if (in->failed || strlen(c->name) != bytes ||
        !mlpipe__utf8_valid(c->name, bytes) || c->type < MLPIPE_TYPE_BOOL ||
        c->type > MLPIPE_TYPE_DURATION || c->unit < MLPIPE_UNIT_NONE ||
        c->unit > MLPIPE_UNIT_NS ||
        (c->categories && c->type != MLPIPE_TYPE_CATEGORY))
        return false;
    c->dictionary = in->at;
    for (i = 0; i < c->categories && !in->failed; i++) {
        const char *text = mlpipe__get_text(in, &bytes);

        if (!mlpipe__utf8_valid(text, bytes))
            return false;
    }
    c->dictionary_bytes = (size_t)(in->at - c->dictionary);
    c->chunks = mlpipe__get_array(in, (uint64_t)chunks * 2,
                                  sizeof *c->chunks);
    return !in->failed;
}

static bool manifest_columns(mlpipe__cursor *in, mlpipe__store_manifest *m)
{
    uint32_t i;

    for (i = 0; i < m->column_count; i++)
        if (!manifest_column(in, m->chunk_count, &m->columns[i]))
            return false;
    m->first_id = mlpipe__get_u64(in);
    if (mlpipe__get_u32(in) != 1)
        m->id_chunks = mlpipe__get_array(in, (uint64_t)m->chunk_count * 2,
                                         sizeof *m->id_chunks);
    return mlpipe__cursor_done(in);
}

static bool manifest_stats(const mlpipe__section *section,
                           mlpipe__store_manifest *m)
{
    mlpipe__cursor in;
    uint32_t i;

    mlpipe__cursor_init(&in, section->data, section->bytes);
    for (i = 0; i < m->column_count; i++)
        if (!mlpipe__store_stat_load(&m->stats[i], &in) ||
            m->stats[i].rows != (uint64_t)m->rows)
            return false;
    return mlpipe__cursor_done(&in);
}

static mlpipe_status manifest_damaged(mlpipe_ctx *ctx, const char *id)
{
    mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                 "store: the manifest %s of a dataset is damaged; take the "
                 "store from a backup or put the dataset again", id);
    return mlpipe__fail_where(ctx, id);
}

static mlpipe_status manifest_parse(mlpipe_ctx *ctx,
                                    mlpipe__store_manifest *m)
{
    const mlpipe__section *cols = mlpipe__container_find(&m->object, "COLS");
    const mlpipe__section *stat = mlpipe__container_find(&m->object, "STAT");
    const mlpipe__section *fing = mlpipe__container_find(&m->object, "FING");
    mlpipe__hash128 hash;
    mlpipe__cursor in;

    if (!cols || !stat || !fing || fing->bytes != 32 ||
        !mlpipe__hash_from_hex(fing->data, 32, &hash))
        return manifest_damaged(ctx, m->id);
    memcpy(m->print, fing->data, 32);
    mlpipe__cursor_init(&in, cols->data, cols->bytes);
    m->rows = (int64_t)mlpipe__get_u64(&in);
    m->column_count = mlpipe__get_u32(&in);
    /* A column takes 40 bytes and more: what is there bounds what is asked. */
    if (in.failed || m->rows < 0 ||
        (uint64_t)m->rows > ctx->env->limits.csv_rows ||
        m->column_count > ctx->env->limits.csv_columns ||
        m->column_count > cols->bytes / 40)
        return manifest_damaged(ctx, m->id);
    m->chunk_count = mlpipe__store_chunks(m->rows);
    m->columns = mlpipe__alloc_array(m->object.env, m->column_count,
                                     sizeof *m->columns);
    m->stats = mlpipe__alloc_array(m->object.env, m->column_count,
                                   sizeof *m->stats);
    if (!m->columns || !m->stats)
        return mlpipe__nomem(ctx);
    return manifest_columns(&in, m) && manifest_stats(stat, m)
               ? MLPIPE_OK
               : manifest_damaged(ctx, m->id);
}

mlpipe_status mlpipe__store_manifest_get(mlpipe_ctx *ctx,
                                         const mlpipe_store *s,
                                         const char *id,
                                         mlpipe__store_manifest *out)
{
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    mlpipe__format(out->id, sizeof out->id, "%s", id);
    st = mlpipe__store_get_object(ctx, s, id, "MANI", &out->object);
    if (st)
        return st;
    st = mlpipe__container_known(ctx, &out->object, "COLS,STAT,FING,INFO");
    if (!st)
        st = manifest_parse(ctx, out);
    if (st)
        mlpipe__store_manifest_free(out);
    return st;
}

void mlpipe__store_manifest_free(mlpipe__store_manifest *m)
{
    if (!m->object.env)
        return;
    mlpipe__free(m->object.env, m->columns);
    mlpipe__free(m->object.env, m->stats);
    mlpipe__container_free(&m->object);
    memset(m, 0, sizeof *m);
}
