/* SPDX-License-Identifier: MIT */
/* Sums of products of columns, and eigenvectors of what they make. */
#include "support.h"

#include <math.h>

#include "num/gram_kernel.h"
#include "num/spectrum.h"
#include "program/program_internal.h"

enum { P = 7, ROWS = 3 * MLPIPE__SUM_BLOCK + 1001 };

static double *scatter_x(double offset)
{
    double *x = malloc((size_t)ROWS * P * sizeof *x);

    for (size_t i = 0; i < (size_t)ROWS * P; i++)
        x[i] = mlpipe__random_unit(1, MLPIPE__FOR_TEST, 1, i, 0) + offset +
               (i % P == 2 ? x[i - 1] - offset : 0);
    return x;
}

static mlpipe_ctx *scatter_ctx(uint32_t threads)
{
    mlpipe_ctx_options o = {.threads = threads};
    mlpipe_ctx *c;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    return c;
}

/* Of the machine's vectors each, in turn. */
static uint32_t vector(uint32_t turn)
{
    const uint32_t most = mlpipe__has_avx512() ? 64
                          : mlpipe__has_avx2() ? 32
                                               : 16;

    return most >> turn % 3 < 16 ? 16 : most >> turn % 3;
}

/* means, then sums about them; the weight */
static double scatter_of(uint32_t threads, uint32_t vector, const double *x,
                         const double *w, const uint64_t *part,
                         uint32_t parts, bool merged, double *out)
{
    mlpipe_ctx *c = scatter_ctx(threads);
    mlpipe__scatter s, more;
    double weight;

    mlpipe__scatter_init(&s, c->env, P);
    for (uint32_t i = 0; i < parts; i++) {
        mlpipe__scatter_init(&more, c->env, P);
        assert_ok(c, mlpipe__scatter_update(c, "test", merged ? &more : &s, x,
                                            w, part[i], vector));
        if (merged)
            assert_ok(c, mlpipe__scatter_merge(c, &s, &more));
        mlpipe__scatter_free(&more);
        x += part[i] * P;
        w = w ? w + part[i] : NULL;
    }
    assert_int_equal(ROWS, s.rows);
    assert_ok(c, mlpipe__scatter_finish(c, &s, out, out + P, &weight));
    mlpipe__scatter_free(&s);
    mlpipe_ctx_free(c);
    return weight;
}

/* Threads, vectors and updates of whole blocks change no bit; merges of any
 * parts change a rounding. */
static void scatter_states(void **state)
{
    static const uint64_t whole[] = {ROWS};
    static const uint64_t blocks[] = {MLPIPE__SUM_BLOCK,
                                      2 * MLPIPE__SUM_BLOCK, 1001};
    static const uint64_t odd[] = {5, 1, 4090, 3000, ROWS - 7096};
    double one[P + P * P], two[P + P * P];
    double *w = malloc(ROWS * sizeof *w);
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        w[i] = i % 4;
    for (uint32_t turn = 0; turn < 4; turn++) {
        double *x = scatter_x(turn / 2 ? 1e6 : 0);
        const double *weights = turn % 2 ? w : NULL;
        const double sum = scatter_of(1, 16, x, weights, whole, 1, false,
                                      one);

        for (uint32_t threads = 1; threads < 4; threads++) {
            assert_same(sum, scatter_of(threads, vector(threads), x, weights,
                                        whole, 1, false, two));
            assert_memory_equal(one, two, sizeof one);
            scatter_of(threads, vector(0), x, weights, blocks, 3, false, two);
            assert_memory_equal(one, two, sizeof one);
        }
        assert_near(scatter_of(1, vector(0), x, weights, odd, 5, true, two),
                    sum, 1e-14);
        for (uint32_t i = 0; i < P + P * P; i++)
            assert_near(two[i], one[i], turn / 2 ? 1e-9 : 1e-12);
        free(x);
    }
    free(w);
}

/* ---- saving ------------------------------------------------------------- */

