/* SPDX-License-Identifier: MIT */
/* Sums of products of columns, many at a time: for Gram matrices, covariances
 * and what works on rows of a matrix. */
#ifndef MLPIPE_GRAM_KERNEL_H
#define MLPIPE_GRAM_KERNEL_H

#include "num_internal.h"

enum {
    MLPIPE__GRAM_ROWS = MLPIPE__SUM_BLOCK, /* of a block, at most */
    MLPIPE__GRAM_TILE = 5, /* columns of the widest tile */
    MLPIPE__GRAM_LANES = MLPIPE__SUM_LANES
};

/* Columns i of a and j of b: lanes[(i * tile + j) * 8 + k % 8] grows by
 * a[i * ld + k] b[j * ld + k] for k < n, n a multiple of 8. */
typedef void mlpipe__gram_tile(const double *a, const double *b, size_t ld,
                               uint32_t n, double *lanes);
typedef struct mlpipe__gram_kernel {
    uint32_t tile; /* columns of a side */
    mlpipe__gram_tile *run;
    double (*dot)(const double *a, const double *b, uint32_t n); /* as
                      mlpipe__block_dot, of any n */
    void (*axpy)(double *y, const double *x, double d, uint32_t n); /* y -=
                      d x */
} mlpipe__gram_kernel;
/* The fastest that the machine has (wide = 2), or of AVX2 (1) or none (0);
 * the bits are the same. */
const mlpipe__gram_kernel *mlpipe__gram_kernel_of(uint32_t wide);
uint32_t mlpipe__gram_width(void);
/* The upper triangle of x'x over n rows of columns x, a multiple of the tile
 * (ld apart; up to seven rows behind n are zeros), is added to gram (q x q,
 * column-major). lanes: mlpipe__gram_lanes(q) doubles. */
size_t mlpipe__gram_lanes(uint32_t q);
void mlpipe__gram_add(const mlpipe__gram_kernel *kernel, const double *x,
                      size_t ld, uint32_t q, uint32_t n, double *lanes,
                      double *gram);

#endif
