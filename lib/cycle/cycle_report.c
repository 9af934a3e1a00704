/* SPDX-License-Identifier: MIT */
/* The monitor's report with what the cycle decided, which is read from its
 * log: one page tells what was seen and what was done. */
#include "cycle_internal.h"

/* The newest lines that a report shows. */
enum { REPORT_DECISIONS = 200 };

static void report_decision(mlpipe_report *r, const mlpipe__json *line)
{
    static const char *const texts[] = {"action", "reason", "metric"};
    static const char *const numbers[] = {"deployment", "rows", "a", "b", "p"};
    const int64_t now =
        (int64_t)mlpipe__json_number(mlpipe__json_get(line, "now_us"), 0.0);
    char time[MLPIPE__TIME_TEXT_BYTES];

    mlpipe__report_cell_text(
        r, time, mlpipe__time_text(now - now % 1000000, MLPIPE_UNIT_US, time));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text =
            mlpipe__json_text(mlpipe__json_get(line, texts[i]));
        mlpipe__report_cell_text(r, text ? text : "",
                                 text ? strlen(text) : 0);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        mlpipe__report_cell_number(
            r, mlpipe__json_number(mlpipe__json_get(line, numbers[i]),
                                   mlpipe__nan()));
}

/* Where the newest so many lines begin. */
static size_t report_from(const char *log, size_t bytes, uint32_t lines)
{
    size_t at = bytes;

    for (; at; at--)
        if (at < bytes && log[at - 1] == '\n' && !lines--)
            break;
    return at;
}

static mlpipe_status report_decisions(mlpipe_ctx *ctx,
                                      const mlpipe__text *log,
                                      mlpipe_report *r)
{
    size_t at = report_from(log->data, log->size, REPORT_DECISIONS - 1);

    mlpipe__report_table(
        r, "decisions",
        "time,action,reason,metric,deployment,rows,champion,challenger,p");
    while (at < log->size) {
        mlpipe__json *line;
        const mlpipe_status st =
            mlpipe__audit_next(ctx, log->data, log->size, &at, &line);
        if (st)
            return st;
        report_decision(r, line);
        mlpipe__json_free(line);
    }
    return MLPIPE_OK;
}

static mlpipe_status report_make(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                 mlpipe_report **out)
{
    mlpipe_monitor *m = c->monitor;
    mlpipe_report *seen = NULL, *r;
    mlpipe_status st = mlpipe__slot_lock(ctx, m->slot);

    if (st)
        return st;
    st = mlpipe__watch_report(ctx, m, MLPIPE__TELL_PICTURES, &seen);
    mlpipe__slot_unlock(m->slot);
    if (st)
        return st;
    r = mlpipe__report_new(ctx->env, "monitor");
    mlpipe__report_copy(r, "", seen);
    mlpipe_report_free(seen);
    if (r)
        st = report_decisions(ctx, &c->log, r);
    if (!st)
        return mlpipe__report_seal(ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

mlpipe_status mlpipe_cycle_report(mlpipe_ctx *ctx, const mlpipe_cycle *cycle,
                                  mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_report");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !cycle)
        st = mlpipe__null_arg(ctx, "cycle");
    if (!st)
        st = mlpipe__slot_here(ctx, cycle->env, "cycle");
    if (!st)
        st = report_make(ctx, cycle, out);
    return mlpipe__end(ctx, st);
}
