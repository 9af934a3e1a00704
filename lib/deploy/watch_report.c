/* SPDX-License-Identifier: MIT */
/* What mlpipe_monitor_report says. Every number here is in report_names.c. */
#include "watch_internal.h"

/* Rates over the newest closed pane; NaN where none is closed. */
static void watch_put_rates(const mlpipe_monitor *m, mlpipe_report *r)
{
    static const struct {
        const char *name;
        uint32_t counter;
    } rates[] = {
        {"imputed", MLPIPE__COUNT_IMPUTED},
        {"unseen", MLPIPE__COUNT_UNSEEN},
        {"out_of_range", MLPIPE__COUNT_RANGE},
        {"nulls_made", MLPIPE__COUNT_FAULTS},
    };
    const double rows = m->pane_closed
                            ? (double)m->pane[MLPIPE__COUNT_ROWS]
                            : mlpipe__nan();

    mlpipe__report_number(r, "pane_rows", rows);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        mlpipe__report_number(r, rates[i].name,
                              (double)m->pane[rates[i].counter] / rows);
}

static void watch_put_truths(mlpipe_monitor *m, mlpipe_report *r)
{
    const mlpipe__truths *t = &m->truths;

    mlpipe__report_number(r, "truths", (double)t->told);
    mlpipe__report_number(r, "truths_matched", (double)t->matched);
    mlpipe__report_number(r, "truths_duplicate", (double)t->duplicate);
    mlpipe__report_number(r, "truths_unmatched", (double)t->unmatched);
    mlpipe__report_number(
        r, "truths_refused",
        (double)atomic_load_explicit(&m->told_refused,
                                     memory_order_relaxed));
    mlpipe__report_number(r, "truths_early",
                          (double)t->count[MLPIPE__TRUTH_EARLY]);
    mlpipe__report_number(r, "predictions", (double)t->predictions);
    mlpipe__report_number(r, "predictions_waiting",
                          (double)t->count[MLPIPE__TRUTH_WAITING]);
    mlpipe__report_number(r, "predictions_expired", (double)t->expired);
    mlpipe__report_number(r, "predictions_repeated", (double)t->repeated);
    mlpipe__report_number(
        r, "ids_lost",
        (double)mlpipe__slot_total(m->slot, MLPIPE__COUNT_LOST));
}

static void watch_put_times(const mlpipe_monitor *m, mlpipe_report *r)
{
    mlpipe__report_number(r, "ticks_back", (double)m->ticks_back);
    mlpipe__report_number(r, "rows_ahead", (double)m->rows_ahead);
    mlpipe__report_number(r, "rows_late", (double)m->rows_late);
    mlpipe__report_number(r, "truths_ahead", (double)m->truths_ahead);
    mlpipe__report_number(r, "truths_before", (double)m->truths_before);
}

/* Seconds from the newest training row, or from when it was first seen, to
 * the newest tick. */
static double watch_age(const mlpipe_monitor *m)
{
    const mlpipe__reference *ref = m->model->reference;
    int64_t from = m->since_known ? m->since_us : m->now_us;

    if (!m->ticked)
        return mlpipe__nan(); /* nobody knows the time yet */
    if (ref && ref->fitted_us)
        from = ref->fitted_us;
    return ((double)m->now_us - (double)from) / 1e6;
}

/* A model without a reference: nothing to compare with. */
static void watch_put_blind(mlpipe_report *r)
{
    const char *text = mlpipe__verdict_name(MLPIPE__VERDICT_INSUFFICIENT);

    mlpipe__report_number(r, "features_drifted", mlpipe__nan());
    mlpipe__report_number(r, "features_warned", mlpipe__nan());
    mlpipe__report_text(r, "features", text, strlen(text));
}

/* Too few rows for these two are no reason for the whole. */
static bool watch_decides(const char *name, uint32_t verdict, bool detects)
{
    if (verdict != MLPIPE__VERDICT_INSUFFICIENT)
        return true;
    return strcmp(name, "correlations") && strcmp(name, "reconstruction") &&
           (detects || strcmp(name, "concept"));
}

