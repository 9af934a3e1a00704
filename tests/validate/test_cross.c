/* SPDX-License-Identifier: MIT */
/* Cross-validation against folds fitted one by one, and leaks between parts. */
#include "split_rig.h"

#include "model/model_support.h"

#include <limits.h>
#include <math.h>

enum { ROWS = 400, FOLDS = 4 };

static double get(const mlpipe_report *r, const char *name)
{
    return mlpipe_report_get(r, name);
}

static void figure(const mlpipe_report *r, const char *name,
                   mlpipe_figure *out)
{
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *found;
        assert_int_equal(0, mlpipe_report_figure(r, i, &found, out));
        if (!strcmp(found, name))
            return;
    }
    fail_msg("no figure %s", name);
}

/* Each value is that of a fit and an evaluation by hand, to the bit. */
static void by_hand(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS), *fold, *rest;
    mlpipe_pipeline *p = made_recipe(c, "price", "ridge", "l2=1");
    mlpipe_report *r, *one;
    mlpipe_figure f;
    double rmse[FOLDS], mean = 0, squares = 0, error = 0, ratio = 0, half;
    (void)state;
    assert_ok(c, mlpipe_cross_validate(c, p, d, "folds=4 seed=2", &r));
    for (uint32_t k = 0; k < FOLDS; k++) {
        mlpipe_model *m;
        double n;
        assert_ok(c, mlpipe_dataset_fold(c, d, "folds=4 seed=2", k, &fold,
                                         &rest));
        assert_ok(c, mlpipe_fit(c, p, rest, NULL, &m));
        assert_ok(c, mlpipe_evaluate(c, m, fold, NULL, &one));
        rmse[k] = get(one, "rmse");
        n = get(one, "n");
        mean += rmse[k] / FOLDS;
        error += n * rmse[k] * rmse[k];
        ratio += (double)mlpipe_dataset_rows(fold) /
                 (double)mlpipe_dataset_rows(rest) / FOLDS;
        mlpipe_report_free(one);
        mlpipe_model_free(m);
        mlpipe_dataset_free(fold);
        mlpipe_dataset_free(rest);
    }
    for (int k = 0; k < FOLDS; k++)
        squares += (rmse[k] - mean) * (rmse[k] - mean);
    figure(r, "rmse", &f);
    assert_near(f.value, mean, 1e-14);
    assert_near(get(r, "rmse_sd"), sqrt(squares / 3), 1e-12);
    /* the 0.975 quantile of Student's t with 3 degrees of freedom */
    half = 3.182446305284263 * sqrt((1.0 / FOLDS + ratio) * squares / 3);
    assert_near(f.low, mean - half, 1e-11);
    assert_near(f.high, mean + half, 1e-11);
    figure(r, "rmse_pooled", &f);
    assert_near(f.value, sqrt(error / ROWS), 1e-12);
    assert_true(f.low < f.value && f.value < f.high && f.n == ROWS);
    assert_true(get(r, "rmse") < get(r, "rmse_baseline") / 2);
    assert_int_equal(ROWS, get(r, "n"));
    assert_int_equal(0, get(r, "dropped_purge"));
    assert_int_equal(0, get(r, "equal_rows"));
    assert_true(get(r, "rows_out_of_order") > 0); /* the recipe has a time */
    assert_string_equal("regression", mlpipe_report_text(r, "task"));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* All that a report tells, less the time it took. */
static void told(mlpipe_ctx *c, const mlpipe_report *r, mlpipe__text *out)
{
    (void)c;
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *name;
        mlpipe_figure f;
        assert_int_equal(0, mlpipe_report_figure(r, i, &name, &f));
        if (strcmp(name, "fit_seconds"))
            mlpipe__text_add(out, "%s %g %g %g %g\n", name, f.value, f.low,
                             f.high, f.n);
    }
}

