/* SPDX-License-Identifier: MIT */
/* Models as files. */
#include "model_internal.h"

mlpipe_status mlpipe_model_save(mlpipe_ctx *ctx, const mlpipe_model *model,
                                const char *path)
{
    mlpipe_buffer *bytes = NULL;
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_model_save");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st)
        st = mlpipe_model_bytes(ctx, model, &bytes);
    if (!st)
        st = mlpipe__file_write(ctx, path, mlpipe_buffer_data(bytes),
                                mlpipe_buffer_size(bytes), true);
    mlpipe_buffer_free(bytes);
    return mlpipe__end(ctx, st);
}

/* What bytes cannot tell of themselves: which file they are. A file that
 * cannot be read is named already. */
static mlpipe_status file_named(mlpipe_ctx *ctx, const char *path,
                                mlpipe_status st)
{
    char text[MLPIPE__ERROR_BYTES];
    const int32_t detail = ctx->error.detail;

    if (st == MLPIPE_E_NOMEM)
        return st;
    memcpy(text, ctx->error_text, sizeof text);
    mlpipe__fail(ctx, st, "%q: %s", path, text);
    mlpipe__fail_detail(ctx, detail);
    return mlpipe__fail_where(ctx, path);
}

mlpipe_status mlpipe__bundle_load_file(mlpipe_ctx *ctx, const char *kind,
                                       const char *path, mlpipe_model **out)
{
    char *data = NULL;
    size_t bytes = 0;
    mlpipe_status st = mlpipe__file_read(
        ctx, path, ctx->env->limits.bundle_bytes, &data, &bytes);
    if (!st) {
        st = mlpipe__bundle_load(ctx, kind, data, bytes, out);
        st = st ? file_named(ctx, path, st) : MLPIPE_OK;
    }
    if (data)
        mlpipe__free(ctx->env, data);
    return st;
}

mlpipe_status mlpipe_model_load(mlpipe_ctx *ctx, const char *path,
                                mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_model_load");
    if (out)
        *out = NULL;
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__bundle_load_file(ctx, MLPIPE__BUNDLE_MODEL, path, out);
    return mlpipe__end(ctx, st);
}
