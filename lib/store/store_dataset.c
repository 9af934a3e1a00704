/* SPDX-License-Identifier: MIT */
/*
 * A dataset in the store: one object for each 65,536 rows of a column, and a
 * manifest that lists them with the schema. Columns that did not change
 * between two versions are therefore written once.
 */
#include "store_internal.h"

static uint32_t dataset_chunks(int64_t rows)
{
    return (uint32_t)((rows + MLPIPE__CHUNK_ROWS - 1) / MLPIPE__CHUNK_ROWS);
}

static uint32_t chunk_rows(int64_t rows, uint32_t chunk)
{
    const int64_t left = rows - (int64_t)chunk * MLPIPE__CHUNK_ROWS;

    return left < MLPIPE__CHUNK_ROWS ? (uint32_t)left : MLPIPE__CHUNK_ROWS;
}

/* One section in an object of its own; its id goes to the manifest. */
static mlpipe_status put_part(mlpipe_ctx *ctx, const mlpipe_store *s,
                              const mlpipe__text *part, mlpipe__text *list)
{
    char id[MLPIPE__STORE_ID];
    mlpipe__container object;
    mlpipe_status st;

    mlpipe__container_init(&object, s->env);
    st = mlpipe__container_add(ctx, &object, "CHNK",
                               MLPIPE__SECTION_REQUIRED, part->data,
                               part->size);
    if (!st)
        st = mlpipe__store_put_object(ctx, s, &object, "CHNK", id);
    if (!st)
        mlpipe__put_text(list, id, 32);
    mlpipe__container_free(&object);
    return st;
}

static void put_dictionary(const mlpipe_dataset *d, uint32_t column,
                           mlpipe__text *list)
{
    const mlpipe__dictionary *dictionary = d->columns[column]->dictionary;
    const uint32_t count = dictionary ? dictionary->dict.count : 0;
    uint32_t i;

    mlpipe__put_u32(list, count);
    for (i = 0; i < count; i++)
        mlpipe__put_text(list, mlpipe__dict_text(&dictionary->dict, i),
                         mlpipe__dict_bytes(&dictionary->dict, i));
}

static mlpipe_status put_column(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe_dataset *d, uint32_t column,
                                mlpipe__text *list)
{
    const char *name = mlpipe_dataset_name(d, column);
    const uint32_t chunks = dataset_chunks(d->rows);
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text part;
    uint32_t i;

    mlpipe__put_text(list, name, strlen(name));
    mlpipe__put_u32(list, (uint32_t)mlpipe_dataset_type(d, column));
    mlpipe__put_u32(list, (uint32_t)mlpipe_dataset_unit(d, column));
    put_dictionary(d, column, list);
    for (i = 0; i < chunks && !st; i++) {
        mlpipe__text_init(&part, s->env);
        st = mlpipe__store_chunk_save(ctx, d, column,
                                      (int64_t)i * MLPIPE__CHUNK_ROWS,
                                      chunk_rows(d->rows, i), &part);
        if (!st)
            st = put_part(ctx, s, &part, list);
        mlpipe__text_free(&part);
        if (!st)
            st = mlpipe__poll(ctx, "store", column * (uint64_t)chunks + i,
                              d->column_count * (uint64_t)chunks);
    }
    return st;
}

/* Row ids, unless they count up from the first. */
static void put_ids(const mlpipe_dataset *d, mlpipe__text *list)
{
    const uint64_t first = mlpipe_dataset_row_id(d, 0);
    bool plain = true;
    int64_t i;

    for (i = 0; i < d->rows && plain; i++)
        plain = mlpipe_dataset_row_id(d, i) == first + (uint64_t)i;
    mlpipe__put_u64(list, first);
    mlpipe__put_u32(list, plain);
    for (i = 0; i < d->rows && !plain; i++)
        mlpipe__put_u64(list, mlpipe_dataset_row_id(d, i));
}

static mlpipe_status put_manifest(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe_dataset *d,
                                  const mlpipe__text *list, const char *print,
                                  char id[MLPIPE__STORE_ID])
{
    mlpipe__container object;
    mlpipe__text reading;
    mlpipe_status st;

    mlpipe__container_init(&object, s->env);
    mlpipe__text_init(&reading, s->env);
    st = mlpipe__container_add(ctx, &object, "COLS",
                               MLPIPE__SECTION_REQUIRED, list->data,
                               list->size);
    if (!st)
        st = mlpipe__container_add(ctx, &object, "FING",
                                   MLPIPE__SECTION_REQUIRED, print, 32);
    if (!st && d->reading) {
        mlpipe__report_save(d->reading, &reading);
        st = reading.failed ? mlpipe__nomem(ctx)
                            : mlpipe__container_add(ctx, &object, "READ", 0,
                                                    reading.data,
                                                    reading.size);
    }
    if (!st)
        st = mlpipe__store_put_object(ctx, s, &object, "MANI", id);
    mlpipe__container_free(&object);
    mlpipe__text_free(&reading);
    return st;
}

