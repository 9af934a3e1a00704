/* SPDX-License-Identifier: MIT */
/* Metrics by query in every call that scores: where queries come from, what
 * is counted, what is refused. */
#include "support.h"

#include "model/model_support.h"
#include "validate/validate_internal.h"

#include <math.h>

enum { ROWS = 600, PER_QUERY = 6 };

/*
 * 100 queries of 6 rows: q i64 (missing in every 50th row), word text (the
 * same, none missing), half category, w f64 (by query), x, z f64, grade f64
 * 0 .. 3 by x, hit i64 0 or 1 (none in queries 0, 10, 20, ...), signed f64.
 */
static mlpipe_dataset *ranked(mlpipe_ctx *c, int64_t first)
{
    static double x[ROWS], z[ROWS], grade[ROWS], w[ROWS], both[ROWS];
    static int64_t q[ROWS], hit[ROWS];
    static uint8_t known[ROWS];
    static char words[ROWS][24];
    static const char *word[ROWS], *half[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    char params[64];
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t r = first + i;
        q[i] = r / PER_QUERY;
        known[i] = i % 50 != 49;
        snprintf(words[i], sizeof words[i], "q%lld", (long long)q[i]);
        word[i] = words[i];
        half[i] = q[i] % 2 ? "odd" : "even";
        w[i] = 1 + (double)(q[i] % 3);
        x[i] = made_unit(r, 20);
        z[i] = made_unit(r, 21);
        grade[i] = floor(4 * (0.7 * x[i] + 0.3 * made_unit(r, 22)));
        hit[i] = q[i] % 10 && 0.6 * x[i] + 0.4 * made_unit(r, 23) > 0.6;
        both[i] = grade[i] - 1;
    }
    snprintf(params, sizeof params, "first_row_id=%lld", (long long)first);
    assert_ok(c, mlpipe_builder_new(c, NULL, params, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "q", MLPIPE_I64, q, known, ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "word", word, ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "half", half, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, w, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "z", MLPIPE_F64, z, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "grade", MLPIPE_F64, grade, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "hit", MLPIPE_I64, hit, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "signed", MLPIPE_F64, both, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_pipeline *recipe(mlpipe_ctx *c, const char *target,
                               const char *features, const char *roles)
{
    mlpipe_pipeline *p;
    char text[160];
    snprintf(text, sizeof text, "target=%s features=%s seed=3 %s", target,
             features, roles);
    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=20 min_rows=5"));
    return p;
}

typedef struct rig {
    mlpipe_ctx *c;
    mlpipe_dataset *train, *test;
} rig;

static rig rig_make(void)
{
    rig r = {made_ctx(1), NULL, NULL};
    r.train = ranked(r.c, 0);
    r.test = ranked(r.c, 6000);
    return r;
}

static void rig_free(rig *r)
{
    mlpipe_dataset_free(r->train);
    mlpipe_dataset_free(r->test);
    mlpipe_ctx_free(r->c);
}

static mlpipe_model *fitted(rig *r, const char *target, const char *features,
                            const char *roles)
{
    mlpipe_pipeline *p = recipe(r->c, target, features, roles);
    mlpipe_model *m;
    assert_ok(r->c, mlpipe_fit(r->c, p, r->train, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static double get(const mlpipe_report *r, const char *name)
{
    const double x = mlpipe_report_get(r, name);
    if (isnan(x))
        fail_msg("no %s", name);
    return x;
}

static mlpipe_figure figure(const mlpipe_report *r, const char *name)
{
    mlpipe_figure f = {0};
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *found;
        assert_int_equal(0, mlpipe_report_figure(r, i, &found, &f));
        if (!strcmp(found, name))
            return f;
    }
    fail_msg("no figure %s", name);
    return f;
}

static void says(mlpipe_ctx *c, mlpipe_status want, mlpipe_status st,
                 const char *part)
{
    assert_int_equal(want, st);
    if (!strstr(mlpipe_ctx_error(c)->text, part))
        fail_msg("no %s in %s", part, mlpipe_ctx_error(c)->text);
}

/* ---- evaluate ----------------------------------------------------------- */

/* The mean over queries of the precision of the best one, by the columns. */
static double best_is_hit(rig *r, const mlpipe_model *m, double *queries,
                          double *without)
{
    static double p[ROWS], hit[ROWS], w[ROWS];
    double sum = 0, weight = 0;
    const mlpipe_dataset *d = r->test;
    assert_ok(r->c, mlpipe_predict(r->c, m, d, p, ROWS));
    assert_ok(r->c, mlpipe_dataset_doubles(
                        r->c, d, (uint32_t)mlpipe_dataset_find(d, "hit"), 0,
                        hit, ROWS));
    assert_ok(r->c, mlpipe_dataset_doubles(
                        r->c, d, (uint32_t)mlpipe_dataset_find(d, "w"), 0, w,
                        ROWS));
    *queries = *without = 0;
    for (int q = 0; q < ROWS / PER_QUERY; q++) {
        double best = -1, tied = 0, right = 0, any = 0;
        for (int i = q * PER_QUERY; i < (q + 1) * PER_QUERY; i++) {
            if (p[i] > best)
                best = p[i], tied = right = 0;
            tied += p[i] == best;
            right += p[i] == best && hit[i] > 0;
            any += hit[i];
        }
        *without += !(any > 0);
        if (!(any > 0))
            continue;
        *queries += 1;
        weight += w[q * PER_QUERY];
        sum += w[q * PER_QUERY] * right / tied;
    }
    return sum / weight;
}

static void evaluated(void **state)
{
    rig r = rig_make();
    mlpipe_model *m = fitted(&r, "hit", "x", "group=word weight=w");
    mlpipe_report *by_role, *by_column;
    double queries, without;
    const double want = best_is_hit(&r, m, &queries, &without);
    (void)state;
    assert_ok(r.c, mlpipe_evaluate(r.c, m, r.test,
                                   "metrics=auc,precision@1,ndcg@3,ndcg@03",
                                   &by_role));
    const mlpipe_figure f = figure(by_role, "precision@1");
    assert_near(f.value, want, 1e-14);
    assert_true(f.n == queries && f.low < f.value && f.value < f.high);
    assert_near(get(by_role, "queries"), queries, 0);
    assert_near(get(by_role, "queries_without_relevant"), without, 0);
    assert_near(get(by_role, "rows_without_query"), 0, 0);
    assert_true(without >= 10 && queries > 70);
    /* a draw is right as often as rows are relevant, and that is less */
    assert_true(get(by_role, "precision@1_baseline") < want - 0.1);
    assert_true(get(by_role, "auc") > 0.5);
    assert_true(get(by_role, "ndcg@3") > get(by_role, "ndcg@3_baseline"));
    /* q is the same, but for the rows where it is missing */
    assert_ok(r.c, mlpipe_evaluate(r.c, m, r.test,
                                   "metrics=precision@1 query=q",
                                   &by_column));
    assert_near(get(by_column, "rows_without_query"), 12, 0);
    assert_near(get(by_column, "precision@1"), want, 0.03);
    mlpipe_report_free(by_role);
    mlpipe_report_free(by_column);
    mlpipe_model_free(m);
    rig_free(&r);
}

/* Of numbers, and by the values of a segment; in the card. */
static void numbers(void **state)
{
    rig r = rig_make();
    mlpipe_model *m = fitted(&r, "grade", "x", "group=word segment=half");
    mlpipe_model *carded;
    mlpipe_report *e, *card, *all;
    mlpipe_buffer *text;
    (void)state;
    assert_ok(r.c, mlpipe_evaluate(r.c, m, r.test,
                                   "metrics=ndcg_exp@5,map,mrr,rmse", &e));
    assert_true(get(e, "ndcg_exp@5") > 0.8 && get(e, "ndcg_exp@5") < 1);
    assert_true(get(e, "map") > 0 && get(e, "mrr") > 0 && get(e, "rmse") > 0);
    assert_ok(r.c, mlpipe_report_render(r.c, e, "json", &text));
    assert_non_null(strstr(mlpipe_buffer_data(text), "segment.half"));
    assert_non_null(strstr(mlpipe_buffer_data(text), "\"ndcg_exp@5\""));
    mlpipe_buffer_free(text);
    assert_ok(r.c, mlpipe_model_attach(r.c, m, e, &carded));
    assert_ok(r.c, mlpipe_model_card(r.c, carded, &card));
    assert_ok(r.c, mlpipe_report_render(r.c, card, "json", &text));
    assert_non_null(strstr(mlpipe_buffer_data(text), "ndcg_exp@5"));
    mlpipe_buffer_free(text);
    /* all are those of rows */
    assert_ok(r.c, mlpipe_evaluate(r.c, m, r.test, "metrics=all", &all));
    assert_true(isnan(mlpipe_report_get(all, "ndcg")));
    assert_true(isnan(mlpipe_report_get(all, "queries")));
    mlpipe_report_free(all);
    assert_ok(r.c, mlpipe_evaluate(r.c, m, r.test, "metrics=all,ndcg", &all));
    assert_true(get(all, "ndcg") > 0.8 && get(all, "rmse") > 0);
    mlpipe_report_free(all);
    mlpipe_report_free(card);
    mlpipe_report_free(e);
    mlpipe_model_free(carded);
    mlpipe_model_free(m);
    rig_free(&r);
}

static void refused(void **state)
{
    rig r = rig_make();
    mlpipe_model *m = fitted(&r, "grade", "x", "");
    mlpipe_model *of_both = fitted(&r, "signed", "x", "group=word");
    mlpipe_pipeline *p = recipe(r.c, "grade", "x", ""), *tuned;
    static const struct {
        const char *params;
        mlpipe_status code;
        const char *part;
    } cases[] = {
        {"metrics=ndcg", MLPIPE_E_PARAM, "give query=<column>, or a recipe "
                                         "with group=<column>"},
        {"metrics=ndcg@0 query=q", MLPIPE_E_PARAM, "from 1 to 1000000"},
        {"metrics=ndcg query=qq", MLPIPE_E_SCHEMA, "qq"},
        {"metrics=ndcg query=q,word", MLPIPE_E_PARAM, "query names 2"},
        {"metrics=rmse query=q", MLPIPE_E_PARAM, "none of them is asked for"},
        {"metrics=rmse@5", MLPIPE_E_PARAM, "takes no @"},
        {"metrics=hit_rat@5 query=q", MLPIPE_E_PARAM, "hit_rate@k"},
        {"metrics=precision query=q", MLPIPE_E_PARAM, "precision@k"},
    };
    mlpipe_report *e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        says(r.c, cases[i].code,
             mlpipe_evaluate(r.c, m, r.test, cases[i].params, &e),
             cases[i].part);
        assert_null(e);
        says(r.c, cases[i].code,
             mlpipe_cross_validate(r.c, p, r.train, cases[i].params, &e),
             cases[i].part);
    }
    says(r.c, MLPIPE_E_SCHEMA,
         mlpipe_evaluate(r.c, of_both, r.test, "metrics=ndcg", &e),
         "below 0");
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_search(r.c, p, r.train, NULL, "gbt.leaves=2..8",
                       "metric=ndcg@5 trials=2", &tuned, &e),
         "query=<column>");
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_search(r.c, p, r.train, NULL, "gbt.leaves=2..8",
                       "metric=ndcg@x trials=2", &tuned, &e),
         "from 1 to 1000000");
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_compare(r.c, m, m, r.test, "metric=ndcg", &e),
         "query=<column>");
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_compare_recipes(r.c, p, p, r.train, "metric=ndcg", &e),
         "query=<column>");
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_importance(r.c, m, r.test, "metric=ndcg", &e),
         "query=<column>");
    mlpipe_pipeline_free(p);
    mlpipe_model_free(of_both);
    mlpipe_model_free(m);
    rig_free(&r);
}

