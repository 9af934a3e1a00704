/* SPDX-License-Identifier: MIT */
/*
 * What a few cells do to a column is told: rows of sums in any language, a
 * word among numbers, numbers that are written in another way.
 */
#include "support.h"

static mlpipe_ctx *ctx;
static char told[4000];

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    (void)user;
    (void)component;
    if (level <= MLPIPE_LOG_WARN) {
        strncat(told, text, sizeof told - strlen(told) - 2);
        strcat(told, "\n");
    }
}

static int set_up(void **state)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .log = keep_log,
                                  .log_level = MLPIPE_LOG_INFO};
    return mlpipe_ctx_new(&o, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_dataset *read_ok(const char *text, const char *params)
{
    mlpipe_dataset *d;

    told[0] = '\0';
    if (mlpipe_read_csv_memory(ctx, text, strlen(text), params, &d))
        fail_msg("%s", mlpipe_ctx_error(ctx)->text);
    return d;
}

static void assert_told(const char *words)
{
    if (!strstr(told, words))
        fail_msg("no \"%s\" in: %s", words, told);
}

static void assert_quiet(void)
{
    assert_string_equal("", told);
}

/* Is it in the report of the reading? */
static void assert_noted(const mlpipe_dataset *d, const char *words)
{
    mlpipe_report *r;
    mlpipe_buffer *json;

    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &json));
    if (!strstr(mlpipe_buffer_data(json), words))
        fail_msg("no \"%s\" in: %s", words,
                 (const char *)mlpipe_buffer_data(json));
    mlpipe_buffer_free(json);
    mlpipe_report_free(r);
}

/* ---- the last row ------------------------------------------------------- */

/* Rows of a day, a kind, a count and a price whose sums are told. */
static char *sales(int rows, const char *last)
{
    static char text[40000];
    char *p = text;

    p += sprintf(p, "Datum;Art;Menge;Preis;\n");
    for (int i = 0; i < rows; i++)
        p += sprintf(p, "2024-03-%02d;%s;%d;%d,25;x\n", i % 28 + 1,
                     i % 2 ? "a" : "b", i, 3 * i);
    sprintf(p, "%s", last);
    return text;
}

static void test_total(void **state)
{
    /* 0 + ... + 39 and three times that with 40 quarters. */
    mlpipe_dataset *d = read_ok(sales(40, "Summe;;780;2350,00;\n"), NULL);

    assert_quiet();
    assert_int_equal(40, mlpipe_dataset_rows(d));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 0));
    assert_int_equal(MLPIPE_TYPE_I64, mlpipe_dataset_type(d, 2));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_dataset_type(d, 3));
    assert_noted(d, "Summe;;780");
    mlpipe_dataset_free(d);
    /* One sum is enough, rounded too; behind a blank line; without its end. */
    d = read_ok(sales(40, "\nRazem;;9;2350;"), NULL);
    assert_int_equal(40, mlpipe_dataset_rows(d));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 0));
    mlpipe_dataset_free(d);
}

static void test_total_in_doubt(void **state)
{
    /* No sum: the row stays, and it is told what it did. */
    mlpipe_dataset *d = read_ok(sales(400, "Stand;;781;1,00;\n"), NULL);

    assert_int_equal(401, mlpipe_dataset_rows(d));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 0));
    assert_told("column Datum: 400 of 401 values are timestamps, line 402 is "
                "\"Stand\"; say footer=1 or as=Datum:text");
    mlpipe_dataset_free(d);
    /* A sum beside an empty cell, but no type is broken. */
    d = read_ok("a,b,c\nx,1,7\ny,2,7\nz,3,7\n,6,7\n", NULL);
    assert_int_equal(4, mlpipe_dataset_rows(d));
    assert_told("line 5 may be no row: it holds the sum of column b");
    mlpipe_dataset_free(d);
    /* What is said is done. */
    d = read_ok(sales(40, "Summe;;780;2350,00;\n"), "footer=0");
    assert_int_equal(41, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    d = read_ok("a,b,c\nx,1,7\ny,2,7\nz,3,7\n,6,7\n", "footer=0");
    assert_quiet();
    mlpipe_dataset_free(d);
    /* Missing values are no sums. */
    d = read_ok("a,b,c\nx,1,7\ny,2,7\nz,3,7\n,7,7\n", NULL);
    assert_quiet();
    mlpipe_dataset_free(d);
}

