/* SPDX-License-Identifier: MIT */
/* The loop: drift, retrain, gate, swap, probation, and back. */
#include "cycle_world.h"

#include <pthread.h>
#include "golden_text.h"

#define PARAMS "when='performance' gate_min=100 probation=1000 cooldown=300"

/* The law changes, the loop follows; gives the log. */
static mlpipe_buffer *run_once(void)
{
    mlpipe_buffer *log;
    mlpipe_report *r;
    world d;

    world_make(&d, PARAMS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(&d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_told(d.c, MLPIPE_E_BUSY, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_told(d.c, MLPIPE_E_BUSY, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_CONFIRMED);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_ok(d.c, mlpipe_monitor_report(d.c, d.monitor, &r));
    assert_int_equal((int)mlpipe_report_get(r, "deployment"), 2);
    mlpipe_report_free(r);
    log = world_log(&d);
    world_drop(&d);
    return log;
}

static void test_drift_to_confirmed(void **state)
{
    mlpipe_buffer *a = run_once(), *b = run_once();
    const char *text = mlpipe_buffer_data(a);
    uint64_t decisions;
    mlpipe_ctx *c;

    assert_non_null(strstr(text, "\"action\":\"retrain\""));
    assert_non_null(strstr(text, "\"action\":\"swapped\""));
    assert_non_null(strstr(text, "\"action\":\"confirmed\""));
    assert_int_equal(mlpipe_buffer_size(a), mlpipe_buffer_size(b));
    assert_memory_equal(text, mlpipe_buffer_data(b), mlpipe_buffer_size(a));
    /* every decision follows from the figures beside it */
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe__audit_replay(c, text, mlpipe_buffer_size(a),
                                      &decisions));
    assert_in_range(decisions, 3, 10);
    /* and a log that was changed does not */
    char *bent = malloc(mlpipe_buffer_size(a) + 1);
    memcpy(bent, text, mlpipe_buffer_size(a) + 1);
    memcpy(strstr(bent, "\"swapped\""), "\"refused\"", 9);
    assert_told(c, MLPIPE_E_CORRUPT,
                mlpipe__audit_replay(c, bent, mlpipe_buffer_size(a),
                                     &decisions));
    free(bent);
    /* nor does one whose figures are none */
    static const char none[] =
        "{\"action\":\"swapped\",\"rows\":-1,\"least\":2,\"alpha\":0.01,"
        "\"mean\":-1,\"p\":0}";
    assert_told(c, MLPIPE_E_CORRUPT,
                mlpipe__audit_replay(c, none, strlen(none), &decisions));
    mlpipe_ctx_free(c);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    (void)state;
}

/* Without a change of the law a challenger is no better, and never passes. */
static void test_worse_is_rejected(void **state)
{
    mlpipe_buffer *log;
    world d;

    world_make(&d, PARAMS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, 2.0), MLPIPE_ACTION_REJECTED);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    log = world_log(&d);
    assert_non_null(strstr(mlpipe_buffer_data(log), "no better"));
    mlpipe_buffer_free(log);
    world_drop(&d);
    (void)state;
}

/* Few withheld rows decide nothing. */
static void test_too_few_rows(void **state)
{
    mlpipe_buffer *log;
    world d;

    world_make(&d, PARAMS);
    assert_told(d.c, MLPIPE_E_EMPTY, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 50, -2.0), MLPIPE_ACTION_NONE);
    assert_told(d.c, MLPIPE_E_EMPTY, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 200, -2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_REJECTED);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    log = world_log(&d);
    assert_non_null(strstr(mlpipe_buffer_data(log), "INSUFFICIENT_DATA"));
    assert_non_null(strstr(mlpipe_buffer_data(log), "MLPIPE_E_EMPTY"));
    mlpipe_buffer_free(log);
    world_drop(&d);
    (void)state;
}

