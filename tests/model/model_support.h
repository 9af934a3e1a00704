/* SPDX-License-Identifier: MIT */
/* A small made-up dataset with every type that models meet. */
#ifndef MLPIPE_TESTS_MODEL_SUPPORT_H
#define MLPIPE_TESTS_MODEL_SUPPORT_H

#include "support.h"

#include "model/model_internal.h"

enum { MADE_MAX = 4096 };

/* A number in [0, 1) that depends on (row, column) alone. */
static inline double made_unit(int64_t row, uint32_t column)
{
    return mlpipe__random_unit(7, MLPIPE__FOR_TEST, column, (uint64_t)row, 0);
}

/*
 * Columns: id i64, day timestamp, size f64 (10 % null), lot f64 (zero in a
 * third), rooms i64, town category (5 texts, some null), new bool, price f64
 * (positive, depends on them), sold i64 0/1, risk category yes/no.
 */
static inline mlpipe_dataset *made_dataset(mlpipe_ctx *c, int64_t first,
                                           int64_t rows)
{
    static const char *const towns[] = {"Oslo", "Bergen", "Voss", "Moss",
                                        "Alta"};
    static double size[MADE_MAX], lot[MADE_MAX], price[MADE_MAX];
    static int64_t id[MADE_MAX], day[MADE_MAX], rooms[MADE_MAX],
        sold[MADE_MAX];
    static uint8_t fresh[MADE_MAX], size_valid[MADE_MAX];
    static const char *town[MADE_MAX], *risk[MADE_MAX];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    char params[64];
    assert_true(rows <= MADE_MAX);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t r = first + i;
        const uint32_t t = (uint32_t)(made_unit(r, 1) * 5);
        id[i] = 1000 + r;
        day[i] = 16000 + r / 3;
        size[i] = 50 + 150 * made_unit(r, 2);
        size_valid[i] = made_unit(r, 3) > 0.1;
        lot[i] = r % 3 ? 1000 * made_unit(r, 4) : 0;
        rooms[i] = 1 + (int64_t)(made_unit(r, 5) * 6);
        fresh[i] = made_unit(r, 6) > 0.7;
        town[i] = made_unit(r, 7) > 0.05 ? towns[t] : NULL;
        price[i] = 100 + 3 * size[i] + 0.05 * lot[i] + 40 * t +
                   (fresh[i] ? 90 : 0) + 20 * made_unit(r, 8);
        sold[i] = price[i] + 200 * made_unit(r, 9) > 680;
        risk[i] = sold[i] ? "yes" : "no";
    }
    snprintf(params, sizeof params, "first_row_id=%lld", (long long)first);
    assert_ok(c, mlpipe_builder_new(c, NULL, params, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_times(c, b, "day", MLPIPE_UNIT_S, day, NULL,
                                      rows));
    assert_ok(c, mlpipe_builder_column(c, b, "size", MLPIPE_F64, size,
                                       size_valid, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "lot", MLPIPE_F64, lot, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "rooms", MLPIPE_I64, rooms,
                                       NULL, rows));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", town, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "new", MLPIPE_BOOL, fresh, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "price", MLPIPE_F64, price,
                                       NULL, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "sold", MLPIPE_I64, sold, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_texts(c, b, "risk", risk, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static inline mlpipe_ctx *made_ctx(uint32_t threads)
{
    mlpipe_ctx_options o = {.threads = threads};
    mlpipe_ctx *c;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* Every step, in front of gbt with few trees. */
static inline mlpipe_pipeline *made_recipe(mlpipe_ctx *c, const char *target,
                                           const char *learner,
                                           const char *params)
{
    char text[256];
    mlpipe_pipeline *p;
    snprintf(text, sizeof text,
             "target=%s id=id time=day features=size,lot,rooms,town,new "
             "seed=3",
             target);
    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "dedupe", "on=id"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute",
                                     "numeric=median indicator=true"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "outlier",
                                     "columns=lot factor=3"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "jitter",
                                     "columns=size,lot sd=0.01 copies=1"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "scale", "columns=size,lot"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "onehot", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, params));
    return p;
}

static inline uint64_t made_live(mlpipe_ctx *c)
{
    uint64_t live;
    mlpipe_ctx_memory(c, &live, NULL);
    return live;
}

#endif