/* ---- a word among numbers ----------------------------------------------- */

static void test_few(void **state)
{
    static char text[20000];
    char *p = text + sprintf(text, "first,mid,many,bool\n");

    for (int i = 0; i < 300; i++)
        p += sprintf(p, "%s,%s,%s,%s\n", i ? "1.5" : "none",
                     i == 7 || i == 9 ? "-" : "12",
                     i % 50 ? "3" : "word", i == 3 ? "maybe" : "yes");
    mlpipe_dataset *d = read_ok(text, NULL);
    assert_told("column first: 299 of 300 values are numbers, line 2 is "
                "\"none\"");
    assert_told("column mid: 298 of 300 values are integers, line 9 is "
                "\"-\" (and 1 more)");
    assert_told("column bool: 299 of 300 values are yes or no");
    assert_null(strstr(told, "column many"));
    mlpipe_dataset_free(d);
    d = read_ok(text, "as=first:text,mid:text,bool:category");
    assert_quiet();
    mlpipe_dataset_free(d);
}

/* ---- numbers in another way --------------------------------------------- */

static void test_ways(void **state)
{
    static const struct {
        const char *cells[4], *way;
        double second;
    } cases[] = {
        {{"950,00", "1.708,04", "-1.234,50", "12.345.678,9"},
         "thousands='.' decimal=','", 1708.04},
        {{"12.5", "1'234.50", "7", "1'000'000.25"}, "thousands=''''",
         1234.5},
        {{"1 234,50", "-1 234,50", "2,5", "7"},
         "thousands=space decimal=','", -1234.5},
        {{"12", "1\xc2\xa0" "234", "7", "1\xe2\x80\xaf" "000"},
         "thousands=space", 1234},
        {{"1,234.50", "1,234", "2.5", "7"}, "thousands=','", 1234},
    };
    char text[200], words[120];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const *c = cases[i].cells;
        sprintf(text, "x;y\n%s;a\n%s;b\n%s;c\n%s;d\n", c[0], c[1], c[2],
                c[3]);
        mlpipe_dataset *d = read_ok(text, NULL);
        assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 0));
        sprintf(words, "look like numbers written with %s;", cases[i].way);
        assert_told(words);
        sprintf(words, "looks like numbers written with %s\"",
                cases[i].way);
        assert_noted(d, words);
        mlpipe_dataset_free(d);
        /* What is advised helps. */
        mlpipe_value v;
        d = read_ok(text, cases[i].way);
        assert_quiet();
        assert_int_equal(0, mlpipe_dataset_cell(d, 1, 0, &v));
        assert_true(v.num == cases[i].second);
        mlpipe_dataset_free(d);
    }
    /* Neither numbers nor a doubt. */
    mlpipe_dataset *d = read_ok("x;y\n1.708,04;a\n1.70,04;b\n", NULL);
    assert_quiet();
    mlpipe_dataset_free(d);
    d = read_ok("x;y\n030 123 456;a\n555 12 12;b\n", NULL);
    assert_quiet();
    mlpipe_dataset_free(d);
}

/* ---- dots --------------------------------------------------------------- */

static void dots(const char *cells, const char *params, double first,
                 const char *note)
{
    mlpipe_value v;
    mlpipe_dataset *d = read_ok(cells, params);

    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 0));
    assert_int_equal(0, mlpipe_dataset_cell(d, 0, 0, &v));
    assert_true(v.num == first);
    assert_noted(d, note);
    mlpipe_dataset_free(d);
}

