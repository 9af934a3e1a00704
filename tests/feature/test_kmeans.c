/* SPDX-License-Identifier: MIT */
/* kmeans against scikit-learn from given starts, and against all distances. */
#include "values_rig.h"

#include "feature/kmeans_types.h"
#include "golden/cluster.h"
#include "report_table.h"

enum { N = CLUSTER_N, D = CLUSTER_D, MOST = 3 * KMEANS_BLOCK + 77 };

static mlpipe_ctx *kmeans_ctx(uint32_t threads)
{
    mlpipe_ctx_options o = {.threads = threads};
    mlpipe_ctx *c;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    return c;
}

static double unit(uint64_t row, uint32_t column)
{
    return mlpipe__random_unit(3, MLPIPE__FOR_TEST, column, row, 0);
}

/* ---- from given starts -------------------------------------------------- */

static void golden(const double *start, const double *w,
                   const double *centres, const double *figures)
{
    mlpipe_ctx *c = kmeans_ctx(1);
    const mlpipe__kmeans_options o = {.k = CLUSTER_K, .repeats = 1,
                                      .iterations = 300, .tol = 1e-4,
                                      .start = start};
    mlpipe__kmeans fit;

    assert_ok(c, mlpipe__kmeans_fit(c, "test", cluster_x, w, N, D, &o, &fit));
    for (uint32_t i = 0; i < CLUSTER_K * D; i++)
        assert_near(fit.centre[i], centres[i], 1e-12);
    assert_near(fit.inertia, figures[0], 1e-12);
    assert_int_equal((int)figures[1], fit.iterations);
    assert_true(fit.converged);
    mlpipe__kmeans_free(&fit);
    mlpipe_ctx_free(c);
}

static void the_same_as_lloyd(void **state)
{
    (void)state;
    golden(cluster_x, NULL, cluster_plain_centres, cluster_plain_figures);
    golden(cluster_x, cluster_w, cluster_weighted_centres,
           cluster_weighted_figures);
}

/* A start that no row is near to moves to the farthest row. */
static void no_centre_without_rows(void **state)
{
    (void)state;
    golden(cluster_away, NULL, cluster_away_centres, cluster_away_figures);
}

/* ---- starts ------------------------------------------------------------- */

/* Of ten fits alone the mean varies by a hundredth. */
static void inertia_as_good(void **state)
{
    mlpipe_ctx *c = kmeans_ctx(1);
    double mean = 0;
    (void)state;

    for (uint64_t seed = 0; seed < 100; seed++) {
        const mlpipe__kmeans_options o = {.k = CLUSTER_MANY, .repeats = 1,
                                          .iterations = 300, .tol = 1e-4,
                                          .seed = seed};
        mlpipe__kmeans fit;

        assert_ok(c, mlpipe__kmeans_fit(c, "test", cluster_x, NULL, N, D, &o,
                                        &fit));
        mean += fit.inertia / 100;
        mlpipe__kmeans_free(&fit);
    }
    if (!(mean <= 1.01 * cluster_many_inertia[0]))
        fail_msg("inertia %g, scikit-learn has %g", mean,
                 cluster_many_inertia[0]);
    mlpipe_ctx_free(c);
}

/* The best of several starts is no worse than the first of them. */
static void repeats_help(void **state)
{
    mlpipe_ctx *c = kmeans_ctx(1);
    double last = INFINITY;
    (void)state;

    for (uint32_t repeats = 1; repeats < 20; repeats += 6) {
        const mlpipe__kmeans_options o = {
            .k = CLUSTER_MANY, .repeats = repeats, .iterations = 300,
            .tol = 1e-4, .seed = 4, .plain = true};
        mlpipe__kmeans fit;

        assert_ok(c, mlpipe__kmeans_fit(c, "test", cluster_x, NULL, N, D, &o,
                                        &fit));
        assert_true(fit.inertia <= last);
        last = fit.inertia;
        mlpipe__kmeans_free(&fit);
    }
    mlpipe_ctx_free(c);
}

/* ---- exact, for any threads and vectors --------------------------------- */

/* Sizes and inertia by all distances to all centres. */
static void brute(const double *x, uint32_t n, uint32_t d,
                  const mlpipe__kmeans *fit)
{
    uint64_t *size = calloc(fit->k, sizeof *size);
    double inertia = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t best = 0;
        double least = INFINITY;

        for (uint32_t k = 0; k < fit->k; k++) {
            const double near = kmeans_distance(x + (size_t)i * d,
                                                fit->centre + (size_t)k * d,
                                                d);
            if (near < least) {
                least = near;
                best = k;
            }
        }
        size[best]++;
        inertia += least;
    }
    for (uint32_t k = 0; k < fit->k; k++)
        assert_int_equal(size[k], fit->size[k]);
    assert_near(fit->inertia, inertia, 1e-12);
    free(size);
}

