/* SPDX-License-Identifier: MIT */
/* The catalog and recipes. */
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

const torture_scenario torture_model[] = {
    {"mlpipe_catalog_count", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_get", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_catalog_param", torture_catalog, TORTURE_NO_ALLOC},
    {"mlpipe_pipeline_new", torture_recipe, 0},
    {"mlpipe_pipeline_json", torture_recipe, 0},
    {"mlpipe_pipeline_free", torture_recipe, 0},
    {"mlpipe_pipeline_add", torture_recipe_add, 0},
    {"mlpipe_pipeline_parse", torture_recipe_parse, 0},
    {NULL, NULL, 0},
};
