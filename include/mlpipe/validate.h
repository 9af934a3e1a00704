/* SPDX-License-Identifier: MIT */
/**
 * @file validate.h
 * Splits and folds, as views; cross-validation; leaks between parts; the search
 * for better parameters; comparisons of models and of recipes.
 */
#ifndef MLPIPE_VALIDATE_H
#define MLPIPE_VALIDATE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/model.h>
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
 * mlpipe_read_csv reads them, year first). No row is in two parts; none is
 * lost, but for what gap=, label_end= and group= with order= drop.
 *
 * order=column sorts by it first and keeps ties together. gap= leaves rows
 * (gap=20) or time (gap='5 d') between parts; label_end=column says when the
 * label of a row is known: rows whose span, from order= to it, meets one of a
 * later part are dropped, and so are, with group=, rows whose group a later
 * part has too. What is dropped is always of the earlier part, and is logged.
 *
 * Without order= the rows are dealt at random under seed=0, by row id:
 * sorting the dataset changes nothing. stratify=column gives each part its
 * share of every class to one row, or of each of bins=10 quantile bins where
 * the column has more different numbers than that; missing is a class of its
 * own. group=columns keeps rows that are equal there in one part; a row that
 * lacks one is alone. Groups are dealt from large to small. Equal parts: each
 * to the part where the sum over classes and parts of (share of the class in
 * the part - share of the part)^2 grows least. Other parts take their share of
 * the groups of each block of groups of like size, drawn by the seed and, with
 * stratify=, such that classes stay level: the size of a group says nothing
 * of its part, and a part exceeds its share of the rows by less than the
 * largest group.
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows
 * @param out gives n_out views; free each with mlpipe_dataset_free
 * @param n_out the number of parts that params ask for
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_ARG (n_out differs from the
 *         number of parts), MLPIPE_E_SCHEMA (no such column, it has nulls, or
 *         a label ends before its row begins), MLPIPE_E_EMPTY (a part would be
 *         empty; a class has fewer rows or groups than there are parts),
 *         MLPIPE_E_LIMIT (2^32 rows), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_dataset_split(c, all, "order=date parts=0.6,0.2,0.2", part, 3);
 *     mlpipe_dataset_split(c, all, "parts=0.8,0.2 stratify=risk", part, 2);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_split(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                     const char *params, mlpipe_dataset **out, size_t n_out);

