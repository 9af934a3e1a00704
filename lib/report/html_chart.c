/* SPDX-License-Identifier: MIT */
/*
 * Lines over time as inline SVG: what a monitor saw pane by pane. A chart is
 * drawn from columns of one table, which it finds by their names; what is not
 * there, or is never a number, is not drawn.
 */
#include "report_types.h"

/* Of the drawing, and of its margins for numbers and times. */
enum { CHART_WIDE = 920, CHART_HIGH = 130, CHART_LEFT = 70, CHART_BELOW = 22 };
enum { CHART_RIGHT = CHART_WIDE - 12, CHART_TOP = 10 };

/* One picture: columns of the table, NULL where there is none. */
static const struct chart_kind {
    const char *heading, *says;
    const char *line;        /* in blue */
    const char *low, *high;  /* a band around it */
    const char *other;       /* dashed, in orange */
    const char *level;       /* in grey */
    bool from_zero;
} chart_kinds[] = {
    {"Performance",
     "Blue: the metric on the rows whose truth is known, with its 95 % "
     "interval. Orange, dashed: what it should be by the scores alone, while "
     "truths are missing. Grey: on the held-out rows of the training.",
     "performance", "performance_low", "performance_high", "estimated",
     "reference", false},
    {"Drifted inputs", "How many inputs had the verdict DRIFT.",
     "features_drifted", NULL, NULL, NULL, NULL, true},
    {"Scores", "psi of the scores against those of the held-out rows.",
     "score_psi", NULL, NULL, NULL, NULL, true},
    {"Errors", "Share of calls that failed or had no answer.", "errors", NULL,
     NULL, NULL, NULL, true},
    {"Latency", "99 of 100 calls took less, in nanoseconds.",
     "latency_ns_p99", NULL, NULL, NULL, NULL, true},
};

/* Where things are in the picture. */
typedef struct chart_scale {
    const mlpipe_report *r;
    const mlpipe__report_item *table;
    uint32_t rows;
    double low, high; /* of the values */
} chart_scale;

/* A column by its name; UINT32_MAX = there is none. */
static uint32_t chart_column(const chart_scale *s, const char *name)
{
    const char *names = mlpipe__dict_text(&s->r->texts, s->table->text);
    size_t n;

    for (uint32_t c = 0; name && c < s->table->columns; c++) {
        const char *at = mlpipe__render_column(names, c, &n);
        if (n == strlen(name) && !memcmp(at, name, n))
            return c;
    }
    return UINT32_MAX;
}

static const mlpipe__report_cell *chart_cell(const chart_scale *s,
                                             uint32_t row, uint32_t column)
{
    return &s->r->cells[s->table->first_cell + row * s->table->columns +
                        column];
}

static double chart_value(const chart_scale *s, uint32_t row, uint32_t column)
{
    return column == UINT32_MAX ? mlpipe__nan()
                                : chart_cell(s, row, column)->number;
}

static void chart_widen(chart_scale *s, const char *name)
{
    const uint32_t column = chart_column(s, name);

    for (uint32_t i = 0; i < s->rows; i++) {
        const double x = chart_value(s, i, column);
        if (!mlpipe__finite(x))
            continue;
        s->low = x < s->low || s->low != s->low ? x : s->low;
        s->high = x > s->high || s->high != s->high ? x : s->high;
    }
}

static double chart_x(const chart_scale *s, uint32_t row)
{
    const double room = CHART_RIGHT - CHART_LEFT;

    return mlpipe__round_digits(
        CHART_LEFT + room * (row + 0.5) / s->rows, 1);
}

static double chart_y(const chart_scale *s, double value)
{
    /* halves, since the ends may lie further apart than any double */
    const double span = s->high / 2 - s->low / 2;
    const double part = span > 0 ? (value / 2 - s->low / 2) / span : 0.5;

    return mlpipe__round_digits(
        CHART_TOP + (1 - part) * (CHART_HIGH - CHART_TOP), 1);
}

