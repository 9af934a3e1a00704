/* SPDX-License-Identifier: MIT */
/* What a deployment was worth by its truths, and by its scores before them:
 * equal to mlpipe_evaluate and to the formulas row by row, and quiet where
 * nothing changes. */
#include "serve_support.h"

#include <math.h>

#include "monitor/monitor_internal.h"
#include "num/metric_types.h"

enum { INPUTS = 4 };

typedef struct world {
    mlpipe_ctx *c;
    uint32_t task;
    mlpipe_dataset *train, *held;
    mlpipe_model *m;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
} world;

/* Row `id`; shift moves the first input. */
static void draw(uint64_t id, double shift, double x[INPUTS])
{
    for (uint32_t k = 0; k < INPUTS; k++)
        x[k] = mlpipe__normal_quantile(serve_random(id, k));
    x[0] += shift;
}

/* The truth of a row: its number, or its class; `noise` of another law. */
static double truth(uint32_t task, uint64_t id, const double x[INPUTS],
                    double noise)
{
    const double z = 1.5 * x[0] - x[1] + x[2] * x[3];
    const double e = mlpipe__normal_quantile(serve_random(id, 9));

    if (task == MLPIPE__TASK_REGRESSION)
        return z + (1.0 + noise) * e;
    if (serve_random(id, 10) < noise)
        return (double)(uint32_t)(serve_random(id, 11) * 2.0);
    if (task == MLPIPE__TASK_BINARY)
        return serve_random(id, 8) < 1.0 / (1.0 + mlpipe__exp(-z));
    return z + e < -0.7 ? 0.0 : z + e < 0.9 ? 1.0 : 2.0;
}

static mlpipe_dataset *rows(mlpipe_ctx *c, uint32_t task, uint64_t first,
                            uint32_t n, double shift)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const char *const classes[] = {"k0", "k1", "k2"};
    double *column = malloc(n * INPUTS * sizeof *column);
    double *y = malloc(n * sizeof *y);
    mlpipe_dataset *d;
    mlpipe_builder *b;

    assert_true(column && y);
    for (uint32_t i = 0; i < n; i++) {
        double x[INPUTS];
        draw(first + i, shift, x);
        for (uint32_t k = 0; k < INPUTS; k++)
            column[k * n + i] = x[k];
        y[i] = truth(task, first + i, x, 0.0);
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t k = 0; k < INPUTS; k++)
        assert_ok(c, mlpipe_builder_column(c, b, names[k], MLPIPE_F64,
                                           column + k * n, NULL, n));
    if (task == MLPIPE__TASK_REGRESSION) {
        assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                           n));
    } else {
        const char **text = malloc(n * sizeof *text);
        assert_non_null(text);
        for (uint32_t i = 0; i < n; i++)
            text[i] = classes[(uint32_t)y[i]];
        assert_ok(c, mlpipe_builder_texts(c, b, "y", text, n));
        free(text);
    }
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(column);
    free(y);
    return d;
}

static void make(world *d, uint32_t task, const char *step,
                 const char *params, uint32_t train, uint32_t held,
                 const char *monitor)
{
    mlpipe_pipeline *p;

    memset(d, 0, sizeof *d);
    d->task = task;
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->train = rows(d->c, task, 1, train, 0);
    d->held = rows(d->c, task, 1000001, held, 0);
    assert_ok(d->c, mlpipe_pipeline_new(d->c, "target=y", &p));
    assert_ok(d->c, mlpipe_pipeline_add(d->c, p, step, params));
    assert_ok(d->c, mlpipe_fit(d->c, p, d->train, d->held, &d->m));
    mlpipe_pipeline_free(p);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, NULL, NULL, &d->slot));
    assert_ok(d->c, mlpipe_monitor_new(d->c, d->slot, monitor, &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
}

static void drop(world *d)
{
    mlpipe_worker_free(d->w);
    mlpipe_monitor_free(d->monitor);
    mlpipe_slot_free(d->slot);
    mlpipe_model_free(d->m);
    mlpipe_dataset_free(d->train);
    mlpipe_dataset_free(d->held);
    mlpipe_ctx_free(d->c);
}

/* n requests from `first` on; one tick for each ring full of ids. */
static void serve(world *d, uint64_t first, uint32_t n, double shift)
{
    for (uint32_t i = 0; i < n; i++) {
        double x[INPUTS], out[8];
        draw(first + i, shift, x);
        assert_ok(d->c, mlpipe_worker_predict(d->w, first + i, 1000, x, out,
                                              1));
        if (i % 4000 == 3999)
            assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, 2000,
                                                NULL));
    }
    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, 2000, NULL));
}

