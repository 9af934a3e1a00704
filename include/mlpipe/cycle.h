/* SPDX-License-Identifier: MIT */
/**
 * @file cycle.h
 * When to retrain, whether to swap, and when to go back.
 */
#ifndef MLPIPE_CYCLE_H
#define MLPIPE_CYCLE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/model.h>
#include <mlpipe/monitor.h>
#include <mlpipe/pipeline.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A rule over a monitor's report. */
typedef struct mlpipe_trigger mlpipe_trigger;

/** The loop: monitor, trigger, retrain, gate, swap, probation, rollback. */
typedef struct mlpipe_cycle mlpipe_cycle;

/** What a tick did or asks for. */
enum {
    MLPIPE_ACTION_NONE = 0,      /**< nothing */
    MLPIPE_ACTION_RETRAIN = 1,  /**< call mlpipe_cycle_retrain, any thread */
    MLPIPE_ACTION_SWAPPED = 2,  /**< the challenger passed and serves */
    MLPIPE_ACTION_REJECTED = 3, /**< the challenger failed the gate */
    MLPIPE_ACTION_CONFIRMED = 4, /**< probation ended well */
    MLPIPE_ACTION_ROLLED_BACK = 5, /**< probation ended badly */
    MLPIPE_ACTION_SHADOW = 6, /**< the challenger passed and is in shadow */
    MLPIPE_ACTION_CANARY = 7, /**< the challenger answers a share */
    MLPIPE_ACTION_DROPPED = 8 /**< it failed in shadow or as a canary */
};

