/* SPDX-License-Identifier: MIT */
/*
 * Reports for scrapers. Numbers become gauges or counters, verdicts numbers,
 * short texts labels of an info, a table of "le,count" a histogram, and every
 * other table whose first column is text a sample for each number, with the
 * texts as labels. What a scrape holds is bounded whatever the report is of:
 * a monitor of a thousand inputs tells the ones that differ most.
 */
#include "prometheus_internal.h"

enum {
    PROM_ROWS = 20,   /* rows of a table */
    PROM_DOTTED = 200, /* numbers whose names are made of others */
    PROM_INFOS = 20,  /* texts */
    PROM_TEXT = 128,  /* bytes of one */
    PROM_LABELS = 4   /* columns of text that name a row */
};

/* What only grows while a deployment serves; of monitors. */
static const char *const prom_counters[] = {
    "rows", "panes", "truths", "truths_matched", "truths_duplicate",
    "truths_unmatched", "truths_refused", "truths_ahead", "truths_before",
    "predictions", "predictions_expired", "predictions_repeated", "ids_lost",
    "ticks_back", "rows_ahead", "rows_late", "errors_by_code.requests",
};

static uint32_t prom_type(const mlpipe__prom *p, const char *table,
                          const char *name, size_t bytes)
{
    char whole[64];

    if (strcmp(mlpipe__report_kind(p->r), "monitor") || bytes > 40)
        return MLPIPE__PROM_GAUGE;
    mlpipe__format(whole, sizeof whole, "%s%s%.*s", table ? table : "",
                   table ? "." : "", (int)bytes, name);
    for (size_t i = 0; i < sizeof prom_counters / sizeof *prom_counters; i++)
        if (!strcmp(prom_counters[i], whole))
            return MLPIPE__PROM_COUNTER;
    return MLPIPE__PROM_GAUGE;
}

static bool prom_is(const char *a, size_t n, const char *b)
{
    return strlen(b) == n && !memcmp(a, b, n);
}

