/* SPDX-License-Identifier: MIT */
/* What people read where a text or made data cannot be had. */
#include "api/messages.h"
#include "base/base_internal.h"
#include "golden_text.h"

static mlpipe_ctx *c;

static int open_ctx(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

/* ---- parameters of all calls -------------------------------------------- */

static void parameters(void **state)
{
    (void)state;
    NO(mlpipe_dataset, c, PARAM, "\"pad\" is no key=value; did you mean "
       "rows=pad?", mlpipe_read_csv_memory(c, "a\n1\n", 4, "pad", &out));
}

static void many_parameters(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .json_bytes = 8};
    mlpipe_ctx *const few = limited(&small);
    mlpipe_dataset *d;
    (void)state;
    TOLD(few, mlpipe_read_csv_memory(few, "a\n1\n", 4, "delimiter=none", &d));
    mlpipe_ctx_free(few);
}

/* ---- files ---------------------------------------------------------- */

static const mlpipe_io *honest;

static int32_t boasts(void *user, void *file, uint64_t offset, void *data,
                      size_t bytes, size_t *got)
{
    const int32_t result =
        honest->read_at(user, file, offset, data, bytes, got);
    *got = bytes + 1;
    return result;
}

/* The disk fails at each call once, and one that tells too much. */
static void files(void **state)
{
    mlpipe_io disk, io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(c->env, &disk);
    mlpipe__fault_io fault = {.inner = &disk, .fail_at = -1,
                              .result = MLPIPE_IO_FAILED};
    mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *on;
    mlpipe_dataset *d;
    (void)state;
    mlpipe__fault_io_table(&fault, &io);
    assert_int_equal(0, mlpipe_ctx_new(&o, &on));
    mlpipe_dataset *const made = read_text(c, "a,b\n1,x\n2,y\n", NULL);
    assert_ok(on, mlpipe_write_csv(on, made, "f.csv", NULL));
    for (int64_t n = 0, more = 1; more; n++) {
        fault.count = 0;
        fault.fail_at = n;
        const mlpipe_status st = mlpipe_read_csv(on, "f.csv", NULL, &d);
        more = st != MLPIPE_OK;
        if (st)
            golden_error(__BASE_FILE__, "a disk that fails", on, st);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(on);
    honest = &disk;
    io = disk;
    io.read_at = boasts;
    assert_int_equal(0, mlpipe_ctx_new(&o, &on));
    TOLD(on, mlpipe_read_csv(on, "f.csv", NULL, &d));
    mlpipe_model *model;
    TOLD(on, mlpipe_model_load(on, "f.csv", &model));
    mlpipe_ctx_free(on);
    mlpipe_dataset_free(made);
    mlpipe__memory_io_free(m);
}

/* ---- CSV ---------------------------------------------------------------- */

static const struct csv_row {
    const char *text, *params;
    mlpipe_status st;
    const char *words;
} csv_rows[] = {
    {"a;b\n1;2\n", "delimiter=; quote=;", MLPIPE_E_PARAM,
     "delimiter and quote are both \";\"; take another for one of them"},
    {"a;b\n1;2\n", "quote=xx", MLPIPE_E_PARAM,
     "quote=\"xx\": it must be auto, one ASCII character that ends no line, "
     "or ''"},
    {"a;b\n1;2\n", "comment=## delimiter=;", MLPIPE_E_PARAM,
     "comment=\"##\": it must be auto, one ASCII character that ends no line"},
    {"a;b\n1;2\n", "comment=; delimiter=;", MLPIPE_E_PARAM,
     "comment is \";\", as delimiter is; take another sign"},
    {"a;b\n1;2\n", "escape=backslash quote=\\", MLPIPE_E_PARAM,
     "escape=backslash, but delimiter or quote is one too; take another sign "
     "for it"},
    {"a;b\n1;2\n", "header=false header_rows=2", MLPIPE_E_PARAM,
     "header=false, but header_rows=2: leave out one"},
    {"a;b\n1;2\n", "delimiter=''", MLPIPE_E_PARAM,
     "delimiter=\"\": it must be auto, tab, space or one ASCII character"},
    {"a;b\n1;2\n", "delimiter='\"'", MLPIPE_E_PARAM,
     "the delimiter is a quotation mark: say quote=, too"},
    {"a;b\n1;2\n", "skip=x", MLPIPE_E_PARAM,
     "skip=\"x\": it must be auto or a number of lines from 0 to"},
    {"a;b\n1;2\n", "decimal=;", MLPIPE_E_PARAM,
     "decimal=\";\": it must be auto, . or ,"},
    {"a;b\n1;2\n", "thousands=;", MLPIPE_E_PARAM,
     "thousands=\";\": it must be one of , . _ space '''' or nothing"},
    {"a;b\n1;2\n", "thousands=.", MLPIPE_E_PARAM,
     "decimal and thousands are both \".\"; say decimal=',', too"},
    {"a;b\n1;2\n", "as=b", MLPIPE_E_PARAM,
     "as=\"b\": each item is name:type with one of the types bool, i64"},
    {"price;b\n1;2\n", "as=prize:f64", MLPIPE_E_SCHEMA,
     "as=\"prize:f64\": memory has no such column; did you mean \"price\"?"},
    {"price;b\n1;2\n", "as=zzz:f64", MLPIPE_E_SCHEMA,
     "as=\"zzz:f64\": memory has no such column; leave it out"},
    {"day\n1/13/2020\n13/1/2020\n", "as=day:timestamp", MLPIPE_E_FORMAT,
     "column 'day' cannot be a timestamp: no one order of dates and kind of "
     "zone fits all its values; say dates=mdy or dates=dmy"},
    {"day\n1/2/2020\n3/4/2020\n", "as=day:timestamp", MLPIPE_E_AMBIGUOUS,
     "column 'day': \"1/2/2020\" in line 2 is month 1, day 2 or month 2, "
     "day 1, and all 2 values fit both; say dates=mdy or dates=dmy"},
    {"[{\"a\":1}]\n", NULL, MLPIPE_E_FORMAT,
     "looks like JSON; use mlpipe_read_json, or give header= where it is "
     "CSV"},
};

static void csv(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof csv_rows / sizeof *csv_rows; i++) {
        const struct csv_row *r = &csv_rows[i];
        mlpipe_dataset *d = NULL;
        told(c, r->params ? r->params : r->text,
             mlpipe_read_csv_memory(c, r->text, strlen(r->text), r->params,
                                    &d),
             r->st, r->words);
        assert_null(d);
    }
    NO(mlpipe_dataset, c, FORMAT,
       "the name of column 2 holds a NUL byte; remove it",
       mlpipe_read_csv_memory(c, "a,b\0b\n1,2\n", 10, "header=true", &out));
}