/**
 * Compile a rule: names of the monitor's report, numbers with % or a time
 * unit, + - * / and parentheses, comparisons, and, or, not. A bare verdict
 * name (performance, features, concept) is true at DRIFT. What depends on too
 * few rows does not fire. Conditions may stand in lists, and a cycle remembers
 * some of them from tick to tick while it watches one deployment:
 *
 *     any(a, b, c)   all(a, b, c)   2 of (a, b, c)
 *     a for 3 panes  it holds, and did at the tick that closed each of the
 *                    last three panes; those that are closed while a retrain
 *                    or a challenger is under way make it begin anew
 *     a until b      hysteresis: on with a, off with b, as in
 *                    "x.psi > 0.2 until x.psi < 0.1"
 *
 * for and until bind as not does, looser than comparisons and tighter than
 * and. Drift that harms nothing is no reason to retrain: as a rule drift
 * proposes and performance confirms, "any(features, concept) and
 * performance". The name of an input with a hyphen, a space or the like
 * stands in backticks, "`education-num`.psi > 0.2", since a bare - is a minus.
 * A name that no monitor of this model could ever tell, such as concept of
 * three classes, is refused here; mlpipe_cycle_new refuses what its monitor
 * does not tell, too, such as concept with detector=none.
 *
 * @param ctx borrows
 * @param model borrows: its reference tells which names exist
 * @param rule borrows: "performance or age > 30 d"
 * @param out gives; free with mlpipe_trigger_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (with a caret under the place),
 *         MLPIPE_E_LIMIT, MLPIPE_E_STATE (it speaks of performance and the
 *         model's reference has none, or of what is never known)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_trigger_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                   const char *rule, mlpipe_trigger **out);

/**
 * Does the rule hold for this report? It has no memory: `a until b` is as if a
 * had not held before, and `a for 3 panes` is not known where a holds, and so
 * does not fire.
 *
 * @param ctx borrows
 * @param trigger borrows
 * @param report borrows: of mlpipe_monitor_report
 * @param fired 1 or 0
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (a report without a name that the rule
 *         needs)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_trigger_test(mlpipe_ctx *ctx, const mlpipe_trigger *trigger,
                    const mlpipe_report *report, int32_t *fired);

/**
 * Free a rule.
 *
 * @param trigger takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_trigger_free(mlpipe_trigger *trigger);

/**
 * Close the loop around a monitored slot.
 *
 * Parameters: when='performance or age > 30 d', gate=rmse (the metric on
 * which a challenger must win, by the test that mlpipe_compare takes for it,
 * such as that of DeLong for gate=auc; default: the task's loss; not one by
 * query),
 * gate_share=0.25 (share of the labelled captured rows, the newest, that is
 * withheld from the challenger),
 * gate_gap=0 (rows before those that it does not learn from either: where
 * truths come late, theirs overlap with the truths of the withheld rows; as
 * many as requests come until a truth is known),
 * gate_min=200 (rows below which it decides nothing); its p is the greater of
 * that test's and of one that allows for errors that go on from row to row;
 * alpha=0.01 (a chance, of swapping in one that is no better),
 * probation=2000 (labelled rows of the new model), cooldown=500 (labelled
 * rows between two retrains, or behind a probation), cooldown_time=0 (the
 * same in time: a number with s, min, h, d or w, bare numbers are seconds),
 * retrains=0 (the most that are asked for in all; 0 = any
 * number), budget=0 (the most retrains within budget_time=1 d), every=0 (time
 * after which one is asked for, whatever the rule says; 0 = never), volume=0
 * (new labelled rows for which one is). What waits for one of these is a line
 * "held" of the log, once, with its reason: cooldown, cooldown_time, labelled
 * (too few rows for the gate), retrains, budget.
 *
 * refit=false: a challenger lacks the newest rows, those withheld for the gate.
 * With refit=true a retrain fits the recipe once more, on all captured rows
 * with a truth, and that model goes on in place of a challenger that passed:
 * it is swapped in, or enters the stages. The gate's figures are those of the
 * challenger, since no row is left that could judge the other; it is judged in
 * the stages, where there are any, and on probation. In the log it is
 * "refitted", beside "challenger". It is for laws that change, where the newest
 * rows matter, and costs a second fit.
 *
 * A challenger that passed the gate is swapped in at once, or after stages:
 *
 * shadow=0 (labelled rows; 0 = none): it predicts the rows that are served from
 * then on, at the tick and from the captured records, so that serving pays
 * nothing; when that many have their truth, or the capture holds nothing older,
 * it must win the gate's test on them too. The log tells the share of rows that
 * it answers otherwise: with another class, or a number off by more than a
 * tenth of the champion's error.
 *
 * canary=0 (share of the requests, by id; 0 = none) canary_rows=500 (labelled
 * rows) canary_margin=0.05 (share of the champion's mean loss): it answers a
 * share of the requests (mlpipe_slot_canary). Both models are compared on all
 * labelled rows that either answered since, every gate_min rows of the canary.
 * It is dropped when it is worse (looks share alpha), or when it leaves more
 * rows unanswered than the champion, by more than 1 % and by more than chance
 * (looks at 32, 64, ... rows, with alpha / 2, alpha / 4, ...). When canary_rows
 * of its own have their truth it is promoted if it is no worse: a one-sided
 * test at alpha that its mean loss is not above the champion's by the margin, a
 * share of that loss; else dropped. Promoted, it is on probation as after a
 * swap.
 *
 * @param ctx borrows
 * @param monitor keeps; made with capture=
 * @param recipe borrows a copy: what a retrain fits
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_cycle_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_STATE (no capture, a rule
 *         that could never fire with this monitor, a recipe without a learner,
 *         or after fork), MLPIPE_E_SCHEMA (a recipe of another target, or with
 *         a group or weight that no captured row has), MLPIPE_E_LIMIT (the
 *         rule), MLPIPE_E_BUSY (another thread swaps)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_cycle_new(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                 const mlpipe_pipeline *recipe, const char *params,
                 mlpipe_cycle **out);

/**
 * Let time pass: read the monitor, test the rule, gate a challenger that is
 * ready, swap, end a probation. It never trains and reads no clock: the same
 * counts, truths and times give the same decisions.
 *
 * @param ctx borrows
 * @param cycle borrows
 * @param now_us the host's time in microseconds since 1970
 * @param action MLPIPE_ACTION_; may be NULL
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (another thread has the slot, or 64
 *         retired deployments wait for a worker), MLPIPE_E_CANCELLED (while
 *         models are compared), MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_cycle_tick(mlpipe_ctx *ctx,
                                                        mlpipe_cycle *cycle,
                                                        int64_t now_us,
                                                        int32_t *action);

/**
 * Fit a challenger on the captured rows; a later tick gates it.
 *
 * @param ctx borrows: another context than the one that ticks, where the two
 *        run at once
 * @param cycle borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (a retrain runs or a challenger
 *         waits), MLPIPE_E_EMPTY (fewer rows than gate_min), MLPIPE_E_STATE
 *         (after fork), and those of mlpipe_fit
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_cycle_retrain(
    mlpipe_ctx *ctx, mlpipe_cycle *cycle);

/**
 * Every decision with the figures it was made from, one JSON object a line.
 *
 * A line has now_us (of the tick), action and deployment (by number: what
 * serves, or for a canary and on probation what is judged). Actions: retrain
 * and held (it waits), retrain_failed and rule_refused (with the code as
 * reason, and a message), rejected, shadow_started, canary_started, swapped,
 * promoted, dropped, confirmed, rolled_back, and superseded (the host put
 * another model in place). reason says why where there are several.
 *
 * retrain, held: labelled (captured rows with a truth); rule, values (of the
 * names in it), and where it remembers: memory (what it remembered), pane (1:
 * one was closed since the last look); has and needs (of a limit that made it
 * wait); since and every (seconds since the last retrain, and every=), fresh
 * and volume (truths since then, and volume=).
 *
 * The others name models by id: champion, challenger and, with refit=true,
 * refitted; on probation previous, the model before. Two models, a and b, are
 * compared on the same rows: a is the champion and b the challenger; on
 * probation a is the model that was swapped in and b the one before it, so that
 * "b is better" is a reason to go back.
 * - metric, and a and b: what it is of each
 * - rows: that were compared; least: how many decide something
 * - removed: rows left out since a or b was fitted on them; unlabelled: since
 *   they have no usable target; unweighted: no usable weight
 * - silent_a, silent_b: rows left out since this model gave no answer
 * - alpha: the level of this look; test: the name of the test
 * - mean: of the loss of b less that of a (of an area, of a less b: below 0 b
 *   is better), se its standard error by that test; serial_se and serial_df:
 *   its standard error and degrees of freedom where errors go on from row to
 *   row
 * - p: one-sided, that b is no better, the greater of both tests
 * - differs: the share of rows that b answers otherwise than a
 *
 * Of a canary, too: two_sided (the p of a difference either way), margin and
 * scale (it may be worse by margin times scale, the mean loss of a), p_margin
 * (of the test that it is no worse), final_alpha (its level), over (1: all rows
 * of the canary are there), served and served_silent (requests that the
 * champion had since, and those without an answer), canary and canary_silent
 * (the canary's), errors_alpha (the level of this look at them; 0: no look).
 *
 * @param ctx borrows
 * @param cycle borrows
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_cycle_log(
    mlpipe_ctx *ctx, const mlpipe_cycle *cycle, mlpipe_buffer **out);

/**
 * The monitor's report (mlpipe_monitor_report) with a table "decisions", of
 * the newest 200 lines of the log: time, action, reason, metric, deployment,
 * rows, what the metric was of champion and challenger, and p. As "html" it is
 * a page with the panes over time, alarms, swaps and decisions.
 *
 * @param ctx borrows
 * @param cycle borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (another thread ticks or swaps),
 *         MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_cycle_report(mlpipe_ctx *ctx, const mlpipe_cycle *cycle,
                    mlpipe_report **out);

/**
 * Decide again from a log: does every decision follow from the figures beside
 * it? It takes no data and no model. p is made again from mean, deviations and
 * rows, mean from the metric of both models where that is its loss; lines must
 * come in the order of time and of the loop (a swap behind a gate that was
 * passed, a rollback on probation), with deployments that rise and one alpha
 * for each kind of test. The first line is believed, so that a log may be cut
 * at its beginning; blank lines at its end pass. The message tells the line,
 * what it says and what it should be. What decides nothing, such as a count of
 * rows that were left out, is not looked at.
 *
 * @param ctx borrows
 * @param log borrows: as mlpipe_cycle_log or mlpipe_cycle_replay gave it
 * @param bytes of log
 * @param decisions how many were looked at; may be NULL
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_FORMAT (a line is no JSON, or blank before
 *         others), MLPIPE_E_CORRUPT (names the first line that does not
 *         follow), MLPIPE_E_PARAM (a rule that is none)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_cycle_audit(mlpipe_ctx *ctx, const char *log, size_t bytes,
                   uint64_t *decisions);

/**
 * Run the loop over rows in the order of time, on a simulated clock: a
 * backtest. Each row is predicted by what serves then, its truth is told
 * later, the cycle ticks, retrains at once where it wants to, gates, swaps and
 * goes back, by the functions of the live loop: a slot, a worker, a monitor
 * and a cycle, so that the same requests, truths and ticks by hand give the
 * same log, byte for byte.
 *
 * Parameters: start=0.25 (the share of the rows, the oldest, that the first
 * model is fitted on where none is given; they are not replayed), tick=100
 * (rows between two ticks), label_rows=1 (a truth is told behind the prediction
 * of the row so many rows later), or label_delay=2 d, or label_time=sold_at (a
 * column of timestamps; null = its truth never comes), interval=1 s (between
 * two rows, where the recipe's time is no column of timestamps: row i, from 0
 * behind the w rows of the warm-up, is asked for at (w + i + 1) interval, from
 * 1970 on; w is start times the rows, rounded down, and 0 where a first model
 * is given), pane=1000 (rows of a line in the table panes), and monitor='...'
 * and cycle='...', the parameters of mlpipe_monitor_new (where capture=50000
 * unless told otherwise) and mlpipe_cycle_new.
 *
 * By hand it is: a layout of the first model's inputs in their order, texts
 * as MLPIPE_TOKEN and all others as MLPIPE_F64; row i has the id i + 1 (i
 * from 0, behind the warm-up) and the time of its own; then the truths that
 * are due, in the order of rows, then behind every tick-th row and the last
 * one mlpipe_cycle_tick; where that says MLPIPE_ACTION_RETRAIN,
 * mlpipe_cycle_retrain and another tick at the same time.
 *
 * The report "replay": rows, labelled (truths that came within the rows),
 * ticks, retrains, retrains_failed, swaps (a canary that was promoted is one),
 * rejected, shadows and canaries (that were started), dropped, confirmed,
 * rolled_back; each standard metric of the task of what served,
 * `<metric>.frozen` of the first model on the same rows, and
 * `<metric>.difference` of the two, its interval that of the mean over at most
 * 50 stretches of time by Student's t, since losses near in time are alike
 * (batch means; only of metrics with a loss of each row). The table panes:
 * first_row, rows, labelled, deployment (that answered its last row), the
 * task's metric and that of the first model, for classes also accuracy, and
 * retrains, swaps, rejected, dropped, rolled_back.
 *
 *     mlpipe_cycle_replay(c, p, NULL, rows, "start=0.25 cycle='alpha=0.05'",
 *                         &log, &report);
 *
 * @param ctx borrows; progress is told as "replay", fits as "fit"
 * @param recipe borrows: what a retrain fits
 * @param first borrows: the first model; NULL: start= of the rows
 * @param rows borrows: in the order of time, targets included
 * @param params borrows; NULL for the defaults
 * @param log gives the audit log; may be NULL; free with mlpipe_buffer_free
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (a column is
 *         missing, of another type, or rows are not in the order of time or a
 *         truth is older than its row), MLPIPE_E_FORMAT (a class that the
 *         first model does not know), MLPIPE_E_EMPTY, MLPIPE_E_LIMIT (2^32 - 1
 *         rows), MLPIPE_E_CANCELLED, and those of mlpipe_fit,
 *         mlpipe_monitor_new and mlpipe_cycle_new
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_cycle_replay(mlpipe_ctx *ctx, const mlpipe_pipeline *recipe,
                    const mlpipe_model *first, const mlpipe_dataset *rows,
                    const char *params, mlpipe_buffer **log,
                    mlpipe_report **out);

/**
 * End the loop; the slot goes on serving. So does a canary that runs: end it
 * with mlpipe_slot_promote or mlpipe_slot_drop.
 *
 * @param cycle takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_cycle_free(mlpipe_cycle *cycle);

#ifdef __cplusplus
}
#endif

#endif
