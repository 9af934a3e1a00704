/* SPDX-License-Identifier: MIT */
/* Reading CSV: cells, types, rejects, reports, blocks. */
#include "support.h"

#include "collect/collect_internal.h"
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

static mlpipe_status read_text(const char *text, const char *params,
                               mlpipe_dataset **d)
{
    return mlpipe_read_csv_memory(ctx, text, strlen(text), params, d);
}

static mlpipe_dataset *read_ok(const char *text, const char *params)
{
    mlpipe_dataset *d;
    assert_ok(ctx, read_text(text, params, &d));
    return d;
}

static void assert_cell(const mlpipe_dataset *d, int64_t row, uint32_t column,
                        const char *expected)
{
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (!expected) {
        assert_int_equal(MLPIPE_VALUE_NULL, v.kind);
        return;
    }
    assert_int_equal(MLPIPE_VALUE_TEXT, v.kind);
    assert_int_equal(strlen(expected), v.len);
    assert_memory_equal(expected, v.str, strlen(expected));
}

static double number(const mlpipe_dataset *d, int64_t row, uint32_t column)
{
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    assert_int_equal(MLPIPE_VALUE_NUMBER, v.kind);
    return v.num;
}

static double told(const mlpipe_dataset *d, const char *name)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    const double x = mlpipe_report_get(r, name);
    mlpipe_report_free(r);
    return x;
}

static void assert_rows(const mlpipe_dataset *d, double in, double loaded,
                        double rejected, double skipped)
{
    assert_same(in, told(d, "rows_in"));
    assert_same(loaded, told(d, "loaded"));
    assert_same(rejected, told(d, "rejected"));
    assert_same(skipped, told(d, "skipped"));
    assert_int_equal((int64_t)loaded, mlpipe_dataset_rows(d));
}

static void assert_says(const char *words)
{
    if (!strstr(mlpipe_ctx_error(ctx)->text, words))
        fail_msg("no \"%s\" in: %s", words, mlpipe_ctx_error(ctx)->text);
}

/* ---- types -------------------------------------------------------------- */

/* The type of a column "x" with these values, one a line. */
static void assert_type(int32_t type, const char *values, const char *params)
{
    char text[600];
    mlpipe_dataset *d;

    sprintf(text, "x,z\n%s", values);
    for (char *p = text + 4; *p; p++)
        if (*p == '|')
            *p = '\n';
    d = read_ok(text, params);
    if (mlpipe_dataset_type(d, 0) != type)
        fail_msg("%s is %s, not %s", values,
                 mlpipe__type_name(mlpipe_dataset_type(d, 0)),
                 mlpipe__type_name(type));
    mlpipe_dataset_free(d);
}

