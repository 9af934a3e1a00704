/* SPDX-License-Identifier: MIT */
/*
 * HDDM_A: the mean z of all values against their mean x up to a cut, which
 * moves on to where x plus its bound is least (greatest); Hoeffding's bound
 * on the difference. In the order of river's arithmetic.
 */
#include "detector_internal.h"

static const mlpipe__param hddm_params[] = {
    {"drift_confidence", MLPIPE_PARAM_REAL, "0.001", 1e-300, 1, NULL, 1,
     "chance of an alarm by accident, at a cut"},
    {"warning_confidence", MLPIPE_PARAM_REAL, "0.005", 1e-300, 1, NULL, 1,
     "chance of a warning by accident, at a cut"},
    {"two_sided", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 1,
     "does a fall of the mean matter too?"},
};
static const uint32_t hddm_param_count =
    sizeof hddm_params / sizeof *hddm_params;

typedef struct hddm_cut {
    double n, mean, bound; /* up to the cut */
} hddm_cut;

typedef struct hddm_state {
    double bound_log, drift_log, warn_log; /* of the confidences */
    double least_log;                      /* the lesser of the last two */
    uint64_t two_sided;
    /* what values change */
    double mean;
    hddm_cut least, most;
} hddm_state;

static mlpipe_status hddm_init(mlpipe_ctx *ctx, const mlpipe__params *p,
                               void *state)
{
    hddm_state *h = state;
    const double drift = mlpipe__params_get(p, "drift_confidence")->number;
    const double warn = mlpipe__params_get(p, "warning_confidence")->number;

    (void)ctx;
    h->bound_log = mlpipe__log(1.0 / drift);
    h->drift_log = mlpipe__log(2.0 / drift);
    h->warn_log = mlpipe__log(2.0 / warn);
    h->least_log = h->drift_log < h->warn_log ? h->drift_log : h->warn_log;
    h->two_sided = mlpipe__params_get(p, "two_sided")->number != 0;
    return MLPIPE_OK;
}

/* Is a difference of means more than chance, with what is ln(2/confidence)? */
static inline bool hddm_beyond(double difference, double share, double log)
{
    return difference >= __builtin_sqrt(share / 2 * log);
}

static inline int32_t hddm_side(const hddm_state *h, const hddm_cut *cut,
                                double difference, double n, double one_n)
{
    double share;

    /* The bound is above 0 wherever the cut is not at the last value. */
    if (cut->n == n || difference <= 0)
        return MLPIPE_DETECTOR_NONE;
    share = (n - cut->n) / cut->n * one_n;
    /* Surely below both bounds: most values end here, without a root. */
    if (difference * difference < share * 0.499999 * h->least_log)
        return MLPIPE_DETECTOR_NONE;
    if (hddm_beyond(difference, share, h->drift_log))
        return MLPIPE_DETECTOR_DRIFT;
    return hddm_beyond(difference, share, h->warn_log)
               ? MLPIPE_DETECTOR_WARN
               : MLPIPE_DETECTOR_NONE;
}

static int32_t hddm_update(void *state, double x, double n)
{
    hddm_state *h = state;
    const double one_n = 1.0 / n;
    /* 1 / (2 n) is half of 1 / n to the bit. */
    const double bound = __builtin_sqrt(one_n * 0.5 * h->bound_log);
    const double mean = h->mean + one_n * (x - h->mean);
    const hddm_cut now = {n, mean, bound};
    int32_t rise, fall;

    h->mean = mean;
    if (n == 1 || h->least.mean + h->least.bound >= mean + bound)
        h->least = now;
    rise = hddm_side(h, &h->least, mean - h->least.mean, n, one_n);
    if (!h->two_sided)
        return rise;
    if (n == 1 || h->most.mean - h->most.bound <= mean - bound)
        h->most = now;
    fall = hddm_side(h, &h->most, h->most.mean - mean, n, one_n);
    return rise > fall ? rise : fall;
}

static double hddm_bound(const hddm_state *h, const hddm_cut *cut, double n)
{
    return mlpipe__sqrt((n - cut->n) / cut->n * (1.0 / n) / 2 *
                        h->drift_log);
}

static bool hddm_get(const void *state, const char *name, double n,
                     double *out)
{
    const hddm_state *h = state;
    const double rise = h->mean - h->least.mean;
    const double fall = h->most.mean - h->mean;
    const double rise_bound = n > 0 ? hddm_bound(h, &h->least, n) : 0;
    const double fall_bound =
        n > 0 && h->two_sided ? hddm_bound(h, &h->most, n) : 0;
    /* The side that is nearer to its alarm; one whose best cut is at the last
     * value has nothing behind it to compare, and no bound. */
    const bool down =
        fall_bound > 0 &&
        (!(rise_bound > 0) || fall - fall_bound > rise - rise_bound);

    if (!strcmp(name, "mean"))
        *out = h->mean;
    else if (!strcmp(name, "statistic"))
        *out = down ? fall : rise;
    else if (!strcmp(name, "threshold"))
        *out = down ? fall_bound : rise_bound;
    else
        return false;
    if (n <= 0 || (!strcmp(name, "threshold") && !(*out > 0)))
        *out = mlpipe__nan();
    return true;
}

static bool hddm_cut_valid(const hddm_cut *cut, double n, bool used)
{
    if (!used || n <= 0)
        return cut->n == 0 && cut->mean == 0 && cut->bound == 0;
    return cut->n >= 1 && cut->n <= n && cut->mean >= 0 && cut->mean <= 1 &&
           cut->bound >= 0 && cut->bound <= 100;
}

static bool hddm_valid(const void *state, double n, int32_t last)
{
    const hddm_state *h = state;

    (void)last;
    return h->mean >= 0 && h->mean <= 1 && (n > 0 || h->mean == 0) &&
           hddm_cut_valid(&h->least, n, true) &&
           hddm_cut_valid(&h->most, n, h->two_sided != 0);
}

const mlpipe__detector_kind mlpipe__detector_hddm_a = {
    .name = "hddm_a",
    .doc = "The mean leaves that before the best cut, by Hoeffding's bound.",
    .params = hddm_params,
    .param_count = &hddm_param_count,
    .version = 1,
    .bytes = sizeof(hddm_state),
    .fixed = offsetof(hddm_state, mean),
    .low = 0,
    .high = 1,
    .init = hddm_init,
    .update = hddm_update,
    .get = hddm_get,
    .valid = hddm_valid,
};
