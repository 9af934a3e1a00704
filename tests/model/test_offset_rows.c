/* SPDX-License-Identifier: MIT */
/*
 * The place of an offset: it is no feature, no answer is without it, rows that
 * lack it are counted, and what cannot have one is refused.
 */
#include "offset_rig.h"

/* ---- no feature ---------------------------------------------------------- */

static bool reads(const mlpipe_model *m, const char *column)
{
    for (uint32_t i = 0; i < m->program->input_count; i++)
        if (!strcmp(m->program->inputs[i].name, column))
            return true;
    return false;
}

/* One that derive makes is neither a feature nor touched by steps behind it
 * that take all features, and says what the column says. */
static void derived(void **state)
{
    mlpipe_model *m = fit("target=y offset=log_e",
                          STEPS("derive", "log_e = log(exposure)", "scale",
                                NULL, "logistic", NULL));
    mlpipe_model *n = fit("target=y offset=off",
                          STEPS("scale", NULL, "logistic", NULL));

    (void)state;
    assert_same(mlpipe_report_get(m->notes, "features"), 3);
    assert_true(reads(m, "exposure"));
    near_answers(m, n, 1e-9);
    assert_string_equal("log_e", mlpipe_report_text(m->notes, "offset"));
    mlpipe_model_free(m);
    mlpipe_model_free(n);
}

/* Without features= the column is none either. */
static void unlisted(void **state)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_buffer *text;

    (void)state;
    assert_ok(ctx, mlpipe_pipeline_new(
                       ctx, "target=z offset=off id=id time=day "
                            "group=three weight=w label_time=y "
                            "private=left,exposure segment=five", &p));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", NULL));
    assert_ok(ctx, mlpipe_fit(ctx, p, all, NULL, &m));
    assert_same(mlpipe_report_get(m->notes, "features"), 3);
    assert_same(mlpipe_report_get(m->notes, "inputs"), 4);
    assert_int_equal(m->reference->input_count, 4);
    assert_ok(ctx, mlpipe_model_explain(ctx, m, &text));
    assert_non_null(strstr(mlpipe_buffer_data(text),
                           "offset\n  off: from off\n"));
    mlpipe_buffer_free(text);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
}

/* Steps change it only where they are told to by name. */
static void named(void **state)
{
    mlpipe_dataset *d = table(ctx, 4);
    mlpipe_model *m = fit_on(d, "target=z offset=off",
                             STEPS("impute", "columns=off numeric=median",
                                   "ridge", NULL));
    mlpipe_report *card;

    (void)state;
    assert_ok(ctx, mlpipe_model_card(ctx, m, &card));
    assert_same(0, mlpipe_report_get(card, "fit.rows_without_offset"));
    assert_same(ROWS, mlpipe_report_get(card, "fit.rows_trained"));
    mlpipe_report_free(card);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

/* ---- rows without one ---------------------------------------------------- */

/* Rows but those of `table` that have none. */
static mlpipe_dataset *with_offset(const mlpipe_dataset *d, int64_t gap)
{
    mlpipe__rowset *rows =
        mlpipe__rowset_new(ctx->env, ROWS - ROWS / gap);
    mlpipe_dataset *out;
    int64_t n = 0;

    assert_non_null(rows);
    for (int64_t i = 0; i < ROWS; i++)
        if (i % gap)
            rows->rows[n++] = i;
    assert_ok(ctx, mlpipe__dataset_view(ctx, d, rows, &out));
    return out;
}

static void missing(void **state)
{
    mlpipe_dataset *d = table(ctx, 4), *some;
    mlpipe_model *m, *n;
    double *p;

    (void)state;
    some = with_offset(d, 4);
    for (uint32_t k = 0; k < 2; k++) {
        const char *const *steps =
            k ? STEPS("gbt", "trees=20 min_rows=5") : STEPS("ridge", NULL);
        const char *roles = k ? "target=y offset=off" : "target=z offset=off";
        m = fit_on(d, roles, steps);
        n = fit_on(some, roles, steps);
        near_answers(m, n, 0);
        assert_same(ROWS / 4, mlpipe_report_get(m->notes,
                                                "rows_without_offset"));
        assert_same(ROWS - ROWS / 4,
                    mlpipe_report_get(m->notes, "rows_trained"));
        p = answers(m, d);
        for (uint32_t i = 0; i < ROWS; i++)
            assert_int_equal(i % 4 == 0, p[i] != p[i]);
        free(p);
        mlpipe_model_free(m);
        mlpipe_model_free(n);
    }
    mlpipe_dataset_free(some);
    mlpipe_dataset_free(d);
}

/* Held-out rows as well; and an evaluation counts them. */
static void missing_held(void **state)
{
    mlpipe_dataset *d = table(ctx, 4), *part[2];
    mlpipe_pipeline *p = recipe("target=y offset=off",
                                STEPS("gbt", "trees=20 min_rows=5"));
    mlpipe_report *r;
    mlpipe_model *m;

    (void)state;
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 0, 160, &part[0]));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 160, ROWS - 160, &part[1]));
    assert_ok(ctx, mlpipe_fit(ctx, p, part[0], part[1], &m));
    assert_same(40, mlpipe_report_get(m->notes, "rows_without_offset"));
    assert_same(20, mlpipe_report_get(m->notes, "held_out_without_offset"));
    assert_same(60, mlpipe_report_get(m->notes, "rows_held_out"));
    assert_int_equal(60, m->reference->held_out);
    assert_ok(ctx, mlpipe_evaluate(ctx, m, part[1], NULL, &r));
    assert_same(20, mlpipe_report_get(r, "rows_without_answer"));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    assert_ok(ctx, mlpipe_cross_validate(ctx, p, d, "folds=4", &r));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(d);
}

