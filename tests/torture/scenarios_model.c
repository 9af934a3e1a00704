/* SPDX-License-Identifier: MIT */
/* The catalog, recipes, fitted models. */
#include "torture.h"

static mlpipe_status torture_catalog(torture *t)
{
    uint32_t i, k;
    for (i = 0; i < mlpipe_catalog_count(); i++) {
        mlpipe_catalog_entry entry;
        mlpipe_catalog_parameter parameter;
        torture_check(t, !mlpipe_catalog_get(i, &entry));
        torture_text(t, entry.name);
        for (k = 0; k < entry.params; k++) {
            torture_check(t, !mlpipe_catalog_param(i, k, &parameter));
            torture_text(t, parameter.name);
        }
    }
    return MLPIPE_OK;
}

static mlpipe_status torture_recipe_json(torture *t, mlpipe_ctx *c,
                                         const mlpipe_pipeline *p)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    const mlpipe_status st = mlpipe_pipeline_json(c, p, &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return st;
}

static mlpipe_status torture_recipe(torture *t)
{
    mlpipe_pipeline *p = (mlpipe_pipeline *)t;
    mlpipe_status st = mlpipe_pipeline_new(
        t->c, "target=y id=id time=when features=x,color", &p);
    torture_check(t, !st == (p != NULL));
    if (!st)
        st = mlpipe_pipeline_add(t->c, p, "impute", NULL);
    if (!st)
        st = mlpipe_pipeline_add(t->c, p, "gbt", "trees=3");
    if (!st)
        st = torture_recipe_json(t, t->c, p);
    mlpipe_pipeline_free(p);
    return st;
}

/* A failed step leaves the recipe without it. */
static mlpipe_status torture_recipe_add(torture *t)
{
    mlpipe_pipeline *p = NULL;
    mlpipe_buffer *before = NULL, *after = NULL;
    mlpipe_status st;
    torture_calm(t);
    st = mlpipe_pipeline_new(t->c, "target=y features=x,color", &p);
    if (!st)
        st = mlpipe_pipeline_json(t->c, p, &before);
    torture_storm(t);
    if (!st)
        st = mlpipe_pipeline_add(t->c, p, "impute", "numeric=mean");
    if (st && before) {
        torture_calm(t);
        torture_check(t, !mlpipe_pipeline_json(t->plain, p, &after));
        torture_check(t, !strcmp(mlpipe_buffer_data(before),
                                 mlpipe_buffer_data(after)));
        torture_storm(t);
    }
    if (!st)
        st = torture_recipe_json(t, t->plain, p);
    mlpipe_buffer_free(before);
    mlpipe_buffer_free(after);
    mlpipe_pipeline_free(p);
    return st;
}

/* A recipe with an expression of each kind, and its fit where no memory
 * fails in time. */
static mlpipe_status torture_recipe_derive(torture *t)
{
    mlpipe_pipeline *p = NULL;
    mlpipe_status st;
    torture_calm(t);
    st = mlpipe_pipeline_new(t->c, "target=y features=x,color", &p);
    torture_storm(t);
    if (!st)
        st = mlpipe_pipeline_derive(
            t->c, p, "a = log(x) + 1; b = if(a > 1, color, \"none\");"
                     "c = upper(b); d = bucket(x, [0], [\"l\", \"h\"])");
    if (!st)
        st = mlpipe_pipeline_filter(
            t->c, p, "x > -1000 and lower(color) not in (\"a\", \"b\")");
    if (!st)
        st = torture_recipe_json(t, t->plain, p);
    mlpipe_pipeline_free(p);
    return st;
}

