/* SPDX-License-Identifier: MIT */
/* The misuse of made data; see test_misuse.c. */
#include "api/misuse.h"

static mlpipe_copula *copula;

static int open_all(void **state)
{
    (void)state;
    api_world_open(&w);
    return mlpipe_copula_fit(w.c, w.valid, NULL, &copula);
}

static int close_all(void **state)
{
    (void)state;
    mlpipe_copula_free(copula);
    api_world_close(&w);
    return 0;
}

static void made(void **state)
{
    mlpipe_ctx *const c = w.c;
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_synth(NULL, "sea", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, "", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, "see", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, "sea", "rows=-1", &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, "sea", "drift_at=1.5", &out));
    NOTHING(mlpipe_dataset, mlpipe_synth(c, "sea", "concepts=-1", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_synth(c, "classification", "informative=1 classes=3",
                         &out));
    REFUSED(mlpipe_synth(c, "sea", NULL, NULL));
}

static void defects(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.valid;
    mlpipe_report *key = (mlpipe_report *)(void *)&garbage;
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_synth_dirty(NULL, d, NULL, &out, &key));
    assert_null(key);
    NOTHING(mlpipe_dataset, mlpipe_synth_dirty(c, NULL, NULL, &out, &key));
    NOTHING(mlpipe_dataset, mlpipe_synth_dirty(c, d, NULL, &out, NULL));
    REFUSED(mlpipe_synth_dirty(c, d, NULL, NULL, &key));
    NOTHING(mlpipe_dataset,
            mlpipe_synth_dirty(c, d, "defects=zz", &out, &key));
    NOTHING(mlpipe_dataset,
            mlpipe_synth_dirty(c, d, "defects=leak:nan", &out, &key));
    NOTHING(mlpipe_dataset,
            mlpipe_synth_dirty(c, d, "defects=:", &out, &key));
    NOTHING(mlpipe_dataset,
            mlpipe_synth_dirty(c, d, "target=zz", &out, &key));
}

static void copulas(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.valid;
    mlpipe_copula *const k = copula;
    (void)state;
    NOTHING(mlpipe_copula, mlpipe_copula_fit(NULL, d, NULL, &out));
    NOTHING(mlpipe_copula, mlpipe_copula_fit(c, NULL, NULL, &out));
    NOTHING(mlpipe_copula, mlpipe_copula_fit(c, d, "columns=zz", &out));
    NOTHING(mlpipe_copula, mlpipe_copula_fit(c, d, "zz=1", &out));
    REFUSED(mlpipe_copula_fit(c, d, NULL, NULL));
    NOTHING(mlpipe_report, mlpipe_copula_notes(NULL, k, &out));
    NOTHING(mlpipe_report, mlpipe_copula_notes(c, NULL, &out));
    REFUSED(mlpipe_copula_notes(c, k, NULL));
    NOTHING(mlpipe_dataset, mlpipe_copula_sample(NULL, k, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_copula_sample(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_copula_sample(c, k, "rows=0", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_copula_sample(c, k, "given='zz=1'", &out));
    NOTHING(mlpipe_dataset, mlpipe_copula_sample(c, k, "given='{'", &out));
    REFUSED(mlpipe_copula_sample(c, k, NULL, NULL));
    HARMLESS(mlpipe_copula_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made),
        cmocka_unit_test(defects),
        cmocka_unit_test(copulas),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
