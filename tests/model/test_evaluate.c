/* SPDX-License-Identifier: MIT */
/* Scores: which rows count, the baseline beside, names and refusals. */
#include "model_support.h"

#include <math.h>

#include "model/evaluate_types.h"
#include "golden_text.h"

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

static const char *rendered(mlpipe_ctx *c, const mlpipe_report *r,
                            const char *format, mlpipe_buffer **b)
{
    assert_ok(c, mlpipe_report_render(c, r, format, b));
    return mlpipe_buffer_data(*b);
}

static void shows(mlpipe_ctx *c, const mlpipe_report *r, const char *text)
{
    mlpipe_buffer *b;
    const char *all = rendered(c, r, "json", &b);
    if (!strstr(all, text))
        fail_msg("no %s in %s", text, all);
    mlpipe_buffer_free(b);
}

/* A few metrics unless others or all are asked for, each with its baseline. */
static void which_metrics(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 600), *test;
    static const struct {
        const char *target;
        uint32_t task;
    } of[] = {{"price", MLPIPE__TASK_REGRESSION},
              {"risk", MLPIPE__TASK_BINARY}};
    test = made_dataset(c, 600, 400);
    for (size_t i = 0; i < 2; i++) {
        mlpipe_pipeline *p = made_recipe(c, of[i].target, "gbt", "trees=5");
        mlpipe_report *few, *all;
        const mlpipe__metric *m;
        mlpipe_model *model;
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &model));
        assert_ok(c, mlpipe_evaluate(c, model, test, NULL, &few));
        assert_ok(c, mlpipe_evaluate(c, model, test, "metrics=all", &all));
        for (uint32_t k = 0; (m = mlpipe__metric_at(k)); k++) {
            char name[64];
            const double value = mlpipe_report_get(all, m->name);
            snprintf(name, sizeof name, "\"%s_baseline\"", m->name);
            if (!(m->tasks & of[i].task)) {
                assert_true(isnan(value));
                continue;
            }
            assert_false(isnan(value));
            shows(c, all, name);
            if (m->standard & of[i].task)
                assert_near(mlpipe_report_get(few, m->name), value, 0);
            else
                assert_true(isnan(mlpipe_report_get(few, m->name)));
        }
        assert_near(mlpipe_report_get(all, "n"), 400, 0);
        mlpipe_report_free(few);
        mlpipe_report_free(all);
        mlpipe_model_free(model);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(test);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The threshold of the best f1 gives it. */
static void threshold(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 500);
    mlpipe_pipeline *p = made_recipe(c, "sold", "gbt", "trees=8");
    static double out[500], y[500];
    double tp = 0, fp = 0, positives = 0;
    mlpipe_model *m;
    mlpipe_report *r;
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=best_f1", &r));
    assert_ok(c, mlpipe_predict(c, m, d, out, 500));
    assert_ok(c, mlpipe__model_target(c, m, d, y));
    for (int i = 0; i < 500; i++) {
        const bool said = out[i] >= mlpipe_report_get(r, "best_f1_threshold");
        positives += y[i];
        tp += said && y[i] > 0;
        fp += said && y[i] == 0;
    }
    assert_near(mlpipe_report_get(r, "best_f1"),
                2 * tp / (tp + fp + positives), 1e-15);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* What a model of the price needs, and a town. */
static mlpipe_dataset *little_house(mlpipe_ctx *c)
{
    static const double x[] = {60, 80, 100};
    static const char *const town[] = {"Oslo", "Voss", "Oslo"};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "size", MLPIPE_F64, x, NULL, 3));
    assert_ok(c, mlpipe_builder_column(c, b, "lot", MLPIPE_F64, x, NULL, 3));
    assert_ok(c, mlpipe_builder_column(c, b, "rooms", MLPIPE_F64, x, NULL,
                                       3));
    assert_ok(c, mlpipe_builder_column(c, b, "price", MLPIPE_F64, x, NULL,
                                       3));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", town, 3));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* Each segment has the figure that its rows alone would have had. */
