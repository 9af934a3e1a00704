/* SPDX-License-Identifier: MIT */
/* Defects: the key tells each cell that is not what it was, and no other. */
#include <math.h>

#include "collect/synth_internal.h"
#include "report_table.h"

static mlpipe_ctx *c;
static mlpipe_dataset *clean;

static int open_all(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c)
        || mlpipe_synth(c, "mixed", "rows=1500 seed=4", &clean);
}

static int close_all(void **state)
{
    (void)state;
    mlpipe_dataset_free(clean);
    mlpipe_ctx_free(c);
    return 0;
}

static bool same_value(const mlpipe_value *a, const mlpipe_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == MLPIPE_VALUE_TEXT)
        return a->len == b->len && !memcmp(a->str, b->str, a->len);
    return a->kind == MLPIPE_VALUE_NULL || a->num == b->num;
}

static bool same_cell(const mlpipe_dataset *a, int64_t row_a, uint32_t ca,
                      const mlpipe_dataset *b, int64_t row_b, uint32_t cb)
{
    mlpipe_value x, y;
    assert_int_equal(0, mlpipe_dataset_cell(a, row_a, ca, &x));
    assert_int_equal(0, mlpipe_dataset_cell(b, row_b, cb, &y));
    return same_value(&x, &y);
}

/* The cell of a key says what the dataset holds. */
static void says(const mlpipe_report *r, const mlpipe__report_cell *cell,
                 const mlpipe_dataset *d, int64_t row, uint32_t column)
{
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (v.kind == MLPIPE_VALUE_TEXT) {
        const char *text = table_text(r, cell);
        assert_int_equal(v.len, strlen(text));
        assert_memory_equal(v.str, text, v.len);
    } else if (v.kind == MLPIPE_VALUE_NULL) {
        assert_true(cell->text == UINT32_MAX && cell->number != cell->number);
    } else {
        assert_true(cell->text == UINT32_MAX);
        assert_same(cell->number, v.num);
    }
}

/* Every cell of the columns of `clean` that differs is in the key with its
 * values, and the key has no other; returns how many. */
static uint32_t key_is_true(const mlpipe_dataset *dirty,
                            const mlpipe_report *key)
{
    uint32_t n, found = 0;
    const mlpipe__report_cell *k = table_cells(
        key, "defects", "defect,column,row,old,new", &n);
    const int64_t rows = mlpipe_dataset_rows(clean);
    bool *told = calloc((size_t)rows * 15, 1);
    assert_non_null(told);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t row = (int64_t)k[5 * i + 2].number;
        const int32_t at = mlpipe_dataset_find(
            clean, table_text(key, &k[5 * i + 1]));
        if (row < 0 || at < 0 || row >= rows)
            continue;
        assert_false(told[row * 15 + at]);
        told[row * 15 + at] = true;
        if (strcmp("mixed_date_orders", table_text(key, &k[5 * i])))
            says(key, &k[5 * i + 3], clean, row, (uint32_t)at);
        says(key, &k[5 * i + 4], dirty, row, (uint32_t)at);
        found++;
    }
    for (int64_t row = 0; row < rows; row++)
        for (uint32_t j = 0; j < 15; j++)
            if (mlpipe_dataset_type(dirty, j)
                == mlpipe_dataset_type(clean, j))
                assert_int_equal(told[row * 15 + j],
                                 !same_cell(clean, row, j, dirty, row, j));
    free(told);
    return found;
}

/* ---- one by one --------------------------------------------------------- */

static void cells_are_told(void **state)
{
    static const char *const names[] = {
        "missing", "sentinel", "outliers", "units", "infinite",
        "case_variants", "typos", "whitespace", "placeholder_text",
        "future_dates", "mixed_date_orders"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mlpipe_dataset *d = NULL;
        mlpipe_report *key = NULL;
        char params[96];
        snprintf(params, sizeof params, "defects=%s:0.04 seed=%zu", names[i],
                 i);
        assert_ok(c, mlpipe_synth_dirty(c, clean, params, &d, &key));
        assert_int_equal(60, key_is_true(d, key)); /* 0.04 of 1,500 */
        assert_int_equal(14, mlpipe_report_get(key, "columns_shared"));
        assert_int_equal(1500, mlpipe_report_get(key, "rows_out"));
        mlpipe_dataset_free(d);
        mlpipe_report_free(key);
    }
}

/* What is not told is not only equal: it is the same memory. */
static void clean_columns_are_shared(void **state)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *key = NULL;
    (void)state;
    assert_ok(c, mlpipe_synth_dirty(c, clean, "defects=missing columns=age",
                                    &d, &key));
    for (uint32_t i = 0; i < 15; i++)
        assert_int_equal(d->columns[i] == clean->columns[i],
                         strcmp(mlpipe_dataset_name(d, i), "age") != 0);
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
}

