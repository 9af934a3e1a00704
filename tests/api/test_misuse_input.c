/* SPDX-License-Identifier: MIT */
/* The misuse of what gives bytes; see test_misuse.c. */
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

static int32_t nothing(void *user, void *buffer, size_t room, size_t *got)
{
    (void)user, (void)buffer, (void)room;
    *got = 0;
    return MLPIPE_IO_OK;
}

static int32_t failing(void *user, void *buffer, size_t room, size_t *got)
{
    (void)user, (void)buffer, (void)room, (void)got;
    return MLPIPE_IO_FAILED;
}

/* Leaves got as it was: that is the end. */
static int32_t silent(void *user, void *buffer, size_t room, size_t *got)
{
    (void)user, (void)buffer, (void)room, (void)got;
    return MLPIPE_IO_OK;
}

static void streams(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_stream s = {sizeof s, NULL, NULL, nothing};
    struct {
        mlpipe_stream s;
        uint64_t more;
    } newer = {{sizeof newer, NULL, NULL, nothing}, 1};
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(NULL, &s, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, "zz=1", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_read_csv_stream(c, &s, "encoding=klingon", &out));
    REFUSED(mlpipe_read_csv_stream(c, &s, NULL, NULL));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &newer.s, NULL, &out));
    s.read = failing;
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, NULL, &out));
    s.read = silent;
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, NULL, &out));
    s.read = NULL;
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, NULL, &out));
    s.size = 3;
    NOTHING(mlpipe_dataset, mlpipe_read_csv_stream(c, &s, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_stream(c, &s, NULL, &out));
    s = (mlpipe_stream){sizeof s, NULL, NULL, failing};
    NOTHING(mlpipe_dataset, mlpipe_read_json_stream(NULL, &s, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_stream(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_stream(c, &s, "zz=1", &out));
    NOTHING(mlpipe_dataset, mlpipe_read_json_stream(c, &s, NULL, &out));
    REFUSED(mlpipe_read_json_stream(c, &s, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
