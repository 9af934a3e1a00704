/* SPDX-License-Identifier: MIT */
/* What a kind of detector is: one const struct each, in its own file. */
#ifndef MLPIPE_DETECTOR_INTERNAL_H
#define MLPIPE_DETECTOR_INTERNAL_H

#include "../num/num_internal.h"

/* The largest value that is taken: squares of it, times counts, are finite. */
#define MLPIPE__DETECTOR_MAX 1e100

/*
 * A state is a struct of 8-byte words (double or uint64_t): first those that
 * the parameters set, `fixed` bytes, then those that values change, which are
 * what is saved. Both count n, the values since it began, this one included.
 */
typedef struct mlpipe__detector_kind {
    const char *name, *doc;
    const mlpipe__param *params;
    const uint32_t *param_count;
    uint32_t version;      /* of the words that values change */
    uint32_t bytes, fixed; /* of the state */
    double low, high;      /* what values it takes */
    /* The fixed part, into zeros. */
    mlpipe_status (*init)(mlpipe_ctx *ctx, const mlpipe__params *p,
                          void *state);
    /* The part that values change, out of zeros; NULL: zeros are right. */
    void (*start)(void *state);
    int32_t (*update)(void *state, double x, double n);
    /* Its own numbers; false where it has none of that name. */
    bool (*get)(const void *state, const char *name, double n, double *out);
    /* Can n values, of the last of which `last` was said, have led to this
     * state? Words may be any bits. */
    bool (*valid)(const void *state, double n, int32_t last);
    /* The mean that n values of this variance would raise an alarm at with
     * probability 0.8, inf: none would; NULL: nobody knows. */
    double (*mde)(const void *state, double n, double variance);
} mlpipe__detector_kind;

extern const mlpipe__detector_kind mlpipe__detector_adwin;
extern const mlpipe__detector_kind mlpipe__detector_ddm;
extern const mlpipe__detector_kind mlpipe__detector_e;
extern const mlpipe__detector_kind mlpipe__detector_hddm_a;
extern const mlpipe__detector_kind mlpipe__detector_page_hinkley;

/* The kinds in the order of their names; NULL past the last. */
const mlpipe__detector_kind *mlpipe__detector_kind_at(uint32_t i);

/* "kind key=value ...", for parameters that hold a whole detector. */
mlpipe_status mlpipe__detector_of_text(mlpipe_ctx *ctx, const char *text,
                                       mlpipe_detector **out);
/* Its kind, and its parameters as JSON. */
const char *mlpipe__detector_name(const mlpipe_detector *d);
const char *mlpipe__detector_params(const mlpipe_detector *d);
/* As the kind's; NaN where nobody knows, or there is no detector. */
double mlpipe__detector_mde(const mlpipe_detector *d, double n,
                            double variance);

#endif