static void whole_columns_become_texts(void **state)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *key = NULL;
    uint32_t n;
    (void)state;
    assert_ok(c, mlpipe_synth_dirty(
        c, clean, "defects=numbers_as_text,dates_as_text "
        "columns=income,joined", &d, &key));
    const uint32_t income = (uint32_t)mlpipe_dataset_find(d, "income");
    const uint32_t joined = (uint32_t)mlpipe_dataset_find(d, "joined");
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, income));
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, joined));
    for (int64_t row = 0; row < 1500; row += 7) {
        mlpipe_value text, number;
        double x;
        assert_int_equal(0, mlpipe_dataset_cell(d, row, income, &text));
        assert_int_equal(0, mlpipe_dataset_cell(clean, row, income, &number));
        assert_true(mlpipe__parse_f64(text.str, text.len, false, &x));
        assert_same(x, number.num);
        assert_int_equal(0, mlpipe_dataset_cell(d, row, joined, &text));
        assert_int_equal(0, mlpipe_dataset_cell(clean, row, joined, &number));
        int64_t days;
        int y, m, day;
        assert_int_equal(10, text.len);
        char copy[11] = {0};
        memcpy(copy, text.str, 10);
        assert_int_equal(3, sscanf(copy, "%d-%d-%d", &y, &m, &day));
        assert_true(mlpipe__days_from_civil(y, m, day, &days));
        assert_same((double)days * 86400, number.num);
    }
    const mlpipe__report_cell *k = table_cells(
        key, "defects", "defect,column,row,old,new", &n);
    assert_int_equal(2, n);
    assert_same(-1, k[2].number);
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
}

static void columns_are_added(void **state)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *key = NULL;
    (void)state;
    assert_ok(c, mlpipe_synth_dirty(
        c, clean, "defects=constant,almost_constant,id_like,"
        "high_cardinality,duplicate_columns,leak target=churn", &d, &key));
    assert_int_equal(21, mlpipe_dataset_columns(d));
    assert_int_equal(15, mlpipe_report_get(key, "columns_shared"));
    assert_int_equal(0, key_is_true(d, key));
    mlpipe_value v, other;
    double odd = 0, wrong = 0, last = 0;
    const uint32_t target = (uint32_t)mlpipe_dataset_find(d, "churn");
    for (int64_t row = 0; row < 1500; row++) {
        assert_int_equal(0, mlpipe_dataset_cell(
            d, row, (uint32_t)mlpipe_dataset_find(d, "constant"), &v));
        assert_same(1, v.num);
        assert_int_equal(0, mlpipe_dataset_cell(
            d, row, (uint32_t)mlpipe_dataset_find(d, "almost_constant"), &v));
        odd += v.num == 0;
        assert_int_equal(0, mlpipe_dataset_cell(
            d, row, (uint32_t)mlpipe_dataset_find(d, "id_like"), &v));
        assert_true(v.num > last);
        last = v.num;
        assert_int_equal(0, mlpipe_dataset_cell(
            d, row, (uint32_t)mlpipe_dataset_find(d, "leak"), &v));
        assert_int_equal(0, mlpipe_dataset_cell(d, row, target, &other));
        wrong += v.num != 10 * other.num + 3;
    }
    assert_true(odd >= 1 && odd <= 2);
    assert_true(wrong < 25); /* 7.5 are expected */
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
}

static void rows_come_and_go(void **state)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *key = NULL;
    uint32_t n;
    (void)state;
    assert_ok(c, mlpipe_synth_dirty(
        c, clean, "defects=duplicate_rows:0.02,label_conflicts:0.01,"
        "missing:0.1 target=plan columns=age", &d, &key));
    assert_int_equal(1545, mlpipe_dataset_rows(d));
    assert_int_equal(45, mlpipe_report_get(key, "rows_added"));
    assert_int_equal(150, key_is_true(d, key));
    const mlpipe__report_cell *k = table_cells(
        key, "defects", "defect,column,row,old,new", &n);
    const uint32_t plan = (uint32_t)mlpipe_dataset_find(d, "plan");
    uint32_t twins = 0, conflicts = 0;
    for (uint32_t i = 0; i < n; i++) {
        const char *what = table_text(key, &k[5 * i]);
        const int64_t row = (int64_t)k[5 * i + 2].number;
        if (!strcmp(what, "duplicate_rows")) {
            for (uint32_t j = 0; j < 15; j++)
                assert_true(same_cell(d, row, j, d,
                                      (int64_t)k[5 * i + 3].number, j));
            assert_true(mlpipe_dataset_row_id(d, row) >= 1500);
            twins++;
        } else if (!strcmp(what, "label_conflicts")) {
            assert_string_not_equal(table_text(key, &k[5 * i + 3]),
                                    table_text(key, &k[5 * i + 4]));
            says(key, &k[5 * i + 4], d, row, plan);
            conflicts++;
        }
    }
    assert_int_equal(30, twins);
    assert_int_equal(15, conflicts);
    mlpipe_report *same = NULL;
    assert_ok(c, mlpipe_dataset_duplicates(
        c, d, "on=customer_id,email,age,spend label=plan", &same));
    assert_int_equal(15, mlpipe_report_get(same, "label_conflicts"));
    mlpipe_report_free(same);
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);

    assert_ok(c, mlpipe_synth_dirty(c, clean, "defects=imbalance:0.01 "
                                    "target=plan", &d, &key));
    double rare = 0, all = 0;
    for (int64_t row = 0; row < mlpipe_dataset_rows(d); row++, all++) {
        mlpipe_value v;
        assert_int_equal(0, mlpipe_dataset_cell(d, row, plan, &v));
        rare += v.len == 7; /* premium */
    }
    assert_true(fabs(rare / all - 0.01) < 0.5 / all + 1e-4);
    assert_int_equal(1500 - (int)all, mlpipe_report_get(key, "rows_removed"));
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
}

