/* SPDX-License-Identifier: MIT */
/* What a fit takes a target for, and what it warns of: two values taken as a
 * number, features that are the target's twins, and features without values. */
#include <math.h>

#include "golden_text.h"
#include "model_support.h"

enum { ROWS = 400 };

static struct {
    char text[8192];
    size_t size;
} said;
static mlpipe_ctx *ctx;
static double target[ROWS], column[ROWS];

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    const int n = snprintf(said.text + said.size, sizeof said.text - said.size,
                           "%s: %s\n", component, text);
    (void)user;
    (void)level;
    if (n > 0 && said.size + (size_t)n < sizeof said.text)
        said.size += (size_t)n;
}

static int set_up(void **state)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .log = keep_log,
                                  .log_level = MLPIPE_LOG_WARN};
    (void)state;
    return mlpipe_ctx_new(&o, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    return 0;
}

static double unit(int64_t row, uint32_t stream)
{
    return made_unit(row, stream);
}

/* Columns: x, which says something of y; y from `target`; z from `column`,
 * or texts of it. Whole: y as i64. */
static mlpipe_dataset *doubt_data(int64_t rows, bool whole,
                                  const char *const *texts)
{
    double x[ROWS];
    int64_t k[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < rows; i++) {
        x[i] = unit(i, 20) + (target[i] == target[0] ? 0 : 0.5);
        k[i] = whole ? (int64_t)target[i] : 0;
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x, NULL,
                                         rows));
    if (texts)
        assert_ok(ctx, mlpipe_builder_texts(ctx, b, "z", texts, rows));
    else
        assert_ok(ctx, mlpipe_builder_column(ctx, b, "z", MLPIPE_F64, column,
                                             NULL, rows));
    if (whole)
        assert_ok(ctx, mlpipe_builder_column(ctx, b, "y", MLPIPE_I64, k, NULL,
                                             rows));
    else
        assert_ok(ctx, mlpipe_builder_column(ctx, b, "y", MLPIPE_F64, target,
                                             NULL, rows));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_pipeline *doubt_recipe(const char *params)
{
    mlpipe_pipeline *p;

    assert_ok(ctx, mlpipe_pipeline_new(ctx, params, &p));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "gbt", "trees=2"));
    return p;
}

