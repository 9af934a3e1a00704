/* SPDX-License-Identifier: MIT */
/*
 * Categories of boosted trees: the search against a slow one, the trees of
 * LightGBM on whole numbers, values of leaves, names of codes that mean
 * nothing, more categories than a byte tells.
 */
#include "train_rig.h"

#include "train/gbt_types.h"
#include "../golden/gbt_category.h"

static mlpipe_ctx *category_ctx;

static int category_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &category_ctx);
}

static int category_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(category_ctx);
    return 0;
}

static void category_fit(const char *text, rig_table *t, rig_table *valid,
                         rig_fit *f)
{
    assert_ok(category_ctx,
              rig_fit_new(category_ctx, &mlpipe__learner_gbt, text,
                          t->classes ? MLPIPE__TASK_BINARY
                                     : MLPIPE__TASK_REGRESSION,
                          t, valid, f));
}

/* ---- the search of one feature ------------------------------------------- */

enum { SEARCH_BINS = 40, SEARCH_SHIFT = 20 };

/* A leaf of one category, without rows behind its cells. */
typedef struct search_rig {
    gbt_fit fit;
    gbt_feature feature;
    gbt_open leaf;
    gbt_cell cells[SEARCH_BINS];
    double key[SEARCH_BINS];
    uint16_t order[2 * SEARCH_BINS];
    uint32_t rows[SEARCH_BINS];
    double h[SEARCH_BINS];
} search_rig;

static void search_rig_new(search_rig *r, uint32_t seed, uint32_t bins,
                           uint32_t most_rows)
{
    memset(r, 0, sizeof *r);
    r->feature = (gbt_feature){.kind = MLPIPE__CODE, .slots = bins,
                               .wide = GBT_NARROW};
    r->fit.env = r->fit.trees.env = category_ctx->env;
    r->fit.ctx = category_ctx;
    r->fit.shift = SEARCH_SHIFT;
    r->fit.h_scale = 0.25;
    r->fit.layout.feature = &r->feature;
    r->fit.layout.cells = SEARCH_BINS;
    r->fit.cells = r->cells;
    r->fit.category_key = r->key;
    r->fit.category_order = r->order;
    for (uint32_t b = 0; b < bins; b++) {
        const uint64_t id = 1000 * seed + b;
        const uint32_t rows = (uint32_t)(most_rows * rig_uniform(id, 1));
        const uint64_t h =
            (uint64_t)(rows * (1 + 6 * rig_uniform(id, 2)));
        r->rows[b] = rows;
        r->h[b] = 0.25 * (double)h;
        r->cells[b].g = rows ? (int64_t)(1000 * rig_normal(id, 3)) : 0;
        r->cells[b].w = (h << SEARCH_SHIFT) + rows;
        r->leaf.sum.g += r->cells[b].g;
        r->leaf.sum.w += r->cells[b].w;
        r->leaf.count += rows;
    }
}

/* What the library finds; the set is of its words. */
static void search_run(search_rig *r, gbt_split *best, uint64_t *set)
{
    gbt_scan s = {.fit = &r->fit, .feature = &r->feature, .cell = r->cells,
                  .total = r->leaf.sum, .n = r->leaf.count,
                  .g = (double)r->leaf.sum.g,
                  .h = gbt_cell_hessian(&r->fit, r->leaf.sum)};
    uint32_t at;

    memset(best, 0, sizeof *best);
    mlpipe__gbt_category(&s, best);
    *set = 0;
    if (!(best->gain > 0))
        return;
    r->leaf.best = *best;
    assert_ok(category_ctx, mlpipe__gbt_set(&r->fit, &r->leaf, &at));
    *set = r->fit.trees.set[at];
}

static double search_gain(const search_rig *r, uint64_t set, double l2)
{
    double g[2] = {0, 0}, h[2] = {0, 0};

    for (uint32_t b = 0; b < r->feature.slots; b++) {
        g[set >> b & 1] += (double)r->cells[b].g;
        h[set >> b & 1] += r->h[b];
    }
    return g[0] * g[0] / (h[0] + l2) + g[1] * g[1] / (h[1] + l2);
}