static void threads(void **state)
{
    static const char *const params[] = {
        "folds=3 repeats=2 stratify=risk",
        "folds=3 kind=ordered order=day gap=2 metrics=auc,logloss",
        "folds=3 kind=contiguous order=day label_end=day embargo=2s"};
    mlpipe_ctx *c = made_ctx(1), *many = made_ctx(4);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS);
    mlpipe_pipeline *p = made_recipe(c, "risk", "gbt", "trees=5 leaves=6");
    (void)state;
    for (int i = 0; i < 3; i++) {
        mlpipe_report *r, *s;
        mlpipe__text a, b;
        mlpipe__text_init(&a, c->env);
        mlpipe__text_init(&b, c->env);
        assert_ok(c, mlpipe_cross_validate(c, p, d, params[i], &r));
        assert_ok(many, mlpipe_cross_validate(many, p, d, params[i], &s));
        told(c, r, &a);
        told(c, s, &b);
        assert_string_equal(a.data, b.data);
        assert_int_equal(i ? 1 : 2, get(r, "repeats"));
        assert_int_equal(i == 1, get(r, "rows_out_of_order") == 0);
        assert_int_equal(i == 1 ? 3 * 2 : 0, get(r, "dropped_gap"));
        /* three rows a day: two folds have two days behind them */
        assert_int_equal(i == 2 ? 2 * 2 * 3 : 0, get(r, "dropped_embargo"));
        mlpipe__text_free(&a);
        mlpipe__text_free(&b);
        mlpipe_report_free(r);
        mlpipe_report_free(s);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(many);
    mlpipe_ctx_free(c);
}

/* metrics= means what it means to mlpipe_evaluate, and the rows that are not
 * scored are those of the repeat that n is of. */
static void metrics(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS);
    mlpipe_pipeline *p;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new( /* a tenth of size is null */
                     c, "target=size id=id features=lot,rooms", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_cross_validate(c, p, d, "folds=3 repeats=2 "
                                       "metrics=all", &r));
    assert_true(get(r, "rmse") > 0 && get(r, "kendall_pooled") > -1);
    assert_true(get(r, "rows_without_target") > 0);
    assert_int_equal(ROWS, get(r, "n") + get(r, "rows_without_target") +
                               get(r, "rows_without_answer"));
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_cross_validate(c, p, d, "folds=3", &r));
    assert_true(get(r, "rmse") > 0 && get(r, "medae") > 0);
    assert_true(isnan(get(r, "kendall")));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The recipe's group keeps groups whole without being asked. */
static void roles(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, ROWS);
    mlpipe_pipeline *p;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price id=id group=day features=lot,rooms",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_cross_validate(c, p, d, "metrics=rmse", &r));
    assert_int_equal(0, get(r, "groups"));
    assert_int_equal(5, get(r, "folds"));
    assert_true(isnan(get(r, "r2"))); /* not asked for */
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void refusals(void **state)
{
    /* all rows of a class are in fold 1, so that none trains for it */
    int64_t x[60], y[60];
    const rig_column columns[] = {{"x", x, 0}, {"y", y, 0}};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_pipeline *p;
    mlpipe_dataset *d;
    mlpipe_report *r;
    (void)state;
    for (int i = 0; i < 60; i++) {
        x[i] = i * 7 % 60;
        y[i] = i >= 20 && i < 40 && i != 30;
    }
    d = rig_dataset(c, columns, 2, 60);
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=y task=binary features=x", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
    assert_true(mlpipe_cross_validate(c, p, d, "folds=3 kind=contiguous",
                                      &r) != MLPIPE_OK);
    assert_null(r);
    if (!strstr(mlpipe_ctx_error(c)->where, "fold 1"))
        fail_msg("%s: %s", mlpipe_ctx_error(c)->where,
                 mlpipe_ctx_error(c)->text);
    assert_status(MLPIPE_E_EMPTY,
                  mlpipe_cross_validate(c, p, d, "folds=20 stratify=y", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "has 19 rows"));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_cross_validate(c, p, d, "metrics=rmse", &r));
    mlpipe_ctx_cancel(c);
    assert_status(MLPIPE_E_CANCELLED,
                  mlpipe_cross_validate(c, p, d, NULL, &r));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- leaks between parts ------------------------------------------------ */

