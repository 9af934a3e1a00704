/* SPDX-License-Identifier: MIT */
/* smote: how many rows, between which, and never a copy by accident. */
#include "resample_rig.h"

#include "golden/smote.h"

/* Columns of different scale, all values different. */
static void smote_fill(sample_rig *g, uint32_t seed)
{
    const uint32_t k = g->r.features;

    for (uint32_t i = 0; i < g->r.rows; i++)
        for (uint32_t c = 0; c < k; c++)
            g->x[(size_t)i * k + c] =
                sample_unit(i + 100000 * seed, c) * (1 + 100.0 * c) + c;
}

static void smote_counts(void **state)
{
    static const uint32_t sizes[][2] = {{2, 1},    {5, 2},    {10, 5},
                                        {45, 10},  {100, 93}, {101, 17},
                                        {300, 3}};
    static const double ratios[] = {0.01, 0.25, 1.0 / 3, 0.5, 0.9, 1};
    (void)state;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
            const uint32_t n = sizes[s][0], few = sizes[s][1];
            const uint32_t small = few < n - few ? few : n - few;
            char text[64];
            sample_rig g;
            sample_open(&g, n, few, 3, 1);
            smote_fill(&g, 1);
            snprintf(text, sizeof text, "ratio=%.17g k=3", ratios[i]);
            assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, text));
            const double want = floor(ratios[i] * (n - small) + 0.5) - small;
            assert_int_equal(want > 0 ? want : 0, g.r.added_count);
            assert_near(mlpipe_report_get(g.notes, "smote.added"),
                        g.r.added_count, 0);
            assert_int_equal(n, sample_kept(&g));
            if (g.r.added_count)
                sample_check_uses(&g);
            sample_close(&g);
        }
}

/* 10 rows, 35 new ones: five rows start 3, five start 4. */
static void smote_uses(void **state)
{
    sample_rig g;
    (void)state;

    sample_open(&g, 55, 10, 2, 1);
    smote_fill(&g, 2);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_int_equal(35, g.r.added_count);
    sample_check_uses(&g);
    sample_close(&g);
}

static bool smote_is_row(const sample_rig *g, uint32_t added)
{
    const uint32_t k = g->r.features;

    for (uint32_t i = 0; i < g->r.rows; i++) {
        bool same = true;
        for (uint32_t c = 0; c < k; c++)
            same = same &&
                   g->x[(size_t)i * k + c] == sample_added(g, added, c);
        if (same)
            return true;
    }
    return false;
}

/* Rows of the class that are there three times, two neighbours: none of the
 * new rows is one of them again. */
static void smote_duplicates(void **state)
{
    enum { FEW = 30, ROWS = 300 };
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, 2, 1);
    smote_fill(&g, 3);
    for (uint32_t i = FEW; i-- > 0;) /* from the end, or all were row 0 */
        for (uint32_t c = 0; c < 2; c++)
            g.x[i * 2 + c] = g.x[i / 3 * 2 + c];
    g.x[0] = 0.0; /* zeros of either sign are one point */
    g.x[2] = -0.0;
    g.x[4] = 0.0;
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, "k=2"));
    assert_int_equal(ROWS - 2 * FEW, g.r.added_count);
    assert_near(mlpipe_report_get(g.notes, "smote.points"), FEW / 3, 0);
    assert_near(mlpipe_report_get(g.notes, "smote.equal_to_parent"), 0, 0);
    for (uint32_t i = 0; i < g.r.added_count; i++) {
        assert_true(g.r.added[i].u > 0 && g.r.added[i].u < 1);
        assert_false(smote_is_row(&g, i));
    }
    sample_check_uses(&g);
    sample_close(&g);
}

