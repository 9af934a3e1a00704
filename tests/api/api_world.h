/* SPDX-License-Identifier: MIT */
/*
 * The long calls of the library, each as one function that runs it on any
 * context and tells what came out as text; used by tests that disturb them.
 */
#ifndef MLPIPE_TESTS_API_WORLD_H
#define MLPIPE_TESTS_API_WORLD_H

#include "model/model_support.h"

enum { API_ROWS = 600, API_TRAIN = 450, API_CSV_ROWS = 20000 };

/* Inputs, made with a context of their own that nothing disturbs. */
typedef struct api_world {
    mlpipe_ctx *c;
    mlpipe_dataset *all, *train, *valid;
    mlpipe_pipeline *trees, *binary, *line;
    mlpipe_model *model;
    char *csv;
    size_t csv_bytes;
} api_world;

/* What came out of a call: filled with plain memory. */
typedef struct api_result {
    char text[2][40];
    double numbers[API_ROWS];
} api_result;

typedef mlpipe_status (*api_call)(const api_world *w, mlpipe_ctx *c,
                                  api_result *out);

/* Long enough for a few polls, which come once a MiB. */
static inline void api_world_csv(api_world *w)
{
    const size_t room = API_CSV_ROWS * 160;
    w->csv = malloc(room);
    assert_non_null(w->csv);
    w->csv_bytes = (size_t)snprintf(w->csv, room, "a,b,c\n");
    for (int i = 0; i < API_CSV_ROWS; i++)
        w->csv_bytes += (size_t)snprintf(w->csv + w->csv_bytes,
                                         room - w->csv_bytes,
                                         "%d,%d.5,\"town %0100d\"\n", i,
                                         i * 7 % 50, i % 9);
}

static inline void api_world_open(api_world *w)
{
    memset(w, 0, sizeof *w);
    w->c = made_ctx(1);
    w->all = made_dataset(w->c, 0, API_ROWS);
    assert_ok(w->c, mlpipe_dataset_slice(w->c, w->all, 0, API_TRAIN,
                                         &w->train));
    assert_ok(w->c, mlpipe_dataset_slice(w->c, w->all, API_TRAIN,
                                         API_ROWS - API_TRAIN, &w->valid));
    w->trees = made_recipe(w->c, "log(price)", "gbt", "trees=6 leaves=8");
    w->binary = made_recipe(w->c, "risk", "gbt", "trees=6 leaves=8");
    w->line = made_recipe(w->c, "price", "ridge", "l2=1");
    assert_ok(w->c, mlpipe_fit(w->c, w->trees, w->train, w->valid,
                               &w->model));
    api_world_csv(w);
}

static inline void api_world_close(api_world *w)
{
    free(w->csv);
    mlpipe_model_free(w->model);
    mlpipe_pipeline_free(w->trees);
    mlpipe_pipeline_free(w->binary);
    mlpipe_pipeline_free(w->line);
    mlpipe_dataset_free(w->valid);
    mlpipe_dataset_free(w->train);
    mlpipe_dataset_free(w->all);
    mlpipe_ctx_free(w->c);
}

