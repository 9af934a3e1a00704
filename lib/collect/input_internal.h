/* SPDX-License-Identifier: MIT */
/*
 * What lies between stored bytes and the window of an input: unpacking
 * (input_unpack.c, over input_gzip.c and input_zstd.c), then transcoding
 * (input_text.c).
 */
#ifndef MLPIPE_INPUT_INTERNAL_H
#define MLPIPE_INPUT_INTERNAL_H

#include "collect_internal.h"

/* What one step of an unpacker ended in. */
enum mlpipe__unpacked {
    MLPIPE__UNPACK_OK,      /* took what it could and gave what it could */
    MLPIPE__UNPACK_END,     /* a member or frame is complete */
    MLPIPE__UNPACK_DAMAGED, /* why says how */
    MLPIPE__UNPACK_WINDOW,  /* needs more memory than is allowed */
    MLPIPE__UNPACK_NOMEM
};

/* A kind of compression; one such table each. */
typedef struct mlpipe__unpacker {
    const char *name;    /* "gzip" */
    const char *library; /* "zlib", the meson feature */
    const char *tool;    /* what unpacks it elsewhere: "gunzip" */
    /* The functions are NULL where it is not built in. NULL = no memory. */
    void *(*open)(mlpipe__env *env);
    /* To the state of a new one. */
    void (*reset)(void *state);
    /* Takes from *at up to end, gives to *out up to out_end. After END it goes
     * on with the next member. */
    enum mlpipe__unpacked (*step)(void *state, const char **at,
                                  const char *end, char **out, char *out_end,
                                  const char **why);
    void (*free)(void *state);
} mlpipe__unpacker;

extern const mlpipe__unpacker mlpipe__unpack_gzip;
extern const mlpipe__unpacker mlpipe__unpack_zstd;

struct mlpipe__decoder {
    /* Stored bytes: a block of the file, or the memory as it is. */
    char *stored_buffer;
    size_t stored_room;
    const char *stored, *stored_end;
    uint64_t stored_offset;        /* of `stored` in the whole */
    bool stored_eof;               /* nothing comes behind stored_end */
    /* Unpacked bytes. */
    const mlpipe__unpacker *unpacker; /* NULL: stored as they are */
    void *state;
    uint64_t unpacked;             /* bytes given since the start */
    uint64_t quiet;                /* bytes that gave none since */
    bool complete;                 /* the last member is */
    /* Bytes that wait to be transcoded; not used for UTF-8. */
    char *plain_buffer;
    size_t plain_room;
    const char *plain, *plain_end;
    uint64_t plain_offset;         /* of `plain` in the text */
    bool plain_eof;
    /* The next read starts at `target`: somebody went there, or the last one
     * failed. */
    bool moved;
    uint64_t target;
};

/* Stored bytes at an offset (input.c). */
mlpipe_status mlpipe__input_stored(mlpipe_ctx *ctx, const mlpipe__input *in,
                                   uint64_t offset, void *buffer, size_t room,
                                   size_t *got);
/* What the first bytes tell: an unpacker, or an error for formats that are
 * known and not read; *out NULL = a text, as far as one can see. */
mlpipe_status mlpipe__unpack_find(mlpipe_ctx *ctx, const mlpipe__input *in,
                                  const mlpipe__unpacker **out);
/* Unpacked bytes of the text, as many as fit; 0 at its end. */
mlpipe_status mlpipe__unpack(mlpipe_ctx *ctx, mlpipe__input *in, char *out,
                             size_t room, size_t *got);
/* Goes to an offset of the unpacked text; scratch is written over. */
mlpipe_status mlpipe__unpack_seek(mlpipe_ctx *ctx, mlpipe__input *in,
                                  uint64_t offset, char *scratch,
                                  size_t room);
/* The encoding of a text by its first bytes, and how long its mark is; E_FORMAT
 * where the mark contradicts what was asked for. */
mlpipe_status mlpipe__text_encoding(mlpipe_ctx *ctx, const mlpipe__input *in,
                                    uint32_t asked, uint32_t *encoding,
                                    size_t *mark);
/* The text as UTF-8: fills room but for less than a character; 0 at its end. */
mlpipe_status mlpipe__transcode(mlpipe_ctx *ctx, mlpipe__input *in, char *out,
                                size_t room, size_t *got);

/* unpacker NULL: stored as it is. */
mlpipe_status mlpipe__decoder_new(mlpipe_ctx *ctx, mlpipe__input *in,
                                  const mlpipe__unpacker *unpacker);
void mlpipe__decoder_free(mlpipe__env *env, mlpipe__decoder *d);

#endif
