/* SPDX-License-Identifier: MIT */
/* Two recipes over the same folds, against folds fitted one by one. */
#include "support.h"

#include "model/model_support.h"

#include <math.h>

enum { ROWS = 300 };

static double get(const mlpipe_report *r, const char *name)
{
    const double x = mlpipe_report_get(r, name);
    if (isnan(x))
        fail_msg("no %s", name);
    return x;
}

static double scored(mlpipe_ctx *c, const mlpipe_pipeline *p,
                     const mlpipe_dataset *rest, const mlpipe_dataset *fold)
{
    mlpipe_report *r;
    mlpipe_model *m;
    assert_ok(c, mlpipe_fit(c, p, rest, NULL, &m));
    assert_ok(c, mlpipe_evaluate(c, m, fold, "metrics=rmse", &r));
    const double rmse = get(r, "rmse");
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    return rmse;
}

static void by_hand(void **state)
{
    static const char *const params = "folds=3 repeats=2 seed=4";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS);
    mlpipe_pipeline *a = made_recipe(c, "price", "ridge", "l2=1");
    mlpipe_pipeline *b = made_recipe(c, "price", "gbt", "trees=5 leaves=4");
    mlpipe_report *r, *back;
    double of_a = 0, of_b = 0, squares = 0, ratio = 0, diff[6];
    (void)state;
    assert_ok(c, mlpipe_compare_recipes(c, a, b, d, params, &r));
    for (uint32_t i = 0; i < 6; i++) {
        mlpipe_dataset *fold, *rest;
        assert_ok(c, mlpipe_dataset_fold(c, d, params, i, &fold, &rest));
        const double va = scored(c, a, rest, fold);
        const double vb = scored(c, b, rest, fold);
        of_a += va / 6;
        of_b += vb / 6;
        diff[i] = vb - va;
        ratio += (double)mlpipe_dataset_rows(fold) /
                 (double)mlpipe_dataset_rows(rest) / 6;
        mlpipe_dataset_free(fold);
        mlpipe_dataset_free(rest);
    }
    for (int i = 0; i < 6; i++)
        squares += (diff[i] - (of_b - of_a)) * (diff[i] - (of_b - of_a));
    const double t =
        (of_b - of_a) / sqrt((1.0 / 6 + ratio) * squares / 5);
    assert_near(get(r, "a"), of_a, 1e-11);
    assert_near(get(r, "b"), of_b, 1e-11);
    assert_near(get(r, "difference"), of_b - of_a, 1e-11);
    assert_near(get(r, "statistic"), t, 1e-9 * fabs(t));
    assert_true(get(r, "df") == 5 && get(r, "folds") == 3);
    assert_near(get(r, "p"), 2 * mlpipe__student_tail(fabs(t), 5), 1e-9);
    assert_string_equal("a better", mlpipe_report_text(r, "verdict"));
    assert_true(get(r, "folds_a_better") == 6);
    assert_string_equal("rmse", mlpipe_report_text(r, "metric"));
    assert_ok(c, mlpipe_compare_recipes(c, b, a, d, params, &back));
    assert_string_equal("b better", mlpipe_report_text(back, "verdict"));
    assert_true(get(back, "p") == get(r, "p"));
    mlpipe_report_free(back);
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_compare_recipes(c, a, a, d, params, &r));
    assert_string_equal("no difference shown",
                        mlpipe_report_text(r, "verdict"));
    assert_true(get(r, "p") == 1 && get(r, "detectable") == 0);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(a);
    mlpipe_pipeline_free(b);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void threads_and_refusals(void **state)
{
    mlpipe_ctx *c = made_ctx(1), *many = made_ctx(4);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS);
    mlpipe_pipeline *a = made_recipe(c, "risk", "gbt", "trees=3 leaves=4");
    mlpipe_pipeline *b = made_recipe(c, "risk", "gbt", "trees=9 leaves=4");
    mlpipe_pipeline *other = made_recipe(c, "price", "gbt", "trees=1");
    mlpipe_report *r, *s;
    mlpipe_buffer *x, *y;
    (void)state;
    assert_ok(c, mlpipe_compare_recipes(c, a, b, d, "metric=auc folds=3",
                                        &r));
    assert_ok(many, mlpipe_compare_recipes(many, a, b, d,
                                           "metric=auc folds=3", &s));
    assert_ok(c, mlpipe_report_render(c, r, "json", &x));
    assert_ok(c, mlpipe_report_render(c, s, "json", &y));
    assert_string_equal(mlpipe_buffer_data(x), mlpipe_buffer_data(y));
    mlpipe_buffer_free(x);
    mlpipe_buffer_free(y);
    mlpipe_report_free(r);
    mlpipe_report_free(s);
    assert_status(MLPIPE_E_SCHEMA,
                  mlpipe_compare_recipes(c, a, other, d, "folds=2", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->where, "fold 0"));
    assert_null(r);
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_compare_recipes(c, a, b, d, "metric=rmse", &r));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_compare_recipes(c, a, b, d, "metrics=auc", &r));
    mlpipe_pipeline_free(a);
    mlpipe_pipeline_free(b);
    mlpipe_pipeline_free(other);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    mlpipe_ctx_free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(threads_and_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