static void tell(world *d, uint64_t first, uint32_t n, double shift,
                 double noise)
{
    for (uint64_t id = first; id < first + n; id++) {
        double x[INPUTS];
        draw(id, shift, x);
        assert_ok(d->c,
                  mlpipe_monitor_truth(d->c, d->monitor, id, 3000,
                                       truth(d->task, id, x, noise)));
    }
    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, 4000, NULL));
}

static mlpipe_report *report(world *d)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    return r;
}

static mlpipe_figure figure(const mlpipe_report *r, const char *name)
{
    mlpipe_figure f = {0};
    const char *each;

    for (uint32_t i = 0; i < mlpipe_report_count(r); i++)
        if (!mlpipe_report_figure(r, i, &each, &f) && !strcmp(each, name))
            return f;
    fail_msg("no %s", name);
    return f;
}

/* Value, interval and n of every metric are those of mlpipe_evaluate, and the
 * reference's are those on the held-out rows. */
static void test_as_evaluate(void **state)
{
    static const struct {
        uint32_t task;
        const char *step, *metrics;
    } cases[] = {
        {MLPIPE__TASK_REGRESSION, "ridge", "rmse,mae,r2"},
        {MLPIPE__TASK_BINARY, "logistic",
         "logloss,brier,auc,ap,accuracy,f1,ece,precision,recall,mcc"},
        {MLPIPE__TASK_MULTICLASS, "gbt",
         "logloss,brier,auc_ovr,accuracy,balanced_accuracy,f1_macro,ece"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char params[200], name[64];
        const char *m = cases[i].metrics;
        mlpipe_report *now, *then, *r;
        mlpipe_dataset *served;
        world d;

        make(&d, cases[i].task, cases[i].step,
             strcmp(cases[i].step, "gbt") ? NULL : "trees=20", 2000, 1000,
             "pane=1000");
        served = rows(d.c, cases[i].task, 5000001, 1000, 0);
        serve(&d, 5000001, 1000, 0);
        tell(&d, 5000001, 1000, 0, 0);
        snprintf(params, sizeof params, "metrics=%s", m);
        assert_ok(d.c, mlpipe_evaluate(d.c, d.m, served, params, &now));
        assert_ok(d.c, mlpipe_evaluate(d.c, d.m, d.held, params, &then));
        r = report(&d);
        assert_string_equal(mlpipe_report_text(r, "performance"), "OK");
        assert_near(mlpipe_report_get(r, "maturity"), 1.0, 0);
        assert_near(mlpipe_report_get(r, "pane_maturity"), 1.0, 0);
        while (*m) {
            const size_t n = strcspn(m, ",");
            snprintf(name, sizeof name, "%.*s", (int)n, m);
            const mlpipe_figure a = figure(r, name), b = figure(now, name);
            assert_near(a.value, b.value, 1e-12);
            assert_near(a.n, 1000, 0);
            assert_true(a.low != a.low ? b.low != b.low
                                       : fabs(a.low - b.low) <= 1e-12);
            assert_true(a.high != a.high ? b.high != b.high
                                         : fabs(a.high - b.high) <= 1e-12);
            const double want = mlpipe_report_get(then, name);
            snprintf(name, sizeof name, "%.*s.reference", (int)n, m);
            assert_near(mlpipe_report_get(r, name), want, 1e-12);
            snprintf(name, sizeof name, "%.*s.p", (int)n, m);
            const double p = mlpipe_report_get(r, name);
            assert_true(a.low != a.low ? p != p : p > 0 && p < 1);
            m += n + (m[n] == ',');
        }
        if (cases[i].task == MLPIPE__TASK_REGRESSION) {
            const mlpipe_figure bias = figure(r, "bias");
            assert_true(bias.low < 0 && bias.high > 0);
        }
        mlpipe_report_free(r);
        mlpipe_report_free(now);
        mlpipe_report_free(then);
        mlpipe_dataset_free(served);
        drop(&d);
    }
    (void)state;
}

/* Truths count with the pane and the deployment that predicted. */
static void test_maturity(void **state)
{
    mlpipe_report *r;
    world d;

    make(&d, MLPIPE__TASK_BINARY, "logistic", NULL, 1000, 500,
         "pane=1000 maturity=0.5");
    serve(&d, 10000, 1000, 0);
    serve(&d, 20000, 1000, 0);
    tell(&d, 10000, 900, 0, 0);
    tell(&d, 20000, 50, 0, 0);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "maturity"), 0.475, 1e-15);
    assert_near(mlpipe_report_get(r, "pane_maturity"), 0.05, 1e-15);
    assert_string_equal(mlpipe_report_text(r, "performance"),
                        "INSUFFICIENT_DATA");
    assert_near(figure(r, "accuracy").n, 0, 0);
    mlpipe_report_free(r);
    tell(&d, 20050, 50, 0, 0);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "maturity"), 0.5, 1e-15);
    assert_true(mlpipe_report_get(r, "performance.mde") > 0);
    assert_true(mlpipe_report_get(r, "performance.mde") < 1);
    assert_near(mlpipe_report_get(r, "truths_refused"), 0, 0);
    assert_near(mlpipe_report_get(r, "pane_maturity"), 0.1, 1e-15);
    assert_string_equal(mlpipe_report_text(r, "performance"), "OK");
    mlpipe_report_free(r);
    /* a truth that is no class is not taken, and counted */
    for (int i = 0; i < 2; i++)
        assert_int_equal(mlpipe_monitor_truth(d.c, d.monitor, 20900, 3000,
                                              i ? 2.0 : 0.5),
                         MLPIPE_E_NUMERIC);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "truths_refused"), 2, 0);
    mlpipe_report_free(r);
    /* what is told of the one before says nothing of the one that serves */
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    serve(&d, 30000, 1000, 0);
    tell(&d, 20100, 900, 0, 0);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "maturity"), 0, 0);
    assert_near(mlpipe_report_get(r, "pane_maturity"), 0, 0);
    assert_near(mlpipe_report_get(r, "labelled"), 0, 0);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* ---- expected of scores ------------------------------------------------ */

