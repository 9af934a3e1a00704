/* SPDX-License-Identifier: MIT */
/**
 * @file deploy.h
 * The serving path: predictors for one model, slots and workers for models
 * that are swapped while they serve.
 *
 * All of this header is in libmlpipe-serve, and of the others what leads here:
 * all of base.h and version.h; mlpipe_layout_ of data.h; of model.h and
 * transform.h mlpipe_model_load_bytes and mlpipe_transform_load_bytes, the id,
 * inputs, outputs, classes and categories, and the frees. It has no datasets
 * and builders, no recipes, fit, mlpipe_predict or mlpipe_evaluate, no
 * reports, catalog, store, monitor or cycle, and no files: the host reads the
 * bundle. Parameters are key=value there, not JSON.
 */
#ifndef MLPIPE_DEPLOY_H
#define MLPIPE_DEPLOY_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/model.h>
#include <mlpipe/transform.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A model bound to a layout; immutable, the caller gives the scratch. */
typedef struct mlpipe_predictor mlpipe_predictor;

/** The place where models are deployed, one after the other. */
typedef struct mlpipe_slot mlpipe_slot;

/** One thread's seat at a slot. It never waits and never allocates. */
typedef struct mlpipe_worker mlpipe_worker;

/** What serving changes. Reserved: pass NULL. */
typedef struct mlpipe_live mlpipe_live;

/** What mlpipe_worker_flags tells of a row. */
enum {
    MLPIPE_FLAG_IMPUTED = 1, /**< an input was missing */
    MLPIPE_FLAG_UNSEEN = 2,  /**< a category that training never saw */
    MLPIPE_FLAG_RANGE = 4,   /**< a number outside the training range */
    MLPIPE_FLAG_NULL = 8     /**< no answer: the output is NaN */
};

/**
 * Bind a model to a layout. Where the recipe reads as_of, the time of a row, a
 * field that is named as the time column tells it, in the unit that the column
 * had in training; so does a worker's time.
 *
 * @param ctx borrows
 * @param model keeps
 * @param layout keeps; NULL for doubles in the order of mlpipe_model_input
 * @param out gives; free with mlpipe_predictor_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_SCHEMA (the layout lacks an input, or has
 *         it in a kind that the model cannot take), MLPIPE_E_LIMIT (tokens or
 *         scratch), MLPIPE_E_STATE (the recipe reads as_of, and nothing tells
 *         it)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_predictor_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                     const mlpipe_layout *layout, mlpipe_predictor **out);

/**
 * Bind a transform to a layout: the predictor gives its features, in the order
 * of mlpipe_transform_output; categories as codes (mlpipe_transform_category).
 *
 * @param ctx borrows
 * @param transform borrows
 * @param layout keeps; NULL for doubles in the order of mlpipe_transform_input
 * @param out gives; free with mlpipe_predictor_free
 * @return MLPIPE_OK
 * @status as mlpipe_predictor_new
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_predictor(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                           const mlpipe_layout *layout,
                           mlpipe_predictor **out);

/**
 * Bytes of scratch that a prediction needs, 64-byte aligned, for one thread
 * at a time. Contents do not matter. Tens of kilobytes are normal, and a model
 * with many features takes more: allocate it once, from the heap.
 *
 * @param predictor borrows; NULL gives 0
 * @return bytes
 * @thread shared
 * @since 0.1
 */
MLPIPE_API size_t mlpipe_predictor_scratch(const mlpipe_predictor *predictor);

/**
 * The code of a category, for rows of doubles: valid for this predictor
 * only, which a layout makes unnecessary.
 *
 * @param predictor borrows
 * @param input 0 .. mlpipe_model_inputs - 1
 * @param text borrows: UTF-8
 * @param bytes length of the text
 * @return the code; -1 for a category that training never saw; NaN where the
 *         input is no category
 * @thread shared
 * @since 0.1
 */
MLPIPE_API double mlpipe_predictor_code(const mlpipe_predictor *predictor,
                                        uint32_t input, const char *text,
                                        size_t bytes);

/**
 * Predict one row: no allocation, lock or system call.
 *
 * @param predictor borrows
 * @param scratch borrows: mlpipe_predictor_scratch bytes, 64-byte aligned
 * @param row borrows: a record of the layout, or doubles (NaN = missing)
 * @param out mlpipe_model_outputs doubles; NaN where there is no answer
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (a NULL)
 * @thread shared
 * @since 0.1
 */
MLPIPE_API mlpipe_status
mlpipe_predict_row(const mlpipe_predictor *predictor, void *scratch,
                   const void *row, double *out);

/**
 * Predict n rows, the same bits as one by one.
 *
 * @param predictor borrows
 * @param scratch borrows: as for one row
 * @param rows borrows: the first record
 * @param stride bytes from one record to the next
 * @param n how many
 * @param out n x mlpipe_model_outputs doubles, row by row
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (a NULL)
 * @thread shared
 * @since 0.1
 */