/* Values on a grid are as near to one centre as to another, often. */
static void every_row_is_with_the_nearest(void **state)
{
    static const uint32_t columns[] = {1, 2, 7, 8, 9, 17, 40};
    mlpipe_ctx *c = kmeans_ctx(1);
    double *x = malloc((size_t)3000 * 40 * sizeof *x);
    (void)state;

    for (uint32_t turn = 0; turn < 21; turn++) {
        const uint32_t d = columns[turn % 7], n = 2000 + 37 * turn;
        const mlpipe__kmeans_options o = {
            .k = 1 + turn * 2, .repeats = 1, .iterations = 1 + turn % 4,
            .seed = turn, .plain = turn % 2};
        mlpipe__kmeans fit;

        for (size_t i = 0; i < (size_t)n * d; i++)
            x[i] = turn < 7    ? floor(4 * unit(i, 1)) + 1e6
                   : turn < 14 ? unit(i, 2) * 1e-9 + 1
                               : 1e100 * (unit(i, 3) - 0.5);
        assert_ok(c, mlpipe__kmeans_fit(c, "test", x, NULL, n, d, &o, &fit));
        brute(x, n, d, &fit);
        mlpipe__kmeans_free(&fit);
    }
    free(x);
    mlpipe_ctx_free(c);
}

static void fitted(uint32_t threads, uint32_t vector, const double *x,
                   const double *w, uint32_t n, mlpipe__kmeans *fit,
                   mlpipe_ctx **c)
{
    const mlpipe__kmeans_options o = {.k = 13, .repeats = 2, .iterations = 9,
                                      .tol = 1e-9, .seed = 5,
                                      .vector = vector};

    *c = kmeans_ctx(threads);
    assert_ok(*c, mlpipe__kmeans_fit(*c, "test", x, w, n, 7, &o, fit));
}

static void the_same_bits(const mlpipe__kmeans *a, const mlpipe__kmeans *b)
{
    assert_int_equal(a->k, b->k);
    assert_memory_equal(a->centre, b->centre, a->k * 7 * sizeof(double));
    assert_memory_equal(a->size, b->size, a->k * sizeof *a->size);
    assert_same(a->inertia, b->inertia);
    assert_int_equal(a->iterations, b->iterations);
}

static void threads_and_vectors_change_no_bit(void **state)
{
    double *x = malloc((size_t)MOST * 7 * sizeof *x);
    double *w = malloc((size_t)MOST * sizeof *w);
    (void)state;

    for (size_t i = 0; i < (size_t)MOST * 7; i++)
        x[i] = unit(i, 4) + (i / 7 % 5 == 0 ? 3 : 0);
    for (size_t i = 0; i < MOST; i++)
        w[i] = i % 3 ? unit(i, 5) : 0;
    for (uint32_t weighted = 0; weighted < 2; weighted++) {
        mlpipe__kmeans one;
        mlpipe_ctx *c;

        fitted(1, 0, x, weighted ? w : NULL, MOST, &one, &c);
        for (uint32_t turn = 0; turn < 3; turn++) {
            mlpipe__kmeans two;
            mlpipe_ctx *e;

            fitted(turn + 1,
                   turn == 1 && mlpipe__has_avx2() ? 32 : turn ? 0 : 16, x,
                   weighted ? w : NULL, MOST, &two, &e);
            the_same_bits(&one, &two);
            mlpipe__kmeans_free(&two);
            mlpipe_ctx_free(e);
        }
        mlpipe__kmeans_free(&one);
        mlpipe_ctx_free(c);
    }
    free(w);
    free(x);
}

/* Weight 0 is a row that is not there, to the bit; weight 2 is two rows. */
static void weights_are_rows(void **state)
{
    enum { FEW = 900 };
    static double x[2 * FEW * 7], w[FEW], less[2 * FEW * 7], own[FEW];
    mlpipe__kmeans a, b;
    mlpipe_ctx *c, *e;
    uint32_t n = 0, kept = 0;
    (void)state;

    for (size_t i = 0; i < FEW * 7; i++)
        x[i] = unit(i, 6) + (double)(i / 7 % 4) * 2;
    for (uint32_t i = 0; i < FEW; i++)
        w[i] = i % 3;
    for (uint32_t i = 0; i < FEW; i++)
        if (w[i] > 0) {
            memcpy(less + kept * 7, x + i * 7, 7 * sizeof *x);
            own[kept++] = w[i];
        }
    fitted(1, 0, x, w, FEW, &a, &c);
    fitted(1, 0, less, own, kept, &b, &e);
    the_same_bits(&a, &b);
    mlpipe__kmeans_free(&a);
    mlpipe__kmeans_free(&b);
    mlpipe_ctx_free(e);
    for (uint32_t i = 0; i < FEW; i++)
        for (uint32_t k = 0; k < i % 3; k++)
            memcpy(less + n++ * 7, x + i * 7, 7 * sizeof *x);
    const mlpipe__kmeans_options o = {.k = 5, .repeats = 1, .iterations = 50,
                                      .tol = 1e-9, .start = x};
    assert_ok(c, mlpipe__kmeans_fit(c, "test", x, w, FEW, 7, &o, &a));
    assert_ok(c, mlpipe__kmeans_fit(c, "test", less, NULL, n, 7, &o, &b));
    for (uint32_t i = 0; i < 35; i++)
        assert_near(a.centre[i], b.centre[i], 1e-14);
    assert_near(a.inertia, b.inertia, 1e-13);
    mlpipe__kmeans_free(&a);
    mlpipe__kmeans_free(&b);
    mlpipe_ctx_free(c);
}

