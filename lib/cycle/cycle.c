/* SPDX-License-Identifier: MIT */
/*
 * The loop around a monitored slot: making it, retraining beside it, its log.
 * What a tick decides is in cycle_tick.c.
 *
 * The state is the one thing that two threads look at. A retrain takes it
 * from WATCHING or WANTED to TRAINING by compare and exchange, and gives the
 * challenger back by storing READY; a tick touches the challenger in READY
 * alone.
 */
#include "cycle_internal.h"

const mlpipe__param mlpipe__cycle_params[] = {
    {"when", MLPIPE_PARAM_TEXT, "performance or age > 30 d", 0, 0, NULL, 1,
     "the rule that asks for a retrain"},
    {"gate", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 1,
     "metric on which a challenger must win, one that mlpipe_compare takes; "
     "default: the task's loss"},
    {"gate_share", MLPIPE_PARAM_REAL, "0.25", 0.01, 0.9, NULL, 1,
     "newest fresh rows withheld from the challenger"},
    {"gate_gap", MLPIPE_PARAM_INT, "0", 0, 100000000, NULL, 1,
     "rows before the withheld ones that the challenger does not learn from, "
     "since their truths reach into those; as many as requests come until a "
     "truth is known"},
    {"gate_min", MLPIPE_PARAM_INT, "200", 2, 100000000, NULL, 1,
     "withheld rows below which nothing is decided"},
    {"refit", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 1,
     "once a challenger passed, its recipe fitted on the withheld rows too "
     "takes its place"},
    {"alpha", MLPIPE_PARAM_REAL, "0.01", 1e-12, 0.5, NULL, 1,
     "chance of swapping in a model that is no better"},
    {"probation", MLPIPE_PARAM_INT, "2000", 1, 1000000000, NULL, 1,
     "labelled rows after which a swap is confirmed"},
    {"shadow", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 1,
     "labelled rows on which a challenger must win again before it answers"},
    {"canary", MLPIPE_PARAM_REAL, "0", 0, 0.9999, NULL, 1,
     "share of the requests that a challenger answers at first; 0 = none"},
    {"canary_rows", MLPIPE_PARAM_INT, "500", 2, 1000000000, NULL, 1,
     "labelled rows of the canary after which it is promoted or dropped"},
    {"canary_margin", MLPIPE_PARAM_REAL, "0.05", 0, 1, NULL, 1,
     "share of the loss by which a canary may be worse and still no worse"},
    {"cooldown", MLPIPE_PARAM_INT, "500", 0, 1000000000, NULL, 1,
     "labelled rows between two retrains"},
    {"cooldown_time", MLPIPE_PARAM_SPAN, "0", 0, 3153600000, NULL, 1,
     "time between two retrains"},
    {"retrains", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 1,
     "the most that are asked for in all; 0 is any number"},
    {"budget", MLPIPE_PARAM_INT, "0", 0, 10000, NULL, 1,
     "the most that are asked for within budget_time; 0 is any number"},
    {"budget_time", MLPIPE_PARAM_SPAN, "1 d", 1e-6, 3153600000, NULL, 1,
     "the time that budget= is for"},
    {"every", MLPIPE_PARAM_SPAN, "0", 0, 3153600000, NULL, 1,
     "time after which a retrain is asked for, whatever the rule says; 0 is "
     "never"},
    {"volume", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 1,
     "new labelled rows for which one is asked for, whatever the rule says; 0 "
     "is never"},
};
const uint32_t mlpipe__cycle_param_count =
    sizeof mlpipe__cycle_params / sizeof *mlpipe__cycle_params;

