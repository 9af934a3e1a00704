/* SPDX-License-Identifier: MIT */
/**
 * @file validate.h
 * Splits and folds, as views, and the search for better parameters.
 */
#ifndef MLPIPE_VALIDATE_H
#define MLPIPE_VALIDATE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/pipeline.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Cut a dataset into parts.
 *
 * Parameters: parts=0.6,0.2,0.2 (shares) or, with order=, at=2015-02-01 (cut
 * points: values below the first, between, from the last on; dates as
 * mlpipe_read_csv reads them, year first); order=column sorts by it first and
 * keeps ties together; without order the rows are dealt at random by row id
 * under seed=0. No row is in two parts, none is lost.
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows
 * @param out gives n_out views; free each with mlpipe_dataset_free
 * @param n_out the number of parts that params ask for
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_ARG (n_out differs from the
 *         number of parts), MLPIPE_E_SCHEMA (no such column, or it has nulls),
 *         MLPIPE_E_EMPTY (a part would be empty), MLPIPE_E_LIMIT (2^32 rows)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_dataset_split(c, all, "order=date parts=0.6,0.2,0.2", part, 3);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_split(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                     const char *params, mlpipe_dataset **out, size_t n_out);

/**
 * One fold of k-fold cross-validation, and all other rows.
 *
 * Parameters: folds=5, seed=0 (rows are dealt by row id, so that a row stays
 * in its fold whatever else is in the dataset's order).
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows; NULL for the defaults
 * @param index which fold, 0 .. folds - 1
 * @param fold gives the rows of the fold; free with mlpipe_dataset_free
 * @param rest gives the other rows; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_ARG (no such fold),
 *         MLPIPE_E_EMPTY (fewer rows than folds)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_fold(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                    const char *params, uint32_t index,
                    mlpipe_dataset **fold, mlpipe_dataset **rest);

/**
 * Search values of a recipe's parameters that score better.
 *
 * The space names parameters of steps, the tails behind the learner among
 * them, as <name of the step>.<parameter>: a range a..b of integers or reals,
 * with :log behind it where its logarithm is to be even, or values separated
 * by commas (`in backticks` where one holds a comma). Or a JSON object of
 * such: {"gbt.leaves": "15..63", "scale.method": ["zscore", "robust"]}.
 *
 * The first trial is the recipe as it is, so that the result never scores
 * worse on these rows. Every trial is the fit that mlpipe_fit makes of train
 * and valid, scored on valid; without valid, fits on all but one of the folds
 * (rows by row id, whole groups by the recipe's group=), each scored on that
 * fold, and the mean of the scores. Folds know no time: where rows are in
 * time, give later ones as valid. A trial whose fit fails, whose score is not
 * finite, or which leaves more rows without an answer than the recipe's own
 * values, is listed as failed and counts as worst. Of equal scores the earlier
 * trial wins; a trial of values that were tried before is not fitted again.
 *
 * Parameters: method=tpe (the tree-structured Parzen estimator, each parameter
 * by itself: ten trials at random, then the best of 24 draws), random, or grid
 * (whole, levels=5 values a range); trials=20; seconds=0 (begin no trial
 * after so many; what is tried then depends on the clock); metric= (default
 * rmse, or logloss of classes); folds=5; seed=0; batch=4 (trials that are
 * chosen before any of them is known); halving=0 (3: a batch of nine begins
 * with a ninth of the training rows, the best third goes on to a third of
 * them, the best of those to all; each part holds the one before, and none has
 * fewer than min_rows=1000); journal=<path> (JSON lines, synced after each
 * evaluation: the same call goes on where it was interrupted, also with more
 * trials; the journal of another recipe, space, dataset or choice of
 * parameters is refused). Threads of the context work within a fit, trials
 * follow each other: the result depends on neither.
 *
 * The report has numbers best, default, gain (above zero is better),
 * best_trial, trials_tried, trials_done, trials_pruned, trials_failed,
 * trials_repeated, fits; texts such as metric, stopped, fingerprints and a
 * warning; the table trials with each trial's values, score, 95 % interval or
 * deviation over folds, rows, state and message; and last the seconds, the
 * only part that differs from run to run.
 *
 * @param ctx borrows
 * @param pipeline borrows; unchanged
 * @param train borrows
 * @param valid borrows; NULL for folds of train
 * @param space borrows
 * @param params borrows; NULL for the defaults
 * @param tuned gives the recipe with the best values; free with
 *        mlpipe_pipeline_free
 * @param trials gives the report; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also of the space), MLPIPE_E_EMPTY
 *         (a fold without rows), MLPIPE_E_LEAK, MLPIPE_E_CANCELLED,
 *         MLPIPE_E_HOST, MLPIPE_E_LIMIT, MLPIPE_E_UNSUPPORTED (seconds=
 *         without a clock), MLPIPE_E_CONFLICT (the journal of another search),
 *         MLPIPE_E_CORRUPT, MLPIPE_E_FORMAT, MLPIPE_E_BUSY, MLPIPE_E_IO (of
 *         the journal); where all of the first batch failed, what the recipe's
 *         own values failed with, as by mlpipe_fit
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_search(c, p, part[0], part[1], "gbt.leaves=15..63 "
 *                   "gbt.rate=0.03..0.2:log", "trials=20", &tuned, &trials);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_search(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
              const mlpipe_dataset *train, const mlpipe_dataset *valid,
              const char *space, const char *params,
              mlpipe_pipeline **tuned, mlpipe_report **trials);

#ifdef __cplusplus
}
#endif

#endif