void mlpipe__watch_put_worst(mlpipe_report *r, uint32_t worst, bool detects,
                             uint32_t tell)
{
    static const char *const names[] = {"features", "score", "correlations",
                                        "reconstruction", "performance",
                                        "concept"};
    const char *text = mlpipe__verdict_name(worst);
    char list[96];
    size_t size = 0;

    mlpipe__report_text(r, "verdict", text, strlen(text));
    if (worst == MLPIPE__VERDICT_OK || tell < MLPIPE__TELL_TABLES)
        return;
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *own = mlpipe_report_text(r, names[i]);
        if (own && mlpipe__verdict_number(own) == worst &&
            watch_decides(names[i], worst, detects))
            size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                                   size ? ", " : "", names[i]);
    }
    mlpipe__report_why(r, "verdict", "%.*s", (int)size, list);
}

/* What tests of correlations wait for. */
static void watch_put_moments(const mlpipe_monitor *m, mlpipe_report *r)
{
    static const char *const names[] = {"correlations", "reconstruction"};
    const uint32_t first = m->moments_first;
    const double rows = (double)(m->now[first] - m->base[first]);

    for (uint32_t i = 0; i < 2; i++)
        mlpipe__report_why(r, names[i],
                           m->moments ? "%g of the %g rows that they take; "
                                        "one in moments= is looked at"
                                      : "moments=0",
                           rows, (double)MLPIPE__MOMENTS_LEAST);
}

/* Why the verdicts of a report for people are what they are. */
static void watch_put_whys(const mlpipe_monitor *m, mlpipe_report *r)
{
    const double rows = (double)(m->now[MLPIPE__COUNT_ROWS] -
                                 m->base[MLPIPE__COUNT_ROWS]);
    static const char *const names[] = {"features", "score"};

    if (!m->model->reference)
        mlpipe__report_why(r, "features", "the model has no reference");
    for (uint32_t i = 0; i < 2 && !m->pane_closed; i++)
        if (m->model->reference && mlpipe_report_text(r, names[i]))
            mlpipe__report_why(r, names[i], "%g of the %g rows of a pane",
                               rows, (double)m->pane_rows);
    if (m->model->reference && m->model->reference->moments &&
        !m->moments_closed)
        watch_put_moments(m, r);
    mlpipe__realised_why(m->model, &m->performance, &m->realised, r);
    mlpipe__concept_why(&m->concept, m->model, r);
}

mlpipe_status mlpipe__watch_report(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                   uint32_t tell, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__watch_follow(ctx, m);
    uint32_t worst = MLPIPE__VERDICT_OK;
    const mlpipe__deployment *d;
    mlpipe_report *r;

    if (st)
        return st;
    r = mlpipe__report_new(ctx->env, "monitor");
    if (!r)
        return mlpipe__nomem(ctx);
    d = mlpipe__slot_current(m->slot);
    mlpipe__deployment_counts(m->slot, d, m->now);
    mlpipe__report_number(r, "deployment", (double)m->number);
    mlpipe__report_text(r, "model", m->model->id, strlen(m->model->id));
    mlpipe__report_number(r, "age", watch_age(m));
    mlpipe__report_number(r, "rows", (double)m->now[MLPIPE__COUNT_ROWS]);
    mlpipe__report_number(r, "panes", (double)m->pane_count);
    watch_put_rates(m, r);
    mlpipe__watch_put_service(m, r);
    if (m->model->reference)
        st = mlpipe__drift_report(ctx, m->model, &d->recorder,
                                  m->pane_closed ? m->pane : NULL, tell,
                                  &m->limits, &m->drift, r, &worst);
    else
        watch_put_blind(r);
    if (!st && m->model->reference)
        st = mlpipe__moments_report(
            ctx, m->model,
            m->moments_closed ? m->pane + m->moments_first : NULL, tell,
            m->limits.alpha, r, &worst);
    if (!st)
        st = mlpipe__realised_report(ctx, m->model, &m->performance,
                                     &m->realised, r, &worst);
    if (!st)
        st = mlpipe__cbpe_report(
            ctx, m->model,
            m->pane_closed ? m->pane + d->recorder.bins_first : NULL, r);
    if (st) {
        mlpipe_report_free(r);
        return st;
    }
    mlpipe__concept_report(&m->concept, r, &worst);
    mlpipe__watch_put_worst(r, worst, m->concept.detector != NULL, tell);
    if (tell >= MLPIPE__TELL_TABLES)
        watch_put_whys(m, r);
    watch_put_truths(m, r);
    watch_put_times(m, r);
    mlpipe__watch_put_panes(m, r);
    return mlpipe__report_seal(ctx, r, out);
}
