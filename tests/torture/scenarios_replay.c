/* SPDX-License-Identifier: MIT */
/* Backtests, audit logs, and the loss stream of a monitor. */
#include "serve_world.h"

#define REPLAY_PARAMS                                                        \
    "start=0.4 tick=10 label_rows=1 pane=20 monitor='capture=60 pane=10 "    \
    "detector=''page_hinkley threshold=1 min=2''' "                          \
    "cycle='when=''any(rows > 30 for 1 pane, concept)'' gate_share=0.5 "     \
    "gate_min=10 probation=20 cooldown=0 budget=1 refit=true'"

static mlpipe_status torture_replay_run(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_buffer *log = (mlpipe_buffer *)t;
    mlpipe_status st = serve_make_kept();

    if (!st)
        st = mlpipe_cycle_replay(t->c, serve_get_kept()->recipe, NULL,
                                 serve_get_kept()->rows, REPLAY_PARAMS, &log,
                                 &r);

    torture_check(t, !st == (r != NULL) && !st == (log != NULL));
    if (!st) {
        const double served = mlpipe_report_get(r, "rmse");
        torture_check(t, mlpipe_report_get(r, "retrains") > 0);
        torture_record(t, &served, sizeof served);
        torture_text(t, mlpipe_buffer_data(log));
    }
    mlpipe_buffer_free(log);
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_audit(torture *t)
{
    static const char log[] =
        "{\"now_us\":1,\"action\":\"retrain\",\"deployment\":1,"
        "\"rule\":\"2 of (age > 1 for 2 panes, performance)\","
        "\"values\":{\"age\":2,\"performance\":\"DRIFT\"},\"pane\":1,"
        "\"memory\":[1]}\n"
        "{\"now_us\":2100000000,\"action\":\"rejected\",\"deployment\":1,"
        "\"reason\":\"no better\","
        "\"champion\":\"c723b6c2cf02c88841c3e6348b95b0d6\","
        "\"challenger\":\"c4704f4e3ba66971038661642f9b2fe9\","
        "\"metric\":\"accuracy\",\"rows\":250,\"least\":200,\"removed\":0,"
        "\"unlabelled\":0,\"unweighted\":0,\"silent_a\":0,\"silent_b\":0,"
        "\"alpha\":0.01,\"test\":\"McNemar, exact\",\"a\":0.644,\"b\":0.6,"
        "\"mean\":0.044,\"se\":0.014179571254585077,"
        "\"serial_se\":0.011769570845821942,\"serial_df\":11,"
        "\"p\":0.9998779296875,\"differs\":0.052}\n";
    uint64_t n = 7;
    const mlpipe_status st =
        mlpipe_cycle_audit(t->c, log, sizeof log - 1, &n);

    torture_check(t, st || n == 2);
    return st;
}

/* Truths in the wrong order, so that losses must be sorted. */
static mlpipe_status torture_losses(torture *t)
{
    mlpipe_report *r = NULL;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    torture_calm(t);
    if (!st)
        st = serve_requests(t, &w, 1, 40, -6);
    torture_storm(t);
    if (!st)
        st = mlpipe_monitor_tick(t->c, w.monitor, 200000000, NULL);
    if (!st)
        st = mlpipe_monitor_report(t->c, w.monitor, &r);
    if (!st) {
        const double n = mlpipe_report_get(r, "concept.n");
        torture_check(t, n == 40);
        torture_text(t, mlpipe_report_text(r, "concept"));
    }
    mlpipe_report_free(r);
    serve_free_world(&w);
    return st;
}

const torture_scenario torture_replay[] = {
    {"mlpipe_cycle_replay", torture_replay_run, 0},
    {"mlpipe_cycle_audit", torture_audit, 0},
    {"mlpipe_monitor_tick", torture_losses, 0},
    {NULL, NULL, 0},
};
