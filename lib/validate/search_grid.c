/* SPDX-License-Identifier: MIT */
/* Points of a space: the scale of a range, at random, and on a grid. */
#include "search_types.h"

double mlpipe__dim_scale(const mlpipe__dim *d, double x)
{
    return d->log ? mlpipe__log(x) : x;
}

double mlpipe__dim_value(const mlpipe__dim *d, double t)
{
    double x = d->log ? mlpipe__exp(t) : t;
    if (d->kind == MLPIPE__DIM_INT)
        x = d->low + mlpipe__round_even(x - d->low);
    return x < d->low ? d->low : x > d->high ? d->high : x;
}

void mlpipe__dim_ends(const mlpipe__dim *d, double *low, double *high)
{
    const double half = d->kind == MLPIPE__DIM_INT ? 0.5 : 0.0;
    *low = mlpipe__dim_scale(d, d->low - half);
    *high = mlpipe__dim_scale(d, d->high + half);
}

void mlpipe__space_random(const mlpipe__space *s, uint64_t seed,
                          uint32_t trial, double *x)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const mlpipe__dim *d = &s->dims[i];
        const double u =
            mlpipe__random_unit(seed, MLPIPE__FOR_SEARCH, i, trial, 0);
        double low, high;
        if (d->kind == MLPIPE__DIM_LIST) {
            const uint32_t at = (uint32_t)(u * d->count);
            x[i] = at < d->count ? at : d->count - 1;
            continue;
        }
        mlpipe__dim_ends(d, &low, &high);
        x[i] = mlpipe__dim_value(d, low + u * (high - low));
    }
}

/* ---- the grid ------------------------------------------------------------ */

/* Value i of n: evenly on the scale, the ends among them. */
static double grid_value(const mlpipe__dim *d, uint32_t n, uint32_t i)
{
    const double low = mlpipe__dim_scale(d, d->low);
    const double high = mlpipe__dim_scale(d, d->high);
    if (i == 0 || i + 1 == n)
        return i ? d->high : d->low;
    return mlpipe__dim_value(d, low + (high - low) * i / (n - 1.0));
}

/* How many different values a parameter takes, and the at-th of them. */
static uint32_t grid_values(const mlpipe__dim *d, uint32_t levels,
                            uint32_t at, double *x)
{
    double last = 0;
    uint32_t i, n = 0;
    if (d->kind == MLPIPE__DIM_LIST) {
        *x = at;
        return d->count;
    }
    for (i = 0; i < levels; i++) {
        const double value = grid_value(d, levels, i);
        if (i && value == last)
            continue; /* integers that lie closer than the levels */
        if (n++ == at)
            *x = value;
        last = value;
    }
    return n;
}

uint64_t mlpipe__grid_size(const mlpipe__space *s, uint32_t levels)
{
    uint64_t size = 1;
    double x;
    for (uint32_t i = 0; i < s->count; i++)
        if (__builtin_mul_overflow(
                size, (uint64_t)grid_values(&s->dims[i], levels, 0, &x),
                &size))
            return UINT64_MAX;
    return size;
}

void mlpipe__grid_point(const mlpipe__space *s, uint32_t levels, uint64_t i,
                        double *x)
{
    for (uint32_t k = s->count; k-- > 0;) {
        const uint32_t n = grid_values(&s->dims[k], levels, 0, &x[k]);
        grid_values(&s->dims[k], levels, (uint32_t)(i % n), &x[k]);
        i /= n;
    }
}
