/* SPDX-License-Identifier: MIT */
/* Two samples compared: binned counts, paired losses, a rate. */
#include "num_internal.h"

double mlpipe__psi(const uint64_t *ref, const uint64_t *now, uint32_t bins,
                   double *p)
{
    uint64_t ref_rows = 0;
    uint64_t now_rows = 0;
    for (uint32_t i = 0; i < bins; ++i) {
        ref_rows += ref[i];
        now_rows += now[i];
    }
    if (p)
        *p = mlpipe__nan();
    if (!ref_rows || !now_rows)
        return mlpipe__nan();
    const double ref_n = (double)ref_rows;
    const double now_n = (double)now_rows;
    const double ref_all = ref_n + 0.5 * bins;
    const double now_all = now_n + 0.5 * bins;
    double psi = 0.0;
    for (uint32_t i = 0; i < bins; ++i) {
        const double q = ((double)ref[i] + 0.5) / ref_all;
        const double r = ((double)now[i] + 0.5) / now_all;
        psi += (r - q) * mlpipe__log(r / q);
    }
    if (p && bins > 1)
        *p = mlpipe__chi2_tail(psi * (ref_n / (ref_n + now_n)) * now_n,
                               bins - 1.0);
    return psi;
}

/* Sum of (a - b - mean)^power over all rows, in the canonical order. */
static double two_paired_sum(const double *a, const double *b, uint64_t n,
                             double mean, bool squared)
{
    mlpipe__tree tree = {0};
    double lanes[MLPIPE__SUM_LANES] = {0};
    for (uint64_t i = 0; i < n; ++i) {
        const double d = a[i] - b[i] - mean;
        lanes[i % MLPIPE__SUM_LANES] += squared ? d * d : d;
        if (i + 1 == n || (i + 1) % MLPIPE__SUM_BLOCK == 0) {
            mlpipe__tree_add(&tree, mlpipe__lanes_value(lanes));
            memset(lanes, 0, sizeof lanes);
        }
    }
    return mlpipe__tree_value(&tree);
}

void mlpipe__paired(const double *a, const double *b, uint64_t n,
                    double *mean, double *se, double *p)
{
    *mean = mlpipe__nan();
    *se = mlpipe__nan();
    *p = mlpipe__nan();
    if (!n)
        return;
    const double rows = (double)n;
    *mean = two_paired_sum(a, b, n, 0.0, false) / rows;
    if (n < 2)
        return;
    const double centred = two_paired_sum(a, b, n, *mean, true);
    *se = mlpipe__sqrt(centred / (rows - 1.0) / rows);
    if (*se > 0.0)
        *p = mlpipe__student_tail(-(*mean / *se), rows - 1.0);
    else if (*se == 0.0)
        *p = *mean < 0.0 ? 0.0 : 1.0;
}

double mlpipe__rate_tail(uint64_t k, uint64_t n, double p)
{
    if (!(p >= 0.0 && p <= 1.0) || n > (uint64_t)INT64_MAX)
        return mlpipe__nan();
    if (k > n)
        return 0.0;
    if (n <= 1000000)
        return mlpipe__binomial_tail((int64_t)k, (int64_t)n, p);
    if (k == 0)
        return 1.0;
    const double rows = (double)n;
    const double sd = mlpipe__sqrt(rows * p * (1.0 - p));
    const double over = (double)k - 0.5 - rows * p;
    if (sd == 0.0)
        return over > 0.0 ? 0.0 : 1.0;
    return mlpipe__normal_tail(over / sd);
}

/* 2 sum (-1)^(k-1) exp(-2 k^2 x^2); below 0.3 it is 1 to the last bit. */
static double two_kolmogorov(double x)
{
    double sum = 0.0;

    if (x < 0.3)
        return 1.0;
    for (uint32_t k = 1; k < 20; ++k) {
        const double term = mlpipe__exp(-2.0 * k * k * x * x);
        sum += k % 2 ? term : -term;
    }
    return sum < 0.5 ? 2.0 * sum : 1.0;
}

