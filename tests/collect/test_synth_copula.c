/* SPDX-License-Identifier: MIT */
/* Copulas: margins and correlations are kept, what is given holds, and for
 * normal data the answers are those of closed forms. Tests have size 1e-6. */
#include <math.h>

#include "collect/synth_copula.h"
#include "report_table.h"
#include "golden_text.h"

enum { NORMAL_ROWS = 20000, NORMAL_COLUMNS = 8 };
static mlpipe_ctx *c;
static mlpipe_dataset *mixed, *normal;
static mlpipe_copula *of_mixed, *of_normal;

/* The chance of 1e-6 of a Kolmogorov-Smirnov statistic is below this over
 * sqrt(n); of a normal beyond this. */
static const double ks_limit = 2.694, z_limit = 4.892;

static double unit(uint32_t row, uint32_t j)
{
    return mlpipe__random_unit(9, MLPIPE__FOR_TEST, 0, row, j);
}

/* x and y of correlation 0.8, w of -0.5 with x; level (five values of w), flag
 * (y > 0.3) and gap (y, null where another variable of correlation 0.6 with v0
 * is high), v0 and v1, which are independent. */
static void make_normal(void)
{
    static double col[NORMAL_COLUMNS][NORMAL_ROWS];
    static uint8_t flag[NORMAL_ROWS], valid[NORMAL_ROWS];
    static int64_t level[NORMAL_ROWS];
    mlpipe_builder *b = NULL;
    for (uint32_t i = 0; i < NORMAL_ROWS; i++) {
        double e[6];
        for (uint32_t j = 0; j < 6; j++)
            e[j] = mlpipe__normal_quantile(unit(i, j));
        const double x = e[0], y = 0.8 * x + 0.6 * e[1];
        const double w = -0.5 * x + sqrt(0.75) * e[2];
        col[0][i] = x;
        col[1][i] = exp(y); /* any margin will do */
        col[2][i] = w;
        level[i] = w < -1 ? 0 : w < 0 ? 1 : w < 0.5 ? 2 : w < 2 ? 3 : 7;
        flag[i] = y > 0.3;
        valid[i] = 0.6 * e[4] + 0.8 * e[3] < 1;
        col[3][i] = y;
        col[4][i] = e[4];
        col[5][i] = e[5];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    static const char *const names[] = {"x", "y", "w", "gap", "v0", "v1"};
    for (uint32_t j = 0; j < 6; j++)
        assert_ok(c, mlpipe_builder_column(c, b, names[j], MLPIPE_F64, col[j],
                                           j == 3 ? valid : NULL,
                                           NORMAL_ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "level", MLPIPE_I64, level, NULL,
                                       NORMAL_ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "flag", MLPIPE_BOOL, flag, NULL,
                                       NORMAL_ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &normal));
    mlpipe_builder_free(b);
}

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_synth(c, "mixed", "rows=4000 seed=6 nulls=0.1",
                              &mixed));
    make_normal();
    assert_ok(c, mlpipe_copula_fit(c, mixed, "private=income", &of_mixed));
    assert_ok(c, mlpipe_copula_fit(c, normal, NULL, &of_normal));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    mlpipe_copula_free(of_mixed);
    mlpipe_copula_free(of_normal);
    mlpipe_dataset_free(mixed);
    mlpipe_dataset_free(normal);
    mlpipe_ctx_free(c);
    return 0;
}

static mlpipe_dataset *sample(const mlpipe_copula *k, const char *params)
{
    mlpipe_dataset *d = NULL;
    assert_ok(c, mlpipe_copula_sample(c, k, params, &d));
    return d;
}

/* A column, nulls as NaN; freed by the caller. */
static double *column(const mlpipe_dataset *d, const char *name)
{
    const int32_t at = mlpipe_dataset_find(d, name);
    const size_t n = (size_t)mlpipe_dataset_rows(d);
    double *x = malloc(n * sizeof *x);
    assert_true(at >= 0 && x);
    assert_ok(c, mlpipe_dataset_doubles(c, d, (uint32_t)at, 0, x, n));
    return x;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Without NaN, sorted; how many. */
static size_t settle(double *x, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] == x[i])
            x[k++] = x[i];
    qsort(x, k, sizeof *x, rising);
    return k;
}

