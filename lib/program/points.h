/* SPDX-License-Identifier: MIT */
/* Points: what a model of nearest neighbours keeps (points.c, points_run.c). */
#ifndef MLPIPE_POINTS_H
#define MLPIPE_POINTS_H

#include "../num/num_internal.h"

enum { /* saved, never renumbered */
    MLPIPE__POINTS_EUCLIDEAN = 1,
    MLPIPE__POINTS_MANHATTAN = 2,
    MLPIPE__POINTS_UNIFORM = 1,  /* neighbours count by their rows' weights */
    MLPIPE__POINTS_DISTANCE = 2, /* and by 1 / distance */
    MLPIPE__POINTS_K_MAX = 1024,
    MLPIPE__POINTS_FEATURES_MAX = 4096
};
#define MLPIPE__POINTS_VALUE_MAX 1e150 /* whose square is a double */

/*
 * Training rows, the nearest k of which answer: their mean target, or their
 * shares of the classes. The distance is that of doubles, feature by feature
 * in a fixed order; of equal distances the row with the lower index is nearer;
 * where some distance is 0 only those rows count by it.
 */
typedef struct mlpipe__points {
    mlpipe__env *env;
    uint32_t features, rows, k;
    uint32_t classes;    /* 0: targets are numbers */
    uint32_t outputs;    /* classes where there are three or more, else 1 */
    uint32_t metric, vote;
    double *x;           /* rows x features */
    double *target;      /* rows; a number, or the class */
    double *weight;      /* rows; above 0 */
    struct mlpipe__points_engine *engine; /* made by mlpipe__points_compile */
} mlpipe__points;

/* All arrays allocated, k and metric and vote to be set; NULL: no memory. */
mlpipe__points *mlpipe__points_new(mlpipe__env *env, uint32_t features,
                                   uint32_t rows, uint32_t classes);
void mlpipe__points_free(mlpipe__points *p);
const char *mlpipe__points_check(const mlpipe__points *p,
                                 const mlpipe_limits *limits);
bool mlpipe__points_compile(mlpipe__points *p); /* false: no memory */
size_t mlpipe__points_scratch(const mlpipe__points *p, uint32_t width);

#endif
