/* SPDX-License-Identifier: MIT */
/**
 * @file collect.h
 * Reading files into datasets, with every row accounted for.
 */
#ifndef MLPIPE_COLLECT_H
#define MLPIPE_COLLECT_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open source of rows with a known schema. */
typedef struct mlpipe_source mlpipe_source;

/**
 * Read a CSV file (RFC 4180). Types are a function of the whole file. Cells
 * that are empty, "?", "NA", "N/A", "NaN", "nan", "null" or "NULL" are null;
 * spaces after delimiters are trimmed and reported. The full list of
 * parameters is in the catalog under "mlpipe_read_csv"; the main ones:
 * delimiter=, quote='"' header=auto|true|false na=?,NA
 * dates=auto|mdy|dmy|ymd text=auto|category|text as=zipcode:category
 * rows=fail|quarantine. Categories are numbered in the order of their texts.
 * The row of an error is a row of data counted from 0, without the header and
 * with bad and empty rows; its text names the line of the file, counted from 1.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_NOT_FOUND, MLPIPE_E_IO,
 *         MLPIPE_E_FORMAT (a bad row under rows=fail, no UTF-8),
 *         MLPIPE_E_AMBIGUOUS (dates, delimiter or header that read in two
 *         ways), MLPIPE_E_SCHEMA (as= names no column), MLPIPE_E_EMPTY (no
 *         row to load), MLPIPE_E_LIMIT, MLPIPE_E_CONFLICT (the file changed
 *         while it was read), MLPIPE_E_CANCELLED, MLPIPE_E_ARG (an empty
 *         path), MLPIPE_E_UNSUPPORTED (a context without files),
 *         MLPIPE_E_HOST (its io table), MLPIPE_E_STATE (after fork)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_read_csv(c, "houses.csv", NULL, &houses);
 *     mlpipe_read_csv(c, "uk.csv", "dates=dmy delimiter=;", &sales);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_csv(mlpipe_ctx *ctx, const char *path, const char *params,
                mlpipe_dataset **out);

/**
 * Read CSV from memory; otherwise as mlpipe_read_csv.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size how many bytes
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_csv, without the file's
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_csv_memory(mlpipe_ctx *ctx, const void *bytes, size_t size,
                       const char *params, mlpipe_dataset **out);

/**
 * Open a CSV file as a source: reads it once to learn the types, then gives
 * it block by block, so that it never has to fit into memory.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params borrows: as mlpipe_read_csv
 * @param out gives; free with mlpipe_source_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_csv
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_source_csv(mlpipe_ctx *ctx, const char *path, const char *params,
                  mlpipe_source **out);

/**
 * The next block of at most 65,536 rows. All blocks share one schema and one
 * dictionary per category column.
 *
 * @param ctx borrows
 * @param source borrows
 * @param out gives; NULL with MLPIPE_OK at the end; free with
 *        mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_CONFLICT (the file changed
 *         since it was opened), MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED,
 *         MLPIPE_E_HOST (its io table), MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_source_next(mlpipe_ctx *ctx, mlpipe_source *source,
                   mlpipe_dataset **out);

/**
 * What was read so far; see mlpipe_dataset_reading.
 *
 * @param ctx borrows
 * @param source borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_source_reading(mlpipe_ctx *ctx, const mlpipe_source *source,
                      mlpipe_report **out);

/**
 * Close and free a source; blocks that it gave live on.
 *
 * @param source takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_source_free(mlpipe_source *source);

#ifdef __cplusplus
}
#endif

#endif
