/* SPDX-License-Identifier: MIT */
/* Transforms as files; the bundle is that of models. */
#include "model_internal.h"

mlpipe_status mlpipe_transform_recipe(mlpipe_ctx *ctx,
                                      const mlpipe_transform *transform,
                                      mlpipe_pipeline **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_recipe");
    if (out)
        *out = NULL;
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st)
        st = mlpipe_model_recipe(ctx, transform->model, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_bytes(mlpipe_ctx *ctx,
                                     const mlpipe_transform *transform,
                                     mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_bytes");
    if (out)
        *out = NULL;
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st)
        st = mlpipe_model_bytes(ctx, transform->model, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_save(mlpipe_ctx *ctx,
                                    const mlpipe_transform *transform,
                                    const char *path)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_transform_save");
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st)
        st = mlpipe_model_save(ctx, transform->model, path);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_load(mlpipe_ctx *ctx, const char *path,
                                    mlpipe_transform **out)
{
    mlpipe_model *m = NULL;
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_transform_load");
    if (out)
        *out = NULL;
    if (!st && !path)
        st = mlpipe__null_arg(ctx, "path");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__bundle_load_file(ctx, MLPIPE__BUNDLE_TRANSFORM, path,
                                      &m);
    if (!st)
        st = mlpipe__transform_wrap(ctx, m, out);
    return mlpipe__end(ctx, st);
}