static mlpipe_status torture_recipe_parse(torture *t)
{
    mlpipe_pipeline *p = NULL, *again = (mlpipe_pipeline *)t;
    mlpipe_buffer *b = NULL;
    mlpipe_status st =
        mlpipe_pipeline_new(t->plain, "target=y features=x,color", &p);
    if (!st)
        st = mlpipe_pipeline_add(t->plain, p, "gbt", "trees=3");
    if (!st)
        st = mlpipe_pipeline_json(t->plain, p, &b);
    if (!st) {
        st = mlpipe_pipeline_parse(t->c, mlpipe_buffer_data(b),
                                   mlpipe_buffer_size(b), &again);
        torture_check(t, !st == (again != NULL));
        if (!st)
            st = torture_recipe_json(t, t->plain, again);
        mlpipe_pipeline_free(again);
    }
    mlpipe_buffer_free(b);
    mlpipe_pipeline_free(p);
    return st;
}

/* ---- fitted models ------------------------------------------------------ */

static mlpipe_dataset *model_rows, *model_train, *model_valid;
static mlpipe_pipeline *model_recipe;
static mlpipe_model *model_kept;

static void torture_model_end(void)
{
    mlpipe_model_free(model_kept);
    mlpipe_pipeline_free(model_recipe);
    mlpipe_dataset_free(model_train);
    mlpipe_dataset_free(model_valid);
    mlpipe_dataset_free(model_rows);
    model_kept = NULL;
    model_recipe = NULL;
    model_rows = model_train = model_valid = NULL;
}

/* The model that the others start from, fitted once. */
static mlpipe_status torture_model_make(void)
{
    mlpipe_ctx *c = torture_forever();
    mlpipe_status st;
    if (model_kept)
        return MLPIPE_OK;
    torture_at_end(torture_model_end);
    torture_model_end(); /* of an attempt that failed */
    st = torture_dataset(c, &model_rows);
    if (!st)
        st = mlpipe_dataset_slice(c, model_rows, 0, 40, &model_train);
    if (!st)
        st = mlpipe_dataset_slice(c, model_rows, 40, 20, &model_valid);
    if (!st)
        st = mlpipe_pipeline_new(c, "target=y id=id features=x,color",
                                 &model_recipe);
    if (!st)
        st = mlpipe_pipeline_add(c, model_recipe, "impute", NULL);
    if (!st)
        st = mlpipe_pipeline_add(c, model_recipe, "gbt",
                                 "trees=3 leaves=4 min_rows=5");
    if (!st)
        st = mlpipe_fit(c, model_recipe, model_train, model_valid,
                        &model_kept);
    if (st)
        printf("# %s\n", mlpipe_ctx_error(c)->text);
    return st;
}

static mlpipe_status torture_model_fit(torture *t)
{
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_fit(t->c, model_recipe, model_train, model_valid, &m);
    torture_check(t, !st == (m != NULL));
    torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    return st;
}