static mlpipe__text scatter_bytes(const mlpipe__scatter *s)
{
    mlpipe__text t;

    mlpipe__text_init(&t, s->env);
    mlpipe__scatter_save(s, &t);
    assert_false(t.failed);
    return t;
}

static bool scatter_loaded(mlpipe_ctx *c, const mlpipe__text *t, size_t size,
                           mlpipe__scatter *s)
{
    mlpipe__cursor in;
    bool good;

    mlpipe__cursor_init(&in, t->data, size);
    good = mlpipe__scatter_load(s, c->env, P, &in);
    assert_true(good != in.failed);
    assert_true(!good || size != t->size || mlpipe__cursor_done(&in));
    return good;
}

static void scatter_same(const mlpipe__scatter *a, const mlpipe__scatter *b)
{
    mlpipe__text x = scatter_bytes(a), y = scatter_bytes(b);

    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    mlpipe__text_free(&x);
    mlpipe__text_free(&y);
}

/* After any whole blocks a saved state goes on to the bits of the whole; a
 * merge of loaded ones has the bits of that of the states themselves. */
static void scatter_saved(void **state)
{
    mlpipe_ctx *c = scatter_ctx(1);
    double *x = scatter_x(1e3);
    mlpipe__scatter all, s, back, sum, same;
    mlpipe__text t;
    (void)state;

    mlpipe__scatter_init(&all, c->env, P);
    assert_ok(c, mlpipe__scatter_update(c, "test", &all, x, NULL, ROWS, 16));
    mlpipe__scatter_init(&sum, c->env, P);
    mlpipe__scatter_init(&same, c->env, P);
    for (uint32_t k = 0; k < 4; k++) {
        const uint64_t first = k * (uint64_t)MLPIPE__SUM_BLOCK;

        mlpipe__scatter_init(&s, c->env, P);
        assert_ok(c, mlpipe__scatter_update(c, "test", &s, x, NULL, first,
                                            16));
        t = scatter_bytes(&s);
        assert_true(scatter_loaded(c, &t, t.size, &back));
        mlpipe__text_free(&t);
        scatter_same(&s, &back);
        assert_ok(c, mlpipe__scatter_merge(c, &sum, &s));
        assert_ok(c, mlpipe__scatter_merge(c, &same, &back));
        scatter_same(&sum, &same);
        assert_ok(c, mlpipe__scatter_update(c, "test", &back, x + first * P,
                                            NULL, ROWS - first, 16));
        scatter_same(&all, &back);
        mlpipe__scatter_free(&s);
        mlpipe__scatter_free(&back);
    }
    mlpipe__scatter_free(&sum);
    mlpipe__scatter_free(&same);
    mlpipe__scatter_free(&all);
    free(x);
    mlpipe_ctx_free(c);
}

/* Every truncation and every value that is none is refused; every changed
 * byte is, or leaves a state that can be used and saved. */
static void scatter_bad_bytes(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    mlpipe_ctx *c = scatter_ctx(1);
    double *x = scatter_x(0), mean[P], centred[P * P], weight;
    mlpipe__scatter s, back, other;
    mlpipe__text t;
    mlpipe__cursor in;
    uint32_t taken = 0;
    (void)state;

    mlpipe__scatter_init(&s, c->env, P);
    assert_ok(c, mlpipe__scatter_update(c, "test", &s, x, NULL,
                                        2 * MLPIPE__SUM_BLOCK + 5, 16));
    t = scatter_bytes(&s);
    mlpipe__cursor_init(&in, t.data, t.size);
    assert_false(mlpipe__scatter_load(&other, c->env, P + 1, &in));
    for (size_t n = 0; n < t.size; n++)
        assert_false(scatter_loaded(c, &t, n, &back));
    for (size_t i = 24; i < t.size; i += sizeof(double))
        for (uint32_t k = 0; k < 3; k++) {
            double old;
            memcpy(&old, t.data + i, sizeof old);
            memcpy(t.data + i, &odd[k], sizeof old);
            assert_false(scatter_loaded(c, &t, t.size, &back));
            memcpy(t.data + i, &old, sizeof old);
        }
    for (size_t i = 0; i < t.size; i++)
        for (uint32_t k = 0; k < 8; k++) {
            t.data[i] = (char)(t.data[i] ^ 1 << k);
            mlpipe__cursor_init(&in, t.data, t.size);
            if (mlpipe__scatter_load(&back, c->env, P, &in)) {
                taken++;
                assert_ok(c, mlpipe__scatter_merge(c, &back, &s));
                assert_ok(c, mlpipe__scatter_finish(c, &back, mean, centred,
                                                    &weight));
                mlpipe__scatter_free(&back);
            }
            t.data[i] = (char)(t.data[i] ^ 1 << k);
        }
    assert_true(taken > 0 && taken < 8 * t.size);
    mlpipe__text_free(&t);
    mlpipe__scatter_free(&s);
    free(x);
    mlpipe_ctx_free(c);
}