/* The number of a verdict; false: it is another text. */
static bool prom_verdict(const char *text, size_t bytes, double *out)
{
    static const char *const verdicts[][2] = {
        {"OK", "ok"},
        {"INSUFFICIENT_DATA", "insufficient_data"},
        {"WARN", "warn"},
        {"DRIFT", "drift"},
    };

    for (uint32_t i = 0; i < 4; i++) {
        if (!prom_is(text, bytes, verdicts[i][0]) &&
            !prom_is(text, bytes, verdicts[i][1]))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* ---- histograms --------------------------------------------------------- */

/* Columns le,count; le grows up to infinity, and counts with it. */
static bool prom_is_histogram(const mlpipe__table *t)
{
    const mlpipe_report *r = t->report;
    double le, n, le_before = 0, n_before = 0;
    size_t bytes;

    if (r->items[t->item].kind != MLPIPE__ITEM_TABLE || !t->rows ||
        strcmp(mlpipe__dict_text(&r->texts, r->items[t->item].text),
               "le,count"))
        return false;
    for (uint32_t i = 0; i < t->rows; i++) {
        if (mlpipe__report_table_cell(t, i, 0, &bytes, &le) ||
            mlpipe__report_table_cell(t, i, 1, &bytes, &n) ||
            !(n >= n_before) || (i && !(le > le_before)) || le != le)
            return false;
        le_before = le;
        n_before = n;
    }
    return le_before == mlpipe__inf();
}

static void prom_histogram(mlpipe__prom *p, const char *name,
                           const mlpipe__table *t)
{
    double le, n = 0;
    mlpipe__text sum;
    size_t bytes;

    (void)mlpipe__prom_begin(p, name, strlen(name));
    if (!mlpipe__prom_reserve(p, "_bucket") ||
        !mlpipe__prom_reserve(p, "_sum") ||
        !mlpipe__prom_reserve(p, "_count")) {
        p->left_out += t->rows;
        return;
    }
    for (uint32_t i = 0; i < t->rows; i++) {
        char edge[MLPIPE__NUMBER_BYTES] = "+Inf";
        size_t size = 4;
        (void)mlpipe__report_table_cell(t, i, 0, &bytes, &le);
        (void)mlpipe__report_table_cell(t, i, 1, &bytes, &n);
        if (mlpipe__finite(le))
            size = mlpipe__print_f64(le, edge);
        p->labels.size = 0;
        mlpipe__prom_label(p, "le", 2, edge, size);
        p->left_out +=
            !mlpipe__prom_add(p, MLPIPE__PROM_HISTOGRAM, "_bucket", n);
    }
    p->labels.size = 0;
    mlpipe__text_init(&sum, p->env);
    mlpipe__text_add(&sum, "%s_sum", name);
    if (!sum.failed)
        (void)mlpipe__prom_add(p, MLPIPE__PROM_HISTOGRAM, "_sum",
                               mlpipe_report_get(p->r, sum.data));
    (void)mlpipe__prom_add(p, MLPIPE__PROM_HISTOGRAM, "_count", n);
    p->failed |= sum.failed;
    mlpipe__text_free(&sum);
}

/* ---- tables ------------------------------------------------------------- */

/* How many columns of text name a row. */
static uint32_t prom_labels(const mlpipe__table *t)
{
    uint32_t n = 0;
    double number;
    size_t bytes;

    for (; n < t->columns && n < PROM_LABELS; n++) {
        const char *name = mlpipe__report_table_column(t, n, &bytes);
        if (prom_is(name, bytes, "verdict"))
            return n;
        for (uint32_t row = 0; row < t->rows; row++)
            if (!mlpipe__report_table_cell(t, row, n, &bytes, &number))
                return n;
    }
    return n;
}

static uint32_t prom_column(const mlpipe__table *t, const char *name)
{
    for (uint32_t i = 0; i < t->columns; i++) {
        size_t bytes;
        const char *s = mlpipe__report_table_column(t, i, &bytes);
        if (prom_is(s, bytes, name))
            return i;
    }
    return UINT32_MAX;
}

/* By the verdict, then by the size of what differs. */
static double prom_weight(const mlpipe__table *t, uint32_t row,
                          uint32_t verdict, uint32_t effect)
{
    double level = 0, size = 0;
    const char *s;
    size_t bytes;

    if (verdict != UINT32_MAX) {
        s = mlpipe__report_table_cell(t, row, verdict, &bytes, &level);
        if (!s || !prom_verdict(s, bytes, &level) || level < 2)
            level = 0;
    }
    if (effect != UINT32_MAX &&
        mlpipe__report_table_cell(t, row, effect, &bytes, &size))
        size = 0;
    size = size < 0 ? -size : size;
    size = size < 1e300 ? size : size == size ? 1e300 : 0;
    return level + size / (1 + size);
}

/* The PROM_ROWS rows of the greatest weight, equal ones in their order. */
static uint32_t prom_choose(const mlpipe__table *t,
                            uint32_t out[PROM_ROWS])
{
    const uint32_t verdict = prom_column(t, "verdict");
    uint32_t effect = prom_column(t, "effect"), n = 0;
    double weight[PROM_ROWS];

    if (effect == UINT32_MAX)
        effect = prom_column(t, "psi");
    for (uint32_t row = 0; row < t->rows; row++) {
        const double w = prom_weight(t, row, verdict, effect);
        uint32_t at = n;
        while (at && w > weight[at - 1])
            at--;
        if (at == PROM_ROWS)
            continue;
        n += n < PROM_ROWS;
        for (uint32_t i = n - 1; i > at; i--) {
            weight[i] = weight[i - 1];
            out[i] = out[i - 1];
        }
        weight[at] = w;
        out[at] = row;
    }
    return n;
}

static void prom_cell(mlpipe__prom *p, const char *table,
                      const mlpipe__table *t, uint32_t row, uint32_t column,
                      uint32_t labels)
{
    size_t bytes, n;
    const char *name = mlpipe__report_table_column(t, column, &n);
    double value;
    const char *s = mlpipe__report_table_cell(t, row, column, &bytes, &value);

    if (s && !prom_verdict(s, bytes, &value))
        return;
    (void)mlpipe__prom_begin(p, table, strlen(table));
    mlpipe__prom_more(p, name, n);
    for (uint32_t i = 0; i < labels; i++) {
        const char *label = mlpipe__report_table_column(t, i, &n);
        s = mlpipe__report_table_cell(t, row, i, &bytes, &(double){0});
        mlpipe__prom_label(p, label, n, s, bytes);
    }
    name = mlpipe__report_table_column(t, column, &n);
    if (!mlpipe__prom_add(p, prom_type(p, table, name, n), "", value))
        p->left_out++;
}

/* What stands in it need not be told as numbers too. */
static void prom_told(mlpipe__prom *p, const mlpipe__table *t)
{
    double number;
    size_t bytes;

    for (uint32_t i = 0; i < t->rows; i++) {
        const char *s = mlpipe__report_table_cell(t, i, 0, &bytes, &number);
        p->failed |= mlpipe__dict_add(&p->rows, s, bytes) == UINT32_MAX;
    }
    for (uint32_t i = 0; i < t->columns; i++) {
        const char *s = mlpipe__report_table_column(t, i, &bytes);
        p->failed |= mlpipe__dict_add(&p->columns, s, bytes) == UINT32_MAX;
    }
}

static void prom_table(mlpipe__prom *p, const char *name,
                       const mlpipe__table *t)
{
    const uint32_t labels = t->rows ? prom_labels(t) : 0;
    uint32_t rows[PROM_ROWS], n;

    if (!labels)
        return;
    n = prom_choose(t, rows);
    p->left_out += (uint64_t)(t->rows - n) * (t->columns - labels);
    for (uint32_t c = labels; c < t->columns; c++)
        for (uint32_t i = 0; i < n; i++)
            prom_cell(p, name, t, rows[i], c, labels);
    prom_told(p, t);
}

static void prom_tables(mlpipe__prom *p, bool histograms)
{
    for (uint32_t i = 0; i < p->r->count && !p->failed; i++) {
        const mlpipe__report_item *item = &p->r->items[i];
        const char *name = mlpipe__dict_text(&p->r->texts, item->name);
        const mlpipe__table t = {p->r, i, item->columns,
                                 item->columns ? item->cells / item->columns
                                               : 0};
        if (item->kind != MLPIPE__ITEM_TABLE ||
            prom_is_histogram(&t) != histograms)
            continue;
        if (histograms)
            prom_histogram(p, name, &t);
        else
            prom_table(p, name, &t);
    }
}

/* ---- numbers and texts -------------------------------------------------- */

/* Is input.<name> a name of the report, so that <name> is of something else? */
static bool prom_has_input(mlpipe__prom *p, const char *name)
{
    mlpipe__text input;
    bool has;

    mlpipe__text_init(&input, p->env);
    mlpipe__text_add(&input, "input.%s", name);
    p->failed |= input.failed;
    has = !input.failed && mlpipe__dict_find(&p->r->texts, input.data,
                                             input.size) != UINT32_MAX;
    mlpipe__text_free(&input);
    return has;
}

/* <row>.<column> of a table, input.<row>.<column> too. */
static bool prom_in_table(mlpipe__prom *p, const char *name)
{
    const char *dot = NULL;
    size_t n;

    for (const char *s = name; *s; s++)
        dot = *s == '.' ? s : dot;
    if (!dot ||
        mlpipe__dict_find(&p->columns, dot + 1, strlen(dot + 1)) ==
            UINT32_MAX)
        return false;
    n = (size_t)(dot - name);
    if (mlpipe__dict_find(&p->rows, name, n) != UINT32_MAX)
        return !prom_has_input(p, name);
    return n > 6 && !memcmp(name, "input.", 6) &&
           mlpipe__dict_find(&p->rows, name + 6, n - 6) != UINT32_MAX;
}

static bool prom_add_number(mlpipe__prom *p, const char *name, bool label,
                            const char *suffix, double value)
{
    const size_t n = strlen(name);
    const bool odd = mlpipe__prom_begin(p, name, n);

    if (*suffix)
        mlpipe__prom_more(p, suffix, strlen(suffix));
    if (odd || label)
        mlpipe__prom_label(p, "name", 4, name, n);
    return mlpipe__prom_add(
        p, *suffix ? MLPIPE__PROM_GAUGE : prom_type(p, NULL, name, n), "",
        value);
}

static void prom_number(mlpipe__prom *p, const char *name,
                        const mlpipe_figure *f)
{
    bool label = false;

    if (prom_in_table(p, name))
        return;
    if (strchr(name, '.') && ++p->dotted > PROM_DOTTED) {
        p->left_out++;
        return;
    }
    /* Where the name without its dots is another's, a label tells them apart;
     * where that one is of a histogram, it is told there. */
    if (!prom_add_number(p, name, false, "", f->value)) {
        label = true;
        if (!prom_add_number(p, name, true, "", f->value)) {
            p->left_out++;
            return;
        }
    }
    if (f->low == f->low) {
        p->left_out += !prom_add_number(p, name, label, "low", f->low);
        p->left_out += !prom_add_number(p, name, label, "high", f->high);
    }
    if (f->n == f->n)
        p->left_out += !prom_add_number(p, name, label, "n", f->n);
}

static void prom_text(mlpipe__prom *p, const char *name, const char *text,
                      size_t bytes)
{
    double verdict;

    if (prom_verdict(text, bytes, &verdict)) {
        (void)mlpipe__prom_begin(p, "verdict", 7);
        mlpipe__prom_label(p, "name", 4, name, strlen(name));
        p->left_out +=
            !mlpipe__prom_add(p, MLPIPE__PROM_GAUGE, "", verdict);
        return;
    }
    if (bytes > PROM_TEXT || ++p->infos > PROM_INFOS) {
        p->left_out++;
        return;
    }
    (void)mlpipe__prom_begin(p, "info", 4);
    mlpipe__prom_label(p, "name", 4, name, strlen(name));
    mlpipe__prom_label(p, "value", 5, text, bytes);
    p->left_out += !mlpipe__prom_add(p, MLPIPE__PROM_GAUGE, "", 1);
}

/* The sum of a histogram is told by it. */
static bool prom_is_sum(const mlpipe__prom *p, const char *name)
{
    const size_t n = strlen(name);
    mlpipe__table t;
    char table[64];

    if (n < 5 || n - 4 >= sizeof table || strcmp(name + n - 4, "_sum"))
        return false;
    memcpy(table, name, n - 4);
    table[n - 4] = 0;
    return mlpipe__report_table_find(p->r, table, &t) &&
           prom_is_histogram(&t);
}

void mlpipe__render_prometheus(const mlpipe_report *r, mlpipe__text *out)
{
    mlpipe__prom p;

    mlpipe__prom_init(&p, r, out->env);
    prom_tables(&p, true);
    prom_tables(&p, false);
    for (uint32_t i = 0; i < r->count && !p.failed; i++) {
        const mlpipe__report_item *item = &r->items[i];
        const char *name = mlpipe__dict_text(&r->texts, item->name);
        if (item->kind == MLPIPE__ITEM_NUMBER && !prom_is_sum(&p, name))
            prom_number(&p, name, &item->figure);
        if (item->kind == MLPIPE__ITEM_TEXT && !mlpipe__report_is_why(name))
            prom_text(&p, name, mlpipe__dict_text(&r->texts, item->text),
                      mlpipe__dict_bytes(&r->texts, item->text));
    }
    (void)prom_add_number(&p, "left_out", false, "", (double)p.left_out);
    mlpipe__prom_write(&p, out);
    mlpipe__prom_free(&p);
}