/* The law goes back while the new model is on probation. */
static void test_rolled_back(void **state)
{
    int32_t action = -1;
    mlpipe_buffer *log;
    uint64_t decisions;
    world d;

    world_make(&d, PARAMS);
    assert_int_equal(world_until(&d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(&d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    world_serve(&d, 500, 2.0);
    /* A rollback that cannot be done now is done at the next tick; neither
     * undoes what the host has deployed meanwhile. */
    d.slot->retired_count = MLPIPE__RETIRED_MOST;
    assert_told(d.c, MLPIPE_E_BUSY,
                mlpipe_cycle_tick(d.c, d.cycle, (int64_t)d.next * 1000000,
                                  &action));
    assert_int_equal(action, MLPIPE_ACTION_NONE);
    d.slot->retired_count = 0;
    assert_told(d.c, MLPIPE_E_BUSY,
                mlpipe__slot_change(d.c, d.slot, NULL, 1, NULL));
    assert_told(d.c, MLPIPE_E_BUSY,
                mlpipe__slot_change(d.c, d.slot, d.m, 1, NULL));
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_int_equal(world_live(&d, 0, 2.0), MLPIPE_ACTION_ROLLED_BACK);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    log = world_log(&d);
    assert_ok(d.c, mlpipe__audit_replay(d.c, mlpipe_buffer_data(log),
                                        mlpipe_buffer_size(log),
                                        &decisions));
    mlpipe_buffer_free(log);
    /* and the loop goes on */
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    world_drop(&d);
    (void)state;
}

/* The recipe reads fewer columns than the model that it replaces; on probation
 * both are asked again, each with its own. */
static void test_fewer_inputs(void **state)
{
    mlpipe_pipeline *narrow;
    world d;

    world_make(&d, PARAMS);
    mlpipe_cycle_free(d.cycle);
    d.cycle = NULL;
    assert_ok(d.c, mlpipe_pipeline_new(
                       d.c, "target=y id=id time=at features=n holdout=0.2",
                       &narrow));
    assert_ok(d.c, mlpipe_pipeline_add(d.c, narrow, "ridge", NULL));
    assert_ok(d.c, mlpipe_cycle_new(d.c, d.monitor, narrow, PARAMS,
                                    &d.cycle));
    mlpipe_pipeline_free(narrow);
    assert_int_equal(world_until(&d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(&d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_CONFIRMED);
    world_drop(&d);
    (void)state;
}

/* The host swaps by hand during a probation: the cycle lets go. */
static void test_superseded(void **state)
{
    mlpipe_buffer *log;
    world d;

    world_make(&d, PARAMS);
    assert_int_equal(world_until(&d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(&d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    assert_int_equal(world_live(&d, 10, -2.0), MLPIPE_ACTION_NONE);
    log = world_log(&d);
    assert_non_null(strstr(mlpipe_buffer_data(log), "superseded"));
    mlpipe_buffer_free(log);
    world_drop(&d);
    (void)state;
}

/* The host deploys a model of which the rule cannot be asked: the loop waits
 * for another. */
static void test_rule_of_another_model(void **state)
{
    mlpipe_pipeline *narrow;
    mlpipe_dataset *train;
    mlpipe_model *other;
    mlpipe_buffer *log;
    uint64_t decisions;
    world d;

    world_make(&d, "when='x.psi > 100 or rows > 2000' gate_min=100");
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_pipeline_new(d.c, "target=y id=id features=n",
                                       &narrow));
    assert_ok(d.c, mlpipe_pipeline_add(d.c, narrow, "ridge", NULL));
    train = world_dataset(d.c, 1, 500, 2.0);
    assert_ok(d.c, mlpipe_fit(d.c, narrow, train, NULL, &other));
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, other));
    for (int i = 0; i < 6; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    log = world_log(&d);
    const char *said = strstr(mlpipe_buffer_data(log), "rule_refused");
    assert_non_null(said);
    assert_non_null(strstr(said, "x.psi"));
    assert_null(strstr(said + 1, "rule_refused"));
    assert_ok(d.c, mlpipe__audit_replay(d.c, mlpipe_buffer_data(log),
                                        mlpipe_buffer_size(log),
                                        &decisions));
    mlpipe_buffer_free(log);
    assert_ok(d.c, mlpipe_slot_rollback(d.c, d.slot));
    assert_int_equal(world_until(&d, 6, 2.0), MLPIPE_ACTION_RETRAIN);
    mlpipe_model_free(other);
    mlpipe_dataset_free(train);
    mlpipe_pipeline_free(narrow);
    world_drop(&d);
    (void)state;
}

/* Truths that lag behind: of the rows that are kept, never all are labelled.
 * A probation ends when that many labels came. */
static void test_late_truths(void **state)
{
    enum { LAG = 100 };
    mlpipe_monitor *small;
    int32_t action = MLPIPE_ACTION_NONE, last = MLPIPE_ACTION_NONE;
    world d;

    world_make(&d, PARAMS);
    mlpipe_cycle_free(d.cycle);
    mlpipe_monitor_free(d.monitor);
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, "pane=200 capture=600",
                                      &small));
    d.monitor = small;
    assert_ok(d.c, mlpipe_cycle_new(d.c, small, d.recipe,
                                    "when=performance gate_min=100 "
                                    "probation=600", &d.cycle));
    for (int i = 1; i <= 5000 && last != MLPIPE_ACTION_CONFIRMED; i++) {
        const uint64_t id = d.next++, then = id - LAG;
        const world_row r = world_draw(id);
        double out;
        assert_ok(d.c, mlpipe_worker_predict(
                           d.w, id, (int64_t)id * 1000000, &r, &out, 1));
        if (i > LAG)
            assert_ok(d.c, mlpipe_monitor_truth(d.c, d.monitor, then,
                                                (int64_t)id * 1000000,
                                                world_y(then, -2.0)));
        if (i % 50)
            continue;
        assert_ok(d.c, mlpipe_cycle_tick(d.c, d.cycle,
                                         (int64_t)id * 1000000, &action));
        if (action == MLPIPE_ACTION_RETRAIN)
            assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
        last = action ? action : last;
    }
    assert_int_equal(last, MLPIPE_ACTION_CONFIRMED);
    world_drop(&d);
    (void)state;
}

static void *retrain_run(void *arg)
{
    world *d = arg;
    mlpipe_ctx *c;
    mlpipe_status st;

    if (mlpipe_ctx_new(NULL, &c))
        return (void *)1;
    while ((st = mlpipe_cycle_retrain(c, d->cycle)) == MLPIPE_E_BUSY)
        continue; /* a tick has the slot for a moment */
    mlpipe_ctx_free(c);
    return st ? (void *)1 : NULL;
}

/* Retraining on another thread, beside ticks and predictions. */
static void test_retrain_beside_tick(void **state)
{
    int32_t action = MLPIPE_ACTION_NONE;
    pthread_t thread;
    void *failed;
    world d;

    world_make(&d, PARAMS);
    assert_int_equal(world_until(&d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(&d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(pthread_create(&thread, NULL, retrain_run, &d), 0);
    for (int i = 0; i < 2000 && action != MLPIPE_ACTION_SWAPPED; i++)
        action = world_live(&d, 1, -2.0);
    pthread_join(thread, &failed);
    assert_null(failed);
    if (action != MLPIPE_ACTION_SWAPPED)
        assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    world_drop(&d);
    (void)state;
}

static void test_parameters(void **state)
{
    static const char *const bad[] = {
        "when='age >'",    "gate=auc", "gate=logloss", "gate_share=0.99",
        "probation=10000", "gate_min=2000", "gate_gap=2999", "wehn=age",
        "gate=ndcg@5",     "refit=perhaps"};
    mlpipe_monitor *blind;
    mlpipe_cycle *cycle;
    world d;

    world_make(&d, "when='age > 30 d'");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cycle = (mlpipe_cycle *)1;
        assert_told(d.c, MLPIPE_E_PARAM,
                    mlpipe_cycle_new(d.c, d.monitor, d.recipe, bad[i],
                                     &cycle));
        assert_null(cycle);
    }
    /* what is proposed would be taken */
    assert_told(d.c, MLPIPE_E_PARAM,
                mlpipe_cycle_new(d.c, d.monitor, d.recipe, "gate=acuracy",
                                 &cycle));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "rmse is one"));
    assert_told(d.c, MLPIPE_E_PARAM,
                mlpipe_cycle_new(d.c, d.monitor, d.recipe, "gate=rr2",
                                 &cycle));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "r2 is one"));
    mlpipe_cycle_free(d.cycle);
    mlpipe_monitor_free(d.monitor);
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, NULL, &blind));
    assert_told(d.c, MLPIPE_E_STATE,
                mlpipe_cycle_new(d.c, blind, d.recipe,
                                 NULL, &cycle));
    d.cycle = NULL;
    d.monitor = blind;
    world_drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift_to_confirmed),
        cmocka_unit_test(test_worse_is_rejected),
        cmocka_unit_test(test_too_few_rows),
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_fewer_inputs),
        cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_rule_of_another_model),
        cmocka_unit_test(test_late_truths),
        cmocka_unit_test(test_retrain_beside_tick),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
