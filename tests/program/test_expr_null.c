/* SPDX-License-Identifier: MIT */
/*
 * Nulls that are written out: the word null takes its type from what stands
 * beside it, a value that is null has one already and keeps it.
 */
#include "support.h"

#include "expr_rig.h"

#define NUMBER_ MLPIPE_TYPE_F64
#define BOOL_ MLPIPE_TYPE_BOOL
#define TIME_ MLPIPE_TYPE_TIMESTAMP
#define SPAN_ MLPIPE_TYPE_DURATION
#define TEXT_ MLPIPE_TYPE_CATEGORY

/* Nulls of a number, a duration, a time, a condition and a text. */
#define N "(null + 0)"
#define D "(1 d * null)"
#define T "(add_months(null, 1))"
#define B "(not null)"
#define S "(lower(null))"

typedef struct null_case {
    const char *text;
    int32_t type; /* of the null that it gives */
} null_case;

static const null_case nulls[] = {
    /* the word */
    {"null + null", NUMBER_},
    {"1 - null", NUMBER_},
    {"-null", NUMBER_},
    {"null ** 2", NUMBER_},
    {"sold + null", TIME_},
    {"null + sold", TIME_},
    {"sold - null", TIME_},
    {"null - sold", SPAN_},
    {"span + null", SPAN_},
    {"null - span", SPAN_},
    {"span * null", SPAN_},
    {"null * 1 d", SPAN_},
    {"1 d / null", SPAN_},
    {"null / 1 d", NUMBER_},
    {"null // span", NUMBER_},
    {"1 d % null", SPAN_},
    {"null and null", BOOL_},
    {"null < 1 d", BOOL_},
    {"flag == null", BOOL_},
    {"1 d in (null, null)", BOOL_},
    {"null between 1 and 2", BOOL_},
    {"abs(null + 0 d)", SPAN_},
    {"sign(null)", NUMBER_},
    {"round(null)", NUMBER_},
    {"cyc_sin(null, 1 d)", NUMBER_},
    {"cyc_cos(1 d, null)", NUMBER_},
    {"cyc_cos(null, null)", NUMBER_},
    {"hypot(null, 3)", NUMBER_},
    {"div(1, null, 0)", NUMBER_},
    {"log(null)", NUMBER_},
    {"max(1 d, null)", SPAN_},
    {"min(null, sold)", TIME_},
    {"clamp(null, 1 d, 2 d)", SPAN_},
    {"clamp(1, null, 2)", NUMBER_},
    {"least(null, null, 0 * null)", NUMBER_},
    {"coalesce(null, null, 1 d * null)", SPAN_},
    {"if(false, 1 d, null)", SPAN_},
    {"if(true, null, sold)", TIME_},
    {"if(false, \"a\", null)", TEXT_},
    {"case when false then flag end", BOOL_},
    {"case when true then null when false then 1 d end", SPAN_},
    {"nullif(1 d, 1 d)", SPAN_},
    {"nullif(null, 1 d)", SPAN_},
    {"nullif(null, \"a\")", TEXT_},
    {"bucket(null, [1], [\"a\", \"b\"])", TEXT_},
    {"bucket(null, [1 d, 2 d], [\"a\", \"b\", \"a\"])", TEXT_},
    {"map(null, \"a\", 1 d)", SPAN_},
    {"map(null, \"a\", \"b\")", TEXT_},
    {"map(null, \"a\", null, true)", BOOL_},
    {"year(null)", NUMBER_},
    {"is_weekend(null)", BOOL_},
    {"date_trunc(\"day\", null)", TIME_},
    {"date_diff(null, sold, \"d\")", NUMBER_},
    {"add_months(sold, null)", TIME_},
    {"epoch(null)", NUMBER_},
    {"upper(null)", TEXT_},
    {"concat(\"a\", null)", TEXT_},
    {"len(null)", NUMBER_},
    {"contains(null, \"a\")", BOOL_},
    {"parse_num(null)", NUMBER_},
    {"parse_date(null, \"%Y-%m-%d\")", TIME_},
    {"parse_bool(null)", BOOL_},
    /* values that are null */
    {D " / 2", SPAN_},
    {"2 * " D, SPAN_},
    {D " / 1 d", NUMBER_},
    {"1 d / " D, NUMBER_},
    {D " // 1 d", NUMBER_},
    {"1 d % " D, SPAN_},
    {D " + " D, SPAN_},
    {"-" D, SPAN_},
    {"null / " D, NUMBER_},
    {"sold - " D, TIME_},
    {D " + sold", TIME_},
    {T " - sold", SPAN_},
    {"sold - " T, SPAN_},
    {"1 d * " N, SPAN_},
    {"1 d / " N, SPAN_},
    {N " + flag", NUMBER_},
    {B " + 1", NUMBER_},
    {B " or false", BOOL_},
    {D " < 1 d", BOOL_},
    {T " >= sold", BOOL_},
    {S " == \"a\"", BOOL_},
    {S " in (\"a\", \"b\")", BOOL_},
    {D " between 1 d and 2 d", BOOL_},
    {"abs(" D ")", SPAN_},
    {"cyc_sin(" D ", 1 d)", NUMBER_},
    {"max(" D ", 1 d)", SPAN_},
    {"clamp(" T ", sold, built)", TIME_},
    {"greatest(" D ", null)", SPAN_},
    {"if(false, 1 d, " D ")", SPAN_},
    {"if(" B ", 1 d, " D ")", SPAN_},
    {"case when true then " T " else sold end", TIME_},
    {"coalesce(" D ", " D ")", SPAN_},
    {"coalesce(" S ", null)", TEXT_},
    {"nullif(" D ", 1 d)", SPAN_},
    {"bucket(" D ", [1 d], [\"a\", \"b\"])", TEXT_},
    {"map(" S ", \"a\", 1)", NUMBER_},
    {"trim(" S ")", TEXT_},
    {"year(" T ")", NUMBER_},
};

