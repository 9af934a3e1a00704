/* SPDX-License-Identifier: MIT */
/* States of learners that merge: parts of the rows, saved, loaded and merged,
 * and bytes that no rows add up to. */
#include "train_rig.h"

#include "train/linear_types.h"
#include "train/naive_bayes.h"

static mlpipe_ctx *states_ctx;
static uint64_t states_live;

static int states_open(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &states_ctx))
        return -1;
    states_live = atomic_load(&states_ctx->env->live);
    return 0;
}

static int states_close(void **state)
{
    const uint64_t live = atomic_load(&states_ctx->env->live);
    (void)state;

    mlpipe_ctx_free(states_ctx);
    return live == states_live ? 0 : -1;
}

static mlpipe__text states_text(void)
{
    mlpipe__text t;

    mlpipe__text_init(&t, states_ctx->env);
    return t;
}

static void states_same(mlpipe__text *got, const mlpipe__text *want)
{
    assert_false(got->failed || want->failed);
    assert_int_equal(got->size, want->size);
    assert_memory_equal(got->data, want->data, want->size);
    mlpipe__text_free(got);
}

/* ---- naive Bayes -------------------------------------------------------- */

enum { ROWS = 500, FEATURES = 4, CLASSES = 3, PARTS = 5 };

static const mlpipe__feature states_feature[FEATURES] = {
    {"a", MLPIPE__NUMBER, 0, true},
    {"b", MLPIPE__CODE, 5, true},
    {"c", MLPIPE__NUMBER, 0, true},
    {"d", MLPIPE__CODE, 2, true}};

static void bayes_rows(bayes_state *s, uint32_t from, uint32_t to)
{
    double x[FEATURES * ROWS], y[ROWS], w[ROWS];
    uint8_t valid[FEATURES * ROWS];
    const uint32_t n = to - from;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t row = from + i;
        y[i] = row % 7 % CLASSES;
        w[i] = rig_uniform(row, 0) * (row % 5);
        for (uint32_t f = 0; f < FEATURES; f++) {
            x[f * n + i] = f % 2 ? row % 11 % 6 /* 5 was never seen */
                                 : 1e8 * rig_normal(row, 2 * f + 1) +
                                       rig_normal(row, 2 * f + 2);
            valid[f * n + i] = (row + f) % 9 > 0;
        }
    }
    mlpipe__bayes_update(s, n, x, valid, y, s->counts ? w : NULL);
}

static void bayes_new(bayes_state *s, bool weighted, uint32_t from,
                      uint32_t to)
{
    assert_true(mlpipe__bayes_init(s, states_ctx->env, states_feature,
                                   FEATURES, CLASSES, weighted));
    bayes_rows(s, from, to);
}

static mlpipe__text bayes_bytes(const bayes_state *s)
{
    mlpipe__text t = states_text();

    mlpipe__bayes_save(s, &t);
    assert_false(t.failed);
    return t;
}

static bool bayes_loaded(const mlpipe__text *t, size_t size, bayes_state *s)
{
    mlpipe__cursor in;
    bool good;

    mlpipe__cursor_init(&in, t->data, size);
    good = mlpipe__bayes_load(s, states_ctx->env, states_feature, FEATURES,
                              CLASSES, &in);
    assert_true(good != in.failed);
    if (!good || mlpipe__cursor_done(&in))
        return good;
    mlpipe__bayes_free(s); /* a changed length leaves some over */
    return false;
}

/* Any cuts, one part of them empty, in any order: the bytes of the whole. */
static void bayes_partitions(void **state)
{
    (void)state;
    for (uint32_t turn = 0; turn < 12; turn++) {
        const bool weighted = turn % 2;
        bayes_state all, one, back, sum;
        mlpipe__text want, got;
        uint32_t cut[PARTS + 1] = {0}, order[PARTS] = {0};

        for (uint32_t i = 1; i < PARTS; i++) {
            cut[i] = cut[i - 1] + (uint32_t)(rig_uniform(turn, i) *
                                             (ROWS - cut[i - 1]));
            if (i == 3)
                cut[i] = cut[i - 1];
        }
        cut[PARTS] = ROWS;
        for (uint32_t i = 1; i < PARTS; i++) {
            const uint32_t k = (uint32_t)(rig_uniform(turn, 90 + i) * (i + 1));
            order[i] = order[k];
            order[k] = i;
        }
        bayes_new(&all, weighted, 0, ROWS);
        bayes_new(&sum, weighted, 0, 0);
        for (uint32_t i = 0; i < PARTS; i++) {
            bayes_new(&one, weighted, cut[order[i]], cut[order[i] + 1]);
            got = bayes_bytes(&one);
            assert_true(bayes_loaded(&got, got.size, &back));
            mlpipe__text_free(&got);
            assert_true(mlpipe__bayes_merge(&sum, &back));
            mlpipe__bayes_free(&one);
            mlpipe__bayes_free(&back);
        }
        want = bayes_bytes(&all);
        got = bayes_bytes(&sum);
        states_same(&got, &want);
        mlpipe__text_free(&want);
        mlpipe__bayes_free(&all);
        mlpipe__bayes_free(&sum);
    }
}

