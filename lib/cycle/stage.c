/* SPDX-License-Identifier: MIT */
/*
 * What lies between the gate and the swap: a challenger in shadow, which is
 * asked at the tick about rows that were served and captured, and a canary,
 * which answers a share of the requests.
 */
#include "cycle_internal.h"

/* Rows that go unanswered by so much more often matter. */
static const double stage_silence = 0.01;
/* Rows of a canary at the first look at its errors. */
enum { STAGE_FACES = 32 };

mlpipe_status mlpipe__stage_check(mlpipe_ctx *ctx, const mlpipe_cycle *c)
{
    const double room = (double)c->monitor->capture.room;
    const double need =
        c->canary > 0 ? (double)c->canary_rows / c->canary : 0.0;

    if (c->shadow && (c->shadow < c->least || (double)c->shadow > room))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "shadow=%llu is not between gate_min=%llu rows "
                            "and the %g that the monitor keeps",
                            (unsigned long long)c->shadow,
                            (unsigned long long)c->least, room);
    if (c->canary > 0 && c->canary < 0.0001)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "canary=%g is below 0.0001, one id of 10,000",
                            c->canary);
    if (c->canary > 0 && need < (double)c->least)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "canary=%g with canary_rows=%llu is judged by %g "
                            "served rows, fewer than gate_min=%llu, so that "
                            "none could be promoted; ask for more rows",
                            c->canary, (unsigned long long)c->canary_rows,
                            need, (unsigned long long)c->least);
    if (need > room)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "canary=%g with canary_rows=%llu takes %g served "
                            "rows, and the monitor keeps capture=%g; capture "
                            "more, or ask for fewer rows",
                            c->canary, (unsigned long long)c->canary_rows,
                            need, room);
    return MLPIPE_OK;
}

/* ---- what a tick sees ---------------------------------------------------- */

static mlpipe__canary_count stage_count(const mlpipe_monitor *m,
                                        const mlpipe__deployment *d,
                                        const uint64_t *base)
{
    uint64_t head[MLPIPE__COUNT_HEAD] = {0};

    mlpipe__deployment_head(m->slot, d, head);
    for (uint32_t i = 0; base && i < MLPIPE__COUNT_HEAD; i++)
        head[i] -= base[i];
    return (mlpipe__canary_count){head[MLPIPE__COUNT_ROWS],
                                  head[MLPIPE__COUNT_UNANSWERED]};
}

static mlpipe_status stage_look_canary(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                       mlpipe__cycle_view *v)
{
    mlpipe_monitor *m = c->monitor;
    const mlpipe__deployed *s = mlpipe__slot_deployed(m->slot);

    v->canary = s->canary ? s->canary->number : 0;
    if (v->number != c->beside || v->canary != c->number)
        return MLPIPE_OK;
    v->of_main = stage_count(m, s->main, s->canary->beside);
    v->of_canary = stage_count(m, s->canary, NULL);
    v->trial_rows =
        mlpipe__capture_labelled(&m->capture, c->number, c->from);
    v->judged = m->canary.realised.next;
    v->trial_over =
        v->trial_rows >= c->canary_rows || v->judged >= c->canary_rows;
    if (!v->trial_rows ||
        (!v->trial_over && v->trial_rows < c->looked + c->least))
        return MLPIPE_OK;
    return mlpipe__monitor_captured_locked(ctx, m, c->challenger, 0, c->from,
                                           &v->trial);
}

mlpipe_status mlpipe__stage_look(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                 unsigned state, mlpipe__cycle_view *v)
{
    mlpipe_monitor *m = c->monitor;

    if (state == MLPIPE__CYCLE_CANARY)
        return stage_look_canary(ctx, c, v);
    if (state != MLPIPE__CYCLE_SHADOW || v->number != c->beside)
        return MLPIPE_OK;
    v->trial_rows = mlpipe__capture_labelled(&m->capture, 0, c->from);
    /* Where labels come late, a full window never has all of them. */
    v->trial_over = v->trial_rows >= c->shadow ||
                    v->next - c->from >= m->capture.room;
    if (!v->trial_over || !v->trial_rows)
        return MLPIPE_OK;
    return mlpipe__monitor_captured_locked(ctx, m, c->challenger, 0, c->from,
                                           &v->trial);
}

/* ---- lines of the log ---------------------------------------------------- */

static void stage_begin_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                             int64_t now_us, uint64_t number,
                             const char *action, const char *reason)
{
    mlpipe__audit_begin(&c->log, now_us, action, number);
    if (reason)
        mlpipe__audit_text(&c->log, "reason", reason);
    mlpipe__audit_text(&c->log, "champion", v->model->id);
    mlpipe__audit_text(&c->log, "challenger", c->challenger->id);
    mlpipe__cycle_refit_text(c);
}

