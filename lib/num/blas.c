/* SPDX-License-Identifier: MIT */
/*
 * The only door to BLAS and LAPACK. Every size is checked before a call, so
 * that the library's xerbla is never reached; what does not fit, and every
 * small factorisation, runs on our own loops, whose bits depend on nothing.
 */
#include "num_internal.h"

#include <limits.h>

#ifdef MLPIPE_BLAS_OPENBLAS
#include <cblas.h>
#include <lapacke.h>
#endif

/* A workspace of dsyevd is counted in int. */
enum { BLAS_OWN_COLUMNS = 500, BLAS_EIGEN_COLUMNS = 30000 };

static void blas_own_syrk(uint32_t n, uint32_t p, const double *x,
                          uint32_t ld, double *c)
{
    for (uint32_t j = 0; j < p; ++j)
        for (uint32_t i = 0; i <= j; ++i)
            c[i + (size_t)j * p] += mlpipe__block_dot(
                x + (size_t)i * ld, x + (size_t)j * ld, n);
}

/* Column by column: u(i, j) from the columns i and j above row i. */
static uint32_t blas_own_cholesky(uint32_t p, double *a)
{
    for (uint32_t j = 0; j < p; ++j) {
        double *const column = a + (size_t)j * p;
        for (uint32_t i = 0; i < j; ++i) {
            const double *const u = a + (size_t)i * p;
            column[i] = (column[i] - mlpipe__block_dot(u, column, i)) / u[i];
        }
        const double pivot = column[j] - mlpipe__block_dot(column, column, j);
        if (!(pivot > 0.0) || !mlpipe__finite(pivot))
            return j + 1;
        column[j] = mlpipe__sqrt(pivot);
    }
    return 0;
}

#ifdef MLPIPE_BLAS_OPENBLAS

static bool blas_fits(uint32_t size)
{
    return size <= (uint32_t)INT_MAX;
}

void mlpipe__syrk(uint32_t n, uint32_t p, const double *x, uint32_t ld,
                  double *c)
{
    if (!n || !p)
        return;
    if (!blas_fits(n) || !blas_fits(p) || !blas_fits(ld) || ld < n) {
        blas_own_syrk(n, p, x, ld, c);
        return;
    }
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, (int)p, (int)n, 1.0,
                x, (int)ld, 1.0, c, (int)p);
}

uint32_t mlpipe__cholesky(uint32_t p, double *a)
{
    if (p < BLAS_OWN_COLUMNS || !blas_fits(p))
        return blas_own_cholesky(p, a);
    const lapack_int info = LAPACKE_dpotrf_work(
        LAPACK_COL_MAJOR, 'U', (lapack_int)p, a, (lapack_int)p);
    return info > 0 ? (uint32_t)info : 0;
}

bool mlpipe__blas_takes(uint32_t p)
{
    return p > BLAS_OWN_COLUMNS && p <= BLAS_EIGEN_COLUMNS;
}

bool mlpipe__blas_eigen(mlpipe__env *env, uint32_t p, double *a,
                        double *values, double *vectors, bool *found)
{
    const size_t room = 1 + 6 * (size_t)p + 2 * (size_t)p * p;
    const size_t more = 3 + 5 * (size_t)p;
    double *work = mlpipe__alloc_array(env, room, sizeof *work);
    lapack_int *whole = mlpipe__alloc_array(env, more, sizeof *whole);
    const bool ok = work && whole;

    *found = ok && LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U',
                                       (lapack_int)p, a, (lapack_int)p,
                                       values, work, (lapack_int)room, whole,
                                       (lapack_int)more) == 0;
    for (uint32_t i = 0; *found && i < p; i++)
        memcpy(vectors + (size_t)(p - 1 - i) * p, a + (size_t)i * p,
               p * sizeof *a);
    for (uint32_t i = 0; *found && i < p / 2; i++) {
        const double low = values[i];
        values[i] = values[p - 1 - i];
        values[p - 1 - i] = low;
    }
    mlpipe__free(env, whole);
    mlpipe__free(env, work);
    return ok;
}

const char *mlpipe__blas_name(void)
{
    return "openblas";
}

const char *mlpipe__blas_core(void)
{
    const char *const core = openblas_get_corename();
    return core ? core : "";
}

#else

void mlpipe__syrk(uint32_t n, uint32_t p, const double *x, uint32_t ld,
                  double *c)
{
    blas_own_syrk(n, p, x, ld, c);
}

uint32_t mlpipe__cholesky(uint32_t p, double *a)
{
    return blas_own_cholesky(p, a);
}

bool mlpipe__blas_takes(uint32_t p)
{
    (void)p;
    return false;
}

bool mlpipe__blas_eigen(mlpipe__env *env, uint32_t p, double *a,
                        double *values, double *vectors, bool *found)
{
    (void)env;
    (void)p;
    (void)a;
    (void)values;
    (void)vectors;
    *found = false;
    return true;
}

const char *mlpipe__blas_name(void)
{
    return "none";
}

const char *mlpipe__blas_core(void)
{
    return "";
}

#endif

void mlpipe__cholesky_solve(uint32_t p, const double *u, double *b)
{
    for (uint32_t i = 0; i < p; ++i) {
        const double *const column = u + (size_t)i * p;
        b[i] = (b[i] - mlpipe__block_dot(column, b, i)) / column[i];
    }
    for (uint32_t i = p; i-- > 0;) {
        const double *const column = u + (size_t)i * p;
        b[i] /= column[i];
        for (uint32_t k = 0; k < i; ++k)
            b[k] -= column[k] * b[i];
    }
}
