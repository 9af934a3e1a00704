/* SPDX-License-Identifier: MIT */
/*
 * A trading engine that learns anew every month and never stops quoting.
 *
 * Ticks come one at a time and make bars of five minutes. At the close of a
 * bar a model says whether the price will be higher in half an hour. Three
 * threads: the market (main) makes bars, decides, and learns what came of it;
 * the desk asks the same slot without a pause; the researcher, once a month,
 * fits a challenger, which takes over while the desk asks.
 *
 * What makes a backtest lie, and why it cannot happen here:
 * - look-ahead: a row is written when it is decided upon; what is learnt from
 *   later is that very row, and its label (close_bar, learn_label);
 * - labels that overlap: a label needs six bars, so that neighbours share
 *   their future. Rows whose label reaches into a later part are purged
 *   (trading_research), and the gate looks at every sixth row alone (gate);
 * - one set of rows for fit, early stopping and gate: there are three;
 * - a challenger that is better by luck: the gate is a test.
 *
 * stdout is the same in every run; stderr tells times, and counts of what
 * happened at once. mlpipe_cycle does such rounds by itself, by drift or by
 * schedule (with gate_gap=6 here); this shows what is in one.
 */
#include "06_trading.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

enum { MONTHS = 8, BARS = MONTHS * MONTH + DAY };

/* A bar is written before `newest` tells of it and never again: that is why
 * the desk may read without a lock. */
static struct bar bars[BARS];
static _Atomic int newest;

static mlpipe_layout *layout;
static mlpipe_builder *builder; /* the month's rows */
static mlpipe_slot *slot;
static mlpipe_monitor *monitor;
static mlpipe_worker *worker, *seat; /* of the market and of the desk */
static struct job job;               /* the researcher's, of this month */
static const char *problem;          /* that the main context knows not of */