static mlpipe_status cycle_setup(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 const mlpipe_pipeline *recipe,
                                 const mlpipe__params *p)
{
    const char *rule = mlpipe__params_get(p, "when")->text;
    mlpipe_model *model = NULL;
    mlpipe_status st;

    c->share = mlpipe__params_get(p, "gate_share")->number;
    c->gap = (uint64_t)mlpipe__params_get(p, "gate_gap")->integer;
    c->least = (uint64_t)mlpipe__params_get(p, "gate_min")->integer;
    c->refit = mlpipe__params_get(p, "refit")->number != 0;
    c->alpha = mlpipe__params_get(p, "alpha")->number;
    c->probation = (uint64_t)mlpipe__params_get(p, "probation")->integer;
    c->cooldown = (uint64_t)mlpipe__params_get(p, "cooldown")->integer;
    c->cooldown_s = mlpipe__params_get(p, "cooldown_time")->number;
    c->retrains = (uint64_t)mlpipe__params_get(p, "retrains")->integer;
    c->budget = (uint64_t)mlpipe__params_get(p, "budget")->integer;
    c->budget_s = mlpipe__params_get(p, "budget_time")->number;
    c->every_s = mlpipe__params_get(p, "every")->number;
    c->volume = (uint64_t)mlpipe__params_get(p, "volume")->integer;
    if (c->budget) {
        c->asked = mlpipe__alloc_array(c->env, c->budget, sizeof *c->asked);
        if (!c->asked)
            return mlpipe__nomem(ctx);
    }
    c->shadow = (uint64_t)mlpipe__params_get(p, "shadow")->integer;
    c->canary = mlpipe__params_get(p, "canary")->number;
    c->canary_rows = (uint64_t)mlpipe__params_get(p, "canary_rows")->integer;
    c->canary_margin = mlpipe__params_get(p, "canary_margin")->number;
    c->rule = mlpipe__strdup(c->env, rule, strlen(rule));
    if (!c->rule)
        return mlpipe__nomem(ctx);
    st = mlpipe__pipeline_copy(ctx, recipe, &c->recipe);
    if (!st)
        st = mlpipe_slot_model(ctx, c->monitor->slot, &model);
    /* Fresh rows keep numbers as doubles: a few of 0 and 1 alone do not make
     * classes of what the serving model takes as a number. */
    if (!st && !c->recipe->task && model->task == MLPIPE__TASK_REGRESSION)
        c->recipe->task = model->task;
    /* What was written first: defaults may be wrong beside it, too. */
    if (!st)
        st = mlpipe__compare_metric(ctx, "gate",
                                    mlpipe__params_get(p, "gate")->text,
                                    model, false, &c->metric);
    if (!st)
        st = mlpipe__rule_make(ctx, model, c->monitor, rule, &c->trigger);
    if (!st)
        st = mlpipe__cycle_check(ctx, c, model);
    mlpipe_model_free(model);
    return st;
}

static mlpipe_status cycle_make(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                                const mlpipe_pipeline *recipe,
                                const mlpipe__params *params,
                                mlpipe_cycle **out)
{
    mlpipe_cycle *c = mlpipe__alloc(ctx->env, sizeof *c);
    mlpipe_status st;

    if (!c)
        return mlpipe__nomem(ctx);
    c->env = mlpipe__env_keep(ctx->env);
    c->monitor = mlpipe__monitor_keep(monitor);
    atomic_init(&c->state, MLPIPE__CYCLE_WATCHING);
    mlpipe__text_init(&c->log, c->env);
    st = cycle_setup(ctx, c, recipe, params);
    if (st) {
        mlpipe_cycle_free(c);
        return st;
    }
    *out = c;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_cycle_new(mlpipe_ctx *ctx, mlpipe_monitor *monitor,
                               const mlpipe_pipeline *recipe,
                               const char *params, mlpipe_cycle **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_new");
    mlpipe__params parsed;

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !monitor)
        st = mlpipe__null_arg(ctx, "monitor");
    if (!st && !recipe)
        st = mlpipe__null_arg(ctx, "recipe");
    if (!st)
        st = mlpipe__slot_here(ctx, monitor->env, "monitor");
    if (!st)
        st = mlpipe__params_parse(
            ctx, "mlpipe_cycle_new", mlpipe__cycle_params,
            mlpipe__cycle_param_count, params, &parsed);
    if (!st) {
        st = cycle_make(ctx, monitor, recipe, &parsed, out);
        mlpipe__params_free(&parsed);
    }
    return mlpipe__end(ctx, st);
}

void mlpipe_cycle_free(mlpipe_cycle *cycle)
{
    mlpipe__env *env;

    if (!cycle)
        return;
    env = cycle->env;
    mlpipe_model_free(cycle->challenger);
    mlpipe_model_free(cycle->refitted);
    mlpipe_model_free(cycle->champion);
    mlpipe_dataset_free(cycle->withheld);
    mlpipe_trigger_free(cycle->trigger);
    mlpipe_pipeline_free(cycle->recipe);
    mlpipe_monitor_free(cycle->monitor);
    mlpipe__text_free(&cycle->log);
    mlpipe__free(env, cycle->rule);
    mlpipe__free(env, cycle->asked);
    mlpipe__free(env, cycle);
    mlpipe__env_drop(env);
}

/* ---- retraining -------------------------------------------------------- */

