/* SPDX-License-Identifier: MIT */
/* What a profile finds: each kind of dirt, and nothing in clean tables. */
#include "data/profile_rig.h"
#include "golden_text.h"

enum { FOUND_ROWS = 1000 };

static mlpipe_report *found_profile(const mlpipe_dataset *d,
                                    const char *params)
{
    mlpipe_report *r;

    assert_ok(rig_ctx, mlpipe_dataset_profile(rig_ctx, d, params, &r));
    return r;
}

/* ---- clean tables ------------------------------------------------------- */

static void found_nothing_in_clean_tables(void **state)
{
    static const char *const params[] = {NULL, "target=normal",
                                         "target=flag", "target=count"};
    (void)state;

    for (uint64_t seed = 0; seed < 200; seed++) {
        const double size = rig_unit(seed, 99, 0);
        const int64_t rows = (int64_t)(100 * pow(1000, size * size));
        mlpipe_dataset *d = rig_clean(seed, rows, 0);
        mlpipe_report *r = found_profile(d, params[seed % 4]);
        uint32_t findings;
        const mlpipe__report_cell *cell =
            table_cells(r, "findings", RIG_FINDINGS, &findings);

        for (uint32_t i = 0; i < findings; i++, cell += 7)
            if (strcmp("info", table_text(r, &cell[2])))
                fail_msg("seed %llu, %lld rows: %s of %s (%s)",
                         (unsigned long long)seed, (long long)rows,
                         table_text(r, &cell[1]), table_text(r, &cell[0]),
                         table_text(r, &cell[5]));
        assert_near(mlpipe_report_get(r, "warn_count"), 0, 0);
        mlpipe_report_free(r);
        mlpipe_dataset_free(d);
    }
}

/* ---- numbers ------------------------------------------------------------ */

