/* SPDX-License-Identifier: MIT */
/* The search on models: what is found, refused and repeated. */
#include "search_rig.h"
#include "golden_text.h"

/* ---- the space ----------------------------------------------------------- */

static void says(const char *space, const char *part)
{
    mlpipe_ctx *c = made(1);
    mlpipe_pipeline *p = recipe(c, "");
    mlpipe__space s;
    assert_told(c, MLPIPE_E_PARAM, mlpipe__space_parse(c, p, space, &s));
    if (!strstr(mlpipe_ctx_error(c)->text, part))
        fail_msg("%s: %s\nlacks: %s", space, mlpipe_ctx_error(c)->text, part);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
}

static void space_errors(void **state)
{
    (void)state;
    says("", "the space is empty");
    says("{}", "the space is empty");
    says("", "such as gbt.trees=a..b");
    says("gbt.leafs=1..2", "did you mean \"gbt.leaves\"?");
    says("gtb.leaves=3..9", "did you mean \"gbt.leaves\"?");
    says("leaves=3..9", "did you mean \"gbt.leaves\"?");
    says("gbt.leaves=7:40", "write 7..40");
    says("gbt.leaves=7-40", "write 7..40");
    says("gbt.rate=1e-3-0.5:log", "write 1e-3..0.5:log");
    says("gbt.rate=1e-3,2e-x", "not a finite number");
    says("gbt.as=a,b", "unknown parameter");
    says("gbt.leaves=9..3", "goes from 9 to 3");
    says("gbt.leaves=3..3", "goes from 3 to 3");
    says("gbt.leaves=0..9", "\"leaves\" is 0; it must be from 2 to");
    says("gbt.leaves=3..9.5", "not an integer");
    says("gbt.rate=0.1..7", "\"rate\" is 7; it must be from");
    says("gbt.l2=0..1:log", ":log needs a range above 0");
    says("gbt.rate=0.1..0.2:exp", "only :log may stand");
    says("gbt.leaves=1..", "gbt.leaves=\"1..\" has no upper end; a range is "
                           "low..high");
    says("gbt.rate=..1:log", "gbt.rate=\"..1:log\" has no lower end");
    says("gbt.rate=0.1..:log", "gbt.rate=\"0.1..:log\" has no upper end");
    says("gbt.leaves=2,,3", "gbt.leaves=\"2,,3\" lists a value that is empty");
    says("{\"gbt.leaves\":[]}", "\"gbt.leaves\" is [], which lists nothing");
    says("{\"gbt.leaves\":\"\"}", "gbt.leaves=\"\" lists a value");
    says("gbt.rate=..0.2", "no lower end");
    says("gbt.rate=0.1..", "no upper end");
    says("scale.method=zscore..robust", "list the values");
    says("scale.method=zscore,rubost", "did you mean \"robust\"?");
    says("scale.method=zscore,robust,zscore", "twice");
    says("gbt.rate=0.1,0.10", "twice");
    says("gbt.rate=0.1 gbt.rate=0.2", "given twice");
    says("{\"gbt.rate\": {}}", "must be a text such as");
    says("{\"gbt.rate\": [0.1, [1]]}", "must be a text such as");
    says("{\"gbt.rates\": 0.1}", "did you mean \"gbt.rate\"?");
}

static void written(const char *space, const char *expected)
{
    mlpipe_ctx *c = made(1);
    mlpipe_pipeline *p = recipe(c, "");
    mlpipe__space s;
    mlpipe__text t;
    assert_ok(c, mlpipe__space_parse(c, p, space, &s));
    mlpipe__text_init(&t, c->env);
    mlpipe__space_write(&s, &t);
    assert_string_equal(expected, t.data);
    mlpipe__text_free(&t);
    mlpipe__space_free(&s);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
}

