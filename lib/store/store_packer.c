/* SPDX-License-Identifier: MIT */
/*
 * A pack that is being written: records one behind the other into a temporary,
 * which is synced once and renamed when its index is behind them. Whoever has
 * the store sees its records before anybody else does.
 */
#include "store_internal.h"

enum {
    PACKER_BUFFER = 1024 * 1024,
    PACKER_SMALL = 4 * 1024 * 1024,  /* packs for which no room is asked for */
    PACKER_AHEAD = 64 * 1024 * 1024  /* bytes to ask for at a time */
};
static const uint64_t packer_pack_most = UINT64_C(1) << 30;

void mlpipe__store_writer_init(const mlpipe_store *s, mlpipe__store_writer *w)
{
    memset(w, 0, sizeof *w);
    mlpipe__text_init(&w->path, s->env);
    mlpipe__text_init(&w->file.name, s->env);
    mlpipe__text_init(&w->pack_path, s->env);
    mlpipe__text_init(&w->buffer, s->env);
    mlpipe__dict_init(&w->ids, s->env);
}

uint32_t mlpipe__store_pending(const mlpipe__store_writer *w,
                               mlpipe__hash128 id)
{
    const uint64_t key[2] = {id.hi, id.lo};

    return w->count ? mlpipe__dict_find(&w->ids, (const char *)key,
                                        sizeof key)
                    : UINT32_MAX;
}

static mlpipe_status packer_flush(mlpipe_ctx *ctx, mlpipe__store_writer *w)
{
    mlpipe_status st = MLPIPE_OK;

    if (w->buffer.failed)
        return mlpipe__nomem(ctx);
    if (w->buffer.size)
        st = mlpipe__file_put(ctx, &w->file, w->buffer.data, w->buffer.size);
    w->buffer.size = 0;
    return st;
}

mlpipe_status mlpipe__store_pending_get(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        mlpipe__store_writer *w,
                                        mlpipe__hash128 id, char **data,
                                        size_t *bytes)
{
    const mlpipe__pack_entry *e =
        &w->entries[mlpipe__store_pending(w, id)];
    mlpipe_status st = packer_flush(ctx, w);

    (void)s;
    *data = NULL;
    *bytes = (size_t)e->bytes;
    return st ? st
              : mlpipe__pack_record(ctx, w->file.file, w->file.name.data, e,
                                    data);
}

static mlpipe_status packer_begin(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_writer *w)
{
    mlpipe_status st;

    if (w->file.file)
        return MLPIPE_OK;
    mlpipe__dict_free(&w->ids);
    mlpipe__dict_init(&w->ids, s->env);
    w->count = 0;
    w->offset = w->reserved = 0;
    st = mlpipe__store_path(ctx, s, "packs", "pack", &w->pack_path);
    return st ? st : mlpipe__file_begin(ctx, w->pack_path.data, &w->file);
}

static mlpipe_status packer_entry(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_writer *w,
                                  const mlpipe__pack_entry *e)
{
    const uint64_t key[2] = {e->hi, e->lo};

    if (w->count == w->room) {
        const uint32_t room = w->room ? 2 * w->room : 16;
        mlpipe__pack_entry *entries = mlpipe__grow(s->env, w->entries, room,
                                                   sizeof *entries);

        if (!entries)
            return mlpipe__nomem(ctx);
        w->entries = entries;
        w->room = room;
    }
    if (mlpipe__dict_add(&w->ids, (const char *)key, sizeof key) ==
        UINT32_MAX)
        return mlpipe__nomem(ctx);
    w->entries[w->count++] = *e;
    return MLPIPE_OK;
}

/* Asks for room on the disk ahead of a long pack, which costs a fraction of
 * finding it write by write; where there is none, the writes will tell. */
static void packer_reserve(mlpipe_ctx *ctx, mlpipe__store_writer *w,
                           uint64_t end)
{
    const mlpipe_io *io = &ctx->env->io;

    if (!io->reserve || end <= PACKER_SMALL || end <= w->reserved)
        return;
    w->reserved = end + PACKER_AHEAD;
    (void)io->reserve(io->user, w->file.file, w->reserved);
}

/* Gives back the room that was not needed. */
static mlpipe_status packer_trim(mlpipe_ctx *ctx, mlpipe__store_writer *w,
                                 uint64_t bytes)
{
    const mlpipe_io *io = &ctx->env->io;
    const int32_t r = w->reserved
                          ? io->truncate(io->user, w->file.file, bytes)
                          : MLPIPE_IO_OK;

    return r ? mlpipe__io_fail(ctx, r, "write", w->file.name.data)
             : MLPIPE_OK;
}

