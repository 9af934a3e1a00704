/* SPDX-License-Identifier: MIT */
/* Recipes: targets, roles, steps, and canonical JSON there and back. */
#include "model_support.h"
#include "golden_text.h"

static void targets(void **state)
{
    static const struct {
        const char *text, *column;
        uint16_t transform, inverse;
    } good[] = {
        {"target=price", "price", 0, 0},
        {"target=log(price)", "price", MLPIPE__OP_LOG, MLPIPE__OP_EXP},
        {"target=log1p(price)", "price", MLPIPE__OP_LOG1P, MLPIPE__OP_EXPM1},
        {"target=sqrt( price )", "price", MLPIPE__OP_SQRT, MLPIPE__OP_SQUARE},
        {"target=`a b`", "a b", 0, 0},
        {"target=log(`a (b)`)", "a (b)", MLPIPE__OP_LOG, MLPIPE__OP_EXP},
        {"target=`log(x)`", "log(x)", 0, 0},
        {"target=`a``b`", "a`b", 0, 0},
        {"target=capital-gain", "capital-gain", 0, 0},
        {NULL, "", 0, 0}, /* a transform's */
        {"", "", 0, 0},
        {"target=''", "", 0, 0},
        {"{\"target\":\"log(price)\"}", "price", MLPIPE__OP_LOG,
         MLPIPE__OP_EXP},
    };
    static const char *const bad[] = {
        "target=exp(price)", "target=log()",
        "target=log(a)b", "target=log(log(a))", "target=``",
        "target=price id=price", "target=price id=a,b", "target=price ide=a",
        "target=price task=regresion", "target=price holdout=0.9",
        "target=price target=price",
    };
    mlpipe_ctx *c = made_ctx(1);
    const uint64_t live = made_live(c);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mlpipe_pipeline *p;
        assert_ok(c, mlpipe_pipeline_new(c, good[i].text, &p));
        assert_string_equal(good[i].column, p->target);
        assert_int_equal(good[i].transform, p->transform);
        assert_int_equal(good[i].inverse, p->inverse);
        mlpipe_pipeline_free(p);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mlpipe_pipeline *p = (mlpipe_pipeline *)c;
        if (mlpipe_pipeline_new(c, bad[i], &p) != MLPIPE_E_PARAM)
            fail_msg("taken: %s", bad[i]);
        assert_null(p);
    }
    assert_told(c, MLPIPE_E_ARG, mlpipe_pipeline_new(c, "target=a", NULL));
    assert_int_equal(live, made_live(c));
    mlpipe_ctx_free(c);
}

static void steps(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_pipeline *p;
    assert_ok(c, mlpipe_pipeline_new(c, "target=price time=day", &p));
    assert_string_equal("day", mlpipe__pipeline_role(p, "time"));
    assert_string_equal("", mlpipe__pipeline_role(p, "id"));
    assert_told(c, MLPIPE_E_PARAM, mlpipe_pipeline_add(c, p, "imput", NULL));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "\"impute\""));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_pipeline_add(c, p, "impute", "numerik=median"));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "numeric"));
    assert_int_equal(0, p->step_count);
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_told(c, MLPIPE_E_CONFLICT,
                mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "as="));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", "as=again"));
    assert_string_equal("again", p->steps[1].name);
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", NULL));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_pipeline_add(c, p, "scale", NULL));
    assert_int_equal(3, p->step_count);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
}

static void json(void **state)
{
    const char short_form[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":"
        "[{\"step\":\"impute\",\"params\":{\"as\":\"fill\"}}]}";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_pipeline *p = made_recipe(c, "log(`price`)", "gbt", "trees=7"), *q;
    mlpipe_buffer *a, *b;
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", NULL) == MLPIPE_E_CONFLICT
                     ? MLPIPE_OK
                     : MLPIPE_E_INTERNAL);
    assert_ok(c, mlpipe_pipeline_json(c, p, &a));
    assert_ok(c, mlpipe_pipeline_parse(c, mlpipe_buffer_data(a),
                                       mlpipe_buffer_size(a), &q));
    assert_ok(c, mlpipe_pipeline_json(c, q, &b));
    assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
    assert_string_equal("price", q->target);
    assert_int_equal(MLPIPE__OP_EXP, q->inverse);
    assert_int_equal(p->step_count, q->step_count);
    mlpipe_pipeline_free(q);
    assert_ok(c, mlpipe__pipeline_copy(c, p, &q));
    mlpipe_pipeline_free(q);
    /* no default has to be written, and as= may stand among the others */
    assert_ok(c, mlpipe_pipeline_parse(c, short_form, strlen(short_form),
                                       &q));
    assert_string_equal("fill", q->steps[0].name);
    mlpipe_pipeline_free(q);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    mlpipe_pipeline_free(p);
    mlpipe_ctx_free(c);
}

