/* SPDX-License-Identifier: MIT */
/* The areas of lib/num. */
#include "determinism.h"

#include "num/num_internal.h"

static void det_math_at(det_hash *h, double x)
{
    double (*const all[])(double) = {
        mlpipe__exp, mlpipe__log, mlpipe__log1p, mlpipe__expm1,
        mlpipe__sigmoid, mlpipe__sqrt, mlpipe__normal_quantile};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i)
        det_add_f64(h, all[i](x));
}

/* Functions of one and of two numbers, the second from the first's bits. */
static void det_more_at(det_hash *h, double x, double y)
{
    double (*const one[])(double) = {
        mlpipe__log2, mlpipe__log10, mlpipe__cbrt, mlpipe__sin, mlpipe__cos,
        mlpipe__tan, mlpipe__sin_turn, mlpipe__cos_turn, mlpipe__floor,
        mlpipe__ceil, mlpipe__trunc, mlpipe__round_even};
    double (*const two[])(double, double) = {
        mlpipe__pow, mlpipe__hypot, mlpipe__mod_floor};
    for (size_t i = 0; i < sizeof one / sizeof one[0]; ++i)
        det_add_f64(h, one[i](x));
    for (size_t i = 0; i < sizeof two / sizeof two[0]; ++i)
        det_add_f64(h, two[i](x, y));
}

