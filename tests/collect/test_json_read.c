/* SPDX-License-Identifier: MIT */
/* Reading JSON: formats, keys, types, rejects, limits, blocks. */
#include "support.h"

#include <time.h>

#include "collect/collect_internal.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    return 0;
}

/* ---- a dataset as one line: "name type: cell, cell; ..." ----------------- */

static void show_cell(mlpipe__text *t, const mlpipe_dataset *d, int64_t row,
                      uint32_t column)
{
    const int32_t type = mlpipe_dataset_type(d, column);
    char number[MLPIPE__NUMBER_BYTES];
    mlpipe_value v;
    int64_t exact;
    uint8_t valid;

    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (v.kind == MLPIPE_VALUE_NULL) {
        mlpipe__text_add(t, "-");
    } else if (v.kind == MLPIPE_VALUE_TEXT) {
        mlpipe__text_put(t, "'", 1);
        mlpipe__text_put(t, v.str, v.len);
        mlpipe__text_put(t, "'", 1);
    } else if (type == MLPIPE_TYPE_F64) {
        mlpipe__text_put(t, number, mlpipe__print_f64(v.num, number));
    } else {
        mlpipe__dataset_block_i64(d, column, row, 1, &exact, &valid);
        mlpipe__text_put(t, number, mlpipe__print_i64(exact, number));
    }
}

static void show(mlpipe__text *t, const mlpipe_dataset *d)
{
    for (uint32_t i = 0; i < mlpipe_dataset_columns(d); i++) {
        const char *unit = mlpipe__unit_name(mlpipe_dataset_unit(d, i));
        mlpipe__text_add(t, "%s%s %s%s%s:", i ? "; " : "",
                         mlpipe_dataset_name(d, i),
                         mlpipe__type_name(mlpipe_dataset_type(d, i)),
                         *unit ? " " : "", unit);
        for (int64_t row = 0; row < mlpipe_dataset_rows(d); row++) {
            mlpipe__text_add(t, row ? ", " : " ");
            show_cell(t, d, row, i);
        }
    }
}

static void reads(const char *text, const char *params, const char *expected)
{
    mlpipe_dataset *d;
    mlpipe__text t;

    assert_ok(ctx, mlpipe_read_json_memory(ctx, text, strlen(text), params,
                                           &d));
    mlpipe__text_init(&t, ctx->env);
    show(&t, d);
    assert_string_equal(expected, t.data);
    mlpipe__text_free(&t);
    mlpipe_dataset_free(d);
}

static void fails_n(const char *text, size_t n, const char *params,
                    mlpipe_status status, const char *part)
{
    mlpipe_dataset *d = (mlpipe_dataset *)&ctx;

    const mlpipe_status st = mlpipe_read_json_memory(ctx, text, n, params,
                                                     &d);
    const char *said = mlpipe_ctx_error(ctx)->text;
    if (st != status || d || !strstr(said, part))
        fail_msg("%s with %s: %s: %s; expected %s with '%s'", text,
                 params ? params : "-", mlpipe_status_name(st), said,
                 mlpipe_status_name(status), part);
}

static void fails(const char *text, const char *params, mlpipe_status status,
                  const char *part)
{
    fails_n(text, strlen(text), params, status, part);
}

static mlpipe_report *report_of(const char *text, const char *params)
{
    mlpipe_dataset *d;
    mlpipe_report *r;

    assert_ok(ctx, mlpipe_read_json_memory(ctx, text, strlen(text), params,
                                           &d));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    mlpipe_dataset_free(d);
    return r;
}

