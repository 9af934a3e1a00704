/* SPDX-License-Identifier: MIT */
/*
 * Reports as one page of HTML: no script, no network, drawings as inline SVG,
 * light or dark as the reader's system is. What others have written into a
 * report is text here, and never markup.
 */
#include "report_types.h"

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'\">\n<style>\n"
    ":root{color-scheme:light dark;--back:#fff;--ink:#1b1f24;--soft:#59636e;"
    "--line:#d6dbe1;--band:#f5f7f9;--bar:#3b76b8;--other:#c9702a;"
    "--warn:#8a4b00;--warnback:#fff1db;--bad:#a3171f;--badback:#fde8e8;"
    "--good:#1a6b35;--goodback:#e4f4e8}\n"
    "@media(prefers-color-scheme:dark){:root{--back:#14171b;--ink:#e4e7eb;"
    "--soft:#9aa5b1;--line:#343b44;--band:#1c2127;--bar:#6ea8e0;"
    "--other:#e59a5c;--warn:#ffc46b;--warnback:#3d2c0f;--bad:#ff9a9a;"
    "--badback:#431b1d;--good:#86d69c;--goodback:#16331f}}\n"
    "body{margin:1.5rem auto;max-width:80rem;padding:0 1rem;"
    "background:var(--back);color:var(--ink);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:0 0 1rem}"
    "h2{font-size:1.1rem;margin:1.8rem 0 .2rem}"
    "p{margin:.2rem 0 .6rem;color:var(--soft)}\n"
    "dl{display:flex;flex-wrap:wrap;gap:.6rem 2rem;margin:0}"
    "dt{color:var(--soft);font-size:.85rem}"
    "dd{margin:0;font-size:1.05rem;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    ".w{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}"
    "th{text-align:left;font-weight:600;color:var(--soft);"
    "white-space:nowrap}"
    "th,td{padding:.25rem .7rem .25rem 0;border-bottom:1px solid "
    "var(--line);vertical-align:top}"
    "td{max-width:26rem;overflow-wrap:break-word;unicode-bidi:isolate}"
    "td:first-child{font-weight:600;min-width:6rem}"
    "tbody tr:hover{background:var(--band)}"
    ".n{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}.z{color:var(--soft)}\n"
    ".warn,.drift,.ok,.info,.insufficient_data{padding:0 .4rem;"
    "border-radius:.3rem;white-space:nowrap}"
    ".warn{color:var(--warn);background:var(--warnback)}"
    ".drift{color:var(--bad);background:var(--badback)}"
    ".ok{color:var(--good);background:var(--goodback)}"
    ".info,.insufficient_data{color:var(--soft);background:var(--band)}\n"
    "svg{display:block;min-width:140px}.b{fill:var(--bar)}"
    ".o{fill:var(--other)}.a{fill:var(--line)}\n"
    "h3{font-size:.95rem;margin:1rem 0 0}summary{cursor:pointer;"
    "color:var(--soft);margin:.8rem 0}"
    ".chart{width:100%;max-width:58rem;font-size:12px}"
    ".chart text{fill:var(--soft)}.chart path{fill:none;stroke-width:1.5}"
    ".chart .lb{stroke:var(--bar);stroke-width:2;stroke-linecap:round}"
    ".chart .lo{stroke:var(--other);stroke-dasharray:5 4;"
    "stroke-linecap:round}"
    ".chart .lg{stroke:var(--soft)}.chart .x{stroke:var(--line)}"
    ".chart .s{stroke:var(--good)}"
    ".chart .u{fill:var(--bar);opacity:.18}.chart .d{fill:#d6303a}\n"
    "</style>\n";

/* Tables whose name alone does not say it; drawn tables are seen in the
 * column of pictures of another one. */