static uint32_t search_rows(const search_rig *r, uint64_t set)
{
    uint32_t n = 0;

    for (uint32_t b = 0; b < r->feature.slots; b++)
        n += set >> b & 1 ? r->rows[b] : 0;
    return n;
}

/* Rows by their share of the hessian are no fewer than category_min_rows. */
static bool search_sorts(const search_rig *r, uint32_t b)
{
    double h = 0;

    for (uint32_t i = 0; i < r->feature.slots; i++)
        h += r->h[i];
    return r->rows[b] && floor(r->leaf.count / h * r->h[b] + 0.5) >=
                             r->fit.opt.category_min_rows;
}

/* The next category in the order of the mean, from the end that `way` says:
 * the least mean (way 1) or the greatest (-1) of those that are not taken. */
static int32_t search_next(const search_rig *r, uint64_t taken, int32_t way)
{
    const double smooth = r->fit.opt.category_smooth;
    double best = 0;
    int32_t at = -1;

    for (uint32_t i = 0; i < r->feature.slots; i++) {
        const uint32_t b = way > 0 ? i : r->feature.slots - 1 - i;
        const double mean =
            way * (double)r->cells[b].g / (r->h[b] + smooth);
        if (!search_sorts(r, b) || taken >> b & 1)
            continue;
        if (at < 0 || mean < best) {
            at = (int32_t)b;
            best = mean;
        }
    }
    return at;
}

/* The best set by the rules, each cut from the beginning; its gain. */
static double search_oracle(const search_rig *r, uint64_t *best_set)
{
    const gbt_options *o = &r->fit.opt;
    const double l2 = o->l2 + o->category_l2;
    double best = 0;
    uint32_t n = 0;

    for (uint32_t b = 0; b < r->feature.slots; b++)
        n += search_sorts(r, b);
    uint32_t most = (n + 1) / 2;
    if (o->category_most && o->category_most < most)
        most = o->category_most;
    *best_set = 0;
    for (int32_t way = 1; way >= -1; way -= 2) {
        uint64_t set = 0;
        uint32_t before = 0;
        for (uint32_t k = 0; k < most; k++) {
            set |= (uint64_t)1 << search_next(r, set, way);
            const uint32_t in = search_rows(r, set);
            const uint32_t out = r->leaf.count - in;
            if (in < o->min_rows || out < o->min_rows ||
                out < o->category_rows || in - before < o->category_rows)
                continue;
            before = in;
            const double gain = search_gain(r, set, l2);
            if (gain > best) {
                best = gain;
                *best_set = set;
            }
        }
    }
    return best;
}

static void search_by_the_rules(void **state)
{
    static const gbt_options options[] = {
        {.min_rows = 20, .l2 = 1, .category_smooth = 10,
         .category_min_rows = 10, .category_l2 = 10, .category_rows = 100,
         .category_most = 32},
        {.min_rows = 1, .category_smooth = 0, .category_rows = 1},
        {.min_rows = 5, .l2 = 3, .category_smooth = 3,
         .category_min_rows = 30, .category_l2 = 1, .category_rows = 1,
         .category_most = 3},
        {.min_rows = 150, .category_smooth = 30, .category_min_rows = 2,
         .category_l2 = 100, .category_rows = 40}};
    uint32_t found = 0;
    (void)state;

    for (uint32_t seed = 0; seed < 2000; seed++) {
        search_rig r;
        gbt_split best;
        uint64_t set, wanted;
        search_rig_new(&r, seed, 5 + seed % (SEARCH_BINS - 5),
                       seed % 3 ? 80 : 300);
        r.fit.opt = options[seed % 4];
        search_run(&r, &best, &set);
        const double gain = search_oracle(&r, &wanted);
        assert_int_equal(wanted, set);
        assert_near(best.gain, gain, 1e-9 * gain);
        if (set) {
            found++;
            assert_same(best.l2, r.fit.opt.l2 + r.fit.opt.category_l2);
            int64_t g = r.leaf.sum.g;
            for (uint32_t b = 0; b < r.feature.slots; b++)
                g -= set >> b & 1 ? r.cells[b].g : 0;
            assert_int_equal(g, best.left.g);
            assert_int_equal(r.leaf.count - search_rows(&r, set),
                             gbt_cell_rows(&r.fit, best.left));
        }
        mlpipe__free(category_ctx->env, r.fit.trees.set);
    }
    assert_true(found > 1500);
}

