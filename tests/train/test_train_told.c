/* SPDX-License-Identifier: MIT */
/*
 * What people read of frames that a planner never gives, and of those that
 * are wider than a learner takes: learners check what they are given.
 */
#include "golden_text.h"
#include "train_rig.h"

enum { TOLD_ROWS = 8, TOLD_FEATURES = 9000,
       TOLD_MANY = 1 << 21 };

static mlpipe_ctx *c;
static mlpipe__feature features[TOLD_FEATURES];
static double y[TOLD_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
static double classes[TOLD_ROWS] = {0, 1, 0, 1, 0, 1, 0, 1};
static double many_classes[TOLD_ROWS] = {0, 1, 2, 0, 1, 2, 0, 1};

static void read_rows(const mlpipe__frame *frame, void *scratch,
                      int64_t start, uint32_t n, double *values,
                      uint8_t *valid)
{
    (void)scratch;
    for (uint32_t f = 0; f < frame->features; f++)
        for (uint32_t i = 0; i < n; i++) {
            valid[(size_t)f * n + i] = 1;
            values[(size_t)f * n + i] =
                rig_uniform((uint64_t)start + i, f);
        }
}

/* Fits eight rows of so many features, and notes what it tells. */
static void wide_tells(const mlpipe__learner *l, const char *text,
                       uint32_t task, const double *target, int64_t rows,
                       uint32_t width)
{
    static uint64_t ids[TOLD_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
    const mlpipe__frame frame = {.rows = rows, .features = width,
                                 .feature = features, .target = target,
                                 .ids = ids, .scratch_bytes = 8,
                                 .read = read_rows};
    mlpipe__program *const p = mlpipe__program_new(c->env);
    mlpipe__params params;
    char name[256];
    assert_ok(c, mlpipe__params_parse(c, l->name, l->params, l->param_count,
                                      text, &params));
    mlpipe__fit_job job = {.ctx = c, .params = &params, .name = l->name,
                           .task = task, .seed = 3, .train = &frame,
                           .classes = target == many_classes ? 3
                                      : target == classes    ? 2
                                                             : 0,
                           .program = p};
    snprintf(name, sizeof name, "%s %s, %u features of %lld rows", l->name,
             text, width, (long long)rows);
    const mlpipe_status st = l->fit(&job);
    if (!st)
        fail_msg("is fitted: %s", name);
    golden_error(__BASE_FILE__, name, c, st);
    mlpipe__program_free(p);
    mlpipe__params_free(&params);
}

static void widths(void **state)
{
    const uint32_t number = MLPIPE__TASK_REGRESSION;
    const uint32_t two = MLPIPE__TASK_BINARY;
    const uint32_t more = MLPIPE__TASK_MULTICLASS;
    (void)state;
    wide_tells(&mlpipe__learner_gbt, "", number, y, TOLD_ROWS, 0);
    wide_tells(&mlpipe__learner_gbt, "", number, y, INT64_C(1) << 40, 2);
    wide_tells(&mlpipe__learner_ridge, "", number, y, TOLD_ROWS, 0);
    wide_tells(&mlpipe__learner_ridge, "", number, y, TOLD_ROWS,
               TOLD_FEATURES);
    wide_tells(&mlpipe__learner_knn, "k=1", number, y, TOLD_ROWS,
               TOLD_FEATURES);
    wide_tells(&mlpipe__learner_logistic, "", two, classes, TOLD_ROWS, 0);
    wide_tells(&mlpipe__learner_logistic, "", two, classes, TOLD_ROWS,
               TOLD_MANY);
    wide_tells(&mlpipe__learner_logistic, "l1_ratio=1", more, many_classes,
               TOLD_ROWS, 1001);
    wide_tells(&mlpipe__learner_logistic, "l2=0", more, many_classes,
               TOLD_ROWS, 1001);
}

/* ---- values ------------------------------------------------------------- */

static void table_tells(rig_table *t, const char *what, const char *text)
{
    rig_fit f;
    char name[128];
    snprintf(name, sizeof name, "logistic %s: %s", text, what);
    const mlpipe_status st = rig_fit_new(c, &mlpipe__learner_logistic, text,
                                         MLPIPE__TASK_BINARY, t, NULL, &f);
    if (!st)
        fail_msg("is fitted: %s", name);
    golden_gist(__BASE_FILE__, name, mlpipe_ctx_error(c)->text);
}

static void table_new(rig_table *t)
{
    rig_table_new(t, 64, 3);
    t->classes = 2;
    for (uint32_t i = 0; i < t->rows; i++) {
        for (uint32_t f = 0; f < t->features; f++)
            t->x[f][i] = rig_uniform(i, f);
        t->y[i] = rig_uniform(i, 9) < 0.5;
    }
}

static void values(void **state)
{
    rig_table t;
    (void)state;
    table_new(&t);
    t.x[1][7] = NAN;
    table_tells(&t, "a value is missing", "");
    t.x[1][7] = 1e200;
    table_tells(&t, "a value is huge", "");
    t.x[1][7] = 0.5;
    t.y[3] = 5;
    table_tells(&t, "no such class", "");
    t.y[3] = 0;
    t.codes[2] = 3;
    table_tells(&t, "a category", "");
    t.codes[2] = 0;
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[2][i] = 2 * t.x[0][i] - t.x[1][i];
    table_tells(&t, "a combination", "l2=0");
    /* With the intercept: it is the last that is left over. */
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[2][i] = 5 - t.x[0][i] - t.x[1][i];
    table_tells(&t, "a sum that is the same", "l2=0");
    rig_table_free(&t);
}

static int open_ctx(void **state)
{
    (void)state;
    for (uint32_t f = 0; f < TOLD_FEATURES; f++) {
        features[f].name = "f";
        features[f].kind = MLPIPE__NUMBER;
    }
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(values),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
