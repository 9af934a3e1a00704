/* SPDX-License-Identifier: MIT */
/*
 * Read and hash every object of every pack, then follow every name: its
 * commits, their versions, and the chunks of these. Damage is a finding, no
 * failure.
 */
#include "store_internal.h"

typedef struct verify_state {
    mlpipe_ctx *ctx;
    const mlpipe_store *store;
    mlpipe_report *report;
    mlpipe__dict packs;   /* that were looked at */
    mlpipe__dict good;    /* ids of objects that are whole */
    mlpipe__dict looked;  /* versions that were followed */
    mlpipe__dict dropped; /* versions that a gc took at any time */
    bool failed;          /* out of memory */
    bool head;            /* the next commit is the first of its name */
    const char *folder, *name; /* that is followed */
    mlpipe_status status;
    double versions, commits, objects, bytes, damaged;
} verify_state;

static void verify_found(verify_state *v, const char *what, const char *why)
{
    v->damaged++;
    mlpipe__report_cell_text(v->report, what, strlen(what));
    mlpipe__report_cell_text(v->report, why, strlen(why));
}

/* The error just set as a finding, or as what ends the call. */
static mlpipe_status verify_error(verify_state *v, const char *what,
                                  mlpipe_status st)
{
    if (!mlpipe__store_is_damage(st) && st != MLPIPE_E_NOT_FOUND)
        return st;
    verify_found(v, what, mlpipe_ctx_error(v->ctx)->text);
    return MLPIPE_OK;
}

/* One copy of an object. */
static mlpipe_status verify_record(verify_state *v, const char *id,
                                   const char *data, size_t bytes,
                                   bool *whole)
{
    const char *kind = NULL;
    mlpipe_status st = mlpipe__store_whole(v->ctx, id, data, bytes, &kind);

    *whole = !st;
    if (st)
        return verify_error(v, id, st);
    v->bytes += (double)bytes;
    if (mlpipe__dict_find(&v->good, id, 32) != UINT32_MAX)
        return MLPIPE_OK; /* two packs have it */
    v->objects++;
    v->versions += strcmp(kind, "CHNK") && strcmp(kind, "CMIT");
    v->commits += !strcmp(kind, "CMIT");
    return mlpipe__dict_add(&v->good, id, 32) == UINT32_MAX
               ? mlpipe__nomem(v->ctx)
               : MLPIPE_OK;
}

static mlpipe_status verify_pack(verify_state *v, mlpipe__pack *p,
                                 const char *name)
{
    mlpipe_status st = MLPIPE_OK;
    bool whole;
    uint32_t i;

    if (p->damaged)
        verify_found(v, name, "the index of this pack is damaged; take it "
                              "from a backup");
    for (i = 0; i < p->count && !st; i++) {
        const mlpipe__pack_entry *e = &p->entries[i];
        const mlpipe__hash128 hash = {e->lo, e->hi};
        char id[MLPIPE__STORE_ID], *data;

        mlpipe__hash_hex(hash, id);
        st = mlpipe__poll(v->ctx, "verify", i, p->count);
        if (st)
            break;
        st = mlpipe__pack_get(v->ctx, v->store, p, e, &data);
        if (st == MLPIPE_E_NOT_FOUND)
            return MLPIPE_OK; /* a gc took it; what it needs is elsewhere */
        whole = false;
        st = st ? verify_error(v, id, st)
                : verify_record(v, id, data, (size_t)e->bytes, &whole);
        if (!st && !whole) /* what is put again is written again */
            mlpipe__pack_doubt(v->store, p, e);
        mlpipe__free(v->ctx->env, data);
    }
    return st;
}

