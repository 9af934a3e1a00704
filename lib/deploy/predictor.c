/* SPDX-License-Identifier: MIT */
/* A model bound to a layout: rows in, numbers out, in the caller's scratch. */
#include "deploy_internal.h"

/* A field that is named as the model's time column tells as_of, in the unit
 * that the column had in training. */
static void predictor_time_field(mlpipe_predictor *p)
{
    const mlpipe_model *m = p->model;
    const int32_t at = m->time_column[0]
                           ? mlpipe__layout_find(p->layout, m->time_column)
                           : -1;

    if (at < 0 || !p->layout->fields[at].kind ||
        p->layout->fields[at].kind == MLPIPE_TOKEN)
        return;
    p->time_field = &p->layout->fields[at];
}

static inline double predictor_time(const mlpipe_predictor *p,
                                    const void *row)
{
    return p->time_field ? mlpipe__field_time(p->time_field, row,
                                              p->model->time_unit)
                         : mlpipe__nan();
}

mlpipe_status mlpipe__predictor_make(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const mlpipe_layout *layout,
                                     const mlpipe_model *first,
                                     mlpipe_predictor **out)
{
    const mlpipe__program *program = model->program;
    mlpipe_predictor *p = mlpipe__alloc(ctx->env, sizeof *p);
    mlpipe_status st;

    if (!p)
        return mlpipe__nomem(ctx);
    p->env = mlpipe__env_keep(ctx->env);
    p->model = mlpipe__model_keep(model);
    p->layout = layout ? mlpipe__layout_keep(layout) : NULL;
    p->outputs = program->output_count;
    p->counts_faults = mlpipe__program_may_fault(program);
    p->row_scratch = mlpipe__program_scratch(program, 1);
    p->scratch = mlpipe__program_scratch(program, MLPIPE__BLOCK_ROWS);
    if (p->scratch < p->row_scratch)
        p->scratch = p->row_scratch;
    st = mlpipe__record_bind(ctx, p->env, program, p->layout,
                             first ? first->program : program, &p->binding);
    if (st) {
        mlpipe_predictor_free(p);
        return st;
    }
    if (p->binding.time && layout)
        predictor_time_field(p);
    *out = p;
    return MLPIPE_OK;
}

/* A row alone has no time: then the recipe must have told one. */
static mlpipe_status predictor_check_time(mlpipe_ctx *ctx,
                                          const mlpipe_predictor *p)
{
    const char *column = p->model->time_column;
    const mlpipe__feed *time = p->binding.time;

    if (p->time_field || !time || time->fixed == time->fixed)
        return MLPIPE_OK;
    /* A fit without as_of= has asked for the column. */
    return mlpipe__fail(ctx, MLPIPE_E_STATE,
                        "the recipe reads as_of, the time of a row; give "
                        "the layout a field %q, predict by a worker, "
                        "which is told the time, or fit with "
                        "as_of=2026-01-31",
                        column);
}

static mlpipe_status predictor_new_checked(mlpipe_ctx *ctx,
                                           const mlpipe_model *model,
                                           const mlpipe_layout *layout,
                                           mlpipe_predictor **out)
{
    mlpipe_status st;

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!model)
        return mlpipe__null_arg(ctx, "model or transform");
    st = mlpipe__layout_learn(ctx, layout, model->program);
    if (!st)
        st = mlpipe__predictor_make(ctx, model, layout, NULL, out);
    if (!st)
        st = predictor_check_time(ctx, *out);
    if (st) {
        mlpipe_predictor_free(*out);
        *out = NULL;
    } else if ((*out)->layout) {
        mlpipe__layout_bind((*out)->layout);
    }
    return st;
}

mlpipe_status mlpipe_predictor_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe_layout *layout,
                                   mlpipe_predictor **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_predictor_new");

    if (!st)
        st = predictor_new_checked(ctx, model, layout, out);
    else if (out)
        *out = NULL;
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_predictor(mlpipe_ctx *ctx,
                                         const mlpipe_transform *transform,
                                         const mlpipe_layout *layout,
                                         mlpipe_predictor **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_predictor");

    if (!st)
        st = predictor_new_checked(
            ctx, transform ? transform->model : NULL, layout, out);
    else if (out)
        *out = NULL;
    return mlpipe__end(ctx, st);
}

size_t mlpipe_predictor_scratch(const mlpipe_predictor *predictor)
{
    return predictor ? predictor->scratch : 0;
}

double mlpipe_predictor_code(const mlpipe_predictor *predictor,
                             uint32_t input, const char *text, size_t bytes)
{
    const mlpipe__program_input *in;
    uint32_t code;

    if (!predictor || !text ||
        input >= predictor->model->program->input_count)
        return mlpipe__nan();
    in = &predictor->model->program->inputs[input];
    if (in->kind != MLPIPE__CODE)
        return mlpipe__nan();
    code = mlpipe__dict_find(in->dict, text, bytes);
    return code == UINT32_MAX ? -1.0 : (double)code;
}