static const struct html_table {
    const char *report, *name, *heading, *says;
    const char *drawn[2]; /* tables that the pictures are made of */
    const char *columns;  /* what is shown of it, "*" the picture; NULL: all,
                             and the picture behind them */
} html_tables[] = {
    {"profile", "findings", "Findings",
     "What looks wrong, the surest first. warn: clean data of this size has "
     "none of it. info: only its owner can tell.",
     {NULL, NULL}, NULL},
    {"profile", "columns", "Columns",
     "Each column; on the right how its values are spread, from the least to "
     "the greatest, or how often the commonest ones occur. A grey bar at an "
     "end holds all that lies far off.",
     {"histograms", "top_values"}, NULL},
    {"profile", "numbers", "Numbers",
     "qNN: NN % of the values lie below. sd: standard deviation. skew: above "
     "0 where the tail is on the right.",
     {NULL, NULL}, NULL},
    {"profile", "top_values", "Most frequent values", "", {NULL, NULL}, NULL},
    {"profile", "duplicates", "Equal rows",
     "Rows that occur more than once: the first of each, and how many.",
     {NULL, NULL}, NULL},
    {"profile", "texts", "Texts", "Lengths in characters.", {NULL, NULL}, NULL},
    {"profile", "times", "Times", "In UTC.", {NULL, NULL}, NULL},
    {"drift", "drift", "Columns",
     "The worst first. psi: how far the distributions are apart; 0.1 is "
     "little, 0.25 is much. q: the rate of false alarms to expect if all "
     "columns with this q or less are taken to have changed. Pictures: "
     "shares of rows, the reference above in blue, current below in orange.",
     {"bins", NULL}, NULL},
    {"drift", "numbers", "Numbers",
     "ks: greatest distance of the distributions, 0 to 1. shift: difference "
     "of the means in standard deviations of the reference, with its 95 % "
     "interval. below, above: shares beyond the reference's range.",
     {NULL, NULL}, NULL},
    {"drift", "schema", "Changes of the schema", "", {NULL, NULL}, NULL},
    {"drift", "categories", "Categories",
     "total variation: the share of rows that would have to change. unseen: "
     "the share of categories that the reference does not have.",
     {NULL, NULL}, NULL},
    {"drift", "nulls", "Missing values", "Shares of rows.", {NULL, NULL}, NULL},
    {"monitor", "panes_closed", "Pane by pane", "",
     {NULL, NULL},
     "pane,closed,deployment,rows,matched,performance,estimated,"
     "features_drifted,score_psi,errors,verdict"},
    {"monitor", "inputs", "Inputs",
     "Of the newest pane. First those that move the answer most (weight, the "
     "share of what all inputs move it by) and have changed most (effect, psi "
     "less what chance makes of it, with its 95 % interval; 0.1 is little, "
     "0.25 is much). q: the rate of false alarms to expect if all inputs with "
     "this q or less are taken to have changed. Pictures: shares of rows by "
     "the reference's bins, from the missing and the least to the greatest, "
     "the reference above in blue, the pane below in orange.",
     {"bins", NULL},
     "input,*,verdict,weight,effect,effect_low,effect_high,q,missing,unseen,"
     "out_of_range"},
    {"monitor", "metrics", "Metrics",
     "On the newest rows whose truth is known, beside the held-out rows of "
     "the training. p: the chance of such a loss or more where nothing is "
     "worse.", {NULL, NULL}, NULL},
    {"monitor", "correlations", "Correlations",
     "Pairs of inputs whose rank correlation differs most from that of the "
     "training rows.", {NULL, NULL}, NULL},
    {"monitor", "calibration", "Calibration",
     "Of the rows whose score is in a bin, the share that was positive. Where "
     "scores can be trusted it is close to the mean score, predicted.",
     {NULL, NULL}, NULL},
    {"monitor", "errors_by_code", "Errors by code", "", {NULL, NULL}, NULL},
    {"monitor", "decisions", "Decisions",
     "What the cycle did, and why, the newest last.", {NULL, NULL}, NULL},
    {"monitor", "drift_tests", "All tests of the inputs",
     "mde: the effect that would be found with a probability of 0.8.",
     {NULL, NULL}, NULL},
    {"monitor", "latency_seconds", "Latency", "Calls that took at most so "
     "many seconds.", {NULL, NULL}, NULL},
};

/* ---- text --------------------------------------------------------------- */

