/* SPDX-License-Identifier: MIT */
/*
 * Reports as Markdown (CommonMark with the tables of GitHub): texts, then the
 * numbers in one table, then tables and series; a card by its sections. What
 * others have written into it is text here, and never markup.
 */
#include "report_types.h"

static const char *const markdown_sections[MLPIPE__CARD_SECTIONS] = {
    "Model details", "Model parameters", "Quantitative analysis",
    "Considerations", "Provenance"};

/* Text, in which nothing is markup; its line breaks are hard ones. */
static void markdown_escape(mlpipe__text *t, const char *s, size_t n,
                            bool cell)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n' && cell)
            mlpipe__text_put(t, "<br>", 4);
        else if (s[i] == '\n')
            mlpipe__text_put(t, "\\\n  ", 4); /* within a list's item */
        else if (s[i] == '<')
            mlpipe__text_put(t, "&lt;", 4);
        else if (s[i] == '&')
            mlpipe__text_put(t, "&amp;", 5);
        else if (s[i] == '\r')
            continue;
        else if ((unsigned char)s[i] < 0x20 && s[i] != '\t')
            mlpipe__text_put(t, "\xef\xbf\xbd", 3); /* U+FFFD */
        else if (strchr("\\`*_[]|#~$!", s[i]))
            mlpipe__text_add(t, "\\%c", s[i]);
        else
            mlpipe__text_put(t, s + i, 1);
    }
}

/* A name as code, which needs no escapes but of what would end it. */
static void markdown_name(mlpipe__text *t, const char *s, size_t n)
{
    if (!n || memchr(s, '`', n) || memchr(s, '|', n) || memchr(s, '\n', n)) {
        markdown_escape(t, s, n, true);
        return;
    }
    mlpipe__text_put(t, "`", 1);
    mlpipe__text_put(t, s, n);
    mlpipe__text_put(t, "`", 1);
}

static void markdown_dict_name(const mlpipe_report *r, mlpipe__text *t,
                               uint32_t i)
{
    markdown_name(t, mlpipe__dict_text(&r->texts, i),
                  mlpipe__dict_bytes(&r->texts, i));
}

static void markdown_number(mlpipe__text *t, double x)
{
    char number[MLPIPE__NUMBER_BYTES];

    if (x != x)
        mlpipe__text_put(t, "not defined", 11);
    else
        mlpipe__text_put(t, number, mlpipe__render_number(x, number));
}

/* ---- items -------------------------------------------------------------- */

