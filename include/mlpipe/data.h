/* SPDX-License-Identifier: MIT */
/**
 * @file data.h
 * Datasets, builders, and how the host's record looks.
 */
#ifndef MLPIPE_DATA_H
#define MLPIPE_DATA_H

#include <mlpipe/base.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Immutable typed columns with a schema. A view (a split, a fold, a slice)
 * is a dataset too and shares the columns of the one that it was taken from.
 * Each row has a 64-bit row id that views keep.
 */
typedef struct mlpipe_dataset mlpipe_dataset;

/** Rows being collected into a dataset. */
typedef struct mlpipe_builder mlpipe_builder;

/** How the host's record looks: named fields at offsets. */
typedef struct mlpipe_layout mlpipe_layout;

/** Type of a column. */
enum {
    MLPIPE_TYPE_BOOL = 1,        /**< true or false */
    MLPIPE_TYPE_I64 = 2,         /**< whole numbers */
    MLPIPE_TYPE_F64 = 3,         /**< numbers */
    MLPIPE_TYPE_TEXT = 4,        /**< UTF-8 */
    MLPIPE_TYPE_CATEGORY = 5,  /**< codes into a dictionary of texts */
    MLPIPE_TYPE_TIMESTAMP = 6, /**< since 1970-01-01 UTC, in the unit */
    MLPIPE_TYPE_DURATION = 7   /**< in the unit */
};

/** Unit of a timestamp or duration column. */
enum {
    MLPIPE_UNIT_NONE = 0,        /**< of columns without a unit */
    MLPIPE_UNIT_S = 1,           /**< seconds */
    MLPIPE_UNIT_MS = 2,          /**< milliseconds */
    MLPIPE_UNIT_US = 3,          /**< microseconds */
    MLPIPE_UNIT_NS = 4           /**< nanoseconds */
};

/** What a column is to a model, beside being a feature. */
enum {
    MLPIPE_ROLE_NONE = 0,        /**< a feature, or of no use */
    MLPIPE_ROLE_TARGET = 1,      /**< what is predicted */
    MLPIPE_ROLE_TIME = 2,        /**< when the row happened */
    MLPIPE_ROLE_GROUP = 3,       /**< rows that belong together */
    MLPIPE_ROLE_WEIGHT = 4,      /**< how much a row counts */
    MLPIPE_ROLE_ID = 5,          /**< names the row */
    MLPIPE_ROLE_LABEL_TIME = 6,  /**< when the target was known */
    MLPIPE_ROLE_KNOWN_TIME = 7,  /**< reserved: when the row was known */
    MLPIPE_ROLE_OFFSET = 8,      /**< a part of the answer, given */
    MLPIPE_ROLE_SPLIT = 9,       /**< reserved: the part it is in */
    MLPIPE_ROLE_SEGMENT = 10,    /**< by which metrics are split */
    MLPIPE_ROLE_KEY = 11,        /**< reserved: whose row it is */
    MLPIPE_ROLE_PRIVATE = 12     /**< neither captured nor listed */
};

/** How a value lies in memory: a field of a record, or an array. */
enum {
    MLPIPE_F64 = 1,              /**< double */
    MLPIPE_F32 = 2,              /**< float */
    MLPIPE_I64 = 3,              /**< int64_t */
    MLPIPE_I32 = 4,              /**< int32_t */
    MLPIPE_I16 = 5,              /**< int16_t */
    MLPIPE_I8 = 6,               /**< int8_t */
    MLPIPE_U64 = 7,              /**< uint64_t */
    MLPIPE_U32 = 8,              /**< uint32_t */
    MLPIPE_U16 = 9,              /**< uint16_t */
    MLPIPE_U8 = 10,              /**< uint8_t */
    MLPIPE_BOOL = 11,  /**< one byte, 0 or not 0 */
    MLPIPE_TOKEN = 12  /**< uint32_t from mlpipe_layout_token; 0 = missing */
};

