/* SPDX-License-Identifier: MIT */
/**
 * @file arrow.h
 * Datasets from and to the Arrow C data and C stream interfaces, without a
 * copy where the layouts agree.
 *
 * The three structs are those of the Arrow specification, under its guards,
 * so that this header lies beside any other copy of them. An array is moved
 * by copying the struct and setting the source's release to NULL; whoever
 * holds it calls release once.
 */
#ifndef MLPIPE_ARROW_H
#define MLPIPE_ARROW_H

#include <stdint.h>

#include <mlpipe/base.h>
#include <mlpipe/data.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
/** The guard of the specification: whoever comes first defines the structs. */
#define ARROW_C_DATA_INTERFACE

/** Of ArrowSchema.flags: the dictionary's values are in their order. */
#define ARROW_FLAG_DICTIONARY_ORDERED 1
/** Of ArrowSchema.flags: the field may hold nulls. */
#define ARROW_FLAG_NULLABLE 2
/** Of ArrowSchema.flags: the keys of a map are sorted. */
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/** The type of an array or of a column, as the Arrow specification has it. */
struct ArrowSchema {
    const char *format;              /**< the type, such as "g" for f64 */
    const char *name;                /**< of the field, or NULL */
    const char *metadata;            /**< pairs of binary texts, or NULL */
    int64_t flags;                   /**< ARROW_FLAG_ values, added */
    int64_t n_children;              /**< fields of a struct */
    struct ArrowSchema **children;   /**< n_children of them */
    struct ArrowSchema *dictionary;  /**< type of the values, or NULL */
    void (*release)(struct ArrowSchema *); /**< NULL: it was released */
    void *private_data;              /**< of whoever made it */
};

