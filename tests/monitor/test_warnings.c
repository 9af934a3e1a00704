/* SPDX-License-Identifier: MIT */
/* What a tick logs: ids that were lost, each time, and times in another unit
 * than microseconds, once. */
#include "serve_support.h"

#include "deploy/watch_internal.h"

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    uint64_t next;
    uint32_t warnings;
    char text[1024]; /* of the last one */
} world;

static void warned(void *user, uint32_t level, const char *component,
                   const char *text)
{
    world *d = user;

    if (level != MLPIPE_LOG_WARN || strcmp(component, "monitor"))
        return;
    d->warnings++;
    snprintf(d->text, sizeof d->text, "%s", text);
}

static void make(world *d)
{
    memset(d, 0, sizeof *d);
    const mlpipe_ctx_options o = {.size = sizeof o,
                                  .user = d,
                                  .log = warned,
                                  .log_level = MLPIPE_LOG_WARN};

    assert_ok(NULL, mlpipe_ctx_new(&o, &d->c));
    d->m = serve_model(d->c, 1, 0, true);
    d->l = serve_layout(d->c);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, d->l, "ring=64", &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, "pane=1000 capture=500",
                                       &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
    d->next = 1;
}

static void drop(world *d)
{
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_layout_free(d->l);
    mlpipe_model_free(d->m);
    mlpipe_ctx_free(d->c);
}

static void serve(world *d, uint32_t n, int64_t us)
{
    for (uint32_t i = 0; i < n; i++) {
        const serve_record r = {0.5, 0, 3};
        double out;
        assert_ok(d->c,
                  mlpipe_worker_predict(d->w, d->next++, us, &r, &out, 1));
    }
}

/* Warnings of one tick. */
static uint32_t tick(world *d, int64_t us)
{
    const uint32_t before = d->warnings;

    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, us, NULL));
    return d->warnings - before;
}

static const int64_t now_us = INT64_C(1790000000000000);

static void test_lost(void **state)
{
    mlpipe_pipeline *p;
    mlpipe_cycle *cycle;
    world d;

    make(&d);
    serve(&d, 64, now_us);
    assert_int_equal(tick(&d, now_us), 0);
    serve(&d, 100, now_us);
    assert_int_equal(tick(&d, now_us), 1);
    assert_non_null(strstr(d.text, "36 ids were lost"));
    assert_non_null(strstr(d.text, "ring=64 "));
    assert_non_null(strstr(d.text, "ring=128,"));
    assert_int_equal(tick(&d, now_us), 0); /* told already */
    /* by the tick of a cycle, too */
    assert_ok(d.c, mlpipe_pipeline_new(d.c, "target=y", &p));
    assert_ok(d.c, mlpipe_pipeline_add(d.c, p, "ridge", NULL));
    assert_ok(d.c, mlpipe_cycle_new(d.c, d.monitor, p,
                                    "gate_min=50 probation=100 when=features",
                                    &cycle));
    serve(&d, 65, now_us);
    assert_ok(d.c, mlpipe_cycle_tick(d.c, cycle, now_us, NULL));
    assert_int_equal(d.warnings, 2);
    assert_non_null(strstr(d.text, "1 ids were lost"));
    mlpipe_cycle_free(cycle);
    mlpipe_pipeline_free(p);
    drop(&d);
    (void)state;
}

static void test_units(void **state)
{
    static const struct {
        int64_t first, served, told;
        const char *says; /* NULL: nothing is odd */
    } cases[] = {
        {INT64_C(1790000000000000), INT64_C(1790000001000000), 0, NULL},
        {INT64_C(1790000000000000), 0, 0, NULL}, /* tells no time */
        {100000000, 110000000, 0, NULL},         /* a clock from 0 */
        {INT64_C(1790000000000000), INT64_C(1500000000000000), 0, NULL},
        {INT64_C(1790000000000000), INT64_C(1400000000000000), 0,
         "more than ten years"},
        {INT64_C(1790000000000000), 1790000000, 0, "looks like seconds"},
        {INT64_C(1790000000000000), INT64_C(1790000000000), 0,
         "looks like milliseconds"},
        {INT64_C(1790000000000000), INT64_C(1790000000000000000), 0,
         "looks like nanoseconds"},
        {INT64_C(1790000000000000), INT64_MIN, 0, "more than ten years"},
        {INT64_C(1790000000000000), INT64_C(1790000000000000),
         INT64_C(1790000000000), "the time of a truth is 1790000000000 "},
        {INT64_C(1790000000000), INT64_C(1790000000000), 0,
         "the tick itself"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world d;
        make(&d);
        uint32_t n = tick(&d, cases[i].first);
        for (uint32_t k = 0; k < 3; k++) { /* once is enough */
            serve(&d, 2, cases[i].served);
            assert_ok(d.c, mlpipe_monitor_truth(d.c, d.monitor, d.next - 1,
                                                cases[i].told, 1));
            n += tick(&d, cases[i].first + k);
        }
        if (n != (cases[i].says ? 1 : 0) ||
            (n && !strstr(d.text, cases[i].says)))
            fail_msg("%zu: %u warnings, %s", i, n, d.text);
        drop(&d);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
