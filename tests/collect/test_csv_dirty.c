/* SPDX-License-Identifier: MIT */
/*
 * Files that readers of CSV are known to get wrong: each is read right, or
 * what is wrong with it is told; and the dialect, titles, footers, decimal
 * commas and mended rows.
 */
#include <stdbool.h>

#include "support.h"

#include "data/data_internal.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

/* ---- tools -------------------------------------------------------------- */

static mlpipe_dataset *read_bytes(const char *bytes, size_t size,
                                  const char *params)
{
    mlpipe_dataset *d;
    if (mlpipe_read_csv_memory(ctx, bytes, size, params, &d))
        fail_msg("%s of %.*s", mlpipe_ctx_error(ctx)->text,
                 size > 200 ? 200 : (int)size, bytes);
    return d;
}

static mlpipe_dataset *read_ok(const char *text, const char *params)
{
    return read_bytes(text, strlen(text), params);
}

static void says(const char *words)
{
    if (!strstr(mlpipe_ctx_error(ctx)->text, words))
        fail_msg("no \"%s\" in: %s", words, mlpipe_ctx_error(ctx)->text);
}

static void refuses(mlpipe_status status, const char *text,
                    const char *params, const char *words)
{
    mlpipe_dataset *d;
    assert_status(status, mlpipe_read_csv_memory(ctx, text, strlen(text),
                                                 params, &d));
    assert_null(d);
    says(words);
}

/* All cells as text: rows by /, cells by ., a null as ~. */
static void holds(const mlpipe_dataset *d, const char *expected)
{
    char out[2000];
    size_t n = 0;

    for (int64_t i = 0; i < mlpipe_dataset_rows(d); i++)
        for (uint32_t c = 0; c < mlpipe_dataset_columns(d); c++) {
            mlpipe_value v;
            assert_int_equal(0, mlpipe_dataset_cell(d, i, c, &v));
            n += (size_t)sprintf(out + n, "%s", c ? "." : i ? "/" : "");
            if (v.kind == MLPIPE_VALUE_TEXT)
                n += (size_t)sprintf(out + n, "%.*s", (int)v.len, v.str);
            else if (v.kind == MLPIPE_VALUE_NUMBER)
                n += (size_t)sprintf(out + n, "%.17g", v.num);
            else
                n += (size_t)sprintf(out + n, "~");
        }
    assert_string_equal(expected, out);
}

/* The rendered reading report holds the words. */
static void reports(const mlpipe_dataset *d, const char *words)
{
    mlpipe_report *r;
    mlpipe_buffer *b;

    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &b));
    if (!strstr(mlpipe_buffer_data(b), words))
        fail_msg("no %s in: %s", words, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

static double told(const mlpipe_dataset *d, const char *name)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    const double x = mlpipe_report_get(r, name);
    mlpipe_report_free(r);
    return x;
}

/* Reads to these cells and keeps the law of rows. */
static void reads(const char *text, const char *params, const char *expected)
{
    mlpipe_dataset *d = read_ok(text, params);

    holds(d, expected);
    assert_same(told(d, "rows_in"), told(d, "loaded") + told(d, "rejected")
                + told(d, "skipped"));
    mlpipe_dataset_free(d);
}

/* Reads to these cells, and the report holds the words. */
static void reads_and_reports(const char *text, const char *params,
                              const char *expected, const char *words)
{
    mlpipe_dataset *d = read_ok(text, params);

    holds(d, expected);
    reports(d, words);
    mlpipe_dataset_free(d);
}

/* ---- the 27 cases ------------------------------------------------------- */

static void test_line_ends(void **state)
{
    static const char nul[] = "a,b\nx\0y,1\nz,2\n";
    mlpipe_dataset *d;

    reads("\xef\xbb\xbf" "a,b\n1,2\n", NULL, "1.2");            /* 1 BOM */
    reads("a,b\r\n1,2\r\n3,4\r\n", NULL, "1.2/3.4");           /* 2 CRLF */
    reads_and_reports("a,b\r1,2\r3,4\r", NULL, "1.2/3.4",       /* 3 CR */
                      "\"cr\"");
    reads_and_reports("a,b\n1,2\r\n3,4\n", NULL, "1.2/3.4",     /* 4 mixed */
                      "\"mixed\"");
    d = read_bytes(nul, sizeof nul - 1, "text=text");           /* 5 NUL */
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, 0, 0, &v));
    assert_int_equal(3, v.len);
    assert_memory_equal("x\0y", v.str, 3);
    mlpipe_dataset_free(d);
    reads("a,b\n\n1,2\n\n\n3,4\n", NULL, "1.2/3.4");            /* 6 blank */
}