void det_math_more(det_hash *h)
{
    uint64_t seed = 7;
    for (uint32_t i = 0; i < 100000; ++i) {
        const uint64_t bits = det_bits(&seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        const double u = det_unit(&seed), v = det_unit(&seed);
        det_more_at(h, x, v * 4.0 - 2.0);
        det_more_at(h, u * 2.0, v * 2000.0 - 1000.0);
        det_more_at(h, (u - 0.5) * 2097152.0, v * 10.0);
        det_add_f64(h, mlpipe__round_digits(u * 1e5, (int32_t)(i % 31) - 15));
        det_add_f64(h, mlpipe__round_digits(x, (int32_t)(i % 31) - 15));
        double y = 0.0;
        const uint32_t units = mlpipe__unit_count();
        (void)mlpipe__unit_convert(i % units, i / units % units, x, &y);
        det_add_f64(h, y);
    }
}

void det_math(det_hash *h)
{
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 100000; ++i) {
        const uint64_t bits = det_bits(&seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        det_math_at(h, x);
        det_math_at(h, det_unit(&seed));
        det_math_at(h, (det_unit(&seed) - 0.5) * 1500.0);
    }
}

void det_dist(det_hash *h)
{
    uint64_t seed = 2;
    for (uint32_t i = 0; i < 1000; ++i) {
        const double u = det_unit(&seed);
        const double v = det_unit(&seed) * 100.0;
        det_add_f64(h, mlpipe__lgamma(v));
        det_add_f64(h, mlpipe__gamma_p(v, v * 2.0 * u));
        det_add_f64(h, mlpipe__normal_tail(v * 0.2 - 10.0));
        det_add_f64(h, mlpipe__student_tail(v * 0.2 - 10.0, 1.0 + i));
        det_add_f64(h, mlpipe__student_quantile(u, 1.0 + i));
        det_add_f64(h, mlpipe__binomial_tail(i / 2, i, u));
    }
}

void det_exact(det_hash *h)
{
    uint64_t seed = 3;
    mlpipe__exact sum, squares;
    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    for (uint32_t i = 0; i < 20000; ++i) {
        const uint64_t bits = det_bits(&seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!mlpipe__finite(x))
            continue;
        mlpipe__exact_add(&sum, x);
        mlpipe__exact_add_product(&squares, x, det_unit(&seed));
        if (i % 100 == 0) {
            det_add_f64(h, mlpipe__exact_value(&sum));
            det_add_f64(h, mlpipe__exact_mean(&squares, i + 1));
        }
    }
    mlpipe__exact_normal(&sum);
    mlpipe__exact_normal(&squares);
    det_add(h, &sum, sizeof sum);
    det_add(h, &squares, sizeof squares);
}

void det_stats(det_hash *h)
{
    enum { N = 20000 };
    static double x[N];
    static uint8_t valid[N];
    uint64_t seed = 4;
    mlpipe_ctx *ctx = NULL;
    if (mlpipe_ctx_new(NULL, &ctx))
        return;
    for (uint32_t i = 0; i < N; ++i) {
        x[i] = (double)(det_bits(&seed) % 1000) / 7.0 - 20.0;
        valid[i] = det_bits(&seed) % 9 != 0;
    }
    mlpipe__stats s;
    mlpipe__stats_init(&s, ctx->env, MLPIPE__NEED_MOMENTS
                       | MLPIPE__NEED_QUANTILES | MLPIPE__NEED_COUNTS, 50);
    if (mlpipe__stats_update(&s, x, valid, N) && mlpipe__stats_finish(&s)) {
        mlpipe__text saved;
        mlpipe__text_init(&saved, ctx->env);
        mlpipe__stats_save(&s, &saved);
        det_add(h, saved.data, saved.size);
        mlpipe__text_free(&saved);
        det_add_f64(h, mlpipe__stats_mean(&s));
        det_add_f64(h, mlpipe__stats_variance(&s, 1));
        for (uint32_t i = 0; i <= 100; ++i)
            det_add_f64(h, mlpipe__stats_quantile(&s, i * 0.01));
    }
    mlpipe__stats_free(&s);
    mlpipe_ctx_free(ctx);
}

/* Every metric of one number a row, with its interval. */
static void det_table(det_hash *h, mlpipe_ctx *ctx, const double *y,
                      const double *p, const double *w, uint32_t n)
{
    const mlpipe__metric *m;
    for (uint32_t k = 0; k < 2; ++k) {
        const mlpipe__scored s = {y, p, k ? w : NULL, n, 1};
        mlpipe__scoring g;
        if (mlpipe__scoring_init(&g, ctx, &s))
            return;
        for (uint32_t i = 0; (m = mlpipe__metric_at(i)); ++i) {
            mlpipe_figure f;
            if (m->tasks == MLPIPE__TASK_MULTICLASS ||
                mlpipe__scoring_value(&g, m, &f))
                continue;
            det_add_f64(h, f.value);
            det_add_f64(h, f.low);
            det_add_f64(h, f.high);
        }
        mlpipe__scoring_free(&g);
    }
}

void det_metrics(det_hash *h)
{
    enum { N = 30000 };
    static double y[N], p[N], w[N], scratch[5 * N];
    mlpipe_ctx *ctx;
    uint64_t seed = 5;
    if (mlpipe_ctx_new(NULL, &ctx))
        return;
    for (uint32_t i = 0; i < N; ++i) {
        p[i] = det_unit(&seed);
        y[i] = det_unit(&seed) < p[i] ? 1.0 : 0.0;
        w[i] = det_unit(&seed);
    }
    for (uint32_t n = 1; n <= N; n = n * 3 + 1) {
        for (uint32_t k = 0; k < 2; ++k) {
            const double *const weight = k ? w : NULL;
            det_add_f64(h, mlpipe__metric_rmse(y, p, weight, n));
            det_add_f64(h, mlpipe__metric_mae(y, p, weight, n));
            det_add_f64(h, mlpipe__metric_r2(y, p, weight, n));
            det_add_f64(h, mlpipe__metric_logloss(y, p, weight, n));
            det_add_f64(h, mlpipe__metric_auc(y, p, weight, n, scratch));
        }
        det_table(h, ctx, y, p, w, n);
        double mean, se, tail;
        mlpipe__paired(y, p, n, &mean, &se, &tail);
        det_add_f64(h, mean);
        det_add_f64(h, se);
        det_add_f64(h, tail);
        det_add_f64(h, mlpipe__sum(p, n));
    }
    mlpipe_ctx_free(ctx);
}

static uint32_t det_vector(void)
{
    return mlpipe__has_avx512() ? 64 : mlpipe__has_avx2() ? 32 : 16;
}

/* Covariances of columns, their eigenvalues and vectors. */
static void det_spectrum(det_hash *h)
{
    enum { N = 5003, P = 41 };
    static double x[N * P], mean[P], a[P * P], value[P], vector[P * P];
    uint64_t seed = 7;
    double weight;
    bool blas;
    mlpipe_ctx *ctx = NULL;
    mlpipe__scatter s;
    if (mlpipe_ctx_new(NULL, &ctx))
        return;
    for (uint32_t i = 0; i < N * P; ++i)
        x[i] = det_unit(&seed) + (i % P ? 0.3 * x[i - 1] : 0.0);
    mlpipe__scatter_init(&s, ctx->env, P);
    if (!mlpipe__scatter_update(ctx, "x", &s, x, NULL, N,
                                det_vector()) &&
        !mlpipe__scatter_finish(ctx, &s, mean, a, &weight)) {
        det_add(h, a, sizeof a);
        if (!mlpipe__eigen(ctx, "x", P, a, value, vector, &blas)) {
            det_add(h, value, sizeof value);
            det_add(h, vector, sizeof vector);
        }
    }
    mlpipe__scatter_free(&s);
    mlpipe_ctx_free(ctx);
}

/* Our own loops; what OpenBLAS does is not ours to promise. */
void det_linear(det_hash *h)
{
    enum { N = 300, P = 60 };
    static double x[N * P], c[P * P], b[P];
    uint64_t seed = 6;
    for (uint32_t i = 0; i < N * P; ++i)
        x[i] = det_unit(&seed) - 0.5;
    for (uint32_t i = 0; i < P; ++i) {
        c[i + i * P] = 0.5;
        b[i] = det_unit(&seed);
    }
    mlpipe__syrk(N, P, x, N, c);
    if (!mlpipe__cholesky(P, c))
        mlpipe__cholesky_solve(P, c, b);
    det_add(h, c, sizeof c);
    det_add(h, b, sizeof b);
    det_spectrum(h);
}
