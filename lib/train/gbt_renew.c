/* SPDX-License-Identifier: MIT */
/*
 * Quantiles of residuals, as the leaves of absolute and quantile losses have
 * them: gradients of these say which way to go and not how far. Weights are
 * the integers that hessians are, so that a quantile depends neither on the
 * order of rows nor on the number of threads, and a weight of 2 is a row
 * twice.
 */
#include "gbt_types.h"

/* A number of the range by which to part it: the middle of three that a
 * fixed sequence picks, so that no order of rows makes it slow. */
static double renew_pivot(const gbt_value *v, uint32_t low, uint32_t high,
                          uint64_t *random)
{
    double x[3];

    for (uint32_t k = 0; k < 3; k++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        x[k] = v[low + (uint32_t)((*random >> 32) * (high - low) >> 32)].x;
    }
    const double least = x[0] < x[1] ? x[0] : x[1];
    const double most = x[0] < x[1] ? x[1] : x[0];
    return x[2] < least ? least : x[2] > most ? most : x[2];
}

/* What parting a range by a pivot found: below it up to `less`, above it from
 * `more` on, and what the first two parts weigh. */
typedef struct renew_parts {
    uint32_t less, more;
    uint64_t below, same;
} renew_parts;

static renew_parts renew_part(gbt_value *v, uint32_t low, uint32_t high,
                              double pivot)
{
    renew_parts p = {low, high, 0, 0};
    uint32_t i = low;

    while (i < p.more) {
        const gbt_value a = v[i];
        if (a.x < pivot) {
            v[i++] = v[p.less];
            v[p.less++] = a;
            p.below += a.w;
        } else if (a.x > pivot) {
            v[i] = v[--p.more];
            v[p.more] = a;
        } else {
            p.same += a.w;
            i++;
        }
    }
    return p;
}

double mlpipe__gbt_quantile(gbt_value *v, uint32_t n, double level)
{
    uint64_t total = 0, below = 0, random = n;
    uint32_t low = 0, high = n;
    double next = mlpipe__inf(), pivot = v[0].x;

    for (uint32_t i = 0; i < n; i++)
        total += v[i].w;
    const double want = level * (double)total;
    while (low < high) {
        pivot = renew_pivot(v, low, high, &random);
        const renew_parts p = renew_part(v, low, high, pivot);
        if (p.below && (double)(below + p.below) >= want) {
            next = pivot;
            high = p.less;
            continue;
        }
        below += p.below + p.same;
        low = p.more;
        if ((double)below < want && low < high)
            continue;
        for (uint32_t i = low; i < high; i++)
            next = v[i].x < next ? v[i].x : next;
        break;
    }
    /* and never -0, which is 0 in another order of rows */
    return (double)below > want || !mlpipe__finite(next)
               ? pivot + 0.0
               : pivot / 2 + next / 2 + 0.0;
}

double mlpipe__gbt_greatest(gbt_value *v, uint32_t n, uint32_t k)
{
    for (uint32_t i = 0; i < n; i++)
        v[i].w = 1;
    return mlpipe__gbt_quantile(v, n, 1 - (k - 0.5) / n);
}

double mlpipe__gbt_renewed(const gbt_fit *fit, const gbt_open *leaf)
{
    const double base = fit->base[0], scale = fit->score_scale;
    const double *const target = fit->job->train->target;
    const uint32_t *const rows = fit->list + leaf->start;
    gbt_value *const v = fit->value + leaf->start;
    uint32_t n = 0;

    for (uint32_t i = 0; i < leaf->count; i++) {
        const uint32_t r = rows[i];
        v[n].x = target[r] - (base + scale * fit->score[r]);
        v[n].w = fit->grad[r].h;
        n += v[n].w > 0; /* a weight may be nothing beside the greatest */
    }
    const double x = n ? mlpipe__gbt_quantile(v, n, fit->number.level) : 0;
    return x < leaf->renewed_low    ? leaf->renewed_low
           : x > leaf->renewed_high ? leaf->renewed_high
                                    : x;
}

static void renew_task(void *arg, uint32_t leaf)
{
    const gbt_fit *fit = arg;

    fit->open[leaf].renewed = mlpipe__gbt_renewed(fit, &fit->open[leaf]);
}

mlpipe_status mlpipe__gbt_renew(gbt_fit *fit, uint32_t leaves)
{
    return mlpipe__parallel(fit->ctx, renew_task, fit, leaves);
}