static mlpipe_status put_dataset(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *name, const mlpipe_dataset *d)
{
    mlpipe__store_ref ref = {"dataset", ""};
    char print[33];
    const mlpipe__store_entry entry = {"put", ref.kind, name, ref.id, print};
    mlpipe__hash128 hash;
    mlpipe__text list;
    mlpipe_status st;
    uint32_t i;

    mlpipe__text_init(&list, s->env);
    st = mlpipe__store_name_free(ctx, s, "tags", name);
    if (!st)
        st = mlpipe__dataset_hash(ctx, d, &hash);
    if (st)
        return st;
    mlpipe__hash_hex(hash, print);
    mlpipe__put_u64(&list, (uint64_t)d->rows);
    mlpipe__put_u32(&list, d->column_count);
    for (i = 0; i < d->column_count && !st; i++)
        st = put_column(ctx, s, d, i, &list);
    if (!st)
        put_ids(d, &list);
    if (!st && list.failed)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = put_manifest(ctx, s, d, &list, print, ref.id);
    if (!st)
        st = mlpipe__store_point(ctx, s, "refs", name, &ref);
    if (!st)
        st = mlpipe__store_log_add(ctx, s, &entry);
    mlpipe__text_free(&list);
    return st;
}

mlpipe_status mlpipe_store_put_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                                       const char *name,
                                       const mlpipe_dataset *dataset)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_put_dataset",
                                           store);
    void *lock = NULL;

    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = mlpipe__store_lock(ctx, store, &lock);
    if (!st)
        st = put_dataset(ctx, store, name, dataset);
    if (ctx)
        mlpipe__store_unlock(ctx, lock);
    return mlpipe__end(ctx, st);
}

/* ---- and back ----------------------------------------------------------- */

/* A dataset being rebuilt from its manifest. */
typedef struct dataset_load {
    const mlpipe_store *store;
    mlpipe__cursor in;
    int64_t rows;
    uint32_t column_count;
    mlpipe__column **columns;
} dataset_load;

static mlpipe_status load_damaged(mlpipe_ctx *ctx)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "store: the manifest of a dataset is damaged; take "
                        "the store from a backup or put the dataset again");
}

static mlpipe_status load_dictionary(mlpipe_ctx *ctx, dataset_load *l,
                                     int32_t type, mlpipe__dictionary **out)
{
    const uint32_t count = mlpipe__get_u32(&l->in);
    mlpipe__dictionary *d;
    uint32_t i, at, n;

    *out = NULL;
    if (type != MLPIPE_TYPE_CATEGORY)
        return count || l->in.failed ? load_damaged(ctx) : MLPIPE_OK;
    d = mlpipe__dictionary_new(l->store->env);
    if (!d)
        return mlpipe__nomem(ctx);
    for (i = 0; i < count && !l->in.failed; i++) {
        const char *s = mlpipe__get_text(&l->in, &n);

        if (l->in.failed || !mlpipe__utf8_valid(s, n))
            break;
        at = mlpipe__dict_add(&d->dict, s, n);
        if (at == UINT32_MAX) {
            mlpipe__dictionary_drop(d);
            return mlpipe__nomem(ctx);
        }
        if (at != i)
            break;
    }
    if (i < count || l->in.failed) {
        mlpipe__dictionary_drop(d);
        return load_damaged(ctx);
    }
    *out = d;
    return MLPIPE_OK;
}

static mlpipe_status load_chunk(mlpipe_ctx *ctx, dataset_load *l,
                                int32_t type, uint32_t n, uint32_t categories,
                                mlpipe__column_writer *w)
{
    const mlpipe__section *section;
    mlpipe__container object;
    mlpipe__hash128 hash;
    mlpipe_status st;
    uint32_t bytes;
    const char *id = mlpipe__get_text(&l->in, &bytes);

    if (l->in.failed || bytes != 32 || !mlpipe__hash_from_hex(id, 32, &hash))
        return load_damaged(ctx);
    st = mlpipe__store_get_object(ctx, l->store, id, "CHNK", &object);
    if (st)
        return st;
    section = mlpipe__container_find(&object, "CHNK");
    st = section ? mlpipe__store_chunk_load(ctx, section, type, n,
                                            categories, w)
                 : load_damaged(ctx);
    mlpipe__container_free(&object);
    return st ? mlpipe__fail_where(ctx, id) : MLPIPE_OK;
}