static void test_ragged(void **state)
{
    static const char short_row[] = "a,b,c\n1,2,3\n4,5\n6,7,8\n";
    static const char long_row[] = "a,b,c\n1,2,3\n4,5,6,7\n6,7,8\n";

    /* 7, 8: told; never one column, never cut or padded in silence */
    refuses(MLPIPE_E_FORMAT, short_row, NULL, "line 3: 2 cells where 3");
    refuses(MLPIPE_E_FORMAT, long_row, NULL, "line 3: 4 cells where 3");
    reads_and_reports(short_row, "rows=quarantine", "1.2.3/6.7.8",
                      "2 cells where 3 belong");
    reads_and_reports(short_row, "rows=pad", "1.2.3/4.5.~/6.7.8",
                      "\"padded\"");
    reads_and_reports(long_row, "rows=pad", "1.2.3/4.5.6/6.7.8", "\"cut\"");
    refuses(MLPIPE_E_FORMAT, "a,b\n1\n2\n1,2\n1,2\n3,4\n",
            "rows=pad max_rejects=1", "more than max_rejects");
}

static void test_quotes(void **state)
{
    static const char open[] = "a,b\n1,x\n2,\"y\n3,z\n";

    refuses(MLPIPE_E_FORMAT, open, NULL, "never closed");       /* 9 */
    reads_and_reports(open, "rows=quarantine", "1.x", "never closed");
    reads("a,b\n5\" pipe,1\np\"q,2\n", NULL, "5\" pipe.1/p\"q.2"); /* 10 */
    refuses(MLPIPE_E_FORMAT, "a,b\n\"p\"q,1\nr,2\n", NULL,
            "text follows a closing quote");
    reads_and_reports("a,b\n\"p\"q, x\",1\nr,2\n", "rows=pad",
                      "p\"q, x.1/r.2",
                      "a quote that closes nothing was kept");
    reads_and_reports("a,b\n\"p\"q,1\nr,2\n", "rows=pad", "r.2",
                      "text follows a closing quote"); /* nothing closes */
    reads("a,b\n\"say \"\"hi\"\"\",1\n", NULL, "say \"hi\".1");   /* 11 */
    reads_and_reports("a,b\n\"\",1\n,2\nx,3\n", NULL,             /* 12 */
                      "~.1/~.2/x.3", "null, quoted or not");
    reads_and_reports("a,b\n\"\",1\n,2\nx,3\n", NULL, "~.1/~.2/x.3",
                      "\"quoted_empty\":{\"value\":1}");
    reads("a,b\n\"\",1\n,2\nx,3\n", "na=''", ".1/.2/x.3");
    reads("a,b\n\"1\n2\",x\n\"\r\n\",y\n", "text=text",           /* 13 */
          "1\n2.x/\r\n.y");
}

static void test_values(void **state)
{
    reads("a,b\n01234,1\n02345,2\n", NULL, "01234.1/02345.2");   /* 14 */
    reads_and_reports("a,b\n9223372036854775808,1\n1,2\n", NULL, /* 15 */
                      "9223372036854775808.1/1.2", "beyond i64");
    reads("a,b\n18446744073709551616,1\n1,2\n", NULL,            /* 16 */
          "18446744073709551616.1/1.2");
    reads("a,b\ninf,1\n-inf,2\n1.5,3\n", NULL, "inf.1/-inf.2/1.5.3"); /* 17 */
    reads_and_reports("a;b\n1,5;x\n2,25;y\n", NULL, "1.5.x/2.25.y", /* 18 */
                      "a comma is the decimal point");
    reads_and_reports("a,b\n13/10/2014,1\n10/13/2014,2\n", NULL, /* 19 */
                      "13/10/2014.1/10/13/2014.2", "ambiguous date: line 3");
    reads("a,b\n 3 ,x\n 4,y\n", NULL, "3.x/4.y");                /* 20 */
    reads("a,a,\n1,2,3\n", NULL, "1.2.3");                       /* 21 */
    reads("a,b\nNA,x\nNA,y\n", NULL, "~.x/~.y");                 /* 22 */
}