MLPIPE_API mlpipe_status
mlpipe_predict_rows(const mlpipe_predictor *predictor, void *scratch,
                    const void *rows, size_t stride, size_t n, double *out);

/**
 * Predict one row of values, texts included; slower than a layout.
 *
 * @param predictor borrows; made without a layout
 * @param scratch borrows: as for one row
 * @param values borrows: mlpipe_model_inputs values
 * @param out mlpipe_model_outputs doubles; NaN where there is no answer
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (a NULL), MLPIPE_E_SCHEMA (a text for a number or a
 *         number for a category), MLPIPE_E_STATE (made with a layout)
 * @thread shared
 * @since 0.1
 */
MLPIPE_API mlpipe_status
mlpipe_predict_values(const mlpipe_predictor *predictor, void *scratch,
                      const mlpipe_value *values, double *out);

/**
 * Free a predictor.
 *
 * @param predictor takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_predictor_free(mlpipe_predictor *predictor);

/**
 * Deploy a first model. A field of the layout that feeds no input of it is
 * told by a log line: MLPIPE_LOG_WARN where its name is near that of an input
 * that the layout declares absent, else MLPIPE_LOG_INFO.
 *
 * @param ctx borrows
 * @param model keeps
 * @param layout keeps; NULL for doubles in the order of mlpipe_model_input of
 *        the first model, to which later ones are bound by name
 * @param params "workers=64" (the most that may sit at once) "ring=4096" (ids
 *        that wait between two ticks, a power of two) "latency=0" (with 64
 *        every 64th call of a worker is timed by the context's clock, for a
 *        monitor; 0, or no clock: none is), or NULL
 * @param out gives; free with mlpipe_slot_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA, MLPIPE_E_LIMIT,
 *         MLPIPE_E_STATE (after fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_slot_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                const mlpipe_layout *layout, const char *params,
                mlpipe_slot **out);

/**
 * Deploy another model: the next prediction of every worker uses it, those
 * under way end with the old one. Everything that can fail happens before it
 * is published; on failure nothing has changed. Fields that feed nothing are
 * told as by mlpipe_slot_new. A canary is dropped.
 *
 * @param ctx borrows
 * @param slot borrows
 * @param model keeps
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_SCHEMA (the layout lacks an input, the model
 *         has more or fewer outputs than the one that serves, or a monitor
 *         watches the slot and it has another target or other classes; where
 *         none watches, that is the host's business), MLPIPE_E_LIMIT,
 *         MLPIPE_E_BUSY (another thread swaps, or 64 retired deployments wait
 *         for a worker), MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_slot_swap(mlpipe_ctx *ctx, mlpipe_slot *slot,
                 const mlpipe_model *model);

/**
 * Go back to the previous deployment. A canary is dropped. Takes no memory.
 *
 * @param ctx borrows
 * @param slot borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_STATE (there is none, or after fork), MLPIPE_E_SCHEMA (a
 *         monitor watches the slot and the previous model has another target
 *         or other classes), MLPIPE_E_BUSY (as for a swap)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_slot_rollback(mlpipe_ctx *ctx,
                                                           mlpipe_slot *slot);

/**
 * Let another model answer a share of the requests, beside the one that
 * serves. Which is told by the id alone: XXH3 of its eight bytes, lowest
 * first, modulo 10,000 is below 10,000 share; so that one id is answered by
 * one model for as long as the canary runs, and a greater share keeps those
 * of a smaller one. Requests without an id (0) are never the canary's. What a
 * row counts for, its drift and its truth belong to the deployment that
 * answered it.
 *
 * @code
 * mlpipe_slot_canary(ctx, slot, challenger, 0.05);
 * good ? mlpipe_slot_promote(ctx, slot) : mlpipe_slot_drop(ctx, slot);
 * @endcode
 *
 * @param ctx borrows
 * @param slot borrows
 * @param model keeps; NULL gives the canary that runs another share
 * @param share of the ids, 0.0001 to 0.9999
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (share), MLPIPE_E_CONFLICT (a canary
 *         runs), MLPIPE_E_STATE (none runs and model is NULL, or after fork),
 *         MLPIPE_E_SCHEMA (the layout lacks an input, or the model has another
 *         target, other classes or another number of outputs),
 *         MLPIPE_E_LIMIT, MLPIPE_E_BUSY (as for a swap)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_slot_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                   const mlpipe_model *model, double share);

/**
 * Let the canary answer all requests, as after a swap: it keeps its number and
 * its counts, and a rollback goes back to the model before it. Takes no
 * memory.
 *
 * @param ctx borrows
 * @param slot borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_STATE (no canary runs, or after fork), MLPIPE_E_BUSY (as
 *         for a swap)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_slot_promote(mlpipe_ctx *ctx,
                                                          mlpipe_slot *slot);

/**
 * End the canary; the model that serves answers all requests again. Takes no
 * memory.
 *
 * @param ctx borrows
 * @param slot borrows
 * @return MLPIPE_OK
 * @status as mlpipe_slot_promote
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_slot_drop(mlpipe_ctx *ctx,
                                                       mlpipe_slot *slot);

/**
 * The number of the canary.
 *
 * @param slot borrows
 * @return as mlpipe_slot_version; 0 where none runs
 * @thread any
 * @since 0.1
 */