void mlpipe__stage_gate_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                             const mlpipe__gate *g, int64_t now_us,
                             uint64_t number, const char *action,
                             const char *reason)
{
    stage_begin_line(c, v, now_us, number, action, reason);
    mlpipe__audit_gate(&c->log, g, &c->metric, c->least, c->alpha);
    mlpipe__audit_end(&c->log);
}

void mlpipe__stage_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                        const mlpipe__canary_trial *t, int64_t now_us,
                        uint64_t number, const char *action,
                        const char *reason)
{
    stage_begin_line(c, v, now_us, number, action, reason);
    mlpipe__audit_gate(&c->log, &t->g, &c->metric, c->least, t->alpha);
    mlpipe__audit_canary(&c->log, t);
    mlpipe__audit_end(&c->log);
}

static void stage_superseded(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                             int64_t now_us)
{
    stage_begin_line(c, v, now_us, v->number, "superseded", NULL);
    mlpipe__audit_end(&c->log);
    mlpipe__cycle_drop_challenger(c, v, MLPIPE__CYCLE_WATCHING);
}

/* ---- begin --------------------------------------------------------------- */

static void stage_enter(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                        unsigned state)
{
    /* What is judged from here on is what would serve. */
    if (c->refitted) {
        mlpipe_model_free(c->challenger);
        c->challenger = c->refitted;
        c->refitted = NULL;
    }
    mlpipe_dataset_free(c->withheld);
    c->withheld = NULL;
    c->beside = v->number;
    c->from = v->next;
    c->looked = c->faced = 0;
    c->faces = 0;
    atomic_store(&c->state, state);
}

static mlpipe_status stage_start_canary(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                        const mlpipe__cycle_view *v,
                                        const mlpipe__gate *g, int64_t now_us,
                                        int32_t *action)
{
    mlpipe_trigger *trigger = NULL;
    uint64_t number = 0;
    /* what would stop it later stops it here */
    mlpipe_status st = mlpipe__rule_make(ctx, mlpipe__cycle_next(c),
                                         c->monitor, c->rule, &trigger);

    mlpipe_trigger_free(trigger);
    if (!st)
        st = mlpipe__slot_begin_canary(
            ctx, c->monitor->slot, mlpipe__cycle_next(c),
            (uint32_t)(c->canary * 10000 + 0.5), v->number, &number);
    if (st) {
        if (!mlpipe__cycle_is_verdict(st) && st != MLPIPE_E_CONFLICT)
            return st; /* try at the next tick */
        mlpipe__cycle_refuse(ctx, c, v, now_us, st);
        *action = MLPIPE_ACTION_REJECTED;
        return MLPIPE_OK;
    }
    c->number = number;
    mlpipe__stage_gate_line(c, v, g, now_us, number, "canary_started",
                            NULL);
    stage_enter(c, v, MLPIPE__CYCLE_CANARY);
    *action = MLPIPE_ACTION_CANARY;
    return MLPIPE_OK;
}

static mlpipe_status stage_after_shadow(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                        const mlpipe__cycle_view *v,
                                        const mlpipe__gate *g, int64_t now_us,
                                        int32_t *action)
{
    if (c->canary > 0)
        return stage_start_canary(ctx, c, v, g, now_us, action);
    return mlpipe__cycle_swap(ctx, c, v, g, NULL, now_us, action);
}

mlpipe_status mlpipe__stage_begin(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                  const mlpipe__cycle_view *v,
                                  const mlpipe__gate *g, int64_t now_us,
                                  int32_t *action)
{
    if (!c->shadow)
        return stage_after_shadow(ctx, c, v, g, now_us, action);
    mlpipe__stage_gate_line(c, v, g, now_us, v->number, "shadow_started",
                            NULL);
    stage_enter(c, v, MLPIPE__CYCLE_SHADOW);
    *action = MLPIPE_ACTION_SHADOW;
    return MLPIPE_OK;
}

/* ---- in shadow ----------------------------------------------------------- */

mlpipe_status mlpipe__stage_shadow(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   int64_t now_us, int32_t *action)
{
    mlpipe__gate g;
    mlpipe_status st;

    if (v->number != c->beside) {
        stage_superseded(c, v, now_us);
        return MLPIPE_OK;
    }
    if (!v->trial)
        return MLPIPE_OK;
    st = mlpipe__gate_score(ctx, v->model, c->challenger, v->trial,
                            &c->metric, c->least, &g);
    if (st && mlpipe__cycle_is_verdict(st)) {
        mlpipe__cycle_refuse(ctx, c, v, now_us, st);
        *action = MLPIPE_ACTION_DROPPED;
        return MLPIPE_OK;
    }
    if (st)
        return st;
    if (mlpipe__gate_passes(&g, c->alpha))
        return stage_after_shadow(ctx, c, v, &g, now_us, action);
    mlpipe__stage_gate_line(c, v, &g, now_us, v->number, "dropped",
                            g.enough ? "no better" : "INSUFFICIENT_DATA");
    mlpipe__cycle_lost(c, v);
    *action = MLPIPE_ACTION_DROPPED;
    return MLPIPE_OK;
}

