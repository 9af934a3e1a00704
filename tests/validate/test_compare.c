/* SPDX-License-Identifier: MIT */
/* Two models on the same rows: the tests by hand, what is left out, what is
 * refused, the gate. */
#include "support.h"

#include "cycle/cycle_internal.h"
#include "model/model_support.h"

#include <math.h>
#include "golden_text.h"

enum { N = 200, TRAIN = 600, TEST = 300 };

static double get(const mlpipe_report *r, const char *name)
{
    const double x = mlpipe_report_get(r, name);
    if (isnan(x))
        fail_msg("no %s", name);
    return x;
}

static mlpipe_figure figure(const mlpipe_report *r, const char *name)
{
    mlpipe_figure f = {0};
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *found;
        assert_int_equal(0, mlpipe_report_figure(r, i, &found, &f));
        if (!strcmp(found, name))
            return f;
    }
    fail_msg("no figure %s", name);
    return f;
}

/* ---- the comparison ----------------------------------------------------- */

static mlpipe_status two(mlpipe_ctx *c, const char *metric, const double *y,
                         const double *a, const double *b, const double *w,
                         uint64_t n, mlpipe__comparison *out)
{
    const mlpipe__scored sa = {y, a, w, n, 1}, sb = {y, b, w, n, 1};
    return mlpipe__compare(c, mlpipe__metric_find(metric), &sa, &sb, out);
}

static void losses(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    double y[N], a[N], b[N];
    mlpipe__comparison out, back;
    (void)state;
    for (int i = 0; i < N; i++) {
        y[i] = i;
        a[i] = i + (i % 7) - 3;
        b[i] = i + 0.5 * ((i % 7) - 3);
    }
    assert_ok(c, two(c, "rmse", y, a, b, NULL, N, &out));
    assert_true(out.b < out.a && out.mean < 0 && out.p < 1e-6);
    assert_true(out.two.statistic < 0 && out.two.p < 2e-6);
    assert_int_equal(N, out.n);
    assert_near(out.difference.value, out.b - out.a, 1e-15);
    assert_true(out.difference.high < 0);
    assert_ok(c, two(c, "rmse", y, b, a, NULL, N, &back));
    assert_true(back.mean == -out.mean && back.p > 1 - 1e-6);
    assert_true(back.two.p == out.two.p);
    assert_near(back.difference.low, -out.difference.high, 1e-15);
    assert_ok(c, two(c, "rmse", y, a, a, NULL, N, &out));
    assert_true(out.mean == 0 && out.p >= 0.5 && out.two.p == 1);
    assert_told(c, MLPIPE_E_EMPTY, two(c, "rmse", y, a, b, NULL, 1, &out));
    assert_false(mlpipe__comparable(mlpipe__metric_find("auc"), 3));
    mlpipe_ctx_free(c);
}

/* Noisy answers to noisy truths; b is somewhat better. */
static void noisy(uint64_t seed, bool classes, double *y, double *a,
                  double *b, double *w)
{
    for (uint32_t i = 0; i < N; i++) {
        double u[5];
        for (uint32_t k = 0; k < 5; k++)
            u[k] = mlpipe__random_unit(seed, MLPIPE__FOR_TEST, k, i, 0);
        y[i] = classes ? u[0] < 0.4 : 3 * u[0];
        a[i] = classes ? 0.3 * y[i] + 0.7 * u[1] : y[i] + u[1] - 0.5;
        b[i] = classes ? 0.4 * y[i] + 0.6 * u[2]
                       : y[i] + 0.8 * (u[2] - 0.5);
        w[i] = 0.2 + u[3];
    }
}

/* The deviation of the difference by leaving out one row after another. */
static double jackknife(mlpipe_ctx *c, const char *metric, const double *y,
                        const double *a, const double *b, const double *w)
{
    double d[N], ys[N], as[N], bs[N], ws[N], mean = 0, squares = 0;
    for (int k = 0; k < N; k++) {
        mlpipe__comparison out;
        int n = 0;
        for (int i = 0; i < N; i++) {
            if (i == k)
                continue;
            ys[n] = y[i];
            as[n] = a[i];
            bs[n] = b[i];
            ws[n++] = w ? w[i] : 1;
        }
        assert_ok(c, two(c, metric, ys, as, bs, w ? ws : NULL, N - 1, &out));
        d[k] = out.b - out.a;
        mean += d[k] / N;
    }
    for (int k = 0; k < N; k++)
        squares += (d[k] - mean) * (d[k] - mean);
    return sqrt(squares * (N - 1) / N);
}

