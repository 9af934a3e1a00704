/* SPDX-License-Identifier: MIT */
/* Drift between two datasets: figures, verdicts, and how often by chance. */
#include "data/profile_rig.h"

#include "golden/profile.h"
#include "golden_text.h"

#define DRIFT "column,type,verdict,reason,psi,p,q,reference_n,current_n"
#define NUMBERS                                                            \
    "column,ks,ks_p,shift,shift_low,shift_high,sd_ratio,below,above"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static mlpipe_report *drift_of(const mlpipe_dataset *a,
                               const mlpipe_dataset *b, const char *params)
{
    mlpipe_report *r;

    assert_ok(rig_ctx, mlpipe_dataset_drift(rig_ctx, a, b, params, &r));
    return r;
}

/* The row of a column in the table drift. */
static const mlpipe__report_cell *drift_row(const mlpipe_report *r,
                                            const char *column)
{
    uint32_t rows;
    const mlpipe__report_cell *cell = table_cells(r, "drift", DRIFT, &rows);

    for (uint32_t i = 0; i < rows; i++, cell += 9)
        if (!strcmp(table_text(r, cell), column))
            return cell;
    fail_msg("no column %s", column);
    return NULL;
}

static void drift_verdict(const mlpipe_report *r, const char *column,
                          const char *verdict, const char *reason)
{
    const mlpipe__report_cell *cell = drift_row(r, column);

    assert_string_equal(table_text(r, cell + 2), verdict);
    assert_string_equal(table_text(r, cell + 3), reason);
}

