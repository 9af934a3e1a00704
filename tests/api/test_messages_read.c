/* SPDX-License-Identifier: MIT */
/* What people read where a text or made data cannot be had. */
#include "api/messages.h"

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
    SAYS(c, PARAM, "there is no defect \"zzzzz\"; there are: ",
         mlpipe_synth_dirty(c, d, "defects=zzzzz", &made, &key));
    SAYS(c, EMPTY, "the dataset has no rows for defects",
         mlpipe_synth_dirty(c, none, "defects=typos", &made, &key));
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters), cmocka_unit_test(csv),
        cmocka_unit_test(csv_limits), cmocka_unit_test(synthetic),
        cmocka_unit_test(dirty),      cmocka_unit_test(copulas),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
