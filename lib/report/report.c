/* SPDX-License-Identifier: MIT */
/*
 * Reports: an ordered list of named items. Built by one thread, immutable and
 * shared afterwards; counted, so that a model and its card can share one.
 */
#include "report_types.h"

mlpipe_report *mlpipe__report_new(mlpipe__env *env, const char *kind)
{
    mlpipe_report *r = mlpipe__alloc(env, sizeof *r);

    if (!r)
        return NULL;
    r->env = mlpipe__env_keep(env);
    atomic_init(&r->refs, 1);
    mlpipe__dict_init(&r->texts, env);
    r->kind = mlpipe__dict_add(&r->texts, kind, strlen(kind));
    r->failed = r->kind == UINT32_MAX;
    return r;
}

/* Room for one more element of an array that doubles; false = failed. */
static bool report_room(mlpipe_report *r, void **array, uint32_t count,
                        uint32_t *room, size_t bytes)
{
    const uint32_t more = *room ? *room * 2 : 16;
    void *grown;

    if (r->failed)
        return false;
    if (count < *room)
        return true;
    grown = more > *room ? mlpipe__grow(r->env, *array, more, bytes) : NULL;
    if (!grown) {
        r->failed = true;
        return false;
    }
    *array = grown;
    *room = more;
    return true;
}

static uint32_t report_intern(mlpipe_report *r, const char *s, size_t n)
{
    const uint32_t i = r->failed ? UINT32_MAX
                                 : mlpipe__dict_add(&r->texts, s, n);

    if (i == UINT32_MAX)
        r->failed = true;
    return i;
}

static mlpipe__report_item *report_add(mlpipe_report *r, uint32_t kind,
                                       const char *name)
{
    const uint32_t text = r ? report_intern(r, name, strlen(name)) : 0;
    mlpipe__report_item *item;
    void *items;

    if (!r || r->failed)
        return NULL;
    items = r->items;
    if (!report_room(r, &items, r->count, &r->room, sizeof *r->items))
        return NULL;
    r->items = items;
    item = &r->items[r->count++];
    item->kind = kind;
    item->name = text;
    return item;
}

void mlpipe__report_figure(mlpipe_report *r, const char *name,
                           const mlpipe_figure *figure)
{
    mlpipe__report_item *item = report_add(r, MLPIPE__ITEM_NUMBER, name);

    if (item)
        item->figure = *figure;
}

void mlpipe__report_number(mlpipe_report *r, const char *name, double value)
{
    const double nan = mlpipe__nan();
    const mlpipe_figure figure = {value, nan, nan, nan};

    mlpipe__report_figure(r, name, &figure);
}

void mlpipe__report_text(mlpipe_report *r, const char *name,
                         const char *text, size_t bytes)
{
    mlpipe__report_item *item = report_add(r, MLPIPE__ITEM_TEXT, name);
    uint32_t value;

    if (!item)
        return;
    value = report_intern(r, text, bytes);
    r->items[r->count - 1].text = value;
}

/* ---- notes of steps ----------------------------------------------------- */

/* The whole name, however long that of a column is; false: nobody listens, or
 * there is no memory. name is freed by the caller. */
static bool report_note_name(mlpipe_report *r, const char *step,
                             const char *column, const char *what,
                             mlpipe__text *name)
{
    if (!r || r->failed)
        return false;
    mlpipe__text_init(name, r->env);
    mlpipe__text_add(name, "%s.%s%s%s", step, column ? column : "",
                     column ? "." : "", what);
    if (!name->failed)
        return true;
    mlpipe__text_free(name);
    r->failed = true;
    return false;
}

void mlpipe__report_note(mlpipe_report *r, const char *step,
                         const char *column, const char *what, double value)
{
    mlpipe__text name;

    if (!report_note_name(r, step, column, what, &name))
        return;
    mlpipe__report_number(r, name.data, value);
    mlpipe__text_free(&name);
}

void mlpipe__report_note_text(mlpipe_report *r, const char *step,
                              const char *column, const char *what,
                              const char *text)
{
    mlpipe__text name;

    if (!report_note_name(r, step, column, what, &name))
        return;
    mlpipe__report_text(r, name.data, text, strlen(text));
    mlpipe__text_free(&name);
}

void mlpipe__report_note_table(mlpipe_report *r, const char *step,
                               const char *what, const char *columns)
{
    mlpipe__text name;

    if (!report_note_name(r, step, NULL, what, &name))
        return;
    mlpipe__report_table(r, name.data, columns);
    mlpipe__text_free(&name);
}

/* ---- series and tables -------------------------------------------------- */

static mlpipe__report_cell *report_cell(mlpipe_report *r)
{
    void *cells = r->cells;

    if (!report_room(r, &cells, r->cell_count, &r->cell_room,
                     sizeof *r->cells))
        return NULL;
    r->cells = cells;
    r->items[r->count - 1].cells++;
    return &r->cells[r->cell_count++];
}

void mlpipe__report_why(mlpipe_report *r, const char *verdict,
                        const char *format, ...)
{
    mlpipe__text name, why;
    va_list args;

    mlpipe__text_init(&name, r->env);
    mlpipe__text_init(&why, r->env);
    mlpipe__text_add(&name, "%s.why", verdict);
    va_start(args, format);
    mlpipe__text_vadd(&why, format, args);
    va_end(args);
    if (name.failed || why.failed)
        r->failed = true;
    else
        mlpipe__report_text(r, name.data, why.data, why.size);
    mlpipe__text_free(&why);
    mlpipe__text_free(&name);
}