mlpipe_status mlpipe_predict_row(const mlpipe_predictor *predictor,
                                 void *scratch, const void *row, double *out)
{
    uint32_t fp;

    if (!predictor || !scratch || !row || !out)
        return MLPIPE_E_ARG;
    fp = mlpipe__fp_enter();
    mlpipe__record_load(&predictor->binding, row, scratch, 0, 0);
    mlpipe__record_time(&predictor->binding, scratch, 0, 0,
                        predictor_time(predictor, row));
    mlpipe__program_run(predictor->model->program, scratch, 1, 1, out, NULL);
    mlpipe__fp_leave(fp);
    return MLPIPE_OK;
}

/* Below this many rows a block does not pay. */
enum { PREDICTOR_BLOCK_LEAST = 8 };

mlpipe_status mlpipe_predict_rows(const mlpipe_predictor *predictor,
                                  void *scratch, const void *rows,
                                  size_t stride, size_t n, double *out)
{
    const unsigned char *at = rows;
    uint32_t fp;

    if (!predictor || !scratch || ((!rows || !out) && n))
        return MLPIPE_E_ARG;
    const mlpipe__program *program = predictor->model->program;
    fp = mlpipe__fp_enter();
    for (size_t done = 0; done < n;) {
        const size_t left = n - done;
        const bool wide = left >= PREDICTOR_BLOCK_LEAST;
        const uint32_t width = wide ? MLPIPE__BLOCK_ROWS : 1;
        const uint32_t count = left < width ? (uint32_t)left : width;
        for (uint32_t i = 0; i < count; i++, at += stride) {
            mlpipe__record_load(&predictor->binding, at, scratch, wide, i);
            mlpipe__record_time(&predictor->binding, scratch, wide, i,
                                predictor_time(predictor, at));
        }
        mlpipe__program_run(program, scratch, width, count, out, NULL);
        out += (size_t)count * predictor->outputs;
        done += count;
    }
    mlpipe__fp_leave(fp);
    return MLPIPE_OK;
}

/* One value into a double as the program wants it; false = wrong kind. */
static bool predictor_value(const mlpipe__program_input *in,
                            const mlpipe_value *v, double *out)
{
    if (v->kind == MLPIPE_VALUE_NULL) {
        *out = mlpipe__nan();
        return true;
    }
    if (in->kind == MLPIPE__NUMBER) {
        *out = v->num;
        return v->kind == MLPIPE_VALUE_NUMBER;
    }
    if (v->kind != MLPIPE_VALUE_TEXT || !v->str || v->len < 0)
        return false;
    const uint32_t code = mlpipe__dict_find(in->dict, v->str, (size_t)v->len);
    *out = code == UINT32_MAX ? -1.0 : (double)code;
    return true;
}

/* Lanes of what is made of texts, and of the time. */
static void predictor_feeds(const mlpipe_predictor *predictor,
                            const mlpipe_value *values, void *scratch)
{
    const mlpipe__program *p = predictor->model->program;

    for (uint32_t i = 0; i < p->feed_count; i++) {
        const mlpipe__feed *f = &p->feeds[i];
        if (f->source != MLPIPE__FEED_TEXT)
            continue;
        const mlpipe_value *v = &values[f->input];
        *mlpipe__program_lane(p, scratch, 1, f->reg) =
            v->kind == MLPIPE_VALUE_NULL
                ? mlpipe__nan()
                : mlpipe__feed_value(f, v->str, (size_t)v->len);
    }
    mlpipe__record_time(&predictor->binding, scratch, 0, 0, mlpipe__nan());
}

mlpipe_status mlpipe_predict_values(const mlpipe_predictor *predictor,
                                    void *scratch, const mlpipe_value *values,
                                    double *out)
{
    uint32_t fp;

    if (!predictor || !scratch || !values || !out)
        return MLPIPE_E_ARG;
    if (predictor->layout)
        return MLPIPE_E_STATE;
    const mlpipe__program *program = predictor->model->program;
    for (uint32_t i = 0; i < program->input_count; i++) {
        double x;
        if (!predictor_value(&program->inputs[i], &values[i], &x))
            return MLPIPE_E_SCHEMA;
        memcpy((char *)scratch + predictor->binding.lanes[i], &x, sizeof x);
    }
    fp = mlpipe__fp_enter();
    predictor_feeds(predictor, values, scratch);
    mlpipe__program_run(program, scratch, 1, 1, out, NULL);
    mlpipe__fp_leave(fp);
    return MLPIPE_OK;
}

void mlpipe_predictor_free(mlpipe_predictor *predictor)
{
    mlpipe__env *env;

    if (!predictor)
        return;
    env = predictor->env;
    mlpipe__record_binding_free(&predictor->binding);
    mlpipe_model_free(predictor->model);
    if (predictor->layout)
        mlpipe__layout_drop(predictor->layout);
    mlpipe__free(env, predictor);
    mlpipe__env_drop(env);
}
