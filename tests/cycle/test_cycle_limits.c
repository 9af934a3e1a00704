/* SPDX-License-Identifier: MIT */
/* When a retrain may be asked for, and when it is without a rule. */
#include "cycle_world.h"

#define BASE "gate_min=100 probation=1000 alpha=1e-9 "

static void audited(world *d)
{
    mlpipe_buffer *log = world_log(d);
    uint64_t decisions;

    assert_ok(d->c, mlpipe_cycle_audit(d->c, mlpipe_buffer_data(log),
                                       mlpipe_buffer_size(log), &decisions));
    assert_true(decisions > 0);
    mlpipe_buffer_free(log);
}

static bool logged(world *d, const char *part)
{
    mlpipe_buffer *log = world_log(d);
    const bool found = strstr(mlpipe_buffer_data(log), part) != NULL;

    mlpipe_buffer_free(log);
    return found;
}

/* n ticks of 200 rows of an unchanged law, where every challenger loses; how
 * many retrains were asked for. */
static uint32_t asked(world *d, int ticks)
{
    uint32_t n = 0;

    for (int i = 0; i < ticks; i++) {
        if (world_live(d, 200, 2.0) != MLPIPE_ACTION_RETRAIN)
            continue;
        n++;
        assert_ok(d->c, mlpipe_cycle_retrain(d->c, d->cycle));
        assert_int_equal(world_live(d, 0, 2.0), MLPIPE_ACTION_REJECTED);
    }
    audited(d);
    return n;
}

static uint32_t asked_with(const char *params, const char *part)
{
    uint32_t n;
    world d;

    world_make(&d, params);
    n = asked(&d, 20);
    if (part && !logged(&d, part))
        fail_msg("%s: the log has no %s", params, part);
    world_drop(&d);
    return n;
}

static void test_limits(void **state)
{
    /* labels for a gate are there from the second tick on */
    assert_int_equal(
        asked_with(BASE "when='rows > 0' cooldown=0", "\"labelled\""), 19);
    assert_int_equal(
        asked_with(BASE "when='rows > 0' cooldown=600", "\"cooldown\""), 7);
    assert_int_equal(asked_with(BASE "when='rows > 0' cooldown=0 "
                                     "cooldown_time='1000 s'",
                                "\"cooldown_time\""),
                     4);
    assert_int_equal(
        asked_with(BASE "when='rows > 0' cooldown=0 retrains=3",
                   "\"reason\":\"retrains\",\"has\":3,\"needs\":3"),
        3);
    /* two in the first 2,000 s, two in the rest */
    assert_int_equal(asked_with(BASE "when='rows > 0' cooldown=0 budget=2 "
                                     "budget_time='2000 s'",
                                "\"reason\":\"budget\",\"has\":2"),
                     4);
    (void)state;
}

static void test_schedules(void **state)
{
    world d;

    /* nothing asks */
    world_make(&d, BASE "when='rows < 0' cooldown=0");
    for (int i = 0; i < 20; i++)
        assert_int_equal(world_live(&d, 200, 2.0), MLPIPE_ACTION_NONE);
    world_drop(&d);
    /* every 900 s of 200 s a tick: at 1000, 2000, 3000 and no more */
    assert_int_equal(asked_with(BASE "when='rows < 0' cooldown=0 every=15min",
                                "\"reason\":\"schedule\""),
                     3);
    assert_int_equal(asked_with(BASE "when='rows < 0' cooldown=0 volume=1200",
                                "\"volume\":1200"),
                     3);
    /* a cooldown holds a schedule back, too */
    assert_int_equal(asked_with(BASE "when='rows < 0' cooldown=2000 "
                                     "volume=1200",
                                "\"cooldown\""),
                     2);
    (void)state;
}

/* A condition must hold for three panes of 500 rows. */
static void test_panes(void **state)
{
    int ticks = 0;
    world d;

    world_make(&d, BASE "when='rows > 0 for 3 panes' cooldown=0");
    while (world_live(&d, 250, 2.0) != MLPIPE_ACTION_RETRAIN)
        ticks++;
    assert_int_equal(ticks, 5);
    assert_true(logged(&d, "\"pane\":1,\"memory\":[2]"));
    audited(&d);
    world_drop(&d);
    (void)state;
}

/* A log whose figures were changed does not follow. */
static void test_bent(void **state)
{
    static const char *const lines[] = {
        "{\"action\":\"retrain\",\"rule\":\"age > 1 for 2 panes\","
        "\"values\":{\"age\":2},\"pane\":1,\"memory\":[0]}",
        "{\"action\":\"retrain\",\"since\":5,\"every\":6}",
        "{\"action\":\"retrain\",\"fresh\":5,\"volume\":6}",
        "{\"action\":\"held\",\"reason\":\"cooldown\",\"has\":5,\"needs\":5,"
        "\"since\":6,\"every\":6}",
        "{\"action\":\"held\",\"reason\":\"budget\",\"has\":4,\"needs\":5,"
        "\"since\":6,\"every\":6}",
    };
    static const char good[] =
        "{\"action\":\"retrain\",\"rule\":\"age > 1 for 2 panes\","
        "\"values\":{\"age\":2},\"pane\":1,\"memory\":[1]}\n"
        "{\"action\":\"retrain_failed\"}\n"
        "{\"action\":\"held\",\"reason\":\"budget\",\"has\":5,\"needs\":5,"
        "\"fresh\":6,\"volume\":6}\n";
    uint64_t decisions;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_status(MLPIPE_E_CORRUPT,
                      mlpipe_cycle_audit(c, lines[i], strlen(lines[i]),
                                         NULL));
    assert_ok(c, mlpipe_cycle_audit(c, good, strlen(good), &decisions));
    assert_int_equal(decisions, 2);
    assert_ok(c, mlpipe_cycle_audit(c, good, 0, &decisions));
    assert_int_equal(decisions, 0);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_panes),
        cmocka_unit_test(test_bent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