/* Lines break where there is no number. A number alone is a dot. */
static void chart_line(const chart_scale *s, mlpipe__text *t,
                       const char *name, const char *class)
{
    const uint32_t column = chart_column(s, name);
    bool drawing = false;

    if (column == UINT32_MAX)
        return;
    mlpipe__text_add(t, "<path class=\"%s\" d=\"", class);
    for (uint32_t i = 0; i < s->rows; i++) {
        const double x = chart_value(s, i, column);
        if (mlpipe__finite(x))
            mlpipe__text_add(t, "%c%g %g", drawing ? 'L' : 'M',
                             chart_x(s, i), chart_y(s, x));
        if (mlpipe__finite(x) && !drawing)
            mlpipe__text_put(t, "h.1", 3);
        drawing = mlpipe__finite(x);
    }
    mlpipe__text_add(t, "\"/>");
}

/* The band between two columns, in pieces where both are numbers. */
static void chart_band(const chart_scale *s, mlpipe__text *t, const char *low,
                       const char *high)
{
    const uint32_t a = chart_column(s, low), b = chart_column(s, high);
    uint32_t from, end;

    if (a == UINT32_MAX || b == UINT32_MAX)
        return;
    mlpipe__text_add(t, "<path class=\"u\" d=\"");
    for (from = 0; from < s->rows; from = end + 1) {
        for (end = from; end < s->rows; end++)
            if (!mlpipe__finite(chart_value(s, end, a)) ||
                !mlpipe__finite(chart_value(s, end, b)))
                break;
        if (end - from < 2)
            continue;
        for (uint32_t i = from; i < end; i++)
            mlpipe__text_add(t, "%c%g %g", i == from ? 'M' : 'L',
                             chart_x(s, i), chart_y(s, chart_value(s, i, b)));
        for (uint32_t i = end; i-- > from;)
            mlpipe__text_add(t, "L%g %g", chart_x(s, i),
                             chart_y(s, chart_value(s, i, a)));
        mlpipe__text_put(t, "z", 1);
    }
    mlpipe__text_add(t, "\"/>");
}

/* A line across where another deployment began to serve. */
static void chart_swaps(const chart_scale *s, mlpipe__text *t)
{
    const uint32_t column = chart_column(s, "deployment");
    const double half = 0.5 * (CHART_RIGHT - CHART_LEFT) / s->rows;

    for (uint32_t i = 1; column != UINT32_MAX && i < s->rows; i++) {
        const double now = chart_value(s, i, column);
        if (now == chart_value(s, i - 1, column))
            continue;
        mlpipe__text_add(
            t, "<path class=\"s\" d=\"M%g %dV%d\"><title>deployment %g"
               "</title></path>",
            mlpipe__round_digits(chart_x(s, i) - half, 1), CHART_TOP,
            CHART_HIGH, now);
    }
}

/* A red dot on the line for each pane with an alarm. */
static void chart_alarms(const chart_scale *s, mlpipe__text *t,
                         const char *line)
{
    const uint32_t verdict = chart_column(s, "verdict");
    const uint32_t column = chart_column(s, line);

    for (uint32_t i = 0; verdict != UINT32_MAX && i < s->rows; i++) {
        const uint32_t text = chart_cell(s, i, verdict)->text;
        const double x = chart_value(s, i, column);
        if (text == UINT32_MAX || !mlpipe__finite(x) ||
            strcmp("DRIFT", mlpipe__dict_text(&s->r->texts, text)))
            continue;
        mlpipe__text_add(t, "<circle class=\"d\" cx=\"%g\" cy=\"%g\" "
                            "r=\"3.5\"><title>DRIFT</title></circle>",
                         chart_x(s, i), chart_y(s, x));
    }
}

/* ", " and the text of a cell. */
static void chart_text(const chart_scale *s, mlpipe__text *t, uint32_t text)
{
    if (text == UINT32_MAX)
        return;
    mlpipe__text_put(t, ", ", 2);
    mlpipe__html_escape(t, mlpipe__dict_text(&s->r->texts, text),
                        mlpipe__dict_bytes(&s->r->texts, text));
}