static double ks(double *a, size_t n, double *b, size_t m)
{
    double worst = 0;
    size_t i = 0, j = 0;
    n = settle(a, n);
    m = settle(b, m);
    while (i < n && j < m) {
        const double v = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] == v)
            i++;
        while (j < m && b[j] == v)
            j++;
        const double off = fabs((double)i / (double)n
                                - (double)j / (double)m);
        worst = off > worst ? off : worst;
    }
    return worst;
}

/* Mid-ranks in place of values, over the rows where both are there. */
static size_t rank_pair(double *a, double *b, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (a[i] == a[i] && b[i] == b[i]) {
            a[k] = a[i];
            b[k++] = b[i];
        }
    double *both[2] = {a, b}, *sorted = malloc(k * sizeof *sorted);
    assert_non_null(sorted);
    for (int which = 0; which < 2; which++) {
        double *x = both[which];
        memcpy(sorted, x, k * sizeof *x);
        qsort(sorted, k, sizeof *x, rising);
        for (size_t i = 0; i < k; i++) {
            size_t low = 0, high = k, from;
            while (low < high) {
                const size_t m = (low + high) / 2;
                if (sorted[m] < x[i])
                    low = m + 1;
                else
                    high = m;
            }
            from = low;
            high = k;
            while (low < high) {
                const size_t m = (low + high) / 2;
                if (sorted[m] <= x[i])
                    low = m + 1;
                else
                    high = m;
            }
            x[i] = (double)(from + low);
        }
    }
    free(sorted);
    return k;
}

static double correlation(const double *a, const double *b, size_t n)
{
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        sa += a[i];
        sb += b[i];
    }
    for (size_t i = 0; i < n; i++) {
        const double x = a[i] - sa / (double)n, y = b[i] - sb / (double)n;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return ab / sqrt(aa * bb);
}

static double spearman(const mlpipe_dataset *d, const char *one,
                       const char *two, double *rows)
{
    double *a = column(d, one), *b = column(d, two);
    const size_t n = rank_pair(a, b, (size_t)mlpipe_dataset_rows(d));
    const double r = correlation(a, b, n);
    free(a);
    free(b);
    *rows = (double)n;
    return r;
}

/* ---- what is kept ------------------------------------------------------- */

static void margins_are_kept(void **state)
{
    static const char *const numbers[] = {"joined", "last_seen", "age",
                                          "visits", "discount", "spend"};
    (void)state;
    mlpipe_dataset *d = sample(of_mixed, "rows=20000 seed=1");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double *a = column(mixed, numbers[i]), *b = column(d, numbers[i]);
        /* against 4,000 rows, of which runs are interpolated */
        if (ks(a, 4000, b, 20000) > ks_limit / sqrt(18000) + 1.0 / 1000)
            fail_msg("%s: %g", numbers[i], ks(a, 4000, b, 20000));
        free(a);
        free(b);
    }
    /* whole days, whole numbers, cents, and the mass at 0 */
    double *joined = column(d, "joined"), *spend = column(d, "spend"),
           *cut = column(d, "discount"), zero = 0, seen = 0, gaps = 0, had = 0;
    double *was = column(mixed, "discount"), *age = column(d, "age"),
           *years = column(mixed, "age");
    for (size_t i = 0; i < 20000; i++) {
        assert_same(0, fmod(joined[i], 86400));
        assert_same(spend[i], mlpipe__round_digits(spend[i], 2));
        zero += cut[i] == 0;
        gaps += age[i] != age[i];
        assert_true(age[i] != age[i] || age[i] == floor(age[i]));
    }
    for (size_t i = 0; i < 4000; i++) {
        seen += was[i] == 0;
        had += years[i] != years[i];
    }
    const double p = seen / 4000, q = had / 4000;
    assert_true(fabs(zero / 20000 - p) < z_limit * sqrt(p * (1 - p) / 20000));
    assert_true(fabs(gaps / 20000 - q) < z_limit * sqrt(q * (1 - q) / 20000));
    free(joined);
    free(spend);
    free(cut);
    free(was);
    free(age);
    free(years);
    mlpipe_dataset_free(d);
}