/* Row by row: the isotonic function of held-out scores, between whose points
 * lie lines, and the metrics' sums of what each row is expected to add. */
typedef struct rowwise {
    double *x, *y;
    uint32_t count;
} rowwise;

static double calibrated(const rowwise *f, double s)
{
    uint32_t k = 0;

    if (s <= f->x[0])
        return f->y[0];
    while (k + 1 < f->count && f->x[k + 1] < s)
        k++;
    if (k + 1 >= f->count)
        return f->y[f->count - 1];
    return f->y[k] + (f->y[k + 1] - f->y[k]) * (s - f->x[k]) /
                         (f->x[k + 1] - f->x[k]);
}

static void calibrate(world *d, uint32_t n, rowwise *f)
{
    double *s = malloc(n * sizeof *s), *y = malloc(n * sizeof *y);
    double *w = malloc(n * sizeof *w);

    f->x = malloc(2 * n * sizeof *f->x);
    f->y = malloc(2 * n * sizeof *f->y);
    assert_true(s && y && w && f->x && f->y);
    for (uint32_t i = 0; i < n; i++)
        w[i] = 1.0;
    assert_ok(d->c, mlpipe_predict(d->c, d->m, d->held, s, n));
    assert_ok(d->c, mlpipe__model_target(d->c, d->m, d->held, y));
    assert_ok(d->c, mlpipe__isotonic(d->c, s, y, w, n, f->x, f->y,
                                     &f->count));
    free(s);
    free(y);
    free(w);
}

typedef struct expected {
    double accuracy, precision, recall, f1, brier, logloss, auc;
} expected;

