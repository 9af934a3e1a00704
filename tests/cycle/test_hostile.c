/* SPDX-License-Identifier: MIT */
/* What a hostile host or stream may give: it is refused with a reason, or the
 * loop goes on. */
#include "cycle_world.h"

/* ---- replay -------------------------------------------------------------- */

#define LOOP                                                                 \
    "tick=20 cycle='gate_min=50 volume=100 cooldown=10 alpha=0.5 "           \
    "probation=50 %s' monitor='pane=50 capture=400'"

/* Every action has a count of its own, those between gate and swap too. */
static void test_stages_are_counted(void **state)
{
    static const char *const stages[] = {
        "shadow=60", "canary=0.5 canary_rows=60 canary_margin=1"};
    static const char *const names[] = {"shadows", "canaries"};
    mlpipe_ctx *c;
    mlpipe_pipeline *p;
    mlpipe_dataset *d;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    p = world_recipe(c);
    d = world_dataset(c, 1, 3000, 2.0);
    for (int i = 0; i < 2; i++) {
        mlpipe_report *r;
        mlpipe_buffer *log;
        char params[256];
        uint64_t decisions;
        double begun;
        snprintf(params, sizeof params, LOOP, stages[i]);
        assert_ok(c, mlpipe_cycle_replay(c, p, NULL, d, params, &log, &r));
        begun = mlpipe_report_get(r, names[i]);
        assert_true(begun > 0);
        assert_true(mlpipe_report_get(r, names[1 - i]) == 0);
        /* the last one may still run */
        assert_true(mlpipe_report_get(r, "swaps") +
                        mlpipe_report_get(r, "dropped") >=
                    begun - 1);
        assert_true(mlpipe_report_get(r, "retrains_failed") == 0);
        assert_ok(c, mlpipe_cycle_audit(c, mlpipe_buffer_data(log),
                                        mlpipe_buffer_size(log), &decisions));
        assert_true(decisions > 0);
        mlpipe_buffer_free(log);
        mlpipe_report_free(r);
    }
    mlpipe_dataset_free(d);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Times run up to the last microsecond that there is, and no further. */
static void test_end_of_time(void **state)
{
    enum { ROWS = 3000 };
    static double x[ROWS], y[ROWS];
    static int64_t at[ROWS];
    mlpipe_ctx *c;
    mlpipe_pipeline *p, *timed;
    mlpipe_dataset *d;
    mlpipe_builder *b;
    mlpipe_report *r;

    for (int i = 0; i < ROWS; i++) {
        x[i] = serve_random((uint64_t)i, 0);
        y[i] = x[i] + serve_random((uint64_t)i, 1);
        at[i] = INT64_MAX - ROWS + i;
    }
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_US, at, NULL,
                                      ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x holdout=0.2",
                                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=y time=at features=x holdout=0.2", &timed));
    assert_ok(c, mlpipe_pipeline_add(c, timed, "ridge", NULL));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_cycle_replay(c, p, NULL, d, "interval=3153600000",
                                      NULL, &r));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "beyond the times"));
    assert_ok(c, mlpipe_cycle_replay(c, p, NULL, d, "interval=3e9", NULL,
                                     &r));
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_cycle_replay(c, timed, NULL, d,
                                     "label_delay=3153600000 "
                                     "cycle='when=''rows < 0'''",
                                     NULL, &r));
    assert_true(mlpipe_report_get(r, "labelled") == 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_pipeline_free(timed);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- a loss beyond every double ------------------------------------------ */

static double figure(world *d, const char *name)
{
    mlpipe_report *r;
    double x;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    x = mlpipe_report_get(r, name);
    mlpipe_report_free(r);
    return x;
}

static void expect(world *d, const char *name, const char *verdict)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    assert_string_equal(mlpipe_report_text(r, name), verdict);
    mlpipe_report_free(r);
}

/* One truth whose squared error is no double: nothing is known of a window
 * with it, ticks go on, and behind it all is as before. */
