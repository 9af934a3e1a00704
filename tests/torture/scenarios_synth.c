/* SPDX-License-Identifier: MIT */
/* Made data, defects, and copulas. */
#include "torture.h"

static void synth_say(torture *t, const mlpipe_dataset *d,
                      const mlpipe_report *r)
{
    mlpipe_report *reading = NULL;
    torture_print(t, d);
    if (d && !r && !mlpipe_dataset_reading(t->plain, d, &reading))
        r = reading;
    torture_tell(t, r);
    mlpipe_report_free(reading);
}

static mlpipe_status synth_kind_of(torture *t, const char *kind,
                                   const char *params)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    const mlpipe_status st = mlpipe_synth(t->c, kind, params, &d);
    torture_check(t, !st == (d != NULL));
    synth_say(t, d, NULL);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status synth_clusters(torture *t)
{
    return synth_kind_of(t, "classification",
                         "rows=60 order=time drift_at=30 classes=3");
}

static mlpipe_status synth_walk(torture *t)
{
    return synth_kind_of(t, "hyperplane",
                         "rows=60 start=30 change=0.1 features=3");
}

static mlpipe_status synth_customers(torture *t)
{
    return synth_kind_of(t, "mixed", "rows=40 nulls=0.2 order=row");
}

static mlpipe_status synth_line(torture *t)
{
    return synth_kind_of(t, "regression", "rows=40 features=4");
}

static mlpipe_status synth_dirt(torture *t)
{
    mlpipe_dataset *clean = NULL, *d = (mlpipe_dataset *)t;
    mlpipe_report *key = (mlpipe_report *)t;
    torture_check(t, !mlpipe_synth(t->plain, "mixed", "rows=60", &clean));
    const mlpipe_status st = mlpipe_synth_dirty(
        t->c, clean, "target=plan share=0.1", &d, &key);
    torture_check(t, !st == (d != NULL) && !st == (key != NULL));
    torture_check(t, mlpipe_dataset_columns(clean) == 15);
    synth_say(t, d, key);
    mlpipe_dataset_free(clean);
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
    return st;
}

static mlpipe_copula *synth_copula(torture *t, mlpipe_ctx *c,
                                   mlpipe_status *st)
{
    mlpipe_dataset *d = NULL;
    mlpipe_copula *k = (mlpipe_copula *)t;
    torture_check(t, !mlpipe_synth(t->plain, "mixed", "rows=60 nulls=0.2",
                                   &d));
    *st = mlpipe_copula_fit(c, d, "columns=region,joined,age,spend,churn",
                            &k);
    torture_check(t, !*st == (k != NULL));
    mlpipe_dataset_free(d);
    return k;
}

static mlpipe_status synth_fit(torture *t)
{
    mlpipe_status st;
    mlpipe_report *notes = NULL;
    mlpipe_copula *k = synth_copula(t, t->c, &st);
    if (!st) {
        torture_check(t, !mlpipe_copula_notes(t->plain, k, &notes));
        synth_say(t, NULL, notes);
    }
    mlpipe_report_free(notes);
    mlpipe_copula_free(k);
    return st;
}

static mlpipe_status synth_notes(torture *t)
{
    mlpipe_status st;
    mlpipe_report *notes = (mlpipe_report *)t;
    mlpipe_copula *k = synth_copula(t, t->plain, &st);
    torture_check(t, !st);
    st = mlpipe_copula_notes(t->c, k, &notes);
    torture_check(t, !st == (notes != NULL));
    synth_say(t, NULL, notes);
    mlpipe_report_free(notes);
    mlpipe_copula_free(k);
    return st;
}

static mlpipe_status synth_sample(torture *t)
{
    mlpipe_status st;
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_copula *k = synth_copula(t, t->plain, &st);
    torture_check(t, !st);
    st = mlpipe_copula_sample(t->c, k, "rows=50 given='region=north "
                              "age=30..60 spend=80..200'", &d);
    torture_check(t, !st == (d != NULL));
    synth_say(t, d, NULL);
    mlpipe_copula_free(k);
    mlpipe_dataset_free(d);
    return st;
}

const torture_scenario torture_synth[] = {
    {"mlpipe_synth", synth_line, 0},
    {"mlpipe_synth", synth_clusters, 0},
    {"mlpipe_synth", synth_walk, 0},
    {"mlpipe_synth", synth_customers, 0},
    {"mlpipe_synth_dirty", synth_dirt, 0},
    {"mlpipe_copula_fit", synth_fit, 0},
    {"mlpipe_copula_notes", synth_notes, 0},
    {"mlpipe_copula_sample", synth_sample, 0},
    {"mlpipe_copula_free", synth_sample, 0},
    {NULL, NULL, 0},
};