/* Categories of equal mean: in the order of bins, from either end, whether all
 * are sorted or the ends are picked. */
static void search_ties(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 500; seed++) {
        search_rig r;
        gbt_split best;
        uint64_t set, wanted;
        search_rig_new(&r, 20000 + seed, 12 + seed % 28, 3);
        r.leaf.sum = (gbt_cell){0, 0};
        r.leaf.count = 0;
        for (uint32_t b = 0; b < r.feature.slots; b++) {
            const uint64_t h = 4;
            r.rows[b] = 1;
            r.h[b] = 1;
            /* each mean is there a few times */
            r.cells[b].g = (int64_t)(7 * rig_uniform(1000 * seed + b, 4)) *
                           (1 << 20);
            r.cells[b].w = (h << SEARCH_SHIFT) + 1;
            r.leaf.sum.g += r.cells[b].g;
            r.leaf.sum.w += r.cells[b].w;
            r.leaf.count++;
        }
        r.fit.opt = (gbt_options){.min_rows = 1, .category_rows = 1,
                                  .category_most = seed % 5};
        search_run(&r, &best, &set);
        const double gain = search_oracle(&r, &wanted);
        assert_near(best.gain, gain, 1e-9 * gain);
        assert_int_equal(wanted, set);
        mlpipe__free(category_ctx->env, r.fit.trees.set);
    }
}

/* Without smoothing and limits no set at all is better than what is found. */
static void search_finds_the_best(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        search_rig r;
        gbt_split best;
        uint64_t set;
        double most = 0;
        search_rig_new(&r, 5000 + seed, 3 + seed % 8, 90);
        r.fit.opt = (gbt_options){.min_rows = 1, .category_rows = 1};
        search_run(&r, &best, &set);
        for (uint64_t s = 1; s < (uint64_t)1 << r.feature.slots; s++) {
            const uint32_t in = search_rows(&r, s);
            if (!in || in == r.leaf.count)
                continue;
            const double gain = search_gain(&r, s, 0);
            most = gain > most ? gain : most;
        }
        assert_near(best.gain, most, 1e-9 * most);
        mlpipe__free(category_ctx->env, r.fit.trees.set);
    }
}

/* Few categories: the best one against the rest, with l2 alone. */
static void search_few(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        search_rig r;
        gbt_split best;
        uint64_t set, wanted = 0;
        double most = 0;
        search_rig_new(&r, 9000 + seed, 4, 200);
        r.fit.opt = (gbt_options){.min_rows = 30, .l2 = 2,
                                  .category_l2 = 50, .category_rows = 100,
                                  .category_single = 4};
        search_run(&r, &best, &set);
        for (uint32_t b = 0; b < 4; b++) {
            const double gain = search_gain(&r, (uint64_t)1 << b, 2);
            if (r.rows[b] < 30 || r.leaf.count - r.rows[b] < 30 ||
                !(gain > most))
                continue;
            most = gain;
            wanted = (uint64_t)1 << b;
        }
        assert_int_equal(wanted, set);
        if (set)
            assert_same(best.l2, 2);
        mlpipe__free(category_ctx->env, r.fit.trees.set);
    }
}

/* ---- beside LightGBM ----------------------------------------------------- */

