/* SPDX-License-Identifier: MIT */
/**
 * @file model.h
 * Fit a recipe, predict, evaluate, save and load.
 */
#ifndef MLPIPE_MODEL_H
#define MLPIPE_MODEL_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/pipeline.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A fitted recipe: the program that turns a row into a prediction, the
 * schema, the monitoring reference, where it came from. Immutable.
 */
typedef struct mlpipe_model mlpipe_model;

/**
 * Fit a recipe.
 *
 * The learner sees the training rows only. The validation rows stop the
 * boosting early and give the reference its scores and losses; without them
 * the recipe's holdout share of the training rows serves. Same data, recipe
 * and seed give the same model for every number of threads.
 *
 * @param ctx borrows; progress is told as "fit"
 * @param pipeline borrows; it has a learner
 * @param train borrows
 * @param valid borrows; NULL for the recipe's holdout
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (what the recipe says cannot be: an
 *         expression or a step's columns= names a column that is not there or
 *         of a type that it cannot take), MLPIPE_E_SCHEMA (what the data lack:
 *         a column of a role or of features=, a target of the task's type, or
 *         features of a type that a step or learner takes), MLPIPE_E_EMPTY,
 *         MLPIPE_E_LEAK (valid holds rows of train), MLPIPE_E_CONFLICT (a
 *         step behind one that resamples), MLPIPE_E_NUMERIC, MLPIPE_E_LIMIT,
 *         MLPIPE_E_STATE (no learner), MLPIPE_E_UNSUPPORTED (a
 *         reserved role, an offset that the learner does not take, or a task
 *         that it does not do),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_fit(c, p, train, valid, &m);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_fit(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
           const mlpipe_dataset *train, const mlpipe_dataset *valid,
           mlpipe_model **out);

/**
 * Predict every row of a dataset, bit for bit as mlpipe_predict_row would.
 * A row without an answer gives NaN.
 *
 * @param ctx borrows
 * @param model borrows
 * @param dataset borrows; it has the model's input columns, by name
 * @param out rows x mlpipe_model_outputs(model) doubles, row by row
 * @param n how many doubles fit into out
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (out is too small), MLPIPE_E_SCHEMA,
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_predict(mlpipe_ctx *ctx, const mlpipe_model *model,
               const mlpipe_dataset *dataset, double *out, size_t n);

/**
 * Score a model on rows that it has not seen. Each metric has the rows behind
 * it, a 95 % interval where one is defined and, as `<metric>_baseline`, what
 * always answering the training mean or shares would have had. A row of weight
 * 0 is as good as absent, one of weight 2 counts as two. NaN: there is nothing
 * to say, such as the auc of one class.
 *
 * Regression: rmse, mse, mae, medae, max_error, r2, explained_variance, mape,
 * smape, wape, rmsle, pinball (of the median; pinball@0.9 of the 90 %
 * quantile), huber (a line from an error of 1 on; huber@5 of 5),
 * mean_poisson_deviance, mean_gamma_deviance, mean_tweedie_deviance (power 1.5;
 * mean_tweedie_deviance@1.2 of 1.2), d2_absolute_error, d2_poisson, d2_gamma,
 * pearson, spearman, kendall (tau-b). Two classes:
 * logloss, brier, d2_logloss, d2_brier, auc, gini, ap, ks, best_f1 (and
 * best_f1_threshold), accuracy, balanced_accuracy, precision, recall,
 * specificity, npv, f1, jaccard, mcc, kappa, ece (ten bins of equal width),
 * ece_mass (of equal weight); the class is the second one where its
 * probability is 0.5 or more. Three or more: logloss, brier (summed over the
 * classes), d2_logloss, d2_brier, auc_ovr, auc_ovr_weighted, auc_ovo,
 * accuracy, balanced_accuracy, precision_, recall_ and f1_ each with macro,
 * micro and weighted, top2_accuracy, top3_accuracy, mcc, kappa, ece and
 * ece_mass (of the likeliest class). Without metrics= there are rmse, mae,
 * medae, r2; logloss, brier, auc, ap, accuracy, f1, ece; logloss, brier,
 * auc_ovr, accuracy, balanced_accuracy, f1_macro, ece.
 *
 * Definitions are those of scikit-learn 1.9, "Metrics and scoring", with
 * zero_division=nan for the precision, recall, f1 and jaccard of two classes
 * and 0 for what is averaged over classes, those that are neither there nor
 * said left out. Ties: auc counts one half (Mann-Whitney), ap and ks take
 * equal scores together, of equally likely classes the first is taken. auc_ovo
 * is that of Hand and Till 2001, ece that of Naeini et al. 2015, kendall that
 * of Knight 1966. Intervals: means by the normal distribution; shares by
 * Wilson 1927 (of weighted rows for Kish's effective number of them); auc,
 * gini and the areas of many classes by DeLong et al. 1988; ap by the logit
 * interval of Boyd, Eng and Page 2013; medae by Woodruff 1952; correlations by
 * Fisher's z with the variances of Bonett and Wright 2000; rmse, rmsle, ratios
 * (r2, d2_, wape) and functions of the confusion matrix by the delta method;
 * max_error, ks, best_f1, ece and ece_mass have none. d2_poisson and d2_gamma
 * are NaN where targets differ from their mean by its rounding alone. A figure
 * that no double holds is an error.
 *
 * Metrics by query, of numbers and of two classes, score each query's ranking
 * by the answer and are means over queries: ndcg, dcg (the gain of a row is
 * its target y, as in scikit-learn's ndcg_score), ndcg_exp, dcg_exp (gain
 * 2^y - 1, as in LightGBM), mrr, map, and of the first k ranks ndcg@k, dcg@k,
 * ndcg_exp@k, dcg_exp@k, mrr@k, map@k, precision@k, recall@k, hit_rate@k,
 * with a number for k, from 1 to 1000000. A row is relevant where y > 0.
 * Discounts are 1 / log2(rank + 1); precision@k is over k also where a query
 * has fewer rows; map@k is over the smaller of k and the relevant rows. Equal
 * answers count as the mean over all their orders, exactly (McSherry and
 * Najork 2008; for ndcg and dcg as in scikit-learn), so that the baseline,
 * whose answers are all equal, is a ranking drawn at random. Queries are the
 * rows of one value of the column query=, else of the recipe's group=. A query
 * without a relevant row is left out and counted (scikit-learn has 0 there),
 * and so is a row without a query: queries, queries_without_relevant and
 * rows_without_query; the n of the figure is that of queries. A query weighs
 * the mean of its rows' weights. Intervals are those of a mean over queries.
 * metrics=all has none of them. A target below 0 is no gain, and an error of
 * ndcg and dcg.
 *
 * A model with conformal also has level, coverage (the share of rows whose
 * truth the interval or the set of classes holds; Wilson's interval) and
 * interval_width or set_size, the mean of either.
 *
 * Tables of a classifier: confusion (rows are classes, columns what was said,
 * weights; above 30 classes confusion_cells), classes (precision, recall, f1,
 * support of each) and calibration (bins of the probability: rows, mean answer,
 * share that came true with its interval). A recipe with segment= columns gets
 * a table `segment.<column>` of the first metric by its values.
 *
 * The figure rows_seen counts the rows that equal a training row by their
 * contents; above a tenth of the rows a warning says that the scores are too
 * good.
 *
 * @param ctx borrows
 * @param model borrows
 * @param dataset borrows; it has the inputs and the target
 * @param params borrows: "metrics=rmse,r2", "metrics=all", "metrics=ndcg@10
 *        query=session"; NULL for the few above
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also a metric by query where
 *         nothing names queries), MLPIPE_E_SCHEMA, MLPIPE_E_EMPTY,
 *         MLPIPE_E_NUMERIC (beyond every double), MLPIPE_E_LIMIT,
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_evaluate(c, m, test, "metrics=auc,ap,best_f1", &score);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_evaluate(mlpipe_ctx *ctx, const mlpipe_model *model,
                const mlpipe_dataset *dataset, const char *params,
                mlpipe_report **out);

/**
 * What each input column is worth to a model: how much worse it scores on the
 * rows where that column is shuffled among them. Formula as in scikit-learn's
 * permutation_importance: the drop is the score less that of a shuffled
 * column, the other way round where less is better, so that what matters is
 * above zero; the mean over the orders with a 95 % interval (Student's) that
 * speaks of the orders alone and not of the choice of rows. Columns that tell
 * the same share what they are worth, and each may seem worth nothing; take
 * them together=true then. What is read for the offset alone is given and not
 * learnt, and left out. The same bits for any number of threads.
 *
 * The report "importance" has the figures n, score (of all columns as they
 * are), and `drop.<column>` for each, and a table of the same, the greatest
 * first, with the standard deviation over the orders and how many answers went
 * missing, which are left out.
 *
 *     mlpipe_importance(c, m, test, "metric=r2 repeats=10", &r);
 *     worth = mlpipe_report_get(r, "drop.sqft_living");
 *
 * @param ctx borrows
 * @param model borrows
 * @param dataset borrows: it has the inputs and the target; rows that the
 *        model has not seen tell what it has learnt, others what it has
 *        learnt by heart
 * @param params borrows: metric (default that of the task), query= as that of
 *        mlpipe_evaluate, repeats=5, seed=0, columns (default all inputs),
 *        together=false; NULL for defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA, MLPIPE_E_EMPTY (no
 *         row has a target and an answer), MLPIPE_E_LIMIT (2^32 rows),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_importance(mlpipe_ctx *ctx, const mlpipe_model *model,
                  const mlpipe_dataset *dataset, const char *params,
                  mlpipe_report **out);

/**
 * The same model with a report in its card, to be saved with it.
 *
 * @param ctx borrows
 * @param model borrows
 * @param report borrows: of mlpipe_evaluate on this model
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (a report of something else)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_attach(mlpipe_ctx *ctx, const mlpipe_model *model,
                    const mlpipe_report *report, mlpipe_model **out);

/**
 * The same model with a note in its card, to be saved with it: what no
 * computation can tell. A note replaces that of the same name; an empty text
 * removes it. The identity of the model changes with its notes.
 *
 * Names: name, overview, version, documentation, owner, license, reference
 * and citation (model_details); intended_use, users, limitations, tradeoffs
 * and ethics (considerations).
 *
 * @param ctx borrows
 * @param model borrows
 * @param name borrows
 * @param text borrows: UTF-8, at most 65,536 bytes
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (no such name), MLPIPE_E_FORMAT (no
 *         UTF-8), MLPIPE_E_LIMIT (the text; 4,096 reports and notes)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_model_note(c, best, "intended_use", "Prices of houses in King "
 *                       "County, for sellers.", &noted);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_note(mlpipe_ctx *ctx, const mlpipe_model *model,
                  const char *name, const char *text, mlpipe_model **out);

/**
 * Save a model as one file: after a crash it is the old one or the new one.
 *
 * @param ctx borrows
 * @param model borrows
 * @param path borrows: UTF-8
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_NOT_FOUND (no such folder)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_save(mlpipe_ctx *ctx, const mlpipe_model *model,
                  const char *path);

/**
 * The bytes that mlpipe_model_save would write.
 *
 * @param ctx borrows
 * @param model borrows
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_bytes(mlpipe_ctx *ctx, const mlpipe_model *model,
                   mlpipe_buffer **out);

/**
 * Load a model from a file. Every byte is checked before it is used, so that
 * a damaged or hostile file is refused.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_NOT_FOUND, MLPIPE_E_FORMAT,
 *         MLPIPE_E_CORRUPT, MLPIPE_E_VERSION, MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_load(mlpipe_ctx *ctx, const char *path, mlpipe_model **out);

/**
 * Load a model from memory; otherwise as mlpipe_model_load.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size how many bytes
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_FORMAT, MLPIPE_E_CORRUPT,
 *         MLPIPE_E_VERSION, MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_load_bytes(mlpipe_ctx *ctx, const void *bytes, size_t size,
                        mlpipe_model **out);

/**
 * The identity of a model: 32 hexadecimal digits over everything but times,
 * host and durations. Equal data, recipe, seed and format give equal ids.
 *
 * @param model borrows; NULL gives ""
 * @return owned by the model
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_model_id(const mlpipe_model *model);

/**
 * How many columns the model reads.
 *
 * @param model borrows; NULL gives 0
 * @return inputs
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_model_inputs(const mlpipe_model *model);

/**
 * Name of an input column.
 *
 * @param model borrows
 * @param input 0 .. inputs - 1
 * @return owned by the model; NULL where there is no such input
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_model_input(const mlpipe_model *model,
                                          uint32_t input);

/**
 * Type of an input column in the training data.
 *
 * @param model borrows
 * @param input 0 .. inputs - 1
 * @return MLPIPE_TYPE_, or 0 where there is no such input
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_model_input_type(const mlpipe_model *model,
                                           uint32_t input);

/**
 * How many numbers a prediction has.
 *
 * @param model borrows; NULL gives 0
 * @return 1 for regression (the number) and binary (P of the positive
 *         class), K for K classes; then, where the recipe has conformal, the
 *         two ends of the interval or, for each class, 1 where it may be the
 *         truth; then the flags of steps
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_model_outputs(const mlpipe_model *model);

/**
 * Name of an output: the target, or "P(class)"; "<target>_low" and
 * "<target>_high", or "may_be(class)"; the name of a flag.
 *
 * @param model borrows
 * @param output 0 .. outputs - 1
 * @return owned by the model; NULL where there is no such output
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_model_output(const mlpipe_model *model,
                                           uint32_t output);

/**
 * A class of the target; the last of a binary task is the positive one.
 *
 * @param model borrows
 * @param index 0 .. classes - 1, in sort order
 * @return owned by the model; NULL past the last, and for regression
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_model_class(const mlpipe_model *model,
                                          uint32_t index);

/**
 * The recipe that made the model.
 *
 * @param ctx borrows
 * @param model borrows
 * @param out gives; free with mlpipe_pipeline_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_recipe(mlpipe_ctx *ctx, const mlpipe_model *model,
                    mlpipe_pipeline **out);

/**
 * The card: task, target, learner, steps, data with fingerprints and rows,
 * the notes of the fit (fit., among them importances, calibration and
 * intervals), held-out and attached figures (test., test2.), the notes of
 * mlpipe_model_note, seed, determinism, versions and the recipe.
 *
 * mlpipe_report_render writes it as "markdown", and as "json" in the layout of
 * the Model Card Toolkit: model_details (owners, licenses, ...),
 * model_parameters (model_architecture, data, input_format_map, ...),
 * quantitative_analysis (performance_metrics: objects of type, slice, value,
 * confidence_interval and n), considerations, and our own provenance.
 *
 * Of what begins with "fit.": fit.rows are the rows that were given,
 * fit.rows_trained those that the learner saw; fit.loss is what gbt made small,
 * fit.train_loss and fit.valid_loss are means of it (squared error, the
 * deviances as metrics have them); the tables fit.importance
 * (gbt), fit.coefficients (ridge, lasso, elastic_net, logistic), fit.path
 * (lambda=auto: the mean squared error of rows left out, its standard error
 * over the folds, and how many coefficients are not zero, on average over
 * them) and fit.priors (naive_bayes) are the learner's, others a step's.
 * baseline is the mean of the target; three classes or more have a table
 * shares in its place.
 *
 * @param ctx borrows
 * @param model borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_card(mlpipe_ctx *ctx, const mlpipe_model *model,
                  mlpipe_report **out);

/**
 * What a row goes through, for people: the passes of the fit, where each
 * feature comes from and by which steps, the operations and their constants:
 * up to eight edges of a bucket and weights of a linear form, and what is done
 * to a text before it is a number or a code.
 *
 * @param ctx borrows
 * @param model borrows
 * @param out gives the text; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_model_explain(mlpipe_ctx *ctx, const mlpipe_model *model,
                     mlpipe_buffer **out);

/**
 * Free a model; what it was deployed to keeps it as long as needed.
 *
 * @param model takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_model_free(mlpipe_model *model);

#ifdef __cplusplus
}
#endif

#endif
