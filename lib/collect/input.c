/* SPDX-License-Identifier: MIT */
/*
 * The window on a text: a file in blocks, or memory as it is. Files are read,
 * never mapped: a mapped file that shrinks would end the host. Where the text
 * is packed, or is no UTF-8, a decoder fills the window.
 */
#include "input_internal.h"

enum {
    INPUT_BLOCK = 1 << 20,
    INPUT_SMALL = 1 << 16,  /* a block where the whole is less than that */
    INPUT_HEAD = 4096,      /* what is looked at to find the encoding */
    INPUT_SPOOL = 1 << 16
};

const char *mlpipe__input_name(const mlpipe__input *in)
{
    return in->path ? in->path : in->name ? in->name : "memory";
}

/* ---- where the bytes are ------------------------------------------------ */

static mlpipe_status input_open_file(mlpipe_ctx *ctx, const char *path,
                                     mlpipe__input *out)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t result;
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

static void input_open_memory(const void *bytes, size_t size,
                              mlpipe__input *out)
{
    out->memory = bytes ? bytes : "";
    out->at = out->memory;
    out->end = out->memory + size;
    out->total = size;
    out->eof = true;
}

/* One piece of a stream, behind the bytes that are there. */
static mlpipe_status input_spool_piece(mlpipe_ctx *ctx,
                                       const mlpipe_stream *stream,
                                       const char *name, char *at,
                                       size_t room, size_t *got)
{
    *got = 0;
    const int32_t result = stream->read(stream->user, at, room, got);

    if (result) {
        (void)mlpipe__fail(ctx, MLPIPE_E_HOST,
                           "%s: the read of the stream failed with %d", name,
                           result);
        (void)mlpipe__fail_detail(ctx, result);
        return MLPIPE_E_HOST;
    }
    if (*got > room)
        return mlpipe__fail(ctx, MLPIPE_E_HOST,
                            "%s: the read of the stream told %zu bytes and "
                            "had room for %zu", name, *got, room);
    return MLPIPE_OK;
}

/* A stream's name as messages show it: one that has line ends or other
 * characters that no eye sees is quoted, so that it cannot look like text of
 * ours. */
static char *input_stream_name(mlpipe__env *env, const char *name)
{
    bool plain = mlpipe__utf8_valid(name, strlen(name));
    mlpipe__text t;

    for (const char *p = name; plain && *p; p++)
        plain = (unsigned char)*p >= 0x20 && *p != 0x7f;
    if (plain)
        return mlpipe__strdup(env, name, strlen(name));
    mlpipe__text_init(&t, env);
    mlpipe__text_add(&t, "%q", name);
    char *shown = t.failed ? NULL : mlpipe__strdup(env, t.data, t.size);
    mlpipe__text_free(&t);
    return shown;
}

/* Keeps a stream: its bytes are read twice, and it gives them once. */
static mlpipe_status input_open_stream(mlpipe_ctx *ctx,
                                       const mlpipe_stream *from,
                                       mlpipe__input *out)
{
    const uint64_t most = ctx->env->limits.stream_bytes;
    size_t size = 0, room = 0, got = 1;
    mlpipe_status st = MLPIPE_OK;
    mlpipe_stream stream;

    if (!mlpipe__struct_copy(&stream, sizeof stream, sizeof stream, from))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "the stream has the size of another library's; "
                            "set size to sizeof(mlpipe_stream)");
    if (!stream.read)
        return mlpipe__null_arg(ctx, "stream.read");
    out->name = input_stream_name(out->env,
                                  stream.name ? stream.name : "stream");
    if (!out->name)
        return mlpipe__nomem(ctx);
    while (got) {
        if (size == room) {
            room = room ? room : INPUT_SPOOL / 2;
            if (mlpipe__add(room, room, &room))
                return mlpipe__nomem(ctx);
            /* One more than the limit, to see that it is exceeded. */
            if (room > most)
                room = (size_t)most + 1;
            char *grown = mlpipe__grow(out->env, out->spool, room, 1);
            if (!grown)
                return mlpipe__nomem(ctx);
            out->spool = grown;
        }
        st = mlpipe__poll(ctx, "read", size, 0);
        if (!st)
            st = input_spool_piece(ctx, &stream, out->name,
                                   out->spool + size, room - size, &got);
        if (st)
            return st;
        size += got;
        if (size > most)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "%s has more bytes than the limit "
                                "stream_bytes, %llu; write it to a file and "
                                "read that", out->name,
                                (unsigned long long)most);
    }
    input_open_memory(out->spool, size, out);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__input_stored(mlpipe_ctx *ctx, const mlpipe__input *in,
                                   uint64_t offset, void *buffer, size_t room,
                                   size_t *got)
{
    const mlpipe_io *io = &in->env->io;

    *got = 0;
    const int32_t result = io->read_at(io->user, in->file, offset, buffer,
                                       room, got);
    if (result)
        return mlpipe__io_fail(ctx, result, "read", in->path);
    if (*got > room)
        return mlpipe__fail(ctx, MLPIPE_E_HOST,
                            "read_at of the io table told %zu bytes of %q "
                            "where %zu were asked for", *got, in->path, room);
    return MLPIPE_OK;
}

/* ---- the window --------------------------------------------------------- */