MLPIPE_API uint64_t mlpipe_slot_canary_version(const mlpipe_slot *slot);

/**
 * Free retired deployments that no worker uses any more. Swap, rollback and
 * tick do it too.
 *
 * @param ctx borrows
 * @param slot borrows
 * @param waiting how many still wait; may be NULL
 * @return MLPIPE_OK
 * @status MLPIPE_E_BUSY (another thread swaps), MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_slot_reclaim(mlpipe_ctx *ctx,
                                                          mlpipe_slot *slot,
                                                          uint32_t *waiting);

/**
 * The number of the deployment that serves: 1 for the first, one more for
 * each swap and each canary; a rollback goes back to the earlier number.
 *
 * @param slot borrows
 * @return the number
 * @thread any
 * @since 0.1
 */
MLPIPE_API uint64_t mlpipe_slot_version(const mlpipe_slot *slot);

/**
 * The model that serves.
 *
 * @param ctx borrows
 * @param slot borrows
 * @param out gives a reference of its own; free with mlpipe_model_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_BUSY (another thread swaps), MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status mlpipe_slot_model(mlpipe_ctx *ctx,
                                                        mlpipe_slot *slot,
                                                        mlpipe_model **out);

/**
 * Free a slot. Free its workers, monitors and cycles first or later, in any
 * order: it goes when the last of them does.
 *
 * @param slot takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_slot_free(mlpipe_slot *slot);

/**
 * Take a seat.
 *
 * @param ctx borrows
 * @param slot keeps
 * @param live borrows; reserved, pass NULL
 * @param out gives; free with mlpipe_worker_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_BUSY (all seats are taken, or another
 *         thread swaps), MLPIPE_E_UNSUPPORTED (live is not NULL),
 *         MLPIPE_E_STATE (after fork)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_worker_new(mlpipe_ctx *ctx, mlpipe_slot *slot, mlpipe_live *live,
                  mlpipe_worker **out);

/**
 * Predict with the model that is deployed now, and count what was seen for
 * the monitor: no allocation, lock, wait or system call.
 *
 * @param worker borrows
 * @param id of the request, by which its truth will come; 0 = none will
 * @param now_us the host's time in microseconds since 1970
 * @param records borrows: n records of the slot's layout, one behind the
 *        other
 * @param out n x mlpipe_model_outputs doubles; NaN where there is no answer
 * @param n how many; record i has the id id + i, unless id is 0
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (a NULL)
 * @thread owner
 * @since 0.1
 */
MLPIPE_API mlpipe_status mlpipe_worker_predict(mlpipe_worker *worker,
                                               uint64_t id, int64_t now_us,
                                               const void *records,
                                               double *out, size_t n);

/**
 * What was odd about the last record of the last call.
 *
 * @param worker borrows
 * @return MLPIPE_FLAG_ bits
 * @thread owner
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_worker_flags(const mlpipe_worker *worker);

/**
 * The number of the deployment that answered the last record of the last call:
 * of the canary, where the id is given to it.
 *
 * @param worker borrows
 * @return as mlpipe_slot_version; 0 before the first call
 * @thread owner
 * @since 0.1
 */
MLPIPE_API uint64_t mlpipe_worker_version(const mlpipe_worker *worker);

/**
 * Why the last call failed.
 *
 * @param worker borrows
 * @return static text; "" after a call that succeeded
 * @thread owner
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_worker_error(const mlpipe_worker *worker);

/**
 * Tell how long a request took, as the host measured it: from its arrival to
 * its answer, say. It counts with the deployment that serves now, in the same
 * histogram as what latency= times, so choose one of the two. Known to 1/128
 * of itself between 16 ns and 68.7 s; beyond, it counts as the nearest.
 *
 * @param worker borrows; NULL does nothing
 * @param ns nanoseconds; more than 2^53 is taken for a mistake and not counted
 * @thread owner
 * @since 0.1
 */
MLPIPE_API void mlpipe_worker_latency(mlpipe_worker *worker, uint64_t ns);

/**
 * Tell of a request that failed in the host: its features could not be read,
 * it took too long. It is counted by its code among the errors of the
 * deployment that serves now, where a prediction that failed is by itself.
 *
 * @param worker borrows; NULL does nothing
 * @param status an MLPIPE_E_ code; any other number but 0 counts as
 *        MLPIPE_E_UNKNOWN
 * @thread owner
 * @since 0.1
 */
MLPIPE_API void mlpipe_worker_failed(mlpipe_worker *worker,
                                     mlpipe_status status);

/**
 * Leave the seat; what was counted stays with the slot.
 *
 * @param worker takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_worker_free(mlpipe_worker *worker);

#ifdef __cplusplus
}
#endif

#endif
