/* SPDX-License-Identifier: MIT */
/*
 * Losses of gbt through whole recipes: offsets that are logs of exposures,
 * targets that are logs, answers row by row, recipes as JSON, metrics with a
 * number behind an @ in evaluations, comparisons and searches.
 */
#include "model_support.h"

#include <math.h>

#include "golden_text.h"
#include "report/report_types.h"

enum { ROWS = 900 };

static mlpipe_ctx *ctx;
static mlpipe_dataset *all;

/*
 * Numbers x0 x1, exposure, log_e and log_e2 (that + log 2), y (a count that
 * grows with exposure; some are 0), above (y + 1), z (skewed, above 0), and
 * rates: y and above by exposure, w15 = exposure^0.5, which makes Tweedie's
 * rate model that with the offset.
 */
static mlpipe_dataset *losses_table(mlpipe_ctx *c)
{
    static const char *const names[] = {
        "x0", "x1", "exposure", "log_e", "log_e2", "y", "above", "z",
        "rate", "rate_above", "w15", "far"};
    enum { COLUMNS = sizeof names / sizeof *names };
    static double v[COLUMNS][ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (uint32_t i = 0; i < ROWS; i++) {
        double u[4];
        for (uint32_t k = 0; k < 4; k++)
            u[k] = mlpipe__random_unit(7, MLPIPE__FOR_TEST, 0, i, k);
        const double e = 0.25 + 4 * u[2];
        const double y = floor(e * exp(u[0] + (u[1] > 0.5)) * 2 * u[3]);
        const double row[COLUMNS] = {
            u[0], u[1], e, log(e), log(2 * e), y, y + 1,
            exp(u[0] + mlpipe__normal_quantile(u[3])), y / e, (y + 1) / e,
            sqrt(e), 300 + log(e)};
        for (uint32_t k = 0; k < COLUMNS; k++)
            v[k][i] = row[k];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t k = 0; k < COLUMNS; k++)
        assert_ok(c, mlpipe_builder_column(c, b, names[k], MLPIPE_F64, v[k],
                                           NULL, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static int set_up(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    all = losses_table(ctx);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(all);
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_pipeline *recipe(const char *roles, const char *gbt)
{
    char text[200];
    mlpipe_pipeline *p;

    snprintf(text, sizeof text,
             "features=x0,x1 holdout=0 task=regression %s", roles);
    assert_ok(ctx, mlpipe_pipeline_new(ctx, text, &p));
    snprintf(text, sizeof text, "trees=30 min_rows=10 leaves=6 %s", gbt);
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "gbt", text));
    return p;
}

static mlpipe_model *fit(const char *roles, const char *gbt)
{
    mlpipe_pipeline *p = recipe(roles, gbt);
    mlpipe_model *m;

    assert_ok(ctx, mlpipe_fit(ctx, p, all, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static double *answers(const mlpipe_model *m)
{
    double *out = calloc(ROWS, sizeof *out);

    assert_ok(ctx, mlpipe_predict(ctx, m, all, out, ROWS));
    return out;
}

static double cell(const char *name, int64_t row)
{
    mlpipe_value v;

    assert_int_equal(MLPIPE_OK,
                     mlpipe_dataset_cell(
                         all, row, (uint32_t)mlpipe_dataset_find(all, name),
                         &v));
    return v.num;
}

/* ---- exposures ----------------------------------------------------------- */

/* Counts beside the log of their exposure are rates that weigh as much as the
 * loss has it. */
static void rates(const char *roles, const char *of_rate, const char *gbt)
{
    mlpipe_model *m = fit(roles, gbt), *n = fit(of_rate, gbt);
    double *p = answers(m), *q = answers(n);

    for (uint32_t i = 0; i < ROWS; i++)
        assert_near(p[i] / (cell("exposure", i) * q[i]), 1, 1e-5);
    assert_near(mlpipe_report_get(m->notes, "trees"),
                mlpipe_report_get(n->notes, "trees"), 0);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    free(p);
    free(q);
}

static void exposure_is_a_rate(void **state)
{
    (void)state;
    rates("target=y offset=log_e", "target=rate weight=exposure",
          "loss=poisson");
    rates("target=above offset=log_e", "target=rate_above", "loss=gamma");
    rates("target=y offset=log_e", "target=rate weight=w15", "loss=tweedie");
}

/* Twice the exposure of all rows: the same answers, and of the first model
 * with it twice as large ones. */
static void exposure_scales(void **state)
{
    static const char *const losses[] = {"loss=poisson", "loss=gamma",
                                         "loss=tweedie power=1.2"};
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_model *m = fit("target=above offset=log_e", losses[k]);
        mlpipe_model *n = fit("target=above offset=log_e2", losses[k]);
        double *p = answers(m), *q = answers(n), loss = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            assert_near(p[i] / q[i], 1, 1e-5);
        /* training was told what the answers lose */
        for (uint32_t i = 0; i < ROWS; i++)
            loss += mlpipe__loss_tweedie_at(
                        k == 0 ? 1 : k == 1 ? 2 : 1.2, cell("above", i),
                        p[i]) / ROWS;
        assert_near(mlpipe_report_get(m->notes, "train_loss") / loss, 1,
                    1e-10);
        mlpipe_model_free(m);
        mlpipe_model_free(n);
        free(p);
        free(q);
    }
}

/* Others take the offset off the target, as before. */
static void difference(void **state)
{
    mlpipe_model *m = fit("target=z offset=w15", "loss=absolute");
    double *p = answers(m), loss = 0;
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        loss += fabs(cell("z", i) - p[i]) / ROWS;
    assert_near(mlpipe_report_get(m->notes, "train_loss") / loss, 1, 1e-10);
    mlpipe_model_free(m);
    free(p);
}

static void not_a_log(void **state)
{
    mlpipe_pipeline *p = recipe("target=y offset=far", "loss=poisson");
    mlpipe_model *m;
    (void)state;

    assert_told(ctx, MLPIPE_E_NUMERIC, mlpipe_fit(ctx, p, all, NULL, &m));
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text,
                           "give the log of an exposure"));
    mlpipe_pipeline_free(p);
}

/* ---- answers ------------------------------------------------------------- */

/* A quantile goes through a transform that rises. */
static void log_target(void **state)
{
    mlpipe_model *m = fit("target=log(z)", "loss=quantile level=0.8");
    double *p = answers(m);
    uint32_t below = 0;
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        below += cell("z", i) < p[i];
    assert_near(below / (double)ROWS, 0.8, 0.02);
    mlpipe_model_free(m);
    free(p);
}

/* Alone, in slices, saved and loaded: the same bits. */
static void same_bits(void **state)
{
    static const char *const losses[] = {
        "loss=absolute", "loss=huber", "loss=quantile level=0.1",
        "loss=poisson", "loss=gamma", "loss=tweedie"};
    (void)state;

    for (uint32_t k = 0; k < 6; k++) {
        mlpipe_model *m = fit("target=above offset=log_e", losses[k]), *n;
        double *p = answers(m), *q;
        mlpipe_buffer *bytes;
        assert_ok(ctx, mlpipe_model_bytes(ctx, m, &bytes));
        assert_ok(ctx, mlpipe_model_load_bytes(
                           ctx, mlpipe_buffer_data(bytes),
                           mlpipe_buffer_size(bytes), &n));
        q = answers(n);
        assert_memory_equal(p, q, ROWS * sizeof *p);
        for (int64_t i = 0; i < ROWS; i += 37) {
            mlpipe_dataset *one;
            double alone;
            assert_ok(ctx, mlpipe_dataset_slice(ctx, all, i, 1, &one));
            assert_ok(ctx, mlpipe_predict(ctx, n, one, &alone, 1));
            assert_same(alone, p[i]);
            mlpipe_dataset_free(one);
        }
        mlpipe_buffer_free(bytes);
        mlpipe_model_free(m);
        mlpipe_model_free(n);
        free(p);
        free(q);
    }
}

/* A recipe that was written out holds defaults too, and is taken back. */
static void json(void **state)
{
    static const char *const losses[] = {"", "loss=quantile level=0.9",
                                         "loss=huber delta=3",
                                         "loss=tweedie power=1.9"};
    (void)state;

    for (uint32_t k = 0; k < 4; k++) {
        mlpipe_pipeline *p = recipe("target=z", losses[k]), *q;
        mlpipe_model *m, *n;
        mlpipe_buffer *text;
        assert_ok(ctx, mlpipe_pipeline_json(ctx, p, &text));
        assert_ok(ctx, mlpipe_pipeline_parse(ctx, mlpipe_buffer_data(text),
                                             mlpipe_buffer_size(text), &q));
        assert_ok(ctx, mlpipe_fit(ctx, p, all, NULL, &m));
        assert_ok(ctx, mlpipe_fit(ctx, q, all, NULL, &n));
        assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(n));
        mlpipe_model_free(m);
        mlpipe_model_free(n);
        mlpipe_pipeline_free(p);
        mlpipe_pipeline_free(q);
        mlpipe_buffer_free(text);
    }
}

/* ---- metrics ------------------------------------------------------------- */

static void metrics(void **state)
{
    mlpipe_model *m = fit("target=z", "loss=quantile level=0.9");
    mlpipe_model *n = fit("target=z", "");
    double *p = answers(m), loss = 0;
    mlpipe_report *r;
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        loss += mlpipe__loss_pinball_at(0.9, cell("z", i), p[i]) / ROWS;
    assert_ok(ctx, mlpipe_evaluate(ctx, m, all,
                                   "metrics=pinball@0.90,rmse,huber@2,"
                                   "pinball", &r));
    assert_near(mlpipe_report_get(r, "pinball@0.9"), loss, 1e-12);
    assert_true(mlpipe_report_get(r, "pinball@0.9_baseline") > loss);
    assert_true(mlpipe_report_get(r, "rmse") > 0);
    assert_true(mlpipe_report_get(r, "huber@2") > 0);
    assert_true(mlpipe_report_get(r, "pinball") > 0);
    assert_near(mlpipe_report_get(m->notes, "train_loss"), loss, 1e-12);
    mlpipe_report_free(r);
    assert_ok(ctx, mlpipe_compare(ctx, n, m, all,
                                  "metric=pinball@0.9 seen=keep", &r));
    assert_near(mlpipe_report_get(r, "b"), loss, 1e-12);
    assert_true(mlpipe_report_get(r, "p") < 0.01);
    mlpipe_report_free(r);
    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_evaluate(ctx, m, all, "metrics=pinball@1.5", &r));
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    free(p);
}

/* The least pinball loss wins, by folds and on rows of their own. */
static void search(void **state)
{
    mlpipe_pipeline *p = recipe("target=z", "loss=quantile level=0.9"), *best;
    mlpipe_report *trials;
    (void)state;

    assert_ok(ctx, mlpipe_search(ctx, p, all, NULL,
                                 "gbt.leaves=2,4 gbt.trees=1,40",
                                 "method=grid metric=pinball@0.9 folds=3",
                                 &best, &trials));
    assert_string_equal(mlpipe_report_text(trials, "metric"), "pinball@0.9");
    assert_true(mlpipe_report_get(trials, "best") > 0);
    mlpipe_report_free(trials);
    mlpipe_pipeline_free(best);
    mlpipe_pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exposure_is_a_rate), cmocka_unit_test(exposure_scales),
        cmocka_unit_test(difference),         cmocka_unit_test(not_a_log),
        cmocka_unit_test(log_target),         cmocka_unit_test(same_bits),
        cmocka_unit_test(json),               cmocka_unit_test(metrics),
        cmocka_unit_test(search)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