void mlpipe__html_escape(mlpipe__text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '&')
            mlpipe__text_put(t, "&amp;", 5);
        else if (s[i] == '<')
            mlpipe__text_put(t, "&lt;", 4);
        else if (s[i] == '>')
            mlpipe__text_put(t, "&gt;", 4);
        else if (s[i] == '"')
            mlpipe__text_put(t, "&quot;", 6);
        else if (s[i] == '\'')
            mlpipe__text_put(t, "&#39;", 5);
        else if (((unsigned char)s[i] < 0x20 && s[i] != '\t' &&
                  s[i] != '\n') || s[i] == 0x7f)
            mlpipe__text_put(t, "\xef\xbf\xbd", 3); /* U+FFFD */
        else
            mlpipe__text_put(t, s + i, 1);
    }
}

/* A name of ours for people: underlines are blanks. */
static void html_words(mlpipe__text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == '_')
            mlpipe__text_put(t, " ", 1);
        else
            mlpipe__html_escape(t, s + i, 1);
}

static void html_dict(const mlpipe_report *r, mlpipe__text *t, uint32_t i)
{
    mlpipe__html_escape(t, mlpipe__dict_text(&r->texts, i),
                mlpipe__dict_bytes(&r->texts, i));
}

static bool html_ends(const char *s, size_t n, const char *end)
{
    const size_t m = strlen(end);

    return n >= m && !memcmp(s + n - m, end, m);
}

/* Six digits or all whole ones; four beyond a millionth. */
static void html_plain(mlpipe__text *t, double x)
{
    const double size = x < 0 ? -x : x;
    char number[MLPIPE__NUMBER_BYTES];
    int32_t tens = 0;

    if (size > 0 && size < 1e-6 && size > 1e-300) {
        for (; size * mlpipe__pow(10, tens) < 0.9995;)
            tens++;
        mlpipe__text_add(
            t, "%ge-%d",
            mlpipe__round_digits(x * mlpipe__pow(10, tens), 3), tens);
        return;
    }
    if (size >= 1e6 && size < 1e15)
        x = mlpipe__round_digits(x, 0);
    mlpipe__text_put(t, number, mlpipe__render_number(x, number));
}

static void html_number(mlpipe__text *t, double x, bool share)
{
    char number[MLPIPE__NUMBER_BYTES];

    if (x != x) {
        mlpipe__text_put(t, "<span class=\"z\">\xe2\x80\x93</span>", 26);
        return;
    }
    if (share && x > 0 && x < 0.0001)
        mlpipe__text_put(t, "&lt; 0.01", 9);
    else if (share)
        mlpipe__text_put(t, number,
                         mlpipe__render_number(
                             mlpipe__round_digits(100 * x, 2), number));
    else
        html_plain(t, x);
    if (share)
        mlpipe__text_put(t, "\xc2\xa0%", 3);
}

/* Four decimals, where many numbers stand beside each other. */
static void html_short(mlpipe__text *t, double x)
{
    const double size = x < 0 ? -x : x;

    if (size > 0 && size < 0.0001)
        mlpipe__text_add(t, x < 0 ? "&gt; -0.0001" : "&lt; 0.0001");
    else
        html_number(t, size < 100 ? mlpipe__round_digits(x, 4) : x, false);
}

/* ---- drawings ----------------------------------------------------------- */

static const mlpipe__report_item *html_find(const mlpipe_report *r,
                                            const char *name)
{
    for (uint32_t i = 0; name && i < r->count; i++)
        if (r->items[i].kind == MLPIPE__ITEM_TABLE &&
            !strcmp(name, mlpipe__dict_text(&r->texts, r->items[i].name)))
            return &r->items[i];
    return NULL;
}

/* Of a picture, and how many a table has at most. */
enum { HTML_WIDE = 140, HTML_HIGH = 26, HTML_PICTURES = 1000 };

/* A bar, from `base` up or down. */
static void html_bar(mlpipe__text *t, double x, double width, double base,
                     double height)
{
    mlpipe__text_add(t, "M%g %gv%gh%gv%gz", mlpipe__round_digits(x, 1), base,
                     mlpipe__round_digits(height, 1),
                     mlpipe__round_digits(width, 1),
                     -mlpipe__round_digits(height, 1));
}

