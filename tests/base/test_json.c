/* SPDX-License-Identifier: MIT */
/*
 * JSON: what RFC 8259 takes and refuses, case by case in the manner of
 * JSONTestSuite (y_ = accept, n_ = refuse), limits, trees and messages.
 */
#include "support.h"

#include "budget.h"
#include "base/base_internal.h"
#include "golden_text.h"

static mlpipe_ctx *json_ctx;

static int json_setup(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &json_ctx) != 0;
}

static int json_teardown(void **state)
{
    (void)state;
    mlpipe_ctx_free(json_ctx);
    return 0;
}

/* Parse a copy of exactly n bytes, so that a sanitizer sees an overrun. */
static mlpipe_status json_try(const char *text, size_t n, mlpipe__json **out)
{
    char *exact = malloc(n + 1);
    memcpy(exact + 1, text, n);
    const mlpipe_status st = mlpipe__json_parse(json_ctx, exact + 1, n, out);
    free(exact);
    if (st)
        assert_null(*out);
    return st;
}

struct json_case {
    const char *name, *text;
    size_t bytes; /* 0: up to the NUL */
};

static const struct json_case json_accepted[] = {
    {"array_empty", "[]"},
    {"array_spaces", " [ ] "},
    {"array_nested", "[[[]],[],[[],[]]]"},
    {"array_mixed", "[null, 1, \"1\", {}, true, false]"},
    {"object_empty", "{}"},
    {"object_empty_key", "{\"\":0}"},
    {"object_escaped_key", "{\"a\\u0062\":1, \"a\":2}"},
    {"object_nested", "{\"a\":{\"b\":{\"c\":[{}]}}}"},
    {"object_newlines", "{\n\"a\" :\r\n1\t}\n"},
    {"number_zero", "0"},
    {"number_minus_zero", "-0"},
    {"number_real", "[123.456789]"},
    {"number_exp", "[1e5,1E5,1e+5,1e-5,1.5e-05,0e1,0.0e0]"},
    {"number_tiny", "[1e-999]"},
    {"number_digits", "123456789012345678901234567890"},
    {"number_max", "1.7976931348623157e308"},
    {"lonely_true", "true"},
    {"lonely_null", " null "},
    {"lonely_text", "\"asd\""},
    {"text_escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""},
    {"text_unicode", "\"\\u00e9\\u20AC\\uD83D\\uDE00\""},
    {"text_utf8", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"text_del", "\"\x7f\""},
    {"text_noncharacter", "\"\\uFFFF\\uDBFF\\uDFFF\""},
    {"text_max_utf8", "\"\xf4\x8f\xbf\xbf\""},
    {"text_empty", "\"\""},
    {"text_u2028", "\"\xe2\x80\xa8\""},
    {"text_escaped_control", "\"\\u0012\""},
};

static const struct json_case json_refused[] = {
    {"empty", ""},
    {"spaces", "  \n"},
    {"bom", "\xef\xbb\xbf{}"},
    {"array_comma", "[1,]"},
    {"array_commas", "[1,,2]"},
    {"array_first_comma", "[,1]"},
    {"array_colon", "[\"\":1]"},
    {"array_no_comma", "[1 2]"},
    {"array_open", "["},
    {"array_open_value", "[1"},
    {"array_open_comma", "[1,"},
    {"array_close", "]"},
    {"array_double_close", "[]]"},
    {"array_star", "[*]"},
    {"array_mismatch", "[1}"},
    {"array_behind", "[1]x"},
    {"array_two", "[][]"},
    {"object_comma", "{\"a\":1,}"},
    {"object_commas", "{\"a\":1,,\"b\":2}"},
    {"object_no_colon", "{\"a\" 1}"},
    {"object_double_colon", "{\"a\"::1}"},
    {"object_no_value", "{\"a\":}"},
    {"object_no_key", "{:1}"},
    {"object_bare_key", "{a:1}"},
    {"object_single_quotes", "{'a':1}"},
    {"object_number_key", "{1:1}"},
    {"object_open", "{"},
    {"object_open_key", "{\"a\""},
    {"object_open_value", "{\"a\":1"},
    {"object_mismatch", "{\"a\":1]"},
    {"object_duplicate", "{\"a\":1,\"a\":1}"},
    {"object_duplicate_escaped", "{\"a\":1,\"\\u0061\":1}"},
    {"object_comment", "{\"a\":1/**/}"},
    {"number_plus", "+1"},
    {"number_leading_zero", "01"},
    {"number_minus_leading_zero", "-01"},
    {"number_double_zero", "00"},
    {"number_point_first", ".5"},
    {"number_point_last", "1."},
    {"number_point_exp", "1.e5"},
    {"number_minus", "-"},
    {"number_minus_space", "- 1"},
    {"number_exp", "1e"},
    {"number_exp_plus", "1e+"},
    {"number_exp_twice", "1e5e5"},
    {"number_hex", "0x1"},
    {"number_nan", "NaN"},
    {"number_minus_nan", "-NaN"},
    {"number_infinity", "Infinity"},
    {"number_minus_infinity", "-Infinity"},
    {"number_beyond", "1e999"},
    {"number_minus_beyond", "-1e309"},
    {"number_letters", "1a"},
    {"number_wide_digit", "\xef\xbc\x91"},
    {"number_underscore", "1_000"},
    {"word_true", "[tru]"},
    {"word_case", "[True]"},
    {"word_nul", "nul"},
    {"word_longer", "[nulll]"},
    {"text_open", "\""},
    {"text_open_escape", "\"\\"},
    {"text_escaped_close", "\"\\\""},
    {"text_single", "'a'"},
    {"text_newline", "\"a\nb\""},
    {"text_tab", "\"\t\""},
    {"text_nul", "\"\0\"", 3},
    {"text_escaped_nul", "\"\\u0000x\""},
    {"text_escape_x", "\"\\x41\""},
    {"text_escape_case", "\"\\N\""},
    {"text_escape_octal", "\"\\0\""},
    {"text_u_short", "\"\\u00a\""},
    {"text_u_end", "\"\\u00"},
    {"text_u_letters", "\"\\u00zz\""},
    {"text_u_capital", "\"\\U0041\""},
    {"surrogate_high", "\"\\ud800\""},
    {"surrogate_high_text", "\"\\ud800abc\""},
    {"surrogate_high_twice", "\"\\ud800\\ud800\""},
    {"surrogate_low", "\"\\udc00\""},
    {"surrogate_reversed", "\"\\udc00\\ud800\""},
    {"surrogate_cut", "\"\\ud800\\udc"},
    {"utf8_continuation", "\"\x80\""},
    {"utf8_cut", "\"\xe2\x82\""},
    {"utf8_cut_at_end", "\"\xe2\x82"},
    {"utf8_overlong", "\"\xc0\xaf\""},
    {"utf8_overlong_three", "\"\xe0\x80\xaf\""},
    {"utf8_surrogate", "\"\xed\xa0\x80\""},
    {"utf8_beyond", "\"\xf4\x90\x80\x80\""},
    {"utf8_five", "\"\xf8\x88\x80\x80\x80\""},
    {"utf8_ff", "\"\xff\""},
    {"utf8_outside", "\xc3\xa9"},
    {"space_formfeed", "[\f]"},
    {"space_vertical", "[\v]"},
    {"space_no_break", "[\xc2\xa0]"},
    {"space_nul", "[\0]", 3},
    {"behind_nul", "1\0", 2},
    {"comment", "// a\n1"},
    {"trailing_hash", "{}#"},
    {"two_values", "1 2"},
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof json_accepted / sizeof json_accepted[0];
         i++) {
        const struct json_case *c = &json_accepted[i];
        mlpipe__json *j = NULL;
        if (json_try(c->text, strlen(c->text), &j))
            fail_msg("y_%s: %s", c->name, mlpipe_ctx_error(json_ctx)->text);
        mlpipe__json_free(j);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof json_refused / sizeof json_refused[0];
         i++) {
        const struct json_case *c = &json_refused[i];
        mlpipe__json *j = NULL;
        const size_t n = c->bytes ? c->bytes : strlen(c->text);
        if (json_try(c->text, n, &j) != MLPIPE_E_FORMAT)
            fail_msg("n_%s was not refused as E_FORMAT", c->name);
        assert_non_null(
            strstr(mlpipe_ctx_error(json_ctx)->text, "JSON, line "));
    }
}