#define FIELD(name, kind)                                                  \
    mlpipe_layout_field(c, layout, #name, kind, offsetof(struct bar, name))

/* One layout for learning and serving, so that both read the same bytes. */
static mlpipe_status set_up(mlpipe_ctx *c)
{
    return mlpipe_layout_new(c, sizeof(struct bar), &layout)
        || FIELD(decided_at, MLPIPE_I64) || FIELD(known_at, MLPIPE_I64)
        || FIELD(flow, MLPIPE_F64) || FIELD(drive, MLPIPE_F64)
        || FIELD(move, MLPIPE_F64) || FIELD(range, MLPIPE_F64)
        || FIELD(up, MLPIPE_F64)
        || mlpipe_builder_new(c, layout, NULL, &builder)
        || mlpipe_pipeline_new(c, "target=up task=binary time=decided_at "
                               "label_time=known_at", &job.recipe)
        || mlpipe_pipeline_derive(c, job.recipe,
                                  "effort = flow / max(range, 1)")
        || mlpipe_pipeline_add(c, job.recipe, "gbt", "trees=100 leaves=7 "
                               "rate=0.05 min_rows=100");
}

/* The desk's thread. */

static _Atomic int closing_time;
static _Atomic uint64_t quotes, unanswered;

/* A quote by the newest bar, again and again, from a seat of its own. */
static void *desk(void *unused)
{
    double up;

    (void)unused;
    while (!atomic_load(&closing_time)) {
        const struct bar *b = &bars[atomic_load(&newest)];

        if (mlpipe_worker_predict(seat, 0, b->decided_at, b, &up, 1)
            || !(up >= 0 && up <= 1))
            atomic_fetch_add(&unanswered, 1);
        atomic_fetch_add(&quotes, 1);
    }
    return NULL;
}

/* The market's thread. */

static pthread_t researcher, desk_thread;
static int desk_open;
static double guess[BARS]; /* P(up) as it was served; below 0: none was */
static struct month {
    int rows, served, right, rose; /* of the labels that it learnt */
    double auc, p50;
} month, last;

/* Half an hour later: the row as it was decided upon, and what came of it.
 * Rows whose label is not known yet wait here, not in a training set. */
static mlpipe_status learn_label(mlpipe_ctx *c, int i)
{
    struct bar row = bars[i];
    const int up = bars[i + HORIZON].price > row.price;

    row.up = up;
    month.rows++;
    if (guess[i] >= 0) {
        month.served++;
        month.right += (guess[i] > 0.5) == up;
        month.rose += up;
        if (mlpipe_monitor_truth(c, monitor, (uint64_t)i + 1, row.known_at,
                                 up))
            return mlpipe_ctx_error(c)->status;
    }
    return mlpipe_builder_append(c, builder, &row, 1);
}

/* The decision, by what is known at the close. */
static mlpipe_status close_bar(mlpipe_ctx *c, int i)
{
    struct bar *b = &bars[i];

    trading_bar(i, i ? b - 1 : NULL, b);
    b->known_at = b->decided_at + (int64_t)HORIZON * BAR_US;
    atomic_store(&newest, i);
    guess[i] = -1;
    if (worker && mlpipe_worker_predict(worker, (uint64_t)i + 1,
                                        b->decided_at, b, &guess[i], 1)) {
        problem = mlpipe_worker_error(worker);
        return MLPIPE_E_STATE;
    }
    return i < HORIZON ? MLPIPE_OK : learn_label(c, i - HORIZON);
}

/* What was served in the month, and its rows for the researcher; trading goes
 * on while it works. */
static mlpipe_status end_month(mlpipe_ctx *c, int i)
{
    mlpipe_report *r = NULL;
    mlpipe_status st = monitor ? mlpipe_monitor_report(c, monitor, &r) : 0;
    char first[48];

    snprintf(first, sizeof first, "first_row_id=%d", i);
    st = st || (slot && mlpipe_slot_model(c, slot, &job.champion))
        || mlpipe_builder_finish(c, builder, &job.rows);
    mlpipe_builder_free(builder);
    builder = NULL;
    st = st || mlpipe_builder_new(c, layout, first, &builder);
    last = month;
    month = (struct month){.rows = 0};
    last.auc = mlpipe_report_get(r, "auc");
    last.p50 = mlpipe_report_get(r, "deployment.latency_ns_p50");
    mlpipe_report_free(r);
    job.quotes = atomic_load(&quotes);
    job.runs = !st && !pthread_create(&researcher, NULL, trading_research,
                                      &job);
    return st ? st : job.runs ? MLPIPE_OK : MLPIPE_E_HOST;
}

/* The first model opens the desk. */
static mlpipe_status open_desk(mlpipe_ctx *c)
{
    return mlpipe_slot_new(c, job.challenger, layout, "latency=16", &slot)
        || mlpipe_monitor_new(c, slot, "pane=8640", &monitor)
        || mlpipe_worker_new(c, slot, NULL, &worker)
        || mlpipe_worker_new(c, slot, NULL, &seat)
        || !(desk_open = !pthread_create(&desk_thread, NULL, desk, NULL));
}

static void print_month(int number)
{
    const int most = last.rose * 2 > last.served ? last.rose
                                                 : last.served - last.rose;

    printf("%5d %5d %6lld  ", number, last.rows, (long long)job.purged);
    if (!job.champion)
        printf("     -          -      the first model serves\n");
    else
        printf("%.3f (%.3f)  %.3f  %.3f, was %.3f, p %.3f: %s\n",
               (double)last.right / last.served, (double)most / last.served,
               last.auc, job.auc_challenger, job.auc_champion, job.p,
               job.won ? "swapped" : "kept");
}

static void free_job(void)
{
    mlpipe_model_free(job.champion);
    mlpipe_model_free(job.challenger);
    mlpipe_dataset_free(job.rows);
    job = (struct job){.c = job.c, .recipe = job.recipe};
}

/* One pointer is changed: quotes under way end with the old model, the next
 * ones are made by the new one, and none waits. The loop is there for the
 * figure alone: it ends when the desk is at work, not waiting for a core. */
static mlpipe_status swap(mlpipe_ctx *c)
{
    uint64_t before = 0;
    mlpipe_status st;
    int tries, i, streak = 0;

    for (tries = 0; streak < 5 && tries < 100000; tries++) {
        before = atomic_load(&quotes);
        for (i = 0; i < 5000 && atomic_load(&quotes) == before; i++)
            continue;
        streak = i < 5000 ? streak + 1 : 0;
    }
    before = atomic_load(&quotes);
    st = mlpipe_slot_swap(c, slot, job.challenger);
    fprintf(stderr, "%llu quotes during the swap\n",
            (unsigned long long)(atomic_load(&quotes) - before));
    return st;
}

/* A live engine would look at a flag at every bar; this one waits, a simulated
 * day after the month's end, so that every run is the same. */
static mlpipe_status end_research(mlpipe_ctx *c, int number)
{
    mlpipe_status st;

    pthread_join(researcher, NULL);
    job.runs = 0;
    st = job.failed;
    if (st)
        problem = job.problem;
    else
        print_month(number);
    if (slot)
        fprintf(stderr, "month %d: %.0f ns a prediction (p50), %llu quotes "
                "during the fit\n", number, last.p50,
                (unsigned long long)(atomic_load(&quotes) - job.quotes));
    if (!st && !slot)
        st = open_desk(c);
    else if (!st && job.won)
        st = swap(c);
    free_job();
    return st;
}

static mlpipe_status trade(mlpipe_ctx *c)
{
    mlpipe_status st = MLPIPE_OK;
    int i;

    puts("month  rows purged  hit (naive)    auc    gate: auc of the "
         "challenger");
    for (i = 0; i < BARS && !st; i++) {
        st = close_bar(c, i);
        if (!st && monitor && (i + 1) % DAY == 0)
            st = mlpipe_monitor_tick(c, monitor, bars[i].decided_at, NULL);
        if (!st && (i + 1) % MONTH == 0)
            st = end_month(c, i);
        if (!st && job.runs && (i + 1) % MONTH == DAY)
            st = end_research(c, i / MONTH);
    }
    return st;
}

static void close_all(void)
{
    atomic_store(&closing_time, 1);
    if (desk_open)
        pthread_join(desk_thread, NULL);
    if (job.runs)
        pthread_join(researcher, NULL);
    free_job();
    mlpipe_worker_free(seat);
    mlpipe_worker_free(worker);
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_builder_free(builder);
    mlpipe_layout_free(layout);
    mlpipe_pipeline_free(job.recipe);
    mlpipe_ctx_free(job.c);
}

int main(void)
{
    mlpipe_ctx *c = NULL;
    const mlpipe_status failed = mlpipe_ctx_new(NULL, &c)
        || mlpipe_ctx_new(NULL, &job.c) || set_up(c) || trade(c);

    if (failed)
        fprintf(stderr, "%s\n", problem ? problem
                                        : mlpipe_ctx_error(c)->text);
    close_all();
    mlpipe_ctx_free(c);
    printf("quotes without an answer: %llu\n",
           (unsigned long long)atomic_load(&unanswered));
    return failed != 0;
}
