/* SPDX-License-Identifier: MIT */
/* Writing datasets as CSV and JSON, and reading them back. */
#include "support.h"

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

static mlpipe_dataset *json_ok(const char *text, const char *params)
{
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_read_json_memory(ctx, text, strlen(text), params,
                                           &d));
    return d;
}

static void writes(const mlpipe_dataset *d, bool json, const char *params,
                   const char *expected)
{
    mlpipe_buffer *b;

    assert_ok(ctx, json ? mlpipe_write_json_memory(ctx, d, params, &b)
                        : mlpipe_write_csv_memory(ctx, d, params, &b));
    assert_string_equal(expected, mlpipe_buffer_data(b));
    assert_int_equal(strlen(expected), mlpipe_buffer_size(b));
    mlpipe_buffer_free(b);
}

static void refuses(const mlpipe_dataset *d, bool json, const char *params,
                    mlpipe_status status, const char *part)
{
    mlpipe_buffer *b = (mlpipe_buffer *)&ctx;
    const mlpipe_status st = json
        ? mlpipe_write_json_memory(ctx, d, params, &b)
        : mlpipe_write_csv_memory(ctx, d, params, &b);

    if (st != status || b || !strstr(mlpipe_ctx_error(ctx)->text, part))
        fail_msg("%s: %s; expected '%s'", mlpipe_status_name(st),
                 mlpipe_ctx_error(ctx)->text, part);
}

static void assert_equal(const mlpipe_dataset *a, const mlpipe_dataset *b,
                         const char *what)
{
    mlpipe_buffer *p, *q;

    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, a, &p));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, b, &q));
    if (strcmp(mlpipe_buffer_data(p), mlpipe_buffer_data(q)))
        fail_msg("another dataset came back: %s", what);
    mlpipe_buffer_free(p);
    mlpipe_buffer_free(q);
}

/* ---- what is written ---------------------------------------------------- */

static const char every_type[] =
    "{\"b\":true,\"i\":-9223372036854775808,\"x\":0.1,\"t\":\"a,\\\"b\\\"\","
    "\"s\":\"2015-02-01\",\"u\":\"1969-12-31T23:59:59.999999\",\"n\":\""
    "2015-02-01T00:00:00.000000001Z\",\"z\":\"\"}\n"
    "{\"b\":false,\"i\":7,\"x\":-0.0,\"t\":\"\\n\\u00e9\",\"s\":\"0001-01-01"
    "\",\"u\":\"9999-12-31T23:59:59.5\",\"n\":\"2015-02-01T10:00:00.1Z\","
    "\"z\":\"NA\"}\n"
    "{\"x\":1e300}\n{\"x\":3.0}\n";

static void exact(void **state)
{
    mlpipe_dataset *d = json_ok(every_type, NULL);
    (void)state;

    writes(d, false, NULL,
           "b,i,x,t,s,u,n,z\n"
           "true,-9223372036854775808,0.1,\"a,\"\"b\"\"\","
           "2015-02-01T00:00:00,1969-12-31T23:59:59.999999,"
           "2015-02-01T00:00:00.000000001,\"\"\n"
           "false,7,-0.0,\"\n\xc3\xa9\",0001-01-01T00:00:00,"
           "9999-12-31T23:59:59.500000,2015-02-01T10:00:00.100000000,"
           "\"NA\"\n"
           ",,1e+300,,,,,\n,,3.0,,,,,\n");
    writes(d, true, NULL,
           "{\"b\":true,\"i\":-9223372036854775808,\"x\":0.1,\"t\":\"a,\\\"b"
           "\\\"\",\"s\":\"2015-02-01T00:00:00\",\"u\":\"1969-12-31T23:59:59."
           "999999\",\"n\":\"2015-02-01T00:00:00.000000001\",\"z\":\"\"}\n"
           "{\"b\":false,\"i\":7,\"x\":-0.0,\"t\":\"\\n\xc3\xa9\",\"s\":\""
           "0001-01-01T00:00:00\",\"u\":\"9999-12-31T23:59:59.500000\","
           "\"n\":\"2015-02-01T10:00:00.100000000\",\"z\":\"NA\"}\n"
           "{\"b\":null,\"i\":null,\"x\":1e+300,\"t\":null,\"s\":null,\"u\":"
           "null,\"n\":null,\"z\":null}\n"
           "{\"b\":null,\"i\":null,\"x\":3.0,\"t\":null,\"s\":null,\"u\":null"
           ",\"n\":null,\"z\":null}\n");
    mlpipe_dataset_free(d);
}

