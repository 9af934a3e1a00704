/* SPDX-License-Identifier: MIT */
/* Splits and folds on memory that fails: all parts or none. */
#include "torture.h"

static const char validate_csv[] =
    "day,x\n2024-01-01,1\n2024-01-02,2\n2024-01-02,3\n2024-01-03,4\n"
    "2024-01-04,5\n2024-01-05,6\n2024-01-05,7\n2024-01-06,8\n";

static mlpipe_dataset *validate_rows(torture *t)
{
    mlpipe_dataset *d = NULL;

    torture_check(t, !mlpipe_read_csv_memory(t->plain, validate_csv,
                                             sizeof validate_csv - 1, NULL,
                                             &d));
    return d;
}

static void validate_record(torture *t, const mlpipe_dataset *d)
{
    for (int64_t i = 0; i < mlpipe_dataset_rows(d); i++) {
        const uint64_t id = mlpipe_dataset_row_id(d, i);

        torture_record(t, &id, sizeof id);
    }
}

static mlpipe_status torture_split(torture *t)
{
    static const char *const params[] = {
        "order=day parts=0.5,0.5",
        "order=day at=2024-01-04",
        "parts=0.5,0.5 seed=2",
        "parts=0.5,0.5 stratify=x bins=2",
        "parts=0.5,0.5 group=day stratify=x bins=2",
        "order=day parts=0.5,0.5 label_end=day group=day gap=1"};
    mlpipe_dataset *d = validate_rows(t), *part[2];
    mlpipe_status st = MLPIPE_OK;

    for (int i = 0; i < 6 && !st; i++) {
        st = mlpipe_dataset_split(t->c, d, params[i], part, 2);
        torture_check(t, !st == (part[0] && part[1]));
        torture_check(t, !st || (!part[0] && !part[1]));
        for (int k = 0; k < 2 && !st; k++)
            validate_record(t, part[k]);
        mlpipe_dataset_free(part[0]);
        mlpipe_dataset_free(part[1]);
    }
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_fold(torture *t)
{
    static const char *const params[] = {
        "folds=2",
        "folds=2 kind=contiguous order=day label_end=day gap=1 embargo=1d",
        "folds=2 kind=ordered order=day group=day max_train=3",
        "kind=groups group=day"};
    mlpipe_dataset *d = validate_rows(t), *fold = NULL, *rest = NULL;
    mlpipe_status st = MLPIPE_OK;

    for (int i = 0; i < 4 && !st; i++) {
        st = mlpipe_dataset_fold(t->c, d, params[i], 1, &fold, &rest);
        torture_check(t, !st == (fold && rest));
        torture_check(t, !st || (!fold && !rest));
        if (!st) {
            validate_record(t, fold);
            validate_record(t, rest);
        }
        mlpipe_dataset_free(fold);
        mlpipe_dataset_free(rest);
    }
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_split_check(torture *t)
{
    mlpipe_dataset *d = validate_rows(t), *part[2] = {NULL, NULL};
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    torture_check(t, !mlpipe_dataset_split(t->plain, d, "parts=0.5,0.5",
                                           part, 2));
    st = mlpipe_split_check(t->c, part, 2,
                            "id=x group=day order=day label_end=day", &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        const double found[3] = {mlpipe_report_get(r, "equal_rows"),
                                 mlpipe_report_get(r, "groups"),
                                 mlpipe_report_get(r, "spans")};

        torture_record(t, found, sizeof found);
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_cross_validate(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    torture_check(t, !torture_dataset(t->plain, &d));
    torture_check(t, !mlpipe_pipeline_new(
                         t->plain, "target=y id=id time=when features=x",
                         &p));
    torture_check(t, !mlpipe_pipeline_add(t->plain, p, "impute", NULL));
    torture_check(t, !mlpipe_pipeline_add(t->plain, p, "ridge", NULL));
    st = mlpipe_cross_validate(t->c, p, d, "folds=2 metrics=rmse", &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        const double found[2] = {mlpipe_report_get(r, "rmse"),
                                 mlpipe_report_get(r, "rmse_pooled")};

        torture_record(t, found, sizeof found);
    }
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

/* Made once: fitting is not what is tried here. */
static mlpipe_model *compare_kept[2];

static void compare_end(void)
{
    mlpipe_model_free(compare_kept[0]);
    mlpipe_model_free(compare_kept[1]);
}

static mlpipe_pipeline *compare_recipe(torture *t, mlpipe_ctx *c,
                                       const char *params)
{
    mlpipe_pipeline *p = NULL;

    torture_check(t, !mlpipe_pipeline_new(
                         c, "target=y id=id time=when features=x", &p));
    torture_check(t, !mlpipe_pipeline_add(c, p, "impute", NULL));
    torture_check(t, !mlpipe_pipeline_add(c, p, "ridge", params));
    return p;
}

static void compare_make(torture *t)
{
    static const char *const params[2] = {"l2=1", "l2=50"};
    mlpipe_ctx *c = torture_forever();
    mlpipe_dataset *d = NULL, *half = NULL;

    if (compare_kept[0])
        return;
    torture_check(t, !torture_dataset(c, &d));
    torture_check(t, !mlpipe_dataset_slice(
                         c, d, 0, mlpipe_dataset_rows(d) / 2, &half));
    for (int i = 0; i < 2; i++) {
        mlpipe_pipeline *p = compare_recipe(t, c, params[i]);

        torture_check(t, !mlpipe_fit(c, p, half, NULL, &compare_kept[i]));
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(half);
    mlpipe_dataset_free(d);
    torture_at_end(compare_end);
}

static void compare_record(torture *t, const mlpipe_report *r)
{
    const double found[3] = {mlpipe_report_get(r, "difference"),
                             mlpipe_report_get(r, "p"),
                             mlpipe_report_get(r, "detectable")};

    torture_record(t, found, sizeof found);
}

static mlpipe_status torture_compare(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    compare_make(t);
    torture_check(t, !torture_dataset(t->plain, &d));
    st = mlpipe_compare(t->c, compare_kept[0], compare_kept[1], d, NULL, &r);
    torture_check(t, !st == (r != NULL));
    if (!st)
        compare_record(t, r);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_compare_recipes(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *a = compare_recipe(t, t->plain, "l2=1");
    mlpipe_pipeline *b = compare_recipe(t, t->plain, "l2=50");
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    torture_check(t, !torture_dataset(t->plain, &d));
    st = mlpipe_compare_recipes(t->c, a, b, d, "folds=2", &r);
    torture_check(t, !st == (r != NULL));
    if (!st)
        compare_record(t, r);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(a);
    mlpipe_pipeline_free(b);
    mlpipe_dataset_free(d);
    return st;
}

/* Metrics by query, which sort rows by their queries, in each call that has
 * them. */
static mlpipe_status torture_queries(torture *t)
{
    static const char *const metrics = "metrics=mrr,map@2,hit_rate@1 "
                                       "query=color";
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = compare_recipe(t, t->plain, "l2=1");
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    compare_make(t);
    torture_check(t, !torture_dataset(t->plain, &d));
    st = mlpipe_evaluate(t->c, compare_kept[0], d, metrics, &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        const double found[2] = {mlpipe_report_get(r, "mrr"),
                                 mlpipe_report_get(r, "map@2_baseline")};

        torture_record(t, found, sizeof found);
        mlpipe_report_free(r);
        st = mlpipe_cross_validate(t->c, p, d,
                                   "folds=2 metrics=mrr query=color", &r);
    }
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_compare_queries(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st;

    compare_make(t);
    torture_check(t, !torture_dataset(t->plain, &d));
    st = mlpipe_compare(t->c, compare_kept[0], compare_kept[1], d,
                        "metric=map query=color", &r);
    torture_check(t, !st == (r != NULL));
    if (!st)
        compare_record(t, r);
    mlpipe_report_free(r);
    r = NULL;
    if (!st)
        st = mlpipe_importance(t->c, compare_kept[0], d,
                               "metric=mrr query=color repeats=2", &r);
    torture_check(t, !st == (r != NULL));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

/* Rows on a line, and others beside it. */
static mlpipe_dataset *validate_line(torture *t, uint64_t first)
{
    static const double noise[12] = {1, -2, 0, 3, 1, -1, 2, 0, -3, 1, 0, -2};
    mlpipe_dataset *d = NULL;
    mlpipe_builder *b = NULL;
    double x[12], y[12];
    char params[40];

    for (int i = 0; i < 12; i++) {
        x[i] = (double)i + 0.25 * (double)first;
        y[i] = 2 * x[i] + noise[i];
    }
    snprintf(params, sizeof params, "first_row_id=%u", (unsigned)first);
    torture_check(t, !mlpipe_builder_new(t->plain, NULL, params, &b));
    torture_check(t, !mlpipe_builder_column(t->plain, b, "x", MLPIPE_F64, x,
                                            NULL, 12));
    torture_check(t, !mlpipe_builder_column(t->plain, b, "y", MLPIPE_F64, y,
                                            NULL, 12));
    torture_check(t, !mlpipe_builder_finish(t->plain, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_status validate_search(torture *t, bool valid,
                                     const char *space, const char *params)
{
    mlpipe_dataset *d = validate_line(t, 0);
    mlpipe_dataset *v = valid ? validate_line(t, 100) : NULL;
    mlpipe_pipeline *p = NULL, *tuned = (mlpipe_pipeline *)t;
    mlpipe_report *trials = (mlpipe_report *)t;
    mlpipe_buffer *json = NULL;
    mlpipe_status st;

    torture_check(t, !mlpipe_pipeline_new(t->plain, "target=y holdout=0",
                                          &p));
    torture_check(t, !mlpipe_pipeline_add(t->plain, p, "ridge", NULL));
    st = mlpipe_search(t->c, p, d, v, space, params, &tuned, &trials);
    torture_check(t, !st == (tuned && trials));
    torture_check(t, !st || (!tuned && !trials));
    if (!st) {
        const double best = mlpipe_report_get(trials, "best");

        torture_record(t, &best, sizeof best);
        torture_check(t, !mlpipe_pipeline_json(t->plain, tuned, &json));
        torture_text(t, mlpipe_buffer_data(json));
    }
    mlpipe_buffer_free(json);
    mlpipe_report_free(trials);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(v);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_search(torture *t)
{
    return validate_search(t, true, "ridge.l2=0.1..10:log",
                           "trials=2 journal=search.jsonl");
}

static mlpipe_status torture_search_folds(torture *t)
{
    return validate_search(t, false, "{\"ridge.l2\": [1, 10]}",
                           "trials=2 folds=2 halving=2 min_rows=6 "
                           "method=random");
}

const torture_scenario torture_validate[] = {
    {"mlpipe_dataset_split", torture_split, 0},
    {"mlpipe_dataset_fold", torture_fold, 0},
    {"mlpipe_split_check", torture_split_check, 0},
    {"mlpipe_cross_validate", torture_cross_validate, 0},
    {"mlpipe_compare", torture_compare, 0},
    {"mlpipe_compare", torture_compare_queries, 0},
    {"mlpipe_evaluate", torture_queries, 0},
    {"mlpipe_compare_recipes", torture_compare_recipes, 0},
    {"mlpipe_search", torture_search, 0},
    {"mlpipe_search", torture_search_folds, 0},
    {NULL, NULL, 0},
};
