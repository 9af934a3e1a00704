/* SPDX-License-Identifier: MIT */
/*
 * Figures on the real files: `name value bar ok|short` a line. A figure that
 * falls short is no failure; a call that fails is.
 *   real FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_internal.h"

static mlpipe_ctx *ctx;
static const char *folder;

static void check(mlpipe_status st, const char *what)
{
    if (!st)
        return;
    fprintf(stderr, "real: %s: %s: %s\n", what, mlpipe_status_name(st),
            mlpipe_ctx_error(ctx)->text);
    exit(1);
}

static void figure(const char *name, double value, double bar)
{
    printf("%s %.6g %.6g %s\n", name, value, bar,
           value >= bar ? "ok" : "short");
    fflush(stdout);
}

static mlpipe_dataset *read_file(const char *name)
{
    char path[4096];
    mlpipe_dataset *d;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check(mlpipe_read_csv(ctx, path, NULL, &d), name);
    return d;
}

/* A recipe of up to three steps, the last of them the learner. */
typedef struct recipe {
    const char *file, *pipeline;
    const char *step[6];
} recipe;

static mlpipe_pipeline *make(const recipe *r)
{
    mlpipe_pipeline *p;
    check(mlpipe_pipeline_new(ctx, r->pipeline, &p), r->pipeline);
    for (int i = 0; i < 6 && r->step[i]; i += 2)
        check(mlpipe_pipeline_add(ctx, p, r->step[i], r->step[i + 1]),
              r->step[i]);
    return p;
}

/* Every out-of-fold prediction of five folds, scored at once. */
static double cross_validated(const recipe *r, const char *metric)
{
    mlpipe_dataset *d = read_file(r->file);
    mlpipe_pipeline *p = make(r);
    const size_t rows = (size_t)mlpipe_dataset_rows(d);
    double *y = malloc(rows * sizeof *y), *out = malloc(rows * sizeof *out);
    mlpipe_figure score;
    size_t at = 0;
    for (uint32_t k = 0; k < 5; k++) {
        mlpipe_dataset *fold, *rest;
        mlpipe_model *m;
        check(mlpipe_dataset_fold(ctx, d, "folds=5", k, &fold, &rest), "fold");
        check(mlpipe_fit(ctx, p, rest, NULL, &m), r->file);
        check(mlpipe_predict(ctx, m, fold, out + at, rows - at), r->file);
        check(mlpipe__model_target(ctx, m, fold, y + at), r->file);
        at += (size_t)mlpipe_dataset_rows(fold);
        mlpipe_model_free(m);
        mlpipe_dataset_free(fold);
        mlpipe_dataset_free(rest);
    }
    check(mlpipe__metric_value(ctx, mlpipe__metric_find(metric), y, out, NULL,
                               rows, &score),
          metric);
    free(y);
    free(out);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return score.value;
}

/* Trained before 2015-02-01, scored from then on. */
static double ordered_in_time(const recipe *r)
{
    mlpipe_dataset *d = read_file(r->file), *part[2];
    mlpipe_pipeline *p = make(r);
    mlpipe_model *m;
    mlpipe_report *score;
    double r2;
    check(mlpipe_dataset_split(ctx, d, "order=date at=2015-02-01", part, 2),
          "split");
    check(mlpipe_fit(ctx, p, part[0], NULL, &m), r->file);
    check(mlpipe_evaluate(ctx, m, part[1], "metrics=r2", &score), r->file);
    r2 = mlpipe_report_get(score, "r2");
    mlpipe_report_free(score);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(d);
    return r2;
}

/* Share of rows whose prediction alone equals, bit for bit, that of the
 * whole dataset and that of a slice. */
