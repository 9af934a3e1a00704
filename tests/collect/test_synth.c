/* SPDX-License-Identifier: MIT */
/* Data of known laws: against the published functions, closed forms, and
 * themselves made in other pieces. */
#include <math.h>

#include "collect/synth_internal.h"
#include "golden/synth.h"
#include "report_table.h"
#include "golden_text.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static mlpipe_dataset *make_on(uint32_t threads, const char *kind,
                               const char *params)
{
    mlpipe_ctx *c = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_ctx_options o = {.size = sizeof o, .threads = threads, .seed = 11};
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_synth(c, kind, params, &d));
    mlpipe_ctx_free(c);
    return d;
}

static mlpipe_dataset *make(const char *kind, const char *params)
{
    return make_on(1, kind, params);
}

/* A column as doubles; freed by the caller. */
static double *column(const mlpipe_dataset *d, const char *name)
{
    const int32_t at = mlpipe_dataset_find(d, name);
    const int64_t n = mlpipe_dataset_rows(d);
    double *x = malloc((size_t)n * sizeof *x);
    mlpipe_ctx *c = NULL;
    assert_true(at >= 0 && x);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_dataset_doubles(c, d, (uint32_t)at, 0, x, (size_t)n));
    mlpipe_ctx_free(c);
    return x;
}

static mlpipe_report *reading(const mlpipe_dataset *d)
{
    mlpipe_ctx *c = NULL;
    mlpipe_report *r = NULL;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    mlpipe_ctx_free(c);
    return r;
}

static char *fingerprint(const mlpipe_dataset *d)
{
    mlpipe_ctx *c = NULL;
    mlpipe_buffer *b = NULL;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &b));
    char *text = strdup(mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_ctx_free(c);
    return text;
}

static double mean_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static double variance_of(const double *x, int64_t n)
{
    const double mean = mean_of(x, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)(n - 1);
}

/* Two-sided p of a mean of n values of this mean and variance. */
static double p_of_mean(double seen, double mean, double variance, double n)
{
    return 2 * mlpipe__normal_tail(fabs(seen - mean) / sqrt(variance / n));
}

/* ---- the published functions -------------------------------------------- */

static void says_what_river_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(golden_agrawal); i++)
        for (uint32_t f = 0; f < 10; f++)
            assert_int_equal(golden_agrawal[i][9 + f] != 0,
                             mlpipe__synth_agrawal_label(f,
                                                         golden_agrawal[i]));
    for (size_t i = 0; i < ROWS(golden_sea); i++)
        assert_int_equal(golden_sea[i][4] != 0,
                         mlpipe__synth_sea_label((uint32_t)golden_sea[i][3],
                                                 golden_sea[i]));
}

static void targets_are_friedman_s(void **state)
{
    static const double at[2][3] = {{100, 200, 300}, {100, 200, 0}};
    (void)state;
    for (size_t i = 0; i < ROWS(golden_friedman); i++) {
        const double *g = golden_friedman[i];
        assert_near(mlpipe__synth_friedman((uint32_t)g[0], g + 1), g[6],
                    1e-15);
    }
    for (size_t i = 0; i < ROWS(golden_moved); i++) {
        const double *g = golden_moved[i];
        const uint32_t which = (uint32_t)g[0];
        assert_near(mlpipe__synth_friedman_moved(which, at[which], 0, false,
                                                 (uint64_t)g[1], g + 2),
                    g[12], 1e-15);
    }
    for (size_t i = 0; i < ROWS(golden_gradual); i++) {
        const double *g = golden_gradual[i];
        assert_near(mlpipe__synth_friedman_moved(2, at[1], 50, g[0] != 0,
                                                 (uint64_t)g[1], g + 2),
                    g[12], 1e-15);
    }
}

/* What is made is what the functions say of its own features. */
static void rows_follow_their_functions(void **state)
{
    (void)state;
    mlpipe_dataset *d = make("agrawal", "concepts=3,8 drift_at=500");
    double *x[10];
    for (uint32_t j = 0; j < 10; j++)
        x[j] = column(d, mlpipe_dataset_name(d, j));
    for (uint32_t i = 0; i < 1000; i++) {
        double row[9];
        for (uint32_t j = 0; j < 9; j++)
            row[j] = x[j][i];
        assert_int_equal((int)x[9][i],
                         mlpipe__synth_agrawal_label(i < 500 ? 3 : 8, row));
    }
    for (uint32_t j = 0; j < 10; j++)
        free(x[j]);
    mlpipe_dataset_free(d);
    d = make("friedman3", NULL);
    for (uint32_t j = 0; j < 5; j++)
        x[j] = column(d, mlpipe_dataset_name(d, j));
    for (uint32_t i = 0; i < 1000; i++) {
        const double row[4] = {x[0][i], x[1][i], x[2][i], x[3][i]};
        assert_near(x[4][i], atan((row[1] * row[2] - 1 / (row[1] * row[3]))
                                  / row[0]), 4e-16);
    }
    for (uint32_t j = 0; j < 5; j++)
        free(x[j]);
    mlpipe_dataset_free(d);
}

