/* SPDX-License-Identifier: MIT */
/*
 * A stream of real prices with drift: the loop against the model that it
 * began with, and against labels that mean nothing. One recipe, all of it
 * defaults, and one setting of the loop for all starts; no feature is made of
 * labels.
 */
#include "support.h"

#include <mlpipe/mlpipe.h>

#include <stdbool.h>
#include <stddef.h>

enum { COLUMNS = 6 };

#define RECIPE "target=class task=binary holdout=0.1"
#define MONITOR                                                              \
    "capture=1000 detector=''page_hinkley threshold=20 mode=up''"
#define CYCLE                                                                \
    "when=concept refit=true probation=500 cooldown=500 retrains=60"

static const char *const names[COLUMNS] = {
    "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"};

typedef struct stream {
    size_t rows;
    double *x[COLUMNS], *y;
} stream;

static bool stream_read(mlpipe_ctx *c, stream *s)
{
    const char *folder = getenv("MLPIPE_TEST_DATA");
    mlpipe_dataset *d;
    char path[512];

    if (!folder)
        return false;
    snprintf(path, sizeof path, "%s/electricity.csv", folder);
    assert_ok(c, mlpipe_read_csv(c, path, NULL, &d));
    s->rows = (size_t)mlpipe_dataset_rows(d);
    for (int i = 0; i <= COLUMNS; i++) {
        const char *name = i < COLUMNS ? names[i] : "class";
        double *to = malloc(s->rows * sizeof *to);
        assert_non_null(to);
        assert_ok(c, mlpipe_dataset_doubles(
                         c, d, (uint32_t)mlpipe_dataset_find(d, name), 0, to,
                         s->rows));
        if (i < COLUMNS)
            s->x[i] = to;
        else
            s->y = to;
    }
    mlpipe_dataset_free(d);
    return true;
}

static void stream_free(stream *s)
{
    for (int i = 0; i < COLUMNS; i++)
        free(s->x[i]);
    free(s->y);
}

/* Fisher and Yates, by a small generator of its own. */
static void stream_shuffle(stream *s, uint64_t seed)
{
    for (size_t i = s->rows; i-- > 1;) {
        size_t j;
        double t;
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        j = (size_t)((seed >> 33) % (i + 1));
        t = s->y[i];
        s->y[i] = s->y[j];
        s->y[j] = t;
    }
}

