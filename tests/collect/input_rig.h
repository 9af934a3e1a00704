/* SPDX-License-Identifier: MIT */
/* Texts in every encoding and packing, files that are read in small pieces,
 * and streams. */
#ifndef MLPIPE_TESTS_INPUT_RIG_H
#define MLPIPE_TESTS_INPUT_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/collect_internal.h"

#if defined(MLPIPE_ZLIB)
#include <zlib.h>
#endif
#if defined(MLPIPE_ZSTD)
#include <zstd.h>
#endif

typedef struct rig_bytes {
    unsigned char *data;
    size_t size, room;
} rig_bytes;

static inline void rig_put(rig_bytes *b, const void *bytes, size_t n)
{
    if (b->size + n > b->room) {
        b->room = 2 * (b->size + n) + 64;
        b->data = realloc(b->data, b->room);
        if (!b->data)
            abort();
    }
    if (n)
        memcpy(b->data + b->size, bytes, n);
    b->size += n;
}

static inline void rig_byte(rig_bytes *b, uint32_t byte)
{
    const unsigned char c = (unsigned char)byte;
    rig_put(b, &c, 1);
}

/* ---- encodings ---------------------------------------------------------- */

/* Windows-1252 by its table; 0 where it has no byte for it. */
static inline uint32_t rig_cp1252(uint32_t c)
{
    static const struct {
        uint32_t c, byte;
    } signs[] = {{0x20ac, 0x80}, {0x2026, 0x85}, {0x201c, 0x93},
                 {0x201d, 0x94}, {0x2013, 0x96}, {0x2122, 0x99},
                 {0x153, 0x9c}, {0x178, 0x9f}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].c == c)
            return signs[i].byte;
    return c < 0x80 || (c >= 0xa0 && c < 0x100) ? c : 0;
}

static inline void rig_unit(rig_bytes *b, uint32_t unit, bool big)
{
    rig_byte(b, big ? unit >> 8 : unit & 0xff);
    rig_byte(b, big ? unit & 0xff : unit >> 8);
}

/* One character; false where the encoding has none for it. */
static inline bool rig_character(rig_bytes *b, uint32_t c, uint32_t encoding)
{
    const bool big = encoding == MLPIPE__ENCODING_UTF16BE;
    uint32_t byte = c;

    switch (encoding) {
    case MLPIPE__ENCODING_UTF16LE:
    case MLPIPE__ENCODING_UTF16BE:
        if (c < 0x10000) {
            rig_unit(b, c, big);
            return true;
        }
        rig_unit(b, 0xd800 + ((c - 0x10000) >> 10), big);
        rig_unit(b, 0xdc00 + ((c - 0x10000) & 0x3ff), big);
        return true;
    case MLPIPE__ENCODING_CP1252:
        byte = rig_cp1252(c);
        break;
    default:
        break;
    }
    if (byte > 0xff || (c && !byte))
        return false;
    rig_byte(b, byte);
    return true;
}

/* Valid UTF-8 in another encoding; false where that cannot hold it. */
static inline bool rig_encode(const void *utf8, size_t n, uint32_t encoding,
                              bool mark, rig_bytes *out)
{
    const unsigned char *s = utf8;

    out->size = 0;
    if (encoding <= MLPIPE__ENCODING_UTF8) {
        rig_put(out, "\xef\xbb\xbf", mark ? 3 : 0);
        rig_put(out, s, n);
        return true;
    }
    if (mark && !rig_character(out, 0xfeff, encoding))
        return false;
    for (size_t i = 0; i < n;) {
        const uint32_t more = s[i] < 0x80 ? 0 : s[i] < 0xe0 ? 1
            : s[i] < 0xf0 ? 2 : 3;
        uint32_t c = s[i] & (more ? 0x3fu >> more : 0x7fu);
        for (uint32_t k = 1; k <= more; k++)
            c = c << 6 | (s[i + k] & 0x3f);
        if (!rig_character(out, c, encoding))
            return false;
        i += more + 1;
    }
    return true;
}

static inline const char *rig_encoding(uint32_t encoding)
{
    static const char *const names[] = {"auto", "utf8", "utf16le", "utf16be",
                                        "latin1", "cp1252"};
    return names[encoding];
}

/* ---- packing ------------------------------------------------------------ */

enum { RIG_PLAIN, RIG_GZIP, RIG_GZIP_MEMBERS, RIG_ZSTD, RIG_ZSTD_FRAMES,
       RIG_PACKS };

/* Is it built in? */
static inline bool rig_has(int pack)
{
#if !defined(MLPIPE_ZLIB)
    if (pack == RIG_GZIP || pack == RIG_GZIP_MEMBERS)
        return false;
#endif
#if !defined(MLPIPE_ZSTD)
    if (pack == RIG_ZSTD || pack == RIG_ZSTD_FRAMES)
        return false;
#endif
    return pack < RIG_PACKS;
}

static inline const char *rig_packing(int pack)
{
    return pack == RIG_PLAIN ? "none"
        : pack <= RIG_GZIP_MEMBERS ? "gzip" : "zstd";
}

