/* SPDX-License-Identifier: MIT */
/* What mlpipe_cycle_replay says: what served beside the first model. */
#include "cycle_internal.h"

enum { REPLAY_STRETCHES = 50 };

/* The rows of a run, or of a part of it, that can be scored. */
typedef struct replay_scored {
    double *y, *served, *frozen;
    uint64_t n;
    uint32_t width;
} replay_scored;

static mlpipe_status replay_gather(const mlpipe__replay *r, uint32_t from,
                                   uint32_t to, replay_scored *s)
{
    mlpipe__env *env = r->ctx->env;
    const size_t width = r->width, rows = to - from;

    *s = (replay_scored){.width = r->width};
    s->y = mlpipe__alloc_array(env, rows, sizeof *s->y);
    s->served = mlpipe__alloc_array(env, rows, width * sizeof *s->served);
    s->frozen = mlpipe__alloc_array(env, rows, width * sizeof *s->frozen);
    if (!s->y || !s->served || !s->frozen)
        return mlpipe__nomem(r->ctx);
    for (size_t i = from; i < to; i++) {
        if (!mlpipe__finite(r->truth[i]) ||
            !mlpipe__finite(r->served[i * width]) ||
            !mlpipe__finite(r->frozen[i * width]))
            continue;
        s->y[s->n] = r->truth[i];
        memcpy(s->served + s->n * width, r->served + i * width,
               width * sizeof *s->served);
        memcpy(s->frozen + s->n * width, r->frozen + i * width,
               width * sizeof *s->frozen);
        s->n++;
    }
    return MLPIPE_OK;
}

static void replay_scored_free(mlpipe__env *env, replay_scored *s)
{
    mlpipe__free(env, s->y);
    mlpipe__free(env, s->served);
    mlpipe__free(env, s->frozen);
}

static mlpipe__scored replay_side(const replay_scored *s, const double *p)
{
    return (mlpipe__scored){.y = s->y, .p = p, .n = s->n, .width = s->width};
}

/* ---- figures ----------------------------------------------------------- */

/*
 * The interval of a mean difference of losses that lie in the order of time:
 * means of long stretches are nearly independent where losses are not.
 */
static void replay_interval(const double *d, uint64_t n, mlpipe_figure *out)
{
    const uint64_t k = n < 20 * REPLAY_STRETCHES ? n / 20 : REPLAY_STRETCHES;
    double mean[REPLAY_STRETCHES];
    mlpipe__mean m;
    mlpipe__test test;
    double half;

    if (k < 2)
        return;
    for (uint64_t i = 0; i < k; i++) {
        const uint64_t from = i * n / k, to = (i + 1) * n / k;
        mean[i] = mlpipe__mean_of(d + from, NULL, to - from, false).value;
    }
    mlpipe__paired_t(mean, NULL, k, &m, &test);
    half = mlpipe__student_quantile(0.975, (double)k - 1) * m.se;
    out->low = out->value - half;
    out->high = out->value + half;
}

/* What served less the first model, in the sense of the metric. */
static mlpipe_status replay_difference(mlpipe_ctx *ctx,
                                       const mlpipe__metric *m,
                                       const replay_scored *s,
                                       mlpipe_figure *out)
{
    const mlpipe__scored a = replay_side(s, s->served);
    const mlpipe__scored b = replay_side(s, s->frozen);
    double *loss = mlpipe__alloc_array(ctx->env, s->n, 2 * sizeof *loss);

    if (!loss)
        return mlpipe__nomem(ctx);
    mlpipe__metric_losses(m, &a, loss);
    mlpipe__metric_losses(m, &b, loss + s->n);
    for (uint64_t i = 0; i < s->n; i++)
        loss[i] = m->higher_is_better ? loss[s->n + i] - loss[i]
                                      : loss[i] - loss[s->n + i];
    replay_interval(loss, s->n, out);
    mlpipe__free(ctx->env, loss);
    return MLPIPE_OK;
}

/* Is the metric's value the mean of its losses, up to the sense? That of rmse
 * or r2 is not, and gets no interval. */
static bool replay_is_mean(const mlpipe__metric *m, uint32_t width)
{
    return mlpipe__metric_has_loss(m, width) && strcmp(m->name, "rmse") &&
           strcmp(m->name, "r2");
}

static mlpipe_status replay_metric(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                   const replay_scored *s, mlpipe_report *out)
{
    const mlpipe__scored a = replay_side(s, s->served);
    const mlpipe__scored b = replay_side(s, s->frozen);
    mlpipe_figure now, then, d;
    char name[64];
    mlpipe_status st =
        mlpipe__metric_beyond(mlpipe__metric_value(ctx, m, &a, &now));

    if (!st)
        st = mlpipe__metric_beyond(mlpipe__metric_value(ctx, m, &b, &then));
    if (st)
        return st;
    d = (mlpipe_figure){now.value - then.value, mlpipe__nan(), mlpipe__nan(),
                        (double)s->n};
    if (replay_is_mean(m, s->width))
        st = replay_difference(ctx, m, s, &d);
    mlpipe__report_figure(out, m->name, &now);
    mlpipe__format(name, sizeof name, "%s.frozen", m->name);
    mlpipe__report_figure(out, name, &then);
    mlpipe__format(name, sizeof name, "%s.difference", m->name);
    mlpipe__report_figure(out, name, &d);
    return st;
}

static mlpipe_status replay_metrics(const mlpipe__replay *r,
                                    mlpipe_report *out)
{
    const mlpipe__metric *m;
    replay_scored s;
    mlpipe_status st = replay_gather(r, 0, r->n, &s);

    if (!st)
        mlpipe__report_number(out, "scored", (double)s.n);
    for (uint32_t i = 0; !st && (m = mlpipe__metric_at(i)); i++)
        if (m->standard & r->first->task)
            st = replay_metric(r->ctx, m, &s, out);
    replay_scored_free(r->ctx->env, &s);
    return st;
}