static void test_types(void **state)
{
    assert_type(MLPIPE_TYPE_I64, "1,|-2,|+3,|,", NULL);
    assert_type(MLPIPE_TYPE_I64, "0,|1,|1,", NULL);
    assert_type(MLPIPE_TYPE_I64,
                "9223372036854775807,|-9223372036854775808,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "9223372036854775808,|1,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "1,|9223372036854775808,", NULL);
    assert_type(MLPIPE_TYPE_F64, "9223372036854775808,|1.5,", NULL);
    assert_type(MLPIPE_TYPE_F64, "1,|41.0,", NULL);
    assert_type(MLPIPE_TYPE_F64, "1e5,|.5,|5.,|-inf,", NULL);
    assert_type(MLPIPE_TYPE_F64, ",|,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "1,|01,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "01234,|02345,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "1,|2,|x,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "1e,|2,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "0x10,|2,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "1 000,|2,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "NONE,|None,", NULL);
    assert_type(MLPIPE_TYPE_TEXT, "a,|b,", "text=text");
    assert_type(MLPIPE_TYPE_BOOL, "YES,|no,|?,", NULL);
    assert_type(MLPIPE_TYPE_BOOL, "yes,|yes,", NULL);
    assert_type(MLPIPE_TYPE_BOOL, "True,|FALSE,", NULL);
    assert_type(MLPIPE_TYPE_BOOL, "t,|F,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "F,|F,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "F,|M,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "yes,|true,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "yes,|1,", NULL);
    assert_type(MLPIPE_TYPE_TIMESTAMP, "2015-02-01,|2016-02-29,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "2015-02-01,|2015-02-29,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "2015-02-01,|20150201,", NULL);
    assert_type(MLPIPE_TYPE_TIMESTAMP, "2015-02-01,|2015-02-01T10:11:12Z,",
                NULL);
    assert_type(MLPIPE_TYPE_CATEGORY,
                "2015-02-01T10:11:12,|2015-02-01T10:11:12Z,", NULL);
    assert_type(MLPIPE_TYPE_TIMESTAMP, "10/13/2014,|1/2/2014,", NULL);
    assert_type(MLPIPE_TYPE_TIMESTAMP, "13/10/2014,|1/2/2014,", NULL);
    assert_type(MLPIPE_TYPE_CATEGORY, "13/10/2014,|10/13/2014,", NULL);
    assert_type(MLPIPE_TYPE_TIMESTAMP, "1/1/2014,|2/2/2014,", NULL);
}

static void test_forced(void **state)
{
    mlpipe_dataset *d;

    assert_type(MLPIPE_TYPE_CATEGORY, "98178,|98125,", "as=x:category");
    assert_type(MLPIPE_TYPE_TEXT, "98178,|98125,", "as=x:text");
    assert_type(MLPIPE_TYPE_F64, "1,|2,", "as=x:f64");
    assert_type(MLPIPE_TYPE_BOOL, "1,|0,", "as=x:bool");
    assert_told(ctx, MLPIPE_E_SCHEMA, read_text("a\n1\n", "as=b:i64", &d));
    assert_told(ctx, MLPIPE_E_PARAM, read_text("a\n1\n", "as=a:int", &d));
    assert_told(ctx, MLPIPE_E_PARAM, read_text("a\n1\n", "as=a", &d));
    assert_told(ctx, MLPIPE_E_FORMAT, read_text("a\n1\nx\n", "as=a:i64", &d));
    assert_says("line 3");
    assert_says("column 'a'");
    /* the cell suffices, however wide the row is */
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_text("a,b\n1,p\nx,q\n2,r\n", "as=a:i64", &d));
    assert_says("column 'a': no i64: x (1 bad rows among 3)");
    assert_says("another type in as=");
    d = read_ok("a,b\n1,p\nx,q\n2,r\n", "as=a:i64 rows=quarantine");
    assert_rows(d, 3, 2, 1, 0);
    assert_cell(d, 1, 1, "r");
    /* The category never saw the rejected row. */
    assert_int_equal(2, d->columns[1]->dictionary->dict.count);
    mlpipe_dataset_free(d);
}

static void test_times(void **state)
{
    static const struct {
        const char *text, *params;
        int32_t unit;
        double value;
    } cases[] = {
        {"1970-01-01", NULL, MLPIPE_UNIT_S, 0},
        {"2015-02-01", NULL, MLPIPE_UNIT_S, 1422748800},
        {"2000-02-29", NULL, MLPIPE_UNIT_S, 951782400},
        {"1969-12-31", NULL, MLPIPE_UNIT_S, -86400},
        {"0001-01-01", NULL, MLPIPE_UNIT_S, -62135596800.0},
        {"9999-12-31", NULL, MLPIPE_UNIT_S, 253402214400.0},
        {"2015-02-01T10:11:12", NULL, MLPIPE_UNIT_S, 1422785472},
        {"2015-02-01 10:11", NULL, MLPIPE_UNIT_S, 1422785460},
        {"2015-02-01T10:11:12Z", NULL, MLPIPE_UNIT_S, 1422785472},
        {"2015-02-01T10:11:12+01:30", NULL, MLPIPE_UNIT_S, 1422780072},
        {"2015-02-01T10:11:12-0800", NULL, MLPIPE_UNIT_S, 1422814272},
        {"2015-02-01T10:11:12.5", NULL, MLPIPE_UNIT_US, 1422785472500000.0},
        {"1970-01-01T00:00:00.000000007", NULL, MLPIPE_UNIT_NS, 7},
        {"1969-12-31T23:59:59.25", NULL, MLPIPE_UNIT_US, -750000},
        {"10/13/2014", NULL, MLPIPE_UNIT_S, 1413158400},
        {"13.10.2014", NULL, MLPIPE_UNIT_S, 1413158400},
        {"3/4/2015", "dates=mdy", MLPIPE_UNIT_S, 1425427200},
        {"3/4/2015", "dates=dmy", MLPIPE_UNIT_S, 1428019200},
        {"10/13/2014 9:05", NULL, MLPIPE_UNIT_S, 1413191100},
    };
    char text[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sprintf(text, "when,z\n%s,\n", cases[i].text);
        mlpipe_dataset *d = read_ok(text, cases[i].params);
        assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 0));
        assert_int_equal(cases[i].unit, mlpipe_dataset_unit(d, 0));
        assert_same(cases[i].value, number(d, 0, 0));
        mlpipe_dataset_free(d);
    }
}

