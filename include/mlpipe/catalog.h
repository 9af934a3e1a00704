/* SPDX-License-Identifier: MIT */
/**
 * @file catalog.h
 * The steps that exist, the parameters of every call that takes them, and the
 * functions of expressions: the one table from which parsing, messages,
 * bindings and manuals come. examples/steps prints it.
 */
#ifndef MLPIPE_CATALOG_H
#define MLPIPE_CATALOG_H

#include <mlpipe/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What an entry is: a step by what it does to the data, a call, or a part of
 * expressions (see mlpipe_pipeline_derive). Where the line of a function says
 * nothing else, a null among its arguments gives null.
 */
enum {
    MLPIPE_KIND_CALL = 0,    /**< no step: the parameters of a function */
    MLPIPE_KIND_ROW = 1,     /**< a function of the row alone */
    MLPIPE_KIND_FIT = 2,     /**< statistics of the training rows, then row */
    MLPIPE_KIND_ROWS = 3,    /**< changes which rows train; never serves */
    MLPIPE_KIND_LEARNER = 4, /**< makes the prediction */
    MLPIPE_KIND_FUNCTION = 5, /**< of expressions */
    MLPIPE_KIND_SYNTAX = 6,  /**< of expressions: an operator or literal */
    MLPIPE_KIND_TAIL = 7,    /**< follows the learner: calibrate, conformal */
    MLPIPE_KIND_DETECTOR = 8 /**< of mlpipe_detector_new */
};

/** Type of a parameter. */
enum {
    MLPIPE_PARAM_INT = 1,    /**< 64-bit integer */
    MLPIPE_PARAM_REAL = 2,   /**< finite double */
    MLPIPE_PARAM_BOOL = 3,   /**< true or false */
    MLPIPE_PARAM_CHOICE = 4, /**< one of the choices */
    MLPIPE_PARAM_TEXT = 5,   /**< any text */
    MLPIPE_PARAM_NAMES = 6,  /**< column names by comma; `odd` in backticks */
    MLPIPE_PARAM_REALS = 7,  /**< numbers by comma */
    MLPIPE_PARAM_SPAN = 8    /**< a number with a time unit: 30 d, 5 min */
};

/** One entry of the catalog. All texts are static. */
typedef struct mlpipe_catalog_entry {
    const char *name; /**< "impute", "mlpipe_read_csv", "bucket" or "**" */
    const char *doc;  /**< one sentence; of expressions: the signature, a
                           colon, what it takes and gives, what is null */
    int32_t kind;     /**< MLPIPE_KIND_ */
    uint32_t params;  /**< how many parameters it takes */
} mlpipe_catalog_entry;

/** One parameter of an entry. All texts are static. */
typedef struct mlpipe_catalog_parameter {
    const char *name;    /**< as it stands before the = */
    const char *doc;     /**< one sentence */
    const char *initial; /**< default as text; "" = none; NULL = required */
    const char *choices; /**< by comma, or "" */
    double low;          /**< the least number that is allowed */
    double high;         /**< the greatest number that is allowed */
    int32_t type;        /**< MLPIPE_PARAM_ */
    uint32_t since;      /**< version that brought it, as 0x00MMmmpp */
} mlpipe_catalog_parameter;

/**
 * How many entries the catalog has.
 *
 * @return entries: steps, calls, functions of expressions, operators
 * @thread any
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_catalog_count(void);

/**
 * One entry of the catalog.
 *
 * @param index 0 .. mlpipe_catalog_count() - 1
 * @param out the entry is written here
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (no such index, or out is NULL)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_catalog_get(uint32_t index, mlpipe_catalog_entry *out);

/**
 * One parameter of an entry.
 *
 * @param index of the entry
 * @param param 0 .. params - 1
 * @param out the parameter is written here
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (no such index, or out is NULL)
 * @thread any
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_catalog_param(uint32_t index, uint32_t param,
                     mlpipe_catalog_parameter *out);

#ifdef __cplusplus
}
#endif

#endif