/* Against sums of exact products. */
static void scatter_values(void **state)
{
    static const uint64_t whole[] = {ROWS};
    double got[P + P * P];
    double *x = scatter_x(1e3);
    (void)state;

    assert_same(ROWS, scatter_of(1, vector(0), x, NULL, whole, 1, false, got));
    for (uint32_t j = 0; j < P; j++) {
        mlpipe__exact sum;

        mlpipe__exact_init(&sum);
        for (uint32_t i = 0; i < ROWS; i++)
            mlpipe__exact_add(&sum, x[i * P + j]);
        assert_near(got[j], mlpipe__exact_mean(&sum, ROWS), 1e-15);
        for (uint32_t k = 0; k < P; k++) {
            mlpipe__exact_init(&sum);
            for (uint32_t i = 0; i < ROWS; i++)
                mlpipe__exact_add_product(&sum, x[i * P + j] - got[j],
                                          x[i * P + k] - got[k]);
            assert_near(got[P + j * P + k], mlpipe__exact_value(&sum),
                        1e-11);
        }
    }
    free(x);
}

/* A column that is constant has no spread at all. */
static void scatter_constant(void **state)
{
    static const uint64_t whole[] = {ROWS};
    double got[P + P * P];
    double *x = scatter_x(0);
    (void)state;

    for (uint32_t i = 0; i < ROWS; i++)
        x[i * P + 3] = 0.1;
    scatter_of(1, vector(0), x, NULL, whole, 1, false, got);
    assert_same(0.1, got[3]);
    for (uint32_t k = 0; k < P; k++)
        assert_true(got[P + 3 * P + k] == 0);
    free(x);
}

/* A v = lambda v, vectors at right angles, values falling. */
static void eigen_check(mlpipe_ctx *c, uint32_t p, const double *a,
                        double within)
{
    double *spent = malloc((size_t)p * p * sizeof *spent);
    double *v = malloc((size_t)p * p * sizeof *v);
    double *value = malloc(p * sizeof *value);
    double most = 0;
    bool blas;

    memcpy(spent, a, (size_t)p * p * sizeof *a);
    assert_ok(c, mlpipe__eigen(c, "test", p, spent, value, v, &blas));
    if (p <= 500)
        assert_false(blas);
    for (uint32_t k = 0; k < p; k++)
        most = fabs(value[k]) > most ? fabs(value[k]) : most;
    for (uint32_t k = 0; k < p; k++) {
        const double *u = v + (size_t)k * p;

        assert_true(!k || value[k] <= value[k - 1]);
        for (uint32_t i = 0; i < p; i++)
            if (!(fabs(mlpipe__block_dot(a + (size_t)i * p, u, p) -
                       value[k] * u[i]) <= within * most))
                fail_msg("%u columns: row %u of vector %u", p, i, k);
        for (uint32_t i = 0; i <= k; i++)
            assert_near(mlpipe__block_dot(v + (size_t)i * p, u, p), i == k,
                        1e-12);
    }
    free(value);
    free(v);
    free(spent);
}

