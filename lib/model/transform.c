/* SPDX-License-Identifier: MIT */
/*
 * Transforms: a fit without a learner, whose program ends in the features. A
 * transform is a model in every other respect, so that bundle, binding and
 * predictors are the same code.
 */
#include "fit_types.h"

const mlpipe__param mlpipe__transform_params[] = {
    {"leak", MLPIPE_PARAM_CHOICE, "refuse", 0, 0, "refuse,allow", 0x000100,
     "rows that the transform was fitted on, where a step learnt from their "
     "targets"},
};
const uint32_t mlpipe__transform_param_count =
    sizeof mlpipe__transform_params / sizeof *mlpipe__transform_params;

/* ---- rows as features --------------------------------------------------- */

/* A dictionary of the dataset's kind with the texts of an output. */
static mlpipe__dictionary *transform_dictionary(mlpipe__env *env,
                                                const mlpipe__dict *from)
{
    mlpipe__dictionary *d = mlpipe__dictionary_new(env);
    for (uint32_t i = 0; d && i < from->count; i++)
        if (mlpipe__dict_add(&d->dict, mlpipe__dict_text(from, i),
                             mlpipe__dict_bytes(from, i)) == UINT32_MAX) {
            mlpipe__dictionary_drop(d);
            d = NULL;
        }
    return d;
}

static bool transform_write(mlpipe__column_writer *w, int32_t type, double x)
{
    switch (type) {
    case MLPIPE_TYPE_CATEGORY:
        return mlpipe__writer_code(w, (int32_t)x);
    case MLPIPE_TYPE_BOOL:
        return mlpipe__writer_bool(w, x != 0);
    case MLPIPE_TYPE_F64:
        return mlpipe__writer_f64(w, x);
    default:
        return mlpipe__writer_i64(w, (int64_t)x);
    }
}

/*
 * A program holds doubles. Below 2^53 each of them is one whole number; 2^53
 * may be 2^53 + 1 that was rounded, and is refused with what lies above. Times
 * in nanoseconds lie above since April 1970: they are taken as they are, every
 * 256th of our days, and counted, so that who needs them all learns of it.
 */
static mlpipe_status transform_whole(mlpipe_ctx *ctx,
                                     const mlpipe__program_output *o,
                                     int64_t row, double *x, int64_t *coarse)
{
    const bool time = o->type != MLPIPE_TYPE_I64;
    const bool exact = *x > -0x1p53 && *x < 0x1p53;
    if (exact || (time && *x >= -0x1p62 && *x <= 0x1p62)) {
        *coarse += !exact;
        *x = mlpipe__round_even(*x);
        return MLPIPE_OK;
    }
    mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                 "%s is %g in row %lld, and a program keeps whole numbers "
                 "exactly below 9007199254740992 (2^53) alone; make it an "
                 "id=, or scale it",
                 o->name, *x, (long long)row);
    return mlpipe__fail_at(ctx, row, o->name);
}

static void transform_tell_coarse(mlpipe_ctx *ctx,
                                  const mlpipe__program_output *o,
                                  int64_t coarse, int64_t rows)
{
    if (coarse)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "transform",
                         "%s: %lld of %lld times are 2^53 %s or more from "
                         "1970 and were rounded to what a double holds; in a "
                         "coarser unit they pass exactly",
                         o->name, (long long)coarse, (long long)rows,
                         mlpipe__unit_name(o->unit));
}

/* Output k of all rows as a column; values lie row by row. */
static mlpipe_status transform_column(mlpipe_ctx *ctx,
                                      const mlpipe__program *p, uint32_t k,
                                      const double *values, int64_t rows,
                                      mlpipe__column **out)
{
    const mlpipe__program_output *o = &p->outputs[k];
    mlpipe__dictionary *d =
        o->dict ? transform_dictionary(ctx->env, o->dict) : NULL;
    mlpipe__column_writer *w = NULL;
    mlpipe_status st = MLPIPE_OK;
    int64_t coarse = 0;
    if (!o->dict || d)
        w = mlpipe__writer_new(ctx->env, o->name, strlen(o->name), o->type,
                               o->unit, d);
    mlpipe__dictionary_drop(d);
    if (!w || !mlpipe__writer_reserve(w, rows))
        st = mlpipe__nomem(ctx);
    for (int64_t i = 0; !st && i < rows; i++) {
        double x = values[(size_t)i * p->output_count + k];
        const bool null = x != x || (o->dict && x < 0);
        if (!null && !o->dict && o->type != MLPIPE_TYPE_F64 &&
            o->type != MLPIPE_TYPE_BOOL)
            st = transform_whole(ctx, o, i, &x, &coarse);
        if (!st && !(null ? mlpipe__writer_null(w)
                          : transform_write(w, o->type, x)))
            st = mlpipe__nomem(ctx);
    }
    *out = st ? NULL : mlpipe__writer_finish(w);
    if (st)
        mlpipe__writer_free(w);
    else
        transform_tell_coarse(ctx, o, coarse, rows);
    return st || *out ? st : mlpipe__nomem(ctx);
}

