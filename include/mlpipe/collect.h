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
 * Bytes that the host gives one piece after the other: a socket, an archive, a
 * decryption. The struct may grow at its end: set size to its sizeof.
 *
 * read: puts at most room bytes into buffer and tells how many in got; 0 is
 *   the end, fewer than room are no end. Returns MLPIPE_IO_OK, or any other
 *   number to end the reading with MLPIPE_E_HOST, whose detail it then is.
 *   Called on the thread that called the library, with `user`; not again after
 *   the end or a failure.
 */
typedef struct mlpipe_stream {
    size_t size;      /**< sizeof(mlpipe_stream), or 0 */
    void *user;       /**< given to read */
    const char *name; /**< UTF-8, for messages; NULL: "stream" */
    int32_t (*read)(void *user, void *buffer, size_t room, size_t *got);
} mlpipe_stream;

/**
 * Read a CSV file (RFC 4180). Types are a function of the whole file. Cells
 * that are empty, "?", "NA", "N/A", "NaN", "nan", "null" or "NULL" are null;
 * spaces after delimiters are trimmed and reported.
 *
 * A file may be compressed: gzip (of several members too) and zstd (of several
 * frames too) are told by their first bytes, whatever the name, where the
 * library was built with zlib and zstd (mlpipe_build_info tells). It may be in
 * another encoding: a byte order mark is followed, UTF-16 without one is seen
 * where a quarter of the characters have a zero byte, and all else is UTF-8
 * unless encoding=utf8|utf16le|utf16be|latin1|cp1252 says otherwise. Bytes
 * that are no UTF-8 are an error that names the first and asks for encoding=,
 * never a guess: no byte tells one single-byte encoding from another. A mark
 * that contradicts encoding= is an error too. The reading report names what
 * was read (encoding, compression); its byte ranges are those of the file, or
 * of what the file unpacks to.
 *
 * The full list of parameters is in the catalog under "mlpipe_read_csv"; the
 * main ones:
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
 *         MLPIPE_E_FORMAT (a bad row under rows=fail, bytes that are not in
 *         their encoding), MLPIPE_E_CORRUPT (compressed bytes that are damaged
 *         or cut off; the place is in the message),
 *         MLPIPE_E_AMBIGUOUS (dates, delimiter or header that read in two
 *         ways), MLPIPE_E_SCHEMA (as= names no column), MLPIPE_E_EMPTY (no
 *         row to load), MLPIPE_E_LIMIT, MLPIPE_E_CONFLICT (the file changed
 *         while it was read), MLPIPE_E_CANCELLED, MLPIPE_E_ARG (an empty
 *         path), MLPIPE_E_UNSUPPORTED (a context without files, a compression
 *         that is not built in),
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
 * Read CSV from a stream of the host's; otherwise as mlpipe_read_csv. Types
 * need the text twice, so that the bytes are kept as they came, compressed or
 * not, until the dataset is made: they count against memory_cap and the limit
 * stream_bytes.
 *
 * @param ctx borrows
 * @param stream borrows; read to its end, once
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_csv_memory; MLPIPE_E_HOST (read failed, or told more
 *         bytes than it had room for), MLPIPE_E_ARG (no read, a struct of
 *         another library's size)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_stream s = {sizeof s, socket, "sales", read_socket};
 *     mlpipe_read_csv_stream(c, &s, "encoding=cp1252", &sales);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_csv_stream(mlpipe_ctx *ctx, const mlpipe_stream *stream,
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
