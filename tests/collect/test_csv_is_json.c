/* SPDX-License-Identifier: MIT */
/* Files of JSON and Parquet that are given to the reader of CSV. */
#include "support.h"

static mlpipe_status read_text(mlpipe_ctx *c, const char *text,
                               const char *params)
{
    mlpipe_dataset *d;
    const mlpipe_status st = mlpipe_read_csv_memory(c, text, strlen(text),
                                                    params, &d);

    assert_true(!st == (d != NULL));
    mlpipe_dataset_free(d);
    return st;
}

static void json_is_told(void **state)
{
    static const char *const texts[] = {
        "{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 4}\n",
        "[{\"a\": 1, \"b\": 2},\n {\"a\": 3, \"b\": 4}]\n",
        " \n[\n  {\n    \"a\": 1\n  }\n]\n",
        "\xef\xbb\xbf{\"a\": 1}\n",
        "[\"a\", \"b\"]\n[1, 2]\n",
        "{}\n{\"a\": 1}\n",
    };
    mlpipe_ctx *const c = *state;
    mlpipe_report *r;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_status(MLPIPE_E_FORMAT, read_text(c, texts[i], NULL));
        assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                               "looks like JSON; use mlpipe_read_json"));
        assert_status(MLPIPE_E_FORMAT,
                      mlpipe_csv_dialect_memory(c, texts[i], strlen(texts[i]),
                                                NULL, &r));
    }
}

/* Names may begin with brackets, and who says header= means CSV. */
static void csv_stays_csv(void **state)
{
    mlpipe_ctx *const c = *state;

    assert_ok(c, read_text(c, "[a],{b}\n1,2\n3,4\n", NULL));
    assert_ok(c, read_text(c, "{a},b\n1,2\n3,4\n", NULL));
    assert_ok(c, read_text(c, "[1],x\n[2],y\n", "header=false"));
    assert_ok(c, read_text(c, "{\"a\";b\n1;2\n3;4\n",
                           "header=true delimiter=;"));
    assert_ok(c, read_text(c, "PAR1,PAR2\n1,2\n3,4\n", NULL));
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_told),
        cmocka_unit_test(csv_stays_csv),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
