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
 * wait for their truth, 32 bytes each, and 8 for each class but the first),
 * maturity=0 (share of known truths below which performance is not judged).
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
 * @status MLPIPE_E_NOMEM, MLPIPE_E_NUMERIC (not finite), MLPIPE_E_LIMIT (half
 *         of pending= wait for a tick, 4,096 at least), MLPIPE_E_STATE (after
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
 * The state of what serves: per input psi with its p-value, missing and
 * unseen rates; realised metrics; counts of truths; verdicts OK,
 * INSUFFICIENT_DATA, WARN or DRIFT. PSI = sum (p-q) ln(p/q) over the
 * reference's bins with 0.5 added to each count of the pane; its p-value is
 * that of chi-square with bins - 1 degrees of freedom at PSI x N n / (N + n).
 * Numbers of an input are <input>.psi and the like; those of inputs called
 * score or performance input.score.psi, since the model has such names too.
 *
 * Truths: truths = truths_matched + _duplicate + _unmatched + _early, and
 * predictions = truths_matched + predictions_expired + _repeated + _waiting;
 * truths_refused were not taken. maturity is the share of predictions of the
 * deployment that serves, since it was swapped in, whose truth is known;
 * pane_maturity that of the newest closed pane. A truth counts with the
 * deployment and pane that predicted, whenever it comes.
 *
 * Metrics: those of mlpipe_evaluate (of regression rmse, mae, r2, and bias, the
 * mean of answer - target; of two classes logloss, brier, auc, ap, accuracy,
 * precision, recall, f1, mcc, ece; of more logloss, brier, auc_ovr, accuracy,
 * balanced_accuracy, f1_macro, ece; of more than 64 classes none) of the
 * newest matches, at most a pane, of the deployment that serves: <metric> with
 * interval and n, <metric>.reference, <metric>.p = P(Z >= d / se), d how much
 * worse than the reference, se of both. The table `metrics` has a verdict of
 * each, of this report alone.
 *
 * performance compares the mean loss (logloss, squared error) with the
 * reference's at looks: the first at the least number of matches, which is 200
 * or a pane, then one for every pane of them, by a tick. Look k spends
 * alpha / (k (k + 1)) (performance.level), so that a stream that stays as it is
 * raises a false alarm with a chance of at most alpha in all of a deployment's
 * life. DRIFT: performance.p is at most that level and the metric is worse by
 * more than a tenth (performance.change); WARN: by less. Fewer matches, or a
 * maturity below maturity=, are INSUFFICIENT_DATA.
 *
 * cbpe.<metric> (accuracy, precision, recall, f1, brier, logloss, auc; of
 * three classes or more accuracy): what the metric of the newest closed pane
 * is expected to be before its truths are known, from the scores and the
 * isotonic calibration of held-out rows: each row counts as a positive by its
 * calibrated probability. Interval: of the rows, their truths and the
 * calibration by the delta method; of auc by Hanley and McNeil. It holds where
 * the inputs change but what they mean for the target does not.
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
