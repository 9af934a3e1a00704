/* SPDX-License-Identifier: MIT */
/* The misuse of the tables of reports; see test_misuse.c. */
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

static void tables(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_dataset_profile(c, w.all, NULL, &r));
    EXPECTED(0, mlpipe_report_tables(NULL));
    EXPECTED(NULL, mlpipe_report_table_name(NULL, 0));
    EXPECTED(NULL, mlpipe_report_table_name(r, UINT32_MAX));
    NOTHING(mlpipe_dataset, mlpipe_report_table(NULL, r, "findings", &out));
    NOTHING(mlpipe_dataset, mlpipe_report_table(c, NULL, "findings", &out));
    NOTHING(mlpipe_dataset, mlpipe_report_table(c, r, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_report_table(c, r, "", &out));
    NOTHING(mlpipe_dataset, mlpipe_report_table(c, r, "zz", &out));
    NOTHING(mlpipe_dataset, mlpipe_report_table(c, r, "rows", &out));
    REFUSED(mlpipe_report_table(c, r, "findings", NULL));
    mlpipe_report_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