/* The ids of the rows of a dataset, in their order. */
static mlpipe__rowset *transform_ids(mlpipe__env *env,
                                     const mlpipe_dataset *d)
{
    mlpipe__rowset *ids = mlpipe__rowset_new(env, d->rows);
    for (int64_t i = 0; ids && i < d->rows; i++)
        ids->rows[i] = (int64_t)mlpipe_dataset_row_id(d, i);
    return ids;
}

static mlpipe_status transform_columns(mlpipe_ctx *ctx,
                                       const mlpipe__program *p,
                                       const double *values,
                                       const mlpipe_dataset *d,
                                       mlpipe_dataset **out)
{
    mlpipe__column **columns =
        mlpipe__alloc_array(ctx->env, p->output_count, sizeof *columns);
    mlpipe__rowset *ids = transform_ids(ctx->env, d);
    mlpipe_status st = columns && ids ? MLPIPE_OK : mlpipe__nomem(ctx);
    uint32_t made = 0;
    for (; !st && made < p->output_count; made++) {
        st = mlpipe__poll(ctx, "transform", made, p->output_count);
        if (!st)
            st = transform_column(ctx, p, made, values, d->rows,
                                  &columns[made]);
        if (st)
            break;
    }
    if (!st) {
        st = mlpipe__dataset_new_ids(ctx, columns, made, ids, NULL, out);
    } else {
        while (made--)
            mlpipe__column_drop(columns[made]);
        mlpipe__rowset_drop(ids);
    }
    mlpipe__free(ctx->env, columns);
    return st;
}

static mlpipe_status transform_rows(mlpipe_ctx *ctx, const mlpipe__program *p,
                                    const mlpipe__binding *binding,
                                    const mlpipe_dataset *d,
                                    mlpipe_dataset **out)
{
    size_t total;
    double *values;
    mlpipe_status st;
    if (mlpipe__mul((size_t)d->rows, p->output_count, &total))
        return mlpipe__nomem(ctx);
    values = mlpipe__alloc_array(ctx->env, total, sizeof *values);
    st = values ? mlpipe__program_apply(ctx, "transform", p, binding, d,
                                        values)
                : mlpipe__fail(ctx, MLPIPE_E_NOMEM,
                               "transform: %u features of %lld rows are %llu "
                               "MB at once, for which there is no memory; "
                               "take fewer rows at a time, make fewer "
                               "features, such as by max= of onehot, or "
                               "raise memory_cap",
                               p->output_count, (long long)d->rows,
                               (unsigned long long)(total >> 17));
    if (!st)
        st = transform_columns(ctx, p, values, d, out);
    mlpipe__free(ctx->env, values);
    return st;
}

/* ---- fitting ------------------------------------------------------------ */

/* Features as outputs, with the types that a dataset shows. */
static void transform_outputs(mlpipe__fitting *f)
{
    mlpipe__program *p = f->model->program;
    uint32_t at = 0;
    for (uint32_t i = 0; i < f->plan.var_count; i++) {
        const mlpipe__var *v = &f->plan.vars[i];
        if (!v->feature)
            continue;
        const bool code = v->kind == MLPIPE__CODE;
        mlpipe__program_add_typed_output(
            p, v->name, mlpipe__fit_refuse(f, f->regs[at++], code),
            code ? MLPIPE_TYPE_CATEGORY : v->type, code ? 0 : v->unit,
            code ? v->dict : NULL);
    }
    mlpipe__fit_flags(f);
}

