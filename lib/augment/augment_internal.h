/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_AUGMENT_INTERNAL_H
#define MLPIPE_AUGMENT_INTERNAL_H

#include "../program/program_internal.h"
#include "../report/report_internal.h"

extern const mlpipe__step mlpipe__step_jitter;
extern const mlpipe__step mlpipe__step_oversample;
extern const mlpipe__step mlpipe__step_undersample;
extern const mlpipe__step mlpipe__step_smote;

/* ---- the classes of rows that are resampled (balance.c) ----------------- */

/* Streams of MLPIPE__FOR_SAMPLE under the seed of a job. */
enum { AUGMENT_ORDER = 0, AUGMENT_NEIGHBOUR = 1, AUGMENT_PLACE = 2 };

typedef struct augment_classes {
    uint32_t minority; /* 0 or 1; the positive class where both are equal */
    uint32_t few, many; /* rows of the minority and of the other */
} augment_classes;

/* E_UNSUPPORTED where there are no classes, E_EMPTY where one has no row. */
mlpipe_status mlpipe__augment_classes(const mlpipe__job *job,
                                      const mlpipe__resample *r,
                                      augment_classes *out);
/* x to the nearest whole number, halves up. */
uint64_t mlpipe__augment_round(double x);
/* Warns where the ratio that is asked for is passed already. */
void mlpipe__augment_reached(const mlpipe__job *job,
                             const augment_classes *c);

/*
 * The rows of one class by rising id, whatever their order is, and for each
 * its place in a random order that depends on seed and ids alone. Rows with
 * one id (copies that a step before made) are told apart by `repeat`.
 */
typedef struct augment_rows {
    uint32_t count;
    uint32_t *row, *rank, *repeat;
} augment_rows;

mlpipe_status mlpipe__augment_rows(const mlpipe__job *job,
                                   const mlpipe__resample *r, uint32_t class,
                                   uint32_t count, augment_rows *out);
void mlpipe__augment_rows_free(mlpipe__env *env, augment_rows *rows);
/* How often row i of the list is used where `uses` are shared out evenly. */
uint32_t mlpipe__augment_uses(const augment_rows *rows, uint32_t i,
                              uint32_t uses);

/* ---- distinct points and their neighbours (smote_points.c) -------------- */

/*
 * Rows as points: equal rows are one. Distances are Euclidean over columns
 * that are shifted and divided: (x - shift) * weight.
 */
typedef struct smote_points {
    mlpipe__env *env;
    uint32_t count, features;
    uint32_t *row;  /* of each point: the first of its rows */
    uint32_t *of;   /* the point of each row of the list */
    double *x;      /* by SMOTE_LANES points: feature, lane */
    uint32_t k;
    uint32_t *near; /* count x k: nearest first, smaller index on ties */
} smote_points;

/* out is freed by the caller, also on failure. */
mlpipe_status mlpipe__smote_collapse(const mlpipe__job *job,
                                     const mlpipe__resample *r,
                                     const augment_rows *rows,
                                     smote_points *out);
/* The k < count nearest points of each one with wanted[point]. */
mlpipe_status mlpipe__smote_neighbours(const mlpipe__job *job,
                                       const mlpipe__resample *r,
                                       const double *shift,
                                       const double *weight,
                                       const uint8_t *wanted, uint32_t k,
                                       smote_points *p);
void mlpipe__smote_free(smote_points *p);

#endif
