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