/* What was loaded goes on as what was saved. */
static void bayes_goes_on(void **state)
{
    (void)state;
    for (uint32_t weighted = 0; weighted < 2; weighted++) {
        bayes_state s, back;
        mlpipe__text a, b;

        bayes_new(&s, weighted, 0, 200);
        a = bayes_bytes(&s);
        assert_true(bayes_loaded(&a, a.size, &back));
        mlpipe__text_free(&a);
        bayes_rows(&s, 200, ROWS);
        bayes_rows(&back, 200, ROWS);
        a = bayes_bytes(&s);
        b = bayes_bytes(&back);
        states_same(&b, &a);
        mlpipe__text_free(&a);
        mlpipe__bayes_free(&s);
        mlpipe__bayes_free(&back);
    }
}

/* All that is asked of a state; what is saved of it is read again. */
static void bayes_use(bayes_state *s, const bayes_state *good)
{
    bayes_state again;
    mlpipe__text a, b;
    double w, mean, var;

    for (uint32_t turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < s->classes * s->numbers; i++) {
            mlpipe__bayes_spread(&s->moments[i], &w, &mean, &var);
            assert_true(w > 0 ? var >= 0 && mlpipe__finite(mean) : var != var);
        }
        for (uint32_t k = 0; k < s->cells; k++)
            assert_true(mlpipe__bayes_count(s, 0, s->classes, k) >= 0);
        a = bayes_bytes(s);
        assert_true(turn || bayes_loaded(&a, a.size, &again));
        if (!turn) {
            b = bayes_bytes(&again);
            mlpipe__bayes_free(&again);
            states_same(&b, &a);
        }
        mlpipe__text_free(&a);
        assert_int_equal(!s->counts == !good->counts,
                         mlpipe__bayes_merge(s, good));
    }
}

static void bayes_bad_bytes(void **state)
{
    uint32_t taken = 0, all = 0;
    (void)state;

    for (uint32_t weighted = 0; weighted < 2; weighted++) {
        bayes_state good, s;
        mlpipe__text saved;

        bayes_new(&good, weighted, 0, 40);
        saved = bayes_bytes(&good);
        for (size_t n = 0; n < saved.size; n++)
            assert_false(bayes_loaded(&saved, n, &s));
        for (size_t i = 0; i < saved.size; i++)
            for (uint32_t k = 0; k < 11; k++, all++) {
                const int wrong = k < 8 ? 1 << k : k < 10 ? 255 >> (k - 8)
                                                          : 0x5a;
                saved.data[i] = (char)(saved.data[i] ^ wrong);
                if (bayes_loaded(&saved, saved.size, &s)) {
                    bayes_use(&s, &good);
                    mlpipe__bayes_free(&s);
                    taken++;
                }
                saved.data[i] = (char)(saved.data[i] ^ wrong);
            }
        mlpipe__text_free(&saved);
        mlpipe__bayes_free(&good);
    }
    assert_true(taken > 0 && taken < all);
    print_message("# %u of %u changed states are taken\n", taken, all);
}

static void bayes_refused(const bayes_state *s, bool good)
{
    mlpipe__text t = bayes_bytes(s);
    bayes_state back;

    assert_int_equal(good, bayes_loaded(&t, t.size, &back));
    if (good)
        mlpipe__bayes_free(&back);
    mlpipe__text_free(&t);
}

