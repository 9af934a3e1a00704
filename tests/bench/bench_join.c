/* SPDX-License-Identifier: MIT */
/*
 * What the join of predictions and truths costs: a million requests wait, then
 * their truths are told in another order. Prints lines of name value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mlpipe/mlpipe.h>

enum { JOIN_ROWS = 1000000, JOIN_RING = 65536, JOIN_FIT = 1000 };

static double join_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* y = x: a model that is small and has a reference. */
static int join_model(mlpipe_ctx *c, mlpipe_model **m)
{
    static double x[JOIN_FIT];
    mlpipe_builder *b = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    int failed;

    for (int i = 0; i < JOIN_FIT; i++)
        x[i] = (double)(i * 37 % JOIN_FIT);
    failed = mlpipe_builder_new(c, NULL, NULL, &b) ||
             mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                   JOIN_FIT) ||
             mlpipe_builder_column(c, b, "y", MLPIPE_F64, x, NULL,
                                   JOIN_FIT) ||
             mlpipe_builder_finish(c, b, &d) ||
             mlpipe_pipeline_new(c, "target=y holdout=0.2", &p) ||
             mlpipe_pipeline_add(c, p, "ridge", NULL) ||
             mlpipe_fit(c, p, d, NULL, m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    return failed;
}

static uint64_t join_live(mlpipe_ctx *c)
{
    uint64_t live = 0, peak = 0;

    mlpipe_ctx_memory(c, &live, &peak);
    return live;
}

/* Requests 1 .. JOIN_ROWS; gives the nanoseconds of the ticks. */
static double join_predict(mlpipe_ctx *c, mlpipe_monitor *m, mlpipe_worker *w,
                           int *failed)
{
    double ticks = 0, from, out;

    for (uint64_t id = 1; id <= JOIN_ROWS && !*failed; id++) {
        const double row = (double)(id % JOIN_FIT);
        *failed |= mlpipe_worker_predict(w, id, 1, &row, &out, 1);
        if (id % JOIN_RING && id != JOIN_ROWS)
            continue;
        from = join_now();
        *failed |= mlpipe_monitor_tick(c, m, 1, NULL);
        ticks += join_now() - from;
    }
    return ticks;
}

/* Each id once, in an order that caches do not like. */
static double join_tell(mlpipe_ctx *c, mlpipe_monitor *m, int *failed)
{
    const double from = join_now();
    uint64_t id = 0;

    for (int i = 0; i < JOIN_ROWS && !*failed; i++) {
        id = (id + 618031) % JOIN_ROWS;
        *failed |= mlpipe_monitor_truth(c, m, id + 1, 2,
                                        (double)(id % JOIN_FIT));
        if (i % JOIN_RING == JOIN_RING - 1 || i == JOIN_ROWS - 1)
            *failed |= mlpipe_monitor_tick(c, m, 2, NULL);
    }
    return join_now() - from;
}

static int join_all(mlpipe_ctx *c)
{
    mlpipe_model *model = NULL;
    mlpipe_slot *slot = NULL;
    mlpipe_monitor *m = NULL;
    mlpipe_worker *w = NULL;
    mlpipe_report *r = NULL;
    uint64_t before, waiting;
    double predicted, told;
    int failed = join_model(c, &model) ||
                 mlpipe_slot_new(c, model, NULL, "ring=65536", &slot) ||
                 mlpipe_monitor_new(c, slot, NULL, &m) ||
                 mlpipe_worker_new(c, slot, NULL, &w);

    before = join_live(c);
    predicted = failed ? 0 : join_predict(c, m, w, &failed);
    waiting = join_live(c) - before;
    told = failed ? 0 : join_tell(c, m, &failed);
    failed = failed || mlpipe_monitor_report(c, m, &r) ||
             mlpipe_report_get(r, "truths_matched") != JOIN_ROWS;
    if (!failed) {
        printf("join_predicted_ns %.1f\n", predicted / JOIN_ROWS);
        printf("join_truth_ns %.1f\n", told / JOIN_ROWS);
        printf("join_memory_mb %.1f\n", (double)waiting / 1e6);
    }
    mlpipe_report_free(r);
    mlpipe_worker_free(w);
    mlpipe_monitor_free(m);
    mlpipe_slot_free(slot);
    mlpipe_model_free(model);
    return failed;
}

int main(void)
{
    mlpipe_ctx *c;
    int failed;

    if (mlpipe_ctx_new(NULL, &c))
        return 1;
    failed = join_all(c);
    if (failed)
        fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
    mlpipe_ctx_free(c);
    return failed;
}
