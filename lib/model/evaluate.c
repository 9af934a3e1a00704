/* SPDX-License-Identifier: MIT */
/* The score of a model on rows, beside a baseline that knows no features. */
#include "model_internal.h"

enum {
    EVALUATE_NAMES_MAX = 32,
    EVALUATE_SEEN_SHARE = 10 /* a tenth of the rows is worth a warning */
};

const mlpipe__param mlpipe__evaluate_params[] = {
    {"metrics", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "which metrics; default: all of the task"},
};
const uint32_t mlpipe__evaluate_param_count =
    sizeof mlpipe__evaluate_params / sizeof *mlpipe__evaluate_params;

typedef struct evaluate_rows {
    double *target, *prediction, *weight, *baseline;
    uint64_t n;
    uint32_t width;
    uint64_t no_target, no_answer;
} evaluate_rows;

mlpipe_status mlpipe__model_metric(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const char *name,
                                   const mlpipe__metric **out)
{
    const char *names[EVALUATE_NAMES_MAX];
    const mlpipe__metric *metric;
    const char *near;
    uint32_t count = 0, i;
    *out = mlpipe__metric_find(name);
    if (*out && ((*out)->tasks & m->task))
        return MLPIPE_OK;
    for (i = 0; (metric = mlpipe__metric_at(i)); i++)
        if ((metric->tasks & m->task) && count < EVALUATE_NAMES_MAX)
            names[count++] = metric->name;
    near = mlpipe__nearest(name, strlen(name), names, count);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        *out ? "metric %q is not one of this model's task; "
                               "its default is \"%s\""
                             : "no metric %q; did you mean \"%s\"?",
                        name, near ? near : mlpipe__task_metric(m->task));
}

static mlpipe_status evaluate_check(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe__setting *asked)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    for (i = 0; !st && i < asked->count; i++) {
        const mlpipe__metric *metric;
        st = mlpipe__model_metric(ctx, m, asked->names[i], &metric);
    }
    return st;
}

static bool evaluate_wants(const mlpipe__setting *asked, const char *name)
{
    uint32_t i;
    for (i = 0; i < asked->count; i++)
        if (!strcmp(asked->names[i], name))
            return true;
    return !asked->count;
}

mlpipe_status mlpipe__model_weights(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d, double **out)
{
    const int32_t column = m->weight_column[0]
                               ? mlpipe_dataset_find(d, m->weight_column)
                               : -1;
    double *weight;
    size_t i;
    mlpipe_status st;
    if (column < 0)
        return MLPIPE_OK;
    *out = weight =
        mlpipe__alloc_array(ctx->env, (size_t)d->rows, sizeof *weight);
    if (!weight)
        return mlpipe__nomem(ctx);
    st = mlpipe_dataset_doubles(ctx, d, (uint32_t)column, 0, weight,
                                (size_t)d->rows);
    for (i = 0; !st && i < (size_t)d->rows; i++) {
        if (weight[i] >= 0 && mlpipe__finite(weight[i]))
            continue;
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the weight %q of row %zu is missing, negative or not "
                     "finite",
                     m->weight_column, i);
        st = mlpipe__fail_at(ctx, (int64_t)i, m->weight_column);
    }
    return st;
}

/* Only rows with a target and an answer count; the others are told. */
static void evaluate_tidy(evaluate_rows *e, const mlpipe_model *m,
                          uint64_t rows)
{
    const double *none = m->shares ? m->shares : &m->baseline;
    const size_t width = e->width;
    uint64_t i;
    for (i = 0; i < rows; i++) {
        if (e->target[i] != e->target[i]) {
            e->no_target++;
            continue;
        }
        if (e->prediction[i * width] != e->prediction[i * width]) {
            e->no_answer++;
            continue;
        }
        e->target[e->n] = e->target[i];
        memmove(e->prediction + e->n * width, e->prediction + i * width,
                width * sizeof *none);
        if (e->weight)
            e->weight[e->n] = e->weight[i];
        memcpy(e->baseline + e->n++ * width, none, width * sizeof *none);
    }
}

static mlpipe_status evaluate_load(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d, evaluate_rows *e)
{
    const size_t rows = (size_t)d->rows;
    mlpipe__env *env = ctx->env;
    mlpipe_status st;
    e->width = mlpipe__model_width(m);
    e->target = mlpipe__alloc_array(env, rows, sizeof *e->target);
    e->prediction =
        mlpipe__alloc_array(env, rows, e->width * sizeof *e->prediction);
    e->baseline =
        mlpipe__alloc_array(env, rows, e->width * sizeof *e->baseline);
    if (!e->target || !e->prediction || !e->baseline)
        return mlpipe__nomem(ctx);
    st = mlpipe__model_target(ctx, m, d, e->target);
    if (!st)
        st = mlpipe__model_weights(ctx, m, d, &e->weight);
    if (!st)
        st = mlpipe__model_answers(ctx, m, d, e->prediction);
    if (st)
        return st;
    evaluate_tidy(e, m, rows);
    if (e->n)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                        "no row to score: of %zu rows %llu have no target "
                        "and %llu no answer",
                        rows, (unsigned long long)e->no_target,
                        (unsigned long long)e->no_answer);
}