static uint64_t category_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* The rows of make_gbt_category.py. */
static void category_whole(rig_table *t, uint32_t k, uint32_t seed)
{
    const uint64_t base = (uint64_t)(100 * k + seed) << 32;
    int64_t total = 0;

    rig_table_new(t, GOLDEN_ROWS, 2);
    for (uint32_t f = 0; f < 2; f++)
        t->codes[f] = golden_case[k][f];
    for (uint64_t i = 0; i < t->rows; i++) {
        int64_t y = (int64_t)(category_mix(base + (1 << 25) + i) % 3001) -
                    1500;
        for (uint64_t f = 0; f < 2; f++) {
            const uint64_t n = golden_case[k][f];
            const uint64_t a = category_mix(base + 8 * i + 2 * f) % n;
            const uint64_t b = category_mix(base + 8 * i + 2 * f + 1) % n;
            const uint64_t c = a < b ? a : b;
            t->x[f][i] = (double)c;
            y += (int64_t)(category_mix(base + (1 << 24) + 1000 * f + c) %
                           2001) - 1000;
        }
        t->y[i] = (double)y;
        total += y;
    }
    for (uint32_t i = 0; total; i = (i + 1) % t->rows) {
        const int64_t step = total > 0 ? 1 : -1;
        t->y[i] -= (double)step;
        total -= step;
    }
}

/* The same sets, and values that are equal up to the steps of a leaf. */
static void category_golden(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < GOLDEN_CASES; k++)
        for (uint32_t seed = 0; seed < GOLDEN_SEEDS; seed++) {
            const uint32_t *c = golden_case[k];
            const char *at = golden_tree[k][seed].at;
            char text[300];
            rig_table t;
            rig_fit f;
            category_whole(&t, k, seed);
            snprintf(text, sizeof text,
                     "trees=1 rate=1 leaves=%u min_rows=%u l2=%u "
                     "category_smooth=%u category_min_rows=%u "
                     "category_l2=%u category_rows=%u category_most=%u "
                     "category_single=%u",
                     c[2], c[3], c[4], c[5], c[5], c[6], c[7], c[8], c[9]);
            category_fit(text, &t, NULL, &f);
            for (uint32_t a = 0; a < c[0]; a++)
                for (uint32_t b = 0; b < c[1]; b++, at++) {
                    const double x[2] = {a, b};
                    const uint32_t leaf = (uint32_t)(
                        *at <= '9' ? *at - '0' : *at - 'a' + 10);
                    assert_near(rig_predict(&f, x),
                                golden_tree[k][seed].leaf[leaf], 1e-6);
                }
            rig_fit_free(&f);
            rig_table_free(&t);
        }
}

/* ---- fits ---------------------------------------------------------------- */

/* Two numbers and two categories with effects that have no order; some values
 * are missing. */
static void category_table(rig_table *t, uint32_t rows, uint32_t levels,
                           uint32_t from, bool binary)
{
    rig_table_new(t, rows, 4);
    t->codes[2] = levels;
    t->codes[3] = 9;
    t->classes = binary ? 2 : 0;
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t id = from + i;
        const double u = rig_uniform(id, 2);
        t->x[0][i] = rig_normal(id, 0);
        t->x[1][i] = rig_normal(id, 1);
        t->x[2][i] = floor(levels * u * sqrt(u));
        t->x[3][i] = floor(9 * rig_uniform(id, 3));
        const double y = 1.5 * rig_normal((uint64_t)t->x[2][i], 20) +
                         rig_normal((uint64_t)t->x[3][i], 21) *
                             (t->x[0][i] > 0) +
                         0.3 * t->x[1][i] + 0.5 * rig_normal(id, 4);
        t->y[i] = binary ? y > 0 : y;
        if (rig_uniform(id, 5) < 0.05)
            t->x[2][i] = NAN;
        t->ids[i] = id;
    }
}

static double category_r2(const rig_fit *f, const rig_table *t)
{
    double *p = calloc(t->rows, sizeof *p);

    for (uint32_t i = 0; i < t->rows; i++)
        p[i] = rig_predict_row(f, t, i);
    const double r2 = mlpipe__metric_r2(t->y, p, NULL, t->rows);
    free(p);
    return r2;
}

/* The leaves of a set hold category_l2; those of a split of one side on a
 * number begin anew from their sums. */
