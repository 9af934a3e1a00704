/* SPDX-License-Identifier: MIT */
/* A fit under way; for the files of this folder alone. */
#ifndef MLPIPE_FIT_TYPES_H
#define MLPIPE_FIT_TYPES_H

#include "model_internal.h"

/* The parameters of mlpipe_pipeline_new that give columns a role beside the
 * target and the features (planner_inputs.c). */
enum { MLPIPE__FIT_ROLES = 11 };
extern const char *const mlpipe__fit_roles[MLPIPE__FIT_ROLES];

/* A step of the recipe while it is fitted. */
typedef struct mlpipe__fit_step {
    mlpipe__job job;
    mlpipe__stats *stats; /* of each chosen: shallow copies of the cache */
    mlpipe__groups *groups; /* of each chosen; NULL: none were asked for */
    uint32_t group_count;
    mlpipe__values values; /* until it has emitted */
} mlpipe__fit_step;

/* Somebody who reads registers of every training row, by tasks; block is
 * called with the scratch of a block that has run. */
typedef struct mlpipe__pass {
    uint32_t tasks;
    void (*block)(const struct mlpipe__pass *pass, uint32_t task,
                  const void *scratch, int64_t start, uint32_t n);
    void *user;
} mlpipe__pass;

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
    double *offset;        /* NULL: the recipe has none */
    uint64_t *ids;
    /* The same, with repeats of a row told apart, so that no two copies vary
     * alike; NULL where no id stands twice. */
    uint64_t *vary_ids;
    uint64_t *keys;        /* what decides the fold of each row */
    struct mlpipe__fitting *fitting;
    uint32_t copies;       /* added to each row */
    /* Rows between two others, behind all else: a + u (b - a) of each
     * feature. */
    mlpipe_dataset *from, *to;
    double *between;
} mlpipe__fit_rows;

typedef struct mlpipe__fit_mark {
    uint32_t var, step;
} mlpipe__fit_mark;

typedef struct mlpipe__fitting {
    mlpipe_ctx *ctx;
    const char *stage;     /* for progress and the log; NULL: "fit" */
    const mlpipe_pipeline *recipe;
    const mlpipe__recipe_step *learner; /* NULL in a transform */
    bool transform;
    bool inner;            /* for answers to its tail: what the model tells of
                              itself is left out */
    mlpipe_dataset **transformed; /* where its training rows go, or NULL */
    const mlpipe_dataset *given, *given_valid;
    const mlpipe_dataset *given_all;  /* given and what is withheld */
    mlpipe_dataset *proper, *withheld; /* owned; NULL: the tail needs none */
    mlpipe_model *model;   /* in the making */
    uint32_t target_column;
    mlpipe__fit_rows train, held;
    mlpipe__fit_rows learn; /* train as it is after resampling */
    mlpipe_dataset *whole; /* training rows before any were filtered */
    mlpipe_dataset *taught; /* those whose targets a step learnt from, which a
                               later one may have dropped; NULL: none */
    mlpipe__plan inputs, plan;
    uint32_t step_count;
    mlpipe__fit_step *steps;
    uint32_t cache_count, cache_room, generation, passes;
    mlpipe__fit_stat **cache;
    uint32_t feature_count;
    mlpipe__feature *features;
    uint32_t *regs;        /* of the features */
    uint32_t offset;       /* register of it, or MLPIPE__NO_REG */
    uint32_t front_ops;
    uint64_t dropped_target, dropped_steps, dropped_valid;
    uint64_t dropped_offset, dropped_held_offset;
    uint32_t step_now;     /* planned at the moment; UINT32_MAX: none */
    uint32_t *step_told;   /* the same for who asked; NULL: nobody */
    mlpipe__text passes_text; /* what each pass gathered, a line each */
    mlpipe__fit_mark *marks; /* which step made or changed which variable */
    uint32_t mark_count, mark_room;
    bool used_blas;        /* by a step */
    double prior;          /* r of MLPIPE__OP_PRIOR; 1 = none */
    uint8_t *between;      /* features; MLPIPE__BETWEEN_ of rows between two
                              others; NULL until a step resamples */
    mlpipe_report *notes;
} mlpipe__fitting;

/* fit_rows.c: roles; rows with a target, and the task that they make; which
 * of them train and which are held out. */