/* The bars of rows from to end of a column, which stands in rows range[0] to
 * range[1] of the drawn table; their heights are its column `at`. */
typedef struct html_bars {
    const mlpipe__report_item *table;
    uint32_t range[2], at;
    double most;
    bool down;
} html_bars;

static void html_path(const mlpipe_report *r, mlpipe__text *t,
                      const html_bars *b, uint32_t from, uint32_t end,
                      const char *class)
{
    const double width = (double)HTML_WIDE / (b->range[1] - b->range[0]);
    const double room = b->down ? HTML_HIGH : -HTML_HIGH;

    if (from == end)
        return;
    mlpipe__text_add(t, "<path class=\"%s\" d=\"", class);
    for (uint32_t i = from; i < end; i++) {
        const double x =
            r->cells[b->table->first_cell + i * b->table->columns + b->at]
                .number;
        double share = x / b->most;
        if (!(x > 0))
            continue;
        share = share * HTML_HIGH < 1 ? 1.0 / HTML_HIGH : share;
        html_bar(t, (i - b->range[0]) * width,
                 width > 3 ? width - 1 : width, HTML_HIGH, share * room);
    }
    mlpipe__text_add(t, "\"/>");
}

static double html_most(const mlpipe_report *r,
                        const mlpipe__report_item *from, uint32_t first,
                        uint32_t end, uint32_t at, double most)
{
    for (uint32_t i = first; i < end; i++) {
        const double x =
            r->cells[from->first_cell + i * from->columns + at].number;
        most = x > most ? x : most;
    }
    return most;
}

/* Is the bin at an end one of what lies far off? It is not as wide as the one
 * beside it; of times, which are texts, that is not told. */
static bool html_off(const mlpipe_report *r, const mlpipe__report_item *from,
                     uint32_t end_bin, uint32_t beside)
{
    const mlpipe__report_cell *a =
        &r->cells[from->first_cell + end_bin * from->columns];
    const mlpipe__report_cell *b =
        &r->cells[from->first_cell + beside * from->columns];
    const double x = a[2].number - a[1].number;
    const double y = b[2].number - b[1].number;

    return x == x && y == y && (x > 1.001 * y || x < 0.999 * y);
}

/* A table that is drawn in another one, and where the rows of each column
 * begin in it: first[text] - 1; 0: it has none. */
typedef struct html_drawn {
    const mlpipe__report_item *table;
    uint32_t *first;
} html_drawn;

/* One walk for all columns, whose number squared would be too many. */
static void html_index(const mlpipe_report *r, mlpipe__text *t,
                       const char *name, html_drawn *d)
{
    d->table = html_find(r, name);
    d->first = NULL;
    if (!d->table || d->table->columns != 4)
        return;
    d->first = mlpipe__alloc_array(t->env, r->texts.count,
                                   sizeof d->first[0]);
    t->failed |= !d->first;
    const uint32_t rows = d->table->cells / d->table->columns;
    for (uint32_t i = rows; d->first && i--;) {
        const uint32_t text =
            r->cells[d->table->first_cell + i * d->table->columns].text;
        if (text < r->texts.count)
            d->first[text] = i + 1;
    }
}

/* Where the rows of a column are, which lie together. */
static bool html_range(const mlpipe_report *r, const html_drawn *d,
                       uint32_t name, uint32_t range[2])
{
    if (!d->first || name >= r->texts.count || !d->first[name])
        return false;
    const uint32_t rows = d->table->cells / d->table->columns;
    range[0] = d->first[name] - 1;
    for (range[1] = range[0]; range[1] < rows; range[1]++)
        if (r->cells[d->table->first_cell + range[1] * d->table->columns]
                .text != name)
            break;
    return true;
}