static void segments(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 600), *less;
    static double out[600], y[600];
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_report *r;
    char text[256];
    assert_ok(c, mlpipe_pipeline_new(c,
                                     "target=price features=size,lot,rooms "
                                     "segment=new,town,id,rooms "
                                     "private=rooms",
                                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=5"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=mae,r2", &r));
    assert_ok(c, mlpipe_predict(c, m, d, out, 600));
    assert_ok(c, mlpipe__model_target(c, m, d, y));
    for (int fresh = 0; fresh < 2; fresh++) {
        double sum = 0;
        int n = 0;
        for (int64_t i = 0; i < 600; i++) {
            if ((made_unit(i, 6) > 0.7) != fresh)
                continue;
            sum += fabs(y[i] - out[i]);
            n++;
        }
        snprintf(text, sizeof text, "[\"%s\",%d,%.10f",
                 fresh ? "true" : "false", n, sum / n);
        text[strlen(text) - 2] = '\0'; /* rounded digits */
        shows(c, r, text);
    }
    shows(c, r, "\"segment.town\":");
    shows(c, r, "[\"\","); /* towns that are missing */
    mlpipe_buffer *b;
    const char *all = rendered(c, r, "json", &b);
    assert_null(strstr(all, "segment.id"));    /* 600 values */
    assert_null(strstr(all, "segment.rooms")); /* private */
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    /* without the column the rest is told */
    less = little_house(c);
    assert_ok(c, mlpipe_evaluate(c, m, less, NULL, &r));
    all = rendered(c, r, "json", &b);
    assert_null(strstr(all, "segment.new"));
    mlpipe_buffer_free(b);
    shows(c, r, "\"segment.town\":");
    mlpipe_report_free(r);
    mlpipe_dataset_free(less);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Of three classes, one of them with a comma, and of forty. */
static void tables(void **state)
{
    static const double y[] = {0, 0, 1, 2, 2, 2}, w[] = {1, 2, 1, 1, 1, 3};
    static const double p[] = {0.7, 0.2, 0.1, 0.2, 0.7, 0.1, 0.1, 0.8, 0.1,
                               0.1, 0.2, 0.7, 0.4, 0.2, 0.4, 0.1, 0.1, 0.8};
    static const char *const names[] = {"a", "b,c", "d"};
    const mlpipe__scored s = {y, p, w, 6, 3};
    static double wide[6 * 40];
    const mlpipe__scored many = {y, wide, w, 6, 40};
    mlpipe_ctx *c = made_ctx(1);
    for (int forty = 0; forty < 2; forty++) {
        mlpipe_model *m = mlpipe__model_new(c->env);
        mlpipe__scoring g;
        mlpipe_report *r;
        assert_non_null(m);
        m->task = MLPIPE__TASK_MULTICLASS;
        for (uint32_t k = 0; k < (forty ? 40 : 3); k++) {
            char name[8];
            snprintf(name, sizeof name, "c%u", k);
            const char *text = forty ? name : names[k];
            assert_int_equal(k, mlpipe__dict_add(&m->classes, text,
                                                 strlen(text)));
        }
        for (uint32_t k = 0; k < 6; k++)
            wide[k * 40 + k] = 1;
        assert_ok(c, mlpipe__scoring_init(&g, c, forty ? &many : &s));
        r = mlpipe__report_new(c->env, "evaluation");
        assert_ok(c, mlpipe__evaluate_tables(m, &g, r));
        assert_ok(c, mlpipe__report_seal(c, r, &r));
        if (forty) {
            shows(c, r, "[\"c2\",\"c5\",3]");
        } else {
            shows(c, r, "\"b;c\"");
            shows(c, r, "[\"a\",1,2,0]");
            shows(c, r, "[\"b,c\",0,1,0]");
            shows(c, r, "[\"d\",1,0,4]"); /* a tie goes to the first */
            shows(c, r, "[\"a\",0.5,0.3333333333333333,0.4,3,2]");
        }
        mlpipe_report_free(r);
        mlpipe__scoring_free(&g);
        mlpipe_model_free(m);
    }
    mlpipe_ctx_free(c);
}

static void refusals(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = line(c, "target=y features=x holdout=0");
    mlpipe_dataset *d = little(c, false), *none, *other;
    mlpipe_report *r = (mlpipe_report *)c;
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_evaluate(c, m, d, "metrics=rmes", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "rmse"));
    assert_null(r);
    assert_told(c, MLPIPE_E_PARAM, mlpipe_evaluate(c, m, d, "metrics=auc", &r));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_evaluate(c, m, d, "metrics=all,rmes", &r));
    assert_ok(c, mlpipe_dataset_slice(c, d, 7, 1, &none));
    assert_told(c, MLPIPE_E_EMPTY, mlpipe_evaluate(c, m, none, NULL, &r));
    other = made_dataset(c, 0, 4);
    assert_told(c, MLPIPE_E_SCHEMA, mlpipe_evaluate(c, m, other, NULL, &r));
    assert_told(c, MLPIPE_E_ARG, mlpipe_evaluate(c, NULL, d, NULL, &r));
    assert_told(c, MLPIPE_E_ARG, mlpipe_evaluate(c, m, d, NULL, NULL));
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(none);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(weights),
        cmocka_unit_test(rows_of_the_training_set),
        cmocka_unit_test(which_metrics),
        cmocka_unit_test(threshold),
        cmocka_unit_test(segments),
        cmocka_unit_test(tables),
        cmocka_unit_test(refusals),
        cmocka_unit_test(weighted_baseline),
        cmocka_unit_test(rows_in_another_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
