/* SPDX-License-Identifier: MIT */
/*
 * Status codes by name, and the last error of a context. The text lives in
 * the context, so that telling of an error never needs memory.
 */
#include "base/base_internal.h"

static const char *const error_names[] = {
    "MLPIPE_OK",           "MLPIPE_E_NOMEM",     "MLPIPE_E_ARG",
    "MLPIPE_E_PARAM",      "MLPIPE_E_IO",        "MLPIPE_E_FORMAT",
    "MLPIPE_E_CORRUPT",    "MLPIPE_E_VERSION",   "MLPIPE_E_LIMIT",
    "MLPIPE_E_SCHEMA",     "MLPIPE_E_STATE",     "MLPIPE_E_BUSY",
    "MLPIPE_E_CANCELLED",  "MLPIPE_E_HOST",      "MLPIPE_E_NOT_FOUND",
    "MLPIPE_E_CONFLICT",   "MLPIPE_E_EMPTY",     "MLPIPE_E_NUMERIC",
    "MLPIPE_E_LEAK",       "MLPIPE_E_UNSUPPORTED", "MLPIPE_E_INTERNAL",
    "MLPIPE_E_AMBIGUOUS",
};

static const char error_nomem_text[] =
    "out of memory: free something, raise memory_cap, or work on less data";

/* Of no context; why there is none is in the status of mlpipe_ctx_new. */
static const mlpipe_error error_no_context = {
    MLPIPE_E_ARG, 0, -1, "", "",
    "there is no context; where mlpipe_ctx_new failed, its status says why: "
    "MLPIPE_E_NOMEM is out of memory, MLPIPE_E_ARG that its options are wrong "
    "(a size that is none, more than 1024 threads, an io table with a "
    "function missing, no alloc in libmlpipe-serve)",
};

const char *mlpipe_status_name(mlpipe_status status)
{
    const int64_t index = -(int64_t)status;
    if (index < 0 ||
        index >= (int64_t)(sizeof error_names / sizeof *error_names))
        return "MLPIPE_E_UNKNOWN";
    return error_names[index];
}

const mlpipe_error *mlpipe_ctx_error(const mlpipe_ctx *ctx)
{
    return ctx ? &ctx->error : &error_no_context;
}

/* Copy a name, cut at the room there is and never inside a character. */
static void error_copy(char *out, size_t room, const char *text)
{
    mlpipe__format(out, room, "%s", text ? text : "");
}

void mlpipe__error_clear(mlpipe_ctx *ctx, const char *where)
{
    error_copy(ctx->error_where, sizeof ctx->error_where, where);
    ctx->error_text[0] = 0;
    ctx->error_column[0] = 0;
    ctx->error.status = MLPIPE_OK;
    ctx->error.detail = 0;
    ctx->error.row = -1;
    ctx->error.column = ctx->error_column;
    ctx->error.where = ctx->error_where;
    ctx->error.text = ctx->error_text;
}

static mlpipe_status error_reset(mlpipe_ctx *ctx, mlpipe_status status)
{
    ctx->error.status = status;
    ctx->error.detail = 0;
    ctx->error.row = -1;
    ctx->error_column[0] = 0;
    return status;
}

mlpipe_status mlpipe__fail(mlpipe_ctx *ctx, mlpipe_status status,
                           const char *format, ...)
{
    va_list args;
    if (!ctx)
        return status;
    va_start(args, format);
    mlpipe__vformat(ctx->error_text, sizeof ctx->error_text, format, args);
    va_end(args);
    return error_reset(ctx, status);
}

mlpipe_status mlpipe__fail_at(mlpipe_ctx *ctx, int64_t row,
                              const char *column)
{
    if (!ctx)
        return MLPIPE_E_ARG;
    ctx->error.row = row;
    error_copy(ctx->error_column, sizeof ctx->error_column, column);
    return ctx->error.status;
}

mlpipe_status mlpipe__fail_where(mlpipe_ctx *ctx, const char *where)
{
    if (!ctx)
        return MLPIPE_E_ARG;
    error_copy(ctx->error_where, sizeof ctx->error_where, where);
    return ctx->error.status;
}

mlpipe_status mlpipe__fail_detail(mlpipe_ctx *ctx, int32_t detail)
{
    if (!ctx)
        return MLPIPE_E_ARG;
    ctx->error.detail = detail;
    return ctx->error.status;
}

mlpipe_status mlpipe__nomem(mlpipe_ctx *ctx)
{
    if (ctx) {
        memcpy(ctx->error_text, error_nomem_text, sizeof error_nomem_text);
        error_reset(ctx, MLPIPE_E_NOMEM);
    }
    return MLPIPE_E_NOMEM;
}

mlpipe_status mlpipe__null_arg(mlpipe_ctx *ctx, const char *name)
{
    return mlpipe__fail(ctx, MLPIPE_E_ARG,
                        "the argument %s is NULL; pass a valid pointer",
                        name);
}
