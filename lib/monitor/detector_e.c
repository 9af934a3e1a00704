/* SPDX-License-Identifier: MIT */
/*
 * The e-detector. A bet b on a higher mean pays 1 + b (x / m - 1) for a value
 * x: never below 0, and at most 1 in expectation while the mean is at most m.
 * R sums the wealth of gamblers who each begin with 1 at another value (as
 * Shiryaev and Roberts do), so that R - n is a supermartingale, as is the mean
 * over bets, and the expected time until it reaches arl is at least arl.
 */
#include "detector_internal.h"
#include "monitor_internal.h"

enum { BETS_MAX = 16 };

static const mlpipe__param e_params[] = {
    {"mean", MLPIPE_PARAM_REAL, NULL, 0, 1e100, NULL, 1,
     "the loss to be expected"},
    {"margin", MLPIPE_PARAM_REAL, "0", 0, 1e100, NULL, 1,
     "how much more of it is no drift"},
    {"arl", MLPIPE_PARAM_REAL, "1000000", 1, 1e15, NULL, 1,
     "values up to a false alarm, in expectation, at least"},
    {"bets", MLPIPE_PARAM_REALS, "0.05,0.1,0.2,0.4,0.8,0.95", 1e-6, 1, NULL,
     1, "shares of the wealth to bet; small ones find small changes"},
};
static const uint32_t e_param_count = sizeof e_params / sizeof *e_params;

typedef struct e_state {
    double arl, limit; /* limit: of the sum over bets */
    uint64_t bets, lanes; /* lanes: bets, made even */
    double keep[BETS_MAX], gain[BETS_MAX]; /* a bet pays keep + gain x */
    /* what values change */
    double sum;
    double wealth[BETS_MAX];
} e_state;

static mlpipe_status e_init(mlpipe_ctx *ctx, const mlpipe__params *p,
                            void *state)
{
    e_state *e = state;
    const mlpipe__setting *bets = mlpipe__params_get(p, "bets");
    const double mean = mlpipe__params_get(p, "mean")->number +
                        mlpipe__params_get(p, "margin")->number;

    if (mean < 1e-100)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mean + margin = %g must be at least 1e-100; "
                            "where the reference has no loss at all, margin= "
                            "says how much would matter",
                            mean);
    if (bets->count < 1 || bets->count > BETS_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "bets = has %u numbers; 1 to %d are possible",
                            bets->count, (int)BETS_MAX);
    e->arl = mlpipe__params_get(p, "arl")->number;
    e->limit = e->arl * bets->count;
    e->bets = bets->count;
    e->lanes = (e->bets + 1) & ~UINT64_C(1);
    for (uint32_t i = 0; i < bets->count; i++) {
        e->keep[i] = 1 - bets->reals[i];
        e->gain[i] = bets->reals[i] / mean;
    }
    return MLPIPE_OK;
}

static int32_t e_update(void *state, double x, double n)
{
    e_state *e = state;
    const uint64_t lanes = e->lanes;
    double even = 0, odd = 0;

    (void)n;
    e->sum += x;
    for (uint64_t i = 0; i < lanes; i += 2) {
        const double a = (1 + e->wealth[i]) * (e->keep[i] + e->gain[i] * x);
        const double b = (1 + e->wealth[i + 1]) *
                         (e->keep[i + 1] + e->gain[i + 1] * x);

        e->wealth[i] = a;
        e->wealth[i + 1] = b;
        even += a;
        odd += b;
    }
    return even + odd >= e->limit ? MLPIPE_DETECTOR_DRIFT
                                  : MLPIPE_DETECTOR_NONE;
}

static double e_wealth(const e_state *e)
{
    double even = 0, odd = 0;

    for (uint64_t i = 0; i < e->lanes; i += 2) {
        even += e->wealth[i];
        odd += e->wealth[i + 1];
    }
    return even + odd;
}

static bool e_get(const void *state, const char *name, double n, double *out)
{
    const e_state *e = state;

    if (!strcmp(name, "mean"))
        *out = n > 0 ? e->sum / n : mlpipe__nan();
    else if (!strcmp(name, "statistic"))
        *out = e_wealth(e) / (double)e->bets;
    else if (!strcmp(name, "threshold"))
        *out = e->arl;
    else
        return false;
    return true;
}

static bool e_valid(const void *state, double n, int32_t last)
{
    const e_state *e = state;

    if (!(e->sum >= 0 && e->sum <= 2 * MLPIPE__DETECTOR_MAX * n))
        return false;
    for (uint32_t i = 0; i < BETS_MAX; i++) {
        const double w = e->wealth[i];

        /* 0 where nobody bets; infinite at an alarm by a huge value. */
        if (!(w >= 0) || ((i >= e->bets || n <= 0) && w > 0))
            return false;
    }
    return (e_wealth(e) >= e->limit) == (last == MLPIPE_DETECTOR_DRIFT);
}

/* One bet must reach the limit of the sum; that the others help, and that
 * gamblers of all values play, is left out. */
static double e_mde(const void *state, double n, double variance)
{
    const e_state *e = state;
    const double mean = (1 - e->keep[0]) / e->gain[0];
    double bets[BETS_MAX];

    for (uint64_t i = 0; i < e->bets; i++)
        bets[i] = 1 - e->keep[i];
    return mean * (1 + mlpipe__bets_mde(bets, (uint32_t)e->bets,
                                        mlpipe__log(e->limit), n,
                                        variance / (mean * mean)));
}

const mlpipe__detector_kind mlpipe__detector_e = {
    .name = "e_detector",
    .doc = "Bets against a mean loss, with a bound on false alarms.",
    .params = e_params,
    .param_count = &e_param_count,
    .version = 1,
    .bytes = sizeof(e_state),
    .fixed = offsetof(e_state, sum),
    .low = 0,
    .high = MLPIPE__DETECTOR_MAX,
    .init = e_init,
    .update = e_update,
    .get = e_get,
    .valid = e_valid,
    .mde = e_mde,
};
