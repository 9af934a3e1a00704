/* SPDX-License-Identifier: MIT */
/*
 * One row at a time through the public calls, beside LightGBM's fastest call
 * for one row, from C, interleaved round by round.
 *   bench_predict model LIB TREES LEAVES TRAIN.csv TEST.csv PEER.txt
 *   bench_predict pipeline TRAIN.csv TEST.csv
 * Prints `name nanoseconds` a line, and r2 of both on the test rows.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mlpipe/mlpipe.h>

enum { PREDICT_ROUNDS = 15, PREDICT_ROWS = 4096, PREDICT_INPUTS = 28 };

static mlpipe_ctx *predict_ctx;

static void predict_check(int status, const char *what)
{
    if (!status)
        return;
    fprintf(stderr, "bench_predict: %s: %s\n", what,
            predict_ctx ? mlpipe_ctx_error(predict_ctx)->text : "no context");
    exit(1);
}

static double predict_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void predict_best(double *best, double from)
{
    const double ns = (predict_now() - from) / PREDICT_ROWS;

    *best = *best == 0 || ns < *best ? ns : *best;
}

static double predict_r2(const double *y, const double *p)
{
    double mean = 0, left = 0, all = 0;

    for (int i = 0; i < PREDICT_ROWS; i++)
        mean += y[i] / PREDICT_ROWS;
    for (int i = 0; i < PREDICT_ROWS; i++) {
        left += (y[i] - p[i]) * (y[i] - p[i]);
        all += (y[i] - mean) * (y[i] - mean);
    }
    return 1 - left / all;
}

/* What all rows and calls share. */
typedef struct predict_rig {
    mlpipe_model *model;
    mlpipe_predictor *predictor;
    mlpipe_slot *slot;
    mlpipe_worker *worker;
    mlpipe_monitor *monitor;
    void *scratch;
    double *rows, *y, *out, *peer_out;
} predict_rig;

static void predict_fit(predict_rig *r, const char *const *steps,
                        const char *train)
{
    mlpipe_dataset *d;
    mlpipe_pipeline *p;

    predict_check(mlpipe_read_csv(predict_ctx, train, NULL, &d), train);
    predict_check(mlpipe_pipeline_new(predict_ctx,
                                      "target=y task=regression holdout=0.01",
                                      &p),
                  "pipeline");
    for (; *steps; steps += 2)
        predict_check(
            mlpipe_pipeline_add(predict_ctx, p, steps[0], steps[1]), steps[0]);
    predict_check(mlpipe_fit(predict_ctx, p, d, NULL, &r->model), "fit");
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
}

/* The test rows as doubles in the order of the model's inputs. */
static void predict_rows(predict_rig *r, const char *test)
{
    mlpipe_dataset *d;
    mlpipe_value v;
    const uint32_t inputs = mlpipe_model_inputs(r->model);

    predict_check(mlpipe_predictor_new(predict_ctx, r->model, NULL,
                                       &r->predictor),
                  "predictor");
    predict_check(mlpipe_read_csv(predict_ctx, test, NULL, &d), test);
    predict_check(mlpipe_dataset_rows(d) != PREDICT_ROWS ||
                      inputs != PREDICT_INPUTS,
                  "rows or inputs differ");
    r->rows = malloc(sizeof *r->rows * PREDICT_ROWS * PREDICT_INPUTS);
    r->y = malloc(sizeof *r->y * PREDICT_ROWS);
    r->out = malloc(sizeof *r->out * PREDICT_ROWS);
    r->peer_out = malloc(sizeof *r->peer_out * PREDICT_ROWS);
    for (uint32_t k = 0; k < inputs; k++) {
        const int32_t at =
            mlpipe_dataset_find(d, mlpipe_model_input(r->model, k));
        for (int i = 0; i < PREDICT_ROWS; i++) {
            predict_check(mlpipe_dataset_cell(d, i, (uint32_t)at, &v),
                          "cell");
            r->rows[i * PREDICT_INPUTS + (int)k] =
                v.kind == MLPIPE_VALUE_TEXT
                    ? mlpipe_predictor_code(r->predictor, k, v.str,
                                            (size_t)v.len)
                    : v.num;
        }
    }
    predict_check(mlpipe_dataset_doubles(
                      predict_ctx, d,
                      (uint32_t)mlpipe_dataset_find(d, "y"), 0, r->y,
                      PREDICT_ROWS),
                  "y");
    mlpipe_dataset_free(d);
}

static void predict_serve(predict_rig *r)
{
    const size_t bytes = mlpipe_predictor_scratch(r->predictor);

    r->scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    predict_check(mlpipe_slot_new(predict_ctx, r->model, NULL, "ring=8192",
                                  &r->slot),
                  "slot");
    predict_check(
        mlpipe_monitor_new(predict_ctx, r->slot, NULL, &r->monitor),
        "monitor");
    predict_check(
        mlpipe_worker_new(predict_ctx, r->slot, NULL, &r->worker), "worker");
}

static double predict_row(predict_rig *r, double best)
{
    const double from = predict_now();

    for (int i = 0; i < PREDICT_ROWS; i++)
        mlpipe_predict_row(r->predictor, r->scratch,
                           r->rows + i * PREDICT_INPUTS, r->out + i);
    predict_best(&best, from);
    return best;
}

static double predict_block(predict_rig *r, double best)
{
    const double from = predict_now();

    mlpipe_predict_rows(r->predictor, r->scratch, r->rows,
                        PREDICT_INPUTS * sizeof(double), PREDICT_ROWS,
                        r->out);
    predict_best(&best, from);
    return best;
}

