/* SPDX-License-Identifier: MIT */
/* format: numbers, dates, quantities and clean categories out of text. */
#include "golden_text.h"
#include "clean/clean_support.h"

enum { ROWS = 400 };

/* A column as a category and as free text: both must do. */
static const char *const kinds[] = {"text=category", "text=text"};

/* A dataset of one column of texts, quoted, and y = its number. */
static mlpipe_dataset *format_data(mlpipe_ctx *c, const char *const *texts,
                                   uint32_t count, const char *params)
{
    mlpipe__text csv;
    mlpipe_dataset *d;
    char all[128];

    mlpipe__text_init(&csv, c->env);
    mlpipe__text_add(&csv, "v,y\n");
    for (uint32_t i = 0; i < count; i++)
        if (texts[i])
            mlpipe__text_add(&csv, "\"%s\",%u\n", texts[i], i);
        else
            mlpipe__text_add(&csv, ",%u\n", i);
    assert_false(csv.failed);
    snprintf(all, sizeof all, "%s as=v:%s", params,
             strcmp(params, kinds[0]) ? "text" : "category");
    d = clean_csv(c, csv.data, all);
    mlpipe__text_free(&csv);
    return d;
}

/* What the step makes of the texts, as a column and row by row. */
static void format_gives(const char *steps, const char *const *texts,
                         const double *want, uint32_t count)
{
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = format_data(c, texts, count, kinds[k]), *out;
        mlpipe_transform *t;
        double got[64], one;
        assert_ok(c, clean_fit(c, d, "features=v", steps, &out, &t));
        clean_column(c, out, "v", got);
        for (uint32_t i = 0; i < count; i++) {
            mlpipe_dataset *row, *made;
            if (isnan(want[i]) ? !isnan(got[i])
                               : !(fabs(got[i] - want[i]) <=
                                   1e-14 * fabs(want[i])))
                fail_msg("%s: %s is %.17g", steps, texts[i], got[i]);
            assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
            assert_ok(c, mlpipe_transform_apply(c, t, row, NULL, &made));
            clean_column(c, made, "v", &one);
            if (isnan(one))
                assert_true(isnan(got[i]));
            else
                assert_same(one, got[i]);
            mlpipe_dataset_free(made);
            mlpipe_dataset_free(row);
        }
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

static void format_numbers(void **state)
{
    static const char *const plain[] = {"$1,234.50", " 12 ", "12%", "N/A",
                                        NULL, "  ", "(1,200)", "-0.5"};
    static const double values[] = {1234.5, 12, 0.12, NAN,
                                    NAN, NAN, -1200, -0.5};
    static const char *const comma[] = {"1.234,50 EUR", "7", "0,25", "-"};
    static const double comma_values[] = {1234.5, 7, 0.25, NAN};
    (void)state;

    format_gives("format columns=v to=number null=N/A", plain, values, 8);
    format_gives("format columns=v to=number decimal=, null=-", comma,
                 comma_values, 4);
}

static void format_quantities(void **state)
{
    static const char *const area[] = {"120 m2", "1,000 ft2", "0.5 km2",
                                       NULL};
    static const double area_m2[] = {120, 92.90304, 500000, NAN};
    static const char *const length[] = {"5 ft", "2 m", "1 km"};
    static const double length_m[] = {1.524, 2, 1000};
    (void)state;

    format_gives("format columns=v to=unit unit=m2", area, area_m2, 4);
    format_gives("format columns=v to=unit unit=m", length, length_m, 3);
}

static void format_dates(void **state)
{
    static const char *const iso[] = {"1970-01-02", " 2015-02-28 ", NULL};
    static const double iso_us[] = {86400e6, 1425081600e6, NAN};
    static const char *const slash[] = {"03/09/2018", "14/09/2018", "-"};
    static const double slash_us[] = {1535932800e6, 1536883200e6, NAN};
    static const char *const odd[] = {"2018|9|3", "2018|9|14"};
    (void)state;

    format_gives("format columns=v to=date", iso, iso_us, 3);
    /* pandas once read the first one as the 9th of March */
    format_gives("format columns=v to=date null=-", slash, slash_us, 3);
    format_gives("format columns=v to=date pattern=%Y|%m|%d", odd, slash_us,
                 2);
}

/* A time behind it is one: its parts can be had. */
static void format_then_derive(void **state)
{
    static const char *const texts[] = {"03.09.2018", "14.09.2019"};
    static const double year[] = {2018, 2019};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = format_data(c, texts, 2, kinds[k]), *out;
        mlpipe_transform *t;
        mlpipe_pipeline *p =
            clean_recipe(c, "features=y", "format columns=v to=date");
        double got[2];
        assert_ok(c, mlpipe_pipeline_derive(c, p, "made = year(v)"));
        assert_ok(c, mlpipe_transform_fit(c, p, d, &out, &t));
        clean_column(c, out, "made", got);
        assert_same(got[0], year[0]);
        assert_same(got[1], year[1]);
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* ---- what it refuses ---------------------------------------------------- */

static void format_fails(const char *steps, const char *const *texts,
                         uint32_t count, mlpipe_status status,
                         const char *const *says)
{
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = format_data(c, texts, count, kinds[k]);
        mlpipe_transform *t;
        const char *why;
        assert_status(status,
                      clean_fit(c, d, "features=v", steps, NULL, &t));
        assert_null(t);
        why = mlpipe_ctx_error(c)->text;
        for (uint32_t i = 0; says[i]; i++)
            if (!strstr(why, says[i]))
                fail_msg("%s: \"%s\" is not in: %s", steps, says[i], why);
        golden_error(__BASE_FILE__, steps, c, status);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

#define SAYS(...) (const char *const[]){__VA_ARGS__, NULL}

static void format_dates_that_are_none(void **state)
{
    static const char *const two_ways[] = {"03/09/2018", "04/05/2018"};
    static const char *const mixed[] = {"14/09/2018", "15/09/2018",
                                        "2018-09-14", "16/09/2018"};
    static const char *const none[] = {"soon", "later"};
    static const char *const empty[] = {NULL, "-"};
    (void)state;

    format_fails("format columns=v to=date", two_ways, 2, MLPIPE_E_PARAM,
                 SAYS("\"v\"", "\"03/09/2018\" (row 0)", "2018-03-09 or "
                      "2018-09-03", "%m/%d/%Y", "%d/%m/%Y", "pattern="));
    format_fails("format columns=v to=date", mixed, 4, MLPIPE_E_FORMAT,
                 SAYS("3 of 4", "\"2018-09-14\" (row 2)", "%d/%m/%Y"));
    format_fails("format columns=v to=date", none, 2, MLPIPE_E_FORMAT,
                 SAYS("none of 2", "\"soon\" (row 0)"));
    format_fails("format columns=v to=date null=-", empty, 2, MLPIPE_E_EMPTY,
                 SAYS("\"v\"", "pattern="));
}

/* The text of a message is that of its row, a part of it where it is long,
 * and not the one that a dictionary has first. */
static void format_shows_the_text_of_the_row(void **state)
{
    static const char *const texts[] = {
        "the day that the long war between the two houses came to an end at "
        "last",
        "a day", "2018-09-14"};
    (void)state;

    format_fails("format columns=v to=date", texts, 3, MLPIPE_E_FORMAT,
                 SAYS("1 of 3", "\"the day that the long war between the two "
                      "houses came to an end\" (row 0)"));
}

/* A blank is missing anyway; that it is named as such is no mistake. */
static void format_an_empty_text_is_missing(void **state)
{
    static const char *const texts[] = {"1", "", "-", " ", "2"};
    static const double values[] = {1, NAN, NAN, NAN, 2};
    static const char *const days[] = {"1970-01-02", "  ", "-"};
    static const double us[] = {86400e6, NAN, NAN};
    (void)state;

    format_gives("format columns=v to=number null='``'", texts, values, 2);
    format_gives("format columns=v to=number null='``,-,` `'", texts, values,
                 5);
    format_gives("format columns=v to=date null='-,``'", days, us, 3);
}

static void format_texts_that_are_none(void **state)
{
    static const char *const texts[] = {"1", "2", "3", "many", "5",
                                        "6", "few", "8", "9", "10"};
    static const char *const german[] = {"1.234,50", "2,5", "7"};
    (void)state;

    format_fails("format columns=v to=number", texts, 10, MLPIPE_E_FORMAT,
                 SAYS("2 of 10 texts of \"v\"", "\"many\" (row 3)", "\"few\"",
                      "max_unread=0.1", "null="));
    format_fails("format columns=v to=number", german, 3, MLPIPE_E_FORMAT,
                 SAYS("2 of 3", "decimal=, it would be 2 fewer"));
    format_fails("format columns=v to=date pattern=%Y-%m", texts, 10,
                 MLPIPE_E_FORMAT, SAYS("10 of 10"));
    format_fails("format columns=v to=unit unit=m", texts, 10,
                 MLPIPE_E_FORMAT, SAYS("10 of 10", "to=unit"));
}

/* Rows count, not different texts. */
static void format_counts_rows(void **state)
{
    static const char *texts[60];
    clean_log log;
    (void)state;

    for (uint32_t i = 0; i < 60; i++)
        texts[i] = i % 12 ? "7" : "unknown";
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(&log);
        mlpipe_dataset *d = format_data(c, texts, 60, kinds[k]);
        mlpipe_pipeline *p =
            clean_recipe(c, "target=y features=v",
                         "format columns=v to=number as=f;gbt trees=1");
        mlpipe_model *m;
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        const double lost = mlpipe_report_get(m->notes, "f.v.unread");
        const double seen = mlpipe_report_get(m->notes, "f.v.texts");
        assert_true(lost > 0 && lost < 7 && seen > 40);
        assert_near(mlpipe_report_get(m->notes, "nulls_made"), lost, 0);
        assert_true(clean_logged(&log, "such as \"unknown\""));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* Both signs fit and mean something else: told, as nobody said which. */
static void format_warns_of_decimals(void **state)
{
    static const char *const texts[] = {"1.234", "2.500", "7"};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        clean_log log;
        mlpipe_ctx *c = clean_ctx(&log);
        mlpipe_dataset *d = format_data(c, texts, 3, "text=text");
        mlpipe_transform *t;
        assert_ok(c, clean_fit(c, d, "features=v",
                               k ? "format columns=v to=number decimal=."
                                 : "format columns=v to=number",
                               NULL, &t));
        assert_int_equal(!k, clean_logged(&log, "with decimal=, as well"));
        mlpipe_transform_free(t);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

static void format_parameters(void **state)
{
    static const char *const texts[] = {"a", "b"};
    static const char *const bad[][2] = {
        {"to=number", "\"columns\" must be given"},
        {"columns=v", "\"to\" must be given, one of number,date,category,unit"},
        {"columns=w to=number", "\"w\""},
        {"columns=v,v to=category", "twice"},
        {"columns=v to=number decimal=;", "neither . nor ,"},
        {"columns=v to=unit", "needs unit="},
        {"columns=v to=unit unit=smoots", "\"smoots\""},
        {"columns=v to=date pattern=%Q", "pattern="},
        {"columns=v to=number case=lower", "case= says nothing"},
        {"columns=v to=category pattern=%Y", "pattern= says nothing"},
        {"columns=v to=category map=a", "lacks a :"},
        {"columns=v to=category map=a:b:c", "two :"},
        {"columns=v to=category map=a:b,a:c", "\"b\" and \"c\""},
        {"columns=v to=category case=lower map=A:b,a:c", "\"b\" and \"c\""},
        {"columns=v to=category null=a map=a:b",
         "\"a\" means missing by null= and becomes \"b\" by map="},
        {"columns=v to=category case=lower null=x,a map='A:b'",
         "\"a\" means missing by null="},
        {"columns=v to=category null='``' map='` `:b'",
         "\"\" means missing by null="},
        {"columns=v to=category map=a:,b:c", "lacks a text"},
        {"columns=v to=category null='a`b'", "amid a text"},
        {"columns=v to=category null='`a'", "never closed"},
        {"columns=v to=category null='`a`b'", "behind a closing `"},
        {"columns=y to=number", "\"y\""}};
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = format_data(c, texts, 2, kinds[0]);
    (void)state;

    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mlpipe_pipeline *p;
        mlpipe_transform *t;
        mlpipe_status st;
        assert_ok(c, mlpipe_pipeline_new(c, "features=v,y", &p));
        st = mlpipe_pipeline_add(c, p, "format", bad[i][0]);
        if (!st)
            st = mlpipe_transform_fit(c, p, d, NULL, &t);
        assert_status(MLPIPE_E_PARAM, st);
        if (!strstr(mlpipe_ctx_error(c)->text, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], mlpipe_ctx_error(c)->text);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* What a step before made of a text is no text any more. */
static void format_after_others(void **state)
{
    static const char *const texts[] = {"a", "b", NULL};
    mlpipe_ctx *c = clean_ctx(NULL);
    mlpipe_dataset *d = format_data(c, texts, 3, kinds[0]);
    mlpipe_transform *t;
    (void)state;

    assert_status(MLPIPE_E_PARAM,
                  clean_fit(c, d, "features=v",
                            "impute;format columns=v to=category", NULL,
                            &t));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "before that"));
    assert_ok(c, clean_fit(c, d, "features=v",
                           "format columns=v to=category case=upper;"
                           "format columns=v to=category map=A:1,B:2 as=g;"
                           "format columns=v to=number as=h;impute",
                           NULL, &t));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_transform_output_type(t, 0));
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- categories --------------------------------------------------------- */

static void format_categories(void **state)
{
    static const char *const texts[] = {
        " Paris", "PARIS ", "paris", "S\xc3\xa3o  Paulo", "sao paulo",
        "N/A",    "ny",     "New York", "a,b:c", "", NULL};
    static const char *const want[] = {
        "paris", "paris", "paris", "sao paulo", "sao paulo",
        "",      "new york", "new york", "abc", "", ""};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = format_data(c, texts, 11, kinds[k]), *out;
        mlpipe_transform *t;
        assert_ok(c, clean_fit(c, d, "features=v",
                               "format columns=v to=category case=lower "
                               "squeeze=true accents=strip null='N/A,``' "
                               "map='NY:new york,`a,b:c`:abc'",
                               &out, &t));
        for (int64_t i = 0; i < 11; i++)
            assert_string_equal(want[i], clean_text(out, "v", i));
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

typedef struct format_record {
    uint32_t city;
} format_record;

static double format_values(mlpipe_ctx *c, const mlpipe_model *m,
                            const char *text)
{
    const mlpipe_value v = {0, text, (int32_t)strlen(text),
                            MLPIPE_VALUE_TEXT};
    mlpipe_predictor *p;
    double out;
    void *s;

    assert_ok(c, mlpipe_predictor_new(c, m, NULL, &p));
    s = aligned_alloc(64, (mlpipe_predictor_scratch(p) + 63) / 64 * 64);
    assert_ok(c, mlpipe_predict_values(p, s, &v, &out));
    free(s);
    mlpipe_predictor_free(p);
    return out;
}

static double format_token(mlpipe_ctx *c, const mlpipe_model *m,
                           const char *text)
{
    format_record r;
    mlpipe_layout *l;
    mlpipe_predictor *p;
    double out;
    void *s;

    assert_ok(c, mlpipe_layout_new(c, sizeof r, &l));
    assert_ok(c, mlpipe_layout_field(c, l, "v", MLPIPE_TOKEN,
                                     offsetof(format_record, city)));
    assert_ok(c, mlpipe_layout_token(c, l, text, strlen(text), &r.city));
    assert_ok(c, mlpipe_predictor_new(c, m, l, &p));
    s = aligned_alloc(64, (mlpipe_predictor_scratch(p) + 63) / 64 * 64);
    assert_ok(c, mlpipe_predict_row(p, s, &r, &out));
    free(s);
    mlpipe_predictor_free(p);
    mlpipe_layout_free(l);
    return out;
}

static double format_dataset(mlpipe_ctx *c, const mlpipe_model *m,
                             const char *text, const char *kind)
{
    mlpipe_dataset *d = format_data(c, &text, 1, kind);
    double out;

    assert_ok(c, mlpipe_predict(c, m, d, &out, 1));
    mlpipe_dataset_free(d);
    return out;
}

/* A text that training never saw means what its clean form meant there,
 * whichever way it comes. */
static void format_unseen_text_in_clean_form(void **state)
{
    static const char *const towns[] = {"paris", "Rome ", "oslo"};
    static const char *texts[ROWS];
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        texts[i] = towns[i % 10 / 4];
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe_dataset *d = format_data(c, texts, ROWS, kinds[k]);
        mlpipe_pipeline *p, *again;
        mlpipe_model *m, *loaded;
        mlpipe_buffer *b;
        double paris, unseen;
        p = clean_recipe(c, "target=y features=v holdout=0",
                         "format columns=v to=category case=lower;"
                         "gbt trees=30");
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        paris = format_dataset(c, m, "paris", kinds[k]);
        unseen = format_dataset(c, m, "berlin", kinds[k]);
        assert_false(isnan(paris) || paris == unseen);
        assert_same(paris, format_dataset(c, m, " PARIS ", kinds[0]));
        assert_same(paris, format_dataset(c, m, " PARIS ", kinds[1]));
        assert_same(paris, format_values(c, m, " PARIS "));
        assert_same(paris, format_token(c, m, " PARIS "));
        assert_same(paris, format_token(c, m, "paris"));
        assert_same(unseen, format_values(c, m, "Berlin"));
        assert_same(unseen, format_token(c, m, "Berlin"));

        assert_ok(c, mlpipe_model_bytes(c, m, &b));
        assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                             mlpipe_buffer_size(b),
                                             &loaded));
        assert_same(paris, format_values(c, loaded, "\tParis"));
        /* the recipe as it was saved fits the same model */
        assert_ok(c, mlpipe_model_recipe(c, loaded, &again));
        mlpipe_model_free(loaded);
        assert_ok(c, mlpipe_fit(c, again, d, NULL, &loaded));
        assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(loaded));
        mlpipe_model_free(loaded);
        mlpipe_pipeline_free(again);
        mlpipe_buffer_free(b);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* Every kind of row in one model: one at a time gives the dataset's bits, and
 * so does the order of the training rows. */
static void format_row_is_dataset(void **state)
{
    static const char *const roles = "target=y features=size,day,town,area";
    static const char *const steps =
        "format columns=size to=number decimal=, as=a;"
        "format columns=day to=date as=b;"
        "format columns=area to=unit unit=m2 as=c;"
        "format columns=town to=category case=upper as=d;"
        "impute;onehot";
    double first[5];
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_ctx *c = clean_ctx(NULL);
        mlpipe__text csv;
        mlpipe_dataset *d, *out, *row, *one, *probe;
        mlpipe_transform *t;
        mlpipe__text_init(&csv, c->env);
        mlpipe__text_add(&csv, "size;day;town;area;y\n");
        for (uint32_t j = 0; j < ROWS; j++) {
            const uint32_t i = k == 2 ? ROWS - 1 - j : j;
            mlpipe__text_add(&csv, "%u,%u;%u.%u.20%u;%s;%u %s;%u\n", i,
                             i % 10, 1 + i % 28, 1 + i % 12, 10 + i % 15,
                             i % 3 ? " oslo" : "Voss", i,
                             i % 2 ? "m2" : "ft2", i % 7);
        }
        d = clean_csv(c, csv.data,
                      k ? "delimiter=; as=size:text,day:text,town:text,"
                          "area:text"
                        : "delimiter=; as=size:category,day:category,"
                          "town:category,area:category");
        mlpipe__text_free(&csv);
        assert_ok(c, clean_fit(c, d, roles, steps, &out, &t));
        assert_int_equal(5, mlpipe_transform_outputs(t));
        for (int64_t i = 0; i < ROWS; i += 9) {
            assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
            assert_ok(c, mlpipe_transform_apply(c, t, row, NULL, &one));
            for (uint32_t f = 0; f < 5; f++) {
                double a, b;
                assert_ok(c, mlpipe_dataset_doubles(c, out, f, i, &a, 1));
                assert_ok(c, mlpipe_dataset_doubles(c, one, f, 0, &b, 1));
                assert_same(a, b);
            }
            mlpipe_dataset_free(one);
            mlpipe_dataset_free(row);
        }
        /* nothing fitted depends on kinds or order: medians, codes, format */
        probe = clean_csv(c, "size;day;town;area\n;;OSLO ;\n",
                          "delimiter=; as=size:text,day:text,town:text,"
                          "area:text");
        assert_ok(c, mlpipe_transform_apply(c, t, probe, NULL, &one));
        for (uint32_t f = 0; f < 5; f++) {
            double x;
            assert_ok(c, mlpipe_dataset_doubles(c, one, f, 0, &x, 1));
            if (k)
                assert_same(first[f], x);
            first[f] = x;
        }
        mlpipe_dataset_free(one);
        mlpipe_dataset_free(probe);
        mlpipe_transform_free(t);
        mlpipe_dataset_free(out);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* The log tells which format was found, and the notes keep it. */
static void format_tells_the_pattern(void **state)
{
    static const char *const texts[] = {"14/09/2018", "03/09/2018",
                                        "15/10/2018", "16/10/2018"};
    clean_log log;
    mlpipe_ctx *c = clean_ctx(&log);
    mlpipe_dataset *d = format_data(c, texts, 4, kinds[0]);
    mlpipe_pipeline *p = clean_recipe(c, "target=y features=v holdout=0",
                                      "format columns=v to=date;gbt trees=1");
    mlpipe_model *m;
    (void)state;

    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_non_null(strstr(mlpipe_report_text(m->notes, "format.v.pattern"),
                           "%d/%m/%Y"));
    assert_true(clean_logged(&log, "%d/%m/%Y"));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_numbers),
        cmocka_unit_test(format_quantities),
        cmocka_unit_test(format_dates),
        cmocka_unit_test(format_then_derive),
        cmocka_unit_test(format_dates_that_are_none),
        cmocka_unit_test(format_texts_that_are_none),
        cmocka_unit_test(format_shows_the_text_of_the_row),
        cmocka_unit_test(format_an_empty_text_is_missing),
        cmocka_unit_test(format_counts_rows),
        cmocka_unit_test(format_warns_of_decimals),
        cmocka_unit_test(format_parameters),
        cmocka_unit_test(format_after_others),
        cmocka_unit_test(format_categories),
        cmocka_unit_test(format_unseen_text_in_clean_form),
        cmocka_unit_test(format_row_is_dataset),
        cmocka_unit_test(format_tells_the_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
