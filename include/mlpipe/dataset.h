/* SPDX-License-Identifier: MIT */
/**
 * @file dataset.h
 * Operations that make a dataset of datasets: rows chosen, sorted, sampled
 * and put below each other, columns chosen, computed and joined as of a time.
 * None changes what it is given. Rows that are chosen are views: they keep
 * their row ids and share the columns. Equal content has equal fingerprints,
 * however it was made.
 */
#ifndef MLPIPE_DATASET_H
#define MLPIPE_DATASET_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The rows where a condition is true, as a view. Where it is null, as where
 * it compares with a missing value or with NaN, the row is not kept; how many
 * rows were kept, and for how many the condition was null, goes to the log. A
 * column of whole numbers that a double does not hold exactly is refused where
 * more is asked than whether it is null; of such times the log warns.
 *
 *     mlpipe_dataset_filter(ctx, d, "age > 30 and city == 'Paris'", &some);
 *     mlpipe_dataset_filter(ctx, d, "`lot size` is not null", &known);
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param condition borrows: an expression, as in mlpipe_pipeline_filter;
 *        there is no as_of
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (the detail is MLPIPE_DETAIL_, the
 *         message shows the place), MLPIPE_E_SCHEMA (it reads as_of),
 *         MLPIPE_E_NUMERIC (a whole number too large to be read exactly),
 *         MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED, MLPIPE_E_HOST (the executor
 *         failed), MLPIPE_E_STATE (a pool of threads after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_filter(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                      const char *condition, mlpipe_dataset **out);

/**
 * The same rows with columns computed by expressions: one of a name that is
 * there takes that column's place, others come behind; columns that are not
 * named are shared. A column has the type of its expression: bool, timestamp,
 * duration, category, i64 where all that it is made of is whole (n + 1,
 * year(date), floor(x)), else f64; a column by another name stays what it is.
 * An operation without an answer gives null, which the log counts.
 *
 *     mlpipe_dataset_with_column(ctx, d, "ratio = a / max(b, 1)", &more);
 *     mlpipe_dataset_with_column(ctx, d, "y = year(date); old = y < 1900",
 *                                &more);
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param expressions borrows: "name = expression; name = expression", as in
 *        mlpipe_pipeline_derive; a later one may use an earlier one; there is
 *        no as_of
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (the detail is MLPIPE_DETAIL_, the
 *         message shows the place), MLPIPE_E_SCHEMA (it reads as_of),
 *         MLPIPE_E_NUMERIC (a whole number or time too large to be read or
 *         kept exactly), MLPIPE_E_LIMIT,
 *         MLPIPE_E_CANCELLED, MLPIPE_E_HOST (the executor failed),
 *         MLPIPE_E_STATE (a pool of threads after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_with_column(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                           const char *expressions, mlpipe_dataset **out);

/**
 * The same rows with some of the columns, in the order given, or under other
 * names; the columns are shared.
 *
 *     mlpipe_dataset_select(ctx, d, "columns=price,date", &two);
 *     mlpipe_dataset_select(ctx, d, "drop=id rename=sqft:area", &rest);
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows: "columns=a,b" or "drop=c", and "rename=old:new";
 *        columns= and drop= speak of the old names; NULL takes all
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also a column named twice, or
 *         renamed and not taken), MLPIPE_E_SCHEMA (no such column),
 *         MLPIPE_E_CONFLICT (two of one name), MLPIPE_E_AMBIGUOUS (a rename
 *         of names that hold colons), MLPIPE_E_EMPTY (none is left)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_select(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                      const char *params, mlpipe_dataset **out);

/**
 * The rows of all parts, one part below the other, columns by name in the
 * order of the first part. A column has one type in all parts; i64 becomes f64
 * where another part has f64 and every value stays the same number; text and
 * category go together; times take the finest unit, and what that cannot hold
 * is an error; a column without a value in a part has any type. Row
 * ids are kept where no two are equal, else the rows are numbered from 0, and
 * the log says so. mlpipe_dataset_reading of the result tells parts, rows,
 * new_ids, nulls_added and columns_left_out.
 *
 *     const mlpipe_dataset *const parts[] = {january, february};
 *     mlpipe_dataset_concat(ctx, parts, 2, "columns=union", &both);
 *
 * @param ctx borrows
 * @param parts borrows: n datasets; one may be given twice
 * @param n how many, 1 or more
 * @param params borrows: "columns=same", the default: every part has the same
 *        ones, in any order; "union": nulls where a part lacks one;
 *        "intersection": those that all have; NULL = all defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (no parts), MLPIPE_E_PARAM,
 *         MLPIPE_E_SCHEMA (columns or types differ; the message names the
 *         column and the part), MLPIPE_E_NUMERIC (a number or time that would
 *         not stay the same), MLPIPE_E_EMPTY (no column in common),
 *         MLPIPE_E_LIMIT (too many rows, or texts too long), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_concat(mlpipe_ctx *ctx, const mlpipe_dataset *const *parts,
                      size_t n, const char *params, mlpipe_dataset **out);

/**
 * Rows drawn at random, in the order that they have, as a view. Which ones
 * depends on the row ids, the seed and the parameters alone: sorting a dataset
 * changes no draw, and without by= and replace= a larger sample of the same
 * seed holds the smaller one. With replace=true a row may be there several
 * times, under the one row id that it has. With by= every value of a column,
 * null among them, gets its share of the rows, rounded so that the sum is
 * right.
 *
 *     mlpipe_dataset_sample(ctx, d, "rows=1000 seed=7", &some);
 *     mlpipe_dataset_sample(ctx, d, "share=0.1 by=city", &tenth);
 *
 * @param ctx borrows
 * @param dataset keeps; below 2^31 - 1 rows
 * @param params borrows: "rows=1000" or "share=0.1", "seed=0",
 *        "replace=false", "by=column"
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also more rows than there are,
 *         without replace=true), MLPIPE_E_SCHEMA (no such column),
 *         MLPIPE_E_EMPTY (rows of none), MLPIPE_E_LIMIT (too many rows),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_sample(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                      const char *params, mlpipe_dataset **out);

/**
 * The rows in the order of columns, as a view. Rows that are equal in all of
 * them stay in the order that they have. Texts are ordered by their bytes,
 * false comes before true, -0 equals 0, and NaN is above every number, so that
 * it comes last, or first with a minus. Nulls come where nulls= says, with a
 * minus as well.
 *
 *     mlpipe_dataset_sort(ctx, d, "by=-price,date nulls=last", &sorted);
 *
 * @param ctx borrows
 * @param dataset keeps; below 2^31 - 1 rows
 * @param params borrows: "by=a,-b" (a minus: from the highest down), "nulls="
 *        last, the default, or first
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also a column twice, or "-a" where
 *         both a and -a are columns), MLPIPE_E_SCHEMA (no such column),
 *         MLPIPE_E_LIMIT (too many rows), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_sort(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                    const char *params, mlpipe_dataset **out);

/**
 * The left rows, each with columns of the last right row of the same key that
 * had happened, and was known, by the left row's time. Right rows have two
 * clocks: on= is when something happened, known= when it was known; a
 * correction that came later is not seen by rows before it. Without known= a
 * right row counts as known when it happened, and the log warns, since that
 * is how the future leaks into features; known=none says that it is so and is
 * silent. No direction loosens the second clock.
 *
 * Of several right rows of the same time the one known last is taken, of these
 * the one of the highest row id, of these the last. A null time or key matches
 * nothing. Left columns are shared, left row ids kept; where there is no match
 * the right columns are null.
 *
 * mlpipe_dataset_reading of the result tells left_rows = matched + unmatched;
 * of the unmatched, left_null_time + left_null_key + no_key (no such right
 * key) + no_row (none on that side of the time, or beyond tolerance) +
 * not_known (only ones not known yet); held_back, the left rows that would
 * have had another match without the second clock; right_rows, right_null_time,
 * right_null_key, right_null_known (these match nothing); known_checked, 1 or
 * 0.
 *
 *     mlpipe_dataset_asof(ctx, trades, quotes, "on=time by=symbol "
 *                         "known=received tolerance='2 h'", &joined);
 *
 * @param ctx borrows
 * @param left keeps; below 2^31 - 1 rows, in any order
 * @param right borrows; below 2^31 - 1 rows, in any order
 * @param params borrows: "on=time" (timestamps, durations or whole numbers),
 *        "right_on=", "by=a,b", "right_by=" (as in the left dataset where they
 *        are not given), "known=column" of the right, "known_at=column" of the
 *        left (its on), "direction=" backward (the default), forward or
 *        nearest (of two as near the earlier one), "tolerance='2 h'" (of
 *        times with a unit, of whole numbers without), "strict=true" (a right
 *        row of the very time is none), "columns=" of the right to
 *        take (all but keys, and but the time where it has the left one's
 *        name), "prefix=" and "suffix=", for names that the left has as well
 *        ("_right" where neither is given)
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (no such column, or
 *         columns of different types), MLPIPE_E_CONFLICT (a name that is taken
 *         even so), MLPIPE_E_NUMERIC (a time beyond the other clock's unit),
 *         MLPIPE_E_LIMIT (too many rows, or texts too long),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_asof(mlpipe_ctx *ctx, const mlpipe_dataset *left,
                    const mlpipe_dataset *right, const char *params,
                    mlpipe_dataset **out);

#ifdef __cplusplus
}
#endif

#endif
