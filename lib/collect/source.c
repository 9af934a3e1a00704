/* SPDX-License-Identifier: MIT */
/* Sources: rows that come block by block, from whatever kind. */
#include "collect_internal.h"

struct mlpipe_source {
    mlpipe__env *env;
    const mlpipe__source_class *kind;
    void *state;
};

mlpipe_status mlpipe__source_new(mlpipe_ctx *ctx,
                                 const mlpipe__source_class *kind,
                                 void *state, mlpipe_source **out)
{
    mlpipe_source *s = mlpipe__alloc(ctx->env, sizeof *s);

    *out = NULL;
    if (!s) {
        kind->free(state);
        return mlpipe__nomem(ctx);
    }
    s->env = mlpipe__env_keep(ctx->env);
    s->kind = kind;
    s->state = state;
    *out = s;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_source_next(mlpipe_ctx *ctx, mlpipe_source *source,
                                 mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_source_next");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !source)
        st = mlpipe__null_arg(ctx, "source");
    if (!st)
        st = source->kind->next(ctx, source->state, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_source_reading(mlpipe_ctx *ctx,
                                    const mlpipe_source *source,
                                    mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_source_reading");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !source)
        st = mlpipe__null_arg(ctx, "source");
    if (!st)
        st = source->kind->reading(ctx, source->state, out);
    return mlpipe__end(ctx, st);
}

void mlpipe_source_free(mlpipe_source *source)
{
    if (!source)
        return;
    mlpipe__env *env = source->env;
    source->kind->free(source->state);
    mlpipe__free(env, source);
    mlpipe__env_drop(env);
}
