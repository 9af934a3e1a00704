/* SPDX-License-Identifier: MIT */
/* oversample and undersample: how many rows, which, and what is refused. */
#include "resample_rig.h"

static const uint32_t balance_sizes[][2] = {
    /* rows, of them positive */
    {2, 1},   {3, 1},    {3, 2},    {10, 1},   {10, 5},   {11, 5},
    {45, 10}, {100, 99}, {101, 17}, {1000, 3}, {999, 333}, {1000, 700},
};
static const double balance_ratios[] = {1e-6, 0.01, 0.1, 0.25, 1.0 / 3,
                                        0.5,  0.77, 0.9, 0.999, 1};

/* round(ratio * larger) rows of the smaller class, for every size. */
static void oversample_counts(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof balance_sizes / sizeof *balance_sizes; s++)
        for (size_t i = 0; i < 10; i++) {
            const uint32_t n = balance_sizes[s][0], few = balance_sizes[s][1];
            const uint32_t small = few < n - few ? few : n - few;
            char text[64];
            sample_rig g;
            sample_open(&g, n, few, 1, 1);
            snprintf(text, sizeof text, "ratio=%.17g", balance_ratios[i]);
            assert_ok(g.ctx, sample_run(&g, &mlpipe__step_oversample, text));
            const double want =
                floor(balance_ratios[i] * (n - small) + 0.5) - small;
            const uint32_t added = want > 0 ? (uint32_t)want : 0;
            assert_int_equal(added, g.r.added_count);
            assert_int_equal(n, sample_kept(&g));
            assert_int_equal(want < 0, g.warnings);
            assert_near(mlpipe_report_get(g.notes, "oversample.added"),
                        added, 0);
            if (added)
                sample_check_uses(&g);
            for (uint32_t k = 0; k < added; k++) {
                assert_int_equal(g.r.added[k].a, g.r.added[k].b);
                assert_same(g.r.added[k].u, 0.0);
            }
            sample_close(&g);
        }
}

static void undersample_counts(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof balance_sizes / sizeof *balance_sizes; s++)
        for (size_t i = 0; i < 10; i++) {
            const uint32_t n = balance_sizes[s][0], few = balance_sizes[s][1];
            const bool class = 2 * few <= n;
            const uint32_t small = class ? few : n - few;
            uint32_t kept[2] = {0, 0};
            char text[64];
            sample_rig g;
            sample_open(&g, n, few, 1, 1);
            snprintf(text, sizeof text, "ratio=%.17g", balance_ratios[i]);
            assert_ok(g.ctx,
                      sample_run(&g, &mlpipe__step_undersample, text));
            for (uint32_t k = 0; k < n; k++)
                kept[(g.target[k] > 0.5) == class] += g.keep[k];
            const double want = floor(small / balance_ratios[i] + 0.5);
            assert_int_equal(small, kept[1]);
            assert_int_equal(want < n - small ? want : n - small, kept[0]);
            assert_int_equal(0, g.r.added_count);
            assert_near(mlpipe_report_get(g.notes, "undersample.dropped"),
                        n - kept[0] - kept[1], 0);
            sample_close(&g);
        }
}

/* The same ids are taken in whatever order the rows come. */
static void balance_order(void **state)
{
    enum { ROWS = 200, FEW = 30 };
    uint8_t kept[ROWS];
    uint32_t uses[ROWS] = {0}, again[ROWS] = {0}, differ = 0;
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, 1, 1);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_undersample, "ratio=0.5"));
    memcpy(kept, g.keep, sizeof kept);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_oversample, "ratio=0.6"));
    for (uint32_t i = 0; i < g.r.added_count; i++)
        uses[g.r.added[i].a]++;
    for (uint32_t i = 0; i < ROWS; i++) { /* 77 and 200 share no factor */
        const uint32_t from = i * 77 % ROWS;
        g.ids[i] = 1000 + from;
        g.target[i] = from < FEW;
    }
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_undersample, "ratio=0.5"));
    for (uint32_t i = 0; i < ROWS; i++)
        assert_int_equal(kept[i * 77 % ROWS], g.keep[i]);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_oversample, "ratio=0.6"));
    for (uint32_t i = 0; i < g.r.added_count; i++)
        again[g.r.added[i].a * 77 % ROWS]++;
    assert_memory_equal(uses, again, sizeof uses);
    /* another seed takes others */
    assert_ok(g.ctx, sample_run_as(&g, &mlpipe__step_undersample,
                                   "ratio=0.5", MLPIPE__TASK_BINARY, 18));
    for (uint32_t i = 0; i < ROWS; i++)
        differ += kept[i * 77 % ROWS] != g.keep[i];
    assert_true(differ > 20);
    sample_close(&g);
}