/* One row, or many that are equal: copies, and a warning. */
static void smote_one_point(void **state)
{
    sample_rig g;
    (void)state;

    for (uint32_t few = 1; few < 5; few += 3) {
        sample_open(&g, 20, few, 2, 1);
        smote_fill(&g, 4);
        for (uint32_t i = 0; i < few; i++)
            g.x[i * 2] = g.x[i * 2 + 1] = 3;
        assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
        assert_int_equal(20 - 2 * few, g.r.added_count);
        assert_int_equal(1, g.warnings);
        assert_non_null(strstr(g.warning, "copies"));
        for (uint32_t i = 0; i < g.r.added_count; i++) {
            assert_true(g.r.added[i].a < few);
            assert_same(g.r.added[i].u, 0.0);
        }
        sample_close(&g);
    }
}

/* Fewer different rows than neighbours: those that there are. */
static void smote_few_points(void **state)
{
    sample_rig g;
    (void)state;

    sample_open(&g, 40, 4, 2, 1);
    smote_fill(&g, 5);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_int_equal(1, g.warnings);
    assert_non_null(strstr(g.warning, "k=5"));
    assert_non_null(strstr(g.warning, "4 different"));
    assert_near(mlpipe_report_get(g.notes, "smote.neighbours"), 3, 0);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, "k=3"));
    assert_int_equal(1, g.warnings);
    for (uint32_t i = 0; i < g.r.added_count; i++)
        assert_false(smote_is_row(&g, i));
    sample_close(&g);
}

/* ---- as imbalanced-learn has it ----------------------------------------- */

static uint32_t smote_golden_few[GOLDEN_SMOTE_FEW];

static bool smote_golden_near(uint32_t a, uint32_t b)
{
    for (uint32_t j = 0; j < GOLDEN_SMOTE_K; j++)
        if (golden_smote_near[a][j] == b)
            return true;
    return false;
}

/* Is the row on the way from row a of the class to row b, by one share? */
static bool smote_golden_between(const double *row, uint32_t a, uint32_t b)
{
    const double *x = golden_smote_x[smote_golden_few[a]];
    const double *y = golden_smote_x[smote_golden_few[b]];
    double u = NAN;

    for (uint32_t c = 0; c < GOLDEN_SMOTE_COLUMNS; c++) {
        if (x[c] == y[c]) {
            if (row[c] != x[c])
                return false;
            continue;
        }
        const double share = (row[c] - x[c]) / (y[c] - x[c]);
        if (isnan(u))
            u = share;
        if (!(fabs(share - u) < 1e-6) || share < 0 || share > 1)
            return false;
    }
    return true;
}

/* On a segment between a row of the class and one of its neighbours; that is
 * in the convex hull, too. */
static bool smote_golden_holds(const double *row)
{
    for (uint32_t a = 0; a < GOLDEN_SMOTE_FEW; a++)
        for (uint32_t b = 0; b < GOLDEN_SMOTE_FEW; b++)
            if (smote_golden_near(a, b) && smote_golden_between(row, a, b))
                return true;
    return false;
}

