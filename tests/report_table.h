/* SPDX-License-Identifier: MIT */
/* The cells of a report's tables. */
#ifndef MLPIPE_TESTS_REPORT_TABLE_H
#define MLPIPE_TESTS_REPORT_TABLE_H

#include "support.h"

#include "report/report_types.h"

/* The cells of a table, row by row; NULL where there is no such table. It has
 * these columns. */
static inline const mlpipe__report_cell *table_cells(const mlpipe_report *r,
                                                     const char *name,
                                                     const char *columns,
                                                     uint32_t *rows)
{
    *rows = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const mlpipe__report_item *item = &r->items[i];
        if (item->kind != MLPIPE__ITEM_TABLE ||
            strcmp(name, mlpipe__dict_text(&r->texts, item->name)))
            continue;
        assert_string_equal(columns,
                            mlpipe__dict_text(&r->texts, item->text));
        assert_int_equal(0, item->cells % item->columns);
        *rows = item->cells / item->columns;
        return r->cells + item->first_cell;
    }
    return NULL;
}

static inline const char *table_text(const mlpipe_report *r,
                                     const mlpipe__report_cell *cell)
{
    assert_true(cell->text != UINT32_MAX);
    return mlpipe__dict_text(&r->texts, cell->text);
}

#endif