/* Shares of categories, by their texts. */
static void categories_are_kept(void **state)
{
    (void)state;
    mlpipe_dataset *d = sample(of_mixed, "rows=20000 seed=2");
    static const char *const names[] = {"region", "city", "plan"};
    for (size_t i = 0; i < 3; i++) {
        double a[16] = {0}, b[16] = {0}, n = 0, m = 0;
        double *x = column(mixed, names[i]), *y = column(d, names[i]);
        for (size_t r = 0; r < 4000; r++)
            if (x[r] == x[r]) {
                a[(int)x[r]]++;
                n++;
            }
        for (size_t r = 0; r < 20000; r++)
            if (y[r] == y[r]) {
                b[(int)y[r]]++;
                m++;
            }
        for (size_t k = 0; k < 16; k++) {
            const double p = a[k] / n;
            assert_true(fabs(b[k] / m - p)
                        <= z_limit * sqrt(p * (1 - p) / m));
        }
        free(x);
        free(y);
    }
    mlpipe_dataset_free(d);
}

/* Normal data, cut and with holes: the copula is the law itself, so that all
 * rank correlations come back within the error of two samples. */
static void rank_correlations_are_kept(void **state)
{
    static const char *const names[] = {"x", "y", "w", "gap", "v0", "v1",
                                        "level", "flag"};
    (void)state;
    mlpipe_dataset *d = sample(of_normal, "rows=20000 seed=3");
    for (size_t i = 0; i < NORMAL_COLUMNS; i++)
        for (size_t j = 0; j < i; j++) {
            double n, m;
            const double a = spearman(normal, names[i], names[j], &n);
            const double b = spearman(d, names[i], names[j], &m);
            /* of a rank correlation, at most */
            if (fabs(a - b) > z_limit * sqrt(1 / n + 1 / m))
                fail_msg("%s %s: %g became %g", names[i], names[j], a, b);
        }
    mlpipe_dataset_free(d);
}

/* The variables behind: rho is found again also through cuts and holes. */
static void latent_correlations_are_found(void **state)
{
    static const struct {
        const char *a, *b;
        double rho;
    } law[] = {
        {"x", "y", 0.8}, {"x", "w", -0.5}, {"y", "w", -0.4}, {"x", "v0", 0},
        {"x", "level", -0.5}, {"x", "flag", 0.8}, {"level", "flag", -0.4},
        {"v0", "gap is null", 0.6}, {"y", "gap is null", 0},
    };
    mlpipe_report *r = NULL;
    uint32_t n;
    size_t found = 0;
    (void)state;
    assert_ok(c, mlpipe_copula_notes(c, of_normal, &r));
    const mlpipe__report_cell *k = table_cells(r, "correlation", "a,b,value",
                                               &n);
    for (uint32_t i = 0; i < n; i++)
        for (size_t j = 0; j < sizeof law / sizeof *law; j++) {
            const char *a = table_text(r, &k[3 * i]);
            const char *b = table_text(r, &k[3 * i + 1]);
            if ((strcmp(a, law[j].a) || strcmp(b, law[j].b))
                && (strcmp(a, law[j].b) || strcmp(b, law[j].a)))
                continue;
            found++;
            /* of two cuts at worst about 1.6 / sqrt(n), and clipping makes
             * room for y, which is there twice */
            if (fabs(k[3 * i + 2].number - law[j].rho)
                > 1.6 * z_limit / sqrt(NORMAL_ROWS))
                fail_msg("%s %s: %g", a, b, k[3 * i + 2].number);
        }
    assert_int_equal(sizeof law / sizeof *law, found);
    mlpipe_report_free(r);
}

static void no_row_is_a_copy(void **state)
{
    mlpipe_report *r = NULL;
    (void)state;
    mlpipe_dataset *d = sample(of_normal, "rows=20000");
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    assert_same(0, mlpipe_report_get(r, "exact_copies"));
    double *a = column(normal, "x"), *b = column(d, "x");
    settle(a, NORMAL_ROWS);
    for (size_t i = 0; i < 20000; i++)
        assert_null(bsearch(&b[i], a, NORMAL_ROWS, sizeof *a, rising));
    free(a);
    free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    /* and where they are copies they are counted: cents of two rows */
    mlpipe_dataset *few = NULL;
    mlpipe_copula *k = NULL;
    assert_ok(c, mlpipe_read_csv_memory(c, "a,b\n1.0,1\n1.1,2\n1.2,3\n1.3,4\n"
                                        "1.4,5\n1.5,6\n", 40, NULL, &few));
    assert_ok(c, mlpipe_copula_fit(c, few, "columns=a", &k));
    d = sample(k, "rows=200");
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    assert_true(mlpipe_report_get(r, "exact_copies") > 100);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(few);
    mlpipe_copula_free(k);
}