/* Weights count by their shares: all of them 2^1000 or 2^-1000 times as large
 * are the same, to the bit. */
static void weights_of_any_size(void **state)
{
    enum { FEW = 300 };
    static double x[FEW * 7], w[FEW], other[FEW];
    mlpipe__kmeans a, b;
    mlpipe_ctx *c, *e;
    (void)state;

    for (uint32_t i = 0; i < FEW * 7; i++)
        x[i] = 1e30 * (unit(i, 6) + (double)(i / 7 % 4) * 2);
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < FEW; i++) {
            w[i] = 1 + i % 3;
            other[i] = w[i] * (k ? 0x1p-1000 : 0x1p1000);
        }
        fitted(1, 0, x, w, FEW, &a, &c);
        fitted(1, 0, x, other, FEW, &b, &e);
        assert_int_equal(a.iterations, b.iterations);
        assert_memory_equal(a.centre, b.centre,
                            a.k * 7 * sizeof *a.centre);
        assert_memory_equal(a.size, b.size, a.k * sizeof *a.size);
        mlpipe__kmeans_free(&a);
        mlpipe__kmeans_free(&b);
        mlpipe_ctx_free(c);
        mlpipe_ctx_free(e);
    }
}

/* ---- the step ----------------------------------------------------------- */

static const char *const kmeans_name[] = {"a", "b", "c", "d", "e"};

static void kmeans_open(step_rig *r, double column[D][N])
{
    rig_open(r, N);
    for (uint32_t c = 0; c < D; c++) {
        for (uint32_t i = 0; i < N; i++)
            column[c][i] = cluster_x[i * D + c];
        rig_column(r, kmeans_name[c], column[c], NULL, 0);
    }
}

static void kmeans_features(void **state)
{
    static double column[D][N], cluster[N], far[CLUSTER_K][N];
    mlpipe_report *notes, *sealed;
    uint64_t size[CLUSTER_K] = {0};
    const mlpipe__report_cell *cell;
    uint32_t told;
    char name[32];
    step_rig r;
    (void)state;

    kmeans_open(&r, column);
    notes = mlpipe__report_new(r.ctx->env, "fit");
    for (uint32_t c = 0; c < D; c++)
        r.plan.vars[c].nullable = false;
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_kmeans,
                                 "k=6 output=both", NULL, notes));
    assert_int_equal(D + 1 + CLUSTER_K, r.plan.var_count);
    assert_string_equal("kmeans", r.plan.vars[D].name);
    assert_int_equal(MLPIPE__CODE, r.plan.vars[D].kind);
    assert_int_equal(CLUSTER_K, r.plan.vars[D].dict->count);
    assert_string_equal("5", mlpipe__dict_text(r.plan.vars[D].dict, 5));
    assert_true(r.plan.vars[0].feature);
    assert_false(r.plan.vars[D].nullable);
    rig_read(&r, "kmeans", cluster);
    for (uint32_t k = 0; k < CLUSTER_K; k++) {
        snprintf(name, sizeof name, "kmeans_%u", k);
        rig_read(&r, name, far[k]);
    }
    for (uint32_t i = 0; i < N; i++) {
        uint32_t best = 0;
        for (uint32_t k = 1; k < CLUSTER_K; k++)
            if (far[k][i] < far[best][i])
                best = k;
        assert_int_equal(best, (int)cluster[i]);
        size[best]++;
    }
    assert_ok(r.ctx, mlpipe__report_seal(r.ctx, notes, &sealed));
    cell = table_cells(sealed, "kmeans.sizes", "cluster,rows", &told);
    assert_int_equal(CLUSTER_K, told);
    for (uint32_t k = 0; k < CLUSTER_K; k++) {
        assert_int_equal(k, (int)cell[2 * k].number);
        assert_int_equal(size[k], (int)cell[2 * k + 1].number);
    }
    mlpipe_report_free(sealed);
    group_widths(&r, NULL);
    rig_close(&r);
}

