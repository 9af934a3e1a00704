/* SPDX-License-Identifier: MIT */
/*
 * Cross-validation of a recipe: it is fitted anew on what may train for each
 * fold, steps and all, and scored on the fold.
 */
#include "validate_internal.h"

const mlpipe__param mlpipe__cross_validate_params[] = {
    MLPIPE__FOLD_PARAMS,
    {"metrics", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     MLPIPE__METRICS_DOC},
    MLPIPE__QUERY_PARAM,
};
const uint32_t mlpipe__cross_validate_param_count =
    sizeof mlpipe__cross_validate_params /
    sizeof *mlpipe__cross_validate_params;

typedef struct cross_fold {
    double train, test; /* rows */
    double seconds;
    mlpipe__split_dropped dropped;
    mlpipe__pair_check check;
} cross_fold;

typedef struct cross_job {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *recipe;
    const mlpipe_dataset *data;
    const mlpipe__params *params;
    mlpipe__fold_roles roles;   /* what folds are made by */
    mlpipe__role id;
    mlpipe__check_columns checked;
    mlpipe__fold_plan *plan;
    uint32_t count;             /* folds of all repeats */
    cross_fold *fold;
    mlpipe_model *model;        /* of the first fold: task and classes */
    uint32_t task;              /* by all rows; what metrics are of */
    mlpipe__metric_list metrics;
    int32_t query;              /* the column of queries; -1: none asks */
    double *value;              /* metrics x count */
    mlpipe__evaluated pool;     /* folds of the first repeat, one by one */
} cross_job;

static void cross_free(cross_job *j)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe__fold_plan_free(j->plan);
    mlpipe__free(env, j->fold);
    mlpipe_model_free(j->model);
    mlpipe__free(env, j->value);
    mlpipe__metric_list_free(env, &j->metrics);
    mlpipe__evaluated_free(env, &j->pool);
}

/* Where the message of a call of ours comes from. */
static mlpipe_status cross_where(const cross_job *j, uint32_t i,
                                 mlpipe_status st)
{
    char where[64];
    if (!st)
        return st;
    mlpipe__format(where, sizeof where, "mlpipe_cross_validate, fold %u", i);
    mlpipe__fail_where(j->ctx, where);
    return st;
}

/* ---- what the first model tells ----------------------------------------- */

static mlpipe_status cross_begin(cross_job *j, const mlpipe_model *m)
{
    const mlpipe__setting *asked = mlpipe__params_get(j->params, "metrics");
    const size_t rows = (size_t)j->data->rows;
    mlpipe__env *env = j->ctx->env;
    const mlpipe_status st = mlpipe__evaluate_check(j->ctx, m->task, asked);
    if (st)
        return st;
    j->model = mlpipe__model_keep(m);
    j->pool.width = mlpipe__model_width(m);
    j->value = mlpipe__alloc_array(env, (size_t)j->metrics.count * j->count,
                                   sizeof *j->value);
    j->pool.target = mlpipe__alloc_array(env, rows, sizeof(double));
    j->pool.prediction =
        mlpipe__alloc_array(env, rows, j->pool.width * sizeof(double));
    j->pool.baseline =
        mlpipe__alloc_array(env, rows, j->pool.width * sizeof(double));
    if (m->weight_column[0])
        j->pool.weight = mlpipe__alloc_array(env, rows, sizeof(double));
    if (j->query >= 0)
        j->pool.query = mlpipe__alloc_array(env, rows, sizeof(uint32_t));
    return j->value && j->pool.target && j->pool.prediction &&
                   j->pool.baseline &&
                   (!m->weight_column[0] || j->pool.weight) &&
                   (j->query < 0 || j->pool.query)
               ? MLPIPE_OK
               : mlpipe__nomem(j->ctx);
}

/* The answers of two folds can only be told together where they mean the
 * same classes. */
static mlpipe_status cross_same_classes(const cross_job *j,
                                        const mlpipe_model *m)
{
    const mlpipe__dict *a = &j->model->classes, *b = &m->classes;
    bool same = a->count == b->count && j->model->task == m->task;
    uint32_t i;
    for (i = 0; same && i < a->count; i++)
        same = mlpipe__dict_bytes(a, i) == mlpipe__dict_bytes(b, i) &&
               !memcmp(mlpipe__dict_text(a, i), mlpipe__dict_text(b, i),
                       mlpipe__dict_bytes(a, i));
    if (same)
        return MLPIPE_OK;
    return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                        "the training rows have %u classes of %s and those "
                        "of the first fold have %u; use stratify=%s or fewer "
                        "folds, so that every class is in all of them",
                        b->count, m->target, a->count, m->target);
}