/* ---- what is given ------------------------------------------------------ */

static void mean_of(const mlpipe_dataset *d, const char *name, bool logs,
                    double *mean, double *sd)
{
    double *x = column(d, name), sum = 0, square = 0, n = 0;
    for (int64_t i = 0; i < mlpipe_dataset_rows(d); i++) {
        const double v = logs ? log(x[i]) : x[i];
        sum += v;
        square += v * v;
        n++;
    }
    *mean = sum / n;
    *sd = sqrt(square / n - *mean * *mean);
    free(x);
}

/* y | x is N(0.8 x, 0.36); y | x, w by two regressions. */
static void points_are_conditioned_in_closed_form(void **state)
{
    double mean, sd;
    (void)state;
    /* errors: of the sample of 20,000; of rho and of the margin, which 20,000
     * rows tell to about 0.005 and, at 1, 0.011 */
    const double tolerance = z_limit * (0.6 / sqrt(20000) + 0.012);
    mlpipe_dataset *d = sample(of_normal, "rows=20000 given='x=1'");
    mean_of(d, "y", true, &mean, &sd);
    assert_true(fabs(mean - 0.8) < tolerance);
    assert_true(fabs(sd - 0.6) < 0.03);
    double *x = column(d, "x");
    for (size_t i = 0; i < 20000; i++)
        assert_same(1, x[i]);
    free(x);
    mlpipe_dataset_free(d);
    /* w tells nothing more of y than x does */
    d = sample(of_normal, "rows=20000 given='x=-0.5 w=1.25'");
    mean_of(d, "y", true, &mean, &sd);
    assert_true(fabs(mean + 0.4) < tolerance);
    mlpipe_dataset_free(d);
    d = sample(of_normal, "rows=20000 given='w=1'");
    mean_of(d, "x", false, &mean, &sd);
    assert_true(fabs(mean + 0.5) < z_limit * (sqrt(0.75 / 20000) + 0.012));
    mlpipe_dataset_free(d);
}

/* Rows of a large free sample that have what is given are such rows. */
static void ranges_are_what_filtering_gives(void **state)
{
    (void)state;
    mlpipe_dataset *all = sample(of_normal, "rows=150000 seed=77");
    mlpipe_dataset *d = sample(of_normal, "rows=10000 seed=78 "
                               "given='x=0.5..1.5 w=..-0.25 flag=true'");
    double *x = column(all, "x"), *w = column(all, "w"),
           *flag = column(all, "flag"), *y = column(all, "y"),
           *gap = column(all, "gap");
    size_t n = 0;
    for (size_t i = 0; i < 150000; i++)
        if (x[i] >= 0.5 && x[i] <= 1.5 && w[i] <= -0.25 && flag[i] == 1) {
            x[n] = x[i];
            w[n] = w[i];
            y[n] = y[i];
            gap[n++] = gap[i];
        }
    assert_true(n > 5000);
    const double limit = ks_limit * sqrt(1.0 / (double)n + 1.0 / 10000);
    double *x2 = column(d, "x"), *w2 = column(d, "w"), *y2 = column(d, "y"),
           *f2 = column(d, "flag");
    for (size_t i = 0; i < 10000; i++)
        assert_true(x2[i] >= 0.5 && x2[i] <= 1.5 && w2[i] <= -0.25
                    && f2[i] == 1);
    assert_true(ks(x, n, x2, 10000) < limit);
    assert_true(ks(w, n, w2, 10000) < limit);
    assert_true(ks(y, n, y2, 10000) < limit);
    mlpipe_report *r = NULL;
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    assert_same(0, mlpipe_report_get(r, "gibbs_rows"));
    assert_true(mlpipe_report_get(r, "tries") > 10000);
    mlpipe_report_free(r);
    free(x);
    free(w);
    free(y);
    free(gap);
    free(flag);
    free(x2);
    free(w2);
    free(y2);
    free(f2);
    mlpipe_dataset_free(all);
    mlpipe_dataset_free(d);
}

