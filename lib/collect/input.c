/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a CSV: a file in blocks of 1 MiB, or memory as it is. Files are
 * read, never mapped: a mapped file that shrinks would end the host.
 */
#include "collect_internal.h"

enum { CSV_BLOCK = 1 << 20 };

const char *mlpipe__input_name(const mlpipe__input *in)
{
    return in->path ? in->path : "memory";
}

mlpipe_status mlpipe__input_memory(mlpipe_ctx *ctx, const void *bytes,
                                       size_t size, mlpipe__input *out)
{
    memset(out, 0, sizeof *out);
    out->env = ctx->env;
    out->memory = bytes ? bytes : "";
    out->at = out->memory;
    out->end = out->memory + size;
    out->total = size;
    out->eof = true;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__input_file(mlpipe_ctx *ctx, const char *path,
                                     mlpipe__input *out)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t result;

    memset(out, 0, sizeof *out);
    out->env = ctx->env;
    const mlpipe_status st = mlpipe__io_check(ctx, path);
    if (st)
        return st;
    result = io->stat(io->user, path, &out->found);
    if (result)
        return mlpipe__io_fail(ctx, result, "read", path);
    if (out->found.is_dir)
        return mlpipe__fail(ctx, MLPIPE_E_IO,
                            "cannot read %q: it is a folder; name a file "
                            "in it", path);
    out->path = mlpipe__strdup(ctx->env, path, strlen(path));
    if (!out->path)
        return mlpipe__nomem(ctx);
    result = io->open(io->user, path, MLPIPE_IO_READ, &out->file);
    if (result) {
        out->file = NULL;
        return mlpipe__io_fail(ctx, result, "open", path);
    }
    out->total = out->found.size;
    return MLPIPE_OK;
}

void mlpipe__input_close(mlpipe__input *in)
{
    if (!in->env)
        return;
    if (in->file) /* nothing was written, so that closing loses nothing */
        (void)in->env->io.close(in->env->io.user, in->file);
    mlpipe__free(in->env, in->buffer);
    mlpipe__free(in->env, in->path);
    memset(in, 0, sizeof *in);
}

void mlpipe__input_seek(mlpipe__input *in, uint64_t offset)
{
    in->offset = offset;
    if (!in->path) {
        in->at = in->memory + offset;
        return;
    }
    in->at = in->end = in->buffer;
    in->eof = false;
}

mlpipe_status mlpipe__input_more(mlpipe_ctx *ctx, mlpipe__input *in)
{
    const mlpipe_io *io = &in->env->io;
    const size_t held = (size_t)(in->end - in->at);
    size_t got = 0, more;

    if (in->eof)
        return MLPIPE_OK;
    if (in->room - held < CSV_BLOCK / 2) {
        /* A record longer than a block doubles its window. */
        if (mlpipe__add(held, held < CSV_BLOCK ? CSV_BLOCK : held, &more))
            return mlpipe__nomem(ctx);
        char *grown = mlpipe__alloc(in->env, more);
        if (!grown)
            return mlpipe__nomem(ctx);
        if (held)
            memcpy(grown, in->at, held);
        mlpipe__free(in->env, in->buffer);
        in->buffer = grown;
        in->room = more;
    } else if (held && in->at != in->buffer) {
        memmove(in->buffer, in->at, held);
    }
    in->at = in->buffer;
    in->end = in->buffer + held;
    const size_t room = in->room - held;
    const int32_t result = io->read_at(io->user, in->file, in->offset + held,
                                       in->buffer + held, room, &got);
    if (result)
        return mlpipe__io_fail(ctx, result, "read", in->path);
    if (got > room)
        return mlpipe__fail(ctx, MLPIPE_E_HOST,
                            "read_at of the io table told more bytes than "
                            "were asked for in %q", in->path);
    in->end += got;
    in->eof = !got;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__input_check(mlpipe_ctx *ctx,
                                      const mlpipe__input *in)
{
    mlpipe_io_stat now;

    if (!in->path)
        return MLPIPE_OK;
    const int32_t result = in->env->io.stat(in->env->io.user, in->path, &now);
    if (result)
        return mlpipe__io_fail(ctx, result, "look again at", in->path);
    if (now.size == in->found.size && now.mtime_ns == in->found.mtime_ns)
        return MLPIPE_OK;
    (void)mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                       "%q changed while it was read: it had %llu bytes and "
                       "has %llu; read it again when nobody writes to it",
                       in->path, (unsigned long long)in->found.size,
                       (unsigned long long)now.size);
    return mlpipe__fail_where(ctx, in->path);
}

mlpipe_status mlpipe__input_changed(mlpipe_ctx *ctx,
                                        const mlpipe__input *in)
{
    const mlpipe_status st = mlpipe__input_check(ctx, in);

    return st ? st : mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                                  "%s changed while it was read; read it "
                                  "again when nobody writes to it",
                                  mlpipe__input_name(in));
}