static void bad_json(void **state)
{
    static const struct {
        const char *text;
        mlpipe_status status;
    } cases[] = {
        {"", MLPIPE_E_FORMAT},
        {"[]", MLPIPE_E_FORMAT},
        {"{}", MLPIPE_E_FORMAT},
        {"{\"format\":2,\"pipeline\":{\"target\":\"y\"}}", MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipelin\":{}}", MLPIPE_E_PARAM},
        {"{\"format\":1,\"pipeline\":[]}", MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipeline\":{\"target\":{\"a\":1}}}",
         MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":{}}",
         MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":[1]}",
         MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":[{}]}",
         MLPIPE_E_FORMAT},
        {"{\"format\":1,\"pipeline\":{\"target\":\"y\"},"
         "\"steps\":[{\"step\":\"gbtt\"}]}",
         MLPIPE_E_PARAM},
    };
    mlpipe_ctx *c = made_ctx(1);
    const uint64_t live = made_live(c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p = (mlpipe_pipeline *)c;
        const mlpipe_status st = mlpipe_pipeline_parse(
            c, cases[i].text, strlen(cases[i].text), &p);
        if (st != cases[i].status)
            fail_msg("%s: %s", cases[i].text, mlpipe_status_name(st));
        assert_null(p);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_ctx_free(c);
}

/* Steps that hold an expression need one. */
static const char *required(const char *step)
{
    if (!strcmp(step, "derive"))
        return "expressions='a = 1'";
    if (!strcmp(step, "format"))
        return "columns=town to=category";
    return strcmp(step, "filter") ? NULL : "condition='1 < 2'";
}

/* Every other step can be made with nothing but its defaults. */
static void catalog(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_catalog_entry e;
    mlpipe_catalog_parameter p;
    uint32_t steps = 0, calls = 0, functions = 0, detectors = 0;
    for (uint32_t i = 0; i < mlpipe_catalog_count(); i++) {
        mlpipe_pipeline *r;
        assert_int_equal(0, mlpipe_catalog_get(i, &e));
        assert_true(e.name[0] && e.doc[0]);
        for (uint32_t k = 0; k < e.params; k++) {
            assert_int_equal(0, mlpipe_catalog_param(i, k, &p));
            assert_true(p.name[0] && p.doc[0] && p.since);
            assert_non_null(p.choices);
        }
        assert_int_equal(MLPIPE_E_ARG, mlpipe_catalog_param(i, e.params, &p));
        if (e.kind == MLPIPE_KIND_FUNCTION) { /* its call, then what it does */
            const size_t n = strlen(e.name);
            assert_memory_equal(e.name, e.doc, n);
            assert_true(e.doc[n] == '(' && strstr(e.doc, "): "));
            assert_int_equal(0, e.params);
            functions++;
            continue;
        }
        if (e.kind == MLPIPE_KIND_SYNTAX) {
            assert_true(functions && strstr(e.doc, ": "));
            continue;
        }
        if (e.kind == MLPIPE_KIND_CALL) {
            assert_int_equal(0, functions);
            assert_memory_equal("mlpipe_", e.name, 7);
            calls++;
            continue;
        }
        assert_int_equal(0, calls); /* steps come first */
        if (e.kind == MLPIPE_KIND_DETECTOR) {
            detectors++;
            continue;
        }
        steps++;
        assert_string_equal("as", p.name);
        assert_ok(c, mlpipe_pipeline_new(c, "target=y", &r));
        if (e.kind == MLPIPE_KIND_TAIL)
            assert_ok(c, mlpipe_pipeline_add(c, r, "gbt", NULL));
        assert_ok(c, mlpipe_pipeline_add(c, r, e.name, required(e.name)));
        mlpipe_pipeline_free(r);
    }
    assert_true(steps >= 9 && calls >= 5 && functions >= 70);
    assert_true(detectors >= 5);
    assert_int_equal(MLPIPE_E_ARG,
                     mlpipe_catalog_get(mlpipe_catalog_count(), &e));
    assert_int_equal(MLPIPE_E_ARG, mlpipe_catalog_get(0, NULL));
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),  cmocka_unit_test(steps),
        cmocka_unit_test(json),     cmocka_unit_test(bad_json),
        cmocka_unit_test(catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