static expected expect(world *d, const rowwise *f,
                       const mlpipe_dataset *served, uint32_t n)
{
    double *s = malloc(n * sizeof *s), *scratch = malloc(10 * n * sizeof *s);
    double *two = malloc(6 * n * sizeof *s);
    double tp = 0, fp = 0, fn = 0, brier = 0, logloss = 0, auc;

    assert_true(s && scratch && two);
    assert_ok(d->c, mlpipe_predict(d->c, d->m, served, s, n));
    for (uint32_t i = 0; i < n; i++) {
        const double c = calibrated(f, s[i]);
        tp += s[i] >= 0.5 ? c : 0;
        fp += s[i] >= 0.5 ? 1 - c : 0;
        fn += s[i] >= 0.5 ? 0 : c;
        brier += c * mlpipe__loss_brier(1, s[i]) +
                 (1 - c) * mlpipe__loss_brier(0, s[i]);
        logloss += c * mlpipe__loss_log(1, s[i]) +
                   (1 - c) * mlpipe__loss_log(0, s[i]);
        /* a row is a positive of weight c and a negative of the rest */
        two[i] = s[i];
        two[n + i] = s[i];
        two[2 * n + i] = 1;
        two[3 * n + i] = 0;
        two[4 * n + i] = c;
        two[5 * n + i] = 1 - c;
    }
    auc = mlpipe__metric_auc(two + 2 * n, two, two + 4 * n, 2 * n, scratch);
    free(two);
    free(scratch);
    free(s);
    return (expected){1 - (fp + fn) / n,
                      tp / (tp + fp),
                      tp / (tp + fn),
                      2 * tp / (2 * tp + fp + fn),
                      brier / n,
                      logloss / n,
                      auc};
}

static void test_cbpe(void **state)
{
    static const struct {
        const char *step, *params;
        double shift;
    } cases[] = {
        {"logistic", NULL, 0.0},     {"logistic", NULL, 0.7},
        {"logistic", NULL, -1.0},    {"gbt", "trees=60", 0.0},
        {"gbt", "trees=60", 0.7},    {"gbt", "trees=60", -1.0},
        {"naive_bayes", NULL, 0.0},  {"naive_bayes", NULL, 0.7},
        {"naive_bayes", NULL, -1.0},
    };
    enum { HELD = 10000, PANE = 3000, CASES = sizeof cases / sizeof *cases };
    double error[2] = {0, 0};

    for (size_t i = 0; i < CASES; i++) {
        const uint64_t first = 7000001 + i * 100000;
        mlpipe_dataset *served;
        mlpipe_report *r, *seen;
        expected want;
        rowwise f;
        world d;

        make(&d, MLPIPE__TASK_BINARY, cases[i].step, cases[i].params, 3000,
             HELD, "pane=3000");
        served = rows(d.c, d.task, first, PANE, cases[i].shift);
        serve(&d, first, PANE, cases[i].shift);
        calibrate(&d, HELD, &f);
        want = expect(&d, &f, served, PANE);
        r = report(&d);
        assert_near(mlpipe_report_get(r, "cbpe.accuracy"), want.accuracy,
                    0.001);
        assert_near(mlpipe_report_get(r, "cbpe.precision"), want.precision,
                    0.001);
        assert_near(mlpipe_report_get(r, "cbpe.recall"), want.recall, 0.001);
        assert_near(mlpipe_report_get(r, "cbpe.f1"), want.f1, 0.001);
        assert_near(mlpipe_report_get(r, "cbpe.brier"), want.brier, 0.001);
        assert_near(mlpipe_report_get(r, "cbpe.logloss"), want.logloss,
                    0.001);
        assert_near(mlpipe_report_get(r, "cbpe.auc"), want.auc, 0.001);
        assert_ok(d.c, mlpipe_evaluate(d.c, d.m, served,
                                       "metrics=accuracy,auc,logloss",
                                       &seen));
        error[0] += fabs(mlpipe_report_get(seen, "accuracy") -
                         mlpipe_report_get(r, "cbpe.accuracy")) / CASES;
        error[1] += fabs(mlpipe_report_get(seen, "auc") -
                         mlpipe_report_get(r, "cbpe.auc")) / CASES;
        const mlpipe_figure a = figure(r, "cbpe.accuracy");
        assert_true(a.low < a.value && a.value < a.high && a.n == PANE);
        mlpipe_report_free(seen);
        mlpipe_report_free(r);
        mlpipe_dataset_free(served);
        free(f.x);
        free(f.y);
        drop(&d);
    }
    print_message("mean error against the truth: accuracy %.4f, auc %.4f\n",
                  error[0], error[1]);
    /* sd of accuracy in 3,000 rows is 0.008: its mean error alone 0.006 */
    assert_true(error[0] <= 0.012 && error[1] <= 0.012);
    (void)state;
}

