/* SPDX-License-Identifier: MIT */
/*
 * The linear learners of numbers: ridge, lasso, elastic_net. All minimise
 *
 *     sum s (y - b - x w)^2 / (2 S) + l2 |w|^2 / 2 + l1 |w|_1,  S = sum s,
 *
 * over one Gram matrix, whose folds are kept apart, so that cross-validation
 * needs no second pass; where there are more features than rows, or too many
 * of them, over the rows themselves.
 */
#ifndef MLPIPE_LINEAR_TYPES_H
#define MLPIPE_LINEAR_TYPES_H

#include "../num/gram_kernel.h"
#include "train_internal.h"

enum {
    MLPIPE__LINEAR_FEATURES_MAX = 8192,
    MLPIPE__LINEAR_GRAM_MAX = 2000, /* features; beyond, lasso reads rows */
    MLPIPE__LINEAR_FOLDS_MAX = 50,
    MLPIPE__LINEAR_LAMBDAS_MAX = 10000
};

/* ---- the matrix of the rows (gram.c) ------------------------------------ */

/*
 * Columns: the features, the target, and a one, each less its shift and times
 * the root of the row's weight; the products of each fold by itself.
 */
typedef struct mlpipe__gram {
    mlpipe__env *env;
    uint32_t p, q;  /* features; columns, p + 2 */
    uint32_t folds;
    double *shift;  /* q */
    double *sum;    /* folds matrices q x q, column-major, upper triangle */
} mlpipe__gram;

/* E_SCHEMA where a feature is missing. Free also on failure. */
mlpipe_status mlpipe__gram_fit(const mlpipe__fit_job *job, bool intercept,
                               uint32_t folds, mlpipe__gram *out);
void mlpipe__gram_free(mlpipe__gram *g);
/* gram_state.c: parts of the rows. A merge, fold by fold, brings what the
 * other has about the shift of this one, so that it is equal to a fit of all
 * rows but for rounding; false: other features or folds, or no memory, with
 * nothing changed. A load is told what is to be there, and takes no other;
 * where it is false nothing is to be freed. For fits of parts in several
 * processes: as yet the tests alone call them. */
bool mlpipe__gram_merge(mlpipe__gram *g, const mlpipe__gram *other);
void mlpipe__gram_save(const mlpipe__gram *g, mlpipe__text *out);
bool mlpipe__gram_load(mlpipe__gram *g, mlpipe__env *env, uint32_t features,
                       uint32_t folds, mlpipe__cursor *in);
/* The fold of a training row. */
uint32_t mlpipe__linear_fold(const mlpipe__fit_job *job, int64_t row,
                             uint32_t folds);
/* Weights whose products with squares keep all their digits; 0: no row. */
static inline bool mlpipe__linear_weight_ok(double w)
{
    return w == 0 || (w >= 1e-100 && w <= 1e100);
}
/* Where the first block begins that has a row of a weight above 0: columns
 * are shifted by the means of such rows of it, since a row without a weight is
 * as good as absent, however far away it is. */
int64_t mlpipe__linear_origin(const mlpipe__frame *rows);
/* The error of a missing value. */
mlpipe_status mlpipe__linear_null(const mlpipe__fit_job *job, uint32_t feature,
                                  int64_t row);

/*
 * The same about the means, by the sum of the weights. A feature that does
 * not vary has a row and a column of zeros.
 */
typedef struct mlpipe__moments {
    uint32_t p;
    double *a;      /* p x p, both triangles */
    double *b;      /* p */
    double yy;
    double *mean;   /* p + 1: of features and target; zeros without a
                       constant */
    double weight;  /* the sum of the weights */
} mlpipe__moments;

bool mlpipe__moments_init(mlpipe__env *env, uint32_t p, mlpipe__moments *m);
void mlpipe__moments_free(mlpipe__env *env, mlpipe__moments *m);
/* Of all folds but one (UINT32_MAX: of all); sum: q x q of scratch. */
void mlpipe__moments_fill(const mlpipe__gram *g, uint32_t left_out,
                          bool intercept, double *sum, mlpipe__moments *m);
/* The sum of squared errors of fold `fold`, by its weight, and that weight. */
double mlpipe__gram_error(const mlpipe__gram *g, uint32_t fold,
                          const mlpipe__moments *m, const double *w,
                          double *weight);
/* Sum of s (x - mean) r over the rows, r = y - mean - (x - mean) w. */
mlpipe_status mlpipe__gram_gradient(const mlpipe__fit_job *job,
                                    const double *mean, const double *w,
                                    double *out);

/* ---- a fit (linear.c) --------------------------------------------------- */

