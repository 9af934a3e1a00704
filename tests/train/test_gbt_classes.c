/* SPDX-License-Identifier: MIT */
/*
 * Boosted trees of three classes or more, beside two peers on the same splits;
 * shares that add up to 1; the same bytes for any threads; early stopping on
 * the log loss; weights of rows for every loss.
 */
#include "train_rig.h"

#include "../golden/gbt.h"
#include "golden_text.h"

static mlpipe_ctx *classes_ctx;

static int classes_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &classes_ctx);
}

static int classes_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(classes_ctx);
    return 0;
}

static uint64_t classes_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* ---- beside the peers ---------------------------------------------------- */

enum { CLASSES_SPLITS = 10, CLASSES_MAX = 10 };

typedef struct classes_data {
    uint32_t rows, features, classes;
    double *x, *y; /* x row by row */
    bool owned;
    const double *golden; /* splits x 4 */
} classes_data;

static classes_data classes_digits(void)
{
    classes_data d = {.rows = 1200, .features = 16, .classes = 10,
                      .owned = true, .golden = golden_digits};

    d.x = calloc((size_t)d.rows * d.features, sizeof *d.x);
    d.y = calloc(d.rows, sizeof *d.y);
    for (uint64_t i = 0; i < d.rows; i++) {
        const uint64_t k = classes_mix(i) % 10;
        const uint64_t shift = classes_mix(1000000 + i) % 3;
        for (uint64_t f = 0; f < 16; f++) {
            int64_t v = (int64_t)(classes_mix(10000000 + 16 * k +
                                              (f + shift) % 16) % 17) - 8;
            for (uint64_t j = 0; j < 4; j++)
                v += (int64_t)(classes_mix(100000000 + 64 * i + 4 * f + j) %
                               5);
            d.x[i * 16 + f] = (double)(v < 0 ? 0 : v > 16 ? 16 : v);
        }
        d.y[i] = (double)k;
    }
    return d;
}

/* The rows of one side of a split, or of all where split is below 0. */
static void classes_table(rig_table *t, const classes_data *d, int32_t split,
                          bool test)
{
    uint32_t n = 0;

    rig_table_new(t, d->rows, d->features);
    t->classes = d->classes;
    for (uint32_t i = 0; i < d->rows; i++) {
        if (split >= 0 &&
            (classes_mix(1000 * (uint64_t)i + (uint64_t)split) % 10 < 3) !=
                test)
            continue;
        for (uint32_t f = 0; f < d->features; f++)
            t->x[f][n] = d->x[(size_t)i * d->features + f];
        t->ids[n] = i;
        t->y[n++] = d->y[i];
    }
    t->rows = n;
}

static void classes_score(const rig_fit *f, const rig_table *t,
                          double *accuracy, double *loss)
{
    *accuracy = *loss = 0;
    for (uint32_t i = 0; i < t->rows; i++) {
        double x[RIG_FEATURES_MAX], p[CLASSES_MAX], sum = 0;
        uint32_t best = 0;
        for (uint32_t c = 0; c < t->features; c++)
            x[c] = t->x[c][i];
        rig_predict_all(f, x, p);
        for (uint32_t k = 0; k < t->classes; k++) {
            assert_true(p[k] >= 0 && p[k] <= 1);
            sum += p[k];
            best = p[k] > p[best] ? k : best;
        }
        assert_near(sum, 1, 1e-15 * t->classes);
        *accuracy += (best == (uint32_t)t->y[i]) / (double)t->rows;
        const double share = p[(uint32_t)t->y[i]];
        *loss -= log(share > 1e-15 ? share : 1e-15) / t->rows;
    }
}

/*
 * Splits of one table overlap, so that the plain standard error of their mean
 * difference is too small; C. Nadeau and Y. Bengio, "Inference for the
 * generalization error", 2003, add test rows / training rows to 1 / splits.
 * Worse than a peer means worse by more than t(0.975, 9) of these.
 */
static void classes_not_worse(const double *better, double share)
{
    double mean = 0, var = 0;

    for (uint32_t s = 0; s < CLASSES_SPLITS; s++)
        mean += better[s] / CLASSES_SPLITS;
    for (uint32_t s = 0; s < CLASSES_SPLITS; s++)
        var += (better[s] - mean) * (better[s] - mean) / (CLASSES_SPLITS - 1);
    assert_true(mean >= -2.262 * sqrt(var * (1.0 / CLASSES_SPLITS + share)));
}

/* The log loss is compared with LightGBM's alone: scikit-learn's second
 * derivative lacks K / (K - 1), so that its 60 rounds go further. */