/* The report as JSON holds each of the parts, ended by NULL. */
static void report_holds(const char *text, const char *params,
                         const char *const *parts)
{
    mlpipe_report *r = report_of(text, params);
    mlpipe_buffer *b;

    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &b));
    for (; *parts; parts++)
        if (!strstr(mlpipe_buffer_data(b), *parts))
            fail_msg("no %s in %s", *parts,
                     (const char *)mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

/* ---- formats ------------------------------------------------------------ */

static void formats(void **state)
{
    (void)state;
    static const char rows[] = "a i64: 1, 2; b category: 'x', -";
    reads("{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n", NULL, rows);
    reads("{\"a\":1,\"b\":\"x\"}\r\n\n  \t\r\n { \"a\" : 2 } ", NULL, rows);
    reads("[{\"a\":1,\"b\":\"x\"},{\"a\":2}]", NULL, rows);
    reads("\xef\xbb\xbf[\n {\"a\":1,\"b\":\"x\"} ,\n {\"a\":2}\n ]\n", NULL,
          rows);
    reads("{\"meta\":{\"n\":[1,{}]},\"data\":{\"rows\":[{\"a\":1,\"b\":"
          "\"x\"},{\"a\":2}],\"next\":null},\"z\":[[]]}", "at=/data/rows",
          rows);
    reads("[7,{\"a/b\":{\"~\":[{\"a\":1,\"b\":\"x\"},{\"a\":2}]}},8]",
          "at=/1/a~1b/~0", rows);
    reads("{\"d\\u0061ta\":[{\"a\":1,\"b\":\"x\"},{\"a\":2}]}", "at=/data",
          rows);
    reads("{\"\":[{\"a\":1,\"b\":\"x\"},{\"a\":2}]}", "at=/", rows);
    reads("[{\"a\":1,\"b\":\"x\"},{\"a\":2}]", "format=array", rows);
}

static void formats_refused(void **state)
{
    (void)state;
    fails("", NULL, MLPIPE_E_EMPTY, "nothing in it");
    fails(" \n ", NULL, MLPIPE_E_EMPTY, "nothing in it");
    fails("[]", NULL, MLPIPE_E_EMPTY, "no row");
    fails("{}\n{}", NULL, MLPIPE_E_EMPTY, "has a key");
    fails("[{}]", NULL, MLPIPE_E_EMPTY, "has a key");
    fails("[{\"a\":1}", NULL, MLPIPE_E_FORMAT, "never closed");
    fails("[{\"a\":1},]", NULL, MLPIPE_E_FORMAT, "behind the comma");
    fails("[,{\"a\":1}]", NULL, MLPIPE_E_FORMAT, "object in braces");
    fails("[{\"a\":1} {\"a\":1}]", NULL, MLPIPE_E_FORMAT, "comma or ]");
    fails("[{\"a\":1}] x", NULL, MLPIPE_E_FORMAT, "behind the document");
    fails("{\"a\":1}", "format=array", MLPIPE_E_FORMAT, "no array begins");
    fails("{\"a\":1}", "at=/a", MLPIPE_E_SCHEMA, "no array of rows");
    fails("{\"a\":1}", "at=/b", MLPIPE_E_SCHEMA, "no such key");
    fails("{\"a\":1}", "at=/a/b", MLPIPE_E_SCHEMA, "no object or array");
    fails("[[]]", "at=/1", MLPIPE_E_SCHEMA, "no such element");
    fails("[[]]", "at=/x", MLPIPE_E_SCHEMA, "by a number");
    fails("[[]]", "at=/00", MLPIPE_E_SCHEMA, "leading zeros");
    fails("[[]]", "at=/+0", MLPIPE_E_SCHEMA, "without sign");
    fails("[[]]", "at=/-0", MLPIPE_E_SCHEMA, "without sign");
    fails("[[]]", "at=/-", MLPIPE_E_SCHEMA, "by a number");
    fails("{}", "at=/x", MLPIPE_E_SCHEMA, "no such key");
    fails("{\"a\":[{\"b\":1}],\"a\":2}", "at=/a", MLPIPE_E_FORMAT, "twice");
    fails("{\"a\":[{\"b\":1}],\"c\":01}", "at=/a", MLPIPE_E_FORMAT,
          "leading zeros");
    fails("{\"a\":[{\"b\":1}]", "at=/a", MLPIPE_E_FORMAT, "comma or }");
    fails("{\"a\":1}", "at=a", MLPIPE_E_PARAM, "starts with /");
    fails("{\"a\":1}", "at=/~2", MLPIPE_E_PARAM, "~0");
    fails("{\"a\":1}", "at=/a format=ndjson", MLPIPE_E_PARAM, "pointer");
    fails("{\"a\":1}", "nest=text", MLPIPE_E_PARAM, "nested");
}

/* ---- keys --------------------------------------------------------------- */

static void keys(void **state)
{
    (void)state;
    reads("{\"b\":1,\"a\":2}\n{\"a\":3,\"c\":4,\"b\":5}\n{}\n", NULL,
          "b i64: 1, 5, -; a i64: 2, 3, -; c i64: -, 4, -");
    reads("{\"\\u0061\":1}\n{\"a\":2}\n{\"\xc3\xa9\":3}\n{\"\\u00e9\":4}\n",
          NULL, "a i64: 1, 2, -, -; \xc3\xa9 i64: -, -, 3, 4");
    reads("{\"a\":{\"b\":1,\"c\":{\"d\":2}},\"e\":3}\n"
          "{\"e\":4,\"a\":{\"c\":{\"d\":5}}}", NULL,
          "a.b i64: 1, -; a.c.d i64: 2, 5; e i64: 3, 4");
    reads("{\"a\":{\"b\":{\"c\":1}}}", "depth=2",
          "a.b category: '{\"c\":1}'");
    reads("{\"a\":{\"b\":1}}", "depth=1", "a category: '{\"b\":1}'");
    reads("{\"a\":{ \"b\": [1, 2]}}", "nested=text",
          "a category: '{ \"b\": [1, 2]}'");
    reads("{\"a\":{},\"b\":1}", NULL, "b i64: 1");
    fails("{\"a\":1,\"a\":2}", NULL, MLPIPE_E_FORMAT, "'a' occurs twice");
    fails("{\"a\":1,\"\\u0061\":2}", NULL, MLPIPE_E_FORMAT, "twice");
    fails("{\"a.b\":1,\"a\":{\"b\":2}}", NULL, MLPIPE_E_FORMAT, "twice");
    fails("{\"a\":1}\n{\"a\":1,\"b\":2,\"a\":2}", NULL, MLPIPE_E_FORMAT,
          "line 2");
    /* An object is a value too. */
    fails("{\"a\":{\"b\":1},\"a\":{\"c\":2}}", NULL, MLPIPE_E_FORMAT,
          "'a' occurs twice");
    fails("{\"a\":{},\"a\":{}}", NULL, MLPIPE_E_FORMAT, "'a' occurs twice");
    fails("{\"a\":{\"b\":1},\"a\":2}", NULL, MLPIPE_E_FORMAT,
          "'a' occurs twice");
    fails("{\"a\":null,\"a\":{\"b\":1}}", NULL, MLPIPE_E_FORMAT,
          "'a' occurs twice");
    fails("{\"x\":{\"a\":{\"b\":1},\"a\":{}}}", NULL, MLPIPE_E_FORMAT,
          "'x.a' occurs twice");
    fails("{\"a\":1}\n{\"a\":{\"b\":1},\"a\":2}", NULL, MLPIPE_E_FORMAT,
          "line 2");
    reads("{\"a\":1}\n{\"a\":{\"b\":1}}\n{\"b\":{\"a\":3}}\n"
          "{\"b\":{\"a\":4},\"a\":{\"b\":5,\"a\":{}}}", NULL,
          "a i64: 1, -, -, -; a.b i64: -, 1, -, 5; b.a i64: -, -, 3, 4");
    fails("{\"\":1}", NULL, MLPIPE_E_FORMAT, "empty key");
    fails("{\"a\\u0000\":1}", NULL, MLPIPE_E_FORMAT, "NUL");
    fails("{\"a\":[1]}", "nested=fail", MLPIPE_E_FORMAT, "nested=fail");
    fails("{\"a\":{\"b\":1}}", "nested=fail", MLPIPE_E_FORMAT,
          "nested=fail");
}

/* ---- types -------------------------------------------------------------- */

static void types(void **state)
{
    (void)state;
    reads("{\"a\":true,\"b\":1,\"c\":1.5,\"d\":\"x\",\"e\":null}\n"
          "{\"a\":false,\"b\":-2,\"c\":2,\"d\":\"y\",\"e\":null}", NULL,
          "a bool: 1, 0; b i64: 1, -2; c f64: 1.5, 2; d category: 'x', 'y'; "
          "e f64: -, -");
    reads("{\"a\":\"1\",\"b\":\"true\",\"c\":\"NA\",\"d\":\"\"}", NULL,
          "a category: '1'; b category: 'true'; c category: 'NA'; "
          "d category: ''");
    reads("{\"a\":9223372036854775807,\"b\":9223372036854775808,\"c\":-0,"
          "\"d\":-0.0,\"e\":1e3}", NULL,
          "a i64: 9223372036854775807; b category: '9223372036854775808'; "
          "c i64: 0; d f64: -0; e f64: 1000");
    reads("{\"a\":9007199254740993}\n{\"a\":18446744073709551616}\n", NULL,
          "a category: '9007199254740993', '18446744073709551616'");
    reads("{\"a\":\"2015-02-01\",\"b\":\"2015-02-01T10:11:12.5Z\"}", NULL,
          "a timestamp s: 1422748800; b timestamp us: 1422785472500000");
    reads("{\"a\":\"2015-02-01\"}\n{\"a\":\"soon\"}\n{\"a\":null}", NULL,
          "a category: '2015-02-01', 'soon', -");
    reads("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":1.50}\n{\"a\":true}\n"
          "{\"a\":[1, {}]}\n", NULL,
          "a category: '1', 'x', '1.50', 'true', '[1, {}]'");
    reads("{\"a\":\"x\",\"b\":\"y\"}", "text=text", "a text: 'x'; "
          "b text: 'y'");
    reads("{\"a\":7,\"b\":\"8\",\"c\":\"yes\",\"d\":\"1/2/2015\"}",
          "as=a:text,b:i64,c:bool dates=dmy",
          "a text: '7'; b i64: 8; c bool: 1; d timestamp s: 1422748800");
    reads("{\"a\":1,\"b\":\"-\"}\n{\"a\":\"?\",\"b\":\"NA\"}", "na=?,NA",
          "a i64: 1, -; b category: '-', -");
    fails("{\"a\":1}", "as=b:i64", MLPIPE_E_SCHEMA, "as=\"b:i64\"");
    fails("{\"a\":1}", "as=b", MLPIPE_E_PARAM, "name:type");
    fails("{\"a\":\"x\"}", "as=a:i64", MLPIPE_E_FORMAT, "no i64");
    fails("{\"a\":\"1/2/2015\"}", NULL, MLPIPE_E_AMBIGUOUS, "dates=dmy");
}

/* A long key is shown by its first characters, none of them by half. */
static void long_key(void **state)
{
    char text[300] = "{\"x", shown[200] = "the key 'x";
    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(text, "\xc3\xa9");
    for (int i = 0; i < 49; i++)
        strcat(shown, "\xc3\xa9");
    strcat(text, "\":1,");
    memmove(text + strlen(text), text + 1, strlen(text));
    text[strlen(text) - 1] = '}';
    fails(text, NULL, MLPIPE_E_FORMAT, strcat(shown, "' occurs twice"));
}

static void mixed_bad(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":null}\n{\"a\":1}\n{\"a\":\"x\"}\n"
                               "{\"a\":2.5}\n{\"a\":[1]}\n";
    reads(text, "mixed=bad rows=quarantine", "a f64: -, 1, 2.5");
    fails(text, "mixed=bad", MLPIPE_E_FORMAT, "another kind");
    report_holds(text, "mixed=bad rows=quarantine",
                 (const char *[]){"\"rejected\":{\"value\":2}", "another kind",
                                  "{\\\"a\\\":\\\"x\\\"}", NULL});
    report_holds(text, NULL, (const char *[]){"several kinds", NULL});
    reads("{\"a\":\"NA\"}\n{\"a\":1}", "mixed=bad na=NA", "a i64: -, 1");
    reads("{\"a\":1}\n{\"a\":\"N\\u0041\"}", "mixed=bad na=NA",
          "a i64: 1, -");
}

static void texts(void **state)
{
    (void)state;
    reads("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
          "text=text", "a text: '\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80'");
    reads("{\"a\":\"\\u20acx\xe2\x82\xac\\\\\"}", NULL,
          "a category: '\xe2\x82\xacx\xe2\x82\xac\\'");
}

/* ---- rejects ------------------------------------------------------------ */

static void rejects(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":1}\n\n{\"a\":2,}\n[3]\n{\"a\":4} {}\n{\"a\":5}\n{\"b\":";
    reads(text, "rows=quarantine", "a i64: 1, 5");
    report_holds(text, "rows=quarantine", (const char *[]){
        "\"rows_in\":{\"value\":7}", "\"loaded\":{\"value\":2}",
        "\"rejected\":{\"value\":4}", "\"skipped\":{\"value\":1}",
        "[3,9,18,\"\",\"a key in quotes belongs here (byte 8 of the row)\"",
        "\"format\":\"ndjson\"", NULL});
    static const char array[] =
        "[{\"a\":1},3,\n{\"a\":1,\"a\":2},{\"a\":\"\xff\"},{\"a\":1e999},"
        "{\"a\":\"\\ud800\"},{\"a\":4,\"b\":[{}]}]";
    reads(array, "rows=quarantine", "a i64: 1, 4; b category: -, '[{}]'");
    report_holds(array, "rows=quarantine", (const char *[]){
        "\"rows_in\":{\"value\":7}", "\"loaded\":{\"value\":2}",
        "\"rejected\":{\"value\":5}", "[2,12,25,",
        "no UTF-8", "1.797e308", "surrogate", "\"format\":\"array\"", NULL});
    fails(array, "rows=quarantine max_rejects=2", MLPIPE_E_FORMAT,
          "max_rejects");
    fails("[{\"a\":1},{\"a\":tru},{\"a\":2}]", "rows=quarantine",
          MLPIPE_E_FORMAT, "starts no value");
}

static void reports(void **state)
{
    (void)state;
    report_holds("{\"a\":1,\"b\":null,\"c\":{}}\n{\"b\":2,\"d\":[\"\"]}\n"
                 "{\"b\":\"NA\"}", "na=NA", (const char *[]){
        "[\"a\",1,2]", "[\"b\",3,0]", "[\"a\",\"absent\",2]",
        "[\"b\",\"null\",1]", "[\"b\",\"NA\",1]",
        "\"empty_objects\":{\"value\":1}",
        "\"encoding\":\"ascii\"", "arrays or objects", NULL});
    report_holds("{\"x\":[{\"\xc3\xa9\":1}]}", "at=/x", (const char *[]){
        "\"at\":\"/x\"", "\"encoding\":\"utf-8\"", NULL});
}

/* ---- limits ------------------------------------------------------------- */

static void limited(const mlpipe_limits *limits, const char *text,
                    mlpipe_status status, const char *part)
{
    mlpipe_ctx *outer = ctx;
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = limits};

    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    fails(text, NULL, status, part);
    mlpipe_ctx_free(ctx);
    ctx = outer;
}