static void test_huge_truth(void **state)
{
    world d;

    world_make(&d, "when='rows < 0' gate_min=100 probation=300");
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_true(figure(&d, "rmse") > 0);
    world_serve(&d, 300, 2.0);
    assert_ok(d.c, mlpipe_monitor_truth(d.c, d.monitor, d.next, 0, 1e300));
    world_serve(&d, 1, 2.0); /* its own truth is a repeated one */
    assert_int_equal(world_live(&d, 199, 2.0), MLPIPE_ACTION_NONE);
    assert_true(figure(&d, "panes") == 3);
    assert_true(figure(&d, "truths_duplicate") == 1);
    assert_true(figure(&d, "rmse") != figure(&d, "rmse"));
    expect(&d, "performance", "INSUFFICIENT_DATA");
    /* a challenger that is scored on it is refused, with the reason */
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, 2.0), MLPIPE_ACTION_REJECTED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_true(figure(&d, "rmse") > 0);
    expect(&d, "performance", "OK");
    world_drop(&d);
    (void)state;
}

/* A model on probation whose trial has such a row is not scored, and the
 * probation ends all the same. */
static void test_huge_on_probation(void **state)
{
    int32_t action = MLPIPE_ACTION_NONE;
    mlpipe_buffer *log;
    uint64_t decisions;
    world d;

    world_make(&d, "when='rows < 0' gate_min=100 probation=300");
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_ok(d.c, mlpipe_monitor_truth(d.c, d.monitor, d.next, 0, 1e300));
    for (int i = 0; i < 5 && action == MLPIPE_ACTION_NONE; i++)
        action = world_live(&d, 110, -2.0);
    assert_int_equal(action, MLPIPE_ACTION_CONFIRMED);
    assert_ok(d.c, mlpipe_cycle_log(d.c, d.cycle, &log));
    assert_ok(d.c, mlpipe_cycle_audit(d.c, mlpipe_buffer_data(log),
                                      mlpipe_buffer_size(log), &decisions));
    mlpipe_buffer_free(log);
    world_drop(&d);
    (void)state;
}

/* A later model without a held-out loss has no detector, and ticks go on. */
static void test_no_loss(void **state)
{
    mlpipe_ctx *c;
    mlpipe_model *m[2];
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_report *r;
    static const double value[] = {0.25, 1.0};

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (int i = 0; i < 2; i++) {
        m[i] = serve_model(c, 1, 0, true);
        m[i]->task = MLPIPE__TASK_BINARY;
        mlpipe__free(c->env, m[i]->reference->metrics[0].name);
        m[i]->reference->metrics[0].name = serve_text(c, "accuracy");
        m[i]->reference->metrics[0].value = value[i];
    }
    assert_ok(c, mlpipe_slot_new(c, m[0], NULL, NULL, &slot));
    assert_ok(c, mlpipe_monitor_new(
                     c, slot, "detector='e_detector margin=0'", &monitor));
    assert_ok(c, mlpipe_slot_swap(c, slot, m[1]));
    assert_ok(c, mlpipe_monitor_tick(c, monitor, 1, NULL));
    assert_ok(c, mlpipe_monitor_report(c, monitor, &r));
    assert_string_equal(mlpipe_report_text(r, "concept"),
                        "INSUFFICIENT_DATA");
    mlpipe_report_free(r);
    mlpipe_monitor_free(monitor);
    /* of the first model it is said when the monitor is made */
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_monitor_new(c, slot,
                                     "detector='e_detector margin=0'",
                                     &monitor));
    mlpipe_slot_free(slot);
    for (int i = 0; i < 2; i++)
        mlpipe_model_free(m[i]);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- classes ------------------------------------------------------------- */

