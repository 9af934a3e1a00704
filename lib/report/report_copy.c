/* SPDX-License-Identifier: MIT */
/* Items of one report in another, such as evaluations in a card. */
#include "report_types.h"

static const char *copy_text(const mlpipe_report *from, uint32_t i)
{
    return mlpipe__dict_text(&from->texts, i);
}

static void copy_cells(mlpipe_report *r, const mlpipe_report *from,
                       const mlpipe__report_item *item)
{
    for (uint32_t i = 0; i < item->cells; i++) {
        const mlpipe__report_cell *cell = &from->cells[item->first_cell + i];

        if (cell->text == UINT32_MAX)
            mlpipe__report_cell_number(r, cell->number);
        else
            mlpipe__report_cell_text(r, copy_text(from, cell->text),
                                     mlpipe__dict_bytes(&from->texts,
                                                        cell->text));
    }
}

static void copy_item(mlpipe_report *r, const char *name,
                      const mlpipe_report *from,
                      const mlpipe__report_item *item)
{
    switch (item->kind) {
    case MLPIPE__ITEM_NUMBER:
        mlpipe__report_figure(r, name, &item->figure);
        break;
    case MLPIPE__ITEM_TEXT:
        mlpipe__report_text(r, name, copy_text(from, item->text),
                            mlpipe__dict_bytes(&from->texts, item->text));
        break;
    case MLPIPE__ITEM_SERIES:
        mlpipe__report_series(r, name, NULL, 0);
        copy_cells(r, from, item);
        break;
    default:
        mlpipe__report_table(r, name, copy_text(from, item->text));
        copy_cells(r, from, item);
    }
}

void mlpipe__report_copy(mlpipe_report *r, const char *prefix,
                         const mlpipe_report *from)
{
    for (uint32_t i = 0; r && from && i < from->count; i++) {
        mlpipe__text name;

        mlpipe__text_init(&name, r->env);
        mlpipe__text_add(&name, "%s%s", prefix,
                         copy_text(from, from->items[i].name));
        if (name.failed)
            r->failed = true;
        else
            copy_item(r, name.data, from, &from->items[i]);
        mlpipe__text_free(&name);
    }
}