static mlpipe_dataset *drift_one(const double *x, size_t n)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(rig_ctx, mlpipe_builder_new(rig_ctx, NULL, NULL, &b));
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, b, "x", MLPIPE_F64, x,
                                             NULL, (int64_t)n));
    assert_ok(rig_ctx, mlpipe_builder_finish(rig_ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* ---- figures ------------------------------------------------------------ */

static void drift_golden_one(const double *a, size_t n, const double *b,
                             size_t m, const double *says)
{
    mlpipe_dataset *one = drift_one(a, n), *two = drift_one(b, m);
    mlpipe_report *r = drift_of(one, two, NULL);
    uint32_t rows;
    const mlpipe__report_cell *cell =
        table_cells(r, "numbers", NUMBERS, &rows);

    assert_near(cell[1].number, says[0], 1e-12);
    for (uint32_t i = 0; i < 3; i++)
        assert_near(cell[3 + i].number, says[1 + i], 1e-12);
    mlpipe_report_free(r);
    mlpipe_dataset_free(one);
    mlpipe_dataset_free(two);
}

static void drift_golden(void **state)
{
    uint64_t a[4], b[4];
    double df, p, q[COUNT(drift_p)];
    uint32_t order[COUNT(drift_p)];
    uint64_t scratch[4 * COUNT(drift_p)];
    (void)state;

    drift_golden_one(drift_same_a, COUNT(drift_same_a), drift_same_b,
                     COUNT(drift_same_b), drift_same_says);
    drift_golden_one(drift_moved_a, COUNT(drift_moved_a), drift_moved_b,
                     COUNT(drift_moved_b), drift_moved_says);
    drift_golden_one(drift_ties_a, COUNT(drift_ties_a), drift_ties_b,
                     COUNT(drift_ties_b), drift_ties_says);
    for (uint32_t i = 0; i < 4; i++) {
        a[i] = (uint64_t)drift_counts[i];
        b[i] = (uint64_t)drift_counts[4 + i];
    }
    assert_near(mlpipe__chi2_table(a, b, 4, &df, &p), drift_counts_says[0],
                1e-12);
    assert_near(p / drift_counts_says[1], 1, 1e-10);
    assert_near(df, 3, 0);
    mlpipe__argsort_f64(drift_p, order, COUNT(drift_p), scratch);
    mlpipe__fdr(drift_p, order, COUNT(drift_p), q);
    for (uint32_t i = 0; i < COUNT(drift_p); i++)
        assert_near(q[i], drift_q[i], 1e-12);
}

/* The definition, which takes the cube of n; and as many columns as a CSV may
 * have, for which that would take days. */
static void drift_false_discoveries(void **state)
{
    enum { FEW = 60, MANY = 100000 };
    double *p = malloc(2 * MANY * sizeof *p), *q = p + MANY;
    uint32_t *order = malloc(MANY * sizeof *order);
    uint64_t *scratch = malloc(4 * MANY * sizeof *scratch);
    (void)state;

    assert_true(p && order && scratch);
    for (uint32_t i = 0; i < FEW; i++)
        p[i] = i % 13 == 5 ? mlpipe__nan()
               : i % 3     ? (i * 37 % 41) / 80.0
                           : 0.3;
    mlpipe__argsort_f64(p, order, FEW, scratch);
    mlpipe__fdr(p, order, FEW, q);
    for (uint32_t i = 0; i < FEW; i++) {
        double least = 1, tests = 0;
        for (uint32_t j = 0; j < FEW; j++)
            tests += p[j] == p[j];
        for (uint32_t j = 0; j < FEW; j++) {
            double rank = 0;
            for (uint32_t k = 0; k < FEW; k++)
                rank += p[k] <= p[j];
            if (p[j] >= p[i] && p[j] * tests / rank < least)
                least = p[j] * tests / rank;
        }
        if (p[i] == p[i])
            assert_true(q[i] == least);
        else
            assert_true(q[i] != q[i]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        p[i] = (double)(i * UINT64_C(7919) % MANY) / MANY;
    mlpipe__argsort_f64(p, order, MANY, scratch);
    mlpipe__fdr(p, order, MANY, q);
    assert_near(q[0], 0, 0);
    assert_near(q[1], 7919.0 / 7920.0, 1e-12);
    mlpipe__fdr(p, order, 0, q);
    free(p);
    free(order);
    free(scratch);
}

/* ---- nothing, and chance ------------------------------------------------ */

static void drift_of_itself(void **state)
{
    mlpipe_dataset *d = rig_clean(4, 3000, 0);
    mlpipe_report *r = drift_of(d, d, NULL);
    uint32_t rows;
    (void)state;

    assert_string_equal(mlpipe_report_text(r, "verdict"), "ok");
    const mlpipe__report_cell *cell = table_cells(r, "drift", DRIFT, &rows);
    assert_int_equal(rows, 12);
    for (uint32_t i = 0; i < rows; i++, cell += 9) {
        assert_near(cell[4].number, 0, 0);
        /* free text: one cell, which no test can compare */
        assert_true(cell[5].number == 1 || cell[5].number != cell[5].number);
    }
    cell = table_cells(r, "numbers", NUMBERS, &rows);
    for (uint32_t i = 0; i < rows; i++, cell += 9) {
        assert_near(cell[1].number, 0, 0);
        assert_near(cell[3].number, 0, 0);
        assert_near(cell[6].number, 1, 0);
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* Two samples of one distribution: drift in one of twenty pairs at most. */
static void drift_by_chance(void **state)
{
    uint32_t drifted = 0, warned = 0;
    (void)state;

    for (uint64_t seed = 0; seed < 200; seed++) {
        const int64_t n = 100 + (int64_t)(rig_unit(seed, 98, 0) * 1500);
        mlpipe_dataset *all = rig_clean(seed, 2 * n + 300, 0), *a, *b;
        assert_ok(rig_ctx, mlpipe_dataset_slice(rig_ctx, all, 0, n, &a));
        assert_ok(rig_ctx, mlpipe_dataset_slice(rig_ctx, all, n, n + 300,
                                                &b));
        mlpipe_report *r = drift_of(a, b, NULL);
        const char *verdict = mlpipe_report_text(r, "verdict");
        drifted += !strcmp(verdict, "drift");
        warned += !strcmp(verdict, "warn");
        mlpipe_report_free(r);
        mlpipe_dataset_free(a);
        mlpipe_dataset_free(b);
        mlpipe_dataset_free(all);
    }
    if (drifted > 10 || warned > 20)
        fail_msg("%u of 200 drift, %u are warned of", drifted, warned);
}

/* ---- what there is to find ---------------------------------------------- */

static void drift_finds(void **state)
{
    mlpipe_dataset *a = rig_clean(8, 2000, 0), *b = rig_clean(8, 1500, 1);
    mlpipe_report *r = drift_of(a, b, NULL);
    (void)state;

    assert_string_equal(mlpipe_report_text(r, "verdict"), "drift");
    assert_near(mlpipe_report_get(r, "drifted"), 1, 0);
    assert_near(mlpipe_report_get(r, "compared"), 12, 0);
    drift_verdict(r, "normal", "drift", "distribution");
    drift_verdict(r, "uniform", "ok", "");
    mlpipe_report_free(r);
    r = drift_of(a, b, "columns=uniform,city");
    assert_string_equal(mlpipe_report_text(r, "verdict"), "ok");
    mlpipe_report_free(r);
    r = drift_of(a, b, "warn=5 drift=10");
    assert_true(strcmp("drift", mlpipe_report_text(r, "verdict")));
    mlpipe_report_free(r);
    r = drift_of(a, b, "min_rows=1800");
    assert_string_equal(mlpipe_report_text(r, "verdict"),
                        "insufficient_data");
    mlpipe_report_free(r);
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
}

/* Nulls, other categories, a range and a schema that change. */
static mlpipe_dataset *drift_table(bool later)
{
    static const char *const names[] = {"red", "green", "blue", "black"};
    rig_table t;
    int64_t i;

    rig_start(&t, 1000);
    for (i = 0; i < t.rows; i++)
        t.x[i] = i % 5 || !later ? rig_unit(later, 1, i) : NAN;
    rig_reals(&t, "holes");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%s",
                 names[later && i % 25 == 0
                           ? 3 : (int)(rig_unit(later, 2, i) * 3)]);
    rig_texts(&t, "color");
    for (i = 0; i < t.rows; i++)
        t.x[i] = rig_unit(later, 3, i) + (later && i % 20 == 0);
    rig_reals(&t, "range");
    for (i = 0; i < t.rows; i++)
        t.k[i] = t.x[i] > 0.3;
    rig_whole(&t, later ? "fresh" : "gone");
    if (later)
        rig_texts(&t, "kind");
    else
        rig_reals(&t, "kind");
    return rig_finish(&t);
}

static void drift_finds_changes(void **state)
{
    mlpipe_dataset *a = drift_table(false), *b = drift_table(true);
    mlpipe_report *r = drift_of(a, b, NULL);
    uint32_t rows;
    (void)state;

    drift_verdict(r, "holes", "drift", "nulls");
    drift_verdict(r, "color", "warn", "unseen categories");
    drift_verdict(r, "range", "warn", "out of range");
    assert_near(mlpipe_report_get(r, "schema_changes"), 3, 0);
    const mlpipe__report_cell *cell = table_cells(
        r, "schema", "column,change,reference,current", &rows);
    assert_int_equal(rows, 3);
    assert_string_equal(table_text(r, cell), "gone");
    assert_string_equal(table_text(r, cell + 1), "missing");
    assert_string_equal(table_text(r, cell + 5), "retyped");
    assert_string_equal(table_text(r, cell + 6), "f64");
    assert_string_equal(table_text(r, cell + 8), "fresh");
    assert_string_equal(table_text(r, cell + 9), "new");
    mlpipe_report_free(r);
    assert_told(rig_ctx, MLPIPE_E_SCHEMA,
                mlpipe_dataset_drift(rig_ctx, a, b, "columns=colr", &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_drift(
                    rig_ctx, a, b, "warn=2 drift=1", &r));
    assert_null(r);
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
}

/* Names of rows, free texts, and codes of which every one is new. */
static mlpipe_dataset *drift_names(bool later)
{
    rig_table t;
    int64_t i;

    rig_start(&t, 1000);
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "id %lld",
                 (long long)(i + 1000 * later));
    rig_texts(&t, "id");
    /* a number as text: a few of it are there more than once */
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%.0f",
                 i % 20 ? 1e9 * rig_unit(later, 2, i) : (double)(i % 100));
    rig_texts(&t, "income");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "%c%d", later ? 'b' : 'a',
                 (int)(rig_unit(later, 1, i) * 20));
    rig_texts(&t, "code");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "same");
    rig_texts(&t, "constant");
    for (i = 0; i < t.rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, i < 3 ? "rare" : "same");
    rig_texts(&t, "rare");
    return rig_finish(&t);
}

static void drift_of_what_cannot_be_counted(void **state)
{
    mlpipe_dataset *a = drift_names(false), *b = drift_names(true);
    mlpipe_report *r = drift_of(a, b, NULL);
    (void)state;

    drift_verdict(r, "id", "insufficient_data",
                  "2000 values in 2000 rows are not comparable");
    drift_verdict(r, "income", "insufficient_data",
                  "1905 values in 2000 rows are not comparable");
    drift_verdict(r, "code", "drift", "all categories unseen");
    drift_verdict(r, "constant", "ok", "");
    drift_verdict(r, "rare", "insufficient_data",
                  "too few rows of all values but one");
    assert_near(mlpipe_report_get(r, "compared"), 5, 0);
    assert_near(mlpipe_report_get(r, "tested"), 2, 0);
    assert_near(mlpipe_report_get(r, "insufficient"), 3, 0);
    mlpipe_report_free(r);
    r = drift_of(a, b, "columns=id");
    assert_string_equal(mlpipe_report_text(r, "verdict"),
                        "insufficient_data");
    assert_near(mlpipe_report_get(r, "tested"), 0, 0);
    mlpipe_report_free(r);
    r = drift_of(a, b, "ignore=id,code,income");
    assert_string_equal(mlpipe_report_text(r, "verdict"), "ok");
    assert_near(mlpipe_report_get(r, "compared"), 2, 0);
    mlpipe_report_free(r);
    assert_told(rig_ctx, MLPIPE_E_SCHEMA,
                mlpipe_dataset_drift(rig_ctx, a, b, "ignore=idd", &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_drift(rig_ctx, a, b, "ignore=id,id", &r));
    assert_told(rig_ctx, MLPIPE_E_PARAM,
                mlpipe_dataset_drift(rig_ctx, a, b,
                                     "columns=id,code ignore=code", &r));
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
}

/* Rows in another order say the same. */
static void drift_order(void **state)
{
    const int64_t n = 66000;
    mlpipe_dataset *a = rig_clean(5, 3000, 0), *b = rig_clean(6, n, 0), *back;
    mlpipe__rowset *rows = mlpipe__rowset_new(rig_ctx->env, n);
    mlpipe_buffer *x, *y;
    (void)state;

    for (int64_t i = 0; i < n; i++)
        rows->rows[i] = n - 1 - i;
    assert_ok(rig_ctx, mlpipe__dataset_view(rig_ctx, b, rows, &back));
    mlpipe_report *one = drift_of(a, b, NULL), *two = drift_of(a, back, NULL);
    assert_ok(rig_ctx, mlpipe_report_render(rig_ctx, one, "json", &x));
    assert_ok(rig_ctx, mlpipe_report_render(rig_ctx, two, "json", &y));
    assert_string_equal(mlpipe_buffer_data(x), mlpipe_buffer_data(y));
    mlpipe_buffer_free(x);
    mlpipe_buffer_free(y);
    mlpipe_report_free(one);
    mlpipe_report_free(two);
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drift_golden),
        cmocka_unit_test(drift_false_discoveries),
        cmocka_unit_test(drift_of_itself),
        cmocka_unit_test(drift_by_chance),
        cmocka_unit_test(drift_finds),
        cmocka_unit_test(drift_finds_changes),
        cmocka_unit_test(drift_order),
        cmocka_unit_test(drift_of_what_cannot_be_counted),
    };

    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
