/* SPDX-License-Identifier: MIT */
/*
 * How often the gate lets a challenger in: one that is worse, by little and by
 * much, one that is as good, and one that is better. Both models share most of
 * their error, and errors go on from row to row, as they do on real streams.
 * MLPIPE_SWEEP_ALL: 1,000 trials of each law, else 200.
 */
#include "cycle_world.h"

enum { ROWS = 400, TRIALS_ALL = 1000, TRIALS_FEW = 200 };

typedef struct law {
    const char *metric;
    double carry; /* how much of an error goes on to the next row */
    double share; /* of the error that both have */
} law;

static double normal_at(uint64_t trial, uint64_t row, uint32_t draw)
{
    return mlpipe__normal_quantile(
        serve_random(trial * 100000 + row, 40 + draw));
}

/* Errors of three parts: of both, of a, of b; each an AR(1) of variance 1. */
static void draw_errors(const law *l, uint64_t trial, double *e[3])
{
    const double fresh = mlpipe__sqrt(1.0 - l->carry * l->carry);

    for (uint32_t k = 0; k < 3; k++)
        for (uint64_t i = 0; i < ROWS; i++)
            e[k][i] = i ? l->carry * e[k][i - 1] +
                              fresh * normal_at(trial, i, k)
                        : normal_at(trial, i, k);
}

/* Truths and answers: regression with errors in the answers, classes with
 * errors in the score that the answers are made of. worse: of the deviation of
 * b's own error. */
static void draw_answers(const law *l, uint64_t trial, double worse,
                         double *const e[3], double *y, double *a, double *b)
{
    const bool classes = strcmp(l->metric, "rmse") != 0;
    const double both = mlpipe__sqrt(l->share);
    const double own = mlpipe__sqrt(1.0 - l->share);

    for (uint64_t i = 0; i < ROWS; i++) {
        const double signal = 2.0 * normal_at(trial, i, 3);
        const double ea = both * e[0][i] + own * e[1][i];
        const double eb = (both * e[0][i] + own * e[2][i]) * (1.0 + worse);
        y[i] = classes ? serve_random(trial * 100000 + i, 50) <
                             1.0 / (1.0 + mlpipe__exp(-signal))
                       : signal;
        a[i] = classes ? 1.0 / (1.0 + mlpipe__exp(-(signal + ea)))
                       : signal + ea;
        b[i] = classes ? 1.0 / (1.0 + mlpipe__exp(-(signal + eb)))
                       : signal + eb;
    }
}

/* How many of the trials let b in; alone: by mlpipe__compare, which takes rows
 * for independent. */
static uint32_t passes_by(mlpipe_ctx *c, const law *l, double worse,
                          uint32_t trials, bool alone)
{
    static double room[6][ROWS];
    double *e[3] = {room[0], room[1], room[2]};
    const mlpipe__metric *m = mlpipe__metric_find(l->metric);
    const mlpipe__scored sa = {room[3], room[4], NULL, ROWS, 1};
    const mlpipe__scored sb = {room[3], room[5], NULL, ROWS, 1};
    uint32_t passed = 0;

    for (uint32_t k = 0; k < trials; k++) {
        mlpipe__gate g = {.rows = ROWS, .enough = true};
        draw_errors(l, k, e);
        draw_answers(l, k, worse, e, room[3], room[4], room[5]);
        assert_ok(c, alone ? mlpipe__compare(c, m, &sa, &sb, &g.compared)
                           : mlpipe__gate_compare(c, m, &sa, &sb, &g));
        passed += mlpipe__gate_passes(&g, 0.01);
    }
    return passed;
}

static uint32_t passes(mlpipe_ctx *c, const law *l, double worse,
                       uint32_t trials)
{
    return passes_by(c, l, worse, trials, false);
}

/* The most that pass where each does with a chance of 1 %, but for one run in
 * a thousand. */
static uint32_t most(uint32_t trials)
{
    uint32_t k = 0;

    while (mlpipe__binomial_tail((int64_t)k + 1, trials, 0.01) > 0.001)
        k++;
    return k;
}

static uint32_t trials_now(void)
{
    return getenv("MLPIPE_SWEEP_ALL") ? TRIALS_ALL : TRIALS_FEW;
}

static void try_law(mlpipe_ctx *c, const law *l)
{
    static const double worse[] = {0.05, 0.2, 1.0};
    const uint32_t trials = trials_now();
    const uint32_t equal = passes(c, l, 0, trials);

    print_message("%s, carry %g, of %u: equal %u", l->metric, l->carry,
                  trials, equal);
    assert_true(equal <= most(trials));
    for (size_t i = 0; i < sizeof worse / sizeof *worse; i++) {
        const uint32_t n = passes(c, l, worse[i], trials);
        print_message(", worse by %g: %u", worse[i], n);
        assert_true(n <= trials / 100);
    }
    print_message(", better by 0.25: %u, by 0.5: %u\n",
                  passes(c, l, -0.25, trials), passes(c, l, -0.5, trials));
}

static void test_regression(void **state)
{
    static const double carry[] = {0, 0.5, 0.8, 0.9};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t i = 0; i < sizeof carry / sizeof *carry; i++) {
        const law l = {"rmse", carry[i], 0.3};
        try_law(c, &l);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_classes(void **state)
{
    static const char *const metrics[] = {"logloss", "brier", "accuracy"};
    static const double carry[] = {0, 0.8};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++)
        for (size_t i = 0; i < sizeof carry / sizeof *carry; i++) {
            const law l = {metrics[k], carry[i], 0.3};
            try_law(c, &l);
        }
    mlpipe_ctx_free(c);
    (void)state;
}

/* An area's rows lean on one another too where errors go on. */
static void test_areas(void **state)
{
    static const double carry[] = {0, 0.5, 0.8, 0.9};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t i = 0; i < sizeof carry / sizeof *carry; i++) {
        const law l = {"auc", carry[i], 0.3};
        try_law(c, &l);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

/* The gate is still worth having. */
static void test_power(void **state)
{
    const uint32_t trials = trials_now();
    const law plain = {"rmse", 0, 0.3}, serial = {"rmse", 0.8, 0.3};
    const law area = {"auc", 0, 0.3};
    uint32_t alone, both;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_true(passes(c, &plain, -0.25, trials) >= trials * 9 / 10);
    assert_true(passes(c, &serial, -0.5, trials) >= trials * 9 / 10);
    /* An area moves little here, so that the bar is DeLong's own test where
     * rows are independent and it may be believed. */
    alone = passes_by(c, &area, -0.9, trials, true);
    both = passes(c, &area, -0.9, trials);
    print_message("auc, better by 0.9: %u, by DeLong alone %u\n", both, alone);
    assert_true(both >= alone * 3 / 4);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