static void category_leaf_values(void **state)
{
    rig_table t;
    rig_fit f;
    double sum[3] = {0, 0, 0}, n[3] = {0, 0, 0};
    (void)state;

    rig_table_new(&t, 1200, 2);
    t.codes[0] = 8;
    for (uint32_t i = 0; i < t.rows; i++) {
        t.x[0][i] = i % 8;
        t.x[1][i] = i / 8 % 2;
        /* codes 0 to 3 are low, and on the high side the number counts */
        t.y[i] = i % 8 < 4 ? -100 : t.x[1][i] > 0 ? 120 : 80;
    }
    category_fit("trees=1 rate=1 leaves=3 l2=3 category_l2=40", &t, NULL,
                 &f);
    for (uint32_t i = 0; i < t.rows; i++) {
        const uint32_t k = i % 8 < 4 ? 0 : t.x[1][i] > 0 ? 2 : 1;
        sum[k] += t.y[i];
        n[k]++;
    }
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t k = i % 8 < 4 ? 0 : t.x[1][i] > 0 ? 2 : 1;
        assert_near(rig_predict_row(&f, &t, i),
                    sum[k] / (n[k] + 3 + (k ? 0 : 40)), 1e-5);
    }
    rig_fit_free(&f);
    rig_table_free(&t);
}

static mlpipe__hash128 category_hash(uint32_t threads, const char *text,
                                     rig_table *t, rig_table *valid)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *ctx;
    rig_fit f;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_gbt, text,
                               MLPIPE__TASK_REGRESSION, t, valid, &f));
    const mlpipe__hash128 h = rig_hash(ctx, &f);
    rig_fit_free(&f);
    mlpipe_ctx_free(ctx);
    return h;
}

/* What 0 is for many rows and few, and with few there is still something to
 * say. */
static void category_small_data(void **state)
{
    static const uint32_t rows[] = {200, 1990, 2400, 4000, 9000};
    static const uint32_t group[] = {10, 99, 100, 100, 100};
    static const uint32_t least[] = {5, 5, 6, 10, 10};
    (void)state;

    for (uint32_t k = 0; k < 5; k++) {
        rig_table t, test;
        rig_fit f;
        char text[80];
        snprintf(text, sizeof text,
                 "trees=50 category_rows=%u category_min_rows=%u", group[k],
                 least[k]);
        category_table(&t, rows[k], 7, 0, false);
        category_table(&test, 2000, 7, rows[k], false);
        const mlpipe__hash128 a = category_hash(1, "trees=50", &t, NULL);
        const mlpipe__hash128 b = category_hash(1, text, &t, NULL);
        assert_memory_equal(&a, &b, sizeof a);
        category_fit("trees=50", &t, NULL, &f);
        assert_true(category_r2(&f, &test) > 0.6);
        rig_fit_free(&f);
        rig_table_free(&t);
        rig_table_free(&test);
    }
}

/* What a code is called says nothing, narrow or wide. */
static void category_names(void **state)
{
    static const uint32_t levels[] = {50, 700};
    (void)state;

    for (uint32_t k = 0; k < 2; k++) {
        rig_table t, u;
        rig_fit a, b;
        category_table(&t, 30000, levels[k], 0, false);
        category_table(&u, 30000, levels[k], 0, false);
        for (uint32_t i = 0; i < u.rows; i++)
            if (!isnan(u.x[2][i]))
                u.x[2][i] = (uint32_t)(u.x[2][i] * 37 + 11) % levels[k];
        category_fit("trees=30", &t, NULL, &a);
        category_fit("trees=30", &u, NULL, &b);
        for (uint32_t i = 0; i < t.rows; i += 7)
            assert_same(rig_predict_row(&a, &t, i),
                        rig_predict_row(&b, &u, i));
        rig_fit_free(&a);
        rig_fit_free(&b);
        rig_table_free(&t);
        rig_table_free(&u);
    }
}

/* ---- more categories than a byte tells ----------------------------------- */

enum { WIDE_LEVELS = 900 };

/* Each has a bin of its own; where they have not, most is lost. */
static void wide_learns(void **state)
{
    rig_table t, test;
    rig_fit f, g;
    (void)state;

    category_table(&t, 40000, WIDE_LEVELS, 0, false);
    category_table(&test, 4000, WIDE_LEVELS, 40000, false);
    category_fit("trees=100", &t, NULL, &f);
    category_fit("trees=100 category_bins=254", &t, NULL, &g);
    assert_true(category_r2(&f, &test) > 0.75);
    assert_true(category_r2(&f, &test) > category_r2(&g, &test) + 0.1);
    rig_fit_free(&f);
    rig_fit_free(&g);
    rig_table_free(&t);
    rig_table_free(&test);
}

