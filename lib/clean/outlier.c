/* SPDX-License-Identifier: MIT */
/*
 * Values far from the others: capped, made missing, flagged, or their rows
 * dropped from training. The bounds are those of the finite values of the
 * training rows, and an infinite value is beyond them by every method.
 */
#include <float.h>

#include "clean_internal.h"

enum outlier_method {
    OUTLIER_IQR,
    OUTLIER_ZSCORE,
    OUTLIER_QUANTILE,
    OUTLIER_MAD
};
/* Half of a normal distribution is nearer to its mean, in deviations. */
#define OUTLIER_NORMAL_MAD 0.6744897501960817
enum outlier_action {
    OUTLIER_CAP,
    OUTLIER_NULL,
    OUTLIER_FLAG,
    OUTLIER_DROP
};

static const mlpipe__param outlier_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "iqr", 0, 0, "iqr,zscore,quantile,mad",
     0x000100, "Quartiles, mean and deviation, two quantiles, or the median "
     "and the median of the distances from it."},
    {"factor", MLPIPE_PARAM_REAL, "", 0, 1e6, NULL, 0x000100,
     "How many quartile ranges (1.5), deviations (3) or median distances, as "
     "deviations of a normal distribution (3.29), are allowed."},
    {"low", MLPIPE_PARAM_REAL, "", 0, 1, NULL, 0x000100,
     "The lower quantile of method=quantile (0.01)."},
    {"high", MLPIPE_PARAM_REAL, "", 0, 1, NULL, 0x000100,
     "The upper quantile of method=quantile (0.99)."},
    {"action", MLPIPE_PARAM_CHOICE, "cap", 0, 0, "cap,null,flag,drop",
     0x000100, "What happens to them, infinite values included; drop takes "
     "their rows out of training."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set."},
    MLPIPE__SERVING_PARAM,
};

static enum outlier_method outlier_method(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "method")->choice;
}

static enum outlier_action outlier_action(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "action")->choice;
}

/* Unlike a missing target, an odd one is an answer. */
static mlpipe_status outlier_leak(const mlpipe__job *job)
{
    const mlpipe__var *v = mlpipe__clean_tainted(job);

    if (!v)
        return MLPIPE_OK;
    mlpipe__fail(job->ctx, MLPIPE_E_LEAK,
                 "%s: %q is made of the target, and rows must not be chosen "
                 "by their answer within a fit; filter the dataset before "
                 "the fit",
                 job->name, v->name);
    return mlpipe__fail_at(job->ctx, -1, v->name);
}

/* The number of a parameter, or what it is where it is not set. */
static double outlier_number(const mlpipe__job *job, const char *name,
                             double otherwise)
{
    const mlpipe__setting *s = mlpipe__params_get(job->params, name);

    return s->text[0] ? s->number : otherwise;
}

static double outlier_factor(const mlpipe__job *job)
{
    static const double otherwise[] = {1.5, 3, 0, 3.29};

    return outlier_number(job, "factor", otherwise[outlier_method(job)]);
}

/* A parameter that the method does not read would change nothing. */
static mlpipe_status outlier_check_unread(const mlpipe__job *job)
{
    static const char *const names[] = {"factor", "low", "high"};
    const bool quantile = outlier_method(job) == OUTLIER_QUANTILE;

    for (uint32_t i = 0; i < 3; i++) {
        const mlpipe__setting *s = mlpipe__params_get(job->params, names[i]);
        if (s->text[0] && quantile != (i > 0))
            return mlpipe__fail(
                job->ctx, MLPIPE_E_PARAM,
                quantile ? "%s: %s=%s is of the other methods; "
                           "method=%s takes low= and high="
                         : "%s: %s=%s is of method=quantile; method=%s takes "
                           "factor=",
                job->name, names[i], s->text,
                mlpipe__params_get(job->params, "method")->text);
    }
    return MLPIPE_OK;
}

static mlpipe_status outlier_check(const mlpipe__job *job)
{
    const enum outlier_method method = outlier_method(job);
    const double low = outlier_number(job, "low", 0.01);
    const double high = outlier_number(job, "high", 0.99);

    if (outlier_action(job) != OUTLIER_DROP &&
        mlpipe__clean_serving(job) != MLPIPE__SERVING_PASS)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: serving=%s is of action=drop; with "
                            "action=%s served rows are treated as those in "
                            "training are",
                            job->name,
                            mlpipe__params_get(job->params, "serving")->text,
                            mlpipe__params_get(job->params, "action")->text);
    if (method == OUTLIER_QUANTILE && !(low < high))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: low=%g must be below high=%g", job->name,
                            low, high);
    if ((method == OUTLIER_ZSCORE || method == OUTLIER_MAD) &&
        outlier_factor(job) == 0)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: with factor=0 and method=%s every value but "
                            "the %s would be an outlier; give more than 0",
                            job->name,
                            mlpipe__params_get(job->params, "method")->text,
                            method == OUTLIER_MAD ? "median" : "mean");
    return outlier_check_unread(job);
}

