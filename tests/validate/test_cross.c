/* SPDX-License-Identifier: MIT */
/* Cross-validation against folds fitted one by one, and leaks between parts. */
#include "split_rig.h"

#include "model/model_support.h"

#include <limits.h>
#include <math.h>
#include "golden_text.h"

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

/* ---- what is told of folds ---------------------------------------------- */

typedef struct teller {
    char log[8192];
} teller;

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    teller *t = user;
    const size_t n = strlen(t->log);
    (void)component;
    if (level == MLPIPE_LOG_WARN)
        snprintf(t->log + n, sizeof t->log - n, "%s\n", text);
}

static mlpipe_ctx *telling(teller *t)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .user = t,
                                  .log_level = MLPIPE_LOG_INFO,
                                  .log = keep_log};
    mlpipe_ctx *c;
    t->log[0] = 0;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

static void check_log(teller *t, const char *part)
{
    if (part ? !strstr(t->log, part) : t->log[0] != 0)
        fail_msg("no %s in %s", part ? part : "silence", t->log);
    t->log[0] = 0;
}

/* 90 rows in another order than their times t; labels are known five later;
 * every fourth row shares a group g, and each third of the time a group h. */
static mlpipe_dataset *timed(mlpipe_ctx *c)
{
    enum { TIMED = 90 };
    static int64_t x[TIMED], y[TIMED], t[TIMED], end[TIMED], g[TIMED],
        h[TIMED];
    const rig_column columns[] = {{"x", x, 0},
                                  {"y", y, 0},
                                  {"t", t, MLPIPE_UNIT_S},
                                  {"end", end, MLPIPE_UNIT_S},
                                  {"g", g, 0},
                                  {"h", h, 0}};
    for (int i = 0; i < TIMED; i++) {
        x[i] = i * 17 % 31;
        t[i] = i * 7 % TIMED;
        end[i] = t[i] + 5;
        y[i] = 3 * x[i] + i % 5;
        g[i] = i % 4;
        h[i] = t[i] / 30;
    }
    return rig_dataset(c, columns, 6, TIMED);
}

