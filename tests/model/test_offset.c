/* SPDX-License-Identifier: MIT */
/*
 * offset=: against statsmodels, glmnet and LightGBM; against fits of what is
 * left of the target; that it is no feature and that no answer is without it.
 */
#include "model_support.h"

#include <math.h>

#include "golden/offset.h"
#include "report/report_types.h"

enum { ROWS = OFFSET_N };

static mlpipe_ctx *ctx;
static mlpipe_dataset *all;

/* Columns x0 x1 x2, off (null in every `gap`-th row where gap > 0), five (5),
 * exposure (e^off), w, y (0/1), z (a number above 0), left (z - off), day,
 * word, three (a text of 3 classes). */
static mlpipe_dataset *table(mlpipe_ctx *c, int gap)
{
    static const char *const words[] = {"a", "b", "c"};
    static double x[OFFSET_P][ROWS], five[ROWS], exposure[ROWS], left[ROWS];
    static double off[ROWS];
    static uint8_t valid[ROWS];
    static int64_t y[ROWS], day[ROWS], id[ROWS];
    static const char *word[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int i = 0; i < ROWS; i++) {
        for (int f = 0; f < OFFSET_P; f++)
            x[f][i] = golden_offset_x[i][f];
        five[i] = 5;
        off[i] = golden_offset_off[i];
        exposure[i] = exp(off[i]);
        left[i] = golden_offset_z[i] - off[i];
        valid[i] = !gap || i % gap;
        y[i] = (int64_t)golden_offset_y[i];
        day[i] = i;
        id[i] = 500 + i;
        word[i] = words[i % 3];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (int f = 0; f < OFFSET_P; f++) {
        const char name[] = {'x', (char)('0' + f), 0};
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64, x[f],
                                           NULL, ROWS));
    }
    assert_ok(c, mlpipe_builder_column(c, b, "off", MLPIPE_F64, off, valid,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "five", MLPIPE_F64, five, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "exposure", MLPIPE_F64, exposure,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, golden_offset_w,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_I64, y, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "z", MLPIPE_F64, golden_offset_z,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "left", MLPIPE_F64, left, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "day", MLPIPE_UNIT_S, day, NULL,
                                      ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "three", word, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static int set_up(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    all = table(ctx, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(all);
    mlpipe_ctx_free(ctx);
    return 0;
}

#define HEAD "features=x0,x1,x2 holdout=0 seed=4 "

/* steps: "kind", params, ..., NULL */
static mlpipe_pipeline *recipe(const char *roles, const char *const *steps)
{
    char text[200];
    mlpipe_pipeline *p;

    snprintf(text, sizeof text, HEAD "%s", roles);
    assert_ok(ctx, mlpipe_pipeline_new(ctx, text, &p));
    for (; *steps; steps += 2) {
        if (!strcmp(steps[0], "derive"))
            assert_ok(ctx, mlpipe_pipeline_derive(ctx, p, steps[1]));
        else
            assert_ok(ctx, mlpipe_pipeline_add(ctx, p, steps[0], steps[1]));
    }
    return p;
}

#define STEPS(...) ((const char *const[]){__VA_ARGS__, NULL})

static mlpipe_model *fit_on(const mlpipe_dataset *d, const char *roles,
                            const char *const *steps)
{
    mlpipe_pipeline *p = recipe(roles, steps);
    mlpipe_model *m;

    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static mlpipe_model *fit(const char *roles, const char *const *steps)
{
    return fit_on(all, roles, steps);
}

static double *answers(const mlpipe_model *m, const mlpipe_dataset *d)
{
    const uint32_t outputs = mlpipe_model_outputs(m);
    const size_t n = (size_t)mlpipe_dataset_rows(d) * outputs;
    double *out = calloc(n, sizeof *out);

    assert_ok(ctx, mlpipe_predict(ctx, m, d, out, n));
    return out;
}

/* The constant and the coefficients. */
static const double *line_of(const mlpipe_model *m)
{
    const mlpipe__program *p = m->program;
    const mlpipe__op *op = &p->ops[p->front_ops];

    assert_int_equal(MLPIPE__OP_LINEAR, op->code);
    return p->consts + op->b;
}

/* Numbers of all answers, or of the first `n`, within tol of each other. */
static void near_answers(const mlpipe_model *a, const mlpipe_model *b,
                         double tol)
{
    double *p = answers(a, all), *q = answers(b, all);

    assert_int_equal(mlpipe_model_outputs(a), mlpipe_model_outputs(b));
    for (uint32_t i = 0; i < ROWS * mlpipe_model_outputs(a); i++)
        assert_near(p[i], q[i], tol);
    free(p);
    free(q);
}

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

/* Trees as many and as large as LightGBM's, from the same offset. */
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
    assert_near(loss, golden_offset_loss[1], 0.02);
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

/* What a step makes of rows between two others has an offset between theirs. */
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

/* ---- the rest of the house ----------------------------------------------- */

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
        cmocka_unit_test(peers),          cmocka_unit_test(trees),
        cmocka_unit_test(left_of_target), cmocka_unit_test(stops_early),
        cmocka_unit_test(log_target),     cmocka_unit_test(constant),
        cmocka_unit_test(linear),         cmocka_unit_test(threads),
        cmocka_unit_test(derived),        cmocka_unit_test(unlisted),
        cmocka_unit_test(named),          cmocka_unit_test(missing),
        cmocka_unit_test(missing_held),   cmocka_unit_test(served),
        cmocka_unit_test(importances),    cmocka_unit_test(validated),
        cmocka_unit_test(transformed),    cmocka_unit_test(far_away),
        cmocka_unit_test(refused),
        cmocka_unit_test(missing_tails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
