/* SPDX-License-Identifier: MIT */
/* Streams for detectors, the same as those of golden/make_detector.py. */
#ifndef MLPIPE_TESTS_DETECTOR_RIG_H
#define MLPIPE_TESTS_DETECTOR_RIG_H

#include "support.h"

enum { STREAM_MAX = 8192 };

/* SplitMix64. */
typedef struct dice {
    uint64_t state;
} dice;

static inline uint64_t dice_next(dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline double dice_unit(dice *d)
{
    return (double)(dice_next(d) >> 11) * 0x1p-53;
}

static inline double dice_value(dice *d, uint64_t law, double at, double by)
{
    double z = -6.0;

    if (law == 0)
        return dice_unit(d) < at;
    if (law == 2)
        return dice_unit(d) * at;
    for (int i = 0; i < 12; i++)
        z += dice_unit(d);
    return at + by * z;
}

/* Bernoulli, nearly normal, or uniform, by seed mod 3, with changes. */
static inline uint32_t detector_stream(uint64_t seed, double *out)
{
    static const double rates[] = {0.01, 0.05, 0.2, 0.3, 0.5, 0.8};
    static const double sds[] = {0.1, 1.0, 3.0};
    dice d = {seed};
    const uint64_t law = seed % 3, parts = 1 + dice_next(&d) % 4;
    uint32_t count = 0;

    for (uint64_t part = 0; part < parts; part++) {
        const uint64_t n = 200 + dice_next(&d) % 1800;
        double at, by = 0;

        if (law == 0) {
            at = rates[dice_next(&d) % 6];
        } else if (law == 1) {
            at = ((double)(dice_next(&d) % 7) - 3) * 0.5;
            by = sds[dice_next(&d) % 3];
        } else {
            at = dice_unit(&d);
        }
        for (uint64_t i = 0; i < n; i++)
            out[count++] = dice_value(&d, law, at, by);
    }
    return count;
}

static inline mlpipe_detector *made_detector(mlpipe_ctx *c, const char *kind,
                                             const char *params)
{
    mlpipe_detector *d;

    assert_ok(c, mlpipe_detector_new(c, kind, params, &d));
    assert_non_null(d);
    return d;
}

static inline mlpipe_ctx *detector_ctx(void)
{
    mlpipe_ctx *c;

    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    return c;
}

/* One setting of each kind, for what all kinds share. */
static const char *const detector_settings[][2] = {
    {"adwin", "clock=1 delta=0.3"},
    {"ddm", NULL},
    {"e_detector", "mean=0.2 arl=200"},
    {"hddm_a", "two_sided=true drift_confidence=0.05 "
               "warning_confidence=0.1"},
    {"page_hinkley", "threshold=5"},
};
enum { DETECTOR_SETTINGS = 5 };

#endif
