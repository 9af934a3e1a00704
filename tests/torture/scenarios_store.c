/* SPDX-License-Identifier: MIT */
/* The store while memory and files fail: the old state or the new one. */
#include "torture.h"

#include "data/data_internal.h"

enum { STORE_ROWS = 70 };

static mlpipe_dataset *store_data;
static mlpipe_model *store_model;

static void store_forget(void)
{
    mlpipe_dataset_free(store_data);
    mlpipe_model_free(store_model);
}

/* A dataset of every kind of column, and a model that it made. */
static bool store_inputs(void)
{
    mlpipe_ctx *c = torture_forever();
    static const char *const words[3] = {"red", "green", NULL};
    const char *text[STORE_ROWS];
    double x[STORE_ROWS], y[STORE_ROWS];
    uint8_t valid[STORE_ROWS];
    mlpipe_builder *b = NULL;
    mlpipe_pipeline *p = NULL;
    int i;

    if (store_model)
        return true;
    for (i = 0; i < STORE_ROWS; i++) {
        x[i] = i * 0.5;
        y[i] = i % 5 + x[i];
        valid[i] = i % 6 != 1;
        text[i] = words[i % 3];
    }
    if (!mlpipe_builder_new(c, NULL, NULL, &b) &&
        !mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, valid,
                               STORE_ROWS) &&
        !mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, STORE_ROWS) &&
        !mlpipe_builder_texts(c, b, "w", text, STORE_ROWS) &&
        !mlpipe_builder_finish(c, b, &store_data) &&
        !mlpipe_pipeline_new(c, "target=y", &p) &&
        !mlpipe_pipeline_add(c, p, "gbt", "trees=2 min_rows=5") &&
        !mlpipe_fit(c, p, store_data, NULL, &store_model))
        torture_at_end(store_forget);
    else
        printf("store inputs: %s\n", mlpipe_ctx_error(c)->text);
    mlpipe_builder_free(b);
    mlpipe_pipeline_free(p);
    return store_model != NULL;
}

/* A store with data, made by the context that does not fail. */
static mlpipe_status store_begin(torture *t, mlpipe_store **s)
{
    mlpipe_status st = store_inputs() ? MLPIPE_OK : MLPIPE_E_INTERNAL;
    mlpipe_dataset *part[2] = {NULL, NULL};

    if (!st)
        st = mlpipe_store_open(t->plain, "s", NULL, s);
    if (!st)
        st = mlpipe_store_put_dataset(t->plain, *s, "data", store_data);
    if (!st)
        st = mlpipe_dataset_split(t->plain, store_data, "parts=0.5,0.5", part,
                                  2);
    if (!st)
        st = mlpipe_store_put_dataset(t->plain, *s, "half", part[0]);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    if (!st)
        st = mlpipe_store_put_model(t->plain, *s, "model", store_model);
    torture_check(t, !st);
    return st;
}

static mlpipe_status torture_store_open(torture *t)
{
    mlpipe_store *s = NULL;
    const mlpipe_status st = mlpipe_store_open(t->c, "s", NULL, &s);

    torture_check(t, !st == (s != NULL));
    mlpipe_store_free(s);
    return st;
}

/* After a failed put the store verifies and what was there is there. */
static void store_intact(torture *t, mlpipe_store *s)
{
    mlpipe_report *r = NULL;
    mlpipe_dataset *d = NULL;

    torture_check(t, !mlpipe_store_verify(t->plain, s, &r));
    torture_check(t, mlpipe_report_get(r, "damaged") == 0);
    torture_check(t, !mlpipe_store_get_dataset(t->plain, s, "data", &d));
    torture_check(t, mlpipe_dataset_rows(d) >= STORE_ROWS - 1);
    mlpipe_dataset_free(d);
    mlpipe_report_free(r);
}

static mlpipe_status torture_store_put_dataset(torture *t)
{
    mlpipe_dataset *part = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st)
        st = mlpipe_dataset_slice(t->plain, store_data, 1, STORE_ROWS - 1,
                                  &part);
    if (!st) {
        st = mlpipe_store_put_dataset(t->c, s, "data", part);
        store_intact(t, s);
    }
    mlpipe_dataset_free(part);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_put_model(torture *t)
{
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st) {
        st = mlpipe_store_put_model(t->c, s, "other", store_model);
        store_intact(t, s);
    }
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_get_dataset(torture *t)
{
    mlpipe_dataset *d = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st) {
        st = mlpipe_store_get_dataset(t->c, s, "half", &d);
        torture_check(t, !st == (d != NULL));
    }
    if (!st)
        torture_print(t, d);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_get_model(torture *t)
{
    mlpipe_model *m = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st) {
        st = mlpipe_store_get_model(t->c, s, "model", &m);
        torture_check(t, !st == (m != NULL));
    }
    if (!st)
        torture_text(t, mlpipe_model_id(m));
    mlpipe_model_free(m);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_tag(torture *t)
{
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st) {
        st = mlpipe_store_tag(t->c, s, "data", "v1");
        store_intact(t, s);
    }
    mlpipe_store_free(s);
    return st;
}

/* A report of the store, as text. */
static mlpipe_status store_report(torture *t,
                                  mlpipe_status (*make)(mlpipe_ctx *,
                                                        mlpipe_store *,
                                                        mlpipe_report **))
{
    mlpipe_report *r = NULL;
    mlpipe_store *s = NULL;
    mlpipe_status st = store_begin(t, &s);

    if (!st) {
        st = make(t->c, s, &r);
        torture_check(t, !st == (r != NULL));
    }
    if (!st)
        torture_tell(t, r);
    mlpipe_report_free(r);
    mlpipe_store_free(s);
    return st;
}

static mlpipe_status torture_store_log(torture *t)
{
    return store_report(t, mlpipe_store_log);
}

static mlpipe_status torture_store_verify(torture *t)
{
    return store_report(t, mlpipe_store_verify);
}

static mlpipe_status store_lineage_of_model(mlpipe_ctx *c, mlpipe_store *s,
                                            mlpipe_report **out)
{
    return mlpipe_store_lineage(c, s, "model", out);
}

static mlpipe_status torture_store_lineage(torture *t)
{
    return store_report(t, store_lineage_of_model);
}

const torture_scenario torture_store[] = {
    {"mlpipe_store_open", torture_store_open, 0},
    {"mlpipe_store_free", torture_store_open, 0},
    {"mlpipe_store_put_dataset", torture_store_put_dataset, 0},
    {"mlpipe_store_put_model", torture_store_put_model, 0},
    {"mlpipe_store_get_dataset", torture_store_get_dataset, 0},
    {"mlpipe_store_get_model", torture_store_get_model, 0},
    {"mlpipe_store_tag", torture_store_tag, 0},
    {"mlpipe_store_log", torture_store_log, 0},
    {"mlpipe_store_verify", torture_store_verify, 0},
    {"mlpipe_store_lineage", torture_store_lineage, 0},
    {NULL, NULL, 0},
};