/* No prefix of a document is one. */
static void test_prefixes(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5e+3,true,null,\"\\u00e9\\n\"],\"b\":{\"c\":[]}}";
    mlpipe__json *j = NULL;
    (void)state;
    assert_told(json_ctx, MLPIPE_E_FORMAT,
                mlpipe__json_parse(json_ctx, NULL, 0, &j));
    for (size_t n = 0; n < sizeof text - 1; n++)
        assert_told(json_ctx, MLPIPE_E_FORMAT, json_try(text, n, &j));
    assert_ok(json_ctx, json_try(text, sizeof text - 1, &j));
    mlpipe__json_free(j);
}

static void test_tree(void **state)
{
    static const char text[] =
        "{\"name\":\"caf\\u00e9 \\ud83d\\ude00\",\"n\":9007199254740993,"
        "\"x\":-1.50e2,\"yes\":true,\"no\":false,\"none\":null,"
        "\"list\":[1,\"2\",[3]]}";
    mlpipe__json *j = NULL;
    (void)state;
    assert_ok(json_ctx, json_try(text, strlen(text), &j));
    assert_int_equal(mlpipe__json_kind_of(j), MLPIPE__JSON_OBJECT);
    assert_int_equal(mlpipe__json_count(j), 7);
    assert_string_equal(mlpipe__json_text(mlpipe__json_get(j, "name")),
                        "caf\xc3\xa9 \xf0\x9f\x98\x80");
    const mlpipe__json *n = mlpipe__json_get(j, "n");
    assert_int_equal(mlpipe__json_kind_of(n), MLPIPE__JSON_NUMBER);
    assert_string_equal(mlpipe__json_text(n), "9007199254740993");
    assert_same(mlpipe__json_number(mlpipe__json_get(j, "x"), 0), -150.0);
    assert_string_equal(mlpipe__json_text(mlpipe__json_get(j, "x")),
                        "-1.50e2");
    assert_true(mlpipe__json_bool(mlpipe__json_get(j, "yes"), false));
    assert_false(mlpipe__json_bool(mlpipe__json_get(j, "no"), true));
    assert_true(mlpipe__json_bool(mlpipe__json_get(j, "none"), true));
    assert_int_equal(mlpipe__json_kind_of(mlpipe__json_get(j, "none")),
                     MLPIPE__JSON_NULL);
    const mlpipe__json *list = mlpipe__json_get(j, "list");
    assert_int_equal(mlpipe__json_count(list), 3);
    assert_string_equal(mlpipe__json_text(mlpipe__json_at(list, 1)), "2");
    assert_int_equal(
        mlpipe__json_kind_of(mlpipe__json_at(mlpipe__json_at(list, 2), 0)),
        MLPIPE__JSON_NUMBER);
    assert_null(mlpipe__json_at(list, 3));
    assert_string_equal(mlpipe__json_key(mlpipe__json_at(j, 6)), "list");
    mlpipe__json_free(j);
}

