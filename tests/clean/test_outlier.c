/* SPDX-License-Identifier: MIT */
/* outlier against NumPy's percentiles and moments. */
#include "feature/group_rig.h"

#include "clean/clean_internal.h"
#include "clean/clean_support.h"
#include "golden/clean.h"
#include "golden/steps.h"

static const char *const outlier_name[] = {"a", "b", "c", "d"};

static void outlier_columns(step_rig *r)
{
    rig_open(r, GOLDEN_ROWS);
    for (uint32_t i = 0; i < 4; i++)
        rig_column(r, outlier_name[i], golden_x[i], NULL, 0);
}

static void outlier_capped(const char *params, const double bounds[][4])
{
    step_rig r;
    double got[GOLDEN_ROWS], want[GOLDEN_ROWS];

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier, params));
    for (uint32_t c = 0; c < 4; c++) {
        for (uint32_t i = 0; i < GOLDEN_ROWS; i++) {
            const double x = golden_x[c][i];
            want[i] = x < bounds[0][c] ? bounds[0][c]
                      : x > bounds[1][c] ? bounds[1][c]
                                         : x;
        }
        rig_read(&r, outlier_name[c], got);
        rig_compare(params ? params : "defaults", got, want, GOLDEN_ROWS);
    }
    rig_close(&r);
}

static void outlier_caps(void **state)
{
    (void)state;
    outlier_capped(NULL, golden_iqr);
    outlier_capped("method=zscore", golden_sigma);
    outlier_capped("method=quantile", golden_tails);
}

static void outlier_other_actions(void **state)
{
    step_rig r;
    double got[GOLDEN_ROWS], flag[GOLDEN_ROWS];
    uint32_t far_off = 0;
    (void)state;

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=flag"));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=null"));
    rig_read(&r, "a", got);
    rig_read(&r, "a outlier", flag);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++) {
        const double x = golden_x[0][i];
        const bool off = x < golden_iqr[0][0] || x > golden_iqr[1][0];
        far_off += off;
        assert_same(flag[i], off);
        if (off || isnan(x))
            assert_true(isnan(got[i]));
        else
            assert_same(got[i], x);
    }
    assert_true(far_off > 0);
    rig_close(&r);
}

static void outlier_drops(void **state)
{
    step_rig r;
    uint8_t keep[GOLDEN_ROWS], valid[GOLDEN_ROWS];
    const double *values[] = {golden_x[0]};
    const uint8_t *valids[] = {valid};
    (void)state;

    outlier_columns(&r);
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "columns=a action=drop"));
    assert_true(mlpipe__step_outlier.filters(&r.job));
    assert_int_equal(0, r.plan.program->op_count);
    memset(keep, 1, sizeof keep);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
        valid[i] = (uint8_t)!isnan(golden_x[0][i]);
    mlpipe__step_outlier.filter(&r.job, GOLDEN_ROWS, values, valids, keep);
    for (uint32_t i = 0; i < GOLDEN_ROWS; i++)
        assert_int_equal(keep[i], !(golden_x[0][i] < golden_iqr[0][0] ||
                                    golden_x[0][i] > golden_iqr[1][0]));
    rig_close(&r);
}

static void outlier_refuses(void **state)
{
    step_rig r;
    (void)state;

    outlier_columns(&r);
    assert_status(MLPIPE_E_PARAM,
                  rig_step(&r, &mlpipe__step_outlier,
                           "method=quantile low=0.9 high=0.1"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_outlier,
                                           "factor=-1"));
    assert_status(MLPIPE_E_PARAM, rig_step(&r, &mlpipe__step_outlier,
                                           "action=cap serving=flag"));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "action=cap"));
    rig_close(&r);
}