/* The weights of a hyperplane move as Hulten's do: replayed here from the
 * labels' side: each row is on the side that its weights say. */
static void hyperplanes_move(void **state)
{
    (void)state;
    mlpipe_dataset *d = make("hyperplane", "features=4 noise=0 change=0.01 "
                             "drift_features=2 rows=3000");
    mlpipe_report *r = reading(d);
    uint32_t n;
    const mlpipe__report_cell *cells = table_cells(r, "truth",
                                                   "column,weight", &n);
    double *x[5], w[4], way[2] = {1, 1};
    assert_int_equal(4, n);
    for (uint32_t j = 0; j < 5; j++)
        x[j] = column(d, mlpipe_dataset_name(d, j));
    for (uint32_t j = 0; j < 4; j++)
        w[j] = cells[2 * j + 1].number;
    uint32_t turns = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        double all = 0, sum = 0;
        for (uint32_t j = 0; j < 4; j++) {
            all += w[j];
            sum += w[j] * x[j][i];
        }
        assert_int_equal(sum >= 0.5 * all, (int)x[4][i]);
        for (uint32_t j = 0; j < 2; j++) {
            w[j] += way[j] * 0.01;
            /* kind 6 of the table of kinds is its stream */
            if (mlpipe__random_unit(11, MLPIPE__FOR_SYNTH, 6, i,
                                    MLPIPE__SYNTH_TURN + j) < 0.1) {
                way[j] = -way[j];
                turns++;
            }
        }
    }
    /* 6,000 chances of 0.1: five deviations of 23 */
    assert_true(turns > 480 && turns < 720);
    for (uint32_t j = 0; j < 5; j++)
        free(x[j]);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* ---- closed forms: each test has size 1e-6 of its own -------------------- */

static void moments_are_the_law_s(void **state)
{
    const double n = 40000;
    (void)state;
    mlpipe_dataset *d = make("friedman1", "rows=40000 noise=2");
    mlpipe_report *r = reading(d);
    double *y = column(d, "y");
    const double variance = 4 + mlpipe_report_get(r, "signal_variance");
    assert_true(p_of_mean(mean_of(y, 40000), 14.4132973424198570, variance,
                          n) > 1e-6);
    /* the variance of a sample variance is below 2 v^2 / n for these, whose
     * tails are lighter than a normal's */
    assert_true(p_of_mean(variance_of(y, 40000), variance,
                          2 * variance * variance, n) > 1e-6);
    free(y);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);

    d = make("sea", "rows=40000");
    y = column(d, "class"); /* 1 - 8 * 8 / 2 / 100 */
    assert_true(p_of_mean(mean_of(y, 40000), 0.68, 0.68 * 0.32, n) > 1e-6);
    free(y);
    mlpipe_dataset_free(d);
    d = make("sea", "rows=40000 noise=0.1");
    y = column(d, "class");
    assert_true(p_of_mean(mean_of(y, 40000), 0.9 * 0.68 + 0.1 * 0.32,
                          0.644 * 0.356, n) > 1e-6);
    free(y);
    mlpipe_dataset_free(d);
}