/* Rows of as many classes, and what is fitted on them. */
static mlpipe_model *classes_model(mlpipe_ctx *c, uint32_t classes,
                                   const char *input)
{
    enum { ROWS = 600 };
    static const char *const names[] = {"a", "b", "c", "d"};
    static double x[ROWS];
    const char *y[ROWS];
    mlpipe_pipeline *p;
    mlpipe_dataset *d;
    mlpipe_builder *b;
    mlpipe_model *m;
    char roles[64];

    for (uint32_t i = 0; i < ROWS; i++) {
        x[i] = serve_random(i, 0);
        y[i] = names[(uint32_t)(x[i] * 3 + serve_random(i, 1)) % classes];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, input, MLPIPE_F64, x, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "y", y, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    snprintf(roles, sizeof roles, "target=y holdout=0.2 features=%s", input);
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "logistic", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_non_null(mlpipe_model_class(m, classes - 1));
    assert_null(mlpipe_model_class(m, classes));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return m;
}

/* A truth is the number of a class; a model of fewer or more classes would
 * have another number of outputs than the monitor's rings. */
static void test_classes(void **state)
{
    static const double bad[] = {4, -1, 0.5, 1e300, 4294967296.0};
    mlpipe_ctx *c;
    mlpipe_model *three, *four;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    three = classes_model(c, 3, "x");
    four = classes_model(c, 4, "x");
    assert_ok(c, mlpipe_slot_new(c, four, NULL, NULL, &slot));
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_monitor_new(c, slot, "expire=4", &monitor));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "0 to 3"));
    assert_ok(c, mlpipe_monitor_new(c, slot, "expire=3", &monitor));
    assert_status(MLPIPE_E_SCHEMA, mlpipe_slot_swap(c, slot, three));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "3 classes"));
    assert_ok(c, mlpipe_monitor_truth(c, monitor, 7, 1, 3));
    mlpipe_monitor_free(monitor);
    assert_status(MLPIPE_E_SCHEMA, mlpipe_slot_swap(c, slot, three));
    assert_ok(c, mlpipe_monitor_new(c, slot, NULL, &monitor));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(MLPIPE_E_NUMERIC,
                      mlpipe_monitor_truth(c, monitor, 8, 1, bad[i]));
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, "request 8"));
    }
    assert_ok(c, mlpipe_monitor_truth(c, monitor, 8, 1, 2));
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_model_free(three);
    mlpipe_model_free(four);
    mlpipe_ctx_free(c);
    (void)state;
}

/* An input that is called as a metric is has names of its own. */
static void test_input_f1(void **state)
{
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_trigger *t;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_report *r;
    const char *name, *other;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = classes_model(c, 2, "f1");
    assert_ok(c, mlpipe_slot_new(c, m, NULL, NULL, &slot));
    assert_ok(c, mlpipe_monitor_new(c, slot, NULL, &monitor));
    assert_ok(c, mlpipe_monitor_report(c, monitor, &r));
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        assert_ok(c, mlpipe_report_figure(r, i, &name, NULL));
        for (uint32_t k = 0; k < i; k++) {
            assert_ok(c, mlpipe_report_figure(r, k, &other, NULL));
            assert_string_not_equal(name, other);
        }
    }
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_trigger_new(c, m, "input.f1.psi > 0.1 or f1.p < 0.1",
                                    &t));
    mlpipe_trigger_free(t);
    assert_status(MLPIPE_E_PARAM,
                  mlpipe_trigger_new(c, m, "f1.psi > 0.1", &t));
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- logs ---------------------------------------------------------------- */

static void test_logs(void **state)
{
    static const struct {
        const char *log, *says;
        mlpipe_status status;
    } rows[] = {
        /* a decision whose figures were taken away */
        {"{\"action\":\"swapped\",\"deployment\":2}", "line 1 of the log",
         MLPIPE_E_CORRUPT},
        {"{\"action\":\"rejected\",\"reason\":\"no better\"}", "line 1",
         MLPIPE_E_CORRUPT},
        {"{\"action\":\"sawpped\"}", "sawpped", MLPIPE_E_CORRUPT},
        /* the line is the log's, not the JSON's */
        {"{\"action\":\"superseded\"}\n{\"action\"}", "line 2 of the log: ",
         MLPIPE_E_FORMAT},
        {"{\"action\":\"superseded\"}\n{\"action\":\"retrain\",\"rule\":"
         "\"q > 1\",\"values\":{\"a\":1}}",
         "line 2 of the log: rule", MLPIPE_E_PARAM},
        {"{\"action\":\"rejected\",\"reason\":\"MLPIPE_E_SCHEMA\"}", NULL,
         MLPIPE_OK},
        {"{\"action\":\"retrain_failed\"}\n{\"action\":\"rule_refused\"}\n",
         NULL, MLPIPE_OK},
    };
    mlpipe_ctx *c;
    uint64_t n;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_status(rows[i].status,
                      mlpipe_cycle_audit(c, rows[i].log, strlen(rows[i].log),
                                         &n));
        if (rows[i].says)
            assert_non_null(strstr(mlpipe_ctx_error(c)->text, rows[i].says));
    }
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages_are_counted),
        cmocka_unit_test(test_end_of_time),
        cmocka_unit_test(test_huge_truth),
        cmocka_unit_test(test_huge_on_probation),
        cmocka_unit_test(test_no_loss),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_input_f1),
        cmocka_unit_test(test_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
