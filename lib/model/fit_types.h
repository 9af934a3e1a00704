/* SPDX-License-Identifier: MIT */
/* A fit under way; for the files of this folder alone. */
#ifndef MLPIPE_FIT_TYPES_H
#define MLPIPE_FIT_TYPES_H

#include "model_internal.h"

/* A step of the recipe while it is fitted. */
typedef struct mlpipe__fit_step {
    mlpipe__job job;
    mlpipe__stats *stats; /* of each chosen: shallow copies of the cache */
} mlpipe__fit_step;

/*
 * Statistics of a register. Registers are written once, so these hold for as
 * long as the training rows stay the same: that is a generation.
 */
typedef struct mlpipe__fit_stat {
    uint32_t reg, needs, generation;
    mlpipe__stats stats;
} mlpipe__fit_stat;

/* A register whose statistics are wanted. */
typedef struct mlpipe__fit_want {
    uint32_t reg, needs, codes;
} mlpipe__fit_want;

/* Rows in the learner's eyes; see frame.c. */
typedef struct mlpipe__fit_rows {
    mlpipe_dataset *data;  /* owned view; NULL = none */
    mlpipe__binding binding;
    mlpipe__frame frame;
    double *target, *weight;
    uint64_t *ids;
    struct mlpipe__fitting *fitting;
    uint32_t copies;       /* added to each row */
} mlpipe__fit_rows;

typedef struct mlpipe__fitting {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *recipe;
    const mlpipe__recipe_step *learner;
    const mlpipe_dataset *given, *given_valid;
    mlpipe_model *model;   /* in the making */
    uint32_t target_column;
    mlpipe__fit_rows train, held;
    mlpipe_dataset *whole; /* training rows before any were filtered */
    mlpipe__plan inputs, plan;
    uint32_t step_count;
    mlpipe__fit_step *steps;
    uint32_t cache_count, cache_room, generation, passes;
    mlpipe__fit_stat **cache;
    uint32_t feature_count;
    mlpipe__feature *features;
    uint32_t *regs;        /* of the features */
    uint32_t front_ops;
    uint64_t dropped_target, dropped_steps, dropped_valid;
    mlpipe_report *notes;
} mlpipe__fitting;

/* fit_rows.c: roles, task, which rows train and which are held out. */
mlpipe_status mlpipe__fit_schema(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_choose_rows(mlpipe__fitting *f);
/* Rows of d with keep[i] set, as a view. */
mlpipe_status mlpipe__fit_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               const uint8_t *keep, mlpipe_dataset **out);
/* fit_holdout.c: takes the held-out rows out of train. */
mlpipe_status mlpipe__fit_holdout(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_check_leak(mlpipe__fitting *f);
/* task.c: the target's type, the task, the classes. */
mlpipe_status mlpipe__task_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t column);
mlpipe_status mlpipe__fit_task(mlpipe__fitting *f);
/* planner.c */
mlpipe_status mlpipe__fit_inputs(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_plan(mlpipe__fitting *f);
/* passes.c */
const mlpipe__stats *mlpipe__fit_stats(const mlpipe__fitting *f, uint32_t reg,
                                       uint32_t needs);
mlpipe_status mlpipe__fit_gather(mlpipe__fitting *f,
                                 const mlpipe__fit_want *wants,
                                 uint32_t count);
/* frame.c */
mlpipe_status mlpipe__fit_frame(mlpipe__fitting *f, mlpipe__fit_rows *rows,
                                bool adds_rows);
void mlpipe__fit_rows_free(mlpipe__env *env, mlpipe__fit_rows *rows);
/* reference.c */
mlpipe_status mlpipe__fit_reference(mlpipe__fitting *f);
/* predict.c: one number a row; NaN where there is no answer. */
mlpipe_status mlpipe__predict_rows(mlpipe_ctx *ctx, const char *stage,
                                   const mlpipe__program *p,
                                   const mlpipe__binding *binding,
                                   const mlpipe_dataset *d, double *out);
/* bundle_write.c: the id and the bytes. */
mlpipe_status mlpipe__model_identify(mlpipe_ctx *ctx, mlpipe_model *m);
/* Text of the INFO section. */
void mlpipe__model_info(mlpipe_ctx *ctx, uint64_t duration_ns,
                        mlpipe__text *out);
/* card.c: what the fit found out. */
void mlpipe__fit_notes(mlpipe__fitting *f);

#endif
