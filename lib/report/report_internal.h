/* SPDX-License-Identifier: MIT */
/* Making reports; rendering them is in render.c and render_text.c. */
#ifndef MLPIPE_REPORT_INTERNAL_H
#define MLPIPE_REPORT_INTERNAL_H

#include "../num/num_internal.h"

/*
 * A report under construction; after mlpipe__report_seal it is immutable.
 * Additions return nothing: an out-of-memory is remembered and told by seal.
 * kind names what it is ("reading", "evaluation", "monitor", "card" ...).
 */
mlpipe_report *mlpipe__report_new(mlpipe__env *env, const char *kind);
void mlpipe__report_number(mlpipe_report *r, const char *name, double value);
void mlpipe__report_figure(mlpipe_report *r, const char *name,
                           const mlpipe_figure *figure);
void mlpipe__report_text(mlpipe_report *r, const char *name,
                         const char *text, size_t bytes);
/* Why a verdict is what it is, for people: the text "<verdict>.why". It
 * changes with every report, so that Prometheus has none of them. */
void mlpipe__report_why(mlpipe_report *r, const char *verdict,
                        const char *format, ...);
bool mlpipe__report_is_why(const char *name);
/* A number with four digits, for its words; below 1e-18 it is 0. */
double mlpipe__report_short(double x);
void mlpipe__report_series(mlpipe_report *r, const char *name,
                           const double *values, uint64_t n);
/*
 * What a step tells of itself among the notes of a fit, under the name
 * "<step>.<what>", or "<step>.<column>.<what>" where column is not NULL. Where
 * r is NULL nobody listens.
 */
void mlpipe__report_note(mlpipe_report *r, const char *step,
                         const char *column, const char *what, double value);
void mlpipe__report_note_text(mlpipe_report *r, const char *step,
                              const char *column, const char *what,
                              const char *text);
/* The same of a table; its cells follow. */
void mlpipe__report_note_table(mlpipe_report *r, const char *step,
                               const char *what, const char *columns);
/* A table: columns by comma, then cells row by row. */
void mlpipe__report_table(mlpipe_report *r, const char *name,
                          const char *columns);
void mlpipe__report_cell_number(mlpipe_report *r, double value);
void mlpipe__report_cell_text(mlpipe_report *r, const char *text,
                              size_t bytes);
/* All items of another report, their names behind a prefix (report_copy.c). */
void mlpipe__report_copy(mlpipe_report *r, const char *prefix,
                         const mlpipe_report *from);
/* Gives the finished report, or frees it and returns E_NOMEM. */
mlpipe_status mlpipe__report_seal(mlpipe_ctx *ctx, mlpipe_report *r,
                                  mlpipe_report **out);

/* A table of a report, or a series as one of the column "value"
 * (report_tables.c). It borrows the report. */
typedef struct mlpipe__table {
    const mlpipe_report *report;
    uint32_t item, columns, rows;
} mlpipe__table;
bool mlpipe__report_table_find(const mlpipe_report *r, const char *name,
                               mlpipe__table *out);
/* A column's name: no NUL stands behind it. */
const char *mlpipe__report_table_column(const mlpipe__table *t, uint32_t i,
                                        size_t *bytes);
/* The text of a cell; NULL: it is *number. */
const char *mlpipe__report_table_cell(const mlpipe__table *t, uint32_t row,
                                      uint32_t column, size_t *bytes,
                                      double *number);

/* Six significant digits, for people; how many bytes. */
size_t mlpipe__render_number(double x, char out[MLPIPE__NUMBER_BYTES]);

/* A number by name with its interval: one pass, where a walk over
 * mlpipe_report_figure takes one for each number before it. False: none. */
bool mlpipe__report_find_figure(const mlpipe_report *r, const char *name,
                                mlpipe_figure *out);

const char *mlpipe__report_kind(const mlpipe_report *r);
/* Keep one more reference (reports are counted). */
mlpipe_report *mlpipe__report_keep(const mlpipe_report *r);
/* Bytes and back, for bundles: deterministic. */
void mlpipe__report_save(const mlpipe_report *r, mlpipe__text *out);
mlpipe_status mlpipe__report_load(mlpipe_ctx *ctx, const void *data,
                                  size_t bytes, mlpipe_report **out);

#endif
