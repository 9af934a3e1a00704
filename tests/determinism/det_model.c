/* SPDX-License-Identifier: MIT */
/*
 * The area of fitting: whole recipes over made-up rows. What is hashed is
 * the model's id, which covers every byte of its bundle but INFO, and all
 * predictions; they must also be the same for every number of threads.
 */
#include "determinism.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base_internal.h"

enum { DET_ROWS = 5000, DET_TRAIN = 4000, DET_OUTPUTS = 8 };

typedef struct det_world {
    mlpipe_ctx *ctx;
    mlpipe_dataset *all, *train, *rest;
} det_world;

typedef struct det_recipe {
    const char *roles;
    const char *steps[10][2]; /* name and parameters, in order */
    uint32_t held; /* 1: the validation rows are given */
} det_recipe;

static const det_recipe det_recipes[] = {
    {"target=log(price) id=id seed=3 features=size,lot,rooms,town,street",
     {{"dedupe", "on=id"},
      {"impute", "numeric=median indicator=true"},
      {"outlier", "columns=lot factor=2"},
      {"scale", "columns=size,lot"},
      {"onehot", "columns=town"},
      {"ordinal", "columns=street"},
      {"jitter", "columns=size,lot sd=0.02 copies=1"},
      {"gbt", "trees=20 leaves=15 rows=0.7 columns=0.8"}},
     1},
    {"target=sold id=id seed=6 features=size,lot,rooms,town",
     {{"impute", "numeric=median"},
      {"onehot", "columns=town"},
      {"undersample", "ratio=0.8"},
      {"smote", "k=4"},
      {"gbt", "trees=20 leaves=15 rows=0.7"}},
     1},
    {"target=sold id=id seed=4 features=size,lot,rooms,town,street",
     {{"gbt", "trees=20 leaves=15"}},
     0},
    {"target=price id=id seed=9 features=size,lot,rooms,town",
     {{"gbt", "trees=20 leaves=15 loss=quantile level=0.8 rows=0.7"}},
     1},
    {"target=price id=id seed=10 features=size,lot,rooms,town",
     {{"gbt", "trees=20 leaves=15 loss=tweedie power=1.3"}},
     1},
    {"target=price id=id seed=5 features=size,lot,rooms,town,street",
     {{"impute", "numeric=mean"},
      {"scale", "method=robust columns=size,lot"},
      {"onehot", "columns=town"},
      {"ordinal", "columns=street order=name"},
      {"ridge", "l2=0.5"}},
     1},
    {"target=sold id=id seed=7 features=size,lot,rooms,town",
     {{"impute", "numeric=mean"},
      {"scale", NULL},
      {"onehot", "columns=town"},
      {"logistic", "l2=0.5"}},
     0},
    {"target=rooms task=multiclass id=id seed=8 features=size,lot,price",
     {{"impute", "numeric=mean"},
      {"scale", NULL},
      {"logistic", "l1_ratio=0.5"}},
     0},
};

static mlpipe_status det_add_columns(mlpipe_ctx *c, mlpipe_builder *b)
{
    static double size[DET_ROWS], lot[DET_ROWS], price[DET_ROWS];
    static int64_t id[DET_ROWS], rooms[DET_ROWS], sold[DET_ROWS];
    static uint8_t valid[DET_ROWS];
    static char names[300][8];
    static const char *town[DET_ROWS], *street[DET_ROWS];
    uint64_t seed = 8;
    mlpipe_status st;
    for (uint32_t i = 0; i < 300; i++)
        snprintf(names[i], sizeof names[i], "s%u", i);
    for (uint32_t i = 0; i < DET_ROWS; i++) {
        const uint32_t t = (uint32_t)(det_bits(&seed) % 6);
        id[i] = i % 50 == 49 ? i - 1 : i; /* some repeat */
        size[i] = 30 + 170 * det_unit(&seed);
        valid[i] = det_bits(&seed) % 8 != 0;
        lot[i] = det_bits(&seed) % 3 ? 900 * det_unit(&seed) : 0;
        rooms[i] = 1 + (int64_t)(det_bits(&seed) % 7);
        town[i] = t ? names[t] : NULL;
        street[i] = names[det_bits(&seed) % 300];
        price[i] = 90 + 3 * size[i] + 0.1 * lot[i] + 30 * t +
                   50 * det_unit(&seed);
        sold[i] = price[i] + 200 * det_unit(&seed) > 650;
    }
    st = mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL, DET_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "size", MLPIPE_F64, size, valid,
                                   DET_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "lot", MLPIPE_F64, lot, NULL,
                                   DET_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "rooms", MLPIPE_I64, rooms, NULL,
                                   DET_ROWS);
    if (!st)
        st = mlpipe_builder_texts(c, b, "town", town, DET_ROWS);
    if (!st)
        st = mlpipe_builder_texts(c, b, "street", street, DET_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "price", MLPIPE_F64, price, NULL,
                                   DET_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "sold", MLPIPE_I64, sold, NULL,
                                   DET_ROWS);
    return st;
}

