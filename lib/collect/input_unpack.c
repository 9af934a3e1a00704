/* SPDX-License-Identifier: MIT */
/*
 * From stored bytes to those of the text: gzip and zstd, told by their first
 * bytes. Every member is unpacked to its end, so that its check sum is looked
 * at, and nothing may lie behind the last.
 */
#include "input_internal.h"

enum {
    UNPACK_BLOCK = 1 << 16,
    UNPACK_QUIET = 1 << 20      /* so much without any text, and it polls */
};
/* Up to here any ratio will do: a table of zeros packs very well. */
static const uint64_t unpack_free = UINT64_C(64) << 20;

/* ---- what it is --------------------------------------------------------- */

/* Formats that some take for CSV, or that may hold one. */
static const struct {
    const char *magic;
    uint32_t size;
    const char *name, *advice;
} unpack_others[] = {
    {"\xfd" "7zXZ\0", 6, "packed with xz", "unpack it with unxz"},
    {"PK\3\4", 4, "a zip archive or a spreadsheet (.xlsx, .ods)",
     "unzip it, or save the sheet as CSV"},
    {"\x04\x22\x4d\x18", 4, "packed with lz4", "unpack it with unlz4"},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive", "unpack it with 7z x"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "a spreadsheet (.xls)",
     "save the sheet as CSV"},
    {"PAR1\x15", 5, "Parquet", /* and its first Thrift field */
     "give it as Arrow to mlpipe_dataset_from_arrow, or save it as CSV"},
    {"SQLite format 3", 16, "an SQLite database", "export the table as CSV"},
};

/* The first bytes of bzip2 have a digit among them. */
static bool unpack_is_bzip2(const char *s, size_t n)
{
    return n >= 10 && !memcmp(s, "BZh", 3) && s[3] >= '1' && s[3] <= '9'
        && !memcmp(s + 4, "1AY&SY", 6);
}

static mlpipe_status unpack_other(mlpipe_ctx *ctx, const mlpipe__input *in,
                                  const char *name, const char *advice)
{
    return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                        "%s is %s, which cannot be read here; %s",
                        mlpipe__input_name(in), name, advice);
}

mlpipe_status mlpipe__unpack_find(mlpipe_ctx *ctx, const mlpipe__input *in,
                                  const mlpipe__unpacker **out)
{
    const char *s = in->at;
    const size_t n = (size_t)(in->end - in->at);
    const mlpipe__unpacker *found = NULL;

    *out = NULL;
    if (n >= 3 && !memcmp(s, "\x1f\x8b\x08", 3))
        found = &mlpipe__unpack_gzip;
    /* A frame, or one to skip, which tools write first. */
    if (n >= 4 && (!memcmp(s, "\x28\xb5\x2f\xfd", 4)
                   || (((unsigned char)*s & 0xf0) == 0x50
                       && !memcmp(s + 1, "\x2a\x4d\x18", 3))))
        found = &mlpipe__unpack_zstd;
    if (found && !found->open)
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "%s is packed with %s, and this library was built "
                            "without %s; unpack it with %s, or build with "
                            "-D%s=enabled", mlpipe__input_name(in),
                            found->name, found->library, found->tool,
                            found->library);
    *out = found;
    if (found)
        return MLPIPE_OK;
    for (uint32_t i = 0; i < sizeof unpack_others / sizeof unpack_others[0];
         i++)
        if (n >= unpack_others[i].size
            && !memcmp(s, unpack_others[i].magic, unpack_others[i].size))
            return unpack_other(ctx, in, unpack_others[i].name,
                                unpack_others[i].advice);
    return unpack_is_bzip2(s, n)
        ? unpack_other(ctx, in, "packed with bzip2", "unpack it with bunzip2")
        : MLPIPE_OK;
}

const char *mlpipe__input_compression(const mlpipe__input *in)
{
    return in->decoder && in->decoder->unpacker ? in->decoder->unpacker->name
                                                : "none";
}

/* ---- the decoder's stored side ------------------------------------------ */