/* ---- as a canary --------------------------------------------------------- */

/*
 * Does the canary leave more rows unanswered? Given all of them, how many are
 * the canary's is hypergeometric if it does not; the binomial has a longer
 * tail, so that its chance is on the safe side.
 */
static bool stage_errors(const mlpipe__canary_trial *t)
{
    const double a = (double)t->of_main.rows, b = (double)t->of_canary.rows;
    const uint64_t all = t->of_main.silent + t->of_canary.silent;

    if (!(t->errors_alpha > 0) || !(a > 0 && b > 0) ||
        !((double)t->of_canary.silent / b >
          (double)t->of_main.silent / a + stage_silence))
        return false;
    return mlpipe__rate_tail(t->of_canary.silent, all, b / (a + b)) <=
           t->errors_alpha;
}

uint32_t mlpipe__canary_judge(const mlpipe__canary_trial *t)
{
    if (stage_errors(t))
        return MLPIPE__CANARY_ERRORS;
    if (mlpipe__gate_worse(&t->g, t->alpha))
        return MLPIPE__CANARY_WORSE;
    if (!t->over)
        return MLPIPE__CANARY_GOES_ON;
    return mlpipe__gate_no_worse(&t->g, t->margin) <= t->final_alpha
               ? MLPIPE__CANARY_GOOD
               : MLPIPE__CANARY_UNSHOWN;
}

/* The figures of this tick; the looks at losses share alpha, and those at
 * errors, each after twice the rows, have half of it, a quarter ... */
static mlpipe_status stage_trial(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                 const mlpipe__cycle_view *v,
                                 mlpipe__canary_trial *t)
{
    const uint64_t looks = (c->canary_rows + c->least - 1) / c->least;
    const uint64_t rows = v->of_canary.rows;

    memset(t, 0, sizeof *t);
    t->alpha = c->alpha / (double)looks;
    t->final_alpha = c->alpha;
    t->margin = c->canary_margin;
    t->of_main = v->of_main;
    t->of_canary = v->of_canary;
    t->over = v->trial_over && v->trial;
    if (rows >= STAGE_FACES && rows >= 2 * c->faced) {
        t->errors_alpha = c->alpha;
        for (uint32_t i = 0; i <= c->faces; i++)
            t->errors_alpha *= 0.5;
    }
    if (!v->trial)
        return MLPIPE_OK;
    return mlpipe__gate_score(ctx, v->model, c->challenger, v->trial,
                              &c->metric, c->least, &t->g);
}

static mlpipe_status stage_drop(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                const mlpipe__cycle_view *v,
                                const mlpipe__canary_trial *t, int64_t now_us,
                                const char *reason, int32_t *action)
{
    const mlpipe_status st = mlpipe__slot_end_canary(
        ctx, c->monitor->slot, false, c->number);

    if (st && st != MLPIPE_E_STATE) /* that: the host ended it meanwhile */
        return st;
    mlpipe__stage_line(c, v, t, now_us, c->number, "dropped", reason);
    mlpipe__cycle_lost(c, v);
    *action = MLPIPE_ACTION_DROPPED;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__stage_canary(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   int64_t now_us, int32_t *action)
{
    mlpipe__canary_trial t;
    uint32_t verdict;
    mlpipe_status st;

    if (v->number != c->beside || v->canary != c->number) {
        stage_superseded(c, v, now_us);
        return MLPIPE_OK;
    }
    st = stage_trial(ctx, c, v, &t);
    if (st && mlpipe__cycle_is_verdict(st))
        return stage_drop(ctx, c, v, &t, now_us, mlpipe_status_name(st),
                          action);
    if (st)
        return st;
    verdict = mlpipe__canary_judge(&t);
    if (verdict == MLPIPE__CANARY_GOOD)
        return mlpipe__cycle_swap(ctx, c, v, &t.g, &t, now_us, action);
    if (verdict != MLPIPE__CANARY_GOES_ON)
        return stage_drop(ctx, c, v, &t, now_us,
                          mlpipe__canary_reason(verdict), action);
    if (v->trial)
        c->looked = v->trial_rows;
    if (t.errors_alpha > 0) {
        c->faced = v->of_canary.rows;
        c->faces++;
    }
    return MLPIPE_OK;
}
