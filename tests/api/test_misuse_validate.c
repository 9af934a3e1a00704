/* SPDX-License-Identifier: MIT */
/* The misuse of what compares models and of what is noted on them; see
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

static void comparisons(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_model *const m = w.model;
    mlpipe_dataset *const d = w.valid;
    mlpipe_pipeline *const p = w.trees;
    (void)state;
    NOTHING(mlpipe_report, mlpipe_compare(NULL, m, m, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, NULL, m, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, m, NULL, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, m, m, NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, m, m, d, "zz=1", &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, m, m, d, "alpha=9", &out));
    NOTHING(mlpipe_report, mlpipe_compare(c, m, m, d, "metric=auc", &out));
    REFUSED(mlpipe_compare(c, m, m, d, NULL, NULL));
    NOTHING(mlpipe_report, mlpipe_compare_recipes(NULL, p, p, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare_recipes(c, NULL, p, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare_recipes(c, p, NULL, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_compare_recipes(c, p, p, NULL, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_compare_recipes(c, p, p, d, "folds=1", &out));
    NOTHING(mlpipe_report,
            mlpipe_compare_recipes(c, p, w.line, d, "folds=2 metric=x",
                                   &out));
    REFUSED(mlpipe_compare_recipes(c, p, p, d, NULL, NULL));
}

static void notes(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_model *const m = w.model;
    (void)state;
    NOTHING(mlpipe_model, mlpipe_model_note(NULL, m, "owner", "x", &out));
    NOTHING(mlpipe_model, mlpipe_model_note(c, NULL, "owner", "x", &out));
    NOTHING(mlpipe_model, mlpipe_model_note(c, m, NULL, "x", &out));
    NOTHING(mlpipe_model, mlpipe_model_note(c, m, "owner", NULL, &out));
    NOTHING(mlpipe_model, mlpipe_model_note(c, m, "ownr", "x", &out));
    NOTHING(mlpipe_model, mlpipe_model_note(c, m, "owner", "\xc3", &out));
    REFUSED(mlpipe_model_note(c, m, "owner", "x", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons),
        cmocka_unit_test(notes),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
