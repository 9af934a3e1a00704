/* SPDX-License-Identifier: MIT */
/**
 * @file detector.h
 * Has a stream of losses changed? Detectors that take one value after the
 * other and need neither a model nor a slot; a monitor can hold one (its
 * parameter detector=).
 *
 *     mlpipe_detector_new(ctx, "e_detector", "mean=0.12 margin=0.01", &d);
 *     while (next(&loss))
 *         if (mlpipe_detector_update(d, loss) == MLPIPE_DETECTOR_DRIFT) ...
 *
 * The kinds; the catalog (MLPIPE_KIND_DETECTOR) has their parameters:
 *
 * - e_detector: Sums e-values of bets against "the mean loss is at most mean +
 *   margin". While that holds of every loss given those before it, whatever
 *   their distributions, the expected number of values up to an alarm is at
 *   least arl, and P(alarm within t values) <= t / arl; losses that come in
 *   bursts break it. mean is the loss to be expected, such as that of held-out
 *   rows; its own sampling error belongs into margin, beside the change that
 *   would not matter. R_j = (1 + R_j)(1 + b_j (x / m - 1)), m = mean + margin,
 *   for bets b_j; an alarm where the mean of R_j reaches arl. Values from 0 on.
 *   Shin, Ramdas, Rinaldo: E-detectors (2022).
 * - adwin: Keeps the newest values whose parts do not differ in their mean;
 *   needs no reference. Any finite values. Bifet, Gavalda (2007). The window is
 *   summed up in at most 310 buckets.
 * - page_hinkley: Cumulated deviation from the running mean beyond threshold,
 *   up, down or both. Any finite values. Page (1954).
 * - ddm: Error rate plus its standard deviation against their minimum. Values
 *   from 0 to 1. Gama et al. (2004).
 * - hddm_a: Means before and behind the best cut, by Hoeffding's bound. Values
 *   from 0 to 1. Frias-Blanco et al. (2015).
 *
 * The last four alarm at the same values as those of river 0.26 do. They all
 * begin anew with the first value that follows an alarm.
 */
#ifndef MLPIPE_DETECTOR_H
#define MLPIPE_DETECTOR_H

#include <mlpipe/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Watches a stream of numbers for a change. Of a fixed size. */
typedef struct mlpipe_detector mlpipe_detector;

/** What a detector says of a value. */
enum {
    MLPIPE_DETECTOR_NONE = 0, /**< no sign of a change */
    MLPIPE_DETECTOR_WARN = 1, /**< perhaps; ddm and hddm_a alone */
    MLPIPE_DETECTOR_DRIFT = 2 /**< an alarm */
};

/**
 * Make a detector.
 *
 *     mlpipe_detector_new(ctx, "page_hinkley", "threshold=20 mode=up", &d);
 *
 * @param ctx borrows
 * @param kind borrows: "e_detector", "adwin", "page_hinkley", "ddm", "hddm_a"
 * @param params borrows; NULL for the defaults; e_detector requires mean=
 * @param out gives; free with mlpipe_detector_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (no such kind, or parameters that it
 *         does not have)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_detector_new(mlpipe_ctx *ctx, const char *kind, const char *params,
                    mlpipe_detector **out);

/**
 * Look at the next value. Never allocates. A value that is not finite, beyond
 * 1e100, or outside of what the kind takes changes nothing; it is counted as
 * "ignored".
 *
 * @param detector borrows; NULL gives MLPIPE_DETECTOR_NONE
 * @param x the value, such as a loss, or 1 for an error and 0 for none
 * @return MLPIPE_DETECTOR_
 * @thread owner
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_detector_update(mlpipe_detector *detector,
                                          double x);

/**
 * Look at n values in their order, as n calls of mlpipe_detector_update do:
 * the detector goes on behind an alarm.
 *
 * @param detector borrows; NULL gives 0
 * @param x borrows: n values; NULL gives 0
 * @param n how many
 * @param states what is said of each of the n values; may be NULL
 * @param first the index of the first alarm, n where there is none; may be
 *        NULL
 * @return how many alarms there were
 * @thread owner
 * @since 0.1
 */
MLPIPE_API uint64_t mlpipe_detector_update_batch(mlpipe_detector *detector,
                                                 const double *x, uint64_t n,
                                                 int32_t *states,
                                                 uint64_t *first);

/**
 * Forget all values and counts, as if it were new.
 *
 * @param detector borrows; NULL is allowed
 * @thread owner
 * @since 0.1
 */
MLPIPE_API void mlpipe_detector_reset(mlpipe_detector *detector);

/**
 * A number of the detector. After an alarm they are those of the alarm, until
 * the next value comes.
 *
 * - n: values since it began: made, reset, or the last alarm
 * - values: values taken in all
 * - ignored: values not taken
 * - alarms: alarms in all; warnings: values that said WARN
 * - state: what was said of the last value that was taken
 * - mean: of the n values; of adwin: of its window
 * - statistic: what is compared, and threshold: the alarm is where it is above,
 *   for hddm_a and e_detector also where it is equal; NaN for adwin, which
 *   compares many, and the threshold of hddm_a while its best cut is at the
 *   last value
 * - width, variance: of adwin's window
 *
 * @param detector borrows; NULL gives NaN
 * @param name borrows: one of these
 * @return the number; NaN where the kind has none of that name, or not yet
 * @thread owner
 * @since 0.1
 */
MLPIPE_API double mlpipe_detector_get(const mlpipe_detector *detector,
                                      const char *name);

/**
 * The detector as it stands, as bytes: its kind, parameters and state.
 *
 * @param ctx borrows
 * @param detector borrows
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_detector_bytes(mlpipe_ctx *ctx, const mlpipe_detector *detector,
                      mlpipe_buffer **out);

/**
 * A detector of such bytes, which says of all values to come what the saved
 * one would have said. Damaged or hostile bytes are refused.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size how many bytes
 * @param out gives; free with mlpipe_detector_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_FORMAT, MLPIPE_E_CORRUPT,
 *         MLPIPE_E_VERSION, MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_detector_load_bytes(mlpipe_ctx *ctx, const void *bytes, size_t size,
                           mlpipe_detector **out);

/**
 * Free a detector.
 *
 * @param detector takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_detector_free(mlpipe_detector *detector);

#ifdef __cplusplus
}
#endif

#endif
