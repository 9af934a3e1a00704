/* SPDX-License-Identifier: MIT */
/* Metrics and their intervals against scikit-learn, to 1e-12. */
#include "support.h"

#include "golden/num_metrics.h"
#include "num/num_internal.h"
#include "num/num_support.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])
enum { METRICS_N = 10000 };

static double metrics_y[METRICS_N], metrics_p[METRICS_N], metrics_w[METRICS_N];
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

static mlpipe_status metrics_value(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                   const double *y, const double *p,
                                   const double *w, uint64_t n,
                                   mlpipe_figure *out)
{
    const mlpipe__scored s = {y, p, w, n, 1};
    return mlpipe__metric_value(ctx, m, &s, out);
}

/* value, low, high as in g[0 .. 2]. */
static void metrics_same(mlpipe_ctx *ctx, const char *name, const double *g,
                         const double *w, uint32_t n)
{
    const mlpipe__metric *const m = mlpipe__metric_find(name);
    mlpipe_figure f;
    assert_non_null(m);
    assert_ok(ctx, metrics_value(ctx, m, metrics_y, metrics_p, w, n,
                                        &f));
    assert_relative(f.value, g[0], 1e-12);
    assert_relative(f.low, g[1], 1e-11);
    assert_relative(f.high, g[2], 1e-11);
    assert_same(f.n, w ? n - floor((n + 4) / 5) : n);
}

static void test_regression(void **state)
{
    for (size_t i = 0; i < ROWS(golden_regression); ++i) {
        const double *const g = golden_regression[i];
        const uint32_t n = (uint32_t)g[0];
        const double *const w = g[1] != 0.0 ? metrics_w : NULL;
        num_predictions(n, n, 0, metrics_y, metrics_p, metrics_w);
        metrics_same(*state, "rmse", g + 2, w, n);
        metrics_same(*state, "mae", g + 5, w, n);
        assert_relative(mlpipe__metric_rmse(metrics_y, metrics_p, w, n), g[2],
                        1e-12);
        assert_relative(mlpipe__metric_mae(metrics_y, metrics_p, w, n), g[5],
                        1e-12);
        assert_relative(mlpipe__metric_r2(metrics_y, metrics_p, w, n), g[8],
                        1e-12);
        const double r2[] = {g[8], NAN, NAN};
        metrics_same(*state, "r2", r2, w, n);
    }
}

static void test_binary(void **state)
{
    for (size_t i = 0; i < ROWS(golden_binary); ++i) {
        const double *const g = golden_binary[i];
        const uint32_t n = (uint32_t)g[0];
        const double *const w = g[1] != 0.0 ? metrics_w : NULL;
        num_predictions(n + 1, n, 1, metrics_y, metrics_p, metrics_w);
        metrics_same(*state, "logloss", g + 2, w, n);
        metrics_same(*state, "accuracy", g + 5, w, n);
        metrics_same(*state, "auc", g + 8, w, n);
        assert_relative(mlpipe__metric_logloss(metrics_y, metrics_p, w, n),
                        g[2], 1e-12);
        assert_relative(mlpipe__metric_accuracy(metrics_y, metrics_p, w, n),
                        g[5], 1e-12);
        assert_relative(mlpipe__metric_auc(metrics_y, metrics_p, w, n,
                                           metrics_scratch),
                        g[8], 1e-12);
    }
}