static void smote_golden(void **state)
{
    double low[GOLDEN_SMOTE_COLUMNS], high[GOLDEN_SMOTE_COLUMNS];
    bool seen[GOLDEN_SMOTE_FEW][GOLDEN_SMOTE_FEW] = {0};
    uint32_t few = 0;
    sample_rig g;
    (void)state;

    sample_open(&g, GOLDEN_SMOTE_ROWS, 0, GOLDEN_SMOTE_COLUMNS, 1);
    memcpy(g.x, golden_smote_x, sizeof golden_smote_x);
    memcpy(g.target, golden_smote_y, sizeof golden_smote_y);
    for (uint32_t c = 0; c < GOLDEN_SMOTE_COLUMNS; c++) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
    }
    for (uint32_t i = 0; i < GOLDEN_SMOTE_ROWS; i++) {
        if (golden_smote_y[i] < 0.5)
            continue;
        smote_golden_few[few++] = i;
        for (uint32_t c = 0; c < GOLDEN_SMOTE_COLUMNS; c++) {
            low[c] = fmin(low[c], golden_smote_x[i][c]);
            high[c] = fmax(high[c], golden_smote_x[i][c]);
        }
    }
    for (uint32_t i = 0; i < GOLDEN_SMOTE_MADE; i++)
        assert_true(smote_golden_holds(golden_smote_made[i]));
    for (uint64_t seed = 0; seed < 30; seed++) {
        assert_ok(g.ctx, sample_run_as(&g, &mlpipe__step_smote, "k=5",
                                       MLPIPE__TASK_BINARY, seed));
        assert_int_equal(GOLDEN_SMOTE_MADE, g.r.added_count);
        for (uint32_t i = 0; i < g.r.added_count; i++) {
            double row[GOLDEN_SMOTE_COLUMNS];
            uint32_t a = 0, b = 0;
            for (uint32_t c = 0; c < GOLDEN_SMOTE_COLUMNS; c++) {
                row[c] = sample_added(&g, i, c);
                assert_true(row[c] >= low[c] && row[c] <= high[c]);
            }
            while (smote_golden_few[a] != g.r.added[i].a)
                a++;
            while (smote_golden_few[b] != g.r.added[i].b)
                b++;
            assert_true(smote_golden_near(a, b));
            assert_true(smote_golden_between(row, a, b));
            seen[a][b] = true;
        }
    }
    /* and all of the neighbours get their turn: 52 draws of 5 a row */
    for (uint32_t a = 0; a < GOLDEN_SMOTE_FEW; a++)
        for (uint32_t j = 0; j < GOLDEN_SMOTE_K; j++)
            assert_true(seen[a][golden_smote_near[a][j]]);
    sample_close(&g);
}

/* ---- kinds of features --------------------------------------------------- */

/*
 * Columns: a number, whole numbers, a flag, three columns of one onehot, two
 * values that are no whole numbers, a constant, an amount that mostly is 0.
 */
static void smote_kinds(void **state)
{
    enum { ROWS = 400, FEW = 60, K = 9 };
    uint32_t odd = 0;
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, K, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        double *x = &g.x[(size_t)i * K];
        const uint32_t word = (uint32_t)(3 * sample_unit(i, 3));
        x[0] = sample_unit(i, 0);
        x[1] = floor(20 * sample_unit(i, 1)) - 10;
        x[2] = sample_unit(i, 2) > 0.9;
        x[3 + word] = 1;
        x[6] = x[2] > 0 ? 1.75 : -0.25;
        x[7] = 42.5;
        x[8] = sample_unit(i, 4) > 0.8 ? 1000 * sample_unit(i, 5) : 0;
    }
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_int_equal(MLPIPE__BETWEEN_ANY, g.between[0]);
    assert_int_equal(MLPIPE__BETWEEN_WHOLE, g.between[1]);
    for (uint32_t c = 2; c < K; c++)
        assert_int_equal(MLPIPE__BETWEEN_ENDS, g.between[c]);
    for (uint32_t i = 0; i < g.r.added_count; i++) {
        const mlpipe__added_row *row = &g.r.added[i];
        double x[K];
        for (uint32_t c = 0; c < K; c++)
            x[c] = sample_added(&g, i, c);
        assert_same(x[1], floor(x[1]));
        assert_true(x[2] == 0 || x[2] == 1);
        assert_same(x[3] + x[4] + x[5], 1.0);
        assert_same(x[6], x[2] > 0 ? 1.75 : -0.25);
        assert_same(x[7], 42.5);
        assert_same(x[8], g.x[(row->u < 0.5 ? row->a : row->b) * K + 8]);
        odd += x[1] != g.x[row->a * K + 1] && x[1] != g.x[row->b * K + 1];
    }
    assert_true(odd > 20); /* whole, and between the two */
    assert_near(mlpipe_report_get(g.notes, "smote.equal_to_parent"), 0, 0);
    sample_close(&g);
}