/* Rows that a step drops before are counted by it, and get no answer. */
static void filtered(void **state)
{
    mlpipe_dataset *d = table(ctx, 4), *some = with_offset(d, 4);
    mlpipe_pipeline *p = recipe("target=z offset=off", STEPS(NULL));
    mlpipe_model *m, *n;
    double *q;

    (void)state;
    assert_ok(ctx, mlpipe_pipeline_filter(ctx, p, "off is not null"));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", NULL));
    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    n = fit_on(some, "target=z offset=off", STEPS("ridge", NULL));
    assert_same(0, mlpipe_report_get(m->notes, "rows_without_offset"));
    assert_same(ROWS / 4,
                mlpipe_report_get(m->notes, "rows_dropped_by_steps"));
    near_answers(m, n, 0);
    q = answers(m, d);
    for (uint32_t i = 0; i < ROWS; i++)
        assert_int_equal(i % 4 == 0, q[i] != q[i]);
    free(q);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(some);
    mlpipe_dataset_free(d);
}

/* What follows a learner is fitted on the rows that have an answer. */
static void missing_tails(void **state)
{
    mlpipe_dataset *d = table(ctx, 4), *some = with_offset(d, 4);
    static const char *const params[] = {"method=split share=0.3",
                                         "method=cross folds=3", "folds=3"};

    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        const char *const *steps =
            k < 2 ? STEPS("ridge", NULL, "conformal", params[k])
                  : STEPS("logistic", NULL, "calibrate", params[k]);
        const char *roles =
            k < 2 ? "target=z offset=off" : "target=y offset=off";
        mlpipe_model *m = fit_on(d, roles, steps);
        mlpipe_model *n = fit_on(some, roles, steps);
        double *p = answers(m, d);
        const uint32_t width = mlpipe_model_outputs(m);

        near_answers(m, n, 0);
        for (uint32_t i = 0; i < ROWS * width; i++)
            assert_int_equal(i / width % 4 == 0, p[i] != p[i]);
        free(p);
        mlpipe_model_free(m);
        mlpipe_model_free(n);
    }
    mlpipe_dataset_free(some);
    mlpipe_dataset_free(d);
}

/* ---- serving ------------------------------------------------------------- */

typedef struct record {
    double x0, x1, x2, off;
} record;

static mlpipe_layout *layout(bool with)
{
    static const char *const names[] = {"x0", "x1", "x2", "off"};
    mlpipe_layout *l;

    assert_ok(ctx, mlpipe_layout_new(ctx, sizeof(record), &l));
    for (size_t i = 0; i < (with ? 4 : 3); i++)
        assert_ok(ctx, mlpipe_layout_field(ctx, l, names[i], MLPIPE_F64,
                                           i * sizeof(double)));
    return l;
}

