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
 * that are empty, quoted or not, or "?", "NA", "N/A", "NaN", "nan", "null" or
 * "NULL" are null; spaces after delimiters are trimmed and reported. What
 * separates cells, quotes, escapes, comments, lines before the header and
 * behind the rows are found out and reported, unless they are told; see
 * mlpipe_csv_dialect. The full list of parameters is in the catalog under
 * "mlpipe_read_csv"; the main ones: delimiter=; quote='"'
 * escape=auto|doubled|backslash|none comment=# header=auto|true|false
 * header_rows=2 skip=3 footer=1 decimal=',' thousands=. na=?,NA
 * dates=auto|mdy|dmy|ymd text=auto|category|text as=zipcode:category
 * rows=fail|quarantine|pad. Categories are numbered in the order of their
 * texts. rows=pad loads short rows with nulls behind them, long ones without
 * their last cells, and stray quotes as they stand; each is listed, and rows
 * that cannot be mended are quarantined.
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
 *         MLPIPE_E_AMBIGUOUS (dates, delimiter, header or title that read
 *         in two ways), MLPIPE_E_SCHEMA (as= names no column),
 *         MLPIPE_E_EMPTY (no row to load), MLPIPE_E_LIMIT,
 *         MLPIPE_E_CONFLICT (the file changed while it was read),
 *         MLPIPE_E_CANCELLED, MLPIPE_E_ARG (an empty path),
 *         MLPIPE_E_UNSUPPORTED (a context without files),
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
 * Tell how a CSV is written without reading its rows: delimiter, quote,
 * escape, comment, line_end, header, names, the lines that would be skipped,
 * and how sure that is. `margin` is 1 minus the second best score over the
 * best, `candidates` shows what each dialect would give; where `ambiguous` is
 * 1, mlpipe_read_csv refuses the file until delimiter= is told.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params borrows: as mlpipe_read_csv; NULL for the defaults
 * @param out gives: a report of the kind "dialect"; free with
 *        mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_csv, but for what only rows can be: MLPIPE_E_FORMAT
 *         (the header is no record), MLPIPE_E_AMBIGUOUS (header or title),
 *         MLPIPE_E_EMPTY (nothing in it)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_csv_dialect(c, "odd.csv", NULL, &dialect);
 *     sure = mlpipe_report_get(dialect, "margin");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_csv_dialect(mlpipe_ctx *ctx, const char *path, const char *params,
                   mlpipe_report **out);

/**
 * The same of CSV in memory.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size how many bytes
 * @param params borrows: as mlpipe_read_csv; NULL for the defaults
 * @param out gives: as mlpipe_csv_dialect; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_csv_dialect, without the file's
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_csv_dialect_memory(mlpipe_ctx *ctx, const void *bytes, size_t size,
                          const char *params, mlpipe_report **out);

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