static mlpipe_status outlier_select(mlpipe__job *job)
{
    mlpipe_status st = outlier_check(job);

    if (!st)
        st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                                outlier_method(job) == OUTLIER_ZSCORE
                                    ? MLPIPE__NEED_MOMENTS
                                    : MLPIPE__NEED_QUANTILES);
    return st || outlier_action(job) != OUTLIER_DROP ? st : outlier_leak(job);
}

/*
 * The k-th smallest distance of sorted values from a number between them,
 * from 0. Distances to either side are sorted already: `below` of them are
 * values[below - 1 - i], the others values[below + i], so that the k smallest
 * are a run around the number, and a search in halves finds it.
 */
static double outlier_distance(const double *values, uint64_t n,
                               uint64_t below, double from, uint64_t k)
{
    uint64_t low = k + 1 > n - below ? k + 1 - (n - below) : 0;
    uint64_t high = k + 1 < below ? k + 1 : below;

    while (low < high) { /* how many of the k + 1 smallest lie below */
        const uint64_t left = low + (high - low) / 2;
        if (from - values[below - 1 - left] <
            values[below + k - left] - from)
            low = left + 1;
        else
            high = left;
    }
    const double a = low ? from - values[below - low] : -mlpipe__inf();
    const double b =
        low <= k ? values[below + k - low] - from : -mlpipe__inf();
    return a > b ? a : b;
}

/* The median of the distances from the median of values that are there. */
static double outlier_mad(const mlpipe__stats *s, double median)
{
    const uint64_t n = s->value_count;
    uint64_t below = 0, end = n;
    double pair[2];

    while (below < end) {
        const uint64_t mid = below + (end - below) / 2;
        if (s->values[mid] < median)
            below = mid + 1;
        else
            end = mid;
    }
    pair[0] = outlier_distance(s->values, n, below, median, (n - 1) / 2);
    pair[1] = outlier_distance(s->values, n, below, median, n / 2);
    return mlpipe__quantile_sorted(pair, 2, 0.5);
}

/* Factor times the quartile range, also where that is beyond the doubles. */
static double outlier_quartiles(double low, double high, double factor)
{
    return mlpipe__finite(high - low) ? (high - low) * factor
                                      : high * factor - low * factor;
}

/* Bounds by the method; false where the values have no spread for it. */
static bool outlier_measure(const mlpipe__job *job, const mlpipe__stats *s,
                            double out[2])
{
    const double factor = outlier_factor(job);
    double low, high, spread, reach = 0;

    switch (outlier_method(job)) {
    case OUTLIER_ZSCORE:
        low = high = mlpipe__stats_mean(s);
        spread = mlpipe__stats_deviation(s, 0);
        reach = spread * factor;
        break;
    case OUTLIER_IQR:
        low = mlpipe__stats_quantile(s, 0.25);
        high = mlpipe__stats_quantile(s, 0.75);
        spread = high - low;
        reach = outlier_quartiles(low, high, factor);
        break;
    case OUTLIER_MAD:
        low = high = mlpipe__stats_quantile(s, 0.5);
        spread = outlier_mad(s, low);
        reach = spread * factor;
        reach /= OUTLIER_NORMAL_MAD;
        break;
    default:
        low = mlpipe__stats_quantile(s, outlier_number(job, "low", 0.01));
        high = mlpipe__stats_quantile(s, outlier_number(job, "high", 0.99));
        spread = high - low;
    }
    out[0] = low - reach < -DBL_MAX ? -DBL_MAX : low - reach;
    out[1] = high + reach > DBL_MAX ? DBL_MAX : high + reach;
    return spread > 0;
}

/* What tells which values of a chosen feature are outliers. */
enum outlier_fence {
    OUTLIER_UNFENCED, /* nothing: it has no finite value or no spread */
    OUTLIER_RANGE, /* it has no spread, and infinite values are beyond */
    OUTLIER_FENCED
};

static enum outlier_fence outlier_bounds(const mlpipe__job *job, uint32_t i,
                                         double out[2])
{
    const mlpipe__stats *s = &job->stats[i];

    out[0] = -DBL_MAX;
    out[1] = DBL_MAX;
    if (!mlpipe__stats_finite(s))
        return OUTLIER_UNFENCED;
    if (outlier_measure(job, s, out))
        return OUTLIER_FENCED;
    if (!mlpipe__stats_infinite(s))
        return OUTLIER_UNFENCED;
    if (outlier_method(job) == OUTLIER_ZSCORE) {
        out[0] = s->low;
        out[1] = s->high;
    } else {
        out[0] = mlpipe__stats_quantile(s, 0);
        out[1] = mlpipe__stats_quantile(s, 1);
    }
    return OUTLIER_RANGE;
}

