/* SPDX-License-Identifier: MIT */
/* Two rates compared by the hypergeometric distribution of a 2 x 2 table, and
 * the interval of their difference. */
#include "num_internal.h"

/* More terms than this are never summed: they decay by then. */
enum { FISHER_TERMS = 1000000 };

/* Mid-p may call at most a tenth more than its level says. */
static const double fisher_least = 1.0 / 1.1;

/* P(X = k) of n drawn from `marked` and `others` without replacement, by
 * binomial masses (C. Loader, 2000), which cancel in nothing. */
static double fisher_mass(double k, double n, double marked, double others)
{
    const double p = n / (marked + others);

    return mlpipe__binomial_mass(k, marked, p) *
           mlpipe__binomial_mass(n - k, others, p) /
           mlpipe__binomial_mass(n, marked + others, p);
}

/* The sum of P from k on, upwards, over P(k). */
static double fisher_sum(double k, double n, double marked, double others)
{
    const double last = n < marked ? n : marked;
    double term = 1.0, sum = 1.0;

    for (uint32_t i = 0; i < FISHER_TERMS && k < last; i++) {
        term *= (marked - k) * (n - k) / ((k + 1.0) * (others - n + k + 1.0));
        k += 1.0;
        sum += term;
        if (term < 0x1p-56 * sum)
            break;
    }
    return sum;
}

double mlpipe__rate_tie(double tail, double own, double tie)
{
    const double mid = tail - own / 2.0;

    /* Certain is certain, and not half so. */
    if (tail == 1.0)
        return 1.0;
    if (tie == tie)
        return tail - own * (1.0 - tie);
    return mid > fisher_least * tail ? mid : fisher_least * tail;
}

void mlpipe__fisher(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                    mlpipe__rates *out)
{
    const double total = (double)n + (double)m, drawn = (double)m;
    const double marked = (double)a + (double)b, k = (double)b;
    double low, high;

    out->above = out->below = out->own = mlpipe__nan();
    if (a > n || b > m || !n || !m)
        return;
    const double mass = fisher_mass(k, drawn, marked, total - marked);
    /* The tail away from the mean is summed, the other is what is left. */
    if (k * total >= drawn * marked) {
        high = mass * fisher_sum(k, drawn, marked, total - marked);
        low = 1.0 - high + mass;
    } else {
        low = mass * fisher_sum((double)m - k, drawn, total - marked, marked);
        high = 1.0 - low + mass;
    }
    high = high < 1.0 ? high : 1.0;
    low = low < 1.0 ? low : 1.0;
    out->above = high;
    out->below = low;
    out->own = mass;
}

double mlpipe__rate_beyond(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                           double tie)
{
    mlpipe__rates here, next;

    /* Where b of them do, b are among the a + b outermost of all: a table
     * whose margin differs with b, and is not held fixed by both samples. */
    mlpipe__fisher(a, n, b, m, &here);
    if (b >= m)
        return here.above;
    mlpipe__fisher(a, n, b + 1, m, &next);
    return mlpipe__rate_tie(here.above, here.above - next.above, tie);
}

/* Wilson's interval of k of n. */
static void fisher_wilson(double k, double n, double *low, double *high)
{
    const double z = 1.959963984540054, z2 = z * z;
    const double centre = (k + z2 / 2.0) / (n + z2);
    const double half =
        z / (n + z2) * mlpipe__sqrt(k * (n - k) / n + z2 / 4.0);

    *low = k > 0.0 ? centre - half : 0.0;
    *high = k < n ? centre + half : 1.0;
}

void mlpipe__rate_difference(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                             mlpipe_figure *out)
{
    const double p = (double)a / (double)n, q = (double)b / (double)m;
    double low[2], high[2];

    fisher_wilson((double)a, (double)n, &low[0], &high[0]);
    fisher_wilson((double)b, (double)m, &low[1], &high[1]);
    out->value = q - p;
    out->low = out->value - mlpipe__sqrt((q - low[1]) * (q - low[1]) +
                                         (high[0] - p) * (high[0] - p));
    out->high = out->value + mlpipe__sqrt((high[1] - q) * (high[1] - q) +
                                          (p - low[0]) * (p - low[0]));
    out->n = (double)m;
}
