/* SPDX-License-Identifier: MIT */
/**
 * @file pipeline.h
 * The recipe: roles of columns, and named steps from cleaning to learner.
 */
#ifndef MLPIPE_PIPELINE_H
#define MLPIPE_PIPELINE_H

#include <mlpipe/base.h>
#include <mlpipe/data.h>
#include <mlpipe/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A recipe; it holds no data and can be fitted any number of times. */
typedef struct mlpipe_pipeline mlpipe_pipeline;

/**
 * Finer causes of an error in an expression: the detail of mlpipe_error. The
 * numbers are never changed; new ones are appended.
 */
enum {
    MLPIPE_DETAIL_SYNTAX = 100,      /**< something else must stand there */
    MLPIPE_DETAIL_UNCLOSED = 101,    /**< a quote, backtick or bracket */
    MLPIPE_DETAIL_CHARACTER = 102,   /**< it has no meaning here, or no UTF-8 */
    MLPIPE_DETAIL_NUMBER = 103,      /**< no number, or beyond range */
    MLPIPE_DETAIL_INEXACT = 104,     /**< an integer beyond 2^53 */
    MLPIPE_DETAIL_DATE = 105,        /**< @... is no date */
    MLPIPE_DETAIL_EMPTY = 106,       /**< nothing to compile */
    MLPIPE_DETAIL_TOO_LONG = 107,    /**< limit of expression_bytes */
    MLPIPE_DETAIL_TOO_DEEP = 108,    /**< limit of expression_depth */
    MLPIPE_DETAIL_TOO_MANY = 109,    /**< more than 65,536 parts, or than the
                                          limit of categories */
    MLPIPE_DETAIL_RESERVED = 110,    /**< a name that needs backticks */
    MLPIPE_DETAIL_DUPLICATE = 111,   /**< a name that is defined twice */
    MLPIPE_DETAIL_UNKNOWN_COLUMN = 112,   /**< no such column */
    MLPIPE_DETAIL_UNKNOWN_FUNCTION = 113, /**< no such function */
    MLPIPE_DETAIL_ARGUMENTS = 114,   /**< too few or too many of them */
    MLPIPE_DETAIL_TYPE = 115,        /**< a value of another type is needed */
    MLPIPE_DETAIL_TEXT_AND_NUMBER = 116, /**< the two never mix */
    MLPIPE_DETAIL_NOT_CONDITION = 117,   /**< a number where true or false
                                              is needed */
    MLPIPE_DETAIL_FREE_TEXT = 118,   /**< only text functions read it */
    MLPIPE_DETAIL_NO_TEXT = 119,     /**< a category without texts */
    MLPIPE_DETAIL_NOT_CONSTANT = 120, /**< the argument must be written out */
    MLPIPE_DETAIL_VALUE = 121,       /**< an argument that is not allowed */
    MLPIPE_DETAIL_EDGES = 122,       /**< of bucket: they must rise */
    MLPIPE_DETAIL_LABELS = 123,      /**< of bucket: one more than edges */
    MLPIPE_DETAIL_LEAK = 124,        /**< the target is read */
    MLPIPE_DETAIL_LINT_YEAR = 150,   /**< a year written out ages */
    MLPIPE_DETAIL_LINT_UNKNOWN_TEXT = 151, /**< no training row has it */
    MLPIPE_DETAIL_LINT_CONSTANT = 152,  /**< a condition that never changes */
    MLPIPE_DETAIL_LINT_NULL = 153    /**< compared with null, always null */
};

