/* SPDX-License-Identifier: MIT */
/**
 * @file synth.h
 * Made data: from laws whose truth is known, from data by a copula, and data
 * with defects whose list is known.
 */
#ifndef MLPIPE_SYNTH_H
#define MLPIPE_SYNTH_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A Gaussian copula fitted to a dataset; immutable. */
typedef struct mlpipe_copula mlpipe_copula;

/**
 * Make a dataset by a known law. Row r depends on kind, parameters, seed and
 * r alone, so that start= makes any slice of it, on any number of threads, to
 * the same bits; r is its row id. mlpipe_dataset_reading then tells the truth:
 * coefficients, centres, concepts and, where it is known, the least error that
 * any model can have. The column to predict is called y where it is a number
 * (regression, friedman1 to 3, friedman_drift), class where it is a class
 * (classification, sea, hyperplane, agrawal), and spend or churn of mixed. The
 * kinds:
 *
 * - regression: y = bias + sum c_j x_j + noise N(0, 1), x_j of N(0, 1); the
 *   first informative= columns have a c_j of U(0, 100)
 * - classification: class of clusters of N(0, 1) about corners of a cube of
 *   side 2 separation in the informative columns; a share noise of the labels
 *   is dealt anew
 * - friedman1 friedman2 friedman3: y of J. H. Friedman (1991) as in
 *   scikit-learn, and noise
 * - sea: x1 + x2 > 8, 9, 7 or 9.5 (concepts 0 to 3), x_j of U(0, 10)
 * - hyperplane: sum w_j x_j >= sum w_j / 2 with weights that move by change= a
 *   row (Hulten and others, 2001)
 * - agrawal: the ten functions (concepts 0 to 9) of R. Agrawal and others
 *   (1993); noise perturbs the numbers
 * - friedman_drift: drift=lea, gra or gsg of E. Ikonomovska and others (2011)
 * - mixed: customers: ids, texts, categories, dates, bools, numbers, a number
 *   spend and a bool churn to predict
 *
 * drift_at=5000,8000 goes on to the next concept at these rows, all at once or
 * with the chance 1 / (1 + exp(-4 (row - at) / width)). A parameter that a
 * kind does not have is refused.
 *
 * @param ctx borrows
 * @param kind borrows: one of the above
 * @param params borrows: "rows=1000 seed=7 noise=1 ..."; NULL = defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_LIMIT (more than 100,000
 *         numbers of centres to tell), MLPIPE_E_CANCELLED, MLPIPE_E_HOST (the
 *         executor failed), MLPIPE_E_STATE (a pool of threads after fork)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_synth(c, "friedman1", "rows=5000 noise=1 seed=3", &train);
 *     mlpipe_synth(c, "sea", "drift_at=5000 width=500 rows=10000", &stream);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_synth(mlpipe_ctx *ctx, const char *kind, const char *params,
             mlpipe_dataset **out);

/**
 * Put defects into a dataset, and list them: to find out what a check finds.
 * defects= names them, each with a share of the rows where that is not share=:
 * missing, sentinel, outliers, units, infinite, case_variants, typos,
 * whitespace, placeholder_text, numbers_as_text, dates_as_text,
 * mixed_date_orders, future_dates (in one column each); constant,
 * almost_constant, id_like, high_cardinality, duplicate_columns, leak (a new
 * column each); imbalance (rows of the rarest class go), duplicate_rows and
 * label_conflicts (rows are added behind the others). Each column takes one
 * defect at most; what has none is shared with the dataset, unless rows come or
 * go. Rows with an id keep it; added ones get ids behind the highest.
 *
 * @param ctx borrows
 * @param dataset borrows; its columns are shared
 * @param params borrows: "defects=missing:0.1,typos target=y seed=7"; "all",
 *        the default, does whatever the columns allow and tells what not
 * @param dirty gives; free with mlpipe_dataset_free
 * @param key gives; free with mlpipe_report_free. The table defects {defect,
 *        column, row, old, new}: row is a position in the dirty dataset, -1
 *        where all of a column is meant; a null is NaN. Numbers rows_in,
 *        rows_out, rows_added, rows_removed, columns_shared; a text skipped
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (no such column, or
 *         none that could take a defect that was named), MLPIPE_E_EMPTY (no
 *         rows), MLPIPE_E_CONFLICT (a row id of 2^64 - 1), MLPIPE_E_LIMIT
 *         (more than 1,431,655,765 rows, too much text in a column),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_synth_dirty(c, houses, "defects=sentinel,typos:0.01", &d, &key);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_synth_dirty(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                   const char *params, mlpipe_dataset **dirty,
                   mlpipe_report **key);

/**
 * Fit a Gaussian copula: each column's own distribution, and how the columns
 * go together, as a correlation of normal variables behind them. Values that
 * repeat keep their share, between the others is interpolated; whole numbers,
 * days and cents stay such. Whether a value is null is a variable of its own,
 * which goes together with all other columns. Texts, columns that look like ids
 * and those that private= names are left out, and the notes say so. A copula
 * keeps quantiles of each column, so that it tells of single rows at the ends.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param params borrows: "columns=a,b private=c"; NULL = defaults
 * @param out gives; free with mlpipe_copula_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (no such column, a
 *         text in columns=), MLPIPE_E_CONFLICT (a column that is private and
 *         asked for), MLPIPE_E_EMPTY (fewer than 2 rows, or no column left),
 *         MLPIPE_E_LIMIT (too many columns or rows), MLPIPE_E_NUMERIC (an
 *         infinite value), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_copula_fit(c, customers, "private=email", &copula);
 *     mlpipe_copula_sample(c, copula, "rows=5000 given='region=north'", &d);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_copula_fit(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                  const char *params, mlpipe_copula **out);

/**
 * What a fit found: numbers rows, columns, clipped (eigenvalues that were
 * raised to make the correlation one) and moved (the most that this changed a
 * correlation); tables columns {column, points, runs, nulls}, left_out
 * {column, why} and correlation {a, b, value} of the variables.
 *
 * @param ctx borrows
 * @param copula borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_copula_notes(mlpipe_ctx *ctx, const mlpipe_copula *copula,
                    mlpipe_report **out);

/**
 * Draw rows from a copula. given= sets columns or ranges of them, as in
 * given='region=north income=50000..80000 age=30..'; null asks for nulls.
 * Values that are set are conditioned on in closed form, ranges by exact
 * rejection; a row that is refused too often is drawn by a Gibbs sampler
 * instead and counted. Row r depends on copula, given, seed and r alone.
 * mlpipe_dataset_reading tells rows, tries, gibbs_rows and exact_copies: rows
 * that equal a training row in all columns that have runs of values.
 *
 * @param ctx borrows
 * @param copula borrows
 * @param params borrows: "rows=1000 start=0 seed=7 given='...'"
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also within given=), MLPIPE_E_EMPTY
 *         (no value that was seen lies there), MLPIPE_E_NUMERIC (what is given
 *         has no probability beside the rest of it), MLPIPE_E_CANCELLED,
 *         MLPIPE_E_HOST (the executor failed), MLPIPE_E_STATE (a pool of
 *         threads after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_copula_sample(mlpipe_ctx *ctx, const mlpipe_copula *copula,
                     const char *params, mlpipe_dataset **out);

/**
 * Free a copula; what was drawn from it lives on.
 *
 * @param copula takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_copula_free(mlpipe_copula *copula);

#ifdef __cplusplus
}
#endif

#endif