static void limits(void **state)
{
    mlpipe_limits l = {.size = sizeof l};
    (void)state;
    l.csv_line_bytes = 20;
    limited(&l, "{\"a\":\"0123456789012345\"}", MLPIPE_E_LIMIT,
            "csv_line_bytes");
    limited(&l, "[{\"a\":\"0123456789012345\"}]", MLPIPE_E_LIMIT,
            "csv_line_bytes");
    l = (mlpipe_limits){.size = sizeof l, .csv_columns = 2};
    limited(&l, "{\"a\":1}\n{\"b\":1}\n{\"c\":1}", MLPIPE_E_LIMIT,
            "csv_columns");
    /* Of one row too, whatever comes behind. */
    limited(&l, "{\"a\":1,\"b\":1,\"c\":1,x", MLPIPE_E_LIMIT, "csv_columns");
    limited(&l, "[{\"a\":1,\"b\":1,\"c\":1,x", MLPIPE_E_LIMIT,
            "csv_columns");
    l = (mlpipe_limits){.size = sizeof l, .csv_rows = 2};
    limited(&l, "{\"a\":1}\n{\"b\":1}\n{\"c\":1}", MLPIPE_E_LIMIT,
            "csv_rows");
    l = (mlpipe_limits){.size = sizeof l, .json_depth = 3};
    limited(&l, "{\"a\":[[[1]]]}", MLPIPE_E_FORMAT, "json_depth, 3");
    limited(&l, "{\"a\":{\"b\":[[1]]}}", MLPIPE_E_FORMAT, "json_depth, 3");
    limited(&l, "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", MLPIPE_E_FORMAT,
            "json_depth, 3");
    l = (mlpipe_limits){.size = sizeof l, .json_key_bytes = 3};
    limited(&l, "{\"abcd\":1}", MLPIPE_E_FORMAT, "json_key_bytes");
    l = (mlpipe_limits){.size = sizeof l, .cell_bytes = 3};
    limited(&l, "{\"a\":\"abcd\"}", MLPIPE_E_LIMIT, "cell_bytes");
}

