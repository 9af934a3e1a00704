/* SPDX-License-Identifier: MIT */
/*
 * Values far from the others: capped, made missing, flagged, or their rows
 * dropped from training. Bounds are those of the training rows.
 */
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
    {"low", MLPIPE_PARAM_REAL, "0.01", 0, 1, NULL, 0x000100,
     "The lower quantile of method=quantile."},
    {"high", MLPIPE_PARAM_REAL, "0.99", 0, 1, NULL, 0x000100,
     "The upper quantile of method=quantile."},
    {"action", MLPIPE_PARAM_CHOICE, "cap", 0, 0, "cap,null,flag,drop",
     0x000100, "What happens to them; drop takes their rows out of training."},
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

static mlpipe_status outlier_select(mlpipe__job *job)
{
    if (outlier_action(job) != OUTLIER_DROP &&
        mlpipe__clean_serving(job) != MLPIPE__SERVING_PASS)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: serving=%s is of action=drop; with "
                            "action=%s served rows are treated as those in "
                            "training are",
                            job->name,
                            mlpipe__params_get(job->params, "serving")->text,
                            mlpipe__params_get(job->params, "action")->text);
    const double low = mlpipe__params_get(job->params, "low")->number;
    const double high = mlpipe__params_get(job->params, "high")->number;
    const enum outlier_method method = outlier_method(job);
    mlpipe_status st;

    if (method == OUTLIER_QUANTILE && !(low < high))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: low=%g must be below high=%g", job->name,
                            low, high);
    st = mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                            method == OUTLIER_ZSCORE
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

/* The median of the distances from the median. */
static double outlier_mad(const mlpipe__stats *s, double median)
{
    const uint64_t n = s->value_count;
    uint64_t below = 0, end = n;
    double pair[2];

    if (!n || !mlpipe__finite(s->values[0]) ||
        !mlpipe__finite(s->values[n - 1]))
        return mlpipe__nan();
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

/*
 * The bounds of a chosen feature. False where its values have no spread to
 * measure by: then nothing of it is an outlier.
 */
static bool outlier_bounds(const mlpipe__job *job, uint32_t i, double out[2])
{
    const mlpipe__stats *s = &job->stats[i];
    const mlpipe__setting *given = mlpipe__params_get(job->params, "factor");
    const enum outlier_method method = outlier_method(job);
    double low, high, reach;

    if (method == OUTLIER_ZSCORE) {
        low = high = mlpipe__stats_mean(s);
        reach = mlpipe__sqrt(mlpipe__stats_variance(s, 0));
        reach *= given->text[0] ? given->number : 3;
    } else if (method == OUTLIER_IQR) {
        low = mlpipe__stats_quantile(s, 0.25);
        high = mlpipe__stats_quantile(s, 0.75);
        reach = (high - low) * (given->text[0] ? given->number : 1.5);
    } else if (method == OUTLIER_MAD) {
        low = high = mlpipe__stats_quantile(s, 0.5);
        reach = outlier_mad(s, low) * (given->text[0] ? given->number : 3.29);
        reach /= OUTLIER_NORMAL_MAD;
    } else {
        low = mlpipe__stats_quantile(
            s, mlpipe__params_get(job->params, "low")->number);
        high = mlpipe__stats_quantile(
            s, mlpipe__params_get(job->params, "high")->number);
        reach = 0;
    }
    out[0] = low - reach;
    out[1] = high + reach;
    return out[0] < out[1] && mlpipe__finite(out[0]) &&
           mlpipe__finite(out[1]);
}

/* One feature; *outside is 1 where an earlier one of the row is outside. */
static mlpipe_status outlier_one(mlpipe__job *job, uint32_t i,
                                 uint32_t *outside)
{
    const enum outlier_action action = outlier_action(job);
    mlpipe__program *p = job->plan->program;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    double bounds[2];
    uint32_t reg;

    if (!outlier_bounds(job, i, bounds)) {
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s has no spread; it is left as it is", v->name);
        return MLPIPE_OK;
    }
    if (action == OUTLIER_DROP &&
        mlpipe__clean_serving(job) == MLPIPE__SERVING_PASS)
        return MLPIPE_OK;
    const uint32_t at = mlpipe__program_const(p, bounds, 2);
    if (action == OUTLIER_CAP || action == OUTLIER_NULL) {
        v->reg = mlpipe__program_op(p, action == OUTLIER_CAP
                                           ? MLPIPE__OP_CLAMP
                                           : MLPIPE__OP_NULL_OUTSIDE,
                                    v->reg, 0, at, 0, 1);
        v->nullable = v->nullable || action == OUTLIER_NULL;
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
        if (!outlier_bounds(job, c, bounds))
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