static void intervals(void **state)
{
    static const char *const metrics[] = {"rmse", "mae", "r2", "logloss",
                                          "accuracy", "auc"};
    mlpipe_ctx *c = made_ctx(1);
    double y[N], a[N], b[N], w[N];
    (void)state;
    for (int k = 0; k < 6; k++) {
        noisy(5, k >= 3, y, a, b, w);
        for (int weighted = 0; weighted < 2; weighted++) {
            const double *weights = weighted ? w : NULL;
            mlpipe__comparison out;
            double se;
            assert_ok(c, two(c, metrics[k], y, a, b, weights, N, &out));
            se = jackknife(c, metrics[k], y, a, b, weights);
            if (fabs(out.difference_se - se) > 0.03 * se)
                fail_msg("%s: se %g, jackknife %g", metrics[k],
                         out.difference_se, se);
            assert_true(out.difference.low < out.b - out.a);
            assert_true(out.difference.high > out.b - out.a);
            assert_true(out.two.p > 0 && out.two.p < 1);
            assert_near(out.p < 0.5 ? 2 * out.p : 2 - 2 * out.p, out.two.p,
                        1e-9);
        }
    }
    mlpipe_ctx_free(c);
}

static void which_test(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    double y[N], a[N], b[N], w[N];
    mlpipe__comparison out;
    mlpipe__delong d;
    uint64_t only_a, only_b;
    mlpipe__test t;
    (void)state;
    noisy(9, true, y, a, b, w);
    assert_ok(c, two(c, "accuracy", y, a, b, NULL, N, &out));
    const mlpipe__scored sa = {y, a, NULL, N, 1}, sb = {y, b, NULL, N, 1};
    mlpipe__compare_right(&sa, &sb, &only_a, &only_b);
    mlpipe__mcnemar(only_a, only_b, &t);
    assert_true(only_a && only_b);
    assert_near(out.b - out.a, ((double)only_b - (double)only_a) / N, 1e-15);
    assert_true(out.two.p == t.p && !strncmp(out.test, "McNemar", 7));
    assert_ok(c, two(c, "accuracy", y, a, b, w, N, &out));
    assert_string_equal("paired t of losses", out.test);
    assert_ok(c, two(c, "auc", y, a, b, NULL, N, &out));
    assert_ok(c, mlpipe__delong_test(c, y, a, b, NULL, N, &d));
    assert_string_equal("DeLong", out.test);
    assert_true(out.mean == -d.difference && out.two.p == d.test.p);
    assert_near(out.a, d.auc_a, 1e-14);
    assert_near(out.b, d.auc_b, 1e-14);
    mlpipe_ctx_free(c);
}

/* Three classes: the losses of the rows by themselves. */
static void classes(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    double y[N], p[2][3 * N], loss[N], mean = 0, squares = 0;
    uint64_t only[2] = {0, 0};
    mlpipe__comparison out;
    mlpipe__test t;
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        bool right[2];
        y[i] = (double)(uint32_t)(3 * made_unit(i, 30));
        for (uint32_t m = 0; m < 2; m++) {
            double u[3], sum = 0;
            uint32_t best = 0;
            for (uint32_t k = 0; k < 3; k++) {
                u[k] = made_unit(i, 31 + 3 * m + k) +
                       (y[i] == k ? 0.2 + 0.2 * m : 0);
                sum += u[k];
                best = u[k] > u[best] ? k : best;
            }
            for (uint32_t k = 0; k < 3; k++)
                p[m][3 * i + k] = u[k] / sum;
            right[m] = best == (uint32_t)y[i];
        }
        only[0] += right[0] && !right[1];
        only[1] += right[1] && !right[0];
        loss[i] = log(p[0][3 * i + (uint32_t)y[i]]) -
                  log(p[1][3 * i + (uint32_t)y[i]]);
        mean += loss[i] / N;
    }
    for (int i = 0; i < N; i++)
        squares += (loss[i] - mean) * (loss[i] - mean);
    const double se = sqrt(squares / (N - 1) / N);
    const mlpipe__scored sa = {y, p[0], NULL, N, 3}, sb = {y, p[1], NULL, N,
                                                           3};
    assert_ok(c, mlpipe__compare(c, mlpipe__metric_find("logloss"), &sa, &sb,
                                 &out));
    assert_near(out.mean, mean, 1e-12);
    assert_near(out.difference.value, mean, 1e-12);
    assert_near(out.difference_se, se, 1e-12);
    assert_near(out.two.statistic, mean / se, 1e-9);
    assert_ok(c, mlpipe__compare(c, mlpipe__metric_find("accuracy"), &sa,
                                 &sb, &out));
    mlpipe__mcnemar(only[0], only[1], &t);
    assert_true(only[0] + only[1] > 25 && out.two.p == t.p);
    assert_told(c, MLPIPE_E_UNSUPPORTED,
                mlpipe__compare(c, mlpipe__metric_find("auc"), &sa, &sb,
                                &out));
    mlpipe_ctx_free(c);
}

