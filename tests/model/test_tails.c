/* SPDX-License-Identifier: MIT */
/* Recipes with steps behind the learner: calibrated probabilities, intervals
 * and sets of classes, from rows that the learner did not see. */
#include "model_support.h"
#include "golden_text.h"

enum { TAILS_SEEDS = 200, TAILS_ROWS = 1000, TAILS_TEST = 500 };

/* x in [0, 1), y = 2 x + noise that grows with x, c = yes where y > 1 + noise;
 * positive, so that log(y) works. */
static mlpipe_dataset *noisy(mlpipe_ctx *c, uint32_t seed, int64_t rows)
{
    double *x = malloc((size_t)rows * 2 * sizeof *x), *y = x + rows;
    const char **text = malloc((size_t)rows * sizeof *text);
    char first[64];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_true(x && text);
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t r = (uint64_t)seed * 100000 + (uint64_t)i;
        const double u = made_unit((int64_t)r, 20);
        const double e = made_unit((int64_t)r, 21) +
                         made_unit((int64_t)r, 22) - 1;
        x[i] = u;
        y[i] = 3 + 2 * u + (0.1 + u) * e;
        text[i] = u + made_unit((int64_t)r, 23) > 1 ? "yes" : "no";
    }
    snprintf(first, sizeof first, "first_row_id=%u", seed * 100000);
    assert_ok(c, mlpipe_builder_new(c, NULL, first, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, rows));
    assert_ok(c, mlpipe_builder_texts(c, b, "c", text, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(text);
    free(x);
    return d;
}

static mlpipe_model *tailed(mlpipe_ctx *c, const mlpipe_dataset *d,
                            const char *recipe, const char *learner,
                            const char *params, const char *tail,
                            const char *tail_params)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(c, recipe, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, params));
    if (tail)
        assert_ok(c, mlpipe_pipeline_add(c, p, tail, tail_params));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

/* Share of rows whose truth lies in the interval. */
static double covered(mlpipe_ctx *c, const mlpipe_model *m,
                      const mlpipe_dataset *d)
{
    static double out[3 * TAILS_TEST], y[TAILS_TEST];
    const size_t n = (size_t)mlpipe_dataset_rows(d);
    double in = 0;
    assert_int_equal(3, mlpipe_model_outputs(m));
    assert_ok(c, mlpipe_predict(c, m, d, out, 3 * n));
    assert_ok(c, mlpipe__model_target(c, m, d, y));
    for (size_t i = 0; i < n; i++) {
        assert_true(out[3 * i + 1] <= out[3 * i] &&
                    out[3 * i] <= out[3 * i + 2]);
        in += y[i] >= out[3 * i + 1] && y[i] <= out[3 * i + 2];
    }
    return in / (double)n;
}

static void coverage(const char *recipe, const char *params)
{
    mlpipe_ctx *c = made_ctx(1);
    double sum = 0;
    for (uint32_t s = 0; s < TAILS_SEEDS; s++) {
        mlpipe_dataset *train = noisy(c, 2 * s, TAILS_ROWS);
        mlpipe_dataset *test = noisy(c, 2 * s + 1, TAILS_TEST);
        mlpipe_model *m = tailed(c, train, recipe, "ridge", NULL, "conformal",
                                 params);
        sum += covered(c, m, test);
        mlpipe_model_free(m);
        mlpipe_dataset_free(train);
        mlpipe_dataset_free(test);
    }
    sum /= TAILS_SEEDS;
    if (!(sum >= 0.9 - 0.01 && sum <= 0.9 + 0.02))
        fail_msg("%s %s: coverage %g", recipe, params, sum);
    mlpipe_ctx_free(c);
}

static void intervals_cover(void **state)
{
    (void)state;
    coverage("target=y features=x", "level=0.9");
}

static void intervals_in_proportion_cover(void **state)
{
    (void)state;
    coverage("target=log(y) features=x", "level=0.9 share=0.3");
}

static void crossed_intervals_cover(void **state)
{
    (void)state;
    coverage("target=y features=x", "level=0.9 method=cross folds=4");
}

