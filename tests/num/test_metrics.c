/* SPDX-License-Identifier: MIT */
/* Metrics and their intervals against scikit-learn, to 1e-12. */
#include "support.h"

#include <math.h>

#include "golden/num_metrics.h"
#include "num/metric_cases.h"
#include "num/metric_types.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])
enum { METRICS_N = 10000, METRICS_WIDE = 4 };

static double metrics_y[METRICS_N], metrics_w[METRICS_N];
static double metrics_p[METRICS_N * METRIC_CLASSES_MAX];
static double metrics_scratch[5 * METRICS_N];

static int metrics_setup(void **state)
{
    mlpipe_ctx *ctx = NULL;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int metrics_teardown(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

static mlpipe_figure metrics_of(mlpipe_ctx *ctx, const char *name,
                                const double *y, const double *p,
                                const double *w, uint64_t n, uint32_t width)
{
    const mlpipe__scored s = {y, p, w, n, width};
    mlpipe__metric m;
    mlpipe_figure f;
    bool found;
    assert_ok(ctx, mlpipe__metric_read(ctx, name, &m, &found));
    assert_true(found);
    assert_ok(ctx, mlpipe__metric_value(ctx, &m, &s, &f));
    return f;
}

static uint32_t metrics_task(int kind)
{
    return kind < 5    ? MLPIPE__TASK_REGRESSION
           : kind < 10 ? MLPIPE__TASK_BINARY
                       : MLPIPE__TASK_MULTICLASS;
}

/* got is within tol of want, relative to the larger of it and `least`: what
 * should be 0 is what rounding leaves of it, on both sides. */
static void metrics_close(const struct golden_metric *g, const char *what,
                          double got, double want, double tol, double least)
{
    const double size = fabs(want) > least ? fabs(want) : least;
    if (isnan(want) ? !isnan(got)
                    : !(got == want || fabs(got - want) <= tol * size))
        fail_msg("%s of kind %d, %d classes, %d rows, weighted %d: %s is "
                 "%.17g, expected %.17g",
                 g->name, g->kind, g->classes, g->n, g->weighted, what, got,
                 want);
}

/* Every metric of the table, on every case, is in the golden file. */
static void test_golden(void **state)
{
    uint32_t seen = 0, known = 0;
    for (size_t i = 0; i < ROWS(golden_metrics); ++i) {
        const struct golden_metric *const g = &golden_metrics[i];
        const bool plain = !strchr(g->name, '@');
        const mlpipe__metric *const m = mlpipe__metric_find(g->name);
        uint32_t rows = 0;
        metric_case(g->kind, g->classes, g->n, metrics_y, metrics_p,
                    metrics_w);
        for (int k = 0; k < g->n; ++k)
            rows += !g->weighted || metrics_w[k] > 0;
        assert_true(!plain || m->tasks & metrics_task(g->kind));
        const mlpipe_figure f =
            metrics_of(*state, g->name, metrics_y, metrics_p,
                       g->weighted ? metrics_w : NULL, (uint64_t)g->n,
                       (uint32_t)g->classes);
        metrics_close(g, "the value", f.value, g->value, 1e-12, 1e-2);
        metrics_close(g, "low", f.low, g->low, 1e-11, 1e-2);
        metrics_close(g, "high", f.high, g->high, 1e-11, 1e-2);
        assert_same(f.n, rows);
        known += plain && g->kind == 0 && g->n == 200 && !g->weighted;
        known += plain && g->kind == 5 && g->n == 200 && !g->weighted;
        known += plain && g->kind == 10 && g->n == 300 && !g->weighted;
    }
    for (uint32_t i = 0; mlpipe__metric_at(i); ++i)
        for (uint32_t task = 1; task <= MLPIPE__TASK_MULTICLASS; task *= 2)
            seen += (mlpipe__metric_at(i)->tasks & task) != 0;
    assert_int_equal(known, seen);
}

/*
 * Deviances of answers that are nearly right, against the series that
 * fractions give, and of those whose ratio is no double; between the ends the
 * family runs into Poisson and gamma.
 */
static void test_tweedie_at(void **state)
{
    static const struct {
        double power, y, p, want; /* mpmath, 60 digits */
    } cases[] = {
#include "golden/num_tweedie.h"
    };
    (void)state;
    for (size_t i = 0; i < ROWS(cases); ++i)
        assert_relative(mlpipe__loss_tweedie_at(cases[i].power, cases[i].y,
                                                cases[i].p),
                        cases[i].want, 2e-13);
    for (double y = 0; y < 9; y += 0.75)
        for (double p = 0.25; p < 9; p += 0.75) {
            assert_same(mlpipe__loss_tweedie_at(1, y, p),
                        mlpipe__loss_poisson(y, p));
            assert_relative(mlpipe__loss_tweedie_at(1.5, y, p),
                            mlpipe__loss_tweedie(y, p), 1e-13);
            if (y > 0)
                assert_same(mlpipe__loss_tweedie_at(2, y, p),
                            mlpipe__loss_gamma(y, p));
            assert_same(mlpipe__loss_pinball_at(0.5, y, p),
                        mlpipe__loss_pinball(y, p));
        }
    assert_true(isnan(mlpipe__loss_tweedie_at(1.2, -1, 1)));
    assert_true(isnan(mlpipe__loss_tweedie_at(1.2, 1, 0)));
    assert_true(isnan(mlpipe__loss_tweedie_at(1.2, 1, NAN)));
    assert_true(isnan(mlpipe__loss_pinball_at(0.2, 1, NAN)));
    assert_true(isnan(mlpipe__loss_huber_at(2, NAN, 1)));
}

/* The number behind an @ is read, kept in the name and refused. */
static void test_at(void **state)
{
    mlpipe_ctx *const ctx = *state;
    static const struct {
        const char *name, *says; /* NULL: found */
    } cases[] = {
        {"pinball@0.9", NULL},
        {"huber@1000", NULL},
        {"mean_tweedie_deviance@1.25", NULL},
        {"mean_tweedie_deviance@1.2345678901234567", NULL},
        {"pinball@0", "the level of the quantile, a number from 1e-06"},
        {"pinball@1", "to 0.999999, such as pinball@0.9"},
        {"pinball@", "the level of the quantile"},
        {"pinball@0.9@0.1", "the level of the quantile"},
        {"pinball@nan", "the level of the quantile"},
        {"huber@-1", "the error from which on"},
        {"mean_tweedie_deviance@2.5", "the power, a number from 1 to 2"},
        {"mae@2", "pinball, huber and mean_tweedie_deviance do"},
    };
    mlpipe__metric m;
    bool found;
    for (size_t i = 0; i < ROWS(cases); ++i) {
        const mlpipe_status st =
            mlpipe__metric_read(ctx, cases[i].name, &m, &found);
        assert_status(st, cases[i].says ? MLPIPE_E_PARAM : MLPIPE_OK);
        assert_int_equal(found, !cases[i].says);
        if (cases[i].says && !strstr(mlpipe_ctx_error(ctx)->text,
                                     cases[i].says))
            fail_msg("%s", mlpipe_ctx_error(ctx)->text);
        if (found)
            assert_string_equal(m.name, cases[i].name);
    }
    /* one name for one metric */
    assert_ok(ctx, mlpipe__metric_read(ctx, "pinball@9e-1", &m, &found));
    assert_string_equal(m.name, "pinball@0.9");
}

/* The short functions say what the table says. */
static void test_short(void **state)
{
    for (int weighted = 0; weighted < 2; ++weighted) {
        const double *const w = weighted ? metrics_w : NULL;
        const uint32_t n = 3000;
        num_predictions(n, n, 0, metrics_y, metrics_p, metrics_w);
        const struct {
            const char *name;
            double value;
        } short_of[] = {
            {"rmse", mlpipe__metric_rmse(metrics_y, metrics_p, w, n)},
            {"mae", mlpipe__metric_mae(metrics_y, metrics_p, w, n)},
            {"r2", mlpipe__metric_r2(metrics_y, metrics_p, w, n)},
        };
        for (size_t i = 0; i < ROWS(short_of); ++i)
            assert_relative(short_of[i].value,
                            metrics_of(*state, short_of[i].name, metrics_y,
                                       metrics_p, w, n, 1)
                                .value,
                            1e-13);
        num_predictions(n, n, 1, metrics_y, metrics_p, metrics_w);
        assert_relative(
            mlpipe__metric_logloss(metrics_y, metrics_p, w, n),
            metrics_of(*state, "logloss", metrics_y, metrics_p, w, n, 1)
                .value, 1e-13);
        assert_relative(
            mlpipe__metric_accuracy(metrics_y, metrics_p, w, n),
            metrics_of(*state, "accuracy", metrics_y, metrics_p, w, n, 1)
                .value, 1e-13);
        assert_relative(
            mlpipe__metric_auc(metrics_y, metrics_p, w, n, metrics_scratch),
            metrics_of(*state, "auc", metrics_y, metrics_p, w, n, 1).value,
            1e-13);
    }
}

/* Where there is nothing to say, the answer is NaN. */
static void test_undefined(void **state)
{
    const double y[] = {1.0, 1.0, 1.0};
    const double p[] = {0.5, 0.75, 1.0};
    const double none[] = {0.0, 0.0, 0.0};
    const double nan[] = {0.5, NAN, 1.0};
    const double ends[] = {1.0, 0.0, 1.0};
    assert_true(isnan(mlpipe__metric_rmse(y, p, NULL, 0)));
    assert_true(isnan(mlpipe__metric_rmse(y, p, none, 3)));
    assert_same(mlpipe__metric_r2(y, p, NULL, 3), 0.0);
    assert_same(mlpipe__metric_r2(y, y, NULL, 3), 1.0);
    assert_true(isnan(mlpipe__metric_r2(y, p, NULL, 1)));
    assert_true(isnan(mlpipe__metric_auc(y, p, NULL, 3, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_auc(y, p, NULL, 0, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_auc(y, p, none, 3, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_rmse(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_logloss(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_accuracy(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_auc(y, nan, NULL, 3, metrics_scratch)));
    for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
        const char *const name = mlpipe__metric_at(i)->name;
        const uint32_t width =
            mlpipe__metric_at(i)->tasks == MLPIPE__TASK_MULTICLASS ? 3 : 1;
        mlpipe_figure f = metrics_of(*state, name, y, p, NULL, 0, width);
        assert_true(isnan(f.value) && isnan(f.low) && isnan(f.high));
        assert_same(f.n, 0.0);
        f = metrics_of(*state, name, y, nan, NULL, width == 1 ? 3 : 1,
                       width);
        assert_true(isnan(f.value) && isnan(f.low) && isnan(f.high));
        if (width > 1)
            continue;
        /* a NaN of weight 0 is not there */
        f = metrics_of(*state, name, y, nan, ends, 3, 1);
        const double kept[] = {0.5, 1.0};
        const mlpipe_figure want =
            metrics_of(*state, name, y, kept, NULL, 2, 1);
        assert_relative(f.value, want.value, 1e-15);
        assert_same(f.n, 2.0);
    }
}

static void test_edges(void **state)
{
    const double y[] = {1.0, 0.0};
    const double sure[] = {1.0, 0.0};
    const double wrong[] = {0.0, 1.0};
    const double same[] = {0.5, 0.5};
    const double zeros[] = {0.0, -0.0};
    mlpipe_figure f;
    /* Clipped at the machine's epsilon, never infinite. */
    assert_relative(mlpipe__metric_logloss(y, wrong, NULL, 2),
                    36.04365338911715, 1e-15);
    assert_relative(mlpipe__metric_logloss(y, sure, NULL, 2), 0x1p-52, 1e-9);
    assert_same(mlpipe__metric_auc(y, sure, NULL, 2, metrics_scratch), 1.0);
    assert_same(mlpipe__metric_auc(y, wrong, NULL, 2, metrics_scratch), 0.0);
    assert_same(mlpipe__metric_auc(y, same, NULL, 2, metrics_scratch), 0.5);
    assert_same(mlpipe__metric_auc(y, zeros, NULL, 2, metrics_scratch), 0.5);
    assert_same(mlpipe__metric_accuracy(y, same, NULL, 2), 0.5);
    assert_same(mlpipe__metric_rmse(y, sure, NULL, 2), 0.0);
    assert_same(mlpipe__metric_r2(y, sure, NULL, 2), 1.0);
    f = metrics_of(*state, "rmse", y, sure, NULL, 2, 1);
    assert_same(f.low, 0.0);
    assert_same(f.high, 0.0);
    /* the threshold of a perfect order is its lowest positive */
    mlpipe__curve c;
    const double three[] = {0.2, 0.9, 0.4}, t[] = {0.0, 1.0, 1.0};
    mlpipe__curve_make(&c, t, three, NULL, 3, (uint64_t *)metrics_scratch);
    assert_same(c.best_f1, 1.0);
    assert_same(c.threshold, 0.4);
    assert_same(c.ks, 1.0);
    assert_same(c.ap, 1.0);
}

/* y, p (wide), w repeated as often as w says: n rows come out. */
static uint32_t metrics_repeat(uint32_t rows, uint32_t width,
                               const double *y, const double *p,
                               const double *w, double *y2, double *p2)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows; ++i) {
        for (uint32_t k = 0; k < (uint32_t)w[i]; ++k, ++n) {
            y2[n] = y[i];
            memcpy(p2 + (size_t)n * width, p + (size_t)i * width,
                   width * sizeof *p);
        }
    }
    return n;
}

/* A row of weight 0 is absent, and weight 2 is a row twice; rows may come in
 * any order. Of all metrics. */
static void test_weights(void **state)
{
    enum { N = 300 };
    static double y[N], p[N * METRICS_WIDE], w[N], y2[2 * N],
        p2[2 * N * METRICS_WIDE], back_y[N], back_p[N * METRICS_WIDE],
        back_w[N];
    for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
        const mlpipe__metric *const m = mlpipe__metric_at(i);
        for (uint32_t task = 1; task <= MLPIPE__TASK_MULTICLASS; task *= 2) {
            const uint32_t width =
                task == MLPIPE__TASK_MULTICLASS ? METRICS_WIDE : 1;
            if (!(m->tasks & task))
                continue;
            metric_case(task == MLPIPE__TASK_REGRESSION ? 1
                        : task == MLPIPE__TASK_BINARY   ? 5
                                                        : 13,
                        (int)width, N, y, p, w);
            for (uint32_t k = 0; k < N; ++k)
                w[k] = k % 3;
            const uint32_t n = metrics_repeat(N, width, y, p, w, y2, p2);
            for (uint32_t k = 0; k < N; ++k) {
                back_y[k] = y[N - 1 - k];
                back_w[k] = w[N - 1 - k];
                memcpy(back_p + k * width, p + (N - 1 - k) * width,
                       width * sizeof *p);
            }
            const mlpipe_figure a =
                metrics_of(*state, m->name, y, p, w, N, width);
            const mlpipe_figure b =
                metrics_of(*state, m->name, y2, p2, NULL, n, width);
            const mlpipe_figure c = metrics_of(*state, m->name, back_y,
                                               back_p, back_w, N, width);
            assert_relative(a.value, b.value, 1e-12);
            assert_relative(a.value, c.value, 1e-12);
            assert_relative(a.low, c.low, 1e-11);
            assert_relative(a.high, c.high, 1e-11);
            assert_same(a.n, 200.0);
        }
    }
}

/* Weights that are all so many times as large change nothing: not where their
 * sums, products and squares are beyond the doubles. Of all metrics. */
static void test_extreme_weights(void **state)
{
    enum { N = 300 };
    static const double units[] = {0x1p1022, 0x1p600, 0x1p-600, 0x1p-1020};
    static double y[N], p[N * METRICS_WIDE], w[N], far[N];
    for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
        const mlpipe__metric *const m = mlpipe__metric_at(i);
        for (uint32_t task = 1; task <= MLPIPE__TASK_MULTICLASS; task *= 2) {
            const uint32_t width =
                task == MLPIPE__TASK_MULTICLASS ? METRICS_WIDE : 1;
            if (!(m->tasks & task))
                continue;
            metric_case(task == MLPIPE__TASK_REGRESSION ? 1
                        : task == MLPIPE__TASK_BINARY   ? 5
                                                        : 13,
                        (int)width, N, y, p, w);
            for (uint32_t k = 0; k < N; ++k)
                w[k] = k % 3 ? 1.0 + 0.25 * (k % 3) : 0.0;
            const mlpipe_figure a =
                metrics_of(*state, m->name, y, p, w, N, width);
            for (uint32_t u = 0; u < ROWS(units); ++u) {
                for (uint32_t k = 0; k < N; ++k)
                    far[k] = w[k] * units[u];
                const mlpipe_figure b =
                    metrics_of(*state, m->name, y, p, far, N, width);
                assert_relative(a.value, b.value, 1e-15);
                assert_relative(a.low, b.low, 1e-15);
                assert_relative(a.high, b.high, 1e-15);
                assert_same(a.n, b.n);
            }
        }
    }
}

/* Values so small that their squares are 0, or so large that these are
 * infinite: right or NaN, but never a round number. */
static void test_extreme_values(void **state)
{
    enum { N = 50 };
    static const double units[] = {0x1p900, 0x1p-600, 0x1p-1000};
    static double y[N], p[N], far_y[N], far_p[N];
    metric_case(1, 1, N, y, p, far_y);
    for (uint32_t u = 0; u < ROWS(units); ++u) {
        for (uint32_t k = 0; k < N; ++k) {
            far_y[k] = y[k] * units[u];
            far_p[k] = p[k];
        }
        const mlpipe_figure a =
            metrics_of(*state, "pearson", y, p, NULL, N, 1);
        const mlpipe_figure b =
            metrics_of(*state, "pearson", far_y, far_p, NULL, N, 1);
        const mlpipe_figure c =
            metrics_of(*state, "pearson", far_p, far_y, NULL, N, 1);
        assert_relative(a.value, b.value, 1e-13);
        assert_relative(a.value, c.value, 1e-13);
        for (uint32_t k = 0; k < N; ++k)
            far_p[k] = p[k] * units[u];
        assert_true(isnan(
            metrics_of(*state, "r2", far_y, far_p, NULL, N, 1).value));
    }
}

/* Where nothing was scored there is no threshold either. */
static void test_no_threshold(void **state)
{
    const double y[] = {1.0, 0.0}, p[] = {0.7, 0.2}, none[] = {0.0, 0.0};
    const mlpipe__scored s = {y, p, none, 2, 1};
    mlpipe__scoring g;
    mlpipe_figure f;
    assert_ok(*state, mlpipe__scoring_init(&g, *state, &s));
    assert_ok(*state, mlpipe__scoring_value(
                          &g, mlpipe__metric_find("best_f1"), &f));
    assert_true(isnan(f.value) && isnan(g.curve.threshold));
    mlpipe__scoring_free(&g);
}

/* Pairs one by one. */
static double metrics_slow_auc(const double *y, const double *p, uint32_t n)
{
    double pairs = 0, all = 0;
    for (uint32_t i = 0; i < n; ++i) {
        for (uint32_t k = 0; k < n; ++k) {
            if (!(y[i] > y[k]))
                continue;
            all += 1;
            pairs += p[i] > p[k] ? 1.0 : p[i] == p[k] ? 0.5 : 0.0;
        }
    }
    return pairs / all;
}

/* Both ways of sorting, few and many rows, scores from -inf to inf. */
static void test_auc_pairs(void **state)
{
    static const uint32_t sizes[] = {2, 3, 10, 500, 9000};
    (void)state;
    for (size_t i = 0; i < ROWS(sizes); ++i) {
        for (uint32_t kind = 0; kind < 4; ++kind) {
            const uint32_t n = sizes[i];
            mlpipe__curve c;
            num_predictions(n + kind, n, 1, metrics_y, metrics_p, metrics_w);
            metrics_y[0] = 0.0;
            metrics_y[1] = 1.0;
            for (uint32_t k = 0; kind && k < n; ++k) {
                metrics_p[k] -= 0.5;
                if (kind > 1) /* too far apart for one word */
                    metrics_p[k] *= 1e300;
                if (kind > 2 && k % 7 == 0)
                    metrics_p[k] = k % 2 ? INFINITY : -INFINITY;
                metrics_w[k] = 1.0;
            }
            mlpipe__curve_make(&c, metrics_y, metrics_p, NULL, n,
                               (uint64_t *)metrics_scratch);
            const double want = metrics_slow_auc(metrics_y, metrics_p, n);
            assert_relative(c.auc, want, 1e-15);
            if (!kind)
                continue;
            /* equal weights take another way to the same */
            mlpipe__curve d;
            mlpipe__curve_make(&d, metrics_y, metrics_p, metrics_w, n,
                               (uint64_t *)metrics_scratch);
            assert_relative(d.auc, want, 1e-13);
            assert_relative(d.auc_se, c.auc_se, 1e-9);
            assert_relative(d.ap, c.ap, 1e-13);
            assert_relative(d.ks, c.ks, 1e-13);
            assert_same(d.best_f1, c.best_f1);
            assert_same(d.threshold, c.threshold);
        }
    }
}

/* The points of the curve, and the sort, against sorting by hand. */
static void test_points(void **state)
{
    enum { N = 9000 };
    static double threshold[N], tp[N], fp[N];
    mlpipe__curve c;
    (void)state;
    for (uint32_t n = 1; n <= N; n = n * 3 + 7) {
        num_predictions(n, n, 1, metrics_y, metrics_p, metrics_w);
        mlpipe__curve_make(&c, metrics_y, metrics_p, NULL, n,
                           (uint64_t *)metrics_scratch);
        const uint32_t points = mlpipe__curve_points(&c, threshold, tp, fp);
        assert_true(points >= 1 && points <= n);
        assert_same(tp[points - 1], c.positives);
        assert_same(fp[points - 1], c.negatives);
        for (uint32_t i = 0; i < points; i += 1 + points / 20) {
            double above[2] = {0, 0};
            for (uint32_t k = 0; k < n; ++k)
                above[metrics_y[k] > 0] += metrics_p[k] >= threshold[i];
            assert_same(tp[i], above[1]);
            assert_same(fp[i], above[0]);
            assert_true(!i || threshold[i] < threshold[i - 1]);
        }
    }
}

/* DeLong's interval holds the area that drew the samples, as often as it
 * says: 1,000 samples of 400 rows, within four standard errors of 95 %. */
static void test_coverage(void **state)
{
    const double truth = 5.0 / 6.0; /* of x against the larger of 2 of them */
    uint64_t seed = 20;
    uint32_t held = 0;
    for (uint32_t round = 0; round < 1000; ++round) {
        for (uint32_t i = 0; i < 400; ++i) {
            const double a = num_unit(&seed), b = num_unit(&seed);
            const double larger = a > b ? a : b, less = a > b ? b : a;
            metrics_y[i] = i % 2;
            metrics_p[i] = i % 2 ? larger : less;
        }
        const mlpipe_figure f = metrics_of(*state, "auc", metrics_y,
                                           metrics_p, NULL, 400, 1);
        held += f.low <= truth && truth <= f.high;
    }
    assert_true(held >= 923 && held <= 977);
}

static void test_out_of_memory(void **state)
{
    mlpipe_ctx *const ctx = *state;
    const uint64_t live = atomic_load(&ctx->env->live);
    const uint64_t cap = ctx->env->cap;
    static const int kinds[] = {0, 5, 10};
    for (size_t k = 0; k < ROWS(kinds); ++k) {
        const uint32_t width = kinds[k] < 10 ? 1 : 4;
        metric_case(kinds[k], (int)width, 1000, metrics_y, metrics_p,
                    metrics_w);
        for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
            const mlpipe__metric *const m = mlpipe__metric_at(i);
            const mlpipe__scored s = {metrics_y, metrics_p, metrics_w, 1000,
                                      width};
            mlpipe_status st = MLPIPE_E_NOMEM;
            mlpipe_figure f;
            if (!(m->tasks & metrics_task(kinds[k])))
                continue;
            for (uint64_t room = 100; st && room < 1000000; room *= 2) {
                ctx->env->cap = live + room;
                st = mlpipe__metric_value(ctx, m, &s, &f);
                assert_true(!st || (st == MLPIPE_E_NOMEM && isnan(f.value)));
                assert_true(atomic_load(&ctx->env->live) == live);
            }
            ctx->env->cap = cap;
            assert_int_equal(st, MLPIPE_OK);
            assert_false(isnan(f.value));
        }
    }
}

static void test_table(void **state)
{
    uint32_t tasks[3] = {0};
    (void)state;
    for (uint32_t n = 0; mlpipe__metric_at(n); ++n) {
        const mlpipe__metric *const m = mlpipe__metric_at(n);
        assert_ptr_equal(mlpipe__metric_find(m->name), m);
        assert_true(m->tasks && m->value);
        assert_int_equal(m->standard & ~m->tasks, 0);
        /* the doc says whether there is an interval */
        assert_non_null(strstr(m->doc, "interval"));
        for (uint32_t k = 0; k < 3; ++k)
            tasks[k] += m->tasks >> k & 1;
    }
    for (uint32_t k = 0; k < 3; ++k)
        assert_true(tasks[k] > 6 && tasks[k] <= MLPIPE__METRICS_MAX);
    assert_null(mlpipe__metric_find("nothing"));
    assert_null(mlpipe__metric_find(NULL));
}

/* Answers next to targets that are large: of d = y - p what is left are the
 * squares, d^2 / p^k. None is below 0, and no interval leaves its value out. */
static void test_deviances_near(void **state)
{
    enum { N = 30 };
    static const struct {
        const char *name;
        double power;
    } cases[] = {{"mean_poisson_deviance", 1.0},
                 {"mean_tweedie_deviance", 1.5},
                 {"mean_gamma_deviance", 2.0}};
    static const double sizes[] = {1e15, 1e12, 1e300, 1e-200};
    double y[N], p[N];
    for (uint32_t s = 0; s < ROWS(sizes); ++s) {
        const double step = 0x1p-49 * sizes[s];
        for (uint32_t i = 0; i < N; ++i) {
            y[i] = sizes[s] + (i % 3) * step;
            p[i] = sizes[s] + (i % 4) * step;
        }
        for (uint32_t c = 0; c < ROWS(cases); ++c) {
            const mlpipe_figure f =
                metrics_of(*state, cases[c].name, y, p, NULL, N, 1);
            double sum = 0.0;
            for (uint32_t i = 0; i < N; ++i)
                sum += (y[i] - p[i]) / pow(p[i], cases[c].power / 2.0)
                     * ((y[i] - p[i]) / pow(p[i], cases[c].power / 2.0));
            assert_true(f.value >= 0.0);
            assert_relative(f.value, sum / N, 1e-12);
        }
        for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
            const mlpipe__metric *const m = mlpipe__metric_at(i);
            if (!(m->tasks & MLPIPE__TASK_REGRESSION)
                || (sizes[s] > 1e200 && !strstr(m->name, "deviance")))
                continue;
            const mlpipe_figure f =
                metrics_of(*state, m->name, y, p, NULL, N, 1);
            assert_false(f.low > f.value || f.high < f.value);
        }
    }
}

/* Where the series ends both forms are the same; and ratios that are no
 * doubles have logarithms all the same. */
static void test_deviances_far(void **state)
{
    (void)state;
    for (int32_t k = -60; k <= 60; ++k) {
        const double y = 3.0, p = y * (1.0 + 0.01 * k), l = log(y / p);
        const double tol = k ? 1e-14 / (1e-4 * k * k) : 1.0;
        assert_true(mlpipe__loss_poisson(y, p) >= 0.0);
        assert_relative(mlpipe__loss_poisson(y, p), 2.0 * (y * l - y + p),
                        tol);
        assert_true(mlpipe__loss_gamma(y, p) >= 0.0);
        assert_relative(mlpipe__loss_gamma(y, p), 2.0 * (y / p - 1.0 - l),
                        tol);
        assert_relative(mlpipe__loss_tweedie(y, p),
                        4.0 * (y / sqrt(p) + sqrt(p) - 2.0 * sqrt(y)), tol);
        assert_relative(mlpipe__loss_squared_log(y - 1.0, p - 1.0), l * l,
                        tol);
    }
    assert_relative(mlpipe__loss_poisson(1e-300, 1e300), 2e300, 1e-15);
    assert_relative(mlpipe__loss_poisson(1e300, 1e-300),
                    2e300 * (600.0 * log(10.0) - 1.0), 1e-13);
    assert_relative(mlpipe__loss_gamma(1e-300, 1e300),
                    2.0 * (600.0 * log(10.0) - 1.0), 1e-13);
    assert_same(mlpipe__loss_poisson(0.0, 3.0), 6.0);
    assert_same(mlpipe__loss_tweedie(0.0, 4.0), 8.0);
}

/* A skill is as far below 0 as the answer is worse than the mean, and nothing
 * where no target differs from the mean but by rounding. */
static void test_skill_near(void **state)
{
    enum { N = 30 };
    static const char *const names[] = {"d2_poisson", "d2_gamma"};
    double y[N], p[N], mean[N], close[N];
    for (uint32_t i = 0; i < N; ++i) {
        y[i] = 1e15 + i % 3;
        p[i] = 1e15 + 3.0;
        mean[i] = 1e15 + 1.0;
        close[i] = 1e16 + 2.0 * (i % 2);
    }
    for (uint32_t k = 0; k < ROWS(names); ++k) {
        const mlpipe_figure bad =
            metrics_of(*state, names[k], y, p, NULL, N, 1);
        const mlpipe_figure none =
            metrics_of(*state, names[k], y, mean, NULL, N, 1);
        /* squares of 14 / 3 beside 2 / 3; the mean of 30 such numbers
         * is known to a tenth */
        assert_true(fabs(bad.value + 6.0) < 0.5);
        assert_true(fabs(none.value) < 0.1);
        assert_true(bad.low <= bad.value && bad.value <= bad.high);
        assert_true(isnan(
            metrics_of(*state, names[k], close, p, NULL, N, 1).value));
        /* of one value it is that of r2 */
        assert_same(metrics_of(*state, names[k], p, p, NULL, N, 1).value,
                    1.0);
        assert_same(metrics_of(*state, names[k], p, y, NULL, N, 1).value,
                    0.0);
    }
}

/* What no double holds is an error that says so, and squares that overflow
 * leave a value without an interval. */
static void test_beyond(void **state)
{
    const double y[] = {1e200, -1e200, 1e200}, p[] = {-1e200, 1e200, 0.0};
    const double w[] = {1e140, -1e140, 1e140}, q[] = {-1e140, 1e140, 0.0};
    static const char *const names[] = {"rmse", "mse"};
    const mlpipe__scored s = {y, p, NULL, 3, 1};
    mlpipe_figure f;
    for (uint32_t k = 0; k < ROWS(names); ++k) {
        const mlpipe__metric *const m = mlpipe__metric_find(names[k]);
        assert_int_equal(MLPIPE_E_NUMERIC,
                         mlpipe__metric_value(*state, m, &s, &f));
        assert_non_null(strstr(mlpipe_ctx_error(*state)->text,
                               "of 3 rows is beyond every double; scale the "
                               "target down"));
        assert_true(isnan(f.value) && isnan(f.low) && isnan(f.high));
        f = metrics_of(*state, names[k], w, q, NULL, 3, 1);
        assert_true(f.value > 1e140 && isnan(f.low) && isnan(f.high));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_tweedie_at),
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_extreme_weights),
        cmocka_unit_test(test_extreme_values),
        cmocka_unit_test(test_no_threshold),
        cmocka_unit_test(test_auc_pairs),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_deviances_near),
        cmocka_unit_test(test_deviances_far),
        cmocka_unit_test(test_skill_near),
        cmocka_unit_test(test_beyond),
    };
    return cmocka_run_group_tests(tests, metrics_setup, metrics_teardown);
}