static void kmeans_replaces(void **state)
{
    static double column[D][N];
    step_rig r;
    (void)state;

    kmeans_open(&r, column);
    r.plan.vars[1].tainted = true;
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_kmeans,
                                 "columns=a,b k=3 output=distance keep=false",
                                 NULL, NULL));
    assert_int_equal(D + 3, r.plan.var_count);
    assert_false(r.plan.vars[0].feature);
    assert_false(r.plan.vars[1].feature);
    assert_true(r.plan.vars[2].feature);
    assert_string_equal("kmeans_2", r.plan.vars[D + 2].name);
    assert_true(r.plan.vars[D].tainted);
    rig_close(&r);
}

/* Fewer points than clusters: as many clusters as points, and it is told. */
static void kmeans_fewer_points(void **state)
{
    static const double a[] = {1, 2, 1, 3, 2, 1, 3, 1};
    double got[8];
    step_rig r;
    (void)state;

    for (int plain = 0; plain < 2; plain++) {
        rig_open(&r, 8);
        rig_column(&r, "a", a, NULL, 0);
        rig_listen(&r);
        assert_ok(r.ctx, values_step(&r, &mlpipe__step_kmeans,
                                     plain ? "k=5 init=random" : "k=5", NULL,
                                     NULL));
        assert_heard(1, "k=5, and the training rows are 3 different points");
        assert_int_equal(3, r.plan.vars[1].codes);
        rig_read(&r, "kmeans", got);
        for (uint32_t i = 0; i < 8; i++)
            for (uint32_t k = 0; k < 8; k++)
                assert_int_equal(a[i] == a[k], got[i] == got[k]);
        rig_close(&r);
    }
}

static void kmeans_refuses(void **state)
{
    static const double a[] = {1, NAN, 3, 4}, b[] = {1, INFINITY, 3, 4};
    static const double large[] = {1, 2e150, 3, 4}, ok[] = {1, 2, 3, 4};
    static double none[] = {0, 0, 0, 0};
    static const char *const words[] = {"u", "v"};
    static const double code[] = {0, 1, 0, 1};
    static const struct {
        const char *text, *says;
        mlpipe_status status;
    } cases[] = {
        {"columns=a,ok", "add impute before it", MLPIPE_E_SCHEMA},
        {"columns=b", "is infinite in 1 of 4", MLPIPE_E_NUMERIC},
        {"columns=large", "add scale before it", MLPIPE_E_NUMERIC},
        {"columns=g", "takes numbers", MLPIPE_E_PARAM},
        {"columns=ok k=0", "k", MLPIPE_E_PARAM},
        {"columns=ok k=5000", "4096", MLPIPE_E_PARAM},
        {"columns=ok", "has a weight above 0", MLPIPE_E_EMPTY},
    };
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 4);
        rig_column(&r, "a", a, NULL, 0);
        rig_column(&r, "b", b, NULL, 0);
        rig_column(&r, "large", large, NULL, 0);
        rig_column(&r, "ok", ok, NULL, 0);
        rig_column(&r, "g", code, words, 2);
        assert_status(cases[i].status,
                      values_step(&r, &mlpipe__step_kmeans, cases[i].text,
                                  i == 6 ? none : NULL, NULL));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

/* A row that is missing something is in no cluster. */
static void kmeans_missing_later(void **state)
{
    static double a[] = {1, 2, 8, 9}, got[4];
    step_rig r;
    (void)state;

    rig_open(&r, 4);
    rig_column(&r, "a", a, NULL, 0);
    rig_listen(&r);
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_kmeans,
                                 "k=2 iterations=1 output=both tol=0", NULL,
                                 NULL));
    assert_heard(1, "after 1 iterations the centres still move");
    a[1] = NAN;
    rig_read(&r, "kmeans", got);
    assert_true(isnan(got[1]) && !isnan(got[0]));
    rig_read(&r, "kmeans_1", got);
    assert_true(isnan(got[1]) && !isnan(got[0]));
    a[1] = 2;
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_lloyd),
        cmocka_unit_test(no_centre_without_rows),
        cmocka_unit_test(inertia_as_good),
        cmocka_unit_test(repeats_help),
        cmocka_unit_test(every_row_is_with_the_nearest),
        cmocka_unit_test(threads_and_vectors_change_no_bit),
        cmocka_unit_test(weights_are_rows),
        cmocka_unit_test(weights_of_any_size),
        cmocka_unit_test(kmeans_features),
        cmocka_unit_test(kmeans_replaces),
        cmocka_unit_test(kmeans_fewer_points),
        cmocka_unit_test(kmeans_refuses),
        cmocka_unit_test(kmeans_missing_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
