/* SPDX-License-Identifier: MIT */
/*
 * Sums of the normal kernels of search_tpe.c at one value: of their densities
 * for a real, of what they have within its cell for an integer.
 *
 * Kernels of the least width stand sorted, so that those around the value are
 * summed first and outwards from there, 32 at a time, as far as eight widths:
 * all that is left out together is below 1e-9 of the prior's share.
 */
#include "search_types.h"

enum { KERNELS_BLOCK = 32 };
static const double kernels_reach = 8.0;
static const double kernels_slim = 0.25; /* cells, in widths of a kernel */
static const double kernels_root_tau = 2.5066282746310005; /* sqrt(2 pi) */

/* (..((top y + n[0]) y + n[1])..) / (..((y + d[0]) y + d[1])..) */
static double kernels_ratio(double y, double top, const double *n,
                            const double *d, uint32_t count)
{
    double a = top * y, b = y;
    for (uint32_t i = 0; i + 1 < count; i++) {
        a = (a + n[i]) * y;
        b = (b + d[i]) * y;
    }
    return (a + n[count - 1]) / (b + d[count - 1]);
}

/*
 * By the rational functions of W. J. Cody, Math. Comp. 23 (1969): 1e-14 of
 * it, and a tenth of the time of mlpipe__normal_tail, which keeps the last
 * digits.
 */
double mlpipe__tpe_upper(double z)
{
    static const double a[4] = {3.16112374387056560, 113.864154151050156,
                                377.485237685302021, 3209.37758913846947};
    static const double b[4] = {23.6012909523441209, 244.024637934444173,
                                1282.61652607737228, 2844.23683343917062};
    static const double c[8] = {.564188496988670089, 8.88314979438837594,
                                66.1191906371416295, 298.635138197400131,
                                881.952221241769090, 1712.04761263407058,
                                2051.07837782607147, 1230.33935479799725};
    static const double d[8] = {15.7449261107098347, 117.693950891312499,
                                537.181101862009858, 1621.38957456669019,
                                3290.79923573345963, 4362.61909014324716,
                                3439.36767414372164, 1230.33935480374942};
    static const double p[5] = {.305326634961232344, .360344899949804439,
                                .125781726111229246, .0160837851487422766,
                                6.58749161529837803e-4};
    static const double q[5] = {2.56852019228982242, 1.87295284992346725,
                                .527905102951428412, .0605183413124413191,
                                2.33520497626869185e-3};
    const double y = z * 0.70710678118654752440, y2 = y * y;
    double r;
    if (y <= 0.46875)
        return 0.5 -
               0.5 * y * kernels_ratio(y2, .185777706184603153, a, b, 4);
    if (y <= 4.0) {
        r = kernels_ratio(y, 2.15311535474403846e-8, c, d, 8);
    } else {
        r = 1.0 / y2;
        r *= kernels_ratio(r, .0163153871373020978, p, q, 5);
        r = (0.56418958354775628695 - r) / y; /* 1 / sqrt(pi) */
    }
    return 0.5 * r * mlpipe__exp(-y2);
}

/* P(a < Z < b). */
static double kernels_mass(double a, double b)
{
    if (a > 0)
        return mlpipe__tpe_upper(a) - mlpipe__tpe_upper(b);
    if (b < 0)
        return mlpipe__tpe_upper(-b) - mlpipe__tpe_upper(-a);
    return 1.0 - mlpipe__tpe_upper(-a) - mlpipe__tpe_upper(b);
}

double mlpipe__tpe_inside(double mu, double sigma, double low, double high)
{
    const double a = (low - mu) / sigma, b = (high - mu) / sigma;
    return a < -kernels_reach && b > kernels_reach ? 1.0
                                                   : kernels_mass(a, b);
}

/*
 * Where a cell is slim, what a kernel has in it is the density in the middle
 * times h, and a series in h^2 of Hermite polynomials: differences of tails
 * would lose all digits where it is very slim.
 */
static double kernels_slim_mass(double z, double h, double density)
{
    const double z2 = z * z, h2 = h * h;
    const double second = z2 - 1.0;
    const double fourth = (z2 - 6.0) * z2 + 3.0;
    const double sixth = ((z2 - 15.0) * z2 + 45.0) * z2 - 15.0;
    return density * h / kernels_root_tau *
           (1.0 + h2 * (second / 24.0 +
                        h2 * (fourth / 1920.0 + h2 * (sixth / 322560.0))));
}

/* The sum over kernels first .. end - 1, at most KERNELS_BLOCK. */
static double kernels_block(const mlpipe__tpe_density *d, double left,
                            double right, uint32_t first, uint32_t end)
{
    const double middle = 0.5 * (left + right);
    const double *mu = d->mu + first, *steep = d->steep + first;
    const uint32_t n = end - first;
    double z[KERNELS_BLOCK], value[KERNELS_BLOCK] = {0};
    const bool cells = left < right;
    if (cells && (right - left) * d->steepest > kernels_slim) {
        for (uint32_t i = 0; i < n; i++)
            value[i] = kernels_mass((left - mu[i]) * steep[i],
                                    (right - mu[i]) * steep[i]);
        return mlpipe__block_dot(d->factor + first, value, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        z[i] = (middle - mu[i]) * steep[i];
        value[i] = -0.5 * (z[i] * z[i]);
    }
    mlpipe__exp_block(value, value, n, d->avx2);
    for (uint32_t i = 0; cells && i < n; i++)
        value[i] = kernels_slim_mass(z[i], (right - left) * steep[i],
                                     value[i]);
    return mlpipe__block_dot(d->factor + first, value, n);
}

/* The first of the sorted kernels that lies at x or above it. */
static uint32_t kernels_find(const mlpipe__tpe_density *d, double x)
{
    uint32_t low = d->wide, high = d->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (d->mu[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double mlpipe__tpe_sum(const mlpipe__tpe_density *d, double left,
                       double right, double enough)
{
    const double reach = kernels_reach / d->steepest;
    const uint32_t half = KERNELS_BLOCK / 2, at = kernels_find(d, left);
    uint32_t low = at - d->wide > half ? at - half : d->wide;
    uint32_t high = d->count - at > half ? at + half : d->count;
    double sum = kernels_block(d, left, right, low, high);
    for (uint32_t i = 0; i < d->wide && !(sum > enough); i += KERNELS_BLOCK)
        sum += kernels_block(d, left, right, i,
                             d->wide - i > KERNELS_BLOCK ? i + KERNELS_BLOCK
                                                         : d->wide);
    while (low > d->wide && d->mu[low - 1] >= left - reach &&
           !(sum > enough)) {
        const uint32_t end = low;
        low = low - d->wide > KERNELS_BLOCK ? low - KERNELS_BLOCK : d->wide;
        sum += kernels_block(d, left, right, low, end);
    }
    while (high < d->count && d->mu[high] <= right + reach &&
           !(sum > enough)) {
        const uint32_t first = high;
        high = d->count - high > KERNELS_BLOCK ? high + KERNELS_BLOCK
                                               : d->count;
        sum += kernels_block(d, left, right, first, high);
    }
    return sum;
}
