/* SPDX-License-Identifier: MIT */
/* A small world whose law can change: y = slope x + n + noise. */
#ifndef MLPIPE_TESTS_CYCLE_WORLD_H
#define MLPIPE_TESTS_CYCLE_WORLD_H

#include "serve_support.h"

#include "cycle/cycle_internal.h"

typedef struct world_row {
    double x;
    int32_t n;
} world_row;

static inline world_row world_draw(uint64_t id)
{
    return (world_row){serve_random(id, 0),
                       (int32_t)(serve_random(id, 1) * 10)};
}

static inline double world_y(uint64_t id, double slope)
{
    const world_row r = world_draw(id);

    return slope * r.x + r.n +
           0.3 * mlpipe__normal_quantile(serve_random(id, 2));
}

/* Rows first .. first + n - 1 as a dataset; row i is seen at second i. */
static inline mlpipe_dataset *world_dataset(mlpipe_ctx *c, uint64_t first,
                                            uint64_t n, double slope)
{
    double *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    int64_t *id = malloc(n * sizeof *id), *k = malloc(n * sizeof *k);
    mlpipe_dataset *d;
    mlpipe_builder *b;

    assert_true(x && y && id && k);
    for (uint64_t i = 0; i < n; i++) {
        const world_row r = world_draw(first + i);
        x[i] = r.x;
        k[i] = r.n;
        y[i] = world_y(first + i, slope);
        id[i] = (int64_t)(first + i);
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                       (int64_t)n));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, k, NULL,
                                       (int64_t)n));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                       (int64_t)n));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       (int64_t)n));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_S, id, NULL,
                                      (int64_t)n));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(x);
    free(y);
    free(id);
    free(k);
    return d;
}

static inline mlpipe_pipeline *world_recipe(mlpipe_ctx *c)
{
    mlpipe_pipeline *p;

    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=y id=id time=at features=x,n holdout=0.2",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    return p;
}

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_pipeline *recipe;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_cycle *cycle;
    mlpipe_worker *w;
    uint64_t next;
} world;

/* Trained on rows 1 .. 3000 of slope 2. */
static inline void world_make(world *d, const char *params)
{
    mlpipe_dataset *train;

    memset(d, 0, sizeof *d);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->recipe = world_recipe(d->c);
    train = world_dataset(d->c, 1, 3000, 2.0);
    assert_ok(d->c, mlpipe_fit(d->c, d->recipe, train, NULL, &d->m));
    mlpipe_dataset_free(train);
    assert_ok(d->c, mlpipe_layout_new(d->c, sizeof(world_row), &d->l));
    assert_ok(d->c, mlpipe_layout_field(d->c, d->l, "x", MLPIPE_F64,
                                        offsetof(world_row, x)));
    assert_ok(d->c, mlpipe_layout_field(d->c, d->l, "n", MLPIPE_I32,
                                        offsetof(world_row, n)));
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, d->l, NULL, &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot,
                                       "pane=500 capture=4000",
                                       &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
    assert_ok(d->c, mlpipe_cycle_new(d->c, d->monitor, d->recipe, params,
                                     &d->cycle));
    d->next = 3001;
}

static inline void world_drop(world *d)
{
    mlpipe_cycle_free(d->cycle);
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_layout_free(d->l);
    mlpipe_model_free(d->m);
    mlpipe_pipeline_free(d->recipe);
    mlpipe_ctx_free(d->c);
}

/* n requests and their truths under a law. */
static inline void world_serve(world *d, uint32_t n, double slope)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t id = d->next++;
        const world_row r = world_draw(id);
        double out;
        assert_ok(d->c, mlpipe_worker_predict(
                            d->w, id, (int64_t)id * 1000000, &r, &out, 1));
        assert_ok(d->c, mlpipe_monitor_truth(d->c, d->monitor, id,
                                             (int64_t)id * 1000000 + 5,
                                             world_y(id, slope)));
    }
}

/* The same, then a tick. */
static inline int32_t world_live(world *d, uint32_t n, double slope)
{
    int32_t action = -1;
    mlpipe_status st;

    world_serve(d, n, slope);
    do { /* a retrain on another thread may have the slot for a moment */
        st = mlpipe_cycle_tick(d->c, d->cycle, (int64_t)d->next * 1000000,
                               &action);
    } while (st == MLPIPE_E_BUSY);
    assert_ok(d->c, st);
    return action;
}

/* Until an action comes, at most `most` steps of 500 rows. */
static inline int32_t world_until(world *d, int most, double slope)
{
    for (int i = 0; i < most; i++) {
        const int32_t action = world_live(d, 500, slope);
        if (action)
            return action;
    }
    return MLPIPE_ACTION_NONE;
}

static inline mlpipe_buffer *world_log(world *d)
{
    mlpipe_buffer *log;

    assert_ok(d->c, mlpipe_cycle_log(d->c, d->cycle, &log));
    return log;
}

#endif
