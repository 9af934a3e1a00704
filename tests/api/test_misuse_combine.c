/* SPDX-License-Identifier: MIT */
/* The misuse of what makes datasets of datasets; see test_misuse.c. */
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

static void nulls(void **state)
{
    mlpipe_ctx *const c = w.c;
    const mlpipe_dataset *const d = w.all, *const hole[] = {d, NULL};
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_dataset_filter(NULL, d, "true", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_filter(c, NULL, "true", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_filter(c, d, NULL, &out));
    REFUSED(mlpipe_dataset_filter(c, d, "true", NULL));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_with_column(NULL, d, "a = 1", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_with_column(c, NULL, "a = 1", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_with_column(c, d, NULL, &out));
    REFUSED(mlpipe_dataset_with_column(c, d, "a = 1", NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_select(NULL, d, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_select(c, NULL, NULL, &out));
    REFUSED(mlpipe_dataset_select(c, d, NULL, NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_concat(NULL, &d, 1, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_concat(c, NULL, 1, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_concat(c, hole, 2, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_concat(c, &d, 0, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_concat(c, &d, SIZE_MAX, NULL, &out));
    REFUSED(mlpipe_dataset_concat(c, &d, 1, NULL, NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sample(NULL, d, "rows=1", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sample(c, NULL, "rows=1", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sample(c, d, NULL, &out));
    REFUSED(mlpipe_dataset_sample(c, d, "rows=1", NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sort(NULL, d, "by=price", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sort(c, NULL, "by=price", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_sort(c, d, NULL, &out));
    REFUSED(mlpipe_dataset_sort(c, d, "by=price", NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_asof(NULL, d, d, "on=day", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_asof(c, NULL, d, "on=day", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_asof(c, d, NULL, "on=day", &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_asof(c, d, d, NULL, &out));
    REFUSED(mlpipe_dataset_asof(c, d, d, "on=day", NULL));
}

static void parameters(void **state)
{
    static const char *const bad[] = {
        "zz=1",     "by=",        "by=,",         "by='",    "columns=,,",
        "rows=-1",  "rows=1e400", "share=-1",     "share=nan", "{",
        "{\"by\":{}}", "on=day on=day", "tolerance=-1", "\xff", "by=`",
        "direction=sideways on=day", "nulls=middle by=price",
        "seed=-1 rows=1", "rows=99999999999999999999",
    };
    mlpipe_ctx *const c = w.c;
    const mlpipe_dataset *const d = w.all;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        NOTHING(mlpipe_dataset, mlpipe_dataset_select(c, d, bad[i], &out));
        NOTHING(mlpipe_dataset,
                mlpipe_dataset_concat(c, &d, 1, bad[i], &out));
        NOTHING(mlpipe_dataset, mlpipe_dataset_sample(c, d, bad[i], &out));
        NOTHING(mlpipe_dataset, mlpipe_dataset_sort(c, d, bad[i], &out));
        NOTHING(mlpipe_dataset, mlpipe_dataset_asof(c, d, d, bad[i], &out));
    }
}

/* Texts that a user may paste, or an attacker send. */
static void expressions(void **state)
{
    static const char *const bad[] = {
        "",  " ", ";", "=", "a", "a =", "= 1", "(", ")", "((((", "1 +",
        "`", "`price", "``", "'", "\"", "price > ", "price >> 3", "\xff",
        "price == 'a", "price = = 3", "a = 1; a", "a = b; b = a",
        "nope > 1", "nope = nope + 1", "price and", "not", "price in (",
        "price between 1", "price is", "x = as_of", "case when", "max()",
        "a = max()", "a = substr(town, 1, 2, 3, 4)", "a = 1e999",
        "a = @2026-13-45", "a = town + 1", "town > 3", "\x01\x02",
    };
    enum { LONG = 3000000 };
    mlpipe_ctx *const c = w.c;
    const mlpipe_dataset *const d = w.all;
    char *text = malloc(LONG + 1);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        NOTHING(mlpipe_dataset, mlpipe_dataset_filter(c, d, bad[i], &out));
        NOTHING(mlpipe_dataset,
                mlpipe_dataset_with_column(c, d, bad[i], &out));
    }
    /* Deep, long, and both: hard limits, never the stack. */
    for (int kind = 0; kind < 4; kind++) {
        const char unit = "(-+`"[kind];
        for (size_t n = 100; n <= LONG; n *= 10) {
            memset(text, unit, n);
            text[n] = 0;
            NOTHING(mlpipe_dataset, mlpipe_dataset_filter(c, d, text, &out));
            memcpy(text, "a = ", 4);
            NOTHING(mlpipe_dataset,
                    mlpipe_dataset_with_column(c, d, text, &out));
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nulls),
        cmocka_unit_test(parameters),
        cmocka_unit_test(expressions),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
