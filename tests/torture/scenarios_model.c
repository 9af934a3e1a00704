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

const torture_scenario torture_model[] = {
    {"mlpipe_catalog_count", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_get", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_param", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_pipeline_new", torture_recipe, 0},
    {"mlpipe_pipeline_json", torture_recipe, 0},
    {"mlpipe_pipeline_free", torture_recipe, 0},
    {"mlpipe_pipeline_add", torture_recipe_add, 0},
    {"mlpipe_pipeline_parse", torture_recipe_parse, 0},
    {"mlpipe_fit", torture_model_fit, 0},
    {"mlpipe_predict", torture_model_predict, 0},
    {"mlpipe_evaluate", torture_model_evaluate, 0},
    {"mlpipe_model_attach", torture_model_evaluate, 0},
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
    {NULL, NULL, 0},
};
