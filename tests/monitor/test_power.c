/* SPDX-License-Identifier: MIT */
/* What performance finds and how soon, what it raises by chance, and that the
 * change it says it would find is the change that it finds. */
#include "support.h"

#include <math.h>

#include "monitor/monitor_internal.h"

enum { PANE = 1000 };
static const double alpha = 0.01;

/* A model that answers 0.1, and is wrong at a rate: its logloss is then one of
 * two numbers. The reference is a sample of such rows. */
typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model model;
    mlpipe__reference reference;
    mlpipe__ref_metric metric;
    mlpipe__realised r;
    mlpipe__realised_limits limits;
    uint64_t round, row;
} world;

static double drawn(const world *d, uint64_t row, uint32_t purpose)
{
    return mlpipe__random_unit(d->round, MLPIPE__FOR_TEST, purpose, row, 0);
}

static double loss_of(bool wrong)
{
    return -log(wrong ? 0.1 : 0.9);
}

static void refer(world *d, uint64_t round, uint32_t held, double rate)
{
    const double apart = loss_of(true) - loss_of(false);
    uint32_t wrong = 0;
    double share;

    d->round = round;
    d->row = 0;
    for (uint32_t i = 0; i < held; i++)
        wrong += drawn(d, i, 1) < rate;
    share = (double)wrong / held;
    d->metric = (mlpipe__ref_metric){
        .name = "logloss",
        .value = loss_of(false) + apart * share,
        .se = apart * sqrt(share * (1 - share) / (held - 1)),
        .n = held};
    d->metric.value_se = d->metric.se;
    d->reference.held_out = held;
    mlpipe__realised_reset(&d->r, &d->model, alpha, 1, 1);
}

static void begin(world *d)
{
    memset(d, 0, sizeof *d);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->reference.metrics = &d->metric;
    d->reference.metric_count = 1;
    d->model.task = MLPIPE__TASK_BINARY;
    d->model.reference = &d->reference;
    d->limits = (mlpipe__realised_limits){alpha, 200, 0};
    assert_true(mlpipe__realised_init(&d->r, d->c->env, PANE, 1));
}

static void end(world *d)
{
    mlpipe__realised_free(&d->r);
    mlpipe_ctx_free(d->c);
}

/* A pane of matches, and the look at it: is it more than OK? */
static bool pane(world *d, double rate)
{
    for (uint32_t i = 0; i < PANE; i++) {
        const mlpipe__match m = {.number = 1, .pane = 1, .score = 0.1,
                                 .truth = drawn(d, d->row++, 2) < rate};
        mlpipe__realised_add(&d->r, &m);
    }
    assert_ok(d->c, mlpipe__realised_look(d->c, &d->model, &d->limits, &d->r));
    return d->r.look.verdict >= MLPIPE__VERDICT_WARN;
}

/* The error rate doubles in a late pane: found in the end, and seldom before.
 * The shares are those of 1,000 rounds, which MLPIPE_SWEEP_ALL runs, less about
 * two standard errors of the few that are run here. */
static void test_doubled(void **state)
{
    static const struct {
        uint32_t held, change;
        double one, three, ten; /* found within so many panes */
    } cases[] = {
        {300, 5, 0.70, 0.80, 0.90},    {300, 20, 0.50, 0.65, 0.85},
        {300, 100, 0.25, 0.60, 0.85},  {1000, 5, 0.95, 0.98, 0.98},
        {1000, 20, 0.95, 0.98, 0.98},  {1000, 100, 0.80, 0.98, 0.98},
        {5000, 5, 0.98, 0.98, 0.98},   {5000, 20, 0.98, 0.98, 0.98},
        {5000, 100, 0.98, 0.98, 0.98},
    };
    const uint32_t rounds = getenv("MLPIPE_SWEEP_ALL") ? 1000 : 60;
    world d;

    begin(&d);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint32_t within[11] = {0}, early = 0, found = 0, delays = 0;
        for (uint32_t i = 0; i < rounds; i++) {
            bool before = false;
            uint32_t delay = 1;
            refer(&d, 1000 * k + i, cases[k].held, 0.1);
            for (uint32_t p = 1; p < cases[k].change; p++)
                before |= pane(&d, 0.1);
            early += before;
            while (delay <= 10 && !pane(&d, 0.2))
                delay++;
            found += delay <= 10;
            delays += delay <= 10 ? delay : 0;
            for (uint32_t p = delay; p <= 10; p++)
                within[p]++;
        }
        print_message("%u held out, doubled in pane %u: found in 1 %.3f, in 3 "
                      "%.3f, in 10 %.3f, delay %.2f, early %.3f\n",
                      cases[k].held, cases[k].change,
                      (double)within[1] / rounds, (double)within[3] / rounds,
                      (double)within[10] / rounds,
                      (double)delays / (found ? found : 1),
                      (double)early / rounds);
        assert_true(within[1] >= cases[k].one * rounds);
        assert_true(within[3] >= cases[k].three * rounds);
        assert_true(within[10] >= cases[k].ten * rounds);
        /* alpha, and three standard errors of as many rounds */
        assert_true(early <= rounds * alpha +
                                 3 * sqrt(rounds * alpha * (1 - alpha)));
    }
    end(&d);
    (void)state;
}