static mlpipe_status load_column(mlpipe_ctx *ctx, dataset_load *l,
                                 uint32_t column)
{
    mlpipe__dictionary *dictionary = NULL;
    mlpipe__column_writer *w;
    uint32_t bytes, i;
    const char *name = mlpipe__get_text(&l->in, &bytes);
    const int32_t type = (int32_t)mlpipe__get_u32(&l->in);
    const int32_t unit = (int32_t)mlpipe__get_u32(&l->in);
    const uint32_t chunks = dataset_chunks(l->rows);
    mlpipe_status st = MLPIPE_OK;

    if (l->in.failed || strlen(name) != bytes ||
        !mlpipe__utf8_valid(name, bytes) || type < MLPIPE_TYPE_BOOL ||
        type > MLPIPE_TYPE_DURATION || unit < MLPIPE_UNIT_NONE ||
        unit > MLPIPE_UNIT_NS)
        return load_damaged(ctx);
    st = load_dictionary(ctx, l, type, &dictionary);
    if (st)
        return st;
    w = mlpipe__writer_new(l->store->env, name, bytes, type, unit,
                           dictionary);
    if (!w)
        st = mlpipe__nomem(ctx);
    for (i = 0; i < chunks && !st; i++) {
        st = mlpipe__poll(ctx, "fetch", column * (uint64_t)chunks + i,
                          l->column_count * (uint64_t)chunks);
        if (!st)
            st = load_chunk(ctx, l, type, chunk_rows(l->rows, i),
                            dictionary ? dictionary->dict.count : 0, w);
    }
    mlpipe__dictionary_drop(dictionary);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    l->columns[column] = mlpipe__writer_finish(w);
    return l->columns[column] ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* The ids as a rowset, or NULL where they count up from *first. */
static mlpipe_status load_ids(mlpipe_ctx *ctx, dataset_load *l,
                              uint64_t *first, mlpipe__rowset **ids)
{
    uint32_t plain;
    int64_t i;

    *first = mlpipe__get_u64(&l->in);
    plain = mlpipe__get_u32(&l->in);
    if (!plain && !l->in.failed) {
        if ((uint64_t)l->rows > (size_t)(l->in.end - l->in.at) / 8)
            return load_damaged(ctx);
        *ids = mlpipe__rowset_new(l->store->env, l->rows);
        if (!*ids)
            return mlpipe__nomem(ctx);
        for (i = 0; i < l->rows; i++)
            (*ids)->rows[i] = (int64_t)mlpipe__get_u64(&l->in);
    }
    return mlpipe__cursor_done(&l->in) ? MLPIPE_OK : load_damaged(ctx);
}

static mlpipe_status load_columns(mlpipe_ctx *ctx, dataset_load *l,
                                  const mlpipe__section *section,
                                  uint64_t *first, mlpipe__rowset **ids)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, count;

    mlpipe__cursor_init(&l->in, section->data, section->bytes);
    l->rows = (int64_t)mlpipe__get_u64(&l->in);
    count = mlpipe__get_u32(&l->in);
    if (l->in.failed || l->rows < 0 ||
        (uint64_t)l->rows > ctx->env->limits.csv_rows ||
        count > ctx->env->limits.csv_columns)
        return load_damaged(ctx);
    l->columns = mlpipe__alloc_array(l->store->env, count,
                                     sizeof *l->columns);
    if (!l->columns)
        return mlpipe__nomem(ctx);
    l->column_count = count; /* from here on there is something to free */
    for (i = 0; i < l->column_count && !st; i++)
        st = load_column(ctx, l, i);
    return st ? st : load_ids(ctx, l, first, ids);
}

static mlpipe_status load_dataset(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe__container *manifest,
                                  mlpipe_dataset **out)
{
    const mlpipe__section *cols = mlpipe__container_find(manifest, "COLS");
    const mlpipe__section *read = mlpipe__container_find(manifest, "READ");
    dataset_load l = {.store = s};
    mlpipe_report *reading = NULL;
    mlpipe__rowset *ids = NULL;
    uint64_t first = 0;
    mlpipe_status st;
    uint32_t i;

    st = cols ? load_columns(ctx, &l, cols, &first, &ids)
              : load_damaged(ctx);
    if (!st && read)
        st = mlpipe__report_load(ctx, read->data, read->bytes, &reading);
    if (st) {
        for (i = 0; i < l.column_count; i++)
            mlpipe__column_drop(l.columns[i]);
        mlpipe__rowset_drop(ids);
    } else {
        /* Takes columns, ids and reading, whatever comes of it. */
        st = mlpipe__dataset_new_ids(ctx, l.columns, l.column_count, ids,
                                     reading, out);
    }
    if (!st && !ids)
        (*out)->first_id = first;
    mlpipe__free(s->env, l.columns);
    return st;
}

mlpipe_status mlpipe_store_get_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                                       const char *name,
                                       mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_get_dataset",
                                           store);
    mlpipe__container manifest;
    mlpipe__store_ref ref;

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__store_resolve(ctx, store, name, "dataset", &ref);
    if (!st)
        st = mlpipe__store_get_object(ctx, store, ref.id, "MANI", &manifest);
    if (!st) {
        st = load_dataset(ctx, store, &manifest, out);
        mlpipe__container_free(&manifest);
    }
    return mlpipe__end(ctx, st);
}
