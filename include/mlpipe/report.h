/* SPDX-License-Identifier: MIT */
/**
 * @file report.h
 * Reports: named numbers with their uncertainty, texts, series and tables.
 * Everything that the library says about data and models is one.
 */
#ifndef MLPIPE_REPORT_H
#define MLPIPE_REPORT_H

#include <mlpipe/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A finished report; immutable. */
typedef struct mlpipe_report mlpipe_report;

/** A number of a report. NaN where something is not defined. */
typedef struct mlpipe_figure {
    double value; /**< the number itself */
    double low;   /**< lower end of its 95 % confidence interval, or NaN */
    double high;  /**< upper end, or NaN */
    double n;     /**< rows behind it, or NaN */
} mlpipe_figure;

/**
 * A number by name, such as "rmse" or "rows_in".
 *
 * @param report borrows; NULL gives NaN
 * @param name borrows
 * @return the value; NaN where the report has no such number
 * @thread shared
 * @since 0.1
 */
MLPIPE_API double mlpipe_report_get(const mlpipe_report *report,
                                    const char *name);

/**
 * A text by name, such as "verdict".
 *
 * @param report borrows; NULL gives NULL
 * @param name borrows
 * @return owned by the report; NULL where it has no such text
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_report_text(const mlpipe_report *report,
                                          const char *name);

/**
 * How many numbers the report names.
 *
 * @param report borrows; NULL gives 0
 * @return numbers
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_report_count(const mlpipe_report *report);

/**
 * One number, by position, with its uncertainty.
 *
 * @param report borrows
 * @param index 0 .. mlpipe_report_count() - 1
 * @param name the name, owned by the report; may be NULL
 * @param out the number is written here; may be NULL
 * @return MLPIPE_OK
 * @status MLPIPE_E_ARG (no such index)
 * @thread shared
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_report_figure(const mlpipe_report *report, uint32_t index,
                     const char **name, mlpipe_figure *out);

/**
 * How many tables the report has; a series, such as the values of a figure
 * fold by fold, is a table of one column, "value". mlpipe_report_table (data.h)
 * gives one as a dataset.
 *
 * @param report borrows; NULL gives 0
 * @return tables
 * @thread shared
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_report_tables(const mlpipe_report *report);

/**
 * The name of a table, by position.
 *
 * @param report borrows; NULL gives NULL
 * @param index 0 .. mlpipe_report_tables() - 1
 * @return owned by the report; NULL where there is no such index
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *
mlpipe_report_table_name(const mlpipe_report *report, uint32_t index);

/**
 * Write a report for people or programs.
 *
 * "prometheus" is the text format 0.0.4 that Prometheus scrapes (answer with
 * Content-Type: text/plain; version=0.0.4). Metrics are
 * `mlpipe_<report>_<name>` with all but letters, digits and _ as _ (label name=
 * tells what it was): numbers as gauges, with _low, _high and _n where they
 * have them, or, of monitors, counters (_total); verdicts as
 * `mlpipe_<report>_verdict`, 0 OK, 1 INSUFFICIENT_DATA, 2 WARN, 3 DRIFT; texts
 * of at most 128 bytes as labels of _info; a table of the columns le and count
 * as a histogram; of each other table that begins with a column of texts, 20
 * rows: those of the worst verdict, then of the greatest effect (or psi), then
 * the first. Its texts are labels, its numbers samples. Series and tables of
 * numbers alone are not written, and of names with dots 200, of texts 20;
 * _left_out says how many samples these limits, or equal names, kept out.
 *
 * @param ctx borrows
 * @param report borrows
 * @param format "text", "json", "markdown", "html": one page without
 *        scripts or links, or "prometheus"
 * @param out gives; free with mlpipe_buffer_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_PARAM (no such format)
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_report_render(mlpipe_ctx *ctx, const mlpipe_report *report,
                     const char *format, mlpipe_buffer **out);

/**
 * Free a report.
 *
 * @param report takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_report_free(mlpipe_report *report);

#ifdef __cplusplus
}
#endif

#endif
