/* SPDX-License-Identifier: MIT */
/*
 * What a tick decides. It reads the monitor once, with the slot's writer flag
 * held, and then decides from what it read: the same counts, truths and times
 * give the same decisions and the same bytes in the log.
 */
#include "cycle_internal.h"

static void cycle_set(mlpipe_cycle *c, unsigned state)
{
    atomic_store(&c->state, state);
}

/* Truths that are known, those among them that waiting made so. */
static uint64_t cycle_matched(const mlpipe_monitor *m)
{
    return m->truths.matched + (m->truths.expire_as ? m->truths.expired : 0);
}

static mlpipe_status cycle_look(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                unsigned state, int64_t now_us,
                                mlpipe__cycle_view *v)
{
    mlpipe_monitor *m = c->monitor;
    mlpipe_status st = mlpipe__slot_lock(ctx, m->slot);
    mlpipe__watch_odd odd;

    if (st)
        return st;
    if (c->heed)
        mlpipe__concept_reset(&m->concept);
    c->heed = false;
    if (!c->started) /* the monitor may be older than the cycle */
        c->matched_at = cycle_matched(m);
    st = mlpipe__monitor_tick_locked(
        ctx, m, now_us, NULL,
        state == MLPIPE__CYCLE_WATCHING ? &v->report : NULL);
    if (!c->started)
        c->retrained_us = now_us;
    c->started = true;
    v->now_us = now_us;
    v->panes = m->pane_count;
    v->number = m->number;
    v->matched = cycle_matched(m);
    v->labelled = m->capture.labelled;
    v->next = m->capture.next;
    v->model = mlpipe__model_keep(m->model);
    if (!st && state == MLPIPE__CYCLE_WATCHING && !v->report)
        st = mlpipe__watch_report(ctx, m, MLPIPE__TELL_NUMBERS, &v->report);
    if (!st && state == MLPIPE__CYCLE_PROBATION && v->number == c->number) {
        v->trial_rows =
            mlpipe__capture_labelled(&m->capture, c->number, c->from);
        /* Captured rows may be pushed out before there are that many. */
        v->trial_over = v->trial_rows >= c->probation ||
                        m->realised.next >= c->judged + c->probation;
        if (v->trial_rows && (v->trial_over ||
                              v->trial_rows >= c->looked + c->least))
            st = mlpipe__monitor_captured_locked(
                ctx, m, c->champion, c->number, c->from, &v->trial);
    }
    if (!st)
        st = mlpipe__stage_look(ctx, c, state, v);
    odd = m->odd;
    mlpipe__slot_unlock(m->slot);
    mlpipe__watch_warn(ctx, &odd);
    return st;
}

/* Statuses that say something of a model and not of this tick. */
bool mlpipe__cycle_is_verdict(mlpipe_status st)
{
    return st == MLPIPE_E_SCHEMA || st == MLPIPE_E_STATE ||
           st == MLPIPE_E_PARAM || st == MLPIPE_E_LIMIT ||
           st == MLPIPE_E_FORMAT || st == MLPIPE_E_UNSUPPORTED ||
           st == MLPIPE_E_NUMERIC;
}

/* ---- watching ---------------------------------------------------------- */

/* Why what was asked for waits, and the figures that say so. */
typedef struct cycle_wait {
    const char *why; /* NULL: it does not */
    double has, needs;
} cycle_wait;

static double cycle_seconds(int64_t from_us, int64_t to_us)
{
    return ((double)to_us - (double)from_us) / 1e6;
}

/* Retrains that were asked for within the time of the budget. */
static uint64_t cycle_spent(const mlpipe_cycle *c, int64_t now_us)
{
    const uint64_t held =
        c->asked_count < c->budget ? c->asked_count : c->budget;
    uint64_t n = 0;

    for (uint64_t i = 0; i < held; i++)
        n += cycle_seconds(c->asked[i], now_us) < c->budget_s;
    return n;
}