static void space_forms(void **state)
{
    static const char all[] = "impute.indicator=true,false "
                              "scale.method=zscore,robust "
                              "gbt.rate=0.03..0.2:log gbt.leaves=15..63";
    (void)state;
    written(all, all);
    written("gbt.leaves=15..63 gbt.rate=3e-2..0.20:log "
            "scale.method=zscore,robust impute.indicator=true,false", all);
    written("{\"gbt.leaves\": \"15..63\", \"gbt.rate\": \"0.03..0.2:log\","
            " \"scale.method\": [\"zscore\", \"robust\"],"
            " \"impute.indicator\": [true, false]}", all);
    written("scale.columns='x,`x,z`'", "scale.columns=x,`x,z`");
    written("{\"scale.columns\": [\"x\", \"x,z\"]}", "scale.columns=x,`x,z`");
    written("gbt.leaves=7", "gbt.leaves=7");
    written("gbt.rate=1e-3", "gbt.rate=1e-3");
    written("scale.columns='a b,it''s'", "scale.columns='a b,it''s'");
}

/* ---- what comes of it ---------------------------------------------------- */

/* Never worse than the recipe; differs from it in the space alone; and fitting
 * the tuned recipe gives the score that the report tells. */
static void never_worse(void **state)
{
    static const char *const methods[] = {"method=tpe trials=16",
                                          "method=random trials=9",
                                          "method=grid levels=2"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        mlpipe_ctx *c = made(1);
        mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
        mlpipe_pipeline *p = recipe(c, ""), *tuned;
        mlpipe_report *r, *score;
        mlpipe_model *m;
        assert_ok(c, mlpipe_search(c, p, d, v, usual, methods[i], &tuned,
                                   &r));
        assert_true(mlpipe_report_get(r, "best") <=
                    mlpipe_report_get(r, "default"));
        assert_same(mlpipe_report_get(r, "gain"),
                    mlpipe_report_get(r, "default") -
                        mlpipe_report_get(r, "best"));
        assert_int_equal(i == 0 ? 16 : i == 1 ? 9 : 9,
                         (int)mlpipe_report_get(r, "trials_tried"));
        assert_ok(c, mlpipe_fit(c, tuned, d, v, &m));
        assert_ok(c, mlpipe_evaluate(c, m, v, "metrics=rmse", &score));
        assert_same(mlpipe_report_get(score, "rmse"),
                    mlpipe_report_get(r, "best"));
        assert_string_equal("rmse", mlpipe_report_text(r, "metric"));
        assert_non_null(mlpipe_report_text(r, "warning"));
        mlpipe_report_free(score);
        mlpipe_model_free(m);
        mlpipe_report_free(r);
        mlpipe_pipeline_free(tuned);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_dataset_free(v);
        mlpipe_ctx_free(c);
    }
}

/* A list that holds the recipe's own value has one point fewer to try. */
static void own_values(void **state)
{
    mlpipe_ctx *c = made(1);
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p = recipe(c, ""), *tuned;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_search(c, p, d, v, "gbt.trees=5,10,10e2",
                               "method=grid", &tuned, &r));
    assert_int_equal(3, (int)mlpipe_report_get(r, "trials_tried"));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    /* two values: the third trial is one of them again */
    assert_ok(c, mlpipe_search(c, p, d, v, "gbt.trees=5,10", "trials=8",
                               &tuned, &r));
    assert_int_equal(8, (int)mlpipe_report_get(r, "trials_tried"));
    assert_int_equal(2, (int)mlpipe_report_get(r, "fits"));
    assert_int_equal(6, (int)mlpipe_report_get(r, "trials_repeated"));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

static void same_for_threads(void **state)
{
    static const char *const params[] = {
        "trials=14", "trials=14 method=random seed=4",
        "trials=11 halving=3 min_rows=20"};
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int folds = 0; folds < 2; folds++) {
            char *first = NULL;
            for (uint32_t threads = 1; threads <= 3; threads++) {
                mlpipe_ctx *c = made(threads);
                char *out = searched(c, !folds, "group=g", usual, params[i]);
                if (first)
                    assert_string_equal(first, out);
                else
                    first = strdup(out);
                free(out);
                mlpipe_ctx_free(c);
            }
            free(first);
        }
}