static void parameters(void **state)
{
    mlpipe_dataset *d = json_ok(
        "{\"=a\":\"=1+1\",\"b\":\"x;y\",\"c\":-1.5}\n"
        "{\"=a\":\"it's\",\"b\":\" e \",\"c\":null}\n"
        "{\"=a\":\"-\",\"b\":\"\xef\xbb\xbf\",\"c\":2}\n", NULL);
    (void)state;

    writes(d, false, "delimiter=; quote='''' null=NULL",
           "=a;b;c\n=1+1;'x;y';-1.5\n'it''s';' e ';NULL\n-;'\xef\xbb\xbf';"
           "2.0\n");
    writes(d, false, "header=false protect=true delimiter=tab",
           "\"'=1+1\"\tx;y\t-1.5\nit's\t\" e \"\t\n\"'-\"\t\"\xef\xbb\xbf\"\t"
           "2.0\n");
    writes(d, false, "protect=true null=- delimiter=.",
           "\"'=a\".b.c\n\"'=1+1\".x;y.\"-1.5\"\nit's.\" e \".-\n"
           "\"'-\".\"\xef\xbb\xbf\".\"2.0\"\n");
    writes(d, true, "format=array",
           "[\n{\"=a\":\"=1+1\",\"b\":\"x;y\",\"c\":-1.5},\n"
           "{\"=a\":\"it's\",\"b\":\" e \",\"c\":null},\n"
           "{\"=a\":\"-\",\"b\":\"\xef\xbb\xbf\",\"c\":2.0}\n]\n");
    refuses(d, false, "delimiter=ab", MLPIPE_E_PARAM, "one ASCII");
    refuses(d, false, "delimiter=e", MLPIPE_E_PARAM, "no letter");
    refuses(d, false, "quote=''", MLPIPE_E_PARAM, "one ASCII");
    refuses(d, false, "delimiter=;quote=;", MLPIPE_E_PARAM, "delimiter");
    refuses(d, false, "delimiter=; quote=;", MLPIPE_E_PARAM, "both");
    refuses(d, false, "null=a,b", MLPIPE_E_PARAM, "must not hold");
    refuses(d, false, "null=2.0", MLPIPE_E_PARAM, "row 2, column 'c'");
    refuses(d, true, "nan=skip", MLPIPE_E_PARAM, "nan");
    mlpipe_dataset_free(d);
    d = json_ok("{\"a\":1}\n{\"a\":null}", NULL);
    refuses(d, false, NULL, MLPIPE_E_PARAM, "blank line");
    writes(d, false, "null=NA", "a\n1\nNA\n");
    mlpipe_dataset_free(d);
}

/* A quote that numbers hold is doubled in them, and one that is the mark of
 * protect= too; a quote that readers would drop is refused. */
static void quotes(void **state)
{
    static const char *const params[] = {"quote=-", "quote=.", "quote=:"};
    mlpipe_dataset *d = json_ok(
        "{\"i\":-5,\"x\":-2.5,\"t\":\"2015-02-01\"}\n"
        "{\"i\":7,\"x\":1e-300,\"t\":\"2015-02-02\"}\n", NULL), *back;
    mlpipe_buffer *b;
    (void)state;

    writes(d, false, "quote=-",
           "i,x,t\n---5-,---2.5-,-2015--02--01T00:00:00-\n"
           "7,-1e--300-,-2015--02--02T00:00:00-\n");
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        assert_ok(ctx, mlpipe_write_csv_memory(ctx, d, params[i], &b));
        assert_ok(ctx, mlpipe_read_csv_memory(ctx, mlpipe_buffer_data(b),
                                              mlpipe_buffer_size(b),
                                              params[i], &back));
        assert_equal(d, back, params[i]);
        mlpipe_dataset_free(back);
        mlpipe_buffer_free(b);
    }
    refuses(d, false, "quote=space", MLPIPE_E_PARAM, "take a sign");
    refuses(d, false, "quote=tab", MLPIPE_E_PARAM, "take a sign");
    mlpipe_dataset_free(d);
    d = json_ok("{\"a\":\"=1'2\",\"b\":3}", NULL);
    writes(d, false, "quote='''' protect=true", "a,b\n'''=1''2',3\n");
    mlpipe_dataset_free(d);
}