static cycle_wait cycle_waits(const mlpipe_cycle *c,
                              const mlpipe__cycle_view *v)
{
    const double rows = (double)(v->matched - c->matched_at);
    const double rest = cycle_seconds(c->retrained_us, v->now_us);
    const double fresh = (double)v->labelled * c->share;

    if (c->retrained && rows < (double)c->cooldown)
        return (cycle_wait){"cooldown", rows, (double)c->cooldown};
    if (c->retrained && rest < c->cooldown_s)
        return (cycle_wait){"cooldown_time", rest, c->cooldown_s};
    if (fresh < (double)c->least)
        return (cycle_wait){"labelled", fresh, (double)c->least};
    if (c->retrains && c->asked_count >= c->retrains)
        return (cycle_wait){"retrains", (double)c->asked_count,
                            (double)c->retrains};
    if (c->budget && cycle_spent(c, v->now_us) >= c->budget)
        return (cycle_wait){"budget", (double)cycle_spent(c, v->now_us),
                            (double)c->budget};
    return (cycle_wait){NULL, 0, 0};
}

/* What the rule saw. */
typedef struct cycle_seen {
    double *values, *memory; /* memory: as it was before; in one array */
    bool pane, fired;
} cycle_seen;

/* Is a retrain due without any rule? */
static bool cycle_due(const mlpipe_cycle *c, const mlpipe__cycle_view *v)
{
    if (c->every_s > 0 &&
        cycle_seconds(c->retrained_us, v->now_us) >= c->every_s)
        return true;
    return c->volume && v->matched - c->matched_at >= c->volume;
}

/* A decision of the rule; while it is held back that is said once. */
static void cycle_rule_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                            const cycle_seen *seen, const cycle_wait *wait)
{
    mlpipe__text *log = &c->log;

    mlpipe__audit_begin(log, v->now_us, wait->why ? "held" : "retrain",
                        v->number);
    if (wait->why) {
        mlpipe__audit_text(log, "reason", wait->why);
        mlpipe__audit_number(log, "has", wait->has);
        mlpipe__audit_number(log, "needs", wait->needs);
    } else if (!seen->fired) {
        mlpipe__audit_text(log, "reason", "schedule");
    }
    mlpipe__audit_number(log, "labelled", (double)v->labelled);
    if (c->every_s > 0) {
        mlpipe__audit_number(log, "since",
                             cycle_seconds(c->retrained_us, v->now_us));
        mlpipe__audit_number(log, "every", c->every_s);
    }
    if (c->volume) {
        mlpipe__audit_number(log, "fresh",
                             (double)(v->matched - c->matched_at));
        mlpipe__audit_number(log, "volume", (double)c->volume);
    }
    if (c->trigger)
        mlpipe__audit_values(log, c->trigger, seen->values, seen->memory,
                             seen->pane);
    mlpipe__audit_end(log);
}

/*
 * The rule for the model that serves, which may be one of the host's own. One
 * whose report lacks the rule's names cannot ask for a retrain; that is said
 * once, and the loop goes on with the next model.
 */
static mlpipe_status cycle_rule(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                const mlpipe__cycle_view *v, int64_t now_us)
{
    mlpipe_trigger *trigger = NULL;
    mlpipe_status st;

    if (c->ruled == v->number)
        return MLPIPE_OK;
    st = mlpipe__rule_make(ctx, v->model, c->monitor, c->rule, &trigger);
    if (st && !mlpipe__cycle_is_verdict(st))
        return st;
    if (st) {
        mlpipe__audit_begin(&c->log, now_us, "rule_refused", v->number);
        mlpipe__audit_text(&c->log, "reason", mlpipe_status_name(st));
        mlpipe__audit_text(&c->log, "message", mlpipe_ctx_error(ctx)->text);
        mlpipe__audit_end(&c->log);
    }
    mlpipe_trigger_free(c->trigger);
    c->trigger = trigger;
    c->ruled = v->number;
    return MLPIPE_OK;
}

/* Ask the rule, which may remember what it saw. */
static mlpipe_status cycle_ask(mlpipe_ctx *ctx, mlpipe_cycle *c,
                               const mlpipe__cycle_view *v, cycle_seen *seen)
{
    mlpipe_trigger *t = c->trigger;
    mlpipe_status st;

    if (!t)
        return MLPIPE_OK;
    seen->values = mlpipe__alloc_array(
        ctx->env, (size_t)t->names.count + t->memory_count,
        sizeof *seen->values);
    if (!seen->values)
        return mlpipe__nomem(ctx);
    seen->memory = seen->values + t->names.count;
    st = mlpipe__rule_values(ctx, t, v->report, seen->values);
    if (st)
        return st;
    for (uint32_t i = 0; i < t->memory_count; i++)
        seen->memory[i] = t->memory[i];
    seen->pane = v->panes != c->panes;
    c->panes = v->panes;
    seen->fired =
        mlpipe__rule_value(t, seen->values, t->memory, seen->pane) == 1.0;
    return MLPIPE_OK;
}

