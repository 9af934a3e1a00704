/* SPDX-License-Identifier: MIT */
/*
 * Whole files. A file that is written is either the old one or the new one
 * after a crash: a temporary beside it, sync, rename, sync of the folder.
 */
#include "base/base_internal.h"

enum { FILE_ATTEMPTS = 64, FILE_READ_FIRST = 65536 };

mlpipe_status mlpipe__io_fail(mlpipe_ctx *ctx, int32_t result,
                              const char *doing, const char *path)
{
    const char *why = "the file system refused; look at the disk and its log";
    mlpipe_status st = MLPIPE_E_IO;
    switch (result) {
    case MLPIPE_IO_NOT_FOUND:
        why = "no such file or folder; check the path";
        st = MLPIPE_E_NOT_FOUND;
        break;
    case MLPIPE_IO_EXISTS:
        why = "it exists already; remove it or take another name";
        st = MLPIPE_E_CONFLICT;
        break;
    case MLPIPE_IO_DENIED:
        why = "permission denied; check its owner and mode";
        break;
    case MLPIPE_IO_NO_SPACE:
        why = "no space left; free some or write elsewhere";
        break;
    case MLPIPE_IO_BUSY:
        why = "somebody else holds the lock; try again later";
        st = MLPIPE_E_BUSY;
        break;
    default:
        break;
    }
    mlpipe__fail(ctx, st, "cannot %s %q: %s", doing, path, why);
    mlpipe__fail_detail(ctx, result);
    mlpipe__fail_where(ctx, path);
    return st;
}

mlpipe_status mlpipe__io_check(mlpipe_ctx *ctx, const char *path)
{
    if (!path)
        return mlpipe__null_arg(ctx, "path");
    if (!path[0])
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "the path is empty; name a file");
    if (!ctx->env->io.open)
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "cannot open %q: this context has no files; "
                            "set io in mlpipe_ctx_options",
                            path);
    return MLPIPE_OK;
}

static mlpipe_status file_too_large(mlpipe_ctx *ctx, const char *path,
                                    uint64_t size, uint64_t limit)
{
    mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                 "%q has %llu bytes or more, the limit is %llu; raise it in "
                 "mlpipe_limits or split the file",
                 path, (unsigned long long)size, (unsigned long long)limit);
    mlpipe__fail_where(ctx, path);
    return MLPIPE_E_LIMIT;
}

/*
 * Read to the end. The size that stat told is a first guess only: the file
 * may grow meanwhile, and some have none. A guess that holds leaves one byte
 * free beside the NUL, which is how the end is seen without growing.
 */
static mlpipe_status file_read_all(mlpipe_ctx *ctx, const char *path,
                                   void *file, uint64_t guess,
                                   uint64_t limit, mlpipe__text *out)
{
    const mlpipe_io *io = &ctx->env->io;
    size_t room = FILE_READ_FIRST;
    if (guess > SIZE_MAX - 2)
        return mlpipe__nomem(ctx);
    if (guess > FILE_READ_FIRST - 2)
        room = (size_t)guess + 2;
    for (;;) {
        size_t got = 0;
        int32_t r;
        char *data = mlpipe__grow(ctx->env, out->data, room, 1);
        if (!data)
            return mlpipe__nomem(ctx);
        out->data = data;
        out->room = room;
        r = io->read_at(io->user, file, out->size, data + out->size,
                        room - out->size - 1, &got);
        if (r)
            return mlpipe__io_fail(ctx, r, "read", path);
        if (got > room - out->size - 1)
            return mlpipe__fail(ctx, MLPIPE_E_HOST,
                                "read_at of the io table told %zu bytes of %q "
                                "where %zu were asked for", got, path,
                                room - out->size - 1);
        out->size += got;
        if (out->size > limit)
            return file_too_large(ctx, path, out->size, limit);
        /* A host may give less than was asked for: only nothing at all, or
         * less at the size that stat told, is the end. */
        if (!got || (guess && out->size < room - 1
                     && out->size >= guess))
            return MLPIPE_OK;
        if (out->size == room - 1 && mlpipe__mul(room, 2, &room))
            return mlpipe__nomem(ctx);
    }
}