/* What must be told, although one side is null. */
static const char *const mixed[] = {
    D " + 1",
    "1 - " D,
    D " / 2 + 1",
    D " ** 2",
    "2 / " D,
    "1 % " D,
    D " * 1 d",
    T " + sold",
    T " * 2",
    "1 d - " T,
    N " + 1 d",
    N " + sold",
    "sold - " N,
    B " + 1 d",
    S " + 1",
    "1 d + " S,
    "-" T,
    "sold * null",
    "null / sold",
    "-null + 1 d",
    D " < 1",
    T " == 1 d",
    S " == 1",
    D " in (1, 2)",
    D " between 1 and 2",
    "max(" D ", 1)",
    "least(" T ", 1 d)",
    "clamp(" D ", 1, 2)",
    "if(flag, " D ", 1)",
    "if(true, 1, " D ")",
    "if(flag, " S ", 1)",
    "case when flag then " T " else 1 d end",
    "case when flag then null when true then " D " else 1 end",
    "coalesce(" D ", 1)",
    "coalesce(null, " N ", sold)",
    "nvl(" S ", 1)",
    "nullif(" D ", 1)",
    "bucket(" D ", [1], [\"a\", \"b\"])",
    "bucket(null, [1], [\"a\", \"b\"]) + 1",
    "map(" S ", \"a\", 1, 1 d)",
    "map(null, \"a\", 1 d) + 1",
    "nullif(null, 1 d) + 1",
    "cyc_sin(" D ", 24)",
    "cyc_sin(" N ", 1 d)",
    "sqrt(" D ")",
    "year(" D ")",
    "lower(" N ")",
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static mlpipe_status derive(mlpipe_ctx *c, expr_rig *r, const char *text)
{
    char whole[256];

    snprintf(whole, sizeof whole, "out = %s", text);
    expr_rig_open(r, c);
    return mlpipe__expr_derive(c, &r->plan, "derive", whole, NULL);
}

static void test_types_of_nulls(void **state)
{
    const expr_row row = expr_row_plain();
    mlpipe_ctx *c;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &c));
    for (uint32_t i = 0; i < COUNT(nulls); i++) {
        const mlpipe__var *v;
        uint32_t at;
        expr_rig r;

        if (derive(c, &r, nulls[i].text))
            fail_msg("%s: %s", nulls[i].text, mlpipe_ctx_error(c)->text);
        at = (uint32_t)mlpipe__plan_find(&r.plan, "out");
        v = &r.plan.vars[at];
        if (v->type != nulls[i].type)
            fail_msg("%s: the type is %d, not %d", nulls[i].text,
                     (int)v->type, (int)nulls[i].type);
        assert_int_equal(v->kind, v->type == TEXT_ ? MLPIPE__CODE
                                                   : MLPIPE__NUMBER);
        assert_ok(c, expr_rig_seal(&r, 1));
        expr_rig_load(&r, &row, 0);
        expr_rig_run(&r, 1);
        if (!isnan(expr_rig_value(&r, at, 0)))
            fail_msg("%s is not null", nulls[i].text);
        expr_rig_close(&r);
    }
    mlpipe_ctx_free(c);
}

static void test_mixed_types_are_told(void **state)
{
    mlpipe_ctx *c;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &c));
    for (uint32_t i = 0; i < COUNT(mixed); i++) {
        int32_t detail;
        expr_rig r;

        if (derive(c, &r, mixed[i]) != MLPIPE_E_PARAM)
            fail_msg("%s passes", mixed[i]);
        detail = mlpipe_ctx_error(c)->detail;
        if (detail != MLPIPE_DETAIL_TYPE &&
            detail != MLPIPE_DETAIL_TEXT_AND_NUMBER)
            fail_msg("%s: %s", mixed[i], mlpipe_ctx_error(c)->text);
        expr_rig_close(&r);
    }
    mlpipe_ctx_free(c);
}

/* The word alone has no type, however it is handed on. */
static void test_null_alone(void **state)
{
    static const char *const texts[] = {
        "null", "if(flag, null, null)", "coalesce(null, null)",
        "case when flag then null end", "max(null)"};
    mlpipe_ctx *c;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &c));
    for (uint32_t i = 0; i < COUNT(texts); i++) {
        expr_rig r;

        assert_status(MLPIPE_E_PARAM, derive(c, &r, texts[i]));
        assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                               "null alone has no type"));
        expr_rig_close(&r);
    }
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_of_nulls),
        cmocka_unit_test(test_mixed_types_are_told),
        cmocka_unit_test(test_null_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