/* Panes that were closed while the rule was not asked: a condition did not
 * hold at the end of each of the last ones, as far as anybody knows. */
static void cycle_unasked(mlpipe_cycle *c, const mlpipe__cycle_view *v)
{
    mlpipe_trigger *t = c->trigger;

    for (uint32_t i = 0; t && v->panes != c->panes && i < t->memory_count; i++)
        if (t->panes[i])
            t->memory[i] = 0.0;
    c->panes = v->panes;
}

static mlpipe_status cycle_watch(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 const mlpipe__cycle_view *v, int32_t *action)
{
    unsigned watching = MLPIPE__CYCLE_WATCHING;
    cycle_seen seen = {NULL, NULL, false, false};
    cycle_wait wait;
    mlpipe_status st = cycle_rule(ctx, c, v, v->now_us);

    if (!st)
        st = cycle_ask(ctx, c, v, &seen);
    if (st)
        goto done;
    wait = cycle_waits(c, v);
    if (!seen.fired && !cycle_due(c, v)) {
        c->held = false;
    } else if (wait.why) {
        if (!c->held)
            cycle_rule_line(c, v, &seen, &wait);
        c->held = true;
    } else if (atomic_compare_exchange_strong(&c->state, &watching,
                                              MLPIPE__CYCLE_WANTED)) {
        cycle_rule_line(c, v, &seen, &wait);
        if (c->budget)
            c->asked[c->asked_count % c->budget] = v->now_us;
        c->asked_count++;
        c->held = false;
        *action = MLPIPE_ACTION_RETRAIN;
    }
done:
    mlpipe__free(ctx->env, seen.values);
    return st;
}

/* ---- the gate ---------------------------------------------------------- */

mlpipe_model *mlpipe__cycle_next(const mlpipe_cycle *c)
{
    return c->refitted ? c->refitted : c->challenger;
}

void mlpipe__cycle_refit_text(mlpipe_cycle *c)
{
    if (c->refitted)
        mlpipe__audit_text(&c->log, "refitted", c->refitted->id);
}

/* The state is set last: from then on a retrain may write what is read here. */
void mlpipe__cycle_drop_challenger(mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   unsigned next)
{
    mlpipe_model_free(c->challenger);
    mlpipe_model_free(c->refitted);
    mlpipe_dataset_free(c->withheld);
    c->challenger = c->refitted = NULL;
    c->withheld = NULL;
    c->matched_at = v->matched;
    c->retrained_us = v->now_us;
    c->retrained = true;
    cycle_set(c, next);
}

/* The alarm that asked for it was heeded: the monitor may forget it. One
 * whose retrain failed, or was never judged, was not. */
void mlpipe__cycle_lost(mlpipe_cycle *c, const mlpipe__cycle_view *v)
{
    c->heed = true;
    mlpipe__cycle_drop_challenger(c, v, MLPIPE__CYCLE_WATCHING);
}

/* It lost before it was scored: no column for it, or no reference. */
void mlpipe__cycle_refuse(mlpipe_ctx *ctx, mlpipe_cycle *c,
                          const mlpipe__cycle_view *v, int64_t now_us,
                          mlpipe_status why)
{
    mlpipe__audit_begin(&c->log, now_us, "rejected", v->number);
    mlpipe__audit_text(&c->log, "reason", mlpipe_status_name(why));
    mlpipe__audit_text(&c->log, "message", mlpipe_ctx_error(ctx)->text);
    mlpipe__audit_text(&c->log, "challenger", c->challenger->id);
    mlpipe__cycle_refit_text(c);
    mlpipe__audit_end(&c->log);
    mlpipe__cycle_lost(c, v);
}