/* What a table says of the column that is named by text `name`. */
static bool html_draw(const mlpipe_report *r, mlpipe__text *t,
                      const html_drawn *drawn, uint32_t name)
{
    const mlpipe__report_item *table = drawn->table;
    const char *kind =
        table ? mlpipe__dict_text(&r->texts, table->name) : "";
    const bool pair = !strcmp("bins", kind), bins = !strcmp("histograms",
                                                            kind);
    html_bars b = {.table = table, .at = bins ? 3 : 2};

    if (!html_range(r, drawn, name, b.range))
        return false;
    uint32_t from = b.range[0], end = b.range[1];
    b.most = html_most(r, table, from, end, b.at, 0);
    if (pair)
        b.most = html_most(r, table, from, end, 3, b.most);
    if (!(b.most > 0))
        return false;
    if (bins && end - from > 3) {
        from += html_off(r, table, from, from + 1);
        end -= html_off(r, table, end - 1, end - 2);
    }
    mlpipe__text_add(t, "<svg width=\"%d\" height=\"%d\" role=\"img\" "
                        "aria-label=\"distribution\">",
                     HTML_WIDE, pair ? 2 * HTML_HIGH : HTML_HIGH);
    html_path(r, t, &b, from, end, "b");
    html_path(r, t, &b, b.range[0], from, "a");
    html_path(r, t, &b, end, b.range[1], "a");
    if (pair) {
        b.at = 3;
        b.down = true;
        html_path(r, t, &b, from, end, "o");
    }
    mlpipe__text_add(t, "</svg>");
    return true;
}

/* ---- items -------------------------------------------------------------- */

static const struct html_table *html_known(const mlpipe_report *r,
                                           const char *name)
{
    const char *kind = mlpipe__dict_text(&r->texts, r->kind);

    for (uint32_t i = 0; i < sizeof html_tables / sizeof *html_tables; i++)
        if (!strcmp(name, html_tables[i].name) &&
            !strcmp(kind, html_tables[i].report))
            return &html_tables[i];
    return NULL;
}

static bool html_is_monitor(const mlpipe_report *r)
{
    return !strcmp("monitor", mlpipe__dict_text(&r->texts, r->kind));
}

/* Is it seen in another table of this report? */
static bool html_is_drawn(const mlpipe_report *r, const char *name)
{
    const char *kind = mlpipe__dict_text(&r->texts, r->kind);

    return (!strcmp(name, "histograms") && !strcmp(kind, "profile")) ||
           (!strcmp(name, "bins") &&
            (!strcmp(kind, "drift") || html_is_monitor(r)));
}

/* Texts of ours that have a colour: verdicts, and what a finding weighs. */
static bool html_badge(mlpipe__text *t, const char *column, size_t n,
                       const char *text)
{
    static const struct {
        const char *text, *class;
        bool verdict; /* whatever the column is called */
    } known[] = {
        {"OK", "ok", true},       {"WARN", "warn", true},
        {"DRIFT", "drift", true}, {"INSUFFICIENT_DATA",
                                   "insufficient_data", true},
        {"warn", "warn", false},  {"info", "info", false},
        {"drift", "drift", false}, {"ok", "ok", false},
        {"insufficient_data", "insufficient_data", false},
    };
    const bool ours = (n == 8 && !memcmp(column, "severity", 8)) ||
                      (n == 7 && !memcmp(column, "verdict", 7));

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if ((ours || known[i].verdict) && !strcmp(text, known[i].text)) {
            mlpipe__text_add(t, "<span class=\"%s\">", known[i].class);
            html_words(t, text, strlen(text));
            mlpipe__text_add(t, "</span>");
            return true;
        }
    return false;
}

/* The columns of a table that are shown, HTML_PICTURE for the picture. */
enum { HTML_COLUMNS = 32, HTML_PICTURE = UINT16_MAX };
typedef struct html_view {
    const mlpipe__report_item *item;
    uint32_t count;
    uint16_t shown[HTML_COLUMNS];
    html_drawn drawn[2];
} html_view;

static const char *html_column(const mlpipe_report *r, const html_view *v,
                               uint32_t c, size_t *n)
{
    return mlpipe__render_column(mlpipe__dict_text(&r->texts, v->item->text),
                                 c, n);
}