/* Every row of the class is as likely to stay, and rows with one id (copies
 * that a step before made) are drawn one by one. */
static void undersample_is_fair(void **state)
{
    enum { ROWS = 60, FEW = 10, SEEDS = 2000 };
    uint32_t kept[ROWS] = {0}, split = 0;
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, 1, 1);
    g.ids[ROWS - 1] = g.ids[ROWS - 2];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        assert_ok(g.ctx, sample_run_as(&g, &mlpipe__step_undersample,
                                       "ratio=0.5", MLPIPE__TASK_BINARY,
                                       seed));
        for (uint32_t i = 0; i < ROWS; i++)
            kept[i] += g.keep[i];
        split += g.keep[ROWS - 1] != g.keep[ROWS - 2];
    }
    /* 20 of 50 stay: five standard errors about 800 */
    for (uint32_t i = FEW; i < ROWS; i++)
        assert_true(fabs(kept[i] - 0.4 * SEEDS) <
                    5 * sqrt(SEEDS * 0.4 * 0.6));
    assert_true(split > SEEDS / 3);
    sample_close(&g);
}

static void balance_refuses(void **state)
{
    static const mlpipe__step *const steps[] = {
        &mlpipe__step_oversample, &mlpipe__step_undersample,
        &mlpipe__step_smote};
    (void)state;

    for (int i = 0; i < 3; i++) {
        sample_rig g;
        sample_open(&g, 10, 3, 1, 1);
        assert_status(MLPIPE_E_UNSUPPORTED,
                      sample_run_as(&g, steps[i], NULL,
                                    MLPIPE__TASK_REGRESSION, 1));
        assert_non_null(strstr(mlpipe_ctx_error(g.ctx)->text, "jitter"));
        assert_status(MLPIPE_E_PARAM, sample_run(&g, steps[i], "ratio=0"));
        assert_status(MLPIPE_E_PARAM, sample_run(&g, steps[i], "ratio=1.5"));
        assert_status(MLPIPE_E_PARAM, sample_run(&g, steps[i], "rato=1"));
        assert_non_null(strstr(mlpipe_ctx_error(g.ctx)->text, "ratio"));
        for (uint32_t k = 0; k < 10; k++)
            g.target[k] = 1;
        assert_status(MLPIPE_E_EMPTY, sample_run(&g, steps[i], NULL));
        assert_non_null(strstr(mlpipe_ctx_error(g.ctx)->text, "10 of the 10"));
        sample_close(&g);
    }
}

/* A ratio that is passed already changes nothing and is told. */
static void balance_reached(void **state)
{
    static const mlpipe__step *const steps[] = {
        &mlpipe__step_oversample, &mlpipe__step_undersample,
        &mlpipe__step_smote};
    (void)state;

    for (int i = 0; i < 3; i++) {
        sample_rig g;
        sample_open(&g, 30, 10, 1, 1);
        assert_ok(g.ctx, sample_run(&g, steps[i], "ratio=0.2"));
        assert_int_equal(30, sample_kept(&g));
        assert_int_equal(0, g.r.added_count);
        assert_int_equal(1, g.warnings);
        assert_non_null(strstr(g.warning, "0.5"));
        assert_non_null(strstr(g.warning, "0.2"));
        assert_ok(g.ctx, sample_run(&g, steps[i], "ratio=0.5"));
        assert_int_equal(30, sample_kept(&g) + g.r.added_count);
        assert_int_equal(1, g.warnings);
        sample_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oversample_counts),
        cmocka_unit_test(undersample_counts),
        cmocka_unit_test(balance_order),
        cmocka_unit_test(undersample_is_fair),
        cmocka_unit_test(balance_refuses),
        cmocka_unit_test(balance_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
