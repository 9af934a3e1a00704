/* SPDX-License-Identifier: MIT */
/**
 * @file monitor.h
 * Watch what is deployed: drift of the inputs, late truths, realised loss.
 */
#ifndef MLPIPE_MONITOR_H
#define MLPIPE_MONITOR_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/deploy.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Watches a slot across swaps. */
typedef struct mlpipe_monitor mlpipe_monitor;

/**
 * Watch a slot. Counts are read in panes: a pane is closed by a tick once it
 * holds enough rows.
 *
 * Parameters: pane=1000 (rows), panes=24 (kept), capture=0 (the newest served
 * rows kept for retraining), alpha=0.01, psi=0.1 (effect below which drift is
 * no drift), label_delay=30 d, expire=drop, pending=1000000 (predictions that
 * wait for their truth).
 *
 * @param ctx borrows
 * @param slot keeps; one monitor for each slot
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_monitor_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_CONFLICT (it has one),
 *         MLPIPE_E_BUSY (another thread swaps), MLPIPE_E_STATE (after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_new(mlpipe_ctx *ctx, mlpipe_slot *slot, const char *params,
                   mlpipe_monitor **out);

/**
 * Tell what became of a request. It may come before or after the tick that
 * sees the prediction; unknown, repeated and late ones are counted.
 *
 * @param ctx borrows
 * @param monitor borrows
 * @param id of the request
 * @param label_us when the truth became known, microseconds since 1970
 * @param truth the target in its own units; for classes the index of
 *        mlpipe_model_class
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_NUMERIC (not finite), MLPIPE_E_STATE (after
 *         fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_truth(mlpipe_ctx *ctx, mlpipe_monitor *monitor, uint64_t id,
                     int64_t label_us, double truth);

/**
 * Read the workers' counters and rings, and close the pane where it is full.
 * A cycle's tick does it too.
 *
 * @param ctx borrows
 * @param monitor borrows
 * @param now_us the host's time in microseconds since 1970
 * @param closed 1 where a pane was closed, else 0; may be NULL
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (another thread ticks or swaps),
 *         MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_tick(mlpipe_ctx *ctx, mlpipe_monitor *monitor, int64_t now_us,
                    int32_t *closed);

/**
 * The state of what serves: drift of inputs and score, realised metrics,
 * counts of truths; verdicts OK, INSUFFICIENT_DATA, WARN or DRIFT.
 *
 * Drift compares the counts of the newest pane (n rows) with those of the
 * training rows (N) in the reference's cells: cells of equal frequency with
 * tails of 0.5, 1 and 5 %, values of many rows and few distinct ones in cells
 * of their own, what is beyond the range apart; of categories those that hold
 * a 64th of the rows, and 64 cells at most. N_e = N n / (N + n). Tests, in the
 * table "drift_tests", each with statistic, effect, 95 % interval, p, and mde,
 * the effect that is found with probability 0.8 at alpha:
 * - chi2: homogeneity of both, cells joined until Cochran's rule holds; p by
 *   the mean and variance of chi-squared among tables of these margins (R. B.
 *   Dawson, JASA 49, 1954). Effect: Cohen's w = sqrt((chi2 - df) / N_e),
 *   interval by the noncentral chi-squared's normal approximation.
 * - g: 2 sum O ln(O / E), p by D. A. Williams (Biometrika 63, 1976) and as
 *   above.
 * - ks, of numbers: D = max |P - Q| over the ends of cells; sqrt(N_e) D beside
 *   a Brownian bridge at those ends, followed in training.
 * - ad, of numbers: Anderson and Darling's A2 with mid-ranks (F. W. Scholz and
 *   M. A. Stephens, JASA 82, 1987); a sum of chi-squared by the eigenvalues
 *   that the cells have, inverted in training. Effect: PSI less its bias
 *   df / N_e, interval by the delta method.
 * - tail_low, tail_high: more rows in the outermost cells that hold 0.5 % of
 *   the reference and five rows are expected in; missing: more (0.95 of
 *   the level) or fewer;
 *   unseen: categories beyond what training leaves to be seen (I. J. Good,
 *   Biometrika 40, 1953); out_of_range: more beyond training's extremes than
 *   chance has. R. A. Fisher's exact test by mid-p, no less than 1 / 1.1 of
 *   the exact p, so that a level is exceeded by a tenth at most and rare
 *   events stay below. Effect: the difference of rates, R. G. Newcombe's
 *   interval (Statistics in Medicine 17, 1998).
 *
 * An input's p is S. Holm's least of {ad, tails, missing, out_of_range} or
 * {chi2, missing, unseen}; q, the false discovery rate of Y. Benjamini and Y.
 * Hochberg (JRSS B 57, 1995) over the inputs. WARN: q <= alpha. DRIFT: and the
 * effect of such a test matters: PSI less its bias >= psi=, or a rate changed
 * by 0.01. The score has the same tests and a verdict of its own.
 *
 * Numbers of an input, also in the table "inputs": <input>.psi = sum (q - p)
 * ln(q / p) over the cells of chi2 with 0.5 added to each count; .p of chi2;
 * .ks, .ks_p, .ad, .ad_p; .effect, .effect_low, .effect_high and .mde of PSI
 * less its bias; .q; rates .missing, .unseen, .out_of_range, .tail_low,
 * .tail_high. Those of inputs called score or performance are
 * input.score.psi and the like, since the model has such names too.
 *
 * @param ctx borrows
 * @param monitor borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (another thread ticks or swaps),
 *         MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_report(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                      mlpipe_report **out);

/**
 * The captured rows whose truth is known, as a dataset with the recipe's
 * column names: inputs, target, id and time.
 *
 * @param ctx borrows
 * @param monitor borrows; made with capture=
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (no capture, or after fork),
 *         MLPIPE_E_EMPTY (no row has its truth yet), MLPIPE_E_BUSY (another
 *         thread ticks or swaps)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_captured(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                        mlpipe_dataset **out);

/**
 * Stop watching the slot, which goes on serving.
 *
 * @param monitor takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_monitor_free(mlpipe_monitor *monitor);

#ifdef __cplusplus
}
#endif

#endif