static void html_show(html_view *v, uint32_t column)
{
    if (v->count < HTML_COLUMNS)
        v->shown[v->count++] = (uint16_t)column;
}

static void html_view_init(const mlpipe_report *r, mlpipe__text *t,
                           const struct html_table *known, html_view *v)
{
    const char *at = known ? known->columns : NULL;
    const bool picture = known && known->drawn[0];
    size_t n, m;

    for (uint32_t k = 0; picture && k < 2; k++)
        html_index(r, t, known->drawn[k], &v->drawn[k]);
    for (uint32_t c = 0; !at && c < v->item->columns; c++)
        html_show(v, c);
    if (!at && picture)
        html_show(v, HTML_PICTURE);
    for (; at && *at; at += n + (at[n] == ',')) {
        const char *end = strchr(at, ',');
        n = end ? (size_t)(end - at) : strlen(at);
        if (n == 1 && *at == '*')
            html_show(v, HTML_PICTURE);
        for (uint32_t c = 0; c < v->item->columns; c++) {
            const char *name = html_column(r, v, c, &m);
            if (m == n && !memcmp(name, at, n))
                html_show(v, c);
        }
    }
}

static void html_cell(const mlpipe_report *r, mlpipe__text *t,
                      const html_view *v, uint32_t row, uint32_t column)
{
    const mlpipe__report_cell *cell =
        &r->cells[v->item->first_cell + row * v->item->columns + column];
    size_t n;
    const char *name = html_column(r, v, column, &n);

    if (cell->text == UINT32_MAX) {
        mlpipe__text_add(t, "<td class=\"n\">");
        if (html_is_monitor(r))
            html_short(t, cell->number);
        else
            html_number(t, cell->number, html_ends(name, n, "share"));
    } else {
        mlpipe__text_add(t, "<td>");
        if (!html_badge(t, name, n,
                        mlpipe__dict_text(&r->texts, cell->text)))
            html_dict(r, t, cell->text);
    }
    mlpipe__text_add(t, "</td>");
}

static void html_table_head(const mlpipe_report *r, mlpipe__text *t,
                            const html_view *v)
{
    mlpipe__text_add(t, "<div class=\"w\"><table><thead><tr>");
    for (uint32_t i = 0; i < v->count; i++) {
        const uint32_t c = v->shown[i];
        size_t n;
        if (c == HTML_PICTURE) {
            mlpipe__text_add(t, "<th>values</th>");
            continue;
        }
        const char *name = html_column(r, v, c, &n);
        const bool number =
            v->item->cells &&
            r->cells[v->item->first_cell + c].text == UINT32_MAX;
        mlpipe__text_add(t, number ? "<th class=\"n\">" : "<th>");
        html_words(t, name, n);
        mlpipe__text_add(t, "</th>");
    }
    mlpipe__text_add(t, "</tr></thead><tbody>\n");
}

/* The picture of a row, which the first cell names. */
static void html_picture(const mlpipe_report *r, mlpipe__text *t,
                         const html_view *v, uint32_t row)
{
    const uint32_t name =
        r->cells[v->item->first_cell + row * v->item->columns].text;

    mlpipe__text_add(t, "<td>");
    if (row < HTML_PICTURES && !html_draw(r, t, &v->drawn[0], name))
        (void)html_draw(r, t, &v->drawn[1], name);
    mlpipe__text_add(t, "</td>");
}

static void html_rows(const mlpipe_report *r, mlpipe__text *t,
                      const html_view *v)
{
    const uint32_t rows = v->item->cells / v->item->columns;

    for (uint32_t row = 0; row < rows; row++) {
        mlpipe__text_add(t, "<tr>");
        for (uint32_t i = 0; i < v->count; i++) {
            if (v->shown[i] == HTML_PICTURE)
                html_picture(r, t, v, row);
            else
                html_cell(r, t, v, row, v->shown[i]);
        }
        mlpipe__text_add(t, "</tr>\n");
    }
}

