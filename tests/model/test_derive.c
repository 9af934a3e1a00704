/* SPDX-License-Identifier: MIT */
/* The steps derive and filter, from the recipe to the prediction. */
#include "model_support.h"
#include "golden_text.h"

static mlpipe_pipeline *recipe(mlpipe_ctx *c)
{
    mlpipe_pipeline *p;

    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price id=id time=day "
                        "features=size,lot,rooms,town,new seed=3",
                     &p));
    return p;
}

static mlpipe_model *fit(mlpipe_ctx *c, mlpipe_pipeline *p,
                         const mlpipe_dataset *d)
{
    mlpipe_model *m;

    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=5 min_rows=5"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    return m;
}

static void names(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_pipeline *p = recipe(c);

    (void)state;
    assert_ok(c, mlpipe_pipeline_derive(c, p, "a = size + 1"));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "b = a + 1"));
    assert_ok(c, mlpipe_pipeline_filter(c, p, "size > 1"));
    assert_ok(c, mlpipe_pipeline_filter(c, p, "size > 2"));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "d = b"));
    assert_string_equal("derive", p->steps[0].name);
    assert_string_equal("derive_2", p->steps[1].name);
    assert_string_equal("filter", p->steps[2].name);
    assert_string_equal("filter_2", p->steps[3].name);
    assert_string_equal("derive_3", p->steps[4].name);
    assert_told(c, MLPIPE_E_PARAM, mlpipe_pipeline_derive(c, p, "a = "));
    assert_int_equal(MLPIPE_DETAIL_SYNTAX, mlpipe_ctx_error(c)->detail);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "derive_4, byte 4"));
    assert_told(c, MLPIPE_E_PARAM, mlpipe_pipeline_filter(c, p, "mx(size)"));
    assert_int_equal(MLPIPE_DETAIL_UNKNOWN_FUNCTION,
                     mlpipe_ctx_error(c)->detail);
    assert_int_equal(5, p->step_count);
    assert_ok(c, mlpipe_pipeline_add(
                     c, p, "derive",
                     "{\"as\":\"derive_5\",\"expressions\":\"e = b\"}"));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "f = b"));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "g = b"));
    assert_string_equal("derive_4", p->steps[6].name);
    assert_string_equal("derive_6", p->steps[7].name);
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", NULL));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_pipeline_derive(c, p, "e = d"));
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
}

/* Texts with every sign that quoting may trip over. */
static void json(void **state)
{
    static const char *const texts[] = {
        "a = if(town == \"O's \"\"lo\\\", 1, 2)\nb = a",
        "`odd \\ '' name` = `\xc3\xa9t\xc3\xa9 {x}` + 1",
        "a = \"\t\x01\x7f\"",
    };
    mlpipe_ctx *c = made_ctx(1);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        mlpipe_pipeline *p = recipe(c), *again;
        mlpipe_buffer *a, *b;
        assert_ok(c, mlpipe_pipeline_derive(c, p, texts[i]));
        assert_ok(c, mlpipe_pipeline_filter(c, p, "town != '{\"a\": ''b''}'"));
        assert_ok(c, mlpipe_pipeline_json(c, p, &a));
        assert_ok(c, mlpipe_pipeline_parse(c, mlpipe_buffer_data(a),
                                           mlpipe_buffer_size(a), &again));
        assert_string_equal(texts[i],
                            mlpipe__params_get(&again->steps[0].params,
                                               "expressions")
                                ->text);
        assert_ok(c, mlpipe_pipeline_json(c, again, &b));
        assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
        mlpipe_buffer_free(a);
        mlpipe_buffer_free(b);
        mlpipe_pipeline_free(again);
        mlpipe_pipeline_free(p);
    }
    mlpipe_ctx_free(c);
}

/* Fitted, saved and loaded, a model predicts the same. */
static void fits(void **state)
{
    mlpipe_ctx *c = made_ctx(2);
    mlpipe_dataset *d = made_dataset(c, 0, 600);
    mlpipe_pipeline *p = recipe(c);
    mlpipe_model *m, *again;
    mlpipe_buffer *b;
    double out[600], other[600];

    (void)state;
    assert_ok(c, mlpipe_pipeline_derive(
                     c, p,
                     "ratio = size / max(lot, 1); big = size > 100;"
                     "where = upper(town); north = where in (\"ALTA\");"
                     "age = year(as_of) - 2000; week = week(day);"
                     "band = bucket(size, [80, 120], [\"s\", \"m\", \"l\"]);"
                     "size = log(size)"));
    m = fit(c, p, d);
    assert_ok(c, mlpipe_predict(c, m, d, out, 600));
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                         mlpipe_buffer_size(b), &again));
    assert_ok(c, mlpipe_predict(c, again, d, other, 600));
    assert_memory_equal(out, other, sizeof out);
    for (uint32_t i = 0; i < 600; i++)
        assert_true(out[i] > 0);
    mlpipe_buffer_free(b);
    mlpipe_model_free(again);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The most that planning holds for so many steps of one definition. */
