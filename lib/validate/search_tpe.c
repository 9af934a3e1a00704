/* SPDX-License-Identifier: MIT */
/*
 * The tree-structured Parzen estimator. For each parameter by itself, good
 * trials and all others become a mixture of normal kernels cut to the range
 * (of a list: of smoothed counts); of 24 draws from the good ones that with
 * the highest ratio of the densities is taken. Formulas: J. Bergstra et al.,
 * "Algorithms for hyper-parameter optimization" (2011), weights and widths as
 * in Optuna 5. Trials under way count as others, so that a batch spreads.
 *
 * Kernels of the least width are kept sorted, so that only those within eight
 * widths of a value are asked: all that is left out together is below 1e-9 of
 * the prior's share.
 */
#include "search_types.h"

static const double tpe_root_tau = 2.5066282746310005; /* sqrt(2 pi) */
static const double tpe_reach = 8.0;

mlpipe_status mlpipe__tpe_init(mlpipe_ctx *ctx, mlpipe__tpe *t,
                               const mlpipe__space *space, uint32_t room)
{
    mlpipe__env *env = ctx->env;
    uint32_t i, most = 0;
    size_t cells;
    memset(t, 0, sizeof *t);
    t->env = mlpipe__env_keep(env);
    t->space = space;
    t->room = room;
    for (i = 0; i < space->count; i++)
        if (space->dims[i].count > most)
            most = space->dims[i].count;
    if (mlpipe__mul(space->count, room, &cells))
        return mlpipe__nomem(ctx);
    t->scale = mlpipe__alloc_array(env, cells, sizeof *t->scale);
    t->order = mlpipe__alloc_array(env, cells, sizeof *t->order);
    t->ordered = mlpipe__alloc_array(env, space->count, sizeof *t->ordered);
    t->below = mlpipe__alloc(env, room);
    t->place = mlpipe__alloc_array(env, room, sizeof *t->place);
    t->weight = mlpipe__alloc_array(env, (size_t)room + 1,
                                    sizeof *t->weight);
    t->spare = mlpipe__alloc_array(env, (size_t)room + 1, sizeof *t->spare);
    for (i = 0; i < 2; i++) {
        mlpipe__tpe_density *d = &t->density[i];
        d->kernel = mlpipe__alloc_array(env, (size_t)room + 1,
                                        sizeof *d->kernel);
        d->mass = mlpipe__alloc_array(env, most, sizeof *d->mass);
        if (!d->kernel || !d->mass)
            return mlpipe__nomem(ctx);
    }
    return t->scale && t->order && t->ordered && t->below && t->place &&
                   t->weight && t->spare
               ? MLPIPE_OK
               : mlpipe__nomem(ctx);
}

void mlpipe__tpe_free(mlpipe__tpe *t)
{
    if (!t->env)
        return;
    for (uint32_t i = 0; i < 2; i++) {
        mlpipe__free(t->env, t->density[i].kernel);
        mlpipe__free(t->env, t->density[i].mass);
    }
    mlpipe__free(t->env, t->spare);
    mlpipe__free(t->env, t->weight);
    mlpipe__free(t->env, t->place);
    mlpipe__free(t->env, t->below);
    mlpipe__free(t->env, t->ordered);
    mlpipe__free(t->env, t->order);
    mlpipe__free(t->env, t->scale);
    mlpipe__env_drop(t->env);
    memset(t, 0, sizeof *t);
}

void mlpipe__tpe_add(mlpipe__tpe *t, const double *x)
{
    const uint32_t number = t->count;
    if (number == t->room)
        return;
    for (uint32_t i = 0; i < t->space->count; i++) {
        double *scale = t->scale + (size_t)i * t->room;
        uint32_t *order = t->order + (size_t)i * t->room;
        uint32_t at = t->ordered[i];
        scale[number] = x[i] == x[i]
                            ? mlpipe__dim_scale(&t->space->dims[i], x[i])
                            : mlpipe__nan();
        if (x[i] != x[i])
            continue;
        for (; at && scale[order[at - 1]] > scale[number]; at--)
            order[at] = order[at - 1];
        order[at] = number;
        t->ordered[i]++;
    }
    t->below[number] = 0;
    t->count++;
}