mlpipe_status mlpipe__fit_transform(mlpipe__fitting *f)
{
    mlpipe_status st;
    transform_outputs(f);
    if (f->model->program->failed)
        return mlpipe__nomem(f->ctx);
    f->model->any_machine = !f->used_blas;
    f->model->steps_only = 1;
    st = f->transformed
             ? transform_rows(f->ctx, f->model->program, &f->train.binding,
                              f->train.data, f->transformed)
             : MLPIPE_OK;
    return st ? st : mlpipe__fit_seal(f);
}

static mlpipe_status transform_fit(mlpipe_ctx *ctx,
                                   const mlpipe_pipeline *pipeline,
                                   const mlpipe_dataset *train,
                                   mlpipe_dataset **transformed,
                                   mlpipe_transform **out)
{
    mlpipe_model *m = NULL;
    mlpipe_status st =
        mlpipe__fit_steps(ctx, pipeline, train, transformed, &m);
    if (st)
        return st;
    st = mlpipe__transform_wrap(ctx, m, out);
    if (st && transformed) {
        mlpipe_dataset_free(*transformed);
        *transformed = NULL;
    }
    return st;
}

mlpipe_status mlpipe_transform_fit(mlpipe_ctx *ctx,
                                   const mlpipe_pipeline *pipeline,
                                   const mlpipe_dataset *train,
                                   mlpipe_dataset **transformed,
                                   mlpipe_transform **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_fit");
    if (out)
        *out = NULL;
    if (transformed)
        *transformed = NULL;
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !train)
        st = mlpipe__null_arg(ctx, "train");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = transform_fit(ctx, pipeline, train, transformed, out);
    return mlpipe__end(ctx, st);
}

/* ---- applying ----------------------------------------------------------- */

/*
 * Rows that it was fitted on hold their own targets' share in what a step
 * learnt. An id tells them surely. A time or their place does not: a row of
 * another file may have it and equal inputs, so that most of them must.
 */
static mlpipe_status transform_leak(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d)
{
    int64_t seen = 0, first = -1;
    mlpipe_status st = MLPIPE_OK;
    if (m->id_column[0] || m->time_column[0])
        st = mlpipe__model_seen(ctx, m, d, MLPIPE__ROW_BY_NAME, &seen,
                                &first);
    if (!st && !(m->id_column[0] && seen) && seen <= d->rows / 2) {
        st = mlpipe__model_seen(ctx, m, d, MLPIPE__ROW_BY_PLACE, &seen,
                                &first);
        if (seen <= d->rows / 2)
            seen = 0;
    }
    if (st || !seen)
        return st;
    mlpipe__fail(ctx, MLPIPE_E_LEAK,
                 "the transform was fitted on %lld of these %lld rows, the "
                 "first of them row %lld, and a step learnt from their "
                 "targets: their features would tell them; take the rows "
                 "that mlpipe_transform_fit gives, or say leak=allow",
                 (long long)seen, (long long)d->rows, (long long)first);
    return mlpipe__fail_at(ctx, first, NULL);
}

static mlpipe_status transform_apply(mlpipe_ctx *ctx, const mlpipe_model *m,
                                     const mlpipe_dataset *d,
                                     const char *params, mlpipe_dataset **out)
{
    mlpipe__params p;
    mlpipe__binding binding;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_transform_apply", mlpipe__transform_params,
        mlpipe__transform_param_count, params, &p);
    if (st)
        return st;
    if (m->learns_target && mlpipe__params_get(&p, "leak")->choice == 0)
        st = transform_leak(ctx, m, d);
    mlpipe__params_free(&p);
    if (!st)
        st = mlpipe__bind_dataset(ctx, m->program, d, m->time_column,
                                  &binding);
    if (st)
        return st;
    st = transform_rows(ctx, m->program, &binding, d, out);
    mlpipe__binding_free(&binding);
    return st;
}

mlpipe_status mlpipe_transform_apply(mlpipe_ctx *ctx,
                                     const mlpipe_transform *transform,
                                     const mlpipe_dataset *dataset,
                                     const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_apply");
    if (out)
        *out = NULL;
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = transform_apply(ctx, transform->model, dataset, params, out);
    return mlpipe__end(ctx, st);
}