static void eigen_vectors(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 10, 57, 130, 520};
    mlpipe_ctx *c = scatter_ctx(1);
    double *a = malloc((size_t)520 * 520 * sizeof *a);
    (void)state;

    for (uint32_t kind = 0; kind < 6; kind++)
        for (uint32_t s = 0; s < 7; s++) {
            const uint32_t p = sizes[s];

            for (uint32_t i = 0; i < p; i++)
                for (uint32_t j = 0; j <= i; j++) {
                    const double u = mlpipe__random_unit(
                        2, MLPIPE__FOR_TEST, 1, i * 1000 + j, 0);
                    const double x[] = {u - 0.5,          i == j,
                                        1.0 / (1 + i + j), 0,
                                        (u - 0.5) * 1e-250,
                                        i == j ? i % 3 : 1e-18};
                    a[(size_t)i * p + j] = a[(size_t)j * p + i] = x[kind];
                }
            if (kind != 4 || p < 520) /* LAPACK's own business */
                eigen_check(c, p, a, 1e-13);
        }
    free(a);
    mlpipe_ctx_free(c);
}

/* Any width of vectors gives the same bits, and few vectors are the first of
 * all. */
static void eigen_few(void **state)
{
    enum { MOST = 130 };
    static const uint32_t sizes[] = {1, 2, 3, 17, 64, MOST};
    static double a[MOST * MOST], value[2][MOST], all[MOST * MOST],
        few[MOST * MOST];
    mlpipe_ctx *c = scatter_ctx(1);
    (void)state;

    for (uint32_t k = 0; k < 6; k++)
        for (uint32_t wide = 0; wide <= mlpipe__gram_width(); wide++) {
            const uint32_t p = sizes[k], count = wide ? (p + 2) / 3 : p;
            mlpipe__spectrum s;

            for (uint32_t i = 0; i < p; i++)
                for (uint32_t j = 0; j <= i; j++)
                    a[i * p + j] = a[j * p + i] = mlpipe__random_unit(
                        2, MLPIPE__FOR_TEST, k, i * 1000 + j, 0);
            assert_ok(c, mlpipe__spectrum_of(c, "test", p, a, value[!!wide],
                                             wide, &s));
            assert_ok(c, mlpipe__spectrum_vectors(c, "test", &s, count,
                                                  wide ? few : all));
            mlpipe__spectrum_free(&s);
            assert_memory_equal(value[0], value[!!wide], p * sizeof *a);
            if (wide)
                assert_memory_equal(all, few, count * p * sizeof *a);
        }
    mlpipe_ctx_free(c);
}

static int eigen_stop(void *user, const char *stage, double done)
{
    int64_t *left = user;
    (void)stage;

    assert_true(done >= 0 && done <= 1);
    return (*left)-- == 0;
}

/* Each part of the work can be stopped. */
static void eigen_cancels(void **state)
{
    enum { Q = 40 };
    static const int64_t when[] = {0, 20, 60, 90, 1000};
    int64_t left = 0;
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &left,
                                  .progress = eigen_stop};
    double a[Q * Q], v[Q * Q], value[Q];
    mlpipe_ctx *c;
    bool blas;
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    for (uint32_t t = 0; t < 5; t++) {
        for (uint32_t i = 0; i < Q * Q; i++)
            a[i] = 1.0 / (1 + i / Q + i % Q);
        left = when[t];
        assert_status(t < 4 ? MLPIPE_E_CANCELLED : MLPIPE_OK,
                      mlpipe__eigen(c, "test", Q, a, value, v, &blas));
    }
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scatter_states),
        cmocka_unit_test(scatter_saved),
        cmocka_unit_test(scatter_bad_bytes),
        cmocka_unit_test(scatter_values),
        cmocka_unit_test(scatter_constant),
        cmocka_unit_test(eigen_vectors),
        cmocka_unit_test(eigen_few),
        cmocka_unit_test(eigen_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