static void test_ambiguous(void **state)
{
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_AMBIGUOUS,
                read_text("d,z\n1/1/2015,\n3/4/2015,\n5/6/2015,\n", NULL,
                          &d));
    assert_null(d);
    assert_says("3/4/2015");
    assert_says("line 3");
    assert_says("month 3, day 4");
    assert_says("dates=dmy");
    assert_string_equal("d", mlpipe_ctx_error(ctx)->column);
    assert_told(ctx, MLPIPE_E_AMBIGUOUS,
                read_text("a,b;c\n1,5;2\n2,5;3\n", NULL, &d));
    assert_says("\",\"");
    assert_says("\";\"");
    assert_told(ctx, MLPIPE_E_AMBIGUOUS,
                read_text("x,2014\ny,2015\n", NULL,
                          &d));
    assert_says("header=");
}

/* ---- cells -------------------------------------------------------------- */

static void test_cells(void **state)
{
    mlpipe_dataset *d = read_ok(
        "\xef\xbb\xbf" "name, text ,n\r\n"
        "  a b , \"x, \"\"y\"\"\" ,1\n"
        "\"line\nbreak\",\"\",2\r"
        " \r\n"
        "c, NA,NA", "text=text");
    assert_int_equal(3, mlpipe_dataset_columns(d));
    assert_string_equal("name", mlpipe_dataset_name(d, 0));
    assert_string_equal("text", mlpipe_dataset_name(d, 1));
    assert_rows(d, 4, 3, 0, 1);
    assert_cell(d, 0, 0, "a b");
    assert_cell(d, 0, 1, "x, \"y\"");
    assert_cell(d, 1, 0, "line\nbreak");
    assert_cell(d, 1, 1, NULL); /* empty quotes are empty */
    assert_cell(d, 2, 1, NULL);
    assert_same(2, number(d, 1, 2));
    assert_same(3, told(d, "nulls"));
    assert_same(2, told(d, "trimmed"));
    mlpipe_dataset_free(d);
    d = read_ok("a,b\n x ,NA\n", "trim=false na=''");
    assert_cell(d, 0, 0, " x ");
    assert_cell(d, 0, 1, "NA");
    mlpipe_dataset_free(d);
    d = read_ok("a,b\n-,x\n,NA\n", "na=-,x");
    assert_cell(d, 0, 0, NULL);
    assert_cell(d, 0, 1, NULL);
    assert_cell(d, 1, 0, NULL);
    assert_cell(d, 1, 1, "NA");
    mlpipe_dataset_free(d);
}