/* ---- models ------------------------------------------------------------- */

typedef struct models {
    mlpipe_ctx *c;
    mlpipe_dataset *train, *test, *mixed;
    mlpipe_model *good, *poor; /* of the same target */
} models;

static mlpipe_model *fitted(mlpipe_ctx *c, const mlpipe_dataset *d,
                            const char *target, const char *params)
{
    mlpipe_pipeline *p = made_recipe(c, target, "gbt", params);
    mlpipe_model *m;
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static void models_make(models *m, const char *target)
{
    m->c = made_ctx(1);
    m->train = made_dataset(m->c, 0, TRAIN);
    m->test = made_dataset(m->c, TRAIN, TEST);
    m->mixed = made_dataset(m->c, TRAIN / 2, TRAIN / 2 + TEST);
    m->good = fitted(m->c, m->train, target, "trees=40 leaves=8");
    m->poor = fitted(m->c, m->train, target, "trees=1 leaves=2");
}

static void models_free(models *m)
{
    mlpipe_model_free(m->good);
    mlpipe_model_free(m->poor);
    mlpipe_dataset_free(m->train);
    mlpipe_dataset_free(m->test);
    mlpipe_dataset_free(m->mixed);
    mlpipe_ctx_free(m->c);
}

static mlpipe_report *compared(const models *m, const mlpipe_model *a,
                               const mlpipe_model *b,
                               const mlpipe_dataset *d, const char *params)
{
    mlpipe_report *r;
    assert_ok(m->c, mlpipe_compare(m->c, a, b, d, params, &r));
    return r;
}

static void tasks(void **state)
{
    static const struct {
        const char *target, *params, *test;
        bool verdict; /* are so few rows enough? */
    } cases[] = {{"price", NULL, "paired t of losses", true},
                 {"price", "metric=r2", "paired t of losses", true},
                 {"risk", NULL, "paired t of losses", true},
                 {"risk", "metric=auc", "DeLong", true},
                 {"risk", "metric=accuracy", "McNemar", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_report *r, *back, *one;
        mlpipe_figure a, b;
        models m;
        const char *metric = cases[i].params ? cases[i].params + 7
                             : i ? "logloss" : "rmse";
        models_make(&m, cases[i].target);
        r = compared(&m, m.poor, m.good, m.test, cases[i].params);
        back = compared(&m, m.good, m.poor, m.test, cases[i].params);
        assert_string_equal(metric, mlpipe_report_text(r, "metric"));
        assert_non_null(strstr(mlpipe_report_text(r, "test"),
                               cases[i].test));
        if (cases[i].verdict) {
            assert_string_equal("b better", mlpipe_report_text(r, "verdict"));
            assert_string_equal("a better",
                                mlpipe_report_text(back, "verdict"));
        }
        assert_true(get(r, "p") == get(back, "p"));
        assert_true(get(r, "difference") == -get(back, "difference"));
        assert_true(get(r, "detectable") > 0);
        /* the metric of either is that of an evaluation */
        assert_ok(m.c, mlpipe_evaluate(m.c, m.good, m.test, NULL, &one));
        a = figure(r, "b");
        b = figure(one, metric);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(get(r, "n") == TEST - get(r, "rows_without_target"));
        assert_true(get(r, "rows_seen") == 0);
        if (i >= 2) {
            assert_near(get(r, "only_b_right") - get(r, "only_a_right"),
                        -get(back, "only_b_right") +
                            get(back, "only_a_right"), 0);
            (void)get(r, "mcnemar_p");
        }
        assert_int_equal(i == 3, isnan(mlpipe_report_get(r, "wilcoxon_p")));
        mlpipe_report_free(one);
        mlpipe_report_free(r);
        mlpipe_report_free(back);
        models_free(&m);
    }
}

static void itself(void **state)
{
    static const char *const params[] = {"metric=logloss", "metric=auc",
                                         "metric=accuracy"};
    models m;
    (void)state;
    models_make(&m, "risk");
    for (int i = 0; i < 3; i++) {
        mlpipe_report *r = compared(&m, m.good, m.good, m.test, params[i]);
        assert_string_equal("no difference shown",
                            mlpipe_report_text(r, "verdict"));
        assert_true(get(r, "p") == 1 && get(r, "difference") == 0);
        mlpipe_report_free(r);
    }
    models_free(&m);
}

/* Rows that a model was fitted on are no evidence. */
static void seen(void **state)
{
    mlpipe_report *r;
    models m;
    (void)state;
    models_make(&m, "price");
    r = compared(&m, m.poor, m.good, m.mixed, NULL);
    const double known = get(r, "rows_seen");
    assert_in_range((int)known, TRAIN / 4, TRAIN / 2);
    assert_true(get(r, "n") == TRAIN / 2 + TEST - known);
    mlpipe_report_free(r);
    r = compared(&m, m.poor, m.good, m.mixed, "seen=keep");
    assert_true(get(r, "rows_seen") == known);
    assert_true(get(r, "n") == TRAIN / 2 + TEST);
    mlpipe_report_free(r);
    models_free(&m);
}

static void refusals(void **state)
{
    mlpipe_dataset *few;
    mlpipe_model *other;
    mlpipe_report *r;
    models m;
    (void)state;
    models_make(&m, "risk");
    assert_told(m.c, MLPIPE_E_PARAM,
                mlpipe_compare(m.c, m.good, m.poor, m.test,
                               "metric=rmse", &r));
    assert_null(r);
    assert_told(m.c, MLPIPE_E_PARAM,
                mlpipe_compare(m.c, m.good, m.poor, m.test,
                               "metric=acuracy", &r));
    assert_non_null(strstr(mlpipe_ctx_error(m.c)->text, "accuracy is one"));
    assert_told(m.c, MLPIPE_E_PARAM,
                mlpipe_compare(m.c, m.good, m.poor, m.test,
                               "alpha=0.7", &r));
    other = fitted(m.c, m.train, "price", "trees=1");
    assert_told(m.c, MLPIPE_E_SCHEMA,
                mlpipe_compare(m.c, m.good, other, m.test, NULL, &r));
    mlpipe_model_free(other);
    assert_ok(m.c, mlpipe_dataset_slice(m.c, m.test, 0, 1, &few));
    assert_told(m.c, MLPIPE_E_EMPTY,
                mlpipe_compare(m.c, m.good, m.poor, few, NULL, &r));
    mlpipe_dataset_free(few);
    /* all rows are known; the message says how to go on */
    assert_ok(m.c, mlpipe_dataset_slice(m.c, m.train, 0, 3, &few));
    const mlpipe_status st =
        mlpipe_compare(m.c, m.good, m.poor, few, NULL, &r);
    if (st)
        assert_non_null(strstr(mlpipe_ctx_error(m.c)->text, "seen=keep"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(few);
    models_free(&m);
}

/* The gate may ask for auc. */
static void gate(void **state)
{
    mlpipe__metric auc;
    mlpipe__gate g;
    models m;
    (void)state;
    models_make(&m, "risk");
    assert_ok(m.c, mlpipe__compare_metric(m.c, "gate", "auc", m.good, false,
                                        &auc));
    assert_ok(m.c, mlpipe__gate_score(m.c, m.poor, m.good, m.test, &auc, 200,
                                      &g));
    assert_true(g.enough && mlpipe__gate_passes(&g, 0.01));
    assert_string_equal("DeLong", g.compared.test);
    assert_ok(m.c, mlpipe__gate_score(m.c, m.good, m.poor, m.test, &auc, 200,
                                      &g));
    assert_false(mlpipe__gate_passes(&g, 0.5));
    assert_ok(m.c, mlpipe__gate_score(m.c, m.good, m.good, m.test, &auc, 200,
                                      &g));
    assert_false(mlpipe__gate_passes(&g, 0.5));
    models_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses),     cmocka_unit_test(intervals),
        cmocka_unit_test(which_test), cmocka_unit_test(classes),
        cmocka_unit_test(tasks),      cmocka_unit_test(itself),
        cmocka_unit_test(seen),       cmocka_unit_test(refusals),
        cmocka_unit_test(gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