double mlpipe__ks(const double *a, uint64_t n, const double *b, uint64_t m,
                  double *p)
{
    uint64_t i = 0, k = 0;
    double most = 0.0;

    *p = mlpipe__nan();
    if (!n || !m)
        return mlpipe__nan();
    while (i < n && k < m) {
        const double x = a[i] < b[k] ? a[i] : b[k];
        while (i < n && a[i] <= x)
            ++i;
        while (k < m && b[k] <= x)
            ++k;
        const double apart =
            (double)i / (double)n - (double)k / (double)m;
        if (apart > most || -apart > most)
            most = apart < 0.0 ? -apart : apart;
    }
    const double rows = (double)n / (double)(n + m) * (double)m;
    *p = two_kolmogorov(mlpipe__sqrt(rows) * most);
    return most;
}

double mlpipe__chi2_table(const uint64_t *a, const uint64_t *b,
                          uint32_t cells, double *df, double *p)
{
    double n = 0.0, m = 0.0, chi2 = 0.0;
    uint32_t used = 0;

    *df = *p = mlpipe__nan();
    for (uint32_t i = 0; i < cells; ++i) {
        n += (double)a[i];
        m += (double)b[i];
        used += a[i] + b[i] > 0;
    }
    if (used < 2 || !(n > 0.0) || !(m > 0.0))
        return mlpipe__nan();
    for (uint32_t i = 0; i < cells; ++i) {
        const double both = (double)(a[i] + b[i]);
        const double one = both * n / (n + m), two = both * m / (n + m);
        if (!(both > 0.0))
            continue;
        chi2 += ((double)a[i] - one) * ((double)a[i] - one) / one +
                ((double)b[i] - two) * ((double)b[i] - two) / two;
    }
    *df = used - 1.0;
    *p = mlpipe__chi2_tail(chi2, *df);
    return chi2;
}

double mlpipe__table_tail(double statistic, const uint64_t *a,
                          const uint64_t *b, uint32_t cells)
{
    double n = 0.0, m = 0.0, inverse = 0.0, c = 0.0;

    for (uint32_t i = 0; i < cells; ++i) {
        const double both = (double)a[i] + (double)b[i];
        n += (double)a[i];
        m += (double)b[i];
        inverse += both > 0.0 ? 1.0 / both : 0.0;
        c += both > 0.0;
    }
    const double all = n + m;
    if (c < 2.0 || !(n > 0.0) || !(m > 0.0))
        return mlpipe__nan();
    if (all < 5.0)
        return mlpipe__chi2_tail(statistic, c - 1.0);
    const double rows = all - 2.0;
    const double cols = (c - 1.0) * (all - c) / (all - 1.0);
    const double w = (all / n * (all / m) - 4.0) / rows;
    const double v = (all * inverse - c * c) / rows;
    const double mean = (c - 1.0) * all / (all - 1.0);
    const double variance =
        2.0 * all / (all - 3.0) * (rows / (all - 1.0) - w) * (cols - v) +
        all * all / (all - 1.0) * w * v;
    const double df = 2.0 * mean * mean / variance;
    return variance > 0.0
               ? mlpipe__chi2_tail(statistic * df / mean, df)
               : mlpipe__chi2_tail(statistic, c - 1.0);
}

void mlpipe__welch(const double mean[2], const double sd[2],
                   const double rows[2], mlpipe_figure *out)
{
    const double a = sd[0] * sd[0] / rows[0], b = sd[1] * sd[1] / rows[1];
    const double df = (a + b) * (a + b) / (a * a / (rows[0] - 1.0) +
                                           b * b / (rows[1] - 1.0));

    out->value = mean[1] - mean[0];
    out->low = out->high = mlpipe__nan();
    out->n = rows[1];
    if (rows[0] < 2.0 || rows[1] < 2.0 || !(a + b > 0.0))
        return;
    const double reach =
        mlpipe__student_quantile(0.975, df) * mlpipe__sqrt(a + b);
    out->low = out->value - reach;
    out->high = out->value + reach;
}

void mlpipe__fdr(const double *p, const uint32_t *order, uint32_t n,
                 double *q)
{
    uint32_t tests = n;
    double least = 1.0;

    for (; tests && p[order[tests - 1]] != p[order[tests - 1]]; --tests)
        q[order[tests - 1]] = mlpipe__nan();
    for (uint32_t rank = tests; rank; --rank) {
        const uint32_t i = order[rank - 1];
        const double here = p[i] * tests / rank;
        if (here < least)
            least = here;
        q[i] = least;
    }
}