/* Sets of two classes hold the truth, and a set may hold both. Enough trees
 * that few scores are equal: of equal ones a set holds all. */
static void sets_cover(void **state)
{
    static double out[3 * TAILS_TEST], y[TAILS_TEST];
    mlpipe_ctx *c = made_ctx(1);
    double in = 0, size = 0, n = 0;
    (void)state;
    for (uint32_t s = 0; s < TAILS_SEEDS; s++) {
        mlpipe_dataset *train = noisy(c, 2 * s, TAILS_ROWS / 2);
        mlpipe_dataset *test = noisy(c, 2 * s + 1, TAILS_TEST);
        mlpipe_model *m =
            tailed(c, train, "target=c features=x", "gbt",
                   "trees=60 leaves=8", "conformal", "level=0.9 share=0.4");
        assert_string_equal("P(yes)", mlpipe_model_output(m, 0));
        assert_string_equal("may_be(no)", mlpipe_model_output(m, 1));
        assert_string_equal("may_be(yes)", mlpipe_model_output(m, 2));
        assert_ok(c, mlpipe_predict(c, m, test, out, 3 * TAILS_TEST));
        assert_ok(c, mlpipe__model_target(c, m, test, y));
        for (size_t i = 0; i < TAILS_TEST; i++) {
            in += out[3 * i + 1 + (size_t)y[i]];
            size += out[3 * i + 1] + out[3 * i + 2];
            n++;
        }
        mlpipe_model_free(m);
        mlpipe_dataset_free(train);
        mlpipe_dataset_free(test);
    }
    if (!(in / n >= 0.9 - 0.01 && in / n <= 0.9 + 0.02))
        fail_msg("coverage of sets %g", in / n);
    assert_true(size / n > 1 && size / n < 2);
    mlpipe_ctx_free(c);
}

/* The answer is the plain model's, mapped as the notes say; and better. */
static void calibrated(void **state)
{
    static double plain[TAILS_TEST * 4], mapped[TAILS_TEST * 4];
    enum { ROWS = TAILS_TEST * 4 };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *train = noisy(c, 1, ROWS), *test = noisy(c, 2, ROWS);
    static const char recipe[] = "target=c features=x holdout=0";
    static const char learner[] = "trees=200 leaves=16 min_rows=3 rate=0.3";
    mlpipe_model *m = tailed(c, train, recipe, "gbt", learner, NULL, NULL);
    mlpipe_model *t = tailed(c, train, recipe, "gbt", learner, "calibrate",
                             "folds=4");
    mlpipe_report *before, *after, *card;
    (void)state;
    assert_ok(c, mlpipe_predict(c, m, test, plain, ROWS));
    assert_ok(c, mlpipe_predict(c, t, test, mapped, ROWS));
    assert_ok(c, mlpipe_model_card(c, t, &card));
    const double slope = mlpipe_report_get(card, "fit.calibrate.slope");
    const double shift = mlpipe_report_get(card, "fit.calibrate.shift");
    assert_true(slope > 0 && slope < 0.8);
    for (int i = 0; i < ROWS; i++)
        assert_same(mapped[i],
                    mlpipe__sigmoid(slope * mlpipe__logit(plain[i]) + shift));
    assert_ok(c, mlpipe_evaluate(c, m, test, NULL, &before));
    assert_ok(c, mlpipe_evaluate(c, t, test, NULL, &after));
    assert_true(mlpipe_report_get(after, "logloss") <
                mlpipe_report_get(before, "logloss") - 0.02);
    assert_near(mlpipe_report_get(after, "auc"),
                mlpipe_report_get(before, "auc"), 1e-12);
    mlpipe_report_free(before);
    mlpipe_report_free(after);
    mlpipe_report_free(card);
    mlpipe_model_free(m);
    mlpipe_model_free(t);
    mlpipe_dataset_free(train);
    mlpipe_dataset_free(test);
    mlpipe_ctx_free(c);
}