uint32_t mlpipe__tpe_good(uint32_t n)
{
    const uint32_t share = n / 10 + (n % 10 != 0);
    return share < MLPIPE__TPE_BELOW ? share : MLPIPE__TPE_BELOW;
}

/* ---- densities ----------------------------------------------------------- */

/* Of the k-th of n trials: the latest 25 count fully, older ones less. */
static double tpe_weight(uint32_t k, uint32_t n)
{
    const uint32_t ramp = n < MLPIPE__TPE_BELOW ? 0 : n - MLPIPE__TPE_BELOW;
    const double first = 1.0 / n;
    if (k >= ramp)
        return 1.0;
    return ramp == 1 ? first : first + k * ((1.0 - first) / (ramp - 1.0));
}

/* (..((top y + n[0]) y + n[1])..) / (..((y + d[0]) y + d[1])..) */
static double tpe_ratio(double y, double top, const double *n,
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
 * P(Z > z) for z >= 0 by the rational functions of W. J. Cody, Math. Comp. 23
 * (1969): 1e-14 of it, and a tenth of the time of mlpipe__normal_tail, which
 * keeps the last digits. Thousands of these are behind one suggestion.
 */
static double tpe_upper(double z)
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
        return 0.5 - 0.5 * y * tpe_ratio(y2, .185777706184603153, a, b, 4);
    if (y <= 4.0) {
        r = tpe_ratio(y, 2.15311535474403846e-8, c, d, 8);
    } else {
        r = 1.0 / y2;
        r *= tpe_ratio(r, .0163153871373020978, p, q, 5);
        r = (0.56418958354775628695 - r) / y; /* 1 / sqrt(pi) */
    }
    return 0.5 * r * mlpipe__exp(-y2);
}

/* P(a < Z < b). */
static double tpe_mass(double a, double b)
{
    if (a > 0)
        return tpe_upper(a) - tpe_upper(b);
    if (b < 0)
        return tpe_upper(-b) - tpe_upper(-a);
    return 1.0 - tpe_upper(-a) - tpe_upper(b);
}

/* What a kernel has within the ends; all of it where they are far. */
static double tpe_inside(const mlpipe__tpe_kernel *k, double low, double high)
{
    const double a = (low - k->mu) / k->sigma, b = (high - k->mu) / k->sigma;
    return a < -tpe_reach && b > tpe_reach ? 1.0 : tpe_mass(a, b);
}

/* Places of the trials of a group and how many there are. */
static uint32_t tpe_group(const mlpipe__tpe *t, uint32_t dim, uint32_t which)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    uint32_t i, n = 0;
    for (i = 0; i < t->count; i++) {
        const bool in = scale[i] == scale[i] &&
                        (t->below[i] != 0) == (which == 0);
        t->place[i] = in ? n++ : UINT32_MAX;
    }
    return n;
}

/* The weights of n trials and of the prior behind them, together 1. */
static void tpe_weights(const mlpipe__tpe *t, uint32_t n)
{
    double sum = 1.0;
    uint32_t i;
    for (i = 0; i < n; i++)
        sum += t->weight[i] = tpe_weight(i, n);
    for (i = 0; i < n; i++)
        t->weight[i] /= sum;
    t->weight[n] = 1.0 / sum;
}

/* The width of each kernel: to the farther of its neighbours. */
static void tpe_widths(mlpipe__tpe_kernel *k, uint32_t n, double low,
                       double high, double least)
{
    for (uint32_t i = 0; i < n; i++) {
        const bool first = i == 0, last = i + 1 == n;
        double left = k[i].mu - (first ? low : k[i - 1].mu);
        double right = (last ? high : k[i + 1].mu) - k[i].mu;
        if (n > 1 && first)
            left = right;
        if (n > 1 && last)
            right = left;
        k[i].sigma = left > right ? left : right;
        if (k[i].sigma < least)
            k[i].sigma = least;
        if (k[i].sigma > high - low)
            k[i].sigma = high - low;
    }
}