static void test_dialects(void **state)
{
    static const char *const texts[] = {
        "a;b;c\n1,5;x;y\n2,5;z;w\n", "a\tb\tc\n1,5\tx\ty\n2\tz\tw\n",
        "a|b|c\n1|x|y\n", "a,b,c\n1,x|y,z;w\n"};
    mlpipe_dataset *d;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        d = read_ok(texts[i], NULL);
        assert_int_equal(3, mlpipe_dataset_columns(d));
        mlpipe_dataset_free(d);
    }
    d = read_ok("a b\n1 2\n", "delimiter=space");
    assert_int_equal(2, mlpipe_dataset_columns(d));
    mlpipe_dataset_free(d);
    d = read_ok("a\n'x,\"y'\n", "quote=''''");
    assert_cell(d, 0, 0, "x,\"y");
    mlpipe_dataset_free(d);
    d = read_ok("a,b\n\"x,y\"\n", "quote=''");
    assert_cell(d, 0, 0, "\"x");
    mlpipe_dataset_free(d);
    assert_told(ctx, MLPIPE_E_PARAM, read_text("a\n", "delimiter=ab", &d));
    assert_told(ctx, MLPIPE_E_PARAM, read_text("a\n", "delimiter='\"'", &d));
    assert_told(ctx, MLPIPE_E_PARAM, read_text("a\n", "delimitter=,", &d));
    assert_says("delimiter");
}

static void test_headers(void **state)
{
    mlpipe_dataset *d = read_ok("1,2\n3,4\n", NULL);

    assert_rows(d, 2, 2, 0, 0);
    assert_string_equal("column_1", mlpipe_dataset_name(d, 0));
    mlpipe_dataset_free(d);
    d = read_ok("1,2\n3,4\n", "header=true");
    assert_rows(d, 1, 1, 0, 0);
    assert_string_equal("1", mlpipe_dataset_name(d, 0));
    mlpipe_dataset_free(d);
    d = read_ok("a,b\nc,d\n", "header=false");
    assert_rows(d, 2, 2, 0, 0);
    mlpipe_dataset_free(d);
    d = read_ok(",a,a,a_2\n1,2,3,4\n", NULL);
    assert_string_equal("column_1", mlpipe_dataset_name(d, 0));
    assert_string_equal("a", mlpipe_dataset_name(d, 1));
    assert_string_equal("a_2", mlpipe_dataset_name(d, 2));
    assert_string_equal("a_2_2", mlpipe_dataset_name(d, 3));
    assert_same(3, told(d, "renamed"));
    mlpipe_dataset_free(d);
    d = read_ok("city,2014\nYork,x\nBath,y\n", "header=true");
    assert_int_equal(2, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
}

/* ---- rejects ------------------------------------------------------------ */

static void test_rejects(void **state)
{
    static const char text[] =
        "a,b\n1,2\n3\n4,5,6\n\n7,\"x\"y\n8,\xff\n9,10\n11,\"open\n12,13\n";
    mlpipe_dataset *d;
    mlpipe_report *r;
    mlpipe_buffer *json;

    assert_told(ctx, MLPIPE_E_FORMAT, read_text(text, NULL, &d));
    assert_says("line 3");
    assert_says("1 cell where 2 belong");
    assert_says("lines 4, 6, 7, 9");
    assert_says("5 bad rows among 8");
    assert_int_equal(1, mlpipe_ctx_error(ctx)->row); /* 0 is in line 2 */
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_text("1,2\n\n\"3\n\",4\n5\n", "header=false", &d));
    assert_says("line 5"); /* a cell spans two lines, an empty row counts */
    assert_int_equal(3, mlpipe_ctx_error(ctx)->row);
    d = read_ok(text, "rows=quarantine");
    assert_rows(d, 8, 2, 5, 1);
    assert_same(9, number(d, 1, 0));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &json));
    assert_non_null(strstr(mlpipe_buffer_data(json), "8,\\\\xff"));
    assert_non_null(strstr(mlpipe_buffer_data(json), "never closed"));
    assert_non_null(strstr(mlpipe_buffer_data(json), "no UTF-8"));
    mlpipe_buffer_free(json);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_text(text, "rows=quarantine max_rejects=4", &d));
    assert_says("more than max_rejects");
    d = read_ok(text, "rows=quarantine max_rejects=5");
    mlpipe_dataset_free(d);
}

