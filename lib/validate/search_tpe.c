/* SPDX-License-Identifier: MIT */
/*
 * The tree-structured Parzen estimator. For each parameter by itself, good
 * trials and all others become a mixture of normal kernels cut to the range
 * (of a list: of smoothed counts); of 24 draws from the good ones that with
 * the highest ratio of the densities is taken. Formulas: J. Bergstra et al.,
 * "Algorithms for hyper-parameter optimization" (2011), weights and widths as
 * in Optuna 5. Trials under way count as others, so that a batch spreads.
 *
 * Values stay sorted as trials come. The others' density is only summed until
 * it is too large for the best ratio so far (search_kernels.c).
 */
#include "search_types.h"

static const double tpe_top = 0.39894228040143268; /* 1 / sqrt(2 pi) */
enum { TPE_WIDTHS = 100 }; /* the least width of a kernel, in the range */

static bool tpe_density_init(mlpipe__env *env, mlpipe__tpe_density *d,
                             uint32_t room, uint32_t values, bool avx2)
{
    const size_t kernels = (size_t)room + 1;
    d->mu = mlpipe__alloc_array(env, kernels, 4 * sizeof *d->mu);
    d->mass = mlpipe__alloc_array(env, values, sizeof *d->mass);
    d->avx2 = avx2;
    if (!d->mu || !d->mass)
        return false;
    d->steep = d->mu + kernels;
    d->factor = d->steep + kernels;
    d->weight = d->factor + kernels;
    return true;
}

mlpipe_status mlpipe__tpe_init(mlpipe_ctx *ctx, mlpipe__tpe *t,
                               const mlpipe__space *space, uint32_t room)
{
    const bool avx2 = mlpipe__has_avx2();
    mlpipe__env *env = ctx->env;
    uint32_t i, most = 0;
    size_t cells;
    bool ok = true;
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
    t->whole = mlpipe__alloc_array(env, cells, sizeof *t->whole);
    t->order = mlpipe__alloc_array(env, cells, sizeof *t->order);
    t->ordered = mlpipe__alloc_array(env, space->count, sizeof *t->ordered);
    t->below = mlpipe__alloc(env, room);
    t->place = mlpipe__alloc_array(env, room, sizeof *t->place);
    t->weight = mlpipe__alloc_array(env, room, sizeof *t->weight);
    for (i = 0; i < 2; i++) {
        t->spare[i] = mlpipe__alloc_array(env, room, sizeof *t->spare[i]);
        ok = tpe_density_init(env, &t->density[i], room, most, avx2) && ok;
    }
    return ok && t->scale && t->whole && t->order && t->ordered &&
                   t->below && t->place && t->weight && t->spare[0] &&
                   t->spare[1]
               ? MLPIPE_OK
               : mlpipe__nomem(ctx);
}

void mlpipe__tpe_free(mlpipe__tpe *t)
{
    if (!t->env)
        return;
    for (uint32_t i = 0; i < 2; i++) {
        mlpipe__free(t->env, t->density[i].mu); /* all of it */
        mlpipe__free(t->env, t->density[i].mass);
        mlpipe__free(t->env, t->spare[i]);
    }
    mlpipe__free(t->env, t->weight);
    mlpipe__free(t->env, t->place);
    mlpipe__free(t->env, t->below);
    mlpipe__free(t->env, t->ordered);
    mlpipe__free(t->env, t->order);
    mlpipe__free(t->env, t->whole);
    mlpipe__free(t->env, t->scale);
    mlpipe__env_drop(t->env);
    memset(t, 0, sizeof *t);
}

/* A value into the order of those of its parameter; earlier trials first. */
static void tpe_insert(mlpipe__tpe *t, uint32_t dim, uint32_t number)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    uint32_t *order = t->order + (size_t)dim * t->room;
    uint32_t low = 0, high = t->ordered[dim]++;
    const uint32_t n = high;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (scale[order[middle]] <= scale[number])
            low = middle + 1;
        else
            high = middle;
    }
    memmove(order + low + 1, order + low, (n - low) * sizeof *order);
    order[low] = number;
}