/* A fence longer than any run of backticks within. */
static void markdown_json(mlpipe__text *t, const char *s, size_t n)
{
    size_t run = 0, longest = 2;

    for (size_t i = 0; i < n; i++) {
        run = s[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    mlpipe__text_put(t, "\n\n", 2);
    for (size_t i = 0; i <= longest; i++)
        mlpipe__text_put(t, "`", 1);
    mlpipe__text_put(t, "json\n", 5);
    mlpipe__text_put(t, s, n);
    mlpipe__text_put(t, "\n", 1);
    for (size_t i = 0; i <= longest; i++)
        mlpipe__text_put(t, "`", 1);
    mlpipe__text_put(t, "\n\n", 2);
}

static void markdown_text(const mlpipe_report *r, mlpipe__text *t,
                          const mlpipe__report_item *item)
{
    const char *s = mlpipe__dict_text(&r->texts, item->text);
    size_t n = mlpipe__dict_bytes(&r->texts, item->text);

    mlpipe__text_put(t, "- ", 2);
    markdown_dict_name(r, t, item->name);
    mlpipe__text_put(t, ":", 1);
    if (mlpipe__card_is_json(r, item)) {
        markdown_json(t, s, n);
        return;
    }
    while (n && (s[n - 1] == '\n' || s[n - 1] == ' '))
        n--;
    mlpipe__text_put(t, " ", 1);
    markdown_escape(t, s, n, false);
    mlpipe__text_put(t, "\n", 1);
}

static void markdown_figure(const mlpipe_report *r, mlpipe__text *t,
                            const mlpipe__report_item *item)
{
    const mlpipe_figure *f = &item->figure;

    mlpipe__text_put(t, "| ", 2);
    markdown_dict_name(r, t, item->name);
    mlpipe__text_put(t, " | ", 3);
    markdown_number(t, f->value);
    mlpipe__text_put(t, " | ", 3);
    if (f->low == f->low) {
        markdown_number(t, f->low);
        mlpipe__text_put(t, " to ", 4);
        markdown_number(t, f->high);
    }
    mlpipe__text_put(t, " | ", 3);
    if (f->n == f->n)
        markdown_number(t, f->n);
    mlpipe__text_put(t, " |\n", 3);
}

static void markdown_table(const mlpipe_report *r, mlpipe__text *t,
                           const mlpipe__report_item *item)
{
    const char *names = mlpipe__dict_text(&r->texts, item->text);
    size_t n;

    mlpipe__text_put(t, "\n", 1);
    markdown_dict_name(r, t, item->name);
    mlpipe__text_put(t, ":\n\n|", 4);
    for (uint32_t c = 0; c < item->columns; c++) {
        const char *name = mlpipe__render_column(names, c, &n);

        mlpipe__text_put(t, " ", 1);
        markdown_escape(t, name, n, true);
        mlpipe__text_put(t, " |", 2);
    }
    mlpipe__text_put(t, "\n|", 2);
    for (uint32_t c = 0; c < item->columns; c++)
        mlpipe__text_put(t, " --- |", 6);
    for (uint32_t i = 0; i < item->cells; i++) {
        const mlpipe__report_cell *cell = &r->cells[item->first_cell + i];

        mlpipe__text_put(t, i % item->columns ? " " : "\n| ",
                         i % item->columns ? 1 : 3);
        if (cell->text == UINT32_MAX)
            markdown_number(t, cell->number);
        else
            markdown_escape(t, mlpipe__dict_text(&r->texts, cell->text),
                            mlpipe__dict_bytes(&r->texts, cell->text), true);
        mlpipe__text_put(t, " |", 2);
    }
    mlpipe__text_put(t, "\n", 1);
}

static void markdown_series(const mlpipe_report *r, mlpipe__text *t,
                            const mlpipe__report_item *item)
{
    mlpipe__text_put(t, "\n", 1);
    markdown_dict_name(r, t, item->name);
    mlpipe__text_put(t, ":", 1);
    for (uint32_t i = 0; i < item->cells; i++) {
        mlpipe__text_put(t, i ? ", " : " ", i ? 2 : 1);
        markdown_number(t, r->cells[item->first_cell + i].number);
    }
    mlpipe__text_put(t, "\n", 1);
}

/* ---- the whole ---------------------------------------------------------- */

/* Does an item stand in this section? UINT32_MAX: there is but one. */
static bool markdown_here(const mlpipe_report *r,
                          const mlpipe__report_item *item, uint32_t section)
{
    return section == UINT32_MAX ||
           mlpipe__card_section(r, item) == section;
}

static void markdown_section(const mlpipe_report *r, mlpipe__text *t,
                             uint32_t section)
{
    bool any = false, table = false;

    for (uint32_t i = 0; i < r->count; i++) {
        if (!markdown_here(r, &r->items[i], section))
            continue;
        any = true;
        if (r->items[i].kind == MLPIPE__ITEM_TEXT)
            markdown_text(r, t, &r->items[i]);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (!markdown_here(r, &r->items[i], section) ||
            r->items[i].kind != MLPIPE__ITEM_NUMBER)
            continue;
        if (!table)
            mlpipe__text_add(t, "\n| figure | value | 95 %% interval | n |\n"
                                "| --- | --- | --- | --- |\n");
        table = true;
        markdown_figure(r, t, &r->items[i]);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (!markdown_here(r, &r->items[i], section))
            continue;
        if (r->items[i].kind == MLPIPE__ITEM_TABLE)
            markdown_table(r, t, &r->items[i]);
        else if (r->items[i].kind == MLPIPE__ITEM_SERIES)
            markdown_series(r, t, &r->items[i]);
    }
    if (!any)
        mlpipe__text_add(t, "Nothing is stated.\n");
}

void mlpipe__render_markdown(const mlpipe_report *r, mlpipe__text *t)
{
    const char *kind = mlpipe__dict_text(&r->texts, r->kind);

    if (!mlpipe__render_is_card(r)) {
        mlpipe__text_put(t, "# ", 2);
        markdown_escape(t, kind, strlen(kind), true);
        mlpipe__text_put(t, "\n\n", 2);
        markdown_section(r, t, UINT32_MAX);
        return;
    }
    mlpipe__text_add(t, "# Model card\n");
    for (uint32_t s = 0; s < MLPIPE__CARD_SECTIONS; s++) {
        mlpipe__text_add(t, "\n## %s\n\n", markdown_sections[s]);
        markdown_section(r, t, s);
    }
}