/* Both tails: saved, loaded, by row, and the same for any threads. */
static void kept(void **state)
{
    static double out[3 * TAILS_TEST], again[3 * TAILS_TEST];
    mlpipe_model *m[2];
    char id[33];
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = made_ctx(k ? 3 : 1);
        mlpipe_dataset *d = noisy(c, 3, TAILS_TEST);
        mlpipe_pipeline *p;
        mlpipe_buffer *b;
        mlpipe_model *loaded;
        assert_ok(c, mlpipe_pipeline_new(c, "target=c features=x", &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=5"));
        assert_ok(c, mlpipe_pipeline_add(c, p, "calibrate",
                                         "method=isotonic folds=3"));
        assert_ok(c, mlpipe_pipeline_add(c, p, "conformal", "level=0.8"));
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m[k]));
        assert_ok(c, mlpipe_predict(c, m[k], d, out, 3 * TAILS_TEST));
        assert_ok(c, mlpipe_model_bytes(c, m[k], &b));
        assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                             mlpipe_buffer_size(b), &loaded));
        assert_ok(c, mlpipe_predict(c, loaded, d, again, 3 * TAILS_TEST));
        assert_memory_equal(out, again, sizeof out);
        for (int i = 0; i < TAILS_TEST; i++) {
            mlpipe_dataset *row;
            double one[3];
            assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
            assert_ok(c, mlpipe_predict(c, loaded, row, one, 3));
            assert_memory_equal(one, out + 3 * i, sizeof one);
            mlpipe_dataset_free(row);
        }
        if (k)
            assert_string_equal(id, mlpipe_model_id(m[k]));
        else
            memcpy(id, mlpipe_model_id(m[k]), sizeof id);
        mlpipe_buffer_free(b);
        mlpipe_model_free(loaded);
        mlpipe_model_free(m[k]);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* What evaluate tells of an interval is what can be counted. */
static void told(void **state)
{
    static double out[3 * TAILS_TEST], y[TAILS_TEST];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *train = noisy(c, 1, TAILS_ROWS);
    mlpipe_dataset *test = noisy(c, 2, TAILS_TEST);
    mlpipe_model *m = tailed(c, train, "target=y features=x", "ridge", NULL,
                             "conformal", "level=0.8");
    mlpipe_figure f = {0, 0, 0, 0};
    double in = 0, wide = 0;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_predict(c, m, test, out, 3 * TAILS_TEST));
    assert_ok(c, mlpipe__model_target(c, m, test, y));
    for (int i = 0; i < TAILS_TEST; i++) {
        in += y[i] >= out[3 * i + 1] && y[i] <= out[3 * i + 2];
        wide += out[3 * i + 2] - out[3 * i + 1];
    }
    assert_ok(c, mlpipe_evaluate(c, m, test, "metrics=rmse", &r));
    assert_near(mlpipe_report_get(r, "coverage"), in / TAILS_TEST, 1e-15);
    assert_near(mlpipe_report_get(r, "interval_width"), wide / TAILS_TEST,
                1e-14);
    assert_near(mlpipe_report_get(r, "level"), 0.8, 0);
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *name;
        mlpipe_figure at;
        if (!mlpipe_report_figure(r, i, &name, &at) &&
            !strcmp(name, "coverage"))
            f = at;
    }
    assert_true(f.low < f.value && f.value < f.high && f.n == TAILS_TEST);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_dataset_free(test);
    mlpipe_dataset_free(train);
    mlpipe_ctx_free(c);
}