static void serve_one(const mlpipe_model *m)
{
    double *batch = answers(m, all), one, again;
    mlpipe_layout *l = layout(true), *less = layout(false);
    mlpipe_predictor *p = NULL;
    mlpipe_slot *slot = NULL;
    mlpipe_worker *w;
    void *scratch;

    assert_status(MLPIPE_E_SCHEMA, mlpipe_predictor_new(ctx, m, less, &p));
    assert_string_equal("off", mlpipe_ctx_error(ctx)->column);
    assert_status(MLPIPE_E_SCHEMA, mlpipe_slot_new(ctx, m, less, NULL,
                                                   &slot));
    assert_ok(ctx, mlpipe_predictor_new(ctx, m, l, &p));
    assert_ok(ctx, mlpipe_slot_new(ctx, m, l, NULL, &slot));
    assert_ok(ctx, mlpipe_worker_new(ctx, slot, NULL, &w));
    scratch = aligned_alloc(64, (mlpipe_predictor_scratch(p) + 63) / 64 * 64);
    for (uint32_t i = 0; i < ROWS; i++) {
        record r = {golden_offset_x[i][0], golden_offset_x[i][1],
                    golden_offset_x[i][2], golden_offset_off[i]};
        assert_int_equal(0, mlpipe_predict_row(p, scratch, &r, &one));
        assert_same(batch[i], one);
        assert_int_equal(0, mlpipe_worker_predict(w, i, 0, &r, &again, 1));
        assert_same(batch[i], again);
        r.off = NAN;
        assert_int_equal(0, mlpipe_predict_row(p, scratch, &r, &one));
        assert_true(one != one);
    }
    free(scratch);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_predictor_free(p);
    mlpipe_layout_free(l);
    mlpipe_layout_free(less);
    free(batch);
}

/* The features alone. */
static mlpipe_dataset *without_offset(void)
{
    static double x[OFFSET_P][ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    for (int f = 0; f < OFFSET_P; f++) {
        const char name[] = {'x', (char)('0' + f), 0};
        for (int i = 0; i < ROWS; i++)
            x[f][i] = golden_offset_x[i][f];
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, x[f],
                                             NULL, ROWS));
    }
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void served(void **state)
{
    static const char *const learner[] = {"ridge", "logistic", "gbt", "gbt"};
    static const char *const roles[] = {
        "target=z offset=off", "target=y offset=off", "target=y offset=off",
        "target=z offset=off"};
    mlpipe_dataset *less = without_offset();
    double out[ROWS];

    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        mlpipe_model *m = fit(roles[k], STEPS(learner[k], NULL)), *again;
        mlpipe_buffer *bytes;

        serve_one(m);
        assert_status(MLPIPE_E_SCHEMA,
                      mlpipe_predict(ctx, m, less, out, ROWS));
        assert_string_equal("off", mlpipe_ctx_error(ctx)->column);
        assert_ok(ctx, mlpipe_model_bytes(ctx, m, &bytes));
        assert_ok(ctx, mlpipe_model_load_bytes(
                           ctx, mlpipe_buffer_data(bytes),
                           mlpipe_buffer_size(bytes), &again));
        serve_one(again);
        near_answers(m, again, 0);
        mlpipe_buffer_free(bytes);
        mlpipe_model_free(again);
        mlpipe_model_free(m);
    }
    mlpipe_dataset_free(less);
}

/* Served rows are captured with it, as an input, and fit the recipe again. */
static void captured(void **state)
{
    mlpipe_pipeline *p = recipe("target=z offset=off id=id",
                                STEPS("ridge", NULL));
    mlpipe_layout *l = layout(true);
    mlpipe_dataset *rows;
    mlpipe_monitor *monitor;
    mlpipe_slot *slot;
    mlpipe_worker *w;
    mlpipe_model *m, *again;
    double out;

    (void)state;
    assert_ok(ctx, mlpipe_fit(ctx, p, all, NULL, &m));
    assert_ok(ctx, mlpipe_slot_new(ctx, m, l, NULL, &slot));
    assert_ok(ctx, mlpipe_monitor_new(ctx, slot, "pane=100 capture=400",
                                      &monitor));
    assert_ok(ctx, mlpipe_worker_new(ctx, slot, NULL, &w));
    for (uint32_t i = 0; i < ROWS; i++) {
        const record r = {golden_offset_x[i][0], golden_offset_x[i][1],
                          golden_offset_x[i][2], golden_offset_off[i]};
        assert_int_equal(0, mlpipe_worker_predict(w, i + 1, i, &r, &out, 1));
    }
    assert_ok(ctx, mlpipe_monitor_tick(ctx, monitor, 1000, NULL));
    for (uint32_t i = 0; i < ROWS; i++)
        assert_ok(ctx, mlpipe_monitor_truth(ctx, monitor, i + 1, 2000,
                                            golden_offset_z[i]));
    assert_ok(ctx, mlpipe_monitor_tick(ctx, monitor, 3000, NULL));
    assert_ok(ctx, mlpipe_monitor_captured(ctx, monitor, &rows));
    assert_int_equal(ROWS, mlpipe_dataset_rows(rows));
    assert_ok(ctx, mlpipe_fit(ctx, p, rows, NULL, &again));
    near_answers(m, again, 1e-12);
    mlpipe_dataset_free(rows);
    mlpipe_monitor_free(monitor);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_model_free(m);
    mlpipe_model_free(again);
    mlpipe_layout_free(l);
    mlpipe_pipeline_free(p);
}