static mlpipe_dataset *numbers_of(const double *x, int64_t rows)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x, NULL,
                                         rows));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void not_numbers(void **state)
{
    const double x[] = {1, mlpipe__nan(), __builtin_inf(), -__builtin_inf()};
    mlpipe_dataset *d = numbers_of(x, 4), *back;
    (void)state;

    writes(d, false, NULL, "x\n1.0\nnan\ninf\n-inf\n");
    writes(d, false, "nan=null null=NA", "x\n1.0\nNA\nNA\nNA\n");
    refuses(d, false, "nan=fail", MLPIPE_E_NUMERIC, "row 1, column 'x'");
    refuses(d, true, NULL, MLPIPE_E_NUMERIC, "row 1, column 'x' is nan");
    assert_int_equal(1, mlpipe_ctx_error(ctx)->row);
    writes(d, true, "nan=null",
           "{\"x\":1.0}\n{\"x\":null}\n{\"x\":null}\n{\"x\":null}\n");
    static const char strings[] =
        "{\"x\":1.0}\n{\"x\":\"nan\"}\n{\"x\":\"inf\"}\n{\"x\":\"-inf\"}\n";
    writes(d, true, "nan=string", strings);
    back = json_ok(strings, "as=x:f64");
    assert_equal(d, back, "nan as strings");
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(d);
}

static void times(void **state)
{
    const int64_t out[][2] = {{253402300800, MLPIPE_UNIT_S},
                              {-62135596801, MLPIPE_UNIT_S},
                              {INT64_MIN, MLPIPE_UNIT_MS},
                              {INT64_MAX, MLPIPE_UNIT_US}};
    static const int64_t ns[] = {INT64_MIN, -1, INT64_MAX};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    (void)state;

    for (int i = 0; i < 4; i++) {
        assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
        assert_ok(ctx, mlpipe_builder_times(ctx, b, "t", (int32_t)out[i][1],
                                            out[i], NULL, 1));
        assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
        refuses(d, i % 2, NULL, MLPIPE_E_UNSUPPORTED, "years 1 to 9999");
        mlpipe_dataset_free(d);
        mlpipe_builder_free(b);
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "t", MLPIPE_UNIT_NS, ns, NULL,
                                        3));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    writes(d, false, "header=false",
           "1677-09-21T00:12:43.145224192\n1969-12-31T23:59:59.999999999\n"
           "2262-04-11T23:47:16.854775807\n");
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
}

/* ---- round trips -------------------------------------------------------- */

static uint64_t dice_state;

static uint64_t dice(uint64_t n)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return dice_state % n;
}

enum { TRIP_ROWS = 60, TRIP_TEXT = 12 };
static const char *const trip_pieces[] = {
    "", "a", " ", "\t", ",", ";", "|", "\"", "'", "\n", "\r", "\r\n", "\\",
    "NA", "?", "null", "\\N", "=", "-", "1", "2.5", "true", "2015-02-01",
    "#", "\xef\xbb\xbf", "\xc3\xa9", "\xf0\x9f\x98\x80", "\x01", "\x7f", "{",
    "}", "[", ":", "/", "\\u0041", "nan", "(absent)",
};

