/* SPDX-License-Identifier: MIT */
/* Parameters: both forms, every type, and what the messages say. */
#include "support.h"

#include "budget.h"
#include "base/params_internal.h"
#include "golden_text.h"

static const mlpipe__param params_table[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 1, "the columns"},
    {"rate", MLPIPE_PARAM_REAL, "0.1", 0.001, 1, NULL, 1, "the rate"},
    {"trees", MLPIPE_PARAM_INT, "300", 1, 100000, NULL, 1, "how many"},
    {"keep", MLPIPE_PARAM_CHOICE, "last", 0, 0, "first,last,none", 1, "which"},
    {"flag", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 1, "whether"},
    {"text", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 1, "anything"},
    {"parts", MLPIPE_PARAM_REALS, "", 0, 1, NULL, 1, "shares"},
    {"age", MLPIPE_PARAM_SPAN, "", 0, 1e9, NULL, 1, "how long"},
    {"metrics", MLPIPE_PARAM_NAMES, "", 0, 0, "rmse,mae,r2", 1, "which"},
};
enum { PARAMS_COUNT = sizeof params_table / sizeof params_table[0] };

#define PARAMS_DEFAULTS                                                     \
    "{\"columns\":null,\"rate\":0.1,\"trees\":300,\"keep\":\"last\","       \
    "\"flag\":true,\"text\":\"\",\"parts\":null,\"age\":null,"              \
    "\"metrics\":null}"

static mlpipe_ctx *params_ctx;

static int params_setup(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &params_ctx) != 0;
}

static int params_teardown(void **state)
{
    (void)state;
    mlpipe_ctx_free(params_ctx);
    return 0;
}

static mlpipe_status params_try(const char *text, mlpipe__params *out)
{
    return mlpipe__params_parse(params_ctx, "step", params_table,
                                PARAMS_COUNT, text, out);
}

/* The canonical form of a text. */
static void params_check(const char *text, const char *expected)
{
    mlpipe__params p;
    mlpipe__text t;
    assert_ok(params_ctx, params_try(text, &p));
    mlpipe__text_init(&t, params_ctx->env);
    mlpipe__params_json(&p, &t);
    assert_string_equal(t.data, expected);
    mlpipe__params_free(&p);
    mlpipe__text_free(&t);
}

static void params_refuse(mlpipe_status status, const char *text,
                          const char *message)
{
    mlpipe__params p;
    const mlpipe_status st = params_try(text, &p);
    const char *said = mlpipe_ctx_error(params_ctx)->text;
    if (st != status)
        fail_msg("%s: %s, expected %s", text, mlpipe_status_name(st),
                 mlpipe_status_name(status));
    if (!strstr(said, message))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, said, message);
    assert_null(p.items);
    assert_null(p.env);
}