mlpipe_status mlpipe__decoder_new(mlpipe_ctx *ctx, mlpipe__input *in,
                                  const mlpipe__unpacker *unpacker)
{
    mlpipe__decoder *d = mlpipe__alloc(in->env, sizeof *d);

    if (!d)
        return mlpipe__nomem(ctx);
    in->decoder = d;
    d->moved = true;
    if (!unpacker)
        return MLPIPE_OK;
    d->unpacker = unpacker;
    d->state = unpacker->open(in->env);
    if (!in->memory && d->state) {
        d->stored_room = in->block < UNPACK_BLOCK ? in->block : UNPACK_BLOCK;
        d->stored_buffer = mlpipe__alloc(in->env, d->stored_room);
    }
    return d->state && (in->memory || d->stored_buffer) ? MLPIPE_OK
                                                        : mlpipe__nomem(ctx);
}

void mlpipe__decoder_free(mlpipe__env *env, mlpipe__decoder *d)
{
    if (!d)
        return;
    if (d->state)
        d->unpacker->free(d->state);
    mlpipe__free(env, d->stored_buffer);
    mlpipe__free(env, d->plain_buffer);
    mlpipe__free(env, d);
}

/* To an offset of the stored bytes. */
static void unpack_stored_seek(const mlpipe__input *in, uint64_t offset)
{
    mlpipe__decoder *d = in->decoder;

    d->stored_offset = offset;
    d->stored = d->stored_end = d->stored_buffer;
    d->stored_eof = false;
    if (!in->memory)
        return;
    d->stored = in->memory + offset;
    d->stored_end = in->memory + in->total;
    d->stored_eof = true;
}

static mlpipe_status unpack_fetch(mlpipe_ctx *ctx, const mlpipe__input *in)
{
    mlpipe__decoder *d = in->decoder;
    size_t got;
    const mlpipe_status st = mlpipe__input_stored(ctx, in, d->stored_offset,
                                                  d->stored_buffer,
                                                  d->stored_room, &got);

    if (st)
        return st;
    d->stored = d->stored_buffer;
    d->stored_end = d->stored_buffer + got;
    d->stored_eof = !got;
    return MLPIPE_OK;
}

/* What is stored is the text. */
static mlpipe_status unpack_none(mlpipe_ctx *ctx, const mlpipe__input *in,
                                 char *out, size_t room, size_t *got)
{
    mlpipe__decoder *d = in->decoder;

    if (!in->memory) {
        const mlpipe_status st = mlpipe__input_stored(
            ctx, in, d->stored_offset, out, room, got);
        d->stored_offset += st ? 0 : *got;
        return st;
    }
    *got = (size_t)(d->stored_end - d->stored);
    if (*got > room)
        *got = room;
    if (*got)
        memcpy(out, d->stored, *got);
    d->stored += *got;
    d->stored_offset += *got;
    return MLPIPE_OK;
}

/* ---- unpacking ---------------------------------------------------------- */

/* A file that was changed meanwhile looks damaged: that is then the news. */
static mlpipe_status unpack_damaged(mlpipe_ctx *ctx, const mlpipe__input *in,
                                    const char *why)
{
    const mlpipe__decoder *d = in->decoder;
    const mlpipe_status st = mlpipe__input_check(ctx, in);

    if (st)
        return st;
    (void)mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                       "%s: what is packed with %s is damaged, as byte %llu "
                       "of %llu shows: %s; fetch or pack the file again",
                       mlpipe__input_name(in), d->unpacker->name,
                       (unsigned long long)d->stored_offset,
                       (unsigned long long)in->total,
                       why ? why : "it does not follow the format");
    return mlpipe__fail_where(ctx, mlpipe__input_name(in));
}

static mlpipe_status unpack_truncated(mlpipe_ctx *ctx,
                                      const mlpipe__input *in)
{
    const mlpipe_status st = mlpipe__input_check(ctx, in);

    if (st)
        return st;
    (void)mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                       "%s: what is packed with %s is cut off: it ends at "
                       "byte %llu, before its end; fetch the file again",
                       mlpipe__input_name(in), in->decoder->unpacker->name,
                       (unsigned long long)in->decoder->stored_offset);
    return mlpipe__fail_where(ctx, mlpipe__input_name(in));
}

