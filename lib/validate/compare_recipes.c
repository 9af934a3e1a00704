/* SPDX-License-Identifier: MIT */
/*
 * Two recipes over the same folds: each is fitted anew on what may train for
 * a fold, and both are scored on the rows of it that both answer.
 */
#include "validate_internal.h"

const mlpipe__param mlpipe__compare_recipes_params[] = {
    MLPIPE__FOLD_PARAMS,
    {"metric", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "any of the task; default: the task's loss"},
    MLPIPE__QUERY_PARAM,
    {"alpha", MLPIPE_PARAM_REAL, "0.05", 1e-12, 0.5, NULL, 0x000100,
     "chance of telling equal recipes apart"},
};
const uint32_t mlpipe__compare_recipes_param_count =
    sizeof mlpipe__compare_recipes_params /
    sizeof *mlpipe__compare_recipes_params;

typedef struct recipes_fold {
    double train, test; /* rows */
    double n;           /* scored */
} recipes_fold;

typedef struct recipes_job {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *a, *b;
    const mlpipe_dataset *data;
    const mlpipe__params *params;
    mlpipe__fold_plan *plan;
    uint32_t count;   /* folds of all repeats */
    recipes_fold *fold;
    double *va, *vb, *d; /* count each; d = vb - va */
    uint32_t task;
    mlpipe__metric metric;
    bool known;       /* the metric, from the first fold on */
    int32_t query;    /* the column of queries; -1: the metric is of rows */
    double no_target, no_answer_a, no_answer_b;
} recipes_job;

static void recipes_free(recipes_job *j)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe__fold_plan_free(j->plan);
    mlpipe__free(env, j->fold);
    mlpipe__free(env, j->va);
}

/* ---- one fold ----------------------------------------------------------- */

static mlpipe_status recipes_metric(recipes_job *j, const mlpipe_model *m)
{
    const char *name = mlpipe__params_get(j->params, "metric")->text;
    if (j->known && j->task != m->task)
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "by the training rows of this fold the task is "
                            "%s, by those of the first fold it is %s; use "
                            "stratify=%s or fewer folds, so that every class "
                            "is in all of them", mlpipe__task_name(m->task),
                            mlpipe__task_name(j->task), m->target);
    if (j->known)
        return MLPIPE_OK;
    j->known = true;
    j->task = m->task;
    return mlpipe__metric_of_task(
        j->ctx, m->task, name[0] ? name : mlpipe__task_metric(m->task),
        &j->metric);
}

/* Where a metric by query finds its queries, before anything is fitted. */
static mlpipe_status recipes_query(recipes_job *j,
                                   const mlpipe__setting *whole)
{
    const char *name = mlpipe__params_get(j->params, "metric")->text;
    mlpipe__metric m;
    mlpipe__role group;
    bool found;
    mlpipe_status st = mlpipe__metric_read(j->ctx, name, &m, &found);
    mlpipe__role_of(j->a, j->b, "group", &group);
    if (!st)
        st = mlpipe__query_column(
            j->ctx, mlpipe__params_get(j->params, "query"), group.name,
            found && m.by_query ? &m : NULL, j->data, &j->query);
    if (!st && j->query >= 0)
        mlpipe__warn_torn(j->ctx, "compare_recipes",
                          j->data->columns[j->query]->name, whole);
    return st;
}

static mlpipe_status recipes_score(recipes_job *j, uint32_t i,
                                   const mlpipe_model *a,
                                   const mlpipe_model *b,
                                   const mlpipe_dataset *fold)
{
    mlpipe__pair_rows r;
    mlpipe_figure of_a, of_b;
    mlpipe_status st = mlpipe__pair_queries_load(j->ctx, a, b, fold, true,
                                                 j->query, &r);
    const mlpipe__scored sa = {r.y, r.a, r.w, r.n, r.width, r.query};
    const mlpipe__scored sb = {r.y, r.b, r.w, r.n, r.width, r.query};
    if (!st && !r.n)
        st = mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                          "no row of the fold has a target and an answer of "
                          "both models");
    if (!st)
        st = recipes_metric(j, a);
    if (!st)
        st = mlpipe__metric_value(j->ctx, &j->metric, &sa, &of_a);
    if (!st)
        st = mlpipe__metric_value(j->ctx, &j->metric, &sb, &of_b);
    if (!st) {
        j->va[i] = of_a.value;
        j->vb[i] = of_b.value;
        j->d[i] = of_b.value - of_a.value;
        j->fold[i].n = (double)r.n;
        j->no_target += (double)r.unlabelled;
        j->no_answer_a += (double)r.silent_a;
        j->no_answer_b += (double)r.silent_b;
    }
    mlpipe__pair_rows_free(j->ctx->env, &r);
    return st;
}