/* What would change nothing is refused by name, and a fence of no width. */
static void outlier_refuses_unread(void **state)
{
    static const char *const bad[][2] = {
        {"method=quantile factor=2", "factor=2 is of the other methods"},
        {"low=0.1", "low=0.1 is of method=quantile; method=iqr"},
        {"method=mad high=0.9", "high=0.9 is of method=quantile; method=mad"},
        {"method=zscore factor=0", "every value but the mean"},
        {"method=mad factor=0", "every value but the median"}};
    step_rig r;
    (void)state;

    outlier_columns(&r);
    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(MLPIPE_E_PARAM,
                      rig_step(&r, &mlpipe__step_outlier, bad[i][0]));
        assert_says(r.ctx, bad[i][1]);
    }
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier, "factor=0"));
    assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                              "method=quantile low=0.1"));
    rig_close(&r);
}

/* ---- infinite values ---------------------------------------------------- */

static const char *const outlier_methods[] = {
    "method=iqr", "method=zscore", "method=quantile", "method=mad"};
static const char *const outlier_actions[] = {
    "action=cap", "action=null", "action=flag", "action=drop"};

/* One method and action over a column; what drop keeps goes to keep. */
static void outlier_open(step_rig *r, uint32_t method, uint32_t action,
                         const double *x, uint32_t n, uint8_t *keep)
{
    uint8_t valid[16];
    const uint8_t *valids[] = {valid};
    char text[64];

    snprintf(text, sizeof text, "%s %s", outlier_methods[method],
             outlier_actions[action]);
    rig_open(r, n);
    rig_listen(r);
    rig_column(r, "x", x, NULL, 0);
    assert_ok(r->ctx, rig_step(r, &mlpipe__step_outlier, text));
    for (uint32_t i = 0; i < n; i++)
        valid[i] = (uint8_t)!isnan(x[i]);
    memset(keep, 1, n);
    if (action == 3)
        r->job.step->filter(&r->job, n, &x, valids, keep);
}

/* They change no bound, and lie beyond every one of them. */
static void outlier_infinite(void **state)
{
    static const double x[] = {1, INFINITY, 2, 4, -INFINITY, 3, 900, NAN};
    static const char *const said[] = {"are set to them", "become missing",
                                       "are flagged", "take their rows out"};
    double without[8], want[8], got[8], flag[8];
    uint8_t keep[8];
    step_rig r;
    (void)state;

    for (uint32_t i = 0; i < 8; i++)
        without[i] = isinf(x[i]) ? NAN : x[i];
    for (uint32_t k = 0; k < 16; k++) {
        const uint32_t method = k % 4, action = k / 4;
        double bounds[2] = {0, 0};
        outlier_open(&r, method, 0, without, 8, keep);
        memcpy(bounds, r.plan.program->consts, sizeof bounds);
        assert_int_equal(0, heard_lines);
        rig_close(&r);
        outlier_open(&r, method, action, without, 8, keep);
        rig_read(&r, "x", want);
        rig_close(&r);
        outlier_open(&r, method, action, x, 8, keep);
        assert_heard(1, "x is infinite in 2 of 8 training rows; the bounds "
                        "are those of the finite ones");
        assert_non_null(strstr(heard_last, said[action]));
        rig_read(&r, "x", got);
        if (action == 2)
            rig_read(&r, "x outlier", flag);
        for (uint32_t i = 0; i < 8; i++) {
            const bool far = isinf(x[i]) || x[i] < bounds[0] ||
                             x[i] > bounds[1];
            if (!isinf(x[i]))
                assert_same(want[i], got[i]);
            else if (action == 0)
                assert_same(bounds[x[i] > 0], got[i]);
            else if (action == 1)
                assert_true(isnan(got[i]));
            if (action == 2)
                assert_same(flag[i], far);
            assert_int_equal(keep[i], action != 3 || !far);
        }
        rig_close(&r);
    }
}

/* Where the others have no spread, their range is the fence. */
static void outlier_infinite_beside_a_constant(void **state)
{
    static const double x[] = {5, 5, 5, INFINITY, 5, -INFINITY};
    double got[6], flag[6];
    uint8_t keep[6];
    step_rig r;
    (void)state;

    for (uint32_t k = 0; k < 16; k++) {
        const uint32_t method = k % 4, action = k / 4;
        outlier_open(&r, method, action, x, 6, keep);
        assert_heard(1, "x is infinite in 2 of 6 training rows; the bounds "
                        "are the least and the largest of the finite ones");
        rig_read(&r, "x", got);
        if (action == 2)
            rig_read(&r, "x outlier", flag);
        for (uint32_t i = 0; i < 6; i++) {
            if (action < 2)
                assert_same(got[i], isinf(x[i]) && action ? NAN : 5);
            if (action == 2)
                assert_same(flag[i], isinf(x[i]) != 0);
            assert_int_equal(keep[i], action != 3 || !isinf(x[i]));
        }
        rig_close(&r);
    }
}

