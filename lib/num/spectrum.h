/* SPDX-License-Identifier: MIT */
/* Eigenvectors for who wants few of them, and knows how many by the values. */
#ifndef MLPIPE_SPECTRUM_H
#define MLPIPE_SPECTRUM_H

#include "num_internal.h"

/* What mlpipe__eigen does, in two parts: the values, then the vectors of the
 * first `count` of them. a and values are kept until the free, which is to be
 * called whatever became of it; wide: as mlpipe__gram_kernel_of takes it. */
typedef struct mlpipe__spectrum_turn {
    double c, s;
} mlpipe__spectrum_turn;
typedef struct mlpipe__spectrum_step {
    uint32_t low, high;
} mlpipe__spectrum_step;
typedef struct mlpipe__spectrum {
    mlpipe__env *env;
    uint32_t p, wide;
    bool used_blas;
    double *a, *values;      /* of the caller: reflections; the values */
    double *h;               /* of reflections */
    uint32_t *order;         /* where each value was found */
    mlpipe__spectrum_step *step;
    mlpipe__spectrum_turn *turn;
    size_t steps, step_room, turns, turn_room;
    double *vectors;         /* of LAPACK, all of them */
} mlpipe__spectrum;
mlpipe_status mlpipe__spectrum_of(mlpipe_ctx *ctx, const char *owner,
                                  uint32_t p, double *a, double *values,
                                  uint32_t wide, mlpipe__spectrum *out);
mlpipe_status mlpipe__spectrum_vectors(mlpipe_ctx *ctx, const char *owner,
                                       const mlpipe__spectrum *s,
                                       uint32_t count, double *vectors);
void mlpipe__spectrum_free(mlpipe__spectrum *s);

#endif