/* Ville's inequality where the bound is the mean itself: ever, in 200 panes. */
static void test_evidence(void **state)
{
    static const double law[3] = {0.02, 0.2, 0.5};
    const uint32_t rounds = getenv("MLPIPE_SWEEP_ALL") ? 4000 : 300;
    double loss[50];

    for (uint32_t k = 0; k < 3; k++) {
        uint32_t ever = 0;
        for (uint64_t i = 0; i < rounds; i++) {
            mlpipe__evidence e;
            bool above = false;
            mlpipe__evidence_start(&e, law[k], 0.05, 50);
            for (uint64_t p = 0; p < 200; p++) {
                for (uint32_t j = 0; j < 50; j++)
                    loss[j] = mlpipe__random_unit(i, MLPIPE__FOR_TEST, k,
                                                  p * 50 + j, 0) < law[k];
                mlpipe__evidence_add(&e, loss, 50);
                above |= mlpipe__evidence_value(&e) >= e.limit;
            }
            ever += above;
        }
        print_message("mean %.2f at its bound: evidence in %.4f of %u\n",
                      law[k], (double)ever / rounds, rounds);
        assert_true(ever <= rounds * 0.05 + 3 * sqrt(rounds * 0.0475));
    }
    (void)state;
}

/* It is no alarm of a single row, takes what is no loss for nothing, and falls
 * when the loss is what it was. */
static void test_evidence_falls(void **state)
{
    const double bad[3] = {1e300, (double)NAN, (double)INFINITY};
    const double good = 0.5, worse = 3.0;
    mlpipe__evidence e;

    mlpipe__evidence_start(&e, 1.0, 0.01, 100);
    mlpipe__evidence_add(&e, bad, 2);
    assert_true(e.n == 1 && mlpipe__evidence_value(&e) < e.limit);
    for (uint32_t i = 0; i < 100000; i++)
        mlpipe__evidence_add(&e, &worse, 1);
    assert_true(mlpipe__evidence_value(&e) >= e.limit);
    assert_true(mlpipe__evidence_value(&e) <= 100 * e.limit * 1.0001);
    for (uint32_t i = 0; i < 3000; i++)
        mlpipe__evidence_add(&e, &good, 1);
    assert_true(mlpipe__evidence_value(&e) < e.limit);
    (void)state;
}

/* What a look says that it would have found, it finds with probability 0.8:
 * the same rows again, those of mde_n at the end with the change. */
static void test_mde(void **state)
{
    static const struct {
        uint32_t held, panes;
    } cases[] = {{1000, 1}, {1000, 30}, {20000, 1}, {20000, 50}};
    const double apart = loss_of(true) - loss_of(false);
    const uint32_t rounds = getenv("MLPIPE_SWEEP_ALL") ? 1000 : 100;
    world d;

    begin(&d);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint32_t found = 0;
        double mde, rows = 0, rate;
        /* what one stream is told is asked of others, with new references */
        refer(&d, 50000 + 1000 * k, cases[k].held, 0.1);
        for (uint32_t p = 0; p < cases[k].panes; p++)
            pane(&d, 0.1);
        mde = d.r.look.mde;
        rows = d.r.look.mde_n;
        for (uint32_t i = 0; i < rounds; i++) {
            bool seen = false;
            refer(&d, 50001 + 1000 * k + i, cases[k].held, 0.1);
            rate = (0.1 * apart + loss_of(false)) * (1 + mde);
            rate = (rate - loss_of(false)) / apart;
            for (uint32_t p = 0; p < cases[k].panes; p++)
                seen = pane(&d, p * PANE + rows >= cases[k].panes * PANE
                                    ? rate
                                    : 0.1);
            found += seen;
        }
        print_message("%u held out, %u panes: mde %.3f in %.0f matches, found "
                      "in %.3f\n", cases[k].held, cases[k].panes, mde, rows,
                      (double)found / rounds);
        assert_in_range(found, rounds * 0.65, rounds * 0.95);
    }
    end(&d);
    (void)state;
}

/* A reference that could not show a doubled loss is no ground for OK. */
static void test_small_reference(void **state)
{
    world d;

    begin(&d);
    refer(&d, 7, 60, 0.1);
    assert_false(pane(&d, 0.1));
    assert_true(d.r.look.mde > MLPIPE__MDE_MOST);
    assert_int_equal(d.r.look.verdict, MLPIPE__VERDICT_INSUFFICIENT);
    refer(&d, 8, 1000, 0.1);
    assert_false(pane(&d, 0.1));
    assert_true(d.r.look.mde < MLPIPE__MDE_MOST);
    assert_int_equal(d.r.look.verdict, MLPIPE__VERDICT_OK);
    end(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_evidence_falls),
        cmocka_unit_test(test_mde),
        cmocka_unit_test(test_small_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