static mlpipe_status unpack_limits(mlpipe_ctx *ctx, const mlpipe__input *in)
{
    const mlpipe__decoder *d = in->decoder;
    const mlpipe_limits *limits = &in->env->limits;

    if (d->unpacked > limits->unpacked_bytes)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s unpacks to more bytes than the limit "
                            "unpacked_bytes, %llu; raise it, or unpack the "
                            "file before", mlpipe__input_name(in),
                            (unsigned long long)limits->unpacked_bytes);
    if (d->unpacked > unpack_free
        && d->unpacked / limits->unpacked_ratio > d->stored_offset)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s: its first %llu bytes unpack to %llu, more "
                            "than %llu times as many, the limit "
                            "unpacked_ratio; raise it if the file is to be "
                            "trusted", mlpipe__input_name(in),
                            (unsigned long long)d->stored_offset,
                            (unsigned long long)d->unpacked,
                            (unsigned long long)limits->unpacked_ratio);
    return MLPIPE_OK;
}

/* One step; *out goes on by what it gave. */
static mlpipe_status unpack_step(mlpipe_ctx *ctx, const mlpipe__input *in,
                                 char **out, char *out_end)
{
    mlpipe__decoder *d = in->decoder;
    const char *before = d->stored, *why = NULL;
    const char *const first = *out;
    const enum mlpipe__unpacked found = d->unpacker->step(
        d->state, &d->stored, d->stored_end, out, out_end, &why);
    const size_t took = (size_t)(d->stored - before);
    const size_t gave = (size_t)(*out - first);

    d->stored_offset += took;
    d->unpacked += gave;
    d->quiet = gave ? 0 : d->quiet + took;
    if (found == MLPIPE__UNPACK_NOMEM)
        return mlpipe__nomem(ctx);
    if (found == MLPIPE__UNPACK_DAMAGED)
        return unpack_damaged(ctx, in, why);
    if (found == MLPIPE__UNPACK_WINDOW)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s: its window at byte %llu is above 128 MiB; "
                            "pack it again without --long or --ultra",
                            mlpipe__input_name(in),
                            (unsigned long long)d->stored_offset);
    if (found == MLPIPE__UNPACK_END)
        d->complete = true;
    else if (took || gave)
        d->complete = false;
    else
        return d->stored == d->stored_end ? unpack_truncated(ctx, in)
                                          : unpack_damaged(ctx, in, why);
    if (d->quiet >= UNPACK_QUIET) {
        d->quiet = 0;
        const mlpipe_status st = mlpipe__poll(ctx, "read", d->stored_offset,
                                              in->total);
        if (st)
            return st;
    }
    return unpack_limits(ctx, in);
}

mlpipe_status mlpipe__unpack(mlpipe_ctx *ctx, mlpipe__input *in, char *out,
                             size_t room, size_t *got)
{
    mlpipe__decoder *d = in->decoder;
    char *at = out;

    *got = 0;
    if (!d->unpacker)
        return unpack_none(ctx, in, out, room, got);
    while (at < out + room) {
        mlpipe_status st = MLPIPE_OK;
        if (d->stored == d->stored_end && !d->stored_eof)
            st = unpack_fetch(ctx, in);
        else if (d->stored == d->stored_end && d->complete)
            break;
        else
            st = unpack_step(ctx, in, &at, out + room);
        if (st)
            return st;
    }
    *got = (size_t)(at - out);
    if (!*got)
        in->text_bytes = d->unpacked;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__unpack_seek(mlpipe_ctx *ctx, mlpipe__input *in,
                                  uint64_t offset, char *scratch, size_t room)
{
    mlpipe__decoder *d = in->decoder;

    d->plain = d->plain_end = d->plain_buffer;
    d->plain_offset = offset;
    d->plain_eof = false;
    unpack_stored_seek(in, d->unpacker ? 0 : offset);
    d->unpacked = d->quiet = 0;
    d->complete = false;
    if (d->unpacker)
        d->unpacker->reset(d->state);
    while (d->unpacker && d->unpacked < offset) {
        const uint64_t left = offset - d->unpacked;
        size_t got;
        mlpipe_status st = mlpipe__unpack(ctx, in, scratch,
                                          left < room ? (size_t)left : room,
                                          &got);
        if (!st && !got)
            st = mlpipe__input_changed(ctx, in);
        if (!st && left > room)
            st = mlpipe__poll(ctx, "read", d->stored_offset, in->total);
        if (st)
            return st;
    }
    d->moved = false;
    return MLPIPE_OK;
}