/* Room for half a block behind `end`; `at` goes to the buffer's start. */
static mlpipe_status input_make_room(mlpipe_ctx *ctx, mlpipe__input *in)
{
    const size_t held = (size_t)(in->end - in->at);
    size_t more;

    if (in->room - held < in->block / 2) {
        /* A record longer than a block doubles its window. */
        if (mlpipe__add(held, held < in->block ? in->block : held, &more))
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
    return MLPIPE_OK;
}

/* What the decoder gives; after a failure it begins behind `end` again. */
static mlpipe_status input_decode(mlpipe_ctx *ctx, mlpipe__input *in,
                                  char *out, size_t room, size_t *got)
{
    mlpipe__decoder *d = in->decoder;
    mlpipe_status st = MLPIPE_OK;

    *got = 0;
    if (d->moved)
        st = mlpipe__unpack_seek(ctx, in, d->target, out, room);
    if (!st)
        st = in->encoding > MLPIPE__ENCODING_UTF8
            ? mlpipe__transcode(ctx, in, out, room, got)
            : mlpipe__unpack(ctx, in, out, room, got);
    if (st) {
        d->moved = true;
        d->target = in->offset
            + mlpipe__input_written(in, (size_t)(in->end - in->at));
    }
    return st;
}

mlpipe_status mlpipe__input_more(mlpipe_ctx *ctx, mlpipe__input *in)
{
    size_t got = 0;

    if (in->eof)
        return MLPIPE_OK;
    mlpipe_status st = input_make_room(ctx, in);
    if (st)
        return st;
    const size_t held = (size_t)(in->end - in->at);
    char *out = in->buffer + held;
    st = in->decoder
        ? input_decode(ctx, in, out, in->room - held, &got)
        : mlpipe__input_stored(ctx, in, in->offset + held, out,
                               in->room - held, &got);
    if (st)
        return st;
    in->end += got;
    in->eof = !got;
    return MLPIPE_OK;
}

void mlpipe__input_seek(mlpipe__input *in, uint64_t offset)
{
    in->offset = offset;
    if (!in->decoder && in->memory) {
        in->at = in->memory + offset;
        return;
    }
    in->at = in->end = in->buffer ? in->buffer : "";
    in->eof = false;
    if (in->decoder) {
        in->decoder->moved = true;
        in->decoder->target = offset;
    }
}

uint64_t mlpipe__input_passed(const mlpipe__input *in)
{
    return in->decoder && in->decoder->unpacker ? in->decoder->stored_offset
                                                : in->offset;
}

/* ---- opening ------------------------------------------------------------ */

/* Enough of the text to tell what it is; reads may be short. */
static mlpipe_status input_head(mlpipe_ctx *ctx, mlpipe__input *in)
{
    mlpipe_status st = MLPIPE_OK;

    while (!st && !in->eof && in->end - in->at < INPUT_HEAD)
        st = mlpipe__input_more(ctx, in);
    return st;
}

/* Finds out how the bytes are packed and written. */
static mlpipe_status input_begin(mlpipe_ctx *ctx, mlpipe__input *in,
                                 uint32_t asked)
{
    const mlpipe__unpacker *unpacker = NULL;
    uint32_t encoding = MLPIPE__ENCODING_UTF8;
    size_t mark = 0;
    mlpipe_status st = input_head(ctx, in);

    if (!st)
        st = mlpipe__unpack_find(ctx, in, &unpacker);
    if (!st && unpacker) {
        st = mlpipe__decoder_new(ctx, in, unpacker);
        if (!st) {
            mlpipe__input_seek(in, 0);
            st = input_head(ctx, in);
        }
    } else {
        in->text_bytes = in->total;
    }
    if (!st)
        st = mlpipe__text_encoding(ctx, in, asked, &encoding, &mark);
    if (!st && encoding > MLPIPE__ENCODING_UTF8 && !in->decoder)
        st = mlpipe__decoder_new(ctx, in, NULL);
    if (st)
        return st;
    in->mark = mark > 0;
    in->guessed = !asked && !mark;
    if (encoding > MLPIPE__ENCODING_UTF8)
        mlpipe__input_seek(in, mark);
    else
        mlpipe__input_skip(in, mark);
    in->encoding = encoding;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__input_open(mlpipe_ctx *ctx,
                                 const mlpipe__input_from *from,
                                 mlpipe__input *out)
{
    mlpipe_status st = MLPIPE_OK;

    memset(out, 0, sizeof *out);
    out->env = ctx->env;
    out->encoding = MLPIPE__ENCODING_UTF8;
    out->at = out->end = "";
    if (from->path)
        st = input_open_file(ctx, from->path, out);
    else if (from->stream)
        st = input_open_stream(ctx, from->stream, out);
    else
        input_open_memory(from->bytes, from->size, out);
    out->block = from->block ? from->block
        : out->total < INPUT_SMALL ? INPUT_SMALL : INPUT_BLOCK;
    return st ? st : input_begin(ctx, out, from->encoding);
}

mlpipe_status mlpipe__input_file(mlpipe_ctx *ctx, const char *path,
                                     mlpipe__input *out)
{
    const mlpipe__input_from from = {.path = path};

    if (!path) /* would be memory */
        return mlpipe__null_arg(ctx, "path");
    return mlpipe__input_open(ctx, &from, out);
}

mlpipe_status mlpipe__input_memory(mlpipe_ctx *ctx, const void *bytes,
                                       size_t size, mlpipe__input *out)
{
    const mlpipe__input_from from = {.bytes = bytes, .size = size};

    return mlpipe__input_open(ctx, &from, out);
}

void mlpipe__input_close(mlpipe__input *in)
{
    if (!in->env)
        return;
    if (in->file) /* nothing was written, so that closing loses nothing */
        (void)in->env->io.close(in->env->io.user, in->file);
    mlpipe__decoder_free(in->env, in->decoder);
    mlpipe__free(in->env, in->buffer);
    mlpipe__free(in->env, in->spool);
    mlpipe__free(in->env, in->name);
    mlpipe__free(in->env, in->path);
    memset(in, 0, sizeof *in);
}

/* ---- files that change -------------------------------------------------- */

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
