/* SPDX-License-Identifier: MIT */
/* Fits of data at the edge give models that load again. */
#include "support.h"

enum { ROWS = 100 };

/* Fits, saves to memory, loads. */
static void fits_and_loads(mlpipe_ctx *c, const mlpipe_dataset *d,
                           const char *params, const char *learner)
{
    mlpipe_pipeline *p;
    mlpipe_model *m, *again;
    mlpipe_buffer *bytes;

    assert_ok(c, mlpipe_pipeline_new(c, params, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_model_bytes(c, m, &bytes));
    assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(bytes),
                                         mlpipe_buffer_size(bytes), &again));
    assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(again));
    mlpipe_model_free(again);
    mlpipe_buffer_free(bytes);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
}

static mlpipe_dataset *odd_data(mlpipe_ctx *c)
{
    static const char *const none[ROWS];
    double x[ROWS], small[ROWS], big[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int i = 0; i < ROWS; i++) {
        x[i] = i % 7;
        small[i] = 2 * x[i] + i % 3;
        big[i] = 1e78 * small[i];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "small", MLPIPE_F64, small,
                                       NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "big", MLPIPE_F64, big, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "never", none, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* A category of which no row has a value. */
static void category_without_values(void **state)
{
    mlpipe_dataset *d = odd_data(*state);

    fits_and_loads(*state, d, "target=small features=x,never", "gbt");
    mlpipe_dataset_free(d);
}

/* Squares of squared losses overflow long before the losses do. */
static void huge_target(void **state)
{
    mlpipe_dataset *d = odd_data(*state);

    fits_and_loads(*state, d, "target=big features=x", "gbt");
    fits_and_loads(*state, d, "target=big features=x", "ridge");
    mlpipe_dataset_free(d);
}

/* A recipe grows under another context than the one that made it. */
static void recipe_of_two_contexts(void **state)
{
    mlpipe_ctx *a, *b;
    mlpipe_pipeline *p;
    uint64_t live, before;

    assert_false(mlpipe_ctx_new(NULL, &a) || mlpipe_ctx_new(NULL, &b));
    mlpipe_ctx_memory(b, &before, NULL);
    assert_ok(a, mlpipe_pipeline_new(a, "target=t", &p));
    assert_ok(b, mlpipe_pipeline_add(b, p, "impute", "as=first"));
    assert_status(MLPIPE_E_CONFLICT,
                  mlpipe_pipeline_add(b, p, "scale", "as=first"));
    assert_ok(a, mlpipe_pipeline_add(a, p, "ridge", NULL));
    mlpipe_pipeline_free(p);
    mlpipe_ctx_memory(b, &live, NULL);
    assert_true(live == before);
    mlpipe_ctx_free(a);
    mlpipe_ctx_free(b);
}

static int setup(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int teardown(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(category_without_values, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(huge_target, setup, teardown),
        cmocka_unit_test(recipe_of_two_contexts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
