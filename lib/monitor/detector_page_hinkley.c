/* SPDX-License-Identifier: MIT */
/*
 * Page-Hinkley: the sum of deviations from the running mean, less delta for
 * each value, against its lowest (highest) point so far. In the order of
 * river's arithmetic, so that the same values give the alarm.
 */
#include "detector_internal.h"

static const mlpipe__param hinkley_params[] = {
    {"delta", MLPIPE_PARAM_REAL, "0.005", 0, 1e100, NULL, 1,
     "deviation from the mean that is no change"},
    {"threshold", MLPIPE_PARAM_REAL, "50", 0, 1e100, NULL, 1,
     "lambda: the sum of deviations that is an alarm"},
    {"alpha", MLPIPE_PARAM_REAL, "0.9999", 0, 1, NULL, 1,
     "what remains of the sum with each value"},
    {"min", MLPIPE_PARAM_INT, "30", 1, 1000000000, NULL, 1,
     "values before the first alarm"},
    {"mode", MLPIPE_PARAM_CHOICE, "both", 0, 0, "up,down,both", 1,
     "alarms where the mean goes up, down, or both"},
};
static const uint32_t hinkley_param_count =
    sizeof hinkley_params / sizeof *hinkley_params;

typedef struct hinkley_state {
    double delta, threshold, alpha, min;
    uint64_t up, down; /* is a rise, a fall an alarm? */
    /* what values change */
    double mean;
    double up_sum, up_min;
    double down_sum, down_max;
} hinkley_state;

static mlpipe_status hinkley_init(mlpipe_ctx *ctx, const mlpipe__params *p,
                                  void *state)
{
    hinkley_state *h = state;
    const uint32_t mode = mlpipe__params_get(p, "mode")->choice;

    (void)ctx;
    h->delta = mlpipe__params_get(p, "delta")->number;
    h->threshold = mlpipe__params_get(p, "threshold")->number;
    h->alpha = mlpipe__params_get(p, "alpha")->number;
    h->min = mlpipe__params_get(p, "min")->number;
    h->up = mode != 1;
    h->down = mode != 0;
    return MLPIPE_OK;
}

static void hinkley_start(void *state)
{
    hinkley_state *h = state;

    h->up_min = mlpipe__inf();
    h->down_max = -1; /* as river begins; not the first sum, as with up_min */
}

static int32_t hinkley_update(void *state, double x, double n)
{
    hinkley_state *h = state;
    double dev;

    h->mean += 1.0 / n * (x - h->mean);
    dev = x - h->mean;
    h->up_sum = h->alpha * h->up_sum + dev - h->delta;
    h->down_sum = h->alpha * h->down_sum + dev + h->delta;
    if (h->up_sum < h->up_min)
        h->up_min = h->up_sum;
    if (h->down_sum > h->down_max)
        h->down_max = h->down_sum;
    if (n < h->min)
        return MLPIPE_DETECTOR_NONE;
    if ((h->up && h->up_sum - h->up_min > h->threshold) ||
        (h->down && h->down_max - h->down_sum > h->threshold))
        return MLPIPE_DETECTOR_DRIFT;
    return MLPIPE_DETECTOR_NONE;
}

static bool hinkley_get(const void *state, const char *name, double n,
                        double *out)
{
    const hinkley_state *h = state;
    const double up = h->up ? h->up_sum - h->up_min : 0;
    const double down = h->down ? h->down_max - h->down_sum : 0;

    if (!strcmp(name, "mean"))
        *out = n > 0 ? h->mean : mlpipe__nan();
    else if (!strcmp(name, "statistic"))
        *out = n <= 0 ? mlpipe__nan() : up > down ? up : down;
    else if (!strcmp(name, "threshold"))
        *out = h->threshold;
    else
        return false;
    return true;
}

static bool hinkley_valid(const void *state, double n, int32_t last)
{
    const hinkley_state *h = state;
    const double most = 4 * MLPIPE__DETECTOR_MAX * (n + 1);

    (void)last;
    if (n <= 0)
        return h->mean == 0 && h->up_sum == 0 && h->down_sum == 0 &&
               h->up_min == mlpipe__inf() && h->down_max == -1;
    return h->mean >= -most && h->mean <= most && h->up_sum >= -most &&
           h->up_sum <= most && h->up_min >= -most &&
           h->up_min <= h->up_sum && h->down_sum >= -most &&
           h->down_max >= h->down_sum && h->down_max >= -1 &&
           h->down_max <= most;
}

const mlpipe__detector_kind mlpipe__detector_page_hinkley = {
    .name = "page_hinkley",
    .doc = "Deviations from the running mean add up beyond a threshold.",
    .params = hinkley_params,
    .param_count = &hinkley_param_count,
    .version = 1,
    .bytes = sizeof(hinkley_state),
    .fixed = offsetof(hinkley_state, mean),
    .low = -MLPIPE__DETECTOR_MAX,
    .high = MLPIPE__DETECTOR_MAX,
    .init = hinkley_init,
    .start = hinkley_start,
    .update = hinkley_update,
    .get = hinkley_get,
    .valid = hinkley_valid,
};
