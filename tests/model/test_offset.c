/* SPDX-License-Identifier: MIT */
/*
 * What is learnt beside an offset: against statsmodels, glmnet and LightGBM,
 * and against fits of what is left of the target.
 */
#include "offset_rig.h"

/* ---- peers --------------------------------------------------------------- */

static void near_line(const char *roles, const char *learner,
                      const char *params, const double *want, double tol)
{
    mlpipe_model *m = fit(roles, STEPS(learner, params));

    for (uint32_t i = 0; i <= OFFSET_P; i++)
        assert_near(line_of(m)[i], want[i], tol);
    mlpipe_model_free(m);
}

static void peers(void **state)
{
    (void)state;
    near_line("target=y offset=off", "logistic", "l2=0", golden_offset_glm,
              1e-8);
    near_line("target=y offset=off weight=w", "logistic", "l2=0",
              golden_offset_glm_weighted, 1e-8);
    near_line("target=y offset=off weight=w", "logistic", "l2=3",
              golden_offset_ridge, 1e-7);
    near_line("target=y offset=off weight=w", "logistic",
              "l2=3 l1_ratio=0.4", golden_offset_corners, 1e-7);
    near_line("target=z offset=off", "lasso", "lambda=0.1 tol=1e-12",
              golden_offset_line, 1e-7);
}

/* Trees as many and as large as LightGBM's, from the same scores: equal but
 * for where cuts lie between two values (0.2198 and 0.2181; without an offset
 * the loss is 0.34). */
static void trees(void **state)
{
    mlpipe_model *m = fit("target=y offset=off",
                          STEPS("gbt", "trees=60 leaves=7 rate=0.1 "
                                       "min_rows=10 l2=1 stop=0"));
    double *p = answers(m, all), loss = 0;
    mlpipe_report *card;

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++)
        loss -= log(golden_offset_y[i] > 0 ? p[i] : 1 - p[i]) / ROWS;
    assert_true(loss < 0.3 * golden_offset_loss[0]);
    assert_near(loss, golden_offset_loss[1], 0.005);
    assert_ok(ctx, mlpipe_model_card(ctx, m, &card));
    assert_near(mlpipe_report_get(card, "fit.train_loss"), loss, 1e-12);
    mlpipe_report_free(card);
    mlpipe_model_free(m);
    free(p);
}

/* ---- what is left of the target ------------------------------------------ */

/* The learner sees the target less the offset, and the answer is the sum. */
static void same_as_left(const char *learner, const char *params)
{
    mlpipe_model *m = fit("target=z offset=off", STEPS(learner, params));
    mlpipe_model *n = fit("target=left", STEPS(learner, params));
    double *p = answers(m, all), *q = answers(n, all);

    for (uint32_t i = 0; i < ROWS; i++)
        assert_same(p[i], q[i] + golden_offset_off[i]);
    if (strcmp(learner, "gbt"))
        for (uint32_t i = 0; i <= OFFSET_P; i++)
            assert_same(line_of(m)[i], line_of(n)[i]);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    free(p);
    free(q);
}

static void left_of_target(void **state)
{
    (void)state;
    same_as_left("ridge", NULL);
    same_as_left("ridge", "l2=0");
    same_as_left("ridge", "lambda=auto");
    same_as_left("lasso", "lambda=0.05");
    same_as_left("lasso", NULL);
    same_as_left("elastic_net", NULL);
    same_as_left("gbt", "trees=40 leaves=5 min_rows=5");
}

/* What follows from a validation set is of the sum as well. */
static void stops_early(void **state)
{
    mlpipe_dataset *part[2];
    mlpipe_pipeline *p = recipe("target=z offset=off", STEPS("gbt", NULL));
    mlpipe_pipeline *q = recipe("target=left", STEPS("gbt", NULL));
    mlpipe_model *m, *n;

    (void)state;
    assert_ok(ctx, mlpipe_dataset_slice(ctx, all, 0, 160, &part[0]));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, all, 160, ROWS - 160, &part[1]));
    assert_ok(ctx, mlpipe_fit(ctx, p, part[0], part[1], &m));
    assert_ok(ctx, mlpipe_fit(ctx, q, part[0], part[1], &n));
    assert_true(mlpipe_report_get(m->notes, "trees") < 300);
    assert_same(mlpipe_report_get(m->notes, "trees"),
                mlpipe_report_get(n->notes, "trees"));
    assert_same(mlpipe_report_get(m->notes, "valid_loss"),
                mlpipe_report_get(n->notes, "valid_loss"));
    assert_near(mlpipe_report_get(m->notes, "held_out_rmse"),
                mlpipe_report_get(n->notes, "held_out_rmse"), 1e-12);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    mlpipe_pipeline_free(p);
    mlpipe_pipeline_free(q);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
}

/* On the scale of the transformed target. */
static void log_target(void **state)
{
    mlpipe_model *m = fit("target=log(exposure) offset=five",
                          STEPS("ridge", NULL));
    double *p = answers(m, all);

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) {
        double raw = line_of(m)[0];
        for (uint32_t f = 0; f < OFFSET_P; f++)
            raw += line_of(m)[1 + f] * golden_offset_x[i][f];
        assert_near(log(p[i]), 5 + raw, 1e-12);
    }
    mlpipe_model_free(m);
    free(p);
}

/* ---- metamorphic --------------------------------------------------------- */

