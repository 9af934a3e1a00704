/* SPDX-License-Identifier: MIT */
/* The door to the renderers, and the JSON one. */
#include "report_types.h"

/* JSON knows no NaN and no infinity: they become null. */
void mlpipe__render_json_number(mlpipe__text *t, double x)
{
    if (mlpipe__finite(x))
        mlpipe__text_add(t, "%g", x);
    else
        mlpipe__text_put(t, "null", 4);
}

void mlpipe__render_json_text(const mlpipe_report *r, mlpipe__text *t,
                              uint32_t i)
{
    mlpipe__text_json(t, mlpipe__dict_text(&r->texts, i),
                      mlpipe__dict_bytes(&r->texts, i));
}

void mlpipe__render_json_cell(const mlpipe_report *r, mlpipe__text *t,
                              const mlpipe__report_cell *cell)
{
    if (cell->text == UINT32_MAX)
        mlpipe__render_json_number(t, cell->number);
    else
        mlpipe__render_json_text(r, t, cell->text);
}

static void json_figure(mlpipe__text *t, const mlpipe_figure *f)
{
    mlpipe__text_put(t, "{\"value\":", 9);
    mlpipe__render_json_number(t, f->value);
    if (f->low == f->low) {
        mlpipe__text_put(t, ",\"low\":", 7);
        mlpipe__render_json_number(t, f->low);
        mlpipe__text_put(t, ",\"high\":", 8);
        mlpipe__render_json_number(t, f->high);
    }
    if (f->n == f->n) {
        mlpipe__text_put(t, ",\"n\":", 5);
        mlpipe__render_json_number(t, f->n);
    }
    mlpipe__text_put(t, "}", 1);
}

static void json_cells(const mlpipe_report *r, mlpipe__text *t,
                       const mlpipe__report_item *item)
{
    uint32_t i;

    mlpipe__text_put(t, "[", 1);
    for (i = 0; i < item->cells; i++) {
        if (i)
            mlpipe__text_put(t, ",", 1);
        mlpipe__render_json_cell(r, t, &r->cells[item->first_cell + i]);
    }
    mlpipe__text_put(t, "]", 1);
}

static void json_table(const mlpipe_report *r, mlpipe__text *t,
                       const mlpipe__report_item *item)
{
    const char *at = mlpipe__dict_text(&r->texts, item->text);
    uint32_t i;

    mlpipe__text_put(t, "{\"columns\":[", 12);
    for (i = 0; i < item->columns; i++) {
        const char *end = strchr(at, ',');
        const size_t n = end ? (size_t)(end - at) : strlen(at);

        if (i)
            mlpipe__text_put(t, ",", 1);
        mlpipe__text_json(t, at, n);
        at += n + 1;
    }
    mlpipe__text_put(t, "],\"rows\":[", 10);
    for (i = 0; i < item->cells; i++) {
        if (i % item->columns == 0)
            mlpipe__text_put(t, i ? "],[" : "[", i ? 3 : 1);
        else
            mlpipe__text_put(t, ",", 1);
        mlpipe__render_json_cell(r, t, &r->cells[item->first_cell + i]);
    }
    mlpipe__text_put(t, item->cells ? "]]}" : "]}", item->cells ? 3 : 2);
}

void mlpipe__render_json_item(const mlpipe_report *r, mlpipe__text *t,
                              const mlpipe__report_item *item)
{
    if (item->kind == MLPIPE__ITEM_NUMBER)
        json_figure(t, &item->figure);
    else if (item->kind == MLPIPE__ITEM_TEXT)
        mlpipe__render_json_text(r, t, item->text);
    else if (item->kind == MLPIPE__ITEM_SERIES)
        json_cells(r, t, item);
    else
        json_table(r, t, item);
}

void mlpipe__render_json(const mlpipe_report *r, mlpipe__text *t)
{
    uint32_t i;

    mlpipe__text_put(t, "{\"report\":", 10);
    mlpipe__render_json_text(r, t, r->kind);
    for (i = 0; i < r->count; i++) {
        mlpipe__text_put(t, ",", 1);
        mlpipe__render_json_text(r, t, r->items[i].name);
        mlpipe__text_put(t, ":", 1);
        mlpipe__render_json_item(r, t, &r->items[i]);
    }
    mlpipe__text_put(t, "}", 1);
}

static mlpipe_status render_report(mlpipe_ctx *ctx,
                                   const mlpipe_report *report,
                                   const char *format, mlpipe_buffer **out)
{
    mlpipe__text text;

    mlpipe__text_init(&text, ctx->env);
    if (!strcmp(format, "text"))
        mlpipe__render_text(report, &text);
    else if (!strcmp(format, "markdown"))
        mlpipe__render_markdown(report, &text);
    else if (!strcmp(format, "html"))
        mlpipe__render_html(report, &text);
    else if (!strcmp(format, "prometheus"))
        mlpipe__render_prometheus(report, &text);
    else if (!strcmp(format, "json") && mlpipe__render_is_card(report))
        mlpipe__render_card(ctx, report, &text);
    else if (!strcmp(format, "json"))
        mlpipe__render_json(report, &text);
    else
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "render: there is no format %q; the formats are "
                            "\"text\", \"json\", \"markdown\", \"html\" and "
                            "\"prometheus\"",
                            format);
    return mlpipe__text_give(ctx, &text, out);
}

mlpipe_status mlpipe_report_render(mlpipe_ctx *ctx,
                                   const mlpipe_report *report,
                                   const char *format, mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_report_render");

    if (out)
        *out = NULL;
    if (!st && !report)
        st = mlpipe__null_arg(ctx, "report");
    if (!st && !format)
        st = mlpipe__null_arg(ctx, "format");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = render_report(ctx, report, format, out);
    return mlpipe__end(ctx, st);
}
