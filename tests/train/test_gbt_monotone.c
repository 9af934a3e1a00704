/* SPDX-License-Identifier: MIT */
/*
 * Monotone constraints of boosted trees: predictions on dense grids, the proof
 * over the leaves and that it finds what is broken, refusals, a real file.
 */
#include "train_rig.h"

#include "train/gbt_types.h"
#include "golden_text.h"

static mlpipe_ctx *mono_ctx;

static int mono_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &mono_ctx);
}

static int mono_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(mono_ctx);
    return 0;
}

/*
 * f0 rises and f1 falls on the whole, both with waves that trees would follow;
 * f2 is free, f3 a category; values are missing, and rows have weights.
 */
static void mono_table(rig_table *t, uint32_t rows, uint32_t seed,
                       bool binary)
{
    rig_table_new(t, rows, 4);
    t->codes[3] = 6;
    t->classes = binary ? 2 : 0;
    t->w = calloc(rows, sizeof *t->w);
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t id = (uint64_t)seed * 100000 + i;
        double x[4];
        for (uint32_t f = 0; f < 3; f++)
            x[f] = 4 * rig_uniform(id, f);
        x[3] = floor(6 * rig_uniform(id, 3));
        double y = x[0] + sin(5 * x[0]) - x[1] - cos(4 * x[1]) +
                   x[0] * x[2] * 0.3 + sin(3 * x[2]) +
                   0.5 * (x[3] == 2) * x[1] + 0.5 * rig_normal(id, 4);
        for (uint32_t f = 0; f < 4; f++) {
            const bool missing = rig_uniform(id, 8 + f) < 0.1;
            t->x[f][i] = missing ? NAN : x[f];
            y += missing ? 1 : 0;
        }
        t->w[i] = rig_uniform(id, 5) < 0.1 ? 0 : 0.5 + rig_uniform(id, 6);
        t->y[i] = binary ? y > 0.5 : y;
        t->ids[i] = id;
    }
}

/* How often the answer goes the wrong way along a feature, from grid point to
 * grid point; all others are what they are in some row. */
static uint32_t mono_violations(const rig_fit *f, const rig_table *t,
                                uint32_t feature, int32_t direction,
                                uint32_t rows)
{
    uint32_t wrong = 0;

    for (uint32_t r = 0; r < rows; r++) {
        double x[RIG_FEATURES_MAX], before = 0;
        for (uint32_t c = 0; c < t->features; c++)
            x[c] = t->x[c][r];
        for (uint32_t k = 0; k <= 400; k++) {
            x[feature] = -0.5 + 5.0 * k / 400;
            const double now = rig_predict(f, x);
            wrong += k && direction * (now - before) < 0;
            before = now;
        }
    }
    return wrong;
}

static double mono_r2(const rig_fit *f, const rig_table *t)
{
    double *p = calloc(t->rows, sizeof *p);

    for (uint32_t i = 0; i < t->rows; i++)
        p[i] = rig_predict_row(f, t, i);
    const double r2 = mlpipe__metric_r2(t->y, p, t->w, t->rows);
    free(p);
    return r2;
}

static void mono_fit(const char *text, uint32_t task, rig_table *t,
                     rig_table *valid, rig_fit *f)
{
    assert_ok(mono_ctx, rig_fit_new(mono_ctx, &mlpipe__learner_gbt, text,
                                    task, t, valid, f));
}

static void mono_grid(void **state)
{
    (void)state;
    for (uint32_t task = MLPIPE__TASK_REGRESSION;
         task <= MLPIPE__TASK_BINARY; task++) {
        const bool binary = task == MLPIPE__TASK_BINARY;
        rig_table t, test;
        rig_fit free_fit, f;
        mono_table(&t, 3000, 1, binary);
        mono_table(&test, 1000, 2, binary);
        mono_fit("trees=100", task, &t, NULL, &free_fit);
        mono_fit("trees=100 increasing=f0 decreasing=f1", task, &t, NULL, &f);
        /* without the constraint the waves are followed */
        assert_true(mono_violations(&free_fit, &t, 0, 1, 30) > 100);
        assert_true(mono_violations(&free_fit, &t, 1, -1, 30) > 100);
        assert_int_equal(0, mono_violations(&f, &t, 0, 1, 150));
        assert_int_equal(0, mono_violations(&f, &t, 1, -1, 150));
        /* and f2 is as free as before */
        assert_true(mono_violations(&f, &t, 2, 1, 30) > 100);
        assert_true(mono_violations(&f, &t, 2, -1, 30) > 100);
        assert_true(mono_r2(&f, &test) > (binary ? 0.4 : 0.6));
        rig_fit_free(&f);
        rig_fit_free(&free_fit);
        rig_table_free(&t);
        rig_table_free(&test);
    }
}

