/* SPDX-License-Identifier: MIT */
/* The code of a fit that cannot be: what the recipe says is MLPIPE_E_PARAM,
 * what the data lack MLPIPE_E_SCHEMA, as mlpipe_fit documents. */
#include "golden_text.h"
#include "model_support.h"

static void test_codes(void **state)
{
    static const struct {
        const char *roles, *step, *params, *derive;
        mlpipe_status want;
    } cases[] = {
        {"target=price", "scale", "columns=town", NULL, MLPIPE_E_PARAM},
        {"target=price", "scale", "columns=twon", NULL, MLPIPE_E_PARAM},
        {"target=price", NULL, NULL, "z = twon + 1", MLPIPE_E_PARAM},
        {"target=price", NULL, NULL, "z = town + 1", MLPIPE_E_PARAM},
        {"target=price features=lot,twon", NULL, NULL, NULL, MLPIPE_E_SCHEMA},
        {"target=prize", NULL, NULL, NULL, MLPIPE_E_SCHEMA},
        {"target=price id=di", NULL, NULL, NULL, MLPIPE_E_SCHEMA},
        {"target=town task=regression features=lot", NULL, NULL, NULL,
         MLPIPE_E_SCHEMA},
        {"target=price features=lot,town", NULL, NULL, NULL,
         MLPIPE_E_SCHEMA},
    };
    mlpipe_dataset *d;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = made_dataset(c, 0, 60);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        mlpipe_status st;
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].roles, &p));
        if (cases[i].step)
            assert_ok(c, mlpipe_pipeline_add(c, p, cases[i].step,
                                             cases[i].params));
        if (cases[i].derive)
            assert_ok(c, mlpipe_pipeline_derive(c, p, cases[i].derive));
        assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
        st = mlpipe_fit(c, p, d, NULL, &m);
        if (st != cases[i].want)
            fail_msg("%zu: %s: %s", i, mlpipe_status_name(st),
                     mlpipe_ctx_error(c)->text);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

/* task=binary of many numbers: they are quantities, more often than classes. */
static void test_many_numbers(void **state)
{
    mlpipe_pipeline *p;
    mlpipe_dataset *d;
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = made_dataset(c, 0, 60);
    for (int i = 0; i < 3; i++) {
        const char *text;
        assert_ok(c, mlpipe_pipeline_new(
                         c,
                         i == 0   ? "target=rooms task=binary features=lot"
                         : i == 1 ? "target=price task=binary features=lot"
                                  : "target=town task=binary features=lot",
                         &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
        assert_told(c, MLPIPE_E_SCHEMA, mlpipe_fit(c, p, d, NULL, &m));
        text = mlpipe_ctx_error(c)->text;
        if (!strstr(text, "task=regression") != (i == 2) ||
            !strstr(text, "task=multiclass") != (i == 1))
            fail_msg("%d: %s", i, text);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_many_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