static void test_empty(void **state)
{
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_EMPTY, read_text("", NULL, &d));
    assert_told(ctx, MLPIPE_E_EMPTY, read_text("\n\n\n", NULL, &d));
    assert_told(ctx, MLPIPE_E_EMPTY, read_text("a,b\n", NULL, &d));
    assert_told(ctx, MLPIPE_E_EMPTY,
                read_text("a,b\n1\n", "rows=quarantine",
                          &d));
    assert_says("1 rejected");
    assert_told(ctx, MLPIPE_E_FORMAT, read_text("\xff\xfe" "a", NULL, &d));
    assert_says("UTF-16");
    assert_told(ctx, MLPIPE_E_NOT_FOUND,
                mlpipe_read_csv(ctx, "no/such.csv",
                                NULL, &d));
    assert_null(d);
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_read_csv(ctx, NULL, NULL, &d));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_read_csv_memory(ctx, NULL, 1, NULL,
                                       &d));
}

static void test_limits(void **state)
{
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .csv_line_bytes = 100,
                                  .csv_field_bytes = 60, .csv_columns = 5,
                                  .csv_rows = 6, .cell_bytes = 20,
                                  .categories = 4};
    const mlpipe_ctx_options options = {.size = sizeof options,
                                        .limits = &limits};
    mlpipe_ctx *saved = ctx;
    mlpipe_dataset *d;
    char text[300] = "a\n";

    assert_int_equal(0, mlpipe_ctx_new(&options, &ctx));
    assert_told(ctx, MLPIPE_E_LIMIT,
                read_text("a\n1\n1\n1\n1\n1\n1\n1\n", NULL,
                          &d));
    assert_says("csv_rows");
    assert_told(ctx, MLPIPE_E_LIMIT, read_text("a,b,c,d,e,f\n", NULL, &d));
    assert_says("csv_columns");
    assert_told(ctx, MLPIPE_E_LIMIT,
                read_text("a\nabcdefghijklmnopqrstu\n",
                          NULL, &d));
    assert_says("cell_bytes");
    memset(text + 2, 'x', 70);
    assert_told(ctx, MLPIPE_E_LIMIT, read_text(text, NULL, &d));
    assert_says("csv_field_bytes");
    memset(text + 2, 'x', 110);
    assert_told(ctx, MLPIPE_E_LIMIT, read_text(text, NULL, &d));
    assert_says("csv_line_bytes");
    assert_told(ctx, MLPIPE_E_LIMIT,
                read_text("a\nb\nc\nd\ne\nf\n",
                          "text=category", &d));
    assert_says("categories");
    d = read_ok("a\nb\nc\nd\ne\nf\n", NULL);
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, 0));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(ctx);
    ctx = saved;
}

/* ---- files and blocks --------------------------------------------------- */

/* A context whose only file is "t.csv" with these bytes. */
static mlpipe_ctx *with_file(const void *bytes, size_t size, mlpipe_io *io,
                             mlpipe__memory_io **memory)
{
    mlpipe_ctx *c;
    const mlpipe_ctx_options options = {.size = sizeof options, .io = io};
    void *file;

    *memory = mlpipe__memory_io_new(ctx->env, io);
    assert_int_equal(0, io->open(io->user, "t.csv", MLPIPE_IO_CREATE, &file));
    assert_int_equal(0, io->write(io->user, file, bytes, size));
    assert_int_equal(0, io->close(io->user, file));
    assert_int_equal(0, mlpipe_ctx_new(&options, &c));
    return c;
}

/* 150,000 rows over several blocks of bytes and of rows. */
static char *many_rows(size_t *size)
{
    enum { ROWS = 150000 };
    char *text = malloc(ROWS * 40);
    size_t n = (size_t)sprintf(text, "i,x,city,note\n");

    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%d,%d.5,\"c %d\",%s\n", i, i % 977,
                             i % 13, i % 5 ? "\"a\nb\"" : "");
    *size = n;
    return text;
}

