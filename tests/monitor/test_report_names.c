/* SPDX-License-Identifier: MIT */
/* What a report has and what rules may ask of it are the same; panes and
 * truths across rollbacks and canaries; truths that are no class. */
#include "golden_text.h"
#include "serve_support.h"

#include <math.h>

#include "deploy/watch_internal.h"

enum { INPUTS = 4, ROWS = 600 };

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model *m, *fewer;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    uint32_t classes;
} world;

/* Inputs that are called as numbers of the report are. */
static const char *const input_names[INPUTS] = {"f1", "r2", "score", "x"};

/* Row `id`: f1 makes the target, x is one of three categories. */
static double draw(const world *d, uint64_t id, double x[INPUTS])
{
    for (uint32_t k = 0; k < 3; k++)
        x[k] = serve_random(id, k);
    x[3] = (double)(uint32_t)(serve_random(id, 3) * 3);
    const double z = x[0] + 0.2 * serve_random(id, 9);
    if (!d->classes)
        return z;
    const double class = floor(z / 1.2 * d->classes);
    return class < d->classes ? class : d->classes - 1;
}

/* Classes k0 ..., of rows from `first` on whose class is below `most`. */
static mlpipe_dataset *table(const world *d, uint32_t most, uint64_t first)
{
    static const char *const names[] = {"k0", "k1", "k2", "k3"};
    static const char *const colors[] = {"red", "green", "blue"};
    static double column[3][ROWS], y[ROWS];
    static const char *text[ROWS], *color[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *rows;
    uint32_t n = 0;

    for (uint64_t id = first; n < ROWS; id++) {
        double x[INPUTS];
        const double target = draw(d, id, x);
        if (d->classes && target >= most)
            continue;
        for (uint32_t k = 0; k < 3; k++)
            column[k][n] = x[k];
        color[n] = colors[(uint32_t)x[3]];
        text[n] = names[d->classes ? (uint32_t)target : 0];
        y[n++] = target;
    }
    assert_ok(d->c, mlpipe_builder_new(d->c, NULL, NULL, &b));
    for (uint32_t k = 0; k < 3; k++)
        assert_ok(d->c, mlpipe_builder_column(d->c, b, input_names[k],
                                              MLPIPE_F64, column[k], NULL,
                                              ROWS));
    assert_ok(d->c, mlpipe_builder_texts(d->c, b, "x", color, ROWS));
    if (d->classes)
        assert_ok(d->c, mlpipe_builder_texts(d->c, b, "y", text, ROWS));
    else
        assert_ok(d->c, mlpipe_builder_column(d->c, b, "y", MLPIPE_F64, y,
                                              NULL, ROWS));
    assert_ok(d->c, mlpipe_builder_finish(d->c, b, &rows));
    mlpipe_builder_free(b);
    return rows;
}

static mlpipe_model *fit(const world *d, uint32_t most)
{
    mlpipe_dataset *train = table(d, most, 1000001);
    mlpipe_dataset *held = table(d, most, 2000001);
    mlpipe_pipeline *p;
    mlpipe_model *m;

    assert_ok(d->c, mlpipe_pipeline_new(d->c, "target=y", &p));
    assert_ok(d->c, mlpipe_pipeline_add(d->c, p, "gbt", "trees=5"));
    assert_ok(d->c, mlpipe_fit(d->c, p, train, held, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(train);
    mlpipe_dataset_free(held);
    return m;
}

static void make(world *d, uint32_t classes, const char *params)
{
    memset(d, 0, sizeof *d);
    d->classes = classes;
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->m = fit(d, classes);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, NULL, NULL, &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, params, &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
}

static void drop(world *d)
{
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_model_free(d->m);
    mlpipe_model_free(d->fewer);
    mlpipe_ctx_free(d->c);
}

static void tick(world *d)
{
    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, 5000000, NULL));
}

static void serve(world *d, uint64_t first, uint32_t n)
{
    for (uint64_t id = first; id < first + n; id++) {
        double x[INPUTS], out[8];
        draw(d, id, x);
        assert_ok(d->c, mlpipe_worker_predict(d->w, id, 1000, x, out, 1));
    }
    tick(d);
}

static void tell(world *d, uint64_t first, uint32_t n)
{
    for (uint64_t id = first; id < first + n; id++) {
        double x[INPUTS];
        assert_ok(d->c, mlpipe_monitor_truth(d->c, d->monitor, id, 3000,
                                             draw(d, id, x)));
    }
    tick(d);
}

static mlpipe_report *report(world *d)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    return r;
}