void mlpipe__tpe_add(mlpipe__tpe *t, const double *x)
{
    const uint32_t number = t->count;
    if (number == t->room)
        return;
    for (uint32_t i = 0; i < t->space->count; i++) {
        const mlpipe__dim *about = &t->space->dims[i];
        const size_t at = (size_t)i * t->room + number;
        double low, high;
        t->scale[at] = mlpipe__nan();
        if (x[i] != x[i])
            continue;
        t->scale[at] = mlpipe__dim_scale(about, x[i]);
        tpe_insert(t, i, number);
        if (about->kind == MLPIPE__DIM_LIST)
            continue;
        mlpipe__dim_ends(about, &low, &high);
        t->whole[at] = 1.0 / mlpipe__tpe_inside(t->scale[at],
                                                (high - low) / TPE_WIDTHS,
                                                low, high);
    }
    t->below[number] = 0;
    t->count++;
}

uint32_t mlpipe__tpe_good(uint32_t n)
{
    const uint32_t share = n / 10 + (n % 10 != 0);
    return share < MLPIPE__TPE_BELOW ? share : MLPIPE__TPE_BELOW;
}

/* ---- weights ------------------------------------------------------------- */

/* Of the k-th of n trials: the latest 25 count fully, older ones less. */
static double tpe_weight(uint32_t k, uint32_t n)
{
    const uint32_t ramp = n < MLPIPE__TPE_BELOW ? 0 : n - MLPIPE__TPE_BELOW;
    const double first = 1.0 / n;
    if (k >= ramp)
        return 1.0;
    return ramp == 1 ? first : first + k * ((1.0 - first) / (ramp - 1.0));
}

/* The place of each trial in its group, and its weight beside the prior's;
 * all of a group make 1. Trials without a value count nowhere. */
static void tpe_weigh(mlpipe__tpe *t, uint32_t dim)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    double share[2];
    uint32_t i;
    t->group[0] = t->group[1] = 0;
    for (i = 0; i < t->count; i++)
        if (scale[i] == scale[i])
            t->place[i] = t->group[!t->below[i]]++;
    for (i = 0; i < 2; i++) {
        double sum = 1.0;
        for (uint32_t k = 0; k < t->group[i]; k++)
            sum += tpe_weight(k, t->group[i]);
        share[i] = t->prior[i] = 1.0 / sum;
    }
    for (i = 0; i < t->count; i++) {
        const bool which = !t->below[i];
        t->weight[i] = tpe_weight(t->place[i], t->group[which]) *
                       share[which];
    }
}

/* ---- densities ----------------------------------------------------------- */

/* Both groups by their values. */
static void tpe_collect(mlpipe__tpe *t, uint32_t dim)
{
    const size_t first = (size_t)dim * t->room;
    const uint32_t *order = t->order + first;
    uint32_t n[2] = {0, 0};
    for (uint32_t i = 0; i < t->ordered[dim]; i++) {
        const uint32_t number = order[i];
        const bool which = !t->below[number];
        t->spare[which][n[which]++] = (mlpipe__tpe_kernel){
            t->scale[first + number], t->weight[number], number};
    }
}

/* The width of kernel i of n: to the farther of its neighbours. */
static double tpe_width(const mlpipe__tpe_kernel *k, uint32_t i, uint32_t n,
                        double low, double high, double least)
{
    const bool first = i == 0, last = i + 1 == n;
    double left = k[i].mu - (first ? low : k[i - 1].mu);
    double right = (last ? high : k[i + 1].mu) - k[i].mu;
    if (n > 1 && first)
        left = right;
    if (n > 1 && last)
        right = left;
    left = left > right ? left : right;
    left = left < least ? least : left;
    return left > high - low ? high - low : left;
}