/* Every pack, and those that come meanwhile. */
static mlpipe_status verify_packs(verify_state *v)
{
    const mlpipe__packs *all = v->store->packs;
    mlpipe_status st = mlpipe__packs_refresh(v->ctx, v->store, NULL);
    char name[MLPIPE__STORE_ID];
    bool changed = true;
    uint32_t i;

    while (!st && changed) {
        for (i = 0; i < all->count && !st; i++) {
            const uint32_t known = v->packs.count;
            uint32_t at;

            mlpipe__hash_hex(all->items[i].name, name);
            at = mlpipe__dict_add(&v->packs, name, 32);
            if (at == UINT32_MAX)
                st = mlpipe__nomem(v->ctx);
            else if (at == known)
                st = verify_pack(v, &all->items[i], name);
        }
        if (!st)
            st = mlpipe__packs_refresh(v->ctx, v->store, &changed);
    }
    return st;
}

/* ---- what names need ------------------------------------------------ */

static void verify_log(void *arg, const mlpipe__store_entry *e)
{
    verify_state *v = arg;

    if (!strcmp(e->action, "drop") &&
        mlpipe__dict_add(&v->dropped, e->id, strlen(e->id)) == UINT32_MAX)
        v->failed = true;
}

static bool verify_chunks(const verify_state *v, const uint64_t *chunks,
                          uint32_t count, char id[MLPIPE__STORE_ID])
{
    uint32_t k;

    for (k = 0; k < count; k++) {
        mlpipe__store_chunk_id(chunks, k, id);
        if (mlpipe__dict_find(&v->good, id, 32) == UINT32_MAX)
            return false;
    }
    return true;
}

/* Something is not there. A writer may have brought it since the packs were
 * read, or a gc dropped it since the log was: both are looked at again before
 * it counts as damage. What a name points to still is never dropped. */
static mlpipe_status verify_again(verify_state *v, const char *version,
                                  bool head, bool *dropped)
{
    mlpipe__store_ref ref;
    bool found;
    mlpipe_status st = mlpipe__store_log_read(v->ctx, v->store, verify_log, v,
                                              NULL);

    if (!st)
        st = verify_packs(v);
    *dropped = mlpipe__dict_find(&v->dropped, version, 32) != UINT32_MAX;
    if (st || !*dropped || !head)
        return st;
    st = mlpipe__store_ref_read(v->ctx, v->store, v->folder, v->name, &ref,
                                &found);
    *dropped = !st && found && strcmp(ref.id, version);
    return st;
}

static bool verify_all_chunks(const verify_state *v,
                              const mlpipe__store_manifest *m,
                              char chunk[MLPIPE__STORE_ID])
{
    bool whole = true;
    uint32_t i;

    for (i = 0; i < m->column_count && whole; i++)
        whole = verify_chunks(v, m->columns[i].chunks, m->chunk_count, chunk);
    if (whole && m->id_chunks)
        whole = verify_chunks(v, m->id_chunks, m->chunk_count, chunk);
    return whole;
}

/* All that a dataset's version needs. */
static mlpipe_status verify_dataset(verify_state *v, const char *id,
                                    bool head)
{
    mlpipe__store_manifest m;
    char chunk[MLPIPE__STORE_ID], text[128];
    mlpipe_status st = mlpipe__store_manifest_get(v->ctx, v->store, id, &m);
    bool whole, dropped = false;

    if (st == MLPIPE_E_NOT_FOUND) {
        st = verify_again(v, id, head, &dropped);
        if (st || dropped)
            return st;
        st = mlpipe__store_manifest_get(v->ctx, v->store, id, &m);
    }
    if (st)
        return verify_error(v, id, st);
    whole = verify_all_chunks(v, &m, chunk);
    if (!whole) {
        st = verify_again(v, id, head, &dropped);
        whole = st || dropped || verify_all_chunks(v, &m, chunk);
    }
    if (!whole) {
        mlpipe__format(text, sizeof text,
                       "it needs the chunk %s, which is damaged or not there",
                       chunk);
        verify_found(v, id, text);
    }
    mlpipe__store_manifest_free(&m);
    return st;
}

/* A model or a report: nothing but itself. */
static mlpipe_status verify_single(verify_state *v, const char *id, bool head)
{
    bool dropped = false;
    mlpipe_status st = MLPIPE_OK;

    if (mlpipe__dict_find(&v->good, id, 32) == UINT32_MAX)
        st = verify_again(v, id, head, &dropped);
    if (!st && !dropped &&
        mlpipe__dict_find(&v->good, id, 32) == UINT32_MAX)
        verify_found(v, id, "a name needs it, and it is damaged or not "
                            "there");
    return st;
}

