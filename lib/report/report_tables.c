/* SPDX-License-Identifier: MIT */
/* The tables of a report, cell by cell. A series is a table of one column. */
#include "report_types.h"

static bool tables_is(const mlpipe__report_item *item)
{
    return item->kind == MLPIPE__ITEM_TABLE
        || item->kind == MLPIPE__ITEM_SERIES;
}

bool mlpipe__report_table_find(const mlpipe_report *r, const char *name,
                               mlpipe__table *out)
{
    const uint32_t text = mlpipe__dict_find(&r->texts, name, strlen(name));

    for (uint32_t i = 0; text != UINT32_MAX && i < r->count; i++) {
        const mlpipe__report_item *item = &r->items[i];
        if (item->name != text || !tables_is(item))
            continue;
        *out = (mlpipe__table){.report = r, .item = i, .columns = 1,
                               .rows = item->cells};
        if (item->kind == MLPIPE__ITEM_TABLE) {
            out->columns = item->columns;
            out->rows = item->cells / item->columns;
        }
        return true;
    }
    return false;
}

const char *mlpipe__report_table_column(const mlpipe__table *t, uint32_t i,
                                        size_t *bytes)
{
    const mlpipe__report_item *item = &t->report->items[t->item];
    const char *at = "value", *end;

    if (item->kind == MLPIPE__ITEM_TABLE)
        at = mlpipe__dict_text(&t->report->texts, item->text);
    for (; i; i--)
        at = strchr(at, ',') + 1;
    end = strchr(at, ',');
    *bytes = end ? (size_t)(end - at) : strlen(at);
    return at;
}

const char *mlpipe__report_table_cell(const mlpipe__table *t, uint32_t row,
                                      uint32_t column, size_t *bytes,
                                      double *number)
{
    const mlpipe_report *r = t->report;
    const mlpipe__report_cell *cell = &r->cells[r->items[t->item].first_cell
                                                + (size_t)row * t->columns
                                                + column];

    *number = cell->number;
    if (cell->text == UINT32_MAX)
        return NULL;
    *bytes = mlpipe__dict_bytes(&r->texts, cell->text);
    return mlpipe__dict_text(&r->texts, cell->text);
}

uint32_t mlpipe_report_tables(const mlpipe_report *report)
{
    uint32_t n = 0;

    for (uint32_t i = 0; report && i < report->count; i++)
        n += tables_is(&report->items[i]);
    return n;
}

const char *mlpipe_report_table_name(const mlpipe_report *report,
                                     uint32_t index)
{
    uint32_t n = 0;

    for (uint32_t i = 0; report && i < report->count; i++)
        if (tables_is(&report->items[i]) && n++ == index)
            return mlpipe__dict_text(&report->texts, report->items[i].name);
    return NULL;
}
