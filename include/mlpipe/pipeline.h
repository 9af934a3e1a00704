/* SPDX-License-Identifier: MIT */
/**
 * @file pipeline.h
 * The recipe: roles of columns, and named steps from cleaning to learner.
 */
#ifndef MLPIPE_PIPELINE_H
#define MLPIPE_PIPELINE_H

#include <mlpipe/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A recipe; it holds no data and can be fitted any number of times. */
typedef struct mlpipe_pipeline mlpipe_pipeline;

/**
 * Start a recipe.
 *
 * Parameters: target=price or log(price) (also log1p, sqrt; predictions come
 * back in the column's own units), task=auto|regression|binary, features=a,b
 * (default: every column without a role), and the roles id= time= group=
 * weight= label_time= known_time= offset= split= segment= key= private=;
 * seed=, holdout=0.1 (the share kept from the learner for the reference where
 * no validation dataset is given; last in time, whole groups).
 *
 * @param ctx borrows
 * @param params borrows; target is required
 * @param out gives; free with mlpipe_pipeline_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_pipeline_new(c, "target=log(price) id=id time=date", &p);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_new(mlpipe_ctx *ctx, const char *params,
                    mlpipe_pipeline **out);

/**
 * Add a step. Steps run in the order in which they are added; a second step
 * of one kind needs as=<name>. mlpipe_catalog_get lists the steps.
 *
 * @param ctx borrows
 * @param pipeline borrows; unchanged on failure
 * @param step borrows: its name in the catalog, such as "impute"
 * @param params borrows; NULL for the defaults
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (no such step or parameter; the
 *         message names the nearest), MLPIPE_E_CONFLICT (the name is taken, or
 *         a second learner)
 * @thread owner
 * @since 0.1
 *
 *     mlpipe_pipeline_add(c, p, "impute", "numeric=median indicator=true");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_add(mlpipe_ctx *ctx, mlpipe_pipeline *pipeline,
                    const char *step, const char *params);

/**
 * The recipe as canonical JSON, every default written out.
 *
 * @param ctx borrows
 * @param pipeline borrows
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_json(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                     mlpipe_buffer **out);

/**
 * A recipe from the JSON that mlpipe_pipeline_json writes.
 *
 * @param ctx borrows
 * @param json borrows: UTF-8
 * @param bytes length of the text
 * @param out gives; free with mlpipe_pipeline_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_FORMAT, MLPIPE_E_PARAM, MLPIPE_E_LIMIT
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_parse(mlpipe_ctx *ctx, const char *json, size_t bytes,
                      mlpipe_pipeline **out);

/**
 * Free a recipe.
 *
 * @param pipeline takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_pipeline_free(mlpipe_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