static void test_defaults(void **state)
{
    static const char *const texts[] = {NULL, "", "  \t\r\n ", "{}",
                                        " { } ", "{\"rate\":null}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        params_check(texts[i], PARAMS_DEFAULTS);
    params_check(PARAMS_DEFAULTS, PARAMS_DEFAULTS);
}

/* A canonical form read again is itself. */
static void test_canonical(void **state)
{
    static const char full[] =
        "{\"columns\":[\"a\",\"b c\",\"`\",\"x,y\"],\"rate\":0.5,"
        "\"trees\":7,\"keep\":\"none\",\"flag\":false,"
        "\"text\":\"it's {\\\"odd\\\"}\",\"parts\":[0.6,0.2,0.2],"
        "\"age\":300,\"metrics\":[\"rmse\",\"r2\"]}";
    (void)state;
    params_check(full, full);
    params_check("columns=a,`b c`,````,`x,y` rate=0.5 trees=7 keep=none "
                 "flag=false text='it''s {\"odd\"}' parts=.6,2e-1,0.2 "
                 "age='5 min' metrics=rmse,r2", full);
    params_check("\n metrics='rmse, r2'\tage=300  parts='0.6, 0.2, 0.2' "
                 "text='it''s {\"odd\"}' flag=false keep=none trees=7 "
                 "rate=5e-1 columns='a , `b c`, ````,`x,y` '", full);
}

static void test_settings(void **state)
{
    mlpipe__params p;
    (void)state;
    assert_ok(params_ctx,
              params_try("columns=`a b`,c keep=none trees=1e3 flag=false "
                         "parts=0,1 age=2h rate=0.25", &p));
    assert_int_equal(p.count, PARAMS_COUNT);
    const mlpipe__setting *s = mlpipe__params_get(&p, "columns");
    assert_true(s->given);
    assert_int_equal(s->count, 2);
    assert_string_equal(s->names[0], "a b");
    assert_string_equal(s->names[1], "c");
    assert_string_equal(s->text, "`a b`,c");
    s = mlpipe__params_get(&p, "keep");
    assert_int_equal(s->choice, 2);
    assert_string_equal(s->text, "none");
    s = mlpipe__params_get(&p, "trees");
    assert_int_equal(s->integer, 1000);
    assert_same(s->number, 1000.0);
    assert_same(mlpipe__params_get(&p, "flag")->number, 0.0);
    assert_same(mlpipe__params_get(&p, "parts")->reals[1], 1.0);
    assert_same(mlpipe__params_get(&p, "age")->number, 7200.0);
    s = mlpipe__params_get(&p, "metrics");
    assert_false(s->given);
    assert_string_equal(s->text, "");
    assert_int_equal(s->count, 0);
    assert_int_equal(s->choice, UINT32_MAX);
    assert_null(mlpipe__params_get(&p, "absent"));
    mlpipe__params_free(&p);
    mlpipe__params_free(&p);
}

/* Where a bare value ends, seen through the text parameter. */
static void test_extent(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"text=a trees=1", "a"},
        {"text=log(a + b) trees=1", "log(a + b)"},
        {"text=[a b](c {d e}) trees=1", "[a b](c {d e})"},
        {"text=`a ( b` trees=1", "`a ( b`"},
        {"text=f(`)` ) trees=1", "f(`)` )"},
        {"text='a b' trees=1", "a b"},
        {"text='' trees=1", ""},
        {"text='''' trees=1", "'"},
        {"text='(' trees=1", "("},
        {"text=a'b trees=1", "a'b"},
        {"text=a=b trees=1", "a=b"},
        {"text=15..63:log trees=1", "15..63:log"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlpipe__params p;
        assert_ok(params_ctx, params_try(cases[i].text, &p));
        assert_string_equal(mlpipe__params_get(&p, "text")->text,
                            cases[i].value);
        assert_int_equal(mlpipe__params_get(&p, "trees")->integer, 1);
        mlpipe__params_free(&p);
    }
}

static void test_spans(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"5", 5},       {"5s", 5},      {"5ms", 0.005},
                 {"7us", 7e-6},  {"3 min", 180}, {"2h", 7200},
                 {"1d", 86400},  {"2 w", 1209600}, {"1.5h", 5400},
                 {"1e3ms", 1},   {"-1s", -1},    {"3e2", 300},
                 {"5 days", 432000}, {"1 day", 86400}, {"2hours", 7200},
                 {"1 week", 604800}, {"5 milliseconds", 0.005}};
    static const char *const bad[] = {
        "",     "s",       "5 y",    "5 ss",   "5 months", "5 dayss",
        "5 minutess", "5S", "5min s", "5 5",   " 5s ",     "infs",
        "1e308w", "5m",    "x"};
    double seconds;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(mlpipe__parse_span(cases[i].text, strlen(cases[i].text),
                                       &seconds));
        assert_same(seconds, cases[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mlpipe__parse_span(bad[i], strlen(bad[i]), &seconds))
            fail_msg("\"%s\" was taken", bad[i]);
}

