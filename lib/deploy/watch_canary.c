/* SPDX-License-Identifier: MIT */
/*
 * The canary, watched beside the deployment that serves: its counts since it
 * started, and what truths say of it. Both have counters of their own and the
 * ring's entries name their deployment, so that nothing here is estimated.
 */
#include "watch_internal.h"

mlpipe_status mlpipe__watch_follow_canary(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    const mlpipe__deployed *s = mlpipe__slot_deployed(m->slot);
    mlpipe__watch_canary *c = &m->canary;
    const uint64_t number = s->canary ? s->canary->number : 0;

    if (c->number == number)
        return MLPIPE_OK;
    if (number && !c->realised.env &&
        !mlpipe__realised_init(&c->realised, m->env, m->pane_rows,
                               m->realised.width)) {
        memset(&c->realised, 0, sizeof c->realised);
        return mlpipe__nomem(ctx);
    }
    mlpipe__realised_reset(&c->realised,
                           number ? s->canary->predictor->model : NULL,
                           m->performance.alpha, number, m->window);
    c->number = number;
    return MLPIPE_OK;
}

bool mlpipe__watch_promoted(mlpipe_monitor *m, uint64_t number)
{
    const mlpipe__realised served = m->realised;

    if (!m->canary.number || m->canary.number != number)
        return false;
    m->realised = m->canary.realised;
    m->canary.realised = served;
    mlpipe__realised_reset(&m->canary.realised, NULL, m->performance.alpha, 0,
                           m->window);
    m->canary.number = 0;
    return true;
}

mlpipe_status mlpipe__watch_look_canary(mlpipe_ctx *ctx, mlpipe_monitor *m)
{
    const mlpipe__deployed *s = mlpipe__slot_deployed(m->slot);

    if (!s->canary || s->canary->number != m->canary.number)
        return MLPIPE_OK;
    return mlpipe__realised_look(ctx, s->canary->predictor->model,
                                 &m->performance, &m->canary.realised);
}

/* ---- the report ---------------------------------------------------------- */

static double beside_rate(const uint64_t *counts)
{
    const uint64_t failed = counts[MLPIPE__COUNT_FAILED];

    return (double)(failed + counts[MLPIPE__COUNT_UNANSWERED]) /
           (double)(counts[MLPIPE__COUNT_ROWS] + failed);
}

static void beside_put(const mlpipe_monitor *m, const mlpipe__deployed *s,
                       const uint64_t *counts, mlpipe_report *r)
{
    const mlpipe_model *model = s->canary->predictor->model;
    uint64_t main[MLPIPE__COUNT_HEAD] = {0};

    mlpipe__deployment_head(m->slot, s->main, main);
    for (uint32_t i = 0; i < MLPIPE__COUNT_HEAD; i++)
        main[i] -= s->canary->beside[i];
    mlpipe__report_number(r, "deployment", (double)s->canary->number);
    mlpipe__report_text(r, "model", model->id, strlen(model->id));
    mlpipe__report_number(r, "share", s->cut / 1e4);
    mlpipe__report_number(r, "rows", (double)counts[MLPIPE__COUNT_ROWS]);
    mlpipe__report_number(r, "errors", beside_rate(counts));
    mlpipe__report_number(r, "beside", (double)s->main->number);
    mlpipe__report_number(r, "beside.rows", (double)main[MLPIPE__COUNT_ROWS]);
    mlpipe__report_number(r, "beside.errors", beside_rate(main));
}

static mlpipe_status beside_judge(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                  const mlpipe__deployment *d,
                                  const uint64_t *counts, mlpipe_report *r)
{
    const mlpipe_model *model = d->predictor->model;
    const bool enough = counts[MLPIPE__COUNT_ROWS] >= m->pane_rows;
    uint32_t worst = MLPIPE__VERDICT_OK;
    mlpipe__drift_known known = {ctx->env, NULL, false};
    mlpipe_status st = MLPIPE_OK;

    if (model->reference)
        st = mlpipe__drift_report(ctx, model, &d->recorder,
                                  enough ? counts : NULL, MLPIPE__TELL_TABLES,
                                  &m->limits, &known, r, &worst);
    mlpipe__drift_forget(&known);
    if (!st)
        st = mlpipe__realised_report(ctx, model, &m->performance,
                                     &m->canary.realised, r, &worst);
    if (st)
        return st;
    if (!model->reference)
        worst = MLPIPE__VERDICT_INSUFFICIENT;
    mlpipe__watch_put_worst(r, worst, false, MLPIPE__TELL_TABLES);
    if (model->reference && !enough)
        mlpipe__report_why(r, "features", "%g of the %g rows of a pane",
                           (double)counts[MLPIPE__COUNT_ROWS],
                           (double)m->pane_rows);
    mlpipe__realised_why(model, &m->performance, &m->canary.realised, r);
    return MLPIPE_OK;
}

static mlpipe_status beside_report(mlpipe_ctx *ctx, mlpipe_monitor *m,
                                   mlpipe_report **out)
{
    const mlpipe__deployed *s = mlpipe__slot_deployed(m->slot);
    mlpipe_report *r;
    uint64_t *counts;
    mlpipe_status st;

    if (!s->canary)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "no canary runs in the slot; deployment %llu "
                            "answers all requests",
                            (unsigned long long)s->main->number);
    st = mlpipe__watch_follow(ctx, m);
    if (st)
        return st;
    counts = mlpipe__alloc_array(ctx->env, s->canary->recorder.total,
                                 sizeof *counts);
    r = mlpipe__report_new(ctx->env, "canary");
    if (!counts || !r) {
        mlpipe__free(ctx->env, counts);
        mlpipe_report_free(r);
        return mlpipe__nomem(ctx);
    }
    mlpipe__deployment_counts(m->slot, s->canary, counts);
    beside_put(m, s, counts, r);
    st = beside_judge(ctx, m, s->canary, counts, r);
    mlpipe__free(ctx->env, counts);
    if (!st)
        return mlpipe__report_seal(ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

mlpipe_status mlpipe_monitor_canary(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                                    mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_monitor_canary");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st)
        st = mlpipe__slot_lock(ctx, monitor->slot);
    if (!st) {
        st = beside_report(ctx, monitor, out);
        mlpipe__slot_unlock(monitor->slot);
    }
    return mlpipe__end(ctx, st);
}
