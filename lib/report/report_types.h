/* SPDX-License-Identifier: MIT */
/* What a report is made of; for the files of this folder alone. */
#ifndef MLPIPE_REPORT_TYPES_H
#define MLPIPE_REPORT_TYPES_H

#include "report_internal.h"

/* Part of the saved format; never renumbered. */
enum {
    MLPIPE__ITEM_NUMBER = 1,
    MLPIPE__ITEM_TEXT = 2,
    MLPIPE__ITEM_SERIES = 3,
    MLPIPE__ITEM_TABLE = 4
};

typedef struct mlpipe__report_cell {
    double number;
    uint32_t text; /* UINT32_MAX: it is a number */
    uint32_t reserved;
} mlpipe__report_cell;

typedef struct mlpipe__report_item {
    uint32_t kind, name;  /* name and text are entries of texts */
    mlpipe_figure figure; /* NUMBER */
    uint32_t text;        /* TEXT: the text; TABLE: the columns by comma */
    uint32_t columns;     /* TABLE */
    uint32_t first_cell, cells;
} mlpipe__report_item;

struct mlpipe_report {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    mlpipe__dict texts; /* every name and text once */
    uint32_t kind;
    uint32_t count, room, cell_count, cell_room;
    mlpipe__report_item *items;
    mlpipe__report_cell *cells;
    bool failed; /* out of memory while building */
};

void mlpipe__render_text(const mlpipe_report *r, mlpipe__text *t);
void mlpipe__render_json(const mlpipe_report *r, mlpipe__text *t);
void mlpipe__render_markdown(const mlpipe_report *r, mlpipe__text *t);
void mlpipe__render_html(const mlpipe_report *r, mlpipe__text *t);
void mlpipe__render_prometheus(const mlpipe_report *r, mlpipe__text *t);

/* Parts of them. */
void mlpipe__html_escape(mlpipe__text *t, const char *s, size_t n);
/* Charts of a monitor's table "panes_closed", a row a pane (html_chart.c). */
void mlpipe__html_timeline(const mlpipe_report *r, mlpipe__text *t,
                           const mlpipe__report_item *table);
void mlpipe__render_json_number(mlpipe__text *t, double x);
void mlpipe__render_json_text(const mlpipe_report *r, mlpipe__text *t,
                              uint32_t i);
void mlpipe__render_json_cell(const mlpipe_report *r, mlpipe__text *t,
                              const mlpipe__report_cell *cell);
void mlpipe__render_json_item(const mlpipe_report *r, mlpipe__text *t,
                              const mlpipe__report_item *item);
/* The i-th name of a table's columns. */
const char *mlpipe__render_column(const char *names, uint32_t i, size_t *n);

/* ---- model cards (render_card.c) ---------------------------------------- */

enum {
    MLPIPE__CARD_DETAILS,
    MLPIPE__CARD_PARAMETERS,
    MLPIPE__CARD_ANALYSIS,
    MLPIPE__CARD_CONSIDERATIONS,
    MLPIPE__CARD_PROVENANCE,
    MLPIPE__CARD_SECTIONS
};
bool mlpipe__render_is_card(const mlpipe_report *r);
/* As JSON. The recipe stands in it as it is, or as a text where it is no JSON,
 * which a bundle from elsewhere may bring. */
void mlpipe__render_card(mlpipe_ctx *ctx, const mlpipe_report *r,
                         mlpipe__text *t);
uint32_t mlpipe__card_section(const mlpipe_report *r,
                              const mlpipe__report_item *item);
/* Is a text of the card JSON by itself? */
bool mlpipe__card_is_json(const mlpipe_report *r,
                          const mlpipe__report_item *item);

#endif
