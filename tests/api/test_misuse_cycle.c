/* SPDX-License-Identifier: MIT */
/* The misuse of backtests and audit logs; see test_misuse.c. */
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

static void replays(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.all;
    mlpipe_pipeline *const p = w.trees;
    (void)state;
#define REPLAY(c, p, m, d, params)                                           \
    NOTHING(mlpipe_report,                                                   \
            mlpipe_cycle_replay(c, p, m, d, params, NULL, &out))
    REPLAY(NULL, p, NULL, d, NULL);
    REPLAY(c, NULL, NULL, d, NULL);
    REPLAY(c, p, NULL, NULL, NULL);
    REPLAY(c, p, NULL, d, "zz=1");
    REPLAY(c, p, NULL, d, "start=0");
    REPLAY(c, p, NULL, d, "start=1");
    REPLAY(c, p, NULL, d, "tick=0");
    REPLAY(c, p, NULL, d, "label_rows=-1");
    REPLAY(c, p, NULL, d, "label_delay=-1d");
    REPLAY(c, p, NULL, d, "label_time=zz");
    REPLAY(c, p, NULL, d, "interval=0");
    REPLAY(c, p, NULL, d, "pane=1");
    REPLAY(c, p, NULL, d, "monitor=zz");
    REPLAY(c, p, NULL, d, "monitor='capture=100 detector=zz'");
    REPLAY(c, p, NULL, d, "cycle='zz=1'");
    REPLAY(c, p, NULL, d, "cycle='when=''zz > 1'''");
    REPLAY(c, p, w.model, d, "start=0.5");
    REPLAY(c, w.binary, w.model, d, NULL);
    REFUSED(mlpipe_cycle_replay(c, p, NULL, d, NULL, NULL, NULL));
}

static void audits(void **state)
{
    static const char *const logs[] = {
        "{", "[]", "7", "null", "\"\"", "{}", "\n{}",
        "{\"action\":\"retrain\"}", "{\"action\":\"held\",\"values\":7}",
        "{\"action\":\"retrain\",\"rule\":\"age > 1\",\"values\":{}}",
        "{\"action\":\"retrain\",\"rule\":\"age > 1\",\"values\":[1]}",
        "{\"action\":\"swapped\",\"alpha\":\"zz\"}",
        "{\"action\":\"retrain\",\"rule\":\"a for 3 panes\",\"values\":"
        "{\"a\":\"DRIFT\"},\"memory\":{\"a\":[]}}"};
    mlpipe_ctx *const c = w.c;
    uint64_t n = 7;
    (void)state;
    NOTHING(mlpipe_report, mlpipe_cycle_report(NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_cycle_report(c, NULL, &out));
    REFUSED(mlpipe_cycle_report(c, NULL, NULL));
    REFUSED(mlpipe_cycle_audit(NULL, "", 0, &n));
    REFUSED(mlpipe_cycle_audit(c, NULL, 0, &n));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        REFUSED(mlpipe_cycle_audit(c, logs[i], strlen(logs[i]), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays),
        cmocka_unit_test(audits),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
