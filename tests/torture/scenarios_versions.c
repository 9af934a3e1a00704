/* SPDX-License-Identifier: MIT */
/* Versions of a store while memory and files fail: their commits, histories,
 * differences, pins, reports and gc. */
#include "torture.h"

enum { VERSIONS_ROWS = 60 };

static mlpipe_dataset *versions_data[2];
static mlpipe_model *versions_model;
static mlpipe_report *versions_report;

static void versions_forget(void)
{
    mlpipe_dataset_free(versions_data[0]);
    mlpipe_dataset_free(versions_data[1]);
    mlpipe_model_free(versions_model);
    mlpipe_report_free(versions_report);
}

static mlpipe_status versions_table(mlpipe_ctx *c, double first,
                                    mlpipe_dataset **out)
{
    double x[VERSIONS_ROWS], y[VERSIONS_ROWS];
    mlpipe_builder *b = NULL;
    mlpipe_status st;

    for (int i = 0; i < VERSIONS_ROWS; i++) {
        x[i] = i % 11;
        y[i] = first + i;
    }
    st = mlpipe_builder_new(c, NULL, NULL, &b);
    if (!st)
        st = mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                   VERSIONS_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                   VERSIONS_ROWS);
    if (!st)
        st = mlpipe_builder_finish(c, b, out);
    mlpipe_builder_free(b);
    return st;
}

static mlpipe_status versions_inputs(void)
{
    mlpipe_ctx *c = torture_forever();
    mlpipe_pipeline *p = NULL;
    mlpipe_status st = MLPIPE_OK;

    if (versions_report)
        return MLPIPE_OK;
    if (!c)
        return MLPIPE_E_INTERNAL;
    torture_at_end(versions_forget);
    for (int i = 0; i < 2 && !st; i++)
        st = versions_table(c, i, &versions_data[i]);
    if (!st)
        st = mlpipe_pipeline_new(c, "target=y features=x", &p);
    if (!st)
        st = mlpipe_pipeline_add(c, p, "gbt", "trees=1");
    if (!st)
        st = mlpipe_fit(c, p, versions_data[0], NULL, &versions_model);
    mlpipe_pipeline_free(p);
    return st ? st : mlpipe_evaluate(c, versions_model, versions_data[1],
                                     "metrics=rmse", &versions_report);
}

/* A store with two versions, a model and a report, by the context that does
 * not fail. */
static mlpipe_status versions_begin(torture *t, mlpipe_store **s)
{
    mlpipe_status st = versions_inputs();

    *s = NULL;
    if (!st)
        st = mlpipe_store_open(t->plain, "s", NULL, s);
    if (!st)
        st = mlpipe_store_commit(t->plain, *s, "a", versions_data[0],
                                 "uri=u key=y", NULL);
    if (!st)
        st = mlpipe_store_commit(t->plain, *s, "b", versions_data[0], NULL,
                                 NULL);
    if (!st)
        st = mlpipe_store_commit(t->plain, *s, "b", versions_data[1],
                                 "key=y", NULL);
    if (!st)
        st = mlpipe_store_commit_model(t->plain, *s, "m", versions_model,
                                       NULL, NULL);
    if (!st)
        st = mlpipe_store_put_report(t->plain, *s, "r", "m",
                                     versions_report);
    if (!st)
        st = mlpipe_store_pin(t->plain, *s, "a", "a.pin");
    return st;
}

/* Whatever failed: the store verifies and what was there is there. */
static void versions_intact(torture *t, mlpipe_store *s)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *r = NULL;

    torture_check(t, !mlpipe_store_verify(t->plain, s, &r));
    torture_check(t, mlpipe_report_get(r, "damaged") == 0);
    torture_check(t, !mlpipe_store_get_dataset(t->plain, s, "b", &d));
    mlpipe_dataset_free(d);
    mlpipe_report_free(r);
}