/**
 * One fold of cross-validation, and the rows that may train for it.
 *
 * Parameters: folds=5, and kind=
 * - random: rows are dealt under seed=0 by row id, so that a row stays in its
 *   fold whatever the dataset's order; stratify=, bins= and group= as those
 *   of mlpipe_dataset_split. repeats=3 deals anew with seed, seed + 1, ...:
 *   fold i belongs to repeat i / folds.
 * - contiguous: runs of rows as they are or, with order=column, sorted by it
 *   (ties together, in the fold where their middle lies).
 * - ordered: the last folds x test= rows or time (test='30 d'), test= being
 *   rows / (folds + 1) by default; only earlier rows train, at most
 *   max_train= (rows, or time before the fold).
 * - groups: each value of group= in turn; folds= is left out.
 *
 * With order=, or in the order of the rows where kind is contiguous or
 * ordered, training rows near a run of tested ones are dropped: gap= rows or
 * time on either side; embargo= rows or time behind it. label_end=column says
 * when a row's label is known: training rows whose span, from order= to it,
 * meets that of a tested run are purged, and gap= and embargo= count from the
 * run's end. Where kind is contiguous or ordered, training rows whose group=
 * is tested are dropped too. Where less than half of what could train for a
 * fold is left, a warning says how many rows each cause took.
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows; NULL for the defaults
 * @param index which fold, 0 .. folds x repeats - 1
 * @param fold gives the rows of the fold; free with mlpipe_dataset_free
 * @param rest gives the rows that may train; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_ARG (no such fold),
 *         MLPIPE_E_SCHEMA (no such column, it has nulls, or a label ends
 *         before its row begins), MLPIPE_E_EMPTY (fewer rows, groups or
 *         members of a class than folds; nothing left to train),
 *         MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_dataset_fold(c, all, "folds=5 kind=contiguous order=opened "
 *                         "label_end=closed embargo='2 d'", 0, &test, &train);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_fold(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                    const char *params, uint32_t index,
                    mlpipe_dataset **fold, mlpipe_dataset **rest);

/**
 * What parts of data have in common: rows, contents, groups, times.
 *
 * Parameters: id= names columns that are left out where rows are compared by
 * content (all columns else; cells of equal bits, missing equal to missing);
 * group=, order= and label_end= as those of mlpipe_dataset_split.
 *
 * The report holds the text verdict ("clean" or "overlap") and the numbers
 * parts, rows, same_id (rows with the row id of one of an earlier part: rows
 * that were read in two calls share ids by chance), same_row (id and content
 * are equal), equal_rows (rows that equal one of an earlier part in content)
 * and equal_share (of the rows of all parts but the first); where asked for,
 * groups (that an earlier part has too, for each pair), rows_out_of_order
 * (rows of a part that lie after the first row of a later one) and spans
 * (rows whose label span meets one of a later part). The table pairs has all
 * this for each two parts, and examples shows equal rows, at most 20.
 *
 * @param ctx borrows; progress is told as "split_check"
 * @param parts borrows n datasets with the same columns, training rows first
 * @param n datasets, 2 to 100
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_ARG (n), MLPIPE_E_SCHEMA
 *         (a column is missing or of another type, or it has nulls where
 *         order= or label_end= may not), MLPIPE_E_EMPTY (a part has no rows),
 *         MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_split_check(c, part, 3, "id=id order=date", &leaks);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_split_check(mlpipe_ctx *ctx, mlpipe_dataset *const *parts, size_t n,
                   const char *params, mlpipe_report **out);

/**
 * Cross-validate a recipe: fit it on what may train for each fold, every step
 * anew, and score it on the fold.
 *
 * Parameters: those of mlpipe_dataset_fold, and metrics= and query= as those
 * of mlpipe_evaluate. A query that folds split is scored in each of them by
 * its rows there, which is logged as a warning; group= keeps queries whole.
 * What is not given is taken from the recipe's roles where
 * it fits: group= from group= where kind is random or groups (elsewhere it
 * would drop training rows, and must be asked for); order= from time= where
 * kind is ordered or contiguous, and label_end= from label_time= where such
 * rows are in the order of the recipe's time=. Learners that stop early or
 * need a reference take the recipe's holdout of the training rows, never the
 * fold.
 *
 * The report has for each metric, say rmse: the number rmse, its mean over
 * folds with the 95 % interval of the corrected resampled t,
 * t(J - 1) sqrt((1 / J + n_test / n_train) s^2) (Nadeau and Bengio, 2003; its
 * n is J, the folds where the metric is defined); rmse_sd; rmse_pooled, over
 * the predictions of the first repeat together; rmse_baseline, the same of
 * answers by no feature; and the series rmse_folds. Beside them: task, kind,
 * rows, folds, repeats, n, rows_without_target and rows_without_answer (of
 * the first repeat, which has every tested row once), dropped_group,
 * dropped_purge, dropped_gap and dropped_embargo (training rows, over all
 * folds), equal_rows, equal_share, groups, rows_out_of_order, spans and the
 * verdict as mlpipe_split_check has them for each fold after what trained for
 * it (by the recipe's id, group and time roles where no parameter says
 * otherwise), fit_seconds, and the table folds. Groups, rows out of order and
 * spans above 0 are logged as warnings.
 *
 * @param ctx borrows; progress is told as "cross_validate", and that of each
 *        fit as "fit"
 * @param pipeline borrows; it has a learner
 * @param dataset borrows
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_EMPTY (as mlpipe_dataset_fold; a class is absent from the
 *         training rows of a fold), and those of mlpipe_dataset_fold,
 *         mlpipe_fit and mlpipe_evaluate; what a fold fails with says which.
 *         Metrics of another task are refused before the first fit
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_cross_validate(c, p, all, "folds=5 repeats=2 stratify=risk "
 *                           "metrics=auc,logloss", &scores);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_cross_validate(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                      const mlpipe_dataset *dataset, const char *params,
                      mlpipe_report **out);

/**
 * Search values of a recipe's parameters that score better.
 *
 * The space names parameters of steps, the tails behind the learner among them,
 * as `<name of the step>.<parameter>`: a range a..b of integers or reals, with
 * :log behind it where its logarithm is to be even, or values separated by
 * commas (`in backticks` where one holds a comma). Or a JSON object of such:
 * {"gbt.leaves": "15..63", "scale.method": ["zscore", "robust"]}.
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
 * (whole, levels=5 values a range); trials=20; seconds=0 (begin no trial after
 * so many; what is tried then depends on the clock); metric= (default rmse, or
 * logloss of classes); query= as that of mlpipe_evaluate, for a metric by query
 * (folds keep the rows of the recipe's group= together, and of another column
 * they do not); folds=5; seed=0; batch=4 (trials that are chosen before any of
 * them is known); halving=0 (3: a batch of nine begins with a ninth of the
 * training rows, the best third goes on to a third of them, the best of those
 * to all; each part holds the one before, and none has fewer than
 * min_rows=1000); `journal=<path>` (JSON lines, synced after each evaluation:
 * the same call goes on where it was interrupted, also with more trials; the
 * journal of another recipe, space, dataset or choice of parameters is
 * refused). Threads of the context work within a fit, trials follow each other:
 * the result depends on neither.
 *
 * Trials count from 0, the recipe as it is, in the report, the journal and the
 * lines of the log. A metric of another task is refused before the first fit,
 * and so are parameters of conformal, which no metric sees.
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

/**
 * Compare two models on the same rows: which is better by a metric, how sure
 * that is, and how small a difference these rows could have shown.
 *
 * Parameters: metric= (default: the task's loss), query= as that of
 * mlpipe_evaluate (default: the group role of a, or else of b), alpha=0.05,
 * and seen=drop:
 * rows that equal a training row of either model are left out and counted;
 * seen=keep compares on them too, and warns. Rows that a model does not
 * answer count for neither. Where both recipes name the same weight column
 * and the dataset has it, metrics and tests are weighted by it, but for
 * McNemar's and Wilcoxon's.
 *
 * The test is that of the metric: DeLong's for auc (1988; by the ranks of Sun
 * and Xu, 2014; equal areas without variance give 0), McNemar's for accuracy
 * without weights (exact below 25 rows on which one model alone is right, else
 * (|a - b| - 1)^2 / (a + b)), for metrics by query Student's t of their
 * differences, query by query, and for all others that of the losses'
 * differences, row by row.
 *
 * The report has the texts verdict ("a better", "b better" or "no difference
 * shown", by p <= alpha), task, metric, test, model_a, model_b, dataset and
 * weight; the metric of either as a and b; difference, b - a in units of the
 * metric (its interval by the delta method); loss_difference, the same of the
 * losses that are tested; statistic (of t and z below 0 where b is better), df
 * and the two-sided p; detectable, the difference that would be shown in 80 %
 * of such samples; alpha, rows, n, queries (of metrics by query), rows_seen,
 * rows_without_target (or of weight 0), rows_without_answer_a and _b. Beside
 * them, of other tests of the same rows, wilcoxon_statistic and wilcoxon_p
 * (signed ranks of the losses' differences), and for classes only_a_right,
 * only_b_right (rows), mcnemar_statistic and mcnemar_p.
 *
 * @param ctx borrows
 * @param a borrows
 * @param b borrows: of the same target and classes
 * @param dataset borrows; it has the inputs of both and the target
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also a metric that no paired test is
 *         known for), MLPIPE_E_SCHEMA (other targets or classes; a column is
 *         missing), MLPIPE_E_EMPTY (fewer than two rows, or for auc of a
 *         class, can be compared), MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_compare(c, old, tuned, test, "metric=auc", &r);
 *     puts(mlpipe_report_text(r, "verdict"));
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_compare(mlpipe_ctx *ctx, const mlpipe_model *a, const mlpipe_model *b,
               const mlpipe_dataset *dataset, const char *params,
               mlpipe_report **out);

/**
 * Compare two recipes over the same folds: both are fitted on what may train
 * for a fold, and scored on the rows of it that both answer.
 *
 * Parameters: those of mlpipe_dataset_fold, metric= (any of the task; default:
 * its loss), query= as that of mlpipe_evaluate (default: the group role of a,
 * or else of b) and alpha=0.05. Where kind is random and group= is not given,
 * the group role of a, or else of b, keeps groups whole.
 *
 * The test is the corrected resampled t of the differences d of the J folds,
 * t = mean(d) / sqrt((1 / J + n_test / n_train) s^2) with J - 1 degrees of
 * freedom (Nadeau and Bengio, 2003): folds share training rows, so that the
 * plain t finds differences where there are none. The ratio is the mean over
 * folds; a fold where the metric is not defined is left out.
 *
 * The report has the texts verdict (as that of mlpipe_compare), task, metric,
 * test and kind; a, b and difference (b - a), means over folds with intervals
 * of the same kind, whose n is J; difference_sd, folds_a_better,
 * folds_b_better, statistic, df, p, alpha, detectable; rows, folds, repeats,
 * rows_without_target, rows_without_answer_a and _b; and the table folds.
 *
 * @param ctx borrows; progress is told as "compare_recipes", and that of each
 *        fit as "fit"
 * @param a borrows; it has a learner
 * @param b borrows; it has a learner, and the target of a
 * @param dataset borrows
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_SCHEMA (other targets), and those of mlpipe_dataset_fold,
 *         mlpipe_fit and mlpipe_evaluate; the message says which fold
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_compare_recipes(c, ridge, gbt, all, "folds=10 repeats=3", &r);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_compare_recipes(mlpipe_ctx *ctx, const mlpipe_pipeline *a,
                       const mlpipe_pipeline *b,
                       const mlpipe_dataset *dataset, const char *params,
                       mlpipe_report **out);

#ifdef __cplusplus
}
#endif

#endif