/* More trials begin with those of fewer: nothing depends on how many. */
static void longer_begins_the_same(void **state)
{
    mlpipe_ctx *c = made(1);
    char *a = searched(c, true, "", usual, "trials=13");
    char *b = searched(c, true, "", usual, "trials=17");
    const char *rows = strstr(a, "\"trials\":{");
    size_t n = 0;
    (void)state;
    assert_non_null(rows);
    while (rows[n] && strncmp(rows + n, "[12,", 4))
        n++;
    assert_true(rows[n]);
    assert_int_equal(0, strncmp(rows, strstr(b, "\"trials\":{"), n));
    free(a);
    free(b);
    mlpipe_ctx_free(c);
}

static void folds_keep_groups(void **state)
{
    mlpipe_ctx *c = made(1);
    mlpipe_dataset *d = wave(c, 0);
    mlpipe_pipeline *p = recipe(c, "group=g");
    mlpipe__search s = {.ctx = c, .recipe = p, .train = d, .folds = 5,
                        .halving = 3, .min_rows = 20};
    uint8_t fold_of[60], seen[3][5][240] = {{{0}}};
    (void)state;
    memset(fold_of, 255, sizeof fold_of);
    assert_ok(c, mlpipe__search_rows(&s));
    assert_int_equal(3, s.rungs);
    assert_int_equal(26, s.rung_rows[0]);
    assert_int_equal(240, s.rung_rows[2]);
    for (uint32_t k = 0; k < 5; k++)
        for (int64_t i = 0; i < s.score_rows[k]->rows; i++) {
            const uint64_t g = mlpipe_dataset_row_id(s.score_rows[k], i) / 4;
            assert_true(fold_of[g] == 255 || fold_of[g] == k);
            fold_of[g] = (uint8_t)k;
        }
    for (uint32_t r = 0; r < 3; r++)
        for (uint32_t k = 0; k < 5; k++) {
            const mlpipe_dataset *rows = s.fit_rows[r * 5 + k];
            for (int64_t i = 0; i < rows->rows; i++) {
                const uint64_t id = mlpipe_dataset_row_id(rows, i);
                seen[r][k][id] = 1;
                assert_int_not_equal(k, fold_of[id / 4]);
            }
            for (uint32_t i = 0; r && i < 240; i++) /* nested */
                assert_true(!seen[r - 1][k][i] || seen[r][k][i]);
        }
    for (int i = 0; i < 60; i++)
        assert_int_not_equal(255, fold_of[i]);
    mlpipe__search_rows_free(&s);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void halving(void **state)
{
    mlpipe_ctx *c = made(1);
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p = recipe(c, ""), *tuned;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_search(c, p, d, v, usual,
                               "trials=10 method=random halving=3 "
                               "min_rows=20", &tuned, &r));
    /* own: all rows; 8: 26, 3 of them 80, 1 of them 240; then 1 alone */
    assert_int_equal(3, (int)mlpipe_report_get(r, "trials_done"));
    assert_int_equal(7, (int)mlpipe_report_get(r, "trials_pruned"));
    assert_int_equal(1 + 8 + 3 + 1 + 3, (int)mlpipe_report_get(r, "fits"));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_search(c, p, d, v, usual, "halving=1", &tuned, &r));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

/* ---- what fails ---------------------------------------------------------- */

static void refused(void **state)
{
    static const struct {
        const char *params, *part;
        mlpipe_status status;
    } cases[] = {
        {"metric=rsme", "did you mean \"rmse\"?", MLPIPE_E_PARAM},
        {"metric=zzz", "top3_accuracy, mcc, kappa, ece, ece_mass",
         MLPIPE_E_PARAM},
        {"metric=auc", "metric=auc does not score the task", MLPIPE_E_PARAM},
        {"folds=3", "validation rows are given as well", MLPIPE_E_PARAM},
        {"method=tree", "did you mean \"tpe\"?", MLPIPE_E_PARAM},
        {"trial=3", "did you mean \"trials\"?", MLPIPE_E_PARAM},
        {"method=grid trials=3", "the grid has 50 points", MLPIPE_E_PARAM},
        {"method=grid levels=1000", "the limit is 99999", MLPIPE_E_LIMIT},
    };
    mlpipe_ctx *c = made(1);
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p = recipe(c, ""), *tuned;
    mlpipe_report *r;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *space =
            strstr(cases[i].params, "levels")
                ? "gbt.l2=0..1 gbt.rate=0.1..0.2 scale.method=zscore,robust"
                : usual;
        assert_status(cases[i].status,
                      mlpipe_search(c, p, d, v, space, cases[i].params,
                                    &tuned, &r));
        if (!strstr(mlpipe_ctx_error(c)->text, cases[i].part))
            fail_msg("%s: %s", cases[i].params, mlpipe_ctx_error(c)->text);
        assert_true(!tuned && !r);
    }
    /* validation rows that are training rows */
    assert_told(c, MLPIPE_E_LEAK,
                mlpipe_search(c, p, d, d, usual, NULL, &tuned, &r));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

