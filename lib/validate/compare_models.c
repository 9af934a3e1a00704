/* SPDX-License-Identifier: MIT */
/* Two models on a dataset: a report of the test and of its neighbours. */
#include "validate_internal.h"

const mlpipe__param mlpipe__compare_params[] = {
    {"metric", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "one that a paired test can compare; default: the task's loss"},
    MLPIPE__QUERY_PARAM,
    {"alpha", MLPIPE_PARAM_REAL, "0.05", 1e-12, 0.5, NULL, 0x000100,
     "chance of telling equal models apart"},
    {"seen", MLPIPE_PARAM_CHOICE, "drop", 0, 0, "drop,keep", 0x000100,
     "what becomes of rows that either model was fitted on"},
};
const uint32_t mlpipe__compare_param_count =
    sizeof mlpipe__compare_params / sizeof *mlpipe__compare_params;

typedef struct compare_job {
    mlpipe_ctx *ctx;
    const mlpipe_model *a, *b;
    const mlpipe_dataset *data;
    mlpipe__metric metric;
    int32_t query; /* the column of queries; -1: the metric is of rows */
    double alpha;
    bool keep;
    mlpipe__pair_rows rows;
    mlpipe__comparison c;
} compare_job;

static mlpipe_status compare_too_few(const compare_job *j)
{
    const mlpipe__pair_rows *r = &j->rows;
    return mlpipe__fail(
        j->ctx, MLPIPE_E_EMPTY,
        "%llu of %lld rows can be compared: either model was fitted on %llu, "
        "%llu have no target, a does not answer %llu and b %llu; give rows "
        "that are new to both%s",
        (unsigned long long)r->n, (long long)j->data->rows,
        (unsigned long long)r->seen, (unsigned long long)r->unlabelled,
        (unsigned long long)r->silent_a, (unsigned long long)r->silent_b,
        r->seen && !j->keep ? ", or take seen=keep" : "");
}

static mlpipe_status compare_score(compare_job *j)
{
    const mlpipe__pair_rows *r = &j->rows;
    const mlpipe__scored sa = {r->y, r->a, r->w, r->n, r->width, r->query};
    const mlpipe__scored sb = {r->y, r->b, r->w, r->n, r->width, r->query};
    mlpipe_status st;
    if (r->n < 2)
        return compare_too_few(j);
    st = mlpipe__compare(j->ctx, &j->metric, &sa, &sb, &j->c);
    if (st || j->c.difference_se == j->c.difference_se || j->c.loss.n > 0 ||
        j->metric.by_query)
        return st;
    return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                        "%s cannot be compared on these %llu rows: it takes "
                        "two of either class",
                        j->metric.name, (unsigned long long)r->n);
}

/* ---- the report --------------------------------------------------------- */

static void compare_text(mlpipe_report *r, const char *name, const char *text)
{
    mlpipe__report_text(r, name, text, strlen(text));
}

static mlpipe_status compare_head(const compare_job *j, mlpipe_report *r)
{
    const mlpipe__pair_rows *rows = &j->rows;
    const double better = j->c.mean < 0 ? 1.0 : j->c.mean > 0 ? -1.0 : 0.0;
    mlpipe__hash128 hash;
    char print[33];
    const mlpipe_status st = mlpipe__dataset_hash(j->ctx, j->data, &hash);
    if (st)
        return st;
    mlpipe__hash_hex(hash, print);
    compare_text(r, "verdict",
                 mlpipe__compare_verdict(better, j->c.two.p, j->alpha));
    compare_text(r, "task", mlpipe__task_name(j->a->task));
    compare_text(r, "metric", j->metric.name);
    compare_text(r, "test", j->c.test);
    compare_text(r, "model_a", j->a->id);
    compare_text(r, "model_b", j->b->id);
    compare_text(r, "dataset", print);
    if (rows->w)
        compare_text(r, "weight", j->a->weight_column);
    mlpipe__report_number(r, "rows", (double)j->data->rows);
    mlpipe__report_number(r, "n", (double)rows->n);
    if (j->metric.by_query)
        mlpipe__report_number(r, "queries", (double)j->c.n);
    mlpipe__report_number(r, "rows_seen", (double)rows->seen);
    mlpipe__report_number(r, "rows_without_target",
                          (double)rows->unlabelled);
    mlpipe__report_number(r, "rows_without_answer_a",
                          (double)rows->silent_a);
    mlpipe__report_number(r, "rows_without_answer_b",
                          (double)rows->silent_b);
    return MLPIPE_OK;
}

static void compare_result(const compare_job *j, mlpipe_report *r)
{
    const mlpipe__comparison *c = &j->c;
    const double df = c->loss.n > 0 || j->metric.by_query
                          ? (double)c->n - 1.0
                          : mlpipe__nan();
    mlpipe__report_figure(r, "a", &c->of_a);
    mlpipe__report_figure(r, "b", &c->of_b);
    mlpipe__report_figure(r, "difference", &c->difference);
    if (c->loss.n > 0)
        mlpipe__report_figure(r, "loss_difference", &c->loss);
    mlpipe__report_number(r, "statistic", c->two.statistic);
    mlpipe__report_number(r, "df", c->two.df);
    mlpipe__report_number(r, "p", c->two.p);
    mlpipe__report_number(r, "alpha", j->alpha);
    mlpipe__report_number(
        r, "detectable",
        mlpipe__compare_detectable(c->difference_se, df, j->alpha));
}