/* Spaces and commas where other notations have them. */
static void test_separators(void **state)
{
    mlpipe__params p;
    (void)state;
    params_refuse(MLPIPE_E_PARAM, "trees = 10",
                  "no spaces stand around '='; write trees=value");
    params_refuse(MLPIPE_E_PARAM, "trees =10", "no spaces stand around '='");
    params_refuse(MLPIPE_E_PARAM, "trees= 10", "no spaces stand around '='");
    params_refuse(MLPIPE_E_PARAM, "trees= rate=0.5", "has no value");
    params_refuse(MLPIPE_E_PARAM, "trees=10, rate=0.1",
                  "separated by spaces, not commas\n  trees=10, rate=0.1\n"
                  "          ^");
    params_refuse(MLPIPE_E_PARAM, "trees=10,rate=0.1",
                  "separated by spaces, not commas");
    params_refuse(MLPIPE_E_PARAM, "text=a, rate=0.1",
                  "separated by spaces, not commas");
    params_refuse(MLPIPE_E_PARAM, "columns=a, rate=0.1",
                  "separated by spaces, not commas");
    params_refuse(MLPIPE_E_PARAM, "columns=a, b",
                  "no space stands behind a comma of a list; write "
                  "columns=a,b\n  columns=a, b\n           ^");
    params_refuse(MLPIPE_E_PARAM, "parts=0.5, 0.5", "write parts=a,b");
    params_refuse(MLPIPE_E_PARAM, "columns=a ,b", "no space stands before");
    params_check("columns=`a,rate=1`",
                 "{\"columns\":[\"a,rate=1\"],\"rate\":0.1,\"trees\":300,"
                 "\"keep\":\"last\",\"flag\":true,\"text\":\"\","
                 "\"parts\":null,\"age\":null,\"metrics\":null}");
    assert_ok(params_ctx, params_try("text=, rate=0.5", &p));
    assert_string_equal(mlpipe__params_get(&p, "text")->text, ",");
    mlpipe__params_free(&p);
}

/* What holds an expression says so where one is given bare. */
static void test_bare_expression(void **state)
{
    static const mlpipe__param table[] = {
        {"expressions", MLPIPE_PARAM_TEXT, NULL, 0, 0, NULL, 1, "definitions"}};
    static const char *const texts[] = {"a = 3", "a=3"};
    mlpipe__params p;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_told(params_ctx, MLPIPE_E_PARAM,
                    mlpipe__params_parse(params_ctx, "derive", table, 1,
                                         texts[i], &p));
        assert_non_null(strstr(mlpipe_ctx_error(params_ctx)->text,
                               "it takes expressions='...': definitions"));
    }
}

static void test_messages(void **state)
{
    (void)state;
    params_refuse(MLPIPE_E_PARAM, "flag=true rat=0.5",
                  "step: unknown parameter \"rat\"; did you mean \"rate\"? It "
                  "takes: columns, rate, trees, keep, flag, text, parts, age, "
                  "metrics\n  flag=true rat=0.5\n            ^");
    params_refuse(MLPIPE_E_PARAM, "zzzzzz=1", "unknown parameter \"zzzzzz\"; "
                                              "it takes: columns, rate");
    params_refuse(MLPIPE_E_PARAM, "trees=0",
                  "\"trees\" is 0; it must be from 1 to 100000\n  trees=0\n"
                  "        ^");
    params_refuse(MLPIPE_E_PARAM, "trees=1.5", "is not an integer");
    params_refuse(MLPIPE_E_PARAM, "trees=9223372036854775808",
                  "is not an integer");
    params_refuse(MLPIPE_E_PARAM, "trees=1e30", "is not an integer");
    params_refuse(MLPIPE_E_PARAM, "rate=1.5", "from 0.001 to 1");
    params_refuse(MLPIPE_E_PARAM, "rate=nan", "not a finite number");
    params_refuse(MLPIPE_E_PARAM, "rate=1e999", "not a finite number");
    params_refuse(MLPIPE_E_PARAM, "rate=", "\"rate\" has no value");
    params_refuse(MLPIPE_E_PARAM, "rate=''", "\"rate\" cannot be empty");
    params_refuse(MLPIPE_E_PARAM, "keep=frist",
                  "cannot be \"frist\"; did you mean \"first\"? It is one of: "
                  "first, last, none");
    params_refuse(MLPIPE_E_PARAM, "flag=yes", "true or false");
    params_refuse(MLPIPE_E_PARAM, "parts=0.5,2", "from 0 to 1");
    params_refuse(MLPIPE_E_PARAM, "parts=0.5,", "not a finite number");
    params_refuse(MLPIPE_E_PARAM, "columns=a,,b", "not a name");
    params_refuse(MLPIPE_E_PARAM, "columns=a`b`", "not a name");
    params_refuse(MLPIPE_E_PARAM, "columns='`a'", "not a name");
    params_refuse(MLPIPE_E_PARAM, "columns='`a`b'", "not a name");
    params_refuse(MLPIPE_E_PARAM, "columns=``", "not a name");
    params_refuse(MLPIPE_E_PARAM, "metrics=rmse,mea",
                  "did you mean \"mae\"?");
    params_refuse(MLPIPE_E_PARAM, "age=5y", "us, ms, s, min, h, d, w");
    params_refuse(MLPIPE_E_PARAM, "age=1e9w", "1000000000 seconds");
    params_refuse(MLPIPE_E_PARAM, "rate=0.5 rate=0.5", "given twice");
    params_refuse(MLPIPE_E_PARAM, "0.5", "no key=value");
    params_refuse(MLPIPE_E_PARAM, "rate 0.5", "no key=value");
    params_refuse(MLPIPE_E_PARAM, "=0.5", "a name is missing");
    params_refuse(MLPIPE_E_PARAM, "text='abc", "never closed");
    params_refuse(MLPIPE_E_PARAM, "text='a'b", "a space is missing");
    params_refuse(MLPIPE_E_PARAM, "text=(a b", "never closed by ')'");
    params_refuse(MLPIPE_E_PARAM, "text=(a]", "where ')' would close");
    params_refuse(MLPIPE_E_PARAM, "text=a)", "closes no bracket");
    params_refuse(MLPIPE_E_PARAM, "text=`a b", "never closed by '`'");
    params_refuse(MLPIPE_E_PARAM, "text=\xff", "not UTF-8");
}

