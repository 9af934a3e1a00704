/* SPDX-License-Identifier: MIT */
/* zstd frames; the only user of that library. */
#include "input_internal.h"

#if defined(MLPIPE_ZSTD)
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_createDCtx_advanced */
#include <zstd.h>
#include <zstd_errors.h>

/* Of the head of a frame, with which every frame begins. */
enum { ZSTD_FIRST = 5 };

typedef struct zstd_state {
    mlpipe__env *env;
    ZSTD_DCtx *context;
    size_t wanted; /* bytes of what comes next: a head, a block */
} zstd_state;

static void *zstd_alloc(void *env, size_t size)
{
    return mlpipe__alloc(env, size);
}

static void zstd_release(void *env, void *ptr)
{
    mlpipe__free(env, ptr);
}

static void *zstd_open(mlpipe__env *env)
{
    const ZSTD_customMem memory = {zstd_alloc, zstd_release, env};
    zstd_state *s = mlpipe__alloc(env, sizeof *s);

    if (!s)
        return NULL;
    s->env = env;
    s->wanted = ZSTD_FIRST;
    s->context = ZSTD_createDCtx_advanced(memory);
    if (s->context)
        return s;
    mlpipe__free(env, s);
    return NULL;
}

static void zstd_reset(void *state)
{
    zstd_state *s = state;

    /* Cannot fail for a session. */
    (void)ZSTD_DCtx_reset(s->context, ZSTD_reset_session_only);
    s->wanted = ZSTD_FIRST;
}

/* What fails takes nothing, so that a block at a time tells where it is. */
static enum mlpipe__unpacked zstd_step(void *state, const char **at,
                                       const char *end, char **out,
                                       char *out_end, const char **why)
{
    zstd_state *s = state;
    const size_t there = (size_t)(end - *at);
    ZSTD_inBuffer from = {*at, there < s->wanted ? there : s->wanted, 0};
    ZSTD_outBuffer to = {*out, (size_t)(out_end - *out), 0};
    const size_t result = ZSTD_decompressStream(s->context, &to, &from);

    *at += from.pos;
    *out += to.pos;
    s->wanted = ZSTD_FIRST;
    if (!result)
        return MLPIPE__UNPACK_END;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_no_error:
        s->wanted = result;
        return MLPIPE__UNPACK_OK;
    case ZSTD_error_memory_allocation:
        return MLPIPE__UNPACK_NOMEM;
    case ZSTD_error_frameParameter_windowTooLarge:
        return MLPIPE__UNPACK_WINDOW;
    default:
        *why = ZSTD_getErrorName(result);
        return MLPIPE__UNPACK_DAMAGED;
    }
}

static void zstd_free(void *state)
{
    zstd_state *s = state;

    (void)ZSTD_freeDCtx(s->context);
    mlpipe__free(s->env, s);
}

const mlpipe__unpacker mlpipe__unpack_zstd = {
    .name = "zstd",
    .library = "zstd",
    .tool = "unzstd",
    .open = zstd_open,
    .reset = zstd_reset,
    .step = zstd_step,
    .free = zstd_free,
};
#else
const mlpipe__unpacker mlpipe__unpack_zstd = {
    .name = "zstd",
    .library = "zstd",
    .tool = "unzstd",
};
#endif