/* A missing value is no value: its answer may lie anywhere. */
static void mono_missing(void **state)
{
    rig_table t;
    rig_fit f;
    double x[1] = {NAN};
    (void)state;

    rig_table_new(&t, 1000, 1);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.x[0][i] = i % 4 ? rig_uniform(i, 0) : NAN;
        t.y[i] = i % 4 ? t.x[0][i] : 5;
    }
    mono_fit("trees=100 increasing=f0", MLPIPE__TASK_REGRESSION, &t, NULL,
             &f);
    assert_near(rig_predict(&f, x), 5, 1e-3);
    x[0] = 0.9;
    assert_near(rig_predict(&f, x), 0.9, 0.05);
    assert_int_equal(0, mono_violations(&f, &t, 0, 1, 1));
    rig_fit_free(&f);
    mono_fit("trees=100 decreasing=f0", MLPIPE__TASK_REGRESSION, &t, NULL,
             &f);
    assert_near(rig_predict(&f, x), 0.5, 0.05); /* the mean of what is there */
    x[0] = NAN;
    assert_near(rig_predict(&f, x), 5, 1e-3);
    rig_fit_free(&f);
    rig_table_free(&t);
}

/* Data that are in order already: the constraint takes next to nothing. */
static void mono_costs_nothing(void **state)
{
    rig_table t, test;
    rig_fit a, b;
    (void)state;

    rig_table_new(&t, 3000, 2);
    rig_table_new(&test, 1000, 2);
    for (uint32_t i = 0; i < 4000; i++) {
        rig_table *to = i < 3000 ? &t : &test;
        const uint32_t r = i < 3000 ? i : i - 3000;
        for (uint32_t c = 0; c < 2; c++)
            to->x[c][r] = rig_normal(i, c);
        to->y[r] = exp(to->x[0][r]) - 3 * to->x[1][r] +
                   0.1 * rig_normal(i, 3);
        to->ids[r] = i;
    }
    mono_fit("trees=200", MLPIPE__TASK_REGRESSION, &t, NULL, &a);
    mono_fit("trees=200 increasing=f0 decreasing=f1",
             MLPIPE__TASK_REGRESSION, &t, NULL, &b);
    /* what is known of the data can but help, up to the noise of a fit */
    assert_true(mono_r2(&b, &test) > mono_r2(&a, &test) - 0.005);
    rig_fit_free(&a);
    rig_fit_free(&b);
    rig_table_free(&t);
    rig_table_free(&test);
}

/* Many small models of every shape, each with its proof, which the fit itself
 * demands, and beside it a grid that knows nothing of the proof. */
static void mono_many(void **state)
{
    static const char *const shapes[] = {
        "trees=10 min_rows=1 l2=0 increasing=f0,f1,f2",
        "trees=10 min_rows=2 rate=1 decreasing=f0,f2 increasing=f1",
        "trees=15 rows=0.5 columns=0.5 leaves=60 min_rows=3 increasing=f0",
        "trees=10 bins=5 depth=3 increasing=f2 decreasing=f0",
        "trees=10 l2=100 min_rows=5 decreasing=f1,f0"};
    static const int32_t way[][3] = {
        {1, 1, 1}, {-1, 1, -1}, {1, 0, 0}, {-1, 0, 1}, {-1, -1, 0}};
    uint32_t sets = 0;
    (void)state;

    for (uint32_t seed = 0; seed < 1000; seed++) {
        const uint32_t k = seed % 5;
        const bool binary = seed / 5 % 2;
        rig_table t;
        rig_fit f;
        mono_table(&t, 120 + seed % 80, 10 + seed, binary);
        mono_fit(shapes[k],
                 binary ? MLPIPE__TASK_BINARY : MLPIPE__TASK_REGRESSION, &t,
                 NULL, &f);
        for (uint32_t c = 0; c < 3; c++)
            assert_int_equal(
                0, way[k][c] ? mono_violations(&f, &t, c, way[k][c], 2) : 0);
        const mlpipe__forest *const forest = f.program->forests[0];
        for (uint32_t n = 0; n < forest->nodes; n++)
            sets += (forest->node_flags[n] & MLPIPE__NODE_CATEGORY) != 0;
        rig_fit_free(&f);
        rig_table_free(&t);
    }
    assert_true(sets > 1000); /* constrained trees split categories too */
}