static void replay_counts(const mlpipe__replay *r, mlpipe_report *out)
{
    const uint32_t *n = r->count;
    uint32_t ticks = 0, labelled = 0;

    for (uint32_t i = 0; i < r->n; i++)
        labelled += r->due[i] < r->n;
    ticks = r->n / r->tick + (r->n % r->tick != 0);
    mlpipe__report_number(out, "rows", r->n);
    mlpipe__report_number(out, "warm_up", r->warm);
    mlpipe__report_number(out, "labelled", labelled);
    mlpipe__report_number(out, "ticks", ticks);
    mlpipe__report_number(out, "retrains", n[MLPIPE_ACTION_RETRAIN]);
    mlpipe__report_number(out, "retrains_failed", r->failed);
    mlpipe__report_number(out, "swaps", n[MLPIPE_ACTION_SWAPPED]);
    mlpipe__report_number(out, "rejected", n[MLPIPE_ACTION_REJECTED]);
    mlpipe__report_number(out, "shadows", n[MLPIPE_ACTION_SHADOW]);
    mlpipe__report_number(out, "canaries", n[MLPIPE_ACTION_CANARY]);
    mlpipe__report_number(out, "dropped", n[MLPIPE_ACTION_DROPPED]);
    mlpipe__report_number(out, "confirmed", n[MLPIPE_ACTION_CONFIRMED]);
    mlpipe__report_number(out, "rolled_back", n[MLPIPE_ACTION_ROLLED_BACK]);
}

/* ---- panes ------------------------------------------------------------- */

static mlpipe_status replay_cells(const mlpipe__replay *r,
                                  const mlpipe__metric *m,
                                  const replay_scored *s, mlpipe_report *out)
{
    const mlpipe__scored a = replay_side(s, s->served);
    const mlpipe__scored b = replay_side(s, s->frozen);
    mlpipe_figure now, then;
    mlpipe_status st =
        mlpipe__metric_beyond(mlpipe__metric_value(r->ctx, m, &a, &now));

    if (!st)
        st = mlpipe__metric_beyond(mlpipe__metric_value(r->ctx, m, &b, &then));
    if (st)
        return st;
    mlpipe__report_cell_number(out, now.value);
    mlpipe__report_cell_number(out, then.value);
    return MLPIPE_OK;
}

static void replay_did(const mlpipe__replay *r, uint32_t from, uint32_t to,
                       mlpipe_report *out)
{
    static const uint32_t told[] = {
        MLPIPE_ACTION_RETRAIN, MLPIPE_ACTION_SWAPPED, MLPIPE_ACTION_REJECTED,
        MLPIPE_ACTION_DROPPED, MLPIPE_ACTION_ROLLED_BACK};

    for (size_t k = 0; k < sizeof told / sizeof *told; k++) {
        uint32_t n = 0;
        for (uint32_t i = from; i < to; i++)
            n += r->did[i] >> told[k] & 1;
        mlpipe__report_cell_number(out, n);
    }
}

static mlpipe_status replay_pane(const mlpipe__replay *r, uint32_t from,
                                 uint32_t to, mlpipe_report *out)
{
    const bool classes = r->first->task & MLPIPE__TASK_CLASSES;
    uint32_t labelled = 0;
    replay_scored s;
    mlpipe_status st = replay_gather(r, from, to, &s);

    for (uint32_t i = from; i < to; i++)
        labelled += r->due[i] < r->n;
    mlpipe__report_cell_number(out, from);
    mlpipe__report_cell_number(out, to - from);
    mlpipe__report_cell_number(out, labelled);
    mlpipe__report_cell_number(out, (double)r->number[to - 1]);
    if (!st)
        st = replay_cells(
            r, mlpipe__metric_find(mlpipe__task_metric(r->first->task)), &s,
            out);
    if (!st && classes)
        st = replay_cells(r, mlpipe__metric_find("accuracy"), &s, out);
    replay_did(r, from, to, out);
    replay_scored_free(r->ctx->env, &s);
    return st;
}

static mlpipe_status replay_panes(const mlpipe__replay *r, mlpipe_report *out)
{
    const char *metric = mlpipe__task_metric(r->first->task);
    const bool classes = r->first->task & MLPIPE__TASK_CLASSES;
    mlpipe_status st = MLPIPE_OK;
    char columns[256];

    mlpipe__format(columns, sizeof columns,
                   "first_row,rows,labelled,deployment,%s,%s.frozen%s,"
                   "retrains,swaps,rejected,dropped,rolled_back",
                   metric, metric, classes ? ",accuracy,accuracy.frozen" : "");
    mlpipe__report_table(out, "panes", columns);
    for (uint32_t from = 0; !st && from < r->n;) {
        const uint32_t to = r->n - from > r->pane ? from + r->pane : r->n;
        st = replay_pane(r, from, to, out);
        from = to;
    }
    return st;
}

mlpipe_status mlpipe__replay_report(mlpipe__replay *r, mlpipe_report **out)
{
    mlpipe_report *report = mlpipe__report_new(r->ctx->env, "replay");
    mlpipe_status st;

    if (!report)
        return mlpipe__nomem(r->ctx);
    replay_counts(r, report);
    st = replay_metrics(r, report);
    if (!st)
        st = replay_panes(r, report);
    if (st) {
        mlpipe_report_free(report);
        return st;
    }
    return mlpipe__report_seal(r->ctx, report, out);
}
