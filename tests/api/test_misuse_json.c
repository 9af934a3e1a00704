/* SPDX-License-Identifier: MIT */
/* The misuse of what reads JSON and writes files of text; see
 * test_misuse.c. */
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

static void reading(void **state)
{
    mlpipe_ctx *const c = w.c;
    static const char json[] = "{\"a\":1}\n";
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_read_json(NULL, "x", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json(c, "", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json(c, "/", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json(c, "/no/such", "zz=1", &out));
    REFUSED(mlpipe_read_json(c, "x", NULL, NULL));
    NOTHING(mlpipe_dataset,
            mlpipe_read_json_memory(NULL, json, sizeof json - 1, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_memory(c, NULL, 8, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_memory(c, json, 0, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_memory(c, NULL, 0, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_read_json_memory(c, json, 8, "depth=0", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_read_json_memory(c, json, 8, "depth=33", &out));
    REFUSED(mlpipe_read_json_memory(c, json, 8, NULL, NULL));
    NOTHING(mlpipe_source, mlpipe_source_json(NULL, "x", NULL, &out));
    NOTHING(mlpipe_source, mlpipe_source_json(c, NULL, NULL, &out));
    NOTHING(mlpipe_source, mlpipe_source_json(c, "/no/such", NULL, &out));
    REFUSED(mlpipe_source_json(c, "x", NULL, NULL));
}

static void writing(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.valid;
    (void)state;
    REFUSED(mlpipe_write_csv(NULL, d, "x", NULL));
    REFUSED(mlpipe_write_csv(c, NULL, "x", NULL));
    REFUSED(mlpipe_write_csv(c, d, NULL, NULL));
    REFUSED(mlpipe_write_csv(c, d, "", NULL));
    REFUSED(mlpipe_write_csv(c, d, "/no/such/folder", NULL));
    REFUSED(mlpipe_write_csv(c, d, "x", "zz=1"));
    REFUSED(mlpipe_write_csv(c, d, "x", "delimiter=''"));
    NOTHING(mlpipe_buffer, mlpipe_write_csv_memory(NULL, d, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_write_csv_memory(c, NULL, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_write_csv_memory(c, d, "nan=no", &out));
    REFUSED(mlpipe_write_csv_memory(c, d, NULL, NULL));
    REFUSED(mlpipe_write_json(NULL, d, "x", NULL));
    REFUSED(mlpipe_write_json(c, NULL, "x", NULL));
    REFUSED(mlpipe_write_json(c, d, NULL, NULL));
    REFUSED(mlpipe_write_json(c, d, "", NULL));
    REFUSED(mlpipe_write_json(c, d, "x", "zz=1"));
    NOTHING(mlpipe_buffer, mlpipe_write_json_memory(NULL, d, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_write_json_memory(c, NULL, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_write_json_memory(c, d, "format=x", &out));
    REFUSED(mlpipe_write_json_memory(c, d, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