/* A column without a finite value, without any, without spread: each is told
 * as what it is. */
static void outlier_without_fence(void **state)
{
    static const double columns[][4] = {
        {INFINITY, NAN, INFINITY, -INFINITY}, {NAN, NAN, NAN, NAN},
        {3, 3, NAN, 3}};
    static const char *const said[] = {
        "x has no finite value in 4 training rows and is infinite in 3",
        "x is missing in all 4 training rows; it is left as it is",
        "x has no spread: "};
    double got[4];
    uint8_t keep[4];
    step_rig r;
    (void)state;

    for (uint32_t k = 0; k < 48; k++) {
        const uint32_t method = k % 4, action = k / 4 % 4, c = k / 16;
        outlier_open(&r, method, action, columns[c], 4, keep);
        assert_heard(1, said[c]);
        rig_read(&r, "x", got);
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(1, keep[i]);
            if (action < 2)
                assert_same(got[i], c < 2 ? NAN : columns[c][i]);
        }
        rig_close(&r);
    }
}

/* A reach beyond the doubles is a fence, and so is one of the largest. */
static void outlier_near_the_end_of_the_range(void **state)
{
    static const double x[] = {-1.7e308, 1.7e308, 1e308, -1e308,
                               0, INFINITY};
    static const double low[] = {1e307, 2e307, 1.5e307, 1e307, 2e307,
                                 1.7e308};
    double got[6];
    uint8_t keep[6];
    step_rig r;
    (void)state;

    for (uint32_t method = 0; method < 4; method++) {
        outlier_open(&r, method, 0, x, 6, keep);
        assert_heard(1, "the bounds are those of the finite ones");
        rig_read(&r, "x", got);
        assert_true(isfinite(got[5]) && got[5] > 1e308);
        for (uint32_t i = 2; i < 5; i++)
            assert_same(x[i], got[i]);
        rig_close(&r);
        outlier_open(&r, method, 0, low, 6, keep);
        assert_int_equal(0, heard_lines);
        rig_close(&r);
    }
}

/* ---- method=mad --------------------------------------------------------- */

/* Bounds by NumPy, which feature-engine's agree with. */
static void outlier_mad_as_peer(void **state)
{
    static const char *const params[] = {"method=mad",
                                         "method=mad factor=1.5"};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        step_rig r;
        double got[CLEAN_ROWS], want[CLEAN_ROWS];
        rig_open(&r, CLEAN_ROWS);
        for (uint32_t c = 0; c < 4; c++)
            rig_column(&r, outlier_name[c], clean_x[c], NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier, params[k]));
        for (uint32_t c = 0; c < 4; c++) {
            const double low = clean_mad[0][4 * k + c];
            const double high = clean_mad[1][4 * k + c];
            for (uint32_t i = 0; i < CLEAN_ROWS; i++) {
                const double x = clean_x[c][i];
                want[i] = x < low ? low : x > high ? high : x;
            }
            rig_read(&r, outlier_name[c], got);
            rig_compare(params[k], got, want, CLEAN_ROWS);
        }
        rig_close(&r);
    }
}

static int outlier_rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The bounds as the plain definition has them, bit for bit, for every number
 * of values, with ties and in any order. */