static void classes_beside_peers(const classes_data *d)
{
    double accuracy[2][CLASSES_SPLITS], loss[CLASSES_SPLITS];

    for (int32_t s = 0; s < CLASSES_SPLITS; s++) {
        rig_table train, test;
        rig_fit f;
        double a, l;
        classes_table(&train, d, s, false);
        classes_table(&test, d, s, true);
        assert_ok(classes_ctx,
                  rig_fit_new(classes_ctx, &mlpipe__learner_gbt, "trees=60",
                              MLPIPE__TASK_MULTICLASS, &train, NULL, &f));
        classes_score(&f, &test, &a, &l);
        accuracy[0][s] = a - d->golden[4 * s];
        accuracy[1][s] = a - d->golden[4 * s + 2];
        loss[s] = d->golden[4 * s + 3] - l;
        rig_fit_free(&f);
        rig_table_free(&train);
        rig_table_free(&test);
    }
    classes_not_worse(accuracy[0], 3.0 / 7);
    classes_not_worse(accuracy[1], 3.0 / 7);
    classes_not_worse(loss, 3.0 / 7);
}

static void classes_peers(void **state)
{
    const classes_data iris = {.rows = 150, .features = 4, .classes = 3,
                               .x = (double *)(uintptr_t)golden_iris_x,
                               .y = (double *)(uintptr_t)golden_iris_y,
                               .golden = golden_iris};
    const classes_data wine = {.rows = 178, .features = 13, .classes = 3,
                               .x = (double *)(uintptr_t)golden_wine_x,
                               .y = (double *)(uintptr_t)golden_wine_y,
                               .golden = golden_wine};
    const classes_data digits = classes_digits();
    (void)state;

    classes_beside_peers(&iris);
    classes_beside_peers(&wine);
    classes_beside_peers(&digits);
    free(digits.x);
    free(digits.y);
}

/* ---- its own properties -------------------------------------------------- */

/* Four numbers, some missing, and a category; y is one of `classes`. */
static void classes_mixed(rig_table *t, uint32_t rows, uint32_t from,
                          uint32_t classes)
{
    rig_table_new(t, rows, 5);
    t->classes = classes;
    t->codes[4] = 7;
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t id = from + i;
        for (uint32_t f = 0; f < 4; f++)
            t->x[f][i] = rig_uniform(id, f + 8) < 0.1 ? NAN
                                                      : rig_normal(id, f);
        t->x[4][i] = floor(7 * rig_uniform(id, 4));
        const double a = isnan(t->x[0][i]) ? 1 : t->x[0][i];
        const double b = isnan(t->x[1][i]) ? 0 : t->x[1][i];
        const double s = 1.2 * a + a * b + 0.4 * t->x[4][i] +
                         0.3 * rig_normal(id, 6);
        const double k = floor((s + 2) / 5 * classes);
        t->y[i] = k < 0 ? 0 : k >= classes ? classes - 1 : k;
        t->ids[i] = id;
    }
}

static mlpipe__hash128 classes_hash(uint32_t threads, const char *text,
                                    uint32_t task, rig_table *t,
                                    rig_table *valid)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *ctx;
    rig_fit f;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_gbt, text, task, t,
                               valid, &f));
    const mlpipe__hash128 h = rig_hash(ctx, &f);
    rig_fit_free(&f);
    mlpipe_ctx_free(ctx);
    return h;
}

static void classes_same_for_threads(void **state)
{
    const char *const text = "trees=6 rows=0.8 columns=0.7";
    const uint32_t threads[] = {2, 3, 8};
    rig_table t, other;
    (void)state;

    classes_mixed(&t, 70000, 0, 4);
    classes_mixed(&other, 3000, 70000, 4);
    const mlpipe__hash128 one = classes_hash(1, text, MLPIPE__TASK_MULTICLASS,
                                             &t, &other);
    for (uint32_t k = 0; k < 3; k++) {
        const mlpipe__hash128 h = classes_hash(
            threads[k], text, MLPIPE__TASK_MULTICLASS, &t, &other);
        assert_memory_equal(&h, &one, sizeof h);
    }
    rig_table_free(&t);
    rig_table_free(&other);
}

/* Rounds are counted, each with a tree a class; what stops them is the log
 * loss that the finished program has. */