/* States that no rows add up to. */
static void bayes_contradicts(void **state)
{
    bayes_state s, w, other;
    mlpipe__text t;
    mlpipe__cursor in;
    (void)state;

    bayes_new(&s, false, 0, ROWS);
    bayes_new(&w, true, 0, ROWS);
    bayes_refused(&s, true);
    bayes_refused(&w, true);
    assert_false(mlpipe__bayes_merge(&s, &w));
    assert_false(mlpipe__bayes_merge(&w, &s));

    s.tally[0] += 1000; /* more than the class has */
    bayes_refused(&s, false);
    s.tally[0] -= 1000;
    mlpipe__exact_add(&w.counts[0], 1e9);
    bayes_refused(&w, false);
    mlpipe__exact_add(&w.counts[0], -1e9);
    mlpipe__exact_add(&s.prior[1], 0.5); /* no row is half a row */
    bayes_refused(&s, false);
    mlpipe__exact_add(&s.prior[1], -0.5);
    mlpipe__exact_add(&s.moments[2].wx, 1e160); /* a mean beyond the values */
    bayes_refused(&s, false);
    mlpipe__exact_add(&s.moments[2].wx, -1e160);
    mlpipe__exact_add(&s.moments[2].wxx, -1e30); /* a negative square */
    bayes_refused(&s, false);
    mlpipe__exact_add(&s.moments[2].wxx, 1e30);
    mlpipe__exact_add(&w.prior[0], -1e30);
    bayes_refused(&w, false);
    mlpipe__exact_add(&w.prior[0], 1e30);
    mlpipe__exact_add_product(&w.prior[0], 1e200, 1e200);
    bayes_refused(&w, false);
    mlpipe__exact_add_product(&w.prior[0], -1e200, 1e200);
    bayes_refused(&s, true);
    bayes_refused(&w, true);

    t = bayes_bytes(&s);
    for (uint32_t turn = 0; turn < 3; turn++) { /* of something else */
        mlpipe__feature f[FEATURES];

        memcpy(f, states_feature, sizeof f);
        f[1].codes += turn == 2;
        mlpipe__cursor_init(&in, t.data, t.size);
        assert_false(mlpipe__bayes_load(&other, states_ctx->env, f,
                                        FEATURES - (turn == 1),
                                        CLASSES + (turn == 0), &in));
        assert_true(in.failed);
    }
    mlpipe__text_free(&t);
    mlpipe__bayes_free(&s);
    mlpipe__bayes_free(&w);
}

/* ---- the Gram matrix ---------------------------------------------------- */

enum { GRAM_P = 5, GRAM_N = 9001, GRAM_FOLDS = 3 };

/* Rows from .. to - 1 of a table, with their ids. */
static void gram_fit_rows(const rig_table *t, uint32_t from, uint32_t to,
                          mlpipe__gram *g)
{
    rig_table part = *t;
    const mlpipe__fit_job job = {.ctx = states_ctx, .name = "x", .seed = 3,
                                 .train = rig_frame(&part)};

    part.rows = to - from;
    for (uint32_t f = 0; f < t->features; f++)
        part.x[f] += from;
    part.y += from;
    part.w = t->w ? t->w + from : NULL;
    part.ids += from;
    rig_frame(&part);
    assert_ok(states_ctx, mlpipe__gram_fit(&job, true, GRAM_FOLDS, g));
}

static mlpipe__text gram_bytes(const mlpipe__gram *g)
{
    mlpipe__text t = states_text();

    mlpipe__gram_save(g, &t);
    assert_false(t.failed);
    return t;
}

static bool gram_loaded(const mlpipe__text *t, size_t size, mlpipe__gram *g)
{
    mlpipe__cursor in;
    bool good;

    mlpipe__cursor_init(&in, t->data, size);
    good = mlpipe__gram_load(g, states_ctx->env, GRAM_P, GRAM_FOLDS, &in);
    assert_true(good != in.failed);
    assert_true(!good || size != t->size || mlpipe__cursor_done(&in));
    return good;
}

static void gram_table(rig_table *t, bool weighted)
{
    rig_table_new(t, GRAM_N, GRAM_P);
    t->w = weighted ? calloc(GRAM_N, sizeof *t->w) : NULL;
    for (uint32_t i = 0; i < GRAM_N; i++) {
        for (uint32_t f = 0; f < GRAM_P; f++)
            t->x[f][i] = rig_normal(i, f) + 1000.0 * f +
                         (i > GRAM_N / 2 ? 3 : 0);
        t->y[i] = t->x[1][i] - 2 * t->x[3][i] + rig_normal(i, GRAM_P);
        if (weighted)
            t->w[i] = i % 4;
    }
}

/* All folds but each, and each fold's error, by one matrix and by another. */
static void gram_close(const mlpipe__gram *a, const mlpipe__gram *b)
{
    mlpipe__moments m = {0}, n = {0};
    double *sum = calloc((size_t)a->q * a->q, sizeof *sum);
    const double w[GRAM_P] = {0.5, -1, 2, 0, 1};
    double weight[2];

    assert_true(mlpipe__moments_init(states_ctx->env, GRAM_P, &m));
    assert_true(mlpipe__moments_init(states_ctx->env, GRAM_P, &n));
    for (uint32_t k = 0; k <= GRAM_FOLDS; k++) {
        const uint32_t out = k < GRAM_FOLDS ? k : UINT32_MAX;

        mlpipe__moments_fill(a, out, true, sum, &m);
        mlpipe__moments_fill(b, out, true, sum, &n);
        assert_near(m.weight, n.weight, 1e-14);
        assert_near(m.yy, n.yy, 1e-11);
        for (uint32_t i = 0; i < GRAM_P * GRAM_P; i++)
            assert_near(m.a[i], n.a[i], 1e-10);
        for (uint32_t i = 0; i < GRAM_P; i++)
            assert_near(m.b[i], n.b[i], 1e-10);
        for (uint32_t i = 0; i <= GRAM_P; i++)
            assert_near(m.mean[i], n.mean[i], 1e-13);
        if (k < GRAM_FOLDS) {
            assert_near(mlpipe__gram_error(a, k, &m, w, &weight[0]),
                        mlpipe__gram_error(b, k, &n, w, &weight[1]), 1e-10);
            assert_near(weight[0], weight[1], 1e-14);
        }
    }
    mlpipe__moments_free(states_ctx->env, &m);
    mlpipe__moments_free(states_ctx->env, &n);
    free(sum);
}