mlpipe_status mlpipe__fit_schema(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_target_rows(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_choose_rows(mlpipe__fitting *f);
/* Rows of d with keep[i] set, as a view. */
mlpipe_status mlpipe__fit_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               const uint8_t *keep, mlpipe_dataset **out);
/* fit_holdout.c: takes the held-out rows out of train. */
mlpipe_status mlpipe__fit_holdout(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_check_leak(mlpipe__fitting *f);
/* fit_doubt.c: warns of features that are the target's twins, or empty. */
mlpipe_status mlpipe__fit_doubts(const mlpipe__fitting *f);
/* task.c: the target's type, the task, the classes. */
mlpipe_status mlpipe__task_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t column);
mlpipe_status mlpipe__fit_task(mlpipe__fitting *f);
/* planner.c */
mlpipe_status mlpipe__fit_inputs(mlpipe__fitting *f);
/* The columns of f->given that a text reads, and no other, as inputs. */
mlpipe_status mlpipe__fit_reads(mlpipe__fitting *f, const char *owner,
                                const char *text, bool derive);
mlpipe_status mlpipe__fit_plan(mlpipe__fitting *f);
/* planner_inputs.c: the step that defines a variable of this name; NULL. */
const mlpipe__recipe_step *mlpipe__fit_derived(const mlpipe__fitting *f,
                                               const char *name);
/* fit_offset.c: offset= of the recipe, "" where a fit has none; whether its
 * learner takes it, and its task; takes it out of the features; finds its
 * register when all steps have emitted; leaves out rows without it. */
const char *mlpipe__fit_offset_name(const mlpipe__fitting *f);
mlpipe_status mlpipe__fit_offset_learner(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_offset_task(mlpipe__fitting *f);
void mlpipe__fit_offset_hide(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_offset_find(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_offset_rows(mlpipe__fitting *f);
/* Inputs that a model reads for its offset alone: alone[i] is set to 1. */
mlpipe_status mlpipe__model_offset_alone(mlpipe_ctx *ctx,
                                         const mlpipe_model *m,
                                         uint8_t *alone);
/* planner_prune.c */
mlpipe_status mlpipe__fit_faults(mlpipe__fitting *f);
/* Tells what a pass counted for each op. */
mlpipe_status mlpipe__fit_tell_faults(const mlpipe__fitting *f,
                                      const uint64_t *faults);
mlpipe_status mlpipe__fit_prune(mlpipe__fitting *f);
/* fit.c: binds training and held-out rows to the program anew. */
mlpipe_status mlpipe__fit_bind(mlpipe__fitting *f);
/* A fit without a learner; transformed may be NULL. */
mlpipe_status mlpipe__fit_steps(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                              const mlpipe_dataset *train,
                              mlpipe_dataset **transformed,
                              mlpipe_model **out);
/* Everything up to the learner. *step: the one that is planned, at its end
 * the one that failed, or UINT32_MAX; sink: what expressions find. */
mlpipe_status mlpipe__fit_dry(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                              const mlpipe_dataset *rows,
                              const mlpipe__expr_sink *sink, uint32_t *step);
/* transform.c: the end of such a fit, in place of a learner. */
mlpipe_status mlpipe__fit_transform(mlpipe__fitting *f);
/* Binds and frames f->learn, whose views are set. */
mlpipe_status mlpipe__fit_learn_rows(mlpipe__fitting *f);
/* as_of= of the recipe, for feeds that a step has just made. */
void mlpipe__fit_fix_time(mlpipe__fitting *f);
/* The register, or null in rows that a step refuses; code: a category. */
uint32_t mlpipe__fit_refuse(mlpipe__fitting *f, uint32_t reg, bool code);
/* Outputs of the plan's flags; then the checked program, without folds. */
void mlpipe__fit_flags(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_seal(mlpipe__fitting *f);
/* passes.c */
uint32_t mlpipe__fit_tasks(const mlpipe__fitting *f);
/* The most rows that one of so many tasks gets. */
uint64_t mlpipe__fit_task_rows(const mlpipe__fitting *f, uint32_t tasks);
/* faults: NULL, or one counter for each op, to which is added. */
mlpipe_status mlpipe__fit_pass(mlpipe__fitting *f, const mlpipe__pass *pass,
                               uint64_t *faults);
/* passes_group.c: out[i] of each chosen of the job. */
mlpipe_status mlpipe__fit_gather_groups(mlpipe__fitting *f,
                                        const mlpipe__job *job,
                                        mlpipe__groups *out);
/* passes_values.c: of the chosen of the job; freed in any case. */
mlpipe_status mlpipe__fit_gather_values(mlpipe__fitting *f,
                                        const mlpipe__job *job,
                                        mlpipe__values *out);
void mlpipe__fit_values_free(mlpipe__values *v);
const mlpipe__stats *mlpipe__fit_stats(const mlpipe__fitting *f, uint32_t reg,
                                       uint32_t needs);
mlpipe_status mlpipe__fit_gather(mlpipe__fitting *f,
                                 const mlpipe__fit_want *wants,
                                 uint32_t count);
/* frame.c */
/* The target of every row in the learner's units; all are finite. */
mlpipe_status mlpipe__fit_targets(mlpipe__fitting *f, const mlpipe_dataset *d,
                                  double *out);
/* The error of a target y of row `row` that has no finite value there. */
int64_t mlpipe__fit_given_row(const mlpipe__fitting *f, uint64_t id,
                              int64_t row);
mlpipe_status mlpipe__fit_check_target(mlpipe__fitting *f,
                                       const mlpipe_dataset *d, int64_t row,
                                       double y);
/* Their weights; all are finite and not negative. */
mlpipe_status mlpipe__fit_weights(mlpipe__fitting *f, const mlpipe_dataset *d,
                                  double *out);
mlpipe_status mlpipe__fit_frame(mlpipe__fitting *f, mlpipe__fit_rows *rows,
                                bool adds_rows);
void mlpipe__fit_rows_free(mlpipe__env *env, mlpipe__fit_rows *rows);
/* resample.c: what the learner sees, as f->learn; sets f->prior. */
mlpipe_status mlpipe__fit_resample(mlpipe__fitting *f);
/* fit_tail.c: takes the rows for the scores of a tail out of given; and, when
 * the learner and its outputs are there, what follows it. */
mlpipe_status mlpipe__fit_withhold(mlpipe__fitting *f);
mlpipe_status mlpipe__fit_tails(mlpipe__fitting *f,
                                const char *const *class_names);
/* A fit on other rows, for answers alone; steps past `steps` are left out. */
mlpipe_status mlpipe__fit_inner(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                                uint32_t steps, const mlpipe_dataset *train,
                                mlpipe_model **out);
/* reference.c */
/* The newest time of rows in microseconds, 0 where it is not known. */
int64_t mlpipe__fit_newest(const mlpipe__fitting *f, const mlpipe_dataset *d);
mlpipe_status mlpipe__fit_reference(mlpipe__fitting *f);
/* ref_weights.c: what the inputs of the fitted program are worth. */
mlpipe_status mlpipe__ref_weigh(mlpipe__fitting *f, mlpipe__reference *r);
/* predict.c: the first `width` outputs of each row, the answer; NaN where
 * there is none. */
mlpipe_status mlpipe__predict_rows(mlpipe_ctx *ctx, const char *stage,
                                   const mlpipe__program *p,
                                   const mlpipe__binding *binding,
                                   const mlpipe_dataset *d, uint32_t width,
                                   double *out);
/* The same of rows that are in part those of another view. */
mlpipe_status mlpipe__predict_swapped(mlpipe_ctx *ctx, const char *stage,
                                      const mlpipe__program *p,
                                      const mlpipe__binding *binding,
                                      const mlpipe_dataset *d,
                                      const mlpipe__swap *swap,
                                      uint32_t width, double *out);
/* bundle_write.c: the id and the bytes. */
mlpipe_status mlpipe__model_identify(mlpipe_ctx *ctx, mlpipe_model *m);
/* Text of the INFO section. */
void mlpipe__model_info(mlpipe_ctx *ctx, uint64_t duration_ns,
                        mlpipe__text *out);
/* explain.c: the step at `step` made the registers from `first` on; then,
 * when all is planned, passes and origins go to the notes. */
mlpipe_status mlpipe__fit_mark_step(mlpipe__fitting *f, uint32_t step,
                                    uint32_t first);
void mlpipe__fit_mark_pass(mlpipe__fitting *f, const mlpipe__fit_want *wants,
                           uint32_t count);
mlpipe_status mlpipe__fit_tell_plan(mlpipe__fitting *f);
/* compute_column.c: sets whole[r] of each register that can hold whole numbers
 * alone. */
void mlpipe__compute_whole(const mlpipe__program *p, uint8_t *whole);
/* A variable's value in each row (NaN: null) as a column beside those of d;
 * places: as of mlpipe__dataset_places. */
mlpipe_status mlpipe__compute_column(mlpipe_ctx *ctx, const mlpipe__var *v,
                                     const mlpipe_dataset *d,
                                     const double *values,
                                     const int64_t *places,
                                     mlpipe__column **out);
/* card.c: what the fit found out. */
void mlpipe__fit_notes(mlpipe__fitting *f);

/* The second moments of a reference under way (ref_moments_fit.c). */
typedef struct mlpipe__comoments_fit {
    mlpipe_ctx *ctx;
    uint64_t rows;     /* that are looked at; 0 = none are wanted */
    uint64_t whole;    /* rows of a column */
    uint32_t count;
    uint32_t input[MLPIPE__MOMENTS_INPUTS];
    uint32_t cells[MLPIPE__MOMENTS_INPUTS];
    int16_t *table[MLPIPE__MOMENTS_INPUTS]; /* scores of cells */
    int16_t *scores;   /* of rows, input after input */
    double *picked;    /* of one input */
} mlpipe__comoments_fit;

mlpipe_status mlpipe__comoments_begin(mlpipe_ctx *ctx, uint64_t rows,
                                    uint32_t inputs, mlpipe__comoments_fit *m);
/* Before a column's values are spent, and when its cells are known. */
void mlpipe__comoments_pick(mlpipe__comoments_fit *m, const double *values);
mlpipe_status mlpipe__comoments_column(mlpipe__comoments_fit *m, uint32_t input,
                                     const mlpipe__ref_input *in);
mlpipe_status mlpipe__comoments_finish(mlpipe__comoments_fit *m,
                                     mlpipe__reference *r);
void mlpipe__comoments_free(mlpipe__comoments_fit *m);

#endif
