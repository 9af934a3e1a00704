/* SPDX-License-Identifier: MIT */
/* Where the parts of the loop meet: what one of them does while another is
 * under way, and whether the log of all of it can be decided again. */
#include "cycle_world.h"

#define BASE "when=performance gate_min=100 probation=1000 cooldown=300 "
#define CANARY "canary=0.2 canary_rows=200 "
#define QUIET "when='rows < 0' gate_min=100 probation=1000 cooldown=0 "

/* The law has changed and a challenger is ready. */
static void ready(world *d, const char *params)
{
    world_make(d, params);
    world_live(d, 2000, -2.0);
    assert_ok(d->c, mlpipe_cycle_retrain(d->c, d->cycle));
}

static void live_is(world *d, uint32_t n, double slope, int32_t action)
{
    assert_int_equal(world_live(d, n, slope), action);
}

/* ---- the log ------------------------------------------------------------- */

/* One line alone: is it decided again? Then another action in its place must
 * not follow. */
static void audit_line(mlpipe_ctx *c, const char *line, size_t bytes)
{
    static const char *const none[] = {"superseded", "retrain_failed",
                                       "rule_refused", "MLPIPE_E_"};
    char *copy = malloc(bytes + 40), *action, *end;
    uint64_t decisions;
    bool decides = true;

    assert_non_null(copy);
    memcpy(copy, line, bytes);
    copy[bytes] = '\0';
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        decides = decides && !strstr(copy, none[i]);
    assert_ok(c, mlpipe_cycle_audit(c, copy, bytes, &decisions));
    if (decisions != decides)
        fail_msg("%llu decisions in %s", (unsigned long long)decisions, copy);
    action = strstr(copy, "\"action\":\"") + strlen("\"action\":\"");
    end = strchr(action, '"');
    if (decides && !strncmp(action, "retrain\"", 8)) {
        /* its rule did not hold */
        action = strstr(copy, "\"performance\":\"DRIFT\"");
        assert_non_null(action);
        memcpy(action, "\"performance\":\"OK\"   ", 21);
    } else if (decides && !strncmp(action, "held", 4)) {
        action = strstr(copy, "\"has\":") + 6;
        memmove(action + 3, action, strlen(action) + 1);
        memcpy(action, "999", 3);
    } else if (decides) {
        const bool forward = !strncmp(action, "swapped", 7) ||
                             !strncmp(action, "promoted", 8) ||
                             !strncmp(action, "rolled_back", 11) ||
                             strstr(action, "_started");
        const char *other = forward ? "dropped" : "swapped";
        memmove(action + strlen(other), end, strlen(end) + 1);
        memcpy(action, other, strlen(other));
    }
    if (decides)
        assert_status(MLPIPE_E_CORRUPT,
                      mlpipe_cycle_audit(c, copy, strlen(copy), NULL));
    free(copy);
}

/* Every line; gives how many there were with a text. */
static void audit_all(world *d, const char *const *texts, uint32_t *seen)
{
    mlpipe_buffer *log = world_log(d);
    const char *at = mlpipe_buffer_data(log), *end;

    for (; (end = strchr(at, '\n')); at = end + 1) {
        audit_line(d->c, at, (size_t)(end - at));
        for (uint32_t i = 0; texts[i]; i++) {
            const char *found = strstr(at, texts[i]);
            seen[i] += found && found < end;
        }
    }
    mlpipe_buffer_free(log);
}

static const char *const actions[] = {
    "\"held\"",           "\"retrain\"",        "\"rejected\"",
    "\"shadow_started\"", "\"canary_started\"", "\"reason\":\"no better\"",
    "\"reason\":\"worse\"", "\"promoted\"",     "\"confirmed\"",
    "\"rolled_back\"",    "\"swapped\"",        "\"superseded\"",
    "\"retrain_failed\"", NULL};

/* Through all stages, again and again, with laws that come and go. */
static void live_with_stages(uint32_t *seen)
{
    world d;

    world_make(&d, BASE "shadow=300 " CANARY);
    /* a retrain without need */
    live_is(&d, 1000, 2.0, MLPIPE_ACTION_NONE);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, 2.0, MLPIPE_ACTION_REJECTED);
    /* the law changes at once, and goes back in shadow */
    assert_int_equal(world_until(&d, 9, -2.0), MLPIPE_ACTION_RETRAIN);
    live_is(&d, 3500, -2.0, MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 400, 2.0, MLPIPE_ACTION_DROPPED);
    /* it goes back as a canary */
    world_live(&d, 2500, -2.0);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 400, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, 2.0), MLPIPE_ACTION_DROPPED);
    /* and on probation */
    world_live(&d, 3000, -2.0);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 400, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(world_until(&d, 4, 2.5), MLPIPE_ACTION_ROLLED_BACK);
    /* it stays */
    world_live(&d, 4000, -2.0);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SHADOW);
    live_is(&d, 400, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_CONFIRMED);
    audit_all(&d, actions, seen);
    world_drop(&d);
}

