/* SPDX-License-Identifier: MIT */
/* Tests of pairs against SciPy, statsmodels and pROC; how often they err. */
#include "support.h"

#include "golden/num_paired.h"
#include "num/num_internal.h"
#include "num/num_support.h"
#include "golden_text.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

enum { TRIALS = 2000, SCORED = 1500 };

static mlpipe_ctx *c;

static int open_ctx(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

/* Standard normal, of a state of num_unit. */
static double normal(uint64_t *state)
{
    return mlpipe__normal_quantile(num_unit(state) + 0x1p-54);
}

static mlpipe__delong delong(const double *y, const double *a,
                             const double *b, const double *w, uint64_t n)
{
    mlpipe__delong d;
    assert_ok(c, mlpipe__delong_test(c, y, a, b, w, n, &d));
    return d;
}

/* g: auc a, auc b, var a, var b, cov, z of a - b, p. */
static void check_delong(const mlpipe__delong *d, const double g[7])
{
    assert_relative(d->auc_a, g[0], 1e-13);
    assert_relative(d->auc_b, g[1], 1e-13);
    assert_relative(d->difference, g[1] - g[0], 1e-12);
    assert_relative(d->se_a * d->se_a, g[2], 1e-12);
    assert_relative(d->se_b * d->se_b, g[3], 1e-12);
    assert_relative(d->covariance, g[4], 1e-12);
    assert_relative(d->test.statistic, -g[5], 1e-12);
    assert_relative(d->test.p, g[6], 1e-12);
}

static void test_delong(void **state)
{
    enum { N = ROWS(golden_asah) };
    double x[4][N];
    static const int pair[3][2] = {{1, 2}, {2, 3}, {3, 1}};
    (void)state;
    for (size_t i = 0; i < N; ++i)
        for (int k = 0; k < 4; ++k)
            x[k][i] = golden_asah[i][k];
    for (int k = 0; k < 3; ++k) {
        const mlpipe__delong d =
            delong(x[0], x[pair[k][0]], x[pair[k][1]], NULL, N);
        check_delong(&d, golden_delong[k]);
    }
}

/* Truths and two scores, as make_paired.py has them. */
static void scores(double *y, double *a, double *b, double *w)
{
    static double other[SCORED];
    num_predictions(SCORED, SCORED, 1, y, a, w);
    num_predictions(SCORED + 1, SCORED, 1, other, b, w);
    for (int i = 0; i < SCORED; ++i)
        b[i] = 0.5 * (a[i] + b[i]);
}

static void test_delong_ties(void **state)
{
    static double y[SCORED], a[SCORED], b[SCORED], w[SCORED];
    mlpipe__delong d;
    (void)state;
    scores(y, a, b, w);
    d = delong(y, a, b, NULL, SCORED);
    check_delong(&d, golden_delong[3]);
    const mlpipe__delong back = delong(y, b, a, NULL, SCORED);
    assert_same(back.difference, -d.difference);
    assert_same(back.test.p, d.test.p);
    assert_true(d.test.below + back.test.below == 1.0);
    /* a score against itself, and against what ranks as it does */
    d = delong(y, a, a, NULL, SCORED);
    assert_same(d.test.statistic, 0.0);
    assert_same(d.test.p, 1.0);
    for (int i = 0; i < SCORED; ++i)
        b[i] = mlpipe__exp(3.0 * a[i]) - 7.0;
    d = delong(y, a, b, NULL, SCORED);
    assert_same(d.difference, 0.0);
    assert_same(d.test.p, 1.0);
}

/* What a row adds is what a little more of its weight changes; what all add is
 * nothing, and its spread that of the difference. */
static void test_delong_influence(void **state)
{
    static double y[SCORED], a[SCORED], b[SCORED], w[SCORED], x[SCORED];
    const double step = 1e-6;
    (void)state;
    scores(y, a, b, w);
    for (int weighted = 0; weighted < 2; ++weighted) {
        const mlpipe__delong d = delong(y, a, b, weighted ? w : NULL, SCORED);
        double sum = 0, squares = 0;
        assert_ok(c, mlpipe__delong_influence(c, y, a, b, weighted ? w : NULL,
                                              SCORED, x));
        for (int i = 0; i < SCORED; ++i) {
            sum += x[i];
            squares += x[i] * x[i];
        }
        assert_true(sum < 1e-9 && sum > -1e-9);
        assert_relative(mlpipe__sqrt(squares) / SCORED, d.se, 0.01);
        for (int i = 0; i < SCORED; i += 37) {
            const double own = weighted ? w[i] : 1.0;
            double up, down;
            for (int k = 0; !weighted && k < SCORED; ++k)
                w[k] = 1.0;
            w[i] = own * (1.0 + step);
            up = delong(y, a, b, w, SCORED).difference;
            w[i] = own * (1.0 - step);
            down = delong(y, a, b, w, SCORED).difference;
            w[i] = own;
            assert_true((up - down) / (2 * step) - x[i] / SCORED < 1e-8);
            assert_true((up - down) / (2 * step) - x[i] / SCORED > -1e-8);
        }
        scores(y, a, b, w);
    }
    for (int i = 0; i < SCORED; ++i) /* of one class nothing is known */
        y[i] = 1;
    assert_ok(c, mlpipe__delong_influence(c, y, a, b, NULL, SCORED, x));
    for (int i = 0; i < SCORED; ++i)
        assert_true(x[i] != x[i]);
}

/* The definition: sums over all pairs of rows of the two classes. */
static void brute(const double *y, const double *p, const double *w, int n,
                  double *place, double *auc)
{
    double weight[2] = {0, 0};
    for (int i = 0; i < n; ++i)
        weight[y[i] >= 0.5] += w[i];
    *auc = 0;
    for (int i = 0; i < n; ++i) {
        double s = 0;
        for (int k = 0; k < n; ++k) {
            const double high = y[i] >= 0.5 ? p[i] : p[k];
            const double low = y[i] >= 0.5 ? p[k] : p[i];
            if (y[i] != y[k])
                s += w[k] * (high > low ? 1 : high == low ? 0.5 : 0);
        }
        place[i] = s / weight[y[i] < 0.5];
        *auc += y[i] >= 0.5 ? w[i] * place[i] / weight[1] : 0;
    }
}

static void test_delong_weights(void **state)
{
    enum { N = 300 };
    static double y[SCORED], a[SCORED], b[SCORED], w[SCORED];
    double va[N], vb[N], auc_a, auc_b, variance = 0;
    mlpipe__delong d;
    (void)state;
    scores(y, a, b, w);
    brute(y, a, w, N, va, &auc_a);
    brute(y, b, w, N, vb, &auc_b);
    for (int k = 0; k < 2; ++k) {
        double weight = 0, rows = 0, s = 0;
        for (int i = 0; i < N; ++i) {
            const double off = vb[i] - va[i] - (auc_b - auc_a);
            if ((y[i] >= 0.5) != k)
                continue;
            weight += w[i];
            rows += w[i] > 0;
            s += w[i] * w[i] * off * off;
        }
        variance += s / weight / weight * rows / (rows - 1);
    }
    d = delong(y, a, b, w, N);
    assert_relative(d.auc_a, auc_a, 1e-12);
    assert_relative(d.auc_b, auc_b, 1e-12);
    assert_relative(d.difference, auc_b - auc_a, 1e-11);
    assert_relative(d.se * d.se, variance, 1e-11);
    /* all weights one are none */
    for (int i = 0; i < N; ++i)
        w[i] = 1;
    d = delong(y, a, b, w, N);
    const mlpipe__delong plain = delong(y, a, b, NULL, N);
    assert_memory_equal(&d, &plain, sizeof d);
}

static void test_delong_edges(void **state)
{
    const double y[] = {0, 0, 0, 1, 1, 1}, one[] = {1, 1, 1, 1, 1, 1};
    const double up[] = {1, 2, 3, 4, 5, 6}, down[] = {6, 5, 4, 3, 2, 1};
    const double gone[] = {1, 2, 3, 4, 5, NAN};
    mlpipe__delong d = delong(y, up, down, NULL, 6);
    (void)state;
    assert_same(d.auc_a, 1.0);
    assert_same(d.auc_b, 0.0);
    assert_true(d.se == 0 && isinf(d.test.statistic) && d.test.p == 0);
    assert_same(d.test.below, 0.0);
    d = delong(one, up, down, NULL, 6);
    assert_true(isnan(d.auc_a) && isnan(d.test.p));
    d = delong(y, up, gone, NULL, 6);
    assert_true(isnan(d.auc_b) && isnan(d.test.p));
    d = delong(y + 2, up + 2, down + 2, NULL, 4); /* one negative */
    assert_same(d.auc_a, 1.0);
    assert_true(isnan(d.se) && isnan(d.test.p));
    d = delong(y, up, down, NULL, 0);
    assert_true(isnan(d.auc_a));
}

static void test_mcnemar(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(golden_mcnemar); ++i) {
        const double *const g = golden_mcnemar[i];
        mlpipe__test t, back;
        mlpipe__mcnemar((uint64_t)g[0], (uint64_t)g[1], &t);
        mlpipe__mcnemar((uint64_t)g[1], (uint64_t)g[0], &back);
        assert_relative(t.statistic, g[2], 1e-14);
        assert_relative(t.p, g[3], 1e-12);
        assert_same(back.p, t.p);
        /* the side that errs is half of both */
        const double least = t.below < back.below ? t.below : back.below;
        if (g[0] != g[1])
            assert_relative(2 * least, t.p, 1e-12);
        assert_true(g[0] >= g[1] || t.below <= back.below);
    }
}

