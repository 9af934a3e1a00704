/* SPDX-License-Identifier: MIT */
/*
 * A dataset out of the store: one object for each 65,536 rows of a column, and
 * a manifest that lists them with the schema. Columns that did not change
 * between two versions are there once.
 */
#include "store_internal.h"

static mlpipe_status load_damaged(mlpipe_ctx *ctx, const char *column)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "store: a chunk or the dictionary of %q is damaged; "
                        "take the store from a backup or put the dataset "
                        "again", column);
}

static mlpipe_status load_dictionary(mlpipe_ctx *ctx, mlpipe__env *env,
                                     const mlpipe__store_column *c,
                                     mlpipe__dictionary **out)
{
    mlpipe__dictionary *d;
    mlpipe__cursor in;
    uint32_t i, at, n;

    *out = NULL;
    if (c->type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    d = mlpipe__dictionary_new(env);
    if (!d)
        return mlpipe__nomem(ctx);
    mlpipe__cursor_init(&in, c->dictionary, c->dictionary_bytes);
    for (i = 0; i < c->categories; i++) {
        const char *s = mlpipe__get_text(&in, &n);

        at = mlpipe__dict_add(&d->dict, s, n);
        if (at != i) {
            mlpipe__dictionary_drop(d);
            return at == UINT32_MAX ? mlpipe__nomem(ctx)
                                    : load_damaged(ctx, c->name);
        }
    }
    *out = d;
    return MLPIPE_OK;
}

static mlpipe_status load_chunk(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__store_column *c, uint32_t chunk,
                                uint32_t rows, mlpipe__column_writer *w)
{
    const mlpipe__section *section;
    char id[MLPIPE__STORE_ID];
    mlpipe__container object;
    mlpipe_status st;

    mlpipe__store_chunk_id(c->chunks, chunk, id);
    st = mlpipe__store_get_object(ctx, s, id, "CHNK", &object);
    if (st)
        return st;
    section = mlpipe__container_find(&object, "CHNK");
    st = section ? mlpipe__store_chunk_load(ctx, section, c->type, rows,
                                            c->categories, w)
                 : MLPIPE_E_CORRUPT;
    if (st == MLPIPE_E_CORRUPT)
        st = load_damaged(ctx, c->name);
    mlpipe__container_free(&object);
    return st ? mlpipe__fail_where(ctx, id) : MLPIPE_OK;
}

static mlpipe_status load_column(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const mlpipe__store_manifest *m,
                                 uint32_t column, mlpipe__column **out)
{
    const mlpipe__store_column *c = &m->columns[column];
    mlpipe__dictionary *dictionary;
    mlpipe__column_writer *w;
    mlpipe_status st = load_dictionary(ctx, s->env, c, &dictionary);
    uint32_t i;

    if (st)
        return st;
    w = mlpipe__writer_new(s->env, c->name, strlen(c->name), c->type,
                           c->unit, dictionary);
    if (!w)
        st = mlpipe__nomem(ctx);
    for (i = 0; i < m->chunk_count && !st; i++) {
        st = mlpipe__poll(ctx, "fetch",
                          column * (uint64_t)m->chunk_count + i,
                          m->column_count * (uint64_t)m->chunk_count);
        if (!st)
            st = load_chunk(ctx, s, c, i,
                            mlpipe__store_chunk_rows(m->rows, i), w);
    }
    mlpipe__dictionary_drop(dictionary);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}

static mlpipe_status load_id_chunk(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   const mlpipe__store_manifest *m,
                                   uint32_t chunk, int64_t *rows)
{
    const uint32_t n = mlpipe__store_chunk_rows(m->rows, chunk);
    const mlpipe__section *section;
    char id[MLPIPE__STORE_ID];
    mlpipe__container object;
    mlpipe__cursor in;
    mlpipe_status st;
    uint32_t i;

    mlpipe__store_chunk_id(m->id_chunks, chunk, id);
    st = mlpipe__store_get_object(ctx, s, id, "CHNK", &object);
    if (st)
        return st;
    section = mlpipe__container_find(&object, "CHNK");
    if (!section || section->bytes != (size_t)n * 8)
        st = load_damaged(ctx, "row ids");
    if (!st) {
        mlpipe__cursor_init(&in, section->data, section->bytes);
        for (i = 0; i < n; i++)
            rows[(int64_t)chunk * MLPIPE__CHUNK_ROWS + i] =
                (int64_t)mlpipe__get_u64(&in);
    }
    mlpipe__container_free(&object);
    return st;
}

/* The ids as a rowset, or NULL where they count up from the first. */
static mlpipe_status load_ids(mlpipe_ctx *ctx, const mlpipe_store *s,
                              const mlpipe__store_manifest *m,
                              mlpipe__rowset **ids)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    if (!m->id_chunks || !m->rows)
        return MLPIPE_OK;
    *ids = mlpipe__rowset_new(s->env, m->rows);
    if (!*ids)
        return mlpipe__nomem(ctx);
    for (i = 0; i < m->chunk_count && !st; i++)
        st = load_id_chunk(ctx, s, m, i, (*ids)->rows);
    return st;
}