/**
 * Start a recipe.
 *
 * Parameters: target=price or log(price) (also log1p, sqrt; predictions come
 * back in the column's own units), task=auto|regression|binary|multiclass
 * (auto: a number is regression; 0/1, of doubles too, bools and texts are
 * classes), features=a,b (default: every column without a role), the roles
 * below, as_of=2026-01-31 (what as_of is in expressions where nothing else
 * tells the time of a row); seed=, holdout=0.1 (the share kept from the
 * learner for the reference where no validation dataset is given; last in
 * time, whole groups). Wherever groups are kept whole, a row whose group is
 * null is one of its own. features= names columns of the data; what derive
 * makes is a feature by itself.
 *
 * Roles take a column out of the features. id= names a row (truths that come
 * later are joined by it, twins of training rows found by it); time= is when
 * it was (as_of, the order of holdouts, the age of a model); rows of one
 * group= stay together in holdouts and folds; weight= says for how many rows
 * one counts, in fits and in metrics; label_time= is kept from the features
 * and read by nothing else (splits take label_end= of their own). segment=a,b
 * are columns by which mlpipe_evaluate splits its first metric, and private=a,b
 * columns that are never captured, counted in the reference or listed: both
 * may be features too, where features= lists them. known_time= split= key=
 * are reserved: a recipe may hold them, and a fit refuses them by
 * MLPIPE_E_UNSUPPORTED.
 *
 * offset= is a number that is added to the learner's raw score as it is, so
 * that the learner fits what is left: the answer of a regression is offset +
 * f(x), and P(positive) = 1 / (1 + exp(-(offset + f(x)))), as that of a
 * generalised linear model or the init_score of LightGBM; unlike that one it
 * is an input of the model, which every row that is predicted must have. Of
 * target=log(y) it is on the scale of log(y); of gbt with loss=poisson, gamma
 * or tweedie, whose answer is exp(offset + f(x)), it is the log of an exposure.
 * It is a column, or what derive makes (offset=log_e with derive "log_e =
 * log(exposure)"), as the steps leave it; they change it only where they name
 * it. ridge, lasso, elastic_net,
 * logistic of two classes and gbt but for three classes or more take one, a
 * fit with any other refuses it by MLPIPE_E_UNSUPPORTED. A row whose offset is
 * missing or not finite teaches the learner nothing: it is left out and
 * counted (fit.rows_without_offset, fit.held_out_without_offset), and when it
 * is predicted it has no answer. A transform leaves it out of its features.
 *
 * @param ctx borrows
 * @param params borrows; a recipe for mlpipe_fit needs a target
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
 * Add a step. Steps run in the order in which they are added; a second step of
 * one kind needs `as=<name>`. mlpipe_catalog_get lists the steps.
 *
 * Behind the learner may follow, in this order, calibrate (two classes or
 * more) and conformal (any target). Both are fitted on answers for rows that
 * the learner did not see: of fits on the other rows of folds=, or, for
 * conformal with method=split, of share= of the rows, drawn by row id, that
 * train nothing else; groups stay whole. Folds and shares are random, so that
 * a stream that drifts is promised less. conformal adds outputs behind the
 * answer (mlpipe_model_output), which mlpipe_predict and workers write too.
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
 * Add features by expressions: one text, in which lines or semicolons
 * separate the definitions. It is checked as far as that goes without columns;
 * columns and types are checked by the fit. A second call is a second step,
 * which gets a name by itself.
 *
 * Operators, the tightest first: ** (from the right), - before a value,
 * * / // %, + -, comparisons (< <= > >= == != in (...) not in (...)
 * between a and b, is null, is not null), not, and, or; = and <> are == and
 * !=. / divides truly, // rounds down, % has the sign of the divisor.
 * if(c, a, b); case when c then x ... else y end; let a = x, b = y in z.
 * Literals: 1_000, 1.5e3, "text" or 'text' (a quote inside is doubled), true,
 * false, null, @2026-01-31, @2026-01-31T10:00:00, durations such as 5 min
 * or 5 days (us ms s min h d w, or their words). Odd column names stand in
 * backticks. as_of is the time of the row: as_of= of the recipe for all rows;
 * without it, in a dataset the time= column, in a record the field of its
 * name, in a worker the time of the call; where nothing tells it the call
 * fails. A time is a number here: one in ns is rounded to 256 ns in our days;
 * read it in us where the last of them matter.
 *
 * Types are numbers, conditions, times, durations and texts; texts and
 * numbers never mix, and no number is a condition. null makes null, but for
 * and, or, is null, coalesce, nvl, least and greatest; a condition that is
 * null is not true. What has no answer (x / 0, log(-1), a text that is no
 * number) is null and counted.
 *
 * Functions: abs sign floor ceil trunc round clamp min max least greatest
 * sqrt cbrt exp expm1 log log1p log2 log10 pow square hypot sin cos tan
 * sigmoid logit div mod cyc_sin cyc_cos; if coalesce nvl nullif is_null
 * bucket map; year quarter month week day dow doy hour minute second
 * is_weekend date_trunc date_diff add_months epoch; lower upper trim squeeze
 * strip_accents substr replace split_part concat len contains starts ends
 * parse_num parse_date parse_bool parse_unit. What each takes and gives, and
 * when it is null, is in the catalog (catalog.h): examples/steps prints it,
 * `steps functions` all of them and `steps bucket` one.
 *
 * @param ctx borrows
 * @param pipeline borrows; unchanged on failure
 * @param expressions borrows: "name = expression", separated by semicolons
 *        or lines; a name that is a column replaces it from here on
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (the detail is MLPIPE_DETAIL_, the
 *         message shows the place), MLPIPE_E_LIMIT, MLPIPE_E_CONFLICT (behind
 *         the learner)
 * @thread owner
 * @since 0.1
 *
 *     mlpipe_pipeline_derive(c, p, "lot_ratio = area / max(lot, 1);"
 *                                  "age = year(as_of) - built");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_derive(mlpipe_ctx *ctx, mlpipe_pipeline *pipeline,
                       const char *expressions);

/**
 * Train only on rows where a condition is true; null is not true. It has no
 * part in serving, and must not read the target.
 *
 * @param ctx borrows
 * @param pipeline borrows; unchanged on failure
 * @param condition borrows: one expression, checked as by
 *        mlpipe_pipeline_derive
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (the detail is MLPIPE_DETAIL_, the
 *         message shows the place), MLPIPE_E_LIMIT, MLPIPE_E_CONFLICT (behind
 *         the learner)
 * @thread owner
 * @since 0.1
 *
 *     mlpipe_pipeline_filter(c, p, "area > 0 and city != \"test\"");
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_filter(mlpipe_ctx *ctx, mlpipe_pipeline *pipeline,
                       const char *condition);

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
 * The fingerprint of a recipe: 32 hexadecimal digits over its canonical JSON,
 * so that recipes which mean the same have the same one.
 *
 * @param ctx borrows
 * @param pipeline borrows
 * @param out gives the text; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM
 * @thread owner
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_fingerprint(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                            mlpipe_buffer **out);

/**
 * Everything that is wrong with a recipe in JSON, in one run: a report with
 * the numbers errors and lints, which count all, and a table of findings (the
 * first 50 errors and the first 50 lints) with severity, code, detail
 * (MLPIPE_DETAIL_), JSON pointer (RFC 6901, at most 159 bytes of it), line,
 * column, message, help and the place with a caret below; mlpipe_report_render
 * gives them as text or JSON. With rows a recipe without errors is planned on
 * them as well, so that wrong columns and types are found, up to the first
 * step that fails; what resampling and training refuse is told by the fit
 * alone.
 *
 * @param ctx borrows
 * @param json borrows: UTF-8
 * @param bytes length of the text
 * @param rows borrows: training rows; NULL for the text alone
 * @param out gives, also where there are errors; free with mlpipe_report_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_CANCELLED, MLPIPE_E_HOST
 * @thread ctx
 * @since 0.1
 *
 *     mlpipe_pipeline_check(c, text, strlen(text), NULL, &findings);
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_pipeline_check(mlpipe_ctx *ctx, const char *json, size_t bytes,
                      const mlpipe_dataset *rows, mlpipe_report **out);

/**
 * A recipe from JSON, as mlpipe_pipeline_json writes it; what is left out has
 * its default:
 *
 *     {"format": 1,
 *      "pipeline": {"target": "log(price)", "id": ["id"], "time": ["date"]},
 *      "steps": [{"step": "derive", "params": {"expressions": "a = x / y"}},
 *                {"step": "impute", "as": "fill", "params": {}},
 *                {"step": "gbt", "params": {"trees": 300, "rate": 0.1}}]}
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
