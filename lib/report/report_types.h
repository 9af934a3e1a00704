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

#endif