/* The proof finds a forest that is not in order, whichever leaf it is. */
static void mono_proof_finds(void **state)
{
    const int8_t rising[4] = {1, 0, 0, 0}, falling[4] = {-1, 0, 0, 0};
    const int8_t nothing[4] = {0, 0, 0, 0}, category[4] = {0, 0, 0, 1};
    rig_table t;
    rig_fit f;
    uint32_t broken, found = 0;
    (void)state;

    mono_table(&t, 2000, 3, false);
    mono_fit("trees=20 increasing=f0", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    mlpipe__forest *forest = f.program->forests[0];
    assert_ok(mono_ctx, mlpipe__gbt_prove(mono_ctx, forest, rising, &broken));
    assert_int_equal(UINT32_MAX, broken);
    assert_ok(mono_ctx,
              mlpipe__gbt_prove(mono_ctx, forest, nothing, &broken));
    assert_int_equal(UINT32_MAX, broken);
    assert_ok(mono_ctx,
              mlpipe__gbt_prove(mono_ctx, forest, falling, &broken));
    assert_int_equal(0, broken);
    assert_ok(mono_ctx,
              mlpipe__gbt_prove(mono_ctx, forest, category, &broken));
    assert_int_equal(3, broken);
    for (uint32_t i = 0; i < forest->leaves; i++) {
        const int32_t was = forest->leaf[i];
        uint32_t low, high;
        forest->leaf[i] = INT32_MIN;
        assert_ok(mono_ctx,
                  mlpipe__gbt_prove(mono_ctx, forest, rising, &low));
        forest->leaf[i] = INT32_MAX;
        assert_ok(mono_ctx,
                  mlpipe__gbt_prove(mono_ctx, forest, rising, &high));
        forest->leaf[i] = was;
        found += low == 0 || high == 0;
    }
    /* all but those in trees that do not split on f0 */
    assert_true(found > forest->leaves * 9 / 10);
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void mono_refused(const char *text, uint32_t task, rig_table *t,
                         const char *says)
{
    rig_fit f;

    assert_told(mono_ctx, MLPIPE_E_PARAM,
                rig_fit_new(mono_ctx, &mlpipe__learner_gbt, text, task, t,
                            NULL, &f));
    if (!strstr(mlpipe_ctx_error(mono_ctx)->text, says))
        fail_msg("%s", mlpipe_ctx_error(mono_ctx)->text);
}

static void mono_refuses(void **state)
{
    rig_table t;
    (void)state;

    mono_table(&t, 200, 4, false);
    mono_refused("increasing=f9", MLPIPE__TASK_REGRESSION, &t,
                 "did you mean");
    mono_refused("decreasing=f3", MLPIPE__TASK_REGRESSION, &t, "category");
    mono_refused("increasing=f1 decreasing=f0,f1", MLPIPE__TASK_REGRESSION,
                 &t, "leave it in one");
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = i % 3;
    t.classes = 3;
    mono_refused("increasing=f1", MLPIPE__TASK_MULTICLASS, &t, "3 classes");
    rig_table_free(&t);
}

static void mono_same_for_threads(void **state)
{
    const char *const text = "trees=10 increasing=f0 decreasing=f1 leaves=60";
    mlpipe__hash128 one = {0};
    rig_table t;
    (void)state;

    mono_table(&t, 70000, 5, false);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
        mlpipe_ctx *ctx;
        rig_fit f;
        assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
        assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_gbt, text,
                                   MLPIPE__TASK_REGRESSION, &t, NULL, &f));
        const mlpipe__hash128 h = rig_hash(ctx, &f);
        if (threads == 1)
            one = h;
        assert_memory_equal(&h, &one, sizeof h);
        rig_fit_free(&f);
        mlpipe_ctx_free(ctx);
    }
    rig_table_free(&t);
}