/* Flags alone leave nothing between two rows, and the notes say so. */
static void smote_flags_alone(void **state)
{
    sample_rig g;
    (void)state;

    sample_open(&g, 50, 10, 3, 1);
    for (uint32_t i = 0; i < 150; i++)
        g.x[i] = sample_unit(i, 0) > 0.5;
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_int_equal(30, g.r.added_count);
    assert_near(mlpipe_report_get(g.notes, "smote.equal_to_parent"), 30, 0);
    sample_close(&g);
}

static void smote_between(void **state)
{
    const double huge = 0x1.fffffffffffffp1023, last = 0x1.fffffffffffffp-1;
    (void)state;

    assert_same(mlpipe__between(1, 3, 0.25, MLPIPE__BETWEEN_ANY), 1.5);
    assert_same(mlpipe__between(3, 1, 0.25, MLPIPE__BETWEEN_ANY), 2.5);
    assert_same(mlpipe__between(1, 8, 0.5, MLPIPE__BETWEEN_WHOLE), 4.0);
    assert_same(mlpipe__between(1, 8, 0.49, MLPIPE__BETWEEN_ENDS), 1.0);
    assert_same(mlpipe__between(1, 8, 0.51, MLPIPE__BETWEEN_ENDS), 8.0);
    assert_same(mlpipe__between(5, 5, last, MLPIPE__BETWEEN_ANY), 5.0);
    assert_same(mlpipe__between(-huge, huge, 0.5, MLPIPE__BETWEEN_ANY), 0.0);
    for (uint32_t i = 0; i < 20000; i++) {
        const double a = sample_unit(i, 0) - 0.5, b = sample_unit(i, 1) - 0.5;
        const double x = mlpipe__between(a, b, last, MLPIPE__BETWEEN_ANY);
        assert_true(x >= fmin(a, b) && x <= fmax(a, b));
    }
}

/* ---- neighbours ---------------------------------------------------------- */

/* More points than a tile or a round holds, against the plain way. */
static void smote_neighbours(void **state)
{
    enum { ROWS = 9400, FEW = 4300, K = 3, COUNT = 7 };
    const double shift[K] = {0.25, 0, 5}, weight[K] = {1, 0, 0.125};
    augment_rows rows;
    smote_points p;
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, K, 2);
    for (uint32_t i = 0; i < ROWS * K; i++) /* many distances are equal */
        g.x[i] = floor(60 * sample_unit(i, 0));
    const mlpipe__job job = {.ctx = g.ctx, .name = "smote", .seed = 3};
    assert_ok(g.ctx, mlpipe__augment_rows(&job, &g.r, 1, FEW, &rows));
    assert_ok(g.ctx, mlpipe__smote_collapse(&job, &g.r, &rows, &p));
    assert_true(p.count > 4000 && p.count < FEW);
    uint8_t *wanted = malloc(p.count);
    memset(wanted, 1, p.count);
    assert_ok(g.ctx, mlpipe__smote_neighbours(&job, &g.r, shift, weight,
                                              wanted, COUNT, &p));
    for (uint32_t q = 0; q < p.count; q += 97) {
        double last = -1;
        for (uint32_t j = 0; j < COUNT; j++) {
            const uint32_t b = p.near[(size_t)q * COUNT + j];
            double d = 0;
            uint32_t closer = 0;
            assert_int_not_equal(q, b);
            for (uint32_t i = 0; i <= p.count; i++) {
                double sum = 0;
                const uint32_t other = i ? i - 1 : b; /* b itself first */
                for (uint32_t c = 0; c < K; c++) {
                    const double t = (g.x[p.row[other] * K + c] -
                                      g.x[p.row[q] * K + c]) *
                                     weight[c];
                    sum += t * t;
                }
                if (!i)
                    d = sum;
                else if (other != q)
                    closer += sum < d || (sum == d && other < b);
            }
            assert_int_equal(j, closer);
            assert_true(d >= last);
            last = d;
        }
    }
    free(wanted);
    mlpipe__smote_free(&p);
    mlpipe__augment_rows_free(g.ctx->env, &rows);
    sample_close(&g);
}