static mlpipe_status det_world_open(det_world *w, uint32_t threads)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_builder *b = NULL;
    mlpipe_status st = mlpipe_ctx_new(&o, &w->ctx);
    if (!st)
        st = mlpipe_builder_new(w->ctx, NULL, NULL, &b);
    if (!st)
        st = det_add_columns(w->ctx, b);
    if (!st)
        st = mlpipe_builder_finish(w->ctx, b, &w->all);
    if (!st)
        st = mlpipe_dataset_slice(w->ctx, w->all, 0, DET_TRAIN, &w->train);
    if (!st)
        st = mlpipe_dataset_slice(w->ctx, w->all, DET_TRAIN,
                                  DET_ROWS - DET_TRAIN, &w->rest);
    mlpipe_builder_free(b);
    return st;
}

static void det_world_close(det_world *w)
{
    mlpipe_dataset_free(w->rest);
    mlpipe_dataset_free(w->train);
    mlpipe_dataset_free(w->all);
    mlpipe_ctx_free(w->ctx);
}

static mlpipe_status det_fit(const det_world *w, const det_recipe *r,
                             det_hash *h)
{
    static double out[DET_ROWS * DET_OUTPUTS];
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = NULL;
    mlpipe_status st = mlpipe_pipeline_new(w->ctx, r->roles, &p);
    for (uint32_t i = 0; !st && r->steps[i][0]; i++)
        st = mlpipe_pipeline_add(w->ctx, p, r->steps[i][0], r->steps[i][1]);
    if (!st)
        st = mlpipe_fit(w->ctx, p, w->train, r->held ? w->rest : NULL, &m);
    if (!st)
        st = mlpipe_predict(w->ctx, m, w->all, out, DET_ROWS * DET_OUTPUTS);
    if (!st) {
        det_add(h, mlpipe_model_id(m), 32);
        det_add(h, out, DET_ROWS * mlpipe_model_outputs(m) * sizeof *out);
    }
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    return st;
}

void det_model(det_hash *h)
{
    static const uint32_t threads[] = {1, 2, 3, 8};
    const uint32_t count = sizeof det_recipes / sizeof *det_recipes;
    uint64_t first[sizeof det_recipes / sizeof *det_recipes] = {0};
    for (uint32_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        det_world w = {0};
        mlpipe_status st = det_world_open(&w, threads[t]);
        for (uint32_t i = 0; i < count && !st; i++) {
            det_hash one = {UINT64_C(0xcbf29ce484222325)};
            st = det_fit(&w, &det_recipes[i], &one);
            if (t && one.value != first[i]) {
                fprintf(stderr, "model: recipe %u differs for %u threads\n",
                        i, threads[t]);
                exit(1);
            }
            first[i] = one.value;
            det_add(h, &one.value, sizeof one.value);
        }
        if (st) {
            fprintf(stderr, "model: %s: %s\n", mlpipe_status_name(st),
                    mlpipe_ctx_error(w.ctx)->text);
            exit(1);
        }
        det_world_close(&w);
    }
}