/* Good trials in the order of their numbers, for draws, then the prior. */
static mlpipe__tpe_kernel *tpe_keep_order(const mlpipe__tpe *t,
                                          mlpipe__tpe_density *d, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        d->kernel[(uint32_t)t->spare[i].factor] = t->spare[i];
    d->count = d->wide = n + 1;
    return &d->kernel[n];
}

/* Others: the prior, the wide ones, then those of the least width, in which
 * equal ones are joined. */
static mlpipe__tpe_kernel *tpe_narrow_last(const mlpipe__tpe *t,
                                           mlpipe__tpe_density *d,
                                           uint32_t n, double least)
{
    uint32_t i;
    d->count = 1;
    for (i = 0; i < n; i++)
        if (t->spare[i].sigma > least)
            d->kernel[d->count++] = t->spare[i];
    d->wide = d->count;
    for (i = 0; i < n; i++) {
        mlpipe__tpe_kernel *last = &d->kernel[d->count - 1];
        if (t->spare[i].sigma > least)
            continue;
        if (d->count > d->wide && last->mu == t->spare[i].mu)
            last->weight += t->spare[i].weight;
        else
            d->kernel[d->count++] = t->spare[i];
    }
    return &d->kernel[0];
}

/* The trials of a group by their values; where they stand in order of number
 * is kept in factor until that is known. */
static uint32_t tpe_collect(mlpipe__tpe *t, uint32_t dim, uint32_t which)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    const uint32_t *order = t->order + (size_t)dim * t->room;
    const uint32_t n = tpe_group(t, dim, which);
    uint32_t i, m = 0;
    tpe_weights(t, n);
    for (i = 0; i < t->ordered[dim]; i++) {
        const uint32_t place = t->place[order[i]];
        if (place == UINT32_MAX)
            continue;
        t->spare[m].mu = scale[order[i]];
        t->spare[m].weight = t->weight[place];
        t->spare[m++].factor = place;
    }
    return n;
}

static void tpe_fit_numbers(mlpipe__tpe *t, uint32_t dim, uint32_t which)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    const uint32_t n = tpe_collect(t, dim, which);
    mlpipe__tpe_density *d = &t->density[which];
    mlpipe__tpe_kernel *prior;
    double low, high, least;
    uint32_t i;
    mlpipe__dim_ends(about, &low, &high);
    least = (high - low) / (n + 2.0 < 100.0 ? n + 2.0 : 100.0);
    tpe_widths(t->spare, n, low, high, least);
    prior = which ? tpe_narrow_last(t, d, n, least) : tpe_keep_order(t, d, n);
    prior->mu = 0.5 * (low + high);
    prior->sigma = high - low;
    prior->weight = t->weight[n];
    for (i = 0; i < d->count; i++) {
        mlpipe__tpe_kernel *k = &d->kernel[i];
        k->factor = k->weight / tpe_inside(k, low, high);
        if (about->kind == MLPIPE__DIM_REAL)
            k->factor /= k->sigma * tpe_root_tau;
    }
}

/* Each trial votes for its value, and 1 / (n + 1) for every one. */
static void tpe_fit_list(mlpipe__tpe *t, uint32_t dim, uint32_t which)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    const uint32_t n = tpe_group(t, dim, which);
    const uint32_t values = t->space->dims[dim].count;
    const double share = 1.0 / (n + 1.0), all = 1.0 + values * share;
    double *mass = t->density[which].mass;
    uint32_t i;
    tpe_weights(t, n);
    for (i = 0; i < values; i++) /* the prior is even */
        mass[i] = t->weight[n] / values + (1.0 - t->weight[n]) * share / all;
    for (i = 0; i < t->count; i++)
        if (t->place[i] != UINT32_MAX)
            mass[(uint32_t)scale[i]] += t->weight[t->place[i]] / all;
}

void mlpipe__tpe_fit(mlpipe__tpe *t, uint32_t dim)
{
    for (uint32_t which = 0; which < 2; which++)
        if (t->space->dims[dim].kind == MLPIPE__DIM_LIST)
            tpe_fit_list(t, dim, which);
        else
            tpe_fit_numbers(t, dim, which);
}