/* What boosting added up, for rows in the bag and others, in training and in
 * validation, is what the stored trees say. */
static void wide_training_is_prediction(void **state)
{
    rig_table t, valid;
    rig_fit f;
    double loss[2] = {0, 0};
    (void)state;

    category_table(&t, 8000, WIDE_LEVELS, 0, false);
    category_table(&valid, 3000, WIDE_LEVELS, 8000, false);
    for (uint32_t i = 0; i < valid.rows; i += 11)
        valid.x[2][i] = WIDE_LEVELS + i; /* no code of training */
    category_fit("trees=60 rows=0.6 columns=0.6", &t, &valid, &f);
    for (uint32_t k = 0; k < 2; k++) {
        rig_table *u = k ? &valid : &t;
        for (uint32_t i = 0; i < u->rows; i++) {
            double x[4];
            for (uint32_t c = 0; c < 4; c++)
                x[c] = u->x[c][i];
            x[2] = x[2] >= WIDE_LEVELS ? -1 : x[2];
            const double d = rig_predict(&f, x) - u->y[i];
            loss[k] += d * d / u->rows;
        }
    }
    assert_near(mlpipe_report_get(f.notes, "train_loss") / loss[0], 1, 1e-12);
    assert_near(mlpipe_report_get(f.notes, "valid_loss") / loss[1], 1, 1e-12);
    rig_fit_free(&f);
    rig_table_free(&t);
    rig_table_free(&valid);
}

/* 20 features, so that a wide one lies in each block and one block has no
 * other; the same bytes for any number of threads and order of rows. */
static void wide_same(void **state)
{
    const char *const text = "trees=6 rows=0.8 columns=0.8 leaves=20";
    rig_table t, u;
    (void)state;

    rig_table_new(&t, 30000, 17);
    rig_table_new(&u, 30000, 17);
    t.codes[3] = u.codes[3] = 400;
    t.codes[16] = u.codes[16] = 1500;
    for (uint32_t i = 0; i < t.rows; i++) {
        for (uint32_t f = 0; f < 17; f++)
            t.x[f][i] = t.codes[f] ? floor(t.codes[f] * rig_uniform(i, f))
                                   : rig_normal(i, f);
        t.y[i] = rig_normal((uint64_t)t.x[3][i], 30) +
                 rig_normal((uint64_t)t.x[16][i], 31) + t.x[0][i];
    }
    for (uint32_t i = 0; i < t.rows; i++) {
        const uint32_t from = (i * 1237 + 11) % t.rows;
        for (uint32_t f = 0; f < 17; f++)
            u.x[f][i] = t.x[f][from];
        u.y[i] = t.y[from];
        u.ids[i] = t.ids[from];
    }
    const mlpipe__hash128 one = category_hash(1, text, &t, NULL);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        const mlpipe__hash128 h = category_hash(threads, text, &u, NULL);
        assert_memory_equal(&h, &one, sizeof h);
    }
    rig_table_free(&t);
    rig_table_free(&u);
}

static void wide_starves(void **state)
{
    rig_table t, other;
    (void)state;

    category_table(&t, 4000, 400, 0, true);
    category_table(&other, 60, 400, 4000, true);
    rig_starve(&mlpipe__learner_gbt, "trees=2 leaves=6 category_min_rows=1",
               MLPIPE__TASK_BINARY, &t, &other);
    rig_table_free(&t);
    rig_table_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_by_the_rules),
        cmocka_unit_test(search_ties),
        cmocka_unit_test(search_finds_the_best),
        cmocka_unit_test(search_few),
        cmocka_unit_test(category_golden),
        cmocka_unit_test(category_leaf_values),
        cmocka_unit_test(category_small_data),
        cmocka_unit_test(category_names),
        cmocka_unit_test(wide_learns),
        cmocka_unit_test(wide_training_is_prediction),
        cmocka_unit_test(wide_same),
        cmocka_unit_test(wide_starves),
    };
    return cmocka_run_group_tests(tests, category_open, category_close);
}
