/* SPDX-License-Identifier: MIT */
/* Two samples that are counts in the same ordered or unordered cells. */
#include "num_internal.h"

static double grid_square(double x)
{
    return x * x;
}

void mlpipe__grid_compare(const uint64_t *ref, const uint64_t *now,
                          uint32_t cells, mlpipe__grid *out)
{
    uint64_t rows[2] = {0, 0}, before[2] = {0, 0};
    double sum = 0.0, most = 0.0;

    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < cells; i++) {
        rows[0] += ref[i];
        rows[1] += now[i];
    }
    out->ks = out->ad = out->ks_se = mlpipe__nan();
    if (!rows[0] || !rows[1])
        return;
    const double n = (double)rows[0], m = (double)rows[1], all = n + m;
    out->effective = n / all * m;
    for (uint32_t i = 0; i < cells; i++) {
        const double both = (double)(ref[i] + now[i]);
        if (!(both > 0.0))
            continue;
        /* Counts up to 2^53 and their halves are exact. */
        const double a = (double)before[0] + (double)ref[i] / 2.0;
        const double b = (double)before[1] + (double)now[i] / 2.0;
        const double rank = (a + b) / all;
        const double spread = rank * (1.0 - rank) - both / all / 4.0;
        if (spread > 0.0)
            sum += both / all * grid_square(a / n - b / m) / spread;
        before[0] += ref[i];
        before[1] += now[i];
        const double p = (double)before[0] / n, q = (double)before[1] / m;
        const double apart = p < q ? q - p : p - q;
        if (apart > most) {
            most = apart;
            out->ks_se = mlpipe__sqrt(p * (1.0 - p) / n + q * (1.0 - q) / m);
        }
    }
    out->ks = most;
    if (!(most > 0.0))
        out->ks_se = mlpipe__sqrt(0.25 / out->effective);
    out->ad = out->effective * sum * (all - 1.0) / all;
}

double mlpipe__g_table(const uint64_t *a, const uint64_t *b, uint32_t cells,
                       double *df, double *p)
{
    double n = 0.0, m = 0.0, sum = 0.0, inverse = 0.0;
    uint32_t used = 0;

    *df = *p = mlpipe__nan();
    for (uint32_t i = 0; i < cells; i++) {
        n += (double)a[i];
        m += (double)b[i];
        used += a[i] + b[i] > 0;
    }
    if (used < 2 || !(n > 0.0) || !(m > 0.0))
        return mlpipe__nan();
    const double all = n + m;
    for (uint32_t i = 0; i < cells; i++) {
        const double both = (double)a[i] + (double)b[i];
        if (!(both > 0.0))
            continue;
        inverse += 1.0 / both;
        if (a[i])
            sum += (double)a[i] *
                   mlpipe__log((double)a[i] / (both * n / all));
        if (b[i])
            sum += (double)b[i] *
                   mlpipe__log((double)b[i] / (both * m / all));
    }
    const double g = sum > 0.0 ? 2.0 * sum : 0.0;
    *df = used - 1.0;
    const double size = 1.0 + (all / n + all / m - 1.0) *
                                  (all * inverse - 1.0) / (6.0 * all * *df);
    *p = mlpipe__table_tail(g / size, a, b, cells);
    return g;
}
