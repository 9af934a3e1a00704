/* SPDX-License-Identifier: MIT */
/* The misuse of profiles and drift reports; see test_misuse.c. */
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

static void profiles(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.all;
    (void)state;
    NOTHING(mlpipe_report, mlpipe_dataset_profile(NULL, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "zz=1", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "target=zz", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "columns=zz", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "bins=0", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "top=1000", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "sample=-1", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_profile(c, d, "now=soon", &out));
    REFUSED(mlpipe_dataset_profile(c, d, NULL, NULL));
}

static void drifts(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.all;
    (void)state;
    NOTHING(mlpipe_report, mlpipe_dataset_drift(NULL, d, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, NULL, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, d, NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, d, d, "zz=1", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, d, d, "bins=1", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, d, d, "alpha=2", &out));
    NOTHING(mlpipe_report, mlpipe_dataset_drift(c, d, d, "columns=zz", &out));
    NOTHING(mlpipe_report,
            mlpipe_dataset_drift(c, d, d, "warn=1 drift=0.5", &out));
    REFUSED(mlpipe_dataset_drift(c, d, d, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles),
        cmocka_unit_test(drifts),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