static void test_blocks(void **state)
{
    size_t size;
    char *text = many_rows(&size);
    mlpipe_io io;
    mlpipe__memory_io *memory;
    mlpipe_ctx *c = with_file(text, size, &io, &memory);
    mlpipe_dataset *whole, *part, *block;
    mlpipe_source *source;
    mlpipe_report *r;
    mlpipe_buffer *a, *b;
    int64_t rows = 0;

    assert_ok(c, mlpipe_read_csv(c, "t.csv", NULL, &whole));
    assert_int_equal(150000, mlpipe_dataset_rows(whole));
    assert_ok(c, mlpipe_source_csv(c, "t.csv", NULL, &source));
    for (;;) {
        assert_ok(c, mlpipe_source_next(c, source, &block));
        if (!block)
            break;
        const int64_t n = mlpipe_dataset_rows(block);
        assert_int_equal(rows, mlpipe_dataset_row_id(block, 0));
        assert_ok(c, mlpipe_dataset_slice(c, whole, rows, n, &part));
        assert_ok(c, mlpipe_dataset_fingerprint(c, part, &a));
        assert_ok(c, mlpipe_dataset_fingerprint(c, block, &b));
        assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
        mlpipe_buffer_free(a);
        mlpipe_buffer_free(b);
        mlpipe_dataset_free(part);
        mlpipe_dataset_free(block);
        rows += n;
        assert_ok(c, mlpipe_source_reading(c, source, &r));
        assert_same((double)rows, mlpipe_report_get(r, "loaded"));
        mlpipe_report_free(r);
    }
    assert_int_equal(150000, rows);
    assert_ok(c, mlpipe_source_next(c, source, &block));
    assert_null(block);
    mlpipe_source_free(source);
    mlpipe_source_free(NULL);
    /* The same from memory, with another delimiter and quotes everywhere. */
    assert_ok(c, mlpipe_read_csv_memory(c, text, size, NULL, &block));
    assert_ok(c, mlpipe_dataset_fingerprint(c, whole, &a));
    assert_ok(c, mlpipe_dataset_fingerprint(c, block, &b));
    assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(block);
    mlpipe_dataset_free(whole);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
    free(text);
}

/* A file that changes between two blocks is told, not mixed. */
static void test_changed_file(void **state)
{
    size_t size;
    char *text = many_rows(&size);
    mlpipe_io io;
    mlpipe__memory_io *memory;
    mlpipe_ctx *c = with_file(text, size, &io, &memory);
    mlpipe_source *source;
    mlpipe_dataset *block;
    void *file;

    assert_ok(c, mlpipe_source_csv(c, "t.csv", NULL, &source));
    assert_ok(c, mlpipe_source_next(c, source, &block));
    mlpipe_dataset_free(block);
    assert_int_equal(0, io.open(io.user, "t.csv", MLPIPE_IO_APPEND, &file));
    assert_int_equal(0, io.write(io.user, file, "1,2,x,\n", 7));
    assert_int_equal(0, io.close(io.user, file));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_source_next(c, source, &block));
    assert_null(block);
    mlpipe_source_free(source);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
    free(text);
}

static void test_cancel(void **state)
{
    size_t size;
    char *text = many_rows(&size);
    mlpipe_dataset *d;

    mlpipe_ctx_cancel(ctx);
    assert_told(ctx, MLPIPE_E_CANCELLED,
                mlpipe_read_csv_memory(ctx, text, size,
                                       NULL, &d));
    assert_null(d);
    free(text);
}

/* Replaces the file by blank lines of the same size before the last pass. */
static int32_t blank_file(void *user, const char *stage, double fraction)
{
    const mlpipe_io *io = user;
    void *file;
    (void)stage;
    if (fraction < 0.5)
        return 0;
    assert_int_equal(0, io->open(io->user, "t.csv", MLPIPE_IO_APPEND, &file));
    assert_int_equal(0, io->truncate(io->user, file, 0));
    assert_int_equal(0, io->write(io->user, file, "\n\n\n\n\n\n\n\n", 8));
    return io->close(io->user, file);
}