static void test_wilcoxon(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(golden_wilcoxon); ++i) {
        const double *const g = golden_wilcoxon[i];
        const uint32_t n = (uint32_t)g[0], kind = (uint32_t)g[1];
        uint64_t seed = n + 7 * kind;
        double d[900];
        mlpipe__test t;
        for (uint32_t k = 0; k < n; ++k) {
            d[k] = num_unit(&seed) - 0.45;
            if (kind)
                d[k] = floor(d[k] * 16) / 8 + (kind == 1 ? 0.0625 : 0);
        }
        assert_ok(c, mlpipe__wilcoxon(c, d, n, &t));
        assert_relative(t.statistic, g[2], 1e-14);
        assert_relative(t.p, g[3], 1e-12);
        assert_relative(t.below, g[4], 1e-12);
    }
    const double none[] = {0, 0, -0.0}, gone[] = {1, NAN};
    mlpipe__test t;
    assert_ok(c, mlpipe__wilcoxon(c, none, 3, &t));
    assert_same(t.p, 1.0);
    assert_ok(c, mlpipe__wilcoxon(c, gone, 2, &t));
    assert_true(isnan(t.p));
    assert_told(c, MLPIPE_E_LIMIT, mlpipe__wilcoxon(c, none, UINT32_MAX, &t));
}

