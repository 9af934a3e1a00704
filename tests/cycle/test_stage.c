/* SPDX-License-Identifier: MIT */
/* Between the gate and the swap: shadow and canary. */
#include "cycle_world.h"
#include "golden_text.h"

#define BASE "when=performance gate_min=100 probation=1000 cooldown=300 "
#define SHADOW BASE "shadow=300"
#define CANARY BASE "canary=0.2 canary_rows=200"

/* The law has changed and a challenger is ready. */
static void ready(world *d, const char *params)
{
    world_make(d, params);
    assert_int_equal(world_until(d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_int_equal(world_until(d, 1, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d->c, mlpipe_cycle_retrain(d->c, d->cycle));
}

/* How often the log has a text; every decision follows from its figures. */
static uint32_t log_has(world *d, const char *text)
{
    mlpipe_buffer *log = world_log(d);
    uint64_t decisions;
    uint32_t n = 0;

    for (const char *s = mlpipe_buffer_data(log); (s = strstr(s, text)); s++)
        n++;
    assert_ok(d->c, mlpipe__audit_replay(d->c, mlpipe_buffer_data(log),
                                         mlpipe_buffer_size(log),
                                         &decisions));
    assert_true(decisions > 0);
    mlpipe_buffer_free(log);
    return n;
}

static void live_is(world *d, uint32_t n, double slope, int32_t action)
{
    assert_int_equal(world_live(d, n, slope), action);
}

/* Nothing that serves changes while a challenger is in shadow. */
static void test_shadow_wins(void **state)
{
    const void *published;
    world d;

    ready(&d, SHADOW);
    published = atomic_load(&d.slot->current);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    assert_told(d.c, MLPIPE_E_BUSY, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "shadow"));
    live_is(&d, 299, -2.0, MLPIPE_ACTION_NONE);
    assert_ptr_equal(published, atomic_load(&d.slot->current));
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 0);
    live_is(&d, 1, -2.0, MLPIPE_ACTION_SWAPPED);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_int_equal(log_has(&d, "\"action\":\"shadow_started\""), 1);
    assert_int_equal(log_has(&d, "\"action\":\"swapped\""), 1);
    assert_int_equal(log_has(&d, "\"rows\":300,"), 1);
    assert_int_equal(log_has(&d, "\"differs\":"), 2);
    live_is(&d, 500, -2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 500, -2.0, MLPIPE_ACTION_CONFIRMED);
    world_drop(&d);
    (void)state;
}

/* The law goes back meanwhile. */
static void test_shadow_loses(void **state)
{
    world d;

    ready(&d, SHADOW);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 300, 2.0, MLPIPE_ACTION_DROPPED);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    assert_int_equal(log_has(&d, "\"reason\":\"no better\""), 1);
    live_is(&d, 200, 2.0, MLPIPE_ACTION_NONE);
    world_drop(&d);
    /* or another model was deployed by the host */
    ready(&d, SHADOW);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    live_is(&d, 10, -2.0, MLPIPE_ACTION_NONE);
    assert_int_equal(log_has(&d, "superseded"), 1);
    world_drop(&d);
    (void)state;
}

/* Truths never come: the stage goes on and nothing is decided. With late ones
 * the window, full of what is newer, ends it. */
static void test_shadow_window(void **state)
{
    double out;
    world d;

    ready(&d, BASE "shadow=3990");
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 3000, -2.0, MLPIPE_ACTION_NONE);
    for (int i = 0; i < 1000; i++) {
        const uint64_t id = d.next++;
        const world_row r = world_draw(id);
        assert_ok(d.c, mlpipe_worker_predict(
                           d.w, id, (int64_t)id * 1000000, &r, &out, 1));
    }
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SWAPPED);
    assert_int_equal(log_has(&d, "\"rows\":3000,"), 1);
    world_drop(&d);
    (void)state;
}

