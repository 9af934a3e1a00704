/* SPDX-License-Identifier: MIT */
/* The misuse of what tells how a CSV is written; see test_misuse.c. */
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

static void dialects(void **state)
{
    static const char csv[] = "a,b\n1,2\n";
    mlpipe_ctx *const c = w.c;
    const size_t n = sizeof csv - 1;
    (void)state;
    NOTHING(mlpipe_report, mlpipe_csv_dialect(NULL, "x", NULL, &out));
    NOTHING(mlpipe_report, mlpipe_csv_dialect(c, NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_csv_dialect(c, "", NULL, &out));
    NOTHING(mlpipe_report, mlpipe_csv_dialect(c, "/", NULL, &out));
    NOTHING(mlpipe_report, mlpipe_csv_dialect(c, "/no/such", NULL, &out));
    REFUSED(mlpipe_csv_dialect(c, "x", NULL, NULL));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(NULL, csv, n, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(c, NULL, 8, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(c, csv, 0, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(c, csv, n, "zz=1", &out));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(c, csv, n, "skip=-2", &out));
    NOTHING(mlpipe_report,
            mlpipe_csv_dialect_memory(c, csv, n, "skip=99", &out));
    REFUSED(mlpipe_csv_dialect_memory(c, csv, n, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dialects)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