static void test_object_messages(void **state)
{
    (void)state;
    params_refuse(MLPIPE_E_PARAM, "{\"tres\":1}", "did you mean \"trees\"?");
    params_refuse(MLPIPE_E_PARAM, "{\"trees\":true}", "\"/trees\" must be no");
    params_refuse(MLPIPE_E_PARAM, "{\"trees\":0}", "from 1 to 100000");
    params_refuse(MLPIPE_E_PARAM, "{\"flag\":\"true\"}", "without quotes");
    params_refuse(MLPIPE_E_PARAM, "{\"text\":5}", "must be no number");
    params_refuse(MLPIPE_E_PARAM, "{\"text\":{}}", "must be no object");
    params_refuse(MLPIPE_E_PARAM, "{\"text\":[]}", "must be no array");
    params_refuse(MLPIPE_E_PARAM, "{\"parts\":[\"1\"]}", "array of numbers");
    params_refuse(MLPIPE_E_PARAM, "{\"columns\":[1]}", "array of texts");
    params_refuse(MLPIPE_E_FORMAT, "{\"rate\":1,\"rate\":1}", "twice");
    params_refuse(MLPIPE_E_FORMAT, "{\"rate\":1", "line 1, column 10");
    params_refuse(MLPIPE_E_FORMAT, "{} rate=1", "goes on");
}

static void test_required(void **state)
{
    static const mlpipe__param table[] = {
        {"on", MLPIPE_PARAM_NAMES, NULL, 0, 0, NULL, 1, "the key columns"}};
    mlpipe__params p;
    (void)state;
    assert_told(params_ctx, MLPIPE_E_PARAM,
                mlpipe__params_parse(params_ctx, "dedupe", table, 1, NULL,
                                     &p));
    assert_string_equal(mlpipe_ctx_error(params_ctx)->text,
                        "dedupe: \"on\" must be given: the key columns");
    assert_told(params_ctx, MLPIPE_E_PARAM,
                mlpipe__params_parse(params_ctx, "dedupe", table, 1,
                                     "{\"on\":null}", &p));
    assert_told(params_ctx, MLPIPE_E_PARAM,
                mlpipe__params_parse(params_ctx, "dedupe", table, 1,
                                     "on=''", &p));
    assert_ok(params_ctx, mlpipe__params_parse(params_ctx, "dedupe", table, 1,
                                               "on=id", &p));
    mlpipe__params_free(&p);
    assert_told(params_ctx, MLPIPE_E_PARAM,
                mlpipe__params_parse(params_ctx, "none", NULL, 0, "a=1",
                                     &p));
    assert_ok(params_ctx, mlpipe__params_parse(params_ctx, "none", NULL, 0,
                                               NULL, &p));
    mlpipe__params_free(&p);
}

static void test_depth(void **state)
{
    char text[256] = "text=";
    mlpipe__params p;
    (void)state;
    memset(text + 5, '(', 64);
    memset(text + 69, ')', 64);
    assert_ok(params_ctx, params_try(text, &p));
    mlpipe__params_free(&p);
    memset(text + 5, '(', 65);
    memset(text + 70, ')', 65);
    params_refuse(MLPIPE_E_PARAM, text, "more than 64 open brackets");
}