static void checked(void **state)
{
    /* rows 3 and 8 are equal but for their id, 4 and 9 share the group 5 */
    int64_t id[10], x[10] = {0, 1, 2, 3, 4, 5, 6, 7, 3, 9},
                    g[10] = {1, 1, 2, 0, 5, 3, 3, 4, 0, 5},
                    t[10] = {1, 2, 3, 4, 5, 6, 7, 8, 4, 9},
                    end[10] = {1, 2, 8, 4, 5, 6, 7, 8, 4, 9};
    const rig_column columns[] = {{"id", id, 0}, {"x", x, 0}, {"g", g, 0},
                                  {"t", t, 2},   {"end", end, 2}};
    static const char params[] = "id=id group=g order=t label_end=end";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d, *part[3], *other;
    mlpipe_report *r;
    (void)state;
    for (int i = 0; i < 10; i++)
        id[i] = 100 + i;
    d = rig_dataset(c, columns, 5, 10);
    g[0] = RIG_NULL; /* rows without a group share none */
    other = rig_dataset(c, columns, 5, 10);
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 5, &part[0]));
    assert_ok(c, mlpipe_dataset_slice(c, d, 5, 2, &part[1]));
    assert_ok(c, mlpipe_dataset_slice(c, d, 7, 3, &part[2]));
    assert_ok(c, mlpipe_split_check(c, part, 3, params, &r));
    assert_string_equal("overlap", mlpipe_report_text(r, "verdict"));
    assert_int_equal(3, get(r, "parts"));
    assert_int_equal(10, get(r, "rows"));
    assert_int_equal(0, get(r, "same_id"));
    assert_int_equal(0, get(r, "same_row"));
    assert_int_equal(1, get(r, "equal_rows"));
    assert_near(get(r, "equal_share"), 0.2, 1e-15);
    assert_int_equal(2, get(r, "groups"));
    /* 4 of the first against the 4 of row 8; 6 and 7 against it */
    assert_int_equal(3, get(r, "rows_out_of_order"));
    /* row 2 [3,8] meets 5, 6 and 7, 8; row 3 [4,4] meets row 8 */
    assert_int_equal(3, get(r, "spans"));
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_split_check(c, part, 2, "group=g", &r));
    assert_string_equal("clean", mlpipe_report_text(r, "verdict"));
    assert_true(isnan(get(r, "spans")));
    mlpipe_report_free(r);
    mlpipe_dataset_free(part[1]);
    part[1] = mlpipe__dataset_keep(other); /* the same file, read again */
    assert_ok(c, mlpipe_split_check(c, part, 2, "group=g", &r));
    assert_int_equal(5, get(r, "same_id"));
    assert_int_equal(4, get(r, "same_row")); /* the group of row 0 differs */
    assert_int_equal(4, get(r, "equal_rows"));
    assert_int_equal(4, get(r, "groups"));
    mlpipe_report_free(r);
    assert_status(MLPIPE_E_SCHEMA,
                  mlpipe_split_check(c, part, 2, "order=g", &r));
    for (int i = 0; i < 3; i++)
        mlpipe_dataset_free(part[i]);
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Texts are compared as texts, whatever codes they have; types must fit. */
static void across_files(void **state)
{
    static const char one[] = "town,n\nOslo,1\nVoss,2\nOslo,3\n",
                      two[] = "n,town\n3,Oslo\n2,Bergen\n1,Alta\n2,Voss\n",
                      odd[] = "town,n\nOslo,1.5\n";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *part[2], *third;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_read_csv_memory(c, one, sizeof one - 1, NULL,
                                        &part[0]));
    assert_ok(c, mlpipe_read_csv_memory(c, two, sizeof two - 1, NULL,
                                        &part[1]));
    assert_ok(c, mlpipe_read_csv_memory(c, odd, sizeof odd - 1, NULL,
                                        &third));
    assert_ok(c, mlpipe_split_check(c, part, 2, NULL, &r));
    assert_int_equal(2, get(r, "equal_rows"));
    assert_int_equal(3, get(r, "same_id"));
    assert_int_equal(0, get(r, "same_row"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(part[1]);
    part[1] = third;
    assert_status(MLPIPE_E_SCHEMA, mlpipe_split_check(c, part, 2, NULL, &r));
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_ctx_free(c);
}

static int32_t stop_at(void *user, const char *stage, double fraction)
{
    int *left = user;
    (void)stage;
    assert_true(fraction >= 0 && fraction <= 1);
    return (*left)-- <= 0;
}

/* Many parts make very many pairs: each of them can be stopped at. */
static void stopped(void **state)
{
    enum { PARTS = 20 };
    int left = 0;
    mlpipe_ctx_options o = {.size = sizeof o, .user = &left,
                            .progress = stop_at};
    mlpipe_dataset *part[PARTS];
    mlpipe_report *r;
    mlpipe_ctx *c;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    left = INT_MAX;
    for (int i = 0; i < PARTS; i++)
        part[i] = made_dataset(c, 10 * i, 10);
    for (int polls = 0; polls < PARTS * (PARTS + 1) / 2; polls += 11) {
        left = polls;
        assert_status(MLPIPE_E_CANCELLED,
                      mlpipe_split_check(c, part, PARTS, NULL, &r));
        assert_null(r);
    }
    for (int i = 0; i < PARTS; i++)
        mlpipe_dataset_free(part[i]);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand), cmocka_unit_test(threads),
        cmocka_unit_test(metrics),
        cmocka_unit_test(roles),   cmocka_unit_test(refusals),
        cmocka_unit_test(checked), cmocka_unit_test(across_files),
        cmocka_unit_test(stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