/* Where there is nothing to say, the answer is NaN. */
static void test_undefined(void **state)
{
    const double y[] = {1.0, 1.0, 1.0};
    const double p[] = {0.5, 0.75, 1.0};
    const double none[] = {0.0, 0.0, 0.0};
    const double nan[] = {0.5, NAN, 1.0};
    assert_true(isnan(mlpipe__metric_rmse(y, p, NULL, 0)));
    assert_true(isnan(mlpipe__metric_rmse(y, p, none, 3)));
    assert_true(isnan(mlpipe__metric_r2(y, p, NULL, 3)));
    assert_true(isnan(mlpipe__metric_r2(y, p, NULL, 1)));
    assert_true(isnan(mlpipe__metric_auc(y, p, NULL, 3, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_auc(y, p, NULL, 0, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_auc(y, p, none, 3, metrics_scratch)));
    assert_true(isnan(mlpipe__metric_rmse(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_logloss(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_accuracy(y, nan, NULL, 3)));
    assert_true(isnan(mlpipe__metric_auc(y, nan, NULL, 3, metrics_scratch)));
    for (uint32_t i = 0; mlpipe__metric_at(i); ++i) {
        mlpipe_figure f;
        assert_ok(*state, metrics_value(*state, mlpipe__metric_at(i),
                                               y, p, NULL, 0, &f));
        assert_true(isnan(f.value) && isnan(f.low) && isnan(f.high));
        assert_same(f.n, 0.0);
    }
}

static void test_edges(void **state)
{
    const double y[] = {1.0, 0.0};
    const double sure[] = {1.0, 0.0};
    const double wrong[] = {0.0, 1.0};
    const double same[] = {0.5, 0.5};
    mlpipe_figure f;
    /* Clipped at the machine's epsilon, never infinite. */
    assert_relative(mlpipe__metric_logloss(y, wrong, NULL, 2),
                    36.04365338911715, 1e-15);
    assert_relative(mlpipe__metric_logloss(y, sure, NULL, 2), 0x1p-52, 1e-9);
    assert_same(mlpipe__metric_auc(y, sure, NULL, 2, metrics_scratch), 1.0);
    assert_same(mlpipe__metric_auc(y, wrong, NULL, 2, metrics_scratch), 0.0);
    assert_same(mlpipe__metric_auc(y, same, NULL, 2, metrics_scratch), 0.5);
    assert_same(mlpipe__metric_accuracy(y, same, NULL, 2), 0.5);
    assert_same(mlpipe__metric_rmse(y, sure, NULL, 2), 0.0);
    assert_same(mlpipe__metric_r2(y, sure, NULL, 2), 1.0);
    assert_ok(*state, metrics_value(*state,
                                           mlpipe__metric_find("rmse"), y,
                                           sure, NULL, 2, &f));
    assert_same(f.low, 0.0);
    assert_same(f.high, 0.0);
}

/* A row of weight 0 is absent, and weight 2 is a row twice. */
static void test_weights(void **state)
{
    enum { N = 300 };
    double y[N], p[N], w[N], y2[2 * N], p2[2 * N];
    uint32_t n = 0;
    num_predictions(9, N, 1, y, p, w);
    for (uint32_t i = 0; i < N; ++i) {
        w[i] = i % 3;
        for (uint32_t k = 0; k < i % 3; ++k) {
            y2[n] = y[i];
            p2[n++] = p[i];
        }
    }
    assert_relative(mlpipe__metric_rmse(y, p, w, N),
                    mlpipe__metric_rmse(y2, p2, NULL, n), 1e-14);
    assert_relative(mlpipe__metric_mae(y, p, w, N),
                    mlpipe__metric_mae(y2, p2, NULL, n), 1e-14);
    assert_relative(mlpipe__metric_r2(y, p, w, N),
                    mlpipe__metric_r2(y2, p2, NULL, n), 1e-13);
    assert_relative(mlpipe__metric_logloss(y, p, w, N),
                    mlpipe__metric_logloss(y2, p2, NULL, n), 1e-14);
    assert_relative(mlpipe__metric_auc(y, p, w, N, metrics_scratch),
                    mlpipe__metric_auc(y2, p2, NULL, n, metrics_scratch),
                    1e-14);
}

static void test_out_of_memory(void **state)
{
    mlpipe_ctx *const ctx = *state;
    const mlpipe__metric *const m = mlpipe__metric_find("auc");
    const uint64_t live = atomic_load(&ctx->env->live);
    const uint64_t cap = ctx->env->cap;
    mlpipe_figure f;
    num_predictions(1, 1000, 1, metrics_y, metrics_p, metrics_w);
    ctx->env->cap = live + 100;
    assert_status(MLPIPE_E_NOMEM,
                  metrics_value(ctx, m, metrics_y, metrics_p, NULL,
                                       1000, &f));
    assert_true(isnan(f.value));
    ctx->env->cap = cap;
    assert_ok(ctx, metrics_value(ctx, m, metrics_y, metrics_p, NULL,
                                        1000, &f));
    assert_true(f.low < f.value && f.value < f.high);
    assert_true(atomic_load(&ctx->env->live) == live);
}

static void test_table(void **state)
{
    uint32_t n = 0;
    for (; mlpipe__metric_at(n); ++n) {
        const mlpipe__metric *const m = mlpipe__metric_at(n);
        assert_ptr_equal(mlpipe__metric_find(m->name), m);
        assert_true(m->tasks && m->doc[0]);
    }
    assert_int_equal(n, 6);
    assert_null(mlpipe__metric_find("nothing"));
    assert_null(mlpipe__metric_find(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, metrics_setup, metrics_teardown);
}