static mlpipe_status versions_put(torture *t, bool model)
{
    mlpipe_buffer *b = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = versions_begin(t, &s);

    if (!st) {
        st = model ? mlpipe_store_commit_model(t->c, s, "n", versions_model,
                                               "note=x", &b)
                   : mlpipe_store_commit(t->c, s, "a", versions_data[1],
                                         "note=x", &b);
        torture_check(t, !st == (b != NULL));
        versions_intact(t, s);
    }
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_commit(torture *t)
{
    return versions_put(t, false);
}

static mlpipe_status torture_store_commit_model(torture *t)
{
    return versions_put(t, true);
}

static mlpipe_status torture_store_put_report(torture *t)
{
    mlpipe_store *s = NULL;
    mlpipe_status st = versions_begin(t, &s);

    if (!st) {
        st = mlpipe_store_put_report(t->c, s, "other", "a", versions_report);
        versions_intact(t, s);
    }
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_pin(torture *t)
{
    mlpipe_store *s = NULL;
    mlpipe_status st = versions_begin(t, &s);

    /* A tag of another version, which the pin has to read. */
    if (!st)
        st = mlpipe_store_tag(t->plain, s, "a", "first");
    if (!st)
        st = mlpipe_store_pin(t->c, s, "b", "b.pin");
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_get_pinned(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = versions_begin(t, &s);

    if (!st) {
        st = mlpipe_store_get_pinned(t->c, s, "a.pin", &d);
        torture_check(t, !st == (d != NULL));
    }
    if (!st)
        torture_print(t, d);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
    return st;
}

/* A report of the store, as text. */
static mlpipe_status versions_report_of(
    torture *t, mlpipe_status (*make)(mlpipe_ctx *, mlpipe_store *,
                                      mlpipe_report **))
{
    mlpipe_report *r = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = versions_begin(t, &s);

    if (!st) {
        st = make(t->c, s, &r);
        torture_check(t, !st == (r != NULL));
        versions_intact(t, s);
    }
    if (!st)
        torture_tell(t, r);
    mlpipe_report_free(r);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status versions_history(mlpipe_ctx *c, mlpipe_store *s,
                                      mlpipe_report **out)
{
    return mlpipe_store_history(c, s, "b", out);
}

static mlpipe_status versions_changed(mlpipe_ctx *c, mlpipe_store *s,
                                      mlpipe_report **out)
{
    return mlpipe_store_changed(c, s, "a", versions_data[1], out);
}

static mlpipe_status versions_diff(mlpipe_ctx *c, mlpipe_store *s,
                                   mlpipe_report **out)
{
    return mlpipe_store_diff(c, s, "a", "b", NULL, out);
}

static mlpipe_status versions_gc(mlpipe_ctx *c, mlpipe_store *s,
                                 mlpipe_report **out)
{
    return mlpipe_store_gc(c, s, "keep=1 sources=false", out);
}

static mlpipe_status versions_get_report(mlpipe_ctx *c, mlpipe_store *s,
                                         mlpipe_report **out)
{
    return mlpipe_store_get_report(c, s, "r", out);
}

static mlpipe_status torture_store_history(torture *t)
{
    return versions_report_of(t, versions_history);
}

static mlpipe_status torture_store_changed(torture *t)
{
    return versions_report_of(t, versions_changed);
}

static mlpipe_status torture_store_diff(torture *t)
{
    return versions_report_of(t, versions_diff);
}

static mlpipe_status torture_store_gc(torture *t)
{
    return versions_report_of(t, versions_gc);
}

static mlpipe_status torture_store_get_report(torture *t)
{
    return versions_report_of(t, versions_get_report);
}

const torture_scenario torture_versions[] = {
    {"mlpipe_store_commit", torture_store_commit, 0},
    {"mlpipe_store_commit_model", torture_store_commit_model, 0},
    {"mlpipe_store_put_report", torture_store_put_report, 0},
    {"mlpipe_store_get_report", torture_store_get_report, 0},
    {"mlpipe_store_history", torture_store_history, 0},
    {"mlpipe_store_changed", torture_store_changed, 0},
    {"mlpipe_store_diff", torture_store_diff, 0},
    {"mlpipe_store_pin", torture_store_pin, 0},
    {"mlpipe_store_get_pinned", torture_store_get_pinned, 0},
    {"mlpipe_store_gc", torture_store_gc, TORTURE_NO_RETRY},
    {NULL, NULL, 0},
};