/* Every row leaves its id, and counts of its inputs and score, behind. */
static double predict_worker(predict_rig *r, double best)
{
    static int64_t now_us = 1000000;
    static uint64_t id = 1;
    int32_t closed;
    const double from = predict_now();

    for (int i = 0; i < PREDICT_ROWS; i++)
        mlpipe_worker_predict(r->worker, id++, now_us++,
                              r->rows + i * PREDICT_INPUTS, r->out + i, 1);
    predict_best(&best, from);
    predict_check(
        mlpipe_monitor_tick(predict_ctx, r->monitor, now_us, &closed),
        "tick");
    return best;
}

/* ---- LightGBM, as its c_api.h declares it ------------------------------- */

typedef struct predict_peer {
    void *booster, *fast;
    int (*row)(void *fast, const void *data, int64_t *len, double *out);
    int (*block)(void *booster, const void *data, int type, int32_t rows,
                 int32_t columns, int row_major, int kind, int from, int n,
                 const char *params, int64_t *len, double *out);
} predict_peer;

static void *predict_symbol(void *lib, const char *name)
{
    void *f = dlsym(lib, name);

    predict_check(!f, name);
    return f;
}

static void predict_peer_open(predict_peer *p, const char *path,
                              const char *model)
{
    void *lib = dlopen(path, RTLD_NOW);
    int (*load)(const char *, int *, void **);
    int (*fast)(void *, int, int, int, int, int32_t, const char *, void **);
    int iterations;

    predict_check(!lib, path);
    *(void **)&load = predict_symbol(lib, "LGBM_BoosterCreateFromModelfile");
    *(void **)&fast =
        predict_symbol(lib, "LGBM_BoosterPredictForMatSingleRowFastInit");
    *(void **)&p->row =
        predict_symbol(lib, "LGBM_BoosterPredictForMatSingleRowFast");
    *(void **)&p->block = predict_symbol(lib, "LGBM_BoosterPredictForMat");
    predict_check(load(model, &iterations, &p->booster), model);
    predict_check(fast(p->booster, 0, 0, -1, 1, PREDICT_INPUTS,
                       "num_threads=1", &p->fast),
                  "SingleRowFastInit");
}

static double predict_peer_row(predict_peer *p, predict_rig *r, double best)
{
    const double from = predict_now();
    int64_t len;

    for (int i = 0; i < PREDICT_ROWS; i++)
        p->row(p->fast, r->rows + i * PREDICT_INPUTS, &len, r->peer_out + i);
    predict_best(&best, from);
    return best;
}

static double predict_peer_block(predict_peer *p, predict_rig *r, double best)
{
    const double from = predict_now();
    int64_t len;

    p->block(p->booster, r->rows, 1, PREDICT_ROWS, PREDICT_INPUTS, 1, 0, 0,
             -1, "num_threads=1", &len, r->peer_out);
    predict_best(&best, from);
    return best;
}

/* ---- the two modes ------------------------------------------------------ */

static void predict_model(char **arg)
{
    double row = 0, block = 0, worker = 0, peer_row = 0, peer_block = 0;
    char params[128];
    const char *steps[] = {"gbt", params, NULL};
    predict_rig r = {0};
    predict_peer peer;

    snprintf(params, sizeof params, "trees=%s leaves=%s stop=0", arg[1],
             arg[2]);
    predict_fit(&r, steps, arg[3]);
    predict_rows(&r, arg[4]);
    predict_serve(&r);
    predict_peer_open(&peer, arg[0], arg[5]);
    for (int i = 0; i < PREDICT_ROUNDS; i++) {
        row = predict_row(&r, row);
        peer_row = predict_peer_row(&peer, &r, peer_row);
        block = predict_block(&r, block);
        peer_block = predict_peer_block(&peer, &r, peer_block);
        worker = predict_worker(&r, worker);
    }
    printf("row %.2f\nblock %.2f\nworker %.2f\npeer_row %.2f\n"
           "peer_block %.2f\nr2 %.6f\npeer_r2 %.6f\n",
           row, block, worker, peer_row, peer_block, predict_r2(r.y, r.out),
           predict_r2(r.y, r.peer_out));
}

static void predict_pipeline(char **arg)
{
    static const char *const steps[] = {
        "impute", "indicator=true", "scale", NULL, "onehot", NULL,
        "gbt",    "trees=100 leaves=31 stop=0", NULL};
    double row = 0, block = 0, worker = 0;
    predict_rig r = {0};

    predict_fit(&r, steps, arg[0]);
    predict_rows(&r, arg[1]);
    predict_serve(&r);
    for (int i = 0; i < PREDICT_ROUNDS; i++) {
        row = predict_row(&r, row);
        block = predict_block(&r, block);
        worker = predict_worker(&r, worker);
    }
    printf("row %.2f\nblock %.2f\nworker %.2f\nr2 %.6f\n", row, block, worker,
           predict_r2(r.y, r.out));
}

int main(int argc, char **argv)
{
    predict_check(mlpipe_ctx_new(NULL, &predict_ctx), "context");
    if (argc == 8 && !strcmp(argv[1], "model"))
        predict_model(argv + 2);
    else if (argc == 4 && !strcmp(argv[1], "pipeline"))
        predict_pipeline(argv + 2);
    else
        predict_check(1, "usage: see the top of bench_predict.c");
    return 0;
}
