/* SPDX-License-Identifier: MIT */
/* The misuse of canaries; see test_misuse.c. */
#include "api/misuse.h"

static int open_all(void **state)
{
    (void)state;
    api_world_open(&w);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    api_world_close(&w);
    return 0;
}

static void canaries(void **state)
{
    static const double shares[] = {0, -1, 1, 1e300, -1e300, 0.00009, 0.99996};
    const double nan = mlpipe_report_get(NULL, "none");
    mlpipe_ctx *const c = w.c;
    mlpipe_monitor *m;
    mlpipe_slot *s;
    (void)state;
    assert_ok(c, mlpipe_slot_new(c, w.model, NULL, NULL, &s));
    assert_ok(c, mlpipe_monitor_new(c, s, NULL, &m));
    REFUSED(mlpipe_slot_canary(NULL, s, w.model, 0.5));
    REFUSED(mlpipe_slot_canary(c, NULL, w.model, 0.5));
    REFUSED(mlpipe_slot_canary(c, s, NULL, 0.5));
    REFUSED(mlpipe_slot_canary(c, s, w.model, nan));
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        REFUSED(mlpipe_slot_canary(c, s, w.model, shares[i]));
    REFUSED(mlpipe_slot_promote(NULL, s));
    REFUSED(mlpipe_slot_promote(c, NULL));
    REFUSED(mlpipe_slot_promote(c, s));
    REFUSED(mlpipe_slot_drop(NULL, s));
    REFUSED(mlpipe_slot_drop(c, NULL));
    REFUSED(mlpipe_slot_drop(c, s));
    EXPECTED(0, mlpipe_slot_canary_version(NULL));
    EXPECTED(0, mlpipe_slot_canary_version(s));
    NOTHING(mlpipe_report, mlpipe_monitor_canary(NULL, m, &out));
    NOTHING(mlpipe_report, mlpipe_monitor_canary(c, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_monitor_canary(c, m, &out));
    REFUSED(mlpipe_monitor_canary(c, m, NULL));
    assert_ok(c, mlpipe_slot_canary(c, s, w.model, 0.5));
    REFUSED(mlpipe_slot_canary(c, s, w.model, 0.5));
    assert_ok(c, mlpipe_slot_canary(c, s, NULL, 0.0001));
    mlpipe_slot_free(s);
    mlpipe_monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(canaries)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
