/* SPDX-License-Identifier: MIT */
/* Tests of pairs: losses of the same rows, counts of them, resamples. */
#include "num_internal.h"

enum {
    PAIRED_EXACT_ROWS = 50, /* Wilcoxon: 2^50 sums are counted exactly */
    PAIRED_EXACT_SUMS = PAIRED_EXACT_ROWS * (PAIRED_EXACT_ROWS + 1) / 2 + 1,
    PAIRED_EXACT_COUNT = 25 /* McNemar */
};

static const mlpipe__test *paired_unknown(mlpipe__test *out)
{
    const double nan = mlpipe__nan();
    *out = (mlpipe__test){nan, nan, nan, nan};
    return out;
}

static double paired_twice(double tail)
{
    return tail < 0.5 ? 2.0 * tail : 1.0;
}

/* mean / se of Student's t; without spread it is certain, or 0. */
static void paired_student(double mean, double se, double df,
                           mlpipe__test *out)
{
    out->df = df;
    if (se > 0.0) {
        out->statistic = mean / se;
        out->p = paired_twice(mlpipe__student_tail(
            out->statistic < 0.0 ? -out->statistic : out->statistic, df));
        out->below = mlpipe__student_tail(-out->statistic, df);
    } else if (se == 0.0) {
        out->statistic = mean == 0.0  ? 0.0
                         : mean > 0.0 ? mlpipe__inf()
                                      : -mlpipe__inf();
        out->p = mean == 0.0 ? 1.0 : 0.0;
        out->below = mean < 0.0 ? 0.0 : 1.0;
    }
}

void mlpipe__paired_t(const double *d, const double *w, uint64_t n,
                      mlpipe__mean *mean, mlpipe__test *out)
{
    paired_unknown(out);
    *mean = mlpipe__mean_of(d, w, n, true);
    if (mean->se == mean->se)
        paired_student(mean->value, mean->se,
                       (double)mlpipe__weighted_rows(w, n) - 1.0, out);
}

void mlpipe__mcnemar(uint64_t a, uint64_t b, mlpipe__test *out)
{
    const uint64_t n = a + b;
    const uint64_t less = a < b ? a : b;
    const uint64_t more = a < b ? b : a;
    paired_unknown(out);
    if (n < PAIRED_EXACT_COUNT) {
        out->statistic = (double)less;
        out->p = paired_twice(
            mlpipe__binomial_tail((int64_t)more, (int64_t)n, 0.5));
        out->below = mlpipe__binomial_tail((int64_t)b, (int64_t)n, 0.5);
        return;
    }
    const double off = a == b ? 0.0 : (double)(more - less) - 1.0;
    const double z = off / mlpipe__sqrt((double)n);
    out->statistic = off * off / (double)n;
    out->df = 1.0;
    out->p = mlpipe__chi2_tail(out->statistic, 1.0);
    out->below = mlpipe__normal_tail(b > a ? z : -z);
}

/* ---- Wilcoxon ----------------------------------------------------------- */

/* P(W <= sum) where each of n ranks counts with chance 1/2. */
static double paired_rank_tail(uint32_t n, uint32_t sum)
{
    double ways[PAIRED_EXACT_SUMS] = {1.0};
    double below = 0.0;
    double all = 1.0;
    uint32_t top = 0;
    for (uint32_t rank = 1; rank <= n; ++rank) {
        top += rank;
        all *= 2.0;
        for (uint32_t s = top; s >= rank; --s)
            ways[s] += ways[s - rank];
    }
    for (uint32_t s = 0; s <= sum && s <= top; ++s)
        below += ways[s];
    return below / all;
}

/* Ranks twice, so that those of ties are whole too. */
typedef struct paired_ranks {
    uint64_t plus, minus;
    double ties; /* sum of t^3 - t */
    uint32_t n;  /* differences that are not 0 */
} paired_ranks;