static void outlier_mad_is_exact(void **state)
{
    double x[64], sorted[64], far[64];
    (void)state;

    for (uint32_t k = 0; k < 400; k++) {
        const uint32_t n = 3 + k % 61;
        step_rig r;
        for (uint32_t i = 0; i < n; i++) {
            const double u = mlpipe__random_unit(5, MLPIPE__FOR_TEST, k, i,
                                                 0);
            x[i] = k % 3 ? 100 * u * u : floor(6 * u);
        }
        memcpy(sorted, x, sizeof x);
        qsort(sorted, n, sizeof *x, outlier_rising);
        const double median = mlpipe__quantile_sorted(sorted, n, 0.5);
        for (uint32_t i = 0; i < n; i++)
            far[i] = fabs(x[i] - median);
        qsort(far, n, sizeof *x, outlier_rising);
        const double reach = mlpipe__quantile_sorted(far, n, 0.5) * 2 /
                             0.6744897501960817;
        rig_open(&r, n);
        rig_column(&r, "x", x, NULL, 0);
        assert_ok(r.ctx, rig_step(&r, &mlpipe__step_outlier,
                                  "method=mad factor=2"));
        if (reach > 0) {
            assert_int_equal(1, r.plan.program->op_count);
            assert_same(r.plan.program->consts[0], median - reach);
            assert_same(r.plan.program->consts[1], median + reach);
        } else {
            assert_int_equal(0, r.plan.program->op_count);
        }
        rig_close(&r);
    }
}

/* ---- action=drop and served rows ---------------------------------------- */

enum { ROWS = 600 };

static bool outlier_far(uint32_t i)
{
    return i % 50 == 7;
}

static mlpipe_dataset *outlier_data(mlpipe_ctx *c)
{
    mlpipe__text csv;
    mlpipe_dataset *d;

    mlpipe__text_init(&csv, c->env);
    mlpipe__text_add(&csv, "x,z,y\n");
    for (uint32_t i = 0; i < ROWS; i++) {
        if (i % 10 == 1)
            mlpipe__text_add(&csv, ",%u,%u\n", i % 17, i % 5);
        else
            mlpipe__text_add(&csv, "%u,%u,%u\n",
                             outlier_far(i) && i % 100 == 7 ? 9999 : i % 13,
                             outlier_far(i) && i % 100 != 7 ? 9999 : i % 17,
                             i % 5);
    }
    assert_false(csv.failed);
    d = clean_csv(c, csv.data, NULL);
    mlpipe__text_free(&csv);
    return d;
}

static void outlier_drop_served(void **state)
{
    static const char *const steps[] = {
        "outlier action=drop;gbt trees=3",
        "outlier action=drop serving=flag as=far;gbt trees=3",
        "outlier action=drop method=mad serving=refuse;gbt trees=3"};
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = outlier_data(c);
        mlpipe_pipeline *p = clean_recipe(c, "target=y holdout=0", steps[k]);
        mlpipe_model *m;
        static double out[2 * ROWS];
        double one[2];
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        const uint32_t width = mlpipe_model_outputs(m);
        assert_int_equal(k == 1 ? 2 : 1, width);
        assert_ok(c, mlpipe_predict(c, m, d, out, width * ROWS));
        for (uint32_t i = 0; i < ROWS; i++) {
            assert_int_equal(k == 2 && outlier_far(i),
                             isnan(out[width * i]));
            if (k == 1)
                assert_same(out[2 * i + 1], outlier_far(i));
        }
        for (uint32_t i = 0; i < ROWS; i += 7) {
            mlpipe_dataset *row;
            assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
            assert_ok(c, mlpipe_predict(c, m, row, one, width));
            assert_memory_equal(one, out + width * i, width * sizeof *one);
            mlpipe_dataset_free(row);
        }
        assert_near(mlpipe_report_get(m->notes, "rows_trained"),
                    ROWS - ROWS / 50, 0);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlier_caps),
        cmocka_unit_test(outlier_other_actions),
        cmocka_unit_test(outlier_drops),
        cmocka_unit_test(outlier_refuses),
        cmocka_unit_test(outlier_refuses_unread),
        cmocka_unit_test(outlier_infinite),
        cmocka_unit_test(outlier_infinite_beside_a_constant),
        cmocka_unit_test(outlier_without_fence),
        cmocka_unit_test(outlier_near_the_end_of_the_range),
        cmocka_unit_test(outlier_mad_as_peer),
        cmocka_unit_test(outlier_mad_is_exact),
        cmocka_unit_test(outlier_drop_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