static void chart_axes(const chart_scale *s, mlpipe__text *t)
{
    char number[MLPIPE__NUMBER_BYTES];
    const double ends[2] = {s->low, s->high};
    const uint32_t pane = chart_column(s, "pane");
    const uint32_t closed = chart_column(s, "closed");
    const uint32_t shown[2] = {0, s->rows - 1};

    mlpipe__text_add(t, "<path class=\"x\" d=\"M%d %dV%dH%d\"/>", CHART_LEFT,
                     CHART_TOP, CHART_HIGH, CHART_RIGHT);
    for (uint32_t i = 0; i < (s->high > s->low ? 2 : 1); i++) {
        const size_t n = mlpipe__render_number(ends[i], number);
        mlpipe__text_add(t, "<text x=\"%d\" y=\"%g\" text-anchor=\"end\">",
                         CHART_LEFT - 6, chart_y(s, ends[i]) + 4);
        mlpipe__text_put(t, number, n);
        mlpipe__text_add(t, "</text>");
    }
    for (uint32_t i = 0; i < (s->rows > 1 ? 2 : 1); i++) {
        const double x = chart_value(s, shown[i], pane);
        mlpipe__text_add(t, "<text x=\"%g\" y=\"%d\" text-anchor=\"%s\">"
                            "pane %g",
                         chart_x(s, shown[i]), CHART_HIGH + 15,
                         i ? "end" : "start",
                         x == x ? x : shown[i] + 1.0);
        if (closed != UINT32_MAX)
            chart_text(s, t, chart_cell(s, shown[i], closed)->text);
        mlpipe__text_add(t, "</text>");
    }
}

/* False: there is nothing to draw. */
static bool chart_draw(chart_scale *s, mlpipe__text *t,
                       const struct chart_kind *kind, bool alarms)
{
    const double nan = mlpipe__nan();

    s->low = kind->from_zero ? 0.0 : nan;
    s->high = nan;
    chart_widen(s, kind->line);
    chart_widen(s, kind->other);
    if (s->high != s->high)
        return false;
    chart_widen(s, kind->low);
    chart_widen(s, kind->high);
    chart_widen(s, kind->level);
    if (kind->from_zero && !(s->high > 0))
        s->high = 1.0;
    mlpipe__text_add(t, "<h3>%s", kind->heading);
    if (kind->level && mlpipe_report_text(s->r, "panes_metric"))
        mlpipe__text_add(t, ": %s", mlpipe_report_text(s->r, "panes_metric"));
    mlpipe__text_add(t, "</h3><p>%s</p>\n<svg class=\"chart\" "
                        "viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s "
                        "by pane\">",
                     kind->says, CHART_WIDE, CHART_HIGH + CHART_BELOW,
                     kind->heading);
    chart_axes(s, t);
    chart_band(s, t, kind->low, kind->high);
    chart_line(s, t, kind->level, "lg");
    chart_swaps(s, t);
    chart_line(s, t, kind->other, "lo");
    chart_line(s, t, kind->line, "lb");
    if (alarms)
        chart_alarms(s, t, kind->line);
    mlpipe__text_add(t, "</svg>\n");
    return true;
}

void mlpipe__html_timeline(const mlpipe_report *r, mlpipe__text *t,
                           const mlpipe__report_item *table)
{
    chart_scale s = {.r = r, .table = table,
                     .rows = table->cells / table->columns};
    bool first = true; /* alarms are marked once */

    if (!s.rows)
        return;
    mlpipe__text_add(t, "<h2>Over time</h2>\n<p>A red dot: the monitor's "
                        "verdict was DRIFT when the pane was closed. A green "
                        "line across: another model began to serve.</p>\n");
    for (size_t i = 0; i < sizeof chart_kinds / sizeof *chart_kinds; i++)
        first &= !chart_draw(&s, t, &chart_kinds[i], first);
}
