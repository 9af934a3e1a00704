/* SPDX-License-Identifier: MIT */
/* Fits and importances with an offset, which some rows lack, also where it is
 * a log, and of a loss whose leaves are renewed. */
#include "torture.h"

static mlpipe_status offset_recipe(torture *t, const char *gbt,
                                   mlpipe_pipeline **out)
{
    mlpipe_status st = mlpipe_pipeline_new(
        t->plain, "target=y features=color offset=double", out);
    if (!st)
        st = mlpipe_pipeline_derive(t->plain, *out, "double = 2 * x");
    if (!st)
        st = mlpipe_pipeline_add(t->plain, *out, "gbt", gbt);
    return st;
}

static const char offset_trees[] = "trees=2 leaves=3 min_rows=5";

static mlpipe_status torture_offset_fit_by(torture *t, const char *gbt)
{
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = (mlpipe_model *)t;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (!st)
        st = offset_recipe(t, gbt, &p);
    if (!st)
        st = mlpipe_fit(t->c, p, d, NULL, &m);
    torture_check(t, !st == (m != NULL));
    if (!st)
        torture_text(t, mlpipe_model_id(m));
    if (!st)
        mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_offset_fit(torture *t)
{
    return torture_offset_fit_by(t, offset_trees);
}

static mlpipe_status torture_offset_fit_log(torture *t)
{
    return torture_offset_fit_by(t,
                                 "trees=2 leaves=3 min_rows=5 loss=poisson");
}

static mlpipe_status torture_offset_fit_renewed(torture *t)
{
    return torture_offset_fit_by(
        t, "trees=2 leaves=3 min_rows=5 loss=quantile level=0.8");
}

static mlpipe_status torture_offset_importance(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (!st)
        st = offset_recipe(t, offset_trees, &p);
    if (!st)
        st = mlpipe_fit(t->plain, p, d, NULL, &m);
    if (!st)
        st = mlpipe_importance(t->c, m, d, "repeats=2", &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        const double drop = mlpipe_report_get(r, "drop.color");
        torture_record(t, &drop, sizeof drop);
    }
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

const torture_scenario torture_offset[] = {
    {"mlpipe_fit", torture_offset_fit, 0},
    {"mlpipe_fit", torture_offset_fit_log, 0},
    {"mlpipe_fit", torture_offset_fit_renewed, 0},
    {"mlpipe_importance", torture_offset_importance, 0},
    {NULL, NULL, 0},
};
