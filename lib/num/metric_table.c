/* SPDX-License-Identifier: MIT */
/* The metrics by name. */
#include "metric_types.h"

#define REGRESSION MLPIPE__TASK_REGRESSION
#define BINARY MLPIPE__TASK_BINARY
#define MULTICLASS MLPIPE__TASK_MULTICLASS
#define CLASSES MLPIPE__TASK_CLASSES
/* Larger is better, and smaller. */
#define UP true
#define DOWN false

static const mlpipe__metric metric_list[] = {
    {"rmse", REGRESSION, REGRESSION, DOWN, mlpipe__loss_squared, NULL,
     mlpipe__value_root, 0,
     "root of the mean squared error; interval by the delta method"},
    {"mse", REGRESSION, 0, DOWN, mlpipe__loss_squared, NULL,
     mlpipe__value_mean, 0, "mean squared error; normal interval of a mean"},
    {"mae", REGRESSION, REGRESSION, DOWN, mlpipe__loss_absolute, NULL,
     mlpipe__value_mean, 0, "mean absolute error; normal interval of a mean"},
    {"medae", REGRESSION, REGRESSION, DOWN, NULL, NULL, mlpipe__value_median,
     0, "median absolute error, weighted; interval by Woodruff"},
    {"max_error", REGRESSION, 0, DOWN, NULL, NULL, mlpipe__value_max, 0,
     "largest absolute error; no interval"},
    {"r2", REGRESSION, REGRESSION, UP, mlpipe__loss_squared, NULL,
     mlpipe__value_skill, MLPIPE__NULL_MEAN,
     "1 - squared errors / those of the mean; of a constant target 1 where "
     "all is right, else 0; interval by the delta method"},
    {"explained_variance", REGRESSION, 0, UP, NULL, NULL,
     mlpipe__value_skill, MLPIPE__NULL_BIAS,
     "1 - variance of the errors / variance; interval by the delta method"},
    {"mape", REGRESSION, 0, DOWN, mlpipe__loss_percentage, NULL,
     mlpipe__value_mean, 0,
     "mean of |error| / |target|, of which 2^-52 is the least; normal "
     "interval of a mean"},
    {"smape", REGRESSION, 0, DOWN, mlpipe__loss_symmetric, NULL,
     mlpipe__value_mean, 0,
     "mean of 2 |error| / (|target| + |answer|), 0 .. 2; normal interval of "
     "a mean"},
    {"wape", REGRESSION, 0, DOWN, mlpipe__loss_absolute, NULL,
     mlpipe__value_ratio, 0,
     "sum of |error| / sum of |target|; interval by the delta method"},
    {"rmsle", REGRESSION, 0, DOWN, mlpipe__loss_squared_log, NULL,
     mlpipe__value_root, 0,
     "root of the mean squared error of log(1 + x); interval by the delta "
     "method"},
    {"pinball", REGRESSION, 0, DOWN, mlpipe__loss_pinball, NULL,
     mlpipe__value_mean, 0,
     "mean pinball loss of the median, half of mae, or as pinball@0.9 that of "
     "a quantile; normal interval of a mean",
     false, 0, mlpipe__loss_pinball_at, "the level of the quantile", 1e-6,
     0.999999, 0.9, 0},
    {"huber", REGRESSION, 0, DOWN, mlpipe__loss_huber, NULL,
     mlpipe__value_mean, 0,
     "mean of half the squared error, a line from an error of 1 on, or as "
     "huber@5 of 5; normal interval of a mean",
     false, 0, mlpipe__loss_huber_at, "the error from which on it is a line",
     1e-150, 1e150, 5, 0},
    {"mean_poisson_deviance", REGRESSION, 0, DOWN, mlpipe__loss_poisson, NULL,
     mlpipe__value_mean, 0,
     "mean of 2 (y log(y / p) - y + p); normal interval of a mean"},
    {"mean_gamma_deviance", REGRESSION, 0, DOWN, mlpipe__loss_gamma, NULL,
     mlpipe__value_mean, 0,
     "mean of 2 (log(p / y) + y / p - 1); normal interval of a mean"},
    {"mean_tweedie_deviance", REGRESSION, 0, DOWN, mlpipe__loss_tweedie, NULL,
     mlpipe__value_mean, 0,
     "mean deviance of power 1.5, or as mean_tweedie_deviance@1.2 of 1.2; "
     "normal interval of a mean",
     false, 0, mlpipe__loss_tweedie_at, "the power", 1, 2, 1.2, 0},
    {"d2_absolute_error", REGRESSION, 0, UP, mlpipe__loss_absolute, NULL,
     mlpipe__value_skill, MLPIPE__NULL_MEDIAN,
     "1 - absolute errors / those of the median; interval by the delta "
     "method"},
    {"d2_poisson", REGRESSION, 0, UP, mlpipe__loss_poisson, NULL,
     mlpipe__value_skill, MLPIPE__NULL_RATIOS,
     "1 - Poisson deviance / that of the mean, where this is more than "
     "rounding; interval by the delta method"},
    {"d2_gamma", REGRESSION, 0, UP, mlpipe__loss_gamma, NULL,
     mlpipe__value_skill, MLPIPE__NULL_RATIOS,
     "1 - gamma deviance / that of the mean, where this is more than "
     "rounding; interval by the delta method"},
    {"pearson", REGRESSION, 0, UP, NULL, NULL, mlpipe__value_correlation,
     MLPIPE__CORRELATION_VALUES,
     "correlation of answers and targets; interval by Fisher's z"},
    {"spearman", REGRESSION, 0, UP, NULL, NULL, mlpipe__value_correlation,
     MLPIPE__CORRELATION_RANKS,
     "correlation of their ranks, ties in the middle; interval by Fisher's z "
     "(Bonett and Wright)"},
    {"kendall", REGRESSION, 0, UP, NULL, NULL, mlpipe__value_correlation,
     MLPIPE__CORRELATION_PAIRS,
     "tau-b: pairs in order less pairs out of order; interval by Fisher's z "
     "(Bonett and Wright)"},
    {"logloss", CLASSES, CLASSES, DOWN, mlpipe__loss_log,
     mlpipe__loss_log_classes, mlpipe__value_mean, 0,
     "mean negative log-likelihood, in nats; normal interval of a mean"},
    {"brier", CLASSES, CLASSES, DOWN, mlpipe__loss_brier,
     mlpipe__loss_brier_classes, mlpipe__value_mean, 0,
     "mean squared error of the probability, of many classes summed over "
     "them; normal interval of a mean"},
    {"d2_logloss", CLASSES, 0, UP, mlpipe__loss_log, mlpipe__loss_log_classes,
     mlpipe__value_skill, MLPIPE__NULL_SHARES,
     "1 - logloss / that of the shares of the classes; interval by the delta "
     "method"},
    {"d2_brier", CLASSES, 0, UP, mlpipe__loss_brier,
     mlpipe__loss_brier_classes, mlpipe__value_skill, MLPIPE__NULL_SHARES,
     "1 - brier / that of the shares of the classes; interval by the delta "
     "method"},
    {"auc", BINARY, BINARY, UP, NULL, NULL, mlpipe__value_curve,
     MLPIPE__CURVE_AUC,
     "chance that a positive outranks a negative, a tie one half; interval "
     "by DeLong"},
    {"gini", BINARY, 0, UP, NULL, NULL, mlpipe__value_curve,
     MLPIPE__CURVE_GINI, "2 auc - 1; interval by DeLong"},
    {"ap", BINARY, BINARY, UP, NULL, NULL, mlpipe__value_curve,
     MLPIPE__CURVE_AP,
     "average precision over steps of recall; logit interval (Boyd, Eng and "
     "Page)"},
    {"ks", BINARY, 0, UP, NULL, NULL, mlpipe__value_curve, MLPIPE__CURVE_KS,
     "largest difference of the classes' distributions of scores; no "
     "interval"},
    {"best_f1", BINARY, 0, UP, NULL, NULL, mlpipe__value_curve,
     MLPIPE__CURVE_F1,
     "f1 at the threshold where it is best on these rows; no interval"},
    {"auc_ovr", MULTICLASS, MULTICLASS, UP, NULL, NULL, mlpipe__value_area,
     MLPIPE__AREA_REST,
     "mean auc of each class against the rest; interval by DeLong"},
    {"auc_ovr_weighted", MULTICLASS, 0, UP, NULL, NULL, mlpipe__value_area,
     MLPIPE__AREA_REST_WEIGHTED,
     "the same, by the weights of the classes; interval by DeLong"},
    {"auc_ovo", MULTICLASS, 0, UP, NULL, NULL, mlpipe__value_area,
     MLPIPE__AREA_PAIRS,
     "mean auc of all pairs of classes, both ways (Hand and Till); interval "
     "by DeLong"},
    {"accuracy", CLASSES, CLASSES, UP, mlpipe__loss_wrong,
     mlpipe__loss_wrong_classes, mlpipe__value_share_right, 0,
     "share of right classes: the likeliest, of two the one above 0.5; "
     "Wilson's interval"},
    {"balanced_accuracy", CLASSES, MULTICLASS, UP, NULL, NULL,
     mlpipe__value_agreement, MLPIPE__AGREE_BALANCED,
     "mean recall of the classes that are there; interval by the delta "
     "method"},
    {"precision", BINARY, 0, UP, NULL, NULL, mlpipe__value_share,
     MLPIPE__SHARE_PRECISION,
     "share of positives among what is called positive; Wilson's interval"},
    {"recall", BINARY, 0, UP, NULL, NULL, mlpipe__value_share,
     MLPIPE__SHARE_RECALL,
     "share of positives that are called so; Wilson's interval"},
    {"specificity", BINARY, 0, UP, NULL, NULL, mlpipe__value_share,
     MLPIPE__SHARE_SPECIFICITY,
     "share of negatives that are called so; Wilson's interval"},
    {"npv", BINARY, 0, UP, NULL, NULL, mlpipe__value_share,
     MLPIPE__SHARE_NPV,
     "share of negatives among what is called negative; Wilson's interval"},
    {"f1", BINARY, BINARY, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_F1,
     "harmonic mean of precision and recall; interval by the delta method"},
    {"jaccard", BINARY, 0, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_JACCARD,
     "positives called so / those that are or are called so; interval by the "
     "delta method"},
    {"precision_macro", MULTICLASS, 0, UP, NULL, NULL,
     mlpipe__value_agreement, MLPIPE__AGREE_PRECISION_MACRO,
     "mean precision of the classes; interval by the delta method"},
    {"recall_macro", MULTICLASS, 0, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_RECALL_MACRO,
     "mean recall of the classes; interval by the delta method"},
    {"f1_macro", MULTICLASS, MULTICLASS, UP, NULL, NULL,
     mlpipe__value_agreement, MLPIPE__AGREE_F1_MACRO,
     "mean f1 of the classes; interval by the delta method"},
    {"precision_micro", MULTICLASS, 0, UP, NULL, mlpipe__loss_wrong_classes,
     mlpipe__value_share_right, 0,
     "precision of all classes together, which is accuracy; Wilson's "
     "interval"},
    {"recall_micro", MULTICLASS, 0, UP, NULL, mlpipe__loss_wrong_classes,
     mlpipe__value_share_right, 0,
     "recall of all classes together, which is accuracy; Wilson's interval"},
    {"f1_micro", MULTICLASS, 0, UP, NULL, mlpipe__loss_wrong_classes,
     mlpipe__value_share_right, 0,
     "f1 of all classes together, which is accuracy; Wilson's interval"},
    {"precision_weighted", MULTICLASS, 0, UP, NULL, NULL,
     mlpipe__value_agreement, MLPIPE__AGREE_PRECISION_WEIGHTED,
     "precision of the classes by their weights; interval by the delta "
     "method"},
    {"recall_weighted", MULTICLASS, 0, UP, NULL, NULL,
     mlpipe__value_agreement, MLPIPE__AGREE_RECALL_WEIGHTED,
     "recall of the classes by their weights; interval by the delta method"},
    {"f1_weighted", MULTICLASS, 0, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_F1_WEIGHTED,
     "f1 of the classes by their weights; interval by the delta method"},
    {"top2_accuracy", MULTICLASS, 0, UP, NULL, mlpipe__loss_beyond_2,
     mlpipe__value_share_right, 0,
     "share of rows whose class is among the two likeliest; Wilson's "
     "interval"},
    {"top3_accuracy", MULTICLASS, 0, UP, NULL, mlpipe__loss_beyond_3,
     mlpipe__value_share_right, 0,
     "share of rows whose class is among the three likeliest; Wilson's "
     "interval"},
    {"mcc", CLASSES, 0, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_MCC,
     "Matthews correlation; 0 where one class is all that is there or said; "
     "interval by the delta method"},
    {"kappa", CLASSES, 0, UP, NULL, NULL, mlpipe__value_agreement,
     MLPIPE__AGREE_KAPPA,
     "Cohen's kappa: accuracy beyond chance; interval by the delta method"},
    {"ece", CLASSES, CLASSES, DOWN, NULL, NULL, mlpipe__value_bins,
     MLPIPE__BINS_WIDTH,
     "mean of |said - seen| in ten bins of equal width of the probability, "
     "of many classes that of the likeliest; no interval"},
    {"ece_mass", CLASSES, 0, DOWN, NULL, NULL, mlpipe__value_bins,
     MLPIPE__BINS_MASS,
     "the same in ten bins of equal weight; no interval"},
};
enum { METRIC_COUNT = sizeof metric_list / sizeof metric_list[0] };

