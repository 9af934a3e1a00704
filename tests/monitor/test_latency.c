/* SPDX-License-Identifier: MIT */
/* How a deployment serves: latencies, rows per second, errors by code. */
#include "serve_support.h"

#include "cycle/cycle_internal.h"
#include "report/prometheus_parser.h"

/* ---- the histogram ------------------------------------------------------ */

static void check_cell(uint64_t ns)
{
    const uint32_t i = mlpipe__latency_cell(ns);
    const uint64_t top = mlpipe__latency_edge(i);
    const uint64_t below = i ? mlpipe__latency_edge(i - 1) : 0;

    assert_true(i < MLPIPE__LATENCY_CELLS);
    assert_true(!i || ns > below);
    assert_true(i == MLPIPE__LATENCY_CELLS - 1 || ns <= top);
    if (i && i < MLPIPE__LATENCY_CELLS - 1)
        assert_true((double)(top - below - 1) <= (double)ns / 64);
}

static void test_cells(void **state)
{
    for (uint64_t ns = 0; ns < 5000; ns++)
        check_cell(ns);
    for (uint32_t p = 4; p <= 53; p++)
        for (int64_t d = -3; d <= 3; d++)
            if (p < 53 || d <= 0)
                check_cell((uint64_t)(((int64_t)1 << p) + d));
    for (uint64_t i = 0; i < 100000; i++)
        check_cell((uint64_t)mlpipe__exp(serve_random(i, 0) * 36));
    for (uint32_t i = 0; i < MLPIPE__LATENCY_CELLS; i++)
        assert_true(mlpipe__latency_cell(mlpipe__latency_edge(i)) == i ||
                    mlpipe__latency_edge(i) ==
                        mlpipe__latency_edge(i - 1));
    assert_int_equal(mlpipe__latency_edge(MLPIPE__LATENCY_CELLS - 1),
                     (int64_t)1 << MLPIPE__LATENCY_HIGH);
    (void)state;
}

typedef struct histogram {
    mlpipe__recorder r;
    mlpipe__count live[MLPIPE__LATENCY_COUNTERS];
    uint64_t read[MLPIPE__LATENCY_COUNTERS];
} histogram;

static void histogram_add(histogram *h, uint64_t ns)
{
    mlpipe__recorder_latency(&h->r, h->live, ns);
}

static const uint64_t *histogram_read(histogram *h)
{
    for (uint32_t i = 0; i < MLPIPE__LATENCY_COUNTERS; i++)
        h->read[i] = mlpipe__count_get(&h->live[i]);
    return h->read;
}