static mlpipe_dataset *stream_dataset(mlpipe_ctx *c, const stream *s)
{
    int64_t *label = malloc(s->rows * sizeof *label);
    mlpipe_dataset *d;
    mlpipe_builder *b;

    assert_non_null(label);
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (int i = 0; i < COLUMNS; i++)
        assert_ok(c, mlpipe_builder_column(c, b, names[i], MLPIPE_F64,
                                           s->x[i], NULL, (int64_t)s->rows));
    for (size_t i = 0; i < s->rows; i++)
        label[i] = (int64_t)s->y[i];
    assert_ok(c, mlpipe_builder_column(c, b, "class", MLPIPE_I64, label, NULL,
                                       (int64_t)s->rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(label);
    return d;
}

static mlpipe_pipeline *recipe(mlpipe_ctx *c)
{
    mlpipe_pipeline *p;

    assert_ok(c, mlpipe_pipeline_new(c, RECIPE, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "scale", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "logistic", NULL));
    return p;
}

static mlpipe_report *run(mlpipe_ctx *c, const mlpipe_dataset *d, int start,
                          mlpipe_buffer **log)
{
    mlpipe_pipeline *p = recipe(c);
    mlpipe_report *r;
    char params[400];

    snprintf(params, sizeof params,
             "start=0.%d tick=50 monitor='" MONITOR "' cycle='" CYCLE "'",
             start);
    assert_ok(c, mlpipe_cycle_replay(c, p, NULL, d, params, log, &r));
    mlpipe_pipeline_free(p);
    return r;
}

static void test_beats_frozen(void **state)
{
    mlpipe_dataset *d;
    stream s = {0};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    if (!stream_read(c, &s)) {
        mlpipe_ctx_free(c);
        print_message("MLPIPE_TEST_DATA is not set\n");
        skip();
    }
    d = stream_dataset(c, &s);
    for (int start = 20; start <= 40; start += 5) {
        mlpipe_report *r = run(c, d, start, NULL);
        const double frozen = mlpipe_report_get(r, "accuracy.frozen");
        const double gain = mlpipe_report_get(r, "accuracy.difference");
        print_message("start %d %%: frozen %.4f, the loop %+.4f, %g retrains, "
                      "%g swaps, %g back\n",
                      start, frozen, gain, mlpipe_report_get(r, "retrains"),
                      mlpipe_report_get(r, "swaps"),
                      mlpipe_report_get(r, "rolled_back"));
        assert_true(gain >= (start == 25 ? 0.02 : 0.01));
        assert_true(start != 25 || frozen >= 0.72);
        assert_true(mlpipe_report_get(r, "retrains") <= 60);
        mlpipe_report_free(r);
    }
    mlpipe_dataset_free(d);
    stream_free(&s);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_meaningless_labels(void **state)
{
    mlpipe_dataset *d;
    stream s = {0};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    if (!stream_read(c, &s)) {
        mlpipe_ctx_free(c);
        skip();
    }
    for (uint64_t seed = 1; seed <= 3; seed++) {
        mlpipe_report *r;
        stream_shuffle(&s, seed);
        d = stream_dataset(c, &s);
        r = run(c, d, 25, NULL);
        print_message("labels shuffled: %g retrains, %g swaps\n",
                      mlpipe_report_get(r, "retrains"),
                      mlpipe_report_get(r, "swaps"));
        assert_true(mlpipe_report_get(r, "swaps") <= 3);
        mlpipe_report_free(r);
        mlpipe_dataset_free(d);
    }
    stream_free(&s);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- the same, row by row ---------------------------------------------- */

typedef struct by_hand {
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    mlpipe_cycle *cycle;
} by_hand;

static void hand_make(mlpipe_ctx *c, const mlpipe_dataset *d, size_t warm,
                      by_hand *h)
{
    mlpipe_pipeline *p = recipe(c);
    mlpipe_dataset *first;

    assert_ok(c, mlpipe_dataset_slice(c, d, 0, (int64_t)warm, &first));
    assert_ok(c, mlpipe_fit(c, p, first, NULL, &h->m));
    mlpipe_dataset_free(first);
    assert_ok(c, mlpipe_layout_new(c, COLUMNS * sizeof(double), &h->l));
    for (size_t i = 0; i < COLUMNS; i++)
        assert_ok(c, mlpipe_layout_field(c, h->l, names[i], MLPIPE_F64,
                                         i * sizeof(double)));
    assert_ok(c, mlpipe_slot_new(c, h->m, h->l, NULL, &h->slot));
    assert_ok(c, mlpipe_monitor_new(
                     c, h->slot,
                     "capture=1000 "
                     "detector='page_hinkley threshold=20 mode=up'",
                     &h->monitor));
    assert_ok(c, mlpipe_worker_new(c, h->slot, NULL, &h->w));
    assert_ok(c, mlpipe_cycle_new(c, h->monitor, p, CYCLE, &h->cycle));
    mlpipe_pipeline_free(p);
}

static void hand_free(by_hand *h)
{
    mlpipe_cycle_free(h->cycle);
    mlpipe_worker_free(h->w);
    mlpipe_monitor_free(h->monitor);
    mlpipe_slot_free(h->slot);
    mlpipe_layout_free(h->l);
    mlpipe_model_free(h->m);
}

/* Row i is asked for at second i + 1; its truth comes with the next row. */
static void hand_run(mlpipe_ctx *c, const stream *s, size_t warm, by_hand *h)
{
    for (size_t i = warm; i < s->rows; i++) {
        const int64_t now = (int64_t)(i + 1) * 1000000;
        double row[COLUMNS], p;
        int32_t action;
        for (int k = 0; k < COLUMNS; k++)
            row[k] = s->x[k][i];
        assert_ok(c, mlpipe_worker_predict(h->w, i + 1 - warm, now, row, &p,
                                           1));
        if (i > warm)
            assert_ok(c, mlpipe_monitor_truth(c, h->monitor, i - warm, now,
                                              s->y[i - 1]));
        if ((i + 1 - warm) % 50 && i + 1 < s->rows)
            continue;
        assert_ok(c, mlpipe_cycle_tick(c, h->cycle, now, &action));
        if (action != MLPIPE_ACTION_RETRAIN)
            continue;
        assert_ok(c, mlpipe_cycle_retrain(c, h->cycle));
        assert_ok(c, mlpipe_cycle_tick(c, h->cycle, now, &action));
    }
}

static void test_same_log(void **state)
{
    mlpipe_buffer *log, *mine;
    mlpipe_dataset *d;
    uint64_t decisions;
    stream s = {0};
    by_hand h = {0};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    if (!stream_read(c, &s)) {
        mlpipe_ctx_free(c);
        skip();
    }
    d = stream_dataset(c, &s);
    mlpipe_report_free(run(c, d, 25, &log));
    hand_make(c, d, s.rows / 4, &h);
    hand_run(c, &s, s.rows / 4, &h);
    assert_ok(c, mlpipe_cycle_log(c, h.cycle, &mine));
    assert_int_equal(mlpipe_buffer_size(mine), mlpipe_buffer_size(log));
    assert_memory_equal(mlpipe_buffer_data(mine), mlpipe_buffer_data(log),
                        mlpipe_buffer_size(log));
    assert_ok(c, mlpipe_cycle_audit(c, mlpipe_buffer_data(log),
                                    mlpipe_buffer_size(log), &decisions));
    print_message("%u bytes of log, %u decisions\n",
                  (unsigned)mlpipe_buffer_size(log), (unsigned)decisions);
    mlpipe_buffer_free(mine);
    mlpipe_buffer_free(log);
    hand_free(&h);
    mlpipe_dataset_free(d);
    stream_free(&s);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beats_frozen),
        cmocka_unit_test(test_meaningless_labels),
        cmocka_unit_test(test_same_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