static void trip_column(mlpipe_builder *b, uint32_t kind, const char *name,
                        int64_t rows)
{
    static char room[TRIP_ROWS][TRIP_TEXT * 5];
    const char *texts[TRIP_ROWS];
    int64_t integers[TRIP_ROWS];
    double reals[TRIP_ROWS];
    uint8_t valid[TRIP_ROWS], bools[TRIP_ROWS];

    for (int64_t i = 0; i < rows; i++) {
        valid[i] = dice(4) != 0;
        integers[i] = (int64_t)(dice(3) ? dice(2000) - 1000
                                        : dice_state << dice(2));
        bools[i] = (uint8_t)dice(2);
        for (uint64_t bits = dice(1 << 20);; bits = dice(UINT64_MAX)) {
            memcpy(&reals[i], &bits, sizeof bits);
            if (dice(2))
                reals[i] = (double)integers[i] / 8;
            if (reals[i] - reals[i] == 0)
                break;
        }
        if (kind == 4)
            integers[i] = (int64_t)dice(300000000000) - 50000000000;
        if (kind == 5)
            integers[i] = ((int64_t)dice(300000000000) - 50000000000)
                * 1000000 + (int64_t)dice(1000000);
        if (kind == 6)
            integers[i] = (int64_t)(dice_state << 1);
        room[i][0] = '\0';
        for (uint64_t k = dice(4); k; k--)
            strcat(room[i], trip_pieces[dice(sizeof trip_pieces
                                             / sizeof trip_pieces[0])]);
        texts[i] = valid[i] ? room[i] : NULL;
    }
    if (kind == 0)
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_BOOL, bools,
                                             valid, rows));
    else if (kind == 1)
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_I64,
                                             integers, valid, rows));
    else if (kind == 2)
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, reals,
                                             valid, rows));
    else if (kind == 3)
        assert_ok(ctx, mlpipe_builder_texts(ctx, b, name, texts, rows));
    else
        assert_ok(ctx, mlpipe_builder_times(
            ctx, b, name, kind == 4 ? MLPIPE_UNIT_S : kind == 5
            ? MLPIPE_UNIT_US : MLPIPE_UNIT_NS, integers, valid, rows));
}