/* ---- strictness --------------------------------------------------------- */

/* A value in a row: y reads, n is no JSON. In the manner of JSONTestSuite. */
static const char *const good_values[] = {
    "0", "-0", "-1", "1", "0.5", "1e5", "1E+5", "1e-5", "0e1", "-1.5e-3",
    "123456789012345678901234567890", "1.7976931348623157e308", "5e-324",
    "1e-999", "true", "false", "null", "\"\"", "\" \"", "\"\\u0000\"",
    "\"\\u0022\"", "\"\\\"\"", "\"\\/\"", "\"\x7f\"", "\"\\uD83D\\uDE00\"",
    "\"\\udbff\\udfff\"", "\"\xf4\x8f\xbf\xbf\"", "\"\\uffff\"",
    "\"\xe2\x80\xa8\"", "[]", "[1]", "[[]]", "[ 1 , 2 ]", "[null,1,\"2\",{}]",
    "{}", "{\"b\":{}}", "[{\"x\":1,\"x\":2}]", "[\t]", "\"a\xcc\x81\"",
};
static const char *const bad_values[] = {
    "", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e3", "1e", "1e+",
    "1ea", "-", "--1", "0x1", "1_000", "1,000", "Infinity", "-Infinity",
    "NaN", "nan", "inf", "1e999", "-1e999", "True", "TRUE", "tru", "truee",
    "nul", "nulll", "None", "undefined", "'a'", "a", "\"", "\"a",
    "\"\\\"", "\"\\x41\"", "\"\\a\"", "\"\\u\"", "\"\\u12\"", "\"\\u123g\"",
    "\"\\U0041\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
    "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\t\"", "\"\x01\"", "\"\x1f\"",
    "\"\xff\"", "\"\x80\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "[", "[1", "[1,", "[1,]",
    "[,1]", "[,]", "[1,,2]", "[1 2]", "]", "[1}", "{", "{\"a\"", "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:1}",
    "{\"a\":1 \"b\":2}", "{,}", "{\"a\":}", "{:1}", "[\"a\":1]",
    "{\"a\",1}", "1 // x", "/* x */ 1", "1 # x", "\"a\" \"b\"", "\xc2\xa0""1",
    "\v1", "\f1", "\xef\xbb\xbf""1", "[\xff]", "[\"\\ud800\"]",
    "[1e999]", "{\"b\":\"\\x\"}", "[-]", "[1.]", "[+1]", "[NaN]",
};

static void strict_one(const char *value, bool fine)
{
    static const char *const forms[] = {
        "{\"a\":%s}", "[{\"a\":%s}]", "{\"z\":{\"y\":[{\"a\":%s}]}}",
        "{\"y\":%s,\"z\":{\"y\":[{\"b\":1}]}}",
        "{\"z\":{\"y\":[{\"b\":1}],\"z\":%s},\"q\":1}",
        "{\"b\":{\"c\":%s,\"d\":1}}",
    };
    for (uint32_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[200];
        mlpipe_dataset *d = NULL;
        const int n = snprintf(text, sizeof text, forms[i], value);
        const mlpipe_status st = mlpipe_read_json_memory(
            ctx, text, (size_t)n, i > 1 && i < 5 ? "at=/z/y" : NULL, &d);
        /* An object without keys names no column. */
        if (fine ? st && st != MLPIPE_E_EMPTY : st != MLPIPE_E_FORMAT)
            fail_msg("form %u, %s: %s: %s", i, value, mlpipe_status_name(st),
                     mlpipe_ctx_error(ctx)->text);
        mlpipe_dataset_free(d);
    }
}

static void strictness(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_values / sizeof good_values[0]; i++)
        strict_one(good_values[i], true);
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++)
        strict_one(bad_values[i], false);
    fails_n("{\"a\":\0}", 7, "encoding=utf8", MLPIPE_E_FORMAT, "no value");
    fails_n("{\"a\":1}\0", 8, "encoding=utf8", MLPIPE_E_FORMAT,
            "behind the object");
}

/* Every text cut short is an error or fewer rows, never a crash. */
static void cut_short(void **state)
{
    static const char text[] =
        "{\"z\":{\"y\":[{\"a\":\"\\ud83d\\ude00\xe2\x82\xac\",\"b\":-1.5e3,"
        "\"c\":{\"d\":true}},{\"a\":null,\"e\":[1,\"\"]}]},\"q\":[{}]}";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        mlpipe_dataset *d;
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        const mlpipe_status st = mlpipe_read_json_memory(
            ctx, copy, n, "at=/z/y rows=quarantine", &d);
        assert_true(st && st != MLPIPE_E_INTERNAL && !d);
        free(copy);
    }
}

