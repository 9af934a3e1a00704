/* SPDX-License-Identifier: MIT */
/**
 * @file store.h
 * Versions of datasets and models in a folder, and what was made from what.
 */
#ifndef MLPIPE_STORE_H
#define MLPIPE_STORE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/model.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A folder of content-addressed versions; crash-safe. */
typedef struct mlpipe_store mlpipe_store;

/**
 * Open a store, making the folder where it is absent.
 *
 * @param ctx borrows
 * @param path borrows: UTF-8
 * @param params "create=true sync=true wait='10 s' author= code=", or NULL:
 *        how long a writer waits for another one, and what commits say that
 *        name no author and no code
 * @param out gives; free with mlpipe_store_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_IO, MLPIPE_E_NOT_FOUND,
 *         MLPIPE_E_VERSION (of another format), MLPIPE_E_FORMAT (no store),
 *         MLPIPE_E_ARG (an empty path), MLPIPE_E_UNSUPPORTED (a context
 *         without files), MLPIPE_E_STATE (after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_open(mlpipe_ctx *ctx, const char *path, const char *params,
                  mlpipe_store **out);

/**
 * Keep a dataset and let a name point to it: mlpipe_store_commit without
 * parameters. What is there already is not written again.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: letters, digits, '.', '_', '-'; at most 128
 * @param dataset borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (a bad name, or the digits of a
 *         version), MLPIPE_E_CONFLICT (the name is a tag, or of another kind),
 *         MLPIPE_E_IO, MLPIPE_E_BUSY (another writer, for longer than wait=),
 *         MLPIPE_E_LIMIT, MLPIPE_E_CORRUPT (a damaged tag),
 *         MLPIPE_E_CANCELLED, MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_put_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                         const char *name, const mlpipe_dataset *dataset);

/**
 * Keep a dataset, let a name point to it, and remember why and from where. The
 * version is made of the content alone (row ids included): content that is
 * there already is written once, and the name does not move where nothing new
 * is told.
 *
 *     mlpipe_store_commit(c, s, "sales", d, "uri='https://example.org/sales' "
 *                         "licence=CC0 note='monthly' key=id", &version)
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: letters, digits, '.', '_', '-'; at most 128
 * @param dataset borrows
 * @param params "note= author= uri= licence= source= retrieved= key= code=
 *        time= expect=" or NULL; expect=none or a version: what the name must
 *        point to now, else it is left alone
 * @param out gives 32 hexadecimal digits; free with mlpipe_buffer_free; may be
 *        NULL
 * @return MLPIPE_OK
 * @status as mlpipe_store_put_dataset; MLPIPE_E_CONFLICT (the name has another
 *         version than was expected: both are named; or two rows have one key:
 *         they are named), MLPIPE_E_SCHEMA (no such column as key= names),
 *         MLPIPE_E_LIMIT (more than 2^31 rows by a key)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_commit(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                    const mlpipe_dataset *dataset, const char *params,
                    mlpipe_buffer **out);

/**
 * Fetch a dataset.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name, a tag or 32 hexadecimal digits of a version
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (a bad name), MLPIPE_E_NOT_FOUND,
 *         MLPIPE_E_IO, MLPIPE_E_CORRUPT, MLPIPE_E_ARG (of the other kind),
 *         MLPIPE_E_FORMAT (a version of it), MLPIPE_E_VERSION (of another
 *         format), MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED, MLPIPE_E_STATE (after
 *         fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_get_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                         const char *name, mlpipe_dataset **out);

/**
 * Keep a model and let a name point to it.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: as for datasets
 * @param model borrows
 * @return MLPIPE_OK
 * @status as mlpipe_store_put_dataset
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_put_model(mlpipe_ctx *ctx, mlpipe_store *store,
                       const char *name, const mlpipe_model *model);

/**
 * Keep a model, let a name point to it, and remember why.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: as for datasets
 * @param model borrows
 * @param params as mlpipe_store_commit, or NULL; code= is the version of the
 *        host's code, such as a git id
 * @param out gives 32 hexadecimal digits; free with mlpipe_buffer_free; may be
 *        NULL
 * @return MLPIPE_OK
 * @status as mlpipe_store_commit
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_commit_model(mlpipe_ctx *ctx, mlpipe_store *store,
                          const char *name, const mlpipe_model *model,
                          const char *params, mlpipe_buffer **out);

/**
 * Fetch a model.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name, a tag or 32 hexadecimal digits of a version
 * @param out gives; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_get_model(mlpipe_ctx *ctx, mlpipe_store *store,
                       const char *name, mlpipe_model **out);

/**
 * Keep a report about a version, such as an evaluation of a model.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: the report's own name, as for datasets
 * @param about borrows: a name, a tag or a version
 * @param report borrows
 * @return MLPIPE_OK
 * @status as mlpipe_store_put_dataset; MLPIPE_E_NOT_FOUND (nothing of that
 *         name to be about)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_put_report(mlpipe_ctx *ctx, mlpipe_store *store,
                        const char *name, const char *about,
                        const mlpipe_report *report);

/**
 * Fetch a report.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name, a tag or 32 hexadecimal digits of a version
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_get_report(mlpipe_ctx *ctx, mlpipe_store *store,
                        const char *name, mlpipe_report **out);

/**
 * Give a version a second name that never moves.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name, a tag or a version
 * @param tag borrows: the new name
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_NOT_FOUND,
 *         MLPIPE_E_CONFLICT (the tag names another version, or is a name),
 *         MLPIPE_E_IO, MLPIPE_E_BUSY (another writer), MLPIPE_E_CORRUPT,
 *         MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_tag(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                 const char *tag);

/**
 * What was put, tagged and dropped, in order, as a table of the report. A tail
 * that a crash has torn is left out.
 *
 * @param ctx borrows
 * @param store borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_LIMIT (1 GiB), MLPIPE_E_STATE
 *         (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_log(mlpipe_ctx *ctx, mlpipe_store *store, mlpipe_report **out);

/**
 * The versions of a name, newest first: when, how many rows, which columns
 * changed ("+x" is new, "-x" is gone, "all (rows differ)" where rows went or
 * came), who, why, from where, by which code, and whether its rows are still
 * kept.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name or a tag
 * @param out gives a figure "versions" and a table "history"; free with
 *        mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (a bad name), MLPIPE_E_NOT_FOUND,
 *         MLPIPE_E_ARG (a version), MLPIPE_E_IO, MLPIPE_E_CORRUPT,
 *         MLPIPE_E_FORMAT, MLPIPE_E_VERSION, MLPIPE_E_LIMIT,
 *         MLPIPE_E_CANCELLED, MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_history(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                     mlpipe_report **out);

/**
 * Did the data change since they were put? Texts are compared as texts,
 * whatever dictionaries say, and row ids are not.
 *
 *     mlpipe_store_changed(c, s, "sales", today, &r)
 *     mlpipe_report_text(r, "verdict")
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a name, a tag or a version
 * @param dataset borrows: the data of now
 * @param out gives a text "verdict": same, same rows reordered, columns
 *        changed, rows differ, unrelated; figures "rows_added", "rows_removed"
 *        (by all columns that both have; NaN where unrelated),
 *        "columns_changed" ...; a table of
 *        the columns; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_changed(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                     const mlpipe_dataset *dataset, mlpipe_report **out);

/**
 * Compare two versions: schema, changed columns and distributions (share of
 * nulls, shift of the mean in standard deviations, PSI over tenths) from what
 * is kept beside them, without their rows; then rows, and by a key also cells.
 *
 *     mlpipe_store_diff(c, s, "v1", "sales", "key=id limit=10", &report)
 *
 * @param ctx borrows
 * @param store borrows
 * @param a borrows: the old one: a name, a tag or a version
 * @param b borrows: the new one
 * @param params "rows=true key= limit=20", or NULL; without a key, and without
 *        one of the commits', rows are compared as a multiset, as with
 *        key=none whatever the commits say
 * @param out gives a table "columns"; figures "rows_added", "rows_removed"; a
 *        text "compared_by": the columns of the key by comma, or whole rows;
 *        with a key also "rows_changed", "cells_changed" and a table "cells" of
 *        the first ones; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset; MLPIPE_E_SCHEMA (a key that both do not
 *         have), MLPIPE_E_CONFLICT (two rows of one version have one key),
 *         MLPIPE_E_LIMIT (more than 2^31 rows by a key)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_diff(mlpipe_ctx *ctx, mlpipe_store *store, const char *a,
                  const char *b, const char *params, mlpipe_report **out);

/**
 * Write a pin: a small file of JSON, to be committed beside the code, of which
 * version of a dataset that code is for (name, version, fingerprint, schema,
 * rows, origin). The store does not know the file: a tag protects the version
 * from mlpipe_store_gc, a pin does not, and where no tag names it the log
 * warns.
 *
 *     mlpipe_store_tag(c, s, "sales", "paper");
 *     mlpipe_store_pin(c, s, "paper", "sales.pin");
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a dataset's name, tag or version
 * @param path borrows: UTF-8, of the file
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_pin(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                 const char *path);

/**
 * Fetch the dataset of a pin, and prove that it is what the pin says.
 * MLPIPE_E_NOT_FOUND where a gc took the version.
 *
 * @param ctx borrows
 * @param store borrows
 * @param path borrows: UTF-8, of the pin
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_dataset; MLPIPE_E_FORMAT (no pin),
 *         MLPIPE_E_VERSION (of another format), MLPIPE_E_CONFLICT (the pin
 *         says something else than the version)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_get_pinned(mlpipe_ctx *ctx, mlpipe_store *store,
                        const char *path, mlpipe_dataset **out);

/**
 * Remove what nobody needs: versions that are neither among the newest of a
 * name nor young, that no tag names and that made no kept model. A pin keeps
 * nothing: mlpipe_store_tag protects a version. Histories stay. Writers may
 * write meanwhile; a reader of a version that is dropped is told
 * MLPIPE_E_NOT_FOUND. A pack of which more than half is needed is kept as it
 * is, so that a version that was dropped may be readable for a while.
 *
 *     mlpipe_store_gc(c, s, "keep=10 older='30 d' dry_run=true", &report)
 *
 * @param ctx borrows
 * @param store borrows
 * @param params "keep=10 older='0 s' sources=true dry_run=false now=", or NULL
 * @param out gives figures "versions_kept", "versions_dropped",
 *        "objects_removed", "bytes_removed", "bytes_kept", "objects_young"
 *        (of living "writers") and a table of what was dropped; free with
 *        mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_IO, MLPIPE_E_BUSY,
 *         MLPIPE_E_CORRUPT, MLPIPE_E_FORMAT, MLPIPE_E_VERSION (damage:
 *         nothing was removed), MLPIPE_E_LIMIT, MLPIPE_E_CANCELLED,
 *         MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_gc(mlpipe_ctx *ctx, mlpipe_store *store, const char *params,
                mlpipe_report **out);

/**
 * Read and hash every object, and follow every name to all that it needs.
 *
 * @param ctx borrows
 * @param store borrows
 * @param out gives figures "versions", "commits", "objects", "bytes",
 *        "damaged" and a table of what is damaged; free with mlpipe_report_free
 * @return MLPIPE_OK, also where something is damaged
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_CANCELLED, MLPIPE_E_STATE
 *         (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_verify(mlpipe_ctx *ctx, mlpipe_store *store,
                    mlpipe_report **out);

/**
 * Which data and which code made this model, and whether the store has them.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a model's name, tag or version
 * @param out gives texts "model", "recipe", "library", "train" and "valid"
 *        (fingerprints), "model_name", "model_code", "model_time" ..., and
 *        "train_name", "train_version", "train_uri" ... where the store has or
 *        had that content, likewise "valid_..."; a figure "seed"; a table of
 *        the reports about it; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status as mlpipe_store_get_model
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_lineage(mlpipe_ctx *ctx, mlpipe_store *store, const char *name,
                     mlpipe_report **out);

/**
 * Close a store.
 *
 * @param store takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_store_free(mlpipe_store *store);

#ifdef __cplusplus
}
#endif

#endif
