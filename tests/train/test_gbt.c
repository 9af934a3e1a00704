/* SPDX-License-Identifier: MIT */
/*
 * Boosted trees: quality against the baseline, exactness against a slow search
 * over all cuts, the same bytes for any threads and row order, categories and
 * missing values, early stopping, cancelling.
 */
#include "train_rig.h"

#include "report/report_types.h"
#include "golden_text.h"

static mlpipe_ctx *gbt_ctx;

static int gbt_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &gbt_ctx);
}

static int gbt_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(gbt_ctx);
    return 0;
}

static void gbt_fit_ok(const char *text, uint32_t task, rig_table *t,
                       rig_table *valid, rig_fit *f)
{
    assert_ok(gbt_ctx, rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, text, task,
                                   t, valid, f));
}

/* Four numbers, one with a third missing, and two categories. */
static void gbt_table(rig_table *t, uint32_t rows, uint32_t from, bool binary)
{
    rig_table_new(t, rows, 6);
    t->codes[4] = 3;
    t->codes[5] = 40;
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t id = from + i;
        for (uint32_t f = 0; f < 4; f++)
            t->x[f][i] = rig_normal(id, f);
        t->x[4][i] = floor(3 * rig_uniform(id, 4));
        t->x[5][i] = floor(40 * rig_uniform(id, 5));
        const bool missing = rig_uniform(id, 6) < 0.33;
        const uint32_t mixed = (uint32_t)t->x[5][i] * 7 % 10;
        double y = t->x[0][i] * t->x[1][i] + (t->x[2][i] > 0.3) +
                   (t->x[4][i] == 1 ? 2 : 0) + 0.3 * mixed +
                   (missing ? 1.5 : 0);
        if (missing)
            t->x[3][i] = NAN;
        y += 0.3 * rig_normal(id, 7);
        t->y[i] = binary ? y > 2.2 : 1e5 * y;
        t->ids[i] = id;
    }
}

static double gbt_r2(const rig_fit *f, const rig_table *t)
{
    double *p = calloc(t->rows, sizeof *p);

    for (uint32_t i = 0; i < t->rows; i++)
        p[i] = rig_predict_row(f, t, i);
    const double r2 = mlpipe__metric_r2(t->y, p, NULL, t->rows);
    free(p);
    return r2;
}

