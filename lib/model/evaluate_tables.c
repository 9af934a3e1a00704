/* SPDX-License-Identifier: MIT */
/* What a classifier's evaluation shows beside its figures. */
#include "evaluate_types.h"

/* More classes than a table has columns are listed cell by cell. */
enum { TABLES_CLASSES_MAX = 30 };

static void tables_class(mlpipe_report *r, const mlpipe_model *m, uint32_t k)
{
    mlpipe__report_cell_text(r, mlpipe__dict_text(&m->classes, k),
                             mlpipe__dict_bytes(&m->classes, k));
}

/* "class" and the classes; commas, which part columns, become semicolons. */
static mlpipe_status tables_heads(const mlpipe_model *m, mlpipe__text *t)
{
    size_t i, start;
    uint32_t k;
    mlpipe__text_add(t, "class");
    for (k = 0; k < m->classes.count; k++) {
        mlpipe__text_put(t, ",", 1);
        start = t->size;
        mlpipe__text_put(t, mlpipe__dict_text(&m->classes, k),
                         mlpipe__dict_bytes(&m->classes, k));
        for (i = start; !t->failed && i < t->size; i++)
            if (t->data[i] == ',')
                t->data[i] = ';';
    }
    return t->failed ? MLPIPE_E_NOMEM : MLPIPE_OK;
}

static mlpipe_status tables_square(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe__confusion *c, double unit,
                                   mlpipe_report *r)
{
    mlpipe__text heads;
    mlpipe_status st;
    uint32_t i, k;
    mlpipe__text_init(&heads, ctx->env);
    st = tables_heads(m, &heads);
    if (!st)
        mlpipe__report_table(r, "confusion", heads.data);
    mlpipe__text_free(&heads);
    if (st)
        return mlpipe__nomem(ctx);
    for (i = 0; i < c->classes; i++) {
        tables_class(r, m, i);
        for (k = 0; k < c->classes; k++)
            mlpipe__report_cell_number(
                r, c->w[(size_t)i * c->classes + k] * unit);
    }
    return MLPIPE_OK;
}

static void tables_cells(const mlpipe_model *m, const mlpipe__confusion *c,
                         double unit, mlpipe_report *r)
{
    uint32_t i, k;
    mlpipe__report_table(r, "confusion_cells", "class,predicted,weight");
    for (i = 0; i < c->classes; i++) {
        for (k = 0; k < c->classes; k++) {
            const double w = c->w[(size_t)i * c->classes + k];
            if (!(w > 0))
                continue;
            tables_class(r, m, i);
            tables_class(r, m, k);
            mlpipe__report_cell_number(r, w * unit);
        }
    }
}

/* Each class against the rest; NaN where there is nothing to divide by. */
static void tables_classes(const mlpipe_model *m, const mlpipe__confusion *c,
                           double unit, mlpipe_report *r)
{
    const double nan = mlpipe__nan();
    uint32_t k;
    mlpipe__report_table(r, "classes",
                         "class,precision,recall,f1,support,predicted");
    for (k = 0; k < c->classes; k++) {
        const double hits = c->w[(size_t)k * (c->classes + 1)];
        const double truth = c->truth[k], said = c->said[k];
        tables_class(r, m, k);
        mlpipe__report_cell_number(r, said > 0 ? hits / said : nan);
        mlpipe__report_cell_number(r, truth > 0 ? hits / truth : nan);
        mlpipe__report_cell_number(
            r, truth + said > 0 ? 2 * hits / (truth + said) : nan);
        mlpipe__report_cell_number(r, truth * unit);
        mlpipe__report_cell_number(r, said * unit);
    }
}

mlpipe_status mlpipe__calibration_table(mlpipe__scoring *g, mlpipe_report *r)
{
    mlpipe__bins b;
    uint32_t k;
    const mlpipe_status st = mlpipe__scoring_bins(g, false, &b);
    if (st)
        return st;
    mlpipe__report_table(r, "calibration",
                         "above,to,n,predicted,observed,low,high");
    for (k = 0; k < MLPIPE__BINS; k++) {
        mlpipe_figure f = {b.seen[k] / b.weight[k], 0, 0, b.rows[k]};
        if (!(b.rows[k] > 0))
            continue;
        mlpipe__metric_wilson(&f, b.weight[k] * b.weight[k] / b.squares[k]);
        mlpipe__report_cell_number(r, k / 10.0);
        mlpipe__report_cell_number(r, (k + 1) / 10.0);
        mlpipe__report_cell_number(r, f.n);
        mlpipe__report_cell_number(r, b.said[k] / b.weight[k]);
        mlpipe__report_cell_number(r, f.value);
        mlpipe__report_cell_number(r, f.low);
        mlpipe__report_cell_number(r, f.high);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__evaluate_tables(const mlpipe_model *m,
                                      mlpipe__scoring *g, mlpipe_report *r)
{
    const mlpipe__confusion *c;
    mlpipe_status st;
    if (!(m->task & MLPIPE__TASK_CLASSES))
        return MLPIPE_OK;
    st = mlpipe__scoring_confusion(g, &c);
    if (!st && c->classes <= TABLES_CLASSES_MAX)
        st = tables_square(g->ctx, m, c, g->unit, r);
    else if (!st)
        tables_cells(m, c, g->unit, r);
    if (st)
        return st;
    tables_classes(m, c, g->unit, r);
    return mlpipe__calibration_table(g, r);
}
