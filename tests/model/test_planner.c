/* SPDX-License-Identifier: MIT */
/* Plans: how many passes, what a pass sees, what the program then does. */
#include "model_support.h"

static double note(const mlpipe_model *m, const char *name)
{
    return mlpipe_report_get(m->notes, name);
}

static mlpipe_model *fitted(mlpipe_ctx *c, const mlpipe_dataset *d,
                            const char *pipeline, const char *const *step)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(c, pipeline, &p));
    for (; step[0]; step += 2)
        assert_ok(c, mlpipe_pipeline_add(c, p, step[0], step[1]));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static void shared_passes(void **state)
{
    static const struct {
        const char *steps[9];
        double passes, features;
    } cases[] = {
        /* nothing to learn but by the learner */
        {{"gbt", "trees=1", NULL}, 0, 4},
        /* three steps on three different columns: one pass */
        {{"outlier", "columns=lot", "scale", "columns=rooms", "onehot",
          "columns=town", "gbt", "trees=1", NULL},
         1,
         9},
        /* scale reads what impute made: a second pass */
        {{"impute", "columns=size", "scale", "columns=size", "gbt",
          "trees=1", NULL},
         2,
         4},
        /* but not for columns that impute has not touched */
        {{"impute", "columns=size", "scale", "columns=lot,rooms", "gbt",
          "trees=1", NULL},
         1,
         4},
        /* rows that are dropped change every statistic after it */
        {{"outlier", "columns=lot action=drop", "scale", "columns=rooms",
          "gbt", "trees=1", NULL},
         2,
         4},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 700);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_model *m = fitted(c, d,
                                 "target=price features=size,lot,rooms,town",
                                 cases[i].steps);
        if (note(m, "passes") != cases[i].passes ||
            note(m, "features") < cases[i].features)
            fail_msg("case %zu: %g passes, %g features", i,
                     note(m, "passes"), note(m, "features"));
        mlpipe_model_free(m);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Sharing a pass changes no bit: the order of independent steps is free. */
static void sharing_is_invisible(void **state)
{
    static const char *const a[] = {"impute", "columns=size", "scale",
                                    "columns=lot", "gbt", "trees=5", NULL};
    static const char *const b[] = {"scale", "columns=lot", "impute",
                                    "columns=size", "gbt", "trees=5", NULL};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 700);
    const char *pipeline = "target=price features=size,lot,rooms holdout=0";
    mlpipe_model *m = fitted(c, d, pipeline, a);
    mlpipe_model *n = fitted(c, d, pipeline, b);
    static double x[700], y[700];
    assert_ok(c, mlpipe_predict(c, m, d, x, 700));
    assert_ok(c, mlpipe_predict(c, n, d, y, 700));
    assert_memory_equal(x, y, sizeof x);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Added rows change neither statistics nor the reference, wherever the step
 * stands; the categories of a model are those of its training rows, sorted. */
static void added_rows_come_last(void **state)
{
    static const char *const first[] = {
        "jitter", "columns=size,lot copies=2 sd=0.1", "impute", NULL,
        "scale",  "columns=size,lot",  "gbt", "trees=2", NULL};
    static const char *const last[] = {
        "impute", NULL, "scale", "columns=size,lot",
        "jitter", "columns=size,lot copies=2 sd=0.1", "gbt", "trees=2", NULL};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);
    const char *pipeline = "target=price features=size,lot,town holdout=0";
    mlpipe_model *m = fitted(c, d, pipeline, first);
    mlpipe_model *n = fitted(c, d, pipeline, last);
    static double x[300], y[300];
    assert_near(note(m, "rows_added"), 600, 0);
    assert_int_equal(300, m->reference->rows);
    assert_ok(c, mlpipe_predict(c, m, d, x, 300));
    assert_ok(c, mlpipe_predict(c, n, d, y, 300));
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(m->program->const_count, n->program->const_count);
    const mlpipe__dict *towns = m->program->inputs[2].dict;
    assert_int_equal(5, towns->count);
    for (uint32_t i = 1; i < towns->count; i++)
        assert_true(strcmp(mlpipe__dict_text(towns, i - 1),
                           mlpipe__dict_text(towns, i)) < 0);
    mlpipe_model_free(m);
    mlpipe_model_free(n);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Validation rows reach no statistic: changing them changes no constant. */
static void validation_is_unseen(void **state)
{
    static const char *const steps[] = {"impute", NULL, "scale", NULL,
                                        "gbt", "trees=3 stop=0", NULL};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);
    mlpipe_dataset *valid[2] = {made_dataset(c, 300, 90),
                                made_dataset(c, 900, 50)};
    static double x[300], y[300];
    for (int k = 0; k < 2; k++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_new(
                         c, "target=price features=size,lot", &p));
        for (int i = 0; steps[i]; i += 2)
            assert_ok(c, mlpipe_pipeline_add(c, p, steps[i], steps[i + 1]));
        assert_ok(c, mlpipe_fit(c, p, d, valid[k], &m));
        assert_ok(c, mlpipe_predict(c, m, d, k ? y : x, 300));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    assert_memory_equal(x, y, sizeof x);
    mlpipe_dataset_free(valid[0]);
    mlpipe_dataset_free(valid[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_passes),
        cmocka_unit_test(sharing_is_invisible),
        cmocka_unit_test(added_rows_come_last),
        cmocka_unit_test(validation_is_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