/**
 * Number of rows.
 *
 * @param dataset borrows; NULL gives 0
 * @return rows
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int64_t mlpipe_dataset_rows(const mlpipe_dataset *dataset);

/**
 * Number of columns.
 *
 * @param dataset borrows; NULL gives 0
 * @return columns
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_dataset_columns(const mlpipe_dataset *dataset);

/**
 * Position of a column.
 *
 * @param dataset borrows
 * @param name borrows; exact, case-sensitive
 * @return 0 .. columns - 1, or -1 where there is none
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_dataset_find(const mlpipe_dataset *dataset,
                                       const char *name);

/**
 * Name of a column.
 *
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @return owned by the dataset; NULL where there is no such column
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_dataset_name(const mlpipe_dataset *dataset,
                                           uint32_t column);

/**
 * Type of a column.
 *
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @return MLPIPE_TYPE_, or 0 where there is no such column
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_dataset_type(const mlpipe_dataset *dataset,
                                       uint32_t column);

/**
 * Unit of a timestamp or duration column.
 *
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @return MLPIPE_UNIT_; MLPIPE_UNIT_NONE for other types
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_dataset_unit(const mlpipe_dataset *dataset,
                                       uint32_t column);

/**
 * The role that a column looks made for, by its type and name. A pipeline
 * never takes it without being told.
 *
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @return MLPIPE_ROLE_; MLPIPE_ROLE_NONE where nothing stands out
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t mlpipe_dataset_role(const mlpipe_dataset *dataset,
                                       uint32_t column);

/**
 * Rows of a column that hold no value. NaN is a value here.
 *
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @return rows, or -1 where there is no such column
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int64_t mlpipe_dataset_nulls(const mlpipe_dataset *dataset,
                                        uint32_t column);

/**
 * One cell. Numbers, bools, timestamps and durations come as numbers (exact
 * up to 2^53), texts and categories as text.
 *
 * @param dataset borrows
 * @param row 0 .. rows - 1
 * @param column 0 .. columns - 1
 * @param out the cell; its text is owned by the dataset
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (no such cell)
 * @thread shared
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_cell(const mlpipe_dataset *dataset, int64_t row,
                    uint32_t column, mlpipe_value *out);

/**
 * Copy a run of a column into doubles: nulls as NaN, categories as their
 * code in this dataset.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param column 0 .. columns - 1
 * @param start first row
 * @param out n doubles
 * @param n rows to copy; start + n must not pass the end
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG, MLPIPE_E_SCHEMA (a text column)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_doubles(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                       uint32_t column, int64_t start, double *out, size_t n);

/**
 * The row id of a row: given when the row was read, kept by every view.
 *
 * @param dataset borrows
 * @param row 0 .. rows - 1
 * @return the id; 0 where there is no such row
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint64_t mlpipe_dataset_row_id(const mlpipe_dataset *dataset,
                                          int64_t row);

/**
 * Rows start .. start + rows - 1 as a view.
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param start first row
 * @param rows how many
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (past the end)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_slice(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                     int64_t start, int64_t rows, mlpipe_dataset **out);

/**
 * The fingerprint of the content: 32 hexadecimal digits that depend on the
 * names, types and values alone, not on how they were read, chunked or
 * computed. It proves that two datasets are equal against accident, not
 * against an adversary.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param out gives the text; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_CANCELLED, MLPIPE_E_HOST (the executor
 *         failed), MLPIPE_E_STATE (a pool of threads after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_fingerprint(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                           mlpipe_buffer **out);

/**
 * What happened when the dataset was read: rows_in = loaded + rejected +
 * skipped, the dialect, and a table of rejects with line, byte range,
 * column, reason and raw text. Of a dataset that mlpipe_dataset_concat or
 * mlpipe_dataset_asof made, what they tell. Views keep it.
 *
 * @param ctx borrows
 * @param dataset borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_NOT_FOUND (it was not read from a source)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_reading(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                       mlpipe_report **out);

/**
 * Which rows are equal: the numbers rows, distinct_rows, extra_rows (the
 * difference), groups (of two equal rows or more) and largest_group (in
 * rows), with label= also label_conflicts (groups whose labels differ), and a
 * table groups of the first 20: first_row, a position in the dataset, and
 * rows. Missing equals missing, NaN equals NaN, -0 equals 0.
 *
 * @param ctx borrows
 * @param dataset borrows; below 2^31 - 1 rows
 * @param params borrows: "on=a,b" the columns that must be equal (all),
 *        "label=c"; NULL = all defaults
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA (no such column),
 *         MLPIPE_E_LIMIT (too many rows), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_duplicates(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                          const char *params, mlpipe_report **out);

/**
 * A table of a report as a dataset: columns of numbers are f64, others
 * categories (texts where the table has more than 65,536 rows); a number among
 * texts is told as text, a cell without a value is null, bytes that are no
 * UTF-8 become U+FFFD. A series is a table of one column, "value".
 *
 *     mlpipe_dataset_profile(ctx, d, NULL, &profile);
 *     mlpipe_report_table(ctx, profile, "findings", &findings);
 *
 * @param ctx borrows
 * @param report borrows
 * @param name borrows: of a table; mlpipe_report_table_name lists them
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_NOT_FOUND (no such table; the message names
 *         the nearest one), MLPIPE_E_CONFLICT (two columns of one name, in a
 *         report that was made elsewhere), MLPIPE_E_LIMIT (texts too long),
 *         MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_report_table(mlpipe_ctx *ctx, const mlpipe_report *report,
                    const char *name, mlpipe_dataset **out);

/**
 * Free a dataset. Columns live on while a view needs them.
 *
 * @param dataset takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_dataset_free(mlpipe_dataset *dataset);

/**
 * Start a dataset of the host's own rows.
 *
 * @param ctx borrows
 * @param layout keeps; NULL where the rows come column by column
 * @param params "first_row_id=0", or NULL
 * @param out gives; free with mlpipe_builder_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_new(mlpipe_ctx *ctx, const mlpipe_layout *layout,
                   const char *params, mlpipe_builder **out);

/**
 * Append records as the layout describes them. Integer fields become i64
 * columns, floating ones f64, tokens categories.
 *
 * @param ctx borrows
 * @param builder borrows; made with a layout
 * @param records borrows: n records, one behind the other
 * @param n how many
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (no layout, finished, or finish ran
 *         out of memory), MLPIPE_E_ARG (a token that the layout never gave),
 *         MLPIPE_E_NUMERIC (an u64 above 2^63 - 1)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_append(mlpipe_ctx *ctx, mlpipe_builder *builder,
                      const void *records, size_t n);

/**
 * Add a whole column of numbers.
 *
 * @param ctx borrows
 * @param builder borrows; made without a layout
 * @param name borrows; unique
 * @param kind MLPIPE_F64 .. MLPIPE_BOOL
 * @param data borrows: rows values of that kind
 * @param valid borrows: one byte a row, 0 = null; NULL = all valid
 * @param rows the same for every column
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (a layout, or finished),
 *         MLPIPE_E_ARG (name, kind or rows), MLPIPE_E_CONFLICT (the name is
 *         taken), MLPIPE_E_NUMERIC (an u64 above 2^63 - 1)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_column(mlpipe_ctx *ctx, mlpipe_builder *builder,
                      const char *name, int32_t kind, const void *data,
                      const uint8_t *valid, int64_t rows);

/**
 * Add a whole column of times.
 *
 * @param ctx borrows
 * @param builder borrows; made without a layout
 * @param name borrows; unique
 * @param unit MLPIPE_UNIT_S .. MLPIPE_UNIT_NS
 * @param data borrows: rows counts of the unit since 1970-01-01 UTC
 * @param valid borrows: one byte a row, 0 = null; NULL = all valid
 * @param rows the same for every column
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE, MLPIPE_E_ARG, MLPIPE_E_CONFLICT
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_times(mlpipe_ctx *ctx, mlpipe_builder *builder,
                     const char *name, int32_t unit, const int64_t *data,
                     const uint8_t *valid, int64_t rows);

/**
 * Add a whole column of texts; up to 65,536 different ones make a category.
 *
 * @param ctx borrows
 * @param builder borrows; made without a layout
 * @param name borrows; unique
 * @param texts borrows: rows pointers to UTF-8 with a closing NUL; a NULL
 *        pointer is a null
 * @param rows the same for every column
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE, MLPIPE_E_ARG, MLPIPE_E_CONFLICT,
 *         MLPIPE_E_FORMAT (no UTF-8), MLPIPE_E_LIMIT (a cell too long)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_texts(mlpipe_ctx *ctx, mlpipe_builder *builder,
                     const char *name, const char *const *texts,
                     int64_t rows);

/**
 * Freeze what was collected into a dataset; the builder can only be freed.
 * After MLPIPE_E_NOMEM it can be called again; whether records are taken in
 * between is told by mlpipe_builder_append.
 *
 * @param ctx borrows
 * @param builder borrows
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_STATE (finished already)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_builder_finish(mlpipe_ctx *ctx, mlpipe_builder *builder,
                      mlpipe_dataset **out);

/**
 * Free a builder, finished or not.
 *
 * @param builder takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_builder_free(mlpipe_builder *builder);

/**
 * Start the description of a record.
 *
 * @param ctx borrows
 * @param record_bytes sizeof of the host's struct
 * @param out gives; free with mlpipe_layout_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (0 bytes or above 1 MiB)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_layout_new(mlpipe_ctx *ctx, size_t record_bytes, mlpipe_layout **out);

/**
 * Name a field of the record. Floating fields hold NaN for missing, tokens
 * hold 0; see mlpipe_layout_missing for integers. A field that feeds a
 * timestamp or duration holds it as a number in the unit of the column that
 * the model was trained on (mlpipe_dataset_unit), such as microseconds since
 * 1970-01-01 UTC.
 *
 * @param ctx borrows
 * @param layout borrows; not yet bound to a slot, predictor or builder
 * @param name borrows: the column that it feeds
 * @param kind MLPIPE_F64 .. MLPIPE_TOKEN
 * @param offset offsetof(struct, field); any alignment
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (kind, or past the record's end),
 *         MLPIPE_E_CONFLICT (the name is taken), MLPIPE_E_STATE (bound)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_layout_field(mlpipe_ctx *ctx, mlpipe_layout *layout, const char *name,
                    int32_t kind, size_t offset);

/**
 * Say which value of a field means missing, such as -1.
 *
 * @param ctx borrows
 * @param layout borrows; not yet bound
 * @param name borrows: a field
 * @param value that means missing
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOT_FOUND (no such field), MLPIPE_E_ARG (a token field),
 *         MLPIPE_E_STATE (bound)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_layout_missing(mlpipe_ctx *ctx, mlpipe_layout *layout,
                      const char *name, double value);

/**
 * Say that the host never has this column: a model that wants it gets null.
 *
 * @param ctx borrows
 * @param layout borrows; not yet bound
 * @param name borrows: a column of the model
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (no name), MLPIPE_E_CONFLICT (the name
 *         is a field), MLPIPE_E_STATE (bound)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_layout_absent(mlpipe_ctx *ctx, mlpipe_layout *layout,
                     const char *name);

/**
 * The token of a text: put it into MLPIPE_TOKEN fields. The same text gives
 * the same token for the layout's life, whatever model is deployed. Binding a
 * layout gives tokens to all categories that the first model knows; any other
 * token made after a model was bound counts as unseen until the next swap.
 *
 * @param ctx borrows
 * @param layout borrows; bound or not
 * @param text borrows: UTF-8
 * @param bytes length of the text
 * @param token the token, 1 or more
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_FORMAT (no UTF-8), MLPIPE_E_LIMIT
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_layout_token(mlpipe_ctx *ctx, mlpipe_layout *layout, const char *text,
                    size_t bytes, uint32_t *token);

/**
 * Free a layout; what it was bound to keeps what it needs.
 *
 * @param layout takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_layout_free(mlpipe_layout *layout);

#ifdef __cplusplus
}
#endif

#endif
