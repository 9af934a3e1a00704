/* SPDX-License-Identifier: MIT */
/**
 * @file transform.h
 * The steps of a recipe on their own: features for a learner of yours, or for
 * people to look at.
 */
#ifndef MLPIPE_TRANSFORM_H
#define MLPIPE_TRANSFORM_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/pipeline.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Fitted steps: the program that turns a row into features, the names and
 * types of those, where it came from. Immutable. Rows go one by one through
 * the predictor of mlpipe_transform_predictor (deploy.h), with the same bits.
 */
typedef struct mlpipe_transform mlpipe_transform;

/**
 * Fit the steps of a recipe that has no learner. A target is needed only by
 * steps that learn from it, such as target_encode; without one every column
 * without a role is a feature.
 *
 * The training rows as features come from here and not from a later
 * mlpipe_transform_apply: a step that learns from the target gives each of
 * them a value that its own target is no part of. Steps after it that learn
 * from those values (cells, bounds, rows to drop) learn from all of them.
 *
 * @param ctx borrows; progress is told as "fit"
 * @param pipeline borrows; it has no learner
 * @param train borrows
 * @param transformed gives: the training rows that no step dropped; free with
 *        mlpipe_dataset_free; NULL where they are not wanted
 * @param out gives; free with mlpipe_transform_free
 * @return MLPIPE_OK
 * @status as mlpipe_fit; MLPIPE_E_STATE also where the recipe has a learner,
 *         MLPIPE_E_CONFLICT where a step adds or drops rows for a learner
 *         alone, such as smote or jitter
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_transform_fit(c, p, train, &features, &t);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_fit(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                     const mlpipe_dataset *train,
                     mlpipe_dataset **transformed, mlpipe_transform **out);

/**
 * The features of every row of a dataset, in its order and with its row ids.
 * A text that training never saw is null in a category; where an operation has
 * no answer the value is null, and the log tells how many. Values pass as
 * doubles: a whole number of 2^53 or more, which may be a rounded one, is
 * refused, and a time of so many of its units from 1970 is rounded to the
 * nearest double, which the log tells. Of nanoseconds that is every time since
 * 15 April 1970, today to a multiple of 256 ns; microseconds are exact.
 *
 * @param ctx borrows
 * @param transform borrows
 * @param dataset borrows; it has the transform's input columns, by name
 * @param params "leak=refuse" (allow: rows that the transform was fitted on
 *        are taken although a step learnt from their targets), or NULL. Rows
 *        that a later step dropped are among them, since they have taught. A
 *        row is known by its inputs with the id column; without one, by its
 *        inputs with the time column or the row id, where that fits most rows
 * @param out gives; free with mlpipe_dataset_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM, MLPIPE_E_SCHEMA, MLPIPE_E_LEAK,
 *         MLPIPE_E_NUMERIC (a whole number of 2^53 or more), MLPIPE_E_CANCELLED
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_transform_apply(c, t, fresh, NULL, &features);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_apply(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                       const mlpipe_dataset *dataset, const char *params,
                       mlpipe_dataset **out);

/**
 * How many columns the transform reads.
 *
 * @param transform borrows
 * @return the number
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_transform_inputs(const mlpipe_transform *transform);

/**
 * Name of a column that the transform reads.
 *
 * @param transform borrows
 * @param input 0 .. mlpipe_transform_inputs - 1
 * @return owned by transform; NULL where there is no such input
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_transform_input(const mlpipe_transform *transform,
                                              uint32_t input);

/**
 * How many features the transform gives.
 *
 * @param transform borrows
 * @return the number
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t
mlpipe_transform_outputs(const mlpipe_transform *transform);

/**
 * Name of a feature.
 *
 * @param transform borrows
 * @param output 0 .. mlpipe_transform_outputs - 1
 * @return owned by transform; NULL where there is no such output
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *
mlpipe_transform_output(const mlpipe_transform *transform, uint32_t output);

/**
 * Type of a feature.
 *
 * @param transform borrows
 * @param output 0 .. mlpipe_transform_outputs - 1
 * @return MLPIPE_TYPE_, or 0 where there is no such output
 * @thread shared
 * @since 0.1
 */
MLPIPE_API int32_t
mlpipe_transform_output_type(const mlpipe_transform *transform,
                             uint32_t output);

/**
 * Text behind the code of a category, as a predictor gives it.
 *
 * @param transform borrows
 * @param output 0 .. mlpipe_transform_outputs - 1
 * @param code what the predictor gave
 * @return owned by transform; NULL where it is no code of that output
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *
mlpipe_transform_category(const mlpipe_transform *transform, uint32_t output,
                          double code);

/**
 * Identity: 32 hexadecimal digits over everything that decides its answers.
 *
 * @param transform borrows
 * @return owned by transform
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_transform_id(const mlpipe_transform *transform);

/**
 * Save to a file: the old or the new one after a crash.
 *
 * @param ctx borrows
 * @param transform borrows
 * @param path borrows
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_LIMIT, MLPIPE_E_UNSUPPORTED
 *         (no files here), MLPIPE_E_STATE (ctx was made before a fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_save(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                      const char *path);

/**
 * The bytes that mlpipe_transform_save would write.
 *
 * @param ctx borrows
 * @param transform borrows
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_bytes(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                       mlpipe_buffer **out);

/**
 * Load from a file; every byte is checked.
 *
 * @param ctx borrows
 * @param path borrows
 * @param out gives; free with mlpipe_transform_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_IO, MLPIPE_E_NOT_FOUND, MLPIPE_E_CORRUPT,
 *         MLPIPE_E_FORMAT (no transform), MLPIPE_E_VERSION, MLPIPE_E_LIMIT,
 *         MLPIPE_E_UNSUPPORTED (no files here), MLPIPE_E_STATE (ctx was made
 *         before a fork)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_load(mlpipe_ctx *ctx, const char *path,
                      mlpipe_transform **out);

/**
 * Load from memory; otherwise as mlpipe_transform_load.
 *
 * @param ctx borrows
 * @param bytes borrows
 * @param size length in bytes
 * @param out gives; free with mlpipe_transform_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_CORRUPT, MLPIPE_E_FORMAT, MLPIPE_E_VERSION,
 *         MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_load_bytes(mlpipe_ctx *ctx, const void *bytes, size_t size,
                            mlpipe_transform **out);

/**
 * The recipe that the transform was fitted from.
 *
 * @param ctx borrows
 * @param transform borrows
 * @param out gives; free with mlpipe_pipeline_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (a step of a later version)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_recipe(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                        mlpipe_pipeline **out);

/**
 * What a row goes through; see mlpipe_model_explain.
 *
 * @param ctx borrows
 * @param transform borrows
 * @param out gives the text; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_explain(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                         mlpipe_buffer **out);

/**
 * What the fit found out: rows given, dropped and trained, and what steps tell
 * of themselves, by the name of the step, such as kmeans.inertia, a table
 * kmeans.sizes, tables pca.variance and pca.loadings. Of a model it is the
 * part of the card whose names begin with "fit.".
 *
 * @param ctx borrows
 * @param transform borrows
 * @param out gives; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_transform_notes(c, t, &r);
 *     inertia = mlpipe_report_get(r, "kmeans.inertia");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_transform_notes(mlpipe_ctx *ctx, const mlpipe_transform *transform,
                       mlpipe_report **out);

/**
 * Free a transform.
 *
 * @param transform takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_transform_free(mlpipe_transform *transform);

#ifdef __cplusplus
}
#endif

#endif
