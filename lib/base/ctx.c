/* SPDX-License-Identifier: MIT */
/*
 * Contexts: what the host supplied, checked and completed; the frame around
 * every public call; polls and log lines.
 */
#include "base/base_internal.h"

enum { CTX_THREADS_MAX = 1024, CTX_LOG_BYTES = 1024 };

/* The struct sizes of the first version: anything smaller is a mistake. */
enum {
    CTX_OPTIONS_FIRST = sizeof(mlpipe_ctx_options),
    CTX_IO_FIRST = offsetof(mlpipe_io, reserve),
    CTX_LIMITS_FIRST = offsetof(mlpipe_limits, unpacked_bytes)
};

#define CTX_MIB (UINT64_C(1) << 20)

static const mlpipe_limits ctx_limits = {
    .size = sizeof(mlpipe_limits),
    .csv_line_bytes = 64 * CTX_MIB,
    .csv_field_bytes = 16 * CTX_MIB,
    .csv_columns = 100000,
    .csv_rows = UINT64_C(1) << 40,
    .cell_bytes = CTX_MIB,
    .categories = 4 * CTX_MIB,
    .json_bytes = 16 * CTX_MIB,
    .json_depth = 64,
    .json_nodes = CTX_MIB,
    .json_key_bytes = 4096,
    .expression_bytes = 65536,
    .expression_depth = 200,
    .bundle_bytes = 4096 * CTX_MIB,
    .bundle_sections = 64,
    .trees = CTX_MIB,
    .tree_nodes = 4 * CTX_MIB,
    .features = CTX_MIB,
    .classes = 65536,
    .unpacked_bytes = CTX_MIB * CTX_MIB,
    .unpacked_ratio = 1000,
    .stream_bytes = 4096 * CTX_MIB,
};

/*
 * Copy a struct that may be older or newer than ours. Its first member is
 * its size; 0 means ours. A newer one is accepted where what we do not know
 * is zero, because then it asks for nothing that we would leave out.
 */
bool mlpipe__struct_copy(void *out, size_t ours, size_t first,
                         const void *from)
{
    size_t size, i;
    memcpy(&size, from, sizeof size);
    if (!size)
        size = ours;
    if (size < first)
        return false;
    for (i = ours; i < size; i++)
        if (((const char *)from)[i])
            return false;
    memset(out, 0, ours);
    memcpy(out, from, size < ours ? size : ours);
    return true;
}

/* Zero means the default, field by field; all fields behind size are u64. */
static bool ctx_fill_limits(mlpipe_limits *out, const mlpipe_limits *from)
{
    uint64_t asked[sizeof *out / 8], given[sizeof *out / 8];
    size_t i;
    *out = ctx_limits;
    if (!from)
        return true;
    if (!mlpipe__struct_copy(asked, sizeof *out, CTX_LIMITS_FIRST, from))
        return false;
    memcpy(given, out, sizeof given);
    for (i = 1; i < sizeof given / 8; i++)
        if (asked[i])
            given[i] = asked[i];
    memcpy(out, given, sizeof given);
    out->size = sizeof *out;
    return true;
}

static bool ctx_fill_io(mlpipe_io *out, const mlpipe_io *from)
{
    if (!from) {
        memset(out, 0, sizeof *out);
        if (!mlpipe__os_io(out))
            out->open = NULL;
        return true;
    }
    if (!mlpipe__struct_copy(out, sizeof *out, CTX_IO_FIRST, from))
        return false;
    out->size = sizeof *out;
    if (!out->open)
        return true; /* a host that wants no files */
    return out->read_at && out->write && out->truncate && out->sync &&
           out->close && out->stat && out->rename && out->remove &&
           out->make_dir && out->sync_dir && out->list && out->lock &&
           out->unlock;
}

static mlpipe_status ctx_fill_env(mlpipe__env *env,
                                  const mlpipe_ctx_options *o)
{
    memset(env, 0, sizeof *env);
    env->cap = o->memory_cap;
    env->user = o->user;
    env->alloc = o->alloc;
    if (!env->alloc) {
        if (!mlpipe__os_has_alloc())
            return MLPIPE_E_ARG;
        env->alloc = mlpipe__os_alloc;
    }
    env->clock_ns = o->clock_ns ? o->clock_ns : mlpipe__os_clock_ns;
    env->entropy = o->entropy;
    env->pid = mlpipe__os_pid();
    if (!ctx_fill_io(&env->io, o->io) ||
        !ctx_fill_limits(&env->limits, o->limits))
        return MLPIPE_E_ARG;
    return MLPIPE_OK;
}

static void ctx_fill(mlpipe_ctx *ctx, mlpipe__env *env,
                     const mlpipe_ctx_options *o)
{
    ctx->env = env;
    ctx->seed = o->seed;
    ctx->threads = o->threads ? o->threads : 1;
    ctx->log_level = o->log_level;
    ctx->user = o->user;
    ctx->parallel = o->parallel;
    ctx->log = o->log;
    ctx->progress = o->progress;
    atomic_init(&ctx->cancel, 0);
    mlpipe__error_clear(ctx, "");
}