const mlpipe__metric *mlpipe__metric_at(uint32_t i)
{
    return i < METRIC_COUNT ? &metric_list[i] : NULL;
}

const mlpipe__metric *mlpipe__metric_find(const char *name)
{
    for (uint32_t i = 0; name && i < METRIC_COUNT; ++i)
        if (!strcmp(metric_list[i].name, name))
            return &metric_list[i];
    return NULL;
}

bool mlpipe__metric_watched(const mlpipe__metric *m, uint32_t task)
{
    return (m->standard & task) ||
           (task == BINARY &&
            (!strcmp(m->name, "precision") || !strcmp(m->name, "recall") ||
             !strcmp(m->name, "mcc")));
}

bool mlpipe__metric_has_loss(const mlpipe__metric *m, uint32_t width)
{
    return width > 1 ? m->class_loss != NULL : m->loss != NULL;
}

void mlpipe__metric_losses(const mlpipe__metric *m, const mlpipe__scored *s,
                           double *out)
{
    for (uint64_t i = 0; i < s->n; ++i)
        out[i] = s->width > 1
                     ? m->class_loss(s->y[i], s->p + i * s->width, s->width)
                 : m->at > 0.0 ? m->loss_at(m->at, s->y[i], s->p[i])
                               : m->loss(s->y[i], s->p[i]);
}