/* Even where neither size nor time tell of it, no dataset is no success. */
static void test_blanked_file(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__memory_io *memory;
    mlpipe_ctx *c = with_file("a,b\n1,x\n", 8, &io, &memory);
    mlpipe_dataset *d;

    mlpipe_ctx_free(c);
    o.io = &io;
    o.user = &io;
    o.progress = blank_file;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_read_csv(c, "t.csv", NULL, &d));
    assert_null(d);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
}

/* As many columns of one name as the limit allows: work grows with them. */
static void test_many_equal_names(void **state)
{
    enum { COLUMNS = 100000 };
    char *text = malloc(4 * COLUMNS + 2);
    mlpipe_dataset *d;
    size_t n = 0;

    for (int line = 0; line < 2; line++)
        for (int i = 0; i < COLUMNS; i++) {
            text[n++] = line ? '1' : 'a';
            text[n++] = i + 1 < COLUMNS ? ',' : '\n';
        }
    assert_ok(ctx, mlpipe_read_csv_memory(ctx, text, n, NULL, &d));
    assert_string_equal("a", mlpipe_dataset_name(d, 0));
    assert_string_equal("a_2", mlpipe_dataset_name(d, 1));
    assert_string_equal("a_100000", mlpipe_dataset_name(d, COLUMNS - 1));
    assert_same(COLUMNS - 1, told(d, "renamed"));
    mlpipe_dataset_free(d);
    /* A name that a header gives itself is stepped over, and only once. */
    d = read_ok("a,a_2,a,a_3,a,a_2,a\n1,2,3,4,5,6,7\n", NULL);
    assert_string_equal("a_3", mlpipe_dataset_name(d, 2));
    assert_string_equal("a_3_2", mlpipe_dataset_name(d, 3));
    assert_string_equal("a_4", mlpipe_dataset_name(d, 4));
    assert_string_equal("a_2_2", mlpipe_dataset_name(d, 5));
    assert_string_equal("a_5", mlpipe_dataset_name(d, 6));
    mlpipe_dataset_free(d);
    free(text);
}

/* What progress was told, by the hundredth. */
static int32_t note_progress(void *user, const char *stage, double fraction)
{
    char *told = user;
    const size_t n = strlen(told);
    assert_string_equal("read", stage);
    snprintf(told + n, 64 - n, " %d", (int)(100 * fraction));
    return 0;
}

/* A file of any size can be stopped and tells how far it is. */
static void test_short_polls(void **state)
{
    static const char text[] = "a,b\n1,x\n2,y\n";
    char told[64] = "";
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__memory_io *memory;
    mlpipe_ctx *c = with_file(text, sizeof text - 1, &io, &memory);
    mlpipe_source *source;
    mlpipe_dataset *d;

    mlpipe_ctx_cancel(c);
    assert_told(c, MLPIPE_E_CANCELLED, mlpipe_read_csv(c, "t.csv", NULL, &d));
    assert_null(d);
    mlpipe_ctx_cancel(c);
    assert_told(c, MLPIPE_E_CANCELLED,
                mlpipe_source_csv(c, "t.csv", NULL, &source));
    assert_null(source);
    assert_ok(c, mlpipe_source_csv(c, "t.csv", NULL, &source));
    mlpipe_ctx_cancel(c);
    assert_told(c, MLPIPE_E_CANCELLED, mlpipe_source_next(c, source, &d));
    assert_null(d);
    assert_ok(c, mlpipe_source_next(c, source, &d));
    assert_int_equal(2, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    mlpipe_source_free(source);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
    o.user = told;
    o.progress = note_progress;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_read_csv_memory(c, text, sizeof text - 1, NULL, &d));
    assert_string_equal(" 16 66", told); /* behind the header, twice */
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_forced),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_changed_file),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_short_polls),
        cmocka_unit_test(test_blanked_file),
        cmocka_unit_test(test_many_equal_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