double mlpipe__report_short(double x)
{
    const double size = x < 0 ? -x : x;
    double unit = 1.0;

    if (!(size >= 1e-18) || size >= 1000)
        return size < 1e-18 ? 0.0 : size < 1e15 ? mlpipe__floor(x + 0.5) : x;
    while (size * unit < 1000) /* to 1e21, which is exact */
        unit *= 10.0;
    return mlpipe__floor(x * unit + 0.5) / unit;
}

bool mlpipe__report_is_why(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && !strcmp(name + n - 4, ".why");
}

void mlpipe__report_series(mlpipe_report *r, const char *name,
                           const double *values, uint64_t n)
{
    mlpipe__report_item *item = report_add(r, MLPIPE__ITEM_SERIES, name);
    uint64_t i;

    if (!item)
        return;
    item->first_cell = r->cell_count;
    for (i = 0; i < n; i++)
        mlpipe__report_cell_number(r, values[i]);
}

void mlpipe__report_table(mlpipe_report *r, const char *name,
                          const char *columns)
{
    mlpipe__report_item *item = report_add(r, MLPIPE__ITEM_TABLE, name);
    uint32_t text, commas = 0;
    const char *at;

    if (!item)
        return;
    for (at = columns; *at; at++)
        commas += *at == ',';
    item->columns = commas + 1;
    item->first_cell = r->cell_count;
    text = report_intern(r, columns, strlen(columns));
    r->items[r->count - 1].text = text;
}

void mlpipe__report_cell_number(mlpipe_report *r, double value)
{
    mlpipe__report_cell *cell = r && r->count ? report_cell(r) : NULL;

    if (cell) {
        cell->number = value;
        cell->text = UINT32_MAX;
    }
}

void mlpipe__report_cell_text(mlpipe_report *r, const char *text,
                              size_t bytes)
{
    const uint32_t i = r && r->count ? report_intern(r, text, bytes)
                                     : UINT32_MAX;
    mlpipe__report_cell *cell = i != UINT32_MAX ? report_cell(r) : NULL;

    if (cell) {
        cell->number = mlpipe__nan();
        cell->text = i;
    }
}

mlpipe_status mlpipe__report_seal(mlpipe_ctx *ctx, mlpipe_report *r,
                                  mlpipe_report **out)
{
    *out = NULL;
    if (!r || r->failed) {
        mlpipe_report_free(r);
        return mlpipe__nomem(ctx);
    }
    *out = r;
    return MLPIPE_OK;
}

const char *mlpipe__report_kind(const mlpipe_report *r)
{
    return r ? mlpipe__dict_text(&r->texts, r->kind) : "";
}

mlpipe_report *mlpipe__report_keep(const mlpipe_report *r)
{
    mlpipe_report *keep = (mlpipe_report *)(uintptr_t)r;

    if (keep)
        atomic_fetch_add_explicit(&keep->refs, 1, memory_order_relaxed);
    return keep;
}

void mlpipe_report_free(mlpipe_report *report)
{
    mlpipe__env *env;

    if (!report || atomic_fetch_sub_explicit(&report->refs, 1,
                                             memory_order_acq_rel) != 1)
        return;
    env = report->env;
    mlpipe__dict_free(&report->texts);
    mlpipe__free(env, report->items);
    mlpipe__free(env, report->cells);
    mlpipe__free(env, report);
    mlpipe__env_drop(env);
}

static const mlpipe__report_item *report_find(const mlpipe_report *r,
                                              uint32_t kind,
                                              const char *name)
{
    uint32_t text, i;

    if (!r || !name)
        return NULL;
    text = mlpipe__dict_find(&r->texts, name, strlen(name));
    for (i = 0; text != UINT32_MAX && i < r->count; i++)
        if (r->items[i].kind == kind && r->items[i].name == text)
            return &r->items[i];
    return NULL;
}

double mlpipe_report_get(const mlpipe_report *report, const char *name)
{
    const mlpipe__report_item *item =
        report_find(report, MLPIPE__ITEM_NUMBER, name);

    return item ? item->figure.value : mlpipe__nan();
}

bool mlpipe__report_find_figure(const mlpipe_report *report, const char *name,
                                mlpipe_figure *out)
{
    const mlpipe__report_item *item =
        report_find(report, MLPIPE__ITEM_NUMBER, name);

    if (item)
        *out = item->figure;
    return item != NULL;
}

const char *mlpipe_report_text(const mlpipe_report *report, const char *name)
{
    const mlpipe__report_item *item =
        report_find(report, MLPIPE__ITEM_TEXT, name);

    return item ? mlpipe__dict_text(&report->texts, item->text) : NULL;
}

uint32_t mlpipe_report_count(const mlpipe_report *report)
{
    uint32_t i, n = 0;

    for (i = 0; report && i < report->count; i++)
        n += report->items[i].kind == MLPIPE__ITEM_NUMBER;
    return n;
}

mlpipe_status mlpipe_report_figure(const mlpipe_report *report,
                                   uint32_t index, const char **name,
                                   mlpipe_figure *out)
{
    uint32_t i, n = 0;

    for (i = 0; report && i < report->count; i++) {
        const mlpipe__report_item *item = &report->items[i];

        if (item->kind != MLPIPE__ITEM_NUMBER || n++ != index)
            continue;
        if (name)
            *name = mlpipe__dict_text(&report->texts, item->name);
        if (out)
            *out = item->figure;
        return MLPIPE_OK;
    }
    return MLPIPE_E_ARG;
}
