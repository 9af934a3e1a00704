/* SPDX-License-Identifier: MIT */
/* How a dataset's columns feed the inputs of a program, by name. */
#include "model_internal.h"

static mlpipe_status bind_wrong_type(mlpipe_ctx *ctx,
                                     const mlpipe__program_input *in,
                                     const mlpipe__column *c)
{
    mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                 "the column %q is %s%s here and was %s%s when the model was "
                 "fitted; read it with that type",
                 in->name, mlpipe__type_name(c->type),
                 mlpipe__unit_name(c->unit), mlpipe__type_name(in->type),
                 mlpipe__unit_name(in->unit));
    return mlpipe__fail_at(ctx, -1, in->name);
}

/* Codes of the dataset in those of the program. */
static mlpipe_status bind_dictionary(mlpipe_ctx *ctx,
                                     const mlpipe__program_input *in,
                                     const mlpipe__column *c, int32_t **out)
{
    const mlpipe__dict *from = &c->dictionary->dict;
    int32_t *codes = mlpipe__alloc_array(ctx->env, from->count,
                                         sizeof *codes);
    uint32_t i;
    if (!codes)
        return mlpipe__nomem(ctx);
    for (i = 0; i < from->count; i++) {
        const uint32_t code = mlpipe__dict_find(
            in->dict, mlpipe__dict_text(from, i), mlpipe__dict_bytes(from, i));
        codes[i] = code == UINT32_MAX ? -1 : (int32_t)code;
    }
    *out = codes;
    return MLPIPE_OK;
}

static mlpipe_status bind_input(mlpipe_ctx *ctx,
                                const mlpipe__program_input *in,
                                const mlpipe_dataset *d, int32_t *column,
                                int32_t **codes)
{
    uint32_t at;
    const mlpipe__column *c;
    const mlpipe_status st = mlpipe__dataset_column(ctx, d, in->name, &at);
    bool texts;
    if (st)
        return st;
    c = d->columns[at];
    if (c->nulls == c->rows) { /* no value tells its type: all null */
        *column = -1;
        return MLPIPE_OK;
    }
    *column = (int32_t)at;
    texts = c->type == MLPIPE_TYPE_TEXT || c->type == MLPIPE_TYPE_CATEGORY;
    if (in->kind == MLPIPE__CODE) {
        if (!texts)
            return bind_wrong_type(ctx, in, c);
        if (c->type != MLPIPE_TYPE_CATEGORY)
            return MLPIPE_OK;
        return bind_dictionary(ctx, in, c, codes);
    }
    if (texts ||
        (c->type == MLPIPE_TYPE_TIMESTAMP) !=
            (in->type == MLPIPE_TYPE_TIMESTAMP) ||
        c->unit != in->unit)
        return bind_wrong_type(ctx, in, c);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__bind_dataset(mlpipe_ctx *ctx, const mlpipe__program *p,
                                   const mlpipe_dataset *d,
                                   mlpipe__binding *out)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->env = mlpipe__env_keep(ctx->env);
    out->count = p->input_count;
    out->column = mlpipe__alloc_array(ctx->env, out->count,
                                      sizeof *out->column);
    out->codes = mlpipe__alloc_array(ctx->env, out->count,
                                     sizeof *out->codes);
    if (!out->column || !out->codes)
        st = mlpipe__nomem(ctx);
    for (i = 0; !st && i < out->count; i++)
        st = bind_input(ctx, &p->inputs[i], d, &out->column[i],
                        &out->codes[i]);
    if (st)
        mlpipe__binding_free(out);
    return st;
}

static void bind_load_text(const mlpipe__program_input *in,
                           const mlpipe_dataset *d, uint32_t column,
                           int64_t start, uint32_t n, double *lane)
{
    uint32_t i;
    for (i = 0; i < n; i++) {
        size_t bytes;
        const char *text =
            mlpipe__dataset_cell_text(d, column, start + i, &bytes);
        const uint32_t code =
            text ? mlpipe__dict_find(in->dict, text, bytes) : UINT32_MAX;
        lane[i] = !text               ? mlpipe__nan()
                  : code == UINT32_MAX ? -1.0
                                       : (double)code;
    }
}

static void bind_fill(double *lane, uint32_t n, double x)
{
    uint32_t i;
    for (i = 0; i < n; i++)
        lane[i] = x;
}

void mlpipe__binding_load(const mlpipe__binding *b, const mlpipe__program *p,
                          const mlpipe_dataset *d, int64_t start, uint32_t n,
                          void *scratch, uint32_t width)
{
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t i, k;
    for (k = 0; k < b->count; k++) {
        double *lane = mlpipe__program_lane(p, scratch, width, k);
        const int32_t *codes = b->codes[k];
        if (b->column[k] < 0) {
            bind_fill(lane, n, mlpipe__nan());
            continue;
        }
        if (p->inputs[k].kind == MLPIPE__CODE && !codes) {
            bind_load_text(&p->inputs[k], d, (uint32_t)b->column[k], start, n,
                           lane);
            continue;
        }
        mlpipe__dataset_block(d, (uint32_t)b->column[k], start, n, lane,
                              valid);
        for (i = 0; i < n; i++) {
            if (!valid[i])
                lane[i] = mlpipe__nan();
            else if (codes)
                lane[i] = codes[(uint32_t)lane[i]];
        }
    }
}

void mlpipe__binding_free(mlpipe__binding *b)
{
    uint32_t i;
    if (!b->env)
        return;
    for (i = 0; b->codes && i < b->count; i++)
        mlpipe__free(b->env, b->codes[i]);
    mlpipe__free(b->env, b->codes);
    mlpipe__free(b->env, b->column);
    mlpipe__env_drop(b->env);
    memset(b, 0, sizeof *b);
}