/* ---- a file that comes in drops ----------------------------------------- */

static const char drip_text[] =
    "{\"m\":{\"k\":[1,{\"\\u00e9\":\"\\\\\"}]},\"z\":{\"y\":[{\"a\":\"\\ud83d"
    "\\ude00\xe2\x82\xac\",\"b\":-1.5e3,\"c\":{\"d\":true}},\n 5 , "
    "{\"a\":null,\"e\":[1,\"\"],\"b\":12}  ]},\"q\":[{}]}\n";
static const char drip_lines[] =
    "{\"a\":\"\\ud83d\\ude00\xe2\x82\xac\",\"b\":-1.5e3,\"c\":{\"d\":true}}\n"
    "\r\n5\r\n{\"a\":null,\"e\":[1,\"\"],\"b\":12}";
static const char *drip_now;

static int32_t drip_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    (void)user;
    (void)path;
    *out = (mlpipe_io_stat){.size = strlen(drip_now)};
    return 0;
}

static int32_t drip_open(void *user, const char *path, int32_t mode,
                         void **file)
{
    (void)user;
    (void)path;
    (void)mode;
    *file = &drip_now;
    return 0;
}

static int32_t drip_read(void *user, void *file, uint64_t offset, void *bytes,
                         size_t room, size_t *got)
{
    const size_t size = strlen(drip_now);
    const size_t left = offset < size ? size - (size_t)offset : 0;
    const size_t most = 1 + offset % 3;
    (void)user;
    (void)file;
    *got = most < left ? most : left;
    *got = *got < room ? *got : room;
    memcpy(bytes, drip_now + offset, *got);
    return 0;
}