/* Where rejection gives up: still all hold, and independent ones stay so. */
static void unlikely_ranges_are_reached(void **state)
{
    mlpipe_report *r = NULL;
    (void)state;
    mlpipe_dataset *d = sample(of_normal, "rows=2000 given='v0=2..2.5 "
                               "v1=-2.5..-2 x=1..1.2 w=1..1.2'");
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    assert_true(mlpipe_report_get(r, "gibbs_rows") > 1000);
    double *a = column(d, "v0"), *b = column(d, "v1"), *x = column(d, "x"),
           *w = column(d, "w");
    double sum = 0;
    for (size_t i = 0; i < 2000; i++) {
        assert_true(a[i] >= 2 && a[i] <= 2.5 && b[i] >= -2.5 && b[i] <= -2);
        assert_true(x[i] >= 1 && x[i] <= 1.2 && w[i] >= 1 && w[i] <= 1.2);
        sum += a[i];
    }
    /* (phi(2) - phi(2.5)) / (Phi(2.5) - Phi(2)); sd 0.138; about 440 training
     * rows tell the margin there */
    assert_true(fabs(sum / 2000 - 2.1994) < z_limit * 0.138
                * (1 / sqrt(2000) + 1 / sqrt(440)));
    free(a);
    free(b);
    free(x);
    free(w);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

static void every_type_can_be_given(void **state)
{
    (void)state;
    mlpipe_dataset *d = sample(
        of_mixed, "rows=500 given='region=north plan=plus age=30..40 "
        "joined=2019-01-01..2019-12-31 active=false city=null visits=0 "
        "discount=0.1..0.3'");
    double *age = column(d, "age"), *joined = column(d, "joined"),
           *active = column(d, "active"), *city = column(d, "city"),
           *visits = column(d, "visits"), *cut = column(d, "discount");
    for (int64_t i = 0; i < 500; i++) {
        mlpipe_value v;
        assert_int_equal(0, mlpipe_dataset_cell(
            d, i, (uint32_t)mlpipe_dataset_find(d, "region"), &v));
        assert_int_equal(5, v.len);
        assert_memory_equal("north", v.str, 5);
        assert_int_equal(0, mlpipe_dataset_cell(
            d, i, (uint32_t)mlpipe_dataset_find(d, "plan"), &v));
        assert_memory_equal("plus", v.str, 4);
        assert_true(age[i] >= 30 && age[i] <= 40);
        assert_true(joined[i] >= 1546300800 && joined[i] <= 1577750400);
        assert_true(active[i] == 0 && city[i] != city[i] && visits[i] == 0);
        assert_true(cut[i] >= 0.1 && cut[i] <= 0.3);
    }
    free(age);
    free(joined);
    free(active);
    free(city);
    free(visits);
    free(cut);
    mlpipe_dataset_free(d);
}

/* ---- bits, privacy, refusals -------------------------------------------- */

static char *print(mlpipe_ctx *on, const mlpipe_dataset *d)
{
    mlpipe_buffer *b = NULL;
    assert_ok(on, mlpipe_dataset_fingerprint(on, d, &b));
    char *text = strdup(mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return text;
}

static void slices_and_threads_change_no_bit(void **state)
{
    mlpipe_ctx *three = NULL;
    mlpipe_dataset *d = NULL, *slice = NULL;
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = 3};
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &three));
    mlpipe_dataset *all = sample(of_mixed, "rows=2000 given='age=30..50 "
                                 "visits=1..3'");
    mlpipe_dataset *part = sample(of_mixed, "rows=700 start=900 "
                                  "given='age=30..50 visits=1..3'");
    assert_ok(three, mlpipe_copula_sample(three, of_mixed, "rows=2000 "
                                          "given='age=30..50 visits=1..3'",
                                          &d));
    assert_ok(c, mlpipe_dataset_slice(c, all, 900, 700, &slice));
    char *a = print(c, all), *b = print(c, d), *s = print(c, slice),
         *p = print(c, part);
    assert_string_equal(a, b);
    assert_string_equal(s, p);
    free(a);
    free(b);
    free(s);
    free(p);
    mlpipe_dataset_free(all);
    mlpipe_dataset_free(part);
    mlpipe_dataset_free(slice);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(three);
}

