/* SPDX-License-Identifier: MIT */
/*
 * DDM: the error rate p and its standard deviation s = sqrt(p (1 - p) / n)
 * against where p + s was least; in the order of river's arithmetic.
 */
#include "detector_internal.h"

static const mlpipe__param ddm_params[] = {
    {"warm", MLPIPE_PARAM_INT, "30", 1, 1000000000, NULL, 1,
     "values before the first minimum"},
    {"warn", MLPIPE_PARAM_REAL, "2", 0, 1000, NULL, 1,
     "standard deviations above the minimum that are a warning"},
    {"drift", MLPIPE_PARAM_REAL, "3", 0, 1000, NULL, 1,
     "standard deviations above the minimum that are an alarm"},
};
static const uint32_t ddm_param_count = sizeof ddm_params / sizeof *ddm_params;

typedef struct ddm_state {
    double warm, warn, drift;
    /* what values change */
    double p;
    double p_min, s_min, ps_min; /* ps_min: their sum */
} ddm_state;

static mlpipe_status ddm_init(mlpipe_ctx *ctx, const mlpipe__params *p,
                              void *state)
{
    ddm_state *d = state;

    (void)ctx;
    d->warm = mlpipe__params_get(p, "warm")->number;
    d->warn = mlpipe__params_get(p, "warn")->number;
    d->drift = mlpipe__params_get(p, "drift")->number;
    return MLPIPE_OK;
}

static void ddm_start(void *state)
{
    ddm_state *d = state;

    d->ps_min = mlpipe__inf();
}

static inline double ddm_deviation(double p, double n)
{
    return __builtin_sqrt(p * (1 - p) / n);
}

static int32_t ddm_update(void *state, double x, double n)
{
    ddm_state *d = state;
    const double p = d->p + 1.0 / n * (x - d->p);
    const double s = ddm_deviation(p, n);

    d->p = p;
    if (n <= d->warm)
        return MLPIPE_DETECTOR_NONE;
    if (p + s <= d->ps_min) {
        d->p_min = p;
        d->s_min = s;
        d->ps_min = p + s;
    }
    if (p + s > d->p_min + d->drift * d->s_min)
        return MLPIPE_DETECTOR_DRIFT;
    return p + s > d->p_min + d->warn * d->s_min ? MLPIPE_DETECTOR_WARN
                                                 : MLPIPE_DETECTOR_NONE;
}

static bool ddm_get(const void *state, const char *name, double n,
                    double *out)
{
    const ddm_state *d = state;

    if (!strcmp(name, "mean"))
        *out = n > 0 ? d->p : mlpipe__nan();
    else if (!strcmp(name, "statistic"))
        *out = n > 0 ? d->p + ddm_deviation(d->p, n) : mlpipe__nan();
    else if (!strcmp(name, "threshold"))
        *out = n > d->warm ? d->p_min + d->drift * d->s_min : mlpipe__nan();
    else
        return false;
    return true;
}

static bool ddm_valid(const void *state, double n, int32_t last)
{
    const ddm_state *d = state;

    (void)last;
    if (!(d->p >= 0 && d->p <= 1) || (n <= 0 && d->p > 0))
        return false;
    if (n <= d->warm)
        return d->p_min == 0 && d->s_min == 0 &&
               d->ps_min == mlpipe__inf();
    return d->p_min >= 0 && d->p_min <= 1 && d->s_min >= 0 &&
           d->s_min <= 1 && d->ps_min == d->p_min + d->s_min;
}

const mlpipe__detector_kind mlpipe__detector_ddm = {
    .name = "ddm",
    .doc = "The error rate rises above its minimum.",
    .params = ddm_params,
    .param_count = &ddm_param_count,
    .version = 1,
    .bytes = sizeof(ddm_state),
    .fixed = offsetof(ddm_state, p),
    .low = 0,
    .high = 1,
    .init = ddm_init,
    .start = ddm_start,
    .update = ddm_update,
    .get = ddm_get,
    .valid = ddm_valid,
};
