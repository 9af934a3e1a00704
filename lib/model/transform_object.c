/* SPDX-License-Identifier: MIT */
/* Transforms as objects, from the bytes of a bundle on. */
#include "model_internal.h"

mlpipe_status mlpipe__transform_wrap(mlpipe_ctx *ctx, mlpipe_model *model,
                                     mlpipe_transform **out)
{
    mlpipe_transform *t = mlpipe__alloc(ctx->env, sizeof *t);
    if (!t) {
        mlpipe_model_free(model);
        return mlpipe__nomem(ctx);
    }
    t->model = model;
    *out = t;
    return MLPIPE_OK;
}

void mlpipe_transform_free(mlpipe_transform *transform)
{
    mlpipe_model *m;
    if (!transform)
        return;
    m = transform->model;
    mlpipe__free(m->env, transform);
    mlpipe_model_free(m);
}

/* ---- what it tells of itself -------------------------------------------- */

static const mlpipe_model *transform_model(const mlpipe_transform *t)
{
    return t ? t->model : NULL;
}

uint32_t mlpipe_transform_inputs(const mlpipe_transform *transform)
{
    return mlpipe_model_inputs(transform_model(transform));
}

const char *mlpipe_transform_input(const mlpipe_transform *transform,
                                   uint32_t input)
{
    return mlpipe_model_input(transform_model(transform), input);
}

uint32_t mlpipe_transform_outputs(const mlpipe_transform *transform)
{
    return mlpipe_model_outputs(transform_model(transform));
}

const char *mlpipe_transform_output(const mlpipe_transform *transform,
                                    uint32_t output)
{
    return mlpipe_model_output(transform_model(transform), output);
}

int32_t mlpipe_transform_output_type(const mlpipe_transform *transform,
                                     uint32_t output)
{
    return output < mlpipe_transform_outputs(transform)
               ? transform->model->program->outputs[output].type
               : 0;
}

const char *mlpipe_transform_category(const mlpipe_transform *transform,
                                      uint32_t output, double code)
{
    const mlpipe__dict *d =
        output < mlpipe_transform_outputs(transform)
            ? transform->model->program->outputs[output].dict
            : NULL;
    return d && code >= 0 && code < d->count
               ? mlpipe__dict_text(d, (uint32_t)code)
               : NULL;
}

const char *mlpipe_transform_id(const mlpipe_transform *transform)
{
    return mlpipe_model_id(transform_model(transform));
}

static mlpipe_status transform_load(mlpipe_ctx *ctx, const void *bytes,
                                    size_t size, mlpipe_transform **out)
{
    mlpipe_model *m = NULL;
    const mlpipe_status st =
        mlpipe__bundle_load(ctx, MLPIPE__BUNDLE_TRANSFORM, bytes, size, &m);
    return st ? st : mlpipe__transform_wrap(ctx, m, out);
}

mlpipe_status mlpipe_transform_load_bytes(mlpipe_ctx *ctx, const void *bytes,
                                          size_t size, mlpipe_transform **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_load_bytes");
    if (out)
        *out = NULL;
    if (!st && !bytes)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = transform_load(ctx, bytes, size, out);
    return mlpipe__end(ctx, st);
}