mlpipe_status mlpipe__cycle_swap(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 const mlpipe__cycle_view *v,
                                 const mlpipe__gate *g,
                                 const mlpipe__canary_trial *t,
                                 int64_t now_us, int32_t *action)
{
    mlpipe_trigger *trigger = NULL;
    uint64_t number = c->number;
    mlpipe_status st = mlpipe__rule_make(ctx, mlpipe__cycle_next(c),
                                         c->monitor, c->rule, &trigger);

    if (!st)
        st = t ? mlpipe__slot_end_canary(ctx, c->monitor->slot, true, number)
               : mlpipe__slot_change(ctx, c->monitor->slot,
                                     mlpipe__cycle_next(c), v->number,
                                     &number);
    if (st) {
        mlpipe_trigger_free(trigger);
        if (!mlpipe__cycle_is_verdict(st))
            return st; /* the challenger still waits: try at the next tick */
        mlpipe__cycle_refuse(ctx, c, v, now_us, st);
        *action = MLPIPE_ACTION_REJECTED;
        return MLPIPE_OK;
    }
    mlpipe_trigger_free(c->trigger);
    c->trigger = trigger;
    c->number = c->ruled = number;
    c->looked = 0;
    c->from = v->next; /* what a canary was judged by is no probation */
    c->judged = t ? v->judged : 0;
    if (t)
        mlpipe__stage_line(c, v, t, now_us, number, "promoted", NULL);
    else
        mlpipe__stage_gate_line(c, v, g, now_us, c->number, "swapped", NULL);
    mlpipe_model_free(c->champion);
    c->champion = mlpipe__model_keep(v->model);
    mlpipe__cycle_drop_challenger(c, v, MLPIPE__CYCLE_PROBATION);
    *action = MLPIPE_ACTION_SWAPPED;
    return MLPIPE_OK;
}

static mlpipe_status cycle_gate(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                const mlpipe__cycle_view *v, int64_t now_us,
                                int32_t *action)
{
    mlpipe__gate g;
    mlpipe_status st =
        mlpipe__gate_score(ctx, v->model, c->challenger, c->withheld,
                           &c->metric, c->least, &g);

    if (st && mlpipe__cycle_is_verdict(st)) {
        mlpipe__cycle_refuse(ctx, c, v, now_us, st);
        *action = MLPIPE_ACTION_REJECTED;
        st = MLPIPE_OK;
    } else if (!st && mlpipe__gate_passes(&g, c->alpha)) {
        st = mlpipe__stage_begin(ctx, c, v, &g, now_us, action);
    } else if (!st) {
        mlpipe__stage_gate_line(c, v, &g, now_us, v->number, "rejected",
                                g.enough ? "no better" : "INSUFFICIENT_DATA");
        mlpipe__cycle_lost(c, v);
        *action = MLPIPE_ACTION_REJECTED;
    }
    return st;
}

/* ---- probation --------------------------------------------------------- */

static void cycle_end_probation(mlpipe_cycle *c, const mlpipe__cycle_view *v)
{
    mlpipe_model_free(c->champion);
    c->champion = NULL;
    c->matched_at = v->matched;
    c->retrained_us = v->now_us;
    cycle_set(c, MLPIPE__CYCLE_WATCHING);
}

/* All looks share one alpha, so that looking often is no way to roll back. */
static double cycle_look_alpha(const mlpipe_cycle *c)
{
    const uint64_t looks = (c->probation + c->least - 1) / c->least;

    return c->alpha / (double)(looks ? looks : 1);
}

static void cycle_trial_line(mlpipe_cycle *c, const mlpipe__gate *g,
                             int64_t now_us, const char *action)
{
    mlpipe__audit_begin(&c->log, now_us, action, c->number);
    mlpipe__audit_text(&c->log, "previous", c->champion->id);
    mlpipe__audit_gate(&c->log, g, &c->metric, 2, cycle_look_alpha(c));
    mlpipe__audit_end(&c->log);
}

static mlpipe_status cycle_roll_back(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                     const mlpipe__cycle_view *v,
                                     const mlpipe__gate *g, int64_t now_us,
                                     int32_t *action)
{
    mlpipe_slot *slot = c->monitor->slot;
    mlpipe_status st = mlpipe__slot_change(ctx, slot, NULL, c->number, NULL);

    /* A host that swapped and went back meanwhile has used up the slot's way
     * back; the model that was replaced is still here. */
    if (st == MLPIPE_E_STATE)
        st = mlpipe__slot_change(ctx, slot, c->champion, c->number, NULL);
    if (st)
        return st;
    cycle_trial_line(c, g, now_us, "rolled_back");
    cycle_end_probation(c, v);
    *action = MLPIPE_ACTION_ROLLED_BACK;
    return MLPIPE_OK;
}

/*
 * The model on probation against the one before it, on the rows that came
 * since: a and b change places, so that "b is better" means going back.
 */