static inline void rig_gzip(const unsigned char *s, size_t n, rig_bytes *out)
{
#if defined(MLPIPE_ZLIB)
    z_stream z;
    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY))
        abort();
    const size_t room = deflateBound(&z, (uLong)n) + 32;
    unsigned char *packed = malloc(room);
    z.next_in = (Bytef *)(uintptr_t)s;
    z.avail_in = (uInt)n;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    if (!packed || deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    rig_put(out, packed, room - z.avail_out);
    deflateEnd(&z);
    free(packed);
#else
    (void)s, (void)n, (void)out;
#endif
}

static inline void rig_zstd(const unsigned char *s, size_t n, rig_bytes *out)
{
#if defined(MLPIPE_ZSTD)
    ZSTD_CCtx *c = ZSTD_createCCtx();
    const size_t room = ZSTD_compressBound(n);
    unsigned char *packed = malloc(room);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    const size_t size = ZSTD_compress2(c, packed, room, s, n);
    if (!packed || ZSTD_isError(size))
        abort();
    rig_put(out, packed, size);
    ZSTD_freeCCtx(c);
    free(packed);
#else
    (void)s, (void)n, (void)out;
#endif
}

/* In three members or frames, the middle one empty, where it is _MEMBERS; in
 * front of frames one that is skipped. */
static inline void rig_pack(const rig_bytes *text, int pack, rig_bytes *out)
{
    void (*one)(const unsigned char *, size_t, rig_bytes *) =
        pack <= RIG_GZIP_MEMBERS ? rig_gzip : rig_zstd;
    const size_t half = text->size / 2;
    const unsigned char *s = text->data;

    out->size = 0;
    if (pack == RIG_PLAIN) {
        rig_put(out, s, text->size);
        return;
    }
    if (pack == RIG_GZIP || pack == RIG_ZSTD) {
        one(s, text->size, out);
        return;
    }
    if (pack == RIG_ZSTD_FRAMES)
        rig_put(out, "\x53\x2a\x4d\x18\3\0\0\0abc", 11);
    one(s, half, out);
    one(s, 0, out);
    one(s + half, text->size - half, out);
}

/* ---- streams and files in small pieces ---------------------------------- */

typedef struct rig_stream {
    const unsigned char *data;
    size_t size, at, piece; /* piece: the most that a call gives */
    int32_t fail_at;        /* the call that fails; -1: none */
    int32_t result;         /* with what */
    bool too_much;          /* tells more bytes than there was room for */
    int32_t calls;
} rig_stream;

static inline int32_t rig_read(void *user, void *buffer, size_t room,
                               size_t *got)
{
    rig_stream *s = user;
    size_t n = s->size - s->at;

    if (s->calls++ == s->fail_at) {
        *got = s->too_much ? room + 1 : 0;
        return s->too_much ? MLPIPE_IO_OK : s->result;
    }
    n = n < s->piece ? n : s->piece;
    n = n < room ? n : room;
    if (n)
        memcpy(buffer, s->data + s->at, n);
    s->at += n;
    *got = n;
    return MLPIPE_IO_OK;
}

static inline rig_stream rig_stream_of(const rig_bytes *b, size_t piece)
{
    return (rig_stream){.data = b->data, .size = b->size, .piece = piece,
                        .fail_at = -1};
}

/* A table over another whose reads are short, as a host's may be. */
typedef struct rig_short {
    mlpipe_io inner;
    size_t piece;
} rig_short;

static inline int32_t rig_read_at(void *user, void *file, uint64_t offset,
                                  void *buffer, size_t bytes, size_t *got)
{
    const rig_short *s = user;
    return s->inner.read_at(s->inner.user, file, offset, buffer,
                            bytes < s->piece ? bytes : s->piece, got);
}

static inline int32_t rig_open(void *user, const char *path, int32_t mode,
                               void **file)
{
    const rig_short *s = user;
    return s->inner.open(s->inner.user, path, mode, file);
}

static inline int32_t rig_close(void *user, void *file)
{
    const rig_short *s = user;
    return s->inner.close(s->inner.user, file);
}

static inline int32_t rig_stat(void *user, const char *path,
                               mlpipe_io_stat *out)
{
    const rig_short *s = user;
    return s->inner.stat(s->inner.user, path, out);
}

/* Only what reading needs is the inner's; the rest is never called. */
static inline void rig_short_table(rig_short *s, mlpipe_io *out)
{
    *out = s->inner;
    out->user = s;
    out->open = rig_open;
    out->read_at = rig_read_at;
    out->close = rig_close;
    out->stat = rig_stat;
}

static inline bool rig_write(const mlpipe_io *io, const char *path,
                             const rig_bytes *b)
{
    void *file;
    (void)io->remove(io->user, path);
    if (io->open(io->user, path, MLPIPE_IO_CREATE, &file))
        return false;
    return !io->write(io->user, file, b->data, b->size)
        && !io->close(io->user, file);
}

#endif
