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
 * @param params "create=true sync=true", or NULL
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
 * Keep a dataset and let a name point to it. What is there already is not
 * written again.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: letters, digits, '.', '_', '-'; at most 128
 * @param dataset borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (a bad name, or the digits of a
 *         version), MLPIPE_E_CONFLICT (the name is a tag), MLPIPE_E_IO,
 *         MLPIPE_E_BUSY (another writer), MLPIPE_E_LIMIT, MLPIPE_E_CORRUPT (a
 *         damaged tag), MLPIPE_E_CANCELLED, MLPIPE_E_STATE (after fork)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_store_put_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                         const char *name, const mlpipe_dataset *dataset);

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
 * What was put and tagged, in order, as a table of the report. A tail that a
 * crash has torn is left out.
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
 * Read and hash every version.
 *
 * @param ctx borrows
 * @param store borrows
 * @param out gives figures "versions", "bytes", "damaged" and a table of what
 *        is damaged; free with mlpipe_report_free
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
 * Which data made this model, and whether the store has it.
 *
 * @param ctx borrows
 * @param store borrows
 * @param name borrows: a model's name, tag or version
 * @param out gives texts "model", "train", "valid" (fingerprints) and
 *        "train_name", "valid_name" where the store holds that content; free
 *        with mlpipe_report_free
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
