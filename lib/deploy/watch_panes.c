/* SPDX-License-Identifier: MIT */
/*
 * What a monitor keeps of panes that were closed: the figures that its report
 * had then, so that they can be drawn over time.
 */
#include "watch_internal.h"

/* The metric that people read: of numbers the rmse. */
static const char *panes_metric(const mlpipe_model *model)
{
    return model->task & MLPIPE__TASK_CLASSES ? "accuracy" : "rmse";
}

static void panes_take(const mlpipe_model *model, const mlpipe_report *r,
                       mlpipe__pane *p)
{
    const double nan = mlpipe__nan();
    const char *metric = panes_metric(model);
    char name[32];
    mlpipe_figure f;

    p->drifted = mlpipe_report_get(r, "features_drifted");
    p->score_psi = mlpipe_report_get(r, "score.psi");
    p->errors = mlpipe_report_get(r, "errors");
    p->latency = mlpipe_report_get(r, "latency_ns_p99");
    p->performance = p->low = p->high = nan;
    if (mlpipe__report_find_figure(r, metric, &f)) {
        p->performance = f.value;
        p->low = f.low;
        p->high = f.high;
    }
    mlpipe__format(name, sizeof name, "%s.reference", metric);
    p->reference = mlpipe_report_get(r, name);
    mlpipe__format(name, sizeof name, "cbpe.%s", metric);
    p->estimated = mlpipe_report_get(r, name);
    p->verdict = mlpipe__verdict_number(mlpipe_report_text(r, "verdict"));
}

mlpipe_status mlpipe__watch_remember(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                     int32_t *closed, mlpipe_report **seen)
{
    mlpipe_report *r;
    mlpipe_status st;

    if (!m->remember)
        return MLPIPE_OK;
    st = mlpipe__watch_report(ctx, m, MLPIPE__TELL_NUMBERS, &r);
    if (st)
        return st; /* the next tick does it, before anything has changed */
    panes_take(m->model, r,
               &m->panes[(m->pane_count - 1) % m->pane_room]);
    m->remember = false;
    if (closed)
        *closed = 1;
    if (seen)
        *seen = r;
    else
        mlpipe_report_free(r);
    return MLPIPE_OK;
}

/* ---- the report ---------------------------------------------------------- */

static double panes_maturity(const mlpipe__pane *p)
{
    return p->predictions ? (double)p->matched / (double)p->predictions
                          : mlpipe__nan();
}

static void panes_put(mlpipe_report *r, uint64_t number,
                      const mlpipe__pane *p)
{
    const double figures[] = {
        (double)p->predictions, (double)p->matched, panes_maturity(p),
        p->drifted, p->score_psi, p->performance, p->low, p->high,
        p->reference, p->estimated, p->errors, p->latency};
    const char *verdict = mlpipe__verdict_name(p->verdict);
    char time[MLPIPE__TIME_TEXT_BYTES];

    mlpipe__report_cell_number(r, (double)number + 1);
    mlpipe__report_cell_text(
        r, time, mlpipe__time_text(p->closed_us, MLPIPE_UNIT_US, time));
    mlpipe__report_cell_number(r, (double)p->closed_us / 1e6);
    mlpipe__report_cell_number(r, (double)p->number);
    mlpipe__report_cell_number(r, (double)p->rows);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        mlpipe__report_cell_number(r, figures[i]);
    mlpipe__report_cell_text(r, verdict, strlen(verdict));
}

void mlpipe__watch_put_panes(const mlpipe_monitor *m, mlpipe_report *r)
{
    const uint64_t held =
        m->pane_count < m->pane_room ? m->pane_count : m->pane_room;
    const char *metric = panes_metric(m->model);

    mlpipe__report_number(
        r, "pane_maturity",
        m->pane_closed
            ? panes_maturity(&m->panes[(m->pane_count - 1) % m->pane_room])
            : mlpipe__nan());
    mlpipe__report_text(r, "panes_metric", metric, strlen(metric));
    mlpipe__report_table(
        r, "panes_closed",
        "pane,closed,closed_s,deployment,rows,predictions,matched,maturity,"
        "features_drifted,score_psi,performance,performance_low,"
        "performance_high,reference,estimated,errors,latency_ns_p99,verdict");
    for (uint64_t i = m->pane_count - held; i < m->pane_count; i++)
        if (!m->remember || i + 1 < m->pane_count)
            panes_put(r, i, &m->panes[i % m->pane_room]);
}