/* Every cleaning step: texts, lists, dictionaries of a plan, flags. */
static mlpipe_status torture_model_clean(torture *t)
{
    static const char *const steps[][2] = {
        {"dedupe", "on=id"},
        {"format", "columns=color to=category case=upper null='`green`' "
                   "map=red:crimson"},
        {"format", "columns=day to=date as=days"},
        {"drop_missing", "min_present=1 column_share=0.9 serving=flag"},
        {"outlier", "columns=x method=mad action=drop serving=refuse"},
        {"impute", "text=constant value=none indicator=true"},
        {"gbt", "trees=1"}};
    static const char csv[] = "id,x,color,day,y\n"
                              "1,1,red,2020-01-31,1\n"
                              "2,,Blue ,2020-02-28,2\n"
                              "3,2,green,2020-03-31,3\n"
                              "3,2,green,2020-03-31,3\n"
                              "4,3,,,4\n"
                              "5,900,blue,2020-04-30,5\n"
                              "6,,,,6\n";
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_pipeline *p = NULL;
    mlpipe_dataset *d = NULL;
    double out[14];
    mlpipe_status st = mlpipe_read_csv_memory(
        t->plain, csv, sizeof csv - 1, "as=day:text", &d);
    if (!st)
        st = mlpipe_pipeline_new(
            t->plain, "target=y id=id features=x,color,day holdout=0", &p);
    for (uint32_t i = 0; !st && i < sizeof steps / sizeof *steps; i++)
        st = mlpipe_pipeline_add(t->plain, p, steps[i][0], steps[i][1]);
    torture_check(t, !st);
    if (!st) {
        st = mlpipe_fit(t->c, p, d, NULL, &m);
        torture_check(t, !st == (m != NULL));
        torture_text(t, mlpipe_model_id(m));
    }
    if (!st) {
        torture_check(t, !mlpipe_predict(t->plain, m, d, out, 14));
        torture_record(t, out, sizeof out);
        mlpipe_model_free(m);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

/* The steps of lib/feature, with what each of them allocates. */
static const char *const torture_features[][2] = {
    {"scale", "columns=x by=color"},
    {"interact", "columns=x squares=true"},
    {"derive", "expressions='u = coalesce(x, 0); v = u * u'"},
    {"kmeans", "columns=u,v k=3 output=both repeats=2"},
    {"pca", "columns=u,v,kmeans_0 scale=true"},
    {"bin", "columns=x bins=3"},
    {"interact", "columns=x,color as=crossed"},
    {"target_encode", "columns=`x:color` folds=2"},
    {"ordinal", "columns=x order=name unknown=error"},
    {"onehot", "columns=color max=1 infrequent=pool unknown=other"},
    {"gbt", "trees=1 leaves=4 min_rows=5"},
};

static mlpipe_status torture_feature_fit(torture *t)
{
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_pipeline *p = NULL;
    size_t i;
    mlpipe_status st = torture_model_make();
    if (!st)
        st = mlpipe_pipeline_new(t->plain, "target=y id=id features=x,color",
                                 &p);
    for (i = 0; !st && i < sizeof torture_features / sizeof(char *[2]); i++)
        st = mlpipe_pipeline_add(t->plain, p, torture_features[i][0],
                                 torture_features[i][1]);
    if (st) {
        printf("# %s\n", mlpipe_ctx_error(t->plain)->text);
        return st;
    }
    st = mlpipe_fit(t->c, p, model_train, model_valid, &m);
    torture_check(t, !st == (m != NULL));
    torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    return st;
}

/* What expressions allocate while they are compiled by a fit. */
static mlpipe_status torture_derived_fit(torture *t)
{
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_status st = torture_model_make();
    if (!st)
        st = mlpipe_pipeline_new(t->plain, "target=y features=x,color", &p);
    if (!st)
        st = mlpipe_pipeline_filter(t->plain, p, "x > -1e9 or x is null");
    if (!st)
        st = mlpipe_pipeline_derive(
            t->plain, p,
            "a = let q = x * 2 in q / (q + 1); b = lower(trim(color));"
            "c = if(a > 1, b, \"none\"); d = upper(c) == \"NONE\";"
            "e = map(color, \"red\", 1, 2); f = c in (\"red\", \"blue\");"
            "g = bucket(x, [0], [\"l\", \"h\"]); h = concat(\"<\", g, \">\")");
    if (!st)
        st = mlpipe_pipeline_add(t->plain, p, "gbt",
                                 "trees=2 leaves=3 min_rows=5");
    if (!st)
        st = mlpipe_fit(t->c, p, model_train, NULL, &m);
    if (!st)
        torture_text(t, mlpipe_model_id(m));
    if (!st)
        mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    return st;
}

/* What follows the learner: fits on folds, and rows that are withheld. */
static mlpipe_status torture_tailed_fit(torture *t)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"color\",\"features\":"
        "[\"x\"]},\"steps\":[{\"step\":\"gbt\",\"params\":{\"trees\":1,"
        "\"leaves\":3,\"min_rows\":5}},{\"step\":\"calibrate\",\"params\":"
        "{\"method\":\"isotonic\",\"folds\":2}},{\"step\":\"conformal\","
        "\"params\":{\"level\":0.5}}]}";
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = NULL;
    mlpipe_status st = torture_model_make();
    if (!st)
        st = mlpipe_pipeline_parse(t->plain, json, sizeof json - 1, &p);
    if (!st)
        st = mlpipe_fit(t->c, p, model_train, NULL, &m);
    if (!st)
        torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    return st;
}

static mlpipe_status torture_model_predict(torture *t)
{
    double out[60];
    mlpipe_status st = torture_model_make();
    if (!st)
        st = mlpipe_predict(t->c, model_kept, model_rows, out, 60);
    if (!st)
        torture_record(t, out, sizeof out);
    return st;
}

static mlpipe_status torture_model_evaluate(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_model *m = (mlpipe_model *)t;
    double rmse;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_evaluate(t->c, model_kept, model_rows, NULL, &r);
    torture_check(t, !st == (r != NULL));
    if (st)
        return st;
    rmse = mlpipe_report_get(r, "rmse");
    torture_record(t, &rmse, sizeof rmse);
    st = mlpipe_model_attach(t->c, model_kept, r, &m);
    torture_check(t, !st == (m != NULL));
    torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    mlpipe_report_free(r);
    return st;
}

/* All metrics, tables and segments of two classes. */
static mlpipe_status torture_model_metrics(torture *t)
{
    static const char csv[] = "x,part,y\n1,a,no\n2,b,no\n3,a,yes\n4,,no\n"
                              "5,b,yes\n6,a,yes\n7,b,yes\n8,a,no\n";
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_model *m = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_status st =
        mlpipe_read_csv_memory(t->plain, csv, sizeof csv - 1, NULL, &d);
    if (!st)
        st = mlpipe_pipeline_new(t->plain, "target=y segment=part holdout=0",
                                 &p);
    if (!st)
        st = mlpipe_pipeline_add(t->plain, p, "gbt",
                                 "trees=2 leaves=2 min_rows=2");
    if (!st)
        st = mlpipe_fit(t->plain, p, d, NULL, &m);
    torture_check(t, !st);
    if (!st) {
        st = mlpipe_evaluate(t->c, m, d, "metrics=all", &r);
        torture_check(t, !st == (r != NULL));
    }
    if (!st) {
        torture_tell(t, r);
        mlpipe_report_free(r);
    }
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_model_importance(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = torture_model_make();
    const char *name;
    mlpipe_figure f;
    if (st)
        return st;
    st = mlpipe_importance(t->c, model_kept, model_rows, "repeats=2", &r);
    torture_check(t, !st == (r != NULL));
    if (st)
        return st;
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++)
        if (!mlpipe_report_figure(r, i, &name, &f)) {
            torture_text(t, name);
            torture_record(t, &f.value, sizeof f.value);
        }
    mlpipe_report_free(r);
    return MLPIPE_OK;
}

static mlpipe_status torture_model_note(torture *t)
{
    static const char *const formats[] = {"json", "markdown"};
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_report *r = NULL;
    mlpipe_buffer *b;
    mlpipe_status st = torture_model_make();
    uint32_t i;
    if (st)
        return st;
    st = mlpipe_model_note(t->c, model_kept, "owner", "us", &m);
    torture_check(t, !st == (m != NULL));
    if (!st)
        st = mlpipe_model_card(t->c, m, &r);
    for (i = 0; !st && i < 2; i++) {
        st = mlpipe_report_render(t->c, r, formats[i], &b);
        torture_check(t, !st == (b != NULL));
        mlpipe_buffer_free(b);
    }
    torture_text(t, mlpipe_model_id(m));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    return st;
}

static mlpipe_status torture_model_bytes(torture *t)
{
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_model_bytes(t->c, model_kept, &b);
    torture_check(t, !st == (b != NULL));
    if (!st) {
        st = mlpipe_model_load_bytes(t->c, mlpipe_buffer_data(b),
                                     mlpipe_buffer_size(b), &m);
        torture_check(t, !st == (m != NULL));
        torture_text(t, mlpipe_model_id(m));
        mlpipe_model_free(m);
    }
    mlpipe_buffer_free(b);
    return st;
}

/* A failed save leaves no file, or a whole one. */
static mlpipe_status torture_model_save(torture *t)
{
    mlpipe_model *m = NULL;
    mlpipe_status st = torture_model_make(), later;
    if (!st)
        st = mlpipe_model_save(t->c, model_kept, "m.mlpipe");
    if (st) {
        later = mlpipe_model_load(t->plain, "m.mlpipe", &m);
        torture_check(t, !later || later == MLPIPE_E_NOT_FOUND);
    } else {
        st = mlpipe_model_load(t->c, "m.mlpipe", &m);
        torture_check(t, !st == (m != NULL));
    }
    if (!st)
        torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    return st;
}

static mlpipe_status torture_model_say(torture *t)
{
    const mlpipe_status st = torture_model_make();
    uint32_t i;
    torture_text(t, mlpipe_model_id(model_kept));
    for (i = 0; i < mlpipe_model_inputs(model_kept); i++) {
        const int32_t type = mlpipe_model_input_type(model_kept, i);
        torture_text(t, mlpipe_model_input(model_kept, i));
        torture_record(t, &type, sizeof type);
    }
    for (i = 0; i < mlpipe_model_outputs(model_kept); i++)
        torture_text(t, mlpipe_model_output(model_kept, i));
    torture_text(t, mlpipe_model_class(model_kept, 0));
    return st;
}

static mlpipe_status torture_model_unpack(torture *t)
{
    mlpipe_pipeline *p = (mlpipe_pipeline *)t;
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_model_recipe(t->c, model_kept, &p);
    torture_check(t, !st == (p != NULL));
    if (!st) {
        st = torture_recipe_json(t, t->c, p);
        mlpipe_pipeline_free(p);
    }
    if (!st) {
        st = mlpipe_model_card(t->c, model_kept, &r);
        torture_check(t, !st == (r != NULL));
        mlpipe_report_free(r);
    }
    return st;
}

/* Errors are findings, and no failure of the call. */
static mlpipe_status torture_recipe_check(torture *t)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"y\",\"sead\":1},"
        "\"steps\":[{\"step\":\"imputee\"},{\"step\":\"derive\","
        "\"params\":{\"expressions\":\"a = (x + 1; b = 2 *\"}}]}";
    static const char right[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"y\",\"features\":"
        "[\"x\"]},\"steps\":[{\"step\":\"scale\"}]}";
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = torture_model_make();
    double errors;
    if (!st)
        st = mlpipe_pipeline_check(t->c, json, sizeof json - 1, NULL, &r);
    torture_check(t, !st == (r != NULL));
    errors = mlpipe_report_get(r, "errors");
    torture_record(t, &errors, sizeof errors);
    mlpipe_report_free(r);
    r = NULL;
    if (!st)
        st = mlpipe_pipeline_check(t->c, right, sizeof right - 1,
                                   model_rows, &r);
    errors = mlpipe_report_get(r, "errors");
    torture_record(t, &errors, sizeof errors);
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_recipe_print(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_pipeline_fingerprint(t->c, model_recipe, &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return st;
}

static mlpipe_status torture_model_explain(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_status st = torture_model_make();
    if (st)
        return st;
    st = mlpipe_model_explain(t->c, model_kept, &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return st;
}

/* ---- transforms --------------------------------------------------------- */

static mlpipe_pipeline *model_steps;
static mlpipe_transform *model_transform;

static void torture_transform_end(void)
{
    mlpipe_transform_free(model_transform);
    mlpipe_pipeline_free(model_steps);
    model_transform = NULL;
    model_steps = NULL;
}

static mlpipe_status torture_transform_make(void)
{
    mlpipe_ctx *c = torture_forever();
    mlpipe_status st = torture_model_make();
    if (st || model_transform)
        return st;
    torture_at_end(torture_transform_end);
    torture_transform_end();
    st = mlpipe_pipeline_new(c, "target=y id=id features=x,color",
                             &model_steps);
    if (!st)
        st = mlpipe_pipeline_add(c, model_steps, "impute", "text=none");
    if (!st)
        st = mlpipe_pipeline_add(c, model_steps, "scale", NULL);
    if (!st)
        st = mlpipe_transform_fit(c, model_steps, model_train, NULL,
                                  &model_transform);
    return st;
}

static mlpipe_status torture_transform_fit(torture *t)
{
    mlpipe_transform *x = (mlpipe_transform *)t;
    mlpipe_dataset *rows = (mlpipe_dataset *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_fit(t->c, model_steps, model_train, &rows, &x);
    torture_check(t, !st == (x != NULL) && !st == (rows != NULL));
    if (!st)
        torture_text(t, mlpipe_transform_id(x));
    mlpipe_dataset_free(rows);
    mlpipe_transform_free(x);
    return st;
}

static mlpipe_status torture_transform_apply(torture *t)
{
    mlpipe_dataset *rows = (mlpipe_dataset *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_apply(t->c, model_transform, model_rows,
                                "leak=allow", &rows);
    torture_check(t, !st == (rows != NULL));
    mlpipe_dataset_free(rows);
    return st;
}

static mlpipe_status torture_transform_bytes(torture *t)
{
    mlpipe_transform *x = (mlpipe_transform *)t;
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_bytes(t->c, model_transform, &b);
    torture_check(t, !st == (b != NULL));
    if (!st) {
        st = mlpipe_transform_load_bytes(t->c, mlpipe_buffer_data(b),
                                         mlpipe_buffer_size(b), &x);
        torture_check(t, !st == (x != NULL));
        mlpipe_transform_free(x);
    }
    mlpipe_buffer_free(b);
    return st;
}

static mlpipe_status torture_transform_save(torture *t)
{
    mlpipe_transform *x = NULL;
    mlpipe_status st = torture_transform_make(), later;
    if (!st)
        st = mlpipe_transform_save(t->c, model_transform, "t.mlpipe");
    if (st) {
        later = mlpipe_transform_load(t->plain, "t.mlpipe", &x);
        torture_check(t, !later || later == MLPIPE_E_NOT_FOUND);
    } else {
        st = mlpipe_transform_load(t->c, "t.mlpipe", &x);
        torture_check(t, !st == (x != NULL));
    }
    if (!st)
        torture_text(t, mlpipe_transform_id(x));
    mlpipe_transform_free(x);
    return st;
}

static mlpipe_status torture_transform_say(torture *t)
{
    const mlpipe_status st = torture_transform_make();
    const mlpipe_transform *x = model_transform;
    uint32_t i;
    for (i = 0; i < mlpipe_transform_inputs(x); i++)
        torture_text(t, mlpipe_transform_input(x, i));
    for (i = 0; i < mlpipe_transform_outputs(x); i++) {
        const int32_t type = mlpipe_transform_output_type(x, i);
        torture_text(t, mlpipe_transform_output(x, i));
        torture_record(t, &type, sizeof type);
        torture_text(t, mlpipe_transform_category(x, i, 0));
    }
    return st;
}

static mlpipe_status torture_transform_explain(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_explain(t->c, model_transform, &b);
    torture_check(t, !st == (b != NULL));
    mlpipe_buffer_free(b);
    return st;
}

static mlpipe_status torture_transform_notes(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_notes(t->c, model_transform, &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        const double rows = mlpipe_report_get(r, "rows");
        torture_record(t, &rows, sizeof rows);
    }
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_transform_recipe(torture *t)
{
    mlpipe_pipeline *p = (mlpipe_pipeline *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_recipe(t->c, model_transform, &p);
    torture_check(t, !st == (p != NULL));
    mlpipe_pipeline_free(p);
    return st;
}

static mlpipe_status torture_transform_row(torture *t)
{
    mlpipe_predictor *p = (mlpipe_predictor *)t;
    mlpipe_status st = torture_transform_make();
    if (st)
        return st;
    st = mlpipe_transform_predictor(t->c, model_transform, NULL, &p);
    torture_check(t, !st == (p != NULL));
    mlpipe_predictor_free(p);
    return st;
}

const torture_scenario torture_model[] = {
    {"mlpipe_catalog_count", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_get", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_param", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_pipeline_new", torture_recipe, 0},
    {"mlpipe_pipeline_json", torture_recipe, 0},
    {"mlpipe_pipeline_free", torture_recipe, 0},
    {"mlpipe_pipeline_add", torture_recipe_add, 0},
    {"mlpipe_pipeline_derive", torture_recipe_derive, 0},
    {"mlpipe_pipeline_filter", torture_recipe_derive, 0},
    {"mlpipe_pipeline_parse", torture_recipe_parse, 0},
    {"mlpipe_fit", torture_model_fit, 0},
    {"mlpipe_fit", torture_model_clean, 0},
    {"mlpipe_fit", torture_feature_fit, 0}, /* of the steps on features */
    {"mlpipe_fit", torture_derived_fit, 0},
    {"mlpipe_fit", torture_tailed_fit, 0},
    {"mlpipe_predict", torture_model_predict, 0},
    {"mlpipe_evaluate", torture_model_evaluate, 0},
    {"mlpipe_evaluate", torture_model_metrics, 0},
    {"mlpipe_model_attach", torture_model_evaluate, 0},
    {"mlpipe_importance", torture_model_importance, 0},
    {"mlpipe_model_note", torture_model_note, 0},
    {"mlpipe_model_bytes", torture_model_bytes, 0},
    {"mlpipe_model_load_bytes", torture_model_bytes, 0},
    {"mlpipe_model_save", torture_model_save, 0},
    {"mlpipe_model_load", torture_model_save, 0},
    {"mlpipe_model_free", torture_model_bytes, 0},
    {"mlpipe_model_id", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_inputs", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_input", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_input_type", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_outputs", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_output", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_class", torture_model_say, TORTURE_NO_ALLOC},
    {"mlpipe_model_recipe", torture_model_unpack, 0},
    {"mlpipe_model_card", torture_model_unpack, 0},
    {"mlpipe_transform_fit", torture_transform_fit, 0},
    {"mlpipe_transform_apply", torture_transform_apply, 0},
    {"mlpipe_transform_bytes", torture_transform_bytes, 0},
    {"mlpipe_transform_load_bytes", torture_transform_bytes, 0},
    {"mlpipe_transform_free", torture_transform_bytes, 0},
    {"mlpipe_transform_save", torture_transform_save, 0},
    {"mlpipe_transform_load", torture_transform_save, 0},
    {"mlpipe_transform_id", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_inputs", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_input", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_outputs", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_output", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_output_type", torture_transform_say,
     TORTURE_NO_ALLOC},
    {"mlpipe_transform_category", torture_transform_say, TORTURE_NO_ALLOC},
    {"mlpipe_transform_recipe", torture_transform_recipe, 0},
    {"mlpipe_transform_explain", torture_transform_explain, 0},
    {"mlpipe_transform_notes", torture_transform_notes, TORTURE_NO_ALLOC},
    {"mlpipe_model_explain", torture_model_explain, 0},
    {"mlpipe_pipeline_check", torture_recipe_check, 0},
    {"mlpipe_pipeline_fingerprint", torture_recipe_print, 0},
    {"mlpipe_transform_predictor", torture_transform_row, 0},
    {NULL, NULL, 0},
};