/* Fewer classes can make another task of it, of which the metrics are not. */
static mlpipe_status cross_same_task(const cross_job *j, const mlpipe_model *m)
{
    if (m->task == j->task)
        return MLPIPE_OK;
    return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                        "by the training rows of this fold the task is %s, by "
                        "all %lld rows it is %s; use stratify=%s or fewer "
                        "folds, so that every class is in all of them",
                        mlpipe__task_name(m->task),
                        (long long)j->data->rows, mlpipe__task_name(j->task),
                        m->target);
}

/* ---- one fold ----------------------------------------------------------- */

/* Scores of two fits are no ranking together, so that a query which folds
 * split is as many. */
static void cross_pool_queries(mlpipe__evaluated *pool,
                               const mlpipe__evaluated *e)
{
    for (uint64_t i = 0; i < e->n; i++)
        pool->query[pool->n + i] = e->query[i] == MLPIPE__NO_QUERY
                                       ? MLPIPE__NO_QUERY
                                       : pool->queries + e->query[i];
    pool->queries += e->queries;
}

static void cross_pool(cross_job *j, const mlpipe__evaluated *e)
{
    mlpipe__evaluated *pool = &j->pool;
    const size_t width = pool->width, n = (size_t)e->n;
    memcpy(pool->target + pool->n, e->target, n * sizeof *e->target);
    memcpy(pool->prediction + pool->n * width, e->prediction,
           n * width * sizeof *e->prediction);
    memcpy(pool->baseline + pool->n * width, e->baseline,
           n * width * sizeof *e->baseline);
    if (pool->weight && e->weight)
        memcpy(pool->weight + pool->n, e->weight, n * sizeof *e->weight);
    if (pool->query)
        cross_pool_queries(pool, e);
    pool->n += e->n;
    pool->no_target += e->no_target;
    pool->no_answer += e->no_answer;
}

static mlpipe_status cross_score(cross_job *j, uint32_t i,
                                 const mlpipe_model *m,
                                 const mlpipe_dataset *fold)
{
    mlpipe__evaluated e = {0};
    mlpipe_status st = mlpipe__evaluate_load(j->ctx, m, fold, &e);
    uint32_t k;
    if (!st && j->query >= 0)
        st = mlpipe__query_codes(j->ctx, fold, (uint32_t)j->query, e.row,
                                 e.n, &e.query, &e.queries);
    for (k = 0; !st && k < j->metrics.count; k++) {
        const mlpipe__scored s = mlpipe__evaluated_scored(&e);
        mlpipe_figure figure;
        st = mlpipe__metric_value(j->ctx, &j->metrics.items[k], &s, &figure);
        if (!st)
            j->value[(size_t)k * j->count + i] = figure.value;
    }
    if (!st && i < mlpipe__fold_plan_folds(j->plan))
        cross_pool(j, &e);
    mlpipe__evaluated_free(j->ctx->env, &e);
    return st;
}

static mlpipe_status cross_check(cross_job *j, uint32_t i,
                                 const mlpipe_dataset *fold,
                                 const mlpipe_dataset *rest)
{
    static const char *const owner = "mlpipe_cross_validate";
    mlpipe__check_part a = {0}, b = {0};
    mlpipe_status st = mlpipe__check_part_load(j->ctx, owner, rest, j->data,
                                               &j->checked, 0, &a);
    if (!st)
        st = mlpipe__check_part_load(j->ctx, owner, fold, j->data,
                                     &j->checked, 1, &b);
    if (!st)
        mlpipe__check_pair(&a, &b, NULL, &j->fold[i].check);
    mlpipe__check_part_free(&a);
    mlpipe__check_part_free(&b);
    return st;
}

