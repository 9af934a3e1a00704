/* SPDX-License-Identifier: MIT */
/* Objects: containers in files that are named by their content. */
#include "store_internal.h"

/* objects/ab/abcd..., making the folder ab where asked. */
static mlpipe_status object_path(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *id, bool make,
                                 mlpipe__text *path)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t got;

    mlpipe__text_init(path, s->env);
    mlpipe__text_add(path, "%s/objects/%.*s", s->path, 2, id);
    if (make && !path->failed) {
        got = io->make_dir(io->user, path->data);
        if (got != MLPIPE_IO_OK && got != MLPIPE_IO_EXISTS)
            return mlpipe__io_fail(ctx, got, "make", path->data);
    }
    mlpipe__text_add(path, "/%s", id);
    return path->failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

/* Remembers the folder of an object. */
static void object_touch(mlpipe__store_writer *w, const char *id)
{
    mlpipe__hash128 hash;

    if (mlpipe__hash_from_hex(id, 32, &hash))
        w->touched[hash.hi >> 56] = 1;
}

mlpipe_status mlpipe__store_has(mlpipe_ctx *ctx, const mlpipe_store *s,
                                mlpipe__store_writer *w, const char *id,
                                bool *there)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text path;
    mlpipe_status st = object_path(ctx, s, id, false, &path);
    int32_t got = MLPIPE_IO_NOT_FOUND;

    if (!st) {
        got = io->stat(io->user, path.data, &stat);
        if (got != MLPIPE_IO_OK && got != MLPIPE_IO_NOT_FOUND)
            st = mlpipe__io_fail(ctx, got, "read", path.data);
    }
    *there = got == MLPIPE_IO_OK;
    if (*there && w)
        object_touch(w, id);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_put_bytes(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w,
                                      const void *data, size_t bytes,
                                      const char *id)
{
    mlpipe__text path;
    bool there;
    mlpipe_status st = mlpipe__store_has(ctx, s, w, id, &there);

    mlpipe__text_init(&path, s->env);
    if (!st)
        st = object_path(ctx, s, id, !there, &path);
    /* Written whole and renamed: what is there is complete. But whoever wrote
     * it may have ended before the disk knew its name. */
    if (!st && !there)
        st = mlpipe__file_write_ahead(ctx, path.data, data, bytes, s->sync);
    if (!st && w)
        object_touch(w, id);
    else if (!st && s->sync)
        st = mlpipe__file_sync_folder(ctx, path.data);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_settle(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text path;
    uint32_t i;
    int32_t got;

    if (!s->sync)
        return MLPIPE_OK;
    mlpipe__text_init(&path, s->env);
    for (i = 0; i <= 256 && !st; i++) {
        char folder[16] = "objects"; /* has names as well, and is the last */

        if (i < 256 && !w->touched[i])
            continue;
        if (i < 256)
            mlpipe__format(folder, sizeof folder, "objects/%c%c",
                           "0123456789abcdef"[i / 16],
                           "0123456789abcdef"[i % 16]);
        st = mlpipe__store_path(ctx, s, "", folder, &path);
        if (st)
            break;
        got = io->sync_dir(io->user, path.data);
        if (got != MLPIPE_IO_OK)
            st = mlpipe__io_fail(ctx, got, "sync the folder", path.data);
    }
    if (!st)
        memset(w->touched, 0, sizeof w->touched);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_put_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s,
                                       mlpipe__store_writer *w,
                                       const mlpipe__container *object,
                                       const char *kind,
                                       char id[MLPIPE__STORE_ID])
{
    mlpipe__text bytes;
    mlpipe_status st = MLPIPE_OK;
    bool there = false;

    mlpipe__text_init(&bytes, s->env);
    mlpipe__hash_hex(mlpipe__container_id(object), id);
    if (w)
        st = mlpipe__store_has(ctx, s, w, id, &there);
    if (!st && !there)
        st = mlpipe__container_write(ctx, object, kind, &bytes);
    if (!st && !there)
        st = mlpipe__store_put_bytes(ctx, s, w, bytes.data, bytes.size, id);
    mlpipe__text_free(&bytes);
    return st;
}

mlpipe_status mlpipe__store_read_bytes(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       char **data, size_t *bytes)
{
    mlpipe__text path;
    mlpipe_status st = object_path(ctx, s, id, false, &path);

    *data = NULL;
    if (!st)
        st = mlpipe__file_read(ctx, path.data,
                               ctx->env->limits.bundle_bytes, data, bytes);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_get_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       const char *kind,
                                       mlpipe__container *out)
{
    char *data = NULL;
    char real[MLPIPE__STORE_ID];
    size_t bytes = 0;
    mlpipe_status st = mlpipe__store_read_bytes(ctx, s, id, &data, &bytes);

    if (st)
        return st;
    st = mlpipe__container_read(ctx, kind, data, bytes, out);
    mlpipe__free(ctx->env, data);
    if (st)
        return mlpipe__fail_where(ctx, id);
    mlpipe__hash_hex(mlpipe__container_id(out), real);
    if (strcmp(real, id)) {
        mlpipe__container_free(out);
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "store: object %s holds the content of %s; take "
                            "the store from a backup", id, real);
    }
    return MLPIPE_OK;
}
