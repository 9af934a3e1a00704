/* SPDX-License-Identifier: MIT */
/* Reports as bytes, for bundles and stores; and back, with every index
 * checked, since the bytes may be anybody's. */
#include "report_types.h"

void mlpipe__report_save(const mlpipe_report *r, mlpipe__text *out)
{
    uint32_t i;

    mlpipe__put_u32(out, r->texts.count);
    for (i = 0; i < r->texts.count; i++)
        mlpipe__put_text(out, mlpipe__dict_text(&r->texts, i),
                         mlpipe__dict_bytes(&r->texts, i));
    mlpipe__put_u32(out, r->kind);
    mlpipe__put_u32(out, r->count);
    for (i = 0; i < r->count; i++) {
        const mlpipe__report_item *item = &r->items[i];

        mlpipe__put_u32(out, item->kind);
        mlpipe__put_u32(out, item->name);
        mlpipe__put_f64(out, item->figure.value);
        mlpipe__put_f64(out, item->figure.low);
        mlpipe__put_f64(out, item->figure.high);
        mlpipe__put_f64(out, item->figure.n);
        mlpipe__put_u32(out, item->text);
        mlpipe__put_u32(out, item->columns);
        mlpipe__put_u32(out, item->first_cell);
        mlpipe__put_u32(out, item->cells);
    }
    mlpipe__put_u32(out, r->cell_count);
    for (i = 0; i < r->cell_count; i++) {
        mlpipe__put_f64(out, r->cells[i].number);
        mlpipe__put_u32(out, r->cells[i].text);
    }
}

static void load_texts(mlpipe_report *r, mlpipe__cursor *in)
{
    const uint32_t count = mlpipe__get_u32(in);
    uint32_t i, n;

    mlpipe__dict_free(&r->texts);
    mlpipe__dict_init(&r->texts, r->env);
    for (i = 0; i < count && !in->failed && !r->failed; i++) {
        const char *s = mlpipe__get_text(in, &n);
        uint32_t at;

        if (in->failed)
            return;
        if (!mlpipe__utf8_valid(s, n)) {
            in->failed = true;
            return;
        }
        at = mlpipe__dict_add(&r->texts, s, n);
        if (at == UINT32_MAX)
            r->failed = true;
        else if (at != i)
            in->failed = true; /* each text stands there once */
    }
}

static bool load_item_fits(const mlpipe_report *r,
                           const mlpipe__report_item *item, uint32_t cells)
{
    const uint32_t texts = r->texts.count;
    const char *at;
    uint32_t commas = 0;

    if (item->kind < MLPIPE__ITEM_NUMBER || item->kind > MLPIPE__ITEM_TABLE ||
        item->name >= texts ||
        item->first_cell != (item->kind < MLPIPE__ITEM_SERIES ? 0 : cells))
        return false;
    if (item->kind == MLPIPE__ITEM_NUMBER)
        return item->cells == 0;
    if (item->kind == MLPIPE__ITEM_TEXT)
        return item->cells == 0 && item->text < texts;
    if (item->kind == MLPIPE__ITEM_SERIES)
        return true;
    if (item->text >= texts || item->columns == 0 ||
        item->cells % item->columns)
        return false;
    for (at = mlpipe__dict_text(&r->texts, item->text); *at; at++)
        commas += *at == ',';
    return commas + 1 == item->columns;
}

static void load_items(mlpipe_report *r, mlpipe__cursor *in)
{
    const uint32_t count = mlpipe__get_u32(in);
    uint32_t i, cells = 0;

    if (count > (size_t)(in->end - in->at) / 56) {
        in->failed = true;
        return;
    }
    r->items = mlpipe__alloc_array(r->env, count, sizeof *r->items);
    r->failed |= !r->items;
    for (i = 0; i < count && !in->failed && !r->failed; i++) {
        mlpipe__report_item *item = &r->items[i];

        item->kind = mlpipe__get_u32(in);
        item->name = mlpipe__get_u32(in);
        item->figure.value = mlpipe__get_f64(in);
        item->figure.low = mlpipe__get_f64(in);
        item->figure.high = mlpipe__get_f64(in);
        item->figure.n = mlpipe__get_f64(in);
        item->text = mlpipe__get_u32(in);
        item->columns = mlpipe__get_u32(in);
        item->first_cell = mlpipe__get_u32(in);
        item->cells = mlpipe__get_u32(in);
        if (!load_item_fits(r, item, cells) ||
            __builtin_add_overflow(cells, item->cells, &cells))
            in->failed = true;
    }
    r->count = r->room = count;
    r->cell_count = cells;
}

static void load_cells(mlpipe_report *r, mlpipe__cursor *in)
{
    const uint32_t count = mlpipe__get_u32(in);
    uint32_t i;

    if (count != r->cell_count ||
        count > (size_t)(in->end - in->at) / 12) {
        in->failed = true;
        return;
    }
    r->cells = mlpipe__alloc_array(r->env, count, sizeof *r->cells);
    r->cell_room = count;
    r->failed |= !r->cells;
    for (i = 0; i < count && !in->failed && !r->failed; i++) {
        r->cells[i].number = mlpipe__get_f64(in);
        r->cells[i].text = mlpipe__get_u32(in);
        if (r->cells[i].text != UINT32_MAX &&
            r->cells[i].text >= r->texts.count)
            in->failed = true;
    }
}

mlpipe_status mlpipe__report_load(mlpipe_ctx *ctx, const void *data,
                                  size_t bytes, mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(ctx->env, "");
    mlpipe__cursor in;

    *out = NULL;
    if (!r || r->failed)
        goto nomem;
    mlpipe__cursor_init(&in, data, bytes);
    load_texts(r, &in);
    r->kind = mlpipe__get_u32(&in);
    if (!in.failed && !r->failed && r->kind >= r->texts.count)
        in.failed = true;
    if (!in.failed && !r->failed)
        load_items(r, &in);
    if (!in.failed && !r->failed)
        load_cells(r, &in);
    if (r->failed)
        goto nomem;
    if (!mlpipe__cursor_done(&in)) {
        mlpipe_report_free(r);
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "a saved report of %zu bytes is damaged; take it "
                            "from its source or a backup", bytes);
    }
    *out = r;
    return MLPIPE_OK;
nomem:
    mlpipe_report_free(r);
    return mlpipe__nomem(ctx);
}