/* ridge refuses nulls: those trials fail, and the search goes on. */
static void failed_trials(void **state)
{
    mlpipe_ctx *c = made(1);
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p, *tuned;
    mlpipe_report *r;
    char *out;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x,z", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_search(c, p, d, v, "impute.columns=x,z ridge.l2=1,5",
                               "method=grid", &tuned, &r));
    out = outcome(c, r, tuned);
    assert_int_equal(5, (int)mlpipe_report_get(r, "trials_tried"));
    assert_int_equal(2, (int)mlpipe_report_get(r, "trials_failed"));
    check_cell(out, "\"failed\"");
    check_cell(out, "impute");
    free(out);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    /* where nothing works, what the recipe itself says */
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x,z,w", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_told(c, MLPIPE_E_SCHEMA,
                mlpipe_search(c, p, d, v, "ridge.l2=1,5",
                              NULL, &tuned, &r));
    check_cell(mlpipe_ctx_error(c)->text, "all of the first");
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

/* ---- stopping ------------------------------------------------------------ */

static int32_t stop_at(void *user, const char *stage, double fraction)
{
    int *left = user;
    (void)stage;
    (void)fraction;
    return (*left)-- <= 0;
}

static void cancelled(void **state)
{
    int left = 0;
    mlpipe_ctx_options o = {.size = sizeof o, .user = &left,
                            .progress = stop_at};
    mlpipe_ctx *c, *plain = made(1);
    mlpipe_dataset *d = wave(plain, 0), *v = wave(plain, 1000);
    mlpipe_pipeline *p = recipe(plain, ""), *tuned;
    mlpipe_report *r;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    for (int polls = 0; polls < 60; polls += 7) {
        left = polls;
        assert_told(c, MLPIPE_E_CANCELLED,
                    mlpipe_search(c, p, d, v, usual, "trials=6", &tuned,
                                  &r));
        assert_true(!tuned && !r);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
    mlpipe_ctx_free(plain);
}

/* A second passes at each look. */
static uint64_t ticking(void *user)
{
    uint64_t *now = user;
    return *now += UINT64_C(1000000000);
}

static void out_of_time(void **state)
{
    uint64_t now = 0;
    mlpipe_ctx_options o = {.size = sizeof o, .user = &now,
                            .clock_ns = ticking};
    mlpipe_ctx *c;
    mlpipe_dataset *d, *v;
    mlpipe_pipeline *p, *tuned;
    mlpipe_report *r;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    d = wave(c, 0);
    v = wave(c, 1000);
    p = recipe(c, "");
    assert_ok(c, mlpipe_search(c, p, d, v, usual, "trials=50 seconds=30",
                               &tuned, &r));
    assert_string_equal("seconds", mlpipe_report_text(r, "stopped"));
    assert_non_null(mlpipe_report_text(r, "note"));
    assert_in_range((int)mlpipe_report_get(r, "trials_tried"), 2, 20);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    assert_ok(c, mlpipe_search(c, p, d, v, usual, "trials=50 seconds=0.5",
                               &tuned, &r));
    assert_int_equal(1, (int)mlpipe_report_get(r, "trials_tried"));
    assert_same(mlpipe_report_get(r, "gain"), 0.0);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_errors),
        cmocka_unit_test(space_forms),
        cmocka_unit_test(never_worse),
        cmocka_unit_test(own_values),
        cmocka_unit_test(same_for_threads),
        cmocka_unit_test(longer_begins_the_same),
        cmocka_unit_test(folds_keep_groups),
        cmocka_unit_test(halving),
        cmocka_unit_test(refused),
        cmocka_unit_test(failed_trials),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(out_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