static void regression_is_its_line(void **state)
{
    (void)state;
    mlpipe_dataset *d = make("regression", "rows=30000 features=6 "
                             "informative=3 noise=5 bias=7");
    mlpipe_report *r = reading(d);
    uint32_t n;
    const mlpipe__report_cell *c = table_cells(
        r, "truth", "stage,column,coefficient", &n);
    double *y = column(d, "y"), *x[6];
    assert_int_equal(6, n);
    for (uint32_t j = 0; j < 6; j++) {
        char name[8];
        snprintf(name, sizeof name, "x%u", j + 1);
        x[j] = column(d, name);
        assert_true((c[3 * j + 2].number > 0) == (j < 3));
        assert_true(p_of_mean(mean_of(x[j], n), 0, 1, n) > 1e-6);
    }
    for (uint32_t i = 0; i < 30000; i++)
        for (uint32_t j = 0; j < 6; j++)
            y[i] -= c[3 * j + 2].number * x[j][i];
    assert_true(p_of_mean(mean_of(y, 30000), 7, 25, 30000) > 1e-6);
    assert_true(p_of_mean(variance_of(y, 30000), 25, 2 * 625, 30000) > 1e-6);
    free(y);
    for (uint32_t j = 0; j < 6; j++)
        free(x[j]);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* The rate of errors of the best rule, which the centres and shares give. */
static double best_rule_errs(const char *params, uint32_t classes,
                             uint32_t features, const double *share,
                             double *told)
{
    mlpipe_dataset *d = make("classification", params);
    mlpipe_report *r = reading(d);
    const int64_t rows = mlpipe_dataset_rows(d);
    uint32_t n;
    const mlpipe__report_cell *c = table_cells(
        r, "centres", "stage,cluster,class,column,value", &n);
    double *x[8], *y = column(d, "class"), wrong = 0;
    assert_int_equal(classes * features, n);
    for (uint32_t j = 0; j < features; j++)
        x[j] = column(d, mlpipe_dataset_name(d, j));
    for (int64_t i = 0; i < rows; i++) {
        uint32_t best = 0;
        double most = -INFINITY;
        for (uint32_t k = 0; k < classes; k++) {
            double score = log(share[k]);
            for (uint32_t j = 0; j < features; j++) {
                const double off = x[j][i]
                    - c[5 * (k * features + j) + 4].number;
                score -= 0.5 * off * off;
            }
            if (score > most) {
                most = score;
                best = k;
            }
        }
        wrong += y[i] != best;
    }
    for (uint32_t j = 0; j < features; j++)
        free(x[j]);
    free(y);
    *told = mlpipe_report_get(r, "bayes_error");
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return wrong / (double)rows;
}

static void bayes_errors_are_reached(void **state)
{
    static const double two[] = {0.8, 0.2}, even[] = {0.25, 0.25, 0.25, 0.25};
    double told, seen;
    (void)state;
    seen = best_rule_errs("rows=40000 features=3 informative=3 shares=8,2 "
                          "separation=0.7 noise=0.1", 2, 3, two, &told);
    assert_true(told > 0.05 && told < 0.3);
    assert_true(p_of_mean(seen, told, told * (1 - told), 40000) > 1e-6);
    seen = best_rule_errs("rows=40000 features=2 informative=2 classes=4",
                          4, 2, even, &told);
    assert_near(told, 0.2921390182628588, 1e-14); /* 1 - Phi(1)^2 */
    assert_true(p_of_mean(seen, told, told * (1 - told), 40000) > 1e-6);
}

/* ---- slices, threads, drifts -------------------------------------------- */

static const char *const kinds[] = {
    "regression", "classification", "friedman1", "friedman2", "friedman3",
    "sea", "hyperplane", "agrawal", "friedman_drift", "mixed"};

static void slices_and_threads_change_no_bit(void **state)
{
    (void)state;
    for (size_t k = 0; k < ROWS(kinds); k++) {
        const char *more = !strcmp(kinds[k], "hyperplane") ? "change=0.02"
            : !strcmp(kinds[k], "mixed") ? "nulls=0.1" : "noise=0.2";
        char params[96];
        mlpipe_ctx *c = NULL;
        mlpipe_dataset *slice = NULL;
        snprintf(params, sizeof params, "rows=2000 order=row %s", more);
        mlpipe_dataset *all = make(kinds[k], params);
        mlpipe_dataset *threads = make_on(3, kinds[k], params);
        snprintf(params, sizeof params, "start=700 rows=900 order=row %s",
                 more);
        mlpipe_dataset *part = make(kinds[k], params);
        assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
        assert_ok(c, mlpipe_dataset_slice(c, all, 700, 900, &slice));
        char *a = fingerprint(all), *b = fingerprint(threads);
        char *s = fingerprint(slice), *p = fingerprint(part);
        assert_string_equal(a, b);
        assert_string_equal(s, p);
        assert_int_equal(700, mlpipe_dataset_row_id(part, 0));
        free(a);
        free(b);
        free(s);
        free(p);
        mlpipe_dataset_free(all);
        mlpipe_dataset_free(threads);
        mlpipe_dataset_free(part);
        mlpipe_dataset_free(slice);
        mlpipe_ctx_free(c);
    }
}

/* Of a slow change: the share of rows of the new function is the sigmoid. */
static void gradual_drift_is_a_sigmoid(void **state)
{
    (void)state;
    mlpipe_dataset *d = make("sea", "rows=20000 drift_at=10000 width=4000 "
                             "concepts=2,3");
    double *a = column(d, "x1"), *b = column(d, "x2"),
           *y = column(d, "class");
    double seen = 0, expected = 0, variance = 0, between = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        if (!(a[i] + b[i] > 7 && a[i] + b[i] <= 9.5))
            continue; /* where 7 and 9.5 agree */
        const double p = 1 / (1 + exp(-4 * ((double)i - 10000) / 4000));
        seen += y[i] == 0;
        expected += p;
        variance += p * (1 - p);
        between++;
    }
    assert_true(between > 3000);
    assert_true(2 * mlpipe__normal_tail(fabs(seen - expected)
                                        / sqrt(variance)) > 1e-6);
    free(a);
    free(b);
    free(y);
    mlpipe_dataset_free(d);
}