mlpipe_status mlpipe__file_read(mlpipe_ctx *ctx, const char *path,
                                uint64_t limit, char **data, size_t *bytes)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat info;
    mlpipe__text text;
    mlpipe_status st;
    void *file;
    int32_t r;
    *data = NULL;
    *bytes = 0;
    st = mlpipe__io_check(ctx, path);
    if (st)
        return st;
    r = io->stat(io->user, path, &info);
    if (r)
        return mlpipe__io_fail(ctx, r, "read", path);
    if (info.is_dir) {
        mlpipe__fail(ctx, MLPIPE_E_ARG,
                     "%q is a folder, not a file; name a file in it", path);
        return mlpipe__fail_where(ctx, path);
    }
    if (info.size > limit)
        return file_too_large(ctx, path, info.size, limit);
    r = io->open(io->user, path, MLPIPE_IO_READ, &file);
    if (r)
        return mlpipe__io_fail(ctx, r, "open", path);
    mlpipe__text_init(&text, ctx->env);
    st = file_read_all(ctx, path, file, info.size, limit, &text);
    /* What was read is whole: a failed close takes nothing from it. */
    (void)io->close(io->user, file);
    if (st) {
        mlpipe__text_free(&text);
        return st;
    }
    *data = text.data;
    *bytes = text.size;
    return MLPIPE_OK;
}

/* Mixes bits well; the source of names only, never of results. */
static uint64_t file_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

mlpipe_status mlpipe__temp_name(mlpipe_ctx *ctx, const char *path,
                                uint32_t attempt, mlpipe__text *out)
{
    const mlpipe__env *env = ctx->env;
    uint64_t bits = 0;
    if (env->entropy) {
        if (env->entropy(env->user, &bits, sizeof bits))
            return mlpipe__fail(ctx, MLPIPE_E_HOST,
                                "the entropy callback failed; mend or leave "
                                "out entropy in mlpipe_ctx_options");
    } else {
        /* Two contexts of one process differ in their addresses. */
        bits = env->clock_ns(env->user);
        bits = file_mix(bits ^ ((uint64_t)mlpipe__os_pid() << 32));
        bits ^= (uint64_t)(uintptr_t)ctx;
    }
    bits = file_mix(bits + attempt * UINT64_C(0x9e3779b97f4a7c15));
    mlpipe__text_add(out, "%s.%llx.tmp", path, (unsigned long long)bits);
    return out->failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

/* The folder of a path: "." for a bare name, "/" for the root. */
static mlpipe_status file_folder(mlpipe_ctx *ctx, const char *path,
                                 mlpipe__text *out)
{
    size_t n = strlen(path);
    while (n && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    mlpipe__text_init(out, ctx->env);
    mlpipe__text_put(out, n ? path : ".", n ? n : 1);
    return out->failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

/* A file was not made, since its folder is not there. */
static mlpipe_status file_no_folder(mlpipe_ctx *ctx, const char *path)
{
    mlpipe__text folder;
    mlpipe_status st = file_folder(ctx, path, &folder);
    if (!st) {
        st = mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                          "cannot write %q: there is no folder %q; make it "
                          "first, or check the path", path, folder.data);
        mlpipe__fail_detail(ctx, MLPIPE_IO_NOT_FOUND);
        mlpipe__fail_where(ctx, path);
    }
    mlpipe__text_free(&folder);
    return st;
}

/* The new file could not take its place; the reason may be a folder there. */
static mlpipe_status file_not_placed(mlpipe_ctx *ctx, int32_t r,
                                     const char *path)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat info;
    if (io->stat(io->user, path, &info) || !info.is_dir)
        return mlpipe__io_fail(ctx, r, "write", path);
    mlpipe__fail(ctx, MLPIPE_E_IO,
                 "cannot write %q: it is a folder; name a file in it", path);
    mlpipe__fail_detail(ctx, r);
    return mlpipe__fail_where(ctx, path);
}

static mlpipe_status file_make_temp(mlpipe_ctx *ctx, const char *path,
                                    mlpipe__text *name, void **file)
{
    const mlpipe_io *io = &ctx->env->io;
    uint32_t attempt;
    int32_t r = MLPIPE_IO_EXISTS;
    for (attempt = 0; attempt < FILE_ATTEMPTS && r == MLPIPE_IO_EXISTS;
         attempt++) {
        mlpipe_status st;
        mlpipe__text_free(name);
        st = mlpipe__temp_name(ctx, path, attempt, name);
        if (st)
            return st;
        r = io->open(io->user, name->data, MLPIPE_IO_CREATE, file);
    }
    if (r)
        *file = NULL; /* whatever the host left there is none to close */
    if (r == MLPIPE_IO_NOT_FOUND)
        return file_no_folder(ctx, path);
    return r ? mlpipe__io_fail(ctx, r, "create a file beside", path)
             : MLPIPE_OK;
}

mlpipe_status mlpipe__file_sync_folder(mlpipe_ctx *ctx, const char *path)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe__text folder;
    mlpipe_status st = file_folder(ctx, path, &folder);
    int32_t r;
    if (!st) {
        r = io->sync_dir(io->user, folder.data);
        if (r)
            st = mlpipe__io_fail(ctx, r, "sync the folder of", path);
    }
    mlpipe__text_free(&folder);
    return st;
}