static void refusals(void **state)
{
    static const struct {
        const char *recipe, *steps[6];
        mlpipe_status status;
        const char *word;
    } cases[] = {
        {"target=y features=x", {"calibrate", NULL},
         MLPIPE_E_CONFLICT, "none yet"},
        {"target=y features=x", {"gbt", "trees=1", "calibrate", NULL},
         MLPIPE_E_UNSUPPORTED, "is a number"},
        {"target=y features=x", {"gbt", NULL, "conformal", NULL, "impute"},
         MLPIPE_E_CONFLICT, "before it"},
        {"target=y features=x",
         {"gbt", NULL, "conformal", NULL, "conformal", "as=b"},
         MLPIPE_E_CONFLICT, "one is enough"},
        {"target=y features=x",
         {"gbt", "trees=1", "conformal", "level=0.9999"},
         MLPIPE_E_EMPTY, "needs at least"},
        {"target=y features=x", {"gbt", NULL, "conformal", "level=1"},
         MLPIPE_E_PARAM, "level"},
        {"target=c features=x",
         {"gbt", NULL, "conformal", NULL, "calibrate", NULL},
         MLPIPE_E_CONFLICT, "before \"conformal\""},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = noisy(c, 5, 200);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t live = made_live(c);
        mlpipe_status st = MLPIPE_OK;
        mlpipe_pipeline *p;
        mlpipe_model *m = NULL;
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].recipe, &p));
        for (int k = 0; !st && k < 6 && cases[i].steps[k]; k += 2)
            st = mlpipe_pipeline_add(c, p, cases[i].steps[k],
                                     cases[i].steps[k + 1]);
        if (!st)
            st = mlpipe_fit(c, p, d, NULL, &m);
        if (st != cases[i].status ||
            !strstr(mlpipe_ctx_error(c)->text, cases[i].word))
            fail_msg("case %zu: %s: %s", i, mlpipe_status_name(st),
                     mlpipe_ctx_error(c)->text);
        mlpipe_pipeline_free(p);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A check takes what a fit does, with rows and without. */