static void classes_stops_early(void **state)
{
    rig_table t, other;
    rig_fit f;
    double accuracy, loss;
    (void)state;

    classes_mixed(&t, 2000, 0, 3);
    classes_mixed(&other, 700, 2000, 3);
    assert_ok(classes_ctx,
              rig_fit_new(classes_ctx, &mlpipe__learner_gbt,
                          "trees=2000 rate=0.3 stop=10",
                          MLPIPE__TASK_MULTICLASS, &t, &other, &f));
    const double best = mlpipe_report_get(f.notes, "best_tree");
    assert_true(best > 3 && best < 500);
    assert_int_equal((int)best + 10,
                     (int)mlpipe_report_get(f.notes, "trees_grown"));
    assert_int_equal(3 * (int)best, f.program->forests[0]->trees);
    assert_int_equal(3, f.program->forests[0]->outputs);
    classes_score(&f, &other, &accuracy, &loss);
    assert_true(accuracy > 0.8);
    assert_near(mlpipe_report_get(f.notes, "valid_loss") / loss, 1, 1e-12);
    classes_score(&f, &t, &accuracy, &loss);
    assert_near(mlpipe_report_get(f.notes, "train_loss") / loss, 1, 1e-12);
    rig_fit_free(&f);
    rig_table_free(&t);
    rig_table_free(&other);
}

/* A class without a row is as good as impossible; where there is no feature
 * that tells, answers are the shares. */
static void classes_shares(void **state)
{
    rig_table t;
    rig_fit f;
    double p[4];
    (void)state;

    rig_table_new(&t, 400, 1);
    t.classes = 4;
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = i % 8 < 5 ? 0 : i % 8 < 7 ? 1 : 3;
    assert_ok(classes_ctx,
              rig_fit_new(classes_ctx, &mlpipe__learner_gbt, NULL,
                          MLPIPE__TASK_MULTICLASS, &t, NULL, &f));
    rig_predict_all(&f, t.x[0], p);
    assert_near(p[0], 5.0 / 8, 1e-14);
    assert_near(p[1], 2.0 / 8, 1e-14);
    assert_near(p[2], 0, 1e-14);
    assert_near(p[3], 1.0 / 8, 1e-14);
    rig_fit_free(&f);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = 2;
    assert_told(classes_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(classes_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_MULTICLASS, &t, NULL, &f));
    t.y[9] = 4;
    assert_told(classes_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(classes_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_MULTICLASS, &t, NULL, &f));
    assert_int_equal(9, mlpipe_ctx_error(classes_ctx)->row);
    rig_table_free(&t);
}

static void classes_starves(void **state)
{
    rig_table t, other;
    (void)state;

    classes_mixed(&t, 200, 0, 3);
    classes_mixed(&other, 60, 200, 3);
    rig_starve(&mlpipe__learner_gbt, "trees=2 leaves=4",
               MLPIPE__TASK_MULTICLASS, &t, &other);
    rig_table_free(&t);
    rig_table_free(&other);
}

/* ---- weights ------------------------------------------------------------- */

/* Few different values, so that bins do not depend on how often each comes. */
static void weights_table(rig_table *t, uint32_t rows, uint32_t task)
{
    rig_table_new(t, rows, 4);
    t->codes[3] = 5;
    t->classes = task == MLPIPE__TASK_MULTICLASS ? 3
                 : task == MLPIPE__TASK_BINARY   ? 2
                                                 : 0;
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t f = 0; f < 3; f++)
            t->x[f][i] = floor(20 * rig_uniform(i, f));
        t->x[3][i] = floor(5 * rig_uniform(i, 3));
        const double s = t->x[0][i] + 0.1 * t->x[1][i] * t->x[2][i] +
                         3 * (t->x[3][i] == 2) + 4 * rig_normal(i, 4);
        t->y[i] = task == MLPIPE__TASK_REGRESSION ? s
                  : task == MLPIPE__TASK_BINARY   ? s > 20
                                                  : (s > 14) + (s > 26);
    }
}

/* Row i comes 1 + (i mod 3 == 0) times, or once with that weight. */
static void weights_twice(rig_table *t, const rig_table *from, bool as_weight)
{
    uint32_t n = 0;

    rig_table_new(t, 2 * from->rows, from->features);
    memcpy(t->codes, from->codes, sizeof t->codes);
    t->classes = from->classes;
    if (as_weight)
        t->w = calloc(t->rows, sizeof *t->w);
    for (uint32_t i = 0; i < from->rows; i++)
        for (uint32_t k = 0; k < (!as_weight && i % 3 == 0 ? 2u : 1u); k++) {
            for (uint32_t f = 0; f < from->features; f++)
                t->x[f][n] = from->x[f][i];
            if (as_weight)
                t->w[n] = i % 3 ? 1 : 2;
            t->ids[n] = n;
            t->y[n++] = from->y[i];
        }
    t->rows = n;
}

static uint32_t weights_outputs(const rig_table *t)
{
    return t->classes > 2 ? t->classes : 1;
}