/* Gives the log. */
static mlpipe_buffer *canary_once(const char *params)
{
    mlpipe_report *r;
    mlpipe_buffer *log;
    int32_t action = 0;
    world d;

    ready(&d, params);
    action = world_live(&d, 0, -2.0);
    if (action == MLPIPE_ACTION_SHADOW)
        action = world_live(&d, 300, -2.0);
    assert_int_equal(action, MLPIPE_ACTION_CANARY);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 2);
    assert_told(d.c, MLPIPE_E_BUSY, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 500, -2.0, MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_monitor_canary(d.c, d.monitor, &r));
    assert_int_equal((int)mlpipe_report_get(r, "deployment"), 2);
    assert_in_range((uint64_t)mlpipe_report_get(r, "rows"), 70, 130);
    assert_int_equal((int)(mlpipe_report_get(r, "rows") +
                           mlpipe_report_get(r, "beside.rows")), 500);
    assert_int_equal((int)mlpipe_report_get(r, "labelled"),
                     (int)mlpipe_report_get(r, "rows"));
    mlpipe_report_free(r);
    action = world_until(&d, 4, -2.0);
    assert_int_equal(action, MLPIPE_ACTION_SWAPPED);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 0);
    /* its counts and its losses go on with it */
    assert_ok(d.c, mlpipe_monitor_report(d.c, d.monitor, &r));
    assert_int_equal((int)mlpipe_report_get(r, "deployment"), 2);
    world_live(&d, 0, -2.0);
    mlpipe_report_free(r);
    assert_ok(d.c, mlpipe_monitor_report(d.c, d.monitor, &r));
    assert_in_range((uint64_t)mlpipe_report_get(r, "rows"), 200, 500);
    assert_int_equal((int)mlpipe_report_get(r, "labelled"),
                     (int)mlpipe_report_get(r, "rows"));
    mlpipe_report_free(r);
    assert_int_equal(world_until(&d, 3, -2.0), MLPIPE_ACTION_CONFIRMED);
    assert_int_equal(log_has(&d, "\"action\":\"canary_started\""), 1);
    assert_int_equal(log_has(&d, "\"action\":\"promoted\""), 1);
    assert_int_equal(log_has(&d, "\"action\":\"confirmed\""), 1);
    log = world_log(&d);
    world_drop(&d);
    return log;
}

static void test_canary_promoted(void **state)
{
    mlpipe_buffer *a = canary_once(CANARY), *b = canary_once(CANARY);
    char *bent;
    uint64_t decisions;
    mlpipe_ctx *c;

    assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
    /* a log that was changed does not replay */
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    bent = malloc(mlpipe_buffer_size(a) + 1);
    memcpy(bent, mlpipe_buffer_data(a), mlpipe_buffer_size(a) + 1);
    memcpy(strstr(bent, "\"promoted\""), "\"dropped\" ", 10);
    assert_told(c, MLPIPE_E_CORRUPT,
                mlpipe__audit_replay(c, bent, mlpipe_buffer_size(a),
                                     &decisions));
    free(bent);
    mlpipe_ctx_free(c);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    mlpipe_buffer_free(canary_once(CANARY " shadow=300"));
    (void)state;
}

/* The law goes back while it answers its share. */
static void test_canary_worse(void **state)
{
    mlpipe_report *r = (mlpipe_report *)state;
    world d;

    ready(&d, CANARY);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, 2.0), MLPIPE_ACTION_DROPPED);
    assert_int_equal(log_has(&d, "\"reason\":\"worse\""), 1);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 0);
    assert_told(d.c, MLPIPE_E_STATE, mlpipe_monitor_canary(d.c, d.monitor, &r));
    assert_null(r);
    live_is(&d, 200, 2.0, MLPIPE_ACTION_NONE);
    world_drop(&d);
    (void)state;
}

/* It is promoted, and then the law goes back: probation ends badly. */
static void test_canary_rolled_back(void **state)
{
    world d;

    ready(&d, CANARY);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_int_equal(world_until(&d, 4, 2.5), MLPIPE_ACTION_ROLLED_BACK);
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    assert_int_equal(log_has(&d, "\"action\":\"rolled_back\""), 1);
    world_drop(&d);
    (void)state;
}

/* The host ends what the cycle began. */
static void test_canary_superseded(void **state)
{
    for (int how = 0; how < 4; how++) {
        world d;
        ready(&d, CANARY);
        live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
        switch (how) {
        case 0: assert_ok(d.c, mlpipe_slot_drop(d.c, d.slot)); break;
        case 1: assert_ok(d.c, mlpipe_slot_promote(d.c, d.slot)); break;
        case 2: assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m)); break;
        default:
            assert_ok(d.c, mlpipe_slot_drop(d.c, d.slot));
            assert_ok(d.c, mlpipe_slot_canary(d.c, d.slot, d.m, 0.5));
        }
        live_is(&d, 10, -2.0, MLPIPE_ACTION_NONE);
        assert_int_equal(log_has(&d, "superseded"), 1);
        assert_int_equal(mlpipe_slot_canary_version(d.slot),
                         how < 3 ? 0 : 3);
        world_drop(&d);
    }
    /* or has a canary of its own already */
    world d;
    ready(&d, CANARY);
    assert_ok(d.c, mlpipe_slot_canary(d.c, d.slot, d.m, 0.5));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_REJECTED);
    assert_int_equal(log_has(&d, "MLPIPE_E_CONFLICT"), 1);
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 2);
    world_drop(&d);
    (void)state;
}