static int32_t drip_close(void *user, void *file)
{
    (void)user;
    (void)file;
    return 0;
}

static void drops(void **state)
{
    static const char expected[] =
        "a category: '\xf0\x9f\x98\x80\xe2\x82\xac', -; b f64: -1500, 12; "
        "c.d bool: 1, -; e category: -, '[1,\"\"]'";
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);
    const mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *c;
    (void)state;

    /* The others stay as they are in memory: nobody calls them. */
    io.stat = drip_stat;
    io.open = drip_open;
    io.read_at = drip_read;
    io.close = drip_close;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    for (int i = 0; i < 2; i++) {
        mlpipe_dataset *d;
        mlpipe__text t;
        drip_now = i ? drip_lines : drip_text;
        assert_ok(c, mlpipe_read_json(c, "x", i ? "rows=quarantine"
                                      : "at=/z/y rows=quarantine", &d));
        mlpipe__text_init(&t, c->env);
        show(&t, d);
        assert_string_equal(expected, t.data);
        mlpipe__text_free(&t);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
}

/* A file that is written over between the passes, and whose size and time tell
 * nothing: what the first pass did not see is never put anywhere. */
static void changes(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}"},
        {"[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"z\":2}]"},
        {"{\"a\":1.5}", "{\"a\":[1]}"},
    };
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);
    const mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *c;
    (void)state;

    io.stat = drip_stat;
    io.open = drip_open;
    io.read_at = drip_read;
    io.close = drip_close;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlpipe_source *s;
        mlpipe_dataset *d;
        drip_now = cases[i].before;
        assert_ok(c, mlpipe_source_json(c, "x", NULL, &s));
        drip_now = cases[i].after;
        for (int k = 0; k < 2; k++) { /* a failure is no way in */
            assert_told(c, MLPIPE_E_CONFLICT, mlpipe_source_next(c, s, &d));
            assert_null(d);
            assert_non_null(strstr(mlpipe_ctx_error(c)->text, "changed"));
        }
        mlpipe_source_free(s);
    }
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
}