static void mono_starves(void **state)
{
    rig_table t;
    (void)state;

    mono_table(&t, 200, 6, true);
    rig_starve(&mlpipe__learner_gbt, "trees=2 leaves=4 increasing=f0",
               MLPIPE__TASK_BINARY, &t, NULL);
    rig_table_free(&t);
}

/* ---- a real file --------------------------------------------------------- */

/* The price of some houses along their income; its steps down. */
static uint32_t mono_falls(const mlpipe_model *m, const mlpipe_dataset *d)
{
    const uint32_t inputs = mlpipe_model_inputs(m);
    mlpipe_predictor *p;
    mlpipe_value row[16], was;
    uint32_t income = 0, falls = 0;
    void *scratch = NULL;

    assert_true(inputs <= 16);
    assert_ok(mono_ctx, mlpipe_predictor_new(mono_ctx, m, NULL, &p));
    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe_predictor_scratch(p)));
    while (strcmp(mlpipe_model_input(m, income), "median_income"))
        income++;
    for (int64_t r = 0; r < 20000; r += 100) {
        double before = 0;
        for (uint32_t i = 0; i < inputs; i++)
            assert_ok(mono_ctx,
                      mlpipe_dataset_cell(
                          d, r,
                          (uint32_t)mlpipe_dataset_find(
                              d, mlpipe_model_input(m, i)), &row[i]));
        was = row[income];
        for (uint32_t k = 0; k <= 1000; k++) {
            double price;
            row[income].num = 0.4 + 15.0 * k / 1000;
            assert_int_equal(MLPIPE_OK,
                             mlpipe_predict_values(p, scratch, row, &price));
            falls += k && price < before;
            before = price;
        }
        row[income] = was;
    }
    free(scratch);
    mlpipe_predictor_free(p);
    return falls;
}

static double mono_real_r2(const mlpipe_model *m, const mlpipe_dataset *d)
{
    mlpipe_report *r;

    assert_ok(mono_ctx, mlpipe_evaluate(mono_ctx, m, d, "metrics=r2", &r));
    const double r2 = mlpipe_report_get(r, "r2");
    mlpipe_report_free(r);
    return r2;
}

static mlpipe_model *mono_real_fit(const mlpipe_dataset *d, const char *text)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;

    assert_ok(mono_ctx,
              mlpipe_pipeline_new(mono_ctx, "target=log(median_house_value)",
                                  &p));
    assert_ok(mono_ctx, mlpipe_pipeline_add(mono_ctx, p, "gbt", text));
    assert_ok(mono_ctx, mlpipe_fit(mono_ctx, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static void mono_california(void **state)
{
    const char *folder = getenv("MLPIPE_TEST_DATA");
    mlpipe_dataset *all, *part[2];
    char path[1000];
    (void)state;

    if (!folder || !*folder) {
        printf("# california skipped: MLPIPE_TEST_DATA is not set\n");
        return;
    }
    snprintf(path, sizeof path, "%s/california_housing.csv", folder);
    assert_ok(mono_ctx, mlpipe_read_csv(mono_ctx, path, NULL, &all));
    assert_ok(mono_ctx,
              mlpipe_dataset_split(mono_ctx, all, "parts=0.7,0.3 seed=1",
                                   part, 2));
    mlpipe_model *a = mono_real_fit(part[0], "trees=100");
    mlpipe_model *b = mono_real_fit(part[0],
                                    "trees=100 increasing=median_income");
    assert_true(mono_falls(a, all) > 0);
    assert_int_equal(0, mono_falls(b, all));
    assert_true(mono_real_r2(b, part[1]) > mono_real_r2(a, part[1]) - 0.01);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mono_grid),
        cmocka_unit_test(mono_missing),
        cmocka_unit_test(mono_costs_nothing),
        cmocka_unit_test(mono_many),
        cmocka_unit_test(mono_proof_finds),
        cmocka_unit_test(mono_refuses),
        cmocka_unit_test(mono_same_for_threads),
        cmocka_unit_test(mono_starves),
        cmocka_unit_test(mono_california),
    };
    return cmocka_run_group_tests(tests, mono_open, mono_close);
}
