/* SPDX-License-Identifier: MIT */
/*
 * Losses of a number beside LightGBM's: equal on whole numbers, as good on
 * real files.
 */
#include "train_rig.h"

#include "data/data_internal.h"
#include "golden/gbt_regression.h"

static mlpipe_ctx *number_ctx;

static int number_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &number_ctx);
}

static int number_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(number_ctx);
    return 0;
}

static void number_fit(const char *text, rig_table *t, rig_table *valid,
                       rig_fit *f)
{
    assert_ok(number_ctx,
              rig_fit_new(number_ctx, &mlpipe__learner_gbt, text,
                          MLPIPE__TASK_REGRESSION, t, valid, f));
}

static uint64_t number_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Where no sum is rounded by much: equal to what its float gradients leave. */
static void number_whole(void **state)
{
    static const char *const texts[] = {
        "trees=10 leaves=6 l2=0 loss=poisson",
        "trees=10 leaves=6 l2=0 loss=tweedie",
        "trees=10 leaves=6 l2=0 loss=huber delta=1e6"};
    rig_table t;
    (void)state;

    rig_table_new(&t, 400, 3);
    for (uint64_t i = 0; i < t.rows; i++) {
        for (uint32_t f = 0; f < 3; f++)
            t.x[f][i] = (double)(number_mix(3 * i + f) % 8);
        t.y[i] = 4 + t.x[0][i] + (t.x[1][i] > 3 ? 5 : 0) +
                 (double)(number_mix(1000000 + i) % 3);
    }
    for (uint32_t k = 0; k < 3; k++) {
        rig_fit f;
        number_fit(texts[k], &t, NULL, &f);
        for (uint32_t i = 0; i < 40; i++)
            assert_near(rig_predict_row(&f, &t, i) /
                            golden_number_whole[k][i],
                        1, 1e-6);
        rig_fit_free(&f);
    }
    rig_table_free(&t);
}

/* The numbers of a file; the rows of split s for testing, or the others. */
static void real_table(const mlpipe_dataset *d, const char *const *names,
                       uint32_t features, uint64_t s, bool test,
                       rig_table *t)
{
    const int64_t rows = mlpipe_dataset_rows(d);
    double *x = calloc((size_t)rows, sizeof *x);
    uint8_t *valid = calloc((size_t)rows, 1);

    rig_table_new(t, (uint32_t)rows, features);
    for (uint32_t f = 0; f <= features; f++) {
        const int64_t at = mlpipe_dataset_find(d, names[f]);
        uint32_t n = 0;
        assert_true(at >= 0);
        for (int64_t i = 0; i < rows; i += MLPIPE__BLOCK_ROWS) {
            const int64_t left = rows - i;
            mlpipe__dataset_block(d, (uint32_t)at, i,
                                  left < MLPIPE__BLOCK_ROWS
                                      ? (uint32_t)left
                                      : MLPIPE__BLOCK_ROWS,
                                  x + i, valid + i);
        }
        for (uint64_t i = 0; i < (uint64_t)rows; i++)
            if ((number_mix(1000 * i + s) % 10 < 3) == test)
                (f < features ? t->x[f] : t->y)[n++] = valid[i] ? x[i] : NAN;
        t->rows = n;
    }
    free(x);
    free(valid);
}

/* The mean loss over three splits is at most one part in a hundred above
 * LightGBM's, and the share of the rows below a quantile no further from its
 * level, but for one part in a hundred. */
static void number_real(const char *file, const char *const *names,
                        uint32_t features, const double *golden)
{
    static const struct {
        const char *text, *metric;
        double level;
    } cases[] = {{"loss=absolute", "mae", 0.5},
                 {"loss=huber delta=5000", "huber@5000", 0},
                 {"loss=quantile level=0.1", "pinball@0.1", 0.1},
                 {"loss=quantile level=0.9", "pinball@0.9", 0.9},
                 {"loss=poisson", "mean_poisson_deviance", 0},
                 {"loss=gamma", "mean_gamma_deviance", 0},
                 {"loss=tweedie power=1.3", "mean_tweedie_deviance@1.3", 0}};
    const char *folder = getenv("MLPIPE_TEST_DATA");
    double loss[7] = {0}, below[7] = {0};
    mlpipe_dataset *d;
    char path[1000];

    if (!folder || !*folder) {
        printf("# %s skipped: MLPIPE_TEST_DATA is not set\n", file);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_ok(number_ctx, mlpipe_read_csv(number_ctx, path, NULL, &d));
    for (uint64_t s = 0; s < 3; s++) {
        rig_table t, test;
        real_table(d, names, features, s, false, &t);
        real_table(d, names, features, s, true, &test);
        double *p = calloc(test.rows, sizeof *p);
        for (uint32_t k = 0; k < 7; k++) {
            char text[100];
            mlpipe_figure figure;
            mlpipe__metric m;
            rig_fit f;
            bool found;
            const mlpipe__scored scored = {test.y, p, NULL, test.rows, 1,
                                           NULL};
            snprintf(text, sizeof text, "trees=100 l2=0 %s", cases[k].text);
            number_fit(text, &t, NULL, &f);
            for (uint32_t i = 0; i < test.rows; i++) {
                p[i] = rig_predict_row(&f, &test, i);
                below[k] += (test.y[i] < p[i]) / (3.0 * test.rows);
            }
            assert_ok(number_ctx,
                      mlpipe__metric_read(number_ctx, cases[k].metric, &m,
                                          &found));
            assert_ok(number_ctx, mlpipe__metric_value(number_ctx, &m,
                                                       &scored, &figure));
            loss[k] += figure.value / 3;
            rig_fit_free(&f);
        }
        free(p);
        rig_table_free(&t);
        rig_table_free(&test);
    }
    for (uint32_t k = 0; k < 7; k++) {
        const double level = cases[k].level;
        printf("# %s %s: %.6g, LightGBM %.6g, below %.4f, %.4f\n", file,
               cases[k].text, loss[k], golden[k], below[k], golden[7 + k]);
        assert_true(loss[k] < 1.01 * golden[k]);
        if (level > 0)
            assert_true(fabs(below[k] - level) <
                        fabs(golden[7 + k] - level) + 0.01);
    }
    mlpipe_dataset_free(d);
}

static void number_diamonds(void **state)
{
    static const char *const names[] = {"carat", "depth", "table", "x",
                                        "y",     "z",     "price"};
    (void)state;
    if (!getenv("MLPIPE_SWEEP_ALL")) {
        printf("# diamonds.csv is for MLPIPE_SWEEP_ALL\n");
        return;
    }
    number_real("diamonds.csv", names, 6, golden_number_real[0]);
}

static void number_california(void **state)
{
    static const char *const names[] = {
        "longitude",      "latitude",   "housing_median_age",
        "total_rooms",    "total_bedrooms", "population",
        "households",     "median_income",  "median_house_value"};
    (void)state;
    number_real("california_housing.csv", names, 8, golden_number_real[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_whole),
        cmocka_unit_test(number_diamonds),
        cmocka_unit_test(number_california),
    };
    return cmocka_run_group_tests(tests, number_open, number_close);
}