/* Lognormal latencies about 1 us. */
static uint64_t draw(uint64_t i, uint32_t stream)
{
    return (uint64_t)mlpipe__exp(
        7 + mlpipe__normal_quantile(serve_random(i, stream)));
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

enum { MANY = 20000 };

static void test_quantiles(void **state)
{
    static const double qs[] = {0.5, 0.9, 0.99, 0.999};
    static histogram h;
    static uint64_t all[MANY];
    uint64_t sum = 0;

    memset(&h, 0, sizeof h);
    for (uint64_t i = 0; i < MANY; i++) {
        all[i] = draw(i, 0);
        sum += all[i];
        histogram_add(&h, all[i]);
    }
    qsort(all, MANY, sizeof *all, by_size);
    histogram_read(&h);
    assert_int_equal(h.read[0], sum);
    assert_int_equal(mlpipe__latency_count(h.read), MANY);
    for (size_t k = 0; k < sizeof qs / sizeof *qs; k++) {
        const mlpipe_figure f = mlpipe__latency_quantile(h.read, qs[k]);
        const double truth =
            (double)all[(size_t)mlpipe__ceil(MANY * qs[k]) - 1];
        assert_near(f.value, truth, truth / 128);
        assert_true(f.low <= f.value && f.value <= f.high);
        assert_true(f.low < f.high);
        assert_near(f.n, MANY, 0);
    }
    assert_near(mlpipe__latency_max(h.read), (double)all[MANY - 1],
                (double)all[MANY - 1] / 64);
    assert_true(mlpipe__latency_max(h.read) >= (double)all[MANY - 1]);
    for (uint32_t p = 8; p <= 34; p++) {
        uint64_t n = 0;
        for (uint32_t i = 0; i < MANY; i++)
            n += all[i] <= (uint64_t)1 << p;
        assert_int_equal(mlpipe__latency_within(h.read, p), n);
    }
    (void)state;
}

/* 95 % intervals hold the truth so often: 400 samples of 500, seed fixed. The
 * intervals are conservative, by the cells and by whole ranks. */
static void test_coverage(void **state)
{
    static const struct {
        double q, z;
    } cases[] = {{0.5, 0}, {0.9, 1.2815515655446004}};
    static histogram h;

    for (size_t k = 0; k < 2; k++) {
        const double truth = mlpipe__exp(7 + cases[k].z);
        int held = 0;
        for (uint64_t trial = 0; trial < 400; trial++) {
            mlpipe_figure f;
            memset(&h, 0, sizeof h);
            for (uint64_t i = 0; i < 500; i++)
                histogram_add(&h, draw(trial * 500 + i, 1));
            f = mlpipe__latency_quantile(histogram_read(&h), cases[k].q);
            held += f.low <= truth && truth <= f.high;
        }
        assert_in_range(held, 371, 400); /* .95 - 2 sd of the count */
    }
    (void)state;
}

static void test_few(void **state)
{
    static histogram h;
    mlpipe_figure f;

    memset(&h, 0, sizeof h);
    f = mlpipe__latency_quantile(histogram_read(&h), 0.5);
    assert_true(f.value != f.value);
    assert_near(f.n, 0, 0);
    assert_true(mlpipe__latency_max(h.read) != mlpipe__latency_max(h.read));
    histogram_add(&h, 1000);
    f = mlpipe__latency_quantile(histogram_read(&h), 0.99);
    assert_near(f.value, 1000, 1000.0 / 128);
    assert_true(f.low != f.low); /* one value has no interval */
    histogram_add(&h, ((uint64_t)1 << 53) + 1);
    histogram_add(&h, UINT64_MAX);
    assert_int_equal(mlpipe__latency_count(histogram_read(&h)), 1);
    histogram_add(&h, (uint64_t)1 << 50); /* beyond: as the last edge */
    f = mlpipe__latency_quantile(histogram_read(&h), 1);
    assert_near(f.value, 68719476736.0, 68719476736.0 / 128);
    (void)state;
}

/* ---- through workers and reports ---------------------------------------- */

typedef struct fake_clock {
    uint64_t now, step, reads;
} fake_clock;

/* Every second reading is `step` later: what one timed call takes. */
static uint64_t clock_read(void *user)
{
    fake_clock *f = user;

    f->now += f->reads++ % 2 ? f->step : 12345;
    return f->now;
}

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w[2];
    fake_clock clock;
} world;

static void make(world *d, const char *params)
{
    mlpipe_ctx_options o;

    memset(d, 0, sizeof *d);
    memset(&o, 0, sizeof o);
    o.user = &d->clock;
    o.clock_ns = clock_read;
    assert_ok(NULL, mlpipe_ctx_new(&o, &d->c));
    d->m = serve_model(d->c, 1, 0, true);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, NULL, params, &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, "pane=100",
                                       &d->monitor));
    for (int i = 0; i < 2; i++)
        assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w[i]));
    d->clock.reads = 0;
}

static void drop(world *d)
{
    mlpipe_worker_free(d->w[0]);
    mlpipe_worker_free(d->w[1]);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_model_free(d->m);
    mlpipe_ctx_free(d->c);
}

static void serve(world *d, int who, uint32_t n)
{
    const double row[3] = {0.5, 1, 0};
    double out;

    for (uint32_t i = 0; i < n; i++)
        assert_ok(d->c, mlpipe_worker_predict(d->w[who], 0, 0, row, &out,
                                              1));
}

static mlpipe_report *tick(world *d, double s)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor,
                                        (int64_t)(s * 1e6), NULL));
    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    return r;
}

#define SAYS(r, name, value)                                                  \
    assert_near(mlpipe_report_get(r, name), value,                            \
                (value) / 128.0)
#define UNKNOWN(r, name)                                                      \
    assert_true(mlpipe_report_get(r, name) != mlpipe_report_get(r, name))