/* Is there nothing but infinite values, which are then made missing? */
static bool outlier_empties(const mlpipe__job *job, uint32_t i)
{
    const enum outlier_action action = outlier_action(job);

    return (action == OUTLIER_CAP || action == OUTLIER_NULL) &&
           mlpipe__stats_infinite(&job->stats[i]) &&
           !mlpipe__stats_finite(&job->stats[i]);
}

static void outlier_tell_unfenced(const mlpipe__job *job, uint32_t i)
{
    static const char *const flat[] = {
        "its quartiles are equal", "all its values are equal",
        "its quantiles low= and high= are equal",
        "half its values or more are the median"};
    const mlpipe__stats *s = &job->stats[i];
    const char *name = job->plan->vars[job->chosen[i]].name;

    if (mlpipe__stats_finite(s))
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s has no spread: %s; it is left as it is", name,
                         flat[outlier_method(job)]);
    else if (mlpipe__stats_infinite(s))
        mlpipe__job_tell_infinite(
            job, i,
            outlier_empties(job, i)
                ? "it becomes like a column that is missing in all rows"
                : "it is left as it is");
    else
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s is missing in all %llu training rows; it is "
                         "left as it is",
                         name, (unsigned long long)s->rows);
}

static void outlier_tell_infinite(const mlpipe__job *job, uint32_t i,
                                  enum outlier_fence fence)
{
    static const char *const done[] = {
        "are set to them", "become missing", "are flagged",
        "take their rows out of training"};
    char what[160];

    mlpipe__format(what, sizeof what,
                   "the bounds are %s, and infinite ones %s",
                   fence == OUTLIER_RANGE
                       ? "the least and the largest of the finite ones, which "
                         "have no spread"
                       : "those of the finite ones",
                   done[outlier_action(job)]);
    mlpipe__job_tell_infinite(job, i, what);
}

/* One feature; *outside is 1 where an earlier one of the row is outside. */
static mlpipe_status outlier_one(mlpipe__job *job, uint32_t i,
                                 uint32_t *outside)
{
    const enum outlier_action action = outlier_action(job);
    mlpipe__program *p = job->plan->program;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    double bounds[2];
    const enum outlier_fence fence = outlier_bounds(job, i, bounds);
    const bool empties = outlier_empties(job, i);
    uint32_t reg;

    if (fence == OUTLIER_UNFENCED)
        outlier_tell_unfenced(job, i);
    else
        outlier_tell_infinite(job, i, fence);
    if (fence == OUTLIER_UNFENCED && !empties)
        return MLPIPE_OK;
    if (action == OUTLIER_DROP &&
        mlpipe__clean_serving(job) == MLPIPE__SERVING_PASS)
        return MLPIPE_OK;
    const uint32_t at = mlpipe__program_const(p, bounds, 2);
    if (action == OUTLIER_CAP || action == OUTLIER_NULL) {
        const bool caps = action == OUTLIER_CAP && !empties;
        v->reg = mlpipe__program_op(
            p, caps ? MLPIPE__OP_CLAMP : MLPIPE__OP_NULL_OUTSIDE, v->reg, 0,
            at, 0, 1);
        v->nullable = v->nullable || !caps;
        return MLPIPE_OK;
    }
    reg = mlpipe__program_op(p, MLPIPE__OP_OUTSIDE, v->reg, 0, at, 0, 1);
    if (action == OUTLIER_FLAG)
        return mlpipe__clean_beside(job, job->chosen[i], "outlier", reg);
    *outside = *outside == MLPIPE__NO_REG
                   ? reg
                   : mlpipe__program_op(p, MLPIPE__OP_OR, *outside, reg, 0, 0,
                                        1);
    return MLPIPE_OK;
}

static mlpipe_status outlier_emit(mlpipe__job *job)
{
    uint32_t outside = MLPIPE__NO_REG;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = outlier_one(job, i, &outside);
    if (!st && outside != MLPIPE__NO_REG)
        st = mlpipe__clean_serve(job, outside);
    return st;
}

static bool outlier_filters(const mlpipe__job *job)
{
    return outlier_action(job) == OUTLIER_DROP;
}

static void outlier_filter(const mlpipe__job *job, uint32_t n,
                           const double *const *values,
                           const uint8_t *const *valid, uint8_t *keep)
{
    for (uint32_t c = 0; c < job->chosen_count; c++) {
        double bounds[2];
        if (outlier_bounds(job, c, bounds) == OUTLIER_UNFENCED)
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (valid[c][i] && (values[c][i] < bounds[0] ||
                                values[c][i] > bounds[1]))
                keep[i] = 0;
    }
}

const mlpipe__step mlpipe__step_outlier = {
    .name = "outlier",
    .kind = MLPIPE_KIND_FIT,
    .params = outlier_params,
    .param_count = sizeof outlier_params / sizeof *outlier_params,
    .doc = "Cap, null, flag or drop values far from the others.",
    .select = outlier_select,
    .emit = outlier_emit,
    .filters = outlier_filters,
    .filter = outlier_filter,
};