/* ---- the rest of the house ----------------------------------------------- */

/* Steps that are of other folds while they train are replaced when they are
 * done; the offset is still found, and added. */
static void folded(void **state)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_report *r;
    mlpipe_dataset *d = table_of(ctx, 0, 1);
    double *with, *moved;

    (void)state;
    assert_ok(ctx, mlpipe_pipeline_new(
                       ctx, "target=z features=x0,x1,three offset=off "
                            "holdout=0", &p));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "target_encode", NULL));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", NULL));
    assert_ok(ctx, mlpipe_fit(ctx, p, all, NULL, &m));
    assert_ok(ctx, mlpipe_importance(ctx, m, all, NULL, &r));
    assert_true(mlpipe_report_get(r, "drop.x1") > 0);
    assert_false(isnan(mlpipe_report_get(r, "drop.three")));
    assert_true(isnan(mlpipe_report_get(r, "drop.off")));
    mlpipe_report_free(r);
    with = answers(m, all);
    moved = answers(m, d);
    for (uint32_t i = 0; i < ROWS; i++)
        assert_near(moved[i], with[i] + 1, 1e-12);
    mlpipe_dataset_free(d);
    free(with);
    free(moved);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
}

static void importances(void **state)
{
    static const char *const steps[][5] = {
        {"gbt", "trees=20", NULL},
        {"derive", "log_e = log(exposure)", "gbt", "trees=20", NULL},
        {"derive", "log_e = log(exposure); e2 = exposure * x0", "gbt",
         "trees=20", NULL}};
    static const char *const roles[] = {"target=y offset=off",
                                        "target=y offset=log_e",
                                        "target=y offset=log_e"};

    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_model *m = fit(roles[k], steps[k]), *again;
        const char *column = k ? "drop.exposure" : "drop.off";
        char text[64];
        mlpipe_buffer *bytes;
        mlpipe_report *r;
        assert_ok(ctx, mlpipe_model_bytes(ctx, m, &bytes));
        assert_ok(ctx, mlpipe_model_load_bytes(
                           ctx, mlpipe_buffer_data(bytes),
                           mlpipe_buffer_size(bytes), &again));
        assert_ok(ctx, mlpipe_importance(ctx, again, all, NULL, &r));
        assert_true(mlpipe_report_get(r, "drop.x1") > 0);
        /* read by a feature too, it is learnt from */
        assert_int_equal(k == 2, !isnan(mlpipe_report_get(r, column)));
        mlpipe_report_free(r);
        snprintf(text, sizeof text, "columns=%s", column + 5);
        if (k < 2) {
            assert_status(MLPIPE_E_PARAM,
                          mlpipe_importance(ctx, m, all, text, &r));
            assert_non_null(strstr(mlpipe_ctx_error(ctx)->text,
                                   "for its offset alone"));
        }
        mlpipe_buffer_free(bytes);
        mlpipe_model_free(again);
        mlpipe_model_free(m);
    }
}

/* Folds and trials see sums: where nothing is penalised, no figure changes. */
static void validated(void **state)
{
    mlpipe_pipeline *p = recipe("target=z", STEPS("ridge", "l2=0"));
    mlpipe_pipeline *q =
        recipe("target=z offset=twice",
               STEPS("derive", "twice = 2 * x0", "ridge", "l2=0"));
    mlpipe_pipeline *g = recipe("target=y offset=off",
                                STEPS("gbt", "trees=10 min_rows=5"));
    mlpipe_pipeline *tuned;
    mlpipe_report *a, *b;
    mlpipe_model *m, *again;

    (void)state;
    assert_ok(ctx, mlpipe_cross_validate(ctx, p, all, "folds=4", &a));
    assert_ok(ctx, mlpipe_cross_validate(ctx, q, all, "folds=4", &b));
    assert_true(mlpipe_report_get(a, "rmse") > 0);
    assert_near(mlpipe_report_get(a, "rmse"), mlpipe_report_get(b, "rmse"),
                1e-11);
    mlpipe_report_free(a);
    mlpipe_report_free(b);
    assert_ok(ctx, mlpipe_search(ctx, g, all, NULL, "gbt.leaves=2..9",
                                 "trials=3 folds=3", &tuned, &a));
    assert_string_equal("off", mlpipe__pipeline_role(tuned, "offset"));
    mlpipe_report_free(a);
    mlpipe_pipeline_free(tuned);
    /* and a recipe from the model fits it again */
    assert_ok(ctx, mlpipe_fit(ctx, g, all, NULL, &m));
    assert_ok(ctx, mlpipe_model_recipe(ctx, m, &tuned));
    assert_ok(ctx, mlpipe_fit(ctx, tuned, all, NULL, &again));
    assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(again));
    mlpipe_model_free(m);
    mlpipe_model_free(again);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_pipeline_free(q);
    mlpipe_pipeline_free(g);
}