static mlpipe_status cycle_trial(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 const mlpipe__cycle_view *v, int64_t now_us,
                                 int32_t *action)
{
    mlpipe__gate g;
    mlpipe_status st;

    if (v->number != c->number) {
        mlpipe__audit_begin(&c->log, now_us, "superseded", v->number);
        mlpipe__audit_end(&c->log);
        cycle_end_probation(c, v);
        return MLPIPE_OK;
    }
    if (!v->trial)
        return MLPIPE_OK;
    st = mlpipe__gate_score(ctx, v->model, c->champion, v->trial, &c->metric,
                            2, &g);
    if (st == MLPIPE_E_NUMERIC)
        g.enough = false; /* a loss beyond every double shows nothing */
    else if (st)
        return st;
    if (mlpipe__gate_passes(&g, cycle_look_alpha(c)))
        return cycle_roll_back(ctx, c, v, &g, now_us, action);
    c->looked = v->trial_rows; /* not before: a failed rollback looks again */
    if (!v->trial_over)
        return MLPIPE_OK;
    cycle_trial_line(c, &g, now_us, "confirmed");
    cycle_end_probation(c, v);
    *action = MLPIPE_ACTION_CONFIRMED;
    return MLPIPE_OK;
}

/* ---- one step ---------------------------------------------------------- */

/* A host may try again beside the tick: the tick takes the state first, as a
 * retrain does, so that only one of the two has the challenger. */
static void cycle_failed(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                         int64_t now_us)
{
    unsigned failed = MLPIPE__CYCLE_FAILED;

    if (!atomic_compare_exchange_strong(&c->state, &failed,
                                        MLPIPE__CYCLE_TRAINING))
        return;
    mlpipe__audit_begin(&c->log, now_us, "retrain_failed", v->number);
    mlpipe__audit_text(&c->log, "reason", mlpipe_status_name(c->failure));
    mlpipe__audit_end(&c->log);
    mlpipe__cycle_drop_challenger(c, v, MLPIPE__CYCLE_WATCHING);
}

static mlpipe_status cycle_decide(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                  unsigned state, mlpipe__cycle_view *v,
                                  int64_t now_us, int32_t *action)
{
    if (state != MLPIPE__CYCLE_WATCHING)
        cycle_unasked(c, v);
    switch (state) {
    case MLPIPE__CYCLE_WATCHING:
        return cycle_watch(ctx, c, v, action);
    case MLPIPE__CYCLE_WANTED:
        *action = MLPIPE_ACTION_RETRAIN;
        return MLPIPE_OK;
    case MLPIPE__CYCLE_READY:
        return cycle_gate(ctx, c, v, now_us, action);
    case MLPIPE__CYCLE_FAILED:
        cycle_failed(c, v, now_us);
        return MLPIPE_OK;
    case MLPIPE__CYCLE_PROBATION:
        return cycle_trial(ctx, c, v, now_us, action);
    case MLPIPE__CYCLE_SHADOW:
        return mlpipe__stage_shadow(ctx, c, v, now_us, action);
    case MLPIPE__CYCLE_CANARY:
        return mlpipe__stage_canary(ctx, c, v, now_us, action);
    default: /* TRAINING */
        return MLPIPE_OK;
    }
}

/*
 * Memory for the lines of one tick: a decision that was carried out must not
 * be missing from the log because there was no memory left to write it.
 */
static mlpipe_status cycle_reserve(mlpipe_ctx *ctx, mlpipe_cycle *c)
{
    static const char blank[1024];
    const size_t size = c->log.size;
    const size_t need = 4096 + 32 * strlen(c->rule);

    for (size_t n = 0; n < need; n += sizeof blank)
        mlpipe__text_put(&c->log, blank, sizeof blank);
    c->log.size = size;
    if (c->log.data)
        c->log.data[size] = '\0';
    if (!c->log.failed)
        return MLPIPE_OK;
    c->log.failed = false;
    return mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__cycle_step(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 int64_t now_us, int32_t *action)
{
    const unsigned state = atomic_load(&c->state);
    mlpipe__cycle_view v = {0};
    mlpipe_status st = cycle_reserve(ctx, c);

    if (!st)
        st = cycle_look(ctx, c, state, now_us, &v);
    if (!st)
        st = cycle_decide(ctx, c, state, &v, now_us, action);
    mlpipe_model_free(v.model);
    mlpipe_report_free(v.report);
    mlpipe_dataset_free(v.trial);
    return st;
}
