/* SPDX-License-Identifier: MIT */
/* Why a verdict is what it is: the words beside each in a report for people,
 * and in nothing that a program reads again and again. */
#include "serve_support.h"

#include "report/report_internal.h"

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    mlpipe_report *r;
    uint64_t next;
} world;

static void make(world *d)
{
    memset(d, 0, sizeof *d);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->m = serve_model(d->c, 1, 0, true);
    d->l = serve_layout(d->c);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, d->l, NULL, &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, "pane=400 maturity=0.5 "
                                       "detector=page_hinkley",
                                       &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
    d->next = 1;
}

static void drop(world *d)
{
    mlpipe_report_free(d->r);
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_layout_free(d->l);
    mlpipe_model_free(d->m);
    mlpipe_ctx_free(d->c);
}

/* n rows, the first `truths` of which are answered rightly; then a tick and a
 * report. */
static void serve(world *d, uint32_t n, uint32_t truths)
{
    for (uint32_t i = 0; i < n; i++) {
        const serve_record r = {(i % 100) / 100.0, 0, 3};
        double out;
        assert_ok(d->c, mlpipe_worker_predict(d->w, d->next, 1000, &r, &out,
                                              1));
        if (i < truths)
            assert_ok(d->c, mlpipe_monitor_truth(d->c, d->monitor, d->next,
                                                 1000, out));
        d->next++;
    }
    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, 2000, NULL));
    mlpipe_report_free(d->r);
    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &d->r));
}

static void said(const world *d, const char *verdict, const char *is,
                 const char *words)
{
    char name[64];

    assert_string_equal(mlpipe_report_text(d->r, verdict), is);
    mlpipe__format(name, sizeof name, "%s.why", verdict);
    assert_non_null(mlpipe_report_text(d->r, name));
    if (!strstr(mlpipe_report_text(d->r, name), words))
        fail_msg("%s: %s", name, mlpipe_report_text(d->r, name));
}

static void test_why(void **state)
{
    world d;

    make(&d);
    serve(&d, 7, 0);
    said(&d, "features", "INSUFFICIENT_DATA", "7 of the 400 rows of a pane");
    said(&d, "score", "INSUFFICIENT_DATA", "7 of the 400 rows of a pane");
    said(&d, "performance", "INSUFFICIENT_DATA",
         "0 of the 200 matched truths that a look takes");
    said(&d, "concept", "INSUFFICIENT_DATA",
         "0 of the 30 truths that it begins with");
    said(&d, "verdict", "INSUFFICIENT_DATA",
         "features, score, performance, concept");
    serve(&d, 1000, 250);
    said(&d, "performance", "INSUFFICIENT_DATA",
         "the truths of 24.83 % of the predictions are known, maturity= asks "
         "for 50 %");
    said(&d, "features", "DRIFT", "changed by what matters");
    said(&d, "verdict", "DRIFT", "features");
    drop(&d);
    (void)state;
}

/* A scrape has no words that change with each. */
static void test_apart(void **state)
{
    mlpipe_buffer *text;
    world d;

    make(&d);
    serve(&d, 7, 0);
    assert_ok(d.c, mlpipe_report_render(d.c, d.r, "prometheus", &text));
    assert_null(strstr(mlpipe_buffer_data(text), "of the 400 rows"));
    mlpipe_buffer_free(text);
    assert_ok(d.c, mlpipe_report_render(d.c, d.r, "html", &text));
    assert_non_null(strstr(mlpipe_buffer_data(text),
                           "<span class=\"z\">7 of the 400 rows of a pane"));
    assert_null(strstr(mlpipe_buffer_data(text), "features.why"));
    mlpipe_buffer_free(text);
    drop(&d);
    (void)state;
}

static void test_short(void **state)
{
    static const double cases[][2] = {
        {0, 0},
        {0.5, 0.5},
        {12.3456, 12.35},
        {1234567.6, 1234568},
        {-0.00123456, -0.001235},
        {1.23456e-9, 1.235e-9},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(mlpipe__report_short(cases[i][0]) == cases[i][1]);
    assert_true(mlpipe__report_short(mlpipe__nan()) !=
                mlpipe__report_short(mlpipe__nan()));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
