/* SPDX-License-Identifier: MIT */
/*
 * What the files of logistic regression share. The fitted forms are one for
 * two classes (the log odds of the second); of K classes the first K - 1,
 * each less the last, where second derivatives are inverted, and all K where
 * they are not: where the penalty has corners, and where there are too many.
 */
#ifndef MLPIPE_LOGISTIC_TYPES_H
#define MLPIPE_LOGISTIC_TYPES_H

#include "linear_types.h"

enum {
    LOGISTIC_UNIT = MLPIPE__BLOCK_ROWS, /* rows that are read at once */
    LOGISTIC_BLOCK = MLPIPE__SUM_BLOCK, /* rows that are summed at once */
    /* From one weighted column of a block to the next: the odd 64 bytes keep
     * columns in different sets of the caches. */
    LOGISTIC_STRIDE = LOGISTIC_BLOCK + 72,
    LOGISTIC_MEMORY = 10,       /* steps that the quasi-Newton form keeps */
    LOGISTIC_SQUARE_MAX = 1500, /* coefficients with a matrix of second
                                   derivatives */
    LOGISTIC_LASSO_MAX = 3000,  /* the same where it cannot do without */
    LOGISTIC_SUMS = 2           /* numbers before the gradient */
};

/* The sums of a pass: weight of the rows, loss, gradient (forms x q), then
 * for each pair of forms a q x q matrix, column-major, upper half. */
typedef struct logistic_lane {
    void *scratch;
    double *values;   /* a unit or, with matrices, a block of rows, where
                         there is no cache */
    uint8_t *valid;
    double *eta;      /* max(forms, classes) x UNIT */
    double *residual; /* forms x UNIT */
    double *chance;   /* classes x BLOCK: probabilities; of two classes
                         p (1 - p) alone */
    double *work;     /* 2 x UNIT */
    double *loss;     /* UNIT */
    double *root;     /* BLOCK */
    double *scaled;   /* q, to a full tile, x STRIDE */
    double *tiles;    /* lanes of the products of columns */
    double *lanes;    /* sums before the matrices, eight lanes each */
    double *sums;
    double least;     /* p (1 - p) of the surest row */
    int64_t null_row; /* -1: none; else the first that has a null */
    uint32_t null_feature;
} logistic_lane;

typedef struct logistic_fit {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    const mlpipe__fit_job *job;
    const mlpipe__frame *rows;
    double l2, l1_ratio, tol;
    uint32_t most;        /* iterations */
    bool intercept, avx2;
    uint32_t p, q;        /* features; with the intercept, which is last */
    uint32_t classes, forms;
    uint32_t paired;      /* forms with matrices: one of a class is left out
                             where that of the others gives it */
    bool square;          /* second derivatives are gathered */
    const mlpipe__gram_kernel *kernel;
    size_t size;          /* forms x q coefficients */
    size_t terms, most_terms; /* sums of a pass without matrices; with */
    int64_t blocks;
    double weight;        /* of all rows */
    double smooth, corner; /* penalties on w^2 / 2 and |w|, a unit weight */
    double *shift, *scale; /* q: what columns are less; their spread */
    double start;          /* of the constant, beside offsets */
    double *share;        /* classes: of the weight */
    double *cache;        /* the features, shifted, unit by unit; or NULL */
    uint32_t tasks;
    logistic_lane *lane;  /* tasks */
    mlpipe__sums tree;    /* of the sums of blocks */
    double *sums;         /* of the last pass */
    double least;
    uint32_t passes;
    uint64_t work;        /* sweeps over the coefficients, with corners */
    /* where the fit is: coefficients are forms x q */
    double *theta, *gradient;
    double value, loss;   /* objective; loss without the penalty */
    double *next;         /* coefficients and gradient of a trial step */
    double *next_gradient;
    double *step;
    /* quasi-Newton memory */
    double *moves, *turns, *curve; /* MEMORY x size, x size, MEMORY */
    uint32_t remembered;
    /* second derivatives */
    double *hessian, *factor, *size_of; /* size^2, size^2, size */
    bool has_factor;
    uint32_t *active;     /* size: coefficients that are not zero, or NULL */
    double *slope;        /* size: gradient of the quadratic form */
    double gap;           /* greatest scaled gradient that is left */
    double *model;        /* classes or 1, x (p + 1): constant first */
} logistic_fit;

/* Which rows of each block of 4,096 a pass takes, and what it gathers. */
typedef struct logistic_pass {
    const double *theta;
    uint32_t take;
    bool matrices;
} logistic_pass;

/* logistic_rows.c: reads, checks, shifts and keeps the rows; passes. */
mlpipe_status mlpipe__logistic_load(logistic_fit *fit);
mlpipe_status mlpipe__logistic_pass(logistic_fit *fit,
                                    const logistic_pass *pass);

/* logistic_link.c: n rows of a unit that starts at row `at` of its block;
 * x has columns `stride` apart. */
typedef struct logistic_unit {
    const double *x, *target, *weight, *offset; /* the last two may be NULL */
    uint32_t at, n, stride;
} logistic_unit;
void mlpipe__logistic_unit(const logistic_fit *fit, logistic_lane *lane,
                           const double *theta, const logistic_unit *unit);
/* The matrices of a block, from the probabilities of its units. */
void mlpipe__logistic_matrices(const logistic_fit *fit, logistic_lane *lane,
                               const logistic_unit *units, uint32_t count);

/* logistic_solve.c: from fit->theta to where the objective is least. */
mlpipe_status mlpipe__logistic_solve(logistic_fit *fit);
/* The greatest gradient of a coefficient of a column of spread one. */
double mlpipe__logistic_gap(const logistic_fit *fit, const double *theta,
                            const double *gradient);

/* logistic_lasso.c: the step that the quadratic form with its corners asks
 * for, to fit->step; by coordinates, until its own gap is `within`. */
mlpipe_status mlpipe__logistic_lasso(logistic_fit *fit, double within);
/* Have all such steps together taken more than the iterations allow? */
bool mlpipe__logistic_lasso_spent(const logistic_fit *fit);

/* logistic_square.c: the matrix of second derivatives from the sums. */
void mlpipe__logistic_square(logistic_fit *fit);
/* Factor it; gives the first bad pivot, or size where all are good. */
uint32_t mlpipe__logistic_factor(logistic_fit *fit, double ease);
/* b = inverse of it times b. */
void mlpipe__logistic_divide(const logistic_fit *fit, double *b);
/* Say why there is no inverse. */
mlpipe_status mlpipe__logistic_collinear(const logistic_fit *fit,
                                         uint32_t pivot);
mlpipe_status mlpipe__logistic_separated(const logistic_fit *fit,
                                         const double *step);

#endif