static bool verify_commit(void *arg, const char *id,
                          const mlpipe__store_commit *c)
{
    verify_state *v = arg;
    const bool head = v->head;
    const uint32_t known = v->looked.count;
    uint32_t at;

    (void)id;
    v->head = false;
    /* What a gc took is missed nowhere but where a name points to. */
    if (!head &&
        mlpipe__dict_find(&v->dropped, c->version, 32) != UINT32_MAX)
        return true;
    at = mlpipe__dict_add(&v->looked, c->version, 32);
    if (at == UINT32_MAX)
        v->status = mlpipe__nomem(v->ctx);
    else if (at < known)
        return true;
    else if (!strcmp(c->kind, "dataset"))
        v->status = verify_dataset(v, c->version, head);
    else
        v->status = verify_single(v, c->version, head);
    return !v->status;
}

static mlpipe_status verify_names(verify_state *v, const char *folder)
{
    mlpipe__store_ref ref;
    mlpipe__dict names;
    mlpipe_status st = mlpipe__store_list(v->ctx, v->store, folder, &names);
    uint32_t i;
    bool found;

    for (i = 0; i < names.count && !st; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        const size_t n = strlen(name);

        if (n > 4 && !strcmp(name + n - 4, ".tmp"))
            continue;
        st = mlpipe__store_ref_read(v->ctx, v->store, folder, name, &ref,
                                    &found);
        v->head = true;
        v->folder = folder;
        v->name = name;
        if (!st && found)
            st = mlpipe__store_chain(v->ctx, v->store, ref.commit,
                                     verify_commit, v);
        if (!st)
            st = v->status;
        if (st)
            st = verify_error(v, name, st);
    }
    mlpipe__dict_free(&names);
    return st;
}

static mlpipe_status verify_all(verify_state *v)
{
    uint64_t skipped = 0;
    char text[96];
    mlpipe_status st = mlpipe__store_log_read(v->ctx, v->store, verify_log, v,
                                              &skipped);

    if (skipped) {
        mlpipe__format(text, sizeof text,
                       "%llu bytes of it are damaged; take it from a backup",
                       (unsigned long long)skipped);
        verify_found(v, "log", text);
    }
    if (!st)
        st = verify_packs(v);
    if (!st)
        st = verify_names(v, "refs");
    if (!st)
        st = verify_names(v, "tags");
    return !st && v->failed ? mlpipe__nomem(v->ctx) : st;
}

static mlpipe_status store_verify(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe_report **out)
{
    verify_state v = {.ctx = ctx, .store = s};
    mlpipe_status st;

    mlpipe__dict_init(&v.packs, s->env);
    mlpipe__dict_init(&v.good, s->env);
    mlpipe__dict_init(&v.looked, s->env);
    mlpipe__dict_init(&v.dropped, s->env);
    v.report = mlpipe__report_new(ctx->env, "store verify");
    mlpipe__report_table(v.report, "damage", "object,what");
    st = verify_all(&v);
    mlpipe__report_number(v.report, "versions", v.versions);
    mlpipe__report_number(v.report, "commits", v.commits);
    mlpipe__report_number(v.report, "objects", v.objects);
    mlpipe__report_number(v.report, "bytes", v.bytes);
    mlpipe__report_number(v.report, "damaged", v.damaged);
    mlpipe__dict_free(&v.packs);
    mlpipe__dict_free(&v.good);
    mlpipe__dict_free(&v.looked);
    mlpipe__dict_free(&v.dropped);
    if (!st)
        return mlpipe__report_seal(ctx, v.report, out);
    mlpipe_report_free(v.report);
    return st;
}

mlpipe_status mlpipe_store_verify(mlpipe_ctx *ctx, mlpipe_store *store,
                                  mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_verify", store);

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = store_verify(ctx, store, out);
    return mlpipe__end(ctx, st);
}
