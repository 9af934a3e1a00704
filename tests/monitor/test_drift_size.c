/* SPDX-License-Identifier: MIT */
/*
 * Can the p-values of drift be trusted? Reference and pane are drawn afresh
 * from one law, again and again, and each test is to call as many as its level
 * says. A sample of the grid at every run, all of it under MLPIPE_SWEEP_ALL.
 */
#include "support.h"

#include "monitor/monitor_internal.h"

#include <stdlib.h>
#include <time.h>

enum { NORMAL, T3, LOGNORMAL, ZEROS, THREE, THIRTY, THOUSAND, LAWS };
static const char *const law_names[] = {"normal",  "t3",       "lognormal",
                                        "zeros",   "3-value",  "30-level",
                                        "1000-level"};
enum { ALL = MLPIPE__TESTS, COLUMNS = MLPIPE__TESTS + 1, PANE_DRAWN = 2000 };

static uint64_t random_state = 1;

/* Uniform in (0, 1): G. L. Steele and others' SplitMix64. */
static double uniform(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static double gaussian(void)
{
    return mlpipe__normal_quantile(uniform());
}

static bool coded(int law)
{
    return law >= THIRTY;
}

static uint32_t levels(int law)
{
    return law == THIRTY ? 30 : 1000;
}

/* P(level) falls slowly: the first is twice as likely as the last. */
static double level_share(int law, uint32_t i)
{
    const double n = levels(law);

    return (2.0 - i / (n - 1.0)) / (1.5 * n);
}

static double missing_share(int law)
{
    return law == LOGNORMAL || law == THREE || law == THIRTY ? 0.02 : 0.0;
}

static double draw(int law)
{
    double u;
    uint32_t i = 0;

    if (missing_share(law) > 0 && uniform() < missing_share(law))
        return mlpipe__nan();
    switch (law) {
    case NORMAL:
        return gaussian();
    case T3: /* R. W. Bailey, Mathematics of Computation 62, 1994 */
        u = mlpipe__exp(mlpipe__log(uniform()) * -2 / 3);
        return mlpipe__sqrt(3 * (u - 1)) *
               mlpipe__cos(6.283185307179586 * uniform());
    case LOGNORMAL:
        return mlpipe__exp(gaussian());
    case ZEROS:
        return uniform() < 0.6 ? 0.0 : mlpipe__exp(gaussian());
    case THREE:
        u = uniform();
        return u < 0.7 ? 1 : u < 0.95 ? 2 : 3;
    default:
        /* the inverse of a linear density, near enough to level_share */
        u = uniform();
        do
            u -= level_share(law, i);
        while (u > 0 && ++i + 1 < levels(law));
        return i;
    }
}

/* P(X < x), of what is not missing. */
static double below(int law, double x)
{
    switch (law) {
    case NORMAL:
        return mlpipe__normal_tail(-x);
    case T3:
        return mlpipe__student_tail(-x, 3);
    case LOGNORMAL:
        return x > 0 ? mlpipe__normal_tail(-mlpipe__log(x)) : 0;
    case ZEROS:
        return x > 0 ? 0.6 + 0.4 * mlpipe__normal_tail(-mlpipe__log(x)) : 0;
    default:
        return x > 3 ? 1 : x > 2 ? 0.95 : x > 1 ? 0.7 : 0;
    }
}

/* A binomial number by a search from its mode. */
static uint64_t binomial(uint64_t n, double p)
{
    const double rows = (double)n;
    double k, low, high, mass, down, up, u = uniform();

    if (!n || p <= 0)
        return 0;
    if (p >= 1)
        return n;
    k = mlpipe__floor((rows + 1) * p);
    k = k > rows ? rows : k;
    mass = down = up = mlpipe__binomial_mass(k, rows, p);
    low = high = k;
    u -= mass;
    while (u > 0 && (low > 0 || high < rows)) {
        if (low > 0) {
            down *= low * (1 - p) / ((rows - low + 1) * p);
            low--;
            u -= down;
            if (u <= 0)
                return (uint64_t)low;
        }
        if (high < rows) {
            up *= (rows - high) * p / ((high + 1) * (1 - p));
            high++;
            u -= up;
            if (u <= 0)
                return (uint64_t)high;
        }
        if (down + up < 1e-18)
            break;
    }
    return (uint64_t)k;
}

/* The law's shares of the cells of `in`. */
static void shares(int law, const mlpipe__ref_input *in,
                   const uint32_t *code_of, double *share)
{
    double last = 0;

    memset(share, 0, in->cells * sizeof *share);
    share[0] = missing_share(law);
    if (coded(law)) {
        for (uint32_t i = 0; i < levels(law); i++)
            share[code_of[i] == UINT32_MAX ? 1 : in->cell_of[code_of[i]]] +=
                (1 - share[0]) * level_share(law, i);
        return;
    }
    for (uint32_t i = 0; i <= in->cut_count; i++) {
        const double next =
            i < in->cut_count ? below(law, in->cuts[i]) : 1.0;
        share[1 + i] = (1 - share[0]) * (next - last);
        last = next;
    }
}

/* n rows of the law, counted in the cells: drawn one by one, or many at once
 * as the multinomial numbers that they are. */
static void pane(int law, const mlpipe__ref_input *in,
                 const uint32_t *code_of, uint64_t n, uint64_t *counts)
{
    double share[200], left = 1;

    memset(counts, 0, in->cells * sizeof *counts);
    if (n <= PANE_DRAWN && law != THOUSAND) {
        for (uint64_t i = 0; i < n; i++) {
            double x = draw(law);
            if (coded(law) && x == x)
                x = code_of[(uint32_t)x] == UINT32_MAX
                        ? -1.0
                        : (double)code_of[(uint32_t)x];
            counts[mlpipe__ref_cell(in, x, x == x)]++;
        }
        return;
    }
    shares(law, in, code_of, share);
    for (uint32_t i = 0; i < in->cells && n; i++) {
        const uint64_t k = binomial(n, share[i] < left ? share[i] / left : 1);
        counts[i] = k;
        n -= k;
        left -= share[i];
    }
}

/* A reference of `rows` rows; codes are given to levels that were drawn. */
static void reference(mlpipe_ctx *c, int law, uint64_t rows, double *values,
                      double *scratch, uint32_t *code_of,
                      const mlpipe__ref_input *like, mlpipe__ref_input *in)
{
    static uint64_t seen[1000];
    uint32_t codes = 0;

    memset(in, 0, sizeof *in);
    if (!coded(law)) {
        for (uint64_t i = 0; i < rows; i++)
            values[i] = draw(law);
        assert_ok(c, mlpipe__ref_number(c, values, scratch, rows, like, in));
        return;
    }
    const uint64_t missing = binomial(rows, missing_share(law));
    uint64_t left = rows - missing, at = missing;
    double share = 1;
    for (uint64_t i = 0; i < missing; i++)
        values[i] = mlpipe__nan();
    for (uint32_t i = 0; i < levels(law); i++) {
        seen[i] = binomial(left, level_share(law, i) / share);
        left -= seen[i];
        share -= level_share(law, i);
        code_of[i] = seen[i] ? codes++ : UINT32_MAX;
        for (uint64_t k = 0; k < seen[i]; k++)
            values[at++] = code_of[i];
    }
    for (; at < rows; at++) /* what rounding left of the last share */
        values[at] = codes - 1;
    assert_ok(c, mlpipe__ref_codes(c, values, rows, codes, in));
}

typedef struct tally {
    uint32_t at[COLUMNS]; /* trials with a p-value */
    uint32_t five[COLUMNS], one[COLUMNS];
} tally;

static void count(tally *t, uint32_t k, double p)
{
    t->at[k] += p == p;
    t->five[k] += p <= 0.05;
    t->one[k] += p <= 0.01;
}

/* Every reference is compared with a pane of each size. */
static const uint64_t pane_rows[] = {200, 1000, 10000, 1000000};
enum { PANES = sizeof pane_rows / sizeof *pane_rows };

static void run(mlpipe_ctx *c, int law, uint64_t rows, uint32_t trials,
                tally t[PANES])
{
    static double values[1 << 20], scratch[1 << 20];
    const mlpipe__drift_limits limits = {0.05, 0.1};
    mlpipe__ref_input in[2] = {{0}, {0}};
    uint64_t counts[200], cells[400];
    uint32_t code_of[1000];

    memset(t, 0, PANES * sizeof *t);
    for (uint32_t i = 0; i < trials; i++) {
        mlpipe__ref_input *const now = &in[i % 2], *const old = &in[1 - i % 2];
        reference(c, law, rows, values, scratch, code_of,
                  i ? old : NULL, now);
        mlpipe__ref_input_free(c->env, old);
        memset(old, 0, sizeof *old);
        assert_true(now->cells <= 200);
        for (uint32_t n = 0; n < PANES; n++) {
            mlpipe__drift_row row[2];
            pane(law, now, code_of, pane_rows[n], counts);
            mlpipe__drift_measure(now, counts, 0.05, cells, &row[0]);
            row[1] = row[0];
            assert_true(mlpipe__drift_judge(c->env, row, 1, &limits));
            for (uint32_t k = 0; k < MLPIPE__TESTS; k++)
                count(&t[n], k, row[0].test[k].p);
            count(&t[n], ALL, row[0].p);
        }
    }
    mlpipe__ref_input_free(c->env, &in[0]);
    mlpipe__ref_input_free(c->env, &in[1]);
}

static const char *column(uint32_t k)
{
    return k < MLPIPE__TESTS ? mlpipe__drift_test_name(k) : "all";
}

static void show(int law, uint64_t rows, uint64_t n, const tally *t)
{
    print_message("%-10s %7u %7u:", law_names[law], (unsigned)rows,
                  (unsigned)n);
    for (uint32_t k = 0; k < COLUMNS; k++)
        if (t->at[k])
            print_message(" %s %.4f/%.4f", column(k),
                          (double)t->five[k] / t->at[k],
                          (double)t->one[k] / t->at[k]);
    print_message("\n");
}

/* Can what a test counts happen at all? A rate of rows that the law does not
 * have is 0 in every pane, and its p is 1. */
static bool happens(int law, uint32_t k)
{
    switch (k) {
    case MLPIPE__TEST_MISSING:
        return missing_share(law) > 0;
    case MLPIPE__TEST_OUTSIDE:
        return law != THREE;
    case MLPIPE__TEST_UNSEEN:
        return false; /* all levels have rows in these references */
    default:
        return true;
    }
}

/*
 * A test may call its level and half a percent (0.2 % at 1 %), and from 1,000
 * rows on not less than 0.8 of the level. All within four standard errors of
 * as many trials.
 */
static void check(int law, uint64_t rows, uint64_t n, const tally *t)
{
    static const double level[] = {0.05, 0.01}, above[] = {0.005, 0.002};

    for (uint32_t k = 0; k < COLUMNS; k++) {
        const bool least = n >= 1000 && rows >= 20000 && happens(law, k);
        for (uint32_t i = 0; i < 2 && t->at[k]; i++) {
            const double trials = t->at[k];
            const double size = (i ? t->one[k] : t->five[k]) / trials;
            const double noise =
                4 * mlpipe__sqrt(level[i] * (1 - level[i]) / trials);
            if (size > level[i] + above[i] + noise ||
                (least && size < 0.8 * level[i] - noise))
                fail_msg("%s, %u and %u rows: %s calls %.4f at %.2f in %u "
                         "trials", law_names[law], (unsigned)rows,
                         (unsigned)n, column(k), size, level[i], t->at[k]);
        }
    }
}

/* DRIFT_TRIALS=, DRIFT_ROWS= and DRIFT_LAW= (0 to 6) of the environment look
 * closer. */
static uint32_t setting(const char *name, uint32_t here, uint32_t sweep)
{
    const char *const text = getenv(name);

    return text                          ? (uint32_t)atoi(text)
           : getenv("MLPIPE_SWEEP_ALL") ? sweep
                                         : here;
}

static void test_size(void **state)
{
    const uint32_t trials = setting("DRIFT_TRIALS", 40, 20000);
    const uint32_t rows = setting("DRIFT_ROWS", 20000, 20000);
    const uint32_t only = setting("DRIFT_LAW", LAWS, LAWS);
    mlpipe_ctx *c;
    tally t[PANES];

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (int law = 0; law < LAWS; law++) {
        if (only != LAWS && only != (uint32_t)law)
            continue;
        random_state = (uint64_t)law * 8;
        run(c, law, rows, trials, t);
        for (uint32_t n = 0; n < PANES; n++)
            show(law, rows, pane_rows[n], &t[n]);
        for (uint32_t n = 0; n < PANES; n++)
            check(law, rows, pane_rows[n], &t[n]);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- power -------------------------------------------------------------- */

enum { SHIFTED, WIDER, OUTLIERS, MORE_MISSING, CHANGES };

static double changed(int change)
{
    const double missing = change == MORE_MISSING ? 0.02 : 0.01;

    if (change == MORE_MISSING && uniform() < missing)
        return mlpipe__nan();
    switch (change) {
    case SHIFTED:
        return gaussian() + 0.1;
    case WIDER:
        return gaussian() * 1.1;
    case OUTLIERS:
        return uniform() < 0.005 ? 6 + 0.1 * gaussian() : gaussian();
    default:
        return gaussian();
    }
}

/* How often the default verdict sees what changed, at 0.05. */
static void test_power(void **state)
{
    static const char *const names[] = {"mean + 0.1 sd", "sd x 1.1",
                                        "0.5 % at + 6 sd",
                                        "missing 1 % -> 2 %"};
    static const double least[] = {0.95, 0.95, 0.90, 0.90};
    enum { REFERENCE = 20000, PANE = 2000 };
    static double values[REFERENCE], scratch[REFERENCE];
    const mlpipe__drift_limits limits = {0.05, 0.1};
    const uint32_t trials = setting("DRIFT_TRIALS", 200, 10000);
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (int change = 0; change < CHANGES; change++) {
        uint32_t seen = 0;
        random_state = (uint64_t)change + 100;
        for (uint32_t i = 0; i < trials; i++) {
            mlpipe__ref_input in = {0};
            uint64_t counts[200] = {0}, cells[400];
            mlpipe__drift_row row[2];
            for (uint32_t k = 0; k < REFERENCE; k++)
                values[k] = change == MORE_MISSING && uniform() < 0.01
                                ? mlpipe__nan()
                                : gaussian();
            assert_ok(c, mlpipe__ref_number(c, values, scratch, REFERENCE,
                                            NULL, &in));
            for (uint32_t k = 0; k < PANE; k++) {
                const double x = changed(change);
                counts[mlpipe__ref_cell(&in, x, x == x)]++;
            }
            mlpipe__drift_measure(&in, counts, 0.05, cells, &row[0]);
            row[1] = row[0];
            assert_true(mlpipe__drift_judge(c->env, row, 1, &limits));
            seen += row[0].verdict >= MLPIPE__VERDICT_WARN;
            mlpipe__ref_input_free(c->env, &in);
        }
        const double power = (double)seen / trials;
        print_message("%s: %.4f of %u\n", names[change], power, trials);
        if (power < least[change] - 4 * mlpipe__sqrt(0.05 * 0.95 / trials))
            fail_msg("%s: power %.4f", names[change], power);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- what no test of rates would see ------------------------------------- */

/* A reference of `rows` rows, all but the last `others` of which are 0, those
 * 3, 4, ..., and what a pane of 1,000 rows of one value is. */
static uint32_t verdict_of(mlpipe_ctx *c, uint32_t rows, uint32_t others,
                           double value, double share)
{
    static double values[4000], scratch[4000];
    const mlpipe__drift_limits limits = {0.05, 0.1};
    mlpipe__ref_input in = {0};
    uint64_t counts[200] = {0}, cells[400];
    mlpipe__drift_row row[2];

    for (uint32_t i = 0; i < rows; i++)
        values[i] = i < rows - others ? 0 : 3 + (double)(i - rows + others);
    assert_ok(c, mlpipe__ref_number(c, values, scratch, rows, NULL, &in));
    for (uint32_t i = 0; i < 1000; i++)
        counts[mlpipe__ref_cell(&in, i < share * 1000 ? value : 0, true)]++;
    mlpipe__drift_measure(&in, counts, 0.05, cells, &row[0]);
    row[1] = row[0];
    assert_true(mlpipe__drift_judge(c->env, row, 1, &limits));
    mlpipe__ref_input_free(c->env, &in);
    return row[0].verdict;
}

/* Values that lie between two of few, and all rows where few were. */
static void test_between(void **state)
{
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_int_equal(verdict_of(c, 4000, 8, 2, 1), MLPIPE__VERDICT_DRIFT);
    assert_int_equal(verdict_of(c, 4000, 8, 0.5, 0.6), MLPIPE__VERDICT_DRIFT);
    assert_int_equal(verdict_of(c, 4000, 8, 3, 1), MLPIPE__VERDICT_DRIFT);
    assert_int_equal(verdict_of(c, 4000, 2000, 2, 1), MLPIPE__VERDICT_DRIFT);
    assert_int_equal(verdict_of(c, 4000, 8, 0, 1), MLPIPE__VERDICT_OK);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- many features, and time -------------------------------------------- */

/* Of panes that have the reference's law at most 6 % have any alarm at 0.05;
 * and how long 1,000 features take. */
static void test_many(void **state)
{
    enum { FEATURES = 1000, SHARED = 50, ROWS = 20000, PANE = 1000 };
    static double values[ROWS], scratch[ROWS];
    static mlpipe__drift_row rows[FEATURES + 1];
    static mlpipe__ref_input in[FEATURES];
    static uint64_t counts[FEATURES][80], cells[160];
    const mlpipe__drift_limits limits = {0.05, 0.1};
    const uint32_t trials = setting("DRIFT_TRIALS", 10, 1000);
    uint32_t alarms = 0, code_of[1000];
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    random_state = 7;
    for (uint32_t t = 0; t < trials; t++) {
        for (uint32_t i = 0; i < SHARED; i++) {
            const int law = (int)(i % LAWS);
            reference(c, law, ROWS, values, scratch, code_of, NULL, &in[i]);
            pane(law, &in[i], code_of, PANE, counts[i]);
            mlpipe__drift_measure(&in[i], counts[i], 0.05, cells, &rows[i]);
            mlpipe__ref_input_free(c->env, &in[i]);
        }
        rows[SHARED] = rows[0];
        assert_true(mlpipe__drift_judge(c->env, rows, SHARED, &limits));
        bool any = false;
        for (uint32_t i = 0; i < SHARED; i++)
            any = any || rows[i].verdict >= MLPIPE__VERDICT_WARN;
        alarms += any;
    }
    print_message("any alarm in %.4f of %u panes of %d features\n",
                  (double)alarms / trials, trials, SHARED);
    assert_true((double)alarms / trials <=
                0.06 + 4 * mlpipe__sqrt(0.06 * 0.94 / trials));
    for (uint32_t i = 0; i < FEATURES; i++) {
        const int law = (int)(i % LAWS);
        reference(c, law, ROWS, values, scratch, code_of,
                  i >= LAWS ? &in[i - LAWS] : NULL, &in[i]);
        pane(law, &in[i], code_of, 100 * PANE, counts[i]);
    }
    const clock_t start = clock();
    for (uint32_t i = 0; i < FEATURES; i++)
        mlpipe__drift_measure(&in[i], counts[i], 0.05, cells, &rows[i]);
    rows[FEATURES] = rows[0];
    assert_true(mlpipe__drift_judge(c->env, rows, FEATURES, &limits));
    print_message("%d features in %.2f ms\n", FEATURES,
                  (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC);
    for (uint32_t i = 0; i < FEATURES; i++) {
        const size_t bytes = sizeof in[i] + in[i].cells * sizeof(uint64_t) +
                             in[i].cut_count * sizeof(double) +
                             (in[i].nulls ? 2 * MLPIPE__CURVE * 8 : 0);
        assert_true(bytes <= 1536);
        mlpipe__ref_input_free(c->env, &in[i]);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