static double same_bits(const recipe *r)
{
    mlpipe_dataset *d = read_file(r->file), *slice;
    mlpipe_pipeline *p = make(r);
    const int64_t rows = mlpipe_dataset_rows(d);
    double *whole = malloc((size_t)rows * sizeof *whole), one[100];
    mlpipe__binding b;
    mlpipe_model *m;
    int64_t i, equal = 0;
    size_t bytes;
    char *memory;
    void *scratch;
    check(mlpipe_fit(ctx, p, d, NULL, &m), r->file);
    check(mlpipe_predict(ctx, m, d, whole, (size_t)rows), r->file);
    bytes = mlpipe__program_scratch(m->program, 1);
    memory = malloc(bytes + 64);
    scratch = memory + (64 - (uintptr_t)memory % 64) % 64;
    check(mlpipe__bind_dataset(ctx, m->program, d, &b), r->file);
    for (i = 0; i < rows; i++) {
        mlpipe__binding_load(&b, m->program, d, i, 1, scratch, 1);
        mlpipe__program_run(m->program, scratch, 1, 1, one);
        equal += !memcmp(one, whole + i, sizeof *one);
    }
    mlpipe__binding_free(&b);
    for (i = 0; i + 100 <= rows; i += 5003) {
        check(mlpipe_dataset_slice(ctx, d, i, 100, &slice), "slice");
        check(mlpipe_predict(ctx, m, slice, one, 100), r->file);
        if (memcmp(one, whole + i, sizeof one))
            equal = 0;
        mlpipe_dataset_free(slice);
    }
    free(memory);
    free(whole);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return (double)equal / (double)rows;
}

int main(int argc, char **argv)
{
    static const recipe king = {
        "king_county_houses.csv",
        "target=log(price) id=id time=date",
        {"gbt", "trees=600 rate=0.05 leaves=31"}};
    static const recipe king_ridge = {
        "king_county_houses.csv",
        "target=price id=id time=date holdout=0 features=bedrooms,bathrooms,"
        "sqft_living,sqft_lot,floors,sqft_above,sqft_basement,yr_built,"
        "yr_renovated,zipcode,lat,long,sqft_living15,sqft_lot15",
        {"impute", NULL, "ridge", NULL}};
    static const recipe california = {
        "california_housing.csv",
        "target=median_house_value",
        {"gbt", "trees=600 rate=0.05 leaves=31"}};
    static const recipe adult = {
        "adult.csv", "target=Salary", {"gbt", "trees=300 rate=0.1"}};
    static const recipe diamonds = {
        "diamonds.csv", "target=log(price)", {"gbt", "trees=300 rate=0.1"}};
    static const recipe electricity = {
        "electricity.csv", "target=class", {"gbt", "trees=100"}};
    mlpipe_dataset *d;
    if (argc != 2) {
        fprintf(stderr, "usage: real FOLDER\n");
        return 2;
    }
    folder = argv[1];
    if (mlpipe_ctx_new(&(mlpipe_ctx_options){.threads = 2}, &ctx))
        return 1;
    d = read_file("king_county_houses.csv");
    figure("king_rows", (double)mlpipe_dataset_rows(d), 21597);
    mlpipe_dataset_free(d);
    figure("king_cv_r2", cross_validated(&king, "r2"), 0.87);
    figure("king_time_r2", ordered_in_time(&king), 0.86);
    figure("king_ridge_raw_r2", cross_validated(&king_ridge, "r2"), 0.60);
    figure("california_cv_r2", cross_validated(&california, "r2"), 0.83);
    figure("adult_gbt_auc", cross_validated(&adult, "auc"), 0.925);
    figure("diamonds_cv_r2", cross_validated(&diamonds, "r2"), 0.98);
    figure("king_same_bits", same_bits(&king), 1);
    figure("california_same_bits", same_bits(&california), 1);
    figure("adult_same_bits", same_bits(&adult), 1);
    figure("diamonds_same_bits", same_bits(&diamonds), 1);
    figure("electricity_same_bits", same_bits(&electricity), 1);
    mlpipe_ctx_free(ctx);
    return 0;
}