static void live_without(uint32_t *seen)
{
    world d;

    ready(&d, BASE);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SWAPPED);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    live_is(&d, 10, -2.0, MLPIPE_ACTION_NONE);
    world_drop(&d);
    world_make(&d, BASE);
    assert_status(MLPIPE_E_EMPTY, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 10, -2.0, MLPIPE_ACTION_NONE);
    /* it fires within the cooldown behind a retrain that failed */
    world_live(&d, 290, -2.0);
    while (world_live(&d, 100, -2.0) != MLPIPE_ACTION_RETRAIN)
        continue;
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    while (world_live(&d, 100, -2.0) != MLPIPE_ACTION_SWAPPED)
        assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    assert_ok(d.c, mlpipe_slot_rollback(d.c, d.slot));
    live_is(&d, 10, -2.0, MLPIPE_ACTION_NONE);
    audit_all(&d, actions, seen);
    world_drop(&d);
}

static void test_every_line(void **state)
{
    uint32_t seen[sizeof actions / sizeof *actions] = {0};

    live_with_stages(seen);
    live_without(seen);
    for (uint32_t i = 0; actions[i]; i++)
        if (!seen[i])
            fail_msg("no line with %s", actions[i]);
    (void)state;
}

/* ---- probation ----------------------------------------------------------- */

/* A canary's own rows made it pass: they are no probation too, however many
 * there were of them. */
static void test_probation_of_canary(void **state)
{
    world d;

    ready(&d, "when='rows < 0' gate_min=100 probation=400 cooldown=0 "
              "canary=0.5 canary_rows=500");
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, -2.0), MLPIPE_ACTION_SWAPPED);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 399, -2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 1, -2.0, MLPIPE_ACTION_CONFIRMED);
    world_drop(&d);
    (void)state;
}

/* The host swaps and goes back within a probation: the slot has nothing left
 * to go back to, and the cycle has. */
static void test_way_back_used_up(void **state)
{
    mlpipe_model *serves;
    world d;

    ready(&d, QUIET);
    live_is(&d, 0, -2.0, MLPIPE_ACTION_SWAPPED);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, d.m));
    assert_ok(d.c, mlpipe_slot_rollback(d.c, d.slot));
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    assert_int_equal(world_until(&d, 4, 2.5), MLPIPE_ACTION_ROLLED_BACK);
    assert_ok(d.c, mlpipe_slot_model(d.c, d.slot, &serves));
    assert_string_equal(serves->id, d.m->id);
    mlpipe_model_free(serves);
    live_is(&d, 500, 2.0, MLPIPE_ACTION_NONE);
    world_drop(&d);
    (void)state;
}

/* ---- alarms -------------------------------------------------------------- */

static bool alarmed(world *d)
{
    mlpipe_report *r;
    bool on;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    on = !strcmp(mlpipe_report_text(r, "concept"), "DRIFT");
    mlpipe_report_free(r);
    return on;
}

/* Nothing was done about an alarm where a retrain failed. */
static void test_alarm_outlives_failure(void **state)
{
    world d;

    world_make(&d, QUIET "gate_share=0.9 alpha=1e-9");
    live_is(&d, 90, -2.0, MLPIPE_ACTION_NONE);
    assert_true(alarmed(&d));
    assert_status(MLPIPE_E_EMPTY, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, 2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 5, 2.0, MLPIPE_ACTION_NONE);
    assert_true(alarmed(&d));
    world_drop(&d);
    (void)state;
}

/* A challenger that was dropped has heeded it. */
static void test_alarm_ends_with_drop(void **state)
{
    world d;

    ready(&d, QUIET CANARY);
    assert_true(alarmed(&d));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    assert_int_equal(world_until(&d, 4, 2.0), MLPIPE_ACTION_DROPPED);
    assert_true(alarmed(&d));
    live_is(&d, 50, 2.0, MLPIPE_ACTION_NONE);
    assert_false(alarmed(&d));
    world_drop(&d);
    (void)state;
}

/* ---- what is remembered -------------------------------------------------- */