static void html_table(const mlpipe_report *r, mlpipe__text *t,
                       const mlpipe__report_item *item)
{
    const char *name = mlpipe__dict_text(&r->texts, item->name);
    const struct html_table *known = html_known(r, name);
    html_view v = {.item = item};

    if (html_is_drawn(r, name) || !item->cells)
        return;
    mlpipe__text_add(t, "<h2>");
    html_words(t, known ? known->heading : name,
               strlen(known ? known->heading : name));
    mlpipe__text_add(t, "</h2>\n");
    if (known && known->says[0])
        mlpipe__text_add(t, "<p>%s</p>\n", known->says);
    html_view_init(r, t, known, &v);
    if (v.drawn[0].table && item->cells / item->columns > HTML_PICTURES)
        mlpipe__text_add(t, "<p>Pictures of the first %u rows alone, of "
                            "%u.</p>\n", (uint32_t)HTML_PICTURES,
                         item->cells / item->columns);
    html_table_head(r, t, &v);
    html_rows(r, t, &v);
    mlpipe__text_add(t, "</tbody></table></div>\n");
    for (uint32_t k = 0; k < 2; k++)
        mlpipe__free(t->env, v.drawn[k].first);
}

static void html_series(const mlpipe_report *r, mlpipe__text *t,
                        const mlpipe__report_item *item)
{
    mlpipe__text_add(t, "<h2>");
    html_dict(r, t, item->name);
    mlpipe__text_add(t, "</h2>\n<p>");
    for (uint32_t i = 0; i < item->cells; i++) {
        mlpipe__text_put(t, ", ", i ? 2 : 0);
        html_number(t, r->cells[item->first_cell + i].number, false);
    }
    mlpipe__text_add(t, "</p>\n");
}

/* Beside a verdict, why it is one. */
static void html_why(const mlpipe_report *r, mlpipe__text *t, const char *name)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const mlpipe__report_item *item = &r->items[i];
        const char *why = mlpipe__dict_text(&r->texts, item->name);
        const size_t n = strlen(name);
        if (item->kind == MLPIPE__ITEM_TEXT && mlpipe__report_is_why(why) &&
            strlen(why) == n + 4 && !memcmp(why, name, n)) {
            mlpipe__text_add(t, " <span class=\"z\">");
            html_dict(r, t, item->text);
            mlpipe__text_add(t, "</span>");
        }
    }
}

/* A number or a text by its name. */
static void html_fact(const mlpipe_report *r, mlpipe__text *t,
                      const mlpipe__report_item *item)
{
    const char *name = mlpipe__dict_text(&r->texts, item->name);
    const size_t n = mlpipe__dict_bytes(&r->texts, item->name);
    const mlpipe_figure *f = &item->figure;

    mlpipe__text_add(t, "<div><dt>");
    html_words(t, name, n);
    mlpipe__text_add(t, "</dt><dd>");
    if (item->kind == MLPIPE__ITEM_TEXT) {
        if (!html_badge(t, name, n, mlpipe__dict_text(&r->texts, item->text)))
            html_dict(r, t, item->text);
        html_why(r, t, name);
    } else {
        html_number(t, f->value, false);
    }
    if (item->kind == MLPIPE__ITEM_NUMBER && f->low == f->low) {
        mlpipe__text_add(t, " <span class=\"z\">");
        html_number(t, f->low, false);
        mlpipe__text_add(t, " to ");
        html_number(t, f->high, false);
        mlpipe__text_add(t, "</span>");
    }
    mlpipe__text_add(t, "</dd></div>\n");
}

static bool html_is_fact(const mlpipe__report_item *item)
{
    return item->kind == MLPIPE__ITEM_NUMBER ||
           item->kind == MLPIPE__ITEM_TEXT;
}

/* A fact with a place of its own: words stand beside their verdict. */
static bool html_is_apart(const mlpipe_report *r,
                          const mlpipe__report_item *item)
{
    return html_is_fact(item) &&
           !mlpipe__report_is_why(mlpipe__dict_text(&r->texts, item->name));
}

/* ---- the page of a monitor ---------------------------------------------- */