/* A kernel at a value, whose cell on the scale is [left, right]. */
static double tpe_kernel_at(const mlpipe__tpe_kernel *k, double left,
                            double right)
{
    const double a = (left - k->mu) / k->sigma;
    return left < right
               ? k->factor * tpe_mass(a, (right - k->mu) / k->sigma)
               : k->factor * mlpipe__exp(-0.5 * (a * a));
}

double mlpipe__tpe_log(const mlpipe__tpe *t, uint32_t dim, uint32_t which,
                       double x)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    const mlpipe__tpe_density *d = &t->density[which];
    const double half = about->kind == MLPIPE__DIM_INT ? 0.5 : 0.0;
    uint32_t i, low = d->wide, high = d->count;
    double left, right, sum = 0.0, reach;
    if (about->kind == MLPIPE__DIM_LIST)
        return mlpipe__log(d->mass[(uint32_t)x]);
    left = mlpipe__dim_scale(about, x - half);
    right = half > 0 ? mlpipe__dim_scale(about, x + half) : left;
    for (i = 0; i < d->wide; i++)
        sum += tpe_kernel_at(&d->kernel[i], left, right);
    if (d->wide == d->count)
        return mlpipe__log(sum);
    reach = tpe_reach * d->kernel[d->wide].sigma;
    while (low < high) { /* the first within reach */
        const uint32_t middle = low + (high - low) / 2;
        if (d->kernel[middle].mu < left - reach)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < d->count && d->kernel[low].mu <= right + reach; low++)
        sum += tpe_kernel_at(&d->kernel[low], left, right);
    return mlpipe__log(sum);
}

/* ---- draws --------------------------------------------------------------- */

static double tpe_draw_list(const mlpipe__tpe_density *d, uint32_t values,
                            double u)
{
    double sum = 0.0;
    uint32_t i;
    for (i = 0; i + 1 < values; i++) {
        sum += d->mass[i];
        if (u < sum)
            break;
    }
    return i;
}

/* From a kernel by weight, within the ends, by the inverse of its
 * distribution. */
static double tpe_draw_number(const mlpipe__tpe_density *d,
                              const mlpipe__dim *about, double pick, double u)
{
    const mlpipe__tpe_kernel *k;
    double low, high, below, sum = 0.0;
    uint32_t i;
    for (i = 0; i + 1 < d->count; i++) {
        sum += d->kernel[i].weight;
        if (pick < sum)
            break;
    }
    k = &d->kernel[i];
    mlpipe__dim_ends(about, &low, &high);
    below = tpe_upper((k->mu - low) / k->sigma);
    u = below + u * tpe_inside(k, low, high);
    u = k->mu + k->sigma * mlpipe__normal_quantile(u < 1.0 ? u : 1.0);
    return mlpipe__dim_value(about, u < low ? low : u > high ? high : u);
}

void mlpipe__tpe_suggest(mlpipe__tpe *t, uint64_t seed, uint32_t trial,
                         double *x)
{
    for (uint32_t dim = 0; dim < t->space->count; dim++) {
        const mlpipe__dim *about = &t->space->dims[dim];
        double best = 0.0;
        mlpipe__tpe_fit(t, dim);
        for (uint32_t i = 0; i < MLPIPE__TPE_CANDIDATES; i++) {
            const double pick = mlpipe__random_unit(
                seed, MLPIPE__FOR_SEARCH, dim, trial, 2 * i);
            const double u = mlpipe__random_unit(
                seed, MLPIPE__FOR_SEARCH, dim, trial, 2 * i + 1);
            const double value =
                about->kind == MLPIPE__DIM_LIST
                    ? tpe_draw_list(&t->density[0], about->count, pick)
                    : tpe_draw_number(&t->density[0], about, pick, u);
            const double gain = mlpipe__tpe_log(t, dim, 0, value) -
                                mlpipe__tpe_log(t, dim, 1, value);
            if (i && !(gain > best))
                continue;
            best = gain;
            x[dim] = value;
        }
    }
}
