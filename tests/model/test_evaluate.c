/* SPDX-License-Identifier: MIT */
/* Scores: which rows count, the baseline beside, names and refusals. */
#include "model_support.h"

/* y = 1 .. 8, with one null; x equals y but for one null. */
static mlpipe_dataset *little(mlpipe_ctx *c, bool weights)
{
    const double y[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double w[8] = {1, 1, 2, 1, 1, 1, 0, 3};
    const uint8_t y_valid[8] = {1, 1, 1, 1, 1, 1, 1, 0};
    const uint8_t x_valid[8] = {0, 1, 1, 1, 1, 1, 1, 1};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, "first_row_id=50", &b));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, y_valid, 8));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, y, x_valid, 8));
    if (weights)
        assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, w, NULL,
                                           8));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_model *line(mlpipe_ctx *c, const char *pipeline)
{
    const double x[6] = {1, 2, 3, 4, 5, 6}, w[6] = {1, 1, 1, 1, 1, 1};
    const double v[6] = {0, 1, 1, 1, 3, 0.5};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, w, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "v", MLPIPE_F64, v, NULL, 6));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_pipeline_new(c, pipeline, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return m;
}

static void rows(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x holdout=0");
    mlpipe_dataset *d = little(c, false);
    mlpipe_report *r;
    double out[8], sum = 0;
    assert_ok(c, mlpipe_predict(c, m, d, out, 8));
    assert_true(out[0] != out[0]); /* no x, no answer */
    assert_ok(c, mlpipe_evaluate(c, m, d, NULL, &r));
    assert_near(mlpipe_report_get(r, "rows"), 8, 0);
    assert_near(mlpipe_report_get(r, "n"), 6, 0);
    assert_near(mlpipe_report_get(r, "rows_without_target"), 1, 0);
    assert_near(mlpipe_report_get(r, "rows_without_answer"), 1, 0);
    assert_near(mlpipe_report_get(r, "baseline"), 3.5, 0);
    for (int i = 1; i < 7; i++)
        sum += (out[i] - (i + 1)) * (out[i] - (i + 1));
    assert_near(mlpipe_report_get(r, "rmse") * mlpipe_report_get(r, "rmse"),
                sum / 6, 1e-12);
    /* targets 2 .. 7 around 3.5 */
    assert_near(mlpipe_report_get(r, "mae_baseline"), 10.0 / 6, 1e-12);
    assert_string_equal("regression", mlpipe_report_text(r, "task"));
    assert_string_equal(mlpipe_model_id(m), mlpipe_report_text(r, "model"));
    assert_int_equal(32, strlen(mlpipe_report_text(r, "dataset")));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

/* A weight of two is the row twice, a weight of zero is no row. */
static void weights(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x weight=w holdout=0");
    mlpipe_dataset *d = little(c, true);
    mlpipe_report *r;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=mae", &r));
    /* targets 2, 3, 3, 4, 5, 6 around 3.5 */
    assert_near(mlpipe_report_get(r, "mae_baseline"), 7.0 / 6, 1e-12);
    assert_true(mlpipe_report_get(r, "rmse") != mlpipe_report_get(r, "rmse"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

/* What the baseline says of unequal weights is their mean, and the least that
 * any constant loses by weights: r2 of it is zero on the training rows. */
static void weighted_baseline(void **state)
{
    const double x[6] = {1, 2, 3, 4, 5, 6}, v[6] = {0, 1, 1, 1, 3, 0.5};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x weight=v holdout=0");
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_report *r;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "v", MLPIPE_F64, v, NULL, 6));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_evaluate(c, m, d, NULL, &r));
    assert_near(mlpipe_report_get(r, "baseline"), 27.0 / 6.5, 1e-15);
    assert_near(mlpipe_report_get(r, "r2_baseline"), 0, 1e-15);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

static mlpipe_dataset *run_of(mlpipe_ctx *c, int from, int n)
{
    double x[10];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int i = 0; i < n; i++)
        x[i] = from + i;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, x, NULL, n));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, n));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* Rows of the training set are counted, whatever their row ids. */
static void rows_of_the_training_set(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x holdout=0"); /* 1 .. 6 */
    const int from[] = {1, 4, 7}, seen[] = {6, 3, 0};
    for (int i = 0; i < 3; i++) {
        mlpipe_dataset *d = run_of(c, from[i], 6);
        mlpipe_report *r;
        assert_ok(c, mlpipe_evaluate(c, m, d, NULL, &r));
        assert_near(mlpipe_report_get(r, "rows_seen"), seen[i], 0);
        mlpipe_report_free(r);
        mlpipe_dataset_free(d);
    }
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

static mlpipe_dataset *times_of(mlpipe_ctx *c, int32_t unit,
                                const int64_t *at)
{
    const double x[6] = {1, 2, 3, 4, 5, 6};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 6));
    assert_ok(c, mlpipe_builder_times(c, b, "t", unit, at, NULL, 6));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* A row is the same in nanoseconds and in microseconds, which end below, on
 * both sides of 1970. */
static void rows_in_another_unit(void **state)
{
    static const int64_t ns[6] = {-2000, -1999, -1, 0, 1, 1999};
    static const int64_t us[6] = {-2, -2, -1, 0, 0, 1};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = times_of(c, MLPIPE_UNIT_NS, ns);
    mlpipe_dataset *other = times_of(c, MLPIPE_UNIT_US, us);
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_report *r;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=y features=x time=t holdout=0", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_evaluate(c, m, other, NULL, &r));
    assert_near(mlpipe_report_get(r, "rows_seen"), 6, 0);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void refusals(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x holdout=0");
    mlpipe_dataset *d = little(c, false), *none, *other;
    mlpipe_report *r = (mlpipe_report *)c;
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_evaluate(c, m, d, "metrics=rmes", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "rmse"));
    assert_null(r);
    assert_status(MLPIPE_E_PARAM, mlpipe_evaluate(c, m, d, "metrics=auc", &r));
    assert_ok(c, mlpipe_dataset_slice(c, d, 7, 1, &none));
    assert_status(MLPIPE_E_EMPTY, mlpipe_evaluate(c, m, none, NULL, &r));
    other = made_dataset(c, 0, 4);
    assert_status(MLPIPE_E_SCHEMA, mlpipe_evaluate(c, m, other, NULL, &r));
    assert_status(MLPIPE_E_ARG, mlpipe_evaluate(c, NULL, d, NULL, &r));
    assert_status(MLPIPE_E_ARG, mlpipe_evaluate(c, m, d, NULL, NULL));
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(d);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(weights),
        cmocka_unit_test(weighted_baseline),
        cmocka_unit_test(rows_of_the_training_set),
        cmocka_unit_test(rows_in_another_unit),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