/* A drop that cannot be done now is done at the next tick. */
static void test_canary_drop_later(void **state)
{
    int32_t action = -1;
    world d;

    ready(&d, CANARY);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    world_serve(&d, 700, 2.0);
    d.slot->retired_count = MLPIPE__RETIRED_MOST;
    assert_told(d.c, MLPIPE_E_BUSY,
                mlpipe_cycle_tick(d.c, d.cycle, (int64_t)d.next * 1000000,
                                  &action));
    assert_int_equal(action, MLPIPE_ACTION_NONE);
    d.slot->retired_count = 0;
    live_is(&d, 0, 2.0, MLPIPE_ACTION_DROPPED);
    world_drop(&d);
    (void)state;
}

/* The champion caps what is far out; the challenger does not, and values come
 * that leave it without an answer. */
static void test_canary_errors(void **state)
{
    const double inf = mlpipe__inf();
    mlpipe_pipeline *capped;
    mlpipe_dataset *train;
    mlpipe_model *robust;
    int32_t action = 0;
    world d;

    world_make(&d, CANARY);
    assert_ok(d.c, mlpipe_pipeline_new(
                       d.c, "target=y id=id time=at features=x,n holdout=0.2",
                       &capped));
    assert_ok(d.c, mlpipe_pipeline_add(d.c, capped, "outlier", NULL));
    assert_ok(d.c, mlpipe_pipeline_add(d.c, capped, "ridge", NULL));
    train = world_dataset(d.c, 1, 3000, 2.0);
    assert_ok(d.c, mlpipe_fit(d.c, capped, train, NULL, &robust));
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, robust));
    world_live(&d, 1500, -2.0);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    for (int k = 0; k < 20 && !action; k++) {
        for (int i = 0; i < 50; i++) { /* no truths: labels are not needed */
            const uint64_t id = d.next++;
            world_row r = world_draw(id);
            double out;
            r.x = i % 4 ? r.x : inf;
            assert_ok(d.c, mlpipe_worker_predict(
                               d.w, id, (int64_t)id * 1000000, &r, &out, 1));
        }
        action = world_live(&d, 0, 2.0);
    }
    assert_int_equal(action, MLPIPE_ACTION_DROPPED);
    assert_int_equal(log_has(&d, "\"reason\":\"errors\""), 1);
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    mlpipe_model_free(robust);
    mlpipe_dataset_free(train);
    mlpipe_pipeline_free(capped);
    world_drop(&d);
    (void)state;
}

/* The judgement itself. */
static void test_judge(void **state)
{
    mlpipe__canary_trial t = {.alpha = 0.001, .final_alpha = 0.01,
                              .margin = 0.05};

    t.g.rows = 5000;
    t.g.enough = true;
    t.g.scale = 1.0;
    t.g.compared.se = 0.01;
    t.g.compared.two.p = 1.0;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_GOES_ON);
    t.over = true;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_GOOD);
    t.g.compared.mean = 0.04; /* within the margin, and not shown to be */
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_UNSHOWN);
    t.g.compared.two.p = 1e-4;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_WORSE);
    t.g.compared.mean = -0.04; /* better */
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_GOOD);
    t.g.compared.mean = t.g.compared.se = 0; /* the same answers */
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_GOOD);
    t.g.enough = false;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_UNSHOWN);
    /* errors: more by chance and by what matters, at a look */
    t.of_main = (mlpipe__canary_count){1000, 5};
    t.of_canary = (mlpipe__canary_count){100, 10};
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_UNSHOWN);
    t.errors_alpha = 0.005;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_ERRORS);
    t.of_canary.silent = 1; /* 1 % against 0.5 % */
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_UNSHOWN);
    t.of_main = (mlpipe__canary_count){1000, 100};
    t.of_canary.silent = 12;
    assert_int_equal(mlpipe__canary_judge(&t), MLPIPE__CANARY_UNSHOWN);
    (void)state;
}

static void test_stage_parameters(void **state)
{
    static const char *const bad[] = {
        "shadow=10", "shadow=5000", "canary=0.00005", "canary=1",
        "canary=0.01", "canary=0.1 canary_rows=500", "canary_margin=2",
        "canary=0.5 canary_rows=1",
        "canary=0.9 canary_rows=50"};
    mlpipe_cycle *cycle;
    world d;

    world_make(&d, BASE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cycle = (mlpipe_cycle *)1;
        assert_told(d.c, MLPIPE_E_PARAM,
                    mlpipe_cycle_new(d.c, d.monitor, d.recipe, bad[i],
                                     &cycle));
        assert_null(cycle);
    }
    world_drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_wins),
        cmocka_unit_test(test_shadow_loses),
        cmocka_unit_test(test_shadow_window),
        cmocka_unit_test(test_canary_promoted),
        cmocka_unit_test(test_canary_worse),
        cmocka_unit_test(test_canary_rolled_back),
        cmocka_unit_test(test_canary_superseded),
        cmocka_unit_test(test_canary_drop_later),
        cmocka_unit_test(test_canary_errors),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_stage_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