static void gbt_beats_baseline(void **state)
{
    rig_table t, other;
    rig_fit f;
    (void)state;

    gbt_table(&t, 4000, 0, false);
    gbt_table(&other, 1000, 4000, false);
    gbt_fit_ok("trees=150", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_true(gbt_r2(&f, &other) > 0.9);
    assert_int_equal(150, (int)mlpipe_report_get(f.notes, "trees"));
    rig_fit_free(&f);
    rig_table_free(&t);
    rig_table_free(&other);
}

static void gbt_classifies(void **state)
{
    rig_table t, other;
    rig_fit f;
    double p[1000], scratch[5000];
    (void)state;

    gbt_table(&t, 4000, 0, true);
    gbt_table(&other, 1000, 4000, true);
    gbt_fit_ok("trees=100", MLPIPE__TASK_BINARY, &t, &other, &f);
    for (uint32_t i = 0; i < 1000; i++) {
        p[i] = rig_predict_row(&f, &other, i);
        assert_true(p[i] > 0 && p[i] < 1);
    }
    assert_true(mlpipe__metric_auc(other.y, p, NULL, 1000, scratch) > 0.95);
    /* what validation was told is what prediction gives */
    assert_near(mlpipe_report_get(f.notes, "valid_loss"),
                mlpipe__metric_logloss(other.y, p, NULL, 1000), 1e-12);
    rig_fit_free(&f);
    rig_table_free(&t);
    rig_table_free(&other);
}

/* Training sums the same integers as the stored forest. */
static void gbt_training_is_prediction(void **state)
{
    rig_table t;
    rig_fit f;
    double loss = 0;
    (void)state;

    gbt_table(&t, 1500, 0, false);
    gbt_fit_ok("trees=60 rows=0.6 columns=0.5", MLPIPE__TASK_REGRESSION, &t,
               NULL, &f);
    for (uint32_t i = 0; i < t.rows; i++) {
        const double d = rig_predict_row(&f, &t, i) - t.y[i];
        loss += d * d / t.rows;
    }
    assert_near(mlpipe_report_get(f.notes, "train_loss") / loss, 1, 1e-12);
    rig_fit_free(&f);
    rig_table_free(&t);
}

static mlpipe__hash128 gbt_hash_with(uint32_t threads, const char *text,
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

static void gbt_same_for_threads(void **state)
{
    const char *const text = "trees=12 rows=0.8 columns=0.7 leaves=40";
    rig_table t, other;
    (void)state;

    for (uint32_t task = 1; task <= 2; task++) {
        gbt_table(&t, 70000, 0, task == MLPIPE__TASK_BINARY);
        gbt_table(&other, 3000, 70000, task == MLPIPE__TASK_BINARY);
        const mlpipe__hash128 one = gbt_hash_with(1, text, task, &t, &other);
        const uint32_t threads[] = {2, 3, 8};
        for (uint32_t k = 0; k < 3; k++) {
            const mlpipe__hash128 h = gbt_hash_with(threads[k], text, task,
                                                    &t, &other);
            assert_memory_equal(&h, &one, sizeof h);
        }
        rig_table_free(&t);
        rig_table_free(&other);
    }
}

/* Rows keep their ids: their order is nothing. */
static void gbt_same_for_row_order(void **state)
{
    const char *const text = "trees=30 rows=0.7";
    rig_table t, u;
    (void)state;

    gbt_table(&t, 5000, 0, false);
    t.w = calloc(t.rows, sizeof(double));
    for (uint32_t i = 0; i < t.rows; i++)
        t.w[i] = 0.5 + rig_uniform(i, 9);
    rig_table_new(&u, t.rows, t.features);
    u.w = calloc(u.rows, sizeof(double));
    memcpy(u.codes, t.codes, sizeof u.codes);
    for (uint32_t i = 0; i < t.rows; i++) {
        const uint32_t from = (i * 1237 + 11) % t.rows;
        for (uint32_t f = 0; f < t.features; f++)
            u.x[f][i] = t.x[f][from];
        u.y[i] = t.y[from];
        u.w[i] = t.w[from];
        u.ids[i] = t.ids[from];
    }
    const mlpipe__hash128 a = gbt_hash_with(1, text, 1, &t, NULL);
    const mlpipe__hash128 b = gbt_hash_with(1, text, 1, &u, NULL);
    assert_memory_equal(&a, &b, sizeof a);
    rig_table_free(&t);
    rig_table_free(&u);
}

/* The best gain of any cut on exact sums, with the leaf values it gives. */
static double gbt_oracle(const rig_table *t, double l2, uint32_t min_rows,
                         uint32_t *feature, double *cut)
{
    double total = 0, best = 0, mean = 0;

    for (uint32_t i = 0; i < t->rows; i++)
        mean += t->y[i] / t->rows;
    for (uint32_t i = 0; i < t->rows; i++)
        total += mean - t->y[i];
    for (uint32_t f = 0; f < t->features; f++)
        for (uint32_t k = 0; k < t->rows; k++) {
            const double c = t->x[f][k];
            double left = 0;
            uint32_t n = 0;
            for (uint32_t i = 0; i < t->rows; i++)
                if (t->x[f][i] < c) {
                    left += mean - t->y[i];
                    n++;
                }
            if (n < min_rows || t->rows - n < min_rows)
                continue;
            const double right = total - left;
            const double gain = left * left / (n + l2) +
                                right * right / (t->rows - n + l2) -
                                total * total / (t->rows + l2);
            if (gain > best) {
                best = gain;
                *feature = f;
                *cut = c;
            }
        }
    return best;
}

static void gbt_first_split_is_the_best(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 20; seed++) {
        rig_table t;
        rig_fit f;
        uint32_t feature = 0;
        double cut = 0;
        rig_table_new(&t, 200, 4);
        for (uint32_t i = 0; i < t.rows; i++) {
            for (uint32_t c = 0; c < 4; c++)
                t.x[c][i] = rig_normal(1000 * seed + i, c);
            t.y[i] = t.x[seed % 4][i] + rig_normal(1000 * seed + i, 5);
        }
        gbt_fit_ok("trees=1 leaves=2 rate=1 min_rows=10 l2=2",
                   MLPIPE__TASK_REGRESSION, &t, NULL, &f);
        const double gain = gbt_oracle(&t, 2, 10, &feature, &cut);
        const mlpipe__forest *forest = f.program->forests[0];
        assert_int_equal(1, forest->nodes);
        assert_int_equal(feature, forest->node_feature[0]);
        /* the cut lies between the oracle's value and the one below it */
        assert_true(forest->node_cut[0] <= cut);
        for (uint32_t i = 0; i < t.rows; i++)
            assert_true((t.x[feature][i] >= forest->node_cut[0]) ==
                        (t.x[feature][i] >= cut));
        /* the loss falls by the gain less what l2 holds back */
        double mean = 0, sum[2] = {0, 0}, n[2] = {0, 0}, found = 0;
        for (uint32_t i = 0; i < t.rows; i++)
            mean += t.y[i] / t.rows;
        for (uint32_t i = 0; i < t.rows; i++) {
            const bool right = t.x[feature][i] >= cut;
            sum[right] += t.y[i] - mean;
            n[right]++;
        }
        for (uint32_t s = 0; s < 2; s++)
            found += sum[s] * sum[s] / (n[s] + 2);
        assert_near(found, gain, 1e-9);
        for (uint32_t i = 0; i < t.rows; i++) {
            const bool right = t.x[feature][i] >= cut;
            assert_near(rig_predict_row(&f, &t, i),
                        mean + sum[right] / (n[right] + 2), 1e-6);
        }
        rig_fit_free(&f);
        rig_table_free(&t);
    }
}

/* Missing is learnt; a value that was never missing goes with most rows. */
static void gbt_missing(void **state)
{
    rig_table t;
    rig_fit f;
    double x[2] = {NAN, 0};
    (void)state;

    rig_table_new(&t, 1000, 2);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.x[0][i] = i % 3 ? rig_normal(i, 0) : NAN;
        t.x[1][i] = i < 800;
        t.y[i] = (i % 3 ? 0 : 10) + 4 * t.x[1][i];
    }
    gbt_fit_ok("trees=200", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_near(rig_predict(&f, x), 10, 1e-5);
    x[0] = 0.5;
    assert_near(rig_predict(&f, x), 0, 1e-5);
    x[1] = NAN;
    assert_near(rig_predict(&f, x), 4, 1e-5);
    rig_fit_free(&f);
    rig_table_free(&t);
}

/* More categories than bins: the rare ones and unseen ones go together. */
static void gbt_many_categories(void **state)
{
    enum { CODES = 600 };
    rig_table t;
    rig_fit f;
    double x[1] = {-1};
    (void)state;

    rig_table_new(&t, 20000, 1);
    t.codes[0] = CODES;
    for (uint32_t i = 0; i < t.rows; i++) {
        const double u = rig_uniform(i, 0);
        const uint32_t code = (uint32_t)(CODES * u * u * u);
        t.x[0][i] = code;
        t.y[i] = code % 2 ? 1 : -1;
    }
    gbt_fit_ok("trees=100", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_true(gbt_r2(&f, &t) > 0.7);
    x[0] = 0;
    assert_near(rig_predict(&f, x), -1, 1e-4); /* 0.9^100 is left */
    x[0] = 1;
    assert_near(rig_predict(&f, x), 1, 1e-4);
    x[0] = -1;
    const double unseen = rig_predict(&f, x);
    x[0] = CODES - 1;
    assert_same(rig_predict(&f, x), unseen);
    assert_true(unseen > -0.5 && unseen < 0.5);
    x[0] = NAN;
    assert_true(isfinite(rig_predict(&f, x)));
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void gbt_stops_early(void **state)
{
    rig_table t, other;
    rig_fit f, g;
    (void)state;

    gbt_table(&t, 1500, 0, false);
    gbt_table(&other, 500, 1500, false);
    gbt_fit_ok("trees=2000 rate=0.3 stop=10", MLPIPE__TASK_REGRESSION, &t,
               &other, &f);
    const double best = mlpipe_report_get(f.notes, "best_tree");
    assert_true(best < 1000);
    assert_int_equal((int)best, f.program->forests[0]->trees);
    assert_int_equal((int)best + 10,
                     (int)mlpipe_report_get(f.notes, "trees_grown"));
    double loss = 0;
    for (uint32_t i = 0; i < other.rows; i++) {
        const double d = rig_predict_row(&f, &other, i) - other.y[i];
        loss += d * d / other.rows;
    }
    assert_near(mlpipe_report_get(f.notes, "valid_loss") / loss, 1, 1e-12);
    /* the trees that stay do not depend on those that went */
    gbt_fit_ok("trees=2000 rate=0.3 stop=20", MLPIPE__TASK_REGRESSION, &t,
               &other, &g);
    if (mlpipe_report_get(g.notes, "best_tree") == best) {
        const mlpipe__hash128 a = rig_hash(gbt_ctx, &f);
        const mlpipe__hash128 b = rig_hash(gbt_ctx, &g);
        assert_memory_equal(&a, &b, sizeof a);
    }
    rig_fit_free(&g);
    rig_fit_free(&f);
    rig_table_free(&t);
    rig_table_free(&other);
}

static void gbt_limits_hold(void **state)
{
    rig_table t;
    rig_fit f;
    (void)state;

    gbt_table(&t, 2000, 0, false);
    gbt_fit_ok("trees=5 leaves=64 depth=3", MLPIPE__TASK_REGRESSION, &t, NULL,
               &f);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(f.program->forests[0]->tree_leaf[i + 1] -
                        f.program->forests[0]->tree_leaf[i] <= 8);
    rig_fit_free(&f);
    gbt_fit_ok("trees=5 min_rows=700", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(2, f.program->forests[0]->tree_leaf[i + 1] -
                                f.program->forests[0]->tree_leaf[i]);
    rig_fit_free(&f);
    rig_table_free(&t);
}

/* Nothing to learn: the forest is its base. */
static void gbt_constant_target(void **state)
{
    rig_table t;
    rig_fit f;
    double x[6] = {0, 0, 0, 0, 0, 0};
    (void)state;

    gbt_table(&t, 300, 0, false);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = 0.1;
    gbt_fit_ok(NULL, MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_same(rig_predict(&f, x), 0.1);
    rig_fit_free(&f);
    /* one row, and more rows asked of a leaf than there are */
    t.rows = 1;
    gbt_fit_ok(NULL, MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_same(rig_predict(&f, x), 0.1);
    rig_fit_free(&f);
    t.rows = 300;
    rig_table_free(&t);
}

/* A weight of 0 is a row that is not there. */
static void gbt_zero_weight(void **state)
{
    rig_table t, u;
    (void)state;

    gbt_table(&t, 1100, 0, false);
    gbt_table(&u, 700, 0, false);
    t.w = calloc(t.rows, sizeof(double));
    u.w = calloc(u.rows, sizeof(double));
    for (uint32_t i = 0; i < u.rows; i++)
        t.w[i] = u.w[i] = 0.25 + rig_uniform(i, 8);
    t.y[1000] = 1e12;
    const mlpipe__hash128 a = gbt_hash_with(1, "trees=30", 1, &t, NULL);
    const mlpipe__hash128 b = gbt_hash_with(1, "trees=30", 1, &u, NULL);
    assert_memory_equal(&a, &b, sizeof a);
    rig_table_free(&t);
    rig_table_free(&u);
}

static void gbt_refuses(void **state)
{
    rig_table t;
    rig_fit f;
    (void)state;

    gbt_table(&t, 100, 0, true);
    assert_told(gbt_ctx, MLPIPE_E_PARAM,
                rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, "leaves=1",
                            MLPIPE__TASK_BINARY, &t, NULL, &f));
    t.y[42] = 0.5;
    assert_told(gbt_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_BINARY, &t, NULL, &f));
    assert_int_equal(42, mlpipe_ctx_error(gbt_ctx)->row);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = 1;
    assert_told(gbt_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_BINARY, &t, NULL, &f));
    t.y[7] = INFINITY;
    assert_told(gbt_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    t.rows = 0;
    assert_told(gbt_ctx, MLPIPE_E_EMPTY,
                rig_fit_new(gbt_ctx, &mlpipe__learner_gbt, NULL,
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    t.rows = 100;
    rig_table_free(&t);
}

typedef struct gbt_counter {
    int64_t polls, stop_at;
} gbt_counter;

static int32_t gbt_progress(void *user, const char *stage, double fraction)
{
    gbt_counter *c = user;

    assert_non_null(stage);
    assert_true(fraction >= 0 && fraction <= 1);
    return c->polls++ == c->stop_at;
}

/* Wherever it is stopped: the status says so and nothing is left behind. */
static void gbt_cancels(void **state)
{
    gbt_counter c = {0, -1};
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &c,
                                  .progress = gbt_progress};
    mlpipe_ctx *ctx;
    rig_table t;
    rig_fit f;
    int64_t polls;
    (void)state;

    gbt_table(&t, 600, 0, false);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_gbt, "trees=4", 1, &t,
                               NULL, &f));
    rig_fit_free(&f);
    polls = c.polls;
    assert_true(polls >= 4);
    for (int64_t k = 0; k < polls; k++) {
        const uint64_t live = atomic_load(&ctx->env->live);
        c = (gbt_counter){0, k};
        assert_status(MLPIPE_E_CANCELLED,
                    rig_fit_new(ctx, &mlpipe__learner_gbt, "trees=4", 1,
                                &t, NULL, &f));
        assert_int_equal(live, atomic_load(&ctx->env->live));
    }
    mlpipe_ctx_free(ctx);
    rig_table_free(&t);
}

/* -infinity is less than all numbers, and there: trees that were grown tell it
 * from missing as the stored ones do. */
static void gbt_infinite(void **state)
{
    const double odd[] = {-INFINITY, -1.7e308, INFINITY};
    rig_table t;
    rig_fit f;
    (void)state;

    rig_table_new(&t, 900, 1);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.x[0][i] = i % 3 ? rig_uniform(i, 0) : NAN;
        if (i % 3 == 1)
            t.x[0][i] = odd[i % 2];
        t.y[i] = i % 3 ? 0 : 5;
    }
    gbt_fit_ok("trees=100", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_near(rig_predict(&f, &t.x[0][0]), 5, 1e-2);
    for (uint32_t k = 0; k < 3; k++)
        assert_near(rig_predict(&f, &odd[k]), 0, 1e-2);
    rig_fit_free(&f);
    rig_table_free(&t);
}

/* More features than fit one block, with what counts in the second. */
static void gbt_many_features(void **state)
{
    const char *const text = "trees=40 columns=0.4";
    rig_table t;
    rig_fit f;
    (void)state;

    rig_table_new(&t, 9000, 27);
    for (uint32_t i = 0; i < t.rows; i++) {
        for (uint32_t c = 0; c < t.features; c++)
            t.x[c][i] = rig_normal(i, c);
        t.y[i] = 2 * t.x[20][i] + t.x[26][i] + t.x[3][i];
    }
    gbt_fit_ok(text, MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    assert_true(gbt_r2(&f, &t) > 0.9);
    const mlpipe__forest *const forest = f.program->forests[0];
    uint32_t used[27] = {0};
    for (uint32_t n = 0; n < forest->nodes; n++)
        used[forest->node_feature[n]]++;
    /* how often each is split on does not rank the three, but none of the
     * others comes near them */
    for (uint32_t c = 0; c < 27; c++)
        if (c != 3 && c != 20 && c != 26)
            assert_true(3 * used[c] < used[3] && 3 * used[c] < used[20] &&
                        3 * used[c] < used[26]);
    rig_fit_free(&f);
    const mlpipe__hash128 a = gbt_hash_with(1, text, 1, &t, NULL);
    const mlpipe__hash128 b = gbt_hash_with(5, text, 1, &t, NULL);
    assert_memory_equal(&a, &b, sizeof a);
    rig_table_free(&t);
}

/* The table of features: by gain, all of it, and every split once. */
static void gbt_importance(void **state)
{
    rig_table t;
    rig_fit f;
    const mlpipe__report_item *item = NULL;
    double share = 0, splits = 0;
    (void)state;

    gbt_table(&t, 3000, 0, false);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] = 7; /* nothing to split on */
    gbt_fit_ok("trees=40", MLPIPE__TASK_REGRESSION, &t, NULL, &f);
    for (uint32_t i = 0; i < f.notes->count; i++)
        if (f.notes->items[i].kind == MLPIPE__ITEM_TABLE)
            item = &f.notes->items[i];
    assert_non_null(item);
    assert_string_equal("importance",
                        mlpipe__dict_text(&f.notes->texts, item->name));
    assert_int_equal(4 * t.features, item->cells);
    const mlpipe__report_cell *cell = f.notes->cells + item->first_cell;
    for (uint32_t i = 0; i < t.features; i++, cell += 4) {
        const char *name = mlpipe__dict_text(&f.notes->texts, cell[0].text);
        uint32_t used = 0, feature = (uint32_t)(name[1] - '0');
        for (uint32_t n = 0; n < f.program->forests[0]->nodes; n++)
            used += f.program->forests[0]->node_feature[n] == feature;
        assert_int_equal(used, (int)cell[3].number);
        assert_true(i == 0 || cell[1].number <= cell[1 - 4].number);
        assert_true((feature == 1) == (cell[1].number == 0));
        share += cell[2].number;
        splits += cell[3].number;
    }
    assert_near(share, 1, 1e-12);
    assert_int_equal(f.program->forests[0]->nodes, (int)splits);
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void gbt_starves(void **state)
{
    rig_table t, other;
    (void)state;

    gbt_table(&t, 200, 0, true);
    gbt_table(&other, 60, 200, true);
    rig_starve(&mlpipe__learner_gbt, "trees=3 leaves=6",
               MLPIPE__TASK_BINARY, &t, &other);
    rig_table_free(&t);
    rig_table_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gbt_beats_baseline),
        cmocka_unit_test(gbt_classifies),
        cmocka_unit_test(gbt_training_is_prediction),
        cmocka_unit_test(gbt_same_for_threads),
        cmocka_unit_test(gbt_same_for_row_order),
        cmocka_unit_test(gbt_first_split_is_the_best),
        cmocka_unit_test(gbt_missing),
        cmocka_unit_test(gbt_infinite),
        cmocka_unit_test(gbt_many_categories),
        cmocka_unit_test(gbt_stops_early),
        cmocka_unit_test(gbt_limits_hold),
        cmocka_unit_test(gbt_constant_target),
        cmocka_unit_test(gbt_zero_weight),
        cmocka_unit_test(gbt_refuses),
        cmocka_unit_test(gbt_cancels),
        cmocka_unit_test(gbt_many_features),
        cmocka_unit_test(gbt_importance),
        cmocka_unit_test(gbt_starves),
    };
    return cmocka_run_group_tests(tests, gbt_open, gbt_close);
}
