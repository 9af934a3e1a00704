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
 * Parameters: pane=1000 (rows), panes=24 (closed panes that are kept),
 * capture=0 (the newest served rows kept for retraining), alpha=0.01 (a chance,
 * of a false alarm), psi=0.1 (effect, in units of PSI, below which drift is no
 * drift), label_delay=30 d (how long a prediction waits for its truth),
 * expire=drop (or the truth, in the target's units, of one that has waited for
 * so long), pending=1000000 (predictions that
 * wait for their truth, 32 bytes each, and 8 for each class but the first),
 * maturity=0 (share of known truths below which performance is not judged),
 * detector=auto (of a change of the loss: auto, none, or a kind of detector.h
 * with its parameters, such as detector='page_hinkley threshold=20 mode=up'),
 * moments=32 (one row in so many is looked at for how the inputs go together:
 * by a hash of its id, so that it is the same rows whichever worker serves
 * them, or every so many rows of a worker where requests have no id; 0 = none,
 * which costs nothing).
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
 * @status MLPIPE_E_NOMEM, MLPIPE_E_NUMERIC (not finite, or of classes
 *         not the number of one), MLPIPE_E_LIMIT (half of pending= wait for a
 *         tick, 4,096 at least), MLPIPE_E_STATE (after fork)
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
 * counts of truths; verdicts OK, INSUFFICIENT_DATA, WARN or DRIFT. Beside each
 * stands a text for people, `<verdict>.why`: what it lacks ("120 of the 1000
 * rows of a pane"), or what was found; verdict.why names those that made the
 * worst. Their words may change; a scrape for Prometheus has none of them.
 *
 * Drift compares the counts of the newest pane (n rows) with those of the
 * training rows (N) in the reference's cells: cells of equal frequency with
 * tails of 0.5, 1 and 5 %, values of many rows and few distinct ones in cells
 * of their own (of up to 32 also what lies between two), what is beyond the
 * range apart; of categories those that hold a 64th of the rows, and 64 cells
 * at most. N_e = N n / (N + n). Tests, in the
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
 *   the reference and five rows are expected in, at most 10 % and no value of
 *   more than 2 %; missing: more (0.95 of the level) or fewer; unseen:
 *   categories beyond what training leaves to be seen (I. J. Good, Biometrika
 *   40, 1953); out_of_range: more beyond training's extremes than chance has.
 *   R. A. Fisher's exact test, or where the limit is a row of the reference the
 *   beta-binomial distribution of the pane's rows beyond it. Panes of one rate
 *   are ordered by what their other rows do, so that a level is met where only
 *   few rows are counted: p = P(more) + P(as many) u, u the p of the values
 *   that are there (missing, unseen: ad's, or chi2's of those categories) or of
 *   as many rows in the outer half of what lies further in (tails,
 *   out_of_range); half where there is no u, and then no less than 1 / 1.1 of
 *   the exact p. A pane without such rows has no more of them, p = 1. Effect:
 *   the difference of rates, R. G. Newcombe's interval (Statistics in Medicine
 *   17, 1998).
 *
 * An input's p is S. Holm's least of {ad, tails, missing, out_of_range} or
 * {chi2, missing, unseen}, without rates of what neither sample has and chance
 * does not expect; q, the false discovery rate of Y. Benjamini and Y.
 * Hochberg (JRSS B 57, 1995) over the inputs. WARN: q <= alpha. DRIFT: and the
 * effect of such a test matters: PSI less its bias >= psi=, KS >= 0.5, or a
 * rate changed by 0.01. The score has the same tests and a verdict of its own.
 *
 * How numeric inputs go together (the first 64 that vary, once 500 rows of
 * moments= are there; such a window may last for several panes): an input's
 * value counts as the normal score of its cell in the reference, 0 where it is
 * missing, so that no single value makes a correlation. Each pair's r is
 * tested against the reference's by z = (atanh r - atanh r0) / sqrt(s (1 / (n -
 * 3) + 1 / N)) (R. A. Fisher, 1921), where s, 1 for a normal pair, is what the
 * training rows show: the mean square of u v - r0 (u^2 + v^2) / 2 over (1 -
 * r0^2)^2. A pair changed where its q of Benjamini and Hochberg is at most
 * alpha and r by 0.1 or more: correlations_changed, correlation_change (the
 * largest), the verdict "correlations", the table "correlations" (the ten
 * pairs least likely by chance, change with its 95 % interval). reconstruction
 * is the mean squared distance of the standardised scores from the principal
 * components that hold 65 % of the training rows' variance, tr(M) - tr(V M V'),
 * beside reconstruction_reference, with reconstruction_p (normal, two-sided)
 * and the verdict "reconstruction", which matters from a tenth of the
 * reference's on. moments_rows are the rows behind them.
 *
 * The table "inputs" begins with those that move the answer most and have
 * changed most: weight (the mean absolute change of the answer where the input
 * tells of another row, over up to 512 training rows, as a share of that of
 * all inputs) times effect. "bins" has the cells of the first 200 of them,
 * shares of rows of the reference and of the pane. "panes_closed" keeps of each
 * pane what the report said when it was closed: performance is accuracy or
 * rmse (panes_metric) with its interval, estimated what cbpe expected of it.
 * "calibration", of two classes, has the mean score and the share of positives
 * of the newest matches in tenths of the score.
 *
 * Numbers of an input, also in the table "inputs": `<input>.psi` = sum (q - p)
 * ln(q / p) over the cells of chi2 with 0.5 added to each count; .p of chi2;
 * .ks, .ks_p, .ad, .ad_p; .effect, .effect_low, .effect_high and .mde of PSI
 * less its bias; .q; rates .missing, .unseen, .out_of_range, .tail_low,
 * .tail_high. Those of inputs called score, performance or as a metric is, such
 * as f1, are input.score.psi and the like, since the model has such names too;
 * so are those of inputs whose names begin with input.
 *
 * "concept" is the verdict of the detector, which takes the loss of every
 * prediction that met its truth, in the order of (label time, id): 1 for a
 * wrong class, else 0; of a number |error| / cap, at most 1, with cap = 4
 * times the rmse of the reference (without a reference the error as it is).
 * detector=auto is an e_detector with arl=1e6 around the loss of the
 * reference: mean is that of its held-out rows, margin what their upper 95 %
 * bound (Clopper and Pearson 1934 for classes, the normal distribution for
 * numbers) lies above it, and a tenth of that bound, for classes at least
 * 0.005, as what would not matter; so does an e_detector told without mean=
 * or margin=. Without a reference, and for three classes, it is
 * INSUFFICIENT_DATA, as below 30 losses. An alarm is DRIFT until another
 * deployment serves, where it begins anew, or a cycle's retrain was rejected
 * or failed. concept.mde, of an e_detector, is the mean loss that would have
 * raised an alarm with probability 0.8 within the concept.n losses, had it been
 * there from the first on; where it is more than twice concept.reference (for
 * classes: and more than 0.05 above it), the verdict is INSUFFICIENT_DATA and
 * not OK. Its other numbers: concept.n, concept.loss (their mean),
 * concept.reference (the held-out loss), concept.statistic and
 * concept.threshold (of the first alarm, where there was one),
 * concept.alarms.
 *
 * How it serves, of the newest closed pane and, behind "deployment.", since it
 * was deployed: latency_ns_p50, _p90, _p99, _p99_9, _max and _n, of what
 * latency= of mlpipe_slot_new timed and mlpipe_worker_latency told; intervals
 * are those of the rank n q (Conover, Practical Nonparametric Statistics,
 * 3.2). rows_per_second is between ticks: of a pane, from the tick that opened
 * it to the one that closed it; NaN where nobody knows. errors is the share of
 * requests that failed or have no answer, errors.E_HOST and the like of those
 * that failed by code, with Wilson's interval; a code that never came is left
 * out, and 0 to a rule. Table errors_by_code counts them, and latency_seconds
 * is the histogram since deployment, cumulative (le = at most).
 *
 * Truths: truths = truths_matched + _duplicate + _unmatched + _early, and
 * predictions = truths_matched + predictions_expired + _repeated + _waiting;
 * truths_refused were not taken, for whatever reason mlpipe_monitor_truth told.
 * truths_early wait for a prediction that no tick has seen: it is still to be
 * served, or its id is one of ids_lost, and then they end as truths_unmatched.
 * Each worker keeps ring= ids (mlpipe_slot_new) from tick to tick and loses
 * those beyond, so ring= is at least the rows that one worker answers between
 * two ticks, and better twice as many. A tick that finds ids lost logs a
 * warning (MLPIPE_LOG_WARN) with their number.
 *
 * Times, where a minute is nothing: ticks_back, ticks whose time lies before
 * that of the tick before (it is taken as told, so that nothing expires until
 * time goes on); rows_ahead, rows whose time lies ahead of the tick that reads
 * them, and truths_ahead, truths whose label time does: clocks that differ, or
 * another unit; truths_before, truths that were known before their request was
 * answered, by any time: the request was late, or its answer no prediction;
 * rows_late, rows from before the tick before the one that reads them, which is
 * no error where a host serves what happened earlier, or tells no time. All of
 * them are taken, and each stands in the report; the first that lies more than
 * ten years from its tick, or a first tick whose time looks like seconds,
 * milliseconds or nanoseconds, is a warning of the log.
 *
 * maturity is the share of predictions of the deployment that serves, since it
 * was swapped in, whose truth is known; pane_maturity that of the newest closed
 * pane. A truth counts with the deployment and pane that predicted, whenever it
 * comes.
 *
 * Metrics: those of mlpipe_evaluate (of regression rmse, mae, r2, and bias, the
 * mean of answer - target; of two classes logloss, brier, auc, ap, accuracy,
 * precision, recall, f1, mcc, ece; of more logloss, brier, auc_ovr, accuracy,
 * balanced_accuracy, f1_macro, ece; of more than 64 classes, and of more than
 * the monitor was made with, none) of the newest matches, at most a pane, of
 * the deployment that serves: `<metric>` with interval and n,
 * `<metric>.reference`, `<metric>.p` = P(Z >= d / se), d how much worse than
 * the reference, se of both. The table `metrics` has a verdict of each, of this
 * report alone.
 *
 * performance compares the mean loss (logloss, squared error; the latter of a
 * gbt with another loss too, by which the gate of a cycle may go with
 * gate=mae, pinball@0.9 or mean_poisson_deviance) with the reference's at
 * looks: the first at the least number of matches, which is 200
 * or a pane, then one for every pane of them, by a tick. A stream that stays
 * as it is raises a false alarm with a chance of at most alpha in all of a
 * deployment's life, as far as the means of its losses are normal, of which
 * - a third is spent by the looks themselves, alpha / 3 / (k (k + 1)) by look k
 *   (performance.level): an alarm where performance.p of the newest matches is
 *   at most that. It finds a large change within its pane, and less and less.
 * - a third is the chance that the mean loss lies above performance.bound, m =
 *   the reference's plus z(1 - alpha / 3) of its standard errors (the bound is
 *   told as a value of the metric),
 * - a third is that of evidence against "the mean loss is at most m": an alarm
 *   where performance.evidence is 3 / alpha or more. It is the mean of S_b over
 *   the bets b = 0.0125, 0.025, ..., 0.8, where each match of loss x makes S_b
 *   to S_b (1 + b (min(x / m, 20) - 1)), and the first match of the k-th pane
 *   of them adds 1 / (k (k + 1)) to S_b before: an e-process (G. Shafer, JRSS A
 *   184, 2021; J. Ville 1939), which keeps its power however long a deployment
 *   has served. It is at most 300 / alpha, so that it falls once a loss is what
 *   it was. Losses that come in bursts break it, as they do a detector.
 * DRIFT: an alarm, and the metric is worse by more than a tenth
 * (performance.change); WARN: by less. Fewer matches, or a maturity below
 * maturity=, are INSUFFICIENT_DATA.
 *
 * What an OK could not have seen: performance.mde is the change that would
 * have been found with probability 0.8 in the performance.mde_n newest matches
 * (those of the look, or of the evidence up to 4,000 or four panes, whichever
 * finds less), if losses spread as they did in the reference and their variance
 * grows as their mean does. Where a doubled mean loss would not be found
 * (performance.mde > 1, of rmse > 0.414) the verdict is INSUFFICIENT_DATA and
 * not OK: a larger validation set, or larger panes, are wanted.
 *
 * `cbpe.<metric>` (accuracy, precision, recall, f1, brier, logloss, auc; of
 * three classes or more accuracy): what the metric of the newest closed pane is
 * expected to be before its truths are known, from the scores and the isotonic
 * calibration of held-out rows: each row counts as a positive by its calibrated
 * probability. Interval: of the rows, their truths and the calibration by the
 * delta method; of auc by Hanley and McNeil. It holds where the inputs change
 * but what they mean for the target does not.
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
 * The state of the canary, by itself: its deployment, share, rows and errors
 * since it came, and those of the model that serves (beside) since then; the
 * drift of its inputs and score once it has a pane's rows; what truths say of
 * it, under the names of mlpipe_monitor_report. The report of the model that
 * serves has nothing of the canary's rows.
 *
 * @param ctx borrows
 * @param monitor borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (no canary runs, or after fork),
 *         MLPIPE_E_BUSY (another thread ticks or swaps)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_monitor_canary(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
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