/* 23: a value at row 200,001 makes a text of the column, and that is told. */
static void test_late_change(void **state)
{
    enum { ROWS = 200000 };
    char *text = malloc(ROWS * 12 + 100);
    size_t n = (size_t)sprintf(text, "a,b\n");

    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%d,1\n", i);
    n += (size_t)sprintf(text + n, "late,1\n");
    mlpipe_dataset *d = read_bytes(text, n, "text=text");
    mlpipe_value v;
    assert_int_equal(ROWS + 1, mlpipe_dataset_rows(d));
    assert_int_equal(0, mlpipe_dataset_cell(d, 7, 0, &v));
    assert_int_equal(MLPIPE_VALUE_TEXT, v.kind);
    assert_int_equal(0, mlpipe_dataset_cell(d, ROWS, 0, &v));
    assert_memory_equal("late", v.str, 4);
    reports(d, "i64 up to line 200002");
    mlpipe_dataset_free(d);
    free(text);
}

static void test_small_files(void **state)
{
    refuses(MLPIPE_E_EMPTY, "a,b\n", NULL, "no row");            /* 24 */
    reads("a,b\n1,2", NULL, "1.2");                              /* 25 */
    reads("a\n1\n2\n3\n", NULL, "1/2/3");                        /* 26 */
    reads_and_reports("words\nhello, world\nbye\nbye\n", NULL,
                      "hello, world/bye/bye", "\"none\"");
    refuses(MLPIPE_E_FORMAT, "a,b\ncaf\xe9,1\nx,2\n", NULL,      /* 27 */
            "no UTF-8");
}

/* ---- the dialect -------------------------------------------------------- */

static void test_dialects(void **state)
{
    reads("a;b;c\n1;2;3\n4;5;6\n", NULL, "1.2.3/4.5.6");
    reads("a\tb\n1\t2\n", NULL, "1.2");
    reads("a|b\n1|x,y\n", NULL, "1.x,y");
    reads("a b c\n1 2 3\n4 5 6\n", NULL, "1.2.3/4.5.6");
    reads("a, b\n1, x\n2, y\n", NULL, "1.x/2.y");
    reads("a, b\n1, x\n2, y\n", "trim=false", "1.x/2.y");
    reads("a, b\n1, x\n2,  y\n", "trim=false delimiter=', '", "1.x/2. y");
    reads("a,b\n'x,1',2\n'it''s',3\n", NULL, "x,1.2/it's.3");
    reads_and_reports("a,b\n\"x \\\"1\\\", y\",2\n\"z\",3\n", NULL,
                      "x \"1\", y.2/z.3", "\"backslash\"");
    reads("a,b\nx\\,y,2\n\\\\z,3\n", NULL, "x,y.2/\\z.3");
    reads("a,b\n\"5\" x, 6\",1\n\"7\" y\",2\n\"8\" z\",3\n", NULL,
          "5\" x, 6.1/7\" y.2/8\" z.3");
    reads_and_reports("# made by hand\na,b\n1,2\n# so far\n3,4\n", NULL,
                      "1.2/3.4", "# so far");
    reads("#id,b\n1,2\n3,4\n", NULL, "1.2/3.4");
    reads("a,b\n%x\n1,2\n", "comment=%", "1.2");
    refuses(MLPIPE_E_AMBIGUOUS, "a,b;c\n1,5;2\n2,5;3\n", NULL,
            "[a] [b;c]");
    says("[a,b] [c]");
    says("delimiter=");
    /* What is told wins. */
    reads("a\nx,y\nz,w\n", "delimiter=none", "x,y/z,w");
    reads("a,b;c\n1,5;2\n2,5;3\n", "delimiter=; decimal=,", "1.5.2/2.5.3");
    refuses(MLPIPE_E_PARAM, "a\n", "comment=##", "comment=");
    refuses(MLPIPE_E_PARAM, "a\n", "skip=-1", "skip=");
    refuses(MLPIPE_E_PARAM, "a\n", "footer=x", "footer=");
    refuses(MLPIPE_E_PARAM, "a\n", "decimal=;", "decimal=");
    refuses(MLPIPE_E_PARAM, "a\n", "thousands=x", "thousands=");
    refuses(MLPIPE_E_PARAM, "a\n", "thousands=.", "decimal and thousands");
    refuses(MLPIPE_E_PARAM, "a\n", "delimiter='\"'", "quote=");
    refuses(MLPIPE_E_PARAM, "a\n", "comment=',' delimiter=','", "comment");
}