/* ---- names ------------------------------------------------------------- */

static bool is_known(const mlpipe__report_names *n, const char *name,
                     uint8_t kind)
{
    for (uint32_t i = 0; i < n->names.count; i++)
        if (!strcmp(mlpipe__dict_text(&n->names, i), name))
            return n->kinds[i] & kind;
    return false;
}

static uint32_t times(const mlpipe_report *r, const char *name)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *each;
        mlpipe_figure f;
        n += !mlpipe_report_figure(r, i, &each, &f) && !strcmp(each, name);
    }
    return n;
}

static void check_names(world *d, const mlpipe_model *m,
                        const mlpipe_report *r)
{
    mlpipe__report_names names;

    assert_ok(d->c, mlpipe__report_names_init(d->c, m, &names));
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *each;
        mlpipe_figure f;
        if (mlpipe_report_figure(r, i, &each, &f))
            continue;
        if (!is_known(&names, each, MLPIPE__NAME_NUMBER))
            fail_msg("the report has %s, which no rule can ask", each);
        if (times(r, each) != 1)
            fail_msg("%s is there %u times", each, times(r, each));
    }
    for (uint32_t i = 0; i < names.names.count; i++) {
        const char *each = mlpipe__dict_text(&names.names, i);
        if ((names.kinds[i] & MLPIPE__NAME_NUMBER) && !times(r, each) &&
            !mlpipe__report_name_zero(each))
            fail_msg("a rule can ask %s, which the report has not", each);
        if ((names.kinds[i] & MLPIPE__NAME_VERDICT) &&
            !mlpipe_report_text(r, each))
            fail_msg("no verdict %s", each);
    }
    static const char *const verdicts[] = {
        "features",     "score",          "concept",    "performance",
        "correlations", "reconstruction",
    };
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (mlpipe_report_text(r, verdicts[i]) &&
            !is_known(&names, verdicts[i], MLPIPE__NAME_VERDICT))
            fail_msg("a verdict %s that no rule can ask", verdicts[i]);
    mlpipe__report_names_free(&names);
}

/* Before a pane, after one, with truths, beside a canary; of every task, with
 * and without a reference. */
static void test_names(void **state)
{
    static const uint32_t classes[] = {0, 2, 3};

    for (size_t i = 0; i < 6; i++) {
        mlpipe_report *r;
        world d;
        make(&d, classes[i % 3], "pane=300 moments=1");
        if (i >= 3) {
            mlpipe_monitor_free(d.monitor);
            mlpipe_worker_free(d.w);
            mlpipe_slot_free(d.slot);
            mlpipe__reference_free(d.m->reference);
            d.m->reference = NULL;
            assert_ok(d.c, mlpipe_slot_new(d.c, d.m, NULL, NULL, &d.slot));
            assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, "pane=300",
                                              &d.monitor));
            assert_ok(d.c, mlpipe_worker_new(d.c, d.slot, NULL, &d.w));
        }
        r = report(&d);
        check_names(&d, d.m, r);
        assert_true(isnan(mlpipe_report_get(r, "age"))); /* no tick yet */
        mlpipe_report_free(r);
        serve(&d, 1001, 600);
        tell(&d, 1001, 600);
        r = report(&d);
        check_names(&d, d.m, r);
        assert_near(mlpipe_report_get(r, "maturity"), 1, 0);
        mlpipe_report_free(r);
        assert_ok(d.c, mlpipe_slot_canary(d.c, d.slot, d.m, 0.5));
        serve(&d, 2001, 1000);
        tell(&d, 2001, 1000);
        r = report(&d);
        check_names(&d, d.m, r);
        mlpipe_report_free(r);
        drop(&d);
    }
    (void)state;
}

/* ---- panes across swaps ------------------------------------------------ */