/* A kernel into place `at`; whole: the inverse of what the ends leave it. */
static void tpe_put(mlpipe__tpe_density *d, const mlpipe__dim *about,
                    uint32_t at, double mu, double steep, double weight,
                    double whole)
{
    d->mu[at] = mu;
    d->steep[at] = steep;
    d->weight[at] = weight;
    d->factor[at] = weight * whole;
    if (about->kind == MLPIPE__DIM_REAL)
        d->factor[at] *= steep * tpe_top;
}

static double tpe_whole(double mu, double sigma, double low, double high)
{
    return 1.0 / mlpipe__tpe_inside(mu, sigma, low, high);
}

/* Good trials in the order of their numbers, for draws, then the prior. */
static void tpe_fit_good(mlpipe__tpe *t, const mlpipe__dim *about, double low,
                         double high, double least)
{
    const mlpipe__tpe_kernel *k = t->spare[0];
    const uint32_t n = t->group[0];
    mlpipe__tpe_density *d = &t->density[0];
    for (uint32_t i = 0; i < n; i++) {
        const double sigma = tpe_width(k, i, n, low, high, least);
        tpe_put(d, about, t->place[k[i].number], k[i].mu, 1.0 / sigma,
                k[i].weight, tpe_whole(k[i].mu, sigma, low, high));
    }
    d->count = d->wide = n + 1;
}

/* Others: room for the prior, the wide ones, then those of the least width,
 * in which equal ones are joined. */
static void tpe_fit_others(mlpipe__tpe *t, uint32_t dim, double low,
                           double high, double least)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    const double *whole = t->whole + (size_t)dim * t->room;
    const bool known = least == (high - low) / TPE_WIDTHS;
    const uint32_t n = t->group[1];
    mlpipe__tpe_kernel *k = t->spare[1];
    mlpipe__tpe_density *d = &t->density[1];
    const double steep = 1.0 / least;
    uint32_t i, narrow = 0;
    d->count = 1;
    for (i = 0; i < n; i++) {
        const mlpipe__tpe_kernel now = k[i];
        const double sigma = tpe_width(k, i, n, low, high, least);
        if (sigma > least)
            tpe_put(d, about, d->count++, now.mu, 1.0 / sigma, now.weight,
                    tpe_whole(now.mu, sigma, low, high));
        else if (narrow && k[narrow - 1].mu == now.mu)
            k[narrow - 1].weight += now.weight;
        else
            k[narrow++] = now; /* no neighbour is asked of it any more */
    }
    d->wide = d->count;
    for (i = 0; i < narrow; i++)
        tpe_put(d, about, d->count++, k[i].mu, steep, k[i].weight,
                known ? whole[k[i].number]
                      : tpe_whole(k[i].mu, least, low, high));
}

static void tpe_fit_numbers(mlpipe__tpe *t, uint32_t dim)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    double low, high;
    mlpipe__dim_ends(about, &low, &high);
    tpe_collect(t, dim);
    for (uint32_t which = 0; which < 2; which++) {
        const uint32_t n = t->group[which];
        const double range = high - low;
        const double least =
            range / (n + 2.0 < TPE_WIDTHS ? n + 2.0 : TPE_WIDTHS);
        mlpipe__tpe_density *d = &t->density[which];
        if (which)
            tpe_fit_others(t, dim, low, high, least);
        else
            tpe_fit_good(t, about, low, high, least);
        d->steepest = 1.0 / least;
        tpe_put(d, about, which ? 0 : n, 0.5 * (low + high),
                1.0 / range, t->prior[which],
                tpe_whole(0.5 * (low + high), range, low, high));
    }
}

/* Each trial votes for its value, and 1 / (n + 1) for every one. */
static void tpe_fit_list(mlpipe__tpe *t, uint32_t dim)
{
    const double *scale = t->scale + (size_t)dim * t->room;
    const uint32_t values = t->space->dims[dim].count;
    double all[2];
    uint32_t i;
    for (i = 0; i < 2; i++) {
        const double share = 1.0 / (t->group[i] + 1.0);
        const double prior = t->prior[i];
        all[i] = 1.0 + values * share;
        for (uint32_t k = 0; k < values; k++) /* the prior is even */
            t->density[i].mass[k] =
                prior / values + (1.0 - prior) * share / all[i];
    }
    for (i = 0; i < t->count; i++) {
        const bool which = !t->below[i];
        if (scale[i] == scale[i])
            t->density[which].mass[(uint32_t)scale[i]] +=
                t->weight[i] / all[which];
    }
}