typedef struct mlpipe__linear {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    mlpipe__fit_job *job;
    uint32_t p;
    bool intercept, positive, lasso, automatic;
    double l1_ratio, lambda, tol, ratio;
    uint32_t sweeps_max, lambdas, folds, rule; /* rule: 0 min, 1 1se */
    const mlpipe__gram_kernel *kernel;
    /* what came out */
    double *model;     /* intercept, then coefficients */
    double gap;        /* by the objective of all zeros */
    double loss;       /* mean squared error of the training rows */
    uint64_t sweeps;
    double *path;      /* automatic: lambdas, falling */
    double *cv, *cv_se; /* of each */
    double *nonzero;   /* of each: coefficients, on average over the folds;
                          their sum until linear_choose */
    double highest;    /* lasso: the least lambda that leaves no feature */
} mlpipe__linear;

/* lambda=auto, or a number, else *lambda is -1; ridge may have none and then
 * goes by l2. */
mlpipe_status mlpipe__linear_lambda(mlpipe_ctx *ctx, const char *name,
                                    const mlpipe__params *params, bool lasso,
                                    double *lambda);
/* Checks, parameters, memory. Free also on failure. */
mlpipe_status mlpipe__linear_start(mlpipe__fit_job *job, mlpipe__linear *l);
void mlpipe__linear_free(mlpipe__linear *l);
void mlpipe__linear_emit(const mlpipe__linear *l);
/* The grid from `highest` down to ratio of it. */
void mlpipe__linear_grid(mlpipe__linear *l, double highest);
/* The place of the best lambda; errors[fold * lambdas + i] and weights. */
mlpipe_status mlpipe__linear_choose(mlpipe__linear *l, const double *errors,
                                    const double *weights, uint32_t *best);
/* Coefficients w of features with these means become the model. */
void mlpipe__linear_keep(mlpipe__linear *l, const double *w,
                         const double *mean);
/* The error of squares that are no finite numbers: of a feature, or of the
 * target, which is column p; and whether there are any. */
mlpipe_status mlpipe__linear_too_large(const mlpipe__linear *l,
                                       uint32_t column);
mlpipe_status mlpipe__linear_finite(const mlpipe__linear *l,
                                    const mlpipe__moments *m);
/* A power of two near the root of x, so that scaling rounds nothing. */
double mlpipe__linear_power(double x);
/* Column k of n by those before it, as the upper factor so far has it: x gets
 * k coefficients. */
void mlpipe__linear_combination(size_t n, const double *factor, uint32_t k,
                                double *x);
/* linear_notes.c: what it tells. */
uint32_t mlpipe__linear_nonzero(const mlpipe__linear *l, const double *w);
void mlpipe__linear_notes(const mlpipe__linear *l);
/* A table of coefficients; model: forms x (constant, then features). */
void mlpipe__coefficients_note(const mlpipe__fit_job *job,
                               const double *model, uint32_t forms);
mlpipe_status mlpipe__linear_not_reached(const mlpipe__linear *l,
                                         double lambda, double gap);

/* ---- coordinate descent (linear_cd.c) ----------------------------------- */

/* w = 0 to begin with; a solve starts where the last one ended. */
typedef struct mlpipe__descent {
    const mlpipe__moments *m;
    const mlpipe__gram_kernel *kernel;
    bool positive;
    double tol;
    uint32_t sweeps_max;
    double *w, *g;     /* p; g = b - A w */
    uint32_t *active;  /* p */
    double *factor, *step; /* of the exact solution on the active ones */
    double gap;        /* set, by yy / 2 */
    uint64_t sweeps;   /* counted */
} mlpipe__descent;

enum { MLPIPE__DESCENT_EXACT = 400 }; /* active ones at most */

bool mlpipe__descent_init(mlpipe__env *env, const mlpipe__moments *m,
                          const mlpipe__linear *l, mlpipe__descent *d);
void mlpipe__descent_free(mlpipe__env *env, mlpipe__descent *d);
/* True where the gap is within tol. */
bool mlpipe__descent_solve(mlpipe__descent *d, double l1, double l2);
/* The solution of the signs that are there, where it is one: no worse. */
void mlpipe__descent_polish(mlpipe__descent *d, double l1, double l2);
/* x towards zero by l1, and not below it where positive. */
static inline double mlpipe__soft(double x, double l1, bool positive)
{
    return x > l1 ? x - l1 : x < -l1 && !positive ? x + l1 : 0;
}
/* How far x is beyond what the dual allows: |x|, or x where positive. */
static inline double mlpipe__dual_size(double x, bool positive)
{
    return x < 0 ? (positive ? 0 : -x) : x;
}
/* The gap of squared error rr / 2, w'w = ww, |w|_1 = w1, r'y = ry, and the
 * largest dual size. */
double mlpipe__dual_gap(double rr, double ww, double w1, double ry,
                        double size, double l1, double l2);

/* The fits: by folds of the Gram matrix, and by rows. */
mlpipe_status mlpipe__linear_by_gram(mlpipe__linear *l);
mlpipe_status mlpipe__linear_by_rows(mlpipe__linear *l);

#endif