static mlpipe_dataset *trip_dataset(char *as)
{
    static const char *const kinds[] = {"bool", "i64", "f64", "text",
                                        "timestamp", "timestamp",
                                        "timestamp"};
    const uint32_t columns = 2 + (uint32_t)dice(6);
    const int64_t rows = 1 + (int64_t)dice(TRIP_ROWS);
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    for (uint32_t i = 0; i < columns; i++) {
        const uint32_t kind = (uint32_t)dice(7);
        char name[20];
        sprintf(name, "c%u", i);
        trip_column(b, kind, name, rows);
        as += sprintf(as, "%s%s:%s", i ? "," : "", name, kinds[kind]);
    }
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* A column of times whose values are all null has no digits that would tell
 * its unit, which then reads as seconds. */
static bool trip_unit_is_told(const mlpipe_dataset *d)
{
    for (uint32_t i = 0; i < mlpipe_dataset_columns(d); i++)
        if (mlpipe_dataset_type(d, i) == MLPIPE_TYPE_TIMESTAMP
            && mlpipe_dataset_unit(d, i) != MLPIPE_UNIT_S
            && mlpipe_dataset_nulls(d, i) == mlpipe_dataset_rows(d))
            return false;
    return true;
}

static void round_trips(void **state)
{
    static const char *const dialects[][2] = {
        {"null=''", "delimiter=,"},
        {"null=\\N delimiter=; quote=''''", "delimiter=; quote='''' na=\\N"},
        {"null=NULL delimiter=tab", "delimiter=tab"},
        {"null=0x delimiter=| protect=false", "delimiter=| na=0x"},
        {"delimiter=space null=?", "delimiter=space trim=false"},
    };
    uint32_t done = 0;
    (void)state;

    dice_state = 88172645463325252;
    for (int i = 0; i < 2000; i++) {
        char as[400], params[600];
        mlpipe_dataset *d = trip_dataset(as), *back;
        mlpipe_buffer *b;
        const char *const *dialect = dialects[i % 5];
        if (trip_unit_is_told(d)) {
            assert_ok(ctx, mlpipe_write_csv_memory(ctx, d, dialect[0], &b));
            sprintf(params, "header=true skip=0 footer=0 escape=doubled "
                    "comment='' quoted=text %s as=%s", dialect[1], as);
            assert_ok(ctx, mlpipe_read_csv_memory(
                ctx, mlpipe_buffer_data(b), mlpipe_buffer_size(b), params,
                &back));
            assert_equal(d, back, mlpipe_buffer_data(b));
            mlpipe_dataset_free(back);
            mlpipe_buffer_free(b);
            assert_ok(ctx, mlpipe_write_json_memory(
                ctx, d, i % 2 ? "format=array" : NULL, &b));
            sprintf(params, "as=%s", as);
            assert_ok(ctx, mlpipe_read_json_memory(
                ctx, mlpipe_buffer_data(b), mlpipe_buffer_size(b), params,
                &back));
            assert_equal(d, back, mlpipe_buffer_data(b));
            mlpipe_dataset_free(back);
            mlpipe_buffer_free(b);
            done++;
        }
        mlpipe_dataset_free(d);
    }
    assert_true(done > 1900);
}

/* Without as=: what JSON tells by itself, odd names, NULs in texts. */
static void json_tells_types(void **state)
{
    static const char text[] =
        "{\"\\\"\\\\,\\n\\u0001 \":true,\"\xc3\xa9.x\":1,\"'\":1.0,\"#\":\"a"
        "\\u0000b\",\"t\":\"2015-02-01T00:00:00.000001\"}\n"
        "{\"'\":-0.0,\"\xc3\xa9.x\":9007199254740993}\n";
    mlpipe_dataset *d = json_ok(text, NULL), *back;
    mlpipe_buffer *b;
    (void)state;

    assert_ok(ctx, mlpipe_write_json_memory(ctx, d, NULL, &b));
    back = json_ok(mlpipe_buffer_data(b), NULL);
    assert_equal(d, back, "json");
    mlpipe_dataset_free(back);
    mlpipe_buffer_free(b);
    assert_ok(ctx, mlpipe_write_csv_memory(ctx, d, NULL, &b));
    assert_ok(ctx, mlpipe_read_csv_memory(ctx, mlpipe_buffer_data(b),
                                          mlpipe_buffer_size(b),
                                          "header=true", &back));
    assert_equal(d, back, "csv");
    mlpipe_dataset_free(back);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

/* ---- files -------------------------------------------------------------- */

static int32_t stop(void *user, const char *stage, double done)
{
    (void)user;
    return !strcmp(stage, "write") && done > 0;
}

static int32_t count_calls(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    ++*(int32_t *)user;
    return 0;
}

/* Wide rows: a stop is asked for by cells, not by rows alone. */
static void polls_by_cells(void **state)
{
    enum { COLUMNS = 5000, ROWS = 200 };
    static double x[ROWS];
    int32_t calls = 0;
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &calls,
                                  .progress = count_calls};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_buffer *text;
    mlpipe_ctx *c;
    char name[20];
    (void)state;

    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    for (int i = 0; i < COLUMNS; i++) {
        mlpipe__format(name, sizeof name, "x%d", i);
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, x,
                                             NULL, ROWS));
    }
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_write_csv_memory(c, d, NULL, &text));
    assert_in_range(calls, 10, 100);
    mlpipe_buffer_free(text);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void files(void **state)
{
    enum { ROWS = 30000 };
    double *x = malloc(ROWS * sizeof *x);
    mlpipe_dataset *d, *back;
    mlpipe_buffer *b;
    mlpipe_ctx *c;
    (void)state;

    assert_non_null(x);
    for (int i = 0; i < ROWS; i++)
        x[i] = 1.0 / (i + 1);
    d = numbers_of(x, ROWS);
    assert_ok(ctx, mlpipe_write_csv(ctx, d, "write_table.csv", NULL));
    assert_ok(ctx, mlpipe_read_csv(ctx, "write_table.csv", NULL, &back));
    assert_equal(d, back, "a file of CSV");
    mlpipe_dataset_free(back);
    assert_ok(ctx, mlpipe_write_json(ctx, d, "write_table.json",
                                     "format=array"));
    assert_ok(ctx, mlpipe_read_json(ctx, "write_table.json", NULL, &back));
    assert_equal(d, back, "a file of JSON");
    mlpipe_dataset_free(back);

    /* Stopped half way: the old file stays, and nothing beside it. */
    const mlpipe_ctx_options o = {.size = sizeof o, .progress = stop};
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_told(c, MLPIPE_E_CANCELLED,
                mlpipe_write_csv(c, d, "write_table.csv", "header=false"));
    mlpipe_ctx_free(c);
    assert_ok(ctx, mlpipe_read_csv(ctx, "write_table.csv", NULL, &back));
    assert_equal(d, back, "what was there");
    mlpipe_dataset_free(back);
    assert_told(ctx, MLPIPE_E_NOT_FOUND,
                mlpipe_write_csv(ctx, d, "no/such/folder.csv", NULL));
    assert_ok(ctx, mlpipe_write_csv_memory(ctx, d, NULL, &b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    remove("write_table.csv");
    remove("write_table.json");
    free(x);
}

/* ---- a decimal comma, and names that promise more ------------------------ */

static void decimal_comma(void **state)
{
    mlpipe_dataset *d = json_ok("[{\"x\":1.5,\"n\":2,\"s\":\"1.5\","
                                "\"t\":\"2024-03-01T10:00:00.5\"},"
                                "{\"x\":-3.0,\"n\":4,\"s\":\"a;b\","
                                "\"t\":\"2024-03-01T10:00:01.5\"}]", NULL);

    (void)state;
    writes(d, false, "decimal=, delimiter=;",
           "x;n;s;t\n1,5;2;1.5;2024-03-01T10:00:00.500000\n"
           "-3,0;4;\"a;b\";2024-03-01T10:00:01.500000\n");
    refuses(d, false, "decimal=,", MLPIPE_E_PARAM, "say delimiter=';', too");
    refuses(d, false, "decimal=x", MLPIPE_E_PARAM, "it must be . or ,");
    refuses(d, false, "decimal=, delimiter=; null=1,5", MLPIPE_E_PARAM,
            "what null is written as");
    mlpipe_dataset_free(d);
    d = json_ok("[{\"x\":1.5,\"y\":0.1},{\"x\":1e300,\"y\":-7.0}]", NULL);
    mlpipe_buffer *b;
    mlpipe_dataset *back;
    assert_ok(ctx, mlpipe_write_csv_memory(ctx, d, "decimal=, delimiter=;",
                                           &b));
    assert_ok(ctx, mlpipe_read_csv_memory(ctx, mlpipe_buffer_data(b),
                                          mlpipe_buffer_size(b), NULL,
                                          &back));
    assert_equal(d, back, "decimal=,");
    mlpipe_dataset_free(back);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

static void packed_names(void **state)
{
    static const char *const names[] = {"t.csv.gz", "t.csv.zst"};
    mlpipe_dataset *d = json_ok("[{\"x\":1}]", NULL);

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(MLPIPE_E_UNSUPPORTED,
                         mlpipe_write_csv(ctx, d, names[i], NULL));
        assert_non_null(strstr(mlpipe_ctx_error(ctx)->text,
                               "compress the file afterwards"));
        assert_int_equal(MLPIPE_E_UNSUPPORTED,
                         mlpipe_write_json(ctx, d, names[i], NULL));
    }
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact),
        cmocka_unit_test(parameters),
        cmocka_unit_test(quotes),
        cmocka_unit_test(not_numbers),
        cmocka_unit_test(times),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(json_tells_types),
        cmocka_unit_test(polls_by_cells),
        cmocka_unit_test(files),
        cmocka_unit_test(decimal_comma),
        cmocka_unit_test(packed_names),
    };
    return cmocka_run_group_tests_name("write_table", tests, set_up,
                                       tear_down);
}
