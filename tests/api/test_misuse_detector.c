/* SPDX-License-Identifier: MIT */
/* The misuse of detectors; see test_misuse.c. */
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

static void making(void **state)
{
    mlpipe_ctx *const c = w.c;

    (void)state;
    NOTHING(mlpipe_detector, mlpipe_detector_new(NULL, "ddm", NULL, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, NULL, NULL, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, "", NULL, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, "zz", NULL, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, "ddm", "zz", &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, "ddm", "zz=1", &out));
    NOTHING(mlpipe_detector, mlpipe_detector_new(c, "e_detector", NULL, &out));
    NOTHING(mlpipe_detector,
            mlpipe_detector_new(c, "e_detector", "mean=nan", &out));
    NOTHING(mlpipe_detector,
            mlpipe_detector_new(c, "e_detector", "mean=1 bets=0", &out));
    NOTHING(mlpipe_detector,
            mlpipe_detector_new(c, "adwin", "delta=0", &out));
    REFUSED(mlpipe_detector_new(c, "ddm", NULL, NULL));
}

static void using(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_detector *d;
    uint64_t first = 7;
    double x = 1;

    (void)state;
    assert_ok(c, mlpipe_detector_new(c, "ddm", NULL, &d));
    EXPECTED(MLPIPE_DETECTOR_NONE, mlpipe_detector_update(NULL, 1));
    EXPECTED(0, mlpipe_detector_update_batch(NULL, &x, 1, NULL, &first));
    assert_int_equal(1, first);
    EXPECTED(0, mlpipe_detector_update_batch(d, NULL, 1, NULL, NULL));
    EXPECTED(0, mlpipe_detector_update_batch(d, NULL, 0, NULL, NULL));
    HARMLESS((mlpipe_detector_reset(NULL), 0));
    HARMLESS((mlpipe_detector_free(NULL), 0));
    HARMLESS(mlpipe_detector_get(NULL, "n"));
    HARMLESS(mlpipe_detector_get(d, NULL));
    HARMLESS(mlpipe_detector_get(d, ""));
    mlpipe_detector_free(d);
}

static void saving(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_detector *d;
    mlpipe_buffer *b;
    const void *bytes;
    size_t size;

    (void)state;
    assert_ok(c, mlpipe_detector_new(c, "ddm", NULL, &d));
    assert_ok(c, mlpipe_detector_bytes(c, d, &b));
    bytes = mlpipe_buffer_data(b);
    size = mlpipe_buffer_size(b);
    NOTHING(mlpipe_buffer, mlpipe_detector_bytes(NULL, d, &out));
    NOTHING(mlpipe_buffer, mlpipe_detector_bytes(c, NULL, &out));
    REFUSED(mlpipe_detector_bytes(c, d, NULL));
    NOTHING(mlpipe_detector,
            mlpipe_detector_load_bytes(NULL, bytes, size, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_load_bytes(c, NULL, size, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_load_bytes(c, NULL, 0, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_load_bytes(c, bytes, 0, &out));
    NOTHING(mlpipe_detector, mlpipe_detector_load_bytes(c, bytes, 9, &out));
    REFUSED(mlpipe_detector_load_bytes(c, bytes, size, NULL));
    NOTHING(mlpipe_model, mlpipe_model_load_bytes(c, bytes, size, &out));
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_model_bytes(c, w.model, &b));
    bytes = mlpipe_buffer_data(b);
    size = mlpipe_buffer_size(b);
    NOTHING(mlpipe_detector, mlpipe_detector_load_bytes(c, bytes, size, &out));
    mlpipe_buffer_free(b);
    mlpipe_detector_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making),
        cmocka_unit_test(using),
        cmocka_unit_test(saving),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