static void test_dots(void **state)
{
    const double feb1 = 1706745600, jan2 = 1704153600;
    mlpipe_dataset *d;

    dots("d;x\n01.02.2024;a\n03.04.2024;b\n", NULL, feb1,
         "day.month.year: dots are day first");
    dots("d;x\n1.2.2024 00:00;a\n3.4.2024 10:00;b\n", NULL, feb1,
         "day.month.year: dots are day first");
    dots("d;x\n01.02.2024;a\n13.04.2024;b\n", NULL, feb1,
         "day.month.year: dots are day first");
    /* Where day first does not fit, or another order is asked for. */
    dots("d;x\n01.02.2024;a\n03.14.2024;b\n", NULL, jan2,
         "month/day/year");
    dots("d;x\n01.02.2024;a\n", "dates=mdy", jan2, "month/day/year");
    /* Slashes and hyphens stay in doubt, beside dots too. */
    for (int i = 0; i < 3; i++) {
        static const char *const texts[] = {
            "d;x\n01/02/2024;a\n", "d;x\n01-02-2024;a\n",
            "d;x\n01.02.2024;a\n03/04/2024;b\n"};
        assert_status(MLPIPE_E_AMBIGUOUS,
                      mlpipe_read_csv_memory(ctx, texts[i], strlen(texts[i]),
                                             NULL, &d));
    }
}

/* ---- names of other libraries ------------------------------------------- */

static void test_names(void **state)
{
    static const char *const names[] = {"sep", "seperator", "separator",
                                        "delim"};
    char params[40];
    mlpipe_dataset *d;

    for (int i = 0; i < 4; i++) {
        sprintf(params, "%s=;", names[i]);
        assert_status(MLPIPE_E_PARAM,
                      mlpipe_read_csv_memory(ctx, "a;b\n1;2\n", 8, params,
                                             &d));
        if (!strstr(mlpipe_ctx_error(ctx)->text,
                    "did you mean \"delimiter\"?"))
            fail_msg("%s", mlpipe_ctx_error(ctx)->text);
    }
}

static void assert_type(const mlpipe_dataset *d, uint32_t column,
                        int32_t type)
{
    assert_int_equal(type, mlpipe_dataset_type(d, column));
}

/* 1.234 is no 1.234 where other columns have decimal commas; where one cell
 * can only be a decimal number, or none has such commas, it is. */
static void test_point_of_thousands(void **state)
{
    mlpipe_dataset *d = read_ok("k;sum;price\na;765.576;0,5\nb;12;1,5\n"
                                "c;-1.250;2,25\n", NULL);
    assert_type(d, 1, MLPIPE_TYPE_CATEGORY);
    assert_type(d, 2, MLPIPE_TYPE_F64);
    assert_told("column sum is text, but \"765.576\" in line 2");
    assert_told("thousands='.' decimal=','");
    assert_noted(d, "looks like numbers written with thousands='.'");
    mlpipe_dataset_free(d);
    d = read_ok("k;sum;price\na;765.576;0,5\nb;12;1,5\nc;-1.250;2,25\n",
                "decimal=, thousands=.");
    assert_quiet();
    assert_type(d, 1, MLPIPE_TYPE_I64);
    mlpipe_dataset_free(d);
    d = read_ok("k;sum;price\na;765.576;0,5\nb;12;1,5\n", "as=sum:f64");
    assert_type(d, 1, MLPIPE_TYPE_F64);
    mlpipe_dataset_free(d);
    static const char *const decimal[] = {
        "k;x;price\na;765.576;0,5\nb;1.5;1,5\n",
        "k;x;price\na;1.576;0,5\nb;0.521;1,5\n",
        "k;x;price\na;1.576;0,5\nb;1200;1,5\n",
        "k;x;price\na;1.576;5\nb;2.521;15\n",
        "k;x;price\na;1.576;1,500\nb;2.521;2,250\n"};
    for (size_t i = 0; i < sizeof decimal / sizeof *decimal; i++) {
        d = read_ok(decimal[i], NULL);
        assert_quiet();
        assert_type(d, 1, MLPIPE_TYPE_F64);
        mlpipe_dataset_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_point_of_thousands),
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_total_in_doubt),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_dots),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