/* Intervals hold what comes true in about 19 of 20 panes. */
static void test_cbpe_intervals(void **state)
{
    static const char *const names[] = {"accuracy", "precision", "recall",
                                        "f1",       "brier",     "logloss",
                                        "auc"};
    enum { PANES = 200, NAMES = sizeof names / sizeof *names };
    uint32_t inside[NAMES] = {0};
    char name[64];
    world d;

    make(&d, MLPIPE__TASK_BINARY, "logistic", NULL, 3000, 5000,
         "pane=500");
    for (uint32_t i = 0; i < PANES; i++) {
        const uint64_t first = 8000001 + i * 500;
        mlpipe_report *r;
        serve(&d, first, 500, 0);
        tell(&d, first, 500, 0, 0);
        r = report(&d);
        for (size_t k = 0; k < NAMES; k++) {
            const double seen = mlpipe_report_get(r, names[k]);
            snprintf(name, sizeof name, "cbpe.%s", names[k]);
            const mlpipe_figure f = figure(r, name);
            inside[k] += f.low <= seen && seen <= f.high;
        }
        mlpipe_report_free(r);
    }
    for (size_t k = 0; k < NAMES; k++) {
        print_message("%s: %u of %d\n", names[k], inside[k], PANES);
        assert_in_range(inside[k], PANES * 0.88, PANES);
    }
    drop(&d);
    (void)state;
}

/* Of three classes the accuracy alone, from the likeliest one. */
static void test_cbpe_classes(void **state)
{
    mlpipe_report *r;
    world d;

    make(&d, MLPIPE__TASK_MULTICLASS, "gbt", "trees=30", 3000, 5000,
         "pane=3000");
    serve(&d, 9000001, 3000, 0.5);
    tell(&d, 9000001, 3000, 0.5, 0);
    r = report(&d);
    assert_near(mlpipe_report_get(r, "cbpe.accuracy"),
                mlpipe_report_get(r, "accuracy"), 0.03);
    assert_true(mlpipe_report_get(r, "cbpe.auc") !=
                mlpipe_report_get(r, "cbpe.auc"));
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* ---- a stream that stays as it is -------------------------------------- */

static void stationary(const char *params, uint32_t task, uint32_t pane)
{
    uint32_t alarms = 0, rounds = 0;
    char monitor[32];
    world d;

    snprintf(monitor, sizeof monitor, "pane=%u", pane);
    make(&d, task, "gbt", params, 3000, 2000, monitor);
    for (uint32_t i = 0; i < 100; i++) {
        const uint64_t first = 20000001 + (uint64_t)i * pane;
        mlpipe_report *r;
        serve(&d, first, pane, 0);
        tell(&d, first, pane, 0, 0);
        r = report(&d);
        alarms += strcmp(mlpipe_report_text(r, "performance"), "OK") != 0;
        mlpipe_report_free(r);
    }
    assert_int_equal(alarms, 0);
    /* and then it does not: truths of another law */
    for (; rounds < 20; rounds++) {
        const uint64_t first = 40000001 + (uint64_t)rounds * pane;
        mlpipe_report *r;
        bool found;
        serve(&d, first, pane, 0);
        tell(&d, first, pane, 0, 1.0);
        r = report(&d);
        found = !strcmp(mlpipe_report_text(r, "performance"), "DRIFT");
        mlpipe_report_free(r);
        if (found)
            break;
    }
    print_message("%s: no alarm in 100 panes, then one in pane %u\n", params,
                  rounds + 1);
    assert_in_range(rounds, 0, 2);
    drop(&d);
}

static void test_stationary(void **state)
{
    stationary("trees=30", MLPIPE__TASK_BINARY, 200);
    stationary("trees=30", MLPIPE__TASK_REGRESSION, 200);
    stationary("trees=10", MLPIPE__TASK_MULTICLASS, 200);
    if (getenv("MLPIPE_SWEEP_ALL")) {
        static const char *const trees[] = {
            "trees=100 stop=0", "trees=300 stop=0", "trees=1000 stop=0",
            "trees=1000"};
        for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
            stationary(trees[i], MLPIPE__TASK_BINARY, 1000);
            stationary(trees[i], MLPIPE__TASK_REGRESSION, 1000);
            stationary(trees[i], MLPIPE__TASK_MULTICLASS, 1000);
        }
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_evaluate),
        cmocka_unit_test(test_maturity),
        cmocka_unit_test(test_cbpe),
        cmocka_unit_test(test_cbpe_intervals),
        cmocka_unit_test(test_cbpe_classes),
        cmocka_unit_test(test_stationary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
