/* SPDX-License-Identifier: MIT */
/* What the table of metrics and the functions behind it share. */
#ifndef MLPIPE_METRIC_TYPES_H
#define MLPIPE_METRIC_TYPES_H

#include "num_internal.h"

typedef mlpipe_status mlpipe__metric_fn(mlpipe__scoring *g,
                                        const mlpipe__metric *m,
                                        mlpipe_figure *out);

/* Which of those that one function gives. */
enum mlpipe__metric_which {
    /* skill: 1 - loss / loss of one answer to all rows */
    MLPIPE__NULL_MEAN = 1,
    MLPIPE__NULL_RATIOS, /* the mean, and losses of ratios to it */
    MLPIPE__NULL_MEDIAN,
    MLPIPE__NULL_SHARES,
    MLPIPE__NULL_BIAS,   /* the mean, of errors less their own mean */
    /* correlation */
    MLPIPE__CORRELATION_VALUES,
    MLPIPE__CORRELATION_RANKS,
    MLPIPE__CORRELATION_PAIRS,
    /* curve */
    MLPIPE__CURVE_AUC,
    MLPIPE__CURVE_GINI,
    MLPIPE__CURVE_AP,
    MLPIPE__CURVE_KS,
    MLPIPE__CURVE_F1,
    /* shares of what was said or is true */
    MLPIPE__SHARE_PRECISION,
    MLPIPE__SHARE_NPV,
    MLPIPE__SHARE_RECALL,
    MLPIPE__SHARE_SPECIFICITY,
    /* agreement */
    MLPIPE__AGREE_F1,
    MLPIPE__AGREE_JACCARD,
    MLPIPE__AGREE_BALANCED,
    MLPIPE__AGREE_MCC,
    MLPIPE__AGREE_KAPPA,
    MLPIPE__AGREE_PRECISION_MACRO,
    MLPIPE__AGREE_RECALL_MACRO,
    MLPIPE__AGREE_F1_MACRO,
    MLPIPE__AGREE_PRECISION_WEIGHTED,
    MLPIPE__AGREE_RECALL_WEIGHTED,
    MLPIPE__AGREE_F1_WEIGHTED,
    /* areas of many classes */
    MLPIPE__AREA_REST,          /* each against the rest */
    MLPIPE__AREA_REST_WEIGHTED,
    MLPIPE__AREA_PAIRS,
    /* bins */
    MLPIPE__BINS_WIDTH,
    MLPIPE__BINS_MASS,
    /* rankings */
    MLPIPE__QUERY_NDCG,
    MLPIPE__QUERY_NDCG_EXP,
    MLPIPE__QUERY_DCG,
    MLPIPE__QUERY_DCG_EXP,
    MLPIPE__QUERY_MRR,
    MLPIPE__QUERY_MAP,
    MLPIPE__QUERY_PRECISION,
    MLPIPE__QUERY_RECALL,
    MLPIPE__QUERY_HIT
};

/* metric_at.c: m by the number behind the @ of `name`, or E_PARAM. */
mlpipe_status mlpipe__metric_at_number(mlpipe_ctx *ctx, const char *name,
                                       const mlpipe__metric *m,
                                       mlpipe__metric *out);
/* 1, or where squares and sums of numbers as large as `most` may leave the
 * doubles the power of two by which they are to be divided first. */
double mlpipe__metric_unit(double most);
/* value +- z se, cut to [floor, ceiling]. */
void mlpipe__metric_interval(mlpipe_figure *out, double se, double floor,
                             double ceiling);
/* Of a correlation: atanh(value) +- z sqrt(variance). */
void mlpipe__metric_fisher(mlpipe_figure *out, double variance);
/* The 97.5 % point of the normal distribution. */
#define MLPIPE__METRIC_Z 1.959963984540054
/* x of n values at cumulative weight `at`, in the order given; w NULL: 1. */
double mlpipe__metric_reach(const double *x, const double *w,
                            const uint32_t *order, uint64_t n, double at);

/* Losses of one row; NaN where y or p is out of their domain. */
double mlpipe__loss_percentage(double y, double p);
double mlpipe__loss_symmetric(double y, double p);
double mlpipe__loss_squared_log(double y, double p);
double mlpipe__loss_pinball(double y, double p);
double mlpipe__loss_poisson(double y, double p);
double mlpipe__loss_gamma(double y, double p);
double mlpipe__loss_tweedie(double y, double p);
double mlpipe__loss_huber(double y, double p);
double mlpipe__loss_brier(double y, double p);
double mlpipe__loss_brier_classes(double y, const double *p,
                                  uint32_t classes);
double mlpipe__loss_beyond_2(double y, const double *p, uint32_t classes);
double mlpipe__loss_beyond_3(double y, const double *p, uint32_t classes);

mlpipe__metric_fn mlpipe__value_mean, mlpipe__value_root,
    mlpipe__value_share_right, mlpipe__value_median, mlpipe__value_max,
    mlpipe__value_ratio, mlpipe__value_skill, mlpipe__value_correlation,
    mlpipe__value_curve, mlpipe__value_share, mlpipe__value_agreement,
    mlpipe__value_area, mlpipe__value_bins, mlpipe__value_queries;

#endif
