/* SPDX-License-Identifier: MIT */
/**
 * @file collect.h
 * Reading files into datasets, with every row accounted for, and writing them.
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
 * - read: puts at most room bytes into buffer and tells how many in got; 0 is
 *   the end, fewer than room are no end. Returns MLPIPE_IO_OK, or any other
 *   number to end the reading with MLPIPE_E_HOST, whose detail it then is.
 *   Called on the thread that called the library, with `user`; not again after
 *   the end or a failure.
 */
typedef struct mlpipe_stream {
    size_t size;      /**< sizeof(mlpipe_stream), or 0 */
    void *user;       /**< given to read */
    const char *name; /**< UTF-8, for messages; NULL: "stream" */
    /** Gives the next bytes; see above. */
    int32_t (*read)(void *user, void *buffer, size_t room, size_t *got);
} mlpipe_stream;

/**
 * Read a CSV file (RFC 4180). Types are a function of the whole file. Cells
 * that are empty, or "?", "NA", "N/A", "NaN", "nan", "null" or "NULL" are
 * null, quoted or not unless quoted=text; spaces after delimiters are trimmed
 * and reported. What separates cells, quotes, escapes, comments, lines before
 * the header and behind the rows are found out and reported, unless they are
 * told; see mlpipe_csv_dialect. A last row that breaks the type of a column of
 * dates or numbers, holds the sum of another and has an empty cell is a line
 * of the footer in any language; where it is one of these alone, or a few words
 * make a text of a column, the log warns. So it does of a column such as
 * 765.576 where others have decimal commas: its points may part thousands, and
 * it stays text until decimal= and thousands= or as= say how to read it.
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
 * main ones: delimiter=; quote='"'
 * escape=auto|doubled|backslash|none comment=# header=auto|true|false
 * header_rows=2 skip=3 footer=1 decimal=',' thousands=. na=?,NA
 * dates=auto|mdy|dmy|ymd text=auto|category|text as=zipcode:category
 * rows=fail|quarantine|pad quoted=null|text. Categories are numbered in the
 * order of their texts. rows=pad loads short rows with nulls behind them, long
 * ones without their last cells, and stray quotes as they stand; each is
 * listed, and rows that cannot be mended are quarantined.
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
 *         their encoding, what looks like JSON), MLPIPE_E_CORRUPT (compressed
 *         bytes that are damaged or cut off; the place is in the message),
 *         MLPIPE_E_AMBIGUOUS (dates, delimiter, header or title that read in
 *         two ways), MLPIPE_E_SCHEMA (as= names no column), MLPIPE_E_EMPTY (no
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
 * Tell how a CSV is written without reading its rows: delimiter, quote,
 * escape, comment, line_end, header, names, the lines that would be skipped,
 * and how sure that is. `margin` is 1 minus the second best score over the
 * best, `candidates` shows what each dialect would give; where `ambiguous` is
 * 1, mlpipe_read_csv refuses the file until delimiter= is told. The dialect is
 * chosen by the first MiB. Of a longer file that is neither packed nor
 * transcoded eight `windows` are looked at, too: `windows_confirming` fit it;
 * `windows_against` are written by another delimiter, and the margin falls by
 * their share. Where half of them are, the file is ambiguous.
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
 * Read JSON (RFC 8259, strictly): one object a line (NDJSON), an array of
 * objects, or such an array within a document (at=/data/rows). Columns are
 * the keys of all well-formed rows in the order of their first appearance; a
 * key that a row lacks is null there, as is the word null. Types are a
 * function of the whole file: true and false BOOL, integers I64, numbers with
 * a point or exponent F64, strings TEXT or CATEGORY, or TIMESTAMP where every
 * one is a date by the rules of mlpipe_read_csv; a string is never a number.
 * An integer beyond I64 makes its column text, or F64 where another number in
 * it has a point; columns whose values are of several kinds are text
 * (mixed=text), as they stand in the file. Objects within a row become
 * columns a.b (nested=flatten), arrays text of JSON as it stands.
 * Compression and encodings are those of mlpipe_read_csv.
 *
 * A row is bad where it breaks JSON, has a key twice (b in a being a.b) or an
 * empty one, nests deeper than json_depth, has a key of more than
 * json_key_bytes, a NUL in a key or a number beyond F64's range, is no
 * object, or holds a value that as= does not suit; with mixed=bad also where
 * a value is of another kind than the first of its column. Of an array only
 * rows whose end can be told are left out by rows=quarantine; anything else
 * ends the reading. The keys of bad rows name no columns, but for those that
 * as= finds bad. The full list of parameters is in the catalog under
 * "mlpipe_read_json"; the main ones: format=auto|ndjson|array at=/key
 * nested=flatten|text|fail mixed=text|bad rows=fail|quarantine as=, dates=,
 * text=, na=. The report has the tables of mlpipe_read_csv's and "presence".
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_NOT_FOUND, MLPIPE_E_IO,
 *         MLPIPE_E_FORMAT (a bad row under rows=fail, a broken document, bytes
 *         that are not in their encoding), MLPIPE_E_CORRUPT (compressed bytes
 *         that are damaged or cut off), MLPIPE_E_AMBIGUOUS (dates that read in
 *         two ways), MLPIPE_E_SCHEMA (as= or at= names nothing),
 *         MLPIPE_E_EMPTY (no row to load), MLPIPE_E_LIMIT (csv_line_bytes
 *         of a row, csv_field_bytes, csv_columns, csv_rows, cell_bytes,
 *         categories, unpacked_bytes, unpacked_ratio),
 *         MLPIPE_E_CONFLICT (the file changed while it was
 *         read), MLPIPE_E_CANCELLED, MLPIPE_E_ARG (an empty path),
 *         MLPIPE_E_UNSUPPORTED (a context without files, a compression that
 *         is not built in), MLPIPE_E_HOST (its io table), MLPIPE_E_STATE
 *         (after fork)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_read_json(c, "events.ndjson", NULL, &events);
 *     mlpipe_read_json(c, "answer.json", "at=/data/rows", &rows);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_json(mlpipe_ctx *ctx, const char *path, const char *params,
                 mlpipe_dataset **out);

/**
 * Read JSON from memory; otherwise as mlpipe_read_json.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size how many bytes
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_json, without the file's
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_json_memory(mlpipe_ctx *ctx, const void *bytes, size_t size,
                        const char *params, mlpipe_dataset **out);

/**
 * Read JSON from a callback of the host; otherwise as mlpipe_read_csv_stream.
 *
 * @param ctx borrows
 * @param stream borrows for the call
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_json, without the file's; MLPIPE_E_ARG (a stream of
 *         another size), MLPIPE_E_HOST (its callback failed or gave more than
 *         there was room for)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_read_json_stream(mlpipe_ctx *ctx, const mlpipe_stream *stream,
                        const char *params, mlpipe_dataset **out);

/**
 * Open a JSON file as a source: reads it once to learn keys and types, then
 * gives it block by block, so that it never has to fit into memory.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params borrows: as mlpipe_read_json
 * @param out gives; free with mlpipe_source_free
 * @return MLPIPE_OK
 * @status as mlpipe_read_json
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_source_json(mlpipe_ctx *ctx, const char *path, const char *params,
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

/**
 * Write a dataset as CSV (RFC 4180, lines end in \n). Numbers have the fewest
 * digits that read back as the same number, F64 always a point or an
 * exponent; bools are true and false; timestamps ISO 8601 without a zone (UTC)
 * and with the digits of their unit; durations their count of the unit. A
 * text is in quotes where it holds a delimiter, quote or line end, starts or
 * ends in a space, or could be taken for a null: so that
 * mlpipe_read_csv with header=true skip=0 footer=0 escape=doubled comment=''
 * quoted=text, the same delimiter= and quote=, and the types in as= reads the
 * same dataset back; where null= is set or NaN occurs (which na= means by
 * default), with na= what null= is, as in null=NULL and na=NULL. What cannot be
 * told in CSV: a duration reads as I64, a timestamp in ms as one in us, a
 * timestamp that is null in all rows as one in s, the storage f32 as f64, row
 * ids and roles not at all.
 *
 * With protect=true a ' stands before texts that a spreadsheet would run as
 * formulas; they read back with it. The full list of parameters is in the
 * catalog under "mlpipe_write_csv": delimiter=, quote=, header=, null=,
 * nan=string|null|fail, decimal=',' (with delimiter=';'), protect=. The file
 * is plain text: a name that ends in .gz or .zst is refused. After a crash the
 * file is the old or the new one.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param path borrows: UTF-8
 * @param params borrows; NULL for the defaults
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (also: a value that null= cannot be
 *         told from), MLPIPE_E_NUMERIC (NaN under nan=fail; the place is
 *         told), MLPIPE_E_UNSUPPORTED (a time beyond the years 1 to 9999, a
 *         context without files, a name of a compressed file), MLPIPE_E_IO,
 *         MLPIPE_E_NOT_FOUND (no such folder), MLPIPE_E_ARG (an empty path),
 *         MLPIPE_E_CANCELLED, MLPIPE_E_HOST, MLPIPE_E_STATE (after fork)
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_write_csv(c, houses, "out.csv", NULL);
 *     mlpipe_write_csv(c, houses, "sheet.csv", "delimiter=; protect=true");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_write_csv(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                 const char *path, const char *params);

/**
 * Write CSV to memory; otherwise as mlpipe_write_csv.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status as mlpipe_write_csv, without the file's
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_write_csv_memory(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                        const char *params, mlpipe_buffer **out);

/**
 * Write a dataset as JSON: one object a line, or one array of objects
 * (format=array). Every row has every key, in the order of the columns, null
 * where it is null; values are as in mlpipe_write_csv, times and texts being
 * strings. mlpipe_read_json with the types in as= reads the same dataset
 * back, without as= too where no text looks like a date and no column is null
 * throughout; what cannot be told is what mlpipe_write_csv cannot tell.
 * nan=fail|null|string says what becomes of NaN and the infinities.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param path borrows: UTF-8
 * @param params borrows; NULL for the defaults
 * @return MLPIPE_OK
 * @status as mlpipe_write_csv
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_write_json(c, houses, "out.ndjson", NULL);
 *     mlpipe_write_json(c, houses, "out.json", "format=array nan=null");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_write_json(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                  const char *path, const char *params);

/**
 * Write JSON to memory; otherwise as mlpipe_write_json.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param params borrows; NULL for the defaults
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status as mlpipe_write_json, without the file's
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_write_json_memory(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                         const char *params, mlpipe_buffer **out);

#ifdef __cplusplus
}
#endif

#endif