/* ---- many columns and few bytes ----------------------------------------- */

static int32_t count_progress(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    ++*(int32_t *)user;
    return 0;
}

/* A row of a few bytes costs a cell in each column: that can be stopped. */
static void polls_by_cells(void **state)
{
    enum { COLUMNS = 2000, ROWS = 10000 };
    int32_t calls = 0;
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &calls,
                                  .progress = count_progress};
    mlpipe_ctx *c;
    mlpipe_dataset *d;
    mlpipe__text t;
    (void)state;

    mlpipe__text_init(&t, ctx->env);
    for (int i = 0; i < COLUMNS; i++)
        mlpipe__text_add(&t, "%s\"k%d\":1", i ? "," : "{", i);
    mlpipe__text_add(&t, "}\n");
    for (int i = 1; i < ROWS; i++)
        mlpipe__text_add(&t, "{}\n");
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_read_json_memory(c, t.data, t.size, NULL, &d));
    /* Twenty million cells in each of two passes. */
    assert_in_range(calls, 8, 100);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    mlpipe__text_free(&t);
}

/* More paths of objects than columns may be: they are forgotten, and the
 * next row is read as any. */
static void many_objects(void **state)
{
    const mlpipe_limits l = {.size = sizeof l, .csv_columns = 3};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &l};
    mlpipe_ctx *outer = ctx;
    (void)state;

    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    reads("{\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{},\"x\":1}\n"
          "{\"f\":{},\"a\":{\"x\":2},\"b\":{\"c\":{}}}\n"
          "{\"a\":{\"x\":3},\"x\":4}", NULL,
          "x i64: 1, -, 4; a.x i64: -, 2, 3");
    fails("{\"x\":1}\n{\"f\":{},\"f\":{}}", NULL, MLPIPE_E_FORMAT,
          "'f' occurs twice");
    mlpipe_ctx_free(ctx);
    ctx = outer;
}

/* ---- blocks ------------------------------------------------------------- */

/* More rows than a block, in both formats, whole and by blocks; types that
 * only the last rows tell. */
static void blocks(void **state)
{
    enum { ROWS = 70000 };
    mlpipe__text t;
    (void)state;

    for (int array = 0; array < 2; array++) {
        const char *path = array ? "json_blocks.json" : "json_blocks.ndjson";
        mlpipe_source *s;
        mlpipe_dataset *whole, *d;
        int64_t rows = 0;
        mlpipe__text_init(&t, ctx->env);
        mlpipe__text_add(&t, array ? "[" : "");
        for (int i = 0; i < ROWS; i++)
            mlpipe__text_add(&t, "{\"a\":%d,\"b\":\"t%d\"%s}%s", i, i % 7,
                             i == ROWS - 1 ? ",\"c\":0.5" : "",
                             !array ? "\n" : i < ROWS - 1 ? ",\n" : "]");
        assert_ok(ctx, mlpipe__file_write(ctx, path, t.data, t.size, false));
        assert_ok(ctx, mlpipe_read_json(ctx, path, NULL, &whole));
        assert_int_equal(ROWS, mlpipe_dataset_rows(whole));
        assert_ok(ctx, mlpipe_source_json(ctx, path, NULL, &s));
        for (;;) {
            assert_ok(ctx, mlpipe_source_next(ctx, s, &d));
            if (!d)
                break;
            assert_int_equal(3, mlpipe_dataset_columns(d));
            for (int64_t i = 0; i < mlpipe_dataset_rows(d); i += 997)
                for (uint32_t k = 0; k < 3; k++)
                    assert_true(mlpipe__dataset_cell_hash(d, k, i, 0)
                                == mlpipe__dataset_cell_hash(whole, k,
                                                             rows + i, 0));
            rows += mlpipe_dataset_rows(d);
            mlpipe_dataset_free(d);
        }
        assert_int_equal(ROWS, rows);
        assert_ok(ctx, mlpipe_source_next(ctx, s, &d));
        assert_null(d);
        mlpipe_source_free(s);
        mlpipe_dataset_free(whole);
        mlpipe__text_free(&t);
        remove(path);
    }
}