static void tpe_fit(mlpipe__tpe *t, uint32_t dim)
{
    if (t->space->dims[dim].kind == MLPIPE__DIM_LIST)
        tpe_fit_list(t, dim);
    else
        tpe_fit_numbers(t, dim);
}

void mlpipe__tpe_fit(mlpipe__tpe *t, uint32_t dim)
{
    tpe_weigh(t, dim);
    tpe_fit(t, dim);
}

/* A density at a value, or more than `enough` where it is more than that. */
static double tpe_at(const mlpipe__tpe *t, uint32_t dim, uint32_t which,
                     double x, double enough)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    const mlpipe__tpe_density *d = &t->density[which];
    double left, right;
    if (about->kind == MLPIPE__DIM_LIST)
        return d->mass[(uint32_t)x];
    if (about->kind == MLPIPE__DIM_REAL) {
        left = right = mlpipe__dim_scale(about, x);
    } else {
        left = mlpipe__dim_scale(about, x - 0.5);
        right = mlpipe__dim_scale(about, x + 0.5);
    }
    return mlpipe__tpe_sum(d, left, right, enough);
}

double mlpipe__tpe_log(const mlpipe__tpe *t, uint32_t dim, uint32_t which,
                       double x)
{
    return mlpipe__log(tpe_at(t, dim, which, x, mlpipe__inf()));
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
    double low, high, mu, sigma, sum = 0.0;
    uint32_t i;
    for (i = 0; i + 1 < d->count; i++) {
        sum += d->weight[i];
        if (pick < sum)
            break;
    }
    mu = d->mu[i];
    sigma = 1.0 / d->steep[i];
    mlpipe__dim_ends(about, &low, &high);
    u = mlpipe__tpe_upper((mu - low) / sigma) +
        u * mlpipe__tpe_inside(mu, sigma, low, high);
    u = mu + sigma * mlpipe__normal_quantile(u < 1.0 ? u : 1.0);
    return mlpipe__dim_value(about, u < low ? low : u > high ? high : u);
}

static double tpe_draw(const mlpipe__tpe *t, uint64_t seed, uint32_t dim,
                       uint32_t trial, uint32_t i)
{
    const mlpipe__dim *about = &t->space->dims[dim];
    const double pick = mlpipe__random_unit(seed, MLPIPE__FOR_SEARCH, dim,
                                            trial, 2 * i);
    if (about->kind == MLPIPE__DIM_LIST)
        return tpe_draw_list(&t->density[0], about->count, pick);
    return tpe_draw_number(&t->density[0], about, pick,
                           mlpipe__random_unit(seed, MLPIPE__FOR_SEARCH, dim,
                                               trial, 2 * i + 1));
}

void mlpipe__tpe_suggest(mlpipe__tpe *t, uint64_t seed, uint32_t trial,
                         double *x)
{
    bool weighed = false; /* for parameters that all trials have values of */
    for (uint32_t dim = 0; dim < t->space->count; dim++) {
        const bool all = t->ordered[dim] == t->count;
        double best = 0.0; /* ratio */
        if (!all || !weighed)
            tpe_weigh(t, dim);
        weighed = all;
        tpe_fit(t, dim);
        for (uint32_t i = 0; i < MLPIPE__TPE_CANDIDATES; i++) {
            const double value = tpe_draw(t, seed, dim, trial, i);
            const double good = tpe_at(t, dim, 0, value, mlpipe__inf());
            const double enough = i ? good / best : mlpipe__inf();
            const double others = tpe_at(t, dim, 1, value, enough);
            if (i && !(others < enough))
                continue;
            best = good / others;
            x[dim] = value;
        }
    }
}