/* Getters on what is absent or of another kind give nothing. */
static void test_absent(void **state)
{
    mlpipe__json *j = NULL;
    (void)state;
    assert_ok(json_ctx, json_try("[\"t\",1]", 7, &j));
    assert_null(mlpipe__json_get(j, "a"));
    assert_null(mlpipe__json_get(NULL, "a"));
    assert_null(mlpipe__json_at(NULL, 0));
    assert_null(mlpipe__json_text(NULL));
    assert_null(mlpipe__json_text(j));
    assert_null(mlpipe__json_key(NULL));
    assert_null(mlpipe__json_key(mlpipe__json_at(j, 0)));
    assert_int_equal(mlpipe__json_count(NULL), 0);
    assert_int_equal(mlpipe__json_count(mlpipe__json_at(j, 0)), 0);
    assert_null(mlpipe__json_at(mlpipe__json_at(j, 0), 0));
    assert_same(mlpipe__json_number(NULL, 7), 7.0);
    assert_same(mlpipe__json_number(mlpipe__json_at(j, 0), 7), 7.0);
    assert_true(mlpipe__json_bool(NULL, true));
    assert_int_equal(mlpipe__json_kind_of(NULL), MLPIPE__JSON_NULL);
    mlpipe__json_free(j);
    mlpipe__json_free(NULL);
}

/* Lists around the size from which children are indexed. */
static void test_long_lists(void **state)
{
    static char text[600000];
    (void)state;
    for (uint32_t count = 0; count < 70000; count += 1 + count * 3) {
        mlpipe__json *j = NULL;
        size_t n = 0;
        text[n++] = '[';
        for (uint32_t i = 0; i < count; i++)
            n += (size_t)sprintf(text + n, "%s%u", i ? "," : "", i);
        text[n++] = ']';
        assert_ok(json_ctx, json_try(text, n, &j));
        assert_int_equal(mlpipe__json_count(j), count);
        for (uint32_t i = 0; i < count; i++)
            assert_same(mlpipe__json_number(mlpipe__json_at(j, i), -1),
                        (double)i);
        assert_null(mlpipe__json_at(j, count));
        mlpipe__json_free(j);
    }
}