static void csv_limits(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .csv_columns = 2,
                                 .cell_bytes = 4, .csv_rows = 2,
                                 .categories = 2, .csv_line_bytes = 64};
    static const struct csv_row rows[] = {
        {"a,b,c\n1,2,3\n", "delimiter=,", MLPIPE_E_LIMIT,
         "line 1 has more cells than the limit csv_columns, 2; raise it, or "
         "say another delimiter="},
        {"a\nxxxxxx\n", "delimiter=none", MLPIPE_E_LIMIT,
         "line 2, column 'a': a cell of 6 bytes; the limit cell_bytes is 4; "
         "raise it in mlpipe_limits, or shorten the text"},
        {"a\n1\n2\n3\n", "delimiter=none", MLPIPE_E_LIMIT,
         "has more rows than the limit csv_rows, 2; raise it, or read fewer "
         "rows at a time"},
    };
    static char line[200];
    mlpipe_ctx *const few = limited(&small);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mlpipe_dataset *d = NULL;
        told(few, rows[i].text,
             mlpipe_read_csv_memory(few, rows[i].text, strlen(rows[i].text),
                                    rows[i].params, &d),
             rows[i].st, rows[i].words);
    }
    memset(line, 'x', sizeof line - 1);
    memcpy(line, "a\n\"", 3);
    NO(mlpipe_dataset, few, LIMIT,
       "has more than 64 bytes, the limit csv_line_bytes",
       mlpipe_read_csv_memory(few, line, strlen(line), "delimiter=none",
                              &out));
    mlpipe_ctx_free(few);
}