static mlpipe_report *crossed(mlpipe_ctx *c, const char *roles,
                              const char *params)
{
    mlpipe_dataset *d = timed(c);
    mlpipe_pipeline *p;
    mlpipe_report *r;
    char recipe[128];
    snprintf(recipe, sizeof recipe, "target=y features=x %s", roles);
    assert_ok(c, mlpipe_pipeline_new(c, recipe, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_cross_validate(c, p, d, params, &r));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return r;
}

/* The recipe's times order the rows as order= and label_end= would. */
static void roles_of_time(void **state)
{
    static const char *const kinds[] = {"ordered", "contiguous"};
    teller t;
    mlpipe_ctx *c = telling(&t);
    (void)state;
    for (int i = 0; i < 2; i++) {
        mlpipe_report *r, *s;
        char params[96];
        snprintf(params, sizeof params, "folds=3 kind=%s", kinds[i]);
        r = crossed(c, "time=t label_time=end", params);
        assert_string_equal(i ? "overlap" : "clean",
                            mlpipe_report_text(r, "verdict"));
        check_log(&t, i ? "rows_out_of_order" : NULL);
        snprintf(params, sizeof params,
                 "folds=3 kind=%s order=t label_end=end", kinds[i]);
        s = crossed(c, "time=t", params);
        t.log[0] = 0;
        /* five rows of time before each fold, and five behind */
        assert_int_equal(i ? 4 * 5 : 3 * 5, get(r, "dropped_purge"));
        assert_int_equal(0, get(r, "spans"));
        /* 60 and 30 rows lie behind folds, of which 10 are purged */
        assert_int_equal(i ? 80 : 0, get(r, "rows_out_of_order"));
        assert_near(get(r, "rmse"), get(s, "rmse"), 0);
        assert_near(get(r, "dropped_purge"), get(s, "dropped_purge"), 0);
        mlpipe_report_free(r);
        mlpipe_report_free(s);
        /* another order has no ends by the recipe */
        snprintf(params, sizeof params, "folds=3 kind=%s order=end",
                 kinds[i]);
        r = crossed(c, "time=t label_time=end", params);
        assert_int_equal(0, get(r, "dropped_purge"));
        assert_true(isnan(get(r, "spans")));
        t.log[0] = 0;
        mlpipe_report_free(r);
    }
    mlpipe_ctx_free(c);
}

/* The recipe's group keeps groups whole where rows are dealt; runs of rows
 * would lose most of what trains. */
static void roles_of_group(void **state)
{
    teller t;
    mlpipe_ctx *c = telling(&t);
    mlpipe_report *r;
    (void)state;
    r = crossed(c, "group=g time=t", "folds=3 kind=ordered");
    assert_int_equal(0, get(r, "dropped_group"));
    assert_int_equal(3 * 4, get(r, "groups"));
    assert_string_equal("overlap", mlpipe_report_text(r, "verdict"));
    check_log(&t, "12 groups of g are in a fold");
    mlpipe_report_free(r);
    r = crossed(c, "group=g", "kind=groups");
    assert_int_equal(4, get(r, "folds"));
    assert_int_equal(0, get(r, "groups"));
    check_log(&t, NULL);
    mlpipe_report_free(r);
    mlpipe_ctx_free(c);
}

/* Rows that are dropped by the half are told of, with the cause. */
static void few_left(void **state)
{
    teller t;
    mlpipe_ctx *c = telling(&t);
    mlpipe_dataset *d = timed(c), *fold, *rest;
    (void)state;
    assert_ok(c, mlpipe_dataset_fold(c, d, "folds=9 kind=contiguous order=t "
                                     "group=h", 1, &fold, &rest));
    check_log(&t, NULL); /* 60 of 80 are left */
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    assert_ok(c, mlpipe_dataset_fold(c, d, "folds=3 kind=ordered order=t "
                                     "group=h gap=40 test=12", 1, &fold,
                                     &rest));
    check_log(&t, "26 of the 66 rows that could train for fold 1 are left: "
                  "6 share a group with it, 0 have a label span that meets "
                  "it, 34 lie in the gap");
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* As mlpipe_evaluate tells them: a few, or all. */
static void which_metrics(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    const mlpipe__metric *m;
    (void)state;
    for (int all = 0; all < 2; all++) {
        mlpipe_report *r = crossed(c, "", all ? "metrics=all" : NULL);
        for (uint32_t i = 0; (m = mlpipe__metric_at(i)); i++) {
            char name[64];
            bool told = false;
            snprintf(name, sizeof name, "%s_sd", m->name);
            for (uint32_t k = 0; k < mlpipe_report_count(r); k++) {
                const char *found;
                mlpipe_figure f;
                assert_int_equal(0, mlpipe_report_figure(r, k, &found, &f));
                told |= !strcmp(found, name);
            }
            if (told != ((all ? m->tasks : m->standard) &
                         MLPIPE__TASK_REGRESSION))
                fail_msg("%s is %stold", m->name, told ? "" : "not ");
        }
        mlpipe_report_free(r);
    }
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
    assert_told(c, MLPIPE_E_EMPTY,
                mlpipe_cross_validate(c, p, d, "folds=20 stratify=y", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "has 19 rows"));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_cross_validate(c, p, d, "metrics=rmse", &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "the task binary"));
    assert_null(strstr(mlpipe_ctx_error(c)->where, "fold"));
    mlpipe_ctx_cancel(c);
    assert_told(c, MLPIPE_E_CANCELLED,
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
    assert_told(c, MLPIPE_E_SCHEMA,
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
    assert_told(c, MLPIPE_E_SCHEMA, mlpipe_split_check(c, part, 2, NULL, &r));
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
        assert_told(c, MLPIPE_E_CANCELLED,
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
        cmocka_unit_test(roles_of_time), cmocka_unit_test(roles_of_group),
        cmocka_unit_test(few_left), cmocka_unit_test(which_metrics),
        cmocka_unit_test(checked), cmocka_unit_test(across_files),
        cmocka_unit_test(stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