static void test_nearest(void **state)
{
    static const char *const names[] = {"sqft_living", "sqft_lot", "grade",
                                        "yr_built", "on", "capital-gain"};
    static const struct {
        const char *word, *expected;
    } cases[] = {{"sqft_livin", "sqft_living"}, {"SQFT_LOT", "sqft_lot"},
                 {"garde", "grade"},            {"no", "on"},
                 {"capital_gain", "capital-gain"}, {"built", NULL},
                 {"zzz", NULL},                 {"", NULL},
                 {"yr-bulit", "yr_built"},      {"x", NULL},
                 {"gra", "grade"},              {"Grade_of_wine", "grade"},
                 {"sqft", "sqft_lot"},          {"on_the_way", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *near = mlpipe__nearest(cases[i].word,
                                           strlen(cases[i].word), names, 6);
        assert_string_equal(near ? near : "none",
                            cases[i].expected ? cases[i].expected : "none");
    }
    char longer[100];
    memset(longer, 'a', sizeof longer);
    assert_null(mlpipe__nearest(longer, sizeof longer, names, 6));
    assert_null(mlpipe__nearest("a", 1, NULL, 0));
}

static void test_caret(void **state)
{
    char out[MLPIPE__CARET_BYTES];
    char text[300];
    (void)state;
    mlpipe__caret("héé x", 7, 6, out);
    assert_string_equal(out, "\n  héé x\n      ^");
    mlpipe__caret("one\ntwo\nthree", 13, 5, out);
    assert_string_equal(out, "\n  two\n   ^");
    mlpipe__caret("", 0, 9, out);
    assert_string_equal(out, "\n  \n  ^");
    mlpipe__caret("a\xff" "b", 3, 2, out);
    assert_string_equal(out, "\n  a?b\n    ^");
    for (size_t at = 0; at <= sizeof text; at++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)("\xf0\x9f\x98\x80"[i % 4]);
        mlpipe__caret(text, sizeof text, at, out);
        assert_true(strlen(out) < sizeof out);
    }
}

static void test_describe(void **state)
{
    mlpipe_catalog_parameter out;
    (void)state;
    mlpipe__param_describe(&params_table[3], &out);
    assert_string_equal(out.name, "keep");
    assert_string_equal(out.choices, "first,last,none");
    assert_int_equal(out.type, MLPIPE_PARAM_CHOICE);
    mlpipe__param_describe(&params_table[1], &out);
    assert_string_equal(out.choices, "");
    assert_same(out.low, 0.001);
    assert_string_equal(out.initial, "0.1");
}

/* Every allocation fails once: E_NOMEM, nothing left behind. */
static void test_torture(void **state)
{
    static const char *const texts[] = {
        "columns=a,`b c`,d parts=0.1,0.2 text='it''s' keep=first",
        "{\"columns\":[\"a\",\"b\"],\"parts\":[1],\"text\":\"x\"}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (int64_t fail = 0;; fail++) {
            struct budget budget;
            mlpipe_ctx *c = budget_ctx(&budget);
            mlpipe__params p;
            budget.left = fail;
            const mlpipe_status st = mlpipe__params_parse(
                c, "step", params_table, PARAMS_COUNT, texts[i], &p);
            const bool reached = budget.left < 0;
            if (reached)
                assert_status(MLPIPE_E_NOMEM, st);
            else
                assert_int_equal(st, 0);
            mlpipe__params_free(&p);
            mlpipe_ctx_free(c);
            assert_int_equal(budget.blocks, 0);
            if (!reached)
                break;
            assert_true(fail < 200);
        }
    }
}

/* A list of names ends within its room, whatever their lengths. */
static void test_list_room(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const char *names[12];
    char out[80];

    for (uint32_t m = 1; m <= 26; m++)
        for (uint32_t last = 1; last <= 26; last++)
            for (size_t room = 40; room < sizeof out; room++) {
                for (uint32_t i = 0; i < 12; i++)
                    names[i] = letters + 26 - (i % 3 ? m : last);
                memset(out, '#', sizeof out);
                mlpipe__params_list(out, room, names, 12);
                assert_non_null(memchr(out, '\0', room));
                for (size_t i = room; i < sizeof out; i++)
                    assert_int_equal(out[i], '#');
            }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_extent),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_object_messages),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_separators),
        cmocka_unit_test(test_bare_expression),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_caret),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_list_room),
    };
    return cmocka_run_group_tests(tests, params_setup, params_teardown);
}