/* The last lines are looked for in a part of the text only. */
static void csv_footer(void **state)
{
    enum { ROWS = 9000, BYTES = 600 };
    char *const text = malloc(ROWS * BYTES + 1);
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        memset(text + i * BYTES, 'x', BYTES);
        text[i * BYTES + 1] = ',';
        text[i * BYTES + BYTES - 1] = '\n';
    }
    NO(mlpipe_dataset, c, LIMIT, "memory: the last 8000 lines have more than ",
       mlpipe_read_csv_memory(c, text, ROWS * BYTES, "footer=8000 header=false",
                              &out));
    free(text);
}

static void json(void **state)
{
    static const char *const rows[][2] = {
        {"[{\"a\":1}]", "at=/~2"},
        {"[{\"a\":1}]", "at=a"},
        {"{\"a\":1}\n", "at=/a format=ndjson"},
        {"[{\"a\" 1}]", NULL},
        {"{\"a\" [{\"b\":1}]}", "at=/a"},
        {"{\"a\":[{\"b\":1}],\"a\":[]}", "at=/a"},
        {"{\"a\":{\"b\":1}}", "at=/a"},
        {"{\"a\":{\"b\":1}}", "at=/a/c"},
        {"{\"a\":[{\"b\":1}]}", "at=/c"},
        {"[{\"price\":1}]", "as=prize:f64"},
        {"[{\"price\":1}]", "as=prize"},
        {"[{}]", NULL},
        {"[{\"a\":1}", NULL},
        {"[{\"a\":1},]", NULL},
        {"[1]", NULL},
        {"", NULL},
        {"[{\"a\":1}] x", NULL},
        {"{1:2}", "at=/a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mlpipe_dataset *d = NULL;
        char name[200];
        snprintf(name, sizeof name, "%s %s", rows[i][0],
                 rows[i][1] ? rows[i][1] : "");
        const mlpipe_status st = mlpipe_read_json_memory(
            c, rows[i][0], strlen(rows[i][0]), rows[i][1], &d);
        if (!st)
            fail_msg("is read: %s", name);
        golden_error(__BASE_FILE__, name, c, st);
    }
    const mlpipe_limits small = {.size = sizeof small, .csv_columns = 1};
    mlpipe_ctx *const few = limited(&small);
    mlpipe_dataset *d;
    TOLD(few, mlpipe_read_json_memory(few, "[{\"a\":1,\"b\":2}]", 15, NULL,
                                      &d));
    mlpipe_ctx_free(few);
}

static void written(void **state)
{
    mlpipe_dataset *const d = read_text(c, "a,b\n1,x\n2,y\n3,x\n", NULL);
    mlpipe_buffer *out;
    (void)state;
    TOLD(c, mlpipe_write_csv_memory(c, d, "delimiter=; quote=;", &out));
    TOLD(c, mlpipe_write_csv_memory(c, d, "delimiter=x", &out));
    TOLD(c, mlpipe_write_csv_memory(c, d, "decimal=x", &out));
    TOLD(c, mlpipe_write_csv_memory(c, d, "decimal=,", &out));
    mlpipe_dataset_free(d);
}

/* ---- made data ---------------------------------------------------------- */

static void synthetic(void **state)
{
    static const struct {
        const char *kind, *params;
        mlpipe_status st;
        const char *words;
    } rows[] = {
        {"zzzzzz", NULL, MLPIPE_E_PARAM,
         "there is no kind \"zzzzzz\"; it is one of regression, "
         "classification, friedman1"},
        {"regresion", NULL, MLPIPE_E_PARAM,
         "there is no kind \"regresion\"; did you mean \"regression\"?"},
        {"classification", "informative=9 features=4", MLPIPE_E_PARAM,
         "\"informative\" is 9 of 4 features; give at most as many as "
         "features"},
        {"hyperplane", "features=3 drift_features=9", MLPIPE_E_PARAM,
         "\"drift_features\" is 9 of 3 features; give at most as many as "
         "features"},
        {"sea", "drift_at=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,"
                "21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,"
                "41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,"
                "61,62,63,64,65", MLPIPE_E_PARAM,
         "\"drift_at\" holds 65 rows; at most"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mlpipe_dataset *d = NULL;
        told(c, rows[i].params ? rows[i].params : rows[i].kind,
             mlpipe_synth(c, rows[i].kind, rows[i].params, &d), rows[i].st,
             rows[i].words);
    }
}

static void dirty(void **state)
{
    mlpipe_dataset *const d = read_text(c, "a,b\n1,x\n2,y\n3,x\n", NULL);
    mlpipe_dataset *none;
    (void)state;
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 0, &none));
    mlpipe_dataset *made = NULL;
    mlpipe_report *key = NULL;
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=typoz", &made, &key));
    SAYS(c, PARAM, "there is no defect \"zzzzz\"; there are: ",
         mlpipe_synth_dirty(c, d, "defects=zzzzz", &made, &key));
    SAYS(c, EMPTY, "the dataset has no rows for defects",
         mlpipe_synth_dirty(c, none, "defects=typos", &made, &key));
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=typos,typos", &made, &key));
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=typos target=a,b", &made,
                               &key));
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=typos:2", &made, &key));
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=typos columns=a", &made, &key));
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(d);
}