/* The trees split alike, and leaves agree up to the fixed point: 30 bits of
 * the greatest gradient, which a weight doubles. */
static void weights_near(const rig_fit *a, const rig_fit *b,
                         const rig_table *t)
{
    const mlpipe__forest *p = a->program->forests[0];
    const mlpipe__forest *q = b->program->forests[0];

    assert_int_equal(p->nodes, q->nodes);
    assert_memory_equal(p->node_feature, q->node_feature, 4 * p->nodes);
    assert_memory_equal(p->node_cut, q->node_cut, 8 * p->nodes);
    for (uint32_t i = 0; i < t->rows; i++) {
        double x[4], u[3], v[3];
        for (uint32_t f = 0; f < 4; f++)
            x[f] = t->x[f][i];
        rig_predict_all(a, x, u);
        rig_predict_all(b, x, v);
        for (uint32_t k = 0; k < weights_outputs(t); k++)
            assert_near(u[k], v[k], 1e-6);
    }
}

/*
 * A row twice is a row of weight 2 where rows are not counted: min_rows=1, the
 * same of categories, and no more values than bins. Equal to the fixed point's
 * last bits, not beyond.
 */
static void weights_are_rows(void **state)
{
    (void)state;
    for (uint32_t task = 1; task <= 4; task *= 2) {
        const char *const text = "trees=20 min_rows=1 leaves=8 "
                                 "category_rows=1 category_min_rows=1";
        rig_table t, rows, weights;
        rig_fit a, b;
        weights_table(&t, 1500, task);
        weights_twice(&rows, &t, false);
        weights_twice(&weights, &t, true);
        assert_ok(classes_ctx,
                  rig_fit_new(classes_ctx, &mlpipe__learner_gbt, text, task,
                              &rows, NULL, &a));
        assert_ok(classes_ctx,
                  rig_fit_new(classes_ctx, &mlpipe__learner_gbt, text, task,
                              &weights, NULL, &b));
        weights_near(&a, &b, &t);
        assert_near(mlpipe_report_get(a.notes, "train_loss"),
                    mlpipe_report_get(b.notes, "train_loss"), 1e-6);
        rig_fit_free(&a);
        rig_fit_free(&b);
        rig_table_free(&rows);
        rig_table_free(&weights);
        rig_table_free(&t);
    }
}

/* Weights of a power of two that are all the same change no bit, but for the
 * penalties, which are counted in rows. */
static void weights_scale(void **state)
{
    (void)state;
    for (uint32_t task = 1; task <= 4; task *= 2) {
        rig_table t;
        weights_table(&t, 1500, task);
        t.w = calloc(t.rows, sizeof *t.w);
        for (uint32_t i = 0; i < t.rows; i++)
            t.w[i] = 1;
        const mlpipe__hash128 one = classes_hash(
            1, "trees=20 l2=1 category_l2=2 category_smooth=3", task, &t,
            NULL);
        for (uint32_t i = 0; i < t.rows; i++)
            t.w[i] = 4;
        const mlpipe__hash128 four = classes_hash(
            1, "trees=20 l2=4 category_l2=8 category_smooth=12", task, &t,
            NULL);
        assert_memory_equal(&one, &four, sizeof one);
        rig_table_free(&t);
    }
}

/* A row of weight 0 is as not there, for every loss. */
static void weights_of_nothing(void **state)
{
    (void)state;
    for (uint32_t task = 1; task <= 4; task *= 2) {
        rig_table t, less;
        weights_table(&t, 900, task);
        weights_table(&less, 600, task);
        t.w = calloc(t.rows, sizeof *t.w);
        less.w = calloc(less.rows, sizeof *less.w);
        for (uint32_t i = 0; i < less.rows; i++)
            t.w[i] = less.w[i] = 0.25 + rig_uniform(i, 8);
        for (uint32_t i = less.rows; i < t.rows; i++)
            t.y[i] = 0;
        const mlpipe__hash128 a = classes_hash(1, "trees=20", task, &t, NULL);
        const mlpipe__hash128 b = classes_hash(1, "trees=20", task, &less,
                                               NULL);
        assert_memory_equal(&a, &b, sizeof a);
        rig_table_free(&t);
        rig_table_free(&less);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_peers),
        cmocka_unit_test(classes_same_for_threads),
        cmocka_unit_test(classes_stops_early),
        cmocka_unit_test(classes_shares),
        cmocka_unit_test(classes_starves),
        cmocka_unit_test(weights_are_rows),
        cmocka_unit_test(weights_scale),
        cmocka_unit_test(weights_of_nothing),
    };
    return cmocka_run_group_tests(tests, classes_open, classes_close);
}