static mlpipe_status recipes_fit(recipes_job *j, uint32_t i,
                                 const mlpipe_dataset *fold,
                                 const mlpipe_dataset *rest)
{
    mlpipe_model *a = NULL, *b = NULL;
    mlpipe_status st = mlpipe_fit(j->ctx, j->a, rest, NULL, &a);
    if (!st)
        st = mlpipe_fit(j->ctx, j->b, rest, NULL, &b);
    if (!st)
        st = recipes_score(j, i, a, b, fold);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    return st;
}

static mlpipe_status recipes_one(recipes_job *j, uint32_t i)
{
    mlpipe_dataset *fold = NULL, *rest = NULL;
    char where[64];
    mlpipe_status st =
        mlpipe__poll(j->ctx, "compare_recipes", i, j->count);
    if (!st)
        st = mlpipe__fold_plan_views(j->ctx, j->plan, i, &fold, &rest, NULL);
    if (!st) {
        j->fold[i].train = (double)mlpipe_dataset_rows(rest);
        j->fold[i].test = (double)mlpipe_dataset_rows(fold);
        st = recipes_fit(j, i, fold, rest);
        if (st) {
            mlpipe__format(where, sizeof where,
                           "mlpipe_compare_recipes, fold %u", i);
            mlpipe__fail_where(j->ctx, where);
        }
    }
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    return st;
}

/* ---- the report --------------------------------------------------------- */

static void recipes_figure(mlpipe_report *r, const char *name,
                           const mlpipe__mean *mean, double df)
{
    const double half = mlpipe__student_quantile(0.975, df) * mean->se;
    const mlpipe_figure f = {mean->value, mean->value - half,
                             mean->value + half, df + 1.0};
    mlpipe__report_figure(r, name, &f);
}

static void recipes_test(const recipes_job *j, mlpipe_report *r)
{
    const double alpha = mlpipe__params_get(j->params, "alpha")->number;
    const double sense = j->metric.higher_is_better ? 1.0 : -1.0;
    const char *verdict;
    double ratio = 0, sd, wins_a = 0, wins_b = 0;
    mlpipe__mean mean;
    mlpipe__test t;
    for (uint32_t i = 0; i < j->count; i++) {
        ratio += j->fold[i].test / j->fold[i].train / j->count;
        wins_a += sense * j->d[i] < 0;
        wins_b += sense * j->d[i] > 0;
    }
    mlpipe__corrected_t(j->va, j->count, ratio, &mean, &sd, &t);
    recipes_figure(r, "a", &mean, t.df);
    mlpipe__corrected_t(j->vb, j->count, ratio, &mean, &sd, &t);
    recipes_figure(r, "b", &mean, t.df);
    mlpipe__corrected_t(j->d, j->count, ratio, &mean, &sd, &t);
    recipes_figure(r, "difference", &mean, t.df);
    mlpipe__report_number(r, "difference_sd", sd);
    mlpipe__report_number(r, "folds_a_better", wins_a);
    mlpipe__report_number(r, "folds_b_better", wins_b);
    mlpipe__report_number(r, "statistic", t.statistic);
    mlpipe__report_number(r, "df", t.df);
    mlpipe__report_number(r, "p", t.p);
    mlpipe__report_number(r, "alpha", alpha);
    mlpipe__report_number(r, "detectable",
                          mlpipe__compare_detectable(mean.se, t.df, alpha));
    verdict = mlpipe__compare_verdict(sense * mean.value, t.p, alpha);
    mlpipe__report_text(r, "verdict", verdict, strlen(verdict));
}