/** The values of an array, as the Arrow specification has them. */
struct ArrowArray {
    int64_t length;                 /**< rows */
    int64_t null_count;             /**< nulls among them, or -1: unknown */
    int64_t offset;                 /**< rows of the buffers to leave out */
    int64_t n_buffers;              /**< as the type has them */
    int64_t n_children;             /**< as the schema has them */
    const void **buffers;           /**< the first: one bit a row, 0 is null */
    struct ArrowArray **children;   /**< n_children of them */
    struct ArrowArray *dictionary;  /**< values that the codes name, or NULL */
    void (*release)(struct ArrowArray *); /**< NULL: it was released */
    void *private_data;             /**< of whoever made it */
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
/** The guard of the specification. */
#define ARROW_C_STREAM_INTERFACE

/** Arrays of one type, one behind the other, as Arrow specifies them. */
struct ArrowArrayStream {
    /** The type of every array; 0, or a number of errno.h. */
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    /** The next array, of which release is NULL at the end; 0 or an errno. */
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    /** What went wrong at the last call, or NULL. */
    const char *(*get_last_error)(struct ArrowArrayStream *);
    /** Ends the stream; NULL: it was released. */
    void (*release)(struct ArrowArrayStream *);
    void *private_data; /**< of whoever made it */
};

#endif

/**
 * A dataset of an Arrow array: a struct, whose children become columns, or a
 * single column. Lengths, counts, offsets, indices and texts are checked
 * before a value is used; how long a buffer is the interface does not tell,
 * so that buffers shorter than the lengths promise cannot be found.
 *
 * Not copied are i64, u64, f64, f32 (kept as floats), bools, time64,
 * timestamps, durations, date64, utf8 under text=text, and dictionaries of
 * int32 codes whose texts are in the order of their bytes; also not with
 * nulls or an offset. The producer's array is released, on whatever thread
 * that is, when the last column that reads it is freed, and before the call
 * returns where none does. The numbers rows_in, loaded, batches and
 * copied_bytes of mlpipe_dataset_reading and its table types say what was
 * copied and why. Integers are widened to i64, date32 is a timestamp in s,
 * times of day are durations, timestamps keep their unit and are UTC (their
 * zone is in the table), a column without values is f64, run-end encoding is
 * expanded. Refused by name: binary, decimals unless asked for, calendar
 * intervals, unions, and u64 above 2^63 - 1.
 *
 *     array.release says afterwards whose it is:
 *     mlpipe_dataset_from_arrow(ctx, &schema, &array, NULL, &dataset);
 *
 * @param ctx borrows
 * @param schema borrows; stays yours to release
 * @param array takes, and sets its release to NULL; after a failure it is as
 *        it was and yours
 * @param params borrows: "text=auto|category|text|as_is" (auto: categories
 *        up to 65,536 different ones, and dictionaries as they come; as_is:
 *        dictionaries as categories and all others as texts, so that what
 *        mlpipe_dataset_to_arrow wrote comes back in the same types),
 *        "nested=flatten|text|fail" (flatten: a struct's fields become
 *        columns a.b, lists become JSON; text: both become JSON),
 *        "decimals=fail|f64" (f64: the nearest one),
 *        "copy=auto|always|never" (always: keeps nothing of the producer's;
 *        never: fails where values would have to be copied); NULL = defaults
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_STATE (released already),
 *         MLPIPE_E_FORMAT (against the interface's rules, or no UTF-8),
 *         MLPIPE_E_UNSUPPORTED (such a type), MLPIPE_E_NUMERIC (an u64 too
 *         large), MLPIPE_E_SCHEMA (a column without a name), MLPIPE_E_CONFLICT
 *         (two of one name), MLPIPE_E_LIMIT (rows, columns, bytes of a text,
 *         categories, unpacked_ratio), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_from_arrow(mlpipe_ctx *ctx, const struct ArrowSchema *schema,
                          struct ArrowArray *array, const char *params,
                          mlpipe_dataset **out);

/**
 * A dataset of all batches of an Arrow stream, as mlpipe_dataset_from_arrow
 * makes it of one. A batch is not copied where it begins at a multiple of
 * 65,536 rows and holds whole multiples of it, or is the last.
 *
 *     mlpipe_dataset_from_arrow_stream(ctx, &stream, "text=text", &dataset);
 *
 * @param ctx borrows
 * @param stream takes, and sets its release to NULL; after a failure it is
 *        yours to release, without the batches that were read
 * @param params borrows: as mlpipe_dataset_from_arrow's
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_dataset_from_arrow, and MLPIPE_E_HOST (the stream failed;
 *         its message is in the context's)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_from_arrow_stream(mlpipe_ctx *ctx,
                                 struct ArrowArrayStream *stream,
                                 const char *params, mlpipe_dataset **out);

/**
 * A dataset as one Arrow array: a struct with a child for each column.
 * Categories are dictionaries of int32 codes, times keep their unit. Values
 * are copied only where rows do not lie one behind the other, which is so for
 * shuffled rows, and for more than 65,536 rows unless they were imported in
 * one piece; texts of dictionaries always are. The array and the schema may be
 * released on any thread, also after the context and the dataset were freed.
 *
 *     mlpipe_dataset_to_arrow(ctx, dataset, NULL, &schema, &array);
 *
 * @param ctx borrows
 * @param dataset keeps what the array reads
 * @param params borrows: "metadata=false|true" (true: the fingerprint as
 *        mlpipe:fingerprint, the roles that columns look made for as
 *        mlpipe:role); NULL = defaults
 * @param schema written here; its release is the caller's to call
 * @param array written here; its release is the caller's to call
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_LIMIT (more than 2 GiB of
 *         text in a column; the stream cuts it into batches),
 *         MLPIPE_E_CANCELLED, MLPIPE_E_HOST, MLPIPE_E_STATE (of the
 *         fingerprint)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_to_arrow(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                        const char *params, struct ArrowSchema *schema,
                        struct ArrowArray *array);

/**
 * A dataset as a stream of batches of up to 65,536 rows, whose values are
 * copied for shuffled rows alone. The stream and what it gave may be used and
 * released on any thread, by one at a time, also after the context and the
 * dataset were freed.
 *
 *     mlpipe_dataset_to_arrow_stream(ctx, dataset, NULL, &stream);
 *
 * @param ctx borrows
 * @param dataset keeps
 * @param params borrows: as mlpipe_dataset_to_arrow's
 * @param out written here; its release is the caller's to call
 * @return MLPIPE_OK
 * @status as mlpipe_dataset_to_arrow
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_dataset_to_arrow_stream(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                               const char *params,
                               struct ArrowArrayStream *out);

#ifdef __cplusplus
}
#endif

#endif