static void test_dialect_report(void **state)
{
    static const char text[] = "Sales of May\n\nname;n\nx;1,5\ny;2\n";
    static const char two[] = "a,b;c\n1,5;2\n2,5;3\n";
    mlpipe_report *r;
    mlpipe_buffer *b;

    assert_ok(ctx, mlpipe_csv_dialect_memory(ctx, text, sizeof text - 1,
                                             NULL, &r));
    assert_same(2, mlpipe_report_get(r, "columns"));
    assert_same(0, mlpipe_report_get(r, "ambiguous"));
    assert_same(2, mlpipe_report_get(r, "before_header"));
    assert_true(mlpipe_report_get(r, "margin") > 0.3);
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &b));
    assert_non_null(strstr(mlpipe_buffer_data(b), "Sales of May"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    assert_ok(ctx, mlpipe_csv_dialect_memory(ctx, two, sizeof two - 1, NULL,
                                             &r));
    assert_same(1, mlpipe_report_get(r, "ambiguous"));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &b));
    assert_non_null(strstr(mlpipe_buffer_data(b), "[a] [b;c]"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    assert_told(ctx, MLPIPE_E_EMPTY,
                mlpipe_csv_dialect_memory(ctx, "", 0, NULL,
                                          &r));
    assert_null(r);
    assert_told(ctx, MLPIPE_E_NOT_FOUND,
                mlpipe_csv_dialect(ctx, "no/such.csv", NULL, &r));
}

/* ---- titles, headers, footers ------------------------------------------- */

static void test_preambles(void **state)
{
    reads_and_reports("Report 7\nmade in May\n\na,b,c\n1,2,3\n4,5,6\n", NULL,
                      "1.2.3/4.5.6", "Report 7");
    reads("Report,,\n,,\na,b,c\n1,2,3\n4,5,6\n", NULL, "1.2.3/4.5.6");
    reads("x\ny\na,b,c\n1,2,3\n4,5,6\n", "skip=2", "1.2.3/4.5.6");
    reads("1,2,3\na,b,c\n1,2,3\n", "skip=1", "1.2.3");
    mlpipe_dataset *d = read_ok("Title\n\na,b,c\n1,2,3\n4,5,6\n\n", NULL);
    assert_same(5, told(d, "rows_in"));
    assert_same(3, told(d, "skipped"));
    mlpipe_dataset_free(d);
    /* One cell less than the rows have: a title, or names that lack one? */
    refuses(MLPIPE_E_AMBIGUOUS, "a\n1,2\n3,4\n", NULL, "skip=1");
    reads("a\n1,2\n3,4\n", "skip=1", "1.2/3.4");
    reads("a\n1,2\n3,4\n", "skip=0 rows=pad header=true", "1.2/3.4");
    refuses(MLPIPE_E_FORMAT, "a,b\n1,2,3\n4,5,6\n", NULL,
            "3 cells where 2");
}

static void test_headers(void **state)
{
    mlpipe_dataset *d = read_ok("size,mass,kind\n(m),(kg),\n1,2,x\n3,4,y\n",
                                NULL);

    holds(d, "1.2.x/3.4.y");
    assert_string_equal("size (m)", mlpipe_dataset_name(d, 0));
    assert_string_equal("kind", mlpipe_dataset_name(d, 2));
    assert_same(2, told(d, "header_rows"));
    mlpipe_dataset_free(d);
    d = read_ok("a,b\na,b\n1,x\n2,y\n", NULL);
    assert_string_equal("a a", mlpipe_dataset_name(d, 0));
    mlpipe_dataset_free(d);
    /* One text above numbers may be dirt: it is a row. */
    d = read_ok("a,b\nunknown,x\n1,x\n2,y\n", NULL);
    assert_int_equal(3, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    d = read_ok("a,b\nc,d\ne,f\ng,h\n", "header_rows=2");
    assert_string_equal("a c", mlpipe_dataset_name(d, 0));
    assert_int_equal(2, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    d = read_ok("land,2001,2002,2003\nx,1.5,2.5,3\ny,4,5,6\n", NULL);
    assert_string_equal("2003", mlpipe_dataset_name(d, 3));
    mlpipe_dataset_free(d);
    refuses(MLPIPE_E_AMBIGUOUS, "1,5;2,5\n3,5;4,5\n", NULL, "[1] [5;2]");
    reads("1,5;2,5\n3,5;4,5\n", "delimiter=;", "1.5.2.5/3.5.4.5");
    reads("28/01/2018,x,2\n29/01/2018,y,3\n", NULL,
          "1517097600.x.2/1517184000.y.3"); /* dates are no names */
}

static void test_footers(void **state)
{
    reads_and_reports("a,b,c\n1,2,3\n4,5,6\nSource: the office\n", NULL,
                      "1.2.3/4.5.6", "Source: the office");
    reads("a,b,c\n1,2,3\n4,5,6\n\nchecked by hand\n", NULL, "1.2.3/4.5.6");
    reads("a,b,c\n1,2,3\n4,5,6\n=====\nby hand\n", NULL, "1.2.3/4.5.6");
    reads_and_reports("a,b,c\nx,2,3\ny,5,6\nTotal,,9\n", NULL,
                      "x.2.3/y.5.6", "Total,,9");
    /* A row that has all its cells is a row, whatever it is called. */
    reads("a,b\nNorth,1\nTotal,2\n", NULL, "North.1/Total.2");
    reads("a,b,c\n1,2,3\n4,5,6\n7,8,9\n", "footer=1", "1.2.3/4.5.6");
    reads("a,b,c\n1,2,3\n4,5,6\n7,8,9", "footer=2", "1.2.3");
    /* A lone text of a later column is a row with nulls. */
    reads("a,b,c\n1,x,\n4,y,\n,,\n,,z\n", NULL, "1.x.~/4.y.~/"
          "~.~.~/~.~.z");
    refuses(MLPIPE_E_FORMAT, "a,b,c\n1,2,3\n4,5,6\nSource: x\n", "footer=0",
            "1 cell where 3");
    refuses(MLPIPE_E_FORMAT, "a,b,c\n1,2,3\n4,5,6\nlate\n", NULL,
            "say footer=1"); /* a short row, or a note without its word */
}

/* Notes and totals in other languages; rows that are merely named so. */
static void test_footers_abroad(void **state)
{
    static const char *const notes[] = {
        "Quelle: Amt", "Quellen: zwei \xc3\x84mter", "Stand: 01.02.2024",
        "Stand 2024", "Anmerkung: ohne", "Hinweis: vorl\xc3\xa4ufig",
        "Fu\xc3\x9fnote: a", "Fuente: INE", "Fonte: Istat",
        "Remarque : provisoire", "Bron: CBS", "Nota: uno"};
    static const char *const totals[] = {
        "Summe", "GESAMT:", "Gesamtsumme", "Insgesamt", "Zwischensumme 2024",
        "Mittelwert", "Durchschnitt", "Total g\xc3\xa9n\xc3\xa9ral",
        "Total general", "Somme", "Totale", "Suma", "Media:", "Totaal"};
    static const char *const rows[] = {
        "Media", "Stand", "Sumatra", "Totalschaden", "Gesamtschule",
        "Quellenhof", "Summe Nord", "Standard"};
    char text[200];
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        sprintf(text, "a,b,c\n1,2,3\n4,5,6\n%s\n", notes[i]);
        reads_and_reports(text, NULL, "1.2.3/4.5.6", notes[i]);
    }
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        sprintf(text, "a,b,c\nx,2,3\ny,5,6\n%s,,9\n", totals[i]);
        reads_and_reports(text, NULL, "x.2.3/y.5.6", totals[i]);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char held[80];
        sprintf(text, "a,b,c\nx,2,3\ny,5,6\n%s,,7\n", rows[i]);
        sprintf(held, "x.2.3/y.5.6/%s.~.7", rows[i]);
        reads(text, NULL, held);
    }
    reads("a,b\nNord,1\nSumme,2\n", NULL, "Nord.1/Summe.2");
    refuses(MLPIPE_E_FORMAT, "a,b,c\n1,2,3\n4,5,6\nlate\nmore\n", NULL,
            "if the last 2 lines are notes say footer=2");
    reads("a,b,c\n1,2,3\n4,5,6\nlate\nmore\n", "footer=2", "1.2.3/4.5.6");
    refuses(MLPIPE_E_FORMAT, "a,b,c\n1,2,3\nlate\n4,5,6\n", NULL,
            "rows=pad");
}

static void test_numbers(void **state)
{
    reads("a;b\n1.234,5;x\n-12.345.678;y\n", "decimal=, thousands=.",
          "1234.5.x/-12345678.y");
    reads("a;b\n1,234;x\n12,345,678;y\n", "thousands=,",
          "1234.x/12345678.y");
    reads("a;b\n12,34;x\n1,234;y\n", "thousands=,", "12,34.x/1,234.y");
    reads("a;b\n1 234;x\n5;y\n", "thousands=space", "1234.x/5.y");
    reads("a;b\n1.5;x\n2;y\n", "decimal=,", "1.5.x/2.y");
    reads_and_reports("a;b\n1,234;x\n5,678;y\n", NULL, "1,234.x/5,678.y",
                      "say decimal= or thousands=");
    reads("a;b\n0,234;x\n5,678;y\n", NULL,
          "0.23400000000000001.x/5.6779999999999999.y");
    reads("a;b\n1,5;x\n2.5;y\n", NULL, "1,5.x/2.5.y");
    reads("a;b\n1,5;x\n2;y\n", "as=a:f64 decimal=,", "1.5.x/2.y");
}

/* What pandas loads, too: no parameter is needed. */
static void test_ordinary(void **state)
{
    reads("time\n2020-01-01 10:00:00\n2020-01-02 11:00:00\n", NULL,
          "1577872800/1577962800");
    reads("2020-01-01 10:00:00\n2020-01-02 11:00:00\n", NULL,
          "1577872800/1577962800");
    reads("name\nJohn Smith\nJane Doe\nBob Ross\n", NULL,
          "John Smith/Jane Doe/Bob Ross");
    reads("full name\nJohn Smith\nJane Doe\n", NULL, "John Smith/Jane Doe");
    reads("review\nvery good film\nquite bad film\n", NULL,
          "very good film/quite bad film");
    reads("a b\n1 2\n3 4\n", NULL, "1.2/3.4");
    reads("addr\n12 Main\n14 Oak\n16 Elm\n", NULL, "12 Main/14 Oak/16 Elm");
    reads("size\n10 kg\n12 kg\n", NULL, "10 kg/12 kg");
    reads("id,do\n1,mix; bake; eat\n2,boil; salt; eat\n3,a; b; c\n", NULL,
          "1.mix; bake; eat/2.boil; salt; eat/3.a; b; c");
    reads("sep=;\na;b\n1;2\n3;4\n", NULL, "1.2/3.4");
    reads("sep=;\n1;2\n3;4\n", NULL, "1.2/3.4");
    refuses(MLPIPE_E_FORMAT, "a;b\n1,5;2\n", "as=a:f64", "decimal=','");
    reads("x,,\ny,a,b\nz,c,d\n", "header=false", "x.~.~/y.a.b/z.c.d");
    refuses(MLPIPE_E_AMBIGUOUS, "p\n1.5 2.5\n3.5 4.5\n", NULL,
            "say delimiter=none");
    refuses(MLPIPE_E_EMPTY, "a,b\n", NULL, "names 2 columns");
    refuses(MLPIPE_E_EMPTY, "a,b\n1,2\n", "footer=100", "lower them");
    refuses(MLPIPE_E_FORMAT, "a,b\n1,2,\n3,4,\n", NULL, "rows=pad");
    refuses(MLPIPE_E_PARAM, "1,2\n3,4\n", "header=false header_rows=2",
            "leave out one");
}

/* Tags are no comments because one of them stands alone in its line. */
static void test_tags(void **state)
{
    static const char text[] = "tag,n\n#a,1\n#b,2\nc,3\n#d\n#e,5\n";

    reads(text, "rows=quarantine", "#a.1/#b.2/c.3/#e.5");
    refuses(MLPIPE_E_FORMAT, text, NULL, "line 5: 1 cell where 2");
    refuses(MLPIPE_E_FORMAT, "#tag,n\n#a,1\n#b\n", NULL, "line 3: 1 cell");
    reads("# made of x\n# on y, z\na,b\n1,2\n3,4\n# end\n", NULL, "1.2/3.4");
}

/* A row that begins with a word of footers is a row where that is a name. */
static void test_names_like_totals(void **state)
{
    reads("film,year,gross\nHeat,1995,60\nMean Girls,2004,\n", NULL,
          "Heat.1995.60/Mean Girls.2004.~");
    reads("firm,city,n\nFoo,X,1\nTotal \xc3\x89nergie,,5\n", NULL,
          "Foo.X.1/Total \xc3\x89nergie.~.5");
    reads("k,a,b\nx,1,2\ny,3,4\nTotal 2019,,6\n", NULL, "x.1.2/y.3.4");
    reads("k,a,b\nx,1,2\ny,3,4\ntotal:,,6\n", NULL, "x.1.2/y.3.4");
    reads("k,a,b\nx,1,2\ny,3,4\n\nSum of all,,6\n", NULL, "x.1.2/y.3.4");
}

/* The last bytes of a long file are cut at a line, whatever ends it. */
static void test_far_footer_cr(void **state)
{
    enum { ROWS = 20000 };
    char *text = malloc(ROWS * 10 + 100);
    size_t n = (size_t)sprintf(text, "a,b\r");
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%d,%d\r", 1000 + i % 1000, i % 7);
    n += (size_t)sprintf(text + n, "Source: the town\r");
    mlpipe_dataset *d = read_bytes(text, n, NULL);
    assert_int_equal(ROWS, mlpipe_dataset_rows(d));
    reports(d, "Source: the town");
    mlpipe_dataset_free(d);
    free(text);
}

/* What f64 cannot hold is told beside a decimal comma, too. */
static void test_comma_and_large(void **state)
{
    reads_and_reports("x;y\n1,5;a\n9223372036854775808;b\n", NULL,
                      "1.5.a/9.2233720368547758e+18.b",
                      "decimal point; holds integers beyond i64");
    reads_and_reports("x;y\n1,5;a\n9007199254740993;b\n", NULL,
                      "1.5.a/9007199254740992.b",
                      "decimal point; integers above 2^53 were rounded");
}

/* Rows of 1 to 3 cells below two names are no table of one column. */
static void ragged(void **state)
{
    static const char *const params[] = {"rows=pad", "rows=quarantine", NULL};
    mlpipe_dataset *d;
    mlpipe__text t;
    (void)state;

    mlpipe__text_init(&t, ctx->env);
    mlpipe__text_add(&t, "a,b\n");
    for (int i = 0; i < 30; i++)
        mlpipe__text_add(&t, "1,2\n1\n1,2,3\n");
    for (int k = 0; k < 2; k++) {
        assert_ok(ctx, mlpipe_read_csv_memory(ctx, t.data, t.size, params[k],
                                              &d));
        assert_int_equal(2, mlpipe_dataset_columns(d));
        assert_int_equal(k ? 30 : 90, mlpipe_dataset_rows(d));
        mlpipe_dataset_free(d);
    }
    assert_int_equal(MLPIPE_E_AMBIGUOUS,
                     mlpipe_read_csv_memory(ctx, t.data, t.size, NULL, &d));
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "\"none\""));
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "\",\""));
    mlpipe__text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_late_change),
        cmocka_unit_test(test_small_files),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_dialect_report),
        cmocka_unit_test(test_preambles),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_footers),
        cmocka_unit_test(test_footers_abroad),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ordinary),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_names_like_totals),
        cmocka_unit_test(test_far_footer_cr),
        cmocka_unit_test(test_comma_and_large),
        cmocka_unit_test(ragged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