/* What it begins with; all else is folded, in the order of the report. */
static const char *const page_facts[] = {
    "verdict", "performance", "concept", "features", "score", "correlations",
    "reconstruction", "deployment", "model", "rows", "labelled", "maturity",
    "features_drifted", "errors", "rows_per_second", "latency_ns_p50",
    "latency_ns_p99",
};
static const char *const page_tables[] = {
    "decisions", "inputs", "metrics", "calibration", "correlations",
    "errors_by_code",
};
enum {
    PAGE_VERDICTS = 7, /* texts, also where a number has that name */
    PAGE_FACTS = sizeof page_facts / sizeof *page_facts,
    PAGE_TABLES = sizeof page_tables / sizeof *page_tables
};

static bool page_names(const char *const *names, uint32_t count,
                       const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static bool page_is_first(const mlpipe_report *r,
                          const mlpipe__report_item *item, uint32_t k)
{
    return html_is_fact(item) &&
           (k >= PAGE_VERDICTS || item->kind == MLPIPE__ITEM_TEXT) &&
           !strcmp(page_facts[k], mlpipe__dict_text(&r->texts, item->name));
}

static void page_first_facts(const mlpipe_report *r, mlpipe__text *t)
{
    mlpipe__text_add(t, "<dl>\n");
    for (uint32_t k = 0; k < PAGE_FACTS; k++)
        for (uint32_t i = 0; i < r->count; i++)
            if (page_is_first(r, &r->items[i], k))
                html_fact(r, t, &r->items[i]);
    mlpipe__text_add(t, "</dl>\n");
}

static void page_folded(const mlpipe_report *r, mlpipe__text *t)
{
    mlpipe__text_add(t, "<details><summary>All other tables, and all other "
                        "numbers by the names that rules use</summary>\n");
    for (uint32_t i = 0; i < r->count; i++)
        if (r->items[i].kind == MLPIPE__ITEM_TABLE &&
            !page_names(page_tables, PAGE_TABLES,
                        mlpipe__dict_text(&r->texts, r->items[i].name)))
            html_table(r, t, &r->items[i]);
    mlpipe__text_add(t, "<h2>Numbers</h2>\n<dl>\n");
    for (uint32_t i = 0; i < r->count; i++)
        if (html_is_apart(r, &r->items[i]) &&
            !page_names(page_facts, PAGE_FACTS,
                        mlpipe__dict_text(&r->texts, r->items[i].name)))
            html_fact(r, t, &r->items[i]);
    mlpipe__text_add(t, "</dl>\n</details>\n");
}

static void html_monitor(const mlpipe_report *r, mlpipe__text *t)
{
    const mlpipe__report_item *panes = html_find(r, "panes_closed");

    page_first_facts(r, t);
    if (panes)
        mlpipe__html_timeline(r, t, panes);
    for (uint32_t k = 0; k < PAGE_TABLES; k++) {
        const mlpipe__report_item *item = html_find(r, page_tables[k]);
        if (item)
            html_table(r, t, item);
    }
    page_folded(r, t);
}

/* ---- any report --------------------------------------------------------- */

static void html_any(const mlpipe_report *r, mlpipe__text *t)
{
    mlpipe__text_add(t, "<dl>\n");
    for (uint32_t i = 0; i < r->count; i++)
        if (html_is_apart(r, &r->items[i]))
            html_fact(r, t, &r->items[i]);
    mlpipe__text_add(t, "</dl>\n");
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->items[i].kind == MLPIPE__ITEM_TABLE)
            html_table(r, t, &r->items[i]);
        else if (r->items[i].kind == MLPIPE__ITEM_SERIES)
            html_series(r, t, &r->items[i]);
    }
}

void mlpipe__render_html(const mlpipe_report *r, mlpipe__text *t)
{
    mlpipe__text_put(t, html_head, sizeof html_head - 1);
    mlpipe__text_add(t, "<title>");
    html_dict(r, t, r->kind);
    mlpipe__text_add(t, "</title></head><body>\n<h1>");
    html_dict(r, t, r->kind);
    mlpipe__text_add(t, "</h1>\n");
    if (html_is_monitor(r))
        html_monitor(r, t);
    else
        html_any(r, t);
    mlpipe__text_add(t, "</body></html>\n");
}