/* Duplicates are found among few keys and among many, per object. */
static void test_many_keys(void **state)
{
    static char text[400000];
    (void)state;
    for (uint32_t count = 1; count < 20000; count = count * 2 + 1) {
        for (uint32_t twice = 0; twice <= count;
             twice += 1 + count / 5) {
            mlpipe__json *j = NULL;
            size_t n = (size_t)sprintf(text, "[{\"k0\":0},{");
            for (uint32_t i = 0; i < count; i++)
                n += (size_t)sprintf(text + n, "\"k%u\":{\"k%u\":%u},", i, i,
                                     i);
            n += (size_t)sprintf(text + n, "\"k%u\":1}]", twice);
            const mlpipe_status st = json_try(text, n, &j);
            if (twice == count) {
                assert_ok(json_ctx, st);
                assert_int_equal(
                    mlpipe__json_count(mlpipe__json_at(j, 1)), count + 1);
                mlpipe__json_free(j);
            } else {
                assert_status(MLPIPE_E_FORMAT, st);
                assert_non_null(strstr(mlpipe_ctx_error(json_ctx)->text,
                                       "occurs twice"));
            }
        }
    }
}

static void test_limits(void **state)
{
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .json_bytes = 40,
                                  .json_depth = 3,
                                  .json_nodes = 6,
                                  .json_key_bytes = 4};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    static const struct {
        const char *text;
        mlpipe_status status;
    } cases[] = {
        {"[[[1]]]", MLPIPE_OK},
        {"[[[[]]]]", MLPIPE_E_LIMIT},
        {"[{\"a\":[{}]}]", MLPIPE_E_LIMIT},
        {"[1,2,3,4,5]", MLPIPE_OK},
        {"[1,2,3,4,5,6]", MLPIPE_E_LIMIT},
        {"{\"abcd\":1}", MLPIPE_OK},
        {"{\"abcde\":1}", MLPIPE_E_LIMIT},
        {"{\"\xc3\xa9\xc3\xa9\":1}", MLPIPE_OK},
        {"\"                                      \"", MLPIPE_OK},
        {"\"                                       \"", MLPIPE_E_LIMIT},
    };
    mlpipe_ctx *c = NULL;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlpipe__json *j = NULL;
        const mlpipe_status st = mlpipe__json_parse(
            c, cases[i].text, strlen(cases[i].text), &j);
        if (st != cases[i].status)
            fail_msg("%s: %s", cases[i].text, mlpipe_status_name(st));
        mlpipe__json_free(j);
    }
    mlpipe_ctx_free(c);
}

/* Depth is bounded whatever the limits say, and never by the stack. */
static void test_deep(void **state)
{
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .json_depth = UINT64_MAX};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    static char text[200000];
    mlpipe_ctx *c = NULL;
    mlpipe__json *j = NULL;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    memset(text, '[', 512);
    memset(text + 512, ']', 512);
    assert_ok(c, mlpipe__json_parse(c, text, 1024, &j));
    mlpipe__json_free(j);
    memset(text, '[', sizeof text);
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__json_parse(c, text, sizeof text, &j));
    mlpipe_ctx_free(c);
}

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"a\": 1,\n \"b\": tru}",
         "JSON, line 2, column 7: a value is expected here\n"
         "   \"b\": tru}\n        ^"},
        {"[1", "JSON, line 1, column 3: the text ends where ',' or ']' is "
               "expected\n  [1\n    ^"},
        {"{\"a\":1,\"a\":2}", "JSON, line 1, column 8: the key \"a\" occurs "
                              "twice"},
        {"\"\xc3\xa9\x01\"", "JSON, line 1, column 3: a control character "
                             "0x1 in a text; write it as \\u0001"},
        {"[01]", "a number has no leading zeros"},
        {"[1]]", "column 4: the text goes on behind its value"},
        {"\xef\xbb\xbf{}", "byte order mark"},
    };
    mlpipe__json *j = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_told(json_ctx, MLPIPE_E_FORMAT,
                    json_try(cases[i].text, strlen(cases[i].text), &j));
        const char *said = mlpipe_ctx_error(json_ctx)->text;
        if (!strstr(said, cases[i].message))
            fail_msg("\"%s\" does not say \"%s\"", said, cases[i].message);
    }
}

/* Every allocation of ours fails once: E_NOMEM, nothing left behind. */
static void test_torture(void **state)
{
    char text[2000] = "{";
    (void)state;
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "\"key %d\":[%d,\"%d\"],", i, i, i);
    strcat(text, "\"end\":{}}");
    for (int64_t fail = 0;; fail++) {
        struct budget budget;
        mlpipe_ctx *c = budget_ctx(&budget);
        mlpipe__json *j = NULL;
        budget.left = fail;
        const mlpipe_status st =
            mlpipe__json_parse(c, text, strlen(text), &j);
        const bool reached = budget.left < 0;
        if (reached)
            assert_status(MLPIPE_E_NOMEM, st);
        else
            assert_int_equal(st, 0);
        mlpipe__json_free(j);
        mlpipe_ctx_free(c);
        assert_int_equal(budget.blocks, 0);
        if (!reached)
            break;
        assert_true(fail < 300);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
