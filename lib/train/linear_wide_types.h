/* SPDX-License-Identifier: MIT */
/* A lasso by rows: the columns (linear_wide.c) and the descent on them
 * (linear_wide_cd.c). */
#ifndef MLPIPE_LINEAR_WIDE_TYPES_H
#define MLPIPE_LINEAR_WIDE_TYPES_H

#include "linear_types.h"

enum {
    WIDE_EXACT = 1200,     /* active ones at most in an exact solution */
    WIDE_EXACT_ROWS = 16384
};

typedef struct wide_fit {
    mlpipe__linear *l;
    uint32_t p;
    int64_t all;      /* rows of the columns */
    uint32_t n;       /* of them, the first are those that train */
    double *x;        /* p + 1 columns of `all` rows; the target is the last */
    double *mean;     /* p + 1 */
    double *square;   /* p: x'x */
    double *w, *r, *seen; /* p; n: residual, and as it was at the last look */
    double *g;        /* p: x'r at the look of each */
    double *moved;    /* p: the way of r at that look */
    double way;       /* of r until now */
    double yy, weight, held; /* weights that train, and that are held out */
    uint8_t *out;     /* p: proven to be zero at this lambda */
    uint8_t *in;      /* p: takes part */
    uint32_t *part, *active, parts, actives;
    /* for exact solutions: `exact` active ones at most, 0 = none */
    uint32_t exact;
    double *factor, *step, *columns, *lanes;
    double tol, gap;
    uint32_t step_at, steps; /* of a path, for progress */
    uint64_t sweeps;
} wide_fit;

/* Of columns, over the rows that train. */
double mlpipe__wide_dot(const wide_fit *f, const double *a, const double *b);
/* From the solution at the lambda `before`, until the gap is within f->tol. */
mlpipe_status mlpipe__wide_solve(wide_fit *f, double lambda, double before);

#endif