static void paired_rank(const double *d, const double *size,
                        const uint32_t *order, uint32_t n, paired_ranks *r)
{
    uint32_t first = 0;
    while (first < n && size[order[first]] == 0.0)
        ++first;
    r->n = n - first;
    for (uint32_t i = first; i < n;) {
        uint32_t end = i;
        while (end < n && size[order[end]] == size[order[i]])
            ++end;
        const double tied = end - i;
        const uint64_t twice = (uint64_t)(i - first) + (end - first) + 1;
        r->ties += tied * tied * tied - tied;
        for (; i < end; ++i)
            *(d[order[i]] > 0.0 ? &r->plus : &r->minus) += twice;
    }
}

static void paired_rank_test(const paired_ranks *r, mlpipe__test *out)
{
    const double n = r->n;
    const uint64_t less = r->plus < r->minus ? r->plus : r->minus;
    out->statistic = 0.5 * (double)less;
    if (r->n <= PAIRED_EXACT_ROWS && r->ties == 0.0) {
        out->p = paired_twice(paired_rank_tail(r->n, (uint32_t)(less / 2)));
        out->below = paired_rank_tail(r->n, (uint32_t)(r->plus / 2));
        return;
    }
    const double mean = 0.25 * n * (n + 1.0);
    const double spread =
        n * (n + 1.0) * (2.0 * n + 1.0) - 0.5 * r->ties;
    const double z =
        (0.5 * (double)r->plus - mean) / mlpipe__sqrt(spread / 24.0);
    out->p = paired_twice(mlpipe__normal_tail(z < 0.0 ? -z : z));
    out->below = mlpipe__normal_tail(-z);
}

mlpipe_status mlpipe__wilcoxon(mlpipe_ctx *ctx, const double *d, uint64_t n,
                               mlpipe__test *out)
{
    paired_ranks r = {0};
    paired_unknown(out);
    if (n >= UINT32_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "signed ranks of %llu rows: the limit is %u; take "
                            "a sample",
                            (unsigned long long)n, UINT32_MAX - 1);
    double *const size =
        mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *size);
    uint32_t *const order =
        mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *order);
    uint64_t *const scratch =
        mlpipe__alloc_array(ctx->env, (size_t)n, 4 * sizeof *scratch);
    const bool ok = size && order && scratch;
    if (ok) {
        for (uint64_t i = 0; i < n; ++i)
            size[i] = d[i] < 0.0 ? -d[i] : d[i];
        mlpipe__argsort_f64(size, order, (uint32_t)n, scratch);
        if (n && size[order[n - 1]] == size[order[n - 1]]) { /* no NaN */
            paired_rank(d, size, order, (uint32_t)n, &r);
            paired_rank_test(&r, out);
        }
    }
    mlpipe__free(ctx->env, size);
    mlpipe__free(ctx->env, order);
    mlpipe__free(ctx->env, scratch);
    return ok ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* ---- resamples ---------------------------------------------------------- */

void mlpipe__corrected_t(const double *values, uint32_t n, double ratio,
                         mlpipe__mean *mean, double *sd, mlpipe__test *out)
{
    mlpipe__exact sum, squares;
    uint32_t known = 0;
    paired_unknown(out);
    *mean = (mlpipe__mean){mlpipe__nan(), mlpipe__nan()};
    *sd = mlpipe__nan();
    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    for (uint32_t i = 0; i < n; ++i) {
        if (!mlpipe__finite(values[i]))
            continue;
        mlpipe__exact_add(&sum, values[i]);
        mlpipe__exact_add_product(&squares, values[i], values[i]);
        ++known;
    }
    out->df = known - 1.0;
    if (known)
        mean->value = mlpipe__exact_mean(&sum, known);
    if (known < 2)
        return;
    *sd = mlpipe__exact_deviation(&sum, &squares, known, 1);
    mean->se = *sd * mlpipe__sqrt(1.0 / known + ratio);
    paired_student(mean->value, mean->se, known - 1.0, out);
}