static mlpipe_status evaluate_metric(mlpipe_ctx *ctx, mlpipe_report *r,
                                     const mlpipe__metric *metric,
                                     const evaluate_rows *e)
{
    mlpipe__scored s = {e->target, e->prediction, e->weight, e->n, e->width};
    mlpipe_figure figure;
    char name[64];
    mlpipe_status st = mlpipe__metric_value(ctx, metric, &s, &figure);
    if (st)
        return st;
    mlpipe__report_figure(r, metric->name, &figure);
    s.p = e->baseline;
    st = mlpipe__metric_value(ctx, metric, &s, &figure);
    mlpipe__format(name, sizeof name, "%s_baseline", metric->name);
    mlpipe__report_figure(r, name, &figure);
    return st;
}

/* Rows that the model was fitted on flatter it. A few twins are natural where
 * columns have few values, so only a share of them is told. */
static mlpipe_status evaluate_seen(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d, mlpipe_report *r)
{
    int64_t seen, first;
    const mlpipe_status st = mlpipe__model_seen(
        ctx, m, d, MLPIPE__ROW_BY_TARGET, &seen, &first);
    if (st)
        return st;
    mlpipe__report_number(r, "rows_seen", (double)seen);
    if (seen > d->rows / EVALUATE_SEEN_SHARE)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "evaluate",
                         "%lld of these %lld rows equal rows of the training "
                         "set, so the scores are too good; keep rows for the "
                         "test",
                         (long long)seen, (long long)d->rows);
    return MLPIPE_OK;
}

static mlpipe_status evaluate_fill(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d,
                                   const mlpipe__setting *asked,
                                   const evaluate_rows *e, mlpipe_report *r)
{
    const char *task = mlpipe__task_name(m->task);
    const mlpipe__metric *metric;
    mlpipe__hash128 hash;
    char print[33];
    uint32_t i;
    mlpipe_status st = mlpipe__dataset_hash(ctx, d, &hash);
    if (st)
        return st;
    mlpipe__hash_hex(hash, print);
    mlpipe__report_text(r, "task", task, strlen(task));
    mlpipe__report_text(r, "model", m->id, strlen(m->id));
    mlpipe__report_text(r, "fit", m->fit_id, strlen(m->fit_id));
    mlpipe__report_text(r, "dataset", print, strlen(print));
    mlpipe__report_number(r, "rows", (double)d->rows);
    mlpipe__report_number(r, "n", (double)e->n);
    mlpipe__report_number(r, "rows_without_target", (double)e->no_target);
    mlpipe__report_number(r, "rows_without_answer", (double)e->no_answer);
    mlpipe__report_number(r, "baseline", m->baseline);
    st = evaluate_seen(ctx, m, d, r);
    for (i = 0; !st && (metric = mlpipe__metric_at(i)); i++)
        if ((metric->tasks & m->task) && evaluate_wants(asked, metric->name))
            st = evaluate_metric(ctx, r, metric, e);
    return st;
}

static mlpipe_status evaluate_run(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  const mlpipe_dataset *d, const char *params,
                                  mlpipe_report **out)
{
    mlpipe__env *env = ctx->env;
    const mlpipe__setting *asked;
    evaluate_rows e = {0};
    mlpipe_report *r = NULL;
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_evaluate", mlpipe__evaluate_params,
        mlpipe__evaluate_param_count, params, &p);
    if (st)
        return st;
    asked = mlpipe__params_get(&p, "metrics");
    st = evaluate_check(ctx, m, asked);
    if (!st)
        st = evaluate_load(ctx, m, d, &e);
    if (!st) {
        r = mlpipe__report_new(env, "evaluation");
        st = r ? evaluate_fill(ctx, m, d, asked, &e, r) : mlpipe__nomem(ctx);
    }
    if (!st) {
        st = mlpipe__report_seal(ctx, r, out);
        r = NULL;
    }
    mlpipe_report_free(r);
    mlpipe__free(env, e.target);
    mlpipe__free(env, e.prediction);
    mlpipe__free(env, e.weight);
    mlpipe__free(env, e.baseline);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_evaluate(mlpipe_ctx *ctx, const mlpipe_model *model,
                              const mlpipe_dataset *dataset,
                              const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_evaluate");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = evaluate_run(ctx, model, dataset, params, out);
    return mlpipe__end(ctx, st);
}
