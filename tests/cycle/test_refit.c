/* SPDX-License-Identifier: MIT */
/* refit=: the challenger is judged, the recipe fitted on all rows goes on. */
#include "cycle_world.h"

#define BASE "when=performance gate_min=100 probation=1000 cooldown=300 "

/* The law has changed and a challenger is ready. */
static void ready(world *d, const char *params)
{
    world_make(d, params);
    assert_int_equal(world_until(d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d->c, mlpipe_cycle_retrain(d->c, d->cycle));
}

/* A recipe fitted by hand on what was captured, without the newest share. */
static mlpipe_model *by_hand(world *d, double share)
{
    mlpipe_dataset *rows, *fit;
    mlpipe_model *m;
    int64_t n;

    assert_ok(d->c, mlpipe_monitor_captured(d->c, d->monitor, &rows));
    n = mlpipe_dataset_rows(rows);
    assert_ok(d->c, mlpipe_dataset_slice(
                        d->c, rows, 0, n - (int64_t)(share * (double)n),
                        &fit));
    assert_ok(d->c, mlpipe_fit(d->c, d->recipe, fit, NULL, &m));
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(rows);
    return m;
}

static void assert_serves(world *d, const mlpipe_model *m)
{
    mlpipe_model *serves;

    assert_ok(d->c, mlpipe_slot_model(d->c, d->slot, &serves));
    assert_string_equal(serves->id, m->id);
    mlpipe_model_free(serves);
}

/* The log has the model under a key; every decision follows. */
static bool log_names(world *d, const char *key, const mlpipe_model *m)
{
    mlpipe_buffer *log = world_log(d);
    char text[200];
    bool has;

    snprintf(text, sizeof text, "\"%s\":\"%s\"", key, m->id);
    has = strstr(mlpipe_buffer_data(log), text) != NULL;
    assert_ok(d->c, mlpipe_cycle_audit(d->c, mlpipe_buffer_data(log),
                                       mlpipe_buffer_size(log), NULL));
    mlpipe_buffer_free(log);
    return has;
}

static bool log_has(world *d, const char *text)
{
    mlpipe_buffer *log = world_log(d);
    const bool has = strstr(mlpipe_buffer_data(log), text) != NULL;

    mlpipe_buffer_free(log);
    return has;
}

/* Off by default: what was judged serves. */
static void test_off(void **state)
{
    mlpipe_model *judged;
    world d;

    ready(&d, BASE);
    judged = by_hand(&d, 0.25);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_serves(&d, judged);
    assert_false(log_has(&d, "refitted"));
    mlpipe_model_free(judged);
    world_drop(&d);
    (void)state;
}

/* On: its figures and id in the log, and the other serves; the gate has seen
 * the same rows as without. */
static void test_swapped(void **state)
{
    mlpipe_model *judged, *all;
    mlpipe_buffer *with, *without;
    const char *a, *b;
    world d;

    ready(&d, BASE "refit=true");
    judged = by_hand(&d, 0.25);
    all = by_hand(&d, 0);
    assert_string_not_equal(judged->id, all->id);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_serves(&d, all);
    assert_true(log_names(&d, "challenger", judged));
    assert_true(log_names(&d, "refitted", all));
    with = world_log(&d);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_NONE);
    assert_int_equal(world_live(&d, 500, -2.0), MLPIPE_ACTION_CONFIRMED);
    world_drop(&d);
    ready(&d, BASE);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SWAPPED);
    without = world_log(&d);
    a = strstr(mlpipe_buffer_data(with), "\"metric\"");
    b = strstr(mlpipe_buffer_data(without), "\"metric\"");
    assert_true(a && b);
    assert_string_equal(a, b);
    mlpipe_buffer_free(with);
    mlpipe_buffer_free(without);
    mlpipe_model_free(judged);
    mlpipe_model_free(all);
    world_drop(&d);
    (void)state;
}

/* Rejected is rejected, and nothing of it is left. */
static void test_rejected(void **state)
{
    world d;

    world_make(&d, BASE "refit=true");
    for (int i = 0; i < 4; i++)
        assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_non_null(d.cycle->refitted);
    assert_int_equal(world_live(&d, 0, 2.0), MLPIPE_ACTION_REJECTED);
    assert_null(d.cycle->refitted);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    /* a challenger that still waits is freed with the cycle */
    assert_int_equal(world_live(&d, 500, 2.0), MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    world_drop(&d);
    (void)state;
}

/* In the stages it is the model to serve that is judged. */
static void test_stages(void **state)
{
    mlpipe_model *judged, *all;
    int32_t action = MLPIPE_ACTION_NONE;
    world d;

    ready(&d, BASE "refit=true shadow=300 canary=0.2 canary_rows=200");
    judged = by_hand(&d, 0.25);
    all = by_hand(&d, 0);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_SHADOW);
    assert_true(log_names(&d, "challenger", judged));
    assert_true(log_names(&d, "refitted", all));
    assert_false(log_names(&d, "challenger", all));
    assert_int_equal(world_live(&d, 300, -2.0), MLPIPE_ACTION_CANARY);
    assert_true(log_names(&d, "challenger", all));
    for (int i = 0; i < 8 && !action; i++)
        action = world_live(&d, 250, -2.0);
    assert_int_equal(action, MLPIPE_ACTION_SWAPPED);
    assert_serves(&d, all);
    mlpipe_model_free(judged);
    mlpipe_model_free(all);
    world_drop(&d);
    (void)state;
}

/* The canary alone, too, is the model that would serve. */
static void test_canary(void **state)
{
    const mlpipe__deployed *current;
    mlpipe_model *all;
    world d;

    ready(&d, BASE "refit=true canary=0.2 canary_rows=200");
    all = by_hand(&d, 0);
    assert_int_equal(world_live(&d, 0, -2.0), MLPIPE_ACTION_CANARY);
    current = atomic_load(&d.slot->current);
    assert_string_equal(current->canary->predictor->model->id, all->id);
    mlpipe_model_free(all);
    world_drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off),      cmocka_unit_test(test_swapped),
        cmocka_unit_test(test_rejected), cmocka_unit_test(test_stages),
        cmocka_unit_test(test_canary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