/* The labelled rows at this moment, and the column of groups. */
static mlpipe_status cycle_snapshot(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                    mlpipe_dataset **rows)
{
    mlpipe_slot *slot = c->monitor->slot;
    mlpipe_status st = mlpipe__slot_lock(ctx, slot);

    if (st)
        return st;
    st = mlpipe__monitor_captured_locked(ctx, c->monitor, NULL, 0, 0, rows);
    mlpipe__slot_unlock(slot);
    if (st)
        return st;
    if ((uint64_t)mlpipe_dataset_rows(*rows) >= c->least)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                        "%lld captured rows have their truth; a retrain "
                        "needs gate_min=%llu",
                        (long long)mlpipe_dataset_rows(*rows),
                        (unsigned long long)c->least);
}

static mlpipe_status cycle_fit(mlpipe_ctx *ctx, mlpipe_cycle *c)
{
    mlpipe_dataset *rows = NULL, *fit = NULL, *withheld = NULL;
    mlpipe_model *model = NULL, *refitted = NULL;
    mlpipe_status st = cycle_snapshot(ctx, c, &rows);

    if (!st)
        st = mlpipe__gate_split(ctx, rows,
                                mlpipe__pipeline_role(c->recipe, "group"),
                                c->share, c->gap, &fit, &withheld);
    if (!st)
        st = mlpipe_fit(ctx, c->recipe, fit, NULL, &model);
    /* Here and not behind the gate, since a tick never trains. */
    if (!st && c->refit)
        st = mlpipe_fit(ctx, c->recipe, rows, NULL, &refitted);
    if (st) {
        mlpipe_model_free(model);
    } else {
        c->challenger = model;
        c->refitted = refitted;
        c->withheld = withheld;
        withheld = NULL;
    }
    mlpipe_dataset_free(withheld);
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(rows);
    return st;
}

static mlpipe_status cycle_retrain(mlpipe_ctx *ctx, mlpipe_cycle *c)
{
    static const char *const busy[] = {
        "", "", "a retrain runs already", "a challenger waits for the gate",
        "", "the newest model is on probation",
        "a challenger is in shadow", "a canary runs"};
    unsigned before = MLPIPE__CYCLE_WANTED;
    mlpipe_status st;

    if (!atomic_compare_exchange_strong(&c->state, &before,
                                        MLPIPE__CYCLE_TRAINING)) {
        if (before != MLPIPE__CYCLE_WATCHING &&
            before != MLPIPE__CYCLE_FAILED)
            return mlpipe__fail(ctx, MLPIPE_E_BUSY, "%s; tick first",
                                busy[before]);
        if (!atomic_compare_exchange_strong(&c->state, &before,
                                            MLPIPE__CYCLE_TRAINING))
            return mlpipe__fail(ctx, MLPIPE_E_BUSY,
                                "another thread changes the cycle; try again");
    }
    st = cycle_fit(ctx, c);
    c->failure = st;
    if (!st)
        atomic_store(&c->state, MLPIPE__CYCLE_READY);
    else if (st == MLPIPE_E_BUSY) /* a tick has the slot: nothing happened */
        atomic_store(&c->state, before);
    else
        atomic_store(&c->state, MLPIPE__CYCLE_FAILED);
    return st;
}

mlpipe_status mlpipe_cycle_retrain(mlpipe_ctx *ctx, mlpipe_cycle *cycle)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_retrain");

    if (!st && !cycle)
        st = mlpipe__null_arg(ctx, "cycle");
    if (!st)
        st = mlpipe__slot_here(ctx, cycle->env, "cycle");
    if (!st)
        st = cycle_retrain(ctx, cycle);
    return mlpipe__end(ctx, st);
}

/* ---- ticks and log ----------------------------------------------------- */

mlpipe_status mlpipe_cycle_tick(mlpipe_ctx *ctx, mlpipe_cycle *cycle,
                                int64_t now_us, int32_t *action)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_tick");
    int32_t did = MLPIPE_ACTION_NONE;

    if (!st && !cycle)
        st = mlpipe__null_arg(ctx, "cycle");
    if (!st)
        st = mlpipe__slot_here(ctx, cycle->env, "cycle");
    if (!st)
        st = mlpipe__cycle_step(ctx, cycle, now_us, &did);
    if (action)
        *action = did;
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_cycle_log(mlpipe_ctx *ctx, const mlpipe_cycle *cycle,
                               mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_log");
    mlpipe__text copy;

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !cycle)
        st = mlpipe__null_arg(ctx, "cycle");
    if (!st)
        st = mlpipe__slot_here(ctx, cycle->env, "cycle");
    if (!st) {
        mlpipe__text_init(&copy, ctx->env);
        mlpipe__text_put(&copy, cycle->log.data ? cycle->log.data : "",
                         cycle->log.size);
        st = mlpipe__text_give(ctx, &copy, out);
    }
    return mlpipe__end(ctx, st);
}