static void checked(void **state)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"c\"},\"steps\":["
        "{\"step\":\"gbt\"},{\"step\":\"calibrate\"},"
        "{\"step\":\"conformal\",\"params\":{\"level\":0.8}}]}";
    static const char wrong[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"c\"},\"steps\":["
        "{\"step\":\"gbt\"},{\"step\":\"conformal\","
        "\"params\":{\"levle\":0.8}},{\"step\":\"calibrate\"}]}";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = noisy(c, 5, 200);
    mlpipe_report *r;
    (void)state;
    for (int rows = 0; rows < 2; rows++) {
        assert_ok(c, mlpipe_pipeline_check(c, json, sizeof json - 1,
                                           rows ? d : NULL, &r));
        assert_near(mlpipe_report_get(r, "errors"), 0, 0);
        mlpipe_report_free(r);
    }
    assert_ok(c, mlpipe_pipeline_check(c, wrong, sizeof wrong - 1, NULL, &r));
    assert_true(mlpipe_report_get(r, "errors") >= 1);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A learner that makes as many folds as the step behind it has rows in all of
 * them. */
static void folds_within_folds(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = noisy(c, 7, 400);
    mlpipe_model *m =
        tailed(c, d, "target=y features=x", "lasso", "lambda=auto folds=2",
               "conformal", "method=cross folds=2");
    (void)state;
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The same of a step that learns from the target by folds, under a validation
 * of as many. */
static void folds_of_a_validation(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = noisy(c, 7, 400);
    mlpipe_pipeline *p;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=c,x", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "target_encode",
                                     "columns=c folds=2"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_cross_validate(c, p, d, "folds=2", &r));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* y = x, and rows from `odd` on have this target and weight. */
static mlpipe_dataset *with_odd_rows(mlpipe_ctx *c, int64_t odd, int64_t rows,
                                     double y_odd, double w_odd)
{
    double x[TAILS_TEST], y[TAILS_TEST], w[TAILS_TEST];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int64_t i = 0; i < rows; i++) {
        x[i] = made_unit(i, 20);
        y[i] = i < odd ? 1 + x[i] + made_unit(i, 21) : y_odd;
        w[i] = i < odd ? 1 : w_odd;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, w, NULL, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* A row of weight 0 is as good as absent, withheld or not. */
static void rows_without_weight(void **state)
{
    static const char *const methods[] = {"method=split", "method=cross"};
    mlpipe_ctx *c = made_ctx(1);
    (void)state;
    for (int k = 0; k < 2; k++) {
        double figure[2][2];
        for (int odd = 0; odd < 2; odd++) {
            mlpipe_dataset *d =
                with_odd_rows(c, 200, odd ? 300 : 200, 1e6, 0);
            mlpipe_model *m =
                tailed(c, d, "target=y features=x weight=w holdout=0",
                       "ridge", NULL, "conformal", methods[k]);
            mlpipe_report *card;
            assert_ok(c, mlpipe_model_card(c, m, &card));
            figure[odd][0] =
                mlpipe_report_get(card, "fit.conformal.quantile");
            figure[odd][1] = mlpipe_report_get(card, "fit.conformal.rows");
            mlpipe_report_free(card);
            mlpipe_model_free(m);
            mlpipe_dataset_free(d);
        }
        assert_near(figure[1][0], figure[0][0], 1e-9);
        assert_near(figure[1][1], figure[0][1], 0);
    }
    mlpipe_ctx_free(c);
}

/* A target without a logarithm is refused wherever the row ends up. */
static void withheld_targets(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    (void)state;
    for (int64_t rows = 60; rows < 80; rows++) {
        mlpipe_dataset *d = with_odd_rows(c, rows - 1, rows, -1, 1);
        mlpipe_pipeline *p;
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_new(c, "target=log(y) features=x", &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
        assert_ok(c, mlpipe_pipeline_add(c, p, "conformal",
                                         "share=0.5 level=0.5"));
        assert_told(c, MLPIPE_E_NUMERIC, mlpipe_fit(c, p, d, NULL, &m));
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, "log(y)"));
        /* as the caller counts, not of those that are left */
        assert_int_equal(mlpipe_ctx_error(c)->row, rows - 1);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* A row that is withheld for the scores is a training row too: it can not
 * validate. */
static void withheld_rows_leak(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = with_odd_rows(c, 60, 60, 0, 1);
    mlpipe_pipeline *p;
    mlpipe_model *m;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "conformal",
                                     "share=0.5 level=0.5"));
    for (int64_t i = 0; i < 20; i++) {
        mlpipe_dataset *row;
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
        assert_told(c, MLPIPE_E_LEAK, mlpipe_fit(c, p, d, row, &m));
        mlpipe_dataset_free(row);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A class of one row, withheld: the step says so; else there is no score of
 * it, and the fit works. */
static void withheld_class(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    int refused = 0;
    (void)state;
    for (int64_t rows = 60; rows < 80; rows++) {
        const char *text[80];
        double x[80];
        mlpipe_builder *b;
        mlpipe_dataset *d;
        mlpipe_pipeline *p;
        mlpipe_model *m;
        mlpipe_status st;
        for (int64_t i = 0; i < rows; i++) {
            x[i] = made_unit(i, 20);
            text[i] = i + 1 == rows ? "rare" : i % 3 ? "a" : i % 2 ? "b" : "d";
        }
        assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
        assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                           rows));
        assert_ok(c, mlpipe_builder_texts(c, b, "c", text, rows));
        assert_ok(c, mlpipe_builder_finish(c, b, &d));
        mlpipe_builder_free(b);
        assert_ok(c, mlpipe_pipeline_new(c, "target=c holdout=0", &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2 min_rows=1"));
        assert_ok(c, mlpipe_pipeline_add(c, p, "conformal",
                                         "share=0.5 level=0.5"));
        st = mlpipe_fit(c, p, d, NULL, &m);
        if (st) {
            assert_status(MLPIPE_E_EMPTY, st);
            assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                                   "\"conformal\""));
            golden_gist(__BASE_FILE__, "a rare class",
                        mlpipe_ctx_error(c)->text);
            refused++;
        }
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
    }
    assert_true(refused > 0 && refused < 20);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(intervals_in_proportion_cover),
        cmocka_unit_test(crossed_intervals_cover),
        cmocka_unit_test(sets_cover),
        cmocka_unit_test(calibrated),
        cmocka_unit_test(kept),
        cmocka_unit_test(told),
        cmocka_unit_test(refusals),
        cmocka_unit_test(checked),
        cmocka_unit_test(folds_within_folds),
        cmocka_unit_test(folds_of_a_validation),
        cmocka_unit_test(rows_without_weight),
        cmocka_unit_test(withheld_targets),
        cmocka_unit_test(withheld_rows_leak),
        cmocka_unit_test(withheld_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