mlpipe_status mlpipe_ctx_new(const mlpipe_ctx_options *options,
                             mlpipe_ctx **out)
{
    mlpipe_ctx_options o = {0};
    mlpipe__env initial, *env;
    mlpipe_ctx *ctx;
    mlpipe_status st;
    if (!out)
        return MLPIPE_E_ARG;
    *out = NULL;
    if (options &&
        !mlpipe__struct_copy(&o, sizeof o, CTX_OPTIONS_FIRST, options))
        return MLPIPE_E_ARG;
    if (o.threads > CTX_THREADS_MAX)
        return MLPIPE_E_ARG;
    st = ctx_fill_env(&initial, &o);
    if (st)
        return st;
    env = mlpipe__env_new(&initial);
    if (!env)
        return MLPIPE_E_NOMEM;
    ctx = mlpipe__alloc(env, sizeof *ctx);
    if (!ctx) {
        mlpipe__env_drop(env);
        return MLPIPE_E_NOMEM;
    }
    ctx_fill(ctx, env, &o);
    if (ctx->threads > 1 && !ctx->parallel && mlpipe__os_has_threads()) {
        ctx->pool = mlpipe__os_pool_new(env, ctx->threads);
        if (!ctx->pool) {
            mlpipe_ctx_free(ctx);
            return MLPIPE_E_NOMEM;
        }
    }
    *out = ctx;
    return MLPIPE_OK;
}

void mlpipe_ctx_free(mlpipe_ctx *ctx)
{
    mlpipe__env *env;
    if (!ctx)
        return;
    env = ctx->env;
    if (ctx->pool)
        mlpipe__os_pool_free(ctx->pool);
    mlpipe__free(env, ctx);
    mlpipe__env_drop(env);
}

void mlpipe_ctx_cancel(mlpipe_ctx *ctx)
{
    if (ctx)
        atomic_store_explicit(&ctx->cancel, 1, memory_order_relaxed);
}

void mlpipe_ctx_memory(const mlpipe_ctx *ctx, uint64_t *live, uint64_t *peak)
{
    if (live)
        *live = ctx ? atomic_load_explicit(&ctx->env->live,
                                           memory_order_relaxed)
                    : 0;
    if (peak)
        *peak = ctx ? atomic_load_explicit(&ctx->env->peak,
                                           memory_order_relaxed)
                    : 0;
}

mlpipe_status mlpipe__begin(mlpipe_ctx *ctx, const char *where)
{
    if (!ctx)
        return MLPIPE_E_ARG;
    if (!ctx->depth++) {
        mlpipe__error_clear(ctx, where);
        ctx->fp_saved = mlpipe__fp_enter();
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__begin_here(mlpipe_ctx *ctx, const char *where)
{
    const mlpipe_status st = mlpipe__begin(ctx, where);
    return st ? st : mlpipe__check_process(ctx);
}

mlpipe_status mlpipe__check_process(mlpipe_ctx *ctx)
{
    const int64_t here = mlpipe__os_pid();
    if (here == ctx->env->pid)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_STATE,
                        "this context was made in process %lld and this is "
                        "process %lld; make a new context after fork",
                        (long long)ctx->env->pid, (long long)here);
}

mlpipe_status mlpipe__end(mlpipe_ctx *ctx, mlpipe_status status)
{
    if (!ctx || !ctx->depth)
        return status;
    if (--ctx->depth)
        return status;
    mlpipe__fp_leave(ctx->fp_saved);
    if (!status) {
        /* What failed on the way was dealt with: it is no error now. */
        if (ctx->error.status)
            mlpipe__error_clear(ctx, ctx->error_where);
    } else if (!ctx->error.status) {
        mlpipe__fail(ctx, status, "%s without a reason; please report this",
                     mlpipe_status_name(status));
    } else {
        ctx->error.status = status;
    }
    if (status && status != MLPIPE_E_BUSY && status != MLPIPE_E_CANCELLED &&
        ctx->log && ctx->log_level >= MLPIPE_LOG_ERROR)
        ctx->log(ctx->user, MLPIPE_LOG_ERROR, ctx->error_where,
                 ctx->error_text);
    return status;
}

mlpipe_status mlpipe__poll(mlpipe_ctx *ctx, const char *stage, uint64_t done,
                           uint64_t total)
{
    if (atomic_load_explicit(&ctx->cancel, memory_order_relaxed)) {
        atomic_store_explicit(&ctx->cancel, 0, memory_order_relaxed);
        return mlpipe__fail(ctx, MLPIPE_E_CANCELLED,
                            "cancelled by mlpipe_ctx_cancel in %s, after "
                            "%llu of %llu",
                            stage, (unsigned long long)done,
                            (unsigned long long)total);
    }
    if (ctx->progress &&
        ctx->progress(ctx->user, stage,
                      total ? (double)done / (double)total : 0.0))
        return mlpipe__fail(ctx, MLPIPE_E_CANCELLED,
                            "the progress callback asked to stop in %s, "
                            "after %llu of %llu",
                            stage, (unsigned long long)done,
                            (unsigned long long)total);
    return MLPIPE_OK;
}

void mlpipe__log_line(mlpipe_ctx *ctx, uint32_t level, const char *component,
                      const char *format, ...)
{
    char text[CTX_LOG_BYTES];
    va_list args;
    if (!ctx || !ctx->log || level > ctx->log_level)
        return;
    va_start(args, format);
    mlpipe__vformat(text, sizeof text, format, args);
    va_end(args);
    ctx->log(ctx->user, level, component, text);
}

mlpipe_status mlpipe__most_rows(mlpipe_ctx *ctx, const char *who,
                                uint64_t rows, uint64_t most)
{
    if (rows <= most)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                        "%s: %llu rows; the most is %llu; take a sample of "
                        "them", who, (unsigned long long)rows,
                        (unsigned long long)most);
}