static void private_columns_are_not_in_it(void **state)
{
    static const char *const out[] = {"customer_id", "name", "email",
                                      "income"};
    mlpipe_report *r = NULL;
    mlpipe_copula *k = (mlpipe_copula *)c;
    uint32_t n;
    (void)state;
    mlpipe_dataset *d = sample(of_mixed, NULL);
    assert_ok(c, mlpipe_copula_notes(c, of_mixed, &r));
    const mlpipe__report_cell *cell = table_cells(r, "left_out", "column,why",
                                                  &n);
    assert_int_equal(4, n);
    for (uint32_t i = 0; i < 4; i++) {
        assert_string_equal(out[i], table_text(r, &cell[2 * i]));
        assert_int_equal(-1, mlpipe_dataset_find(d, out[i]));
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    assert_told(c, MLPIPE_E_CONFLICT,
                mlpipe_copula_fit(
c, mixed, "columns=age,income private=income", &k));
    assert_null(k);
    assert_told(c, MLPIPE_E_SCHEMA,
                mlpipe_copula_fit(
c, mixed, "columns=email", &k));
    assert_told(c, MLPIPE_E_SCHEMA,
                mlpipe_copula_fit(
c, mixed, "private=incom", &k));
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *given, *says;
        mlpipe_status status;
    } bad[] = {
        {"regoin=north", "region", MLPIPE_E_PARAM},
        {"region=nord", "no row", MLPIPE_E_EMPTY},
        {"age=200..300", "run from", MLPIPE_E_EMPTY},
        {"age=30.5", "no value", MLPIPE_E_EMPTY},
        {"age=50..30", "no value", MLPIPE_E_EMPTY},
        {"age=old", "a number", MLPIPE_E_PARAM},
        {"age=..", "a number", MLPIPE_E_PARAM},
        {"joined=2019-13-01", "a time", MLPIPE_E_PARAM},
        {"active=maybe", "true, false", MLPIPE_E_PARAM},
        {"visits=null", "no value", MLPIPE_E_EMPTY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mlpipe_dataset *d = (mlpipe_dataset *)c;
        char params[96];
        snprintf(params, sizeof params, "given='%s'", bad[i].given);
        assert_status(bad[i].status, mlpipe_copula_sample(c, of_mixed, params,
                                                          &d));
        assert_null(d);
        if (!strstr(mlpipe_ctx_error(c)->text, bad[i].says))
            fail_msg("%s does not say %s", mlpipe_ctx_error(c)->text,
                     bad[i].says);
    }
    /* y is there twice: gap says that it is 3 where y says that it is not */
    mlpipe_dataset *d = NULL;
    assert_told(c, MLPIPE_E_NUMERIC,
                mlpipe_copula_sample(
c, of_normal, "given='y=0.1 gap=3'", &d));
    assert_null(d);
}

/* Columns without a value, of one value, and of two. */
static void poor_columns_are_kept(void **state)
{
    static const char text[] = "none,one,two,many\n,5,a,1\n,5,b,2\n,5,a,3\n"
                               ",5,a,4\n,,a,9\n";
    mlpipe_dataset *few = NULL;
    mlpipe_copula *k = NULL;
    (void)state;
    assert_ok(c, mlpipe_read_csv_memory(c, text, sizeof text - 1, NULL,
                                        &few));
    assert_ok(c, mlpipe_copula_fit(c, few, NULL, &k));
    mlpipe_dataset *d = sample(k, "rows=1000");
    assert_int_equal(1000, mlpipe_dataset_nulls(d, 0));
    assert_true(mlpipe_dataset_nulls(d, 1) > 100);
    double *one = column(d, "one"), *many = column(d, "many");
    for (size_t i = 0; i < 1000; i++) {
        assert_true(one[i] != one[i] || one[i] == 5);
        assert_true(many[i] >= 1 && many[i] <= 9
                    && many[i] == floor(many[i]));
    }
    free(one);
    free(many);
    mlpipe_dataset_free(d);
    d = sample(k, "rows=100 given='none=null one=5'");
    assert_int_equal(0, mlpipe_dataset_nulls(d, 1));
    mlpipe_dataset_free(d);
    mlpipe_copula_free(k);
    mlpipe_dataset_free(few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(margins_are_kept),
        cmocka_unit_test(categories_are_kept),
        cmocka_unit_test(rank_correlations_are_kept),
        cmocka_unit_test(latent_correlations_are_found),
        cmocka_unit_test(no_row_is_a_copy),
        cmocka_unit_test(points_are_conditioned_in_closed_form),
        cmocka_unit_test(ranges_are_what_filtering_gives),
        cmocka_unit_test(unlikely_ranges_are_reached),
        cmocka_unit_test(every_type_can_be_given),
        cmocka_unit_test(slices_and_threads_change_no_bit),
        cmocka_unit_test(private_columns_are_not_in_it),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(poor_columns_are_kept),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