/* What was loaded has the bits of what was saved, and merges as that does;
 * the whole is equal but for rounding. */
static void gram_partitions(void **state)
{
    static const uint32_t cut[] = {0, 4096, 4103, 7000, GRAM_N};
    static const uint32_t order[][4] = {{0, 1, 2, 3}, {3, 1, 0, 2}};
    (void)state;

    for (uint32_t turn = 0; turn < 4; turn++) {
        mlpipe__gram all, part, back, sum = {0}, same = {0};
        mlpipe__text a, b;
        rig_table t;

        gram_table(&t, turn / 2);
        gram_fit_rows(&t, 0, GRAM_N, &all);
        for (uint32_t i = 0; i < 4; i++) {
            const uint32_t k = order[turn % 2][i];

            gram_fit_rows(&t, cut[k], cut[k + 1], &part);
            a = gram_bytes(&part);
            assert_true(gram_loaded(&a, a.size, &back));
            b = gram_bytes(&back);
            states_same(&b, &a);
            mlpipe__text_free(&a);
            if (!i) {
                sum = part;
                same = back;
                continue;
            }
            assert_true(mlpipe__gram_merge(&sum, &part));
            assert_true(mlpipe__gram_merge(&same, &back));
            mlpipe__gram_free(&part);
            mlpipe__gram_free(&back);
        }
        a = gram_bytes(&sum);
        b = gram_bytes(&same);
        states_same(&b, &a);
        mlpipe__text_free(&a);
        gram_close(&sum, &all);
        mlpipe__gram_free(&sum);
        mlpipe__gram_free(&same);
        mlpipe__gram_free(&all);
        rig_table_free(&t);
    }
}

static void gram_bad_bytes(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    mlpipe__gram g, back;
    mlpipe__text saved;
    mlpipe__cursor in;
    rig_table t;
    (void)state;

    gram_table(&t, false);
    gram_fit_rows(&t, 0, 100, &g);
    saved = gram_bytes(&g);
    for (size_t n = 0; n < saved.size; n++)
        assert_false(gram_loaded(&saved, n, &back));
    for (size_t i = 0; i < 12; i++) { /* the format and the shape */
        saved.data[i] ^= 1;
        assert_false(gram_loaded(&saved, saved.size, &back));
        saved.data[i] ^= 1;
    }
    for (size_t i = 16; i < saved.size; i += sizeof(double))
        for (uint32_t k = 0; k < 3; k++) {
            double old;
            memcpy(&old, saved.data + i, sizeof old);
            memcpy(saved.data + i, &odd[k], sizeof old);
            assert_false(gram_loaded(&saved, saved.size, &back));
            memcpy(saved.data + i, &old, sizeof old);
        }
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe__cursor_init(&in, saved.data, saved.size);
        assert_false(mlpipe__gram_load(&back, states_ctx->env, GRAM_P + k,
                                       GRAM_FOLDS + 1 - k, &in));
    }
    assert_true(gram_loaded(&saved, saved.size, &back));
    back.folds--;
    assert_false(mlpipe__gram_merge(&g, &back));
    back.folds++;
    back.sum[(size_t)back.q * back.q - 1] = -1; /* a weight */
    mlpipe__text_free(&saved);
    saved = gram_bytes(&back);
    mlpipe__gram_free(&back);
    assert_false(gram_loaded(&saved, saved.size, &back));
    mlpipe__text_free(&saved);
    mlpipe__gram_free(&g);
    rig_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STATES_TEST(name) \
    cmocka_unit_test_setup_teardown(name, states_open, states_close)
        STATES_TEST(bayes_partitions),
        STATES_TEST(bayes_goes_on),
        STATES_TEST(bayes_bad_bytes),
        STATES_TEST(bayes_contradicts),
        STATES_TEST(gram_partitions),
        STATES_TEST(gram_bad_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