/* Panes that nobody asked about are none that a condition held for. */
static void test_panes_unasked(void **state)
{
    int ticks = 0;
    world d;

    world_make(&d, "when='rows > 0 for 3 panes' gate_min=100 probation=1000 "
                   "cooldown=0 alpha=1e-9");
    while (world_live(&d, 250, 2.0) != MLPIPE_ACTION_RETRAIN)
        assert_true(++ticks < 20);
    for (int i = 0; i < 4; i++) /* two panes while it is wanted */
        live_is(&d, 250, 2.0, MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    live_is(&d, 0, 2.0, MLPIPE_ACTION_REJECTED);
    for (ticks = 1; world_live(&d, 250, 2.0) != MLPIPE_ACTION_RETRAIN;)
        assert_true(++ticks < 20);
    assert_int_equal(ticks, 6);
    world_drop(&d);
    (void)state;
}

/* Labels that the monitor knew before there was a cycle are not new. */
static void test_volume_of_old_monitor(void **state)
{
    world d;

    world_make(&d, QUIET);
    live_is(&d, 2000, 2.0, MLPIPE_ACTION_NONE);
    mlpipe_cycle_free(d.cycle);
    assert_ok(d.c, mlpipe_cycle_new(d.c, d.monitor, d.recipe,
                                    QUIET "volume=1200", &d.cycle));
    live_is(&d, 600, 2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 599, 2.0, MLPIPE_ACTION_NONE);
    live_is(&d, 1, 2.0, MLPIPE_ACTION_RETRAIN);
    world_drop(&d);
    (void)state;
}

/* ---- two at once --------------------------------------------------------- */

static int32_t drop_canary(void *user, const char *stage, double fraction)
{
    world *d = user;
    mlpipe_ctx *other;

    (void)fraction;
    if (strcmp(stage, "gate") || !mlpipe_slot_canary_version(d->slot))
        return 0;
    assert_ok(NULL, mlpipe_ctx_new(NULL, &other));
    assert_ok(other, mlpipe_slot_drop(other, d->slot));
    mlpipe_ctx_free(other);
    return 0;
}

/* The host drops the canary while the tick judges it: that is what the tick
 * decides too, and no error. */
static void test_dropped_by_both(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o, .progress = drop_canary};
    int32_t action = 0;
    mlpipe_ctx *c;
    world d;

    ready(&d, QUIET CANARY);
    o.user = &d;
    assert_ok(NULL, mlpipe_ctx_new(&o, &c));
    live_is(&d, 0, -2.0, MLPIPE_ACTION_CANARY);
    world_serve(&d, 1500, 2.0);
    assert_ok(c, mlpipe_cycle_tick(c, d.cycle, (int64_t)d.next * 1000000,
                                   &action));
    assert_int_equal(action, MLPIPE_ACTION_DROPPED);
    assert_int_equal(mlpipe_slot_canary_version(d.slot), 0);
    live_is(&d, 10, 2.0, MLPIPE_ACTION_NONE);
    mlpipe_ctx_free(c);
    world_drop(&d);
    (void)state;
}

typedef struct trier {
    mlpipe_ctx *other;
    mlpipe_cycle *cycle;
    bool armed;
    mlpipe_status got;
} trier;

/* The memory of the cycle, which tries again what failed while a tick takes
 * some: as another thread might. */
static void *trying_alloc(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    trier *t = user;
    void *fresh = NULL;

    if (t->armed && new_size) {
        t->armed = false;
        t->got = mlpipe_cycle_retrain(t->other, t->cycle);
    }
    if (new_size &&
        posix_memalign(&fresh, align < 16 ? 16 : align, new_size))
        return NULL;
    if (fresh && ptr)
        memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
    if (fresh || !new_size)
        free(ptr);
    return fresh;
}

/* A host tries again what failed while a tick is about to say that it did:
 * the challenger is not the tick's to free. */
static void test_failed_beside_tick(void **state)
{
    trier t = {0};
    const mlpipe_ctx_options o = {
        .size = sizeof o, .alloc = trying_alloc, .user = &t};
    mlpipe_ctx *c;
    world d;

    world_make(&d, QUIET);
    mlpipe_cycle_free(d.cycle);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &t.other));
    assert_ok(NULL, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_cycle_new(c, d.monitor, d.recipe, QUIET "alpha=1e-9",
                                  &d.cycle));
    t.cycle = d.cycle;
    assert_status(MLPIPE_E_EMPTY, mlpipe_cycle_retrain(d.c, d.cycle));
    world_serve(&d, 1000, 2.0);
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor,
                                       (int64_t)d.next * 1000000, NULL));
    t.armed = true;
    live_is(&d, 0, 2.0, MLPIPE_ACTION_NONE);
    assert_false(t.armed);
    assert_ok(t.other, t.got);
    live_is(&d, 0, 2.0, MLPIPE_ACTION_REJECTED);
    world_drop(&d);
    mlpipe_ctx_free(c);
    mlpipe_ctx_free(t.other);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line),
        cmocka_unit_test(test_probation_of_canary),
        cmocka_unit_test(test_way_back_used_up),
        cmocka_unit_test(test_alarm_outlives_failure),
        cmocka_unit_test(test_alarm_ends_with_drop),
        cmocka_unit_test(test_panes_unasked),
        cmocka_unit_test(test_volume_of_old_monitor),
        cmocka_unit_test(test_dropped_by_both),
        cmocka_unit_test(test_failed_beside_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
