/* SPDX-License-Identifier: MIT */
/* gzip through zlib; the only user of it. */
#include "input_internal.h"

#if defined(MLPIPE_ZLIB)
#define ZLIB_CONST
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 /* the largest; a gzip head, no zlib head */ };

typedef struct gzip_state {
    mlpipe__env *env;
    z_stream z;     /* points to itself, so that it must stay where it is */
    bool ended;     /* the next byte is that of another member */
} gzip_state;

static voidpf gzip_alloc(voidpf env, uInt items, uInt size)
{
    return mlpipe__alloc_array(env, items, size);
}

static void gzip_release(voidpf env, voidpf ptr)
{
    mlpipe__free(env, ptr);
}

static void *gzip_open(mlpipe__env *env)
{
    gzip_state *s = mlpipe__alloc(env, sizeof *s);

    if (!s)
        return NULL;
    s->env = env;
    s->z.zalloc = gzip_alloc;
    s->z.zfree = gzip_release;
    s->z.opaque = env;
    if (inflateInit2(&s->z, GZIP_WINDOW) == Z_OK)
        return s;
    mlpipe__free(env, s);
    return NULL;
}

static void gzip_reset(void *state)
{
    gzip_state *s = state;

    (void)inflateReset(&s->z); /* fails for a state that is none */
    s->ended = false;
}

static uInt gzip_size(size_t n)
{
    return n < UINT32_MAX ? (uInt)n : UINT32_MAX;
}

static enum mlpipe__unpacked gzip_step(void *state, const char **at,
                                       const char *end, char **out,
                                       char *out_end, const char **why)
{
    gzip_state *s = state;

    if (s->ended)
        gzip_reset(s);
    s->z.next_in = (const Bytef *)*at;
    s->z.avail_in = gzip_size((size_t)(end - *at));
    s->z.next_out = (Bytef *)*out;
    s->z.avail_out = gzip_size((size_t)(out_end - *out));
    const int result = inflate(&s->z, Z_NO_FLUSH);
    *at = (const char *)s->z.next_in;
    *out = (char *)s->z.next_out;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return MLPIPE__UNPACK_OK;
    if (result == Z_MEM_ERROR)
        return MLPIPE__UNPACK_NOMEM;
    s->ended = result == Z_STREAM_END;
    *why = s->z.msg;
    return s->ended ? MLPIPE__UNPACK_END : MLPIPE__UNPACK_DAMAGED;
}

static void gzip_free(void *state)
{
    gzip_state *s = state;

    (void)inflateEnd(&s->z);
    mlpipe__free(s->env, s);
}

const mlpipe__unpacker mlpipe__unpack_gzip = {
    .name = "gzip",
    .library = "zlib",
    .tool = "gunzip",
    .open = gzip_open,
    .reset = gzip_reset,
    .step = gzip_step,
    .free = gzip_free,
};
#else
const mlpipe__unpacker mlpipe__unpack_gzip = {
    .name = "gzip",
    .library = "zlib",
    .tool = "gunzip",
};
#endif