static mlpipe_model *doubt_fit(const char *params, const mlpipe_dataset *d)
{
    mlpipe_pipeline *p = doubt_recipe(params);
    mlpipe_model *m;

    said.size = 0;
    said.text[0] = 0;
    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

/* Fits, and expects the text in the log; NULL: an empty log. */
static void doubt_expect(const char *params, const mlpipe_dataset *d,
                         const char *text)
{
    mlpipe_model *m = doubt_fit(params, d);

    if (text && !strstr(said.text, text))
        fail_msg("not told: %s; but: %.500s", text, said.text);
    if (!text && said.size)
        fail_msg("told: %.500s", said.text);
    mlpipe_model_free(m);
}

/* ---- the task ----------------------------------------------------------- */

static void flags(double odd)
{
    for (int64_t i = 0; i < ROWS; i++) {
        target[i] = i % 40 == 7 ? odd : unit(i, 21) < 0.3;
        column[i] = unit(i, 22);
    }
}

/* A column of 0, 1 and a null is one of doubles in every frame. */
static void doubles_of_0_and_1(void **state)
{
    mlpipe_report *r;
    (void)state;

    flags(NAN);
    mlpipe_dataset *d = doubt_data(ROWS, false, NULL);
    mlpipe_pipeline *p = doubt_recipe("target=y");
    mlpipe_model *m = doubt_fit("target=y", d);
    assert_int_equal(m->task, MLPIPE__TASK_BINARY);
    assert_string_equal(mlpipe__dict_text(&m->classes, 1), "1");
    assert_int_equal(said.size, 0);
    assert_ok(ctx, mlpipe_evaluate(ctx, m, d, "metrics=auc", &r));
    assert_true(mlpipe_report_get(r, "auc") > 0.8);
    mlpipe_report_free(r);
    assert_ok(ctx, mlpipe_cross_validate(ctx, p, d, "folds=3 metrics=auc",
                                         &r));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    assert_ok(ctx, mlpipe_pipeline_new(ctx, "target=y", &p));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", NULL));
    assert_told(ctx, MLPIPE_E_UNSUPPORTED, mlpipe_fit(ctx, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    m = doubt_fit("target=y task=regression", d);
    assert_int_equal(m->task, MLPIPE__TASK_REGRESSION);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

/* Any third value makes a number of it, and one value no class. */
static void other_doubles(void **state)
{
    (void)state;
    flags(0.5);
    mlpipe_dataset *d = doubt_data(ROWS, false, NULL);
    mlpipe_model *m = doubt_fit("target=y", d);
    assert_int_equal(m->task, MLPIPE__TASK_REGRESSION);
    mlpipe_model_free(m);
    doubt_expect("target=y", d, NULL);
    mlpipe_dataset_free(d);
}

static void two_values(void **state)
{
    (void)state;
    flags(0);
    for (int64_t i = 0; i < ROWS; i++)
        target[i] = 2 * target[i] - 1;
    for (int whole = 0; whole < 2; whole++) {
        mlpipe_dataset *d = doubt_data(ROWS, whole, NULL);
        doubt_expect("target=y", d, "the target y has 2 distinct values, ");
        doubt_expect("target=y", d, "taken as a number; say task=binary");
        doubt_expect("target=y task=regression", d, NULL);
        doubt_expect("target=y task=binary", d, NULL);
        mlpipe_dataset_free(d);
    }
    for (int64_t i = 0; i < ROWS; i++)
        target[i] += 0.25;
    mlpipe_dataset *d = doubt_data(ROWS, false, NULL);
    doubt_expect("target=y", d, "say that it is a category");
    mlpipe_dataset_free(d);
}

static void one_value(void **state)
{
    (void)state;
    flags(0);
    for (int64_t i = 0; i < ROWS; i++)
        target[i] = 0;
    mlpipe_dataset *d = doubt_data(ROWS, true, NULL);
    doubt_expect("target=y", d, "the target y is 0 in all ");
    assert_null(strstr(said.text, "tells the target"));
    mlpipe_dataset_free(d);
}

/* ---- twins -------------------------------------------------------------- */

#define TWIN "fit: the feature z tells the target y in all "

static void equal_numbers(void **state)
{
    (void)state;
    for (int64_t i = 0; i < ROWS; i++)
        column[i] = target[i] = unit(i, 23);
    mlpipe_dataset *d = doubt_data(ROWS, false, NULL);
    doubt_expect("target=y", d, TWIN);
    doubt_expect("target=y", d, "leave it out if it is not known when one "
                                "predicts");
    doubt_expect("target=y features=x", d, NULL);
    mlpipe_dataset_free(d);
    for (int64_t i = 3; i < ROWS; i += 4)
        column[i] += 1;
    d = doubt_data(ROWS, false, NULL);
    doubt_expect("target=y", d, NULL);
    mlpipe_dataset_free(d);
}

static void mapped_classes(void **state)
{
    static const char *texts[ROWS];
    (void)state;

    flags(0);
    for (int64_t i = 0; i < ROWS; i++)
        texts[i] = target[i] != 0 ? "paid" : NULL;
    for (int whole = 0; whole < 2; whole++) {
        mlpipe_dataset *d = doubt_data(ROWS, whole, texts);
        doubt_expect("target=y", d, TWIN);
        mlpipe_dataset_free(d);
    }
    /* one row in ten says else */
    for (int64_t i = 0; i < ROWS; i += 10)
        texts[i] = target[i] == 0 ? "paid" : NULL;
    mlpipe_dataset *d = doubt_data(ROWS, true, texts);
    doubt_expect("target=y", d, NULL);
    mlpipe_dataset_free(d);
}

/* Values that all differ map one to one whatever they are. */
static void chance_is_no_twin(void **state)
{
    (void)state;
    for (int64_t i = 0; i < ROWS; i++) {
        target[i] = unit(i, 24);
        column[i] = unit(i, 25);
    }
    mlpipe_dataset *d = doubt_data(200, false, NULL);
    doubt_expect("target=y", d, NULL);
    mlpipe_dataset_free(d);
}

/* ---- nothing in it ------------------------------------------------------ */

static void empty_feature(void **state)
{
    static const char *texts[ROWS];
    (void)state;

    flags(0);
    mlpipe_dataset *d = doubt_data(ROWS, true, texts);
    doubt_expect("target=y", d, "the feature z is null in all 353 training "
                                "rows and tells nothing; leave it out");
    mlpipe_dataset_free(d);
    for (int64_t i = 0; i < ROWS; i++)
        column[i] = NAN;
    d = doubt_data(ROWS, true, NULL);
    doubt_expect("target=y", d, "the feature z is null in all ");
    doubt_expect("target=y features=x", d, NULL);
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_of_0_and_1),
        cmocka_unit_test(other_doubles),
        cmocka_unit_test(two_values),
        cmocka_unit_test(one_value),
        cmocka_unit_test(equal_numbers),
        cmocka_unit_test(mapped_classes),
        cmocka_unit_test(chance_is_no_twin),
        cmocka_unit_test(empty_feature),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