/* What b loses more than a, row by row or query by query. */
static mlpipe_status compare_differences(const compare_job *j,
                                         const mlpipe__scored *sa,
                                         const mlpipe__scored *sb,
                                         double **d, uint64_t *n)
{
    double *w;
    uint32_t queries;
    mlpipe_status st;
    if (j->metric.by_query) {
        st = mlpipe__compare_queries(j->ctx, &j->metric, sa, sb, d, &w,
                                     &queries);
        *n = queries;
        return st;
    }
    *n = sa->n;
    *d = mlpipe__alloc_array(j->ctx->env, (size_t)*n, 2 * sizeof **d);
    if (!*d)
        return mlpipe__nomem(j->ctx);
    mlpipe__metric_losses(&j->metric, sa, *d + *n);
    mlpipe__metric_losses(&j->metric, sb, *d);
    for (uint64_t i = 0; i < *n; i++)
        (*d)[i] -= (*d)[*n + i];
    return MLPIPE_OK;
}

static mlpipe_status compare_ranks(const compare_job *j,
                                   const mlpipe__scored *sa,
                                   const mlpipe__scored *sb, mlpipe_report *r)
{
    mlpipe__env *env = j->ctx->env;
    double *d = NULL;
    uint64_t n;
    mlpipe__test t;
    mlpipe_status st = compare_differences(j, sa, sb, &d, &n);
    if (!st)
        st = mlpipe__wilcoxon(j->ctx, d, n, &t);
    if (!st) {
        mlpipe__report_number(r, "wilcoxon_statistic", t.statistic);
        mlpipe__report_number(r, "wilcoxon_p", t.p);
    }
    mlpipe__free(env, d);
    return st;
}

/* Tests of the same rows that look at something else. */
static mlpipe_status compare_beside(const compare_job *j, mlpipe_report *r)
{
    const mlpipe__pair_rows *rows = &j->rows;
    const mlpipe__scored sa = {rows->y, rows->a,     rows->w,
                               rows->n, rows->width, rows->query};
    const mlpipe__scored sb = {rows->y, rows->b,     rows->w,
                               rows->n, rows->width, rows->query};
    uint64_t only_a, only_b;
    mlpipe__test t;
    mlpipe_status st = MLPIPE_OK;
    if (j->c.loss.n > 0 || j->metric.by_query)
        st = compare_ranks(j, &sa, &sb, r);
    if (st || j->a->task == MLPIPE__TASK_REGRESSION)
        return st;
    mlpipe__compare_right(&sa, &sb, &only_a, &only_b);
    mlpipe__mcnemar(only_a, only_b, &t);
    mlpipe__report_number(r, "only_a_right", (double)only_a);
    mlpipe__report_number(r, "only_b_right", (double)only_b);
    mlpipe__report_number(r, "mcnemar_statistic", t.statistic);
    mlpipe__report_number(r, "mcnemar_p", t.p);
    return MLPIPE_OK;
}

static mlpipe_status compare_report(const compare_job *j,
                                    mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "comparison");
    mlpipe_status st = r ? compare_head(j, r) : mlpipe__nomem(j->ctx);
    if (!st) {
        compare_result(j, r);
        st = compare_beside(j, r);
    }
    if (!st)
        return mlpipe__report_seal(j->ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status compare_run(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *data,
                                 const char *params, mlpipe_report **out)
{
    compare_job j = {.ctx = ctx, .a = a, .b = b, .data = data};
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_compare", mlpipe__compare_params,
        mlpipe__compare_param_count, params, &p);
    if (st)
        return st;
    j.alpha = mlpipe__params_get(&p, "alpha")->number;
    j.keep = mlpipe__params_get(&p, "seen")->choice == 1;
    st = mlpipe__compare_metric(
        ctx, "metric", mlpipe__params_get(&p, "metric")->text, a, true,
        &j.metric);
    if (!st)
        st = mlpipe__query_column(
            ctx, mlpipe__params_get(&p, "query"),
            a->group_column[0] ? a->group_column : b->group_column,
            j.metric.by_query ? &j.metric : NULL, data, &j.query);
    if (!st)
        st = mlpipe__pair_queries_load(ctx, a, b, data, j.keep, j.query,
                                       &j.rows);
    if (!st)
        st = compare_score(&j);
    if (!st && j.keep && j.rows.seen)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "compare",
                         "%llu of these %lld rows equal rows that a or b was "
                         "fitted on; they favour the model that knows them",
                         (unsigned long long)j.rows.seen,
                         (long long)data->rows);
    if (!st)
        st = compare_report(&j, out);
    mlpipe__pair_rows_free(ctx->env, &j.rows);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_compare(mlpipe_ctx *ctx, const mlpipe_model *a,
                             const mlpipe_model *b,
                             const mlpipe_dataset *dataset,
                             const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_compare");
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
        st = compare_run(ctx, a, b, dataset, params, out);
    return mlpipe__end(ctx, st);
}