static uint64_t planning_peak(const mlpipe_dataset *d, uint32_t steps)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_transform *t;
    mlpipe_pipeline *p;
    uint64_t peak;
    assert_ok(c, mlpipe_pipeline_new(c, "features=size", &p));
    for (uint32_t i = 0; i < steps; i++) {
        char text[32];
        snprintf(text, sizeof text, "a%u = size", i);
        assert_ok(c, mlpipe_pipeline_derive(c, p, text));
    }
    assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
    mlpipe_ctx_memory(c, NULL, &peak);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
    return peak;
}

/* Four times the steps ask for about four times the room, and not for sixteen
 * times as much, which each of them would have to clear. */
static void many_steps(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 60);
    const uint64_t few = planning_peak(d, 250);
    const uint64_t many = planning_peak(d, 1000);
    (void)state;
    if (many > 6 * few)
        fail_msg("250 steps hold %llu bytes, 1000 hold %llu",
                 (unsigned long long)few, (unsigned long long)many);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Texts beyond what a step works on are refused, folded or not; one
 * that just fits passes. */
static void long_texts(void **state)
{
    static const char *const forms[] = {
        "x = map('a', 'a', '%s')", "x = map(town, 'Oslo', '%s')",
        "x = upper(town) == '%s'", "x = contains(town, '%s')",
        "x = replace(town, 'O', '%s')"};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 60);
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof forms / sizeof *forms); i++) {
        char text[4098], all[4200];
        const bool fits = i % 2;
        mlpipe_pipeline *p;
        mlpipe_transform *t = NULL;
        mlpipe_status st;
        memset(text, 'b', sizeof text);
        text[fits ? 4096 : 4097] = 0;
        snprintf(all, sizeof all, forms[i / 2], text);
        assert_ok(c, mlpipe_pipeline_new(c, "features=town", &p));
        st = mlpipe_pipeline_derive(c, p, all);
        if (!st)
            st = mlpipe_transform_fit(c, p, d, NULL, &t);
        if (st != (fits ? MLPIPE_OK : MLPIPE_E_PARAM))
            fail_msg("%s, %d: %s", forms[i / 2], fits,
                     mlpipe_ctx_error(c)->text);
        if (st)
            golden_error(__BASE_FILE__, forms[i / 2], c, st);
        mlpipe_transform_free(t);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A filter is as if the rows were not there, and has no part in serving. */
static void filters(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 600);
    mlpipe_pipeline *p = recipe(c), *q = recipe(c);
    mlpipe_model *m;

    (void)state;
    assert_ok(c, mlpipe_pipeline_filter(c, p, "size > 100 and town is not "
                                              "null"));
    m = fit(c, p, d);
    assert_int_equal(5, mlpipe_model_inputs(m));
    for (uint32_t i = 0; i < m->program->op_count; i++)
        assert_int_not_equal(MLPIPE__OP_AND, m->program->ops[i].code);
    mlpipe_model_free(m);
    assert_ok(c, mlpipe_pipeline_filter(c, q, "size > 1e9"));
    assert_ok(c, mlpipe_pipeline_add(c, q, "gbt", NULL));
    assert_told(c, MLPIPE_E_EMPTY, mlpipe_fit(c, q, d, NULL, &m));
    mlpipe_pipeline_free(p);
    mlpipe_pipeline_free(q);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void refused(mlpipe_ctx *c, const mlpipe_dataset *d, const char *step,
                    const char *text, mlpipe_status want, const char *says)
{
    mlpipe_pipeline *p = recipe(c);
    mlpipe_model *m = NULL;

    if (!strcmp(step, "derive"))
        assert_ok(c, mlpipe_pipeline_derive(c, p, text));
    else
        assert_ok(c, mlpipe_pipeline_filter(c, p, text));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
    assert_status(want, mlpipe_fit(c, p, d, NULL, &m));
    if (!strstr(mlpipe_ctx_error(c)->text, says))
        fail_msg("%s: %s", text, mlpipe_ctx_error(c)->text);
    mlpipe_pipeline_free(p);
}

static void refusals(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);

    (void)state;
    refused(c, d, "filter", "price > 100", MLPIPE_E_LEAK,
            "filter the dataset before the fit");
    refused(c, d, "derive", "a = price / size", MLPIPE_E_LEAK, "price");
    refused(c, d, "derive", "a = szie + 1", MLPIPE_E_PARAM,
            "did you mean \"size\"?");
    refused(c, d, "derive", "a = size + town", MLPIPE_E_PARAM,
            "derive, byte 9: + cannot take a number and a category");
    refused(c, d, "filter", "size", MLPIPE_E_PARAM,
            "filter needs a condition, and this is a number");
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),    cmocka_unit_test(json),
        cmocka_unit_test(fits),     cmocka_unit_test(filters),
        cmocka_unit_test(refusals), cmocka_unit_test(long_texts),
        cmocka_unit_test(many_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