mlpipe_status mlpipe__store_manifest_load(mlpipe_ctx *ctx,
                                          const mlpipe_store *s,
                                          const mlpipe__store_manifest *m,
                                          const uint8_t *wanted,
                                          mlpipe_report *reading,
                                          mlpipe_dataset **out)
{
    mlpipe__column **columns = mlpipe__alloc_array(s->env, m->column_count,
                                                   sizeof *columns);
    mlpipe__rowset *ids = NULL;
    mlpipe_status st = columns ? MLPIPE_OK : mlpipe__nomem(ctx);
    uint32_t i, count = 0;

    *out = NULL;
    for (i = 0; i < m->column_count && !st; i++) {
        if (wanted && !wanted[i])
            continue;
        st = load_column(ctx, s, m, i, &columns[count]);
        count += !st;
    }
    /* The rows come first: they bound what the ids may ask for. */
    if (!st)
        st = load_ids(ctx, s, m, &ids);
    if (st) {
        for (i = 0; i < count; i++)
            mlpipe__column_drop(columns[i]);
        mlpipe__rowset_drop(ids);
        mlpipe_report_free(reading);
    } else {
        /* Takes columns, ids and reading, whatever comes of it. */
        st = mlpipe__dataset_new_ids(ctx, columns, count, ids, reading,
                                     out);
    }
    if (!st && !ids)
        (*out)->first_id = m->first_id;
    mlpipe__free(s->env, columns);
    return st;
}

/* How the rows were read: as the commit has it, or else when they were first
 * put. */
static mlpipe_status load_reading(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe__store_ref *ref,
                                  const mlpipe__store_manifest *m,
                                  mlpipe_report **reading)
{
    const mlpipe__section *section;
    mlpipe__store_commit commit = {0};
    mlpipe_status st = MLPIPE_OK;

    *reading = NULL;
    section = mlpipe__container_find(&m->object, "INFO");
    if (ref->commit[0]) {
        st = mlpipe__store_commit_get(ctx, s, ref->commit, &commit);
        if (st)
            return st;
        section = mlpipe__container_find(&commit.object, "READ");
        if (strcmp(commit.version, ref->id))
            st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                              "store: a name has version %s and its commit "
                              "%s has version %s; take the store from a "
                              "backup", ref->id, ref->commit, commit.version);
    }
    if (!st && section)
        st = mlpipe__report_load(ctx, section->data, section->bytes, reading);
    mlpipe__store_commit_free(&commit);
    return st;
}

static mlpipe_status dataset_get(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const mlpipe__store_ref *ref,
                                 mlpipe_dataset **out)
{
    mlpipe__store_manifest m;
    mlpipe_report *reading;
    mlpipe_status st = mlpipe__store_manifest_get(ctx, s, ref->id, &m);

    if (st)
        return st;
    st = load_reading(ctx, s, ref, &m, &reading);
    if (!st)
        st = mlpipe__store_manifest_load(ctx, s, &m, NULL, reading, out);
    mlpipe__store_manifest_free(&m);
    return st;
}

mlpipe_status mlpipe__store_dataset_get(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        const char *name,
                                        mlpipe_dataset **out)
{
    mlpipe__store_ref ref, again;
    mlpipe_status st = mlpipe__store_resolve(ctx, s, name, "dataset", &ref);

    while (!st) {
        st = dataset_get(ctx, s, &ref, out);
        if (st != MLPIPE_E_NOT_FOUND)
            break;
        /* A gc may have taken it while the name moved on: readers hold no
         * lock. Where the name stays, the version is gone. */
        if (mlpipe__store_resolve(ctx, s, name, "dataset", &again) ||
            !strcmp(again.commit, ref.commit)) {
            st = mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                              "store: version %s of %q is not there, or not "
                              "all of it: a gc took it, or files of %q were "
                              "lost", ref.id, name, s->path);
            return mlpipe__fail_where(ctx, s->path);
        }
        ref = again;
        st = MLPIPE_OK;
    }
    return st;
}

mlpipe_status mlpipe_store_get_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                                       const char *name,
                                       mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_get_dataset",
                                           store);

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__store_dataset_get(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}