static void test_student(void **state)
{
    static double d[9000];
    (void)state;
    for (size_t i = 0; i < ROWS(golden_student_mean); ++i) {
        const double *const g = golden_student_mean[i];
        const uint32_t n = (uint32_t)g[0];
        uint64_t seed = n;
        mlpipe__mean mean;
        mlpipe__test t;
        double sd;
        for (uint32_t k = 0; k < n; ++k)
            d[k] = num_unit(&seed) - 0.4;
        if (g[1] > 0)
            mlpipe__corrected_t(d, n, g[1], &mean, &sd, &t);
        else
            mlpipe__paired_t(d, NULL, n, &mean, &t);
        assert_relative(mean.value, g[2], 1e-12);
        assert_relative(mean.se, g[3], 1e-12);
        assert_relative(t.statistic, g[4], 1e-12);
        assert_relative(t.p, g[5], 1e-10);
        assert_relative(t.below, g[6], 1e-10);
        assert_same(t.df, n - 1.0);
    }
}

static void test_student_edges(void **state)
{
    const double same[] = {2, 2, 2}, w[] = {1, 0, 3}, holes[] = {1, NAN, 3};
    mlpipe__mean mean;
    mlpipe__test t;
    double sd;
    (void)state;
    mlpipe__paired_t(same, NULL, 3, &mean, &t);
    assert_true(t.p == 0 && t.below == 1 && isinf(t.statistic));
    mlpipe__paired_t(holes, NULL, 1, &mean, &t);
    assert_true(mean.value == 1 && isnan(t.p));
    mlpipe__paired_t(same, w, 3, &mean, &t);
    assert_same(t.df, 1.0);
    mlpipe__corrected_t(holes, 3, 0.5, &mean, &sd, &t);
    assert_same(mean.value, 2.0);
    assert_same(t.df, 1.0);
    assert_relative(mean.se, sqrt(2.0), 1e-15);
}