static mlpipe_status cross_fit(cross_job *j, uint32_t i,
                               const mlpipe_dataset *fold,
                               const mlpipe_dataset *rest)
{
    mlpipe__env *env = j->ctx->env;
    const uint64_t started = env->clock_ns ? env->clock_ns(env->user) : 0;
    mlpipe_model *m = NULL;
    mlpipe_status st = mlpipe_fit(j->ctx, j->recipe, rest, NULL, &m);
    if (!st && env->clock_ns)
        j->fold[i].seconds =
            (double)(env->clock_ns(env->user) - started) / 1e9;
    if (!st)
        st = cross_same_task(j, m);
    if (!st && !j->model)
        st = cross_begin(j, m);
    if (!st)
        st = cross_same_classes(j, m);
    if (!st)
        st = cross_score(j, i, m, fold);
    mlpipe_model_free(m);
    return st;
}

static mlpipe_status cross_one(cross_job *j, uint32_t i)
{
    mlpipe_dataset *fold = NULL, *rest = NULL;
    mlpipe_status st =
        mlpipe__poll(j->ctx, "cross_validate", i, j->count);
    if (!st)
        st = mlpipe__fold_plan_views(j->ctx, j->plan, i, &fold, &rest,
                                     &j->fold[i].dropped);
    if (!st) {
        j->fold[i].train = (double)mlpipe_dataset_rows(rest);
        j->fold[i].test = (double)mlpipe_dataset_rows(fold);
        st = cross_check(j, i, fold, rest);
    }
    if (!st)
        st = cross_where(j, i, cross_fit(j, i, fold, rest));
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    return st;
}

/* ---- the report --------------------------------------------------------- */

/*
 * Mean over folds with the interval of the corrected resampled t: training
 * sets overlap, so that the variance of the mean is not s^2 / J but
 * (1 / J + n_test / n_train) s^2 (Nadeau and Bengio, 2003).
 */
static void cross_mean(const cross_job *j, const double *values,
                       mlpipe_figure *out, double *sd, uint32_t *defined)
{
    mlpipe__mean mean;
    mlpipe__test t;
    double ratio = 0, half;
    uint32_t i;
    for (i = 0; i < j->count; i++)
        ratio += j->fold[i].test / j->fold[i].train / j->count;
    mlpipe__corrected_t(values, j->count, ratio, &mean, sd, &t);
    half = mlpipe__student_quantile(0.975, t.df) * mean.se;
    *defined = (uint32_t)(t.df + 1.0);
    *out = (mlpipe_figure){mean.value, mean.value - half, mean.value + half,
                           t.df + 1.0};
}

static void cross_name(char out[96], const char *metric, const char *what)
{
    mlpipe__format(out, 96, "%s_%s", metric, what);
}

static mlpipe_status cross_report_metric(const cross_job *j, uint32_t k,
                                         mlpipe_report *r)
{
    const mlpipe__metric *metric = &j->metrics.items[k];
    const double *values = j->value + (size_t)k * j->count;
    mlpipe__scored s = mlpipe__evaluated_scored(&j->pool);
    mlpipe_figure figure;
    mlpipe_status st;
    double sd;
    uint32_t defined;
    char name[96];
    cross_mean(j, values, &figure, &sd, &defined);
    mlpipe__report_figure(r, metric->name, &figure);
    cross_name(name, metric->name, "sd");
    mlpipe__report_number(r, name, sd);
    if (defined < j->count) {
        cross_name(name, metric->name, "undefined");
        mlpipe__report_number(r, name, j->count - defined);
        mlpipe__log_line(j->ctx, MLPIPE_LOG_WARN, "cross_validate",
                         "%s is not defined in %u of %u folds; its mean is "
                         "that of the others",
                         metric->name, j->count - defined, j->count);
    }
    st = mlpipe__metric_value(j->ctx, metric, &s, &figure);
    cross_name(name, metric->name, "pooled");
    mlpipe__report_figure(r, name, &figure);
    s.p = j->pool.baseline;
    if (!st)
        st = mlpipe__metric_value(j->ctx, metric, &s, &figure);
    cross_name(name, metric->name, "baseline");
    mlpipe__report_figure(r, name, &figure);
    cross_name(name, metric->name, "folds");
    mlpipe__report_series(r, name, values, j->count);
    return st;
}

static void cross_report_dropped(const cross_job *j, mlpipe_report *r)
{
    mlpipe__split_dropped sum = {0};
    uint32_t i;
    for (i = 0; i < j->count; i++) {
        sum.group += j->fold[i].dropped.group;
        sum.purge += j->fold[i].dropped.purge;
        sum.gap += j->fold[i].dropped.gap;
        sum.embargo += j->fold[i].dropped.embargo;
    }
    mlpipe__report_number(r, "dropped_group", (double)sum.group);
    mlpipe__report_number(r, "dropped_purge", (double)sum.purge);
    mlpipe__report_number(r, "dropped_gap", (double)sum.gap);
    mlpipe__report_number(r, "dropped_embargo", (double)sum.embargo);
}