static char *print(const mlpipe_dataset *d, const mlpipe_report *key)
{
    mlpipe_buffer *a = NULL, *b = NULL;
    char *text = NULL;
    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &a));
    assert_ok(c, mlpipe_report_render(c, key, "json", &b));
    assert_true(asprintf(&text, "%s %s", mlpipe_buffer_data(a),
                         mlpipe_buffer_data(b)) > 0);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    return text;
}

static void all_is_the_same_for_a_seed(void **state)
{
    char *first = NULL;
    (void)state;
    for (int i = 0; i < 3; i++) {
        mlpipe_dataset *d = NULL;
        mlpipe_report *key = NULL;
        assert_ok(c, mlpipe_synth_dirty(c, clean, i < 2
                                        ? "target=churn seed=3"
                                        : "target=churn seed=4", &d, &key));
        /* two timestamps for three defects of them */
        assert_non_null(strstr(mlpipe_report_text(key, "skipped"), "date"));
        char *text = print(d, key);
        if (i)
            assert_int_equal(i == 1, !strcmp(first, text));
        else
            first = strdup(text);
        free(text);
        mlpipe_dataset_free(d);
        mlpipe_report_free(key);
    }
    free(first);
}

/* A view with nulls: positions of the key are those of the view. */
static void views_are_taken_as_they_are(void **state)
{
    mlpipe_dataset *part = NULL, *d = NULL;
    mlpipe_report *key = NULL;
    uint32_t n;
    (void)state;
    assert_ok(c, mlpipe_dataset_slice(c, clean, 100, 300, &part));
    assert_ok(c, mlpipe_synth_dirty(c, part, "defects=outliers:0.1", &d,
                                    &key));
    assert_int_equal(300, mlpipe_dataset_rows(d));
    assert_int_equal(100, mlpipe_dataset_row_id(d, 0));
    assert_int_equal(0, mlpipe_report_get(key, "columns_shared"));
    const mlpipe__report_cell *k = table_cells(
        key, "defects", "defect,column,row,old,new", &n);
    assert_int_equal(30, n);
    const uint32_t at = (uint32_t)mlpipe_dataset_find(
        d, table_text(key, &k[1]));
    for (int64_t row = 0, i = 0; row < 300; row++) {
        const bool told = i < n && (int64_t)k[5 * i + 2].number == row;
        assert_int_equal(told, !same_cell(part, row, at, d, row, at));
        i += told;
    }
    mlpipe_dataset_free(part);
    mlpipe_dataset_free(d);
    mlpipe_report_free(key);
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *params, *says;
        mlpipe_status status;
    } bad[] = {
        {"defects=mising", "missing", MLPIPE_E_PARAM},
        {"defects=missing:2", "from 0 to 1", MLPIPE_E_PARAM},
        {"defects=missing,missing", "twice", MLPIPE_E_PARAM},
        {"defects=missing columns=agge", "age", MLPIPE_E_SCHEMA},
        {"defects=infinite columns=age", "real numbers", MLPIPE_E_SCHEMA},
        {"defects=leak", "target=", MLPIPE_E_SCHEMA},
        {"defects=imbalance:0.9 target=churn", "rarest", MLPIPE_E_SCHEMA},
        {"defects=label_conflicts target=name", "classes", MLPIPE_E_SCHEMA},
        {"target=a,b", "a", MLPIPE_E_PARAM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mlpipe_dataset *d = (mlpipe_dataset *)c;
        mlpipe_report *key = (mlpipe_report *)c;
        assert_status(bad[i].status, mlpipe_synth_dirty(
            c, clean, bad[i].params, &d, &key));
        assert_null(d);
        assert_null(key);
        if (!strstr(mlpipe_ctx_error(c)->text, bad[i].says))
            fail_msg("%s does not say %s", mlpipe_ctx_error(c)->text,
                     bad[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_told),
        cmocka_unit_test(clean_columns_are_shared),
        cmocka_unit_test(whole_columns_become_texts),
        cmocka_unit_test(columns_are_added),
        cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(all_is_the_same_for_a_seed),
        cmocka_unit_test(views_are_taken_as_they_are),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
