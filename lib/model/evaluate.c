/* SPDX-License-Identifier: MIT */
/* The score of a model on rows, beside a baseline that knows no features. */
#include "evaluate_types.h"

enum { EVALUATE_SEEN_SHARE = 10 }; /* of the rows is worth a warning */

const mlpipe__param mlpipe__evaluate_params[] = {
    {"metrics", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     MLPIPE__METRICS_DOC},
    MLPIPE__QUERY_PARAM,
};
const uint32_t mlpipe__evaluate_param_count =
    sizeof mlpipe__evaluate_params / sizeof *mlpipe__evaluate_params;

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
                     weight[i] != weight[i]
                         ? "the weight %q of row %zu is missing; fill it, or "
                           "leave such rows out"
                         : "the weight %q of row %zu is %g; weights are "
                           "finite and not negative",
                     m->weight_column, i, weight[i]);
        st = mlpipe__fail_at(ctx, (int64_t)i, m->weight_column);
    }
    return st;
}

/* Only rows with a target and an answer count; the others are told. */
static void evaluate_tidy(mlpipe__evaluated *e, const mlpipe_model *m,
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
        e->row[e->n] = (int64_t)i;
        e->target[e->n] = e->target[i];
        memmove(e->prediction + e->n * width, e->prediction + i * width,
                width * sizeof *none);
        if (e->weight)
            e->weight[e->n] = e->weight[i];
        memcpy(e->baseline + e->n++ * width, none, width * sizeof *none);
    }
}

mlpipe_status mlpipe__evaluate_load(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d,
                                    mlpipe__evaluated *e)
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
    e->row = mlpipe__alloc_array(env, rows, sizeof *e->row);
    if (!e->target || !e->prediction || !e->baseline || !e->row)
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

void mlpipe__evaluated_free(mlpipe__env *env, mlpipe__evaluated *e)
{
    mlpipe__free(env, e->target);
    mlpipe__free(env, e->prediction);
    mlpipe__free(env, e->weight);
    mlpipe__free(env, e->baseline);
    mlpipe__free(env, e->row);
    mlpipe__free(env, e->query);
}

/* A figure, and what the baseline's answers would have had; `at` of `count`
 * figures are there. */
static mlpipe_status evaluate_metric(mlpipe_report *r,
                                     const mlpipe__metric *metric,
                                     uint32_t at, uint32_t count,
                                     mlpipe__scoring *answers,
                                     mlpipe__scoring *baseline)
{
    mlpipe_ctx *const ctx = answers->ctx;
    mlpipe_figure figure;
    char name[64];
    mlpipe_status st = mlpipe__poll(ctx, "evaluate", 2 * at, 2 * count);
    if (!st)
        st = mlpipe__scoring_value(answers, metric, &figure);
    if (!st)
        st = mlpipe__poll(ctx, "evaluate", 2 * at + 1, 2 * count);
    if (st)
        return st;
    mlpipe__report_figure(r, metric->name, &figure);
    if (!strcmp(metric->name, "best_f1"))
        mlpipe__report_number(r, "best_f1_threshold",
                              answers->curve.threshold);
    st = mlpipe__scoring_value(baseline, metric, &figure);
    mlpipe__format(name, sizeof name, "%s_baseline", metric->name);
    mlpipe__report_figure(r, name, &figure);
    return st;
}

/* What became of the queries of these rows. */
static mlpipe_status evaluate_rankings(mlpipe__scoring *g, mlpipe_report *r)
{
    const mlpipe__rankings *rankings;
    const mlpipe_status st = mlpipe__scoring_rankings(g, &rankings);
    if (st)
        return st;
    mlpipe__report_number(r, "queries", rankings->queries);
    mlpipe__report_number(r, "queries_without_relevant", rankings->without);
    mlpipe__report_number(r, "rows_without_query", (double)rankings->strays);
    return MLPIPE_OK;
}

static mlpipe_status evaluate_figures(mlpipe_ctx *ctx, const mlpipe_model *m,
                                      const mlpipe__metric_list *list,
                                      const mlpipe__evaluated *e,
                                      mlpipe_report *r)
{
    mlpipe__scored s = mlpipe__evaluated_scored(e);
    mlpipe__scoring answers, baseline;
    uint32_t i;
    mlpipe_status st = mlpipe__scoring_init(&answers, ctx, &s), other;
    s.p = e->baseline;
    other = mlpipe__scoring_init(&baseline, ctx, &s);
    st = st ? st : other;
    for (i = 0; !st && i < list->count; i++)
        st = evaluate_metric(r, &list->items[i], i, list->count, &answers,
                             &baseline);
    if (!st && list->by_query)
        st = evaluate_rankings(&answers, r);
    if (!st)
        st = mlpipe__evaluate_tables(m, &answers, r);
    mlpipe__scoring_free(&baseline);
    mlpipe__scoring_free(&answers);
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
                                   const mlpipe__metric_list *list,
                                   const mlpipe__evaluated *e, mlpipe_report *r)
{
    const char *task = mlpipe__task_name(m->task);
    mlpipe__hash128 hash;
    char print[33];
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
    mlpipe__model_baseline(m, r);
    st = evaluate_seen(ctx, m, d, r);
    if (!st)
        st = evaluate_figures(ctx, m, list, e, r);
    if (!st)
        st = mlpipe__evaluate_intervals(ctx, m, d, e, r);
    if (!st)
        st = mlpipe__evaluate_segments(ctx, m, d, e, &list->first, r);
    return st;
}

/* The rows, and their queries where a metric asks for them. */
static mlpipe_status evaluate_rows(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d,
                                   const mlpipe__setting *query,
                                   const mlpipe__metric_list *list,
                                   mlpipe__evaluated *e)
{
    int32_t column;
    mlpipe_status st = mlpipe__query_column(
        ctx, query, m->group_column, list->by_query, d, &column);
    if (!st)
        st = mlpipe__evaluate_load(ctx, m, d, e);
    if (!st && column >= 0)
        st = mlpipe__query_codes(ctx, d, (uint32_t)column, e->row, e->n,
                                 &e->query, &e->queries);
    return st;
}

static mlpipe_status evaluate_run(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  const mlpipe_dataset *d, const char *params,
                                  mlpipe_report **out)
{
    mlpipe__env *env = ctx->env;
    mlpipe__metric_list list = {0};
    mlpipe__evaluated e = {0};
    mlpipe_report *r = NULL;
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_evaluate", mlpipe__evaluate_params,
        mlpipe__evaluate_param_count, params, &p);
    if (st)
        return st;
    st = mlpipe__metric_list_make(
        ctx, m->task, mlpipe__params_get(&p, "metrics"), &list);
    if (!st)
        st = evaluate_rows(ctx, m, d, mlpipe__params_get(&p, "query"), &list,
                           &e);
    if (!st) {
        r = mlpipe__report_new(env, "evaluation");
        st = r ? evaluate_fill(ctx, m, d, &list, &e, r) : mlpipe__nomem(ctx);
    }
    if (!st) {
        st = mlpipe__report_seal(ctx, r, out);
        r = NULL;
    }
    mlpipe_report_free(r);
    mlpipe__evaluated_free(env, &e);
    mlpipe__metric_list_free(env, &list);
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
