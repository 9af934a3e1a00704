/* SPDX-License-Identifier: MIT */
/**
 * @file validate.h
 * Splits and folds, as views.
 */
#ifndef MLPIPE_VALIDATE_H
#define MLPIPE_VALIDATE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>

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

#ifdef __cplusplus
}
#endif

#endif