static void cross_warn(const cross_job *j, const mlpipe__pair_check *sum)
{
    if (sum->groups)
        mlpipe__log_line(j->ctx, MLPIPE_LOG_WARN, "cross_validate",
                         "groups: over all folds, %llu groups of %s are in a "
                         "fold and in what trained for it, so that scores "
                         "may be too good; kind=random keeps groups whole, "
                         "and group=%s drops them from training elsewhere",
                         (unsigned long long)sum->groups,
                         j->checked.group->names[0],
                         j->checked.group->names[0]);
    if (sum->later)
        mlpipe__log_line(j->ctx, MLPIPE_LOG_WARN, "cross_validate",
                         "rows_out_of_order: over all folds, %llu training "
                         "rows lie after the first row of their fold by %s, "
                         "so that scores may know the future; kind=ordered "
                         "trains on earlier rows alone",
                         (unsigned long long)sum->later,
                         j->checked.order->names[0]);
    if (sum->spans)
        mlpipe__log_line(j->ctx, MLPIPE_LOG_WARN, "cross_validate",
                         "spans: over all folds, the label spans of %llu "
                         "training rows up to %s meet one of their fold",
                         (unsigned long long)sum->spans,
                         j->checked.label_end->names[0]);
}

/* What folds have in common with what trained for them. */
static void cross_report_check(const cross_job *j, mlpipe_report *r)
{
    mlpipe__pair_check sum = {0};
    const char *verdict = "clean";
    double tests = 0;
    uint32_t i;
    for (i = 0; i < j->count; i++) {
        sum.equal_rows += j->fold[i].check.equal_rows;
        sum.groups += j->fold[i].check.groups;
        sum.later += j->fold[i].check.later;
        sum.spans += j->fold[i].check.spans;
        tests += j->fold[i].test;
    }
    if (sum.equal_rows || sum.groups || sum.later || sum.spans)
        verdict = "overlap";
    mlpipe__report_text(r, "verdict", verdict, strlen(verdict));
    mlpipe__report_number(r, "equal_rows", (double)sum.equal_rows);
    mlpipe__report_number(r, "equal_share", (double)sum.equal_rows / tests);
    if (j->checked.group->count)
        mlpipe__report_number(r, "groups", (double)sum.groups);
    if (j->checked.order->count)
        mlpipe__report_number(r, "rows_out_of_order", (double)sum.later);
    if (j->checked.label_end->count)
        mlpipe__report_number(r, "spans", (double)sum.spans);
    cross_warn(j, &sum);
}

static void cross_report_folds(const cross_job *j, mlpipe_report *r)
{
    const uint32_t folds = mlpipe__fold_plan_folds(j->plan);
    uint32_t i;
    mlpipe__report_table(r, "folds",
                         "repeat,fold,rows_train,rows_test,dropped,"
                         "equal_rows");
    for (i = 0; i < j->count; i++) {
        const cross_fold *f = &j->fold[i];
        mlpipe__report_cell_number(r, i / folds);
        mlpipe__report_cell_number(r, i % folds);
        mlpipe__report_cell_number(r, f->train);
        mlpipe__report_cell_number(r, f->test);
        mlpipe__report_cell_number(
            r, (double)(f->dropped.group + f->dropped.purge +
                        f->dropped.gap + f->dropped.embargo));
        mlpipe__report_cell_number(r, (double)f->check.equal_rows);
    }
}

