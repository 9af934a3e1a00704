/* SPDX-License-Identifier: MIT */
/* Gaussian copulas: margins, the normal variables behind them, conditions. */
#ifndef MLPIPE_SYNTH_COPULA_H
#define MLPIPE_SYNTH_COPULA_H

#include "synth_internal.h"

/* Below 500 the factorisations are the library's own loops: the same bits
 * whatever BLAS is there. */
enum { MLPIPE__COPULA_VARIABLES = 499, MLPIPE__COPULA_TERMS = 48,
       MLPIPE__COPULA_UNROUNDED = 100 };

/*
 * The distribution of a column, as segments that rise: segment k takes the
 * probabilities p[k] .. p[k + 1] and the normal scores z[k] .. z[k + 1], and
 * goes from low[k] to high[k]; where both are equal it is a mass point. Values
 * are those of the column, of whole-number types counted in steps from base.
 */
typedef struct mlpipe__margin {
    mlpipe__env *env;
    uint32_t count, room, points, runs;
    double *p, *z, *low, *high;
    double rows;          /* behind it */
    int32_t digits;       /* values are rounded to; _UNROUNDED: they are not */
    double *code_z;       /* CATEGORY: score of each code, else NULL */
    uint32_t codes;
} mlpipe__margin;

/* Of n rising finite values; whole: steps, which stay whole. */
bool mlpipe__margin_make(mlpipe__margin *m, const double *values, uint64_t n,
                         bool whole);
/* Of codes in an order, with their counts; those of 0 are left out. */
bool mlpipe__margin_codes(mlpipe__margin *m, const uint64_t *counts,
                          const uint32_t *order, uint32_t codes);
void mlpipe__margin_free(mlpipe__margin *m);
/* The normal score of a value, and the value of a score. */
double mlpipe__margin_score(const mlpipe__margin *m, double value);
double mlpipe__margin_value(const mlpipe__margin *m, double z);
/* The scores whose values lie in a .. b; false: there are none. A single
 * value of a run gives two equal scores. */
bool mlpipe__margin_range(const mlpipe__margin *m, double a, double b,
                          double *from, double *to);
/* Coefficients of the score as a function of the normal variable in Hermite
 * polynomials, from 1 on, and its deviation. */
void mlpipe__margin_terms(const mlpipe__margin *m,
                          double terms[MLPIPE__COPULA_TERMS],
                          double *deviation);
/* The correlation of the normal variables that gives scores this one. */
double mlpipe__copula_latent(const double *a, double sa, const double *b,
                             double sb, double seen);

/* A normal variable: of a column, or of whether it is null. */
typedef struct mlpipe__copula_variable {
    uint32_t column;      /* of the copula */
    bool indicator;
    bool unknown;         /* no values at all: always null */
    mlpipe__margin margin;
} mlpipe__copula_variable;

typedef struct mlpipe__copula_column {
    mlpipe__synth_column made; /* its name is owned */
    char *name;
    uint32_t source;      /* of the dataset */
    uint32_t value;       /* its variable */
    uint32_t null;        /* that of its nulls; UINT32_MAX: it has none */
    uint64_t nulls;
} mlpipe__copula_column;

struct mlpipe_copula {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    uint32_t columns, variables;
    int64_t rows;
    mlpipe__copula_column *column;
    mlpipe__copula_variable *variable;
    double *correlation;  /* variables x variables */
    uint64_t *known;      /* hashes of training rows, rising */
    uint64_t known_count;
    mlpipe_report *notes;
};

/* Of the columns that have runs of values; 0: it has none of them. value is
 * one double a column, NaN where it is null. */
uint64_t mlpipe__copula_hash(const mlpipe_copula *k, const double *value);
/* Value of a cell as the margin counts it; NaN where it is null. */
double mlpipe__copula_cell(const mlpipe_copula *k, uint32_t column,
                           const mlpipe_dataset *d, int64_t row);
/* The correlation from the scores of all rows (synth_copula_fit.c). */
mlpipe_status mlpipe__copula_correlate(mlpipe_ctx *ctx, mlpipe_copula *k,
                                       const mlpipe_dataset *d,
                                       uint32_t *clipped, double *moved);

/* What is given of a variable. */
typedef struct mlpipe__copula_condition {
    bool given;
    double from, to;      /* scores; equal: a point */
    bool clamped;         /* values lie in low .. high for certain */
    double low, high;
} mlpipe__copula_condition;
/* given= as conditions, one a variable, zeroed before. */
mlpipe_status mlpipe__copula_given(mlpipe_ctx *ctx, const mlpipe_copula *k,
                                   const char *given,
                                   mlpipe__copula_condition *out);

#endif