/* One number of threads is as good as another. */
static void smote_threads(void **state)
{
    enum { ROWS = 6000, FEW = 700 };
    mlpipe__added_row *first = NULL;
    uint32_t count = 0;
    (void)state;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        sample_rig g;
        sample_open(&g, ROWS, FEW, 4, threads);
        smote_fill(&g, 6);
        assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
        if (!first) {
            count = g.r.added_count;
            first = malloc(count * sizeof *first);
            memcpy(first, g.r.added, count * sizeof *first);
        }
        assert_int_equal(count, g.r.added_count);
        assert_memory_equal(first, g.r.added, count * sizeof *first);
        sample_close(&g);
    }
    free(first);
}

/* The order of the rows changes nothing: the same ids, the same places. */
static void smote_order(void **state)
{
    enum { ROWS = 300, FEW = 40, K = 3 };
    mlpipe__added_row *first;
    double *x;
    uint32_t count;
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, K, 1);
    smote_fill(&g, 7);
    for (uint32_t i = 0; i < K; i++) /* two equal rows */
        g.x[5 * K + i] = g.x[9 * K + i];
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    count = g.r.added_count;
    first = malloc(count * sizeof *first);
    memcpy(first, g.r.added, count * sizeof *first);
    x = malloc(ROWS * K * sizeof *x);
    memcpy(x, g.x, ROWS * K * sizeof *x);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t from = i * 77 % ROWS;
        memcpy(&g.x[(size_t)i * K], &x[(size_t)from * K], K * sizeof *x);
        g.ids[i] = 1000 + from;
        g.target[i] = from < FEW;
    }
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_int_equal(count, g.r.added_count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(first[i].a, g.r.added[i].a * 77 % ROWS);
        assert_int_equal(first[i].b, g.r.added[i].b * 77 % ROWS);
        assert_same(first[i].u, g.r.added[i].u);
    }
    free(x);
    free(first);
    sample_close(&g);
}

/* Rows with one id, as oversample leaves them, still start different rows. */
static void smote_repeated_ids(void **state)
{
    enum { ROWS = 80, FEW = 20 };
    sample_rig g;
    (void)state;

    sample_open(&g, ROWS, FEW, 2, 1);
    smote_fill(&g, 8);
    for (uint32_t i = 0; i < FEW; i++)
        g.ids[i] = 7;
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    for (uint32_t i = 0; i < g.r.added_count; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_true(g.r.added[i].u != g.r.added[j].u);
    sample_close(&g);
}

/* ---- what is refused ----------------------------------------------------- */

static void smote_refuses(void **state)
{
    const char *text;
    sample_rig g;
    (void)state;

    sample_open(&g, 20, 5, 3, 1);
    smote_fill(&g, 9);
    text = mlpipe_ctx_error(g.ctx)->text;
    g.var[1].kind = MLPIPE__CODE;
    assert_status(MLPIPE_E_SCHEMA, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_non_null(strstr(text, "x1"));
    assert_non_null(strstr(text, "onehot"));
    assert_non_null(strstr(text, "oversample"));
    g.var[1].kind = MLPIPE__NUMBER;
    g.valid[19 * 3 + 2] = g.valid[4 * 3 + 2] = 0;
    assert_status(MLPIPE_E_SCHEMA, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_non_null(strstr(text, "x2"));
    assert_non_null(strstr(text, "2 of 20"));
    assert_non_null(strstr(text, "impute"));
    g.valid[19 * 3 + 2] = g.valid[4 * 3 + 2] = 1;
    g.x[7 * 3] = INFINITY;
    assert_status(MLPIPE_E_SCHEMA, sample_run(&g, &mlpipe__step_smote, NULL));
    assert_non_null(strstr(text, "x0"));
    assert_non_null(strstr(text, "infinite in 1 of 20"));
    g.x[7 * 3] = 1;
    assert_status(MLPIPE_E_PARAM, sample_run(&g, &mlpipe__step_smote, "k=0"));
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, NULL));
    sample_close(&g);
}

/* Values at the ends of what doubles hold. */
static void smote_extremes(void **state)
{
    static const double odd[] = {1.7e308, -1.7e308, 4.9e-324, 0, 1e300};
    sample_rig g;
    (void)state;

    sample_open(&g, 30, 8, 2, 1);
    for (uint32_t i = 0; i < 60; i++)
        g.x[i] = odd[i * 7 % 5] * (i % 3 ? 1 : 0.5);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, "k=2"));
    assert_int_equal(14, g.r.added_count);
    for (uint32_t i = 0; i < 14; i++)
        assert_true(isfinite(sample_added(&g, i, 0)) &&
                    isfinite(sample_added(&g, i, 1)));
    for (uint32_t i = 0; i < 60; i++) /* a spread below the normal doubles */
        g.x[i] = 4.9e-324 * (i % 7);
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, "k=2"));
    assert_int_equal(14, g.r.added_count);
    sample_close(&g);
}