static void copulas(void **state)
{
    mlpipe_dataset *const d = read_text(c, "a,b\n1,2\n2,inf\n3,4\n",
                                        "as=b:f64");
    mlpipe_dataset *one;
    (void)state;
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 1, &one));
    NO(mlpipe_copula, c, EMPTY, "no column is left of the dataset's 2: texts, "
       "ids and private ones are left out",
       mlpipe_copula_fit(c, d, "private=a,b", &out));
    NO(mlpipe_copula, c, NUMERIC, "column \"b\" is infinite in row 1; a copula "
       "is of finite values", mlpipe_copula_fit(c, d, NULL, &out));
    assert_string_equal("b", mlpipe_ctx_error(c)->column);
    NO(mlpipe_copula, c, EMPTY, "the dataset has 1 rows; a copula needs 2 or "
       "more", mlpipe_copula_fit(c, one, NULL, &out));
    NO(mlpipe_copula, c, CONFLICT, "column \"a\" is named by columns= and by "
       "private=; take it out of one of them",
       mlpipe_copula_fit(c, d, "columns=a private=a", &out));
    mlpipe_dataset_free(one);
    mlpipe_dataset_free(d);
    mlpipe_copula *fitted;
    mlpipe_dataset *const r = read_text(
        c, "a,s\n1,north\n2,south\n3,north\n4,south\n", "as=s:category");
    mlpipe_dataset *out;
    assert_ok(c, mlpipe_copula_fit(c, r, NULL, &fitted));
    TOLD(c, mlpipe_copula_sample(c, fitted, "rows=3 given='s=nord'", &out));
    TOLD(c, mlpipe_copula_sample(c, fitted, "rows=3 given='a=99..100'",
                                 &out));
    TOLD(c, mlpipe_copula_sample(c, fitted, "rows=3 given='a=x'", &out));
    mlpipe_copula_free(fitted);
    mlpipe_dataset_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters), cmocka_unit_test(csv),
        cmocka_unit_test(csv_limits), cmocka_unit_test(synthetic),
        cmocka_unit_test(dirty),      cmocka_unit_test(copulas),
        cmocka_unit_test(csv_footer), cmocka_unit_test(json),
        cmocka_unit_test(written),    cmocka_unit_test(files),
        cmocka_unit_test(many_parameters),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