static void found_in_numbers(void **state)
{
    rig_table t;
    int64_t i;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 100 == 7 ? -999 : 40 + 10 * rig_normal(1, 1, i);
    rig_reals(&t, "temperature");
    for (i = 0; i < t.rows; i++)
        t.k[i] = i % 50 == 3 ? 9999 : (int64_t)(rig_unit(1, 2, i) * 90);
    rig_whole(&t, "age");
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 200 == 9 ? 0 : 4 + rig_unit(1, 3, i);
    rig_reals(&t, "width");
    for (i = 0; i < t.rows; i++)
        t.x[i] = rig_normal(1, 4, i) + (i == 77 || i == 78 ? 40 : 0);
    rig_reals(&t, "spiked");
    for (i = 0; i < t.rows; i++)
        t.x[i] = exp(0.7 * rig_normal(1, 5, i)) * (i % 40 == 2 ? 1000 : 1);
    rig_reals(&t, "price");
    for (i = 0; i < t.rows; i++)
        t.x[i] = (170 + 8 * rig_normal(1, 6, i)) / (i % 40 == 3 ? 2.54 : 1);
    rig_reals(&t, "height");
    for (i = 0; i < t.rows; i++) {
        t.x[i] = 12 + 4 * rig_normal(1, 7, i);
        if (i % 33 == 1)
            t.x[i] = 1.8 * t.x[i] + 32;
    }
    rig_reals(&t, "celsius");
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 250 == 4 ? INFINITY : rig_unit(1, 8, i);
    rig_reals(&t, "ratio");
    for (i = 0; i < t.rows; i++)
        t.x[i] = 3;
    rig_reals(&t, "three");
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 200 == 5;
    rig_reals(&t, "nearly");
    for (i = 0; i < t.rows; i++)
        t.k[i] = 5000 + i;
    rig_whole(&t, "number");
    for (i = 0; i < t.rows; i++)
        t.k[i] = 98001 + (int64_t)(rig_unit(1, 9, i) * 70);
    rig_whole(&t, "zipcode");
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 4 ? rig_unit(1, 10, i) : NAN;
    rig_reals(&t, "holes");
    for (i = 0; i < t.rows; i++)
        t.x[i] = rig_unit(1, 11, i) < 0.7 ? 0 : 0.3 * rig_unit(1, 12, i);
    t.x[5] = t.x[6] = 4;
    rig_reals(&t, "discount");
    for (i = 0; i < t.rows; i++)
        t.k[i] = i % 40 ? 0 : 1960 + (int64_t)(rig_unit(1, 13, i) * 60);
    rig_whole(&t, "renovated");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, NULL);
    rig_found(r, "temperature", "sentinel", "warn", 10);
    rig_found(r, "age", "sentinel", "warn", 20);
    rig_found(r, "width", "sentinel", "warn", 5);
    rig_found(r, "spiked", "outliers", "warn", 2);
    rig_found(r, "price", "units", "warn", 25);
    rig_found(r, "height", "units", "warn", 25);
    rig_found(r, "celsius", "units", "warn", -1);
    rig_found(r, "ratio", "infinite", "warn", 4);
    rig_found(r, "three", "constant", "warn", FOUND_ROWS);
    rig_found(r, "nearly", "almost_constant", "info", 995);
    rig_found(r, "number", "id_like", "warn", FOUND_ROWS);
    rig_found(r, "zipcode", "code_like", "warn", FOUND_ROWS);
    assert_non_null(strstr(
        table_text(r, &rig_finding(r, "zipcode", "code_like")[6]),
        "as=name:category"));
    rig_found(r, "holes", "missing", "warn", 250);
    rig_found(r, "discount", "outliers", "warn", 2);
    assert_null(rig_finding(r, "renovated", "outliers"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void found_in_times(void **state)
{
    rig_table t;
    mlpipe_dataset *d;
    mlpipe_report *r;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (int64_t i = 0; i < t.rows; i++) {
        t.k[i] = (int64_t)(1.6e9 + 3e7 * rig_unit(2, 1, i));
        if (i % 100 == 1)
            t.k[i] = 0;
        if (i % 250 == 2)
            t.k[i] += INT64_C(4000000000);
    }
    rig_times(&t, "sold");
    d = rig_finish(&t);
    r = found_profile(d, NULL);
    rig_found(r, "sold", "sentinel", "warn", 10);
    rig_found(r, "sold", "future_dates", "warn", 4);
    mlpipe_report_free(r);
    r = found_profile(d, "now=2021-06-01");
    assert_true(rig_finding(r, "sold", "future_dates")[3].number > 4);
    mlpipe_report_free(r);
    r = found_profile(d, "now=9999-01-01T00:00:00Z");
    assert_null(rig_finding(r, "sold", "future_dates"));
    mlpipe_report_free(r);
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_profile(
                    rig_ctx, d, "now=tomorrow", &r));
    assert_null(r);
    mlpipe_dataset_free(d);
}

/* ---- texts -------------------------------------------------------------- */

static const char *const found_cities[] = {
    "Paris", "London", "Stockholm", "Madrid", "Helsinki", "Warsaw"};

static const char *found_city(uint32_t stream, int64_t row)
{
    return found_cities[(int)(rig_unit(3, stream, row) * 6)];
}

static void found_in_spelling(void **state)
{
    rig_table t;
    int64_t i;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, i % 50 ? "%s" : " %s ",
                 i % 50 == 1 ? "PARIS" : found_city(1, i));
    rig_texts(&t, "city");
    for (i = 0; i < t.rows; i++) {
        char *s = rig_text(&t, i);
        snprintf(s, RIG_TEXT, "%s", found_city(2, i));
        if (i % 100 == 3)
            memmove(s + 2, s + 3, strlen(s + 2));
    }
    rig_texts(&t, "town");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s",
                 i % 20 ? found_city(3, i) : i % 40 ? "n/a" : "Unknown");
    rig_texts(&t, "home");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "value %d of many",
                 (int)(rig_unit(3, 4, i) * 300));
    rig_texts(&t, "many");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "u-%06lld", (long long)i * 7);
    rig_texts(&t, "key");
    for (i = 0; i < t.rows; i++) {
        char *s = rig_text(&t, i);
        snprintf(s, RIG_TEXT, "%04d %.*s", (int)i,
                 1 + (int)(i * 7 % 50),
                 "a text of any length that somebody has written at night");
        s[30] = 0;
    }
    rig_texts(&t, "cut");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, NULL);
    rig_found(r, "city", "case_variants", "warn", 40);
    rig_found(r, "city", "whitespace", "warn", 20);
    rig_found(r, "town", "typos", "warn", 9); /* Pais is too short */
    rig_found(r, "home", "placeholder_text", "warn", 50);
    rig_found(r, "many", "high_cardinality", "info", -1);
    rig_found(r, "key", "id_like", "info", FOUND_ROWS);
    rig_found(r, "cut", "truncated_text", "info", -1);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void found_in_other_kinds(void **state)
{
    rig_table t;
    int64_t i;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, i % 100 ? "$1,%03d.50" : "soon",
                 (int)(rig_unit(4, 1, i) * 1000));
    rig_texts(&t, "cost");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%d km", (int)(i % 37));
    rig_texts(&t, "way");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "2024-%02d-%02d",
                 1 + (int)(i % 12), 1 + (int)(i % 28));
    rig_texts(&t, "day");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%02d/%02d/2024",
                 1 + (int)(i % (i % 20 ? 12 : 28)),
                 1 + (int)(i % (i % 20 ? 28 : 12)));
    rig_texts(&t, "either");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%05d",
                 (int)(rig_unit(4, 2, i) * 99999));
    rig_texts(&t, "plz");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, NULL);
    rig_found(r, "cost", "numbers_as_text", "warn", 990);
    rig_found(r, "way", "numbers_as_text", "warn", FOUND_ROWS);
    rig_found(r, "day", "dates_as_text", "warn", FOUND_ROWS);
    assert_null(rig_finding(r, "day", "mixed_date_orders"));
    rig_found(r, "either", "dates_as_text", "warn", FOUND_ROWS);
    rig_found(r, "either", "mixed_date_orders", "warn", -1);
    rig_found(r, "plz", "code_like", "warn", FOUND_ROWS);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* ---- rows and pairs ----------------------------------------------------- */