static mlpipe_status cross_report(const cross_job *j, mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "cross_validation");
    const char *task = mlpipe__task_name(j->model->task);
    const char *kind = mlpipe__params_get(j->params, "kind")->text;
    const uint32_t folds = mlpipe__fold_plan_folds(j->plan);
    double seconds = 0;
    uint32_t i;
    mlpipe_status st = r ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    if (st)
        return st;
    mlpipe__report_text(r, "task", task, strlen(task));
    mlpipe__report_text(r, "kind", kind, strlen(kind));
    mlpipe__report_number(r, "rows", (double)j->data->rows);
    mlpipe__report_number(r, "folds", folds);
    mlpipe__report_number(r, "repeats", j->count / folds);
    mlpipe__report_number(r, "n", (double)j->pool.n);
    mlpipe__report_number(r, "rows_without_target",
                          (double)j->pool.no_target);
    mlpipe__report_number(r, "rows_without_answer",
                          (double)j->pool.no_answer);
    for (i = 0; !st && i < j->metrics.count; i++)
        st = cross_report_metric(j, i, r);
    cross_report_dropped(j, r);
    cross_report_check(j, r);
    for (i = 0; i < j->count; i++)
        seconds += j->fold[i].seconds;
    mlpipe__report_number(r, "fit_seconds",
                          j->ctx->env->clock_ns ? seconds : mlpipe__nan());
    cross_report_folds(j, r);
    if (!st)
        return mlpipe__report_seal(j->ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

/* ---- the call ----------------------------------------------------------- */

/* Metrics of another task, or without what they are taken over, are refused
 * before the first fit. */
static mlpipe_status cross_metrics(cross_job *j)
{
    mlpipe_status st =
        mlpipe__recipe_task(j->ctx, j->recipe, j->data, &j->task);
    if (!st)
        st = mlpipe__metric_list_make(
            j->ctx, j->task, mlpipe__params_get(j->params, "metrics"),
            &j->metrics);
    if (!st)
        st = mlpipe__query_column(j->ctx,
                                  mlpipe__params_get(j->params, "query"),
                                  mlpipe__pipeline_role(j->recipe, "group"),
                                  j->metrics.by_query, j->data, &j->query);
    if (!st && j->query >= 0)
        mlpipe__warn_torn(j->ctx, "cross_validate",
                          j->data->columns[j->query]->name,
                          j->roles.columns.group);
    return st;
}

static mlpipe_status cross_folds(cross_job *j, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__fold_plan_new(
        j->ctx, "mlpipe_cross_validate", j->data, j->params,
        &j->roles.columns, &j->plan);
    uint32_t i;
    if (!st)
        st = cross_metrics(j);
    if (st)
        return st;
    j->count = mlpipe__fold_plan_count(j->plan);
    j->fold = mlpipe__alloc_array(j->ctx->env, j->count, sizeof *j->fold);
    if (!j->fold)
        return mlpipe__nomem(j->ctx);
    for (i = 0; !st && i < j->count; i++)
        st = cross_one(j, i);
    if (!st)
        st = mlpipe__poll(j->ctx, "cross_validate", j->count, j->count);
    return st ? st : cross_report(j, out);
}

/* For the check alone, where the data has it in every row: what nobody asked
 * for must not refuse. */
static const mlpipe__setting *cross_if_whole(const cross_job *j,
                                             mlpipe__role *own)
{
    const int32_t at =
        own->name[0] ? mlpipe_dataset_find(j->data, own->name) : -1;
    if (at < 0 || mlpipe_dataset_nulls(j->data, (uint32_t)at))
        own->setting.count = 0;
    return &own->setting;
}

static void cross_columns(cross_job *j)
{
    const mlpipe__fold_columns *c = &j->roles.columns;
    mlpipe__fold_roles_init(j->ctx, "cross_validate", j->params, j->recipe,
                            NULL, &j->roles);
    mlpipe__role_of(j->recipe, NULL, "id", &j->id);
    j->checked = (mlpipe__check_columns){
        cross_if_whole(j, &j->id),
        c->group->count ? c->group : cross_if_whole(j, &j->roles.group),
        c->order->count ? c->order : cross_if_whole(j, &j->roles.time),
        c->label_end};
}

static mlpipe_status cross_run(mlpipe_ctx *ctx,
                               const mlpipe_pipeline *pipeline,
                               const mlpipe_dataset *dataset,
                               const char *params, mlpipe_report **out)
{
    cross_job j = {.ctx = ctx, .recipe = pipeline, .data = dataset};
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_cross_validate", mlpipe__cross_validate_params,
        mlpipe__cross_validate_param_count, params, &p);
    if (st)
        return st;
    j.params = &p;
    cross_columns(&j);
    st = cross_folds(&j, out);
    cross_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_cross_validate(mlpipe_ctx *ctx,
                                    const mlpipe_pipeline *pipeline,
                                    const mlpipe_dataset *dataset,
                                    const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_cross_validate");
    if (out)
        *out = NULL;
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = cross_run(ctx, pipeline, dataset, params, out);
    return mlpipe__end(ctx, st);
}