/* A spread beyond the doubles weighs like any other: neighbours are near by
 * it, and not far for want of a difference. */
static void smote_spread_overflows(void **state)
{
    sample_rig g;
    (void)state;

    sample_open(&g, 40, 16, 2, 1);
    for (uint32_t i = 0; i < 40; i++) {
        g.x[2 * i] = (i % 2 ? 1.7e308 : -1.7e308) * (1 - 0.001 * (i % 8));
        g.x[2 * i + 1] = sample_unit(i, 1);
    }
    assert_ok(g.ctx, sample_run(&g, &mlpipe__step_smote, "k=3"));
    assert_int_equal(8, g.r.added_count);
    for (uint32_t i = 0; i < 8; i++) {
        const mlpipe__added_row *row = &g.r.added[i];
        assert_true(row->a % 2 == row->b % 2);
    }
    sample_close(&g);
}

/* Every allocation fails in turn: it is told, and nothing is left over. */
static void resample_starves(void **state)
{
    static const mlpipe__step *const steps[] = {
        &mlpipe__step_oversample, &mlpipe__step_undersample,
        &mlpipe__step_smote};
    (void)state;

    for (int i = 0; i < 3; i++) {
        mlpipe_status st = MLPIPE_E_NOMEM;
        uint64_t live, now;
        int64_t at = 0;
        sample_rig g;
        sample_open(&g, 60, 9, 2, 1);
        smote_fill(&g, 10);
        mlpipe_ctx_memory(g.ctx, &live, NULL);
        for (; st; at++) {
            g.left = at;
            st = sample_run(&g, steps[i], NULL);
            g.left = -1;
            if (st)
                assert_status(MLPIPE_E_NOMEM, st);
            sample_forget(&g);
            mlpipe_ctx_memory(g.ctx, &now, NULL);
            assert_int_equal(live, now);
        }
        assert_true(at > 5);
        sample_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smote_counts),
        cmocka_unit_test(smote_uses),
        cmocka_unit_test(smote_duplicates),
        cmocka_unit_test(smote_one_point),
        cmocka_unit_test(smote_few_points),
        cmocka_unit_test(smote_golden),
        cmocka_unit_test(smote_kinds),
        cmocka_unit_test(smote_flags_alone),
        cmocka_unit_test(smote_between),
        cmocka_unit_test(smote_neighbours),
        cmocka_unit_test(smote_threads),
        cmocka_unit_test(smote_order),
        cmocka_unit_test(smote_repeated_ids),
        cmocka_unit_test(smote_refuses),
        cmocka_unit_test(smote_extremes),
        cmocka_unit_test(smote_spread_overflows),
        cmocka_unit_test(resample_starves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
