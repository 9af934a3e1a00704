/* SPDX-License-Identifier: MIT */
/**
 * @file profile.h
 * What is in a dataset, what looks wrong with it, and how far another one is
 * from it, without a model.
 */
#ifndef MLPIPE_PROFILE_H
#define MLPIPE_PROFILE_H

#include <mlpipe/data.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What is in a dataset and what looks wrong with it. All figures are exact and
 * do not depend on the order of rows, chunks or threads; distinct texts are
 * counted by 64-bit hashes, so that two of a million are taken for one with a
 * probability below 1e-7.
 *
 * The report has the numbers rows, column_count, cells, null_cells,
 * memory_bytes (of the values of these rows), duplicate_rows (rows that equal
 * an earlier one), duplicate_groups, finding_count, warn_count (findings of
 * severity warn) and, for a sample, rows_all; and the tables
 *
 *     findings    column, finding, severity, count, share, example, advice
 *     columns     column, type, rows, nulls, null_share, distinct, top,
 *                 top_count
 *     numbers     column, count, nan, infinite, zeros, negative, integral,
 *                 min, q05, q25, median, q75, q95, max, mean, sd, skew
 *     times       column, count, min, q25, median, q75, max
 *     texts       column, count, shortest, longest, mean_length, empty
 *     top_values  column, value, count, share
 *     histograms  column, low, high, count
 *     duplicates  first_row, rows (positions in the dataset, of 20 groups)
 *
 * Quantiles are Hyndman-Fan 7, sd divides by n - 1, skew is the adjusted
 * Fisher-Pearson coefficient; they are of the finite values. An infinite or
 * undefined figure is NaN. Lengths count characters. A histogram has equal
 * bins between three interquartile ranges below and above the quartiles; what
 * lies beyond is in one more bin at each end. Times are ISO 8601 in UTC.
 *
 * Findings, of severity "warn" where clean data of that size has none, "info"
 * where only its owner can tell: constant, almost_constant (one value in 99 %
 * of the rows), id_like, missing, empty (missing in all rows), sentinel (-999,
 * 9999, 1970-01-01, or 0 where all else is positive), outliers, units (a part
 * at 10^k, 2.54, 0.3048, 0.4536 times or 1.8 x + 32 of the rest),
 * case_variants, typos, numbers_as_text, dates_as_text, mixed_date_orders,
 * code_like (a zip code is no quantity), whitespace, placeholder_text,
 * duplicate_rows, duplicate_columns, infinite, future_dates, high_cardinality,
 * truncated_text; with target= also leak (by the values, or by whether there
 * is one), label_conflicts and imbalance. Doubles of 0 and 1 alone are classes,
 * as they are to a fit.
 *
 *     mlpipe_dataset_profile(c, houses, "target=price", &report);
 *     mlpipe_report_render(c, report, "html", &page);
 *
 * @param ctx borrows
 * @param dataset borrows; below 2^31 - 1 rows
 * @param params borrows: "columns=a,b" (all), "target=c", "top=5" values and
 *        "bins=20" a column, "sample=100000" (about as many rows, chosen by
 *        row id and the context's seed; 0 = all), "now=2026-01-31" (later
 *        dates are future_dates; without it those far behind all others are);
 *        NULL = all defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (no such column),
 *         MLPIPE_E_LIMIT (too many rows), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_profile(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                       const char *params, mlpipe_report **out);

/**
 * How far a dataset is from another one, column by column, and whether that
 * is more than chance and more than nothing.
 *
 * The report has the text verdict; the numbers reference_rows, current_rows,
 * compared, tested, drifted, warned and insufficient (columns; the last are
 * those not tested) and schema_changes; and the tables
 *
 *     drift       column, type, verdict, reason, psi, p, q, reference_n,
 *                 current_n
 *     schema      column, change (missing, new, retyped), reference, current
 *     numbers     column, ks, ks_p, shift, shift_low, shift_high, sd_ratio,
 *                 below, above
 *     categories  column, total_variation, chi2, df, chi2_p, unseen,
 *                 unseen_example
 *     nulls       column, reference, current, change, p
 *     bins        column, bin, reference, current
 *
 * psi: population stability index over the reference's quantile bins (or the
 * most frequent categories and all others), with 0.5 added to each count. ks:
 * Kolmogorov-Smirnov. shift: difference of means in the reference's standard
 * deviations, with Welch's 95 % interval. below, above: shares beyond the
 * reference's range; unseen: share of categories that it does not have.
 * chi2: of homogeneity, rare cells pooled until 5 rows are expected in each.
 * p: of ks or chi2, with that of the null rate where there are nulls, the
 * lesser one doubled; q: the false discovery rate over columns
 * (Benjamini-Hochberg). Bins hold shares of rows.
 *
 * A column is "drift" where q is not above alpha and psi not below drift= or
 * ks not below 0.5, the null rate changed by nulls= or more, or every category
 * is unseen; "warn" by warn= and a tenth of nulls=, or where a hundredth of
 * the rows (and more than the reference's size explains) is unseen or out of
 * range; "insufficient_data" below min_rows in either, where nine rows in ten
 * are of texts too rare to be counted (ids, free texts), or all but a few of
 * one value, and the rest says nothing; the reason tells which; else "ok". The
 * verdict is that of the worst column that was tested; a missing or retyped
 * column is drift, a new one warn. i64 and f64, and text and category, are
 * compared as they are. The same rows in any order give the same report, a
 * dataset and itself 0.
 *
 *     mlpipe_dataset_drift(c, last_month, this_month, NULL, &report);
 *     if (!strcmp(mlpipe_report_text(report, "verdict"), "drift")) ...
 *
 * @param ctx borrows
 * @param reference borrows; below 2^31 - 1 rows
 * @param current borrows; below 2^31 - 1 rows
 * @param params borrows: "columns=a,b" (all), "ignore=c,d" (left out),
 *        "bins=10", "alpha=0.05", "warn=0.1 drift=0.25" of psi, "nulls=0.1",
 *        "min_rows=100"; NULL = all defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (a column that
 *         neither has), MLPIPE_E_LIMIT (too many rows), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_drift(mlpipe_ctx *ctx, const mlpipe_dataset *reference,
                     const mlpipe_dataset *current, const char *params,
                     mlpipe_report **out);

#ifdef __cplusplus
}
#endif

#endif