/* The fingerprint, computed where nothing disturbs. */
static inline void api_print(const api_world *w, const mlpipe_dataset *d,
                             char out[40])
{
    mlpipe_buffer *b;
    assert_ok(w->c, mlpipe_dataset_fingerprint(w->c, d, &b));
    snprintf(out, 40, "%s", mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
}

static inline mlpipe_status api_csv(const api_world *w, mlpipe_ctx *c,
                                    api_result *out)
{
    mlpipe_dataset *d = (mlpipe_dataset *)out;
    const mlpipe_status st =
        mlpipe_read_csv_memory(c, w->csv, w->csv_bytes, NULL, &d);
    assert_true(!st == (d != NULL));
    if (!st)
        api_print(w, d, out->text[0]);
    mlpipe_dataset_free(d);
    return st;
}

static inline mlpipe_status api_fingerprint(const api_world *w,
                                            mlpipe_ctx *c, api_result *out)
{
    mlpipe_buffer *b = (mlpipe_buffer *)out;
    const mlpipe_status st = mlpipe_dataset_fingerprint(c, w->all, &b);
    assert_true(!st == (b != NULL));
    if (!st)
        snprintf(out->text[0], sizeof out->text[0], "%s",
                 mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return st;
}

/* Rows chosen, computed, sorted, drawn, doubled and joined. */
static inline mlpipe_status api_combine(const api_world *w, mlpipe_ctx *c,
                                        api_result *out)
{
    enum { STEPS = 6 };
    mlpipe_dataset *d[STEPS] = {NULL};
    const mlpipe_dataset *parts[2];
    mlpipe_buffer *b = NULL;
    mlpipe_status st = mlpipe_dataset_filter(c, w->all, "id % 3 > 0", &d[0]);
    if (!st)
        st = mlpipe_dataset_with_column(c, d[0], "known = day + 1 h; "
                                        "place = lower(town)", &d[1]);
    if (!st)
        st = mlpipe_dataset_sort(c, d[1], "by=town,-id", &d[2]);
    if (!st)
        st = mlpipe_dataset_sample(c, d[2], "share=0.5 by=town", &d[3]);
    parts[0] = d[3];
    parts[1] = d[2];
    if (!st)
        st = mlpipe_dataset_concat(c, parts, 2, NULL, &d[4]);
    if (!st)
        st = mlpipe_dataset_asof(c, w->all, d[4], "on=day by=town "
                                 "known=known direction=nearest", &d[5]);
    if (!st)
        st = mlpipe_dataset_fingerprint(c, d[5], &b);
    if (!st)
        snprintf(out->text[0], sizeof out->text[0], "%s",
                 mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    for (int i = 0; i < STEPS; i++)
        mlpipe_dataset_free(d[i]);
    return st;
}

static inline mlpipe_status api_fit(const api_world *w, mlpipe_ctx *c,
                                    const mlpipe_pipeline *p,
                                    const mlpipe_dataset *valid,
                                    api_result *out)
{
    mlpipe_model *m = (mlpipe_model *)out;
    const mlpipe_status st = mlpipe_fit(c, p, w->train, valid, &m);
    assert_true(!st == (m != NULL));
    if (!st) {
        snprintf(out->text[0], sizeof out->text[0], "%s",
                 mlpipe_model_id(m));
        assert_ok(w->c, mlpipe_predict(w->c, m, w->all, out->numbers,
                                       API_ROWS));
    }
    mlpipe_model_free(m);
    return st;
}

static inline mlpipe_status api_fit_trees(const api_world *w, mlpipe_ctx *c,
                                          api_result *out)
{
    return api_fit(w, c, w->trees, w->valid, out);
}

static inline mlpipe_status api_fit_held(const api_world *w, mlpipe_ctx *c,
                                         api_result *out)
{
    return api_fit(w, c, w->binary, NULL, out);
}

static inline mlpipe_status api_fit_line(const api_world *w, mlpipe_ctx *c,
                                         api_result *out)
{
    return api_fit(w, c, w->line, w->valid, out);
}

static inline mlpipe_status api_fit_line_held(const api_world *w,
                                              mlpipe_ctx *c, api_result *out)
{
    return api_fit(w, c, w->line, NULL, out);
}

static inline mlpipe_status api_predict(const api_world *w, mlpipe_ctx *c,
                                        api_result *out)
{
    return mlpipe_predict(c, w->model, w->all, out->numbers, API_ROWS);
}

static inline mlpipe_status api_evaluate(const api_world *w, mlpipe_ctx *c,
                                         api_result *out)
{
    mlpipe_report *r = (mlpipe_report *)out;
    const mlpipe_status st = mlpipe_evaluate(c, w->model, w->valid, NULL, &r);
    assert_true(!st == (r != NULL));
    if (!st) {
        out->numbers[0] = mlpipe_report_get(r, "rmse");
        out->numbers[1] = mlpipe_report_get(r, "r2");
    }
    mlpipe_report_free(r);
    return st;
}

static const struct api_named {
    const char *name;
    api_call run;
} api_calls[] = {
    {"read_csv_memory", api_csv},
    {"fingerprint", api_fingerprint},
    {"fit gbt, valid given", api_fit_trees},
    {"fit gbt, holdout", api_fit_held},
    {"fit ridge, valid given", api_fit_line},
    {"fit ridge, holdout", api_fit_line_held},
    {"predict", api_predict},
    {"evaluate", api_evaluate},
    {"datasets of datasets", api_combine},
};

enum { API_CALLS = sizeof api_calls / sizeof *api_calls };

#endif