/* The shares of known truths, and the panes' own, are never above 1. */
static void assert_shares(world *d, double maturity, double pane)
{
    mlpipe_report *r = report(d);
    const mlpipe_monitor *m = d->monitor;

    assert_near(mlpipe_report_get(r, "maturity"), maturity, 1e-12);
    if (pane >= 0)
        assert_near(mlpipe_report_get(r, "pane_maturity"), pane, 1e-12);
    assert_true(m->open.matched <= m->open.predictions);
    mlpipe_report_free(r);
}

/* Truths of rows before a rollback are no matches of the pane after it. */
static void test_rollback(void **state)
{
    world d;

    make(&d, 0, "pane=100");
    serve(&d, 1001, 90);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    serve(&d, 2001, 90);
    assert_ok(d.c, mlpipe_slot_rollback(d.c, d.slot));
    tick(&d);
    serve(&d, 3001, 10);
    tell(&d, 1001, 90);
    tell(&d, 3001, 5);
    assert_shares(&d, 0.5, -1);
    serve(&d, 3011, 90); /* closes the pane */
    tell(&d, 3011, 15);
    assert_shares(&d, 0.2, 0.2);
    /* and of panes before that, the right one */
    serve(&d, 4001, 100);
    tell(&d, 3026, 30);
    tell(&d, 4001, 10);
    assert_shares(&d, 0.3, 0.1);
    assert_int_equal(d.monitor->panes[0].matched, 50);
    drop(&d);
    (void)state;
}

/* A promoted canary keeps its truths; its pane is the one since. */
static void test_promoted(void **state)
{
    uint64_t before;
    world d;

    make(&d, 0, "pane=1000");
    assert_ok(d.c, mlpipe_slot_canary(d.c, d.slot, d.m, 0.5));
    serve(&d, 1001, 200);
    before = d.monitor->canary.realised.predictions;
    assert_in_range(before, 50, 150);
    assert_ok(d.c, mlpipe_slot_promote(d.c, d.slot));
    serve(&d, 2001, 20);
    tell(&d, 1001, 200);
    assert_shares(&d, (double)before / (double)(before + 20), -1);
    assert_int_equal(d.monitor->open.matched, 0);
    assert_int_equal(d.monitor->open.predictions, 20);
    drop(&d);
    (void)state;
}

/* ---- classes ----------------------------------------------------------- */

/* A truth that is no class is refused, and counts nowhere. */
static void test_no_class(void **state)
{
    static const double odd[] = {3, -1, 0.5, 1e300};
    mlpipe_monitor *other;
    mlpipe_report *r;
    world d;

    make(&d, 3, "pane=300");
    serve(&d, 1001, 300);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_status(MLPIPE_E_NUMERIC,
                      mlpipe_monitor_truth(d.c, d.monitor, 1001, 3000,
                                           odd[i]));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "0 to 2"));
    tell(&d, 1001, 300);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "truths"), 300, 0);
    assert_true(isfinite(mlpipe_report_get(r, "logloss")));
    mlpipe_report_free(r);
    mlpipe_monitor_free(d.monitor);
    d.monitor = NULL;
    assert_told(d.c, MLPIPE_E_PARAM,
                mlpipe_monitor_new(d.c, d.slot, "expire=3", &other));
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, "expire=2", &d.monitor));
    drop(&d);
    (void)state;
}

/* A model with other classes than are watched is refused: workers would read
 * beyond the host's answers, or truths would mean something else. */
static void test_other_classes(void **state)
{
    world d;

    make(&d, 4, "pane=300");
    d.fewer = fit(&d, 3);
    assert_status(MLPIPE_E_SCHEMA,
                  mlpipe_slot_swap(d.c, d.slot, d.fewer));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "3 classes"));
    mlpipe_monitor_free(d.monitor);
    d.monitor = NULL;
    /* nobody watches: whoever predicts still has room for four */
    assert_status(MLPIPE_E_SCHEMA, mlpipe_slot_swap(d.c, d.slot, d.fewer));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "has room for 4"));
    drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_promoted),
        cmocka_unit_test(test_no_class),
        cmocka_unit_test(test_other_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
