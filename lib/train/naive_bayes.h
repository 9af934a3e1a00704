/* SPDX-License-Identifier: MIT */
/* What naive Bayes gathers in one pass over rows: exact sums, so that states
 * of parts of the rows merge to the very bits of all of them. */
#ifndef MLPIPE_NAIVE_BAYES_H
#define MLPIPE_NAIVE_BAYES_H

#include "train_internal.h"

/* Greater values, and weights, a fit refuses. */
#define MLPIPE__BAYES_VALUE_MAX 1e150 /* whose square is a double */
#define MLPIPE__BAYES_WEIGHT_MAX 1e100

/* Of one number feature in one class: sums of w, w x, w x x. */
typedef struct bayes_moments {
    mlpipe__exact w, wx, wxx;
} bayes_moments;

typedef struct bayes_state {
    mlpipe__env *env;
    const mlpipe__feature *feature;
    uint32_t features, classes;
    uint32_t numbers, cells; /* number features; codes of all the others */
    uint32_t *place;         /* features: of its moments, or its first code */
    mlpipe__exact *prior;    /* classes: sum of w */
    bayes_moments *moments;  /* classes x numbers */
    /* classes x cells: sums of w, or, of rows that all weigh 1, how many; an
     * exact sum takes a kilobyte. The other one is NULL. */
    mlpipe__exact *counts;
    uint64_t *tally;
    uint32_t *start;         /* classes + 2: of an update */
} bayes_state;

/* weighted: whether updates bring weights. False: no memory; the state is then
 * to be freed, too. */
bool mlpipe__bayes_init(bayes_state *s, mlpipe__env *env,
                        const mlpipe__feature *feature, uint32_t features,
                        uint32_t classes, bool weighted);
void mlpipe__bayes_free(bayes_state *s);
/* n rows as mlpipe__frame reads them; the target is the class; weight is
 * NULL where the state is not weighted. Values are finite; x * w is far from
 * overflow. */
void mlpipe__bayes_update(bayes_state *s, uint32_t n, const double *values,
                          const uint8_t *valid, const double *target,
                          const double *weight);
/* False, and nothing is changed, where they are not of the same kinds of
 * features and classes, or one of them alone is weighted. */
bool mlpipe__bayes_merge(bayes_state *s, const bayes_state *other);
/* Equal sums are equal bytes. A load is told what the state is to be of, and
 * takes no other; false: no memory, or bytes that no rows add up to; nothing
 * is then to be freed. For states that are merged across processes: as yet the
 * tests alone call them. */
void mlpipe__bayes_save(const bayes_state *s, mlpipe__text *out);
bool mlpipe__bayes_load(bayes_state *s, mlpipe__env *env,
                        const mlpipe__feature *feature, uint32_t features,
                        uint32_t classes, mlpipe__cursor *in);
/* The weight of a code, by its cell, in classes from .. to - 1. */
double mlpipe__bayes_count(const bayes_state *s, uint32_t from, uint32_t to,
                           uint32_t cell);
/* Of the weighted values: how much, where, and how far about there; both NaN
 * where the weight is 0. */
void mlpipe__bayes_spread(const bayes_moments *m, double *weight,
                          double *mean, double *variance);

#endif