/* Every fourth call of each worker, and panes beside the whole. */
static void test_sampled(void **state)
{
    mlpipe_report *r;
    world d;

    make(&d, "latency=4");
    r = tick(&d, 1);
    UNKNOWN(r, "latency_ns_p50");
    UNKNOWN(r, "deployment.latency_ns_p50");
    mlpipe_report_free(r);
    d.clock.step = 1000;
    serve(&d, 0, 80);
    serve(&d, 1, 43);
    assert_int_equal(d.clock.reads, 2 * (20 + 10));
    r = tick(&d, 2);
    SAYS(r, "latency_ns_p50", 1000);
    SAYS(r, "latency_ns_p99_9", 1000);
    assert_near(mlpipe_report_get(r, "latency_ns_n"), 30, 0);
    assert_near(mlpipe_report_get(r, "latency_seconds_sum"), 30e-6, 1e-18);
    mlpipe_report_free(r);
    d.clock.step = 50000;
    serve(&d, 1, 101);
    r = tick(&d, 3);
    SAYS(r, "latency_ns_p50", 50000);
    assert_true(mlpipe_report_get(r, "latency_ns_max") >= 50000);
    assert_near(mlpipe_report_get(r, "latency_ns_n"), 26, 0);
    SAYS(r, "deployment.latency_ns_p50", 1000);
    SAYS(r, "deployment.latency_ns_p90", 50000);
    assert_near(mlpipe_report_get(r, "deployment.latency_ns_n"), 56, 0);
    mlpipe_report_free(r);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m)); /* begins anew */
    r = tick(&d, 4);
    assert_near(mlpipe_report_get(r, "deployment.latency_ns_n"), 0, 0);
    UNKNOWN(r, "latency_ns_n");
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* Off, the clock is never read; a clock that goes back tells nothing. */
static void test_off_and_back(void **state)
{
    mlpipe_report *r;
    world d;

    make(&d, NULL);
    serve(&d, 0, 1000);
    assert_int_equal(d.clock.reads, 0);
    r = tick(&d, 1);
    assert_near(mlpipe_report_get(r, "latency_ns_n"), 0, 0);
    mlpipe_report_free(r);
    drop(&d);
    make(&d, "latency=1");
    d.clock.now = 1000000;
    d.clock.step = 0u - (uint64_t)500;
    serve(&d, 0, 100);
    assert_int_equal(d.clock.reads, 200);
    r = tick(&d, 1);
    assert_near(mlpipe_report_get(r, "latency_ns_n"), 0, 0);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* What the host measured, of two workers: the sum is that of one. */
static void test_told(void **state)
{
    mlpipe_buffer *text[2];

    for (int two = 0; two < 2; two++) {
        mlpipe_report *r;
        world d;
        make(&d, NULL);
        for (uint64_t i = 0; i < 3000; i++)
            mlpipe_worker_latency(d.w[two && serve_random(i, 3) < 0.3],
                                  draw(i, 2));
        mlpipe_worker_latency(NULL, 5);
        mlpipe_worker_latency(d.w[0], UINT64_MAX);
        r = tick(&d, 1);
        assert_near(mlpipe_report_get(r, "deployment.latency_ns_n"), 3000,
                    0);
        SAYS(r, "deployment.latency_ns_p50", 1097);
        assert_ok(d.c, mlpipe_report_render(d.c, r, "json", &text[two]));
        assert_non_null(strstr(mlpipe_buffer_data(text[two]),
                               "\"latency_seconds\":{\"columns\":[\"le\","
                               "\"count\"]"));
        mlpipe_report_free(r);
        drop(&d);
    }
    assert_string_equal(mlpipe_buffer_data(text[0]),
                        mlpipe_buffer_data(text[1]));
    mlpipe_buffer_free(text[0]);
    mlpipe_buffer_free(text[1]);
    (void)state;
}

static void check_errors(mlpipe_report *r)
{
    mlpipe_figure f;
    const char *name;
    uint32_t i = 0;

    assert_near(mlpipe_report_get(r, "errors"), 10.0 / 110, 1e-15);
    assert_near(mlpipe_report_get(r, "errors.E_ARG"), 1.0 / 110, 1e-15);
    assert_near(mlpipe_report_get(r, "errors.E_HOST"), 7.0 / 110, 1e-15);
    assert_near(mlpipe_report_get(r, "errors.E_UNKNOWN"), 2.0 / 110, 1e-15);
    assert_near(mlpipe_report_get(r, "deployment.errors.E_HOST"), 7.0 / 110,
                1e-15);
    UNKNOWN(r, "errors.E_IO");
    do {
        assert_int_equal(mlpipe_report_figure(r, i++, &name, &f), 0);
    } while (strcmp(name, "errors.E_HOST"));
    assert_near(f.n, 110, 0);
    assert_true(f.low < f.value && f.value < f.high);
}

static void test_errors(void **state)
{
    const double row[3] = {0.5, 1, 0};
    mlpipe_trigger *t;
    mlpipe_report *r;
    int32_t fired;
    double out;
    world d;

    make(&d, NULL);
    serve(&d, 0, 100);
    for (int i = 0; i < 7; i++)
        mlpipe_worker_failed(d.w[i % 2], MLPIPE_E_HOST);
    mlpipe_worker_failed(d.w[0], -99);
    mlpipe_worker_failed(d.w[0], 5);
    mlpipe_worker_failed(d.w[0], MLPIPE_OK);
    mlpipe_worker_failed(NULL, MLPIPE_E_HOST);
    assert_int_equal(mlpipe_worker_predict(d.w[1], 0, 0, NULL, &out, 1),
                     MLPIPE_E_ARG);
    assert_int_equal(mlpipe_worker_predict(d.w[1], 0, 0, row, &out, 1), 0);
    assert_int_equal(mlpipe__slot_total(d.slot, MLPIPE__COUNT_FAILED), 10);
    r = tick(&d, 1);
    /* 101 rows: the last of them makes the pane's requests 111 */
    assert_near(mlpipe_report_get(r, "errors"), 10.0 / 111, 1e-15);
    mlpipe_report_free(r);
    drop(&d);
    make(&d, NULL);
    serve(&d, 0, 100);
    for (int i = 0; i < 7; i++)
        mlpipe_worker_failed(d.w[0], MLPIPE_E_HOST);
    mlpipe_worker_failed(d.w[0], -22);
    mlpipe_worker_failed(d.w[0], INT32_MIN);
    (void)mlpipe_worker_predict(d.w[1], 0, 0, row, NULL, 1);
    r = tick(&d, 1);
    check_errors(r);
    assert_ok(d.c, mlpipe_trigger_new(d.c, d.m, "errors.E_HOST > 0.1 %",
                                      &t));
    assert_ok(d.c, mlpipe_trigger_test(d.c, t, r, &fired));
    assert_int_equal(fired, 1);
    mlpipe_trigger_free(t);
    assert_ok(d.c, mlpipe_trigger_new(
                       d.c, d.m, "deployment.errors.E_IO > 0 or "
                       "latency_ns_p99 > 1000 or rows_per_second < 1", &t));
    assert_ok(d.c, mlpipe_trigger_test(d.c, t, r, &fired));
    assert_int_equal(fired, 0);
    mlpipe_trigger_free(t);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* A scrape of a monitor: what it counts, and the histogram. */
static void test_scrape(void **state)
{
    const char *text;
    mlpipe_report *r;
    mlpipe_buffer *b;
    world d;

    make(&d, NULL);
    serve(&d, 0, 150);
    for (int i = 0; i < 40; i++)
        mlpipe_worker_latency(d.w[0], i < 30 ? 256 : 257);
    mlpipe_worker_failed(d.w[0], MLPIPE_E_IO);
    r = tick(&d, 1);
    assert_ok(d.c, mlpipe_report_render(d.c, r, "prometheus", &b));
    text = mlpipe_buffer_data(b);
    assert_true(prom_read(text) > 60);
    assert_non_null(strstr(text, "\nmlpipe_monitor_latency_seconds_bucket"
                                 "{le=\"2.56e-07\"} 30\n"));
    assert_non_null(strstr(text, "\nmlpipe_monitor_latency_seconds_bucket"
                                 "{le=\"5.12e-07\"} 40\n"));
    assert_non_null(strstr(text, "\nmlpipe_monitor_latency_seconds_count "
                                 "40\n"));
    assert_non_null(strstr(text, "\nmlpipe_monitor_rows_total 150\n"));
    assert_non_null(strstr(text,
                           "\nmlpipe_monitor_errors_by_code_requests_total"
                           "{code=\"MLPIPE_E_IO\"} 1\n"));
    assert_non_null(strstr(text, "\nmlpipe_monitor_inputs_psi"
                                 "{input=\"x\"} "));
    assert_non_null(strstr(text, "\nmlpipe_monitor_verdict"
                                 "{name=\"features\"} "));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

static void test_rows_per_second(void **state)
{
    mlpipe_report *r;
    world d;

    make(&d, NULL);
    serve(&d, 0, 30); /* before the first tick: nobody knows when */
    r = tick(&d, 10);
    UNKNOWN(r, "rows_per_second");
    UNKNOWN(r, "deployment.rows_per_second");
    mlpipe_report_free(r);
    serve(&d, 0, 80);
    r = tick(&d, 12);
    assert_near(mlpipe_report_get(r, "rows_per_second"), 40, 1e-12);
    mlpipe_report_free(r);
    serve(&d, 0, 50);
    mlpipe_report_free(tick(&d, 13));
    serve(&d, 0, 50);
    r = tick(&d, 14);
    assert_near(mlpipe_report_get(r, "rows_per_second"), 50, 1e-12);
    assert_near(mlpipe_report_get(r, "deployment.rows_per_second"), 45,
                1e-12);
    mlpipe_report_free(r);
    serve(&d, 0, 200);
    r = tick(&d, 3); /* the clock went back */
    UNKNOWN(r, "rows_per_second");
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_sampled),
        cmocka_unit_test(test_off_and_back),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_scrape),
        cmocka_unit_test(test_rows_per_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