static void recipes_table(const recipes_job *j, mlpipe_report *r)
{
    const uint32_t folds = mlpipe__fold_plan_folds(j->plan);
    mlpipe__report_table(r, "folds",
                         "repeat,fold,rows_train,rows_test,n,a,b,difference");
    for (uint32_t i = 0; i < j->count; i++) {
        mlpipe__report_cell_number(r, i / folds);
        mlpipe__report_cell_number(r, i % folds);
        mlpipe__report_cell_number(r, j->fold[i].train);
        mlpipe__report_cell_number(r, j->fold[i].test);
        mlpipe__report_cell_number(r, j->fold[i].n);
        mlpipe__report_cell_number(r, j->va[i]);
        mlpipe__report_cell_number(r, j->vb[i]);
        mlpipe__report_cell_number(r, j->d[i]);
    }
}

static void recipes_text(mlpipe_report *r, const char *name,
                         const char *text)
{
    mlpipe__report_text(r, name, text, strlen(text));
}

static mlpipe_status recipes_report(const recipes_job *j,
                                    mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "recipe_comparison");
    const uint32_t folds = mlpipe__fold_plan_folds(j->plan);
    if (!r)
        return mlpipe__nomem(j->ctx);
    recipes_text(r, "task", mlpipe__task_name(j->task));
    recipes_text(r, "metric", j->metric.name);
    recipes_text(r, "test", "corrected resampled t");
    recipes_text(r, "kind", mlpipe__params_get(j->params, "kind")->text);
    mlpipe__report_number(r, "rows", (double)j->data->rows);
    mlpipe__report_number(r, "folds", folds);
    mlpipe__report_number(r, "repeats", j->count / folds);
    mlpipe__report_number(r, "rows_without_target", j->no_target);
    mlpipe__report_number(r, "rows_without_answer_a", j->no_answer_a);
    mlpipe__report_number(r, "rows_without_answer_b", j->no_answer_b);
    recipes_test(j, r);
    recipes_table(j, r);
    return mlpipe__report_seal(j->ctx, r, out);
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status recipes_folds(recipes_job *j, mlpipe_report **out)
{
    mlpipe__fold_roles roles;
    mlpipe_status st;
    mlpipe__fold_roles_init(j->ctx, "compare_recipes", j->params, j->a, j->b,
                            &roles);
    st = mlpipe__fold_plan_new(j->ctx, "mlpipe_compare_recipes", j->data,
                               j->params, &roles.columns, &j->plan);
    if (!st)
        st = recipes_query(j, roles.columns.group);
    if (st)
        return st;
    j->count = mlpipe__fold_plan_count(j->plan);
    j->fold = mlpipe__alloc_array(j->ctx->env, j->count, sizeof *j->fold);
    j->va = mlpipe__alloc_array(j->ctx->env, j->count, 3 * sizeof *j->va);
    if (!j->fold || !j->va)
        return mlpipe__nomem(j->ctx);
    j->vb = j->va + j->count;
    j->d = j->vb + j->count;
    for (uint32_t i = 0; !st && i < j->count; i++)
        st = recipes_one(j, i);
    if (!st)
        st = mlpipe__poll(j->ctx, "compare_recipes", j->count, j->count);
    return st ? st : recipes_report(j, out);
}

static mlpipe_status recipes_run(mlpipe_ctx *ctx, const mlpipe_pipeline *a,
                                 const mlpipe_pipeline *b,
                                 const mlpipe_dataset *data,
                                 const char *params, mlpipe_report **out)
{
    recipes_job j = {.ctx = ctx, .a = a, .b = b, .data = data};
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_compare_recipes", mlpipe__compare_recipes_params,
        mlpipe__compare_recipes_param_count, params, &p);
    if (st)
        return st;
    j.params = &p;
    st = recipes_folds(&j, out);
    recipes_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_compare_recipes(mlpipe_ctx *ctx,
                                     const mlpipe_pipeline *a,
                                     const mlpipe_pipeline *b,
                                     const mlpipe_dataset *dataset,
                                     const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_compare_recipes");
    if (out)
        *out = NULL;
    if (!st && !a)
        st = mlpipe__null_arg(ctx, "a");
    if (!st && !b)
        st = mlpipe__null_arg(ctx, "b");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = recipes_run(ctx, a, b, dataset, params, out);
    return mlpipe__end(ctx, st);
}