/* A transform has no score to add it to, and gives features alone. */
static void transformed(void **state)
{
    mlpipe_pipeline *p =
        recipe("offset=log_e", STEPS("derive", "log_e = log(exposure)"));
    mlpipe_dataset *out;
    mlpipe_transform *t;

    (void)state;
    assert_ok(ctx, mlpipe_transform_fit(ctx, p, all, NULL, &t));
    assert_ok(ctx, mlpipe_transform_apply(ctx, t, all, NULL, &out));
    assert_int_equal(3, mlpipe_dataset_columns(out));
    mlpipe_dataset_free(out);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
}

/* ---- what is refused ----------------------------------------------------- */

static void refuse(const char *roles, const char *const *steps,
                   mlpipe_status want, const char *says)
{
    mlpipe_pipeline *p = recipe(roles, steps);
    mlpipe_model *m;

    assert_status(want, mlpipe_fit(ctx, p, all, NULL, &m));
    assert_null(m);
    if (!strstr(mlpipe_ctx_error(ctx)->text, says))
        fail_msg("%s does not say %s", mlpipe_ctx_error(ctx)->text, says);
    mlpipe_pipeline_free(p);
}

static void refused(void **state)
{
    mlpipe_pipeline *p;

    (void)state;
    refuse("target=z offset=log(exposure)", STEPS("ridge", NULL),
           MLPIPE_E_SCHEMA, "derive \"log_e = log(exposure)\" and say "
                            "offset=log_e");
    refuse("target=y offset=off", STEPS("knn", NULL), MLPIPE_E_UNSUPPORTED,
           "the recipe has offset=off, and knn has no raw score");
    refuse("target=y offset=off", STEPS("naive_bayes", NULL),
           MLPIPE_E_UNSUPPORTED,
           "take one of gbt, logistic, ridge, lasso, elastic_net,");
    refuse("target=three offset=off", STEPS("logistic", NULL),
           MLPIPE_E_UNSUPPORTED, "has 3 classes");
    refuse("target=three offset=off", STEPS("gbt", NULL),
           MLPIPE_E_UNSUPPORTED, "has 3 classes");
    refuse("target=z offset=nothing", STEPS("ridge", NULL), MLPIPE_E_SCHEMA,
           "nothing");
    refuse("target=z offset=three", STEPS("ridge", NULL), MLPIPE_E_SCHEMA,
           "the offset \"three\" is category and must be a number");
    refuse("target=z offset=day", STEPS("ridge", NULL), MLPIPE_E_SCHEMA,
           "the offset \"day\" is timestamp and must be a number");
    refuse("target=z offset=x0", STEPS("ridge", NULL), MLPIPE_E_PARAM,
           "has the role offset= and is listed in features=");
    refuse("target=z offset=half",
           STEPS("derive", "half = z / 2", "ridge", NULL), MLPIPE_E_LEAK,
           "is made of the target");
    refuse("target=z offset=none",
           STEPS("derive", "none = log(0 - five)", "ridge", NULL),
           MLPIPE_E_EMPTY, "has a finite value of the offset \"none\"");
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_pipeline_new(ctx, "target=z offset=z", &p));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_pipeline_new(ctx, "target=z offset=off,five", &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived),
        cmocka_unit_test(unlisted),
        cmocka_unit_test(named),
        cmocka_unit_test(missing),
        cmocka_unit_test(missing_held),
        cmocka_unit_test(missing_tails),
        cmocka_unit_test(filtered),
        cmocka_unit_test(served),
        cmocka_unit_test(captured),
        cmocka_unit_test(folded),
        cmocka_unit_test(importances),
        cmocka_unit_test(validated),
        cmocka_unit_test(transformed),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