mlpipe_status mlpipe__file_begin(mlpipe_ctx *ctx, const char *path,
                                 mlpipe__new_file *f)
{
    f->file = NULL;
    f->path = path;
    mlpipe__text_init(&f->name, ctx->env);
    const mlpipe_status st = mlpipe__io_check(ctx, path);
    return st ? st : file_make_temp(ctx, path, &f->name, &f->file);
}

mlpipe_status mlpipe__file_put(mlpipe_ctx *ctx, mlpipe__new_file *f,
                               const void *data, size_t bytes)
{
    const mlpipe_io *io = &ctx->env->io;
    const int32_t r = io->write(io->user, f->file, data, bytes);
    return r ? mlpipe__io_fail(ctx, r, "write", f->path) : MLPIPE_OK;
}

/* The new file in place of the old one, unless st is a failure. */
static mlpipe_status file_replace(mlpipe_ctx *ctx, mlpipe__new_file *f,
                                  mlpipe_status st, bool sync)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t r = MLPIPE_IO_OK;
    bool placing = false;
    if (!f->file)
        goto done;
    if (!st && sync)
        r = io->sync(io->user, f->file);
    if (st || r) {
        (void)io->close(io->user, f->file);
    } else {
        r = io->close(io->user, f->file);
    }
    placing = !st && !r;
    if (placing)
        r = io->rename(io->user, f->name.data, f->path);
    if (st || r) {
        /* Whatever stays behind is a temporary that nobody reads. */
        (void)io->remove(io->user, f->name.data);
        if (!st)
            st = placing ? file_not_placed(ctx, r, f->path)
                         : mlpipe__io_fail(ctx, r, "write", f->path);
    }
done:
    f->file = NULL;
    mlpipe__text_free(&f->name);
    return st;
}

mlpipe_status mlpipe__file_end(mlpipe_ctx *ctx, mlpipe__new_file *f,
                               mlpipe_status st, bool sync)
{
    st = file_replace(ctx, f, st, sync);
    return st || !sync ? st : mlpipe__file_sync_folder(ctx, f->path);
}

mlpipe_status mlpipe__file_write_ahead(mlpipe_ctx *ctx, const char *path,
                                       const void *data, size_t bytes,
                                       bool sync)
{
    mlpipe__new_file f;
    mlpipe_status st = mlpipe__file_begin(ctx, path, &f);
    if (!st)
        st = mlpipe__file_put(ctx, &f, data, bytes);
    return file_replace(ctx, &f, st, sync);
}

mlpipe_status mlpipe__file_write(mlpipe_ctx *ctx, const char *path,
                                 const void *data, size_t bytes, bool sync)
{
    const mlpipe_status st = mlpipe__file_write_ahead(ctx, path, data, bytes,
                                                      sync);
    return st || !sync ? st : mlpipe__file_sync_folder(ctx, path);
}