static void mixed_has_every_type(void **state)
{
    (void)state;
    mlpipe_dataset *d = make("mixed", "rows=3000 nulls=0.05");
    static const int32_t types[] = {2, 4, 4, 5, 5, 5, 6, 6, 2, 3, 2, 3, 1, 3,
                                    1};
    assert_int_equal(15, mlpipe_dataset_columns(d));
    for (uint32_t i = 0; i < 15; i++)
        assert_int_equal(types[i], mlpipe_dataset_type(d, i));
    assert_int_equal(0, mlpipe_dataset_nulls(d, 0));
    assert_true(mlpipe_dataset_nulls(d, 8) > 60);
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, 0, 2, &v));
    assert_int_equal(MLPIPE_VALUE_TEXT, v.kind);
    assert_non_null(memchr(v.str, '@', v.len));
    double *spend = column(d, "spend"), *income = column(d, "income"),
           *visits = column(d, "visits"), *plan = column(d, "plan"),
           *cut = column(d, "discount");
    double sum = 0, n = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        const double rest = spend[i] - 20 - 0.002 * income[i] - 5 * visits[i]
            - 30 * plan[i] + 80 * cut[i];
        if (rest != rest)
            continue; /* no income */
        sum += rest * rest;
        n++;
    }
    assert_true(p_of_mean(sum / n, 100, 2e4, n) > 1e-6);
    free(spend);
    free(income);
    free(visits);
    free(plan);
    free(cut);
    mlpipe_dataset_free(d);
}

/* ---- refusals ----------------------------------------------------------- */

static void refused(mlpipe_ctx *c, const char *kind, const char *params,
                    const char *says)
{
    mlpipe_dataset *d = (mlpipe_dataset *)c;
    assert_told(c, MLPIPE_E_PARAM, mlpipe_synth(c, kind, params, &d));
    assert_null(d);
    if (!strstr(mlpipe_ctx_error(c)->text, says))
        fail_msg("%s does not say %s", mlpipe_ctx_error(c)->text, says);
}

static void what_makes_no_sense_is_refused(void **state)
{
    mlpipe_ctx *c = NULL;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    refused(c, "freedman1", NULL, "friedman1");
    refused(c, "sea", "bias=3", "takes no \"bias\"");
    refused(c, "sea", "noise=2", "from 0 to 1");
    refused(c, "sea", "concepts=4", "from 0 to 3");
    refused(c, "sea", "concepts=1,2", "1 stages");
    refused(c, "sea", "drift_at=9,5", "must rise");
    refused(c, "friedman1", "features=4", "needs 5");
    refused(c, "regression", "features=3 informative=4", "4 of 3");
    refused(c, "classification", "classes=5 informative=2", "corners");
    refused(c, "classification", "shares=1,2,3", "3 numbers for 2");
    refused(c, "classification", "shares=1,0", "above 0");
    refused(c, "friedman_drift", "drift=gsg drift_at=10,20 width=11",
            "10 rows lie");
    refused(c, "friedman_drift", "drift=gra drift_at=1,2,3", "needs 2");
    refused(c, "friedman_drift", "width=5", "abrupt");
    refused(c, "hyperplane", "features=2 drift_features=3", "3 of 2");
    refused(c, "mixed", "rows=0", "rows");
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_river_says),
        cmocka_unit_test(targets_are_friedman_s),
        cmocka_unit_test(rows_follow_their_functions),
        cmocka_unit_test(hyperplanes_move),
        cmocka_unit_test(moments_are_the_law_s),
        cmocka_unit_test(regression_is_its_line),
        cmocka_unit_test(bayes_errors_are_reached),
        cmocka_unit_test(slices_and_threads_change_no_bit),
        cmocka_unit_test(gradual_drift_is_a_sigmoid),
        cmocka_unit_test(mixed_has_every_type),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