static void found_in_pairs(void **state)
{
    rig_table t;
    int64_t i;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (i = 0; i < t.rows; i++)
        t.x[i] = rig_normal(5, 1, i % 990);
    rig_reals(&t, "x");
    for (i = 0; i < t.rows; i++)
        t.x[i] = 3 - 0.5 * rig_normal(5, 1, i % 990);
    rig_reals(&t, "again");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s", found_city(2, i % 990));
    rig_texts(&t, "city");
    rig_texts(&t, "city2");
    for (i = 0; i < t.rows; i++)
        t.k[i] = found_city(2, i % 990)[0];
    rig_whole(&t, "city_number");
    for (i = 0; i < t.rows; i++)
        t.k[i] = rig_unit(5, 3, i < 995 ? i % 990 : i) < 0.03;
    t.k[998] = !t.k[8];
    rig_whole(&t, "bought");
    for (i = 0; i < t.rows; i++)
        t.k[i] = t.k[i] * 7 + 2;
    rig_whole(&t, "bill");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, "target=bought");
    rig_found(r, "again", "duplicate_columns", "warn", FOUND_ROWS);
    rig_found(r, "city2", "duplicate_columns", "warn", FOUND_ROWS);
    rig_found(r, "city_number", "duplicate_columns", "info", FOUND_ROWS);
    rig_found(r, "", "duplicate_rows", "warn", -1);
    rig_found(r, "bill", "leak", "warn", FOUND_ROWS);
    rig_found(r, "bought", "imbalance", "warn", -1);
    assert_null(rig_finding(r, "x", "leak"));
    mlpipe_report_free(r);
    r = found_profile(d, "columns=x,again,city,bought target=bought");
    rig_found(r, "bought", "label_conflicts", "warn", -1);
    mlpipe_report_free(r);
    r = found_profile(d, "columns=x,city target=again");
    rig_found(r, "x", "leak", "warn", FOUND_ROWS);
    assert_null(rig_finding(r, "city", "leak"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* Nine of ten rows are null: that is nothing two columns or rows share. */
static void found_nothing_in_nulls(void **state)
{
    rig_table t;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (int64_t i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "note %lld", (long long)i);
    for (int64_t i = 0; i < t.rows; i++)
        if (i % 20 != 3)
            t.texts[i] = NULL;
    rig_texts(&t, "note");
    for (int64_t i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "remark %lld", (long long)i % 9);
    for (int64_t i = 0; i < t.rows; i++)
        if (i % 20 != 8)
            t.texts[i] = NULL;
    rig_texts(&t, "remark");
    rig_texts(&t, "again");
    for (int64_t i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s",
                 found_city(6, (int64_t)(rig_unit(6, 1, i) * 1e6)));
    rig_texts(&t, "city");
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = i % 2 ? INFINITY : -INFINITY;
    rig_reals(&t, "signs");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, NULL);
    assert_null(rig_finding(r, "remark", "duplicate_columns"));
    rig_found(r, "again", "duplicate_columns", "warn", -1);
    rig_found(r, "", "duplicate_rows", "info", -1);
    assert_null(rig_finding(r, "signs", "constant"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* A column without values is left out, not filled in. */
static void found_empty(void **state)
{
    rig_table t;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = NAN;
    rig_reals(&t, "nothing");
    for (int64_t i = 0; i < t.rows; i++)
        t.texts[i] = NULL;
    rig_texts(&t, "unread");
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = rig_unit(8, 1, i);
    rig_reals(&t, "x");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, NULL);
    rig_found(r, "nothing", "empty", "warn", FOUND_ROWS);
    rig_found(r, "unread", "empty", "warn", FOUND_ROWS);
    assert_non_null(strstr(
        table_text(r, rig_finding(r, "unread", "empty") + 6), "leave it out"));
    assert_null(rig_finding(r, "unread", "missing"));
    assert_null(rig_finding(r, "nothing", "missing"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* Values in some share of the class, and nowhere else or nearly so. */
static void found_some(rig_table *t, const uint8_t *class, const char *name,
                       double share)
{
    for (int64_t i = 0; i < t->rows; i++)
        t->x[i] = class[i] && rig_unit(9, 2, i) < share ? rig_unit(9, 3, i)
                                                         : NAN;
    rig_reals(t, name);
}

/* A target of doubles that are 0 and 1 is of classes; what follows it by
 * being there is a leak, and what is null by accident is none. */
static void found_by_presence(void **state)
{
    uint8_t class[4000];
    rig_table t;
    (void)state;

    rig_start(&t, 4000);
    for (int64_t i = 0; i < t.rows; i++)
        class[i] = rig_unit(9, 1, i) < 0.04;
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = i % 100 == 50 ? NAN : class[i];
    rig_reals(&t, "late");
    found_some(&t, class, "fee", 0.95);
    found_some(&t, class, "letter", 0.6);
    found_some(&t, class, "call", 0.2);
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = rig_unit(9, 4, i) < 0.5 ? rig_unit(9, 5, i) : NAN;
    rig_reals(&t, "holes");
    for (int64_t i = 0; i < t.rows; i++)
        t.k[i] = class[i] && rig_unit(9, 6, i) < 0.93;
    rig_whole(&t, "told");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, "target=late");
    rig_found(r, "late", "imbalance", "warn", -1);
    rig_found(r, "fee", "leak", "warn", -1);
    assert_non_null(strstr(table_text(r, rig_finding(r, "fee", "leak") + 5),
                           "whether there is a value alone avoids 9"));
    rig_found(r, "letter", "leak", "info", -1);
    rig_found(r, "told", "leak", "warn", -1);
    assert_null(strstr(table_text(r, rig_finding(r, "told", "leak") + 5),
                       "whether"));
    assert_null(rig_finding(r, "call", "leak"));
    assert_null(rig_finding(r, "holes", "leak"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* A null is no class of the target, and no row to learn a leak from. */
static void found_in_targets_with_nulls(void **state)
{
    rig_table t;
    (void)state;

    rig_start(&t, FOUND_ROWS);
    for (int64_t i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s", i % 2 ? "yes" : "no");
    for (int64_t i = 0; i < t.rows; i += 50)
        t.texts[i] = NULL;
    rig_texts(&t, "even");
    for (int64_t i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s", i % 30 ? "no" : "yes");
    for (int64_t i = 1; i < t.rows; i += 50)
        t.texts[i] = NULL;
    rig_texts(&t, "rare");
    /* a few rows of the others say as much as the rare ones do */
    for (int64_t i = 0; i < t.rows; i++)
        t.k[i] = i % 30 == 0 || i % 125 == 7;
    rig_whole(&t, "paid");
    for (int64_t i = 0; i < t.rows; i++)
        t.x[i] = rig_unit(7, 2, i);
    rig_reals(&t, "x");
    mlpipe_dataset *d = rig_finish(&t);
    mlpipe_report *r = found_profile(d, "target=even");
    assert_null(rig_finding(r, "even", "imbalance"));
    mlpipe_report_free(r);
    r = found_profile(d, "target=rare");
    rig_found(r, "rare", "imbalance", "warn", 34);
    rig_found(r, "paid", "leak", "info", -1);
    assert_null(rig_finding(r, "x", "leak"));
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* ---- real files --------------------------------------------------------- */

static mlpipe_report *found_real(const char *file, const char *params)
{
    char path[1024];
    mlpipe_dataset *d;
    mlpipe_report *r;

    snprintf(path, sizeof path, "%s/%s", getenv("MLPIPE_TEST_DATA"), file);
    assert_ok(rig_ctx, mlpipe_read_csv(rig_ctx, path, NULL, &d));
    r = found_profile(d, params);
    mlpipe_dataset_free(d);
    return r;
}

static void found_in_real_files(void **state)
{
    mlpipe_report *r;
    (void)state;

    if (!getenv("MLPIPE_TEST_DATA"))
        skip();
    r = found_real("king_county_houses.csv", "target=price");
    rig_found(r, "zipcode", "code_like", "warn", 21597);
    rig_found(r, "id", "id_like", "warn", 21420);
    rig_found(r, "waterfront", "almost_constant", "info", 19075);
    rig_found(r, "view", "placeholder_text", "info", 19422);
    rig_found(r, "sqft_basement", "missing", "info", 454);
    rig_found(r, "bedrooms", "outliers", "warn", 1);
    mlpipe_report_free(r);
    r = found_real("adult.csv", NULL);
    rig_found(r, "", "duplicate_rows", "warn", 24);
    assert_near(mlpipe_report_get(r, "duplicate_rows"), 24, 0);
    assert_near(mlpipe_report_get(r, "null_cells"), 4262, 0);
    rig_found(r, "capital-gain", "sentinel", "warn", 159);
    mlpipe_report_free(r);
    r = found_real("diamonds.csv", "target=price");
    rig_found(r, "", "duplicate_rows", "warn", 146);
    rig_found(r, "x", "sentinel", "warn", 8);
    rig_found(r, "y", "sentinel", "warn", 7);
    rig_found(r, "z", "sentinel", "warn", 20);
    mlpipe_report_free(r);
    r = found_real("california_housing.csv", NULL);
    assert_near(mlpipe_report_get(r, "warn_count"), 0, 0);
    mlpipe_report_free(r);
}

/* A NUL within a text is a byte like others, also where a word that it is
 * compared with has ended. */
static void found_past_a_nul(void **state)
{
    static const char rows[] = "{\"a\":\"\\u0000x\"}\n{\"a\":\"\\u0000\"}\n"
                               "{\"a\":\"null\\u0000zz\"}\n{\"a\":\"b\"}\n"
                               "{\"a\":\"unspecified\\u0000\"}\n";
    mlpipe_dataset *d;
    mlpipe_report *r;
    uint32_t findings;
    (void)state;

    assert_ok(rig_ctx, mlpipe_read_json_memory(rig_ctx, rows, sizeof rows - 1,
                                               NULL, &d));
    r = found_profile(d, NULL);
    const mlpipe__report_cell *cell =
        table_cells(r, "findings", RIG_FINDINGS, &findings);
    for (uint32_t i = 0; i < findings; i++, cell += 7)
        assert_string_not_equal(table_text(r, &cell[1]), "placeholder_text");
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_in_numbers),
        cmocka_unit_test(found_in_times),
        cmocka_unit_test(found_in_spelling),
        cmocka_unit_test(found_past_a_nul),
        cmocka_unit_test(found_in_other_kinds),
        cmocka_unit_test(found_in_pairs),
        cmocka_unit_test(found_nothing_in_nulls),
        cmocka_unit_test(found_in_targets_with_nulls),
        cmocka_unit_test(found_empty),
        cmocka_unit_test(found_by_presence),
        cmocka_unit_test(found_in_real_files),
        cmocka_unit_test(found_nothing_in_clean_tables),
    };

    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