/* ---- how often equal models seem to differ, at 5 % ----------------------- */

/* Between 4 and 6 % of 2,000 trials. */
static void check_size(const char *what, int found)
{
    print_message("%s: %d of %d equal pairs at 5 %%\n", what, found, TRIALS);
    assert_in_range(found, 80, 120);
}

/* Two scores that know as much: the same signal, noises of their own. */
static void size_delong(void **state)
{
    enum { N = 240 };
    int found = 0;
    (void)state;
    for (int k = 0; k < TRIALS; ++k) {
        uint64_t seed = (uint64_t)k + 1000;
        double y[N], a[N], b[N];
        for (int i = 0; i < N; ++i) {
            y[i] = num_unit(&seed) < 0.4;
            const double signal = y[i] + normal(&seed);
            a[i] = signal + 0.7 * normal(&seed);
            b[i] = signal + 0.7 * normal(&seed);
        }
        found += delong(y, a, b, NULL, N).test.p <= 0.05;
    }
    check_size("DeLong", found);
}

/* Of many rows: the correction makes it careful for few, never bold. */
static void size_mcnemar(void **state)
{
    int found = 0, few = 0;
    (void)state;
    for (int k = 0; k < TRIALS; ++k) {
        uint64_t seed = (uint64_t)k + 5000, a = 0, b = 0;
        mlpipe__test t;
        for (int i = 0; i < 8000; ++i) {
            const double u = num_unit(&seed);
            a += u < 0.2;
            b += u >= 0.2 && u < 0.4;
            if (i == 100) {
                mlpipe__mcnemar(a, b, &t);
                few += t.p <= 0.05;
            }
        }
        mlpipe__mcnemar(a, b, &t);
        found += t.p <= 0.05;
    }
    check_size("McNemar", found);
    assert_in_range(few, 10, 120);
}

static void size_wilcoxon(void **state)
{
    enum { N = 60 };
    int found = 0;
    (void)state;
    for (int k = 0; k < TRIALS; ++k) {
        uint64_t seed = (uint64_t)k + 9000;
        mlpipe__test t;
        double d[N];
        for (int i = 0; i < N; ++i)
            d[i] = normal(&seed);
        assert_ok(c, mlpipe__wilcoxon(c, d, N, &t));
        found += t.p <= 0.05;
    }
    check_size("Wilcoxon", found);
}

/*
 * Differences of resamples hang together as their training sets do: with the
 * correlation n_test / (n_test + n_train) that the correction assumes. The
 * plain t is wrong there several times as often.
 */
static void size_corrected(void **state)
{
    enum { FOLDS = 20 };
    const double ratio = 1.0 / 9.0, shared = ratio / (1.0 + ratio);
    int found = 0, plain = 0;
    (void)state;
    for (int k = 0; k < TRIALS; ++k) {
        uint64_t seed = (uint64_t)k + 20000;
        const double common = sqrt(shared) * normal(&seed);
        mlpipe__mean mean;
        mlpipe__test t;
        double d[FOLDS], sd;
        for (int i = 0; i < FOLDS; ++i)
            d[i] = common + sqrt(1.0 - shared) * normal(&seed);
        mlpipe__corrected_t(d, FOLDS, ratio, &mean, &sd, &t);
        found += t.p <= 0.05;
        mlpipe__corrected_t(d, FOLDS, 0.0, &mean, &sd, &t);
        plain += t.p <= 0.05;
    }
    check_size("corrected t", found);
    assert_true(plain > 3 * found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delong),
        cmocka_unit_test(test_delong_ties),
        cmocka_unit_test(test_delong_influence),
        cmocka_unit_test(test_delong_weights),
        cmocka_unit_test(test_delong_edges),
        cmocka_unit_test(test_mcnemar),
        cmocka_unit_test(test_wilcoxon),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_student_edges),
        cmocka_unit_test(size_delong),
        cmocka_unit_test(size_mcnemar),
        cmocka_unit_test(size_wilcoxon),
        cmocka_unit_test(size_corrected),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