/* ---- folds, searches ----------------------------------------------------- */

static void crossed(void **state)
{
    rig r = rig_make();
    mlpipe_pipeline *p = recipe(r.c, "grade", "x", "group=word");
    mlpipe_report *e;
    (void)state;
    assert_ok(r.c, mlpipe_cross_validate(r.c, p, r.train,
                                         "folds=4 metrics=ndcg@3,rmse", &e));
    const mlpipe_figure f = figure(e, "ndcg@3"), all = figure(e,
                                                              "ndcg@3_pooled");
    assert_true(f.n == 4 && f.value > 0.7 && f.value < 1);
    /* queries are whole, so that each is in the pool once; 8 rows have no
     * relevant one beside them at most */
    assert_true(all.n > 90 && all.n <= 100);
    assert_near(all.value, f.value, 0.03);
    assert_true(get(e, "ndcg@3_baseline") < all.value);
    mlpipe_report_free(e);
    mlpipe_pipeline_free(p);
    rig_free(&r);
}

static void warned(void *user, uint32_t level, const char *component,
                   const char *text)
{
    (void)component;
    if (level == MLPIPE_LOG_WARN && strstr(text, "keeps queries whole"))
        ++*(int *)user;
}

/* Queries that folds tear are scored in parts, which is said. */
static void torn(void **state)
{
    int told = 0;
    const mlpipe_ctx_options o = {
        .size = sizeof o, .log_level = MLPIPE_LOG_WARN, .log = warned,
        .user = &told};
    mlpipe_ctx *c;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_report *e;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    d = ranked(c, 0);
    p = recipe(c, "grade", "x", "");
    assert_ok(c, mlpipe_cross_validate(
                     c, p, d, "folds=3 metrics=mrr query=word", &e));
    assert_int_equal(told, 1);
    assert_true(figure(e, "mrr_pooled").n > 150);
    mlpipe_report_free(e);
    assert_ok(c, mlpipe_cross_validate(
                     c, p, d, "folds=3 metrics=mrr query=word group=word",
                     &e));
    assert_int_equal(told, 1);
    assert_true(figure(e, "mrr_pooled").n <= 100);
    mlpipe_report_free(e);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void searched(void **state)
{
    rig r = rig_make();
    mlpipe_pipeline *p = recipe(r.c, "hit", "x,z", "group=word"), *tuned;
    mlpipe_report *e;
    (void)state;
    assert_ok(r.c, mlpipe_search(r.c, p, r.train, r.test, "gbt.leaves=2..9",
                                 "metric=ndcg@3 trials=4", &tuned, &e));
    assert_string_equal("ndcg@3", mlpipe_report_text(e, "metric"));
    assert_true(get(e, "best") >= get(e, "default"));
    mlpipe_report_free(e);
    mlpipe_pipeline_free(tuned);
    /* by folds and a column of another name */
    assert_ok(r.c, mlpipe_search(r.c, p, r.train, NULL, "gbt.leaves=2..9",
                                 "metric=map@4 trials=3 folds=3 query=q",
                                 &tuned, &e));
    assert_string_equal("map@4", mlpipe_report_text(e, "metric"));
    mlpipe_report_free(e);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    rig_free(&r);
}

/* ---- comparisons, importance --------------------------------------------- */

static void compared(void **state)
{
    rig r = rig_make();
    mlpipe_model *poor = fitted(&r, "grade", "z", "group=word");
    mlpipe_model *good = fitted(&r, "grade", "x", "group=word");
    mlpipe_pipeline *a = recipe(r.c, "grade", "z", "group=word");
    mlpipe_pipeline *b = recipe(r.c, "grade", "x", "group=word");
    mlpipe_report *e, *one, *two;
    (void)state;
    assert_ok(r.c, mlpipe_compare(r.c, poor, good, r.test, "metric=ndcg@3",
                                  &e));
    assert_ok(r.c,
              mlpipe_evaluate(r.c, poor, r.test, "metrics=ndcg@3", &one));
    assert_ok(r.c,
              mlpipe_evaluate(r.c, good, r.test, "metrics=ndcg@3", &two));
    assert_string_equal("b better", mlpipe_report_text(e, "verdict"));
    assert_string_equal("paired t over queries",
                        mlpipe_report_text(e, "test"));
    assert_near(get(e, "a"), get(one, "ndcg@3"), 1e-15);
    assert_near(get(e, "b"), get(two, "ndcg@3"), 1e-15);
    assert_near(get(e, "difference"), get(e, "b") - get(e, "a"), 1e-15);
    assert_near(get(e, "df"), get(e, "queries") - 1, 0);
    assert_near(get(e, "queries"), get(one, "queries"), 0);
    assert_true(figure(e, "difference").low > 0 && get(e, "p") < 1e-6);
    assert_true(get(e, "statistic") < 0 && get(e, "detectable") > 0);
    assert_true(get(e, "wilcoxon_p") < 1e-4);
    mlpipe_report_free(e);
    assert_ok(r.c, mlpipe_compare(r.c, good, good, r.test,
                                  "metric=hit_rate@2 query=q", &e));
    assert_string_equal("no difference shown",
                        mlpipe_report_text(e, "verdict"));
    assert_near(get(e, "difference"), 0, 0);
    mlpipe_report_free(e);
    assert_ok(r.c, mlpipe_compare_recipes(r.c, a, b, r.train,
                                          "folds=4 metric=ndcg@3", &e));
    assert_string_equal("b better", mlpipe_report_text(e, "verdict"));
    assert_string_equal("ndcg@3", mlpipe_report_text(e, "metric"));
    mlpipe_report_free(e);
    mlpipe_report_free(one);
    mlpipe_report_free(two);
    mlpipe_pipeline_free(a);
    mlpipe_pipeline_free(b);
    mlpipe_model_free(poor);
    mlpipe_model_free(good);
    rig_free(&r);
}

/* Too few queries for a test of them. */
static void too_few(void **state)
{
    rig r = rig_make();
    mlpipe_model *m = fitted(&r, "grade", "x", "group=word");
    mlpipe_dataset *few;
    mlpipe_report *e;
    (void)state;
    assert_ok(r.c, mlpipe_dataset_slice(r.c, r.test, 0, PER_QUERY, &few));
    says(r.c, MLPIPE_E_EMPTY,
         mlpipe_compare(r.c, m, m, few, "metric=ndcg", &e), "on 1 queries");
    mlpipe_dataset_free(few);
    mlpipe_model_free(m);
    rig_free(&r);
}

static void important(void **state)
{
    rig r = rig_make();
    mlpipe_model *m = fitted(&r, "hit", "x,z", "group=word");
    mlpipe_report *e;
    (void)state;
    assert_ok(r.c, mlpipe_importance(r.c, m, r.test,
                                     "metric=ndcg@3 repeats=3", &e));
    assert_string_equal("ndcg@3", mlpipe_report_text(e, "metric"));
    assert_true(get(e, "drop.x") > 0.05);
    assert_true(fabs(get(e, "drop.z")) < get(e, "drop.x"));
    mlpipe_report_free(e);
    mlpipe_model_free(m);
    rig_free(&r);
}

/* Three classes have no ranking. */
static void classes(void **state)
{
    rig r = rig_make();
    mlpipe_pipeline *p =
        recipe(r.c, "grade", "x", "group=word task=multiclass");
    mlpipe_report *e;
    (void)state;
    says(r.c, MLPIPE_E_PARAM,
         mlpipe_cross_validate(r.c, p, r.train, "metrics=ndcg", &e),
         "does not score the task multiclass");
    mlpipe_pipeline_free(p);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluated), cmocka_unit_test(numbers),
        cmocka_unit_test(refused),   cmocka_unit_test(crossed),
        cmocka_unit_test(torn),      cmocka_unit_test(searched),
        cmocka_unit_test(compared),  cmocka_unit_test(too_few),
        cmocka_unit_test(important), cmocka_unit_test(classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