mlpipe_status mlpipe__store_append(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w, const void *data,
                                   size_t bytes, const void *tail,
                                   size_t more, mlpipe__hash128 id)
{
    mlpipe__pack_entry e = {id.hi, id.lo, 0, bytes + more,
                            mlpipe__pack_record_hash(data)};
    mlpipe_status st = MLPIPE_OK;

    if (w->file.file && w->offset >= packer_pack_most)
        st = mlpipe__store_settle(ctx, s, w);
    if (!st)
        st = packer_begin(ctx, s, w);
    e.offset = w->offset;
    if (!st)
        packer_reserve(ctx, w, w->offset + bytes + more);
    if (!st && w->buffer.size + bytes > PACKER_BUFFER)
        st = packer_flush(ctx, w);
    if (!st && bytes > PACKER_BUFFER / 4) {
        st = packer_flush(ctx, w);
        if (!st)
            st = mlpipe__file_put(ctx, &w->file, data, bytes);
    } else if (!st) {
        mlpipe__text_put(&w->buffer, data, bytes);
        st = w->buffer.failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
    }
    if (!st && more) {
        st = packer_flush(ctx, w);
        if (!st)
            st = mlpipe__file_put(ctx, &w->file, tail, more);
    }
    w->offset += bytes + more;
    return st ? st : packer_entry(ctx, s, w, &e);
}

mlpipe_status mlpipe__store_put_bytes(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w,
                                      const void *data, size_t bytes,
                                      const char *id)
{
    return mlpipe__store_put_parts(ctx, s, w, data, bytes, NULL, 0, id);
}

mlpipe_status mlpipe__store_put_parts(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w,
                                      const void *data, size_t bytes,
                                      const void *tail, size_t more,
                                      const char *id)
{
    mlpipe__hash128 hash;

    if (mlpipe__store_has(s, w, id))
        return MLPIPE_OK;
    (void)mlpipe__hash_from_hex(id, 32, &hash);
    return mlpipe__store_append(ctx, s, w, data, bytes, tail, more, hash);
}

mlpipe_status mlpipe__store_write_out(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_status st;
    int32_t r;

    if (!w->file.file)
        return MLPIPE_OK;
    st = packer_flush(ctx, w);
    if (st || !s->sync)
        return st;
    r = io->sync(io->user, w->file.file);
    return r == MLPIPE_IO_OK ? MLPIPE_OK
                             : mlpipe__io_fail(ctx, r, "sync",
                                               w->file.name.data);
}

/* ---- its end -------------------------------------------------------- */

static bool packer_before(const mlpipe__pack_entry *a,
                          const mlpipe__pack_entry *b)
{
    return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static void packer_sink(mlpipe__pack_entry *e, uint32_t at, uint32_t n)
{
    const mlpipe__pack_entry moved = e[at];

    while (2 * (size_t)at + 1 < n) {
        uint32_t child = 2 * at + 1;

        child += child + 1 < n && packer_before(&e[child], &e[child + 1]);
        if (!packer_before(&moved, &e[child]))
            break;
        e[at] = e[child];
        at = child;
    }
    e[at] = moved;
}

/* By id, in place: no memory that could be missing. */
static void packer_sort(mlpipe__pack_entry *e, uint32_t n)
{
    uint32_t i;

    for (i = n / 2; i-- > 0;)
        packer_sink(e, i, n);
    for (i = n; i-- > 1;) {
        const mlpipe__pack_entry last = e[i];

        e[i] = e[0];
        e[0] = last;
        packer_sink(e, 0, i);
    }
}

static mlpipe_status packer_sync_folder(mlpipe_ctx *ctx,
                                        const mlpipe_store *s)
{
    mlpipe__text path;
    mlpipe_status st;

    if (!s->sync)
        return MLPIPE_OK;
    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "packs", "pack", &path);
    if (!st)
        st = mlpipe__file_sync_folder(ctx, path.data);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_settle(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w)
{
    char name[MLPIPE__STORE_ID];
    mlpipe__pack p = {.count = w->count};
    mlpipe_status st;
    size_t buffered;

    if (!w->file.file)
        return w->used ? packer_sync_folder(ctx, s) : MLPIPE_OK;
    packer_sort(w->entries, w->count);
    mlpipe__dict_free(&w->ids); /* places have changed */
    w->count = 0;
    buffered = w->buffer.size;
    mlpipe__pack_index(w->entries, p.count, w->offset, &p.name, &w->buffer);
    p.bytes = w->offset + w->buffer.size - buffered;
    st = packer_flush(ctx, w);
    if (!st)
        st = packer_trim(ctx, w, p.bytes);
    mlpipe__hash_hex(p.name, name);
    if (!st)
        st = mlpipe__store_path(ctx, s, "packs", name, &w->pack_path);
    w->file.path = w->pack_path.data;
    st = mlpipe__file_end(ctx, &w->file, st, s->sync);
    if (!st) {
        p.entries = w->entries;
        st = mlpipe__packs_add(ctx, s, &p);
    }
    if (!st) {
        w->entries = NULL;
        w->room = 0;
    }
    return st;
}

void mlpipe__store_abandon(mlpipe_ctx *ctx, const mlpipe_store *s,
                           mlpipe__store_writer *w)
{
    if (w->file.file)
        (void)mlpipe__file_end(ctx, &w->file, MLPIPE_E_STATE, false);
    mlpipe__text_free(&w->file.name);
    mlpipe__free(s->env, w->entries);
    if (w->ids.env)
        mlpipe__dict_free(&w->ids);
    mlpipe__text_free(&w->buffer);
    mlpipe__text_free(&w->pack_path);
    w->entries = NULL;
    w->count = w->room = 0;
    if (s->packs->writer == w)
        s->packs->writer = NULL;
}
