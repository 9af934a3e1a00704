/* SPDX-License-Identifier: MIT */
/* Realised losses of the deployment that serves, beside the reference. */
#include "monitor_internal.h"

bool mlpipe__realised_init(mlpipe__realised *r, mlpipe__env *env,
                           uint64_t room)
{
    memset(r, 0, sizeof *r);
    r->env = env;
    r->room = room;
    r->score = mlpipe__alloc_array(env, room, sizeof *r->score);
    r->truth = mlpipe__alloc_array(env, room, sizeof *r->truth);
    if (r->score && r->truth)
        return true;
    mlpipe__realised_free(r);
    return false;
}

void mlpipe__realised_free(mlpipe__realised *r)
{
    mlpipe__free(r->env, r->score);
    mlpipe__free(r->env, r->truth);
    r->score = NULL;
    r->truth = NULL;
}

void mlpipe__realised_reset(mlpipe__realised *r, uint64_t number)
{
    r->number = number;
    r->next = 0;
}

void mlpipe__realised_add(mlpipe__realised *r, const mlpipe__match *m)
{
    /* What had no answer is in the report's errors. */
    if (m->number != r->number || !mlpipe__finite(m->score))
        return;
    r->score[r->next % r->room] = m->score;
    r->truth[r->next % r->room] = m->truth;
    r->next++;
}

/* The mean loss behind a metric's value: rmse is the root of one. */
static double realised_mean_loss(const mlpipe__metric *m, double value)
{
    return strcmp(m->name, "rmse") ? value : value * value;
}

/*
 * The newest n losses against the held-out loss: worse by more than 10 % and
 * by more than chance (a z test with both standard errors) is DRIFT.
 */
static mlpipe_status realised_verdict(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *r, uint64_t n,
                                      double alpha, mlpipe_report *report,
                                      uint32_t *verdict)
{
    const mlpipe__metric *m =
        mlpipe__metric_find(mlpipe__task_metric(model->task));
    const mlpipe__ref_metric *ref =
        mlpipe__ref_metric_find(model->reference, m->name);
    const double base = realised_mean_loss(m, ref->value);
    const double ref_se = mlpipe__finite(ref->se) ? ref->se : 0.0;
    const mlpipe__scored scored = {r->truth, r->score, NULL, n, 1};
    mlpipe_figure now;
    double *loss, *zero, mean, se, p, change, z;
    mlpipe_status st = mlpipe__metric_value(ctx, m, &scored, &now);

    if (st)
        return st;
    loss = mlpipe__alloc_array(ctx->env, n, 2 * sizeof *loss);
    if (!loss)
        return mlpipe__nomem(ctx);
    zero = loss + n;
    mlpipe__metric_losses(m, &scored, loss);
    mlpipe__paired(loss, zero, n, &mean, &se, &p);
    mlpipe__free(ctx->env, loss);
    z = mlpipe__sqrt(se * se + ref_se * ref_se);
    z = z > 0 ? (mean - base) / z : mean > base ? mlpipe__inf() : 0.0;
    p = mlpipe__normal_tail(z);
    change = ref->value > 0 ? now.value / ref->value - 1.0 : 0.0;
    mlpipe__report_number(report, "performance.change", change);
    mlpipe__report_number(report, "performance.p", p);
    *verdict = MLPIPE__VERDICT_OK;
    if (p <= alpha)
        *verdict = change > 0.1 ? MLPIPE__VERDICT_DRIFT
                                : MLPIPE__VERDICT_WARN;
    return MLPIPE_OK;
}

/* The standard metrics of the task: those that the reference has. */
static mlpipe_status realised_each(mlpipe__scoring *g,
                                   const mlpipe_model *model,
                                   mlpipe_report *report)
{
    const mlpipe__metric *m;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && (m = mlpipe__metric_at(i)); i++) {
        const mlpipe__ref_metric *ref =
            model->reference
                ? mlpipe__ref_metric_find(model->reference, m->name)
                : NULL;
        mlpipe_figure f;
        char name[64];
        if (!(m->standard & model->task))
            continue;
        st = mlpipe__scoring_value(g, m, &f);
        mlpipe__report_figure(report, m->name, &f);
        mlpipe__format(name, sizeof name, "%s.reference", m->name);
        mlpipe__report_number(report, name,
                              ref ? ref->value : mlpipe__nan());
    }
    return st;
}

static mlpipe_status realised_metrics(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *r, uint64_t n,
                                      mlpipe_report *report)
{
    const mlpipe__scored scored = {r->truth, r->score, NULL, n, 1};
    mlpipe__scoring g;
    mlpipe_status st = mlpipe__scoring_init(&g, ctx, &scored);

    if (!st)
        st = realised_each(&g, model, report);
    mlpipe__scoring_free(&g);
    return st;
}

mlpipe_status mlpipe__realised_report(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *r,
                                      uint64_t least, double alpha,
                                      mlpipe_report *report, uint32_t *worst)
{
    const uint64_t n = r->next < r->room ? r->next : r->room;
    /* a truth is joined to one number: the P of one class is no answer
     * where there are three */
    const bool enough = n >= least && n > 1 && mlpipe__model_width(model) == 1;
    const char *metric = mlpipe__task_metric(model->task);
    uint32_t verdict = MLPIPE__VERDICT_INSUFFICIENT;
    mlpipe_status st =
        realised_metrics(ctx, model, r, enough ? n : 0, report);

    if (!st && enough && model->reference && model->reference->held_out &&
        mlpipe__ref_metric_find(model->reference, metric)) {
        st = realised_verdict(ctx, model, r, n, alpha, report, &verdict);
    } else {
        mlpipe__report_number(report, "performance.change", mlpipe__nan());
        mlpipe__report_number(report, "performance.p", mlpipe__nan());
    }
    if (st)
        return st;
    mlpipe__report_number(report, "labelled", (double)n);
    const char *text = mlpipe__verdict_name(verdict);
    mlpipe__report_text(report, "performance", text, strlen(text));
    if (verdict > *worst)
        *worst = verdict;
    return MLPIPE_OK;
}