/* Many names in as= cost what they are, not their square: no more than a few
 * times what the same keys cost without. Of two items the last one tells. */
static void many_types(void **state)
{
    enum { NAMES = 20000 };
    clock_t spent[2];
    mlpipe__text rows, as;
    (void)state;

    reads("{\"a\":1}", "as=a:text,a:f64", "a f64: 1");
    mlpipe__text_init(&rows, ctx->env);
    mlpipe__text_init(&as, ctx->env);
    mlpipe__text_add(&as, "as=");
    for (int i = 0; i < NAMES; i++) {
        mlpipe__text_add(&rows, i ? ",\"k%d\":1" : "{\"k%d\":1", i);
        mlpipe__text_add(&as, i ? ",k%d:f64" : "k%d:f64", i);
    }
    mlpipe__text_put(&rows, "}", 1);
    mlpipe__text_put(&as, "", 1);
    for (int k = 0; k < 2; k++) {
        mlpipe_dataset *d;
        const clock_t before = clock();
        assert_ok(ctx, mlpipe_read_json_memory(ctx, rows.data, rows.size,
                                               k ? as.data : NULL, &d));
        spent[k] = clock() - before;
        assert_int_equal(k ? MLPIPE_TYPE_F64 : MLPIPE_TYPE_I64,
                         mlpipe_dataset_type(d, NAMES - 1));
        mlpipe_dataset_free(d);
    }
    assert_true(spent[1] < 8 * spent[0] + CLOCKS_PER_SEC / 4);
    mlpipe__text_free(&rows);
    mlpipe__text_free(&as);
}

/* The same table through CSV has the same fingerprint. */
static void same_as_csv(void **state)
{
    static const char csv[] =
        "id,when,x,who,late\n1,2015-02-01,1.5,red,true\n"
        "2,2015-02-02,,\"gr\"\"een\",false\n3,2015-02-03T04:05:06.25,-3e9,,\n";
    static const char json[] =
        "{\"id\":1,\"when\":\"2015-02-01\",\"x\":1.5,\"who\":\"red\","
        "\"late\":true}\n{\"when\":\"2015-02-02\",\"id\":2,\"who\":\"gr\\\""
        "een\",\"late\":false}\n{\"id\":3,\"when\":\"2015-02-03T04:05:06.25"
        "\",\"x\":-3e9,\"who\":null}\n";
    mlpipe_dataset *a, *b;
    mlpipe_buffer *p, *q;
    (void)state;

    assert_ok(ctx, mlpipe_read_csv_memory(ctx, csv, sizeof csv - 1, NULL,
                                          &a));
    assert_ok(ctx, mlpipe_read_json_memory(ctx, json, sizeof json - 1, NULL,
                                           &b));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, a, &p));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, b, &q));
    assert_string_equal(mlpipe_buffer_data(p), mlpipe_buffer_data(q));
    mlpipe_buffer_free(p);
    mlpipe_buffer_free(q);
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(formats_refused),
        cmocka_unit_test(keys),
        cmocka_unit_test(types),
        cmocka_unit_test(long_key),
        cmocka_unit_test(mixed_bad),
        cmocka_unit_test(texts),
        cmocka_unit_test(rejects),
        cmocka_unit_test(reports),
        cmocka_unit_test(limits),
        cmocka_unit_test(strictness),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(drops),
        cmocka_unit_test(changes),
        cmocka_unit_test(polls_by_cells),
        cmocka_unit_test(many_objects),
        cmocka_unit_test(many_types),
        cmocka_unit_test(blocks),
        cmocka_unit_test(same_as_csv),
    };
    return cmocka_run_group_tests_name("json_read", tests, set_up, tear_down);
}