static void constant_shifts(const char *target, const char *learner,
                            const char *params, double tol)
{
    char roles[64];
    mlpipe_model *m = fit(target, STEPS(learner, params)), *n;

    snprintf(roles, sizeof roles, "%s offset=five", target);
    n = fit(roles, STEPS(learner, params));
    if (strcmp(learner, "gbt")) {
        assert_near(line_of(n)[0], line_of(m)[0] - 5, tol);
        for (uint32_t f = 1; f <= OFFSET_P; f++)
            assert_near(line_of(n)[f], line_of(m)[f], tol);
    }
    near_answers(m, n, tol);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
}

static void constant(void **state)
{
    (void)state;
    constant_shifts("target=z", "ridge", NULL, 1e-12);
    constant_shifts("target=z", "lasso", "lambda=0.05 tol=1e-12", 1e-10);
    constant_shifts("target=z", "gbt", "trees=30 min_rows=5", 1e-7);
    constant_shifts("target=y", "logistic", NULL, 1e-8);
    constant_shifts("target=y", "logistic", "l2=0", 1e-8);
    constant_shifts("target=y", "logistic", "l2=2 l1_ratio=1", 1e-8);
    constant_shifts("target=y", "gbt", "trees=30 min_rows=5", 1e-6);
}

/* An offset of 2 x0 takes 2 off that coefficient where nothing is penalised,
 * whatever changes the rows or follows the learner, and no answer changes. */
static void linear_shift(const char *target, const char *const *steps,
                         double tol)
{
    const char *more[16] = {"derive", "twice = 2 * x0"};
    char roles[64];
    mlpipe_model *m = fit(target, steps), *n;
    uint32_t i = 2;

    for (; *steps; steps += 2) {
        more[i++] = steps[0];
        more[i++] = steps[1];
    }
    snprintf(roles, sizeof roles, "%s offset=twice", target);
    n = fit(roles, more);
    assert_int_equal(m->program->input_count, n->program->input_count);
    assert_near(line_of(n)[1], line_of(m)[1] - 2, tol);
    for (uint32_t f = 2; f <= OFFSET_P; f++)
        assert_near(line_of(n)[f], line_of(m)[f], tol);
    near_answers(m, n, tol);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
}

static void linear(void **state)
{
    (void)state;
    linear_shift("target=z", STEPS("ridge", "l2=0"), 1e-11);
    linear_shift("target=y", STEPS("logistic", "l2=0"), 1e-8);
    linear_shift("target=z",
                 STEPS("jitter", "columns=x0,x1 sd=0.3 copies=2", "ridge",
                       "l2=0"),
                 1e-11);
    linear_shift("target=y",
                 STEPS("jitter", "columns=x0,x1 sd=0.3 copies=1", "logistic",
                       "l2=0"),
                 1e-8);
    linear_shift("target=y", STEPS("oversample", NULL, "logistic", "l2=0"),
                 1e-8);
    linear_shift("target=y", STEPS("undersample", NULL, "logistic", "l2=0"),
                 1e-8);
    linear_shift("target=y", STEPS("smote", NULL, "logistic", "l2=0"), 1e-8);
    linear_shift("target=y",
                 STEPS("logistic", "l2=0", "calibrate", NULL), 1e-6);
    linear_shift("target=z", STEPS("ridge", "l2=0", "conformal", NULL),
                 1e-9);
    linear_shift("target=z",
                 STEPS("ridge", "l2=0", "conformal", "method=cross"), 1e-9);
}

/* The same model for any number of them. */
static void threads(void **state)
{
    mlpipe_ctx_options o = {.threads = 3};
    mlpipe_ctx *c, *before = ctx;
    mlpipe_model *m[2];

    (void)state;
    assert_ok(ctx, mlpipe_ctx_new(&o, &c));
    for (uint32_t i = 0; i < 2; i++) {
        ctx = i ? c : before;
        m[i] = fit("target=y offset=off",
                   STEPS("smote", NULL, "gbt", "trees=20 min_rows=5",
                         "calibrate", NULL));
    }
    ctx = before;
    assert_string_equal(mlpipe_model_id(m[0]), mlpipe_model_id(m[1]));
    mlpipe_model_free(m[0]);
    mlpipe_model_free(m[1]);
    mlpipe_ctx_free(c);
}

/* A large offset in most rows: the first step is not taken from there. */
static void far_away(void **state)
{
    mlpipe_model *m, *n;

    (void)state;
    m = fit("target=y offset=far",
            STEPS("derive", "far = 40 + off", "logistic", "l2=0"));
    n = fit("target=y offset=off", STEPS("logistic", "l2=0"));
    near_answers(m, n, 1e-8);
    assert_near(line_of(m)[0], line_of(n)[0] - 40, 1e-8);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    m = fit("target=y offset=far",
            STEPS("derive", "far = 40 + off", "gbt", "trees=30 min_rows=5"));
    n = fit("target=y offset=off", STEPS("gbt", "trees=30 min_rows=5"));
    near_answers(m, n, 1e-6);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers),
        cmocka_unit_test(trees),
        cmocka_unit_test(left_of_target),
        cmocka_unit_test(stops_early),
        cmocka_unit_test(log_target),
        cmocka_unit_test(constant),
        cmocka_unit_test(linear),
        cmocka_unit_test(threads),
        cmocka_unit_test(far_away),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
